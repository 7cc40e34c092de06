"""The reader: values, places, every problem's words, and inputs made to hurt."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import kgen
from kgen.codec import events, reader
from kgen.codec.value import read_value
from kgen.model.diagnostic import Diagnostic
from kgen.model.node import Node, Plain, Span, get, plain, text_of
from kgen.model.sources import MOST_BYTES


def shown(problems: tuple[Diagnostic, ...]) -> list[str]:
    """Write problems as `line:column code message | help [@ first place]`."""
    return [
        f"{p.span.line}:{p.span.column} {p.code} {p.message} | {p.help}"
        + "".join(f" @ {r.span.line}:{r.span.column}" for r in p.related)
        for p in problems
    ]


@pytest.fixture(params=["libyaml", "pure Python"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "pure Python":
        monkeypatch.setattr(reader, "PARSER", events.PurePython)
    return str(request.param)


@pytest.mark.parametrize(
    ("scalar", "value", "as_text"),
    [
        pytest.param("no", "no", "no", id="no is a text"),
        pytest.param("on", "on", "on", id="on is a text"),
        pytest.param("y", "y", "y", id="y is a text"),
        pytest.param("True", True, "True", id="True is a boolean and keeps its spelling"),
        pytest.param("~", None, "~", id="a tilde is null"),
        pytest.param("Null", None, "Null", id="Null is null"),
        pytest.param("", None, "null", id="a value left out is null"),
        pytest.param("12", 12, "12", id="an integer"),
        pytest.param("+1", 1, "1", id="an integer is shown in its plain form"),
        pytest.param("012", 12, "12", id="a leading zero does not mean octal"),
        pytest.param("08", 8, "8", id="08 is eight"),
        pytest.param("0o14", 12, "12", id="0o means octal"),
        pytest.param("0x1F", 31, "31", id="0x means hexadecimal"),
        pytest.param("-0x1F", "-0x1F", "-0x1F", id="hexadecimal has no sign"),
        pytest.param("0.10", 0.1, "0.10", id="a number keeps its digits"),
        pytest.param("1e-5", 1e-5, "1e-5", id="an exponent needs no dot"),
        pytest.param(".5", 0.5, ".5", id="a number may begin with a dot"),
        pytest.param("5.", 5.0, "5.", id="a number may end with a dot"),
        pytest.param("-.inf", float("-inf"), "-.inf", id="minus infinity"),
        pytest.param("1_000", "1_000", "1_000", id="underscores make a text"),
        pytest.param("0b11", "0b11", "0b11", id="there are no binary numbers"),
        pytest.param("1:30", "1:30", "1:30", id="there are no base-60 numbers"),
        pytest.param("2024-01-01", "2024-01-01", "2024-01-01", id="there are no dates"),
        pytest.param("=", "=", "=", id="an equals sign is a text"),
        pytest.param('"12"', "12", "12", id="quotes make a text"),
        pytest.param("! 12", "12", "12", id="a lone ! makes a text"),
        pytest.param("!!str 12", "12", "12", id="!!str makes a text"),
        pytest.param('!!int "12"', 12, "12", id="!!int reads an integer"),
        pytest.param("!!float 3", 3.0, "3", id="!!float reads an integer as a number"),
        pytest.param("!!bool true", True, "true", id="!!bool reads a boolean"),
        pytest.param("!!null null", None, "null", id="!!null reads null"),
        pytest.param("9" * 4000, int("9" * 4000), "9" * 4000, id="4,000 digits are not too many"),
        pytest.param("180143985094819841", 180143985094819841, "180143985094819841", id="no float is in between"),
        pytest.param("'{{ x }}'", "{{ x }}", "{{ x }}", id="quoted braces are a text"),
        pytest.param("이름 🚀", "이름 🚀", "이름 🚀", id="any script is a text"),
    ],
)
@pytest.mark.usefixtures("parser")
def test_a_scalar_is_what_the_core_schema_says(scalar: str, value: Plain, as_text: str) -> None:
    node, problems = reader.read(f"a: {scalar}\n".encode(), "f")
    found = get(node, "a")
    assert not problems
    assert found is not None
    assert (type(found.value), found.value) == (type(value), value)
    assert text_of(found) == as_text


@pytest.mark.parametrize(
    ("source", "value"),
    [
        pytest.param("a: &x {k: 1, j: 2}\nb: *x\n", {"a": {"k": 1, "j": 2}, "b": {"k": 1, "j": 2}}, id="an alias"),
        pytest.param("a: &x 1\nb: &x 2\nc: *x\n", {"a": 1, "b": 2, "c": 2}, id="the last anchor of a name counts"),
        pytest.param("&k a: 1\nb: *k\n", {"a": 1, "b": "a"}, id="a key may have an anchor"),
        pytest.param(
            "a: &x {k: 1, j: 2}\nb: {k: 9, <<: *x}\n",
            {"a": {"k": 1, "j": 2}, "b": {"k": 9, "j": 2}},
            id="a key written here wins over a merged one",
        ),
        pytest.param(
            "a: &x {k: 1}\nb: {<<: [*x, {k: 2, z: 3}]}\n",
            {"a": {"k": 1}, "b": {"k": 1, "z": 3}},
            id="of merged mappings the first wins",
        ),
        pytest.param('"<<": 1\n', {"<<": 1}, id="a quoted << is a key"),
        pytest.param("1: a\ntrue: b\n~: c\n", {"1": "a", "true": "b", "~": "c"}, id="a key is its text"),
        pytest.param("\ufeffa: 1\r\nb: |\r\n  x\r\n  y\r\n", {"a": 1, "b": "x\ny\n"}, id="a BOM and CRLF"),
        pytest.param("%YAML 1.2\n---\na: no\n...\n", {"a": "no"}, id="a version line"),
        pytest.param("---\n---\na: 1\n---\n# end\n", {"a": 1}, id="documents with nothing in them do not count"),
        pytest.param('a: "\\u2028\\x07"\n', {"a": "\u2028\x07"}, id="escapes may be any character"),
        pytest.param("!!map {a: !!seq [1]}\n", {"a": [1]}, id="the tags of what it is anyway"),
        pytest.param("[" * 100 + "]" * 100, [], id="100 levels are not too deep"),
    ],
)
@pytest.mark.usefixtures("parser")
def test_a_document_is_read(source: str, value: Plain) -> None:
    node, problems = reader.read(source.encode(), "f")
    assert shown(problems) == []
    assert node is not None
    if source.startswith("[["):
        return
    assert plain(node) == value


def test_merged_keys_come_first_as_they_do_in_pyyaml() -> None:
    node, _ = reader.read(b"a: &x {k: 1, j: 2}\nb: {z: 0, j: 3, <<: *x}\n", "f")
    b = get(node, "b")
    assert b is not None
    assert isinstance(b.value, dict)
    assert list(b.value) == ["k", "j", "z"]


PLACES = """\
pods:
  web: &web
    image: "x"
  none:
  list:
  - 1
  - b: 가🚀c
    d: {e: [2]}
