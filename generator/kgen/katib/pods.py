"""Where the pods of a trial are described, in plain data of any shape."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from kgen.katib.quantity import canonical, parse
from kgen.model.node import FieldPath

if TYPE_CHECKING:
    from fractions import Fraction

TRAINJOB = "TrainJob"  # its pods are described by a runtime; the object holds but parts of them
_MOST_QUANTITY = 1000  # characters; Python reads no integer of more than 4300 digits
_USUAL = re.compile(r"([1-9]\d{0,11})(m|k|M|G|T|Ki|Mi|Gi|Ti)?")  # most quantities; the others take exact arithmetic


class Container(NamedTuple):
    """A container and its place in the trial's object."""

    path: FieldPath
    fields: dict[str, Any]


def is_job(trial: object) -> bool:
    """Whether the webhook holds the object against Kubernetes' own Job type: by its exact version and kind."""
    return isinstance(trial, dict) and trial.get("kind") == "Job" and trial.get("apiVersion") == "batch/v1"


def pod_specs(trial: object) -> list[tuple[FieldPath, dict[str, Any]]]:
    """Find the `spec` of every pod template: a mapping with a list of `containers`."""
    if not isinstance(trial, dict) or trial.get("kind") == TRAINJOB:
        return []
    spec = trial.get("spec")
    if isinstance(spec, dict):
        template = spec.get("template")
        pod = template.get("spec") if isinstance(template, dict) else None
        if isinstance(pod, dict) and isinstance(pod.get("containers"), list):
            return [(("spec", "template", "spec"), pod)]
    out: list[tuple[FieldPath, dict[str, Any]]] = []
    _search(trial, (), out)
    return out


def _search(value: object, path: FieldPath, out: list[tuple[FieldPath, dict[str, Any]]]) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "spec" and path and isinstance(item, dict) and isinstance(item.get("containers"), list):
                out.append(((*path, key), item))
            elif isinstance(item, (dict, list)):
                _search(item, (*path, key), out)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, (dict, list)):
                _search(item, (*path, index), out)


def containers(pod: dict[str, Any], *keys: str) -> Iterator[Container]:
    """Yield the containers of a pod's spec; `containers` alone, unless other lists are named too."""
    for key in keys or ("containers",):
        listed = pod.get(key)
        for index, item in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(item, dict):
                yield Container((key, index), item)


def is_quantity(text: str) -> bool:
    """Whether Kubernetes can read a quantity."""
    return _USUAL.fullmatch(text) is not None or amount(text) is not None


def amount(text: str) -> Fraction | None:
    """Read a quantity; None where Kubernetes would refuse it, or it is longer than any that is meant."""
    return parse(text) if len(text) <= _MOST_QUANTITY else None


def canonical_size(text: str) -> str | None:
    """Give the form of a size that the API server would print; None where it is no quantity."""
    usual = _USUAL.fullmatch(text)
    if usual is not None and usual[2] in ("Ki", "Mi", "Gi") and int(usual[1]) % 1024:
        return text
    return canonical(text) if len(text) <= _MOST_QUANTITY else None
