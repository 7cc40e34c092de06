"""Diagnostics for people: a line that stands alone, the line of the file, the other places, the mend."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kgen.model.diagnostic import Diagnostic, Severity
from kgen.model.lint import Counts
from kgen.model.sources import Sources
from kgen.report.cells import printable

_COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}


def render(diagnostics: Iterable[Diagnostic], *, colour: bool = False, sources: Sources | None = None) -> str:
    """Write diagnostics in the order they come in; "" for none. With `sources`, each with its line of the file."""
    if sources is None:
        return "".join(_one(diagnostic, colour, None) for diagnostic in diagnostics)
    from kgen.report.excerpt import Excerpts  # noqa: PLC0415 - only a run that finds something pays for it

    excerpts = Excerpts(sources)
    return "".join(_one(diagnostic, colour, excerpts.of) for diagnostic in diagnostics)


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """Count diagnostics by severity: `2 errors, 1 warning`; "" for none."""
    listed = list(diagnostics)
    parts = []
    for severity in Severity:
        count = sum(d.severity is severity for d in listed)
        if count:
            parts.append(f"{count} {severity}{'s' if count > 1 and severity is not Severity.INFO else ''}")
    return ", ".join(parts)


def conclusion(diagnostics: Iterable[Diagnostic], counts: Counts) -> str:
    """Say what came of a run: `2 errors, 1 warning in 3 files (4 objects, 2 Experiments, 1 silenced)`."""
    looked = [_several(counts.objects, "object"), _several(counts.experiments, "Experiment")]
    looked += [f"{counts.passed_over:,} passed over"] if counts.passed_over else []
    looked += [f"{counts.suppressed:,} silenced"] if counts.suppressed else []
    return f"{summary(diagnostics) or 'nothing found'} in {_several(counts.files, 'file')} ({', '.join(looked)})"


def _several(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _one(
    diagnostic: Diagnostic, colour: bool, excerpt: Callable[[Diagnostic, Callable[[str], str]], str] | None
) -> str:
    def paint(text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if colour else text

    loud = f"1;{_COLOURS[diagnostic.severity]}"
    severity = paint(f"{diagnostic.severity}[{diagnostic.code}]", loud)
    out = f"{paint(printable(str(diagnostic.span)), '1')}: {severity} {printable(diagnostic.message)}\n"
    if excerpt is not None:
        out += excerpt(diagnostic, lambda text: paint(text, loud))
    for related in diagnostic.related:
        note = f" ({printable(related.note)})" if related.note else ""
        out += f"    see:  {printable(str(related.span))}{note}\n"
    return out + f"    help: {printable(diagnostic.help)}\n"
