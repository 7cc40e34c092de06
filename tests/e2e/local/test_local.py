"""The whole loop on this machine with the bundled trial: what kgen says was measured is what the trials printed.

The iris Experiment of this repository's own workspace, as processes and (where podman and the image are here) in
containers; each collector that reads files; and a run that is cut off, goes on, and comes to the same.
"""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).parents[3]
IMAGE = os.environ.get("KGEN_TRIAL_IMAGE", "localhost/kgen-iris:test")
TRAIN = ("--workdir", str(ROOT / "trial"), "--python", sys.executable)
pytestmark = pytest.mark.skipif(os.name != "posix" or shutil.which("sh") is None, reason="trials need `sh`")


class Ran(NamedTuple):
    code: int
    out: str
    err: str
    folder: Path

    @property
    def result(self) -> dict[str, Any]:
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found

    @property
    def trials(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "trials.jsonl").read_text("utf-8").splitlines()]


def environ(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT / "generator"), **more}


def words(command: str, target: str, root: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "kgen", command, target, "--root", str(root), *options]


def attempt(target: str, root: Path, folder: Path, *options: str, **more: str) -> Ran:
    """Run `kgen try` in a process of its own, and keep the run in a folder."""
    where = () if "--resume" in options else ("--output", str(folder))
    argv = words("try", target, root, *where, "--format", "json", *options)
    done = subprocess.run(argv, capture_output=True, text=True, env=environ(**more), check=False)
    return Ran(done.returncode, done.stdout, done.stderr, folder)


def printed(folder: Path, trial: dict[str, Any], name: str, file: str) -> list[str]:
    """Read what a trial printed of a metric, by nothing of kgen's."""
    text = (folder / trial["folder"] / file).read_text("utf-8")
    return [one or other for one, other in re.findall(rf"^{name}=(\S+)$|\"{name}\": \"([^\"]+)\"", text, re.M)]


def assert_measured(ran: Ran, file: str, *, near: bool = False) -> None:
    """Hold every trial, and the best one, against what was printed."""
    best: tuple[float, str] | None = None
    for trial in ran.trials:
        values = [float(value) for value in printed(ran.folder, trial, "accuracy", file)]
        assert len(values) == 5, "an epoch a value"
        metric = trial["metrics"][0]
        assert (metric["name"], metric["seen"], trial["state"]) == ("accuracy", 5, "Succeeded")
        found = [float(metric[key]) for key in ("minimum", "maximum", "latest")]
        wanted = [min(values), max(values), values[-1]]
        assert all(math.isclose(a, b, rel_tol=1e-5 if near else 0) for a, b in zip(found, wanted, strict=True))
        assert math.isclose(trial["value"], max(values), rel_tol=1e-5 if near else 0)
        if best is None or max(values) > best[0] + (1e-6 if near else 0):
            best = (max(values), trial["name"])
    assert best is not None
    shown = ran.result["best"]
    assert shown["name"] == best[1]
    assert math.isclose(float(shown["objective"]["value"]), best[0], rel_tol=1e-5 if near else 0)


def test_iris_of_this_workspace_runs_as_processes(tmp_path: Path) -> None:
    beyond = ("--set", "objective.goal=2")  # some of the twelve reach the Experiment's own goal, and end it
    options = ("--trials", "12", "--parallel", "3", "--seed", "7", *beyond, *TRAIN)
    ran = attempt("env/dev/iris", ROOT, tmp_path / "run", *options)
    assert ran.code == 0, ran.err
    assert ran.result["reason"] == "ExperimentMaxTrialsReached"
    assert ran.result["trials"] == {"Succeeded": 12}
    assert_measured(ran, "metrics/metrics.log")
    sampled = subprocess.run(
        words("sample", "env/dev/iris", ROOT, "-n", "12", "--seed", "7", "--format", "json"),
        capture_output=True,
        text=True,
        env=environ(),
        check=True,
    )
    assert json.loads(sampled.stdout)["points"] == [trial["assignment"] for trial in ran.trials]


def test_iris_of_this_workspace_runs_in_containers(tmp_path: Path) -> None:
    settings = podman(tmp_path)
    options = ("--runner", "podman", "--image", IMAGE, "--trials", "2", "--parallel", "2", "--seed", "7")
    ran = attempt("env/dev/iris", ROOT, tmp_path / "run", *options, **settings)
    assert ran.code == 0, ran.err
    assert_measured(ran, "metrics/metrics.log")


def podman(folder: Path) -> dict[str, str]:
    """Give the environment in which podman starts the image here, or skip."""
    if shutil.which("podman") is None:
        pytest.skip("podman is not installed")
    if subprocess.run(["podman", "image", "exists", IMAGE], check=False, capture_output=True).returncode != 0:
        pytest.skip(f"podman has no image {IMAGE}: build it with tests/e2e/local/image.sh")
    import resource  # noqa: PLC0415 - not on every system

    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    runtime = '[engine]\nruntime = "runc"\n' if shutil.which("runc") else ""
    # A machine that is a container itself may have less than podman's own default asks for.
    (folder / "containers.conf").write_text(
        f'[containers]\ndefault_ulimits = ["nofile={files}:{files}", "nproc=4096:4096"]\n{runtime}', "utf-8"
    )
    said = ""
    for settings in ({}, {"CONTAINERS_CONF": str(folder / "containers.conf")}):
        argv = ["podman", "run", "--rm", "--network=none", IMAGE, "true"]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, env=environ(**settings))
        if done.returncode == 0:
            return settings
        said = done.stderr.strip()
    pytest.skip(f"podman starts no container here: {said}")


