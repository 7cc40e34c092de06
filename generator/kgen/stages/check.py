"""Objects and rules to diagnostics, each at the place that caused it, in one total order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple, TypeVar

from kgen.model.diagnostic import Diagnostic, Finding, Related, Severity
from kgen.model.environment import Target
from kgen.model.node import FieldPath, Node, Plain, Span, get, object_of, path_text
from kgen.model.values import mapping
from kgen.rules.own import RuleFailure
from kgen.rules.rule import Rule, RuleOfAll, RuleOfObject, RuleOfRun
from kgen.rules.subject import Subject
from kgen.rules.traits import Traits, When, alike

_BLOCK = 32  # Experiments; of many more the data does not stay in the processor's cache, of fewer the code
_T = TypeVar("_T")


class Case(NamedTuple):
    """An Experiment to check, and where its fields are written."""

    subject: Subject
    tree: Node  # what has the places: of a manifest written by hand, as it is in the file
    place: Span  # for a finding on a field that nobody wrote
    within: FieldPath = ()  # where it lies in its document


class Checked(NamedTuple):
    """What was said of Experiments, and these as rules saw them."""

    diagnostics: tuple[Diagnostic, ...]
    subjects: tuple[Subject, ...]


def check(cases: Iterable[Case], rules: Iterable[Rule], of_all: Iterable[RuleOfAll]) -> Checked:
    """Hold every Experiment against every rule; one of a team's own that fails is not asked again."""
    asked = Asked(rules)
    held: list[Case] = []
    found: list[Diagnostic] = []
    for block in in_blocks(cases):
        held += block
        found += _check(block, asked)
    subjects = tuple([case.subject for case in held])
    for of in of_all:
        try:
            found.extend(_placed(finding, held[index], of) for index, finding in of.check(subjects))
        except RuleFailure as failure:
            found.append(_failed(failure, held[0]) if held else failure.diagnostic)
    return Checked(tuple(sorted(set(found), key=lambda d: d.order)), subjects)


def in_blocks(given: Iterable[_T]) -> Iterator[tuple[_T, ...]]:
    """Take things in blocks, each of which goes through all steps before the next: what it needs then stays at hand."""
    pending = iter(given)
    return iter(lambda: tuple(islice(pending, _BLOCK)), ())


def _check(cases: tuple[Case, ...], asked: Asked) -> Iterator[Diagnostic]:
    for rule, indices in asked.of([case.subject for case in cases]):
        for index in indices:
            case = cases[index]
            try:
                for finding in rule.check(case.subject):
                    yield _placed(finding, case, rule)
            except RuleFailure as failure:
                asked.drop(rule)
                yield _failed(failure, case)
                break


class Asked:
    """The rules that are asked of Experiments, sorted out once for all that are alike."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)
        self._by_when: dict[When | None, list[int]] = {}  # most are those of many rules
        for at, rule in enumerate(self._rules):
            self._by_when.setdefault(rule.when, []).append(at)
        self._known: dict[Traits, list[int]] = {}
        self._dropped: set[int] = set()

    def of(self, subjects: Sequence[Subject]) -> Iterator[tuple[Rule, list[int]]]:
        """Yield each rule that may have something to say of Experiments, with their indices in order.

        Rule by rule: to ask one of all Experiments, and then the next, takes less time than all of each.
        """
        asked: dict[int, list[int]] = {}
        for traits, indices in alike(subjects).items():
            known = self._known.get(traits)
            if known is None:
                said = [all_ for when, all_ in self._by_when.items() if when is None or when(traits)]
                known = self._known[traits] = [at for all_ in said for at in all_]
            for at in known:
                asked.setdefault(at, []).extend(indices)
        for at, indices in asked.items():
            if at not in self._dropped:
                yield self._rules[at], sorted(indices)

    def drop(self, rule: Rule) -> None:
        """Ask a rule no more."""
        self._dropped.update(at for at, each in enumerate(self._rules) if each is rule)


def _failed(failure: RuleFailure, case: Case) -> Diagnostic:
    return failure.diagnostic._replace(span=case.place, object=object_of(case.tree))


class Thing(NamedTuple):
    """Any other object, where its fields are written."""

    tree: Node
    plain: Plain  # the same without places
    within: FieldPath = ()  # where it lies in its document


def check_things(
    things: tuple[Thing, ...],
    subjects: tuple[Subject, ...],
    target: Target,
    rules: Iterable[RuleOfObject],
    of_run: Iterable[RuleOfRun],
) -> tuple[Diagnostic, ...]:
    """Hold objects that are no Experiments against their rules, each alone and beside the Experiments."""
    if not things:
        return ()
    objects = tuple(mapping(thing.plain) for thing in things)
    listed = tuple(rules)
    found = [
        _of_thing(finding, thing, rule)
        for thing, obj in zip(things, objects, strict=True)
        for rule in listed
        for finding in rule.check(obj, target)
    ]
    for rule in of_run:
        found.extend(_of_thing(finding, things[index], rule) for index, finding in rule.check(objects, subjects))
    return tuple(sorted(set(found), key=lambda d: d.order))


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
