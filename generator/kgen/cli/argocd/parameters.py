"""kgen argocd parameters: what Argo CD's web interface offers for an application of the plugin."""

from __future__ import annotations

import json

import click

from kgen.cli.argocd.place import Place, find
from kgen.cli.argocd.request import ALLOW_EMPTY, ENVIRONMENT, SET
from kgen.cli.console import say
from kgen.model.diagnostic import InputError
from kgen.model.words import MOST_LISTED


@click.command("parameters")
def command() -> int:
    """Print the plugin's parameters as JSON: environment, set, allow-empty.

    Argo CD runs it in an application's folder and shows them, with the environments that there are. What is announced
    as a default is never sent to the plugin: it is what `kgen argocd generate` does by itself.
    """
    try:
        place = find()
    except InputError as failure:
        say(failure.diagnostics)
        return 1
    click.echo(json.dumps(_announced(place), ensure_ascii=False, indent=2))
    return 0


def _announced(place: Place) -> list[dict[str, object]]:
    """List the parameters in the shape of Argo CD's ParameterAnnouncement (3.5.1, reposerver/apiclient)."""
    return [
        {
            "name": ENVIRONMENT,
            "title": "Environment",
            "tooltip": _choice(place),
            "required": not place.folder,
            "collectionType": "string",
            "string": place.folder,
        },
        {
            "name": SET,
            "title": "Values over all layers",
            "tooltip": "Keys of every spec with dots between them, such as trials.max; as --set of kgen render.",
            "collectionType": "map",
            "map": {},
        },
        {
            "name": ALLOW_EMPTY,
            "title": "Allow nothing",
            "tooltip": "Whether an environment may render to nothing. With pruning, Argo CD then deletes all there is.",
            "itemType": "boolean",
            "collectionType": "string",
            "string": "false",
        },
    ]


def _choice(place: Place) -> str:
    names = place.environments
    if place.folder:
        return f"The application's path is that of {place.folder}: leave this as it is."
    if not names:
        return "The workspace has no environment yet."
    return f"One of {', '.join(names[:MOST_LISTED])}{', ...' if len(names) > MOST_LISTED else ''}."
