"""KG59x, a row a case: what is said of Istio's proxy, or that nothing is."""

from __future__ import annotations

from typing import Any

import pytest
from subjects import run, subject

from kgen.model.diagnostic import Edit, EditKind
from kgen.rules import mesh as m
from kgen.rules import pods
from kgen.rules.rule import Rule
from kgen.rules.subject import Subject

_KEY = "sidecar.istio.io/inject"
_OFF = {_KEY: "false"}
_TS = "spec.trialTemplate.trialSpec"
_POD = "trial.spec.template.metadata"
_PLACE = f'labels["{_KEY}"]'


def _pytorch(master: dict[str, Any], worker: dict[str, Any], **changes: Any) -> Subject:
    def replica(metadata: dict[str, Any]) -> dict[str, Any]:
        return {"template": {"metadata": metadata, "spec": {"containers": [{"name": "tc", "image": "x"}]}}}

    specs = {"Master": replica(master), "Worker": replica(worker)}
    trial = {"apiVersion": "kubeflow.org/v1", "kind": "PyTorchJob", "spec": {"pytorchReplicaSpecs": specs}}
    return subject({"trial": trial, **changes})


_ON_TOP = "keeps no proxy away: Istio looks at the pod template alone"
_PROFILE = {"metadata.namespace": "kubeflow-user-example-com"}
ROWS: list[tuple[Rule, Subject, str | None, str]] = [
    (
        m.proxy_is_refused_by_the_pod,
        subject({"trial.metadata": {"labels": _OFF}}),
        f"{_TS}.metadata.{_PLACE}: `{_KEY}` on the trial's object {_ON_TOP}",
        "on the Job",
    ),
    (
        m.proxy_is_refused_by_the_pod,
        subject({"metadata.annotations": _OFF}),
        f'metadata.annotations["{_KEY}"]: `{_KEY}` on the Experiment {_ON_TOP}',
        "on the Experiment, as an annotation",
    ),
    (
        m.proxy_is_refused_by_the_pod,
        subject({"trial": {"kind": "TrainJob", "metadata": {"labels": _OFF}, "spec": {}}}),
        f"{_TS}.metadata.{_PLACE}: `{_KEY}` on the trial's object {_ON_TOP}",
        "on a TrainJob",
    ),
    (
        m.proxy_is_refused_by_the_pod,
        subject(
            {"trial": {"kind": "TrainJob", "metadata": {"labels": _OFF}, "spec": {"podTemplateOverrides": [_OFF]}}}
        ),
        None,
        "on a TrainJob, and in an override of it",
    ),
    (m.proxy_is_refused_by_the_pod, subject({_POD: {"labels": _OFF}}), None, "on the pod template"),
    (
        m.proxy_is_refused_by_the_pod,
        subject({_POD: {"labels": _OFF}, "trial.metadata": {"labels": _OFF}}),
        None,
        "on the pod template too",
    ),
    (
        m.every_pod_refuses_the_proxy,
        _pytorch({"labels": _OFF}, {}),
        f"{_TS}.spec.pytorchReplicaSpecs.Worker.template.metadata.{_PLACE}: pods of `Worker` do not keep Istio's proxy "
        "away, as others of the trial do",
        "one of two",
    ),
    (m.every_pod_refuses_the_proxy, _pytorch({"labels": _OFF}, {"annotations": _OFF}), None, "both, in two forms"),
    (m.every_pod_refuses_the_proxy, _pytorch({}, {}), None, "none"),
    (
        m.proxy_is_refused_by_label,
        subject({_POD: {"annotations": _OFF}}),
        f'{_TS}.spec.template.metadata.annotations["{_KEY}"]: `{_KEY}` is an annotation, the old form: Istio of today '
        "asks for the label",
        "an annotation",
    ),
    (m.proxy_is_refused_by_label, subject({_POD: {"annotations": _OFF, "labels": _OFF}}), None, "both"),
    (
        m.proxy_is_refused_where_istio_is,
        subject(_PROFILE),
        f"{_TS}.spec.template.metadata.{_PLACE}: namespace kubeflow-user-example-com is of a Kubeflow profile, where "
        "Istio adds a proxy that no trial outlives",
        "a profile's namespace",
    ),
    (
        m.proxy_is_refused_where_istio_is,
        subject({**_PROFILE, "trial": {"kind": "TrainJob", "spec": {}}}),
        f"{_TS}.spec: namespace kubeflow-user-example-com is of a Kubeflow profile, where Istio adds a proxy that no "
        "trial outlives",
        "a TrainJob",
    ),
    (m.proxy_is_refused_where_istio_is, subject({**_PROFILE, _POD: {"labels": _OFF}}), None, "the label is there"),
    (
        m.proxy_is_refused_where_istio_is,
        subject({**_PROFILE, _POD: {"labels": {"istio.io/dataplane-mode": "none"}}}),
        None,
        "the ambient mode's label",
    ),
    (m.proxy_is_refused_where_istio_is, subject(), None, "any other namespace"),
    (
        m.injection_label_is_of_namespaces,
        subject({_POD: {"labels": {"istio-injection": "disabled"}}}),
        f"{_TS}.spec.template.metadata.labels.istio-injection: `istio-injection: disabled` has no effect on a pod: it "
        "is a label of namespaces",
        "the label of a namespace",
    ),
    (m.injection_label_is_of_namespaces, subject({_POD: {"labels": _OFF}}), None, "the label of a pod"),
]


