"""The quick walk over an object's plain data: whether all is well with it, and what it is made of.

No more than a walk, as every document goes through it; of an object with a flaw it says nothing but that it has one.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

from kgen.katib.pods import canonical_size, is_quantity
from kgen.katib.types import MOST, QUICK, Field, Look, Reader, Type
from kgen.model.node import Plain
from kgen.model.values import Keys, Words, words_of

# To look a member up in its enumeration would cost a third of the whole walk.
_STRUCT, _STRUCTS, _STRUCT_MAP, _TEXTS = Look.STRUCT, Look.STRUCTS, Look.STRUCT_MAP, Look.TEXTS
_WHOLE, _NUMBER, _QUANTITY, _ANY, _OBJECT = Look.WHOLE, Look.NUMBER, Look.QUANTITY, Look.ANY, Look.OBJECT
_TEXT_MAP, _QUANTITIES, _WHOLES, _SLOW, _KATIB = Look.TEXT_MAP, Look.QUANTITIES, Look.WHOLES, Look.SLOW, Reader.KATIB
_TEXT = frozenset((str,))
_HOLDERS = {"list": list, "map": dict}
_ANY_WHOLE = MOST["int32"]  # up to here a number is of every type of whole numbers


class _FlawedError(Exception):
    """Something does not fit."""


def glance(value: Plain, own: Type, words: Words | None = None) -> bool:
    """Whether an object has no flaw and comes back as it is; `words` gets what it is made of.

    Of an object of any kind within it, which is the trial's, no more is asked than that it has a kind: who knows its
    type reads it by itself.
    """
    keys, texts = (None, None) if words is None else words
    try:
        _struct(value, own, keys, texts)
    except (_FlawedError, KeyError):  # no such field
        return False
    return True


def _struct(value: Any, own: Type, keys: Keys | None, texts: list[Any] | None) -> None:
    """Read a struct.

    Raises:
        _FlawedError: it does not fit.
        KeyError: it has a field that its type does not know.
    """
    if type(value) is not dict:
        raise _FlawedError
    if keys is not None:
        keys.update(value)
    quick = own.quick
    for key, inner in value.items():
        wanted = quick[key]
        if type(inner) is wanted and inner:
            if texts is not None:
                texts.append(inner)
            continue
        if type(wanted) is tuple:
            look, below = wanted
            if look is _STRUCT:
                _struct(inner, below, keys, texts)
                continue
            if inner:
                if type(inner) is list:
                    if look is _STRUCTS:
                        for one in inner:
                            _struct(one, below, keys, texts)
                        continue
                    if look is _TEXTS and _TEXT.issuperset(map(type, inner)):
                        if texts is not None:
                            texts += inner
                        continue
                elif look is _WHOLE and type(inner) is int and 0 < inner <= _ANY_WHOLE:
                    continue
        _other(inner, own.fields[key], keys, texts)
    if own.written:
        for name in own.written:
            if name not in value:
                raise _FlawedError


def _other(inner: Any, field: Field, keys: Keys | None, texts: list[Any] | None) -> None:
    """Read what is not in order at the first look, or of a type that few fields have."""
    look, own = field.look, field.type
    item = own.item
    if item is None:
        if not _fits(inner, field):
            raise _FlawedError
        if keys is not None and texts is not None:
            words_of(inner, keys, texts)
    elif type(inner) is not _HOLDERS[own.kind] or not (inner or field.keeps):
        raise _FlawedError
    elif look is _WHOLES:
        most = MOST[item.type.kind]
        if any(type(one) is not int or not -most - 1 <= one <= most for one in inner):
            raise _FlawedError
    elif look is _STRUCT_MAP or look is _TEXT_MAP or look is _QUANTITIES:
        _map(inner, look, item.type, keys, texts)
    elif inner:
        raise _FlawedError


def _map(inner: dict[str, Any], look: Look, own: Type, keys: Keys | None, texts: list[Any] | None) -> None:
    """Read a mapping with any keys."""
    if keys is not None:
        keys.update(inner)
    if look is _STRUCT_MAP:
        for one in inner.values():
            _struct(one, own, keys, texts)
        return
    if look is _TEXT_MAP:
        if not _TEXT.issuperset(map(type, inner.values())):
            raise _FlawedError
    elif own.reader is _KATIB or not all(map(_is_amount, inner.values())):
        raise _FlawedError
    if texts is not None:
        texts += [one for one in inner.values() if type(one) is str] if look is _QUANTITIES else inner.values()


def _is_amount(value: object) -> bool:
    if type(value) is str:
        return is_quantity(value)
    if type(value) is int:
        return abs(value) <= MOST["int64"] or is_quantity(str(value))
    return type(value) is float and not value.is_integer()


def _fits(inner: Any, field: Field) -> bool:
    """Whether a scalar fits that is not of the usual kind, or a value that may be anything."""
    keeps, look, own = field.keeps, field.look, field.type
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
        return given is dict and type(inner.get("kind")) is str and inner["kind"] != ""
    return bool(inner or keeps) and given is QUICK.get(own.kind) and look is not _SLOW
