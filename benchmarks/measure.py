"""What a child process costs, and what many such runs say together."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

# Where this is set, Python compiles every changed module at every start; who installs kgen pays for it once.
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


class Cost(NamedTuple):
    """What one run cost, in seconds; `cpu` is user and system of the child and of its children."""

    cpu: float
    wall: float


class Spread(NamedTuple):
    """Many runs in three figures."""

    median: float
    least: float
    most: float


class FailedError(Exception):
    """A command that is measured did not succeed; what it said is the message."""


def run(command: Sequence[str], stdout: Path) -> Cost:
    """Run a command to its end, its output in a file as `kubectl kustomize . > FILE` has it.

    Raises:
        FailedError: it did not exit with 0.
    """
    stderr = stdout.with_suffix(".stderr")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    into = [(os.POSIX_SPAWN_OPEN, number, str(path), flags, 0o644) for number, path in ((1, stdout), (2, stderr))]
    start = time.perf_counter()
    child = os.posix_spawn(command[0], list(command), _ENVIRONMENT, file_actions=into)
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status) != 0:
        said = stderr.read_text(encoding="utf-8", errors="replace").strip()[-2000:]
        raise FailedError(f"{' '.join(command)}: exit code {os.waitstatus_to_exitcode(status)}\n{said}")
    return Cost(usage.ru_utime + usage.ru_stime, wall)


def spread(figures: Sequence[float]) -> Spread:
    """Summarise; the median, as the mean follows the one run that a neighbour disturbed."""
    return Spread(median(figures), min(figures), max(figures))


def ratios(over: Sequence[float], under: Sequence[float]) -> list[float]:
    """Divide round by round: the two runs of one round met the same neighbours."""
    return [a / b for a, b in zip(over, under, strict=False) if b]


def builder() -> tuple[str, ...] | None:
    """Find the command that builds a kustomization."""
    for name, verb in (("kubectl", "kustomize"), ("kustomize", "build")):
        path = shutil.which(name)
        if path is not None:
            return path, verb
    return None
