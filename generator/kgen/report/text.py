"""Diagnostics for people: a line that stands alone, the other places, the mend."""

from __future__ import annotations

from collections.abc import Iterable

from kgen.model.diagnostic import Diagnostic, Severity

_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}


def render(diagnostics: Iterable[Diagnostic], *, colour: bool = False) -> str:
    """Write diagnostics in the order they come in; "" for none."""
    return "".join(_one(diagnostic, colour) for diagnostic in diagnostics)


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """Count diagnostics by severity: `2 errors, 1 warning`; "" for none."""
    listed = list(diagnostics)
    parts = []
    for severity in Severity:
        count = sum(d.severity is severity for d in listed)
        if count:
            parts.append(f"{count} {severity}{'s' if count > 1 else ''}")
    return ", ".join(parts)


def _one(diagnostic: Diagnostic, colour: bool) -> str:
    def paint(text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if colour else text

    severity = paint(f"{diagnostic.severity}[{diagnostic.code}]", f"1;{_COLOURS[diagnostic.severity]}")
    out = f"{paint(str(diagnostic.span), '1')}: {severity} {diagnostic.message}\n"
    for related in diagnostic.related:
        out += f"    see:  {related.span}" + (f" ({related.note})" if related.note else "") + "\n"
    return out + f"    help: {diagnostic.help}\n"