@pytest.mark.parametrize(
    ("rule", "on", "message"), [pytest.param(*row[:3], id=f"{row[0].code} {row[3]}") for row in ROWS]
)
def test_mesh(rule: Rule, on: Subject, message: str | None) -> None:
    assert run(rule, on) == ([] if message is None else [message])


def test_every_rule_is_seen_to_speak_and_to_keep_silent() -> None:
    for rule in m.RULES:
        messages = [row[2] for row in ROWS if row[0] is rule]
        assert None in messages, rule.code
        assert any(messages), rule.code


def test_the_label_is_moved_to_the_pod_templates() -> None:
    specs = ("spec", "trialTemplate", "trialSpec", "spec", "pytorchReplicaSpecs")
    master, worker = ((*specs, name, "template", "metadata", "labels", _KEY) for name in ("Master", "Worker"))
    (finding,) = m.proxy_is_refused_by_the_pod.check(_pytorch({}, {}, **{"metadata.labels": _OFF}))
    moved = Edit(EditKind.MOVE, ("metadata", "labels", _KEY), to=master)
    emptied = Edit(EditKind.REMOVE, ("metadata", "labels"))
    assert finding.fix == (moved, Edit(EditKind.SET, worker, "false"), emptied)
    (finding,) = m.proxy_is_refused_by_the_pod.check(_pytorch({}, {}, **{"metadata.labels": {**_OFF, "team": "a"}}))
    assert finding.fix == (moved, Edit(EditKind.SET, worker, "false"))
    (finding,) = m.proxy_is_refused_by_label.check(subject({_POD: {"annotations": _OFF}}))
    moved = Edit(EditKind.MOVE, finding.path, to=(*finding.path[:-2], "labels", _KEY))
    assert finding.fix == (moved, Edit(EditKind.REMOVE, finding.path[:-1]))


def test_pods_right_below_the_trial_are_named_by_their_key() -> None:
    def pod(name: str, **labels: str) -> dict[str, Any]:
        return {"metadata": {"labels": labels}, "spec": {"containers": [{"name": name, "image": "x"}]}}

    given = subject({"trial": {"apiVersion": "v1", "kind": "Pair", "one": pod("tc", **_OFF), "two": pod("other")}})
    assert [found.message.split("`")[1] for found in m.every_pod_refuses_the_proxy.check(given)] == ["two"]
    assert [found.message.split("`")[1] for found in pods.primary_container_everywhere.check(given)] == ["two"]
