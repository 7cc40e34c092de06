"""What every form of a comparison says: counts, costs, and values that are safe to show and short enough to read."""

from __future__ import annotations

import json
from math import isfinite
from typing import NamedTuple

from kgen.model.change import Absent, Action, Cost, Differences, FieldChange
from kgen.model.difference import MASK, Item
from kgen.model.environment import layer_of
from kgen.model.node import FieldPath, Plain, Span
from kgen.report.cells import printable
from kgen.report.masking import masked

MOST = 80  # characters of a value that are shown
_BEFORE = 12  # characters that are shown of what two long values begin with alike
_CUT = "…"
_DONE = {
    Action.CREATE: "created",
    Action.IN_PLACE: "in place",
    Action.REJECTED: "rejected",
    Action.RENAME: "renamed",
    Action.PRUNE: "pruned",
    Action.KEEP: "kept",
    Action.NONE: "unchanged",
}


class Comparison(NamedTuple):
    """All that a form of a comparison may want to say."""

    differences: Differences
    before: str = ""  # as a person would say it
    after: str = ""
    colour: bool = False


def counts(differences: Differences) -> dict[Action, int]:
    """Count objects by what happens to them."""
    return {action: sum(fate.action is action for fate in differences.fates) for action in Action}


def total(differences: Differences) -> tuple[Cost, Cost]:
    """Sum up what the Experiments take, before and after."""
    before, after = Cost(), Cost()
    for fate in differences.fates:
        before, after = before.plus(fate.before or Cost()), after.plus(fate.after or Cost())
    return before, after


def summary(comparison: Comparison) -> str:
    """Say it in one line: `1 in place, 4 unchanged; trials 36 -> 48, GPUs at once 4 -> 8, GPU trials 96 -> 192`."""
    said = words(comparison)
    parts = [f"{count} {said[action]}" for action, count in counts(comparison.differences).items() if count]
    before, after = total(comparison.differences)
    costs = cost_text(before, after)
    return (", ".join(parts) or "no objects") + (f"; {costs}" if costs else "")


def words(comparison: Comparison) -> dict[Action, str]:
    """Say of each action what became of an object; between two environments nothing became of any."""
    if not comparison.differences.by_content:
        return _DONE
    only = {Action.CREATE: f"only in {comparison.after}", Action.PRUNE: f"only in {comparison.before}"}
    return {**_DONE, Action.IN_PLACE: "different", Action.NONE: "alike", **only}


def cost_text(before: Cost, after: Cost) -> str:
    """Write costs, each as `trials 36 -> 48`, or `trials 36` where it stays; what is nothing is left out."""
    names = ("trials", "GPUs at once", "GPU trials")
    parts = [
        f"{name} {old:,}" if old == new else f"{name} {old:,} -> {new:,}"
        for name, old, new in zip(names, before, after, strict=True)
        if old or new
    ]
    return ", ".join(parts)


def kind_of(change: FieldChange) -> str:
    """Say what kind of change it is: added, removed, changed, or order."""
    if change.path[-1:] == (Item(""),):
        return "order"
    if isinstance(change.before, Absent):
        return "added"
    return "removed" if isinstance(change.after, Absent) else "changed"


def origin_text(span: Span | None) -> str:
    """Name the layer and the place behind a value: `overlay prod, overlays/prod.yaml:3:10`; "" for none."""
    if span is None or not span.file:
        return ""
    layer = layer_of(span)
    return str(span) if layer == span.file else f"{layer}, {span}"


def values(change: FieldChange) -> tuple[str, str]:
    """Write both values on one line each, "" for one that is absent; of long ones the part that differs."""
    old, new = (None if isinstance(v, Absent) else safe(v, change.path) for v in (change.before, change.after))
    both = isinstance(old, str) and isinstance(new, str)
    texts = ["" if isinstance(v, Absent) else _text(safe(v, change.path), both) for v in (change.before, change.after)]
    alike = _alike(*texts)
    start = max(0, alike - _BEFORE) if max(map(len, texts)) > MOST else 0
    one, other = (_cut(text, start) for text in texts)
    return one, other


def _text(value: Plain, both_text: bool) -> str:
    """Write text as it is where nothing else could be meant, and all else as JSON."""
    if isinstance(value, str) and value and (both_text or not _is_odd(value)):
        return printable(value)
    return printable(json.dumps(value, ensure_ascii=False))


def _is_odd(text: str) -> bool:
    """Whether a text could be taken for a number or a switch."""
    return text in ("true", "false", "null") or text[:1].isdigit() or text != text.strip() or text[:1] in '-+.[{"'


def _alike(one: str, other: str) -> int:
    """Count the characters that both begin with."""
    most = min(len(one), len(other))
    return next((at for at in range(most) if one[at] != other[at]), most)


def _cut(text: str, start: int) -> str:
    shown = (_CUT if start else "") + text[start:]
    return shown if len(shown) <= MOST else shown[: MOST - 1] + _CUT


def safe(value: Plain, path: FieldPath) -> Plain:
    """Give a value without credentials, in a form that JSON can hold."""
    names = [str(step) for step in path if isinstance(step, str) and step]
    name = names[-1] if names else ""
    if name == "value" and len(names) > 1 and isinstance(path[-2], Item):
        name = names[-2]
    return _safe(value, name)


def _safe(value: Plain, name: str) -> Plain:
    if isinstance(value, str):
        return value if value == MASK else _masked(value, name)
    if isinstance(value, dict):
        called = value.get("name")
        variable = called if isinstance(called, str) else "value"
        return {key: _safe(item, variable if key == "value" else key) for key, item in value.items()}
    if isinstance(value, list):
        return [_safe(item, "") for item in value]
    return str(value) if isinstance(value, float) and not isfinite(value) else value


def _masked(text: str, name: str) -> str:
    """Mask each line as those of a file are; the name of the field stands before the first."""
    lines = text.split("\n")
    if len(lines) > 1:
        under = [f"{name}: |", *(f"  {line}" for line in lines)]
        return "\n".join(masked(under, at)[2:] for at in range(1, len(under)))
    head = f"{name}: " if name else ""
    return masked([head + text], 0)[len(head) :]
