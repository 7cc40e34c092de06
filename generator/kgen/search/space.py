"""A search space as the suggestion services read it, and how each writes a number.

Read from pkg/suggestion/v1beta1 at v0.19.0: internal/search_space.py, hyperopt, optuna, skopt, goptuna.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from statistics import NormalDist
from typing import Any, NamedTuple

from kgen.katib.grid import above, arange, whole
from kgen.model.values import listed, mapping, text

LISTS = ("categorical", "discrete")
_NORMAL = NormalDist()


class Parameter(NamedTuple):
    """A search parameter; bounds and step as its author wrote them, "" for none."""

    name: str
    type: str  # int, double, categorical, discrete
    low: str = ""
    high: str = ""
    step: str = ""
    values: tuple[str, ...] = ()
    distribution: str = "uniform"

    @property
    def bounds(self) -> tuple[float, float]:
        """The bounds as Python's services read them."""
        return float(self.low), float(self.high)

    def draw(self, share: float) -> str:
        """Give the value at a share of the distribution's weight, from 0 to 1, as hyperopt draws it.

        A step is a multiple of itself, whatever the bounds: 5 to 20 by 4 gives 4, 8, ..., 20.
        """
        if self.type in LISTS:
            return self.values[min(int(share * len(self.values)), len(self.values) - 1)]
        value = self._at(share)
        step = float(self.step) if self.step else 1.0 if self.type == "int" else 0.0
        if step:
            value = round(value / step) * step
        return str(int(value)) if self.type == "int" else str(value)

    def _at(self, share: float) -> float:
        low, high = self.bounds
        logarithmic = self.distribution in ("logUniform", "logNormal")
        if logarithmic:
            low, high = math.log(low), math.log(high)
        if self.distribution in ("normal", "logNormal"):
            inside = min(max(share, 1e-12), 1 - 1e-12)
            value = (low + high) / 2 + (high - low) / 6 * _NORMAL.inv_cdf(inside)
        else:
            value = low + share * (high - low)
        return math.exp(value) if logarithmic else value

    def share(self, value: float) -> float:
        """Give the share of the distribution's weight below a value, the reverse of `draw`."""
        low, high = self.bounds
        if self.distribution in ("logUniform", "logNormal"):
            low, high, value = math.log(low), math.log(high), math.log(max(value, 1e-300))
        if self.distribution in ("normal", "logNormal"):
            return _NORMAL.cdf((value - (low + high) / 2) * 6 / (high - low))
        return min(max((value - low) / (high - low), 0.0), 1.0)

    def points(self) -> tuple[str, ...]:
        """List every value, as the grid's service does; of a double by numpy's arange in binary doubles."""
        if self.type in LISTS:
            return self.values
        if self.type == "int":
            count, first, by = whole(self.low, self.high, self.step), int(self.low), int(self.step or "1")
            return tuple(str(first + index * by) for index in range(count))
        (start, last), step = self.bounds, float(self.step)
        count = arange(start, last + step, step)
        if above(start, last, step, count):
            count -= 1
        distance = (start + step) - start
        return tuple(str(start + index * distance) for index in range(count))


def parameters(spec: Mapping[str, Any]) -> tuple[Parameter, ...]:
    """Read the search parameters of an Experiment's `spec`, in their order."""
    out = []
    for each in map(mapping, listed(spec.get("parameters"))):
        space = mapping(each.get("feasibleSpace"))
        values = tuple(item for item in listed(space.get("list")) if isinstance(item, str))
        low, high, step, drawn = (text(space.get(key)) for key in ("min", "max", "step", "distribution"))
        out.append(
            Parameter(
                text(each.get("name")), text(each.get("parameterType")), low, high, step, values, drawn or "uniform"
            )
        )
    return tuple(out)


def plain_number(value: float) -> str:
    """Write a double as goptuna does: the shortest digits that give it back, and no exponent."""
    written = format(Decimal(repr(float(value))), "f")
    return written.removesuffix(".0") if "." in written else written
