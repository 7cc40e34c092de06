"""The end-to-end test on a cluster: `python tests/e2e/run.py`. README.md beside it says what it needs and does.

Exit codes: 0 passed, 1 failed, 2 wrong usage, 77 skipped, as something that it needs is not here.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from harness import stages
from harness.commands import CommandFailed, Subprocesses
from harness.diagnose import diagnose
from harness.forward import forward
from harness.gather import gather
from harness.installs import Skipped, teardown
from harness.run import Run
from harness.settings import TOP, Settings, SettingsError, settings
from harness.waiting import Broken, Monotonic

PASSED, FAILED, USAGE, SKIPPED = 0, 1, 2, 77


def main(argv: Sequence[str] | None = None) -> int:
    """Run the stages that are asked for."""
    flags = _parser().parse_args(argv)
    try:
        run = _run(flags, settings(os.environ))
        wanted = stages.chosen(flags.stage, flags.first, flags.last)
    except (SettingsError, Broken) as wrong:
        print(f"error: {wrong}", file=sys.stderr)
        return USAGE
    return play(run, wanted, whole=not (flags.stage or flags.first or flags.last))


def play(run: Run, wanted: Sequence[stages.Stage], *, whole: bool) -> int:
    """Play stages in order; after a failure gather, and clean up only what a whole run has made."""
    for stage in wanted:
        run.say(f"== {stage.name}: {stage.doc}")
        started = time.monotonic()
        try:
            stage.act(run)
        except Skipped as why:
            run.say(f"skipped: {why}")
            return SKIPPED
        except (Broken, CommandFailed, OSError) as failed:
            run.say(f"failed in stage {stage.name}: {failed}")
            explain(run)
            if whole and stage.name not in ("tools", "cluster", "teardown"):
                _clean_up(run)
            return FAILED
        run.say(f"   {time.monotonic() - started:.0f} s")
    run.say("passed")
    return PASSED


def _clean_up(run: Run) -> None:
    try:
        teardown(run)
    except (Broken, CommandFailed) as failed:
        run.say(f"left behind: {failed}")


def explain(run: Run) -> None:
    """Gather, and say what can be read from it."""
    folder = run.folder / "gathered"
    sentences = diagnose(gather(run, folder))
    (folder / "diagnosis.txt").write_text("\n".join(sentences) + "\n", encoding="utf-8")
    for sentence in sentences:
        run.say(f"  * {sentence}")
    run.say(f"everything that was gathered is in {folder}")


def _run(flags: argparse.Namespace, chosen: Settings) -> Run:
    shell = Subprocesses(flags.work / "commands.log")
    return Run(chosen, flags.work, shell, Monotonic(), _say, forward, keep=flags.keep)


def _say(text: str) -> None:
    print(text, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description="kgen's end-to-end test: kind, Katib, Argo CD, and what kgen writes for them.",
        epilog="Stages: "
        + "; ".join(f"{stage.name}: {stage.doc}" for stage in stages.STAGES)
        + " Versions and names: tests/e2e/versions.env. Exit codes: 0 passed, 1 failed, 2 wrong usage, 77 skipped.",
    )
    parser.add_argument("--stage", choices=stages.NAMES, help="only this one, after what earlier ones left")
    parser.add_argument("--from", dest="first", choices=stages.NAMES, help="start here")
    parser.add_argument("--to", dest="last", choices=stages.NAMES, help="end here")
    parser.add_argument("--keep", action="store_true", help="leave the cluster as it is")
    parser.add_argument(
        "--work", type=Path, default=TOP / "build" / "e2e", metavar="DIR", help="folder of the run (default: build/e2e)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
