"""KG53x, a row a case: what is said, or that nothing is."""

from __future__ import annotations

from typing import Any

import pytest
from subjects import DELETE, run, subject

from kgen.rules import kinds
from kgen.rules.rule import Rule
from kgen.rules.subject import Subject

_TS = "spec.trialTemplate.trialSpec"
_POD = f"{_TS}.spec.template.spec"
_C = f"{_POD}.containers[0]"
_LR = "${trialParameters.learningRate}"
_W = "spec.pytorchReplicaSpecs.Worker"
_IMAGE = "a:1"


def _torch(changes: dict[str, Any] | None = None) -> Subject:
    """A PyTorchJob with values put in its Worker."""
    pod = {"containers": [{"name": "pytorch", "image": _IMAGE, "command": ["a"]}]}
    worker = {"replicas": 2, "template": {"spec": pod}}
    job = {"apiVersion": "kubeflow.org/v1", "kind": "PyTorchJob", "spec": {"pytorchReplicaSpecs": {"Worker": worker}}}
    return subject({"trial": job, **{f"trial.{_W}.{path}": value for path, value in (changes or {}).items()}})


def _trainjob(release: str = "2.2", **spec: object) -> Subject:
    job = {"apiVersion": "trainer.kubeflow.org/v1alpha1", "kind": "TrainJob", "spec": spec}
    return subject({"trial": job}, trainer=release)


