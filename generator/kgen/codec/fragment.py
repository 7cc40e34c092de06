"""New values as text: as `writer` would write them, under the indentation of what is there."""

from __future__ import annotations

import json
import re

from kgen.codec.layout import CannotEdit, Text
from kgen.codec.writer import write
from kgen.model.node import NOWHERE, Plain, make

_FLOW_SIGNS = re.compile(r"[\[\]{},]")


def scalar(value: Plain, quoted: bool = False, flow: bool = False) -> str:
    """Write a scalar, `{}` or `[]` on one line.

    Raises:
        CannotEdit: YAML has no way to write it.
    """
    try:
        if quoted and isinstance(value, str):
            return json.dumps(value, ensure_ascii=False)
        shown = write(make(value, NOWHERE)).removesuffix("\n")
    except ValueError:
        raise CannotEdit("the new value cannot be written") from None
    if flow and isinstance(value, str) and shown[0] != '"' and _FLOW_SIGNS.search(shown):
        return json.dumps(value, ensure_ascii=False)
    return shown


def in_flow(value: Plain, quoted: bool, compact: bool = False) -> str:
    """Write a value within braces."""
    comma, colon = (",", ":") if compact else (", ", ": ")
    if isinstance(value, dict) and value:
        entries = (f"{scalar(k, quoted, flow=True)}{colon}{in_flow(v, quoted, compact)}" for k, v in value.items())
        return "{" + comma.join(entries) + "}"
    if isinstance(value, list) and value:
        return "[" + comma.join(in_flow(item, quoted, compact) for item in value) + "]"
    return scalar(value, quoted, flow=True)


def after_colon(text: Text, value: Plain) -> tuple[str, list[str]]:
    """Write a value of a block mapping: what follows the `:`, and the lines below, as seen from the key's column."""
    if isinstance(value, dict) and value:
        return "", [_pad(line, text.step) for line in _lines(text, value)]
    if isinstance(value, list) and value:
        return "", [_pad(line, text.list_step) for line in _lines(text, value)]
    if isinstance(value, str) and "\n" in value:
        first, *rest = write(make({"k": value}, NOWHERE)).removesuffix("\n").split("\n")
        return first.removeprefix("k: "), rest
    return scalar(value), []


def _lines(text: Text, value: Plain) -> list[str]:
    """Write a mapping or list that is not empty as lines from column 0 on."""
    out: list[str] = []
    if isinstance(value, dict):
        for key, item in value.items():
            first, rest = after_colon(text, item)
            out += [f"{scalar(key)}:{' ' if first else ''}{first}", *rest]
        return out
    assert isinstance(value, list)
    for item in value:
        first, rest = after_dash(text, item)
        out += [f"- {first}", *rest]
    return out


def after_dash(text: Text, value: Plain) -> tuple[str, list[str]]:
    """Write an item of a block list: what follows the `- `, and the lines below, as seen from the dash."""
    if isinstance(value, (dict, list)) and value:
        first, *rest = _lines(text, value)
        return first, [_pad(line, 2) for line in rest]
    return after_colon(text, value)


def _pad(line: str, width: int) -> str:
    return " " * width + line if line else line


def below_text(text: Text, lines: list[str], column: int) -> str:
    """Give lines to put at the end of another line."""
    return "".join(text.newline + _pad(line, column) for line in lines)
