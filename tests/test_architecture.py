"""The rooms of the package, held: who may import whom, who may touch the world, and how large a file may be.

Every check is a function of a tree of sources, and is shown to fail on a tree that breaks it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1] / "generator" / "kgen"

# What a room may import: rooms of kgen, then packages of others. `.` stands for the package itself
# (`from kgen import __version__`).
ROOMS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "cli": (
        frozenset({".", "cli", "report", "local", "search", "pipeline", "stages", "rules", "codec", "katib", "model"}),
        frozenset({"click", "cryptography", "rich"}),
    ),
    "local": (frozenset({"local", "search", "codec", "katib", "model"}), frozenset()),
    "search": (
        frozenset({"search", "katib", "model"}),
        frozenset({"optuna", "cmaes", "scipy", "skopt", "threadpoolctl"}),
    ),
    "report": (
        frozenset({"report", "rules", "model"}),
        # The page of a local run: plotly.js for its plots, and Optuna's (scikit-learn's) weighing of parameters.
        frozenset({"plotly", "optuna", "sklearn"}),
    ),
    "pipeline": (frozenset({"pipeline", "stages", "rules", "codec", "katib", "model"}), frozenset()),
    "stages": (frozenset({"rules", "codec", "katib", "model"}), frozenset()),
    "rules": (frozenset({"rules", "katib", "model"}), frozenset()),
    "codec": (frozenset({"codec", "model"}), frozenset({"yaml", "_gojsonnet", "_jsonnet"})),
    "katib": (frozenset({"katib", "model"}), frozenset({"re2"})),
    "model": (frozenset({"model"}), frozenset()),
}
DOOR = "__main__"  # `python -m kgen`: it calls cli and is no room

# The world: only `cli` may touch it, and `local`, which runs trials.
WORLD = frozenset(
    "asyncio builtins ctypes datetime fcntl fileinput getpass glob importlib io locale logging multiprocessing os "
    "pathlib pickle platform random resource secrets select selectors shelve shutil signal socket sqlite3 ssl "
    "subprocess sys sysconfig tempfile threading time urllib uuid webbrowser".split()
)
TOUCHES = frozenset({"open", "print", "input", "exit", "quit", "breakpoint", "exec", "eval", "__import__"})
EXCEPTIONS: Mapping[tuple[str, str], str] = {
    ("search/drawn.py", "random"): "draws from a seed that it is given, and from nothing else",
    ("codec/reader.py", "sys"): "interns the texts that it reads, which nobody can see but by the time it saves",
    ("codec/jsonnet.py", "pathlib"): "reads the package's own kgen.libsonnet, by the path it is installed at",
}

MOST_LINES = 400
LONG: Mapping[str, str] = {}  # module: why it is one idea in more lines than that


class Import(NamedTuple):
    """One import: the module that has it, and what it asks for."""

    file: str
    line: int
    name: str  # dotted; `kgen.model.node`, `json`
    typing_only: bool


Tree = Mapping[str, str]
"""Sources by their path in the package."""


@pytest.fixture(scope="module")
def package() -> Tree:
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in sorted(ROOT.rglob("*.py"))}


def module(file: str) -> str:
    """Give a file's dotted name below kgen; "" for the package itself."""
    return file.removesuffix(".py").removesuffix("__init__").rstrip("/").replace("/", ".")


def room(file_or_name: str) -> str:
    """Give the room that a file or a dotted name below kgen lies in."""
    return file_or_name.replace("/", ".").removesuffix(".py").split(".")[0]


def imports(tree: Tree) -> Iterator[Import]:
    """Yield every import, wherever in a file it stands."""
    known = {module(file) for file in tree}
    for file, source in tree.items():
        syntax = ast.parse(source, file)
        typing_only = {
            id(node)
            for block in ast.walk(syntax)
            if isinstance(block, ast.If) and isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING"
            for node in ast.walk(block)
        }
        for node in ast.walk(syntax):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield Import(file, node.lineno, alias.name, id(node) in typing_only)
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if node.level:
                    yield Import(file, node.lineno, "." * node.level + base, typing_only=False)
                for alias in node.names if not node.level else ():
                    full = f"{base}.{alias.name}"
                    inner = full.removeprefix("kgen.") if full.startswith("kgen.") else ""
                    yield Import(file, node.lineno, full if inner in known else base, id(node) in typing_only)