text: |
  x
again: *web
merged: {<<: *web, own: 1}
"""


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        pytest.param(("pods",), 1, 1, id="a mapping below its key has the key's place"),
        pytest.param(("pods", "web"), 2, 3, id="also where an anchor follows the key"),
        pytest.param(("pods", "web", "image"), 3, 12, id="a scalar has its own place"),
        pytest.param(("pods", "none"), 4, 3, id="a value left out has the key's place"),
        pytest.param(("pods", "list"), 5, 3, id="a list below its key has the key's place"),
        pytest.param(("pods", "list", 0), 6, 5, id="an item has its own place"),
        pytest.param(("pods", "list", 1), 7, 5, id="a mapping in a list is where its first key is"),
        pytest.param(("pods", "list", 1, "d"), 8, 8, id="a flow mapping is where its brace is"),
        pytest.param(("pods", "list", 1, "d", "e", 0), 8, 13, id="an item of a flow list"),
        pytest.param(("text",), 9, 7, id="a block text is where its | is"),
        pytest.param(("again",), 2, 3, id="an aliased value is where it was written"),
        pytest.param(("merged", "image"), 3, 12, id="and so is a merged one"),
        pytest.param(("merged", "own"), 12, 25, id="a key beside a merge has its own"),
    ],
)
@pytest.mark.usefixtures("parser")
def test_a_value_knows_its_place(path: tuple[str | int, ...], line: int, column: int) -> None:
    node, problems = reader.read(PLACES.encode(), "f")
    found = get(node, *path)
    assert not problems
    assert found is not None
    assert found.span == Span("f", line, column)


TEMPLATES = (
    "specs are not templated: write the value itself, quote the text if the braces belong to it, "
    "or use a .jsonnet spec or an overlay for what differs"
)
TABS = "KG001 a tab is used as indentation | indent with spaces"
NEIGHBOURS = "give it the same indentation as its neighbours, or quote the text above if it goes on here"
COLON = (
    "KG001 this `:` makes a second key of the line, or the line is indented too deep | "
    "quote a text that contains `: `, or correct the indentation"
)
SMALLER = "split the file; many experiments that are alike can come from Jsonnet"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("a:\n\tb: 1\n", [f"2:1 {TABS}"], id="a tab indents a key"),
        pytest.param("a:\n  b: 1\n  \tc: 2\n", [f"3:3 {TABS}"], id="a tab after spaces"),
        pytest.param("a: |\n\tx\n", [f"2:1 {TABS}"], id="a tab indents a block text"),
        pytest.param("-\ta: 1\n", [f"1:2 {TABS}"], id="a tab after a dash"),
        pytest.param("a: x: y\n", [f"1:5 {COLON}"], id="two keys in a line"),
        pytest.param("가: 1\n  b: 2\n", [f"2:4 {COLON}"], id="indented too deep"),
        pytest.param(
            "a: 1\nkey\nb: 2\n",
            ["2:1 KG001 a `:` is missing after this key | write `key: value`"],
            id="a key without a colon",
        ),
        pytest.param(
            "a: - b\n",
            [
                "1:4 KG001 a `- ` item cannot begin here | "
                "put the list on lines of its own below the key, or write [a, b]"
            ],
            id="a list on the line of its key",
        ),
        pytest.param(
            "- a\nb: 1\n",
            [f"2:1 KG001 a `- ` item of the list is expected here | {NEIGHBOURS} @ 1:1"],
            id="a key among items",
        ),
        pytest.param(
            "a:\n    b: 1\n  c: 2\n",
            [f"3:3 KG001 a key is expected here | {NEIGHBOURS} @ 1:1"],
            id="indented too little",
        ),
        pytest.param(
            "a: [1, 2\nb: 3\n",
            ["2:2 KG001 a `,` or `]` is expected here | close the list, or quote its text @ 1:4"],
            id="a list is not closed",
        ),
        pytest.param(
            "a: {b: 1 c: 2}\n",
            ["1:11 KG001 a `,` or `}` is expected here | close the mapping, or quote its text"],
            id="a comma is missing",
        ),
        pytest.param(
            "a: [1,,2]\n",
            ["1:7 KG001 a value is expected here | quote the text if this belongs to it"],
            id="a comma too many",
        ),
        pytest.param(
            "b: 2\na: 'x\n",
            ["2:4 KG001 this quote is not closed | close the quote"],
            id="a quote is not closed",
        ),
        pytest.param(
            'a: "\\ud83d"\n',
            None,
            id="half a surrogate pair is refused",
        ),
        pytest.param(
            "a: *.log\n",
            ["1:4 KG001 `*` and `&` begin the name of an alias or anchor | quote the text if it begins with one"],
            id="a text that begins with an asterisk",
        ),
        pytest.param("a: @x\n", ["1:4 KG001 no value can begin with `@` | quote the text"], id="an at sign"),
        pytest.param(
            "a: | x\n  y\n",
            ["1:6 KG001 only a comment may follow `|` or `>` on the line | begin the text on the next line"],
            id="text beside a pipe",
        ),
        pytest.param(
            "a: 1\n...\nb: 2\n",
            [
                "3:1 KG001 the document has ended; nothing may follow it | "
                "correct the indentation, or begin a new document with a `---` line"
            ],
            id="text after the end",
        ),
        pytest.param(
            "%YAML 2.0\n---\na\n",
            ["1:1 KG001 a `%` directive that is not accepted | remove the line"],
            id="another YAML",
        ),
        pytest.param(
            "a: !e!x 1\n",
            ["1:4 KG001 this tag cannot be read | quote the text if it begins with `!`"],
            id="a tag of no namespace",
        ),
        pytest.param(
            "a: 1\nb: {c: 1, c: 2}\na: 3\n",
            [
                "2:11 KG002 the key `c` is written twice | keep one of the two @ 2:5",
                "3:1 KG002 the key `a` is written twice | keep one of the two @ 1:1",
            ],
            id="keys twice, all of them told",
        ),
        pytest.param(
            "a: &x {k: 1}\nb: {<<: *x, <<: *x}\n",
            ["2:13 KG002 two `<<` in one mapping | write `<<: [*first, *second]`"],
            id="two merge keys",
        ),
        pytest.param("", ["1:1 KG005 this file is empty | write one document, or remove the file"], id="an empty file"),
        pytest.param(
            "---\n",
            ["1:1 KG005 this file is empty | write one document, or remove the file"],
            id="only a line",
        ),
        pytest.param(
            "# a\n",
            ["1:1 KG005 this file has only comments | write one document, or remove the file"],
            id="only comments",
        ),
        pytest.param(
            "a: 1\n---\nb: 2\n---\nc: 3\n",
            [
                "3:1 KG005 this file has 3 documents; one is expected | "
                "keep one, and move each other one to a file of its own @ 1:1"
            ],
            id="several documents",
        ),
        pytest.param(
            "a: 1\nb: x\x07\n",
            ['2:5 KG006 the control character U+0007 is not accepted | remove it, or write "\\x07" in double quotes'],
            id="a control character",
        ),
        pytest.param(
            "a: 1\r\nb: x\u2028\n",
            ['2:5 KG006 the control character U+2028 is not accepted | remove it, or write "\\u2028" in double quotes'],
            id="a line break that only YAML 1.1 knows",
        ),
        pytest.param(
            "a\0:\0 \0001\0\n\0",
            ["1:2 KG006 the control character U+0000 is not accepted | the file looks like UTF-16: save it as UTF-8"],
            id="UTF-16 without a mark",
        ),
        pytest.param(
            "a: [" + "1" * 4001 + "]\n",
            ["1:5 KG007 an integer of more than 4,000 digits | quote it if it is a text"],
            id="an integer too long",
        ),
        pytest.param(
            "a: 0x" + "f" * 3990,
            ["1:4 KG007 an integer of more than 4,000 digits | quote it if it is a text"],
            id="a hexadecimal integer too long",
        ),
        pytest.param(
            "a: 1." + "1" * 4001,
            ["1:4 KG007 a number of more than 4,000 digits | quote it if it is a text"],
            id="a number too long",
        ),
        pytest.param(
            "[" * 101 + "]" * 101,
            ["1:101 KG007 nested deeper than 100 levels | flatten the file"],
            id="nested too deep",
        ),
        pytest.param(
            "b0: &b0 [x]\n" + "".join(f"b{i}: &b{i} [*b{i - 1}]\n" for i in range(1, 101)),
            ["100:12 KG007 aliases nest deeper than 100 levels | flatten the file"],
            id="nested too deep by aliases",
        ),
        pytest.param(
            "a: &a [" + "1," * 999 + "]\nb: [" + "*a," * 200 + "]\n",
            [f"2:599 KG007 aliases make more than 200,000 values of this file | {SMALLER}"],
            id="aliases of too much",
        ),
        pytest.param(
            "%TAG !a! x\n" * 20,
            ["1:1 KG007 more than 10 `%` directives | remove them"],
            id="directives without end",
        ),
        pytest.param(
            "a: !!set {x}\nb: !foo x\nc: !!int x\nd: !!bool yes\n",
            [
                "1:4 KG008 the tag `!!set` is not accepted here | remove the tag",
                "2:4 KG008 the tag `!foo` is not accepted here | "
                "remove the tag, or quote the text if it begins with `!`",
                "3:4 KG008 the tag `!!int` does not fit here | remove the tag",
                "4:4 KG008 the tag `!!bool` does not fit here | remove the tag",
            ],
            id="tags, all of them told",
        ),
        pytest.param(
            "a: !!python/object/apply:os.getcwd []\n",
            ["1:4 KG008 the tag `!!python/object/apply:os.getcwd` is not accepted here | remove the tag"],
            id="a tag that would run code elsewhere",
        ),
        pytest.param(
            "a: &x [*x]\nb: 1\nb: 2\n",
            [
                "1:8 KG008 the alias `*x` stands inside its own anchor | write the value out",
                "3:1 KG002 the key `b` is written twice | keep one of the two @ 2:1",
            ],
            id="an alias of what it is in, and reading goes on",
        ),
        pytest.param(
            "a: *y\n",
            [
                "1:4 KG008 no anchor `&y` comes before this alias | "
                "define &y first, or quote the text if it begins with `*`"
            ],
            id="an unknown alias",
        ),
        pytest.param(
            "a: &x 1\nb: 2\n---\nc: *x\n",
            [
                "4:4 KG008 no anchor `&x` comes before this alias | "
                "define &x first, or quote the text if it begins with `*`",
                "4:1 KG005 this file has 2 documents; one is expected | "
                "keep one, and move each other one to a file of its own @ 1:1",
            ],
            id="an anchor of another document",
        ),
        pytest.param(
            "? [a, b]\n: 1\n? {c: 1}\n: 2\n",
            [
                "1:3 KG008 a list is used as a key | a key is a text: quote it",
                "3:3 KG008 a mapping is used as a key | a key is a text: quote it",
            ],
            id="keys that are no text",
        ),
        pytest.param(
            "a: &x 1\n*x : 1\n",
            ["2:1 KG008 the alias `*x` is used as a key | write the key out"],
            id="an alias as a key",
        ),
        pytest.param(
            "? \n: 1\n",
            ["1:2 KG008 a key is missing before this `:` | write the key"],
            id="no key",
        ),
        pytest.param(
            "a: {<<: [1, {b: 2}]}\n",
            [
                "1:9 KG008 `<<` takes a mapping or a list of mappings, not number | "
                'write `<<: *anchor`, or quote the key "<<"'
            ],
            id="a number is merged",
        ),
        pytest.param(
            "a: {{ x }}\nb: {{ y }}\n",
            [
                f"1:4 KG008 `{{{{` begins a template | {TEMPLATES}",
                f"2:4 KG008 `{{{{` begins a template | {TEMPLATES}",
            ],
            id="templates, all of them told",
        ),
        pytest.param(
            "a: {{ x }}-b\n",
            [f"1:4 KG008 `{{{{` begins a template | {TEMPLATES}"],
            id="a template within a text",
        ),
        pytest.param(
            "a: 1\n{% if x %}\n",
            [f"2:1 KG008 `{{%` begins a template | {TEMPLATES}"],
            id="a template's statement",
        ),
    ],
)
@pytest.mark.usefixtures("parser")
def test_a_problem_is_told_with_its_place(source: str, expected: list[str] | None) -> None:
    _, problems = reader.read(source.encode(), "f")
    if expected is None:
        assert [(p.code, p.message) for p in problems] == [("KG001", "this escape is not a character")]
    else:
        assert shown(problems) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(
            "a: 1\r\nb: 가".encode() + b"\xff",
            "2:5 KG006 the byte 0xFF is not UTF-8 text | save the file as UTF-8",
            id="a byte that is no text",
        ),
        pytest.param(
            "a: 1\n".encode("utf-16"),
            "1:1 KG006 the file is UTF-16, not UTF-8 | save it as UTF-8",
            id="UTF-16",
        ),
        pytest.param(
            "a: 1\n".encode("utf-32"),
            "1:1 KG006 the file is UTF-32, not UTF-8 | save it as UTF-8",
            id="UTF-32",
        ),
        pytest.param(
            b"a" * (MOST_BYTES + 1),
            f"1:1 KG007 the file has 16.0 MiB; at most 16 MiB are read | {SMALLER}",
            id="a file too large",
        ),
    ],
)
def test_bytes_that_are_not_text_are_told(data: bytes, expected: str) -> None:
    node, problems = reader.read(data, "f")
    assert node is None
    assert shown(problems) == [expected]


def test_of_a_key_written_twice_the_first_value_stays() -> None:
    node, _ = reader.read(b"a: 1\na: 2\n", "f")
    assert node is not None
    assert plain(node) == {"a": 1}


def test_the_documents_of_a_stream_are_all_read() -> None:
    nodes, problems = reader.read_all(b"---\na: 1\n---\n---\nnull\n--- [2]\n", "f")
    assert not problems
    assert [(plain(node), node.span.line) for node in nodes] == [({"a": 1}, 2), (None, 5), ([2], 6)]


def test_documents_before_a_broken_one_are_given() -> None:
    nodes, problems = reader.read_all(b"a: 1\n---\nb: [\n", "f")
    assert [plain(node) for node in nodes] == [{"a": 1}]
    assert [p.code for p in problems] == ["KG001"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("1e-5", 1e-5, id="a number"),
        pytest.param("no", "no", id="a text"),
        pytest.param("[a, 2]", ["a", 2], id="a list"),
        pytest.param("{a: {b: 1}}", {"a": {"b": 1}}, id="a mapping"),
        pytest.param("''", "", id="an empty text"),
        pytest.param("null", None, id="null"),
        pytest.param("foo#bar", "foo#bar", id="a hash within a text"),
    ],
)
def test_a_value_of_the_command_line_is_read(value: str, expected: Plain) -> None:
    node, problems = read_value(value, "--set x")
    assert not problems
    assert node is not None
    assert plain(node) == expected
    assert node.span == Span("--set x", 1, 1)


BLOCK = "in block form | write [a, b] for a list, {a: b} for a mapping, and quote a text"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(" ", "1:1 KG005 the value is missing | write '' for an empty text, or null", id="nothing"),
        pytest.param("a: b", f"1:1 KG001 this value reads as a mapping {BLOCK}", id="a block mapping"),
        pytest.param("- a", f"1:1 KG001 this value reads as a list {BLOCK}", id="a block list"),
        pytest.param("run #3", "1:4 KG001 the text from ` #` on is a comment | quote the value", id="a comment"),
        pytest.param("[a", "1:1 KG001 this list is not closed | write its closing bracket", id="syntax"),
        pytest.param("\udcff", "1:1 KG006 the byte 0xED is not UTF-8 text | save the file as UTF-8", id="a bad byte"),
        pytest.param(
            "\ud800",
            "1:1 KG006 the byte 0xED is not UTF-8 text | save the file as UTF-8",
            id="a lone surrogate",
        ),
    ],
)
def test_a_problem_of_a_command_line_value_is_told(value: str, expected: str) -> None:
    node, problems = read_value(value, "--set x")
    assert node is None
    assert shown(problems) == [expected]


HOSTILE = """
import resource, sys, time
resource.setrlimit(resource.RLIMIT_AS, (800 << 20, 800 << 20))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
sys.path.insert(0, sys.argv[1])
from kgen.codec import reader
from kgen.model.node import plain
data = eval(sys.argv[2])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.process_time()
nodes, problems = reader.read_all(data.encode() if isinstance(data, str) else data, "f")
took = time.process_time() - start
grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
for node in nodes:
    plain(node)
