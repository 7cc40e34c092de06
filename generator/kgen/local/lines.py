"""Lines of a log that may be long, broken or still growing, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO

from kgen.katib.logs import MOST_LINE

_MOST_AT_ONCE = 8 << 20  # bytes of a growing log that one look takes


def numbered(stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield lines with their numbers, from 1; of one above MOST_LINE no more than says that it is."""
    number = 0
    while chunk := stream.readline(MOST_LINE + 2):
        number += 1
        rest = chunk
        while not rest.endswith(b"\n") and (rest := stream.readline(MOST_LINE)):
            pass
        yield number, chunk.removesuffix(b"\n")


class Growing:
    """A log that grows: each whole line is given once."""

    def __init__(self, path: Path) -> None:
        self._path, self._offset, self._number = path, 0, 0
        self._rest = b""
        self._skips = False  # in a line that is too long

    def read(self) -> list[tuple[int, bytes]]:
        """Give the lines that have been ended since the last call; none while the file is not there."""
        try:
            with self._path.open("rb") as stream:
                stream.seek(self._offset)
                data = stream.read(_MOST_AT_ONCE)
        except OSError:
            return []
        self._offset += len(data)
        *whole, rest = (self._rest + data).split(b"\n")
        out = []
        for line in whole:
            self._number += 1
            if not self._skips:
                out.append((self._number, line))
            self._skips = False
        self._rest = rest
        if len(rest) > MOST_LINE:
            self._rest, self._skips = b"", True
        return out