K = kinds
ROWS: list[tuple[Rule, Subject, str | None, str]] = [
    (
        K.values_fit_the_kind,
        _torch({"replicas": _LR}),
        f"{_TS}.{_W}.replicas: `replicas: {_LR}` is a text when filled, where PyTorchJob has a whole number",
        "a placeholder for a number",
    ),
    (
        K.values_fit_the_kind,
        _torch({"replicas": "2"}),
        f'{_TS}.{_W}.replicas: `replicas` is "2", where PyTorchJob has a whole number',
        "a text for a number",
    ),
    (
        K.values_fit_the_kind,
        _trainjob(trainer={"env": [{"name": "A", "value": 1}]}),
        f"{_TS}.spec.trainer.env[0].value: `value` is 1, where TrainJob has a text",
        "a number for a text",
    ),
    (K.values_fit_the_kind, _trainjob(trainer={"numProcPerNode": 2}), None, "a number where it may be one"),
    (K.values_fit_the_kind, _torch({"replicas": 2.0}), None, "2.0 is 2"),
    (K.values_fit_the_kind, subject({"tc.env": [{"name": "A", "value": 1}]}), None, "in a Job it is KG522"),
    (
        K.fields_of_the_kind_are_known,
        _torch({"replica": 2}),
        f"{_TS}.{_W}.replica: `pytorchReplicaSpecs.Worker` has no field `replica`: the API server drops it without a "
        "word",
        "a misspelt field",
    ),
    (
        K.fields_of_the_kind_are_known,
        _trainjob(podTemplateOverrides=[]),
        f"{_TS}.spec.podTemplateOverrides: `trialSpec.spec` has no field `podTemplateOverrides`: the API server drops "
        "it without a word",
        "a field of another Trainer",
    ),
    (K.fields_of_the_kind_are_known, _trainjob("2.1", podTemplateOverrides=[]), None, "that Trainer"),
    (K.fields_of_the_kind_are_known, subject({"trial.foo": 1}), None, "in a Job it is KG525"),
    (
        K.fields_of_the_kind_are_known,
        subject({"trial": {"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "foo": 1}}),
        None,
        "a kind that is not known",
    ),
    (
        K.pods_are_described,
        subject({"pod.containers": DELETE}),
        f"{_POD}.containers: `spec.template.spec` has no containers: no pod can be made",
        "no containers",
    ),
    (
        K.pods_are_described,
        subject({"trial.spec": {}}),
        f"{_POD}.containers: `spec.template.spec` has no containers: no pod can be made",
        "no template",
    ),
    (
        K.pods_are_described,
        _torch({"template": {}}),
        f"{_TS}.{_W}.template.spec.containers: `{_W}.template.spec` has no containers: no pod can be made",
        "a replica without",
    ),
    (
        K.pods_are_described,
        subject({"tc.name": DELETE}),
        f"{_C}.name: item 0 of `containers` has no name, which Kubernetes demands",
        "no name",
    ),
    (K.pods_are_described, _torch(), None, "a whole one"),
    (K.pods_are_described, _trainjob(), None, "the pods of a TrainJob are in its runtime"),
    (
        K.values_are_among_the_legal,
        subject({"tc.imagePullPolicy": "ifNotPresent"}),
        f"{_C}.imagePullPolicy: `imagePullPolicy: ifNotPresent` is no value that Kubernetes has there",
        "another case",
    ),
    (
        K.values_are_among_the_legal,
        subject({"tc.ports": [{"containerPort": 80, "protocol": "HTTP"}]}),
        f"{_C}.ports[0].protocol: `protocol: HTTP` is no value that Kubernetes has there",
        "a protocol",
    ),
    (
        K.values_are_among_the_legal,
        subject({"pod.volumes": [{"name": "shm", "emptyDir": {"medium": "memory"}}]}),
        f"{_POD}.volumes[0].emptyDir.medium: `medium: memory` is no value that Kubernetes has there",
        "a medium",
    ),
    (
        K.values_are_among_the_legal,
        subject({"pod.dnsPolicy": "clusterFirst"}),
        f"{_POD}.dnsPolicy: `dnsPolicy: clusterFirst` is no value that Kubernetes has there",
        "a policy of the pod",
    ),
    (
        K.values_are_among_the_legal,
        _torch({"restartPolicy": "never"}),
        f"{_TS}.{_W}.restartPolicy: `restartPolicy: never` is no value that Kubernetes has there",
        "a replica's restartPolicy",
    ),
    (K.values_are_among_the_legal, _torch({"restartPolicy": "ExitCode"}), None, "a value of the operator's own"),
    (K.values_are_among_the_legal, subject({"pod.restartPolicy": "never"}), None, "in a Job it is KG520"),
    (
        K.values_are_among_the_legal,
        subject({"pod.volumes": [{"name": "shm", "emptyDir": {"medium": "HugePages-1Gi"}}]}),
        None,
        "huge pages",
    ),
    (K.values_are_among_the_legal, subject({"tc.imagePullPolicy": _LR}), None, "a placeholder"),
    (
        K.ports_are_ports,
        subject({"tc.ports": [{"containerPort": 65536}]}),
        f"{_C}.ports[0].containerPort: containerPort 65536 is no port",
        "more than 16 bits",
    ),
    (
        K.ports_are_ports,
        subject({"tc.ports": [{"containerPort": 0}]}),
        f"{_C}.ports[0].containerPort: containerPort 0 is no port",
        "port 0",
    ),
    (
        K.ports_are_ports,
        subject({"tc.ports": [{"name": "http"}]}),
        f"{_C}.ports[0].containerPort: a port has no containerPort",
        "no number",
    ),
    (K.ports_are_ports, subject({"tc.ports": [{"containerPort": 65535, "hostPort": 1}]}), None, "ports"),
    (
        K.names_are_legal_and_unique,
        subject({"tc.name": "Training_1"}),
        f"{_C}.name: container name `Training_1` is not legal: small letters, digits and `-`, at most 63",
        "capitals",
    ),
    (
        K.names_are_legal_and_unique,
        subject({"pod.initContainers": [{"name": "tc", "image": _IMAGE}]}),
        f"{_POD}.initContainers[0].name: two containers of the pod are named `tc`",
        "one name twice",
    ),
    (
        K.names_are_legal_and_unique,
        subject({"pod.volumes": [{"name": "a", "emptyDir": {}}, {"name": "a", "emptyDir": {}}]}),
        f"{_POD}.volumes[1].name: two volumes of the pod are named `a`",
        "one volume twice",
    ),
    (
        K.names_are_legal_and_unique,
        subject({"pod.volumes": [{"name": "tc", "emptyDir": {}}]}),
        None,
        "a container and a volume",
    ),
    (
        K.labels_are_legal,
        subject({"trial.metadata": {"labels": {"team": "vision & speech"}}}),
        f"{_TS}.metadata.labels.team: label `team: vision & speech`: the value is no label value",
        "a value",
    ),
    (
        K.labels_are_legal,
        subject({"trial.spec.template.metadata": {"annotations": {"a b": "x"}}}),
        f'{_TS}.spec.template.metadata.annotations["a b"]: annotation `a b: x`: the key is no label name',
        "a key of the pods",
    ),
    (
        K.labels_are_legal,
        subject({"trial.metadata": {"labels": {"A.b/c": "x"}}}),
        f'{_TS}.metadata.labels["A.b/c"]: label `A.b/c: x`: the key is no `domain/name`',
        "a domain",
    ),
    (
        K.labels_are_legal,
        subject({"trial.metadata": {"labels": {"a": "x" * 64}}}),
        f"{_TS}.metadata.labels.a: label `a: {'x' * 64}`: the value has more than 63 characters",
        "a long value",
    ),
    (
        K.labels_are_legal,
        subject({"trial.metadata": {"labels": {"a.b/c_D": ""}, "annotations": {"a": "vision & speech"}}}),
        None,
        "an empty label, and any annotation",
    ),
    (K.labels_are_legal, subject({"trial.metadata": {"labels": {"a": f"-{_LR}"}}}), None, "a placeholder"),
    (
        K.variables_are_legal,
        subject({"tc.env": [{"name": "SEED=1"}]}),
        f"{_C}.env[0].name: variable `SEED=1` has `=` in its name",
        "a value in the name",
    ),
    (
        K.variables_are_legal,
        subject({"tc.env": [{"value": "1"}]}),
        f"{_C}.env[0].name: an environment variable has no name",
        "no name",
    ),
    (
        K.variables_are_legal,
        subject({"tc.env": [{"name": "A", "value": "1", "valueFrom": {"fieldRef": {"fieldPath": "a"}}}]}),
        f"{_C}.env[0].valueFrom: variable `A` has both a value and a valueFrom",
        "two values",
    ),
    (
        K.variables_are_legal,
        subject({"tc.env": [{"name": "1 A"}]}, kubernetes="1.31"),
        f"{_C}.env[0].name: Kubernetes 1.31 takes no variable named `1 A`",
        "an odd name before 1.32",
    ),
    (K.variables_are_legal, subject({"tc.env": [{"name": "1 A"}]}, kubernetes="1.32"), None, "and since"),
    (
        K.sizes_are_readable,
        _torch({"template.spec.volumes": [{"name": "a", "emptyDir": {"sizeLimit": "8GB"}}]}),
        f"{_TS}.{_W}.template.spec.volumes[0].emptyDir.sizeLimit: `sizeLimit: 8GB` is no quantity that Kubernetes can "
        "read",
        "8GB",
    ),
    (
        K.sizes_are_readable,
        _torch({"template.spec.volumes": [{"name": "a", "emptyDir": {"sizeLimit": "1024Mi"}}]}),
        None,
        "another form",
    ),
    (
        K.sizes_are_readable,
        _torch({"template.spec.containers.0.resources": {"limits": {"cpu": "1GB"}}}),
        None,
        "of a container it is KG543",
    ),
]


@pytest.mark.parametrize(
    ("rule", "on", "message"), [pytest.param(*row[:3], id=f"{row[0].code} {row[3]}") for row in ROWS]
)
def test_kinds(rule: Rule, on: Subject, message: str | None) -> None:
    assert run(rule, on) == ([] if message is None else [message])


def test_every_rule_is_seen_to_speak_and_to_keep_silent() -> None:
    for rule in kinds.RULES:
        messages = [row[2] for row in ROWS if row[0] is rule]
        assert None in messages, rule.code
        assert set(messages) != {None}, rule.code
