"""kgen report: which run is shown, what of its folder gets into the page, and where the page goes."""

from __future__ import annotations

import builtins
import json
import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from conftest import invoke, write_one
from kgen.cli import shown
from kgen.katib.observation import Metric
from kgen.local.ending import Outcome, Reason
from kgen.local.store import Run, Store
from kgen.local.trial import State, Trial
from kgen.report.page_table import as_setting

pytest.importorskip("plotly", reason="plotly is not installed: pip install 'kgen[report]'")

SPEC: dict[str, Any] = {
    "objective": {
        "type": "maximize",
        "objectiveMetricName": "acc",
        "additionalMetricNames": ["loss"],
        "metricStrategies": [{"name": "acc", "value": "max"}, {"name": "loss", "value": "min"}],
        "goal": 0.9,
    },
    "algorithm": {"algorithmName": "tpe", "algorithmSettings": [{"name": "n_startup_trials", "value": "5"}]},
    "parameters": [
        {"name": "lr", "parameterType": "double", "feasibleSpace": {"min": "0.001", "max": "1"}},
    ],
    "parallelTrialCount": 2,
    "maxTrialCount": 3,
    "metricsCollectorSpec": {"collector": {"kind": "StdOut"}},
}
LOG = "epoch 1\nacc=0.5\nloss=0.7\nacc=0.8\nloss=0.4\npassword: hunter2-xyz\n"
MEASURED = (Metric("acc", 2, 2, "0.5", "0.8", "0.8"), Metric("loss", 2, 2, "0.4", "0.7", "0.4"))
Report = Callable[..., Result]


def recorded(folder: Path, started: float = 1_763_725_500.0, spec: Mapping[str, Any] = SPEC, log: str = LOG) -> Store:
    """Write the folder of a run with a trial that succeeded, one that failed, and one without a value."""
    folder.mkdir(parents=True)
    store = Store(folder)
    experiment = {"metadata": {"name": "e", "namespace": "team"}, "spec": spec}
    outcome = Outcome(Reason.MAX_TRIALS_REACHED, "3 trials ended, and maxTrialCount is 3")
    options = {"environment": "dev", "env": "hidden"}
    store.save_run(Run(experiment, 7, started, "0.1.0", "process", options, outcome, started + 60))
    trials = [
        Trial(0, "e-a", {"lr": "0.1"}, State.SUCCEEDED, MEASURED, 0.8, "", started, 2.5, "trials/e-a", ("0.5", "0.8")),
        Trial(1, "e-b", {"lr": "0.2"}, State.FAILED, (), None, "exit code 1", started, 1.0, "trials/e-b"),
        Trial(
            2, "e-c", {"lr": "0.3"}, State.UNAVAILABLE, (Metric("acc"),), None, "no `acc`", started, 1.0, "trials/e-c"
        ),
    ]
    for trial in trials:
        metrics = store.of_trial(trial.name) / "metrics"
        metrics.mkdir()
        (metrics / "metrics.log").write_text(log, "utf-8")
    store.save(trials)
    return store


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Report:
    """Call `kgen report` in a workspace."""
    (tmp_path / "environments").mkdir()
    monkeypatch.chdir(tmp_path)

    def call(*words: str) -> Result:
        return invoke("report", *words)

    return call


def test_the_newest_run_is_shown_and_its_place_told(report: Report) -> None:
    recorded(Path(".kgen/runs/e-1"), started=2e9)
    recorded(Path(".kgen/runs/e-2"), started=1e9)
    result = report()
    assert result.return_value == 0
    written = Path(result.stdout.strip())
    assert written.name == "report.html"
    assert written.parent.name == "e-1"
    assert written.read_text("utf-8").startswith("<!doctype html>")
    assert not list(written.parent.glob(".report*"))


