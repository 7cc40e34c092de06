"""No secret value that a command is given comes out of it again: not in what it prints, writes, reports or caches.

A secret value is one that stands in a Secret, in a docker config or in a file of SOPS, or that `kgen secret seal` is
given. What an author writes into a spec as the value of a variable stands in the manifest that is made of it, which is
what was asked for; findings about it do not repeat it (KG902, KG903).
"""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from conftest import Ran, run_kgen, tree, write_workspace

CANARY = "Qv7" + "Zt4Wm9Xr" + "2Kp6Yd8H" + "c3Nf5Lb1Sj0Ge"
PART = 10  # characters; so many in a row are part of the secret, and of nothing else
SPEC = """\
objective: {maximize: accuracy}
algorithm: random
trials: {max: 12, parallel: 3}
parameters: {lr: {double: [0.01, 0.1]}}
trial: {image: "registry.example/mnist:1.0", command: [python3, train.py]}
"""
ENVIRONMENT = "namespace: team-a\noverlays: [layer]\nexperiments: [mnist]\nresources: [RESOURCES]\n"
GOOD = {
    "experiments/mnist.yaml": SPEC,
    "environments/main/environment.yaml": ENVIRONMENT.replace("[RESOURCES]", "[]"),
    "overlays/layer.yaml": "queue: team\n",
}


def encoded(value: str | bytes) -> str:
    return base64.b64encode(value.encode() if isinstance(value, str) else value).decode()


AUTHS = json.dumps({"auths": {"r.example": {"username": "ci", "password": CANARY, "auth": encoded(f"ci:{CANARY}")}}})


def traces() -> frozenset[str]:
    """Give everything by which the canary would be known again: parts of it, plain, in base64 and in hexadecimal."""
    whole = [CANARY, CANARY.encode().hex(), CANARY[::-1]]
    for before in ("", "x", "xx"):  # where it begins in a text decides what it looks like in base64
        once = encoded(before + CANARY)[4 if before else 0 : -4]
        whole.append(once)
        whole += [encoded(more + once)[4 if more else 0 : -4] for more in ("", "x", "xx")]
    return frozenset(text[at : at + PART] for text in whole for at in range(len(text) - PART + 1))


TRACES = traces()


def found_in(data: bytes) -> list[str]:
    """Give what is left of the canary in some output."""
    text = data.decode("utf-8", "replace")
    windows = {text[at : at + PART] for at in range(len(text) - PART + 1)}
    return sorted(windows & TRACES)


class Way(NamedTuple):
    """A way in which a secret comes to kgen."""

    id: str
    files: dict[str, str]
    commands: tuple[tuple[str, ...], ...]
    stdin: str = ""
    renders: bool = False  # the value is the author's, and in the manifest that was asked for


def _secret(body: str, kind: str = "Secret") -> str:
    return f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: hub, namespace: team-a}}\n{body}"


