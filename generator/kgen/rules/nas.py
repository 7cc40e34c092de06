"""KG33x: the space of a neural architecture search."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from kgen.katib import grid
from kgen.katib.algorithms import NAS
from kgen.katib.numerals import python_real
from kgen.model.diagnostic import Effect, Finding, Severity
from kgen.model.node import FieldPath
from kgen.model.values import listed, mapping, text
from kgen.model.words import suggestion
from kgen.rules.reading import count, mend
from kgen.rules.rule import rule
from kgen.rules.subject import Subject

_COMMON = "katib pkg/suggestion/v1beta1/nas/common/validation.py"
_ENAS = "katib pkg/suggestion/v1beta1/nas/enas"
_DARTS = "katib pkg/suggestion/v1beta1/nas/darts/service.py"
_GRAPH = ("spec", "nasConfig", "graphConfig")
_OPERATIONS = ("spec", "nasConfig", "operations")
_TYPES = ("int", "double", "discrete", "categorical")


class _Parameter(NamedTuple):
    path: FieldPath
    name: str
    type: str
    space: dict[str, Any]

    def text(self, key: str) -> str:
        return text(self.space.get(key))


class _Operation(NamedTuple):
    path: FieldPath
    type: str
    parameters: list[_Parameter]


def _operations(subject: Subject) -> Iterator[_Operation]:
    config = mapping(subject.spec.get("nasConfig"))
    for index, item in enumerate(listed(config.get("operations"))):
        if isinstance(item, dict):
            path = (*_OPERATIONS, index)
            inner = [
                _Parameter(
                    (*path, "parameters", at), text(p.get("name")), text(p.get("parameterType")),
                    mapping(p.get("feasibleSpace")),
                )
                for at, p in enumerate(listed(item.get("parameters")))
                if isinstance(p, dict)
            ]  # fmt: skip
            yield _Operation(path, text(item.get("operationType")), inner)


def _searches(subject: Subject, *names: str) -> bool:
    return subject.algorithm in names and subject.spec.get("nasConfig") is not None


@rule("KG330", Effect.FAILED, f"{_ENAS}/service.py", when=lambda traits: traits.nas)
def enas_knows_the_frame(subject: Subject) -> Iterator[Finding]:
    """With enas, graphConfig has numLayers, inputSizes and outputSizes.

    The service refuses a graph without one of them, and the Experiment fails. darts does not look.

    Bad:  `graphConfig: {numLayers: 8}`
    Good: `graphConfig: {numLayers: 8, inputSizes: [32, 32, 3], outputSizes: [10]}`
    """
    if not _searches(subject, "enas"):
        return
    graph = mapping(mapping(subject.spec["nasConfig"]).get("graphConfig"))
    for key, example in (("numLayers", "8"), ("inputSizes", "[32, 32, 3]"), ("outputSizes", "[10]")):
        if not graph.get(key):
            yield Finding(
                path=(*_GRAPH, key),
                message=f"enas needs {key} in graphConfig",
                help=mend(
                    subject, f"write `{key}`, such as {example}, in `nas`", f"write `{key}`, such as {example}"
                ),
            )  # fmt: skip


def _refused(parameter: _Parameter) -> tuple[str, str, str] | None:
    """Say which field of an operation's parameter is refused, why, and the mend."""
    kind = parameter.type
    if not parameter.name:
        return "name", "has no name", "write `name`"
    if kind not in _TYPES:
        return "parameterType", f"has parameterType `{kind}`, which is none of Katib's", suggestion(kind, _TYPES)
    if kind in ("categorical", "discrete"):
        empty = not listed(parameter.space.get("list"))
        return ("feasibleSpace", "has no values", "write `list` with one value or more") if empty else None
    if not parameter.text("min") and not parameter.text("max"):
        return "feasibleSpace", "has neither min nor max", "write `min` and `max`"
    if kind == "double":
        read = python_real(parameter.text("step"))
        if read is None or read <= 0:
            return "feasibleSpace", "is a double and has no step above zero", 'write `step`, such as "0.5"'
    return None


@rule("KG331", Effect.FAILED, _COMMON, when=lambda traits: traits.nas)
def operations_are_legal(subject: Subject) -> Iterator[Finding]:
    """Each operation has a type and parameters, and each parameter its values.

    The services of enas and darts refuse an operation without parameters, even one that has no use for
    any, such as `skip_connection`. They want a name, a type, a list for a choice, a bound for a number and
    a step for a double. What they refuse fails the Experiment.

    Bad:  `operations: [{operationType: skip_connection}]`
    Good: `operations: [{operationType: max_pooling, parameters: [{name: size, categorical: ["3"]}]}]`
    """
    if not _searches(subject, *NAS):
        return
    for operation in _operations(subject):
        what = f"operation `{operation.type}`"
        if not operation.type:
            yield Finding(operation.path, "an operation has no operationType", "write `operationType`")
        if not operation.parameters:
            yield Finding(
                path=operation.path,
                message=f"{what} has no parameters, which {subject.algorithm} refuses",
                help="give it one, such as a categorical `filter_size`, or remove the operation",
            )
        for parameter in operation.parameters:
            found = _refused(parameter)
            if found is not None:
                field, words, help_ = found
                yield Finding((*parameter.path, field), f"{what}: parameter `{parameter.name}` {words}", help_)


