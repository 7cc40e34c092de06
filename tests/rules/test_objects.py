"""KG82x and KG9xx of objects that are no Experiments, a row a case."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

import pytest
from subjects import DELETE, manifest, said, subject

from kgen import rules
from kgen.katib.v1beta1 import NAMESPACE_LABEL
from kgen.model.diagnostic import Edit, EditKind
from kgen.model.environment import Target
from kgen.rules import applications, delivery, manifests, objects, projects
from kgen.rules.rule import RuleOfObject, RuleOfRun
from kgen.rules.subject import Subject

A, O = applications, objects  # noqa: E741 - one letter each, as in the other tables
LOGIN = "postgres://ml:" + "correct-horse@db/mlflow"
CIPHER = "AgB" + "x" * 701
COPY = "kubectl.kubernetes.io/last-applied-configuration"
_COPIED = '{"kind":"Secret","data":{"user":"aHVudGVy"}}'
SCOPE = "sealedsecrets.bitnami.com/{}-wide"


def _secret(**fields: object) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, **fields}


def _config(**data: object) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": data}


def _external(version: str) -> dict[str, Any]:
    return {"apiVersion": f"external-secrets.io/{version}", "kind": "ExternalSecret", "metadata": {"name": "db"}}


def _sealed(value: object = CIPHER, namespace: str | None = "ns", **annotations: str) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": "db", "annotations": annotations}
    if namespace is not None:
        metadata["namespace"] = namespace
    data = {} if value is None else {"encryptedData": {"password": value}}
    return {"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "metadata": metadata, "spec": data}


def _app(*options: object, annotations: dict[str, str] | None = None, **spec: object) -> dict[str, Any]:
    policy = {"syncOptions": list(options), **spec.pop("policy", {})}  # type: ignore[dict-item]
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "ml", "annotations": annotations or {}},
        "spec": {"destination": {"server": "https://a", "namespace": "ns"}, "syncPolicy": policy, **spec},
    }


def _set_of(app: dict[str, Any]) -> dict[str, Any]:
    template = {"metadata": {"annotations": app["metadata"]["annotations"]}, "spec": app["spec"]}
    return {**app, "kind": "ApplicationSet", "metadata": {"name": "ml"}, "spec": {"template": template}}


def _deployment(**variables: str) -> dict[str, Any]:
    env = [{"name": name, "value": value} for name, value in variables.items()]
    pod = {"containers": [{"name": "a", "image": "a:1", "env": env}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "ui"},
        "spec": {"template": {"spec": pod}},
    }


COMPARE, SYNC = "argocd.argoproj.io/compare-options", "argocd.argoproj.io/sync-options"
ROWS: list[tuple[RuleOfObject, Mapping[str, Any], list[str], str]] = [
    (
        O.external_secrets_are_served,
        _external("v1beta1"),
        ["apiVersion: ExternalSecret of `external-secrets.io/v1beta1` is no longer served by the operator"],
        "an old version",
    ),
    (O.external_secrets_are_served, _external("v1"), [], "the version of today"),
    (
        O.external_secrets_are_served,
        {**_external("v1alpha1"), "kind": "PushSecret"},
        [],
        "a kind that has no other version",
    ),
    (
        O.sealed_secrets_can_be_unsealed,
        _sealed(namespace=None),
        ["metadata.namespace: the SealedSecret is sealed for one namespace, and does not say which"],
        "strict and nowhere",
    ),
    (O.sealed_secrets_can_be_unsealed, _sealed(namespace=None, **{SCOPE.format("cluster"): "true"}), [], "anywhere"),
    (
        O.sealed_secrets_can_be_unsealed,
        _sealed(f"{CIPHER[:4]} {CIPHER[4:]}"),
        [
            "spec.encryptedData.password: `password` of the SealedSecret is no ciphertext: the controller cannot "
            "decrypt it"
        ],
        "a space in the ciphertext",
    ),
    (
        O.sealed_secrets_can_be_unsealed,
        _sealed("${PASSWORD}"),
        [
            "spec.encryptedData.password: `password` of the SealedSecret is no ciphertext: the controller cannot "
            "decrypt it"
        ],
        "a placeholder",
    ),
    (O.sealed_secrets_can_be_unsealed, _sealed("correct-horse"), [], "plain text, of which KG901 speaks"),
    (O.sealed_secrets_can_be_unsealed, _sealed(f"{CIPHER[:76]}\n{CIPHER[76:]}\n"), [], "lines of a ciphertext"),
    (
        O.sealed_secrets_can_be_unsealed,
        _sealed(None),
        ["spec.encryptedData: the SealedSecret has no encryptedData"],
        "nothing",
    ),
    (O.sealed_secrets_can_be_unsealed, _sealed(), [], "ciphertext"),
    (
        A.applications_are_understood,
        _app("CreateNamespace: true", "Prunelast=true"),
        [
            "spec.syncPolicy.syncOptions[0]: Argo CD passes over the sync option `CreateNamespace: true`",
            "spec.syncPolicy.syncOptions[1]: Argo CD passes over the sync option `Prunelast=true`",
        ],
        "misspelt options",
    ),
    (
        A.applications_are_understood,
        _set_of(_app(destination={"server": "https://a", "name": "b"})),
        [
            "spec.template.spec.destination.name: the destination names its cluster by `server` and by `name`: Argo CD "
            "refuses it"
        ],
        "two names of a cluster, in an ApplicationSet",
    ),
    (
        A.applications_are_understood,
        _app(policy={"managedNamespaceMetadata": {"labels": {"a": "b"}}}),
        [
            "spec.syncPolicy.managedNamespaceMetadata: managedNamespaceMetadata does nothing without "
            "`CreateNamespace=true`"
        ],
        "labels of a namespace that nobody makes",
    ),
    (
        A.applications_are_understood,
        _app("CreateNamespace=true", "PrunePropagationPolicy=foreground", "RespectIgnoreDifferences=true"),
        [],
        "options of an Application",
    ),
    (
        A.applications_are_understood,
        _app(destination={"namespace": "ns"}),
        ["spec.destination: the destination names no cluster: Argo CD refuses it"],
        "no cluster",
    ),
    (
        A.applications_are_understood,
        _app("CreateNamespace=true", destination={"server": "https://a"}),
        ["spec.syncPolicy.syncOptions[0]: `CreateNamespace=true` does nothing without a namespace in the destination"],
        "a namespace without a name",
    ),
    (
        A.applications_are_understood,
        {**_set_of(_app("CreateNamespace=true", destination={})), "spec": {"templatePatch": "spec: {}"}},
        [],
        "a set whose patch may say the rest",
    ),
    (
        A.applications_are_understood,
        _app(annotations={COMPARE: "ServerSideDiff: true, IncludeMutationWebhook=yes,IgnoreExtraneous"}),
        [
            f'metadata.annotations["{COMPARE}"]: Argo CD passes over the compare option `ServerSideDiff: true`',
            f'metadata.annotations["{COMPARE}"]: Argo CD passes over the compare option `IncludeMutationWebhook=yes`',
        ],
        "misspelt compare options",
    ),
    (
        A.applications_are_understood,
        _app(annotations={SYNC: "Prune=false,CreateNamespace=true"}),
        [f'metadata.annotations["{SYNC}"]: Argo CD passes over the sync option `CreateNamespace=true` of an object'],
        "an Application's option in its annotation",
    ),
    (
        A.applications_are_understood,
        _app(ignoreDifferences=[{"kind": "Experiment", "jsonPointers": [".spec.goal", "/spec/goal"]}]),
        [
            "spec.ignoreDifferences[0].kind: this speaks of no Experiment of Katib: it names no group",
            "spec.ignoreDifferences[0].jsonPointers[0]: `.spec.goal` is no JSON pointer, and leads to no field",
        ],
        "differences that are ignored in vain",
    ),
    (
        A.applications_are_understood,
        _app(ignoreDifferences=[{"group": "kubeflow.org", "kind": "Experiment", "jsonPointers": ["/spec/goal"]}]),
        [],
        "differences that are ignored",
    ),
    (A.applications_are_understood, {**_app("x"), "apiVersion": "app.k8s.io/v1"}, [], "somebody else's Application"),
    (
        O.no_plain_secret,
        _secret(data={"password": "aHVudGVy"}, stringData={"user": "ml"}),
        ["data.password: Secret `db` stands in Git with its values (`password`, `user`): base64 is no encryption"],
        "values",
    ),
    (O.no_plain_secret, _secret(), [], "no data"),
    (O.no_plain_secret, _secret(type="kubernetes.io/service-account-token"), [], "a token that the cluster makes"),
    (O.no_plain_secret, _secret(data={".dockerconfigjson": "e30K"}), [], "the stub of a replicator"),
    (O.no_plain_secret, _secret(stringData={"password": "<path:secret/db#password>"}), [], "filled in by a plugin"),
    (O.no_plain_secret, _secret(data={"password": "ENC[AES256_GCM,x]"}, sops={"mac": "x"}), [], "encrypted by SOPS"),
    (
        O.no_plain_secret,
        _secret(data={"user": "ENC[AES256_GCM,x]", "password": "aHVudGVy"}, sops={"mac": "x"}),
        ["data.password: Secret `db` stands in Git with its values (`password`): base64 is no encryption"],
        "a value that SOPS was not run over",
    ),
    (
        O.no_plain_secret,
        _secret(
            data={"user": "ENC[AES256_GCM,x]"},
            sops={"mac": "x"},
            metadata={"name": "db", "annotations": {COPY: _COPIED}},
        ),
        [
            f'metadata.annotations["{COPY}"]: Secret `db` stands in Git with its values (`{COPY}`): base64 is no '
            "encryption"
        ],
        "the copy that kubectl keeps of it, which SOPS was not run over",
    ),
    (
        O.no_plain_secret,
        _secret(metadata={"name": "db", "annotations": {COPY: _COPIED[:-1]}}),
        [
            f'metadata.annotations["{COPY}"]: Secret `db` stands in Git with its values (`{COPY}`): base64 is no '
            "encryption"
        ],
        "a copy that is no JSON",
    ),
    (
        O.no_plain_secret,
        _secret(metadata={"name": "db", "annotations": {COPY: '{"kind":"Secret"}'}}),
        [],
        "a copy without",
    ),
    (
        O.no_plain_secret,
        _sealed("correct-horse"),
        ["spec.encryptedData.password: `password` of SealedSecret `db` is not encrypted, and stands in Git as it is"],
        "plain text in a SealedSecret",
    ),
    (
        O.no_plain_secret,
        _sealed("A" * 364),
        ["spec.encryptedData.password: `password` of SealedSecret `db` is not encrypted, and stands in Git as it is"],
        "base64 that is shorter than any ciphertext",
    ),
    (
        O.no_plain_secret,
        {**_sealed(None), "spec": {"data": "aHVudGVy"}},
        ["spec.data: `data` of SealedSecret `db` is not encrypted, and stands in Git as it is"],
        "plain text in the old form",
    ),
    (O.no_plain_secret, _sealed("A" * 368), [], "a ciphertext of nothing"),
    (O.no_plain_secret, _sealed("${PASSWORD}"), [], "a SealedSecret that is filled in later"),
    (O.no_plain_secret, {**_secret(data={"a": "b"}), "apiVersion": "example.com/v1"}, [], "another kind of that name"),
    (
        O.no_credential_in_object,
        _config(url=LOGIN),
        ["data.url: `url` of ConfigMap `settings` holds a URL with a password in plain text"],
        "in a ConfigMap",
    ),
    (
        O.no_credential_in_object,
        _deployment(DATABASE=LOGIN),
        [
            "spec.template.spec.containers[0].env[0].value: an environment variable of Deployment `ui` holds a URL "
            "with a password in plain text"
        ],
        "in a Deployment",
    ),
    (O.no_credential_in_object, _secret(stringData={"url": LOGIN}), [], "a Secret is KG901"),
    (O.no_credential_in_object, _sealed(), [], "ciphertext"),
    (O.no_credential_in_object, _config(url="https://db/mlflow"), [], "no password"),
    (
        O.no_named_secret_in_object,
        _config(DB_PASSWORD="correct-horse", SEED="1"),
        ["data.DB_PASSWORD: `DB_PASSWORD` of ConfigMap `settings` is in plain text"],
        "an entry",
    ),
    (
        O.no_named_secret_in_object,
        _config(**{"app.env": "SEED=1\nDB_PASSWORD=correct-horse\n"}),
        ['data["app.env"]: `DB_PASSWORD` in `app.env` of ConfigMap `settings` is in plain text'],
        "a line of a file",
    ),
    (
        O.no_named_secret_in_object,
        _deployment(DB_PASSWORD="correct-horse"),
        [
            "spec.template.spec.containers[0].env[0].value: environment variable `DB_PASSWORD` of Deployment `ui` has "
            "its value in plain text"
        ],
        "a variable",
    ),
    (
        O.no_named_secret_in_object,
        {
            "kind": "Kustomization",
            "secretGenerator": [{"name": "db", "literals": ["user=ml", "password=correct-horse"]}],
        },
        ["secretGenerator[0].literals[1]: literal `password` of Kustomization `` has its value in plain text"],
        "a Kustomization's Secret",
    ),
    (O.no_named_secret_in_object, _config(DB_PASSWORD=LOGIN), [], "a known form is KG911"),
    (O.no_named_secret_in_object, _config(**{"train.py": "token=os.environ['T']"}), [], "a program"),
    (O.no_named_secret_in_object, _deployment(PASSWORD="$(DB)"), [], "a reference"),
    (
        O.no_credential_in_an_image,
        _config(Dockerfile="FROM python:3.11\nARG GIT_TOKEN\nRUN pip install x\n"),
        ["data.Dockerfile: `GIT_TOKEN` of the Dockerfile in `Dockerfile` stays in the image that is built"],
        "an argument",
    ),
    (
        O.no_credential_in_an_image,
        {
            "kind": "Task",
            "metadata": {"name": "b"},
            "spec": {"steps": [{"script": "docker build --build-arg A_TOKEN=$T ."}]},
        },
        ["spec.steps[0].script: build argument `A_TOKEN` stays in the history of the image that is built"],
        "a build",
    ),
    (O.no_credential_in_an_image, _config(Dockerfile="FROM python:3.11\nENV SEED=1\n"), [], "a plain Dockerfile"),
    (
        O.sops_has_a_decrypter,
        _secret(data={"password": "ENC[x]"}, sops={"mac": "x"}),
        ["sops: Secret `db` is encrypted by SOPS: a plain directory Application cannot apply it"],
        "encrypted",
    ),
    (O.sops_has_a_decrypter, _secret(data={"password": "ENC[x]"}), [], "not by SOPS"),
]


@pytest.mark.parametrize(
    ("rule", "obj", "messages"), [pytest.param(*row[:3], id=f"{row[0].code} {row[3]}") for row in ROWS]
)
def test_objects(rule: RuleOfObject, obj: Mapping[str, Any], messages: list[str]) -> None:
    found = list(rule.check(obj, Target()))
    assert said(found) == messages
    assert not [f for f in found if re.search("correct-horse|aHVudGVy", f"{f.message}{f.help}")]


@pytest.mark.parametrize(
    ("options", "argocd", "said_"),
    [
        ("ServerSideDiff=true", "3.3", ["server-side diff of Argo CD 3.3 can call a changed Experiment Synced"]),
        ("ServerSideDiff=true, IncludeMutationWebhook=true", "3.3", []),
        ("ServerSideDiff=true", "3.5", []),
        ("IgnoreExtraneous", "3.3", []),
    ],
)
def test_server_side_diff_sees_all(options: str, argocd: str, said_: list[str]) -> None:
    app = _app(annotations={"argocd.argoproj.io/compare-options": options})
    for obj, head in ((app, ("metadata",)), (_set_of(app), ("spec", "template", "metadata"))):
        found = list(A.server_side_diff_sees_all.check(obj, Target(argocd=argocd)))
        assert [f.message for f in found] == said_
        assert all(f.path == (*head, "annotations", "argocd.argoproj.io/compare-options") for f in found)


def _namespace(**labels: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ns", "labels": labels}}


def _written(*, complete: bool) -> Subject:
    given = copy.deepcopy(manifest())
    if not complete:
        del given["spec"]["parameters"][0]["feasibleSpace"]["distribution"]
    return subject()._replace(given=given, plain=True)


NO_LABEL = (
    f'metadata.labels["{NAMESPACE_LABEL}"]: Namespace `ns` lacks the label without which Katib refuses its Experiments'
)
UNLABELLED = (
    f'spec.syncPolicy.managedNamespaceMetadata.labels["{NAMESPACE_LABEL}"]: Argo CD makes `ns` without the label that '
    "Katib asks for: its Experiments are refused"
)
OUT_OF_SYNC = (
    "spec.syncPolicy.syncOptions[0]: ServerSideApply=true without server-side diff leaves Experiment `base` OutOfSync "
    "for ever"
)
LABELLED = {"managedNamespaceMetadata": {"labels": {NAMESPACE_LABEL: "enabled"}}}
ONE = (subject(),)
ANYWHERE = {"server": "https://a", "namespace": "{{.path.basename}}"}
ELSEWHERE = (subject({"metadata.namespace": "other"}),)
DIFF = {"argocd.argoproj.io/compare-options": "ServerSideDiff=true"}
BESIDE: list[tuple[RuleOfRun, list[Mapping[str, Any]], tuple[Subject, ...], list[tuple[int, str]], str]] = [
    (A.namespaces_have_the_label, [_config(), _namespace()], ONE, [(1, NO_LABEL)], "no label"),
    (
        A.namespaces_have_the_label,
        [_namespace(**{"katib-metricscollector-injection": "enabled"})],
        (),
        [(0, f"{NO_LABEL} (`katib-metricscollector-injection` is its name before Katib 0.13)")],
        "the old label, without any Experiment",
    ),
    (A.namespaces_have_the_label, [_namespace(**{NAMESPACE_LABEL: "enabled"})], ONE, [], "the label"),
    (A.namespaces_have_the_label, [_namespace()], ELSEWHERE, [], "nothing is for it"),
    (A.made_namespaces_have_the_label, [_app("CreateNamespace=true")], ONE, [(0, UNLABELLED)], "a bare namespace"),
    (A.made_namespaces_have_the_label, [_app("CreateNamespace=true", policy=LABELLED)], ONE, [], "with the label"),
    (A.made_namespaces_have_the_label, [_app("CreateNamespace=true"), _namespace()], ONE, [], "a Namespace takes over"),
    (
        A.made_namespaces_have_the_label,
        [_set_of(_app("CreateNamespace=true", destination=ANYWHERE))],
        ONE,
        [(0, f"spec.template.{UNLABELLED}".replace("`ns`", "`{{.path.basename}}`"))],
        "a namespace that is a parameter",
    ),
    (
        A.made_namespaces_have_the_label,
        [_set_of(_app("CreateNamespace=true", destination=ANYWHERE)), _namespace()],
        ONE,
        [],
        "a Namespace that may be the one",
    ),
    (A.made_namespaces_have_the_label, [_app("CreateNamespace=true")], ELSEWHERE, [], "for other objects"),
    (A.made_namespaces_have_the_label, [_app("CreateNamespace=true")], (), [], "no Experiment at all"),
    (
        A.server_side_apply_has_its_diff,
        [_app("ServerSideApply=true")],
        (_written(complete=False),),
        [(0, OUT_OF_SYNC)],
        "no distribution",
    ),
    (
        A.server_side_apply_has_its_diff,
        [_app("ServerSideApply=true", annotations=DIFF), _set_of(_app("ServerSideApply=true", annotations=DIFF))],
        (_written(complete=False),),
        [],
        "server-side diff",
    ),
    (A.server_side_apply_has_its_diff, [_app("ServerSideApply=true")], (_written(complete=True),), [], "complete"),
    (A.server_side_apply_has_its_diff, [_app("ServerSideApply=true")], ONE, [], "rendered"),
    (
        A.applications_do_not_replace,
        [_app("Replace=true")],
        ONE,
        [
            (
                0,
                "spec.syncPolicy.syncOptions[0]: `Replace=true` wipes the finalizer of every Experiment on each sync, "
                "and gets no change past Katib",
            )
        ],
        "replaced",
    ),
    (
        A.applications_do_not_replace,
        [_app("Replace=true", destination={"server": "https://a"})],
        ONE,
        [
            (
                0,
                "spec.syncPolicy.syncOptions[0]: `Replace=true` wipes the finalizer of every Experiment on each sync, "
                "and gets no change past Katib",
            )
        ],
        "replaced in any namespace",
    ),
    (A.applications_do_not_replace, [_app("Replace=true")], (), [], "no Experiments to replace"),
    (
        A.pruning_does_not_wait,
        [_set_of(_app("PruneLast=true"))],
        (subject({"metadata.namespace": DELETE}),),
        [
            (
                0,
                "spec.template.spec.syncPolicy.syncOptions[0]: `PruneLast=true` keeps a sync running until every "
                "Experiment is healthy",
            )
        ],
        "pruned last",
    ),
    (A.pruning_does_not_wait, [_app("PruneLast=false")], ONE, [], "not last"),
]


@pytest.mark.parametrize(
    ("rule", "objs", "subjects", "expected"), [pytest.param(*row[:4], id=f"{row[0].code} {row[4]}") for row in BESIDE]
)
def test_objects_beside_experiments(
    rule: RuleOfRun, objs: list[Mapping[str, Any]], subjects: tuple[Subject, ...], expected: list[tuple[int, str]]
) -> None:
    assert [(at, said([finding])[0]) for at, finding in rule.check(tuple(objs), subjects)] == expected


def test_what_has_one_right_answer_is_fixed() -> None:
    (finding,) = O.external_secrets_are_served.check(_external("v1beta1"), Target())
    assert finding.fix == (Edit(EditKind.SET, ("apiVersion",), "external-secrets.io/v1"),)
    ((_, finding),) = A.namespaces_have_the_label.check((_namespace(),), ONE)
    assert finding.fix == (Edit(EditKind.SET, ("metadata", "labels", NAMESPACE_LABEL), "enabled"),)


ODD = (None, True, 0, 1.5, "", "x", [], [None], [[1]], {}, {"a": None}, {"": [{}]})


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_no_rule_raises_on_odd_objects(odd: Any) -> None:
    whole = (_secret(data={}), _config(a="b"), _external("v1"), _sealed(), _app("x"), _set_of(_app("x")), _namespace())
    for obj in whole:
        for key in (*obj, "env", "data", "stringData", "sops"):
            for bent in ({**obj, key: odd}, {**obj, "spec": {**obj.get("spec", {}), key: odd, "syncPolicy": odd}}):
                for rule in rules.OBJECTS:
                    list(rule.check(bent, Target()))
                for of_run in rules.OF_RUN:
                    list(of_run.check((bent,), ONE))


def test_every_rule_is_seen_to_speak_and_to_keep_silent() -> None:
    for rule in (*rules.OBJECTS, *rules.OF_RUN):
        elsewhere = (*manifests.RULES, *delivery.RULES, *delivery.RULES_OF_RUN, *projects.RULES_OF_RUN)
        if rule is A.server_side_diff_sees_all or rule in elsewhere:
            continue  # these have tables of their own
        found: list[list[Any]] = [row[2] for row in ROWS if row[0] is rule]
        found += [row[3] for row in BESIDE if row[0] is rule]
        assert [] in found, rule.code
        assert any(found), rule.code


@pytest.mark.parametrize("listed", [rules.OBJECTS, rules.OF_RUN], ids=["objects", "run"])
def test_each_has_its_page_and_its_place(listed: tuple[RuleOfObject | RuleOfRun, ...]) -> None:
    codes = [rule.code for rule in listed]
    assert codes == sorted(set(codes))
    for rule in listed:
        assert rule.docs.split("\n")[0].endswith(".")
        assert re.search(r"^    Bad:  .+\n    Good: .+\n    $", rule.docs, re.MULTILINE), rule.code
