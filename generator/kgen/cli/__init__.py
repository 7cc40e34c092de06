"""The `kgen` command: argv, files, colour, exit codes. Nothing is decided here."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Mapping
from typing import Any

import click

from kgen import __version__
from kgen.cli.lazy import Lazy

DONE, FOUND, BUG = 0, 1, 3  # click exits with 2 for wrong usage
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)
PIPE_CLOSED = 141  # what a shell gives for a program that SIGPIPE ends
REPORT = "this is a bug in kgen: please report it with the command and, if you can, the files"

_COMMANDS = {
    "argocd": "Write what Argo CD needs: projects, health checks, a plugin.",
    "completion": "Print the completion script of a shell.",
    "diff": "Say what the cluster will do with a change.",
    "explain": "Show which layer and line set each value of an Experiment.",
    "init": "Make a workspace.",
    "lint": "Find what Katib, Kubernetes and Argo CD would refuse or lose.",
    "metrics": "Show what Katib would read from a log of a trial.",
    "new": "Write an experiment, its parameters read from a script.",
    "report": "Make one HTML page of a local run: plots, table, logs.",
    "render": "Write the manifests of environments.",
    "rule": "List what kgen can object to, or explain one code.",
    "sample": "Show points of a search space, its size, and what a search would cost.",
    "secret": "Encrypt a secret, so that Git may hold it.",
    "schema": "Print the JSON Schema of a file that kgen reads.",
    "show": "Print the object that Katib would create for one trial.",
    "try": "Run an Experiment on this machine, as Katib would.",
}


class _Kgen(Lazy):
    """All commands."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; where the reader of a pipe has seen enough, end as SIGPIPE would, before click ends with 0."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(PIPE_CLOSED)


@click.command(cls=_Kgen, package="kgen.cli", known=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="kgen %(version)s")
def kgen() -> None:
    """Katib Experiments from compact specs and per-environment overlays, ready for Argo CD.

    \b
    kgen render env/prod                  manifests on stdout
    kgen render env/prod -o rendered      into rendered/prod, for Argo CD
    kgen diff env/prod                    what the cluster will do with it
    kgen explain env/prod/mnist           who set what
    """


def main(argv: list[str] | None = None, environ: Mapping[str, str] = os.environ) -> None:
    """Run a command line and exit: 0 done, 1 errors or differences, 2 wrong usage, 3 a bug."""
    _open_what_is_closed()
    code = _run(argv, environ)
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        code = PIPE_CLOSED
    except OSError:  # said already, or there is nowhere to say it
        code = code or FOUND
    os._exit(code)  # freeing every Node one by one would take a tenth of the time of a small run


def _open_what_is_closed() -> None:
    """Give each stream that was closed before the start a place: Python has None there, and all else counts on three.

    A result that cannot go anywhere fails when it is written: stdout is opened for reading.
    """
    if sys.stdin is None:
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_RDONLY))
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")


def _run(argv: list[str] | None, environ: Mapping[str, str]) -> int:
    try:
        result: Any = kgen.main(argv, prog_name="kgen", standalone_mode=False)
    except click.ClickException as wrong:
        wrong.show()
        return wrong.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return 130
    except Exception as problem:
        from kgen.model.diagnostic import InputError  # noqa: PLC0415 - only an error pays for it

        if isinstance(problem, InputError):
            from kgen.cli.console import say  # noqa: PLC0415

            say(problem.diagnostics)
            return FOUND
        if environ.get("KGEN_TRACEBACK"):
            raise
        if isinstance(problem, OSError) and problem.filename is None and problem.errno in _FULL:
            click.echo(f"the output cannot be written: {problem.strerror}", err=True)
            return FOUND
        click.echo(f"kgen: {type(problem).__name__}: {problem}", err=True)
        click.echo(f"{REPORT}; KGEN_TRACEBACK=1 shows where", err=True)
        return BUG
    return result if isinstance(result, int) else DONE
