"""The image is built with podman and renders this repository, as Argo CD's user, on a file system it cannot write.

It takes a base image that this machine has: the Dockerfile's, or that of KGEN_PLUGIN_BASE.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sidecar import ARGOCD, ROOT, copy_of_the_repository

from conftest import run_kgen

IMAGE = "localhost/kgen-plugin:under-test"
NOT_STARTED = (125, 126, 127)  # podman's own exit codes
# A folder that Python would take packages from where the user has no name and HOME is not set.
TRAP = "~/.local/lib/python{}/site-packages/usercustomize.py"

pytestmark = pytest.mark.skipif("KGEN_LIVE" not in os.environ, reason="builds an image: set KGEN_LIVE=1")


def podman(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["podman", *words], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def image() -> str:
    if shutil.which("podman") is None:
        pytest.skip("there is no podman on this machine")
    (default,) = re.findall(r"^ARG BASE=(\S+)$", (ROOT / "plugin" / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    base = os.environ.get("KGEN_PLUGIN_BASE", default)
    if podman("image", "exists", base).returncode:
        pytest.skip(f"there is no image {base} on this machine: name one with KGEN_PLUGIN_BASE")
    certificates = os.environ.get("PIP_CERT")
    folder = str(Path(certificates).parent) if certificates else ""
    words = ["build", "--pull=never", "--network=host", "--isolation=chroot", f"--build-arg=BASE={base}"]
    words += [f"--volume={folder}:{folder}:ro"] if folder else []
    built = podman(*words, "--file=plugin/Dockerfile", f"--tag={IMAGE}", ".")
    assert built.returncode == 0, built.stdout + built.stderr
    return IMAGE


@pytest.fixture
def checkout() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="kgen-plugin-"))
    yield copy_of_the_repository(folder)
    shutil.rmtree(folder)


def generate(image: str, checkout: Path) -> subprocess.CompletedProcess[str]:
    """Run the plugin's command in the image: in a container, or where none can be started, in its file system."""
    place = "/mnt/environments/prod"
    limits = ["--read-only", "--network=none", "--cap-drop=all", "--security-opt=no-new-privileges"]
    ran = podman(
        "run", "--rm", *limits, f"--volume={checkout}:/mnt:ro", f"--workdir={place}", image, "argocd", "generate"
    )
    if ran.returncode not in NOT_STARTED:
        return ran
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip(f"podman cannot start a container here: {ran.stderr.strip()}")
    return _without_a_container(image, checkout, place)


def _without_a_container(image: str, checkout: Path, place: str) -> subprocess.CompletedProcess[str]:
    root = podman("image", "mount", image).stdout.strip()
    script = f"""
        set -e
        mount --make-rprivate /
        mount --bind {root} {root}
        mount -o remount,bind,ro {root}
        mount --bind {checkout} {root}/mnt
        mount -o remount,bind,ro {root}/mnt
        exec chroot --userspec={ARGOCD}:{ARGOCD} --groups= {root} /usr/bin/env -i \
            PATH=/opt/kgen/bin:/usr/local/bin:/usr/bin:/bin PYTHONDONTWRITEBYTECODE=1 \
            sh -c 'cd {place} && exec kgen argocd generate'
    """
    try:
        words = ["unshare", "--mount", "--net", "--pid", "--fork", "sh", "-c", script]
        return subprocess.run(words, capture_output=True, text=True, check=False)
    finally:
        podman("image", "umount", image)


def test_the_image_renders_this_repository(image: str, checkout: Path) -> None:
    for minor in range(11, 20):
        trap = checkout / "environments" / "prod" / TRAP.format(f"3.{minor}")
        trap.parent.mkdir(parents=True)
        trap.write_text("print('code of the repository was run')\n", encoding="utf-8")
    ran = generate(image, checkout)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == run_kgen("render", "prod", "--root", str(ROOT)).out


def test_the_image_holds_the_plugin_and_its_code_compiled(image: str) -> None:
    script = "import kgen, pathlib; at = pathlib.Path(kgen.__file__).parent; "
    script += "print(*(p for p in at.rglob('*.py') if not list((p.parent / '__pycache__').glob(p.stem + '.*.pyc'))))"
    containerfile = (
        f'FROM {image}\nRUN python3 -c "{script}" && cat /home/argocd/cmp-server/config/plugin.yaml && id -u\n'
    )
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Containerfile").write_text(containerfile, encoding="utf-8")
        ran = podman("build", "--pull=never", "--isolation=chroot", "--no-cache", "--quiet=false", folder)
    assert ran.returncode == 0, ran.stderr
    assert (ROOT / "plugin" / "plugin.yaml").read_text("utf-8") in ran.stdout
    assert "site-packages/kgen/" not in ran.stdout
    assert f"\n{ARGOCD}\n" in ran.stdout
