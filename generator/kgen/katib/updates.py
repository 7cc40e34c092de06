"""What Katib says to an update of an Experiment, and what the update does beside the change itself.

Read from github.com/kubeflow/katib v0.19.0: pkg/webhook/v1beta1/experiment/validator/validator.go, and
pkg/controller.v1beta1: experiment_controller.go, util/status_util.go, suggestion_controller.go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeGuard

from kgen.katib.equality import differing
from kgen.katib.types import experiment
from kgen.katib.v1beta1 import DISTRIBUTION, EDITABLE
from kgen.model.change import Phase, Refusal, SideEffect
from kgen.model.environment import Target
from kgen.model.node import FieldPath, path_text

Object = Mapping[str, Any]
"""An object as JSON gives it."""

COUNTERS = EDITABLE  # what an update may change of spec
PARALLEL, MAX, MAX_FAILED = COUNTERS
GOAL_REACHED = "ExperimentGoalReached"
MAX_TRIALS_REACHED = "ExperimentMaxTrialsReached"
SUGGESTION_END_REACHED = "ExperimentSuggestionEndReached"
RESUMABLE = ("LongRunning", "FromVolume")  # the policies under which a completed Experiment can go on

_RELEASE = Target().katib
_SHOWN = 4  # fields that a message names
_PARALLEL_FIELD, _MAX_FIELD, _FAILED_FIELD = (f"spec.{count}" for count in COUNTERS)
_LOSS = "delete the old one and create it anew, which loses its trials and their metrics"
_ANEW = f"give the changed Experiment a new name, as `naming: hashed` does by itself; or {_LOSS}"
_COUNTS_ANEW = (
    "leave it as it is; to search on, give the Experiment a new name, which `naming: hashed` does not do where only "
    f"counts change; or {_LOSS}"
)


class Progress(NamedTuple):
    """How far a live Experiment is; counts of trials."""

    phase: Phase | None = None  # None: its conditions say nothing
    reason: str = ""  # why it succeeded, as Katib names it
    known: bool = False  # whether the object comes from a cluster at all, and not from Git
    restartable: bool = False  # completed, and a larger maxTrialCount lets it go on
    trials: int = 0  # created so far, and not deleted
    active: int = 0  # pending and running
    completed: int = 0  # succeeded, failed, killed, early stopped, without metrics
    failed: int = 0  # failed, and without metrics: what maxFailedTrialCount counts

    @property
    def is_over(self) -> bool:
        """Whether it has completed."""
        return self.phase in (Phase.SUCCEEDED, Phase.FAILED)


def progress_of(live: Object) -> Progress:
    """Read an Experiment's status; all is 0 or None where there is none."""
    status = _mapping(live.get("status"))
    held = _conditions(status)
    counts = {key: _count(value) for key, value in status.items() if key.startswith("trial")}
    failed = counts.get("trialsFailed", 0) + counts.get("trialMetricsUnavailable", 0)
    ended = sum(counts.get(key, 0) for key in ("trialsSucceeded", "trialsKilled", "trialsEarlyStopped"))
    reason = held.get("Succeeded", "")
    policy = _mapping(live.get("spec")).get("resumePolicy")
    return Progress(
        phase=_phase(held),
        reason=reason,
        known=bool(status) or "uid" in _mapping(live.get("metadata")),
        restartable=reason == MAX_TRIALS_REACHED and policy in RESUMABLE,
        trials=counts.get("trials", 0),
        active=counts.get("trialsPending", 0) + counts.get("trialsRunning", 0),
        completed=ended + failed,
        failed=failed,
    )


def _conditions(status: Object) -> dict[str, str]:
    """Give the reasons of the conditions that hold; of two of a type, Katib looks at the first."""
    first: dict[str, Object] = {}
    listed = status.get("conditions")
    for condition in listed if isinstance(listed, (list, tuple)) else ():
        if isinstance(condition, Mapping):
            first.setdefault(str(condition.get("type")), condition)
    return {name: str(one.get("reason", "")) for name, one in first.items() if one.get("status") == "True"}


def _phase(held: Mapping[str, str]) -> Phase | None:
    """Order matters: a restarted Experiment stays Restarting when it has succeeded again."""
    if "Failed" in held:
        return Phase.FAILED
    if "Succeeded" in held:
        return Phase.SUCCEEDED
    if "Running" in held or "Restarting" in held:
        return Phase.RUNNING
    return Phase.CREATED if "Created" in held else None


def is_editable(path: FieldPath) -> bool:
    """Whether an update may change a field of an Experiment: its labels, its annotations and the three counts."""
    if path[:1] == ("metadata",):
        return path[1:2] in (("labels",), ("annotations",), ("finalizers",))
    return len(path) > 1 and path[0] == "spec" and path[1] in COUNTERS


