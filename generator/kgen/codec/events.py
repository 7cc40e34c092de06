"""The YAML parser, and what it says of a text: libyaml's events, or the same from PyYAML's own."""

from __future__ import annotations

import re
from typing import Any, Protocol

from yaml import SafeLoader
from yaml.error import MarkedYAMLError
from yaml.events import ScalarEvent

try:
    from yaml import cyaml
except ImportError:  # PyYAML without libyaml
    cyaml = None  # type: ignore[assignment]

_SURROGATE = re.compile("[\ud800-\udfff]")


class Mark(Protocol):
    """A place as both parsers say it; all three count from 0."""

    index: int
    line: int
    column: int


class Event(Protocol):
    """What both parsers give; which of the fields an event has is told by its type."""

    start_mark: Mark
    end_mark: Mark
    anchor: str
    tag: str
    value: str
    implicit: tuple[bool, bool]  # of a scalar: it is plain, it is quoted
    flow_style: bool


class PurePython(SafeLoader):
    """PyYAML's own parser: the same events ten times slower; here as strict as libyaml."""

    def get_event(self) -> Any:
        event: Any = super().get_event()  # type: ignore[no-untyped-call]
        if type(event) is ScalarEvent and _SURROGATE.search(event.value):
            mark: Any = event.start_mark
            raise MarkedYAMLError(problem="found invalid Unicode", problem_mark=mark)
        return event


PARSER: Any = getattr(cyaml, "CParser", PurePython)
