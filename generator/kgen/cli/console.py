"""What commands share: names of environments, the workspace's options, diagnostics on stderr."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable
from typing import TypeVar

import click

from kgen.model.diagnostic import Diagnostic
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


def say(diagnostics: Iterable[Diagnostic]) -> None:
    """Print diagnostics on stderr, coloured where a person reads them."""
    click.echo(text.render(diagnostics, colour=use_colour()), err=True, nl=False, color=True)


def use_colour() -> bool:
    """Whether stderr is a terminal of somebody who has not asked for plain text (NO_COLOR)."""
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR")
