"""Filters of the metrics collectors: Go's regular expressions, tested and matched by RE2, their C++ origin.

Where the package google-re2 has no wheel, only what RE2 certainly does not know is found, and nothing is
matched. Compared with Go's own regexp; where the two differ, Go decides, and where that depends on the
release of Go nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

# What Go's strings.TrimSpace takes away.
SPACES = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005"
    "\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
MOST_REPEATS = 1000  # of a repeat count, and of brackets inside one another
_MEMORY = 1 << 20  # bytes for one expression, 10 ms of work; Go has its own bound, and a larger one

# Kept as text: only an author's filter pays for their compilation, and `re` keeps what it compiled.
_ESCAPES = r"(?s:\\Q.*?(?:\\E|$)|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\])"
_FOREIGN = (
    (r"\(\?(?:[=!]|<[=!])", "look-around"),
    (r"\(\?>", "an atomic group"),
    (r"[*+?}][+]", "a possessive quantifier"),
    (r"\(\?#", "a comment"),
)
_BACK = r"(?<!\\)(?:\\\\)*\\(?:[89]|[1-7](?![0-7]))"  # \12 is a character in octal
_REPEAT = r"\{(\d+)(?:,(\d*))?\}"
_GROUP = r"\((?!\?)|\(\?P?<[A-Za-z_]"
_BRACKET = r"\(\?P?<[A-Za-z_]|\(\??|\)"
_ANY_BYTE = r"(?<!\\)(?:\\\\)*\\C"  # RE2 has it, Go has not
_NAME = r"\(\?P?<([^>]*)>"
# Go's bound for size is larger; and Go reads \p{Letter} from 1.25 on, RE2 never.
_UNDECIDED = r"pattern too large|invalid character class range: \\[pP]\{\^?\w{3,}\}$"


class Match(NamedTuple):
    """What a filter read from a line: groups 1 and 2 as they stand, and where the second lies."""

    name: bytes
    value: bytes
    at: tuple[int, int]


@lru_cache(maxsize=1)
def engine() -> Any:
    """Give the module re2, and None where its package is not installed."""
    try:
        import re2  # noqa: PLC0415 - only a filter or a log needs it
    except ImportError:
        return None
    return re2


@lru_cache(maxsize=256)
def compiled(expression: str) -> Any:
    """Compile a filter; None where Go would not, where it is too large for RE2, or where there is no RE2."""
    if engine() is None or _beyond_re2(expression) is not None:
        return None
    made = _compile(expression)
    return None if isinstance(made, str) else made


@lru_cache(maxsize=256)
def _compile(expression: str) -> Any:
    """Compile, or give RE2's reason why not; there has to be an engine."""
    re2 = engine()
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        return re2.compile(expression, options)
    except re2.error as problem:
        reason = problem.args[0] if problem.args else ""
        return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
    except UnicodeEncodeError:
        return "half of a surrogate pair"


def _beyond_re2(expression: str) -> str | None:
    """Name what Go refuses and RE2 takes."""
    bare = re.sub(r"(?s)\\Q.*?(?:\\E|$)", "", expression) if r"\Q" in expression else expression
    if r"\C" in bare and re.search(_ANY_BYTE, bare):
        return r"the escape \C"
    if not expression.isascii() and any(not name.isascii() for name in re.findall(_NAME, bare)):
        return "a group name that is not of letters, digits and _"
    if expression.count("(") >= MOST_REPEATS and _depth(expression) >= MOST_REPEATS:
        return f"more than {MOST_REPEATS} brackets inside one another"
    return None


def _depth(expression: str) -> int:
    """Count how many groups that capture lie inside one another: each is a level of Go's syntax tree."""
    levels, most = [0], 0
    for found in re.finditer(_BRACKET, re.sub(_ESCAPES, "x", expression)):
        if found[0] != ")":
            levels.append(levels[-1] + (found[0] != "(?"))
            most = max(most, levels[-1])
        elif len(levels) > 1:
            levels.pop()
    return most


@lru_cache(maxsize=256)
def problem(expression: str) -> str | None:
    """Say why Go does not compile an expression; None where it does, or where that cannot be told.

    The answer follows `the filter` in a sentence: `holds look-around, which ...`.
    """
    what = _beyond_re2(expression)
    reason = ""
    if engine() is not None and what is None:
        made = _compile(expression)
        if not isinstance(made, str) or re.match(_UNDECIDED, made):
            return None
        reason = made
    what = what or foreign(expression)
    if what is not None:
        return f"holds {what}, which Go's regular expressions (RE2) do not have"
    return f"is no regular expression (RE2): {reason}" if reason else None


def foreign(expression: str) -> str | None:
    """Name what RE2 certainly does not know; None where nothing of that kind is seen."""
    if re.search(_BACK, expression):
        return "a back-reference"
    bare = re.sub(_ESCAPES, "x", expression)
    for pattern, what in _FOREIGN:
        if re.search(pattern, bare):
            return what
    for found in re.finditer(_REPEAT, bare):
        if any(len(count) > 4 or int(count) > MOST_REPEATS for count in found.groups() if count):
            return f"a repeat count above {MOST_REPEATS}"
    return None


@lru_cache(maxsize=256)
def groups(expression: str) -> int | None:
    """Count the groups that capture; None for an expression that does not compile."""
    made = compiled(expression)
    if made is not None:
        return int(made.groups)
    if engine() is not None:
        return None
    return len(re.findall(_GROUP, re.sub(_ESCAPES, "x", expression)))


def find_all(made: Any, line: bytes) -> Iterator[Match]:
    """Find what Go's FindAllStringSubmatch finds, with two groups at least; `line` is valid UTF-8.

    An empty match right after another one does not count; a group that took no part is empty.
    """
    at, before = 0, -1
    while at <= len(line):
        found = made.search(line, at)
        if found is None:
            return
        start, end = found.span()
        if end != at or start != before:
            yield Match(found.group(1) or b"", found.group(2) or b"", found.span(2))
        at = end if end != at else at + _width(line, at)
        before = end


def _width(line: bytes, at: int) -> int:
    """Give the bytes of the character at a place; 1 at the end."""
    first = line[at] if at < len(line) else 0
    return 1 if first < 0xC0 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4
