"""kgen sample: points of a space by the Experiment's algorithm, the size of its grid, and what a search would cost."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from conftest import invoke, write_one

SPEC = """\
objective: {{maximize: acc, goal: 0.99}}
algorithm: {algorithm}
trials: {{max: 6, parallel: 4, maxFailed: 3}}
parameters: {parameters}
trial:
  image: registry.example.com/t:1.0
  command: [python3, train.py]
  resources: {{cpu: 1, memory: 1Gi, gpu: 2}}
"""
WHOLE = "{depth: {int: [1, 4]}, opt: {categorical: [sgd, adam]}}"
HALVES = "{lr: {double: [0.5, 1.5], step: 0.5}, opt: {categorical: [sgd, adam, x]}}"
Sample = Callable[..., Result]


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sample:
    """Run `kgen sample dev/e OPTIONS` for an algorithm and parameters."""
    monkeypatch.chdir(write_one(tmp_path, ""))

    def call(*options: str, algorithm: str = "random", parameters: str = WHOLE) -> Result:
        body = SPEC.format(algorithm=algorithm, parameters=parameters)
        (tmp_path / "experiments" / "e.yaml").write_text(body, "utf-8")
        return invoke("sample", "dev/e", *options)

    return call


def test_a_table_and_what_there_is_to_know(sample: Sample) -> None:
    result = sample("-n", "3", "--hours", "1.5")
    head, *points, blank, size, trials, gpus, hours, time = result.stdout.splitlines()
    assert head.split() == ["depth", "opt"]
    assert len(points) == 3
    assert (blank, size) == ("", "grid: 4 x 2 = 8 points")
    assert trials == "trials: 6 at most, 4 at a time"
    assert gpus == "GPUs: 2 a trial, 8 at a time"
    assert hours == "GPU hours: 18 at most, by --hours (1.5 h a trial)"
    assert time == "time: 3 h at most, by --hours (1.5 h a trial)"


def test_without_a_bound_of_time_there_is_none_of_gpu_hours(sample: Sample) -> None:
    assert sample("-n", "0").stdout.splitlines()[-1].startswith("GPU hours: without bound, as no trial has active")


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        pytest.param(HALVES, "grid: 3 x 3 = 9 points", id="a double by steps"),
        pytest.param("{lr: {double: [0.1, 1]}}", "grid: none, as lr has no step", id="a double without"),
        pytest.param("{a: {int: [1, 9], step: 4}}", "grid: 3 points", id="one parameter"),
    ],
)
def test_the_size_of_the_grid(sample: Sample, parameters: str, said: str) -> None:
    assert said in sample("-n", "1", parameters=parameters).stdout.splitlines()


def test_a_grid_that_is_smaller_than_what_is_asked_for(sample: Sample) -> None:
    result = sample("-n", "99", "--format", "csv", algorithm="grid")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert len(rows) == 8
    assert len({tuple(row.values()) for row in rows}) == 8
    assert result.stderr == "note: the grid has 8 points\n"


def test_an_algorithm_that_learns_says_that_these_are_its_first_points(sample: Sample) -> None:
    pytest.importorskip("optuna", reason="optuna is not installed")
    result = sample("-n", "5", "--format", "json", algorithm="tpe")
    assert "tpe learns from results: these are points it starts with" in result.stderr
    assert len(json.loads(result.stdout)["points"]) == 5


def test_a_seed_repeats_and_another_does_not(sample: Sample) -> None:
    one, two, other = (sample("--format", "csv", "--seed", seed).stdout for seed in ("1", "1", "2"))
    assert one == two != other


def test_all_of_it_as_json(sample: Sample) -> None:
    record = json.loads(sample("-n", "2", "--hours", "2", "--format", "json").stdout)
    assert {key: value for key, value in record.items() if key != "points"} == {
        "algorithm": "random",
        "seed": 0,
        "note": "",
        "grid": {"points": 8, "values": {"depth": 4, "opt": 2}},
        "trials": {"max": 6, "parallel": 4},
        "gpus": {"trial": 2, "hours": 24.0},
        "hours": {"trial": 2.0, "search": 4.0},
    }
    assert all(set(point) == {"depth", "opt"} for point in record["points"])


def test_a_deadline_of_the_trial_bounds_it(sample: Sample, tmp_path: Path) -> None:
    env = tmp_path / "environments" / "dev" / "environment.yaml"
    env.write_text("namespace: team\noverlays: [limit]\nexperiments: [e]\n", "utf-8")
    (tmp_path / "overlays").mkdir()
    path = "/spec/trialTemplate/trialSpec/spec/activeDeadlineSeconds"
    (tmp_path / "overlays" / "limit.yaml").write_text(
        f"patches: [{{ops: [{{op: add, path: {path}, value: 1800}}]}}]\n", "utf-8"
    )
    assert "GPU hours: 6 at most, by activeDeadlineSeconds (0.5 h a trial)" in sample("-n", "1").stdout


def test_what_has_no_counterpart_is_said(sample: Sample) -> None:
    result = sample(algorithm="{name: hyperband, settings: {r_l: 9, eta: 3, resource_name: depth}}")
    assert result.return_value == 1
    assert result.stdout == ""
    assert result.stderr
