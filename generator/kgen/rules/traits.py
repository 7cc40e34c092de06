"""What decides whether a rule is asked at all; a rule that does not apply then costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from kgen.katib.pods import is_job
from kgen.model.policies import NO_POLICIES
from kgen.model.values import text
from kgen.rules import looks, trial_looks
from kgen.rules.subject import Subject

# Words without which whole rules have nothing to say: looked for in the text of the trial's object.
_WORDS = ("{{", "${trialSpec.", ".com/gpu")
# Fields without which others have none.
_FIELDS = frozenset(
    "volumes volumeMounts initContainers tolerations nodeSelector affinity runtimeClassName imagePullPolicy "
    "ports hostPID hostNetwork hostIPC securityContext shareProcessNamespace suspend activeDeadlineSeconds "
    "ttlSecondsAfterFinished dnsPolicy terminationMessagePolicy completions parallelism backoffLimit".split()
)

LOOKS = (*looks.LOOKS, *trial_looks.LOOKS)
When: TypeAlias = "Callable[[Traits], bool]"
_Seen: TypeAlias = "tuple[Any, ...]"


class Traits(NamedTuple):
    """What rules are sorted out by, once for all Experiments that are alike in it."""

    algorithm: str
    collector: str
    kind: str  # of the trial's object; "" where there is none
    job: bool  # a batch/v1 Job, which the webhook reads closely
    nas: bool  # with a nasConfig
    early: bool  # with earlyStopping
    plain: bool
    flawed: bool
    limited: bool  # with policies
    words: frozenset[str]  # words and fields that the trial's object holds, of those that rules look for
    odd: frozenset[str]  # the parts that are out of the ordinary, by their names in LOOKS


def alike(subjects: Sequence[Subject]) -> dict[Traits, list[int]]:
    """Sort Experiments out: give the indices of those that have the same Traits, in order.

    Look by look, as one look at one Experiment after the other takes less time than all looks at each.
    """
    columns = [[*map(look, subjects)] for _, look in LOOKS]
    same: dict[_Seen, list[int]] = {}
    for index, seen in enumerate(zip(map(_kind, subjects), *columns, strict=True)):
        same.setdefault(seen, []).append(index)
    out: dict[Traits, list[int]] = {}
    for seen, indices in same.items():
        out.setdefault(_traits(*seen), []).extend(indices)
    return out


def _kind(subject: Subject) -> tuple[Any, ...]:
    """Give all Traits but the odd parts."""
    spec, told = subject.spec, subject.text
    words = _FIELDS.intersection(subject.keys)
    for word in _WORDS:
        if word in told:
            words |= {word}
    return (
        subject.algorithm,
        subject.collector,
        text(subject.trial.get("kind")),
        is_job(subject.trial),
        spec.get("nasConfig") is not None,
        spec.get("earlyStopping") is not None,
        subject.plain,
        bool(subject.flaws),
        subject.policies is not NO_POLICIES and subject.policies != NO_POLICIES,
        words,
    )


@lru_cache(maxsize=4096)
def _traits(kind: tuple[Any, ...], *found: int) -> Traits:
    odd: list[str] = []
    for (names, _), bits in zip(LOOKS, found, strict=True):
        odd += [name for at, name in enumerate(names) if bits >> at & 1]
    made: Traits = Traits._make((*kind, frozenset(odd)))
    return made


@lru_cache(maxsize=256)
def odd_in(*parts: str) -> When:
    """Say that a rule speaks only where one of these parts is out of the ordinary."""
    return lambda traits: not traits.odd.isdisjoint(parts)


@lru_cache(maxsize=256)
def holds(*words: str) -> When:
    """Say that a rule speaks only where the trial's object holds one of these words or fields."""
    return lambda traits: not traits.words.isdisjoint(words)


@lru_cache(maxsize=256)
def run_by(*algorithms: str) -> When:
    """Say that a rule speaks of these algorithms alone."""
    return lambda traits: traits.algorithm in algorithms


def flawed(traits: Traits) -> bool:
    """Say that a rule speaks only of what does not fit its type."""
    return traits.flawed
