"""What a filter can read: the metric names that its first group takes, and lines written to fit it.

The parts of an expression are found by reading its syntax; whether they match is for RE2 to say.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from kgen.katib import filters
from kgen.katib.collectors import NUMBER
from kgen.katib.filters import SPACES, Match

_TOKEN = re.compile(
    r"""(?sx)
    \\Q(?P<quoted>.*?)(?:\\E|$)
    | (?P<anchor>\\[AbBz]|\^|\$)
    | (?P<atom>\\(?:[pP](?:\{[^}]*\}|.)|x(?:\{[^}]*\}|..)|[0-7]{1,3}|.)|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]|\.)
    | (?P<flags>\(\?[imsU-]*\)) | (?P<plain>\(\?[imsU-]*:) | (?P<group>\((?:\?P?<\w+>)?)
    | (?P<close>\)) | (?P<bar>\|)
    | (?P<repeat>(?:[*+?]|\{(?P<least>\d+)(?:,\d*)?\})\??)
    | (?P<char>.)"""
)
_EXAMPLES = "=x0: ,a-_.;/\"'|#[]{}()<>@!%&*+~^$\\?`Aé\t"  # what usually stands in a log
_PADDED = ("{}", " {}", "{} ", " {} ", "  {}", "{}  ", "\t{}", "{}\t")
_CAN_BE_BLANK = re.compile(r"[ .\t]|\\[sDWpPxtBb0-7]|\[\^|\[:")  # in a first group: what padding cannot rule out
VALUES = ("0.98", "-0.5", "888", "1e-05", "1.5e-05")
_MOST_LINE = 2000  # characters of a line that is written to fit


class Shape(NamedTuple):
    """What stands in the two groups of a filter, each with the flags that hold there, and a line that fits."""

    name: str
    value: str
    line: tuple[str | int, ...]  # texts; 1 and 2 stand for what the groups read


class _CannotWriteError(Exception):
    """No line can be written that surely fits."""


class _Reader:
    """Reads an expression that RE2 compiles."""

    def __init__(self, expression: str) -> None:
        self.text = expression
        self.at = 0
        self.count = 0
        self.groups: dict[int, str] = {}

    def branches(self, flags: frozenset[str]) -> list[str | int]:
        """Read up to the closing bracket; of several branches give the one with most of the two groups."""
        best: list[str | int] | None = None
        parts: list[str | int] = []
        last: list[str | int] = []
        while self.at < len(self.text):
            token = _TOKEN.match(self.text, self.at)
            if token is None or token["close"]:
                break
            self.at = token.end()
            if token["bar"]:
                best, parts, last = _better(best, parts + last), [], []
            elif token["flags"]:
                flags = _flagged(flags, token["flags"][2:-1])
            elif token["repeat"]:
                last = _repeated(last, token)
            else:
                parts, last = parts + last, self._atom(token, flags)
        return _better(best, parts + last)

    def _atom(self, token: re.Match[str], flags: frozenset[str]) -> list[str | int]:
        kind = token.lastgroup
        if kind == "plain":
            return self._inside(_flagged(flags, token["plain"][2:-1]))
        if kind == "group":
            self.count += 1
            index, start = self.count, self.at
            inside = self._inside(flags)
            if index > 2:
                return inside
            self.groups[index] = _marked(flags, self.text[start : self.at - 1])
            return inside if any(isinstance(part, int) for part in inside) else [index]
        if kind == "quoted":
            return [token["quoted"]]
        return ["" if kind == "anchor" else token[0] if kind == "char" else _example(_marked(flags, token[0]))]

    def _inside(self, flags: frozenset[str]) -> list[str | int]:
        parts = self.branches(flags)
        self.at += 1
        return parts


def _better(first: list[str | int] | None, second: list[str | int]) -> list[str | int]:
    if first is None:
        return second
    return max(first, second, key=lambda parts: sum(isinstance(part, int) for part in parts))


def _repeated(parts: list[str | int], token: re.Match[str]) -> list[str | int]:
    least = int(token["least"]) if token["least"] else int(token[0][0] == "+")
    if any(isinstance(part, int) for part in parts):
        return parts
    if least * sum(len(part) for part in parts if isinstance(part, str)) > _MOST_LINE:
        raise _CannotWriteError
    return parts * least


def _flagged(flags: frozenset[str], written: str) -> frozenset[str]:
    on, _, off = written.partition("-")
    return (flags | frozenset(on)) - frozenset(off)


def _marked(flags: frozenset[str], source: str) -> str:
    return f"(?{''.join(sorted(flags))}:{source})" if flags else f"(?:{source})"


@lru_cache(maxsize=256)
def _example(source: str) -> str:
    """Give a character that one element of an expression matches."""
    made = filters.compiled(source)
    for char in _EXAMPLES + source:
        if made is not None and made.fullmatch(char.encode("utf-8", "replace")):
            return char
    raise _CannotWriteError


@lru_cache(maxsize=256)
def shape(expression: str) -> Shape | None:
    """Read the parts of a filter; None where it does not compile or has fewer than two groups."""
    if (filters.groups(expression) or 0) < 2 or filters.compiled(expression) is None:
        return None
    reader = _Reader(expression)
    try:
        line = reader.branches(frozenset())
    except (_CannotWriteError, RecursionError):
        return None
    if len(reader.groups) < 2 or reader.at < len(expression):
        return None
    return Shape(reader.groups[1], reader.groups[2], tuple(line))


@lru_cache(maxsize=1024)
def takes(source: str, word: str) -> bool | None:
    """Whether a group can read a word, blanks around it apart; None where that cannot be told."""
    made = filters.compiled(source)
    if made is None:
        return None
    if any(made.fullmatch(form.format(word).encode("utf-8", "replace")) for form in _PADDED):
        return True
    return None if _CAN_BE_BLANK.search(source) else False


@lru_cache(maxsize=1024)
def can_name(expression: str, name: str) -> bool | None:
    """Whether a filter can read a metric's name; None where that cannot be told."""
    if name != name.strip(SPACES):
        return False  # what is read loses the blanks around it
    if filters.compiled(expression) is None:
        return None
    if (filters.groups(expression) or 0) < 2:
        return False
    made = shape(expression)
    return None if made is None else takes(made.name, name)


class Trial(NamedTuple):
    """A line written to fit a filter, and what the collector would read from it."""

    line: str
    read: tuple[tuple[str, str], ...]  # names and values


@lru_cache(maxsize=1024)
def tried(expression: str, name: str) -> tuple[tuple[str, Trial], ...]:
    """Try a filter on lines with values as programs print them; those from which nothing is read are left out."""
    made = ((value, sample(expression, name, value)) for value in VALUES)
    return tuple((value, trial) for value, trial in made if trial is not None and trial.read)


def sample(expression: str, name: str, value: str) -> Trial | None:
    """Write a line that fits, with a metric's name and value in it, and read it; None where none can be written."""
    made = shape(expression)
    if made is None or set(made.line) & {1, 2} != {1, 2}:
        return None
    line = "".join({1: name, 2: value}.get(part, "") if isinstance(part, int) else part for part in made.line)
    if "\n" in line:
        return None
    found = filters.find_all(filters.compiled(expression), line.encode("utf-8", "replace"))
    return Trial(line, tuple(_texts(match) for match in found))


def _texts(match: Match) -> tuple[str, str]:
    return match.name.decode().strip(SPACES), match.value.decode().strip(SPACES)


_BETWEEN = re.compile(r"([^0-9+.-]{1,20}?)[+-]?\.?[0-9]")  # what stands between a name and its number


def filter_for(line: str, name: str) -> str | None:
    """Write a filter that reads a metric from a line in which its name and a number stand; None where it is neither."""
    at = line.find(name)
    found = _BETWEEN.match(line, at + len(name)) if at >= 0 and name else None
    if found is None:
        return None
    between = "".join(r"\s*" if part.isspace() else _quoted(part) for part in re.split(r"(\s+)", found[1]) if part)
    made = f"({_quoted(name)}){between}{NUMBER}"
    matcher = filters.compiled(made)
    read = (
        []
        if matcher is None
        else [_texts(match) for match in filters.find_all(matcher, line.encode("utf-8", "replace"))]
    )
    return made if any(n == name and value for n, value in read) else None


def usual(name: str) -> str:
    """Write a filter that finds a metric printed as `name=value`; Go's `\\w` knows no letters but those of ASCII."""
    plain = re.fullmatch(r"[\w/.-]+", name, re.ASCII) is not None
    return rf"([\w/.-]+)\s*=\s*{NUMBER}" if plain else filter_for(f"{name}=0.98", name) or rf"(.+)=\s*{NUMBER}"


def _quoted(part: str) -> str:
    """Quote a text for a filter; the collector would split it at `;`."""
    return re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", part).replace(";", r"\x3b")
