"""Laying one tree over another.

Mappings merge key by key and Kubernetes' lists by their merge key; all else is replaced whole, and
null deletes. How layers are grouped never changes the result, and a layer laid twice is a layer
laid once. Two things make that exact:

- What replaces instead of merging says so in its type (`Fresh`, `Alone`): a value laid over a null
  stands alone, whatever lies further down.
- A change of kind, a list over a mapping say, is kept in the tree as a `Conflict` and only reported
  by `settle`, when all layers are laid; one that a higher layer deletes or replaces was none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from kgen.model.diagnostic import Diagnostic, Related, error
from kgen.model.node import FieldPath, Node, Span, kind_of, path_text, plain

KIND_CHANGE = "KG104"


class Fresh(dict[str, Node]):
    """A mapping that replaces what lies below it."""

    __slots__ = ()


class Keyed(dict[str, Node]):
    """A list whose items merge by a key: items by what identifies them, in order."""

    __slots__ = ()


class FreshKeyed(Keyed, Fresh):
    """A keyed list that replaces what lies below it."""

    __slots__ = ()


class Over(Keyed):
    """A keyed list that was laid over a list without keys: it replaces any list, and nothing else."""

    __slots__ = ()


class Alone(tuple[Node, ...]):
    """One scalar or list that replaces what lies below it, of whatever kind that is."""

    __slots__ = ()


class Conflict(tuple[Node, ...]):
    """Two Nodes of kinds that cannot be laid over each other, the lower first."""

    __slots__ = ()


class KindChange(NamedTuple):
    """A Conflict that was still there when all layers were laid."""

    path: FieldPath
    low: Node
    high: Node


def merge(low: Node, high: Node) -> Node:
    """Lay `high` over `low`. A value keeps the Span of the layer that wrote it."""
    over, under = high.value, low.value
    kind = type(over)
    if kind is dict or kind is Keyed:
        if type(under) is kind:  # by far the commonest
            return Node(_merge_mappings(under, over), high.span)  # type: ignore[arg-type]
        return _lay_mapping(low, high, keyed_=kind is Keyed)
    if kind is Over:
        return _lay_over(low, high)
    if over is None or isinstance(over, (Fresh, Alone, Conflict)):
        return high
    if under is None:
        return Node(Alone((high,)), high.span)
    if isinstance(under, Conflict):
        return low
    if isinstance(under, Alone):
        return _alone(merge(under[0], high))
    listed = isinstance(under, (tuple, Keyed))
    if isinstance(over, tuple) is not listed or (isinstance(under, dict) and not listed):
        return Node(Conflict((low, high)), high.span)
    return Node(Alone((high,)), high.span) if isinstance(under, Fresh) else high


def _lay_mapping(low: Node, high: Node, *, keyed_: bool) -> Node:
    """Lay a mapping or a keyed list over something else than its like."""
    over, under = high.value, low.value
    assert isinstance(over, dict)
    if isinstance(under, Conflict):
        return low
    if isinstance(under, Alone):
        return _alone(merge(under[0], high))
    if under is None:
        return Node((FreshKeyed if keyed_ else Fresh)(over), high.span)
    if keyed_ and isinstance(under, tuple):
        return Node(Over(over), high.span)
    if isinstance(under, dict) and isinstance(under, Keyed) is keyed_:
        return Node(_merge_mappings(under, over), high.span)
    return Node(Conflict((low, high)), high.span)


def _lay_over(low: Node, high: Node) -> Node:
    """Lay a keyed list that replaces lists."""
    under = low.value
    if isinstance(under, Conflict):
        return low
    if under is None or isinstance(under, FreshKeyed):
        return _alone(high)
    if isinstance(under, Alone):
        return _alone(merge(under[0], high))
    return high if isinstance(under, (tuple, Keyed)) else Node(Conflict((low, high)), high.span)


def _alone(node: Node) -> Node:
    """Have a value stand alone; what replaces anyway, and what is in conflict, need not be told."""
    if isinstance(node.value, Over):
        return Node(FreshKeyed(node.value), node.span)
    return node if isinstance(node.value, (Fresh, Conflict)) else Node(Alone((node,)), node.span)


def _merge_mappings(under: dict[str, Node], over: dict[str, Node]) -> dict[str, Node]:
    out = type(under)(under)
    for key, node in over.items():
        low = out.get(key)
        out[key] = node if low is None else merge(low, node)
    return out


def clash(one: Node | None, other: Node | None, path: FieldPath = ()) -> KindChange | None:
    """Find a value that two trees set, and set differently; None where they go together.

    The two stand for one place that can be written in two ways, so that no layer is above the other.
    """
    if one is None or other is None or one.value is None or other.value is None:
        return None
    low, high = one.value, other.value
    if isinstance(low, dict) and isinstance(high, dict):
        both = (clash(item, high[key], (*path, key)) for key, item in low.items() if key in high)
        return next((found for found in both if found is not None), None)
    return None if plain(settle(one)[0]) == plain(settle(other)[0]) else KindChange(path, one, other)


def settle(node: Node, *, drop_emptied: bool = False) -> tuple[Node, tuple[KindChange, ...]]:
    """Give the plain tree that is left when all layers are laid, and every change of kind in it.

    Nulls are gone, with the keys that held them; keyed lists are lists again. With `drop_emptied` a
    mapping or keyed list that held nothing but nulls is gone too; one that was written empty stays.
    """
    changes: list[KindChange] = []
    settled = _settle(node, (), changes, drop_emptied)
    return Node({}, node.span) if settled.value is None and node.value is not None else settled, tuple(changes)


def _settle(node: Node, path: FieldPath, changes: list[KindChange], drop: bool) -> Node:
    value = node.value
    kind = type(value)
    if kind is dict or kind is Fresh:
        out = {}
        for key, item in value.items():  # type: ignore[union-attr]
            if item.value is not None:
                new = item if type(item.value) is str else _settle(item, (*path, key), changes, drop)
                if new.value is not None:
                    out[key] = new
        return Node(None if drop and value and not out else out, node.span)
    if isinstance(value, Keyed):
        items = [item for item in value.values() if item.value is not None]
        if drop and value and not items:
            return Node(None, node.span)
        return Node(_settle_items(items, path, changes, drop), node.span)
    if isinstance(value, Alone):
        return _settle(value[0], path, changes, drop)
    if isinstance(value, Conflict):
        low, high = value
        changes.append(KindChange(path, low, high))
        return high
    if isinstance(value, tuple):
        return Node(_settle_items(value, path, changes, drop), node.span)
    return node


def _settle_items(items: Iterable[Node], path: FieldPath, changes: list[KindChange], drop: bool) -> tuple[Node, ...]:
    """Settle the items of a list; one that is emptied stays, or the others would change places."""
    out = []
    for index, item in enumerate(items):
        new = _settle(item, (*path, index), changes, drop)
        out.append(Node({}, item.span) if new.value is None and item.value is not None else new)
    return tuple(out)


# A list merges by key if Kubernetes has one for it, or if its items cannot sensibly be there twice.
# Every one but the containers is laid whole: half of one volume and half of another is neither.
_MERGE_KEYS: dict[str, tuple[str, ...]] = {
    "containers": ("name",),
    "initContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "imagePullSecrets": ("name",),
    "resourceClaims": ("name",),
    "schedulingGates": ("name",),
    "hostAliases": ("ip",),
    "ports": ("containerPort", "protocol"),
    "envFrom": ("prefix", "configMapRef", "secretRef"),
    "tolerations": ("key", "operator", "value", "effect"),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
}
_OPTIONAL_KEYS = {"operator", "value", "effect", "key", "whenUnsatisfiable", "prefix", "configMapRef", "secretRef"}
_DEFAULTS = {"protocol": "TCP"}
_DEEP = {"containers", "initContainers"}


def unwrapped(node: Node) -> Node:
    """Give the value of a Node that may stand alone."""
    return node.value[0] if isinstance(node.value, Alone) else node


Duplicate = Callable[[str, str, Span, Span], None]
"""Called for two items of a list that are identified alike: list, identity, first and second place."""


def keyed(node: Node, duplicate: Duplicate, name: str = "") -> Node:
    """Turn the lists of a Kubernetes object that merge by a key into `Keyed`, at every depth.

    `{name: X, $patch: delete}` deletes an item, as in a strategic merge patch.
    """
    value = node.value
    if isinstance(value, dict):
        for item in value.values():
            if isinstance(item.value, (dict, tuple)):
                out = {key: keyed(item, duplicate, key) for key, item in value.items()}
                return Node(type(value)(out), node.span)
        return node
    if not isinstance(value, tuple):
        return node
    identities = _identities(value, name)
    if identities is None:
        return Node(tuple([keyed(item, duplicate) for item in value]), node.span)
    items = Keyed()
    for identity, item in zip(identities, value, strict=True):
        if identity in items:
            duplicate(name, identity, items[identity].span, item.span)
            continue
        items[identity] = _keyed_item(item, duplicate, deep=name in _DEEP)
    return Node(items, node.span)


def _identities(items: tuple[Node, ...], name: str) -> list[str] | None:
    """Give what identifies each item of a list, or None if the list is one to be replaced whole."""
    keys = _MERGE_KEYS.get(name)
    if keys is None:
        return None
    out = []
    for item in items:
        fields = item.value
        if not isinstance(fields, dict):
            return None
        parts = []
        for key in keys:
            field = fields.get(key)
            if field is None and key not in _OPTIONAL_KEYS and key not in _DEFAULTS:
                return None
            parts.append(_DEFAULTS.get(key, "") if field is None else str(plain(field)))
        out.append("/".join(parts))
    return out


def _keyed_item(item: Node, duplicate: Duplicate, *, deep: bool) -> Node:
    fields = item.value
    assert isinstance(fields, dict)
    if "$patch" in fields and fields["$patch"].value == "delete":
        return Node(None, item.span)
    return keyed(item, duplicate) if deep else Node(Fresh(fields), item.span)


def describe(node: Node) -> str:
    """Name the kind of a merged value for a message."""
    if isinstance(node.value, (Alone, Conflict)):
        return describe(node.value[-1])
    return "list" if isinstance(node.value, Keyed) else kind_of(node.value)


def kind_change(change: KindChange) -> Diagnostic:
    """Say that two layers disagree about what a value is."""
    low, high = describe(change.low), describe(change.high)
    return error(
        change.high.span,
        KIND_CHANGE,
        f"`{path_text(change.path)}` is a {high} here and a {low} in the layer below",
        f"write a {low}; or put `null` in a layer between to delete what lies below",
        Related(change.low.span, f"the {low}"),
    )
