"""RFC 6902 patches on finished objects; what they write keeps the place where they wrote it (KG1xx)."""

from __future__ import annotations

from collections.abc import Mapping

from kgen.katib.decode import FlawKind, decode
from kgen.katib.types import experiment
from kgen.model.diagnostic import Diagnostic, error
from kgen.model.environment import KATIB_VERSIONS
from kgen.model.node import FieldPath, Node, fields, get, is_true, items, kind_of, path_text, plain, text_of
from kgen.model.target import DEFAULT_KIND, is_target

NO_TARGET, NO_PATH = "KG109", "KG110"
MOST_NODES = 100_000  # values in a patched object


class Refused(Exception):
    """An operation that cannot be done."""


def patch(obj: Node, name: str, patches: tuple[Node, ...], hit: set[str], problems: list[Diagnostic]) -> Node:
    """Apply the patches whose target is the object; `hit` gathers the ids of those that had one.

    `name` is what a target's `name` is held against: the name of an Experiment before hashing. A patch
    that does not fit is reported, and leaves the object as it was.
    """
    kind = text_of(fields(obj)["kind"])
    for item in patches:
        if not is_target(get(item, "target"), kind, name, get(obj, "metadata", "labels")):
            continue
        hit.add(_id(item))
        new, place = obj, item.span
        try:
            for operation in items(get(item, "ops")):
                place = operation.span
                new = _apply(new, fields(operation))
                if not _is_within(new, MOST_NODES):
                    raise Refused(f"the object grows beyond {MOST_NODES:,} values")
                _check_whole(new, obj)
        except Refused as refusal:
            message = f"the patch does not fit {kind} `{name}`: {refusal}"
            help_ = "look at the object with `kgen render`, and mend the operation"
            problems.append(error(place, NO_PATH, message, help_))
        else:
            obj = new
    return obj


def _is_within(node: Node, most: int) -> bool:
    """Whether a tree has no more values than that; stops counting there, as copies of copies double it."""
    count, pending = 0, [node]
    while pending and count <= most:
        value = pending.pop().value
        count += 1
        if isinstance(value, dict):
            pending.extend(value.values())
        elif isinstance(value, tuple):
            pending.extend(value)
    return count <= most


_IDENTITY: tuple[FieldPath, ...] = (("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace"))
_KINDS = {
    "objective": "mapping",
    "algorithm": "mapping",
    "earlyStopping": "mapping",
    "metricsCollectorSpec": "mapping",
    "parameters": "list",
    "nasConfig": "mapping",
    "trialTemplate": "mapping",
}


def _check_whole(new: Node, old: Node) -> None:
    """Refuse a patch that makes another object of it, or no Experiment at all."""
    for path in _IDENTITY:
        before, after = get(old, *path), get(new, *path)
        if (None if before is None else before.value) != (None if after is None else after.value):
            raise Refused(f"`{path_text(path)}` says which object it is, and cannot be changed")
    if fields(old)["kind"].value != DEFAULT_KIND:
        return
    spec = get(new, "spec")
    if spec is None or not isinstance(spec.value, dict):
        raise Refused("an Experiment needs its `spec`")
    for key, kind in _KINDS.items():
        part = spec.value.get(key)
        if part is not None and kind_of(part.value) != kind:
            raise Refused(f"`spec.{key}` must be a {kind}, not a {kind_of(part.value)}")
    for flaw in decode(new, experiment(KATIB_VERSIONS[-1]))[1]:
        if flaw.kind is FlawKind.UNKNOWN and flaw.path[0] == "spec" and get(old, *flaw.path) is None:
            raise Refused(f"Katib knows no field `{path_text(flaw.path)}`, and would drop it without a word")


def _id(patch: Node) -> str:
    """What a patch is known by: its file and number, as `unfold` gives it."""
    known = get(patch, "id")
    return str(patch.span) if known is None else text_of(known)


