"""Reading an object against the types it is made of, as Go's JSON decoding and re-encoding would.

A quick walk says whether all is well, which is nearly always so; only where it is not, a slow one says what is
wrong, and makes the object that remains.
"""

from __future__ import annotations

import re
from enum import Enum
from math import isfinite
from operator import is_not
from typing import Any, NamedTuple

from kgen.katib.glance import glance
from kgen.katib.pods import canonical_size, is_quantity
from kgen.katib.types import MOST, Field, Reader, Type, experiment, trial
from kgen.katib.v1beta1 import PLACEHOLDER_HEAD, TRIAL
from kgen.model.environment import Target
from kgen.model.node import FieldPath, Node, Span, fields, get, plain, text_of
from kgen.model.values import Words, words_of


class FlawKind(Enum):
    """What can be wrong with a value, type against type."""

    UNKNOWN = "unknown"  # the type has no such field: dropped without a word
    TYPE = "type"  # not decodable: the object is refused
    NULL = "null"  # null where Go leaves the field out
    ZERO = "zero"  # a zero value that Go leaves out: gone when it is written again
    QUANTITY = "quantity"  # no quantity that Kubernetes reads
    FORM = "form"  # a quantity that is written again in another form


class Flaw(NamedTuple):
    """One place where an object and its type disagree."""

    kind: FlawKind
    path: FieldPath  # in the object
    expected: str  # what the type has there, in words: "text", "a whole number"; the canonical form for FORM
    found: str = ""  # what stands there, as it was written
    legal: tuple[str, ...] = ()  # for UNKNOWN: the fields that the type has


WORDS = {
    "text": "text",
    "time": "a time such as 2026-01-31T08:00:00Z",
    "duration": "a duration as text",
    "bytes": "base64 text",
    "bool": "true or false",
    "int32": "a whole number",
    "int64": "a whole number",
    "float": "a number",
    "int-or-text": "a whole number or text",
    "quantity": "a quantity",
    "struct": "a mapping",
    "map": "a mapping",
    "object": "a mapping",
    "list": "a list",
}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|(\.\d+)?(Z|[+-]\d\d:\d\d))")
_ZEROES: dict[str, str | bool | int] = {"text": "", "bool": False, "int32": 0, "int64": 0, "float": 0, "int-or-text": 0}
_WRITTEN = Span("Katib's own types", 0, 0)  # where Go writes what nobody gave


def decode(node: Node, type_: Type) -> tuple[Node, list[Flaw]]:
    """Give what remains of an object when its reader has read it, and what is wrong with it; the same Node if nothing.

    An object that is refused (TYPE, QUANTITY) keeps the value that is wrong.
    """
    if glance(plain(node), type_):
        return node, []
    flaws: list[Flaw] = []
    return _Reading(type_.reader, flaws).struct(node, type_, ()), flaws


def decode_trial(manifest: Node, target: Target) -> tuple[Node, list[Flaw]]:
    """Do it for the trial's object of an Experiment; its flaws have paths in the Experiment.

    The object comes back as it is, but for whole numbers written as 3.0. Nothing is said of a kind whose types
    are not known.
    """
    node = get(manifest, *TRIAL)
    if node is None or not isinstance(node.value, dict):
        return Node(None, manifest.span), []
    given = fields(node)
    version, kind = given.get("apiVersion"), given.get("kind")
    own = None if version is None or kind is None else _type_of(version.value, kind.value, target)
    if own is None:
        return _all_whole(node), []
    flaws: list[Flaw] = []
    return _Reading(own.reader, flaws).struct(node, own, TRIAL), flaws


def is_sound(manifest: dict[str, Any], target: Target, words: Words) -> bool:
    """Whether `decode` and `decode_trial` have nothing to say of an Experiment, of which this is the plain data.

    `words` gets the keys and texts of its trial's object.
    """
    if not glance(manifest, experiment(target.katib)):
        return False
    try:
        trial = manifest["spec"]["trialTemplate"]["trialSpec"]
    except KeyError:
        return True
    own = _type_of(trial.get("apiVersion"), trial.get("kind"), target)
    if own is not None:
        return glance(trial, own, words)
    words_of(trial, *words)
    return _comes_back(trial)


def _comes_back(value: object) -> bool:
    """Whether nothing in a value is changed by `_all_whole`."""
    if isinstance(value, dict):
        return all(map(_comes_back, value.values()))
    return all(map(_comes_back, value)) if isinstance(value, list) else not _is_padded(value)


