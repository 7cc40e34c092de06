"""Words for messages."""

from __future__ import annotations

import pytest

from kgen.model.words import nearest, suggestion

MANY = [f"name{letter}" for letter in "abcdefghij"]


@pytest.mark.parametrize(
    ("word", "legal", "found"),
    [
        ("trails", ["trials", "trial"], "trials"),
        ("max_failed", ["max", "maxFailed"], "maxFailed"),
        ("MAXFAILED", ["max", "maxFailed"], "maxFailed"),
        ("zzz", ["max", "maxFailed"], None),
        ("", ["max"], None),
        ("max", [], None),
    ],
)
def test_the_nearest_name(word: str, legal: list[str], found: str | None) -> None:
    assert nearest(word, legal) == found


@pytest.mark.parametrize(
    ("word", "legal", "text"),
    [
        pytest.param("mox", ["max", "min"], "did you mean `max`? It must be one of `max`, `min`", id="near, of few"),
        pytest.param("zzz", ["max", "min"], "write one of `max`, `min`", id="far, of few"),
        pytest.param("namea1", MANY, "did you mean `namea`?", id="near, of many"),
        pytest.param("zzz", MANY, "see the reference for the names that are known here", id="far, of many"),
    ],
)
def test_help_for_a_name_that_is_not_legal(word: str, legal: list[str], text: str) -> None:
    assert suggestion(word, legal) == text
