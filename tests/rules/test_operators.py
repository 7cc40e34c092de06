"""KG58x, a row a case: what is said of the kind of a trial, or that nothing is."""

from __future__ import annotations

from typing import Any

import pytest
from subjects import run, subject

from kgen.katib.v1beta1 import JOB_CONDITIONS, OPERATOR_CONDITIONS
from kgen.model.diagnostic import Edit, EditKind
from kgen.rules import operators as o
from kgen.rules import served
from kgen.rules.rule import Rule
from kgen.rules.subject import Subject

_TT = "spec.trialTemplate"
_TS = f"{_TT}.trialSpec"
_FIELD = {
    "PyTorchJob": "pytorchReplicaSpecs",
    "TFJob": "tfReplicaSpecs",
    "XGBoostJob": "xgbReplicaSpecs",
    "MPIJob": "mpiReplicaSpecs",
    "PaddleJob": "paddleReplicaSpecs",
    "JAXJob": "jaxReplicaSpecs",
}
_NAME = {"PyTorchJob": "pytorch", "TFJob": "tensorflow", "XGBoostJob": "xgboost", "PaddleJob": "paddle"}


def _job(kind: str, counts: dict[str, Any], *, name: str = "", katib: str = "0.19", **changes: Any) -> Subject:
    """An operator's job with replica types and their numbers; None for a number that is not written."""
    specs = {}
    for replica, number in counts.items():
        container = {"name": name or _NAME.get(kind, "x"), "image": "x"}
        specs[replica] = {"template": {"spec": {"containers": [container]}}}
        if number is not None:
            specs[replica]["replicas"] = number
    trial = {"apiVersion": "kubeflow.org/v1", "kind": kind, "spec": {_FIELD[kind]: specs}}
    usual = {
        "template.successCondition": OPERATOR_CONDITIONS.success,
        "template.failureCondition": OPERATOR_CONDITIONS.failure,
    }
    return subject({"trial": trial, **usual, **changes}, katib=katib)


def _labelled(kind: str, counts: dict[str, Any], **labels: str) -> Subject:
    keys = {key.replace("__", "/").replace("_", "-"): value for key, value in labels.items()}
    prefixed = {key.replace("training/", "training.kubeflow.org/"): value for key, value in keys.items()}
    return _job(kind, counts, **{"template.primaryPodLabels": prefixed})


def _condition(text: str, *, kind: str = "Job") -> Subject:
    changes = {"template.successCondition": text, "template.failureCondition": JOB_CONDITIONS.failure}
    return subject(changes) if kind == "Job" else _job(kind, {"Master": 1}, **{"template.successCondition": text})


def _kind(version: str, kind: str, katib: str = "0.19") -> Subject:
    return subject({"trial": {"apiVersion": version, "kind": kind, "spec": {}}}, katib=katib)


