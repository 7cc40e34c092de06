"""An Experiment of little scripts, and what it takes to run a trial of it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kgen.local.collect import Collected, collect
from kgen.local.job import Given, job_of
from kgen.local.process import Process
from kgen.local.runner import Job, Runner, Running

NAME = "try-bcdf2345"
PATIENCE = 60.0  # seconds; a trial of these tests takes one


def spec(
    command: Sequence[str] | None = ("true",),
    args: Sequence[str] | None = None,
    *,
    collector: str = "StdOut",
    source: dict[str, Any] | None = None,
    objective: dict[str, Any] | None = None,
    container: dict[str, Any] | None = None,
    pod: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Write the `spec` of an Experiment whose trial is a Job."""
    held: dict[str, Any] = {"name": "main", "image": "trial:1.0", **(container or {})}
    if command is not None:
        held["command"] = list(command)
    if args is not None:
        held["args"] = list(args)
    metrics: dict[str, Any] = {"collector": {"kind": collector}}
    if source is not None:
        metrics["source"] = source
    trial = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "spec": {"template": {"spec": {"restartPolicy": "Never", **(pod or {}), "containers": [held]}}},
    }
    return {
        "objective": {"type": "maximize", "objectiveMetricName": "accuracy", **(objective or {})},
        "metricsCollectorSpec": metrics,
        "trialTemplate": {"primaryContainerName": "main", "trialSpec": trial},
    }


def made(manifest: dict[str, Any], folder: Path, given: Given = Given()) -> Job:  # noqa: B008
    """Make the job of a trial."""
    trial = {**manifest["trialTemplate"]["trialSpec"], "metadata": {"name": NAME, "namespace": "team"}}
    folder.mkdir(parents=True, exist_ok=True)
    return job_of(manifest, trial, folder, given)


def process(folder: Path, **options: Any) -> Process:
    """Give a runner of processes that start in a folder."""
    options.setdefault("environ", {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ})
    return Process(folder, python=Path(sys.executable), **options)


def waited(running: Running) -> int:
    """Wait for the end of a trial."""
    until = time.monotonic() + PATIENCE
    while (code := running.poll()) is None:
        if time.monotonic() > until:
            running.stop(0)
            raise AssertionError("the trial has not ended")
        time.sleep(0.01)
    return code


def ran(manifest: dict[str, Any], folder: Path, runner: Runner | None = None) -> tuple[Job, Collected]:
    """Run a trial to its end, and collect."""
    job = made(manifest, folder / "run")
    runner = runner or process(folder)
    code = waited(runner.start(job))
    return job, collect(job, code)
