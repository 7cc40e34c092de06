"""A temporary Git repository for tests, under a configuration that is nobody's."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
CLEAN = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Nobody",
    "GIT_AUTHOR_EMAIL": "nobody@example.com",
    "GIT_COMMITTER_NAME": "Nobody",
    "GIT_COMMITTER_EMAIL": "nobody@example.com",
}


class Repository:
    """A repository in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run("init", "--quiet", "--initial-branch=main")

    def run(self, *arguments: str) -> str:
        """Run Git, and give what it prints."""
        command = ["git", *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def commit(self, message: str = "a change") -> str:
        """Commit all there is, and give the commit's hash."""
        self.run("add", "--all")
        self.run("commit", "--quiet", "--allow-empty", f"--message={message}")
        return self.run("rev-parse", "HEAD").strip()


def clean_git(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away every setting of Git that the machine or a hook has."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for name, value in CLEAN.items():
        monkeypatch.setenv(name, value)
