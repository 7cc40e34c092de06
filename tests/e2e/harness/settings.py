"""What the end-to-end test is to use: versions.env, under the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
TOP = HERE.parents[1]
VERSIONS = HERE / "versions.env"
PREFIX = "KGEN_E2E_"
TIMEOUT = 2400.0  # seconds; the first Experiment has to wait for images
_LINE = re.compile(r"(KGEN_E2E_[A-Z_]+)=(\S*)")
_LOGIN = re.compile(r"[a-z+]+://[^/@]*@")


class SettingsError(Exception):
    """A setting that cannot be; the text says what to write."""


@dataclass(frozen=True)
class Settings:
    """Everything that a run can be told."""

    versions: Mapping[str, str]
    context: str = ""  # an existing cluster with Katib and Argo CD; "" for kind
    git_url: str = ""  # a repository that Argo CD can read; "" for the server in the cluster
    push_url: str = ""  # the same repository as it is reached from here
    timeout: float = TIMEOUT  # seconds for one Experiment

    def __getitem__(self, name: str) -> str:
        """Give a variable of versions.env, without its prefix."""
        return self.versions[PREFIX + name]

    @property
    def kind(self) -> bool:
        """Whether the cluster is ours to create."""
        return not self.context

    @property
    def own_git(self) -> bool:
        """Whether the Git server is ours to run."""
        return not self.git_url

    @property
    def repository(self) -> str:
        """The repository's address, as Argo CD reads it."""
        return self.git_url or f"http://kgen-e2e-git.{self['GIT_NAMESPACE']}.svc.cluster.local/experiments.git"


def parse(text: str, file: str = "versions.env") -> dict[str, str]:
    """Read NAME=VALUE lines; comments and blank lines are passed by.

    Raises:
        SettingsError: a line is neither, or a name stands twice.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        match = _LINE.fullmatch(bare)
        if match is None:
            raise SettingsError(f"{file}:{number}: expected {PREFIX}NAME=VALUE without blanks, found: {bare}")
        if match[1] in found:
            raise SettingsError(f"{file}:{number}: {match[1]} stands twice")
        found[match[1]] = match[2]
    return found


def settings(environ: Mapping[str, str], text: str | None = None) -> Settings:
    """Lay the environment over versions.env.

    Raises:
        SettingsError: a setting cannot be, or an existing cluster lacks one.
    """
    known = parse(VERSIONS.read_text("utf-8") if text is None else text)
    versions = {name: environ.get(name) or value for name, value in known.items()}
    extra = {name: environ.get(PREFIX + name, "") for name in ("CONTEXT", "GIT_URL", "GIT_PUSH_URL", "TIMEOUT")}
    _check(versions, extra, environ)
    return Settings(
        versions,
        context=extra["CONTEXT"],
        git_url=extra["GIT_URL"],
        push_url=extra["GIT_PUSH_URL"] or extra["GIT_URL"],
        timeout=float(extra["TIMEOUT"] or TIMEOUT),
    )


def _check(versions: Mapping[str, str], extra: Mapping[str, str], environ: Mapping[str, str]) -> None:
    for name in ("GIT_URL", "GIT_PUSH_URL"):
        if _LOGIN.match(extra[name]):
            raise SettingsError(f"{PREFIX}{name} holds a login; leave it out, and give it to git's credential helper")
    if extra["TIMEOUT"] and not re.fullmatch(r"[0-9]+", extra["TIMEOUT"]):
        raise SettingsError(f"{PREFIX}TIMEOUT is {extra['TIMEOUT']!r}; write seconds, such as 2400")
    for name in ("IMAGE", "GIT_IMAGE"):
        tag = versions[PREFIX + name].rpartition("/")[2].partition(":")[2]
        if tag in ("", "latest"):
            raise SettingsError(f"{PREFIX}{name} is {versions[PREFIX + name]}; it needs a tag other than latest")
    if extra["CONTEXT"] and not environ.get(PREFIX + "IMAGE"):
        raise SettingsError(f"{PREFIX}CONTEXT is set: set {PREFIX}IMAGE to a trial image that its nodes can pull")
    if extra["CONTEXT"] and not extra["GIT_URL"] and not environ.get(PREFIX + "GIT_IMAGE"):
        raise SettingsError(
            f"{PREFIX}CONTEXT is set: set {PREFIX}GIT_URL to a repository that Argo CD can read and you can push to, "
            f"or {PREFIX}GIT_IMAGE to an image of tests/e2e/git that its nodes can pull"
        )
