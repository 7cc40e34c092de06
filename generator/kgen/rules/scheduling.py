"""KG55x: where the pods of a trial can run, and with what: tolerations, nodes, devices, shared memory, queues."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from kgen.katib.pods import containers, is_more
from kgen.katib.v1beta1 import TRIAL
from kgen.model.diagnostic import Edit, EditKind, Effect, Finding, Severity
from kgen.model.node import FieldPath
from kgen.model.values import listed, mapping, text
from kgen.model.words import suggestion
from kgen.rules.reading import mend
from kgen.rules.rule import rule
from kgen.rules.subject import Subject
from kgen.rules.traits import holds, odd_in

_CORE = "kubernetes pkg/apis/core/validation/validation.go"
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_OPERATORS = ("Equal", "Exists", "Lt", "Gt")  # the last two behind a feature gate
_LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_OF_NODES = ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")
_SHM = "/dev/shm"  # noqa: S108 - the place of shared memory, not a file of ours
_GPU = re.compile(r"gpu|nvidia|accelerator|amd\.com|habana|neuron|google\.com/tpu", re.IGNORECASE)
_DEVICES = ("nvidia.com/", "amd.com/", "gpu.intel.com/", "google.com/tpu", "aws.amazon.com/neuron", "habana.ai/")


def _bad_label(value: object) -> bool:
    return isinstance(value, str) and _LABEL_VALUE.fullmatch(value) is None and "${" not in value


@rule("KG550", Effect.NO_POD, _CORE, when=holds("tolerations"))
def tolerations_are_legal(subject: Subject) -> Iterator[Finding]:
    """Tolerations are ones that Kubernetes takes.

    `Exists` has no value; a toleration without a key is one of all taints and needs `Exists`;
    `tolerationSeconds` goes with the effect NoExecute alone. Kubernetes refuses the pod otherwise.

    Bad:  `tolerations: [{key: nvidia.com/gpu, operator: Exists, value: present, effect: NoSchedule}]`
    Good: `tolerations: [{key: nvidia.com/gpu, operator: Exists, effect: NoSchedule}]`
    """
    for path, pod in subject.pods:
        if "tolerations" in pod:
            for index, item in enumerate(listed(pod["tolerations"])):
                if isinstance(item, dict) and not _is_usual(item):
                    for key, message, help_, value in _toleration(item):
                        place = (*TRIAL, *path, "tolerations", index, key)
                        fix = (Edit(EditKind.SET, place, value),) if value else ()
                        yield Finding(place, message, help_, fix=fix)


def _is_usual(given: dict[str, Any]) -> bool:
    """Whether a toleration is one of the form that nearly all have, and so legal."""
    return (
        given.get("operator") == "Exists"
        and given.get("effect", "") in ("NoSchedule", "")
        and "value" not in given
        and "tolerationSeconds" not in given
    )


def _toleration(given: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    """Yield the field, the message, the help and the one right value, if there is one."""
    operator, effect = given.get("operator") or "Equal", given.get("effect")
    if isinstance(operator, str) and operator not in _OPERATORS and "${" not in operator:
        message = f"toleration has operator `{operator}`"
        yield "operator", message, suggestion(operator, _OPERATORS[:2]), _same(operator, _OPERATORS)
    elif operator == "Exists" and given.get("value"):
        message = f"toleration has operator Exists and value `{given['value']}`"
        yield "value", message, "remove the value, or write `operator: Equal`", ""
    elif operator == "Equal" and not given.get("key"):
        yield "key", "toleration has no key, and operator Equal", "name a key, or write `operator: Exists` for all", ""
    if isinstance(effect, str) and effect and effect not in _EFFECTS:
        yield "effect", f"toleration has effect `{effect}`", suggestion(effect, _EFFECTS), _same(effect, _EFFECTS)
    elif given.get("tolerationSeconds") is not None and effect != "NoExecute":
        message = f"tolerationSeconds goes with effect NoExecute alone, and it is {effect or 'left out'}"
        yield "tolerationSeconds", message, "remove tolerationSeconds, or write `effect: NoExecute`", ""
    if _bad_label(given.get("value")):
        message = f"toleration has value `{given['value']}`, which no taint can have"
        yield "value", message, "write at most 63 letters, digits, dots, dashes, underscores", ""


def _same(word: str, legal: tuple[str, ...]) -> str:
    return next((one for one in legal if one.lower() == word.lower()), "")


@rule("KG551", Effect.NO_POD, _CORE, when=holds("nodeSelector", "affinity"))
def nodes_can_be_selected(subject: Subject) -> Iterator[Finding]:
    """nodeSelector and affinity are ones that Kubernetes takes.

    Values are label values: at most 63 letters, digits, dots, dashes, underscores. In and NotIn have
    values, Exists and DoesNotExist have none, Gt and Lt have one whole number.

    Bad:  `nodeSelector: {nvidia.com/gpu.product: "NVIDIA A100"}`
    Good: `nodeSelector: {nvidia.com/gpu.product: NVIDIA-A100-SXM4-80GB}`
    """
    for path, pod in subject.pods:
        if "nodeSelector" in pod:
            for key, value in mapping(pod["nodeSelector"]).items():
                if _bad_label(value):
                    message = f"nodeSelector has `{key}: {value}`, which no node can have"
                    help_ = "write the label of the node: at most 63 letters, digits, dots, dashes, underscores"
                    yield Finding((*TRIAL, *path, "nodeSelector", key), message, help_)
        if "affinity" in pod:
            node = mapping(mapping(pod["affinity"]).get("nodeAffinity"))
            for place, expression in _expressions(node):
                wrong = _expression(expression)
                if wrong is not None:
                    at = (*TRIAL, *path, "affinity", "nodeAffinity", *place, wrong[0])
                    yield Finding(at, *wrong[1:])


def _expressions(node: dict[str, Any]) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
    hard, soft = "requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution"
    terms: list[tuple[FieldPath, Any]] = [
        ((hard, "nodeSelectorTerms", i), term)
        for i, term in enumerate(listed(mapping(node.get(hard)).get("nodeSelectorTerms")))
    ]
    terms += [
        ((soft, i, "preference"), mapping(item).get("preference")) for i, item in enumerate(listed(node.get(soft)))
    ]
    for path, term in terms:
        for index, expression in enumerate(listed(mapping(term).get("matchExpressions"))):
            if isinstance(expression, dict):
                yield (*path, "matchExpressions", index), expression


def _expression(given: dict[str, Any]) -> tuple[str, str, str] | None:
    """Give field, message and help for an expression that Kubernetes refuses."""
    operator, values = given.get("operator"), listed(given.get("values"))
    if not isinstance(operator, str) or operator not in _OF_NODES:
        shown = "has no operator" if operator is None else f"has operator `{operator}`"
        return "operator", f"expression on `{given.get('key')}` {shown}", suggestion(str(operator), _OF_NODES)
    if operator in ("In", "NotIn") and not values:
        return "values", f"{operator} on `{given.get('key')}` has no values", "add the values"
    if operator in ("Exists", "DoesNotExist") and values:
        return "values", f"{operator} on `{given.get('key')}` has values", "remove the values, or write `operator: In`"
    if operator in ("Gt", "Lt") and (len(values) != 1 or not _is_integer(values[0])):
        return "values", f"{operator} on `{given.get('key')}` has {values}", 'write one whole number, such as ["8"]'
    return None


def _is_integer(value: object) -> bool:
    return isinstance(value, str) and ("${" in value or re.fullmatch(r"[+-]?\d+", value) is not None)


def _limits(container: dict[str, Any]) -> dict[str, Any]:
    resources = container.get("resources")
    if not isinstance(resources, dict):
        return {}
    return {**mapping(resources.get("requests")), **mapping(resources.get("limits"))}


@rule("KG552", Effect.NO_POD, "kgen", Severity.WARNING, when=odd_in("resources"))
def devices_are_of_one_kind(subject: Subject) -> Iterator[Finding]:
    """A container asks for whole GPUs or for MIG slices, not for both.

    Few nodes offer both at once, so the pod waits for ever; and a process can use only one kind.

    Bad:  `limits: {nvidia.com/gpu: 1, nvidia.com/mig-1g.5gb: 1}`
    Good: `limits: {nvidia.com/mig-1g.5gb: 1}`
    """
    if "nvidia.com/mig-" not in subject.text:
        return
    for path, pod in subject.pods:
        for at, container in containers(pod, "containers", "initContainers"):
            asked = _limits(container)
            slices = sorted(name for name in asked if str(name).startswith("nvidia.com/mig-"))
            if slices and ("nvidia.com/gpu" in asked or len(slices) > 1):
                both = [*(["nvidia.com/gpu"] if "nvidia.com/gpu" in asked else []), *slices]
                yield Finding(
                    path=(*TRIAL, *path, *at, "resources"),
                    message=f"container `{container.get('name')}` asks for {' and '.join(both)}",
                    help="keep one of them",
                )


def _is_gpu(name: object) -> bool:
    return isinstance(name, str) and name.startswith(_DEVICES)


@rule("KG553", Effect.ADVICE, "kgen", Severity.WARNING, when=holds("initContainers"))
def training_gets_the_devices(subject: Subject) -> Iterator[Finding]:
    """Where a pod asks for GPUs, a container that trains does, not an initContainer alone.

    Devices of an initContainer are given back when it ends.

    Bad:  `initContainers: [{name: warm-up, resources: {limits: {nvidia.com/gpu: 1}}}]` and none in `containers`
    Good: `resources: {limits: {nvidia.com/gpu: 1}}` in the training container
    """
    for path, pod in subject.pods:
        if "initContainers" not in pod:
            continue
        for at, container in containers(pod, "initContainers"):
            asked = [name for name in _limits(container) if _is_gpu(name)]
            if asked and not any(_is_gpu(name) for _, main in containers(pod) for name in _limits(main)):
                yield Finding(
                    path=(*TRIAL, *path, *at, "resources"),
                    message=f"only initContainer `{container.get('name')}` asks for {asked[0]}: the training gets none",
                    help=mend(subject, "set `trial.resources.gpu`", "ask for it in the training container"),
                )


@rule("KG554", Effect.ADVICE, "kgen", Severity.INFO, when=holds("tolerations", "nodeSelector", "runtimeClassName"))
def gpu_nodes_are_asked_for_gpus(subject: Subject) -> Iterator[Finding]:
    """A trial that is sent to GPU nodes asks for a GPU.

    A toleration, a nodeSelector or a runtimeClassName brings a pod there, and gives it no device.

    Bad:  `tolerations: [{key: nvidia.com/gpu, operator: Exists}]` without `nvidia.com/gpu` in any `limits`
    Good: the same, with `resources: {limits: {nvidia.com/gpu: 1}}`
    """
    for _, container in subject.containers:
        resources = mapping(container.get("resources"))
        if "/" in "".join([*mapping(resources.get("limits")), *mapping(resources.get("requests"))]):
            return
    if "resourceClaims" in subject.keys:
        return
    for path, pod in subject.pods:
        place = _sent_to_gpus(pod)
        if place:
            yield Finding(
                path=(*TRIAL, *path, *place),
                message="this sends the trial to GPU nodes, and no container asks for a GPU",
                help=mend(
                    subject,
                    "set `trial.resources.gpu`, or remove this",
                    "add `nvidia.com/gpu: 1` to `resources.limits` of the training container, or remove this",
                ),
            )
            return


def _sent_to_gpus(pod: dict[str, Any]) -> FieldPath:
    """Give the place in a pod's spec that sends it to GPU nodes; () if nothing does."""
    if "tolerations" in pod:
        for index, item in enumerate(listed(pod["tolerations"])):
            if isinstance(item, dict) and _is_of_gpus(text(item.get("key"))):
                return ("tolerations", index)
    if "nodeSelector" in pod:
        for key, value in mapping(pod["nodeSelector"]).items():
            if value != "false" and _is_of_gpus(key):
                return ("nodeSelector", key)
    return ("runtimeClassName",) if pod.get("runtimeClassName") == "nvidia" else ()


