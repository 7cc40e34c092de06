"""KG51x beside the webhook's own, and KG54x of names and mounts, a row a case."""

from __future__ import annotations

from typing import Any

import pytest
from subjects import DELETE, manifest, run, subject

from kgen.model.diagnostic import Edit, EditKind
from kgen.rules import placeholders as h
from kgen.rules import pods, trial
from kgen.rules.rule import Rule
from kgen.rules.subject import Subject

_TT = "spec.trialTemplate"
_TP = f"{_TT}.trialParameters"
_TS = f"{_TT}.trialSpec"
_POD = f"{_TS}.spec.template.spec"
_C = f"{_POD}.containers[0]"
_LR = "${trialParameters.learningRate}"
_MO = "${trialParameters.momentum}"
_CONFIG = {"configMapName": "t", "configMapNamespace": "kubeflow", "templatePath": "a.yaml"}


def _args(*args: str) -> Subject:
    return subject({"tc.args": list(args)})


def _meta(*references: str, **metadata: object) -> Subject:
    own = manifest()["spec"]["trialTemplate"]["trialParameters"]
    more = [{"name": f"m{i}", "reference": reference} for i, reference in enumerate(references)]
    args = [f"${{trialParameters.m{i}}}" for i in range(len(references))]
    return subject({"template.trialParameters": [*own, *more], "tc.args": args, "trial.metadata": metadata})


def _values(*values: str) -> Subject:
    space = {"name": "lr", "parameterType": "categorical", "feasibleSpace": {"list": list(values)}}
    return subject({"spec.parameters.0": space})


def _mounts(*paths: str) -> Subject:
    names = [{"name": f"v{i}", "mountPath": path} for i, path in enumerate(paths)]
    volumes: list[dict[str, Any]] = [{"name": f"v{i}", "emptyDir": {}} for i in range(len(paths))]
    return subject({"tc.volumeMounts": names, "pod.volumes": volumes})


