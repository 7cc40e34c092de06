"""kgen completion SHELL: the script that teaches a shell to complete kgen's words."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of SHELL: eval "$(kgen completion bash)"."""
    made = get_completion_class(shell)
    assert made is not None  # the choices above are the shells that click knows
    click.echo(made(ctx.find_root().command, {}, "kgen", "_KGEN_COMPLETE").source())
