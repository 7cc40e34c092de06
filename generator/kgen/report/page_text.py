"""Texts of others in a page: nothing of them becomes markup, script, or something that cannot be seen."""

from __future__ import annotations

import html
import json
import re

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_IN_SCRIPT = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def visible(text: str) -> str:
    """Replace each character that shows nothing, or turns the text around it."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def escaped(text: str) -> str:
    """Write a text for HTML, between tags or in an attribute's quotes."""
    return html.escape(visible(text), quote=True)


def label(text: str) -> str:
    """Write a text for plotly.js, which reads a little HTML of its own in names and labels."""
    return visible(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def clipped(text: str, most: int) -> str:
    """Leave out the middle of a long text."""
    if len(text) <= most:
        return text
    head = (most - 1) * 2 // 3
    return f"{text[:head]}…{text[len(text) - (most - 1 - head) :]}"


def logged(line: str) -> str:
    """Give a line of a log as a terminal would leave it: no colours, and the last state of a bar."""
    plain = _ANSI.sub("", line).rstrip("\r\n")
    return visible(plain.rpartition("\r")[2].replace("\t", "    "))


def in_script(value: object) -> str:
    """Write JSON that can stand in a script element.

    Raises:
        ValueError: a number is not finite; JSON has none.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for char, escape in _IN_SCRIPT.items():
        text = text.replace(char, escape)
    return text
