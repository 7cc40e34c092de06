"""Katib's defaulter: what its own code did, then every rule of it by itself."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from kgen.katib.trialkinds import kinds_for
from kgen.model.diagnostic import Diagnostic
from kgen.model.environment import KATIB_VERSIONS, Target
from kgen.model.node import FieldPath, Node, Span, get, make, plain
from kgen.stages.default import default

CASES = Path(__file__).parents[3] / "shared" / "data" / "webhook-cases.jsonl"
PLACE = Span("experiments/a.yaml", 1, 1)
NO_CASES = pytest.mark.skipif(not CASES.exists(), reason="the webhook's recorded cases are not beside this checkout")

DIFFERENT = {
    "unknown top": "T10: Katib drops `spec.foo` without a word; kgen keeps it, for a rule to name the misspelt key",
}


def defaulted(spec: dict[str, Any], katib: str = "0.19", problems: list[Diagnostic] | None = None) -> Node:
    manifest = make({"apiVersion": "kubeflow.org/v1beta1", "kind": "Experiment", "metadata": {}, "spec": spec}, PLACE)
    return default(manifest, kinds_for("2.2", None), Target(katib=katib), [] if problems is None else problems)


def accepted() -> list[dict[str, Any]]:
    lines = CASES.read_text("utf-8").splitlines() if CASES.exists() else []
    return [case for case in map(json.loads, lines) if case["verdict"] == "accept"]


def patched(obj: Any, patch: list[dict[str, Any]]) -> Any:
    """Apply what the defaulter answers: add, replace and remove."""
    out = copy.deepcopy(obj)
    for operation in patch:
        *above, last = [s.replace("~1", "/").replace("~0", "~") for s in operation["path"].split("/")[1:]]
        holder = out
        for step in above:
            holder = holder[int(step)] if isinstance(holder, list) else holder[step]
        key: Any = last if isinstance(holder, dict) else len(holder) if last == "-" else int(last)
        if operation["op"] == "remove":
            del holder[key]
        elif operation["op"] == "add" and isinstance(holder, list):
            holder.insert(key, operation["value"])
        else:
            assert operation["op"] in ("add", "replace")
            holder[key] = operation["value"]
    return out


@NO_CASES
@pytest.mark.parametrize("case", [pytest.param(c, id=f"{c['op']} {c['id']}") for c in accepted()])
def test_katibs_own_defaulter_agrees(case: dict[str, Any]) -> None:
    ours = plain(defaulted(case["object"]["spec"]))
    theirs = patched(case["object"], case["patch"])
    assert isinstance(ours, dict)
    if case["id"] in DIFFERENT:
        assert ours["spec"] != theirs["spec"], "an explanation that nothing needs any more"
        return
    assert ours["spec"] == theirs["spec"]


@NO_CASES
def test_enough_cases_were_recorded() -> None:
    assert len(accepted()) == 58


BASE: dict[str, Any] = {
    "objective": {"type": "minimize", "objectiveMetricName": "loss"},
    "algorithm": {"algorithmName": "random"},
    "maxTrialCount": 12,
    "parameters": [{"name": "lr", "parameterType": "double", "feasibleSpace": {"min": "0", "max": "1"}}],
}
JOB_PAIR = tuple(f'status.conditions.#(type=="{t}")#|#(status=="True")#' for t in ("Complete", "Failed"))
OPERATOR_PAIR = (JOB_PAIR[0].replace("Complete", "Succeeded"), JOB_PAIR[1])
MASTER = {"training.kubeflow.org/job-role": "master"}
NODE_ZERO = {
    "jobset.sigs.k8s.io/replicatedjob-name": "node",
    "batch.kubernetes.io/job-completion-index": "0",
}
KATIBS = "Katib's default for 0.19"
TYPES = "Katib's own types"


def field(spec: dict[str, Any], *path: str | int, katib: str = "0.19") -> tuple[Any, str]:
    """Give a field of the defaulted Experiment, and the file of its Span."""
    node = get(defaulted({**copy.deepcopy(BASE), **spec}, katib), "spec", *path)
    return (None, "") if node is None else (plain(node), node.span.file)


STRATEGIES = ("objective", "metricStrategies")
COLLECTOR, SOURCE = ("metricsCollectorSpec", "collector"), ("metricsCollectorSpec", "source")
OBJECTIVE = BASE["objective"]


@pytest.mark.parametrize(
    ("spec", "path", "value"),
    [
        pytest.param({}, ("parallelTrialCount",), 3, id="D1 three trials at once"),
        pytest.param({"parallelTrialCount": None}, ("parallelTrialCount",), 3, id="D1 null is absent"),
        pytest.param({}, ("resumePolicy",), "Never", id="D2 Never"),
        pytest.param({"resumePolicy": ""}, ("resumePolicy",), "Never", id="D2 the empty text is absent"),
        pytest.param({}, (*STRATEGIES, 0), {"name": "loss", "value": "min"}, id="D3 min for minimize"),
        pytest.param(
            {"objective": {**OBJECTIVE, "type": "maximize"}},
            (*STRATEGIES, 0),
            {"name": "loss", "value": "max"},
            id="D3 max for maximize",
        ),
        pytest.param(
            {"objective": {**OBJECTIVE, "type": "Minimize"}},
            (*STRATEGIES, 0),
            {"name": "loss", "value": "latest"},
            id="D3 latest for anything else",
        ),
        pytest.param(
            {"objective": {**OBJECTIVE, "additionalMetricNames": ["acc"]}},
            (*STRATEGIES, 1),
            {"name": "acc", "value": "min"},
            id="D4 additional metrics follow the objective's type",
        ),
        pytest.param({"metricsCollectorSpec": None}, (*COLLECTOR, "kind"), "StdOut", id="D11 no collector is StdOut"),
        pytest.param({"metricsCollectorSpec": {}}, (*COLLECTOR, "kind"), "StdOut", id="D11 an empty one too"),
        pytest.param(
            {"metricsCollectorSpec": {"collector": {"kind": "File"}}},
            (*SOURCE, "fileSystemPath"),
            {"kind": "File", "path": "/var/log/katib/metrics.log", "format": "TEXT"},
            id="D12 File",
        ),
        pytest.param(
            {"metricsCollectorSpec": {"collector": {"kind": "TensorFlowEvent"}}},
            (*SOURCE, "fileSystemPath"),
            {"kind": "Directory", "path": "/var/log/katib/tfevent/"},
            id="D13 TensorFlowEvent has no format",
        ),
        pytest.param(
            {"metricsCollectorSpec": {"collector": {"kind": "PrometheusMetric"}, "source": {"httpGet": {"port": 0}}}},
            (*SOURCE, "httpGet", "port"),
            8080,
            id="D14 port 0 is absent",
        ),
        pytest.param(
            {"metricsCollectorSpec": {"collector": {"kind": "PrometheusMetric"}, "source": {"httpGet": {"port": 1}}}},
            (*SOURCE, "httpGet", "path"),
            "/metrics",
            id="D14 path",
        ),
        pytest.param({}, ("parameters", 0, "feasibleSpace", "distribution"), "uniform", id="D16 double"),
        pytest.param(
            {"parameters": [{"name": "a", "parameterType": "categorical", "feasibleSpace": {"list": ["x"]}}]},
            ("parameters", 0, "feasibleSpace", "distribution"),
            "uniform",
            id="D16 categorical too",
        ),
    ],
)
def test_what_katib_writes_says_that_it_is_katibs(spec: dict[str, Any], path: FieldPath, value: object) -> None:
    assert field(spec, *path) == (value, KATIBS)


def test_structs_that_go_never_leaves_out() -> None:
    """T13, T14; their distribution is the defaulter's, and there is none for NAS."""
    assert field({"nasConfig": {"operations": []}}, "nasConfig", "graphConfig") == ({}, TYPES)
    nas = {"operations": [{"parameters": [{"name": "a"}]}]}
    path = ("nasConfig", "operations", 0, "parameters", 0, "feasibleSpace")
    assert field({"nasConfig": nas}, *path) == ({}, TYPES)


