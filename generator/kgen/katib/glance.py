"""The quick walk over an object: whether all is well with it, and then what it is without places.

No more than a walk, as every document goes through it; of an object with a flaw it says nothing but that it has one.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

from kgen.katib.pods import canonical_size, is_quantity
from kgen.katib.types import MOST, QUICK, Field, Look, Reader, Type
from kgen.model.node import Node, Plain, plain

# To look a member up in its enumeration would cost a third of the whole walk.
_STRUCT, _STRUCTS, _STRUCT_MAP, _TEXTS = Look.STRUCT, Look.STRUCTS, Look.STRUCT_MAP, Look.TEXTS
_WHOLE, _NUMBER, _QUANTITY, _ANY, _OBJECT = Look.WHOLE, Look.NUMBER, Look.QUANTITY, Look.ANY, Look.OBJECT
_TEXT_MAP, _QUANTITIES, _WHOLES, _SLOW, _KATIB = Look.TEXT_MAP, Look.QUANTITIES, Look.WHOLES, Look.SLOW, Reader.KATIB
_ANY_WHOLE = MOST["int32"]  # up to here a number is of every type of whole numbers


class _FlawedError(Exception):
    """Something does not fit."""


def glance(node: Node, own: Type) -> dict[str, Plain] | None:
    """Give the plain data of an object that has no flaw and comes back as it is; None for any other.

    An object of any kind within it, which is the trial's, is left empty: who knows its type reads it by itself.
    """
    try:
        return _struct(node[0], own)
    except (_FlawedError, KeyError):  # no such field
        return None


def _struct(value: object, own: Type) -> dict[str, Plain]:
    """Read a struct.

    Raises:
        _FlawedError: it does not fit.
        KeyError: it has a field that its type does not know.
    """
    if type(value) is not dict:
        raise _FlawedError
    quick, fields = own.quick, own.fields
    out: dict[str, Any] = {}
    for key, node in value.items():
        inner = node[0]
        if inner and type(inner) is quick[key]:
            out[key] = inner
            continue
        field = fields[key]
        look = field[1]
        if look is _STRUCT:
            out[key] = _struct(inner, field[2])
        elif look is _WHOLE and type(inner) is int and 0 < inner <= _ANY_WHOLE:
            out[key] = inner
        elif look is _STRUCTS and inner and type(inner) is tuple:
            item = field[2].item[2]  # type: ignore[index]
            out[key] = [_struct(one[0], item) for one in inner]
        else:
            out[key] = _other(node, field)
    for name in own.written:
        if name not in value:
            raise _FlawedError
    return out


def _other(node: Node, field: Field) -> Plain:
    """Read what is neither a scalar of the usual kind nor made of structs alone."""
    inner, item = node[0], field[2].item
    if item is None:
        if not _fits(inner, field):
            raise _FlawedError
        return {} if field[1] is _OBJECT else plain(node)
    if not inner and not field[0]:
        raise _FlawedError
    if type(inner) is dict:
        return _map(inner, field[1], item)
    if type(inner) is not tuple:
        raise _FlawedError
    return _list(inner, field[1], item)


def _map(inner: dict[str, Node], look: Look, item: Field) -> dict[str, Plain]:
    """Read a mapping with any keys."""
    if look is _STRUCT_MAP:
        return {key: _struct(one[0], item[2]) for key, one in inner.items()}
    if look is not _TEXT_MAP and (look is not _QUANTITIES or item[2].reader is _KATIB):
        raise _FlawedError
    out: dict[str, Plain] = {}
    for key, one in inner.items():
        value = one[0]
        if type(value) is not str if look is _TEXT_MAP else not _is_amount(value):
            raise _FlawedError
        out[key] = value  # type: ignore[assignment]
    return out


def _list(inner: tuple[Node, ...], look: Look, item: Field) -> list[Plain]:
    if look is _STRUCTS:
        return [_struct(one[0], item[2]) for one in inner]
    out: list[Any] = [one[0] for one in inner]
    kinds, most = set(map(type, out)), MOST.get(item[2].kind, 0)
    if look is _TEXTS and kinds <= {str}:
        return out
    if look is _WHOLES and kinds <= {int} and all(-most - 1 <= value <= most for value in out):
        return out
    raise _FlawedError


def _is_amount(value: object) -> bool:
    if type(value) is str:
        return is_quantity(value)
    return type(value) is int or (type(value) is float and not value.is_integer())


def _fits(inner: Any, field: Field) -> bool:
    """Whether a scalar fits that is not of the usual kind, or a value that may be anything."""
    keeps, look, own = field[0], field[1], field[2]
    given = type(inner)
    if (look is _WHOLE or look is _NUMBER) and given is int:
        return -(most := MOST[own.kind]) - 1 <= inner <= most and bool(inner or keeps)
    if look is _NUMBER and given is float:
        return isfinite(inner) and bool(inner or keeps)
    if look is _QUANTITY:
        return own.reader is not _KATIB and given is str and canonical_size(inner) == inner
    if look is _ANY:
        return inner is not None
    if look is _OBJECT:
        return given is dict and "kind" in inner and type(inner["kind"][0]) is str and inner["kind"][0] != ""
    return bool(inner or keeps) and given is QUICK.get(own.kind) and look is not _SLOW
