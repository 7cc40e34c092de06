"""KG54x: the pods of a trial of any kind."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from kgen.katib.collectors import WRAPPING
from kgen.katib.pods import TRAINJOB, amount, containers, is_job, is_quantity
from kgen.katib.v1beta1 import PLACEHOLDER_HEAD, TEMPLATE, TRIAL, version
from kgen.model.diagnostic import Edit, EditKind, Effect, Finding, Severity
from kgen.model.image import DOCKER_HUB, parse, qualified
from kgen.model.node import FieldPath
from kgen.model.values import listed, mapping, text
from kgen.model.words import MOST_LISTED, suggestion
from kgen.rules.primary import is_primary
from kgen.rules.reading import QUANTITY_HELP, mend
from kgen.rules.rule import rule
from kgen.rules.subject import Subject
from kgen.rules.traits import Traits, holds, odd_in

_POD_WEBHOOK = "katib pkg/webhook/v1beta1/pod/inject_webhook.go"
_CORE = "kubernetes pkg/apis/core/validation/validation.go"
_NAME = (*TEMPLATE, "primaryContainerName")
_SINCE_STRICT = "0.19"  # the whole name of an image whose command is looked up
_METRICS_VOLUME = "metrics-volume"  # Katib adds it to primary pods
_COLLECTORS = ("metrics-logger-and-collector", "metrics-collector")  # the containers that Katib adds
_WHERE_ADDED = {"StdOut": _COLLECTORS[0], "File": _COLLECTORS[0], "TensorFlowEvent": _COLLECTORS[1]}


def _wraps(traits: Traits) -> bool:
    return traits.collector in WRAPPING


def _names(pod: dict[str, Any]) -> list[str]:
    return [text(container.fields.get("name")) for container in containers(pod)]


@rule("KG540", Effect.NO_POD, _POD_WEBHOOK, when=odd_in("containers", "pods"))
def primary_container_exists(subject: Subject) -> Iterator[Finding]:
    """primaryContainerName is the name of a container in the trial's pods.

    Katib's pod webhook refuses a pod without it, so the trial runs for ever without one. The pods
    of a TrainJob are in its runtime and are not looked at.

    Bad:  `trial: {container: main, pod: {spec: {containers: [{name: train, …}]}}}`
    Good: `trial: {container: train, pod: {spec: {containers: [{name: train, …}]}}}`
    """
    given = subject.template
    name = text(given.get("primaryContainerName"))
    if any(command.name == name for command in subject.commands):
        return
    found = [_names(pod) for _, pod in subject.pods]
    if PLACEHOLDER_HEAD in name:
        message = f"primaryContainerName `{name}` has a placeholder, and Katib replaces those in trialSpec alone"
        yield Finding(_NAME, message, "write the container's name as it is")
    elif name and found and not any(name in names for names in found):
        every = sorted({n for names in found for n in names if n})
        if any(PLACEHOLDER_HEAD in one for one in every):
            return
        fix = (Edit(EditKind.SET, _NAME, every[0]),) if len(every) == 1 else ()
        yield Finding(
            path=_NAME,
            message=f"primaryContainerName `{name}` is no container of the trial's pods",
            help=suggestion(name, every) + mend(subject, " in `trial.container`", "")
            if every
            else "give the container that name",
            fix=fix,
        )


@rule("KG541", Effect.NO_POD, _POD_WEBHOOK, Severity.WARNING, when=odd_in("containers", "pods"))
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
                    message=f"pods of `{path[-3:][0]}` have no container `{name}` (primaryContainerName)",
                    help="give the training container one name in all pod templates",
                )


@rule(
    "KG542",
    Effect.NO_POD,
    _POD_WEBHOOK,
    Severity.WARNING,
    when=lambda traits: "containers" in traits.odd and _wraps(traits),
)
def primary_container_has_command(subject: Subject) -> Iterator[Finding]:
    """The primary container has a command.

    Katib wraps it, so that the metrics are collected. Without one its controller asks the registry
    for the image's entrypoint, which needs network, pull rights, and from 0.19 on the registry's host
    and a tag or digest in the image's name; otherwise no pod starts.

    Bad:  `trial: {image: mnist:1.0}`
    Good: `trial: {image: mnist:1.0, command: [python3, train.py]}`
    """
    for path, container in _without_command(subject):
        if not (_is_strict(subject) and _not_whole(container.get("image"))):  # KG549
            name = container.get("name")
            yield Finding(
                path=(*path, "command"),
                message=f"the primary container `{name}` has no command: Katib must ask the registry for it",
                help=mend(
                    subject,
                    "write the image's entrypoint in `trial.command`",
                    "write the image's entrypoint in `command` of the container",
                ),
            )


def _without_command(subject: Subject) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
    """Yield the primary containers whose command Katib has to look up, and where they are."""
    name = text(subject.template.get("primaryContainerName"))
    if name and subject.collector in WRAPPING and len(subject.commands) < len(subject.containers):
        for path, pod in subject.pods:
            for at, container in containers(pod):
                if not container.get("command") and container.get("name") == name and is_primary(subject, path):
                    yield (*TRIAL, *path, *at), container


def _is_strict(subject: Subject) -> bool:
    return version(subject.target.katib) >= version(_SINCE_STRICT)


def _not_whole(image: object) -> str:
    """Say what an image's name lacks for Katib to look it up; nothing where it is whole, or filled in later."""
    if not isinstance(image, str) or not image or "${" in image:
        return ""
    name, tag, digest = parse(image)
    if qualified(name) != name:
        return "the registry's host"
    if name.count("/") == 1 and name.startswith((f"{DOCKER_HUB}/", f"index.{DOCKER_HUB}/")):
        return "the folder `library`"
    return "" if tag or digest else "a tag or a digest"


