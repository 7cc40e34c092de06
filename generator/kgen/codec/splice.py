"""An edit to splices: which characters of a document change, and into what; all others stay.

New values are written as `writer` would, under the indentation of what is there: in block form under a block
mapping or list, in flow form within braces, as JSON in a document that is JSON.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from kgen.codec.fragment import after_colon, after_dash, below_text, in_flow, scalar
from kgen.codec.layout import CannotEdit, Part, Text, holds_anchor
from kgen.model.diagnostic import Edit, EditKind
from kgen.model.node import FieldPath, Plain, path_text

ANCHOR = "a tag, an anchor or an alias is in the way"
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_BLANK = re.compile(r"[ \t\r\n]*")
_SPACES = re.compile(r"[ \t]*")
_BLOCK_SIGN = re.compile(r"[|>][-+0-9]*")


class Splice(NamedTuple):
    """Put `new` where the characters from `start` to `end` are."""

    start: int
    end: int
    new: str


class Place(NamedTuple):
    """Where a path leads: the part, and the mappings and lists above it with the index taken in each."""

    part: Part
    above: tuple[tuple[Part, int], ...]
    depth: int  # steps of the path that are there


def apply(text: str, splices: list[Splice]) -> str:
    """Put all splices in; they do not overlap."""
    out: list[str] = []
    place = 0
    for start, end, new in sorted(splices, key=lambda s: s.start):
        out += (text[place:start], new)
        place = end
    return "".join((*out, text[place:]))


def splices(text: Text, edit: Edit) -> list[Splice]:
    """Find what an edit changes; a MOVE is two steps, and `move` makes it.

    Raises:
        CannotEdit: the layout leaves more than one way, or none.
    """
    work: dict[EditKind, Callable[[Text, Edit], list[Splice]]] = {
        EditKind.SET: _set,
        EditKind.RENAME: _rename,
        EditKind.REMOVE: lambda t, e: remove(t, find(t, e.path)),
    }
    if not edit.path:
        raise CannotEdit("a whole document is not edited")
    return work[edit.kind](text, edit)


def locate(text: Text, path: FieldPath) -> Place:
    """Follow a path as far as it is there; a null counts as a mapping or list without anything."""
    part = text.root
    above: list[tuple[Part, int]] = []
    for depth, step in enumerate(path):
        if part.is_odd and part.kind in ("alias", "scalar"):
            raise CannotEdit(ANCHOR)
        if part.kind == "mapping" and isinstance(step, str):
            found = part.get(step)
            if found is None:
                if part.get("<<") is not None:
                    raise CannotEdit("a merge key is in the way")
                return Place(part, tuple(above), depth)
            index, _, below = found
        elif part.kind == "list" and isinstance(step, int):
            if not 0 <= step < len(part.items):
                return Place(part, tuple(above), depth)
            index, below = step, part.items[step]
        elif is_null(part):
            return Place(part, tuple(above), depth)
        else:
            shown = path_text(path[:depth]) or "the document"
            raise CannotEdit(f"`{shown}` holds no field {step!r}")
        above.append((part, index))
        part = below
    return Place(part, tuple(above), len(path))


def find(text: Text, path: FieldPath) -> Place:
    place = locate(text, path)
    if place.depth < len(path):
        raise CannotEdit(f"there is no field `{path_text(path)}`")
    return place


def is_null(part: Part) -> bool:
    return part.kind == "scalar" and not part.style and part.value in _NULLS


# SET.


def _set(text: Text, edit: Edit) -> list[Splice]:
    place = locate(text, edit.path)
    if place.depth == len(edit.path):
        return _replace(text, place, edit.value)
    value = edit.value
    for step in reversed(edit.path[place.depth + 1 :]):
        value = _wrapped(step, value)
    return _add(text, place, edit.path[place.depth], value)


def _wrapped(step: str | int, value: Plain) -> Plain:
    if step == 0 and isinstance(step, int):
        return [value]
    if isinstance(step, int):
        raise CannotEdit(f"there is no item {step} to set")
    return {step: value}


def _replace(text: Text, place: Place, value: Plain) -> list[Splice]:
    part = place.part
    if holds_anchor(part) or part.is_odd:
        raise CannotEdit(ANCHOR)
    if part.kind == "scalar" and not part.style and "\n" in text.text[part.start : part.end]:
        raise CannotEdit("the value is a text over several lines")
    parent, index = place.above[-1] if place.above else (None, 0)
    if parent is None or parent.flow:
        if not part.flow and part.kind != "scalar":
            raise CannotEdit("a whole document is not edited")
        new = in_flow(value, is_quoted(text, part if parent is None else parent), text.is_compact)
        return _in_place(text, part, new)
    if part.flow and isinstance(value, (dict, list)):
        return _in_place(text, part, in_flow(value, is_quoted(text, part), text.is_compact))
    if parent.kind == "mapping":
        key = parent.entries[index][0]
        text.check_key(key)
        sign, column = text.colon(key, part), text.column(key.start)
        first, rest = after_colon(text, value)
    else:
        dash = text.dash(parent, index)
        sign, column = dash + 1, text.column(dash)
        first, rest = after_dash(text, value)
    gap = text.text[sign : part.start]
    if isinstance(value, str) and part.kind != "scalar" and ("#" in gap or gap.count("\n") > 1):
        first, rest = scalar(value), []  # comments and blank lines would become part of a text over several lines
    return put(text, part, sign, first, below_text(text, rest, column))


def _in_place(text: Text, part: Part, new: str) -> list[Splice]:
    if part.is_missing and text.text[part.start - 1 : part.start] in (":", "-"):
        return [Splice(part.start, part.end, f" {new}")]
    if part.is_missing:
        raise CannotEdit("the key has no `:`")
    return [Splice(part.start, part.end, new)]


def put(text: Text, part: Part, sign: int, first: str, below: str) -> list[Splice]:
    """Replace a value in block form; `sign` is the place after its `:` or `-`."""
    lead = f" {first}" if first else ""
    if part.kind == "scalar" and part.style and part.style in "|>":
        found = _BLOCK_SIGN.match(text.text, part.start)
        assert found is not None
        end = text.line_end(part.start)
        return [Splice(sign, found.end(), lead), Splice(end, max(end, text.tail(part)), below)]
    if part.flow or part.kind == "scalar":
        if part.is_missing:
            new = Splice(part.start, part.end, lead)
        else:
            new = Splice(part.start, part.end, first) if first else Splice(sign, part.end, "")
        end = text.line_end(part.end)
        return [new, Splice(end, end, below)] if below else [new]
    tail = text.tail(part)
    if text.line_start(part.start) <= sign:  # after the `- ` of an item
        return [Splice(part.start, text.line_end(tail) if below else tail, first + below)]
    begin = text.line_start(part.start)
    end = begin - (2 if text.text[begin - 2 : begin] == "\r\n" else 1)
    head = [Splice(sign, sign, lead)] if lead else []
    under = [Splice(end, end, below)] if below else []
    return [*head, *under, Splice(begin, text.next_line(tail), "")]


def is_quoted(text: Text, part: Part) -> bool:
    """Whether texts within these braces are in double quotes, as in JSON."""
    return text.is_json or bool(part.entries and part.entries[0][0].style == '"')


def _add(text: Text, place: Place, step: str | int, value: Plain) -> list[Splice]:
    part = place.part
    if isinstance(step, int) and step != len(part.items):
        raise CannotEdit(f"there is no item {step} to set")
    if part.kind == "scalar":  # a null
        return _replace(text, place, _wrapped(step, value))
    if part.flow:
        quoted = is_quoted(text, part)
        shown = in_flow(value, quoted, text.is_compact)
        colon = ":" if text.is_compact else ": "
        return add_in_flow(
            text, part, shown if isinstance(step, int) else scalar(step, quoted, flow=True) + colon + shown
        )
    if isinstance(step, int):
        first, rest = after_dash(text, value)
        column = text.column(text.dash(part, 0))
        return [at_end(text, part, below_text(text, [f"- {first}", *rest], column))]
    text.check_key(part.entries[0][0])
    first, rest = after_colon(text, value)
    lines = [f"{scalar(step)}:{' ' if first else ''}{first}", *rest]
    return [at_end(text, part, below_text(text, lines, text.column(part.entries[0][0].start)))]


def at_end(text: Text, part: Part, below: str) -> Splice:
    """Put lines below the last one of a block mapping or list."""
    end = text.line_end(text.tail(part))
    return Splice(end, end, below)


# Within braces.


def children(text: Text, part: Part) -> list[tuple[int, int]]:
    """Give where each entry or item within braces begins and ends."""
    if text.text[part.start] not in "{[":
        raise CannotEdit("a pair within a list has no braces of its own")
    if part.kind == "list":
        return [(item.start, item.end) for item in part.items]
    out = []
    for key, value in part.entries:
        if _BLANK.sub("", text.text[max(part.start, key.start - 40) : key.start])[-1:] == "?" or key.is_odd:
            raise CannotEdit("the key is written with `? `, a tag or an anchor")
        end = value.end
        if value.is_missing:
            after = text.after(key.end)
            end = after + 1 if text.text[after] == ":" else key.end
        out.append((key.start, end))
    return out


def add_in_flow(text: Text, part: Part, entry: str) -> list[Splice]:
    """Write an entry after the last one, on a line of its own where that has one."""
    inside = children(text, part)
    if not inside:
        first, last = part.start + 1, part.end - 1
        return [Splice(first, first if text.has_comment(first, last) else last, entry)]
    start, end = inside[-1]
    after = text.after(end)
    comma = text.text[after] == ","
    if not text.is_first_on_line(start) or text.line_end(end) >= part.end or (comma and after > text.line_end(end)):
        return [Splice(end, end, f"{',' if text.is_compact else ', '}{entry}")]
    line = text.newline + " " * text.column(start) + entry
    stop = text.line_end(end)
    if comma:
        return [Splice(stop, stop, line + ",")]
    return [Splice(end, end, "," + line)] if stop == end else [Splice(end, end, ","), Splice(stop, stop, line)]


def _remove_in_flow(text: Text, part: Part, index: int) -> list[Splice]:
    inside = children(text, part)
    start, end = inside[index]
    after = text.after(end)
    comma = after + 1 if text.text[after] == "," else None
    if len(inside) == 1:
        first, last = part.start + 1, part.end - 1
        return [Splice(start, comma or end, "") if text.has_comment(first, last) else Splice(first, last, "")]
    stop = comma or end
    spaces = _SPACES.match(text.text, stop)
    assert spaces is not None
    rest = text.text[spaces.end() : text.line_end(stop)]
    alone = text.is_first_on_line(start) and (not rest or rest[0] == "#")
    if index == len(inside) - 1 and comma is None:
        before = text.after(inside[-2][1])  # the comma that is now too much
        if not text.has_comment(inside[-2][1], start):
            return [Splice(inside[-2][1], end, "")]
        cut = Splice(text.line_start(start), text.next_line(end), "") if alone else Splice(start, end, "")
        return [Splice(before, before + 1, ""), cut]
    if alone:
        return [Splice(text.line_start(start), text.next_line(stop), "")]
    if rest[:1] == "#":
        return [Splice(start, text.line_end(stop), "")]
    blank = _BLANK.match(text.text, stop)
    assert blank is not None
    return [Splice(start, blank.end(), "")]


# REMOVE and RENAME.


def remove(text: Text, place: Place) -> list[Splice]:
    """Drop an entry or an item with the comment on its line; comments above it stay.

    The last one of a mapping or list leaves `{}` or `[]`.
    """
    parent, index = place.above[-1]
    if holds_anchor(place.part):
        raise CannotEdit(ANCHOR)
    if parent.flow:
        return _remove_in_flow(text, parent, index)
    if parent.kind == "mapping":
        key, value = parent.entries[index]
        text.check_key(key)
        text.colon(key, value)
        start, end = key.start, max(text.tail(value), key.end + 1)
    else:
        start = text.dash(parent, index)
        end = max(text.tail(parent.items[index]), start + 1)
    if len(parent.entries) + len(parent.items) == 1:
        return _emptied(text, place, start, end)
    if text.is_first_on_line(start):
        return [Splice(text.line_start(start), text.next_line(end), "")]
    blank = _BLANK.match(text.text, text.line_end(end))
    assert blank is not None
    return [Splice(start, blank.end(), "")]


def _emptied(text: Text, place: Place, start: int, end: int) -> list[Splice]:
    parent = place.above[-1][0]
    empty: Plain = {} if parent.kind == "mapping" else []
    if len(place.above) == 1 or not text.is_first_on_line(start):
        return [Splice(start, text.line_end(end), scalar(empty))]
    return _replace(text, Place(parent, place.above[:-1], place.depth - 1), empty)


def _rename(text: Text, edit: Edit) -> list[Splice]:
    place = find(text, edit.path)
    parent, index = place.above[-1]
    new = edit.value
    if parent.kind != "mapping" or not isinstance(new, str):
        raise CannotEdit("an item of a list has no name")
    if parent.get(new) is not None:
        raise CannotEdit(f"there is a `{new}` already")
    key, value = parent.entries[index]
    if not parent.flow:
        text.check_key(key)
    if key.is_odd or key.kind != "scalar":
        raise CannotEdit(ANCHOR)
    text.colon(key, value)
    return [Splice(key.start, key.end, key_text(text, key, new, parent.flow))]


def key_text(text: Text, key: Part, new: str, flow: bool) -> str:
    """Write another name in the quotes of a key."""
    if key.style == "'" and new.isprintable():
        return "'" + new.replace("'", "''") + "'"
    return scalar(new, text.is_json or key.style in ('"', "'"), flow)
