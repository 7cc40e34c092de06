"""kgen under Argo CD's own plugin server: detected, sent a repository, asked for manifests and parameters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import oracle
import pytest
import yaml

from conftest import run_kgen, write_workspace

sys.path.append(str(Path(__file__).parents[1] / "plugin"))
from sidecar import ENDLESS, ROOT, children, copy_of_the_repository, wait_for

pytestmark = pytest.mark.skipif("KGEN_LIVE" not in os.environ, reason="builds Argo CD's code: set KGEN_LIVE=1")


class Server:
    """The program around Argo CD's server; one question at a time."""

    def __init__(self, program: Path, folder: Path) -> None:
        for name in ("sockets", "copies"):
            (folder / name).mkdir()
        self.process = subprocess.Popen(
            [str(program), str(ROOT / "plugin")],
            env={
                "PATH": f"{sysconfig.get_path('scripts')}:{os.defpath}",
                "ARGOCD_PLUGINSOCKFILEPATH": str(folder / "sockets"),
                "ARGOCD_CMP_WORKDIR": str(folder / "copies"),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, op: str, repo: Path, path: str, seconds: float = 60, **more: object) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        question = {"op": op, "repo": str(repo), "path": path, "seconds": seconds, **more}
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    try:
        program = oracle.build(folder=oracle.HERE.with_name("plugin"))
    except oracle.NotAvailable as reason:
        pytest.skip(str(reason))
    started = Server(program, tmp_path_factory.mktemp("s"))
    yield started
    started.process.kill()
    started.process.communicate()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of_the_repository(tmp_path_factory.mktemp("repository"))


@pytest.mark.parametrize(
    ("path", "more"),
    [
        pytest.param("environments/prod", {}, id="found by its folder"),
        pytest.param("environments/prod", {"plugin": "kgen"}, id="named, without parameters"),
        pytest.param(
            ".", {"parameters": [{"name": "environment", "string": "prod"}]}, id="found by the root, with a parameter"
        ),
        pytest.param(".", {"plugin": "kgen", "env": ["ARGOCD_ENV_KGEN_ENVIRONMENT=prod"]}, id="by plugin.env"),
    ],
)
def test_argo_cd_gets_what_is_rendered(server: Server, repository: Path, path: str, more: dict[str, Any]) -> None:
    answer = server.ask("generate", repository, path, **more)
    assert answer.get("error") is None
    rendered = yaml.safe_load_all(run_kgen("render", "prod", "--root", str(ROOT)).out)
    assert [json.loads(each) for each in answer["manifests"]] == list(rendered)


@pytest.mark.parametrize(
    ("name", "value", "most"),
    [
        pytest.param("set", {"map": {"trials": "{max: 24, parallel: 2}"}}, 24, id="a map"),
        pytest.param("set", {"array": ["trials={max: 24, parallel: 2}"]}, 24, id="an array"),
        pytest.param("set", {"string": "trials={max: 24, parallel: 2}"}, 24, id="a string"),
    ],
)
def test_argo_cd_passes_values_on(
    server: Server, repository: Path, name: str, value: dict[str, Any], most: int
) -> None:
    answer = server.ask("generate", repository, "environments/prod", parameters=[{"name": name, **value}])
    assert answer.get("error") is None
    found = [json.loads(each) for each in answer["manifests"]]
    assert {each["spec"]["maxTrialCount"] for each in found if each["kind"] == "Experiment"} == {most}


@pytest.mark.parametrize("path", ["rendered/prod", "rendered/argocd", "experiments"])
def test_argo_cd_leaves_other_folders_alone(server: Server, tmp_path: Path, path: str) -> None:
    copy_of_the_repository(tmp_path)
    write_workspace(tmp_path, {"rendered/prod/e.yaml": "kind: A", "rendered/argocd/prod.yaml": "kind: A"})
    assert server.ask("match", tmp_path, path)["matched"] is False


def test_argo_cd_shows_the_first_words_of_an_error(server: Server, repository: Path) -> None:
    said = server.ask("generate", repository, ".", plugin="kgen")["error"]
    assert "`kgen argocd generate` failed exit status 1: the application's path: error[KG018]" in said


def test_argo_cd_reads_what_is_announced(server: Server, repository: Path) -> None:
    announced = server.ask("parameters", repository, "environments/prod")["announced"]
    assert [(each["name"], each["collectionType"]) for each in announced] == [
        ("environment", "string"),
        ("set", "map"),
        ("allow-empty", "string"),
    ]
    assert announced[0]["string"] == "prod"


def test_argo_cds_deadline_leaves_nothing_behind(server: Server, tmp_path: Path) -> None:
    answer = server.ask("generate", write_workspace(tmp_path, ENDLESS), "environments/p", seconds=3)
    assert "manifests" not in answer
    assert answer["error"]
    wait_for(lambda: not children(server.process.pid))
