"""kgen metrics LOG: what Katib's collector would read from a trial's log."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import IO, Any

import click

from kgen.cli.console import workspace_options
from kgen.cli.experiment import experiment_named
from kgen.katib import collectors, logs, observation, samples
from kgen.katib.collectors import Wanted
from kgen.katib.gotime import number
from kgen.katib.logs import Ignored, Row, Why
from kgen.local.lines import numbered
from kgen.report import observed as report

MOST_EXAMPLES = 3  # of ignored lines, for each reason
_NO_LOG = {
    "TensorFlowEvent": "it reads TensorBoard's event files",
    "PrometheusMetric": "it would ask an HTTP endpoint, and Katib does not bring it",
    "Custom": "its own container reads what it likes",
    "Push": "the program reports its metrics to Katib itself",
    "None": "the program reports its metrics to Katib itself",
}


@click.command("metrics")
@click.argument("log", type=click.File("rb"))
@click.option("--experiment", metavar="FILE", help="A manifest with the Experiment, or ENV/EXPERIMENT of a workspace.")
@click.option("--name", help="Name of the Experiment, where FILE holds several.")
@click.option("--metric", "metrics", multiple=True, metavar="NAME", help="A metric; the first is the objective.")
@click.option("--filter", "filters", multiple=True, metavar="REGEX", help="A filter, instead of the Experiment's.")
@click.option(
    "--collector-format", "form", type=click.Choice(["TEXT", "JSON"]), help="Form of the log, if no Experiment says it."
)
@click.option("--json-lines", is_flag=True, help="The same as --collector-format JSON.")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", help="Form of the answer.")
@workspace_options
def command(
    log: IO[bytes],
    experiment: str | None,
    name: str | None,
    metrics: tuple[str, ...],
    filters: tuple[str, ...],
    form: str | None,
    json_lines: bool,
    style: str,
    settings: tuple[str, ...],
    root: str | None,
) -> int:
    """Show what Katib's metrics collector reads from LOG (- for stdin), and what Katib makes of it.

    Each value with its line and time, what is taken of each metric, and which lines are ignored and why.
    Exits with 1 where the objective would be unavailable.
    """
    if (experiment is None) == (not metrics):
        raise click.UsageError("give --experiment FILE, or --metric NAME for a log without an Experiment")
    form = "JSON" if json_lines else form
    if experiment is None:
        wanted = collectors.wanted(_made_up(metrics, form or "TEXT"))
    else:
        named = experiment_named(experiment, name, settings, root)
        if named is None:
            return 1
        wanted = collectors.wanted(named.spec)
    if wanted.kind not in collectors.LOGS:
        why = _NO_LOG.get(wanted.kind, "Katib does not know it")
        click.echo(f"collector {wanted.kind} reads no log: {why}", err=True)
        return 1
    if not wanted.objective:
        click.echo("the Experiment names no objective metric", err=True)
        return 1
    wanted = wanted._replace(filters=filters or wanted.filters, format=form or wanted.format)
    if filters and wanted.format == "JSON":
        raise click.UsageError("format JSON has no filter: the metrics are keys of an object")
    missing = logs.cannot_match(collectors.filter_list(wanted.filters)) if wanted.format == "TEXT" else None
    if missing is not None:
        click.echo(f"the log cannot be read as Katib does: {missing}", err=True)
        return 1
    return _show(_Reading(wanted, experiment is not None), log, style)


def _made_up(metrics: tuple[str, ...], form: str) -> dict[str, Any]:
    return {
        "objective": {"objectiveMetricName": metrics[0], "additionalMetricNames": list(metrics[1:])},
        "metricsCollectorSpec": {"collector": {"kind": "File"}, "source": {"fileSystemPath": {"format": form}}},
    }


class _Reading:
    """One pass over a log, in bounded memory."""

    def __init__(self, wanted: Wanted, known: bool) -> None:
        self.wanted = wanted
        self.known = known  # whether an Experiment says what is taken
        self.names = tuple(dict.fromkeys(collectors.metric_list(wanted.names)))
        self.width = max(len(name) for name in (*self.names, "metric"))
        self.tally = observation.Tally()
        self.skipped: dict[Why, tuple[int, list[Ignored]]] = {}
        self.lines = 0
        self.ended: tuple[int, str] | None = None
        self.halted = 0  # the line at which early stopping would end the collector

    def values(self, log: IO[bytes]) -> Iterator[report.Value]:
        """Give the values as they are read; what is ignored is kept aside."""
        metrics = collectors.metric_list(self.wanted.names)
        if self.wanted.format == "JSON":
            found = logs.read_json(self._numbered(log), metrics)
        else:
            found = logs.read_text(self._numbered(log), metrics, collectors.filter_list(self.wanted.filters))
        try:
            for each in found:
                if isinstance(each, Row):
                    self.tally.add(each)
                    if not self.halted and number(each.value.strip()) is None:
                        self.halted = each.line
                    yield report.Value(each.line, each.timestamp, each.name, _printable(each.value))
                else:
                    count, kept = self.skipped.get(each.why, (0, []))
                    self.skipped[each.why] = (count + 1, [*kept, each] if count < MOST_EXAMPLES else kept)
        except logs.EndedError as end:
            self.ended = (end.line, end.reason)

    def _numbered(self, log: IO[bytes]) -> Iterator[tuple[int, bytes]]:
        for self.lines, line in numbered(log):
            yield self.lines, line

    def observed(self) -> report.Observed:
        """Sum up."""
        wanted, objective = self.wanted, self.wanted.objective
        metrics = tuple(self._taken(name) for name in dict.fromkeys(wanted.names))
        value = next(metric.value for metric in metrics if metric.objective)
        skipped = tuple(self._skipped(why) for why in Why if why in self.skipped)
        reached = observation.reached(value or "", wanted.type, wanted.goal) if self.ended is None else None
        lost = not self.tally.metric(objective).seen and any(metric.seen for metric in metrics)
        notes = [f"`{objective}` has no value, and so those of the other metrics are dropped"] if lost else []
        if any(metric.seen > metric.numbers for metric in metrics):
            notes.append("an algorithm cannot read a value that is not a number: let the trial fail instead")
        if wanted.early_stopping and self.halted:
            notes.append(f"with early stopping the collector may end with an error at line {self.halted}: no number")
        return report.Observed(metrics, skipped, self.lines, self.ended, tuple(notes), wanted.goal, reached)

    def _taken(self, name: str) -> report.Taken:
        seen = self.tally.metric(name)
        strategy = self.wanted.strategies.get(name, "") if self.known else ""
        value = seen.taken(strategy) if strategy in collectors.STRATEGIES and seen.seen else None
        texts = (_printable(text) for text in (seen.minimum, seen.maximum, seen.latest))
        least, most, last = texts
        shown = None if value is None else _printable(value)
        chosen = name == self.wanted.objective
        return report.Taken(name, chosen, seen.seen, seen.numbers, least, most, last, strategy, shown)

    def _skipped(self, why: Why) -> report.Skipped:
        count, kept = self.skipped[why]
        examples = tuple((each.line, each.text, _detail(each)) for each in kept)
        return report.Skipped(why.value, count, examples, self._help(why, kept[0]))

    def _help(self, why: Why, first: Ignored) -> str:
        if why is Why.NO_TEXT:
            return 'write the value as a JSON text: {"loss": "0.3"}'
        if why not in (Why.NO_MATCH, Why.OTHER_NAME):
            return ""
        made = (samples.filter_for(first.text, name) for name in self.names)
        fitting = next((each for each in made if each is not None), None)
        if fitting is None:
            return "a filter's first group has to match the whole name, its second the value"
        return f"a filter that reads it: '{fitting}'"


def _detail(ignored: Ignored) -> str:
    if ignored.why is Why.OTHER_NAME:
        return f"reads {ignored.detail}"
    return ignored.detail


def _printable(value: str) -> str:
    return "".join(char if char.isprintable() else "\ufffd" for char in value)


def _show(reading: _Reading, log: IO[bytes], style: str) -> int:
    (_json if style == "json" else _text)(reading, log)
    return 0 if reading.observed().available else 1


def _text(reading: _Reading, log: IO[bytes]) -> None:
    for at, value in enumerate(reading.values(log)):
        if not at:
            sys.stdout.write(report.head(reading.width))
        sys.stdout.write(report.row(value, reading.width))
    sys.stdout.write(report.summary(reading.observed()))


def _json(reading: _Reading, log: IO[bytes]) -> None:
    sys.stdout.write('{"observations": [')
    for at, value in enumerate(reading.values(log)):
        item = {**value._asdict(), "timestamp": value.timestamp or None}
        sys.stdout.write(("," if at else "") + "\n  " + json.dumps(item, ensure_ascii=False))
    rest = json.dumps(report.record(reading.observed()), ensure_ascii=False, indent=1)
    sys.stdout.write("\n],\n" + rest.removeprefix("{").lstrip("\n") + "\n")
