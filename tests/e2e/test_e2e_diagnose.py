"""The diagnosis of what was gathered: `recorded/*.yaml` are answers of API servers, and what is to be said of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.commands import Done
from harness.diagnose import diagnose
from harness.gather import gather
from harness.run import Run
from harness.settings import settings
from test_e2e_harness import EXISTING, Clock
from test_e2e_stages import no_forward

RECORDED = sorted((Path(__file__).parent / "recorded").glob("*.yaml"))


@pytest.mark.parametrize("file", [pytest.param(file, id=file.stem) for file in RECORDED])
def test_diagnosis(file: Path) -> None:
    case = yaml.safe_load(file.read_text("utf-8"))
    assert list(diagnose(case["facts"])) == case["says"]


@pytest.mark.parametrize(
    "kind", ["applications", "experiments", "trials", "suggestions", "pods", "workloads", "namespaces"]
)
def test_an_object_without_a_status_breaks_nothing(kind: str) -> None:
    thing = {"kind": "Thing", "metadata": {"name": "a", "namespace": "b"}}
    assert diagnose({kind: [thing]})
    assert diagnose({kind: [{**thing, "status": None}]})


def test_nothing_gathered_at_all() -> None:
    assert diagnose({}) == ("Nothing known is wrong in what was gathered; could not be read: nothing.",)


POD = {
    "metadata": {"name": "iris-1-aaaaaaaa-x", "namespace": "kgen-e2e"},
    "status": {
        "containerStatuses": [
            {"name": "training-container", "state": {"terminated": {"exitCode": 0}}, "restartCount": 0},
            {"name": "metrics-logger-and-collector", "state": {"running": {}}, "restartCount": 2},
            {"name": "late", "state": {"waiting": {"reason": "PodInitializing"}}, "restartCount": 0},
        ]
    },
}
THEIRS = {"metadata": {"name": "theirs", "namespace": "theirs"}, "status": POD["status"]}


class Answering:
    """A kubectl that knows pods and logs, and may read no nodes."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def run(self, argv: Any, **_: Any) -> Done:
        line = " ".join(argv[3:])
        self.ran.append(line)
        if line.startswith("get nodes"):
            return Done(1, "", "nodes is forbidden")
        if line.startswith("get "):
            return Done(0, json.dumps({"items": [POD, THEIRS] if line.startswith("get pods") else []}), "")
        return Done(0, f"log of {line}\n" if line.startswith("logs") else "", "")


def test_gather_writes_what_one_needs_and_goes_on_after_what_it_may_not_read(tmp_path: Path) -> None:
    shell = Answering()
    run = Run(settings(EXISTING), tmp_path, shell, Clock(), lambda _: None, no_forward)
    found = gather(run, tmp_path / "gathered")
    written = {path.relative_to(tmp_path / "gathered").as_posix() for path in (tmp_path / "gathered").rglob("*.*")}
    logs = {
        f"logs/kgen-e2e_iris-1-aaaaaaaa-x_{name}.log" for name in ("training-container", "metrics-logger-and-collector")
    }
    kinds = (
        "applications appprojects experiments trials suggestions jobs workloads pods events namespaces nodes webhooks"
    )
    assert written == {f"{kind}.json" for kind in kinds.split()} | logs | {"described.txt", "diff.txt", "unread.json"}
    assert "nodes is forbidden" in found["unread"]["nodes"]
    assert found["logs"].keys() == {
        f"kgen-e2e/{name.removesuffix('.log').split('_', 1)[1].replace('_', '/')}" for name in logs
    }
    assert "--previous" in found["logs"]["kgen-e2e/iris-1-aaaaaaaa-x/metrics-logger-and-collector"], (
        "it was started again"
    )


def test_no_secret_is_gathered(tmp_path: Path) -> None:
    shell = Answering()
    gather(Run(settings(EXISTING), tmp_path, shell, Clock(), lambda _: None, no_forward), tmp_path / "gathered")
    assert not [line for line in shell.ran if "secret" in line]
