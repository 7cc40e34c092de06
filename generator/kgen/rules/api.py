"""What rules of one's own are written with; docs/own-rules.md has the how.

This module is stable: a name in `__all__` keeps its meaning within a major version of kgen, and nothing else of
kgen is promised. A rule is a generator function of a `Subject`, which is an Experiment as the API server would
hold it, with the parts that rules ask for read once:

- `rule(code, effect, source, severity)` makes a `Rule` of a function `(subject) -> Iterator[Finding]`;
- `rule_of_all(code, effect, source, severity)` makes a `RuleOfAll` of a function `(subjects) -> Iterator[(index,
  Finding)]`, which compares all Experiments of a run;
- `Finding(path, message, help, related, fix)` is what a rule says: the path of a field as a tuple of keys and
  indices, what is wrong, what to write instead, other fields that matter, and `Edit`s where there is one right
  answer;
- `Severity` is ERROR, WARNING or INFO, and `Effect` what happens if nobody listens: a team's own laws are ADVICE;
- `Subject` has `manifest`, `given` (as it is in the file), `spec`, `algorithm`, `collector`, `parameters`
  (`Space`), `entries` of trialParameters (`Entry`), `template`, `trial` (the trialSpec), `pods` (the spec of each
  pod template with its path in the trial), `target` (versions), `policies`, and `plain` (a manifest written by
  hand);
- `text`, `mapping`, `listed`, `count` and `number` read plain data of any shape: what is of another type is empty,
  so that a rule raises on nothing;
- `containers` yields every container with its path in the Experiment, `gpus` counts the GPUs of a trial;
- `mend` chooses between the words for a compact spec and those for a manifest;
- `subject_of` makes a Subject of a manifest, for tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kgen.model.diagnostic import Edit, EditKind, Effect, Finding, Severity
from kgen.model.environment import Target
from kgen.model.node import FieldPath
from kgen.model.policies import NO_POLICIES, Policies
from kgen.model.values import listed, mapping, text
from kgen.rules.policy import trial_gpus
from kgen.rules.reading import count, mend, number
from kgen.rules.rule import Rule, RuleOfAll, rule, rule_of_all
from kgen.rules.security import described_containers
from kgen.rules.subject import Entry, Space, Subject, read

__all__ = [
    "Edit",
    "EditKind",
    "Effect",
    "Entry",
    "FieldPath",
    "Finding",
    "Policies",
    "Rule",
    "RuleOfAll",
    "Severity",
    "Space",
    "Subject",
    "Target",
    "containers",
    "count",
    "gpus",
    "listed",
    "mapping",
    "mend",
    "number",
    "rule",
    "rule_of_all",
    "subject_of",
    "text",
]


def containers(subject: Subject) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
    """Yield every container of a trial, those that run first too, with its path in the Experiment."""
    return described_containers(subject)


def gpus(subject: Subject) -> int:
    """Count the GPUs of one trial: all accelerators of all its pods."""
    return trial_gpus(subject)[0]


def subject_of(
    manifest: Mapping[str, Any],
    *,
    target: Target | None = None,
    policies: Policies = NO_POLICIES,
    plain: bool = True,
) -> Subject:
    """Make the Subject that `kgen lint` would make of a manifest, Katib's defaults included; for tests of rules."""
    from kgen.katib.admission import admit  # noqa: PLC0415 - what only tests ask for
    from kgen.model.node import NOWHERE, make  # noqa: PLC0415

    target = Target() if target is None else target
    admitted = admit(make(manifest, NOWHERE), target)
    return read(admitted.plain(), target, given=manifest, plain=plain, flaws=admitted.flaws, policies=policies)