@pytest.mark.parametrize(
    ("spec", "path", "value"),
    [
        pytest.param({"parallelTrialCount": 1}, ("parallelTrialCount",), 1, id="D1"),
        pytest.param({"resumePolicy": "FromVolume"}, ("resumePolicy",), "FromVolume", id="D2"),
        pytest.param(
            {"objective": {**OBJECTIVE, "metricStrategies": [{"name": "loss", "value": "latest"}]}},
            STRATEGIES,
            [{"name": "loss", "value": "latest"}],
            id="D3 an entry for the objective",
        ),
        pytest.param(
            {
                "objective": {
                    **OBJECTIVE,
                    "additionalMetricNames": ["b", "a", "b"],
                    "metricStrategies": [{"name": "a", "value": "max"}, {"name": "other", "value": "max"}],
                }
            },
            STRATEGIES,
            [
                {"name": "a", "value": "max"},
                {"name": "other", "value": "max"},
                {"name": "loss", "value": "min"},
                {"name": "b", "value": "min"},
                {"name": "b", "value": "min"},
            ],
            id="D5 the author's, the objective's, the additional ones in order, twice where named twice",
        ),
        pytest.param(
            {"objective": {"type": "minimize"}}, STRATEGIES, [{"value": "min"}], id="D3 no metric, and its entry"
        ),
        pytest.param({"metricsCollectorSpec": {"collector": {}}}, COLLECTOR, {}, id="D11 an empty collector stays"),
        pytest.param(
            {
                "metricsCollectorSpec": {
                    "collector": {"kind": "File"},
                    "source": {"fileSystemPath": {"path": "/a", "format": "JSON"}},
                }
            },
            (*SOURCE, "fileSystemPath"),
            {"kind": "File", "path": "/a", "format": "JSON"},
            id="D12 only what is absent",
        ),
        pytest.param({"metricsCollectorSpec": {"collector": {"kind": "StdOut"}}}, SOURCE, None, id="D15 StdOut"),
        pytest.param({"metricsCollectorSpec": {"collector": {"kind": "Push"}}}, SOURCE, None, id="D15 Push"),
        pytest.param(
            {"parameters": [{"name": "a", "feasibleSpace": {"distribution": "logUniform"}}]},
            ("parameters", 0, "feasibleSpace"),
            {"distribution": "logUniform"},
            id="D16 one that is given",
        ),
        pytest.param(
            {"parameters": [{"name": "a"}]},
            ("parameters", 0, "feasibleSpace"),
            {"distribution": "uniform"},
            id="T14 a parameter without feasibleSpace",
        ),
        pytest.param(
            {"nasConfig": {"graphConfig": {"numLayers": 8}, "operations": [{"parameters": [{"name": "a"}]}]}},
            ("nasConfig", "operations", 0, "parameters", 0),
            {"name": "a", "feasibleSpace": {}},
            id="D16 not in nasConfig",
        ),
        pytest.param({"parameters": []}, ("parameters",), None, id="T11 an empty list goes"),
        pytest.param({"nasConfig": None}, ("nasConfig",), None, id="T11 null goes"),
        pytest.param({"objective": {**OBJECTIVE, "goal": 0}}, ("objective", "goal"), 0, id="T17 goal 0 stays"),
        pytest.param({"maxFailedTrialCount": 0}, ("maxFailedTrialCount",), 0, id="T17 maxFailedTrialCount 0 stays"),
        pytest.param({"earlyStopping": {}}, ("earlyStopping",), {}, id="an empty struct stays"),
        pytest.param(
            {"parameters": [{"name": ""}, {"name": "b", "feasibleSpace": {"list": []}}]},
            ("parameters",),
            [
                {"feasibleSpace": {"distribution": "uniform"}},
                {"name": "b", "feasibleSpace": {"distribution": "uniform"}},
            ],
            id="T11 within the items of a list, which stay",
        ),
    ],
)
def test_what_is_written_stays(spec: dict[str, Any], path: FieldPath, value: object) -> None:
    assert field(spec, *path)[0] == value


