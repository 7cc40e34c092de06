"""kgen render ENVIRONMENT...: manifests on stdout, or in a folder for Argo CD."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext

import click

from kgen import pipeline
from kgen.cli.console import environment_name, say, workspace_options
from kgen.cli.law import law_in
from kgen.cli.workspace import find_root, read_workspace
from kgen.model.diagnostic import Diagnostic, InputError, Severity
from kgen.model.experiment import Rendered
from kgen.model.sources import Sources
from kgen.pipeline.law import Law
from kgen.report import json_text, text
from kgen.stages.load import Evaluate, Kind


@click.command("render")
@click.argument("environments", nargs=-1, required=True, metavar="ENV...")
@click.option(
    "-o",
    "--out",
    type=click.Path(),
    help="Folder to write to: DIR/ENV/ and DIR/argocd/ENV.yaml.",
    metavar="DIR",
)
@click.option("-w", "--write", is_flag=True, help="Write to the workspace's own output folder (rendered/).")
@click.option("--check", is_flag=True, help="Write nothing; fail if the folder is not up to date.")
@click.option(
    "--accept-recreate",
    is_flag=True,
    help="Also write committed Experiments with another search under their old name; delete the old ones first.",
)
@click.option("--allow-empty", is_flag=True, help="An environment that renders to nothing is no error.")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", help="Form of diagnostics.")
@workspace_options
def command(
    environments: tuple[str, ...],
    out: str | None,
    write: bool,
    check: bool,
    accept_recreate: bool,
    allow_empty: bool,
    style: str,
    settings: tuple[str, ...],
    root: str | None,
) -> int:
    """Write the manifests of environments: to stdout, or with -o or -w to a folder.

    A folder is replaced as a whole or not at all; files in it that kgen did not write are kept.
    """
    if write and out is not None:
        raise click.UsageError("-o and -w both say where to write: give one of them")
    if write and check:
        raise click.UsageError("--check writes nothing: leave -w out")
    gc.disable()  # trees of Nodes live to the end: the collector would walk them again and again
    names = tuple(dict.fromkeys(environment_name(given) for given in environments))
    found: list[Diagnostic] = []
    try:
        home = root or find_root(".")
        sources = read_workspace(home)
        rendered = render_all(sources, names, settings, allow_empty=allow_empty)
        found.extend(d for each in rendered for d in each.diagnostics)
        failed = any(d.severity is Severity.ERROR for d in found)
        if failed:
            code = 1
        elif out is None and not write and not check:
            print_documents(data for each in rendered for data in each.files.values())
            code = 0
        else:
            from kgen.cli import output  # noqa: PLC0415 - for folders alone, and stdout need not pay for it

            folder = output.folder_of(home, rendered[0].output) if out is None else output.folder_of(out)
            known = Kind.ENVIRONMENT.names(sources) if out is None else None
            if check:
                code = output.check(rendered, folder, known, accept_recreate=accept_recreate)
            else:
                code = output.write(rendered, folder, accept_recreate=accept_recreate)
    except InputError as failure:
        found.extend(failure.diagnostics)
        code, failed = 1, True
    _report(found, style, failed=failed)
    return code


def _report(found: list[Diagnostic], style: str, *, failed: bool) -> None:
    if style == "json":
        click.echo(json_text.render(found), err=True, nl=False)
        return
    say(found)
    if failed:
        click.echo(f"{text.summary(found)}; nothing was written", err=True)


def render_all(
    sources: Sources,
    names: tuple[str, ...],
    settings: tuple[str, ...],
    *,
    allow_empty: bool = False,
    law: Law | None = None,
) -> tuple[Rendered, ...]:
    """Render environments of one workspace."""
    law = law or law_in(sources)
    with evaluator(sources) as evaluate:
        return tuple(
            pipeline.render(sources, name, settings=settings, evaluate=evaluate, allow_empty=allow_empty, law=law)
            for name in names
        )


def evaluator(sources: Sources) -> AbstractContextManager[Evaluate | None]:
    """Give what evaluates Jsonnet in a process of its own; None where there is none to evaluate."""
    if not any(path.endswith(".jsonnet") for path in sources):
        return nullcontext()
    from kgen.cli.sandbox import Sandbox  # noqa: PLC0415 - a workspace without Jsonnet does not pay for it

    return Sandbox()


def print_documents(documents: Iterable[bytes]) -> None:
    """Write files of YAML to stdout, as one stream."""
    rest = memoryview(b"---\n".join(documents))
    while rest:  # with PYTHONUNBUFFERED, as images often have it, a write may end early
        rest = rest[sys.stdout.buffer.write(rest) :]
    sys.stdout.buffer.flush()
