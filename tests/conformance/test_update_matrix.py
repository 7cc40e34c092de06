"""kgen beside what Katib's own webhook was recorded to say of updates; README.md tells how."""

from __future__ import annotations

import os
from collections import defaultdict
from functools import lru_cache

import oracle
import pytest
from edits import EDITS, POLICIES, STATES, cells
from updates import ADMITTED, CHECKS, ITSELF, UNREAD, Judged, live, recorded, table

from kgen.katib.updates import refusals

SHOWN = 25
NUMBERS = sorted(CHECKS.values())


@lru_cache(maxsize=1)
def judged() -> dict[str, list[Judged]]:
    """Every cell with both verdicts, by its edit."""
    out = defaultdict(list)
    for each in recorded():
        out[each.cell.edit.id].append(each)
    return out


@pytest.mark.parametrize("edit", [edit.id for edit in EDITS])
def test_no_update_is_judged_otherwise(edit: str) -> None:
    found = judged()[edit]
    assert len(found) == len(STATES) * len(POLICIES)
    differing = [each for each in found if each.differ]
    assert not differing, "\n".join(map(str, differing[:SHOWN]))


def test_there_are_edits_enough() -> None:
    assert len({edit.id for edit in EDITS}) == len(EDITS) >= 140
    assert len({edit.of for edit in EDITS}) >= 8


def test_every_check_refuses_alone_and_beside_every_other() -> None:
    said = {each.katib for found in judged().values() for each in found}
    assert {ADMITTED, UNREAD, ITSELF, *NUMBERS, "78", "79", "89", "789"} <= said


def test_every_state_admits_and_refuses() -> None:
    for state in STATES:
        said = {each.katib == ADMITTED for found in judged().values() for each in found if each.cell.state == state}
        assert said == {True, False}, state.name


@pytest.mark.parametrize("field", sorted({field for _, field, _ in CHECKS}))
def test_a_check_that_kgen_lacked_would_show(field: str) -> None:
    lacking = recorded(lambda old, new: tuple(said for said in refusals(old, new) if said.field != field))
    found = next(each for each in lacking if each.differ)
    assert f" {field}" in str(found).partition("kgen")[0]


def test_a_difference_names_the_edit_the_state_and_both_verdicts() -> None:
    cell = next(cell for cell in cells() if cell.edit.name == "goal up" and cell.state.name == "all trials")
    assert str(Judged(cell, "8", "9x")) == (
        "full-job: goal up | Never, all trials: Katib V8 Invalid spec.maxTrialCount, "
        "kgen V9 Forbidden spec and the object itself"
    )


def test_the_table_has_a_row_an_edit() -> None:
    lines = table().splitlines()
    assert lines[0].split() == " ".join(state.name for state in STATES).split()
    assert [line.split("  ")[0].rstrip("*") for line in lines[1 : len(EDITS) + 1]] == [edit.id for edit in EDITS]


@pytest.mark.skipif("KGEN_LIVE" not in os.environ, reason="takes a minute: set KGEN_LIVE=1, or run updates.py")
def test_live() -> None:
    try:
        program = oracle.build()
    except oracle.NotAvailable as reason:
        pytest.skip(str(reason))
    kept = [each for found in judged().values() for each in found]
    asked = list(live(program, (each.cell for each in kept)))
    assert [str(each) for each in asked if each.differ] == []
    assert [each.katib for each in asked] == [each.katib for each in kept]
