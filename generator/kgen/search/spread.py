"""Katib's `sobol`: points that fill the space evenly, the same in every run (goptuna's sampler on scipy's numbers)."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from kgen.search.learned import MISSING
from kgen.search.space import LISTS, Parameter, plain_number
from kgen.search.suggestion import Told, Unsupported


class Sobol:
    """The sequence over parameters in the order of their names; it has no seed."""

    def __init__(self, space: Sequence[Parameter]) -> None:
        try:
            from scipy.stats import qmc  # noqa: PLC0415 - half a second that other algorithms need not pay
        except ImportError as problem:
            raise Unsupported(MISSING.format(package="scipy")) from problem
        self._space = space
        self._ordered = sorted(space, key=lambda parameter: parameter.name.encode())
        # goptuna's table of directions begins one late: its second dimension is what others call the third.
        self._engine: Any = qmc.Sobol(len(space) + 1, scramble=False, bits=32)
        self._engine.fast_forward(1)  # goptuna never gives the origin
        self._given = 0

    def ask(self, count: int, trials: Sequence[Told]) -> list[dict[str, str]]:
        """Give the next points of the sequence."""
        if len(trials) > self._given:  # of a run that goes on
            self._engine.fast_forward(len(trials) - self._given)
        self._given = len(trials) + count
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a number of points is no power of two
            points = self._engine.random(count)
        return [self._point([float(share) for share in (point[0], *point[2:])]) for point in points]

    def _point(self, shares: Sequence[float]) -> dict[str, str]:
        found = {p.name: _value(p, share) for p, share in zip(self._ordered, shares, strict=True)}
        return {p.name: found[p.name] for p in self._space}


def _value(parameter: Parameter, share: float) -> str:
    """Compute as goptuna does: the upper bound of an int is never reached."""
    if parameter.type in LISTS:
        return parameter.values[math.floor(share * len(parameter.values))]
    if parameter.type == "int":
        low, high, step = int(parameter.low), int(parameter.high), int(parameter.step or "1")
        return str(math.floor(share * ((high - low) // step)) * step + low)
    low_, high_ = parameter.bounds
    if not parameter.step:
        return plain_number(share * (high_ - low_) + low_)
    step_ = float(parameter.step)
    at = share * (high_ - low_ + step_) - 0.5 * step_
    nearest = math.floor(abs(at / step_) + 0.5) * math.copysign(1, at)  # as Go rounds: halves away from zero
    return plain_number(min(max(nearest * step_ + low_, low_), high_))
