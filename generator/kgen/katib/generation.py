"""The object of a trial: the template of an Experiment with the values of one trial in it.

Read from pkg/controller.v1beta1/experiment/manifest/generator.go at v0.19.0.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from typing import Any

from kgen.katib.v1beta1 import PLACEHOLDER_HEAD
from kgen.model.values import listed, mapping, text

NAME_LETTERS = "bcdfghjklmnpqrstvwxz2456789"  # of the eight behind a trial's name
NAME_SUFFIX = 8
_META = re.compile(r"\$\{trialSpec\.(.+?)\}")  # unanchored, as Katib has it
_INDEXED = re.compile(r"(.+)\[(.+)]")
META_FIELDS = ("Name", "Namespace", "Kind", "APIVersion", "Annotations", "Labels")
_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}  # Go's JSON


class GenerationError(Exception):
    """Katib cannot make the trial's object; it tries again for ever, and the Experiment never ends."""


def generate(spec: Mapping[str, Any], name: str, namespace: str, assignment: Mapping[str, str]) -> dict[str, Any]:
    """Make the object of the trial `name` from the `spec` of an Experiment.

    `assignment` maps search parameters to the texts that the suggestion service gave. The owner reference, which
    holds a uid of the cluster, is left out.

    Raises:
        GenerationError: as Katib's generator does, and where the template is in a ConfigMap.
    """
    template = mapping(spec.get("trialTemplate"))
    trial = template.get("trialSpec")
    if not isinstance(trial, dict):
        raise GenerationError("the template is in a ConfigMap of the cluster, and nothing of it is here")
    values = _values(template, trial, name, namespace, assignment)
    made = _filled(trial, values)
    metadata = made.setdefault("metadata", {})
    if not isinstance(metadata, dict):
        raise GenerationError("`metadata` of the trial's object is no mapping")
    metadata["name"], metadata["namespace"] = name, namespace
    return made


def _values(
    template: Mapping[str, Any], trial: Mapping[str, Any], name: str, namespace: str, assignment: Mapping[str, str]
) -> dict[str, str]:
    """Give the value of each trialParameter."""
    out: dict[str, str] = {}
    used = 0
    for entry in map(mapping, listed(template.get("trialParameters"))):
        reference = text(entry.get("reference"))
        meta = meta_of(reference)
        if meta is not None:
            out[text(entry.get("name"))] = _of_meta(reference, meta, trial, name, namespace)
        elif reference in assignment:
            used += 1
            out[text(entry.get("name"))] = assignment[reference]
        else:
            raise GenerationError(
                f"trialParameter `{text(entry.get('name'))}` refers to `{reference}`, which has no value"
            )
    if used != len(assignment):
        raise GenerationError(f"{len(assignment)} parameters have values, and {used} trialParameters refer to them")
    return out


def meta_of(reference: str) -> tuple[str, str | None] | None:
    """Read a reference to the trial's metadata: field and key; None where it is a parameter's name."""
    found = _META.search(reference) if "${" in reference else None
    if found is None:
        return None
    if found[1] in META_FIELDS:
        return found[1], None
    indexed = _INDEXED.search(found[1])
    return (indexed[1], indexed[2]) if indexed is not None and indexed[1] in META_FIELDS else None


def _of_meta(reference: str, meta: tuple[str, str | None], trial: Mapping[str, Any], name: str, namespace: str) -> str:
    key, index = meta
    fixed = {
        "Name": name,
        "Namespace": namespace,
        "Kind": text(trial.get("kind")),
        "APIVersion": text(trial.get("apiVersion")),
    }
    if key in fixed:
        return fixed[key]
    held = mapping(mapping(trial.get("metadata")).get(key.lower()))
    if index is None or index not in held:
        raise GenerationError(f"`{reference}` refers to {key.lower()} that the trial's object does not have")
    return text(held[index])


def _filled(trial: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """Replace placeholders in the object's JSON as text, and read it again."""
    if not values:
        return copy.deepcopy(dict(trial))
    written = json.dumps(trial, ensure_ascii=False, separators=(",", ":"))
    for letter, escape in _ESCAPED.items():
        written = written.replace(letter, escape)
    for name, value in values.items():
        if PLACEHOLDER_HEAD in value:
            raise GenerationError(f"the value of `{name}` holds a placeholder, and Katib may or may not fill it in")
        written = written.replace(f"{PLACEHOLDER_HEAD}{name}}}", value)
    try:
        made = json.loads(written)
    except ValueError as problem:
        bad = next((n for n, value in values.items() if set(value) & set('"\\\n\r\t')), "")
        said = f"the value of `{bad}` holds a quote, a backslash or a line break" if bad else str(problem)
        raise GenerationError(f"the object is no JSON once the values are in it: {said}") from problem
    assert isinstance(made, dict)
    return made
