"""How a YAML document is written: where each key and value begins and ends in the text, and in which style.

Places are indices of characters. The parser's own marks are used where they are exact; the end of a block
mapping or list, which the parser puts after the comments that follow it, is the end of its last value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from yaml import YAMLError
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from kgen.codec.events import PARSER

_LINE_END = re.compile(r"[^\r\n]*")
_DASHES = re.compile(r" *(?:- +)*\Z")


class CannotEdit(Exception):
    """A text is not edited; the words say why, for the person who now has to do it."""


class Part:
    """A value as it is written: a scalar, an alias, a mapping of key and value parts, or a list of parts."""

    __slots__ = ("anchor", "end", "entries", "flow", "items", "kind", "start", "style", "tag", "value")

    def __init__(self, kind: str, event: Any) -> None:
        self.kind = kind  # "scalar", "alias", "mapping", "list"
        self.start, self.end = _span(event)  # of a block mapping or list, `end` is its start
        self.value: str = event.value if kind == "scalar" else ""
        self.style: str = (event.style or "") if kind == "scalar" else ""
        self.flow: bool = bool(getattr(event, "flow_style", False))
        self.anchor: bool = event.anchor is not None
        self.tag: bool = getattr(event, "tag", None) is not None
        self.entries: list[tuple[Part, Part]] = []
        self.items: list[Part] = []

    @property
    def is_missing(self) -> bool:
        """Nothing is written here: the value of `key:`."""
        return self.kind == "scalar" and self.start == self.end

    @property
    def is_odd(self) -> bool:
        return self.anchor or self.tag or self.kind == "alias"

    def children(self) -> Iterator[Part]:
        for key, value in self.entries:
            yield key
            yield value
        yield from self.items

    def get(self, key: str) -> tuple[int, Part, Part] | None:
        """Find an entry by its key: its index, its key and its value."""
        for index, (name, value) in enumerate(self.entries):
            if name.kind == "scalar" and name.value == key:
                return index, name, value
        return None


class Extent(NamedTuple):
    """The text of one document, from its first character to that of the next document."""

    start: int
    end: int
    line: int  # of `start`, from 0
    written: bool  # something stands in it


def extents(text: str) -> tuple[Extent, ...]:
    """Split a stream where its documents begin; what stands before the first belongs to the first.

    Raises:
        CannotEdit: it is not YAML.
    """
    starts: list[tuple[int, int, bool]] = []
    try:
        nxt: Any = PARSER(text).get_event
        while type(event := nxt()) is not StreamEndEvent:
            if type(event) is DocumentStartEvent:
                mark: Any = event.start_mark
                root: Any = nxt()
                written = type(root) is not ScalarEvent or _span(root)[0] < _span(root)[1]
                starts.append((mark.index, mark.line, written))
    except (YAMLError, ValueError):
        raise CannotEdit("the file is not YAML: correct that first") from None
    if starts:
        starts[0] = (0, 0, starts[0][2])
    ends = [*(start for start, _, _ in starts[1:]), len(text)]
    return tuple(Extent(start, end, line, on) for (start, line, on), end in zip(starts, ends, strict=True))


def compose(text: str) -> Part:
    """Find the parts of a text that holds one document.

    Raises:
        CannotEdit: it is not YAML, or holds something else than one document.
    """
    try:
        nxt: Any = PARSER(text).get_event
        while type(event := nxt()) is not DocumentStartEvent:
            if type(event) is StreamEndEvent:
                raise CannotEdit("nothing is written here")
        return _part(nxt(), nxt)
    except (YAMLError, ValueError, RecursionError):
        raise CannotEdit("the file is not YAML: correct that first") from None


def _span(event: Any) -> tuple[int, int]:
    return event.start_mark.index, event.end_mark.index


def _part(event: Any, nxt: Any) -> Part:
    kind: type = type(event)
    if kind is ScalarEvent:
        return Part("scalar", event)
    if kind is AliasEvent:
        return Part("alias", event)
    if kind is MappingStartEvent:
        part = Part("mapping", event)
        while type(event := nxt()) is not MappingEndEvent:
            part.entries.append((_part(event, nxt), _part(nxt(), nxt)))
        part.end = _span(event)[1] if part.flow else part.start
        return part
    part = Part("list", event)
    while type(event := nxt()) is not SequenceEndEvent:
        part.items.append(_part(event, nxt))
    part.end = _span(event)[1] if part.flow else part.start
    return part


class Text:
    """A document's text with its parts, and what can be asked of both."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.root = compose(text)
        found = re.search(r"\r?\n", text)
        self.newline = found[0] if found else "\n"
        self.is_json = self.root.flow and _is_json(text)
        self.is_compact = self.is_json and '":' in text and '": ' not in text
        self._steps: tuple[int, int] | None = None

    @property
    def step(self) -> int:
        """How far a mapping is indented below its key; 2 where the document does not tell."""
        return self._measure()[0]

    @property
    def list_step(self) -> int:
        """How far a list's dash is indented below its key; 0 where the document does not tell."""
        return self._measure()[1]

    def _measure(self) -> tuple[int, int]:
        if self._steps is None:
            found: dict[str, int] = {}
            todo = [self.root]
            while todo and len(found) < 2:
                part = todo.pop()
                for key, value in part.entries:
                    if not value.flow and value.kind in ("mapping", "list") and not value.is_odd:
                        found.setdefault(value.kind, self.column(value.start) - self.column(key.start))
                todo.extend(part.children())
            self._steps = max(found.get("mapping", 2), 1), max(found.get("list", 0), 0)
        return self._steps

    def line_start(self, place: int) -> int:
        return self.text.rfind("\n", 0, place) + 1

    def line_end(self, place: int) -> int:
        """Give where the line ends, before its break."""
        found = _LINE_END.match(self.text, place)
        assert found is not None
        return found.end()

    def next_line(self, place: int) -> int:
        """Give where the line after that of `place` begins; the end of the text where there is none."""
        found = self.text.find("\n", place)
        return len(self.text) if found < 0 else found + 1

    def column(self, place: int) -> int:
        return place - self.line_start(place)

    def prefix(self, place: int) -> str:
        return self.text[self.line_start(place) : place]

    def is_first_on_line(self, place: int) -> bool:
        return not self.prefix(place).strip(" ")

    def after(self, place: int) -> int:
        """Skip spaces, line breaks and comments."""
        text, end = self.text, len(self.text)
        while place < end:
            if text[place] in " \t\r\n":
                place += 1
            elif text[place] == "#":
                place = self.line_end(place)
            else:
                break
        return place

    def has_comment(self, start: int, end: int) -> bool:
        """Whether a comment stands between two parts."""
        return "#" in self.text[start:end]

    def tail(self, part: Part) -> int:
        """Give where the text of a value ends: comments and blank lines after it are not its own."""
        if part.kind == "scalar" and part.style and part.style in "|>":
            return self._block_tail(part)
        if part.flow or part.kind in ("scalar", "alias"):
            return part.end
        if part.kind == "mapping":
            return max(self.tail(part.entries[-1][1]), part.entries[-1][0].end + 1)
        return self.tail(part.items[-1])

    def _block_tail(self, part: Part) -> int:
        body = self.text[part.start : part.end]
        header = self.text[part.start : self.line_end(part.start)].partition("#")[0]
        if "+" not in header:
            return self.line_end(part.start + max(len(body.rstrip()), 1))
        breaks = body.rstrip(" \t")
        return part.start + len(breaks.removesuffix("\n").removesuffix("\r"))

    def check_key(self, key: Part) -> None:
        """Refuse a key of a block mapping that does not simply begin its line, or follow a dash."""
        if key.is_odd or key.kind != "scalar":
            raise CannotEdit("a tag, an anchor or an alias is in the way")
        prefix = self.prefix(key.start)
        if "?" in prefix:
            raise CannotEdit("the key is written with `? `")
        if not _DASHES.match(prefix):
            raise CannotEdit("the key does not begin its line")

    def dash(self, part: Part, index: int) -> int:
        """Find the `-` of an item of a block list."""
        place = self.tail(part.items[index - 1]) if index else part.start
        while (place := self.after(place)) < len(self.text) and self.text[place] != "-":
            raise CannotEdit("a tag or an anchor is in the way")
        if not _DASHES.match(self.prefix(place)):
            raise CannotEdit("the list's `-` does not begin its line")
        return place

    def colon(self, key: Part, value: Part) -> int:
        """Find the `:` of an entry; gives the place after it."""
        place = self.after(key.end)
        if self.text[place : place + 1] != ":" or place >= max(value.start, key.end + 1):
            raise CannotEdit("the key has no `:`")
        return place + 1


def holds_anchor(part: Part) -> bool:
    """Whether an anchor stands anywhere in a value: others may mean it."""
    return part.anchor or any(holds_anchor(child) for child in part.children())


def holds_alias(part: Part) -> bool:
    return part.kind == "alias" or any(holds_alias(child) for child in part.children())


def _is_json(text: str) -> bool:
    import json  # noqa: PLC0415 - only a document that begins with a brace pays for it

    try:
        json.loads(text)
    except ValueError:
        return False
    return True
