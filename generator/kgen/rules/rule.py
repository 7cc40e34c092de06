"""A rule: what holds when all is well, and what is said when it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from kgen.model.diagnostic import Effect, Finding, Severity
from kgen.rules.subject import Subject

Check = Callable[[Subject], Iterator[Finding]]
CheckAll = Callable[[tuple[Subject, ...]], Iterator[tuple[int, Finding]]]


class Rule(NamedTuple):
    """A check of one Experiment, with what its catalogue entry says."""

    code: str  # stable for ever
    severity: Severity
    effect: Effect
    source: str  # the upstream file it mirrors, or "kgen" where kgen is stricter
    check: Check

    @property
    def docs(self) -> str:
        """The rule's page: its first line says what holds."""
        return self.check.__doc__ or ""


class RuleOfAll(NamedTuple):
    """A check that compares the Experiments of an environment; each finding names its index."""

    code: str
    severity: Severity
    effect: Effect
    source: str
    check: CheckAll

    @property
    def docs(self) -> str:
        """The rule's page: its first line says what holds."""
        return self.check.__doc__ or ""


def rule(code: str, effect: Effect, source: str, severity: Severity = Severity.ERROR) -> Callable[[Check], Rule]:
    """Make a Rule of a generator function; nothing is registered."""
    return lambda check: Rule(code, severity, effect, source, check)


def rule_of_all(
    code: str, effect: Effect, source: str, severity: Severity = Severity.ERROR
) -> Callable[[CheckAll], RuleOfAll]:
    """Make a RuleOfAll of a generator function; nothing is registered."""
    return lambda check: RuleOfAll(code, severity, effect, source, check)
