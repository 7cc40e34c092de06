"""KG53x: a trial's object as Kubernetes and its operators read it, whatever its kind.

Katib's webhook looks at a batch/v1 Job alone (KG52x), and there only at its form. All else is found out when
the object of the first trial is made, or its first pod.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kgen.katib.decode import FlawKind
from kgen.katib.names import DNS_LABEL, DNS_SUBDOMAIN, QUALIFIED_NAME
from kgen.katib.pods import containers, is_job
from kgen.katib.types import trial
from kgen.katib.v1beta1 import PLACEHOLDER_HEAD, TRIAL, version
from kgen.model.diagnostic import Edit, EditKind, Effect, Finding, Severity
from kgen.model.node import FieldPath, path_text
from kgen.model.values import listed, mapping, text
from kgen.model.words import nearest
from kgen.rules.flaws import is_filled_later, of_trial, unknown, value_at, wrong_type
from kgen.rules.reading import QUANTITY_HELP, mend
from kgen.rules.rule import rule
from kgen.rules.subject import Subject
from kgen.rules.traits import flawed, holds, odd_in

_CORE = "kubernetes pkg/apis/core/validation/validation.go"
_SERVER = "https://github.com/kubernetes/apiextensions-apiserver"
_VARIABLE = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")
_ANY_VARIABLE = "1.32"  # from here on a variable's name may hold all but `=`
_MOST_PORT = 65535
_KNOWN = ("batch/v1", "kubeflow.org/v1")  # kinds whose pod templates are Kubernetes' own
_POLICIES = ("Always", "OnFailure", "Never")
_OF_POD = {"dnsPolicy": ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None")}
_OF_CONTAINER = {
    "imagePullPolicy": ("Always", "IfNotPresent", "Never"),
    "terminationMessagePolicy": ("File", "FallbackToLogsOnError"),
}
_WORDED = (*_OF_POD, *_OF_CONTAINER, "volumes", "ports")
_MEDIA = ("", "Memory")  # and HugePages, with or without a size
_PROTOCOLS = ("TCP", "UDP", "SCTP")


@rule("KG530", Effect.NO_POD, _SERVER, when=flawed)
def values_fit_the_kind(subject: Subject) -> Iterator[Finding]:
    """Every value of the trial's object is of the type that its kind has there.

    Katib's webhook looks at Jobs alone (KG522). The API server refuses the object of every trial. A placeholder is
    a text when it is filled, so it cannot stand for a number.

    Bad:  `pytorchReplicaSpecs: {Worker: {replicas: "${trialParameters.workers}", …}}`
    Good: `pytorchReplicaSpecs: {Worker: {replicas: 2, …}}`
    """
    if not subject.flaws or is_job(subject.trial):
        return
    kind = text(subject.trial.get("kind"))
    for flaw in of_trial(subject, FlawKind.TYPE):
        if is_filled_later(flaw):
            yield Finding(
                path=flaw.path,
                message=f"`{flaw.path[-1]}: {flaw.found}` is a text when filled, where {kind} has {flaw.expected}",
                help="write a fixed value, and hand the parameter to the program instead",
            )
        else:
            yield wrong_type(subject.given, flaw, kind)


@rule("KG531", Effect.ADVICE, _SERVER, Severity.WARNING, when=flawed)
def fields_of_the_kind_are_known(subject: Subject) -> Iterator[Finding]:
    """Every field of the trial's object is one that its kind has in that place.

    In a Job Katib's webhook refuses any other (KG525). In a PyTorchJob, a TrainJob and their like the API server
    drops it without a word, and the trial runs without what it meant.

    Bad:  `containers: [{name: pytorch, image: "mnist:1.0", resource: {limits: {cpu: 2}}}]`
    Good: `containers: [{name: pytorch, image: "mnist:1.0", resources: {limits: {cpu: 2}}}]`
    """
    if not subject.flaws or is_job(subject.trial):
        return
    own = subject.trial
    root = trial(text(own.get("apiVersion")), text(own.get("kind")), subject.target)
    for flaw in of_trial(subject, FlawKind.UNKNOWN):
        if root is not None:
            yield unknown(subject.given, flaw, root, TRIAL, "the API server drops it without a word")


@rule("KG532", Effect.NO_POD, _CORE, when=odd_in("containers", "pods"))
def pods_are_described(subject: Subject) -> Iterator[Finding]:
    """Every pod template has containers, and every container a name.

    Katib's webhook does not look; Kubernetes refuses the object of every trial, or its pods.

    Bad:  `template: {spec: {restartPolicy: Never}}`
    Good: `template: {spec: {restartPolicy: Never, containers: [{name: main, image: "mnist:1.0"}]}}`
    """
    if not (subject.pods and is_job(subject.trial) and subject.pods[0][1]["containers"]):
        for path, holder in _templates(subject):
            if not listed(mapping(mapping(holder.get("template")).get("spec")).get("containers")):
                where = (*path, "template", "spec")
                yield Finding(
                    path=(*TRIAL, *where, "containers"),
                    message=f"`{path_text(where)}` has no containers: no pod can be made",
                    help="describe the training container there: its `name`, `image` and `command`",
                )
    if subject.trial.get("apiVersion") not in _KNOWN:
        return
    for path, pod in subject.pods:
        for at, container in containers(pod, "containers", "initContainers"):
            if not container.get("name"):
                message = f"item {at[1]} of `{at[0]}` has no name, which Kubernetes demands"
                place = (*TRIAL, *path, *at, "name")
                yield Finding(place, message, "write a `name` of small letters, digits and `-`")


def _templates(subject: Subject) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
    """Yield what must hold a pod template: a Job's spec, the replica types of the training-operator's kinds."""
    spec = subject.trial.get("spec")
    if is_job(subject.trial):
        yield ("spec",), mapping(spec)
    elif subject.trial.get("apiVersion") == "kubeflow.org/v1" and isinstance(spec, dict):
        for key, replicas in spec.items():
            if key.endswith("ReplicaSpecs"):
                for name, replica in mapping(replicas).items():
                    yield ("spec", key, name), mapping(replica)


def _is_odd(value: object, legal: tuple[str, ...]) -> bool:
    return isinstance(value, str) and value != "" and value not in legal and PLACEHOLDER_HEAD not in value


@rule("KG533", Effect.NO_POD, _CORE, when=lambda traits: "pods" in traits.odd or not traits.words.isdisjoint(_WORDED))
def values_are_among_the_legal(subject: Subject) -> Iterator[Finding]:
    """restartPolicy, imagePullPolicy, dnsPolicy, protocol, medium and their like have one of Kubernetes' values.

    They are case-sensitive. Katib's webhook does not look; Kubernetes refuses the pods.

    Bad:  `imagePullPolicy: ifNotPresent`
    Good: `imagePullPolicy: IfNotPresent`
    """
    words = subject.text
    if (
        "PullPolicy'" not in words
        and "dnsPolicy" not in words
        and "'medium'" not in words
        and "'protocol'" not in words
        and "MessagePolicy" not in words
        and (is_job(subject.trial) or "'restartPolicy'" not in words)
    ):
        return
    for path, legal in _odd_values(subject):
        found = value_at(subject.trial, path)
        near = nearest(str(found), legal)
        yield Finding(
            path=(*TRIAL, *path),
            message=f"`{path[-1]}: {found}` is no value that Kubernetes has there",
            help=f"write {' or '.join(f'`{name}`' for name in legal if name)}",
            fix=(Edit(EditKind.SET, (*TRIAL, *path), near),) if near and near.lower() == str(found).lower() else (),
        )


def _odd_values(subject: Subject) -> Iterator[tuple[FieldPath, tuple[str, ...]]]:
    """Yield the place of every value that is none of its field's, with those that are."""
    if not is_job(subject.trial):
        for path, replica in _templates(subject):
            legal = (*_POLICIES, "ExitCode")
            if _is_odd(replica.get("restartPolicy"), legal):  # it replaces that of the pod
                yield (*path, "restartPolicy"), legal
    for path, pod in subject.pods:
        yield from _odd(pod, path, _OF_POD)
        for at, container in containers(pod, "containers", "initContainers"):
            yield from _odd(container, (*path, *at), _OF_CONTAINER)
            for index, port in enumerate(listed(container.get("ports"))):
                yield from _odd(mapping(port), (*path, *at, "ports", index), {"protocol": _PROTOCOLS})
        for index, volume in enumerate(listed(pod.get("volumes"))):
            medium = mapping(mapping(volume).get("emptyDir")).get("medium")
            if _is_odd(medium, _MEDIA) and not str(medium).startswith("HugePages"):
                yield (*path, "volumes", index, "emptyDir", "medium"), _MEDIA


