"""What the API server, Katib and Argo CD write into an object beside what Git says, and what Argo CD does by it.

Read from Katib v0.19.0 (controllers, const.go) and argoproj/argo-cd v3.5.1 (gitops-engine pkg/diff, resource
tracking, sync options).
"""

from __future__ import annotations

import json
from typing import NamedTuple

from kgen.katib.argocd import COMPARE_OPTIONS, HELM_HOOK, HOOK, SYNC_OPTIONS, TRACKING
from kgen.katib.quantity import parse
from kgen.model.node import Node, Plain, Value, fields, get, is_true, items, make, text_of

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
INSTANCE = "app.kubernetes.io/instance"  # Argo CD's mark where it tracks by label
_OF_SERVER = frozenset(
    "uid resourceVersion generation creationTimestamp deletionTimestamp deletionGracePeriodSeconds managedFields "
    "selfLink ownerReferences".split()
)
_ANNOTATIONS = frozenset((LAST_APPLIED, "deployment.kubernetes.io/revision", *TRACKING))
_AMOUNTS = frozenset("capacity hard limits requests".split())  # of quantities, which the server writes its own way
_FINALIZERS = ("update-prometheus-metrics", "clean-metrics-in-db")


def is_live(obj: Node) -> bool:
    """Whether an object was read from a cluster."""
    metadata = fields(get(obj, "metadata"))
    return "uid" in metadata or "resourceVersion" in metadata


def is_going(obj: Node) -> bool:
    """Whether a cluster is deleting it: it stays until nothing holds on to it any more."""
    return "deletionTimestamp" in fields(get(obj, "metadata"))


def is_owned(obj: Node) -> bool:
    """Whether another object owns it, so that no Application counts it as its own."""
    return bool(items(get(obj, "metadata", "ownerReferences")))


def is_hook(obj: Node) -> bool:
    """Whether Argo CD runs it as a hook, outside of all comparison."""
    annotations = fields(get(obj, "metadata", "annotations"))
    return HOOK in annotations or HELM_HOOK in annotations


def applications_of(obj: Node) -> tuple[str, ...]:
    """Name the Applications that a live object bears the marks of."""
    marks = get(obj, "metadata", "annotations", TRACKING[0]), get(obj, "metadata", "labels", INSTANCE)
    return tuple(text_of(mark).partition(":")[0] for mark in marks if mark is not None)


def without_managed(obj: Node) -> Node:
    """Leave out what nobody writes in Git: status, what the server counts, marks; labels of nobody, too."""
    given = {key: node for key, node in fields(obj).items() if key != "status"}
    if "stringData" in given and "kind" in given and given["kind"].value == "Secret":
        given["data"] = _coded(given.get("data"), given.pop("stringData"))
    metadata = given.get("metadata")
    if metadata is not None and isinstance(metadata.value, dict):
        given["metadata"] = Node(_metadata(metadata.value), metadata.span)
    return Node(given, obj.span)


def _coded(data: Node | None, texts: Node) -> Node:
    """Lay the `stringData` of a Secret over its `data`, as the API server does."""
    from binascii import b2a_base64  # noqa: PLC0415 - few Secrets are written so

    coded = {key: b2a_base64(text_of(text).encode(), newline=False).decode() for key, text in fields(texts).items()}
    return Node({**fields(data), **{key: Node(text, texts.span) for key, text in coded.items()}}, texts.span)


def _metadata(given: dict[str, Node]) -> dict[str, Node]:
    out = {key: node for key, node in given.items() if key not in _OF_SERVER}
    annotations = out.get("annotations")
    if annotations is not None:
        kept = {key: node for key, node in fields(annotations).items() if key not in _ANNOTATIONS}
        out["annotations"] = Node(kept, annotations.span)
    if "finalizers" in out:
        ends = tuple(node for node in items(out["finalizers"]) if node.value not in _FINALIZERS)
        out["finalizers"] = Node(ends, out["finalizers"].span)
    for key in ("annotations", "labels", "finalizers"):
        if key in out and not out[key].value:
            del out[key]
    return out


def last_applied(obj: Node) -> Node | None:
    """Give the object as it was applied the last time, where `kubectl apply` or Argo CD have kept that."""
    text = get(obj, "metadata", "annotations", LAST_APPLIED)
    if text is None or not isinstance(text.value, str):
        return None
    try:
        found: Plain = json.loads(text.value)
    except (ValueError, RecursionError):
        return None
    return make(found, text.span) if isinstance(found, dict) else None


def spoken_of(live: Node, wanted: Node, applied: Node | None, *, amounts: bool = False) -> Node:
    """Leave out the keys that the cluster alone has, at every depth, as Argo CD does before it compares.

    A key that was applied before and is not wanted any more is the cluster's no longer: it stays. Items of
    lists are paired by their place, and all are kept. `amounts` says that the values are quantities: one that comes
    to what is wanted is given as it is wanted.
    """
    have, want = live.value, wanted.value
    if isinstance(have, dict) and isinstance(want, dict):
        own = fields(applied)
        kept = {
            key: spoken_of(node, want[key], own.get(key), amounts=amounts or key in _AMOUNTS) if key in want else node
            for key, node in have.items()
            if key in want or key in own
        }
        return Node(kept, live.span)
    if isinstance(have, tuple) and isinstance(want, tuple):
        paired = [spoken_of(a, b, get(applied, at)) for at, (a, b) in enumerate(zip(have, want, strict=False))]
        return Node((*paired, *have[len(paired) :]), live.span)
    return wanted if amounts and _is_same_amount(have, want) else live


def _is_same_amount(one: Value, other: Value) -> bool:
    amount = parse(str(one))
    return amount is not None and amount == parse(str(other))


class Upkeep(NamedTuple):
    """What is known of the Application that applies the manifests."""

    name: str = ""
    known: bool = False
    prunes: bool = False  # by itself
    empties: bool = False  # even where nothing would be left
    options: tuple[str, ...] = ()  # its sync options


def upkeep(application: Node | None) -> Upkeep:
    """Read an Application."""
    if application is None:
        return Upkeep()
    policy = get(application, "spec", "syncPolicy")
    automated = get(policy, "automated")
    enabled = get(automated, "enabled")
    on = isinstance(getattr(automated, "value", None), dict) and (enabled is None or enabled.value is not False)
    name = get(application, "metadata", "name")
    return Upkeep(
        "" if name is None else text_of(name),
        known=True,
        prunes=on and is_true(get(automated, "prune")),
        empties=is_true(get(automated, "allowEmpty")),
        options=tuple(text_of(option) for option in items(get(policy, "syncOptions"))),
    )


def sync_options(obj: Node) -> frozenset[str]:
    """Give the sync options and compare options that an object bears."""
    found = (get(obj, "metadata", "annotations", key) for key in (SYNC_OPTIONS, COMPARE_OPTIONS))
    return frozenset(part.strip() for node in found if node is not None for part in text_of(node).split(","))
