"""KG5xx, a row a case: what is said, or that nothing is."""

from __future__ import annotations

from typing import Any

import pytest
from subjects import DELETE, manifest, run, subject

from kgen.model.diagnostic import Edit, EditKind
from kgen.model.node import FieldPath
from kgen.rules import job, pods, trial
from kgen.rules.rule import Rule
from kgen.rules.subject import Subject

_TT = "spec.trialTemplate"
_TP = f"{_TT}.trialParameters"
_TS = f"{_TT}.trialSpec"
_POD = f"{_TS}.spec.template.spec"
_C = f"{_POD}.containers[0]"
_LR = "${trialParameters.learningRate}"
_SPEC: FieldPath = ("spec", "trialTemplate", "trialSpec")
_AT: FieldPath = (*_SPEC, "spec", "template", "spec", "containers", 0)


def _meta(reference: str, **metadata: object) -> Subject:
    entries = [*manifest()["spec"]["trialTemplate"]["trialParameters"], {"name": "m", "reference": reference}]
    out = {"template.trialParameters": entries, "tc.args": ["${trialParameters.m}"]}
    return subject({**out, "trial.metadata": metadata} if metadata else out)


def _entry(index: int, **fields: object) -> Subject:
    return subject({f"template.trialParameters.{index}": fields})


def _nas(*references: str) -> Subject:
    entries = [{"name": r, "reference": r} for r in references]
    changes: dict[str, Any] = {"algorithm": "enas", "spec.nasConfig": {"graphConfig": {}}, "spec.parameters": DELETE}
    return subject({**changes, "template.trialParameters": entries})


def _replicas(kind: str, **names: str) -> dict[str, object]:
    specs = {
        replica: {"template": {"spec": {"containers": [{"name": name, "image": "x"}]}}}
        for replica, name in names.items()
    }
    return {"trial": {"apiVersion": "kubeflow.org/v1", "kind": kind, "spec": {"mpiReplicaSpecs": specs}}}


def _operator(kind: str, **names: str) -> Subject:
    return subject(_replicas(kind, **names))


def _other_kind(**container: object) -> Subject:
    made = _replicas("PyTorchJob", Worker="tc")
    made["trial.spec.mpiReplicaSpecs.Worker.template.spec.containers.0"] = {"name": "tc", **container}
    return subject(made)


