"""The secrets that an environment's trials ask for, as objects that are safe in Git (KG115 to KG117, KG201)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from kgen.katib.v1beta1 import version
from kgen.model.diagnostic import Diagnostic, Related, error
from kgen.model.environment import Environment
from kgen.model.node import Node, Span, fields, get, make, plain, text_of
from kgen.model.secret_forms import keys_used
from kgen.model.secrets import DOCKER_CONFIG, DOCKER_TYPE, EXTERNAL, SEALED, SOPS, SSH_HOSTS, SSH_KEY, USES, WAYS
from kgen.model.sops import as_encrypted, keys_of
from kgen.model.words import suggestion

SECRET_FORM, OF_SOPS, SEALED_ELSEWHERE, INCOMPLETE = "KG115", "KG116", "KG117", "KG201"
NAMESPACE_CLASH = "KG112"

# Releases of the External Secrets operator that default one field more, which would show as a difference.
_NULL_BYTES = ("2.3", "2.6")

Read = Callable[[str, Span], tuple[Node, ...]]
"""Reads every document of a file of the workspace: (path, who asks for it)."""


class _Claim(NamedTuple):
    """What one experiment's layers say of one Secret."""

    name: Node
    said: Node
    pull: bool  # it is the registry's

    @property
    def what(self) -> str:
        return "`pullSecret`" if self.pull else f"secret `{text_of(self.name)}`"

    @property
    def ways(self) -> list[str]:
        return [key for key in WAYS if get(self.said, key) is not None]


def secrets(
    environment: Environment, trees: Iterable[Node], read: Read, problems: list[Diagnostic]
) -> tuple[Node, ...]:
    """Make the objects, each once; a Secret that exists is only referenced, and none is made for it."""
    seen: dict[str, tuple[_Claim, str]] = {}
    out = []
    for tree in trees:
        for claim in _claims(tree, problems):
            way = _way_of(claim, problems)
            if way is None:
                continue
            name = text_of(claim.name)
            first, how = seen.setdefault(name, (claim, way))
            form = fields(claim.said)[way]
            if first is claim:
                made = _make(claim, way, environment, read, problems)
                out += [] if made is None else [made]
            elif how != way or plain(fields(first.said)[how]) != plain(form):
                message = f"Secret `{name}` is made in two ways in one environment"
                other = Related(fields(first.said)[how].span, "the other")
                help_ = "say it in one layer that both experiments have, or give one of the two another name"
                problems.append(error(form.span, SECRET_FORM, message, help_, other))
            _check_keys(claim, way, read, problems)
    return tuple(out)


def _claims(tree: Node, problems: list[Diagnostic]) -> Iterator[_Claim]:
    pull = get(tree, "registry", "pullSecret")
    if pull is not None:
        name = get(pull, "name")
        if name is None:
            problems.append(error(pull.span, INCOMPLETE, "`pullSecret` has no `name`", "add the Secret's `name`"))
        else:
            yield _Claim(name, pull, pull=True)
    for key, secret in fields(get(tree, "secrets")).items():
        yield _Claim(Node(key, secret.span), secret, pull=False)


def _way_of(claim: _Claim, problems: list[Diagnostic]) -> str | None:
    """Give the one way by which a Secret comes to the cluster; None for one that exists there."""
    ways, given = claim.ways, fields(claim.said)
    if len(ways) > 1:
        message = f"{claim.what} is {WAYS[ways[0]]} and {WAYS[ways[1]]} at once"
        others = [Related(given[way].span, WAYS[way]) for way in ways[:2]]
        help_ = f"keep one of the two; `{ways[0]}: null` deletes what a layer below says"
        problems.append(error(claim.said.span, SECRET_FORM, message, help_, *others))
        return None
    uses = [key for key in USES if key in given]
    if not ways and not uses and not claim.pull:
        message = f"{claim.what} says neither how it reaches the trial nor how it comes to the cluster"
        known = ", ".join(f"`{key}`" for key in (*USES, *WAYS))
        problems.append(error(claim.said.span, SECRET_FORM, message, f"add one of {known}, or remove it"))
    files = get(claim.said, "files")
    if files is not None and get(files, "path") is None:
        problems.append(error(files.span, INCOMPLETE, "`files` has no `path`", "add the folder in the container"))
    return ways[0] if ways else None