def _odd(
    holder: dict[str, Any], path: FieldPath, fields: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[FieldPath, tuple[str, ...]]]:
    for key, legal in fields.items():
        if key in holder and _is_odd(holder[key], legal):
            yield (*path, key), legal


@rule("KG534", Effect.NO_POD, _CORE, when=holds("ports"))
def ports_are_ports(subject: Subject) -> Iterator[Finding]:
    """A container's port is a number from 1 to 65535.

    Katib's webhook does not look; Kubernetes refuses the pods.

    Bad:  `ports: [{containerPort: 80800}]`
    Good: `ports: [{containerPort: 8080}]`
    """
    if "ontainerPort" not in subject.text and "'ports'" not in subject.text:
        return
    for path, pod in subject.pods:
        for at, container in containers(pod, "containers", "initContainers"):
            for index, port in enumerate(listed(container.get("ports"))):
                for key, number in _bad_ports(mapping(port)):
                    yield Finding(
                        path=(*TRIAL, *path, *at, "ports", index, key),
                        message=f"{key} {number} is no port" if number is not None else "a port has no containerPort",
                        help=f"write a number from 1 to {_MOST_PORT}",
                    )


def _bad_ports(port: dict[str, Any]) -> Iterator[tuple[str, object]]:
    if port and port.get("containerPort") is None:
        yield "containerPort", None
    for key, least in (("containerPort", 1), ("hostPort", 0)):
        number = port.get(key)
        if type(number) is int and not least <= number <= _MOST_PORT:
            yield key, number


