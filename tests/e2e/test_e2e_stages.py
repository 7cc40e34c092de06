"""The stages of the end-to-end test on a simulated cluster: all goes well, and each thing that may not."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest
import run as command
from harness import installs, stages
from harness.commands import Done, Kube
from harness.installs import Skipped
from harness.run import Run
from harness.settings import settings
from harness.waiting import Broken
from simulated import Simulated
from test_e2e_harness import EXISTING, Clock

from repository import clean_git, needs_git

pytestmark = needs_git
TESTS = ("workspace", "push", "sync", "check", "counters", "search")


@contextmanager
def no_forward(*_: object) -> Iterator[int]:
    raise AssertionError("a repository that is given needs no port")
    yield 0


class Played:
    """A run on a simulated cluster."""

    def __init__(self, folder: Path, *faults: str) -> None:
        repository = folder / "served.git"
        subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(repository)], check=True)
        self.cluster = Simulated(repository, *faults)
        self.said: list[str] = []
        chosen = settings({**EXISTING, "KGEN_E2E_GIT_URL": str(repository)})
        self.folder = folder / "work"
        self.run = Run(chosen, self.folder, self.cluster, Clock(), self.said.append, no_forward)

    def play(self, *names: str) -> int:
        return command.play(self.run, [stage for stage in stages.STAGES if stage.name in names], whole=False)

    def failure(self) -> str:
        (found,) = [text for text in self.said if text.startswith("failed in stage")]
        return found


@pytest.fixture(autouse=True)
def nobodys_git(monkeypatch: pytest.MonkeyPatch) -> None:
    clean_git(monkeypatch)


def test_all_goes_well(tmp_path: Path) -> None:
    played = Played(tmp_path)
    assert played.play(*TESTS) == command.PASSED, played.said
    assert played.cluster.applied == ["AppProject", "Application"]
    first, second = played.cluster.experiments
    facts = json.loads((played.folder / "state.json").read_text("utf-8"))
    assert (facts["first"], facts["second"]) == (first, second)
    assert len(played.cluster.trials) == 10


def test_each_stage_alone_goes_on_from_what_the_last_one_left(tmp_path: Path) -> None:
    played = Played(tmp_path)
    for name in TESTS:
        played.run.facts = {}
        assert played.play(name) == command.PASSED, played.said


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        pytest.param("refuse", r"sync: the sync of [0-9a-f]{8} has failed: one or more objects", id="a sync fails"),
        pytest.param("fail", "sync: the Experiment has failed: it is Failed", id="a search fails"),
        pytest.param("few", "sync: .* 2 of 3 trials succeeded", id="a trial fails"),
        pytest.param("heal", "check: a refresh started an operation", id="Argo CD mends what is not broken"),
        pytest.param("drift", "check: live and rendered differ: {'Experiment/iris-.*': 'rejected'}", id="drift"),
        pytest.param("lie", "check: .*accuracy: max is 0.901, printed was 0.9", id="a metric that was not printed"),
        pytest.param("worst", "check: .* is better than .*, which Katib calls the best", id="the best is not the best"),
        pytest.param("recreate", "counters: .* is another object than before", id="an edit makes another object"),
        pytest.param("prune", "search: the uid of .*, which has left Git, is null", id="what left Git is gone"),
    ],
)
def test_what_goes_wrong_is_noticed(tmp_path: Path, fault: str, message: str) -> None:
    played = Played(tmp_path, fault)
    assert played.play(*TESTS) == command.FAILED, played.said
    assert re.search(f"failed in stage {message}", played.failure())
    assert (played.folder / "gathered" / "diagnosis.txt").is_file()


def test_a_stage_before_its_time_names_the_one_that_is_missing(tmp_path: Path) -> None:
    played = Played(tmp_path)
    assert played.play("check") == command.FAILED
    assert "failed in stage check" in played.failure()
    played = Played(tmp_path / "other")
    played.play("workspace", "push")
    assert played.play("counters") == command.FAILED
    assert "has no `uid`: run the stage `sync` first" in played.failure()


def test_a_foretelling_that_is_wrong_stops_before_the_push(tmp_path: Path) -> None:
    """`kgen diff` foretells what will happen; that it is not what should happen must not reach the cluster."""
    played = Played(tmp_path)
    played.play("workspace", "push", "sync")
    pushed = played.cluster._git("rev-parse", "main")
    spec = played.run.workspace.folder / "experiments" / "iris.yaml"
    spec.write_text(spec.read_text("utf-8").replace("[0.01, 1.0]", "[0.01, 3.0]"), encoding="utf-8")
    assert played.play("counters") == command.FAILED
    assert "kgen diff is" in played.failure()
    assert played.cluster._git("rev-parse", "main") == pushed


# What a run does after a failure, and with a skip


def broken(_: Run) -> NoReturn:
    """Break."""
    raise Broken("it is broken")


def skipping(_: Run) -> NoReturn:
    """Skip."""
    raise Skipped("nothing is here")


def test_only_a_whole_run_cleans_up_after_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cleaned: list[str] = []
    monkeypatch.setattr(command, "teardown", lambda run: cleaned.append("teardown"))
    played = Played(tmp_path)
    assert command.play(played.run, [stages.Stage("sync", broken)], whole=False) == command.FAILED
    assert cleaned == []
    assert command.play(played.run, [stages.Stage("sync", broken)], whole=True) == command.FAILED
    assert cleaned == ["teardown"]


def test_a_skip_has_an_exit_code_of_its_own_and_ends_the_run(tmp_path: Path) -> None:
    played = Played(tmp_path)
    assert command.play(played.run, [stages.Stage("tools", skipping), stages.Stage("sync", broken)], whole=True) == 77
    assert played.said[-1] == "skipped: nothing is here"


# Stages that make a cluster: what they would run


class Recorder:
    """A shell that notes every command; answers by the words that a command begins with."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.ran: list[str] = []

    def run(self, argv: Any, **more: Any) -> Done:
        line = " ".join(argv)
        self.ran.append(line)
        return Done(0, next((text for words, text in self.answers.items() if words in line), ""), "")


