"""KG4xx, a row a case: what is said, or that nothing is."""

from __future__ import annotations

from typing import Any

import pytest
from subjects import choice, double, run, space, whole

from kgen.rules import distributions, feasible, parameters
from kgen.rules.rule import Rule
from kgen.rules.subject import Subject

P, F, D = parameters, feasible, distributions


def _at(field: str, message: str) -> str:
    return f"spec.parameters[0].feasibleSpace.{field}: parameter `a`: {message}"


def _drawn(distribution: str, low: str = "0.01", high: str = "0.1") -> dict[str, Any]:
    return double(low, high, distribution=distribution)


def _typed(kind: str) -> dict[str, Any]:
    return {**double(), "parameterType": kind}


ROWS = [
    (P.bounds_are_numbers, space(double("0.1", "inf")), _at("max", "max `inf` is no finite number"), "inf"),
    (P.bounds_are_numbers, space(whole("one", "5")), _at("min", "min `one` is no finite number"), "a word"),
    (P.bounds_are_numbers, space(double("-1e-3", "+.5")), None, "signs, exponents and bare points"),
    (P.bounds_are_numbers, space(double("", "1")), None, "a missing bound is KG405"),
    (
        P.bounds_are_numbers,
        space(double("0", "1e400")),
        _at("max", "max `1e400` is no finite number"),
        "beyond doubles",
    ),
    (P.bounds_are_numbers, space(double("0", "0x10")), _at("max", "max `0x10` is no finite number"), "hexadecimal"),
    (P.bounds_are_numbers, space(double("0", "0x1p3"), algorithm="sobol"), None, "hexadecimal in Go"),
    (
        P.bounds_are_numbers,
        space(whole("1", "9223372036854775808"), algorithm="cmaes"),
        _at("max", "max `9223372036854775808` is beyond 64 bits"),
        "beyond 64 bits",
    ),
    (P.bounds_are_numbers, space(whole("1", "9223372036854775808")), None, "random reads a double"),
    (P.bounds_are_numbers, space(double("0", "inf"), algorithm="grid"), None, "what grid refuses is KG342"),
    (P.bounds_are_numbers, space(double("0", "inf"), algorithm="mine"), None, "an algorithm that Katib does not bring"),
    (P.bounds_in_order, space(double("0.1", "0.01")), _at("min", "min 0.1 is not below max 0.01"), "reversed"),
    (P.bounds_in_order, space(whole("0", "-5")), _at("min", "min 0 is not below max -5"), "zero is a bound"),
    (P.bounds_in_order, space(double("1", "1.0")), _at("min", "min 1 is not below max 1.0"), "equal breaks random"),
    (P.bounds_in_order, space(_drawn("normal", "1", "1")), None, "equal and normal does not"),
    (P.bounds_in_order, space(whole("1", "1"), algorithm="sobol"), None, "equal does not break sobol"),
    (P.bounds_in_order, space(double()), None, "in order"),
    (
        P.bounds_in_order,
        space(_drawn("normal", "1", "1"), algorithm="tpe"),
        _at("min", "min 1 is not below max 1"),
        "equal and normal breaks tpe",
    ),
    (P.bounds_in_order, space(whole("5", "1"), algorithm="hyperband"), None, "hyperband draws backwards"),
    (P.bounds_in_order, space(whole("5", "1"), algorithm="grid"), None, "what grid refuses is KG342"),
    (P.bounds_in_order, space(double("0.52", "0.5", step="0.1"), algorithm="pbt"), None, "pbt ends after max"),
    (
        P.bounds_in_order,
        space(double("0.9", "0.5", step="0.1"), algorithm="pbt"),
        _at("min", "min 0.9 is not below max 0.5"),
        "pbt has nothing to draw from",
    ),
    (
        P.bounds_span_a_range,
        space(whole("1", "1"), algorithm="sobol"),
        _at("min", "min and max are both 1, so nothing is searched"),
        "one value",
    ),
    (P.bounds_span_a_range, space(whole("1", "1")), None, "what breaks random is KG402"),
    (
        P.bounds_span_a_range,
        space(whole("5", "1"), algorithm="hyperband"),
        _at("min", "min 5 lies above max 1"),
        "backwards where it does no harm",
    ),
    (
        P.int_bounds_are_whole,
        space(whole("1.0", "5"), algorithm="cmaes"),
        _at("min", "cmaes cannot read min 1.0 of an int"),
        "a point in an int",
    ),
    (P.int_bounds_are_whole, space(whole("1.0", "5")), None, "random reads it"),
    (P.int_bounds_are_whole, space(whole("+1", "1_000"), algorithm="grid"), None, "Python's whole numbers"),
    (P.bounds_are_given, space(double("0.1", "")), _at("max", "max is missing"), "an empty bound"),
    (
        P.bounds_are_given,
        space(double(0.1, "1")),  # type: ignore[arg-type]
        None,
        "a number where the API has a text",
    ),
    (P.bounds_are_given, space(double("0", "1")), None, "zero is there"),
    (P.bounds_are_given, space(choice("discrete", "1")), None, "a list needs no bounds"),
    (
        P.numerals_are_plain,
        space(whole("1_000", "2000"), algorithm="sobol"),
        _at("min", "sobol cannot read min `1_000`"),
        "an underscore",
    ),
    (P.numerals_are_plain, space(whole("1_000", "2000")), None, "Python reads it"),
    (F.step_is_usable, space(whole(step="1_0"), algorithm="cmaes"), None, "what is KG406 is not said again"),
    (
        F.step_is_usable,
        space(double(step="x"), algorithm="cmaes"),
        _at("step", "step x is no finite number, which cmaes cannot work with"),
        "a word",
    ),
    (P.bounds_are_numbers, space(whole("1", "18446744073709551615"), algorithm="hyperband"), None, "64 bits"),
    (
        P.bounds_are_numbers,
        space(whole("1", "18446744073709551616"), algorithm="hyperband"),
        _at("max", "max `18446744073709551616` is beyond 64 bits"),
        "one more than 64 bits",
    ),
    (P.numerals_are_plain, space(double("1_0.5", "2e1"), algorithm="sobol"), None, "so does Go, in a double"),
    (
        P.numerals_are_plain,
        space(whole(step=" 1"), algorithm="cmaes"),
        _at("step", "cmaes cannot read step ` 1`"),
        "a blank",
    ),
    (
        P.type_is_known,
        space(_typed("float")),
        "spec.parameters[0].parameterType: parameter `a`: parameterType `float` is none of Katib's",
        "another type",
    ),
    (P.type_is_known, space(_typed("unknown")), None, "`unknown` is admitted"),
    (
        P.type_is_usable,
        space(_typed("unknown")),
        "spec.parameters[0].parameterType: parameter `a`: no algorithm knows what parameterType `unknown` is",
        "`unknown`",
    ),
    (P.type_is_usable, space(whole()), None, "a type"),
    (
        P.names_are_unique,
        space(whole(), {**whole(), "name": "a"}, algorithm="sobol"),
        "spec.parameters[1].name: two parameters are named `a`: sobol refuses the search space",
        "one name twice",
    ),
    (P.names_are_unique, space(whole(), {**whole(), "name": "a"}), None, "random is KG344"),
    (
        F.range_has_no_list,
        space(double(list=["1"])),
        _at("list", "a double parameter has min and max, and no list"),
        "a list beside bounds",
    ),
    (F.range_has_no_list, space(double(list=[])), None, "an empty list is dropped"),
    (
        F.choice_has_no_range,
        space(choice("discrete", "1", step="1")),
        _at("step", "a discrete parameter has a list, and no step"),
        "a step beside a list",
    ),
    (F.choice_has_no_range, space(whole(step="1")), None, "an int may have a step"),
    (
        F.list_has_values,
        space(choice("categorical")),
        _at("list", "there is nothing in its list to choose from"),
        "an empty list",
    ),
    (F.list_has_values, space(choice("categorical", "")), None, "an empty text is a value"),
    (
        F.discrete_values_are_numbers,
        space(choice("discrete", "1", "sgd")),
        "spec.parameters[0].feasibleSpace.list[1]: parameter `a`: discrete value `sgd` is no number",
        "a name among numbers",
    ),
    (F.discrete_values_are_numbers, space(choice("categorical", "sgd")), None, "names are categorical"),
    (
        F.hyperband_lists_are_whole,
        space(choice("discrete", "0.1"), algorithm="hyperband"),
        "spec.parameters[0].feasibleSpace.list[0]: parameter `a`: hyperband cannot read discrete value `0.1`",
        "a fraction",
    ),
    (F.hyperband_lists_are_whole, space(choice("discrete", "0.1")), None, "random reads it"),
    (
        F.list_values_differ,
        space(choice("discrete", "32", "64", "32")),
        "spec.parameters[0].feasibleSpace.list[2]: parameter `a`: `32` is in its list twice",
        "a value twice",
    ),
    (F.list_values_differ, space(choice("discrete", "0.1", "0.10")), None, "two texts of one number"),
    (
        F.step_is_usable,
        space(whole(step="0")),
        _at("step", "step 0 is zero, which random cannot work with"),
        "zero",
    ),
    (
        F.step_is_usable,
        space(whole(step="0.5"), algorithm="cmaes"),
        _at("step", "step 0.5 of an int is no whole number, which cmaes cannot work with"),
        "half a step",
    ),
    (F.step_is_usable, space(whole(step="0.5"), algorithm="grid"), None, "what grid refuses is KG342"),
    (
        F.step_is_usable,
        space(double(step="-10"), algorithm="grid"),
        _at("step", "step -10 is negative, which grid cannot work with"),
        "a step back that leaves one point",
    ),
    (F.step_is_usable, space(double(step="-1"), algorithm="sobol"), None, "sobol takes a double's step backwards"),
    (
        F.step_is_usable,
        space(whole(step="0", distribution="logUniform"), algorithm="multivariate-tpe"),
        None,
        "a step that is not looked at",
    ),
    (F.step_is_usable, space(whole(step="0.5")), None, "random rounds"),
    (F.step_is_usable, space(double(step="0"), algorithm="hyperband"), None, "hyperband ignores steps"),
    (F.step_is_usable, space(double(step="0.01"), algorithm="pbt"), None, "a good step"),
    (
        F.step_means_something,
        space(whole(step="0.5")),
        _at("step", "step 0.5 of an int is no whole number"),
        "half a step for random",
    ),
    (F.step_means_something, space(whole(step="2")), None, "a whole step"),
    (
        F.grid_has_steps,
        space(double(), algorithm="grid"),
        _at("step", "grid needs a step for a double"),
        "grid without",
    ),
    (F.grid_has_steps, space(whole(), algorithm="grid"), None, "an int counts by one"),
    (F.pbt_has_steps, space(double(), algorithm="pbt"), _at("step", "pbt needs a step for a double"), "pbt without"),
    (F.pbt_has_steps, space(double(), algorithm="grid"), None, "grid is KG418"),
    (
        D.logarithm_of_positive,
        space(_drawn("logUniform", "0")),
        _at("min", "min 0 has no logarithm, and it is drawn logUniform"),
        "zero",
    ),
    (D.logarithm_of_positive, space(_drawn("logUniform")), None, "above zero"),
    (D.logarithm_of_positive, space(_drawn("uniform", "0")), None, "uniform takes no logarithm"),
    (
        D.logarithm_is_meant,
        space(_drawn("logUniform", "0"), algorithm="multivariate-tpe"),
        _at("min", "min 0 has no logarithm, and it is drawn logUniform"),
        "optuna clamps",
    ),
    (D.logarithm_is_meant, space(_drawn("logUniform", "0")), None, "what breaks random is KG420"),
    (
        D.logarithm_of_positive,
        space(_drawn("logUniform", "-1", "0"), algorithm="multivariate-tpe"),
        _at("min", "min -1 has no logarithm, and it is drawn logUniform"),
        "nothing is left when optuna has raised the bound",
    ),
    (
        D.optuna_knows_distribution,
        space(_drawn("normal"), algorithm="multivariate-tpe"),
        _at("distribution", "multivariate-tpe knows no distribution normal"),
        "normal with optuna",
    ),
    (D.optuna_knows_distribution, space(_drawn("normal"), algorithm="tpe"), None, "normal with hyperopt"),
    (
        D.bayesian_doubles_are_positive,
        space(double("0", "1"), algorithm="bayesianoptimization"),
        _at("min", "bayesianoptimization cannot draw a double from min 0"),
        "zero",
    ),
    (D.bayesian_doubles_are_positive, space(whole("0", "1"), algorithm="bayesianoptimization"), None, "an int may"),
    (
        D.distribution_is_known,
        space(_drawn("loguniform")),
        _at("distribution", "distribution `loguniform` is none of Katib's"),
        "small letters",
    ),
    (D.distribution_is_known, space(_drawn("unknown")), None, "`unknown` counts as uniform"),
]


