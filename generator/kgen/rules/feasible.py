"""KG41x: the steps and lists of search parameters."""

from __future__ import annotations

from collections.abc import Iterator

from kgen.katib import algorithms as katib
from kgen.katib import grid
from kgen.katib.numerals import finite, python_real, python_whole
from kgen.model.diagnostic import Edit, EditKind, Effect, Finding, Severity
from kgen.model.values import listed, text
from kgen.rules.parameters import drawn, plain_for_go, ranges, refused_by_grid, space
from kgen.rules.reading import mend, number
from kgen.rules.rule import rule
from kgen.rules.subject import Space, Subject
from kgen.rules.traits import odd_in, run_by

_VALIDATOR = "katib pkg/webhook/v1beta1/experiment/validator/validator.go"
_SERVICES = "katib pkg/suggestion/v1beta1"
MOST_VALUES = 10**9  # values in one list: more than any pod holds


@rule("KG410", Effect.REJECTED, _VALIDATOR, when=odd_in("space"))
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
                help=mend(
                    subject,
                    "write `discrete: […]` for these values, or remove the list",
                    "set `parameterType: discrete` and remove the bounds, or remove `list`",
                ),
            )


@rule("KG411", Effect.REJECTED, _VALIDATOR, when=odd_in("space"))
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


@rule("KG412", Effect.STUCK, _SERVICES, when=odd_in("space"))
def list_has_values(subject: Subject) -> Iterator[Finding]:
    """A categorical or discrete parameter has values to choose from.

    The webhook does not look; every service then fails at every request. grid refuses it where
    maxTrialCount is set: KG342.

    Bad:  `optimizer: {categorical: []}`
    Good: `optimizer: {categorical: [sgd, adam]}`
    """
    if subject.algorithm not in katib.READERS:
        return
    for parameter in subject.parameters:
        index, name, kind, given = parameter
        if kind not in ("categorical", "discrete") or listed(given.get("list")):
            continue
        if refused_by_grid(subject, parameter) is None:
            yield Finding(
                path=space(index, "list"),
                message=f"parameter `{name}`: there is nothing in its list to choose from",
                help=mend(
                    subject, f"write `{kind}: […]` with one value or more", "write `list` with one value or more"
                ),
            )


@rule("KG413", Effect.ADVICE, "kgen", Severity.WARNING, when=odd_in("space"))
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
                        help=mend(
                            subject,
                            "make the parameter `categorical`, or write a number",
                            "set `parameterType: categorical`, or write a number",
                        ),
                    )
                    break


@rule("KG414", Effect.STUCK, "katib pkg/suggestion/v1beta1/hyperband/parsing_util.py", when=run_by("hyperband"))
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
                if python_whole(text(value)) is None:
                    yield Finding(
                        path=(*space(index, "list"), at),
                        related=(("spec", "algorithm", "algorithmName"),),
                        message=f"parameter `{name}`: hyperband cannot read discrete value `{value}`",
                        help=mend(
                            subject,
                            "make the parameter `categorical`, or write whole numbers",
                            "set `parameterType: categorical`, or write whole numbers",
                        ),
                    )
                    break


@rule("KG415", Effect.ADVICE, "kgen", Severity.WARNING, when=odd_in("space"))
def list_values_differ(subject: Subject) -> Iterator[Finding]:
    """A list holds each value once.

    A value given twice is drawn twice as often, and is two points of a grid.

    Bad:  `batch: {discrete: [32, 64, 32]}`
    Good: `batch: {discrete: [32, 64]}`
    """
    for index, name, _, given in subject.parameters:
        values = listed(given.get("list"))
        texts = [value for value in values if isinstance(value, str)]
        if len(set(texts)) == len(texts):
            continue
        seen: set[str] = set()
        for at, value in enumerate(values):
            if isinstance(value, str) and value in seen:
                yield Finding(
                    path=(*space(index, "list"), at),
                    message=f"parameter `{name}`: `{value}` is in its list twice",
                    help="remove one of the two",
                    fix=(Edit(EditKind.REMOVE, (*space(index, "list"), at)),),
                )
            elif isinstance(value, str):
                seen.add(value)