def wrong_arrows(tree: Tree) -> Iterator[str]:
    """Find imports that point up, sideways where they may not, or at a package that is another room's."""
    for found in imports(tree):
        where, top = f"{found.file}:{found.line}", found.name.split(".")[0]
        here = room(found.file)
        if found.name.startswith("."):
            yield f"{where}: a relative import hides which room it asks for"
        elif here == DOOR and found.name in ("kgen", "kgen.cli"):
            continue
        elif found.file == "__init__.py":
            yield f"{where}: the package itself imports {found.name}, and every use of kgen would pay for it"
        elif here not in ROOMS:
            yield f"{where}: `{here}` is no room"
        elif top == "kgen":
            asked = room(found.name.removeprefix("kgen").removeprefix(".")) or "."
            same_file = module(found.file) == found.name.removeprefix("kgen.")
            if asked not in ROOMS[here][0] and not same_file:
                yield f"{where}: {here} imports {found.name}"
        elif top not in sys.stdlib_module_names and top not in ROOMS[here][1]:
            yield f"{where}: {here} imports the package {top}"


def lazy_codec(tree: Tree) -> Iterator[str]:
    """Find a codec that the pipeline imports at its top: it may only evaluate Jsonnet, and late."""
    for file, source in tree.items():
        if room(file) != "pipeline":
            continue
        for node in ast.parse(source, file).body:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("kgen.codec"):
                yield f"{file}:{node.lineno}: imports {node.module} before it is known to be needed"


