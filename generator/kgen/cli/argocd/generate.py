"""kgen argocd generate: what Argo CD runs in an application's folder, as a config management plugin.

It is no option of `kgen render`: which environment, which values and whether nothing is allowed come from variables
and the folder, and every option that says where to write would have to be refused. What both do is `render_all`.
"""

from __future__ import annotations

import gc
import os

import click

from kgen.cli.argocd import request
from kgen.cli.argocd.place import environment_of, find
from kgen.cli.console import say
from kgen.cli.render import print_documents, render_all
from kgen.model.diagnostic import InputError, Severity
from kgen.model.experiment import Rendered
from kgen.model.node import get, text_of
from kgen.report import text
from kgen.report.cells import printable


@click.command("generate")
def command() -> int:
    """Write an environment's manifests to stdout, as Argo CD asks a config management plugin to.

    It runs in the workspace's root or in environments/NAME, and takes what `kgen argocd parameters` lists from
    ARGOCD_APP_PARAMETERS, from PARAM_* or from ARGOCD_ENV_KGEN_*. Nothing is written but stdout. Rendering to nothing
    is an error: with pruning, Argo CD would delete all that is there.
    """
    gc.disable()  # trees of Nodes live to the end: the collector would walk them again and again
    try:
        rendered = _render()
    except InputError as failure:
        say(failure.diagnostics)
        return 1
    say(rendered.diagnostics)
    if any(d.severity is Severity.ERROR for d in rendered.diagnostics):
        click.echo(f"{text.summary(rendered.diagnostics)}; nothing was written", err=True)
        return 1
    _compare(os.environ.get("ARGOCD_APP_NAMESPACE", ""), rendered)
    print_documents(rendered.files.values())
    return 0


def _render() -> Rendered:
    asked = request.read(os.environ)
    place = find()
    names = (environment_of(place, asked.environment),)
    (rendered,) = render_all(place.sources, names, asked.settings, allow_empty=asked.allow_empty)
    return rendered


def _compare(destination: str, rendered: Rendered) -> None:
    """Warn of a destination that is another namespace: the Experiments do not follow it, and what is done to it does.

    Argo CD fills in a namespace only where a manifest has none.
    """
    found = {get(each.manifest, "metadata", "namespace") for each in rendered.experiments}
    namespaces = sorted({text_of(node) for node in found if node is not None})
    if destination and namespaces and destination not in namespaces:
        click.echo(
            f"warning: the Application's destination is namespace `{printable(destination)}`, and the Experiments go "
            f"to {', '.join(f'`{name}`' for name in namespaces)}: CreateNamespace and its labels would not reach them; "
            f"let spec.destination.namespace be `{namespaces[0]}`",
            err=True,
        )
