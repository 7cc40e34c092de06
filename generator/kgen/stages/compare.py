"""Pairs of objects, before and after, to what a cluster does with each: its fate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from kgen.katib import updates
from kgen.katib.admission import admit
from kgen.katib.frozen import is_frozen
from kgen.katib.managed import Upkeep, last_applied, spoken_of, sync_options, without_managed
from kgen.katib.stored import as_stored
from kgen.katib.v1beta1 import KIND, PARALLEL_TRIAL_COUNT, version
from kgen.model.change import ABSENT, Absent, Action, Cost, Differences, Fate, FieldChange, Refusal, SideEffect
from kgen.model.difference import Different, differences, field_text, is_same
from kgen.model.environment import Target
from kgen.model.node import FieldPath, Node, Plain, fields, plain
from kgen.model.pairs import Held, Pair, Paired
from kgen.model.values import mapping
from kgen.rules.hidden import hidden
from kgen.rules.policy import trial_gpus
from kgen.rules.reading import count
from kgen.rules.subject import read

SINCE_APPLICATION_PRUNE = "3.4"  # of Argo CD: `Prune=false` among the sync options of an Application
_NAMED = 3  # fields that a reason names
_FORCE, _REPLACE, _SERVER_SIDE = "Force=true", "Replace=true", "ServerSideApply=true"
_UNDER_FIXED_NAME = "the search changed under a fixed name: Katib refuses every change but the three counters"


def compare(paired: Paired, target: Target, upkeep: Upkeep, *, by_content: bool = False) -> Differences:
    """Say what happens to each object when Argo CD applies what is after over what is before.

    `by_content` compares two environments, of which nobody applies one over the other: `in-place` is then what
    differs, `create` what the second alone has and `prune` what the first alone has, and nothing is refused.
    Law: of one side compared with itself every fate is `none`.
    """
    work = _Comparison(target, upkeep, paired.emptied and not upkeep.empties, by_content)
    found = [fate for pair in paired.pairs for fate in work.fates(pair)]
    return Differences(
        tuple(sorted(found, key=lambda f: (f.kind, f.namespace, f.name))), paired.passed_over, by_content
    )


class _Experiment(NamedTuple):
    """An Experiment as Katib holds it."""

    tree: Node
    stored: dict[str, Any]  # with its status, where it was read from a cluster
    cost: Cost


class _Comparison:
    def __init__(self, target: Target, upkeep: Upkeep, emptied: bool, by_content: bool) -> None:
        self._target, self._upkeep = target, upkeep
        self._emptied = emptied  # Argo CD does not by itself prune all there is
        self._by_content = by_content

    def fates(self, pair: Pair) -> Iterator[Fate]:
        """Give the fate of an object; of one that gets a new name also that of the old one."""
        old, new = pair.before, pair.after
        if new is None:
            assert old is not None
            yield self._left(old)
        elif old is None:
            cost = self._experiment(new).cost if new.kind == KIND else None
            yield _fate(new, Action.CREATE)._replace(after=cost)
        elif new.kind != KIND:
            yield self._other(old, new)
        elif pair.renamed and not self._by_content:
            yield from self._renamed(old, new)
        else:
            yield self._same_name(old, new)

    def _experiment(self, held: Held, *, old: bool = False) -> _Experiment:
        stored = old and held.rendered and not held.live and not self._by_content
        tree = as_stored(held.given, self._target) if stored else admit(held.given, self._target).manifest
        given = plain(tree)
        assert isinstance(given, dict)
        return _Experiment(without_managed(tree), mapping(plain(held.given)) if held.live else given, self._cost(given))

    def _cost(self, given: dict[str, Any]) -> Cost:
        subject = read(given, self._target)
        most = max(count(subject.spec.get("maxTrialCount")) or 0, 0)
        parallel = count(subject.spec.get("parallelTrialCount"))
        gpus, _ = trial_gpus(subject)
        at_once = PARALLEL_TRIAL_COUNT if parallel is None else max(parallel, 0)
        return Cost(most, (min(at_once, most) if most else at_once) * gpus, most * gpus)

    def _other(self, old: Held, new: Held) -> Fate:
        was, will = without_managed(old.given), without_managed(new.given)
        if old.live:
            was = spoken_of(was, will, last_applied(old.given))
        changes = _changes(was, will, lambda path: not is_frozen(new.group, new.kind, was, path))
        fixed = () if self._by_content else tuple(change for change in changes if not change.editable)
        if changes and self._is_made_anew(old, new, refused=bool(fixed)):
            return _fate(new, Action.IN_PLACE, _MADE_ANEW)._replace(changes=changes)
        if not fixed:
            return _fate(new, Action.IN_PLACE if changes else Action.NONE)._replace(changes=changes)
        refused = Refusal(
            field_text(fixed[0].path[:1]),
            f"{_named(fixed)} of a {new.kind} cannot be changed",
            f"give the changed {new.kind} a new name, or delete the old one first",
        )
        reason = f"the API server refuses it: {refused.reason}"
        return _fate(new, Action.REJECTED, reason)._replace(changes=changes, refusals=(refused,))

    def _same_name(self, old: Held, new: Held) -> Fate:
        was, will = self._experiment(old, old=True), self._experiment(new)
        changes = _changes(self._seen(old, new, was.tree), will.tree, updates.is_editable)
        costs = _fate(new, Action.NONE)._replace(before=was.cost, after=will.cost)
        if not changes:
            return costs
        costs = costs._replace(changes=changes)
        if self._by_content:
            return costs._replace(action=Action.IN_PLACE, reason=_count_of(changes))
        if self._is_made_anew(old, new):
            return costs._replace(action=Action.IN_PLACE, effects=(_RECREATED,), reason=_RECREATED.text)
        refused = updates.refusals(was.stored, will.stored, self._target.katib)
        if refused:
            frozen = updates.immutable_changes(was.stored, will.stored, self._target.katib)
            searched = frozen and not updates.is_aged(was.stored, will.stored, frozen)
            reason = _UNDER_FIXED_NAME if searched else refused[0].reason
            return costs._replace(action=Action.REJECTED, reason=reason, refusals=refused, after=was.cost)
        effects = updates.side_effects(was.stored, will.stored, self._target.katib)
        return costs._replace(action=Action.IN_PLACE, reason=_edited(changes), effects=effects)

    def _is_made_anew(self, old: Held, new: Held, *, refused: bool = False) -> bool:
        """Whether Argo CD deletes an object and makes it again: to replace it, or where the API server refused.

        What Katib's webhook refuses is no such case: kubectl's force takes a conflict and 422 alone. Force is an
        option of an object, and none of an Application.
        """
        own = sync_options(new.given) | sync_options(old.given)
        if _FORCE not in own or self._by_content:
            return False
        options = own.union(self._upkeep.options)
        return _REPLACE in options or (refused and _SERVER_SIDE not in options)

    def _seen(self, old: Held, new: Held, tree: Node) -> Node:
        """Give what is compared of the old one: without the labels and annotations that a cluster alone has.

        One that lacks defaults was stored by an older Katib: what Git spells out is then a difference.
        """
        if not old.live:
            return tree
        given = fields(without_managed(old.given))
        wanted = fields(without_managed(new.given))
        lacks = any(found.before is None for found in _spec_differences(given, wanted))
        own = {**fields(tree), **({"spec": given["spec"]} if lacks and "spec" in given else {})}
        if "metadata" in own and "metadata" in wanted:
            applied = last_applied(old.given)
            before = fields(applied).get("metadata")
            own["metadata"] = spoken_of(own["metadata"], wanted["metadata"], before)
        return Node(own, tree.span)

    def _renamed(self, old: Held, new: Held) -> Iterator[Fate]:
        was, will = self._experiment(old, old=True), self._experiment(new)
        changes = _changes(self._seen(old, new, was.tree), will.tree, updates.is_editable)
        gone = self._left(old)
        effects: tuple[SideEffect, ...] = ()
        if gone.action is Action.KEEP and not updates.progress_of(was.stored).is_over:
            effects = (SideEffect("metadata.name", f"{old.name} is kept, and runs on beside it until it has finished"),)
        yield _fate(new, Action.RENAME, _new_name(changes))._replace(
            changes=changes, effects=effects, other=old.name, before=was.cost, after=will.cost
        )
        reason = f"{new.name} takes its place; {gone.reason.removeprefix('it left Git: ')}"
        yield gone._replace(reason=reason, other=new.name, before=None)

    def _left(self, old: Held) -> Fate:
        cost = self._experiment(old).cost if old.kind == KIND else None
        action, reason = (Action.PRUNE, "") if self._by_content else self._parting(old)
        return _fate(old, action, reason)._replace(before=cost, origin=None)

    def _parting(self, old: Held) -> tuple[Action, str]:
        """Say what becomes of an object that left Git: its own option counts before the Application's."""
        own = sync_options(old.given)
        known = self._upkeep.options if version(self._target.argocd) >= version(SINCE_APPLICATION_PRUNE) else ()
        says = next((option for option in (*sorted(own), *known) if option.startswith("Prune=")), "")
        with_it = ", and its trials and their metrics with it" if old.kind == KIND else ""
        synced = "" if "IgnoreExtraneous" in own else ", and its Application is OutOfSync from then on"
        if says == "Prune=false":
            return Action.KEEP, f"it left Git: Prune=false keeps it in the cluster{synced}"
        if self._upkeep.known and not self._upkeep.prunes:
            return Action.KEEP, f"it left Git: it stays until somebody prunes, as its Application does not{synced}"
        if self._upkeep.prunes and self._emptied:
            return Action.KEEP, f"it left Git: Argo CD does not prune all there is without allowEmpty{synced}"
        if says == "Prune=confirm":
            return Action.PRUNE, f"it left Git: Argo CD deletes it once somebody has confirmed that{with_it}"
        if self._upkeep.prunes:
            return Action.PRUNE, f"it left Git: its Application prunes it{with_it}"
        return Action.PRUNE, f"it left Git: it is deleted if what applies these manifests prunes{with_it}"


