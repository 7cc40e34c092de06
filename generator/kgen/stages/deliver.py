"""What an environment needs beside its Experiments: pull secrets, further manifests, its Application."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from kgen.katib.argocd import WAVE, WAVES
from kgen.katib.v1beta1 import KIND, NAMESPACE_LABEL
from kgen.model.diagnostic import Diagnostic, Effect, Related, error
from kgen.model.environment import Environment
from kgen.model.experiment import Manifest
from kgen.model.node import Node, Span, as_written, fields, get, is_true, items, make, put, text_of

EXCLUDES, NOT_AN_OBJECT, NAMESPACE_CLASH, SECRET_FORM, INCOMPLETE = "KG105", "KG111", "KG112", "KG115", "KG201"
PROFILE_CLASH, NO_LABEL, FILE_CLASH = "KG802", "KG803", "KG113"

DOCKER_CONFIG = ".dockerconfigjson"
DOCKER_TYPE = "kubernetes.io/dockerconfigjson"

# Kinds of which there is one for the whole cluster; every other kind lives in the namespace.
_CLUSTER_SCOPED = frozenset(
    "APIService CertificateSigningRequest ClusterExternalSecret ClusterIssuer ClusterQueue ClusterRole "
    "ClusterRoleBinding ClusterSecretStore ClusterTrainingRuntime CSIDriver CustomResourceDefinition DeviceClass "
    "IngressClass MutatingWebhookConfiguration Namespace Node PersistentVolume PriorityClass Profile ResourceFlavor "
    "RuntimeClass StorageClass ValidatingAdmissionPolicy ValidatingWebhookConfiguration VolumeAttachment "
    "WorkloadPriorityClass".split()
)

Read = Callable[[str, Span], tuple[Node, ...]]
"""Reads every document of a file of the workspace: (path, who asks for it)."""


def deliver(
    environment: Environment, trees: Iterable[Node], read: Read, problems: list[Diagnostic]
) -> tuple[Manifest, ...]:
    """Gather the objects, each once, in the order of their file names."""
    trees = tuple(trees)
    out: dict[str, Manifest] = {}
    for secret in _pull_secrets(environment, trees, problems):
        _add(out, secret, problems)
    paths = {text_of(node): node for node in environment.resources}
    for tree in trees:
        paths |= {text_of(node): node for node in items(get(tree, "resources"))}
    for path, wanted_by in paths.items():
        for document in [obj for found in read(path, wanted_by.span) for obj in _members(found)]:
            obj = _object(document, environment, problems)
            if obj is not None:
                _add(out, obj, problems)
    server, cluster = get(environment.argocd, "server"), get(environment.argocd, "cluster")
    if server is not None and cluster is not None:
        message = "`argocd` names the cluster by `server` and by `cluster`"
        problems.append(error(cluster.span, EXCLUDES, message, "keep one", Related(server.span, "the other")))
    _check_one_namespace(environment, trees, out, problems)
    _check_namespace(environment, [m.object for m in out.values()], problems)
    return tuple(out[name] for name in sorted(out))


def _add(out: dict[str, Manifest], obj: Node, problems: list[Diagnostic]) -> None:
    kind, name = text_of(fields(obj)["kind"]), text_of(fields(get(obj, "metadata"))["name"])
    file = re.sub(r"[^A-Za-z0-9._-]", "-", f"{kind.lower()}-{name}.yaml")
    other = out.get(file)
    if other is not None and other.object != obj:
        place = Related(other.object.span, "the other")
        message = f"two objects are the {kind} `{name}`"
        problems.append(error(obj.span, FILE_CLASH, message, "keep one of them, or rename one", place))
    out[file] = Manifest(file, obj)


def _object(document: Node, environment: Environment, problems: list[Diagnostic]) -> Node | None:
    """Check a manifest of the author's, and put it in the environment's namespace."""
    name = get(document, "metadata", "name")
    missing = [key for key in ("apiVersion", "kind") if not isinstance(getattr(get(document, key), "value", None), str)]
    if name is None or not isinstance(name.value, str):
        missing.append("metadata.name")
    if missing:
        message = f"this is no Kubernetes object: it has no {', '.join(f'`{key}`' for key in missing)}"
        problems.append(error(document.span, NOT_AN_OBJECT, message, "complete it, or take it out of `resources`"))
        return None
    kind = text_of(fields(document)["kind"])
    if kind == KIND:
        message = "an Experiment is rendered from a spec, and cannot stand among the resources"
        problems.append(error(document.span, NOT_AN_OBJECT, message, "write it as `experiments/NAME.yaml`"))
        return None
    placed = _in_wave(document, environment)
    own, wanted = get(document, "metadata", "namespace"), environment.namespace
    if kind in _CLUSTER_SCOPED or wanted is None:
        return placed
    if own is None:
        return put(placed, ("metadata", "namespace"), lambda _: wanted)
    if text_of(own) != text_of(wanted):
        message = f"{kind} is for namespace `{text_of(own)}`, the environment for `{text_of(wanted)}`"
        help_ = "leave `namespace` out: kgen writes the environment's"
        problems.append(error(own.span, NAMESPACE_CLASH, message, help_, Related(wanted.span, "the environment's")))
    return placed


def _in_wave(obj: Node, environment: Environment) -> Node:
    """Put an object in the wave of its kind, unless its author has put it in one."""
    wave = WAVES.get(text_of(fields(obj)["kind"]))
    if wave is None or environment.argocd is None or not environment.waves:
        return obj
    place = environment.argocd.span
    return put(obj, ("metadata", "annotations", WAVE), lambda old: old or Node(wave, place))


def _members(document: Node) -> tuple[Node, ...]:
    """Give the objects of a List, or the one that is none."""
    kind = get(document, "kind")
    if kind is None or kind.value != "List":
        return (document,)
    return tuple(obj for item in items(get(document, "items")) for obj in _members(item))


def _pull_secrets(environment: Environment, trees: Iterable[Node], problems: list[Diagnostic]) -> Iterator[Node]:
    seen: dict[str, Node] = {}
    for tree in trees:
        secret = get(tree, "registry", "pullSecret")
        name = get(secret, "name")
        if secret is None:
            continue
        if name is None:
            problems.append(error(secret.span, INCOMPLETE, "`pullSecret` has no `name`", "add the Secret's `name`"))
            continue
        forms = [key for key in ("externalSecret", "sealedSecret") if get(secret, key) is not None]
        if len(forms) == 2:
            message = "`pullSecret` is an ExternalSecret and a SealedSecret at once"
            problems.append(error(secret.span, SECRET_FORM, message, "keep one of the two"))
        if len(forms) != 1 or seen.get(text_of(name)) == secret:
            continue
        seen[text_of(name)] = secret
        form = fields(secret)[forms[0]]
        made = _external(form, problems) if forms[0] == "externalSecret" else _sealed(form, problems)
        if made is None:
            continue
        annotations, body = made
        metadata: dict[str, object] = {"name": name}
        if environment.namespace is not None:
            metadata["namespace"] = environment.namespace
        if annotations:
            metadata["annotations"] = annotations
        yield _in_wave(make({**body, "metadata": metadata}, form.span), environment)


_Made = tuple[dict[str, str], dict[str, object]]
"""The annotations of an object, and all of it but its metadata."""


def _external(form: Node, problems: list[Diagnostic]) -> _Made | None:
    given = fields(form)
    store = get(form, "store", "name")
    if store is None:
        problems.append(error(form.span, INCOMPLETE, "`externalSecret` names no store", "add `store: {name: ...}`"))
        return None
    whole, parts = given.get("dockerConfig"), [key for key in ("server", "username", "password") if key in given]
    if (whole is None) == (not parts) or (parts and len(parts) < 3):
        message = "`externalSecret` does not say what the store holds"
        help_ = "add `dockerConfig: {key: ...}`, or all of `server`, `username` and `password`"
        problems.append(error(form.span, SECRET_FORM, message, help_))
        return None
    if whole is not None:
        data, text = [_remote("config", whole)], "{{ .config }}"
    else:
        data = [_remote(key, given[key]) for key in ("username", "password")]
        server = text_of(given["server"])
        text = (
            f'{{"auths":{{"{server}":{{"username":{{{{ .username | toJson }}}},'
            '"password":{{ .password | toJson }},'
            '"auth":"{{ printf "%s:%s" .username .password | b64enc }}"}}}'
        )
    template = {"engineVersion": "v2", "mergePolicy": "Replace", "type": DOCKER_TYPE, "data": {DOCKER_CONFIG: text}}
    kind = get(form, "store", "kind") or Node("SecretStore", form.span)
    return {}, {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "spec": {
            "refreshInterval": given.get("refreshInterval", Node("1h0m0s", form.span)),
            "secretStoreRef": {"name": store, "kind": kind},
            "target": {"creationPolicy": "Owner", "deletionPolicy": "Retain", "template": template},
            "data": data,
        },
    }


def _remote(key: str, place: Node) -> object:
    """The three defaults are written out: older operators default them, which would show as a difference."""
    defaults = {"conversionStrategy": "Default", "decodingStrategy": "None", "metadataPolicy": "None"}
    return {"secretKey": key, "remoteRef": {**defaults, **fields(place)}}


def _sealed(form: Node, problems: list[Diagnostic]) -> _Made | None:
    encrypted = get(form, "encrypted")
    if encrypted is None:
        help_ = "add the ciphertext that kubeseal prints"
        problems.append(error(form.span, INCOMPLETE, "`sealedSecret` has no `encrypted`", help_))
        return None
    scope = get(form, "scope")
    annotations = {}
    if scope is not None and text_of(scope) != "strict":
        annotations[f"sealedsecrets.bitnami.com/{text_of(scope)}"] = "true"
    return annotations, {
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "spec": {"encryptedData": {DOCKER_CONFIG: encrypted}, "template": {"type": DOCKER_TYPE}},
    }


def _check_one_namespace(
    environment: Environment, trees: tuple[Node, ...], out: Mapping[str, Manifest], problems: list[Diagnostic]
) -> None:
    """See that objects beside the Experiments have a namespace to be in."""
    named = [node for tree in trees if (node := get(tree, "namespace")) is not None]
    if environment.namespace is None and named and out:
        message = "overlays put its experiments in several namespaces, so the other objects have none"
        help_ = "set `namespace` in the environment, and make an environment of each namespace"
        problems.append(error(environment.span, NAMESPACE_CLASH, message, help_, Related(named[0].span, "one")))


def _check_namespace(environment: Environment, objects: list[Node], problems: list[Diagnostic]) -> None:
    """See that the namespace has one maker, and that the maker writes Katib's label."""
    wanted = environment.namespace
    if wanted is None:
        return
    creates = get(environment.argocd, "createNamespace")
    for obj in objects:
        kind, name = text_of(fields(obj)["kind"]), get(obj, "metadata", "name")
        if name is None or text_of(name) != text_of(wanted):
            continue
        label = get(obj, "metadata", "labels", NAMESPACE_LABEL)
        if kind == "Namespace" and (label is None or text_of(label) != "enabled"):
            message = f"Namespace `{text_of(name)}` lacks the label without which Katib refuses every Experiment in it"
            missing = error(obj.span, NO_LABEL, message, f"add the label `{NAMESPACE_LABEL}: enabled`")
            problems.append(missing._replace(effect=Effect.REJECTED))
        if kind == "Profile" and creates is not None and is_true(creates):
            problems.append(_profile_clash(creates, obj.span))
    if environment.profile and creates is not None and is_true(creates):
        problems.append(_profile_clash(creates, environment.span))


def _profile_clash(creates: Node, profile: Span) -> Diagnostic:
    message = "a Profile refuses a namespace that Argo CD made before it"
    found = error(creates.span, PROFILE_CLASH, message, "remove `createNamespace`", Related(profile, "the Profile"))
    return found._replace(effect=Effect.DRIFT)


def application(environment: Environment, manifests: Iterable[Manifest]) -> Node | None:
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
        "syncPolicy": _sync_policy(environment, given, [m.object for m in manifests]),
    }
    return make(
        {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": metadata, "spec": spec}, place
    )


_HERE = Node("https://kubernetes.default.svc", Span("kgen's default", 0, 0))


def _texts(node: Node) -> Node:
    return Node({key: as_written(value) for key, value in fields(node).items()}, node.span)


def _sync_policy(environment: Environment, given: Mapping[str, Node], objects: list[Node]) -> dict[str, object]:
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
