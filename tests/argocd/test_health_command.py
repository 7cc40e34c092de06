"""`kgen argocd health`: every form of what it prints, and the folder that it writes."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import argocd_cm
import pytest
import yaml

from conftest import Kgen, run_kgen, tree
from kgen.cli.argocd.scripts import KINDS, OWN

ROOT = Path(__file__).resolve().parents[2]
HEALTH, ACTIONS = f"{argocd_cm.PREFIX}.health", f"{argocd_cm.PREFIX}.actions"
EXPERIMENT = "kubeflow.org_Experiment"
ALL = {
    *(f"{HEALTH}.kubeflow.org_{kind}" for kind in KINDS if kind != "TrainJob"),
    f"{HEALTH}.trainer.kubeflow.org_TrainJob",
    f"{ACTIONS}.{EXPERIMENT}",
}
FOLDER = {
    *(f"kubeflow.org/{kind}/health.lua" for kind in KINDS if kind != "TrainJob"),
    "trainer.kubeflow.org/TrainJob/health.lua",
    "kubeflow.org/Experiment/actions/discovery.lua",
    "kubeflow.org/Experiment/actions/add-trials/action.lua",
    "kubeflow.org/Experiment/actions/set-max-trial-count/action.lua",
    "kubeflow.org/Experiment/actions/set-parallel-trial-count/action.lua",
}
METADATA = {
    "name": "argocd-cm",
    "namespace": "argocd",
    "labels": {"app.kubernetes.io/name": "argocd-cm", "app.kubernetes.io/part-of": "argocd"},
}


def test_the_config_map_holds_nothing_but_its_own_keys() -> None:
    made = argocd_cm.printed()
    assert {key: made[key] for key in made if key != "data"} == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": METADATA,
    }
    assert set(made["data"]) == ALL


def test_the_forms_say_the_same() -> None:
    data = argocd_cm.printed()["data"]
    assert argocd_cm.printed("--format", "patch") == {"data": data}
    assert argocd_cm.printed("--format", "values") == {"configs": {"cm": data}}


@pytest.mark.parametrize(
    ("style", "way"),
    [
        ("configmap", "# kubectl apply --server-side --field-manager=kgen -f FILE\n"),
        ("patch", "# kubectl -n gitops patch configmap argocd-cm --patch-file FILE\n"),
        ("values", "helm upgrade RELEASE CHART -f YOURS -f FILE\n"),
    ],
)
def test_the_first_lines_say_how_to_merge_it(kgen: Kgen, style: str, way: str) -> None:
    head = kgen("argocd", "health", "--format", style, "-n", "gitops").out.partition("\napiVersion")[0]
    assert way in head
    assert "RespectIgnoreDifferences=true" in head


def test_without_actions_there_is_no_word_of_them(kgen: Kgen) -> None:
    ran = kgen("argocd", "health", "--no-actions")
    assert set(yaml.safe_load(ran.out)["data"]) == ALL - {f"{ACTIONS}.{EXPERIMENT}"}
    assert "RespectIgnoreDifferences" not in ran.out


def test_kinds_are_chosen_by_name() -> None:
    made = argocd_cm.printed("--kind", "TrainJob", "--kind", "Trial")["data"]
    assert list(made) == [f"{HEALTH}.kubeflow.org_Trial", f"{HEALTH}.trainer.kubeflow.org_TrainJob"]
    assert list(argocd_cm.printed("--kind", "Experiment")["data"]) == [
        f"{HEALTH}.{EXPERIMENT}",
        f"{ACTIONS}.{EXPERIMENT}",
    ]


def test_another_namespace_is_that_of_the_config_map() -> None:
    assert argocd_cm.printed("--namespace", "gitops")["metadata"]["namespace"] == "gitops"


def test_variants_differ_in_their_words_alone() -> None:
    def without_head(variant: str) -> dict[str, str]:
        return {key: text.partition("-- Reads a live object")[2] for key, text in argocd_cm.data(variant).items()}

    assert without_head("waiting") == without_head("alerting") == without_head("flowing")
    assert len({argocd_cm.health("Experiment", variant) for variant in ("waiting", "alerting", "flowing")}) == 3


def test_nothing_that_a_template_would_take_for_its_own_is_printed(kgen: Kgen) -> None:
    """Helm and ApplicationSets read `{{`, Flux and envsubst `${`; a tab would end block form."""
    out = kgen("argocd", "health").out
    assert not [mark for mark in ("{{", "${", "\t", '"resource.') if mark in out]


def test_a_folder_of_lua_is_laid_out_as_argo_cds_own(kgen: Kgen, tmp_path: Path) -> None:
    ran = kgen("argocd", "health", "--format", "lua", "-o", str(tmp_path / "lua"))
    assert (ran.code, ran.out) == (0, "")
    made = {name: data.decode() for name, data in tree(tmp_path / "lua").items()}
    assert set(made) == FOLDER
    assert all(text.startswith(OWN) for text in made.values())
    data = argocd_cm.data("waiting")
    assert made["kubeflow.org/Experiment/health.lua"] == data[f"{HEALTH}.{EXPERIMENT}"]
    assert made["kubeflow.org/Experiment/actions/add-trials/action.lua"] == argocd_cm.actions()["add-trials"]
    assert "written: " in ran.err


def test_a_folder_is_written_over_as_long_as_kgen_wrote_it(kgen: Kgen, tmp_path: Path) -> None:
    arguments = ("argocd", "health", "--format", "lua", "-o", str(tmp_path))
    assert kgen(*arguments).code == 0
    assert kgen(*arguments, "--variant", "flowing").code == 0
    before = tree(tmp_path)
    assert b'"flowing"' in before["kubeflow.org/Trial/health.lua"]
    (tmp_path / "kubeflow.org" / "Trial" / "health.lua").write_text("return {}", encoding="utf-8")
    refused = kgen(*arguments)
    assert refused.code == 1
    assert "error[KG012]" in refused.err
    assert "kubeflow.org/Trial/health.lua` was not written by kgen" in refused.err
    assert tree(tmp_path) == {**before, "kubeflow.org/Trial/health.lua": b"return {}"}


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_no_link_is_written_through(kgen: Kgen, tmp_path: Path) -> None:
    folder = tmp_path / "lua" / "kubeflow.org" / "Trial"
    folder.mkdir(parents=True)
    (folder / "health.lua").symlink_to(tmp_path / "elsewhere")
    ran = kgen("argocd", "health", "--format", "lua", "-o", str(tmp_path / "lua"))
    assert ran.code == 1
    assert "was not written by kgen" in ran.err
    assert not (tmp_path / "elsewhere").exists()


def test_a_file_in_place_of_a_folder_is_told(kgen: Kgen, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ran = kgen("argocd", "health", "--format", "lua", "-o", str(tmp_path / "file"))
    assert ran.code == 1
    assert "error[KG012]" in ran.err
    assert "cannot be written" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["--format", "lua"], "go together", id="lua without a folder"),
        pytest.param(["-o", "x"], "go together", id="a folder for something else"),
        pytest.param(["--kind", "Job"], "'Job' is not one of", id="a kind that Argo CD knows itself"),
        pytest.param(["-n", "a\nb: c"], "is no name of a namespace", id="a namespace that would be more than a name"),
        pytest.param(["--variant", "patient"], "'patient' is not one of", id="a variant that is none"),
    ],
)
def test_wrong_usage(kgen: Kgen, arguments: list[str], said: str) -> None:
    ran = kgen("argocd", "health", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_it_is_the_same_twice_and_needs_no_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_kgen("argocd", "health") == run_kgen("argocd", "health")


@pytest.mark.skipif(find_spec("hatchling") is None, reason="hatchling is not installed")
def test_the_wheel_holds_every_script(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    assert tree(tmp_path / "installed" / "kgen" / "argocd") == tree(ROOT / "argocd")
    assert _from_the_wheel(tmp_path) == run_kgen("argocd", "health").out


def _from_the_wheel(folder: Path) -> str:
    command = [sys.executable, "-c", "from kgen.cli import main; main(['argocd', 'health'])"]
    environ = {"PYTHONPATH": str(folder / "installed")}
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=True).stdout
