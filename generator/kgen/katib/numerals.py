"""How the suggestion services read numbers: Python's int() and float(), Go's Atoi and ParseFloat.

Each reader gives None for a text that its parser refuses. The parsers differ at the edges: Python's take
blanks around a number and, for whole ones, underscores; Go's whole numbers end at 64 bits, and its real
ones may be hexadecimal but not beyond what a double holds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import lru_cache

Reader = Callable[[str], float | None]

MOST_WHOLE = 2**63 - 1  # what Go's int and numpy's int64 hold

_GO_WHOLE = re.compile(r"[+-]?[0-9]+")
_GO_REAL = re.compile(
    r"[+-]?(?:(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9][0-9_]*)?|inf|infinity)|nan", re.IGNORECASE
)
_GO_HEXADECIMAL = re.compile(r"[+-]?0[xX](?:_?[0-9a-fA-F_]+\.?[0-9a-fA-F_]*|\.[0-9a-fA-F_]+)[pP][+-]?[0-9]+")
_LOOSE_UNDERSCORE = re.compile(r"_(?![0-9a-fA-F])|(?<![0-9a-fA-FxX])_")


def python_whole(text: str) -> int | None:
    """Read as int() does: `5`, ` 5 ` and `1_000`, but not `5.0` and `1e2`."""
    try:
        return int(text)
    except ValueError:
        return None


def python_real(text: str) -> float | None:
    """Read as float() does: also `inf`, `nan` and ` 1e-3 `."""
    try:
        return float(text)
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def go_whole(text: str) -> int | None:
    """Read as strconv.Atoi does: no blanks, no underscores, at most 64 bits."""
    if _GO_WHOLE.fullmatch(text) is None or len(text) > 40:
        return None
    read = int(text)
    return read if -MOST_WHOLE - 1 <= read <= MOST_WHOLE else None


@lru_cache(maxsize=4096)
def go_real(text: str) -> float | None:
    """Read as strconv.ParseFloat does: no blanks, nothing beyond a double, underscores between digits."""
    try:
        if _GO_REAL.fullmatch(text) is not None:
            if _LOOSE_UNDERSCORE.search(text) is not None:
                return None
            read = float(text.replace("_", ""))
            return read if math.isfinite(read) or "n" in text.lower() else None
        if _GO_HEXADECIMAL.fullmatch(text) is not None and _LOOSE_UNDERSCORE.search(text) is None:
            return float.fromhex(text.replace("_", ""))
    except (ValueError, OverflowError):
        pass
    return None


def finite(value: float | None) -> bool:
    """Whether a number was read that is neither infinite nor `nan`."""
    return value is not None and value - value == 0  # a difference of infinities, or with nan, is nan