_EXACT = "Katib replaces only the exact form ${trialParameters.NAME}"
ROWS: list[tuple[Rule, Subject, str | None, str]] = [
    (
        trial.placeholders_match,
        subject({"tc.command.2": "--lr=${trialParameters.learningRate"}),
        f"{_TP}[0].name: {_LR} is nowhere in trialSpec|{_C}.command[2]: `${{trialParameters.learningRate` has no "
        "closing brace",
        "no closing brace, and the next placeholder is still seen",
    ),
    (trial.placeholders_match, _args(_LR, f"x{_MO}y{_MO}"), None, "many times, in the middle of a text"),
    (
        trial.metadata_is_there,
        _meta("${trialSpec.Labels[a]}", "${trialSpec.Labels}", labels={"a": "b"}),
        None,
        "a key stays for the next entry without one",
    ),
    (
        trial.metadata_is_there,
        _meta("${trialSpec.Labels}", labels={"a": "b"}),
        f"{_TP}[2].reference: trialParameters `m0`: `${{trialSpec.Labels}}` names no key",
        "labels without a key",
    ),
    (
        h.metadata_goes_through_entries,
        _args("--name=${trialSpec.Name}"),
        f"{_C}.args[0]: `${{trialSpec.Name}}` in the template is not replaced: only ${{trialParameters.NAME}} is",
        "metadata in the template",
    ),
    (h.metadata_goes_through_entries, _meta("${trialSpec.Name}"), None, "metadata in a reference"),
    (
        h.no_go_template_is_left,
        _args("--name={{.Trial}}"),
        f"{_C}.args[0]: `{{{{.Trial}}}}` is a Go template, which nothing fills: the trial gets it as it is",
        "a variable of v1alpha3",
    ),
    (
        h.no_go_template_is_left,
        _args("{{- with .HyperParameters}}"),
        f"{_C}.args[0]: `{{{{- with .HyperParameters}}}}` is a Go template, which nothing fills: the trial gets it as "
        "it is",
        "a block of v1alpha3",
    ),
    (h.no_go_template_is_left, _args("{{inputs.parameters.epochs}}"), None, "Argo Workflows' own"),
    (
        h.placeholders_are_spelt_right,
        _args("--lr=${trialParameter.lr}"),
        f"{_C}.args[0]: `${{trialParameter.lr}}` is no placeholder: {_EXACT}",
        "a letter missing",
    ),
    (
        h.placeholders_are_spelt_right,
        _args("--lr=$(trialParameters.lr)"),
        f"{_C}.args[0]: `$(trialParameters.lr)` is no placeholder: {_EXACT}",
        "round brackets",
    ),
    (
        h.placeholders_are_spelt_right,
        _args("${trialParameters}"),
        f"{_C}.args[0]: `${{trialParameters}}` is no placeholder: {_EXACT}",
        "no name",
    ),
    (h.placeholders_are_spelt_right, _args("--params=a", "{{inputs.parameters.a}}", _LR), None, "other parameters"),
    (
        h.template_is_in_the_manifest,
        subject({"trial": DELETE, "template.configMap": _CONFIG}),
        f"{_TT}.configMap: the template is in ConfigMap kubeflow/t: it is not checked here, and can change under a "
        "running Experiment",
        "a ConfigMap",
    ),
    (h.template_is_in_the_manifest, subject(), None, "trialSpec"),
    (
        h.values_leave_the_template_whole,
        _values('{"a": 1}', "b"),
        'spec.parameters[0].feasibleSpace.list[0]: value `{"a": 1}` of parameter `lr` breaks the template: it is put '
        "in unescaped",
        "a quote",
    ),
    (
        h.values_leave_the_template_whole,
        _values("C:\\data"),
        "spec.parameters[0].feasibleSpace.list[0]: value `C:\\data` of parameter `lr` breaks the template: it is put "
        "in unescaped",
        "a backslash",
    ),
    (h.values_leave_the_template_whole, _values('a","b', "{'a': 1}", "a\\nb"), None, "still JSON"),
    (
        pods.primary_container_exists,
        subject({"template.primaryContainerName": "${trialParameters.momentum}"}),
        f"{_TT}.primaryContainerName: primaryContainerName `{_MO}` has a placeholder, and Katib replaces those in "
        "trialSpec alone",
        "a placeholder",
    ),
    (pods.primary_container_exists, subject({"tc.name": _MO}), None, "a name that is filled in later"),
    (
        pods.mounts_are_apart,
        _mounts("/data", "/data"),
        f"{_C}.volumeMounts[1].mountPath: container `tc` has two volumes mounted at /data",
        "one path twice",
    ),
    (pods.mounts_are_apart, _mounts("/data", "/data/a"), None, "one below the other"),
    (
        pods.names_of_katib_are_free,
        subject({"pod.volumes": [{"name": "metrics-volume", "emptyDir": {}}]}),
        f"{_POD}.volumes[0].name: `metrics-volume` in `volumes` is the name of one that Katib adds",
        "the collector's volume",
    ),
    (
        pods.names_of_katib_are_free,
        subject({"tc.name": "metrics-logger-and-collector"}),
        f"{_C}.name: `metrics-logger-and-collector` in `containers` is the name of one that Katib adds",
        "the collector's container",
    ),
    (pods.names_of_katib_are_free, subject({"tc.name": "metrics-collector"}), None, "another collector's"),
    (
        pods.image_can_be_looked_up,
        subject({"tc.command": DELETE, "tc.image": "mnist:1.0"}),
        f"{_C}.image: Katib must look up the command of `mnist:1.0`, and its name lacks the registry's host",
        "no host",
    ),
    (
        pods.image_can_be_looked_up,
        subject({"tc.command": DELETE, "tc.image": "docker.io/mnist:1.0"}),
        f"{_C}.image: Katib must look up the command of `docker.io/mnist:1.0`, and its name lacks the folder `library`",
        "no folder",
    ),
    (
        pods.image_can_be_looked_up,
        subject({"tc.command": DELETE, "tc.image": "reg.io/a/b"}),
        f"{_C}.image: Katib must look up the command of `reg.io/a/b`, and its name lacks a tag or a digest",
        "no tag",
    ),
    (pods.image_can_be_looked_up, subject({"tc.command": DELETE}), None, "a whole name"),
    (pods.image_can_be_looked_up, subject({"tc.image": "mnist"}), None, "a command"),
    (
        pods.image_can_be_looked_up,
        subject({"tc.command": DELETE, "tc.image": "mnist"}, katib="0.18"),
        None,
        "before 0.19 the name may be short",
    ),
    (
        pods.primary_container_has_command,
        subject({"tc.command": DELETE, "tc.image": "mnist"}, katib="0.18"),
        f"{_C}.command: the primary container `tc` has no command: Katib must ask the registry for it",
        "before 0.19 with a short name",
    ),
    (
        pods.primary_container_has_command,
        subject({"tc.command": DELETE, "tc.image": "mnist"}),
        None,
        "KG549 says it",
    ),
]


@pytest.mark.parametrize(
    ("rule", "on", "message"), [pytest.param(*row[:3], id=f"{row[0].code} {row[3]}") for row in ROWS]
)
def test_placeholders(rule: Rule, on: Subject, message: str | None) -> None:
    assert run(rule, on) == ([] if message is None else message.split("|"))


def test_every_rule_is_seen_to_speak_and_to_keep_silent() -> None:
    for rule in (*h.RULES, pods.mounts_are_apart, pods.names_of_katib_are_free, pods.image_can_be_looked_up):
        messages = [row[2] for row in ROWS if row[0] is rule]
        assert None in messages, rule.code
        assert any(messages), rule.code


def test_the_one_container_there_is_becomes_the_primary_one() -> None:
    (finding,) = pods.primary_container_exists.check(subject({"template.primaryContainerName": "main"}))
    assert finding.fix == (Edit(EditKind.SET, ("spec", "trialTemplate", "primaryContainerName"), "tc"),)
