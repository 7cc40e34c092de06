"""Jsonnet to JSON text, with nothing to read but the workspace; JSON text to Nodes.

The engine runs in this process, with a bounded stack and no bound on time and memory:
`kgen.cli.sandbox` puts it into a process that has those. It reads no file by itself; all
that it imports comes from the sources, or from the library that kgen brings.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from kgen.codec.jsonnet_errors import CODE, diagnose
from kgen.codec.jsonnet_imports import Importer, Refusal, readable
from kgen.model.diagnostic import InputError, error
from kgen.model.node import Node, Span, make
from kgen.model.sources import Sources

MAX_STACK = 500
MAX_OUTPUT = 16_000_000  # characters of JSON
MAX_DEPTH = 100
EXACT = 2**53  # beyond it a double is no longer every whole number

INSTALL = (
    'install it (`pip install "gojsonnet>=0.22,<0.23"`, on Windows `pip install "jsonnet>=0.22,<0.23"`), '
    "or write the file as YAML"
)

SPLIT = "make fewer experiments, or split the file"


class Engine(Protocol):
    """What both engines offer under the one name `evaluate_snippet`."""

    def __call__(
        self,
        filename: str,
        src: str,
        *,
        max_stack: int,
        ext_vars: dict[str, str],
        import_callback: Callable[[str, str], tuple[str, bytes]],
    ) -> str: ...


def evaluate(file: str, sources: Sources, environment: str) -> str:
    """Evaluate one file to JSON text.

    Raises:
        InputError: KG009, at the place in the Jsonnet source that is to blame.
    """
    engine = find_engine()
    if engine is None:
        raise _refused(file, "this file needs a Jsonnet engine, and none is installed", INSTALL)
    importer = Importer(sources, _library())
    try:
        source = readable(file, sources)
    except Refusal as refusal:
        raise InputError([refusal.at(file)]) from None
    try:
        text = engine(
            file,
            source.decode(),
            max_stack=MAX_STACK,
            ext_vars={"environment": environment},
            import_callback=importer.serve,
        )
    except UnicodeDecodeError as failure:  # see Importer
        said = failure.object.decode(errors="replace")
        raise InputError([diagnose(said, file, importer.refused, sources)]) from None
    except (RuntimeError, ValueError) as failure:
        raise InputError([diagnose(str(failure), file, importer.refused, sources)]) from None
    if len(text) > MAX_OUTPUT:
        size = f"{len(text) / 1e6:.0f} million characters"
        raise _refused(file, f"the file makes {size} of JSON; at most {MAX_OUTPUT // 10**6} million are read", SPLIT)
    return text


def to_node(json_text: str, file: str) -> Node:
    """Make a Node of what a file evaluated to; every value has the file's first character as its place.

    A fraction's text is the shortest decimal that is the same double: the engine writes 0.1 as
    `0.10000000000000001`. A whole number is an `int` as far as doubles are exact.

    Raises:
        InputError: KG009, nested too deep.
    """
    span = Span(file, 1, 1)

    def fraction(text: str) -> Node:
        value = float(text)
        return Node(value, span, repr(value))

    def whole(text: str) -> Node:
        value = int(text)
        return Node(value, span) if abs(value) <= EXACT else fraction(text)

    deep = f"the file makes lists and objects nested more than {MAX_DEPTH} deep"
    try:
        data = json.loads(json_text, parse_float=fraction, parse_int=whole)
    except RecursionError:
        raise _refused(file, deep, FLATTEN) from None
    if _deeper(data, MAX_DEPTH):
        raise _refused(file, deep, FLATTEN)
    return make(data, span)


FLATTEN = "no field of a spec, an overlay or an environment lies that deep; look for a value that holds itself"


def _deeper(data: object, most: int) -> bool:
    """Tell whether some value lies within more than `most` lists and objects."""
    level = [data]
    for _ in range(most + 1):
        holders = [item for item in level if isinstance(item, (dict, list))]
        if not holders:
            return False
        level = [item for holder in holders for item in (holder.values() if isinstance(holder, dict) else holder)]
    return True


def find_engine() -> Engine | None:
    """Find the engine; its module is `_jsonnet` on Windows, where the other has no wheel."""
    try:
        from _gojsonnet import evaluate_snippet  # noqa: PLC0415 - 17 MB that YAML does not need
    except ImportError:
        try:
            from _jsonnet import evaluate_snippet  # noqa: PLC0415 - the same
        except ImportError:
            return None
    engine: Engine = evaluate_snippet
    return engine


def _library() -> bytes:
    return (Path(__file__).parent.parent / "lib" / "kgen.libsonnet").read_bytes()


def _refused(file: str, message: str, help_: str) -> InputError:
    return InputError([error(Span(file, 1, 1), CODE, message, help_)])
