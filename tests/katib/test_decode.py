"""Every row of the reference on decoding (T) and on the Job check (J): what is wrong, and what remains."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from subjects import SHORT, manifest

from kgen.katib.admission import admit
from kgen.katib.decode import FlawKind, decode, decode_trial, is_sound
from kgen.katib.types import experiment
from kgen.model.environment import Target
from kgen.model.node import NOWHERE, Node, get, make, path_text, plain
from kgen.model.values import Words, words_of

DELETE = object()
K = FlawKind
LR = "${trialParameters.learningRate}"


def put(path: str, value: object, into: dict[str, Any] | None = None) -> dict[str, Any]:
    """The valid manifest with one value put at a dotted path."""
    out: Any = manifest() if into is None else copy.deepcopy(into)
    first, _, rest = path.partition(".")
    steps = (SHORT.get(first, first) + (f".{rest}" if rest else "")).split(".")
    holder = out
    for step in steps[:-1]:
        holder = holder[int(step)] if isinstance(holder, list) else holder.setdefault(step, {})
    last: Any = int(steps[-1]) if isinstance(holder, list) else steps[-1]
    if value is DELETE:
        del holder[last]
    else:
        holder[last] = value
    return dict(out)


def read(value: object, katib: str = "0.19") -> tuple[Node, list[str]]:
    node, flaws = decode(make(value, NOWHERE), experiment(katib))
    return node, [f"{flaw.kind.value} {path_text(flaw.path)}" for flaw in flaws]


SPACE = "spec.parameters.0.feasibleSpace"
S0 = "spec.parameters[0].feasibleSpace"
CUSTOM = "spec.metricsCollectorSpec.collector.customCollector"
# T-row, path, value, the flaw's kind, what remains there (DELETE: nothing)
KATIB: list[tuple[str, str, Any, str | None, Any]] = [
    ("T1", f"{SPACE}.min", 0.01, f"type {S0}.min", 0.01),
    ("T1", f"{SPACE}.min", True, f"type {S0}.min", True),
    ("T1", f"{SPACE}.list", [1, "2"], f"type {S0}.list[0]", [1, "2"]),
    (
        "T1",
        "spec.algorithm.algorithmSettings",
        [{"name": "a", "value": 10}],
        "type spec.algorithm.algorithmSettings[0].value",
        [{"name": "a", "value": 10}],
    ),
    ("T1", "metadata.labels", {"a": 1}, "type metadata.labels.a", {"a": 1}),
    ("T1", "metadata.annotations", {"a": False}, "type metadata.annotations.a", {"a": False}),
    ("T2", "spec.maxTrialCount", "12", "type spec.maxTrialCount", "12"),
    ("T2", "spec.objective.goal", "0.99", "type spec.objective.goal", "0.99"),
    ("T2", "spec.objective.goal", float("inf"), "type spec.objective.goal", float("inf")),
    ("T2", "spec.objective.goal", float("nan"), "type spec.objective.goal", None),
    ("T2", "spec.objective.goal", 10**400, "type spec.objective.goal", 10**400),
    ("T2", "spec.objective.goal", -(10**400), "type spec.objective.goal", -(10**400)),
    ("T2", "spec.objective.goal", 2**1024 - 2**970, "type spec.objective.goal", 2**1024 - 2**970),
    ("T2", "spec.objective.goal", 2**1024 - 2**970 - 1, None, 2**1024 - 2**970 - 1),
    ("T3", "spec.maxTrialCount", 12.0, "type spec.maxTrialCount", 12.0),
    ("T3", "spec.maxTrialCount", 2**31, "type spec.maxTrialCount", 2**31),
    ("T3", "spec.maxTrialCount", 2**31 - 1, None, 2**31 - 1),
    ("T3", "spec.maxTrialCount", -(2**31), None, -(2**31)),
    ("T3", "spec.maxTrialCount", True, "type spec.maxTrialCount", True),
    (
        "T3",
        "spec.nasConfig",
        {"graphConfig": {"inputSizes": [3, 1.5]}},
        "type spec.nasConfig.graphConfig.inputSizes[1]",
        {"graphConfig": {"inputSizes": [3, 1.5]}},
    ),
    ("T4", "spec.parameters", {"lr": {}}, "type spec.parameters", {"lr": {}}),
    ("T4", "spec.objective", [], "type spec.objective", []),
    ("T4", "template.primaryPodLabels", ["a"], "type spec.trialTemplate.primaryPodLabels", ["a"]),
    ("T4", "template.trialSpec", "x", "type spec.trialTemplate.trialSpec", "x"),
    ("T5", "trial.kind", DELETE, "type spec.trialTemplate.trialSpec.kind", DELETE),
    ("T5", "template.trialSpec", {}, "type spec.trialTemplate.trialSpec.kind", {}),
    (
        "T6",
        f"{CUSTOM}.resources",
        {"limits": {"cpu": "1GiB"}},
        f"quantity {CUSTOM}.resources.limits.cpu",
        {"limits": {"cpu": "1GiB"}},
    ),
    ("T6", f"{CUSTOM}.command", "x", f"type {CUSTOM}.command", "x"),
    ("T10", "spec.foo", 1, "unknown spec.foo", DELETE),
    ("T10", "spec.parameters.0.parametertype", "int", "unknown spec.parameters[0].parametertype", DELETE),
    ("T11", "template.retain", False, "zero spec.trialTemplate.retain", DELETE),
    ("T11", "template.retain", True, None, True),
    (
        "T11",
        "template.trialParameters.0.description",
        "",
        "zero spec.trialTemplate.trialParameters[0].description",
        DELETE,
    ),
    ("T11", "spec.algorithm.algorithmSettings", [], "zero spec.algorithm.algorithmSettings", DELETE),
    ("T11", "spec.parameters", [], "zero spec.parameters", DELETE),
    ("T11", "metadata.labels", {}, "zero metadata.labels", DELETE),
    ("T11", "template.primaryPodLabels", {"a": ""}, None, {"a": ""}),
    ("T11", f"{SPACE}.list", [""], None, [""]),
    ("T11", "spec.metricsCollectorSpec.source", {"filter": None}, "null spec.metricsCollectorSpec.source.filter", {}),
    ("T11", "spec.objective.goal", None, "null spec.objective.goal", DELETE),
    ("T11", "spec.objective.additionalMetricNames", [None], "null spec.objective.additionalMetricNames[0]", [""]),
    ("T11", "spec.objective", {}, None, {}),
    ("T11", "spec.objective", None, "null spec.objective", DELETE),
    ("T12", CUSTOM, {"name": "c"}, None, {"name": "c", "resources": {}}),
    ("T12", CUSTOM, {"resources": {}}, None, {"name": "", "resources": {}}),
    (
        "T12",
        f"{CUSTOM}",
        {"name": "c", "resources": {"limits": {"cpu": "0.5"}}},
        f"form {CUSTOM}.resources.limits.cpu",
        {"name": "c", "resources": {"limits": {"cpu": "500m"}}},
    ),
    (
        "T12",
        CUSTOM,
        {"name": "c", "resources": {"limits": {"cpu": 2}}},
        f"form {CUSTOM}.resources.limits.cpu",
        {"name": "c", "resources": {"limits": {"cpu": "2"}}},
    ),
    (
        "T12",
        CUSTOM,
        {"name": "c", "resources": {"limits": {"cpu": "2"}}},
        None,
        {"name": "c", "resources": {"limits": {"cpu": "2"}}},
    ),
    ("T12", CUSTOM, {"name": "c", "foo": 1, "resources": {}}, f"unknown {CUSTOM}.foo", {"name": "c", "resources": {}}),
    ("T12", CUSTOM, {"name": "c", "tty": False, "resources": {}}, f"zero {CUSTOM}.tty", {"name": "c", "resources": {}}),
    (
        "T12",
        CUSTOM,
        {"name": "c", "securityContext": {"privileged": False}, "resources": {}},
        None,
        {"name": "c", "securityContext": {"privileged": False}, "resources": {}},
    ),
    (
        "T12",
        "spec.metricsCollectorSpec.source",
        {"httpGet": {"path": "/m"}},
        None,
        {"httpGet": {"path": "/m", "port": 0}},
    ),
    ("T13", "spec.nasConfig", {}, None, {"graphConfig": {}}),
    ("T13", "spec.nasConfig", {"graphConfig": None}, "null spec.nasConfig.graphConfig", {"graphConfig": {}}),
    ("T14", "spec.parameters", [{"name": "a"}], None, [{"name": "a", "feasibleSpace": {}}]),
    ("T15", "trial", {"kind": "X", "a": None, "b": [], "c": 1.0}, None, {"kind": "X", "a": None, "b": [], "c": 1.0}),
    ("T17", "spec.objective.goal", 0, None, 0),
    ("T17", "spec.objective.goal", 0.0, None, 0.0),
    ("T17", "spec.maxFailedTrialCount", 0, None, 0),
    ("T16", "status", {"startTime": None, "trials": 3}, None, {"startTime": None, "trials": 3}),
    ("T16", "status", [], "type status", []),
    ("", "metadata.creationTimestamp", None, None, DELETE),
    ("", "template.configMap", {"templatePath": "x"}, None, {"templatePath": "x"}),
]


@pytest.mark.parametrize(
    ("path", "value", "flaw", "left"), [pytest.param(*row[1:], id=f"{row[0]} {row[1]}: {row[2]!r}") for row in KATIB]
)
def test_what_katib_makes_of_a_value(path: str, value: object, flaw: str | None, left: object) -> None:
    node, flaws = read(put(path, value))
    assert flaws == ([] if flaw is None else [flaw])
    first, _, rest = path.partition(".")
    steps = [int(s) if s.isdigit() else s for s in (SHORT.get(first, first) + (f".{rest}" if rest else "")).split(".")]
    found = get(node, *steps)
    if left is DELETE:
        assert found is None
    elif value == value:  # noqa: PLR0124 - NaN is not
        assert found is not None
        assert plain(found) == left
        assert type(plain(found)) is type(left)


def test_what_is_well_is_the_same_node() -> None:
    node = make(manifest(), NOWHERE)
    assert decode(node, experiment("0.19")) == (node, [])
    assert decode(node, experiment("0.19"))[0] is node
    assert decode_trial(node, Target())[0] is get(node, "spec", "trialTemplate", "trialSpec")


def test_distribution_came_with_018() -> None:
    assert read(manifest(), "0.18")[1] == []
    node, flaws = read(manifest(), "0.17")
    assert flaws == [f"unknown spec.parameters[{i}].feasibleSpace.distribution" for i in (0, 1)]
    assert get(node, "spec", "parameters", 0, "feasibleSpace", "distribution") is None


def test_all_flaws_are_told_at_once() -> None:
    out = put("spec.maxTrialCount", "12", put("spec.foo", 1, put(f"{SPACE}.min", 0.1)))
    assert len(read(out)[1]) == 3


@pytest.mark.parametrize("odd", [None, 1, "x", [], [1], True])
def test_no_root_is_too_odd(odd: object) -> None:
    for value in (
        odd,
        {"spec": odd},
        {"spec": {"trialTemplate": odd}},
        {"spec": {"trialTemplate": {"trialSpec": odd}}},
    ):
        node, flaws = read(value)
        assert isinstance(node, Node)
        assert flaws
        assert isinstance(decode_trial(make(value, NOWHERE), Target())[0], Node)


P = "spec.template.spec"
C = f"{P}.containers[0]"
# J-row, path, value, the flaw or None
JOBS: list[tuple[str, str, Any, str | None]] = [
    ("J1", "trial.spec.containers", [], "unknown spec.containers"),
    ("J1", "tc.foo", 1, f"unknown {C}.foo"),
    ("J1", "tc.resources", {"limit": {"cpu": 1}}, f"unknown {C}.resources.limit"),
    ("J1", "trial.foo", 1, "unknown foo"),
    ("J2", "tc.env", [{"name": "A", "value": 1}], f"type {C}.env[0].value"),
    ("J2", "tc.env", [{"name": "A", "value": True}], f"type {C}.env[0].value"),
    ("J2", "trial.metadata", {"annotations": {"a": True}}, "type metadata.annotations.a"),
    ("J2", "trial.spec.parallelism", "1", "type spec.parallelism"),
    ("J2", "trial.spec.parallelism", 1.5, "type spec.parallelism"),
    ("J2", "trial.spec.parallelism", 1.0, None),
    ("J2", "tc.command", ["a", 1, LR], f"type {C}.command[1]"),
    ("J2", "pod.containers", {}, f"type {P}.containers"),
    ("J3", "trial.spec.backoffLimit", LR, "type spec.backoffLimit"),
    ("J3", "tc.resources", {"limits": {"memory": LR}}, f"quantity {C}.resources.limits.memory"),
    ("J3", "tc.resources", {"limits": {"memory": f"{LR}Gi"}}, f"quantity {C}.resources.limits.memory"),
    ("J3", "tc.ports", [{"containerPort": LR}], f"type {C}.ports[0].containerPort"),
    ("J3", "tc.livenessProbe", {"httpGet": {"port": LR}}, None),
    ("J4", "tc.resources", {"limits": {"memory": "1GiB"}}, f"quantity {C}.resources.limits.memory"),
    ("J5", "tc.env", [{"name": "A", "value": ""}], f"zero {C}.env[0].value"),
    ("J5", "pod.hostNetwork", False, f"zero {P}.hostNetwork"),
    ("J5", "tc.args", [], f"zero {C}.args"),
    ("J5", "pod.nodeSelector", {}, f"zero {P}.nodeSelector"),
    ("J5", "tc.resources", {"limits": {}}, f"zero {C}.resources.limits"),
    ("J5", "tc.ports", [{"containerPort": 1, "hostPort": 0}], f"zero {C}.ports[0].hostPort"),
    (
        "J6",
        "trial.spec.template.metadata",
        {"creationTimestamp": None},
        "null spec.template.metadata.creationTimestamp",
    ),
    ("J6", "pod.volumes", [{"name": "a", "emptyDir": None}], f"null {P}.volumes[0].emptyDir"),
    ("J6", "tc.args", None, f"null {C}.args"),
    ("J6", "tc.args", [None], f"null {C}.args[0]"),
    ("J6", "pod.containers", None, None),
    (
        "J7",
        "pod.volumes",
        [{"name": "a", "emptyDir": {"sizeLimit": "1024Mi"}}],
        f"form {P}.volumes[0].emptyDir.sizeLimit",
    ),
    (
        "J7",
        "pod.volumes",
        [{"name": "a", "emptyDir": {"sizeLimit": "0.5Gi"}}],
        f"form {P}.volumes[0].emptyDir.sizeLimit",
    ),
    ("J7", "pod.volumes", [{"name": "a", "emptyDir": {"sizeLimit": 1024}}], f"form {P}.volumes[0].emptyDir.sizeLimit"),
    ("J7", "pod.volumes", [{"name": "a", "emptyDir": {"sizeLimit": "1Gi"}}], None),
    ("J7", "pod.overhead", {"cpu": "0.5"}, f"form {P}.overhead.cpu"),
    ("J8", "pod.volumes", [{"name": "a", "emptyDir": {}}], None),
    ("J8", "tc.resources", {}, None),
    ("J8", "pod.securityContext", {}, None),
    ("J8", "pod.affinity", {}, None),
    ("J8", "trial.metadata", {"generateName": "a-"}, None),
    ("J8", "trial.metadata", {}, None),
    ("J8", "trial.status", {"foo": 1, "active": None}, None),
    ("J8", "trial.spec.backoffLimit", 0, None),
    ("J8", "trial.spec.suspend", False, None),
    (
        "J9",
        "tc.resources",
        {"limits": {"cpu": 1, "memory": "1024Mi", "nvidia.com/gpu": 1}, "requests": {"cpu": 0.5}},
        None,
    ),
    ("J9", "pod.initContainers", [{"name": "a", "resources": {"limits": {"cpu": 0.5}}}], None),
    ("J9", "tc.resources", {"limits": {"cpu": None}}, None),
    ("J10", "tc.image", DELETE, None),
    ("J10", "pod.containers", DELETE, None),
    ("J10", "pod.restartPolicy", "Sometimes", None),
]


@pytest.mark.parametrize(
    ("path", "value", "flaw"), [pytest.param(*row[1:], id=f"{row[0]} {row[1]}: {row[2]!r}") for row in JOBS]
)
def test_what_the_webhook_finds_in_a_job(path: str, value: object, flaw: str | None) -> None:
    node = make(put(path, value), NOWHERE)
    kept, flaws = decode_trial(node, Target())
    assert [f"{f.kind.value} {path_text(f.path[3:])}" for f in flaws] == ([] if flaw is None else [flaw])
    trial = get(node, "spec", "trialTemplate", "trialSpec")
    assert trial is not None
    assert plain(kept) == plain(trial)  # it is kept as it was written


def torch(**replica: object) -> dict[str, Any]:
    pod = {"containers": [{"name": "pytorch", "image": "a:1"}]}
    worker = {"replicas": 2, "template": {"spec": pod}, **replica}
    return {"apiVersion": "kubeflow.org/v1", "kind": "PyTorchJob", "spec": {"pytorchReplicaSpecs": {"Worker": worker}}}


W = "spec.pytorchReplicaSpecs.Worker"
OTHERS: list[tuple[str, dict[str, Any], str | None]] = [
    ("whole", torch(), None),
    ("a placeholder for a number", torch(replicas=LR), f"type {W}.replicas"),
    ("a text for a number", torch(replicas="2"), f"type {W}.replicas"),
    ("2.0 comes back as 2", torch(replicas=2.0), None),
    ("an unknown field", torch(replica=2), f"unknown {W}.replica"),
    ("null is pruned", torch(restartPolicy=None), None),
    ("zeroes stay", torch(replicas=0, restartPolicy=""), None),
    ("a list", torch(template=[]), f"type {W}.template"),
    (
        "a placeholder in a quantity",
        torch(template={"spec": {"volumes": [{"name": "a", "emptyDir": {"sizeLimit": f"{LR}Gi"}}]}}),
        None,
    ),
    (
        "a quantity",
        torch(template={"spec": {"volumes": [{"name": "a", "emptyDir": {"sizeLimit": "1GB"}}]}}),
        f"quantity {W}.template.spec.volumes[0].emptyDir.sizeLimit",
    ),
    (
        "a quantity in any form",
        torch(template={"spec": {"volumes": [{"name": "a", "emptyDir": {"sizeLimit": 5}}]}}),
        None,
    ),
    ("status", {**torch(), "status": {"foo": 1}}, None),
    ("a kind that is not known", {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "foo": {}}, None),
    ("no kind", {"apiVersion": "batch/v1", "foo": 1}, None),
]


@pytest.mark.parametrize(("trial", "flaw"), [pytest.param(*row[1:], id=row[0]) for row in OTHERS])
def test_what_the_server_finds_in_other_kinds(trial: dict[str, Any], flaw: str | None) -> None:
    _, flaws = decode_trial(make(put("trial", trial), NOWHERE), Target())
    assert [f"{f.kind.value} {path_text(f.path[3:])}" for f in flaws] == ([] if flaw is None else [flaw])


def test_whole_numbers_come_back_whole() -> None:
    workflow = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "a": [{"b": 3.0}]}
    for trial, path in (
        (torch(replicas=2.0), ("spec", "pytorchReplicaSpecs", "Worker", "replicas")),
        (torch(foo={"bar": 2.0}), ("spec", "pytorchReplicaSpecs", "Worker", "foo", "bar")),
        (workflow, ("a", 0, "b")),
        ({**workflow, "kind": 5}, ("a", 0, "b")),
    ):
        number = get(decode_trial(make(put("trial", trial), NOWHERE), Target())[0], *path)
        assert number is not None
        assert type(number.value) is int


def test_a_flaw_says_what_stands_there() -> None:
    node = make(put("spec.foo", "x", put(f"{SPACE}.min", 0.01)), NOWHERE)
    unknown, wrong = sorted(decode(node, experiment("0.19"))[1], key=lambda flaw: flaw.kind is K.TYPE)
    assert (unknown.found, unknown.legal[:2]) == ("x", ("parameters", "objective"))
    assert (wrong.found, wrong.expected) == ("0.01", "text")


def test_a_number_is_told_as_it_was_written() -> None:
    node = make(put(f"{SPACE}.min", Node(0.1, NOWHERE, "0.10")), NOWHERE)
    assert decode(node, experiment("0.19"))[1][0].found == "0.10"


@pytest.mark.parametrize("beside", [{}, {"spec.surprise": 1}], ids=repr)
def test_a_whole_number_beyond_all_quantities_is_refused_whatever_else_is_wrong(beside: dict[str, Any]) -> None:
    given = put("tc.resources", {"limits": {"cpu": 10**400, "memory": 10**50}})
    for path, value in beside.items():
        given = put(path, value, given)
    flaws = admit(make(given, NOWHERE), Target()).flaws
    assert [flaw.path[-1] for flaw in flaws if flaw.kind is K.QUANTITY] == ["cpu"]


WORDY: list[dict[str, Any]] = [
    {},
    {"tc.env": [{"name": "A", "value": "b"}, {"name": "C", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]},
    {"tc.resources": {"limits": {"cpu": 2, "memory": "4Gi"}}, "pod.nodeSelector": {"pool": "gpu"}},
    {"pod.hostPID": True, "tc.ports": [{"containerPort": 80, "name": "http"}], "trial.spec.backoffLimit": 0},
    {"pod.volumes": [{"name": "a", "emptyDir": {}}], "trial.metadata": {"labels": {"a": "", "b": "c"}}},
    {"tc.lifecycle": {"preStop": {"httpGet": {"path": "/x", "port": "http"}}}},
    {"trial.apiVersion": "acme.io/v1", "trial.kind": "Thing", "trial.spec": {"a": ["b", {"c": [True, "d"]}]}},
]


@pytest.mark.parametrize("changes", WORDY, ids=repr)
def test_the_quick_walk_gathers_each_key_and_each_text(changes: dict[str, Any]) -> None:
    """Of an object that it finds sound: the same that a walk over all of it gathers, but for empty texts."""
    given = manifest()
    for path, value in changes.items():
        given = put(path, value, given)
    words: Words = ({}, [])
    slowly: Words = ({}, [])
    assert is_sound(given, Target(), words)
    words_of(given["spec"]["trialTemplate"]["trialSpec"], *slowly)
    assert words[0].keys() == slowly[0].keys()
    quickly = [word for word in words[1] if type(word) is str]
    assert sorted(filter(None, quickly)) == sorted(filter(None, slowly[1]))
