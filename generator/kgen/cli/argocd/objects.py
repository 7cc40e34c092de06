"""kgen argocd objects: the AppProjects, the ApplicationSet and the app of apps of a workspace."""

from __future__ import annotations

import gc

import click

from kgen.cli import output
from kgen.cli.console import APPLICATIONS, say
from kgen.cli.law import law_in
from kgen.cli.render import print_documents, render_all
from kgen.cli.workspace import find_root, read_workspace
from kgen.model.diagnostic import Diagnostic, InputError, Severity
from kgen.pipeline.gitops import Gitops, gitops
from kgen.pipeline.settings import read_settings
from kgen.report import text
from kgen.stages.load import Kind


@click.command("objects")
@click.option("-o", "--out", type=click.Path(), metavar="DIR", help="Folder to write to: DIR/argocd/KIND-NAME.yaml.")
@click.option("-w", "--write", is_flag=True, help="Write to the workspace's own output folder (rendered/argocd/).")
@click.option("--check", is_flag=True, help="Write nothing; fail if the folder is not up to date.")
@click.option(
    "--root", type=click.Path(file_okay=False), help="Root of the workspace; found from here upwards if absent."
)
def command(out: str | None, write: bool, check: bool, root: str | None) -> int:
    """Write the Argo CD objects of the whole workspace, as `argocd` in kgen.yaml asks for them.

    All environments are rendered: what a project must permit is what they hold. Without an option the objects go
    to stdout.
    """
    if write and out is not None:
        raise click.UsageError("-o and -w both say where to write: give one of them")
    if write and check:
        raise click.UsageError("--check writes nothing: leave -w out")
    gc.disable()  # as render does: trees live to the end
    found: tuple[Diagnostic, ...] = ()
    try:
        home = root or find_root(".")
        folder, made = _made(home, out)
        found = made.diagnostics
        code = 1 if any(d.severity is Severity.ERROR for d in found) else 0
        if code == 0 and out is None and not write and not check:
            print_documents(made.files.values())
        elif code == 0:
            place = output.folder_of(home, folder) if out is None else output.folder_of(out)
            code = output.objects(made.files, made.in_set, place / APPLICATIONS, check=check)
    except InputError as failure:
        found, code = (*found, *failure.diagnostics), 1
    say(found)
    if any(d.severity is Severity.ERROR for d in found):
        click.echo(f"{text.summary(found)}; nothing was written", err=True)
    return code


def _made(home: str, out: str | None) -> tuple[str, Gitops]:
    """Give the folder of rendered manifests and what is to be written.

    Raises:
        InputError: the settings or an environment cannot be read, or breaks a rule.
    """
    sources = read_workspace(home)
    settings, wrong = read_settings(sources)
    if wrong:
        raise InputError(wrong)
    rendered = render_all(sources, tuple(Kind.ENVIRONMENT.names(sources)), ())
    failed = [d for each in rendered for d in each.diagnostics if d.severity is Severity.ERROR]
    if failed:
        raise InputError(failed)
    return rendered[0].output if rendered else "rendered", gitops(settings, rendered, law_in(sources))
