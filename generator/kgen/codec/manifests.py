"""Plain Kubernetes manifests as kubectl and Argo CD read them: YAML 1.1 in the way of Go's reader.

There `on` and `y` are booleans, `010` is eight and a key that stands twice has its last value. A compact
spec is YAML 1.2 and read by `reader`; here the value is what the API server would get, and `Node.text`
is what the author wrote.
"""

from __future__ import annotations

import re
from math import isfinite
from types import MappingProxyType
from typing import NamedTuple

from kgen.codec.events import Mark
from kgen.codec.reader import Builder
from kgen.codec.text import UnreadableError, decode
from kgen.model.diagnostic import Diagnostic, Related, Severity
from kgen.model.node import Node, Plain, Span, Value

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys("y Y yes Yes YES true True TRUE on On ON".split(), True),
    **dict.fromkeys("n N no No NO false False FALSE off Off OFF".split(), False),
    **dict.fromkeys("~ null Null NULL".split(), None),
}
_FIRST = frozenset("yYnNtTfFoO~-+.0123456789")
_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|([1-9][0-9]*|0))\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_ODD = re.compile(r"(?:([-+]?)\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z")
_LOOSE = re.compile(r"(?<![0-9])_|_(?![0-9])")  # an underscore that separates no digits
_MOST = 2**64  # Go reads a larger integer as a number with a fraction
_MOST_DIGITS = 400


class Stream(NamedTuple):
    """What a stream of manifests holds."""

    documents: tuple[Node, ...]
    plain: tuple[Plain, ...]  # each document without its places
    problems: tuple[Diagnostic, ...]
    values: int  # in all of them, which is what it costs to keep them


def read_manifests(data: bytes, file: str) -> tuple[tuple[Node, ...], tuple[Diagnostic, ...]]:
    """Read every document of a stream, and what is wrong with it; a warning does not spoil a document."""
    stream = read_stream(data, file)
    return stream.documents, stream.problems


def read_stream(data: bytes, file: str) -> Stream:
    """Read a stream as `read_manifests` does, and give its plain data too: read beside the rest, it costs little."""
    builder = _Manifests(file)
    try:
        builder.stream(decode(data, file))
    except UnreadableError as stop:
        builder.problems.append(stop.diagnostic)
    return Stream(tuple(builder.documents), tuple(builder.plain), tuple(builder.problems), builder.count)


def plain_value(text: str) -> Value:
    """Read a plain scalar as Go's reader would."""
    if text in _WORDS:
        return _WORDS[text]
    if text[:1] not in _FIRST or len(text) > _MOST_DIGITS:
        return text
    if text[0] == "." and _LOOSE.search(text):
        return text
    bare = text.replace("_", "")
    found = _INTEGER.match(bare)
    if found is not None:
        sign, *digits = found.groups()
        value = next(int(d, base) for d, base in zip(digits, (16, 2, 8, 10), strict=True) if d is not None)
        value = -value if sign == "-" else value
        if -_MOST // 2 <= value < _MOST:
            return value
    if _FLOAT.match(bare) is not None:
        number = float(bare)
        return number if isfinite(number) else text
    odd = _ODD.match(text)
    if odd is not None:
        return float((odd[1] or "") + "inf") if odd[1] is not None else float("nan")
    return text


class _Manifests(Builder):
    """Nodes with the values that Go's reader gives them."""

    __slots__ = ()
    FIRST = _FIRST
    KEYS = MappingProxyType({word: str(value).lower() for word, value in _WORDS.items() if value is not None})

    def resolve(self, text: str, mark: Mark) -> tuple[Value, str]:
        value = plain_value(text)
        return value, "" if value is text or str(value) == text else text

    def duplicate(self, name: str, mark: Mark, first: Mark) -> bool:
        self.note(
            Diagnostic(
                self.span(mark),
                "KG002",
                Severity.WARNING,
                f"the key `{name[:60]}` is written twice: the last one counts",
                "keep one of the two",
                (Related(Span(self.file, first.line + 1, first.column + 1), "the first"),),
            )
        )
        return True