print(took < 5, grown < 500, len(problems), problems[-1].code if problems else "read")
"""
NINES = "a: &a [1,1,1,1,1,1,1,1,1]\\n"
BOMB = (
    f"'{NINES}' + ''.join(f'{{chr(98 + i)}}: &{{chr(98 + i)}} [' + ','.join([f'*{{chr(97 + i)}}'] * 9)"
    " + ']\\n' for i in range(8))"
)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no resource limits on Windows")
@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param("'[' * 100_000 + ']' * 100_000", "1 KG007", id="100,000 brackets"),
        pytest.param("'[' * 10_000 + ']' * 10_000", "1 KG007", id="10,000 brackets"),
        pytest.param("'- ' * 100_000 + 'a'", "1 KG007", id="100,000 dashes"),
        pytest.param("'{a: ' * 100_000", "1 KG007", id="100,000 mappings"),
        pytest.param("'{' * 100_000", "101 KG007", id="100,000 braces"),
        pytest.param("'? ' * 100_000", "101 KG007", id="100,000 keys of keys"),
        pytest.param("''.join(' ' * i + 'a:\\n' for i in range(3000))", "1 KG007", id="3,000 block levels"),
        pytest.param(BOMB, "1 KG007", id="an alias bomb"),
        pytest.param(
            "'a: &a {' + ','.join(f'a{i}: 1' for i in range(20000)) + '}\\nb:\\n' + '- <<: *a\\n' * 20000",
            "1 KG007",
            id="a merge bomb",
        ),
        pytest.param(
            "'b:\\n  <<: [' + ','.join('{a%d: 1}' % i for i in range(60000)) + ']'",
            "0 read",
            id="60,000 mappings merged",
        ),
        pytest.param("''.join(f'&a{i} [' for i in range(99)) + '1,' * 150000 + ']' * 99", "0 read", id="anchors"),
        pytest.param("'a: 1\\n' * 3_000_000", "101 KG007", id="one key, three million times"),
        pytest.param("'[' + 'a,' * 8_000_000 + ']'", "1 KG007", id="eight million items"),
        pytest.param("'---\\n' * 4_000_000", "1 KG007", id="four million documents"),
        pytest.param("'...\\n' * 4_000_000", "1 KG001", id="four million ends of documents"),
        pytest.param("'a: b\\n\\tc' + '\\n\\tc' * 5_000_000", "1 KG001", id="five million tabs"),
        pytest.param("'%TAG !a! x\\n' * 1_400_000", "1 KG007", id="a million directives"),
        pytest.param("'1' * 16_000_000", "1 KG007", id="16 million digits"),
        pytest.param("b'a' * 100_000_000", "1 KG007", id="100 MB"),
        pytest.param("'a\\0' * 8_000_000", "1 KG006", id="eight million NULs"),
    ],
)
def test_no_input_takes_long_or_much_memory(code: str, expected: str) -> None:
    root = str(Path(kgen.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", HOSTILE, root, code], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split(maxsplit=2) == ["True", "True", expected + "\n"]


def test_nodes_are_nodes() -> None:
    node, _ = reader.read(b"a: [1.0]", "f")
    assert type(node) is Node
    assert get(node, "a", 0) == Node(1.0, Span("f", 1, 5), "1.0")
