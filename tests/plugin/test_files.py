"""What is in `plugin/` fits together: plugin.yaml, the image, the patch, the page about them, and kgen."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from sidecar import ARGOCD, KGEN, ROOT

from kgen.cli.argocd.request import KNOWN
from kgen.model.sources import SETTINGS

PLUGIN = ROOT / "plugin"
CONFIG = "/home/argocd/cmp-server/config/plugin.yaml"
PAGE = (ROOT / "docs" / "plugin.md").read_text("utf-8")


def plugin() -> dict[str, Any]:
    found = yaml.safe_load((PLUGIN / "plugin.yaml").read_text("utf-8"))
    assert isinstance(found, dict)
    return found


def instructions() -> list[tuple[str, str]]:
    """Give the Dockerfile's instructions, each with what follows it on one line."""
    text = re.sub(r"\\\n\s*", "", (PLUGIN / "Dockerfile").read_text("utf-8"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(head, rest) for head, _, rest in (line.partition(" ") for line in lines)]


def discovers(path: Path) -> bool:
    """Whether Argo CD finds the glob in a folder; go-zglob, by which it does, takes all in braces as plain text."""
    glob = plugin()["spec"]["discover"]["find"]["glob"]
    (inside,) = re.findall(r"^\{([\w.,]+)\}$", glob)
    return any((path / name).is_file() for name in inside.split(","))


def test_the_plugin_has_what_argo_cd_demands() -> None:
    found = plugin()
    assert (found["apiVersion"], found["kind"]) == ("argoproj.io/v1alpha1", "ConfigManagementPlugin")
    assert found["metadata"] == {"name": "kgen"}
    assert set(found["spec"]) <= {"generate", "discover", "parameters", "preserveFileMode", "provideGitCreds"}
    assert not found["spec"]["preserveFileMode"]
    assert not found["spec"]["provideGitCreds"]


@pytest.mark.parametrize("path", [("generate",), ("parameters", "dynamic")], ids=".".join)
def test_every_command_of_the_plugin_exists(path: tuple[str, ...]) -> None:
    block = plugin()["spec"]
    for key in path:
        block = block[key]
    program, *words = block["command"]
    assert (program, set(block)) == ("kgen", {"command"})
    done = subprocess.run([KGEN, *words, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stdout.startswith(f"Usage: kgen {' '.join(words)}")


def test_the_glob_finds_this_repository_and_nothing_that_it_rendered() -> None:
    assert discovers(ROOT)
    environments = [folder for folder in (ROOT / "environments").iterdir() if folder.is_dir()]
    assert environments
    assert all(map(discovers, environments))
    others = [folder for folder in (ROOT / "rendered").rglob("*") if folder.is_dir()]
    assert others
    assert not any(map(discovers, [*others, ROOT / "experiments", ROOT / "overlays", ROOT / "environments"]))
    assert SETTINGS in plugin()["spec"]["discover"]["find"]["glob"]


def test_the_image_is_what_argo_cd_demands() -> None:
    found = instructions()
    assert ("USER", f"{ARGOCD}:{ARGOCD}") in found
    assert any(head == "COPY" and rest.endswith(f" plugin/plugin.yaml {CONFIG}") for head, rest in found)
    assert found[-1] == ("ENTRYPOINT", '["kgen"]'), "the patch calls Argo CD's server, everybody else kgen"


def test_the_base_is_an_argument_and_pinned() -> None:
    found = instructions()
    assert re.fullmatch(r"BASE=python:3\.\d+\.\d+-slim-[a-z]+", dict(found)["ARG"])
    bases = [rest.split()[0] for head, rest in found if head == "FROM"]
    assert bases == ["${BASE}", "${BASE}"]


def test_the_image_needs_to_write_nothing() -> None:
    settings = dict(pair.split("=", 1) for head, rest in instructions() if head == "ENV" for pair in rest.split())
    assert settings["PYTHONDONTWRITEBYTECODE"] == "1"
    assert settings["PYTHONNOUSERSITE"] == "1"
    assert settings["PATH"] == "/opt/kgen/bin:$PATH"
    (build,) = [rest for head, rest in instructions() if head == "RUN"]
    assert "compileall -q -f --invalidation-mode unchecked-hash /opt/kgen/lib" in build


def test_the_image_is_given_what_the_wheel_is_made_of() -> None:
    copied = set()
    for head, rest in instructions():
        if head == "COPY" and "--from=" not in rest:
            *sources, _ = [word for word in rest.split() if not word.startswith("--")]
            assert all((ROOT / source).exists() for source in sources), rest
            copied |= set(sources)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    made_of = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert {"pyproject.toml", "generator", "README.md", "LICENSE", *made_of} <= copied


def test_the_patch_adds_a_sidecar_that_may_do_little() -> None:
    patch = yaml.safe_load((PLUGIN / "repo-server-patch.yaml").read_text("utf-8"))
    assert (patch["kind"], patch["metadata"]["name"]) == ("Deployment", "argocd-repo-server")
    pod = patch["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["name"] == plugin()["metadata"]["name"]
    assert container["command"] == ["/var/run/argocd/argocd-cmp-server"]
    assert container["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": ARGOCD,
        "runAsGroup": ARGOCD,
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    mounts = {each["mountPath"]: each["name"] for each in container["volumeMounts"]}
    own = {each["name"] for each in pod["volumes"]}
    assert mounts.keys() == {"/var/run/argocd", "/home/argocd/cmp-server/plugins", "/tmp"}
    assert (mounts["/var/run/argocd"], mounts["/home/argocd/cmp-server/plugins"]) == ("var-files", "plugins")
    assert {mounts["/tmp"]} == own, "the repo-server's own /tmp holds other repositories"


def test_the_page_names_every_parameter_and_the_plugin() -> None:
    for name in KNOWN:
        assert f"| `{name}` |" in PAGE
    applications = [
        document
        for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
        for document in yaml.safe_load_all(block)
        if document.get("kind") == "Application"
    ]
    assert applications
    for application in applications:
        spec = application["spec"]
        source = spec.get("source") or spec["sourceHydrator"]["drySource"]
        assert source["plugin"].get("name", "kgen") == plugin()["metadata"]["name"]
        assert {each["name"] for each in source["plugin"].get("parameters", ())} <= set(KNOWN)
        assert {each["name"] for each in source["plugin"].get("env", ())} <= {
            f"KGEN_{name.upper().replace('-', '_')}" for name in KNOWN
        }
