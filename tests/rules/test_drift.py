"""KG81x, a row a case: what is said of a manifest written by hand, and that nothing is said of what kgen rendered."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from subjects import DELETE, manifest, run, subject

from kgen.katib.decode import Flaw, FlawKind
from kgen.model.diagnostic import Edit, EditKind
from kgen.rules import drift
from kgen.rules.rule import Rule
from kgen.rules.subject import Subject

D = drift
STRATEGIES = "spec.objective.metricStrategies"
LOSS, ACC = {"name": "loss", "value": "min"}, {"name": "acc", "value": "min"}
CUSTOM = ("spec", "metricsCollectorSpec", "collector", "customCollector", "resources", "limits", "cpu")


def _plain(given: dict[str, Any], held: dict[str, Any] | None = None) -> Subject:
    """A manifest with values at dotted paths in the file, and others as the server holds it."""
    written = subject(given).manifest
    return subject(given if held is None else held)._replace(given=written, plain=True)


def _bare(*missing: int) -> Subject:
    """Without `distribution` in some parameters, as they are in the file."""
    given = copy.deepcopy(manifest())
    for index in missing:
        del given["spec"]["parameters"][index]["feasibleSpace"]["distribution"]
    return subject()._replace(given=given, plain=True)


def _form(*path: str | int) -> Subject:
    flaw = Flaw(FlawKind.FORM, path, "500m", "0.5")
    return subject()._replace(plain=True, flaws=(flaw,))


ROWS = [
    (
        D.strategies_are_complete,
        _plain({STRATEGIES: [LOSS]}, {STRATEGIES: [LOSS, ACC]}),
        f"{STRATEGIES}: metricStrategies lacks `acc`, which Katib appends: OutOfSync for ever without server-side diff",
        "one of two",
    ),
    (
        D.strategies_are_complete,
        _plain(
            {STRATEGIES: [LOSS], "spec.objective.type": "Max"}, {STRATEGIES: [LOSS, ACC], "spec.objective.type": "Max"}
        ),
        None,
        "what is added depends on the type",
    ),
    (D.strategies_are_complete, _plain({STRATEGIES: DELETE}, {}), None, "absent is in sync"),
    (D.strategies_are_complete, _plain({STRATEGIES: []}, {}), None, "an empty list is dropped, which KG2xx says"),
    (D.strategies_are_complete, _plain({STRATEGIES: [ACC, LOSS]}), None, "complete, in any order"),
    (
        D.defaults_in_lists_are_written,
        _bare(0, 1),
        "spec.parameters[0].feasibleSpace: Katib adds `distribution` to `lr`, `mo`: OutOfSync where "
        "ServerSideApply=true meets no server-side diff",
        "two without",
    ),
    (
        D.defaults_in_lists_are_written,
        _bare(1),
        "spec.parameters[1].feasibleSpace: Katib adds `distribution` to `mo`: OutOfSync where ServerSideApply=true "
        "meets no server-side diff",
        "the second without",
    ),
    (D.defaults_in_lists_are_written, _bare(), None, "all written"),
    (
        D.nothing_of_the_server_is_in_git,
        _plain({"status": {"trials": 3}}),
        "status: `status` is what the controller reports: nobody applies it",
        "a status",
    ),
    (
        D.nothing_of_the_server_is_in_git,
        _plain({"metadata.resourceVersion": "123"}),
        "metadata.resourceVersion: `metadata.resourceVersion` is not for Git: a create with it is refused, and an "
        "update of any other version too",
        "copied out of a cluster",
    ),
    (
        D.nothing_of_the_server_is_in_git,
        _plain({"metadata.finalizers": ["update-prometheus-metrics"]}),
        "metadata.finalizers: Katib's controller adds the finalizer `update-prometheus-metrics` itself",
        "Katib's finalizer",
    ),
    (
        D.nothing_of_the_server_is_in_git,
        _plain({"metadata.finalizers": ["resources-finalizer.argocd.argoproj.io"]}),
        "metadata.finalizers: nobody takes the finalizer `resources-finalizer.argocd.argoproj.io` off, so the "
        "Experiment can never be deleted",
        "the finalizer of an Application",
    ),
    (
        D.nothing_of_the_server_is_in_git,
        _plain({"metadata.annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}}),
        'metadata.annotations["kubectl.kubernetes.io/last-applied-configuration"]: `kubectl apply` writes this '
        "annotation, a copy of a whole manifest",
        "kubectl's copy",
    ),
    (
        D.nothing_of_the_server_is_in_git,
        _plain({"metadata.creationTimestamp": None, "status": {}, "metadata.finalizers": []}),
        None,
        "what generators leave empty",
    ),
    (
        D.the_name_is_written,
        _plain({"metadata.name": DELETE, "metadata.generateName": "mnist-"}),
        "metadata.generateName: `generateName: mnist-` can be created, but never applied by Argo CD or `kubectl apply`",
        "a prefix alone",
    ),
    (
        D.the_name_is_written,
        _plain({"metadata.generateName": "mnist-"}),
        "metadata.generateName: `generateName` beside a `name` does nothing",
        "a prefix beside a name",
    ),
    (D.the_name_is_written, _plain({}), None, "a name"),
    (
        D.the_namespace_is_written,
        _plain({"metadata.namespace": DELETE}),
        "metadata.namespace: the Experiment has no namespace: it goes where the Application or the context of kubectl "
        "points",
        "none",
    ),
    (D.the_namespace_is_written, _plain({}), None, "a namespace"),
    (
        D.collector_quantities_are_canonical,
        _form(*CUSTOM),
        "spec.metricsCollectorSpec.collector.customCollector.resources.limits.cpu: Katib rewrites `cpu: 0.5` as "
        "`500m`: OutOfSync for ever without server-side diff",
        "half a CPU",
    ),
    (
        D.collector_quantities_are_canonical,
        _form("spec", "trialTemplate", "trialSpec", "spec"),
        None,
        "the trial is kept as it is",
    ),
]


@pytest.mark.parametrize(
    ("rule", "on", "message"), [pytest.param(*row[:3], id=f"{row[0].code} {row[3]}") for row in ROWS]
)
def test_drift(rule: Rule, on: Subject, message: str | None) -> None:
    assert run(rule, on) == ([] if message is None else [message])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0].code} {row[3]}")
def test_nothing_is_said_of_what_kgen_renders(row: tuple[Rule, Subject, str | None, str]) -> None:
    assert run(row[0], row[1]._replace(plain=False, given=row[1].manifest)) == []


def test_the_lines_to_write_are_given_and_fixed() -> None:
    (finding,) = D.strategies_are_complete.check(_plain({STRATEGIES: [LOSS]}, {STRATEGIES: [LOSS, ACC]}))
    lines = "metricStrategies: [{name: loss, value: min}, {name: acc, value: min}]"
    assert finding.help == f"write all of it: `{lines}`"
    assert finding.fix == (Edit(EditKind.SET, ("spec", "objective", "metricStrategies"), [LOSS, ACC]),)
    (finding,) = D.defaults_in_lists_are_written.check(_bare(1))
    path = ("spec", "parameters", 1, "feasibleSpace", "distribution")
    assert finding.help == "write `distribution: uniform` in the feasibleSpace of each of them"
    assert finding.fix == (Edit(EditKind.SET, path, "uniform"),)
    (finding,) = D.nothing_of_the_server_is_in_git.check(_plain({"status": {"a": 1}}))
    assert finding.fix == (Edit(EditKind.REMOVE, ("status",)),)
    (finding,) = D.collector_quantities_are_canonical.check(_form(*CUSTOM))
    assert finding.fix == (Edit(EditKind.SET, CUSTOM, "500m"),)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": ["b", "true", "1", 2, True, None, 'x"y', ""]}, '{a: [b, "true", "1", 2, true, null, "x\\"y", ""]}'),
        ("a: b", '"a: b"'),
        ("Validation-accuracy/1", "Validation-accuracy/1"),
    ],
)
def test_plain_data_as_one_line(value: object, text: str) -> None:
    assert D.flow(value) == text


def test_every_rule_is_seen_to_speak_and_to_keep_silent() -> None:
    for rule in drift.RULES:
        messages = [row[2] for row in ROWS if row[0] is rule]
        assert None in messages, rule.code
        assert any(messages), rule.code
