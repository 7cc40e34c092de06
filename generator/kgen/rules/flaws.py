"""What is said of a flaw, wherever it is: a field that no type has, and a value of another type."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kgen.katib.decode import Flaw, FlawKind
from kgen.katib.misplaced import ANY, likely_name, near_name, right_places
from kgen.katib.types import Type
from kgen.katib.v1beta1 import PLACEHOLDER_HEAD, TRIAL
from kgen.model.diagnostic import Edit, EditKind, Finding
from kgen.model.node import FieldPath, Plain, path_text
from kgen.model.words import MOST_LISTED
from kgen.rules.subject import Subject

_SHORTHANDS = ("metricsFormat", "additionalMetricNames")  # one text where a list of texts belongs is its one item
_TRUE, _FALSE = ("true", "yes", "on"), ("false", "no", "off")


def of_trial(subject: Subject, *kinds: FlawKind) -> Iterator[Flaw]:
    """Yield the flaws of a kind in the trial's object."""
    for flaw in subject.flaws:
        if flaw.kind in kinds and len(flaw.path) > len(TRIAL) and flaw.path[: len(TRIAL)] == TRIAL:
            yield flaw


def of_experiment(subject: Subject, *kinds: FlawKind) -> Iterator[Flaw]:
    """Yield the flaws of a kind outside of the trial's object."""
    for flaw in subject.flaws:
        if flaw.kind in kinds and (len(flaw.path) <= len(TRIAL) or flaw.path[: len(TRIAL)] != TRIAL):
            yield flaw


def is_filled_later(flaw: Flaw) -> bool:
    """Whether a placeholder stands where no text can be, though it is a scalar that belongs there."""
    return PLACEHOLDER_HEAD in flaw.found and flaw.expected not in ("a list", "a mapping")


def value_at(given: Mapping[str, Any], path: FieldPath) -> object:
    """Give what stands at a path of the file; None for nothing."""
    value: object = given
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def is_there(given: Mapping[str, Any], path: FieldPath) -> bool:
    """Whether the file has a field, be it null."""
    holder = value_at(given, path[:-1])
    return isinstance(holder, dict) and path[-1] in holder


def named(path: FieldPath) -> str:
    """Name a field by its last key: `value`, or `item 2 of `args``."""
    key = path[-1]
    return f"`{key}`" if isinstance(key, str) else f"item {key} of `{path[-2]}`"


def shown(value: object, found: str) -> str:
    """Write a value that is of the wrong type: a text with its quotes, so that it is seen to be one."""
    return f'"{found}"' if isinstance(value, str) and value else found


# A text in their place may be the secret that they should refer to: it is not repeated.
_REFERENCES = ("env", "envFrom", "valueFrom", "secretKeyRef", "secretRef")


def wrong_type(given: Mapping[str, Any], flaw: Flaw, who: str) -> Finding:
    """Say that a value is of another type than its field."""
    value = value_at(given, flaw.path)
    expected = "a text" if flaw.expected == "text" else flaw.expected
    right = _right(flaw, value)
    if right is None:
        help_ = f"write {expected}"
    elif flaw.expected == "text":
        help_ = f'put it in quotes: "{right}"'
    else:
        help_ = f"write `{path_text(flaw.path[-1:])}: {_plain(right)}`" if isinstance(flaw.path[-1], str) else (
            f"write {_plain(right)}"
        )  # fmt: skip
    told = "a text" if isinstance(value, str) and flaw.path[-1] in _REFERENCES else shown(value, flaw.found)
    return Finding(
        path=flaw.path,
        message=f"{named(flaw.path)} is {told}, where {who} has {expected}",
        help=help_,
        fix=() if right is None else (Edit(EditKind.SET, flaw.path, right),),
    )


def _plain(value: Plain) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(f'"{item}"' for item in value) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _right(flaw: Flaw, value: object) -> Plain:
    """Give the value that was meant, where there is but one; None elsewhere."""
    if flaw.expected == "text":
        return flaw.found if isinstance(value, (int, float)) else None
    if flaw.expected == "a list":
        return [flaw.found] if flaw.path[-1] in _SHORTHANDS and isinstance(value, str) else None
    if flaw.expected == "true or false":
        word = value.lower() if isinstance(value, str) else ""
        return True if word in _TRUE else False if word in _FALSE else None
    if flaw.expected not in ("a whole number", "a number") or not isinstance(value, (str, float)):
        return None
    return _number(str(value), whole=flaw.expected == "a whole number")


