"""KG3xx, a row a case: what is said, or that nothing is."""

from __future__ import annotations

from typing import Any

import pytest
from subjects import DELETE, choice, double, run, space, subject, whole

from kgen.model.diagnostic import Edit, EditKind
from kgen.rules import search
from kgen.rules.rule import Rule
from kgen.rules.subject import Subject

_KIND = "spec.metricsCollectorSpec.collector.kind"
_NAS = {"spec.nasConfig": {"graphConfig": {}}, "spec.parameters": DELETE}


def _on(**counts: Any) -> dict[str, Any]:
    return {f"spec.{key}": value for key, value in counts.items()}


def _grid(most: int, *parameters: dict[str, Any]) -> Subject:
    made = space(*parameters, algorithm="grid")
    made.manifest["spec"]["maxTrialCount"] = most
    return made


def _hyperband(r_l: str, most: int | None, parallel: int) -> Subject:
    pairs = [{"name": "r_l", "value": r_l}, {"name": "resource_name", "value": "lr"}]
    counts = {"spec.maxTrialCount": DELETE if most is None else most, "spec.parallelTrialCount": parallel}
    return subject({"algorithm": "hyperband", "spec.algorithm.algorithmSettings": pairs, **counts})


ROWS = [
    (
        search.objective_metric_listed_once,
        subject({"spec.objective.additionalMetricNames": ["acc", "loss"]}),
        "spec.objective.additionalMetricNames[1]: additionalMetricNames repeats the objective metric `loss`",
        "the objective metric again",
    ),
    (
        search.objective_metric_listed_once,
        subject({"spec.objective.additionalMetricNames": ["acc", "acc"]}),
        None,
        "another metric twice is admitted",
    ),
    (
        search.algorithm_registered,
        subject({"algorithm": "bayesian-optimization"}),
        "spec.algorithm.algorithmName: Katib brings no algorithm `bayesian-optimization`",
        "a misspelt algorithm",
    ),
    (
        search.algorithm_registered,
        subject({"algorithm": "TPE"}),
        "spec.algorithm.algorithmName: Katib brings no algorithm `TPE`",
        "names are case-sensitive",
    ),
    (
        search.algorithm_registered,
        subject({"algorithm": ""}),
        "spec.algorithm.algorithmName: the algorithm has no name",
        "an empty name",
    ),
    (search.algorithm_registered, subject({"algorithm": "sobol"}), None, "a stock algorithm"),
    (
        search.early_stopping_registered,
        subject({"spec.earlyStopping": {"algorithmName": "median"}}),
        "spec.earlyStopping.algorithmName: Katib brings no early stopping algorithm `median`",
        "a misspelt early stopping",
    ),
    (
        search.early_stopping_registered,
        subject({"spec.earlyStopping": {}}),
        "spec.earlyStopping.algorithmName: the early stopping algorithm has no name",
        "an empty earlyStopping",
    ),
    (
        search.early_stopping_registered,
        subject({"spec.earlyStopping": {"algorithmName": "medianstop"}}),
        None,
        "medianstop",
    ),
    (
        search.early_stopping_sees_metrics,
        subject({"spec.earlyStopping": {"algorithmName": "medianstop"}, _KIND: "TensorFlowEvent"}),
        "spec.earlyStopping: earlyStopping makes the TensorFlowEvent collector fail in every trial",
        "medianstop with events",
    ),
    (search.early_stopping_sees_metrics, subject({_KIND: "TensorFlowEvent"}), None, "events without early stopping"),
    (
        search.early_stopping_reaches_collector,
        subject({"spec.earlyStopping": {"algorithmName": "medianstop"}, _KIND: "Push"}),
        "spec.earlyStopping: earlyStopping stops no trial: collector Push never gets its rules",
        "medianstop with Push",
    ),
    (
        search.early_stopping_reaches_collector,
        subject({"spec.earlyStopping": {"algorithmName": "medianstop"}, _KIND: "File"}),
        None,
        "medianstop with a file",
    ),
    (
        search.pbt_keeps_a_volume,
        subject({"algorithm": "pbt"}),
        "spec.resumePolicy: resumePolicy Never gives pbt no volume for its checkpoints",
        "pbt that keeps nothing",
    ),
    (
        search.pbt_keeps_a_volume,
        subject({"algorithm": "pbt", "spec.resumePolicy": "FromVolume"}),
        None,
        "pbt with a volume",
    ),
    (
        search.one_request_is_enough,
        subject({"algorithm": "hyperband"}),
        "spec.maxTrialCount: hyperband serves 3 trials (parallelTrialCount) and then no more of maxTrialCount 12",
        "hyperband in two requests",
    ),
    (
        search.one_request_is_enough,
        _hyperband("9", None, 9),
        "spec.maxTrialCount: hyperband serves 9 trials (parallelTrialCount) and then no more,"
        " as maxTrialCount is absent",
        "hyperband without end",
    ),
    (
        search.one_request_is_enough,
        _hyperband("1", 4, 3),
        "spec.maxTrialCount: hyperband serves 3 trials (parallelTrialCount) and then no more of maxTrialCount 4",
        "one trial more, and no round to make it in",
    ),
    (search.one_request_is_enough, _hyperband("9", 10, 9), None, "one trial more, from the second round"),
    (search.one_request_is_enough, _hyperband("9", 9, 9), None, "hyperband in one request"),
    (
        search.one_request_is_enough,
        subject({"algorithm": "darts", **_on(maxTrialCount=1, parallelTrialCount=1)}),
        None,
        "darts in one request",
    ),
    (
        search.grid_has_enough_points,
        _grid(6, whole("1", "5")),
        "spec.maxTrialCount: maxTrialCount 6 is more than the 5 points of the grid",
        "one trial too many",
    ),
    (search.grid_has_enough_points, _grid(5, whole("1", "5")), None, "as many trials as points"),
    (
        search.grid_has_enough_points,
        _grid(10, double("0.001", "0.01", step="0.001")),
        "spec.maxTrialCount: maxTrialCount 10 is more than the 9 points of the grid",
        "the tenth double comes out above max",
    ),
    (search.grid_has_enough_points, _grid(5, double("0.01", "0.05", step="0.01")), None, "five doubles"),
    (
        search.grid_has_enough_points,
        _grid(3, double("0.1", "0.5", step="0.2")),
        "spec.maxTrialCount: maxTrialCount 3 is more than the 2 points of the grid",
        "0.1 and two steps of 0.2 are above 0.5",
    ),
    (
        search.grid_has_enough_points,
        _grid(13, whole("0", "2", step="2"), choice("categorical", "a", "a", "b"), choice("discrete", "1", "2")),
        "spec.maxTrialCount: maxTrialCount 13 is more than the 12 points of the grid",
        "a value given twice is two points",
    ),
    (search.grid_has_enough_points, _grid(99, double("x", "1", step="1")), None, "a bound that is no number is KG401"),
    (
        search.cmaes_has_two_dimensions,
        space(double(), choice("discrete", "1", "2"), algorithm="cmaes"),
        "spec.parameters: cmaes needs two parameters of type int or double, not 1",
        "one number and one list",
    ),
    (search.cmaes_has_two_dimensions, space(double(), whole(), algorithm="cmaes"), None, "two numbers"),
    (
        search.one_search_space,
        subject({"spec.nasConfig": {}}),
        "spec.nasConfig: parameters and nasConfig are both given: Katib takes one of the two",
        "both spaces",
    ),
    (
        search.one_search_space,
        subject({"spec.parameters": DELETE}),
        "spec: neither parameters nor nasConfig is given: there is nothing to search",
        "no space",
    ),
    (search.one_search_space, subject(_NAS), None, "an empty nasConfig counts"),
    (
        search.space_fits_algorithm,
        subject({"algorithm": "darts"}),
        "spec.parameters: algorithm darts searches nasConfig, but parameters is given",
        "darts with parameters",
    ),
    (
        search.space_fits_algorithm,
        subject(_NAS),
        "spec.nasConfig: algorithm random searches parameters, but nasConfig is given",
        "random with a nasConfig",
    ),
    (search.space_fits_algorithm, subject({**_NAS, "algorithm": "enas"}), None, "enas with a nasConfig"),
    (
        search.sobol_knows_the_dimensions,
        space(*([double()] * 21200), algorithm="sobol"),
        "spec.parameters: sobol has 21199 dimensions, and there are 21200 parameters",
        "one dimension too many",
    ),
    (search.sobol_knows_the_dimensions, space(*([double()] * 21199), algorithm="sobol"), None, "as many as there are"),
    (search.sobol_knows_the_dimensions, space(*([double()] * 21200)), None, "random has no limit"),
    (
        search.pbt_trials_see_checkpoints,
        subject({"algorithm": "pbt", _KIND: "Push"}),
        f"{_KIND}: collector Push leaves pbt's trials without the volume of their checkpoints",
        "pbt with Push",
    ),
    (
        search.pbt_trials_see_checkpoints,
        subject(
            {"algorithm": "pbt", "spec.algorithm.algorithmSettings": [{"name": "suggestion_trial_dir", "value": ""}]}
        ),
        "spec.algorithm.algorithmSettings[0].value:"
        " `suggestion_trial_dir` is empty: no volume is mounted in the trials",
        "an empty folder",
    ),
    (search.pbt_trials_see_checkpoints, subject({"algorithm": "pbt"}), None, "pbt with StdOut"),
    (search.pbt_trials_see_checkpoints, subject({_KIND: "Push"}), None, "random with Push"),
]


@pytest.mark.parametrize(
    ("rule", "on", "message"), [pytest.param(*row[:3], id=f"{row[0].code} {row[3]}") for row in ROWS]
)
def test_search(rule: Rule, on: Subject, message: str | None) -> None:
    assert run(rule, on) == ([] if message is None else [message])


def test_every_rule_is_seen_to_speak_and_to_keep_silent() -> None:
    for rule in search.RULES:
        messages = [row[2] for row in ROWS if row[0] is rule]
        assert None in messages, rule.code
        assert any(messages), rule.code


@pytest.mark.parametrize(("given", "meant"), [("TPE", "tpe"), ("bayesian-optimization", "bayesianoptimization")])
def test_a_near_algorithm_is_put_right(given: str, meant: str) -> None:
    (finding,) = search.algorithm_registered.check(subject({"algorithm": given}))
    assert finding.fix == (Edit(EditKind.SET, ("spec", "algorithm", "algorithmName"), meant),)


@pytest.mark.parametrize("given", ["", "annealing"])
def test_what_is_near_nothing_is_not_put_right(given: str) -> None:
    (finding,) = search.algorithm_registered.check(subject({"algorithm": given}))
    assert finding.fix == ()
