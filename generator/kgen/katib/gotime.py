"""Times and numbers as Go's `time` and `strconv` read and write them: text to microseconds and back."""

from __future__ import annotations

import re
from decimal import Decimal

# time.Parse with RFC3339Nano: an hour of one digit, a comma and an offset of 24:60 pass.
_RFC3339 = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:[.,]([0-9]+))?"
    r"(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
)
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_EPOCH = 719_162  # days from 0001-01-01 to 1970-01-01
_INT64 = 2**63
_DECIMAL = re.compile(r"[+-]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9][0-9_]*)?")
_HEX = re.compile(
    r"[+-]?0[xX](?:_?[0-9a-fA-F][0-9a-fA-F_]*\.?[0-9a-fA-F_]*|\.[0-9a-fA-F][0-9a-fA-F_]*)[pP][+-]?[0-9][0-9_]*"
)
_LOOSE = re.compile(r"(?<![0-9])_|_(?![0-9])")  # an underscore stands between digits
_LOOSE_HEX = re.compile(r"(?<![0-9a-fA-FxX])_|_(?![0-9a-fA-F])")
_WORD = re.compile(r"nan|[+-]?inf(?:inity)?", re.IGNORECASE)


def instant(text: str) -> int | None:
    """Read RFC 3339 as microseconds after 0001-01-01 UTC, cut off as the database does; None where Go would not."""
    found = _RFC3339.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    if not 1 <= month <= 12 or hour > 23 or minute > 59 or second > 59:
        return None
    if not 1 <= day <= _DAYS[month - 1] + (month == 2 and _is_leap(year)):
        return None
    seconds = ((_day(year, month, day) * 24 + hour) * 60 + minute) * 60 + second
    if found[8]:
        if int(found[9]) > 24 or int(found[10]) > 60:
            return None
        offset = (int(found[9]) * 60 + int(found[10])) * 60
        seconds += offset if found[8] == "-" else -offset
    return seconds * 1_000_000 + int(((found[7] or "") + "000000")[:6])


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _day(year: int, month: int, day: int) -> int:
    """Count the days from 0001-01-01."""
    before = year - 1
    leaps = before // 4 - before // 100 + before // 400
    return before * 365 + leaps + sum(_DAYS[: month - 1]) + (month > 2 and _is_leap(year)) + day - 1


def unix_text(seconds: float) -> str | None:
    """Write a number of seconds as the collector does: the digits behind the point count as nanoseconds.

    None where it takes no time from it: a number beyond 64 bits.
    """
    whole, _, fraction = plain_decimal(seconds).partition(".")
    if not -_INT64 <= int(whole) < _INT64 or int(fraction or 0) >= _INT64:
        return None
    extra, nanoseconds = divmod(int(fraction or 0), 1_000_000_000)
    return _written(int(whole) + extra, nanoseconds)


def plain_decimal(number: float) -> str:
    """Write the shortest digits that give a number back, without an exponent: Go's FormatFloat(f, 'f', -1, 64)."""
    text = format(Decimal(repr(number)), "f")
    return text.removesuffix(".0") if text.endswith(".0") else text


def _written(seconds: int, nanoseconds: int) -> str:
    days, rest = divmod(seconds, 86_400)
    year, month, day = _date(days + _EPOCH)
    fraction = f".{nanoseconds:09}".rstrip("0").rstrip(".")
    sign = "-" if year < 0 else ""
    return f"{sign}{abs(year):04}-{month:02}-{day:02}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}{fraction}Z"


def _date(days: int) -> tuple[int, int, int]:
    """Give year, month and day of a number of days after 0001-01-01."""
    cycles, rest = divmod(days, 146_097)  # of 400 years
    year = 400 * cycles + 1
    for length, years, most in ((36_524, 100, 3), (1_461, 4, 25), (365, 1, 3)):
        count = min(rest // length, most)
        year, rest = year + count * years, rest - count * length
    month = 1
    while rest >= (length := _DAYS[month - 1] + (month == 2 and _is_leap(year))):
        month, rest = month + 1, rest - length
    return year, month, rest + 1


def number(text: str) -> float | None:
    """Read what Go's ParseFloat reads; None for what it refuses, a number out of range among it."""
    if _DECIMAL.fullmatch(text) and not _LOOSE.search(text):
        value = float(text)
        return value if abs(value) != float("inf") else None
    if _WORD.fullmatch(text):
        return float(text)
    if _HEX.fullmatch(text) and not _LOOSE_HEX.search(text):
        try:
            return float.fromhex(text.replace("_", ""))
        except (OverflowError, ValueError):
            return None
    return None
