"""Jsonnet: what it may see, where its errors are, which numbers come out."""

from __future__ import annotations

import json
import sys

import pytest

from kgen.codec.jsonnet import MAX_DEPTH, evaluate, to_node
from kgen.model.diagnostic import Diagnostic, InputError
from kgen.model.node import Span, leaves, plain, text_of
from kgen.model.sources import Unreadable

FILE = "experiments/a.jsonnet"
LIBRARY: dict[str, bytes | Unreadable] = {
    "kgen.yaml": b"{}",
    "secret.libsonnet": b"'outside the folders'",
    "experiments/beside.libsonnet": b"{ from: 'beside' }",
    "experiments/parts/down.libsonnet": b"import '../beside.libsonnet'",
    "lib/beside.libsonnet": b"{ from: 'lib' }",
    "lib/x.libsonnet": b"{\n  f(x)::\n    x.a.b,\n  g: error 'boom',\n}",
    "lib/y.libsonnet": b"local x = import 'x.libsonnet';\n{ g: x.f({ a: 1 }) }",
    "lib/bad.libsonnet": b"{\n  a: ,\n}",
    "lib/bin.libsonnet": b"// importbin\n{ a: 'importbin', b: importbin 'x.libsonnet' }",
    "lib/latin.libsonnet": b"{\n  a: '\xe9' }",
    "lib/link.libsonnet": Unreadable("it is a symbolic link that leads out of the workspace", "copy it here"),
    "lib/values.yaml": "a: 날씨\n".encode(),
    "lib/note.txt": b"text",
}


def run(source: str) -> str:
    return evaluate(FILE, {**LIBRARY, FILE: source.encode()}, "prod")


def value(source: str) -> object:
    return json.loads(run(source))


def refusal(source: str | bytes) -> Diagnostic:
    data = source.encode() if isinstance(source, str) else source
    with pytest.raises(InputError) as caught:
        evaluate(FILE, {**LIBRARY, FILE: data}, "prod")
    (found,) = caught.value.diagnostics
    assert found.code == "KG009"
    assert found.help
    return found


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("std.extVar('environment')", "prod", id="the environment's name is known"),
        pytest.param("import 'beside.libsonnet'", {"from": "beside"}, id="the file beside comes before lib"),
        pytest.param("import 'parts/down.libsonnet'", {"from": "beside"}, id="`..` within the workspace is fine"),
        pytest.param("import '../lib/beside.libsonnet'", {"from": "lib"}, id="lib can be named by its path"),
        pytest.param("importstr 'values.yaml'", "a: 날씨\n", id="a YAML file is a text"),
        pytest.param("std.parseYaml(importstr 'values.yaml').a", "날씨", id="and can be parsed"),
        pytest.param("'importbin' + /* importbin */ ''", "importbin", id="a text may say importbin"),
        pytest.param("|||\n  it's importbin\n|||", "it's importbin\n", id="so may a block of text"),
        pytest.param("[{ a: 1 }, { a: 2 }]", [{"a": 1}, {"a": 2}], id="an array is a family"),
        pytest.param("\ufeff{ a: '잎' }", {"a": "잎"}, id="a byte order mark is no error"),
        pytest.param("std.isFunction((import 'kgen.libsonnet').int)", True, id="kgen's library is there"),
    ],
)
def test_what_a_file_can_say(source: str, expected: object) -> None:
    assert value(source) == expected


