"""Waiting for a cluster, by a clock that tests can turn."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeVar

from harness.commands import CommandFailed

T = TypeVar("T")


class Clock(Protocol):
    """The time, in seconds."""

    def now(self) -> float:
        """Give the time since some start."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        ...


class Monotonic:
    """The clock of this machine."""

    def now(self) -> float:
        """Give the time since the machine started."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds)


class Pending(NamedTuple):
    """Not yet, and what is still missing."""

    why: str


class Broken(Exception):
    """What no waiting will mend, or a promise that does not hold."""


def wait_until(
    what: str,
    look: Callable[[], T | Pending],
    *,
    timeout: float,
    clock: Clock,
    say: Callable[[str], None],
    every: float = 5.0,
) -> T:
    """Look until there is more than Pending; a reason is said when it changes.

    A command that fails is looked at again: an API server that is busy answers in a moment. What `look` raises as
    Broken goes through at once.

    Raises:
        Broken: it is so already, or the time is up; the text has the last reason.
    """
    start, last = clock.now(), ""
    while True:
        try:
            seen = look()
        except CommandFailed as failed:
            seen = Pending(str(failed))
        if not isinstance(seen, Pending):
            return seen
        waited = clock.now() - start
        if seen.why != last:
            say(f"  {waited:5.0f} s  {what}: {seen.why}")
            last = seen.why
        if waited >= timeout:
            raise Broken(f"{what}: not within {timeout:.0f} seconds; last: {last}")
        clock.sleep(min(every, timeout - waited))
