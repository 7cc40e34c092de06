"""KG57x: how long a trial's pods live: restarts, retries, time limits, and what the collector needs of a pod."""

from __future__ import annotations

from collections.abc import Iterator

from kgen.katib.collectors import STOCK
from kgen.katib.pods import TRAINJOB, containers, is_job
from kgen.katib.trialkinds import OPERATOR_KINDS
from kgen.katib.v1beta1 import TRIAL
from kgen.model.diagnostic import Edit, EditKind, Effect, Finding, Severity
from kgen.model.node import FieldPath
from kgen.model.values import mapping, text
from kgen.rules.primary import is_primary
from kgen.rules.reading import count, mend
from kgen.rules.rule import rule
from kgen.rules.subject import Subject
from kgen.rules.traits import holds, odd_in

_POD_WEBHOOK = "katib pkg/webhook/v1beta1/pod/inject_webhook.go"
_CORE = "kubernetes pkg/apis/core/validation/validation.go"
_BATCH = "kubernetes pkg/apis/batch/validation/validation.go"
_INJECTED = frozenset((*STOCK, "PrometheusMetric", "Custom"))  # collectors that run beside the training
_USUAL_RETRIES = 6  # backoffLimit where a Job says nothing
_MANY_RETRIES = 3
_SHORT = 30  # seconds; Katib reads the result within a few, but not after the object is gone
_SPEC = (*TRIAL, "spec")


@rule(
    "KG570",
    Effect.NO_METRICS,
    _POD_WEBHOOK,
    Severity.WARNING,
    when=lambda traits: traits.collector in STOCK and "pods" in traits.odd,
)
def training_is_not_restarted(subject: Subject) -> Iterator[Finding]:
    """The pod that is measured is not restarted in place: its restartPolicy is Never.

    The collector runs beside the training. When the training fails, the collector fails too; with OnFailure
    each of the two containers is restarted by itself, and they do not find together again.

    Bad:  `restartPolicy: OnFailure`
    Good: `restartPolicy: Never`, and a small `backoffLimit`
    """
    if subject.collector not in STOCK or ("'OnFailure'" not in subject.text and "'Always'" not in subject.text):
        return
    for path, pod in subject.pods:
        holder = _restarter(subject, path)
        given = mapping(_at(subject, holder)).get("restartPolicy") if holder else pod.get("restartPolicy")
        if given in ("OnFailure", "Always") and is_primary(subject, path) and (holder or given == "OnFailure"):
            place = (*TRIAL, *(holder or path), "restartPolicy")
            yield Finding(
                path=place,
                message=f"restartPolicy {given} restarts training and collector one by one, and the trial can hang",
                help=mend(subject, "set `trial.restartPolicy: Never`", "write `restartPolicy: Never`"),
                fix=(Edit(EditKind.SET, place, "Never"),),
            )


def _restarter(subject: Subject, path: FieldPath) -> FieldPath:
    """Give the place whose restartPolicy counts instead of the pod's: the replica type's, of the training operator."""
    return path[:3] if text(subject.trial.get("kind")) in OPERATOR_KINDS and len(path) > 3 else ()


def _at(subject: Subject, path: FieldPath) -> object:
    value: object = subject.trial
    for step in path:
        value = mapping(value).get(str(step))
    return value


@rule(
    "KG571",
    Effect.ADVICE,
    _BATCH,
    Severity.INFO,
    when=lambda traits: traits.job and not traits.words.isdisjoint(("backoffLimit", ".com/gpu")),
)
def failures_are_not_repeated(subject: Subject) -> Iterator[Finding]:
    """A Job that fails is not tried many times over.

    A failing Job runs `backoffLimit` times more, 6 where nothing is said, with growing pauses, before Katib
    sees that the trial failed. Bad values of the search fail each time, and hold their GPUs.

    Bad:  `backoffLimit: 6`, or none on a Job with GPUs
    Good: `backoffLimit: 1`
    """
    if not is_job(subject.trial):
        return
    spec = mapping(subject.trial.get("spec"))
    given = spec.get("backoffLimit")
    if (given is None and ".com/gpu" not in subject.text) or spec.get("podFailurePolicy") is not None:
        return
    most = _USUAL_RETRIES if given is None else count(given)
    if most is not None and most > _MANY_RETRIES:
        shown = f"is {most}" if given is not None else f"is not given, which means {most}"
        yield Finding(
            path=(*_SPEC, "backoffLimit"),
            message=f"backoffLimit {shown}: a trial that fails runs {most + 1} times before Katib sees it",
            help=mend(subject, "set `trial.spec.backoffLimit` to 0 or 1", "write `backoffLimit: 1`, or 0"),
        )