def touches_of_the_world(tree: Tree) -> Iterator[tuple[str, str, str]]:
    """Find what reaches for disk, streams, clock, environment or processes outside `cli`: file, name, place."""
    for found in imports(tree):
        top = found.name.split(".")[0]
        if room(found.file) not in ("cli", "local", DOOR) and top in WORLD:
            yield found.file, top, f"{found.file}:{found.line}: imports {top}"
    for file, source in tree.items():
        if room(file) in ("cli", "local", DOOR):
            continue
        for node in ast.walk(ast.parse(source, file)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TOUCHES:
                yield file, node.func.id, f"{file}:{node.lineno}: calls {node.func.id}()"


CHANGING = frozenset("add append clear discard extend insert pop popitem remove setdefault sort update".split())


def module_state(tree: Tree) -> Iterator[str]:
    """Find collections that a module holds and changes, or names as one would name a variable."""
    for file, source in tree.items():
        syntax = ast.parse(source, file)
        held: dict[str, int] = {}
        for node in syntax.body:
            value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            for target in targets:
                if isinstance(target, ast.Name) and value is not None and _is_mutable(value):
                    held[target.id] = node.lineno
        for name, line in held.items():
            if name != "__all__" and name.lstrip("_") != name.lstrip("_").upper():
                yield f"{file}:{line}: `{name}` is a collection at module level in small letters"
        for where in ast.walk(syntax):
            if isinstance(where, ast.Global):
                yield f"{file}:{where.lineno}: `global {', '.join(where.names)}`"
            changed = _changed(where)
            if changed in held:
                yield f"{file}:{getattr(where, 'lineno', 0)}: changes `{changed}`, which the module holds"


def _is_mutable(value: ast.expr) -> bool:
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        return value.func.id in ("dict", "list", "set", "defaultdict", "deque", "Counter")
    return isinstance(value, ast.Dict | ast.List | ast.Set | ast.DictComp | ast.ListComp | ast.SetComp)


def _changed(node: ast.AST) -> str | None:
    """Name the variable whose collection a node changes."""
    target: ast.expr | None = None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGING:
        target = node.func.value
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
        target = node.value
    elif isinstance(node, ast.AugAssign):
        target = node.target
    return target.id if isinstance(target, ast.Name) else None


def long_modules(tree: Tree) -> dict[str, int]:
    """Find modules that hide a second idea, by their length."""
    return {file: n for file, source in tree.items() if (n := len(source.splitlines())) > MOST_LINES}


def utility_rooms(tree: Tree) -> list[str]:
    """Find files whose name says nothing."""
    empty = {"utils", "util", "helpers", "helper", "common", "misc"}
    return [file for file in tree if empty & set(module(file).lower().split("."))]


def cycles(tree: Tree) -> list[tuple[str, ...]]:
    """Find circles of imports at the top of modules; what is imported late, or for types alone, makes none."""
    known = {module(file): file for file in tree}
    late = {
        (file, node.lineno)
        for file, source in tree.items()
        for function in ast.walk(ast.parse(source, file))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    edges: dict[str, set[str]] = {name: set() for name in known}
    for found in imports(tree):
        name = found.name.removeprefix("kgen").removeprefix(".")
        own = module(found.file)
        at_top = not found.typing_only and (found.file, found.line) not in late
        if at_top and found.name.startswith("kgen") and name in known and name != own:
            edges[own].add(name)
    out: list[tuple[str, ...]] = []
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            out.append((*path[path.index(name) :], name))
        elif name not in done:
            for other in sorted(edges[name]):
                visit(other, (*path, name))
            done.add(name)

    for name in sorted(edges):
        visit(name, ())
    return out


# The package holds to all of it.


def test_no_arrow_points_up(package: Tree) -> None:
    assert not list(wrong_arrows(package))


def test_the_pipeline_imports_no_codec_before_it_is_needed(package: Tree) -> None:
    assert not list(lazy_codec(package))


def test_only_cli_touches_the_world(package: Tree) -> None:
    found = {(file, name): place for file, name, place in touches_of_the_world(package)}
    assert not [place for key, place in found.items() if key not in EXCEPTIONS]
    assert not [key for key in EXCEPTIONS if key not in found], "an exception that nothing needs any more"


def test_no_module_holds_state(package: Tree) -> None:
    assert not list(module_state(package))


def test_no_module_hides_a_second_idea(package: Tree) -> None:
    found = long_modules(package)
    assert not {file: lines for file, lines in found.items() if file not in LONG}
    assert not [file for file in LONG if file not in found], "a reason that nothing needs any more"


def test_every_module_is_named_by_what_it_does(package: Tree) -> None:
    assert not utility_rooms(package)


def test_no_circle_of_imports(package: Tree) -> None:
    assert not cycles(package)


def test_every_room_is_there(package: Tree) -> None:
    rooms = {room(file) for file in package if file not in ("__init__.py", f"{DOOR}.py")}
    assert rooms == set(ROOMS)


# And each check can fail.


@pytest.mark.parametrize(
    ("file", "source", "complaint"),
    [
        pytest.param("model/a.py", "from kgen.codec import reader", "model imports kgen.codec", id="model looks up"),
        pytest.param("model/a.py", "import yaml", "imports the package yaml", id="model takes a library"),
        pytest.param("model/a.py", "def f():\n    from kgen.katib import x", "model imports kgen.katib", id="late"),
        pytest.param(
            "rules/a.py", "from kgen.codec.reader import read", "rules imports kgen.codec", id="rules read YAML"
        ),
        pytest.param(
            "rules/a.py", "from kgen.stages import load", "rules imports kgen.stages", id="rules call a stage"
        ),
        pytest.param("katib/a.py", "from kgen.rules import rule", "katib imports kgen.rules", id="facts ask rules"),
        pytest.param("codec/a.py", "from kgen.katib import x", "codec imports kgen.katib", id="codec knows Katib"),
        pytest.param("codec/a.py", "import click", "imports the package click", id="codec prints"),
        pytest.param("report/a.py", "from kgen.katib import x", "report imports kgen.katib", id="report judges"),
        pytest.param(
            "stages/load.py", "from kgen.stages.emit import emit", "stages imports kgen.stages.emit", id="stages"
        ),
        pytest.param(
            "stages/load.py", "from kgen.stages import emit", "stages imports kgen.stages", id="by the package"
        ),
        pytest.param(
            "stages/load.py", "import kgen.pipeline", "stages imports kgen.pipeline", id="a stage starts over"
        ),
        pytest.param("stages/load.py", "import jsonschema_rs", "the package jsonschema_rs", id="a stage has a library"),
        pytest.param(
            "pipeline/a.py", "from kgen.report import text", "pipeline imports kgen.report", id="pipeline speaks"
        ),
        pytest.param(
            "pipeline/a.py", "from kgen.cli import main", "pipeline imports kgen.cli", id="pipeline calls cli"
        ),
        pytest.param("cli/a.py", "import yaml", "cli imports the package yaml", id="cli parses"),
        pytest.param("model/a.py", "from . import node", "a relative import", id="relative"),
        pytest.param("attic/a.py", "import json", "`attic` is no room", id="a new room"),
        pytest.param("__init__.py", "import json", "every use of kgen", id="the package imports"),
    ],
)
def test_a_wrong_arrow_is_found(file: str, source: str, complaint: str) -> None:
    (found,) = wrong_arrows({file: source, "stages/emit.py": "", "codec/__init__.py": ""})
    assert complaint in found


@pytest.mark.parametrize(
    ("file", "source"),
    [
        pytest.param("cli/a.py", "import os\nimport click\nfrom kgen import pipeline, __version__", id="cli may"),
        pytest.param("pipeline/a.py", "from kgen.stages.load import load\nfrom kgen import rules", id="pipeline may"),
        pytest.param("stages/load.py", "from kgen.codec import reader\nimport re", id="stages may"),
        pytest.param("rules/a.py", "from kgen.rules.rule import rule\nfrom kgen.katib import x", id="rules may"),
        pytest.param("codec/a.py", "from yaml import events\nfrom kgen.model.node import Node", id="codec may"),
        pytest.param("__main__.py", "from kgen.cli import main", id="the door may"),
    ],
)
def test_a_right_arrow_is_not(file: str, source: str) -> None:
    assert not list(wrong_arrows({"rules/__init__.py": "", "pipeline/__init__.py": "", file: source}))


def test_an_early_codec_is_found() -> None:
    assert list(lazy_codec({"pipeline/a.py": "from kgen.codec import jsonnet"}))
    assert not list(lazy_codec({"pipeline/a.py": "def f():\n    from kgen.codec import jsonnet"}))


@pytest.mark.parametrize(
    "source",
    ["from pathlib import Path", "import os.path", "import time", "open('x')", "print(1)", "def f():\n    import sys"],
)
def test_a_touch_of_the_world_is_found(source: str) -> None:
    assert list(touches_of_the_world({"rules/a.py": source}))
    assert not list(touches_of_the_world({"cli/a.py": source}))


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("cache = {}", id="small letters"),
        pytest.param("_seen = set()", id="a call"),
        pytest.param("X = []\ndef f(): X.append(1)", id="appended to"),
        pytest.param("X: dict = {}\ndef f(k): X[k] = 1", id="written to"),
        pytest.param("X = {}\ndef f(k): del X[k]", id="deleted from"),
        pytest.param("X = [1]\ndef f():\n    global X\n    X = []", id="global"),
        pytest.param("X = {1}\nX |= {2}", id="added to"),
    ],
)
def test_state_is_found(source: str) -> None:
    assert list(module_state({"rules/a.py": source}))


def test_a_table_is_no_state() -> None:
    assert not list(module_state({"rules/a.py": "_TABLE = {'a': 1}\nALL = (1, 2)\n__all__ = ['x']\nx = 1"}))


def test_a_long_module_is_found() -> None:
    assert long_modules({"rules/a.py": "x = 1\n" * 401, "rules/b.py": "x = 1\n" * 400}) == {"rules/a.py": 401}


def test_a_name_that_says_nothing_is_found() -> None:
    assert utility_rooms({"rules/utils.py": "", "rules/trial.py": "", "helpers/a.py": ""}) == [
        "rules/utils.py",
        "helpers/a.py",
    ]


def test_a_circle_is_found() -> None:
    circle = {"model/a.py": "from kgen.model import b", "model/b.py": "from kgen.model.a import x"}
    assert cycles(circle) == [("model.a", "model.b", "model.a")]
    late = {**circle, "model/b.py": "def f():\n    from kgen.model.a import x"}
    assert not cycles(late)
    for_types = {**circle, "model/b.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import kgen.model.a"}
    assert not cycles(for_types)
