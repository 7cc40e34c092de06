"""kgen init: a workspace that works at once, and nothing of anybody's that is overwritten."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import run_kgen
from kgen.report.starter import WORKSPACE


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_new_workspace_renders_and_has_no_finding(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = run_kgen("init", "ws")
    assert (made.code, made.out.split()) == (0, [f"ws/{name}" for name in WORKSPACE])
    assert made.err.startswith("Next:\n  cd ws\n  kgen lint\n")
    monkeypatch.chdir(here / "ws")
    linted = run_kgen("lint")
    assert (linted.code, linted.out) == (0, "nothing found in 1 file (1 object, 1 Experiment)\n")
    rendered = run_kgen("render", "env/dev")
    assert (rendered.code, rendered.err) == (0, "")
    assert rendered.out.count("kind: Experiment") == 1


def test_the_example_prints_the_metric_of_its_experiment(here: Path) -> None:
    run_kgen("init", ".")
    ran = subprocess.run(
        [sys.executable, "train.py", "--lr=0.1", "--depth=2"], capture_output=True, text=True, check=True
    )
    assert re.fullmatch(r"(loss=[0-9.]+\n){5}", ran.stdout)
    assert "minimize: loss" in Path("experiments/example.yaml").read_text("utf-8")


def test_the_flags_of_the_example_are_held_against_its_script(here: Path) -> None:
    run_kgen("init", ".")
    spec = Path("experiments/example.yaml")
    spec.write_text(spec.read_text("utf-8").replace("depth: {int: [1, 6]}", "depht: {int: [1, 6]}"), "utf-8")
    linted = run_kgen("lint")
    assert linted.code == 1
    assert "experiments/example.yaml:7:" in linted.out
    assert "error[KG595] `train.py` has no flag `--depht`: it ends with code 2" in linted.out
    assert "did you mean `--depth`?" in linted.out


@pytest.mark.parametrize("name", [name for name in WORKSPACE if name != ".gitignore"])
def test_nothing_is_written_where_a_file_is_in_the_way(here: Path, name: str) -> None:
    path = here / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine\n", "utf-8")
    made = run_kgen("init")
    assert (made.code, made.out, "nothing is written" in made.err) == (1, "", True)
    assert [p.relative_to(here).as_posix() for p in here.rglob("*") if p.is_file()] == [name]
    assert path.read_text("utf-8") == "mine\n"


def test_a_gitignore_is_kept(here: Path) -> None:
    (here / ".gitignore").write_text("mine\n", "utf-8")
    made = run_kgen("init")
    assert (made.code, "add the line `.kgen/`" in made.err) == (0, True)
    assert (here / ".gitignore").read_text("utf-8") == "mine\n"


def test_a_folder_that_cannot_be_written_is_named(here: Path) -> None:
    (here / "file").write_text("", "utf-8")
    made = run_kgen("init", "file/inside")
    assert (made.code, "cannot be written" in made.err) == (1, True)


def test_a_folder_with_a_blank_is_quoted_in_what_comes_next(here: Path) -> None:
    assert "cd 'my searches'\n" in run_kgen("init", "my searches").err
