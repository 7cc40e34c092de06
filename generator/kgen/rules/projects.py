"""KG831, KG832: what an AppProject permits the Applications of Experiments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from kgen.katib.v1beta1 import API_VERSION, KIND
from kgen.model.diagnostic import Effect, Finding, Severity
from kgen.model.values import listed, mapping, text
from kgen.rules.apps import App, Objects, apps_over, is_argo, is_template, metadata_of, name_of
from kgen.rules.rule import rule_of_run
from kgen.rules.subject import Subject

_PROJECT = "https://github.com/argoproj/argo-cd/blob/master/pkg/apis/application/v1alpha1/app_project_types.go"
_EXPERIMENT = (API_VERSION.partition("/")[0], KIND)


def _governed(objects: Objects, subjects: tuple[Subject, ...]) -> Iterator[tuple[int, App, Mapping[str, Any]]]:
    """Yield each Application of Experiments with its AppProject, where that is in the run too."""
    projects = {name_of(obj): obj for obj in objects if is_argo(obj, "AppProject")}
    for index, app, _ in apps_over(objects, subjects):
        project = projects.get(text(app.spec.get("project")))
        if project is not None:
            yield index, app, project


def _is_listed(entries: object, group: str, kind: str, name: str | None = None) -> bool:
    """Whether a list of kinds has this one; without a name, of any object."""
    for entry in listed(entries):
        said = mapping(entry)
        globs = [(group, said.get("group")), (kind, said.get("kind"))]
        if name is not None:
            globs.append((name, said.get("name") or "*"))
        if all(_fits(value, text(glob)) for value, glob in globs):
            return True
    return False


def _fits(value: str, glob: str) -> bool:
    """Whether a glob of Argo CD's is for a text; `{a,b}` in it are alternatives."""
    whole = re.fullmatch(r"([^{]*)\{([^{}]*)\}(.*)", glob)
    if whole is None:
        return fnmatchcase(value, glob)
    head, each, tail = whole.groups()
    return any(_fits(value, head + one + tail) for one in each.split(","))


@rule_of_run("KG831", Effect.DRIFT, _PROJECT, Severity.WARNING)
def projects_permit_the_namespace(objects: Objects, subjects: tuple[Subject, ...]) -> Iterator[tuple[int, Finding]]:
    """An AppProject permits the Namespace that its Application lets Argo CD make.

    `CreateNamespace=true` applies a Namespace, which is of the whole cluster: without an entry in
    `clusterResourceWhitelist` the sync fails with `resource :Namespace is not permitted in project`.

    Bad:  `syncOptions: [CreateNamespace=true]` in a project without `clusterResourceWhitelist`
    Good: `clusterResourceWhitelist: [{group: "", kind: Namespace}]` in the AppProject
    """
    for index, app, holder in _governed(objects, subjects):
        made, project = app.namespace, mapping(holder.get("spec"))
        if "CreateNamespace=true" not in app.options or not made:
            continue
        name = None if is_template(made) else made
        refused = _is_listed(project.get("clusterResourceBlacklist"), "", "Namespace", name or "")
        if refused or not _is_listed(project.get("clusterResourceWhitelist"), "", "Namespace", name):
            called = text(app.spec.get("project"))
            message = f"the AppProject `{called}` does not permit the Namespace `{made}` that Argo CD is to make"
            help_ = f'add `{{group: "", kind: Namespace}}` to `clusterResourceWhitelist` of `{called}`'
            if refused:
                help_ = f"take it out of `clusterResourceBlacklist` of `{called}`"
            yield index, Finding(app.at("CreateNamespace=true"), message, help_)


