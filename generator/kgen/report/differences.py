"""A comparison for people: an object a paragraph, the fields that differ, and what it all comes to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import MappingProxyType

from kgen.model.change import Action, Cost, Fate, FieldChange
from kgen.model.difference import field_text
from kgen.report.cells import printable
from kgen.report.changes import Comparison, cost_text, origin_text, summary, values, words

__all__ = ["STYLES", "Comparison", "render", "summary"]

_COLOURS = {
    Action.CREATE: "32",
    Action.IN_PLACE: "36",
    Action.REJECTED: "1;31",
    Action.RENAME: "33",
    Action.PRUNE: "31",
    Action.KEEP: "34",
}
_ABSENT = "(absent)"


def render(comparison: Comparison) -> str:
    """Write every object that something happens to, the notes, and the summary."""
    out = [_fate(fate, comparison) for fate in comparison.differences.fates if fate.action is not Action.NONE]
    out.extend(f"note: {printable(note)}\n" for note in comparison.differences.passed_over)
    return "".join(out) + f"{printable(summary(comparison))}\n"


def _fate(fate: Fate, comparison: Comparison) -> str:
    word = printable(words(comparison)[fate.action]) if comparison.differences.by_content else fate.action.value
    head = f"\x1b[{_COLOURS[fate.action]}m{word}\x1b[0m" if comparison.colour else word
    name = f"{fate.namespace}/{fate.name}" if fate.namespace else fate.name
    reason = f": {fate.reason}" if fate.reason else ""
    return f"{head} {printable(f'{fate.kind} {name}{reason}')}\n" + "".join(f"    {line}\n" for line in _lines(fate))


def _lines(fate: Fate) -> Iterator[str]:
    if fate.other and fate.action is Action.RENAME:
        yield f"was: {printable(fate.other)}"
    for change in fate.changes:
        yield _change(change)
    for refusal in fate.refusals:
        if not fate.reason.endswith(refusal.reason):  # which is said already
            yield f"refused: {printable(refusal.reason)}"
        yield f"help: {printable(refusal.help)}"
    for effect in fate.effects:
        if effect.text != fate.reason:
            yield f"then: {printable(effect.text)}"
    if fate.before is not None or fate.after is not None:
        costs = cost_text(fate.before or Cost(), fate.after or Cost())
        if costs:
            yield f"cost: {costs}"


def _change(change: FieldChange) -> str:
    before, after = values(change)
    where = origin_text(change.origin)
    place = f"  ({printable(where)})" if where else ""
    return f"{printable(field_text(change.path))}: {before or _ABSENT} -> {after or _ABSENT}{place}"


def _json(comparison: Comparison) -> str:
    from kgen.report import differences_json  # noqa: PLC0415 - one style of three

    return differences_json.render(comparison)


def _markdown(comparison: Comparison) -> str:
    from kgen.report import differences_markdown  # noqa: PLC0415

    return differences_markdown.render(comparison)


STYLES: MappingProxyType[str, Callable[[Comparison], str]] = MappingProxyType(
    {"text": render, "json": _json, "markdown": _markdown}
)
