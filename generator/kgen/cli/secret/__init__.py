"""kgen secret COMMAND: secrets in a form that Git may hold."""

from __future__ import annotations

import click

from kgen.cli.lazy import Lazy

_COMMANDS = {
    "seal": "Encrypt a registry's password, or any secret, for a SealedSecret.",
}


@click.command("secret", cls=Lazy, package="kgen.cli.secret", known=_COMMANDS)
def command() -> None:
    """Encrypt secrets, so that Git may hold them."""
