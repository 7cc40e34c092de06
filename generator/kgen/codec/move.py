"""MOVE: an entry of a mapping goes elsewhere with its text as it is, comments included, and a new indentation."""

from __future__ import annotations

import re
from typing import NamedTuple

from kgen.codec.fragment import in_flow, scalar
from kgen.codec.layout import CannotEdit, Part, Text
from kgen.codec.splice import (
    Place,
    Splice,
    add_in_flow,
    apply,
    at_end,
    children,
    find,
    is_null,
    is_quoted,
    key_text,
    locate,
    put,
    remove,
    splices,
)
from kgen.model.diagnostic import Edit, EditKind
from kgen.model.node import FieldPath, Plain, path_text

_FLOW_SIGNS = re.compile(r"[\[\]{},\r\n]")


class Lifted(NamedTuple):
    """An entry that is taken out of a document."""

    start: int  # of its first comment line, or of its key
    end: int
    lines: str  # as they stand, from the first character of the first line; "" for one within braces
    column: int  # of its key
    key: str
    value: str
    fits_flow: bool  # the value's text means the same within braces
    has_comment: bool


def move(document: str, edit: Edit, value: Plain) -> str:
    """Give the document with an entry at another place, first taken out and then put in; `value` is its data.

    Comment lines right above the entry go with it, unless they may be the head of the file.

    Raises:
        CannotEdit: the new place is taken, or the text would not mean the same there.
    """
    text = Text(document)
    place, name = _asked(text, edit)
    if edit.to[:-1] == edit.path[:-1]:
        return apply(document, move_splices(text, edit, value))
    taken = _lift(text, place, name)
    rest = Text(apply(document, _cut(text, place, taken)))
    return apply(rest.text, _drop(rest, edit.to, taken, value))


def move_splices(text: Text, edit: Edit, value: Plain) -> list[Splice]:
    """Do `move` in one step; right where what is cut and what is put in do not meet."""
    place, name = _asked(text, edit)
    if edit.to[:-1] == edit.path[:-1]:
        return splices(text, Edit(EditKind.RENAME, edit.path, name))
    taken = _lift(text, place, name)
    return [*_cut(text, place, taken), *_drop(text, edit.to, taken, value)]


def _asked(text: Text, edit: Edit) -> tuple[Place, str]:
    place = find(text, edit.path)
    name = edit.to[-1] if edit.to else None
    if not isinstance(name, str) or not place.above or place.above[-1][0].kind != "mapping":
        raise CannotEdit("an item of a list is not moved")
    return place, name


def _lift(text: Text, place: Place, name: str) -> Lifted:
    parent, index = place.above[-1]
    key, value = parent.entries[index]
    column = text.column(key.start)
    shown = text.text[key.start : key.end]
    if key.value != name:
        shown = key_text(text, key, name, parent.flow)
    if parent.flow:
        start, end = children(text, parent)[index]
        body = text.text[value.start : end] if not value.is_missing else ""
        return Lifted(
            start, end, "", column, shown, body, fits_flow=True, has_comment="#" in body and value.kind != "scalar"
        )
    start = _comments_above(text, place)
    end = text.line_end(max(text.tail(value), key.end + 1))
    above = text.text[start : text.line_start(key.start)] if start < key.start else ""
    lines = f"{above}{' ' * column}{shown}{text.text[key.end : end]}"
    body = text.text[value.start : value.end]
    fits = value.flow or value.style in ("'", '"') or (value.kind == "scalar" and not value.style)
    plain = value.kind == "scalar" and not value.style
    fits = fits and "\n" not in body and not (plain and _FLOW_SIGNS.search(body))
    comment = bool(above) or "#" in text.text[text.tail(value) : end]
    comment = comment or (value.kind != "scalar" and "#" in text.text[key.end : end])
    comment = comment or (value.style in ("|", ">") and "#" in text.text[value.start : text.line_end(value.start)])
    return Lifted(start, end, lines, column, shown, body, fits, comment)


def _comments_above(text: Text, place: Place) -> int:
    """Give where the comment lines right above a key begin; the key's own place where there are none."""
    parent, index = place.above[-1]
    key = parent.entries[index][0]
    if not text.is_first_on_line(key.start) or (index == 0 and len(place.above) == 1):
        return key.start
    limit = text.tail(parent.entries[index - 1][1]) if index else 0
    start = here = text.line_start(key.start)
    while here:
        here = text.line_start(here - 1)
        line = text.text[here : text.line_end(here)]
        if here <= limit or line[: key.start - text.line_start(key.start)].strip(" ") or _mark(line) != "#":
            break
        if _width(line) != text.column(key.start):
            break
        start = here
    return start if start < text.line_start(key.start) else key.start


