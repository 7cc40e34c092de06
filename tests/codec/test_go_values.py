"""Plain manifests have the values that Go's YAML reader gives them, and the text that their author wrote.

The values were compared with sigs.k8s.io/yaml 1.6.0, which kubectl and Argo CD use.
"""

from __future__ import annotations

import pytest

from kgen.codec.manifests import plain_value, read_manifests, read_stream
from kgen.codec.reader import read
from kgen.model.diagnostic import Severity
from kgen.model.node import get, plain

VALUES: list[tuple[str, object]] = [
    *((word, True) for word in "y Y yes Yes YES true True TRUE on On ON".split()),
    *((word, False) for word in "n N no No NO false False FALSE off Off OFF".split()),
    *((word, None) for word in "~ null Null NULL".split()),
    *((word, word) for word in "yEs tRue oN nUll _1 0x 0b 0o 1e 1e+ + . .. 1.2.3 = 0xG 1,000 0x1p3 inf nan 1f".split()),
    *((word, word) for word in "1:30 190:20 2024-01-01 2024-01-01T00:00:00Z Infinity 1e400 true1 .e5 ._5".split()),
    ("010", 8),
    ("-010", -8),
    ("08", 8.0),
    ("0o14", 12),
    ("0x1F", 31),
    ("-0x1F", -31),
    ("0b11", 3),
    ("1_000", 1000),
    ("0_7", 7),
    ("0644", 420),
    ("0888", 888.0),
    ("1e-5", 1e-5),
    ("-.5", -0.5),
    (".5_0", 0.5),
    ("5.", 5.0),
    ("12.0", 12.0),
    ("0.10", 0.1),
    ("9223372036854775807", 2**63 - 1),
    ("18446744073709551615", 2**64 - 1),
    ("18446744073709551616", float(2**64)),
    ("1" + "0" * 308, 1e308),
    ("2" + "0" * 308, "2" + "0" * 308),  # no float64 holds it: a text
    ("-2" + "0" * 308, "-2" + "0" * 308),
    ("0x10000000000000000", "0x10000000000000000"),
]


@pytest.mark.parametrize(("text", "value"), VALUES)
def test_a_plain_value_is_what_go_reads(text: str, value: object) -> None:
    read_as = plain_value(text)
    assert (type(read_as), read_as) == (type(value), value)
    (document,), problems = read_manifests(f"a: {text}\n".encode(), "f.yaml")
    node = get(document, "a")
    assert problems == ()
    assert node is not None
    assert (type(node.value), node.value) == (type(value), value)
    assert (node.text or str(node.value)) == text or value is None or isinstance(value, bool)


@pytest.mark.parametrize("text", ['"on"', "'010'", "!!str yes"])
def test_a_quoted_value_is_a_text(text: str) -> None:
    (document,), _ = read_manifests(f"a: {text}\n".encode(), "f.yaml")
    assert isinstance(get(document, "a").value, str)  # type: ignore[union-attr]


def test_the_text_is_kept_for_whoever_quotes_it() -> None:
    (document,), _ = read_manifests(b"list: [on, 010, 1e-5, 0.10]\n", "f.yaml")
    texts = [node.text for node in get(document, "list").value]  # type: ignore[union-attr]
    assert texts == ["on", "010", "1e-5", "0.10"]


def test_a_compact_spec_is_read_otherwise() -> None:
    node, _ = read(b"a: [on, 010]\n", "f.yaml")
    assert [item.value for item in get(node, "a").value] == ["on", 10]  # type: ignore[union-attr]


def test_a_boolean_word_as_a_key_is_a_boolean_to_go() -> None:
    (document,), _ = read_manifests(b"on: 1\n'off': 2\n", "f.yaml")
    assert list(document.value) == ["true", "off"]  # type: ignore[arg-type]


def test_of_a_key_that_stands_twice_the_last_value_counts() -> None:
    (document,), (problem,) = read_manifests(b"a: 1\na: 2\n", "f.yaml")
    assert get(document, "a").value == 2  # type: ignore[union-attr]
    assert (problem.code, problem.severity, problem.span.line) == ("KG002", Severity.WARNING, 2)


BESIDE = {
    "every kind of value": b"a: {b: [1, on, 0.10, ~, x]}\nc: []\nd: {}\ne: [[], [{f: g}]]\n",
    "several documents": b"a: 1\n---\n[b, {c: d}]\n---\n# nothing\n---\nlast\n",
    "a key twice": b"a: {b: 1}\na: {c: [2]}\nd: {e: 1, e: {f: 2}}\n",
    "an alias of a mapping, a list and a text": b"a: &a {b: [1]}\nc: &c [2, *a]\nd: &d x\ne: [*a, *c, *d]\nf: *a\n",
    "a merge key": b"a: &a {b: {c: 1}, d: [1]}\ne: {<<: *a, d: {f: 2}}\ng: {<<: [*a, {h: [i]}], b: 3}\n",
    "an alias inside its own anchor": b"a: &a {b: *a, c: {d: 1}}\n",
    "a key that is a list": b"? [a, b]\n: {c: d}\ne: {f: [g]}\n",
    "a break after a document": b"a: {b: [c]}\n---\nd: [\n",
}


@pytest.mark.parametrize("data", BESIDE.values(), ids=BESIDE)
def test_the_plain_data_of_a_stream_is_that_of_its_documents(data: bytes) -> None:
    stream = read_stream(data, "f.yaml")
    assert list(stream.plain) == [plain(document) for document in stream.documents]
    assert [list(each) for each in stream.plain if isinstance(each, dict)] == [
        list(document.value) for document in stream.documents if isinstance(document.value, dict)
    ]
    assert stream.plain
