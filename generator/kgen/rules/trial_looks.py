"""What is out of the ordinary in a trial's object, part by part; `looks` tells what that is for."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from kgen.katib.names import DNS_LABEL
from kgen.katib.pods import is_job
from kgen.katib.v1beta1 import JOB_CONDITIONS, OPERATOR_CONDITIONS
from kgen.model.image import is_moving
from kgen.rules.credentials import may_name_secret
from kgen.rules.looks import Look, is_label
from kgen.rules.subject import Subject

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_POD_OF_JOB = ("spec", "template", "spec")
_OPERATED = ("PyTorchJob", "TFJob", "MPIJob", "XGBoostJob")


def _has_odd_template(subject: Subject) -> bool:
    """Whether the trial's object is of no kind that Katib watches by itself, or with conditions of the author's."""
    template, trial = subject.template, subject.trial
    kind, version = trial.get("kind"), trial.get("apiVersion")
    if is_job(trial):
        usual = JOB_CONDITIONS
    elif kind in _OPERATED and version == "kubeflow.org/v1":
        usual = OPERATOR_CONDITIONS
    else:
        return True
    return (
        not isinstance(template.get("primaryContainerName"), str)
        or not template["primaryContainerName"]
        or template.get("configMap") is not None
        or (usual is JOB_CONDITIONS and bool(template.get("primaryPodLabels")))
        or template.get("successCondition") != usual.success
        or template.get("failureCondition") != usual.failure
    )


def _has_metadata(subject: Subject) -> bool:
    return "metadata" in subject.trial


def _has_odd_pods(subject: Subject) -> bool:
    """Whether a pod template is not in its usual place with one container, legal labels and no restarts.

    Where there are several, they have the same labels.
    """
    trial, job, first = subject.trial, is_job(subject.trial), None
    if not subject.pods or len(subject.pods) != (1 if job else _count_replicas(trial)):
        return True
    for path, pod in subject.pods:
        if path != _POD_OF_JOB if job else len(path) != 5 or path[0] != "spec" or path[-2:] != _POD_OF_JOB[1:]:
            return True
        holder: dict[str, Any] = trial["spec"] if job else trial["spec"][path[1]][path[2]]
        metadata = holder["template"].get("metadata", {})
        if (
            len(pod["containers"]) != 1
            or (pod.get("restartPolicy") if job else holder.get("restartPolicy", "Never")) != "Never"
        ):
            return True
        if not isinstance(metadata, dict) or not metadata.keys() <= {"labels"}:
            return True
        labels = metadata.get("labels", {})
        if not isinstance(labels, dict) or labels != (labels if first is None else first):
            return True
        first = labels
        for key, value in labels.items():
            if not is_label(key, value):
                return True
    return False


def _count_replicas(trial: dict[str, Any]) -> int:
    """Count the replica types of the training operator's kinds; each has a pod template."""
    spec = trial.get("spec")
    if trial.get("kind") not in _OPERATED or trial.get("apiVersion") != "kubeflow.org/v1" or not isinstance(spec, dict):
        return -1
    return sum([len(each) for key, each in spec.items() if key.endswith("ReplicaSpecs") and isinstance(each, dict)])


def _has_odd_containers(subject: Subject) -> bool:
    """Whether a container is not the primary one of its pod, or lacks a name, an image or a command."""
    primary = subject.template.get("primaryContainerName")
    if not len(subject.pods) == len(subject.containers) == len(subject.commands) or not subject.pods:
        return True
    if not isinstance(primary, str) or not _is_container(primary):
        return True
    for _, fields in subject.containers:
        image = fields.get("image")
        if fields.get("name") != primary or not isinstance(image, str) or not image:
            return True
    return False


@lru_cache(maxsize=1024)
def _is_container(name: str) -> bool:
    return DNS_LABEL.fullmatch(name) is not None and not name.startswith("metrics-")


def _has_odd_images(subject: Subject) -> bool:
    if not subject.pods or subject.collector == "Custom":
        return True
    return any(isinstance(image := fields.get("image"), str) and is_moving(image) for _, fields in subject.containers)


def _has_odd_resources(subject: Subject) -> bool:
    """Whether a device is asked for, or less or more is requested than the limit."""
    for _, fields in subject.containers:
        if "resources" in fields:
            resources = fields["resources"]
            limits = resources.get("limits") if isinstance(resources, dict) else None
            if not isinstance(limits, dict) or any("/" in name for name in limits):
                return True
            if resources.get("requests", limits) != limits:
                return True
    return not subject.pods


def _has_odd_variables(subject: Subject) -> bool:
    """Whether a variable has a name that is not plain, or one as of a secret."""
    for _, fields in subject.containers:
        env = fields.get("env", ())
        for entry in env if isinstance(env, (list, tuple)) else (None,):
            name = entry.get("name") if isinstance(entry, dict) else None
            if not isinstance(name, str) or not _is_plain_variable(name) or (entry.keys() >= {"value", "valueFrom"}):
                return True
    return not subject.pods or subject.collector == "Custom"


@lru_cache(maxsize=4096)
def _is_plain_variable(name: str) -> bool:
    return _VARIABLE.fullmatch(name) is not None and not may_name_secret(name)


def _names_secrets(subject: Subject) -> bool:
    """Whether a command line may hold the name of a secret, or builds an image."""
    for command in subject.commands:
        line = " ".join(command.words)
        if may_name_secret(line) or "--build-arg" in line:
            return True
    return not subject.pods or subject.collector == "Custom"


def _names_shell(words: list[str]) -> bool:
    for word in words:  # noqa: SIM110 - see above
        if word.endswith("sh"):
            return True
    return False


def _has_odd_commands(subject: Subject) -> bool:
    """Whether a command holds a shell, or anything that one would read otherwise than a program."""
    for command in subject.commands:  # noqa: SIM110 - see above
        if not command.plain or _names_shell(command.words):
            return True
    return False


def _has_script(subject: Subject) -> bool:
    return subject.script is not None


LOOKS: tuple[Look, ...] = (
    ("template", _has_odd_template),
    ("object", _has_metadata),
    ("pods", _has_odd_pods),
    ("containers", _has_odd_containers),
    ("images", _has_odd_images),
    ("resources", _has_odd_resources),
    ("variables", _has_odd_variables),
    ("secrets", _names_secrets),
    ("commands", _has_odd_commands),
    ("script", _has_script),
)
