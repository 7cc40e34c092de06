"""The workspace of the end-to-end test and its manifests: rendered, linted, and the verdicts that the stages expect."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.commands import Subprocesses
from harness.settings import HERE, Settings, settings
from harness.workspace import (
    COUNTERS,
    FIRST_TRIALS,
    MORE_TRIALS,
    SEARCH,
    TEMPLATES,
    Workspace,
    filled,
    minor,
    tokens_of,
)

from conftest import run_kgen
from repository import clean_git, needs_git

pytestmark = needs_git
KATIB_SOURCE = "github.com/kubeflow/katib.git/manifests/v1beta1/installs/katib-standalone?ref="


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """The workspace as the stages `workspace` and `push` leave it."""
    clean_git(monkeypatch)
    workspace = Workspace(tmp_path / "workspace", Subprocesses())
    workspace.folder.mkdir()
    workspace.write(settings({}))
    workspace.render()  # and lints, where a warning is an error
    workspace.commit("The first search")
    return workspace


def test_nothing_of_the_templates_is_left(made: Workspace) -> None:
    texts = [path.read_text("utf-8") for path in made.folder.rglob("*.yaml")]
    assert texts
    assert not re.search(r"@[A-Z_]+@", "".join(texts))


def test_experiment_is_what_the_stages_wait_for(made: Workspace) -> None:
    found = made.manifest("e2e/iris.yaml")
    spec = found["spec"]
    assert re.fullmatch(r"iris-[0-9a-f]{8}", made.experiment())
    assert (spec["maxTrialCount"], spec["resumePolicy"]) == (FIRST_TRIALS, "LongRunning")
    assert "goal" not in spec["objective"], "it must end by its number of trials"
    assert spec["trialTemplate"]["retain"] is True, "the pods' logs are read when the trials are over"
    pod = spec["trialTemplate"]["trialSpec"]["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == settings({})["IMAGE"]
    assert pod["containers"][0]["imagePullPolicy"] == "IfNotPresent"


def test_application_is_what_the_stages_apply(made: Workspace) -> None:
    project, application = (yaml.safe_load(file.read_text("utf-8")) for file in made.argocd_files())
    assert (project["kind"], application["kind"]) == ("AppProject", "Application")
    assert application["metadata"] | {"annotations": None} == {
        "name": "kgen-e2e",
        "namespace": "argocd",
        "annotations": None,
    }
    assert application["spec"]["project"] == project["metadata"]["name"]
    assert project["spec"]["sourceRepos"] == [application["spec"]["source"]["repoURL"]] == [settings({}).repository]
    policy = application["spec"]["syncPolicy"]
    assert policy["syncOptions"] == ["CreateNamespace=true"]
    assert policy["managedNamespaceMetadata"]["labels"] == {"katib.kubeflow.org/metrics-collector-injection": "enabled"}
    assert policy["automated"] == {"prune": True, "selfHeal": True}


def test_flags_of_the_spec_are_those_of_the_trial(made: Workspace) -> None:
    command = made.manifest("e2e/iris.yaml")["spec"]["trialTemplate"]["trialSpec"]["spec"]["template"]["spec"]
    flags = {word.partition("=")[0] for word in command["containers"][0]["command"] if word.startswith("--")}
    script = (HERE.parents[1] / "trial" / "train.py").read_text("utf-8")
    assert flags == {"--epochs", "--C", "--max-iter"}
    assert all(f'"{flag}"' in script for flag in flags)


def test_both_edits_are_what_the_stages_expect(made: Workspace) -> None:
    first = made.experiment()
    assert made.verdicts() == {}
    made.edit(COUNTERS)
    assert made.verdicts() == {f"Experiment/{first}": "in-place"}
    made.render()
    made.commit(COUNTERS.what)
    assert made.experiment() == first
    assert made.manifest("e2e/iris.yaml")["spec"]["maxTrialCount"] == MORE_TRIALS

    made.edit(SEARCH)
    said = made.verdicts()
    made.render()
    second = made.experiment()
    assert second != first
    assert said == {f"Experiment/{first}": "keep", f"Experiment/{second}": "rename"}
    made.commit(SEARCH.what)
    assert made.verdicts() == {}


def test_what_a_cluster_had_made_of_it_is_no_difference(made: Workspace) -> None:
    """The object as Argo CD applied it, Katib's webhook filled it in, and its controller wrote its status."""
    live = (HERE / "recorded" / "live" / "experiments.yaml").read_text("utf-8")
    assert yaml.safe_load(live)["items"][0]["metadata"]["name"] == made.experiment(), "the templates have changed"
    assert made.verdicts("--against", "-", text=live) == {}
    made.edit(COUNTERS)
    assert made.verdicts("--against", "-", text=live) == {f"Experiment/{made.experiment()}": "in-place"}
    made.edit(SEARCH)
    assert "rename" in made.verdicts("--against", "-", text=live).values()


def test_a_stage_that_is_run_again_edits_nothing_twice(made: Workspace) -> None:
    made.edit(COUNTERS)
    text = (made.folder / "experiments" / "iris.yaml").read_text("utf-8")
    made.edit(COUNTERS)
    assert (made.folder / "experiments" / "iris.yaml").read_text("utf-8") == text


