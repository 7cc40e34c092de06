"""KG58x: what the kind of a trial's object demands: replica types, container names, labels, conditions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kgen.katib.pods import TRAINJOB, containers, is_job
from kgen.katib.trialkinds import OPERATOR_KINDS
from kgen.katib.trialkinds.kind import TrialKind
from kgen.katib.v1beta1 import JOB_CONDITIONS, OPERATOR_CONDITIONS, PLACEHOLDER_HEAD, TEMPLATE, TRIAL
from kgen.model.diagnostic import Edit, EditKind, Effect, Finding, Severity
from kgen.model.node import FieldPath
from kgen.model.values import mapping, text
from kgen.model.words import suggestion
from kgen.rules.primary import is_primary
from kgen.rules.reading import count, mend
from kgen.rules.rule import rule
from kgen.rules.subject import Subject
from kgen.rules.traits import Traits, odd_in

_OPERATOR = "https://github.com/kubeflow/training-operator pkg/webhooks"
_POD_WEBHOOK = "katib pkg/webhook/v1beta1/pod/inject_webhook.go"
_TRIAL_JOB = "katib pkg/controller.v1beta1/trial/util/job_util.go"
_LABELS = (*TEMPLATE, "primaryPodLabels")
_PUSHED = ("Push", "None")  # no pod gets a collector
_DOMAIN = "training.kubeflow.org/"
_TYPED = re.compile(r'type\s*==\s*"?(\w+)')
_QUOTED = re.compile(r'"[^"]*"')
_STATUS = re.compile(r'status\s*==\s*"?(\w+)')
_PLAIN_PATH = re.compile(r"\w+(\.\w+)*")
_SCALARS = frozenset(
    "active ready succeeded failed terminating completedIndexes startTime completionTime phase state "
    "jobStatus lastReconcileTime".split()
)
_JOB_TYPES = ("Complete", "Failed", "Suspended", "FailureTarget", "SuccessCriteriaMet")
_OPERATOR_TYPES = ("Created", "Running", "Restarting", "Succeeded", "Suspended", "Failed")
_TRAINJOB_TYPES = ("Suspended", "Complete", "Failed")
_SINGLE = {"PyTorchJob": "Master", "XGBoostJob": "Master", "MPIJob": "Launcher"}
_OLD_LABELS = {
    "job-role": "job-role",
    "mpi-job-role": "job-role",
    "replica-type": "replica-type",
    "replica-index": "replica-index",
    "tf-replica-type": "replica-type",
    "pytorch-replica-type": "replica-type",
}


def _operator(subject: Subject) -> TrialKind | None:
    return OPERATOR_KINDS.get(text(subject.trial.get("kind")))


def _is_operator(traits: Traits) -> bool:
    return traits.kind in OPERATOR_KINDS


def _replicas(subject: Subject, kind: TrialKind) -> dict[str, Any]:
    return mapping(mapping(subject.trial.get("spec")).get(kind.replicas))


def _known(kind: TrialKind, replica: str) -> str | None:
    """Give the replica type that a name stands for; the operator does not mind its case."""
    return next((known for known in kind.types if known.lower() == replica.lower()), None)


@rule("KG580", Effect.NO_POD, _OPERATOR, when=_is_operator)
def replica_types_are_known(subject: Subject) -> Iterator[Finding]:
    """The replica types of a trial are those that its kind has.

    The training operator refuses any other, and no pod is made. A TFJob without one that it knows
    never finishes.

    Bad:  `pytorchReplicaSpecs: {Master: {…}, Workers: {…}}`
    Good: `pytorchReplicaSpecs: {Master: {…}, Worker: {…}}`
    """
    kind = _operator(subject)
    if kind is None:
        return
    given = _replicas(subject, kind)
    odd = [name for name in given if name not in kind.types]
    if kind.kind in ("TFJob", "MPIJob"):
        odd = [name for name in odd if _known(kind, name) is None]
        if kind.kind == "TFJob" and len(odd) < len(given):
            return
    for name in odd:
        path = (*TRIAL, "spec", kind.replicas, name)
        near = _known(kind, name) or _known(kind, name.removesuffix("s"))
        fix = (Edit(EditKind.RENAME, path, near),) if near is not None and near not in given else ()
        message = f"{kind.kind} has no replica type `{name}`"
        yield Finding(path, message, suggestion(name, kind.types), fix=fix)


@rule("KG581", Effect.NO_POD, _OPERATOR, when=_is_operator)
def replica_counts_are_possible(subject: Subject) -> Iterator[Finding]:
    """The replica type that leads a job is there, once.

    A PyTorchJob's Master has `replicas: 1`, written out; an XGBoostJob needs such a Master, an MPIJob one
    Launcher; a TFJob has a Chief or a Master, not both. The training operator refuses any other. The type
    whose pod is measured has at least one.

    Bad:  `xgbReplicaSpecs: {Worker: {replicas: 2, …}}`
    Good: `xgbReplicaSpecs: {Master: {replicas: 1, …}, Worker: {replicas: 2, …}}`
    """
    kind = _operator(subject)
    specs = _replicas(subject, kind) if kind is not None else None
    if kind is None or not specs:
        return
    path = (*TRIAL, "spec", kind.replicas)
    single = _SINGLE.get(kind.kind)
    if single is not None and _known_in(specs, single) is None and kind.kind != "PyTorchJob":
        message, help_ = f"{kind.kind} has no `{single}`", f"add a replica type `{single}` with `replicas: 1`"
        yield Finding(path, message, help_)
    if "Chief" in specs and "Master" in specs and kind.kind == "TFJob":
        yield Finding((*path, "Master"), "TFJob has a Chief and a Master: it can have one of the two", "remove one")
    for name, replica in specs.items():
        number = mapping(replica).get("replicas")
        wrong = _wrong_number(kind.kind, name == single, number) or _nobody(subject, (*path[2:], name), number)
        if wrong:
            place = (*path, name, "replicas")
            fix = (Edit(EditKind.SET, place, 1),) if name == single else ()
            shown = "is missing" if number is None else f"is {number}"
            help_ = "write `replicas: 1`" if name == single else "write 1 or more, or leave the type out"
            yield Finding(place, f"`replicas` of {name} {shown}: a {kind.kind} {wrong}", help_, fix=fix)


def _nobody(subject: Subject, path: FieldPath, number: object) -> str:
    """Say so where the replica type that is measured has no pod; `path` is in trialTemplate."""
    measured = count(number) == 0 and is_primary(subject, path[1:])
    return "is measured in a pod of this type" if measured else ""


def _known_in(specs: Mapping[str, object], wanted: str) -> str | None:
    return next((name for name in specs if name.lower() == wanted.lower()), None)


def _wrong_number(kind: str, single: bool, number: object) -> str:
    """Say what the operator minds in a number of replicas; nothing where it minds nothing."""
    given = count(number)
    if single and ((given is not None and given != 1) or (number is None and kind != "MPIJob")):
        return "has exactly one, written out" if kind != "MPIJob" else "has exactly one"
    if not single and kind == "PyTorchJob" and given is not None and given < 1:
        return "has none of them only where the type is left out"
    return ""


@rule("KG582", Effect.NO_POD, _OPERATOR, when=_is_operator)
def operator_finds_its_container(subject: Subject) -> Iterator[Finding]:
    """Every pod template of the training operator has the container that its kind looks for.

    That is `pytorch` in a PyTorchJob, `tensorflow` in a TFJob, `xgboost`, `paddle` and `jax`; the operator
    refuses a job without it. An MPIJob takes any name.

    Bad:  a PyTorchJob whose container is named `training-container`
    Good: a PyTorchJob whose container is named `pytorch`, and `primaryContainerName: pytorch`
    """
    kind = _operator(subject)
    if kind is None or kind.kind == "MPIJob":
        return
    for path, pod in subject.pods:
        names = [container.get("name") for _, container in containers(pod)]
        if not names or kind.container in names or any(PLACEHOLDER_HEAD in text(name) for name in names):
            continue
        place = (*TRIAL, *path, "containers")
        yield Finding(
            path=(*place, 0, "name") if len(names) == 1 else place,
            message=f"pods of `{path[-3:][0]}` have no container `{kind.container}`, which a {kind.kind} must have",
            help=mend(
                subject,
                f"leave `trial.container` out, or name the training container `{kind.container}`",
                f"name the training container `{kind.container}`, and set `primaryContainerName: {kind.container}`",
            ),
            fix=_renamed(subject, (*place, 0, "name"), names[0], kind.container) if len(names) == 1 else (),
        )


def _renamed(subject: Subject, path: FieldPath, old: object, new: str) -> tuple[Edit, ...]:
    primary = (*TEMPLATE, "primaryContainerName")
    also = (Edit(EditKind.SET, primary, new),) if subject.template.get("primaryContainerName") == old else ()
    return (Edit(EditKind.SET, path, new), *also)


@rule("KG583", Effect.NO_METRICS, _POD_WEBHOOK, when=lambda traits: _is_operator(traits) or "template" in traits.odd)
def primary_labels_match_a_pod(subject: Subject) -> Iterator[Finding]:
    """primaryPodLabels are labels that a pod of the trial has.

    Only such a pod gets the metrics collector. Where none has them, no metric is ever read, and the trial
    never ends. A pod has the labels of its template, those of the Experiment, and those of its controller.

    Bad:  `primaryPodLabels: {role: main}` over a Job whose pod template has no label
    Good: the same, and `metadata: {labels: {role: main}}` in the pod template
    """
    wanted = mapping(subject.template.get("primaryPodLabels"))
    if not wanted or not subject.pods or not _is_plain(subject) or subject.collector in _PUSHED:
        return
    kind = _operator(subject)
    for key, value in wanted.items():
        if not isinstance(value, str) or key in mapping(subject.metadata.get("labels")):
            continue
        if _set_by_others(subject, kind, key, value) or any(
            _has(subject, path, key, value) for path, _ in subject.pods
        ):
            continue
        yield Finding(
            path=(*_LABELS, key),
            message=f"no pod of the trial has the label `{key}: {value}`, so none gets the metrics collector",
            help=_label_help(subject, kind, key, value),
        )


def _is_plain(subject: Subject) -> bool:
    return is_job(subject.trial) or _operator(subject) is not None


def _has(subject: Subject, path: FieldPath, key: str, value: str) -> bool:
    template: Any = subject.trial
    for step in path[:-1]:
        template = template[step]
    found = mapping(mapping(template.get("metadata")).get("labels")).get(key)
    return found == value or (isinstance(found, str) and "${" in found)


def _set_by_others(subject: Subject, kind: TrialKind | None, key: str, value: str) -> bool:
    """Whether a controller could give its pods a label; what nothing is known of counts as given."""
    if key.startswith(("katib.kubeflow.org/", "kueue.x-k8s.io/")):
        return True
    if kind is None:
        known = ("batch.kubernetes.io/", "job-name", "controller-uid")
        return key.startswith(known)
    if key in _OLD_LABELS:
        return True  # KG584
    if not key.startswith(_DOMAIN):
        return False
    specs = [name.lower() for name in _replicas(subject, kind)]
    if key == f"{_DOMAIN}job-role":
        return value == "master" and (kind.kind != "PaddleJob" or "master" in specs)
    if key == f"{_DOMAIN}replica-type":
        return value in specs
    return key != f"{_DOMAIN}replica-index" or value.isdigit()


def _label_help(subject: Subject, kind: TrialKind | None, key: str, value: str) -> str:
    if kind is None:
        return mend(
            subject,
            "add it to `trial.pod.metadata.labels`, or leave `trial.primaryPodLabels` out",
            f"add `{key}: {value}` to `spec.template.metadata.labels` of the Job, or remove primaryPodLabels",
        )
    if kind.kind == "PaddleJob":
        return f'write `{_DOMAIN}replica-type: worker` and `{_DOMAIN}replica-index: "0"`'
    return f"write `{_DOMAIN}job-role: master`"


@rule("KG584", Effect.NO_METRICS, _OPERATOR, Severity.WARNING, when=_is_operator)
def primary_labels_are_of_today(subject: Subject) -> Iterator[Finding]:
    """primaryPodLabels are those that the training operator gives today, with their prefix.

    `job-role: master` was Katib's default until 0.12, and old operators set labels such as `mpi-job-role`.
    From 1.8 on the training operator sets none of them, and no pod gets the metrics collector.

    Bad:  `primaryPodLabels: {job-role: master}`
    Good: `primaryPodLabels: {training.kubeflow.org/job-role: master}`
    """
    wanted = mapping(subject.template.get("primaryPodLabels"))
    if not wanted or _operator(subject) is None or subject.collector in _PUSHED:
        return
    for key, today in _OLD_LABELS.items():
        value = wanted.get(key)
        if isinstance(value, str) and not any(_has(subject, path, key, value) for path, _ in subject.pods):
            new, good = f"{_DOMAIN}{today}", "master" if today == "job-role" else value
            yield Finding(
                path=(*_LABELS, key),
                message=f"label `{key}: {value}` is of old operators: the training operator of today does not set it",
                help=f'write `{new}: "{good}"`',
                fix=(Edit(EditKind.REMOVE, (*_LABELS, key)), Edit(EditKind.SET, (*_LABELS, new), good)),
            )


def _types_of(subject: Subject) -> tuple[str, ...]:
    """Give the types of the conditions that a kind has; none where they are not known."""
    if is_job(subject.trial):
        return _JOB_TYPES
    if subject.trial.get("kind") == TRAINJOB:
        return _TRAINJOB_TYPES
    return _OPERATOR_TYPES if _operator(subject) is not None else ()


@rule("KG585", Effect.STUCK, _TRIAL_JOB, when=odd_in("template"))
def conditions_can_hold(subject: Subject) -> Iterator[Finding]:
    """successCondition and failureCondition are ones that the trial's object can fulfil.

    They are GJSON paths over its status. A Job and a TrainJob become `Complete`, the training operator's
    jobs `Succeeded`. A condition that finds a number or a text, or asks for a type that the kind does not
    have, never holds: the trial never ends.

    Bad:  `successCondition: status.conditions.#(type=="Complete")#|#(status=="True")#` on a PyTorchJob
    Good: `successCondition: status.conditions.#(type=="Succeeded")#|#(status=="True")#` on a PyTorchJob
    """
    template = subject.template
    success, failure = template.get("successCondition"), template.get("failureCondition")
    usual = JOB_CONDITIONS if _types_of(subject) in (_JOB_TYPES, _TRAINJOB_TYPES) else OPERATOR_CONDITIONS
    for key, given, good in (
        ("successCondition", success, usual.success),
        ("failureCondition", failure, usual.failure),
    ):
        if isinstance(given, str) and given and given != good:
            wrong = _why_never(given, _types_of(subject))
            if wrong:
                known = bool(_types_of(subject))
                fix = (Edit(EditKind.SET, (*TEMPLATE, key), good),) if known else ()
                help_ = f"write `{good}`" if known else f"write a path that finds an object or a list, such as `{good}`"
                yield Finding((*TEMPLATE, key), f"{key} `{given}` never holds: {wrong}", help_, fix=fix)


def _why_never(given: str, types: tuple[str, ...]) -> str:
    bare = _QUOTED.sub("", given)
    if bare.count("(") != bare.count(")") or bare.count("[") != bare.count("]"):
        return "its brackets do not match"
    if PLACEHOLDER_HEAD in given:
        return "Katib replaces placeholders in trialSpec alone"
    if not types:
        return ""
    for value in _STATUS.findall(given):
        if value not in ("True", "False", "Unknown"):
            return f"the status of a condition is True, False or Unknown, not {value}"
    for value in _TYPED.findall(given):
        if value not in types:
            return f"the object has conditions {', '.join(types)}, not {value}"
    if _PLAIN_PATH.fullmatch(given) and given.rpartition(".")[2] in _SCALARS:
        return "it finds a number or a text, and must find an object or a list"
    return ""


RULES = (
    replica_types_are_known,
    replica_counts_are_possible,
    operator_finds_its_container,
    primary_labels_match_a_pod,
    primary_labels_are_of_today,
    conditions_can_hold,
)
