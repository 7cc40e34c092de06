"""Objects and rules to diagnostics, each at the place that caused it, in one total order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from kgen.model.diagnostic import Diagnostic, Finding, Related, Severity
from kgen.model.environment import Target
from kgen.model.node import FieldPath, Node, Span, get, object_of, path_text, plain
from kgen.rules.own import RuleFailure
from kgen.rules.rule import Rule, RuleOfAll, RuleOfObject, RuleOfRun
from kgen.rules.subject import Subject
from kgen.rules.traits import Traits, traits_of


class Case(NamedTuple):
    """An Experiment to check, and where its fields are written."""

    subject: Subject
    tree: Node  # what has the places: of a manifest written by hand, as it is in the file
    place: Span  # for a finding on a field that nobody wrote
    within: FieldPath = ()  # where it lies in its document


def check(cases: tuple[Case, ...], rules: Iterable[Rule], of_all: Iterable[RuleOfAll]) -> tuple[Diagnostic, ...]:
    """Hold every Experiment against every rule; one of a team's own that fails is not asked again."""
    asked = Asked(tuple(rules))
    found: list[Diagnostic] = []
    for case in cases:
        subject = case.subject
        for rule in asked.of(subject):
            try:
                for finding in rule.check(subject):
                    found.append(_placed(finding, case, rule))
            except RuleFailure as failure:
                found.append(_failed(failure, case))
                asked.drop(rule)
    subjects = tuple(case.subject for case in cases)
    for of in of_all:
        try:
            found.extend(_placed(finding, cases[index], of) for index, finding in of.check(subjects))
        except RuleFailure as failure:
            found.append(_failed(failure, cases[0]) if cases else failure.diagnostic)
    return tuple(sorted(set(found), key=lambda d: d.order))


class Asked:
    """The rules that are asked of Experiments, sorted out once for all that are alike."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._rules = rules
        self._whens = {rule.when for rule in rules if rule.when is not None}  # most are those of many rules
        self._of: dict[Traits, tuple[Rule, ...]] = {}

    def of(self, subject: Subject) -> tuple[Rule, ...]:
        """Give the rules that may have something to say of an Experiment."""
        traits = traits_of(subject)
        known = self._of.get(traits)
        if known is None:
            said = {when: when(traits) for when in self._whens}
            known = self._of[traits] = tuple([r for r in self._rules if r.when is None or said[r.when]])
        return known

    def drop(self, rule: Rule) -> None:
        """Ask a rule no more."""
        self._rules = tuple(r for r in self._rules if r is not rule)
        self._of = {}


def _failed(failure: RuleFailure, case: Case) -> Diagnostic:
    return failure.diagnostic._replace(span=case.place, object=object_of(case.tree))


class Thing(NamedTuple):
    """Any other object, where its fields are written."""

    tree: Node
    within: FieldPath = ()  # where it lies in its document


def check_things(
    things: tuple[Thing, ...],
    cases: tuple[Case, ...],
    target: Target,
    rules: Iterable[RuleOfObject],
    of_run: Iterable[RuleOfRun],
) -> tuple[Diagnostic, ...]:
    """Hold objects that are no Experiments against their rules, each alone and beside the Experiments."""
    if not things:
        return ()
    objects = tuple(_mapping(thing.tree) for thing in things)
    listed = tuple(rules)
    found = [
        _of_thing(finding, thing, rule)
        for thing, obj in zip(things, objects, strict=True)
        for rule in listed
        for finding in rule.check(obj, target)
    ]
    subjects = tuple(case.subject for case in cases)
    for rule in of_run:
        found.extend(_of_thing(finding, things[index], rule) for index, finding in rule.check(objects, subjects))
    return tuple(sorted(set(found), key=lambda d: d.order))


def _mapping(tree: Node) -> Mapping[str, Any]:
    out = plain(tree)
    return out if isinstance(out, dict) else {}


def _of_thing(finding: Finding, thing: Thing, rule: RuleOfObject | RuleOfRun) -> Diagnostic:
    found = place(finding, rule.code, thing.tree, thing.tree.span, thing.within)
    return found._replace(severity=rule.severity, effect=rule.effect)


def _placed(finding: Finding, case: Case, rule: Rule | RuleOfAll) -> Diagnostic:
    return place(finding, rule.code, case.tree, case.place, case.within)._replace(
        severity=rule.severity, effect=rule.effect
    )


def place(finding: Finding, code: str, tree: Node, fallback: Span, within: FieldPath = ()) -> Diagnostic:
    """Give a finding its place in a file; the severity is the caller's to set."""
    return Diagnostic(
        span=origin(tree, finding.path) or fallback,
        code=code,
        severity=Severity.ERROR,
        message=finding.message,
        help=finding.help,
        related=tuple(Related(span) for path in finding.related if (span := origin(tree, path)) is not None),
        field=path_text(finding.path),
        object=object_of(tree),
        fix=tuple(
            edit._replace(path=(*within, *edit.path), to=(*within, *edit.to) if edit.to else ()) for edit in finding.fix
        ),
    )


def origin(tree: Node, path: FieldPath) -> Span | None:
    """Find the place that caused a field: its own, or its parent's where nobody wrote it."""
    for end in range(len(path), -1, -1):
        node = get(tree, *path[:end])
        if node is not None and node.span.line:
            return node.span
    return None
