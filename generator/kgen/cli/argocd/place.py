"""Where Argo CD runs a plugin: the workspace around the application's folder, and the environment that it is in."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import click

from kgen.cli.argocd.request import ENVIRONMENT, UNUSABLE
from kgen.cli.console import environment_name
from kgen.cli.workspace import find_root, read_workspace
from kgen.model.diagnostic import InputError, error
from kgen.model.node import Span
from kgen.model.sources import SETTINGS, Sources
from kgen.model.words import MOST_LISTED
from kgen.stages.load import Kind

_HERE = Span("the application's path", 0, 0)


class Place(NamedTuple):
    """The workspace that an application's folder lies in."""

    sources: Sources
    folder: str  # the environment in whose folder it is; "" for the root, and for any other folder

    @property
    def environments(self) -> list[str]:
        """The names of all environments there are."""
        return Kind.ENVIRONMENT.names(self.sources)


def find() -> Place:
    """Read the workspace around the current folder.

    Raises:
        InputError: there is none, or it cannot be read (KG010).
    """
    try:
        home = find_root(".")
    except InputError:  # its words are for somebody who can name another folder, and name one that was made up
        message = "no workspace in the application's path, nor above it in what Argo CD sent"
        help_ = (
            f"let `path` be the folder of `{SETTINGS}`, or environments/NAME below it; where "
            "`manifest-generate-paths` limits what is sent, name that folder there"
        )
        raise InputError([error(_HERE, "KG010", message, help_)]) from None
    below = Path.cwd().resolve().relative_to(home).parts
    return Place(read_workspace(home), below[1] if below[:1] == ("environments",) and len(below) > 1 else "")


def environment_of(place: Place, asked: str) -> str:
    """Give the environment to render: the one that is asked for, else the one whose folder it is.

    Raises:
        InputError: neither says one, they are at odds, or what is asked for is no name (KG018).
    """
    given = asked or place.folder
    if not given:
        message = "it is no environment's folder, and no parameter says which environment is meant"
        raise _refused(
            message, f"set the parameter `{ENVIRONMENT}`{_choice(place)}, or let `path` be environments/NAME"
        )
    try:
        name = environment_name(given)
    except click.UsageError as wrong:
        raise _refused(wrong.message, f"set the parameter `{ENVIRONMENT}`{_choice(place)}") from None
    if place.folder and name != place.folder:
        message = f"it is the folder of environment `{place.folder}`, and the parameter asks for `{name}`"
        raise _refused(message, f"remove the parameter `{ENVIRONMENT}`, or let `path` be the workspace's root")
    return name


def _choice(place: Place) -> str:
    names = place.environments
    return f" to one of {', '.join(f'`{name}`' for name in names)}" if 0 < len(names) <= MOST_LISTED else ""


def _refused(message: str, help_: str) -> InputError:
    return InputError([error(_HERE, UNUSABLE, message, help_)])
