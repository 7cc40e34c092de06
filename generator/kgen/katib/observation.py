"""What Katib's controller makes of the values of a trial: min, max, latest, and the one that its strategy takes.

Read from pkg/controller.v1beta1/trial/trial_controller_util.go, pkg/controller.v1beta1/experiment/util/status_util.go
and the order in which pkg/db/v1beta1 gives values back, at v0.19.0.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from kgen.katib.gotime import number
from kgen.katib.logs import UNAVAILABLE, Row


class Metric(NamedTuple):
    """The values of one metric, as texts; UNAVAILABLE where there is none."""

    name: str
    seen: int = 0  # values
    numbers: int = 0  # values that Go reads as a number
    minimum: str = UNAVAILABLE
    maximum: str = UNAVAILABLE
    latest: str = UNAVAILABLE

    def taken(self, strategy: str) -> str:
        """Give the value that Katib takes: `min` and `max` fall back to the latest; "" for an unknown strategy."""
        if strategy == "latest":
            return self.latest
        best = {"min": self.minimum, "max": self.maximum}.get(strategy)
        return "" if best is None else self.latest if best == UNAVAILABLE else best


class _Seen:
    """Values of one metric, in any order of time.

    The controller walks them by time, later lines later. There a first value that is not a number (`nan`) stays
    min and max for ever, and of equal numbers the earliest one counts.
    """

    def __init__(self) -> None:
        self.count = self.numbers = 0
        self.first: tuple[tuple[int, int], float, str] | None = None
        self.least: tuple[float, tuple[int, int], str] | None = None
        self.most: tuple[float, tuple[int, int], str] | None = None
        self.last: tuple[tuple[int, int], str] | None = None

    def add(self, row: Row) -> None:
        order = (row.time, self.count)
        self.count += 1
        if self.last is None or order > self.last[0]:
            self.last = (order, row.value)
        value = number(row.value)
        if value is None:
            return
        self.numbers += 1
        if self.first is None or order < self.first[0]:
            self.first = (order, value, row.value)
        if not math.isnan(value):
            self.least = min(self.least or (value, order, row.value), (value, order, row.value))
            self.most = min(self.most or (-value, order, row.value), (-value, order, row.value))

    def metric(self, name: str) -> Metric:
        least, most = self.least, self.most
        stuck = self.first is not None and math.isnan(self.first[1])
        if self.first is not None and (stuck or least is None or most is None):
            low = high = self.first[2]
        else:
            low, high = least[2] if least else UNAVAILABLE, most[2] if most else UNAVAILABLE
        return Metric(name, self.count, self.numbers, low, high, self.last[1] if self.last else UNAVAILABLE)


class Tally:
    """Adds up the values of a log in bounded memory."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    def add(self, row: Row) -> None:
        """Add a value."""
        self._seen.setdefault(row.name, _Seen()).add(row)

    def metric(self, name: str) -> Metric:
        """Give what was seen of a metric."""
        return self._seen[name].metric(name) if name in self._seen else Metric(name)


def reached(value: str, kind: str, goal: float | None) -> bool | None:
    """Whether a value reaches the goal of an objective of type `kind`; None where there is no goal, or no number."""
    read = number(value)
    if goal is None or read is None:
        return None
    return read <= goal if kind == "minimize" else read >= goal if kind == "maximize" else None
