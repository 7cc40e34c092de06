"""KG82x: the Namespace and the Argo CD Application that Experiments are applied with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from kgen.katib import argocd
from kgen.katib.v1beta1 import NAMESPACE_LABEL, version
from kgen.model.diagnostic import Edit, EditKind, Effect, Finding, Severity
from kgen.model.environment import Target
from kgen.model.node import FieldPath
from kgen.model.values import listed, mapping, text
from kgen.rules.drift import defaults_in_lists_are_written
from kgen.rules.rule import rule_of_object, rule_of_run
from kgen.rules.subject import Subject

_OPTIONS = "https://github.com/argoproj/argo-cd/blob/master/docs/user-guide/sync-options.md"
_VALIDATOR = "katib pkg/webhook/v1beta1/experiment/validation_webhook.go"
_SEES_ALL = (3, 4)  # of 3.4 it is the sixth patch, and a target has none
_OLD_LABEL = "katib-metricscollector-injection"  # of Katib before 0.13
_Objects = tuple[Mapping[str, Any], ...]


class _App(NamedTuple):
    """The spec of an Application, or of those that an ApplicationSet makes."""

    path: FieldPath  # of the spec
    spec: dict[str, Any]
    annotations: dict[str, Any]

    @property
    def policy(self) -> FieldPath:
        return (*self.path, "syncPolicy")

    @property
    def options(self) -> dict[str, int]:
        """The sync options that are texts, with their index."""
        listed_ = listed(mapping(self.spec.get("syncPolicy")).get("syncOptions"))
        return {option: index for index, option in enumerate(listed_) if isinstance(option, str)}

    @property
    def compared(self) -> list[str]:
        """The options of its comparison."""
        return [option.strip() for option in text(self.annotations.get(argocd.COMPARE_OPTIONS)).split(",")]

    @property
    def compare_options(self) -> FieldPath:
        """The path of the annotation that has them."""
        return (*self.path[:-1], "metadata", "annotations", argocd.COMPARE_OPTIONS)

    @property
    def namespace(self) -> str:
        return text(mapping(self.spec.get("destination")).get("namespace"))

    def at(self, option: str) -> FieldPath:
        return (*self.policy, "syncOptions", self.options[option])


def _app(obj: Mapping[str, Any]) -> _App | None:
    kind = obj.get("kind")
    if kind not in ("Application", "ApplicationSet") or not text(obj.get("apiVersion")).startswith("argoproj.io/"):
        return None
    path: FieldPath = ("spec",)
    holder: Mapping[str, Any] = obj
    if kind == "ApplicationSet":
        path, holder = ("spec", "template", "spec"), mapping(mapping(obj.get("spec")).get("template"))
    annotations = mapping(mapping(holder.get("metadata")).get("annotations"))
    return _App(path, mapping(holder.get("spec")), annotations)


def _namespace(subject: Subject) -> str:
    return text(mapping(subject.manifest.get("metadata")).get("namespace"))


def _apps(objects: _Objects, subjects: tuple[Subject, ...]) -> Iterator[tuple[int, _App, list[Subject]]]:
    """Yield every Application with the Experiments that it could apply, where there are any."""
    for index, obj in enumerate(objects):
        app = _app(obj)
        if app is None:
            continue
        own = [s for s in subjects if not app.namespace or _namespace(s) in ("", app.namespace)]
        if own:
            yield index, app, own


@rule_of_run("KG820", Effect.REJECTED, _VALIDATOR, Severity.WARNING)
def namespaces_have_the_label(objects: _Objects, subjects: tuple[Subject, ...]) -> Iterator[tuple[int, Finding]]:
    """A Namespace with Experiments has Katib's label.

    Without it the webhook refuses every Experiment in it. Before Katib 0.13 the label had another name, which no
    longer counts. It is no error here, as somebody else may set the label: a Profile, say, or a kustomization.

    Bad:  `kind: Namespace` with `labels: {katib-metricscollector-injection: enabled}`
    Good: `labels: {katib.kubeflow.org/metrics-collector-injection: enabled}`
    """
    used = {_namespace(subject) for subject in subjects}
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

    Sync options are spelled letter by letter, the cluster is named by `server` or by `name`, and
    `managedNamespaceMetadata` does nothing without `CreateNamespace=true`.

    Bad:  `syncOptions: ["CreateNamespace: true"]`
    Good: `syncOptions: [CreateNamespace=true]`
    """
    app = _app(obj)
    if app is None:
        return
    for option, index in app.options.items():
        flaw = argocd.sync_option_flaw(option, argocd.APPLICATION_SYNC_OPTIONS)
        if flaw is not None:
            path = (*app.policy, "syncOptions", index)
            fix = (Edit(EditKind.SET, path, flaw.mended),) if flaw.mended else ()
            yield Finding(path, f"Argo CD passes over the sync option `{option}`", flaw.help, fix=fix)
    destination = mapping(app.spec.get("destination"))
    if destination.get("server") and destination.get("name"):
        at = (*app.path, "destination")
        message = "the destination names its cluster by `server` and by `name`: Argo CD refuses it"
        yield Finding((*at, "name"), message, "keep one of the two", related=((*at, "server"),))
    if (
        mapping(app.spec.get("syncPolicy")).get("managedNamespaceMetadata")
        and "CreateNamespace=true" not in app.options
    ):
        message = "managedNamespaceMetadata does nothing without `CreateNamespace=true`"
        help_ = "add `CreateNamespace=true` to `syncOptions`, or remove it"
        yield Finding((*app.policy, "managedNamespaceMetadata"), message, help_)


