"""An ApplicationSet that kgen writes makes the Applications that the environments would have; Argo CD's code says so.

What it said is recorded. KGEN_LIVE=1 asks it again, with Go; applicationsets.py records it anew.
"""

from __future__ import annotations

import copy
import json
import os
from typing import Any

import pytest
from applicationsets import CASES, PROGRAM, RECORDED, Case, Made, made, question
from oracle import NotAvailable, ask, build

from kgen.katib.argocd import RESOURCES_FINALIZER

KEPT: dict[str, Any] = json.loads(RECORDED.read_text())
MADE = tuple(name for name, case in CASES.items() if not case.folders)
_OF_GO = ("status", "creationTimestamp", "jsonnet")  # what Go writes of structs that nobody filled in


def bare(value: Any) -> Any:
    """Leave out what is Go's own."""
    if isinstance(value, dict):
        return {key: bare(item) for key, item in value.items() if key not in _OF_GO}
    return [bare(item) for item in value] if isinstance(value, list) else value


def expected(case: Case, of: Made) -> list[dict[str, Any]]:
    """The environments' own Applications; over clusters, each on every cluster that has its label."""
    on = case.clusters or tuple(("", name) for name in sorted(of.applications))
    out = []
    for cluster, environment in on:
        app = copy.deepcopy(of.applications[environment])
        app.pop("apiVersion")
        app.pop("kind")
        if "history: prune" in case.environments[environment]:
            app["metadata"]["finalizers"] = [RESOURCES_FINALIZER]  # a folder that goes takes its Experiments along
        if cluster:
            app["metadata"]["name"] += f"-{cluster}"
            del app["spec"]["destination"]["server"]
            app["spec"]["destination"]["name"] = cluster
        out.append(app)
    return out


def test_every_case_is_recorded() -> None:
    assert sorted(KEPT) == sorted(CASES), "run python tests/conformance/applicationsets.py --record"


@pytest.mark.parametrize("name", CASES)
def test_what_was_asked_is_what_kgen_writes(name: str) -> None:
    asked = question(CASES[name], made(CASES[name]))
    assert asked == KEPT[name]["asked"], "run python tests/conformance/applicationsets.py --record"


@pytest.mark.parametrize("name", MADE)
def test_a_set_makes_the_applications_of_the_environments(name: str) -> None:
    said = KEPT[name]["said"]
    assert "error" not in said
    assert [bare(app) for app in said["applications"]] == expected(CASES[name], made(CASES[name]))


def test_a_folder_that_is_no_environment_changes_nothing() -> None:
    said = KEPT["a folder that is no environment"]["said"]
    assert not said["applications"]
    assert "old is no environment that this ApplicationSet knows" in said["error"]


@pytest.mark.skipif("KGEN_LIVE" not in os.environ, reason="builds Argo CD's packages, for minutes: set KGEN_LIVE=1")
def test_live_argocd_says_what_was_recorded() -> None:
    try:
        program = build(folder=PROGRAM)
    except NotAvailable as reason:
        pytest.skip(str(reason))
    answers = ask(program, (KEPT[name]["asked"] for name in CASES))
    assert answers == [KEPT[name]["said"] for name in CASES]
