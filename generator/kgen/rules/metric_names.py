"""KG63x: the names of metrics and the strategies by which one value of many is taken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kgen.katib import collectors as katib
from kgen.katib.v1beta1 import STRATEGY_OF_TYPE
from kgen.model.diagnostic import Edit, EditKind, Effect, Finding, Severity
from kgen.model.values import listed, mapping, text
from kgen.model.words import suggestion
from kgen.rules.filters import MOST, metrics_of
from kgen.rules.reading import mend
from kgen.rules.rule import rule
from kgen.rules.subject import Subject
from kgen.rules.traits import odd_in

_OBJECTIVE = ("spec", "objective")
_STRATEGIES = (*_OBJECTIVE, "metricStrategies")
_CONTROLLER = "katib pkg/controller.v1beta1/experiment/util/status_util.go"
_DEFAULTER = "katib pkg/apis/controller/experiments/v1beta1/experiment_defaults.go"
_EVENTS = "katib pkg/metricscollector/v1beta1/tfevent-metricscollector"
_NUMBERS = ("0.98", "-0.5", "888", "1e-05", ".5", "1")


def _strategies(subject: Subject) -> list[Any]:
    """Give the entries of metricStrategies; what is no mapping is none."""
    return listed(mapping(subject.spec.get("objective")).get("metricStrategies"))


def _objective(subject: Subject) -> str:
    return text(mapping(subject.spec.get("objective")).get("objectiveMetricName"))


def _names(subject: Subject) -> list[str]:
    """Give the names of all metrics; the objective's first."""
    objective = mapping(subject.spec.get("objective"))
    return [
        name for name in (_objective(subject), *listed(objective.get("additionalMetricNames"))) if isinstance(name, str)
    ]


def _of_objective(subject: Subject) -> tuple[int, str]:
    """Give the first entry of the objective's metric and its value; -1 where there is none."""
    name = _objective(subject)
    for index, item in enumerate(_strategies(subject) if name else ()):
        if isinstance(item, dict) and item.get("name") == name:
            return index, text(item.get("value"))
    return -1, ""


@rule("KG630", Effect.NO_METRICS, _CONTROLLER, when=odd_in("objective"))
def objective_strategy_is_known(subject: Subject) -> Iterator[Finding]:
    """The strategy of the objective's metric is min, max or latest.

    Nothing checks it; with any other the controller takes no value of a trial, and hands an empty one
    to the algorithm.

    Bad:  `objective: {maximize: accuracy, strategies: {accuracy: mean}}`
    Good: `objective: {maximize: accuracy, strategies: {accuracy: latest}}`
    """
    index, value = _of_objective(subject)
    if index >= 0 and value not in katib.STRATEGIES:
        yield _unknown(subject, index, _objective(subject), value)


def _unknown(subject: Subject, index: int, name: str, value: str) -> Finding:
    path = (*_STRATEGIES, index, "value")
    lower = value.strip().lower()
    where = mend(subject, f"`objective.strategies.{name}`", "`value`")
    return Finding(
        path=path,
        message=f"metricStrategies has `{value}` for the metric `{name}`, which Katib does not know",
        help=f"{suggestion(value, katib.STRATEGIES)} in {where}",
        fix=(Edit(EditKind.SET, path, lower),) if lower in katib.STRATEGIES else (),
    )


@rule("KG631", Effect.ADVICE, _CONTROLLER, Severity.WARNING, when=odd_in("objective"))
def strategies_are_of_metrics(subject: Subject) -> Iterator[Finding]:
    """Every entry of metricStrategies is of a metric, has a value that Katib knows, and is there once.

    An entry of no metric has no effect. Of two for one metric the controller takes the first, and the
    algorithm gets the value of the last.

    Bad:  `objective: {maximize: accuracy, strategies: {accurracy: max}}`
    Good: `objective: {maximize: accuracy, strategies: {accuracy: max}}`
    """
    entries, names = _strategies(subject)[:MOST], _names(subject)
    first: dict[str, tuple[int, str]] = {}
    for index, item in enumerate(entries if names and names[0] else ()):
        if not isinstance(item, dict):
            continue
        name, value = text(item.get("name")), text(item.get("value"))
        if name not in names:
            message = f"metricStrategies has `{name}`, which is no metric of this Experiment"
            words = mend(subject, "in `objective.strategies`, or remove it", "or remove the entry")
            yield Finding((*_STRATEGIES, index, "name"), message, f"{suggestion(name, names[:MOST])} {words}")
        elif name in first:
            if names.count(name) > 1 and first[name][1] == value:
                continue  # the defaulter adds one for each: KG632
            yield _second(index, name, value, first[name])
        elif name != names[0] and value not in katib.STRATEGIES:
            yield _unknown(subject, index, name, value)
        first.setdefault(name, (index, value))


def _second(index: int, name: str, value: str, first: tuple[int, str]) -> Finding:
    path = (*_STRATEGIES, index)
    same = first[1] == value
    return Finding(
        path=(*path, "name"),
        related=((*_STRATEGIES, first[0], "name"),),
        message=f"metricStrategies has `{name}` twice" + ("" if same else f": `{first[1]}` and `{value}`"),
        help="keep one of the two",
        fix=(Edit(EditKind.REMOVE, path),) if same else (),
    )


