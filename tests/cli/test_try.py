"""kgen try: what is run, what is said where, exit codes, and going on with a run."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from conftest import invoke, write_one
from kgen.cli.interrupts import Interrupts
from kgen.cli.watching import Progress
from kgen.local import store as stores
from kgen.local.ending import Outcome, Reason
from kgen.local.loop import Ended, Reported, Started, Stopping
from kgen.local.store import Run, Store
from kgen.local.trial import State, Trial

SPEC = """\
objective: {{maximize: acc, goal: {goal}}}
algorithm: grid
trials: {{max: 5, parallel: 2, maxFailed: {failed}}}
parameters: {{x: {{int: [1, 5]}}}}
trial:
  image: registry.example.com/t:1.0
  command: [sh, -c, {script}]
"""
SCRIPT = "echo acc=0.${trialParameters.x}"
Try = Callable[..., Result]
Start = Callable[..., subprocess.Popen[str]]


def workspace(folder: Path, script: str = SCRIPT, goal: float = 0.99, failed: int = 3) -> None:
    write_one(folder, SPEC.format(goal=goal, failed=failed, script=json.dumps(script)))


@pytest.fixture
def attempt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Try:
    """Run `kgen try dev/e OPTIONS` in a workspace."""
    workspace(tmp_path)
    monkeypatch.chdir(tmp_path)

    def call(*options: str, target: str = "dev/e") -> Result:
        return invoke("try", target, *options)

    return call


def recorded(name: str = "e-1") -> list[dict[str, Any]]:
    lines = (Path(".kgen/runs") / name / "trials.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_the_result_is_on_stdout_and_all_else_on_stderr(attempt: Try) -> None:
    result = attempt("--seed", "3")
    assert result.return_value == 0
    best = next(trial for trial in recorded() if trial["assignment"]["x"] == "5")
    assert result.stdout == (
        "succeeded (ExperimentMaxTrialsReached): 5 trials ended, and maxTrialCount is 5\n"
        f"trials: 5 Succeeded\nbest: acc=0.5 by {best['name']}\n    x  5\n"
    )
    said = result.stderr.splitlines()
    assert said[0] == "e: grid, 5 trials, 2 at a time, seed 3, runner process"
    assert [re.sub(r" e-\w+| in [\d.]+ s|best .*", "", line)[:20] for line in said if line.startswith("[")] == [
        f"[{n}/5] Succeeded acc="[:20] for n in range(1, 6)
    ]
    assert said[-1] == "the run is in .kgen/runs/e-1; as a page: kgen report .kgen/runs/e-1"


def test_the_result_as_json(attempt: Try) -> None:
    result = attempt("--seed", "3", "--format", "json", "--trials", "2")
    record = json.loads(result.stdout)
    assert record["reason"] == "ExperimentMaxTrialsReached"
    assert record["trials"] == {"Succeeded": 2}
    best = record["best"]
    assert best["objective"] == {"name": "acc", "value": f"0.{best['parameters']['x']}"}
    assert record["run"] == ".kgen/runs/e-1"


def test_a_goal_that_is_reached(attempt: Try, tmp_path: Path) -> None:
    workspace(tmp_path, goal=0.1)
    assert "succeeded (ExperimentGoalReached): the goal 0.1 of acc is reached" in attempt().stdout


def test_failures_fail_it_and_say_why_once(attempt: Try, tmp_path: Path) -> None:
    workspace(tmp_path, script="{ echo no such thing ${trialParameters.x}; exit 3; }")
    result = attempt("--parallel", "1")
    assert result.return_value == 1
    assert result.stdout.startswith("failed (ExperimentFailed): 3 trials failed, and maxFailedTrialCount is 3\n")
    assert "best: none" in result.stdout
    assert result.stderr.count("no such thing") == 1, "the lines of the log are shown once for each reason"


def test_trials_without_a_metric_say_what_was_printed_instead(attempt: Try, tmp_path: Path) -> None:
    workspace(tmp_path, script='echo "acc: 0.${trialParameters.x}"')
    result = attempt("--parallel", "1")
    assert result.return_value == 1
    assert "MetricsUnavailable" in result.stderr
    assert "acc: 0." in result.stderr


def test_what_succeeds_without_any_metric_is_no_success(attempt: Try, tmp_path: Path) -> None:
    workspace(tmp_path, script="echo nothing ${trialParameters.x}", failed=5)
    result = attempt("--trials", "2")
    assert (result.return_value, result.stdout.splitlines()[0][:9]) == (1, "failed (E")


def test_a_best_trial_without_a_value_is_no_success(attempt: Try, tmp_path: Path) -> None:
    workspace(tmp_path, script="echo acc=nan ${trialParameters.x}")
    result = attempt("--trials", "1")
    assert result.return_value == 1
    assert "best: acc=(empty) by e-" in result.stdout


def test_an_error_of_the_experiment_stops_it_before_the_start(attempt: Try, tmp_path: Path) -> None:
    spec = tmp_path / "experiments" / "e.yaml"
    spec.write_text(spec.read_text("utf-8").replace("[1, 5]", "[5, 1]"), "utf-8")
    result = attempt()
    assert result.return_value == 1
    assert "error[KG342]" in result.stderr
    assert not Path(".kgen").exists()


def test_a_manifest_is_run_as_well(attempt: Try, tmp_path: Path) -> None:
    rendered = invoke("render", "dev").stdout
    (tmp_path / "e.yaml").write_text(rendered, "utf-8")
    result = attempt("--trials", "1", target="e.yaml")
    assert result.return_value == 0, result.stderr
    (tmp_path / "bad.yaml").write_text(rendered.replace("maximize", "upwards"), "utf-8")
    result = attempt(target="bad.yaml")
    assert result.return_value == 1
    assert "nothing was run: a cluster would not run it either" in result.stderr


def test_a_run_goes_on_with_the_options_it_had(attempt: Try) -> None:
    attempt("--trials", "2", "--seed", "4")
    first = recorded()
    result = attempt("--resume")
    assert "2 trials, 2 before" in result.stderr.splitlines()[0], "--trials is kept"
    assert recorded() == first
    result = attempt("--resume", "e-1", "--trials", "4")
    assert result.return_value == 0
    assert [trial["name"] for trial in recorded()[:2]] == [trial["name"] for trial in first]
    assert len({trial["assignment"]["x"] for trial in recorded()}) == 4
    assert not Path(".kgen/runs/e-2").exists()


@pytest.mark.parametrize(
    ("bend", "options", "words"),
    [
        pytest.param(("[1, 5]", "[1, 6]"), (), "`spec.parameters[0].feasibleSpace.max` changed", id="another search"),
        pytest.param(("0.99", "0.98"), (), "`spec.objective.goal` changed", id="another goal"),
        pytest.param(("", ""), ("--seed", "5"), "that run has seed 4", id="another seed"),
    ],
)
def test_a_run_of_another_search_does_not_go_on(
    attempt: Try, tmp_path: Path, bend: tuple[str, str], options: tuple[str, ...], words: str
) -> None:
    attempt("--trials", "1", "--seed", "4")
    spec = tmp_path / "experiments" / "e.yaml"
    spec.write_text(spec.read_text("utf-8").replace(*bend), "utf-8")
    before = recorded()
    result = attempt("--resume", *options)
    assert result.return_value == 1
    assert words in result.stderr
    assert recorded() == before


def test_there_is_no_run_to_go_on_with(attempt: Try) -> None:
    result = attempt("--resume")
    assert (result.return_value, "there is no run of e" in result.stderr) == (1, True)


def test_a_folder_of_ones_own(attempt: Try, tmp_path: Path) -> None:
    attempt("--trials", "1", "--output", "mine")
    assert (tmp_path / "mine" / "run.json").is_file()
    assert attempt("--trials", "1", "--output", "mine").return_value == 1
    assert attempt("--resume", "mine", "--trials", "2").return_value == 0
    assert not (tmp_path / ".kgen").exists()


def test_values_of_the_environment_are_not_kept(attempt: Try, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OWN", "canary-a")
    workspace(tmp_path, script="test $OWN$OTHER = canary-acanary-b && echo acc=0.${trialParameters.x}")
    result = attempt("--trials", "1", "--env", "OWN", "--env", "OTHER=canary-b")
    assert result.return_value == 0, result.stderr
    kept = "".join(path.read_text("utf-8", "replace") for path in Path(".kgen").rglob("*") if path.is_file())
    assert "canary-" not in kept.replace("canary-acanary-b", "")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        pytest.param(("--env", "KGEN_NOT_THERE"), "your environment has no KGEN_NOT_THERE", id="a variable of nobody"),
        pytest.param(("--env", "=b"), "--env =b: write NAME=VALUE", id="a variable without a name"),
        pytest.param(("--place", "x"), "--place x: write PATH=DIR", id="a place without a folder"),
        pytest.param(("--volume", "x"), "--volume x: write NAME=DIR", id="a volume without a folder"),
        pytest.param(("--timeout", "soon"), "'soon' is no time: write 90, 90s, 5m or 1.5h", id="no time"),
        pytest.param(("--image", "a:1"), "--image and --pull are for podman and docker", id="an image of a process"),
        pytest.param(("--runner", "podman", "--workdir", "."), "--workdir is for the runner process", id="a folder"),
        pytest.param(("--resume", "e-1", "--output", "x"), "--output is for a new run", id="two folders"),
    ],
)
def test_wrong_usage(attempt: Try, options: tuple[str, ...], words: str) -> None:
    with pytest.raises(Exception, match=re.escape(words)) as wrong:
        attempt(*options)
    assert type(wrong.value).__name__ in ("UsageError", "BadParameter")
    assert not list(Path().glob(".kgen/runs/*"))


def test_a_runner_that_cannot_leaves_no_run_behind(attempt: Try) -> None:
    result = attempt("--workdir", "nowhere")
    assert result.return_value == 1
    assert "is not there\n    help: name another with `--workdir`" in result.stderr
    assert not list(Path(".kgen/runs").iterdir())


def test_an_algorithm_without_counterpart_is_said(attempt: Try, tmp_path: Path) -> None:
    spec = tmp_path / "experiments" / "e.yaml"
    pbt = "{name: pbt, settings: {suggestion_trial_dir: /opt/katib/data, n_population: 40, truncation_threshold: 0.2}}"
    spec.write_text(
        spec.read_text("utf-8").replace("algorithm: grid", f"algorithm: {pbt}\nresume: FromVolume"), "utf-8"
    )
    result = attempt()
    assert result.return_value == 1
    assert "algorithm `pbt` has no counterpart on this machine" in result.stderr


# Signals: a real process, and real signals.


@pytest.fixture
def start() -> Iterator[Start]:
    """Start `kgen try dev/e OPTIONS` in a workspace; it is gone in the end."""
    with ExitStack() as stack:

        def call(folder: Path, *options: str) -> subprocess.Popen[str]:
            ran = stack.enter_context(started(folder, *options))
            stack.callback(ran.kill)
            return ran

        yield call


def started(folder: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "kgen", "try", "dev/e", *options],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "generator")},
    )


def until(is_so: Callable[[], bool], ran: subprocess.Popen[str]) -> None:
    while not is_so():
        assert ran.poll() is None, ran.communicate()[1]
        time.sleep(0.02)


@pytest.mark.skipif(os.name != "posix", reason="signals of this kind are of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_children_and_keeps_the_results(
    tmp_path: Path, start: Start, number: signal.Signals
) -> None:
    workspace(tmp_path, script="{ echo acc=0.${trialParameters.x}; test ${trialParameters.x} = 3 || sleep 600; }")
    ran = start(tmp_path, "--seed", "1", "--parallel", "3")
    trials = tmp_path / ".kgen" / "runs" / "e-1" / "trials.jsonl"
    until(lambda: trials.exists() and trials.read_text("utf-8").count("Running") >= 2, ran)
    children = [json.loads(line)["name"] for line in trials.read_text("utf-8").splitlines()]
    ran.send_signal(number)
    out, err = ran.communicate(timeout=60)
    assert ran.returncode == 130, err
    assert "interrupted" in out
    kept = [json.loads(line) for line in trials.read_text("utf-8").splitlines()]
    assert {trial["state"] for trial in kept} <= {"Killed", "Succeeded"}
    assert not [name for name in children if _runs(name)]
    assert json.loads((trials.parent / "run.json").read_text("utf-8"))["outcome"]["reason"] == "Interrupted"


@pytest.mark.skipif(os.name != "posix", reason="signals of this kind are of POSIX")
def test_a_signal_while_the_folder_is_made_is_heard(attempt: Try, monkeypatch: pytest.MonkeyPatch) -> None:
    create = stores.create

    def interrupted(*given: Any) -> stores.Store:
        os.kill(os.getpid(), signal.SIGTERM)
        return create(*given)

    monkeypatch.setattr(stores, "create", interrupted)
    assert attempt().return_value == 130
    assert json.loads(Path(".kgen/runs/e-1/run.json").read_text("utf-8"))["outcome"]["reason"] == "Interrupted"


def test_a_folder_that_takes_nothing_is_said(attempt: Try, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*given: Any) -> stores.Store:
        raise PermissionError(errno.EACCES, "Permission denied", ".kgen")

    monkeypatch.setattr(stores, "create", refused)
    result = attempt()
    assert (result.return_value, result.stderr.splitlines()[-2]) == (1, ".kgen: Permission denied")
    assert "--output DIR" in result.stderr.splitlines()[-1]


@pytest.mark.skipif(os.name != "posix", reason="signals of this kind are of POSIX")
def test_a_second_ctrl_c_does_not_wait_and_loses_nothing(tmp_path: Path, start: Start) -> None:
    workspace(tmp_path, script='{ trap "" TERM; echo acc=0.${trialParameters.x}; while :; do sleep 1; done; }')
    ran = start(tmp_path, "--parallel", "1", "--trials", "1")
    log = tmp_path / ".kgen" / "runs" / "e-1" / "trials"
    until(lambda: any("acc=" in path.read_text("utf-8") for path in log.rglob("*.log")), ran)
    began = time.monotonic()
    ran.send_signal(signal.SIGINT)
    assert ran.stderr is not None
    while "stopped" not in ran.stderr.readline():
        assert ran.poll() is None
    ran.send_signal(signal.SIGINT)
    ran.communicate(timeout=60)
    assert ran.returncode == 130
    assert time.monotonic() - began < 9, "the ten seconds of grace are not waited for"
    (line,) = (tmp_path / ".kgen" / "runs" / "e-1" / "trials.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line)["state"] == "Killed"


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="only Linux shows the environment of a process")
def test_what_a_killed_kgen_left_running_is_ended_before_the_run_goes_on(attempt: Try, tmp_path: Path) -> None:
    attempt("--trials", "1", "--seed", "4")
    (trial,) = recorded()
    file = tmp_path / ".kgen" / "runs" / "e-1" / "trials.jsonl"
    file.write_text(json.dumps({**trial, "state": "Running"}) + "\n", "utf-8")
    workspace(tmp_path, script="{ grep -q KGEN_TRIAL /proc/$LEFT/environ && echo acc=0.${trialParameters.x}; }")
    (file.parent / "run.json").unlink()
    attempt("--trials", "1", "--seed", "4", "--output", "other", "--env", "LEFT=1")
    shutil.copy("other/run.json", file.parent / "run.json")
    with subprocess.Popen(["sleep", "600"], env={"KGEN_TRIAL": str(file.parent / trial["folder"])}) as left:
        ended = attempt("--resume", "e-1", "--env", f"LEFT={left.pid}")
        assert left.wait(10) == -signal.SIGKILL
    assert ended.return_value == 1, "the process was still there when the trial started"


def _runs(name: str) -> bool:
    """Whether a process of a trial is left; by its environment, which only Linux shows."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            found.append(name.encode() in entry.read_bytes())
        except OSError:
            continue
    return any(found)


