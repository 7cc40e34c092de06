"""Objects of two sides to pairs: the same object before and after, or one that got another name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from kgen.katib.managed import Upkeep, applications_of, is_going, is_hook, is_owned, sync_options
from kgen.model.node import get, text_of
from kgen.model.pairs import Held, Pair, Paired, Scope

_Key: TypeAlias = Callable[[Held], tuple[str, ...]]


def pair(before: Scope, after: Scope, upkeep: Upkeep, *, by_content: bool = False) -> Paired:
    """Find what belongs together; what a side cannot speak of is passed over, with a note.

    An object is the same where its kind, namespace and name are. An Experiment that has no counterpart is paired
    with one whose name differs by its hash alone. `by_content` compares two environments, whose names differ by
    nature: there the name before the hash is all, and namespaces count for nothing.
    """
    notes: list[str] = []
    old, new = (list(_by_identity(scope, notes)) for scope in (before, after))
    pairs: list[Pair] = []
    for key in _CONTENT if by_content else _KEYS:
        pairs.extend(_take(old, new, key))
    if not by_content:
        pairs.extend(_renamed(old, new))
        notes.extend(_drop_foreign(before, old, pairs, upkeep))
        notes.extend(_drop_unspoken(old, before, after))
        notes.extend(_drop_unspoken(new, after, before))
    notes.extend(_going(before.name, [pair.before for pair in pairs if pair.before is not None]))
    pairs.extend(Pair(held, None) for held in old)
    pairs.extend(Pair(None, held) for held in new)
    return Paired(tuple(sorted(pairs, key=_order)), tuple(notes), after.complete and not after.objects)


def _by_identity(scope: Scope, notes: list[str]) -> Iterator[Held]:
    """Give each object once, the last of two that are the same; hooks and what has no name are not compared."""
    named = [held for held in scope.objects if held.name]
    hooks = sum(is_hook(held.given) for held in named)
    once = {held.identity: held for held in named if not is_hook(held.given)}
    for count, what in (
        (len(scope.objects) - len(named), "without a name"),
        (hooks, "that Argo CD runs as a hook"),
        (len(named) - hooks - len(once), "written twice, of which the last one counts"),
    ):
        if count:
            notes.append(f"{scope.name}: {_several(count)} {what}")
    yield from once.values()


def _identity(held: Held) -> tuple[str, ...]:
    return held.identity


def _without_namespace(held: Held) -> tuple[str, ...]:
    return held.group, held.kind, held.name


def _content(held: Held) -> tuple[str, ...]:
    return held.group, held.kind, *(sorted(held.bases) if len(held.bases) == 1 else (held.name,))


_CONTENT: tuple[_Key, ...] = (_content,)
_KEYS: tuple[_Key, ...] = (_identity, _without_namespace)


def _take(old: list[Held], new: list[Held], key: _Key) -> Iterator[Pair]:
    """Take out of both lists what has the same key, each once; a missing namespace is the other's."""
    known: dict[tuple[str, ...], list[Held]] = {}
    for held in old:
        known.setdefault(key(held), []).append(held)
    pairs = []
    for held in new:
        mine = known.get(key(held), [])
        found = next((one for one in mine if key is not _without_namespace or _fits(one, held)), None)
        if found is not None:
            mine.remove(found)
            pairs.append(Pair(found, held))
    _drop(old, [pair.before for pair in pairs])
    _drop(new, [pair.after for pair in pairs])
    yield from pairs


def _drop(held: list[Held], gone: Sequence[Held | None]) -> None:
    """Take objects out of a list, by what they are and not by what they look like, which takes long to see."""
    known = set(map(id, gone))
    held[:] = [each for each in held if id(each) not in known]


def _fits(one: Held, other: Held) -> bool:
    return not one.namespace or not other.namespace or one.namespace == other.namespace


def _renamed(old: list[Held], new: list[Held]) -> Iterator[Pair]:
    """Pair Experiments whose names differ by a hash; of several old ones in a cluster the newest counts."""
    known: dict[str, list[Held]] = {}
    for one in old:
        for base in one.bases:
            known.setdefault(base, []).append(one)
    for held in tuple(new):
        mine = [one for base in held.bases for one in known.get(base, []) if _fits(one, held)]
        found = max(mine, key=_made, default=None)
        if found is not None:
            for base in found.bases:
                _drop(known[base], [found])
            _drop(old, [found])
            _drop(new, [held])
            yield Pair(found, held)


def _made(held: Held) -> str:
    """Say when an object was made, as text that sorts; "" where it does not say."""
    found = get(held.given, "metadata", "creationTimestamp")
    return "" if found is None else text_of(found)


def _going(name: str, held: list[Held]) -> Iterator[str]:
    names = ", ".join(one.name for one in held if one.live and is_going(one.given))
    if names:
        yield f"{name}: being deleted, and soon not there to be edited: {names}"


def _drop_foreign(before: Scope, old: list[Held], pairs: list[Pair], upkeep: Upkeep) -> Iterator[str]:
    """Leave out what a cluster holds beside what is Git's: other people's objects, and runs that were kept."""
    bases = frozenset().union(*(pair.after.bases for pair in pairs if pair.after is not None))
    paired = (applications_of(pair.before.given) for pair in pairs if pair.before is not None)
    own = frozenset((upkeep.name,)) if upkeep.name else frozenset().union(*paired)
    kept = [
        held
        for held in old
        if held.live and held.bases & bases and not (upkeep.prunes and "Prune=false" not in sync_options(held.given))
    ]
    runs = set(map(id, kept))
    foreign = [held for held in old if held.live and id(held) not in runs and not _is_gits(held, own)]
    _drop(old, [*kept, *foreign])
    if kept:
        names = ", ".join(sorted(held.name for held in kept))
        yield f"{before.name}: {_several(len(kept), 'earlier run')} of the same experiments: {names}"
    if foreign:
        yield f"{before.name}: {_several(len(foreign))} that {'is' if len(foreign) == 1 else 'are'} not of these files"


def _is_gits(held: Held, own: frozenset[str]) -> bool:
    """Whether an object that Git does not have has ever been Git's: it bears the mark of its own Applications.

    Where none is known, by its name or by what was found again, the mark of any is taken for its own.
    """
    marks = applications_of(held.given)
    if is_owned(held.given) or not marks:
        return False
    return not own or any(mark == name or mark.endswith(f"_{name}") for mark in marks for name in own)


def _drop_unspoken(left: list[Held], own: Scope, other: Scope) -> Iterator[str]:
    """Leave out what the other side would not hold even if it existed: a dump is of some kinds and namespaces."""
    if other.complete:
        return
    kinds = {(held.group, held.kind) for held in other.objects}
    places = {(held.group, held.kind, held.namespace) for held in other.objects}
    unspoken = [
        held
        for held in left
        if other.is_one
        or (held.group, held.kind) not in kinds
        or (held.namespace and not {held.identity[:3], (held.group, held.kind, "")} & places)
    ]
    _drop(left, unspoken)
    if unspoken:
        what = "holds one object"
        if not other.is_one:
            listed = {held.kind + (f" in {held.namespace}" if held.identity[:2] in kinds else "") for held in unspoken}
            what = f"says nothing of {', '.join(sorted(listed))}"
        are = "is" if len(unspoken) == 1 else "are"
        yield f"{other.name} {what}: {_several(len(unspoken))} of {own.name} {are} not compared"


def _several(count: int, what: str = "object") -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _order(pair: Pair) -> tuple[str, str, str, str]:
    held = pair.after or pair.before
    assert held is not None
    return held.kind, held.namespace, held.name, held.group
