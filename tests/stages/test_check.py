"""Experiments go through the rules in blocks; nothing that is said shows it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from subjects import subject, traits_of

from kgen.model.diagnostic import Effect, Finding, Severity
from kgen.model.node import NOWHERE, Span, make
from kgen.rules.own import guarded
from kgen.rules.rule import Rule, RuleOfAll
from kgen.rules.subject import Subject
from kgen.rules.traits import alike
from kgen.stages import check as stage
from kgen.stages.check import Asked, Case, check, in_blocks

MANY = 100  # more than a block


def case(number: int, parallel: int = 3) -> Case:
    of = subject({"metadata.name": f"e{number}", "spec.parallelTrialCount": parallel})
    return Case(of, make(of.manifest, NOWHERE), Span(f"{number:03}.yaml", 1, 1))


def named(of: Subject) -> Iterator[Finding]:
    yield Finding(("metadata", "name"), of.metadata["name"], "")


def rule(code: str, says: object = named, **more: object) -> Rule:
    return Rule(code, Severity.INFO, Effect.ADVICE, "acme", says, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [1, 3, 32, 1000])
def test_every_experiment_is_asked_in_blocks_of_any_size(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "_BLOCK", size)
    odd = rule("A2", when=lambda traits: "counts" in traits.odd)
    cases = [case(number, parallel=99 if number % 3 == 0 else 3) for number in range(MANY)]
    found, subjects = check(iter(cases), (rule("A1"), odd), ())
    assert [d.message for d in found if d.code == "A1"] == [f"e{number}" for number in range(MANY)]
    assert [d.message for d in found if d.code == "A2"] == [f"e{number}" for number in range(0, MANY, 3)]
    assert [each.metadata["name"] for each in subjects] == [f"e{number}" for number in range(MANY)]


def test_an_own_rule_that_fails_is_not_asked_again_in_a_later_block() -> None:
    asked: list[str] = []

    def breaks(of: Subject) -> Iterator[Finding]:
        asked.append(of.metadata["name"])
        yield from named(of)
        if len(asked) == 2:
            raise ValueError("no")

    of_all = RuleOfAll(
        "A3", Severity.INFO, Effect.ADVICE, "acme", lambda all_: iter([(len(all_) - 1, Finding((), "last", ""))])
    )
    own = guarded(rule("A1", breaks), "acme")
    found = check([case(number) for number in range(MANY)], (own, rule("A2")), (of_all,)).diagnostics
    assert asked == ["e0", "e1"]
    assert [d.message for d in found if d.code == "A1" and d.severity is Severity.INFO] == ["e0", "e1"]
    (failure,) = [d for d in found if d.severity is Severity.ERROR]
    assert failure.message.startswith("rule A1 of `acme` failed on Experiment `ns/e1`: ValueError: no")
    assert len([d for d in found if d.code == "A2"]) == MANY, "the others are"
    assert [(d.code, d.span.file) for d in found if d.message == "last"] == [("A3", "099.yaml")]


def test_of_two_rules_that_are_equal_each_is_asked_until_it_fails() -> None:
    asked: list[str] = []

    def breaks(of: Subject) -> Iterator[Finding]:
        asked.append(of.metadata["name"])
        raise ValueError("no")

    own = guarded(rule("A1", breaks), "acme")
    twin = own._replace()
    assert twin == own
    check([case(number) for number in range(MANY)], (own, twin), ())
    assert asked == ["e0", "e0"]


def test_those_that_are_alike_are_sorted_out_together() -> None:
    subjects = [case(number, parallel=99 if number == 1 else 3).subject for number in range(4)]
    assert alike(subjects) == {traits_of(subjects[0]): [0, 2, 3], traits_of(subjects[1]): [1]}
    both = rule("A1", when=lambda traits: True)
    assert list(Asked((both,)).of(subjects)) == [(both, [0, 1, 2, 3])]
    assert list(Asked((both,)).of([])) == []


def test_blocks_hold_all_in_order() -> None:
    assert [each for block in in_blocks(range(MANY)) for each in block] == list(range(MANY))
    assert list(in_blocks([])) == []
