"""Edits as people make them to an Experiment that is in a cluster, and the states in which it can be."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from kgen.katib.admission import admit
from kgen.model.environment import Target
from kgen.model.node import NOWHERE, make, plain

MANIFESTS = Path(__file__).parent / "manifests"
POLICIES = ("Never", "LongRunning", "FromVolume")
Bend = Callable[[dict[str, Any]], object]


class State(NamedTuple):
    """How far the stored Experiment is; all have maxTrialCount 12 at the start."""

    name: str
    status: dict[str, Any] | None


class Edit(NamedTuple):
    """A change of a manifest; the stored object can have been changed otherwise too."""

    name: str
    bend: Bend
    of: str = "full-job"  # the manifest
    stored: Bend | None = None  # of the object in the cluster, after its defaults

    @property
    def id(self) -> str:
        """Name it beside its manifest."""
        return f"{self.of}: {self.name}"


class Cell(NamedTuple):
    """One update: an edit of an Experiment of a policy in a state."""

    edit: Edit
    policy: str
    state: State
    old: dict[str, Any]
    new: dict[str, Any]  # as in Git: without what Katib adds


def _status(conditions: str, **trials: int) -> dict[str, Any]:
    """Make a status of conditions such as `Running, Succeeded=ExperimentGoalReached, Failed?`; `?`: does not hold."""
    listed = []
    for text in conditions.split(", ") if conditions else ():
        kind, _, reason = text.partition("=")
        name = kind.rstrip("?")
        listed.append(
            {"type": name, "status": "False" if kind != name else "True", "reason": reason or f"Experiment{name}"}
        )
    return {"conditions": listed, **trials}


_MOST, _GOAL, _END = (f"Experiment{why}Reached" for why in ("MaxTrials", "Goal", "SuggestionEnd"))
_DONE = {"trials": 12, "trialsSucceeded": 11, "trialsFailed": 1}
STATES = (
    State("no status", None),
    State("created", _status("Created")),
    State("few trials", _status("Created, Running", trials=4, trialsSucceeded=1, trialsRunning=2, trialsPending=1)),
    State("all trials", _status("Created, Running", trials=12, trialsSucceeded=8, trialsFailed=1, trialsRunning=3)),
    State("goal", _status(f"Created, Running?, Succeeded={_GOAL}", trials=7, trialsSucceeded=5, trialsRunning=2)),
    State("done", _status(f"Created, Running?, Succeeded={_MOST}", **_DONE)),
    State("exhausted", _status(f"Created, Running?, Succeeded={_END}", trials=9, trialsSucceeded=9)),
    State("failed", _status("Created, Running?, Failed", trials=6, trialsFailed=2, trialMetricsUnavailable=1)),
    State("restarted", _status("Created, Restarting, Running", trials=10, trialsSucceeded=9, trialsRunning=1)),
    State("done again", _status(f"Created, Restarting, Running?, Succeeded={_MOST}", **_DONE)),
    State("goal again", _status(f"Created, Restarting, Running?, Succeeded={_GOAL}", **_DONE)),
    State("both ends", _status(f"Created, Failed, Succeeded={_MOST}", **_DONE)),
    State("not ended", _status(f"Created, Running, Succeeded?={_MOST}, Failed?", trials=5, trialsRunning=5)),
)  # fmt: skip


def cells() -> Iterator[Cell]:
    """Yield every edit in every state under every policy, in the same order each time."""
    for edit in EDITS:
        for policy in POLICIES:
            yield from of(edit, policy)


def of(edit: Edit, policy: str) -> Iterator[Cell]:
    """Yield an edit in every state under one policy."""
    held, new = stored(edit.of, policy), _manifest(edit.of, policy)
    edit.bend(new)
    if edit.stored is not None:
        edit.stored(held)
    for state in STATES:
        old = held if state.status is None else {**held, "status": state.status}
        yield Cell(edit, policy, state, old, new)


def _manifest(name: str, policy: str | None) -> dict[str, Any]:
    made = copy.deepcopy(_read(name))
    if policy is not None:
        made["spec"]["resumePolicy"] = policy
    return made


@cache
def _read(name: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((MANIFESTS / f"{name}.yaml").read_text("utf-8"))
    return read


def stored(name: str, policy: str | None) -> dict[str, Any]:
    """Give what a cluster holds of it; that kgen makes the same of it as Katib is what the mutants show."""
    held = plain(admit(make(_manifest(name, policy), NOWHERE), Target()).manifest)
    assert isinstance(held, dict)
    held["metadata"] |= {"resourceVersion": "1", "finalizers": ["update-prometheus-metrics"]}
    return held


def _at(root: Any, path: str) -> tuple[Any, str | int]:
    """Follow `spec.parameters.0.name` to its last step."""
    steps: list[str | int] = [int(step) if step.isdecimal() else step for step in path.replace("\\.", "\0").split(".")]
    steps = [step.replace("\0", ".") if isinstance(step, str) else step for step in steps]
    for step in steps[:-1]:
        root = root.setdefault(step, {}) if isinstance(root, dict) else root[step]
    return root, steps[-1]


def sets(path: str, value: object, *more: object) -> Bend:
    """Give fields values: path, value, path, value, ..."""
    pairs = [(path, value), *zip(more[::2], more[1::2], strict=True)]

    def bend(root: dict[str, Any]) -> None:
        for where, what in pairs:
            holder, key = _at(root, str(where))
            holder[key] = copy.deepcopy(what)

    return bend


def drops(*paths: str) -> Bend:
    """Leave fields or items out."""

    def bend(root: dict[str, Any]) -> None:
        for path in paths:
            holder, key = _at(root, path)
            del holder[key]

    return bend


def adds(path: str, *values: object) -> Bend:
    """Put items at the end of a list."""

    def bend(root: dict[str, Any]) -> None:
        holder, key = _at(root, path)
        holder[key].extend(copy.deepcopy(values))

    return bend


def turns(path: str) -> Bend:
    """Turn a list around."""

    def bend(root: dict[str, Any]) -> None:
        holder, key = _at(root, path)
        holder[key].reverse()

    return bend


def both(*bends: Bend) -> Bend:
    """Do several at once."""

    def bend(root: dict[str, Any]) -> None:
        for each in bends:
            each(root)

    return bend


def same(root: dict[str, Any]) -> None:
    """Change nothing."""


def keys_turned(root: Any) -> None:
    """Write the keys of every mapping in another order."""
    if isinstance(root, dict):
        held = list(root.items())
        root.clear()
        root.update(reversed(held))
    for value in root.values() if isinstance(root, dict) else root if isinstance(root, list) else ():
        keys_turned(value)


def without_distribution(root: dict[str, Any]) -> None:
    """Make it what Katib stored before 0.18."""
    for parameter in root["spec"]["parameters"]:
        parameter["feasibleSpace"].pop("distribution", None)


_P, _MAXIMUM, _FAILED = "spec.parallelTrialCount", "spec.maxTrialCount", "spec.maxFailedTrialCount"
_O, _T, _TRIAL = "spec.objective", "spec.trialTemplate", "spec.trialTemplate.trialSpec"
_SPACE, _POD = "spec.parameters.{}.feasibleSpace", f"{_TRIAL}.spec.template.spec"
_C = f"{_POD}.containers.0"
_OWN, _SOURCE = "spec.metricsCollectorSpec.collector.customCollector", "spec.metricsCollectorSpec.source"
_LABEL = "registry\\.example/team"

EDITS = (
    Edit("nothing", same),
    Edit("parallel up", sets(_P, 5)),
    Edit("parallel down to 2", sets(_P, 2)),
    Edit("parallel down to 1", sets(_P, 1)),
    Edit("parallel left out: 3 again", drops(_P)),
    Edit("parallel left out where 5 is stored", drops(_P), stored=sets(_P, 5)),
    Edit("parallel 0", sets(_P, 0)),
    Edit("parallel above max", sets(_P, 13)),
    Edit("max up by one", sets(_MAXIMUM, 13)),
    Edit("max up", sets(_MAXIMUM, 24)),
    Edit("max down to 11", sets(_MAXIMUM, 11)),
    Edit("max down to 5: one above few", sets(_MAXIMUM, 5)),
    Edit("max down to 4: as many as few", sets(_MAXIMUM, 4)),
    Edit("max down to 3: below few", sets(_MAXIMUM, 3)),
    Edit("max removed", drops(_MAXIMUM)),
    Edit("max removed, null", sets(_MAXIMUM, None)),
    Edit("max given where none is stored", same, stored=drops(_MAXIMUM)),
    Edit("max 0", sets(_MAXIMUM, 0, _FAILED, 0)),
    Edit("maxFailed up", sets(_FAILED, 4)),
    Edit("maxFailed down to 1", sets(_FAILED, 1)),
    Edit("maxFailed 0", sets(_FAILED, 0)),
    Edit("maxFailed removed", drops(_FAILED)),
    Edit("maxFailed given where none is stored", same, stored=drops(_FAILED)),
    Edit("maxFailed above max", sets(_FAILED, 13)),
    Edit("max and parallel up", sets(_MAXIMUM, 24, _P, 6)),
    Edit("max up, parallel down", sets(_MAXIMUM, 13, _P, 1)),
    Edit("all three counts", sets(_MAXIMUM, 24, _P, 6, _FAILED, 6)),
    Edit("counts as 24.0", sets(_MAXIMUM, 24.0)),
    Edit("objective type", sets(f"{_O}.type", "minimize")),
    Edit("goal up", sets(f"{_O}.goal", 0.999)),
    Edit("goal as 0.990", sets(f"{_O}.goal", 0.990)),
    Edit("goal 0", sets(f"{_O}.goal", 0)),
    Edit("goal removed", drops(f"{_O}.goal")),
    Edit("goal 1.0 where 1 is stored", sets(f"{_O}.goal", 1.0), stored=sets(f"{_O}.goal", 1)),
    Edit("objective metric", sets(f"{_O}.objectiveMetricName", "f1")),
    Edit("additional metric added", adds(f"{_O}.additionalMetricNames", "f1")),
    Edit("additional metrics removed", drops(f"{_O}.additionalMetricNames")),
    Edit("a strategy changed", sets(f"{_O}.metricStrategies.1.value", "min")),
    Edit("strategies in another order", turns(f"{_O}.metricStrategies")),
    Edit("strategies left out", drops(f"{_O}.metricStrategies")),
    Edit(
        "strategies written out", sets(f"{_O}.metricStrategies", [{"name": "accuracy", "value": "max"}]), "minimal-job"
    ),
    Edit("objective removed", drops(_O)),
    Edit("algorithm name", sets("spec.algorithm.algorithmName", "tpe")),
    Edit("algorithm name unknown", sets("spec.algorithm.algorithmName", "nelder")),
    Edit("algorithm setting added", sets("spec.algorithm.algorithmSettings", [{"name": "random_state", "value": "1"}])),
    Edit("algorithm settings []", sets("spec.algorithm.algorithmSettings", [])),
    Edit("algorithm setting changed", sets("spec.algorithm.algorithmSettings.0.value", "6"), "tpe-file-text"),
    Edit("algorithm settings in another order", turns("spec.algorithm.algorithmSettings"), "tpe-file-text"),
    Edit("algorithm setting removed", drops("spec.algorithm.algorithmSettings.1"), "tpe-file-text"),
    Edit("early stopping added", sets("spec.earlyStopping", {"algorithmName": "medianstop"})),
    Edit("early stopping removed", drops("spec.earlyStopping"), "multivariate-early"),
    Edit("early stopping setting", sets("spec.earlyStopping.algorithmSettings.1.value", "4"), "multivariate-early"),
    Edit("early stopping null", sets("spec.earlyStopping", None)),
    Edit("min", sets(f"{_SPACE.format(0)}.min", "0.001")),
    Edit("min as 0.010, text", sets(f"{_SPACE.format(0)}.min", "0.010")),
    Edit("min as 0.01, number", sets(f"{_SPACE.format(0)}.min", 0.01)),
    Edit("max of a parameter", sets(f"{_SPACE.format(0)}.max", "0.1")),
    Edit("step changed", sets(f"{_SPACE.format(1)}.step", "2")),
    Edit("step removed", drops(f"{_SPACE.format(1)}.step")),
    Edit('step ""', sets(f"{_SPACE.format(0)}.step", "")),
    Edit("list: one more", adds(f"{_SPACE.format(2)}.list", "rmsprop")),
    Edit("list in another order", turns(f"{_SPACE.format(2)}.list")),
    Edit("list [] where none was", sets(f"{_SPACE.format(0)}.list", [])),
    Edit("distribution", sets(f"{_SPACE.format(0)}.distribution", "logUniform")),
    Edit("distribution written out", sets(f"{_SPACE.format(0)}.distribution", "uniform")),
    Edit("nothing, stored before 0.18", same, stored=without_distribution),
    Edit("a label, stored before 0.18", sets("metadata.labels.team", "audio"), stored=without_distribution),
    Edit("max up, stored before 0.18", sets(_MAXIMUM, 13), stored=without_distribution),
    Edit("parameter type", sets("spec.parameters.1.parameterType", "double")),
    Edit("parameters in another order", turns("spec.parameters")),
    Edit("parameter renamed", sets("spec.parameters.0.name", "rate", f"{_T}.trialParameters.0.reference", "rate")),
    Edit(
        "parameter added",
        adds("spec.parameters", {"name": "x", "parameterType": "int", "feasibleSpace": {"min": "1", "max": "2"}}),
    ),
    Edit("parameter removed", drops("spec.parameters.2", f"{_T}.trialParameters.2", f"{_C}.command.4")),
    Edit("image", sets(f"{_C}.image", "registry.example/team/train:1.5")),
    Edit("command", sets(f"{_C}.command.1", "main.py")),
    Edit("argument added", adds(f"{_C}.command", "--verbose")),
    Edit("env value", sets(f"{_C}.env.0.value", "2")),
    Edit("env in another order", turns(f"{_C}.env")),
    Edit("resources", sets(f"{_C}.resources.limits.nvidia\\.com/gpu", 2)),
    Edit("memory 4096Mi for 4Gi", sets(f"{_C}.resources.limits.memory", "4096Mi")),
    Edit('cpu "2" for 2', sets(f"{_C}.resources.limits.cpu", "2")),
    Edit("cpu 2.0 for 2", sets(f"{_C}.resources.limits.cpu", 2.0)),
    Edit("nodeSelector", sets(f"{_POD}.nodeSelector.zone", "a")),
    Edit("tolerations removed", drops(f"{_POD}.tolerations")),
    Edit("pull secret", sets(f"{_POD}.imagePullSecrets.0.name", "mirror")),
    Edit("label of the job", sets(f"{_TRIAL}.metadata.labels.kueue\\.x-k8s\\.io/queue-name", "team-b")),
    Edit("label of the pods", sets(f"{_TRIAL}.spec.template.metadata.labels.a", "b")),
    Edit("backoffLimit", sets(f"{_TRIAL}.spec.backoffLimit", 1)),
    Edit("backoffLimit false for 0", sets(f"{_TRIAL}.spec.backoffLimit", value=False)),
    Edit("worker replicas", sets(f"{_TRIAL}.spec.pytorchReplicaSpecs.Worker.replicas", 3), "pytorchjob"),
    Edit("an empty map in the trial", sets(f"{_TRIAL}.spec.runPolicy", {}), "pytorchjob"),
    Edit("null in the trial", sets(f"{_TRIAL}.spec.runPolicy", None), "pytorchjob"),
    Edit("kind of trial", sets(f"{_TRIAL}.kind", "TFJob"), "pytorchjob"),
    Edit(
        "primaryPodLabels written out",
        sets(f"{_T}.primaryPodLabels", {"training.kubeflow.org/job-role": "master"}),
        "pytorchjob",
    ),
    Edit("primaryPodLabels", sets(f"{_T}.primaryPodLabels", {"role": "worker"})),
    Edit("primaryPodLabels {}", sets(f"{_T}.primaryPodLabels", {})),
    Edit("primaryPodLabels {} where none was", sets(f"{_T}.primaryPodLabels", {}), "minimal-job"),
    Edit("primaryContainerName", sets(f"{_T}.primaryContainerName", "main", f"{_C}.name", "main")),
    Edit("trialParameters in another order", turns(f"{_T}.trialParameters")),
    Edit("description of a trialParameter", sets(f"{_T}.trialParameters.0.description", "learning rate")),
    Edit('description ""', sets(f"{_T}.trialParameters.0.description", "")),
    Edit("retain off", sets(f"{_T}.retain", value=False)),
    Edit("retain false where none was", sets(f"{_T}.retain", value=False), "minimal-job"),
    Edit("retain on", sets(f"{_T}.retain", value=True), "minimal-job"),
    Edit("successCondition", sets(f"{_T}.successCondition", 'status.conditions.#(type=="Complete")#')),
    Edit("conditions left out", drops(f"{_T}.successCondition", f"{_T}.failureCondition")),
    Edit("entry of the ConfigMap", sets(f"{_T}.configMap.templatePath", "other.yaml"), "configmap-source"),
    Edit("ConfigMap, counts only", sets(_P, 2), "configmap-source"),
    Edit("collector kind", sets("spec.metricsCollectorSpec.collector.kind", "Push")),
    Edit("collector left out", drops("spec.metricsCollectorSpec")),
    Edit("collector's source {}", sets(f"{_SOURCE}", {})),
    Edit("collector's file", sets(f"{_SOURCE}.fileSystemPath.path", "/tmp/metrics.log"), "tpe-file-text"),
    Edit("collector's format left out", drops(f"{_SOURCE}.fileSystemPath.format"), "tpe-file-text"),
    Edit("filter", sets(f"{_SOURCE}.filter.metricsFormat", [r"(\w+)=(\d+)"]), "tpe-file-text"),
    Edit("filters in another order", turns(f"{_SOURCE}.filter.metricsFormat"), "tpe-file-text"),
    Edit("own collector's memory 1024Mi for 1Gi", sets(f"{_OWN}.resources.limits.memory", "1024Mi"), "cmaes-custom"),
    Edit("own collector's memory in bytes", sets(f"{_OWN}.resources.limits.memory", "1073741824"), "cmaes-custom"),
    Edit("own collector's cpu 0.5 for 500m", sets(f"{_OWN}.resources.limits.cpu", 0.5), "cmaes-custom"),
    Edit("own collector's memory", sets(f"{_OWN}.resources.limits.memory", "2Gi"), "cmaes-custom"),
    Edit("own collector's unknown field", sets(f"{_OWN}.colour", "red"), "cmaes-custom"),
    Edit("own collector's user 0 removed", drops(f"{_OWN}.securityContext.runAsUser"), "cmaes-custom"),
    Edit("numLayers", sets("spec.nasConfig.graphConfig.numLayers", 9), "enas-nas"),
    Edit("inputSizes", sets("spec.nasConfig.graphConfig.inputSizes.0", 64), "enas-nas"),
    Edit("operation removed", drops("spec.nasConfig.operations.1"), "enas-nas"),
    Edit("operation's list", adds("spec.nasConfig.operations.0.parameters.0.feasibleSpace.list", "7"), "enas-nas"),
    Edit("max up", sets(_MAXIMUM, 13), "enas-nas"),
    Edit("nasConfig beside parameters", sets("spec.nasConfig", {})),
    Edit("resumePolicy to Never", sets("spec.resumePolicy", "Never")),
    Edit("resumePolicy to LongRunning", sets("spec.resumePolicy", "LongRunning")),
    Edit("resumePolicy to FromVolume", sets("spec.resumePolicy", "FromVolume")),
    Edit("resumePolicy left out", drops("spec.resumePolicy")),
    Edit('resumePolicy ""', sets("spec.resumePolicy", "")),
    Edit("resumePolicy unknown", sets("spec.resumePolicy", "Always")),
    Edit("max up, resumePolicy to LongRunning", sets(_MAXIMUM, 13, "spec.resumePolicy", "LongRunning")),
    Edit(
        "all defaults left out",
        drops("spec.metricsCollectorSpec", f"{_T}.successCondition", f"{_T}.failureCondition", _P),
    ),
    Edit("an unknown field", sets("spec.objective.colour", "red")),
    Edit("keys in another order", keys_turned),
    Edit("label changed", sets("metadata.labels.team", "audio")),
    Edit("label added", sets(f"metadata.labels.{_LABEL}", "b")),
    Edit("labels removed", drops("metadata.labels")),
    Edit("annotation", sets("metadata.annotations.description", "other")),
    Edit("annotations removed", drops("metadata.annotations")),
    Edit("label and max up", sets("metadata.labels.team", "audio", _MAXIMUM, 13)),
    Edit("counts and goal", sets(_MAXIMUM, 24, _P, 1, f"{_O}.goal", 0.5)),
    Edit("goal, image, command", sets(f"{_O}.goal", 0.5, f"{_C}.image", "a/b:1", f"{_C}.command.1", "main.py")),
    Edit("spec without what can be left out", both(drops(_P, _MAXIMUM, _FAILED), drops(f"{_O}.goal"))),
)
