"""Fixes of diagnostics in the files they stand in: planned on bytes, shown as a patch, or written to the disk."""

from __future__ import annotations

import os
import stat
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from kgen.cli.gather import STDIN, STDIN_NAME, SUFFIXES
from kgen.cli.swap import sibling
from kgen.codec.edit import CannotEdit, edit_all
from kgen.codec.layout import extents
from kgen.codec.manifests import read_manifests
from kgen.codec.reader import read_all
from kgen.model.diagnostic import Diagnostic, Edit, EditKind
from kgen.model.node import FieldPath, Node, Plain, get, leaves, text_of

MOST_ROUNDS = 10  # a fix may uncover another

_NOT_HERE = "fixes are made in files named .yaml, .yml or .json only: mend it by hand"
_OTHER_FORM = "this file is no manifest: mend it by hand, where the value comes from"
_NO_DOCUMENT = "the finding has no place in the file"


class Fixed(NamedTuple):
    """What fixing makes of some files."""

    files: dict[str, bytes]  # those that change, as they are then
    applied: list[Diagnostic]
    refused: list[tuple[Diagnostic, str]]  # with the reason


class _Document(NamedTuple):
    node: Node
    places: Mapping[tuple[int, int], FieldPath] | None  # of its scalars, by line and column; None for a manifest


def plan(files: Mapping[str, bytes], diagnostics: Iterable[Diagnostic]) -> Fixed:
    """Make every fix that can be made; a file that is not among `files` is never touched.

    The edits of a fix are paths of the document that the diagnostic's place is in. In a file that is no
    manifest (a compact spec, an overlay) a fix only puts quotes around the number at that very place.
    """
    out = Fixed({}, [], [])
    by_file: dict[str, list[Diagnostic]] = {}
    for each in diagnostics:
        if each.fix:
            by_file.setdefault(each.span.file, []).append(each)
    for file, found in by_file.items():
        data = files.get(file)
        if data is None or not (file.endswith(SUFFIXES) or file in (STDIN, STDIN_NAME)):
            out.refused.extend((each, _NOT_HERE) for each in found)
        else:
            _fix_file(file, data, found, out)
    return out


def plan_until_done(
    files: Mapping[str, bytes], find: Callable[[Mapping[str, bytes]], Iterable[Diagnostic]]
) -> tuple[Fixed, list[Diagnostic]]:
    """Fix what `find` says of the files until nothing changes any more, in memory.

    Gives what changed in all, with the refusals of the last round, and what `find` says at the end.
    """
    now, applied = dict(files), []
    found = list(find(now))
    fixed = plan(now, found)
    for _ in range(MOST_ROUNDS):
        if not fixed.files:
            break
        now.update(fixed.files)
        applied += fixed.applied
        found = list(find(now))
        fixed = plan(now, found)
    changed = {path: data for path, data in now.items() if data != files[path]}
    return Fixed(changed, applied, fixed.refused), found


def _fix_file(file: str, data: bytes, found: Sequence[Diagnostic], out: Fixed) -> None:
    try:
        text = data.decode()
        starts, documents = _documents(text.removeprefix("\ufeff"), data)
    except (UnicodeDecodeError, CannotEdit) as bad:
        why = str(bad) if isinstance(bad, CannotEdit) else "the file is not UTF-8: save it as UTF-8 first"
        out.refused.extend((each, why) for each in found)
        return
    fixes: list[tuple[int, Sequence[Edit]]] = []
    taken: list[Diagnostic] = []
    for each in found:
        index = bisect_right(starts, each.span.line) - 1
        try:
            if index < 0 or each.span.line < 1:
                raise CannotEdit(_NO_DOCUMENT)
            fixes.append((index, _edits(each, documents[index])))
            taken.append(each)
        except CannotEdit as bad:
            out.refused.append((each, str(bad)))
    after, reasons = edit_all(text, fixes)
    for each, reason in zip(taken, reasons, strict=True):
        if reason is None:
            out.applied.append(each)
        else:
            out.refused.append((each, reason))
    if after != text:
        out.files[file] = after.encode()


