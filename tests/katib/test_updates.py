"""What Katib says to an update, and what the update does; tests/conformance holds the verdicts against Katib's own."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest

from kgen.katib.types import experiment
from kgen.katib.updates import (
    COUNTERS,
    immutable_changes,
    is_editable,
    progress_of,
    refusals,
    side_effects,
)
from kgen.model.change import Phase
from kgen.model.node import FieldPath

STORED: dict[str, Any] = {
    "apiVersion": "kubeflow.org/v1beta1",
    "kind": "Experiment",
    "metadata": {"name": "e", "namespace": "ns", "labels": {"team": "vision"}},
    "spec": {
        "objective": {"type": "minimize", "goal": 0.1, "objectiveMetricName": "loss"},
        "algorithm": {"algorithmName": "random"},
        "parallelTrialCount": 3,
        "maxTrialCount": 12,
        "maxFailedTrialCount": 3,
        "resumePolicy": "Never",
        "parameters": [
            {
                "name": "lr",
                "parameterType": "double",
                "feasibleSpace": {"min": "1", "max": "2", "distribution": "uniform"},
            }
        ],
        "trialTemplate": {"primaryContainerName": "main", "trialSpec": {"kind": "Job", "spec": {"backoffLimit": 0}}},
    },
}
GOAL, MOST, END = (f"Experiment{why}Reached" for why in ("Goal", "MaxTrials", "SuggestionEnd"))


def status(*conditions: str, **counts: int) -> dict[str, Any]:
    """Make a status; a condition is `Running`, `Running?` where it does not hold, or `Succeeded=reason`."""
    made = []
    for text in conditions:
        kind, _, reason = text.partition("=")
        made.append({"type": kind.rstrip("?"), "status": str(not kind.endswith("?")), "reason": reason})
    return {"conditions": made, **counts}


def changed(manifest: Mapping[str, Any], **spec: object) -> dict[str, Any]:
    """Change fields of a spec; None removes one."""
    out = copy.deepcopy(dict(manifest))
    out["spec"] |= {key: value for key, value in spec.items() if value is not None}
    for key in [key for key, value in spec.items() if value is None]:
        del out["spec"][key]
    return out


RUNNING = status("Created", "Running", trials=5, trialsSucceeded=1, trialsFailed=1, trialsRunning=2, trialsPending=1)
FULL = status("Created", "Running", trials=12, trialsSucceeded=10, trialsRunning=2)
DONE = status("Created", "Running?", f"Succeeded={MOST}", trials=12, trialsSucceeded=10, trialsFailed=2)
FAILED = status("Created", "Running?", "Failed=ExperimentFailed", trials=6, trialsFailed=3)


@pytest.mark.parametrize(
    ("given", "phase"),
    [
        pytest.param(None, None, id="without a status it has no phase"),
        pytest.param({}, None, id="nor with an empty one"),
        pytest.param(status("Created"), Phase.CREATED, id="created"),
        pytest.param(RUNNING, Phase.RUNNING, id="running"),
        pytest.param(status("Created", "Restarting"), Phase.RUNNING, id="restarting is running"),
        pytest.param(
            status("Created", "Running?", "Restarting", f"Succeeded={MOST}"),
            Phase.SUCCEEDED,
            id="restarting stays beside a later success",
        ),
        pytest.param(status("Created", "Restarting", "Failed"), Phase.FAILED, id="and beside a later failure"),
        pytest.param(status(f"Succeeded={MOST}", "Failed"), Phase.FAILED, id="failed comes before succeeded"),
        pytest.param(
            status("Running", "Succeeded?", "Failed?"), Phase.RUNNING, id="what does not hold is not looked at"
        ),
        pytest.param(status("Failed?", "Failed", "Running"), Phase.RUNNING, id="of two of a type the first counts"),
        pytest.param({"conditions": "Running"}, None, id="odd conditions say nothing"),
        pytest.param({"conditions": [None, {"type": "Failed"}]}, None, id="nor does a condition without a status"),
    ],
)
def test_phase(given: dict[str, Any] | None, phase: Phase | None) -> None:
    assert progress_of(STORED if given is None else {**STORED, "status": given}).phase is phase


@pytest.mark.parametrize(
    ("given", "told"),
    [
        pytest.param(RUNNING, (5, 3, 2, 1), id="active are pending and running"),
        pytest.param(
            status(
                "Running", trials=9, trialsKilled=1, trialsEarlyStopped=2, trialMetricsUnavailable=3, trialsFailed=1
            ),
            (9, 0, 7, 4),
            id="without metrics is failed, and done",
        ),
        pytest.param(
            {"trials": "5", "trialsRunning": True, "trialsFailed": 2.0, "trialsKilled": float("inf")},
            (0, 0, 2, 2),
            id="odd counts are none",
        ),
    ],
)
def test_progress_counts(given: dict[str, Any], told: tuple[int, ...]) -> None:
    progress = progress_of({**STORED, "status": given})
    assert (progress.trials, progress.active, progress.completed, progress.failed) == told


def test_progress_gives_the_reason_of_success() -> None:
    assert progress_of({**STORED, "status": DONE}).reason == MOST
    assert progress_of({**STORED, "status": FAILED}).reason == ""


@pytest.mark.parametrize(
    ("policy", "given", "restartable"),
    [
        pytest.param("Never", DONE, False, id="never"),
        pytest.param("LongRunning", DONE, True, id="ended by maxTrialCount, and kept running"),
        pytest.param("FromVolume", DONE, True, id="ended by maxTrialCount, and kept on a volume"),
        pytest.param("LongRunning", status(f"Succeeded={GOAL}"), False, id="its goal is reached"),
        pytest.param("LongRunning", status(f"Succeeded={END}"), False, id="nothing more to suggest"),
        pytest.param("LongRunning", FAILED, False, id="failed"),
        pytest.param("LongRunning", RUNNING, False, id="not completed"),
    ],
)
def test_restartable(policy: str, given: dict[str, Any], restartable: bool) -> None:
    assert progress_of({**changed(STORED, resumePolicy=policy), "status": given}).restartable is restartable


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        pytest.param({}, {}, [], id="no change"),
        pytest.param({"status": FAILED}, {}, [], id="no change of a failed one"),
        pytest.param({}, {"maxTrialCount": 11}, [], id="a count"),
        pytest.param({"status": RUNNING}, {"maxTrialCount": 6}, [], id="one more than was created"),
        pytest.param(
            {"status": RUNNING},
            {"maxTrialCount": 5},
            [
                (
                    "spec.maxTrialCount",
                    "5 trials have been created, and maxTrialCount is 5: Katib lets a spec be changed "
                    "only while maxTrialCount is above the number of trials created so far",
                    "raise maxTrialCount to 6 or more in the same change",
                )
            ],
            id="as many as were created",
        ),
        pytest.param({"status": RUNNING}, {"maxTrialCount": None}, [], id="no maxTrialCount at all"),
        pytest.param(
            {"status": FULL},
            {"parallelTrialCount": 2},
            [
                (
                    "spec.maxTrialCount",
                    "12 trials have been created, and maxTrialCount is 12: ",
                    "raise maxTrialCount to 13 ",
                )
            ],
            id="another count, when all trials are created",
        ),
        pytest.param({"status": FULL}, {"parallelTrialCount": 2, "maxTrialCount": 13}, [], id="both at once"),
        pytest.param(
            {"status": FAILED},
            {"maxTrialCount": 20},
            [
                (
                    "spec.resumePolicy",
                    "it has failed: Katib lets nothing of a completed Experiment be changed, unless it ended "
                    "by maxTrialCount and its resumePolicy is LongRunning or FromVolume",
                    "leave it as it is; to search on, ",
                )
            ],
            id="a failed one",
        ),
        pytest.param(
            {"status": DONE},
            {"maxTrialCount": 20},
            [("spec.resumePolicy", "all its trials are done and its resumePolicy is Never: ", "leave it as it is; ")],
            id="a done one of policy Never",
        ),
        pytest.param(
            {"status": status(f"Succeeded={GOAL}")},
            {"maxTrialCount": 20},
            [("spec.resumePolicy", "it has reached its goal: ", "leave it")],
            id="one at its goal",
        ),
        pytest.param(
            {"status": status(f"Succeeded={END}")},
            {"maxTrialCount": 20},
            [("spec.resumePolicy", "its algorithm has no more to suggest: ", "leave it")],
            id="one that is exhausted",
        ),
        pytest.param(
            {"status": status("Succeeded=Else")},
            {"maxTrialCount": 20},
            [("spec.resumePolicy", "it has completed: ", "leave it")],
            id="one completed for a reason of its own",
        ),
        pytest.param(
            {"status": DONE, "policy": "LongRunning"}, {"maxTrialCount": 13}, [], id="a done one that can go on"
        ),
        pytest.param(
            {"status": DONE, "policy": "FromVolume"},
            {"maxFailedTrialCount": 4},
            [
                (
                    "spec.maxTrialCount",
                    "12 trials have been created",
                    "raise maxTrialCount to 13 or more in the same change",
                )
            ],
            id="another count of one that can go on",
        ),
        pytest.param(
            {},
            {"objective": {"type": "minimize", "goal": 0.2, "objectiveMetricName": "loss"}},
            [
                (
                    "spec",
                    "`spec.objective.goal` cannot be changed: Katib lets only parallelTrialCount, maxTrialCount and "
                    "maxFailedTrialCount be edited",
                    "give the changed Experiment a new name, as `naming: hashed` does by itself; "
                    "or delete the old one and create it anew, which loses its trials and their metrics",
                )
            ],
            id="anything else",
        ),
        pytest.param(
            {},
            {
                "objective": {"type": "maximize", "objectiveMetricName": "f1"},
                "algorithm": {"algorithmName": "tpe"},
                "resumePolicy": "LongRunning",
                "parameters": [],
            },
            [
                (
                    "spec",
                    "`spec.parameters[0]`, `spec.objective.type`, `spec.objective.goal`, "
                    "`spec.objective.objectiveMetricName` and 2 more cannot be changed",
                    "give",
                )
            ],
            id="much else: the first four are named",
        ),
        pytest.param(
            {"status": DONE},
            {"resumePolicy": "LongRunning"},
            [
                ("spec.resumePolicy", "all its trials are done", "give the changed Experiment a new name"),
                (
                    "spec.maxTrialCount",
                    "12 trials have been created",
                    "raise maxTrialCount to 13 or more in the same change; the other refusals stay",
                ),
                ("spec", "`spec.resumePolicy` cannot be changed", "give the changed Experiment a new name"),
            ],
            id="all three, in Katib's order",
        ),
        pytest.param(
            {"status": status("Created", trials=1), "old": {"maxTrialCount": 2}},
            {"maxTrialCount": 1},
            [("spec.maxTrialCount", "1 trial has been created, and", "raise maxTrialCount to 2")],
            id="one trial",
        ),
    ],
)
def test_refusals(old: dict[str, Any], new: dict[str, Any], told: list[tuple[str, str, str]]) -> None:
    stored = changed(STORED, **{"resumePolicy": old.get("policy", "Never"), **old.get("old", {})})
    found = refusals({**stored, **({"status": old["status"]} if "status" in old else {})}, changed(stored, **new))
    assert [each.field for each in found] == [field for field, _, _ in told]
    for each, (_, reason, mend) in zip(found, told, strict=True):
        assert each.reason.startswith(reason)
        assert each.help.startswith(mend)


def test_an_experiment_that_was_stored_before_distribution_cannot_be_updated_at_all() -> None:
    old, new = copy.deepcopy(STORED), copy.deepcopy(STORED)
    del old["spec"]["parameters"][0]["feasibleSpace"]["distribution"]
    (found,) = refusals(old, new)
    assert found.field == "spec"
    assert "has no `distribution` in its parameters, as Katib wrote it before 0.18" in found.reason
    assert "only while Katib's validating webhook is off" in found.help
    assert refusals(old, new, "0.17") == ()  # a release that does not know it sees no change
    del old["spec"]["parameters"][0]["feasibleSpace"]
    new["spec"]["parameters"][0]["feasibleSpace"] = {"distribution": "uniform"}
    assert refusals(old, new)[0] == found
    new["spec"]["parameters"][0]["feasibleSpace"] = {"distribution": "normal"}
    assert refusals(old, new)[0].reason.startswith("`spec.parameters[0].feasibleSpace.distribution` cannot be changed")
    new["spec"]["objective"]["goal"] = 0.3
    assert refusals(old, new)[0].reason.startswith("`spec.parameters[0].feasibleSpace.distribution`, `spec.obj")


DELETES = "Katib deletes trials, the newest first and done or not, until no more than {} are active"
LOST = "They are not made again, and their metrics go with them"
FAILS = "the Experiment fails at once, for good; trials that run are not stopped"
NO_END = "no number of trials ends the search any more; when it completes for another reason, Katib restarts it at once"
BY_THEN = "Katib refuses the change if the Experiment has completed by then, or if {} trials or more have been created"
UNSEEN = "Katib looks for trials by the Experiment's labels: the algorithm no longer sees {} made before"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        pytest.param({}, {}, {}, id="no change"),
        pytest.param({"status": RUNNING}, {"parallelTrialCount": 5, "maxTrialCount": 20}, {}, id="more of all"),
        pytest.param(
            {"status": RUNNING},
            {"parallelTrialCount": 1},
            {"spec.parallelTrialCount": f"3 are active: {DELETES.format(1)}: at least 2 of 5 trials. {LOST}"},
            id="fewer at once: the newest go, whatever they are",
        ),
        pytest.param(
            {"status": status("Running", trials=5, trialsRunning=1)},
            {"parallelTrialCount": 1},
            {},
            id="fewer at once than are active: nothing goes",
        ),
        pytest.param(
            {},
            {"parallelTrialCount": 2},
            {
                "spec": BY_THEN.format(12),
                "spec.parallelTrialCount": f"if more than 2 are active then, {DELETES.format(2)}. {LOST}",
            },
            id="fewer at once, of Git alone",
        ),
        pytest.param({}, {"parallelTrialCount": 5}, {"spec": BY_THEN.format(12)}, id="more at once, of Git alone"),
        pytest.param({}, {"maxTrialCount": 24}, {"spec": BY_THEN.format(24)}, id="more trials, of Git alone"),
        pytest.param({}, {"maxTrialCount": 8}, {"spec": BY_THEN.format(8)}, id="fewer trials, of Git alone"),
        pytest.param(
            {"policy": "FromVolume"},
            {"maxTrialCount": 24},
            {
                "spec": "Katib refuses the change if the Experiment has completed for another reason than "
                "maxTrialCount by then, or if 24 trials or more have been created",
                "spec.maxTrialCount": "if it has completed by maxTrialCount by then, the search restarts",
            },
            id="more trials of one that can go on, of Git alone",
        ),
        pytest.param(
            {},
            {"maxTrialCount": None},
            {"spec": "Katib refuses the change if the Experiment has completed by then", "spec.maxTrialCount": NO_END},
            id="no end, of Git alone",
        ),
        pytest.param({"status": RUNNING}, {"maxTrialCount": None}, {"spec.maxTrialCount": NO_END}, id="no end"),
        pytest.param(
            {"status": DONE, "policy": "LongRunning", "old": {"maxFailedTrialCount": 2}},
            {"maxTrialCount": 20},
            {
                "spec.maxTrialCount": "the completed search restarts, and goes on after its 12 trials",
                "spec.maxFailedTrialCount": f"2 trials failed or gave no metrics: {FAILS}",
            },
            id="one that goes on fails at once by the limit that it had",
        ),
        pytest.param(
            {"policy": "LongRunning"},
            {"parallelTrialCount": 4},
            {
                "spec": "Katib refuses the change if the Experiment has completed for another reason than "
                "maxTrialCount by then, or if 12 trials or more have been created"
            },
            id="more at once of one that can go on, of Git alone: that restarts nothing",
        ),
        pytest.param(
            {"status": DONE, "policy": "LongRunning"},
            {"maxTrialCount": 13},
            {"spec.maxTrialCount": "the completed search restarts, and goes on after its 12 trials"},
            id="a done one restarts",
        ),
        pytest.param({"status": DONE}, {"maxTrialCount": 13}, {}, id="what is refused has no effects"),
        pytest.param(
            {"status": RUNNING},
            {"maxFailedTrialCount": 1},
            {"spec.maxFailedTrialCount": f"1 trial failed or gave no metrics: {FAILS}"},
            id="as many have failed as may",
        ),
        pytest.param({"status": RUNNING}, {"maxFailedTrialCount": 2}, {}, id="fewer have failed than may"),
        pytest.param(
            {"status": status("Running", trials=3, trialsRunning=3)},
            {"maxFailedTrialCount": 0},
            {},
            id="none may fail, and none has",
        ),
        pytest.param(
            {"status": DONE, "policy": "LongRunning"},
            {"maxTrialCount": 20, "maxFailedTrialCount": 2},
            {
                "spec.maxTrialCount": "the completed search restarts, and goes on after its 12 trials",
                "spec.maxFailedTrialCount": f"2 trials failed or gave no metrics: {FAILS}",
            },
            id="one that goes on fails at once",
        ),
        pytest.param(
            {},
            {"maxFailedTrialCount": 0},
            {
                "spec": BY_THEN.format(12),
                "spec.maxFailedTrialCount": f"if 1 trial or more have failed or given no metrics by then, {FAILS}",
            },
            id="none may fail, of Git alone: 0 is as 1",
        ),
        pytest.param(
            {"old": {"maxFailedTrialCount": None}},
            {"maxFailedTrialCount": 4},
            {
                "spec": BY_THEN.format(12),
                "spec.maxFailedTrialCount": f"if 4 trials or more have failed or given no metrics by then, {FAILS}",
            },
            id="a limit where there was none",
        ),
    ],
)
def test_side_effects(old: dict[str, Any], new: dict[str, Any], told: dict[str, str]) -> None:
    stored = changed(STORED, **{"resumePolicy": old.get("policy", "Never"), **old.get("old", {})})
    found = side_effects({**stored, **({"status": old["status"]} if "status" in old else {})}, changed(stored, **new))
    assert dict(found) == told


@pytest.mark.parametrize(
    ("given", "labels", "told"),
    [
        pytest.param(RUNNING, {"team": "audio"}, {"metadata.labels.team": UNSEEN.format("the 5 trials")}, id="changed"),
        pytest.param(
            RUNNING,
            {"team": "vision", "a.b/c": "d"},
            {'metadata.labels["a.b/c"]': UNSEEN.format("the 5 trials")},
            id="added",
        ),
        pytest.param(
            RUNNING,
            {},
            {
                "metadata.labels.team": "Katib looks for trials by the Experiment's labels, in all namespaces: if this "
                "one told it from an Experiment of the same name elsewhere, the algorithm now sees the trials of both"
            },
            id="removed: no trial is lost",
        ),
        pytest.param(None, {"team": "audio"}, {"metadata.labels.team": UNSEEN.format("trials")}, id="of Git alone"),
        pytest.param(DONE, {"team": "audio"}, {}, id="of a completed one"),
        pytest.param(status("Created"), {"team": "audio"}, {}, id="before the first trial"),
    ],
)
def test_side_effects_of_labels(given: dict[str, Any] | None, labels: dict[str, str], told: dict[str, str]) -> None:
    new = copy.deepcopy(STORED)
    new["metadata"]["labels"] = labels
    assert dict(side_effects(STORED if given is None else {**STORED, "status": given}, new)) == told


def test_a_live_object_without_a_status_has_no_trials_yet() -> None:
    live = {**STORED, "metadata": {**STORED["metadata"], "uid": "1"}}
    assert side_effects(live, changed(STORED, parallelTrialCount=1)) == ()


def test_labels_of_one_that_goes_on() -> None:
    old = {**changed(STORED, resumePolicy="LongRunning"), "status": DONE}
    new = changed(old, maxTrialCount=20)
    new["metadata"]["labels"]["team"] = "audio"
    assert [each.field for each in side_effects(old, new)] == ["spec.maxTrialCount", "metadata.labels.team"]


@pytest.mark.parametrize(
    ("path", "editable"),
    [
        pytest.param(("metadata", "labels", "team"), True, id="a label"),
        pytest.param(("metadata", "annotations"), True, id="annotations"),
        pytest.param(("metadata", "name"), False, id="the name"),
        pytest.param(("spec", "maxTrialCount"), True, id="a count"),
        pytest.param(("spec", "resumePolicy"), False, id="another field"),
        pytest.param(("spec", "parameters", 0, "name"), False, id="a parameter"),
        pytest.param(("spec",), False, id="the spec"),
        pytest.param(("kind",), False, id="the kind"),
        pytest.param((), False, id="all of it"),
    ],
)
def test_is_editable(path: FieldPath, editable: bool) -> None:
    assert is_editable(path) is editable


def test_every_field_of_a_spec_is_a_count_or_immutable() -> None:
    frozen = {"parameters", "objective", "algorithm", "earlyStopping", "trialTemplate", "metricsCollectorSpec"}
    frozen |= {"nasConfig", "resumePolicy"}
    assert {*COUNTERS, *frozen} == set(experiment("0.19").fields["spec"].type.fields)
    assert not {*COUNTERS} & frozen


def test_a_distribution_of_an_operation_is_not_of_a_parameter() -> None:
    operations = [{"parameters": [{"feasibleSpace": {"distribution": "uniform"}}]}]
    old = changed(STORED, nasConfig={"operations": [{"parameters": [None]}]}, parameters=[None])
    (found,) = refusals(old, changed(old, nasConfig={"operations": operations}))
    assert found.reason.startswith("`spec.nasConfig.operations[0].parameters[0].feasibleSpace.distribution` cannot be")
    assert refusals(old, changed(old, parameters=operations[0]["parameters"]))[0].reason.startswith("the stored")


def test_immutable_changes_leave_the_counts_out() -> None:
    new = changed(STORED, maxTrialCount=1, resumePolicy="LongRunning")
    assert immutable_changes(STORED, new) == (("spec", "resumePolicy"),)


@pytest.mark.parametrize("odd", [None, 5, "text", [], {}])
@pytest.mark.parametrize("where", ["metadata", "spec", "status"])
def test_odd_objects_are_answered(where: str, odd: object) -> None:
    """They are refused elsewhere; here nobody is to fall over them."""
    for old, new in (({**STORED, where: odd}, STORED), (STORED, {**STORED, where: odd})):
        assert isinstance(refusals(old, new), tuple)
        assert isinstance(side_effects(old, new), tuple)
        assert progress_of(old).trials >= 0