def test_old_experiment_stays_when_git_drops_it(made: Workspace) -> None:
    annotations = made.manifest("e2e/iris.yaml")["metadata"]["annotations"]
    assert annotations["argocd.argoproj.io/sync-options"] == "Prune=false,Delete=false"
    assert annotations["argocd.argoproj.io/compare-options"] == "IgnoreExtraneous"


# Manifests


def manifests(path: str, chosen: Settings) -> list[dict[str, Any]]:
    text = filled((HERE / "manifests" / path).read_text("utf-8"), {**tokens_of(chosen), "KATIB_SOURCE": KATIB_SOURCE})
    return list(yaml.safe_load_all(text))


@pytest.mark.parametrize("path", ["git.yaml", "kind.yaml", "katib/kustomization.yaml"])
def test_every_token_of_a_manifest_is_known(path: str) -> None:
    assert "@" not in json.dumps(manifests(path, settings({}))).replace("@sha256", "")


def test_kgen_finds_no_fault_with_what_the_test_applies(made: Workspace, tmp_path: Path) -> None:
    everything = tmp_path / "everything"
    everything.mkdir()
    text = filled((HERE / "manifests" / "git.yaml").read_text("utf-8"), tokens_of(settings({})))
    (everything / "git.yaml").write_text(text, encoding="utf-8")
    for file in [*made.argocd_files(), made.folder / "rendered" / "e2e" / "iris.yaml"]:
        shutil.copy(file, everything / f"of-{file.name}")
    ran = run_kgen("lint", str(everything), "--fail-on", "warning")
    assert ran.code == 0, ran.out + ran.err


def test_git_server_is_reached_by_the_name_that_the_application_has() -> None:
    chosen = settings({})
    namespace, deployment, service = manifests("git.yaml", chosen)
    host = settings({}).repository.removeprefix("http://").partition("/")[0]
    assert host == f"{service['metadata']['name']}.{namespace['metadata']['name']}.svc.cluster.local"
    assert service["spec"]["selector"].items() <= deployment["spec"]["template"]["metadata"]["labels"].items()
    (port,) = service["spec"]["ports"]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert port["targetPort"] in {each["name"] for each in container["ports"]}
    assert container["image"] == chosen["GIT_IMAGE"]
    mounted = {each["mountPath"] for each in container["volumeMounts"]}
    assert mounted == {"/repositories", "/tmp"}, "the folder that the image's command serves, and Python's own"
    assert '"--root", "/repositories"' in (HERE / "git" / "Dockerfile").read_text("utf-8")


def test_kustomization_drops_what_the_user_interface_consists_of() -> None:
    (found,) = manifests("katib/kustomization.yaml", settings({}))
    dropped = {each["target"]["kind"] for each in found["patches"] if "$patch: delete" in each["patch"]}
    assert dropped == {"Deployment", "Service", "ServiceAccount", "ClusterRole", "ClusterRoleBinding"}
    assert found["resources"] == [KATIB_SOURCE]


UI = """\
apiVersion: {api}
kind: {kind}
metadata: {{name: katib-ui}}
"""
CLAIM = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: katib-mysql}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}
"""


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_kustomization_builds_over_a_folder_of_the_same_names(tmp_path: Path) -> None:
    kinds = {
        "Deployment": "apps/v1",
        "Service": "v1",
        "ServiceAccount": "v1",
        "ClusterRole": "rbac.authorization.k8s.io/v1",
        "ClusterRoleBinding": "rbac.authorization.k8s.io/v1",
    }
    source = tmp_path / "source"
    source.mkdir()
    parts = [CLAIM, *(UI.format(api=api, kind=kind) for kind, api in kinds.items())]
    (source / "all.yaml").write_text("---\n".join(parts))
    (source / "kustomization.yaml").write_text("resources: [all.yaml]\n")
    ours = tmp_path / "ours"
    ours.mkdir()
    text = (HERE / "manifests" / "katib" / "kustomization.yaml").read_text("utf-8")
    (ours / "kustomization.yaml").write_text(filled(text, {"KATIB_SOURCE": "../source"}))
    ran = subprocess.run(["kubectl", "kustomize", str(ours)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    (claim,) = yaml.safe_load_all(ran.stdout)
    assert claim["spec"]["resources"]["requests"]["storage"] == "2Gi"


@pytest.mark.parametrize(("version", "short"), [("v0.19.0", "0.19"), ("1.34.0", "1.34"), ("v3.5.1", "3.5")])
def test_minor_version(version: str, short: str) -> None:
    assert minor(version) == short


def test_targets_follow_the_versions_that_are_installed() -> None:
    chosen = settings({"KGEN_E2E_KATIB": "v0.18.0", "KGEN_E2E_NODE_IMAGE": "kindest/node:v1.33.4@sha256:0"})
    assert (tokens_of(chosen)["KATIB"], tokens_of(chosen)["KUBERNETES"]) == ("0.18", "1.33")


def test_a_template_keeps_what_is_katibs() -> None:
    text = (TEMPLATES / "experiments" / "iris.yaml").read_text("utf-8")
    assert filled(text, tokens_of(settings({}))) == text
    assert "${trialParameters.C}" in text
