"""Actions on Experiments: which are offered, and what they change or why they refuse."""

from __future__ import annotations

from typing import Any, NamedTuple

from statuses import ALL_DONE, CREATED, END, FAILED, GOAL, LONG, MOST, RAN, RESTARTING, RUNNING, SPEC, Plain

ADD, SET_MOST, SET_PARALLEL = "add-trials", "set-max-trial-count", "set-parallel-trial-count"
MOST_INT = 2147483647
DIALOGUES = {
    ADD: None,
    SET_MOST: [{"name": "maxTrialCount"}],
    SET_PARALLEL: [{"name": "parallelTrialCount"}, {"name": "deleteNewestTrials"}],
}
ICONS = {ADD: "fa fa-fw fa-plus-circle", SET_MOST: "fa fa-fw fa-flag", SET_PARALLEL: "fa fa-fw fa-columns"}


def live(conditions: Any, spec: Any = SPEC, metadata: Plain | None = None, **status: Any) -> Plain:
    """Give a live object, with a trial template in which every empty thing has to stay what it is."""
    template = {
        "trialParameters": [{"name": "lr", "reference": "lr"}],
        "trialSpec": {"spec": {"template": {"spec": {"volumes": [{"name": "shm", "emptyDir": {}}], "containers": []}}}},
    }
    whole = {**spec, "trialTemplate": template} if isinstance(spec, dict) else spec
    root = {"apiVersion": "kubeflow.org/v1beta1", "kind": "Experiment", "spec": whole}
    named = {"name": "mnist", "namespace": "team-a", "annotations": {}, **(metadata or {})}
    return {**root, "metadata": named, "status": {"conditions": conditions, **status}}


MIDST: Plain = {"trials": 7, "trialsSucceeded": 4, "trialsRunning": 2, "trialsPending": 1}
RUNS = live([CREATED, RUNNING], **MIDST)
ENDLESS = live([CREATED, RUNNING], {"objective": SPEC["objective"]}, **MIDST)
ALL_MADE = live([CREATED, RUNNING], trials=12, trialsSucceeded=10, trialsRunning=2)
RESUMABLE = live([CREATED, RAN, MOST], LONG, **ALL_DONE)
RESUMED = live([CREATED, RESTARTING, RUNNING], {**LONG, "maxTrialCount": 24}, trials=13, trialsRunning=1)
OVER = "it has succeeded, and resumePolicy Never ends it for good"
GOOD = "it has succeeded for good"


class Offer(NamedTuple):
    """An object, and the names under which its actions are shown; a name in the second half is disabled."""

    name: str
    object: Plain
    add: str
    most: str
    parallel: str
    disabled: tuple[str, ...] = ()

    @property
    def expected(self) -> Plain:
        out: Plain = {}
        for action, title in zip(DIALOGUES, (self.add, self.most, self.parallel), strict=True):
            dialogue = {} if DIALOGUES[action] is None else {"params": DIALOGUES[action]}
            disabled = action in self.disabled
            out[action] = {"displayName": title, "disabled": disabled, "iconClass": ICONS[action], **dialogue}
        return out


def _closed(name: str, obj: Plain, reason: str) -> Offer:
    titles = ("Add 3 trials", "Set maxTrialCount", "Set parallelTrialCount")
    return Offer(name, obj, *(f"{title} ({reason})" for title in titles), disabled=tuple(DIALOGUES))


OFFERS = (
    Offer("an Experiment in its search", RUNS, "Add 3 trials (to 15)", "Set maxTrialCount (now 12, must be above 7)",
        "Set parallelTrialCount (now 3, 3 active)"),
    Offer("an Experiment that is created", live([CREATED]), "Add 3 trials (to 15)",
        "Set maxTrialCount (now 12, must be above 0)", "Set parallelTrialCount (now 3, 0 active)"),
    Offer("an Experiment one trial at a time", live([RUNNING], {**SPEC, "parallelTrialCount": 1}, trials=1),
        "Add 1 trial (to 13)", "Set maxTrialCount (now 12, must be above 1)",
        "Set parallelTrialCount (now 1, 0 active)"),
    Offer("an Experiment whose trials are all made", ALL_MADE, "Add 3 trials (to 15)",
        "Set maxTrialCount (now 12, must be above 12)",
        "Set parallelTrialCount (12 trials of 12 made: raise maxTrialCount first)", (SET_PARALLEL,)),
    Offer("an Experiment without end", ENDLESS, "Add 3 trials (it has no maxTrialCount, and so no end)",
        "Set maxTrialCount (now none, must be above 7)", "Set parallelTrialCount (now 3, 3 active)", (ADD,)),
    Offer("a resumable Experiment", RESUMABLE, "Add 3 trials (to 15, restarts it)",
        "Set maxTrialCount (now 12, must be above 12, restarts it)",
        "Set parallelTrialCount (12 trials of 12 made: raise maxTrialCount first)", (SET_PARALLEL,)),
    Offer("an Experiment that restarted", RESUMED, "Add 3 trials (to 27)",
        "Set maxTrialCount (now 24, must be above 13)", "Set parallelTrialCount (now 3, 1 active)"),
    _closed("an Experiment with policy Never", live([CREATED, RAN, MOST], **ALL_DONE), OVER),
    _closed("an Experiment without policy", live([CREATED, RAN, MOST],
        {key: value for key, value in SPEC.items() if key != "resumePolicy"}, **ALL_DONE), OVER),
    _closed("a resumable Experiment at its goal", live([CREATED, RAN, GOAL], LONG, trials=5), GOOD),
    _closed("a resumable Experiment at its algorithm's end", live([CREATED, RAN, END], LONG, trials=5), GOOD),
    _closed("a failed Experiment", live([CREATED, RAN, FAILED], LONG, trials=5), "it has failed"),
    _closed("an Experiment that is deleted",
        live([CREATED, RUNNING], metadata={"deletionTimestamp": "2026-03-01T10:00:00Z"}), "it is being deleted"),
    _closed("an Experiment without spec", {"kind": "Experiment", "metadata": None}, "it has no spec"),
    _closed("an Experiment whose spec is a text", live(["Failed"], "none"), "it has no spec"),
    Offer("an Experiment whose counts are texts", live([3], {"maxTrialCount": "12", "parallelTrialCount": []},
        trials="7"), "Add 3 trials (it has no maxTrialCount, and so no end)",
        "Set maxTrialCount (now none, must be above 0)", "Set parallelTrialCount (now 3, 0 active)", (ADD,)),
)  # fmt: skip


