"""The loop of Katib's controller: suggest, start, measure, until the Experiment ends.

Read from pkg/controller.v1beta1/experiment/experiment_controller.go at v0.19.0. One thread looks at all trials in turn.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

from kgen.katib import collectors
from kgen.katib.generation import NAME_LETTERS, NAME_SUFFIX, GenerationError, generate
from kgen.katib.numerals import python_real
from kgen.local.attempt import Attempt, deadline_of
from kgen.local.ending import MEASURED, Outcome, Reason, missing, objective, verdict
from kgen.local.follow import follow
from kgen.local.job import Given, job_of
from kgen.local.manifest import trial_text
from kgen.local.runner import Job, Runner
from kgen.local.stopping import Medianstop, Rule, early_stopping
from kgen.local.store import FOLDERS, Store
from kgen.local.trial import State, Trial
from kgen.search.choose import suggester
from kgen.search.suggestion import Exhausted, Stuck, Told

TRIAL_FILE = "trial.yaml"  # in a trial's folder: its object, as the controller would create it
_PAUSE = 0.05  # seconds between two looks at the trials


class Began(NamedTuple):
    """The first trial is about to start; `notes` say what is otherwise here than in the cluster."""

    notes: tuple[str, ...]


class Started(NamedTuple):
    """A trial runs."""

    trial: Trial


class Reported(NamedTuple):
    """A trial gave a value of the objective."""

    trial: Trial
    value: str


class Ended(NamedTuple):
    """A trial is over."""

    trial: Trial


class Stopping(NamedTuple):
    """The run is over, and this many trials are being stopped, or waited for."""

    running: int
    outcome: Outcome
    drained: bool


Event = Began | Started | Reported | Ended | Stopping


class Plan(NamedTuple):
    """What is to be done."""

    experiment: Mapping[str, Any]  # its manifest
    seed: int
    given: Given = Given()
    timeout: float | None = None  # seconds, of this run
    trial_timeout: float | None = None
    drain: bool = False  # let running trials end when the Experiment does, as Katib does
    image: str = ""  # instead of the Experiment's
    grace: float = 10.0  # seconds from SIGTERM to SIGKILL


class Loop:
    """One run of an Experiment on this machine."""

    def __init__(
        self,
        plan: Plan,
        runner: Runner,
        store: Store,
        *,
        on_event: Callable[[Event], None],
        interrupts: Callable[[], int] = lambda: 0,
        before: Sequence[Trial] = (),
    ) -> None:
        """Make a loop; `interrupts` counts the requests to stop, `before` are the trials of a run that goes on.

        Raises:
            Unsupported: nothing here does what the algorithm, or early stopping, does.
            Stuck: Katib would never start a trial.
        """
        self._plan, self._runner, self._store, self._say, self._interrupts = plan, runner, store, on_event, interrupts
        self._spec: Mapping[str, Any] = plan.experiment["spec"]
        self._wanted = collectors.wanted(self._spec)
        stopper, note = early_stopping(self._spec, self._wanted)
        self._stopper: Medianstop | None = stopper
        self._notes = tuple(each for each in (_of_points(self._spec), note) if each)
        self._suggester = suggester(self._spec, plan.seed, len(before))
        self._trials = {trial.number: trial for trial in before}
        self._again = [trial for trial in before if trial.state in (State.RUNNING, State.KILLED)]
        self._names = Random(f"{plan.seed} names")  # noqa: S311 - a name is no secret, and a seed repeats it
        self._active: dict[int, tuple[Attempt, float]] = {}  # by number, with the start on the monotonic clock
        self._begun = self._exhausted = False
        self._stuck = ""

    @property
    def trials(self) -> tuple[Trial, ...]:
        """All trials so far, in the order of suggestion."""
        return tuple(self._trials[number] for number in sorted(self._trials))

    def run(self) -> Outcome:
        """Run to the end; whatever happens, nothing is left running and every trial is in the store.

        Raises:
            RunnerError: trials cannot be run here.
        """
        start, outcome = time.monotonic(), None
        try:
            while (outcome := self._turn(time.monotonic() - start)) is None:
                time.sleep(_PAUSE)
            if self._active:
                drained = self._plan.drain and outcome.reason.succeeded | (outcome.reason is Reason.FAILED)
                self._say(Stopping(len(self._active), outcome, drained))
                while drained and self._active and not self._interrupts():
                    self._look()
                    time.sleep(_PAUSE)
        finally:
            self._kill(outcome)
        return outcome

    def _turn(self, seconds: float) -> Outcome | None:
        if self._interrupts():
            return Outcome(Reason.INTERRUPTED, "it was interrupted; --resume goes on")
        if self._plan.timeout is not None and seconds > self._plan.timeout:
            return Outcome(Reason.TIMED_OUT, f"{self._plan.timeout:g} s are over; --resume goes on")
        self._look()
        outcome = verdict(self._spec, self._counted(), self._wanted, exhausted=self._exhausted)
        if outcome is None and self._stuck and not self._active:
            outcome = Outcome(Reason.STUCK, self._stuck)
        if outcome is None and not self._stuck:
            self._fill()
        return outcome

    def _counted(self) -> list[Trial]:
        """Give the trials that count: those that run again have not ended yet."""
        again = {trial.number for trial in self._again}
        return [trial for trial in self.trials if trial.number not in again]

    def _look(self) -> None:
        """Look at each running trial once."""
        for number, (attempt, start) in list(self._active.items()):
            for value in attempt.step(time.monotonic() - start, self._plan.grace):
                self._say(Reported(attempt.trial, value))
            if attempt.trial.is_over:
                del self._active[number]
                self._keep(attempt.trial)
                self._say(Ended(attempt.trial))

    def _keep(self, trial: Trial) -> None:
        self._trials[trial.number] = trial
        self._store.save(self.trials)

    def _fill(self) -> None:
        """Start as many trials as are missing: those that go on, then new ones."""
        count = missing(self._spec, self._counted())
        while count and self._again and not self._stuck:
            self._start(self._again[0], None)
            self._again.pop(0)
            count -= 1
        if not count or self._exhausted or self._stuck:
            return
        try:
            points = self._suggester.ask(count, [self._told(trial) for trial in self.trials])
            rule = None if self._stopper is None else self._stopper.rule(self.trials)
        except Exhausted:
            self._exhausted = True
            return
        except Stuck as why:
            self._stuck = str(why)
            return
        for point in points:
            if not self._stuck:
                self._start(Trial(len(self._trials), self._name(), point, State.RUNNING), rule)

    def _told(self, trial: Trial) -> Told:
        """Show a trial to the service.

        Raises:
            Stuck: the service cannot read its value, and would be asked again for ever.
        """
        value = objective(trial, self._wanted)
        if value is not None and python_real(value) is None:
            raise Stuck(
                f"the suggestion service cannot read `{value}` as the value of {self._wanted.objective} in trial "
                f"{trial.name}: Katib would ask it again for ever, and start no further trial"
            )
        return Told(trial.assignment, trial.value if trial.state in MEASURED else None, trial.is_over)

    def _name(self) -> str:
        taken = {trial.name for trial in self._trials.values()}
        while True:
            name = f"{self._plan.experiment['metadata']['name']}-" + "".join(
                self._names.choices(NAME_LETTERS, k=NAME_SUFFIX)
            )
            if name not in taken:
                return name

    def _start(self, trial: Trial, rule: Rule | None) -> None:
        """Start a trial.

        Raises:
            RunnerError: it cannot be run here.
        """
        made = self._object(trial)
        if made is None:
            return
        job = self._job(trial, made)
        running = self._runner.start(job)
        started = trial._replace(state=State.RUNNING, started=round(time.time(), 3), folder=f"{FOLDERS}/{trial.name}")
        deadline = deadline_of(made, self._plan.trial_timeout)
        attempt = Attempt(started, job, running, follow(job, running), rule, deadline)
        self._active[trial.number] = attempt, time.monotonic()
        self._keep(started)
        self._say(Started(started))

    def _object(self, trial: Trial) -> dict[str, Any] | None:
        """Make a trial's object; None where Katib never would."""
        namespace = str(self._plan.experiment["metadata"].get("namespace", "default"))
        try:
            return generate(self._spec, trial.name, namespace, trial.assignment)
        except GenerationError as why:
            self._stuck = f"Katib cannot make a trial, and tries again for ever: {why}"
            return None

    def _job(self, trial: Trial, made: Mapping[str, Any]) -> Job:
        """Make a trial's folder and its job; with the first, see to the runner."""
        folder = self._store.of_trial(trial.name)
        (folder / TRIAL_FILE).write_text(trial_text(made), "utf-8")
        job = job_of(self._spec, made, folder, self._plan.given)
        if self._plan.image:
            job = job._replace(image=self._plan.image)
        if not self._begun:
            self._runner.prepare(job)
            self._begun = True
            self._say(Began((*self._notes, *job.notes, *self._runner.notes(job))))
        return job

    def _kill(self, outcome: Outcome | None) -> None:
        """Stop all that runs, at a time; a further request to stop does not wait for it."""
        already = min(self._interrupts(), 1)  # a second may have come before the first was seen
        threads = [attempt.end(self._plan.grace) for attempt, _ in self._active.values()]
        while any(thread.is_alive() for thread in threads):
            if self._interrupts() > already:
                already = self._interrupts()
                threads += [attempt.end(0.0) for attempt, _ in self._active.values()]
            time.sleep(_PAUSE)
        reason = "the run ended first" if outcome is None else f"the run ended first: {outcome.message}"
        for attempt, start in self._active.values():
            attempt.killed(time.monotonic() - start, reason)
            self._keep(attempt.trial)
            self._say(Ended(attempt.trial))
        self._active.clear()


def _of_points(spec: Mapping[str, Any]) -> str:
    algorithm = spec["algorithm"]["algorithmName"]
    return "" if algorithm == "sobol" else f"the points of {algorithm} are drawn here: a cluster draws others"