@rule(
    "KG535",
    Effect.NO_POD,
    _CORE,
    when=lambda traits: "volumes" in traits.words or not traits.odd.isdisjoint(("containers", "pods")),
)
def names_are_legal_and_unique(subject: Subject) -> Iterator[Finding]:
    """Containers and volumes have names of small letters, digits and `-`, each its own in the pod.

    Katib's webhook does not look; Kubernetes refuses the pods.

    Bad:  `containers: [{name: Training_1, …}]`
    Good: `containers: [{name: training-1, …}]`
    """
    for path, pod in subject.pods:
        seen: set[str] = set()
        for at, container in containers(pod, "containers", "initContainers"):
            yield from _name(subject, container.get("name"), "container", (*path, *at), seen)
        volumes: set[str] = set()
        for index, volume in enumerate(listed(pod.get("volumes"))):
            yield from _name(subject, mapping(volume).get("name"), "volume", (*path, "volumes", index), volumes)


def _name(subject: Subject, name: object, what: str, path: FieldPath, seen: set[str]) -> Iterator[Finding]:
    if not isinstance(name, str) or not name or PLACEHOLDER_HEAD in name:
        return
    place = (*TRIAL, *path, "name")
    if name in seen:
        yield Finding(place, f"two {what}s of the pod are named `{name}`", f"give one of the {what}s another name")
    elif DNS_LABEL.fullmatch(name) is None:
        message = f"{what} name `{name}` is not legal: small letters, digits and `-`, at most 63"
        own = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:63].strip("-")
        where = mend(subject, "wherever a layer names it", "wherever it is named, primaryContainerName too")
        yield Finding(place, message, f"write `{own or 'main'}`, {where}")
    seen.add(name)


@rule("KG536", Effect.NO_POD, "kubernetes pkg/apis/core/validation/validation.go", when=odd_in("pods", "object"))
def labels_are_legal(subject: Subject) -> Iterator[Finding]:
    """Keys of labels and annotations, and values of labels, have the form that Kubernetes wants.

    A key is `name` or `domain/name`, a name has at most 63 letters, digits, `-`, `_` and `.`, and so has a label's
    value, which can be empty. Kubernetes refuses the object of every trial, or its pods.

    Bad:  `labels: {team: vision & speech}`
    Good: `labels: {team: vision-speech}`
    """
    if "labels" not in subject.text and "annotations" not in subject.text:
        return
    holders: list[tuple[FieldPath, Any]] = [((), subject.trial.get("metadata"))]
    for path, _ in subject.pods:
        template: Any = subject.trial
        for step in path[:-1]:
            template = template[step]
        holders.append((path[:-1], template.get("metadata")))
    for path, metadata in holders:
        for kind in ("labels", "annotations"):
            for key, value in mapping(mapping(metadata).get(kind)).items():
                wrong = _bad_key(key) or (_bad_value(value) if kind == "labels" else None)
                if wrong is not None:
                    yield Finding(
                        path=(*TRIAL, *path, "metadata", kind, key),
                        message=f"{kind[:-1]} `{key}: {value}`: {wrong}",
                        help="write letters, digits, `-`, `_` and `.`, the first and last a letter or digit",
                    )


