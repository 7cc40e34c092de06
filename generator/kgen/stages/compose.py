"""The layers of one experiment to one tree, in which every leaf knows where it was written (KG1xx)."""

from __future__ import annotations

from collections.abc import Iterable

from kgen.model.diagnostic import Diagnostic
from kgen.model.merge import KindChange, kind_change, merge, settle
from kgen.model.node import FieldPath, Node, fields

# What `expand` lays over the trial's object keeps the marks by which it merges.
LOOSE = frozenset({"pod", "main", "template", "spec", "metadata"})


def compose(spec: Node, layers: Iterable[Node], problems: list[Diagnostic]) -> Node:
    """Lay layers over a spec, lowest first, all in kgen's one form.

    The result holds no null and no marks of merging, except below `LOOSE` keys of the trial.
    """
    tree = spec
    for layer in layers:
        tree = merge(tree, layer)
    changes: list[KindChange] = []
    whole = _settle(tree, ("trial",), changes)
    trial = fields(whole).get("trial")
    if trial is not None and isinstance(trial.value, dict):
        opened = _open(trial, ("trial",), changes)
        whole = Node({**fields(whole), "trial": opened}, whole.span)
    problems.extend(kind_change(change) for change in changes)
    return Node(whole.value, spec.span)


def _settle(node: Node, keep: tuple[str, ...], changes: list[KindChange]) -> Node:
    """Settle a mapping but for the keys that are kept as they are."""
    kept = {key: item for key, item in fields(node).items() if key in keep and item.value is not None}
    rest = Node({key: item for key, item in fields(node).items() if key not in keep}, node.span)
    settled, found = settle(rest)
    changes.extend(found)
    return Node({**fields(settled), **kept}, node.span) if kept else settled


def _open(trial: Node, path: FieldPath, changes: list[KindChange]) -> Node:
    out = _settle(trial, (*LOOSE, "replicas"), changes)
    replicas = fields(out).get("replicas")
    if replicas is None or not isinstance(replicas.value, dict):
        return out
    types = {
        name: _open(replica, (*path, "replicas", name), changes)
        for name, replica in replicas.value.items()
        if replica.value is not None
    }
    return Node({**fields(out), "replicas": Node(types, replicas.span)}, out.span)
