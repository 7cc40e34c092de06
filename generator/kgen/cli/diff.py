"""kgen diff [ENV|FILE...]: what the cluster will do with a change, before it is committed."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

import click

from kgen.cli import history, meaning, sides
from kgen.cli.console import colour_option, save, say, use_colour, workspace_options
from kgen.cli.gather import STDIN
from kgen.cli.look import find_workspace
from kgen.cli.meaning import Named, What
from kgen.cli.sides import Place
from kgen.model.change import Action, Differences
from kgen.model.diagnostic import Diagnostic, InputError, Severity
from kgen.model.environment import Target
from kgen.model.experiment import Rendered
from kgen.model.node import get
from kgen.pipeline.differing import Side, difference
from kgen.report import several
from kgen.report.cells import printable
from kgen.report.differences import STYLES, Comparison
from kgen.stages.resolve import target_of


class FailOn(StrEnum):
    """What a run fails for, from the least to the most."""

    REJECTED = "rejected"
    PRUNE = "prune"
    ANY = "any"


_FATAL = {
    FailOn.REJECTED: frozenset((Action.REJECTED,)),
    FailOn.PRUNE: frozenset((Action.REJECTED, Action.PRUNE)),
    FailOn.ANY: frozenset(Action) - {Action.NONE},
}


class Compared(NamedTuple):
    """One comparison: what it is called, and what came of it."""

    name: str  # "env/prod", or a path
    differences: Differences
    before: Side
    after: Side


@click.command("diff")
@click.argument("targets", nargs=-1, metavar="[ENV|FILE|FOLDER|-]...")
@click.option(
    "--against",
    metavar="WHAT",
    help="A revision, `rendered` (the folder on disk), another environment, a file, or `-`; what Git's HEAD holds if "
    "absent.",
)
@click.option("--format", "style", type=click.Choice(tuple(STYLES)), default="text", help="Form of the report.")
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Write the report to a file.", metavar="FILE")
@click.option("--exit-code", is_flag=True, help="Exit with 1 if anything differs.")
@click.option(
    "--fail-on",
    type=click.Choice([each.value for each in FailOn]),
    help="Exit with 1 for what is rejected; for that and what is pruned; for any difference.",
)
@workspace_options
@colour_option
def command(
    targets: tuple[str, ...],
    against: str | None,
    style: str,
    output: str | None,
    exit_code: bool,
    fail_on: str | None,
    settings: tuple[str, ...],
    root: str | None,
    colour: str,
) -> int:
    """Say what the cluster will do with a change: to each object, and why.

    \b
    kgen diff                             every environment, against what is committed
    kgen diff env/prod --against v1.2     against a revision
    kgen diff env/prod --against env/dev  against another environment
    kubectl get experiments -n ml -o yaml | kgen diff env/prod --against -
    kgen diff new.yaml --against old.yaml  plain manifests; no workspace needed

    What stands for several things is an environment if it begins with env/, else a file, an environment, a folder, a
    revision, in this order.
    """
    gc.disable()  # trees of Nodes live to the end: the collector would walk them again and again
    place = Place(find_workspace(root, targets))
    asked = tuple(dict.fromkeys(meaning.target(place, word) for word in targets)) or meaning.everything(place, root)
    other = None if against is None else meaning.against(place, against)
    _check(asked, other)
    problems: list[Diagnostic] = []
    done = list(_compared(place, asked, other, settings, problems))
    gone = () if targets else _left_behind(place, other)
    say({(d.span, d.code, d.message): d for d in problems}.values())  # of an object of several environments once
    for note in place.notes:
        click.echo(f"note: {printable(note)}", err=True)  # it may hold any file's name
    paint = style == "text" and use_colour(colour, output)
    shown = [Comparison(each.differences, each.before.name, each.after.name, paint) for each in done]
    body = "".join(map(STYLES[style], shown)) if len(targets) == 1 else several.render(style, shown)
    if output is None:
        click.echo(body, nl=False, color=True)
    else:
        save(output, body)
    least = FailOn.ANY if exit_code else FailOn(fail_on) if fail_on else None
    fatal = frozenset[Action]() if least is None else _FATAL[least]
    bad = any(fate.action in fatal for each in done for fate in each.differences.fates)
    bad = bad or bool(gone and Action.PRUNE in fatal)
    return 1 if bad or len(done) < len(asked) else 0


def _check(asked: tuple[Named, ...], other: Named | None) -> None:
    """Refuse what has nothing to be compared with.

    Raises:
        click.UsageError: it has not.
    """
    for named in asked:
        if named.what is What.ENVIRONMENT:
            continue
        if (other is None and named.name == STDIN) or (other is not None and other.what is What.ON_DISK):
            raise click.UsageError(f"{named.name!r} is no environment: say with --against what file to compare it with")
        if other is not None and named.name == other.name == STDIN:
            raise click.UsageError("stdin can be read once: name a file for one of the two")


def _left_behind(place: Place, other: Named | None) -> tuple[str, ...]:
    """Name the environments that are no more; of what is no earlier state of the workspace nothing is said."""
    if other is None or other.what is What.REVISION:
        return sides.left_behind(place, history.HEAD if other is None else other.name)
    return sides.left_behind(place, None) if other.what is What.ON_DISK else ()


def _compared(
    place: Place, asked: tuple[Named, ...], other: Named | None, settings: tuple[str, ...], problems: list[Diagnostic]
) -> Iterator[Compared]:
    """Compare what can be compared; why the rest cannot is gathered."""
    names = tuple(each.name for each in asked if each.what is What.ENVIRONMENT)
    rendered = {each.environment: each for each in sides.environments(place, names, settings)} if names else {}
    for each in asked:
        try:
            after = _after(place, each, rendered.get(each.name), other, problems)
            before = _before(place, each, other)
            target = _target_of(place, after, before)
            yield Compared(after.name, difference(before, after, target), before, after)
        except InputError as failure:
            problems.extend(failure.diagnostics)


def _after(
    place: Place, named: Named, rendered: Rendered | None, other: Named | None, problems: list[Diagnostic]
) -> Side:
    if named.what is not What.ENVIRONMENT:
        whole = named.what is What.FOLDER or other is None or other.what is What.REVISION
        return sides.manifests(place, named.name, whole=whole)
    assert rendered is not None
    if any(d.severity is Severity.ERROR for d in rendered.diagnostics):
        raise InputError(rendered.diagnostics)
    problems.extend(rendered.diagnostics)
    return Side(f"env/{named.name}", rendered=rendered)


def _before(place: Place, named: Named, other: Named | None) -> Side:
    """Give what a target is compared with.

    Raises:
        InputError: it cannot be read.
    """
    if other is not None and other.what in (What.FILE, What.FOLDER):
        return sides.manifests(place, other.name, whole=other.what is What.FOLDER)
    if other is not None and other.what is What.ENVIRONMENT:
        return place.rendered(other.name)
    if named.what is not What.ENVIRONMENT:
        return sides.manifests_at(place, named.name, history.HEAD if other is None else other.name)
    if other is None:
        return sides.committed(place, named.name)
    if other.what is What.ON_DISK:
        return sides.on_disk(place, named.name)
    return sides.at_revision(place, named.name, other.name)


def _target_of(place: Place, after: Side, before: Side) -> Target:
    """Give the versions that the cluster runs: of the environment, or else of the workspace."""
    for side in (after, before):
        if side.rendered is not None:
            return side.rendered.target
    return Target() if place.workspace is None else target_of(get(place.workspace.settings, "target"))
