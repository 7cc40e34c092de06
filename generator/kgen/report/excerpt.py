"""The line that a diagnostic speaks of, with a caret under its column."""

from __future__ import annotations

import re
from collections.abc import Callable

from kgen.model.diagnostic import Diagnostic
from kgen.model.sources import Sources
from kgen.report.cells import single, width
from kgen.report.masking import masked, of_secret, of_secrets

MOST_CELLS = 120
MOST_CHARACTERS = 2_000  # of a line that is shown in part; of a longer one nobody would see where it is
_BEFORE = 80  # cells left of the caret that a long line keeps
_CUT = "…"
_BREAK = re.compile(r"\r\n|\r|\n")


class Excerpts:
    """The lines of files that have findings; a file is decoded once."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._lines: dict[str, list[str]] = {}
        self._secret: dict[str, frozenset[int]] = {}

    def of(self, diagnostic: Diagnostic, paint: Callable[[str], str] = str) -> str:
        """Give two lines to print; "" where there is no such line, or a secret may be near."""
        file, line, column = diagnostic.span
        if (line, column) == (1, 1) and file.endswith(".jsonnet"):
            return ""  # what Jsonnet makes has no place in its file
        if of_secret(diagnostic.code, diagnostic.object[0] if diagnostic.object else ""):
            return ""
        lines = self._of_file(file)
        if not 0 < line <= len(lines) or line - 1 in self._secret[file] or len(lines[line - 1]) == MOST_CHARACTERS:
            return ""
        shown, before = window(masked(lines, line - 1), column)
        number = f"{line:>4}"
        return (
            f"{number} | {shown.rstrip()}\n{' ' * len(number)} | {' ' * before}{paint('^')}\n" if shown.strip() else ""
        )

    def _of_file(self, file: str) -> list[str]:
        if file not in self._lines:
            data = self._sources.get(file, b"")
            text = data.decode("utf-8", "replace") if isinstance(data, bytes) else ""
            text = text.removeprefix("\ufeff")
            lines = (_BREAK.split(text) if "\r" in text else text.split("\n")) if text else []
            self._secret[file] = of_secrets(lines) if "Secret" in text else frozenset()
            self._lines[file] = [line[:MOST_CHARACTERS] for line in lines]
        return self._lines[file]


def window(line: str, column: int) -> tuple[str, int]:
    """Give what is shown of a line around a column that counts from 1, and the cells before the caret."""
    at = min(column - 1, len(line))
    left, right = single(line[:at]), single(line[at:]).rstrip()
    if width(left) + width(right) <= MOST_CELLS:
        return left + right, width(left)
    if width(left) > _BEFORE:
        room = max(_BEFORE, MOST_CELLS - width(right))
        left = _CUT + _fit(left[::-1], room - 1)[::-1]
    if width(left) + width(right) > MOST_CELLS:
        right = _fit(right, MOST_CELLS - width(left) - 1) + _CUT
    return left + right, width(left)


def _fit(text: str, cells: int) -> str:
    """Give as much of the beginning of a text as fits into so many cells."""
    taken = 0
    for end, character in enumerate(text):
        taken += width(character)
        if taken > cells:
            return text[:end]
    return text
