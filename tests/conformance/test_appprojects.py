"""An AppProject that kgen writes permits what it must, and each of its entries is needed; Argo CD's code says so.

What it said is recorded. KGEN_LIVE=1 asks it again, with Go; appprojects.py records it anew.
"""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from applicationsets import PROGRAM
from appprojects import RECORDED, questions
from oracle import NotAvailable, ask, build

KEPT: dict[str, Any] = json.loads(RECORDED.read_text())
WHOLE = tuple(name for name in KEPT if " without " not in name)
LESS = tuple(name for name in KEPT if " without " in name)


def test_what_was_asked_is_what_kgen_writes() -> None:
    asked = {name: each["asked"] for name, each in KEPT.items()}
    assert questions() == asked, "run python tests/conformance/appprojects.py --record"


@pytest.mark.parametrize("name", WHOLE)
def test_a_project_permits_what_its_environments_render(name: str) -> None:
    assert KEPT[name]["asked"]
    assert KEPT[name]["said"] == [[] for _ in KEPT[name]["asked"]]


@pytest.mark.parametrize("name", LESS)
def test_no_right_is_too_much(name: str) -> None:
    assert any(KEPT[name]["said"])


@pytest.mark.skipif("KGEN_LIVE" not in os.environ, reason="builds Argo CD's packages, for minutes: set KGEN_LIVE=1")
def test_live_argocd_says_what_was_recorded() -> None:
    try:
        program = build(folder=PROGRAM)
    except NotAvailable as reason:
        pytest.skip(str(reason))
    answers = ask(program, (one for each in KEPT.values() for one in each["asked"]))
    assert [each.get("refused", []) for each in answers] == [said for each in KEPT.values() for said in each["said"]]
