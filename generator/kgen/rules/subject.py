"""An Experiment as rules see it: plain data, complete with its defaults, and no place in any file."""

from __future__ import annotations

from collections.abc import KeysView, Mapping
from typing import Any, NamedTuple

from kgen.katib.decode import Flaw
from kgen.katib.pods import Command, Container, commands, every_container, pod_specs
from kgen.model.environment import Target
from kgen.model.flags import Script
from kgen.model.node import FieldPath
from kgen.model.policies import NO_POLICIES, Policies
from kgen.model.values import Words, listed, mapping, text, words_of

_new: Any = tuple.__new__  # of a NamedTuple without its Python function


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
    metadata: dict[str, Any]
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
    text: str  # each of its keys as well, all in quotes as Python writes them
    keys: KeysView[str]  # of all mappings in `trial`
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
    words: Words | None = None,
) -> Subject:
    """Read the parts of an Experiment; `words` are the keys and texts of its trial, where they are had."""
    spec = mapping(manifest.get("spec"))
    template = mapping(spec.get("trialTemplate"))
    trial = mapping(template.get("trialSpec"))
    pods = pod_specs(trial)
    containers = every_container(pods)
    algorithm = text(mapping(spec.get("algorithm")).get("algorithmName"))
    if words is None:
        words = ({}, [])
        words_of(trial, *words)
    keys, texts = words
    said = _line(texts)
    collector = text(mapping(mapping(spec.get("metricsCollectorSpec")).get("collector")).get("kind"))
    values = (
        manifest,
        manifest if given is None else given,
        target,
        base,
        plain,
        flaws,
        policies,
        mapping(manifest.get("metadata")),
        spec,
        algorithm,
        collector,
        template,
        trial,
        _spaces(listed(spec.get("parameters"))),
        _entries(listed(template.get("trialParameters"))),
        pods,
        containers,
        commands(trial, containers),
        said,
        "{'" + "', '".join(keys) + f"', '{said}'}}",
        keys.keys(),
        script,
    )
    subject: Subject = _new(Subject, values)
    return subject


def _spaces(parameters: list[Any]) -> tuple[Space, ...]:
    out: list[Space] = []
    for index, item in enumerate(parameters):
        if isinstance(item, dict):
            get = item.get
            name, kind, space = get("name"), get("parameterType"), get("feasibleSpace")
            if type(name) is not str or type(kind) is not str or type(space) is not dict:
                name, kind, space = text(name), text(kind), mapping(space)
            out.append(_new(Space, (index, name, kind, space)))
    return tuple(out)


def _entries(parameters: list[Any]) -> tuple[Entry, ...]:
    out: list[Entry] = []
    for index, item in enumerate(parameters):
        if isinstance(item, dict):
            name, reference = item.get("name"), item.get("reference")
            if type(name) is not str or type(reference) is not str:
                name, reference = text(name), text(reference)
            out.append(_new(Entry, (index, name, reference)))
    return tuple(out)


def _line(texts: list[Any]) -> str:
    try:
        joined = "', '".join(texts)
    except TypeError:  # a boolean among them
        joined = "', '".join([text for text in texts if type(text) is str])
    return joined.replace("\n", "\\n") if "\n" in joined else joined
