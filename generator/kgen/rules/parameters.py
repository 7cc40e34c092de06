"""KG4xx: search parameters and their feasibleSpace."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from kgen.model.diagnostic import Effect, Finding
from kgen.model.experiment import Subject
from kgen.rules.rule import rule


@rule("KG402", Effect.STUCK, "kgen")
def bounds_in_order(subject: Subject) -> Iterator[Finding]:
    """feasibleSpace.min lies below feasibleSpace.max.

    Katib's validating webhook does not compare the two: reversed bounds are admitted, and the
    suggestion service then fails at every request, or draws from the reversed interval.

    Bad:  `lr: {double: [0.1, 0.01]}`
    Good: `lr: {double: [0.01, 0.1]}`
    """
    for index, parameter in enumerate(subject.listed("spec", "parameters")):
        space = parameter["feasibleSpace"]
        low, high = number(space.get("min")), number(space.get("max"))
        if low is None or high is None or low < high:  # a missing or unreadable bound is KG401
            continue
        path = ("spec", "parameters", index, "feasibleSpace")
        yield Finding(
            path=(*path, "min"),
            related=((*path, "max"),),
            message=f"parameter `{parameter['name']}`: min {space['min']} is not below max {space['max']}",
            help="swap the two, or drop the one that this layer should not set",
        )


def number(text: object) -> Decimal | None:
    """Read a bound exactly; None where it is no finite number."""
    if not isinstance(text, str):
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


RULES = (bounds_in_order,)
