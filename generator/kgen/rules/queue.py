"""KG558 and KG559: Kueue, where its label stands and what it counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kgen.katib.pods import containers
from kgen.katib.v1beta1 import TRIAL
from kgen.model.diagnostic import Edit, EditKind, Effect, Finding, Severity
from kgen.model.node import FieldPath
from kgen.model.values import mapping
from kgen.rules.flaws import value_at
from kgen.rules.mesh import emptied
from kgen.rules.reading import mend
from kgen.rules.rule import rule
from kgen.rules.subject import Subject
from kgen.rules.traits import odd_in

_KUEUE = "https://github.com/kubernetes-sigs/kueue"
_QUEUE = "kueue.x-k8s.io/queue-name"


@rule("KG558", Effect.ADVICE, _KUEUE, Severity.WARNING, when=odd_in("labels", "metadata", "object", "pods"))
def queue_is_on_the_job(subject: Subject) -> Iterator[Finding]:
    """Kueue's queue label is on the trial's object: in `trialSpec.metadata.labels`.

    On the Experiment it also queues the Deployment of the suggestion service, and the trials are not
    queued; on a pod template Kueue's Job integration does not see it.

    Bad:  `metadata: {labels: {kueue.x-k8s.io/queue-name: team-a}}` of the Experiment
    Good: `trialSpec: {metadata: {labels: {kueue.x-k8s.io/queue-name: team-a}}}`
    """
    metadata = subject.metadata
    own = mapping(mapping(subject.trial.get("metadata")).get("labels"))
    on_top = _QUEUE in mapping(metadata.get("labels"))
    if not on_top and _QUEUE not in subject.text:
        return
    places: list[FieldPath] = [("metadata", "labels", _QUEUE)] if on_top else []
    for path, _ in subject.pods:
        place = (*path[:-1], "metadata", "labels", _QUEUE)
        if value_at(subject.trial, place) is not None and len(path) > 1:
            places.append((*TRIAL, *place))
    to = (*TRIAL, "metadata", "labels", _QUEUE)
    for number, place in enumerate(places):
        edit = Edit(EditKind.MOVE, place, to=to) if _QUEUE not in own and number == 0 else Edit(EditKind.REMOVE, place)
        where = "the Experiment" if place[0] == "metadata" else "a pod template"
        yield Finding(
            path=place,
            message=f"Kueue's queue label is on {where}: the trials are queued by the label of their own object",
            help=mend(subject, "set `queue` in an overlay instead", "move it to `trialSpec.metadata.labels`"),
            fix=(edit, *emptied(subject, place)),
        )


def _asks(container: dict[str, Any]) -> bool:
    resources = mapping(container.get("resources"))
    return bool(resources.get("requests") or resources.get("limits"))


@rule("KG559", Effect.ADVICE, _KUEUE, Severity.INFO, when=odd_in("object"))
def queued_trials_say_what_they_need(subject: Subject) -> Iterator[Finding]:
    """A trial that Kueue queues says what it needs.

    Kueue counts requests against a quota. A container without any takes nothing of it.

    Bad:  a queue label, and no `resources`
    Good: a queue label, and `resources: {cpu: 2, memory: 4Gi}`
    """
    if _QUEUE not in subject.text or _QUEUE not in mapping(mapping(subject.trial.get("metadata")).get("labels")):
        return
    for path, pod in subject.pods:
        if not any(_asks(container) for _, container in containers(pod)):
            yield Finding(
                path=(*TRIAL, *path, "containers"),
                message="the trial is queued by Kueue, and its pods request nothing: no quota holds them back",
                help=mend(subject, "set `trial.resources`", "add `resources.requests` to the training container"),
            )


RULES = (
    queue_is_on_the_job,
    queued_trials_say_what_they_need,
)
