"""KG32x to KG34x: a row a case, with what is said, or that nothing is; and what becomes of some eighty searches."""

from __future__ import annotations

from typing import Any

import pytest
from subjects import choice, double, run, space, subject, whole
from verdicts import agrees, errors, wrapped

from kgen.katib import settings as katib
from kgen.model.diagnostic import EditKind
from kgen.rules import (
    distributions,
    feasible,
    nas,
    parameters,
    populations,
    search,
    settings,
    stopping,
    values,
)
from kgen.rules.rule import Rule
from kgen.rules.subject import Subject

S, P, N, E, V = settings, populations, nas, stopping, values
_AT = "spec.algorithm.algorithmSettings"
HYPERBAND = {"r_l": "9", "eta": "3", "resource_name": "lr"}
PBT = {"suggestion_trial_dir": "/x", "n_population": "5", "truncation_threshold": "0.2"}


def _pairs(given: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in given.items()]


def _set(algorithm: str, given: dict[str, str] | None = None, **spec: Any) -> Subject:
    return subject(
        {
            "algorithm": algorithm,
            "spec.algorithm.algorithmSettings": _pairs(given or {}),
            **{f"spec.{key}": value for key, value in spec.items()},
        }
    )


def _twice(algorithm: str, name: str, *given: str) -> Subject:
    pairs = [{"name": name, "value": value} for value in given]
    return subject({"algorithm": algorithm, "spec.algorithm.algorithmSettings": pairs})


def _stop(given: dict[str, str], name: str = "medianstop") -> Subject:
    return subject({"spec.earlyStopping": {"algorithmName": name, "algorithmSettings": _pairs(given)}})


GRAPH = {"numLayers": 2, "inputSizes": [3], "outputSizes": [10]}
SIZE = {"name": "k", **choice("categorical", "3", "5")}


def _nas(algorithm: str, *parameters: dict[str, Any], **graph: Any) -> Subject:
    operations = [{"operationType": "conv", "parameters": list(parameters)}] if parameters else []
    config = {"graphConfig": {**GRAPH, **graph}, "operations": operations}
    return subject({"algorithm": algorithm, "spec.nasConfig": config})


def _range(kind: str, **given: str) -> dict[str, Any]:
    return {"name": "k", "parameterType": kind, "feasibleSpace": given}


def _one(what: str, at: str = "[0].value") -> str:
    return f"{_AT}{at}: {what}"


def _op(field: str, what: str) -> str:
    return f"spec.nasConfig.operations[0].parameters[0].{field}: operation `conv`{what}"


def _space(field: str, message: str) -> str:
    return f"spec.parameters[0].feasibleSpace{field}: parameter `a`: {message}"


