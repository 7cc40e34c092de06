"""Diagnostics for programs: one JSON object, `findings` and a `summary` of counts."""

from __future__ import annotations

import json
from collections.abc import Iterable

from kgen.model.diagnostic import Diagnostic, Severity


def render(diagnostics: Iterable[Diagnostic]) -> str:
    """Write all diagnostics as one JSON document."""
    listed = list(diagnostics)
    counts = {severity.value: sum(d.severity is severity for d in listed) for severity in Severity}
    return json.dumps({"findings": [_one(d) for d in listed], "summary": counts}, ensure_ascii=False, indent=2) + "\n"


def _one(diagnostic: Diagnostic) -> dict[str, object]:
    file, line, column = diagnostic.span
    kind, namespace, name = diagnostic.object or ("", "", "")
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity.value,
        "effect": diagnostic.effect.value,
        "message": diagnostic.message,
        "help": diagnostic.help,
        "file": file,
        "line": line,
        "column": column,
        "field": diagnostic.field,
        "object": {"kind": kind, "namespace": namespace, "name": name} if diagnostic.object else None,
        "related": [
            {"file": r.span.file, "line": r.span.line, "column": r.span.column, "note": r.note}
            for r in diagnostic.related
        ],
    }
