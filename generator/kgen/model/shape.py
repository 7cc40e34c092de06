"""What a file may hold, said once: the parser checks by it, and the published JSON Schemas are made of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import isfinite
from types import MappingProxyType
from typing import NamedTuple

from kgen.model.diagnostic import Diagnostic, error
from kgen.model.node import FieldPath, Node, Plain, kind_of, path_text
from kgen.model.words import MOST_LISTED, nearest, suggestion

UNKNOWN_KEY, WRONG_KIND, MISSING_KEY = "KG003", "KG004", "KG011"

TEXT, NUMBER, INTEGER, BOOLEAN, MAPPING, LIST = "text", "number", "integer", "boolean", "mapping", "list"
SCALAR = (TEXT, NUMBER, BOOLEAN)


class Shape(NamedTuple):
    """The values that may stand in one place.

    `kinds` are the kinds of value that are legal; each other field speaks of one kind only, so
    `text or mapping` needs no alternatives: `algorithm: random` and `algorithm: {name: tpe}`.
    """

    doc: str
    kinds: tuple[str, ...]
    keys: Mapping[str, Shape] = MappingProxyType({})  # of a mapping; closed unless `values`
    values: Shape | None = None  # of a mapping: what any other key may hold
    required: tuple[str, ...] = ()
    items: Shape | None = None  # of a list
    size: tuple[int, int | None] = (0, None)  # of a list: least and most items
    choices: tuple[str, ...] = ()  # of a text
    pattern: str = ""  # of a text, whole
    form: str = ""  # what `pattern` asks for, in words
    minimum: int | None = None  # of a number
    only: bool | None = None  # the one boolean that is legal
    layer: bool = False  # of a mapping: it is laid over another, so null deletes and nothing is required


# What Katib calls things that the compact form calls otherwise: nobody should be told to remove them.
_KATIB_NAMES = {
    "additionalMetricNames": "`objective.additional`",
    "algorithmName": "`algorithm: NAME`, or `name` in it",
    "algorithmSettings": "`settings`, NAME: VALUE",
    "apiVersion": "nothing: a spec is no manifest, but `objective`, `algorithm`, `trials`, `parameters` and `trial`",
    "feasibleSpace": "`double: [min, max]`, `int: [min, max]`, `discrete: [...]` or `categorical: [...]`",
    "maxFailedTrialCount": "`trials.maxFailed`",
    "maxTrialCount": "`trials.max`",
    "metricStrategies": "`objective.strategies`",
    "metricsCollectorSpec": "`metrics`",
    "nasConfig": "`nas`",
    "objectiveMetricName": "`maximize: METRIC` or `minimize: METRIC`",
    "parallelTrialCount": "`trials.parallel`",
    "parameterType": "the key of the values: `double`, `int`, `discrete` or `categorical`",
    "primaryContainerName": "`trial.container`",
    "resumePolicy": "`resume`",
    "spec": "keys of its own: `objective`, `algorithm`, `trials`, `parameters` and `trial`",
    "trialParameters": "nothing: they are derived from `parameters`; `as` renames one",
    "trialSpec": "`trial.template`",
    "trialTemplate": "`trial`",
}

FREE = Shape("", ())  # nothing below it is looked at


def text(doc: str, *, choices: tuple[str, ...] = (), pattern: str = "", form: str = "") -> Shape:
    """A text; a number or boolean in its place is an error."""
    return Shape(doc, (TEXT,), choices=choices, pattern=pattern, form=form)


def scalar(doc: str) -> Shape:
    """A text that may be written as a number or boolean, and keeps what was written."""
    return Shape(doc, SCALAR)


def number(doc: str) -> Shape:
    """A number."""
    return Shape(doc, (NUMBER,))


def integer(doc: str, minimum: int) -> Shape:
    """A whole number."""
    return Shape(doc, (INTEGER,), minimum=minimum)


def boolean(doc: str) -> Shape:
    """True or false."""
    return Shape(doc, (BOOLEAN,))


def listing(doc: str, items: Shape, least: int = 0, most: int | None = None) -> Shape:
    """A list."""
    return Shape(doc, (LIST,), items=items, size=(least, most))


def mapping(doc: str, keys: Mapping[str, Shape], required: tuple[str, ...] = ()) -> Shape:
    """A mapping with these keys and no others."""
    return Shape(doc, (MAPPING,), keys=keys, required=required)


def table(doc: str, values: Shape) -> Shape:
    """A mapping whose keys are the author's own names."""
    return Shape(doc, (MAPPING,), values=values)


def anything(doc: str, *kinds: str) -> Shape:
    """Kubernetes' own form, which is checked where the finished object is."""
    return Shape(doc, kinds or (MAPPING,), values=FREE)


