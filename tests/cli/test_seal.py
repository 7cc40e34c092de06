"""kgen secret seal: what it writes can be read by the controller alone, and only where it was sealed for."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import Kgen, write_workspace

pytest.importorskip("cryptography", reason="the library that seals is not installed: pip install 'kgen[seal]'")
from cryptography.exceptions import InvalidTag

from sealed import Controller, certificate, controller, elliptic, short

VALUE = "correct horse, 0xC0FFEE"
ENVIRONMENT = {
    "environments/prod/environment.yaml": "namespace: team-a\n",
    "environments/dev/environment.yaml": "description: in any namespace\n",
}


class _Stdin(io.TextIOWrapper):
    def __init__(self, data: bytes, *, terminal: bool = False) -> None:
        super().__init__(io.BytesIO(data), encoding="utf-8")
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_workspace(tmp_path, {**ENVIRONMENT, "cert.pem": controller().certificate, "value": VALUE})
    monkeypatch.chdir(tmp_path)
    return tmp_path


def say(monkeypatch: pytest.MonkeyPatch, text: str | bytes) -> None:
    monkeypatch.setattr(sys, "stdin", _Stdin(text.encode() if isinstance(text, str) else text))


def seal(kgen: Kgen, *argv: str, name: str = "hub") -> Any:
    ran = kgen("secret", "seal", "--cert", "cert.pem", "--name", name, *argv)
    assert ran.code == 0, ran.err
    return yaml.safe_load(ran.out)


@pytest.mark.parametrize(
    ("argv", "label", "recorded"),
    [
        pytest.param(("prod",), b"team-a/hub", {"scope": "strict", "name": "hub", "namespace": "team-a"}, id="strict"),
        pytest.param(
            ("--namespace", "other"),
            b"other/hub",
            {"scope": "strict", "name": "hub", "namespace": "other"},
            id="strict, in a namespace that is named",
        ),
        pytest.param(
            ("prod", "--scope", "namespace-wide"),
            b"team-a",
            {"scope": "namespace-wide", "namespace": "team-a"},
            id="namespace-wide",
        ),
        pytest.param(("--scope", "cluster-wide"), b"", {"scope": "cluster-wide"}, id="cluster-wide"),
    ],
)
def test_each_scope_has_its_label(
    argv: tuple[str, ...], label: bytes, recorded: dict[str, str], kgen: Kgen, here: Path
) -> None:
    sealed = seal(kgen, *argv, "--from-file", "token=value")["secrets"]["hub"]["sealedSecret"]
    ciphertext = sealed.pop("encrypted")["token"]
    assert sealed == recorded
    assert controller().unseal(ciphertext, label) == VALUE.encode()
    for other in {b"team-a/hub", b"team-b/hub", b"team-a/other", b"team-a", b"team-b", b""} - {label}:
        with pytest.raises(ValueError, match=r"(?i)decrypt"):
            controller().unseal(ciphertext, other)


def test_one_bit_changed_is_noticed(kgen: Kgen, here: Path) -> None:
    sealed = seal(kgen, "prod", "--from-file", "token=value")["secrets"]["hub"]["sealedSecret"]["encrypted"]["token"]
    raw = bytearray(base64.b64decode(sealed))
    raw[-1] ^= 1
    with pytest.raises(InvalidTag):
        controller().unseal(base64.b64encode(raw).decode(), b"team-a/hub")


def test_equal_values_have_other_ciphertexts(kgen: Kgen, here: Path) -> None:
    sealed = seal(kgen, "prod", "--from-file", "a=value", "--from-file", "b=value")
    a, b = sealed["secrets"]["hub"]["sealedSecret"]["encrypted"].values()
    assert a != b
    assert a[:360] != b[:360]  # the session keys too


def test_a_login_becomes_a_docker_config(kgen: Kgen, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    say(monkeypatch, "pa:ss\n")
    argv = ("prod", "--registry", "kcr.example", "--username", "ci", "--password-stdin")
    pull = seal(kgen, *argv, name="regcred")["registry"]["pullSecret"]
    assert pull["name"] == "regcred"
    plain = json.loads(controller().unseal(pull["sealedSecret"]["encrypted"], b"team-a/regcred"))
    auth = base64.b64encode(b"ci:pa:ss").decode()
    assert plain == {"auths": {"kcr.example": {"username": "ci", "password": "pa:ss", "auth": auth}}}


def test_docker_hub_has_a_name_of_its_own(kgen: Kgen, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    say(monkeypatch, "x")
    argv = ("prod", "--registry", "docker.io", "--username", "ci", "--password-stdin")
    pull = seal(kgen, *argv)["registry"]["pullSecret"]
    (host,) = json.loads(controller().unseal(pull["sealedSecret"]["encrypted"], b"team-a/hub"))["auths"]
    assert host == "https://index.docker.io/v1/"


def test_a_password_is_asked_for_without_echo(kgen: Kgen, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", _Stdin(b"", terminal=True))
    monkeypatch.setattr("click.termui.hidden_prompt_func", lambda prompt: VALUE)
    ran = kgen("secret", "seal", "prod", "--name", "hub", "--cert", "cert.pem", "--registry", "r", "--username", "ci")
    assert ran.code == 0, ran.err
    assert VALUE not in ran.out + ran.err
    sealed = yaml.safe_load(ran.out)["registry"]["pullSecret"]["sealedSecret"]["encrypted"]
    assert json.loads(controller().unseal(sealed, b"team-a/hub"))["auths"]["r"]["password"] == VALUE


def test_logins_of_a_docker_config(kgen: Kgen, here: Path) -> None:
    login = {"auth": base64.b64encode(b"ci:x").decode()}
    config = {"auths": {"a.example": login, "b.example": login}, "HttpHeaders": {"User-Agent": "Docker"}}
    (here / "config.json").write_text(json.dumps(config))
    for argv, hosts in (((), ["a.example", "b.example"]), (("--registry", "b.example"), ["b.example"])):
        sealed = seal(kgen, "prod", "--from-docker-config", "config.json", *argv)["registry"]["pullSecret"]
        plain = json.loads(controller().unseal(sealed["sealedSecret"]["encrypted"], b"team-a/hub"))
        assert plain == {"auths": dict.fromkeys(hosts, login)}


def test_stdin_is_sealed_byte_by_byte(kgen: Kgen, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    say(monkeypatch, b"\x00\xff\n")
    ran = kgen("secret", "seal", "prod", "--name", "hub", "--cert", "cert.pem", "--from-stdin", "token")
    sealed = yaml.safe_load(ran.out)["secrets"]["hub"]["sealedSecret"]["encrypted"]["token"]
    assert controller().unseal(sealed, b"team-a/hub") == b"\x00\xff\n"
    assert "ends in a line break" in ran.err


def test_the_block_is_one_that_an_overlay_can_have(kgen: Kgen, here: Path) -> None:
    argv = ("secret", "seal", "prod", "--name", "hub", "--cert", "cert.pem", "--from-file", "token=value")
    overlay = kgen(*argv, "-o", "overlays/x.yaml")
    assert overlay.code == 2
    assert "No such file" in overlay.err
    (here / "overlays").mkdir()
    assert kgen(*argv, "--type", "Opaque", "-o", "overlays/hub.yaml") == (0, "", "")
    spec = "objective: {maximize: a}\nalgorithm: random\ntrials: {max: 2, parallel: 1}\n"
    spec += "parameters: {lr: {double: [0.1, 1]}}\ntrial: {image: 'a:1', command: [a]}\n"
    (here / "experiments").mkdir()
    (here / "experiments/mnist.yaml").write_text(spec)
    environment = "namespace: team-a\noverlays: [hub]\nexperiments: [mnist]\n"
    (here / "environments/prod/environment.yaml").write_text(environment)
    rendered = kgen("render", "prod")
    assert (rendered.code, rendered.err) == (0, "")
    (made,) = [doc for doc in yaml.safe_load_all(rendered.out) if doc["kind"] == "SealedSecret"]
    sealed = made["spec"]["encryptedData"]["token"]
    assert controller().unseal(sealed, b"team-a/hub") == VALUE.encode()
    assert kgen("lint").code == 0


def test_a_dash_is_stdout(kgen: Kgen, here: Path) -> None:
    assert seal(kgen, *_FILE, "-o", "-")["secrets"]["hub"]
    assert not (here / "-").exists()


def test_a_file_is_not_written_over(kgen: Kgen, here: Path) -> None:
    argv = ("secret", "seal", "prod", "--name", "hub", "--cert", "cert.pem", "--from-file", "token=value")
    ran = kgen(*argv, "-o", "value")
    assert (ran.code, ran.out) == (2, "")
    assert "is there already" in ran.err
    assert (here / "value").read_text() == VALUE
    old = os.umask(0o022)
    try:
        assert kgen(*argv, "-o", "new.yaml").code == 0
    finally:
        os.umask(old)
    assert (here / "new.yaml").stat().st_mode & 0o777 == 0o644  # ciphertext, for Git
    assert sorted(path.name for path in here.iterdir()) == ["cert.pem", "environments", "new.yaml", "value"]


@pytest.mark.parametrize(
    ("scope", "annotations"),
    [
        pytest.param("strict", None, id="strict"),
        pytest.param("namespace-wide", {"sealedsecrets.bitnami.com/namespace-wide": "true"}, id="namespace-wide"),
        pytest.param("cluster-wide", {"sealedsecrets.bitnami.com/cluster-wide": "true"}, id="cluster-wide"),
    ],
)
def test_a_whole_manifest(scope: str, annotations: dict[str, str] | None, kgen: Kgen, here: Path) -> None:
    made = seal(
        kgen, "prod", "--scope", scope, "--format", "manifest", "--from-file", "token=value", "--type", "Opaque"
    )
    made["spec"]["encryptedData"].pop("token")
    metadata = {"name": "hub", "namespace": "team-a"} | ({"annotations": annotations} if annotations else {})
    assert made == {
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": metadata,
        "spec": {"encryptedData": {}, "template": {"type": "Opaque"}},
    }


_FILE = ("prod", "--from-file", "token=value")


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        pytest.param(("prod", "--password", "hunter2"), 2, "shell's history", id="a password as an argument"),
        pytest.param(("prod", "--password=hunter2"), 2, "--password-stdin", id="and with an equals sign"),
        pytest.param(("prod", "hunter2", "--from-stdin", "a"), 2, "never an argument", id="a value as an argument"),
        pytest.param(("hunter2", "--from-stdin", "a"), 2, "there are dev, prod", id="a value for an environment"),
        pytest.param(("prod", "--from-file", "token=hunter2"), 2, "No such file", id="a value for a file"),
        pytest.param(("prod", "--from-file", "hunter2"), 2, "No such file", id="a value for a key and a file"),
        pytest.param(("prod", "--from-stdin", "hunter2!"), 2, "begins with the key", id="a value for a key"),
        pytest.param(
            ("prod", "--registry", "ci:hunter2@r.example", "--username", "ci", "--password-stdin"),
            2,
            "the host alone",
            id="a login in the registry's name",
        ),
        pytest.param(("prod",), 2, "nothing to seal", id="nothing"),
        pytest.param(("dev", "--from-file", "token=value"), 2, "binds to a namespace", id="no namespace"),
        pytest.param((*_FILE, "--namespace", "other"), 2, "leave --namespace out", id="two namespaces"),
        pytest.param(("--namespace", "Team A", *_FILE[1:]), 2, "small letters", id="a namespace that there cannot be"),
        pytest.param((*_FILE, "--registry", "r"), 2, "its own key and type", id="a login and more"),
        pytest.param(("prod", "--registry", "r"), 2, "needs --username", id="a login without a user"),
        pytest.param((*_FILE, "--from-file", "token=cert.pem"), 2, "twice", id="a key twice"),
        pytest.param((*_FILE, "--from-stdin", "token"), 2, "both give the key", id="a key twice, once on stdin"),
        pytest.param((*_FILE, "--username", "ci"), 2, "go with --registry", id="a user without a registry"),
        pytest.param(("prod", "--from-docker-config", "value"), 2, "no JSON", id="no docker config"),
        pytest.param(("prod", "--from-docker-config", "helper.json"), 2, "credential helper", id="a credential helper"),
        pytest.param(("prod", "--from-file", "token=empty"), 2, "is empty", id="an empty file"),
        pytest.param(("prod", "--from-file", "a=large", "--from-file", "b=large"), 2, "together", id="too much"),
        pytest.param(
            ("prod", "--registry", "r", "--username", "a:b", "--password-stdin"), 2, "no `:`", id="two parts of a user"
        ),
        pytest.param(("prod", "--registry", "r", "--username", "ci"), 2, "nobody is there", id="no terminal"),
    ],
)
def test_what_is_refused(
    argv: tuple[str, ...], code: int, said: str, kgen: Kgen, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "empty").write_bytes(b"")
    (here / "large").write_bytes(bytes(600_000))
    (here / "helper.json").write_text('{"auths": {"r": {}}, "credsStore": "desktop"}')
    say(monkeypatch, "x")
    ran = kgen("secret", "seal", "--name", "hub", "--cert", "cert.pem", *argv)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert "hunter2" not in ran.err


def private() -> bytes:
    return controller().pem.encode()


@pytest.mark.parametrize(
    ("made", "said"),
    [
        pytest.param(lambda: certificate(controller().key, -1), "the certificate expired on", id="expired"),
        pytest.param(elliptic, "has no RSA key", id="another key"),
        pytest.param(short, "has 1024 bits", id="a weak key"),
        pytest.param(private, "holds no certificate", id="the private key"),
        pytest.param(lambda: b"", "holds no certificate", id="empty"),
    ],
)
def test_no_certificate_of_a_controller(made: Any, said: str, kgen: Kgen, here: Path) -> None:
    (here / "cert.pem").write_bytes(made())
    ran = kgen("secret", "seal", "--name", "hub", "--cert", "cert.pem", *_FILE)
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err
    assert "PRIVATE" not in ran.err


def test_a_missing_library_is_named(here: Path) -> None:
    script = "import sys; sys.modules['cryptography'] = None; from kgen import cli; cli.main(sys.argv[1:])"
    argv = ["secret", "seal", "--name", "hub", "--cert", "cert.pem", *_FILE]
    done = subprocess.run([sys.executable, "-c", script, *argv], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "pip install 'kgen[seal]'" in done.stderr


def test_help_does_not_need_the_library(kgen: Kgen) -> None:
    ran = kgen("secret", "seal", "--help")
    assert ran.code == 0
    assert "--password-stdin" in ran.out
    assert "--password " not in ran.out


def test_the_controller_of_the_tests_is_one() -> None:
    assert isinstance(controller(), Controller)
