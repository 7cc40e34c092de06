"""Where a field belongs that stands where its type has none of its name: asked for only when that is so."""

from __future__ import annotations

from collections.abc import Iterator

from kgen.katib.types import Type
from kgen.model.node import FieldPath
from kgen.model.words import nearest

_DEEPEST = 9  # steps from the root; a container's field in a replica of a PyTorchJob is 7 down
_NEAR = 4  # steps up and down from where it stands; farther away it is another field of that name
_SHORT = 3  # letters; fewer are the first or last of too many names
_ASIDE = frozenset(("status", "initContainers", "ephemeralContainers", "volumes", "managedFields", "ownerReferences"))
ANY = "*"  # stands for an item of a list, or a key of a mapping with any keys


def near_name(word: str, legal: tuple[str, ...]) -> str | None:
    """Give the sibling that a name was meant to be, if it is all but the same."""
    folded = word.lower().replace("_", "").replace("-", "")
    for name in legal:
        if name.lower() in (folded, f"{folded}s") or f"{name.lower()}s" == folded:
            return name
    return None


def likely_name(word: str, legal: tuple[str, ...]) -> str | None:
    """Give the sibling that a name resembles, or the one that it is the first or last word of."""
    part = word.lower()
    whole = [name for name in legal if name.lower().endswith(part) or name.lower().startswith(part)]
    return whole[0] if len(whole) == 1 and len(part) > _SHORT else nearest(word, legal)


def right_places(root: Type, path: FieldPath) -> list[FieldPath]:
    """Give the nearest places in an object where the last key of a path is a field; none if all are far."""
    *above, key = path
    ranked: list[tuple[int, FieldPath]] = []
    for place in _places(root, key, tuple(above), ()):
        shared = _shared(place, above)
        distance = len(place) - shared + len(above) - shared
        if 0 < distance <= _NEAR:
            ranked.append((distance, (*above[:shared], *place[shared:], key)))
    least = min((distance for distance, _ in ranked), default=0)
    return [place for distance, place in ranked if distance == least]


def _places(own: Type, key: str | int, given: FieldPath, path: FieldPath) -> Iterator[FieldPath]:
    """Yield the path of every struct that has a field, with ANY for items."""
    if len(path) >= _DEEPEST:
        return
    if own.item is not None:
        yield from _places(own.item.type, key, given, (*path, ANY))
    elif own.fields:
        if key in own.fields:
            yield path
        for name, field in own.fields.items():
            if name not in _ASIDE or name in given:
                yield from _places(field.type, key, given, (*path, name))


def _shared(place: FieldPath, above: list[str | int]) -> int:
    count = 0
    for wanted, given in zip(place, above, strict=False):
        if wanted not in (given, ANY):
            break
        count += 1
    return count