def _mark(line: str) -> str:
    return line.lstrip(" ")[:1]


def _cut(text: Text, place: Place, taken: Lifted) -> list[Splice]:
    """Remove an entry with the comments above it."""
    parent, index = place.above[-1]
    line = text.line_start(parent.entries[index][0].start)
    cuts = remove(text, place)
    own = text.text[taken.start : taken.end]
    if not taken.lines and any("#" in text.text[cut.start : cut.end].replace(own, "") for cut in cuts):
        raise CannotEdit("the entry has comments that would be lost")
    above = bool(taken.lines) and taken.start < line
    return [cut._replace(start=taken.start) if above and cut.start == line else cut for cut in cuts]


def _drop(text: Text, to: FieldPath, taken: Lifted, value: Plain) -> list[Splice]:
    place = locate(text, to)
    part = place.part
    if place.depth == len(to):
        raise CannotEdit(f"there is a `{path_text(to)}` already")
    steps = to[place.depth : -1]
    names = [step for step in steps if isinstance(step, str)]
    if len(names) < len(steps):
        raise CannotEdit(f"there is no `{path_text(to[:-1])}`")
    key = _key_above(text, place)
    empty = part.flow and part.kind == "mapping" and not part.entries and not text.has_comment(part.start, part.end)
    if key is not None and (is_null(part) or empty):
        below = _body(text, names, taken, value, text.column(key.start) + text.step)
        return put(text, part, text.colon(key, part), "", below)
    if part.kind != "mapping":
        raise CannotEdit(f"`{path_text(to[: place.depth])}` is not a mapping")
    if part.flow:
        return add_in_flow(text, part, _entry(text, part, names, taken, value))
    text.check_key(part.entries[0][0])
    return [at_end(text, part, _body(text, names, taken, value, text.column(part.entries[0][0].start)))]


def _key_above(text: Text, place: Place) -> Part | None:
    """Give the key of the block mapping that a place is the value in."""
    if not place.above:
        return None
    parent, index = place.above[-1]
    if parent.flow or parent.kind != "mapping":
        return None
    text.check_key(parent.entries[index][0])
    return parent.entries[index][0]


def _body(text: Text, names: list[str], taken: Lifted, value: Plain, column: int) -> str:
    """Give the lines to put below another line: the mappings on the way, then the entry."""
    lines = [f"{' ' * (column + n * text.step)}{scalar(name)}:" for n, name in enumerate(names)]
    column += len(names) * text.step
    if taken.lines:
        lines.append(_indented(taken.lines, column - taken.column))
        return "".join(text.newline + line for line in lines)
    return "".join(text.newline + line for line in (*lines, " " * column + _one_line(taken, value)))


def _one_line(taken: Lifted, value: Plain) -> str:
    if not taken.value:
        return f"{taken.key}: null"
    if "\n" not in taken.value:
        return f"{taken.key}: {taken.value}"
    if taken.has_comment:
        raise CannotEdit("the value holds comments that would have no place there")
    return f"{taken.key}: {in_flow(value, quoted=False)}"


def _entry(text: Text, part: Part, names: list[str], taken: Lifted, value: Plain) -> str:
    """Write the entry for a place within braces."""
    quoted = is_quoted(text, part)
    if taken.lines and taken.has_comment:
        raise CannotEdit("the value has comments that would have no place there")
    key = taken.key if not quoted or taken.key[0] == '"' else scalar(taken.key, quoted)
    colon = ":" if text.is_compact else ": "
    body = taken.value
    if not body or not taken.fits_flow or (quoted and taken.lines):
        body = in_flow(value, quoted, text.is_compact)
    inside = children(text, part)
    if "\n" in body and inside and text.is_first_on_line(inside[-1][0]):
        first, *rest = body.split("\n")
        delta = text.column(inside[-1][0]) - taken.column
        body = "\n".join([first, *(_shifted(line, max(delta, -_width(line))) for line in rest)])
    out = f"{key}{colon}{body}"
    for name in reversed(names):
        out = f"{scalar(name, quoted, flow=True)}{colon}{{{out}}}"
    return out


def _indented(lines: str, delta: int) -> str:
    return "\n".join(_shifted(line, delta) for line in lines.split("\n"))


def _width(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _shifted(line: str, delta: int) -> str:
    """Shift a line to the right, or to the left if it allows that; a comment goes as far as it can."""
    if delta >= 0:
        return " " * delta + line if line.strip("\r") else line
    spaces = _width(line)
    if spaces >= -delta or not line.strip() or line[spaces] == "#":
        return line[min(spaces, -delta) :]
    raise CannotEdit("a line of the value is indented less than its key")
