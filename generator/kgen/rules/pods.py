"""KG54x: the pods of a trial of any kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kgen.katib.collectors import WRAPPING
from kgen.katib.pods import TRAINJOB, amount, containers, is_job, is_quantity
from kgen.model.diagnostic import Effect, Finding, Severity
from kgen.model.node import FieldPath
from kgen.model.words import suggestion
from kgen.rules.reading import listed, mapping, text
from kgen.rules.rule import rule
from kgen.rules.subject import Subject
from kgen.rules.trial import TEMPLATE, TRIAL

_POD_WEBHOOK = "katib pkg/webhook/v1beta1/pod/inject_webhook.go"
_CORE = "kubernetes pkg/apis/core/validation/validation.go"
_FILLED = "${trialParameters."
_NAME = (*TEMPLATE, "primaryContainerName")
_METRICS_VOLUME = "metrics-volume"  # Katib adds it to primary pods


def _names(pod: dict[str, Any]) -> list[str]:
    return [text(container.fields.get("name")) for container in containers(pod)]


@rule("KG540", Effect.NO_POD, _POD_WEBHOOK)
def primary_container_exists(subject: Subject) -> Iterator[Finding]:
    """primaryContainerName is the name of a container in the trial's pods.

    Katib's pod webhook refuses a pod without it, so the trial runs for ever without one. The pods
    of a TrainJob are in its runtime and are not looked at.

    Bad:  `trial: {container: main, pod: {spec: {containers: [{name: train, …}]}}}`
    Good: `trial: {container: train, pod: {spec: {containers: [{name: train, …}]}}}`
    """
    given = subject.template
    name = text(given.get("primaryContainerName"))
    found = [_names(pod) for _, pod in subject.pods]
    if name and found and not any(name in names for names in found):
        every = sorted({n for names in found for n in names if n})
        yield Finding(
            path=_NAME,
            message=f"primaryContainerName `{name}` is no container of the trial's pods",
            help=f"{suggestion(name, every)} in `trial.container`" if every else "give the container that name",
        )


@rule("KG541", Effect.NO_POD, _POD_WEBHOOK, Severity.WARNING)
def primary_container_everywhere(subject: Subject) -> Iterator[Finding]:
    """Every pod of a trial has a container with the name of the primary one.

    From 0.18 on Katib's pod webhook looks for it in all pods of a trial, before it asks which pod
    is the primary one; read in its code, and seen on no cluster yet.

    Bad:  an MPIJob whose Launcher has a container `mpi` and whose Worker has a container `worker`
    Good: an MPIJob in which both are named `mpi`
    """
    given = subject.template
    name = text(given.get("primaryContainerName"))
    found = subject.pods
    if len(found) < 2:
        return
    have = [name in _names(pod) for _, pod in found]
    if any(have) and not all(have):
        for (path, _), has in zip(found, have, strict=True):
            if not has:
                yield Finding(
                    path=(*TRIAL, *path, "containers"),
                    related=(_NAME,),
                    message=f"pods of `{path[-3]}` have no container `{name}` (primaryContainerName)",
                    help="give the training container one name in all pod templates",
                )


@rule("KG542", Effect.NO_POD, _POD_WEBHOOK, Severity.WARNING)
def primary_container_has_command(subject: Subject) -> Iterator[Finding]:
    """The primary container has a command.

    Katib wraps it, so that the metrics are collected. Without one its controller asks the registry
    for the image's entrypoint, which needs network, pull rights, and from 0.19 on the registry's host
    and a tag or digest in the image's name; otherwise no pod starts.

    Bad:  `trial: {image: mnist:1.0}`
    Good: `trial: {image: mnist:1.0, command: [python3, train.py]}`
    """
    given = subject.template
    name = text(given.get("primaryContainerName"))
    if not name or subject.collector not in WRAPPING:
        return
    for path, pod in subject.pods:
        if subject.trial.get("kind") == "MPIJob" and "Worker" in path:
            continue  # the launcher starts what runs there, and it alone is the primary pod
        for at, container in containers(pod):
            if container.get("name") == name and not container.get("command"):
                yield Finding(
                    path=(*TRIAL, *path, *at, "command"),
                    message=f"the primary container `{name}` has no command: Katib must ask the registry for it",
                    help="write the image's entrypoint in `trial.command`",
                )


def _resources(subject: Subject) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
    """Yield the resources of every container, and of a TrainJob's nodes."""
    for path, pod in subject.pods:
        for at, container in containers(pod, "containers", "initContainers"):
            resources = container.get("resources")
            if isinstance(resources, dict):
                yield (*path, *at, "resources"), resources
    if subject.trial.get("kind") == TRAINJOB:
        resources = mapping(mapping(subject.trial.get("spec")).get("trainer")).get("resourcesPerNode")
        if isinstance(resources, dict):
            yield ("spec", "trainer", "resourcesPerNode"), resources


