"""Kubernetes quantities: `500m`, `8Gi`, `1e3`.

The canonical form is that of apimachinery's resource.Quantity: no fraction, the largest suffix that
loses nothing, in the family of suffixes that was written.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fractions import Fraction

_FORM = re.compile(r"([+-]?)(\d+\.?\d*|\.\d+)(?:([eE][+-]?\d+)|(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E))?")
LONGEST = 100  # characters: Kubernetes reads no more than 19 digits of them as they are
_BINARY = ("", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}


def parse(text: str) -> Fraction | None:
    """Read a quantity; None where Kubernetes would refuse it."""
    from fractions import Fraction  # noqa: PLC0415 - 5 ms that most runs need not pay

    found = _FORM.fullmatch(text)
    if found is None or len(text) > LONGEST:
        return None
    sign, digits, exponent, suffix = found.groups()
    value = Fraction(digits)
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
    nano = value * 10**9
    whole = -(-nano.numerator // nano.denominator)  # finer than a billionth is rounded up
    value = type(value)(whole, 10**9)
    found = _FORM.fullmatch(text)
    assert found is not None
    if found[4] in _BINARY[1:] and value.denominator == 1 and abs(value) >= 1024:
        return _scaled(int(value), 1024, _BINARY)
    if found[3] is not None:
        return _exponent(value)
    for suffix, power in reversed(_DECIMAL.items()):
        scaled = value * 10**-power if power < 0 else value / 10**power
        if scaled.denominator == 1 and scaled != 0:
            return f"{scaled}{suffix}"
    return "0"


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