LINTS = tuple(("lint", "given", "--format", style) for style in ("text", "json", "sarif", "junit", "github"))
FILE_COMMANDS = (*LINTS, ("lint", "given", "-o", "report.txt"), ("lint", "given", "--fix"), ("lint", "given", "--diff"))
MANIFESTS = {
    "data": _secret(f"data: {{token: {encoded(CANARY)}}}"),
    "stringData": _secret(f"stringData:\n  token: {CANARY}\n"),
    "a block of text": _secret(f"stringData:\n  token: |\n    first line\n    {CANARY}\n"),
    "data that is no base64": _secret(f"data: {{token: '{CANARY}!'}}"),
    "a list for a text": _secret(f"stringData: {{token: [{CANARY}]}}"),
    "a mapping for a text": _secret(f"stringData: {{token: {{{CANARY}: {CANARY}}}}}"),
    "values that are no mapping": _secret(f"stringData: {CANARY}\n"),
    "a key that is unknown and says nothing": _secret(f"stringdata: {{some: {CANARY}}}"),
    "a key that is unknown": _secret(f"stringdata: {{token: {CANARY}}}"),
    "a key that stands twice": _secret(f"stringData: {{token: {CANARY}, token: {CANARY}}}"),
    "YAML that is broken after it": _secret(f"stringData:\n  token: {CANARY}\n bad\n"),
    "YAML that is broken in it": _secret(f'stringData:\n  token: "{CANARY}\n'),
    "a tab before it": _secret(f"stringData:\n\ttoken: {CANARY}\n"),
    "an alias of it": _secret(f"stringData: {{token: &a {CANARY}, other: *b}}"),
    "a tag on it": _secret(f"stringData: {{token: !secret {CANARY}}}"),
    "a colon in it": _secret(f"stringData:\n  token: {CANARY}: {CANARY}\n"),
    "a docker config": _secret(f"type: kubernetes.io/dockerconfigjson\ndata: {{.dockerconfigjson: {encoded(AUTHS)}}}"),
    "a docker config in plain text": _secret(f"stringData:\n  .dockerconfigjson: '{AUTHS}'\n"),
    "a docker config in a ConfigMap": _secret(f"data:\n  config.json: '{AUTHS}'\n", "ConfigMap"),
    "a password in a ConfigMap": _secret(f"data:\n  DB_PASSWORD: {CANARY}\n", "ConfigMap"),
    "a List": "apiVersion: v1\nkind: List\nitems:\n- "
    + _secret(f"stringData: {{token: {CANARY}}}").replace("\n", "\n  "),
    "JSON": json.dumps(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"k": encoded(CANARY)}}
    ),
    "broken JSON": json.dumps({"kind": "Secret", "apiVersion": "v1", "data": {"k": encoded(CANARY)}})[:-1] + ",",
    "a dump of kubectl": _secret(f"data: {{token: {encoded(CANARY)}}}\ntype: Opaque\n".replace("{name", "{x")).replace(
        "metadata: {name: hub, namespace: team-a}",
        "metadata:\n  name: hub\n  namespace: team-a\n  uid: 0-1\n  annotations:\n"
        "    kubectl.kubernetes.io/last-applied-configuration: |\n"
        f'      {{"apiVersion":"v1","kind":"Secret","data":{{"token":"{encoded(CANARY)}"}}}}\n'
        "  managedFields:\n  - manager: kubectl\n    operation: Update\n    fieldsV1: {f:data: {f:token: {}}}",
    ),
    "SOPS that was never run": _secret(f"data: {{token: {encoded(CANARY)}}}\nsops: {{mac: x}}\n"),
    "a secretGenerator": f"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
    f"secretGenerator:\n- name: a\n  literals: [token={CANARY}]\n",
    "a SealedSecret that is none, on one line": "{apiVersion: bitnami.com/v1alpha1, kind: SealedSecret, "
    f"metadata: {{name: a}}, spec: {{encryptedData: {{some: {CANARY}}}}}}}\n",
    "a copy that SOPS was not run over": _secret("data: {token: 'ENC[x]'}\nsops: {mac: 'ENC[x]'}\n").replace(
        "{name: hub",
        f'{{annotations: {{kubectl.kubernetes.io/last-applied-configuration: \'{{"data": {{"token": '
        f'"{encoded(CANARY)}"}}}}\'}}, name: hub',
    ),
    "a SealedSecret that is none": "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: a}\n"
    f"spec: {{encryptedData: {{token: {CANARY}}}}}\n",
}
ENVS = {
    "a password": f"{{DB_PASSWORD: {CANARY}}}",
    "a token of a known form": f"{{X: ghp_{CANARY}{CANARY[:4]}}}",
    "a URL with a password": f"{{X: 'postgres://ml:{CANARY}@db/x'}}",
    "a reference that is none": f"{{TOKEN: {{secretKeyRef: {CANARY}}}}}",
    "a list of values": f"[{{name: TOKEN, value: [{CANARY}]}}]",
}
LAYERS = {
    "a value for a secret": f"secrets: {{hub: {CANARY}}}",
    "a value for what a secret says": f"secrets: {{hub: {{env: {CANARY}}}}}",
    "a value for a key": f"secrets: {{hub: {{env: {{TOKEN: '{CANARY}!'}}}}}}",
    "a value for a reference": f"secrets: {{hub: {{files: {{path: /x, keys: ['{CANARY}!']}}}}}}",
    "a value for a variable": f"secrets: {{hub: {{env: {{'{CANARY}!': token}}}}}}",
    "a value for a key that there is not": f"secrets: {{hub: {{env: {{TOKEN: {CANARY}}}, externalSecret: "
    "{store: {name: s}, keys: {token: {key: x}}}}}",
    "a value for a ciphertext": f"secrets: {{hub: {{sealedSecret: {{encrypted: {{some: {CANARY}}}}}}}}}",
    "a value for a pull secret's ciphertext": f"registry: {{pullSecret: {{name: a, sealedSecret: {{encrypted: "
    f"{CANARY}}}}}}}",
    "a value for a pull secret": f"registry: {{pullSecret: {{name: a, sealedSecret: {CANARY}}}}}",
    "a value for a store's key": f"registry: {{pullSecret: {{name: a, externalSecret: {{store: {{name: s}}, server: r, "
    f"username: {CANARY}, password: {CANARY}}}}}}}",
    "a plain file as SOPS": "secrets: {hub: {sops: given.yaml}}",
    "a file of SOPS with a plain value": "secrets: {hub: {sops: half.yaml}}",
}


