"""Nodes to YAML text in one canonical form, which every YAML reader takes for the same values.

The readers of kgen's output follow YAML 1.1 (PyYAML), YAML 1.2 (ruamel, kgen), or a mixture
(Go's, in kubectl and Argo CD). So a text is written plain only where all of them must see that
text, and a number in a form that all of them take for that number. No library is involved: an
upgrade cannot change the bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from math import isfinite

from kgen.model.node import Node, Value

LONGEST_SIMPLE_KEY = 1000  # parsers look no further than 1,024 characters for the `:`

_PLAIN = re.compile(r"[A-Za-z_/.$(][A-Za-z0-9_/.$(){}%+\-=@,;^~ :#\[\]|*&!<>?'\"\\]*\Z")
_MISREAD = re.compile(r": |:\Z| #|\s\Z|\A[._]?[0-9]|\A\.[-+_eE]|\A\.+\Z|\A\.?(?:inf(?:inity)?|nan)\Z", re.I)
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", "none"))
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_NOT_IN_BLOCK = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]| \n")
_SHARED_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+][0-9]+)?\Z")
_ANY_FLOAT = re.compile(r"([-+]?)([0-9]*)\.?([0-9]*)(?:[eE]([-+]?)([0-9]+))?\Z")


Order = Callable[[tuple[str, ...]], Iterable[str]]
"""Puts the keys of a mapping in the order they are written in."""


def write(node: Node, order: Order = tuple) -> str:
    """Write one document in block form; mappings keep their order unless told another, and nothing is folded.

    Raises:
        ValueError: a number is infinite or no number, or a text holds a lone surrogate.
    """
    value = node.value
    if isinstance(value, (dict, tuple)) and value:
        out: list[str] = []
        _collection(value, "", out, order)
        return "".join(out)
    return _scalar(node) + "\n"


def _collection(value: Value, indent: str, out: list[str], order: Order) -> None:
    deeper = indent + "  "
    if isinstance(value, dict):
        for key in order(tuple(value)):
            item = value[key]
            name = _text(key)
            if len(name) > LONGEST_SIMPLE_KEY:
                out.append(f"{indent}? {name}\n")
                lead = f"{indent}:"
            else:
                lead = f"{indent}{name}:"
            inner = item.value
            kind = type(inner)
            if kind is str:
                shown = _block(inner, deeper) if "\n" in inner else _text(inner)
                out.append(f"{lead} {shown}\n")
            elif kind is dict and inner:
                out.append(f"{lead}\n")
                _collection(inner, deeper, out, order)
            elif kind is tuple and inner:
                out.append(f"{lead}\n")
                _collection(inner, indent, out, order)  # `- ` stands right below the key
            else:
                out.append(f"{lead} {_scalar(item)}\n")
        return
    assert isinstance(value, tuple)
    for item in value:
        inner = item.value
        kind = type(inner)
        if kind is str:
            shown = _block(inner, deeper) if "\n" in inner else _text(inner)
            out.append(f"{indent}- {shown}\n")
        elif (kind is dict or kind is tuple) and inner:
            start = len(out)
            _collection(inner, deeper, out, order)
            out[start] = f"{indent}- {out[start][len(deeper) :]}"
        else:
            out.append(f"{indent}- {_scalar(item)}\n")


def _scalar(node: Node) -> str:
    """Write a scalar, `{}` or `[]` on one line."""
    value = node.value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _float(value, node.text)
    assert not value, value
    return "{}" if isinstance(value, dict) else "[]"


def _float(value: float, text: str) -> str:
    """Keep a number as it is written where every reader takes it for one; else mend its form."""
    if not isfinite(value):
        raise ValueError(f"{value} cannot be written")
    if _SHARED_FLOAT.match(text) and float(text) == value:
        return text
    found = _ANY_FLOAT.match(text)
    if found is None or not (found[2] or found[3]) or float(text) != value:  # nobody wrote it: JSON, !!float 0x1
        found = _ANY_FLOAT.match(repr(value))
        assert found is not None, value
    sign, whole, fraction, exponent_sign, exponent = found.groups()
    power = f"e{exponent_sign or '+'}{exponent}" if exponent else ""
    return f"{'-' if sign == '-' else ''}{whole.lstrip('0') or '0'}.{fraction or '0'}{power}"


@lru_cache(maxsize=4096)
def _text(text: str) -> str:
    """Write a text on one line: plain, or else as a JSON string, which is YAML too."""
    if _PLAIN.match(text) and not _MISREAD.search(text) and text.lower() not in _WORDS:
        return text
    text.encode()  # a lone surrogate is a UnicodeEncodeError, which is a ValueError
    quoted = json.dumps(text, ensure_ascii=False)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)


def _block(text: str, indent: str) -> str:
    """Write a text of several lines as a literal block; on one line where a block would not be exact."""
    body = text.rstrip("\n")
    if not body or text[0] in " \n" or text[-1] == " " or _NOT_IN_BLOCK.search(text):
        return _text(text)
    breaks = len(text) - len(body)
    head = "|-" if breaks == 0 else "|" if breaks == 1 else "|+"
    lines = "".join([f"\n{indent}{line}" if line else "\n" for line in body.split("\n")])
    return head + lines + "\n" * max(0, breaks - 1)
