"""KG82x: the Namespace and the Argo CD Application that Experiments are applied with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kgen.katib import argocd
from kgen.katib.v1beta1 import API_VERSION, NAMESPACE_LABEL, version
from kgen.model.diagnostic import Edit, EditKind, Effect, Finding, Severity
from kgen.model.environment import Target
from kgen.model.node import FieldPath
from kgen.model.values import listed, mapping, text
from kgen.rules.apps import App, Objects, app_of, apps_over, is_template, namespace_of, sync_options_of
from kgen.rules.drift import defaults_in_lists_are_written
from kgen.rules.rule import rule_of_object, rule_of_run
from kgen.rules.subject import Subject

_OPTIONS = "https://github.com/argoproj/argo-cd/blob/master/docs/user-guide/sync-options.md"
_VALIDATOR = "katib pkg/webhook/v1beta1/experiment/validation_webhook.go"
_GROUP = API_VERSION.partition("/")[0]
_SEES_ALL = (3, 4)  # of 3.4 it is the sixth patch, and a target has none
_OLD_LABEL = "katib-metricscollector-injection"  # of Katib before 0.13


@rule_of_run("KG820", Effect.REJECTED, _VALIDATOR, Severity.WARNING)
def namespaces_have_the_label(objects: Objects, subjects: tuple[Subject, ...]) -> Iterator[tuple[int, Finding]]:
    """A Namespace with Experiments has Katib's label.

    Without it the webhook refuses every Experiment in it. Before Katib 0.13 the label had another name, which no
    longer counts. It is no error here, as somebody else may set the label: a Profile, say, or a kustomization.

    Bad:  `kind: Namespace` with `labels: {katib-metricscollector-injection: enabled}`
    Good: `labels: {katib.kubeflow.org/metrics-collector-injection: enabled}`
    """
    used = {namespace_of(subject) for subject in subjects}
    for index, obj in enumerate(objects):
        if obj.get("kind") != "Namespace" or obj.get("apiVersion") != "v1":
            continue
        metadata = mapping(obj.get("metadata"))
        name, labels = text(metadata.get("name")), mapping(metadata.get("labels"))
        old = _OLD_LABEL in labels
        if labels.get(NAMESPACE_LABEL) == "enabled" or not (old or name in used):
            continue
        path: FieldPath = ("metadata", "labels", NAMESPACE_LABEL)
        instead = f" (`{_OLD_LABEL}` is its name before Katib 0.13)" if old else ""
        yield (
            index,
            Finding(
                path=path,
                message=f"Namespace `{name}` lacks the label without which Katib refuses its Experiments{instead}",
                help=f"add the label `{NAMESPACE_LABEL}: enabled`",
                fix=(Edit(EditKind.SET, path, "enabled"),),
            ),
        )


@rule_of_object("KG823", Effect.DRIFT, _OPTIONS, Severity.WARNING)
def applications_are_understood(obj: Mapping[str, Any], target: Target) -> Iterator[Finding]:
    """An Application says what Argo CD understands.

    Options are spelled letter by letter, the cluster is named by `server` or by `name`, and
    `managedNamespaceMetadata` does nothing without `CreateNamespace=true`, which does nothing without a namespace.
    An entry of `ignoreDifferences` names the group of its kind, and fields by a JSON pointer.

    Bad:  `syncOptions: ["CreateNamespace: true"]`
    Good: `syncOptions: [CreateNamespace=true]`
    """
    app = app_of(obj)
    if app is not None:
        yield from _misspelt(app)
        yield from _misspelt_in_annotations(app, obj)
        yield from _misplaced(app)
        yield from _ignored_in_vain(app)


def _misspelt(app: App) -> Iterator[Finding]:
    for option, index in app.options.items():
        flaw = argocd.sync_option_flaw(option, argocd.APPLICATION_SYNC_OPTIONS)
        if flaw is not None:
            path = (*app.policy, "syncOptions", index)
            fix = (Edit(EditKind.SET, path, flaw.mended),) if flaw.mended else ()
            yield Finding(path, f"Argo CD passes over the sync option `{option}`", flaw.help, fix=fix)


def _misspelt_in_annotations(app: App, obj: Mapping[str, Any]) -> Iterator[Finding]:
    """Find what an Application's annotations say in vain: of how it is compared, and of itself as an object."""
    for option in app.compared:
        name, _, value = option.partition("=")
        if option not in argocd.OBJECT_COMPARE_OPTIONS and (
            name not in argocd.APPLICATION_COMPARE_OPTIONS or value not in ("true", "false")
        ):
            known = ", ".join(f"`{each}=true`" for each in argocd.APPLICATION_COMPARE_OPTIONS)
            yield Finding(app.compare_options, f"Argo CD passes over the compare option `{option}`", f"write {known}")
    for option in sync_options_of(obj):
        flaw = argocd.sync_option_flaw(option, argocd.OBJECT_SYNC_OPTIONS)
        if flaw is not None:
            path: FieldPath = ("metadata", "annotations", argocd.SYNC_OPTIONS)
            yield Finding(path, f"Argo CD passes over the sync option `{option}` of an object", flaw.help)