@pytest.mark.parametrize(
    ("rule", "on", "message"), [pytest.param(*row[:3], id=f"{row[0].code} {row[3]}") for row in ROWS]
)
def test_parameters(rule: Rule, on: Subject, message: str | None) -> None:
    assert run(rule, on) == ([] if message is None else [message])


def test_the_resource_of_hyperband_needs_no_range() -> None:
    pairs = [{"name": "r_l", "value": "3"}, {"name": "resource_name", "value": "a"}]
    on = space(whole("1", "1"), whole("1", "1"), algorithm="hyperband")
    on.spec["algorithm"]["algorithmSettings"] = pairs
    assert run(P.bounds_span_a_range, on) == [
        "spec.parameters[1].feasibleSpace.min: parameter `b`: min and max are both 1, so nothing is searched"
    ]


@pytest.mark.parametrize(
    ("rule", "on", "values"),
    [
        (P.bounds_in_order, space(double("0.5", "0.1")), ["0.1", "0.5"]),
        (P.int_bounds_are_whole, space(whole("1.0", "5"), algorithm="sobol"), ["1"]),
        (P.numerals_are_plain, space(whole(" 1_0", "50"), algorithm="sobol"), ["10"]),
        (P.type_is_known, space(_typed("Double")), ["double"]),
        (D.distribution_is_known, space(_drawn("loguniform")), ["logUniform"]),
    ],
    ids=lambda given: getattr(given, "code", ""),
)
def test_what_has_one_right_answer_is_put_right(rule: Rule, on: Subject, values: list[str]) -> None:
    (finding,) = rule.check(on)
    assert [edit.value for edit in finding.fix] == values


def test_a_fraction_has_no_right_answer() -> None:
    (finding,) = P.int_bounds_are_whole.check(space(whole("1.5", "5"), algorithm="sobol"))
    assert finding.fix == ()


def test_every_rule_is_seen_to_speak_and_to_keep_silent() -> None:
    for rule in (*parameters.RULES, *feasible.RULES, *distributions.RULES):
        messages = [row[2] for row in ROWS if row[0] is rule]
        assert None in messages, rule.code
        assert any(messages), rule.code
