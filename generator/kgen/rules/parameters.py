"""KG40x: search parameters, their types and their bounds."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from kgen.katib import algorithms as katib
from kgen.model.diagnostic import Effect, Finding, Severity
from kgen.model.node import FieldPath
from kgen.model.words import suggestion
from kgen.rules.reading import is_whole, number, text
from kgen.rules.rule import rule
from kgen.rules.subject import Subject

_VALIDATOR = "katib pkg/webhook/v1beta1/experiment/validator/validator.go"
_SERVICES = "katib pkg/suggestion/v1beta1"
_TYPES = ("int", "double", "discrete", "categorical")
_BOUNDS = ("min", "max")
_NUMERALS = ("min", "max", "step")

# The services that break where min is max; hyperopt only when it draws uniformly.
_NEED_A_RANGE = katib.HYPEROPT | {"bayesianoptimization", "cmaes"}
_UNIFORM = ("", "uniform", "unknown")
_READ_AS_INT = katib.OPTUNA | katib.GOPTUNA | {"bayesianoptimization", "hyperband"}
_NAMES_ONCE = katib.GOPTUNA | {"hyperband"}


def space(index: int, *more: str) -> FieldPath:
    """Give the path of a parameter's feasibleSpace, or of a field in it."""
    return ("spec", "parameters", index, "feasibleSpace", *more)


@rule("KG401", Effect.STUCK, _SERVICES)
def bounds_are_numbers(subject: Subject) -> Iterator[Finding]:
    """feasibleSpace.min and max are finite numbers.

    The webhook takes any text. The suggestion service then fails at every request, or, for `inf` and
    `nan`, gives trials the value `nan`.

    Bad:  `lr: {double: [0.01, inf]}`
    Good: `lr: {double: [0.01, 0.1]}`
    """
    for index, name, kind, given in subject.parameters:
        if kind in ("int", "double"):
            for key in _BOUNDS:
                bound = given.get(key)
                if bound and isinstance(bound, str) and number(bound) is None:
                    yield Finding(
                        path=space(index, key),
                        message=f"parameter `{name}`: {key} `{bound}` is no finite number",
                        help=f"write a {'whole number, such as 5' if kind == 'int' else 'number, such as 0.5 or 1e-3'}",
                    )


def _range(given: dict[str, object]) -> tuple[Decimal, Decimal] | None:
    low, high = number(given.get("min")), number(given.get("max"))
    return None if low is None or high is None else (low, high)


@rule("KG402", Effect.STUCK, "kgen")
def bounds_in_order(subject: Subject) -> Iterator[Finding]:
    """feasibleSpace.min lies below feasibleSpace.max.

    Katib's validating webhook does not compare the two: reversed bounds are admitted, and the
    suggestion service then fails at every request, or draws from the reversed interval. Equal bounds
    break random, tpe, bayesianoptimization and cmaes in the same way.

    Bad:  `lr: {double: [0.1, 0.01]}`
    Good: `lr: {double: [0.01, 0.1]}`
    """
    for index, name, kind, given in subject.parameters:
        found = _range(given) if kind in ("int", "double") else None
        if found is None or found[0] < found[1]:  # an unreadable bound is KG401, a missing one KG405
            continue
        equal = found[0] == found[1]
        if equal and not _needs_a_range(subject, given):
            continue
        yield Finding(
            path=space(index, "min"),
            related=(space(index, "max"),),
            message=f"parameter `{name}`: min {given['min']} is not below max {given['max']}",
            help="write the constant in the trial and remove the parameter, or widen its bounds"
            if equal
            else "swap the two, or drop the one that this layer should not set",
        )


def _needs_a_range(subject: Subject, given: dict[str, object]) -> bool:
    name = subject.algorithm
    return name in _NEED_A_RANGE and (name not in katib.HYPEROPT or given.get("distribution", "") in _UNIFORM)


@rule("KG403", Effect.ADVICE, "kgen", Severity.WARNING)
def bounds_span_a_range(subject: Subject) -> Iterator[Finding]:
    """A parameter has more than one value.

    With equal bounds every trial gets the same value. Where the algorithm cannot work with that, it
    is an error: KG402.

    Bad:  `epochs: {int: [5, 5]}`
    Good: `epochs: {int: [5, 10]}`
    """
    for index, name, kind, given in subject.parameters:
        if given.get("min") is None or kind not in ("int", "double"):
            continue
        found = _range(given)
        if found is not None and found[0] == found[1] and not _needs_a_range(subject, given):
            yield Finding(
                path=space(index, "min"),
                related=(space(index, "max"),),
                message=f"parameter `{name}`: min and max are both {given['min']}, so nothing is searched",
                help="write the constant in the trial and remove the parameter, or widen its bounds",
            )


