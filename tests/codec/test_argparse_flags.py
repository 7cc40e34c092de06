"""The flags of a script, read from its source: a row a way of writing them, and argparse itself as the judge."""

from __future__ import annotations

import argparse
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgen.codec.argparse_flags import read
from kgen.model.flags import UNKNOWN, Flag, Script

_HEAD = "import argparse\np = argparse.ArgumentParser()\n"
_TAIL = "\nargs = p.parse_args()\n"


def _read(source: str) -> Script:
    return read(source.encode(), "train.py")


def _shown(flag: Flag) -> str:
    """Write a flag in a line: names:type[least..most]{choices}!=default, with ! where it is required, ? if unsure."""
    count = "" if (flag.least, flag.most) == (1, 1) else f"[{flag.least}..{'' if flag.most is None else flag.most}]"
    choices = "" if flag.choices is None else "{" + ",".join(flag.choices) + "}"
    mark = "!" * flag.required + "?" * (not flag.certain) + "~" * (not flag.whole)
    default = "" if flag.default is None else "=?" if flag.default is UNKNOWN else f"={flag.default}"
    return f"{'/'.join(flag.names) or flag.dest}:{flag.type}{count}{choices}{mark}{default}"


def _flags(script: Script) -> list[str]:
    return [_shown(flag) for flag in script.parser.flags if flag.action != "help"]


