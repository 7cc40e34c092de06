"""Suggestions of each algorithm: inside the space, written as Katib's service writes them, the same for one seed."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest

from kgen.search.choose import suggester
from kgen.search.space import Parameter, plain_number
from kgen.search.suggestion import Exhausted, Stuck, Told, Unsupported

SPACE = (
    {
        "name": "lr",
        "parameterType": "double",
        "feasibleSpace": {"min": "1e-4", "max": "0.1", "distribution": "logUniform"},
    },
    {"name": "layers", "parameterType": "int", "feasibleSpace": {"min": "1", "max": "9", "step": "2"}},
    {"name": "drop", "parameterType": "double", "feasibleSpace": {"min": "0.1", "max": "0.5"}},
    {"name": "opt", "parameterType": "categorical", "feasibleSpace": {"list": ["sgd", "adam", "0.10"]}},
)
GRID = (*SPACE[1:2], {"name": "c", "parameterType": "discrete", "feasibleSpace": {"list": ["0.10", "1"]}})
MODELS = ("tpe", "multivariate-tpe", "cmaes", "bayesianoptimization")
ALGORITHMS = ("random", "sobol", *MODELS)


def spec(algorithm: str, space: Sequence[Any] = SPACE, parallel: int = 3, **settings: str) -> dict[str, Any]:
    if algorithm == "bayesianoptimization":
        quick = {"n_initial_points": "9", "base_estimator": "ET", "acq_func": "LCB"}  # a thirtieth of the time of a GP
        settings = {**quick, **settings}
    listed = [{"name": name, "value": value} for name, value in settings.items()]
    return {
        "algorithm": {"algorithmName": algorithm, "algorithmSettings": listed},
        "objective": {"type": "maximize"},
        "parallelTrialCount": parallel,
        "parameters": list(space),
    }


def score(point: dict[str, str]) -> float:
    return -abs(math.log10(float(point["lr"])) + 2) - abs(float(point["layers"]) - 5) / 10


def run(given: dict[str, Any], seed: int, rounds: int = 4, count: int = 3) -> list[Told]:
    asked = suggester(given, seed)
    out: list[Told] = []
    for _ in range(rounds):
        out += [Told(point, score(point), done=True) for point in asked.ask(count, out)]
    return out


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_points_lie_in_the_space_and_repeat_with_their_seed(algorithm: str) -> None:
    told = run(spec(algorithm), seed=3)
    assert len(told) == 12
    for trial in told:
        point = trial.assignment
        assert list(point) == ["lr", "layers", "drop", "opt"]
        assert 1e-4 <= float(point["lr"]) <= 0.1
        assert re.fullmatch(r"-?\d+", point["layers"])
        assert 0 <= int(point["layers"]) <= 10
        assert 0.1 <= float(point["drop"]) <= 0.5
        assert point["opt"] in ("sgd", "adam", "0.10")
    assert run(spec(algorithm), seed=3) == told
    if algorithm != "sobol":
        assert run(spec(algorithm), seed=4, rounds=1) != told[:3]
        assert run(spec(algorithm, random_state="3"), seed=9, rounds=1) == told[:3], "the algorithm's own comes first"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_run_that_goes_on_does_not_begin_again(algorithm: str) -> None:
    told = run(spec(algorithm), seed=3, rounds=3)
    after = suggester(spec(algorithm), 3, after=len(told)).ask(3, told)
    assert len(after) == 3
    seen = [trial.assignment for trial in told]
    assert not any(point in seen for point in after)


@pytest.mark.parametrize("algorithm", ["random", "sobol"])
def test_what_looks_at_no_result_goes_on_as_if_it_had_never_stopped(algorithm: str) -> None:
    whole = [trial.assignment for trial in run(spec(algorithm), seed=3)]
    told = run(spec(algorithm), seed=3, rounds=2)
    assert suggester(spec(algorithm), 3, after=6).ask(6, told) == whole[6:]


@pytest.mark.parametrize("algorithm", MODELS)
def test_trials_without_a_value_teach_nothing_and_break_nothing(algorithm: str) -> None:
    asked = suggester(spec(algorithm), 1)
    told = [Told(point, None, done=True) for point in asked.ask(3, ())]
    assert len(asked.ask(2, told)) == 2


@pytest.mark.parametrize("algorithm", ["tpe", "multivariate-tpe"])
def test_what_learns_finds_more_than_chance(algorithm: str) -> None:
    late = [score(dict(t.assignment)) for t in run(spec(algorithm, SPACE[:2]), seed=5, rounds=12)[18:]]
    chance = [score(dict(t.assignment)) for t in run(spec("random", SPACE[:2]), seed=5, rounds=12)[18:]]
    assert sum(late) / len(late) > sum(chance) / len(chance)


def test_random_takes_multiples_of_a_step_as_hyperopt_does() -> None:
    parameter = Parameter("n", "int", "5", "20", "4")
    assert {parameter.draw(share / 100) for share in range(101)} == {"4", "8", "12", "16", "20"}
    assert {Parameter("n", "int", "1", "3", "2").draw(share / 100) for share in range(5, 96)} == {"2"}
    assert Parameter("x", "double", "0.05", "0.5", "0.2").draw(1.0) == "0.4"


@pytest.mark.parametrize("distribution", ["uniform", "logUniform", "normal", "logNormal"])
def test_a_share_and_its_value_are_each_others_reverse(distribution: str) -> None:
    parameter = Parameter("x", "double", "0.001", "10", distribution=distribution)
    for share in (0.01, 0.25, 0.5, 0.9):
        assert parameter.share(float(parameter.draw(share))) == pytest.approx(share)


def test_normal_is_centred_and_may_leave_its_bounds() -> None:
    parameter = Parameter("x", "double", "0", "6", distribution="normal")
    assert float(parameter.draw(0.5)) == pytest.approx(3)
    assert float(parameter.draw(0.9999)) > 6


def test_grid_gives_each_point_once_and_then_ends() -> None:
    asked = suggester(spec("grid", GRID), 7)
    first = asked.ask(6, ())
    told = [Told(point, 0.0, done=True) for point in first]
    rest = asked.ask(6, told)
    assert len(rest) == 4, "five layers x two values, of which six are given"
    expected = [{"layers": n, "c": c} for n, c in product(("1", "3", "5", "7", "9"), ("0.10", "1"))]
    assert sorted(first + rest, key=str) == sorted(expected, key=str)
    assert first + rest != expected, "in an order of chance"
    with pytest.raises(Exhausted):
        asked.ask(1, [*told, *(Told(point, 0.0, done=True) for point in rest)])


def test_grid_goes_on_where_it_stopped() -> None:
    first = suggester(spec("grid", GRID), 7).ask(6, ())
    rest = suggester(spec("grid", GRID), 7, after=6).ask(6, [Told(point, 0.0, done=True) for point in first])
    assert len({str(point) for point in first + rest}) == 10


def test_grid_of_a_double_has_the_points_of_numpys_arange() -> None:
    assert Parameter("x", "double", "0.001", "0.01", "0.001").points()[-1] == "0.009000000000000001"
    assert Parameter("x", "double", "0.1", "0.5", "0.2").points() == ("0.1", "0.30000000000000004")


def test_a_grid_too_large_to_list_is_drawn_point_by_point() -> None:
    space = [{"name": f"p{n}", "parameterType": "int", "feasibleSpace": {"min": "0", "max": "999"}} for n in range(6)]
    found = suggester(spec("grid", space), 1).ask(50, ())
    assert len({str(point) for point in found}) == 50


def test_sobol_is_goptunas() -> None:
    """Measured with goptuna v0.8.0; parameters are taken in the order of their names, not of the space."""
    space = [
        {"name": "z", "parameterType": "double", "feasibleSpace": {"min": "0", "max": "1"}},
        {"name": "a", "parameterType": "int", "feasibleSpace": {"min": "0", "max": "8"}},
        {"name": "m", "parameterType": "double", "feasibleSpace": {"min": "0", "max": "1", "step": "0.1"}},
    ]
    found = [tuple(point.values()) for point in suggester(spec("sobol", space), 1).ask(6, ())]
    assert found == SOBOL


SOBOL = [
    ("0.5", "4", "0.5"),
    ("0.25", "6", "0.2"),
    ("0.75", "2", "0.8"),
    ("0.875", "3", "0.6000000000000001"),
    ("0.375", "7", "0.1"),
    ("0.625", "5", "0.9"),
]


def test_numbers_without_exponent_as_go_writes_them() -> None:
    assert [plain_number(x) for x in (1e-05, 1.0, 0.1, 1e21, 123.456)] == [
        "0.00001", "1", "0.1", "1000000000000000000000", "123.456",
    ]  # fmt: skip


def test_hyperband_gives_its_first_bracket_and_says_that_nothing_follows() -> None:
    given = spec("hyperband", SPACE, 9, r_l="9", resource_name="layers")
    first = suggester(given, 1).ask(9, ())
    assert {point["layers"] for point in first} == {"1"}
    asked = suggester(given, 1)
    with pytest.raises(Stuck, match="9 trials at once"):
        asked.ask(1, [Told(point, 0.0, done=True) for point in first])
    with pytest.raises(Stuck):
        suggester(given, 1).ask(3, ())


@pytest.mark.parametrize(
    ("algorithm", "settings", "words"),
    [
        ("pbt", {}, "checkpoints"),
        ("enas", {}, "architectures"),
        ("darts", {}, "searches by itself"),
        ("annealing", {}, "kgen knows bayesianoptimization, cmaes"),
        ("cmaes", {"restart_strategy": "ipop"}, "restart_strategy `ipop`"),
    ],
)
def test_what_has_no_counterpart_is_refused_by_name(algorithm: str, settings: dict[str, str], words: str) -> None:
    with pytest.raises(Unsupported, match=re.escape(words)):
        suggester(spec(algorithm, **settings), 1)


@pytest.mark.parametrize(
    ("algorithm", "module"),
    [("tpe", "optuna"), ("cmaes", "cmaes"), ("sobol", "scipy.stats"), ("bayesianoptimization", "skopt")],
)
def test_a_library_that_is_missing_is_named_with_the_way_to_get_it(
    algorithm: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(Unsupported, match=r"pip install 'kgen\[try\]'"):
        suggester(spec(algorithm), 1)
