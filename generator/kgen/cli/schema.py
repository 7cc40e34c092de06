"""kgen schema [KIND]: what a file that kgen reads may hold, and what it writes for programs."""

from __future__ import annotations

import json

import click

from kgen.model.environment import KATIB_VERSIONS
from kgen.model.node import Plain
from kgen.model.schemas import SCHEMAS, schema
from kgen.report import json_text, reference

FINDINGS, DIFFERENCES = "findings", "differences"
EXPERIMENTS = {f"katib-{release}": release for release in KATIB_VERSIONS}


@click.command("schema")
@click.argument("kind", type=click.Choice((*SCHEMAS, FINDINGS, DIFFERENCES, *EXPERIMENTS)), required=False)
@click.option("--markdown", is_flag=True, help="Print a table for people instead.")
def command(kind: str | None, markdown: bool) -> None:
    """Print the JSON Schema of KIND, for an editor or another validator; without KIND, name the kinds."""
    if kind is None:
        for name, (title, _) in SCHEMAS.items():
            click.echo(f"{name:12} {title}")
        for name in (FINDINGS, DIFFERENCES):
            click.echo(f"{name:12} {_made(name)['title']}")
        for name, release in EXPERIMENTS.items():
            click.echo(f"{name:12} An Experiment of Katib {release}")
    elif markdown and kind in SCHEMAS:
        click.echo(reference.render(*SCHEMAS[kind]), nl=False)
    elif markdown:
        raise click.UsageError(f"there is no table of {kind}: leave --markdown out")
    else:
        click.echo(json.dumps(_made(kind), indent=2, ensure_ascii=False))


def _made(kind: str) -> dict[str, Plain]:
    if kind in EXPERIMENTS:
        from kgen.katib.schema import experiment_schema  # noqa: PLC0415 - the others need no type of Kubernetes

        return experiment_schema(EXPERIMENTS[kind])
    if kind == DIFFERENCES:
        from kgen.report import differences_json  # noqa: PLC0415 - the others need nothing of comparisons

        return differences_json.schema()
    return json_text.schema() if kind == FINDINGS else schema(kind)
