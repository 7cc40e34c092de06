"""What a run's folder holds of a trial that has ended: the end of its log, and the histories of its metrics."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from kgen.katib import collectors, logs
from kgen.katib.collectors import Wanted
from kgen.katib.logs import EndedError, Row
from kgen.katib.v1beta1 import FILE_PATH
from kgen.local.events import Events, rows
from kgen.local.lines import numbered
from kgen.local.runner import METRICS, STDOUT
from kgen.local.trial import MOST_HISTORY

MOST_READ = 8 << 20  # bytes; of a larger log no history is read, as every line of it would have to be


def printed(folder: Path, wanted: Wanted) -> Path:
    """Give the file that a trial printed to: with the collector StdOut its output is redirected to the metrics."""
    redirected = folder / METRICS / PurePosixPath(FILE_PATH).name
    return redirected if wanted.kind == "StdOut" and redirected.is_file() else folder / STDOUT


def tail(path: Path, most_lines: int, most_bytes: int) -> tuple[tuple[str, ...], int]:
    """Read the last lines of a log, and count those before them; ((), 0) where there is none.

    What is no UTF-8 is replaced. The first line is cut where it is longer than `most_bytes`.
    """
    kept: deque[bytes] = deque(maxlen=most_lines)
    count = 0
    try:
        with path.open("rb") as log:
            for count, line in numbered(log):  # noqa: B007 - it is how many there were
                kept.append(line[-most_bytes:])
    except OSError:
        return (), 0
    size = 0
    out: list[str] = []
    for line in reversed(kept):
        size += len(line)
        if size > most_bytes and out:
            break
        out.append(line.decode("utf-8", "replace").rstrip("\r\n"))
    return tuple(reversed(out)), count - len(out)


def histories(folder: Path, wanted: Wanted) -> Mapping[str, tuple[str, ...]]:
    """Read all reports of each metric again, as Katib's collector would; empty where it reads no file.

    In the order of their time, as Katib's database gives them, and the first MOST_HISTORY of each.
    """
    found: dict[str, list[Row]] = {}
    try:
        for row in _rows(folder, wanted):
            found.setdefault(row.name, []).append(row)
    except (OSError, EndedError):
        pass  # what was read before it is still what the trial reported
    return {name: _ordered(rows_[:MOST_HISTORY]) for name, rows_ in found.items()}


def _ordered(rows: list[Row]) -> tuple[str, ...]:
    return tuple(row.value for row in sorted(rows, key=lambda row: (row.time, row.line)))


def _rows(folder: Path, wanted: Wanted) -> Iterator[Row]:
    """Yield what the collector reads.

    Raises:
        EndedError: it ends with an error there.
        OSError: the log cannot be read.
    """
    names = collectors.metric_list(wanted.names)
    if wanted.kind == "TensorFlowEvent":
        yield from rows(Events(folder / METRICS, wanted.path).read(), names)
    if wanted.kind not in collectors.LOGS:
        return
    path = printed(folder, wanted) if wanted.kind == "StdOut" else folder / METRICS / PurePosixPath(wanted.path).name
    filters = collectors.filter_list(wanted.filters)
    if path.stat().st_size > MOST_READ or (wanted.format == "TEXT" and logs.cannot_match(filters) is not None):
        return
    with path.open("rb") as log:
        lines = numbered(log)
        read = logs.read_json(lines, names) if wanted.format == "JSON" else logs.read_text(lines, names, filters)
        yield from (each for each in read if isinstance(each, Row))