@pytest.mark.parametrize(
    ("kind", "katib", "conditions", "labels", "whose"),
    [
        pytest.param("Job", "0.19", JOB_PAIR, None, "Katib's default for 0.19", id="D6 Job"),
        pytest.param("TFJob", "0.17", OPERATOR_PAIR, MASTER, "Katib's default for 0.17", id="D7 D8 TFJob"),
        pytest.param("PyTorchJob", "0.18", OPERATOR_PAIR, MASTER, "Katib's default for 0.18", id="D7 D8 PyTorchJob"),
        pytest.param("XGBoostJob", "0.19", OPERATOR_PAIR, MASTER, "Katib's default for 0.19", id="D7 D8 XGBoostJob"),
        pytest.param("MPIJob", "0.19", OPERATOR_PAIR, MASTER, "Katib's default for 0.19", id="D7 D8 MPIJob"),
        pytest.param("TrainJob", "0.19", JOB_PAIR, NODE_ZERO, "Katib's default for 0.19", id="D9 TrainJob"),
        pytest.param(
            "TrainJob", "0.18", JOB_PAIR, NODE_ZERO, "kgen's default for TrainJob", id="before 0.19 it is ours"
        ),
        pytest.param("MXJob", "0.17", OPERATOR_PAIR, MASTER, "Katib's default for 0.17", id="D7 MXJob until 0.17"),
        pytest.param("MXJob", "0.18", None, None, "", id="D10 no MXJob from 0.18 on"),
        pytest.param("JAXJob", "0.19", OPERATOR_PAIR, MASTER, "kgen's default for JAXJob", id="D10 JAXJob is ours"),
        pytest.param("job", "0.19", None, None, "", id="D10 case counts"),
        pytest.param("Workflow", "0.19", None, None, "", id="D10 Workflow"),
    ],
)
def test_conditions_and_labels(
    kind: str, katib: str, conditions: tuple[str, str] | None, labels: dict[str, str] | None, whose: str
) -> None:
    spec = {"trialTemplate": {"primaryContainerName": "c", "trialSpec": {"apiVersion": "any/v1", "kind": kind}}}
    success, failure = conditions or (None, None)
    assert field(spec, "trialTemplate", "successCondition", katib=katib) == (success, whose)
    assert field(spec, "trialTemplate", "failureCondition", katib=katib) == (failure, whose)
    assert field(spec, "trialTemplate", "primaryPodLabels", katib=katib) == (labels, whose if labels else "")


