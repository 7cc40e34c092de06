"""KG8xx: what Argo CD and Katib do with the object around the search."""

from __future__ import annotations

from collections.abc import Iterator

from kgen.model.diagnostic import Effect, Finding, Severity
from kgen.rules.reading import mapping
from kgen.rules.rule import rule
from kgen.rules.subject import Subject

_WORKLOAD = (
    "sidecar.istio.io/",
    "istio.io/",
    "kueue.x-k8s.io/",
    "training.kubeflow.org/",
    "batch.kubernetes.io/",
    "jobset.sigs.k8s.io/",
)
_MEND = {
    "sidecar.istio.io/": "set `istio: {inject: …}` in an overlay",
    "kueue.x-k8s.io/": "set `queue` in an overlay",
}


@rule("KG801", Effect.ADVICE, "katib pkg/webhook/v1beta1/pod/inject_webhook.go", Severity.WARNING)
def labels_are_inert(subject: Subject) -> Iterator[Finding]:
    """The Experiment's own labels steer no workload.

    Katib copies them to the suggestion's Deployment, whose pod a queue or a mesh would then act on,
    and over the labels of every pod of a trial.

    Bad:  `labels: {kueue.x-k8s.io/queue-name: team-a}`
    Good: `queue: team-a` in an overlay
    """
    for key in mapping(mapping(subject.manifest.get("metadata")).get("labels")):
        prefix = next((p for p in _WORKLOAD if key.startswith(p)), None)
        if prefix is not None:
            yield Finding(
                path=("metadata", "labels", key),
                message=f"label `{key}` of the Experiment is copied to the pods of its suggestion and its trials",
                help=f"{_MEND.get(prefix, 'write it in `trial.metadata` or `trial.pod`')}, and remove the label here",
            )


RULES = (labels_are_inert,)
