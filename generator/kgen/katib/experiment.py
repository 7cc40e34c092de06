"""The Go types of an Experiment, as field: marks and type (see `kgen.katib.types`).

Read from github.com/kubeflow/katib v0.19.0, pkg/apis/controller/experiments/v1beta1/experiment_types.go and
pkg/apis/controller/common/v1beta1/common_types.go; 0.17 from its tag.
"""

from __future__ import annotations

from kgen.katib.v1beta1 import SINCE_DISTRIBUTION, version

ROOT = "katib.Experiment"

_SETTING = {"name": "?text", "value": "?text"}
_ALGORITHM = {"algorithmName": "?text", "algorithmSettings": "?[]katib.Setting"}

_TYPES: dict[str, dict[str, str]] = {
    ROOT: {
        "apiVersion": "?text",
        "kind": "?text",
        "metadata": "?meta.ObjectMeta",
        "spec": "?katib.ExperimentSpec",
        "status": "?*{}any",
    },
    "katib.ExperimentSpec": {
        "parameters": "?[]katib.ParameterSpec",
        "objective": "?*katib.ObjectiveSpec",
        "algorithm": "?*katib.AlgorithmSpec",
        "earlyStopping": "?*katib.EarlyStoppingSpec",
        "trialTemplate": "?*katib.TrialTemplate",
        "parallelTrialCount": "?*int32",
        "maxTrialCount": "?*int32",
        "maxFailedTrialCount": "?*int32",
        "metricsCollectorSpec": "?*katib.MetricsCollectorSpec",
        "nasConfig": "?*katib.NasConfig",
        "resumePolicy": "?text",
    },
    "katib.ParameterSpec": {
        "name": "?text",
        "parameterType": "?text",
        "feasibleSpace": "?katib.FeasibleSpace",
    },
    "katib.FeasibleSpace": {
        "max": "?text",
        "min": "?text",
        "list": "?[]text",
        "step": "?text",
        "distribution": "?text",
    },
    "katib.ObjectiveSpec": {
        "type": "?text",
        "goal": "?*float",
        "objectiveMetricName": "?text",
        "additionalMetricNames": "?[]text",
        "metricStrategies": "?[]katib.Setting",
    },
    "katib.AlgorithmSpec": _ALGORITHM,
    "katib.EarlyStoppingSpec": _ALGORITHM,
    "katib.Setting": _SETTING,
    "katib.TrialTemplate": {
        "retain": "?bool",
        "trialSpec": "?*object",
        "configMap": "?*katib.ConfigMapSource",
        "trialParameters": "?[]katib.TrialParameterSpec",
        "primaryPodLabels": "?{}text",
        "primaryContainerName": "?text",
        "successCondition": "?text",
        "failureCondition": "?text",
    },
    "katib.ConfigMapSource": {
        "configMapName": "?text",
        "configMapNamespace": "?text",
        "templatePath": "?text",
    },
    "katib.TrialParameterSpec": {"name": "?text", "description": "?text", "reference": "?text"},
    "katib.MetricsCollectorSpec": {"source": "?*katib.SourceSpec", "collector": "?*katib.CollectorSpec"},
    "katib.SourceSpec": {
        "httpGet": "?*core.HTTPGetAction",
        "fileSystemPath": "?*katib.FileSystemPath",
        "filter": "?*katib.FilterSpec",
    },
    "katib.FilterSpec": {"metricsFormat": "?[]text"},
    "katib.FileSystemPath": {"path": "?text", "kind": "?text", "format": "?text"},
    "katib.CollectorSpec": {"kind": "?text", "customCollector": "?*core.Container"},
    "katib.NasConfig": {"graphConfig": "?katib.GraphConfig", "operations": "?[]katib.Operation"},
    "katib.GraphConfig": {"numLayers": "?*int32", "inputSizes": "?[]int32", "outputSizes": "?[]int32"},
    "katib.Operation": {"operationType": "?text", "parameters": "?[]katib.ParameterSpec"},
}

# Fields that came later: type, field, the first release with it.
SINCE = (("katib.FeasibleSpace", "distribution", SINCE_DISTRIBUTION),)


def types_of(katib: str) -> dict[str, dict[str, str]]:
    """Give the types of one release."""
    types = dict(_TYPES)
    for name, field, since in SINCE:
        if version(katib) < version(since):
            types[name] = {key: marks for key, marks in types[name].items() if key != field}
    return types
