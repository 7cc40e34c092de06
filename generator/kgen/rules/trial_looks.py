"""What is out of the ordinary in a trial's object, part by part; `looks` tells what that is for."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from kgen.katib.names import DNS_LABEL
from kgen.katib.pods import is_job
from kgen.katib.v1beta1 import JOB_CONDITIONS, OPERATOR_CONDITIONS
from kgen.model.image import is_moving
from kgen.model.values import mapping
from kgen.rules.credentials import may_name_secret
from kgen.rules.looks import Look, are_labels
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
    trial, pods, first = subject.trial, subject.pods, None
    job = is_job(trial)
    if not pods or len(pods) != (1 if job else _count_replicas(trial)):
        return True
    for path, pod in pods:
        if path != _POD_OF_JOB if job else len(path) != 5 or path[0] != "spec" or path[-2:] != _POD_OF_JOB[1:]:
            return True
        holder: dict[str, Any] = trial["spec"] if job else trial["spec"][path[1]][path[2]]
        policy = pod.get("restartPolicy") if job else holder.get("restartPolicy", "Never")
        if policy != "Never" or len(pod["containers"]) != 1:
            return True
        metadata = holder["template"].get("metadata", _NOTHING)
        if not isinstance(metadata, dict) or len(metadata) > ("labels" in metadata):
            return True
        labels = metadata.get("labels", _NOTHING)
        if not isinstance(labels, dict) or (labels != first if first is not None else not are_labels(labels)):
            return True
        first = labels
    return False


_NOTHING: dict[str, Any] = {}


def _count_replicas(trial: dict[str, Any]) -> int:
    """Count the replica types of the training operator's kinds; each has a pod template."""
    spec = trial.get("spec")
    if trial.get("kind") not in _OPERATED or trial.get("apiVersion") != "kubeflow.org/v1" or not isinstance(spec, dict):
        return -1
    return sum([len(each) for key, each in spec.items() if key.endswith("ReplicaSpecs") and isinstance(each, dict)])


def _search_containers(subject: Subject) -> int:
    """Whether containers are odd, whatever they run, and their images, their resources, their variables.

    A container is odd that is not the primary one of its pod, or lacks a name, an image or a command.
    """
    pods, listed, primary = subject.pods, subject.containers, subject.template.get("primaryContainerName")
    if not pods:
        return _CONTAINERS | _IMAGES | _RESOURCES | _VARIABLES
    found = _IMAGES | _VARIABLES if subject.collector == "Custom" else 0
    if not len(pods) == len(listed) == len(subject.commands) or not _is_container(primary):
        found |= _CONTAINERS
    for _, fields in listed:
        image = fields.get("image")
        if fields.get("name") != primary or type(image) is not str or not image:
            found |= _CONTAINERS
        if type(image) is str and _is_moving(image):
            found |= _IMAGES
        if "resources" in fields and _are_odd_resources(fields["resources"]):
            found |= _RESOURCES
        if "env" in fields and _are_odd_variables(fields["env"]):
            found |= _VARIABLES
    return found


_CONTAINERS, _IMAGES, _RESOURCES, _VARIABLES = 1, 2, 4, 8
_is_moving = lru_cache(maxsize=4096)(is_moving)


def _is_container(name: object) -> bool:
    return isinstance(name, str) and DNS_LABEL.fullmatch(name) is not None and not name.startswith("metrics-")


def _are_odd_resources(resources: object) -> bool:
    """Whether a device is asked for, or less or more is requested than the limit."""
    given = mapping(resources)
    limits = given.get("limits")
    if not isinstance(limits, dict) or "/" in "".join(limits):
        return True
    return "requests" in given and bool(given["requests"] != limits)


def _are_odd_variables(env: object) -> bool:
    """Whether a variable has a name that is not plain, or one as of a secret."""
    for entry in env if isinstance(env, list) else (None,):
        if not isinstance(entry, dict) or ("value" in entry and "valueFrom" in entry):
            return True
        name = entry.get("name")
        if type(name) is not str or not _is_plain_variable(name):
            return True
    return False


@lru_cache(maxsize=4096)
def _is_plain_variable(name: str) -> bool:
    return _VARIABLE.fullmatch(name) is not None and not may_name_secret(name)


def _search_commands(subject: Subject) -> int:
    """Whether a command line may hold the name of a secret or builds an image; and whether one is odd.

    That is one with a shell in it, or with anything that one would read otherwise than a program.
    """
    found = 0 if subject.pods and subject.collector != "Custom" else _SECRETS
    for _, _, _, words, plain, told in subject.commands:
        if may_name_secret(told) or "--build-arg" in told:
            found |= _SECRETS
        if not plain or ("sh" in told and _names_shell(words)):
            found |= _COMMANDS
    return found


_SECRETS, _COMMANDS = 1, 2


def _names_shell(words: list[str]) -> bool:
    for word in words:  # noqa: SIM110 - see above
        if word.endswith("sh"):
            return True
    return False


def _has_script(subject: Subject) -> bool:
    return subject.script is not None


LOOKS: tuple[Look, ...] = (
    (("template",), _has_odd_template),
    (("object",), _has_metadata),
    (("pods",), _has_odd_pods),
    (("containers", "images", "resources", "variables"), _search_containers),
    (("secrets", "commands"), _search_commands),
    (("script",), _has_script),
)
