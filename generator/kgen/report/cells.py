"""Text as a terminal shows it: what is safe to print, and how many cells it takes."""

from __future__ import annotations

import re

# Control characters, halves of pairs, and what turns the direction of a line: none may reach a terminal.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")


def printable(text: str) -> str:
    """Write what is unsafe to print as an escape, line breaks too: a file's name must not begin a line of its own."""
    return _UNSAFE.sub(lambda found: _escape(ord(found[0])), text)


def single(text: str) -> str:
    """Make every character of a source line one that can be shown, one for one, but for tabs: two cells each."""
    return _UNSAFE.sub("\ufffd", text.replace("\n", " ").replace("\t", "  "))


def width(text: str) -> int:
    """Count the cells that a text takes: two for East Asian wide characters and emoji, none for marks over others."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width  # noqa: PLC0415 - most text is ASCII

    return sum(0 if category(c) in ("Mn", "Me", "Cf") else 2 if east_asian_width(c) in ("W", "F") else 1 for c in text)


def _escape(code: int) -> str:
    if code in (9, 10):
        return "\\t" if code == 9 else "\\n"
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
