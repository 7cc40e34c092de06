"""The scripts of `kgen argocd health` on every row of their tables, in Argo CD's own virtual machine."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import argocd_cm
import oracle
import pytest
import yaml
from changes import CHANGES, OFFERS
from statuses import EXPERIMENTS, HEALTH, ODD, ROWS

from kgen.cli.argocd.scripts import KINDS

FOLDER = Path(__file__).parent / "lua"
ACTIONS = f"{argocd_cm.PREFIX}.actions.kubeflow.org_Experiment"

pytestmark = pytest.mark.skipif("KGEN_LIVE" not in os.environ, reason="builds much of Argo CD: set KGEN_LIVE=1")


@cache
def program() -> Path:
    try:
        return oracle.build(folder=FOLDER)
    except oracle.NotAvailable as reason:
        pytest.skip(str(reason))


def about_actions(op: str, obj: object, **more: object) -> dict[str, object]:
    return {"op": op, "object": obj, "actions": argocd_cm.data("waiting")[ACTIONS], **more}


def test_live_health() -> None:
    rows = [(row, variant) for row in ROWS for variant in HEALTH]
    questions = (
        {"op": "health", "object": row.object, "health": argocd_cm.health(row.kind, variant)} for row, variant in rows
    )
    for (row, variant), said in zip(rows, oracle.ask(program(), questions), strict=True):
        assert said == {"status": HEALTH[variant][row.state], "message": row.message}, (row.name, variant)


def odd_objects() -> Iterator[dict[str, Any]]:
    for kind in KINDS:
        for odd in ODD:
            yield {"apiVersion": "v1", "kind": kind, "spec": odd}
            yield {"apiVersion": "v1", "kind": kind, "status": odd}


def test_live_odd_objects() -> None:
    objects = list(odd_objects())
    questions = ({"op": "health", "object": obj, "health": argocd_cm.health(obj["kind"], "waiting")} for obj in objects)
    for obj, said in zip(objects, oracle.ask(program(), questions), strict=True):
        assert said.get("status") == "Progressing", (obj, said)


def test_live_discovery() -> None:
    for offer, said in zip(
        OFFERS, oracle.ask(program(), (about_actions("discover", o.object) for o in OFFERS)), strict=True
    ):
        for each in said["offers"]:
            each.setdefault("disabled", False)
        expected = [{"name": name, **titles} for name, titles in offer.expected.items()]
        assert said["offers"] == expected, offer.name


def test_live_discovery_of_every_status() -> None:
    for row, said in zip(
        EXPERIMENTS, oracle.ask(program(), (about_actions("discover", row.object) for row in EXPERIMENTS)), strict=True
    ):
        assert len(said.get("offers", ())) == len(argocd_cm.actions()) - 1, (row.name, said)


def test_live_actions() -> None:
    questions = [
        about_actions("act", change.object, action=change.action, parameters=change.parameters) for change in CHANGES
    ]
    for change, said in zip(CHANGES, oracle.ask(program(), questions), strict=True):
        if isinstance(change.outcome, str):
            assert said == {"error": change.outcome}, change.name
        else:
            assert said == {"object": json.loads(json.dumps(change.expected))}, change.name


COUNTERS = ("maxTrialCount", "parallelTrialCount", "maxFailedTrialCount", "resumePolicy")
KATIBS_OWN = (
    "Katib would refuse it",
    "maxTrialCount: write more",
    "maxTrialCount: write at",
    "parallelTrialCount: write at",
)
NOT_KATIBS = ("it has no spec", "no end", "being deleted")  # there is nothing to ask, or Katib does not mind


def updates(base: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """Yield each change as a question for Katib's webhook, and whether it is to be accepted."""
    for change in CHANGES:
        old = {**base, "metadata": {**base["metadata"], "generation": 1}, "status": change.object.get("status")}
        spec = change.object.get("spec") or {}
        kept = {key: value for key, value in base["spec"].items() if key not in COUNTERS}
        counters = {key: spec[key] for key in COUNTERS if key in spec}
        old["spec"] = {**kept, "parallelTrialCount": 3, "resumePolicy": "Never", **counters}
        if not isinstance(change.outcome, str):
            outcome: dict[str, Any] = change.outcome
        elif change.outcome.startswith(KATIBS_OWN) and not change.outcome.endswith(NOT_KATIBS):
            typed = {key: int(value) for key, value in change.parameters.items() if value.isdigit()}
            outcome = typed or {"maxTrialCount": spec["maxTrialCount"] + 3}
        else:
            continue
        new = {**old, "spec": {**old["spec"], **outcome}}
        yield change.name, {"op": "update", "oldObject": old, "object": new}, not isinstance(change.outcome, str)


def test_live_katib_says_the_same_of_every_change() -> None:
    try:
        katib = oracle.build()
    except oracle.NotAvailable as reason:
        pytest.skip(str(reason))
    manifest = yaml.safe_load((Path(__file__).parent / "manifests" / "minimal-job.yaml").read_text("utf-8"))
    (admitted,) = oracle.ask(katib, [{"op": "create", "object": manifest}])
    cases = list(updates(admitted["defaulted"]))
    said = oracle.ask(katib, (question for _, question, _ in cases))
    verdicts = {name: answer["verdict"] for (name, _, _), answer in zip(cases, said, strict=True)}
    assert verdicts == {name: "accept" if accepted else "reject" for name, _, accepted in cases}
    assert set(verdicts.values()) == {"accept", "reject"}
