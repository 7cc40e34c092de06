"""The writer: the one form of every value, byte for byte."""

from __future__ import annotations

from typing import Any

import pytest

from kgen.codec import reader, writer
from kgen.model.node import NOWHERE, Node, make


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("mnist", "mnist", id="a word is plain"),
        pytest.param("docker.io/a/b:v1.0", "docker.io/a/b:v1.0", id="an image is plain"),
        pytest.param("a b", "a b", id="words are plain"),
        pytest.param("status.conditions.#(type==1)#|x", "status.conditions.#(type==1)#|x", id="a path is plain"),
        pytest.param("${trialParameters.lr}", "${trialParameters.lr}", id="a placeholder is plain"),
        pytest.param("--lr=1", '"--lr=1"', id="an option is quoted"),
        pytest.param("", '""', id="an empty text is quoted"),
        pytest.param("no", '"no"', id="no is a boolean to some"),
        pytest.param("Y", '"Y"', id="so is Y"),
        pytest.param("n", '"n"', id="and n"),
        pytest.param("OFF", '"OFF"', id="and OFF"),
        pytest.param("null", '"null"', id="null is not a text"),
        pytest.param("~", '"~"', id="nor is a tilde"),
        pytest.param("12", '"12"', id="a text of digits is quoted"),
        pytest.param("1e-5", '"1e-5"', id="a text that some read as a number"),
        pytest.param(".5", '".5"', id="the same without a first digit"),
        pytest.param("012", '"012"', id="an octal number to some"),
        pytest.param("1:30", '"1:30"', id="a base-60 number to some"),
        pytest.param("2024-01-01", '"2024-01-01"', id="a date to some"),
        pytest.param("_1", '"_1"', id="a number to some"),
        pytest.param(".inf", '".inf"', id="infinity is not a text"),
        pytest.param("NaN", '"NaN"', id="NaN is quoted"),
        pytest.param("=", '"="', id="an equals sign breaks some readers"),
        pytest.param("<<", '"<<"', id="so does a merge key"),
        pytest.param("a: b", '"a: b"', id="a colon and a space"),
        pytest.param("a:", '"a:"', id="a colon at the end"),
        pytest.param("a #b", '"a #b"', id="a hash after a space"),
        pytest.param("a#b", "a#b", id="a hash within a word"),
        pytest.param("a ", '"a "', id="a space at the end"),
        pytest.param("{{x}}", '"{{x}}"', id="braces"),
        pytest.param('say "x"', 'say "x"', id="quotes within a text"),
        pytest.param('"x"', '"\\"x\\""', id="quotes around a text"),
        pytest.param("\\d+", '"\\\\d+"', id="a backslash"),
        pytest.param("a\tb", '"a\\tb"', id="a tab"),
        pytest.param("학습", '"학습"', id="other scripts are quoted and stay legible"),
        pytest.param("a\u2028b", '"a\\u2028b"', id="a line break that only YAML 1.1 knows"),
        pytest.param("\ufeff", '"\\ufeff"', id="a byte order mark"),
        pytest.param("\x85", '"\\u0085"', id="a C1 control character"),
        pytest.param("\x07", '"\\u0007"', id="a C0 control character"),
        pytest.param(None, "null", id="null"),
        pytest.param(True, "true", id="true"),
        pytest.param(False, "false", id="false"),
        pytest.param(0, "0", id="zero"),
        pytest.param(-(2**70), "-1180591620717411303424", id="a large integer"),
        pytest.param({}, "{}", id="an empty mapping"),
        pytest.param([], "[]", id="an empty list"),
        pytest.param("a\nb\n", "|\n  a\n  b", id="lines make a block"),
        pytest.param("a\n\nb", "|-\n  a\n\n  b", id="a block without a last line break"),
        pytest.param("a\n\n", "|+\n  a\n", id="a block with more of them"),
        pytest.param("  a\nb\n", '"  a\\nb\\n"', id="a first line that is indented"),
        pytest.param("a \nb\n", '"a \\nb\\n"', id="a line that ends in a space"),
        pytest.param("a\n\tb\n", '"a\\n\\tb\\n"', id="a line with a tab"),
        pytest.param("a\r\nb", '"a\\r\\nb"', id="other line breaks"),
        pytest.param("\n", '"\\n"', id="only a line break"),
    ],
)
def test_a_scalar_has_one_form(value: Any, expected: str) -> None:
    assert writer.write(make({"a": value}, NOWHERE)) == f"a: {expected}\n"


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        pytest.param(0.1, "0.10", "0.10", id="digits stay"),
        pytest.param(3.0, "3.0", "3.0", id="an integral number stays one"),
        pytest.param(1.5e-5, "1.5e-05", "1.5e-05", id="an exponent stays"),
        pytest.param(1.5e5, "1.5E+5", "1.5E+5", id="a capital E stays"),
        pytest.param(1e-5, "1e-5", "1.0e-5", id="a dot is added"),
        pytest.param(1e5, "1E5", "1.0e+5", id="a sign is added"),
        pytest.param(1.5e5, "1.5e5", "1.5e+5", id="a sign is added to a number with a dot"),
        pytest.param(0.5, ".5", "0.5", id="a zero is put before the dot"),
        pytest.param(5.0, "5.", "5.0", id="a zero is put after the dot"),
        pytest.param(-0.5, "-.50", "-0.50", id="a sign stays"),
        pytest.param(1.5, "+1.5", "1.5", id="a plus goes"),
        pytest.param(1.5, "001.5", "1.5", id="leading zeros go"),
        pytest.param(3.0, "3", "3.0", id="!!float 3"),
        pytest.param(31.0, "0x1F", "31.0", id="!!float 0x1F"),
        pytest.param(0.1, "", "0.1", id="a number nobody wrote"),
        pytest.param(1e16, "", "1.0e+16", id="a large one"),
        pytest.param(1e-7, "", "1.0e-07", id="a small one"),
        pytest.param(-0.0, "", "-0.0", id="minus zero"),
        pytest.param(0.25, "0.5", "0.25", id="a text that is of another number"),
        pytest.param(0.25, "x", "0.25", id="a text that is no number"),
    ],
)
def test_a_number_is_one_to_every_reader(value: float, text: str, expected: str) -> None:
    assert writer.write(Node(value, NOWHERE, text)) == f"{expected}\n"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(float("inf"), id="infinity"),
        pytest.param(float("nan"), id="no number"),
        pytest.param("\ud800", id="a lone surrogate"),
    ],
)
def test_what_has_no_form_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"cannot be written|surrogates"):
        writer.write(make({"a": [value]}, NOWHERE))


DOCUMENT = """\
b: 1
a:
- x
- - v
  - - w
- c: 1
  d:
  - e: |
      one
      two
    f: {}
- |-
  one
  two
"no":
  "1": null
"""


def test_collections_are_blocks_in_the_order_they_have() -> None:
    node, problems = reader.read(DOCUMENT.encode(), "f")
    assert not problems
    assert node is not None
    assert writer.write(node) == DOCUMENT


def test_a_key_too_long_for_parsers_is_written_with_a_question_mark() -> None:
    key = "k" * 1001
    value = {key: {"a": 1}, "l" * 1000: 2}
    assert writer.write(make(value, NOWHERE)) == f"? {key}\n:\n  a: 1\n{'l' * 1000}: 2\n"


def test_equal_values_are_written_alike_however_they_came() -> None:
    flow, _ = reader.read(b"{a: [1, {b: 'c'}], d: \"e\"}", "f")
    block, _ = reader.read(b"a:\n  - 1\n  - b: c\nd: e\n", "f")
    assert flow is not None
    assert block is not None
    assert writer.write(flow) == writer.write(block) == "a:\n- 1\n- b: c\nd: e\n"
