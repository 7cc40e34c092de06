"""Rules of manifests that are no Experiments: Secrets in every guise, and credentials where none belong."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any

from kgen.katib.v1beta1 import KIND
from kgen.model.diagnostic import Edit, EditKind, Effect, Finding, Severity
from kgen.model.environment import Target
from kgen.model.node import FieldPath
from kgen.model.values import listed, mapping, text
from kgen.rules import credentials
from kgen.rules.rule import rule_of_object
from kgen.rules.security import place_of

_ESO = "https://github.com/external-secrets/external-secrets"
_SEALED = "https://github.com/bitnami-labs/sealed-secrets"
_SOPS = "https://github.com/viaduct-ai/kustomize-sops"
_STORES = ("ExternalSecret", "ClusterExternalSecret", "SecretStore", "ClusterSecretStore")
_OLD_STORES = ("external-secrets.io/v1beta1", "external-secrets.io/v1alpha1")
_SCOPES = ("sealedsecrets.bitnami.com/namespace-wide", "sealedsecrets.bitnami.com/cluster-wide")
_LEAST = 2 + 256 + 16  # bytes of a ciphertext: a length, the session key under RSA of 2048 bits, the tag of GCM
_EMPTY = frozenset(("", "e30=", "e30K", "e30"))  # the stub that a replicator fills: {} in base64
_VALUES = ("data", "stringdata")  # in any spelling: what is misspelt is in Git all the same
_FILLED_LATER = ("ENC[", "$", "<", "{{")  # by SOPS, envsubst, a vault plugin, a template
_PROPERTIES = (".env", ".properties")
_OF_SECRETS = ("Secret", "SealedSecret", KIND, "CustomResourceDefinition")
_COPY = "kubectl.kubernetes.io/last-applied-configuration"
_SEAL = (
    "seal it (SealedSecret), let the cluster fetch it (ExternalSecret), or create it there and name it only; and "
    "change what stands in it"
)


def _is_secret(obj: Mapping[str, Any]) -> bool:
    return obj.get("kind") == "Secret" and obj.get("apiVersion") == "v1"


def _name(obj: Mapping[str, Any]) -> str:
    return text(mapping(obj.get("metadata")).get("name"))


def _is_sops(obj: Mapping[str, Any]) -> bool:
    return isinstance(obj.get("sops"), dict)


def _sealed(obj: Mapping[str, Any]) -> Iterator[tuple[FieldPath, object]]:
    """Yield every ciphertext of a SealedSecret; `data` is the old form, which holds the Secret whole."""
    spec = mapping(obj.get("spec")) if obj.get("kind") == "SealedSecret" else {}
    for key, value in mapping(spec.get("encryptedData")).items():
        yield ("spec", "encryptedData", key), value
    if spec.get("data"):
        yield ("spec", "data"), spec["data"]


def _is_cipher(value: str) -> bool:
    """Whether this can be a ciphertext, as the controller reads it: it passes over line breaks, and over no space."""
    try:
        return len(b64decode(value.replace("\r", "").replace("\n", ""), validate=True)) >= _LEAST
    except ValueError:
        return False


def _is_unsealed(value: str) -> bool:
    """Whether this is certainly no ciphertext, and not a broken one either."""
    return _in_plain(value) and not _is_cipher("".join(value.split()))


def _in_plain(value: object) -> bool:
    """Whether a value is there as it is: not empty, and nothing that another tool fills in."""
    return isinstance(value, str) and value not in _EMPTY and not value.lstrip().startswith(_FILLED_LATER)


def _plain_values(obj: Mapping[str, Any]) -> Iterator[FieldPath]:
    """Yield where a Secret has a value in plain text: in the copy that kubectl keeps of it, too."""
    for part in sorted(obj):
        for key, value in mapping(obj[part] if part.lower() in _VALUES else None).items():
            if _in_plain(value):
                yield (part, key)
    copy = mapping(mapping(obj.get("metadata")).get("annotations")).get(_COPY)
    if isinstance(copy, str) and _copies_values(copy):
        yield ("metadata", "annotations", _COPY)


def _copies_values(copy: str) -> bool:
    try:
        return next(_plain_values(mapping(json.loads(copy))), None) is not None
    except (ValueError, RecursionError):
        return any(part in copy.lower() for part in _VALUES)


@rule_of_object("KG821", Effect.DRIFT, _ESO, Severity.WARNING)
def external_secrets_are_served(obj: Mapping[str, Any], target: Target) -> Iterator[Finding]:
    """ExternalSecrets and their stores are of external-secrets.io/v1.

    The operator has served v1 since 0.16, and no longer serves v1beta1 since 0.17: a sync then fails with
    `no matches for kind`.

    Bad:  `apiVersion: external-secrets.io/v1beta1`
    Good: `apiVersion: external-secrets.io/v1`
    """
    if obj.get("kind") in _STORES and obj.get("apiVersion") in _OLD_STORES:
        yield Finding(
            path=("apiVersion",),
            message=f"{obj['kind']} of `{obj['apiVersion']}` is no longer served by the operator",
            help="write `apiVersion: external-secrets.io/v1`",
            fix=(Edit(EditKind.SET, ("apiVersion",), "external-secrets.io/v1"),),
        )


@rule_of_object("KG822", Effect.DRIFT, _SEALED, Severity.WARNING)
def sealed_secrets_can_be_unsealed(obj: Mapping[str, Any], target: Target) -> Iterator[Finding]:
    """A SealedSecret holds ciphertext, and says the namespace it was sealed for.

    The name and the namespace are part of the ciphertext, unless it was sealed with a wider scope: applied
    anywhere else it cannot be decrypted, and the Secret never appears.

    Bad:  a SealedSecret of strict scope without `metadata.namespace`
    Good: `metadata: {name: registry, namespace: team-vision}`, as it was given to kubeseal
    """
    if obj.get("kind") != "SealedSecret":
        return
    spec, metadata = mapping(obj.get("spec")), mapping(obj.get("metadata"))
    annotations = mapping(metadata.get("annotations"))
    if not spec.get("encryptedData") and not spec.get("data"):
        help_ = "add the ciphertext that kubeseal prints, a key each"
        yield Finding(("spec", "encryptedData"), "the SealedSecret has no encryptedData", help_)
    for path, value in _sealed(obj):
        if not isinstance(value, str) or not (_is_cipher(value) or _is_unsealed(value)):
            message = f"`{path[-1]}` of the SealedSecret is no ciphertext: the controller cannot decrypt it"
            yield Finding(path, message, "write what `kgen secret seal` or kubeseal prints for it, in one piece")
    if not metadata.get("namespace") and not any(annotations.get(scope) == "true" for scope in _SCOPES):
        yield Finding(
            path=("metadata", "namespace"),
            message="the SealedSecret is sealed for one namespace, and does not say which",
            help="add the `namespace` that it was sealed for, or seal it with `--scope namespace-wide` or cluster-wide",
        )


@rule_of_object("KG901", Effect.ADVICE, "kgen")
def no_plain_secret(obj: Mapping[str, Any], target: Target) -> Iterator[Finding]:
    """No Secret stands in Git with its values.

    Base64 is no encryption. Encrypted values of SOPS, placeholders that are filled in later, and a Secret
    without data, which another controller fills, are none. A value that SOPS was not run over is one, and so is what
    stands in a SealedSecret where its ciphertext belongs and is certainly none: no base64, or shorter than any.

    Bad:  `kind: Secret` with `data: {password: …}`
    Good: a SealedSecret, an ExternalSecret, or the name of a Secret that exists in the cluster
    """
    for path, value in _sealed(obj):
        if isinstance(value, str) and _is_unsealed(value):
            message = f"`{path[-1]}` of SealedSecret `{_name(obj)}` is not encrypted, and stands in Git as it is"
            help_ = "write what `kgen secret seal` or kubeseal prints for it, and change it if it was committed"
            yield Finding(path, message, help_)
    found = list(_plain_values(obj)) if _is_secret(obj) else []
    if found:
        keys = ", ".join(f"`{path[-1]}`" for path in found)
        message = f"Secret `{_name(obj)}` stands in Git with its values ({keys}): base64 is no encryption"
        yield Finding(found[0], message, _SEAL, related=tuple(found[1:]))


@rule_of_object("KG911", Effect.ADVICE, "kgen", Severity.WARNING)
def no_credential_in_object(obj: Mapping[str, Any], target: Target) -> Iterator[Finding]:
    """No known form of a credential stands in a ConfigMap, or in any other object that is no Secret.

    What is looked for is what KG902 looks for in an Experiment. kgen prints no part of it.

    Bad:  a ConfigMap with a line `machine hub login me` and a token
    Good: the same file in a SealedSecret, mounted in its place
    """
    if obj.get("kind") in _OF_SECRETS:
        return
    if not credentials.may_hold_token(str(obj)):
        return
    for path, value in credentials.texts(obj):
        what = credentials.token(value)
        if what is not None and path[-1] != _COPY and path[0] != "binaryData":
            message = f"{place_of(path)} of {_called(obj)} holds {what} in plain text"
            yield Finding(path, message, "move it to a Secret that is sealed or fetched, and revoke this one")


def _called(obj: Mapping[str, Any]) -> str:
    return f"{text(obj.get('kind')) or 'the object'} `{_name(obj)}`"


@rule_of_object("KG912", Effect.ADVICE, "kgen", Severity.WARNING)
def no_named_secret_in_object(obj: Mapping[str, Any], target: Target) -> Iterator[Finding]:
    """No entry of a ConfigMap, and no variable of a container, has the name of a credential and a plain value.

    Names are those of KG903: PASSWORD, TOKEN, SECRET, API_KEY and the like. In a ConfigMap the lines of files
    named `.env` and `.properties` count too.

    Bad:  a ConfigMap with `data: {DB_PASSWORD: correct-horse}`
    Good: `envFrom: [{secretRef: {name: db}}]`
    """
    kind = obj.get("kind")
    if kind in _OF_SECRETS:
        return
    help_ = "move it to a Secret that is sealed or fetched, and change it"
    for key, value in mapping(obj.get("data")).items() if kind == "ConfigMap" else ():
        path: FieldPath = ("data", key)
        if not isinstance(value, str) or credentials.token(value) is not None:
            continue
        if credentials.is_secret(key, value):
            yield Finding(path, f"`{key}` of {_called(obj)} is in plain text", help_)
        elif key.endswith(_PROPERTIES) and (name := credentials.secret_argument(f"\n{value}")) is not None:
            yield Finding(path, f"`{name}` in `{key}` of {_called(obj)} is in plain text", help_)
    for at, name, value in (*_variables(obj), *_literals(obj)):
        if credentials.is_secret(name, value) and credentials.token(value) is None:
            what = "literal" if at[0] == "secretGenerator" else "environment variable"
            yield Finding(at, f"{what} `{name}` of {_called(obj)} has its value in plain text", help_)


def _literals(obj: Mapping[str, Any]) -> Iterator[tuple[FieldPath, str, str]]:
    """Yield what a Kustomization writes into the Secrets that it makes."""
    generators = obj.get("secretGenerator") if obj.get("kind") == "Kustomization" else None
    for index, generator in enumerate(listed(generators)):
        for at, literal in enumerate(listed(mapping(generator).get("literals"))):
            name, equals, value = text(literal).partition("=")
            if equals:
                yield ("secretGenerator", index, "literals", at), name, value


def _variables(value: object, path: FieldPath = ()) -> Iterator[tuple[FieldPath, str, str]]:
    """Yield every entry of every `env` with its path, name and literal value."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "env" and isinstance(item, list):
                for index, entry in enumerate(item):
                    name, given = mapping(entry).get("name"), mapping(entry).get("value")
                    if isinstance(name, str) and isinstance(given, str):
                        yield (*path, "env", index, "value"), name, given
            elif isinstance(item, (dict, list)):
                yield from _variables(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, (dict, list)):
                yield from _variables(item, (*path, index))