def _misplaced(app: App) -> Iterator[Finding]:
    at = (*app.path, "destination")
    if app.destination.get("server") and app.destination.get("name"):
        message = "the destination names its cluster by `server` and by `name`: Argo CD refuses it"
        yield Finding((*at, "name"), message, "keep one of the two", related=((*at, "server"),))
    if app.patched:
        return
    if not app.destination.get("server") and not app.destination.get("name"):
        message = "the destination names no cluster: Argo CD refuses it"
        yield Finding(at, message, f"add `server: {argocd.IN_CLUSTER}`, or the `name` of a cluster")
    creates = "CreateNamespace=true" in app.options
    if creates and not app.namespace:
        message = "`CreateNamespace=true` does nothing without a namespace in the destination"
        yield Finding(app.at("CreateNamespace=true"), message, "add `namespace` to `destination`, or remove it")
    if mapping(app.spec.get("syncPolicy")).get("managedNamespaceMetadata") and not creates:
        message = "managedNamespaceMetadata does nothing without `CreateNamespace=true`"
        help_ = "add `CreateNamespace=true` to `syncOptions`, or remove it"
        yield Finding((*app.policy, "managedNamespaceMetadata"), message, help_)


def _ignored_in_vain(app: App) -> Iterator[Finding]:
    for index, entry in enumerate(listed(app.spec.get("ignoreDifferences"))):
        said, at = mapping(entry), (*app.path, "ignoreDifferences", index)
        if said.get("kind") in ("Experiment", "Trial", "Suggestion") and not said.get("group"):
            message = f"this speaks of no {said['kind']} of Katib: it names no group"
            yield Finding(
                (*at, "kind"), message, f"add `group: {_GROUP}`", fix=(Edit(EditKind.SET, (*at, "group"), _GROUP),)
            )
        for number, pointer in enumerate(listed(said.get("jsonPointers"))):
            if text(pointer) and not text(pointer).startswith("/"):
                path = (*at, "jsonPointers", number)
                mended = "/" + text(pointer).removeprefix(".").replace(".", "/")
                yield Finding(path, f"`{pointer}` is no JSON pointer, and leads to no field", f"write `{mended}`")


@rule_of_run("KG824", Effect.REJECTED, _VALIDATOR, Severity.WARNING)
def made_namespaces_have_the_label(objects: Objects, subjects: tuple[Subject, ...]) -> Iterator[tuple[int, Finding]]:
    """An Application that makes the namespace of Experiments gives it Katib's label.

    `CreateNamespace=true` alone makes a bare namespace, in which the webhook refuses every Experiment. A
    Namespace manifest or a Profile of that name beside it is taken to bring the label.

    Bad:  `syncOptions: [CreateNamespace=true]` alone
    Good: the same with `managedNamespaceMetadata: {labels: {katib.kubeflow.org/metrics-collector-injection: enabled}}`
    """
    made = {
        text(mapping(obj.get("metadata")).get("name")) for obj in objects if obj.get("kind") in ("Namespace", "Profile")
    }
    for index, app, _ in apps_over(objects, subjects):
        elsewhere = made if is_template(app.namespace) else app.namespace in made
        if "CreateNamespace=true" not in app.options or not app.namespace or app.patched or elsewhere:
            continue
        managed = mapping(mapping(app.spec.get("syncPolicy")).get("managedNamespaceMetadata"))
        if mapping(managed.get("labels")).get(NAMESPACE_LABEL) == "enabled":
            continue
        path: FieldPath = (*app.policy, "managedNamespaceMetadata", "labels", NAMESPACE_LABEL)
        where = f"`{app.namespace}`"
        yield (
            index,
            Finding(
                path=path,
                message=f"Argo CD makes {where} without the label that Katib asks for: its Experiments are refused",
                help=f"add `managedNamespaceMetadata: {{labels: {{{NAMESPACE_LABEL}: enabled}}}}` to `syncPolicy`",
                related=(app.at("CreateNamespace=true"),),
                fix=(Edit(EditKind.SET, path, "enabled"),),
            ),
        )


