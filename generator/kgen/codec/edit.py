"""Fixes of a YAML or JSON text: exactly the characters concerned change, and everything else stays as it is.

Comments, blank lines, quotes, indentation, line endings, anchors and other documents are never written anew.
What cannot be done so is refused with a reason. Nothing is taken on trust: the text is read before and after,
as YAML 1.2 and as Kubernetes reads it, the same edits are made to the data, and the two must agree.
"""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from kgen.codec.expected import edited, edited_all, same
from kgen.codec.layout import CannotEdit, Text, extents, holds_alias
from kgen.codec.manifests import read_manifests
from kgen.codec.move import move, move_splices
from kgen.codec.reader import read_all
from kgen.codec.splice import Splice, apply, splices
from kgen.model.diagnostic import Edit, EditKind
from kgen.model.node import FieldPath, Node, Plain, get, plain

__all__ = ("CannotEdit", "edit", "edit_all")

_LONE_RETURN = re.compile(r"\r(?!\n)")
_LATER = "another fix changes this place: run it again"
_TAKE_OUT = (EditKind.REMOVE, EditKind.MOVE)
_REPEATED = "an alias or a merge key repeats what would change"
_DIFFERS = "more than this would change, or less: the way it is written leaves no safe edit"

Fix: TypeAlias = "tuple[int, Sequence[Edit]]"
"""The index of a document among those in which something is written, and edits that are made all or none."""
Views: TypeAlias = tuple[Node, ...]
"""A document's data as each reader sees it."""


def edit(text: str, document: int, edits: Sequence[Edit]) -> str:
    """Make the edits of one fix, in their order.

    Raises:
        CannotEdit: they cannot be made, or not without touching something else.
    """
    out, (reason,) = edit_all(text, [(document, edits)])
    if reason is not None:
        raise CannotEdit(reason)
    return out


def edit_all(text: str, fixes: Sequence[Fix]) -> tuple[str, tuple[str | None, ...]]:
    """Make every fix that can be made; gives the text, and for each fix None or why it was not made.

    All paths are those of the text that is given. A fix at a place that another one has changed waits for
    another run, unless it is the same fix.
    """
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    text = text.removeprefix(mark)
    try:
        if _LONE_RETURN.search(text):
            raise CannotEdit("its lines end in a lone carriage return")
        pieces = extents(text)
    except CannotEdit as bad:
        return mark + text, (str(bad),) * len(fixes)
    parts = [text[piece.start : piece.end] for piece in pieces]
    written = [index for index, piece in enumerate(pieces) if piece.written]
    reasons: list[str | None] = ["there is no such document"] * len(fixes)
    queues: dict[int, list[_Queued]] = {}
    for number, (document, edits) in enumerate(fixes):
        if 0 <= document < len(written):
            queues.setdefault(written[document], []).append(_Queued(number, tuple(edits)))
    for index, queue in queues.items():
        work = _Work(parts[index], queue)
        for number, reason in work.run().items():
            reasons[number] = reason
        parts[index] = work.text
    out = "".join(parts)
    if out != text and not _is_whole(out, parts):
        return mark + text, tuple(reason or _DIFFERS for reason in reasons)
    return mark + out, tuple(reasons)


def _is_whole(text: str, parts: list[str]) -> bool:
    """Whether documents begin where the parts do: then each part means what it meant by itself."""
    try:
        lengths = [piece.end - piece.start for piece in extents(text)]
    except CannotEdit:
        return False
    return lengths == [len(part) for part in parts]


class _Queued(NamedTuple):
    number: int  # the fix's place in what was asked for
    edits: tuple[Edit, ...]


class _Work:
    """The fixes of one document, made in rounds: each takes all that do not meet, and is verified as a whole."""

    def __init__(self, text: str, queue: list[_Queued]) -> None:
        self.text = text
        self.queue = queue
        self.reasons: dict[int, str | None] = {}
        self.made: set[str] = set()
        self.touched = _Touched()
        self.limit = len(queue)

    def run(self) -> dict[int, str | None]:
        try:
            self.views = _read(self.text)
            while self.queue:
                self.round()
        except CannotEdit as bad:
            self.reasons.update({each.number: str(bad) for each in self.queue})
        return self.reasons

    def round(self) -> None:
        """Make as many fixes as can be made on the text as it is; the rest stays queued."""
        batch = _Batch(Text(self.text), self.views)
        later: list[_Queued] = []
        for each in self.queue:
            if repr(each.edits) in self.made:
                self.reasons[each.number] = None
            elif len(batch.taken) >= self.limit or batch.is_closed:
                later.append(each)
            elif self.touched.meets(each.edits):
                self.reasons[each.number] = _LATER
            else:
                try:
                    if not batch.take(each):
                        later.append(each)
                except CannotEdit as bad:
                    self.reasons[each.number] = str(bad)
        if batch.taken:
            later = self.finish(batch) + later
        self.queue = sorted(later)

    def finish(self, batch: _Batch) -> list[_Queued]:
        """Take over the batch if it does what it should; gives back what has to be tried in smaller ones."""
        after = batch.result()
        try:
            views = _read(after)
            good = all(same(a, b) for a, b in zip(batch.expected, views, strict=True))
            good = good and (not batch.text.is_json or Text(after).is_json)
        except CannotEdit:
            good = False
        if good:
            self.text, self.views = after, views
            for number, edits in batch.taken:
                self.reasons[number] = None
                self.made.add(repr(edits))
                self.touched.add(edits)
            self.limit = len(self.queue)
            return []
        if len(batch.taken) == 1:
            self.reasons[batch.taken[0].number] = _REPEATED if holds_alias(batch.text.root) else _DIFFERS
            self.limit = len(self.queue)
            return []
        self.limit = len(batch.taken) // 2
        return batch.taken


