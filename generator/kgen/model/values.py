"""Plain data that may be anything: what is not of the type that is asked for counts as empty."""

from __future__ import annotations

from typing import Any, TypeAlias

Keys: TypeAlias = "dict[str, Any]"
"""Each key once, in order; what it has as its value means nothing."""
Words: TypeAlias = "tuple[Keys, list[Any]]"
"""The keys and the texts of a value. Among the texts may be booleans."""


def text(value: object) -> str:
    """Give a text as it is, and anything else as no text."""
    return value if isinstance(value, str) else ""


def mapping(value: object) -> dict[str, Any]:
    """Give a mapping as it is, and anything else as an empty one."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[Any]:
    """Give a list as it is, and anything else as an empty one."""
    return value if isinstance(value, list) else []


def words_of(value: object, keys: Keys, texts: list[Any]) -> None:
    """Add the keys and the texts of a value, itself if it is a text."""
    if type(value) is str:
        texts.append(value)
    elif isinstance(value, dict):
        keys.update(value)
        for item in value.values():
            words_of(item, keys, texts)
    elif isinstance(value, list):
        for item in value:
            words_of(item, keys, texts)
