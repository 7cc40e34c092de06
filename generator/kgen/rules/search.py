"""placeholder"""

from kgen.rules.rule import Rule, RuleOfAll

RULES: tuple[Rule, ...] = ()
RULES_OF_ALL: tuple[RuleOfAll, ...] = ()
