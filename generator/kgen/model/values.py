"""Plain data that may be anything: what is not of the type that is asked for counts as empty."""

from __future__ import annotations

from typing import Any


def text(value: object) -> str:
    """Give a text as it is, and anything else as no text."""
    return value if isinstance(value, str) else ""


def mapping(value: object) -> dict[str, Any]:
    """Give a mapping as it is, and anything else as an empty one."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[Any]:
    """Give a list as it is, and anything else as an empty one."""
    return value if isinstance(value, list) else []
