"""kgen lint [TARGET...]: all that the cluster would say, said before the commit."""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import click

from kgen import __version__
from kgen.cli.console import colour_option, save, use_colour
from kgen.cli.gather import STDIN, Workspace, gather
from kgen.cli.law import law_of
from kgen.cli.look import Options, Run, find_workspace, look, moved, placed, stopped
from kgen.model.diagnostic import InputError, Severity
from kgen.model.environment import KATIB_VERSIONS
from kgen.model.sources import Sources
from kgen.pipeline.law import Law
from kgen.report import text
from kgen.report.styles import STYLES, Report
from kgen.stages.silence import check_codes, split_codes

_Command = TypeVar("_Command", bound=Callable[..., object])
_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


def _minor(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and re.fullmatch(r"1\.[0-9]{1,3}", value) is None:
        raise click.BadParameter(f"{value!r} is no version such as 1.34")
    return value


def _choosing(command: _Command) -> _Command:
    """Add the options that say what is looked for."""
    for decorate in (
        click.option("--select", multiple=True, metavar="CODE", help="Only these: KG402, or a family such as KG4."),
        click.option("--ignore", multiple=True, metavar="CODE", help="All but these; --select KG4 --ignore KG402."),
        click.option(
            "--fail-on",
            type=click.Choice([s.value for s in Severity]),
            help="The least severity that fails; error if kgen.yaml does not say.",
        ),
        click.option("--kubernetes", metavar="1.N", callback=_minor, help="Kubernetes' version, for plain manifests."),
        click.option("--katib", type=click.Choice(KATIB_VERSIONS), help="Katib's version, for plain manifests."),
        click.option(
            "--registered",
            multiple=True,
            metavar="NAME",
            help="An algorithm or collector that the cluster's katib-config has beside Katib's own.",
        ),
        click.option("--rules", multiple=True, metavar="NAME", help="Rules of your own, by their entry point."),
        click.option("--exclude", multiple=True, metavar="GLOB", help="Files and folders to pass by."),
    ):
        command = decorate(command)
    return command


class View(NamedTuple):
    """How a report is shown."""

    style: str
    output: str | None  # the file it goes to
    quiet: bool
    colour: str
    to_stderr: bool  # as stdout carries the file that was mended


@click.command("lint")
@click.argument("targets", nargs=-1, metavar="[ENV|FILE|FOLDER|GLOB|-]...")
@click.option("--format", "style", type=click.Choice(tuple(STYLES)), default="text", help="Form of the report.")
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Write the report to a file.", metavar="FILE")
@click.option("--fix", is_flag=True, help="Mend what has one right answer, in the files.")
@click.option("--diff", is_flag=True, help="Print what --fix would change, and change nothing.")
@click.option("-q", "--quiet", is_flag=True, help="Errors alone, and no summary.")
@click.option("--root", type=click.Path(file_okay=False), help="Root of the workspace; found from here if absent.")
@_choosing
@colour_option
def command(
    targets: tuple[str, ...],
    style: str,
    output: str | None,
    fix: bool,
    diff: bool,
    quiet: bool,
    root: str | None,
    colour: str,
    **chosen: Any,
) -> int:
    """Find what Katib, its services, Kubernetes and Argo CD would refuse, lose or get stuck on.

    \b
    kgen lint                    every environment of the workspace
    kgen lint env/prod           one of them
    kgen lint k8s/ exp.yaml      plain manifests; no workspace needed
    kustomize build . | kgen lint -
    """
    gc.disable()  # trees of Nodes live to the end: the collector would walk them again and again
    options = _options(chosen)
    if fix and diff:
        raise click.UsageError("--fix writes and --diff does not: give one of them")
    if diff and (style != "text" or output is not None):
        raise click.UsageError("--diff prints a patch and no report: leave --format and -o out")
    view = View(style, None if output == STDIN else output, quiet, colour, to_stderr=fix and STDIN in targets)
    workspace = None
    try:
        workspace = find_workspace(root, targets)
        if not targets and workspace is None:
            raise click.UsageError("nothing to look at: name files or folders, or call it in a workspace")
        law = _law(options, workspace)
    except InputError as failure:
        run = stopped(failure, workspace)
        if style == "text" and output is None:
            raise InputError(run.found.shown) from failure
        return _report(run, view, options.fail_on)
    asked = gather(targets, workspace, options.exclude)
    run = look(asked, workspace, options, law)
    if fix or diff:
        from kgen.cli.mending import mend, show  # noqa: PLC0415 - most runs change nothing

        def again(now: Sources) -> Run:
            return look(*moved(asked, workspace, now), options, law)

        if diff:
            return show(run, again)
        run = mend(run, again, targets, workspace)
    return _report(run, view, options.fail_on)


def _options(chosen: dict[str, Any]) -> Options:
    given = Options(**chosen)
    return given._replace(select=split_codes(given.select), ignore=split_codes(given.ignore))


def _law(options: Options, workspace: Workspace | None) -> Law:
    law = law_of(None if workspace is None else workspace.settings, options.rules)
    wrong = (*check_codes(options.select, law.codes), *check_codes(options.ignore, law.codes))
    if wrong:
        raise click.UsageError("; ".join(wrong))
    return law


def _report(run: Run, view: View, fail_on: str | None) -> int:
    """Write the report, and give the exit code."""
    least = Severity(fail_on) if fail_on else run.settings.fail_on or Severity.ERROR
    found = run.found
    place = _placing(view.style)
    report = Report(
        tuple(placed(d, place) for d in found.shown if not view.quiet or d.severity is Severity.ERROR),
        tuple(s._replace(diagnostic=placed(s.diagnostic, place)) for s in found.suppressed),
        run.looked,
        run.counts,
        run.sources,
        run.law.every,
        least,
        colour=view.style == "text" and use_colour(view.colour, view.output),
        version=__version__,
    )
    body = STYLES[view.style](report)
    if view.output is None:
        click.echo(body, nl=False, color=True, err=view.to_stderr)
    else:
        save(view.output, body)
    if not view.quiet:
        aside = view.style != "text" or view.output is not None or view.to_stderr
        click.echo(text.conclusion(found.shown, run.counts), err=aside)
    return 1 if any(_RANK[d.severity] <= _RANK[least] for d in found.shown) else 0


def _placing(style: str) -> Callable[[str], str]:
    """Say how a path is written: for GitHub, whose runner says where the repository is, from its root."""
    root = os.environ.get("GITHUB_WORKSPACE")
    if style not in ("github", "sarif") or not root:
        return str
    real, start = os.path.realpath(root), os.path.realpath(".")

    def from_root(path: str) -> str:
        whole = os.path.normpath(os.path.join(start, path))
        return os.path.relpath(whole, real).replace(os.sep, "/") if whole.startswith(real + os.sep) else path

    return from_root
