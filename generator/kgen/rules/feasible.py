"""KG41x and KG42x: the steps, lists and distributions of search parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kgen.katib import algorithms as katib
from kgen.model.diagnostic import Effect, Finding, Severity
from kgen.model.spec import DISTRIBUTIONS
from kgen.model.words import suggestion
from kgen.rules.parameters import space
from kgen.rules.reading import is_whole, listed, number, text
from kgen.rules.rule import rule
from kgen.rules.subject import Subject

_VALIDATOR = "katib pkg/webhook/v1beta1/experiment/validator/validator.go"
_SERVICES = "katib pkg/suggestion/v1beta1"
_LOGARITHMIC = ("logUniform", "logNormal")
_INT_STEP_WHOLE = katib.OPTUNA | {"cmaes", "sobol"}
_STEP_NOT_NEGATIVE = katib.OPTUNA | {"pbt"}


@rule("KG410", Effect.REJECTED, _VALIDATOR)
def range_has_no_list(subject: Subject) -> Iterator[Finding]:
    """An int or double parameter has no list.

    The webhook refuses it: such a parameter is described by its bounds.

    Bad:  `parameterType: double, feasibleSpace: {list: ["0.1", "0.2"]}`
    Good: `parameterType: discrete, feasibleSpace: {list: ["0.1", "0.2"]}`
    """
    for index, name, kind, given in subject.parameters:
        if given.get("list") and kind in ("int", "double"):
            yield Finding(
                path=space(index, "list"),
                related=(("spec", "parameters", index, "parameterType"),),
                message=f"parameter `{name}`: a {kind} parameter has min and max, and no list",
                help="write `discrete: […]` for these values, or remove the list",
            )


@rule("KG411", Effect.REJECTED, _VALIDATOR)
def choice_has_no_range(subject: Subject) -> Iterator[Finding]:
    """A categorical or discrete parameter has no min, max or step.

    The webhook refuses them: such a parameter is described by its list.

    Bad:  `tol: {discrete: [1, 2, 4], step: 1}`
    Good: `tol: {discrete: [1, 2, 4]}`
    """
    for index, name, kind, given in subject.parameters:
        if kind in ("categorical", "discrete"):
            for key in ("min", "max", "step"):
                if given.get(key):
                    yield Finding(
                        path=space(index, key),
                        related=(("spec", "parameters", index, "parameterType"),),
                        message=f"parameter `{name}`: a {kind} parameter has a list, and no {key}",
                        help=f"remove `{key}`, or make the parameter an `int` or a `double`",
                    )


@rule("KG412", Effect.STUCK, _SERVICES)
def list_has_values(subject: Subject) -> Iterator[Finding]:
    """A categorical or discrete parameter has values to choose from.

    The webhook does not look; every service then fails at every request.

    Bad:  `optimizer: {categorical: []}`
    Good: `optimizer: {categorical: [sgd, adam]}`
    """
    for index, name, kind, given in subject.parameters:
        if kind in ("categorical", "discrete") and not listed(given.get("list")):
            yield Finding(
                path=space(index, "list"),
                message=f"parameter `{name}`: there is nothing in its list to choose from",
                help=f"write `{kind}: […]` with one value or more",
            )


@rule("KG413", Effect.ADVICE, "kgen", Severity.WARNING)
def discrete_values_are_numbers(subject: Subject) -> Iterator[Finding]:
    """The values of a discrete parameter are numbers.

    Katib passes any text on, but what is no number is a choice among names.

    Bad:  `optimizer: {discrete: [sgd, adam]}`
    Good: `optimizer: {categorical: [sgd, adam]}`
    """
    for index, name, kind, given in subject.parameters:
        if kind == "discrete":
            for at, value in enumerate(listed(given.get("list"))):
                if isinstance(value, str) and number(value) is None:
                    yield Finding(
                        path=(*space(index, "list"), at),
                        message=f"parameter `{name}`: discrete value `{value}` is no number",
                        help="make the parameter `categorical`, or write a number",
                    )
                    break


@rule("KG414", Effect.STUCK, "katib pkg/suggestion/v1beta1/hyperband/parsing_util.py")
def hyperband_lists_are_whole(subject: Subject) -> Iterator[Finding]:
    """With hyperband the values of a discrete parameter are whole numbers.

    Its service reads them as integers, and fails at every request.

    Bad:  `algorithm: {name: hyperband, …}` with `lr: {discrete: [0.1, 0.01]}`
    Good: `algorithm: {name: hyperband, …}` with `lr: {categorical: ["0.1", "0.01"]}`
    """
    if subject.algorithm != "hyperband":
        return
    for index, name, kind, given in subject.parameters:
        if kind == "discrete":
            for at, value in enumerate(listed(given.get("list"))):
                if not is_whole(text(value)):
                    yield Finding(
                        path=(*space(index, "list"), at),
                        related=(("spec", "algorithm", "algorithmName"),),
                        message=f"parameter `{name}`: hyperband cannot read discrete value `{value}`",
                        help="make the parameter `categorical`, or write whole numbers",
                    )
                    break


@rule("KG415", Effect.ADVICE, "kgen", Severity.WARNING)
def list_values_differ(subject: Subject) -> Iterator[Finding]:
    """A list holds each value once.

    A value given twice is drawn twice as often, and is two points of a grid.

    Bad:  `batch: {discrete: [32, 64, 32]}`
    Good: `batch: {discrete: [32, 64]}`
    """
    for index, name, _, given in subject.parameters:
        values = given.get("list")
        if not isinstance(values, list):
            continue
        seen: list[Any] | set[str] = set() if all(isinstance(v, str) for v in values) else []
        for at, value in enumerate(values):
            if value in seen:
                yield Finding(
                    path=(*space(index, "list"), at),
                    message=f"parameter `{name}`: `{value}` is in its list twice",
                    help="remove one of the two",
                )
            elif isinstance(seen, set):
                seen.add(value)
            else:
                seen.append(value)


def _step(name: str, kind: str, step: str) -> tuple[str, bool] | None:
    """Say what is wrong with a step, and whether the algorithm certainly breaks on it."""
    value, reads = number(step), name in katib.SERVICES and name not in katib.STEPLESS
    if value is None:
        return "is no finite number", reads
    if value == 0:
        return "is zero", reads
    if value < 0:
        return "is negative", name in _STEP_NOT_NEGATIVE
    if kind == "int" and not is_whole(step):
        return "of an int is no whole number", name in _INT_STEP_WHOLE
    return None


def _steps(subject: Subject, *, breaks: bool) -> Iterator[Finding]:
    name = subject.algorithm
    for index, parameter, kind, given in subject.parameters:
        step = given.get("step")
        if step and isinstance(step, str) and kind in ("int", "double"):
            found = _step(name, kind, step)
            if found is not None and found[1] is breaks:
                yield Finding(
                    path=space(index, "step"),
                    message=f"parameter `{parameter}`: step {step} {found[0]}"
                    + (f", which {name} cannot work with" if breaks else ""),
                    help=f"write a {'whole number' if kind == 'int' else 'number'} above zero, or remove `step`",
                )


@rule("KG416", Effect.STUCK, _SERVICES)
def step_is_usable(subject: Subject) -> Iterator[Finding]:
    """A step is a positive number, and a whole one for an int.

    The webhook takes any text. The services fail at every request, or give trials the value `nan`;
    sobol's process ends.

    Bad:  `layers: {int: [2, 8], step: 0}`
    Good: `layers: {int: [2, 8], step: 2}`
    """
    return _steps(subject, breaks=True)


@rule("KG417", Effect.ADVICE, "kgen", Severity.WARNING)
def step_means_something(subject: Subject) -> Iterator[Finding]:
    """A step is a positive number, even where the algorithm ignores it or makes do.

    The same step breaks other algorithms: KG416.

    Bad:  `algorithm: random` with `layers: {int: [2, 8], step: 0.5}`
    Good: `algorithm: random` with `layers: {int: [2, 8], step: 2}`
    """
    return _steps(subject, breaks=False)


def _without_step(subject: Subject, wanted: str) -> Iterator[Finding]:
    if subject.algorithm == wanted:
        for index, name, kind, given in subject.parameters:
            if kind == "double" and not given.get("step"):
                yield Finding(
                    path=space(index, "step"),
                    related=(("spec", "algorithm", "algorithmName"),),
                    message=f"parameter `{name}`: {wanted} needs a step for a double",
                    help="add `step`, or list the values with `discrete: […]`",
                )


@rule("KG418", Effect.FAILED, "katib pkg/suggestion/v1beta1/optuna/service.py")
def grid_has_steps(subject: Subject) -> Iterator[Finding]:
    """With grid every double has a step.

    The service refuses the search space, and the Experiment fails.

    Bad:  `algorithm: grid` with `lr: {double: [0.01, 0.05]}`
    Good: `algorithm: grid` with `lr: {double: [0.01, 0.05], step: 0.01}`
    """
    return _without_step(subject, "grid")


@rule("KG419", Effect.STUCK, "katib pkg/suggestion/v1beta1/pbt/service.py")
def pbt_has_steps(subject: Subject) -> Iterator[Finding]:
    """With pbt every double has a step.

    The service makes a list of all values, and fails at every request without one.

    Bad:  `algorithm: {name: pbt, …}` with `lr: {double: [0.0001, 0.02]}`
    Good: `algorithm: {name: pbt, …}` with `lr: {double: [0.0001, 0.02], step: 0.0001}`
    """
    return _without_step(subject, "pbt")


def _logarithms(subject: Subject, *, breaks: bool) -> Iterator[Finding]:
    """Find what is drawn on a logarithmic scale that reaches zero."""
    algo = subject.algorithm
    for index, name, kind, given in subject.parameters:
        drawn = given.get("distribution")
        if drawn not in _LOGARITHMIC or kind not in ("int", "double"):
            continue
        low = number(given.get("min"))
        if low is None or low > 0:
            continue
        if (algo in katib.HYPEROPT or (algo == "grid" and low < 0)) is breaks:
            yield Finding(
                path=space(index, "min"),
                related=(space(index, "distribution"),),
                message=f"parameter `{name}`: min {given['min']} has no logarithm, and it is drawn {drawn}",
                help="raise the lower bound above zero, or set `distribution: uniform`",
            )


@rule("KG420", Effect.STUCK, _SERVICES)
def logarithm_of_positive(subject: Subject) -> Iterator[Finding]:
    """logUniform and logNormal have a min above zero.

    random and tpe take the logarithm of the bounds and end in a "math domain error" at every request;
    grid does at a negative value.

    Bad:  `lr: {double: [0, 0.1], distribution: logUniform}`
    Good: `lr: {double: [0.0001, 0.1], distribution: logUniform}`
    """
    return _logarithms(subject, breaks=True)


@rule("KG421", Effect.ADVICE, "https://github.com/kubeflow/katib/pull/2679", Severity.WARNING)
def logarithm_is_meant(subject: Subject) -> Iterator[Finding]:
    """logUniform and logNormal have a min above zero, also where the algorithm makes do.

    optuna raises the bound without a word, other services ignore the distribution, and a Katib newer
    than July 2026 refuses the Experiment.

    Bad:  `algorithm: multivariate-tpe` with `lr: {double: [0, 0.1], distribution: logUniform}`
    Good: `algorithm: multivariate-tpe` with `lr: {double: [0.0001, 0.1], distribution: logUniform}`
    """
    return _logarithms(subject, breaks=False)


@rule("KG422", Effect.STUCK, "https://github.com/kubeflow/katib/pull/2666")
def optuna_knows_distribution(subject: Subject) -> Iterator[Finding]:
    """multivariate-tpe and grid draw uniform or logUniform.

    Their service knows no normal distributions: it drops the parameter or fails, and the Experiment
    is stuck in either case.

    Bad:  `algorithm: multivariate-tpe` with `lr: {double: [0.01, 0.1], distribution: normal}`
    Good: `algorithm: tpe` with `lr: {double: [0.01, 0.1], distribution: normal}`
    """
    name = subject.algorithm
    if name not in katib.OPTUNA:
        return
    for index, parameter, kind, given in subject.parameters:
        drawn = given.get("distribution")
        if drawn in ("normal", "logNormal") and kind in ("int", "double"):
            yield Finding(
                path=space(index, "distribution"),
                related=(("spec", "algorithm", "algorithmName"),),
                message=f"parameter `{parameter}`: {name} knows no distribution {drawn}",
                help="set `distribution: uniform` or logUniform, or `algorithm: tpe`",
            )


@rule("KG423", Effect.STUCK, "https://github.com/kubeflow/katib/issues/1430")
def bayesian_doubles_are_positive(subject: Subject) -> Iterator[Finding]:
    """With bayesianoptimization every double has a min above zero.

    Its service draws every double on a logarithmic scale, whatever `distribution` says: at zero or
    across it every request fails, and below it trials get the value `nan`.

    Bad:  `algorithm: bayesianoptimization` with `dropout: {double: [0, 0.5]}`
    Good: `algorithm: bayesianoptimization` with `dropout: {double: [0.01, 0.5]}`
    """
    if subject.algorithm != "bayesianoptimization":
        return
    for index, name, kind, given in subject.parameters:
        low = number(given.get("min")) if kind == "double" else None
        if low is not None and low <= 0:
            yield Finding(
                path=space(index, "min"),
                related=(("spec", "algorithm", "algorithmName"),),
                message=f"parameter `{name}`: bayesianoptimization cannot draw a double from min {given['min']}",
                help="raise the lower bound above zero, or set `algorithm: tpe`",
            )


@rule("KG424", Effect.REJECTED, _VALIDATOR)
def distribution_is_known(subject: Subject) -> Iterator[Finding]:
    """distribution is uniform, logUniform, normal or logNormal.

    The webhook refuses any other, except `unknown`, which counts as uniform.

    Bad:  `distribution: loguniform`
    Good: `distribution: logUniform`
    """
    for index, name, _, given in subject.parameters:
        drawn = given.get("distribution")
        if drawn is not None and drawn not in DISTRIBUTIONS and drawn not in ("", "unknown"):
            yield Finding(
                path=space(index, "distribution"),
                message=f"parameter `{name}`: distribution `{drawn}` is none of Katib's",
                help=suggestion(text(drawn), DISTRIBUTIONS),
            )


RULES = (
    range_has_no_list,
    choice_has_no_range,
    list_has_values,
    discrete_values_are_numbers,
    hyperband_lists_are_whole,
    list_values_differ,
    step_is_usable,
    step_means_something,
    grid_has_steps,
    pbt_has_steps,
    logarithm_of_positive,
    logarithm_is_meant,
    optuna_knows_distribution,
    bayesian_doubles_are_positive,
    distribution_is_known,
)