@pytest.mark.parametrize(
    ("source", "flags"),
    [
        pytest.param("p.add_argument('--lr', type=float, default=0.1)", ["--lr:float=0.1"], id="a number"),
        pytest.param("p.add_argument('--n', type=int, required=True)", ["--n:int!"], id="one that is required"),
        pytest.param("p.add_argument('-b', '--batch-size')", ["-b/--batch-size:str"], id="two names"),
        pytest.param("p.add_argument('--amp', action='store_true')", ["--amp:str[0..0]=False"], id="a switch"),
        pytest.param("p.add_argument('--no', action='store_false')", ["--no:str[0..0]=True"], id="a switch off"),
        pytest.param("p.add_argument('-v', action='count')", ["-v:str[0..0]"], id="a counter"),
        pytest.param("p.add_argument('--c', action='store_const', const=3)", ["--c:str[0..0]"], id="a constant"),
        pytest.param("p.add_argument('--x', action='append', type=int)", ["--x:int"], id="one that gathers"),
        pytest.param(
            "p.add_argument('--amp', action=argparse.BooleanOptionalAction)",
            ["--amp/--no-amp:str[0..0]"],
            id="a switch with a no",
        ),
        pytest.param("p.add_argument('--x', action=Mine)", ["--x:str~"], id="an action of its own"),
        pytest.param("p.add_argument('--k', choices=['a', 'b'])", ["--k:str{a,b}"], id="choices in a list"),
        pytest.param("D = {'a': 1}\np.add_argument('--k', choices=D)", ["--k:str{a}"], id="the keys of a table"),
        pytest.param("D = {'a': 1}\np.add_argument('--k', choices=D.keys())", ["--k:str{a}"], id="keys by name"),
        pytest.param("D = ('b', 'a')\np.add_argument('--k', choices=sorted(D))", ["--k:str{a,b}"], id="sorted choices"),
        pytest.param(
            "p.add_argument('--k', type=int, choices=range(1, 4))", ["--k:int{1,2,3}"], id="a range of numbers"
        ),
        pytest.param(
            "D = {}\ndef r(f):\n D[f.__name__] = f\n@r\ndef net(): pass\np.add_argument('--k', choices=D)",
            ["--k:str"],
            id="choices that a decorator fills",
        ),
        pytest.param(
            "C = ['a']\nD = C\nD.append('b')\np.add_argument('--k', choices=C)",
            ["--k:str"],
            id="choices that are changed under another name",
        ),
        pytest.param(
            "a = p.add_argument('--n', type=int, required=True)\na.required = False",
            ["--n:?~"],
            id="one that is changed later",
        ),
        pytest.param("p.add_argument('--k', choices=list(KINDS))", ["--k:str"], id="choices from elsewhere"),
        pytest.param(
            "p.add_argument('--k', choices=[m for m in ('a', 'b')])", ["--k:str{a,b}"], id="a comprehension of choices"
        ),
        pytest.param("p.add_argument('--s', nargs='+', type=int)", ["--s:int[1..]"], id="one value or more"),
        pytest.param("p.add_argument('--s', nargs='?')", ["--s:str[0..1]"], id="a value that may be left out"),
        pytest.param("p.add_argument('--s', nargs=2)", ["--s:str[2..2]"], id="two values"),
        pytest.param("p.add_argument('--s', nargs=N)", ["--s:str[0..]~"], id="an unknown number of values"),
        pytest.param("p.add_argument('rest', nargs=argparse.REMAINDER)", ["rest:str[0..]"], id="the remainder"),
        pytest.param("p.add_argument('data')", ["data:str!"], id="one by its place"),
        pytest.param("p.add_argument('--x', type=lambda t: int(t))", ["--x:lambda"], id="a lambda"),
        pytest.param("def pos(t): return int(t)\np.add_argument('--x', type=pos)", ["--x:pos"], id="a function"),
        pytest.param("p.add_argument('--x', type=bool)", ["--x:bool"], id="bool, which is a trap"),
        pytest.param("p.add_argument('--x', default=2 * 8 ** 2)", ["--x:str=128"], id="a default that is reckoned"),
        pytest.param("p.add_argument('--x', default=-1)", ["--x:str=-1"], id="a default below zero"),
        pytest.param("p.add_argument('--x', default=os.environ['A'])", ["--x:str=?"], id="a default from outside"),
        pytest.param("LR = 0.5\np.add_argument('--lr', default=LR)", ["--lr:str=0.5"], id="a default by its name"),
        pytest.param(
            "g = p.add_argument_group('g')\ng.add_argument('--x')\np.add_argument('--y')",
            ["--x:str", "--y:str"],
            id="a group",
        ),
        pytest.param(
            "g = p.add_mutually_exclusive_group(required=True)\ng.add_argument('--x')\ng.add_argument('--y')",
            ["--x:str", "--y:str"],
            id="flags that exclude each other",
        ),
        pytest.param("p.add_argument_group('g').add_argument('--x')", ["--x:str"], id="a group without a name"),
        pytest.param(
            "for n in ('a', 'b'):\n    p.add_argument('--' + n, type=float)",
            ["--a:float", "--b:float"],
            id="a loop over names",
        ),
        pytest.param(
            "for n, t in {'a': int, 'b': float}.items():\n    p.add_argument(f'--{n}', type=t)",
            ["--a:int", "--b:float"],
            id="a loop over a table",
        ),
        pytest.param(
            "for n, t in (('a', bool), ('b', int)):\n"
            "    if t is bool:\n        p.add_argument('--' + n, action='store_true')\n        continue\n"
            "    p.add_argument('--' + n, type=t)",
            ["--a:str[0..0]=False", "--b:int"],
            id="a loop that tells types apart",
        ),
        pytest.param(
            "def more(q, n):\n    q.add_argument(f'--{n}')\nmore(p, 'x')\nmore(p, n='y')",
            ["--x:str", "--y:str"],
            id="a function that is given the parser",
        ),
        pytest.param(
            "class M:\n    @staticmethod\n    def add(q):\n        q.add_argument('--x')\n"
            "        return q\np = M.add(p)",
            ["--x:str"],
            id="a static method that gives the parser back",
        ),
        pytest.param("p.add_argument('--x')\np.set_defaults(x=3)", ["--x:str=3"], id="a default that is set later"),
        pytest.param(
            "if debug:\n    p.add_argument('--x', required=True)", ["--x:str!?"], id="one behind an unknown condition"
        ),
        pytest.param(
            "if False:\n    p.add_argument('--x')\nelse:\n    p.add_argument('--y')",
            ["--y:str"],
            id="a known condition",
        ),
        pytest.param("add = p.add_argument\nadd('--x')", ["--x:str"], id="the method by another name"),
        pytest.param("p.add_argument(*('-x', '--xx'), **{'type': int})", ["-x/--xx:int"], id="arguments unpacked"),
        pytest.param("p.add_argument('--x', **opts)", ["--x:str~"], id="unknown arguments unpacked"),
        pytest.param(
            "try:\n    import t\nexcept ImportError:\n    t = None\np.add_argument('--x')",
            ["--x:str"],
            id="after a try",
        ),
        pytest.param("p.add_argument('--x', help='a %(default)s b')", ["--x:str"], id="help with a percent sign"),
    ],
)
def test_the_flags_of_a_parser(source: str, flags: list[str]) -> None:
    script = _read(_HEAD + source + _TAIL)
    assert (_flags(script), script.library, script.unsure) == (flags, "argparse", ())


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("from argparse import ArgumentParser as A\np = A()\n{}\np.parse_args()", id="an alias"),
        pytest.param("import argparse as ap\np = ap.ArgumentParser()\n{}\np.parse_args()", id="a module's alias"),
        pytest.param("from argparse import *\np = ArgumentParser()\n{}\np.parse_args()", id="a star"),
        pytest.param("import argparse\nb = argparse.ArgumentParser(add_help=False)\nb.add_argument('--x', type=int)\n"
                     "p = argparse.ArgumentParser(parents=[b])\np.parse_args()", id="a parent"),
        pytest.param("import argparse, sys\ndef main():\n p = argparse.ArgumentParser()\n {}\n p.parse_args()\n"
                     "if __name__ == '__main__':\n sys.exit(main())", id="a main function"),
        pytest.param("import argparse\ndef build():\n p = argparse.ArgumentParser()\n {}\n return p\n"
                     "def main(argv=None):\n return build().parse_args(argv)\nmain()", id="a function that makes it"),
        pytest.param("import sys\n" + _HEAD + "{}\np.parse_args(sys.argv[1:])",
                     id="the words by name"),
        pytest.param("import argparse\nclass T:\n def __init__(self):\n  self.p = argparse.ArgumentParser()\n"
                     "  self.add()\n"
                     " def add(self):\n  self.p.add_argument('--x', type=int)\nT().p.parse_args()", id="an object's"),
        pytest.param("import argparse\nclass P(argparse.ArgumentParser):\n def __init__(self, **k):\n"
                     "  super().__init__(**k)\n  self.add_argument('--x', type=int)\n"
                     "P().parse_args()", id="its own class"),
    ],
)  # fmt: skip
def test_where_the_parser_comes_from(source: str) -> None:
    script = _read(source.replace("{}", "p.add_argument('--x', type=int)"))
    assert (_flags(script), script.strict, script.ends, script.unsure) == (["--x:int"], True, True, ())