def _stops_enas(parameter: _Parameter) -> tuple[str, str] | None:
    """Say what of an operation's parameter enas breaks on, and the mend."""
    low, high, step = parameter.text("min"), parameter.text("max"), parameter.text("step")
    if parameter.type == "discrete":
        return "is discrete, which enas does not read", "make it `categorical`"
    if parameter.type == "int" and not step:
        return "is an int without a step", 'write `step`, such as "1"'
    if parameter.type in ("int", "double"):
        try:
            grid.points(parameter.type, low, high, step, ())
        except grid.Unfit as unfit:
            return str(unfit), "write numbers for `min`, `max` and `step`, with `min` below `max`"
    if parameter.type == "double":
        first, last, by = float(low), float(high), float(step)
        if grid.above(first, last, by, grid.arange(first, last + by, by)):
            return f"has step {step}, which does not end at max {high}", "list the values as a `categorical`"
    return None


@rule("KG332", Effect.STUCK, f"{_ENAS}/Operation.py", when=lambda traits: traits.nas)
def enas_can_list_operations(subject: Subject) -> Iterator[Finding]:
    """With enas, every operation's parameters can be written as lists.

    The service does not look when it validates. When it draws, an int needs a step, a discrete parameter
    is not read, and a double works only where its last step falls on `max`. Without any operation there is
    nothing to build a network of.

    Bad:  `parameters: [{name: pool_size, parameterType: int, feasibleSpace: {min: "2", max: "3"}}]`
    Good: `parameters: [{name: pool_size, parameterType: int, feasibleSpace: {min: "2", max: "3", step: "1"}}]`
    """
    if not _searches(subject, "enas"):
        return
    total = 0
    for operation in _operations(subject):
        what, size = f"operation `{operation.type}`", 1
        names: set[str] = set()
        for parameter in operation.parameters:
            if parameter.name in names:
                words = f"{what} has two parameters `{parameter.name}`, which stops enas"
                yield Finding((*parameter.path, "name"), words, "give one of them another name, or remove it")
            names.add(parameter.name)
            if _refused(parameter) is not None:
                total += 1
            elif (found := _stops_enas(parameter)) is not None:
                total += 1
                words = f"{what}: parameter `{parameter.name}` {found[0]}, which stops enas"
                yield Finding((*parameter.path, "feasibleSpace"), words, found[1])
            else:
                size *= _size(parameter)
        total += size
    if total == 0:
        yield Finding(_OPERATIONS, "enas has no operation to build a network of", "write an operation with values")


def _size(parameter: _Parameter) -> int:
    low, high, step = (parameter.text(key) for key in ("min", "max", "step"))
    return grid.points(parameter.type, low, high, step, listed(parameter.space.get("list")))


@rule("KG333", Effect.ADVICE, _DARTS, Severity.WARNING, when=lambda traits: traits.nas)
def darts_reads_one_list(subject: Subject) -> Iterator[Finding]:
    """With darts, an operation has one parameter, and that is categorical.

    The service makes an operation of each value in the list of the first parameter, such as
    `separable_convolution_3x3`. Further parameters, and bounds, are ignored.

    Bad:  `parameters: [{name: size, parameterType: int, feasibleSpace: {min: "3", max: "5"}}]`
    Good: `parameters: [{name: size, parameterType: categorical, feasibleSpace: {list: ["3", "5"]}}]`
    """
    if not _searches(subject, "darts"):
        return
    for operation in _operations(subject):
        what = f"operation `{operation.type}`"
        for at, parameter in enumerate(operation.parameters):
            if operation.type == "skip_connection" and at == 0:
                continue
            if at > 0:
                words = f"{what}: darts ignores parameter `{parameter.name}`, which is not the first"
                yield Finding(parameter.path, words, "remove it")
            elif parameter.type in ("int", "double"):
                words = f"{what}: darts reads no bounds, so parameter `{parameter.name}` gives no operation"
                yield Finding((*parameter.path, "parameterType"), words, "list the values as a `categorical`")


@rule("KG334", Effect.ADVICE, "kgen", Severity.WARNING, when=lambda traits: traits.nas)
def a_network_has_layers(subject: Subject) -> Iterator[Finding]:
    """graphConfig.numLayers is 1 or more.

    Nothing checks that it is above zero, and darts not even that it is there.

    Bad:  `graphConfig: {numLayers: -1}`
    Good: `graphConfig: {numLayers: 8}`
    """
    if not _searches(subject, *NAS):
        return
    layers = mapping(mapping(subject.spec["nasConfig"]).get("graphConfig")).get("numLayers")
    number = 0 if layers is None else count(layers)
    if number is not None and number < 1 and (number < 0 or subject.algorithm == "darts"):
        yield Finding((*_GRAPH, "numLayers"), f"numLayers is {number}: the network has no layers", "write 1 or more")


RULES = (
    enas_knows_the_frame,
    operations_are_legal,
    enas_can_list_operations,
    darts_reads_one_list,
    a_network_has_layers,
)
