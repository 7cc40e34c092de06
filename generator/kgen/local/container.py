"""The runners `podman` and `docker`: a trial runs in its image, with the mounts and limits that its pod would have."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from kgen.local.runner import STDOUT, Held, Job, Mount, RunnerError
from kgen.local.wrapping import expanded, wrapped

_CDI = ("/etc/cdi", "/var/run/cdi")  # where podman looks for descriptions of devices
# What an engine reads for itself: such a variable of a trial is not put into the engine's own environment.
_ENGINE_READS = re.compile(r"(?:LD_|DOCKER_|CONTAINER|PODMAN|XDG_|GO)|(?:PATH|HOME|TMPDIR|.*_proxy|.*_PROXY)$")
_OWN_FAILURE = 125  # exit code of both engines where they, and not the container, failed
_PROBE_SECONDS = 120.0
_STEP = 0.05
_MOST_PROCESSES = 32_768
_MENDS = (
    (
        "RLIMIT_",
        "its default limits are above this machine's: write `default_ulimits = "
        '["nofile={files}:{files}", "nproc=4096:4096"]` under [containers] in containers.conf',
    ),
    ("cgroups in hybrid mode", 'write `runtime = "runc"` under [engine] in containers.conf, and install runc'),
    ("executable file", "Katib needs `sh` in the image: take one that has it"),
    ("permission denied", "see whether you may use it: `{engine} info`"),
)


class _Configured(NamedTuple):
    """What an image runs by itself."""

    entrypoint: tuple[str, ...]
    command: tuple[str, ...]


class Container:
    """Runs trials in containers."""

    def __init__(
        self,
        engine: str = "podman",
        *,
        pull: bool = False,
        environ: Mapping[str, str] = MappingProxyType({}),
        options: Sequence[str] = (),
    ) -> None:
        """Keep what all trials share.

        `environ` is the caller's environment, for the engine; a trial sees nothing of it. `options` are further words
        for the engine's `run`.
        """
        self.engine, self.pull, self.environ, self.options = engine, pull, dict(environ), tuple(options)
        self._around: tuple[str, ...] = ()  # what it takes to start a container on this machine, found by trying

    def prepare(self, job: Job) -> None:
        """See to it that `job` can be started: the engine works, and has the image.

        Raises:
            RunnerError: it does not.
        """
        if shutil.which(self.engine, path=self.environ.get("PATH")) is None:
            other = "docker" if self.engine == "podman" else "podman"
            raise RunnerError(
                f"{self.engine} is not installed here",
                f"install it, or use `--runner {other}`, or `--runner process`, which needs no container",
            )
        if not job.image:
            raise RunnerError("the trial names no image: it is in a runtime of the cluster", "add `image` to the trial")
        self._have(job.image)
        self._probe(job)

    def _have(self, image: str) -> None:
        asked = self._call("image", "inspect", image)
        if asked.returncode == 0:
            return
        if "connect" in asked.stderr or "daemon" in asked.stderr:
            raise RunnerError(
                f"{self.engine} does not answer: {_last(asked.stderr)}", f"start it: `{self.engine} info`"
            )
        if self.pull:
            pulled = self._call("pull", image, seconds=None)
            if pulled.returncode == 0:
                return
            raise RunnerError(f"{self.engine} cannot pull `{image}`: {_last(pulled.stderr)}")
        raise RunnerError(
            f"{self.engine} has no image `{image}`, and kgen pulls none by itself",
            f"build it (`{self.engine} build -t {image} DIR`), or fetch it (`{self.engine} pull {image}`, or `--pull`)",
        )

    def _probe(self, job: Job) -> None:
        """Start the image's shell once: what is wrong with all trials is said before the first, or got around.

        Raises:
            RunnerError: it does not start.
        """
        while True:
            name = _name(job)
            ran = self._call("run", "--name", name, *self._words(job, ()), "--entrypoint=sh", job.image, "-c", ":")
            if ran.returncode == 0:
                return
            self._call("rm", "--force", name)
            around = self._way_around(ran.stderr)
            if not around:
                break
            self._around += around
        said = _last(ran.stderr) or f"exit code {ran.returncode}"
        mend = next((text for part, text in _MENDS if part in ran.stderr), "")
        raise RunnerError(
            f"{self.engine} cannot start `sh` in `{job.image}`: {said}",
            mend.format(files=_most("RLIMIT_NOFILE"), engine=self.engine),
        )

    def _way_around(self, said: str) -> tuple[str, ...]:
        """Give options with which an engine may start that would not; () where none is known, or it was tried."""
        out: tuple[str, ...] = ()
        if "RLIMIT_" in said:
            files, processes = _most("RLIMIT_NOFILE"), min(_most("RLIMIT_NPROC"), _MOST_PROCESSES)
            out = (f"--ulimit=nofile={files}:{files}", f"--ulimit=nproc={processes}:{processes}")
        elif "cgroups in hybrid mode" in said and shutil.which("runc", path=self.environ.get("PATH")):
            out = ("--runtime=runc",)
        return () if set(out) <= set(self._around) else out

    def notes(self, job: Job) -> Sequence[str]:
        """Say what differs from the cluster."""
        out = [f"trials run in `{job.image}` with {self.engine}"]
        if self._around:
            out.append(f"{self.engine} starts here with {' '.join(self._around)} alone")
        if job.limits.gpus:
            found = self._gpus(job)
            out.append(
                "each trial sees all GPUs of this machine"
                if found
                else f"the trial asks for {job.limits.gpus} of {job.limits.gpu}, and {self.engine} can give none here"
            )
        return out

    def start(self, job: Job) -> Contained:
        """Start a trial.

        Raises:
            RunnerError: it does not start.
        """
        name = _name(job)
        argv = expanded(self._command(job), job.env)
        entry = (f"--entrypoint={argv[0]}", job.image, *argv[1:]) if argv else (job.image, *job.args)
        words = (self.engine, "run", "--name", name, *self._words(job, tuple(job.env)), *entry)
        try:
            with (job.folder / STDOUT).open("wb") as log:
                popen = subprocess.Popen(  # noqa: S603 - to run the trial's image is what this is for
                    words,
                    cwd=job.folder,  # podman's monitor leaves a file `oom` where it was started
                    env=self.environ | self._passed(job),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # an interrupt from the keyboard is for kgen to hand on
                )
        except OSError as problem:
            raise RunnerError(f"`{self.engine}` does not start: {problem.strerror or problem}") from problem
        return Contained(self, popen, name, None if job.endpoint is None else job.endpoint.port)

    def _command(self, job: Job) -> tuple[str, ...]:
        """Give what the container runs, wrapped; () where the image's own command runs as it is."""
        if job.command:
            return wrapped((*job.command, *job.args), job.wanted.kind, job.metrics)
        if not job.metrics:
            return ()
        own = self._configured(job.image)
        words = (*own.entrypoint, *(job.args or own.command))
        if not words:
            raise RunnerError(f"neither the trial nor `{job.image}` says what to run", "write `command` into the trial")
        return wrapped(words, job.wanted.kind, job.metrics)

    def _configured(self, image: str) -> _Configured:
        asked = self._call("image", "inspect", "--format", "{{json .Config}}", image)
        held = json.loads(asked.stdout) if asked.returncode == 0 and asked.stdout.strip() else {}
        return _Configured(tuple(held.get("Entrypoint") or ()), tuple(held.get("Cmd") or ()))

    def _words(self, job: Job, names: tuple[str, ...]) -> tuple[str, ...]:
        """Give the options of `run`; `names` are the variables that the container gets."""
        limits = job.limits
        out = ["--rm", "--pull=never", "--security-opt=label=disable"]
        if limits.cpu:
            out.append(f"--cpus={limits.cpu:g}")
        if limits.memory:
            out.append(f"--memory={limits.memory}")
        if job.user:
            out.append(f"--user={job.user}")
        if job.workdir:
            out.append(f"--workdir={job.workdir}")
        if job.endpoint is not None:
            out.append(f"--publish=127.0.0.1::{job.endpoint.port}")
        passed = self._passed(job)
        out.extend(f"--env={key}" if key in passed else f"--env={key}={job.env[key]}" for key in names)
        out.extend(f"--mount={_mounted(mount)}" for mount in job.mounts)
        return (*out, *self._gpus(job), *self._around, *self.options)

    def _passed(self, job: Job) -> dict[str, str]:
        """Give the variables that reach the container through the engine's environment, and not its command line."""
        return {
            key: value
            for key, value in job.env.items()
            if not _ENGINE_READS.match(key) and self.environ.get(key, value) == value
        }

    def _gpus(self, job: Job) -> tuple[str, ...]:
        """Give the options that hand the GPUs on; () where none is asked for, or there is none."""
        if not job.limits.gpus:
            return ()
        if job.limits.gpu.startswith("amd.com/"):
            return ("--device=/dev/kfd", "--device=/dev/dri") if Path("/dev/kfd").exists() else ()
        if self.engine == "docker":
            return ("--gpus=all",) if Path("/dev/nvidia0").exists() else ()
        described = any(file for folder in _CDI for file in Path(folder).glob("*nvidia*"))
        return ("--device=nvidia.com/gpu=all",) if described else ()

    def _call(self, *words: str, seconds: float | None = _PROBE_SECONDS) -> subprocess.CompletedProcess[str]:
        """Call the engine, and wait.

        Raises:
            RunnerError: it does not start, or does not answer in time.
        """
        try:
            return subprocess.run(  # noqa: S603 - the engine is the one that was asked for
                (self.engine, *words),
                env=self.environ,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                check=False,
                timeout=seconds,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as problem:
            raise RunnerError(f"`{self.engine}` does not start: {problem.strerror or problem}") from problem
        except subprocess.TimeoutExpired as problem:
            raise RunnerError(f"`{self.engine} {words[0]}` did not answer in {seconds:g} seconds") from problem

    def end(self, name: str, grace: float, popen: subprocess.Popen[bytes]) -> None:
        """End a container: SIGTERM to all in it but its first process, which would not hear it, then SIGKILL."""
        with suppress(RunnerError):
            self._call("exec", name, "sh", "-c", "kill -TERM -1", seconds=max(grace, 1.0))
        until = time.monotonic() + grace
        while time.monotonic() < until and popen.poll() is None:
            time.sleep(_STEP)
        if popen.poll() is None:
            with suppress(RunnerError):
                self._call("kill", name)
            with suppress(subprocess.TimeoutExpired):
                popen.wait(_PROBE_SECONDS)
        self.forget(name, popen)

    def forget(self, name: str, popen: subprocess.Popen[bytes]) -> None:
        """Remove what is left of a container."""
        if popen.poll() is None:
            popen.kill()
            popen.wait()
        with suppress(RunnerError):
            self._call("rm", "--force", name)

    def port(self, name: str, inner: int) -> int | None:
        """Give the port of this machine behind which a container's port is."""
        asked = self._call("port", name, str(inner))
        found = re.search(r":(\d+)\s*$", asked.stdout)
        return int(found[1]) if found else None


class Contained:
    """A trial that runs in a container."""

    def __init__(self, engine: Container, popen: subprocess.Popen[bytes], name: str, port: int | None) -> None:
        self._engine, self._popen, self._name, self._port = engine, popen, name, port
        self._outer: int | None = None  # the port of this machine
        self._ended = False

    @property
    def label(self) -> str:
        """The container's name."""
        return f"container {self._name}"

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port of the trial's endpoint; None where it has none, or not yet."""
        if self._port is None:
            return None
        if self._outer is None and self._popen.poll() is None:
            with suppress(RunnerError):
                self._outer = self._engine.port(self._name, self._port)
        return None if self._outer is None else ("127.0.0.1", self._outer)

    def poll(self) -> int | None:
        """Give the exit code once the container has ended."""
        code = self._popen.poll()
        if code is None:
            return None
        if code == _OWN_FAILURE and not self._ended:  # it may have made the container and not started it
            self._engine.forget(self._name, self._popen)
        self._ended = True
        return 128 - code if code < 0 else code

    def stop(self, grace: float = 10.0) -> None:
        """End the container and all that is in it."""
        if self._popen.poll() is None:
            self._engine.end(self._name, grace, self._popen)
        self._ended = True


def _name(job: Job) -> str:
    return f"kgen-{job.name}-{secrets.token_hex(4)}"


def _mounted(mount: Mount) -> str:
    if mount.held is Held.MEMORY:
        size = "" if mount.size is None else f",tmpfs-size={mount.size}"
        return f"type=tmpfs,destination={mount.path}{size}"
    end = ",readonly" if mount.read_only else ""
    return f"type=bind,source={mount.source},destination={mount.path.rstrip('/')}{end}"


def _last(text: str) -> str:
    """Give the last line that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else ""


def _most(name: str) -> int:
    """Give a hard limit of this process."""
    if os.name != "posix":
        return _MOST_PROCESSES
    import resource  # noqa: PLC0415 - there is none on Windows

    found = resource.getrlimit(getattr(resource, name))[1]
    return _MOST_PROCESSES if found == resource.RLIM_INFINITY else found