ROWS: list[tuple[Rule, Subject, str | None, str]] = [
    (
        o.replica_types_are_known,
        _job("PyTorchJob", {"Master": 1, "Workers": 2}),
        f"{_TS}.spec.pytorchReplicaSpecs.Workers: PyTorchJob has no replica type `Workers`",
        "a letter too many",
    ),
    (
        o.replica_types_are_known,
        _job("XGBoostJob", {"master": 1}),
        f"{_TS}.spec.xgbReplicaSpecs.master: XGBoostJob has no replica type `master`",
        "small letters, which the webhook minds",
    ),
    (
        o.replica_types_are_known,
        _job("TFJob", {"Workers": 1}),
        f"{_TS}.spec.tfReplicaSpecs.Workers: TFJob has no replica type `Workers`",
        "a TFJob with none that it knows",
    ),
    (o.replica_types_are_known, _job("TFJob", {"worker": 1, "Extra": 1}), None, "a TFJob with one that it knows"),
    (o.replica_types_are_known, _job("MPIJob", {"launcher": 1}), None, "small letters in an MPIJob"),
    (o.replica_types_are_known, _job("PyTorchJob", {"Master": 1, "Worker": 1}), None, "both"),
    (
        o.replica_counts_are_possible,
        _job("PyTorchJob", {"Master": 2}),
        f"{_TS}.spec.pytorchReplicaSpecs.Master.replicas: `replicas` of Master is 2: a PyTorchJob has exactly one, "
        "written out",
        "two Masters",
    ),
    (
        o.replica_counts_are_possible,
        _job("PyTorchJob", {"Master": None}),
        f"{_TS}.spec.pytorchReplicaSpecs.Master.replicas: `replicas` of Master is missing: a PyTorchJob has exactly "
        "one, written out",
        "a number left out",
    ),
    (
        o.replica_counts_are_possible,
        _job("PyTorchJob", {"Master": 1, "Worker": 0}),
        f"{_TS}.spec.pytorchReplicaSpecs.Worker.replicas: `replicas` of Worker is 0: a PyTorchJob has none of them "
        "only where the type is left out",
        "no Worker",
    ),
    (
        o.replica_counts_are_possible,
        _job("XGBoostJob", {"Worker": 2}),
        f"{_TS}.spec.xgbReplicaSpecs: XGBoostJob has no `Master`",
        "an XGBoostJob without a Master",
    ),
    (
        o.replica_counts_are_possible,
        _job("MPIJob", {"Worker": 2}),
        f"{_TS}.spec.mpiReplicaSpecs: MPIJob has no `Launcher`",
        "an MPIJob without a Launcher",
    ),
    (
        o.replica_counts_are_possible,
        _job("TFJob", {"Chief": 1, "Master": 1}),
        f"{_TS}.spec.tfReplicaSpecs.Master: TFJob has a Chief and a Master: it can have one of the two",
        "two leaders",
    ),
    (
        o.replica_counts_are_possible,
        _job("JAXJob", {"Worker": 0}),
        f"{_TS}.spec.jaxReplicaSpecs.Worker.replicas: `replicas` of Worker is 0: a JAXJob is measured in a pod of this "
        "type",
        "no pod to measure",
    ),
    (o.replica_counts_are_possible, _job("TFJob", {"Chief": 1, "Worker": 0}), None, "no Worker beside a Chief"),
    (o.replica_counts_are_possible, _job("MPIJob", {"Launcher": None, "Worker": 2}), None, "a Launcher is one"),
    (o.replica_counts_are_possible, _job("PyTorchJob", {"Worker": 3}), None, "Workers alone"),
    (o.replica_counts_are_possible, _job("PyTorchJob", {"Master": "${trialParameters.n}"}), None, "a placeholder"),
    (
        o.operator_finds_its_container,
        _job("PyTorchJob", {"Master": 1}, name="tc"),
        f"{_TS}.spec.pytorchReplicaSpecs.Master.template.spec.containers[0].name: pods of `Master` have no container "
        "`pytorch`, which a PyTorchJob must have",
        "another name",
    ),
    (o.operator_finds_its_container, _job("PyTorchJob", {"Master": 1}), None, "its name"),
    (o.operator_finds_its_container, _job("MPIJob", {"Launcher": 1}, name="tc"), None, "an MPIJob takes any"),
    (
        o.primary_labels_match_a_pod,
        subject({"template.primaryPodLabels": {"role": "main"}}),
        f"{_TT}.primaryPodLabels.role: no pod of the trial has the label `role: main`, so none gets the metrics "
        "collector",
        "a label of no pod",
    ),
    (
        o.primary_labels_match_a_pod,
        _labelled("PaddleJob", {"Worker": 2}, training__job_role="master"),
        f'{_TT}.primaryPodLabels["training.kubeflow.org/job-role"]: no pod of the trial has the label '
        "`training.kubeflow.org/job-role: master`, so none gets the metrics collector",
        "a PaddleJob without a Master has no master",
    ),
    (
        o.primary_labels_match_a_pod,
        _labelled("PyTorchJob", {"Master": 1}, training__replica_type="worker"),
        f'{_TT}.primaryPodLabels["training.kubeflow.org/replica-type"]: no pod of the trial has the label '
        "`training.kubeflow.org/replica-type: worker`, so none gets the metrics collector",
        "a replica type that is not there",
    ),
    (
        o.primary_labels_match_a_pod,
        subject(
            {"template.primaryPodLabels": {"role": "m"}, "trial.spec.template.metadata": {"labels": {"role": "m"}}}
        ),
        None,
        "of the pod template",
    ),
    (
        o.primary_labels_match_a_pod,
        subject(
            {"template.primaryPodLabels": {"role": "main"}, "spec.metricsCollectorSpec.collector.kind": "Push"},
        ),
        None,
        "no pod gets a collector",
    ),
    (
        o.primary_labels_match_a_pod,
        subject({"template.primaryPodLabels": {"team": "a"}, "metadata.labels": {"team": "a"}}),
        None,
        "of the Experiment",
    ),
    (
        o.primary_labels_match_a_pod,
        subject({"template.primaryPodLabels": {"batch.kubernetes.io/job-completion-index": "0"}}),
        None,
        "of the Job's controller",
    ),
    (
        o.primary_labels_match_a_pod,
        _labelled("PyTorchJob", {"Master": 1}, training__job_role="master", training__replica_index="0"),
        None,
        "of the training operator",
    ),
    (
        o.primary_labels_are_of_today,
        _labelled("PyTorchJob", {"Master": 1}, job_role="master"),
        f"{_TT}.primaryPodLabels.job-role: label `job-role: master` is of old operators: the training operator of "
        "today does not set it",
        "without the prefix",
    ),
    (
        o.primary_labels_are_of_today,
        _labelled("PyTorchJob", {"Master": 1}, training__job_role="master"),
        None,
        "with the prefix",
    ),
    (
        o.primary_labels_are_of_today,
        subject({"template.primaryPodLabels": {"job-role": "master"}}),
        None,
        "a Job, of which KG583 speaks",
    ),
    (
        o.conditions_can_hold,
        _condition(JOB_CONDITIONS.success, kind="PyTorchJob"),
        f"{_TT}.successCondition: successCondition `{JOB_CONDITIONS.success}` never holds: the object has conditions "
        "Created, Running, Restarting, Succeeded, Suspended, Failed, not Complete",
        "a Job's condition on a PyTorchJob",
    ),
    (
        o.conditions_can_hold,
        _condition(OPERATOR_CONDITIONS.success),
        f"{_TT}.successCondition: successCondition `{OPERATOR_CONDITIONS.success}` never holds: the object has "
        "conditions Complete, Failed, Suspended, FailureTarget, SuccessCriteriaMet, not Succeeded",
        "a PyTorchJob's condition on a Job",
    ),
    (
        o.conditions_can_hold,
        _condition("status.succeeded"),
        f"{_TT}.successCondition: successCondition `status.succeeded` never holds: it finds a number or a text, and "
        "must find an object or a list",
        "a number",
    ),
    (
        o.conditions_can_hold,
        _condition('status.conditions.#(type=="Complete"#|#(status=="True")#'),
        f'{_TT}.successCondition: successCondition `status.conditions.#(type=="Complete"#|#(status=="True")#` never '
        "holds: its brackets do not match",
        "an open bracket",
    ),
    (
        o.conditions_can_hold,
        _condition('status.conditions.#(type=="Complete")#|#(status=="true")#'),
        f'{_TT}.successCondition: successCondition `status.conditions.#(type=="Complete")#|#(status=="true")#` never '
        "holds: the status of a condition is True, False or Unknown, not true",
        "a status in small letters",
    ),
    (o.conditions_can_hold, _condition('status.conditions.#(type=="SuccessCriteriaMet")#'), None, "another of a Job"),
    (o.conditions_can_hold, _condition("status.conditions"), None, "a list"),
    (
        o.conditions_can_hold,
        subject({"trial.kind": "Workflow", "template.successCondition": 'status.[@this].#(phase=="Succeeded")#'}),
        None,
        "a kind that nothing is known of",
    ),
    (
        served.katib_watches_the_kind,
        _kind("ray.io/v1", "RayJob"),
        f"{_TS}.kind: Katib does not watch RayJob of ray.io/v1 by default, and unwatched no trial is seen to finish",
        "another kind",
    ),
    (
        served.katib_watches_the_kind,
        _kind("trainer.kubeflow.org/v1alpha1", "TrainJob", "0.18"),
        f"{_TS}.kind: Katib does not watch TrainJob of trainer.kubeflow.org/v1alpha1 before 0.19, and unwatched no "
        "trial is seen to finish",
        "a TrainJob before 0.19",
    ),
    (served.katib_watches_the_kind, _kind("trainer.kubeflow.org/v1alpha1", "TrainJob"), None, "a TrainJob in 0.19"),
    (served.katib_watches_the_kind, _kind("kubeflow.org/v1", "MPIJob"), None, "an operator's kind"),
    (
        served.api_version_is_served,
        _kind("kubeflow.org/v1beta2", "TFJob"),
        f"{_TS}.apiVersion: no cluster serves kind TFJob as kubeflow.org/v1beta2 any more",
        "an old operator's",
    ),
    (
        served.api_version_is_served,
        _kind("batch/v1beta1", "Job"),
        f"{_TS}.apiVersion: no cluster serves kind Job as batch/v1beta1 any more",
        "an old Job",
    ),
    (served.api_version_is_served, _kind("kubeflow.org/v2beta1", "MPIJob"), None, "of the MPI operator"),
    (served.api_version_is_served, _kind("batch.volcano.sh/v1alpha1", "Job"), None, "another Job"),
]


