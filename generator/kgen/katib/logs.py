"""A trial's log as Katib's file metrics collector reads it, line by line, and what the controller makes of it.

Reproduces pkg/metricscollector/v1beta1/file-metricscollector, the database's rounding and order
(pkg/db/v1beta1) and the choice of a value (trial_controller_util.go, experiment/util/status_util.go) at v0.19.0.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Any, NamedTuple

from kgen.katib import filters as expressions
from kgen.katib.filters import SPACES
from kgen.katib.gotime import instant, unix_text

MOST_LINE = 16 << 20  # bytes; a longer line is not read
UNAVAILABLE = "unavailable"
_BROKEN = re.compile("[\udc80-\udcff]")  # each byte that is no UTF-8, as decoding keeps it
_SURROGATES = re.compile("[\ud800-\udfff]")


class Row(NamedTuple):
    """A value that the collector reads."""

    line: int  # from 1
    timestamp: str  # as it was written, or as the collector writes a number; "" for none
    name: str
    value: str  # "" where the filter matches no more
    time: int = 0  # microseconds after Go's zero time, by which the database orders


class Why(Enum):
    """Why a line gives no value."""

    NO_NAME = "contains no metric name"
    NO_MATCH = "contains a metric name, and no filter matches it"
    OTHER_NAME = "contains a metric name, and the filter reads another name there"
    NO_GROUPS = "a filter matches that has not two groups for name and value"
    NO_KEY = "has no metric name among its keys"
    NO_TEXT = "the metric's value is no JSON text, and counts for nothing"
    LONG = f"is longer than {MOST_LINE >> 20} MiB, and kgen does not read it"


class Ignored(NamedTuple):
    """A line, or a metric in it, that gives no value."""

    line: int
    why: Why
    raw: bytes  # the line
    detail: str = ""  # the names that were read instead; the value that is no text

    @property
    def text(self) -> str:
        """Give the start of the line for people: nothing that a terminal would act on."""
        return shown(self.raw)


class EndedError(Exception):
    """The collector ends here with an error: nothing is stored, and the trial's pod fails."""

    def __init__(self, line: int, reason: str) -> None:
        self.line, self.reason = line, reason
        super().__init__(f"line {line}: {reason}")


Read = Row | Ignored


def read_text(
    numbered: Iterable[tuple[int, bytes]], metrics: tuple[str, ...], filters: tuple[str, ...]
) -> Iterator[Read]:
    """Read format TEXT.

    `numbered` are lines and their numbers; `metrics` come from `collectors.metric_list`, `filters` from `filter_list`.

    Filters for which `cannot_match` has a reason are not for this.

    Raises:
        EndedError: a filter does not compile, or a value is no UTF-8.
    """
    wanted = tuple(name.encode("utf-8", "replace") for name in metrics)
    made = tuple((text, expressions.compiled(text)) for text in filters)
    for at, line in numbered:
        if len(line) > MOST_LINE:
            yield Ignored(at, Why.LONG, b"")
        elif not any(name in line for name in wanted):
            yield Ignored(at, Why.NO_NAME, line)
        else:
            yield from _read_line(at, line, frozenset(metrics), made)


def _read_line(at: int, line: bytes, metrics: frozenset[str], made: tuple[tuple[str, Any], ...]) -> Iterator[Read]:
    text = line.decode("utf-8", "surrogateescape")
    broken = _BROKEN.search(text) is not None
    clean = _BROKEN.sub("\ufffd", text).encode() if broken else line
    first, blank, _ = text.partition(" ")
    time = instant(first) if blank else None
    stamp = "" if time is None else first
    others: list[str] = []
    found = few = False
    for expression, matcher in made:
        if matcher is None:
            raise EndedError(at, f"the filter `{expression[:60]}` {expressions.problem(expression)}")
        if matcher.groups < 2:
            few = few or matcher.search(clean) is not None
            continue
        for match in expressions.find_all(matcher, clean):
            name = match.name.decode().strip(SPACES)
            if name not in metrics:
                others.append(name)
                continue
            value = match.value.decode().strip(SPACES)
            if broken and "\ufffd" in value:
                raise EndedError(at, f"the value `{value[:40]}` of `{name}` is not UTF-8, and cannot be sent")
            found = True
            yield Row(at, stamp, name, value, time or 0)
    if not found:
        why = Why.OTHER_NAME if others else Why.NO_GROUPS if few else Why.NO_MATCH
        yield Ignored(at, why, line, ", ".join(f"`{name}`" for name in list(dict.fromkeys(others))[:3]))


