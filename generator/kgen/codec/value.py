"""The value of a command line's `key=VALUE`, read as YAML."""

from __future__ import annotations

from kgen.codec.reader import Builder, Read, read
from kgen.model.diagnostic import error
from kgen.model.node import Span


def read_value(text: str, file: str) -> Read:
    """Read the value of a command line's `key=VALUE`: a scalar, `[a, b]` or `{a: b}`.

    `file` stands for the place in messages: `--set trials.max`.
    """
    start = Span(file, 1, 1)
    data = text.encode("utf-8", "surrogatepass")
    builder = Builder(file)
    if not text.strip():
        return None, (error(start, "KG005", "the value is missing", "write '' for an empty text, or null"),)
    node, problems = read(data, file)
    if problems or node is None:
        return node, problems
    builder.stream(text)
    if builder.root_is_block:
        shown = "a list" if isinstance(node.value, tuple) else "a mapping"
        mend = "write [a, b] for a list, {a: b} for a mapping, and quote a text"
        return None, (error(start, "KG001", f"this value reads as {shown} in block form", mend),)
    if builder.root_end is not None and text[builder.root_end :].strip():
        place = Span(file, 1, builder.root_end + 1)
        return None, (error(place, "KG001", "the text from ` #` on is a comment", "quote the value"),)
    return node, problems