def unused(patches: tuple[Node, ...], hit: set[str]) -> list[Diagnostic]:
    """Report every patch that had no target, unless it is optional."""
    out = []
    for item in patches:
        if _id(item) not in hit and not is_true(get(item, "optional")):
            help_ = "mend its `target`, or add `optional: true`"
            out.append(error(item.span, NO_TARGET, "the patch has no target in this environment", help_))
    return out


def _steps(pointer: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]


def _apply(obj: Node, given: Mapping[str, Node]) -> Node:
    kind, path = text_of(given["op"]), _steps(text_of(given["path"]))
    if kind in ("add", "replace", "test") and "value" not in given:
        raise Refused(f"`{kind}` needs a `value`")
    if kind in ("move", "copy") and "from" not in given:
        raise Refused(f"`{kind}` needs a `from`")
    if kind == "add":
        return _add(obj, path, given["value"], "")
    if kind == "remove":
        return _remove(obj, path, "")
    if kind == "replace":
        _find(obj, path)
        return _add(_remove(obj, path, ""), path, given["value"], "") if path else given["value"]
    if kind == "test":
        if plain(_find(obj, path)) != plain(given["value"]):
            raise Refused(f"`{text_of(given['path'])}` holds another value than the test asks for")
        return obj
    source = _steps(text_of(given["from"]))
    if source[:1] != path[:1]:  # the name of an Experiment follows its spec, and must not follow its labels
        raise Refused(f"`{kind}` stays within `metadata` or within `spec`")
    node = _find(obj, source)
    return _add(_remove(obj, source, "") if kind == "move" else obj, path, node, "")


def _find(obj: Node, path: list[str]) -> Node:
    node, done = obj, ""
    for step in path:
        node = _step(node, step, done)
        done += f"/{step}"
    return node


def _step(node: Node, step: str, done: str) -> Node:
    held, listed = fields(node), items(node)
    if step in held:
        return held[step]
    if isinstance(node.value, tuple):
        return listed[_index(step, len(listed) - 1, done)]
    raise Refused(_absent(node, step, done))


def _absent(node: Node, step: str, done: str) -> str:
    held = ", ".join(f"`{key}`" for key in fields(node))
    where = f"`{done}`" if done else "it"
    return f"{where} is a {kind_of(node.value)} without `{step}`" + (f"; it holds {held}" if held else "")


def _index(step: str, last: int, done: str) -> int:
    if not step.isdecimal() or (step != "0" and step.startswith("0")):
        raise Refused(f"`{done}` is a list, and `{step}` is no index")
    if int(step) > last:
        raise Refused(f"`{done}` has no item {step}: the last is {last}")
    return int(step)


def _add(node: Node, path: list[str], new: Node, done: str) -> Node:
    if not path:
        return new
    step, rest, value = path[0], path[1:], node.value
    if rest:
        return _with(node, step, _add(_step(node, step, done), rest, new, f"{done}/{step}"))
    if isinstance(value, dict):
        return Node({**value, step: new}, node.span)
    if isinstance(value, tuple):
        at = len(value) if step == "-" else _index(step, len(value), done)
        return Node((*value[:at], new, *value[at:]), node.span)
    raise Refused(_absent(node, step, done))


def _remove(node: Node, path: list[str], done: str) -> Node:
    if not path:
        raise Refused("the whole object cannot be removed")
    step, rest, value = path[0], path[1:], node.value
    below = _step(node, step, done)
    if rest:
        return _with(node, step, _remove(below, rest, f"{done}/{step}"))
    if isinstance(value, dict):
        return Node({key: item for key, item in value.items() if key != step}, node.span)
    assert isinstance(value, tuple)
    return Node((*value[: int(step)], *value[int(step) + 1 :]), node.span)


def _with(node: Node, step: str, new: Node) -> Node:
    value = node.value
    if isinstance(value, dict):
        return Node({**value, step: new}, node.span)
    assert isinstance(value, tuple)
    return Node((*value[: int(step)], new, *value[int(step) + 1 :]), node.span)
