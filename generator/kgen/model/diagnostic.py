"""What is wrong, where, what happens if nobody listens, and the mend."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from kgen.model.node import FieldPath, Plain, Span


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


class EditKind(StrEnum):
    """What an edit does to a file."""

    SET = "set"  # put `value` at `path`, making the mappings on the way
    RENAME = "rename"  # give the last key of `path` the name `value`
    REMOVE = "remove"  # drop the field at `path`
    MOVE = "move"  # put the field at `path` at the path `to`, with its text as it is


class Edit(NamedTuple):
    """One change of an object's fields; a fix is a few of them."""

    kind: EditKind
    path: FieldPath
    value: Plain = None
    to: FieldPath = ()

    def __hash__(self) -> int:
        """Leave the value out: it may be a list, and diagnostics are gathered in sets."""
        return hash((self.kind, self.path, self.to))


class Finding(NamedTuple):
    """What a rule says of one object: a field path and words, never a file."""

    path: FieldPath
    message: str  # what is wrong, with the values that clash
    help: str  # what to write instead
    related: tuple[FieldPath, ...] = ()
    fix: tuple[Edit, ...] = ()  # edits of a manifest, where there is one right answer; all or none


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
    fix: tuple[Edit, ...] = ()  # edits of the document of the file that `span` is in

    @property
    def order(self) -> tuple[str, int, int, str, str, str]:
        """The one order of diagnostics: file, line, column, code, then the words; two may differ in the help alone."""
        return (*self.span, self.code, self.message, self.help)


def error(span: Span, code: str, message: str, help_: str, *related: Related) -> Diagnostic:
    """Make the diagnostic of input that kgen cannot work with."""
    return Diagnostic(span, code, Severity.ERROR, message, help_, related)


class InputError(Exception):
    """The files cannot be made into Experiments; carries every problem that was seen."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(sorted(set(diagnostics), key=lambda d: d.order))
        super().__init__("; ".join(f"{d.span}: {d.message}" for d in self.diagnostics))
