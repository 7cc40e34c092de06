"""The Argo CD Application that applies what an environment renders to."""

from __future__ import annotations

import re
from collections.abc import Mapping

from kgen.katib.argocd import BACKOFF, IN_CLUSTER, MANIFEST_PATHS, REFRESHES, RESOURCES_FINALIZER
from kgen.katib.scopes import CLUSTER_SCOPED
from kgen.katib.v1beta1 import NAMESPACE_LABEL, version
from kgen.model.argocd import NAME, NAME_FORM
from kgen.model.diagnostic import Diagnostic, Related, error
from kgen.model.environment import Environment
from kgen.model.node import Node, Span, as_written, fields, get, items, make, object_of, text_of

WRONG_VALUE, EXCLUDES, MISSING = "KG004", "KG105", "KG201"


def application(environment: Environment, objects: tuple[Node, ...], problems: list[Diagnostic]) -> Node | None:
    """Make the Argo CD Application that applies an environment's objects; None where it asks for none."""
    argocd = environment.argocd
    if argocd is None:
        return None
    given, place = fields(argocd), argocd.span
    _refuse_name(environment, given, place, problems)
    _refuse_destination(environment, given, objects, problems)
    source = {
        "repoURL": given.get("repoURL", Node("", place)),
        "targetRevision": given.get("targetRevision", Node("HEAD", place)),
        "path": given.get("path", Node(environment.path, place)),
        **{key: given[key] for key in ("directory",) if fields(given.get(key))},
    }
    spec: dict[str, object] = {
        "project": given.get("project", Node("default", place)),
        "source": source,
        "destination": _destination(environment, given),
        "syncPolicy": _sync_policy(environment, given, objects),
    }
    out = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": _metadata(environment, given)}
    return make({**out, "spec": spec}, place)


def _refuse_name(environment: Environment, given: Mapping[str, Node], place: Span, problems: list[Diagnostic]) -> None:
    """An environment may be called what no object in a cluster can be."""
    if "name" not in given and re.fullmatch(NAME, environment.name) is None:
        message = f"its Application would be called `{environment.name}`, and Kubernetes wants {NAME_FORM}"
        legal = re.sub("[^a-z0-9.]+", "-", environment.name.lower()).strip("-.")
        problems.append(error(place, WRONG_VALUE, message, f"add `name: {legal}`"))


def _refuse_destination(
    environment: Environment, given: Mapping[str, Node], objects: tuple[Node, ...], problems: list[Diagnostic]
) -> None:
    """Argo CD wants one cluster, and a namespace for each object that needs one and names none."""
    if "server" in given and "cluster" in given:
        message, other = (
            "`argocd` names the cluster by `server` and by `cluster`",
            Related(given["server"].span, "the other"),
        )
        problems.append(error(given["cluster"].span, EXCLUDES, message, "keep one", other))
    homeless = [obj for obj in objects if _is_namespaced(obj) and get(obj, "metadata", "namespace") is None]
    if environment.namespace is None and homeless:
        kind, _, name = object_of(homeless[0])
        message = f"no namespace is said, and Argo CD does not apply {kind} `{name}` without one"
        problems.append(error(environment.span, MISSING, message, "add `namespace: NAME`"))


def _is_namespaced(obj: Node) -> bool:
    return text_of(fields(obj)["kind"]) not in CLUSTER_SCOPED


def _metadata(environment: Environment, given: Mapping[str, Node]) -> dict[str, object]:
    """A commit that changes nothing in the folder makes Argo CD generate nothing anew; `.` is the folder itself."""
    labels, annotations = (fields(given.get(key)) for key in ("labels", "annotations"))
    out: dict[str, object] = {
        "name": given.get("name", environment.name),
        "namespace": given.get("namespace", "argocd"),
        **({"labels": _texts(labels)} if labels else {}),
        "annotations": {MANIFEST_PATHS: ".", **_texts(annotations)},
    }
    deletion = given.get("deletion")
    if deletion is not None and deletion.value == "cascade":
        out["finalizers"] = [Node(RESOURCES_FINALIZER, deletion.span)]
    return out


def _destination(environment: Environment, given: Mapping[str, Node]) -> dict[str, Node]:
    out = {"name": given["cluster"]} if "cluster" in given else {"server": given.get("server", _HERE)}
    return out if environment.namespace is None else {**out, "namespace": environment.namespace}


_HERE = Node(IN_CLUSTER, Span("kgen's default", 0, 0))


def _texts(given: Mapping[str, Node]) -> dict[str, Node]:
    return {key: as_written(value) for key, value in given.items()}


def _sync_policy(environment: Environment, given: Mapping[str, Node], objects: tuple[Node, ...]) -> dict[str, object]:
    """Katib's label comes with the namespace: one that a Profile or a manifest makes has it from there."""
    out: dict[str, object] = {}
    automated = given.get("automated")
    if automated is not None and automated.value is not False:
        out["automated"] = {} if automated.value is True else automated
    options: list[object] = []
    namespace = environment.namespace
    creates = given.get("createNamespace")
    made = environment.profile or (namespace is not None and any(_makes(obj, text_of(namespace)) for obj in objects))
    if namespace is not None and not made and (creates is None or creates.value is True):
        options.append("CreateNamespace=true")
        out["managedNamespaceMetadata"] = {"labels": {NAMESPACE_LABEL: "enabled"}}
    options.extend(option for option in items(given.get("syncOptions")) if option.value not in options)
    if options:
        out["syncOptions"] = options
    # The webhook may not yet see a label that was set in the same second: a sync is tried again.
    limit = given.get("retry", Node(5, Span("kgen's default", 0, 0)))
    newest = {"refresh": True} if version(environment.target.argocd) >= REFRESHES else {}  # a later commit may mend it
    out["retry"] = {"limit": limit, "backoff": dict(BACKOFF), **newest}
    return out


def _makes(obj: Node, namespace: str) -> bool:
    name = get(obj, "metadata", "name")
    return text_of(fields(obj)["kind"]) in ("Namespace", "Profile") and name is not None and text_of(name) == namespace