ROWS = [
    (
        S.settings_are_known,
        _set("tpe", {"n_ei_candidates": "9"}),
        _one("tpe refuses the setting `n_ei_candidates`", "[0].name"),
        "the name of another algorithm's setting",
    ),
    (S.settings_are_known, _set("tpe", {"n_EI_candidates": "9"}), None, "tpe's own"),
    (S.settings_are_known, _set("darts", {"foo": "x"}), None, "darts hands on what it does not know"),
    (S.settings_are_known, _set("cmaes", {"foo": "x"}), None, "cmaes ignores what it does not know"),
    (S.settings_are_known, _set("annealing", {"foo": "x"}), None, "an algorithm that Katib does not bring"),
    (
        S.settings_have_a_use,
        _set("cmaes", {"sigma0": "0.1"}),
        _one("cmaes ignores the setting `sigma0`", "[0].name"),
        "a near name",
    ),
    (
        S.settings_have_a_use,
        _set("sobol", {"random_state": "1"}),
        _one("sobol ignores the setting `random_state`", "[0].name"),
        "sobol has no settings",
    ),
    (
        S.settings_have_a_use,
        _set("darts", {"num_epoch": "1"}),
        _one("darts does not read `num_epoch`, and `num_epochs` is one it reads", "[0].name"),
        "nearly one of darts'",
    ),
    (S.settings_have_a_use, _set("darts", {"my_own_thing": "1"}), None, "the trial's own"),
    (
        S.settings_are_legal,
        _set("random", {"random_state": "1.0"}),
        _one("random cannot take `random_state` `1.0`: it wants a whole number, 0 or more"),
        "a point",
    ),
    (S.settings_are_legal, _set("random", {"random_state": " 1_0 "}), None, "what int() reads"),
    (
        S.settings_are_legal,
        _set("tpe", {"gamma": "nan"}),
        _one("tpe cannot take `gamma` `nan`: it wants a number between 0 and 1"),
        "nan is in no range",
    ),
    (
        S.settings_are_legal,
        _set("bayesianoptimization", {"base_estimator": "gp"}),
        _one("bayesianoptimization cannot take `base_estimator` `gp`: it wants one of `GP`, `RF`, `ET`, `GBRT`"),
        "small letters",
    ),
    (
        S.settings_are_legal,
        _set("hyperband", {**HYPERBAND, "eta": "1.9"}),
        _one("hyperband reads `eta` `1.9` as 1 and divides by zero", "[1].value"),
        "eta 1",
    ),
    (
        S.settings_are_legal,
        _set("hyperband", {**HYPERBAND, "eta": "-inf"}),
        _one("hyperband cannot take `eta` `-inf`: it wants a number above 0", "[1].value"),
        "eta without end",
    ),
    (S.settings_are_legal, _set("hyperband", {**HYPERBAND, "eta": "0"}), None, "eta 0 is read as 3"),
    (S.settings_are_legal, _set("cmaes", {"random_state": "x"}), None, "cmaes refuses nothing: KG323"),
    (S.settings_are_legal, _set("pbt", {**PBT, "resample_probability": "9"}), None, "KG329"),
    (S.settings_are_legal, _twice("hyperband", "r_l", "x", "9"), None, "hyperband looks at the last"),
    (
        S.settings_are_legal,
        _twice("random", "random_state", "x", "9"),
        _one("random cannot take `random_state` `x`: it wants a whole number, 0 or more"),
        "random looks at all",
    ),
    (S.settings_are_legal, _set("enas", {"controller_temperature": "None"}), None, "None where it is legal"),
    (
        S.settings_are_legal,
        _set("enas", {"controller_hidden_size": "None"}),
        _one("enas cannot take `controller_hidden_size` `None`: it wants a whole number, 1 or more"),
        "None where it is not",
    ),
    (
        S.settings_work,
        _set("grid", {"random_state": "4294967296"}),
        _one("grid gets stuck with `random_state` `4294967296`: only up to 4294967295 it can work"),
        "a seed beyond 32 bits",
    ),
    (S.settings_work, _set("grid", {"random_state": "4294967295"}), None, "the largest seed"),
    (S.settings_work, _twice("random", "random_state", "4294967296", "1"), None, "the last seed counts"),
    (
        S.settings_work,
        _set("bayesianoptimization", {"n_initial_points": "0"}),
        _one("bayesianoptimization gets stuck with `n_initial_points` `0`: only from 1 it can work"),
        "no initial points",
    ),
    (
        S.settings_work,
        _set("bayesianoptimization", {"base_estimator": "RF", "acq_optimizer": "lbfgs"}),
        _one(
            "bayesianoptimization gets stuck with `acq_optimizer` `lbfgs`: it does not work with base_estimator RF",
            "[1].value",
        ),
        "lbfgs on a forest",
    ),
    (S.settings_work, _set("bayesianoptimization", {"acq_optimizer": "lbfgs"}), None, "lbfgs on a process"),
    (
        S.settings_work,
        _set("bayesianoptimization", {"acq_func": "EIps"}),
        _one(
            "bayesianoptimization gets stuck with `acq_func` `EIps`:"
            " it wants the time that each trial took, which Katib never gives"
        ),
        "improvement by the second",
    ),
    (
        S.settings_work,
        _set("bayesianoptimization", {"acq_func": "EIps"}, maxTrialCount=3),
        None,
        "as long as no trial is told of",
    ),
    (
        S.settings_work,
        _set("multivariate-tpe", {"n_ei_candidates": "0"}),
        _one(
            "multivariate-tpe gets stuck with `n_ei_candidates` `0`:"
            " there is nothing to choose from once 10 trials have ended"
        ),
        "no candidates",
    ),
    (
        S.settings_work,
        _set("multivariate-tpe", {"n_ei_candidates": "0"}, maxTrialCount=10),
        None,
        "no candidates, and no trial that needs them",
    ),
    (
        S.settings_work,
        _set("cmaes", {"restart_strategy": "None"}),
        _one(
            "cmaes gets stuck with `restart_strategy` `None`:"
            " it wants one of `ipop`, `bipop`, `none`, without blanks and underscores"
        ),
        "cmaes passes everything at first",
    ),
    (S.settings_work, _set("cmaes", {"sigma": "-1", "random_state": "-1"}), None, "cmaes takes negative numbers"),
    (
        S.settings_work,
        _set("hyperband", {**HYPERBAND, "eta": "0.5"}),
        _one("hyperband gets stuck with `eta` `0.5`: it is below 1, and the service draws no trials", "[1].value"),
        "eta below 1",
    ),
    (
        S.settings_work,
        _set("hyperband", {**HYPERBAND, "r_l": "0.1"}),
        _one("hyperband gets stuck with `r_l` `0.1`: it is too small, and the service draws no trials"),
        "a resource far below 1",
    ),
    (
        S.settings_work,
        _twice("hyperband", "r_l", "x", "9"),
        _one("hyperband gets stuck with `r_l` `x`: it is no number"),
        "hyperband reads them all when it draws",
    ),
    (S.settings_work, _set("hyperband", HYPERBAND), None, "a good hyperband"),
    (
        S.settings_are_complete,
        _set("hyperband", {"eta": "3"}),
        f"{_AT}: hyperband needs the settings `r_l` and `resource_name`",
        "two are missing",
    ),
    (
        S.settings_are_complete,
        _set("pbt", {"n_population": "5", "truncation_threshold": "0.2"}),
        f"{_AT}: pbt needs the setting `suggestion_trial_dir`",
        "one is missing",
    ),
    (
        S.settings_are_complete,
        subject({"algorithm": "hyperband"}),
        "spec.algorithm.algorithmName: hyperband needs the settings `r_l` and `resource_name`",
        "no settings",
    ),
    (S.settings_are_complete, _set("pbt", PBT), None, "all are there"),
    (S.settings_are_complete, _set("random"), None, "random needs none"),
    (
        S.settings_are_given_once,
        _twice("random", "random_state", "1", "2"),
        f"{_AT}[0]: the setting `random_state` is given again, and the last one counts",
        "a setting twice",
    ),
    (S.settings_are_given_once, _set("hyperband", HYPERBAND), None, "different settings"),
    (
        P.hyperband_resource_is_a_parameter,
        _set("hyperband", {**HYPERBAND, "resource_name": "epochs"}),
        _one("`resource_name` `epochs` is no parameter", "[2].value"),
        "a resource that is not there",
    ),
    (P.hyperband_resource_is_a_parameter, _set("hyperband", HYPERBAND), None, "a parameter"),
    (
        P.hyperband_has_room,
        _set("hyperband", HYPERBAND, parallelTrialCount=8),
        "spec.parallelTrialCount: parallelTrialCount 8 is less than the 9 trials of hyperband's first bracket",
        "one trial too few",
    ),
    (P.hyperband_has_room, _set("hyperband", HYPERBAND, parallelTrialCount=9), None, "just enough"),
    (
        P.hyperband_has_room,
        _set("hyperband", {**HYPERBAND, "r_l": "243"}, parallelTrialCount=81),
        None,
        "243 is cut four times: the logarithms' quotient is 4.999…",
    ),
    (P.hyperband_has_room, _set("hyperband", {**HYPERBAND, "r_l": "x"}), None, "what is no number is KG322"),
    (
        P.hyperband_halves_as_meant,
        _set("hyperband", HYPERBAND),
        "spec.parameters[0].parameterType: hyperband writes whole numbers into `lr`, which is double",
        "a resource of type double",
    ),
    (
        P.hyperband_halves_as_meant,
        _set("hyperband", {**HYPERBAND, "eta": "2.7", "resource_name": "no"}),
        _one("hyperband reads `eta` `2.7` as 2 at first and 2.7 later", "[1].value"),
        "a fraction",
    ),
    (
        P.hyperband_halves_as_meant,
        _set("hyperband", {**HYPERBAND, "eta": "0", "resource_name": "no"}),
        _one("hyperband reads `eta` `0` as 3", "[1].value"),
        "no eta at all",
    ),
    (
        P.hyperband_halves_as_meant,
        _set("hyperband", {"r_l": "0.5", "resource_name": "no"}),
        _one("`r_l` `0.5` gives each trial a resource of 0"),
        "half a resource",
    ),
    (P.hyperband_halves_as_meant, _set("hyperband", {**HYPERBAND, "r_l": "1", "resource_name": "no"}), None, "one"),
    (P.hyperband_halves_as_meant, _set("hyperband", {**HYPERBAND, "eta": "2.0", "resource_name": "no"}), None, "two"),
    (
        P.hyperband_halves_as_meant,
        _set("hyperband", {"r_l": "9", "resource_name": "lr"}, parameters=[{"name": "lr", **whole()}]),
        None,
        "an int",
    ),
    (
        P.pbt_does_not_resample,
        _set("pbt", {"resample_probability": "0.5"}),
        f"{_AT}[0]: pbt of Katib 0.19 fails on `resample_probability`, whatever its value",
        "any value",
    ),
    (P.pbt_does_not_resample, _set("pbt", PBT), None, "none"),
    (
        N.enas_knows_the_frame,
        _nas("enas", SIZE, inputSizes=[]),
        "spec.nasConfig.graphConfig.inputSizes: enas needs inputSizes in graphConfig",
        "no inputs",
    ),
    (N.enas_knows_the_frame, _nas("enas", SIZE), None, "a frame"),
    (N.enas_knows_the_frame, _nas("darts", SIZE, inputSizes=[]), None, "darts does not look"),
    (
        N.operations_are_legal,
        _nas("darts", {**SIZE, "name": ""}),
        _op("name", ": parameter `` has no name"),
        "no name",
    ),
    (
        N.operations_are_legal,
        _nas("enas", _range("double", min="1", max="2")),
        _op("feasibleSpace", ": parameter `k` is a double and has no step above zero"),
        "a double without a step",
    ),
    (N.operations_are_legal, _nas("enas", _range("int", min="3", max="1")), None, "reversed bounds pass"),
    (N.operations_are_legal, _nas("enas"), None, "no operations pass"),
    (
        N.enas_can_list_operations,
        _nas("enas", _range("int", min="1", max="2")),
        _op("feasibleSpace", ": parameter `k` is an int without a step, which stops enas"),
        "an int without a step",
    ),
    (
        N.enas_can_list_operations,
        _nas("enas", _range("double", min="2", max="3", step="0.4")),
        _op("feasibleSpace", ": parameter `k` has step 0.4, which does not end at max 3, which stops enas"),
        "a double that ends above its max",
    ),
    (N.enas_can_list_operations, _nas("enas", _range("double", min="2", max="3", step="0.5")), None, "one that ends"),
    (
        N.enas_can_list_operations,
        _nas("enas"),
        "spec.nasConfig.operations: enas has no operation to build a network of",
        "no operations",
    ),
    (N.enas_can_list_operations, _nas("darts"), None, "darts makes do"),
    (
        N.darts_reads_one_list,
        _nas("darts", _range("int", min="1", max="2", step="1")),
        _op("parameterType", ": darts reads no bounds, so parameter `k` gives no operation"),
        "bounds",
    ),
    (
        N.darts_reads_one_list,
        _nas("darts", SIZE, {**SIZE, "name": "stride"}),
        "spec.nasConfig.operations[0].parameters[1]: operation `conv`:"
        " darts ignores parameter `stride`, which is not the first",
        "a second parameter",
    ),
    (N.darts_reads_one_list, _nas("darts", SIZE), None, "a list"),
    (
        N.a_network_has_layers,
        _nas("enas", SIZE, numLayers=-1),
        "spec.nasConfig.graphConfig.numLayers: numLayers is -1: the network has no layers",
        "less than none",
    ),
    (N.a_network_has_layers, _nas("enas", SIZE, numLayers=0), None, "none is KG330"),
    (
        N.a_network_has_layers,
        subject({"algorithm": "darts", "spec.nasConfig": {"graphConfig": {}}}),
        "spec.nasConfig.graphConfig.numLayers: numLayers is 0: the network has no layers",
        "darts does not miss it",
    ),
    (N.a_network_has_layers, _nas("darts", SIZE, numLayers=1), None, "one layer"),
    (N.a_network_has_layers, _nas("darts", SIZE), None, "two"),
    (
        E.stopping_settings_are_known,
        _stop({"min_trials": "3"}),
        "spec.earlyStopping.algorithmSettings[0].name: medianstop refuses the setting `min_trials`",
        "another name",
    ),
    (E.stopping_settings_are_known, _stop({"start_step": "4"}), None, "a name it knows"),
    (E.stopping_settings_are_known, _stop({"x": "4"}, "mine"), None, "an algorithm that Katib does not bring"),
    (
        E.stopping_settings_are_legal,
        _stop({"start_step": "0"}),
        "spec.earlyStopping.algorithmSettings[0].value: medianstop cannot take `start_step` `0`:"
        " it wants a whole number, 1 or more",
        "a step of zero",
    ),
    (E.stopping_settings_are_legal, _stop({"start_step": "1"}), None, "a step of one"),
    (
        V.grid_can_be_listed,
        space(whole("1.0", "5"), algorithm="grid"),
        _space(".min", "grid cannot list its values, as min `1.0` is no whole number"),
        "a point",
    ),
    (
        V.grid_can_be_listed,
        space(whole("5", "1"), algorithm="grid"),
        _space(".min", "grid cannot list its values, as min 5 and max 1 leave no value"),
        "reversed",
    ),
    (
        V.grid_can_be_listed,
        space(choice("discrete"), algorithm="grid"),
        _space(".list", "grid cannot list its values, as list is empty"),
        "an empty list",
    ),
    (
        V.grid_can_be_listed,
        space(double("0", "1e6", step="1e-6"), algorithm="grid"),
        "spec.parameters: the grid has more than 1000000000000 points, which no memory holds",
        "a million million points",
    ),
    (V.grid_can_be_listed, space(double("0.1", "0.5"), algorithm="grid"), None, "without a step is KG418"),
    (V.grid_can_be_listed, space(whole("1", "1"), algorithm="grid"), None, "one value"),
    (
        V.grid_fits_in_memory,
        space(whole("1", "5000"), whole("1", "5000"), algorithm="grid"),
        "spec.parameters: the grid has 25000000 points, and its service holds them all in memory",
        "25 million points",
    ),
    (
        V.grid_fits_in_memory,
        space(double("0", "1", step="1e-7"), algorithm="pbt"),
        _space("", "pbt makes a list of all its values, more than a million"),
        "a long list",
    ),
    (V.grid_fits_in_memory, space(whole("1", "1000000"), algorithm="grid"), None, "a million points"),
    (
        V.each_name_gets_one_value,
        space(whole(), {**whole(), "name": "a"}),
        "spec.parameters[1].name: two parameters are named `a`: no trial is made of what random gives",
        "one name twice",
    ),
    (V.each_name_gets_one_value, space(whole(), whole()), None, "two names"),
    (V.each_name_gets_one_value, space(whole(), {**whole(), "name": "a"}, algorithm="grid"), None, "grid is KG345"),
    (
        V.no_parameter_hides_another,
        space(whole(), {**whole(), "name": "a"}, algorithm="grid"),
        "spec.parameters[1].name: two parameters are named `a`: grid takes the last and drops the others",
        "one name twice",
    ),
    (V.no_parameter_hides_another, space(whole(), {**whole(), "name": "a"}), None, "random is KG344"),
    (
        V.steps_start_at_zero,
        space(whole("5", "20", step="4")),
        _space(".step", "random draws multiples of step 4, from 4 to 20"),
        "a step from 5",
    ),
    (
        V.steps_start_at_zero,
        space(double("0.05", "0.5", step="0.2"), algorithm="tpe"),
        _space(".step", "tpe draws multiples of step 0.2, from 0 to 0.4"),
        "a step from 0.05",
    ),
    (
        V.steps_start_at_zero,
        space(whole("1", "3", step="2")),
        _space(".step", "random draws multiples of step 2, from 2 to 2"),
        "the bounds themselves are as good as never drawn",
    ),
    (
        V.steps_start_at_zero,
        space(whole("-3", "-1", step="2")),
        _space(".step", "random draws multiples of step 2, from -2 to -2"),
        "the same below zero",
    ),
    (V.steps_start_at_zero, space(double("0.1", "0.5", step="0.1")), None, "multiples"),
    (V.steps_start_at_zero, space(whole("5", "20", step="-4")), None, "a step back is KG417"),
    (V.steps_start_at_zero, space(whole("x", "20", step="3"), whole("1", "", step="3")), None, "bounds that are none"),
    (V.steps_start_at_zero, space(whole("5", "20", step="4"), algorithm="sobol"), None, "sobol counts from min"),
    (V.steps_start_at_zero, space(double("1e99999", "2e99999", step="1e-9999")), None, "no search has such numbers"),
    (
        V.sobol_ends_before_max,
        space(whole("1", "3"), algorithm="sobol"),
        _space(".max", "sobol never draws the largest value of an int up to 3"),
        "an int",
    ),
    (V.sobol_ends_before_max, space(whole("3", "3"), double(), algorithm="sobol"), None, "one value, and a double"),
    (
        V.what_is_said_is_used,
        space(whole("32", "256", step="32"), algorithm="hyperband"),
        _space(".step", "hyperband ignores step 32"),
        "a step",
    ),
    (
        V.what_is_said_is_used,
        space(double(distribution="normal"), algorithm="pbt"),
        _space(".distribution", "pbt ignores distribution normal"),
        "a distribution",
    ),
    (
        V.what_is_said_is_used,
        space(double(step="0.01", distribution="logUniform"), algorithm="multivariate-tpe"),
        _space(".step", "multivariate-tpe ignores step 0.01 where it draws logUniform"),
        "a step on a logarithmic scale",
    ),
    (
        V.what_is_said_is_used,
        space(double(distribution="logUniform"), algorithm="bayesianoptimization"),
        None,
        "what bayesianoptimization does anyway",
    ),
    (V.what_is_said_is_used, space(double(step="0.01", distribution="logUniform")), None, "random follows both"),
    (
        V.values_lie_as_expected,
        space(double("0.001", "0.1"), algorithm="bayesianoptimization"),
        _space(".distribution", "bayesianoptimization draws it on a logarithmic scale"),
        "two decades",
    ),
    (
        V.values_lie_as_expected,
        space(double(distribution="normal")),
        _space(".distribution", "random draws normal without limits"),
        "a normal distribution",
    ),
    (V.values_lie_as_expected, space(double("0.5", "0.9"), algorithm="bayesianoptimization"), None, "a short range"),
]
MODULES = (settings, populations, nas, stopping, values)