@pytest.mark.parametrize(
    ("rule", "on", "message"), [pytest.param(*row[:3], id=f"{row[0].code} {row[3]}") for row in ROWS]
)
def test_operators(rule: Rule, on: Subject, message: str | None) -> None:
    assert run(rule, on) == ([] if message is None else [message])


def test_every_rule_is_seen_to_speak_and_to_keep_silent() -> None:
    for rule in (*o.RULES, *served.RULES):
        messages = [row[2] for row in ROWS if row[0] is rule]
        assert None in messages, rule.code
        assert any(messages), rule.code


def _fix(rule: Rule, on: Subject) -> tuple[Edit, ...]:
    (finding,) = rule.check(on)
    return finding.fix


def test_what_has_one_right_answer_is_mended() -> None:
    trial = ("spec", "trialTemplate", "trialSpec")
    specs = (*trial, "spec", "pytorchReplicaSpecs")
    rename = Edit(EditKind.RENAME, (*specs, "Workers"), "Worker")
    assert _fix(o.replica_types_are_known, _job("PyTorchJob", {"Master": 1, "Workers": 2})) == (rename,)
    one = Edit(EditKind.SET, (*specs, "Master", "replicas"), 1)
    assert _fix(o.replica_counts_are_possible, _job("PyTorchJob", {"Master": None})) == (one,)
    version = Edit(EditKind.SET, (*trial, "apiVersion"), "kubeflow.org/v1")
    assert _fix(served.api_version_is_served, _kind("kubeflow.org/v1beta2", "TFJob")) == (version,)


def test_a_container_takes_the_name_of_its_kind_and_stays_the_primary_one() -> None:
    first, second = _fix(o.operator_finds_its_container, _job("PyTorchJob", {"Master": 1}, name="tc"))
    assert (first.path[-1], first.value) == ("name", "pytorch")
    assert second == Edit(EditKind.SET, ("spec", "trialTemplate", "primaryContainerName"), "pytorch")