def immutable_changes(old: Object, new: Object, release: str = _RELEASE) -> tuple[FieldPath, ...]:
    """Give the fields beside the three counts in which the specs differ, as Katib's types see them."""
    return tuple(path for path in _changes(old, new, release) if not is_editable(path))


def _changes(old: Object, new: Object, release: str) -> tuple[FieldPath, ...]:
    spec = experiment(release).fields["spec"].type
    return tuple(differing(_mapping(old.get("spec")), _mapping(new.get("spec")), spec, ("spec",)))


def refusals(old: Object, new: Object, release: str = _RELEASE) -> tuple[Refusal, ...]:
    """Say what Katib's webhook has against an update, in the order in which it says it; () if it is admitted.

    Args:
        old: the stored object, with its status where it is known. One from Git must have Katib's defaults, as
            what a cluster stores has them.
        new: the object after Katib's defaulting.
        release: of Katib.

    Only what is said of updates: what is wrong with the new object by itself is what the rules are for.
    """
    changed = _changes(old, new, release)
    if not changed:
        return ()
    progress, most = progress_of(old), _mapping(new.get("spec")).get(MAX)
    frozen = tuple(path for path in changed if not is_editable(path))
    over = progress.is_over and not progress.restartable
    found = []
    if over:
        found.append(_final(progress, _ANEW if frozen else _COUNTS_ANEW))
    if _is_count(most) and most <= progress.trials:
        found.append(_too_few(int(most), progress.trials, alone=not (over or frozen)))
    if frozen:
        found.append(_immutable(old, new, frozen))
    return tuple(found)


def _final(progress: Progress, mend: str) -> Refusal:
    ends = {
        GOAL_REACHED: "it has reached its goal",
        SUGGESTION_END_REACHED: "its algorithm has no more to suggest",
        MAX_TRIALS_REACHED: "all its trials are done and its resumePolicy is Never",
    }
    why = "it has failed" if progress.phase is Phase.FAILED else ends.get(progress.reason, "it has completed")
    return Refusal(
        "spec.resumePolicy",
        f"{why}: Katib lets nothing of a completed Experiment be changed, unless it ended by maxTrialCount "
        f"and its resumePolicy is {' or '.join(RESUMABLE)}",
        mend,
    )


def _too_few(most: int, trials: int, *, alone: bool) -> Refusal:
    made = "trial has" if trials == 1 else "trials have"
    mend = f"raise maxTrialCount to {trials + 1} or more in the same change"
    return Refusal(
        _MAX_FIELD,
        f"{trials} {made} been created, and maxTrialCount is {most}: Katib lets a spec be changed only while "
        "maxTrialCount is above the number of trials created so far",
        mend if alone else f"{mend}; the other refusals stay",
    )


def _immutable(old: Object, new: Object, frozen: tuple[FieldPath, ...]) -> Refusal:
    if is_aged(old, new, frozen):
        return Refusal(
            "spec",
            "the stored Experiment has no `distribution` in its parameters, as Katib wrote it before 0.18. Katib adds "
            "it to every update, and then refuses the update for it",
            "give the Experiment a new name; the old one can be deleted only while Katib's validating webhook is off",
        )
    named = ", ".join(f"`{path_text(path)}`" for path in frozen[:_SHOWN])
    rest = f" and {len(frozen) - _SHOWN} more" if len(frozen) > _SHOWN else ""
    return Refusal("spec", f"{named}{rest} cannot be changed: Katib lets only {_listed(COUNTERS)} be edited", _ANEW)


def is_aged(old: Object, new: Object, frozen: tuple[FieldPath, ...]) -> bool:
    """Whether nobody changed anything: an older Katib stored the object, and all that differs is a later default."""
    return all(_is_default_alone(old, new, path) for path in frozen)


def _is_default_alone(old: Object, new: Object, path: FieldPath) -> bool:
    """Whether all that differs is the distribution that Katib adds since 0.18."""
    if path[1] != "parameters" or path[3:] != ("feasibleSpace", "distribution"):
        return False
    given = (_mapping(each["spec"]["parameters"][path[2]]) for each in (old, new))
    stored, sent = (_mapping(parameter.get("feasibleSpace")) for parameter in given)
    return not stored.get("distribution") and sent.get("distribution") == DISTRIBUTION


def side_effects(old: Object, new: Object, release: str = _RELEASE) -> tuple[SideEffect, ...]:
    """Say what an update brings beside the change itself; () for one that is refused. Arguments as of `refusals`.

    Where the status is not known, an effect is told with its condition. `new` is what will be stored: a label that
    it lacks counts as removed.
    """
    if refusals(old, new, release):
        return ()
    changed = {path[1] for path in _changes(old, new, release)}
    before, after, progress = _mapping(old.get("spec")), _mapping(new.get("spec")), progress_of(old)
    given = _Update(before, after, frozenset(changed & set(COUNTERS)), progress)
    effects = _certain(given) if progress.known else _possible(given)
    return (*effects, *_of_labels(old, new, given))