@pytest.mark.parametrize(
    ("rule", "on", "message"), [pytest.param(*row[:3], id=f"{row[0].code} {row[3]}") for row in ROWS]
)
def test_settings(rule: Rule, on: Subject, message: str | None) -> None:
    assert run(rule, on) == ([] if message is None else [message])


def test_every_rule_is_seen_to_speak_and_to_keep_silent() -> None:
    for rule in (rule for module in MODULES for rule in module.RULES):
        messages = [row[2] for row in ROWS if row[0] is rule]
        assert None in messages, rule.code
        assert any(messages), rule.code


FIXES = [
    (S.settings_are_known, _set("tpe", {"N_EI_CANDIDATES": "9"}), "n_EI_candidates"),
    (S.settings_have_a_use, _set("cmaes", {"sigma0": "1"}), "sigma"),
    (S.settings_are_legal, _set("bayesianoptimization", {"base_estimator": "gp"}), "GP"),
    (P.hyperband_resource_is_a_parameter, _set("hyperband", {**HYPERBAND, "resource_name": "LR"}), "lr"),
    (E.stopping_settings_are_known, _stop({"Start_Step": "4"}), "start_step"),
]


@pytest.mark.parametrize(("rule", "on", "value"), FIXES, ids=lambda given: getattr(given, "code", ""))
def test_a_near_name_is_put_right(rule: Rule, on: Subject, value: str) -> None:
    (finding,) = rule.check(on)
    (edit,) = finding.fix
    assert (edit.kind, edit.path, edit.value) == (EditKind.SET, finding.path, value)


