"""kgen argocd COMMAND: what Argo CD needs beside the rendered folders."""

from __future__ import annotations

import click

from kgen.cli.lazy import Lazy

_COMMANDS = {
    "generate": "Write an environment's manifests as a config management plugin does.",
    "health": "Print the health checks and actions for Argo CD's ConfigMap.",
    "objects": "Write the AppProject, and the ApplicationSet or the app of apps.",
    "parameters": "Print the parameters that the plugin announces.",
}


@click.command("argocd", cls=Lazy, package="kgen.cli.argocd", known=_COMMANDS)
def command() -> None:
    """Write what Argo CD needs beside the rendered folders."""