def cannot_match(filters: Iterable[str]) -> str | None:
    """Say why filters cannot be matched here though Katib's collector would; None where they can."""
    if expressions.engine() is None:
        return "the package google-re2 is not installed here, and nothing else matches as Go does"
    for text in filters:
        if expressions.compiled(text) is None and expressions.problem(text) is None:
            return f"the filter `{text[:60]}` is too large to be matched here"
    return None


def read_json(numbered: Iterable[tuple[int, bytes]], metrics: tuple[str, ...]) -> Iterator[Read]:
    """Read format JSON: an object a line; `metrics` come from `collectors.metric_list`.

    Raises:
        EndedError: a line is no JSON object, or its time cannot be stored.
    """
    for at, line in numbered:
        if not line:
            continue
        if len(line) > MOST_LINE:
            yield Ignored(at, Why.LONG, b"")
            continue
        try:
            held = _object(line)
        except json.JSONDecodeError as problem:
            raise EndedError(at, f"it is no JSON: {problem.msg} at character {problem.pos + 1}") from problem
        except (ValueError, RecursionError) as problem:
            raise EndedError(at, f"it is no JSON object: {problem}") from problem
        yield from _read_object(at, line, held, metrics)


def _read_object(at: int, line: bytes, held: dict[str, Any], metrics: tuple[str, ...]) -> Iterator[Read]:
    stamp = _stamp(held.get("timestamp"))
    texts = [(name, held[name]) for name in metrics if isinstance(held.get(name), str)]
    time = instant(stamp) if stamp else 0
    if texts and time is None:
        raise EndedError(at, f"the time {stamp} is beyond the year 9999: a timestamp is a number of seconds")
    yield from (Row(at, stamp, name, value, time or 0) for name, value in texts)
    for name in metrics:
        if name in held and not isinstance(held[name], str):
            yield Ignored(at, Why.NO_TEXT, line, f"{name}: {json.dumps(held[name])[:40]}")
    if not any(name in held for name in metrics):
        yield Ignored(at, Why.NO_KEY, line)


def _object(line: bytes) -> dict[str, Any]:
    """Read a line as Go's json.Unmarshal into a map does.

    Raises:
        ValueError: Go would not.
    """
    text = _BROKEN.sub("\ufffd", line.decode("utf-8", "surrogateescape"))
    held = json.loads(text, parse_constant=_no_constant, parse_float=_float, parse_int=_float)
    if held is None:
        return {}
    if not isinstance(held, dict):
        raise ValueError("it is another JSON value")
    return {_whole(key): _whole(value) for key, value in held.items()}


def _no_constant(word: str) -> float:
    raise ValueError(f"{word} is no JSON")


def _float(digits: str) -> float:
    value = float(digits)
    if abs(value) == float("inf"):
        raise ValueError(f"the number {digits[:20]} is out of range")
    return value


def _whole(value: Any) -> Any:
    """Replace what a JSON escape made of half a surrogate pair, as Go does."""
    return _SURROGATES.sub("\ufffd", value) if isinstance(value, str) else value


def _stamp(value: object) -> str:
    if isinstance(value, str):
        return value if instant(value) is not None else ""
    return unix_text(value) or "" if isinstance(value, float) else ""


def shown(line: bytes) -> str:
    """Give the start of a line for people: no bytes that a terminal would act on."""
    text = line[:400].decode("utf-8", "replace").strip()
    return "".join(char if char.isprintable() else "\ufffd" for char in text)[:120]
