"""One call of `add_argument`: the flag that it adds, and the values that follow it."""

from __future__ import annotations

import ast
from typing import Any

from kgen.codec.python_objects import Class, Function, Given
from kgen.codec.python_values import Dotted, is_plain
from kgen.model.flags import UNKNOWN, Flag

# How many values an action takes where `nargs` does not say; the two that `nargs` may change are marked.
_NONE = frozenset("store_true store_false store_const append_const count help version".split())
_STORING = frozenset(("store", "append", "extend"))
_DEFAULTS = {"store_true": False, "store_false": True}


def help_of(prefix: str) -> Flag:
    """Give the flag that every parser has."""
    letter = "-" if "-" in prefix else prefix[:1]
    return Flag((f"{letter}h", f"{letter * 2}help"), "help", least=0, most=0, action="help", default="==SUPPRESS==")


def flag_of(given: Given, *, certain: bool, prefix: str = "-") -> Flag | None:
    """Read a call of `add_argument`; None where the name is not known."""
    names = given.values
    whole = given.whole
    if not all(isinstance(name, str) for name in names) or (not given.whole and not names):
        return None
    if not names and not isinstance(given.named.get("dest"), str):
        return None
    flags = tuple(name for name in names if name[:1] in prefix and name)
    named = given.named
    action, known = _action(named.get("action", "store"))
    if action == "boolean":
        long = [f for f in flags if f.startswith("--")]
        flags = tuple(x for f in flags for x in ((f, f"--no-{f[2:]}") if f in long else (f,)))
    if named.get("nargs") in ("...", Dotted("argparse.REMAINDER")):
        action = "remainder"
    least, most, counted = _count(named.get("nargs"), action, bool(flags))
    kind, like = _type(named.get("type"))
    required = named.get("required", False) is True if flags else (least or 0) > 0
    return Flag(
        flags,
        _dest(named.get("dest"), names, flags, prefix),
        kind,
        _choices(named.get("choices")),
        least,
        most,
        required,
        _default(named, action),
        _text(named.get("help")),
        action,
        given.node.lineno,
        whole and known and counted,
        certain,
        like,
    )


def _action(given: Any) -> tuple[str, bool]:
    if isinstance(given, str):
        return given, given in _NONE or given in _STORING
    if isinstance(given, Dotted) and given.name == "argparse.BooleanOptionalAction":
        return "boolean", True
    return "?", False


def _count(nargs: Any, action: str, optional: bool) -> tuple[int, int | None, bool]:
    """Give least and most of the values, and whether they are known."""
    if action in _NONE or action == "boolean":
        return 0, 0, True
    if nargs is None:
        return 1, 1, action != "?"
    if isinstance(nargs, int) and not isinstance(nargs, bool):
        return nargs, nargs, True
    name = nargs.name if isinstance(nargs, Dotted) else nargs
    known: dict[Any, tuple[int, int | None]] = {
        "?": (0, 1),
        "*": (0, None),
        "+": (1, None),
        "...": (0, None),
        "argparse.OPTIONAL": (0, 1),
        "argparse.ZERO_OR_MORE": (0, None),
        "argparse.ONE_OR_MORE": (1, None),
        "argparse.REMAINDER": (0, None),
    }
    least, most = known.get(name, (0, None)) if isinstance(name, str) else (0, None)
    return least, most, isinstance(name, str) and name in known


def _choices(given: Any) -> tuple[str, ...] | None:
    """Give the values to choose from as texts; None where there are none, or they are not known."""
    if (
        isinstance(given, (list, tuple, dict, set, frozenset, str))
        and not isinstance(given, Dotted)
        and is_plain(given)
    ):
        return tuple(str(each) for each in given)
    return None


def _type(given: Any) -> tuple[str, str]:
    """Name a type, and the plain one that it probably is at heart."""
    if given is None:
        return "str", ""
    if isinstance(given, Dotted):
        return given.name, ""
    if isinstance(given, Function):
        return ("lambda" if isinstance(given.node, ast.Lambda) else given.node.name), _like(given)
    if isinstance(given, Class):
        return given.name, ""
    return "?", ""


def _like(given: Function) -> str:
    """Name the plain type that a function makes of the text it is given."""
    called = (n.func.id for n in ast.walk(given.node) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name))
    found = {name for name in called if name in ("int", "float")}
    return found.pop() if len(found) == 1 else ""


def _dest(given: Any, names: list[str], flags: tuple[str, ...], prefix: str) -> str:
    if isinstance(given, str):
        return given
    if not flags:
        return names[0] if names else ""
    first = next((f for f in flags if len(f) > 1 and f[1] in prefix), flags[0])
    return first.lstrip(prefix).replace("-", "_")


def _default(named: dict[str, Any], action: str) -> object:
    value = named.get("default", _DEFAULTS.get(action))
    return value if is_plain(value) else UNKNOWN


def _text(given: Any) -> str:
    return given if isinstance(given, str) else ""
