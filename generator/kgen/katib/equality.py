"""Where two objects of one Go type differ, as apimachinery's equality.Semantic.DeepEqual tells it.

A field that is absent has its zero value, unless it is a pointer; an empty list or mapping is as good as none;
quantities are compared by what they come to. What has no type, such as a trial's object, is compared as it stands.
Read from k8s.io/apimachinery 0.34: pkg/api/equality, third_party/forked/golang/reflect.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from kgen.katib.quantity import parse
from kgen.katib.types import Field, Type
from kgen.model.node import FieldPath

_ZEROES: dict[str, object] = {"bool": False, "int32": 0, "int64": 0, "float": 0, "int-or-text": 0, "quantity": "0"}
_EMPTY: dict[str, object] = {"struct": {}, "map": {}, "list": []}
_UNTYPED = ("any", "object")
_ABSENT = object()  # null is a value where there are no types


def differing(one: object, other: object, own: Type, path: FieldPath = ()) -> Iterator[FieldPath]:
    """Yield the paths at which two values of a type differ, as JSON gives them: the deepest, in the type's order.

    What the type does not know is not looked at. Values that do not fit the type are compared as they stand.
    """
    if own.kind in _UNTYPED or not (_fits(one, own) and _fits(other, own)):
        yield from _apart(one, other, path)
    elif own.kind == "struct":
        assert isinstance(one, dict)
        assert isinstance(other, dict)
        for name, field in own.fields.items():
            yield from _of_field(one.get(name), other.get(name), field, (*path, name))
    elif own.item is None:
        if not _same(one, other, own.kind):
            yield path
    else:
        yield from _of_items(one, other, own.item, path)


def _fits(value: object, own: Type) -> bool:
    if own.kind in ("struct", "map"):
        return isinstance(value, dict)
    return isinstance(value, list) if own.kind == "list" else not isinstance(value, (dict, list))


def _of_field(one: object, other: object, field: Field, path: FieldPath) -> Iterator[FieldPath]:
    if field.pointer and (one is None or other is None):
        if one is not other:
            yield path
        return
    yield from differing(_value(one, field.type), _value(other, field.type), field.type, path)


def _value(value: object, own: Type) -> object:
    """Give what Go has where a value is absent or null."""
    if value is not None or own.kind in _UNTYPED:
        return value
    return _EMPTY.get(own.kind, _ZEROES.get(own.kind, ""))


def _of_items(one: object, other: object, item: Field, path: FieldPath) -> Iterator[FieldPath]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in dict.fromkeys((*one, *other)):
            if key in one and key in other:
                yield from _of_field(one[key], other[key], item, (*path, key))
            else:
                yield (*path, key)
        return
    assert isinstance(one, list)
    assert isinstance(other, list)
    for index, (a, b) in enumerate(zip_longest(one, other, fillvalue=_ABSENT)):
        if a is _ABSENT or b is _ABSENT:
            yield (*path, index)
        else:
            yield from _of_field(a, b, item, (*path, index))


def _same(one: object, other: object, kind: str) -> bool:
    if kind == "quantity":
        amounts = parse(str(one)), parse(str(other))
        return amounts[0] == amounts[1] if None not in amounts else one == other
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _apart(one: object, other: object, path: FieldPath) -> Iterator[FieldPath]:
    """Compare without types, as JSON: null is not absence, a list that is empty not null, and text no number."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in dict.fromkeys((*one, *other)):
            yield from _apart(one.get(key, _ABSENT), other.get(key, _ABSENT), (*path, key))
    elif isinstance(one, list) and isinstance(other, list):
        for index, (a, b) in enumerate(zip_longest(one, other, fillvalue=_ABSENT)):
            yield from _apart(a, b, (*path, index))
    elif isinstance(one, bool) is not isinstance(other, bool) or one != other:
        yield path
