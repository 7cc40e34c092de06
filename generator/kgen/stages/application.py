"""The Argo CD Application that applies what an environment renders to."""

from __future__ import annotations

from collections.abc import Mapping

from kgen.katib.v1beta1 import NAMESPACE_LABEL
from kgen.model.environment import Environment
from kgen.model.node import Node, Span, as_written, fields, get, items, make, text_of


def application(environment: Environment, objects: tuple[Node, ...]) -> Node | None:
    """Make the Argo CD Application of an environment; None where it asks for none."""
    argocd = environment.argocd
    if argocd is None:
        return None
    given, place = fields(argocd), argocd.span
    metadata = {
        "name": given.get("name", Node(environment.name, place)),
        "namespace": given.get("namespace", Node("argocd", place)),
        **{key: _texts(given[key]) for key in ("labels", "annotations") if key in given},
    }
    destination = {"name": given["cluster"]} if "cluster" in given else {"server": given.get("server", _HERE)}
    if environment.namespace is not None:
        destination["namespace"] = environment.namespace
    source = {
        "repoURL": given.get("repoURL", Node("", place)),
        "targetRevision": given.get("targetRevision", Node("HEAD", place)),
        "path": given.get("path", Node(f"{environment.output}/{environment.name}", place)),
    }
    spec: dict[str, object] = {
        "project": given.get("project", Node("default", place)),
        "source": source,
        "destination": destination,
        "syncPolicy": _sync_policy(environment, given, objects),
    }
    return make(
        {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": metadata, "spec": spec}, place
    )


_HERE = Node("https://kubernetes.default.svc", Span("kgen's default", 0, 0))


def _texts(node: Node) -> Node:
    return Node({key: as_written(value) for key, value in fields(node).items()}, node.span)


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
    out["retry"] = {"limit": limit, "backoff": {"duration": "5s", "factor": 2, "maxDuration": "3m"}}
    return out


def _makes(obj: Node, namespace: str) -> bool:
    name = get(obj, "metadata", "name")
    return text_of(fields(obj)["kind"]) in ("Namespace", "Profile") and name is not None and text_of(name) == namespace
