"""The flags that a script reads with argparse, found in its source without running it.

What is known of argparse was read in CPython's Lib/argparse.py, 3.11 to 3.14.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

from kgen.codec import argparse_actions as actions
from kgen.codec.python_objects import Class, Function, Given, Method
from kgen.codec.python_values import Dotted, Env, is_plain
from kgen.codec.python_walk import Enough, Walk
from kgen.model.flags import UNKNOWN, Flag, Parser, Script, Unsure

MOST_BYTES = 128 << 10  # of a script; its syntax tree takes some four hundred times as much
_MOST_DEPTH = 150  # of brackets in it: Python's own reader gives up, or falls, far beyond
_SIGNS = frozenset(
    ("ArgumentParser", "add_argument", "parse_args", "parse_known_args")
)  # that a function is about flags
_CHANGED = ("error", "exit", "parse_args", "parse_known_args")  # a class that has its own may go on after an error
_SETTINGS = ("required", "type", "choices", "nargs", "option_strings", "const")
_HARMLESS = frozenset("print vars isinstance issubclass hasattr id type repr str len callable super".split()) | {
    "argcomplete.autocomplete",
    "sys.exit",
    "exit",
    "quit",
}
_LIBRARIES = {
    "click": "click",
    "typer": "typer",
    "absl": "absl",
    "fire": "fire",
    "hydra": "hydra",
    "tap": "tap",
    "docopt": "docopt",
    "optparse": "optparse",
    "getopt": "getopt",
    "jsonargparse": "jsonargparse",
    "configargparse": "configargparse",
    "simple_parsing": "simple_parsing",
    "tyro": "tyro",
    "plac": "plac",
    "sacred": "sacred",
}


class _Held:
    """A parser while the source is walked."""

    def __init__(self, given: Given | None, *, mine: bool) -> None:
        named = {} if given is None else given.named
        self.flags: list[Flag] = []
        self.commands: list[tuple[tuple[str, ...], _Held]] = []
        prefix = named.get("prefix_chars", "-")
        self.prefix = prefix if isinstance(prefix, str) else "-"
        self.abbreviates = named.get("allow_abbrev", True) is not False
        fromfile = named.get("fromfile_prefix_chars")
        self.fromfile = fromfile if isinstance(fromfile, str) else ""
        self.ends = not mine and named.get("exit_on_error", True) is True  # a class of its own may go on
        self.defaults: dict[str, Any] = {}
        if named.get("add_help", True) is not False:
            self.flags.append(actions.help_of(self.prefix))


class _Group(NamedTuple):
    parser: _Held
    excludes: bool = False  # at most one of its flags; what is required in it is the group


class _Commands(NamedTuple):
    parser: _Held


class _Added(NamedTuple):
    parser: _Held
    flag: Flag


class _Parsed(NamedTuple):
    parser: _Held
    strict: bool
    certain: bool


class _Argparse(Walk):
    owned = (_Held, _Group, _Commands)

    def __init__(self) -> None:
        super().__init__()
        self.unsure: list[Unsure] = []
        self.parsers: list[_Held] = []
        self.parsed: list[_Parsed] = []
        self.libraries: dict[str, int] = {}
        self.loose: list[Flag] = []  # added to something unknown
        self.leaves = False  # the script may end well before it parses, or parse other words than it is given

    def call(self, name: str, given: Given) -> Any:
        """Make a parser; see parsers leave for code that is not here; enter functions that others are to call."""
        if name in ("argparse.ArgumentParser", "argparse.ArgumentParser.__init__"):
            return self._parser(given, mine=False)
        top = name.split(".", 1)[0]
        if name.endswith("HfArgumentParser"):
            self.libraries.setdefault("HfArgumentParser", given.node.lineno)
        elif top in _LIBRARIES:
            self.libraries.setdefault(_LIBRARIES[top], given.node.lineno)
        for value in (*given.values, *given.named.values()):
            if isinstance(value, Function):
                self.enter(value, None)
            elif isinstance(value, (*self.owned, Method)) and name not in _HARMLESS:
                self._open(given, f"`{name}` is given the parser, and may add flags to it")
        return UNKNOWN

    def build(self, of: Class, given: Given) -> Any:
        """Make an object; one of a class that is made of ArgumentParser is a parser."""
        if _is_parser(of):
            held = self._parser(given, mine=any(of.find(name) is not UNKNOWN for name in _CHANGED))
            init = of.find("__init__")
            if isinstance(init, Function):
                self.enter(Function(init.node, init.env, held), given)
                if "parents" in ast.dump(init.node):
                    self._open(given, "the parser is of a class with parents that are not followed")
            if any(of.find(name) is not UNKNOWN for name in ("add_argument", "parse_known_args", "parse_args")):
                self._open(given, "the parser is of a class with methods of its own")
            return held
        if any(isinstance(base, Dotted) and base.name.split(".")[0] in _LIBRARIES for base in of.bases):
            self.call(next(base.name for base in of.bases if isinstance(base, Dotted)), given)
        return super().build(of, given)

    def method(self, owner: Any, name: str, given: Given) -> Any:
        """Follow what is done with a parser, a group of it, or its commands."""
        held: _Held = owner if isinstance(owner, _Held) else owner.parser
        if name == "add_argument":
            return self._add(owner, held, given)
        if name in ("add_argument_group", "add_mutually_exclusive_group"):
            excludes = name != "add_argument_group" or (isinstance(owner, _Group) and owner.excludes)
            return _Group(held, excludes)
        if name == "add_subparsers":
            return _Commands(held)
        if name == "add_parser" and isinstance(owner, _Commands):
            return self._command(held, given)
        if name in ("parse_args", "parse_intermixed_args", "parse_known_args", "parse_known_intermixed_args"):
            return self._parse(held, name, given)
        if name == "set_defaults":
            self._set_defaults(held, given)
        elif name not in _KNOWN_METHODS:
            self._open(given, f"`{name}` of the parser is not followed")
            held.ends = False
        return UNKNOWN

    def set(self, owner: Any, name: str, value: Any) -> None:
        """Give an attribute its value; what ends a script, or is parsed, may be put in another's place."""
        if owner == Dotted("sys") and name == "argv":
            self.change(Dotted("sys.argv"))
        elif isinstance(owner, _Held):
            owner.ends = False  # its `error`, or `exit`
        elif isinstance(owner, Dotted) and name in ("exit", *_CHANGED):
            self.leaves = True
        elif isinstance(owner, _Added) and name in _SETTINGS:
            index = next((i for i, flag in enumerate(owner.parser.flags) if flag is owner.flag), None)
            if index is not None:
                owner.parser.flags[index] = owner.flag._replace(type="?", choices=None, required=False, whole=False)
        super().set(owner, name, value)

    def change(self, value: Any) -> None:
        """Take note of a change of the words that are to be parsed."""
        if isinstance(value, Dotted) and value.name.startswith("sys.argv"):
            self.unsure.append(Unsure(1, "the script changes `sys.argv` itself"))
            self.leaves = True
        super().change(value)

    def reach_into(self, owner: Any) -> None:
        """Be sure of nothing where the parser's own list of flags is used."""
        held: _Held = owner if isinstance(owner, _Held) else owner.parser
        held.ends = False

    def leave(self) -> None:
        """Take note that what follows is perhaps not reached."""
        self.leaves = self.leaves or self.maybe > 0

    def stray(self, name: str, given: Given) -> None:
        """Keep a flag that is added to something unknown: most likely to a parser that came in from elsewhere."""
        if name == "add_argument":
            flag = actions.flag_of(given, certain=False)
            if flag is None:
                self._open(given, "the name of a flag is not known without running the script")
            else:
                self.loose.append(flag)
        elif any(isinstance(value, self.owned) for value in (*given.values, *given.named.values())):
            self._open(given, "a function that is not in this file is given the parser, and may add flags to it")

    def _parser(self, given: Given, *, mine: bool) -> _Held:
        held = _Held(given, mine=mine)
        parents = given.named.get("parents", [])
        if not given.whole or not isinstance(parents, (list, tuple)):
            self._open(given, "the parser is made with arguments that are not known")
            parents = []
        for parent in parents:
            if isinstance(parent, _Held):
                held.flags += parent.flags
                held.defaults |= parent.defaults
            else:
                self._open(given, "`parents` names a parser that is not in this file")
        self.parsers.append(held)
        return held

    def _command(self, held: _Held, given: Given) -> _Held:
        inner = self._parser(given, mine=False)
        self.parsers.remove(inner)
        aliases = given.get(99, "aliases", ())
        names = (given.get(0, "name", UNKNOWN), *(aliases if isinstance(aliases, (list, tuple)) else ()))
        if not all(isinstance(name, str) for name in names):
            self._open(given, "the name of a command is not known without running the script")
        held.commands.append((tuple(name for name in names if isinstance(name, str)), inner))
        return inner

    def _add(self, owner: Any, held: _Held, given: Given) -> Any:
        flag = actions.flag_of(given, certain=self.maybe == 0, prefix=held.prefix)
        if flag is None:
            self._open(given, "the name of a flag is not known without running the script")
            return UNKNOWN
        if isinstance(owner, _Group) and owner.excludes:
            flag = flag._replace(required=False)
        held.flags.append(flag)
        return _Added(held, flag)

    def _parse(self, held: _Held, name: str, given: Given) -> Any:
        words = given.get(0, "args")
        if is_plain(words) and words is not None:
            self._open(given, "the script parses words of its own in place of the command line")
            return UNKNOWN
        usual = words is None or words == Dotted("sys.argv[1:]")
        reached = self.maybe == 0 and self.caught == 0 and not self.leaves
        self.parsed.append(_Parsed(held, "known" not in name, usual and reached and held.ends))
        return UNKNOWN

    def _set_defaults(self, held: _Held, given: Given) -> None:
        for index, flag in enumerate(held.flags):
            if flag.dest in given.named:
                value = given.named[flag.dest]
                held.flags[index] = flag._replace(default=value if is_plain(value) else UNKNOWN)
        held.defaults |= given.named

    def _open(self, given: Given, why: str) -> None:
        self.unsure.append(Unsure(given.node.lineno, why))


