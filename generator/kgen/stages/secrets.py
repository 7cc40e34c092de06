"""The secrets that an environment's trials ask for, as objects that are safe in Git (KG115, KG201)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kgen.model.diagnostic import Diagnostic, error
from kgen.model.environment import Environment
from kgen.model.node import Node, fields, get, make, text_of

SECRET_FORM, INCOMPLETE = "KG115", "KG201"

DOCKER_CONFIG = ".dockerconfigjson"
DOCKER_TYPE = "kubernetes.io/dockerconfigjson"


def secrets(environment: Environment, trees: Iterable[Node], problems: list[Diagnostic]) -> Iterator[Node]:
    """Make the objects, each once; a Secret that exists is only referenced, and none is made for it."""
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
        yield make({**body, "metadata": metadata}, form.span)


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