def either(first: Shape, *others: Shape) -> Shape:
    """A value of one of several shapes, which must differ in kind."""
    out = first
    for other in others:
        assert not set(out.kinds) & set(other.kinds)
        last = other if MAPPING in other.kinds else out
        lister = other if LIST in other.kinds else out
        texter = other if TEXT in other.kinds else out
        out = last._replace(
            doc=out.doc,
            kinds=(*out.kinds, *other.kinds),
            items=lister.items,
            size=lister.size,
            choices=texter.choices,
            pattern=texter.pattern,
            form=texter.form,
            minimum=other.minimum if out.minimum is None else out.minimum,
            only=other.only if out.only is None else out.only,
        )
    return out


def check(node: Node, shape: Shape, path: FieldPath = (), *, layer: bool = False) -> Iterator[Diagnostic]:
    """Yield all that is wrong with a document, in the order it is written.

    `layer` says that the value lies in a layer: null is legal, as it deletes, and a required key
    may be missing, as the layer below may have it. An item of a list stands for itself again.
    """
    value = node.value
    kind = kind_of(value)
    if value is None and layer:
        return
    if not _is_of(value, kind, shape):
        yield _wrong_kind(node, kind, shape, path)
    elif isinstance(value, dict):
        yield from _check_mapping(node, value, shape, path, layer or shape.layer)
    elif isinstance(value, tuple):
        yield from _check_list(node, value, shape, path)
    else:
        yield from _check_scalar(node, shape, path)


def _is_of(value: object, kind: str, shape: Shape) -> bool:
    if kind in shape.kinds:
        return shape.only is None or kind != BOOLEAN or value is shape.only
    return kind == NUMBER and INTEGER in shape.kinds and type(value) is int


def _wrong_kind(node: Node, kind: str, shape: Shape, path: FieldPath) -> Diagnostic:
    wanted = " or ".join(_KIND_WORDS.get(k, k) for k in shape.kinds)
    if shape.only is not None:
        wanted = wanted.replace("true or false", str(shape.only).lower())
    where = f"`{path_text(path)}`" if path else "the file"
    if node.value is None:
        return error(node.span, WRONG_KIND, f"{where} has no value", f"write {wanted}, or remove the key")
    # A text is not repeated: where a mapping is wanted, it may be the secret that the mapping should refer to.
    found = f"the {kind} `{node.text or node.value}`" if kind in (NUMBER, BOOLEAN) else f"a {kind}"
    help_ = f"write {wanted}" + (f" ({_shorten(shape.doc)})" if shape.doc else "")
    if TEXT in shape.kinds and (kind == NUMBER or (kind == BOOLEAN and shape.only is None)):
        help_ = f'put it in quotes: "{node.text or node.value}"'
    return error(node.span, WRONG_KIND, f"{where} is {found}, expected {wanted}", help_)


_KIND_WORDS = {
    TEXT: "text",
    NUMBER: "a number",
    INTEGER: "a whole number",
    BOOLEAN: "true or false",
    MAPPING: "a mapping",
    LIST: "a list",
}


def _shorten(doc: str) -> str:
    """Give the gist of a description, to stand inside a sentence."""
    gist = doc.split(". ", 1)[0].split("; ", 1)[0].rstrip(".")
    return gist[:1].lower() + gist[1:] if gist[1:2].islower() else gist


def _check_mapping(
    node: Node, value: Mapping[str, Node], shape: Shape, path: FieldPath, layer: bool
) -> Iterator[Diagnostic]:
    keys, others = shape.keys, shape.values
    for key, item in value.items():
        inner = keys.get(key, others)
        if inner is None:
            where = f" in `{path_text(path)}`" if path else ""
            yield error(item.span, UNKNOWN_KEY, f"unknown key `{key}`{where}", _unknown_help(key, keys))
        elif inner is not FREE:
            yield from check(item, inner, (*path, key), layer=layer)
    missing = () if layer else tuple(key for key in shape.required if key not in value)
    if missing:
        names = ", ".join(f"`{key}`" for key in missing)
        where = f"`{path_text(path)}`" if path else "the file"
        docs = "; ".join(f"`{key}`: {_shorten(keys[key].doc)}" for key in missing)
        yield error(node.span, MISSING_KEY, f"{where} has no {names}", f"add {docs}")


def _unknown_help(key: str, keys: Mapping[str, Shape]) -> str:
    if key in _KATIB_NAMES:
        return f"the compact form says it as {_KATIB_NAMES[key]}"
    if nearest(key, keys) is None and len(keys) > MOST_LISTED:
        return "remove it; known here: " + ", ".join(f"`{name}`" for name in keys)
    return suggestion(key, keys)