@lru_cache(maxsize=1024)
def _is_of_gpus(key: str) -> bool:
    return _GPU.search(key) is not None


def _shared_memory(subject: Subject) -> Iterator[tuple[FieldPath, dict[str, Any], dict[str, Any]]]:
    """Yield the place of each emptyDir that is mounted at /dev/shm, it, and the container that mounts it."""
    if _SHM not in subject.text:
        return
    for path, pod in subject.pods:
        volumes = {
            mapping(volume).get("name"): (index, volume["emptyDir"])
            for index, volume in enumerate(listed(pod.get("volumes")))
            if isinstance(mapping(volume).get("emptyDir"), dict) and isinstance(volume.get("name"), str)
        }
        for _, container in containers(pod):
            for mount in listed(container.get("volumeMounts")):
                if text(mapping(mount).get("mountPath")).rstrip("/") == _SHM and isinstance(mount.get("name"), str):
                    found = volumes.get(mount["name"])
                    if found is not None:
                        yield (*TRIAL, *path, "volumes", found[0], "emptyDir"), found[1], container


@rule("KG555", Effect.ADVICE, "kgen", Severity.WARNING, when=holds("volumeMounts"))
def shared_memory_is_memory(subject: Subject) -> Iterator[Finding]:
    """A volume at /dev/shm is in memory.

    An emptyDir without a medium lies on the node's disk: as shared memory it works, slowly.

    Bad:  `volumes: [{name: shm, emptyDir: {}}]` mounted at /dev/shm
    Good: `volumes: [{name: shm, emptyDir: {medium: Memory}}]` mounted at /dev/shm
    """
    for path, volume, _ in _shared_memory(subject):
        if not volume.get("medium"):
            place = (*path, "medium")
            message = "the volume at /dev/shm is on the node's disk, not in memory"
            help_ = mend(
                subject, "use `sharedMemory` in an overlay, or write `medium: Memory`", "write `medium: Memory`"
            )
            yield Finding(place, message, help_, fix=(Edit(EditKind.SET, place, "Memory"),))


