"""What the machine has: the tools that a run needs, and the limits that break clusters on it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from harness.commands import Shell
from harness.settings import Settings

_LIMITS = {"max_user_watches": 524288, "max_user_instances": 512}
_INOTIFY = Path("/proc/sys/fs/inotify")


class Tool(NamedTuple):
    """A program, and how it says that it works and which version it is."""

    name: str
    probe: tuple[str, ...]


KUBECTL = Tool("kubectl", ("kubectl", "version", "--client"))
GIT = Tool("git", ("git", "--version"))
KIND = Tool("kind", ("kind", "version"))
# `info` asks the daemon: a client without one is of no use.
DOCKER = Tool("docker", ("docker", "info", "--format", "{{.ServerVersion}}"))
PODMAN = Tool("podman", ("podman", "info", "--format", "{{.Version.Version}}"))


class Tools(NamedTuple):
    """What was found."""

    versions: dict[str, str]
    missing: tuple[str, ...]  # with the reason
    engine: str = ""  # docker or podman

    @property
    def reason(self) -> str:
        """Why nothing can be run; "" if it can."""
        return "; ".join(self.missing)


def find_tools(settings: Settings, shell: Shell) -> Tools:
    """Ask each program that a run with these settings needs; nothing is changed."""
    wanted = [KUBECTL, GIT, *([KIND] if settings.kind else [])]
    asked = {tool.name: _ask(tool, shell) for tool in wanted}
    versions = {name: found for name, (found, _) in asked.items() if found}
    missing = [why for found, why in asked.values() if not found]
    engine = ""
    if settings.kind:
        engines = {tool.name: _ask(tool, shell) for tool in (DOCKER, PODMAN)}
        engine = next((name for name, (found, _) in engines.items() if found), "")
        if engine:
            versions[engine] = engines[engine][0]
        else:
            missing.append("neither docker nor podman works: " + ", ".join(why for _, why in engines.values()))
    return Tools(versions, tuple(missing), engine)


def _ask(tool: Tool, shell: Shell) -> tuple[str, str]:
    """Give the version, and why there is none."""
    done = shell.run(tool.probe, timeout=60)
    if done.code == 127:
        return "", f"{tool.name} is not installed"
    if done.code:
        said = (done.err.strip().splitlines() or ["no output"])[-1]
        return "", f"{tool.name} does not work ({said})"
    return re.sub(r"\s+", " ", done.out.strip().splitlines()[0]) if done.out.strip() else "of no version", ""


def low_limits(read: Callable[[str], str] | None = None) -> list[str]:
    """Say which inotify limits are too low for a cluster on this machine ("too many open files"), and the mend."""
    read = read or (lambda name: (_INOTIFY / name).read_text())
    found = []
    for name, wanted in _LIMITS.items():
        try:
            have = int(read(name))
        except (OSError, ValueError):
            continue  # not Linux: the cluster's machine has limits of its own
        if have < wanted:
            found.append(f"fs.inotify.{name} is {have}: sudo sysctl fs.inotify.{name}={wanted}")
    return found
