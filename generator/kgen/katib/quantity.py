"""Kubernetes quantities: `500m`, `8Gi`, `1e3`.

The canonical form is that of apimachinery's resource.Quantity: no fraction, the largest suffix that
loses nothing, in the family of suffixes that was written.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fractions import Fraction

_FORM = re.compile(r"([+-]?)(\d*\.?\d*)(?:([eE][+-]?\d+)|(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E))?")
MOST = 2**63 - 1  # what binary suffixes are capped at
LONGEST = 100  # characters: Kubernetes reads no more than 19 digits of them as they are
_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}


def parse(text: str) -> Fraction | None:
    """Read a quantity; None where Kubernetes would refuse it."""
    from fractions import Fraction  # noqa: PLC0415 - 5 ms that most runs need not pay

    text = text.strip()
    found = _FORM.fullmatch(text)
    if found is None or not 0 < len(text) <= LONGEST:
        return None
    sign, digits, exponent, suffix = found.groups()
    bare = not digits.strip(".")
    if bare and suffix in ("Pi", "Ei"):
        return None
    value = Fraction("0" if bare else digits)  # `Gi` alone is read as nothing
    if exponent is not None:
        if abs(int(exponent[1:])) > 100:
            return None
        value *= Fraction(10) ** int(exponent[1:])
    elif suffix in _BINARY and suffix:
        value *= 1024 ** _BINARY.index(suffix)
    elif suffix:
        value *= Fraction(10) ** _DECIMAL[suffix]
    return -value if sign == "-" else value


def canonical(text: str) -> str | None:
    """Give the form that the API server would print; None where Kubernetes would refuse it."""
    value = parse(text)
    if value is None:
        return None
    text = text.strip()
    found = _FORM.fullmatch(text)
    assert found is not None
    if _is_kept(found):
        return text
    nano = abs(value) * 10**9
    whole = -(-nano.numerator // nano.denominator)  # finer than a billionth is rounded up
    binary = found[4] in _BINARY[1:]
    whole = min(whole, MOST * 10**9) if binary else whole
    value = type(value)(whole if value >= 0 else -whole, 10**9)
    if binary and value.denominator == 1 and abs(value) >= 1024:
        return _scaled(int(value), 1024, _BINARY)
    if found[3] is not None:
        return _exponent(value)
    for suffix, power in reversed(_DECIMAL.items()):
        scaled = value * 10**-power if power < 0 else value / 10**power
        if scaled.denominator == 1 and scaled != 0:
            return f"{scaled}{suffix}"
    return "0"


def _is_kept(found: re.Match[str]) -> bool:
    """Whether Kubernetes takes a text for canonical at a glance, and keeps it: `+1`, `1E3` and `1.500` too."""
    whole, _, part = found[2].partition(".")
    digits = (whole.lstrip("0") or "0") + part
    if found[4] in _BINARY[1:]:
        power = 10 * _BINARY.index(found[4])
        room = 14 - len(digits) - power * 3 // 10
        return not part and room >= 0 and int(digits) & 7 != 0
    scale = int(found[3][1:]) if found[3] is not None else _DECIMAL[found[4] or ""]
    scale -= len(part)
    fits = len(digits) <= 18 and scale >= -9
    return fits and scale % 3 == 0 and not digits.endswith("000") and digits[0] != "0"


def _scaled(value: int, base: int, suffixes: tuple[str, ...]) -> str:
    index = 0
    while value % base == 0 and index + 1 < len(suffixes):
        value, index = value // base, index + 1
    return f"{value}{suffixes[index]}"


def _exponent(value: Fraction) -> str:
    for power in range(18, -10, -3):
        scaled = value * 10**-power if power < 0 else value / 10**power
        if scaled.denominator == 1 and scaled != 0:
            return f"{scaled}e{power}" if power else str(scaled)
    return "0"