T, J, P = trial, job, pods
ROWS = [
    (
        T.template_is_complete,
        subject({"template.primaryContainerName": ""}),
        f"{_TT}.primaryContainerName: trialTemplate has no primaryContainerName",
        "no container named",
    ),
    (
        T.template_is_complete,
        subject({"template.trialParameters": []}),
        f"{_TT}.trialParameters: trialTemplate has no trialParameters",
        "no entries",
    ),
    (
        T.template_is_complete,
        subject({"trial": DELETE}),
        f"{_TT}.trialSpec: trialTemplate has no trialSpec",
        "no source",
    ),
    (
        T.template_is_complete,
        subject({"template.configMap": {}}),
        f"{_TT}.configMap: trialTemplate has both a trialSpec and a configMap",
        "two sources",
    ),
    (
        T.template_is_complete,
        subject({"trial": DELETE, "template.configMap": {"configMapName": "a", "configMapNamespace": "b"}}),
        f"{_TT}.configMap.templatePath: configMap has no templatePath",
        "half a configMap",
    ),
    (T.template_is_complete, subject(), None, "complete"),
    (
        T.conditions_are_given,
        subject({"trial.kind": "RayJob", "template.successCondition": DELETE, "template.failureCondition": ""}),
        f"{_TT}.successCondition: successCondition and failureCondition are missing, and Katib has no default for "
        "kind RayJob",
        "a kind without defaults",
    ),
    (T.conditions_are_given, subject({"trial.kind": "RayJob"}), None, "a kind with its own conditions"),
    (
        T.trial_has_no_name,
        subject({"trial.metadata": {"name": "train"}}),
        f"{_TS}.metadata.name: trialSpec has metadata.name `train`: Katib gives each trial its own",
        "a name",
    ),
    (T.trial_has_no_name, subject({"trial.metadata": {"generateName": "t-", "name": ""}}), None, "generateName"),
    (T.trial_has_a_kind, subject({"trial.kind": DELETE}), f"{_TS}.kind: trialSpec has no kind", "no kind"),
    (T.trial_has_a_kind, subject({"trial.kind": "Any"}), None, "any kind"),
    (
        T.trial_has_a_kind,
        subject({"trial.apiVersion": "batch/v1/Job"}),
        f"{_TS}.apiVersion: `batch/v1/Job` is no apiVersion: it has 2 slashes",
        "a group too many",
    ),
    (T.trial_has_a_kind, subject({"trial.apiVersion": "v1"}), None, "the core group has no slash"),
    (
        T.entries_are_whole,
        _entry(0, name="lr}", reference="lr"),
        f"{_TP}[0].name: trialParameters name `lr}}` holds a brace",
        "a brace",
    ),
    (
        T.entries_are_whole,
        _entry(0, name="", reference="lr"),
        f"{_TP}[0].name: entry 0 of trialParameters has no name",
        "no name",
    ),
    (
        T.entries_are_whole,
        _entry(1, name="learningRate", reference="mo"),
        f"{_TP}[1].name: two trialParameters are named `learningRate`",
        "one name twice",
    ),
    (T.entries_are_whole, _entry(0, name="an odd.name-x", reference="lr"), None, "blanks and dots are fine"),
    (
        T.references_are_unique,
        _entry(1, name="momentum", reference="lr"),
        f"{_TP}[1].reference: trialParameters `momentum` refers to `lr`, as another entry does",
        "one reference twice",
    ),
    (T.references_are_unique, subject(), None, "two references"),
    (
        T.references_exist,
        _entry(0, name="learningRate", reference="--lr"),
        f"{_TP}[0].reference: trialParameters `learningRate` refers to `--lr`, which is no parameter",
        "dashes count",
    ),
    (
        T.references_exist,
        _meta("${trialSpec.name}"),
        f"{_TP}[2].reference: trialParameters `m` refers to `${{trialSpec.name}}`, which is no metadata that Katib "
        "knows",
        "small letters",
    ),
    (T.references_exist, _meta("x${trialSpec.Name[x]}y"), None, "metadata in the middle"),
    (T.references_exist, _nas("anything"), None, "a nasConfig has no parameters to compare with"),
    (
        T.metadata_is_there,
        _meta("${trialSpec.Labels[team]}"),
        f"{_TP}[2].reference: trialParameters `m`: labels of the trial's object have no `team`",
        "a missing label",
    ),
    (
        T.metadata_is_there,
        _meta("${trialSpec.Annotations}"),
        f"{_TP}[2].reference: trialParameters `m`: `${{trialSpec.Annotations}}` names no key",
        "no key",
    ),
    (T.metadata_is_there, _meta("${trialSpec.Labels[a/b.c]}", labels={"a/b.c": "x"}), None, "a label that is there"),
    (
        T.parameters_are_referenced,
        subject({"template.trialParameters": [{"name": "learningRate", "reference": "lr"}]}),
        "spec.parameters[1].name: parameter `mo` is referenced by no trialParameters entry: no trial can be made",
        "a parameter without an entry",
    ),
    (T.parameters_are_referenced, _meta("${trialSpec.Name}"), None, "metadata does not count"),
    (
        T.architecture_is_referenced,
        _nas("architecture"),
        f"{_TP}: no trialParameters entry refers to `nn_config`, which enas assigns",
        "half of enas",
    ),
    (
        T.architecture_is_referenced,
        _nas("architecture", "nn_config", "lr"),
        f"{_TP}[2].reference: trialParameters refer to `lr`, which enas does not assign",
        "more than enas",
    ),
    (T.architecture_is_referenced, _nas("nn_config", "architecture"), None, "enas in any order"),
    (
        T.placeholders_match,
        subject({"tc.command": [_LR]}),
        f"{_TP}[1].name: ${{trialParameters.momentum}} is nowhere in trialSpec",
        "an entry that is not used",
    ),
    (
        T.placeholders_match,
        subject({"tc.args": ["a", "--x=${trialParameters.x}"]}),
        f"{_C}.args[1]: ${{trialParameters.x}} is filled by no trialParameters entry",
        "a placeholder without an entry",
    ),
    (
        T.placeholders_match,
        subject({"tc.args": ["${trialParameters.}", "}"]}),
        f"{_C}.args[0]: ${{trialParameters.}} is filled by no trialParameters entry",
        "a placeholder without a name",
    ),
    (
        T.placeholders_match,
        subject({"template.trialParameters.0.name": "a&b", "tc.args": ["${trialParameters.a&b}"], "tc.command.2": "t"}),
        f"{_TP}[0].name: ${{trialParameters.a&b}} is never found: its name holds one of & < > quote backslash, or a "
        "control character",
        "a name that JSON escapes",
    ),
    (T.placeholders_match, subject({"tc.args": ["${trialParameters}", _LR, _LR]}), None, "twice, and without a dot"),
    (
        J.job_restarts_never_or_on_failure,
        subject({"pod.restartPolicy": DELETE}),
        f"{_POD}.restartPolicy: restartPolicy of the Job is missing, which means Always: Kubernetes takes Never or "
        "OnFailure",
        "none",
    ),
    (J.job_restarts_never_or_on_failure, subject({"pod.restartPolicy": "OnFailure"}), None, "OnFailure"),
    (J.job_restarts_never_or_on_failure, _operator("PyTorchJob", Worker="tc"), None, "another kind"),
    (
        J.job_has_no_zero_values,
        subject({"tc.env": [{"name": "A", "value": ""}]}),
        f'{_C}.env[0].value: the webhook refuses a Job with `value: ""` written out',
        "an empty environment value",
    ),
    (
        J.job_has_no_zero_values,
        subject({"trial.spec.template.metadata": {"creationTimestamp": None}}),
        f"{_TS}.spec.template.metadata.creationTimestamp: the webhook refuses a Job with `creationTimestamp: null` "
        "written out",
        "a null",
    ),
    (
        J.job_has_no_zero_values,
        subject({"tc.tty": False}),
        f"{_C}.tty: the webhook refuses a Job with `tty: false` written out",
        "a false",
    ),
    (
        J.job_has_no_zero_values,
        subject({"pod.nodeSelector": {}}),
        f"{_POD}.nodeSelector: the webhook refuses a Job with `nodeSelector: {{}}` written out",
        "an empty mapping",
    ),
    (
        J.job_has_no_zero_values,
        subject({"tc.ports": [{"containerPort": 80, "hostPort": 0}]}),
        f"{_C}.ports[0].hostPort: the webhook refuses a Job with `hostPort: 0` written out",
        "a zero",
    ),
    (
        J.job_has_no_zero_values,
        subject(
            {
                "trial.spec.suspend": False,
                "trial.spec.backoffLimit": 0,
                "tc.resources": {},
                "pod.volumes": [{"name": "a", "emptyDir": {}}, {"name": "b", "csi": {"readOnly": False}}],
                "trial.spec.template.metadata": {"labels": {"image": ""}},
                "trial.status": {"x": None},
            }
        ),
        None,
        "pointers, structures, free keys and status",
    ),
    (J.job_has_no_zero_values, subject({"trial.apiVersion": "batch/v1beta1", "tc.tty": False}), None, "another kind"),
    (
        J.job_values_are_of_their_type,
        subject({"tc.env": [{"name": "A", "value": True}]}),
        f"{_C}.env[0].value: `value` is true, where Kubernetes has a text",
        "a boolean",
    ),
    (
        J.job_values_are_of_their_type,
        subject({"tc.args": [1]}),
        f"{_C}.args[0]: item 0 of `args` is 1, where Kubernetes has a text",
        "a number among words",
    ),
    (
        J.job_values_are_of_their_type,
        subject({"trial.spec.template.metadata": {"annotations": {"sidecar.istio.io/inject": False}}}),
        f'{_TS}.spec.template.metadata.annotations["sidecar.istio.io/inject"]: `sidecar.istio.io/inject` is false, '
        "where Kubernetes has a text",
        "an annotation",
    ),
    (
        J.job_values_are_of_their_type,
        subject({"tc.args": ["1"], "trial.spec.backoffLimit": 1}),
        None,
        "texts and a number",
    ),
    (
        J.job_numbers_are_fixed,
        subject({"tc.resources": {"limits": {"memory": f"{_LR}Gi"}}}),
        f"{_C}.resources.limits.memory: `memory: {_LR}Gi`: a Job cannot have a placeholder where Kubernetes has a "
        "number",
        "a placeholder in a quantity",
    ),
    (J.job_numbers_are_fixed, subject({"trial.metadata": {"labels": {"lr": _LR}}}), None, "a placeholder in a label"),
    (
        J.job_values_are_of_their_type,
        subject({"trial.spec.parallelism": "1"}),
        f'{_TS}.spec.parallelism: `parallelism` is "1", where Kubernetes has a whole number',
        "a text for a number",
    ),
    (
        J.job_values_are_of_their_type,
        subject({"tc.command": f"python3 {_LR}"}),
        f'{_C}.command: `command` is "python3 {_LR}", where Kubernetes has a list',
        "a text for a list, whatever is in it",
    ),
    (
        J.job_fields_are_known,
        subject({"tc.resources": {"limit": {"cpu": 1}}}),
        f"{_C}.resources.limit: `containers[0].resources` has no field `limit`: the webhook refuses the Job",
        "a misspelt field",
    ),
    (
        J.job_fields_are_known,
        subject({"trial.spec.nodeSelector": {"a": "b"}}),
        f"{_TS}.spec.nodeSelector: `trialSpec.spec` has no field `nodeSelector`: the webhook refuses the Job",
        "a misplaced field",
    ),
    (
        J.job_fields_are_known,
        subject({"pod.hostnameOverride": "a"}, katib="0.18"),
        f"{_POD}.hostnameOverride: `hostnameOverride` came with Kubernetes 1.34, which Katib 0.18 does not know: the "
        "webhook refuses a Job that has it",
        "a field that Katib's Kubernetes lacks",
    ),
    (J.job_fields_are_known, subject({"pod.hostnameOverride": "a"}), None, "a field that it has"),
    (J.job_fields_are_known, subject({"trial.kind": "OtherJob", "trial.foo": 1}), None, "no Job"),
    (
        J.job_quantities_are_readable,
        subject({"tc.resources": {"limits": {"memory": "1GiB"}}}),
        f"{_C}.resources.limits.memory: `memory: 1GiB` is no quantity that Kubernetes can read",
        "no quantity",
    ),
    (
        J.job_quantities_are_readable,
        subject({"pod.volumes": [{"name": "a", "emptyDir": {"sizeLimit": "1024Mi"}}]}),
        f"{_POD}.volumes[0].emptyDir.sizeLimit: the webhook refuses a Job with sizeLimit 1024Mi: it is written 1Gi",
        "a size in another form",
    ),
    (
        J.job_quantities_are_readable,
        subject({"tc.resources": {"limits": {"cpu": "9" * 5000}}}),
        f"{_C}.resources.limits.cpu: `cpu: {'9' * 5000}` is no quantity that Kubernetes can read",
        "more digits than Python reads",
    ),
    (J.job_quantities_are_readable, subject({"tc.resources": {"limits": {"cpu": 0.5, "m": "1024Mi"}}}), None, "any"),
    (
        P.primary_container_exists,
        subject({"template.primaryContainerName": "main"}),
        f"{_TT}.primaryContainerName: primaryContainerName `main` is no container of the trial's pods",
        "another name",
    ),
    (P.primary_container_exists, _operator("MPIJob", Launcher="tc", Worker="w"), None, "in one of two pods"),
    (
        P.primary_container_exists,
        subject({"trial": {"kind": "TrainJob", "spec": {"template": {"spec": {"containers": []}}}}}),
        None,
        "a TrainJob's pods are in its runtime",
    ),
    (
        P.primary_container_everywhere,
        _operator("MPIJob", Launcher="tc", Worker="w"),
        f"{_TS}.spec.mpiReplicaSpecs.Worker.template.spec.containers: pods of `Worker` have no container `tc` "
        "(primaryContainerName)",
        "in one of two pods",
    ),
    (P.primary_container_everywhere, _operator("MPIJob", Launcher="tc", Worker="tc"), None, "in both"),
    (
        P.primary_container_has_command,
        subject({"tc.command": DELETE}),
        f"{_C}.command: the primary container `tc` has no command: Katib must ask the registry for it",
        "no command",
    ),
    (
        P.primary_container_has_command,
        subject({"tc.command": DELETE, "spec.metricsCollectorSpec.collector.kind": "Push"}),
        None,
        "Push wraps nothing",
    ),
    (
        P.quantities_are_readable,
        _other_kind(resources={"limits": {"memory": "4GB"}}),
        f"{_TS}.spec.mpiReplicaSpecs.Worker.template.spec.containers[0].resources.limits.memory: `memory: 4GB` is no "
        "quantity that Kubernetes can read",
        "no quantity",
    ),
    (P.quantities_are_readable, _other_kind(resources={"limits": {"memory": f"{_LR}Gi"}}), None, "filled later"),
    (
        P.devices_are_whole,
        subject({"tc.resources": {"limits": {"nvidia.com/gpu": "0.5"}}}),
        f'{_C}.resources.limits["nvidia.com/gpu"]: limits has nvidia.com/gpu 0.5: devices are counted whole',
        "half a GPU",
    ),
    (
        P.devices_are_whole,
        subject({"tc.resources": {"requests": {"nvidia.com/gpu": 1}}}),
        f'{_C}.resources.requests["nvidia.com/gpu"]: requests has nvidia.com/gpu 1, limits has none',
        "a request alone",
    ),
    (
        P.devices_are_whole,
        subject({"tc.resources": {"limits": {"amd.com/gpu": "2"}, "requests": {"amd.com/gpu": 1}}}),
        f'{_C}.resources.requests["amd.com/gpu"]: requests has amd.com/gpu 1, limits has 2',
        "a request below the limit",
    ),
    (
        P.devices_are_whole,
        subject({"tc.resources": {"limits": {"nvidia.com/gpu": 1, "cpu": "0.5"}, "requests": {"nvidia.com/gpu": "1"}}}),
        None,
        "equal, beside half a cpu",
    ),
    (
        P.mounts_have_volumes,
        subject({"tc.volumeMounts": [{"name": "data", "mountPath": "/data"}]}),
        f"{_C}.volumeMounts[0].name: volumeMount `data` of container `tc` has no volume in the pod",
        "no volume",
    ),
    (
        P.mounts_have_volumes,
        subject({"tc.volumeMounts": [{"name": "data"}], "pod.volumes": [{"name": "data", "emptyDir": {}}]}),
        None,
        "a volume",
    ),
    (
        P.containers_have_images,
        subject({"tc.image": None}),
        f"{_C}: container `tc` has no image",
        "no image",
    ),
    (P.containers_have_images, subject({}), None, "an image"),
]


