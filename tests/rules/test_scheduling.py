"""KG55x (scheduling and queues), a row a case: what is said of where a trial runs and with what, or that nothing is."""

from __future__ import annotations

from typing import Any

import pytest
from subjects import run, subject

from kgen.model.diagnostic import Edit, EditKind
from kgen.rules import queue
from kgen.rules import scheduling as s
from kgen.rules.rule import Rule
from kgen.rules.subject import Subject

_TS = "spec.trialTemplate.trialSpec"
_POD = f"{_TS}.spec.template.spec"
_C = f"{_POD}.containers[0]"
_GPU = "nvidia.com/gpu"
_QUEUE = "kueue.x-k8s.io/queue-name"


def _tolerates(**fields: object) -> Subject:
    return subject({"pod.tolerations": [fields]})


def _node(operator: object, *values: object, soft: bool = False) -> Subject:
    expression: dict[str, Any] = {"key": "gpu", "operator": operator}
    if values:
        expression["values"] = list(values)
    term = {"matchExpressions": [expression]}
    hard = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}
    other = {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "preference": term}]}
    return subject({"pod.affinity": {"nodeAffinity": other if soft else hard}})


_EXPRESSION = (
    f"{_POD}.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]"
    ".matchExpressions[0]"
)


def _shm(volume: dict[str, object], memory: str = "16Gi") -> Subject:
    return subject(
        {
            "pod.volumes": [{"name": "data", "emptyDir": {}}, {"name": "shm", "emptyDir": volume}],
            "tc.volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "shm", "mountPath": "/dev/shm"}],
            "tc.resources": {"limits": {"memory": memory}},
        }
    )


def _queued(where: str, **more: Any) -> Subject:
    return subject({where: {"labels": {_QUEUE: "team-a"}}, **more})


