"""What a suggestion service is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol


class Told(NamedTuple):
    """A trial as the service sees it."""

    assignment: Mapping[str, str]  # search parameter -> text, as the service wrote it
    value: float | None = None  # of the objective by its strategy; None while it runs, and where there is none
    done: bool = False


class Suggester(Protocol):
    """A service that chooses points of one search space."""

    def ask(self, count: int, trials: Sequence[Told]) -> list[dict[str, str]]:
        """Choose the next points; `trials` are all before, in the order they were suggested.

        Raises:
            Exhausted: the space has no further point.
            Stuck: Katib's service would never answer this; the text says why.
        """
        ...


class Exhausted(Exception):
    """There is no further point: Katib ends the Experiment as succeeded (ExperimentSuggestionEndReached)."""


class Stuck(Exception):
    """Katib's service would refuse this request for ever, and the Experiment would never end."""


class Unsupported(Exception):
    """Nothing on this machine does what the algorithm does; the text says what is missing, and how to get it."""
