"""Comments: what is one, what only looks like one, and where the first value is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yaml import YAMLError, safe_load

from kgen.codec.comments import comments

WORD = re.compile("kgen:")


def found(source: str | bytes, file: str = "a.yaml") -> list[tuple[int, int, str, bool]]:
    data = source if isinstance(source, bytes) else source.encode()
    return [tuple(each) for each in comments(data, file, WORD).comments]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        pytest.param("# kgen: a\nb: 1\n", [(1, 1, "kgen: a", True)], id="on its own line"),
        pytest.param("b: 1 # kgen: a  \n", [(1, 6, "kgen: a", False)], id="behind a value"),
        pytest.param("a:\n  -  # kgen: a\n    1\n", [(2, 6, "kgen: a", False)], id="behind a dash"),
        pytest.param("#kgen: a\n##   kgen: b\na: 1", [(1, 1, "kgen: a", True), (2, 1, "kgen: b", True)], id="marks"),
        pytest.param("a: 1 # b # kgen: a\n", [], id="in the middle of another comment"),
        pytest.param("a: b# kgen: a\n", [], id="no blank before it"),
        pytest.param("a: '# kgen: a'\n", [], id="in single quotes"),
        pytest.param('a: "x\n  # kgen: a"\n', [], id="in double quotes, on the next line"),
        pytest.param("a: |\n  # kgen: a\n  b\nc: 1\n", [], id="in a block"),
        pytest.param("a: >-\n  b\n\n  # kgen: a\n", [], id="below an empty line of a block"),
        pytest.param("a: | # kgen: a\n  b\n", [(1, 6, "kgen: a", False)], id="behind the head of a block"),
        pytest.param("a:\n  b: |\n    c\n  # kgen: a\n", [(4, 3, "kgen: a", True)], id="below a block"),
        pytest.param("a: [1, # kgen: a\n  2]\n", [(1, 8, "kgen: a", False)], id="in a flow list"),
        pytest.param("a: '日🎉' # kgen: a\n", [(1, 9, "kgen: a", False)], id="behind wide characters"),
        pytest.param(
            "\ufeffa: 1 # kgen: a\r\nb: 1 # kgen: b\r\n",
            [(1, 6, "kgen: a", False), (2, 6, "kgen: b", False)],
            id="Windows",
        ),
        pytest.param("a: 1\n---\n# kgen: a\nb: 1\n", [(3, 1, "kgen: a", True)], id="in the second document"),
        pytest.param(
            "a: 1 # kgen: a\nb: [\n# kgen: b\n", [(1, 6, "kgen: a", False), (3, 1, "kgen: b", True)], id="open"
        ),
        pytest.param("a: 1 # kgen: a\nb: @\n# kgen: b\n", [(1, 6, "kgen: a", False)], id="nothing behind a break"),
        pytest.param("", [], id="nothing"),
        pytest.param(b"# kgen: a\n\xff", [], id="no text"),
    ],
)
def test_comments_of_yaml(source: str | bytes, wanted: list[tuple[int, int, str, bool]]) -> None:
    assert found(source) == wanted


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        pytest.param("// kgen: a\n{}", [(1, 1, "kgen: a", True)], id="slashes"),
        pytest.param("{a: 1, # kgen: a\n}", [(1, 8, "kgen: a", False)], id="a hash"),
        pytest.param('{a: "// kgen: a"}', [], id="in double quotes"),
        pytest.param("{a: '\\' # kgen: a'}", [], id="in single quotes, behind one that is escaped"),
        pytest.param('{a: @"\\" # kgen: a\n}', [(1, 10, "kgen: a", False)], id="behind a verbatim text"),
        pytest.param("{a: @'it''s # kgen: a'}", [], id="in a verbatim text"),
        pytest.param("/* # kgen: a\n// kgen: b */ {}", [], id="in a long comment"),
        pytest.param("{a: |||\n   # kgen: a\n\n   b\n ||| // kgen: b\n}", [(5, 6, "kgen: b", False)], id="a block"),
    ],
)
def test_comments_of_jsonnet(source: str, wanted: list[tuple[int, int, str, bool]]) -> None:
    assert found(source, "a.jsonnet") == wanted


@pytest.mark.parametrize(
    ("source", "first", "file"),
    [
        pytest.param("a: 1", 1, "a.yaml", id="at once"),
        pytest.param("# a\n---\n\n# b\na: 1", 5, "a.yaml", id="below comments and the document's mark"),
        pytest.param("# a\n- 1", 2, "a.yaml", id="a list"),
        pytest.param("# a\n[1]", 2, "a.yaml", id="a flow list"),
        pytest.param("# a\n", 3, "a.yaml", id="nowhere"),
        pytest.param("// a\n/* b\n c */\n{}", 4, "a.jsonnet", id="Jsonnet"),
    ],
)
def test_the_first_value(source: str, first: int, file: str) -> None:
    assert comments(source.encode(), file, WORD).first == first


def test_hostile_texts_end_soon() -> None:
    for source in ("|||\n " + " \n" * 20_000, "'" * 50_000, "/*" * 50_000, "@'" * 50_000, '"\\' * 50_000):
        assert found(source, "a.jsonnet") == []
    assert len(found("# kgen: a\n" * 20_000)) == 20_000
    assert len(found("# kgen: a " * 20_000)) == 1
    assert found("a: [\n" + "'# kgen: a',\n" * 5_000) == []
    assert found("a:\n" + "- |\n # kgen: a\n" * 5_000) == []


LINES = st.lists(
    st.sampled_from(
        ["a: 1", "b: 'x", "  y'", "c: |", "  # kgen: t", "# kgen: t", "d: [1,", "  2]", "", "e: x # kgen: t"]
    ),
    max_size=8,
    unique=True,  # of a key that stands twice a parser sees the last value alone
)


@given(LINES)
def test_a_comment_is_what_a_parser_does_not_see(lines: list[str]) -> None:
    """Changing the words of a comment changes no value; changing what is none does."""
    source = "\n".join(lines)
    try:
        before = safe_load(source)
    except YAMLError:
        return
    inside = {line for line, *_ in found(source)}
    for number, line in enumerate(lines, 1):
        if "kgen:" in line:
            bent = "\n".join([*lines[: number - 1], line.replace("kgen:", "KGEN:"), *lines[number:]])
            assert (safe_load(bent) == before) is (number in inside)
