"""The folder of a run: what was asked for, each trial a line, and a folder a trial. See docs/try.md for the files."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from kgen.katib.observation import Metric
from kgen.local.ending import Outcome, Reason
from kgen.local.trial import State, Trial

RUNS = "runs"  # in the folder that a workspace keeps for kgen
RUN, TRIALS, FOLDERS, LOCK = "run.json", "trials.jsonl", "trials", "lock"
FORM = 1  # of the files; a reader refuses a later one


class StoreError(Exception):
    """The folder of a run cannot be used; the text says why, `mend` what to do."""

    def __init__(self, message: str, mend: str = "") -> None:
        super().__init__(message)
        self.mend = mend


class Run(NamedTuple):
    """What is known of a run beside its trials: `run.json`."""

    experiment: Mapping[str, Any]  # the manifest, as the API server would hold it
    seed: int
    started: float  # seconds since the epoch
    version: str = ""  # of kgen
    runner: str = ""
    options: Mapping[str, Any] = MappingProxyType({})  # what else was asked for on the command line
    outcome: Outcome | None = None  # None while it runs, and of a run that was cut short
    ended: float = 0.0

    @property
    def name(self) -> str:
        """The Experiment's name in the cluster."""
        return str(self.experiment["metadata"]["name"])


class Store:
    """The folder of one run; nobody else writes to it while it is held."""

    def __init__(self, folder: Path, *, made: bool = False) -> None:
        self.folder, self._made = folder.absolute(), made
        self._lines: dict[int, tuple[Trial, str]] = {}
        self._lock: Any = None

    def hold(self) -> None:
        """Keep others out until `release`, or until this process ends.

        Raises:
            StoreError: somebody has it already.
        """
        try:
            import fcntl  # noqa: PLC0415 - not on every system
        except ImportError:
            return
        self._lock = (self.folder / LOCK).open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            self.release()
            raise StoreError(f"{self.folder} is in use: this run still goes on", "wait for it, or stop it") from problem

    def release(self) -> None:
        """Let others in."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    @property
    def has_trials(self) -> bool:
        """Whether a trial was ever started."""
        return (self.folder / TRIALS).exists()

    def of_trial(self, name: str) -> Path:
        """Make the folder of a trial that starts, empty."""
        folder = self.folder / FOLDERS / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def save_run(self, run: Run) -> None:
        """Write `run.json`, whole or not at all."""
        record = {"form": FORM, **run._asdict(), "options": dict(run.options)}
        record["outcome"] = None if run.outcome is None else run.outcome._asdict()
        _replace(self.folder / RUN, json.dumps(record, ensure_ascii=False, indent=2) + "\n")

    def save(self, trials: Iterable[Trial]) -> None:
        """Write `trials.jsonl`, whole or not at all."""
        out = []
        for trial in trials:
            held = self._lines.get(trial.number)
            line = held[1] if held is not None and held[0] is trial else line_of(trial)
            self._lines[trial.number] = (trial, line)
            out.append(line)
        _replace(self.folder / TRIALS, "".join(out))

    def discard(self) -> None:
        """Take a run away that never started a trial; a folder that was there before stays, empty."""
        shutil.rmtree(self.folder, ignore_errors=True)
        if not self._made:
            self.folder.mkdir()


def create(home: Path, experiment: str, output: Path | None = None) -> Store:
    """Make the folder of a new run: `home`/runs/EXPERIMENT-N, or `output`.

    Raises:
        StoreError: `output` holds something.
    """
    if output is not None:
        if output.exists() and (not output.is_dir() or any(output.iterdir())):
            raise StoreError(f"{output} is not empty", "name a folder that is new, or go on with that run by --resume")
        made = not output.exists()
        output.mkdir(parents=True, exist_ok=True)
        return Store(output, made=made)
    runs = home / RUNS
    runs.mkdir(parents=True, exist_ok=True)
    ignore = home / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", "utf-8")
    number = max((found for _, found in _runs(runs, experiment)), default=0) + 1
    while True:
        try:
            (runs / f"{experiment}-{number}").mkdir()
        except FileExistsError:
            number += 1
            continue
        return Store(runs / f"{experiment}-{number}", made=True)


def find(home: Path, experiment: str, given: str = "") -> Path:
    """Find the folder of a run: by its path, its name or its number; the latest of an Experiment if nothing is given.

    Raises:
        StoreError: there is none.
    """
    runs = home / RUNS
    if given:
        for folder in (Path(given), runs / given, runs / f"{experiment}-{given}"):
            if (folder / RUN).is_file():
                return folder
    begun = (each for each in _runs(runs, experiment) if (each[0] / RUN).is_file())  # not one killed before that
    found = sorted(begun, key=lambda each: each[1])
    if given:
        names = ", ".join(path.name for path, _ in found) or "none"
        raise StoreError(f"there is no run {given!r}", f"runs of {experiment} here: {names}")
    if not found:
        raise StoreError(f"there is no run of {experiment} in {runs}", "start one without --resume")
    return found[-1][0]


def _runs(runs: Path, experiment: str) -> Iterable[tuple[Path, int]]:
    """Give the runs of an Experiment, with their numbers."""
    form = re.compile(rf"{re.escape(experiment)}-([0-9]{{1,9}})")
    for folder in runs.iterdir() if runs.is_dir() else ():
        match = form.fullmatch(folder.name)
        if match is not None:
            yield folder, int(match[1])


def read_run(folder: Path) -> Run:
    """Read `run.json`.

    Raises:
        StoreError: there is none that this version of kgen can read.
    """
    record = _loaded(folder / RUN)
    if record.get("form") != FORM:
        raise StoreError(f"{folder / RUN} has form {record.get('form')!r}, and this kgen knows {FORM}", "upgrade kgen")
    try:
        outcome = record.get("outcome")
        made = None if outcome is None else Outcome(Reason(outcome["reason"]), str(outcome["message"]))
        run = Run(**{field: record[field] for field in Run._fields})._replace(outcome=made)
        assert run.name
    except (KeyError, TypeError, ValueError) as problem:
        raise StoreError(f"{folder / RUN} is not what kgen wrote: {problem}") from problem
    return run


def read_trials(folder: Path) -> tuple[Trial, ...]:
    """Read `trials.jsonl`, in the order of suggestion; () where no trial has been started.

    Raises:
        StoreError: a line is not what kgen wrote.
    """
    path = folder / TRIALS
    if not path.exists():
        return ()
    out = []
    for at, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        try:
            out.append(trial_of(json.loads(line)))
        except (KeyError, TypeError, ValueError) as problem:
            raise StoreError(f"{path}:{at} is not what kgen wrote: {problem}", "delete the line") from problem
    return tuple(sorted(out, key=lambda trial: trial.number))


def line_of(trial: Trial) -> str:
    """Write a trial as a line of JSON."""
    record = {**trial._asdict(), "metrics": [metric._asdict() for metric in trial.metrics]}
    if trial.value is not None and not math.isfinite(trial.value):
        record["value"] = None  # JSON has no word for it; the metrics have it as a text
    return json.dumps(record, ensure_ascii=False) + "\n"


def trial_of(record: Mapping[str, Any]) -> Trial:
    """Read a trial from its record; fields that a later kgen adds are passed over.

    Raises:
        KeyError: a field is missing.
        TypeError: a field is of the wrong type.
        ValueError: a state is none that is known.
    """
    known = {field: record[field] for field in Trial._fields if field in record}
    return Trial(**known)._replace(
        state=State(record["state"]),
        assignment=dict(record["assignment"]),
        metrics=tuple(Metric(**each) for each in record.get("metrics", ())),
        history=tuple(record.get("history", ())),
        explanation=tuple(record.get("explanation", ())),
    )


def _loaded(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as problem:
        raise StoreError(f"{path} cannot be read: {problem}", "start a new run without --resume") from problem
    if not isinstance(record, dict):
        raise StoreError(f"{path} holds no mapping")
    return record


def _replace(path: Path, body: str) -> None:
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(body.encode("utf-8", "replace"))
    os.replace(beside, path)  # noqa: PTH105 - the two names stand side by side
