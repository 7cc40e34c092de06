"""What the webhook makes of any manifest, right or wrong; what it made of thousands is in tests/conformance."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from kgen.katib.admission import admit
from kgen.katib.decode import FlawKind, is_sound
from kgen.katib.defaulter import complete, lacks_nothing
from kgen.katib.trialkinds import kinds_for
from kgen.model.environment import KATIB_VERSIONS, Target
from kgen.model.node import FieldPath, Span, get, make, plain
from kgen.stages.default import default

PLACE = Span("k8s/a.yaml", 1, 1)
ODD = (None, True, 0, 1.5, "", "x", [], [None], [[1]], {}, {"a": None}, {"": [{}]})
SPEC: dict[str, Any] = {
    "objective": {"type": "minimize", "objectiveMetricName": "loss", "additionalMetricNames": ["acc"]},
    "algorithm": {"algorithmName": "random"},
    "metricsCollectorSpec": {"collector": {"kind": "File"}},
    "parameters": [{"name": "lr", "parameterType": "double", "feasibleSpace": {"min": "0", "max": "1"}}],
    "trialTemplate": {"trialSpec": {"apiVersion": "batch/v1", "kind": "Job"}, "retain": False},
}


def manifest(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "apiVersion": "kubeflow.org/v1beta1",
        "kind": "Experiment",
        "metadata": {"name": "a"},
        "spec": {**SPEC, **(changes or {})},
    }


def admitted(given: dict[str, Any], *path: str | int, katib: str = "0.19") -> Any:
    node = get(admit(make(given, PLACE), Target(katib=katib)).manifest, *path)
    return None if node is None else plain(node)


def trial(kind: str) -> dict[str, Any]:
    return manifest({"trialTemplate": {"trialSpec": {"apiVersion": "a/v1", "kind": kind}}})


@pytest.mark.parametrize(
    ("given", "path", "value"),
    [
        pytest.param(
            manifest({"maxTrialCount": 1}), ("spec", "parallelTrialCount"), 3, id="three of one, refused then"
        ),
        pytest.param(manifest({"maxTrailCount": 1}), ("spec", "maxTrailCount"), None, id="a misspelt field is gone"),
        pytest.param(manifest(), ("spec", "trialTemplate", "retain"), None, id="false is gone"),
        pytest.param(
            manifest({"metricsCollectorSpec": {"collector": {"kind": "None"}}}),
            ("spec", "metricsCollectorSpec", "collector", "kind"),
            "None",
            id="a collector's old name stays",
        ),
        pytest.param(trial("JAXJob"), ("spec", "trialTemplate", "successCondition"), None, id="nothing for a JAXJob"),
        pytest.param(trial("job"), ("spec", "trialTemplate", "successCondition"), None, id="kinds by their exact name"),
        pytest.param(
            trial("TFJob"),
            ("spec", "trialTemplate", "primaryPodLabels"),
            {"training.kubeflow.org/job-role": "master"},
            id="of any group",
        ),
        pytest.param(
            manifest({"objective": {}}),
            ("spec", "objective", "metricStrategies"),
            [{"value": "latest"}],
            id="no metric",
        ),
        pytest.param(
            manifest(
                {
                    "objective": {
                        "type": "minimize",
                        "objectiveMetricName": "a",
                        "additionalMetricNames": ["a"],
                        "metricStrategies": [{"name": "a", "value": "max"}],
                    }
                }
            ),
            ("spec", "objective", "metricStrategies"),
            [{"name": "a", "value": "max"}, {"name": "a", "value": "min"}],
            id="the objective's own entry does not count for an additional metric",
        ),
        pytest.param({"kind": "Experiment"}, ("metadata",), {}, id="metadata is always written"),
        pytest.param({**manifest(), "status": {"trials": 1}}, ("status",), None, id="the status is not a writer's"),
        pytest.param({**manifest(), "spec": "x"}, ("spec",), "x", id="what cannot be read stays"),
    ],
)
def test_the_server_does_no_more_and_no_less(given: dict[str, Any], path: FieldPath, value: object) -> None:
    assert admitted(given, *path) == value


def test_distribution_is_unknown_to_older_katib() -> None:
    path = ("spec", "parameters", 0, "feasibleSpace", "distribution")
    spaces = manifest({"parameters": [{"name": "a", "feasibleSpace": {"distribution": "normal"}}]})
    assert admitted(manifest(), *path) == "uniform"
    assert admitted(manifest(), *path, katib="0.17") is None
    assert admitted(spaces, *path, katib="0.17") is None


def test_flaws_of_the_experiment_and_of_the_trial_have_paths_in_the_experiment() -> None:
    given = manifest({"maxTrialCount": "12", "surprise": 1})
    given["spec"]["trialTemplate"] = {"trialSpec": {"apiVersion": "batch/v1", "kind": "Job", "spec": {"suspend": 1}}}
    found = {(flaw.kind, flaw.path) for flaw in admit(make(given, PLACE), Target()).flaws}
    trial_path = ("spec", "trialTemplate", "trialSpec")
    assert found == {
        (FlawKind.TYPE, ("spec", "maxTrialCount")),
        (FlawKind.UNKNOWN, ("spec", "surprise")),
        (FlawKind.TYPE, (*trial_path, "spec", "suspend")),
    }


def _paths(value: object, path: FieldPath = ()) -> list[FieldPath]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(deeper for key, item in pairs for deeper in _paths(item, (*path, key)))]


@pytest.mark.parametrize("path", _paths(manifest())[1:], ids=str)
@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_nothing_makes_it_raise_and_twice_is_once(path: FieldPath, odd: object) -> None:
    given = plain(make(manifest(), PLACE))
    holder: Any = given
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = odd
    once = admit(make(given, PLACE), Target()).manifest
    assert plain(admit(once, Target()).manifest) == plain(once)


@pytest.mark.parametrize("katib", KATIB_VERSIONS)
@pytest.mark.parametrize(
    "kind", ["Job", "TFJob", "PyTorchJob", "MPIJob", "XGBoostJob", "PaddleJob", "JAXJob", "TrainJob"]
)
def test_what_kgen_completes_is_what_katib_holds(kind: str, katib: str) -> None:
    target = Target(katib=katib)
    made = default(make(trial(kind), PLACE), kinds_for("2.2", None), target, [])
    assert plain(admit(made, target).manifest) == plain(made)


def test_what_kgen_completes_keeps_a_misspelt_field() -> None:
    """For a rule to name it: kgen renders nothing that has one."""
    made = default(make(manifest({"maxTrailCount": 1}), PLACE), kinds_for("2.2", None), Target(), [])
    assert plain(made)["spec"]["maxTrailCount"] == 1  # type: ignore[index, call-overload]


@pytest.mark.parametrize("kind", ["Job", "PyTorchJob"])
@pytest.mark.parametrize("katib", KATIB_VERSIONS)
def test_what_lacks_nothing_is_left_alone(kind: str, katib: str) -> None:
    """Whatever one takes out of a complete Experiment, the quick look never says too soon that nothing lacks."""
    whole: Any = plain(
        admit(make(manifest({"trialTemplate": {"trialSpec": _job(kind)}}), PLACE), Target(katib)).manifest
    )
    assert lacks_nothing(whole, katib)
    for path in _paths(whole)[1:]:
        bent = copy.deepcopy(whole)
        holder = bent
        for step in path[:-1]:
            holder = holder[step]
        del holder[path[-1]]
        node = make(bent, PLACE)
        if is_sound(bent, Target(katib), ({}, [])) and lacks_nothing(bent, katib):
            assert complete(node, katib) is node, path


def _job(kind: str) -> dict[str, Any]:
    return {"apiVersion": "batch/v1" if kind == "Job" else "kubeflow.org/v1", "kind": kind}


def test_an_objective_that_is_named_again_is_never_complete() -> None:
    named: dict[str, Any] = {"type": "minimize", "objectiveMetricName": "loss", "additionalMetricNames": ["loss"]}
    once = admit(make(manifest({"objective": named}), PLACE), Target()).manifest
    assert admit(once, Target()).manifest is not once
    assert not lacks_nothing(plain(once), "0.19")  # type: ignore[arg-type]
