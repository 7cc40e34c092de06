"""Rules of a team's own: what breaks in one is that rule's failure, and none of kgen's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from kgen.model.diagnostic import Diagnostic, Finding, InputError, error
from kgen.model.node import Span
from kgen.model.values import text
from kgen.rules.rule import Check, CheckAll, Rule, RuleOfAll
from kgen.rules.subject import Subject

_Any = TypeVar("_Any", Rule, RuleOfAll)
_MOST_WORDS = 200  # characters of an exception's own words


class RuleFailure(InputError):
    """A rule of a team's own raised an exception, or gave something that is no finding.

    `stages.check` reports it at the Experiment, and does not ask the rule again. Whoever asks a rule elsewhere need
    not catch it: it ends the run as wrong input does.
    """

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__((diagnostic,))
        self.diagnostic = diagnostic


def guarded(rule: _Any, package: str, *, trace: bool = False) -> _Any:
    """Give a rule whose exceptions become a RuleFailure, which names the rule, its package and the object.

    With `trace` they are left as they are, for the author of the rule to see where they come from.
    """
    if trace:
        return rule
    if isinstance(rule, Rule):
        return rule._replace(check=_guarded_check(rule, package))
    return rule._replace(check=_guarded_check_all(rule, package))


def _guarded_check(rule: Rule, package: str) -> Check:
    def check(subject: Subject) -> Iterator[Finding]:
        try:
            for finding in rule.check(subject):
                yield _sound(finding)
        except Exception as problem:
            raise RuleFailure(_diagnostic(rule, package, _called(subject), problem)) from problem

    check.__doc__ = rule.check.__doc__
    return check


def _guarded_check_all(rule: RuleOfAll, package: str) -> CheckAll:
    def check(subjects: tuple[Subject, ...]) -> Iterator[tuple[int, Finding]]:
        try:
            for index, finding in rule.check(subjects):
                if type(index) is not int or not 0 <= index < len(subjects):
                    raise TypeError(f"it gave the index {index!r}, and there are {len(subjects)} Experiments")
                yield index, _sound(finding)
        except Exception as problem:
            raise RuleFailure(_diagnostic(rule, package, "the Experiments of the run", problem)) from problem

    check.__doc__ = rule.check.__doc__
    return check


def _sound(finding: object) -> Finding:
    if not isinstance(finding, Finding):
        raise TypeError(f"it gave a {type(finding).__name__}, and no Finding")
    if not isinstance(finding.path, tuple) or not all(isinstance(step, (str, int)) for step in finding.path):
        raise TypeError("the path of a Finding is a tuple of keys and indices")
    if not isinstance(finding.message, str) or not isinstance(finding.help, str):
        raise TypeError("message and help of a Finding are texts")
    return finding


def _called(subject: Subject) -> str:
    metadata = subject.metadata
    names = [text(metadata.get(key)) for key in ("namespace", "name")]
    return f"Experiment `{'/'.join(name for name in names if name)}`"


def _diagnostic(rule: Rule | RuleOfAll, package: str, where: str, problem: Exception) -> Diagnostic:
    message = f"rule {rule.code} of `{package}` failed on {where}: {described(problem)}{_line(problem)}"
    help_ = "mend the rule, or leave it out; KGEN_TRACEBACK=1 shows all of its traceback"
    return error(Span(where.replace("`", ""), 0, 0), rule.code, message, help_)


def described(problem: BaseException) -> str:
    """Give an exception's type and the first of its words."""
    words = str(problem).strip().split("\n")[0][:_MOST_WORDS]
    return f"{type(problem).__name__}: {words}" if words else type(problem).__name__


def _line(problem: Exception) -> str:
    """Say where it was raised, by the name of the file alone."""
    trace = problem.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    file = trace.tb_frame.f_code.co_filename.replace("\\", "/").rsplit("/", 1)[-1]
    return f" ({file}, line {trace.tb_lineno})"
