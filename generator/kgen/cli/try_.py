"""kgen try ENV/EXPERIMENT: the whole loop of an Experiment on this machine."""

from __future__ import annotations

import errno
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kgen.cli.console import say, workspace_options
from kgen.cli.experiment import Named, experiment_named
from kgen.model.diagnostic import Diagnostic, Severity

if TYPE_CHECKING:
    from kgen.cli.interrupts import Interrupts
    from kgen.cli.session import Session
    from kgen.local.ending import Outcome

_Command = TypeVar("_Command", bound=Callable[..., object])
RUNNERS = ("process", "podman", "docker")
INTERRUPTED = 130
_NOT_THERE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC)  # a folder that takes nothing
_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


class _Duration(click.ParamType[float]):
    """Seconds, or a number with `s`, `m` or `h` behind it."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(s|m|h|)", str(value))
        if found is None or float(found[1]) == 0:
            self.fail(f"{value!r} is no time: write 90, 90s, 5m or 1.5h", param, ctx)
        return float(found[1]) * _UNITS[found[2]]


def _running(command: _Command) -> _Command:
    """Add the options that say how trials are run."""
    path = click.Path(path_type=str)
    options = (
        click.option("--trials", type=click.IntRange(1), help="maxTrialCount of this run."),
        click.option("--parallel", type=click.IntRange(1), help="parallelTrialCount of this run."),
        click.option("--runner", type=click.Choice(RUNNERS), help="What runs trials; process if absent."),
        click.option("--workdir", type=path, metavar="DIR", help="Folder of the process runner; this one if absent."),
        click.option("--python", type=path, metavar="FILE", help="What python3 is, for the process runner."),
        click.option("--place", multiple=True, metavar="PATH=DIR", help="A folder of the image, for process."),
        click.option("--image", metavar="NAME", help="An image instead of the Experiment's, for podman and docker."),
        click.option("--pull", is_flag=True, default=None, help="Fetch the image where it is not here."),
        click.option("--env", multiple=True, metavar="NAME[=VALUE]", help="A variable of the trial, or one of yours."),
        click.option("--volume", multiple=True, metavar="NAME=DIR", help="What is in a volume of the pod."),
        click.option("--timeout", type=_Duration(), help="Longest time of the run: 90, 5m, 1h."),
        click.option("--trial-timeout", type=_Duration(), help="Longest time of a trial, which then has failed."),
        click.option("--drain/--no-drain", default=None, help="Let running trials end when the Experiment does."),
    )
    for decorate in reversed(options):  # help lists them as they are here
        command = decorate(command)
    return command


@click.command("try")
@click.argument("experiment", metavar="ENV/EXPERIMENT")
@_running
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="Repeats points and names; drawn and told if absent.")
@click.option("--resume", is_flag=False, flag_value="", metavar="[RUN]", help="Go on with the last run, or with RUN.")
@click.option("--output", type=click.Path(file_okay=False), metavar="DIR", help="Folder of the run: not .kgen/runs.")
@click.option("--name", help="Name of the Experiment, where a file holds several.")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", help="Form of the result.")
@workspace_options
def command(
    experiment: str,
    seed: int | None,
    resume: str | None,
    output: str | None,
    name: str | None,
    style: str,
    settings: tuple[str, ...],
    root: str | None,
    **chosen: Any,
) -> int:
    """Run an Experiment on this machine: suggest, substitute, run, collect, choose, as Katib does.

    ENV/EXPERIMENT is one of a workspace, or a file with a manifest. The result goes to stdout, all else to stderr;
    the run is kept in .kgen/runs. Exits with 0 where the Experiment succeeded and something was measured.

    \b
    kgen try env/dev/iris --workdir trial
    kgen try env/dev/iris --runner podman --trials 12 --seed 7
    kgen try env/dev/iris --resume --trials 24
    """
    if resume is not None and output is not None:
        raise click.UsageError("--output is for a new run: give the folder to --resume")
    named = experiment_named(experiment, name, settings, root)
    if named is None or not _is_sound(named, experiment):
        return 1
    from kgen.cli.interrupts import Interrupts  # noqa: PLC0415 - what reads no Experiment need not pay for these
    from kgen.cli.session import Options, opened  # noqa: PLC0415
    from kgen.local.runner import RunnerError  # noqa: PLC0415
    from kgen.local.store import StoreError  # noqa: PLC0415
    from kgen.search.suggestion import Stuck, Unsupported  # noqa: PLC0415

    try:
        with Interrupts() as interrupts, opened(named, Options(**chosen), seed, resume, output) as session:
            return _run(session, style, interrupts)
    except (RunnerError, StoreError) as problem:
        click.echo(str(problem), err=True)
        if problem.mend:
            click.echo(f"    help: {problem.mend}", err=True)
    except (Unsupported, Stuck) as problem:
        click.echo(str(problem), err=True)
    except OSError as problem:
        if problem.filename is None:
            raise
        click.echo(f"{problem.filename}: {problem.strerror}", err=True)
        if problem.errno in _NOT_THERE:
            click.echo("    help: keep the run somewhere else with `--output DIR`", err=True)
    return 1


def _is_sound(named: Named, given: str) -> bool:
    """Say what lint finds in the Experiment, and whether it may run."""
    found = named.diagnostics if named.environment else _linted(given)
    own = [d for d in found if d.object is None or d.object[2] == named.name]
    say(d for d in own if d.severity is not Severity.INFO)
    if any(d.severity is Severity.ERROR for d in own):
        click.echo("nothing was run: a cluster would not run it either", err=True)
        return False
    return True


def _linted(path: str) -> tuple[Diagnostic, ...]:
    from kgen.model.environment import Target  # noqa: PLC0415 - for files alone
    from kgen.pipeline.linting import lint  # noqa: PLC0415

    return lint({path: Path(path).read_bytes()}, Target()).diagnostics


def _run(session: Session, style: str, interrupts: Interrupts) -> int:
    """Run a session to its end, and print the result.

    Raises:
        RunnerError: trials cannot be run here.
        StoreError: the folder cannot be used.
        Stuck, Unsupported: there is nothing to suggest.
    """
    from kgen.cli.session import plan_of, runner_of  # noqa: PLC0415
    from kgen.cli.watching import result_of, show, watcher  # noqa: PLC0415
    from kgen.local.loop import Loop  # noqa: PLC0415

    run, store, options, before, is_new = session
    with watcher(run, store, before, sys.stderr) as watch:
        try:
            plan = plan_of(run, options)
            loop = Loop(
                plan, runner_of(options), store, on_event=watch, interrupts=lambda: interrupts.count, before=before
            )
            store.save_run(run)
            outcome = loop.run()
        except BaseException:
            if is_new and not store.has_trials:
                store.discard()
            raise
    run = run._replace(outcome=outcome, ended=round(time.time(), 3))
    store.save_run(run)
    result = result_of(run, store.folder, loop.trials)
    show(result, style)
    return _code(outcome, measured=result["best"] is not None and result["best"]["objective"]["value"] != "")


def _code(outcome: Outcome, *, measured: bool) -> int:
    from kgen.local.ending import Reason  # noqa: PLC0415

    if outcome.reason is Reason.INTERRUPTED:
        return INTERRUPTED
    return 0 if outcome.reason.succeeded and measured else 1
