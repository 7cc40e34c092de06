"""What Katib's collector makes of a trial that has ended: its metrics, its state, and why there is no value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from kgen.katib import collectors
from kgen.katib.collectors import WRAPPING
from kgen.katib.gotime import number
from kgen.katib.logs import shown
from kgen.katib.observation import Metric, Tally
from kgen.local import explain
from kgen.local.events import Events, Found, rows
from kgen.local.runner import Job
from kgen.local.scan import Scan, Scanned
from kgen.local.scrape import reported
from kgen.local.trial import State
from kgen.local.wrapping import COMPLETED

_MARK = re.compile(r"[0-9]+\.pid")
_MOST_MARK = 64  # bytes


class Collected(NamedTuple):
    """The outcome of a trial."""

    state: State  # SUCCEEDED, FAILED, UNAVAILABLE; or EARLY_STOPPED where the caller stopped it
    metrics: tuple[Metric, ...] = ()  # the objective first
    value: float | None = None  # of the objective, by its strategy
    reason: str = ""  # one line: why it failed, or why there is no value
    explanation: tuple[str, ...] = ()  # further lines for a person: the nearest lines of the log, and the mend


class _Failed(Exception):
    """The collector ends with an error, and with it the trial."""

    def __init__(self, reason: str, explanation: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.reason, self.explanation = reason, explanation


class _Read(NamedTuple):
    """What a collector read."""

    tally: Tally
    missing: tuple[str, tuple[str, ...]]  # what to say where the objective has no value


def collect(job: Job, returncode: int, *, stopped: bool = False) -> Collected:
    """Collect the metrics of a trial that has ended; `stopped` where early stopping ended it."""
    if returncode and not stopped:
        return Collected(State.FAILED, (), None, *explain.failure(job, returncode))
    if not stopped and job.wanted.kind in WRAPPING and not _is_marked(job):
        return Collected(State.FAILED, (), None, *explain.no_marker(job))
    try:
        read = _read(job)
    except _Failed as problem:
        return Collected(State.FAILED, (), None, problem.reason, problem.explanation)
    return _observed(job, read, stopped)


def _observed(job: Job, read: _Read, stopped: bool) -> Collected:
    """Make of the values what the controller makes of them."""
    wanted = job.wanted
    state = State.EARLY_STOPPED if stopped else State.SUCCEEDED
    if not read.tally.metric(wanted.objective).seen:  # then the others are dropped too
        return Collected(State.UNAVAILABLE, (Metric(wanted.objective),), None, *read.missing)
    metrics = tuple(read.tally.metric(name) for name in dict.fromkeys(wanted.names))
    strategy = wanted.strategies.get(wanted.objective, "latest")
    value = number(metrics[0].taken(strategy).strip())
    if value is not None and value == value and abs(value) != float("inf"):  # noqa: PLR0124 - a NaN is not itself
        return Collected(state, metrics, value)
    if strategy not in collectors.STRATEGIES:
        reason = f"`{strategy}` is no strategy of Katib: the objective has no value"
        return Collected(State.UNAVAILABLE, metrics, None, reason)
    return Collected(state, metrics, None, *read.missing)


def _is_marked(job: Job) -> bool:
    """Whether the trial's command wrote what Katib adds to it: `completed`, into a file named after its shell."""
    place = job.metrics_file if job.wanted.kind == "TensorFlowEvent" else job.metrics_file.parent
    try:
        marks = [path for path in place.iterdir() if _MARK.fullmatch(path.name)]
        return any(path.read_bytes()[:_MOST_MARK].strip() == COMPLETED.encode() for path in marks)
    except OSError:
        return False


def _read(job: Job) -> _Read:
    """Read what the Experiment's collector reads.

    Raises:
        _Failed: it ends with an error.
    """
    if job.endpoint is not None:
        tally = Tally()
        for row in reported(job.folder):
            tally.add(row)
        return _Read(tally, _not_read(job, tally) or explain.no_sample(job))
    return _events(job) if job.wanted.kind == "TensorFlowEvent" else _log(job)


def _events(job: Job) -> _Read:
    events, tally = Events(job.metrics_file, job.metrics), Tally()
    tags: dict[str, None] = {}

    def noted() -> Iterator[Found]:
        for found in events.read():
            tags.setdefault(found.scalar.tag)
            yield found

    for row in rows(noted(), collectors.metric_list(job.wanted.names)):
        tally.add(row)
    return _Read(tally, _not_read(job, tally) or explain.no_event(job, events, tuple(tags)))


def _not_read(job: Job, tally: Tally) -> tuple[str, tuple[str, ...]] | None:
    """Say that the objective has values, if it has."""
    metric = tally.metric(job.wanted.objective)
    return explain.no_number(job, f"the latest is `{metric.latest}`") if metric.seen else None


def _log(job: Job) -> _Read:
    path = job.metrics_file
    if not path.is_file():
        raise _Failed(*explain.no_file(job))
    found = Scan(job.wanted).read(path)
    if found.ended is not None:
        line, reason = found.ended
        raise _Failed(f"the collector ends with an error at line {line}: {reason}", explain.tail(job))
    return _Read(found.tally, _missing(job, found))


def _missing(job: Job, found: Scanned) -> tuple[str, tuple[str, ...]]:
    metric = found.tally.metric(job.wanted.objective)
    if not metric.seen:
        return explain.no_value_in_log(job, found)
    if found.empty is None:  # it is infinite
        return explain.no_number(job, f"the latest is `{metric.latest}`")
    line, raw = found.empty
    return explain.no_number(job, f"line {line}: {shown(raw)}")