@pytest.mark.parametrize(
    ("name", "message", "help_"),
    [
        pytest.param("/etc/passwd", "`/etc/passwd` is an absolute path", "imports stay", id="absolute"),
        pytest.param("~/a", "`~/a` is an absolute path", "imports stay", id="home"),
        pytest.param("C:/a", "`C:/a` is an absolute path", "imports stay", id="drive"),
        pytest.param("..\\\\a", "`..\\a` is no path: a path has `/` between its parts", "imports", id="backslash"),
        pytest.param(
            "../../etc/passwd",
            "`../../etc/passwd` leads out of the workspace",
            "imports stay",
            id="above the root",
        ),
        pytest.param(
            "x/../../../etc/passwd",
            "`x/../../../etc/passwd` leads out of the workspace",
            "imports",
            id="by a detour",
        ),
        pytest.param("http://h/a", "`http://h/a` is an address; kgen fetches nothing", "copy", id="an address"),
        pytest.param(
            "link.libsonnet",
            "`lib/link.libsonnet`: it is a symbolic link that leads out of the workspace",
            "copy it here",
            id="a file that cannot be used says why",
        ),
        pytest.param(
            "../secret.libsonnet",
            "`../secret.libsonnet` is not a file that Jsonnet may import",
            "what it may: .jsonnet, .libsonnet, .json, .yaml, .yml under experiments/, overlays/, environments/, lib/",
            id="the root's own files are not for import",
        ),
        pytest.param(
            "note.txt",
            "`note.txt` is not a file that Jsonnet may import",
            "what it may",
            id="other suffixes",
        ),
        pytest.param(
            "yy.libsonnet",
            "there is no `yy.libsonnet` to import",
            "looked for `experiments/yy.libsonnet` and `lib/yy.libsonnet`; did you mean `lib/y.libsonnet`?",
            id="a missing file lists where it was looked for",
        ),
    ],
)
@pytest.mark.parametrize("form", ["import", "importstr"])
def test_refused_imports(form: str, name: str, message: str, help_: str) -> None:
    found = refusal(f"{{ a: 1,\n b: {form} '{name}' }}")
    assert found.span == Span(FILE, 2, 5)
    assert found.message == message
    assert found.help.startswith(help_)


@pytest.mark.parametrize(
    ("source", "place", "message", "related"),
    [
        pytest.param("{a: 1", "1:6", "Expected a comma before next field", [], id="syntax"),
        pytest.param("", "1:1", "Unexpected end of file", [], id="an empty file"),
        pytest.param("{a: '잎잎' + x}", "1:12", "`x` is not defined", [], id="columns count characters"),
        pytest.param("{a: error 'no\\nyes'}", "1:5", "no", [], id="the author's own error, its first line"),
        pytest.param("error std.repeat('x', 999)", "1:1", "x" * 300 + "…", [], id="a long error is cut"),
        pytest.param("assert 1 > 2 : 'low';\n1", "1:1", "low", [], id="an assertion"),
        pytest.param("{a:1,a:2}", "1:6", "the field `a` is given twice in one object", [], id="duplicate field"),
        pytest.param(
            "{a:1,['a']:2}",
            "1:1",
            "the field `a` is given twice in one object",
            [],
            id="duplicate computed field",
        ),
        pytest.param(
            "std.extVar('env')",
            "1:1",
            "there is no external variable `env`",
            [],
            id="another external variable",
        ),
        pytest.param(
            "local f(x)=f(x+1); f(1)",
            "1:12",
            "this calls itself without end, or more than 500 deep",
            [f"{FILE}:1:20"],
            id="infinite recursion",
        ),
        pytest.param(
            "import 'a.jsonnet'",
            "1:1",
            "this calls itself without end, or more than 500 deep",
            [],
            id="a file that imports itself",
        ),
        pytest.param(
            "function(x) x",
            "1:1",
            "the file makes a function that wants arguments, and kgen has none",
            [],
            id="a top-level function",
        ),
        pytest.param("1 +\n 1/0", "2:2", "division by zero", [], id="division by zero"),
        pytest.param("{a: 1}.b", "1:1", "there is no field `b`", [], id="a missing field"),
        pytest.param(
            "'%d' % 'x'",
            "1:1",
            "Format required number at 0, got string",
            [],
            id="frames of std are left out",
        ),
        pytest.param(
            "importbin 'x.libsonnet'",
            "1:1",
            "`importbin` is not for experiments: they are text",
            [],
            id="importbin",
        ),
        pytest.param("import 'x' + 'y'", "1:8", "what is imported must be one quoted name", [], id="a computed import"),
        pytest.param("'\\x'", "1:1", "Unknown escape sequence in string literal: \\x", [], id="a place said twice"),
    ],
)
def test_errors_in_the_file(source: str, place: str, message: str, related: list[str]) -> None:
    found = refusal(source)
    assert (str(found.span), found.message) == (f"{FILE}:{place}", message)
    assert [str(item.span) for item in found.related] == related


