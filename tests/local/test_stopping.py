"""medianstop: the rule that is made when a trial starts, and when a running trial breaks it."""

from __future__ import annotations

from typing import Any

import pytest

from kgen.katib.collectors import wanted
from kgen.local.stopping import Medianstop, Rule, Watch, early_stopping
from kgen.local.trial import State, Trial
from kgen.search.suggestion import Stuck, Unsupported

WANTED = wanted({"objective": {"type": "maximize", "objectiveMetricName": "acc"}})


def done(*history: str, state: State = State.SUCCEEDED) -> Trial:
    return Trial(0, "t", {}, state, history=history)


@pytest.mark.parametrize(
    ("trials", "value"),
    [
        pytest.param([], None, id="no trial has succeeded"),
        pytest.param([done("1", "1")], None, id="too few have succeeded"),
        pytest.param([done("1", "3"), done("5", "7")], 4.0, id="the mean of means"),
        pytest.param([done("1", "3", "100"), done("5", "7")], 4.0, id="of the first values alone"),
        pytest.param([done("2"), done("5", "7")], 4.0, id="a trial with fewer values has the mean of those"),
        pytest.param(
            [done("1", "3"), done("9", state=State.EARLY_STOPPED)], None, id="what was stopped does not count"
        ),
        pytest.param([done("1", "3"), done("9", state=State.RUNNING)], None, id="what runs does not count"),
        pytest.param([done("inf"), done("1")], float("inf"), id="Python reads inf"),
    ],
)
def test_the_rule(trials: list[Trial], value: float | None) -> None:
    rule = Medianstop(WANTED, required=2, step=2).rule(trials)
    assert (None if rule is None else rule.value) == value


def test_a_value_that_python_cannot_read_stops_the_service() -> None:
    with pytest.raises(Stuck, match="medianstop cannot read `0x1p-2` as a value of acc in trial t"):
        Medianstop(WANTED, required=1).rule([done("0x1p-2")])


@pytest.mark.parametrize(
    ("maximize", "step", "reports", "at"),
    [
        pytest.param(True, 2, ["0.1", "0.2"], 1, id="worse at the step"),
        pytest.param(True, 2, ["0.1", "0.6"], None, id="better at the step"),
        pytest.param(True, 2, ["0.6", "0.1"], None, id="the best so far counts"),
        pytest.param(True, 2, ["0.5", "0.1"], None, id="an equal value is not worse"),
        pytest.param(True, 3, ["0.1", "0.1"], None, id="before the step nothing is compared"),
        pytest.param(True, 1, ["0.1"], 0, id="a step of 1 compares the first report"),
        pytest.param(True, 2, ["0.6", "0.6", "0.1"], None, id="after the step nothing is compared"),
        pytest.param(False, 2, ["0.9", "0.8"], 1, id="greater is worse when minimizing"),
        pytest.param(False, 2, ["0.9", "0.4"], None, id="the least so far counts when minimizing"),
        pytest.param(True, 2, ["nan", "nan"], None, id="nan is not worse"),
        pytest.param(True, 2, [" 0.1 ", "0x1p-3"], 1, id="numbers as Go reads them"),
    ],
)
def test_a_running_trial(maximize: bool, step: int, reports: list[str], at: int | None) -> None:
    watch = Watch(Rule(0.5, step, maximize))
    assert next((index for index, value in enumerate(reports) if watch.add(value)), None) == at
    assert watch.broken is None


def test_a_report_that_is_no_number_ends_the_collector() -> None:
    watch = Watch(Rule(0.5, 2, maximize=True))
    assert [watch.add(value) for value in ("", "0.1", "0.1")] == [False] * 3
    assert watch.broken == ""


def spec(collector: str, **given: Any) -> dict[str, Any]:
    return {
        "objective": {"type": "maximize", "objectiveMetricName": "acc"},
        "metricsCollectorSpec": {"collector": {"kind": collector}},
        "earlyStopping": {"algorithmName": "medianstop", **given},
    }


@pytest.mark.parametrize(
    ("given", "service", "note"),
    [
        pytest.param(spec("StdOut"), (3, 4), "", id="defaults"),
        pytest.param(
            spec(
                "File",
                algorithmSettings=[{"name": "min_trials_required", "value": "5"}, {"name": "start_step", "value": "2"}],
            ),
            (5, 2),
            "",
            id="settings",
        ),
        pytest.param(spec("TensorFlowEvent"), None, "ends with an error in every trial", id="event files"),
        pytest.param(spec("PrometheusMetric"), None, "knows nothing of it", id="another collector"),
        pytest.param({"objective": {}}, None, "", id="none is asked for"),
    ],
)
def test_the_service_of_an_experiment(given: dict[str, Any], service: tuple[int, int] | None, note: str) -> None:
    made, said = early_stopping(given, wanted(given))
    assert (None if made is None else (made.required, made.step)) == service
    assert note in said
    assert bool(said) == bool(note)


def test_another_algorithm_has_no_counterpart() -> None:
    given = spec("StdOut", algorithmName="other")
    with pytest.raises(Unsupported, match="early stopping by `other` has no counterpart"):
        early_stopping(given, wanted(given))
