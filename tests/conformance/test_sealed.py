"""What `kgen secret seal` writes, unsealed by the code of the Sealed Secrets controller; KGEN_LIVE=1 asks it."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import oracle
import pytest
import yaml

from conftest import run_kgen

pytest.importorskip("cryptography", reason="the library that seals is not installed: pip install 'kgen[seal]'")
from sealed import controller

HERE = Path(__file__).parent
LIVE = pytest.mark.skipif(not os.environ.get("KGEN_LIVE"), reason="asks a Go program: set KGEN_LIVE=1")
VALUES = {"token": b"correct horse\n", "empty": b"", "bytes": bytes(range(256)), "long": b"x" * 100_000}


@pytest.fixture(scope="module")
def program() -> Path:
    try:
        return oracle.build(folder=HERE / "sealed")
    except oracle.NotAvailable as problem:
        pytest.skip(str(problem))


def sealed(folder: Path, scope: str) -> dict[str, Any]:
    (folder / "cert.pem").write_bytes(controller().certificate)
    argv = ["secret", "seal", "--cert", str(folder / "cert.pem"), "--name", "hub", "--namespace", "team-a"]
    for key, value in VALUES.items():
        (folder / key).write_bytes(value)
        argv += ["--from-file", f"{key}={folder / key}"]
    ran = run_kgen(*argv, "--scope", scope, "--type", "example.com/x", "--format", "manifest")
    assert ran.code == 0, ran.err
    made = yaml.safe_load(ran.out)
    assert isinstance(made, dict)
    return made


@LIVE
@pytest.mark.parametrize("scope", ["strict", "namespace-wide", "cluster-wide"])
def test_live_the_controller_unseals_it_where_the_scope_allows(scope: str, program: Path, tmp_path: Path) -> None:
    made = sealed(tmp_path, scope)
    places = [("team-a", "hub"), ("team-a", "other"), ("team-b", "hub")]
    objects = [{**made, "metadata": {**made["metadata"], "namespace": ns, "name": name}} for ns, name in places]
    answers = oracle.ask(program, [{"object": each, "key": controller().pem} for each in objects])
    may = {"strict": 1, "namespace-wide": 2, "cluster-wide": 3}[scope]
    assert [("error" in answer) for answer in answers] == [at >= may for at in range(3)]
    assert {key: base64.b64decode(value or "") for key, value in answers[0]["data"].items()} == VALUES
    assert (answers[0]["name"], answers[0]["type"]) == ("hub", "example.com/x")