@pytest.mark.parametrize(
    ("source", "place", "message", "related"),
    [
        pytest.param(
            "{ a:\n (import 'x.libsonnet').f({}) }",
            "lib/x.libsonnet:3:5",
            "there is no field `a`",
            [f"{FILE}:2:2"],
            id="a runtime error in a library",
        ),
        pytest.param(
            "(import 'y.libsonnet')",
            "lib/x.libsonnet:3:5",
            "this value has no fields and no items",
            ["lib/y.libsonnet:2:6"],
            id="two libraries deep",
        ),
        pytest.param(
            "(import 'bad.libsonnet')",
            "lib/bad.libsonnet:2:6",
            'Unexpected: "," while parsing terminal',
            [f"{FILE}:1:2"],
            id="a syntax error in a library",
        ),
        pytest.param(
            "import 'bin.libsonnet'",
            "lib/bin.libsonnet:2:22",
            "`importbin` is not for experiments: they are text",
            [f"{FILE}:1:1"],
            id="importbin in a library",
        ),
        pytest.param(
            "import 'latin.libsonnet'",
            "lib/latin.libsonnet:2:7",
            "`lib/latin.libsonnet` is not UTF-8 text",
            [f"{FILE}:1:1"],
            id="a library that is not UTF-8",
        ),
    ],
)
def test_errors_in_what_is_imported(source: str, place: str, message: str, related: list[str]) -> None:
    found = refusal(source)
    assert (str(found.span), found.message) == (place, message)
    assert [str(item.span) for item in found.related] == related


def test_a_function_in_the_output_names_its_field() -> None:
    found = refusal("{ a: [1, { 'x y': function(x) x }] }")
    assert found.message.startswith("a function is not data")


def test_an_error_that_looks_like_a_place_is_only_words() -> None:
    assert refusal("error '/etc/passwd:1:1 hello'").message == "/etc/passwd:1:1 hello"


def test_a_nul_character_has_a_place() -> None:
    found = refusal(b"{\n a: '\0' }")
    assert (found.span, found.message) == (Span(FILE, 2, 6), f"`{FILE}` holds a NUL character")


@pytest.mark.parametrize(
    ("found", "message"),
    [
        pytest.param({}, f"there is no file `{FILE}`", id="a file that is not there"),
        pytest.param({FILE: Unreadable("it is a folder", "mend")}, f"`{FILE}`: it is a folder", id="unreadable"),
    ],
)
def test_files_that_cannot_be_evaluated(found: dict[str, bytes | Unreadable], message: str) -> None:
    with pytest.raises(InputError) as caught:
        evaluate(FILE, found, "prod")
    assert caught.value.diagnostics[0].message == message


def test_without_an_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "_gojsonnet", None)
    monkeypatch.setitem(sys.modules, "_jsonnet", None)
    found = refusal("1")
    assert found.message == "this file needs a Jsonnet engine, and none is installed"
    assert 'pip install "gojsonnet>=0.22,<0.23"' in found.help


@pytest.mark.parametrize(
    ("source", "text"),
    [
        pytest.param("0.1", "0.1", id="a tenth"),
        pytest.param("0.1 + 0.2", "0.30000000000000004", id="no digit is lost"),
        pytest.param("1e-5", "1e-05", id="a small one"),
        pytest.param("5e-324", "5e-324", id="the smallest"),
        pytest.param("1e300", "1e+300", id="a large one is no row of 301 digits"),
        pytest.param("3.0", "3", id="a whole one is an int"),
        pytest.param("-0.25", "-0.25", id="below zero"),
        pytest.param("9007199254740992", "9007199254740992", id="the last exact int"),
        pytest.param("-9007199254740992", "-9007199254740992", id="and the first"),
        pytest.param("1e17", "1e+17", id="beyond it a double"),
    ],
)
def test_numbers(source: str, text: str) -> None:
    node = to_node(run(source), FILE)
    assert text_of(node) == text
    assert type(node.value) is (int if text.lstrip("-").isdigit() else float)