ROWS: list[tuple[Rule, Subject, str | None, str]] = [
    (
        s.tolerations_are_legal,
        _tolerates(key=_GPU, operator="Exists", value="present"),
        f"{_POD}.tolerations[0].value: toleration has operator Exists and value `present`",
        "Exists with a value",
    ),
    (
        s.tolerations_are_legal,
        _tolerates(value="x"),
        f"{_POD}.tolerations[0].key: toleration has no key, and operator Equal",
        "no key",
    ),
    (
        s.tolerations_are_legal,
        _tolerates(key="a", operator="exists"),
        f"{_POD}.tolerations[0].operator: toleration has operator `exists`",
        "an operator in small letters",
    ),
    (
        s.tolerations_are_legal,
        _tolerates(key="a", value="b", effect="NoRun"),
        f"{_POD}.tolerations[0].effect: toleration has effect `NoRun`",
        "an unknown effect",
    ),
    (
        s.tolerations_are_legal,
        _tolerates(key="a", operator="Exists", effect="NoSchedule", tolerationSeconds=60),
        f"{_POD}.tolerations[0].tolerationSeconds: tolerationSeconds goes with effect NoExecute alone, and it is "
        "NoSchedule",
        "seconds with another effect",
    ),
    (
        s.tolerations_are_legal,
        _tolerates(key="a", value="a b"),
        f"{_POD}.tolerations[0].value: toleration has value `a b`, which no taint can have",
        "a blank in a value",
    ),
    (s.tolerations_are_legal, _tolerates(operator="Exists"), None, "all taints"),
    (s.tolerations_are_legal, _tolerates(key=_GPU, value="present", effect="NoSchedule"), None, "Equal is implied"),
    (s.tolerations_are_legal, _tolerates(key="a", operator="Gt", value="5"), None, "the newer operators"),
    (
        s.tolerations_are_legal,
        _tolerates(key="a", operator="Exists", effect="NoExecute", tolerationSeconds=60),
        None,
        "seconds with NoExecute",
    ),
    (
        s.nodes_can_be_selected,
        subject({"pod.nodeSelector": {"nvidia.com/gpu.product": "NVIDIA A100"}}),
        f'{_POD}.nodeSelector["nvidia.com/gpu.product"]: nodeSelector has `nvidia.com/gpu.product: NVIDIA A100`, which '
        "no node can have",
        "a blank in a label",
    ),
    (
        s.nodes_can_be_selected,
        _node("in", "a"),
        f"{_EXPRESSION}.operator: expression on `gpu` has operator `in`",
        "an operator in small letters",
    ),
    (s.nodes_can_be_selected, _node("In"), f"{_EXPRESSION}.values: In on `gpu` has no values", "In without values"),
    (
        s.nodes_can_be_selected,
        _node("Exists", "a"),
        f"{_EXPRESSION}.values: Exists on `gpu` has values",
        "Exists with values",
    ),
    (
        s.nodes_can_be_selected,
        _node("Gt", "many"),
        f"{_EXPRESSION}.values: Gt on `gpu` has ['many']",
        "Gt with a word",
    ),
    (s.nodes_can_be_selected, _node("Gt", "8", soft=True), None, "a preference"),
    (s.nodes_can_be_selected, _node("In", "a", "b"), None, "In with values"),
    (s.nodes_can_be_selected, subject({"pod.nodeSelector": {"a/b": "", "c": "A-1_x.y"}}), None, "values of labels"),
    (
        s.devices_are_of_one_kind,
        subject({"tc.resources": {"limits": {_GPU: 1, "nvidia.com/mig-1g.5gb": 1}}}),
        f"{_C}.resources: container `tc` asks for nvidia.com/gpu and nvidia.com/mig-1g.5gb",
        "a GPU and a slice",
    ),
    (
        s.devices_are_of_one_kind,
        subject({"tc.resources": {"limits": {"nvidia.com/mig-1g.5gb": 2, "cpu": 1}}}),
        None,
        "two slices of one kind",
    ),
    (
        s.training_gets_the_devices,
        subject({"pod.initContainers": [{"name": "w", "image": "x", "resources": {"limits": {_GPU: 1}}}]}),
        f"{_POD}.initContainers[0].resources: only initContainer `w` asks for nvidia.com/gpu: the training gets none",
        "an initContainer alone",
    ),
    (
        s.training_gets_the_devices,
        subject(
            {
                "pod.initContainers": [{"name": "w", "image": "x", "resources": {"limits": {_GPU: 1}}}],
                "tc.resources": {"limits": {_GPU: 1}},
            }
        ),
        None,
        "both",
    ),
    (
        s.gpu_nodes_are_asked_for_gpus,
        _tolerates(key=_GPU, operator="Exists"),
        f"{_POD}.tolerations[0]: this sends the trial to GPU nodes, and no container asks for a GPU",
        "a toleration",
    ),
    (
        s.gpu_nodes_are_asked_for_gpus,
        subject({"pod.nodeSelector": {"cloud.google.com/gke-accelerator": "nvidia-l4"}}),
        f'{_POD}.nodeSelector["cloud.google.com/gke-accelerator"]: this sends the trial to GPU nodes, and no container '
        "asks for a GPU",
        "a nodeSelector",
    ),
    (
        s.gpu_nodes_are_asked_for_gpus,
        subject({"pod.tolerations": [{"key": _GPU, "operator": "Exists"}], "tc.resources": {"limits": {_GPU: 1}}}),
        None,
        "a GPU",
    ),
    (s.gpu_nodes_are_asked_for_gpus, _tolerates(key="team", value="a"), None, "another taint"),
    (
        s.gpu_nodes_are_asked_for_gpus,
        subject({"pod.nodeSelector": {"nvidia.com/gpu.present": "false"}}),
        None,
        "nodes without a GPU",
    ),
    (s.gpu_nodes_are_asked_for_gpus, subject({"tc.resources": {"limits": {_GPU: 1}}}), None, "no toleration is fine"),
    (
        s.shared_memory_is_memory,
        _shm({}),
        f"{_POD}.volumes[1].emptyDir.medium: the volume at /dev/shm is on the node's disk, not in memory",
        "no medium",
    ),
    (s.shared_memory_is_memory, _shm({"medium": "Memory"}), None, "in memory"),
    (
        s.shared_memory_fits,
        _shm({"medium": "Memory", "sizeLimit": "8Gi"}, "4Gi"),
        f"{_POD}.volumes[1].emptyDir.sizeLimit: shared memory of 8Gi is more than the memory limit 4Gi of container "
        "`tc`",
        "larger than the limit",
    ),
    (s.shared_memory_fits, _shm({"medium": "Memory", "sizeLimit": "8Gi"}), None, "below the limit"),
    (s.shared_memory_fits, _shm({"medium": "Memory"}, "4Gi"), None, "no size"),
    (
        s.requests_are_within_limits,
        subject({"tc.resources": {"limits": {"memory": "4Gi"}, "requests": {"memory": "8Gi"}}}),
        f"{_C}.resources.requests.memory: container `tc` requests memory 8Gi, above its limit 4Gi",
        "more than the limit",
    ),
    (
        s.requests_are_within_limits,
        subject(
            {"tc.resources": {"limits": {"cpu": 2, "memory": "4Gi"}, "requests": {"cpu": "2000m", "memory": "1G"}}}
        ),
        None,
        "as much in another form",
    ),
    (
        queue.queue_is_on_the_job,
        _queued("metadata", **{"metadata.name": "base", "metadata.namespace": "ns"}),
        f'metadata.labels["{_QUEUE}"]: Kueue\'s queue label is on the Experiment: the trials are queued by the label '
        "of their own object",
        "on the Experiment",
    ),
    (
        queue.queue_is_on_the_job,
        _queued("trial.spec.template.metadata"),
        f'{_TS}.spec.template.metadata.labels["{_QUEUE}"]: Kueue\'s queue label is on a pod template: the trials are '
        "queued by the label of their own object",
        "on the pod template",
    ),
    (queue.queue_is_on_the_job, _queued("trial.metadata"), None, "on the Job"),
    (
        queue.queued_trials_say_what_they_need,
        _queued("trial.metadata"),
        f"{_POD}.containers: the trial is queued by Kueue, and its pods request nothing: no quota holds them back",
        "no requests",
    ),
    (
        queue.queued_trials_say_what_they_need,
        _queued("trial.metadata", **{"tc.resources": {"limits": {"cpu": 1}}}),
        None,
        "limits stand for requests",
    ),
]


