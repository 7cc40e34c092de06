"""KG342 to KG349: the values that a service makes of a search space, where they are other than one expects."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP

from kgen.katib import algorithms as katib
from kgen.katib import grid
from kgen.katib.numerals import python_real
from kgen.model.diagnostic import Effect, Finding, Severity
from kgen.model.values import listed, text
from kgen.rules.feasible import MOST_VALUES
from kgen.rules.parameters import drawn, ranges, refused_by_grid, repeated_names, space
from kgen.rules.reading import mend, number
from kgen.rules.rule import rule
from kgen.rules.subject import Subject
from kgen.rules.traits import Traits, odd_in, run_by

_SERVICES = "katib pkg/suggestion/v1beta1"
_OPTUNA = "katib pkg/suggestion/v1beta1/optuna/service.py"
_NAME = ("spec", "algorithm", "algorithmName")
_MANY = 10**6  # points: about the memory that Katib gives a suggestion pod

_DIGITS = 13  # of numbers that are compared: enough for any search, and exact in Decimal
_NORMAL = ("normal", "logNormal")
_GIVE_BOTH = katib.HYPEROPT | {"bayesianoptimization", "hyperband"}  # one value for each entry, not for each name
_TAKE_LAST = katib.OPTUNA | {"pbt"}
_DRAW_THEIR_WAY = katib.GOPTUNA | {"bayesianoptimization", "hyperband", "pbt"}  # whatever `distribution` says


def _may_be_ignored(traits: Traits) -> bool:
    """Whether a step or a distribution is given that the algorithm may not follow."""
    if "drawn" in traits.odd and traits.algorithm in _DRAW_THEIR_WAY:
        return True
    return "steps" in traits.odd and traits.algorithm in katib.STEPLESS | katib.OPTUNA


def _may_lie_elsewhere(traits: Traits) -> bool:
    drawn = "drawn" in traits.odd and traits.algorithm in katib.HYPEROPT
    return drawn or traits.algorithm == "bayesianoptimization"


@rule("KG342", Effect.FAILED, _OPTUNA, when=run_by("grid"))
def grid_can_be_listed(subject: Subject) -> Iterator[Finding]:
    """With grid the values of every parameter can be listed.

    The service lists all points when it validates, and refuses what it cannot read or count: a number
    with a point for an int, a step of zero, bounds in the wrong order, an empty list, more points than
    fit in its memory. The Experiment fails.

    Bad:  `algorithm: grid` with `layers: {int: [1.0, 5.0]}`
    Good: `algorithm: grid` with `layers: {int: [1, 5]}`
    """
    if subject.algorithm != "grid":
        return
    for parameter in subject.parameters:
        unfit = refused_by_grid(subject, parameter)
        if unfit is None or (parameter.type == "double" and not parameter.space.get("step")):
            continue  # KG418
        typed = unfit.field == "parameterType"
        yield Finding(
            path=("spec", "parameters", parameter.at, unfit.field) if typed else space(parameter.at, unfit.field),
            related=(_NAME,),
            message=f"parameter `{parameter.name}`: grid cannot list its values, as {unfit}",
            help="write whole numbers, with min not above max and a step above zero"
            if parameter.type == "int"
            else "write finite numbers, with min not above max and a step above zero"
            if parameter.type == "double"
            else "write a type that it knows" if typed else "write one value or more",
        )  # fmt: skip
    found = grid_points(subject)
    if found is not None and found > MOST_VALUES:
        yield Finding(
            path=("spec", "parameters"),
            message=f"the grid has more than {10 ** (len(str(found)) - 1)} points, which no memory holds"
            if found < 10**30
            else "the grid has more points than any memory holds",
            help="make steps larger or ranges smaller, or take `random` or `sobol`",
        )


def grid_points(subject: Subject) -> int | None:
    """Count the points of the grid; None where it cannot be listed. Of two parameters with one name the last counts."""
    counts: dict[str, int] = {}
    for parameter in subject.parameters:
        low, high, step = (text(parameter.space.get(key)) for key in ("min", "max", "step"))
        try:
            values = listed(parameter.space.get("list"))
            counts[parameter.name] = grid.points(parameter.type, low, high, step, values)
        except grid.Unfit:
            return None
    out = 1
    for found in counts.values():
        out *= found
    return out


@rule("KG343", Effect.FAILED, _OPTUNA, Severity.WARNING, when=run_by("grid", "pbt"))
def grid_fits_in_memory(subject: Subject) -> Iterator[Finding]:
    """With grid there are no more than a million points, and with pbt no more values of one parameter.

    The services hold all of them in memory, at about a hundred bytes a point, and Katib gives their pod
    100Mi. The pod is killed again and again.

    Bad:  `algorithm: grid` with `x: {int: [1, 5000]}` and `y: {int: [1, 5000]}`
    Good: `algorithm: grid` with `x: {int: [1, 5000], step: 50}` and `y: {int: [1, 5000], step: 50}`
    """
    if subject.algorithm == "grid":
        found = grid_points(subject)
        if found is not None and _MANY < found <= MOST_VALUES:
            yield Finding(
                path=("spec", "parameters"),
                message=f"the grid has {found} points, and its service holds them all in memory",
                help="make steps larger or ranges smaller, or give the suggestion more memory in katib-config",
            )
    elif subject.algorithm == "pbt":
        for (index, name, _, given), low, high in ranges(subject):
            step = python_real(text(given.get("step")) or "1")
            if step is not None and step > 0 and _MANY < (high - low) / step <= MOST_VALUES:
                yield Finding(
                    path=space(index),
                    message=f"parameter `{name}`: pbt makes a list of all its values, more than a million",
                    help="make the step larger or the range smaller",
                )


@rule("KG344", Effect.STUCK, _SERVICES, when=odd_in("space"))
def each_name_gets_one_value(subject: Subject) -> Iterator[Finding]:
    """With random, tpe, bayesianoptimization and hyperband no two parameters have one name.

    hyperband fails at every request. The others give a trial two values of that name, and Katib, which
    counts values against trialParameters, makes no trial.

    Bad:  `parameters: [{name: lr, …}, {name: lr, …}]`
    Good: `parameters: [{name: lr, …}, {name: momentum, …}]`
    """
    if subject.algorithm in _GIVE_BOTH:
        yield from repeated_names(subject, f"no trial is made of what {subject.algorithm} gives")


@rule("KG345", Effect.ADVICE, _SERVICES, Severity.WARNING, when=odd_in("space"))
def no_parameter_hides_another(subject: Subject) -> Iterator[Finding]:
    """With grid, multivariate-tpe and pbt no two parameters have one name.

    The last one counts, and the others are dropped without a word.

    Bad:  `parameters: [{name: lr, …}, {name: lr, …}]`
    Good: `parameters: [{name: lr, …}, {name: momentum, …}]`
    """
    if subject.algorithm in _TAKE_LAST:
        yield from repeated_names(subject, f"{subject.algorithm} takes the last and drops the others")


@rule(
    "KG346",
    Effect.ADVICE,
    "katib pkg/suggestion/v1beta1/hyperopt/base_service.py",
    Severity.WARNING,
    when=lambda traits: "steps" in traits.odd and traits.algorithm in katib.HYPEROPT,
)
def steps_start_at_zero(subject: Subject) -> Iterator[Finding]:
    """With random and tpe, min and max are multiples of the step.

    Their service draws multiples of the step, not min and steps from there: 5 to 20 by 4 gives 4, 8, 12,
    16 and 20, of which the first is below min; 1 to 3 by 2 gives nothing but 2.

    Bad:  `algorithm: random` with `batch: {int: [5, 20], step: 4}`
    Good: `algorithm: random` with `batch: {int: [4, 20], step: 4}`
    """
    if subject.algorithm not in katib.HYPEROPT:
        return
    for index, name, kind, given in subject.parameters:
        step = number(given["step"]) if given.get("step") and kind in ("int", "double") else None
        if not step:
            continue
        low, high = number(given.get("min")), number(given.get("max"))
        if step < 0 or low is None or high is None or low >= high:
            continue
        if max(abs(number.adjusted()) for number in (low, high, step)) > _DIGITS:
            continue
        if low % step or high % step:
            first = (low / step).to_integral_value(ROUND_HALF_UP if low > 0 else ROUND_HALF_DOWN) * step
            last = (high / step).to_integral_value(ROUND_HALF_DOWN if high > 0 else ROUND_HALF_UP) * step
            yield Finding(
                path=space(index, "step"),
                related=(space(index, "min"), space(index, "max")),
                message=f"parameter `{name}`: {subject.algorithm} draws multiples of step {given['step']},"
                f" from {first.normalize():f} to {last.normalize():f}",
                help=mend(
                    subject,
                    "make min and max multiples of the step, or list the values with `discrete: […]`",
                    "make min and max multiples of the step, or set `parameterType: discrete` with a `list`",
                ),
            )


@rule("KG347", Effect.ADVICE, "katib pkg/suggestion/v1beta1/goptuna/sample.go", Severity.WARNING, when=run_by("sobol"))
def sobol_ends_before_max(subject: Subject) -> Iterator[Finding]:
    """With sobol an int is searched up to its max.

    The service never draws the largest value of an int: 1 to 3 gives 1 and 2, and 0 to 1 only 0.

    Bad:  `algorithm: sobol` with `layers: {int: [1, 3]}`
    Good: `algorithm: sobol` with `layers: {discrete: [1, 2, 3]}`
    """
    if subject.algorithm != "sobol":
        return
    for (index, name, kind, given), low, high in ranges(subject):
        if kind == "int" and low < high:
            yield Finding(
                path=space(index, "max"),
                related=(_NAME,),
                message=f"parameter `{name}`: sobol never draws the largest value of an int up to {given['max']}",
                help=mend(
                    subject,
                    "make max larger by one step, or list the values with `discrete: […]`",
                    "make max larger by one step, or set `parameterType: discrete` with a `list`",
                ),
            )


@rule("KG348", Effect.ADVICE, _SERVICES, Severity.WARNING, when=_may_be_ignored)
def what_is_said_is_used(subject: Subject) -> Iterator[Finding]:
    """A step or a distribution is one that the algorithm follows.

    bayesianoptimization and hyperband ignore steps, and so does multivariate-tpe with logUniform.
    bayesianoptimization, hyperband, cmaes, sobol and pbt ignore distributions; the first draws doubles
    like logUniform.

    Bad:  `algorithm: hyperband` with `batch: {int: [32, 256], step: 32}`
    Good: `algorithm: hyperband` with `batch: {discrete: [32, 64, 128, 256]}`
    """
    name = subject.algorithm
    for index, parameter, kind, given in subject.parameters if name in katib.READERS else ():
        if kind not in ("int", "double"):
            continue
        scale = drawn(subject, given)
        if given.get("step") not in (None, "", "1") and _ignores_step(name, scale):
            why = "" if name in katib.STEPLESS else f" where it draws {scale}"
            yield Finding(
                path=space(index, "step"),
                related=(_NAME,),
                message=f"parameter `{parameter}`: {name} ignores step {given['step']}{why}",
                help=mend(
                    subject,
                    "remove `step`, or list the values with `discrete: […]`",
                    "remove `step`, or set `parameterType: discrete` with a `list`",
                ),
            )
        if scale != "uniform" and name in _DRAW_THEIR_WAY and not _is_its_way(name, kind, scale):
            yield Finding(
                path=space(index, "distribution"),
                related=(_NAME,),
                message=f"parameter `{parameter}`: {name} ignores distribution {scale}",
                help="remove `distribution`, or take `random` or `tpe`",
            )


def _ignores_step(name: str, scale: str) -> bool:
    return name in katib.STEPLESS or (name in katib.OPTUNA and scale == "logUniform" and name != "grid")


def _is_its_way(name: str, kind: str, scale: str) -> bool:
    return name == "bayesianoptimization" and kind == "double" and scale == "logUniform"


@rule("KG349", Effect.ADVICE, _SERVICES, Severity.INFO, when=_may_lie_elsewhere)
def values_lie_as_expected(subject: Subject) -> Iterator[Finding]:
    """Values lie as the words suggest: evenly, and between min and max.

    bayesianoptimization draws every double on a logarithmic scale, so small values are more frequent.
    random and tpe draw normal and logNormal without limits: about 3 values of 1000 lie outside.

    Bad:  `algorithm: bayesianoptimization` with `lr: {double: [0.0001, 0.1]}`
    Good: `algorithm: bayesianoptimization` with `lr: {double: [0.0001, 0.1], distribution: logUniform}`
    """
    name = subject.algorithm
    if name != "bayesianoptimization" and not (
        name in katib.HYPEROPT and any(p.space.get("distribution") in _NORMAL for p in subject.parameters)
    ):
        return
    for (index, parameter, kind, given), low, high in ranges(subject):
        scale = drawn(subject, given)
        if name == "bayesianoptimization" and kind == "double" and scale == "uniform" and 0 < low * 10 <= high:
            words, help_ = f"{name} draws it on a logarithmic scale", "say so with `distribution: logUniform`"
        elif name in katib.HYPEROPT and scale in _NORMAL:
            words, help_ = f"{name} draws {scale} without limits", "let the trial cut values off at min and max"
        else:
            continue
        yield Finding(space(index, "distribution"), f"parameter `{parameter}`: {words}", help_, related=(_NAME,))


RULES = (
    grid_can_be_listed,
    grid_fits_in_memory,
    each_name_gets_one_value,
    no_parameter_hides_another,
    steps_start_at_zero,
    sobol_ends_before_max,
    what_is_said_is_used,
    values_lie_as_expected,
)
