"""The workflows: they run what the documents say, with pinned actions, and no more rights than to read."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from harness.settings import HERE, TOP, VERSIONS, parse

FILES = sorted((TOP / ".github" / "workflows").glob("*.yaml"))


def steps(file: Path) -> list[dict[str, Any]]:
    jobs = yaml.safe_load(file.read_text("utf-8"))["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


@pytest.mark.parametrize("file", [pytest.param(file, id=file.stem) for file in FILES])
def test_actions_are_pinned_by_commit_with_their_version_beside(file: Path) -> None:
    lines = [line.strip() for line in file.read_text("utf-8").splitlines() if "uses:" in line]
    assert lines
    assert [line for line in lines if not re.search(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line)] == []


@pytest.mark.parametrize("file", [pytest.param(file, id=file.stem) for file in FILES])
def test_a_workflow_can_only_read_and_knows_no_secret(file: Path) -> None:
    text = file.read_text("utf-8")
    assert yaml.safe_load(text)["permissions"] == {"contents": "read"}
    assert "secrets." not in text
    checkouts = [step for step in steps(file) if step.get("uses", "").startswith("actions/checkout@")]
    assert [step["with"]["persist-credentials"] for step in checkouts] == [False]
    assert all("timeout-minutes" in job for job in yaml.safe_load(text)["jobs"].values())


def test_workflows_run_what_the_documents_say() -> None:
    runs = {file.stem: [step.get("run", "") for step in steps(file)] for file in FILES}
    assert ".ci/run" in runs["ci"]
    assert "python tests/e2e/run.py" in runs["e2e"]
    assert "python tests/e2e/run.py" in (HERE / "README.md").read_text("utf-8")


def test_variables_of_the_workflow_are_those_of_the_versions_file() -> None:
    (job,) = yaml.safe_load((TOP / ".github" / "workflows" / "e2e.yaml").read_text("utf-8"))["jobs"].values()
    assert set(job["env"]) <= set(parse(VERSIONS.read_text("utf-8")))


def test_artifacts_leave_the_kubeconfig_out() -> None:
    (upload,) = (
        step for step in steps(TOP / ".github" / "workflows" / "e2e.yaml") if "upload-artifact" in step.get("uses", "")
    )
    paths = upload["with"]["path"].split()
    assert "build/e2e" not in paths
    assert not [path for path in paths if "kubeconfig" in path or "*" in path]


GO = """\
#!/bin/sh
echo "go $*" >> "{log}"
[ "$1" != mod ] || printf '{{\\n\\t"Path": "kind",\\n\\t"Sum": "%s",\\n\\t"GoModSum": "h1:x="\\n}}\\n' '{sum}'
"""


@pytest.mark.parametrize("right", [True, False], ids=["the sum that is pinned", "another sum"])
def test_kind_is_installed_only_with_the_sum_that_is_pinned(tmp_path: Path, right: bool) -> None:
    known = parse(VERSIONS.read_text("utf-8"))
    go = tmp_path / "bin" / "go"
    go.parent.mkdir()
    go.write_text(GO.format(log=tmp_path / "log", sum=known["KGEN_E2E_KIND_SUM"] if right else "h1:other="))
    go.chmod(0o755)
    environ = {"PATH": f"{go.parent}{os.pathsep}{os.environ['PATH']}"}
    argv = ["bash", str(HERE / "install-kind.sh"), str(tmp_path / "to")]
    ran = subprocess.run(argv, capture_output=True, text=True, check=False, env=environ)
    installed = f"go install sigs.k8s.io/kind@{known['KGEN_E2E_KIND']}" in (tmp_path / "log").read_text()
    assert (ran.returncode == 0, installed) == (right, right), ran.stderr
    assert right or "has the sum h1:other=, and versions.env wants" in ran.stderr