def test_it_is_found_from_a_folder_below(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded(Path(".kgen/runs/e-1"))
    monkeypatch.chdir("environments")
    assert report("-o", "x.html").return_value == 0
    assert Path("x.html").is_file()


@pytest.mark.parametrize("name", ["e-1", ".kgen/runs/e-1"], ids=["by its name", "by its folder"])
def test_a_run_is_named(report: Report, name: str) -> None:
    recorded(Path(".kgen/runs/e-1"), started=1.0)
    recorded(Path(".kgen/runs/e-2"), started=2.0)
    assert report(name).return_value == 0
    assert Path(".kgen/runs/e-1/report.html").is_file()


def test_the_page_goes_to_stdout_for_a_dash(report: Report) -> None:
    recorded(Path(".kgen/runs/e-1"))
    result = report("-o", "-")
    assert result.stdout.startswith("<!doctype html>")
    assert not Path(".kgen/runs/e-1/report.html").exists()


def test_the_same_run_gives_the_same_bytes(report: Report) -> None:
    recorded(Path(".kgen/runs/e-1"))
    report("-o", "a.html")
    report("-o", "b.html")
    assert Path("a.html").read_bytes() == Path("b.html").read_bytes()


def test_what_the_folder_holds_is_in_the_page(report: Report) -> None:
    recorded(Path(".kgen/runs/e-1"))
    report("-o", "x.html")
    text = Path("x.html").read_text("utf-8")
    for word in (
        "e (dev)",
        "maximize acc, goal 0.9, the max of a trial counts",
        "tpe (n_startup_trials=5)",
        "3 trials, 2 at a time",
        "2025-11-21 11:45:00 UTC",
        "3 trials ended, and maxTrialCount is 3 (ExperimentMaxTrialsReached)",
        "exit code 1",
        "no `acc`",
        "trials/e-a/metrics/metrics.log",
        "acc=0.8",
    ):
        assert word in text, word
    data = json.loads(text.partition('id="figures">')[2].partition("</script>")[0])
    histories = {each["key"]: each["data"] for each in data["figures"] if "history" in each["key"]}
    assert histories["plot-history-0"][-1]["y"] == [0.5, 0.8]
    assert [line["y"] for line in histories["plot-history-1"]] == [[0.7, 0.4]] * 3


def test_a_credential_in_a_log_or_an_option_is_not_in_the_page(report: Report) -> None:
    recorded(Path(".kgen/runs/e-1"))
    report("-o", "x.html")
    text = Path("x.html").read_text("utf-8")
    assert "hunter2" not in text
    assert "password: ***" in text
    assert "hidden<" not in text


def test_a_value_of_a_trial_that_failed_is_no_value(tmp_path: Path) -> None:
    store = recorded(tmp_path / "run")
    record = json.loads((store.folder / "trials.jsonl").read_text("utf-8").splitlines()[0])
    record["state"] = "Failed"
    (store.folder / "trials.jsonl").write_text(json.dumps(record) + "\n", "utf-8")
    read = shown.shown(store.folder)
    assert read.best is None
    assert read.trials[0].value is None


def test_only_the_end_of_a_long_log_is_in_the_page(tmp_path: Path) -> None:
    store = recorded(tmp_path / "run", log="".join(f"line {n}\n" for n in range(5000)))
    tail = shown.shown(store.folder).trials[0].log
    assert tail.lines[-1] == "line 4999"
    assert len(tail.lines) == shown.MOST_LINES
    assert tail.left_out == 5000 - shown.MOST_LINES


def test_a_log_that_is_no_text_and_has_one_long_line_is_shown_in_part(tmp_path: Path) -> None:
    store = recorded(tmp_path / "run")
    path = store.folder / "trials/e-a/metrics/metrics.log"
    path.write_bytes(b"\xff\xfe\x00" + b"x" * 100_000 + b"\nend")
    tail = shown.shown(store.folder).trials[0].log
    assert tail.lines[-1] == "end"
    assert sum(map(len, tail.lines)) <= shown.MOST_BYTES


def test_a_log_elsewhere_is_not_shown(tmp_path: Path) -> None:
    store = recorded(tmp_path / "run")
    (tmp_path / "secret").write_text("of another\n", "utf-8")
    log = store.folder / "trials/e-a/metrics/metrics.log"
    log.unlink()
    log.symlink_to(tmp_path / "secret")
    record = json.loads((store.folder / "trials.jsonl").read_text("utf-8").splitlines()[1])
    lines = (store.folder / "trials.jsonl").read_text("utf-8").splitlines()
    lines[1] = json.dumps({**record, "folder": "../elsewhere"})
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "stdout.log").write_text("acc=1\nacc=2\n", "utf-8")
    (store.folder / "trials.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    read = shown.shown(store.folder)
    assert [trial.log.lines for trial in read.trials[:2]] == [(), ()]
    assert read.trials[1].history == {}


def test_a_run_that_has_just_begun_has_a_page(report: Report) -> None:
    store = recorded(Path(".kgen/runs/e-1"))
    (store.folder / "trials.jsonl").unlink()
    assert report("-o", "x.html").return_value == 0
    assert "No trial was started." in Path("x.html").read_text("utf-8")


def test_logs_that_are_gone_are_left_out(report: Report) -> None:
    store = recorded(Path(".kgen/runs/e-1"))
    for path in store.folder.rglob("metrics.log"):
        path.unlink()
    assert report("-o", "x.html").return_value == 0
    assert "(nothing was printed)" in Path("x.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "bend", "said"),
    [
        pytest.param((), None, "there is no run in", id="no run"),
        pytest.param(("nix",), "e-1", "there is no run 'nix'", id="no such run"),
        pytest.param((), "broken", "cannot be read", id="a run whose file is broken"),
        pytest.param(("-o", "no/such/x.html"), "e-1", "cannot be written", id="a place that is not there"),
    ],
)
def test_what_cannot_be_done_is_said(report: Report, words: tuple[str, ...], bend: str | None, said: str) -> None:
    if bend is not None:
        store = recorded(Path(".kgen/runs/e-1"))
        if bend == "broken":
            (store.folder / "run.json").write_text("{", "utf-8")
    result = report(*words)
    assert result.return_value == 1
    assert said in result.stderr
    assert result.stdout == ""


def test_without_plotly_the_mend_is_said(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded(Path(".kgen/runs/e-1"))
    real = builtins.__import__

    def absent(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("plotly"):
            raise ImportError(name)
        return real(name, *rest, **more)

    for name in [name for name in sys.modules if name.split(".")[0] == "plotly"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", absent)
    result = report()
    assert result.return_value == 1
    assert "pip install 'kgen[report]'" in result.stderr
    assert not Path(".kgen/runs/e-1/report.html").exists()


SPEC_FILE = """\
objective: {maximize: acc}
algorithm: random
trials: {max: 3}
parameters: {lr: {double: [0.001, 1]}, --batch-size: {discrete: [16, 32]}, opt: {categorical: [sgd, adam]}}
trial: {image: registry.example.com/t:1.0, command: [python, train.py]}
"""


def test_what_the_page_offers_to_paste_is_what_kgen_takes(tmp_path: Path) -> None:
    write_one(tmp_path, SPEC_FILE)
    point = {"lr": "0.0123", "--batch-size": "16", "opt": "it's"}
    words = ["show", "dev/e", "--root", str(tmp_path), *shlex.split(as_setting(point)), "--format", "json"]
    result = invoke(*words)
    assert result.return_value == 0, result.stderr
    container = json.loads(result.stdout)["spec"]["template"]["spec"]["containers"][0]
    flags = [*container["command"], *container.get("args", [])][2:]
    assert flags == [f"--{name.removeprefix('--')}={value}" for name, value in point.items()]