def ways() -> Iterator[Way]:
    for name, text in MANIFESTS.items():
        other = text.replace(CANARY, "other").replace(encoded(CANARY), encoded("other"))
        files = {"given/m.yaml": text, "other/m.yaml": other, "other/none.yaml": _secret("type: Opaque\n")}
        pairs = (("main", "given/m.yaml"), ("given/m.yaml", "other/m.yaml"), ("other/m.yaml", "given/m.yaml"))
        pairs += (("given/m.yaml", "other/none.yaml"), ("other/none.yaml", "given/m.yaml"))
        diffs = tuple(
            ("diff", new, "--against", old, "--format", style)
            for new, old in pairs
            for style in ("text", "json", "markdown")
        )
        yield Way(f"a manifest: {name}", files, (*FILE_COMMANDS, *diffs))
        environment = ENVIRONMENT.replace("RESOURCES", "m.yaml")
        files = {"environments/main/environment.yaml": environment, "environments/main/m.yaml": text}
        commands = (
            ("render", "main"),
            ("render", "main", "-w"),
            ("lint",),
            ("lint", "--format", "json"),
            ("diff", "main"),
        )
        kept = name.startswith(("a docker config in a", "a password in a"))
        yield Way(f"a resource: {name}", files, commands, renders=kept)
    yield Way("a docker config", {"given/config.json": AUTHS}, FILE_COMMANDS)
    yield Way("a docker config on stdin", {}, (("lint", "-"),), stdin=AUTHS)
    yield Way("a Secret on stdin", {}, (("lint", "-"), ("lint", "-", "--diff")), stdin=MANIFESTS["stringData"])
    for name, env in ENVS.items():
        spec = SPEC.replace("command:", f"env: {env}, command:")
        commands = (("render", "main"), ("lint",), ("lint", "--format", "json"), ("lint", "--format", "sarif"))
        yield Way(f"a variable: {name}", {"experiments/mnist.yaml": spec}, commands, renders=True)
    for path in (
        "trial.env.DB_PASSWORD",
        "trial.env.A.B",
        "trial.env",
        "trial.nowhere",
        "nowhere",
        "trial",
        "trials.max",
    ):
        commands = (("render", "main", "--set", f"{path}={CANARY}"), ("render", "main", "--set", f"{path}=[{CANARY}"))
        yield Way(f"--set {path}", {}, commands, renders=True)
    half = _secret(f"stringData:\n  a: ENC[AES256_GCM,x]\n  token: {CANARY}\nsops: {{mac: 'ENC[AES256_GCM,x]'}}\n")
    for name, layer in LAYERS.items():
        files = {
            "overlays/layer.yaml": f"{layer}\n",
            "overlays/given.yaml": MANIFESTS["stringData"],
            "overlays/half.yaml": half,
        }
        commands = (("render", "main"), *(("lint", "--format", style) for style in ("text", "json", "sarif", "github")))
        others = (("explain", "main/mnist"), ("diff", "main"), ("argocd", "generate", "main"))
        yield Way(f"an overlay: {name}", files, (*commands, *others))
    yield from _seals()


def _seals() -> Iterator[Way]:
    seal = ("secret", "seal", "main", "--name", "hub", "--cert", "cert.pem")
    login = ("--registry", "r.example", "--username", "ci", "--password-stdin")
    outputs: tuple[tuple[str, ...], ...] = ((), ("--format", "manifest"), ("-o", "new.yaml"), ("-o", "cert.pem"))
    on_stdin = tuple((*seal, *what, *out) for what in (login, ("--from-stdin", "token")) for out in outputs)
    yield Way("sealed from stdin", {}, on_stdin, stdin=CANARY)
    yield Way("sealed from stdin, with a line break", {}, on_stdin, stdin=f"{CANARY}\n")
    failing = (
        (*seal, *login, "--from-file", "a=b"),
        (*seal, *login, "--scope", "wide"),
        (*seal, *login, "nowhere"),
        ("secret", "seal", "--name", "hub", "--cert", "cert.pem", *login),
        ("secret", "seal", "main", "--name", "hub", "--cert", "environments/main/environment.yaml", *login),
        (*seal, *login, "-o", "nowhere/x.yaml"),
        (*seal, "--from-stdin", "no key"),
    )
    yield Way("sealed from stdin, in vain", {}, failing, stdin=CANARY)
    files = {
        "given/token": CANARY,
        "given/config.json": AUTHS,
        "given/bad.json": AUTHS[:-1],
        "given/list.json": f"[{AUTHS}]",
    }
    sealed = tuple(
        (*seal, *what, *out)
        for what in (("--from-file", "token=given/token"), ("--from-docker-config", "given/config.json"))
        for out in outputs
    )
    broken = tuple((*seal, "--from-docker-config", f"given/{name}") for name in ("token", "bad.json", "list.json"))
    yield Way("sealed from a file", files, (*sealed, *broken))
    argv = (("--password", CANARY), (f"--password={CANARY}",), (CANARY,), ("--from-file", CANARY), ("-p", CANARY),
            ("--from-file", f"token={CANARY}"), ("--from-docker-config", CANARY), ("--from-stdin", f"{CANARY}!"),
            ("--registry", f"ci:{CANARY}@r.example", "--username", "ci", "--password-stdin"),
            (f"--passwort={CANARY}",), (f"-p{CANARY}",))  # fmt: skip
    yield Way("on the command line, by mistake", {}, tuple((*seal, *each) for each in argv))
    other = ("secret", "seal", "--name", "hub", "--cert", "cert.pem", CANARY, "--from-stdin", "token")
    yield Way("for an environment, by mistake", {}, (other,))