@pytest.mark.parametrize("plain", [False, True], ids=["a compact spec", "a manifest"])
def test_the_mend_speaks_of_the_file_that_is_edited(plain: bool) -> None:
    on = _set("hyperband", HYPERBAND)._replace(plain=plain)
    (finding,) = P.hyperband_has_room.check(on)
    assert ("`parallelTrialCount`" in finding.help, "`trials.parallel`" in finding.help) == (plain, not plain)


BRACKETS = [
    (r_l, "3", asked)
    for many, asked in (((1, 2), 1), ((3, 8), 3), ((9, 26), 9), ((27, 80), 27), ((81, 242, 243), 81), ((729,), 729))
    for r_l in many
] + [(8, "2", 8), (9, "2", 8), (15, "2", 8), (16, "4", 16), (64, "4", 64), (9, "", 9), (9, "0", 9), (9, "2.7", 8)]


@pytest.mark.parametrize(("r_l", "eta", "asked"), BRACKETS)
def test_brackets(r_l: float, eta: str, asked: int) -> None:
    found = katib.halving(float(r_l), eta)
    assert found is not None
    assert found.asked == asked


def test_the_frame_of_a_network_is_named() -> None:
    found = run(N.enas_knows_the_frame, subject({"algorithm": "enas", "spec.nasConfig": {}}))
    assert [text.rsplit(" needs ")[1].split()[0] for text in found] == ["numLayers", "inputSizes", "outputSizes"]