def test_signals_are_counted_and_given_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Interrupts() as interrupts:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        assert interrupts.count == 2
    assert signal.getsignal(signal.SIGINT) is before


# What is shown while it runs.


def progress(tmp_path: Path) -> Progress:
    spec = {
        "objective": {"type": "maximize", "objectiveMetricName": "acc"},
        "algorithm": {"algorithmName": "random"},
        "maxTrialCount": 5,
        "parallelTrialCount": 2,
    }
    return Progress(Run({"metadata": {"name": "e"}, "spec": spec}, 1, 0.0, runner="process"), Store(tmp_path), ())


def trial(number: int, state: State, seconds: float = 0.0, reason: str = "") -> Trial:
    return Trial(number, f"e-{number}", {"x": "[1]"}, state, seconds=seconds, reason=reason, explanation=("look",))


def test_the_time_that_is_left_is_guessed_from_what_trials_took(tmp_path: Path) -> None:
    seen = progress(tmp_path)
    assert seen.left() is None
    seen.take(Ended(trial(0, State.SUCCEEDED, 10)))
    assert seen.left() == 20
    seen.take(Ended(trial(1, State.SUCCEEDED, 20)))
    assert seen.left() == 30
    seen.take(Ended(trial(2, State.KILLED, 900)))
    assert seen.left() == 15


