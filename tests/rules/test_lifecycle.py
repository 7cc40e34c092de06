"""KG57x, a row a case: what is said of how a trial's pods live, or that nothing is."""

from __future__ import annotations

from typing import Any

import pytest
from subjects import run, subject

from kgen.model.diagnostic import Edit, EditKind
from kgen.rules import lifecycle as life
from kgen.rules.rule import Rule
from kgen.rules.subject import Subject

_TS = "spec.trialTemplate.trialSpec"
_POD = f"{_TS}.spec.template.spec"
_C = f"{_POD}.containers[0]"
_COLLECTOR = "spec.metricsCollectorSpec.collector.kind"


def _pytorch(master: str, worker: str = "Never", **spec: Any) -> Subject:
    def replica(policy: str) -> dict[str, Any]:
        pod = {"containers": [{"name": "tc", "image": "x"}], "restartPolicy": "OnFailure"}
        return {"replicas": 1, "restartPolicy": policy, "template": {"spec": pod}}

    specs = {"Master": replica(master), "Worker": replica(worker)}
    out = {"apiVersion": "kubeflow.org/v1", "kind": "PyTorchJob", "spec": {"pytorchReplicaSpecs": specs, **spec}}
    return subject({"trial": out})


_GPU = {"limits": {"nvidia.com/gpu": 1}}
ROWS: list[tuple[Rule, Subject, str | None, str]] = [
    (
        life.training_is_not_restarted,
        subject({"pod.restartPolicy": "OnFailure"}),
        f"{_POD}.restartPolicy: restartPolicy OnFailure restarts training and collector one by one, and the trial can "
        "hang",
        "OnFailure",
    ),
    (
        life.training_is_not_restarted,
        _pytorch("OnFailure"),
        f"{_TS}.spec.pytorchReplicaSpecs.Master.restartPolicy: restartPolicy OnFailure restarts training and collector "
        "one by one, and the trial can hang",
        "the replica type's own",
    ),
    (life.training_is_not_restarted, _pytorch("Never", "OnFailure"), None, "a Worker is not measured"),
    (life.training_is_not_restarted, subject(), None, "Never"),
    (
        life.training_is_not_restarted,
        subject({"pod.restartPolicy": "OnFailure", _COLLECTOR: "Push"}),
        None,
        "no collector beside it",
    ),
    (
        life.failures_are_not_repeated,
        subject({"trial.spec.backoffLimit": 10}),
        f"{_TS}.spec.backoffLimit: backoffLimit is 10: a trial that fails runs 11 times before Katib sees it",
        "many",
    ),
    (
        life.failures_are_not_repeated,
        subject({"tc.resources": _GPU}),
        f"{_TS}.spec.backoffLimit: backoffLimit is not given, which means 6: a trial that fails runs 7 times before "
        "Katib sees it",
        "none, and a GPU",
    ),
    (life.failures_are_not_repeated, subject(), None, "none, and no GPU"),
    (life.failures_are_not_repeated, subject({"trial.spec.backoffLimit": 0, "tc.resources": _GPU}), None, "0"),
    (life.failures_are_not_repeated, _pytorch("Never"), None, "another kind"),
    (
        life.result_can_be_read,
        subject({"trial.spec.ttlSecondsAfterFinished": 0}),
        f"{_TS}.spec.ttlSecondsAfterFinished: ttlSecondsAfterFinished 0 can remove the trial before Katib has read its "
        "result",
        "at once",
    ),
    (
        life.result_can_be_read,
        _pytorch("Never", runPolicy={"ttlSecondsAfterFinished": 5}),
        f"{_TS}.spec.runPolicy.ttlSecondsAfterFinished: ttlSecondsAfterFinished 5 can remove the trial before Katib "
        "has read its result",
        "the training operator's",
    ),
    (life.result_can_be_read, subject({"trial.spec.ttlSecondsAfterFinished": 600}), None, "ten minutes"),
    (
        life.job_has_one_pod,
        subject({"trial.spec.parallelism": 4, "trial.spec.completions": 1}),
        f"{_TS}.spec.parallelism: parallelism is 4: every pod of the Job writes metrics of the same trial",
        "several pods",
    ),
    (life.job_has_one_pod, subject({"trial.spec.parallelism": 1, "trial.spec.completions": 1}), None, "one pod"),
    (
        life.job_has_one_pod,
        subject({"trial.spec.parallelism": 2, "template.primaryPodLabels": {"a": "0"}}),
        None,
        "one of them is measured",
    ),
    (
        life.processes_can_be_shared,
        subject({"pod.hostPID": True}),
        f"{_POD}.hostPID: hostPID and shareProcessNamespace exclude each other, and Katib sets the second for its "
        "collector",
        "a collector beside it",
    ),
    (
        life.processes_can_be_shared,
        subject({"pod.hostPID": True, "pod.shareProcessNamespace": True, _COLLECTOR: "Push"}),
        f"{_POD}.hostPID: hostPID and shareProcessNamespace exclude each other",
        "both written",
    ),
    (life.processes_can_be_shared, subject({"pod.hostPID": True, _COLLECTOR: "Push"}), None, "no collector"),
    (
        life.processes_are_shared,
        subject({"pod.shareProcessNamespace": False}),
        f"{_POD}.shareProcessNamespace: shareProcessNamespace false has no effect: Katib sets it to true for its "
        "collector",
        "false",
    ),
    (life.processes_are_shared, subject({"pod.shareProcessNamespace": True}), None, "true"),
    (
        life.trial_has_no_name_prefix,
        subject({"trial.metadata": {"generateName": "t-"}}),
        f"{_TS}.metadata.generateName: generateName has no effect: Katib gives each trial its own name",
        "a prefix",
    ),
    (life.trial_has_no_name_prefix, subject({"trial.metadata": {"labels": {"a": "b"}}}), None, "labels"),
    (
        life.images_can_be_pulled,
        subject({"tc.imagePullPolicy": "Never"}),
        f"{_C}.imagePullPolicy: container `tc` starts only on nodes that hold its image already",
        "Never",
    ),
    (life.images_can_be_pulled, subject({"tc.imagePullPolicy": "Always"}), None, "Always"),
    (
        life.trial_has_time,
        subject({"trial.spec.activeDeadlineSeconds": 0}),
        f"{_TS}.spec.activeDeadlineSeconds: activeDeadlineSeconds 0 leaves the trial no time",
        "none for the Job",
    ),
    (
        life.trial_has_time,
        subject({"pod.activeDeadlineSeconds": -1}),
        f"{_POD}.activeDeadlineSeconds: activeDeadlineSeconds -1 leaves the trial no time",
        "none for the pod",
    ),
    (life.trial_has_time, subject({"trial.spec.activeDeadlineSeconds": 3600}), None, "an hour"),
    (
        life.trial_is_not_suspended,
        subject({"trial.spec.suspend": True}),
        f"{_TS}.spec.suspend: the trial is suspended, and has no queue label by which Kueue would resume it",
        "a Job",
    ),
    (
        life.trial_is_not_suspended,
        _pytorch("Never", runPolicy={"suspend": True}),
        f"{_TS}.spec.runPolicy.suspend: the trial is suspended, and has no queue label by which Kueue would resume it",
        "a PyTorchJob",
    ),
    (
        life.trial_is_not_suspended,
        subject({"trial.spec.suspend": True, "trial.metadata": {"labels": {"kueue.x-k8s.io/queue-name": "a"}}}),
        None,
        "Kueue resumes it",
    ),
    (life.trial_is_not_suspended, subject({"trial.spec.suspend": False}), None, "false"),
]


@pytest.mark.parametrize(
    ("rule", "on", "message"), [pytest.param(*row[:3], id=f"{row[0].code} {row[3]}") for row in ROWS]
)
def test_lifecycle(rule: Rule, on: Subject, message: str | None) -> None:
    assert run(rule, on) == ([] if message is None else [message])


def test_every_rule_is_seen_to_speak_and_to_keep_silent() -> None:
    for rule in life.RULES:
        messages = [row[2] for row in ROWS if row[0] is rule]
        assert None in messages, rule.code
        assert any(messages), rule.code


def test_what_has_no_effect_is_removed_and_a_restart_is_turned_off() -> None:
    (finding,) = life.training_is_not_restarted.check(_pytorch("OnFailure"))
    assert finding.fix == (Edit(EditKind.SET, finding.path, "Never"),)
    (finding,) = life.processes_are_shared.check(subject({"pod.shareProcessNamespace": False}))
    assert finding.fix == (Edit(EditKind.REMOVE, finding.path),)
