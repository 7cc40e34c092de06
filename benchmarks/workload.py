"""The same N Experiments twice: as a kgen workspace, and as full manifests with a kustomization.

The two are written apart from each other, so that equal output of the tools is no accident of this file:
`_compact` writes what a person writes for kgen, `_manifest` what the person would otherwise write for Katib.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ENVIRONMENT = "prod"
NAMESPACE = "team-vision"
LABELS = {"team": "vision", "environment": "prod"}
POOL = {"cloud.example.com/pool": "gpu"}
TOLERATION = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
PULL_SECRET = "registry-credentials"
ISTIO = {"sidecar.istio.io/inject": "false"}
BUDGET = {"max": 48, "parallel": 6}
MIRRORS = {"docker.io": "registry.example.com/hub", "ghcr.io": "registry.example.com/ghcr"}
# As the author writes it -> (the new tag, the name in the mirror).
IMAGES = {
    "tuner": ("2.1.0", "registry.example.com/hub/library/tuner"),
    "kubeflowkatib/pytorch-mnist-cpu": ("v0.19.0", "registry.example.com/hub/kubeflowkatib/pytorch-mnist-cpu"),
    "ghcr.io/acme/trainer": ("2026.11", "registry.example.com/ghcr/acme/trainer"),
}

_Parameter = tuple[str, str, tuple[str, ...], dict[str, str]]
"""Its name, its type, its values, and what more is said of it."""

_NUMERIC: tuple[_Parameter, ...] = (
    ("lr", "double", ("0.0001", "0.1"), {"distribution": "logUniform"}),
    ("momentum", "double", ("0.5", "0.99"), {}),
    ("weight-decay", "double", ("1e-6", "1e-2"), {"distribution": "logUniform"}),
    ("batch-size", "int", ("16", "256"), {"step": "16"}),
    ("layers", "int", ("1", "8"), {}),
)
_LISTED: tuple[_Parameter, ...] = (
    ("optimizer", "categorical", ("sgd", "adam", "adamw"), {}),
    ("activation", "categorical", ("relu", "gelu"), {}),
    ("dropout", "discrete", ("0.1", "0.25", "0.5"), {}),
)
_ALGORITHMS: tuple[tuple[str, dict[str, str]], ...] = (
    ("random", {}),
    ("tpe", {"n_EI_candidates": "5"}),
    ("multivariate-tpe", {"n_ei_candidates": "24"}),
    ("bayesianoptimization", {"n_initial_points": "10", "acq_func": "gp_hedge"}),
    ("cmaes", {}),
    ("sobol", {}),
)
_NUMBERS_ONLY = ("cmaes", "sobol")
_CONTAINER = {"Job": "training-container", "PyTorchJob": "pytorch"}
_CONDITION = 'status.conditions.#(type=="{}")#|#(status=="True")#'
_DONE = {"Job": "Complete", "PyTorchJob": "Succeeded"}


@dataclass(frozen=True, slots=True)
class Search:
    """What one experiment is about; both forms are written from it."""

    name: str
    kind: str
    algorithm: str
    settings: dict[str, str]
    stops_early: bool
    parameters: tuple[_Parameter, ...]
    metric: str
    goal: str
    additional: str
    image: str
    tag: str
    epochs: int
    seed: int
    cpu: int
    memory: str
    log: str  # "" for StdOut


def searches(count: int, seed: int = 1) -> tuple[Search, ...]:
    """Make up experiments; equal arguments make equal ones."""
    dice = random.Random(seed)
    return tuple(_search(index, dice) for index in range(count))


def _search(index: int, dice: random.Random) -> Search:
    kind = "PyTorchJob" if index % 5 == 4 else "Job"
    algorithm, settings = dice.choice(_ALGORITHMS)
    pool = _NUMERIC if algorithm in _NUMBERS_ONLY else (*_NUMERIC, *_LISTED)
    return Search(
        name=f"{'torch' if kind == 'PyTorchJob' else 'job'}-{index:04}",
        kind=kind,
        algorithm=algorithm,
        settings=settings,
        stops_early=dice.random() < 0.3,
        parameters=tuple(dice.sample(pool, dice.randint(2, 5))),
        metric=dice.choice(("accuracy", "f1", "auc")),
        goal=dice.choice(("0.9", "0.95", "0.99")),
        additional=dice.choice(("loss", "latency")),
        image=dice.choice(tuple(IMAGES)),
        tag=dice.choice(("1.0", "latest", "v0.17.0")),
        epochs=dice.randint(5, 50),
        seed=dice.randint(1, 10_000),
        cpu=dice.randint(1, 8),
        memory=f"{2 ** dice.randint(1, 5)}Gi",
        log=dice.choice(("", f"/var/log/katib/{index}.json")),
    )


def write_workspace(root: Path, made: tuple[Search, ...]) -> None:
    """Write compact specs, one overlay and one environment."""
    for search in made:
        _put(root / "experiments" / f"{search.name}.yaml", _compact(search))
    images = {name: f":{tag}" for name, (tag, _) in IMAGES.items()}
    overlay = {
        "experiment": {"trials": BUDGET},
        "metadata": {"labels": LABELS},
        "pods": {"tolerations": [TOLERATION], "nodeSelector": POOL},
        "istio": {"inject": False},
        # A workspace of few experiments uses few of the images, and an image that nobody uses is an error.
        "registry": {"images": images, "mirror": MIRRORS, "pullSecret": PULL_SECRET, "optional": True},
    }
    _put(root / "overlays" / f"{ENVIRONMENT}.yaml", _yaml(overlay))
    environment = {
        "namespace": NAMESPACE,
        "overlays": [ENVIRONMENT],
        "experiments": [search.name for search in made],
    }
    _put(root / "environments" / ENVIRONMENT / "environment.yaml", _yaml(environment))


def write_kustomization(root: Path, made: tuple[Search, ...]) -> None:
    """Write full manifests and a kustomization that does to them what the overlay does."""
    for search in made:
        _put(root / f"{search.name}.yaml", _yaml(_manifest(search)))
    replicas = "spec/pytorchReplicaSpecs"
    patches = [
        _patch("job-.*", _pod_operations("spec/template")),
        _patch(
            "torch-.*",
            _pod_operations(f"{replicas}/Master/template") + _pod_operations(f"{replicas}/Worker/template"),
        ),
        _patch(
            ".*",
            [
                {"op": "replace", "path": "/spec/maxTrialCount", "value": BUDGET["max"]},
                {"op": "replace", "path": "/spec/parallelTrialCount", "value": BUDGET["parallel"]},
            ],
        ),
    ]
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": NAMESPACE,
        "labels": [{"pairs": LABELS, "includeSelectors": False}],
        "images": [{"name": name, "newName": new, "newTag": tag} for name, (tag, new) in IMAGES.items()],
        "patches": patches,
        "resources": [f"{search.name}.yaml" for search in made],
    }
    _put(root / "kustomization.yaml", _yaml(kustomization))


def _patch(names: str, operations: list[dict[str, Any]]) -> dict[str, Any]:
    """One JSON 6902 patch; the two trial kinds are told apart by name, as both lie within an Experiment."""
    return {"target": {"kind": "Experiment", "name": names}, "patch": _yaml(operations)}


def _pod_operations(template: str) -> list[dict[str, Any]]:
    base = f"/spec/trialTemplate/trialSpec/{template}"
    return [
        {"op": "add", "path": f"{base}/metadata", "value": {"labels": ISTIO}},
        {"op": "add", "path": f"{base}/spec/imagePullSecrets", "value": [{"name": PULL_SECRET}]},
        {"op": "add", "path": f"{base}/spec/nodeSelector", "value": POOL},
        {"op": "add", "path": f"{base}/spec/tolerations", "value": [TOLERATION]},
    ]


def _compact(search: Search) -> str:
    lines = [
        f"objective: {{maximize: {search.metric}, goal: {search.goal}, additional: [{search.additional}]}}",
        f"algorithm: {search.algorithm}",
    ]
    if search.settings:
        settings = ", ".join(f"{key}: {value}" for key, value in search.settings.items())
        lines[1] = f"algorithm: {{name: {search.algorithm}, settings: {{{settings}}}}}"
    if search.stops_early:
        lines.append("earlyStopping: {name: medianstop, settings: {min_trials_required: 3, start_step: 4}}")
    lines += ["trials: {max: 12, parallel: 3, maxFailed: 3}", "parameters:"]
    for name, kind, values, more in search.parameters:
        extra = "".join(f", {key}: {value}" for key, value in more.items())
        lines.append(f"  {name}: {{{kind}: [{', '.join(values)}]{extra}}}")
    if search.log:
        lines.append(f"metrics: {{collector: File, path: {search.log}, format: JSON}}")
    lines += ["trial:", f"  kind: {search.kind}"] if search.kind != "Job" else ["trial:"]
    lines += [
        f"  image: {search.image}:{search.tag}",
        "  command: [python3, /opt/train.py]",
        f'  args: [--epochs, "{search.epochs}"]',
        f"  env: {{SEED: {search.seed}, LOG_LEVEL: info}}",
        f"  resources: {{cpu: {search.cpu}, memory: {search.memory}}}",
    ]
    if search.kind == "PyTorchJob":
        lines.append("  replicas: {Worker: 2}")
    return "\n".join(lines) + "\n"


def _manifest(search: Search) -> dict[str, Any]:
    template: dict[str, Any] = {
        "primaryContainerName": _CONTAINER[search.kind],
        "successCondition": _CONDITION.format(_DONE[search.kind]),
        "failureCondition": _CONDITION.format("Failed"),
        "trialParameters": [{"name": name, "reference": name} for name, *_ in search.parameters],
        "trialSpec": _trial(search),
    }
    if search.kind == "PyTorchJob":
        template["primaryPodLabels"] = {"training.kubeflow.org/job-role": "master"}
    spec: dict[str, Any] = {
        "objective": {
            "type": "maximize",
            "goal": float(search.goal),
            "objectiveMetricName": search.metric,
            "additionalMetricNames": [search.additional],
            "metricStrategies": [{"name": name, "value": "max"} for name in (search.metric, search.additional)],
        },
        "algorithm": {"algorithmName": search.algorithm},
        "maxTrialCount": 12,
        "parallelTrialCount": 3,
        "maxFailedTrialCount": 3,
        "resumePolicy": "Never",
        "parameters": [_parameter(*parameter) for parameter in search.parameters],
        "metricsCollectorSpec": {"collector": {"kind": "StdOut"}},
        "trialTemplate": template,
    }
    if search.settings:
        spec["algorithm"]["algorithmSettings"] = _pairs(search.settings)
    if search.stops_early:
        settings = _pairs({"min_trials_required": "3", "start_step": "4"})
        spec["earlyStopping"] = {"algorithmName": "medianstop", "algorithmSettings": settings}
    if search.log:
        file = {"kind": "File", "path": search.log, "format": "JSON"}
        spec["metricsCollectorSpec"] = {"collector": {"kind": "File"}, "source": {"fileSystemPath": file}}
    metadata = {"name": search.name}
    return {"apiVersion": "kubeflow.org/v1beta1", "kind": "Experiment", "metadata": metadata, "spec": spec}


def _parameter(name: str, kind: str, values: tuple[str, ...], more: dict[str, str]) -> dict[str, Any]:
    space: dict[str, Any] = {"distribution": "uniform", **more}
    if kind in ("double", "int"):
        space["min"], space["max"] = values
    else:
        space["list"] = list(values)
    return {"name": name, "parameterType": kind, "feasibleSpace": space}


def _pairs(settings: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in settings.items()]


def _trial(search: Search) -> dict[str, Any]:
    resources = {"cpu": search.cpu, "memory": search.memory}
    flags = [f"--{name}=${{trialParameters.{name}}}" for name, *_ in search.parameters]
    container = {
        "name": _CONTAINER[search.kind],
        "image": f"{search.image}:{search.tag}",
        "command": ["python3", "/opt/train.py"],
        "args": ["--epochs", str(search.epochs), *flags],
        "env": [{"name": "SEED", "value": str(search.seed)}, {"name": "LOG_LEVEL", "value": "info"}],
        "resources": {"limits": resources, "requests": resources},
    }
    if search.kind == "Job":
        spec = {"restartPolicy": "Never", "containers": [container]}
        return {"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": {"spec": spec}}}
    replicas = {
        role: {"replicas": count, "restartPolicy": "Never", "template": {"spec": {"containers": [container]}}}
        for role, count in (("Master", 1), ("Worker", 2))
    }
    return {"apiVersion": "kubeflow.org/v1", "kind": "PyTorchJob", "spec": {"pytorchReplicaSpecs": replicas}}


class _Plain(yaml.CSafeDumper):
    """No anchors, though one object may stand in two places."""

    def ignore_aliases(self, data: object) -> bool:
        return True

    def text(self, data: str) -> yaml.ScalarNode:
        """Quote what begins like a number: to kustomize `1e-2` is one, to PyYAML a text."""
        return self.represent_scalar("tag:yaml.org,2002:str", data, '"' if data[:1].isdigit() else None)


_Plain.add_representer(str, _Plain.text)


def _yaml(plain: object) -> str:
    text: str = yaml.dump(plain, Dumper=_Plain, sort_keys=False, default_flow_style=False)
    return text


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