def test_a_reason_is_explained_once(tmp_path: Path) -> None:
    seen = progress(tmp_path)
    one, two = (trial(n, State.FAILED, reason=f"trial e-{n} failed") for n in (1, 2))
    assert seen.explained(one) == ("trial e-1 failed", "look")
    assert seen.explained(two) == ("trial e-2 failed",)


def test_the_table_on_a_terminal(tmp_path: Path) -> None:
    console = pytest.importorskip("rich.console", reason="rich is not installed")
    from kgen.cli.live import Live  # noqa: PLC0415

    seen = progress(tmp_path)
    out = io.StringIO()
    live = Live(seen, console.Console(file=out, force_terminal=True, width=100, height=20, color_system=None))
    with live as show:
        show(Started(trial(0, State.RUNNING)))
        show(Reported(trial(0, State.RUNNING), "0.25"))
        show(Ended(trial(1, State.FAILED, 3, reason="[bold]it failed")))
        show(Stopping(1, Outcome(Reason.TIMED_OUT, "90 s are over"), drained=False))
    shown = out.getvalue()
    for words in (
        "e: random, 5 trials",
        "Running",
        "0.25",
        "x=[1]",
        "[bold]it failed",
        "1 of 5",
        "90 s are over; 1 trial",
    ):
        assert words in shown


def test_random_and_grid_need_nothing_but_kgen(tmp_path: Path) -> None:
    missing = ("optuna", "cmaes", "scipy", "numpy", "skopt", "sklearn", "rich", "plotly", "threadpoolctl")
    code = f"import sys; sys.modules.update(dict.fromkeys({missing!r})); from kgen.cli import main; main(sys.argv[1:])"
    for algorithm in ("grid", "random"):
        workspace(tmp_path)
        spec = tmp_path / "experiments" / "e.yaml"
        spec.write_text(spec.read_text("utf-8").replace("grid", algorithm), "utf-8")
        argv = [sys.executable, "-c", code, "try", "dev/e", "--trials", "1"]
        env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "generator")}
        done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False, env=env)
        assert done.returncode == 0, done.stderr
