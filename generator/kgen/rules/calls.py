"""Where a trial calls its script: the words behind it, told apart from all that a shell does around them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from kgen.katib import shell
from kgen.katib.v1beta1 import TRIAL
from kgen.model.flags import Script
from kgen.model.node import FieldPath
from kgen.rules.primary import Words, commands
from kgen.rules.subject import Subject

_EXPANDED = re.compile(
    r"\$\((?:[^()]|\([^()]*\))*\)|\$\{[^}]*\}|\$[A-Za-z_]\w*|\$[0-9@*#?!$-]|`[^`]*`"
)  # what a shell or Kubernetes fills in
_OPEN, _NEXT, _FILE = "\ue000", "\ue001", "\ue002"  # what is filled in; the end of a command; a redirection
_UNREAD = re.compile(r"<<-?\s*[\w\"'\\]|[<>]\(")  # texts within a script, and commands as files
_MEANT = re.compile(
    r"(?P<nothing>(?:^|(?<=[\s;]))\#[^\n]*|(?:(?<![^\s;&|()])\d+)?[<>]&[\d-]+)"
    r"|(?P<file>(?:(?<![^\s;&|()])\d+|&)?(?:<<<|<>|>>|>\||[<>]))"
    r"|(?P<next>[;&|()\n]+)",
)
_MANY = re.compile(r"[*?\[{~]")  # a shell may make several words of it
_BEFORE = re.compile(
    r"[A-Za-z_]\w*=.*|/?(?:\w+/)*env|if|elif|then|else|while|until|do|time|exec|nohup|command|[!{]", re.S
)
_SAYING = frozenset("echo printf alias which type ls cat test [ [[ grep".split())  # they run nothing that they name
_PYTHON = re.compile(r"(?:python|pypy|ipython)[\d.]*")
_LAUNCHERS = frozenset(
    "torchrun accelerate deepspeed horovodrun colossalai composer uv poetry pipenv pdm hatch coverage kernprof".split()
)
_RUNNING = tuple(
    "torch.distributed. accelerate. deepspeed paddle.distributed horovod. cProfile profile pdb ipdb debugpy trace "
    "coverage kernprof memory_profiler".split()
)  # modules that run the script behind them


class Token(NamedTuple):
    """A word that the script gets."""

    text: str  # placeholders as they are written
    path: FieldPath  # of the item that it is part of
    fixed: bool = True  # nothing in it but placeholders is filled in later


class Line(NamedTuple):
    """The words behind the script, in one place where it is called."""

    container: str
    words: tuple[Token, ...]
    wrapped: bool


def lines(subject: Subject, script: Script) -> Iterator[Line]:
    """Yield the words behind each call of the script; none where it is not plain that it is one."""
    for found in commands(subject):
        for words in _commands(found):
            start = _behind([word.text for word in words], script.file)
            if start is not None:
                yield Line(found.name, tuple(words[start:]), found.wrapped)
    primary = subject.template.get("primaryContainerName")
    for path, fields in subject.containers:
        given = fields.get("args")
        is_main = len(subject.containers) == 1 or fields.get("name") == primary
        if is_main and not fields.get("command") and isinstance(given, list):
            own = [_as_is(str(word), (*TRIAL, *path, "args", index)) for index, word in enumerate(given)]
            start = _of_image([word.text for word in own], script)
            if start is not None:
                yield Line(str(fields.get("name")), tuple(own[start:]), wrapped=True)


def is_named(subject: Subject, script: Script) -> bool:
    """Whether a command speaks of the script, in whatever way."""
    name, module = _names(script.file)
    texts = [" ".join(found.words) for found in commands(subject)]
    return any(name in text or (module in text and " -m" in text) for text in texts)


def _names(file: str) -> tuple[str, str]:
    """Give the script's name and its module's."""
    folder, _, name = file.rpartition("/")
    stem = name.removesuffix(".py")
    return name, folder.rpartition("/")[2] if stem == "__main__" else stem


def _commands(found: Words) -> Iterator[list[Token]]:
    """Yield the words of each command that a shell makes of a container's, without its redirections."""
    at = shell.script_at(found.words)
    out: list[Token] = []
    passed = False
    for index, (word, path) in enumerate(zip(found.words, found.paths, strict=True)):
        if at is not None and index < at:
            continue
        if at is not None and index > at and not found.wrapped:
            break  # the shell's `$0`, `$1`, ...
        for token in _split(word, path) if found.wrapped or index == at else [_as_is(word, path)]:
            if token.text == _NEXT:
                yield out
                out, passed = [], False
            elif token.text == _FILE or passed:
                passed = token.text == _FILE
            else:
                out.append(token)
    yield out


