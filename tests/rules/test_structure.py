"""KG21x, a row a case: what is said, or that nothing is; and the mend."""

from __future__ import annotations

from typing import Any

import pytest
from subjects import flaws_of, manifest, run, subject

from kgen.model.diagnostic import Edit, EditKind
from kgen.model.environment import Target
from kgen.model.node import NOWHERE, FieldPath, make
from kgen.rules import job, kinds, structure
from kgen.rules.rule import Rule
from kgen.rules.subject import Subject, read

S = structure
_SPACE = "spec.parameters.0.feasibleSpace"
_S0 = "spec.parameters[0].feasibleSpace"
_CUSTOM = "spec.metricsCollectorSpec.collector.customCollector"
_DROPPED = "Katib does not know it and drops it without a word"
_FOREVER = "OutOfSync for ever without server-side diff"


def _put(path: str, value: Any, **more: Any) -> Subject:
    return subject({path: value}, **more)


ROWS: list[tuple[Rule, Subject, str | None, str]] = [
    (
        S.api_is_served,
        _put("apiVersion", "kubeflow.org/v1alpha3"),
        "apiVersion: apiVersion is `kubeflow.org/v1alpha3`: no Katib since 0.10 serves it",
        "an old version",
    ),
    (
        S.api_is_served,
        _put("apiVersion", "kubeflow.org/v1"),
        "apiVersion: apiVersion is `kubeflow.org/v1`: no Katib serves it",
        "another version",
    ),
    (S.api_is_served, _put("apiVersion", None), "apiVersion: the Experiment has no apiVersion", "no version"),
    (S.api_is_served, _put("kind", "Experimnt"), "kind: kind is `Experimnt`, where Katib has Experiment", "misspelt"),
    (S.api_is_served, subject(), None, "as it should be"),
    (
        S.fields_are_known,
        _put("spec.parallelTrialCounts", 3),
        f"spec.parallelTrialCounts: `spec` has no field `parallelTrialCounts`: {_DROPPED}",
        "a misspelt name",
    ),
    (
        S.fields_are_known,
        _put("spec.goal", 0.99),
        f"spec.goal: `spec` has no field `goal`: {_DROPPED}",
        "a field that belongs elsewhere",
    ),
    (
        S.fields_are_known,
        _put("spec.trialTemplate.goTemplate", {}),
        f"spec.trialTemplate.goTemplate: `spec.trialTemplate` has no field `goTemplate`: {_DROPPED}",
        "a field of v1alpha3",
    ),
    (S.fields_are_known, _put("trial.foo", 1), None, "a trial's object is its own"),
    (S.fields_are_known, subject({"apiVersion": "kubeflow.org/v1alpha3", "spec.foo": 1}), None, "an API of its own"),
    (S.fields_are_known, subject(katib="0.17"), None, "distribution is another rule's"),
    (
        S.fields_are_of_the_version,
        subject({"spec.parameters.1.feasibleSpace": {"min": "0", "max": "1"}}, katib="0.17"),
        f"{_S0}.distribution: `distribution: uniform` needs Katib 0.18: Katib 0.17 drops it without a word",
        "distribution before 0.18",
    ),
    (S.fields_are_of_the_version, subject(katib="0.18"), None, "distribution from 0.18 on"),
    (
        S.fields_are_of_the_version,
        subject({"spec.distribution": "uniform", "spec.parameters": []}, katib="0.17"),
        None,
        "distribution anywhere else",
    ),
    (
        S.values_are_of_their_type,
        _put(f"{_SPACE}.min", 0.01),
        f"{_S0}.min: `min` is 0.01, where Katib has a text",
        "a number for a text",
    ),
    (
        S.values_are_of_their_type,
        _put(f"{_SPACE}.list", ["a", True]),
        f"{_S0}.list[1]: item 1 of `list` is true, where Katib has a text",
        "a boolean in a list",
    ),
    (
        S.values_are_of_their_type,
        _put("spec.objective.goal", "0.99"),
        'spec.objective.goal: `goal` is "0.99", where Katib has a number',
        "a text for a number",
    ),
    (
        S.values_are_of_their_type,
        _put("spec.maxTrialCount", 3_000_000_000),
        "spec.maxTrialCount: `maxTrialCount` is 3000000000, where Katib has a whole number up to 2147483647",
        "more than 32 bits",
    ),
    (
        S.values_are_of_their_type,
        _put("spec.parameters", {"lr": {}}),
        "spec.parameters: `parameters` is a mapping, where Katib has a list",
        "a mapping for a list",
    ),
    (
        S.values_are_of_their_type,
        _put("trial", "x"),
        'spec.trialTemplate.trialSpec: `trialSpec` is "x", where Katib has a mapping',
        "a text for an object",
    ),
    (S.values_are_of_their_type, _put("tc.env", [{"name": "A", "value": 1}]), None, "in a Job it is KG522"),
    (S.values_are_of_their_type, _put("trial.kind", ""), None, "a trial without a kind is KG504"),
    (
        S.collector_quantities_are_readable,
        _put(_CUSTOM, {"name": "c", "resources": {"limits": {"memory": "1GB"}}}),
        f"{_CUSTOM}.resources.limits.memory: `memory` is 1GB, no quantity that Kubernetes can read",
        "no quantity",
    ),
    (
        S.collector_quantities_are_readable,
        _put(_CUSTOM, {"name": "c", "resources": {"limits": {"memory": "1024Mi"}}}),
        None,
        "another form is KG815",
    ),
    (
        S.nothing_empty_is_written,
        subject({"template.retain": False}),
        "spec.trialTemplate.retain: Katib drops `retain: false`, which is as good as nothing: " + _FOREVER,
        "retain",
    ),
    (
        S.nothing_empty_is_written,
        _put(f"{_SPACE}.step", ""),
        f'{_S0}.step: Katib drops `step: ""`, which is as good as nothing: {_FOREVER}',
        "a text",
    ),
    (
        S.nothing_empty_is_written,
        _put("metadata.labels", {}),
        "metadata.labels: Katib drops `labels: {}`, which is as good as nothing: " + _FOREVER,
        "labels",
    ),
    (S.nothing_empty_is_written, _put("metadata.annotations", {}), None, "Argo CD drops these itself"),
    (S.nothing_empty_is_written, subject({"template.retain": True}), None, "true is no zero"),
    (S.nothing_empty_is_written, _put("spec.objective.goal", 0), None, "a goal of 0 stays"),
    (S.nothing_empty_is_written, _put("template.trialParameters", []), None, "what is missing is KG501"),
    (
        S.no_null_is_written,
        _put("spec.earlyStopping", None),
        "spec.earlyStopping: Katib drops `earlyStopping: null`, which is as good as nothing: OutOfSync where "
        "ServerSideApply=true meets no server-side diff",
        "null",
    ),
    (
        S.no_null_is_written,
        _put(f"{_SPACE}.list", ["a", None]),
        f"{_S0}.list[1]: item 1 of `list` is null, which Katib reads as an empty one",
        "null in a list",
    ),
    (S.no_null_is_written, _put("metadata.creationTimestamp", None), None, "as generators leave it"),
    (S.no_null_is_written, _put("trial.spec.foo", None), None, "in the trial's object"),
]


