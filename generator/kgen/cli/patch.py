"""A change of a file as a unified diff, as `patch -p1` and `git apply` take it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import NamedTuple

CONTEXT = 3  # lines around a change
SURE = 3  # equal lines after which two texts run together again
FARTHEST = 600  # lines to look ahead for them


class _Change(NamedTuple):
    """Lines that are replaced: from and to, in the old text and in the new one."""

    old: int
    old_end: int
    new: int
    new_end: int


def unified(before: bytes, after: bytes, path: str) -> str:
    """Show a change; "" if there is none.

    The standard library's `difflib` takes minutes for a large file of many alike documents, so changes are
    found here, and only refined by it: fixes are small, and the texts soon run together again.
    """
    old, new = _lines(before), _lines(after)
    if old == new:
        return ""
    name = re.sub(r"^(?:\.{0,2}/)+", "", path)  # `git apply` refuses a path that leads upwards
    end = "\t" if " " in name else ""  # else the name would end at its first space
    out = [f"--- a/{name}{end}\n", f"+++ b/{name}{end}\n"]
    for group in _grouped(_changes(old, new)):
        out += _hunk(old, new, group)
    return "".join(out)


def _lines(data: bytes) -> list[str]:
    """Split where a patch does: at line feeds alone."""
    lines = data.decode("utf-8", "replace").split("\n")
    last = lines.pop()
    out = [f"{line}\n" for line in lines]
    return [*out, last] if last else out


def _changes(old: list[str], new: list[str]) -> Iterator[_Change]:
    a = b = 0
    while a < len(old) or b < len(new):
        if a < len(old) and b < len(new) and old[a] == new[b]:
            a, b = a + 1, b + 1
            continue
        skip_a, skip_b = _together(old, new, a, b)
        yield from _refined(old, new, _Change(a, a + skip_a, b, b + skip_b))
        a, b = a + skip_a, b + skip_b


def _refined(old: list[str], new: list[str], found: _Change) -> Iterator[_Change]:
    """Leave out lines within a change that are equal after all."""
    if found.old_end - found.old > FARTHEST or found.new_end - found.new > FARTHEST:
        yield found
        return
    parts = old[found.old : found.old_end], new[found.new : found.new_end]
    for tag, a, a_end, b, b_end in SequenceMatcher(None, *parts, autojunk=False).get_opcodes():
        if tag != "equal":
            yield _Change(found.old + a, found.old + a_end, found.new + b, found.new + b_end)


def _together(old: list[str], new: list[str], a: int, b: int) -> tuple[int, int]:
    """Find the fewest lines to pass over in both so that what follows is equal."""
    for far in range(1, min(len(old) - a + len(new) - b, FARTHEST)):
        for skip_a in range(far + 1):
            one, two = old[a + skip_a : a + skip_a + SURE], new[b + far - skip_a : b + far - skip_a + SURE]
            if one == two and (len(one) == SURE or a + skip_a + len(one) == len(old)) and one:
                return skip_a, far - skip_a
    return len(old) - a, len(new) - b


def _grouped(changes: Iterator[_Change]) -> Iterator[list[_Change]]:
    """Put changes together whose surroundings touch."""
    group: list[_Change] = []
    for each in changes:
        if group and each.old - group[-1].old_end > 2 * CONTEXT:
            yield group
            group = []
        group.append(each)
    yield group


def _hunk(old: list[str], new: list[str], group: list[_Change]) -> Iterator[str]:
    first, last = group[0], group[-1]
    lead = min(CONTEXT, first.old)
    tail = min(CONTEXT, len(old) - last.old_end)
    a, b = first.old - lead, first.new - lead
    removed, added = last.old_end + tail - a, last.new_end + tail - b
    yield f"@@ -{_range(a, removed)} +{_range(b, added)} @@\n"
    for each in group:
        yield from (_shown(" ", line) for line in old[a : each.old])
        yield from (_shown("-", line) for line in old[each.old : each.old_end])
        yield from (_shown("+", line) for line in new[each.new : each.new_end])
        a = each.old_end
    yield from (_shown(" ", line) for line in old[a : a + tail])


def _shown(sign: str, line: str) -> str:
    return f"{sign}{line}" if line.endswith("\n") else f"{sign}{line}\n\\ No newline at end of file\n"


def _range(start: int, length: int) -> str:
    if length == 1:
        return str(start + 1)
    return f"{start + 1 if length else start},{length}"