def _check_keys(claim: _Claim, way: str, read: Read, problems: list[Diagnostic]) -> None:
    """See that the trial reads no key that the Secret does not have."""
    form = fields(claim.said)[way]
    known: Iterable[str]
    if way == SOPS:
        known = [key for document in read(text_of(form), form.span) for key in keys_of(document)]
    elif way == SEALED:
        known = fields(get(form, "encrypted"))
    else:
        known = () if {"all", "find"} & set(fields(form)) else fields(get(form, "keys"))
    for key in keys_used(claim.said) if known else ():
        if text_of(key) not in known:
            # What a person wrote is not repeated: it may be the value.
            named = f"no key `{text_of(key)}`" if text_of(key) in (SSH_KEY, SSH_HOSTS) else "no such key"
            message = f"{claim.what} has {named}"
            place = Related(form.span, "its keys")
            found = error(key.span, SECRET_FORM, message, suggestion(text_of(key), known), place)
            problems.extend([] if found in problems else [found])


def _make(claim: _Claim, way: str, environment: Environment, read: Read, problems: list[Diagnostic]) -> Node | None:
    form = fields(claim.said)[way]
    if way == SOPS:
        problems.extend(_of_sops(claim, form, environment, read))
        return None
    made = _external(claim, form, environment, problems) if way == EXTERNAL else _sealed(claim, form, problems)
    if made is None:
        return None
    if way == SEALED:
        problems.extend(_sealed_elsewhere(claim, form, environment))
    annotations, body = made
    metadata: dict[str, object] = {"name": claim.name}
    if environment.namespace is not None:
        metadata["namespace"] = environment.namespace
    if annotations:
        metadata["annotations"] = annotations
    return make({**body, "metadata": metadata}, form.span)


_Made = tuple[dict[str, str], dict[str, object]]
"""The annotations of an object, and all of it but its metadata."""