def _check_list(node: Node, value: tuple[Node, ...], shape: Shape, path: FieldPath) -> Iterator[Diagnostic]:
    least, most = shape.size
    if len(value) < least or (most is not None and len(value) > most):
        wanted = f"{least}" if most == least else f"{least} or more" if most is None else f"{least} to {most}"
        yield error(
            node.span,
            WRONG_KIND,
            f"`{path_text(path)}` has {len(value)} item{'' if len(value) == 1 else 's'}, expected {wanted}",
            f"write {_shorten(shape.doc)}" if shape.doc else "add or remove items",
        )
    if shape.items is not None:
        for index, item in enumerate(value):
            yield from check(item, shape.items, (*path, index))


def _check_scalar(node: Node, shape: Shape, path: FieldPath) -> Iterator[Diagnostic]:
    wrong = _wrong_scalar(node, shape)
    if wrong is not None:
        says, help_ = wrong
        yield error(node.span, WRONG_KIND, f"`{path_text(path)}`{says}", help_)


def _wrong_scalar(node: Node, shape: Shape) -> tuple[str, str] | None:
    value = node.value
    if isinstance(value, str):
        if shape.choices and value not in shape.choices:
            return f": `{value}` is unknown", suggestion(value, shape.choices)
        if shape.pattern and re.fullmatch(shape.pattern, value) is None:
            return f": `{value}` is not {shape.form}", f"write {shape.form}"
        if not value and _is_name(shape):
            return " is empty", "write a text, or remove the key"
    elif isinstance(value, float) and not isfinite(value):
        return f": `{node.text}` is not a finite number", "write a number"
    elif type(value) is int and shape.minimum is not None and value < shape.minimum:
        return f" is {value}, expected {shape.minimum} or more", f"write {shape.minimum} or more"
    return None


def _is_name(shape: Shape) -> bool:
    """Whether a text means something here, and so must not be empty; the empty text is a good value of a scalar."""
    return TEXT in shape.kinds and NUMBER not in shape.kinds and not shape.pattern and not shape.choices


def json_schema(shape: Shape, title: str) -> dict[str, Plain]:
    """Say a shape as JSON Schema 2020-12, for editors and other validators."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **_schema(shape, layer=False),
    }


def _schema(shape: Shape, *, layer: bool) -> dict[str, Plain]:
    names = {TEXT: "string", MAPPING: "object", LIST: "array"}
    kinds: list[Plain] = [names.get(kind, kind) for kind in shape.kinds]
    if layer and "null" not in kinds:
        kinds.append("null")
    out: dict[str, Plain] = {"description": shape.doc} if shape.doc else {}
    out["type"] = kinds[0] if len(kinds) == 1 else kinds
    if MAPPING in shape.kinds:
        out |= _mapping_schema(shape, layer or shape.layer)
    if shape.items is not None:
        out["items"] = _schema(shape.items, layer=False)
        least, most = shape.size
        out |= {"minItems": least} if least else {}
        out |= {"maxItems": most} if most is not None else {}
    if shape.choices or shape.only is not None:
        legal: list[Plain] = [*shape.choices] if shape.choices else []
        legal += [shape.only] if shape.only is not None else []
        out |= _restrict(shape, legal, layer)
    if shape.pattern:
        out["pattern"] = f"^(?:{shape.pattern})$"
    elif _is_name(shape):
        out["minLength"] = 1
    return out | ({"minimum": shape.minimum} if shape.minimum is not None else {})


def _restrict(shape: Shape, legal: list[Plain], layer: bool) -> dict[str, Plain]:
    """An enum speaks of all kinds at once: where others are legal too, it holds for its own kind alone."""
    bound = {TEXT} if shape.choices else set()
    bound |= {BOOLEAN} if shape.only is not None else set()
    if set(shape.kinds) <= bound:
        return {"enum": [*legal, None] if layer else legal}
    kind = "string" if shape.choices else "boolean"
    return {"if": {"type": kind}, "then": {"enum": legal}}


def _mapping_schema(shape: Shape, layer: bool) -> dict[str, Plain]:
    out: dict[str, Plain] = {}
    if shape.keys:
        out["properties"] = {key: _schema(inner, layer=layer) for key, inner in shape.keys.items()}
    if shape.values is not None and shape.values is not FREE:
        out["additionalProperties"] = _schema(shape.values, layer=layer)
    elif shape.values is None:
        out["additionalProperties"] = False
    if shape.required and not layer:
        out["required"] = list(shape.required)
    return out
