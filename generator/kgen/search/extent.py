"""How large a search is: the values of each parameter, the points of a grid, and whether a value is in the space."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from kgen.katib.grid import Unfit, points
from kgen.katib.numerals import python_real, python_whole
from kgen.search.choose import suggester
from kgen.search.drawn import RandomSearch
from kgen.search.space import LISTS, Parameter, parameters
from kgen.search.suggestion import Exhausted, Stuck, Unsupported

_NEEDS_NOTHING = ("random", "grid", "sobol")  # algorithms whose points do not depend on results


class Extent(NamedTuple):
    """The values of each parameter, by name; None for one without end, whose reason is beside it."""

    values: Mapping[str, int | None]
    endless: tuple[str, ...]  # why there is no grid, a sentence a parameter

    @property
    def size(self) -> int | None:
        """The points of the grid; None where there is none."""
        counts = [count for count in self.values.values() if count is not None]
        return math.prod(counts) if len(counts) == len(self.values) else None


class First(NamedTuple):
    """The first points of a search, and what there is to say of them."""

    points: tuple[Mapping[str, str], ...]
    note: str = ""


def extent(space: Sequence[Parameter]) -> Extent:
    """Count the values of each parameter as Katib's `grid` does, whatever the algorithm."""
    counts: dict[str, int | None] = {}
    endless = []
    for each in space:
        try:
            counts[each.name] = points(each.type, each.low, each.high, each.step, each.values)
        except Unfit as why:
            counts[each.name] = None
            lacking = each.type == "double" and not each.step
            endless.append(f"{each.name} has no step" if lacking else f"{each.name}: {why}")
    return Extent(counts, tuple(endless))


def outside(parameter: Parameter, value: str) -> str:
    """Say why a value is none of the feasible space; "" where it is one, step or no step."""
    if parameter.type in LISTS:
        return "" if value in parameter.values else f"it is none of {', '.join(parameter.values)}"
    read = python_whole(value) if parameter.type == "int" else python_real(value)
    if read is None:
        return "it is no whole number" if parameter.type == "int" else "it is no number"
    low, high = parameter.bounds
    return "" if low <= read <= high else f"it is not from {parameter.low} to {parameter.high}"


def first(spec: Mapping[str, Any], count: int, seed: int) -> First:
    """Suggest the first points of an Experiment by its own algorithm, as a run with that seed begins.

    Raises:
        Exhausted: the space has no point.
        Stuck: Katib's service would never answer.
        Unsupported: nothing here does what the algorithm does.
    """
    algorithm = spec["algorithm"]["algorithmName"]
    found = tuple(suggester(spec, seed).ask(count, ()))
    if algorithm not in _NEEDS_NOTHING:
        return First(found, f"{algorithm} learns from results: these are points it starts with, before it has any")
    short = f"the grid has {len(found)} points" if len(found) < count else ""
    return First(found, short)


def any_point(spec: Mapping[str, Any], seed: int) -> First:
    """Give one point: the first suggestion, or one at random where the algorithm gives none here."""
    algorithm = spec["algorithm"]["algorithmName"]
    try:
        return First(first(spec, 1, seed).points, f"the first suggestion of {algorithm} with seed {seed}")
    except (Exhausted, Stuck, Unsupported):
        found = RandomSearch(parameters(spec), seed).ask(1, ())
        return First(tuple(found), f"drawn at random with seed {seed}, as {algorithm} suggests nothing here")
