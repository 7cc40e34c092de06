"""kgen report [RUN]: one self-contained HTML page of a local run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from kgen.cli.shown import shown
from kgen.cli.workspace import find_root
from kgen.local import store
from kgen.local.store import StoreError
from kgen.model.diagnostic import InputError

HOME = ".kgen"  # the folder that a workspace keeps for kgen
PAGE = "report.html"


@click.command("report")
@click.argument("run", required=False)
@click.option(
    "-o", "--output", metavar="FILE", help="Where to write the page: report.html in the run's folder if absent."
)
@click.option(
    "--root", type=click.Path(file_okay=False), help="Root of the workspace; found from here upwards if absent."
)
def command(run: str | None, output: str | None, root: str | None) -> int:
    """Make one HTML page of a local run: plots, the trials' table, logs. It needs no network.

    RUN is the folder of a run, or its name in .kgen/runs, as iris-3; the newest one if absent. `-o -` writes to stdout.
    """
    try:
        folder = _named(run, root) if run else _newest(root)
        body = _page(folder)
    except StoreError as problem:
        click.echo(f"{problem}" + (f"\n  help: {problem.mend}" if problem.mend else ""), err=True)
        return 1
    if body is None:
        click.echo("the report needs plotly, which is not installed\n  help: pip install 'kgen[report]'", err=True)
        return 1
    if output == "-":
        sys.stdout.buffer.write(body)
        return 0
    return _write(Path(output) if output else folder / PAGE, body)


def _page(folder: Path) -> bytes | None:
    """Make the page; None where plotly is missing."""
    from kgen.report.page import NoPlotly, page  # noqa: PLC0415 - a wrong name need not wait for it

    read = shown(folder)
    try:
        return page(read).encode("utf-8", "replace")
    except NoPlotly:
        return None


def _write(path: Path, body: bytes) -> int:
    """Write the page, whole or not at all, and say where it is."""
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_bytes(body)
        os.replace(beside, path)  # noqa: PTH105 - the two names stand side by side
    except OSError as problem:
        beside.unlink(missing_ok=True)
        click.echo(f"{path} cannot be written: {problem.strerror}\n  help: name another file with -o", err=True)
        return 1
    click.echo(str(path))
    return 0


def _named(given: str, root: str | None) -> Path:
    """Find a run by the path of its folder, or by its name in .kgen/runs.

    Raises:
        StoreError: there is none.
    """
    runs = _runs(root)
    for folder in (Path(given), runs / given):
        if (folder / store.RUN).is_file():
            return folder
    names = ", ".join(sorted(path.name for path in _all(runs))) or "none"
    raise StoreError(f"there is no run {given!r}", f"name the folder of a run, or one of {runs}: {names}")


def _newest(root: str | None) -> Path:
    """Find the run that was started last.

    Raises:
        StoreError: there is none.
    """
    runs = _runs(root)
    found = _all(runs)
    if not found:
        raise StoreError(
            f"there is no run in {runs}", "make one with `kgen try ENV/EXPERIMENT`, or name a run's folder"
        )
    return max(found, key=_started)


def _started(folder: Path) -> tuple[float, str]:
    try:
        return store.read_run(folder).started, folder.name
    except StoreError:
        return 0.0, folder.name


def _all(runs: Path) -> list[Path]:
    return [path for path in runs.iterdir() if (path / store.RUN).is_file()] if runs.is_dir() else []


def _runs(root: str | None) -> Path:
    if root is None:
        try:
            root = find_root(".")
        except InputError:
            root = "."
    return Path(root) / HOME / store.RUNS