@rule_of_run("KG832", Effect.DRIFT, _PROJECT, Severity.WARNING)
def projects_permit_their_applications(
    objects: Objects, subjects: tuple[Subject, ...]
) -> Iterator[tuple[int, Finding]]:
    """An AppProject permits what its Applications read and apply.

    It lists repositories (`sourceRepos`), clusters with namespaces (`destinations`), namespaces of Applications
    outside its own (`sourceNamespaces`), and kinds (`namespaceResourceWhitelist`, where it is there). An Application
    that is not covered is refused as a whole.

    Bad:  `namespaceResourceWhitelist: [{group: batch, kind: Job}]` over an Application of Experiments
    Good: the same with `{group: kubeflow.org, kind: Experiment}`
    """
    for index, app, project in _governed(objects, subjects):
        spec, called = mapping(project.get("spec")), text(app.spec.get("project"))
        own, home = (text(metadata_of(obj).get("namespace")) for obj in (objects[index], project))
        if own and home and own != home and not any(_fits(own, text(g)) for g in listed(spec.get("sourceNamespaces"))):
            message = f"the AppProject `{called}` does not permit Applications in the namespace `{own}`"
            yield index, Finding(("metadata", "namespace"), message, f"add it to `sourceNamespaces` of `{called}`")
        for finding in (*_unread(app, spec, called), *_unpermitted(app, spec, called)):
            yield index, finding


def _unread(app: App, project: Mapping[str, Any], called: str) -> Iterator[Finding]:
    for at, source in app.sources:
        repository = text(source.get("repoURL"))
        if repository and not is_template(repository) and not _reads(project, repository):
            message = f"the AppProject `{called}` does not permit the repository `{repository}`"
            yield Finding((*at, "repoURL"), message, f"add it to `sourceRepos` of `{called}`")


def _unpermitted(app: App, project: Mapping[str, Any], called: str) -> Iterator[Finding]:
    if not (app.patched and not app.namespace) and _refuses(project, app.destination):
        message = f"the AppProject `{called}` does not permit this cluster with the namespace `{app.namespace}`"
        yield Finding((*app.path, "destination"), message, f"add it to `destinations` of `{called}`")
    kinds = project.get("namespaceResourceWhitelist")
    refused = _is_listed(project.get("namespaceResourceBlacklist"), *_EXPERIMENT)
    if refused or (kinds is not None and not _is_listed(kinds, *_EXPERIMENT)):
        message = f"the AppProject `{called}` does not permit Experiments"
        help_ = f"add `{{group: {_EXPERIMENT[0]}, kind: {KIND}}}` to `namespaceResourceWhitelist` of `{called}`"
        if refused:
            help_ = f"take them out of `namespaceResourceBlacklist` of `{called}`"
        yield Finding((*app.path, "project"), message, help_)


def _reads(project: Mapping[str, Any], repository: str) -> bool:
    globs = [text(glob) for glob in listed(project.get("sourceRepos"))]
    own = _plain_url(repository)
    denied = any(glob.startswith("!") and _fits(own, _plain_url(glob[1:])) for glob in globs)
    return not denied and any(_fits(own, _plain_url(glob)) for glob in globs)


def _plain_url(url: str) -> str:
    return url.strip().lower().removesuffix("/").removesuffix(".git")


def _refuses(project: Mapping[str, Any], destination: Mapping[str, Any]) -> bool:
    """Whether no entry can be for a destination; one that names the cluster in the other way may be."""
    cluster = {key: text(destination.get(key)) for key in ("server", "name") if destination.get(key)}
    namespace = text(destination.get("namespace"))
    if not cluster or any(is_template(value) for value in (*cluster.values(), namespace)):
        return False
    entries = [
        {key: text(value) for key, value in mapping(each).items()} for each in listed(project.get("destinations"))
    ]
    if any(value.startswith("!") for entry in entries for value in entry.values()):
        return False  # what is denied by whom is for Argo CD to say
    for entry in entries:
        comparable = [key for key in cluster if entry.get(key)]
        fits = not comparable or any(_fits(cluster[key], entry[key]) for key in comparable)
        if fits and _fits(namespace, entry.get("namespace", "")):
            return False
    return True


RULES_OF_RUN = (projects_permit_the_namespace, projects_permit_their_applications)
