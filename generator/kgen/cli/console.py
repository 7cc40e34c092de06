"""What commands share: names of environments, the workspace's options, diagnostics on stderr."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable
from typing import TextIO, TypeVar

import click

from kgen.model.diagnostic import Diagnostic, Severity
from kgen.model.sources import Sources
from kgen.report import text

_Command = TypeVar("_Command", bound=Callable[..., object])
APPLICATIONS = "argocd"  # the folder beside those of environments
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def workspace_options(command: _Command) -> _Command:
    """Add the options by which a command finds its workspace and lays values over it."""
    command = click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="KEY=VALUE",
        help="Set a key of every spec, over all layers: --set trials.max=3.",
    )(command)
    return click.option(
        "--root",
        type=click.Path(file_okay=False),
        help="Root of the workspace; found from here upwards if absent.",
    )(command)


def environment_name(given: str) -> str:
    """Read `env/prod`, `environments/prod`, `environments/prod/environment.yaml` and `prod` as `prod`."""
    name = given.strip("/")
    name = re.sub(r"/environment\.(yaml|yml|jsonnet)$", "", name)
    name = re.sub(r"^(\./)?(env|environments)/", "", name)
    if _NAME.fullmatch(name) is None:
        raise click.UsageError(f"{given!r} names no environment; write env/prod, or prod")
    if name == APPLICATIONS:
        raise click.UsageError(f"{name!r} is the folder of Applications, and no name for an environment")
    return name


def colour_option(command: _Command) -> _Command:
    """Add --color; its value is the parameter `colour`."""
    return click.option(
        "--color",
        "--colour",
        "colour",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        help="Whether to colour: on a terminal, unless NO_COLOR is set.",
    )(command)


def say(diagnostics: Iterable[Diagnostic], *, colour: str = "auto", sources: Sources | None = None) -> None:
    """Print errors and warnings on stderr, coloured where a person reads them; with `sources`, each with its line.

    Remarks (info) are for `kgen lint`, which somebody asked for them.
    """
    loud = [d for d in diagnostics if d.severity is not Severity.INFO]
    said = text.render(loud, colour=_is_coloured(colour, sys.stderr), sources=sources)
    click.echo(said, err=True, nl=False, color=True)


def use_colour(choice: str = "auto", output: str | None = None) -> bool:
    """Whether a report is coloured that goes to stdout, or to the file `output`."""
    return choice == "always" if output is not None else _is_coloured(choice, sys.stdout)


def save(path: str, body: str) -> None:
    """Write a report to a file.

    Raises:
        click.UsageError: it cannot be written.
    """
    try:
        with open(path, "w", encoding="utf-8", newline="\n") as stream:  # noqa: PTH123 - pathlib is 5 ms of every start
            stream.write(body)
    except OSError as problem:
        raise click.UsageError(f"{path!r} cannot be written: {problem.strerror or problem}") from problem


def _is_coloured(choice: str, stream: TextIO) -> bool:
    """Whether a stream is a terminal of somebody who has not asked for plain text, unless the choice says it."""
    if choice != "auto":
        return choice == "always"
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
