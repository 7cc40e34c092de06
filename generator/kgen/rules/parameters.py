"""KG40x: search parameters, their types and their bounds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kgen.katib import algorithms as katib
from kgen.katib import grid
from kgen.katib.numerals import finite, python_real, python_whole
from kgen.katib.v1beta1 import SINCE_DISTRIBUTION, version
from kgen.model.diagnostic import Edit, EditKind, Effect, Finding, Severity
from kgen.model.environment import KATIB_VERSIONS
from kgen.model.node import FieldPath
from kgen.model.spec import DISTRIBUTIONS
from kgen.model.values import listed, mapping, text
from kgen.model.words import nearest, suggestion
from kgen.rules.reading import count, mend
from kgen.rules.rule import rule
from kgen.rules.subject import Space, Subject
from kgen.rules.traits import odd_in

_VALIDATOR = "katib pkg/webhook/v1beta1/experiment/validator/validator.go"
_SERVICES = "katib pkg/suggestion/v1beta1"
_TYPES = ("int", "double", "discrete", "categorical")
_BOUNDS = ("min", "max")
_NUMERALS = ("min", "max", "step")

_NEED_A_RANGE = frozenset(("tpe", "bayesianoptimization", "cmaes"))  # they break where min is max
WITHOUT_DISTRIBUTION = frozenset(v for v in KATIB_VERSIONS if version(v) < version(SINCE_DISTRIBUTION))
_ARRAYS = frozenset(("tpe", "bayesianoptimization", "hyperband"))  # their bounds go into numpy's 64 bits
_MOST_ARRAY = 2**64 - 1


class Bounds(NamedTuple):
    """A range as its service reads it: exact for whole numbers, doubles else."""

    parameter: Space
    low: float
    high: float


def space(index: int, *more: str) -> FieldPath:
    """Give the path of a parameter's feasibleSpace, or of a field in it."""
    return ("spec", "parameters", index, "feasibleSpace", *more)


def drawn(subject: Subject, given: dict[str, object]) -> str:
    """Say how the service is told to draw: Katib before 0.18 has no distribution, and `unknown` is uniform."""
    said = given.get("distribution")
    known = isinstance(said, str) and said in DISTRIBUTIONS and subject.target.katib not in WITHOUT_DISTRIBUTION
    return str(said) if known else "uniform"


def ranges(subject: Subject) -> Iterator[Bounds]:
    """Give the ranges whose bounds can be read; those that cannot are KG401, KG404, KG405 and KG406."""
    readers = katib.READERS.get(subject.algorithm, katib.LOOSE)
    for parameter in subject.parameters:
        kind, given = parameter.type, parameter.space
        if kind not in ("int", "double"):
            continue
        read = readers.whole if kind == "int" else readers.real
        low, high = read(text(given.get("min"))), read(text(given.get("max")))
        if low is not None and high is not None and finite(low) and finite(high):
            yield Bounds(parameter, low, high)


def refused_by_grid(subject: Subject, parameter: Space) -> grid.Unfit | None:
    """Say why grid refuses a parameter, which fails the Experiment; what it refuses cannot get stuck."""
    if subject.algorithm != "grid":
        return None
    low, high, step = (text(parameter.space.get(key)) for key in _NUMERALS)
    try:
        found = grid.points(parameter.type, low, high, step, listed(parameter.space.get("list")))
    except grid.Unfit as unfit:
        return unfit
    if found == 0 and (count(subject.spec.get("maxTrialCount")) or 0) > 0:
        if parameter.type == "int":
            return grid.Unfit("min", f"{low} and max {high} leave no value")
        return grid.Unfit("list", "is empty") if parameter.type != "double" else grid.Unfit("step", "leaves no value")
    return None


