"""A value and the place it was written at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

FieldPath: TypeAlias = tuple[str | int, ...]
"""`("spec", "parameters", 0, "name")`: keys and list indices from the root of an object."""


class Span(NamedTuple):
    """A place in a file; line and column count from 1, as editors do.

    A value that nobody wrote has `line` 0, and `file` says whose it is:
    `Katib's default for 0.19`.
    """

    file: str  # relative to the workspace root, "/" on every system
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


class Node(NamedTuple):
    """A YAML value with its Span; what it holds are Nodes too, and nobody changes it once made.

    A NamedTuple and not a frozen dataclass: one is made for every scalar that is read, and
    it is made in a third of the time.
    """

    value: Value
    span: Span
    text: str = ""  # the scalar as its author wrote it, where that is more than `str(value)`


Value: TypeAlias = "str | int | float | bool | dict[str, Node] | tuple[Node, ...] | None"
Plain: TypeAlias = "str | int | float | bool | dict[str, Plain] | list[Plain] | None"
"""What JSON can say: a Node without its places."""

NOWHERE = Span("", 0, 0)


def kind_of(value: Value) -> str:
    """Name the kind of a value as a message would: `mapping`, `list`, `text`, `number`, ..."""
    if isinstance(value, dict):
        return "mapping"
    if isinstance(value, tuple):
        return "list"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return "text" if isinstance(value, str) else "number"


def text_of(node: Node) -> str:
    """Give a scalar as text, the way its author wrote it: `0.10` stays `0.10`, `1e-5` stays `1e-5`.

    An integer is always decimal (`0x1F` is `31`), as Katib's services read no other base.
    """
    value = node.value
    if type(value) is str:
        return value
    if type(value) is int:
        return str(value)
    return node.text or _plain_text(value)


def as_written(node: Node) -> Node:
    """Give a scalar where a program reads text: what its author wrote, so that a postcode keeps its zeros."""
    value = node.value
    return node if value is None or type(value) is str else Node(node.text or text_of(node), node.span)


def _plain_text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)


def make(plain: object, span: Span) -> Node:
    """Make a Node of plain data in which every value has the one Span; Nodes within keep their own."""
    if type(plain) is Node:
        return plain
    if isinstance(plain, dict):
        return Node({key: make(value, span) for key, value in plain.items()}, span)
    if isinstance(plain, (list, tuple)):
        return Node(tuple([make(value, span) for value in plain]), span)
    assert plain is None or isinstance(plain, (str, int, float)), plain
    return Node(plain, span)


def plain(node: Node) -> Plain:
    """Drop the places."""
    value = node[0]
    if isinstance(value, dict):  # loops, and nearly all that is held are texts, which are spared the call:
        out: dict[str, Plain] = {}  # every document that is linted goes through here twice
        for key, item in value.items():
            inner = item[0]
            out[key] = inner if type(inner) is str else plain(item)
        return out
    if isinstance(value, tuple):
        listed: list[Plain] = []
        for item in value:
            inner = item[0]
            listed.append(inner if type(inner) is str else plain(item))
        return listed
    return value


def get(node: Node | None, *path: str | int) -> Node | None:
    """Follow a path; None where it ends early."""
    for step in path:
        if node is None:
            return None
        value = node.value
        if isinstance(value, dict):
            node = value.get(step) if isinstance(step, str) else None
        elif isinstance(value, tuple):
            node = value[step] if isinstance(step, int) and -len(value) <= step < len(value) else None
        else:
            return None
    return node


def object_of(node: Node) -> tuple[str, str, str]:
    """Say which object of a cluster it is: kind, namespace, name; "" for each that it lacks."""
    kind, namespace, name = get(node, "kind"), get(node, "metadata", "namespace"), get(node, "metadata", "name")
    return _text_or_none(kind), _text_or_none(namespace), _text_or_none(name)


def _text_or_none(node: Node | None) -> str:
    return "" if node is None else text_of(node)


def items(node: Node | None) -> tuple[Node, ...]:
    """Give the items of a list that may be absent."""
    return node.value if node is not None and isinstance(node.value, tuple) else ()


def fields(node: Node | None) -> Mapping[str, Node]:
    """Give the keys of a mapping that may be absent."""
    return node.value if node is not None and isinstance(node.value, dict) else {}


def is_true(node: Node | None) -> bool:
    """Whether a switch is there and on."""
    return node is not None and node.value is True


def put(node: Node, path: FieldPath, change: Callable[[Node | None], Node]) -> Node:
    """Give the tree in which the Node at `path` is what `change` makes of it.

    Mappings on the way that do not exist are made, with the Span of the Node above them.

    Raises:
        TypeError: the path leads through a scalar, or past the end of a list.
    """
    if not path:
        return change(node)
    step, rest = path[0], path[1:]
    value = node.value
    if isinstance(value, tuple) and isinstance(step, int):
        if not 0 <= step < len(value):
            raise TypeError(f"no item {step}")
        return Node((*value[:step], put(value[step], rest, change), *value[step + 1 :]), node.span)
    if not isinstance(value, dict) or not isinstance(step, str):
        raise TypeError(f"{kind_of(value)} has no {step!r}")
    below = value.get(step)
    if below is not None or not rest:
        new = put(below, rest, change) if below is not None else change(None)
    else:
        new = put(Node({}, node.span), rest, change)
    return Node(type(value)({**value, step: new}), node.span)


def leaves(node: Node, path: FieldPath = ()) -> Iterator[tuple[FieldPath, Node]]:
    """Yield every scalar, empty mapping and empty list with its path, in order."""
    value = node.value
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, tuple) and value:
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path, node


def path_text(path: FieldPath) -> str:
    """Write a path as Kubernetes does: `spec.parameters[0].name`; odd keys go in brackets."""
    out = ""
    for step in path:
        if isinstance(step, int):
            out += f"[{step}]"
        elif step and all(c.isalnum() or c in "-_" for c in step):
            out += f".{step}" if out else step
        else:
            out += f'["{step}"]'
    return out
