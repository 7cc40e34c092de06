"""Two thousand search specs, each with one thing changed: what Katib's services did, against what the rules say."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest
from verdicts import agrees, errors, wrapped

MEASURED = Path(__file__).parents[1] / "conformance" / "services"
OUTCOMES = json.loads((MEASURED / "verdicts.json").read_text("utf-8"))
# Where kgen says otherwise on purpose.
OTHERWISE = {
    "hyperband: unknown": "the service gives the parameter the value of the one before it; first in the list it breaks",
    "pbt: the lists twice": "the second generation breaks, as the two are of different types; of one type they merge",
}


def _mutants() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mutants", MEASURED / "mutants.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CASES = {case["id"]: case for case in _mutants().cases()}


def test_every_case_is_measured() -> None:
    assert set(OUTCOMES) == set(CASES)
    assert len(CASES) > 2000
    assert set(OTHERWISE) <= set(CASES)


@pytest.mark.parametrize("algorithm", sorted({case["algorithm"] for case in CASES.values()}))
def test_what_a_service_did_is_what_is_said(algorithm: str) -> None:
    wrong = []
    for name, case in CASES.items():
        if case["algorithm"] == algorithm:
            subject = wrapped(case["object"])
            if agrees(OUTCOMES[name], subject) is (name in OTHERWISE):
                wrong.append((name, OUTCOMES[name], errors(subject)))
    assert wrong == []


@pytest.mark.parametrize("code", ["KG307", "KG308", "KG309", *(f"KG{n}" for n in (320, 322, 323, 324, 326, 327, 329))])
def test_a_mutant_meets_each_rule_of_the_settings(code: str) -> None:
    every = (text for case in CASES.values() for texts in errors(wrapped(case["object"])).values() for text in texts)
    assert any(text.startswith(code) for text in every)
