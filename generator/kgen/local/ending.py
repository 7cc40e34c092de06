"""When an Experiment ends, how many trials it wants next, and which is its best one.

Read from pkg/controller.v1beta1/experiment (experiment_controller.go, util/status_util.go) at v0.19.0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from kgen.katib.collectors import STRATEGIES, Wanted
from kgen.katib.gotime import number
from kgen.katib.logs import UNAVAILABLE
from kgen.local.trial import State, Trial

MEASURED = (State.SUCCEEDED, State.EARLY_STOPPED)  # states in which Katib has an observation


class Reason(StrEnum):
    """Why a run is over: Katib's words for its own ends, and ours for those that Katib does not have."""

    GOAL_REACHED = "ExperimentGoalReached"
    FAILED = "ExperimentFailed"
    MAX_TRIALS_REACHED = "ExperimentMaxTrialsReached"
    SUGGESTION_END_REACHED = "ExperimentSuggestionEndReached"
    STUCK = "Stuck"  # in a cluster the Experiment would stay as it is for ever
    INTERRUPTED = "Interrupted"
    TIMED_OUT = "TimedOut"

    @property
    def succeeded(self) -> bool:
        """Whether the Experiment has succeeded, as Katib sees it."""
        return self in (Reason.GOAL_REACHED, Reason.MAX_TRIALS_REACHED, Reason.SUGGESTION_END_REACHED)


class Outcome(NamedTuple):
    """How a run ended."""

    reason: Reason
    message: str


class Best(NamedTuple):
    """Katib's currentOptimalTrial, and whether the goal is reached."""

    trial: Trial | None
    reached: bool


def objective(trial: Trial, wanted: Wanted) -> str | None:
    """Give the objective's value as Katib takes it, by its strategy; None where there is none."""
    strategy = wanted.strategies.get(wanted.objective, "")
    if trial.state not in MEASURED or not trial.metrics or strategy not in STRATEGIES:
        return None
    value = trial.metrics[0].taken(strategy)
    return None if value == UNAVAILABLE else value


def best(trials: Sequence[Trial], wanted: Wanted) -> Best:
    """Find the best trial: of equal values the first; a value that is no number makes its trial the best so far."""
    found: Trial | None = None
    value, reached = 0.0, False  # after a text Katib compares with 0, as its variable was never set
    for trial in trials:
        text = objective(trial, wanted)
        if text is None:
            continue
        read = number(text)
        if read is None:
            found = trial
            continue
        if found is None or (read < value if wanted.type == "minimize" else read > value):
            found, value = trial, read
        if wanted.goal is not None:
            reached = reached or (value <= wanted.goal if wanted.type == "minimize" else value >= wanted.goal)
    return Best(found, reached)


def missing(spec: Mapping[str, Any], trials: Sequence[Trial]) -> int:
    """Give how many trials the Experiment wants to start now.

    Trials without metrics do not count as completed here, and do in `verdict`: so there may be a few more trials
    than maxTrialCount.
    """
    active = sum(not trial.is_over for trial in trials)
    completed = sum(trial.is_over and trial.state is not State.UNAVAILABLE for trial in trials)
    wanted, most = int(spec.get("parallelTrialCount", 3)), spec.get("maxTrialCount")
    if most is not None:
        wanted = min(wanted, int(most) - completed)
    return max(0, wanted - active)


def verdict(spec: Mapping[str, Any], trials: Sequence[Trial], wanted: Wanted, *, exhausted: bool) -> Outcome | None:
    """Say whether the Experiment is over, in the order in which Katib asks; `exhausted` once nothing is suggested."""
    over = [trial for trial in trials if trial.is_over]
    failed = sum(trial.state in (State.FAILED, State.UNAVAILABLE) for trial in over)
    most, most_failed = spec.get("maxTrialCount"), spec.get("maxFailedTrialCount")
    if best(trials, wanted).reached:
        return Outcome(Reason.GOAL_REACHED, f"the goal {wanted.goal:g} of {wanted.objective} is reached")
    if most_failed is not None and failed and failed >= most_failed:
        return Outcome(Reason.FAILED, f"{_trials(failed)} failed, and maxFailedTrialCount is {most_failed}")
    if most is not None and len(over) >= most:
        return Outcome(Reason.MAX_TRIALS_REACHED, f"{_trials(len(over))} ended, and maxTrialCount is {most}")
    if exhausted and len(over) == len(trials):
        return Outcome(Reason.SUGGESTION_END_REACHED, f"there is nothing left to suggest after {_trials(len(over))}")
    return None


def _trials(count: int) -> str:
    return f"{count} trial" if count == 1 else f"{count} trials"
