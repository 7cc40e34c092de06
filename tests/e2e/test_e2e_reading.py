"""What API answers mean to the end-to-end test: Applications, Experiments, logs of trials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from harness.reading import REFRESH, Ended, Settled, agrees, best, ended, printed, synced
from harness.waiting import Broken, Pending

Json = dict[str, Any]
# argo-cd pkg/apis/application/v1alpha1/types.go, ApplicationStatus and OperationState


HEAD, OLD = "a" * 40, "b" * 40


def application(state: str = "Synced", at: str = HEAD, phase: str = "Succeeded", **more: Any) -> Json:
    operation = {"phase": phase, "startedAt": "2026-11-21T10:00:00Z", "syncResult": {"revision": at}, "message": "m"}
    status = {
        "sync": {"status": state, "revision": at},
        "reconciledAt": "2026-11-21T10:00:05Z",
        "operationState": operation,
    }
    return {"metadata": {"name": "kgen-e2e", "annotations": more.pop("annotations", {})}, "status": {**status, **more}}


@pytest.mark.parametrize(
    ("given", "found"),
    [
        pytest.param(None, Pending("there is no such Application"), id="not there"),
        pytest.param({"metadata": {}}, Pending("unknown at no revision, not Synced at aaaaaaaa"), id="no status yet"),
        pytest.param(application(), Settled(HEAD, "2026-11-21T10:00:00Z", "2026-11-21T10:00:05Z"), id="synced"),
        pytest.param(
            application(annotations={REFRESH: "hard"}), Pending("Argo CD has not refreshed it yet"), id="refresh is due"
        ),
        pytest.param(
            application(at=OLD), Pending("Synced at bbbbbbbb, not Synced at aaaaaaaa"), id="of an older commit"
        ),
        pytest.param(
            application("OutOfSync", phase="Failed", at=OLD),
            Pending("OutOfSync at bbbbbbbb, not Synced at aaaaaaaa"),
            id="that an older commit failed says nothing",
        ),
        pytest.param(application(phase="Running"), Pending("a sync is running: m"), id="a sync, or its next try"),
        pytest.param(
            application("Unknown", conditions=[{"type": "ComparisonError", "message": "failed to list refs"}]),
            Pending("Unknown at aaaaaaaa, not Synced at aaaaaaaa; ComparisonError: failed to list refs"),
            id="what Argo CD says is passed on",
        ),
    ],
)
def test_application(given: Json | None, found: Settled | Pending) -> None:
    assert synced(given, HEAD) == found


@pytest.mark.parametrize("phase", ["Failed", "Error"])
def test_a_sync_that_failed_for_good(phase: str) -> None:
    with pytest.raises(Broken, match="the sync of aaaaaaaa has failed: m"):
        synced(application("OutOfSync", phase=phase), HEAD)


# katib pkg/apis/controller/experiments/v1beta1/experiment_types.go, ExperimentStatus


def experiment(*true: str, reason: str = "ExperimentMaxTrialsReached", **status: Any) -> Json:
    kinds = ("Created", "Running", "Restarting", "Succeeded", "Failed")
    held = [
        {"type": kind, "status": "True" if kind in true else "False", "reason": reason, "message": "m"}
        for kind in kinds
    ]
    return {"metadata": {"name": "iris-1", "uid": "u1"}, "status": {"conditions": held, **status}}


@pytest.mark.parametrize(
    ("given", "at_least", "found"),
    [
        pytest.param(None, 0, Pending("there is no such Experiment"), id="not there"),
        pytest.param({"metadata": {}}, 0, Pending("no condition; no trial"), id="no status yet"),
        pytest.param(
            experiment("Created", "Running", trials=2, trialsRunning=1, trialsSucceeded=1),
            0,
            Pending("Created, Running; 2 trials, 1 trialsRunning, 1 trialsSucceeded"),
            id="running",
        ),
        pytest.param(
            experiment("Created", "Succeeded", trials=3, trialsSucceeded=3),
            0,
            Ended("u1", "ExperimentMaxTrialsReached", 3, 3),
            id="ended",
        ),
        pytest.param(
            experiment("Created", "Succeeded", trials=3, trialsSucceeded=3),
            5,
            Pending("Created, Succeeded; 3 trials, 3 trialsSucceeded"),
            id="ended, but the larger maximum has not been seen",
        ),
        pytest.param(
            experiment("Created", "Restarting", "Succeeded", trials=5, trialsSucceeded=5),
            5,
            Ended("u1", "ExperimentMaxTrialsReached", 5, 5),
            id="ended again: Restarting stays",
        ),
    ],
)
def test_experiment(given: Json | None, at_least: int, found: Ended | Pending) -> None:
    assert ended(given, at_least) == found


def test_an_experiment_that_failed() -> None:
    with pytest.raises(Broken, match="the Experiment has failed: m"):
        ended(experiment("Created", "Failed"))


def test_no_best_trial() -> None:
    with pytest.raises(Broken, match="no best trial"):
        best(experiment("Succeeded"))


# As the file-metricscollector of katib v0.19.0 writes it; other values.
LOG = """\
I1121 12:26:08.342097      14 main.go:400] Trial Name: iris-668c7b2f-jv55ktbj
I1121 12:26:08.342842      14 main.go:143] 붓꽃, 3 × 7 iterations
I1121 12:26:09.945454      14 main.go:143] accuracy=0.9
I1121 12:26:09.946147      14 main.go:143] loss=0.5
I1121 12:26:09.946390      14 main.go:143] accuracy=0.966667
I1121 12:26:09.946473      14 main.go:143] loss=0.25
I1121 12:26:09.956795      14 main.go:143] accuracy=0.933333
I1121 12:26:09.956879      14 main.go:143] loss=1e-05
W1121 12:26:11.344866      14 file-metricscollector.go:92] Metrics will not have timestamp since accuracy=0.9 ..
I1121 12:26:11.349829      14 main.go:459] Metrics reported. :
metric_logs:{time_stamp:"0001-01-01T00:00:00Z" metric:{name:"accuracy" value:"0.9"}}
"""


def test_what_a_log_holds() -> None:
    assert printed(LOG, "accuracy") == [0.9, 0.966667, 0.933333]
    assert printed(LOG, "loss") == [0.5, 0.25, 1e-05]


@pytest.mark.parametrize(
    ("seen", "wrong"),
    [
        pytest.param({"min": "0.9", "max": "0.966667", "latest": "0.933333"}, "", id="as printed"),
        pytest.param(
            {"min": "0.9", "max": "0.966667", "latest": "0.966667"},
            "accuracy: latest is 0.966667, printed was 0.933333",
            id="another latest",
        ),
        pytest.param(
            {"min": "0.9", "max": "unavailable", "latest": "0.933333"},
            "accuracy: max is unavailable, printed was 0.966667",
            id="no number",
        ),
        pytest.param(
            {},
            "accuracy: min is None, printed was 0.9; max is None, printed was 0.966667; "
            "latest is None, printed was 0.933333",
            id="nothing",
        ),
    ],
)
def test_observed_against_printed(seen: Mapping[str, str], wrong: str) -> None:
    assert agrees(LOG, "accuracy", seen) == wrong


def test_a_log_without_the_metric() -> None:
    assert agrees("accuracy: 0.9\n", "accuracy", {"max": "0.9"}) == "the log has no line `accuracy=VALUE`"
