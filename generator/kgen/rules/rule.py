"""A rule: what holds when all is well, and what is said when it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from kgen.model.diagnostic import Effect, Finding, Severity
from kgen.model.environment import Target
from kgen.rules.subject import Subject
from kgen.rules.traits import When

Check = Callable[[Subject], Iterator[Finding]]
CheckAll = Callable[[tuple[Subject, ...]], Iterator[tuple[int, Finding]]]
CheckObject = Callable[[Mapping[str, Any], Target], Iterator[Finding]]
CheckRun = Callable[[tuple[Mapping[str, Any], ...], tuple[Subject, ...]], Iterator[tuple[int, Finding]]]


_Check = TypeVar("_Check", bound=Callable[..., object])


class _Base(NamedTuple, Generic[_Check]):
    """What every rule is: a check, with what its catalogue entry says."""

    code: str  # stable for ever
    severity: Severity
    effect: Effect
    source: str  # the upstream file it mirrors, or "kgen" where kgen is stricter
    check: _Check
    when: When | None = None  # the Experiments that a Rule is asked of; None for all

    @property
    def docs(self) -> str:
        """The rule's page: its first line says what holds."""
        return self.check.__doc__ or ""


class Rule(_Base[Check]):
    """A check of one Experiment."""

    __slots__ = ()


class RuleOfAll(_Base[CheckAll]):
    """A check that compares the Experiments of an environment; each finding names its index."""

    __slots__ = ()


class RuleOfObject(_Base[CheckObject]):
    """A check of one object that is no Experiment, as it is in its file."""

    __slots__ = ()


class RuleOfRun(_Base[CheckRun]):
    """A check of other objects against the Experiments beside them; each finding names the index of its object."""

    __slots__ = ()


def rule(
    code: str, effect: Effect, source: str, severity: Severity = Severity.ERROR, when: When | None = None
) -> Callable[[Check], Rule]:
    """Make a Rule of a generator function; nothing is registered.

    `when` spares a rule the Experiments that it has nothing to say of: it is asked once for all that are alike in
    their Traits. The check must hold its tongue there by itself as well.
    """
    return lambda check: Rule(code, severity, effect, source, check, when)


def rule_of_all(
    code: str, effect: Effect, source: str, severity: Severity = Severity.ERROR
) -> Callable[[CheckAll], RuleOfAll]:
    """Make a RuleOfAll of a generator function; nothing is registered."""
    return lambda check: RuleOfAll(code, severity, effect, source, check)


def rule_of_object(
    code: str, effect: Effect, source: str, severity: Severity = Severity.ERROR
) -> Callable[[CheckObject], RuleOfObject]:
    """Make a RuleOfObject of a generator function; nothing is registered."""
    return lambda check: RuleOfObject(code, severity, effect, source, check)


def rule_of_run(
    code: str, effect: Effect, source: str, severity: Severity = Severity.ERROR
) -> Callable[[CheckRun], RuleOfRun]:
    """Make a RuleOfRun of a generator function; nothing is registered."""
    return lambda check: RuleOfRun(code, severity, effect, source, check)
