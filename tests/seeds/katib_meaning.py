"""What an Experiment means to Katib 0.19, said a second time and apart from kgen.

Written for itself, as plain functions over plain data: what the webhook defaults and drops, and v1alpha3's meaning.
Nothing here is imported from kgen, so that the two can be held against each other.
"""

from __future__ import annotations

import copy
import re
from typing import Any

import yaml

ALWAYS = ("feasibleSpace", "graphConfig")  # Go structs that are no pointers: written even when empty (T13, T14)
DROPPED = ("", 0, False, None, [], {})

# The Go types: a mapping is a struct, a list of one a slice of structs. Of the leaves, `OMIT` is dropped when it is
# zero, `POINTER` only when it is null, and `RAW` is kept as it is written.
OMIT, POINTER, RAW = "omit", "pointer", "raw"
SPACE = dict.fromkeys(("min", "max", "step", "list", "distribution"), OMIT)
PARAMETERS = [{"name": OMIT, "parameterType": OMIT, "feasibleSpace": SPACE}]
PAIRS = [{"name": OMIT, "value": OMIT}]
ALGORITHM = {"algorithmName": OMIT, "algorithmSettings": PAIRS}
SPEC: dict[str, Any] = {
    "parameters": PARAMETERS,
    "objective": {
        "type": OMIT,
        "goal": POINTER,
        "objectiveMetricName": OMIT,
        "additionalMetricNames": OMIT,
        "metricStrategies": PAIRS,
    },
    "algorithm": ALGORITHM,
    "earlyStopping": ALGORITHM,
    "trialTemplate": {
        "retain": OMIT,
        "trialSpec": RAW,
        "configMap": {"configMapName": OMIT, "configMapNamespace": OMIT, "templatePath": OMIT},
        "trialParameters": [{"name": OMIT, "description": OMIT, "reference": OMIT}],
        "primaryPodLabels": OMIT,
        "primaryContainerName": OMIT,
        "successCondition": OMIT,
        "failureCondition": OMIT,
    },
    "parallelTrialCount": POINTER,
    "maxTrialCount": POINTER,
    "maxFailedTrialCount": POINTER,
    "metricsCollectorSpec": {
        "collector": {"kind": OMIT, "customCollector": RAW},
        "source": {
            "httpGet": RAW,
            "fileSystemPath": {"path": OMIT, "kind": OMIT, "format": OMIT},
            "filter": {"metricsFormat": OMIT},
        },
    },
    "nasConfig": {
        "graphConfig": {"numLayers": POINTER, "inputSizes": OMIT, "outputSizes": OMIT},
        "operations": [{"operationType": OMIT, "parameters": PARAMETERS}],
    },
    "resumePolicy": OMIT,
}
STRATEGY = {"minimize": "min", "maximize": "max"}
OPERATOR_KINDS = ("TFJob", "PyTorchJob", "XGBoostJob", "MPIJob")
MASTER = {"training.kubeflow.org/job-role": "master"}
NODE = {"jobset.sigs.k8s.io/replicatedjob-name": "node", "batch.kubernetes.io/job-completion-index": "0"}
CONDITION = 'status.conditions.#(type=="{}")#|#(status=="True")#'
SOURCES = {
    "File": ("fileSystemPath", {"kind": "File", "path": "/var/log/katib/metrics.log", "format": "TEXT"}),
    "TensorFlowEvent": ("fileSystemPath", {"kind": "Directory", "path": "/var/log/katib/tfevent/"}),
    "PrometheusMetric": ("httpGet", {"path": "/metrics", "port": 8080}),
}


def stored(experiment: dict[str, Any]) -> dict[str, Any]:
    """Give the object that the API server holds when it was sent this one."""
    spec = _decode(copy.deepcopy(experiment["spec"]), SPEC)
    _default(spec)
    metadata = {key: value for key, value in experiment["metadata"].items() if value not in DROPPED}
    return {**experiment, "metadata": metadata, "spec": _decode(spec, SPEC)}


def _decode(value: Any, shape: Any) -> Any:
    """Go through the Go types: what they do not know is gone (T10), and so are zero values (T11)."""
    if shape == RAW:
        return _numbers(value)
    if isinstance(shape, list):
        return [_decode(item, shape[0]) for item in value or ()]
    if not isinstance(shape, dict):
        return value
    out = {}
    for key, inner in shape.items():
        got = value.get(key)
        if got is None and key in ALWAYS:
            got = {}
        if got is None:
            continue
        new = _decode(got, inner)
        if isinstance(inner, dict) or inner in (POINTER, RAW) or new not in DROPPED:
            out[key] = new
    return out


