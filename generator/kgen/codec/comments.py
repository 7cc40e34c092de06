"""Comments of a file in which a word stands: what looks like one inside a text is none."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Any, NamedTuple

from yaml import YAMLError
from yaml.tokens import BlockEntryToken, ScalarToken

from kgen.codec.events import PARSER
from kgen.codec.text import UnreadableError, decode

_BREAK = re.compile(r"\r\n|\r|\n")
_MARK = re.compile(r"(?:\A|(?<=[ \t\r\n]))#")

# Jsonnet: whatever begins first holds all that stands in it; what is not closed holds all the rest.
_JSONNET = re.compile(
    r"""(?P<comment>(?://|\#)[^\n\r]*+)
    |/\*(?:[^*]|\*(?!/))*+(?:\*/|\Z)
    |@"(?:[^"]|"")*+(?:"|\Z) |@'(?:[^']|'')*+(?:'|\Z)
    |"(?:\\(?:.|\Z)|[^"\\])*+(?:"|\Z) |'(?:\\(?:.|\Z)|[^'\\])*+(?:'|\Z)
    |\|\|\|-?[ \t]*+\r?\n(?:[ \t]*+\r?\n)*+(?P<indent>[ \t]++)[^\n]*+\n(?:(?P=indent)[^\n]*+\n|[ \t]*+\r?\n)*+""",
    re.VERBOSE | re.DOTALL,
)


class Comment(NamedTuple):
    """A comment, without the mark that begins it."""

    line: int  # counts from 1, as `column` does
    column: int  # of its mark
    text: str
    alone: bool  # nothing else stands on its line


class Commented(NamedTuple):
    """A file's comments, and its lines."""

    comments: tuple[Comment, ...]
    lines: tuple[str, ...]
    first: int  # the line of the first value; one past the last line where there is none


def comments(data: bytes, file: str, word: re.Pattern[str]) -> Commented:
    """Find the comments that begin with `word`; of a file that cannot be read, those before the break."""
    try:
        text = decode(data, file)
    except UnreadableError:
        return Commented((), (), 1)
    lines = tuple(_BREAK.split(text))
    starts = [0, *(found.end() for found in _BREAK.finditer(text))]
    places, first = _jsonnet(text) if file.endswith((".jsonnet", ".libsonnet")) else _yaml(text)
    out = []
    line = 0
    for place in places:
        while line + 1 < len(starts) and starts[line + 1] <= place:
            line += 1
        before, said = lines[line][: place - starts[line]], lines[line][place - starts[line] :].lstrip("#/").strip()
        if word.match(said):
            out.append(Comment(line + 1, len(before) + 1, said, not before.strip()))
    begun = bisect_right(starts, first) if first < len(text) else len(starts) + 1
    return Commented(tuple(out), lines, begun)


def _jsonnet(text: str) -> tuple[list[int], int]:
    found = list(_JSONNET.finditer(text))
    places = [each.start() for each in found if each["comment"] is not None]
    rest = _JSONNET.sub(lambda each: " " * len(each[0]) if each[0][0] in "/#" else each[0], text)
    return places, len(rest) - len(rest.lstrip())


def _yaml(text: str) -> tuple[list[int], int]:
    """Take each `#` that no quoted text, no block scalar and no other comment holds."""
    held, first, end = _scalars(text)
    ends = [stop for _, stop in held]
    places, at = [], 0
    while (found := _MARK.search(text, at, end)) is not None:
        place = found.start()
        inside = bisect_right(ends, place)
        if inside < len(held) and held[inside][0] <= place:
            at = ends[inside]
        else:
            places.append(place)
            at = _line_end(text, place)
    return places, first


def _line_end(text: str, at: int) -> int:
    found = _BREAK.search(text, at)
    return len(text) if found is None else found.start()


def _scalars(text: str) -> tuple[list[tuple[int, int]], int, int]:
    """Find where quoted texts and block scalars are, where the first value begins, and where YAML ends to be."""
    held: list[tuple[int, int]] = []
    first = end = len(text)
    try:
        source = PARSER(text)
        while (token := source.get_token()) is not None:
            if type(token) in (ScalarToken, BlockEntryToken) or token.id in "[{":
                first = min(first, token.start_mark.index)
            if type(token) is ScalarToken and not token.plain:
                start = token.start_mark.index
                if token.style in "|>":  # a comment may stand behind the sign, on its line
                    start = _line_end(text, start)
                held.append((start, token.end_mark.index))
    except (YAMLError, ValueError) as bad:
        mark: Any = getattr(bad, "problem_mark", None)
        end = 0 if mark is None else mark.index
    return held, first, end