VERSION = json.dumps({"serverVersion": {"gitVersion": "v1.34.0"}})
NODE = json.dumps({"images": [{"repoTags": ["docker.io/library/kgen-trial:e2e", "docker.io/library/kgen-git:e2e"]}]})


def on_kind(folder: Path, shell: Recorder, engine: str = "docker") -> Run:
    return Run(settings({}), folder, shell, Clock(), lambda _: None, no_forward, engine=engine)


def test_cluster_is_created_at_the_pinned_image_with_a_kubeconfig_of_its_own(tmp_path: Path) -> None:
    shell = Recorder(version=VERSION)
    installs.cluster(on_kind(tmp_path, shell))
    (created,) = [line for line in shell.ran if line.startswith("kind create")]
    assert f"--image {settings({})['NODE_IMAGE']} " in created
    assert created.endswith(f"--kubeconfig {tmp_path / 'kubeconfig'}")
    assert f"kubectl --kubeconfig {tmp_path / 'kubeconfig'} --context kind-kgen-e2e version -o json" in shell.ran


def test_a_cluster_that_is_there_is_taken(tmp_path: Path) -> None:
    shell = Recorder(**{"get clusters": "other\nkgen-e2e\n", "version": VERSION})
    installs.cluster(on_kind(tmp_path, shell))
    assert not [line for line in shell.ran if line.startswith("kind create")]