def _policy(subject: Subject) -> FieldPath:
    """Give the place in `trial` of what limits the life of the object."""
    return ("spec", "runPolicy") if text(subject.trial.get("kind")) in OPERATOR_KINDS else ("spec",)


@rule("KG572", Effect.STUCK, "kgen", Severity.WARNING, when=holds("ttlSecondsAfterFinished"))
def result_can_be_read(subject: Subject) -> Iterator[Finding]:
    """A finished trial's object stays long enough for Katib to read the result.

    `ttlSecondsAfterFinished` removes it so many seconds after its end. What Katib has not read by then is
    lost. Katib removes the object itself, unless `retain` is set.

    Bad:  `ttlSecondsAfterFinished: 0`
    Good: no `ttlSecondsAfterFinished`
    """
    if "ttlSecondsAfterFinished" not in subject.text:
        return
    path = _policy(subject)
    seconds = count(mapping(_at(subject, path)).get("ttlSecondsAfterFinished"))
    if seconds is not None and seconds < _SHORT:
        yield Finding(
            path=(*TRIAL, *path, "ttlSecondsAfterFinished"),
            message=f"ttlSecondsAfterFinished {seconds} can remove the trial before Katib has read its result",
            help="remove it: Katib deletes what is finished; or write 600",
        )


@rule(
    "KG573",
    Effect.NO_METRICS,
    "kgen",
    Severity.WARNING,
    when=lambda traits: traits.job and not traits.words.isdisjoint(("completions", "parallelism")),
)
def job_has_one_pod(subject: Subject) -> Iterator[Finding]:
    """A Job has one pod, or primaryPodLabels say which one is measured.

    With `completions` or `parallelism` above 1 every pod gets a collector, and all of them write metrics of
    the one trial, mixed.

    Bad:  `parallelism: 4`
    Good: `parallelism: 4, completionMode: Indexed` and `primaryPodLabels` with the index 0
    """
    if not is_job(subject.trial) or subject.template.get("primaryPodLabels") or subject.collector not in _INJECTED:
        return
    spec = mapping(subject.trial.get("spec"))
    for key in ("completions", "parallelism"):
        number = count(spec.get(key))
        if number is not None and number > 1:
            yield Finding(
                path=(*_SPEC, key),
                message=f"{key} is {number}: every pod of the Job writes metrics of the same trial",
                help="write 1, or set `completionMode: Indexed` and primaryPodLabels "
                '`batch.kubernetes.io/job-completion-index: "0"`',
            )
            return


@rule("KG574", Effect.NO_POD, _CORE, when=holds("hostPID"))
def processes_can_be_shared(subject: Subject) -> Iterator[Finding]:
    """A pod that is measured does not use the processes of its node.

    Katib lets collector and training share their processes (`shareProcessNamespace`). Kubernetes refuses
    a pod that has this and `hostPID`.

    Bad:  `hostPID: true`
    Good: no `hostPID`
    """
    if "hostPID" not in subject.text:
        return
    for path, pod in subject.pods:
        shared = pod.get("shareProcessNamespace") is True
        if pod.get("hostPID") is True and (shared or (subject.collector in _INJECTED and is_primary(subject, path))):
            place = (*TRIAL, *path, "hostPID")
            message = "hostPID and shareProcessNamespace exclude each other" + (
                "" if shared else ", and Katib sets the second for its collector"
            )
            yield Finding(place, message, "remove `hostPID`", fix=(Edit(EditKind.REMOVE, place),))


@rule(
    "KG575",
    Effect.ADVICE,
    _POD_WEBHOOK,
    Severity.INFO,
    when=lambda traits: "shareProcessNamespace" in traits.words and traits.collector in _INJECTED,
)
def processes_are_shared(subject: Subject) -> Iterator[Finding]:
    """Nobody says `shareProcessNamespace: false` of a pod that is measured.

    Katib sets it to true for its collector, whatever is written.

    Bad:  `shareProcessNamespace: false`
    Good: no `shareProcessNamespace`
    """
    if "shareProcessNamespace" not in subject.text or subject.collector not in _INJECTED:
        return
    for path, pod in subject.pods:
        if pod.get("shareProcessNamespace") is False and is_primary(subject, path):
            place = (*TRIAL, *path, "shareProcessNamespace")
            message = "shareProcessNamespace false has no effect: Katib sets it to true for its collector"
            yield Finding(place, message, "remove it", fix=(Edit(EditKind.REMOVE, place),))