def _bad_key(key: str) -> str | None:
    domain, slash, name = key.rpartition("/")
    if PLACEHOLDER_HEAD in key or (
        QUALIFIED_NAME.fullmatch(name) is not None and (not slash or DNS_SUBDOMAIN.fullmatch(domain))
    ):
        return None
    return "the key is no label name" if not slash else "the key is no `domain/name`"


def _bad_value(value: object) -> str | None:
    if (
        not isinstance(value, str)
        or not value
        or PLACEHOLDER_HEAD in value
        or QUALIFIED_NAME.fullmatch(value) is not None
    ):
        return None
    return "the value has more than 63 characters" if len(value) > 63 else "the value is no label value"


@rule("KG537", Effect.NO_POD, _CORE, when=odd_in("variables"))
def variables_are_legal(subject: Subject) -> Iterator[Finding]:
    """An environment variable has a name without `=`, and a value from one place.

    Before Kubernetes 1.32 the name is letters, digits, `_`, `-` and `.`, the first no digit. Katib's webhook does
    not look; Kubernetes refuses the pods.

    Bad:  `env: [{name: "SEED=1"}]`
    Good: `env: [{name: SEED, value: "1"}]`
    """
    if "'env'" not in subject.text:
        return
    for path, pod in subject.pods:
        for at, container in containers(pod, "containers", "initContainers"):
            for index, variable in enumerate(listed(container.get("env"))):
                given = mapping(variable)
                wrong = _bad_variable(given, subject.target.kubernetes)
                if wrong is not None and given:
                    place = (*TRIAL, *path, *at, "env", index, wrong[0])
                    yield Finding(place, wrong[1], wrong[2])


def _bad_variable(given: dict[str, Any], kubernetes: str) -> tuple[str, str, str] | None:
    """Give the key that is wrong, what is wrong with it, and the mend."""
    name = given.get("name")
    if name is None or name == "":
        return "name", "an environment variable has no name", "write its `name`"
    if not isinstance(name, str) or PLACEHOLDER_HEAD in name:
        return None
    if "=" in name:
        own, _, value = name.partition("=")
        return "name", f"variable `{name}` has `=` in its name", f'write `name: {own}` and `value: "{value}"`'
    if _VARIABLE.fullmatch(name) is None and version(kubernetes) < version(_ANY_VARIABLE):
        message = f"Kubernetes {kubernetes} takes no variable named `{name}`"
        return "name", message, "write letters, digits, `_`, `-` and `.`, the first no digit"
    if given.get("value") and given.get("valueFrom"):
        return "valueFrom", f"variable `{name}` has both a value and a valueFrom", "keep one of the two"
    return None


@rule("KG538", Effect.NO_POD, _CORE, when=flawed)
def sizes_are_readable(subject: Subject) -> Iterator[Finding]:
    """Quantities outside of a container's resources are Kubernetes quantities too: `sizeLimit`, `storage`.

    In a Job the webhook says so (KG524); in any other kind the object of every trial is refused.

    Bad:  `emptyDir: {medium: Memory, sizeLimit: 8GB}`
    Good: `emptyDir: {medium: Memory, sizeLimit: 8Gi}`
    """
    if not subject.flaws or is_job(subject.trial):
        return
    for flaw in of_trial(subject, FlawKind.QUANTITY):
        if "resources" not in flaw.path and "resourcesPerNode" not in flaw.path:  # those are KG543
            yield Finding(
                path=flaw.path,
                message=f"`{flaw.path[-1]}: {flaw.found}` is no quantity that Kubernetes can read",
                help=QUANTITY_HELP,
            )


RULES = (
    values_fit_the_kind,
    fields_of_the_kind_are_known,
    pods_are_described,
    values_are_among_the_legal,
    ports_are_ports,
    names_are_legal_and_unique,
    labels_are_legal,
    variables_are_legal,
    sizes_are_readable,
)
