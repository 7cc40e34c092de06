"""KG59x: Istio's proxy, which no trial outlives, and where a pod says that it wants none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kgen.katib.pods import TRAINJOB
from kgen.katib.v1beta1 import TRIAL
from kgen.model.diagnostic import Edit, EditKind, Effect, Finding, Severity
from kgen.model.node import FieldPath
from kgen.model.values import mapping, text
from kgen.rules.reading import mend
from kgen.rules.rule import rule
from kgen.rules.subject import Subject
from kgen.rules.traits import odd_in

_ISTIO = "https://github.com/istio/istio"
INJECT = "sidecar.istio.io/inject"
_OF_NAMESPACES = "istio-injection"
_PROFILE = "kubeflow-user"  # namespaces of Kubeflow's profiles have Istio's injection on
_OUTSIDE: tuple[FieldPath, ...] = (
    ("metadata", "labels"),
    ("metadata", "annotations"),
    (*TRIAL, "metadata", "labels"),
    (*TRIAL, "metadata", "annotations"),
)


def _templates(subject: Subject) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
    """Yield each pod template's path in the trial, and its metadata."""
    for path, _ in subject.pods:
        value: Any = subject.trial
        for step in path[:-1]:
            value = value[step]
        yield path[:-1], mapping(mapping(value).get("metadata"))


def _says(metadata: dict[str, Any]) -> tuple[object, object]:
    """Give what a pod's metadata says of the proxy: as a label, as an annotation; None where it says nothing."""
    return mapping(metadata.get("labels")).get(INJECT), mapping(metadata.get("annotations")).get(INJECT)


def _is_silent(metadata: dict[str, Any]) -> bool:
    return _says(metadata) == (None, None)


def _no(value: object) -> bool:
    return value is False or value == "false"


def _get(manifest: object, path: FieldPath) -> object:
    for step in path:
        manifest = mapping(manifest).get(str(step))
    return manifest


@rule("KG590", Effect.STUCK, _ISTIO, Severity.WARNING, when=odd_in("labels", "metadata", "object"))
def proxy_is_refused_by_the_pod(subject: Subject) -> Iterator[Finding]:
    """The label that keeps Istio's proxy away is on the pod template.

    Istio looks at a pod when it is made, before Katib lays the Experiment's labels on it. On the Experiment,
    the Job or the Trial the label comes too late: the proxy runs beside the training, never ends, and the
    trial never does.

    Bad:  `trialSpec: {metadata: {labels: {sidecar.istio.io/inject: "false"}}}`
    Good: `trialSpec: {spec: {template: {metadata: {labels: {sidecar.istio.io/inject: "false"}}}}}`
    """
    in_trial = f"'{INJECT}'" in subject.text
    if not in_trial and "labels" not in subject.metadata and not _annotated(subject):
        return
    places = [(*holder, INJECT) for holder in _OUTSIDE if _no(mapping(_get(subject.manifest, holder)).get(INJECT))]
    if not places:
        return
    silent = [path for path, metadata in _templates(subject) if _is_silent(metadata)]
    if not silent and subject.trial.get("kind") != TRAINJOB:
        return
    if not silent and _times(subject.trial) > sum(1 for place in places if place[0] == "spec"):
        return  # a TrainJob that says it in an override as well
    for number, place in enumerate(places):
        yield Finding(
            path=place,
            message=f"`{INJECT}` on {_owner(place)} keeps no proxy away: Istio looks at the pod template alone",
            help=_help(subject, silent),
            fix=(*_moved(place, silent, number), *emptied(subject, place)) if silent else (),
        )


def _times(value: object) -> int:
    """Count the keys and texts that name the label."""
    if isinstance(value, dict):
        return sum((INJECT in key) + _times(item) for key, item in value.items())
    if isinstance(value, list):
        return sum(map(_times, value))
    return int(isinstance(value, str) and INJECT in value)


def _annotated(subject: Subject) -> bool:
    return INJECT in mapping(subject.metadata.get("annotations"))


def _owner(place: FieldPath) -> str:
    return "the Experiment" if place[0] == "metadata" else "the trial's object"


def _help(subject: Subject, silent: list[FieldPath]) -> str:
    if not silent:
        return "write it in the training runtime, or in the TrainJob's overrides of its pod template"
    where = ".".join(str(step) for step in silent[0])
    return mend(
        subject,
        "set `istio: {inject: false}` in an overlay, or `trial.pod.metadata.labels`",
        f"move it to `trialSpec.{where}.metadata.labels`",
    )


def _moved(place: FieldPath, silent: list[FieldPath], number: int) -> tuple[Edit, ...]:
    """Edit the label to all pod templates: moved to the first, written in the others; what else says it goes."""
    if number > 0:
        return (Edit(EditKind.REMOVE, place),)
    to = [(*TRIAL, *path, "metadata", "labels", INJECT) for path in silent]
    return (Edit(EditKind.MOVE, place, to=to[0]), *(Edit(EditKind.SET, path, "false") for path in to[1:]))


def emptied(subject: Subject, place: FieldPath) -> tuple[Edit, ...]:
    """Give the edit that removes the mapping of a field which leaves it: the webhook refuses an empty one in a Job."""
    value: Any = subject.manifest
    for step in place[:-1]:
        value = value[step]
    return (Edit(EditKind.REMOVE, place[:-1]),) if len(value) == 1 else ()