@rule_of_object("KG913", Effect.ADVICE, "kgen", Severity.WARNING)
def no_credential_in_an_image(obj: Mapping[str, Any], target: Target) -> Iterator[Finding]:
    """No image is built with a credential in it.

    A variable of a Dockerfile (`ENV`, `ARG`) and a file that it copies stay in the image, or in its history,
    even if a later line removes them: everybody who can pull the image can read them.

    Bad:  a Dockerfile in a ConfigMap with `ARG GIT_TOKEN` or `COPY .netrc /root/`
    Good: `RUN --mount=type=secret,id=token …`
    """
    if obj.get("kind") in _OF_SECRETS:
        return
    for key, value in mapping(obj.get("data")).items() if obj.get("kind") == "ConfigMap" else ():
        baked = credentials.baked_file(value) if isinstance(value, str) else None
        if baked is not None:
            message = f"`{baked}` of the Dockerfile in `{key}` stays in the image that is built"
            yield Finding(
                ("data", key), message, "hand it over with `RUN --mount=type=secret`, as a secret of the build"
            )
    for path, value in credentials.texts(obj):
        name = credentials.baked_argument(value) if "--build-arg" in value else None
        if name is not None:
            message = f"build argument `{name}` stays in the history of the image that is built"
            yield Finding(
                path, message, f"hand it over as a secret of the build: `--secret id={name.lower()},env={name}`"
            )


@rule_of_object("KG914", Effect.DRIFT, _SOPS, Severity.INFO)
def sops_has_a_decrypter(obj: Mapping[str, Any], target: Target) -> Iterator[Finding]:
    """A file that SOPS encrypted is not in a folder that Argo CD applies as it is.

    It is safe in Git, but a directory Application that picks it up fails: the field `sops` is unknown, and the
    values are no base64. It takes KSOPS in Argo CD's repo-server, which keeps the plain text in its cache.

    Bad:  `secret.enc.yaml` beside the rendered manifests
    Good: the same file in a folder that a KSOPS generator reads, or under `exclude` of the Application
    """
    if _is_secret(obj) and _is_sops(obj):
        message = f"Secret `{_name(obj)}` is encrypted by SOPS: a plain directory Application cannot apply it"
        help_ = (
            "keep it out with `directory.exclude`, and decrypt it with KSOPS, or use a SealedSecret or ExternalSecret"
        )
        yield Finding(("sops",), message, help_)


RULES = (
    external_secrets_are_served,
    sealed_secrets_can_be_unsealed,
    no_plain_secret,
    no_credential_in_object,
    no_named_secret_in_object,
    no_credential_in_an_image,
    sops_has_a_decrypter,
)