@rule("KG404", Effect.STUCK, _SERVICES)
def int_bounds_are_whole(subject: Subject) -> Iterator[Finding]:
    """The bounds of an int parameter are whole numbers without a point or an exponent.

    These services read them with a parser of integers, which refuses `5.0` and `1e2`.

    Bad:  `layers: {int: [1.0, 5.0]}`
    Good: `layers: {int: [1, 5]}`
    """
    name = subject.algorithm
    if name not in _READ_AS_INT:
        return
    for index, parameter, kind, given in subject.parameters:
        if kind == "int":
            for key in _BOUNDS:
                bound = given.get(key)
                if isinstance(bound, str) and not is_whole(bound) and number(bound) is not None:
                    yield Finding(
                        path=space(index, key),
                        message=f"parameter `{parameter}`: {name} cannot read {key} {bound} of an int",
                        help="write a whole number without point and exponent, or make the parameter a `double`",
                    )


@rule("KG405", Effect.REJECTED, _VALIDATOR)
def bounds_are_given(subject: Subject) -> Iterator[Finding]:
    """An int or double parameter has min and max, as texts.

    The webhook refuses a parameter without one of them, and cannot even read a number where the
    API wants a text.

    Bad:  `feasibleSpace: {min: 0.01}`
    Good: `feasibleSpace: {min: "0.01", max: "0.1"}`
    """
    for index, name, kind, given in subject.parameters:
        if kind not in ("int", "double"):
            continue
        for key in _BOUNDS:
            bound = given.get(key)
            if not bound or not isinstance(bound, str):
                what = "is missing" if bound is None or bound == "" else f"is {bound!r}, not a text"
                yield Finding(
                    path=space(index, key),
                    message=f"parameter `{name}`: {key} {what}",
                    help=f"write both bounds: `{kind}: [min, max]`; in a patch, as texts in quotes",
                )


@rule("KG406", Effect.STUCK, "katib pkg/suggestion/v1beta1/goptuna/converter.go")
def numerals_are_plain(subject: Subject) -> Iterator[Finding]:
    """cmaes and sobol get numbers without blanks and underscores.

    Their service is written in Go, whose parsers refuse what Python's accept.

    Bad:  `batch: {int: [1_000, 2_000]}`
    Good: `batch: {int: [1000, 2000]}`
    """
    name = subject.algorithm
    if name not in katib.GOPTUNA:
        return
    for index, parameter, kind, given in subject.parameters:
        if kind not in ("int", "double"):
            continue
        for key in _NUMERALS:
            numeral = text(given.get(key))
            if ("_" in numeral or numeral != numeral.strip()) and number(numeral) is not None:
                yield Finding(
                    path=space(index, key),
                    message=f"parameter `{parameter}`: {name} cannot read {key} `{numeral}`",
                    help=f"write `{numeral.strip().replace('_', '')}`",
                )


@rule("KG407", Effect.REJECTED, _VALIDATOR)
def type_is_known(subject: Subject) -> Iterator[Finding]:
    """parameterType is int, double, discrete or categorical.

    The webhook refuses any other, except `unknown`, which is KG408.

    Bad:  `parameterType: float`
    Good: `parameterType: double`
    """
    for index, name, kind, _ in subject.parameters:
        if kind not in _TYPES and kind != "unknown":
            yield Finding(
                path=("spec", "parameters", index, "parameterType"),
                message=f"parameter `{name}`: parameterType `{kind}` is none of Katib's",
                help=suggestion(kind, _TYPES),
            )


@rule("KG408", Effect.STUCK, _SERVICES)
def type_is_usable(subject: Subject) -> Iterator[Finding]:
    """parameterType is not `unknown`.

    The webhook takes that word, and no suggestion service does anything with it.

    Bad:  `parameterType: unknown`
    Good: `parameterType: double`
    """
    for index, name, kind, _ in subject.parameters:
        if kind == "unknown":
            yield Finding(
                path=("spec", "parameters", index, "parameterType"),
                message=f"parameter `{name}`: no algorithm knows what parameterType `unknown` is",
                help=f"write one of {', '.join(f'`{t}`' for t in _TYPES)}",
            )


@rule("KG409", Effect.FAILED, _SERVICES)
def names_are_unique(subject: Subject) -> Iterator[Finding]:
    """With cmaes, sobol and hyperband no two parameters have one name.

    cmaes and sobol refuse the Experiment, and hyperband gets stuck.

    Bad:  `parameters: [{name: lr, …}, {name: lr, …}]`
    Good: `parameters: [{name: lr, …}, {name: momentum, …}]`
    """
    if subject.algorithm not in _NAMES_ONCE:
        return
    seen: dict[str, int] = {}
    for index, name, _, _ in subject.parameters:
        first = seen.setdefault(name, index)
        if first != index:
            yield Finding(
                path=("spec", "parameters", index, "name"),
                related=(("spec", "parameters", first, "name"),),
                message=f"two parameters are named `{name}`: {subject.algorithm} cannot work",
                help="give one of them another name, or remove it",
            )


RULES = (
    bounds_are_numbers,
    bounds_in_order,
    bounds_span_a_range,
    int_bounds_are_whole,
    bounds_are_given,
    numerals_are_plain,
    type_is_known,
    type_is_usable,
    names_are_unique,
)
