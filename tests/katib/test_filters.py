"""Filters as Go compiles and matches them, and what is written to fit them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgen.katib import filters, samples

_NOT_IN_RE2 = "which Go's regular expressions (RE2) do not have"


# The answers of Go's regexp.Compile; None where it compiles.
@pytest.mark.parametrize(
    ("expression", "what"),
    [
        ("(a{1,1001})(b)", f"holds a repeat count above 1000, {_NOT_IN_RE2}"),
        ("(a++)(b)", f"holds a possessive quantifier, {_NOT_IN_RE2}"),
        ("(?>a)(b)", f"holds an atomic group, {_NOT_IN_RE2}"),
        ("(?=a)(b)", f"holds look-around, {_NOT_IN_RE2}"),
        (r"(a)\1", f"holds a back-reference, {_NOT_IN_RE2}"),
        (r"(a)\C", rf"holds the escape \C, {_NOT_IN_RE2}"),
        ("(?P<é>a)", f"holds a group name that is not of letters, digits and _, {_NOT_IN_RE2}"),
        ("(" * 1001 + ")" * 1001, f"holds more than 1000 brackets inside one another, {_NOT_IN_RE2}"),
        ("(a", "is no regular expression (RE2): missing ): (a"),
        ("((a{100}){100})", "is no regular expression (RE2): invalid repetition size: {100}"),
        ("(\ud800)", "is no regular expression (RE2): half of a surrogate pair"),
        *[
            (good, None)
            for good in (
                *(r"(a\++)([+]+)", "(a{1000})", r"(?<n>a)(?P<m>b)", r"(\pN+)(\PL)", r"\12", r"(\Q(?=\E)", r"\Q\C\E"),
                *("(?:" * 1500 + ")" * 1500, "(é)", r"\\C", "x{,5}", "(?)a", r"[[:word:]]\z"),
                *(r"(\p{Letter})", r"(\pL{1000}\pL{1000})"),  # that depends on Go's release; that is too large here
            )
        ],
    ],
)
def test_what_go_compiles(expression: str, what: str | None) -> None:
    assert filters.problem(expression) == what


@pytest.mark.parametrize(
    ("expression", "what"),
    [
        ("(a{1,1001})(b)", "a repeat count above 1000"),
        ("(a++)(b)", "a possessive quantifier"),
        (r"(a)=(b)\1", "a back-reference"),
        (r"(a\++)([+]+)", None),
        (r"(a)\12", None),
        ("(a", None),
    ],
)
def test_what_is_seen_without_re2(expression: str, what: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert filters.foreign(expression) == what
    monkeypatch.setattr(filters, "engine", lambda: None)
    for cached in (filters.problem, filters.compiled, filters.groups, samples.shape, samples.can_name):
        cached.cache_clear()
    assert (filters.problem(expression) is None) is (what is None)
    assert filters.compiled("(a)(b)") is None
    assert filters.groups(r"(a(?:[)(]|\()(?P<b>c))") == 2
    assert samples.shape("(a)(b)") is None
    assert samples.can_name("(a)(b)", "a") is None
    monkeypatch.undo()
    for cached in (filters.problem, filters.compiled, filters.groups, samples.shape, samples.can_name):
        cached.cache_clear()


_OLD_DEFAULT = r"([\w|-]+)\s*=\s*((-?\d+)(\.\d+)?)"  # of Katib 0.12, and of many examples


@pytest.mark.parametrize(
    ("expression", "value", "line", "read"),
    [
        (_OLD_DEFAULT, "1e-05", "loss=1e-05", (("loss", "1"),)),
        (_OLD_DEFAULT, "-0.5", "loss=-0.5", (("loss", "-0.5"),)),
        (
            r"{metricName: ([\w|-]+), metricValue: (\d+)}",
            "888",
            "{metricName: loss, metricValue: 888}",
            (("loss", "888"),),
        ),
        (r"^\[.{3}\] (\S+)\s+(\S+)$", "1", "[===] loss 1", (("loss", "1"),)),
        (r"(?i)epoch \d+: (acc|loss) (?:is )?(\d)", "1", "epoch 0: loss 1", (("loss", "1"),)),
        (r"a|(loss)[^:]\Q(\E(\d)", "1", "loss=(1", (("loss", "1"),)),
        (".*(\\w+)=(.*)", "1", "loss=1", (("s", "1"),)),
        (r"(loss)=(\d){2,3}b{2}", "1", "loss=1bb", ()),
    ],
)
def test_a_line_written_to_fit(expression: str, value: str, line: str, read: tuple[tuple[str, str], ...]) -> None:
    assert samples.sample(expression, "loss", value) == samples.Trial(line, read)


@pytest.mark.parametrize(
    "expression",
    ["(a", "(a)b", "((a)(b))", "(a)|(b)", r"(\n)\n(a)", r"(a)x{900}{3}(b)", "(a)(?s:x{1000}{1})y{999}z{999}(b)"],
)
def test_no_line_is_written_where_none_surely_fits(expression: str) -> None:
    assert samples.sample(expression, "loss", "1") is None


@pytest.mark.parametrize(
    ("expression", "name", "can"),
    [
        (r"([\w|-]+)=(.*)", "loss", True),
        (r"([\w|-]+)=(.*)", "train/loss", False),
        (r"(\S+)=(.*)", "train/loss", True),
        (r"(.*)=(.*)", "a b", True),
        (r"(.*)=(.*)", " loss", False),
        (r"(?i)(LOSS)=(.*)", "loss", True),
        (r"(?i:(LOSS))=(.*)", "loss", True),
        (r"(?i:x)(LOSS)=(.*)", "loss", False),
        (r"( loss)=(.*)", "loss", True),
        (r"(\s{4}loss)=(.*)", "loss", None),
        (r"(loss)=.*", "loss", False),
        (r"(\Bloss)=(.*)", "loss", None),
        ("(a", "a", None),
    ],
)
def test_the_names_that_a_filter_reads(expression: str, name: str, can: bool | None) -> None:
    assert samples.can_name(expression, name) is can


@pytest.mark.parametrize(
    ("line", "name", "made"),
    [
        ("loss: 0.3", "loss", r"(loss):\s*"),
        ("train/loss=0.3", "train/loss", "(train/loss)="),
        ('{"loss": 1}', "loss", r'(loss)":\s*'),
        ("loss;0.3", "loss", r"(loss)\x3b"),
        ("[loss] (-1.5e-05)", "loss", r"(loss)\]\s*\("),
        ("loss", "loss", None),
        ("acc=1", "loss", None),
        ("loss is fine and will be so for long: 1", "loss", None),
    ],
)
def test_a_filter_for_a_line(line: str, name: str, made: str | None) -> None:
    number = r"([+-]?\d*(\.\d+)?([Ee][+-]?\d+)?)"
    assert samples.filter_for(line, name) == (None if made is None else made + number)


PIECES = (
    *("(", ")", "(?:", "(?i)", "(?P<n>", "[", "]", "[^", "a", "loss", "=", ".", "*", "+", "?", "{2}", "{0,2}", "|"),
    *(
        r"\w",
        r"\s",
        r"\b",
        "^",
        "$",
        r"(\w+)",
        "(.*)",
        "([^=]*)",
        r"\Q",
        r"\E",
        "é",
        r"\x41",
        "[[:alpha:]]",
        "\\",
        "\n",
    ),
)


@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join), st.text(max_size=6))
def test_no_filter_raises(expression: str, name: str) -> None:
    filters.problem(expression)
    filters.foreign(expression)
    filters.groups(expression)
    samples.can_name(expression, name)
    trial = samples.sample(expression, "loss", "1")
    assert trial is None or "\n" not in trial.line


@given(st.text(max_size=30), st.text(min_size=1, max_size=3))
def test_no_line_raises(line: str, name: str) -> None:
    samples.filter_for(line, name)
