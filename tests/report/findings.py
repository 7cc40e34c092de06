"""A few diagnostics of every kind, with the files they speak of: what each style is shown with."""

from __future__ import annotations

from collections.abc import Iterator

from kgen.model.diagnostic import Diagnostic, Edit, EditKind, Effect, Finding, Related, Severity
from kgen.model.lint import Counts, Looked, Suppressed
from kgen.model.node import Span
from kgen.report.styles import Report
from kgen.rules.rule import Rule, rule
from kgen.rules.subject import Subject

MANIFEST = "k8s/mnist search.yaml"
OVERLAY = "overlays/prod.yaml"
MNIST = ("Experiment", "team-a", "mnist")

SOURCES = {
    MANIFEST: """\
apiVersion: kubeflow.org/v1beta1
kind: Experiment
metadata: {name: mnist, namespace: team-a}
spec:
  objective:
    goal: 0.99
  algorithm: {algorithmName: 학습} # 日本語
  parameters:
    - name: lr
      feasibleSpace: {min: "0.1", max: "0.05"}
""".encode(),
    OVERLAY: b"experiment:\n\tobjective: {goal: high}\n",
}


@rule("KG402", Effect.STUCK, "katib pkg/webhook/v1beta1/experiment/validator/validator.go")
def bounds_in_order(subject: Subject) -> Iterator[Finding]:
    """feasibleSpace.min lies below feasibleSpace.max.

    The webhook does not compare the two, and the search goes wrong
    on the cluster.

    Bad:  `feasibleSpace: {min: "0.1", max: "0.01"}`
    Good: `feasibleSpace: {min: "0.01", max: "0.1"}`
    """
    yield from ()


@rule("TEAM01", Effect.ADVICE, "kgen", Severity.INFO)
def owner_is_named(subject: Subject) -> Iterator[Finding]:
    """The label `owner` says whom to ask.

    Bad:  no label
    Good: `labels: {owner: vision}`
    """
    yield from ()


RULES: tuple[Rule, ...] = (bounds_in_order, owner_is_named)

BOUNDS = Diagnostic(
    Span(MANIFEST, 10, 28),
    "KG402",
    Severity.ERROR,
    "parameter `lr`: min 0.1 is not below max 0.05",
    "swap the two",
    (Related(Span(MANIFEST, 10, 40), "max"), Related(Span(OVERLAY, 2, 2))),
    Effect.STUCK,
    "spec.parameters[0].feasibleSpace.min",
    MNIST,
    (Edit(EditKind.SET, ("spec", "parameters", 0, "feasibleSpace", "min"), "0.05"),),
)
ALGORITHM = Diagnostic(
    Span(MANIFEST, 7, 30),
    "KG302",
    Severity.WARNING,
    '`학습` is unknown: 100% <odd> & "quoted", a: b',
    "write `random`",
    effect=Effect.REJECTED,
    field="spec.algorithm.algorithmName",
    object=MNIST,
)
OWNER = Diagnostic(
    Span(MANIFEST, 3, 1), "TEAM01", Severity.INFO, "no label `owner`", "add it", effect=Effect.ADVICE, object=MNIST
)
TAB = Diagnostic(Span(OVERLAY, 2, 1), "KG001", Severity.ERROR, "a tab indents this line", "use blanks")
SETTING = Diagnostic(
    Span("--set trials.max", 1, 1), "KG004", Severity.ERROR, "`trials.max` is a text", "write a number"
)
GOAL = BOUNDS._replace(
    span=Span(MANIFEST, 6, 11),
    code="KG215",
    message="`goal` is a text",
    field="spec.objective.goal",
    related=(),
    fix=(),
)
SILENT = Suppressed(GOAL, "the dashboard wants it so", Span(MANIFEST, 6, 16), in_source=True)
ABROAD = Suppressed(
    OWNER._replace(span=Span(OVERLAY, 1, 1)), "nobody owns it", Span("kgen.yaml", 3, 14), in_source=False
)

REPORT = Report(
    (OWNER, ALGORITHM, BOUNDS, TAB, SETTING),
    (SILENT, ABROAD),
    (Looked(Span(MANIFEST, 1, 1), MNIST), Looked(Span("k8s/clean.yaml", 1, 1), ("Experiment", "", "iris"))),
    Counts(files=3, objects=2, experiments=2, passed_over=1, suppressed=2),
    SOURCES,
    RULES,
    Severity.WARNING,
    version="1.2.3",
)