@pytest.mark.parametrize(
    ("value", "legal"), [("1", True), ("1.5", False), ("0", False), ("nan", True), ("None", False)]
)
def test_shares_of_enas_end_at_one(value: str, legal: bool) -> None:
    assert (run(S.settings_are_legal, _set("enas", {"controller_skip_target": value})) == []) is legal


OK, FAILED, STUCK = "accepted", "invalid", "accepted, then stuck"
Row = tuple[str, dict[str, str], list[dict[str, Any]], str]
TWO = [{"name": "a", **double("0.1", "0.5", step="0.1")}, {"name": "b", **whole("1", "5")}]


def _a(**change: str) -> list[dict[str, Any]]:
    return [{"name": "a", **double(**{"low": "0.1", "high": "0.5", "step": "0.1", **change})}, TWO[1]]


def _b(**change: str) -> list[dict[str, Any]]:
    return [TWO[0], {"name": "b", **whole(**change)}]


OUTCOMES: list[Row] = [
    ("random", {}, TWO, OK),
    ("random", {"random_state": "0"}, TWO, OK),
    ("random", {"random_state": "-1"}, TWO, FAILED),
    ("random", {}, _a(low="0.5"), STUCK),
    ("random", {}, _a(low="0.5", distribution="normal"), OK),
    ("random", {}, _a(low="0.9", distribution="normal"), STUCK),
    ("random", {}, _a(step="0"), STUCK),
    ("random", {}, _a(step="-0.1"), OK),
    ("random", {}, _b(low="1.0"), OK),
    ("random", {}, _a(high="1e400"), STUCK),
    ("tpe", {"gamma": "0.5", "prior_weight": "2", "n_EI_candidates": "1", "random_state": "1"}, TWO, OK),
    ("tpe", {"gamma": "1"}, TWO, FAILED),
    ("tpe", {"prior_weight": "0"}, TWO, FAILED),
    ("tpe", {"prior_weight": "inf"}, TWO, STUCK),
    ("tpe", {}, _a(low="0.5", distribution="normal"), STUCK),
    ("tpe", {}, _a(low="0", distribution="logNormal"), STUCK),
    ("multivariate-tpe", {"n_startup_trials": "0", "n_ei_candidates": "1"}, TWO, OK),
    ("multivariate-tpe", {"seed": "1"}, TWO, FAILED),
    ("multivariate-tpe", {"n_startup_trials": "-1"}, TWO, FAILED),
    ("multivariate-tpe", {}, _a(distribution="normal"), STUCK),
    ("multivariate-tpe", {}, _a(low="0", distribution="logUniform"), OK),
    ("multivariate-tpe", {}, _a(low="-1", high="0", distribution="logUniform"), STUCK),
    ("multivariate-tpe", {}, _a(low="0.5"), OK),
    ("multivariate-tpe", {}, _b(step="1.0"), STUCK),
    ("multivariate-tpe", {}, _b(step="0", distribution="logUniform"), OK),
    ("grid", {}, TWO, OK),
    ("grid", {"random_state": "x"}, TWO, FAILED),
    ("grid", {}, _a(step=""), FAILED),
    ("grid", {}, _a(step="-0.1"), FAILED),
    ("grid", {}, _b(low="5", high="1"), FAILED),
    ("grid", {}, _b(low="9", high="1", step="-1"), STUCK),
    ("grid", {}, _b(low="0", distribution="logUniform"), STUCK),
    ("grid", {}, [TWO[1]], FAILED),  # five points for nine trials
    ("bayesianoptimization", {"acq_optimizer": "sampling", "base_estimator": "RF"}, TWO, OK),
    ("bayesianoptimization", {"acq_optimizer": "lbfgs", "base_estimator": "ET"}, TWO, STUCK),
    ("bayesianoptimization", {"acq_func": "ei"}, TWO, FAILED),
    ("bayesianoptimization", {}, _a(low="0"), STUCK),
    ("bayesianoptimization", {}, _b(low="-3"), OK),
    ("bayesianoptimization", {}, _b(low="5"), STUCK),
    ("bayesianoptimization", {}, _b(step="0"), OK),
    ("hyperband", {"r_l": "3", "resource_name": "b"}, TWO, OK),
    ("hyperband", {"r_l": "3", "resource_name": "b", "foo": "1"}, TWO, OK),
    ("hyperband", {"r_l": "0", "resource_name": "b"}, TWO, FAILED),
    ("hyperband", {"r_l": "9", "resource_name": "b"}, TWO, FAILED),
    ("hyperband", {"r_l": "3"}, TWO, FAILED),
    ("hyperband", {"r_l": "3", "resource_name": "b", "eta": "0.5"}, TWO, STUCK),
    ("hyperband", {"r_l": "3", "resource_name": "b", "eta": "0.001"}, TWO, OK),
    ("hyperband", {"r_l": "3", "resource_name": "b"}, _a(low="0.9", step="-1"), OK),
    ("cmaes", {"sigma": "0.1", "random_state": "-5", "foo": "x"}, TWO, OK),
    ("cmaes", {"random_state": " 1"}, TWO, STUCK),
    ("cmaes", {"sigma": "x"}, TWO, STUCK),
    ("cmaes", {}, [TWO[0]], FAILED),
    ("cmaes", {}, _a(high="1_0.5"), OK),
    ("cmaes", {}, _b(high="1_0"), STUCK),
    ("cmaes", {}, _b(low="5"), STUCK),
    ("cmaes", {}, _a(step="nan"), STUCK),
    ("sobol", {"foo": "x"}, TWO, OK),
    ("sobol", {}, _b(low="5"), OK),
    ("sobol", {}, _a(low="0.9"), STUCK),
    ("sobol", {}, [TWO[0], TWO[0]], FAILED),
    ("sobol", {}, _b(step="0"), STUCK),
    ("sobol", {}, _b(high="9223372036854775808"), STUCK),
    ("pbt", PBT, TWO, OK),
    ("pbt", {**PBT, "n_population": "4"}, TWO, FAILED),
    ("pbt", {**PBT, "truncation_threshold": "1.1"}, TWO, FAILED),
    ("pbt", {**PBT, "resample_probability": "0.5"}, TWO, FAILED),
    ("pbt", {"n_population": "5"}, TWO, FAILED),
    ("pbt", PBT, _a(step=""), STUCK),
    ("pbt", PBT, _b(low="1.0", step="0.5"), OK),
    ("pbt", PBT, _a(low="0.52"), OK),
    ("pbt", PBT, _a(low="0.9"), STUCK),
]


