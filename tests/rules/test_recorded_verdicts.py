"""What Katib's own code said of some hundred Experiments, against what the rules say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from subjects import flaws_of, said
from verdicts import agrees, errors, wrapped

from kgen import rules
from kgen.codec.reader import read_all
from kgen.katib.trialkinds import kinds_for
from kgen.model.diagnostic import Diagnostic, Effect, Finding, Severity
from kgen.model.environment import Target
from kgen.model.node import NOWHERE, Node, make, plain
from kgen.rules.rule import Rule
from kgen.rules.subject import Subject, read
from kgen.stages.default import default

DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the recorded verdicts are not beside this repository")

REFUSED_EXAMPLES = ("invalid-experiment", "simple-pbt", "trial-configmap-source")


def _lines(name: str) -> list[dict[str, Any]]:
    file = DATA / name
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.is_file() else []


def _defaulted(node: Node) -> Subject:
    problems: list[Diagnostic] = []
    done = default(node, kinds_for("2.2", None), Target(), problems)
    assert problems == []
    given: Any = plain(node)
    return read(plain(done), Target(), given=given, flaws=flaws_of(node, Target()))  # type: ignore[arg-type]


def _found(subject: Subject) -> list[tuple[Rule, Finding]]:
    return [(rule, finding) for rule in rules.ALL for finding in rule.check(subject)]


def _with(subject: Subject, *effects: Effect) -> list[str]:
    found = [
        (r, f) for r, f in _found(subject) if r.effect in effects and (r.severity is Severity.ERROR or len(effects) < 2)
    ]
    return [f"{rule.code} {said([finding])[0]}" for rule, finding in found]


CREATED = [c for c in _lines("webhook-cases.jsonl") if c["op"] == "create"]


# The webhook admits it, but the API server has its own rule for names.
OF_SERVER = frozenset(("name='aé'",))
ADMITTED = [c for c in CREATED if c["verdict"] == "accept" and c["id"] not in OF_SERVER]


# Admitted by the webhook, which the object never reaches: the API server has looked at the name before.
REFUSED_BEFORE = frozenset(("name='aé'",))


@pytest.mark.parametrize("case", ADMITTED, ids=lambda c: c["id"])
def test_nothing_is_called_rejected_that_the_webhook_admits(case: dict[str, Any]) -> None:
    found = _with(_defaulted(make(case["object"], NOWHERE)), Effect.REJECTED)
    assert bool(found) is (case["id"] in REFUSED_BEFORE), found


def _examples() -> list[Path]:
    return sorted(p for p in (DATA / "katib-examples").glob("*.yaml") if not p.stem.endswith(".configmap"))


@pytest.mark.parametrize("file", _examples(), ids=lambda file: file.stem)
def test_upstream_examples_are_admitted(file: Path) -> None:
    (node,), problems = read_all(file.read_bytes(), file.name)
    assert problems == ()
    found = _with(_defaulted(node), Effect.REJECTED)
    if file.stem == "trial-configmap-source":
        assert found == []  # what is missing is in the ConfigMap, which no rule sees
    else:
        assert bool(found) is (file.stem in REFUSED_EXAMPLES), found


# What the webhook refuses and these rules do not see: what is in a ConfigMap of the cluster.
UNSEEN = frozenset(
    (
        "configMap unknown path",
        "configMap not YAML",
    )
)


@pytest.mark.parametrize("case", [c for c in CREATED if c["verdict"] != "accept"], ids=lambda c: c["id"])
def test_what_the_webhook_refuses_is_seen(case: dict[str, Any]) -> None:
    found = _with(_defaulted(make(case["object"], NOWHERE)), Effect.REJECTED)
    assert bool(found) is (case["id"] not in UNSEEN), found


SERVED = _lines("service-cases.jsonl")
# Where kgen says more than the recording, which asked for the first trials only and made no trial of them.
LATER = {
    "tpe edge dup_name": "Katib makes no trial of two values with one name",
    "tpe settings {'prior_weight': 'inf'}": "the second request ends in an error",
    "cmaes settings {'sigma': 'inf'}": "the values of the second request are NaN",
}
DIMENSIONS = "sobol dims 21202"  # recorded without its 21202 parameters


def _search(case: dict[str, Any]) -> dict[str, Any]:
    """Give the spec of a case; hyperband's with one request, as only one was recorded (KG307 says the rest)."""
    if case["id"] == DIMENSIONS:
        double = {"parameterType": "double", "feasibleSpace": {"min": "0", "max": "1"}}
        names = [f"p{index}" for index in range(case["dims"])]
        algorithm = {"algorithmName": "sobol", "algorithmSettings": []}
        return {"spec": {"algorithm": algorithm, "parameters": [{"name": name, **double} for name in names]}}
    out: dict[str, Any] = case["object"]
    if case["algorithm"] == "hyperband":
        return {"spec": {**out["spec"], "maxTrialCount": out["spec"]["parallelTrialCount"]}}
    return out


@pytest.mark.parametrize("case", SERVED, ids=lambda case: case["id"])
def test_what_a_service_did_is_what_is_said(case: dict[str, Any]) -> None:
    subject = wrapped(_search(case))
    assert agrees("stuck" if case["id"] in LATER else case["outcome"], subject), errors(subject)


def test_all_service_cases_are_there() -> None:
    assert len(SERVED) == 247
    assert set(LATER) < {case["id"] for case in SERVED}
