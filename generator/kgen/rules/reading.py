"""How rules read values: patches and raw templates may have put anything anywhere."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kgen.model.node import FieldPath
    from kgen.rules.subject import Subject

QUANTITY_HELP = "write a number with one of m, k, M, G, T, Ki, Mi, Gi, Ti or none, such as 500m or 4Gi"


def count(value: object) -> int | None:
    """Give a whole number as it is; a boolean is none."""
    return value if type(value) is int else None


def number(value: object) -> Decimal | None:
    """Read a bound or a step exactly; None where it is no finite number."""
    return _number(value) if isinstance(value, str) else None


@lru_cache(maxsize=4096)
def _number(value: str) -> Decimal | None:
    try:
        read = Decimal(value)
    except InvalidOperation:
        return None
    return read if read.is_finite() else None


def mend(subject: Subject, compact: str, manifest: str) -> str:
    """Give the mend in the words of the file that will be edited: a compact spec, or a manifest written by hand."""
    return manifest if subject.plain else compact


def path_to(word: str, value: object) -> FieldPath:
    """Give the path of the first text that holds a word, or of the key that does; () where nothing does."""
    return _path_to(word, value) or ()


def _path_to(word: str, value: object) -> FieldPath | None:
    if isinstance(value, str):
        return () if word in value else None
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in pairs:
        below = () if isinstance(key, str) and word in key else _path_to(word, item)
        if below is not None:
            return (key, *below)
    return None
