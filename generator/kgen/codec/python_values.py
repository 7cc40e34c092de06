"""Values that Python source names, without running it: literals, names, and arithmetic on them."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from kgen.model.flags import UNKNOWN

MOST = 10_000  # letters, or items, of one value
_MOST_POWER = 64
_MOST_PARTS = 2000  # of one value, in all its depths


class Dotted(NamedTuple):
    """Something of another module, or of Python itself: known by its name alone."""

    name: str


class Env:
    """Names and their values: of a function, then of what is around it."""

    def __init__(self, around: Env | None = None) -> None:
        self.names: dict[str, Any] = {}
        self.around = around
        self.outer: set[str] = set()  # declared `global`

    def get(self, name: str) -> Any:
        """Give a name's value; a name that nobody assigns is Python's own."""
        here: Env | None = self
        while here is not None:
            if name in here.names:
                return here.names[name]
            here = here.around
        return "__main__" if name == "__name__" else Dotted(name)

    def put(self, name: str, value: Any) -> None:
        """Assign a name."""
        here = self
        while name in self.outer and here.around is not None:
            here = here.around
        here.names[name] = value


def is_plain(value: object) -> bool:
    """Whether a value is data, known in all its parts, and of a sane size: lists may hold each other many times."""
    parts: list[Any] = [value]
    count = 0
    while parts:
        part = parts.pop()
        kind = type(part)
        if kind is dict:
            parts += (*part, *part.values())
        elif kind in (list, tuple, set, frozenset):
            parts += part
        elif part is not None and not isinstance(part, (str, int, float, bytes, complex)):
            return False
        count += 1
        if count + len(parts) > _MOST_PARTS:
            return False
    return True


def is_same(one: object, other: object) -> bool:
    """Whether two values are known to be equal."""
    return one is other or (is_plain(one) and is_plain(other) and type(one) is type(other) and one == other)


def merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Give the names after a branch: what the two ways say differently is not known, data aside."""
    out = {}
    for name in {**one, **other}:
        first, second = one.get(name, UNKNOWN), other.get(name, UNKNOWN)
        objects = [v for v in (first, second) if not (is_plain(v) or v is UNKNOWN)]
        out[name] = first if is_same(first, second) else objects[0] if objects else UNKNOWN
    return out


_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.BitOr: operator.or_,
}
_UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: operator.not_,
    ast.Invert: operator.invert,
}
_COMPARED: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda one, other: one in other,
    ast.NotIn: lambda one, other: one not in other,
}
_MADE: Mapping[str, Callable[..., Any]] = {
    "list": list,
    "tuple": tuple,
    "set": lambda *of: sorted(set(*of), key=repr),  # its order is nobody's business, but must not change
    "sorted": sorted,
    "reversed": lambda of: list(reversed(of)),
    "dict": dict,
    "range": lambda *of: list(range(*of)[: MOST + 1]),
    "enumerate": lambda *of: list(enumerate(*of)),
    "zip": lambda *of: list(zip(*of, strict=False)),
    "len": len,
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "min": min,
    "max": max,
}
_OF_TEXT = frozenset("replace lower upper strip lstrip rstrip split format title capitalize removeprefix join".split())
_OF_TABLE = frozenset(("keys", "values", "items", "copy", "get"))


def binary(of: ast.operator, one: Any, other: Any) -> Any:
    """Reckon; UNKNOWN where a side is not known, or the result is out of bounds."""
    act = _BINARY.get(type(of))
    if act is None or not (is_plain(one) and is_plain(other)):
        return UNKNOWN
    if isinstance(of, ast.Pow) and not (_is_small(one) and _is_small(other)):
        return UNKNOWN
    if isinstance(of, ast.Mult) and not all(_is_number(v) for v in (one, other)):
        count = next((v for v in (one, other) if isinstance(v, int)), MOST + 1)
        size = max(len(v) for v in (one, other) if hasattr(v, "__len__")) if count <= MOST else 0
        if count > MOST or count * size > MOST:
            return UNKNOWN
    if isinstance(of, ast.Mod) and isinstance(one, str) and any(c.isdigit() for c in one):
        return UNKNOWN  # a width could be of any size
    return bounded(act, one, other)


def unary(of: ast.unaryop, one: Any) -> Any:
    """Reckon with one value."""
    return bounded(_UNARY[type(of)], one) if is_plain(one) else UNKNOWN


def compared(of: ast.cmpop, one: Any, other: Any) -> Any:
    """Compare; UNKNOWN where a side is not known."""
    return bounded(_COMPARED[type(of)], one, other) if is_plain(one) and is_plain(other) else UNKNOWN


def made(name: str, given: list[Any], named: dict[str, Any]) -> Any:
    """Call one of Python's own functions that only make a value of values."""
    act = _MADE.get(name)
    return bounded(act, *given) if act is not None and not named and is_plain(given) else UNKNOWN


def asked(value: Any, method: str, given: list[Any]) -> Any:
    """Call a method that changes nothing; UNKNOWN for any other."""
    if not is_plain(given):
        return UNKNOWN
    if isinstance(value, str) and method in _OF_TEXT:
        if len(value) * len(repr(given)) > MOST * MOST // 100:
            return UNKNOWN
        return bounded(getattr(value, method), *given) if method != "format" or ":" not in value else UNKNOWN
    if isinstance(value, dict) and method in _OF_TABLE:
        found = bounded(getattr(value, method), *given)
        return list(found) if method in ("keys", "values", "items") else found
    return UNKNOWN


def item(value: Any, key: Any) -> Any:
    """Give an item of a list or a table."""
    known = isinstance(value, (list, tuple, dict, str)) and not isinstance(value, Dotted) and is_plain(key)
    return bounded(operator.getitem, value, key) if known else UNKNOWN


def bounded(act: Callable[..., Any], *given: Any) -> Any:
    """Do it, where that is possible and the result of a sane size."""
    try:
        out = act(*given)
    except (ArithmeticError, TypeError, ValueError, LookupError, AttributeError, RecursionError):
        return UNKNOWN
    if isinstance(out, int) and out.bit_length() > MOST:
        return UNKNOWN
    return UNKNOWN if hasattr(out, "__len__") and len(out) > MOST else out


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float, complex))


def _is_small(value: object) -> bool:
    return isinstance(value, (int, float)) and abs(value) <= _MOST_POWER