class _Touched:
    """Places that edits have changed: a path that leads to one, through one or over one means something else now."""

    def __init__(self) -> None:
        self.paths: set[FieldPath] = set()
        self.above: set[FieldPath] = set()

    def add(self, edits: Iterable[Edit]) -> None:
        for path in (path for each in edits for path in _places(each)):
            self.paths.add(path)
            self.above.update(path[:end] for end in range(len(path)))

    def meets(self, edits: Iterable[Edit]) -> bool:
        return any(self._meets(path) for each in edits for path in _places(each))

    def _meets(self, path: FieldPath) -> bool:
        return path in self.above or any(path[:end] in self.paths for end in range(1, len(path) + 1))


class _Batch:
    """Fixes whose splices do not meet, on one text."""

    def __init__(self, text: Text, views: Views) -> None:
        self.text = text
        self.expected = views
        self.taken: list[_Queued] = []
        self.is_closed = False  # a fix whose edits build on one another is alone
        self.splices: list[Splice] = []
        self.ordered: list[Splice] = []  # the same by their places
        self.after: str | None = None
        self.touched = _Touched()
        self.emptied: set[FieldPath] = set()

    def take(self, fix: _Queued) -> bool:
        """Take a fix in; False where it has to wait for another round.

        Raises:
            CannotEdit: it cannot be made at all.
        """
        if self.touched.meets(fix.edits):
            return False
        expected = tuple(edited_all(view, fix.edits) for view in self.expected)
        if not self.is_simple(fix):
            return self.take_alone(fix, expected)
        new = [splice for e in fix.edits for splice in self.splices_of(e)]
        emptied = {e.path[:-1] for e in fix.edits if e.kind in _TAKE_OUT}
        if emptied & self.emptied:  # each would take the other for the entry that is left
            return False
        if _meets(new):
            return self.take_alone(fix, expected)
        if any(self.meets(splice) for splice in new):
            return False
        self.splices += new
        for splice in new:
            insort(self.ordered, splice)
        self.taken.append(fix)
        self.expected = expected
        self.emptied |= emptied
        self.touched.add(fix.edits)
        return True

    def splices_of(self, each: Edit) -> list[Splice]:
        if each.kind is not EditKind.MOVE:
            return splices(self.text, each)
        return move_splices(self.text, each, _value(self.expected[0], each.path))

    @staticmethod
    def is_simple(fix: _Queued) -> bool:
        """Whether each edit can be seen by itself: none is at, over or below another's place."""
        seen = _Touched()
        for each in fix.edits:
            if seen.meets((each,)):
                return False
            seen.add((each,))
        removed = [e.path[:-1] for e in fix.edits if e.kind in _TAKE_OUT]
        return len(removed) == len(set(removed))

    def take_alone(self, fix: _Queued, expected: Views) -> bool:
        """Make a fix step by step, each on the text that the one before has left."""
        if self.taken:
            return False
        text, view = self.text.text, self.expected[0]
        for each in fix.edits:
            if each.kind is EditKind.MOVE:
                text = move(text, each, _value(view, each.path))
            else:
                text = apply(text, splices(Text(text), each))
            view = edited(view, each)
        self.after, self.expected, self.is_closed = text, expected, True
        self.taken.append(fix)
        return True

    def meets(self, new: Splice) -> bool:
        """Whether a splice is in another's way; two that put something at one place follow one another."""
        at = bisect_left(self.ordered, (new.start, new.end))
        near = self.ordered[max(at - 1, 0) : at + 1]
        here = (new.start, new.start)
        return _meets([*(s for s in near if (s.start, s.end) != here or new.start < new.end), new])

    def result(self) -> str:
        return apply(self.text.text, self.splices) if self.after is None else self.after


def _value(node: Node, path: FieldPath) -> Plain:
    found = get(node, *path)
    return None if found is None else plain(found)


def _meets(several: Sequence[Splice]) -> bool:
    """Whether splices overlap, or something is put where another splice begins or ends."""
    ordered = sorted(several)
    for one, two in pairwise(ordered):
        inserts = one.start == one.end or two.start == two.end
        if two.start < one.end or (inserts and two.start == one.end):
            return True
    return False


def _places(each: Edit) -> tuple[FieldPath, ...]:
    """Give the paths that mean something else once an edit is made."""
    if each.kind is EditKind.REMOVE and each.path and isinstance(each.path[-1], int):
        return (each.path[:-1],)  # the items behind it have other numbers
    if each.kind is EditKind.RENAME:
        return (each.path, (*each.path[:-1], str(each.value)))
    return (each.path, each.to) if each.kind is EditKind.MOVE else (each.path,)


def _read(text: str) -> Views:
    out = []
    for reader in (read_all, read_manifests):
        documents, problems = reader(text.encode(), "")
        if problems:
            raise CannotEdit(f"{problems[0].message}: correct that first")
        if len(documents) != 1:
            raise CannotEdit("there is no such document")
        out.append(documents[0])
    return tuple(out)
