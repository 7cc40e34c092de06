"""What an environment needs beside its Experiments: secrets, and the further manifests of its author's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from kgen.katib.argocd import WAVE, WAVES
from kgen.katib.scopes import CLUSTER_SCOPED
from kgen.katib.v1beta1 import KIND, NAMESPACE_LABEL
from kgen.model.diagnostic import Diagnostic, Effect, Related, error
from kgen.model.environment import Environment
from kgen.model.experiment import Manifest
from kgen.model.node import Node, Span, fields, get, is_true, items, put, text_of
from kgen.model.sops import is_sops

NOT_AN_OBJECT, NAMESPACE_CLASH, OF_SOPS = "KG111", "KG112", "KG116"
PROFILE_CLASH, NO_LABEL, FILE_CLASH = "KG802", "KG803", "KG113"

Read = Callable[[str, Span], tuple[Node, ...]]
"""Reads every document of a file of the workspace: (path, who asks for it)."""


def deliver(
    environment: Environment, trees: tuple[Node, ...], secrets: Iterable[Node], read: Read, problems: list[Diagnostic]
) -> tuple[Manifest, ...]:
    """Gather the objects, each once and in its wave, in the order of their file names."""
    out: dict[str, Manifest] = {}
    for secret in secrets:
        _add(out, _in_wave(secret, environment), problems)
    paths = {text_of(node): node for node in environment.resources}
    for tree in trees:
        paths |= {text_of(node): node for node in items(get(tree, "resources"))}
    for path, wanted_by in paths.items():
        for document in [obj for found in read(path, wanted_by.span) for obj in _members(found)]:
            obj = _object(document, environment, problems)
            if obj is not None:
                _add(out, obj, problems)
    _check_one_namespace(environment, trees, out, problems)
    _check_namespace(environment, [m.object for m in out.values()], problems, searches=bool(trees))
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
    if kind == "Secret" and is_sops(document):
        message = "this Secret is encrypted by SOPS, and nothing in the cluster decrypts it"
        help_ = "take the file out of `resources`, and name it in an overlay: `secrets: {NAME: {sops: FILE}}`"
        problems.append(error(document.span, OF_SOPS, message, help_))
        return None
    placed = _in_wave(document, environment)
    own, wanted = get(document, "metadata", "namespace"), environment.namespace
    if kind in CLUSTER_SCOPED or wanted is None:
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


def _check_one_namespace(
    environment: Environment, trees: tuple[Node, ...], out: Mapping[str, Manifest], problems: list[Diagnostic]
) -> None:
    """See that objects beside the Experiments have a namespace to be in."""
    named = [node for tree in trees if (node := get(tree, "namespace")) is not None]
    if environment.namespace is None and named and out:
        message = "overlays put its experiments in several namespaces, so the other objects have none"
        help_ = "set `namespace` in the environment, and make an environment of each namespace"
        problems.append(error(environment.span, NAMESPACE_CLASH, message, help_, Related(named[0].span, "one")))


def _check_namespace(
    environment: Environment, objects: list[Node], problems: list[Diagnostic], *, searches: bool
) -> None:
    """See that the namespace has one maker, and that the maker writes Katib's label where Experiments go there."""
    wanted = environment.namespace
    if wanted is None:
        return
    creates = get(environment.argocd, "createNamespace")
    for obj in objects:
        kind, name = text_of(fields(obj)["kind"]), get(obj, "metadata", "name")
        if name is None or text_of(name) != text_of(wanted):
            continue
        label = get(obj, "metadata", "labels", NAMESPACE_LABEL)
        if searches and kind == "Namespace" and (label is None or text_of(label) != "enabled"):
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
