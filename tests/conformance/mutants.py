"""Manifests bent in every way that people bend them, and in some that only machines do."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from zlib import crc32

from bends import ENTRIES, TRIAL, Path, operators

HEAD = frozenset({("apiVersion",), ("kind",), ("metadata", "namespace")})  # what makes it an Experiment stays
KEPT = 3  # of the plain mutants within a trial's object and of status-like odds and ends, one in three


class Mutant(NamedTuple):
    """A bent manifest."""

    id: str  # manifest: path: what was done
    object: dict[str, Any]


def mutants(name: str, manifest: Mapping[str, Any]) -> Iterator[Mutant]:
    """Yield the manifest itself and every bent form of it, in the same order each time."""
    yield Mutant(f"{name}: as it is", copy.deepcopy(dict(manifest)))
    seen: set[str] = set()
    for path, value in nodes(manifest):
        if path in HEAD or not path:
            continue
        for what, change in operators(path, value):
            identity = f"{name}: {dotted(path)}: {what}"
            if identity in seen or (path[:3] == TRIAL and len(path) > 4 and crc32(identity.encode()) % KEPT):
                continue
            seen.add(identity)
            bent = copy.deepcopy(dict(manifest))
            if change(holder_of(bent, path), path[-1]) is not False and bent != manifest:
                yield Mutant(identity, bent)
    for what, bend in whole_operators():
        bent = copy.deepcopy(dict(manifest))
        if bend(bent) is not False and bent != manifest:
            yield Mutant(f"{name}: {what}", bent)
    for what, bent in renamings(manifest):
        yield Mutant(f"{name}: {what}", bent)


def nodes(value: object, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every value with its path."""
    yield path, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from nodes(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from nodes(item, (*path, index))


def dotted(path: Path) -> str:
    """Write a path down."""
    return ".".join(str(step) for step in path)


def holder_of(root: Any, path: Path) -> Any:
    """Give the mapping or list that holds what is at a path."""
    for step in path[:-1]:
        root = root[step]
    return root


Bend = Callable[[dict[str, Any]], object]


def renamings(manifest: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give an entry of trialParameters another name, and its placeholders with it."""
    entries = manifest["spec"]["trialTemplate"]["trialParameters"]
    for index, entry in enumerate(entries[:2]):
        for name in ENTRIES:
            bent = copy.deepcopy(dict(manifest))
            template = bent["spec"]["trialTemplate"]
            template["trialParameters"][index]["name"] = name
            old, new = f"${{trialParameters.{entry['name']}}}", f"${{trialParameters.{name}}}"
            template["trialSpec"] = _replaced(template.get("trialSpec"), old, new)
            yield f"entry {index} is {name!r} throughout", bent


def _replaced(value: Any, old: str, new: str) -> Any:
    if isinstance(value, str):
        return value.replace(old, new)
    if isinstance(value, list):
        return [_replaced(item, old, new) for item in value]
    if isinstance(value, dict):
        return {_replaced(key, old, new): _replaced(item, old, new) for key, item in value.items()}
    return value


def whole_operators() -> Iterator[tuple[str, Bend]]:
    """Yield the ways to bend that concern several fields at once."""
    key: str
    value: Any
    for parallel, most, failed in (
        (3, 3, 3), (4, 3, 3), (3, 4, 5), (None, 2, 1), (None, 1, 0), (None, 3, 0), (1, 1, 2), (0, 5, 0), (5, None, 9),
        (1, None, -1), (-3, -3, -3), (3, 0, 0), (None, None, None), (2**31 - 1, 2**31 - 1, 2**31 - 1),
    ):  # fmt: skip
        yield f"counts {parallel} {most} {failed}", _counts(parallel, most, failed)
    for label, value in (
        ("a", "b"),
        ("a b", "c"),
        ("a", "c d"),
        ("a", "x" * 64),
        ("a", ""),
        ("a/b/c", "d"),
        ("A.b/c", "d"),
    ):
        yield f"label {label!r} {value[:9]!r}", _meta("labels", {label: value})
    for label, value in (("a", 1), ("a", True), ("a", None)):
        yield f"label {label!r} {value!r}", _meta("labels", {label: value})
        yield f"annotation {label!r} {value!r}", _meta("annotations", {label: value})
    for key, odd in (
        ("generateName", "x-"), ("annotations", {}), ("labels", []), ("creationTimestamp", None),
        ("finalizers", ["a"]),
        ("creationTimestamp", "yesterday"), ("ownerReferences", []), ("foo", "bar"), ("annotations", {"A b": "c"}),
        ("generation", 3), ("uid", "a"), ("resourceVersion", 5),
    ):  # fmt: skip
        yield f"metadata.{key} {odd!r}", _meta(key, odd)
    yield "status", lambda root: root.update(status={"trials": 3})
    yield "status of another form", lambda root: root.update(status="done")
    for version in ("kubeflow.org/v1alpha3", "kubeflow.org/v1", "v1beta1"):
        yield f"apiVersion is {version}", _top("apiVersion", version)
    yield "a field at the top", lambda root: root.update(parameters=[])
    for key, value in (
        ("objective", {}), ("algorithm", {}), ("earlyStopping", {}), ("nasConfig", {}), ("metricsCollectorSpec", {}),
        ("earlyStopping", {"algorithmName": "medianstop"}), ("earlyStopping", {"algorithmName": "random"}),
        ("metricsCollectorSpec", {"collector": {}}), ("metricsCollectorSpec", {"source": {}}),
        ("metricsCollectorSpec", {"collector": {"kind": "File"}}),
        ("metricsCollectorSpec", {"collector": {"kind": "Push"}}),
        ("metricsCollectorSpec", {"collector": {"kind": "File"},
        "source": {"fileSystemPath": {"format": "JSON"}, "filter": {}}}),
        ("metricsCollectorSpec", {"collector": {"kind": "TensorFlowEvent"},
        "source": {"fileSystemPath": {"kind": "File"}}}),
        ("metricsCollectorSpec", {"collector": {"kind": "Custom"}}),
        ("metricsCollectorSpec", {"collector": {"kind": "None"}}),
        ("metricsCollectorSpec", {"collector": {"kind": "Custom", "customCollector": {}},
        "source": {"fileSystemPath": {}}}),
        ("metricsCollectorSpec", {"collector": {"kind": "PrometheusMetric"}}), ("resumePolicy", "FromVolume"),
        ("maxTrialCount", "12"), ("parallelTrialCount", 2**40), ("trialTemplate", {}), ("parameters", {}),
        ("suspend", True),
    ):  # fmt: skip
        yield f"{key} is {value!r}", _spec(key, value)
    for more in (
        ["accuracy"], ["loss"], ["b", "a", "b"], [""], ["x", "accuracy"],
    ):  # fmt: skip
        yield f"additional metrics {more!r}", _objective("additionalMetricNames", more)
    for strategies in ([], [{"name": "loss"}], [{"name": "accuracy", "value": "latest"}], [{"value": "min"}], [{}], [
        {"name": "accuracy", "value": "max"}, {"name": "accuracy", "value": "min"}
    ], [{"name": "other", "value": "median"}]):  # fmt: skip
        yield f"strategies {strategies!r}", _objective("metricStrategies", strategies)
    for goal in (0, 0.990, -5, 1e300, "0.9", "", True, [], 10**300):
        yield f"goal {str(goal)[:9]}{type(goal).__name__}", _objective("goal", goal)
    for key, value in (
        ("configMap", {}), ("configMap", {"configMapName": "a"}), ("trialSpec", {}), ("trialSpec", {"kind": "Job"}),
        ("trialSpec", {"apiVersion": "batch/v1"}), ("trialSpec", "a"), ("trialSpec", []), ("retain", False),
        ("retain", "no"),
        ("trialSpec", {"kind": ""}), ("trialSpec", {"kind": 1}), ("trialSpec", {"kind": "Job",
        "metadata": {"name": "x"}}),
        ("primaryPodLabels", {}), ("primaryPodLabels", {"a": 1}), ("primaryPodLabels", {"a": ""}),
        ("successCondition", ""),
    ):  # fmt: skip
        yield f"trialTemplate.{key} is {value!r}", _template(key, value)
    for key, value in (
        ("name", "x"),
        ("namespace", "x"),
        ("name", ""),
        ("generateName", "x"),
        ("labels", {"a": 1}),
        ("name", 1),
    ):
        yield f"trialSpec.metadata.{key} is {value!r}", _trial_meta(key, value)
    for space in (
        {"list": ["1"]}, {"min": "1"}, {"step": "1"}, {"max": ""}, {"min": "1", "max": "2", "list": ["1"]},
        {"list": [""]},
        {"distribution": "normal"}, {"distribution": "log"}, {"step": "0"}, {"min": "2", "max": "1"},
        {"list": ["a", "a"]},
    ):  # fmt: skip
        yield f"first feasibleSpace with {space!r}", _first_space(space)
    yield "each parameter twice", lambda root: _twice(root, "parameters")
    yield "apiVersion of a trial is no text", lambda root: _trial(root).update(apiVersion=1)
    yield "spec twice nested", lambda root: root.update(spec={"spec": root["spec"]})


def _trial(root: dict[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = root["spec"]["trialTemplate"].setdefault("trialSpec", {})
    return out


def _counts(parallel: int | None, most: int | None, failed: int | None) -> Bend:
    def bend(root: dict[str, Any]) -> None:
        wanted = {"parallelTrialCount": parallel, "maxTrialCount": most, "maxFailedTrialCount": failed}
        for key, value in wanted.items():
            root["spec"].pop(key, None)
            if value is not None:
                root["spec"][key] = value

    return bend


def _top(key: str, value: object) -> Bend:
    return lambda root: root.update({key: value})


def _meta(key: str, value: object) -> Bend:
    return lambda root: root["metadata"].update({key: value})


def _spec(key: str, value: object) -> Bend:
    return lambda root: root["spec"].update({key: copy.deepcopy(value)})


def _objective(key: str, value: object) -> Bend:
    return lambda root: root["spec"]["objective"].update({key: copy.deepcopy(value)})


def _template(key: str, value: object) -> Bend:
    return lambda root: root["spec"]["trialTemplate"].update({key: copy.deepcopy(value)})


def _trial_meta(key: str, value: object) -> Bend:
    return lambda root: _trial(root).setdefault("metadata", {}).update({key: copy.deepcopy(value)})


def _first_space(space: Mapping[str, object]) -> Bend:
    def bend(root: dict[str, Any]) -> object:
        if "parameters" not in root["spec"]:
            return False
        root["spec"]["parameters"][0]["feasibleSpace"].update(copy.deepcopy(space))
        return True

    return bend


def _twice(root: dict[str, Any], key: str) -> object:
    if key not in root["spec"]:
        return False
    root["spec"][key] = [*root["spec"][key], *copy.deepcopy(root["spec"][key])]
    return True
