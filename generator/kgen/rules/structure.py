"""KG21x: an Experiment against Katib's own types: what cannot be decoded, and what is dropped without a word.

What is wrong inside of the trial's object is the trial rules' (KG52x for a Job, KG53x for other kinds).
"""

from __future__ import annotations

from collections.abc import Iterator

from kgen.katib.decode import FlawKind
from kgen.katib.experiment import SINCE, types_of
from kgen.katib.types import experiment
from kgen.katib.v1beta1 import API_VERSION, KIND, version
from kgen.model.diagnostic import Edit, EditKind, Effect, Finding, Severity
from kgen.model.node import FieldPath, path_text
from kgen.model.words import nearest
from kgen.rules.flaws import is_there, named, of_experiment, unknown, wrong_type
from kgen.rules.reading import QUANTITY_HELP, mend
from kgen.rules.rule import rule
from kgen.rules.subject import Subject
from kgen.rules.traits import flawed, odd_in

_TYPES = "katib pkg/apis/controller/experiments/v1beta1/experiment_types.go"
_WEBHOOK = "katib pkg/webhook/v1beta1/experiment/mutate_webhook.go"
_GROUP = "kubeflow.org/"
_OLD = ("kubeflow.org/v1alpha1", "kubeflow.org/v1alpha2", "kubeflow.org/v1alpha3")
_GONE = "Katib does not know it and drops it without a word"
# Fields of v1alpha3 that v1beta1 has no counterpart of under any like name, and what became of them.
_FORMER = {
    "goTemplate": "v1beta1 has no Go templates: write the object in `trialSpec`, with ${trialParameters.NAME} in it",
    "earlyStoppingAlgorithmName": "it is `spec.earlyStopping.algorithmName` since v1beta1",
    "earlyStoppingSettings": "it is `spec.earlyStopping.algorithmSettings` since v1beta1",
    "retainHistoricalData": "v1beta1 has nothing like it: remove it",
}
# Left empty these count as absent, and other rules say that they are missing.
_NEEDED = frozenset(
    "objective algorithm trialTemplate trialSpec parameters trialParameters kind "
    "objectiveMetricName algorithmName type name reference parameterType "
    "primaryContainerName successCondition failureCondition configMapName configMapNamespace templatePath".split()
)


def _is_served(subject: Subject) -> bool:
    return subject.manifest.get("apiVersion") == API_VERSION


@rule("KG210", Effect.REJECTED, _TYPES, when=odd_in("head"))
def api_is_served(subject: Subject) -> Iterator[Finding]:
    """The Experiment is of `apiVersion: kubeflow.org/v1beta1` and `kind: Experiment`.

    No Katib since 0.10 serves any other version, and none converts: the API server knows no such object.

    Bad:  `apiVersion: kubeflow.org/v1alpha3`
    Good: `apiVersion: kubeflow.org/v1beta1`
    """
    api, kind = subject.manifest.get("apiVersion"), subject.manifest.get("kind")
    if api != API_VERSION:
        old = api in _OLD
        near = isinstance(api, str) and not old and nearest(api, (API_VERSION,)) is not None
        yield Finding(
            path=("apiVersion",),
            message=f"apiVersion is `{api}`: " + ("no Katib since 0.10 serves it" if old else "no Katib serves it")
            if api
            else "the Experiment has no apiVersion",
            help=f"rewrite it for `{API_VERSION}`: its trialTemplate has another form there"
            if old
            else f"write `apiVersion: {API_VERSION}`",
            fix=(Edit(EditKind.SET, ("apiVersion",), API_VERSION),) if near or not api else (),
        )
    elif kind != KIND:
        near = isinstance(kind, str) and nearest(kind, (KIND,)) is not None
        yield Finding(
            path=("kind",),
            message=f"kind is `{kind}`, where Katib has Experiment" if kind else "the object has no kind",
            help=f"write `kind: {KIND}`",
            fix=(Edit(EditKind.SET, ("kind",), KIND),) if near else (),
        )


@rule("KG211", Effect.DRIFT, _TYPES, Severity.WARNING, when=flawed)
def fields_are_known(subject: Subject) -> Iterator[Finding]:
    """Every field outside of trialSpec is one that Katib has in that place.

    Katib's webhook drops any other without a word, so what it meant is not done; and Git and cluster never
    agree, unless Argo CD uses server-side diff, which hides it.

    Bad:  `spec: {goal: 0.99, objective: {type: maximize}}`
    Good: `spec: {objective: {type: maximize, goal: 0.99}}`
    """
    if not subject.flaws or not _is_served(subject):
        return
    for flaw in of_experiment(subject, FlawKind.UNKNOWN):
        key = str(flaw.path[-1])
        if _since(subject, key, flaw.legal) is not None:
            continue
        found = unknown(subject.given, flaw, experiment(subject.target.katib), (), _GONE)
        former = _FORMER.get(key)
        yield found if former is None else found._replace(help=former, fix=())


def _since(subject: Subject, key: str, legal: tuple[str, ...]) -> str | None:
    """Give the release of Katib that brought a field which the target's type lacks."""
    for name, field, since in SINCE:
        if field == key and version(subject.target.katib) < version(since):
            siblings = types_of(subject.target.katib)[name]
            if tuple(siblings) == legal:
                return since
    return None


