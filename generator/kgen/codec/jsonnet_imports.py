"""What a Jsonnet file may import: files of the workspace, and kgen's library; by name, never from disk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import normpath

from kgen.codec.jsonnet_errors import CODE, place_in
from kgen.model.diagnostic import Diagnostic, error
from kgen.model.node import Span
from kgen.model.sources import FOLDERS, Sources, Unreadable
from kgen.model.words import nearest

LIBRARY = "kgen.libsonnet"
_INSIDE = tuple(f"{folder}/" for folder in FOLDERS)
CODE_SUFFIXES = (".jsonnet", ".libsonnet")
SUFFIXES = (*CODE_SUFFIXES, ".json", ".yaml", ".yml")

_TOKEN = re.compile(  # enough of Jsonnet's grammar to tell a keyword from a text or a comment
    rb"""\|\|\|-?[ \t]*\n.*?\n[ \t]*\|\|\|   # a block of text
    | @"(?:[^"]|"")*" | @'(?:[^']|'')*'
    | "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*'
    | \#[^\n]* | //[^\n]* | /\*.*?\*/
    | [A-Za-z_][A-Za-z0-9_]*""",
    re.DOTALL | re.VERBOSE,
)


class Refusal(Exception):
    """Why a file is not handed to the engine."""

    def __init__(self, message: str, help_: str, span: Span | None = None) -> None:
        super().__init__(message)
        self.message, self.help, self.span = message, help_, span

    def at(self, file: str) -> Diagnostic:
        """Make the diagnostic, at the refusal's own place or else at the start of the file."""
        return error(self.span or Span(file, 1, 1), CODE, self.message, self.help)


def importable(path: str) -> bool:
    """Tell whether a file of the workspace is one that Jsonnet may see at all."""
    return path.startswith(_INSIDE) and path.endswith(SUFFIXES)


def readable(path: str, sources: Sources) -> bytes:
    """Give the bytes of a file that the engine can take: UTF-8, no NUL, no `importbin`.

    Raises:
        Refusal: it is not there, or not such a file.
    """
    found = sources.get(path)
    if found is None:
        raise Refusal(f"there is no file `{path}`", "mend its name")
    if isinstance(found, Unreadable):
        raise Refusal(f"`{path}`: {found.message}", found.help)
    data = found.removeprefix(b"\xef\xbb\xbf")
    try:
        data.decode()
    except UnicodeDecodeError as wrong:
        span = place_in(path, data, wrong.start)
        raise Refusal(f"`{path}` is not UTF-8 text", "save the file as UTF-8", span) from None
    if 0 in data:
        raise Refusal(f"`{path}` holds a NUL character", "remove it", place_in(path, data, data.index(0)))
    if path.endswith(CODE_SUFFIXES) and b"importbin" in data:
        _without_importbin(path, data)
    return data


def _without_importbin(path: str, data: bytes) -> None:
    for token in _TOKEN.finditer(data):
        if token.group() == b"importbin":
            where = place_in(path, data, token.start())
            raise Refusal("`importbin` is not for experiments: they are text", "use `importstr`", where)


class Importer:
    """The engine's import callback; remembers why it said no.

    gojsonnet 0.22 copies an exception's text without its end, and quotes what lies behind it in memory.
    """

    def __init__(self, sources: Sources, library: bytes) -> None:
        self._sources, self._library = sources, library
        self.refused: Refusal | None = None

    def serve(self, folder: str, name: str) -> tuple[str, bytes]:
        """Give the path and the bytes of what a file in `folder` imports as `name`."""
        try:
            return self._find(folder, name)
        except Refusal as refusal:
            self.refused = refusal
            raise ImportError("refused") from None

    def _find(self, folder: str, name: str) -> tuple[str, bytes]:
        _within(folder, name)
        tried = list(dict.fromkeys(_candidates(folder, name)))
        for path in tried:
            if path in self._sources and importable(path):
                return path, readable(path, self._sources)
        if normpath(name) == LIBRARY:
            return LIBRARY, self._library
        raise self._missing(name, tried)

    def _missing(self, name: str, tried: list[str]) -> Refusal:
        base = {path.rpartition("/")[2]: path for path in self._sources if importable(path)}
        close = nearest(name.rpartition("/")[2], [*base, LIBRARY])
        hint = f"; did you mean `{base.get(close, close)}`?" if close is not None else ""
        if not any(map(importable, tried)):
            kinds = f"what it may: {', '.join(SUFFIXES)} under {', '.join(_INSIDE)}{hint}"
            return Refusal(f"`{name}` is not a file that Jsonnet may import", kinds)
        looked = " and ".join(f"`{path}`" for path in tried)
        return Refusal(f"there is no `{name}` to import", f"looked for {looked}{hint}")


def _candidates(folder: str, name: str) -> Iterator[str]:
    """Yield the paths that `name` may stand for, first the one beside the importing file."""
    for start in (folder, "lib/"):
        path = normpath(start + name)
        if path != ".." and not path.startswith("../"):
            yield path


def _within(folder: str, name: str) -> None:
    """Refuse a name that can only mean a place outside the workspace."""
    inside = "imports stay within the workspace: name the file relative to this one, or to `lib/`"
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", name):
        raise Refusal(f"`{name}` is an address; kgen fetches nothing", "copy the file under `lib/`")
    if name.startswith(("/", "\\", "~")) or re.match("[A-Za-z]:", name):
        raise Refusal(f"`{name}` is an absolute path", inside)
    if "\\" in name or "\0" in name:
        raise Refusal(f"`{name}` is no path: a path has `/` between its parts", inside)
    path = normpath(folder + name)
    if path == ".." or path.startswith("../"):
        raise Refusal(f"`{name}` leads out of the workspace", inside)
