"""The runner `process`: a trial runs here, in a folder and with an interpreter of this machine.

The command is wrapped as in the cluster and given to `sh`. Only the paths differ: where the pod would have a volume,
command, arguments and environment get the trial's own folder, because two trials cannot share `/var/log/katib`.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType

from kgen.katib.shell import is_recognised
from kgen.local.runner import STDOUT, Held, Job, RunnerError
from kgen.local.wrapping import expanded, wrapped

MARKER = "KGEN_TRIAL"  # in the environment of all that a trial starts: its folder, by which stragglers are found
_SHARED_MEMORY = "/dev/shm"  # noqa: S108 - a pod's mount, which this machine has too
_SHELL_LETTERS = re.compile(r"[\s'\"\\$`&|;<>()*?\[\]{}#:,]")  # a path with these would not stay one word
_PYTHON = re.compile(r"python[0-9.]*")
_KEPT = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ")
_LAST_WAIT = 5.0  # seconds in which a killed process has to be gone
_STEP = 0.02


class Process:
    """Runs trials as processes; `workdir` is where they start, as an image's WORKDIR is."""

    def __init__(
        self,
        workdir: Path,
        *,
        python: Path | None = None,
        environ: Mapping[str, str] = MappingProxyType({}),
        inherit: bool = True,
        places: Mapping[str, Path] = MappingProxyType({}),
    ) -> None:
        """Keep what all trials share.

        `python` is what `python` and `python3` mean in a command; None for what the PATH says. `environ` is the
        caller's environment: all of it is inherited (an interpreter, CUDA and proxies need it), or with
        `inherit=False` no more than what a shell needs. `places` are further folders of the image and what stands for
        them here, as `/opt/trial`.
        """
        self.workdir, self.python, self.places = workdir.absolute(), python, places
        self._inherits = inherit
        self.environ = dict(environ) if inherit else {key: environ[key] for key in _KEPT if key in environ}

    def prepare(self, job: Job) -> None:
        """See to it that `job` can be started.

        Raises:
            RunnerError: there is no shell, folder, interpreter, command or script.
        """
        if os.name != "posix" or shutil.which("sh", path=self.environ.get("PATH")) is None:
            raise RunnerError("the runner `process` needs `sh`, and there is none", "use `--runner docker`")
        if not self.workdir.is_dir():
            raise RunnerError(f"the folder `{self.workdir}` is not there", "name another with `--workdir`")
        if self.python is not None and not os.access(self.python, os.X_OK):
            raise RunnerError(f"`{self.python}` is no program", "name an interpreter with `--python`")
        if not job.command:
            raise RunnerError(
                "the trial has no `command`, and what its image would run is not known here",
                "write `command` into the trial, which Katib wants too, or use `--runner podman`",
            )
        if _SHELL_LETTERS.search(str(job.folder)):
            raise RunnerError(
                f"the folder of the trial, `{job.folder}`, has letters in it that a shell would not take as they are",
                "write the run somewhere else with `--output DIR`",
            )
        self._look_for_program(job)

    def _look_for_program(self, job: Job) -> None:
        words = self._here(job, (*job.command, *job.args))
        program = words[0]
        if is_recognised(list(words)) or _SHELL_LETTERS.search(program):
            return  # the shell will say what it does not find
        replaced = self.python is not None and program in ("python", "python3")
        path = self._environment(job).get("PATH")
        if not replaced and shutil.which(program, path=path) is None:
            raise RunnerError(
                f"the trial runs `{program}`, which is not here",
                "name the interpreter with `--python`, or run the image with `--runner podman`",
            )
        options = (at for at, word in enumerate(words[1:], 1) if not re.fullmatch(r"-[a-zA-Z]", word))
        script = words[next(options, 0)] if _PYTHON.fullmatch(Path(program).name) else ""
        if not script.endswith(".py") or (self.workdir / script).is_file():
            return
        if script.startswith("/"):
            raise RunnerError(
                f"the trial runs `{script}`, which is not on this machine",
                f"name the folder that stands for the image's with `--place {Path(script).parent}=DIR`",
            )
        raise RunnerError(
            f"the trial runs `{script}`, which is not in `{self.workdir}`",
            "name the folder that stands for the image's with `--workdir`",
        )

    def notes(self, job: Job) -> Sequence[str]:
        """Say what differs from the cluster."""
        instead = f", not in the image `{job.image}`" if job.image else ""
        out = [f"trials run as processes in `{self.workdir}`{instead}"]
        if self._inherits:
            out.append("they see your environment, above which stands that of the trial")
        for path, place in self._places(job).items():
            own = place.is_relative_to(job.folder)
            shown = f"`{place.relative_to(job.folder)}` in the folder of each trial" if own else f"`{place}`"
            out.append(f"`{path}` is {shown}: it is replaced in command, arguments and environment")
        if any(mount.path == _SHARED_MEMORY for mount in job.mounts):
            out.append(f"{_SHARED_MEMORY} is that of this machine, whatever its size")
        if job.limits.cpu or job.limits.memory or job.limits.gpus:
            out.append("the limits of cpu, memory and GPUs do not hold")
        return out

    def start(self, job: Job) -> Child:
        """Start a trial.

        Raises:
            RunnerError: it does not start.
        """
        words = wrapped((*job.command, *job.args), job.wanted.kind, job.metrics)
        argv = self._here(job, expanded(words, job.env))
        if self.python is not None:
            _make_interpreter(job.folder / "bin", self.python)
        try:
            with (job.folder / STDOUT).open("wb") as log:
                popen = subprocess.Popen(  # noqa: S603 - to run the trial's command is what this is for
                    argv,
                    cwd=self.workdir,
                    env=self._environment(job),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except OSError as problem:
            raise RunnerError(f"`{argv[0]}` does not start: {problem.strerror or problem}") from problem
        return Child(popen, str(job.folder), None if job.endpoint is None else ("127.0.0.1", job.endpoint.port))

    def _environment(self, job: Job) -> dict[str, str]:
        names, values = tuple(job.env), self._here(job, tuple(job.env.values()))
        env = {**self.environ, **dict(zip(names, values, strict=True)), MARKER: str(job.folder)}
        if self.python is not None:
            own = [str(job.folder / "bin")]
            if (self.python.parent.parent / "pyvenv.cfg").is_file():
                own.append(str(self.python.parent))  # torchrun and the like
            env["PATH"] = os.pathsep.join([*own, env.get("PATH", os.defpath)])
        return env

    def _places(self, job: Job) -> dict[str, Path]:
        """Give what stands here for folders of the pod."""
        own = {
            mount.path.rstrip("/"): mount.source
            for mount in job.mounts
            if not (mount.path == _SHARED_MEMORY and mount.held is not Held.GIVEN)
        }
        named = {path.rstrip("/"): place.absolute() for path, place in self.places.items()}
        start = {job.workdir.rstrip("/"): self.workdir} if job.workdir.rstrip("/") else {}
        return {**start, **named, **own}

    def _here(self, job: Job, texts: Sequence[str]) -> tuple[str, ...]:
        """Replace folders of the pod by those of the trial; a longer path before a shorter one."""
        places = self._places(job)
        if not places:
            return tuple(texts)
        every = "|".join(re.escape(path) for path in sorted(places, key=len, reverse=True))
        found = re.compile(rf"(?<![\w./-])(?:{every})(?![\w.-])")
        return tuple(found.sub(lambda match: str(places[match[0]]), text) for text in texts)


def _make_interpreter(folder: Path, python: Path) -> None:
    """Make `python` and `python3` that start an interpreter; a link would lose its virtual environment."""
    folder.mkdir(exist_ok=True)
    for name in ("python", "python3"):
        program = folder / name
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(str(python.absolute()))} "$@"\n', encoding="utf-8")
        program.chmod(0o755)


