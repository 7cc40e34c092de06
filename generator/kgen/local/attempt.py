"""One trial while it runs: its reports, its deadline, early stopping, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from threading import Thread
from typing import Any, NamedTuple

from kgen.katib.logs import Row
from kgen.local.collect import Collected, collect
from kgen.local.follow import Follower
from kgen.local.runner import Job, Running
from kgen.local.stopping import Rule, Watch
from kgen.local.trial import MOST_HISTORY, State, Trial
from kgen.model.values import mapping


class Deadline(NamedTuple):
    """How long a trial may take, and whose word that is."""

    seconds: float
    source: str


class Attempt:
    """A trial that has been started."""

    def __init__(
        self, trial: Trial, job: Job, running: Running, follower: Follower, rule: Rule | None, deadline: Deadline | None
    ) -> None:
        self.trial, self.job, self.running = trial, job, running
        self._follower, self._watch, self._deadline = follower, None if rule is None else Watch(rule), deadline
        self._rows: list[Row] = []
        self._stopped = self._late = False
        self._ending: Thread | None = None

    def step(self, seconds: float, grace: float) -> tuple[str, ...]:
        """Look at the trial, `seconds` after its start; give the values of the objective reported since the last time.

        Once it is over, `trial` says what became of it.
        """
        said = self._read()
        code = self._code(seconds, grace)
        if code is None:
            return said
        said += self._read()
        self._over(seconds, self._too_long() if self._late else self._collected(code))
        return said

    def end(self, grace: float) -> Thread:
        """Stop the trial beside what goes on: others are not to wait for one that takes its time."""
        thread = Thread(target=self._stop, args=(grace,))
        thread.start()
        return thread

    def _stop(self, grace: float) -> None:
        with suppress(ChildProcessError):  # another thread was sooner, because of a further request to stop
            self.running.stop(grace)

    def _code(self, seconds: float, grace: float) -> int | None:
        """Give the exit code once the trial is over; begin to end it where it has to be ended."""
        if self._ending is None:
            code = self.running.poll()
            self._late = code is None and self._deadline is not None and seconds > self._deadline.seconds
            if code is not None or not (self._late or self._stopped):
                return code
            self._ending = self.end(grace)
        return None if self._ending.is_alive() else self.running.poll()

    def killed(self, seconds: float, reason: str) -> None:
        """Note that kgen ended the trial; its process is gone already."""
        self._read()
        self._over(seconds, Collected(State.KILLED, reason=reason))

    def _read(self) -> tuple[str, ...]:
        objective = self.job.wanted.objective
        new = [row for row in self._follower.read() if row.name == objective]
        self._rows += new[: max(0, MOST_HISTORY - len(self._rows))]
        if self._watch is not None and not self._stopped:
            self._stopped = any(self._watch.add(row.value) for row in new)
        return tuple(row.value for row in new)

    def _collected(self, code: int) -> Collected:
        if self._watch is not None and self._watch.broken is not None:
            return Collected(
                State.FAILED,
                reason=f"the collector ends at the value `{self._watch.broken}`, which is no number: with early "
                "stopping it reads each report while the trial runs",
            )
        return collect(self.job, code, stopped=self._stopped)

    def _too_long(self) -> Collected:
        assert self._deadline is not None
        return Collected(State.FAILED, reason=f"stopped after {self._deadline.seconds:g} s, as {self._deadline.source}")

    def _over(self, seconds: float, found: Collected) -> None:
        ordered = sorted(self._rows, key=lambda row: (row.time, row.line))  # as Katib's database gives them
        self.trial = self.trial._replace(
            state=found.state,
            metrics=found.metrics,
            value=found.value,
            reason=found.reason,
            explanation=tuple(found.explanation),
            seconds=round(seconds, 3),
            history=tuple(row.value for row in ordered),
        )


def deadline_of(trial: Mapping[str, Any], limit: float | None) -> Deadline | None:
    """Give the deadline of a trial: the shorter of `limit` and what its object says; None where there is none."""
    spec = mapping(trial.get("spec"))
    out = [] if limit is None else [Deadline(limit, "--trial-timeout says")]
    for holder, name in ((spec, "activeDeadlineSeconds"), (mapping(spec.get("runPolicy")), "activeDeadlineSeconds")):
        seconds = holder.get(name)
        if isinstance(seconds, int) and not isinstance(seconds, bool) and seconds > 0:
            out.append(Deadline(float(seconds), f"its {name} says"))
    return min(out, default=None)