def _number(text: str, *, whole: bool) -> Plain:
    digits = text.removesuffix(".0") if whole else text
    if digits.lstrip("-").isdecimal() and digits.isascii():
        return int(digits) if len(digits) < 10 else None
    if whole:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None


def unknown(given: Mapping[str, Any], flaw: Flaw, root: Type, base: FieldPath, then: str) -> Finding:
    """Say that a field is none, and what was meant: misspelt, or in the wrong place of the object at `base`."""
    key = str(flaw.path[-1])
    message = f"{_holder(given, flaw.path[:-1])} has no field `{key}`: {then}"
    name = near_name(key, flaw.legal)
    places = [] if name is not None else right_places(root, flaw.path[len(base) :])
    if places:
        return _misplaced(given, flaw, [_known(given, base, place) for place in places], base, message)
    name = name or likely_name(key, flaw.legal)
    fix: tuple[Edit, ...] = ()
    if name is not None and not is_there(given, (*flaw.path[:-1], name)):
        fix = (Edit(EditKind.RENAME, flaw.path, name),)
    return Finding(flaw.path, message, _help(name, flaw.legal), fix=fix)


def _holder(given: Mapping[str, Any], path: FieldPath) -> str:
    """Name what a field stands in, by as few of its last steps as tell it from others; an object by its kind."""
    if not path:
        return f"the {given.get('kind') or 'object'}"
    tail = path[-2:]
    while len(tail) < len(path) and isinstance(tail[0], int):
        tail = path[-len(tail) - 1 :]
    return f"`{path_text(tail)}`"


def _help(name: str | None, legal: tuple[str, ...]) -> str:
    listed = ", ".join(f"`{one}`" for one in legal)
    every = f"its fields are {listed}" if len(legal) <= MOST_LISTED else ""
    if name is not None:
        return f"rename it to `{name}`" + (f"; {every}" if every else "")
    return f"remove it; {every}" if every else "remove it, or look up its name"


def _known(given: Mapping[str, Any], base: FieldPath, place: FieldPath) -> FieldPath:
    """Give a place in the Experiment, with the one item that a list or a mapping on its way has."""
    out: FieldPath = base
    for step in place:
        held = value_at(given, out)
        if step == ANY and isinstance(held, (list, dict)) and len(held) == 1:
            step = 0 if isinstance(held, list) else next(iter(held))  # noqa: PLW2901 - the step that is meant
        out = (*out, step)
    return out


def _misplaced(given: Mapping[str, Any], flaw: Flaw, places: list[FieldPath], base: FieldPath, message: str) -> Finding:
    where = " or ".join(f"`{_place_text(place[len(base) :])}`" for place in places[:3])
    where += " of trialSpec" if base else ""
    sole = places[0] if len(places) == 1 and ANY not in places[0] else None
    if sole is not None and is_there(given, sole):
        return Finding(flaw.path, message, f"remove it: it belongs at {where}, which is there already")
    fix: tuple[Edit, ...] = ()
    if sole is not None and _is_free(given, sole[:-1], flaw.path):
        fix = (Edit(EditKind.MOVE, flaw.path, to=sole),)
    return Finding(flaw.path, message, f"move it to {where}", fix=fix)


def _is_free(given: Mapping[str, Any], path: FieldPath, moved: FieldPath) -> bool:
    """Whether a field can be put below a path: nothing but mappings on the way, and it does not go into itself."""
    if path[: len(moved)] == moved:
        return False
    on_way = [path[:end] for end in range(1, len(path) + 1)]
    return all(isinstance(value_at(given, step), (dict, list)) for step in on_way if is_there(given, step))


def _place_text(path: FieldPath) -> str:
    """Write a path of which not all is known: `containers[].image`."""
    return path_text(path).replace(f'["{ANY}"]', "[]")
