"""KG217 and KG218, a row a case: what is said, or that nothing is."""

from __future__ import annotations

import pytest
from subjects import DELETE, run, subject

from kgen.model.diagnostic import Edit, EditKind
from kgen.rules import objective
from kgen.rules.rule import Rule
from kgen.rules.subject import Subject

COMPLETE, POLICY = objective.objective_is_complete, objective.resume_policy_is_known
TYPE, NAME = "spec.objective.type", "spec.objective.objectiveMetricName"
NO_NAME = f"{NAME}: spec.objective names no metric: objectiveMetricName is missing or empty"

ROWS = [
    (COMPLETE, subject({"spec.objective": DELETE}), ["spec.objective: spec.objective is missing"], "none"),
    (COMPLETE, subject({"spec.objective": None}), ["spec.objective: spec.objective is missing"], "null is none"),
    (
        COMPLETE,
        subject({TYPE: "Minimize"}),
        [f"{TYPE}: spec.objective.type is `Minimize`: Katib takes minimize or maximize"],
        "a capital",
    ),
    (
        COMPLETE,
        subject({TYPE: DELETE, NAME: ""}),
        [f"{TYPE}: spec.objective.type is missing: Katib takes minimize or maximize", NO_NAME],
        "neither a type nor a metric",
    ),
    (COMPLETE, subject({TYPE: "maximize", NAME: "acc"}), [], "both"),
    (COMPLETE, subject({TYPE: 7, NAME: ["acc"]}), [], "what is of the wrong type is the structure's"),
    (COMPLETE, subject({"spec.objective": "loss"}), [], "a text is the structure's too"),
    (
        POLICY,
        subject({"spec.resumePolicy": "never"}),
        ["spec.resumePolicy: resumePolicy is `never`: Katib takes Never, LongRunning or FromVolume"],
        "a small letter",
    ),
    (POLICY, subject({"spec.resumePolicy": "FromVolume"}), [], "a good word"),
    (POLICY, subject({"spec.resumePolicy": ""}), [], "empty is the default"),
    (POLICY, subject({"spec.resumePolicy": DELETE}), [], "absent is the default"),
]


@pytest.mark.parametrize(("rule", "on", "expected"), [pytest.param(*row[:3], id=row[3]) for row in ROWS])
def test_what_is_said(rule: Rule, on: Subject, expected: list[str]) -> None:
    assert run(rule, on) == expected


@pytest.mark.parametrize(
    ("rule", "path", "given", "meant"),
    [
        (COMPLETE, TYPE, "Maximise", "maximize"),
        (COMPLETE, TYPE, "MINIMIZE", "minimize"),
        (COMPLETE, TYPE, "accuracy", None),
        (POLICY, "spec.resumePolicy", "longRunning", "LongRunning"),
        (POLICY, "spec.resumePolicy", "Always", None),
    ],
)
def test_a_near_word_is_mended(rule: Rule, path: str, given: str, meant: str | None) -> None:
    (finding,) = rule.check(subject({path: given}))
    steps = tuple(path.split("."))
    assert finding.fix == ((Edit(EditKind.SET, steps, meant),) if meant else ())
    (found,) = rule.check(subject({path: given})._replace(plain=True))
    assert (meant or "set") in found.help
