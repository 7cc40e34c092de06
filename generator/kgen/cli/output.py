"""Rendered environments to folders: DIR/ENV of each, and DIR/argocd of their Applications."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from kgen.cli.console import APPLICATIONS
from kgen.cli.tree import Plan, own_files, plan, write_tree
from kgen.model.experiment import Rendered


def check(rendered: tuple[Rendered, ...], folder: Path) -> int:
    """Say what writing would change, and how; 1 if it would change anything."""
    stale = False
    for place, files in _work(rendered, folder):
        work = plan(place, files)
        stale = stale or work.stale
        for name in work.changed:
            click.echo(_difference(place / name, files[name]), nl=False)
        _tell(place, work, "would be ")
    if stale:
        click.echo("not up to date: run `kgen render` with -w, and commit", err=True)
    return 1 if stale else 0


def write(rendered: tuple[Rendered, ...], folder: Path) -> None:
    """Make the folders hold what was rendered, and say what changed.

    Raises:
        InputError: a folder cannot be written, or holds a file of somebody else's in the way (KG012).
    """
    for place, files in _work(rendered, folder):
        _tell(place, write_tree(place, files), "")


def _folders(rendered: tuple[Rendered, ...], folder: Path) -> Iterator[tuple[Path, Mapping[str, bytes]]]:
    """Give each folder that is written and what it must hold; Applications of other environments stay."""
    for each in rendered:
        yield folder / each.environment, each.files


def _applications(rendered: tuple[Rendered, ...], folder: Path) -> dict[str, bytes] | None:
    """Give what the folder of Applications must hold; None where there is none and none is wanted."""
    place = folder / APPLICATIONS
    files = dict(own_files(place))
    for each in rendered:
        name = f"{each.environment}.yaml"
        if each.application is not None:
            files[name] = each.application
        else:
            files.pop(name, None)
    return files if files or place.is_dir() else None


def _work(rendered: tuple[Rendered, ...], folder: Path) -> Iterator[tuple[Path, Mapping[str, bytes]]]:
    yield from _folders(rendered, folder)
    applications = _applications(rendered, folder)
    if applications is not None:
        yield folder / APPLICATIONS, applications


def _difference(path: Path, new: bytes) -> str:
    from difflib import unified_diff  # noqa: PLC0415 - only a stale folder pays for it

    old = path.read_bytes().decode("utf-8", "replace").splitlines(keepends=True)
    lines = unified_diff(old, new.decode().splitlines(keepends=True), str(path), "kgen render", n=2)
    return "".join(line if line.endswith("\n") else line + "\n" for line in lines)


def _tell(place: Path, work: Plan, tense: str) -> None:
    for what, names in (("added", work.added), ("changed", work.changed), ("removed", work.removed)):
        for name in names:
            click.echo(f"{tense}{what}: {place / name}", err=True)
    for name in work.foreign:
        click.echo(f"kept: {place / name} (kgen did not write it)", err=True)
    if not work.stale and not tense:
        click.echo(f"up to date: {place} ({len(work.unchanged)} files)", err=True)
