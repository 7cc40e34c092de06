"""A comparison for a pull request: a table of objects, and the fields of each in a fold."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kgen.model.change import Action, Cost, Fate, FieldChange
from kgen.model.difference import field_text
from kgen.report.cells import printable
from kgen.report.changes import Comparison, origin_text, summary, values, words

MOST = 60_000  # characters: a comment on GitHub holds 65,536
_MARKS = re.compile(r"([\\`*_{}\[\]<>|~#@!&])")
_PIPE = re.compile(r"(\\*)\|")  # what stands before it would escape the escape
_TICKS = re.compile("`+")


def render(comparison: Comparison) -> str:
    """Write the summary, the table, and the folds as far as a comment has room for them."""
    fates = [fate for fate in comparison.differences.fates if fate.action is not Action.NONE]
    out = f"**{_words(summary(comparison))}**\n"
    if comparison.before or comparison.after:
        out = f"### {code(comparison.before)} → {code(comparison.after)}\n\n{out}"
    if fates:
        out += "\n| Action | Object | Why | Trials | GPUs at once | GPU trials |\n|---|---|---|---|---|---|\n"
    pieces = [_row(fate, words(comparison)[fate.action]) for fate in fates]
    pieces += [_fold(fate) for fate in fates if fate.changes or fate.refusals or fate.effects]
    pieces += [f"\n_Note:_ {_words(note)}\n" for note in comparison.differences.passed_over]
    for at, piece in enumerate(pieces):
        if len(out) + len(piece) > MOST:
            return f"{out}\n_{len(pieces) - at} parts more are left out: run `kgen diff` to see them._\n"
        out += piece
    return out


def code(text: str) -> str:
    """Write text as it is, in a cell of a table too; a longer fence holds ticks."""
    shown = _PIPE.sub(r"\1\1\|", printable(text))
    fence = "`" * (1 + max((len(found) for found in _TICKS.findall(shown)), default=0))
    blank = " " if shown[:1] == "`" or shown[-1:] == "`" or not shown.strip() else ""
    return f"{fence}{blank}{shown}{blank}{fence}" if shown else ""


def _words(text: str) -> str:
    """Write prose so that no character of it is a mark."""
    return _MARKS.sub(r"\\\1", printable(text))


def _name(fate: Fate) -> str:
    return f"{fate.namespace}/{fate.name}" if fate.namespace else fate.name


def _row(fate: Fate, word: str) -> str:
    before, after = fate.before or Cost(), fate.after or Cost()
    known = fate.before is not None or fate.after is not None
    costs = [_cost(old, new) if known else "" for old, new in zip(before, after, strict=True)]
    cells = [_words(word), f"{_words(fate.kind)} {code(_name(fate))}", _words(fate.reason), *costs]
    return f"| {' | '.join(cells)} |\n"


def _cost(old: int, new: int) -> str:
    return f"{old:,}" if old == new else f"{old:,} → {new:,}"


def _fold(fate: Fate) -> str:
    count = len(fate.changes)
    fields = f": {count} field{'' if count == 1 else 's'}" if count else ""
    return (
        f"\n<details><summary>{_html(f'{fate.kind} {_name(fate)}')}{fields}</summary>\n\n"
        + "".join(_lines(fate))
        + "\n</details>\n"
    )


def _lines(fate: Fate) -> Iterator[str]:
    if fate.other and fate.action is Action.RENAME:
        yield f"- was {code(fate.other)}\n"
    for refusal in fate.refusals:
        yield f"- **refused:** {_words(refusal.reason)}\n  - help: {_words(refusal.help)}\n"
    for effect in fate.effects:
        yield f"- then: {_words(effect.text)}\n"
    if fate.changes:
        yield "\n| Field | Before | After | From |\n|---|---|---|---|\n"
        yield from map(_change, fate.changes)


def _change(change: FieldChange) -> str:
    cells = [field_text(change.path), *values(change), origin_text(change.origin)]
    return f"| {' | '.join(map(code, cells))} |\n"


def _html(text: str) -> str:
    return printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
