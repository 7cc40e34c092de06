"""`kgen argocd objects`: the objects of a whole workspace, and that what is written is what Argo CD knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from conftest import Kgen, Workspace, tree

SPEC = """\
objective: {minimize: loss}
algorithm: random
trials: {max: 4, parallel: 2, maxFailed: 1}
parameters: {lr: {double: [0.01, 0.1]}}
trial:
  image: "registry.example.com/train@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  command: [python3, train.py]
"""
ENVIRONMENT = """\
namespace: team-{0}
experiments: [mnist]
history: keep
overlays: [{0}]
argocd: {{project: ml, repoURL: "https://git.example.com/ml.git", automated: true}}
"""
PROJECTS = "argocd: {projects: [ml], appOfApps: {}}\n"
SET = "argocd: {projects: [ml], applicationSet: {}, appOfApps: {}}\n"
CLUSTERS = "argocd: {projects: [ml], applicationSet: {generator: clusters}}\n"
LABELS = "metadata: {{labels: {{environment: {0}}}}}\n"
FILES = {
    **{f"overlays/{name}.yaml": LABELS.format(name) for name in ("dev", "prod", "x")},
    "kgen.yaml": PROJECTS,
    "experiments/mnist.yaml": SPEC,
    "environments/dev/environment.yaml": ENVIRONMENT.format("dev"),
    "environments/prod/environment.yaml": ENVIRONMENT.format("prod"),
}
APPS, PROJECT, ONE_SET = "application-apps.yaml", "appproject-ml.yaml", "applicationset-experiments.yaml"


@pytest.fixture
def here(workspace: Workspace) -> Path:
    """A workspace of two environments that asks for a project and an app of apps."""
    return workspace(FILES)


def written(here: Path) -> list[str]:
    return sorted(path.name for path in (here / "rendered" / "argocd").iterdir())


def test_stdout_has_the_objects_and_nothing_is_written(here: Path, kgen: Kgen) -> None:
    ran = kgen("argocd", "objects")
    assert (ran.code, ran.err) == (0, "")
    assert [obj["kind"] for obj in YAML(typ="safe").load_all(ran.out)] == ["Application", "AppProject"]
    assert not (here / "rendered").exists()


def test_written_beside_the_applications_and_up_to_date(here: Path, kgen: Kgen) -> None:
    assert kgen("render", "dev", "prod", "-w").code == 0
    before = tree(here / "rendered")
    assert kgen("argocd", "objects", "--check").code == 1
    ran = kgen("argocd", "objects", "-w")
    assert (ran.code, ran.out) == (0, "")
    assert written(here) == [APPS, PROJECT, "dev.yaml", "prod.yaml"]
    assert before.items() <= tree(here / "rendered").items()
    assert kgen("argocd", "objects", "--check").code == 0
    again = kgen("render", "dev", "prod", "--check")
    assert (again.code, "left behind" in again.err) == (0, False)


def test_stale_when_an_environment_needs_more(here: Path, kgen: Kgen) -> None:
    kgen("argocd", "objects", "-w")
    path = here / "environments/dev/environment.yaml"
    path.write_text(path.read_text().replace("team-dev", "team-other"))
    ran = kgen("argocd", "objects", "--check")
    assert ran.code == 1
    assert "+  - namespace: team-other" in ran.out
    assert f"rendered/argocd/{PROJECT}" in ran.err.split("would be changed: ")[1]


def test_what_is_no_longer_asked_for_goes(here: Path, kgen: Kgen) -> None:
    kgen("argocd", "objects", "-w")
    (here / "kgen.yaml").write_text("argocd: {projects: [ml]}\n")
    removed = kgen("argocd", "objects", "-w").err.split("removed: ")[1]
    assert removed.endswith(f"rendered/argocd/{APPS}\n")
    assert written(here) == [PROJECT]


def test_a_set_takes_the_place_of_the_applications(here: Path, kgen: Kgen) -> None:
    kgen("render", "dev", "prod", "-w")
    (here / "kgen.yaml").write_text(SET)
    assert kgen("argocd", "objects", "-w").code == 0
    assert written(here) == [APPS, ONE_SET, PROJECT]
    assert kgen("render", "dev", "prod", "--check").code == 0
    (here / "kgen.yaml").write_text(PROJECTS)
    assert kgen("render", "dev", "-w").code == 0
    assert "dev.yaml" in written(here)


def test_another_folder(here: Path, kgen: Kgen) -> None:
    assert kgen("argocd", "objects", "-o", "out").code == 0
    assert sorted(tree(here / "out")) == [f"argocd/{APPS}", f"argocd/{PROJECT}"]
    assert kgen("argocd", "objects", "-o", "out", "--check").code == 0


def test_somebody_elses_file_is_not_overwritten(here: Path, kgen: Kgen) -> None:
    (here / "rendered/argocd").mkdir(parents=True)
    (here / "rendered/argocd" / PROJECT).write_text("kind: AppProject\n")
    ran = kgen("argocd", "objects", "-w")
    assert ran.code == 1
    assert "was not written by kgen" in ran.err
    assert written(here) == [PROJECT]


@pytest.mark.parametrize(
    ("name", "tool"), [("kustomization.yaml", "Kustomize"), ("Chart.yaml", "Helm")], ids=["Kustomize's", "Helm's"]
)
def test_a_file_that_makes_the_folder_another_tools_is_named(name: str, tool: str, here: Path, kgen: Kgen) -> None:
    (here / "rendered/dev").mkdir(parents=True)
    (here / "rendered/dev" / name).write_text("resources: []\n")
    assert f"Argo CD takes the folder for one of {tool} by it" in kgen("render", "dev", "-w").err


@pytest.mark.parametrize(
    ("files", "says"),
    [
        pytest.param({"kgen.yaml": "output: rendered\n"}, "kgen.yaml:1:1: error[KG114]", id="nothing is asked for"),
        pytest.param(
            {f"environments/{one}/environment.yaml": "namespace: a\nexperiments: [mnist]\n" for one in ("dev", "prod")},
            "kgen.yaml:1:9: error[KG114] no environment has an `argocd` block",
            id="no environment is delivered",
        ),
        pytest.param(
            {"environments/dev/environment.yaml": "namespace: a\nexperiments: [mnits]\n"},
            "environments/dev/environment.yaml:2:15: error[KG101]",
            id="an environment that does not render",
        ),
        pytest.param(
            {"kgen.yaml": "argocd: {projects: [ML]}\n"}, "kgen.yaml:1:21: error[KG004]", id="settings that are wrong"
        ),
        pytest.param(
            {"kgen.yaml": CLUSTERS, "environments/dev/environment.yaml": ENVIRONMENT.format("dev").replace(
                "project: ml,", "project: ml, cluster: lab,")},
            "error[KG105] `cluster` names a cluster, and an ApplicationSet over clusters takes each that has the label",
            id="a cluster that has a name and a label",
        ),
        pytest.param(
            {"environments/appproject-ml/environment.yaml": ENVIRONMENT.format("x")},
            "error[KG113] an environment and another object both go to `argocd/appproject-ml.yaml`",
            id="an environment of that name",
        ),
        pytest.param(
            {"kgen.yaml": "argocd: {projects: [ml], appOfApps: {project: ml}}\n"},
            "kgen.yaml:1:47: error[KG105] the AppProject `ml` permits what environments render, and no app of apps",
            id="an app of apps in a project that does not permit it",
        ),
        pytest.param(
            {"kgen.yaml": "argocd: {projects: [ml, ml]}\n"},
            "kgen.yaml:1:25: error[KG106] `ml` is listed twice",
            id="a project that is listed twice",
        ),
        pytest.param(
            {"environments/apps/environment.yaml": ENVIRONMENT.format("x")},
            "environments/apps/environment.yaml:5:9: error[KG106] two Applications are called `apps`",
            id="an environment called as the app of apps",
        ),
        pytest.param(
            {"environments/dev/environment.yaml": ENVIRONMENT.format("dev").replace("{p", "{name: prod, p")},
            "error[KG106] two Applications are called `prod`",
            id="two environments whose Applications have one name",
        ),
    ],
)  # fmt: skip
def test_errors_are_located_and_nothing_is_written(
    files: dict[str, str], says: str, workspace: Workspace, kgen: Kgen
) -> None:
    here = workspace({**FILES, **files})
    ran = kgen("argocd", "objects", "-w")
    assert ran.code == 1
    assert says in ran.err
    assert ran.err.endswith("nothing was written\n")
    assert not (here / "rendered").exists()


@pytest.mark.parametrize("argv", [("-w", "-o", "x"), ("-w", "--check")], ids=" ".join)
def test_options_that_exclude_each_other(argv: tuple[str, ...], here: Path, kgen: Kgen) -> None:
    assert kgen("argocd", "objects", *argv).code == 2


@pytest.mark.parametrize("settings", [PROJECTS, SET, CLUSTERS], ids=["applications", "directories", "clusters"])
def test_lint_finds_nothing_in_what_is_written(settings: str, workspace: Workspace, kgen: Kgen) -> None:
    here = workspace({**FILES, "kgen.yaml": settings})
    kgen("render", "dev", "prod", "-w")
    kgen("argocd", "objects", "-w")
    ran = kgen("lint", "rendered", "--fail-on", "info")
    assert (ran.code, "KG" in ran.out) == (0, False), ran.out
    assert (here / "rendered/argocd" / PROJECT).exists()


def test_lint_finds_what_no_longer_fits(here: Path, kgen: Kgen) -> None:
    kgen("render", "dev", "prod", "-w")
    kgen("argocd", "objects", "-w")
    path = here / "rendered/argocd" / PROJECT
    text = path.read_text()
    path.write_text(text.replace("kind: Experiment", "kind: Job").replace("sourceRepos", "sourceRepo"))
    ran = kgen("lint", "rendered")
    said: set[Any] = {word for word in ("KG221", "KG832", "did you", "sourceRepos") if word in ran.out}
    assert said >= {"KG221", "KG832", "sourceRepos"}, ran.out
