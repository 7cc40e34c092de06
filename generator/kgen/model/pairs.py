"""Objects of two sides of a comparison, and which of them belong together."""

from __future__ import annotations

from typing import NamedTuple

from kgen.model.node import Node


class Held(NamedTuple):
    """An object of one side."""

    group: str  # of its API, without the version: "kubeflow.org"; "" for Kubernetes' core
    kind: str
    namespace: str  # "" where it says none
    name: str
    given: Node  # as it was found
    bases: frozenset[str] = frozenset()  # of an Experiment: what its name may be before a hash
    live: bool = False  # read from a cluster
    rendered: bool = False  # by kgen, now or when it was committed
    listed: bool = False  # within a List, as kubectl writes what it found of a kind

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What one object of a cluster has and no other."""
        return self.group, self.kind, self.namespace, self.name


class Scope(NamedTuple):
    """One side: its objects, and whether there are no others."""

    name: str  # as a person would say it
    objects: tuple[Held, ...]
    complete: bool = True

    @property
    def is_one(self) -> bool:
        """Whether it is one object that somebody asked for, which says nothing of any other."""
        return not self.complete and len(self.objects) == 1 and not self.objects[0].listed


class Pair(NamedTuple):
    """An object before and after; of one that is renamed the two have different names."""

    before: Held | None
    after: Held | None

    @property
    def renamed(self) -> bool:
        """Whether the new one stands beside the old one."""
        return self.before is not None and self.after is not None and self.before.name != self.after.name


class Paired(NamedTuple):
    """All objects of both sides, in the order of kind, namespace and name."""

    pairs: tuple[Pair, ...]
    passed_over: tuple[str, ...] = ()
    emptied: bool = False  # nothing is left after
