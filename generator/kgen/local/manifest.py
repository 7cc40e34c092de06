"""The object of a trial as a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kgen.codec.writer import write
from kgen.model.node import NOWHERE, make

_HEAD = ("apiVersion", "kind", "metadata")


def trial_text(made: Mapping[str, Any]) -> str:
    """Write the object that `generate` made as YAML, in the order that people expect."""
    return write(make({**{key: made[key] for key in _HEAD if key in made}, **made}, NOWHERE))