@pytest.mark.parametrize(
    ("rule", "on", "message"), [pytest.param(*row[:3], id=f"{row[0].code} {row[3]}") for row in ROWS]
)
def test_structure(rule: Rule, on: Subject, message: str | None) -> None:
    assert run(rule, on) == ([] if message is None else [message])


def test_every_rule_is_seen_to_speak_and_to_keep_silent() -> None:
    for rule in S.RULES:
        messages = [row[2] for row in ROWS if row[0] is rule]
        assert None in messages, rule.code
        assert set(messages) != {None}, rule.code


def _fields(path: str) -> FieldPath:
    return tuple(int(step) if step.isdigit() else step for step in path.split("."))


def _set(path: str, value: Any) -> tuple[Edit, ...]:
    return (Edit(EditKind.SET, _fields(path), value),)


def _move(path: str, to: str) -> tuple[Edit, ...]:
    return (Edit(EditKind.MOVE, _fields(path), to=_fields(to)),)


def _rename(path: str, name: str) -> tuple[Edit, ...]:
    return (Edit(EditKind.RENAME, _fields(path), name),)


_OBJECTIVE = "spec.objective"
_CONFIG = "spec.trialTemplate"
# path, value, the help, the fix
MENDS: list[tuple[str, Any, str, tuple[Edit, ...]]] = [
    (f"{_SPACE}.min", 0.01, 'put it in quotes: "0.01"', _set(f"{_SPACE}.min", "0.01")),
    (f"{_OBJECTIVE}.goal", "0.99", "write `goal: 0.99`", _set(f"{_OBJECTIVE}.goal", 0.99)),
    (f"{_OBJECTIVE}.goal", "high", "write a number", ()),
    (f"{_OBJECTIVE}.goal", "inf", "write a number", ()),
    ("spec.maxTrialCount", "12", "write `maxTrialCount: 12`", _set("spec.maxTrialCount", 12)),
    ("spec.maxTrialCount", 12.0, "write `maxTrialCount: 12`", _set("spec.maxTrialCount", 12)),
    ("spec.maxTrialCount", 12.5, "write a whole number", ()),
    ("spec.maxTrialCount", True, "write a whole number", ()),
    ("template.retain", "yes", "write `retain: true`", _set("spec.trialTemplate.retain", value=True)),
    (
        f"{_OBJECTIVE}.additionalMetricNames",
        "loss",
        'write `additionalMetricNames: ["loss"]`',
        _set(f"{_OBJECTIVE}.additionalMetricNames", ["loss"]),
    ),
    (f"{_SPACE}.list", "a,b", "write a list", ()),
    ("spec.parallelTrialCounts", 3, "rename it to `parallelTrialCount`", ()),  # which is there already
    (
        "spec.maxFailedTrials",
        3,
        "rename it to `maxFailedTrialCount`",
        (),
    ),
    (
        "spec.parameters.0.parametertype",
        "int",
        "rename it to `parameterType`; its fields are `name`, `parameterType`, `feasibleSpace`",
        (),
    ),
    (
        "spec.algorithm.settings",
        [],
        "rename it to `algorithmSettings`; its fields are `algorithmName`, `algorithmSettings`",
        _rename("spec.algorithm.settings", "algorithmSettings"),
    ),
    ("spec.earlystopping", {}, "rename it to `earlyStopping`", _rename("spec.earlystopping", "earlyStopping")),
    ("spec.goal", 0.99, "move it to `spec.objective.goal`", _move("spec.goal", "spec.objective.goal")),
    (
        "spec.parameters.0.step",
        "1",
        "move it to `spec.parameters[0].feasibleSpace.step`",
        _move("spec.parameters.0.step", f"{_SPACE}.step"),
    ),
    (
        "spec.parameters.0.min",
        "1",
        "remove it: it belongs at `spec.parameters[0].feasibleSpace.min`, which is there already",
        (),
    ),
    (
        "spec.metricsFormat",
        ["a"],
        "move it to `spec.metricsCollectorSpec.source.filter.metricsFormat`",
        _move("spec.metricsFormat", "spec.metricsCollectorSpec.source.filter.metricsFormat"),
    ),
    (
        "spec.algorithmSettings",
        [],
        "move it to `spec.algorithm.algorithmSettings` or `spec.earlyStopping.algorithmSettings`",
        (),
    ),
    (
        f"{_CONFIG}.goTemplate",
        {},
        "v1beta1 has no Go templates: write the object in `trialSpec`, with ${trialParameters.NAME} in it",
        (),
    ),
    (
        f"{_CONFIG}.zzz",
        {},
        "remove it; its fields are `retain`, `trialSpec`, `configMap`, `trialParameters`, "
        "`primaryPodLabels`, `primaryContainerName`, `successCondition`, `failureCondition`",
        (),
    ),
    ("template.retain", False, "remove `retain`", (Edit(EditKind.REMOVE, _fields("spec.trialTemplate.retain")),)),
    ("kind", "experiment", "write `kind: Experiment`", _set("kind", "Experiment")),
    (
        "apiVersion",
        "kubeflow.org/v1beta",
        "write `apiVersion: kubeflow.org/v1beta1`",
        _set("apiVersion", "kubeflow.org/v1beta1"),
    ),
    (
        "apiVersion",
        "kubeflow.org/v1alpha3",
        "rewrite it for `kubeflow.org/v1beta1`: its trialTemplate has another form there",
        (),
    ),
]