def test_every_node_is_at_the_start_of_the_file() -> None:
    node = to_node(run("{ a: [1, 0.5, null, true, '잎', {}] }"), FILE)
    assert plain(node) == {"a": [1, 0.5, None, True, "잎", {}]}
    assert {leaf.span for _, leaf in leaves(node)} == {Span(FILE, 1, 1)}


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 200_000])
def test_deep_output(depth: int) -> None:
    with pytest.raises(InputError) as caught:
        to_node("[" * depth + "]" * depth, FILE)
    assert caught.value.diagnostics[0].message == "the file makes lists and objects nested more than 100 deep"


def test_output_just_deep_enough() -> None:
    assert to_node("[" * MAX_DEPTH + "1" + "]" * MAX_DEPTH, FILE).span == Span(FILE, 1, 1)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        pytest.param("double(1, 2)", {"double": [1, 2]}, id="double"),
        pytest.param(
            "double(0, 1, 0.5, 'uniform')",
            {"double": [0, 1], "step": 0.5, "distribution": "uniform"},
            id="a step of a double",
        ),
        pytest.param("int(1, 8, step=2)", {"int": [1, 8], "step": 2}, id="int"),
        pytest.param("discrete([1, 2])", {"discrete": [1, 2]}, id="discrete"),
        pytest.param("categorical(['a'])", {"categorical": ["a"]}, id="categorical"),
        pytest.param("maximize('acc', goal=0.9)", {"maximize": "acc", "goal": 0.9}, id="maximize"),
        pytest.param("minimize('loss')", {"minimize": "loss"}, id="minimize"),
        pytest.param(
            "experiment('e', kgen.minimize('l'), {}, {})",
            {
                "name": "e",
                "objective": {"minimize": "l"},
                "algorithm": "random",
                "parameters": {},
                "trial": {},
            },
            id="experiment",
        ),
        pytest.param(
            "family({ name: 'b', x: { y: 1 } }, { q: { x+: { z: 2 } }, p: {} })",
            [{"name": "b-p", "x": {"y": 1}}, {"name": "b-q", "x": {"y": 1, "z": 2}}],
            id="a family of named variants",
        ),
        pytest.param(
            "family({ name: 'b' }, [{}, { name: 'own' }])", [{"name": "b-0"}, {"name": "own"}], id="of a list"
        ),
        pytest.param("family({ name: 'b' }, [])", [], id="a family of none"),
        pytest.param("grid({ b: ['x'], a: [1, 2] })", [{"a": 1, "b": "x"}, {"a": 2, "b": "x"}], id="grid"),
        pytest.param("number(0.1)", "0.1", id="number of a tenth"),
        pytest.param("number(0.00001)", "1e-05", id="number of a small one"),
        pytest.param("number(-0.3333)", "-0.3333", id="number below zero"),
        pytest.param("number(64)", "64", id="number of a whole one"),
        pytest.param("number(0.1 + 0.2)", "0.30000000000000004", id="number loses no digit"),
    ],
)
def test_library(call: str, expected: object) -> None:
    assert value(f"local kgen = import 'kgen.libsonnet'; kgen.{call}") == expected


@pytest.mark.parametrize("number", ["1e300", "1/3", "1e22", "123456.789", "2.5e-308", "1e16 + 2"])
def test_library_numbers_are_exact(number: str) -> None:
    text = value(f"(import 'kgen.libsonnet').number({number})")
    assert isinstance(text, str)
    assert float(text) == value(number)


def test_an_error_of_kgens_library_is_placed_at_its_call() -> None:
    found = refusal("{\n  a: (import 'kgen.libsonnet').double(1) }")
    assert (found.span, found.message) == (Span(FILE, 2, 6), "Missing argument: max")
