"""Diagnostics for programs: one JSON object, `findings` and a `summary` of counts; `schemas/findings.json` says it."""

from __future__ import annotations

import json
from collections.abc import Iterable

from kgen.model.diagnostic import Diagnostic, Effect, Severity
from kgen.model.lint import Counts
from kgen.model.node import Plain


def render(diagnostics: Iterable[Diagnostic], counts: Counts | None = None) -> str:
    """Write all diagnostics as one JSON document; without `counts`, files and objects are not in the summary."""
    listed = list(diagnostics)
    summary = {severity.value: sum(d.severity is severity for d in listed) for severity in Severity}
    if counts is not None:
        summary |= {
            "files": counts.files,
            "objects": counts.objects,
            "experiments": counts.experiments,
            "passedOver": counts.passed_over,
            "suppressed": counts.suppressed,
        }
    return dump({"findings": [_one(d) for d in listed], "summary": summary})


def dump(document: object) -> str:
    """Write JSON as people read it; half a surrogate pair, from a command line, becomes an escape."""
    out = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    return out.encode("utf-8", "backslashreplace").decode() if not _is_text(out) else out


def _is_text(out: str) -> bool:
    try:
        out.encode()
    except UnicodeEncodeError:
        return False
    return True


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
        "fixable": bool(diagnostic.fix),
    }


def object_schema(
    title: str, properties: dict[str, Plain], required: tuple[str, ...] | None = None
) -> dict[str, Plain]:
    """Make the schema of an object with these keys and no others; all are required, unless it is said which."""
    return {
        "title": title,
        "type": "object",
        "properties": properties,
        "required": [*(properties if required is None else required)],
        "additionalProperties": False,
    }


def text_schema(description: str, **more: Plain) -> dict[str, Plain]:
    """Make the schema of a text."""
    return {"description": description, "type": "string", **more}


def count_schema(description: str) -> dict[str, Plain]:
    """Make the schema of a number of things."""
    return {"description": description, "type": "integer", "minimum": 0}


def schema() -> dict[str, Plain]:
    """Make the JSON Schema of what `render` writes."""
    place: dict[str, Plain] = {
        "file": text_schema("Path of the file, `/` on every system; for a value that nobody wrote, whose it is"),
        "line": count_schema("Line, counting from 1; 0 for a value that nobody wrote"),
        "column": count_schema("Column in characters, counting from 1; 0 for a value that nobody wrote"),
    }
    names: dict[str, Plain] = {
        "kind": text_schema("Its kind"),
        "namespace": text_schema("Its namespace; empty where it says none"),
        "name": text_schema("Its name; empty where it has none"),
    }
    finding: dict[str, Plain] = {
        "code": text_schema("Stable code of the rule; `kgen rule CODE` explains it", minLength=1),
        "severity": text_schema("How bad it is", enum=[severity.value for severity in Severity]),
        "effect": text_schema(
            "What happens if nobody listens; `unreadable`: kgen could not make anything of the input",
            enum=[effect.value for effect in Effect],
        ),
        "message": text_schema("What is wrong, with the values that clash"),
        "help": text_schema("What to write instead"),
        **place,
        "field": text_schema("Path of the field in the object, such as `spec.parameters[0].name`; empty for the whole"),
        "object": {
            "description": "The object that the finding is about; null for a file",
            "oneOf": [object_schema("An object", names), {"type": "null"}],
        },
        "related": {
            "description": "Other places that belong to it",
            "type": "array",
            "items": object_schema("A place", {**place, "note": text_schema("What is there")}),
        },
        "fixable": {"description": "Whether `kgen lint --fix` can mend it", "type": "boolean"},
    }
    counts: dict[str, Plain] = {
        severity.value: count_schema(f"Findings of severity {severity}") for severity in Severity
    }
    looked: dict[str, Plain] = {
        "files": count_schema("Files that were read"),
        "objects": count_schema("Objects that were looked at, Experiments among them"),
        "experiments": count_schema("Experiments among the objects"),
        "passedOver": count_schema("Documents and objects of which kgen knows nothing"),
        "suppressed": count_schema("Findings that somebody silenced with a reason"),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **object_schema(
            "The findings of kgen lint --format json",
            {
                "findings": {
                    "description": "In order of file, line, column and code",
                    "type": "array",
                    "items": object_schema("A finding", finding),
                },
                "summary": {
                    "description": "How many findings, and what was looked at",
                    **object_schema("Counts", {**counts, **looked}, tuple(counts)),
                },
            },
        ),
    }