@rule("KG632", Effect.ADVICE, _DEFAULTER, Severity.WARNING, when=odd_in("objective"))
def additional_metrics_are_there_once(subject: Subject) -> Iterator[Finding]:
    """An additional metric is named once.

    Katib takes two of one name, gives each a strategy, and reads its values from JSON twice.

    Bad:  `objective: {maximize: accuracy, additional: [loss, loss]}`
    Good: `objective: {maximize: accuracy, additional: [loss]}`
    """
    seen: dict[str, int] = {}
    for index, name in enumerate(listed(mapping(subject.spec.get("objective")).get("additionalMetricNames"))):
        if not isinstance(name, str):
            continue
        path = (*_OBJECTIVE, "additionalMetricNames")
        if name in seen:
            yield Finding(
                path=(*path, index),
                related=((*path, seen[name]),),
                message=f"additionalMetricNames has `{name}` twice",
                help="remove the second",
                fix=(Edit(EditKind.REMOVE, (*path, index)),),
            )
        seen.setdefault(name, index)


@rule("KG633", Effect.ADVICE, _CONTROLLER, Severity.WARNING, when=odd_in("source"))
def objective_is_a_number(subject: Subject) -> Iterator[Finding]:
    """The filters read a number for the objective; with a text there is no best trial and no goal.

    Where the value is a text, as the genotype of an architecture search, Katib takes the latest one of
    the last trial for the best, and never reaches a goal.

    Bad:  `objective: {maximize: Best-Genotype, goal: 0.9}` with `filter: ['([\\w-]+)=(Genotype.*)']`
    Good: `objective: {maximize: Best-Genotype}` with `filter: ['([\\w-]+)=(Genotype.*)']`
    """
    if mapping(subject.spec.get("objective")).get("goal") is None or subject.collector not in katib.LOGS:
        return
    wanted = katib.wanted(subject.spec)
    if not wanted.filters or wanted.format != "TEXT" or not wanted.objective:
        return
    from kgen.katib import samples  # noqa: PLC0415 - only a filter pays for it

    shapes = [samples.shape(part) for part in wanted.filters if samples.can_name(part, wanted.objective)]
    if shapes and all(
        made is not None and not any(samples.takes(made.value, number) for number in _NUMBERS) for made in shapes
    ):
        yield Finding(
            path=(*_OBJECTIVE, "goal"),
            related=((*_OBJECTIVE, "objectiveMetricName"),),
            message=f"no filter reads a number for `{wanted.objective}`: a goal is never reached",
            help=f"remove {mend(subject, '`objective.goal`', '`goal`')}, or let a filter's second group match a number",
        )


@rule("KG634", Effect.NO_METRICS, _EVENTS, Severity.INFO, when=lambda traits: traits.collector == "TensorFlowEvent")
def event_metrics_name_their_folder(subject: Subject) -> Iterator[Finding]:
    """A metric of a TensorFlowEvent is named `folder/tag`.

    The collector takes every tag that starts with what stands behind the last `/`, in event files whose
    folder ends with what stands before it. A name without a folder takes such tags from all files,
    those of training and validation mixed.

    Bad:  `objective: {maximize: accuracy}` with `metrics: TensorFlowEvent`
    Good: `objective: {maximize: validation/accuracy}` with `metrics: TensorFlowEvent`
    """
    if subject.collector != "TensorFlowEvent":
        return
    for path, name in metrics_of(subject):
        if "/" not in name:
            message = f"the metric `{name}` takes every tag that starts so, from all event files below the path"
            yield Finding(path, message, f"name it with its folder, as `validation/{name}`, if there is more than one")


@rule("KG635", Effect.ADVICE, _DEFAULTER, Severity.INFO, when=odd_in("objective"))
def strategy_fits_type(subject: Subject) -> Iterator[Finding]:
    """The strategy of the objective's metric looks the way its type does, or takes the latest value.

    Katib takes what is written: to minimize the largest value of each trial is legal, and seldom meant.

    Bad:  `objective: {minimize: loss, strategies: {loss: max}}`
    Good: `objective: {minimize: loss, strategies: {loss: min}}`
    """
    index, value = _of_objective(subject)
    kind = {"min": "maximize", "max": "minimize"}.get(value, "")
    if kind and mapping(subject.spec.get("objective")).get("type") == kind:
        name = _objective(subject)
        where = mend(subject, f"`objective.strategies.{name}`", "`value`")
        yield Finding(
            path=(*_STRATEGIES, index, "value"),
            related=((*_OBJECTIVE, "type"),),
            message=f"of each trial the {value} of `{name}` is taken, to {kind} it",
            help=f"write {STRATEGY_OF_TYPE[kind]} or latest in {where}, if that is not meant",
        )


RULES = (
    objective_strategy_is_known,
    strategies_are_of_metrics,
    additional_metrics_are_there_once,
    objective_is_a_number,
    event_metrics_name_their_folder,
    strategy_fits_type,
)
