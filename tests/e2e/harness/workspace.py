"""The workspace that the test applies: written from templates, rendered, committed, edited."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from harness.commands import Shell, checked
from harness.settings import HERE, Settings
from harness.waiting import Broken

TEMPLATES = HERE / "workspace"
ENVIRONMENT, SPEC = "e2e", "iris"
_IDENTITY = {
    "GIT_AUTHOR_NAME": "kgen e2e",
    "GIT_AUTHOR_EMAIL": "e2e@example.com",
    "GIT_COMMITTER_NAME": "kgen e2e",
    "GIT_COMMITTER_EMAIL": "e2e@example.com",
    "GIT_TERMINAL_PROMPT": "0",
}


class Edit(NamedTuple):
    """A change of the spec, and what `kgen diff` has to say of it."""

    old: str
    new: str
    action: str  # of the Experiment
    what: str


FIRST_TRIALS, MORE_TRIALS = 3, 5
COUNTERS = Edit(
    f"max: {FIRST_TRIALS}, parallel: 1", f"max: {MORE_TRIALS}, parallel: 2", "in-place", "more trials, two at a time"
)
SEARCH = Edit("C: {double: [0.01, 1.0]}", "C: {double: [0.01, 2.0]}", "rename", "a wider range of C")


class Workspace:
    """A workspace in a Git repository of its own."""

    def __init__(self, folder: Path, shell: Shell) -> None:
        self.folder = folder
        self.shell = shell

    def write(self, settings: Settings) -> None:
        """Write all files from the templates, and make the folder a repository."""
        tokens = tokens_of(settings)
        for template in sorted(path for path in TEMPLATES.rglob("*") if path.is_file()):
            path = self.folder / template.relative_to(TEMPLATES)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(filled(template.read_text("utf-8"), tokens), encoding="utf-8")
        if not (self.folder / ".git").is_dir():
            self.git("init", "--quiet", "--initial-branch=main")

    def render(self) -> None:
        """Write everything that kgen writes, and let it find fault; a warning is an error."""
        self.kgen("render", ENVIRONMENT, "-w")
        self.kgen("argocd", "objects", "-w")
        self.kgen("lint", "--fail-on", "warning")

    def edit(self, edit: Edit) -> None:
        """Change the spec."""
        file = self.folder / "experiments" / f"{SPEC}.yaml"
        text = file.read_text("utf-8")
        if edit.new in text:
            return  # the stage was run before
        if edit.old not in text:
            raise Broken(f"experiments/{SPEC}.yaml has no `{edit.old}` to change")
        file.write_text(text.replace(edit.old, edit.new), encoding="utf-8")

    def verdicts(self, *more: str, text: str | None = None) -> dict[str, str]:
        """Say what `kgen diff` says: {kind/name: action}, without what stays as it is."""
        said = json.loads(self.kgen("diff", f"env/{ENVIRONMENT}", "--format", "json", *more, text=text))
        return {
            f"{each['kind']}/{each['name']}": each["action"] for each in said["objects"] if each["action"] != "none"
        }

    def experiment(self) -> str:
        """Give the name that the Experiment has in the cluster."""
        return str(self.manifest(f"{ENVIRONMENT}/{SPEC}.yaml")["metadata"]["name"])

    def manifest(self, path: str) -> Mapping[str, Any]:
        """Read a rendered manifest."""
        import yaml  # noqa: PLC0415 - kgen brings it; `--help` need not wait for it

        found: Mapping[str, Any] = yaml.safe_load((self.folder / "rendered" / path).read_text("utf-8"))
        return found

    def argocd_files(self) -> list[Path]:
        """Give the files that somebody applies by hand: the project first, as the Application needs it."""
        folder = self.folder / "rendered" / "argocd"
        return [*sorted(folder.glob("appproject-*.yaml")), folder / f"{ENVIRONMENT}.yaml"]

    def commit(self, message: str) -> str:
        """Commit all there is, and give the revision."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--no-gpg-sign", f"--message={message}")
        return self.head()

    def head(self) -> str:
        """Give the last revision."""
        return self.git("rev-parse", "HEAD").strip()

    def push(self, url: str) -> None:
        """Push to a repository that is the test's own: what was there before goes."""
        self.git("push", "--quiet", "--force", url, "HEAD:refs/heads/main")

    def git(self, *arguments: str) -> str:
        """Run Git in the workspace."""
        return checked(self.shell, ["git", *arguments], cwd=self.folder, environ=_IDENTITY)

    def kgen(self, *arguments: str, text: str | None = None) -> str:
        """Run kgen in the workspace."""
        return checked(self.shell, [sys.executable, "-m", "kgen", *arguments], cwd=self.folder, text=text)


def tokens_of(settings: Settings) -> dict[str, str]:
    """Give what stands for the tokens of a template."""
    node = settings["NODE_IMAGE"].partition("@")[0].rpartition(":v")[2]
    return {
        "IMAGE": settings["IMAGE"],
        "GIT_IMAGE": settings["GIT_IMAGE"],
        "GIT_NAMESPACE": settings["GIT_NAMESPACE"],
        "NAMESPACE": settings["NAMESPACE"],
        "ARGOCD_NAMESPACE": settings["ARGOCD_NAMESPACE"],
        "REPOSITORY": settings.repository,
        "KATIB_REF": settings["KATIB"],
        "KATIB": minor(settings["KATIB"]),
        "ARGOCD": minor(settings["ARGOCD"]),
        "KUBERNETES": minor(node),
    }


def minor(version: str) -> str:
    """Give the major and minor part: v0.19.0 -> 0.19."""
    return ".".join(version.removeprefix("v").split(".")[:2])


def filled(text: str, tokens: Mapping[str, str]) -> str:
    """Put values in the place of @TOKENS@; `${...}` is Katib's, and stays."""
    for name, value in tokens.items():
        text = text.replace(f"@{name}@", value)
    return text
