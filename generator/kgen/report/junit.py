"""Diagnostics as JUnit XML, as GitLab and Jenkins read it: a suite a file, a case an object."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeAlias

from kgen.model.diagnostic import Diagnostic, Severity
from kgen.model.lint import Looked

_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})
_ATTRIBUTE = str.maketrans({"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})
_LOUDNESS = (Severity.INFO, Severity.WARNING, Severity.ERROR)

_Case: TypeAlias = tuple[str, str]  # file, name
_Found: TypeAlias = dict[_Case, list[Diagnostic]]


def render(
    diagnostics: Iterable[Diagnostic], looked: Iterable[Looked] = (), *, fail_on: Severity = Severity.ERROR
) -> str:
    """Write one document; an object without findings is a case that passed, a quieter finding is its output."""
    cases = _sorted(list(diagnostics), list(looked))
    suites: dict[str, list[tuple[str, list[Diagnostic]]]] = {}
    for (file, name), found in sorted(cases.items()):
        suites.setdefault(file, []).append((name, found))
    failed = sum(_fails(found, fail_on) for found in cases.values())
    out = f'<testsuites name="kgen lint" tests="{len(cases)}" failures="{failed}" errors="0">\n'
    out += "".join(_suite(file, listed, fail_on) for file, listed in suites.items())
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{out}</testsuites>\n'


def _sorted(diagnostics: list[Diagnostic], looked: list[Looked]) -> _Found:
    """Give each object its findings: a finding in a layer belongs to the object that it is about."""
    names = _names(looked)
    cases: _Found = {case: [] for case in names.values()}
    by_object: dict[tuple[str, str, str], list[Looked]] = {}
    for each in looked:
        by_object.setdefault(each.object, []).append(each)
    for diagnostic in diagnostics:
        mine = _nearest(diagnostic, by_object.get(diagnostic.object or ("", "", ""), ()))
        name = _name(diagnostic.object) if diagnostic.object else "the file"
        case = (diagnostic.span.file, name) if mine is None else names[mine]
        cases.setdefault(case, []).append(diagnostic)
    return cases


def _names(looked: Iterable[Looked]) -> dict[Looked, _Case]:
    """Name each object; a second one of the same name in a file is told by its line."""
    out: dict[Looked, _Case] = {}
    taken: set[_Case] = set()
    for each in looked:
        case = (each.span.file, _name(each.object))
        if case in taken:
            case = (each.span.file, f"{case[1]} (line {each.span.line})")
        taken.add(case)
        out[each] = case
    return out


def _nearest(diagnostic: Diagnostic, looked: Iterable[Looked]) -> Looked | None:
    """Find the object that a finding is about: the last that begins above it in its file, else the first elsewhere."""
    same = [each for each in looked if each.span.file == diagnostic.span.file]
    above = [each for each in same if each.span.line <= diagnostic.span.line]
    if above:
        return max(above, key=lambda each: each.span.line)
    return next(iter(same or looked), None)


def _name(object_: tuple[str, str, str]) -> str:
    kind, namespace, name = object_
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}".rstrip()


def _loud(diagnostic: Diagnostic, fail_on: Severity) -> bool:
    return _LOUDNESS.index(diagnostic.severity) >= _LOUDNESS.index(fail_on)


def _fails(found: Iterable[Diagnostic], fail_on: Severity) -> bool:
    return any(_loud(diagnostic, fail_on) for diagnostic in found)


def _suite(file: str, cases: list[tuple[str, list[Diagnostic]]], fail_on: Severity) -> str:
    failed = sum(_fails(found, fail_on) for _, found in cases)
    head = f'  <testsuite name={_quoted(file)} tests="{len(cases)}" failures="{failed}" errors="0" skipped="0">\n'
    return head + "".join(_case(file, name, found, fail_on) for name, found in cases) + "  </testsuite>\n"


def _case(file: str, name: str, found: list[Diagnostic], fail_on: Severity) -> str:
    head = f"    <testcase classname={_quoted(file)} name={_quoted(name)} file={_quoted(file)}"
    loud = [diagnostic for diagnostic in found if _loud(diagnostic, fail_on)]
    quiet = [diagnostic for diagnostic in found if not _loud(diagnostic, fail_on)]
    if not found:
        return f"{head}/>\n"
    body = _failure(loud) if loud else ""
    if quiet:
        body += f"      <system-out>{_escape(_text(quiet))}</system-out>\n"
    return f"{head}>\n{body}    </testcase>\n"


def _failure(loud: list[Diagnostic]) -> str:
    """Write one failure for all: GitLab shows the first of a case and no other."""
    first = loud[0]
    more = f" (and {len(loud) - 1} more)" if len(loud) > 1 else ""
    said = _quoted(f"{first.code}: {first.message}{more}")
    return f"      <failure message={said} type={_quoted(first.code)}>{_escape(_text(loud))}</failure>\n"


def _text(found: Iterable[Diagnostic]) -> str:
    return "\n".join(f"{d.span}: {d.severity}[{d.code}] {d.message}\n    help: {d.help}" for d in found)


def _escape(text: str) -> str:
    return _NO_XML.sub("\ufffd", text).replace("\r", "\n").translate(_ENTITIES)


def _quoted(text: str) -> str:
    return f'"{_NO_XML.sub(chr(0xFFFD), text).translate(_ENTITIES).translate(_ATTRIBUTE)}"'
