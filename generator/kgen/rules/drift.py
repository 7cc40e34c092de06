"""KG81x: what keeps a manifest written by hand from ever being in sync with the cluster.

Fields that Katib drops are the structure's business (KG2xx). What kgen renders is the object that the API
server will hold, so none of these speaks of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kgen.katib.decode import FlawKind
from kgen.katib.v1beta1 import STRATEGY_OF_TYPE
from kgen.model.diagnostic import Edit, EditKind, Effect, Finding, Severity
from kgen.model.node import FieldPath
from kgen.model.values import listed, mapping, text
from kgen.rules.rule import rule
from kgen.rules.subject import Subject
from kgen.rules.traits import flawed, odd_in

_DEFAULTER = "katib pkg/apis/controller/experiments/v1beta1/experiment_defaults.go"
_WEBHOOK = "katib pkg/webhook/v1beta1/experiment/mutate_webhook.go"
_META = "https://github.com/kubernetes/apiserver/blob/master/pkg/storage/etcd3/store.go"
_STRATEGIES: FieldPath = ("spec", "objective", "metricStrategies")
_CUSTOM: FieldPath = ("spec", "metricsCollectorSpec", "collector", "customCollector")
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_OWN_FINALIZER = "update-prometheus-metrics"
# What the API server writes. A `creationTimestamp: null`, as generators leave it, is ignored on all sides.
_OF_SERVER = {
    "creationTimestamp": "the API server sets it",
    "generation": "the API server counts it",
    "managedFields": "the API server keeps it",
    "resourceVersion": "a create with it is refused, and an update of any other version too",
    "selfLink": "the API server no longer sets it",
    "uid": "an object that is created anew has another",
}


def flow(value: object) -> str:
    """Write plain data as one line of YAML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    if isinstance(value, str):
        plain = value and all(c.isalnum() or c in "-_./" for c in value) and value[0].isalpha()
        return (
            value
            if plain and value.lower() not in _WORDS
            else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        )
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


_WORDS = frozenset("true false yes no on off null y n none nan inf".split())


def _spec(given: Mapping[str, Any]) -> dict[str, Any]:
    return mapping(given.get("spec"))


@rule(
    "KG810", Effect.DRIFT, _DEFAULTER, Severity.WARNING, when=lambda traits: traits.plain and "defaults" in traits.odd
)
def strategies_are_complete(subject: Subject) -> Iterator[Finding]:
    """metricStrategies has an entry for every metric, or is left out.

    Katib appends what is missing. Argo CD compares lists as a whole, so an incomplete one is OutOfSync for
    ever, unless the Application uses server-side diff; with `selfHeal` it is synced again and again.

    Bad:  `additionalMetricNames: [loss]` with `metricStrategies: [{name: accuracy, value: max}]`
    Good: the same with `metricStrategies: [{name: accuracy, value: max}, {name: loss, value: max}]`
    """
    if not subject.plain:
        return
    written = mapping(_spec(subject.given).get("objective")).get("metricStrategies")
    if text(mapping(subject.spec.get("objective")).get("type")) not in STRATEGY_OF_TYPE:
        return  # what is added depends on the type, which another rule asks for first
    held = mapping(subject.spec.get("objective")).get("metricStrategies")
    if not isinstance(written, list) or not isinstance(held, list) or not 0 < len(written) < len(held):
        return
    added = ", ".join(f"`{text(mapping(entry).get('name'))}`" for entry in held[len(written) :])
    yield Finding(
        path=_STRATEGIES,
        message=f"metricStrategies lacks {added}, which Katib appends: OutOfSync for ever without server-side diff",
        help=f"write all of it: `metricStrategies: {flow(held)}`",
        fix=(Edit(EditKind.SET, _STRATEGIES, held),),
    )


@rule(
    "KG811",
    Effect.DRIFT,
    _DEFAULTER,
    Severity.INFO,
    when=lambda traits: traits.plain and not traits.odd.isdisjoint(("defaults", "space")),
)
def defaults_in_lists_are_written(subject: Subject) -> Iterator[Finding]:
    """Every parameter says its distribution.

    Katib writes `distribution: uniform` into those that do not. An Application with `ServerSideApply=true` and
    no server-side diff compares the list as a whole, and is OutOfSync for ever; with any other it makes no
    difference.

    Bad:  `feasibleSpace: {min: "1", max: "5"}`
    Good: `feasibleSpace: {min: "1", max: "5", distribution: uniform}`
    """
    written = _spec(subject.given).get("parameters") if subject.plain else None
    if not isinstance(written, list) or len(written) != len(listed(subject.spec.get("parameters"))):
        return
    missing = [p for p in subject.parameters if _lacks(written[p.at], p.space)]
    if not missing:
        return
    path: FieldPath = ("spec", "parameters", missing[0].at, "feasibleSpace")
    names = ", ".join(f"`{p.name}`" for p in missing)
    value = missing[0].space["distribution"]
    yield Finding(
        path=path,
        message=f"Katib adds `distribution` to {names}: OutOfSync where ServerSideApply=true meets no server-side diff",
        help=f"write `distribution: {flow(value)}` in the feasibleSpace of each of them",
        fix=tuple(
            Edit(EditKind.SET, ("spec", "parameters", p.at, "feasibleSpace", "distribution"), p.space["distribution"])
            for p in missing
        ),
    )


