"""Katib's own webhooks as a program: built once for a release, asked many questions."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "katib"
MOST_SAID = 3  # lines of Go's: it says the same of every file
MODULE = "github.com/kubeflow/katib"
CACHE = Path(__file__).parent / "build"


class NotAvailable(Exception):
    """There is no Go, or it cannot get what the program is made of; the text is Go's own."""


def build(release: str = "", folder: Path = HERE, cache: Path = CACHE) -> Path:
    """Build the program; a release other than that of its go.mod in a copy of the module.

    Raises:
        NotAvailable: it cannot be built here.
    """
    go = shutil.which("go")
    if go is None:
        raise NotAvailable("there is no Go on this machine")
    cache.mkdir(parents=True, exist_ok=True)
    program = cache / f"{folder.name}{'-' + release if release else ''}"
    if release:
        copy = cache / f"{folder.name}-{release}-source"
        shutil.copytree(folder, copy, dirs_exist_ok=True)
        folder = copy
        _go(go, folder, "mod", "edit", f"-require={MODULE}@v{release}.0")
    _go(go, folder, "build", *(("-mod=mod",) if release else ()), "-o", str(program), ".")
    return program


def _go(go: str, folder: Path, *arguments: str) -> None:
    done = subprocess.run([go, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if not line.startswith("go: downloading")]
        raise NotAvailable("\n".join(said[:MOST_SAID]) or f"go {arguments[0]} failed")


def ask(program: Path, questions: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Ask the program; one answer a question, in their order."""
    lines = "".join(json.dumps(question, ensure_ascii=False) + "\n" for question in questions)
    done = subprocess.run([str(program)], input=lines, capture_output=True, text=True, check=True, encoding="utf-8")
    return [json.loads(line) for line in done.stdout.split("\n") if line]