class Child:
    """A trial that runs as a process, in a session of its own."""

    def __init__(self, popen: subprocess.Popen[bytes], marker: str, address: tuple[str, int] | None) -> None:
        self._popen, self._marker, self.address = popen, marker, address

    @property
    def label(self) -> str:
        """The process id."""
        return f"process {self._popen.pid}"

    def poll(self) -> int | None:
        """Give the exit code once the process has ended, and end what it left behind."""
        if self._popen.returncode is None:
            if not self._has_ended():
                return None
            self._signal(signal.SIGKILL)  # its process id is not given away before it is reaped
            self._popen.wait()
            self._sweep()
        code = self._popen.returncode
        return 128 - code if code < 0 else code

    def stop(self, grace: float = 10.0) -> None:
        """End the process and all that it started."""
        if self._popen.returncode is not None:
            return
        self._signal(signal.SIGTERM)
        until = time.monotonic() + grace
        while time.monotonic() < until and not self._is_over():  # the shell goes first, and what it started may tidy up
            time.sleep(_STEP)
        self._signal(signal.SIGKILL)
        self._popen.wait()
        self._sweep()

    def _has_ended(self) -> bool:
        """Whether the process is over; it is not reaped, so that its group stays its own."""
        if not hasattr(os, "waitid"):
            return self._popen.poll() is not None
        return os.waitid(os.P_PID, self._popen.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _is_over(self) -> bool:
        return self._has_ended() and next(marked(self._marker), None) is None

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):  # nobody is left in the group
            os.killpg(self._popen.pid, number)

    def _sweep(self) -> None:
        """End what left the group, found by its environment (Linux), and wait until it is gone."""
        until = time.monotonic() + _LAST_WAIT
        while time.monotonic() < until:
            left = tuple(marked(self._marker))
            if not left:
                return
            for pid in left:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(_STEP)


def marked(marker: str) -> Iterator[int]:
    """Yield the processes of a trial that still run, by the folder in their environment; none without /proc."""
    wanted = f"{MARKER}={marker}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            held = (entry / "environ").read_bytes()  # empty for one that is over and not yet reaped
        except OSError:
            continue
        if wanted in held.split(b"\0"):
            yield int(entry.name)
