"""kgen metrics: what is printed of a log, and the exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kgen.cli import kgen
from kgen.katib import filters, logs

EXPERIMENT = """\
apiVersion: kubeflow.org/v1beta1
kind: Experiment
metadata: {name: e}
spec:
  objective: {type: minimize, goal: 0.25, objectiveMetricName: loss, additionalMetricNames: [train/acc]}
"""
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `kgen metrics - OPTIONS` on a log, with the Experiment in e.yaml."""
    monkeypatch.chdir(tmp_path)
    Path("e.yaml").write_text(EXPERIMENT, "utf-8")

    def call(log: bytes | str, *options: str) -> Result:
        data = log if isinstance(log, bytes) else log.encode()
        return CliRunner().invoke(kgen, ["metrics", "-", *options], input=data, standalone_mode=False)

    return call


def test_a_log_is_read_as_katib_reads_it(run: Run) -> None:
    log = (
        b"2026-01-31T12:00:00Z loss=0.5\nhello\nloss: 0.4\ntrain/acc=0.9\n"
        b"loss=nan\n\xff\xfe loss=0.2\r\n2026-01-31T11:00:00Z loss=0.1\n"
    )
    result = run(log, "--experiment", "e.yaml")
    assert result.output == dedent(
        r"""
           line  timestamp                       metric     value
              1  2026-01-31T12:00:00Z            loss       0.5
              5  none                            loss       (empty)
              6  none                            loss       0.2
              7  2026-01-31T11:00:00Z            loss       0.1

        loss (objective): 4 values (1 not a number), min 0.1, max 0.5, latest 0.5
            Katib takes 0.1, by strategy min
        train/acc: no value
        ignored, 1 line: contains no metric name
            line 2: hello
        ignored, 1 line: contains a metric name, and no filter matches it
            line 3: loss: 0.4
            help: a filter that reads it: '(loss):\s*([+-]?\d*(\.\d+)?([Ee][+-]?\d+)?)'
        ignored, 1 line: contains a metric name, and the filter reads another name there
            line 4: train/acc=0.9  (reads `acc`)
            help: a filter that reads it: '(train/acc)=([+-]?\d*(\.\d+)?([Ee][+-]?\d+)?)'
        note: an algorithm cannot read a value that is not a number: let the trial fail instead
        the objective is available: the trial counts as Succeeded; goal 0.25 is reached
        """
    ).removeprefix("\n")
    assert result.return_value == 0


def test_of_many_ignored_lines_a_few_are_shown(run: Run) -> None:
    result = run("loss\n" * 1000 + "loss=1", "--metric", "loss")
    assert "ignored, 1000 lines: contains a metric name" in result.output
    assert result.output.count(": loss\n") == 3


def test_the_same_for_programs(run: Run) -> None:
    result = run(
        '{"loss": "0.3", "timestamp": 1.5}\n{"loss": 0.2}\n', "--metric", "loss", "--json-lines", "--format=json"
    )
    answer: dict[str, Any] = json.loads(result.output)
    assert answer["observations"] == [
        {"line": 1, "timestamp": "1970-01-01T00:00:01.000000005Z", "metric": "loss", "value": "0.3"}
    ]
    (metric,) = answer["metrics"]
    assert (metric["min"], metric["max"], metric["latest"], metric["taken"]) == ("0.3", "0.3", "0.3", None)
    (ignored,) = answer["ignored"]
    assert (ignored["count"], ignored["examples"][0]["detail"]) == (1, "loss: 0.2")
    assert (answer["available"], answer["error"], answer["lines"]) == (True, None, 2)
    assert result.return_value == 0


def test_nothing_read_is_valid_json_too(run: Run) -> None:
    result = run("", "--metric", "loss", "--format", "json")
    assert json.loads(result.output)["observations"] == []
    assert result.return_value == 1


@pytest.mark.parametrize(
    ("log", "options", "code", "said"),
    [
        ("loss=1", (), 0, "goal 0.25 is not reached"),
        ("loss: 1", (), 1, "the objective is unavailable"),
        ("train/acc 1", (), 1, "the objective is unavailable"),
        ("train/acc 1", ("--filter", r"(\S+) (\d)"), 1, "note: `loss` has no value, and so those of the other metrics"),
        ("loss: 1", ("--filter", r"(\w+): (\d)"), 0, "min 1, max 1, latest 1"),
        ("loss=1", ("--filter", r"(\w+)=(\d"), 1, "the collector ends with an error at line 1: the filter"),
        ("loss=1", ("--filter", "(loss)=1"), 1, "a filter matches that has not two groups"),
        ('{"loss": "1"}\nbye', ("--json-lines",), 1, "nothing is stored, and the trial fails"),
        ('{"loss": "1", "timestamp": 1.7e12}', ("--collector-format=JSON",), 1, "beyond the year 9999"),
        (b"loss=\xff", ("--filter", "(loss)=(.*)"), 1, "is not UTF-8"),
        (bytes(range(256)) * 50, (), 1, "the objective is unavailable"),
        ("loss=a\x1b[2Jb", ("--filter", "(loss)=(.*)"), 0, "a\ufffd[2Jb"),
    ],
)
def test_the_verdict(run: Run, log: bytes | str, options: tuple[str, ...], code: int, said: str) -> None:
    result = run(log, "--experiment", "e.yaml", *options)
    assert said in result.output
    assert result.return_value == code


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("TensorFlowEvent", "collector TensorFlowEvent reads no log: it reads TensorBoard's event files"),
        ("Push", "collector Push reads no log: the program reports its metrics to Katib itself"),
        ("Custom", "collector Custom reads no log"),
        ("PrometheusMetric", "collector PrometheusMetric reads no log"),
        ("stdout", "collector stdout reads no log: Katib does not know it"),
    ],
)
def test_a_collector_that_reads_no_log(run: Run, kind: str, said: str) -> None:
    manifest = EXPERIMENT + f"  metricsCollectorSpec: {{collector: {{kind: {kind}}}}}\n"
    Path("other.yaml").write_text(manifest, "utf-8")
    result = run("loss=1", "--experiment", "other.yaml")
    assert said in result.stderr
    assert result.return_value == 1