@pytest.mark.parametrize(
    ("rule", "on", "message"), [pytest.param(*row[:3], id=f"{row[0].code} {row[3]}") for row in ROWS]
)
def test_trial(rule: Rule, on: Subject, message: str | None) -> None:
    assert run(rule, on) == ([] if message is None else [message])


def test_every_rule_is_seen_to_speak_and_to_keep_silent() -> None:
    for rule in (*trial.RULES, *job.RULES, *pods.RULES[:7]):
        messages = [row[2] for row in ROWS if row[0] is rule]
        assert None in messages, rule.code
        assert any(messages), rule.code


@pytest.mark.parametrize(
    ("path", "value", "words", "fix"),
    [
        (
            "tc.resource",
            {"limits": {"cpu": 1}},
            "rename it to `resources`",
            Edit(EditKind.RENAME, (*_AT, "resource"), "resources"),
        ),
        (
            "trial.spec.nodeSelector",
            {"a": "b"},
            "move it to `spec.template.spec.nodeSelector` of trialSpec",
            Edit(
                EditKind.MOVE, (*_SPEC, "spec", "nodeSelector"), to=(*_SPEC, "spec", "template", "spec", "nodeSelector")
            ),
        ),
        (
            "pod.env",
            [{"name": "A"}],
            "move it to `spec.template.spec.containers[0].env` of trialSpec",
            Edit(EditKind.MOVE, (*_AT[:-2], "env"), to=(*_AT, "env")),
        ),
        (
            "trial.spec.containers",
            [],
            "remove it: it belongs at `spec.template.spec.containers` of trialSpec, which is there already",
            None,
        ),
        ("tc.gpu", 1, "remove it, or look up its name", None),
        (
            "tc.env",
            [{"name": "A", "value": 1}],
            'put it in quotes: "1"',
            Edit(EditKind.SET, (*_AT, "env", 0, "value"), "1"),
        ),
        ("tc.tty", False, "leave the field out: it means the same", Edit(EditKind.REMOVE, (*_AT, "tty"))),
        (
            "pod.volumes",
            [{"name": "a", "emptyDir": {"sizeLimit": "1024Mi"}}],
            'write "1Gi"',
            Edit(EditKind.SET, (*_AT[:-2], "volumes", 0, "emptyDir", "sizeLimit"), "1Gi"),
        ),
        (
            "pod.restartPolicy",
            "Always",
            "set `trial.restartPolicy: Never`",
            Edit(EditKind.SET, (*_AT[:-2], "restartPolicy"), "Never"),
        ),
    ],
)
def test_the_mend_of_a_job(path: str, value: object, words: str, fix: Edit | None) -> None:
    (found,) = [finding for rule in job.RULES for finding in rule.check(subject({path: value}))]
    assert (found.help, found.fix) == (words, () if fix is None else (fix,))