_KNOWN_METHODS = frozenset(
    "print_help print_usage format_help format_usage error exit get_default register convert_arg_line_to_args "
    "_action_groups prog usage description epilog".split()
)


def _is_parser(of: Class) -> bool:
    return any(
        _is_parser(base)
        if isinstance(base, Class)
        else isinstance(base, Dotted) and base.name == "argparse.ArgumentParser"
        for base in of.bases
    )


def read(source: bytes, file: str) -> Script:
    """Read the flags of a script. Pure, and nothing of it runs; what cannot be known is said in `unsure`."""
    tree = _tree(source)
    if isinstance(tree, Unsure):
        return Script(file, broken=tree)
    walk = _Argparse()
    try:
        if not any(sign.encode() in source for sign in _SIGNS):
            return _script(walk, tree, file)
        env = Env()
        walk.run(tree.body, env)
        walk.maybe += 1
        for function in walk.functions:  # grows while it is walked
            if id(function.node) not in walk.entered and _is_of_interest(function.node):
                walk.enter(function, None)
    except (Enough, RecursionError):
        walk.unsure.append(Unsure(1, "the script is longer or deeper than kgen follows"))
    return _script(walk, tree, file)


def _tree(source: bytes) -> ast.Module | Unsure:
    if len(source) > MOST_BYTES:
        return Unsure(1, f"it is larger than {MOST_BYTES >> 10} KiB")
    if _depth(source) > _MOST_DEPTH:
        return Unsure(1, "its brackets lie deeper than kgen follows")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes that a later Python refuses
            return ast.parse(source)
    except SyntaxError as problem:
        line = max(problem.lineno or 1, 1)
        old = "Missing parentheses in call to" in (problem.msg or "")
        why = "it is written for Python 2" if old else f"it is not Python: {problem.msg}"
        return Unsure(line, why)
    except (ValueError, RecursionError, MemoryError, LookupError):
        return Unsure(1, "it is not Python: it holds NUL, or is deeper than Python reads")