_MADE_ANEW = "Force=true: Argo CD deletes it and makes it anew"
_RECREATED = SideEffect(
    "metadata",
    "Force=true and Replace=true: Argo CD deletes it and makes it anew; its trials and their metrics are lost",
)


def _spec_differences(given: Mapping[str, Node], wanted: Mapping[str, Node]) -> Iterator[Different]:
    if "spec" in given and "spec" in wanted:
        yield from differences(given["spec"], wanted["spec"])


def _fate(held: Held, action: Action, reason: str = "") -> Fate:
    return Fate(held.kind, held.namespace, held.name, action, reason, origin=held.given.span)


def _changes(before: Node, after: Node, is_editable: Callable[[FieldPath], bool]) -> tuple[FieldChange, ...]:
    """Give the fields that differ, with the place behind each new value; credentials are hidden."""
    before, after = _nameless(before), _nameless(after)
    if is_same(before, after):
        return ()
    return tuple(
        FieldChange(
            found.path,
            _value(found.before),
            _value(found.after),
            None if found.after is None else found.after.span,
            is_editable(found.path),
        )
        for found in differences(hidden(before), hidden(after))
    )


def _nameless(obj: Node) -> Node:
    """Leave out the name and the namespace, which say which object it is and not what it is."""
    given = dict(fields(obj))
    metadata = given.get("metadata")
    if metadata is not None and isinstance(metadata.value, dict):
        kept = {key: node for key, node in metadata.value.items() if key not in ("name", "namespace")}
        given["metadata"] = Node(kept, metadata.span)
    return Node(given, obj.span)


def _value(node: Node | None) -> Plain | Absent:
    return ABSENT if node is None else plain(node)


def _named(changes: tuple[FieldChange, ...]) -> str:
    """Name the first of the fields that changed."""
    names = [field_text(change.path) for change in changes]
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _count_of(changes: tuple[FieldChange, ...]) -> str:
    return f"{len(changes)} fields differ" if len(changes) > 1 else "1 field differs"


def _new_name(changes: tuple[FieldChange, ...]) -> str:
    causes = tuple(change for change in changes if not change.editable)
    if not causes:
        return "it got another name, and is a new search beside the old one"
    return f"{_named(causes)} changed, and so did its name: a new search beside the old one"


def _edited(changes: tuple[FieldChange, ...]) -> str:
    counters = [change for change in changes if change.path[:1] == ("spec",)]
    if not counters:
        return "only labels and annotations changed: they are edited in place"
    said = [f"{change.path[-1]} {_counted(change.before)} -> {_counted(change.after)}" for change in counters]
    return f"{' and '.join(said)}: Katib edits {'it' if len(said) == 1 else 'them'} in place"


def _counted(value: Plain | Absent) -> str:
    return "none" if isinstance(value, Absent) else str(value)