def _documents(text: str, data: bytes) -> tuple[list[int], list[_Document]]:
    """Give the first line of each document in which something is written, and the documents."""
    starts = [piece.line + 1 for piece in extents(text) if piece.written]
    nodes, _ = read_manifests(data, "")
    if len(starts) != len(nodes):
        raise CannotEdit("the file cannot be read: correct that first")
    are_manifests = [all(isinstance(_value(n, key), str) for key in ("apiVersion", "kind")) for n in nodes]
    if all(are_manifests):
        return starts, [_Document(node, None) for node in nodes]
    as_specs, _ = read_all(data, "")
    if len(starts) != len(as_specs):
        raise CannotEdit("the file cannot be read: correct that first")
    rows = zip(nodes, as_specs, are_manifests, strict=True)
    return starts, [_Document(node, None) if good else _Document(spec, _places(spec)) for node, spec, good in rows]


def _places(spec: Node) -> Mapping[tuple[int, int], FieldPath]:
    out: dict[tuple[int, int], FieldPath] = {}
    for path, leaf in leaves(spec):
        out.setdefault((leaf.span.line, leaf.span.column), path)
    return out


def _value(node: Node, key: str) -> object:
    found = get(node, key)
    return None if found is None else found.value


def _edits(each: Diagnostic, document: _Document) -> tuple[Edit, ...]:
    """Give a fix as edits of the document as it is written.

    Raises:
        CannotEdit: the fix says nothing of this document.
    """
    if document.places is None:
        return tuple(_as_written(edit, document.node) for edit in each.fix)
    path = document.places.get((each.span.line, each.span.column))
    if len(each.fix) != 1 or each.fix[0].kind is not EditKind.SET or path is None:
        raise CannotEdit(_OTHER_FORM)
    edit = each.fix[0]._replace(path=path)
    if _quoted(get(document.node, *path), edit.value) is None:
        raise CannotEdit(_OTHER_FORM)
    return (_as_written(edit, document.node),)


def _as_written(edit: Edit, node: Node) -> Edit:
    """Let a number that gets quotes keep the form its author gave it: `0.10` is to be "0.10"."""
    if edit.kind is not EditKind.SET:
        return edit
    quoted = _quoted(get(node, *edit.path), edit.value)
    return edit if quoted is None else edit._replace(value=quoted)


def _quoted(node: Node | None, new: Plain) -> str | None:
    """Give the text of a number or boolean that `new` says in quotes; None if `new` says something else."""
    if node is None or isinstance(node.value, (str, dict, tuple)) or node.value is None or not isinstance(new, str):
        return None
    text = text_of(node)
    if text == new or new == str(node.value):
        return text if "_" not in text else new
    with suppress(ValueError):
        if not isinstance(node.value, bool) and float(new) == node.value:
            return text if "_" not in text and float(text) == node.value else new
    return None


# To the disk.


def save(before: Mapping[str, bytes], after: Mapping[str, bytes], given: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Write changed files, each whole or not at all; gives those that could not be, with the reason.

    A file must lie in one of the `given` files or folders; a symbolic link is followed as far as that holds. One
    that is no longer what was read stays as it is. What came from stdin goes to stdout.
    """
    allowed = [os.path.realpath(path) for path in given if path not in (STDIN, STDIN_NAME)]
    failed = []
    for path, data in after.items():
        if path in (STDIN, STDIN_NAME):
            sys.stdout.flush()
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
            continue
        real = Path(os.path.realpath(path))
        try:
            reason = _refusal(real, before[path], allowed)
            if reason is None:
                _replace(real, data)
        except OSError as problem:
            reason = f"it cannot be written: {problem.strerror or problem}"
        if reason is not None:
            failed.append((path, reason))
    return tuple(failed)


def _refusal(real: Path, before: bytes, allowed: Sequence[str]) -> str | None:
    if not any(real.is_relative_to(folder) for folder in allowed):
        return "it is a link that leads out of what was named: name the file it leads to"
    status = real.stat()
    if not stat.S_ISREG(status.st_mode):
        return "it is not a regular file"
    if not status.st_mode & 0o222 or not os.access(real, os.W_OK):
        return "it is read-only: give yourself the permission to write it"
    if real.read_bytes() != before:
        return "it has changed since it was read: run it again"
    return None


def _replace(real: Path, data: bytes) -> None:
    """Put a new file in the place of another, with its mode and, where one may, its owner."""
    status = real.stat()
    new = sibling(real, "new")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if hasattr(os, "chown"):
            with suppress(OSError):
                os.chown(new, status.st_uid, status.st_gid)
        new.chmod(stat.S_IMODE(status.st_mode))
        new.replace(real)
    except BaseException:
        with suppress(OSError):
            new.unlink()
        raise
