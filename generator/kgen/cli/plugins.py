"""Rules of a team's own, by the entry points `kgen.rules` of what is installed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from kgen.model.codes import CODES
from kgen.model.diagnostic import Diagnostic, Effect, InputError, Severity, error
from kgen.model.node import Node, Span, text_of
from kgen.model.words import suggestion
from kgen.pipeline.law import KGENS, Law
from kgen.rules.own import described, guarded
from kgen.rules.rule import Rule, RuleOfAll

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "kgen.rules"
CANNOT_LOAD = "KG016"
_CODE = re.compile(r"[A-Z][A-Z_-]{0,20}\d{1,5}")
_OWN_PREFIX = "KG"
_COMMAND_LINE = Span("--rules", 0, 0)


class _Package(NamedTuple):
    """An entry point that is asked for."""

    name: str
    span: Span  # of the name, in kgen.yaml or on the command line
    called: str  # `acme` of acme-rules 1.0


def load(named: Iterable[Node], asked: Iterable[str] = ()) -> Law:
    """Give kgen's law with the rules of the packages that are named, in kgen.yaml and on the command line.

    Raises:
        InputError: one of them is not installed, cannot be imported, or holds something that is no rule (KG016).
    """
    wanted = {text_of(node): node.span for node in named}
    wanted |= {name: _COMMAND_LINE for name in asked if name not in wanted}
    problems: list[Diagnostic] = []
    own = _Own(problems)
    installed = _installed() if wanted else {}
    for name, span in wanted.items():
        point = _find(name, span, installed, problems)
        if point is not None:
            package = _Package(name, span, _called(point))
            own.take(package, _imported(point, package, problems))
    if problems:
        raise InputError(problems)
    return KGENS._replace(rules=(*KGENS.rules, *own.rules), of_all=(*KGENS.of_all, *own.of_all))


def _installed() -> dict[str, list[EntryPoint]]:
    from importlib.metadata import entry_points  # noqa: PLC0415 - 20 ms that most runs need not pay

    out: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=GROUP):
        known = out.setdefault(point.name, [])
        if point not in known:  # one distribution can be on the path twice
            known.append(point)
    return out


def _find(
    name: str, span: Span, installed: Mapping[str, list[EntryPoint]], problems: list[Diagnostic]
) -> EntryPoint | None:
    points = installed.get(name, [])
    if len(points) == 1:
        return points[0]
    if points:
        message = f"several packages call their rules `{name}`: {', '.join(map(_called, points))}"
        problems.append(error(span, CANNOT_LOAD, message, "uninstall all but one"))
    else:
        message = f"no installed package has rules named `{name}` (entry point group `{GROUP}`)"
        help_ = (
            suggestion(name, sorted(installed)) if installed else "install the package beside kgen; there is none yet"
        )
        problems.append(error(span, CANNOT_LOAD, message, help_))
    return None


def _called(point: EntryPoint) -> str:
    made_by = f" of {point.dist.name} {point.dist.version}" if point.dist is not None else ""
    return f"`{point.name}`{made_by}"


def _imported(point: EntryPoint, package: _Package, problems: list[Diagnostic]) -> object:
    try:
        return point.load()
    except (Exception, SystemExit) as problem:
        if os.environ.get("KGEN_TRACEBACK"):
            raise
        message = f"the rules {package.called} cannot be imported: {described(problem)}"
        help_ = f"mend `{point.value}`, which the entry point names; KGEN_TRACEBACK=1 shows its traceback"
        problems.append(error(package.span, CANNOT_LOAD, message, help_))
        return None


class _Own:
    """Gathers the rules of packages, and what is wrong with them."""

    def __init__(self, problems: list[Diagnostic]) -> None:
        self._problems = problems
        self._seen: dict[str, str] = dict.fromkeys((*CODES, *KGENS.codes), "kgen")
        self.rules: list[Rule] = []
        self.of_all: list[RuleOfAll] = []

    def take(self, package: _Package, holder: object) -> None:
        """Take the RULES and RULES_OF_ALL of a module, or of an object; None is one that was not imported."""
        if holder is None:
            return
        given = {name: getattr(holder, name, None) for name in ("RULES", "RULES_OF_ALL")}
        if all(value is None for value in given.values()):
            message = f"{package.called} has no `RULES`"
            self._refuse(package, message, "define `RULES = (my_rule,)` in the module that the entry point names")
        trace = bool(os.environ.get("KGEN_TRACEBACK"))
        self.rules += [guarded(r, package.name, trace=trace) for r in self._sound(package, given, "RULES", Rule)]
        of_all = self._sound(package, given, "RULES_OF_ALL", RuleOfAll)
        self.of_all += [guarded(r, package.name, trace=trace) for r in of_all]

    def _sound(self, package: _Package, given: Mapping[str, object], name: str, type_: type[Any]) -> Iterator[Any]:
        listed = given[name]
        if listed is None:
            return
        if not isinstance(listed, (tuple, list)) or isinstance(listed, (Rule, RuleOfAll)):
            self._refuse(package, f"`{name}` of {package.called} is no tuple", f"write `{name} = (my_rule,)`")
            return
        for index, rule in enumerate(listed):
            wrong = self._wrong(rule, name, type_) or self._wrong_code(rule, package)
            if wrong is None:
                yield rule
            else:
                what, help_ = wrong
                self._refuse(package, f"`{name}[{index}]` of {package.called} {what}", help_)

    def _wrong(self, rule: Any, name: str, type_: type[Any]) -> tuple[str, str] | None:
        """Say what is wrong with what stands in RULES, and the mend."""
        if not isinstance(rule, type_):
            other = {"RULES": (RuleOfAll, "RULES_OF_ALL"), "RULES_OF_ALL": (Rule, "RULES")}[name]
            if isinstance(rule, other[0]):
                return f"is a {type(rule).__name__}", f"put it in `{other[1]}`"
            decorator = "@rule(...)" if type_ is Rule else "@rule_of_all(...)"
            return f"is a {type(rule).__name__}, and no rule", f"put `{decorator}` of kgen.rules.api over the function"
        if not isinstance(rule.severity, Severity) or not isinstance(rule.effect, Effect):
            return "has a severity or an effect that is none", "give `Severity.WARNING` and `Effect.ADVICE`, or others"
        if not callable(rule.check) or not rule.docs.strip():
            return "has no page", "give its function a docstring, whose first line says what holds when all is well"
        return None

    def _wrong_code(self, rule: Any, package: _Package) -> tuple[str, str] | None:
        code = rule.code
        if not isinstance(code, str) or _CODE.fullmatch(code) is None:
            return f"has the code {code!r}", "write capital letters and a number, such as ACME001"
        if code.startswith(_OWN_PREFIX):
            return f"has the code `{code}`, and codes that begin with KG are kgen's", "choose another prefix"
        other = self._seen.setdefault(code, package.called)
        if other != package.called:
            return f"has the code `{code}`, which {other} has too", "choose another code"
        self._seen[code] = f"{package.called} itself"
        return None

    def _refuse(self, package: _Package, message: str, help_: str) -> None:
        self._problems.append(error(package.span, CANNOT_LOAD, message, help_))