def _unreadable(subject: Subject, parameter: Space) -> Iterator[tuple[str, str]]:
    """Find the bounds that the service cannot read, or not work with: field and text."""
    read = katib.reader(subject.algorithm, parameter.type)
    if read is None:
        return
    limited = parameter.type == "int" and subject.algorithm in _ARRAYS
    for key in _BOUNDS:
        bound = text(parameter.space.get(key))
        value = read(bound) if bound else 0
        if value is None or not finite(value) or (limited and abs(value) > _MOST_ARRAY):
            if refused_by_grid(subject, parameter) is not None:
                return
            yield key, bound


def plain_for_go(subject: Subject, parameter: Space, numeral: str) -> str | None:
    """Give a number as Go reads it, where Python reads it as it stands and Go does not."""
    read = katib.reader(subject.algorithm, parameter.type)
    if read is None or subject.algorithm not in katib.GOPTUNA or not numeral or read(numeral) is not None:
        return None
    if (python_whole if parameter.type == "int" else python_real)(numeral) is None:
        return None
    plain = numeral.strip().replace("_", "")
    return plain if read(plain) is not None else None


@rule("KG401", Effect.STUCK, _SERVICES, when=odd_in("space"))
def bounds_are_numbers(subject: Subject) -> Iterator[Finding]:
    """feasibleSpace.min and max are finite numbers.

    The webhook takes any text. The suggestion service then fails at every request, or, for `inf` and
    `nan`, gives trials the value `nan`. Whole numbers beyond 64 bits stop most services as well. grid
    refuses such a bound: KG342.

    Bad:  `lr: {double: [0.01, inf]}`
    Good: `lr: {double: [0.01, 0.1]}`
    """
    for parameter in subject.parameters:
        for key, bound in _unreadable(subject, parameter):
            real = python_real(bound)
            good = finite(real)
            if good and parameter.type == "int" and python_whole(bound) is None and _reads_whole(subject):
                continue  # KG404
            if good and plain_for_go(subject, parameter, bound) is not None:
                continue  # KG406
            example = "whole number, such as 5" if parameter.type == "int" else "number, such as 0.5 or 1e-3"
            what = "is beyond 64 bits" if good else "is no finite number"
            yield Finding(
                path=space(parameter.at, key),
                message=f"parameter `{parameter.name}`: {key} `{bound}` {what}",
                help=f"write a {example}",
            )


def _reads_whole(subject: Subject) -> bool:
    """Whether the service reads the bounds of an int with a parser of integers."""
    readers = katib.READERS.get(subject.algorithm)
    return readers is not None and readers.whole is not python_real


@rule("KG402", Effect.STUCK, _SERVICES, when=odd_in("space"))
def bounds_in_order(subject: Subject) -> Iterator[Finding]:
    """feasibleSpace.min lies below feasibleSpace.max.

    Katib's validating webhook does not compare the two: reversed bounds are admitted, and the
    suggestion service then fails at every request. Equal bounds break random, tpe, bayesianoptimization
    and cmaes in the same way. hyperband draws from the reversed interval (KG403), and grid refuses it
    (KG342).

    Bad:  `lr: {double: [0.1, 0.01]}`
    Good: `lr: {double: [0.01, 0.1]}`
    """
    if subject.algorithm not in katib.READERS:
        return
    for bounds in ranges(subject):
        parameter, low, high = bounds
        if low < high or not _breaks(subject, bounds) or refused_by_grid(subject, parameter) is not None:
            continue
        edits = (
            Edit(EditKind.SET, space(parameter.at, "min"), parameter.space["max"]),
            Edit(EditKind.SET, space(parameter.at, "max"), parameter.space["min"]),
        )
        yield Finding(
            path=space(parameter.at, "min"),
            related=(space(parameter.at, "max"),),
            message=f"parameter `{parameter.name}`: min {parameter.space['min']} is not below"
            f" max {parameter.space['max']}",
            help="write the constant in the trial and remove the parameter, or widen its bounds"
            if low == high
            else mend(subject, "swap the two, or drop the one that this layer should not set", "swap the two"),
            fix=() if low == high else edits,
        )


