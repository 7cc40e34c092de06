"""A group of commands that imports one when it is called: start-up is part of every command."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click


class Lazy(click.Group):
    """Commands by name, each with its one line of help; one is the module of its name in `package`."""

    def __init__(self, *args: Any, package: str, known: Mapping[str, str], **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.package, self.known = package, known

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands, in order."""
        return sorted(self.known)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in self.known:
            return None
        import importlib  # noqa: PLC0415 - only a command that runs pays for it
        import keyword  # noqa: PLC0415

        name = cmd_name.replace("-", "_") + "_" * keyword.iskeyword(cmd_name)  # `try` is in try_.py
        module = importlib.import_module(f"{self.package}.{name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(self.known.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; for a misspelt one, name the nearest."""
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in self.known:
            from kgen.model.words import suggestion  # noqa: PLC0415 - only an error pays for it

            ctx.fail(f"no command {name!r}: {suggestion(name, self.known)}")
        return super().resolve_command(ctx, args)