WAYS = tuple(ways())


def test_the_canary_is_recognised() -> None:
    for said in (CANARY, AUTHS, encoded(AUTHS), encoded(encoded(CANARY)), f"ci:{CANARY}", CANARY[5:20], CANARY[-12:]):
        assert found_in(f"some text {said} and more".encode()), said
    assert not found_in(b"KG901 Secret `hub` stands in Git with its values (`token`): base64 is no encryption")


@pytest.fixture(scope="module")
def certificate() -> bytes:
    sealed = pytest.importorskip("sealed", reason="the library that seals is not installed: pip install 'kgen[seal]'")
    made = sealed.controller().certificate
    assert isinstance(made, bytes)
    return made


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.id)
def test_no_secret_comes_out(
    way: Way, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    cert = request.getfixturevalue("certificate") if any("seal" in argv for argv in way.commands) else b""
    for at, argv in enumerate(way.commands):
        here = write_workspace(tmp_path / str(at), {**GOOD, "cert.pem": cert, **way.files})
        (here / "home").mkdir()
        for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME"):
            monkeypatch.setenv(name, str(here / "home"))
        monkeypatch.chdir(here)
        monkeypatch.setattr(tempfile, "tempdir", None)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(way.stdin.encode()), encoding="utf-8"))
        before = tree(here)
        ran = run_kgen(*argv)
        assert ran.code in (0, 1, 2), ran.err
        assert list(leaks(way, argv, ran, before, tree(here))) == [], (argv, ran)


def leaks(
    way: Way, argv: tuple[str, ...], ran: Ran, before: dict[str, bytes], after: dict[str, bytes]
) -> Iterator[str]:
    """Yield where the canary is: in what a command printed, or in a file that did not hold it before."""
    if found_in(ran.err.encode()):
        yield "stderr"
    if found_in(ran.out.encode()) and not (way.renders and argv[0] == "render" and ran.code == 0):
        yield "stdout"
    for name, data in after.items():
        theirs = name in before and found_in(before[name])  # a file of theirs is mended with all that is in it
        rendered = way.renders and name.startswith("rendered/")
        if CANARY in name or (before.get(name) != data and not theirs and not rendered and found_in(data)):
            yield name


@pytest.mark.parametrize(
    ("argv", "stdin"),
    [
        pytest.param(("lint", "-", "--format", "json"), MANIFESTS["a dump of kubectl"], id="lint of a dump"),
        pytest.param(("render", "main", "--set", f"trial.env={CANARY}"), "", id="render with a wrong --set"),
        pytest.param(("secret", "seal", "main", "--name", "a", "--cert", "x", "--from-stdin", "b"), CANARY, id="seal"),
    ],
)
def test_nothing_is_left_behind_by_a_process_of_its_own(argv: tuple[str, ...], stdin: str, tmp_path: Path) -> None:
    here = write_workspace(tmp_path / "here", GOOD)
    home = tmp_path / "home"
    home.mkdir()
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("KGEN_", "XDG_"))}
    environ |= {"HOME": str(home), "TMPDIR": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "kgen", *argv]
    done = subprocess.run(command, cwd=here, env=environ, input=stdin.encode(), capture_output=True, check=False)
    assert done.returncode in (1, 2)
    assert not found_in(done.stdout + done.stderr)
    assert tree(tmp_path) == {f"here/{name}": data for name, data in tree(here).items()}
    assert tree(here) == {name: text.encode() for name, text in GOOD.items()}
