"""The bytes of a file to its text: UTF-8 and nothing else (KG006), and not too much of it (KG007)."""

from __future__ import annotations

import re

from kgen.model.diagnostic import Diagnostic, error
from kgen.model.node import Span
from kgen.model.sources import MOST_BYTES

MOST_DIRECTIVES = 10  # libyaml compares each with all the others
SMALLER = "split the file; many experiments that are alike can come from Jsonnet"

_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_ODD_BREAKS = re.compile("[\x85\u2028\u2029]")
_OTHER_ENCODINGS = (  # longest mark first: UTF-32's begins with UTF-16's
    (b"\xff\xfe\0\0", "UTF-32"),
    (b"\0\0\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)


class UnreadableError(Exception):
    """A file cannot be read any further; its diagnostic says why."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def decode(data: bytes, file: str) -> str:
    """Decode a file, or stop at the first byte that is no text."""
    start = Span(file, 1, 1)
    if len(data) > MOST_BYTES:
        size = f"{len(data) / 1024 / 1024:.1f} MiB"
        raise UnreadableError(
            error(start, "KG007", f"the file has {size}; at most {MOST_BYTES >> 20} MiB are read", SMALLER)
        )
    for mark, name in _OTHER_ENCODINGS:
        if data.startswith(mark):
            raise UnreadableError(error(start, "KG006", f"the file is {name}, not UTF-8", "save it as UTF-8"))
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        text = data.decode()
    except UnicodeDecodeError as bad:
        place = _place(data[: bad.start].decode(), file)
        message = f"the byte 0x{data[bad.start]:02X} is not UTF-8 text"
        raise UnreadableError(error(place, "KG006", message, "save the file as UTF-8")) from None
    if not data.isascii() and (odd := _ODD_BREAKS.search(text)):
        # YAML 1.1 parsers end a line here, YAML 1.2 and editors do not
        raise UnreadableError(_control(odd, file))
    if text.count("\n%") > MOST_DIRECTIVES and len(re.findall(r"(?m)^%(?:TAG|YAML)", text)) > MOST_DIRECTIVES:
        raise UnreadableError(error(start, "KG007", f"more than {MOST_DIRECTIVES} `%` directives", "remove them"))
    return text


def _place(before: str, file: str) -> Span:
    """Give the place that comes after `before`."""
    lines = before.replace("\r\n", "\n").replace("\r", "\n")
    return Span(file, lines.count("\n") + 1, len(lines) - lines.rfind("\n"))


def _control(found: re.Match[str], file: str) -> Diagnostic:
    code = ord(found[0])
    escape = f"\\x{code:02X}" if code < 256 else f"\\u{code:04X}"
    mend = f'remove it, or write "{escape}" in double quotes'
    if code == 0 and found.string.count("\0") * 3 > len(found.string):
        mend = "the file looks like UTF-16: save it as UTF-8"
    return error(
        _place(found.string[: found.start()], file),
        "KG006",
        f"the control character U+{code:04X} is not accepted",
        mend,
    )


def not_text(text: str, file: str) -> Diagnostic | None:
    """Say which character of a text YAML does not allow; None if it allows all."""
    odd = _NOT_TEXT.search(text)
    return None if odd is None else _control(odd, file)
