"""A local run as the page shows it: plain data that was read elsewhere, and what follows from it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

LISTED = ("categorical", "discrete")
MOST_PLACES = 12  # values of a discrete parameter that stand side by side; more of them lie on an axis of numbers
NO_VALUES: Mapping[str, str] = MappingProxyType({})


class Parameter(NamedTuple):
    """A search parameter; bounds as they were written, "" for none."""

    name: str
    type: str  # int, double, categorical, discrete
    low: str = ""
    high: str = ""
    values: tuple[str, ...] = ()
    distribution: str = ""

    @property
    def space(self) -> str:
        """What may be chosen, in a few words."""
        if self.type in LISTED:
            return ", ".join(self.values)
        drawn = f", {self.distribution}" if self.distribution not in ("", "uniform") else ""
        return f"{self.low} to {self.high}{drawn}"


class Objective(NamedTuple):
    """What is searched for."""

    metric: str
    type: str  # maximize, minimize
    goal: float | None = None
    strategy: str = ""
    additional: tuple[str, ...] = ()

    @property
    def maximize(self) -> bool:
        """Whether more is better."""
        return self.type == "maximize"


class Metric(NamedTuple):
    """The values of one metric in one trial, as texts; "" for none."""

    name: str
    minimum: str = ""
    maximum: str = ""
    latest: str = ""
    taken: str = ""  # by its strategy


class Tail(NamedTuple):
    """The end of a trial's log."""

    lines: tuple[str, ...] = ()
    left_out: int = 0  # lines before them
    place: str = ""  # of the whole log, relative to the run's folder


class Trial(NamedTuple):
    """A trial; `value` is the objective by its strategy."""

    number: int
    name: str
    state: str  # Katib's word
    assignment: Mapping[str, str] = NO_VALUES
    value: float | None = None
    metrics: tuple[Metric, ...] = ()  # the objective first
    reason: str = ""
    explanation: tuple[str, ...] = ()  # further lines on the reason
    seconds: float = 0.0
    after: float | None = None  # seconds from the run's start to the trial's
    history: Mapping[str, tuple[float | None, ...]] = MappingProxyType({})  # metric -> its reports, in their order
    log: Tail = Tail()

    @property
    def finite(self) -> float | None:
        """The value where it can be drawn and compared: no NaN, no infinity."""
        return self.value if self.value is not None and math.isfinite(self.value) else None


class Run(NamedTuple):
    """A run, and the Experiment it ran."""

    name: str
    objective: Objective
    parameters: tuple[Parameter, ...]
    trials: tuple[Trial, ...]
    best: int | None = None  # the number of Katib's currentOptimalTrial
    environment: str = ""
    algorithm: str = ""
    ended: str = ""  # why there are no further trials; "" where the run is not over
    facts: tuple[tuple[str, str], ...] = ()  # what else its head says: a word and its value
    notes: tuple[str, ...] = ()  # what is otherwise here than in the cluster


def best(run: Run) -> Trial | None:
    """Give the best trial; its value may be a text. None where there is none."""
    return next((trial for trial in run.trials if trial.number == run.best), None)


def is_better(value: float, than: float | None, objective: Objective) -> bool:
    """Whether a value is better than another."""
    return than is None or (value > than if objective.maximize else value < than)


def drawn(run: Run) -> tuple[Trial, ...]:
    """Give the trials that have a value which can be drawn."""
    return tuple(trial for trial in run.trials if trial.finite is not None)


def number(text: str) -> float | None:
    """Read a finite number; None for any other text."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text else None


def short(value: float) -> str:
    """Write a number for people: six digits that count."""
    return f"{value:.6g}"


class Axis(NamedTuple):
    """How the values of a parameter lie on a line."""

    name: str
    places: tuple[str, ...] = ()  # values that stand side by side, at 0, 1, 2 ...; () for numbers
    logarithmic: bool = False  # positions are logarithms to base 10
    low: float = 0.0  # position
    high: float = 1.0

    def position(self, text: str) -> float | None:
        """Give the position of a value; None where it has none."""
        if self.places:
            return float(self.places.index(text)) if text in self.places else None
        value = number(text)
        if value is None or (self.logarithmic and value <= 0):
            return None
        return math.log10(value) if self.logarithmic else value

    @property
    def ticks(self) -> tuple[tuple[float, str], ...]:
        """Positions and texts of what is written at the axis; () where a plot finds them itself."""
        if self.places:
            return tuple((float(at), text) for at, text in enumerate(self.places))
        return _decades(self.low, self.high) if self.logarithmic else ()


def axis(parameter: Parameter, trials: Iterable[Trial]) -> Axis:
    """Lay a parameter's values on a line: its own space, and whatever the trials have besides."""
    seen = list(
        dict.fromkeys(trial.assignment[parameter.name] for trial in trials if parameter.name in trial.assignment)
    )
    known = [*parameter.values, *(text for text in seen if text not in parameter.values)]
    numbers = [value for value in map(number, (*known, parameter.low, parameter.high)) if value is not None]
    plain = all(number(text) is not None for text in known)
    if not numbers or not plain or parameter.type == "categorical" or _few(parameter, known):
        ordered = sorted(known, key=lambda text: number(text) or 0.0) if plain else known
        return Axis(parameter.name, tuple(ordered) or ("",), low=0.0, high=float(max(len(known) - 1, 1)))
    logarithmic = parameter.distribution.startswith("log") and min(numbers) > 0
    low, high = min(numbers), max(numbers)
    if logarithmic:
        low, high = math.log10(low), math.log10(high)
    return Axis(parameter.name, (), logarithmic, low, high if high > low else low + 1)


def _few(parameter: Parameter, known: Sequence[str]) -> bool:
    return parameter.type == "discrete" and len(known) <= MOST_PLACES


def _decades(low: float, high: float) -> tuple[tuple[float, str], ...]:
    """Give round numbers between two powers of ten: 1, 2, 5 of each decade where there are few decades."""
    first, last = math.floor(low), math.ceil(high)
    leading = (1, 2, 5) if high - low <= 2 else (1,)
    every = max(1, (last - first) // 8)
    found = [
        (math.log10(head) + power, f"{head * 10.0**power:.6g}")
        for power in range(first, last + 1, every)
        for head in leading
    ]
    return tuple((at, text) for at, text in found if low - 1e-9 <= at <= high + 1e-9)
