"""Where two objects of one Go type differ."""

from __future__ import annotations

from typing import Any

import pytest

from kgen.katib.equality import differing
from kgen.katib.types import experiment
from kgen.model.node import path_text


def spec(**fields: object) -> dict[str, Any]:
    return {"spec": fields}


def of_collector(**fields: object) -> dict[str, Any]:
    return spec(metricsCollectorSpec={"collector": {"customCollector": fields}})


def trial(**fields: object) -> dict[str, Any]:
    return spec(trialTemplate={"trialSpec": fields})


COLLECTOR, TRIAL = "spec.metricsCollectorSpec.collector.customCollector", "spec.trialTemplate.trialSpec"


@pytest.mark.parametrize(
    ("one", "other", "paths"),
    [
        pytest.param(spec(), spec(), [], id="nothing"),
        pytest.param(spec(resumePolicy=""), spec(), [], id="empty text is as good as none"),
        pytest.param(spec(parameters=[]), spec(parameters=None), [], id="so is an empty list, and null"),
        pytest.param(
            spec(trialTemplate={"primaryPodLabels": {}}), spec(trialTemplate={}), [], id="and an empty mapping"
        ),
        pytest.param(spec(trialTemplate={"retain": False}), spec(trialTemplate={}), [], id="and false"),
        pytest.param(
            spec(earlyStopping={}), spec(), ["spec.earlyStopping"], id="but not an empty struct behind a pointer"
        ),
        pytest.param(spec(maxFailedTrialCount=0), spec(), ["spec.maxFailedTrialCount"], id="nor a zero behind one"),
        pytest.param(
            spec(maxFailedTrialCount=0), spec(maxFailedTrialCount=0.0), [], id="numbers are compared by value"
        ),
        pytest.param(
            spec(nasConfig={}), spec(nasConfig={"graphConfig": {}}), [], id="a struct without a pointer is there"
        ),
        pytest.param(
            spec(parameters=[{"name": "a"}, {"name": "b"}]),
            spec(parameters=[{"name": "b"}]),
            ["spec.parameters[0].name", "spec.parameters[1]"],
            id="lists go by their order",
        ),
        pytest.param(
            spec(trialTemplate={"primaryPodLabels": {"a": "b", "c": "d"}}),
            spec(trialTemplate={"primaryPodLabels": {"c": "e", "f": ""}}),
            [f"spec.trialTemplate.primaryPodLabels.{key}" for key in "acf"],
            id="mappings by their keys, and an empty value is one",
        ),
        pytest.param(spec(colour="red"), spec(), [], id="what the type does not know is not looked at"),
        pytest.param(
            of_collector(resources={"limits": {"memory": "1Gi"}}),
            of_collector(resources={"limits": {"memory": "1024Mi"}}),
            [],
            id="quantities by what they come to",
        ),
        pytest.param(
            of_collector(resources={"limits": {"cpu": "1"}}),
            of_collector(resources={"limits": {"cpu": 1}}),
            [],
            id="a number is a quantity too",
        ),
        pytest.param(
            of_collector(resources={"limits": {"cpu": "a"}}),
            of_collector(resources={"limits": {"cpu": "b"}}),
            [f"{COLLECTOR}.resources.limits.cpu"],
            id="what is no quantity by its text",
        ),
        pytest.param(of_collector(resources={}), of_collector(), [], id="a struct that Go writes"),
        pytest.param(
            of_collector(securityContext={"runAsUser": 0}),
            of_collector(securityContext={}),
            [f"{COLLECTOR}.securityContext.runAsUser"],
            id="a pointer within",
        ),
        pytest.param(trial(a=1), trial(a=1.0), [], id="a trial's numbers by value"),
        pytest.param(trial(a=0), trial(a=False), [f"{TRIAL}.a"], id="but false is no number"),
        pytest.param(trial(a="1Gi"), trial(a="1024Mi"), [f"{TRIAL}.a"], id="a trial's quantities as text"),
        pytest.param(trial(a={}), trial(), [f"{TRIAL}.a"], id="a trial's empty mapping is something"),
        pytest.param(trial(a=None), trial(), [f"{TRIAL}.a"], id="and its null"),
        pytest.param(trial(a=None), trial(a=None), [], id="which is like another null"),
        pytest.param(
            trial(a=[1, {"b": 2}]), trial(a=[1, {"b": 3}, 4]), [f"{TRIAL}.a[1].b", f"{TRIAL}.a[2]"], id="deep within"
        ),
        pytest.param(
            spec(objective={"goal": 1}), spec(objective={"goal": "1"}), ["spec.objective.goal"], id="text is no number"
        ),
        pytest.param(spec(objective=[]), spec(objective={}), ["spec.objective"], id="a list is no struct"),
        pytest.param(spec(parameters="a"), spec(parameters="a"), [], id="what does not fit can be the same"),
    ],
)
def test_differing(one: dict[str, Any], other: dict[str, Any], paths: list[str]) -> None:
    own = experiment("0.19")
    assert sorted(map(path_text, differing(one, other, own))) == sorted(paths)
    assert sorted(map(path_text, differing(other, one, own))) == sorted(paths)
