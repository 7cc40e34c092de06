"""A folder of TensorBoard's event files as Katib's collector reads it.

Read from pkg/metricscollector/v1beta1/tfevent-metricscollector/tfevent_loader.py at v0.19.0, and from the parts of
tensorboard that it calls.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from kgen.codec.tfevents import Damaged, Reader, Scalar
from kgen.katib.gotime import instant, unix_text
from kgen.katib.logs import Row

_CHUNK = 1 << 20
_IN_NAME = "tfevents"  # what tensorboard takes for an event file has it in its name


class Found(NamedTuple):
    """A value, and the file that holds it."""

    file: Path
    folder: str  # of the file, as the container sees it
    scalar: Scalar


class _File:
    def __init__(self) -> None:
        self.reader, self.offset, self.problem = Reader(), 0, ""

    def read(self, path: Path) -> Iterator[Scalar]:
        """Read what has come to a file since the last time."""
        if self.problem:
            return
        try:
            with path.open("rb") as stream:
                stream.seek(self.offset)
                while chunk := stream.read(_CHUNK):
                    self.offset += len(chunk)
                    yield from self.reader.feed(chunk)
        except Damaged as problem:
            self.problem = str(problem)
        except OSError as problem:
            self.problem = problem.strerror or "it cannot be read"


class Events:
    """Event files of a folder and of those in it."""

    def __init__(self, here: Path, there: str) -> None:
        """Read `here`, which is the folder `there` of the container."""
        self._here, self._there = here, there.rstrip("/")
        self._files: dict[Path, _File] = {}

    def read(self) -> Iterator[Found]:
        """Yield what has been written since the last call, file by file in the order of their paths."""
        for root, folders, names in os.walk(self._here):
            folders.sort()
            for name in sorted(names):
                if _IN_NAME in name:
                    path = Path(root, name)
                    below = path.parent.relative_to(self._here).as_posix()
                    folder = self._there if below == "." else f"{self._there}/{below}"
                    file = self._files.setdefault(path, _File())
                    yield from (Found(path, folder, scalar) for scalar in file.read(path))

    @property
    def names(self) -> tuple[str, ...]:
        """The files that were read, relative to the folder."""
        return tuple(path.relative_to(self._here).as_posix() for path in self._files)

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be read, and why."""
        named = ((path.relative_to(self._here).as_posix(), file.problem) for path, file in self._files.items())
        return tuple(f"{name}: {problem}" for name, problem in named if problem)


def concerns(tag: str, metric: str, folder: str) -> bool:
    """Whether a tag of a file in `folder` counts for a metric: by the start of the one and the end of the other."""
    above, _, last = metric.rpartition("/")
    return tag.startswith(last) and folder.endswith(above)


def row_of(metric: str, scalar: Scalar, number: int) -> Row | None:
    """Make a row, to the second as the collector has it; None for a time that no clock gives."""
    stamp = unix_text(float(int(scalar.wall_time))) if abs(scalar.wall_time) < 1e11 else None
    time = instant(stamp) if stamp is not None else None
    return None if stamp is None or time is None else Row(number, stamp, metric, scalar.text, time)


def rows(found: Iterator[Found], metrics: tuple[str, ...]) -> Iterator[Row]:
    """Yield the values of metrics in the order in which the collector reports them.

    That is file by file; in a file tensors before simple values, tag by tag. It decides among equal seconds.
    """
    held: list[Found] = []
    for each in found:
        if held and each.file != held[0].file:
            yield from _ordered(held, metrics)
            held = []
        if any(concerns(each.scalar.tag, metric, each.folder) for metric in metrics):
            held.append(each)
    yield from _ordered(held, metrics)


def _ordered(held: list[Found], metrics: tuple[str, ...]) -> Iterator[Row]:
    groups: dict[tuple[bool, str], list[Found]] = {}
    for each in held:
        groups.setdefault((not each.scalar.is_tensor, each.scalar.tag), []).append(each)
    number = 0
    for _, group in sorted(groups.items(), key=lambda item: item[0][0]):
        for metric in metrics:
            for each in group:
                number += 1
                row = row_of(metric, each.scalar, number) if concerns(each.scalar.tag, metric, each.folder) else None
                if row is not None:
                    yield row