@rule("KG576", Effect.ADVICE, "kgen", Severity.INFO, when=odd_in("object"))
def trial_has_no_name_prefix(subject: Subject) -> Iterator[Finding]:
    """The trial's object has no generateName.

    Katib gives each trial's object the name of the trial; a prefix has no effect.

    Bad:  `metadata: {generateName: train-}` in trialSpec
    Good: no `generateName`
    """
    if mapping(subject.trial.get("metadata")).get("generateName"):
        place = (*TRIAL, "metadata", "generateName")
        message = "generateName has no effect: Katib gives each trial its own name"
        yield Finding(place, message, "remove it", fix=(Edit(EditKind.REMOVE, place),))


@rule("KG577", Effect.NO_POD, "kgen", Severity.INFO, when=holds("imagePullPolicy"))
def images_can_be_pulled(subject: Subject) -> Iterator[Finding]:
    """An image may be pulled.

    With `imagePullPolicy: Never` a pod waits for ever on a node that does not hold the image already.

    Bad:  `imagePullPolicy: Never` on a cluster of several nodes
    Good: `imagePullPolicy: IfNotPresent`
    """
    if "imagePullPolicy" not in subject.text:
        return
    for path, pod in subject.pods:
        for at, container in containers(pod, "containers", "initContainers"):
            if container.get("imagePullPolicy") == "Never":
                yield Finding(
                    path=(*TRIAL, *path, *at, "imagePullPolicy"),
                    message=f"container `{container.get('name')}` starts only on nodes that hold its image already",
                    help="write `imagePullPolicy: IfNotPresent`, which pulls what is not there",
                )


@rule("KG578", Effect.NO_METRICS, _BATCH, when=holds("activeDeadlineSeconds"))
def trial_has_time(subject: Subject) -> Iterator[Finding]:
    """activeDeadlineSeconds leaves a trial some time.

    With 0 a Job fails as soon as it starts; a negative number is refused, and so is 0 on a pod.

    Bad:  `activeDeadlineSeconds: 0`
    Good: `activeDeadlineSeconds: 3600`
    """
    if "activeDeadlineSeconds" not in subject.text:
        return
    places = [_policy(subject), *(path for path, _ in subject.pods)]
    for path in dict.fromkeys(places):
        seconds = count(mapping(_found(subject, path)).get("activeDeadlineSeconds"))
        if seconds is not None and seconds < 1:
            yield Finding(
                path=(*TRIAL, *path, "activeDeadlineSeconds"),
                message=f"activeDeadlineSeconds {seconds} leaves the trial no time",
                help="write the seconds that a trial may take, or remove it",
            )


def _found(subject: Subject, path: FieldPath) -> object:
    return next((pod for place, pod in subject.pods if place == path), None) or _at(subject, path)


@rule("KG579", Effect.STUCK, "kgen", Severity.WARNING, when=holds("suspend"))
def trial_is_not_suspended(subject: Subject) -> Iterator[Finding]:
    """A trial starts by itself, or is queued.

    A suspended object waits until somebody resumes it. Kueue does that, and suspends by itself what has its
    queue label; without it the trial stays Running for ever.

    Bad:  `suspend: true`
    Good: no `suspend`
    """
    if "'suspend'" not in subject.text or "kueue.x-k8s.io/queue-name" in subject.text:
        return
    known = is_job(subject.trial) or subject.trial.get("kind") in (*OPERATOR_KINDS, TRAINJOB)
    path = _policy(subject)
    if known and mapping(_at(subject, path)).get("suspend") is True:
        place = (*TRIAL, *path, "suspend")
        message = "the trial is suspended, and has no queue label by which Kueue would resume it"
        help_ = mend(
            subject, "remove `suspend`, or set `queue` in an overlay", "remove `suspend`, or add a queue label"
        )
        yield Finding(place, message, help_)


RULES = (
    training_is_not_restarted,
    failures_are_not_repeated,
    result_can_be_read,
    job_has_one_pod,
    processes_can_be_shared,
    processes_are_shared,
    trial_has_no_name_prefix,
    images_can_be_pulled,
    trial_has_time,
    trial_is_not_suspended,
)
