"""One trial of a local run: what it was given, what became of it, and what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from kgen.katib.observation import Metric

MOST_HISTORY = 1000


class State(StrEnum):
    """What became of a trial, in Katib's words for its conditions."""

    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    KILLED = "Killed"
    EARLY_STOPPED = "EarlyStopped"
    UNAVAILABLE = "MetricsUnavailable"


class Trial(NamedTuple):
    """A trial; a run is a list of these, and its file one a line as JSON."""

    number: int  # from 0, in the order of suggestion
    name: str
    assignment: Mapping[str, str]
    state: State
    metrics: tuple[Metric, ...] = ()  # the objective first
    value: float | None = None  # of the objective, by its strategy
    reason: str = ""  # why it failed, or why there is no metric
    started: float = 0.0  # seconds since the epoch
    seconds: float = 0.0
    folder: str = ""  # its logs, relative to the run's folder
    history: tuple[str, ...] = ()  # values of the objective in the order of their time, the first MOST_HISTORY of them
    explanation: tuple[str, ...] = ()  # further lines on `reason`: the nearest lines of the log, and the mend

    @property
    def is_over(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self.state is not State.RUNNING