class _Update(NamedTuple):
    before: Object  # the two specs
    after: Object
    changed: frozenset[str | int]  # the counts that differ
    progress: Progress

    @property
    def restarts(self) -> bool:
        """Whether a completed Experiment goes on: what is admitted has trials left, or no end by their number."""
        return bool(self.changed) and self.progress.is_over

    def lowered(self, count: str) -> int | None:
        """Give a count that is less than it was, or is there where it was not."""
        one, other = self.before.get(count), self.after.get(count)
        return int(other) if _is_count(other) and (not _is_count(one) or other < one) else None


def _certain(given: _Update) -> Iterator[SideEffect]:
    """Tell the effects on an Experiment whose status is known."""
    progress, after = given.progress, given.after
    most_failed, parallel = after.get(MAX_FAILED), given.lowered(PARALLEL)
    if given.restarts:
        yield SideEffect(_MAX_FIELD, f"the completed search restarts, and goes on after its {_trials(progress.trials)}")
    fails = _is_count(most_failed) and 0 < progress.failed >= most_failed
    if fails and (given.restarts or MAX_FAILED in given.changed):
        yield SideEffect(_FAILED_FIELD, f"{_trials(progress.failed)} failed or gave no metrics: {_FAILS}")
    if parallel is not None and progress.active > parallel:
        least = f"at least {progress.active - parallel} of {_trials(progress.trials)}"
        yield SideEffect(_PARALLEL_FIELD, f"{progress.active} are active: {_deletes(parallel)}: {least}. {_LOST}")
    if MAX in given.changed and after.get(MAX) is None:
        yield SideEffect(_MAX_FIELD, _NO_END)


def _possible(given: _Update) -> Iterator[SideEffect]:
    """Tell the effects that the status would decide, where only Git is known."""
    if not given.changed:
        return
    most, resumable = given.after.get(MAX), given.before.get("resumePolicy") in RESUMABLE
    most_failed, parallel = given.lowered(MAX_FAILED), given.lowered(PARALLEL)
    over = " for another reason than maxTrialCount" if resumable else ""
    full = f", or if {_trials(int(most))} or more have been created" if _is_count(most) else ""
    yield SideEffect("spec", f"Katib refuses the change if the Experiment has completed{over} by then{full}")
    if resumable and MAX in given.changed and given.lowered(MAX) is None:
        yield SideEffect(_MAX_FIELD, "if it has completed by maxTrialCount by then, the search restarts")
    if most_failed is not None:
        failed = _trials(max(most_failed, 1))
        yield SideEffect(_FAILED_FIELD, f"if {failed} or more have failed or given no metrics by then, {_FAILS}")
    if parallel is not None:
        yield SideEffect(_PARALLEL_FIELD, f"if more than {parallel} are active then, {_deletes(parallel)}. {_LOST}")
    if MAX in given.changed and most is None:
        yield SideEffect(_MAX_FIELD, _NO_END)


_FAILS = "the Experiment fails at once, for good; trials that run are not stopped"
_LOST = "They are not made again, and their metrics go with them"
_NO_END = (
    "no number of trials ends the search any more; when it completes for another reason, Katib restarts it at once"
)


def _deletes(parallel: int) -> str:
    """Say what the controller does: it takes the newest of all trials, not of the active ones."""
    return f"Katib deletes trials, the newest first and done or not, until no more than {parallel} are active"


def _of_labels(old: Object, new: Object, given: _Update) -> Iterator[SideEffect]:
    """The suggestion controller finds trials by the Experiment's labels, in all namespaces."""
    progress = given.progress
    if progress.known and (progress.trials == 0 or (progress.is_over and not given.restarts)):
        return
    before, after = (_mapping(_mapping(each.get("metadata")).get("labels")) for each in (old, new))
    made = f"the {_trials(progress.trials)} made before" if progress.known else "trials made before"
    for name in dict.fromkeys((*before, *after)):
        field = path_text(("metadata", "labels", name))
        if name not in after:
            yield SideEffect(field, _MIXED)
        elif before.get(name) != after[name]:
            yield SideEffect(field, f"{_BY_LABELS}: the algorithm no longer sees {made}")


_BY_LABELS = "Katib looks for trials by the Experiment's labels"
_MIXED = (
    f"{_BY_LABELS}, in all namespaces: if this one told it from an Experiment of the same name elsewhere, "
    "the algorithm now sees the trials of both"
)


def _trials(count: int) -> str:
    return f"{count} trial" if count == 1 else f"{count} trials"


def _listed(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _mapping(value: object) -> Object:
    return value if isinstance(value, Mapping) else {}


def _is_count(value: object) -> TypeGuard[int]:
    if isinstance(value, float):
        return value.is_integer()  # 12.0 is sent as 12
    return isinstance(value, int) and not isinstance(value, bool)


def _count(value: object) -> int:
    return int(value) if _is_count(value) else 0