@pytest.mark.parametrize(
    ("source", "strict", "ends", "why"),
    [
        pytest.param(_HEAD + "p.parse_known_args()", False, True, "", id="unknown flags pass"),
        pytest.param(_HEAD + "try:\n p.parse_args()\nexcept SystemExit: pass", False, False, "",
                     id="an exit is caught"),
        pytest.param(_HEAD + "p.parse_args(words)", False, False, "", id="other words, perhaps"),
        pytest.param(_HEAD + "p.parse_args([])", False, False, "words of its own", id="no words at all"),
        pytest.param(_HEAD + "p.add_argument(name)" + _TAIL, True, True, "name of a flag",
                     id="a name that is reckoned"),
        pytest.param(_HEAD + "import d\nd.add(p)" + _TAIL, True, True, "`d.add` is given", id="the parser leaves"),
        pytest.param(_HEAD + "for n in names():\n p.add_argument('--' + n)" + _TAIL, True, True, "name of a flag",
                     id="a loop over what is not known"),
        pytest.param("import argparse\nfrom x import base\np = argparse.ArgumentParser(parents=[base])" + _TAIL,
                     True, True, "`parents`", id="a parent from elsewhere"),
        pytest.param("import argparse\np = argparse.ArgumentParser(exit_on_error=False)" + _TAIL, False, False, "",
                     id="an error that raises"),
        pytest.param("import argparse\nclass P(argparse.ArgumentParser):\n def error(self, m): pass\np = P()" + _TAIL,
                     False, False, "", id="a class that goes on"),
        pytest.param("def add(parser):\n parser.add_argument('--x')", False, False, "nothing in it parses",
                     id="a module of another script"),
        pytest.param("import argparse\nclass P(argparse.ArgumentParser):\n def add_argument(self, *a): pass\n"
                     "p = P()" + _TAIL,
                     True, True, "methods of its own", id="a class with flags of its own"),
        pytest.param("import argparse\ndef f():\n if x(): return 1\n"
                     " p = argparse.ArgumentParser()\n p.parse_args()\nf()",
                     False, False, "", id="a function that may have been left"),
        pytest.param("import argparse\ndef f():\n if x(): raise E\n"
                     " p = argparse.ArgumentParser()\n p.parse_args()\nf()",
                     True, True, "", id="a function that may have failed"),
        pytest.param("import argparse, sys\nsys.argv = ['x']\np = argparse.ArgumentParser()" + _TAIL, False, False,
                     "sys.argv", id="the words are replaced"),
        pytest.param("import sys\n" + _HEAD + "sys.argv.append('x')\np.parse_args()",
                     False, False, "sys.argv", id="words are added"),
        pytest.param("import sys\n" + _HEAD + "sys.argv += ['x']\np.parse_args()",
                     False, False, "sys.argv", id="words are added in place"),
        pytest.param("import sys\n" + _HEAD + "del sys.argv[1]\np.parse_args()",
                     False, False, "sys.argv", id="a word is removed"),
        pytest.param("import sys\n" + _HEAD + "p.parse_args(sys.argv[2:])",
                     False, False, "", id="some of the words"),
        pytest.param("import sys\n" + _HEAD + "p.error = f\np.parse_args()",
                     False, False, "", id="an end of its own"),
        pytest.param("import sys\n" + _HEAD + "for a in p._actions: a.required = False\np.parse_args()",
                     False, False, "", id="flags changed from within"),
        pytest.param("import sys\n" + _HEAD + "if x(): sys.exit(0)\np.parse_args()",
                     False, False, "", id="an end before"),
        pytest.param("import sys\n" + _HEAD + "E = SystemExit\ntry:\n p.parse_args()\nexcept E: pass",
                     False, False, "", id="an exit that is held by another name"),
    ],
)  # fmt: skip
def test_what_is_not_certain(source: str, strict: bool, ends: bool, why: str) -> None:
    script = _read(source)
    said = "; ".join(each.why for each in script.unsure)
    assert (script.strict, script.ends) == (strict, ends)
    assert why in said if why else not said


