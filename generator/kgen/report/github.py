"""Diagnostics as workflow commands of GitHub Actions, which become annotations of a pull request."""

from __future__ import annotations

from collections.abc import Iterable

from kgen.model.diagnostic import Diagnostic, Severity
from kgen.report.places import is_in_file

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = _DATA | str.maketrans({":": "%3A", ",": "%2C"})


def render(diagnostics: Iterable[Diagnostic]) -> str:
    """Write one line a diagnostic, in their order."""
    return "".join(_one(diagnostic) for diagnostic in sorted(diagnostics, key=lambda d: d.order))


def _one(diagnostic: Diagnostic) -> str:
    file, line, column = diagnostic.span
    placed = is_in_file(diagnostic.span)
    place = {"file": file, "line": str(line), "col": str(column)} if placed else {}
    said = {**place, "title": diagnostic.code}
    properties = ",".join(f"{key}={_escape(value, _PROPERTY)}" for key, value in said.items())
    others = "".join(f"\nsee {r.span}" + (f" ({r.note})" if r.note else "") for r in diagnostic.related)
    where = "" if placed else f"{diagnostic.span}: "
    message = _escape(f"{where}{diagnostic.message}{others}\n{diagnostic.help}", _DATA)
    return f"::{_COMMANDS[diagnostic.severity]} {properties}::{message}\n"


def _escape(text: str, table: dict[int, str]) -> str:
    return text.encode("utf-8", "backslashreplace").decode().translate(table)
