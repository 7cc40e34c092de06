"""What the metrics collectors accept, where they read, and what they are asked for.

Read from pkg/webhook/v1beta1 (experiment/validator, pod), pkg/metricscollector/v1beta1 and katib-config at
v0.19.0; expressions are Go's RE2, see `filters`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from kgen.katib.v1beta1 import COLLECTOR, FILE_PATH, STRATEGY_OF_TYPE, knows_distribution
from kgen.model.values import listed, mapping, text

STOCK = ("StdOut", "File", "TensorFlowEvent")  # those that katib-config brings an image for
WRAPPING = frozenset(STOCK)  # collectors for which Katib rewrites the training container's command
LOGS = ("StdOut", "File")  # those that read a text
STRATEGIES = ("min", "max", "latest")
MOST_NAME = 255  # characters of a metric's name: the database's column

TWO_GROUPS = re.compile(r".*\(.*\).*\(.*\).*")  # the webhook's test of a filter; it reads the text, not the groups
DEFAULT_NAME = re.compile(r"[A-Za-z0-9_|-]+")  # names that the default filter can find
NUMBER = r"([+-]?\d*(\.\d+)?([Ee][+-]?\d+)?)"
DEFAULT_FILTER = rf"([\w|-]+)\s*=\s*{NUMBER}"  # common/const.go; another one until 0.12


_LOG_FOLDER = FILE_PATH.rpartition("/")[0]


@lru_cache(maxsize=16)
def kinds(katib: str) -> tuple[str, ...]:
    """Give the collector kinds that a stock installation of a release admits."""
    return (*STOCK, "Custom", "Push" if knows_distribution(katib) else "None")


def metric_list(names: Iterable[str]) -> tuple[str, ...]:
    """Give the names that a collector gets: it is handed one text, split at each `;`."""
    joined = ";".join(names)
    return tuple(joined.split(";")) if joined else ()


def filter_list(written: Iterable[str]) -> tuple[str, ...]:
    """Give the filters that a collector uses: split at each `;`, and the default one where none is given."""
    joined = ";".join(written)
    return tuple(joined.split(";")) if joined else (DEFAULT_FILTER,)


class Wanted(NamedTuple):
    """What an Experiment wants from the log of a trial, with what the defaulter adds; "" for what is not given."""

    kind: str
    format: str
    path: str
    objective: str
    type: str
    goal: float | None
    additional: tuple[str, ...]
    strategies: Mapping[str, str]
    filters: tuple[str, ...]  # as they are written
    early_stopping: bool

    @property
    def names(self) -> tuple[str, ...]:
        """The objective's metric, then the others."""
        return (self.objective, *self.additional)


def wanted(spec: Mapping[str, Any]) -> Wanted:
    """Read the `spec` of an Experiment; what is of a wrong type counts as absent."""
    objective = mapping(spec.get("objective"))
    collector = mapping(spec.get("metricsCollectorSpec"))
    source = mapping(collector.get("source"))
    place = mapping(source.get("fileSystemPath"))
    name, kind = text(objective.get("objectiveMetricName")), text(objective.get("type"))
    additional = tuple(_texts(objective.get("additionalMetricNames")))
    strategies: dict[str, str] = {}
    for entry in listed(objective.get("metricStrategies")):
        if isinstance(entry, dict):
            strategies.setdefault(text(entry.get("name")), text(entry.get("value")))
    for each in (name, *additional):
        strategies.setdefault(each, STRATEGY_OF_TYPE.get(kind, "latest"))
    goal = objective.get("goal")
    chosen = text(mapping(collector.get("collector")).get("kind")) or COLLECTOR
    given = chosen == "File"
    return Wanted(
        chosen,
        text(place.get("format")) or "TEXT" if given else "TEXT" if chosen == "StdOut" else "",
        text(place.get("path")) or (FILE_PATH if given else ""),
        name,
        kind,
        float(goal) if isinstance(goal, (int, float)) and not isinstance(goal, bool) else None,
        additional,
        strategies,
        tuple(_texts(mapping(source.get("filter")).get("metricsFormat"))),
        bool(mapping(spec.get("earlyStopping"))),
    )


def mounted_at(kind: str, path: str, own: str = "") -> str:
    """Give the folder over which Katib mounts an empty volume for a collector's files; "" for none.

    `own` is fileSystemPath.kind, which Custom alone may choose.
    """
    if kind == "StdOut":
        return _LOG_FOLDER
    if not path.startswith("/"):
        return ""
    if kind == "File" or (kind == "Custom" and own == "File"):
        return folder_of(path)
    return path if kind == "TensorFlowEvent" or (kind == "Custom" and own == "Directory") else ""


def folder_of(path: str) -> str:
    """Give the folder of an absolute path, tidied as Go's filepath.Dir does."""
    return tidy(path.rpartition("/")[0])


@lru_cache(maxsize=1024)
def tidy(path: str) -> str:
    """Write an absolute path without `.`, `..` and what is there twice."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


def _texts(value: object) -> list[str]:
    return [item for item in listed(value) if isinstance(item, str)]