class Change(NamedTuple):
    """An action on an object, and what it sets; or the text with which it refuses."""

    name: str
    action: str
    object: Plain
    parameters: dict[str, str]
    outcome: Plain | str

    @property
    def expected(self) -> Plain | None:
        if isinstance(self.outcome, str):
            return None
        return {**self.object, "spec": {**self.object["spec"], **self.outcome}}


def _most(name: str, typed: str, outcome: Plain | str, obj: Plain = RUNS) -> Change:
    return Change(f"maxTrialCount {name}", SET_MOST, obj, {"maxTrialCount": typed}, outcome)


def _parallel(name: str, typed: str, outcome: Plain | str, obj: Plain = RUNS, **more: str) -> Change:
    return Change(f"parallelTrialCount {name}", SET_PARALLEL, obj, {"parallelTrialCount": typed, **more}, outcome)


def _whole(name: str, typed: str) -> str:
    return f"{name}: write a whole number from 1 to {MOST_INT}, not `{typed}`"


def _delete(active: int, lost: int) -> str:
    return (
        f"of {active} trials under way Katib would delete {lost}: the newest of all trials, with their metrics; "
        "if you want that, write `yes` in deleteNewestTrials"
    )


NO = "Katib would refuse it: "
CHANGES = (
    Change("a round more", ADD, RUNS, {}, {"maxTrialCount": 15}),
    Change("a round more, all made", ADD, ALL_MADE, {}, {"maxTrialCount": 15}),
    Change("a round more restarts", ADD, RESUMABLE, {}, {"maxTrialCount": 15}),
    Change("a round more, where there are more trials than maxTrialCount", ADD,
        live([RUNNING], trials=13), {}, {"maxTrialCount": 16}),
    Change("a round more for an Experiment without end", ADD, ENDLESS, {},
        f"{NO}it has no maxTrialCount, and so no end"),
    Change("a round more for one that is over", ADD, live([CREATED, RAN, MOST], **ALL_DONE), {}, NO + OVER),
    Change("a round more than there are numbers", ADD, live([RUNNING], {**SPEC, "maxTrialCount": MOST_INT}), {},
        "maxTrialCount is as large as it can be"),
    _most("raised", "24", {"maxTrialCount": 24}),
    _most("raised, with spaces", " 24 ", {"maxTrialCount": 24}),
    _most("lowered to one above the trials", "8", {"maxTrialCount": 8}),
    _most("set where there was none", "50", {"maxTrialCount": 50}, ENDLESS),
    _most("raised for a restart", "13", {"maxTrialCount": 13}, RESUMABLE),
    _most("lowered to the trials", "7", "maxTrialCount: write more than 7, as many trials are made"),
    _most("unchanged", "12", "maxTrialCount is 12 already"),
    _most("for an Experiment without spec", "12", f"{NO}it has no spec", live(None, None)),
    _most("of a failed Experiment", "24", f"{NO}it has failed", live([FAILED])),
    _most("below parallelTrialCount", "2", "maxTrialCount: write at least 3, which is parallelTrialCount",
        live([CREATED])),
    _most("below maxFailedTrialCount", "4", "maxTrialCount: write at least 6, which is maxFailedTrialCount",
        live([CREATED], {**SPEC, "maxFailedTrialCount": 6})),
    *(_most(f"of {typed!r}", typed, _whole("maxTrialCount", typed))
        for typed in ("", "many", "0", "-3", "12.5", "nan", "inf", "1e400", "2147483648", "12 trials", "true")),
    Change("maxTrialCount of nothing", SET_MOST, RUNS, {}, _whole("maxTrialCount", "")),
    _parallel("raised", "5", {"parallelTrialCount": 5}),
    _parallel("raised to maxTrialCount", "12", {"parallelTrialCount": 12}),
    _parallel("raised above maxTrialCount", "13", "parallelTrialCount: write at most 12, which is maxTrialCount"),
    _parallel("of an Experiment without end", "500", {"parallelTrialCount": 500}, ENDLESS),
    _parallel("lowered where fewer trials run", "2", {"parallelTrialCount": 2},
        live([RUNNING], trials=7, trialsSucceeded=5, trialsRunning=2)),
    _parallel("lowered below those that run", "1", _delete(3, 2)),
    _parallel("lowered below those that run, and no", "1", _delete(3, 2), deleteNewestTrials="no"),
    _parallel("lowered below those that run, and yes", "1", {"parallelTrialCount": 1}, deleteNewestTrials="yes"),
    _parallel("unchanged", "3", "parallelTrialCount is 3 already"),
    _parallel("of nothing", "", _whole("parallelTrialCount", "")),
    _parallel("zero", "0", _whole("parallelTrialCount", "0")),
    _parallel("with all trials made", "5", f"{NO}12 trials of 12 made: raise maxTrialCount first", ALL_MADE),
    _parallel("of one that is over", "5", NO + OVER, live([CREATED, RAN, MOST], **ALL_DONE)),
)  # fmt: skip
