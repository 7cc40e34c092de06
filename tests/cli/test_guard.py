"""`kgen render` writes no edit of a committed Experiment that Katib would refuse, unless somebody accepts that."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import WIDER as SPEC
from conftest import Kgen, Ran, tree, write_workspace
from repository import Repository, clean_git, needs_git

FIXED = "namespace: ml\noverlays: [big]\nexperiments: [mnist]\n"
FILES = {
    "kgen.yaml": "target: {katib: '0.19'}\n",
    "experiments/mnist.yaml": SPEC,
    "overlays/big.yaml": "experiment: {trials: {max: 100}}\n",
    "environments/prod/environment.yaml": FIXED,
}
Change = Callable[..., Ran]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace, with the working directory in it."""
    clean_git(monkeypatch)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(write_workspace(tmp_path, FILES))
    return tmp_path


@pytest.fixture
def change(home: Path, kgen: Kgen) -> Change:
    """Render and commit, change sources, and render again."""

    def run(files: dict[str, str], *more: str, first: dict[str, str] | None = None) -> Ran:
        write_workspace(home, first or {})
        assert kgen("render", "prod", "-w").code == 0
        Repository(home).commit()
        write_workspace(home, files)
        return kgen("render", "prod", "-w", *more)

    return run


def spec(old: str, new: str) -> dict[str, str]:
    assert old in SPEC
    return {"experiments/mnist.yaml": SPEC.replace(old, new)}


ADMITTED = {
    "maxTrialCount": {"overlays/big.yaml": "experiment: {trials: {max: 7}}\n"},
    "parallelTrialCount": spec("parallel: 3", "parallel: 1"),
    "a label": spec("algorithm", "labels: {team: ml}\nalgorithm"),
    "the description": spec("algorithm", "description: the best one\nalgorithm"),
    "history, which is an annotation": {"environments/prod/environment.yaml": FIXED + "history: keep\n"},
    "another namespace is another object": {"environments/prod/environment.yaml": FIXED.replace(": ml", ": other")},
    "a hash gives it a new name": {
        "environments/prod/environment.yaml": FIXED + "naming: hashed\n",
        **spec("random", "tpe"),
    },
    "another name": {
        "experiments/second.yaml": SPEC.replace("random", "tpe"),
        "environments/prod/environment.yaml": FIXED.replace("[mnist]", "[second]"),
    },
    "a default written out": spec("trial:", "resume: Never\ntrial:"),
}
REFUSED = {
    "the algorithm": (spec("random", "tpe"), "spec.algorithm.algorithmName", "experiments/mnist.yaml:2:12"),
    "a bound": (spec("0.1]", "0.2]"), "spec.parameters[0].feasibleSpace.max", "experiments/mnist.yaml:5:23"),
    "the image": (spec("mnist:1.0", "mnist:1.1"), "image", "experiments/mnist.yaml:8:10"),
    "an overlay": (
        {"overlays/big.yaml": "experiment: {trials: {max: 100}}\npods: {nodeSelector: {zone: a}}\n"},
        "spec.trialTemplate.trialSpec.spec.template.spec.nodeSelector",
        "overlays/big.yaml:2:22",
    ),
    "what is gone": (
        spec("  momentum: {double: [0.5, 0.9]}\n", ""),
        "spec.parameters[1]",
        "experiments/mnist.yaml:",
    ),
    "the distribution, which an older Katib has not": (
        spec("0.1]}", "0.1], distribution: logUniform}"),
        "spec.parameters[0].feasibleSpace.distribution",
        "experiments/mnist.yaml:5:",
    ),
    "a counter beside it": (
        spec("algorithm: random\ntrials: {max: 12, ", "algorithm: tpe\ntrials: {max: 13, "),
        "",
        "",
    ),
}


@needs_git
@pytest.mark.parametrize("files", ADMITTED.values(), ids=ADMITTED)
def test_what_katib_admits_is_written(files: dict[str, str], change: Change) -> None:
    ran = change(files)
    assert (ran.code, "KG809" in ran.err) == (0, False)


@needs_git
@pytest.mark.parametrize(("files", "field", "place"), REFUSED.values(), ids=REFUSED)
def test_what_katib_refuses_is_not_written(
    files: dict[str, str], field: str, place: str, change: Change, home: Path
) -> None:
    ran = change(files)
    committed = Repository(home).run("status", "--porcelain", "rendered")
    assert (ran.code, ran.out, committed) == (1, "", "")
    assert ran.err.startswith(place)
    assert "error[KG809] Experiment `mnist` is committed in `rendered/prod/mnist.yaml`: " in ran.err
    assert field in ran.err
    assert "cannot be changed: Katib lets only parallelTrialCount, maxTrialCount and maxFailedTrialCount be" in ran.err
    assert "set `naming: hashed`" in ran.err
    assert "--accept-recreate" in ran.err
    assert ran.err.endswith("1 error; nothing was written\n")


