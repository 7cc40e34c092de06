"""KG80x: what Argo CD and Katib do with the object around the search."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from kgen.katib import argocd
from kgen.model.diagnostic import Edit, EditKind, Effect, Finding, Severity
from kgen.model.node import FieldPath
from kgen.model.values import mapping, text
from kgen.rules.rule import rule
from kgen.rules.subject import Subject
from kgen.rules.traits import odd_in

_OPTIONS = "https://github.com/argoproj/argo-cd/blob/master/docs/user-guide/sync-options.md"
_WAVES = "https://github.com/argoproj/argo-cd/blob/master/docs/user-guide/sync-waves.md"
_TRACKING = "https://github.com/argoproj/argo-cd/blob/master/docs/user-guide/resource_tracking.md"
_ANNOTATIONS: FieldPath = ("metadata", "annotations")
_WHOLE = re.compile(r"[+-]?\d+")  # what Go's strconv.Atoi reads
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


@rule(
    "KG801", Effect.ADVICE, "katib pkg/webhook/v1beta1/pod/inject_webhook.go", Severity.WARNING, when=odd_in("labels")
)
def labels_are_inert(subject: Subject) -> Iterator[Finding]:
    """The Experiment's own labels steer no workload.

    Katib copies them to the suggestion's Deployment, whose pod a queue or a mesh would then act on,
    and over the labels of every pod of a trial.

    Bad:  `labels: {kueue.x-k8s.io/queue-name: team-a}`
    Good: `queue: team-a` in an overlay
    """
    for key in mapping(subject.metadata.get("labels")):
        prefix = next((p for p in _WORKLOAD if str(key).startswith(p)), None)
        if prefix is None:
            continue
        mend = _MEND.get(prefix, "write it in `trial.metadata` or `trial.pod`")
        if subject.plain:
            mend = "write it in the metadata of the trialSpec, or of the pod template in it"
        yield Finding(
            path=("metadata", "labels", key),
            message=f"label `{key}` of the Experiment is copied to the pods of its suggestion and its trials",
            help=f"{mend}, and remove the label here",
        )


def _annotations(subject: Subject) -> dict[str, Any]:
    return mapping(subject.metadata.get("annotations"))


def _options(annotations: dict[str, Any], key: str) -> list[str]:
    """Give the options of an annotation as Argo CD splits them: at commas, without blanks around them."""
    given = text(annotations.get(key))
    return [option.strip() for option in given.split(",")] if given.strip() else []


def _edits(subject: Subject, *edits: Edit) -> tuple[Edit, ...]:
    return edits if subject.plain else ()


@rule("KG804", Effect.DRIFT, _OPTIONS, Severity.WARNING, when=odd_in("metadata"))
def options_are_known(subject: Subject) -> Iterator[Finding]:
    """Sync options and compare options are spelled as Argo CD spells them.

    It looks for `Name=value`, letter by letter, and passes over anything else without a word. An Experiment
    that was to be kept is then pruned, and its trials and their metrics with it.

    Bad:  `argocd.argoproj.io/sync-options: "Prune: false"`
    Good: `argocd.argoproj.io/sync-options: Prune=false`
    """
    annotations = _annotations(subject)
    if not annotations:
        return
    options = _options(annotations, argocd.SYNC_OPTIONS)
    flaws = [(option, argocd.sync_option_flaw(option, argocd.OBJECT_SYNC_OPTIONS)) for option in options]
    fix = _edits(subject, *_mended(flaws))
    for option, flaw in flaws:
        if flaw is not None:
            message = f"Argo CD passes over the sync option `{option}`"
            yield Finding((*_ANNOTATIONS, argocd.SYNC_OPTIONS), message, flaw.help, fix=fix)
    for option in _options(annotations, argocd.COMPARE_OPTIONS):
        if option in argocd.OBJECT_COMPARE_OPTIONS:
            continue
        elsewhere = option.split("=")[0] in argocd.APPLICATION_COMPARE_OPTIONS
        help_ = "move it to that annotation of the Application" if elsewhere else "write `IgnoreExtraneous`"
        message = f"Argo CD passes over the compare option `{option}` of an object"
        yield Finding((*_ANNOTATIONS, argocd.COMPARE_OPTIONS), message, help_)


def _mended(flaws: list[tuple[str, argocd.OptionFlaw | None]]) -> list[Edit]:
    """Give the edit that mends all options of the annotation, if it is certain what each of them means."""
    if any(flaw is not None and not flaw.mended for _, flaw in flaws):
        return []
    value = ",".join(option if flaw is None else flaw.mended for option, flaw in flaws)
    return [Edit(EditKind.SET, (*_ANNOTATIONS, argocd.SYNC_OPTIONS), value)]


@rule("KG805", Effect.DRIFT, _WAVES, Severity.WARNING, when=odd_in("metadata"))
def wave_is_a_number(subject: Subject) -> Iterator[Finding]:
    """The sync wave is a whole number.

    Argo CD reads any other text as wave 0, so the Experiment is applied before what it needs. A number without
    quotes is no text: the API server refuses the whole object (KG213).

    Bad:  `argocd.argoproj.io/sync-wave: last`
    Good: `argocd.argoproj.io/sync-wave: "10"`
    """
    wave = _annotations(subject).get(argocd.WAVE)
    if isinstance(wave, str) and _WHOLE.fullmatch(wave) is None:
        yield Finding(
            path=(*_ANNOTATIONS, argocd.WAVE),
            message=f"Argo CD reads the sync wave `{wave}` as 0: it is no whole number",
            help=f'write a whole number in quotes, such as `{argocd.WAVE}: "10"`',
        )


@rule("KG806", Effect.DRIFT, "https://github.com/argoproj/argo-cd/blob/master/docs/user-guide/resource_hooks.md",
      Severity.WARNING, when=odd_in("metadata"))  # fmt: skip
def no_hook(subject: Subject) -> Iterator[Finding]:
    """No Experiment is a hook of Argo CD.

    A hook is deleted and made anew on every sync of its Application, whatever the commit changed: the search
    starts over, and its trials and metrics are lost. It is no part of the Application's status either. With
    `Skip` it is never applied at all.

    Bad:  `annotations: {argocd.argoproj.io/hook: Sync}`
    Good: `naming: hashed` in the environment, which gives a changed Experiment a new name
    """
    annotations = _annotations(subject)
    for key in (argocd.HOOK, argocd.HELM_HOOK):
        if key in annotations:
            skipped = annotations[key] == "Skip"
            does = "keeps Argo CD from applying it" if skipped else "makes Argo CD run it again on every sync"
            yield Finding(
                path=(*_ANNOTATIONS, key),
                message=f"annotation `{key}` of the Experiment {does}",
                help="remove it; to run a changed Experiment again give it a new name",
            )


@rule("KG807", Effect.DRIFT, _OPTIONS, Severity.WARNING, when=odd_in("metadata"))
def no_replacing(subject: Subject) -> Iterator[Finding]:
    """An Experiment is not replaced or forced.

    Only its three counts can change, and neither option helps with the rest: `Force=true` recreates on
    conflicts, and Katib answers with another error; `Replace=true` is an update as well, and wipes the
    controller's finalizer on every sync. Both together delete the Experiment, its trials and their
    metrics on every sync, changed or not.

    Bad:  `argocd.argoproj.io/sync-options: Replace=true`
    Good: a new name for each change, as `naming: hashed` gives it
    """
    options = _options(_annotations(subject), argocd.SYNC_OPTIONS)
    force, replace = "Force=true" in options, "Replace=true" in options
    if force and replace:
        message = "`Force=true,Replace=true` deletes the Experiment and its trials on every sync"
    elif replace:
        message = (
            "`Replace=true` wipes the controller's finalizer on every sync, and a changed spec is refused all the same"
        )
    elif force:
        message = "`Force=true` does not get a changed spec past Katib's webhook"
    else:
        return
    kept = ",".join(option for option in options if option not in ("Force=true", "Replace=true"))
    path = (*_ANNOTATIONS, argocd.SYNC_OPTIONS)
    edit = Edit(EditKind.SET, path, kept) if kept else Edit(EditKind.REMOVE, path)
    help_ = "remove it, and give a changed Experiment a new name"
    yield Finding(path, message, help_, fix=_edits(subject, edit))


@rule("KG808", Effect.DRIFT, _TRACKING, Severity.WARNING, when=odd_in("metadata"))
def tracking_is_argos(subject: Subject) -> Iterator[Finding]:
    """The manifest does not hold Argo CD's tracking annotations.

    Argo CD writes them for each Application. In Git they come from a manifest that was copied out of a cluster,
    and applied by hand they make an object look like another Application's.

    Bad:  `annotations: {argocd.argoproj.io/tracking-id: "ml:kubeflow.org/Experiment:ns/mnist"}`
    Good: no such annotation
    """
    annotations = _annotations(subject)
    for key in argocd.TRACKING:
        if key in annotations:
            path = (*_ANNOTATIONS, key)
            message = f"annotation `{key}` is Argo CD's to write"
            yield Finding(path, message, "remove it", fix=_edits(subject, Edit(EditKind.REMOVE, path)))


RULES = (labels_are_inert, options_are_known, wave_is_a_number, no_hook, no_replacing, tracking_is_argos)
