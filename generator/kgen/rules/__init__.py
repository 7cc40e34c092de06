"""Every rule, by family; the list is the catalogue."""

from kgen.rules import budget, metrics, parameters, search, trial
from kgen.rules.rule import Rule, RuleOfAll

ALL: tuple[Rule, ...] = (
    *search.RULES,
    *parameters.RULES,
    *trial.RULES,
    *metrics.RULES,
    *budget.RULES,
)
OF_ALL: tuple[RuleOfAll, ...] = (*budget.RULES_OF_ALL,)
