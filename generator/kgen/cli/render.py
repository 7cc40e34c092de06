"""kgen render ENVIRONMENT...: manifests on stdout, or in a folder for Argo CD."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from kgen import pipeline
from kgen.cli.console import environment_name, say, workspace_options
from kgen.cli.tree import Plan, own_files, plan, write_tree
from kgen.cli.workspace import find_root, read_workspace
from kgen.model.experiment import Rendered
from kgen.report import json_text, text

APPLICATIONS = "argocd"


@click.command("render")
@click.argument("environments", nargs=-1, required=True, metavar="ENV...")
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    help="Folder to write to: DIR/ENV/ and DIR/argocd/ENV.yaml.",
    metavar="DIR",
)
@click.option("-w", "--write", is_flag=True, help="Write to the workspace's own output folder (rendered/).")
@click.option("--check", is_flag=True, help="Write nothing; fail if the folder is not up to date.")
@click.option("--allow-empty", is_flag=True, help="An environment that renders to nothing is no error.")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", help="Form of diagnostics.")
@workspace_options
def command(
    environments: tuple[str, ...],
    out: Path | None,
    write: bool,
    check: bool,
    allow_empty: bool,
    style: str,
    settings: tuple[str, ...],
    root: Path | None,
) -> int:
    """Write the manifests of environments: to stdout, or with -o or -w to a folder.

    A folder is replaced as a whole or not at all; files in it that kgen did not write are kept.
    """
    if write and out is not None:
        raise click.UsageError("-o and -w both say where to write: give one of them")
    if write and check:
        raise click.UsageError("--check writes nothing: leave -w out")
    gc.disable()  # trees of Nodes live to the end: the collector would walk them again and again
    home = root or find_root(Path.cwd())
    names = tuple(dict.fromkeys(environment_name(given) for given in environments))
    rendered = render_all(home, names, settings, allow_empty=allow_empty)
    found = [d for each in rendered for d in each.diagnostics]
    if style == "json":
        click.echo(json_text.render(found), err=True, nl=False)
    else:
        say(found)
    if any(d.severity == "error" for d in found):
        if style == "text":
            click.echo(f"{text.summary(found)}; nothing was written", err=True)
        return 1
    folder = out if out is not None else home / rendered[0].output
    if check:
        return _check(rendered, folder)
    if out is None and not write:
        _print(rendered)
        return 0
    _write(rendered, folder)
    return 0


def render_all(
    root: Path, names: tuple[str, ...], settings: tuple[str, ...], *, allow_empty: bool = False
) -> tuple[Rendered, ...]:
    """Render environments of one workspace, whose files are read once."""
    sources = read_workspace(root)
    if not any(path.endswith(".jsonnet") for path in sources):
        return tuple(pipeline.render(sources, n, settings=settings, allow_empty=allow_empty) for n in names)
    from kgen.cli.sandbox import Sandbox  # noqa: PLC0415 - a workspace without Jsonnet does not pay for it

    with Sandbox() as evaluate:
        return tuple(
            pipeline.render(sources, name, settings=settings, evaluate=evaluate, allow_empty=allow_empty)
            for name in names
        )


def _print(rendered: tuple[Rendered, ...]) -> None:
    documents = [data for each in rendered for data in each.files.values()]
    sys.stdout.buffer.write(b"---\n".join(documents))
    sys.stdout.buffer.flush()


def _folders(rendered: tuple[Rendered, ...], folder: Path) -> Iterator[tuple[Path, dict[str, bytes]]]:
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


def _work(rendered: tuple[Rendered, ...], folder: Path) -> Iterator[tuple[Path, dict[str, bytes]]]:
    yield from _folders(rendered, folder)
    applications = _applications(rendered, folder)
    if applications is not None:
        yield folder / APPLICATIONS, applications


def _check(rendered: tuple[Rendered, ...], folder: Path) -> int:
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


def _difference(path: Path, new: bytes) -> str:
    from difflib import unified_diff  # noqa: PLC0415 - only a stale folder pays for it

    old = path.read_bytes().decode("utf-8", "replace").splitlines(keepends=True)
    lines = unified_diff(old, new.decode().splitlines(keepends=True), str(path), "kgen render", n=2)
    return "".join(line if line.endswith("\n") else line + "\n" for line in lines)


def _write(rendered: tuple[Rendered, ...], folder: Path) -> None:
    for place, files in _work(rendered, folder):
        _tell(place, write_tree(place, files), "")


def _tell(place: Path, work: Plan, tense: str) -> None:
    for what, names in (("added", work.added), ("changed", work.changed), ("removed", work.removed)):
        for name in names:
            click.echo(f"{tense}{what}: {place / name}", err=True)
    for name in work.foreign:
        click.echo(f"kept: {place / name} (kgen did not write it)", err=True)
    if not work.stale and not tense:
        click.echo(f"up to date: {place} ({len(work.unchanged)} files)", err=True)
