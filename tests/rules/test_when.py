"""A rule's `when`: it never spares an Experiment that the rule has something to say of, and it spares most."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
import yaml
from subjects import DELETE, subject, traits_of

from kgen import rules
from kgen.katib.admission import admit
from kgen.model.environment import Target
from kgen.model.flags import Script
from kgen.model.node import NOWHERE, make, plain
from kgen.rules.subject import Subject, read
from kgen.rules.traits import LOOKS
from kgen.stages.check import Asked

CONFORMANCE = Path(__file__).parents[1] / "conformance"
SAMPLE = 12  # one mutant in so many; all of them take minutes
MOST_ASKED = 20  # of more than two hundred rules
TARGETS = (Target(), Target(katib="0.17"))


def bent() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield mutants of the manifests that are held against Katib's own code."""
    sys.path.append(str(CONFORMANCE))
    mutants = importlib.import_module("mutants").mutants
    for file in sorted((CONFORMANCE / "manifests").glob("*.yaml")):
        for document in yaml.safe_load_all(file.read_text("utf-8")):
            if document["kind"] == "Experiment":
                yield from ((each.id, each.object) for each in mutants(file.stem, document))


def admitted(manifest: dict[str, Any], number: int) -> Subject:
    """Read a mutant in one of the ways that kgen does: as rendered or as a plain manifest, for one of two Katibs."""
    target = TARGETS[number % 7 == 0]
    found = admit(make(manifest, NOWHERE), target)
    given = manifest if number % 3 else None
    made: Any = plain(found.manifest)
    assert found.plain() == made, "read at a glance"
    return read(made, target, given=given, plain=number % 2 == 0, flaws=found.flaws)


def test_a_rule_that_is_not_asked_has_nothing_to_say() -> None:
    spared = set()
    for name, manifest in bent():
        number = crc32(name.encode())
        if number % SAMPLE:
            continue
        case = admitted(manifest, number // SAMPLE)
        of = frozenset(rule.code for rule, _ in Asked(rules.ALL).of((case,)))
        for rule in rules.ALL:
            if rule.code not in of:
                spared.add(rule.code)
                assert [finding.message for finding in rule.check(case)] == [], f"{name}: {rule.code}"
    assert len(spared) > 200


def test_an_ordinary_experiment_is_asked_few_rules() -> None:
    case = subject()
    assert traits_of(case).odd == frozenset()
    assert len(list(Asked(rules.ALL).of((case,)))) <= MOST_ASKED


POD = "trial.spec.template"
ODD: list[tuple[str, dict[str, Any]]] = [
    ("head", {"metadata.name": "1st"}),
    ("head", {"apiVersion": "kubeflow.org/v1alpha3"}),
    ("metadata", {"metadata.annotations": {"a": "b"}}),
    ("namespace", {"metadata.namespace": DELETE}),
    ("labels", {"metadata.labels": {"a": "b c"}}),
    ("labels", {"metadata.labels": {"kueue.x-k8s.io/queue-name": "a"}}),
    ("objective", {"spec.objective.type": "min"}),
    ("objective", {"spec.objective.additionalMetricNames": ["loss"]}),
    ("counts", {"spec.maxTrialCount": 2}),
    ("counts", {"spec.resumePolicy": "never"}),
    ("settings", {"spec.algorithm.algorithmSettings": [{"name": "seed", "value": "1"}]}),
    ("settings", {"spec.algorithm.algorithmSettings": [{"name": "random_state", "value": "-1"}]}),
    (
        "together",
        {"spec.algorithm": {"algorithmName": "cmaes", "algorithmSettings": [{"name": "sigma", "value": "1"}]}},
    ),
    ("space", {"spec.parameters.0.feasibleSpace.min": "1e400"}),
    ("space", {"spec.parameters.0.feasibleSpace.min": "0.9"}),
    ("space", {"spec.parameters.0.feasibleSpace.step": "0"}),
    ("steps", {"spec.parameters.0.feasibleSpace.step": "0.01"}),
    ("drawn", {"spec.parameters.0.feasibleSpace.distribution": "logUniform"}),
    ("entries", {"template.trialParameters.0.reference": "rate"}),
    ("entries", {"tc.args": ["${trial_parameters.lr}"]}),
    (
        "entries",
        {
            "template.trialParameters": [{"name": "a", "reference": "lr"}, {"name": "a", "reference": "mo"}],
            "tc.command": ["python3", "${trialParameters.a}", "${trialparam.b}"],
        },
    ),
    ("entries", {"tc.command": ["${trialParameters.", "learningRate}", "${trialParameters.momentum}"]}),
    ("template", {"template.successCondition": "status.phase"}),
    ("object", {"trial.metadata": {"name": "a"}}),
    ("pods", {f"{POD}.metadata": {"labels": {"a": "b c"}}}),
    ("pods", {"pod.restartPolicy": "OnFailure"}),
    ("containers", {"tc.name": "main"}),
    ("containers", {"tc.image": DELETE}),
    ("images", {"tc.image": "reg.io/a/b:latest"}),
    ("images", {"pod.initContainers": [{"name": "first", "image": "reg.io/a/b"}]}),
    ("resources", {"pod.initContainers": [{"name": "first", "resources": {"limits": {"nvidia.com/gpu": 1}}}]}),
    ("variables", {"pod.initContainers": [{"name": "first", "env": "odd"}]}),
    ("resources", {"tc.resources": {"limits": {"nvidia.com/gpu": 1}}}),
    ("resources", {"tc.resources": {"limits": {"cpu": 1}, "requests": {"cpu": 2}}}),
    ("variables", {"tc.env": [{"name": "API_KEY", "value": "a"}]}),
    ("secrets", {"tc.args": ["--password=a"]}),
    ("commands", {"tc.args": ["a b"]}),
    ("commands", {"tc.command": ["bash"]}),
    ("source", {"spec.metricsCollectorSpec.source": {"filter": {"metricsFormat": ["(a)=(b)"]}}}),
    ("folder", {"tc.workingDir": "/var/log/katib"}),
]


@pytest.mark.parametrize(("name", "changes"), ODD, ids=[f"{name} {next(iter(changes))}" for name, changes in ODD])
def test_what_is_out_of_the_ordinary_is_seen(name: str, changes: dict[str, Any]) -> None:
    assert name in traits_of(subject(changes)).odd


def test_every_look_has_a_case() -> None:
    # What the defaulter adds is seen by comparing with what was given, which `subject` does not set apart.
    assert {name for names, _ in LOOKS for name in names} == {name for name, _ in ODD} | {"defaults", "script"}


def test_a_script_is_seen() -> None:
    assert "script" in traits_of(subject()._replace(script=Script("train.py"))).odd


def test_what_the_defaulter_adds_to_a_list_is_seen() -> None:
    case = subject()
    given = {**case.manifest, "spec": {**case.spec, "parameters": []}}
    assert "defaults" in traits_of(case._replace(given=given)).odd
    assert "defaults" not in traits_of(case._replace(given={**case.manifest})).odd


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pod.hostPID": True, "tc.ports": []}, {"hostPID", "ports"}),
        ({"trial.spec.suspend": True}, {"suspend"}),
        ({"trial.kind": "Other", "trial.spec.deeper": {"suspend": True}}, {"suspend"}),
        ({"tc.args": ["{{.Trial}}"]}, {"{{"}),
    ],
    ids=["fields", "field of a Job", "field elsewhere", "text"],
)
def test_the_words_that_rules_look_for_are_found(changes: dict[str, Any], words: set[str]) -> None:
    assert traits_of(subject(changes)).words == words
