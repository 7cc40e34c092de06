"""How rules read a manifest: patches and raw templates may have put anything anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from kgen.model.experiment import Subject

_WHOLE = re.compile(r"\s*[+-]?\d+(?:_\d+)*\s*")  # what Python's int() reads


def text(value: object) -> str:
    """Give a text as it is, and anything else as no text."""
    return value if isinstance(value, str) else ""


def mapping(value: object) -> dict[str, Any]:
    """Give a mapping as it is, and anything else as an empty one."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[Any]:
    """Give a list as it is, and anything else as an empty one."""
    return value if isinstance(value, list) else []


def count(value: object) -> int | None:
    """Give a whole number as it is; a boolean is none."""
    return value if type(value) is int else None


def spec_of(subject: Subject) -> dict[str, Any]:
    """Give `spec`; every rule asks for it, so it is read without ceremony."""
    return mapping(subject.manifest.get("spec"))


def algorithm(subject: Subject) -> str:
    """Name the search algorithm; "" where there is none."""
    return text(mapping(spec_of(subject).get("algorithm")).get("algorithmName"))


def collector(subject: Subject) -> str:
    """Name the kind of the metrics collector; "" where there is none."""
    spec = mapping(spec_of(subject).get("metricsCollectorSpec"))
    return text(mapping(spec.get("collector")).get("kind"))


def template(subject: Subject) -> dict[str, Any]:
    """Give `spec.trialTemplate`."""
    return mapping(spec_of(subject).get("trialTemplate"))


def spaces(subject: Subject) -> Iterator[tuple[int, str, str, dict[str, Any]]]:
    """Yield each search parameter: its index, name, parameterType and feasibleSpace."""
    spec = subject.manifest.get("spec")
    parameters = spec.get("parameters") if isinstance(spec, dict) else None
    if not isinstance(parameters, list):
        return
    for index, item in enumerate(parameters):  # every KG4 rule comes through here: no call that can be spared
        if isinstance(item, dict):
            name, kind, space = item.get("name"), item.get("parameterType"), item.get("feasibleSpace")
            yield (
                index,
                name if isinstance(name, str) else "",
                kind if isinstance(kind, str) else "",
                space if isinstance(space, dict) else {},
            )


def number(value: object) -> Decimal | None:
    """Read a bound or a step exactly; None where it is no finite number."""
    if not isinstance(value, str):
        return None
    try:
        read = Decimal(value)
    except InvalidOperation:
        return None
    return read if read.is_finite() else None


def is_whole(value: str) -> bool:
    """Whether Python's int() reads it: `5` and `1_000` are, `5.0` and `1e2` are not."""
    return _WHOLE.fullmatch(value) is not None
