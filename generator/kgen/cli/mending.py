"""`kgen lint --fix` and `--diff`: what can be mended is mended, or shown as a patch."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from itertools import takewhile

import click

from kgen.cli.fixing import Fixed, plan_until_done, save
from kgen.cli.gather import MAGIC, STDIN, STDIN_NAME, Workspace
from kgen.cli.look import Run
from kgen.cli.patch import unified
from kgen.model.diagnostic import Diagnostic
from kgen.model.sources import Sources
from kgen.report.cells import printable
from kgen.report.masking import masked, of_secrets

_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? ", re.MULTILINE)

Look = Callable[[Sources], Run]
"""Looks at everything again, with the contents of files that are given."""


def show(run: Run, look: Look) -> int:
    """Print what fixing would change as a patch; 1 if anything would."""
    fixed, before, _ = _plan(run, look)
    for path, data in sorted(fixed.files.items()):
        patch = unified(before[path], data, path)
        if _shows_a_secret(patch, before[path]):
            click.echo(f"{printable(path)}: its patch would show what looks like a credential: use --fix", err=True)
        else:
            sys.stdout.flush()
            sys.stdout.buffer.write(patch.encode("utf-8", "surrogateescape"))  # as it is: a patch is no text to tidy
            sys.stdout.buffer.flush()
    click.echo(_conclusion(fixed, "would mend"), err=True)
    return 1 if fixed.files else 0


def _shows_a_secret(patch: str, before: bytes) -> bool:
    """Whether a line that the patch repeats holds what no log should hold."""
    lines = before.decode("utf-8", "replace").split("\n")
    secret = of_secrets(lines)
    for start, length in _HUNK.findall(patch):
        for at in range(int(start) - 1, int(start) - 1 + int(length or 1)):
            if at in secret or (0 <= at < len(lines) and masked(lines, at) != lines[at]):
                return True
    return False


def mend(run: Run, look: Look, targets: tuple[str, ...], workspace: Workspace | None) -> Run:
    """Fix the files on the disk; gives what is found in them then."""
    fixed, before, after = _plan(run, look)
    given = (*_places(targets), *(() if workspace is None else (workspace.home,)))
    stream = {path: before[path] for path in (STDIN_NAME,) if path in before}  # goes on also where nothing changes
    failed = save(before, {**stream, **fixed.files}, given)
    for path, reason in failed:
        click.echo(f"{printable(path)} is left as it was: {reason}", err=True)
    kept = {path: before[path] for path, _ in failed}
    done = {path: data for path, data in fixed.files.items() if path not in kept}
    applied = [each for each in fixed.applied if each.span.file not in kept]
    click.echo(_conclusion(fixed._replace(files=done, applied=applied), "mended"), err=True)
    return look({**before, **done}) if failed else after


def _places(targets: tuple[str, ...]) -> Iterator[str]:
    """Give what was named; of a pattern, the folder that all it can find lies in."""
    for target in targets:
        if target == STDIN or os.path.lexists(target):
            yield target
        else:
            steps = target.split("/")
            plain = list(takewhile(lambda step: not MAGIC & set(step), steps))
            yield "/".join(plain) or ("/" if target.startswith("/") else ".")


def _plan(run: Run, look: Look) -> tuple[Fixed, Mapping[str, bytes], Run]:
    last = [run]

    def find(now: Mapping[str, bytes]) -> tuple[Diagnostic, ...]:
        if now != before:
            last[0] = look({**run.sources, **now})
        return last[0].found.shown

    before = {path: data for path, data in run.sources.items() if isinstance(data, bytes)}
    fixed, _ = plan_until_done(before, find)
    return fixed, before, last[0]


def _conclusion(fixed: Fixed, verb: str) -> str:
    files = f"{len(fixed.files)} file{'' if len(fixed.files) == 1 else 's'}"
    count = len(fixed.applied)
    out = f"{verb} {count} finding{'' if count == 1 else 's'} in {files}"
    for each, reason in fixed.refused:
        out += f"\n{printable(str(each.span))}: {each.code} is left: {reason}"
    return out
