"""PrometheusMetric: a trial's endpoint asked while it runs. Katib has the kind, and brings no collector for it.

The text format is that of prometheus.io/docs/instrumenting/exposition_formats. Of a metric with labels every series
counts, as a further value of the same name.
"""

from __future__ import annotations

import http.client
import json
import re
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from kgen.katib.gotime import instant, unix_text
from kgen.katib.logs import Row
from kgen.local.runner import ROWS, Job

EVERY = 1.0  # seconds between two looks
_PATIENCE = 1.0  # seconds for an answer
_MOST_ANSWER = 4 << 20  # bytes
_SAMPLE = re.compile(r"([A-Za-z_:][A-Za-z0-9_:]*)\s*(\{.*\})?\s+(\S+)(?:\s+-?\d+)?\s*$")


def samples(text: str) -> Iterator[tuple[str, str]]:
    """Yield names and values of an answer; what is no sample is passed over."""
    for line in text.splitlines():
        found = None if line.startswith("#") else _SAMPLE.match(line.strip())
        if found is not None:
            yield found[1], found[3]


class Scraper:
    """Asks the endpoint of one trial, and keeps each value that has changed."""

    def __init__(self, job: Job, address: Callable[[], tuple[str, int] | None], metrics: tuple[str, ...]) -> None:
        self._job, self._address, self._metrics = job, address, metrics
        self._next = 0.0
        self._before: list[tuple[str, str]] = []
        self._count = 0

    def read(self) -> tuple[Row, ...]:
        """Ask, at most once in EVERY seconds; give the values if any has changed, and note them in the folder."""
        now = time.monotonic()
        if now < self._next:
            return ()
        self._next = now + EVERY
        text = self._answer()
        if text is None:
            return ()
        found = [(name, value) for name, value in samples(text) if name in self._metrics]
        if found == self._before:
            _note(self._job, [], text)
            return ()
        self._before = found
        stamp = unix_text(round(time.time(), 6)) or ""
        rows = []
        for name, value in found:
            self._count += 1
            rows.append(Row(self._count, stamp, name, value, instant(stamp) or 0))
        _note(self._job, rows, text)
        return tuple(rows)

    def _answer(self) -> str | None:
        assert self._job.endpoint is not None
        address = self._address()
        if address is None:
            return None
        url = f"http://{address[0]}:{address[1]}{self._job.endpoint.path}"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # this machine is asked, and nobody else
        try:
            with opener.open(url, timeout=_PATIENCE) as answer:
                return str(answer.read(_MOST_ANSWER).decode("utf-8", "replace"))
        except (OSError, http.client.HTTPException, ValueError):
            return None  # it does not listen yet, or no more


def _note(job: Job, rows: list[Row], text: str) -> None:
    """Keep values, and the names of the last answer."""
    names = list(dict.fromkeys(name for name, _ in samples(text)))
    with (job.folder / ROWS).open("a", encoding="utf-8") as stream:
        for row in rows:
            stream.write(json.dumps(row._asdict()) + "\n")
    (job.folder / ROWS).with_suffix(".names").write_text("\n".join(names), encoding="utf-8")


def reported(folder: Path) -> Iterator[Row]:
    """Yield the values that were kept of a trial."""
    path = folder / ROWS
    if path.is_file():
        with path.open(encoding="utf-8") as stream:
            yield from (Row(**json.loads(line)) for line in stream)


def seen_names(folder: Path) -> tuple[str, ...] | None:
    """Give the names of all metrics in the last answer; None where there never was one."""
    path = (folder / ROWS).with_suffix(".names")
    return tuple(path.read_text("utf-8").split()) if path.is_file() else None
