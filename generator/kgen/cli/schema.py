"""kgen schema [KIND]: what a file that kgen reads may hold."""

from __future__ import annotations

import json

import click

from kgen.model.schemas import SCHEMAS, schema
from kgen.report import reference


@click.command("schema")
@click.argument("kind", type=click.Choice(tuple(SCHEMAS)), required=False)
@click.option("--markdown", is_flag=True, help="Print a table for people instead.")
def command(kind: str | None, markdown: bool) -> None:
    """Print the JSON Schema of KIND, for an editor or another validator; without KIND, name the kinds."""
    if kind is None:
        for name, (title, _) in SCHEMAS.items():
            click.echo(f"{name:12} {title}")
    elif markdown:
        click.echo(reference.render(*SCHEMAS[kind]), nl=False)
    else:
        click.echo(json.dumps(schema(kind), indent=2, ensure_ascii=False))
