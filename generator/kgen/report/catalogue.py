"""Every code as a document for people."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

from kgen.rules.rule import Rule, RuleOfAll

_EFFECTS = {
    "rejected": "the API server or Katib's webhook refuses the object",
    "failed": "admitted; a service refuses it and the Experiment fails",
    "stuck": "admitted; never makes progress, never says so",
    "no-pod": "a trial's object or pod is refused or never starts",
    "no-metrics": "trials run, the objective never arrives",
    "drift": "Git and cluster never agree, or a sync cannot succeed",
    "advice": "it works; kgen minds",
}


def headline(rule: Rule | RuleOfAll) -> str:
    """Give what holds when all is well."""
    return inspect.cleandoc(rule.docs).splitlines()[0]


def render(rules: tuple[Rule | RuleOfAll, ...], codes: Mapping[str, str]) -> str:
    """Write the catalogue: what stops kgen itself, then every rule with its examples."""
    out = ["# What kgen objects to\n", "`kgen rule CODE` prints one entry.\n", "## Files and layers\n"]
    out.append("Always errors: kgen cannot make manifests of such input.\n\n| code | what is wrong |\n|---|---|")
    out.extend(f"| {code} | {meaning} |" for code, meaning in codes.items())
    out.append("\n## Rules\n\nEach says what holds when all is well. The effect is what happens if nobody listens:\n")
    out.append("| effect | what happens |\n|---|---|")
    out.extend(f"| {effect} | {meaning} |" for effect, meaning in _EFFECTS.items())
    for rule in rules:
        title, _, body = inspect.cleandoc(rule.docs).partition("\n")
        out.append(f"\n### {rule.code}: {title}\n\n{rule.severity}, {rule.effect}; source: {rule.source}\n{body}")
    return "\n".join(out) + "\n"
