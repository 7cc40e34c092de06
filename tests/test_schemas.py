"""The published JSON Schemas: what the code makes, valid, and of one mind with the parser."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from math import isfinite
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from subjects import manifest

from kgen.codec import reader
from kgen.katib.decode import decode, decode_trial
from kgen.katib.schema import experiment_schema
from kgen.katib.types import experiment
from kgen.model.environment import KATIB_VERSIONS, Target
from kgen.model.node import NOWHERE, make, plain
from kgen.model.schemas import SCHEMAS, schema
from kgen.model.shape import check
from kgen.rules import structure
from kgen.rules.subject import read

jsonschema_rs = pytest.importorskip("jsonschema_rs")

ROOT = Path(__file__).parents[1]
PLACES = {
    "experiment": "experiments/*.yaml",
    "overlay": "overlays/*.yaml",
    "environment": "environments/*/environment.yaml",
}

JOB = {"image": "a:1"}
SPEC: dict[str, Any] = {
    "objective": {"maximize": "acc"},
    "algorithm": "random",
    "trials": {"max": 3},
    "trial": JOB,
}
NULL = None


def spec(**keys: Any) -> dict[str, Any]:
    return {**SPEC, **keys}


# kind, document, whether it is good
DOCUMENTS: list[tuple[str, Any, bool]] = [
    ("experiment", SPEC, True),
    ("experiment", {}, False),
    ("experiment", [], False),
    ("experiment", "text", False),
    ("experiment", NULL, False),
    ("experiment", {k: v for k, v in SPEC.items() if k != "trials"}, False),
    ("experiment", spec(name="a"), True),
    ("experiment", spec(name="A"), False),
    ("experiment", spec(name="a-"), False),
    ("experiment", spec(name=""), False),
    ("experiment", spec(name=1), False),
    ("experiment", spec(name=NULL), False),
    ("experiment", spec(objectives={}), False),
    ("experiment", spec(objective={"goal": "0.99"}), False),
    ("experiment", spec(objective={"goal": 1}), True),
    ("experiment", spec(objective={"goal": True}), False),
    ("experiment", spec(objective={"maximize": ""}), False),
    ("experiment", spec(objective={"strategies": {"a": "min"}}), True),
    ("experiment", spec(objective={"strategies": {"a": "mean"}}), False),
    ("experiment", spec(algorithm={"name": "tpe", "settings": {"a": 1, "b": True, "c": "x"}}), True),
    ("experiment", spec(algorithm={"settings": {}}), False),
    ("experiment", spec(algorithm={"name": "tpe", "settings": {"a": [1]}}), False),
    ("experiment", spec(algorithm=""), False),
    ("experiment", spec(algorithm=5), False),
    ("experiment", spec(trials={"max": 0}), False),
    ("experiment", spec(trials={"max": 1.5}), False),
    ("experiment", spec(trials={"max": "3"}), False),
    ("experiment", spec(trials={"max": True}), False),
    ("experiment", spec(trials={"maxFailed": 0}), True),
    ("experiment", spec(trials={"maxFailed": -1}), False),
    ("experiment", spec(parameters={"a": {"double": [0, 1]}}), True),
    ("experiment", spec(parameters={"a": {"double": [0]}}), False),
    ("experiment", spec(parameters={"a": {"double": [0, 1, 2]}}), False),
    ("experiment", spec(parameters={"a": {"discrete": []}}), False),
    ("experiment", spec(parameters={"a": {"categorical": [NULL]}}), False),
    ("experiment", spec(parameters={"a": {"as": "x}"}}), False),
    ("experiment", spec(parameters={"a": {"flag": False}}), True),
    ("experiment", spec(parameters={"a": {"flag": True}}), False),
    ("experiment", spec(parameters={"a": {"flag": "--x"}}), True),
    ("experiment", spec(parameters={"a": {"flag": ""}}), False),
    ("experiment", spec(parameters={"a": {"distribution": "gamma"}}), False),
    ("experiment", spec(metrics="StdOut"), True),
    ("experiment", spec(metrics="stdout"), False),
    ("experiment", spec(metrics={"collector": "File", "path": "/a"}), True),
    ("experiment", spec(metrics={"collector": "File", "path": "a"}), False),
    ("experiment", spec(metrics={"collector": "Custom", "container": {"any": [{"x": NULL}]}}), True),
    ("experiment", spec(trial={"image": "a b"}), False),
    ("experiment", spec(trial={**JOB, "command": ["a", 1, True]}), True),
    ("experiment", spec(trial={**JOB, "command": "a"}), False),
    ("experiment", spec(trial={**JOB, "env": {"A": 1, "B": {"secretKeyRef": {}}}}), True),
    ("experiment", spec(trial={**JOB, "env": {"A": ""}}), True),
    ("experiment", spec(trial={**JOB, "env": [{"name": "A"}]}), True),
    ("experiment", spec(trial={**JOB, "env": {"A": [1]}}), False),
    ("experiment", spec(trial={**JOB, "env": ["A=1"]}), False),
    ("experiment", spec(trial={**JOB, "resources": {"gpu": 1, "cpu": 0.5, "example.com/fpga": 2}}), True),
    ("experiment", spec(trial={**JOB, "resources": {"gpu": "1"}}), False),
    ("experiment", spec(trial={**JOB, "resources": {"limits": {"cpu": {}}}}), False),
    ("experiment", spec(trial={**JOB, "replicas": {"Worker": 2, "Master": {"replicas": 1}}}), True),
    ("experiment", spec(trial={**JOB, "replicas": {"Worker": -2}}), False),
    ("experiment", spec(trial={**JOB, "pod": NULL}), False),
    ("experiment", spec(trial={**JOB, "references": {"n": "${trialSpec.Name}", "m": {"reference": "x"}}}), True),
    ("experiment", spec(trial={**JOB, "references": {"m": {}}}), False),
    ("experiment", spec(trial={**JOB, "configMap": {"name": "a", "path": "b"}}), False),
    ("overlay", {}, True),
    ("overlay", NULL, False),
    ("overlay", {"experiment": {"trials": {"max": NULL}, "parameters": {"a": NULL}}}, True),
    ("overlay", {"experiment": {"algorithm": {"settings": {"a": NULL}}}}, True),
    ("overlay", {"experiment": {"algorithm": NULL}}, True),
    ("overlay", {"experiment": {"name": "a"}}, False),
    ("overlay", {"experiment": {"parameters": {"a": {"double": [NULL, 1]}}}}, False),
    ("overlay", {"pods": {"nodeSelector": NULL, "hostname": "a", "priority": 1, "volumes": []}}, True),
    ("overlay", {"pods": {"volumes": {}}}, False),
    ("overlay", {"pods": {"nodeSelectr": {}}}, False),
    ("overlay", {"gpu": {"count": 0}}, True),
    ("overlay", {"gpu": {"count": -1}}, False),
    ("overlay", {"sharedMemory": True}, True),
    ("overlay", {"sharedMemory": False}, False),
    ("overlay", {"sharedMemory": NULL}, True),
    ("overlay", {"sharedMemory": "8Gi"}, True),
    ("overlay", {"istio": {}}, True),
    ("overlay", {"namespace": "Team"}, False),
    ("overlay", {"namespace": NULL}, True),
    ("overlay", {"registry": {"pullSecret": "", "images": {"a": ":2"}}}, False),
    ("overlay", {"registry": {"pullSecret": {"name": "a", "externalSecret": {"store": {"name": "s"}}}}}, True),
    ("overlay", {"registry": {"pullSecret": {"name": "a", "sops": "a.enc.yaml"}}}, True),
    ("overlay", {"secrets": {"a": {"ssh": True, "envFrom": {"prefix": "A_"}, "env": {"X": "k", "Y": None}}}}, True),
    ("overlay", {"secrets": {"a": {"ssh": False}}}, False),
    ("overlay", {"secrets": {"a": {"ssh": {"group": 0}}}}, False),
    ("overlay", {"secrets": {"a": {"files": {"path": "relative"}}}}, False),
    ("overlay", {"secrets": {"a": {"files": {"path": "/x", "keys": []}}}}, False),
    ("overlay", {"secrets": {"a": {"files": {"path": "/x", "keys": {"f": "k"}}}}}, True),
    ("overlay", {"secrets": {"a": {"sealedSecret": {"encrypted": "AgB"}}}}, False),
    ("overlay", {"secrets": {"a": {"sealedSecret": {"encrypted": {"k": "AgB"}, "scope": "wide"}}}}, False),
    ("overlay", {"patches": [{"ops": []}]}, False),
    ("overlay", {"patches": [{"ops": [{"op": "add", "path": "/a", "value": NULL}]}]}, True),
    ("overlay", {"patches": [{"ops": [{"op": "add", "path": "a"}]}]}, False),
    ("overlay", {"patches": [{"ops": [{"op": "put", "path": "/a"}]}]}, False),
    ("overlay", {"patches": [{"ops": [{"path": "/a"}]}]}, False),
    ("environment", {}, True),
    ("environment", {"experiments": ["a", {"name": "b", "experiment": {"trials": {"max": NULL}}}]}, True),
    ("environment", {"experiments": [{"experiment": {}}]}, False),
    ("environment", {"experiments": [{"name": "b", "experiment": NULL}]}, False),
    ("environment", {"experiments": {"a": 1}}, False),
    ("environment", {"naming": "random"}, False),
    ("environment", {"target": {"katib": "0.19", "kubernetes": "1.34"}}, True),
    ("environment", {"target": {"katib": 0.19}}, False),
    ("environment", {"target": {"kubernetes": "1.٣"}}, False),
    ("environment", {"argocd": {}}, False),
    ("environment", {"argocd": {"repoURL": "x", "automated": {"prune": True}}}, True),
    ("environment", {"argocd": {"repoURL": "x", "automated": "yes"}}, False),
    ("workspace", {}, True),
    ("workspace", {"output": "/etc"}, False),
    ("workspace", {"output": "out"}, True),
    ("workspace", {"trialKinds": {"RayJob": {"apiVersion": "ray.io/v1"}}}, False),
]

VALIDATORS = {name: jsonschema_rs.validator_for(schema(name)) for name in SCHEMAS}


def accepts(kind: str, document: Any) -> tuple[bool, bool]:
    """Tell what the schema says of a document, and what the parser says."""
    return VALIDATORS[kind].is_valid(document), not list(check(make(document, NOWHERE), SCHEMAS[kind][1]))


def stored() -> list[tuple[str, Path]]:
    return [(kind, path) for kind, pattern in PLACES.items() for path in sorted(ROOT.glob(pattern))]


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_published_schema_is_what_the_code_makes(name: str) -> None:
    text = (ROOT / "schemas" / f"{name}.json").read_text("utf-8")
    made = json.dumps(schema(name), indent=2, ensure_ascii=False) + "\n"
    assert text == made, f"run `kgen schema {name} > schemas/{name}.json`"


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_a_schema(name: str) -> None:
    made = schema(name)
    assert made["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema_rs.meta.validate(made)


@pytest.mark.parametrize(
    ("kind", "document", "good"), [pytest.param(*row, id=f"{row[0]} {json.dumps(row[1])[-70:]}") for row in DOCUMENTS]
)
def test_schema_and_parser_agree(kind: str, document: Any, good: bool) -> None:
    assert accepts(kind, document) == (good, good)


@pytest.mark.parametrize(("kind", "path"), [pytest.param(*p, id=p[1].relative_to(ROOT).as_posix()) for p in stored()])
def test_what_the_repository_holds_is_good(kind: str, path: Path) -> None:
    node, problems = reader.read(path.read_bytes(), path.name)
    assert not problems
    assert node is not None
    assert accepts(kind, plain(node)) == (True, True)


def test_what_a_schema_cannot_say() -> None:
    """JSON knows one kind of number: 3.0 is an integer to a schema, and Katib refuses it where it wants one (T3)."""
    assert accepts("experiment", spec(trials={"max": 3.0})) == (True, False)
    infinite = spec(objective={"goal": float("inf")})
    assert list(check(make(infinite, NOWHERE), SCHEMAS["experiment"][1]))  # and no infinity at all


VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    2,
    0.5,
    "",
    "a",
    "A b",
    "/x",
    [],
    ["a"],
    [1, 2],
    {},
    {"a": 1},
    {"name": "a"},
]
KEYS = sorted({key for _, document, _ in DOCUMENTS if isinstance(document, dict) for key in document} | {"name", "zzz"})


def seeds() -> list[tuple[str, Any]]:
    out = [(kind, document) for kind, document, good in DOCUMENTS if good]
    for kind, path in stored():
        node, _ = reader.read(path.read_bytes(), path.name)
        assert node is not None
        out.append((kind, plain(node)))
    return out


def holders(value: Any) -> list[Any]:
    """Give every mapping and list in a document that holds something."""
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return ([value] if inner else []) + [found for item in inner for found in holders(item)]


@settings(max_examples=500, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_schema_and_parser_agree_on_mutants(data: st.DataObject) -> None:
    """A key of a good document dropped, renamed, added, or given another value; up to three times."""
    kind, document = copy.deepcopy(data.draw(st.sampled_from(SEEDS)))
    for _ in range(data.draw(st.integers(1, 3))):
        places = holders(document)
        if not places:
            break
        holder = data.draw(st.sampled_from(places))
        key = data.draw(st.sampled_from(list(holder) if isinstance(holder, dict) else range(len(holder))))
        change = data.draw(st.sampled_from(["drop", "rename", "add", "retype"]))
        value = copy.deepcopy(data.draw(st.sampled_from(VALUES)))
        if change == "drop":
            del holder[key]
        elif change == "retype":
            holder[key] = value
        elif isinstance(holder, list):
            holder.append(value)
        elif change == "rename":
            holder[data.draw(st.sampled_from(KEYS))] = holder.pop(key)
        else:
            holder[data.draw(st.sampled_from(KEYS))] = value
    assume(not whole_floats(document))
    by_schema, by_parser = accepts(kind, document)
    assert by_schema == by_parser


def whole_floats(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(map(whole_floats, value.values() if isinstance(value, dict) else value))
    return isinstance(value, float) and (not isfinite(value) or value.is_integer())


SEEDS = [(kind, document) for kind, document in seeds() if not whole_floats(document)]


@pytest.mark.parametrize("release", KATIB_VERSIONS)
def test_the_published_schema_of_an_experiment_is_what_the_code_makes(release: str) -> None:
    text = (ROOT / "schemas" / f"katib-{release}.json").read_text("utf-8")
    made = json.dumps(experiment_schema(release), indent=2, ensure_ascii=False) + "\n"
    assert text == made, f"run `kgen schema katib-{release} > schemas/katib-{release}.json`"
    jsonschema_rs.meta.validate(json.loads(text))


EXPERIMENTS = {release: jsonschema_rs.validator_for(experiment_schema(release)) for release in KATIB_VERSIONS}
SPACE = "spec.parameters.0.feasibleSpace"
CUSTOM = "spec.metricsCollectorSpec.collector.customCollector"
GONE = object()
# path in the valid Experiment, value, whether it is good
STRUCTURES: list[tuple[str, Any, bool]] = [
    ("apiVersion", "kubeflow.org/v1beta1", True),
    ("apiVersion", "kubeflow.org/v1alpha3", False),
    ("kind", "Experiments", False),
    ("metadata.labels", {"a": "b"}, True),
    ("metadata.labels", {"a": 1}, False),
    ("metadata.labels", {}, False),
    ("metadata.annotations", {}, True),
    ("metadata.label", {"a": "b"}, False),
    ("status", {"a": 1}, True),
    ("spec.goal", 1, False),
    ("spec.objective.goal", 0, True),
    ("spec.objective.goal", -0.5, True),
    ("spec.objective.goal", "0.99", False),
    ("spec.objective.goal", NULL, False),
    ("spec.objective.additionalMetricNames", ["a"], True),
    ("spec.objective.additionalMetricNames", [], False),
    ("spec.objective.additionalMetricNames", "a", False),
    ("spec.maxTrialCount", "12", False),
    ("spec.maxTrialCount", 12.5, False),
    ("spec.maxTrialCount", 2**31, False),
    ("spec.maxFailedTrialCount", 0, True),
    ("spec.maxFailedTrialCount", GONE, True),
    ("spec.earlyStopping", NULL, False),
    ("spec.earlyStopping", {"algorithmName": "medianstop", "algorithmSettings": [{"name": "a", "value": "1"}]}, True),
    ("spec.earlyStopping", {"algorithmName": "medianstop", "algorithmSettings": [{"name": "a", "value": 1}]}, False),
    (f"{SPACE}.min", 0.01, False),
    (f"{SPACE}.step", "0.01", True),
    (f"{SPACE}.step", "", False),
    (f"{SPACE}.list", ["1", "2"], True),
    (f"{SPACE}.list", ["1", 2], False),
    (f"{SPACE}.list", ["1", NULL], False),
    ("spec.parameters.0.min", "1", False),
    ("spec.parameters.0.parametertype", "int", False),
    ("spec.trialTemplate.retain", True, True),
    ("spec.trialTemplate.retain", False, False),
    ("spec.trialTemplate.retain", "true", False),
    ("spec.trialTemplate.primaryPodLabels", {"a": ""}, True),
    ("spec.trialTemplate.trialSpec", {"apiVersion": "a", "kind": "b", "c": NULL}, True),
    ("spec.trialTemplate.trialSpec", "x", False),
    ("spec.trialTemplate.template", {}, False),
    ("spec.nasConfig", {"graphConfig": {"inputSizes": [1]}}, True),
    ("spec.nasConfig", {"graphConfig": {"inputSizes": ["1"]}}, False),
    ("spec.nasConfig", {"operations": [{"parameters": [{"feasibleSpace": {"min": 1}}]}]}, False),
    (CUSTOM, {"name": "a", "resources": {"limits": {"cpu": "500m"}}}, True),
    (CUSTOM, {"name": "a", "resources": {"limits": {"cpu": "1GB"}}}, False),
    (CUSTOM, {"name": "a", "resource": {}}, False),
    (CUSTOM, {"name": "a", "tty": False}, False),
    (CUSTOM, {"name": "a", "env": [{"name": "A", "value": 1}]}, False),
    ("spec.metricsCollectorSpec.source", {"httpGet": {"port": "a"}}, True),
    ("spec.metricsCollectorSpec.source", {"httpGet": {"port": 1.5}}, False),
]


@pytest.mark.parametrize(
    ("path", "value", "good"), [pytest.param(*row, id=f"{row[0]}: {row[1]!r}") for row in STRUCTURES]
)
def test_schema_and_structure_rules_agree(path: str, value: Any, good: bool) -> None:
    document = manifest()
    holder: Any = document
    *above, last = path.split(".")
    for step in above:
        holder = holder[int(step)] if isinstance(holder, list) else holder.setdefault(step, {})
    if value is GONE:
        del holder[last]
    else:
        holder[last] = value
    for release in ("0.18", "0.19"):
        assert (EXPERIMENTS[release].is_valid(document), structured(document, release)) == (good, good)


def structured(document: Any, release: str) -> bool:
    """Tell whether no structure rule minds a document."""
    node, on = make(document, NOWHERE), Target(katib=release)
    flaws = (*decode(node, experiment(release))[1], *decode_trial(node, on)[1])
    subject = read(document, on, flaws=flaws, plain=True)
    return not [found for rule in structure.RULES for found in rule.check(subject)]


def test_a_field_of_another_release_is_not_in_the_schema() -> None:
    assert [EXPERIMENTS[release].is_valid(manifest()) for release in KATIB_VERSIONS] == [False, True, True]
    assert [structured(manifest(), release) for release in KATIB_VERSIONS] == [False, True, True]


@pytest.mark.skipif(find_spec("hatchling") is None, reason="hatchling is not installed")
def test_the_wheel_holds_the_schemas(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {f"kgen/schemas/{name}.json" for name in SCHEMAS} <= names
    assert {f"kgen/schemas/katib-{release}.json" for release in KATIB_VERSIONS} <= names
    assert "kgen/katib/data/kubernetes.json" in names
    assert {"kgen/py.typed", "kgen/lib/kgen.libsonnet"} <= names
