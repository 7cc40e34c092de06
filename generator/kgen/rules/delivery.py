"""KG83x: what Applications, ApplicationSets and AppProjects together do with Experiments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kgen.katib import argocd
from kgen.katib.v1beta1 import version
from kgen.model.diagnostic import Edit, EditKind, Effect, Finding, Severity
from kgen.model.environment import Target
from kgen.model.node import FieldPath
from kgen.model.values import listed, mapping, text
from kgen.rules.apps import (
    Objects,
    annotations_of,
    app_of,
    apps_over,
    is_argo,
    metadata_of,
    name_of,
    namespace_of,
    sync_options_of,
)
from kgen.rules.rule import rule_of_object, rule_of_run
from kgen.rules.subject import Subject

_ARGO = "https://github.com/argoproj/argo-cd/blob/master/"
_SETS = f"{_ARGO}docs/operator-manual/applicationset/Controlling-Resource-Modification.md"
_NEWER_OPTIONS = {"Prune": "3.4", "Delete": "3.4", "ClientSideApplyMigration": "3.3"}
_NEWER_FIELDS = (("automated", "enabled", "3.1"), ("retry", "refresh", "3.2"))
_WHOLE = re.compile(r"[+-]?[0-9]{1,9}")
_GO_FIELD = re.compile(r"\{\{-?\s*(?:\.|index\b|if\b|range\b)")


@rule_of_object("KG829", Effect.DRIFT, f"{_ARGO}docs/operator-manual/upgrading", Severity.WARNING)
def the_target_knows_the_option(obj: Mapping[str, Any], target: Target) -> Iterator[Finding]:
    """An Application and an AppProject use what the target's Argo CD already has.

    An older Argo CD drops a field that it does not know, and passes over such an option: what was meant is not done.
    An AppProject whose entry names one object permits all of that kind then.

    Bad:  `retry: {limit: 5, refresh: true}` with `target: {argocd: "3.1"}`
    Good: the same with `target: {argocd: "3.2"}` or later
    """
    for path, what, since in (*_newer_in_application(obj), *_newer_in_project(obj)):
        if version(target.argocd) < version(since):
            message = f"{what} came with Argo CD {since}, and the target has {target.argocd}"
            yield Finding(path, message, "remove it, or update Argo CD and `target.argocd`")


def _newer_in_application(obj: Mapping[str, Any]) -> Iterator[tuple[FieldPath, str, str]]:
    """Yield each field that not every Argo CD has: where, what it is called, and since when."""
    app = app_of(obj)
    if app is None:
        return
    for part, key, since in _NEWER_FIELDS:
        if key in mapping(mapping(app.spec.get("syncPolicy")).get(part)):
            yield (*app.policy, part, key), f"`{part}.{key}`", since
    for option in app.options:
        newer = _NEWER_OPTIONS.get(option.partition("=")[0])
        if newer is not None:
            yield app.at(option), f"`{option}` of an Application", newer


def _newer_in_project(obj: Mapping[str, Any]) -> Iterator[tuple[FieldPath, str, str]]:
    entries = listed(mapping(obj.get("spec")).get("clusterResourceWhitelist")) if is_argo(obj, "AppProject") else []
    for index, entry in enumerate(entries):
        if "name" in mapping(entry):
            since = ".".join(map(str, argocd.NAMED_KINDS))
            yield ("spec", "clusterResourceWhitelist", index, "name"), "the `name` of a permitted kind", since


@rule_of_run("KG830", Effect.REJECTED, "https://github.com/kubeflow/dashboard/issues/330", Severity.WARNING)
def profiles_make_their_namespace(objects: Objects, subjects: tuple[Subject, ...]) -> Iterator[tuple[int, Finding]]:
    """An Application does not make the namespace that a Profile beside it makes.

    Kubeflow's controller refuses a Profile whose namespace is there already without its owner's annotation, as it
    is when Argo CD made it first.

    Bad:  `syncOptions: [CreateNamespace=true]` beside a Profile of that name
    Good: the Profile alone, which brings Katib's label too
    """
    profiles = {name_of(obj) for obj in objects if obj.get("kind") == "Profile"}
    for index, app, _ in apps_over(objects, subjects):
        if "CreateNamespace=true" in app.options and app.namespace in profiles:
            message = f"Argo CD makes `{app.namespace}` before the Profile of that name, which then refuses it"
            yield index, Finding(app.at("CreateNamespace=true"), message, "remove it: the Profile makes its namespace")


@rule_of_run("KG833", Effect.ADVICE, f"{_ARGO}docs/user-guide/sync-waves.md", Severity.INFO)
def nothing_waits_for_experiments(objects: Objects, subjects: tuple[Subject, ...]) -> Iterator[tuple[int, Finding]]:
    """Nothing is applied in a wave after Experiments, nor by a hook after the sync.

    With a health check for Experiments Argo CD waits until a wave is healthy: the sync runs as long as the search, no
    other sync starts in the meantime, and a failed Experiment fails every later one.

    Bad:  a ConfigMap with `argocd.argoproj.io/sync-wave: "20"` beside Experiments in wave 10
    Good: Experiments in the last wave
    """
    last: dict[str, int] = {}
    for subject in subjects:
        where = namespace_of(subject)
        last[where] = max(_wave(subject.manifest), last.get(where, -(10**9)))
    for index, obj in enumerate(objects):
        where = text(metadata_of(obj).get("namespace"))
        if where not in last or text(obj.get("apiVersion")).startswith("argoproj.io/"):
            continue
        annotations = annotations_of(obj)
        if "PostSync" in text(annotations.get(argocd.HOOK)):
            message = "a hook after the sync waits until every Experiment is healthy, where Argo CD checks that"
            yield index, Finding(("metadata", "annotations", argocd.HOOK), message, "run it by other means")
        elif _wave(obj) > last[where]:
            message = f"wave {_wave(obj)} waits until the Experiments of wave {last[where]} are healthy"
            help_ = "put it in an earlier wave, or the Experiments in a later one"
            yield index, Finding(("metadata", "annotations", argocd.WAVE), message, help_)


def _wave(obj: Mapping[str, Any]) -> int:
    wave = text(annotations_of(obj).get(argocd.WAVE))
    return int(wave) if _WHOLE.fullmatch(wave) else 0


@rule_of_run("KG834", Effect.DRIFT, _SETS, Severity.WARNING)
def a_lost_folder_keeps_its_experiments(
    objects: Objects, subjects: tuple[Subject, ...]
) -> Iterator[tuple[int, Finding]]:
    """An ApplicationSet does not delete Experiments when a folder or a cluster goes.

    It gives each Application a finalizer by which all that was applied is deleted with it, and deletes the Application
    when its generator no longer names it: a folder that is renamed takes running searches and their metrics along.

    Bad:  an ApplicationSet with a Git generator and no `syncPolicy`
    Good: `syncPolicy: {preserveResourcesOnDeletion: true}`, or `Delete=false` on the Experiments
    """
    bare = tuple(s for s in subjects if "Delete=false" not in sync_options_of(s.manifest))
    for index, _, own in apps_over(objects, bare):
        policy = mapping(mapping(objects[index].get("spec")).get("syncPolicy"))
        if not is_argo(objects[index], "ApplicationSet"):
            continue
        if policy.get("preserveResourcesOnDeletion") is True or policy.get("applicationsSync") in _NEVER_DELETE:
            continue
        message = f"a folder or cluster that goes takes Experiment `{name_of(own[0].manifest)}` and its like along"
        path: FieldPath = ("spec", "syncPolicy", "preserveResourcesOnDeletion")
        fix = (Edit(EditKind.SET, path, value=True),)
        help_ = "add `preserveResourcesOnDeletion: true` to `syncPolicy`, unless that is what you want"
        yield index, Finding(path, message, help_, fix=fix)


_NEVER_DELETE = ("create-only", "create-update")


@rule_of_run("KG835", Effect.DRIFT, f"{_ARGO}docs/user-guide/app_deletion.md", Severity.WARNING)
def deletion_keeps_the_history(objects: Objects, subjects: tuple[Subject, ...]) -> Iterator[tuple[int, Finding]]:
    """Where Experiments outlive pruning, they outlive their Application too.

    `Prune=false` speaks of objects that leave Git. When an Application with `resources-finalizer` is deleted, all
    that it applied goes with it, unless it has `Delete=false`.

    Bad:  `finalizers: [resources-finalizer.argocd.argoproj.io]` over Experiments with `Prune=false`
    Good: `argocd.argoproj.io/sync-options: Prune=false,Delete=false` on the Experiments
    """
    for index, app, own in apps_over(objects, subjects):
        finalizers = [text(each) for each in listed(app.metadata.get("finalizers"))]
        at = next((i for i, each in enumerate(finalizers) if each.startswith(argocd.RESOURCES_FINALIZER)), None)
        half = [
            s
            for s in own
            if "Prune=false" in (options := sync_options_of(s.manifest)) and "Delete=false" not in options
        ]
        if at is not None and half:
            message = f"deleting the Application deletes Experiment `{name_of(half[0].manifest)}`, which pruning spares"
            help_ = "add `Delete=false` to the Experiment's sync options, or remove the finalizer"
            yield index, Finding((*app.at_metadata, "finalizers", at), message, help_)


@rule_of_run("KG836", Effect.DRIFT, f"{_ARGO}docs/user-guide/sync-options.md", Severity.WARNING)
def experiments_have_one_owner(objects: Objects, subjects: tuple[Subject, ...]) -> Iterator[tuple[int, Finding]]:
    """No two Applications apply the same folder to the same place.

    Both would own its Experiments: Argo CD warns (SharedResourceWarning), each sync of one takes them from the
    other, and pruning by one deletes them for both.

    Bad:  two Applications with the same `source` and `destination`
    Good: one Application, or two with different namespaces
    """
    owners: dict[str, str] = {}
    for index, app, _ in apps_over(objects, subjects):
        if not is_argo(objects[index], "Application"):
            continue
        own = name_of(objects[index])
        for at, source in app.sources:
            key = repr((sorted(map(str, source.items())), sorted(map(str, app.destination.items()))))
            if source.get("path") and (first := owners.setdefault(key, own)) != own:
                message = f"Application `{first}` applies the same folder to the same place"
                yield index, Finding((*at, "path"), message, "remove one of the two")


@rule_of_object("KG837", Effect.DRIFT, f"{_ARGO}docs/operator-manual/applicationset/GoTemplate.md", Severity.WARNING)
def sets_refuse_what_is_missing(obj: Mapping[str, Any], target: Target) -> Iterator[Finding]:
    """An ApplicationSet is written in Go's templates, and fails where a parameter is missing.

    Without `goTemplate: true` a text such as `{{.path.basename}}` stays as it is. Without `missingkey=error` a missing
    parameter becomes `<no value>` in a path or a namespace.

    Bad:  `path: "{{.path.path}}"` without `goTemplate: true`
    Good: `goTemplate: true` and `goTemplateOptions: [missingkey=error]`
    """
    if not is_argo(obj, "ApplicationSet"):
        return
    spec = mapping(obj.get("spec"))
    if spec.get("goTemplate") is not True:
        found = next(_texts(spec.get("template"), ("spec", "template")), None)
        if found is None and spec.get("templatePatch"):
            found = ("spec", "templatePatch")
        if found is not None:
            message = "this is a Go template, and the ApplicationSet does not read any"
            yield Finding(found, message, "add `goTemplate: true` and `goTemplateOptions: [missingkey=error]`")
    elif "missingkey=error" not in listed(spec.get("goTemplateOptions")):
        message = "a parameter that is missing becomes `<no value>`"
        yield Finding(("spec", "goTemplateOptions"), message, "add `goTemplateOptions: [missingkey=error]`")


def _texts(value: object, path: FieldPath) -> Iterator[FieldPath]:
    """Yield the paths of texts that are Go templates."""
    if isinstance(value, str) and _GO_FIELD.search(value):
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))


@rule_of_object("KG838", Effect.DRIFT, f"{_ARGO}docs/user-guide/build-environment.md", Severity.WARNING)
def placeholders_survive_a_plugin(obj: Mapping[str, Any], target: Target) -> Iterator[Finding]:
    """A placeholder of Katib in a plugin's variable, or a Helm parameter, is written with two dollars.

    Argo CD fills in `${…}` there, and knows no `trialParameters`: nothing is left of it. In the manifests that it
    applies it fills in nothing.

    Bad:  `plugin: {env: [{name: ARGS, value: "--lr=${trialParameters.lr}"}]}`
    Good: `plugin: {env: [{name: ARGS, value: "--lr=$${trialParameters.lr}"}]}`
    """
    app = app_of(obj)
    for at, source in () if app is None else app.sources:
        for part, key in (("plugin", "env"), ("helm", "parameters")):
            for index, entry in enumerate(listed(mapping(source.get(part)).get(key))):
                value = mapping(entry).get("value")
                if isinstance(value, str) and re.search(r"(?<!\$)\$\{trial(Parameters|Spec)\.", value):
                    path = (*at, part, key, index, "value")
                    mended = re.sub(r"(?<!\$)\$\{trial", "$${trial", value)
                    message = "Argo CD fills in `${…}` here, and nothing is left of Katib's placeholder"
                    yield Finding(path, message, "write `$${…}`", fix=(Edit(EditKind.SET, path, mended),))


RULES = (
    the_target_knows_the_option,
    sets_refuse_what_is_missing,
    placeholders_survive_a_plugin,
)
RULES_OF_RUN = (
    profiles_make_their_namespace,
    nothing_waits_for_experiments,
    a_lost_folder_keeps_its_experiments,
    deletion_keeps_the_history,
    experiments_have_one_owner,
)
