"""The loop of an Experiment: when it ends and why, what runs at a time, names, deadlines, and going on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from kgen.katib.collectors import wanted
from kgen.katib.generation import NAME_LETTERS
from kgen.katib.logs import UNAVAILABLE
from kgen.katib.observation import Metric
from kgen.local import loop as loops
from kgen.local.ending import Outcome, Reason, best, missing, verdict
from kgen.local.loop import Ended, Event, Loop, Plan, Reported, Started, Stopping
from kgen.local.runner import Job, RunnerError
from kgen.local.store import TRIALS, Store, read_trials
from kgen.local.trial import State, Trial
from kgen.search.suggestion import Stuck, Unsupported

Lines = Sequence[str]


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "_PAUSE", 0.0)


def experiment(**spec: Any) -> dict[str, Any]:
    """Make an Experiment over `x` from 1 to 9, whose trial is told its x."""
    return {
        "metadata": {"name": "e", "namespace": "team"},
        "spec": {
            "objective": {
                "type": "maximize",
                "objectiveMetricName": "acc",
                "metricStrategies": [{"name": "acc", "value": "max"}],
            },
            "algorithm": {"algorithmName": "random"},
            "parallelTrialCount": 2,
            "maxTrialCount": 6,
            "parameters": [{"name": "x", "parameterType": "int", "feasibleSpace": {"min": "1", "max": "9"}}],
            "trialTemplate": {
                "primaryContainerName": "main",
                "trialParameters": [{"name": "x", "reference": "x"}],
                "trialSpec": {
                    "apiVersion": "batch/v1",
                    "kind": "Job",
                    "spec": {
                        "template": {
                            "spec": {
                                "containers": [
                                    {"name": "main", "image": "i:1", "command": ["train", "${trialParameters.x}"]}
                                ]
                            }
                        }
                    },
                },
            },
            **spec,
        },
    }


GRID = {"algorithm": {"algorithmName": "grid"}}


class Play(NamedTuple):
    """What a trial does."""

    lines: Lines = ()
    code: int = 0
    polls: int = 1  # before it ends; -1 for never


class Actor:
    """A trial that plays its part."""

    label, address = "actor", None

    def __init__(self, job: Job, play: Play, stage: Stage) -> None:
        self.job, self.play, self.stage = job, play, stage
        self.left, self.code, self.said = play.polls, None if play.polls else play.code, 0
        self.stopped = threading.Event()
        stage.on.add(job.name)
        stage.most = max(stage.most, len(stage.on))

    def poll(self) -> int | None:
        if self.code is not None:
            return self.code
        with self.job.metrics_file.open("a") as log:
            if self.play.polls < 0:  # a line a look
                log.writelines(f"{line}\n" for line in self.play.lines[self.said : self.said + 1])
                self.said += 1
                return None
            self.left -= 1
            if self.left > 0:
                return None
            log.writelines(f"{line}\n" for line in self.play.lines)
        if self.play.code == 0:
            (self.job.metrics_file.parent / "7.pid").write_text("completed\n")
        return self._over(self.play.code)

    def stop(self, grace: float = 10.0) -> None:
        self.stage.stopping(grace)
        if self.code is None:
            self._over(143)

    def _over(self, code: int) -> int:
        self.code = code
        self.stage.on.discard(self.job.name)
        return code


class Stage:
    """A runner whose trials do what a function of x says."""

    def __init__(self, play: Callable[[int], Play]) -> None:
        self.play, self.on, self.most, self.prepared, self.seen = play, set[str](), 0, 0, list[Job]()
        self.stopping: Callable[[float], object] = lambda grace: None  # called before a trial stops

    def prepare(self, job: Job) -> None:
        self.prepared += 1

    def notes(self, job: Job) -> Sequence[str]:
        return ("played",)

    def start(self, job: Job) -> Actor:
        self.seen.append(job)
        return Actor(job, self.play(int(job.command[-1])), self)


def value(x: int) -> Play:
    return Play([f"acc=0.{x}"])


class Ran(NamedTuple):
    outcome: Outcome
    trials: tuple[Trial, ...]
    events: list[Event]
    stage: Stage


Run = Callable[..., Ran]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def call(
        manifest: dict[str, Any],
        play: Callable[[int], Play] = value,
        *,
        interrupts: Callable[[], int] = lambda: 0,
        before: Sequence[Trial] = (),
        seed: int = 1,
        stopping: Callable[[float], object] = lambda grace: None,
        **plan: Any,
    ) -> Ran:
        events: list[Event] = []
        stage = Stage(play)
        stage.stopping = stopping
        store = Store(tmp_path)
        loop = Loop(
            Plan(manifest, seed, **plan), stage, store, on_event=events.append, interrupts=interrupts, before=before
        )
        outcome = loop.run()
        assert not stage.on, "a trial is left running"
        assert read_trials(tmp_path) == loop.trials
        return Ran(outcome, loop.trials, events, stage)

    return call


def states(ran: Ran) -> list[str]:
    return [str(trial.state) for trial in ran.trials]


def test_it_runs_as_many_trials_as_it_is_told_and_never_more_at_a_time(run: Run) -> None:
    ran = run(experiment())
    assert ran.outcome == (Reason.MAX_TRIALS_REACHED, "6 trials ended, and maxTrialCount is 6")
    assert states(ran) == ["Succeeded"] * 6
    assert (ran.stage.most, ran.stage.prepared) == (2, 1)
    assert [trial.value for trial in ran.trials] == [int(trial.assignment["x"]) / 10 for trial in ran.trials]
    assert all((trial.metrics[0].latest,) == trial.history for trial in ran.trials)


def test_it_ends_when_the_goal_is_reached_and_stops_the_rest(run: Run) -> None:
    spec = {"objective": {**experiment()["spec"]["objective"], "goal": 0.7}, **GRID, "maxTrialCount": 9}
    ran = run(experiment(**spec), lambda x: Play([f"acc=0.{x}"], polls=-1 if x < 7 else 1), timeout=60)
    assert ran.outcome.reason is Reason.GOAL_REACHED
    assert ran.outcome.message == "the goal 0.7 of acc is reached"
    killed = [trial for trial in ran.trials if trial.state is State.KILLED]
    assert [trial.reason for trial in killed] == ["the run ended first: the goal 0.7 of acc is reached"] * len(killed)
    assert any(isinstance(event, Stopping) and event.running == len(killed) for event in ran.events) == bool(killed)


def test_what_runs_at_the_end_may_be_waited_for_as_in_katib(run: Run) -> None:
    objective = {**experiment()["spec"]["objective"], "goal": 0.1}
    polls = iter((1, 50))
    ran = run(experiment(objective=objective), lambda x: Play([f"acc=0.{x}"], polls=next(polls)), drain=True)
    assert (ran.outcome.reason, states(ran)) == (Reason.GOAL_REACHED, ["Succeeded", "Succeeded"])


@pytest.mark.parametrize(
    ("spec", "play", "reason", "message", "trials"),
    [
        pytest.param(
            {"maxFailedTrialCount": 2},
            lambda x: Play(code=1),
            Reason.FAILED,
            "2 trials failed, and maxFailedTrialCount is 2",
            2,
            id="failures end it",
        ),
        pytest.param(
            {"maxFailedTrialCount": 0},
            lambda x: Play(code=1),
            Reason.FAILED,
            "2 trials failed, and maxFailedTrialCount is 0",
            2,
            id="0 acts like 1",
        ),
        pytest.param(
            {"maxFailedTrialCount": 2},
            lambda x: Play(["nothing"]),
            Reason.FAILED,
            "2 trials failed, and maxFailedTrialCount is 2",
            2,
            id="no metric is a failure",
        ),
        pytest.param(
            {},
            lambda x: Play(code=1),
            Reason.MAX_TRIALS_REACHED,
            "6 trials ended, and maxTrialCount is 6",
            6,
            id="without a limit failures do not matter",
        ),
        pytest.param(
            {**GRID, "maxTrialCount": 20},
            value,
            Reason.SUGGESTION_END_REACHED,
            "there is nothing left to suggest after 9 trials",
            9,
            id="the grid ends first",
        ),
    ],
)
def test_it_ends_as_katib_does(
    run: Run, spec: dict[str, Any], play: Callable[[int], Play], reason: Reason, message: str, trials: int
) -> None:
    ran = run(experiment(**spec), play)
    assert (ran.outcome.reason, ran.outcome.message, len(ran.trials)) == (reason, message, trials)


def test_trials_without_metrics_make_room_for_further_ones(run: Run) -> None:
    polls = iter((1, 3, 3, 3, 9, 9, 9))
    ran = run(experiment(maxTrialCount=3), lambda x: Play([] if (n := next(polls)) == 1 else ["acc=0.5"], polls=n))
    assert states(ran)[:3] == ["MetricsUnavailable", "Succeeded", "Succeeded"]
    assert len(ran.trials) == 4, "Katib counts the first as completed only when it asks whether the Experiment is over"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        pytest.param(
            {
                "parameters": [
                    {"name": "x", "parameterType": "categorical", "feasibleSpace": {"list": ['a"b']}},
                ]
            },
            "holds a quote",
            id="a trial that cannot be made",
        ),
        pytest.param(
            {
                "algorithm": {
                    "algorithmName": "hyperband",
                    "algorithmSettings": [
                        {"name": "r_l", "value": "9"},
                        {"name": "eta", "value": "3"},
                        {"name": "resource_name", "value": "x"},
                    ],
                }
            },
            "takes no number but the 2 that it asks for",
            id="suggestions that Katib does not take",
        ),
    ],
)
def test_what_would_never_end_in_a_cluster_ends_here_and_says_so(run: Run, spec: dict[str, Any], words: str) -> None:
    ran = run(experiment(**spec))
    assert ran.outcome.reason is Reason.STUCK
    assert words in ran.outcome.message
    assert not ran.trials


def test_what_has_no_counterpart_is_said_before_the_start(run: Run) -> None:
    with pytest.raises(Unsupported, match="algorithm `pbt` has no counterpart"):
        run(experiment(algorithm={"algorithmName": "pbt"}))


def test_a_seed_repeats_names_and_points(run: Run) -> None:
    one, two, other = (run(experiment(), seed=seed) for seed in (3, 3, 4))
    named = [(trial.name, dict(trial.assignment)) for trial in one.trials]
    assert named == [(trial.name, dict(trial.assignment)) for trial in two.trials]
    assert named != [(trial.name, dict(trial.assignment)) for trial in other.trials]
    assert all(len(name) == 10 and name[:2] == "e-" and set(name[2:]) <= set(NAME_LETTERS) for name, _ in named)


def test_a_trial_that_takes_too_long_has_failed(run: Run) -> None:
    ran = run(experiment(maxTrialCount=1), lambda x: Play(["acc=0.5"], polls=-1), trial_timeout=0.01)
    (trial,) = ran.trials
    assert (trial.state, trial.reason) == (State.FAILED, "stopped after 0.01 s, as --trial-timeout says")
    assert trial.metrics == ()


def test_a_deadline_of_the_trial_holds_here_too(run: Run) -> None:
    manifest = experiment(maxTrialCount=1)
    manifest["spec"]["trialTemplate"]["trialSpec"]["spec"]["activeDeadlineSeconds"] = 1
    ran = run(manifest, lambda x: Play(polls=-1), trial_timeout=60)
    assert ran.trials[0].reason == "stopped after 1 s, as its activeDeadlineSeconds says"


def test_trials_that_take_too_long_are_stopped_at_a_time(run: Run) -> None:
    both = threading.Barrier(2)

    def met(grace: float) -> None:
        with suppress(threading.BrokenBarrierError):  # where one trial waits for the other
            both.wait(10)

    ran = run(
        experiment(maxTrialCount=2),
        lambda x: Play(["acc=0.5"], polls=-1),
        trial_timeout=0.01,
        stopping=met,
    )
    assert not both.broken
    assert states(ran) == ["Failed"] * 2


@pytest.mark.parametrize(
    ("requests", "graces"),
    [
        pytest.param([0, 1], {10.0}, id="one request"),
        pytest.param([0, 2], {10.0, 0.0}, id="a second one before the first was seen"),
    ],
)
def test_a_second_request_is_never_lost(run: Run, requests: list[int], graces: set[float]) -> None:
    asked, given, urged = iter(requests), list[float](), threading.Event()

    def stopping(grace: float) -> None:
        given.append(grace)
        if grace == 0:
            urged.set()
        elif requests[-1] > 1:
            urged.wait(10)

    run(
        experiment(maxTrialCount=1),
        lambda x: Play(polls=-1),
        interrupts=lambda: next(asked, requests[-1]),
        stopping=stopping,
    )
    assert set(given) == graces


def test_a_run_that_takes_too_long_ends_and_keeps_what_it_has(run: Run) -> None:
    ran = run(experiment(**GRID), lambda x: Play([f"acc=0.{x}"], polls=1 if x == 3 else -1), timeout=0.3)
    assert ran.outcome == (Reason.TIMED_OUT, "0.3 s are over; --resume goes on")
    assert set(states(ran)) <= {"Succeeded", "Killed"}


def test_an_interrupt_stops_what_runs_and_keeps_what_has_ended(run: Run) -> None:
    asked = iter([0] * 4 + [1] * 1000)
    polls = iter((1, *[-1] * 9))
    ran = run(experiment(), lambda x: Play(["acc=0.5"], polls=next(polls)), interrupts=lambda: next(asked))
    assert ran.outcome.reason is Reason.INTERRUPTED
    assert states(ran)[0] == "Succeeded"
    assert set(states(ran)[1:]) == {"Killed"}


def test_a_run_goes_on_where_it_was(run: Run) -> None:
    asked = iter([0] * 8 + [1] * 1000)
    polls = iter((1, 1, *[-1] * 9))
    whole = run(experiment(), seed=5)
    cut = run(experiment(), lambda x: Play([f"acc=0.{x}"], polls=next(polls)), interrupts=lambda: next(asked), seed=5)
    assert "Killed" in states(cut)
    after = run(experiment(), before=cut.trials, seed=5)
    assert states(after) == ["Succeeded"] * 6
    assert [(t.name, t.assignment) for t in after.trials] == [(t.name, t.assignment) for t in whole.trials]
    started = [event.trial.number for event in after.events if isinstance(event, Started)]
    assert started == [number for number in range(6) if states(cut)[number : number + 1] != ["Succeeded"]]


def test_a_run_with_higher_counts_goes_on(run: Run) -> None:
    first = run(experiment(**GRID, maxTrialCount=3))
    more = run(experiment(**GRID, maxTrialCount=5), before=first.trials)
    assert len(more.trials) == 5
    assert len({trial.assignment["x"] for trial in more.trials}) == 5, "a grid gives no point twice"


def test_a_run_that_is_over_starts_nothing(run: Run) -> None:
    first = run(experiment())
    assert not run(experiment(), before=first.trials).events


def test_a_runner_that_cannot_leaves_nothing_behind(tmp_path: Path) -> None:
    class Broken(Stage):
        def start(self, job: Job) -> Actor:
            if self.seen:
                raise RunnerError("no more", "wait")
            return super().start(job)

    stage = Broken(lambda x: Play(polls=-1))
    with pytest.raises(RunnerError, match="no more"):
        Loop(Plan(experiment(), 1), stage, Store(tmp_path), on_event=lambda _: None).run()
    assert not stage.on
    assert [trial.state for trial in read_trials(tmp_path)] == [State.KILLED]


def test_each_trial_has_its_object_in_its_folder(run: Run, tmp_path: Path) -> None:
    ran = run(experiment(maxTrialCount=1))
    (trial,) = ran.trials
    written = (tmp_path / trial.folder / "trial.yaml").read_text("utf-8")
    assert written.startswith(f"apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {trial.name}\n  namespace: team\n")
    assert f'- "{trial.assignment["x"]}"' in written
    assert (tmp_path / TRIALS).is_file()


def test_the_history_is_in_the_order_of_time(run: Run) -> None:
    late, early = "2026-01-02T00:00:00Z acc=0.2", "2026-01-01T00:00:00Z acc=0.1"
    ran = run(experiment(maxTrialCount=1), lambda x: Play([late, early]))
    assert (ran.trials[0].history, ran.trials[0].metrics[0].latest) == (("0.1", "0.2"), "0.2")


def test_an_image_may_be_given(run: Run) -> None:
    assert [job.image for job in run(experiment(maxTrialCount=1), image="other:2").stage.seen] == ["other:2"]


def test_events_say_what_happens_in_order(run: Run) -> None:
    ran = run(experiment(maxTrialCount=1, parallelTrialCount=1))
    assert [type(event).__name__ for event in ran.events] == ["Began", "Started", "Reported", "Ended"]
    assert ran.events[0].notes == ("the points of random are drawn here: a cluster draws others", "played")


# Early stopping, as the loop has it: a rule is made when a trial is suggested.

MEDIAN = {
    "earlyStopping": {
        "algorithmName": "medianstop",
        "algorithmSettings": [{"name": "min_trials_required", "value": "2"}, {"name": "start_step", "value": "2"}],
    },
    "parallelTrialCount": 1,
    "maxTrialCount": 3,
}


def test_a_trial_that_is_worse_than_others_were_is_stopped(run: Run) -> None:
    plays = iter([Play(["acc=0.5", "acc=0.7"]), Play(["acc=0.7", "acc=0.9"]), Play(["acc=0.1", "acc=0.69"], polls=-1)])
    ran = run(experiment(**MEDIAN), lambda x: next(plays))
    assert states(ran) == ["Succeeded", "Succeeded", "EarlyStopped"]
    assert (ran.trials[2].value, ran.trials[2].history) == (0.69, ("0.1", "0.69"))
    assert [e.value for e in ran.events if isinstance(e, Reported)][-2:] == ["0.1", "0.69"]


def test_a_report_that_is_no_number_ends_the_collector(run: Run) -> None:
    plays = iter([Play(["acc=0.5"]), Play(["acc=0.7"]), Play(["acc=nan", "acc=0.9", "acc=0.9"])])
    ran = run(experiment(**MEDIAN), lambda x: next(plays))
    assert states(ran)[2] == "Failed"
    assert "the collector ends at the value ``, which is no number" in ran.trials[2].reason


def test_a_value_that_the_service_cannot_read_is_said(run: Run) -> None:
    plays = iter([Play(["acc=0.5", "acc=nan"]), Play(["acc=0.7"]), Play(["acc=0.9"])])
    ran = run(experiment(**MEDIAN), lambda x: next(plays))
    assert ran.outcome.reason is Reason.STUCK
    assert "medianstop cannot read `` as a value of acc" in ran.outcome.message


@pytest.mark.parametrize("printed", ["acc=nan", "acc="])
def test_a_value_that_no_suggestion_service_can_read_ends_the_run(run: Run, printed: str) -> None:
    strategies = [{"name": "acc", "value": "latest"}]
    held = {"type": "maximize", "objectiveMetricName": "acc", "metricStrategies": strategies}
    ran = run(experiment(objective=held, parallelTrialCount=1), lambda x: Play([printed]))
    assert states(ran) == ["Succeeded"]
    assert ran.outcome.reason is Reason.STUCK
    assert "cannot read `` as the value of acc in trial e-" in ran.outcome.message


def test_a_suggester_that_is_stuck_lets_running_trials_end(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Suggester:
        asked = 0

        def ask(self, count: int, trials: Sequence[Any]) -> list[dict[str, str]]:
            self.asked += 1
            if self.asked > 1:
                raise Stuck("never again")
            return [{"x": "1"}, {"x": "2"}]

    monkeypatch.setattr(loops, "suggester", lambda *_: Suggester())
    ran = run(experiment(), lambda x: Play(["acc=0.5"], polls=1 if x == 1 else 30))
    assert (ran.outcome, states(ran)) == ((Reason.STUCK, "never again"), ["Succeeded", "Succeeded"])


# Ends and the best trial, without a loop.


def trial(number: int, state: State, *values: str) -> Trial:
    metrics = (Metric("acc", len(values), 1, values[0], values[1], values[2]),) if values else ()
    return Trial(number, f"e-{number}", {}, state, metrics)


def same(text: str, state: State = State.SUCCEEDED) -> Callable[[int], Trial]:
    return lambda number: trial(number, state, text, text, text)


@pytest.mark.parametrize(
    ("kind", "goal", "given", "found", "reached"),
    [
        pytest.param("maximize", None, [same("0.1"), same("0.3"), same("0.2")], 1, False, id="the greatest"),
        pytest.param("minimize", None, [same("0.2"), same("0.1"), same("0.3")], 1, False, id="the least"),
        pytest.param("maximize", None, [same("0.3"), same("0.3")], 0, False, id="of equal ones the first"),
        pytest.param("maximize", 0.3, [same("0.3"), same("0.1")], 0, True, id="a goal is reached by an equal value"),
        pytest.param("minimize", 0.05, [same("0.1"), same("0.3")], 0, False, id="a goal is not reached"),
        pytest.param("maximize", None, [same("abc"), same("def")], 1, False, id="of texts the last"),
        pytest.param("maximize", None, [same("abc"), same("-1")], 0, False, id="after a text, Katib compares with 0"),
        pytest.param("maximize", None, [same("0.9"), same("")], 1, False, id="an empty value is a text"),
        pytest.param("maximize", 0.5, [same("nan"), same("0.9")], 0, False, id="nothing is greater than nan"),
        pytest.param(
            "maximize", None, [same("0.9", State.FAILED), same("0.1")], 1, False, id="a failure does not count"
        ),
        pytest.param(
            "maximize", None, [same("0.9", State.EARLY_STOPPED), same("0.1")], 0, False, id="what was stopped counts"
        ),
        pytest.param("maximize", None, [same(UNAVAILABLE)], None, False, id="nothing was measured"),
    ],
)
def test_the_best_trial(
    kind: str, goal: float | None, given: list[Callable[[int], Trial]], found: int | None, reached: bool
) -> None:
    strategies = [{"name": "acc", "value": "latest"}]
    asked = wanted(
        {"objective": {"type": kind, "goal": goal, "objectiveMetricName": "acc", "metricStrategies": strategies}}
    )
    result = best([make(number) for number, make in enumerate(given)], asked)
    assert (None if result.trial is None else result.trial.number, result.reached) == (found, reached)


@pytest.mark.parametrize(
    ("strategy", "number"), [pytest.param("min", 1, id="min"), pytest.param("max", 0, id="max"), ("latest", 2)]
)
def test_the_best_trial_is_by_the_strategy(strategy: str, number: int) -> None:
    asked = wanted(
        {
            "objective": {
                "type": "maximize",
                "objectiveMetricName": "acc",
                "metricStrategies": [{"name": "acc", "value": strategy}],
            }
        }
    )
    rows = (("0.1", "0.9", "0.1"), ("0.3", "0.8", "0.2"), ("0.2", "0.7", "0.6"))
    result = best([trial(at, State.SUCCEEDED, *row) for at, row in enumerate(rows)], asked)
    assert result.trial is not None
    assert result.trial.number == number


def test_the_goal_comes_before_failures_and_these_before_the_count() -> None:
    spec = experiment(maxFailedTrialCount=1, maxTrialCount=2)["spec"]
    spec["objective"]["goal"] = 0.5
    good, bad = same("0.9")(0), trial(1, State.FAILED)

    def reason(trials: list[Trial]) -> Reason | None:
        found = verdict(spec, trials, wanted(spec), exhausted=False)
        return None if found is None else found.reason

    assert reason([good, bad]) is Reason.GOAL_REACHED
    assert reason([same("0.1")(0), bad]) is Reason.FAILED
    assert reason([same("0.1")(0), same("0.2")(1)]) is Reason.MAX_TRIALS_REACHED
    assert reason([same("0.1")(0)]) is None


@pytest.mark.parametrize(
    ("given", "count"),
    [
        pytest.param([], 3, id="at first as many as run at a time"),
        pytest.param([State.RUNNING], 2, id="what is missing"),
        pytest.param([State.SUCCEEDED] * 4, 1, id="no more than are left"),
        pytest.param([State.SUCCEEDED] * 3 + [State.UNAVAILABLE], 2, id="what has no metrics does not count"),
        pytest.param([State.SUCCEEDED] * 5, 0, id="none when all are done"),
        pytest.param([State.RUNNING] * 4, 0, id="none when too many run"),
    ],
)
def test_how_many_trials_are_missing(given: list[State], count: int) -> None:
    spec = experiment(parallelTrialCount=3, maxTrialCount=5)["spec"]
    assert missing(spec, [trial(number, state) for number, state in enumerate(given)]) == count


def test_ended_events_carry_the_trial_as_it_is_kept(run: Run) -> None:
    ran = run(experiment())
    assert sorted((e.trial for e in ran.events if isinstance(e, Ended)), key=lambda t: t.number) == list(ran.trials)
