"""One pass over a log: what the collector reads from it, and the lines that nearly gave a value."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from kgen.katib import collectors, logs
from kgen.katib.collectors import Wanted
from kgen.katib.gotime import number
from kgen.katib.logs import Ignored, Row, Why
from kgen.katib.observation import Tally
from kgen.local.lines import numbered

MOST_NEAR = 3  # lines that are shown
_MOST_SHAPES = 500  # of lines that are looked at more closely: a log repeats itself
_MOST_LOOK = 400  # letters of a line that are looked at
_ALIKE = 0.75
_SHORTEST = 3  # letters of a word that can stand for a longer one
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_PAIR = re.compile(r"([A-Za-z_][\w./-]*)[\"']?\s*(?:[=:]|\bis\b|\s)\s*[\"']?[+-]?(?:\d|\.\d|nan|inf)", re.IGNORECASE)
_NEAREST = {Why.NO_MATCH: 6, Why.OTHER_NAME: 6, Why.NO_TEXT: 6, Why.NO_GROUPS: 6}


class Near(NamedTuple):
    """A line that gives no value and nearly did."""

    score: int  # the higher the nearer
    line: int
    raw: bytes
    why: Why | None = None  # None for a line that holds a name like the metric's
    name: str = ""  # the name in it


class Scanned(NamedTuple):
    """What a log holds."""

    tally: Tally
    lines: int
    near: tuple[Near, ...]  # the nearest first
    ended: tuple[int, str] | None = None  # line and reason at which the collector ends with an error
    empty: tuple[int, bytes] | None = None  # the last line whose value of the objective is no number


class Scan:
    """Reads a log for one objective, in bounded memory."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._metrics = collectors.metric_list(wanted.names)
        self._near: list[Near] = []
        self._shapes: set[bytes] = set()
        self._lines = 0
        self._raw = b""
        self._empty: tuple[int, bytes] | None = None

    def read(self, path: Path) -> Scanned:
        """Read a file that exists."""
        tally = Tally()
        ended: tuple[int, str] | None = None
        with path.open("rb") as stream:
            try:
                for each in self._found(self._counted(numbered(stream))):
                    if isinstance(each, Row):
                        tally.add(each)
                        self._look_at_value(each)
                    else:
                        self._look(each)
            except logs.EndedError as end:
                ended = end.line, end.reason
        near = tuple(sorted(self._near, key=lambda each: (-each.score, each.line))[:MOST_NEAR])
        return Scanned(tally, self._lines, near, ended, self._empty)

    def _found(self, lines: Iterator[tuple[int, bytes]]) -> Iterator[logs.Read]:
        if self._wanted.format == "JSON":
            return logs.read_json(lines, self._metrics)
        return logs.read_text(lines, self._metrics, collectors.filter_list(self._wanted.filters))

    def _counted(self, lines: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
        for number_, line in lines:
            self._lines, self._raw = number_, line
            yield number_, line

    def _look_at_value(self, row: Row) -> None:
        if row.name == self._wanted.objective and number(row.value.strip()) is None:
            self._empty = row.line, self._raw[:_MOST_LOOK]

    def _look(self, ignored: Ignored) -> None:
        """Keep a line if it is near; each shape of line once, digits aside."""
        raw = ignored.raw[:_MOST_LOOK]
        shape = raw.translate(None, b"0123456789")
        if shape in self._shapes or len(self._shapes) >= _MOST_SHAPES:
            return
        self._shapes.add(shape)
        text = raw.decode("utf-8", "replace")
        near = nearness(text, self._wanted.objective)
        if near is not None:
            score = max(near[0], _NEAREST.get(ignored.why, 0) if self._wanted.objective in text else 0)
            why = None if ignored.why in (Why.NO_NAME, Why.NO_KEY) else ignored.why
            self._near.append(Near(score, ignored.line, raw, why, near[1]))


def nearness(text: str, objective: str) -> tuple[int, str] | None:
    """Say how near a line comes to giving a value of a metric, and which name in it does; None for not at all."""
    plain = _COLOUR.sub("", text)
    if objective in plain:
        return 5, objective
    at = plain.lower().find(objective.lower())
    if at >= 0:
        return 4, plain[at : at + len(objective)]
    best: tuple[int, str] | None = None
    for found in _PAIR.finditer(plain):
        name = found[1]
        score = 3 if is_alike(name, objective) else 1
        if best is None or score > best[0]:
            best = score, name
    return best


def is_alike(name: str, objective: str) -> bool:
    """Whether somebody may have meant the one by the other: `acc`, `Accuracy`, `val_accuracy`."""
    one, other = _bare(name), _bare(objective)
    if len(one) >= _SHORTEST and len(other) >= _SHORTEST and (one in other or other in one):
        return True
    words = [word for word in re.split(r"[^a-z0-9]+", name.lower()) if len(word) >= _SHORTEST]
    return any(other.startswith(word) for word in words) or likeness(name, objective) >= _ALIKE


def likeness(name: str, objective: str) -> float:
    """Measure how alike two names are, from 0 to 1; case and punctuation do not count."""
    return difflib.SequenceMatcher(None, _bare(name), _bare(objective)).ratio()


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def without_colour(text: str) -> str:
    """Take away what colours a line."""
    return _COLOUR.sub("", text)
