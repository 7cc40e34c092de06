"""What the words of `kgen diff` name: an environment, a file, a folder, a revision, the rendered folder."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import click

from kgen.cli import history
from kgen.cli.console import environment_name
from kgen.cli.gather import STDIN, SUFFIXES, is_manifest
from kgen.cli.sides import Place
from kgen.cli.workspace import find_root
from kgen.model.diagnostic import InputError
from kgen.model.words import nearest

ON_DISK = "rendered"  # the word for the rendered folder as it is on disk
_PREFIXED = re.compile(r"(\./)?(env|environments)/")


class What(StrEnum):
    """What a word of the command line names."""

    ENVIRONMENT = "environment"
    FILE = "file"
    FOLDER = "folder"
    REVISION = "revision"
    ON_DISK = "rendered folder"


class Named(NamedTuple):
    """A word of the command line, and what it names."""

    what: What
    name: str  # of the environment; the path, or the revision


def everything(place: Place, root: str | None) -> tuple[Named, ...]:
    """Take every environment of the workspace.

    Raises:
        InputError: there is no workspace (KG010).
    """
    if place.workspace is None:
        find_root(root or ".")
    if not place.environments:
        raise click.UsageError("the workspace has no environment: name a file, or write environments/NAME")
    return tuple(Named(What.ENVIRONMENT, name) for name in place.environments)


def target(place: Place, word: str) -> Named:
    """Say what a target names; what is nothing else is taken for an environment, which rendering then misses."""
    found = _meanings(place, word)
    if not found:
        _check_file(word)
        found = [Named(What.ENVIRONMENT, environment_name(word))]
        if place.workspace is None:
            find_root(".")
    if found[0].what is What.FOLDER and place.environments and Path(word).resolve() == Path(place.home):
        raise click.UsageError(f"{word!r} is the workspace itself: write `--root {word}`, and all of it is compared")
    if found[0].what is What.FILE and _is_source(place, word):
        known = ", ".join(f"env/{name}" for name in place.environments[:5])
        raise click.UsageError(f"{word!r} is a source, and no manifest: name an environment that uses it ({known})")
    return _chosen(place, word, found)


def _check_file(word: str) -> None:
    """Refuse what names nothing and looks like a file.

    Raises:
        click.UsageError: it does.
    """
    if word.endswith(SUFFIXES) and _PREFIXED.match(word) is None:
        raise click.UsageError(f"there is no file {word!r}")


def _is_source(place: Place, path: str) -> bool:
    """Whether a file is one of the workspace's own, that stands for nothing without an environment."""
    if place.workspace is None or path == STDIN:
        return False
    home, real = Path(place.workspace.home), Path(path).resolve()
    inner = real.relative_to(home).as_posix() if real.is_relative_to(home) else ""
    data = place.workspace.sources.get(inner)
    return isinstance(data, bytes) and not inner.startswith("environments/") and not is_manifest(data)


def against(place: Place, word: str) -> Named:
    """Say what is compared with.

    Raises:
        click.UsageError, InputError: the word names nothing (KG017 where there is a repository).
    """
    if word == ON_DISK:
        return Named(What.ON_DISK, word)
    found = _meanings(place, word)
    if found and _PREFIXED.match(word):
        return found[0]
    try:
        repository = place.repository(place.home)
    except (history.NoGitError, InputError):
        return _chosen(place, word, found or [Named(What.REVISION, word)])  # reading it says what is wrong with Git
    if repository is not None:
        if history.is_revision(repository, word) or (word == history.HEAD and not found):
            found.append(Named(What.REVISION, word))
        elif not found:
            _check_file(word)
            raise history.unknown(repository, word, place.environments)
    if not found:
        close = nearest(word, place.environments)
        help_ = f"did you mean `{close}`?" if close else "and there is no Git repository here, with revisions to name"
        raise click.UsageError(f"{word!r} is no environment and no file: {help_}")
    return _chosen(place, word, found)


def _meanings(place: Place, word: str) -> list[Named]:
    """Give what a word names beside a revision; the first is what it is taken for."""
    path = Path(word)
    is_there = word == STDIN or path.exists() or path.is_symlink()
    files = [Named(What.FOLDER if path.is_dir() else What.FILE, word)] if is_there else []
    try:
        name = environment_name(word)
    except click.UsageError:
        return files
    own = [Named(What.ENVIRONMENT, name)] if name in place.environments else []
    if _PREFIXED.match(word) and own:
        return own
    return [*own, *files] if files and files[0].what is What.FOLDER else [*files, *own]


def _chosen(place: Place, word: str, found: list[Named]) -> Named:
    """Take the first of what a word names, and say how each other is named."""
    for other in found[1:]:
        written = {What.ENVIRONMENT: f"env/{other.name}", What.REVISION: f"{word}~0"}.get(other.what, f"./{word}")
        place.note(f"`{word}` is taken for the {found[0].what}; for the {other.what} of that name write {written}")
    return found[0]
