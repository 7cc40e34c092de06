"""kgen show: the object of a trial, with values that are given, and with those that are not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click import UsageError
from click.testing import Result

from conftest import invoke, write_one
from kgen.katib.generation import NAME_LETTERS

SPEC = """\
objective: {maximize: acc, goal: 0.99}
algorithm: random
trials: {max: 5, parallel: 2, maxFailed: 3}
parameters:
  lr: {double: [0.1, 0.5]}
  depth: {int: [1, 4]}
  opt: {categorical: [sgd, adam]}
  --wd: {discrete: [0.10, 1]}
trial:
  image: registry.example.com/t:1.0
  command: [python3, train.py]
"""
Show = Callable[..., Result]


@pytest.fixture
def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Show:
    monkeypatch.chdir(write_one(tmp_path, SPEC))

    def call(*options: str) -> Result:
        return invoke("show", "dev/e", *options)

    return call


def test_a_bound_belongs_to_the_space(show: Show) -> None:
    assert show("lr=0.5", "depth=1", "opt=sgd", "--wd=1").stderr == ""


ALL = ("lr=0.2", "depth=3", "opt=adam", "--wd=0.10")


def test_the_object_of_a_trial_with_all_values_given(show: Show) -> None:
    result = show(*ALL, "--trial-name", "mine")
    assert (result.return_value, result.stderr) == (0, "")
    assert result.stdout.startswith("apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: mine\n  namespace: team\n")
    for flag in ("--lr=0.2", "--depth=3", "--opt=adam", "--wd=0.10"):
        assert f'- "{flag}"' in result.stdout


def test_the_object_as_json(show: Show) -> None:
    made = json.loads(show(*ALL, "--format", "json").stdout)
    container = made["spec"]["template"]["spec"]["containers"][0]
    assert [*container["command"], *container.get("args", ())][-4:] == [
        "--lr=0.2",
        "--depth=3",
        "--opt=adam",
        "--wd=0.10",
    ]
    assert re.fullmatch(rf"e-[{NAME_LETTERS}]{{8}}", made["metadata"]["name"])


def test_values_that_are_not_given_are_the_first_suggestion_and_it_is_said(show: Show) -> None:
    result = show("opt=adam", "--seed", "3")
    said = re.fullmatch(
        r"lr=(\S+) depth=(\d) --wd=(\S+) is the first suggestion of random with seed 3\n", result.stderr
    )
    assert said is not None, result.stderr
    assert 0.1 <= float(said[1]) <= 0.5
    assert f'- "--lr={said[1]}"' in result.stdout
    assert show("opt=adam", "--seed", "3").stdout == result.stdout
    assert show("opt=adam", "--seed", "4").stdout != result.stdout


@pytest.mark.parametrize(
    ("given", "words"),
    [
        pytest.param("lr=0.6", "lr=0.6 is never suggested: it is not from 0.1 to 0.5", id="above"),
        pytest.param("lr=high", "lr=high is never suggested: it is no number", id="no number"),
        pytest.param("depth=1.5", "depth=1.5 is never suggested: it is no whole number", id="no whole number"),
        pytest.param("opt=adm", "opt=adm is never suggested: it is none of sgd, adam", id="none of the list"),
        pytest.param("wd=0.1", "--wd=0.1 is never suggested: it is none of 0.10, 1", id="another text of a number"),
    ],
)
def test_a_value_outside_the_space_is_shown_and_warned_of(show: Show, given: str, words: str) -> None:
    name = given.partition("=")[0]
    result = show(*(each for each in ALL if each.lstrip("-").partition("=")[0] != name), given)
    assert result.return_value == 0
    assert result.stderr == f"warning: {words}\n"
    assert f"--{given}" in result.stdout


def test_a_name_that_is_none_is_refused_with_the_nearest(show: Show) -> None:
    result = show("dept=3")
    assert (result.return_value, result.stdout) == (1, "")
    assert "there is no parameter `dept`: did you mean `depth`?" in result.stderr


def test_a_value_that_breaks_the_object_says_what_katib_would_do(show: Show) -> None:
    result = show(*ALL[:2], 'opt=a"b', "wd=1")
    assert (result.return_value, result.stdout) == (1, "")
    assert "try again for ever: the object is no JSON once the values are in it" in result.stderr


@pytest.mark.parametrize("word", ["lr", "--sed"])
def test_a_word_that_is_no_value_is_wrong_usage(show: Show, word: str) -> None:
    with pytest.raises(UsageError, match="is no NAME=VALUE, and no option"):
        show(word)


def test_an_architecture_has_to_be_given(show: Show, tmp_path: Path) -> None:
    manifest = {
        "apiVersion": "kubeflow.org/v1beta1",
        "kind": "Experiment",
        "metadata": {"name": "nas", "namespace": "team"},
        "spec": {
            "algorithm": {"algorithmName": "enas"},
            "objective": {"type": "maximize", "objectiveMetricName": "acc"},
            "trialTemplate": {
                "trialParameters": [{"name": "net", "reference": "architecture"}],
                "trialSpec": {"apiVersion": "batch/v1", "kind": "Job", "spec": {"net": "${trialParameters.net}"}},
            },
        },
    }
    (tmp_path / "nas.json").write_text(json.dumps(manifest), "utf-8")
    missing = invoke("show", "nas.json")
    assert missing.return_value == 1
    assert "enas itself makes the value of architecture: give one, as architecture=VALUE" in missing.stderr
    given = invoke("show", "nas.json", "architecture=[1]")
    assert 'net: "[1]"' in given.stdout
