"""The catalogue: stable codes, a page for each rule, and no rule that the valid manifest breaks."""

from __future__ import annotations

import re

import pytest
from subjects import manifest, run, subject

from kgen import rules
from kgen.rules.rule import Rule, RuleOfAll
from kgen.rules.subject import read

EVERY: tuple[Rule | RuleOfAll, ...] = (*rules.ALL, *rules.OF_ALL)
ODD = (None, True, 0, 1.5, float("nan"), "", "x", "${trialParameters.", [], [None], [[1]], {}, {"a": None}, {"": [{}]})


def test_every_code_is_there_once() -> None:
    codes = [rule.code for rule in EVERY]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("listed", [rules.ALL, rules.OF_ALL], ids=["rules", "rules of all"])
def test_codes_are_in_order(listed: tuple[Rule | RuleOfAll, ...]) -> None:
    codes = [rule.code for rule in listed]
    assert codes == sorted(codes)


@pytest.mark.parametrize("rule", EVERY, ids=lambda rule: rule.code)
def test_every_rule_has_a_page(rule: Rule | RuleOfAll) -> None:
    assert re.fullmatch(r"KG[2-9]\d\d", rule.code)
    first, blank, *rest = rule.docs.split("\n")
    assert first.endswith(".")
    assert blank == ""
    assert re.search(r"^    Bad:  .+\n    Good: .+\n    $", "\n".join(rest), re.MULTILINE)
    assert rule.source == "kgen" or rule.source.startswith(("katib pkg/", "kubernetes pkg/", "https://github.com/"))


@pytest.mark.parametrize("rule", rules.ALL, ids=lambda rule: rule.code)
def test_no_rule_minds_the_valid_manifest(rule: Rule) -> None:
    assert run(rule, subject()) == []


def _paths(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(deeper for key, item in pairs for deeper in _paths(item, (*path, key)))][0 if path else 1 :]


@pytest.mark.parametrize("path", _paths(manifest()), ids=str)
def test_no_rule_raises_whatever_stands_in_a_field(path: tuple[str | int, ...]) -> None:
    for odd in ODD:
        for key, value in (("algorithm", "grid"), ("spec.metricsCollectorSpec.collector.kind", "File")):
            bent = subject({key: value})
            holder = bent.manifest
            for step in path[:-1]:
                holder = holder[step]  # type: ignore[index]
            holder[path[-1]] = odd  # type: ignore[index]
            again = read(bent.manifest, bent.target)
            for rule in rules.ALL:
                list(rule.check(again))
            for of_all in rules.OF_ALL:
                list(of_all.check((again, subject())))
