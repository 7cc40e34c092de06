"""Verdicts of Katib's own code that were kept, for machines without Go."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import yaml
from judged import Verdict
from mutants import Mutant, mutants

HERE = Path(__file__).parent
MANIFESTS = HERE / "manifests"
KEPT = HERE / "recorded"
WEBHOOK, DRIFT = KEPT / "webhook-0.19.jsonl.gz", KEPT / "drift.json"
SAMPLE = 4  # of the mutants that are not of a manifest as a whole, one in four is kept


class Row(NamedTuple):
    """A mutant and what Katib said of it."""

    mutant: Mutant
    verdict: Verdict


def every(folder: Path = MANIFESTS) -> Iterator[Mutant]:
    """Yield every mutant of every Experiment in a folder, in the same order each time."""
    for file in sorted(folder.rglob("*.yaml")):
        for document in yaml.safe_load_all(file.read_text("utf-8")):
            if document["kind"] == "Experiment":
                yield from mutants(str(file.relative_to(folder))[: -len(file.suffix)], document)


def is_kept(mutant: Mutant) -> bool:
    """Whether a mutant's verdict is kept: by its name alone, so that a new mutant moves no other."""
    return mutant.id.count(": ") < 2 or crc32(mutant.id.encode()) % SAMPLE == 1


def keep(rows: Iterable[tuple[Mutant, Verdict]]) -> None:
    """Write the sample: the same bytes for the same verdicts."""
    lines = [[m.id, v.refused, list(v.reasons), v.admitted] for m, v in rows if is_kept(m)]
    text = "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)
    KEPT.mkdir(exist_ok=True)
    WEBHOOK.write_bytes(gzip.compress(text.encode(), mtime=0))


def rows() -> list[Row]:
    """Read what was kept, beside the mutants of today.

    Raises:
        LookupError: a mutant has no verdict, or a verdict no mutant.
    """
    said: dict[str, Any] = {}
    for line in gzip.decompress(WEBHOOK.read_bytes()).decode().splitlines():
        name, refused, reasons, admitted = json.loads(line)
        said[name] = Verdict(refused, tuple(reasons), admitted)
    out = [Row(mutant, said.pop(mutant.id)) for mutant in every() if is_kept(mutant)]
    if said:
        raise LookupError(f"{len(said)} verdicts have no mutant, such as {next(iter(said))}")
    return out
