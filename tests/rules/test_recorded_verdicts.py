"""What Katib's own code said of some hundred Experiments, against what the rules say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from subjects import manifest, said

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
WORKS = "accepted"


def _lines(name: str) -> list[dict[str, Any]]:
    file = DATA / name
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.is_file() else []


def _defaulted(node: Node) -> Subject:
    problems: list[Diagnostic] = []
    done = default(node, kinds_for("2.2", None), Target(), problems)
    assert problems == []
    return read(plain(done), Target())  # type: ignore[arg-type]


def _found(subject: Subject) -> list[tuple[Rule, Finding]]:
    return [(rule, finding) for rule in rules.ALL for finding in rule.check(subject)]


def _with(subject: Subject, *effects: Effect) -> list[str]:
    found = [
        (r, f) for r, f in _found(subject) if r.effect in effects and (r.severity is Severity.ERROR or len(effects) < 2)
    ]
    return [f"{rule.code} {said([finding])[0]}" for rule, finding in found]


CREATED = [c for c in _lines("webhook-cases.jsonl") if c["op"] == "create"]


@pytest.mark.parametrize("case", [c for c in CREATED if c["verdict"] == "accept"], ids=lambda c: c["id"])
def test_nothing_is_called_rejected_that_the_webhook_admits(case: dict[str, Any]) -> None:
    assert _with(_defaulted(make(case["object"], NOWHERE)), Effect.REJECTED) == []


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


MENDED = frozenset(("emptyDir sizeLimit 1024Mi",))  # kgen writes the size as the webhook wants it
# What the webhook refuses and these rules do not see: the structure of an Experiment and of a Job, which
# their schemas say, and what is in a ConfigMap.
UNSEEN = frozenset(
    (
        "type Minimize caps",
        "goal str",
        "unknown in trialSpec Job",
        "container unknown",
        "misindent: containers at spec",
        "configMap unknown path",
        "configMap not YAML",
    )
)


@pytest.mark.parametrize("case", [c for c in CREATED if c["verdict"] != "accept"], ids=lambda c: c["id"])
def test_what_the_webhook_refuses_is_seen(case: dict[str, Any]) -> None:
    found = _with(_defaulted(make(case["object"], NOWHERE)), Effect.REJECTED)
    assert bool(found) is (case["id"] not in UNSEEN | MENDED), found


def _wrapped(case: dict[str, Any]) -> Subject:
    """A search spec of the service cases in a valid trial."""
    out = manifest()
    spec = {"parameters": None, **case["object"]["spec"]}
    out["spec"] = {**out["spec"], **spec, "maxFailedTrialCount": 1}
    if spec["algorithm"]["algorithmName"] == "pbt":
        out["spec"]["resumePolicy"] = "FromVolume"
    if spec["parameters"] is None:
        del out["spec"]["parameters"]
    return read(out, Target())


SERVED = [c for c in _lines("service-cases.jsonl") if c["algorithm"] not in ("enas", "darts") and c["object"]]
FATAL = (Effect.FAILED, Effect.STUCK)
SEARCH = ("KG30", "KG31", "KG4")


def _fatal(case: dict[str, Any]) -> list[str]:
    return [text for text in _with(_wrapped(case), *FATAL) if text.startswith(SEARCH)]


@pytest.mark.parametrize("case", [c for c in SERVED if c["outcome"] == WORKS], ids=lambda c: c["id"])
def test_nothing_is_called_broken_that_a_service_serves(case: dict[str, Any]) -> None:
    assert _fatal(case) == []


@pytest.mark.parametrize(
    "case", [c for c in SERVED if c["outcome"] != WORKS and " settings {'" not in c["id"]], ids=lambda c: c["id"]
)
def test_what_a_service_breaks_on_is_seen(case: dict[str, Any]) -> None:
    if case["id"].endswith("noparams") or " settings {}" in case["id"]:
        assert _with(_wrapped(case), *FATAL, Effect.REJECTED) != [] or "hyperband" in case["id"]
    else:
        assert _fatal(case) != []