def _type_of(version: object, kind: object, target: Target) -> Type | None:
    """Give the type of a trial's object; None where it is not known."""
    return None if version is None or kind is None else trial(str(version), str(kind), target)


class _Reading:
    """The slow walk: what is wrong, and what remains."""

    def __init__(self, reader: Reader, flaws: list[Flaw]) -> None:
        self._reader, self._flaws = reader, flaws
        self._rewrites = reader is Reader.KATIB

    def struct(self, node: Node, own: Type, path: FieldPath) -> Node:
        value = node.value
        if not isinstance(value, dict):
            return self._wrong(node, own.kind, path)
        out: dict[str, Node] = {}
        for key, item in value.items():
            field = own.fields.get(key)
            if field is None:
                self._say(FlawKind.UNKNOWN, (*path, key), "", item, tuple(own.fields))
                new = None if self._rewrites else _all_whole(item)
            else:
                new = self._field(item, field, (*path, key))
            if new is not None:
                out[key] = new
        for name in own.written:
            if name not in out:
                out[name] = _zero(own.fields[name])
        same = len(out) == len(value) and all(out.get(key) is item for key, item in value.items())
        return node if same else Node(out, node.span)

    def _field(self, node: Node, field: Field, path: FieldPath) -> Node | None:
        """Read the value of a field; None where it is left out when it is written."""
        if node.value is None:
            return self._null(node, field, path)
        new = self._value(node, field.type, path)
        if not new.value and type(new.value) in (str, bool, int, dict, tuple, float) and self._is_left_out(new, field):
            self._say(FlawKind.ZERO, path, "", node)
            return None if self._rewrites else node
        return new

    def _is_left_out(self, node: Node, field: Field) -> bool:
        if not field.omitempty or field.pointer or self._reader is Reader.SERVER:
            return False
        kind, value = field.type.kind, node.value
        if kind in ("struct", "quantity", "int-or-text", "time", "any"):
            return False
        return (isinstance(value, dict) and kind == "map") or (isinstance(value, tuple) and kind == "list") or (
            kind not in ("map", "list") and not isinstance(value, (dict, tuple))
        )  # fmt: skip

    def _null(self, node: Node, field: Field, path: FieldPath) -> Node | None:
        kind = field.type.kind
        if self._reader is Reader.SERVER or (not field.omitempty and (field.pointer or kind in ("list", "map", "any"))):
            return node
        if (kind == "any" and not self._rewrites) or (kind == "time" and not field.pointer and field.keeps):
            return node
        if path[-1] != "creationTimestamp" or not self._rewrites:
            self._say(FlawKind.NULL, path, "", node)
        if not self._rewrites:
            return node
        if field.pointer or (field.omitempty and kind not in ("struct", "quantity", "int-or-text")):
            return None
        return _zero(field)

    def _value(self, node: Node, own: Type, path: FieldPath) -> Node:
        kind = own.kind
        if kind == "struct":
            return self.struct(node, own, path)
        if kind == "list":
            return self._list(node, own, path)
        if kind == "map":
            return self._map(node, own, path)
        if kind == "object":
            return self._object(node, path)
        if kind == "quantity":
            return self._quantity(node, path)
        return node if kind == "any" else self._scalar(node, kind, path)

    def _list(self, node: Node, own: Type, path: FieldPath) -> Node:
        value, item = node.value, own.item
        if not isinstance(value, tuple) or item is None:
            return self._wrong(node, own.kind, path)
        new = tuple([self._item(one, item, (*path, index)) for index, one in enumerate(value)])
        return node if all(a is b for a, b in zip(new, value, strict=True)) else Node(new, node.span)

    def _map(self, node: Node, own: Type, path: FieldPath) -> Node:
        value, item = node.value, own.item
        if not isinstance(value, dict) or item is None:
            return self._wrong(node, own.kind, path)
        new = {key: self._item(one, item, (*path, key)) for key, one in value.items()}
        return node if all(new[key] is one for key, one in value.items()) else Node(new, node.span)

    def _item(self, node: Node, field: Field, path: FieldPath) -> Node:
        if node.value is not None:
            return self._value(node, field.type, path)
        kept = self._reader is Reader.JOB and _is_resource(path)
        if kept or field.type.kind == "any" or self._reader is Reader.SERVER:
            return node
        self._say(FlawKind.NULL, path, "", node)
        return _zero(field) if self._rewrites else node

    def _object(self, node: Node, path: FieldPath) -> Node:
        if not isinstance(node.value, dict):
            return self._wrong(node, "object", path)
        kind = node.value.get("kind")
        if kind is None or type(kind.value) is not str or not kind.value:
            self._flaws.append(Flaw(FlawKind.TYPE, (*path, "kind"), "text", "" if kind is None else _shown(kind)))
        return node

    def _quantity(self, node: Node, path: FieldPath) -> Node:
        value = node.value
        text = node.text or str(value)
        if isinstance(value, (dict, tuple, bool)) or not is_quantity(text):
            filled = isinstance(value, str) and PLACEHOLDER_HEAD in value
            if not (filled and self._reader is Reader.SERVER):
                self._say(FlawKind.QUANTITY, path, WORDS["quantity"], node)
            return node
        if self._reader is Reader.SERVER or (self._reader is Reader.JOB and _is_resource(path)):
            return _whole(node)
        own = canonical_size(text)
        if own is None or own == value:
            return node
        self._say(FlawKind.FORM, path, own, node)
        return Node(own, node.span) if self._rewrites else _whole(node)

    def _scalar(self, node: Node, kind: str, path: FieldPath) -> Node:
        if not self._rewrites:
            node = _whole(node)  # JSON has one kind of number, and a trial's object comes back as 3 where it says 3.0
        value = node.value
        if type(value) is int and kind in MOST and not -MOST[kind] - 1 <= value <= MOST[kind]:
            most = "a number up to 1.7e308" if kind == "float" else f"a whole number up to {MOST[kind]}"
            self._say(FlawKind.TYPE, path, most, node)
            return node
        return node if self._is_of(value, kind) else self._wrong(node, kind, path)

    def _is_of(self, value: Any, kind: str) -> bool:
        given = type(value)
        if kind in ("int32", "int64"):
            return given is int
        if kind == "float":
            return given is int or (given is float and isfinite(value))
        if kind == "bool":
            return given is bool
        if given is int:
            return kind == "int-or-text"
        if given is not str:
            return False
        if kind == "time":
            read = _TIME.fullmatch(value)
            return read is not None and (read[1] == "Z" or self._reader is not Reader.JOB)
        return kind != "bytes" or _is_base64(value)

    def _wrong(self, node: Node, kind: str, path: FieldPath) -> Node:
        self._say(FlawKind.TYPE, path, WORDS[kind], node)
        return node

    def _say(self, kind: FlawKind, path: FieldPath, expected: str, node: Node, legal: tuple[str, ...] = ()) -> None:
        self._flaws.append(Flaw(kind, path, expected, _shown(node), legal))