def test_each_condition_and_the_labels_are_defaulted_on_their_own() -> None:
    template = {"successCondition": "mine", "primaryPodLabels": {}, "trialSpec": {"apiVersion": "v1", "kind": "TFJob"}}
    assert field({"trialTemplate": template}, "trialTemplate", "successCondition") == ("mine", PLACE.file)
    assert field({"trialTemplate": template}, "trialTemplate", "failureCondition") == (OPERATOR_PAIR[1], KATIBS)
    assert field({"trialTemplate": template}, "trialTemplate", "primaryPodLabels") == (MASTER, KATIBS)


def test_a_template_in_a_config_map_gets_no_conditions() -> None:
    template = {"configMap": {"configMapName": "a"}, "retain": False}
    assert field({"trialTemplate": template}, "trialTemplate")[0] == {"configMap": {"configMapName": "a"}}


def test_what_is_written_in_the_trials_object_stays_but_for_whole_numbers() -> None:
    """T15, and J7 where the webhook would refuse the size."""
    trial = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "a": None,
        "b": [],
        "c": "",
        "d": 3.0,
        "e": 0.5,
        "f": [{"emptyDir": {"sizeLimit": "0.5Gi"}}],
        "g": {"limits": {"memory": "1024Mi"}},
    }
    wanted = {**trial, "d": 3, "f": [{"emptyDir": {"sizeLimit": "512Mi"}}]}
    got, _ = field({"trialTemplate": {"trialSpec": trial}}, "trialTemplate", "trialSpec")
    assert got == wanted
    assert type(got["d"]) is int


