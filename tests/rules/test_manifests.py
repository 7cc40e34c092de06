"""KG22x, a row a case: what is said of Kubernetes' own objects, or that nothing is."""

from __future__ import annotations

from typing import Any

import pytest
from subjects import said

from kgen.model.diagnostic import Edit, EditKind
from kgen.model.environment import Target
from kgen.rules import manifests
from kgen.rules.manifests import fields_of_an_object_are_known, values_of_an_object_fit
from kgen.rules.rule import RuleOfObject


def _obj(kind: str, /, api: str = "v1", **fields: Any) -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": "a"}, **fields}


VALUES, FIELDS = values_of_an_object_fit, fields_of_an_object_are_known
_DROPS = "Kubernetes 1.34 drops it without a word"
ROWS: list[tuple[RuleOfObject, dict[str, Any], str | None, str]] = [
    (
        VALUES,
        _obj("ConfigMap", data={"EPOCHS": 10}),
        "data.EPOCHS: `EPOCHS` is 10, where Kubernetes has a text",
        "a number in a ConfigMap",
    ),
    (
        VALUES,
        _obj("Secret", stringData={"PIN": 1234}),
        "stringData.PIN: `PIN` of the Secret is no text",
        "a number in a Secret, which is not shown",
    ),
    (
        VALUES,
        _obj("Secret", data={"key": "s3cret!"}),
        "data.key: `key` of the Secret is no base64 text",
        "a text that is not encoded",
    ),
    (VALUES, _obj("Secret", data={"key": "czNjcmV0"}), None, "one that is"),
    (VALUES, _obj("Secret", data={"key": "<path:kv/data/a#key>"}), None, "one that a plugin fills in"),
    (VALUES, {**_obj("Secret", data={"key": "ENC[AES256_GCM,data:x]"}), "sops": {}}, None, "one that SOPS encrypted"),
    (
        VALUES,
        _obj("Application", "argoproj.io/v1alpha1", spec={"syncPolicy": {"retry": {"limit": "5"}}}),
        'spec.syncPolicy.retry.limit: `limit` is "5", where Argo CD has a whole number',
        "a text in an Application",
    ),
    (
        VALUES,
        _obj("SealedSecret", "bitnami.com/v1alpha1", spec={"encryptedData": {"password": 4}}),
        "spec.encryptedData.password: `password` is 4, where Sealed Secrets has a text",
        "a number in a SealedSecret",
    ),
    (
        FIELDS,
        _obj("ApplicationSet", "argoproj.io/v1alpha1", spec={"template": {"spec": {"syncPolicys": {}}}}),
        "spec.template.spec.syncPolicys: `template.spec` has no field `syncPolicys`: Argo CD drops it without a word",
        "a misspelt field of an ApplicationSet",
    ),
    (
        FIELDS,
        _obj("AppProject", "argoproj.io/v1alpha1", spec={"sourceRepo": ["*"]}),
        "spec.sourceRepo: `spec` has no field `sourceRepo`: Argo CD drops it without a word",
        "a misspelt field of an AppProject",
    ),
    (
        FIELDS,
        _obj(
            "ExternalSecret",
            "external-secrets.io/v1",
            spec={"data": [{"remoteRef": {"kee": "a", "nullBytePolicy": "Ignore"}}]},
        ),
        "spec.data[0].remoteRef.kee: `data[0].remoteRef` has no field `kee`: External Secrets drops it without a word",
        "a misspelt field of an ExternalSecret, and one that only some releases have",
    ),
    (
        FIELDS,
        _obj(
            "ApplicationSet", "argoproj.io/v1alpha1", spec={"generators": [{"matrix": {"generators": [{"git": {}}]}}]}
        ),
        None,
        "generators within generators",
    ),
    (FIELDS, _obj("Workflow", "argoproj.io/v1alpha1", spec={"anything": 1}), None, "a kind that nobody knows"),
    (
        VALUES,
        _obj("PersistentVolumeClaim", spec={"resources": {"requests": {"storage": "5GB"}}}),
        "spec.resources.requests.storage: `storage: 5GB` is no quantity that Kubernetes can read",
        "a size",
    ),
    (VALUES, _obj("ServiceAccount", imagePullSecrets=[{"name": "a"}]), None, "a ServiceAccount"),
    (VALUES, _obj("Deployment", "apps/v1", spec=1), None, "a kind that is not known"),
    (
        FIELDS,
        _obj("PersistentVolumeClaim", spec={"accessMode": ["ReadWriteMany"]}),
        f"spec.accessMode: `spec` has no field `accessMode`: {_DROPS}",
        "a misspelt field",
    ),
    (
        FIELDS,
        _obj("Namespace", labels={"a": "b"}),
        f"labels: the Namespace has no field `labels`: {_DROPS}",
        "a misplaced field",
    ),
    (FIELDS, _obj("Namespace", status={"x": 1}), None, "a status"),
    (FIELDS, _obj("ConfigMap", data={"anything": "goes"}), None, "keys of data"),
    (FIELDS, {**_obj("Secret"), "sops": {}}, None, "what SOPS adds"),
]


@pytest.mark.parametrize(
    ("rule", "obj", "message"), [pytest.param(*row[:3], id=f"{row[0].code} {row[3]}") for row in ROWS]
)
def test_manifests(rule: RuleOfObject, obj: dict[str, Any], message: str | None) -> None:
    assert said(list(rule.check(obj, Target()))) == ([] if message is None else [message])


def test_every_rule_is_seen_to_speak_and_to_keep_silent() -> None:
    for rule in manifests.RULES:
        messages = [row[2] for row in ROWS if row[0] is rule]
        assert None in messages
        assert set(messages) != {None}


@pytest.mark.parametrize(
    ("obj", "words", "fix"),
    [
        (
            _obj("ConfigMap", data={"EPOCHS": 10}),
            'put it in quotes: "10"',
            Edit(EditKind.SET, ("data", "EPOCHS"), "10"),
        ),
        (
            _obj("PersistentVolumeClaim", spec={"accessMode": ["ReadWriteMany"]}),
            "rename it to `accessModes`; its fields are `accessModes`, `dataSource`, `dataSourceRef`, `resources`, "
            "`selector`, `storageClassName`, `volumeAttributesClassName`, `volumeMode`, `volumeName`",
            Edit(EditKind.RENAME, ("spec", "accessMode"), "accessModes"),
        ),
        (
            _obj("Namespace", labels={"a": "b"}),
            "move it to `metadata.labels`",
            Edit(EditKind.MOVE, ("labels",), to=("metadata", "labels")),
        ),
    ],
    ids=["a number", "a name", "a place"],
)
def test_the_mend(obj: dict[str, Any], words: str, fix: Edit) -> None:
    (found,) = [finding for rule in manifests.RULES for finding in rule.check(obj, Target())]
    assert (found.help, found.fix) == (words, (fix,))


@pytest.mark.parametrize("odd", [None, 1, "x", [], [1], {"a": None}, float("nan")])
@pytest.mark.parametrize("kind", ["Secret", "ConfigMap", "Namespace", "PersistentVolume", "ServiceAccount", "Job"])
def test_nothing_is_too_odd(kind: str, odd: object) -> None:
    for key in ("metadata", "spec", "data", "stringData", "apiVersion", "kind", "labels"):
        obj = {**_obj(kind, "batch/v1" if kind == "Job" else "v1"), key: odd}
        for rule in manifests.RULES:
            list(rule.check(obj, Target()))
