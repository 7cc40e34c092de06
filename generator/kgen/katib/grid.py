"""How many points the grid service finds in a search space.

Read from pkg/suggestion/v1beta1/optuna/service.py: `range` for whole numbers, numpy's `arange` for
real ones. The arithmetic is that of binary doubles on purpose: 0.001 to 0.01 by 0.001 is 9 points.
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def whole(low: str, high: str, step: str) -> int:
    """Count the values of an int parameter.

    Raises:
        ValueError: a text is no whole number, or the step is zero; the service refuses the space.
    """
    return len(range(int(low), int(high) + 1, int(step or "1")))


def real(low: str, high: str, step: str) -> int:
    """Count the values of a double parameter.

    Raises:
        ValueError: a text is no number, or the service cannot make a list of the values.
    """
    first, last, distance = float(low), float(high), float(step)
    if not (math.isfinite(first) and math.isfinite(last) and math.isfinite(distance)) or distance == 0:
        raise ValueError("no finite list")
    stop = last + distance
    ratio = (stop - first) / distance
    count = math.ceil(ratio) if math.isfinite(ratio) else 0
    if count <= 0:
        raise ValueError("an empty list")
    apart = (first + distance) - first
    return count - 1 if first + (count - 1) * apart > last else count


def points(kind: str, low: str, high: str, step: str, values: Sequence[object]) -> int:
    """Count the values of any parameter.

    Raises:
        ValueError: the service refuses the space.
    """
    if kind == "int":
        return whole(low, high, step)
    if kind == "double":
        return real(low, high, step)
    if kind in ("categorical", "discrete"):
        return len(values)
    raise ValueError("an unknown type")