def _external(claim: _Claim, form: Node, environment: Environment, problems: list[Diagnostic]) -> _Made | None:
    given = fields(form)
    store = get(form, "store", "name")
    if store is None:
        problems.append(error(form.span, INCOMPLETE, "`externalSecret` names no store", "add `store: {name: ...}`"))
        return None
    spec: dict[str, object] = {
        "refreshInterval": given.get("refreshInterval", Node("1h0m0s", form.span)),
        "secretStoreRef": {"name": store, "kind": get(form, "store", "kind") or Node("SecretStore", form.span)},
    }
    defaults = _defaults(environment.target.externalsecrets)
    fetched = _fetched_pull(form, defaults, problems) if claim.pull else _fetched(form, defaults, problems)
    if fetched is None:
        return None
    template, sources = fetched
    if template:
        template = {"engineVersion": "v2", "mergePolicy": "Replace", **template}
    target = {"creationPolicy": "Owner", "deletionPolicy": "Retain", **({"template": template} if template else {})}
    kind = {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret"}
    return {}, {**kind, "spec": {**spec, "target": target, **sources}}


_Fetched = tuple[dict[str, object], dict[str, object]]
"""The template of the Secret, and `data` and `dataFrom`."""


def _defaults(operator: str) -> Mapping[str, str]:
    """What an operator would add to each entry: it is written out, as it would show as a difference."""
    out = {"conversionStrategy": "Default", "decodingStrategy": "None", "metadataPolicy": "None"}
    if operator and version(_NULL_BYTES[0]) <= version(operator) <= version(_NULL_BYTES[1]):
        out["nullBytePolicy"] = "Ignore"
    return out


def _fetched_pull(form: Node, defaults: Mapping[str, str], problems: list[Diagnostic]) -> _Fetched | None:
    given = fields(form)
    whole, parts = given.get("dockerConfig"), [key for key in ("server", "username", "password") if key in given]
    if (whole is None) == (not parts) or (parts and len(parts) < 3):
        message = "`externalSecret` does not say what the store holds"
        help_ = "add `dockerConfig: {key: ...}`, or all of `server`, `username` and `password`"
        problems.append(error(form.span, SECRET_FORM, message, help_))
        return None
    if whole is not None:
        data, text = [_entry("config", whole, defaults)], "{{ .config }}"
    else:
        data = [_entry(key, given[key], defaults) for key in ("username", "password")]
        server = text_of(given["server"])
        text = (
            f'{{"auths":{{"{server}":{{"username":{{{{ .username | toJson }}}},'
            '"password":{{ .password | toJson }},'
            '"auth":"{{ printf "%s:%s" .username .password | b64enc }}"}}}'
        )
    return {**_template(form), "type": DOCKER_TYPE, "data": {DOCKER_CONFIG: text}}, {"data": data}


def _fetched(form: Node, defaults: Mapping[str, str], problems: list[Diagnostic]) -> _Fetched | None:
    given = fields(form)
    sources: dict[str, object] = {}
    whole: list[object] = []
    if "all" in given:
        whole.append({"extract": {**defaults, **fields(given["all"])}})
    if "find" in given:
        named = get(given["find"], "name")
        found = {key: node for key, node in fields(given["find"]).items() if key != "name"}
        rest = {key: value for key, value in defaults.items() if key != "metadataPolicy"}  # a search has none
        whole.append({"find": {**rest, **found, **({} if named is None else {"name": {"regexp": named}})}})
    if whole:
        sources["dataFrom"] = whole
    if fields(given.get("keys")):
        sources["data"] = [_entry(key, place, defaults) for key, place in fields(given["keys"]).items()]
    if not sources:
        message = "`externalSecret` does not say what the store holds"
        help_ = "add `keys: {KEY: {key: ...}}`, `all: {key: ...}` or `find: {name: ...}`"
        problems.append(error(form.span, SECRET_FORM, message, help_))
        return None
    return _template(form), sources


def _entry(key: str, place: Node, defaults: Mapping[str, str]) -> object:
    return {"secretKey": key, "remoteRef": {**defaults, **fields(place)}}


def _template(form: Node) -> dict[str, object]:
    """What the Secret itself is to be: its type and labels."""
    given = fields(form)
    out: dict[str, object] = {"type": given["type"]} if "type" in given else {}
    return out | ({"metadata": {"labels": given["labels"]}} if "labels" in given else {})


def _sealed(claim: _Claim, form: Node, problems: list[Diagnostic]) -> _Made | None:
    encrypted = get(form, "encrypted")
    if encrypted is None or encrypted.value == {}:
        help_ = "add the ciphertext that `kgen secret seal` or kubeseal prints"
        problems.append(error(form.span, INCOMPLETE, "`sealedSecret` has no `encrypted`", help_))
        return None
    scope = _scope(form)
    annotations = {} if scope == "strict" else {f"sealedsecrets.bitnami.com/{scope}": "true"}
    template = _template(form) | ({"type": DOCKER_TYPE} if claim.pull else {})
    spec: dict[str, object] = {"encryptedData": {DOCKER_CONFIG: encrypted} if claim.pull else encrypted}
    if template:
        spec["template"] = template
    return annotations, {"apiVersion": "bitnami.com/v1alpha1", "kind": "SealedSecret", "spec": spec}


def _scope(form: Node) -> str:
    scope = get(form, "scope")
    return "strict" if scope is None else text_of(scope)


def _sealed_elsewhere(claim: _Claim, form: Node, environment: Environment) -> Iterator[Diagnostic]:
    """Hold what the ciphertext was sealed for against where it goes: anywhere else it cannot be decrypted."""
    scope = _scope(form)
    held = {"name": claim.name} if scope == "strict" else {}
    if scope != "cluster-wide" and environment.namespace is not None:
        held["namespace"] = environment.namespace
    for key, here in held.items():
        sealed_for = get(form, key)
        if sealed_for is not None and text_of(sealed_for) != text_of(here):
            message = (
                f"{claim.what} is sealed for {key} `{text_of(sealed_for)}` and would go to {key} `{text_of(here)}`: "
                f"with scope {scope} the controller cannot decrypt it there"
            )
            help_ = f"seal it again with `kgen secret seal --{key} {text_of(here)}`, or in a wider scope"
            yield error(sealed_for.span, SEALED_ELSEWHERE, message, help_, Related(here.span, f"the {key}"))


def _of_sops(claim: _Claim, form: Node, environment: Environment, read: Read) -> Iterator[Diagnostic]:
    """Hold a file of SOPS against what is said of it; it is not rendered, as nothing in the cluster decrypts it."""
    documents = read(text_of(form), form.span)
    if len(documents) > 1:
        message = f"`{text_of(form)}` holds {len(documents)} documents, and `sops` names one Secret"
        yield error(form.span, OF_SOPS, message, "write each Secret to a file of its own")
    for document in documents[:1]:
        flaws = tuple(as_encrypted(document))
        for span, message, help_ in flaws:
            yield error(span, OF_SOPS, message, help_, Related(form.span, "named here"))
        if flaws:
            continue
        name, namespace = get(document, "metadata", "name"), get(document, "metadata", "namespace")
        if name is not None and text_of(name) != text_of(claim.name):
            message = f"the file defines Secret `{text_of(name)}`, not `{text_of(claim.name)}`"
            help_ = f"write `{text_of(name)}` in the overlay, or encrypt the file again under the other name"
            yield error(name.span, SECRET_FORM, message, help_, Related(claim.name.span, "the other name"))
        here = environment.namespace
        if namespace is not None and here is not None and text_of(namespace) != text_of(here):
            message = f"Secret is for namespace `{text_of(namespace)}`, the environment for `{text_of(here)}`"
            help_ = "take `namespace` out of the file and encrypt it again, or keep a file of each namespace"
            yield error(namespace.span, NAMESPACE_CLASH, message, help_, Related(here.span, "the environment's"))