@pytest.mark.parametrize(
    ("algorithm", "given", "searched", "outcome"),
    [pytest.param(*row, id=f"{n} {row[0]} {row[3]}") for n, row in enumerate(OUTCOMES)],
)
def test_what_becomes_of_a_search(
    algorithm: str, given: dict[str, str], searched: list[dict[str, Any]], outcome: str
) -> None:
    made = _case(algorithm, given, searched)
    assert agrees(outcome, made), errors(made)


def _case(algorithm: str, given: dict[str, str], searched: list[dict[str, Any]], release: str = "0.19") -> Subject:
    block = {"algorithmName": algorithm, "algorithmSettings": _pairs(given)}
    most = 3 if algorithm == "hyperband" else 9
    spec = {"algorithm": block, "parameters": searched, "parallelTrialCount": 3, "maxTrialCount": most}
    return wrapped({"spec": spec}, release)


@pytest.mark.parametrize("algorithm", ["grid", "multivariate-tpe"])
@pytest.mark.parametrize(("release", "outcome"), [("0.17", OK), ("0.18", STUCK), ("0.19", STUCK)])
def test_distributions_count_from_katib_0_18_on(algorithm: str, release: str, outcome: str) -> None:
    made = _case(algorithm, {}, _a(distribution="normal"), release)
    assert agrees(outcome, made), errors(made)


