"""What an edit makes of the data: the text is edited apart from it, and both must agree."""

from __future__ import annotations

from collections.abc import Sequence

from kgen.codec.layout import CannotEdit
from kgen.model.diagnostic import Edit, EditKind
from kgen.model.node import NOWHERE, FieldPath, Node, get, make, path_text


def edited_all(node: Node, edits: Sequence[Edit]) -> Node:
    for each in edits:
        node = edited(node, each)
    return node


def edited(node: Node, each: Edit) -> Node:
    """Make an edit on data; what is new has no place, and its text is not compared."""
    kind, path, value, to = each
    if kind is EditKind.SET:
        return _put(node, path, make(value, NOWHERE))
    old = get(node, *path)
    if not path or old is None:
        raise CannotEdit(f"there is no field `{path_text(path)}`")
    if kind is EditKind.REMOVE:
        return _without(node, path)
    if kind is EditKind.MOVE and to[:-1] != path[:-1]:
        if get(node, *to) is not None:
            raise CannotEdit(f"there is a `{path_text(to)}` already")
        return _put(_without(node, path), to, old)
    return _renamed(node, path, str(to[-1] if kind is EditKind.MOVE else value))


def _put(node: Node, path: FieldPath, new: Node) -> Node:
    if not path:
        return new
    step, rest = path[0], path[1:]
    value = node.value
    if value is None:
        value = {} if isinstance(step, str) else ()
    if isinstance(value, dict) and isinstance(step, str):
        return Node({**value, step: _put(value.get(step, Node(None, NOWHERE)), rest, new)}, node.span)
    if isinstance(value, tuple) and isinstance(step, int) and 0 <= step <= len(value):
        below = value[step] if step < len(value) else Node(None, NOWHERE)
        return Node((*value[:step], _put(below, rest, new), *value[step + 1 :]), node.span)
    raise CannotEdit(f"no field {step!r} can be set there")


def _without(node: Node, path: FieldPath) -> Node:
    holder = get(node, *path[:-1])
    assert holder is not None
    value, last = holder.value, path[-1]
    if isinstance(value, dict):
        rest: dict[str, Node] | tuple[Node, ...] = {key: item for key, item in value.items() if key != last}
    else:
        assert isinstance(value, tuple)
        rest = tuple(item for index, item in enumerate(value) if index != last)
    return _put(node, path[:-1], Node(rest, holder.span))


def _renamed(node: Node, path: FieldPath, new: str) -> Node:
    holder = get(node, *path[:-1])
    assert holder is not None
    if not isinstance(holder.value, dict):
        raise CannotEdit("an item of a list has no name")
    if new in holder.value:
        raise CannotEdit(f"there is a `{new}` already")
    entries = {new if key == path[-1] else key: item for key, item in holder.value.items()}
    return _put(node, path[:-1], Node(entries, holder.span))


def same(expected: Node, got: Node) -> bool:
    """Compare all that a reader sees, but for places: types, the order of keys, numbers as they are written."""
    one, two = expected.value, got.value
    if type(one) is not type(two):
        return False
    if isinstance(one, dict) and isinstance(two, dict):
        return list(one) == list(two) and all(same(item, two[key]) for key, item in one.items())
    if isinstance(one, tuple) and isinstance(two, tuple):
        return len(one) == len(two) and all(same(a, b) for a, b in zip(one, two, strict=True))
    if expected.span.line and expected.text != got.text:
        return False
    return one == two or (one != one and two != two)  # noqa: PLR0124 - not a number
