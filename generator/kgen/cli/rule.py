"""kgen rule [CODE]: what kgen can object to."""

from __future__ import annotations

import click

from kgen.cli.console import say
from kgen.cli.law import law_in
from kgen.cli.workspace import find_root, read_workspace
from kgen.model.codes import CODES
from kgen.model.diagnostic import InputError
from kgen.model.lint import nearest_code
from kgen.model.sources import Sources
from kgen.pipeline.law import KGENS, Law
from kgen.report import catalogue
from kgen.report.json_text import dump


@click.command("rule")
@click.argument("code", required=False)
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", help="Form of the answer.")
@click.option("--markdown", is_flag=True, help="Print the whole catalogue as a document.")
@click.option("--root", type=click.Path(file_okay=False), help="Root of the workspace; found from here if absent.")
@click.option("--rules", "asked", multiple=True, metavar="NAME", help="Rules of your own, by their entry point.")
def command(code: str | None, style: str, markdown: bool, root: str | None, asked: tuple[str, ...]) -> int:
    """List the codes of all diagnostics, or explain CODE: what holds when all is well, why, and examples.

    The first part of a code, such as KG4, lists a family. Rules that kgen.yaml names are among them.
    """
    law = _law(root, asked)
    if markdown:
        click.echo(catalogue.render(law.every, CODES), nl=False)
        return 0
    known = catalogue.entries(law.every, CODES)
    wanted = (code or "").upper()
    exact = [entry for entry in known if entry.code.upper() == wanted]
    found = exact or [entry for entry in known if entry.code.upper().startswith(wanted)]
    if not found:
        close = nearest_code(wanted, [entry.code for entry in known])
        help_ = f"did you mean `{close}`?" if close is not None else "`kgen rule` lists them all"
        click.echo(f"there is no code {code!r}: {help_}", err=True)
        return 1
    if style == "json":
        one = catalogue.as_json(exact[0]) if exact else [catalogue.as_json(entry) for entry in found]
        click.echo(dump(one), nl=False)
    else:
        click.echo(catalogue.explain(exact[0]) if exact else catalogue.listing(found), nl=False)
    return 0


def _law(root: str | None, asked: tuple[str, ...]) -> Law:
    """Give the law of the workspace; rules that cannot be loaded are said to be so, and the others shown."""
    try:
        sources: Sources = read_workspace(root or find_root("."))
    except InputError as failure:
        if root is not None:
            say(failure.diagnostics)
        sources = {}
    try:
        return law_in(sources, asked)
    except InputError as failure:
        say(failure.diagnostics)
        return KGENS