def test_a_custom_collector_is_normalised() -> None:
    """T12; booleans and numbers that Go keeps behind pointers stay when they are false or zero."""
    container = {
        "name": "c",
        "tty": False,
        "securityContext": {"runAsNonRoot": False, "runAsUser": 0},
        "env": [{"name": "A", "value": "", "valueFrom": {"secretKeyRef": {"key": "k", "optional": False}}}],
        "livenessProbe": {"initialDelaySeconds": 0},
    }
    wanted = {
        "name": "c",
        "securityContext": {"runAsNonRoot": False, "runAsUser": 0},
        "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"key": "k", "optional": False}}}],
        "livenessProbe": {},
    }
    path = (*COLLECTOR, "customCollector")
    spec: dict[str, Any] = {"metricsCollectorSpec": {"collector": {"kind": "Custom", "customCollector": container}}}
    assert field(spec, *path)[0] == {**wanted, "resources": {}}
    assert field(spec, *path, "resources") == ({}, TYPES)
    container["resources"] = {"limits": {"memory": "1024Mi", "cpu": 1}}
    assert field(spec, *path, "resources") == ({"limits": {"memory": "1Gi", "cpu": "1"}}, PLACE.file)


def test_fewer_trials_than_katib_runs_at_once() -> None:
    """D1 would make it 3, which V6 refuses: kgen writes what is left, and says that it is kgen's."""
    assert field({"maxTrialCount": 2}, "parallelTrialCount") == (2, "kgen's default")
    assert field({"maxTrialCount": 3}, "parallelTrialCount") == (3, KATIBS)


def test_distribution_by_release() -> None:
    path = ("parameters", 0, "feasibleSpace", "distribution")
    assert field({}, *path, katib="0.17") == (None, "")
    assert field({}, *path, katib="0.18") == ("uniform", "Katib's default for 0.18")


def test_a_distribution_that_the_release_does_not_know() -> None:
    problems: list[Diagnostic] = []
    spec = copy.deepcopy(BASE)
    spec["parameters"][0]["feasibleSpace"]["distribution"] = "logUniform"
    node = defaulted(spec, "0.17", problems)
    assert get(node, "spec", "parameters", 0, "feasibleSpace", "distribution") is None
    (found,) = problems
    assert (found.code, found.span) == ("KG207", PLACE)
    assert found.message == "Katib 0.17 knows no `distribution`: it would draw uniformly"
    assert found.help == "remove it, or set the target to Katib 0.18 or newer"


@pytest.mark.parametrize(("katib", "kind"), [("0.17", "None"), ("0.18", "Push"), ("0.19", "Push")])
@pytest.mark.parametrize("written", ["Push", "None"])
def test_push_goes_by_the_releases_name(katib: str, kind: str, written: str) -> None:
    spec = {"metricsCollectorSpec": {"collector": {"kind": written}}}
    assert field(spec, *COLLECTOR, katib=katib)[0] == {"kind": kind}


@pytest.mark.parametrize("katib", KATIB_VERSIONS)
@NO_CASES
def test_defaulting_twice_changes_nothing(katib: str) -> None:
    for case in accepted():
        once = defaulted(case["object"]["spec"], katib)
        twice = default(once, kinds_for("2.2", None), Target(katib=katib), [])
        assert twice == once
