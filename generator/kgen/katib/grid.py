"""How many values a parameter has: the grid service's points, and the lists that pbt and enas make.

Read from pkg/suggestion/v1beta1: internal/search_space.py, pbt/service.py, nas/enas/Operation.py.
`range` counts whole numbers, numpy's `arange` real ones. The arithmetic is that of binary doubles on
purpose: 0.001 to 0.01 by 0.001 is 9 points.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from kgen.katib.numerals import finite, python_real, python_whole


class Unfit(Exception):
    """The service cannot count a parameter: which field is at fault, and why."""

    def __init__(self, field: str, reason: str) -> None:
        self.field, self.reason = field, reason
        super().__init__(f"{field} {reason}")


def _whole_number(field: str, text: str) -> int:
    read = python_whole(text)
    if read is None:
        raise Unfit(field, f"`{text}` is no whole number")
    return read


def _real_number(field: str, text: str) -> float:
    read = python_real(text)
    if read is None or not finite(read):
        raise Unfit(field, f"`{text}` is no finite number")
    return read


def whole(low: str, high: str, step: str) -> int:
    """Count the values of an int parameter.

    Raises:
        Unfit: a text is no whole number, or the step is zero; the service refuses the space.
    """
    first, last, by = _whole_number("min", low), _whole_number("max", high), _whole_number("step", step or "1")
    if by == 0:
        raise Unfit("step", f"`{step}` is zero")
    return max(0, -((first - last - 1) // by))  # as long as range(first, last + 1, by), of any size


def arange(first: float, stop: float, by: float) -> int:
    """Count what numpy's arange gives for finite doubles; 0 for an empty list."""
    ratio = (stop - first) / by
    return max(0, math.ceil(ratio)) if math.isfinite(ratio) else 0


def above(first: float, last: float, by: float, count: int) -> bool:
    """Whether the last of arange's values lies above the upper bound."""
    return first + (count - 1) * ((first + by) - first) > last


def real(low: str, high: str, step: str) -> int:
    """Count the values of a double parameter.

    Raises:
        Unfit: a text is no finite number, or the service cannot make a list of the values.
    """
    first, last, by = _real_number("min", low), _real_number("max", high), _real_number("step", step)
    if by == 0:
        raise Unfit("step", f"`{step}` is zero")
    count = arange(first, last + by, by)
    if count == 0:
        raise Unfit("min", f"{low} lies above max {high}") if by > 0 else Unfit("step", f"{step} leads away from max")
    return count - 1 if above(first, last, by, count) else count


def points(kind: str, low: str, high: str, step: str, values: Sequence[object]) -> int:
    """Count the values of any parameter.

    Raises:
        Unfit: the service refuses the space.
    """
    if kind == "int":
        return whole(low, high, step)
    if kind == "double":
        return real(low, high, step)
    if kind in ("categorical", "discrete"):
        return len(values)
    raise Unfit("parameterType", f"`{kind}` is none that it knows")
