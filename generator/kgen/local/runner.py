"""What it takes to run one trial on this machine, and what every runner can do with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, Protocol

from kgen.katib.collectors import Wanted

STDOUT = "stdout.log"  # in a trial's folder: what its container prints
METRICS = "metrics"  # the volume that Katib adds for its collector
VOLUMES = "volumes"  # one folder a volume of the pod
ROWS = "reported.jsonl"  # values that were asked for while the trial ran; see `follow`


class RunnerError(Exception):
    """A trial cannot be run here; `str` says what is missing, `mend` what to do about it."""

    def __init__(self, message: str, mend: str = "") -> None:
        super().__init__(message)
        self.mend = mend


class Held(StrEnum):
    """What a volume of the pod holds."""

    EMPTY = "an empty folder"
    MEMORY = "memory"
    GIVEN = "a folder of this machine"
    MISSING = "nothing of what it holds in the cluster"


class Mount(NamedTuple):
    """A folder that the training container sees."""

    volume: str  # its name in the pod
    path: str  # in the container
    source: Path  # on this machine; it exists once `job_of` is done
    held: Held = Held.EMPTY
    read_only: bool = False
    size: int | None = None  # bytes, of memory


class Limits(NamedTuple):
    """`resources.limits` of the training container; None and 0 for what is not limited."""

    cpu: float | None = None  # cores
    memory: int | None = None  # bytes
    gpus: int = 0
    gpu: str = ""  # name of the resource, `nvidia.com/gpu`


class Endpoint(NamedTuple):
    """Where a trial shows its metrics while it runs (PrometheusMetric)."""

    port: int
    path: str


class Job(NamedTuple):
    """What the primary container of one trial is to do."""

    name: str  # of the trial
    folder: Path  # the trial's own, absolute
    command: tuple[str, ...]  # as the trial's object has it; () for that of the image
    args: tuple[str, ...]
    wanted: Wanted  # what the collector looks for
    env: Mapping[str, str] = MappingProxyType({})
    image: str = ""
    workdir: str = ""  # in the container; "" for that of the image
    user: str = ""  # `10001` or `10001:10001`; "" for that of the image
    mounts: tuple[Mount, ...] = ()
    limits: Limits = Limits()
    metrics: str = ""  # the file or folder, in the container, that the collector reads; "" for none
    endpoint: Endpoint | None = None
    notes: tuple[str, ...] = ()  # what is otherwise here than in the cluster, a sentence each

    @property
    def log(self) -> Path:
        """The file in which a person finds what the trial printed."""
        return self.metrics_file if self.wanted.kind == "StdOut" else self.folder / STDOUT

    @property
    def metrics_file(self) -> Path:
        """Where the collector's file or folder is on this machine."""
        return self.here(self.metrics) if self.metrics else self.folder / STDOUT

    def here(self, path: str) -> Path:
        """Give the place on this machine of a path in the container; the innermost mount counts."""
        fitting = [each for each in self.mounts if path == each.path or path.startswith(each.path.rstrip("/") + "/")]
        if not fitting:
            return Path(path)
        mount = max(fitting, key=lambda each: len(each.path))
        return mount.source / path[len(mount.path) :].lstrip("/")


class Running(Protocol):
    """A trial that has been started."""

    @property
    def label(self) -> str:
        """The process id, or the container's name: for messages."""
        ...

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port of the trial's endpoint; None where it has none."""
        ...

    def poll(self) -> int | None:
        """Give the exit code (128 + N after signal N), and None while it runs; never waits.

        Once it has given a code, nothing that the trial started runs any more.
        """
        ...

    def stop(self, grace: float = 10.0) -> None:
        """End the trial and all that it started: SIGTERM, and SIGKILL after `grace` seconds. Waits for it."""
        ...


class Runner(Protocol):
    """A way to run trials. One object serves a whole run."""

    def prepare(self, job: Job) -> None:
        """See to it that `job` can be started; asked once, with the first.

        Raises:
            RunnerError: it cannot.
        """
        ...

    def notes(self, job: Job) -> Sequence[str]:
        """Say what differs from the cluster with this runner, a sentence each; for the head of the run."""
        ...

    def start(self, job: Job) -> Running:
        """Start a trial; does not wait.

        Raises:
            RunnerError: it does not start.
        """
        ...
