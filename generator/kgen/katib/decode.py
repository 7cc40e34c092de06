"""Reading an object against the types it is made of, as Go's JSON decoding and re-encoding would."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from kgen.model.node import FieldPath


class FlawKind(Enum):
    """What can be wrong with a value, type against type."""

    UNKNOWN = "unknown"  # the type has no such field: dropped without a word
    TYPE = "type"  # not decodable: the object is refused
    NULL = "null"  # null where Go leaves the field out
    ZERO = "zero"  # a zero value that Go leaves out: gone when it is written again
    QUANTITY = "quantity"  # no quantity that Kubernetes reads
    FORM = "form"  # a quantity that is written again in another form


class Flaw(NamedTuple):
    """One place where an object and its type disagree."""

    kind: FlawKind
    path: FieldPath  # in the object
    expected: str  # what the type has there, in words: "text", "a whole number"; the canonical form for FORM
    found: str = ""  # what stands there, as it was written
    legal: tuple[str, ...] = ()  # for UNKNOWN: the fields that the type has
