"""kgen schema [KIND]: the JSON Schema of a file that kgen reads."""

from __future__ import annotations

import json

import click

from kgen.model.schemas import SCHEMAS, schema


@click.command("schema")
@click.argument("kind", type=click.Choice(tuple(SCHEMAS)), required=False)
def command(kind: str | None) -> None:
    """Print the JSON Schema of KIND, for an editor or another validator; without KIND, name the kinds."""
    if kind is None:
        for name, (title, _) in SCHEMAS.items():
            click.echo(f"{name:12} {title}")
        return
    click.echo(json.dumps(schema(kind), indent=2, ensure_ascii=False))
