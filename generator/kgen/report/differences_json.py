"""A comparison for programs: one JSON object; `schemas/differences.json` says it."""

from __future__ import annotations

from kgen.model.change import Absent, Action, Cost, Fate, FieldChange
from kgen.model.difference import field_text
from kgen.model.environment import layer_of
from kgen.model.node import Plain, Span
from kgen.report.changes import Comparison, counts, kind_of, safe, total
from kgen.report.json_text import count_schema, dump, object_schema, text_schema


def render(comparison: Comparison) -> str:
    """Write all objects, those that nothing happens to included."""
    found = comparison.differences
    before, after = total(found)
    return dump(
        {
            "before": comparison.before,
            "after": comparison.after,
            "objects": [_fate(fate) for fate in found.fates],
            "notes": list(found.passed_over),
            "cost": {"before": _cost(before), "after": _cost(after)},
            "summary": {action.value: count for action, count in counts(found).items()},
        }
    )


def _fate(fate: Fate) -> dict[str, object]:
    return {
        "kind": fate.kind,
        "namespace": fate.namespace,
        "name": fate.name,
        "action": fate.action.value,
        "reason": fate.reason,
        "other": fate.other,
        "changes": [_change(change) for change in fate.changes],
        "refusals": [{"field": r.field, "reason": r.reason, "help": r.help} for r in fate.refusals],
        "effects": [{"field": effect.field, "text": effect.text} for effect in fate.effects],
        "origin": _origin(fate.origin),
        "cost": {"before": _cost(fate.before), "after": _cost(fate.after)},
    }


def _change(change: FieldChange) -> dict[str, object]:
    before, after = (None if isinstance(v, Absent) else safe(v, change.path) for v in (change.before, change.after))
    return {
        "field": field_text(change.path),
        "change": kind_of(change),
        "before": before,
        "after": after,
        "origin": _origin(change.origin),
        "editable": change.editable,
    }


def _origin(span: Span | None) -> dict[str, object] | None:
    if span is None or not span.file:
        return None
    return {"layer": layer_of(span), "file": span.file, "line": span.line, "column": span.column}


def _cost(cost: Cost | None) -> dict[str, int] | None:
    if cost is None:
        return None
    return {"trials": cost.trials, "gpusAtOnce": cost.gpus_at_once, "gpuTrials": cost.gpu_trials}


def schema() -> dict[str, Plain]:
    """Make the JSON Schema of what `render` writes, and of several of it in a list."""
    one: dict[str, Plain] = {"$ref": "#/$defs/comparison"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The differences of kgen diff --format json",
        "oneOf": [one, _list("Of several environments or files, in the order they were asked for", one)],
        "$defs": {"comparison": _of_comparison()},
    }


def _of_comparison() -> dict[str, Plain]:
    counted: dict[str, Plain] = {action.value: count_schema(f"Objects of action {action}") for action in Action}
    keys: dict[str, Plain] = {
        "before": text_schema("What was compared with, as a person would say it"),
        "after": text_schema("What was compared, as a person would say it"),
        "objects": _list("In order of kind, namespace and name", object_schema("An object", _of_object())),
        "notes": _list("What was left out, and why", text_schema("A note")),
        "cost": _costs("What all Experiments take at the most", nullable=False),
        "summary": {"description": "How many objects", **object_schema("Counts", counted)},
    }
    name = text_schema("Which of several it is: an environment's name, or a path")
    return object_schema("A comparison", {"environment": name, **keys}, tuple(keys))


def _list(description: str, items: dict[str, Plain]) -> dict[str, Plain]:
    return {"description": description, "type": "array", "items": items}


def _or_null(description: str, one: dict[str, Plain]) -> dict[str, Plain]:
    return {"description": description, "oneOf": [one, {"type": "null"}]}


def _costs(description: str, *, nullable: bool) -> dict[str, Plain]:
    cost = object_schema(
        "A cost",
        {
            "trials": count_schema("Trials, at the most"),
            "gpusAtOnce": count_schema("Parallel trials times the GPUs of one"),
            "gpuTrials": count_schema("All trials times the GPUs of one"),
        },
    )
    sides: dict[str, Plain] = {
        side: _or_null(f"Cost {side}", cost) if nullable else cost for side in ("before", "after")
    }
    return {"description": description, **object_schema("Costs", sides)}


def _of_object() -> dict[str, Plain]:
    refusal = {
        "field": text_schema("As Katib names it, such as spec.maxTrialCount"),
        "reason": text_schema("What is in the way, with the values that clash"),
        "help": text_schema("What to do instead"),
    }
    effect = {"field": text_schema("What causes it"), "text": text_schema("What happens beside the change itself")}
    return {
        "kind": text_schema("Its kind"),
        "namespace": text_schema("Its namespace; empty where it has none"),
        "name": text_schema("Its name"),
        "action": text_schema(
            "What happens to it; between two environments `in-place` is what differs, `create` what the second alone "
            "has, and `prune` what the first alone has",
            enum=[action.value for action in Action],
        ),
        "reason": text_schema("Why, in one sentence; empty where the action says all"),
        "other": text_schema("Of a new name the old one, and of what it leaves behind the new one; else empty"),
        "changes": _list("The fields that differ", object_schema("A field that differs", _of_change())),
        "refusals": _list("What is refused", object_schema("A refusal", {**refusal})),
        "effects": _list("What happens beside the change itself", object_schema("A side effect", {**effect})),
        "origin": _or_null("Where its spec or manifest is; null for what left Git", _place()),
        "cost": _costs("What it takes at the most; null for what is no Experiment", nullable=True),
    }


def _of_change() -> dict[str, Plain]:
    return {
        "field": text_schema("Path in the object, such as `spec.parameters[lr].feasibleSpace.max`"),
        "change": text_schema(
            "`order`: the same items stand in another order, and the values are their names",
            enum=["added", "removed", "changed", "order"],
        ),
        "before": {"description": "The value; null for one that was added. A credential reads `***`"},
        "after": {"description": "The value; null for one that was removed. A credential reads `***`"},
        "origin": _or_null("The line of the layer behind the new value; null for one that was removed", _place()),
        "editable": {"description": "Whether the server lets it be changed in place", "type": "boolean"},
    }


def _place() -> dict[str, Plain]:
    return object_schema(
        "A place",
        {
            "layer": text_schema("The layer, such as `overlay prod`; of a plain manifest its file"),
            "file": text_schema("Path of the file, `/` on every system; for a value that nobody wrote, whose it is"),
            "line": count_schema("Line, counting from 1; 0 for a value that nobody wrote"),
            "column": count_schema("Column in characters, counting from 1; 0 for a value that nobody wrote"),
        },
    )
