"""The folder of a local run, as its report shows it."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kgen.katib import collectors
from kgen.katib.collectors import Wanted
from kgen.katib.gotime import number
from kgen.katib.logs import UNAVAILABLE
from kgen.katib.observation import Metric as Observed
from kgen.local import recorded, store
from kgen.local.ending import MEASURED, best
from kgen.local.trial import Trial as Ran
from kgen.model.values import listed, mapping, text
from kgen.report.masking import masked
from kgen.report.page_data import Metric, Objective, Run, Tail, Trial
from kgen.report.page_data import Parameter as Shown
from kgen.report.page_text import logged
from kgen.search.space import parameters

MOST_LINES, MOST_BYTES = 80, 8000  # of one log
MOST_LOGS = 3_000_000  # bytes of all logs together


def shown(folder: Path) -> Run:
    """Read a run.

    Raises:
        StoreError: the folder holds no run that this version of kgen can read.
    """
    run, ran = store.read_run(folder), store.read_trials(folder)
    spec = mapping(run.experiment.get("spec"))
    wanted = collectors.wanted(spec)
    first = min((trial.started for trial in ran if trial.started), default=run.started)
    share = min(MOST_BYTES, max(800, MOST_LOGS // max(len(ran), 1)))
    found = best(ran, wanted).trial
    return Run(
        name=run.name,
        objective=Objective(
            wanted.objective,
            wanted.type,
            wanted.goal,
            wanted.strategies.get(wanted.objective, ""),
            tuple(name for name in dict.fromkeys(wanted.additional) if name != wanted.objective),
        ),
        parameters=tuple(
            Shown(each.name, each.type, each.low, each.high, each.values, each.distribution)
            for each in parameters(spec)
        ),
        trials=tuple(_trial(trial, folder, wanted, first, share) for trial in ran),
        best=None if found is None else found.number,
        environment=text(run.options.get("environment")),
        algorithm=_algorithm(spec),
        ended="" if run.outcome is None else f"{run.outcome.message} ({run.outcome.reason})",
        facts=_facts(run, spec),
        notes=tuple(item for item in listed(run.options.get("notes")) if isinstance(item, str)),
    )


def _algorithm(spec: Mapping[str, Any]) -> str:
    algorithm, stopping = mapping(spec.get("algorithm")), mapping(spec.get("earlyStopping"))
    name = text(algorithm.get("algorithmName")) + _settings(algorithm.get("algorithmSettings"))
    if not stopping:
        return name
    return f"{name}; {text(stopping.get('algorithmName'))}{_settings(stopping.get('algorithmSettings'))}"


def _settings(given: object) -> str:
    found = [f"{text(each.get('name'))}={text(each.get('value'))}" for each in map(mapping, listed(given))]
    return f" ({', '.join(found)})" if found else ""


def _facts(run: store.Run, spec: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    counts = (
        ("maxTrialCount", "{} trials"),
        ("parallelTrialCount", "{} at a time"),
        ("maxFailedTrialCount", "{} may fail"),
    )
    budget = ", ".join(word.format(spec[key]) for key, word in counts if isinstance(spec.get(key), int))
    return (
        ("Budget", budget),
        ("Seed", str(run.seed)),
        ("Runner", run.runner),
        ("Started", _moment(run.started)),
        ("Ended", _moment(run.ended)),
        ("Made by", f"kgen {run.version}" if run.version else ""),
    )


def _moment(seconds: float) -> str:
    if not seconds:
        return ""
    try:
        moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    except (OverflowError, ValueError, OSError):
        return ""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _trial(trial: Ran, folder: Path, wanted: Wanted, first: float, share: int) -> Trial:
    place = folder / trial.folder if trial.folder else folder / store.FOLDERS / trial.name
    held = _inside(place, folder)
    return Trial(
        number=trial.number,
        name=trial.name,
        state=trial.state.value,
        assignment=trial.assignment,
        value=trial.value if trial.state in MEASURED else None,
        metrics=tuple(_metric(each, wanted) for each in trial.metrics),
        reason=_clean(trial.reason),
        explanation=tuple(map(_clean, trial.explanation)),
        seconds=trial.seconds,
        after=max(0.0, trial.started - first) if trial.started else None,
        history=_history(trial, place, wanted) if held else {},
        log=_tail(place, folder, wanted, share) if held else Tail(),
    )


def _inside(place: Path, folder: Path) -> bool:
    """Whether a trial's folder lies in its run's: a report shows no other file."""
    return place.resolve().is_relative_to(folder.resolve())


def _metric(metric: Observed, wanted: Wanted) -> Metric:
    texts = (metric.minimum, metric.maximum, metric.latest, metric.taken(wanted.strategies.get(metric.name, "")))
    return Metric(metric.name, *("" if text == UNAVAILABLE else text for text in texts))


def _history(trial: Ran, place: Path, wanted: Wanted) -> dict[str, tuple[float | None, ...]]:
    texts = dict(recorded.histories(place, wanted))
    if trial.history:
        texts[wanted.objective] = trial.history
    return {name: tuple(map(_finite, values)) for name, values in texts.items()}


def _finite(text: str) -> float | None:
    value = number(text)
    return value if value is not None and math.isfinite(value) else None


def _tail(place: Path, folder: Path, wanted: Wanted, share: int) -> Tail:
    path = recorded.printed(place, wanted)
    lines, before = recorded.tail(path, MOST_LINES, share)
    clean = [logged(line) for line in lines]
    found = path.resolve()
    name = path.relative_to(folder).as_posix() if path.is_file() and found.is_relative_to(folder.resolve()) else ""
    return Tail(_masked(clean), before, name) if name else Tail()


def _clean(line: str) -> str:
    return masked([logged(line)], 0)


def _masked(lines: Sequence[str]) -> tuple[str, ...]:
    """Hide what may be a credential: a page is sent to others."""
    held = list(lines)
    return tuple(masked(held, at) for at in range(len(held)))
