"""Rendered environments to folders: DIR/ENV of each, and DIR/argocd of their Applications."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import click

from kgen.cli.console import APPLICATIONS
from kgen.cli.tree import OWN_MARK, Plan, foreign, own_files, plan, write_tree
from kgen.katib.argocd import OTHER_TOOLS
from kgen.model.diagnostic import Diagnostic, InputError, error
from kgen.model.experiment import Rendered
from kgen.model.node import Span
from kgen.model.sources import FOLDERS, SETTINGS

_OF_WORKSPACE = OWN_MARK + f" from {SETTINGS};".encode()  # how `kgen argocd objects` begins its files


def folder_of(root: str, output: str = "") -> Path:
    """Give the folder to write to; that of a workspace must lie in it, and not among its sources.

    Raises:
        InputError: it does not (KG012).
    """
    folder = Path(root, output)
    if not output:
        return folder
    inside = Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(root))
    if not inside or output.partition("/")[0] in FOLDERS:
        what = "lies among the sources" if inside else "leads out of the workspace"
        place = Span(SETTINGS, 1, 1)
        raise InputError([error(place, "KG012", f"the output folder `{output}` {what}", "name another in `output`")])
    return folder


def check(
    rendered: tuple[Rendered, ...],
    folder: Path,
    environments: Collection[str] | None,
    *,
    accept_recreate: bool = False,
) -> int:
    """Say what writing would change, and how; 1 if it would change anything.

    With the names of all environments, what kgen wrote for others that are no more counts too.
    """
    abandoned = [] if environments is None else _left_behind(folder, environments)
    folders = list(_work(rendered, folder))
    plans = [plan(place, files) for place, files in folders]
    stale = any(work.stale for work in plans)
    for (place, files), work in zip(folders, plans, strict=True):
        for name in work.changed:
            click.echo(_difference(place / name, files[name]), nl=False)
        _tell(place, work, "would be ")
    for each in () if accept_recreate else _recreated(rendered, folder, plans):
        click.echo(f"would be refused without --accept-recreate: {each.message} ({each.code})", err=True)
    for path in abandoned:
        click.echo(f"left behind: {path} (kgen wrote it, and there is no such environment): remove it", err=True)
    if stale:
        click.echo("not up to date: run `kgen render` with -w, and commit", err=True)
    return 1 if stale or abandoned else 0


def _left_behind(folder: Path, environments: Collection[str]) -> list[Path]:
    """Find what kgen wrote for environments that are no more; Argo CD may still apply it."""
    if not folder.is_dir():
        return []
    gone = [path for path in sorted(folder.iterdir()) if path.name not in (*environments, APPLICATIONS)]
    own = own_files(folder / APPLICATIONS).items()
    applications = [folder / APPLICATIONS / name for name, data in own if not data.startswith(_OF_WORKSPACE)]
    return [
        *(path for path in gone if path.is_dir() and not path.is_symlink() and own_files(path)),
        *(path for path in applications if path.stem not in environments),
    ]


def write(rendered: tuple[Rendered, ...], folder: Path, *, accept_recreate: bool = False) -> int:
    """Make the folders hold what was rendered, and say what changed; 0.

    Raises:
        InputError: a folder cannot be written, or holds a file of somebody else's in the way (KG012); or a committed
            Experiment would get another search under its name, and nobody has accepted that (KG809).
    """
    folders = list(_work(rendered, folder))
    plans = [plan(place, files) for place, files in folders]
    in_the_way = [place / name for (place, _), work in zip(folders, plans, strict=True) for name in work.blocked]
    if in_the_way:  # said before the first folder is touched
        raise InputError(foreign(path) for path in in_the_way)
    refused = () if accept_recreate else _recreated(rendered, folder, plans)
    if refused:
        raise InputError(refused)
    for place, files in folders:
        _tell(place, write_tree(place, files), "")
    return 0


def _recreated(rendered: tuple[Rendered, ...], folder: Path, plans: list[Plan]) -> tuple[Diagnostic, ...]:
    """Find the committed Experiments that would get another search; most runs change none, and pay nothing."""
    touched = [(each, (*work.added, *work.changed)) for each, work in zip(rendered, plans, strict=False)]
    if not any(names for _, names in touched):
        return ()
    from kgen.cli.guard import recreated  # noqa: PLC0415 - it starts Git

    return tuple(found for each, names in touched for found in recreated(each, folder / each.environment, names))


def objects(files: Mapping[str, bytes], in_set: Collection[str], place: Path, *, check: bool) -> int:
    """Write the objects of a workspace beside the Applications, or say what that would change; 1 if it would.

    Applications of other environments stay; those that an ApplicationSet makes, the environments `in_set`, go.

    Raises:
        InputError: the folder cannot be written, or holds a file of somebody else's in the way (KG012).
    """
    kept = {
        name: data
        for name, data in own_files(place).items()
        if not data.startswith(_OF_WORKSPACE) and name.removesuffix(".yaml") not in in_set
    }
    wanted = {**kept, **files}
    if not check:
        _tell(place, write_tree(place, wanted), "")
        return 0
    work = plan(place, wanted)
    for name in work.changed:
        click.echo(_difference(place / name, wanted[name]), nl=False)
    _tell(place, work, "would be ")
    if work.stale:
        click.echo("not up to date: run `kgen argocd objects -w`, and commit", err=True)
    return 1 if work.stale else 0


def _folders(rendered: tuple[Rendered, ...], folder: Path) -> Iterator[tuple[Path, Mapping[str, bytes]]]:
    """Give each folder that is written and what it must hold."""
    for each in rendered:
        yield folder / each.environment, each.files


def _applications(rendered: tuple[Rendered, ...], folder: Path) -> dict[str, bytes] | None:
    """Give what the folder of Applications must hold, those of other environments included; None if there is none."""
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
        tool = OTHER_TOOLS.get(name)
        then = "" if tool is None else f"; Argo CD takes the folder for one of {tool} by it: move it away"
        click.echo(f"kept: {place / name} (kgen did not write it{then})", err=True)
    if not work.stale and not tense:
        click.echo(f"up to date: {place} ({len(work.unchanged)} files)", err=True)
