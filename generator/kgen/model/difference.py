"""What differs between two trees, field by field: neither the order of keys nor quoting is a difference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from kgen.model.node import FieldPath, Node, Value, path_text, text_of

MASK = "***"


class Item(str):
    """A step of a path: an item of a list, by what it is called there."""

    __slots__ = ()


class Hidden(str):
    """A credential: it reads `***` wherever it is written, and is equal to no other credential but itself."""

    digest: bytes

    def __new__(cls, secret: str) -> Hidden:
        """Keep no more of it than tells it from another."""
        from hashlib import sha256  # noqa: PLC0415 - few objects hold one

        self = super().__new__(cls, MASK)
        self.digest = sha256(secret.encode("utf-8", "surrogatepass")).digest()
        return self

    def __eq__(self, other: object) -> bool:
        """Compare what is hidden."""
        return isinstance(other, Hidden) and self.digest == other.digest

    def __hash__(self) -> int:
        """Agree with equality."""
        return hash(self.digest)


ORDER = Item("")  # the last step of the path where only the order of a list's items differs


class Different(NamedTuple):
    """One difference: the two values, None where there is none."""

    path: FieldPath
    before: Node | None
    after: Node | None


def is_same(one: Node, other: Node) -> bool:
    """Whether two trees say the same: 1 is 1.0 and is not true, and lists are in order."""
    return _is_same(one.value, other.value)


def differences(before: Node, after: Node) -> Iterator[Different]:
    """Yield what differs, each as deep down as it can be named; what was added or removed is one difference.

    Items of a list are paired by name where all of them have one (see `_NAMES`), else by their place, once what
    both lists begin and end with is left out. Law: nothing is yielded exactly where `is_same` holds.
    """
    yield from _differences(before, after, (), "")


def field_text(path: FieldPath) -> str:
    """Write a path for people: `spec.parameters[lr].feasibleSpace.max`; `spec.parameters (order)`."""
    out = ""
    plain_steps: list[str | int] = []
    for step in path:
        if isinstance(step, Item):
            out, plain_steps = _joined(out, plain_steps) + (f"[{step}]" if step else " (order)"), []
        else:
            plain_steps.append(step)
    return _joined(out, plain_steps)


def _joined(out: str, steps: list[str | int]) -> str:
    text = path_text(tuple(steps))
    return f"{out}.{text}" if out and text and text[0] != "[" else out + text


def _differences(before: Node, after: Node, path: FieldPath, name: str) -> Iterator[Different]:
    old, new = before.value, after.value
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from _pair(old.get(key), new.get(key), (*path, key), key)
    elif isinstance(old, tuple) and isinstance(new, tuple):
        yield from _listed(before, after, path, name)
    elif not _is_same(old, new):
        yield Different(path, before, after)


def _pair(old: Node | None, new: Node | None, path: FieldPath, name: str = "") -> Iterator[Different]:
    if old is not None and new is not None:
        yield from _differences(old, new, path, name)
        return
    there = old or new
    if name in _EACH and there is not None and isinstance(there.value, dict) and there.value:
        nothing = Node({}, there.span)
        yield from _differences(old or nothing, new or nothing, path, name)
    else:
        yield Different(path, old, new)


def _listed(before: Node, after: Node, path: FieldPath, name: str) -> Iterator[Different]:
    old, new = before.value, after.value
    assert isinstance(old, tuple)
    assert isinstance(new, tuple)
    for key in (*_NAMES.get(name, ()), *_ANY_NAMES):
        under, over = _by(key, old), _by(key, new)
        if under is not None and over is not None:
            for called in [*under, *(called for called in over if called not in under)]:
                yield from _pair(under.get(called), over.get(called), (*path, Item(called)))
            yield from _order(under, over, before, after, path)
            return
    yield from _placed(old, new, path)


def _by(key: str, items: tuple[Node, ...]) -> dict[str, Node] | None:
    """Give items by what they are called; None where one has no name, or one of another's."""
    out: dict[str, Node] = {}
    for item in items:
        name = item.value.get(key) if isinstance(item.value, dict) else None
        if name is None or type(name.value) not in (str, int) or name.value == "":
            return None
        out[text_of(name)] = item
    return out if len(out) == len(items) else None


def _order(
    under: Mapping[str, Node], over: Mapping[str, Node], before: Node, after: Node, path: FieldPath
) -> Iterator[Different]:
    if [name for name in under if name in over] == [name for name in over if name in under]:
        return
    old, new = (
        Node(tuple([Node(name, side.span) for name in names]), side.span)
        for names, side in ((under, before), (over, after))
    )
    yield Different((*path, ORDER), old, new)


def _placed(old: tuple[Node, ...], new: tuple[Node, ...], path: FieldPath) -> Iterator[Different]:
    """Pair items by their place; an index is the new one, of what was removed the old one."""
    most = min(len(old), len(new))
    head = next((at for at in range(most) if not is_same(old[at], new[at])), most)
    most -= head
    tail = next((at for at in range(most) if not is_same(old[-1 - at], new[-1 - at])), most)
    middles = old[head : len(old) - tail], new[head : len(new) - tail]
    for at in range(max(map(len, middles))):
        one, other = (middle[at] if at < len(middle) else None for middle in middles)
        yield from _pair(one, other, (*path, head + at))


# What the items of a list are called by, where that is not their name; the first that all of them have counts.
_NAMES: Mapping[str, tuple[str, ...]] = {
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "tolerations": ("key",),
    "matchExpressions": ("key",),
    "ports": ("name", "containerPort", "port"),
}
_EACH = ("labels", "annotations")  # of which each is added or removed by itself
_ANY_NAMES = ("name", "secretKey")


def _is_same(one: Value, other: Value) -> bool:
    if isinstance(one, dict):
        return (
            isinstance(other, dict)
            and one.keys() == other.keys()
            and all(_is_same(node.value, other[key].value) for key, node in one.items())
        )
    if isinstance(one, tuple):
        return (
            isinstance(other, tuple)
            and len(one) == len(other)
            and all(_is_same(a.value, b.value) for a, b in zip(one, other, strict=True))
        )
    if isinstance(other, (dict, tuple)) or isinstance(one, bool) is not isinstance(other, bool):
        return False
    return one == other or (one != one and other != other)  # noqa: PLR0124 - not a number equals nothing, itself too