@pytest.mark.parametrize(
    ("source", "library"),
    [
        pytest.param("import typer\napp = typer.Typer()\napp()", "typer", id="typer"),
        pytest.param("from absl import flags, app\nflags.DEFINE_float('lr', 0.1, '')", "absl", id="absl"),
        pytest.param("import fire\nfire.Fire(main)", "fire", id="fire"),
        pytest.param("from transformers import HfArgumentParser\np = HfArgumentParser(A)", "HfArgumentParser",
                     id="dataclasses of transformers"),
        pytest.param("import hydra\n@hydra.main()\ndef main(c): pass", "hydra", id="hydra"),
        pytest.param("from tap import Tap\nclass A(Tap):\n lr: float\nA().parse_args()", "tap", id="tap"),
        pytest.param("print(1)", "", id="none"),
    ],
)  # fmt: skip
def test_another_library_is_named(source: str, library: str) -> None:
    script = _read(source)
    assert (script.library, script.parser.flags, script.closed) == (library, (), False)


def test_commands_have_flags_of_their_own() -> None:
    script = _read(
        _HEAD + "s = p.add_subparsers()\nt = s.add_parser('train', aliases=['t'])\nt.add_argument('--lr', type=float)"
        "\np.add_argument('--seed', type=int)" + _TAIL
    )
    names, inner = script.parser.commands[0]
    assert names == ("train", "t")
    assert [_shown(f) for f in inner.flags if f.action != "help"] == ["--lr:float"]
    assert _flags(script) == ["--seed:int"]