def _resources(subject: Subject) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
    """Yield the resources of every container, and of a TrainJob's nodes."""
    for path, container in subject.containers:
        resources = container.get("resources")
        if isinstance(resources, dict):
            yield (*path, "resources"), resources
    if subject.trial.get("kind") == TRAINJOB:
        resources = mapping(mapping(subject.trial.get("spec")).get("trainer")).get("resourcesPerNode")
        if isinstance(resources, dict):
            yield ("spec", "trainer", "resourcesPerNode"), resources


@rule("KG543", Effect.NO_POD, _CORE, when=lambda traits: not traits.job)
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
                if isinstance(value, str) and not is_quantity(value) and PLACEHOLDER_HEAD not in value:
                    yield Finding(
                        path=(*TRIAL, *path, kind, name),
                        message=f"`{name}: {value}` is no quantity that Kubernetes can read",
                        help=QUANTITY_HELP,
                    )


def _is_device(name: str) -> bool:
    """Whether a resource is an extended one, such as a GPU: counted whole, and never overcommitted."""
    domain, slash, _ = name.partition("/")
    return bool(slash) and not domain.endswith("kubernetes.io")


@rule("KG544", Effect.NO_POD, _CORE, when=odd_in("resources"))
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


@rule("KG545", Effect.NO_POD, _CORE, when=holds("volumeMounts"))
def mounts_have_volumes(subject: Subject) -> Iterator[Finding]:
    """Every volumeMount names a volume of its pod.

    Kubernetes refuses the pod otherwise, or the Job that it belongs to.

    Bad:  `volumeMounts: [{name: data, mountPath: /data}]` without `volumes`
    Good: the same with `volumes: [{name: data, emptyDir: {}}]`
    """
    known: dict[FieldPath, set[str]] = {}
    for path, container in subject.containers:
        for index, mount in enumerate(listed(container["volumeMounts"]) if "volumeMounts" in container else ()):
            name = mapping(mount).get("name")
            if not isinstance(name, str) or name == _METRICS_VOLUME or PLACEHOLDER_HEAD in name:
                continue
            if path[:-2] not in known:
                known[path[:-2]] = _volumes(subject, path)
            if name not in known[path[:-2]]:
                yield Finding(
                    path=(*TRIAL, *path, "volumeMounts", index, "name"),
                    message=f"volumeMount `{name}` of container `{container.get('name')}` has no volume in the pod",
                    help=f"add a volume `{name}` to the pod's `volumes`, or remove the mount",
                )


def _volumes(subject: Subject, container: FieldPath) -> set[str]:
    """Give the names of the volumes of a container's pod."""
    pod = next(pod for path, pod in subject.pods if path == container[:-2])
    return {text(mapping(volume).get("name")) for volume in listed(pod.get("volumes"))}


