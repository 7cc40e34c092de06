"""The plugin's commands as Argo CD runs them: the real entry point, a copy of a repository, and a bare environment."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
OWN = ("kgen.yaml", "experiments", "overlays", "environments", "trial")  # of the repository, as a workspace
ARGOCD = 999  # the user that all parts of Argo CD run as
PATIENCE = 120.0  # seconds until a test gives up on a process that should have ended
KGEN = str(Path(sysconfig.get_path("scripts")) / "kgen")

# What Argo CD 3.5.1 gives a plugin (reposerver/repository/repository.go: newEnv, getPluginEnvs), without a HOME.
BUILD = {
    "PATH": os.environ.get("PATH", os.defpath),
    "ARGOCD_APP_NAME": "app",
    "ARGOCD_APP_NAMESPACE": "",
    "ARGOCD_APP_PROJECT_NAME": "ml",
    "ARGOCD_APP_REVISION": "5d1f0e3c2b7a4f9de1c0a8b6354e2f1d0c9b8a76",
    "ARGOCD_APP_REVISION_SHORT": "5d1f0e3",
    "ARGOCD_APP_REVISION_SHORT_8": "5d1f0e3c",
    "ARGOCD_APP_SOURCE_PATH": ".",
    "ARGOCD_APP_SOURCE_REPO_URL": "https://git.example.com/ml/experiments.git",
    "ARGOCD_APP_SOURCE_TARGET_REVISION": "main",
    "KUBE_VERSION": "1.34",
    "KUBE_API_VERSIONS": "v1,batch/v1,kubeflow.org/v1beta1",
}

EMPTY = {"kgen.yaml": "{}\n", "environments/nothing/environment.yaml": "description: nothing yet\n"}
SPEC = """\
objective: {maximize: acc}
algorithm: random
trials: {max: 12, parallel: 3, maxFailed: 3}
parameters: {lr: {double: [0.01, 0.05]}}
trial: {image: "m:1.0", command: [python3, t.py]}
"""
ONE = {
    "kgen.yaml": "{}\n",
    "experiments/e.yaml": SPEC,
    "environments/p/environment.yaml": "namespace: team\nexperiments: [e]\n",
}
LOOP = "local f(a, n) = if n == 0 then 1 else f(a, n - 1) + f(a, n - 1); f(1, 60)"
ENDLESS = {**ONE, "experiments/e.jsonnet": LOOP}
del ENDLESS["experiments/e.yaml"]


class Ran(NamedTuple):
    """What a command came to."""

    code: int
    out: bytes
    err: str


class User(NamedTuple):
    """A user of the system, and the command that starts kgen for it."""

    id: int
    kgen: tuple[str, ...]


def parameters(*items: Mapping[str, Any]) -> dict[str, str]:
    """Give the variable that Argo CD writes for the parameters of an Application."""
    return {"ARGOCD_APP_PARAMETERS": json.dumps(items)}


def prod(**environ: str) -> dict[str, str]:
    """Give the variables of an Application that asks for `prod`."""
    return {**parameters({"name": "environment", "string": "prod"}), **environ}


def run(folder: Path, command: str = "generate", environ: Mapping[str, str] | None = None) -> Ran:
    """Run a command of the plugin in an application's folder."""
    return _run([KGEN, "argocd", command], folder, {**BUILD, **(environ or {})})


def run_as(user: User, folder: Path, command: str = "generate", environ: Mapping[str, str] | None = None) -> Ran:
    """Run a command of the plugin as another user."""
    return _run([*user.kgen, "argocd", command], folder, {**BUILD, **(environ or {})}, user.id)


def _run(argv: Sequence[str], folder: Path, environ: Mapping[str, str], user: int | None = None) -> Ran:
    done = subprocess.run(
        argv,
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=PATIENCE,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    )
    return Ran(done.returncode, done.stdout, done.stderr.decode())


def another_user(id_: int) -> User | None:
    """Give a user and how it starts kgen; None if it can read no Python that would do, or kgen itself.

    Where the Python of the tests lies in a home, the system's of the same version takes its place.
    """
    folders = [str(ROOT / "generator"), sysconfig.get_path("platlib")]
    code = f"import sys; sys.path[:0] = {folders!r}; from kgen.cli import main; main()"
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for kgen in ([KGEN], *([f"{place}/{version}", "-c", code] for place in ("/usr/local/bin", "/usr/bin"))):
        try:
            ran = _run([*kgen, "--version"], Path("/"), {"PYTHONDONTWRITEBYTECODE": "1"}, id_)
        except OSError:
            continue
        if ran.code == 0:
            return User(id_, tuple(kgen))
    return None


def copy_of_the_repository(folder: Path) -> Path:
    """Lay out what Argo CD sends of this repository; all modes are lost on the way."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in OWN:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, copy_function=shutil.copyfile)
        else:
            shutil.copyfile(ROOT / name, folder / name)
    set_modes(folder, files=0o644, folders=0o755)
    return folder


def set_modes(folder: Path, *, files: int, folders: int) -> None:
    """Give everything below a folder, and the folder, the same modes."""
    for path in [*folder.rglob("*"), folder]:
        if not path.is_symlink():
            path.chmod(folders if path.is_dir() else files)


def children(process: int) -> list[int]:
    """List the processes that a process has started, and theirs; Linux alone."""
    try:
        direct = [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text("ascii").split()]
    except OSError:
        return []
    return [each for child in direct for each in (child, *children(child))]


def ticks(process: int) -> int:
    """Give the processor's time that a process has used, in hundredths of a second; 0 if it is gone."""
    try:
        after_name = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    except OSError:
        return 0
    return int(after_name[11]) + int(after_name[12])


def gone(process: int) -> bool:
    """Whether a process has ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def wait_for(met: Callable[[], Any]) -> Any:
    """Wait until something holds, and give it."""
    until = time.monotonic() + PATIENCE
    while not (found := met()):
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)
    return found


def ended(process: subprocess.Popen[bytes], *others: int) -> Iterator[str]:
    """Clear away what a test started, and yield what of it was still there."""
    for each in others:
        if not gone(each):
            yield f"process {each}"
            os.kill(each, signal.SIGKILL)
    if process.poll() is None:
        yield "the command"
        process.kill()