def _depth(source: bytes) -> int:
    """Give an upper bound of how deep the brackets lie, strings and comments not told apart."""
    depth = most = 0
    for letter in source:
        if letter in b"([{":
            depth += 1
            most = max(most, depth)
        elif letter in b")]}" and depth:
            depth -= 1
    return most


def _is_of_interest(node: ast.AST) -> bool:
    """Whether a function that nobody is seen to call may have to do with flags."""
    return any(
        (each.attr if isinstance(each, ast.Attribute) else each.id) in _SIGNS
        for each in ast.walk(node)
        if isinstance(each, (ast.Attribute, ast.Name))
    )


def _script(walk: _Argparse, tree: ast.Module, file: str) -> Script:
    if not walk.parsers and not walk.loose:
        library = next(iter(walk.libraries), "") or next(_imported(tree), "")
        return Script(file, library, unsure=tuple(walk.unsure))
    read_by = [p for p in walk.parsed if p.parser in walk.parsers]
    used = list(dict.fromkeys(p.parser for p in read_by)) or walk.parsers
    unsure = list(walk.unsure)
    if not read_by:
        unsure.append(Unsure(1, "nothing in it parses the command line"))
    if walk.loose:
        unsure.append(Unsure(walk.loose[0].line, "flags are added to a parser that is not in this file"))
    certain = [p for p in read_by if p.certain]
    surely = {id(p.parser) for p in certain}
    flags = [
        flag if id(held) in surely else flag._replace(certain=False) for held in used for flag in held.flags
    ] + walk.loose
    commands = tuple((names, _frozen(inner)) for held in used for names, inner in held.commands)
    parser = Parser(
        _once(flags),
        commands,
        used[0].prefix if used else "-",
        any(held.abbreviates for held in used),
        "".join(held.fromfile for held in used),
    )
    strict = any(p.strict for p in certain)
    return Script(file, "argparse", parser, strict, bool(certain), tuple(sorted(set(unsure))))


def _frozen(held: _Held) -> Parser:
    commands = tuple((names, _frozen(inner)) for names, inner in held.commands)
    return Parser(_once(held.flags), commands, held.prefix, held.abbreviates, held.fromfile)


def _once(flags: list[Flag]) -> tuple[Flag, ...]:
    """Give each flag once; of one that is said in several ways nothing is known but its name."""
    out: dict[tuple[str, ...], Flag] = {}
    for index, flag in enumerate(flags):
        key = flag.names or ("", str(index))
        before = out.get(key, flag)
        same = before._replace(line=flag.line) == flag
        out[key] = flag if same else flag._replace(whole=False, required=False, certain=False)
    return tuple(out.values())


def _imported(tree: ast.Module) -> Iterator[str]:
    """Name libraries for command lines that the script imports."""
    for node in ast.walk(tree):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else names
        if isinstance(node, ast.ImportFrom) and any(a.name == "HfArgumentParser" for a in node.names):
            yield "HfArgumentParser"
        for name in names:
            if name.split(".")[0] in _LIBRARIES:
                yield _LIBRARIES[name.split(".")[0]]
