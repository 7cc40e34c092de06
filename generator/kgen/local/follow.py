"""Reading a trial's metrics while it runs, for a table that is alive and for early stopping."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from kgen.katib import collectors, logs
from kgen.katib.logs import Row
from kgen.local.events import Events, rows
from kgen.local.lines import Growing
from kgen.local.runner import Job, Running
from kgen.local.scrape import Scraper


class Follower(Protocol):
    """Gives each report of a trial once, in the order in which they are made."""

    def read(self) -> tuple[Row, ...]:
        """Give what has been reported since the last call; never waits for long.

        For PrometheusMetric this asks the trial's endpoint, at most once a second: call it as long as the trial runs.
        """
        ...


def follow(job: Job, running: Running) -> Follower:
    """Follow a trial that has been started."""
    metrics = collectors.metric_list(job.wanted.names)
    if job.endpoint is not None:
        return Scraper(job, lambda: running.address, metrics)
    if job.wanted.kind == "TensorFlowEvent":
        return _Events(job, metrics)
    return _Log(job, metrics)


class _Log:
    def __init__(self, job: Job, metrics: tuple[str, ...]) -> None:
        self._lines, self._metrics = Growing(job.metrics_file), metrics
        self._json = job.wanted.format == "JSON"
        self._filters = collectors.filter_list(job.wanted.filters)
        self._ended = False

    def read(self) -> tuple[Row, ...]:
        """Give the values of the lines that have come."""
        lines = [] if self._ended else self._lines.read()
        out: list[Row] = []
        found = logs.read_json(lines, self._metrics) if self._json else self._text(lines)
        try:
            for each in found:
                if isinstance(each, Row):
                    out.append(each)
        except logs.EndedError:
            self._ended = True  # the collector is over; `collect` says why
        return tuple(out)

    def _text(self, lines: list[tuple[int, bytes]]) -> Iterator[logs.Read]:
        return logs.read_text(lines, self._metrics, self._filters)


class _Events:
    def __init__(self, job: Job, metrics: tuple[str, ...]) -> None:
        self._events, self._metrics = Events(job.metrics_file, job.metrics), metrics

    def read(self) -> tuple[Row, ...]:
        """Give the values of the events that have come."""
        return tuple(rows(self._events.read(), self._metrics))
