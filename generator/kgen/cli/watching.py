"""What a person sees of a run: a line a trial, or a table that is alive; then the result."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, TextIO

import click

from kgen.katib import collectors
from kgen.katib.collectors import Wanted
from kgen.local.ending import Reason, best, objective
from kgen.local.loop import Began, Ended, Event, Reported, Started, Stopping
from kgen.local.store import Run, Store
from kgen.local.trial import State, Trial

Listener = Callable[[Event], None]
_NO_RICH = "for a live table: pip install 'kgen[try]'"


class Progress:
    """What is known of a run while it goes on."""

    def __init__(self, run: Run, store: Store, before: Sequence[Trial]) -> None:
        self.run, self.store = run, store
        self.spec: Mapping[str, Any] = run.experiment["spec"]
        self.wanted: Wanted = collectors.wanted(self.spec)
        self.trials = {trial.number: trial for trial in before}
        self.latest: dict[int, str] = {}  # value of the objective of trials that run
        self.since = time.monotonic()
        self.stopping: Stopping | None = None
        self._told: set[str] = set()

    def take(self, event: Event) -> None:
        """Note an event."""
        if isinstance(event, Started | Ended):
            self.trials[event.trial.number] = event.trial
        elif isinstance(event, Reported):
            self.latest[event.trial.number] = event.value
        elif isinstance(event, Stopping):
            self.stopping = event

    @property
    def over(self) -> list[Trial]:
        """Trials that have ended."""
        return [trial for _, trial in sorted(self.trials.items()) if trial.is_over]

    @property
    def running(self) -> list[Trial]:
        """Trials that run."""
        return [trial for _, trial in sorted(self.trials.items()) if not trial.is_over]

    @property
    def best(self) -> Trial | None:
        """The best trial so far."""
        return best([trial for _, trial in sorted(self.trials.items())], self.wanted).trial

    def best_text(self) -> str:
        """Give the best value so far; a dash where there is none."""
        found = self.best
        return "-" if found is None else objective(found, self.wanted) or "(empty)"

    def left(self) -> float | None:
        """Guess the seconds to go, if all trials are run; None before one has ended."""
        took = [trial.seconds for trial in self.over if trial.state is not State.KILLED]
        most, parallel = int(self.spec["maxTrialCount"]), int(self.spec["parallelTrialCount"])
        if not took:
            return None
        rounds = math.ceil(max(0, most - len(self.over)) / parallel)
        return rounds * sum(took) / len(took)

    def explained(self, trial: Trial) -> tuple[str, ...]:
        """Give why a trial has no value, in full once for each reason."""
        if not trial.reason or trial.state is State.KILLED:
            return ()
        kind = trial.reason.replace(trial.name, "")
        if kind in self._told:
            return (trial.reason,)
        self._told.add(kind)
        return (trial.reason, *trial.explanation)

    def head(self) -> str:
        """Say what is run."""
        algorithm = self.spec["algorithm"]["algorithmName"]
        most, parallel = self.spec["maxTrialCount"], self.spec["parallelTrialCount"]
        ran = f", {len(self.over)} before" if self.over else ""
        trials = "1 trial" if most == 1 else f"{most} trials"
        return (
            f"{self.run.name}: {algorithm}, {trials}{ran}, {parallel} at a time, seed {self.run.seed}, "
            f"runner {self.run.runner}"
        )


def watcher(run: Run, store: Store, before: Sequence[Trial], stream: TextIO) -> AbstractContextManager[Listener]:
    """Give what shows the events of a run on a stream: a table on a terminal, lines elsewhere."""
    progress = Progress(run, store, before)
    if stream.isatty() and os.environ.get("TERM") != "dumb":
        try:
            from kgen.cli.live import Live  # noqa: PLC0415 - a library that nothing else needs
        except ImportError:
            click.echo(_NO_RICH, err=True)
        else:
            return Live(progress)
    return nullcontext(Lines(progress))


class Lines:
    """Writes a line a trial to stderr."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        click.echo(progress.head(), err=True)

    def __call__(self, event: Event) -> None:
        """Show an event."""
        self._progress.take(event)
        if isinstance(event, Began):
            for note in event.notes:
                click.echo(f"note: {note}", err=True)
        elif isinstance(event, Stopping):
            click.echo(stopping_text(event), err=True)
        elif isinstance(event, Ended):
            click.echo(self._line(event.trial), err=True)
            for line in self._progress.explained(event.trial):
                click.echo(f"    {line}", err=True)

    def _line(self, trial: Trial) -> str:
        progress = self._progress
        count = f"[{len(progress.over)}/{progress.spec['maxTrialCount']}]"
        value = objective(trial, progress.wanted)
        measured = "" if value is None else f" {progress.wanted.objective}={value}"
        return (
            f"{count} {trial.name} {trial.state}{measured} in {trial.seconds:.1f} s, "
            f"best {progress.best_text()}: {assignment_text(trial)}"
        )


def stopping_text(event: Stopping) -> str:
    """Say that the run is over and trials still run."""
    trials = "1 trial is" if event.running == 1 else f"{event.running} trials are"
    return f"{event.outcome.message}; {trials} {'waited for' if event.drained else 'stopped'}"


def assignment_text(trial: Trial) -> str:
    """Write the values of a trial in one line."""
    return " ".join(f"{name}={value}" for name, value in trial.assignment.items())


def result_of(run: Run, folder: Path, trials: Sequence[Trial]) -> dict[str, Any]:
    """Sum a run up, as `--format json` prints it."""
    wanted = collectors.wanted(run.experiment["spec"])
    found = best(trials, wanted).trial
    assert run.outcome is not None
    states = {str(state): sum(trial.state is state for trial in trials) for state in State}
    return {
        "experiment": run.name,
        "run": os.path.relpath(folder),
        "seed": run.seed,
        "succeeded": run.outcome.reason.succeeded,
        "reason": str(run.outcome.reason),
        "message": run.outcome.message,
        "trials": {state: count for state, count in states.items() if count},
        "best": None if found is None else _record(found, wanted),
    }


def _record(trial: Trial, wanted: Wanted) -> dict[str, Any]:
    return {
        "name": trial.name,
        "number": trial.number,
        "parameters": dict(trial.assignment),
        "objective": {"name": wanted.objective, "value": objective(trial, wanted)},
        "metrics": [
            {"name": m.name, "min": m.minimum, "max": m.maximum, "latest": m.latest, "count": m.seen}
            for m in trial.metrics
        ],
    }


def show(result: Mapping[str, Any], style: str) -> None:
    """Print the result."""
    if style == "json":
        click.echo(json.dumps(result, ensure_ascii=False, indent=2))
        return
    click.echo(f"{_verdict(result)}: {result['message']}")
    counts = ", ".join(f"{count} {state}" for state, count in result["trials"].items()) or "none"
    click.echo(f"trials: {counts}")
    found = result["best"]
    if found is None:
        click.echo("best: none, as no trial gave a value of the objective")
    else:
        click.echo(f"best: {found['objective']['name']}={found['objective']['value'] or '(empty)'} by {found['name']}")
        width = max((len(name) for name in found["parameters"]), default=0)
        for name, value in found["parameters"].items():
            click.echo(f"    {name:{width}}  {value}")
    click.echo(f"the run is in {result['run']}; as a page: kgen report {result['run']}", err=True)


def _verdict(result: Mapping[str, Any]) -> str:
    if result["succeeded"]:
        return f"succeeded ({result['reason']})"
    if result["reason"] == Reason.FAILED:
        return f"failed ({result['reason']})"
    return "timed out" if result["reason"] == Reason.TIMED_OUT else str(result["reason"]).lower()
