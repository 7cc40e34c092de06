"""The container of a trial that trains: found as Katib finds it, of any trial kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from kgen.katib.pods import TRAINJOB, pod_specs
from kgen.local.runner import RunnerError
from kgen.model.node import FieldPath
from kgen.model.values import listed, mapping, text

# Which replica is the primary one where labels do not say: operators put their labels on pods, not on templates.
_ROLES = ("master", "chief", "launcher", "scheduler", "coordinator", "worker")
_REPLICA_LABELS = ("training.kubeflow.org/replica-type", "jobset.sigs.k8s.io/replicatedjob-name")


class Primary(NamedTuple):
    """The training container, and what surrounds it."""

    container: Mapping[str, Any]
    pod: Mapping[str, Any]  # `spec` of its pod template; of a TrainJob what the job itself says of it
    labels: Mapping[str, Any]  # of the template
    annotations: Mapping[str, Any]
    notes: tuple[str, ...] = ()


class _Pod(NamedTuple):
    path: FieldPath
    spec: Mapping[str, Any]
    metadata: Mapping[str, Any]
    container: Mapping[str, Any] | None  # of the wanted name
    replicas: int


def primary(template: Mapping[str, Any], trial: Mapping[str, Any]) -> Primary:
    """Find the primary container of a trial's object; `template` is the Experiment's trialTemplate.

    Raises:
        RunnerError: there is none, or nothing of this kind can be run here.
    """
    name, labels = text(template.get("primaryContainerName")), mapping(template.get("primaryPodLabels"))
    if trial.get("kind") == TRAINJOB:
        return _trainer(trial, name)
    pods = [_pod(trial, path, spec, name) for path, spec in pod_specs(trial)]
    if not pods:
        raise RunnerError(
            f"a trial of kind {text(trial.get('kind'))} has no pod template that kgen could run",
            "make one step of it a Job for the local run, or try it on a cluster",
        )
    fitting = [pod for pod in pods if pod.container is not None]
    if not fitting:
        every = [f"`{text(mapping(each).get('name'))}`" for pod in pods for each in listed(pod.spec.get("containers"))]
        raise RunnerError(
            f"no container of the trial is named `{name}`, as `primaryContainerName` says",
            f"the containers are {', '.join(every)}: Katib refuses every pod of such a trial",
        )
    chosen = min(fitting, key=lambda pod: _rank(pod, labels))
    assert chosen.container is not None
    return Primary(
        chosen.container,
        chosen.spec,
        mapping(chosen.metadata.get("labels")),
        mapping(chosen.metadata.get("annotations")),
        tuple(_notes(chosen, pods)),
    )


def _pod(trial: Mapping[str, Any], path: FieldPath, spec: Mapping[str, Any], name: str) -> _Pod:
    holder: Any = trial
    above: Any = {}
    for step in path[:-1]:  # the template, whose `spec` the path leads to
        above, holder = holder, holder[step]
    count = mapping(above).get("replicas")
    named = (each for each in map(mapping, listed(spec.get("containers"))) if each.get("name") == name)
    replicas = count if isinstance(count, int) and not isinstance(count, bool) else 1
    return _Pod(path, spec, mapping(mapping(holder).get("metadata")), next(named, None), replicas)


def _rank(pod: _Pod, wanted: Mapping[str, Any]) -> tuple[int, int]:
    """Order pods by how surely they are the primary one."""
    own = mapping(pod.metadata.get("labels"))
    role = _role(pod)
    if wanted and all(own.get(key) == value for key, value in wanted.items()):
        return 0, 0
    if any(str(wanted.get(key, "")).lower() == role for key in _REPLICA_LABELS if role):
        return 1, 0
    return 2, _ROLES.index(role) if role in _ROLES else len(_ROLES)


def _role(pod: _Pod) -> str:
    """Give the replica type of a pod, in small letters; "" where its kind has none."""
    return _replica(pod).lower()


def _replica(pod: _Pod) -> str:
    """Give the name under which a pod template stands among others; "" for one that stands alone."""
    above = pod.path[-3] if len(pod.path) > 3 else "spec"
    return above if isinstance(above, str) and above != "spec" else ""


def _notes(chosen: _Pod, pods: list[_Pod]) -> list[str]:
    out = []
    others = sum(pod.replicas for pod in pods) - 1
    if others > 0:
        what = f"the {_replica(chosen)}" if _replica(chosen) else "the primary pod"
        out.append(f"{what} runs alone: {_others(others, 'pod')} not started")
    beside = [text(mapping(each).get("name")) for each in listed(chosen.spec.get("containers"))]
    beside = [each for each in beside if chosen.container is not None and each != chosen.container.get("name")]
    first = [text(mapping(each).get("name")) for each in listed(chosen.spec.get("initContainers"))]
    for what, names in (("beside", beside), ("before", first)):
        if names:
            listed_names = ", ".join(f"`{each}`" for each in names)
            out.append(f"the containers that run {what} the training are not started: {listed_names}")
    return out


def _others(count: int, what: str) -> str:
    return f"the other {what} is" if count == 1 else f"the {count} other {what}s are"


def _trainer(trial: Mapping[str, Any], name: str) -> Primary:
    """Make a container of what a TrainJob says itself; the rest is in a runtime of the cluster."""
    spec = mapping(trial.get("spec"))
    trainer = mapping(spec.get("trainer"))
    runtime = text(mapping(spec.get("runtimeRef")).get("name"))
    if not listed(trainer.get("command")):
        raise RunnerError(
            f"the command of this TrainJob is in the runtime `{runtime}` of the cluster, and not here",
            "write `command` (and `image`) into the trial, as `spec.trainer` of a TrainJob may",
        )
    container = {"name": name or "node", **trainer}
    container["resources"] = mapping(trainer.get("resourcesPerNode"))
    notes = [f"what the runtime `{runtime}` adds to the trial is not here: environment, volumes, more nodes"]
    nodes = trainer.get("numNodes")
    if isinstance(nodes, int) and nodes > 1:
        notes.append(f"one node runs alone: {_others(nodes - 1, 'node')} not started")
    return Primary(container, {}, {}, {}, tuple(notes))
