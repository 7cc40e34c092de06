"""Two sides of manifests to what a cluster would do with the change from one to the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import MappingProxyType
from typing import NamedTuple

from kgen.katib.managed import Upkeep, is_live, upkeep
from kgen.katib.v1beta1 import KIND
from kgen.model.change import Differences
from kgen.model.diagnostic import Diagnostic, InputError, Severity
from kgen.model.environment import Target
from kgen.model.experiment import Rendered
from kgen.model.node import Node, get, object_of, text_of
from kgen.model.pairs import Held, Pair, Scope
from kgen.model.sources import Sources
from kgen.stages.compare import compare
from kgen.stages.emit import MARK
from kgen.stages.pair import pair
from kgen.stages.survey import survey

_HASHED = re.compile(r"(.+)-[0-9a-f]{8}")
_APPLICATION = "the Application"  # the file that problems with it are placed in


class Side(NamedTuple):
    """One side of a comparison: what an environment renders to, or plain manifests."""

    name: str  # as a person would say it: "HEAD:rendered/prod", "env/prod", "live.yaml"
    rendered: Rendered | None = None
    files: Sources = MappingProxyType({})  # otherwise plain manifests: path -> bytes
    application: bytes | None = None  # the Application of the committed tree, if known (says whether it prunes)
    complete: bool = True  # whether an object that is not here does not exist; else a dump, which may not speak of it


def difference(before: Side, after: Side, target: Target) -> Differences:
    """Say what happens to each object when the manifests of `after` take the place of those of `before`.

    Neither the order of keys, nor quoting, nor Katib's defaults of the target's version, nor what a cluster writes
    by itself is a difference. Whether what left Git is deleted is said by the Application of `after`, or of
    `before` where that has none; the Application itself is compared where both have one.

    Two rendered environments of different names are compared by content (see `stages.compare`): objects are paired
    by their names before any hash, and their names and namespaces, which differ by nature, are no difference.

    Raises:
        InputError: a file cannot be read, or a side was not rendered for its errors.
    """
    problems: list[Diagnostic] = []
    scopes = _spoken_for(_scope(before, problems), _scope(after, problems))
    was, will = _application(before, problems), _application(after, problems)
    if problems:
        raise InputError(problems)
    both = will if will is not None else was
    keeping = Upkeep() if both is None else upkeep(both.given)
    by_content = _is_by_content(before, after)
    paired = pair(*scopes, keeping, by_content=by_content)
    if was is not None and will is not None and _is_written(after) and not by_content:
        paired = paired._replace(pairs=(*paired.pairs, Pair(was, will)))
    return compare(paired, target, keeping, by_content=by_content)


def _is_by_content(before: Side, after: Side) -> bool:
    one, other = before.rendered, after.rendered
    return one is not None and other is not None and one.environment != other.environment


def _is_written(side: Side) -> bool:
    """Whether a side has an Application of its own, and not one that an ApplicationSet makes."""
    return side.rendered is None or side.rendered.application is not None


def _scope(side: Side, problems: list[Diagnostic]) -> Scope:
    return Scope(side.name, tuple(_held(side, problems)), side.complete)


def _spoken_for(before: Scope, after: Scope) -> tuple[Scope, Scope]:
    """Take two files for all there is where nothing in them comes from a cluster: then neither is a dump."""
    if before.complete or after.complete or any(held.live for held in (*before.objects, *after.objects)):
        return before, after
    return before._replace(complete=True), after._replace(complete=True)


def _held(side: Side, problems: list[Diagnostic]) -> Iterator[Held]:
    """Give the objects of a side, and gather why there are none."""
    if side.rendered is None:
        found = survey(side.files, frozenset(side.files))
        problems.extend(problem for problem in found.problems if problem.severity is Severity.ERROR)
        for each in (*found.experiments, *found.others):
            data = side.files[each.object.span.file]
            ours = isinstance(data, bytes) and data.startswith(MARK.encode())
            yield _object(each.object)._replace(listed=bool(each.within), rendered=ours)
        return
    problems.extend(d for d in side.rendered.diagnostics if d.severity is Severity.ERROR)
    for experiment in side.rendered.experiments:
        yield _object(experiment.manifest)._replace(bases=frozenset((experiment.name,)), rendered=True)
    for obj in side.rendered.objects:
        yield _object(obj)


def _object(obj: Node) -> Held:
    kind, namespace, name = object_of(obj)
    version = get(obj, "apiVersion")
    group, slash, _ = ("" if version is None else text_of(version)).partition("/")
    hashed = _HASHED.fullmatch(name)
    bases = frozenset((name, hashed[1]) if hashed else (name,)) if kind == KIND else frozenset[str]()
    return Held(group if slash else "", kind, namespace, name, obj, bases, is_live(obj))


def _application(side: Side, problems: list[Diagnostic]) -> Held | None:
    if side.rendered is not None:
        delivery = side.rendered.delivery
        return None if delivery is None else _object(delivery.application)
    if side.application is None:
        return None
    found = survey({_APPLICATION: side.application})
    problems.extend(problem for problem in found.problems if problem.severity is Severity.ERROR)
    return _object(found.others[0].object) if found.others else None
