"""What decides whether a rule is asked at all; a rule that does not apply then costs nothing."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, TypeAlias

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


def traits_of(subject: Subject) -> Traits:
    """Look at every part once."""
    spec, odd = subject.spec, frozenset([name for name, is_odd in LOOKS if is_odd(subject)])
    return Traits(
        subject.algorithm,
        subject.collector,
        text(subject.trial.get("kind")),
        is_job(subject.trial),
        spec.get("nasConfig") is not None,
        spec.get("earlyStopping") is not None,
        subject.plain,
        bool(subject.flaws),
        subject.policies != NO_POLICIES,
        _words(subject),
        odd,
    )


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


def _words(subject: Subject) -> frozenset[str]:
    """Find the words in the text, and the fields among the keys."""
    told = subject.text
    return _FIELDS.intersection(subject.keys).union([word for word in _WORDS if word in told])