@rule("KG591", Effect.STUCK, _ISTIO, Severity.WARNING, when=odd_in("pods"))
def every_pod_refuses_the_proxy(subject: Subject) -> Iterator[Finding]:
    """Where one pod template of a trial keeps Istio's proxy away, all do.

    The proxy never ends, so a pod that has one never does.

    Bad:  a PyTorchJob whose Master has `sidecar.istio.io/inject: "false"`, and whose Worker has not
    Good: a PyTorchJob in which both have it
    """
    if len(subject.pods) < 2 or INJECT not in subject.text:
        return
    found = list(_templates(subject))
    if not any(_no(value) for _, metadata in found for value in _says(metadata)):
        return
    for path, metadata in found:
        if _is_silent(metadata):
            place = (*TRIAL, *path, "metadata", "labels", INJECT)
            yield Finding(
                path=place,
                message=f"pods of `{path[-2:][0]}` do not keep Istio's proxy away, as others of the trial do",
                help=mend(
                    subject,
                    "set `istio: {inject: false}` in an overlay, or `trial.pod.metadata.labels`, for all of them",
                    f'add the label `{INJECT}: "false"` to this pod template too',
                ),
                fix=(Edit(EditKind.SET, place, "false"),),
            )


@rule("KG592", Effect.ADVICE, _ISTIO, Severity.INFO, when=odd_in("pods"))
def proxy_is_refused_by_label(subject: Subject) -> Iterator[Finding]:
    """Istio's proxy is kept away by a label, as an annotation is the old form.

    The label decides whether Istio's webhook is asked at all; the annotation, deprecated since Istio 1.16,
    is read only after that, and some installations do not heed it.

    Bad:  `metadata: {annotations: {sidecar.istio.io/inject: "false"}}` of the pod template
    Good: `metadata: {labels: {sidecar.istio.io/inject: "false"}}` of the pod template
    """
    if INJECT not in subject.text:
        return
    for path, metadata in _templates(subject):
        label, annotation = _says(metadata)
        if label is None and annotation == "false":
            place = (*TRIAL, *path, "metadata", "annotations", INJECT)
            to = (*TRIAL, *path, "metadata", "labels", INJECT)
            yield Finding(
                path=place,
                message=f"`{INJECT}` is an annotation, the old form: Istio of today asks for the label",
                help=mend(
                    subject,
                    "write it under `labels`, or set `istio: {inject: false}` in an overlay",
                    "move it to `labels` of the same metadata",
                ),
                fix=(Edit(EditKind.MOVE, place, to=to), *emptied(subject, place)),
            )


@rule("KG593", Effect.STUCK, _ISTIO, Severity.INFO, when=odd_in("namespace"))
def proxy_is_refused_where_istio_is(subject: Subject) -> Iterator[Finding]:
    """A trial in a namespace of a Kubeflow profile says that it wants no Istio proxy.

    Such namespaces have the injection on. Before Istio 1.27 the proxy never ends, and the trial with it.

    Bad:  a pod template without `sidecar.istio.io/inject` in namespace kubeflow-user-example-com
    Good: `metadata: {labels: {sidecar.istio.io/inject: "false"}}` of the pod template
    """
    namespace = subject.metadata.get("namespace")
    if not text(namespace).startswith(_PROFILE) or INJECT in subject.text or "istio.io/" in subject.text:
        return
    if any(_get(subject.manifest, (*holder, INJECT)) is not None for holder in _OUTSIDE[:2]):
        return  # KG590
    if not subject.pods and subject.trial.get("kind") != TRAINJOB:
        return
    place = (*TRIAL, *subject.pods[0][0][:-1], "metadata", "labels", INJECT) if subject.pods else (*TRIAL, "spec")
    yield Finding(
        path=place,
        message=f"namespace {namespace} is of a Kubeflow profile, where Istio adds a proxy that no trial outlives",
        help=mend(
            subject,
            "set `istio: {inject: false}` in an overlay",
            f'add the label `{INJECT}: "false"` to the metadata of each pod template'
            + ("" if subject.pods else ", in the training runtime or the TrainJob's overrides"),
        ),
    )


@rule("KG594", Effect.STUCK, _ISTIO, Severity.WARNING, when=odd_in("pods"))
def injection_label_is_of_namespaces(subject: Subject) -> Iterator[Finding]:
    """No pod has the label `istio-injection`: it is one of namespaces.

    On a pod Istio asks for `sidecar.istio.io/inject` alone.

    Bad:  `metadata: {labels: {istio-injection: disabled}}` of the pod template
    Good: `metadata: {labels: {sidecar.istio.io/inject: "false"}}` of the pod template
    """
    if _OF_NAMESPACES not in subject.text:
        return
    for path, metadata in _templates(subject):
        for kind in ("labels", "annotations"):
            value = mapping(metadata.get(kind)).get(_OF_NAMESPACES)
            if value is None or not _is_silent(metadata):
                continue
            place = (*TRIAL, *path, "metadata", kind, _OF_NAMESPACES)
            to = (*TRIAL, *path, "metadata", "labels", INJECT)
            yield Finding(
                path=place,
                message=f"`{_OF_NAMESPACES}: {value}` has no effect on a pod: it is a label of namespaces",
                help=f'write the label `{INJECT}: "false"` in its place',
                fix=(Edit(EditKind.REMOVE, place), Edit(EditKind.SET, to, "false")) if value == "disabled" else (),
            )


RULES = (
    proxy_is_refused_by_the_pod,
    every_pod_refuses_the_proxy,
    proxy_is_refused_by_label,
    proxy_is_refused_where_istio_is,
    injection_label_is_of_namespaces,
)