@pytest.mark.parametrize(
    ("rule", "on", "message"), [pytest.param(*row[:3], id=f"{row[0].code} {row[3]}") for row in ROWS]
)
def test_scheduling(rule: Rule, on: Subject, message: str | None) -> None:
    assert run(rule, on) == ([] if message is None else [message])


def test_every_rule_is_seen_to_speak_and_to_keep_silent() -> None:
    for rule in (*s.RULES, *queue.RULES):
        messages = [row[2] for row in ROWS if row[0] is rule]
        assert None in messages, rule.code
        assert any(messages), rule.code


def test_a_misspelt_operator_is_mended_and_a_choice_is_left() -> None:
    (finding,) = s.tolerations_are_legal.check(_tolerates(key="a", operator="exists"))
    assert finding.fix == (Edit(EditKind.SET, finding.path, "Exists"),)
    (finding,) = s.tolerations_are_legal.check(_tolerates(key="a", operator="Exists", value="b"))
    assert finding.fix == ()


def test_the_queue_label_is_moved_to_the_job() -> None:
    (finding,) = queue.queue_is_on_the_job.check(_queued("trial.spec.template.metadata"))
    to = ("spec", "trialTemplate", "trialSpec", "metadata", "labels", _QUEUE)
    assert finding.fix == (Edit(EditKind.MOVE, finding.path, to=to), Edit(EditKind.REMOVE, finding.path[:-1]))
