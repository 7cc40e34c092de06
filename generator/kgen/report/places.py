"""Whether a place is one in a file, which a viewer could open."""

from __future__ import annotations

from kgen.model.node import Span


def is_in_file(span: Span) -> bool:
    """Tell it from a value that nobody wrote, and from one on the command line."""
    return span.line > 0 and not span.file.startswith("--set ")
