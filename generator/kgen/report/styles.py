"""The styles of a report by name; a style is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from kgen.model.codes import CODES
from kgen.model.diagnostic import Diagnostic, Severity
from kgen.model.lint import Counts, Looked, Suppressed
from kgen.model.sources import Sources

if TYPE_CHECKING:
    from kgen.report.catalogue import Described


class Report(NamedTuple):
    """All that a style may want to say."""

    shown: tuple[Diagnostic, ...]
    suppressed: tuple[Suppressed, ...] = ()
    looked: tuple[Looked, ...] = ()
    counts: Counts | None = None
    sources: Sources | None = None  # for excerpts
    rules: tuple[Described, ...] = ()  # kgen's and a team's own
    fail_on: Severity = Severity.ERROR
    colour: bool = False
    version: str = ""  # of kgen


def _text(report: Report) -> str:
    from kgen.report import text  # noqa: PLC0415 - one style of five

    return text.render(report.shown, colour=report.colour, sources=report.sources)


def _json(report: Report) -> str:
    from kgen.report import json_text  # noqa: PLC0415

    return json_text.render(report.shown, report.counts)


def _sarif(report: Report) -> str:
    from kgen.report import catalogue, sarif  # noqa: PLC0415

    entries = catalogue.entries(report.rules, CODES)
    return sarif.render(report.shown, report.suppressed, entries, version=report.version)


def _junit(report: Report) -> str:
    from kgen.report import junit  # noqa: PLC0415

    return junit.render(report.shown, report.looked, fail_on=report.fail_on)


def _github(report: Report) -> str:
    from kgen.report import github  # noqa: PLC0415

    return github.render(report.shown)


STYLES: MappingProxyType[str, Callable[[Report], str]] = MappingProxyType(
    {"text": _text, "json": _json, "sarif": _sarif, "junit": _junit, "github": _github}
)
