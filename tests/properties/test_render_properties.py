"""Rendering is a function of the files alone, and of an overlay only what it says counts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kgen.katib.trialkinds import kinds_for
from kgen.model.diagnostic import Diagnostic, Severity
from kgen.model.environment import Target
from kgen.model.experiment import Rendered
from kgen.model.node import plain
from kgen.pipeline import render
from kgen.pipeline.law import Law
from kgen.stages.default import default

SETTINGS = settings(max_examples=30, deadline=None, database=None, suppress_health_check=list(HealthCheck))

SPECS: Mapping[str, dict[str, Any]] = {
    "job": {
        "objective": {"maximize": "accuracy", "goal": 0.99, "additional": ["loss"]},
        "algorithm": "random",
        "trials": {"max": 12, "parallel": 3, "maxFailed": 3},
        "annotations": {"team": "ml"},
        "parameters": {"lr": {"double": [0.01, 0.05]}, "layers": {"int": [1, 5]}, "opt": {"categorical": ["a", "b"]}},
        "trial": {"image": "hyperparam:1.0", "command": ["python3", "train.py"], "env": {"SEED": 1}},
    },
    "torch": {
        "objective": {"minimize": "loss"},
        "algorithm": {"name": "tpe", "settings": {"n_EI_candidates": 5}},
        "trials": {"max": 12},
        "annotations": {"team": "ml"},
        "parameters": {"lr": {"double": [0.01, 0.05], "as": "learningRate"}},
        "metrics": {"collector": "File", "path": "/tmp/metrics.log"},
        "trial": {
            "kind": "PyTorchJob",
            "image": "hyperparam:1.0",
            "command": ["python3", "t.py", "--lr=${trialParameters.learningRate}"],
            "replicas": {"Worker": 2},
        },
    },
    "tf": {
        "objective": {"maximize": "accuracy"},
        "algorithm": "grid",
        "trials": {"max": 4, "parallel": 2},
        "annotations": {"team": "ml"},
        "parameters": {"--units": {"discrete": [16, 32, 64, 128]}},
        "metrics": {"collector": "TensorFlowEvent", "path": "/train"},
        "trial": {
            "kind": "TFJob",
            "image": "hyperparam:1.0",
            "command": ["python", "cnn.py", "--units=${trialParameters.units}"],
        },
    },
}
VOLUME = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "data"}, "spec": {"capacity": {}}}

WORD = st.sampled_from(["a", "b", "c"])
TEXTS = st.dictionaries(WORD, WORD, min_size=1, max_size=2)
PODS = st.fixed_dictionaries(
    {},
    optional={
        "labels": TEXTS,
        "annotations": TEXTS,
        "nodeSelector": TEXTS,
        "priorityClassName": WORD,
        "env": st.dictionaries(st.sampled_from(["A", "B"]), st.sampled_from([1, 0.5, "x", True]), min_size=1),
        "imagePullSecrets": st.just([{"name": "regcred"}]),
        "tolerations": st.lists(
            st.fixed_dictionaries(
                {"key": WORD, "operator": st.just("Exists")}, optional={"effect": st.just("NoSchedule")}
            ),
            min_size=1,
            max_size=2,
            unique_by=lambda t: str(sorted(t.items())),
        ),
        "volumes": st.just([{"name": "data", "emptyDir": {"sizeLimit": "0.5Gi"}}]),
        "volumeMounts": st.just([{"name": "data", "mountPath": "/data"}]),
        "resources": st.sampled_from(
            [{"cpu": 2, "memory": "4Gi"}, {"limits": {"cpu": 0.5}, "requests": {"cpu": 0.25}}]
        ),
    },
).filter(lambda pods: bool(pods) and ("volumes" in pods) is ("volumeMounts" in pods))
EXPERIMENT = st.fixed_dictionaries(
    {},
    optional={
        "trials": st.fixed_dictionaries({"max": st.integers(4, 9), "parallel": st.integers(1, 4)}),
        "resume": st.sampled_from(["Never", "LongRunning"]),
        "earlyStopping": st.just("medianstop"),
        "description": WORD,
        "labels": TEXTS,
        "trial": st.fixed_dictionaries({"retain": st.booleans()}, optional={"env": st.just({"SEED": 7})}),
    },
).filter(bool)


def optional(patch: Any) -> dict[str, Any]:
    return {**patch, "optional": True}


SECTIONS: Mapping[str, st.SearchStrategy[Any]] = {
    "experiment": EXPERIMENT,
    "metadata": st.fixed_dictionaries({}, optional={"labels": TEXTS, "annotations": TEXTS}).filter(bool),
    "pods": PODS,
    "gpu": st.fixed_dictionaries({"count": st.integers(0, 2)}),
    "sharedMemory": st.sampled_from(["8Gi", "1024Mi", True]),
    "istio": st.fixed_dictionaries({"inject": st.sampled_from([False])}, optional={"annotation": st.booleans()}),
    "queue": WORD,
    "registry": st.fixed_dictionaries(
        {},
        optional={
            "images": st.sampled_from([{"hyperparam": "reg.example/hyperparam"}, {"hyperparam": ":2.0"}]),
            "pullSecret": st.sampled_from(["regcred", {"name": "other"}]),
        },
    ).filter(bool),
    "patches": st.lists(
        st.sampled_from(
            [
                {"ops": [{"op": "add", "path": "/metadata/annotations/patched", "value": "yes"}]},
                {
                    "target": {"name": "*"},
                    "ops": [{"op": "replace", "path": "/spec/resumePolicy", "value": "FromVolume"}],
                },
                {
                    "ops": [{"op": "test", "path": "/spec/algorithm/algorithmName", "value": "none"}],
                    "target": {"name": "x"},
                },
            ]
        ).map(optional),
        min_size=1,
        max_size=2,
    ),
    "secrets": st.fixed_dictionaries(
        {},
        optional={
            "hub": st.sampled_from(
                [
                    {"env": {"HUB_A": "a"}},
                    {"env": {"HUB_A": "b", "HUB_B": "b"}},
                    {"files": {"path": "/hub", "keys": ["a"]}},
                    {"files": {"path": "/other", "keys": {"b": "b"}, "mode": 288}},
                ]
            ),
            "git": st.sampled_from([{"ssh": True}, {"ssh": {"path": "/keys"}}, {"ssh": {"knownHosts": "hosts"}}]),
        },
    ).filter(bool),
    "resources": st.just(["pv.yaml"]),
}
OVERLAY = st.fixed_dictionaries({}, optional=dict(SECTIONS)).filter(bool)
NAMING = st.sampled_from(["fixed", "hashed"])
KATIB = st.sampled_from(["0.17", "0.18", "0.19"])


# Rules have their own tests; what a random overlay offends is not the matter here.
NO_RULES = Law((), (), (), ())


def workspace(
    overlays: Mapping[str, dict[str, Any]], order: list[str], naming: str = "fixed", katib: str = "0.19"
) -> dict[str, bytes]:
    environment = {
        "namespace": "team-a",
        "overlays": order,
        "experiments": list(SPECS),
        "naming": naming,
        "target": {"katib": katib},
    }
    files: dict[str, Any] = {"environments/prod/environment.yaml": environment, "overlays/pv.yaml": VOLUME}
    files |= {f"experiments/{name}.yaml": spec for name, spec in SPECS.items()}
    files |= {f"overlays/{name}.yaml": overlay for name, overlay in overlays.items()}
    return {path: json.dumps(value, indent=1).encode() for path, value in files.items()}


def made(sources: dict[str, bytes]) -> Rendered:
    rendered = render(sources, "prod", law=NO_RULES)
    assert not [d for d in rendered.diagnostics if d.severity is Severity.ERROR]
    assert len(rendered.experiments) == len(SPECS)
    assert len(rendered.files) >= len(SPECS)
    return rendered


@SETTINGS
@given(OVERLAY, OVERLAY, NAMING, st.randoms(use_true_random=False))
def test_the_order_of_the_files_does_not_matter(one: Any, two: Any, naming: str, random: Any) -> None:
    sources = workspace({"one": one, "two": two}, ["one", "two"], naming)
    paths = list(sources)
    random.shuffle(paths)
    assert made({path: sources[path] for path in paths}) == made(sources)


@SETTINGS
@given(OVERLAY, NAMING)
def test_rendering_twice_gives_equal_bytes(overlay: Any, naming: str) -> None:
    sources = workspace({"one": overlay}, ["one"], naming)
    first, second = made(sources), made(dict(sources))
    assert first == second
    assert list(first.files) == sorted(first.files)


@SETTINGS
@given(OVERLAY, OVERLAY, NAMING)
def test_an_overlay_laid_twice_in_a_row_is_laid_once(one: Any, two: Any, naming: str) -> None:
    overlays = {"one": one, "two": two}
    once = made(workspace(overlays, ["one", "two"], naming))
    assert made(workspace(overlays, ["one", "two", "two"], naming)).files == once.files
    assert made(workspace(overlays, ["one", "one", "two"], naming)).files == once.files
    assert made(workspace(overlays, ["one", "two", "one", "two"], naming)).files == once.files


@SETTINGS
@given(OVERLAY, OVERLAY, NAMING, st.integers(0, len(SECTIONS)))
def test_an_overlay_split_in_two_files_is_the_same_overlay(one: Any, two: Any, naming: str, at: int) -> None:
    """Its sections keep their order; it stands on the order of volumes and the like, as in one file."""
    sections = list(two.items())
    overlays = {"one": one, "two": two, "head": dict(sections[:at]), "tail": dict(sections[at:])}
    whole = made(workspace(overlays, ["one", "two"], naming))
    parts = [name for name in ("head", "tail") if overlays[name]]  # an overlay that changes nothing is refused
    assert made(workspace(overlays, ["one", *parts], naming)).files == whole.files


@SETTINGS
@given(OVERLAY, PODS, st.integers(0, 10))
def test_a_section_split_in_two_files_is_the_same_section(one: Any, pods: Any, at: int) -> None:
    keys = list(pods.items())
    overlays = {"one": one, "two": {"pods": pods}, "head": {"pods": dict(keys[:at])}, "tail": {"pods": dict(keys[at:])}}
    whole = made(workspace(overlays, ["one", "two"]))
    parts = [name for name in ("head", "tail") if overlays[name]["pods"]]
    assert made(workspace(overlays, ["one", *parts])).files == whole.files


@SETTINGS
@given(OVERLAY, KATIB)
def test_defaults_are_a_fixed_point(overlay: Any, katib: str) -> None:
    problems: list[Diagnostic] = []
    kinds, target = kinds_for("2.2", None), Target(katib=katib)
    for experiment in made(workspace({"one": overlay}, ["one"], katib=katib)).experiments:
        assert default(experiment.manifest, kinds, target, problems) == experiment.manifest
    assert not problems


def parsed(data: bytes) -> Any:
    return yaml.load(data, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@SETTINGS
@given(OVERLAY, NAMING)
def test_what_is_written_is_the_manifest(overlay: Any, naming: str) -> None:
    rendered = made(workspace({"one": overlay}, ["one"], naming))
    for experiment in rendered.experiments:
        data = rendered.files[f"{experiment.name}.yaml"]
        assert parsed(data) == plain(experiment.manifest)
        assert data.endswith(b"\n")
        assert b"\r" not in data


def test_the_workspaces_here_render() -> None:
    """The properties above speak of files that exist: an overlay with every section at once."""
    overlay = {
        "experiment": {"trials": {"max": 6}},
        "metadata": {"labels": {"environment": "prod"}},
        "pods": {"nodeSelector": {"pool": "gpu"}},
        "gpu": {"count": 1},
        "sharedMemory": "8Gi",
        "istio": {"inject": False},
        "queue": "team",
        "registry": {"images": {"hyperparam": ":2.0"}, "pullSecret": "regcred"},
        "resources": ["pv.yaml"],
    }
    rendered = made(workspace({"one": overlay}, ["one"]))
    assert list(rendered.files) == ["job.yaml", "persistentvolume-data.yaml", "tf.yaml", "torch.yaml"]
    assert parsed(rendered.files["job.yaml"])["spec"]["maxTrialCount"] == 6
    job = parsed(rendered.files["job.yaml"])["spec"]["trialTemplate"]["trialSpec"]
    assert job["metadata"] == {"labels": {"kueue.x-k8s.io/queue-name": "team"}}
    pod = job["spec"]["template"]
    assert pod["metadata"] == {"labels": {"sidecar.istio.io/inject": "false"}}
    assert pod["spec"]["containers"][0]["image"] == "hyperparam:2.0"


def test_an_error_leaves_no_files() -> None:
    sources = workspace({"one": {"pods": {"nodeSelectr": {}}}}, ["one"])
    rendered = render(sources, "prod", law=NO_RULES)
    assert not rendered.files
    (found,) = rendered.diagnostics
    assert found.code == "KG003"