COLLECTED = {
    "file-text": ("--log-file=/var/log/katib/acc.log", "{collector: File, path: /var/log/katib/acc.log}"),
    "file-json": (
        "--format=json, --log-file=/var/log/katib/acc.log",
        "{collector: File, path: /var/log/katib/acc.log, format: JSON}",
    ),
    "events": ("--event-dir=/train/events", "{collector: TensorFlowEvent, path: /train/events}"),
}


@pytest.mark.parametrize("kind", COLLECTED)
def test_what_is_collected_is_what_was_printed(tmp_path: Path, kind: str) -> None:
    flag, metrics = COLLECTED[kind]
    workspace(
        tmp_path,
        f"""\
objective: {{maximize: accuracy, goal: 0.999, additional: [loss]}}
algorithm: random
trials: {{max: 2, parallel: 2, maxFailed: 1}}
parameters: {{C: {{double: [0.01, 1]}}}}
metrics: {metrics}
trial:
  image: registry.example.com/iris:1.0
  command: [python3, train.py, --epochs=5, --max-iter=3, {flag}]
""",
    )
    ran = attempt("dev/e", tmp_path, tmp_path / "run", "--seed", "1", *TRAIN)
    assert ran.code == 0, ran.err
    assert_measured(ran, "stdout.log", near=kind == "events")
    assert [trial["metrics"][1]["seen"] for trial in ran.trials] == [5, 5]


def workspace(folder: Path, spec: str) -> None:
    (folder / "environments" / "dev").mkdir(parents=True)
    (folder / "experiments").mkdir()
    (folder / "environments" / "dev" / "environment.yaml").write_text("namespace: team\nexperiments: [e]\n", "utf-8")
    (folder / "experiments" / "e.yaml").write_text(spec, "utf-8")


STEPS = """\
objective: {maximize: acc, goal: 0.99}
algorithm: grid
earlyStopping: {name: medianstop, settings: {min_trials_required: 2, start_step: 2}}
trials: {max: 9, parallel: 1, maxFailed: 3}
parameters: {x: {int: [1, 9]}}
trial:
  image: registry.example.com/t:1.0
  command:
    - sh
    - -c
    - '{ echo acc=0.01; echo acc=0.0${trialParameters.x}; sleep 0.2; echo acc=0.${trialParameters.x}; }'
"""


def test_early_stopping_stops_what_katib_would_stop(tmp_path: Path) -> None:
    workspace(tmp_path, STEPS)
    ran = attempt("dev/e", tmp_path, tmp_path / "run", "--seed", "2")
    assert ran.code == 0, ran.err
    means: list[float] = []
    for trial in ran.trials:
        second = int(trial["assignment"]["x"]) / 100
        worse = len(means) >= 2 and max(0.01, second) < sum(means) / len(means)
        assert trial["state"] == ("EarlyStopped" if worse else "Succeeded"), trial
        if not worse:
            means.append((0.01 + second) / 2)
    assert {trial["state"] for trial in ran.trials} == {"EarlyStopped", "Succeeded"}


SLOW = """\
objective: {maximize: acc, goal: 0.99}
algorithm: random
trials: {max: 6, parallel: 2, maxFailed: 3}
parameters: {x: {int: [1, 900]}}
trial:
  image: registry.example.com/t:1.0
  command: [sh, -c, '{ echo acc=0.${trialParameters.x}; sleep ${WAIT:-0}; }']
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_cut_off_goes_on_to_the_same_end(tmp_path: Path, number: signal.Signals) -> None:
    workspace(tmp_path, SLOW)
    whole = attempt("dev/e", tmp_path, tmp_path / "whole", "--seed", "5")
    folder = tmp_path / "cut"
    options = ("--seed", "5", "--output", str(folder), "--env", "WAIT=600")
    cut = subprocess.Popen(words("try", "dev/e", tmp_path, *options), env=environ(), stderr=subprocess.DEVNULL)
    trials = folder / "trials.jsonl"
    while not (trials.exists() and trials.read_text("utf-8").count("Running") == 2):
        assert cut.poll() is None
        time.sleep(0.02)
    cut.send_signal(number)
    assert cut.wait(60) == (130 if number is signal.SIGINT else -signal.SIGKILL)
    after = attempt("dev/e", tmp_path, folder, "--resume", str(folder))
    assert after.code == 0, after.err
    told = [[(t["name"], t["assignment"], t["value"], t["state"]) for t in ran.trials] for ran in (whole, after)]
    assert told[0] == told[1]
    assert not _left(folder), "what a killed kgen left behind is ended"


def _left(folder: Path) -> list[str]:
    """Name the processes that have the run's folder in their environment; only Linux shows them."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder).encode() in (entry / "environ").read_bytes():
                found.append(entry.name)
        except OSError:
            continue
    return found
