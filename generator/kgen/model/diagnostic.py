"""What is wrong, where, what happens if nobody listens, and the mend."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from kgen.model.node import FieldPath, Span


class Severity(StrEnum):
    """How loud a diagnostic is; only an error stops a render."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Effect(StrEnum):
    """What happens on the cluster, or to the repository, if nobody listens."""

    UNREADABLE = "unreadable"  # kgen itself cannot make manifests of the input
    REJECTED = "rejected"
    FAILED = "failed"
    STUCK = "stuck"
    NO_POD = "no-pod"
    NO_METRICS = "no-metrics"
    DRIFT = "drift"
    ADVICE = "advice"


class Finding(NamedTuple):
    """What a rule says of one object: a field path and words, never a file."""

    path: FieldPath
    message: str  # what is wrong, with the values that clash
    help: str  # what to write instead
    related: tuple[FieldPath, ...] = ()


class Related(NamedTuple):
    """Another place that a diagnostic speaks of."""

    span: Span
    note: str = ""


class Diagnostic(NamedTuple):
    """A finding placed in a file."""

    span: Span
    code: str  # stable for ever: "KG402"
    severity: Severity
    message: str
    help: str
    related: tuple[Related, ...] = ()
    effect: Effect = Effect.UNREADABLE
    field: str = ""  # path in the object
    object: tuple[str, str, str] | None = None  # kind, namespace, name

    @property
    def order(self) -> tuple[str, int, int, str, str]:
        """The one order of diagnostics: file, line, column, code, then the words."""
        return (*self.span, self.code, self.message)


def error(span: Span, code: str, message: str, help_: str, *related: Related) -> Diagnostic:
    """Make the diagnostic of input that kgen cannot work with."""
    return Diagnostic(span, code, Severity.ERROR, message, help_, related)


class InputError(Exception):
    """The files cannot be made into Experiments; carries every problem that was seen."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(sorted(set(diagnostics), key=lambda d: d.order))
        super().__init__("; ".join(f"{d.span}: {d.message}" for d in self.diagnostics))
