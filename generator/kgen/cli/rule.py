"""kgen rule [CODE]: what kgen can object to."""

from __future__ import annotations

import inspect

import click

from kgen import rules
from kgen.model.codes import CODES
from kgen.model.words import suggestion
from kgen.report import catalogue
from kgen.rules.rule import Rule, RuleOfAll


@click.command("rule")
@click.argument("code", required=False)
@click.option("--markdown", is_flag=True, help="Print the whole catalogue as a document.")
def command(code: str | None, markdown: bool) -> int:
    """List the codes of all diagnostics, or explain CODE: what holds when all is well, why, and examples."""
    every: tuple[Rule | RuleOfAll, ...] = (*rules.ALL, *rules.OF_ALL)
    known = {rule.code: rule for rule in every}
    if markdown:
        click.echo(catalogue.render(every, CODES), nl=False)
    elif code is None:
        for name in sorted({*CODES, *known}):
            click.echo(f"{name}  {CODES[name] if name in CODES else catalogue.headline(known[name])}")
    elif code.upper() in known:
        rule = known[code.upper()]
        click.echo(
            f"{rule.code} ({rule.severity}, {rule.effect})\n\n{inspect.cleandoc(rule.docs)}\n\nSource: {rule.source}"
        )
    elif code.upper() in CODES:
        click.echo(f"{code.upper()} (error)\n\n{CODES[code.upper()]}")
    else:
        click.echo(f"there is no code {code!r}: {suggestion(code.upper(), sorted({*CODES, *known}))}", err=True)
        return 1
    return 0