@rule_of_run("KG824", Effect.REJECTED, _VALIDATOR, Severity.WARNING)
def made_namespaces_have_the_label(objects: _Objects, subjects: tuple[Subject, ...]) -> Iterator[tuple[int, Finding]]:
    """An Application that makes the namespace of Experiments gives it Katib's label.

    `CreateNamespace=true` alone makes a bare namespace, in which the webhook refuses every Experiment. A
    Namespace manifest or a Profile of that name beside it is taken to bring the label.

    Bad:  `syncOptions: [CreateNamespace=true]` alone
    Good: the same with `managedNamespaceMetadata: {labels: {katib.kubeflow.org/metrics-collector-injection: enabled}}`
    """
    made = {
        text(mapping(obj.get("metadata")).get("name")) for obj in objects if obj.get("kind") in ("Namespace", "Profile")
    }
    for index, app, _ in _apps(objects, subjects):
        if "CreateNamespace=true" not in app.options or app.namespace in made:
            continue
        managed = mapping(mapping(app.spec.get("syncPolicy")).get("managedNamespaceMetadata"))
        if mapping(managed.get("labels")).get(NAMESPACE_LABEL) == "enabled":
            continue
        path: FieldPath = (*app.policy, "managedNamespaceMetadata", "labels", NAMESPACE_LABEL)
        where = f"`{app.namespace}`" if app.namespace else "the namespace"
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
def server_side_apply_has_its_diff(objects: _Objects, subjects: tuple[Subject, ...]) -> Iterator[tuple[int, Finding]]:
    """An Application with `ServerSideApply=true` compares on the server too, where Experiments leave defaults out.

    Argo CD otherwise merges by itself, and takes the lists into which Katib writes defaults as a whole: the
    Application is OutOfSync for ever. What kgen renders has its defaults written out.

    Bad:  `syncOptions: [ServerSideApply=true]` over parameters without `distribution`
    Good: the same with `argocd.argoproj.io/compare-options: ServerSideDiff=true` on the Application
    """
    for index, app, own in _apps(objects, subjects):
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
def applications_do_not_replace(objects: _Objects, subjects: tuple[Subject, ...]) -> Iterator[tuple[int, Finding]]:
    """An Application of Experiments does not replace its objects.

    `Replace=true` writes every object anew on each sync. It wipes the finalizer of Katib's controller, and a
    changed spec is refused all the same; it also takes the place of ServerSideApply.

    Bad:  `syncOptions: [Replace=true]`
    Good: no such option
    """
    for index, app, _ in _apps(objects, subjects):
        if "Replace=true" in app.options:
            message = (
                "`Replace=true` wipes the finalizer of every Experiment on each sync, and gets no change past Katib"
            )
            help_ = "remove it, or put the Experiments in an Application of their own"
            yield index, Finding(app.at("Replace=true"), message, help_)


@rule_of_run("KG827", Effect.ADVICE, _OPTIONS, Severity.INFO)
def pruning_does_not_wait(objects: _Objects, subjects: tuple[Subject, ...]) -> Iterator[tuple[int, Finding]]:
    """An Application of Experiments does not prune last.

    `PruneLast=true` makes a last wave, which waits until everything before is healthy. With a health check for
    Experiments that takes as long as the search, and no other sync starts in the meantime.

    Bad:  `syncOptions: [PruneLast=true]`
    Good: no such option
    """
    for index, app, _ in _apps(objects, subjects):
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
    app = _app(obj)
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