def _lacks(written: object, held: dict[str, Any]) -> bool:
    space = mapping(mapping(written).get("feasibleSpace"))
    return "distribution" in held and not space.get("distribution")


@rule("KG812", Effect.DRIFT, _META, Severity.WARNING, when=odd_in("metadata"))
def nothing_of_the_server_is_in_git(subject: Subject) -> Iterator[Finding]:
    """The manifest holds nothing that the cluster writes.

    That is status, uid, resourceVersion, managedFields and the like, the copy that `kubectl apply` leaves in an
    annotation, and the finalizer of Katib's controller. They come with a manifest that was copied out of a
    cluster; at best they are ignored, and often they never agree.

    Bad:  `metadata: {name: mnist, resourceVersion: "48213"}`
    Good: `metadata: {name: mnist}`
    """
    if not subject.plain:
        return
    if subject.given.get("status"):
        yield _remove(("status",), "`status` is what the controller reports: nobody applies it")
    metadata = mapping(subject.given.get("metadata"))
    for key, why in _OF_SERVER.items():
        if metadata.get(key):
            yield _remove(("metadata", key), f"`metadata.{key}` is not for Git: {why}")
    if _LAST_APPLIED in mapping(metadata.get("annotations")):
        why = "`kubectl apply` writes this annotation, a copy of a whole manifest"
        yield _remove(("metadata", "annotations", _LAST_APPLIED), why)
    finalizers = metadata.get("finalizers")
    if isinstance(finalizers, list) and finalizers:
        foreign = [name for name in finalizers if name != _OWN_FINALIZER]
        why = (
            f"nobody takes the finalizer `{text(foreign[0])}` off, so the Experiment can never be deleted"
            if foreign
            else f"Katib's controller adds the finalizer `{_OWN_FINALIZER}` itself"
        )
        yield _remove(("metadata", "finalizers"), why)


def _remove(path: FieldPath, message: str) -> Finding:
    return Finding(path, message, f"remove `{path[-1]}`", fix=(Edit(EditKind.REMOVE, path),))


@rule("KG813", Effect.DRIFT, "https://github.com/argoproj/argo-cd", Severity.WARNING, when=odd_in("head"))
def the_name_is_written(subject: Subject) -> Iterator[Finding]:
    """The Experiment has a `name`, and no `generateName`.

    `kubectl create` makes a name of the prefix. Argo CD and `kubectl apply` need one that stays: Argo CD applies
    a generateName for hooks only.

    Bad:  `metadata: {generateName: mnist-}`
    Good: `metadata: {name: mnist-1}`
    """
    metadata = subject.metadata
    prefix = metadata.get("generateName")
    if subject.plain and isinstance(prefix, str) and prefix:
        path: FieldPath = ("metadata", "generateName")
        if metadata.get("name"):
            message = "`generateName` beside a `name` does nothing"
            yield Finding(path, message, "remove `generateName`", fix=(Edit(EditKind.REMOVE, path),))
        else:
            message = f"`generateName: {prefix}` can be created, but never applied by Argo CD or `kubectl apply`"
            yield Finding(path, message, f"write a `name`, such as `{prefix.rstrip('-')}-1`, in its place")


@rule("KG814", Effect.ADVICE, "kgen", Severity.INFO, when=odd_in("namespace"))
def the_namespace_is_written(subject: Subject) -> Iterator[Finding]:
    """A manifest says its namespace.

    Without one it goes where the Application, or the context of kubectl, points at the time. Katib admits it
    only in a namespace with its label, so one folder applied in the wrong place is refused.

    Bad:  `metadata: {name: mnist}`
    Good: `metadata: {name: mnist, namespace: team-vision}`
    """
    if subject.plain and not subject.metadata.get("namespace"):
        yield Finding(
            path=("metadata", "namespace"),
            message="the Experiment has no namespace: it goes where the Application or the context of kubectl points",
            help="add `namespace: NAME` to `metadata`, unless that is what you want",
        )


@rule("KG815", Effect.DRIFT, _WEBHOOK, Severity.WARNING, when=flawed)
def collector_quantities_are_canonical(subject: Subject) -> Iterator[Finding]:
    """Quantities of a customCollector are in Kubernetes' own form.

    Katib reads the container into its type and writes it again, `cpu: "0.5"` as `500m`, so Git and cluster never
    agree without server-side diff. The trial's own object is kept as it is.

    Bad:  `customCollector: {resources: {limits: {cpu: "0.5", memory: 1024Mi}}}`
    Good: `customCollector: {resources: {limits: {cpu: 500m, memory: 1Gi}}}`
    """
    if not subject.plain:
        return
    for flaw in subject.flaws:
        if flaw.kind is FlawKind.FORM and flaw.path[: len(_CUSTOM)] == _CUSTOM:
            yield Finding(
                path=flaw.path,
                message=f"Katib rewrites `{flaw.path[-1]}: {flaw.found}` as `{flaw.expected}`: OutOfSync for ever "
                "without server-side diff",
                help=f"write `{flaw.path[-1]}: {flow(flaw.expected)}`",
                fix=(Edit(EditKind.SET, flaw.path, flaw.expected),),
            )


RULES = (
    strategies_are_complete,
    defaults_in_lists_are_written,
    nothing_of_the_server_is_in_git,
    the_name_is_written,
    the_namespace_is_written,
    collector_quantities_are_canonical,
)
