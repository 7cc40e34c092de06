"""What manifests are held against."""

from __future__ import annotations

from typing import NamedTuple

from kgen.model.codes import CODES
from kgen.rules import ALL, OBJECTS, OF_ALL, OF_RUN
from kgen.rules.rule import Rule, RuleOfAll, RuleOfObject, RuleOfRun


class Law(NamedTuple):
    """The rules that are asked: kgen's, and of Experiments those of a team's own."""

    rules: tuple[Rule, ...] = ALL
    of_all: tuple[RuleOfAll, ...] = OF_ALL
    objects: tuple[RuleOfObject, ...] = OBJECTS
    of_run: tuple[RuleOfRun, ...] = OF_RUN

    @property
    def codes(self) -> frozenset[str]:
        """Every code that a diagnostic can have."""
        return frozenset((*CODES, *(rule.code for rule in self.every)))

    @property
    def every(self) -> tuple[Rule | RuleOfAll | RuleOfObject | RuleOfRun, ...]:
        """All of them."""
        return (*self.rules, *self.of_all, *self.objects, *self.of_run)


KGENS = Law()
