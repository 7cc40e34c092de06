"""What a change of manifests does to the objects of a cluster, and what it costs."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from kgen.model.node import FieldPath, Plain, Span


class Action(StrEnum):
    """What happens to an object at the next sync."""

    CREATE = "create"
    IN_PLACE = "in-place"  # edited where it is
    REJECTED = "rejected"  # refused by the API server or Katib's webhook: the old object stays as it is
    RENAME = "rename"  # a new object beside the old one, whose search it changes
    PRUNE = "prune"  # it left Git, and Argo CD deletes it
    KEEP = "keep"  # it left Git, and stays in the cluster
    NONE = "none"


class Phase(StrEnum):
    """How far a live Experiment is, by its conditions."""

    CREATED = "created"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Refusal(NamedTuple):
    """One thing that Katib's webhook has against an update."""

    field: str  # as Katib names it: spec, spec.maxTrialCount, spec.resumePolicy
    reason: str  # in the words of a person, with the values that clash
    help: str  # what to do instead


class SideEffect(NamedTuple):
    """What an update that is admitted brings beside the change itself."""

    field: str
    text: str


class FieldChange(NamedTuple):
    """One field that differs; `ABSENT` where one side lacks it."""

    path: FieldPath
    before: Plain | Absent
    after: Plain | Absent
    origin: Span | None = None  # the line of the layer behind the new value; of what was removed, None
    editable: bool = True  # whether the server lets it be changed in place


class Absent(NamedTuple):
    """No value at all; null is a value."""


ABSENT = Absent()


class Cost(NamedTuple):
    """What an Experiment takes at the most."""

    trials: int = 0
    gpus_at_once: int = 0  # parallel trials x the GPUs of one
    gpu_trials: int = 0  # all trials x the GPUs of one

    def plus(self, other: Cost) -> Cost:
        """Add up what two take."""
        return Cost(*(a + b for a, b in zip(self, other, strict=True)))


class Fate(NamedTuple):
    """What happens to one object, and why."""

    kind: str
    namespace: str
    name: str
    action: Action
    reason: str  # one sentence; "" where the action says all
    changes: tuple[FieldChange, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    effects: tuple[SideEffect, ...] = ()
    other: str = ""  # of a rename, and of what it leaves behind: the other object's name
    origin: Span | None = None  # where its spec or manifest is
    before: Cost | None = None  # of an Experiment
    after: Cost | None = None


class Differences(NamedTuple):
    """Every object of both sides, in the order of kind, namespace and name; and what could not be compared."""

    fates: tuple[Fate, ...]
    passed_over: tuple[str, ...] = ()  # notes: what of a side was left out, and why
    by_content: bool = False  # of two environments: nothing happens to any object, they only differ

    @property
    def differ(self) -> bool:
        """Whether anything would happen at all."""
        return any(fate.action is not Action.NONE for fate in self.fates)