@rule("KG212", Effect.DRIFT, _TYPES, Severity.WARNING, when=flawed)
def fields_are_of_the_version(subject: Subject) -> Iterator[Finding]:
    """No field is of a newer Katib than the target.

    An older Katib drops it without a word and goes on without it: `distribution` came with 0.18, and before it
    every parameter is drawn uniformly.

    Bad:  `feasibleSpace: {min: "0.001", max: "1", distribution: logUniform}` for Katib 0.17
    Good: `feasibleSpace: {min: "0.001", max: "1"}` for Katib 0.17
    """
    if not subject.flaws or not _is_served(subject):
        return
    for flaw in of_experiment(subject, FlawKind.UNKNOWN):
        key = str(flaw.path[-1])
        since = _since(subject, key, flaw.legal)
        if since is not None:
            yield Finding(
                path=flaw.path,
                message=f"`{key}: {flaw.found}` needs Katib {since}: Katib {subject.target.katib} drops it without a "
                "word",
                help=f"remove it, or set the target to Katib {since} or newer",
                fix=(Edit(EditKind.REMOVE, flaw.path),) if flaw.found == "uniform" else (),
            )


@rule("KG213", Effect.REJECTED, _TYPES, when=flawed)
def values_are_of_their_type(subject: Subject) -> Iterator[Finding]:
    """Every value outside of trialSpec is of the type that Katib has there.

    Bounds, steps, list items, settings, labels and annotations are texts; counts and the goal are numbers. The
    webhook cannot decode anything else, and refuses the Experiment before it checks anything.

    Bad:  `feasibleSpace: {min: 0.01, max: 0.1}`
    Good: `feasibleSpace: {min: "0.01", max: "0.1"}`
    """
    if not subject.flaws or not _is_served(subject):
        return
    for flaw in of_experiment(subject, FlawKind.TYPE):
        yield wrong_type(subject.given, flaw, "Katib")


@rule("KG214", Effect.REJECTED, _TYPES, when=flawed)
def collector_quantities_are_readable(subject: Subject) -> Iterator[Finding]:
    """The quantities of a customCollector are Kubernetes quantities.

    Katib decodes it as a container, and cannot if a quantity is none.

    Bad:  `customCollector: {resources: {limits: {memory: 1GB}}}`
    Good: `customCollector: {resources: {limits: {memory: 1Gi}}}`
    """
    if not subject.flaws or not _is_served(subject):
        return
    for flaw in of_experiment(subject, FlawKind.QUANTITY):
        yield Finding(
            path=flaw.path,
            message=f"{named(flaw.path)} is {flaw.found}, no quantity that Kubernetes can read",
            help=QUANTITY_HELP,
        )


@rule("KG215", Effect.DRIFT, _WEBHOOK, Severity.WARNING, when=flawed)
def nothing_empty_is_written(subject: Subject) -> Iterator[Finding]:
    """No field outside of trialSpec is written with the value that it has anyway: false, "", [] or {}.

    Katib's webhook drops it, so Git and cluster never agree, unless Argo CD uses server-side diff; with
    `selfHeal` it is synced again and again.

    Bad:  `trialTemplate: {retain: false, …}`
    Good: `trialTemplate: {…}`
    """
    if not subject.flaws or not _is_served(subject):
        return
    for flaw in of_experiment(subject, FlawKind.ZERO):
        if flaw.path[-1] not in _NEEDED and flaw.path != ("metadata", "annotations"):  # Argo CD drops empty ones itself
            yield _left_out(subject, flaw.path, flaw.found, "OutOfSync for ever without server-side diff")


@rule("KG216", Effect.DRIFT, _WEBHOOK, Severity.INFO, when=flawed)
def no_null_is_written(subject: Subject) -> Iterator[Finding]:
    """No field outside of trialSpec is null.

    Katib's webhook drops it, as if it were not there. An Application with `ServerSideApply=true` and no
    server-side diff is OutOfSync for ever; with any other it makes no difference.

    Bad:  `earlyStopping: null`
    Good: no `earlyStopping` at all
    """
    if not subject.flaws or not _is_served(subject):
        return
    for flaw in of_experiment(subject, FlawKind.NULL):
        if isinstance(flaw.path[-1], int):
            message = f"{named(flaw.path)} is null, which Katib reads as an empty one"
            yield Finding(flaw.path, message, "write a value, or remove the item")
        elif flaw.path[-1] not in _NEEDED:
            then = "OutOfSync where ServerSideApply=true meets no server-side diff"
            yield _left_out(subject, flaw.path, flaw.found, then)


def _left_out(subject: Subject, path: FieldPath, found: str, then: str) -> Finding:
    key = path[-1]
    words = mend(subject, f"remove `{path_text(path)}` from the layer that writes it", f"remove `{key}`")
    fix = (Edit(EditKind.REMOVE, path),) if isinstance(key, str) and is_there(subject.given, path) else ()
    return Finding(path, f"Katib drops `{key}: {found}`, which is as good as nothing: {then}", words, fix=fix)


RULES = (
    api_is_served,
    fields_are_known,
    fields_are_of_the_version,
    values_are_of_their_type,
    collector_quantities_are_readable,
    nothing_empty_is_written,
    no_null_is_written,
)
