"""How rules read values: patches and raw templates may have put anything anywhere."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # which reads by these helpers
    from kgen.rules.subject import Subject

QUANTITY_HELP = "write a number with one of m, k, M, G, T, Ki, Mi, Gi, Ti or none, such as 500m or 4Gi"


def text(value: object) -> str:
    """Give a text as it is, and anything else as no text."""
    return value if isinstance(value, str) else ""


def mapping(value: object) -> dict[str, Any]:
    """Give a mapping as it is, and anything else as an empty one."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[Any]:
    """Give a list as it is, and anything else as an empty one."""
    return value if isinstance(value, list) else []


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
