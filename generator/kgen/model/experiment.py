"""What the stages hand on: the trial's object, the manifest, and what an environment renders to."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from kgen.model.diagnostic import Diagnostic
from kgen.model.environment import Environment, Target
from kgen.model.lint import Suppressed
from kgen.model.node import FieldPath, Node, Span, get, text_of


class Trial(NamedTuple):
    """The object that a trial is, and what is known of it."""

    container: Node  # primaryContainerName
    object: Node | None = None  # trialSpec; None for a template in a ConfigMap
    training: tuple[FieldPath, ...] = ()  # containers that get the parameters
    parameters: tuple[Node, ...] = ()  # trialParameters, once they are placed
    images: frozenset[str] = frozenset()  # names in `registry` that spoke of one of its images


class Expanded(NamedTuple):
    """An Experiment's manifest; every leaf has the Span of what caused it."""

    name: str  # of the spec: the name in the cluster may have a hash behind it
    spec: Span  # where its spec is
    manifest: Node
    patches: tuple[Node, ...] = ()
    script: Node | None = None  # path of the script that it runs


class Manifest(NamedTuple):
    """Any other object that is rendered, and the file it goes to."""

    file: str
    object: Node


class Delivery(NamedTuple):
    """How Argo CD applies what an environment renders to."""

    environment: Environment
    application: Node  # also where an ApplicationSet makes it


def at_odds(deliveries: tuple[Delivery, ...], *path: str) -> tuple[Node, Node] | None:
    """Give the first two Applications' values of a field that are not the same; None where all have one."""
    said = [node for each in deliveries if (node := get(each.application, *path)) is not None]
    other = next((node for node in said if text_of(node) != text_of(said[0])), None)
    return None if other is None else (said[0], other)


class Rendered(NamedTuple):
    """What an environment renders to: all its files, or none and the reasons."""

    environment: str
    diagnostics: tuple[Diagnostic, ...]
    suppressed: tuple[Suppressed, ...] = ()  # what somebody silenced with a reason
    files: Mapping[str, bytes] = MappingProxyType({})  # by name, in the environment's folder
    application: bytes | None = None  # the Argo CD Application that applies the folder
    experiments: tuple[Expanded, ...] = ()
    output: str = "rendered"  # the workspace's folder for rendered manifests
    objects: tuple[Node, ...] = ()  # every other object, with the places of its values
    target: Target = Target()
    delivery: Delivery | None = None  # how Argo CD applies it; None where it does not
