"""Commands: run, logged, and their failures told with what they printed."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

_TAIL = 20  # lines of output that an error shows


class Done(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str


class CommandFailed(Exception):
    """A command that ended with an error, or did not end in time."""


class Shell(Protocol):
    """Something that runs commands."""

    def run(
        self,
        argv: Sequence[str],
        *,
        text: str | None = None,
        cwd: Path | None = None,
        environ: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Done:
        """Run a command to its end, whatever its exit code; `text` is its stdin, `timeout` in seconds."""
        ...


class Subprocesses:
    """Runs commands on this machine, and writes each to a log."""

    def __init__(self, log: Path | None = None) -> None:
        self.log = log

    def run(
        self,
        argv: Sequence[str],
        *,
        text: str | None = None,
        cwd: Path | None = None,
        environ: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Done:
        """Run a command; one that is not installed is an exit code of 127, one that takes too long 124."""
        try:
            ran = subprocess.run(
                list(argv),
                input=text,
                cwd=cwd,
                env={**os.environ, **(environ or {})},
                timeout=timeout,
                capture_output=True,
                check=False,
                encoding="utf-8",
                errors="replace",
            )
            done = Done(ran.returncode, ran.stdout, ran.stderr)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            done = Done(127, "", f"{argv[0]} is not installed")
        except subprocess.TimeoutExpired:
            done = Done(124, "", f"did not end within {timeout:.0f} seconds")
        self._note(argv, done)
        return done

    def _note(self, argv: Sequence[str], done: Done) -> None:
        if self.log is None:
            return
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("a", encoding="utf-8") as file:
            file.write(f"$ {shlex.join(argv)}\n-> {done.code}\n")
            file.writelines(f"   {line}\n" for line in (done.err if done.code else "").splitlines()[-_TAIL:])


def checked(shell: Shell, argv: Sequence[str], **more: Any) -> str:
    """Run a command and give its stdout.

    Raises:
        CommandFailed: it ended with an error; the text has its last lines.
    """
    done = shell.run(argv, **more)
    if done.code:
        said = "\n".join((done.err or done.out).rstrip().splitlines()[-_TAIL:])
        raise CommandFailed(f"{shlex.join(argv)}: exit code {done.code}\n{said}")
    return done.out


class Kube(NamedTuple):
    """kubectl on one cluster."""

    shell: Shell
    context: str
    kubeconfig: str = ""

    def argv(self, *arguments: str) -> list[str]:
        """Give the whole command line."""
        config = ["--kubeconfig", self.kubeconfig] if self.kubeconfig else []
        return ["kubectl", *config, "--context", self.context, *arguments]

    def __call__(self, *arguments: str, **more: Any) -> str:
        """Run kubectl and give its stdout; raises CommandFailed."""
        return checked(self.shell, self.argv(*arguments), **more)

    def get(self, kind: str, name: str, namespace: str = "") -> dict[str, Any] | None:
        """Read one object; None if there is none."""
        place = ["-n", namespace] if namespace else []
        text = self("get", kind, name, *place, "--ignore-not-found", "-o", "json")
        return json.loads(text) if text.strip() else None

    def items(self, kind: str, namespace: str = "", selector: str = "") -> list[dict[str, Any]]:
        """Read all objects of a kind; with "" as namespace, of all namespaces."""
        place = ["-n", namespace] if namespace else ["-A"]
        chosen = ["-l", selector] if selector else []
        found: list[dict[str, Any]] = json.loads(self("get", kind, *place, *chosen, "-o", "json"))["items"]
        return found
