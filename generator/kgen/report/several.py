"""Several comparisons in one report: each under what it is called."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from types import MappingProxyType

from kgen.report.changes import Comparison
from kgen.report.differences import STYLES
from kgen.report.differences_markdown import MOST
from kgen.report.json_text import dump


def render(style: str, comparisons: Sequence[Comparison]) -> str:
    """Write comparisons, in the order they come in, in a form of `differences.STYLES`."""
    return _JOINED[style](comparisons, [STYLES[style](each) for each in comparisons])


def _text(comparisons: Sequence[Comparison], bodies: list[str]) -> str:
    heads = [f"{each.after} (against {each.before})" for each in comparisons]
    return "\n".join(f"{head}\n{body}" for head, body in zip(heads, bodies, strict=True))


def _markdown(comparisons: Sequence[Comparison], bodies: list[str]) -> str:
    """Write each body, which has its heading, as far as a comment has room; of the others their names."""
    out, left = "", []
    for each, body in zip(comparisons, bodies, strict=True):
        if len(out) + len(body) > MOST and out:
            left.append(each.after)
        else:
            out += ("\n" if out else "") + body
    return out + (f"\n_Left out for want of room: {', '.join(left)}. Run `kgen diff` to see them._\n" if left else "")


def _list(comparisons: Sequence[Comparison], bodies: list[str]) -> str:
    """Write one list, each of its objects with the `environment` that it is of; of plain manifests, their path."""
    names = [each.after.removeprefix("env/") for each in comparisons]
    return dump([{"environment": name, **json.loads(body)} for name, body in zip(names, bodies, strict=True)])


_JOINED: MappingProxyType[str, Callable[[Sequence[Comparison], list[str]], str]] = MappingProxyType(
    {"text": _text, "json": _list, "markdown": _markdown}
)
