"""What a collector read from a log: for people, a line a fact; for programs, one JSON object."""

from __future__ import annotations

from typing import NamedTuple


class Value(NamedTuple):
    """A value that was read."""

    line: int
    timestamp: str  # "" for none
    metric: str
    value: str


class Taken(NamedTuple):
    """The values of one metric."""

    name: str
    objective: bool
    seen: int  # values
    numbers: int
    minimum: str
    maximum: str
    latest: str
    strategy: str  # "" where no Experiment says it
    value: str | None  # what Katib takes by it; None where it takes none


class Skipped(NamedTuple):
    """Lines that gave nothing, for one reason."""

    reason: str
    lines: int
    examples: tuple[tuple[int, str, str], ...]  # line, its text, what is to be said of it
    help: str = ""


class Observed(NamedTuple):
    """All of a log."""

    metrics: tuple[Taken, ...]
    skipped: tuple[Skipped, ...]
    lines: int
    ended: tuple[int, str] | None  # where the collector ended with an error, and why
    notes: tuple[str, ...]
    goal: float | None
    reached: bool | None

    @property
    def available(self) -> bool:
        """Whether the trial would count as one with metrics."""
        return self.ended is None and any(m.objective and m.latest != "unavailable" for m in self.metrics)


def head(width: int) -> str:
    """Write the head of the table of values."""
    return f"{'line':>7}  {'timestamp':<30}  {'metric':<{width}}  value\n"


def row(value: Value, width: int) -> str:
    """Write a value; `width` is that of the longest metric's name."""
    return f"{value.line:>7}  {value.timestamp or 'none':<30}  {value.metric:<{width}}  {value.value or '(empty)'}\n"


def summary(observed: Observed) -> str:
    """Write what became of the values."""
    out = ["\n"]
    for metric in observed.metrics:
        out.append(_metric(metric))
    for skipped in observed.skipped:
        out.append(_skipped(skipped))
    out.extend(f"note: {note}\n" for note in observed.notes)
    return "".join(out) + _verdict(observed)


def _metric(metric: Taken) -> str:
    name = f"{metric.name} (objective)" if metric.objective else metric.name
    if not metric.seen:
        return f"{name}: no value\n"
    many = "1 value" if metric.seen == 1 else f"{metric.seen} values"
    odd = metric.seen - metric.numbers
    not_numbers = f" ({odd} not a number)" if odd else ""
    latest = metric.latest or "(empty)"
    out = f"{name}: {many}{not_numbers}, min {metric.minimum}, max {metric.maximum}, latest {latest}\n"
    if metric.strategy:
        taken = "no value" if metric.value is None else metric.value or "(empty)"
        out += f"    Katib takes {taken}, by strategy {metric.strategy}\n"
    return out


def _skipped(skipped: Skipped) -> str:
    lines = "1 line" if skipped.lines == 1 else f"{skipped.lines} lines"
    out = f"ignored, {lines}: {skipped.reason}\n"
    for line, text, detail in skipped.examples:
        out += f"    line {line}: {text}" + (f"  ({detail})" if detail else "") + "\n"
    return out + (f"    help: {skipped.help}\n" if skipped.help else "")


def _verdict(observed: Observed) -> str:
    if observed.ended is not None:
        line, reason = observed.ended
        return f"the collector ends with an error at line {line}: {reason}\nnothing is stored, and the trial fails\n"
    if not observed.available:
        return (
            "the objective is unavailable: Katib stores no metric at all, and counts the trial as MetricsUnavailable\n"
        )
    goal = "" if observed.goal is None else f"; goal {observed.goal:g} is {'' if observed.reached else 'not '}reached"
    return f"the objective is available: the trial counts as Succeeded{goal}\n"


def record(observed: Observed) -> dict[str, object]:
    """Give all but the values themselves as plain data."""
    return {
        "metrics": [_plain(metric) for metric in observed.metrics],
        "ignored": [
            {
                "reason": skipped.reason,
                "count": skipped.lines,
                "examples": [{"line": n, "text": text, "detail": detail} for n, text, detail in skipped.examples],
                "help": skipped.help,
            }
            for skipped in observed.skipped
        ],
        "lines": observed.lines,
        "error": None if observed.ended is None else {"line": observed.ended[0], "reason": observed.ended[1]},
        "notes": list(observed.notes),
        "available": observed.available,
        "goal": observed.goal,
        "goalReached": observed.reached,
    }


def _plain(metric: Taken) -> dict[str, object]:
    return {
        "name": metric.name,
        "objective": metric.objective,
        "count": metric.seen,
        "numbers": metric.numbers,
        "min": metric.minimum,
        "max": metric.maximum,
        "latest": metric.latest,
        "strategy": metric.strategy or None,
        "taken": metric.value,
    }
