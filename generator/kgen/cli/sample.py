"""kgen sample ENV/EXPERIMENT: points of the search space, its size, and what a search of it would cost."""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

import click

from kgen.cli.console import workspace_options
from kgen.cli.experiment import experiment_named
from kgen.local.attempt import deadline_of
from kgen.model.environment import Target
from kgen.rules.policy import trial_gpus
from kgen.rules.subject import read
from kgen.search.extent import Extent, First, extent, first
from kgen.search.space import parameters
from kgen.search.suggestion import Exhausted, Stuck, Unsupported

_HOUR = 3600


class Cost(NamedTuple):
    """What a search may take; None for what nothing says."""

    trials: int | None  # at most
    parallel: int
    gpus: int  # of one trial
    hours: float | None  # of one trial, at most
    source: str  # what says so

    @property
    def gpu_hours(self) -> float | None:
        """GPU hours of the whole search, at most."""
        return None if self.trials is None or self.hours is None else self.trials * self.gpus * self.hours

    @property
    def wall_hours(self) -> float | None:
        """Hours from the first trial to the end of the last, if each takes as long as it may."""
        return (
            None if self.trials is None or self.hours is None else math.ceil(self.trials / self.parallel) * self.hours
        )


@click.command("sample")
@click.argument("experiment", metavar="ENV/EXPERIMENT")
@click.option("-n", "count", type=click.IntRange(0, 100_000), default=10, show_default=True, help="Number of points.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True, help="As that of kgen try.")
@click.option("--hours", type=click.FloatRange(0, min_open=True), help="Hours that a trial takes, at most.")
@click.option("--name", help="Name of the Experiment, where a file holds several.")
@click.option(
    "--format", "style", type=click.Choice(["table", "json", "csv"]), default="table", help="Form of the answer."
)
@workspace_options
def command(
    experiment: str,
    count: int,
    seed: int,
    hours: float | None,
    name: str | None,
    style: str,
    settings: tuple[str, ...],
    root: str | None,
) -> int:
    """Show points as the Experiment's algorithm would suggest them, the size of the space, and its cost in GPUs."""
    named = experiment_named(experiment, name, settings, root)
    if named is None:
        return 1
    space = parameters(named.spec)
    if not space:
        click.echo("the Experiment searches no parameters: its algorithm makes architectures by itself", err=True)
        return 1
    try:
        found = first(named.spec, count, seed) if count else First(())
    except Exhausted:
        found = First((), "the space has no point")
    except (Stuck, Unsupported) as why:
        click.echo(str(why), err=True)
        return 1
    size, cost = extent(space), _cost(named.manifest, hours)
    if found.note:
        click.echo(f"note: {found.note}", err=True)
    if style == "json":
        click.echo(json.dumps(_record(named.spec, seed, found, size, cost), ensure_ascii=False, indent=2))
    elif style == "csv":
        rows = csv.DictWriter(sys.stdout, [each.name for each in space], lineterminator="\n")
        rows.writeheader()
        rows.writerows(found.points)
    else:
        _table(found, [each.name for each in space])
        click.echo("\n".join(("", *_size_text(size), *_cost_text(cost))))
    return 0


def _cost(manifest: Mapping[str, Any], hours: float | None) -> Cost:
    subject = read(manifest, Target())
    gpus, _ = trial_gpus(subject)
    deadline = deadline_of(subject.trial, None)
    source = "--hours" if hours is not None else "activeDeadlineSeconds"
    if hours is None and deadline is not None:
        hours = deadline.seconds / _HOUR
    most, parallel = subject.spec.get("maxTrialCount"), subject.spec.get("parallelTrialCount")
    return Cost(
        most if isinstance(most, int) else None, parallel if isinstance(parallel, int) else 3, gpus, hours, source
    )


def _table(found: First, names: list[str]) -> None:
    widths = {name: max(len(name), *(len(point[name]) for point in found.points), 0) for name in names}
    for row in ({name: name for name in names}, *found.points):
        click.echo("  ".join(f"{row[name]:>{widths[name]}}" for name in names).rstrip())


def _size_text(size: Extent) -> list[str]:
    counts = " x ".join(str(count) for count in size.values.values() if count is not None)
    if size.size is None:
        return [f"grid: none, as {'; '.join(size.endless)}"]
    return [f"grid: {counts} = {size.size} points" if len(size.values) > 1 else f"grid: {size.size} points"]


def _cost_text(cost: Cost) -> list[str]:
    trials = "no end to the trials" if cost.trials is None else f"{cost.trials} at most"
    out = [f"trials: {trials}, {cost.parallel} at a time"]
    if cost.gpus:
        at_once = min(cost.parallel, cost.trials or cost.parallel) * cost.gpus
        out.append(f"GPUs: {cost.gpus} a trial, {at_once} at a time")
    else:
        out.append("GPUs: none")
    if cost.hours is None:
        if cost.gpus:
            out.append("GPU hours: without bound, as no trial has activeDeadlineSeconds; say --hours for a guess")
        return out
    if cost.gpus and cost.gpu_hours is not None:
        out.append(f"GPU hours: {cost.gpu_hours:g} at most, by {cost.source} ({cost.hours:g} h a trial)")
    if cost.wall_hours is not None:
        out.append(f"time: {cost.wall_hours:g} h at most, by {cost.source} ({cost.hours:g} h a trial)")
    return out


def _record(spec: Mapping[str, Any], seed: int, found: First, size: Extent, cost: Cost) -> dict[str, Any]:
    return {
        "algorithm": spec["algorithm"]["algorithmName"],
        "seed": seed,
        "points": [dict(point) for point in found.points],
        "note": found.note,
        "grid": {"points": size.size, "values": dict(size.values)},
        "trials": {"max": cost.trials, "parallel": cost.parallel},
        "gpus": {"trial": cost.gpus, "hours": cost.gpu_hours},
        "hours": {"trial": cost.hours, "search": cost.wall_hours},
    }
