"""Whatever JSON value is written, each reader of kgen's output gives it back."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kgen.codec import reader, writer
from kgen.codec.manifests import read_stream
from kgen.model.node import NOWHERE, make, plain

TEXT = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    st.text("0123456789eE.+-_:xob ~#nyNYtruefalsnl|>&*!%@`,[]{}?'\"\\\n\t가=<", max_size=10),
    st.sampled_from(["y", "N", "yes", "no", "On", "off", "~", "null", ".inf", ".NaN", "=", "<<", "1:30"]),
    st.sampled_from(["1e-5", "1E5", "012", "0o14", "0x1F", "1_0", "2024-01-01", "0b1", "+1", "-0"]),
)
NUMBERS = st.one_of(st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False))
VALUE = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=12,
)


def kgen_reads(text: str) -> Any:
    node, problems = reader.read(text.encode(), "f")
    assert not problems
    assert node is not None
    return plain(node)


def pyyaml_reads(text: str) -> Any:
    yaml = importlib.import_module("yaml")
    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def ruamel_reads(text: str) -> Any:
    return importlib.import_module("ruamel.yaml").YAML(typ="safe", pure=True).load(text)


def go_reads(text: str) -> Any:
    engine = importlib.import_module("_gojsonnet")
    return json.loads(engine.evaluate_snippet("x", "std.parseYaml(std.extVar('y'))", ext_vars={"y": text}))


def same(left: Any, right: Any) -> bool:
    """Compare with booleans apart from numbers, which `==` takes for one another."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return isinstance(left, bool) is isinstance(right, bool) and bool(left == right)


@pytest.mark.parametrize(
    ("library", "reads", "examples"),
    [
        pytest.param("kgen", kgen_reads, 200, id="kgen's own reader, YAML 1.2"),
        pytest.param("yaml", pyyaml_reads, 200, id="PyYAML, YAML 1.1"),
        pytest.param("ruamel.yaml", ruamel_reads, 120, id="ruamel, YAML 1.2"),
        pytest.param("_gojsonnet", go_reads, 200, id="the Go library of kubectl and Argo CD"),
    ],
)
def test_what_is_written_is_read_back(library: str, reads: Callable[[str], Any], examples: int) -> None:
    pytest.importorskip(library)

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.dictionaries(TEXT, VALUE, max_size=4))
    @example({"k" * 1100: {"a": 1}, "l" * 1100: [1, [2]], "m" * 1100: "a\nb\n", "n": {}, "o": []})
    @example({"a": [[[1, [2]], {"b": [{"c": "x\n\n"}, "y\nz"]}]], "d": "x\n\n\n"})
    @example({"a": "x\ufeff\ny", "b": "x\u2028\ny", "c": "x\r\ny", "d": "\n", "e": "x\n\ty", "f": " x\ny"})
    def check(value: dict[str, Any]) -> None:
        text = writer.write(make(value, NOWHERE))
        assert same(reads(text), value), text

    check()


@settings(max_examples=200, deadline=None, database=None)
@given(VALUE)
def test_writing_what_was_read_gives_the_same_bytes(value: Any) -> None:
    text = writer.write(make({"value": value}, NOWHERE))
    node, _ = reader.read(text.encode(), "f")
    assert node is not None
    assert writer.write(node) == text


@settings(max_examples=200, deadline=None, database=None)
@given(st.binary(max_size=60) | st.text("ab:{}[],&*!<|>-?\"'#%@ \n\t0.", max_size=40).map(str.encode))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    nodes, problems = reader.read_all(data, "f")
    assert all(p.span.file == "f" and p.span.line > 0 and p.span.column > 0 for p in problems)
    assert all(plain(node) is not NotImplemented for node in nodes)


@settings(max_examples=200, deadline=None, database=None)
@given(st.dictionaries(TEXT, VALUE, max_size=4))
def test_plain_data_is_read_beside_the_places(value: dict[str, Any]) -> None:
    stream = read_stream(writer.write(make(value, NOWHERE)).encode(), "f")
    assert same(list(stream.plain), [plain(node) for node in stream.documents])


@settings(max_examples=300, deadline=None, database=None)
@given(st.text("ab:{}[],&*!<|>-?\"'#%@ \n\t0.", max_size=40).map(str.encode))
def test_so_it_is_of_any_bytes(data: bytes) -> None:
    stream = read_stream(data, "f")
    assert repr(list(stream.plain)) == repr([plain(node) for node in stream.documents])