def _numbers(value: Any) -> Any:
    """JSON has one kind of number: 3.0 comes back as 3 (T15)."""
    if isinstance(value, dict):
        return {key: _numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _default(spec: dict[str, Any]) -> None:
    spec.setdefault("parallelTrialCount", 3)  # D1
    spec.setdefault("resumePolicy", "Never")  # D2
    if "objective" in spec:
        _default_objective(spec["objective"])
    if "trialTemplate" in spec:
        _default_template(spec["trialTemplate"])
    collector = spec.setdefault("metricsCollectorSpec", {})  # D11
    kind = collector.setdefault("collector", {"kind": "StdOut"}).get("kind")
    if kind in SOURCES:  # D12 to D14
        place, wanted = SOURCES[kind]
        held = collector.setdefault("source", {}).setdefault(place, {})
        held.update({key: value for key, value in wanted.items() if not held.get(key)})
    for parameter in spec.get("parameters", ()):  # D16
        parameter["feasibleSpace"].setdefault("distribution", "uniform")


def _default_objective(objective: dict[str, Any]) -> None:
    value = STRATEGY.get(objective.get("type", ""), "latest")
    strategies = objective.setdefault("metricStrategies", [])
    named = {entry.get("name") for entry in strategies}
    for name in (objective.get("objectiveMetricName"), *objective.get("additionalMetricNames", ())):  # D3 to D5
        if name not in named:
            strategies.append({"name": name, "value": value})


def _default_template(template: dict[str, Any]) -> None:
    kind = template.get("trialSpec", {}).get("kind")
    if kind in ("Job", "TrainJob", *OPERATOR_KINDS):  # D6, D7, D9
        success = "Succeeded" if kind in OPERATOR_KINDS else "Complete"
        template.setdefault("successCondition", CONDITION.format(success))
        template.setdefault("failureCondition", CONDITION.format("Failed"))
    labels = MASTER if kind in OPERATOR_KINDS else NODE if kind == "TrainJob" else None
    if labels is not None:  # D8, D9
        template.setdefault("primaryPodLabels", dict(labels))


# What the document's own range over the parameters prints for each of them.
RANGE = """
                        {{- range .}}
                        - "{{.Name}}={{.Value}}"
                        {{- end}}
                        {{- end}}
"""


def from_v1alpha3(text: str) -> dict[str, Any]:
    """Say an Experiment of v1alpha3 in v1beta1, its behaviour kept (sections 13.1 and 13.2)."""
    old = yaml.safe_load(text)
    assert old["apiVersion"] == "kubeflow.org/v1alpha3"
    spec = dict(old["spec"])
    objective = spec["objective"]
    metrics = [objective["objectiveMetricName"], *objective.get("additionalMetricNames", ())]
    latest = [{"name": name, "value": "latest"} for name in metrics]
    aliases = {parameter["name"]: parameter["name"].lstrip("-") for parameter in spec["parameters"]}
    spec["objective"] = {**objective, "metricStrategies": latest}
    spec["resumePolicy"] = spec.get("resumePolicy", "LongRunning")
    spec["trialTemplate"] = {
        "primaryContainerName": "tensorflow",
        "trialParameters": [{"name": alias, "reference": name} for name, alias in aliases.items()],
        "trialSpec": _from_go_template(spec["trialTemplate"]["goTemplate"]["rawTemplate"], aliases),
    }
    return {**old, "apiVersion": "kubeflow.org/v1beta1", "spec": spec}


def _from_go_template(text: str, aliases: dict[str, str]) -> dict[str, Any]:
    lines = []
    for line in text.splitlines():
        if re.search(r"\{\{- (with|range|end)\b", line):
            continue
        if '- "{{.Name}}={{.Value}}"' in line:
            indent = line[: line.index("-")]
            lines += [f'{indent}- "{name}=${{trialParameters.{alias}}}"' for name, alias in aliases.items()]
        elif re.search(r": \{\{\.(Trial|NameSpace)\}\}", line) is None:
            lines.append(line)
    assert not any("{{" in line for line in lines)
    trial: dict[str, Any] = yaml.safe_load("\n".join(lines))
    assert trial["metadata"] is None  # its name and namespace were all it held
    del trial["metadata"]
    return trial