def _step(subject: Subject, parameter: Space, step: str) -> tuple[str, bool] | None:
    """Say what is wrong with a step, and whether the algorithm certainly breaks on it."""
    name, kind = subject.algorithm, parameter.type
    read = katib.reader(name, kind)
    used = read is not None and name not in katib.STEPLESS and not _drops_step(subject, parameter)
    value = (read if used and read is not None else python_real)(step)
    if value is None and used and plain_for_go(subject, parameter, step) is not None:
        return None  # KG406
    if value is not None and finite(value):
        if value > 0:
            fraction = kind == "int" and value != int(value)
            return ("of an int is no whole number", False) if fraction else None
        what = "is negative" if value < 0 else "is zero"
        return what, used and _breaks_below(subject, parameter, value)
    fraction = kind == "int" and finite(python_real(step))
    return "of an int is no whole number" if fraction else "is no finite number", used


def _drops_step(subject: Subject, parameter: Space) -> bool:
    """Whether optuna ignores the step, as it does for all but uniform; grid's list is made of it."""
    return subject.algorithm == "multivariate-tpe" and drawn(subject, parameter.space) != "uniform"


def _breaks_below(subject: Subject, parameter: Space, step: float) -> bool:
    """Whether the algorithm breaks on a step of zero or less."""
    name = subject.algorithm
    if name in katib.OPTUNA or step == 0:
        return True
    if name == "pbt":
        return all(
            grid.arange(low, high + step / 2, step) == 0 for p, low, high in ranges(subject) if p is parameter
        )  # fmt: skip
    return name in katib.GOPTUNA and parameter.type == "int"


def _steps(subject: Subject, *, breaks: bool) -> Iterator[Finding]:
    for parameter in subject.parameters:
        step = text(parameter.space.get("step"))
        if not step or parameter.type not in ("int", "double"):
            continue
        found = _step(subject, parameter, step)
        if found is None or found[1] is not breaks or refused_by_grid(subject, parameter) is not None:
            continue
        yield Finding(
            path=space(parameter.at, "step"),
            message=f"parameter `{parameter.name}`: step {step} {found[0]}"
            + (f", which {subject.algorithm} cannot work with" if breaks else ""),
            help=f"write a {'whole number' if parameter.type == 'int' else 'number'} above zero, or remove `step`",
        )


@rule("KG416", Effect.STUCK, _SERVICES, when=odd_in("space"))
def step_is_usable(subject: Subject) -> Iterator[Finding]:
    """A step is a positive number, and a whole one for an int.

    The webhook takes any text. The services fail at every request, or give trials the value `nan`;
    sobol's process ends. grid refuses most such steps: KG342.

    Bad:  `layers: {int: [2, 8], step: 0}`
    Good: `layers: {int: [2, 8], step: 2}`
    """
    return _steps(subject, breaks=True)


@rule("KG417", Effect.ADVICE, "kgen", Severity.WARNING, when=odd_in("space"))
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
                    help=mend(
                        subject,
                        "add `step`, or list the values with `discrete: […]`",
                        "add `step`, or set `parameterType: discrete` with a `list`",
                    ),
                )


@rule("KG418", Effect.FAILED, "katib pkg/suggestion/v1beta1/optuna/service.py", when=run_by("grid"))
def grid_has_steps(subject: Subject) -> Iterator[Finding]:
    """With grid every double has a step.

    The service refuses the search space, and the Experiment fails.

    Bad:  `algorithm: grid` with `lr: {double: [0.01, 0.05]}`
    Good: `algorithm: grid` with `lr: {double: [0.01, 0.05], step: 0.01}`
    """
    return _without_step(subject, "grid")


@rule("KG419", Effect.STUCK, "katib pkg/suggestion/v1beta1/pbt/service.py", when=run_by("pbt"))
def pbt_has_steps(subject: Subject) -> Iterator[Finding]:
    """With pbt every double has a step, and no range has more steps than fit in memory.

    The service makes a list of all values, and fails at every request without a step. An int counts by
    one where it has none.

    Bad:  `algorithm: {name: pbt, …}` with `lr: {double: [0.0001, 0.02]}`
    Good: `algorithm: {name: pbt, …}` with `lr: {double: [0.0001, 0.02], step: 0.0001}`
    """
    if subject.algorithm != "pbt":
        return
    yield from _without_step(subject, "pbt")
    for (index, name, kind, given), low, high in ranges(subject):
        step = python_real(text(given.get("step")) or ("1" if kind == "int" else ""))
        if step is not None and step > 0 and (high - low) / step > MOST_VALUES:
            yield Finding(
                path=space(index),
                related=(("spec", "algorithm", "algorithmName"),),
                message=f"parameter `{name}`: pbt makes a list of all its values, {(high - low) / step:.0e} of them",
                help="make the step larger or the range smaller",
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
)