@rule("KG556", Effect.ADVICE, "kgen", Severity.WARNING, when=holds("volumeMounts"))
def shared_memory_fits(subject: Subject) -> Iterator[Finding]:
    """The shared memory of a container is below its memory limit.

    What is written to /dev/shm counts against the limit: a volume that may grow beyond it gets the
    container killed before it is full.

    Bad:  `sharedMemory: 8Gi` with `resources: {memory: 4Gi}`
    Good: `sharedMemory: 8Gi` with `resources: {memory: 16Gi}`
    """
    for path, volume, container in _shared_memory(subject):
        limit = mapping(mapping(container.get("resources")).get("limits")).get("memory")
        if volume.get("medium") == "Memory" and limit is not None and is_more(volume.get("sizeLimit"), limit):
            yield Finding(
                path=(*path, "sizeLimit"),
                message=f"shared memory of {volume['sizeLimit']} is more than the memory limit {limit} of "
                f"container `{container.get('name')}`",
                help=f"give the container more memory than {volume['sizeLimit']}, or the volume less",
            )


@rule("KG557", Effect.NO_POD, _CORE, when=odd_in("resources"))
def requests_are_within_limits(subject: Subject) -> Iterator[Finding]:
    """No request is larger than its limit.

    Kubernetes refuses the pod. The webhook does not look at resources.

    Bad:  `resources: {requests: {memory: 8Gi}, limits: {memory: 4Gi}}`
    Good: `resources: {requests: {memory: 4Gi}, limits: {memory: 8Gi}}`
    """
    for path, container in subject.containers:
        resources = container.get("resources")
        if not isinstance(resources, dict) or "requests" not in resources or "limits" not in resources:
            continue
        limits = mapping(resources["limits"])
        for name, asked in mapping(resources["requests"]).items():
            limit = limits.get(name)
            if limit is not None and asked != limit and is_more(asked, limit) and not _is_gpu(name):
                yield Finding(
                    path=(*TRIAL, *path, "resources", "requests", name),
                    related=((*TRIAL, *path, "resources", "limits", name),),
                    message=f"container `{container.get('name')}` requests {name} {asked}, above its limit {limit}",
                    help=f"raise the limit to {asked}, or lower the request to {limit}",
                )


RULES = (
    tolerations_are_legal,
    nodes_can_be_selected,
    devices_are_of_one_kind,
    training_gets_the_devices,
    gpu_nodes_are_asked_for_gpus,
    shared_memory_is_memory,
    shared_memory_fits,
    requests_are_within_limits,
)
