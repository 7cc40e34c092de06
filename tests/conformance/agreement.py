"""kgen's verdict beside Katib's, mutant by mutant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from judged import Verdict
from mutants import Mutant

from kgen import rules
from kgen.model.diagnostic import Effect

# What kgen cannot see, and so does not say: the difference stays.
ON_PURPOSE = {
    "configmap-source": "the template is in a ConfigMap of the cluster: what it lacks, kgen does not see",
}
_OF_TEMPLATE = ("Invalid spec.trialTemplate", "Invalid spec.trialTemplate.trialParameters")


class Judged(NamedTuple):
    """A mutant with both verdicts."""

    mutant: Mutant
    katib: Verdict
    kgen: Verdict

    @property
    def difference(self) -> str:
        """Name the difference; "" for none."""
        if self.kgen.refused and not self.katib.refused:
            return "false reject"
        if self.katib.refused and not self.kgen.refused:
            return "" if _is_on_purpose(self) else "false accept"
        if self.katib.admitted and self.katib.admitted != self.kgen.admitted:
            return "admitted otherwise"
        return ""


def _is_on_purpose(judged: Judged) -> bool:
    template = judged.mutant.object.get("spec", {}).get("trialTemplate", {})
    unseen = isinstance(template, dict) and "configMap" in template and not template.get("trialSpec")
    return unseen and all(reason.startswith(_OF_TEMPLATE) for reason in judged.katib.reasons)


def table(judged: Iterable[Judged]) -> str:
    """Say per rule of effect `rejected` how many mutants it refused, and how many of these Katib refuses too."""
    found: Counter[str] = Counter()
    agreed: Counter[str] = Counter()
    differences: Counter[str] = Counter()
    count = 0
    for each in judged:
        count += 1
        differences[each.difference] += 1
        for code in each.kgen.reasons:
            found[code] += 1
            agreed[code] += each.katib.refused
    lines = ["| rule | mutants | refused by Katib too |", "|---|---:|---:|"]
    lines += [f"| {code} | {found[code]} | {agreed[code]} |" for code in mirrored()]
    total = ", ".join(f"{differences[name]} {name}s" for name in ("false accept", "false reject"))
    lines.append(f"\n{count} mutants: {total}, {differences['admitted otherwise']} admitted otherwise")
    return "\n".join(lines)


def mirrored() -> tuple[str, ...]:
    """Give the codes of the rules that mirror a refusal."""
    return tuple(rule.code for rule in rules.ALL if rule.effect is Effect.REJECTED and rule.source != "kgen")
