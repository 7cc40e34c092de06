"""Diagnostics as SARIF 2.1.0, which code hosts show beside the lines: OASIS sarif-v2.1.0, section by section."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256

from kgen.model.diagnostic import Diagnostic, Related, Severity
from kgen.model.lint import Suppressed
from kgen.model.node import Span
from kgen.report.catalogue import EFFECTS, Entry, markdown, silencing
from kgen.report.json_text import dump
from kgen.report.places import is_in_file

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
DOCS = "docs/rules.md"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/!$&'()*+,;=@")


def render(
    diagnostics: Iterable[Diagnostic],
    suppressed: Iterable[Suppressed] = (),
    entries: Iterable[Entry] = (),
    *,
    version: str = "",
    docs: str = DOCS,
) -> str:
    """Write one run, with the rules that found something. `entries` is the catalogue; `docs` is where it can be read.

    `helpUri` must be an absolute URI (3.49.12), so it is written where `docs` is one; a path in a repository
    is given as the property `docs`.
    """
    shown, silent = list(diagnostics), list(suppressed)
    listed = {entry.code: entry for entry in entries}
    codes = sorted({d.code for d in (*shown, *(each.diagnostic for each in silent))})
    indices = {code: index for index, code in enumerate(codes)}
    marks = _Fingerprints()
    results = [_result(d, indices[d.code], marks) for d in shown]
    results += [_result(s.diagnostic, indices[s.diagnostic.code], marks) | _silenced(s) for s in silent]
    driver = {
        "name": "kgen",
        **({"version": version, "semanticVersion": version} if version else {}),
        "rules": [_rule(code, listed.get(code), docs) for code in codes],
    }
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return dump({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(code: str, entry: Entry | None, docs: str) -> dict[str, object]:
    if entry is None:
        return {"id": code}
    where = f"{docs}#{code.lower()}"
    facts = f"{entry.effect}: {EFFECTS[entry.effect]}. Source: {entry.source}."
    plain = "\n\n".join(text for text in (entry.why, entry.mend, _examples(entry), facts, silencing(code)) if text)
    return {
        "id": code,
        "name": entry.name,
        "shortDescription": {"text": entry.headline},
        "fullDescription": {"text": " ".join((entry.why or entry.headline).split())},
        "help": {"text": plain, "markdown": f"{markdown(entry)}\n\n{facts}"},
        **({"helpUri": where} if "://" in docs else {}),
        "defaultConfiguration": {"level": _LEVELS[entry.severity]},
        "properties": {"effect": entry.effect.value, "source": entry.source, "docs": where},
    }


def _examples(entry: Entry) -> str:
    return "\n".join(f"{label}: {text}" for label, text in (("Bad", entry.bad), ("Good", entry.good)) if text)


def _result(diagnostic: Diagnostic, index: int, marks: _Fingerprints) -> dict[str, object]:
    kind, namespace, name = diagnostic.object or ("", "", "")
    logical = {"name": name or kind, "fullyQualifiedName": "/".join((kind, namespace, name)), "kind": "object"}
    place = _location(diagnostic.span) | ({"logicalLocations": [logical]} if diagnostic.object else {})
    related = [_related(number, each) for number, each in enumerate(diagnostic.related, 1)]
    return {
        "ruleId": diagnostic.code,
        "ruleIndex": index,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": f"{diagnostic.message}\n{diagnostic.help}"},
        "locations": [place],
        **({"relatedLocations": related} if related else {}),
        "partialFingerprints": {"kgenFinding/v1": marks.of(diagnostic)},
        "properties": {
            "effect": diagnostic.effect.value,
            "help": diagnostic.help,
            **({"field": diagnostic.field} if diagnostic.field else {}),
        },
    }


def _location(span: Span) -> dict[str, object]:
    if not is_in_file(span):
        return {"message": {"text": str(span)}}
    artifact = {"uri": _uri(span.file), "uriBaseId": "%SRCROOT%"}
    if span.file.startswith("/"):
        artifact = {"uri": f"file://{_uri(span.file)}"}
    region = {"startLine": span.line, "startColumn": max(span.column, 1)}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}


def _related(number: int, related: Related) -> dict[str, object]:
    place = _location(related.span)
    said = related.note or ("this belongs to it" if is_in_file(related.span) else str(related.span))
    return {"id": number, **place, "message": {"text": said}}


def _silenced(suppressed: Suppressed) -> dict[str, object]:
    found: dict[str, object] = {
        "kind": "inSource" if suppressed.in_source else "external",
        "justification": suppressed.reason,
    }
    return {"suppressions": [found | ({"location": _location(suppressed.where)} if suppressed.where.file else {})]}


def _uri(file: str) -> str:
    """Write a path as a URI reference; a `:` in the first step would read as a scheme."""
    data = file.encode("utf-8", "surrogatepass")
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in data)


class _Fingerprints:
    """What tells a finding from others of its run, and stays when lines move: not its line, not its words."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def of(self, diagnostic: Diagnostic) -> str:
        what = diagnostic.field or diagnostic.message
        parts = (diagnostic.code, diagnostic.span.file, *(diagnostic.object or ()), what)
        mark = sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
        self._seen[mark] += 1
        return f"{mark}:{self._seen[mark]}"