@pytest.mark.parametrize(
    ("path", "value", "words", "fix"), [pytest.param(*row, id=f"{row[0]}: {row[1]!r}") for row in MENDS]
)
def test_the_mend(path: str, value: Any, words: str, fix: tuple[Edit, ...]) -> None:
    on = _put(path, value)._replace(plain=True)
    (found,) = [finding for rule in S.RULES for finding in rule.check(on)]
    assert (found.help, found.fix) == (words, fix)


def _paths(value: object, path: FieldPath = ()) -> list[FieldPath]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [*([path] if path else []), *(deeper for key, item in pairs for deeper in _paths(item, (*path, key)))]


ODD = (
    None,
    True,
    0,
    1.5,
    float("nan"),
    10**30,
    "",
    "x",
    "${trialParameters.",
    [],
    [None],
    [[1]],
    {},
    {"a": None},
    {"": [{}]},
)


@pytest.mark.parametrize("path", _paths(manifest()), ids=str)
def test_no_rule_raises_whatever_is_wrong(path: FieldPath) -> None:
    for odd in ODD:
        for last in (path[-1], "zzz", "resource"):
            bent = manifest()
            holder: Any = bent
            for step in path[:-1]:
                holder = holder[step]
            if isinstance(holder, list) and isinstance(last, str):
                continue
            holder[last] = odd
            for plain in (True, False):
                on = read(bent, Target(), flaws=flaws_of(make(bent, NOWHERE), Target()), plain=plain)
                for rule in (*structure.RULES, *job.RULES, *kinds.RULES):
                    list(rule.check(on))
