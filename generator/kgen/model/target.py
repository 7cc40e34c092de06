"""Which objects a patch is for."""

from __future__ import annotations

from fnmatch import fnmatchcase

from kgen.model.node import Node, fields, text_of

DEFAULT_KIND = "Experiment"


def is_target(target: Node | None, kind: str, name: str, labels: Node | None) -> bool:
    """Hold an object against a patch's `target`; `name` is an Experiment's name before hashing."""
    wanted = fields(target)
    if kind != (text_of(wanted["kind"]) if "kind" in wanted else DEFAULT_KIND):
        return False
    if "name" in wanted and not fnmatchcase(name, text_of(wanted["name"])):
        return False
    return has_labels(labels, wanted.get("labels"))


def has_labels(own: Node | None, wanted: Node | None) -> bool:
    """Whether a mapping of labels holds all that are wanted."""
    given = fields(own)
    return all(key in given and text_of(given[key]) == text_of(value) for key, value in fields(wanted).items())
