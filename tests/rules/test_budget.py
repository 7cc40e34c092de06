"""KG7xx and KG8xx, a row a case: what is said, or that nothing is."""

from __future__ import annotations

import pytest
from subjects import DELETE, run, subject

from kgen.model.node import path_text
from kgen.rules import budget, gitops
from kgen.rules.rule import Rule, RuleOfAll
from kgen.rules.subject import Subject

B = budget


def _name(name: str, algorithm: str = "random", base: str = "", katib: str = "0.19", namespace: str = "ns") -> Subject:
    changes = {"metadata.name": name, "metadata.namespace": namespace, "algorithm": algorithm}
    return subject(changes, base=base, katib=katib)


def _counts(**counts: object) -> Subject:
    return subject({f"spec.{key}": value for key, value in counts.items()})


def _labels(**labels: object) -> Subject:
    return subject({"metadata.labels": labels})


ROWS = [
    (
        B.name_is_admitted,
        _name("2nd"),
        "metadata.name: name `2nd` does not begin with a small letter",
        "a digit first",
    ),
    (B.name_is_admitted, subject({"metadata.name": DELETE}), "metadata.name: the Experiment has no name", "no name"),
    (
        B.name_is_admitted,
        _name("a" * 41),
        f"metadata.name: name `{'a' * 41}` has 41 characters: Katib takes 40",
        "too long",
    ),
    (
        B.name_is_admitted,
        _name("a" * 32 + "-0123abcd", base="a" * 32),
        f"metadata.name: name `{'a' * 32}-0123abcd` has 41 characters, 9 of them the hash of `naming: hashed`: "
        "Katib takes 40",
        "too long with its hash",
    ),
    (B.name_is_admitted, _name("a" * 40), None, "just right"),
    (B.name_is_admitted, _name("a" * 41, katib="0.17"), None, "0.17 does not count"),
    (
        B.name_makes_a_service,
        _name("a.b"),
        "metadata.name: name `a.b` cannot be part of a Service's name",
        "a dot",
    ),
    (B.name_makes_a_service, _name("a-b2"), None, "a hyphen and a digit"),
    (
        B.name_leaves_room_for_pbt,
        _name("a" * 27, "pbt"),
        f"metadata.name: name `{'a' * 27}` has 27 characters: the trials of pbt leave it 26",
        "too long for pbt",
    ),
    (B.name_leaves_room_for_pbt, _name("a" * 26, "pbt"), None, "just right for pbt"),
    (
        B.service_name_fits,
        _name("a" * 40, "b" * 23),
        f"metadata.name: name `{'a' * 40}` has 40 characters: its Service would be `{'a' * 40}-{'b' * 23}`, of 64, "
        "and 63 are allowed",
        "a long algorithm",
    ),
    (B.service_name_fits, _name("a" * 42, "bayesianoptimization"), None, "63 characters"),
    (B.counts_are_counts, _counts(maxTrialCount=0), "spec.maxTrialCount: maxTrialCount is 0", "none at all"),
    (
        B.counts_are_counts,
        _counts(parallelTrialCount="3"),
        "spec.parallelTrialCount: parallelTrialCount is `3`, which is no whole number",
        "a text",
    ),
    (B.counts_are_counts, _counts(maxFailedTrialCount=0, maxTrialCount=2**31 - 1), None, "the ends of the range"),
    (
        B.parallel_within_max,
        _counts(maxTrialCount=2),
        "spec.parallelTrialCount: parallelTrialCount 3 is more than maxTrialCount 2",
        "more at once than in all",
    ),
    (B.parallel_within_max, _counts(maxTrialCount=3), None, "all at once"),
    (
        B.failed_within_max,
        _counts(maxFailedTrialCount=13),
        "spec.maxFailedTrialCount: maxFailedTrialCount 13 is more than maxTrialCount 12",
        "more failures than trials",
    ),
    (B.failed_within_max, _counts(maxFailedTrialCount=12), None, "all may fail"),
    (
        B.budget_is_given,
        _counts(maxTrialCount=DELETE),
        "spec.maxTrialCount: maxTrialCount is missing: the Experiment makes trials without end",
        "no end",
    ),
    (B.budget_is_given, _counts(maxTrialCount=1), None, "an end"),
    (
        B.labels_are_legal,
        _labels(purpose="a b"),
        "metadata.labels.purpose: the value of label `purpose` is `a b`: Kubernetes refuses it",
        "a blank",
    ),
    (
        B.labels_are_legal,
        _labels(a="x" * 64),
        "metadata.labels.a: the value of label `a` has 64 characters: Kubernetes refuses it",
        "64 characters",
    ),
    (B.labels_are_legal, _labels(a=1), "metadata.labels.a: label `a` is 1, and not a text", "a number"),
    (
        B.labels_are_legal,
        _labels(**{"A/b": "x"}),
        'metadata.labels["A/b"]: `A/b` is no legal label name',
        "a capital domain",
    ),
    (B.labels_are_legal, _labels(**{"a.b/C_d": "", "e": "x" * 63}), None, "empty, and 63 characters"),
    (
        gitops.labels_are_inert,
        _labels(**{"kueue.x-k8s.io/queue-name": "a"}),
        'metadata.labels["kueue.x-k8s.io/queue-name"]: label `kueue.x-k8s.io/queue-name` of the Experiment is copied '
        "to the pods of its suggestion and its trials",
        "a queue",
    ),
    (gitops.labels_are_inert, _labels(team="vision"), None, "a team"),
]


@pytest.mark.parametrize(
    ("rule", "on", "message"), [pytest.param(*row[:3], id=f"{row[0].code} {row[3]}") for row in ROWS]
)
def test_budget(rule: Rule, on: Subject, message: str | None) -> None:
    assert run(rule, on) == ([] if message is None else [message])


def test_help_leaves_room_for_the_hash() -> None:
    (finding,) = B.name_is_admitted.check(_name("a" * 32 + "-0123abcd", base="a" * 32))
    assert finding.help == "shorten `name` to 31 characters or less"


@pytest.mark.parametrize(
    ("rule", "subjects", "expected"),
    [
        pytest.param(
            B.names_are_unique,
            (_name("a"), _name("b"), _name("a", "tpe")),
            [(2, "metadata.name: two Experiments are named `a` in namespace `ns`")],
            id="one name twice",
        ),
        pytest.param(B.names_are_unique, (_name("a"), _name("a", namespace="other")), [], id="two namespaces"),
        pytest.param(
            B.services_are_unique,
            (_name("foo", "multivariate-tpe"), _name("foo-multivariate", "tpe")),
            [
                (
                    1,
                    "metadata.name: Experiments `foo` and `foo-multivariate` both want the Service "
                    "`foo-multivariate-tpe`",
                )
            ],
            id="one Service twice",
        ),
        pytest.param(
            B.services_are_unique, (_name("foo", "tpe"), _name("foo-multivariate", "tpe")), [], id="two Services"
        ),
        pytest.param(B.services_are_unique, (_name("a"), _name("a")), [], id="one name is KG710"),
        pytest.param(B.names_are_unique, (), [], id="nothing"),
    ],
)
def test_of_all(rule: RuleOfAll, subjects: tuple[Subject, ...], expected: list[tuple[int, str]]) -> None:
    assert [(at, f"{path_text(f.path)}: {f.message}") for at, f in rule.check(subjects)] == expected


def test_every_rule_is_seen_to_speak_and_to_keep_silent() -> None:
    for rule in (*budget.RULES, *gitops.RULES):
        messages = [row[2] for row in ROWS if row[0] is rule]
        assert None in messages, rule.code
        assert any(messages), rule.code