@pytest.mark.parametrize("most", [None, 1])
def test_a_grid_without_points_fails_only_where_trials_are_counted(most: int | None) -> None:
    block = {"algorithmName": "grid", "algorithmSettings": []}
    spec = {"algorithm": block, "parameters": _b(low="5", high="1"), "parallelTrialCount": 1, "maxTrialCount": most}
    made = wrapped({"spec": spec})
    assert agrees(STUCK if most is None else FAILED, made), errors(made)


@pytest.mark.parametrize("release", ["0.17", "0.18", "0.19"])
def test_no_release_resamples(release: str) -> None:
    assert agrees(FAILED, _case("pbt", {**PBT, "resample_probability": "0"}, TWO, release))


ODD_NUMERALS = ("9" * 400, "-" + "9" * 5000, "1e999999", "1e-999999", "nan", "-inf", "٣", "1_", "0x", "sNaN", "", " ")
ODD_VALUES = (None, True, 3, 1.5, float("nan"), [], [None], {}, {"a": 1}, "x")


EVERY = tuple(rule for module in (*MODULES, search, parameters, feasible, distributions) for rule in module.RULES)


def _asked(on: Subject) -> None:
    for rule in EVERY:
        run(rule, on)


@pytest.mark.parametrize("algorithm", sorted(katib.ALGORITHMS))
def test_no_rule_raises_on_odd_numerals(algorithm: str) -> None:
    demands = katib.ALGORITHMS[algorithm]
    for odd in ODD_NUMERALS:
        for name in demands.settings:
            _asked(_case(algorithm, {**HYPERBAND, **PBT, name: odd}, TWO))
        for change in ({"low": odd}, {"high": odd}, {"step": odd}, {"low": odd, "high": odd, "step": odd}):
            _asked(_case(algorithm, {}, _a(**change)))
            _asked(_case(algorithm, {}, _b(**change)))
        _asked(_nas(algorithm, _range("int", min=odd, max=odd, step=odd), _range("double", min=odd, max=odd, step=odd)))