def _breaks(subject: Subject, bounds: Bounds) -> bool:
    """Whether the algorithm breaks on bounds that are equal or reversed."""
    name, (parameter, low, high) = subject.algorithm, bounds
    if low > high:
        return name != "hyperband" and not (name == "pbt" and _pbt_list(parameter, low, high))
    if name == "random":
        return drawn(subject, parameter.space) in ("uniform", "logUniform")
    return name in _NEED_A_RANGE


def _pbt_list(parameter: Space, low: float, high: float) -> int:
    """Count the values that pbt draws from; its arange ends half a step above max."""
    step = python_real(text(parameter.space.get("step")) or ("1" if parameter.type == "int" else ""))
    return 0 if step is None or not step or not finite(step) else grid.arange(low, high + step / 2, step)


@rule("KG403", Effect.ADVICE, "kgen", Severity.WARNING, when=odd_in("space"))
def bounds_span_a_range(subject: Subject) -> Iterator[Finding]:
    """A parameter has more than one value, and its bounds are in order.

    With equal bounds every trial gets the same value. Where the algorithm cannot work with that, it
    is an error: KG402. The resource of hyperband is exempt: its value is replaced.

    Bad:  `epochs: {int: [5, 5]}`
    Good: `epochs: {int: [5, 10]}`
    """
    for bounds in ranges(subject):
        parameter, low, high = bounds
        if low < high or (subject.algorithm in katib.READERS and _breaks(subject, bounds)):
            continue
        if refused_by_grid(subject, parameter) is not None or _is_resource(subject, parameter.name):
            continue
        given = parameter.space
        yield Finding(
            path=space(parameter.at, "min"),
            related=(space(parameter.at, "max"),),
            message=f"parameter `{parameter.name}`: min and max are both {given['min']}, so nothing is searched"
            if low == high
            else f"parameter `{parameter.name}`: min {given['min']} lies above max {given['max']}",
            help="write the constant in the trial and remove the parameter, or widen its bounds"
            if low == high
            else "swap the two",
        )


def _is_resource(subject: Subject, name: str) -> bool:
    return subject.algorithm == "hyperband" and any(
        isinstance(entry, dict) and entry.get("name") == "resource_name" and entry.get("value") == name
        for entry in listed(mapping(subject.spec.get("algorithm")).get("algorithmSettings"))
    )


@rule("KG404", Effect.STUCK, _SERVICES, when=odd_in("space"))
def int_bounds_are_whole(subject: Subject) -> Iterator[Finding]:
    """The bounds of an int parameter are whole numbers without a point or an exponent.

    Most services read them with a parser of integers, which refuses `5.0` and `1e2`; random, tpe and pbt
    do not mind. grid refuses them: KG342.

    Bad:  `layers: {int: [1.0, 5.0]}`
    Good: `layers: {int: [1, 5]}`
    """
    if not _reads_whole(subject):
        return
    for parameter in subject.parameters:
        if parameter.type != "int":
            continue
        for key, bound in _unreadable(subject, parameter):
            value = python_real(bound)
            if python_whole(bound) is None and value is not None and finite(value):
                exact = value == int(value)
                yield Finding(
                    path=space(parameter.at, key),
                    message=f"parameter `{parameter.name}`: {subject.algorithm} cannot read {key} {bound} of an int",
                    help="write a whole number without point and exponent, or make the parameter a `double`",
                    fix=(Edit(EditKind.SET, space(parameter.at, key), str(int(value))),) if exact else (),
                )


