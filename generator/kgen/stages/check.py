"""Experiments and rules to diagnostics, each at the place that caused it, in one total order."""

from __future__ import annotations

from collections.abc import Iterable

from kgen.model.diagnostic import Diagnostic, Finding, Related
from kgen.model.environment import Target
from kgen.model.experiment import Expanded
from kgen.model.node import FieldPath, Node, Span, fields, get, path_text, plain, text_of
from kgen.rules.rule import Rule, RuleOfAll
from kgen.rules.subject import read


def check(
    experiments: tuple[Expanded, ...], rules: Iterable[Rule], of_all: Iterable[RuleOfAll], target: Target
) -> tuple[Diagnostic, ...]:
    """Hold every Experiment against every rule."""
    subjects = tuple(read(plain(e.manifest), target, e.name) for e in experiments)  # type: ignore[arg-type]
    found = [
        _placed(finding, experiment, rule)
        for experiment, subject in zip(experiments, subjects, strict=True)
        for rule in rules
        for finding in rule.check(subject)
    ]
    for rule in of_all:
        found.extend(_placed(finding, experiments[index], rule) for index, finding in rule.check(subjects))
    return tuple(sorted(set(found), key=lambda d: d.order))


def _placed(finding: Finding, experiment: Expanded, rule: Rule | RuleOfAll) -> Diagnostic:
    metadata = fields(get(experiment.manifest, "metadata"))
    names = [text_of(metadata[key]) if key in metadata else "" for key in ("namespace", "name")]
    return Diagnostic(
        span=origin(experiment.manifest, finding.path) or experiment.spec,
        code=rule.code,
        severity=rule.severity,
        message=finding.message,
        help=finding.help,
        related=tuple(
            Related(place) for path in finding.related if (place := origin(experiment.manifest, path)) is not None
        ),
        effect=rule.effect,
        field=path_text(finding.path),
        object=("Experiment", names[0], names[1]),
    )


def origin(manifest: Node, path: FieldPath) -> Span | None:
    """Find the place that caused a field: its own, or its parent's where nobody wrote it."""
    for end in range(len(path), -1, -1):
        node = get(manifest, *path[:end])
        if node is not None and node.span.line:
            return node.span
    return None