@rule("KG543", Effect.NO_POD, _CORE)
def quantities_are_readable(subject: Subject) -> Iterator[Finding]:
    """Resources are Kubernetes quantities.

    In a Job the webhook says so (KG524); in any other kind the object of every trial is refused.

    Bad:  `resources: {memory: 4GB}`
    Good: `resources: {memory: 4Gi}`
    """
    trial = subject.template.get("trialSpec")
    if is_job(trial):
        return
    for path, resources in _resources(subject):
        for kind in ("limits", "requests"):
            for name, value in mapping(resources.get(kind)).items():
                if isinstance(value, str) and not is_quantity(value) and _FILLED not in value:
                    yield Finding(
                        path=(*TRIAL, *path, kind, name),
                        message=f"`{name}: {value}` is no quantity that Kubernetes can read",
                        help="write a number with one of m, k, M, G, T, Ki, Mi, Gi, Ti or none, such as 500m or 4Gi",
                    )


def _is_device(name: str) -> bool:
    """Whether a resource is an extended one, such as a GPU: counted whole, and never overcommitted."""
    domain, slash, _ = name.partition("/")
    return bool(slash) and not domain.endswith("kubernetes.io")


@rule("KG544", Effect.NO_POD, _CORE)
def devices_are_whole(subject: Subject) -> Iterator[Finding]:
    """GPUs and other devices are requested in whole numbers, with an equal limit.

    Kubernetes cannot share or overcommit them, and refuses the pod. The webhook does not look at
    resources.

    Bad:  `resources: {requests: {nvidia.com/gpu: 1}}`
    Good: `resources: {gpu: 1}`
    """
    for path, resources in _resources(subject):
        limits, requests = mapping(resources.get("limits")), mapping(resources.get("requests"))
        for kind, given in (("limits", limits), ("requests", requests)):
            for name, value in given.items():
                if "/" not in name or not _is_device(name) or (type(value) is int and value == limits.get(name)):
                    continue
                number = amount(str(value))
                if number is None:
                    continue
                place = (*TRIAL, *path, kind, name)
                if number.denominator != 1:
                    yield Finding(place, f"{kind} has {name} {value}: devices are counted whole", "write 1, 2, …")
                elif kind == "requests" and number != amount(str(limits.get(name, ""))):
                    limit = limits.get(name)
                    yield Finding(
                        path=place,
                        related=((*TRIAL, *path, "limits", name),) if limit is not None else (),
                        message=f"requests has {name} {value}, limits has {'none' if limit is None else limit}",
                        help=f"set limits to {value} as well: a request of a device must equal its limit",
                    )


@rule("KG545", Effect.NO_POD, _CORE)
def mounts_have_volumes(subject: Subject) -> Iterator[Finding]:
    """Every volumeMount names a volume of its pod.

    Kubernetes refuses the pod otherwise, or the Job that it belongs to.

    Bad:  `volumeMounts: [{name: data, mountPath: /data}]` without `volumes`
    Good: the same with `volumes: [{name: data, emptyDir: {}}]`
    """
    for path, pod in subject.pods:
        volumes: set[str] | None = None
        for at, container in containers(pod, "containers", "initContainers"):
            for index, mount in enumerate(listed(container.get("volumeMounts"))):
                if volumes is None:
                    volumes = {text(mapping(v).get("name")) for v in listed(pod.get("volumes"))}
                name = mapping(mount).get("name")
                if isinstance(name, str) and name not in volumes and name != _METRICS_VOLUME and _FILLED not in name:
                    yield Finding(
                        path=(*TRIAL, *path, *at, "volumeMounts", index, "name"),
                        message=f"volumeMount `{name}` of container `{container.get('name')}` has no volume in the pod",
                        help=f"add a volume `{name}` to the pod's `volumes`, or remove the mount",
                    )


@rule("KG546", Effect.NO_POD, _CORE)
def containers_have_images(subject: Subject) -> Iterator[Finding]:
    """Every container names its image.

    Kubernetes refuses the pod otherwise. A container without one is often the misspelt name of another:
    an item of `containers` that no other layer has becomes a container of its own.

    Bad:  `pods: {containers: [{name: main, imagePullPolicy: Always}]}` over a container `training-container`
    Good: `pods: {containers: [{name: training-container, imagePullPolicy: Always}]}`
    """
    for path, pod in subject.pods:
        names = [str(container.get("name")) for _, container in containers(pod)]
        for at, container in containers(pod, "containers", "initContainers"):
            if not container.get("image"):
                yield Finding(
                    path=(*TRIAL, *path, *at),
                    message=f"container `{container.get('name')}` has no image",
                    help=f"add its `image`, or mend its name: the pod has {', '.join(f'`{name}`' for name in names)}",
                )


RULES = (
    primary_container_exists,
    primary_container_everywhere,
    primary_container_has_command,
    quantities_are_readable,
    devices_are_whole,
    mounts_have_volumes,
    containers_have_images,
)
