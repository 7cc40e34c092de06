"""Kubernetes quantities: what is one, what it is worth, and the form the API server prints."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgen.katib.quantity import canonical, parse


@pytest.mark.parametrize(
    ("text", "form"),
    [
        pytest.param("0.5Gi", "512Mi", id="a fraction goes to the suffix below"),
        pytest.param("1536Mi", "1536Mi", id="no suffix that would make a fraction"),
        pytest.param("1024Mi", "1Gi", id="the largest suffix that loses nothing"),
        pytest.param("1.5Gi", "1536Mi", id="one and a half"),
        pytest.param("1Ki", "1Ki", id="1024"),
        pytest.param("0.5Ki", "512", id="below 1024 there is no binary suffix"),
        pytest.param("1000m", "1", id="a thousand thousandths"),
        pytest.param("1500m", "1500m", id="one and a half, decimal"),
        pytest.param("1e3", "1e3", id="exponents stay exponents"),
        pytest.param("1E3", "1E3", id="as they were written"),
        pytest.param("1E4", "10e3", id="or else in small letters"),
        pytest.param("1e4", "10e3", id="in steps of three"),
        pytest.param("12e-1", "1200e-3", id="below one"),
        pytest.param("1000", "1k", id="a plain number has decimal suffixes"),
        pytest.param("1024", "1024", id="and no binary ones"),
        pytest.param("0.1", "100m", id="a tenth"),
        pytest.param("100n", "100n", id="billionths"),
        pytest.param("0.1n", "1n", id="nothing is finer: it is rounded up"),
        pytest.param("1u", "1u", id="millionths"),
        pytest.param("-1.5", "-1500m", id="negative"),
        pytest.param("-1024Mi", "-1Gi", id="negative, binary"),
        pytest.param("+1", "+1", id="a sign is kept where all else is canonical"),
        pytest.param("+1000", "1k", id="and else is not"),
        pytest.param("1.500", "1.500", id="thousandths are taken for canonical too"),
        pytest.param("0.500", "500m", id="but not behind a zero"),
        pytest.param("0", "0", id="nothing"),
        pytest.param("0Gi", "0", id="nothing of something"),
        pytest.param(".5", "500m", id="no digit before the point"),
        pytest.param("5.", "5.", id="no digit after it"),
        pytest.param("Gi", "0", id="no digit at all is nothing"),
        pytest.param(" 1 ", "1", id="blanks around it do not count"),
        pytest.param("9000000Ti", "9223372036854775807", id="what binary suffixes are capped at"),
        pytest.param("2E", "2E", id="an exa, no exponent"),
        pytest.param("1M", "1M", id="a million"),
    ],
)
def test_canonical_form(text: str, form: str) -> None:
    assert canonical(text) == form
    assert canonical(form) == form


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1GiB",
        "Ei",
        "1 Gi",
        "1gi",
        "1K",
        "1MB",
        "1e",
        "1e1.5",
        "0x10",
        "1_000",
        "1,5",
        "--1",
        "1e999",
        "test-value",
        "1\n1",
    ],
)
def test_what_is_none(text: str) -> None:
    assert parse(text) is None
    assert canonical(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1Gi", 1024**3),
        ("100m", Fraction(1, 10)),
        ("1e3", 1000),
        ("2k", 2000),
        ("-0.5", Fraction(-1, 2)),
        ("3E", 3 * 10**18),
    ],
)
def test_what_it_is_worth(text: str, value: Fraction) -> None:
    assert parse(text) == value


@settings(max_examples=300, deadline=None, database=None)
@given(
    st.integers(-(10**6), 10**6),
    st.integers(0, 999),
    st.sampled_from(["", "m", "k", "M", "G", "Ki", "Mi", "Gi", "e3", "e-3"]),
)
def test_the_canonical_form_is_worth_the_same(whole: int, thousandths: int, suffix: str) -> None:
    text = f"{whole}.{thousandths:03}{suffix}"
    form = canonical(text)
    assert form is not None
    worth, value = parse(form), parse(text)
    assert worth is not None
    assert value is not None
    assert abs(worth - value) < Fraction(1, 10**9)
    assert "." not in form or form == text
    assert canonical(form) == form