@rule("KG546", Effect.NO_POD, _CORE, when=odd_in("containers"))
def containers_have_images(subject: Subject) -> Iterator[Finding]:
    """Every container names its image.

    Kubernetes refuses the pod otherwise. A container without one is often the misspelt name of another:
    an item of `containers` that no other layer has becomes a container of its own.

    Bad:  `pods: {containers: [{name: main, imagePullPolicy: Always}]}` over a container `training-container`
    Good: `pods: {containers: [{name: training-container, imagePullPolicy: Always}]}`
    """
    for path, container in subject.containers:
        if not container.get("image"):
            pod = next(pod for place, pod in subject.pods if place == path[:-2])
            names = [str(other.get("name")) for _, other in islice(containers(pod), MOST_LISTED)]
            yield Finding(
                path=(*TRIAL, *path),
                message=f"container `{container.get('name')}` has no image",
                help=f"add its `image`, or mend its name: the pod has {', '.join(f'`{name}`' for name in names)}",
            )


@rule("KG547", Effect.NO_POD, _CORE, when=holds("volumeMounts"))
def mounts_are_apart(subject: Subject) -> Iterator[Finding]:
    """No two volumes are mounted at one path of a container.

    Kubernetes refuses the pod.

    Bad:  `volumeMounts: [{name: data, mountPath: /data}, {name: cache, mountPath: /data}]`
    Good: `volumeMounts: [{name: data, mountPath: /data}, {name: cache, mountPath: /cache}]`
    """
    for path, container in subject.containers:
        if "volumeMounts" not in container:
            continue
        seen: dict[str, int] = {}
        for index, mount in enumerate(listed(container["volumeMounts"])):
            where = mapping(mount).get("mountPath")
            if isinstance(where, str) and seen.setdefault(where, index) != index:
                place = (*TRIAL, *path, "volumeMounts")
                yield Finding(
                    path=(*place, index, "mountPath"),
                    related=((*place, seen[where], "mountPath"),),
                    message=f"container `{container.get('name')}` has two volumes mounted at {where}",
                    help="mount one of them elsewhere, or remove it",
                )


@rule(
    "KG548",
    Effect.NO_POD,
    _POD_WEBHOOK,
    when=lambda traits: traits.collector in _WHERE_ADDED and ("volumes" in traits.words or "containers" in traits.odd),
)
def names_of_katib_are_free(subject: Subject) -> Iterator[Finding]:
    """No container and no volume of a trial has the name of one that Katib adds.

    Katib adds the collector's container, `metrics-logger-and-collector` or `metrics-collector`, and the
    volume `metrics-volume` to the pod that is measured. Kubernetes refuses a pod with a name twice.

    Bad:  `volumes: [{name: metrics-volume, emptyDir: {}}]`
    Good: `volumes: [{name: my-metrics, emptyDir: {}}]`
    """
    added = _WHERE_ADDED.get(subject.collector)
    if added is None or ("'metrics-" not in subject.text):
        return
    for path, pod in subject.pods:
        if not is_primary(subject, path):
            continue
        for key, taken in (("containers", added), ("volumes", _METRICS_VOLUME)):
            for index, item in enumerate(listed(pod.get(key))):
                if mapping(item).get("name") == taken:
                    message = f"`{taken}` in `{key}` is the name of one that Katib adds"
                    yield Finding((*TRIAL, *path, key, index, "name"), message, "give it another name")


@rule(
    "KG549",
    Effect.NO_POD,
    "katib pkg/webhook/v1beta1/pod/utils.go",
    when=lambda traits: "containers" in traits.odd and _wraps(traits),
)
def image_can_be_looked_up(subject: Subject) -> Iterator[Finding]:
    """The primary container has a command, or an image whose name is whole.

    Without a command Katib asks the registry for the image's entrypoint, and from 0.19 on wants host, folder,
    and tag or digest in its name. With less its pod webhook refuses the pod.

    Bad:  `image: mnist:1.0` without a command
    Good: `image: docker.io/team/mnist:1.0`, or better `command: [python3, train.py]`
    """
    for path, container in _without_command(subject):
        lacks = _not_whole(container.get("image")) if _is_strict(subject) else ""
        if lacks:
            yield Finding(
                path=(*path, "image"),
                message=f"Katib must look up the command of `{container['image']}`, and its name lacks {lacks}",
                help=mend(subject, "set `trial.command`", "write the `command` of the container")
                + ", or the whole name of the image",
            )


RULES = (
    primary_container_exists,
    primary_container_everywhere,
    primary_container_has_command,
    quantities_are_readable,
    devices_are_whole,
    mounts_have_volumes,
    containers_have_images,
    mounts_are_apart,
    names_of_katib_are_free,
    image_can_be_looked_up,
)