def _is_resource(path: FieldPath) -> bool:
    """Whether the webhook lets a Job's quantity change: limits and requests anywhere."""
    return len(path) > 2 and path[-3] == "resources" and path[-2] in ("limits", "requests")


def _whole(node: Node) -> Node:
    value: Any = node.value
    return Node(int(value), node.span) if _is_padded(value) else node


def _is_padded(value: object) -> bool:
    """Whether it is a whole number written as 3.0."""
    return type(value) is float and value.is_integer() and abs(value) < 2**53


def _all_whole(node: Node) -> Node:
    """JSON has one kind of number: 3.0 comes back as 3, wherever it stands."""
    value = node.value
    if type(value) is str:
        return node
    if isinstance(value, dict):
        changed = {key: new for key, item in value.items() if (new := _all_whole(item)) is not item}
        return Node({**value, **changed}, node.span) if changed else node
    if isinstance(value, tuple):
        new_items = tuple([_all_whole(item) for item in value])
        return Node(new_items, node.span) if any(map(is_not, new_items, value)) else node
    return _whole(node)


def _zero(field: Field) -> Node:
    """Make what Go writes of a value that nobody gave."""
    own = field.type
    if field.pointer or own.kind in ("list", "map", "any", "time"):
        return Node(None, _WRITTEN)
    if own.kind == "struct":
        return Node({name: _zero(own.fields[name]) for name in own.written}, _WRITTEN)
    if own.kind == "quantity":
        return Node("0", _WRITTEN)
    return Node(_ZEROES.get(own.kind, ""), _WRITTEN)


def _shown(node: Node) -> str:
    value = node.value
    if isinstance(value, dict):
        return "a mapping" if value else "{}"
    if isinstance(value, tuple):
        return "a list" if value else "[]"
    return '""' if value == "" else node.text or text_of(node)


def _is_base64(text: str) -> bool:
    import binascii  # noqa: PLC0415 - only a Secret or a ConfigMap with bytes needs it

    try:
        binascii.a2b_base64(text.replace("\n", ""), strict_mode=True)
    except (binascii.Error, ValueError):
        return False
    return True
