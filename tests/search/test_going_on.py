"""A search that goes on: what was cut off, and measured since, is told too."""

from __future__ import annotations

import pytest

from kgen.search.choose import suggester
from kgen.search.suggestion import Told

optuna = pytest.importorskip("optuna", reason="optuna is not installed")
SPEC = {
    "algorithm": {
        "algorithmName": "multivariate-tpe",
        "algorithmSettings": [{"name": "n_startup_trials", "value": "1"}],
    },
    "objective": {"type": "maximize"},
    "parameters": [{"name": "x", "parameterType": "double", "feasibleSpace": {"min": "0", "max": "1"}}],
}


def test_a_trial_that_runs_again_is_learned_from_once_it_is_measured() -> None:
    before = [Told({"x": f"0.{n}"}, n / 10, done=True) for n in range(1, 9)]
    cut = Told({"x": "0.95"}, None, done=True)

    def asked(last: Told) -> list[dict[str, str]]:
        going_on = suggester(SPEC, 3, len(before) + 1)
        first = going_on.ask(1, [*before, cut])
        return going_on.ask(5, [*before, last, Told(first[0], 0.5, done=True)])

    assert asked(cut._replace(value=50.0)) != asked(cut)
