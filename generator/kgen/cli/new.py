"""kgen new NAME: a commented experiment, its parameters read from a script's flags."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kgen.cli.init import create
from kgen.report.starter import ALGORITHMS, Asked, experiment, parameters_of

if TYPE_CHECKING:
    from kgen.model.flags import Script

_NAME = re.compile(r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?")
_ENDINGS = (".yaml", ".yml", ".jsonnet")


def _plain(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and (not value or re.search(r"[\s\x00-\x1f\x7f\"'{}=]", value)):
        raise click.BadParameter(f"{value!r} holds blanks, quotes or braces")
    return value


@click.command("new")
@click.argument("name")
@click.option("--from-script", "script", metavar="FILE.py", help="Read the parameters from this script's flags.")
@click.option(
    "--metric", default="accuracy", show_default=True, callback=_plain, help="The metric; a loss is minimized."
)
@click.option("--image", callback=_plain, help="The image that holds the script.")
@click.option("--algorithm", type=click.Choice(ALGORITHMS), default="random", show_default=True)
@click.option("--trials", type=click.IntRange(1, 1_000_000), default=12, show_default=True, help="Trials in all.")
@click.option("--root", type=click.Path(file_okay=False), help="Root of the workspace; found from here if absent.")
def command(
    name: str, script: str | None, metric: str, image: str | None, algorithm: str, trials: int, root: str | None
) -> int:
    """Write experiments/NAME.yaml: an experiment to be reviewed.

    With --from-script nothing of the script is run: its source is read. Each flag that is worth a search becomes a
    parameter, with a range around its default.

    \b
    kgen new mnist --from-script train.py --metric loss
    """
    from kgen.cli.workspace import find_root  # noqa: PLC0415 - `kgen --help` imports no stage

    if _NAME.fullmatch(name) is None:
        raise click.BadParameter(
            f"{name!r} is no name of an Experiment: small letters, digits and `-`, a letter first, at most 40",
            param_hint="NAME",
        )
    home = find_root(".") if root is None else os.path.realpath(root)
    folder = Path(os.path.relpath(home)) / "experiments"
    there = [path for end in _ENDINGS if os.path.lexists(path := folder / f"{name}{end}")]
    if there:
        click.echo(f"{there[0]} is there already: it is not overwritten", err=True)
        click.echo("  help: give another name, or remove it", err=True)
        return 1
    asked = Asked(name, metric, image or "", algorithm, trials)
    if script is not None:
        asked = _with_script(asked, script, home)
    path = folder / f"{name}.yaml"
    if not create(path, experiment(asked)):
        return 1
    click.echo("Next:", err=True)
    click.echo(f"  review it, and add `{name}` to `experiments` in environments/NAME/environment.yaml", err=True)
    click.echo(f"  kgen lint {click.format_filename(path)}", err=True)
    return 0


def _with_script(asked: Asked, path: str, home: str) -> Asked:
    """Read a script, and say what of it is not known.

    Raises:
        click.UsageError: it cannot be read, or is not Python.
    """
    from kgen.cli.workspace import read_file  # noqa: PLC0415
    from kgen.codec.argparse_flags import MOST_BYTES, read  # noqa: PLC0415 - only a script pays for it

    real = os.path.realpath(path)
    if not os.path.lexists(path):
        raise click.UsageError(f"there is no script {path!r}")
    if Path(real).is_file() and Path(real).stat().st_size > MOST_BYTES:
        raise click.UsageError(f"{path!r} is larger than {MOST_BYTES >> 10} KiB: kgen reads no such script")
    data = read_file(real, MOST_BYTES + 1)
    if not isinstance(data, bytes):
        raise click.UsageError(f"{path!r}: {data.message}")
    inside = real.startswith(home + os.sep) and path.endswith(".py")
    shown = os.path.relpath(real, home).replace(os.sep, "/") if inside else Path(path).name
    script = read(data, shown)
    if script.broken is not None:
        raise click.UsageError(f"{path}:{script.broken.line}: {script.broken.why}")
    _tell(script, path, asked.algorithm)
    return asked._replace(script=script, command=Path(path).name, inside=inside)


def _tell(script: Script, path: str, algorithm: str) -> None:
    """Say how much of the script's flags is known."""
    if not script.parser.flags:
        by = f"it reads its flags with {script.library}" if script.library else "it reads none with argparse"
        click.echo(f"{path}: no flags are known: {by}. The parameters are an example", err=True)
    elif not any(each.space for each in parameters_of(script, algorithm)):
        click.echo(f"{path}: none of its flags is worth a search. The parameters are an example", err=True)
    for unsure in script.unsure[:5]:
        click.echo(f"{path}:{unsure.line}: there may be more flags: {unsure.why}", err=True)