@pytest.mark.parametrize("algorithm", sorted(katib.ALGORITHMS))
@pytest.mark.parametrize("odd", ODD_VALUES, ids=repr)
def test_no_rule_raises_whatever_stands_in_the_search(algorithm: str, odd: object) -> None:
    plain = {"name": odd, "parameterType": odd, "feasibleSpace": odd}
    spaced = {"name": "a", "parameterType": "int", "feasibleSpace": dict.fromkeys(("min", "max", "step", "list"), odd)}
    drawn = {**spaced, "parameterType": "double", "feasibleSpace": {"distribution": odd, "list": [odd, odd]}}
    for found in (odd, [odd], [plain, plain], [spaced, drawn, {**spaced, "parameterType": "discrete"}]):
        for path in ("spec.parameters", "spec.nasConfig.operations", "spec.algorithm.algorithmSettings"):
            for on in (
                subject({"algorithm": algorithm, path: found}),
                subject({"algorithm": algorithm, "spec.nasConfig.operations": [{"parameters": found}]}),
                subject({"algorithm": algorithm, "spec.maxTrialCount": odd, "spec.parallelTrialCount": odd}),
                subject({"algorithm": algorithm, "spec.nasConfig": odd, "spec.earlyStopping": odd}),
                subject({"algorithm": algorithm, path: [{"name": "r_l", "value": odd}, {"name": odd, "value": "1"}]}),
            ):
                _asked(on)


def test_what_an_administrator_registered_is_not_judged() -> None:
    made = _case("annealing", {"random_state": "x"}, [{"name": "a", **double("x", "-1", step="0")}, TWO[1]])
    registered = made._replace(target=made.target._replace(registered=("annealing",)))
    assert errors(registered) == {"failed": [], "stuck": []}
