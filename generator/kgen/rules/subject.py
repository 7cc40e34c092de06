"""An Experiment as rules see it: plain data, complete with its defaults, and no place in any file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from kgen.katib.decode import Flaw
from kgen.katib.pods import Command, Container, commands, every_container, pod_specs
from kgen.model.environment import Target
from kgen.model.flags import Script
from kgen.model.node import FieldPath
from kgen.model.policies import NO_POLICIES, Policies
from kgen.model.values import listed, mapping, text


class Entry(NamedTuple):
    """An entry of trialParameters."""

    at: int
    name: str
    reference: str


class Space(NamedTuple):
    """A search parameter; what is of the wrong type counts as empty."""

    at: int
    name: str
    type: str  # parameterType
    space: dict[str, Any]  # feasibleSpace


class Subject(NamedTuple):
    """An Experiment, and the parts of it that many rules ask for, read once.

    Parts of a wrong type count as empty; that they are wrong is among the `flaws`.
    """

    manifest: Mapping[str, Any]  # as the API server would hold it
    given: Mapping[str, Any]  # as it is in the file; the same for what kgen rendered
    target: Target
    base: str  # the name before hashing; "" where there is no such thing
    plain: bool  # written by hand as a manifest, not as a compact spec: the mend speaks of its fields
    flaws: tuple[Flaw, ...]  # what reading it against Katib's and Kubernetes' types found
    policies: Policies
    spec: dict[str, Any]
    algorithm: str  # its name
    collector: str  # its kind
    template: dict[str, Any]  # spec.trialTemplate
    trial: dict[str, Any]  # spec.trialTemplate.trialSpec
    parameters: tuple[Space, ...]
    entries: tuple[Entry, ...]
    pods: list[tuple[FieldPath, dict[str, Any]]]  # spec of each pod template, with its path in `trial`
    containers: tuple[Container, ...]  # of those pods, those that run first included, with their paths in `trial`
    commands: tuple[Command, ...]  # what the containers of those pods run
    said: str  # all texts of `trial`, in one line: to look for a word
    text: str  # its keys as well, each in quotes as Python writes them
    keys: frozenset[str]  # of all mappings in `trial`
    script: Script | None = None  # that it runs, where the compact spec names it


def read(
    manifest: Mapping[str, Any],
    target: Target,
    base: str = "",
    *,
    given: Mapping[str, Any] | None = None,
    plain: bool = False,
    flaws: tuple[Flaw, ...] = (),
    policies: Policies = NO_POLICIES,
    script: Script | None = None,
) -> Subject:
    """Read the parts of an Experiment."""
    spec = mapping(manifest.get("spec"))
    template = mapping(spec.get("trialTemplate"))
    trial = mapping(template.get("trialSpec"))
    pods = pod_specs(trial)
    algorithm = text(mapping(spec.get("algorithm")).get("algorithmName"))
    keys: list[str] = []
    texts: list[str] = []
    _gather(trial, keys, texts)
    said = "', '".join(texts).replace("\n", "\\n")
    collector = text(mapping(mapping(spec.get("metricsCollectorSpec")).get("collector")).get("kind"))
    return Subject(
        manifest,
        manifest if given is None else given,
        target,
        base,
        plain,
        flaws,
        policies,
        spec,
        algorithm,
        collector,
        template,
        trial,
        tuple(
            [
                Space(
                    index,
                    text(item.get("name")),
                    text(item.get("parameterType")),
                    mapping(item.get("feasibleSpace")),
                )
                for index, item in enumerate(listed(spec.get("parameters")))
                if isinstance(item, dict)
            ]
        ),
        tuple(
            [
                Entry(index, text(item.get("name")), text(item.get("reference")))
                for index, item in enumerate(listed(template.get("trialParameters")))
                if isinstance(item, dict)
            ]
        ),
        pods,
        every_container(pods),
        commands(trial, pods),
        said,
        "{'" + "', '".join(keys) + f"', '{said}'}}",
        frozenset(keys),
        script,
    )


def _gather(value: dict[str, Any] | list[Any], keys: list[str], texts: list[str]) -> None:
    """Add the keys and the texts of plain data."""
    if isinstance(value, dict):
        keys += value
    for item in value.values() if isinstance(value, dict) else value:
        if type(item) is str:
            texts.append(item)
        elif type(item) is dict or type(item) is list:
            _gather(item, keys, texts)