@rule("KG405", Effect.REJECTED, _VALIDATOR, when=odd_in("space"))
def bounds_are_given(subject: Subject) -> Iterator[Finding]:
    """An int or double parameter has min and max.

    The webhook refuses a parameter without one of them.

    Bad:  `feasibleSpace: {min: "0.01"}`
    Good: `feasibleSpace: {min: "0.01", max: "0.1"}`
    """
    for index, name, kind, given in subject.parameters:
        if kind not in ("int", "double"):
            continue
        for key in _BOUNDS:
            if given.get(key) in (None, ""):  # a number where a text belongs is KG213
                yield Finding(
                    path=space(index, key),
                    message=f"parameter `{name}`: {key} is missing",
                    help=mend(
                        subject,
                        f"write both bounds: `{kind}: [min, max]`; in a patch, as texts in quotes",
                        "write both bounds as texts in quotes",
                    ),
                )


@rule("KG406", Effect.STUCK, "katib pkg/suggestion/v1beta1/goptuna/converter.go", when=odd_in("space"))
def numerals_are_plain(subject: Subject) -> Iterator[Finding]:
    """cmaes and sobol get numbers without blanks, and whole ones without underscores.

    Their service is written in Go, whose parsers refuse what Python's accept.

    Bad:  `batch: {int: [1_000, 2_000]}`
    Good: `batch: {int: [1000, 2000]}`
    """
    if subject.algorithm not in katib.GOPTUNA:
        return
    for parameter in subject.parameters:
        for key in _NUMERALS if parameter.type in ("int", "double") else ():
            numeral = text(parameter.space.get(key))
            plain = plain_for_go(subject, parameter, numeral)
            if plain is not None:
                yield Finding(
                    path=space(parameter.at, key),
                    message=f"parameter `{parameter.name}`: {subject.algorithm} cannot read {key} `{numeral}`",
                    help=f"write `{plain}`",
                    fix=(Edit(EditKind.SET, space(parameter.at, key), plain),),
                )


@rule("KG407", Effect.REJECTED, _VALIDATOR, when=odd_in("space"))
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
                fix=_spelt(("spec", "parameters", index, "parameterType"), kind, _TYPES),
            )


def _spelt(path: FieldPath, word: str, legal: tuple[str, ...]) -> tuple[Edit, ...]:
    close = nearest(word, legal) if word else None
    return () if close is None else (Edit(EditKind.SET, path, close),)


@rule("KG408", Effect.STUCK, _SERVICES, when=odd_in("space"))
def type_is_usable(subject: Subject) -> Iterator[Finding]:
    """parameterType is not `unknown`.

    The webhook takes that word, and no suggestion service does anything with it. grid refuses it: KG342.

    Bad:  `parameterType: unknown`
    Good: `parameterType: double`
    """
    for index, name, kind, _ in subject.parameters:
        if kind == "unknown" and subject.algorithm in katib.READERS and subject.algorithm != "grid":
            yield Finding(
                path=("spec", "parameters", index, "parameterType"),
                message=f"parameter `{name}`: no algorithm knows what parameterType `unknown` is",
                help=f"write one of {', '.join(f'`{t}`' for t in _TYPES)}",
            )


@rule("KG409", Effect.FAILED, "katib pkg/suggestion/v1beta1/goptuna/service.go", when=odd_in("space"))
def names_are_unique(subject: Subject) -> Iterator[Finding]:
    """With cmaes and sobol no two parameters have one name.

    Their service refuses the search space, and the Experiment fails. Other algorithms: KG344, KG345.

    Bad:  `parameters: [{name: lr, …}, {name: lr, …}]`
    Good: `parameters: [{name: lr, …}, {name: momentum, …}]`
    """
    if subject.algorithm in katib.GOPTUNA:
        yield from repeated_names(subject, f"{subject.algorithm} refuses the search space")


def repeated_names(subject: Subject, what: str) -> Iterator[Finding]:
    """Find the parameters whose name stands before them already."""
    seen: dict[str, int] = {}
    for index, name, _, _ in subject.parameters:
        first = seen.setdefault(name, index)
        if first != index:
            yield Finding(
                path=("spec", "parameters", index, "name"),
                related=(("spec", "parameters", first, "name"),),
                message=f"two parameters are named `{name}`: {what}",
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
