"""Every rule, by family; the list is the catalogue."""

from kgen.rules import budget, feasible, gitops, job, metrics, parameters, pods, search, trial
from kgen.rules.rule import Rule, RuleOfAll

ALL: tuple[Rule, ...] = (
    *search.RULES,
    *parameters.RULES,
    *feasible.RULES,
    *trial.RULES,
    *job.RULES,
    *pods.RULES,
    *metrics.RULES,
    *budget.RULES,
    *gitops.RULES,
)
OF_ALL: tuple[RuleOfAll, ...] = (*budget.RULES_OF_ALL,)
