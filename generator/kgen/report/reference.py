"""Shapes as a reference for people: one table of keys, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from kgen.model.shape import LIST, MAPPING, Shape

_WORDS = {"mapping": "mapping", "list": "list", "integer": "whole number", "boolean": "true, false"}


def render(title: str, shape: Shape) -> str:
    """Write the reference of one kind of file."""
    out = f"# {title}\n\n{shape.doc}. A key in **bold** is required.\n\n| key | value | what it is |\n|---|---|---|\n"
    for path, name, inner, required in _rows(shape, ""):
        label = f"**`{path}{name}`**" if required else f"`{path}{name}`"
        out += f"| {label} | {_kinds(inner)} | {_escape(inner.doc)} |\n"
    return out


def _rows(shape: Shape, path: str) -> Iterator[tuple[str, str, Shape, bool]]:
    for name, inner in shape.keys.items():
        yield path, name, inner, name in shape.required and not shape.layer
        yield from _below(inner, f"{path}{name}")
    if shape.values is not None and shape.values.kinds:
        yield from _below(shape.values, f"{path}NAME" if path else "NAME")


def _below(shape: Shape, path: str) -> Iterator[tuple[str, str, Shape, bool]]:
    if shape.layer:  # the compact spec again, which has a page of its own
        return
    if LIST in shape.kinds and shape.items is not None:
        yield from _below(shape.items, f"{path}[]")
    if MAPPING in shape.kinds:
        yield from _rows(shape, f"{path}.")


def _kinds(shape: Shape) -> str:
    words = [_WORDS.get(kind, kind) for kind in shape.kinds]
    if shape.choices:
        words[words.index("text")] = ", ".join(f"`{choice}`" for choice in shape.choices)
    if shape.only is not None:
        words[words.index("true, false")] = str(shape.only).lower()
    return _escape(" or ".join(dict.fromkeys(words)))


def _escape(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