@needs_git
def test_whoever_accepts_it_gets_it(change: Change, home: Path) -> None:
    ran = change(spec("random", "tpe"), "--accept-recreate")
    assert (ran.code, ran.err) == (0, f"changed: {home}/rendered/prod/mnist.yaml\n")


@needs_git
def test_a_manifest_that_was_deleted_is_still_committed(change: Change, home: Path, kgen: Kgen) -> None:
    change({})
    (home / "rendered" / "prod" / "mnist.yaml").unlink()
    assert kgen("render", "prod", "-w").code == 0
    (home / "rendered" / "prod" / "mnist.yaml").unlink()
    write_workspace(home, spec("random", "tpe"))
    assert "KG809" in kgen("render", "prod", "-w").err


@needs_git
def test_what_was_never_committed_may_change(home: Path, kgen: Kgen) -> None:
    Repository(home)
    for algorithm in ("random", "tpe", "grid"):
        write_workspace(home, spec("random", algorithm) if algorithm != "grid" else spec("0.1]", "0.3]"))
        assert kgen("render", "prod", "-w").code == 0  # nothing is committed at all
    Repository(home).run("commit", "--quiet", "--allow-empty", "--message=nothing")
    write_workspace(home, spec("random", "tpe"))
    assert kgen("render", "prod", "-w").code == 0


@needs_git
def test_the_workspace_may_be_a_folder_of_the_repository(tmp_path: Path, kgen: Kgen, home: Path) -> None:
    inner = write_workspace(home / "ml" / "search", FILES)
    assert kgen("render", "prod", "-w", "--root", str(inner)).code == 0
    Repository(home).commit()
    write_workspace(inner, spec("random", "tpe"))
    ran = kgen("render", "prod", "-w", "--root", str(inner))
    assert ran.code == 1
    assert "is committed in `ml/search/rendered/prod/mnist.yaml`" in ran.err
    ran = kgen("render", "prod", "-o", str(tmp_path / "elsewhere"), "--root", str(inner))
    assert ran.code == 0  # nobody applies that


@needs_git
def test_another_version_of_katib(change: Change) -> None:
    """What a later Katib fills in is no change; but what was stored without `distribution` cannot be updated."""
    newer, older = {"kgen.yaml": "target: {katib: '0.19'}\n"}, {"kgen.yaml": "target: {katib: '0.18'}\n"}
    assert change(newer, first=older).code == 0
    oldest = {"kgen.yaml": "target: {katib: '0.17'}\n"}
    ran = change(newer, first=oldest)
    assert ran.code == 1
    assert "the stored Experiment has no `distribution` in its parameters, as Katib wrote it before 0.18" in ran.err
    assert 'keep `target: {katib: "0.17"}`' in ran.err


@needs_git
def test_check_tells_it_too(change: Change, kgen: Kgen, home: Path) -> None:
    change(spec("random", "tpe"))
    before = tree(home)
    ran = kgen("render", "prod", "--check")
    assert ran.code == 1
    assert "would be refused without --accept-recreate: Experiment `mnist` is committed in `rendered/prod/" in ran.err
    assert "refused" not in kgen("render", "prod", "--check", "--accept-recreate").err
    assert {p: d for p, d in tree(home).items() if ".git/" not in p} == {
        p: d for p, d in before.items() if ".git/" not in p
    }


def test_without_a_repository_what_is_there_counts(home: Path, kgen: Kgen) -> None:
    assert kgen("render", "prod", "-w").code == 0
    write_workspace(home, spec("random", "tpe"))
    ran = kgen("render", "prod", "-w")
    assert (ran.code, "KG809" in ran.err) == (1, True)
    assert kgen("render", "prod", "-w", "--accept-recreate").code == 0


@needs_git
def test_without_git_what_is_there_counts(
    change: Change, home: Path, kgen: Kgen, monkeypatch: pytest.MonkeyPatch
) -> None:
    change({})
    write_workspace(home, spec("random", "tpe"))
    with monkeypatch.context() as context:
        context.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # which Git does not look into
        assert "KG809" in kgen("render", "prod", "-w").err
    monkeypatch.setenv("PATH", str(home / "nowhere"))
    assert "KG809" in kgen("render", "prod", "-w").err


@needs_git
def test_git_is_not_asked_where_nothing_changes(change: Change, kgen: Kgen, monkeypatch: pytest.MonkeyPatch) -> None:
    change({})

    def started(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "run", started)
    assert kgen("render", "prod", "-w").code == 0
    assert kgen("render", "prod", "--check").code == 0
    assert kgen("render", "prod", "--set", "algorithm=tpe").code == 0
