"""Search specs in a valid trial, and whether what kgen says of them agrees with what a service did."""

from __future__ import annotations

from typing import Any

from subjects import manifest, said

from kgen import rules
from kgen.katib.v1beta1 import NAS_ASSIGNMENTS
from kgen.model.diagnostic import Effect, Severity
from kgen.model.environment import Target
from kgen.rules.subject import Subject, read

FAMILIES = ("KG30", "KG31", "KG32", "KG33", "KG34", "KG4")
SEARCH = tuple(rule for rule in rules.ALL if rule.code.startswith(FAMILIES) and rule.severity is Severity.ERROR)
WORKS, REFUSED = "accepted", "invalid"


def wrapped(given: dict[str, Any], katib: str = "0.19") -> Subject:
    """A search spec with all that a trial needs: one trialParameters entry for each parameter."""
    out, spec = manifest(), given["spec"]
    for key in ("parameters", "maxTrialCount", "maxFailedTrialCount"):
        del out["spec"][key]
    name = spec["algorithm"]["algorithmName"]
    out["spec"] |= {key: value for key, value in spec.items() if value is not None}
    out["spec"]["resumePolicy"] = "FromVolume" if name == "pbt" else "Never"
    names = dict.fromkeys(p["name"] for p in spec.get("parameters") or []) or NAS_ASSIGNMENTS.get(name, ())
    entries = [{"name": f"p{index}", "reference": given or "e"} for index, given in enumerate(names)]
    out["spec"]["trialTemplate"]["trialParameters"] = entries
    return read(out, Target(katib=katib))


def errors(subject: Subject) -> dict[str, list[str]]:
    """What errors of the search say, by effect; `failed` and `stuck` are always there."""
    out: dict[str, list[str]] = {"failed": [], "stuck": []}
    for rule in SEARCH:
        found = said(list(rule.check(subject)))
        if found:
            out.setdefault(rule.effect.value, []).extend(f"{rule.code} {text}" for text in found)
    return out


def agrees(outcome: str, subject: Subject) -> bool:
    """Whether the errors are those that the outcome calls for: none, failed, or stuck and not failed."""
    found = errors(subject)
    if outcome == REFUSED:
        return bool(found[Effect.FAILED])
    return not found[Effect.FAILED] and bool(found[Effect.STUCK]) is (outcome != WORKS)