@pytest.mark.parametrize(
    ("source", "line", "why"),
    [
        pytest.param(b"import sys\nprint 'x'\n", 2, "written for Python 2", id="Python 2"),
        pytest.param(b"x = (\n", 1, "not Python", id="an open bracket"),
        pytest.param(b"x = 1\0", 1, "not Python", id="NUL"),
        pytest.param(b"# coding: klingon\nx = 1", 1, "not Python", id="an unknown encoding"),
        pytest.param("x = 'é'".encode("latin-1"), 1, "not Python", id="bytes that are no UTF-8"),
        pytest.param(b"x = " + b"(" * 5000 + b")" * 5000, 1, "deeper", id="five thousand brackets"),
        pytest.param(b"x = 1\n" * 200_000, 1, "larger", id="a file of a megabyte"),
    ],
)
def test_a_source_that_cannot_be_read(source: bytes, line: int, why: str) -> None:
    broken = read(source, "train.py").broken
    assert broken is not None
    assert (broken.line, why in broken.why) == (line, True)


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("x = " + "-" * 3000 + "1", id="three thousand signs"),
        pytest.param("x = " + "+".join(["1"] * 20_000), id="a long sum"),
        pytest.param("x = 9 ** 9 ** 9 ** 9", id="a tower of powers"),
        pytest.param("x = 'a' * 10**9\ny = '%1000000000d' % 1", id="a text of a gigabyte"),
        pytest.param("def f(n):\n return f(n) + f(n)\nf(1)", id="recursion without end"),
        pytest.param("x = [0]\nwhile True:\n x = x + x", id="a loop without end"),
        pytest.param("\n".join(f"def f{i}(): f{i + 1}(); f{i + 1}()" for i in range(60)) + "\nf0()",
                     id="a bomb of calls"),
        pytest.param("for a in range(9**9):\n for b in range(9**9):\n  pass", id="loops over much"),
        pytest.param("x = range(10**400)\nfor i in x: pass", id="a range beyond all bounds"),
        pytest.param("if a:\n" + "".join("    " * n + f"if a{n}:\n" for n in range(1, 60)) + "    " * 60 + "pass",
                     id="sixty conditions"),
        pytest.param("a" + ".b()" * 2000, id="a long chain"),
        pytest.param("import argparse\np = argparse.ArgumentParser(prefix_chars=None, parents=3)\np.add_argument()\n"
                     "p.add_argument(3)\np.add_argument('')\np.add_subparsers().add_parser()\np.parse_args(*a)",
                     id="calls that argparse refuses"),
        pytest.param("class A(A): pass\nclass B: x = B\nB.x.y()\nlambda: (yield)", id="odd classes"),
        pytest.param("a, *b = 1\n(c, d), e = f\n[x for x in y for z in x if w]\n{**q}\nprint(*u, **v)\ndel a",
                     id="odd targets"),
    ],
)  # fmt: skip
def test_nothing_that_is_read_is_too_much(source: str) -> None:
    assert isinstance(_read(source), Script)


_NAMES = st.lists(st.sampled_from(["alpha", "beta-x", "gamma_y", "d", "eps"]), min_size=1, max_size=5, unique=True)
_VALUES: dict[str, Any] = {"int": st.integers(-5, 5), "float": st.floats(-2, 2), "str": st.sampled_from(["a", "b c"])}


@st.composite
def _options(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the arguments of one call, as texts of Python."""
    if draw(st.booleans()):
        action = draw(st.sampled_from(["store_true", "store_false", "count", "append_const"]))
        return {"action": repr(action), **({"const": "1"} if action == "append_const" else {})}
    kind = draw(st.sampled_from(["int", "float", "str"]))
    out = {"type": kind, "default": repr(draw(st.none() | _VALUES[kind]))}
    if draw(st.booleans()):
        out["choices"] = repr(draw(st.lists(_VALUES[kind], min_size=1, max_size=3)))
    if draw(st.booleans()):
        out["nargs"] = repr(draw(st.sampled_from(["?", "*", "+", 2])))
    if draw(st.booleans()):
        out["required"] = repr(draw(st.booleans()))
    if draw(st.booleans()):
        out["dest"] = repr("elsewhere")
    return out


@given(_NAMES, st.data())
def test_what_is_read_is_what_argparse_holds(names: list[str], data: st.DataObject) -> None:
    lines = ["import argparse", "p = argparse.ArgumentParser()", "g = p.add_argument_group('g')"]
    for name in names:
        owner = data.draw(st.sampled_from("pg"))
        options = ", ".join(f"{key}={value}" for key, value in data.draw(_options()).items())
        short = f"'-{name[0].upper()}', " if data.draw(st.booleans()) else ""
        lines.append(f"{owner}.add_argument({short}'--{name}', {options})")
    space: dict[str, Any] = {}
    exec("\n".join(lines), space)
    held = space["p"]._actions
    seen = _read("\n".join(lines) + _TAIL).parser.flags
    assert [_row(flag) for flag in seen] == [_row_of(action) for action in held]


def _row(flag: Flag) -> tuple[Any, ...]:
    return flag.names, flag.dest, flag.type, flag.choices, (flag.least, flag.most), flag.required, repr(flag.default)


def _row_of(action: argparse.Action) -> tuple[Any, ...]:
    counts: dict[Any, tuple[int, int | None]] = {None: (1, 1), "?": (0, 1), "*": (0, None), "+": (1, None)}
    many = counts.get(action.nargs) or (action.nargs, action.nargs)
    kind = "str" if action.type is None else action.type.__name__  # type: ignore[union-attr]
    choices = None if action.choices is None else tuple(str(each) for each in action.choices)
    names = tuple(action.option_strings)
    return names, action.dest, kind, choices, many, action.required, repr(action.default)
