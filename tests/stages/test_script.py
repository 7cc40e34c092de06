"""`trial.script`: the script that a spec names, where it may lie, and what is said of one that is not known."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from conftest import Ran, run_kgen, write_workspace
from kgen.cli import history
from kgen.model.sources import scripts_named
from repository import Repository, clean_git, needs_git

SCRIPT = "import argparse\np = argparse.ArgumentParser()\np.add_argument('--lr', type=float)\np.parse_args()\n"
SPEC = """\
objective: {{minimize: loss}}
algorithm: random
trials: {{max: 12, parallel: 3, maxFailed: 3}}
parameters:
  {name}: {{double: [0.01, 0.1]}}
trial:
  image: reg.io/a/b:1
  command: [python3, train.py]
  script: {script}
"""
ENVIRONMENT = "namespace: team\nexperiments: [e]\n"
FILES = {"kgen.yaml": "{}\n", "environments/dev/environment.yaml": ENVIRONMENT}


def _spec(script: str = "src/train.py", name: str = "lr") -> str:
    return SPEC.format(script=script, name=name)


def _lint(folder: Path, **files: str) -> Ran:
    write_workspace(folder, {**FILES, **files})
    return run_kgen("lint", "--root", str(folder))


def _lines(ran: Ran) -> list[str]:
    return [line.partition("experiments/")[2] for line in ran.out.splitlines() if "[KG" in line]


def test_a_script_in_the_workspace_is_held_against_the_command(tmp_path: Path) -> None:
    good = _lint(tmp_path, **{"experiments/e.yaml": _spec(), "src/train.py": SCRIPT})
    assert (good.code, _lines(good)) == (0, [])
    bad = _lint(tmp_path, **{"experiments/e.yaml": _spec(name="rl")})
    assert _lines(bad) == ["e.yaml:5:16: error[KG595] `src/train.py` has no flag `--rl`: it ends with code 2"]


def test_the_manifest_is_the_same_with_and_without_it(tmp_path: Path) -> None:
    rendered = []
    for spec in (_spec(), _spec().replace("  script: src/train.py\n", "")):
        write_workspace(tmp_path, {**FILES, "experiments/e.yaml": spec, "src/train.py": SCRIPT})
        rendered.append(run_kgen("render", "env/dev", "--root", str(tmp_path)).out)
    assert rendered[0] == rendered[1]
    assert "kind: Experiment" in rendered[0]


def test_a_wrong_flag_stops_render_and_a_missing_script_does_not(tmp_path: Path) -> None:
    write_workspace(tmp_path, {**FILES, "experiments/e.yaml": _spec(name="rl"), "src/train.py": SCRIPT})
    assert run_kgen("render", "env/dev", "--root", str(tmp_path)).code == 1
    (tmp_path / "src/train.py").unlink()
    ran = run_kgen("render", "env/dev", "--root", str(tmp_path))
    assert (ran.code, "warning[KG589]" in ran.err) == (0, True)


def test_an_overlay_may_name_it(tmp_path: Path) -> None:
    spec = _spec(name="rl").replace("  script: src/train.py\n", "")
    overlay = "experiment: {trial: {script: src/train.py}}\n"
    environment = {"environments/dev/environment.yaml": f"{ENVIRONMENT}overlays: [s]\n", "overlays/s.yaml": overlay}
    ran = _lint(tmp_path, **{**environment, "experiments/e.yaml": spec, "src/train.py": SCRIPT})
    assert "error[KG595]" in ran.out


@pytest.mark.parametrize(
    ("source", "said"),
    [
        pytest.param("import click", "the flags of `src/train.py` are not known: it reads them with click", id="click"),
        pytest.param(
            "print(1)", "the flags of `src/train.py` are not known: nothing in it reads any with argparse", id="none"
        ),
        pytest.param("print 1", "`src/train.py`, line 1: it is written for Python 2", id="Python 2"),
        pytest.param(
            SCRIPT.replace("p.parse", "p.add_argument(n)\np.parse"),
            "`src/train.py` may have more flags, line 4: the name of a flag is not known without running the script",
            id="a flag without a name",
        ),
    ],
)
def test_what_is_not_known_is_said_at_the_name(tmp_path: Path, source: str, said: str) -> None:
    ran = _lint(tmp_path, **{"experiments/e.yaml": _spec(), "src/train.py": source})
    found = _lines(ran)
    assert (ran.code, len(found)) == (0, 1)
    assert found[0].startswith("e.yaml:9:11: ")
    assert found[0].endswith(f"[KG589] {said}")


def test_a_script_that_is_not_there_is_said_with_the_nearest(tmp_path: Path) -> None:
    ran = _lint(tmp_path, **{"experiments/e.yaml": _spec()})
    assert _lines(ran) == ["e.yaml:9:11: warning[KG589] there is no script `src/train.py` in the workspace"]


@pytest.mark.parametrize("path", ["/etc/train.py", "../train.py", "a b.py", "train.sh", "~/x.py\\\\y"])
def test_a_path_that_cannot_be_one_is_refused(tmp_path: Path, path: str) -> None:
    ran = _lint(tmp_path, **{"experiments/e.yaml": _spec(f'"{path}"')})
    assert (ran.code, "[KG004]" in ran.out) == (1, True)


def test_nothing_outside_the_workspace_is_read(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    (tmp_path / "train.py").write_text(SCRIPT, "utf-8")
    up = _lint(inside, **{"experiments/e.yaml": _spec("src/../../train.py", "rl")})
    assert ("there is no script" in up.out, "KG595" in up.out) == (True, False)
    (inside / "src").mkdir()
    (inside / "src/train.py").symlink_to(tmp_path / "train.py")
    linked = _lint(inside, **{"experiments/e.yaml": _spec(name="rl")})
    assert "is not read: it is a symbolic link that leads out of the workspace" in linked.out
    (inside / "src/train.py").unlink()
    os.mkfifo(inside / "src/train.py")
    odd = _lint(inside, **{"experiments/e.yaml": _spec(name="rl")})
    assert "is not read: it is not a regular file" in odd.out


@needs_git
def test_a_revision_of_git_holds_its_own_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clean_git(monkeypatch)
    written = Repository(tmp_path)
    write_workspace(tmp_path, {**FILES, "experiments/e.yaml": _spec(), "src/train.py": SCRIPT, "src/other.py": ""})
    commit = written.commit("one")
    (tmp_path / "src/train.py").write_text("", "utf-8")
    repository = history.repository_of(str(tmp_path))
    assert repository is not None
    sources = history.read_sources(repository, commit)
    assert [name for name in sources if name.endswith(".py")] == ["src/train.py"]
    assert sources["src/train.py"] == SCRIPT.encode()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(b"script: a/b.py", ["a/b.py"], id="YAML"),
        pytest.param(b"trial: {script: 'a.py'}", ["a.py"], id="in braces and quotes"),
        pytest.param(b'{"script": "a.py"}', ["a.py"], id="JSON"),
        pytest.param(b"{ script: 'x/' + n + '.py' }", [], id="Jsonnet that reckons"),
        pytest.param(b"script: ../a.py", [], id="a path that leads up"),
        pytest.param(b"script: x/../../a.py", [], id="a path that leads up later"),
        pytest.param(b"script: /a.py", [], id="an absolute path"),
        pytest.param(b"description: see a.py", [], id="another key"),
        pytest.param(b"script: a.pyc", [], id="another ending"),
    ],
)
def test_the_paths_that_stand_behind_script(text: bytes, found: list[str]) -> None:
    assert scripts_named({"experiments/e.yaml": text}) == found