def test_the_filters_and_the_format_are_those_of_the_experiment(run: Run) -> None:
    source = "source: {fileSystemPath: {format: TEXT}, filter: {metricsFormat: ['(\\w+): (\\S+)']}}"
    Path("f.yaml").write_text(f"{EXPERIMENT}  metricsCollectorSpec: {{collector: {{kind: File}}, {source}}}\n", "utf-8")
    assert run("loss: 1", "--experiment", "f.yaml").return_value == 0
    source = "source: {fileSystemPath: {format: JSON}}"
    Path("j.yaml").write_text(f"{EXPERIMENT}  metricsCollectorSpec: {{collector: {{kind: File}}, {source}}}\n", "utf-8")
    assert run('{"loss": "1"}', "--experiment", "j.yaml").return_value == 0


def test_early_stopping_cannot_read_what_is_no_number(run: Run) -> None:
    Path("s.yaml").write_text(EXPERIMENT + "  earlyStopping: {algorithmName: medianstop}\n", "utf-8")
    result = run("loss=1\nloss=nan\n", "--experiment", "s.yaml")
    assert "note: with early stopping the collector may end with an error at line 2" in result.output


def test_an_experiment_of_a_list_or_of_several(run: Run) -> None:
    inner = EXPERIMENT.replace("\n", "\n    ").rstrip()
    Path("l.yaml").write_text(f"kind: List\nitems:\n  - {inner}\n", "utf-8")
    assert run("loss=1", "--experiment", "l.yaml").return_value == 0
    Path("two.yaml").write_text(f"{EXPERIMENT}---\n{EXPERIMENT.replace('name: e', 'name: f')}", "utf-8")
    several = run("loss=1", "--experiment", "two.yaml")
    assert "two.yaml holds `e`, `f`: say which with --name" in several.stderr
    assert run("loss=1", "--experiment", "two.yaml", "--name", "f").return_value == 0


def test_an_experiment_of_a_workspace(run: Run) -> None:
    Path("experiments").mkdir()
    Path("environments/prod").mkdir(parents=True)
    spec = """\
        objective: {maximize: accuracy}
        algorithm: random
        trials: {max: 4, parallel: 2, maxFailed: 1}
        parameters: {lr: {double: [0.01, 0.1]}}
        trial: {kind: Job, image: reg.io/a/b:1, command: [python3, t.py]}
        """
    Path("experiments/mnist.yaml").write_text(dedent(spec), "utf-8")
    Path("environments/prod/environment.yaml").write_text("namespace: ml\nexperiments: [mnist]\n", "utf-8")
    result = run("accuracy=0.5\naccuracy=0.4", "--experiment", "env/prod/mnist")
    assert "Katib takes 0.5, by strategy max" in result.output
    assert result.return_value == 0
    missing = run("accuracy=0.5", "--experiment", "prod/minst")
    assert "did you mean `mnist`" in missing.stderr
    assert missing.return_value == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("objective: {maximize: a}\n", "holds no Experiment; a compact spec is named as ENV/EXPERIMENT"),
        ("a: [\n", "x.yaml"),
        ("kind: Experiment\nspec: 5\n", "the Experiment names no objective metric"),
        ("kind: Experiment\n", "the Experiment names no objective metric"),
    ],
)
def test_a_file_without_a_usable_experiment(run: Run, content: str, said: str) -> None:
    Path("x.yaml").write_text(content, "utf-8")
    result = run("loss=1", "--experiment", "x.yaml")
    assert said in result.stderr
    assert result.return_value == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "give --experiment FILE, or --metric NAME"),
        (("--experiment", "e.yaml", "--metric", "a"), "give --experiment FILE, or --metric NAME"),
        (("--experiment", "missing.yaml"), "is no file"),
        (("--metric", "a", "--json-lines", "--filter", "(a)(b)"), "format JSON has no filter"),
    ],
)
def test_wrong_usage(run: Run, options: tuple[str, ...], said: str) -> None:
    result = run("", *options)
    assert said in str(result.exception)


def test_without_re2_it_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filters, "engine", lambda: None)
    result = run("loss=1", "--metric", "loss")
    assert "the package google-re2 is not installed here" in result.stderr
    assert result.return_value == 1
    assert run('{"loss": "1"}', "--metric", "loss", "--json-lines").return_value == 0


def test_a_line_beyond_all_measure_is_left_out_in_one_piece(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "MOST_LINE", 20)
    result = run("loss=1\n" + "loss=2 " * 100 + "\nloss=3\n", "--metric", "loss")
    assert "loss (objective): 2 values, min 1, max 3" in result.output
    assert "ignored, 1 line: is longer than" in result.output
