"""kgen init [DIR]: a workspace that renders and lints clean at once."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

IGNORED = ".gitignore"
_STEPS = ("kgen lint", "kgen render env/dev", "kgen try env/dev/example", "kgen new NAME --from-script train.py")


@click.command("init")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(file_okay=False, path_type=Path))
def command(folder: Path) -> int:
    """Make a workspace: settings, an experiment with its script, an overlay, an environment.

    No file is overwritten: where one of them is there already, nothing is written at all.

    \b
    kgen init searches
    """
    from kgen.report.starter import WORKSPACE  # noqa: PLC0415 - `kgen --help` imports no text of files

    there = [folder / name for name in WORKSPACE if name != IGNORED and _is_there(folder / name)]
    if there:
        click.echo(f"{there[0]} is there already: nothing is written", err=True)
        click.echo(
            "  help: name another folder, or use what is there: `kgen lint` says what is wrong with it", err=True
        )
        return 1
    for name, text in WORKSPACE.items():
        path = folder / name
        if name == IGNORED and _is_there(path):
            click.echo(f"{path} is kept as it is: add the line `.kgen/` to it", err=True)
        elif not create(path, text):
            return 1
    enter = [] if folder == Path() else [f"cd {shlex.quote(click.format_filename(folder))}"]
    click.echo("\n  ".join(("Next:", *enter, *_STEPS)), err=True)
    return 0


def create(path: Path, text: str) -> bool:
    """Write a new file, and the folders on the way; say what is in the way, and write nothing over it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as problem:
        if isinstance(problem, FileExistsError) and _is_there(path):
            click.echo(f"{path} is there already: it is not overwritten", err=True)
            click.echo("  help: give another name, or remove it", err=True)
            return False
        click.echo(f"{path} cannot be written: {problem.strerror or problem}", err=True)
        click.echo("  help: name a folder that you may write to", err=True)
        return False
    click.echo(path)
    return True


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except OSError:
        return False
    return True
