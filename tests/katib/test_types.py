"""The tables of types: what they hold, and what came with which release."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kgen.katib import types
from kgen.katib.fields import MEANINGS
from kgen.katib.trialkinds import OPERATOR_KINDS
from kgen.katib.types import Look, Reader, Type, experiment, job_fields_since, manifest, trial
from kgen.model.environment import KATIB_VERSIONS, VERSIONS, Target

KINDS = ("PyTorchJob", "TFJob", "MPIJob", "XGBoostJob", "PaddleJob", "JAXJob")
TRAINERS = VERSIONS.keys["trainer"].choices
DATA = Path(types.__file__).parent / "data" / "kubernetes.json"


def at(own: Type | None, *path: str) -> Type:
    """Follow field names; `[]` is an item of a list or a mapping."""
    for step in path:
        assert own is not None
        if step == "[]":
            assert own.item is not None
            own = own.item.type
        else:
            own = own.fields[step].type
    assert own is not None
    return own


def test_the_types_of_katib() -> None:
    spec = at(experiment("0.19"), "spec")
    assert spec.fields["maxTrialCount"][3:] == (True, True)  # omitempty, and a pointer: zero stays
    assert at(spec, "maxTrialCount").kind == "int32"
    assert at(spec, "objective", "goal").kind == "float"
    assert at(spec, "trialTemplate", "trialSpec").kind == "object"
    assert not spec.fields["resumePolicy"].pointer
    assert at(spec, "metricsCollectorSpec", "collector", "customCollector").name == "core.Container"


@pytest.mark.parametrize("release", KATIB_VERSIONS)
def test_distribution_came_with_018(release: str) -> None:
    space = at(experiment(release), "spec", "parameters", "[]", "feasibleSpace")
    assert ("distribution" in space.fields) is (release != "0.17")


def dotted(own: Type, path: str = "") -> set[str]:
    """Every field of Katib's own types, as MEANINGS writes it."""
    if own.item is not None:
        return dotted(own.item.type, f"{path}[]")
    if own.fields and own.name.startswith("katib."):
        below = (dotted(field.type, f"{path}.{key}".lstrip(".")) for key, field in own.fields.items())
        return set().union(*below) | ({path} if path else set())
    return {path.removesuffix("[]")}


def test_every_field_has_a_meaning_and_every_meaning_a_field() -> None:
    found = dotted(experiment("0.19")) - {"status"}
    operations = "spec.nasConfig.operations[].parameters[]."  # of the type of search parameters
    named = {name for name in found if not name.startswith(operations)}
    lists = {name.removesuffix("[]") for name in named}
    kept = {name for name in MEANINGS if not name.startswith("metadata.")}
    assert lists == kept


@pytest.mark.parametrize("kind", KINDS)
def test_the_kinds_of_the_operator(kind: str) -> None:
    own = trial("kubeflow.org/v1", kind, Target())
    replicas = at(own, "spec", OPERATOR_KINDS[kind].replicas, "[]")
    assert at(replicas, "template", "spec", "containers", "[]", "image").kind == "text"
    assert own is not None
    assert own.reader is Reader.SERVER


@pytest.mark.parametrize(
    ("release", "field"),
    [
        ("2.0", "podSpecOverrides"),
        ("2.1", "podTemplateOverrides"),
        ("2.2", "runtimePatches"),
        ("2.3", "runtimePatches"),
    ],
)
def test_the_overrides_of_a_trainjob(release: str, field: str) -> None:
    spec = at(trial("trainer.kubeflow.org/v1alpha1", "TrainJob", Target(trainer=release)), "spec")
    others = {"podSpecOverrides", "podTemplateOverrides", "runtimePatches"} & spec.fields.keys()
    assert others == {field}


@pytest.mark.parametrize(
    ("api", "kind"),
    [("argoproj.io/v1alpha1", "Workflow"), ("tekton.dev/v1", "PipelineRun"), ("batch/v1beta1", "Job"), ("v1", "Pod")],
)
def test_a_kind_without_types(api: str, kind: str) -> None:
    assert trial(api, kind, Target()) is None


def test_a_job_is_read_by_katibs_own_kubernetes() -> None:
    for release, known in (("0.17", False), ("0.18", False), ("0.19", True)):
        pod = at(trial("batch/v1", "Job", Target(katib=release, kubernetes="1.37")), "spec", "template", "spec")
        assert ("hostnameOverride" in pod.fields) is known


def test_a_manifest_is_read_by_the_clusters_kubernetes() -> None:
    for release, known in (("1.20", False), ("1.36", False), ("1.37", True), ("1.99", True)):
        job = at(manifest("batch/v1", "Job", release), "spec")
        assert ("scheduling" in job.fields) is known
    secret = at(manifest("v1", "Secret", "1.34"))
    assert at(secret, "data", "[]").kind == "bytes"
    assert manifest("apps/v1", "Deployment", "1.34") is None


def test_a_field_that_was_dropped_is_gone() -> None:
    pod = {
        release: at(manifest("batch/v1", "Job", release), "spec", "template", "spec") for release in ("1.35", "1.36")
    }
    assert [("workloadRef" in own.fields) for own in pod.values()] == [True, False]


def test_what_brought_a_field() -> None:
    pod = tuple(at(trial("batch/v1", "Job", Target()), "spec", "template", "spec").fields)
    assert job_fields_since(pod, "evictionResponders") == "1.37"
    assert job_fields_since(pod, "key") is None
    assert job_fields_since(pod, "nodeSelectr") is None


def every(own: Type, seen: dict[int, Type]) -> None:
    if id(own) in seen:
        return
    seen[id(own)] = own
    for field in own.fields.values():
        every(field.type, seen)
    if own.item is not None:
        every(own.item.type, seen)


@pytest.mark.parametrize("reader", Reader)
def test_no_type_is_a_name_that_nobody_knows(reader: Reader) -> None:
    roots = {
        Reader.KATIB: [experiment(release) for release in KATIB_VERSIONS],
        Reader.JOB: [trial("batch/v1", "Job", Target(katib=release)) for release in KATIB_VERSIONS],
        Reader.SERVER: [
            *(trial("kubeflow.org/v1", kind, Target()) for kind in KINDS),
            *(trial("trainer.kubeflow.org/v1alpha1", "TrainJob", Target(trainer=release)) for release in TRAINERS),
        ],
    }
    known = {*types._LOOKS, *types.QUICK, "list", "map"}
    seen: dict[int, Type] = {}
    for root in roots[reader]:
        assert root is not None
        every(root, seen)
    assert {own.kind for own in seen.values()} <= known
    assert all(own.reader is reader for own in seen.values())
    looks = {field.look for own in seen.values() for field in own.fields.values()}
    assert Look.STRUCTS in looks


def test_the_table_is_small_and_has_a_type_a_line() -> None:
    text = DATA.read_text("utf-8")
    assert len(text) < 64_000
    assert max(len(line) for line in text.splitlines()) < 4_000
    assert {"kubernetes", "operator", "trainer"} == json.loads(text).keys()
