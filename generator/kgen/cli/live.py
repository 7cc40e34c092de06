"""A run as a table that is alive, by rich."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live as Display
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from kgen.cli.watching import Progress, assignment_text, stopping_text
from kgen.local.ending import MEASURED, objective
from kgen.local.loop import Began, Ended, Event
from kgen.local.trial import State, Trial

_STYLES = {
    State.RUNNING: "cyan",
    State.SUCCEEDED: "green",
    State.EARLY_STOPPED: "yellow",
    State.FAILED: "red",
    State.UNAVAILABLE: "red",
    State.KILLED: "dim",
}
_BESIDE = 8  # lines of the screen that are no trial


class Live:
    """Shows events as they come; what has to stay readable is printed above the table."""

    def __init__(self, progress: Progress, console: Console | None = None) -> None:
        self._progress = progress
        self._console = console or Console(stderr=True)
        self._display = Display(get_renderable=self.table, console=self._console, refresh_per_second=8)

    def __enter__(self) -> Live:
        self._console.print(Text(self._progress.head(), style="bold"))
        self._display.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: object, trace: TracebackType | None) -> None:
        self._display.stop()

    def __call__(self, event: Event) -> None:
        """Show an event."""
        self._progress.take(event)
        if isinstance(event, Began):
            for note in event.notes:
                self._console.print(Text(f"note: {note}", style="dim"))
        elif isinstance(event, Ended):
            for line in self._progress.explained(event.trial):
                self._console.print(Text(f"{event.trial.name}: {line}", style="red"))

    def table(self) -> Group:
        """Draw the table: trials that run, then those that ended last."""
        progress = self._progress
        out = Table(box=None, pad_edge=False, expand=False)
        for name, justify in (("", "right"), ("state", "left"), (progress.wanted.objective, "right")):
            out.add_column(name, justify="right" if justify == "right" else "left", no_wrap=True)
        out.add_column("s", justify="right", no_wrap=True)
        out.add_column("parameters", overflow="ellipsis", no_wrap=True)
        best = progress.best
        for trial in self._shown():
            out.add_row(*self._row(trial, is_best=best is not None and trial.number == best.number))
        return Group(out, self._summary())

    def _shown(self) -> list[Trial]:
        room = max(3, self._console.size.height - _BESIDE)
        running = self._progress.running[:room]
        over = self._progress.over
        return sorted([*running, *over[max(0, len(over) - room + len(running)) :]], key=lambda trial: trial.number)

    def _row(self, trial: Trial, *, is_best: bool) -> tuple[Text, ...]:
        progress = self._progress
        value = objective(trial, progress.wanted) if trial.state in MEASURED else progress.latest.get(trial.number)
        seconds = trial.seconds if trial.is_over else max(0.0, time.time() - trial.started)
        bold = "bold " if is_best else ""
        return (
            Text(str(trial.number + 1)),
            Text(str(trial.state), style=bold + _STYLES[trial.state]),
            Text(("* " if is_best else "") + (value if value is not None else "-"), style=bold),
            Text(f"{seconds:.1f}"),
            Text(assignment_text(trial), style=bold),
        )

    def _summary(self) -> Group:
        progress = self._progress
        done, most = len(progress.over), progress.spec["maxTrialCount"]
        words = f"{done} of {most}   best {progress.wanted.objective} {progress.best_text()}   {self._times()}"
        bar = ProgressBar(total=max(most, 1), completed=min(done, most), width=40)
        parts: list[RenderableType] = [bar, Text(words)]
        if progress.stopping is not None:
            parts.append(Text(stopping_text(progress.stopping), style="yellow"))
        return Group(*parts)

    def _times(self) -> str:
        left = self._progress.left()
        spent = _clock(time.monotonic() - self._progress.since)
        return spent if not left or self._progress.stopping is not None else f"{spent}, about {_clock(left)} left"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