def _as_is(word: str, path: FieldPath) -> Token:
    return Token(word, path, not _EXPANDED.search(shell.FILLED.sub("", word)))


def _split(word: str, path: FieldPath) -> list[Token]:
    """Split a text as a shell does; what is filled in stays in one piece, as its values are not known."""
    import shlex  # noqa: PLC0415 - only a trial whose script is known pays for it

    held: list[str] = []

    def hide(found: re.Match[str]) -> str:
        held.append(found[0])
        return f"{_OPEN}{len(held) - 1}{_OPEN}"

    hidden = re.sub(f"{shell.FILLED.pattern}|{_EXPANDED.pattern}", hide, re.sub(r"(?m)^\s*#.*$|\\\n", "", word))
    plain = shell.bare(hidden)
    if not plain.whole or _UNREAD.search(plain.text.replace("<<<", "   ")):
        return [Token(_NEXT, path)]
    out = []
    for part in shlex.split(_marked(hidden, plain.text)):
        text = re.sub(f"{_OPEN}(\\d+){_OPEN}", lambda found: held[int(found[1])], part)
        token = _as_is(text, path)
        out.append(token._replace(fixed=token.fixed and not _MANY.search(part)))
    return out


def _marked(text: str, plain: str) -> str:
    """Put marks for what is no word; `plain` is the text without what is quoted."""
    out, end = [], 0
    for found in _MEANT.finditer(plain):
        mark = {"nothing": " ", "file": f" {_FILE} ", "next": f" {_NEXT} "}[str(found.lastgroup)]
        out += [text[end : found.start()], mark]
        end = found.end()
    return "".join((*out, text[end:]))


def _behind(words: list[str], file: str) -> int | None:
    """Give where the words behind the script begin, if this command runs it."""
    first = next((i for i, word in enumerate(words) if not _BEFORE.fullmatch(word)), None)
    if first is None or words[first] in _SAYING:
        return None
    tails = [word.rpartition("/")[2] for word in words]
    if tails[first] == _names(file)[0]:
        return first + 1
    python = next((i for i in range(first, len(words)) if _PYTHON.fullmatch(tails[i])), None)
    if python is not None:
        return _of_python(words, python + 1, file)
    launcher = next((i for i in range(first, len(words)) if tails[i] in _LAUNCHERS), None)
    return None if launcher is None else _launched(words, launcher + 1, file)


def _of_python(words: list[str], at: int, file: str) -> int | None:
    name, module = _names(file)
    while at < len(words) and words[at].startswith("-"):
        if re.fullmatch("-[A-Za-ln-z]*m", words[at]):
            of = words[at + 1] if at + 1 < len(words) else ""
            if of.rpartition(".")[2] == module:
                return at + 2
            return _launched(words, at + 2, file) if of.startswith(_RUNNING) else None
        at += 2 if words[at] in ("-W", "-X") else 1
    return at + 1 if at < len(words) and words[at].rpartition("/")[2] == name else None


def _launched(words: list[str], at: int, file: str) -> int | None:
    """Look for the script behind a launcher and its options; another script there is the one that runs."""
    name, module = _names(file)
    for index in range(at, len(words)):
        word = words[index]
        if word in ("-m", "--module") and index + 1 < len(words) and words[index + 1].rpartition(".")[2] == module:
            return index + 2
        if word.endswith(".py") and not word.startswith("-"):
            return index + 1 if word.rpartition("/")[2] == name else None
    return None


def _of_image(words: list[str], script: Script) -> int | None:
    """Give where the script's words begin among the arguments of an image that says itself what runs."""
    start = _launched(words, 0, script.file)
    if start is not None or not words or not words[0].startswith("-"):
        return start
    flags = {name for flag in script.parser.flags for name in flag.names}
    of_other = re.fullmatch(r"-[A-Za-z]+|--", words[0]) and words[0] not in flags  # `-c`, `-m`: of a shell, of Python
    return None if of_other else 0