def test_images_are_built_for_one_platform_and_loaded_from_an_archive(tmp_path: Path) -> None:
    shell = Recorder(crictl=NODE)
    installs.image(on_kind(tmp_path, shell, "podman"))
    built = [line for line in shell.ran if line.startswith("podman build")]
    assert [line.split()[3] for line in built] == ["docker.io/library/kgen-trial:e2e", "docker.io/library/kgen-git:e2e"]
    assert not [line for line in shell.ran if "docker-image" in line]
    assert len([line for line in shell.ran if line.startswith("kind load image-archive")]) == 2
    assert not list((tmp_path / "images").iterdir()), "archives are large"


def test_an_image_that_the_node_has_not_is_noticed_at_once(tmp_path: Path) -> None:
    shell = Recorder(crictl=json.dumps({"images": [{"repoTags": ["localhost/kgen-trial:e2e"]}]}))
    with pytest.raises(Broken, match=r"the node has no docker.io/library/kgen-trial:e2e; it has: localhost/kgen-trial"):
        installs.image(on_kind(tmp_path, shell))


def test_katib_and_argocd_come_at_their_versions(tmp_path: Path) -> None:
    shell = Recorder(health="data: {}\n")
    run = on_kind(tmp_path, shell)
    installs.katib(run)
    installs.argocd(run)
    text = (tmp_path / "manifests" / "katib" / "kustomization.yaml").read_text("utf-8")
    assert f"katib-standalone?ref={settings({})['KATIB']}" in text
    (core,) = [line for line in shell.ran if "core-install.yaml" in line]
    assert f"/{settings({})['ARGOCD']}/manifests/core-install.yaml" in core
    assert "--server-side --force-conflicts" in core
    assert len([line for line in shell.ran if "rollout status" in line]) == 7


def test_an_existing_cluster_is_looked_at_and_left_as_it_is(tmp_path: Path) -> None:
    shell = Recorder(crd='{"kind": "CustomResourceDefinition"}', version=VERSION)
    run = Run(settings(EXISTING), tmp_path, shell, Clock(), lambda _: None, no_forward)
    for stage in (installs.cluster, installs.katib, installs.argocd, installs.image):
        stage(run)
    words = {line.split()[3] for line in shell.ran}
    assert words <= {"version", "get", "-n"}, shell.ran
    assert not [line for line in shell.ran if " apply " in line or " patch " in line]


def test_an_existing_cluster_without_katib(tmp_path: Path) -> None:
    run = Run(settings(EXISTING), tmp_path, Recorder(), Clock(), lambda _: None, no_forward)
    with pytest.raises(Broken, match=r"Katib is not in the cluster team: it has no crd experiments\.kubeflow\.org"):
        installs.katib(run)


def test_teardown_of_an_existing_cluster_deletes_only_what_was_made(tmp_path: Path) -> None:
    shell = Recorder()
    run = Run(settings(EXISTING), tmp_path, shell, Clock(), lambda _: None, no_forward)
    installs.teardown(run)
    deleted = [line.partition("delete ")[2].partition(" --ignore")[0] for line in shell.ran]
    assert deleted == [
        "application.argoproj.io kgen-e2e",
        "appproject.argoproj.io kgen-e2e",
        "experiments.kubeflow.org -l environment=e2e",
        "namespace kgen-e2e",
        "namespace kgen-e2e-git",
    ]


def test_keep_keeps(tmp_path: Path) -> None:
    shell = Recorder()
    run = on_kind(tmp_path, shell)
    run.keep = True
    installs.teardown(run)
    assert shell.ran == []


def test_push_goes_through_a_port_where_the_git_server_is_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str, int]] = []

    @contextmanager
    def forward(_: Kube, namespace: str, service: str, port: int) -> Iterator[int]:
        asked.append((namespace, service, port))
        yield 4711

    run = on_kind(tmp_path, Recorder())
    run.forward = forward
    run.workspace.folder.mkdir(parents=True)
    pushed: list[str] = []
    monkeypatch.setattr(run.workspace, "push", pushed.append)
    stages._push(run)
    assert asked == [("kgen-e2e-git", "kgen-e2e-git", 80)]
    assert pushed == ["http://127.0.0.1:4711/experiments.git"]
