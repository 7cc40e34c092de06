"""How much each parameter has to do with the objective."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from kgen.report.page_data import Axis, Run, axis, drawn

LEAST_TRIALS = 4  # with a value: of fewer nothing can be said


class Importance(NamedTuple):
    """Shares from 0 to 1 by parameter, the greatest first, and how they were found."""

    method: str
    meaning: str
    shares: tuple[tuple[str, float], ...]


def importance(run: Run) -> Importance | None:
    """Weigh the parameters; None where the trials say nothing: too few, all equal, or nothing was varied.

    fANOVA of Optuna where Optuna and scikit-learn are installed, else rank correlation.
    """
    trials = drawn(run)
    values = [trial.finite for trial in trials if trial.finite is not None]
    columns: dict[str, list[float]] = {}
    axes: dict[str, Axis] = {}
    for parameter in run.parameters:
        line = axis(parameter, trials)
        places = [line.position(trial.assignment.get(parameter.name, "")) for trial in trials]
        found = [place for place in places if place is not None]
        if len(found) == len(trials) and len(set(found)) > 1:
            columns[parameter.name], axes[parameter.name] = found, line
    if len(trials) < LEAST_TRIALS or len(set(values)) < 2 or not columns:
        return None
    shares = _fanova(columns, axes, values)
    if shares is not None:
        meaning = "the share of the objective's variance that a parameter explains; the shares add up to 1"
        return Importance("fANOVA, by Optuna", meaning, _ordered(shares, run))
    kinds = {p.name: p.type for p in run.parameters}
    by_rank = {
        name: _ratio(column, values)
        if kinds[name] == "categorical"
        else abs(_correlation(_ranks(column), _ranks(values)))
        for name, column in columns.items()
    }
    meaning = (
        "the strength of a rising or falling relation (Spearman's, without its sign; of a categorical parameter, the"
        " correlation ratio of ranks), each parameter by itself; `pip install 'kgen[try]'` gives fANOVA instead"
    )
    return Importance("rank correlation", meaning, _ordered(by_rank, run))


def _ordered(shares: Mapping[str, float], run: Run) -> tuple[tuple[str, float], ...]:
    whole = {parameter.name: shares.get(parameter.name, 0.0) for parameter in run.parameters}
    return tuple(sorted(whole.items(), key=lambda item: -item[1]))


def _fanova(
    columns: Mapping[str, Sequence[float]], axes: Mapping[str, Axis], values: Sequence[float]
) -> dict[str, float] | None:
    """Ask Optuna; None where it, or scikit-learn, is not installed."""
    try:
        import optuna  # noqa: PLC0415 - a second that only this pays
        import sklearn  # noqa: F401, PLC0415
    except ImportError:
        return None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study()
    kinds: dict[str, Any] = {}
    for name, column in columns.items():
        if axes[name].places:
            kinds[name] = optuna.distributions.CategoricalDistribution(
                [float(n) for n in range(len(axes[name].places))]
            )
        else:
            kinds[name] = optuna.distributions.FloatDistribution(min(column), max(column))
    for at, value in enumerate(values):
        point = {name: column[at] for name, column in columns.items()}
        study.add_trial(optuna.trial.create_trial(params=point, distributions=kinds, value=value))
    evaluator = optuna.importance.FanovaImportanceEvaluator(n_trees=_trees(len(values)), seed=0)
    found: Mapping[str, float] = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return {name: float(share) for name, share in found.items()}


def _trees(trials: int) -> int:
    """Give fewer trees for more trials: 64, Optuna's number, up to 100; about two seconds beyond."""
    return max(8, min(64, 6400 // trials))


def _ranks(values: Sequence[float]) -> list[float]:
    """Give ranks from 0; equal values share the mean of theirs."""
    ordered = sorted(values)
    first = {value: at for at, value in reversed(list(enumerate(ordered)))}
    last = {value: at for at, value in enumerate(ordered)}
    return [(first[value] + last[value]) / 2 for value in values]


def _correlation(one: Sequence[float], other: Sequence[float]) -> float:
    mean, second = sum(one) / len(one), sum(other) / len(other)
    together = sum((a - mean) * (b - second) for a, b in zip(one, other, strict=True))
    spread = sum((a - mean) ** 2 for a in one) * sum((b - second) ** 2 for b in other)
    return float(together / spread**0.5) if spread else 0.0


def _ratio(groups: Sequence[float], values: Sequence[float]) -> float:
    """Give the correlation ratio of ranks, from 0 to 1: how far groups lie apart, less what chance alone parts."""
    ranks = _ranks(values)
    mean = sum(ranks) / len(ranks)
    members: dict[float, list[float]] = {}
    for group, rank in zip(groups, ranks, strict=True):
        members.setdefault(group, []).append(rank)
    whole = sum((rank - mean) ** 2 for rank in ranks)
    within = sum((rank - sum(each) / len(each)) ** 2 for each in members.values() for rank in each)
    if not whole or len(ranks) == len(members):
        return 0.0
    by_chance = (len(ranks) - 1) / (len(ranks) - len(members))
    return float(max(0.0, 1 - within / whole * by_chance) ** 0.5)