@rule_of_run("KG825", Effect.DRIFT, _OPTIONS, Severity.WARNING)
def server_side_apply_has_its_diff(objects: Objects, subjects: tuple[Subject, ...]) -> Iterator[tuple[int, Finding]]:
    """An Application with `ServerSideApply=true` compares on the server too, where Experiments leave defaults out.

    Argo CD otherwise merges by itself, and takes the lists into which Katib writes defaults as a whole: the
    Application is OutOfSync for ever. What kgen renders has its defaults written out.

    Bad:  `syncOptions: [ServerSideApply=true]` over parameters without `distribution`
    Good: the same with `argocd.argoproj.io/compare-options: ServerSideDiff=true` on the Application
    """
    for index, app, own in apps_over(objects, subjects):
        if "ServerSideApply=true" not in app.options or "ServerSideDiff=true" in app.compared:
            continue
        bare = [s for s in own if next(iter(defaults_in_lists_are_written.check(s)), None) is not None]
        if bare:
            name = text(mapping(bare[0].manifest.get("metadata")).get("name"))
            others = f" and {len(bare) - 1} more" if len(bare) > 1 else ""
            message = (
                f"ServerSideApply=true without server-side diff leaves Experiment `{name}`{others} OutOfSync for ever"
            )
            help_ = (
                f"annotate the Application with `{argocd.COMPARE_OPTIONS}: ServerSideDiff=true` (not needed where "
                "`controller.diff.server.side` is on), or write the defaults out (KG811)"
            )
            yield index, Finding(app.at("ServerSideApply=true"), message, help_)


@rule_of_run("KG826", Effect.DRIFT, _OPTIONS, Severity.WARNING)
def applications_do_not_replace(objects: Objects, subjects: tuple[Subject, ...]) -> Iterator[tuple[int, Finding]]:
    """An Application of Experiments does not replace its objects.

    `Replace=true` writes every object anew on each sync. It wipes the finalizer of Katib's controller, and a
    changed spec is refused all the same; it also takes the place of ServerSideApply.

    Bad:  `syncOptions: [Replace=true]`
    Good: no such option
    """
    for index, app, _ in apps_over(objects, subjects):
        if "Replace=true" in app.options:
            message = (
                "`Replace=true` wipes the finalizer of every Experiment on each sync, and gets no change past Katib"
            )
            help_ = "remove it, or put the Experiments in an Application of their own"
            yield index, Finding(app.at("Replace=true"), message, help_)


@rule_of_run("KG827", Effect.ADVICE, _OPTIONS, Severity.INFO)
def pruning_does_not_wait(objects: Objects, subjects: tuple[Subject, ...]) -> Iterator[tuple[int, Finding]]:
    """An Application of Experiments does not prune last.

    `PruneLast=true` makes a last wave, which waits until everything before is healthy. With a health check for
    Experiments that takes as long as the search, and no other sync starts in the meantime.

    Bad:  `syncOptions: [PruneLast=true]`
    Good: no such option
    """
    for index, app, _ in apps_over(objects, subjects):
        if "PruneLast=true" in app.options:
            message = "`PruneLast=true` keeps a sync running until every Experiment is healthy"
            yield (
                index,
                Finding(app.at("PruneLast=true"), message, "remove it, unless Argo CD has no check of their health"),
            )


@rule_of_object("KG828", Effect.DRIFT, "https://github.com/argoproj/argo-cd/pull/28819", Severity.WARNING)
def server_side_diff_sees_all(obj: Mapping[str, Any], target: Target) -> Iterator[Finding]:
    """Server-side diff is used with an Argo CD that sees all changes, or with the webhook's part in it.

    Until 3.4.5 it could drop fields of objects like an Experiment, whose type has no schema: an added label, for
    one, was called Synced. `IncludeMutationWebhook=true` avoids it. The Application's target is `target.argocd`.

    Bad:  `compare-options: ServerSideDiff=true` with `target: {argocd: "3.3"}`
    Good: `compare-options: ServerSideDiff=true,IncludeMutationWebhook=true`
    """
    app = app_of(obj)
    if app is None or version(target.argocd) >= _SEES_ALL:
        return
    compared = app.compared
    if "ServerSideDiff=true" in compared and "IncludeMutationWebhook=true" not in compared:
        yield Finding(
            path=app.compare_options,
            message=f"server-side diff of Argo CD {target.argocd} can call a changed Experiment Synced",
            help="add `IncludeMutationWebhook=true` behind a comma, or update Argo CD to 3.4.6 or later",
        )


RULES = (applications_are_understood, server_side_diff_sees_all)
RULES_OF_RUN = (
    namespaces_have_the_label,
    made_namespaces_have_the_label,
    server_side_apply_has_its_diff,
    applications_do_not_replace,
    pruning_does_not_wait,
)
