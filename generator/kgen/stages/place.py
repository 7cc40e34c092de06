"""Every search parameter reaches the trial: where its author placed it, or else as a flag of the training command."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from kgen.katib.v1beta1 import PLACEHOLDER, PLACEHOLDER_HEAD
from kgen.model.diagnostic import Diagnostic, Related, error
from kgen.model.experiment import Trial
from kgen.model.node import Node, Span, fields, get, items, put, text_of
from kgen.model.words import suggestion

UNKNOWN, UNPLACED, TWICE = "KG205", "KG206", "KG106"

_ALIKE = re.compile(r"\$[{(](?:trial_?[pP]arameters?\.)?([^{}()$]+?)[})]|\{\{\s*\.?([^{}]+?)\s*\}\}")
_SHELLS = ("sh", "bash", "/bin/sh", "/bin/bash")


def place(tree: Node, trial: Trial, problems: list[Diagnostic]) -> Trial | None:
    """Give the trial with its trialParameters, and its object with a placeholder for each.

    None where a parameter reaches nothing, or a placeholder stands for none.
    """
    seen = len(problems)
    entries = list(_entries(tree, problems))
    obj = _place(trial, entries, problems)
    if len(problems) > seen:
        return None
    return trial._replace(object=obj, parameters=tuple(entry.listed() for entry in entries))


class _Entry:
    """One trialParameters entry, and the parameter it is for."""

    __slots__ = ("description", "name", "node", "parameter", "reference", "span")

    def __init__(self, name: str, reference: Node, description: Node | None, node: Node, parameter: str) -> None:
        self.name, self.reference, self.description = name, reference, description
        self.span, self.node, self.parameter = _home(node), node, parameter

    def listed(self) -> Node:
        """Give the entry as it stands in the manifest."""
        out = {"name": Node(self.name, self.span), "reference": self.reference}
        if self.description is not None:
            out["description"] = self.description
        return Node(out, self.span)


def _entries(tree: Node, problems: list[Diagnostic]) -> Iterator[_Entry]:
    """Derive trialParameters: one for each search parameter, then the author's own references."""
    seen: dict[str, Span] = {}
    for entry in _derive(tree):
        if entry.name in seen:
            message = f"two trialParameters are named `{entry.name}`"
            help_ = "give one of the parameters another name with `as`"
            problems.append(error(entry.span, TWICE, message, help_, Related(seen[entry.name], "the first")))
            continue
        seen[entry.name] = entry.span
        yield entry


def _derive(tree: Node) -> Iterator[_Entry]:
    for name, node in fields(get(tree, "parameters")).items():
        alias = get(node, "as")
        own = text_of(alias) if alias is not None else name.lstrip("-") or name
        yield _Entry(own, Node(name, _home(node)), get(node, "description"), node, name)
    for name, node in fields(get(tree, "trial", "references")).items():
        reference = get(node, "reference")
        if reference is not None:
            yield _Entry(name, reference, get(node, "description"), node, "")


def _home(parameter: Node) -> Span:
    """Where a parameter has its values: the layer to blame for it, whatever another adds."""
    return (get(parameter, "space") or parameter).span


def _place(trial: Trial, entries: list[_Entry], problems: list[Diagnostic]) -> Node | None:
    """Append a flag for every parameter that is placed nowhere."""
    if trial.object is None:
        return None
    placed: dict[str, Node] = {}
    aliases = {alias for entry in entries for alias in (entry.name, entry.parameter, entry.parameter.lstrip("-"))}
    for node in _texts(trial.object):
        _refuse_alike(node, aliases, problems)
        for found in PLACEHOLDER.findall(text_of(node)):
            placed.setdefault(found, node)
    declared = {entry.name: entry for entry in entries}
    _refuse_unknown(placed, declared, problems)
    flags = []
    for entry in entries:
        flag = get(entry.node, "flag") if entry.parameter else None
        if entry.name in placed:
            if flag is not None and flag.value is not False:
                message = f"flag `{text_of(flag)}` is not used: ${{trialParameters.{entry.name}}} is placed by hand"
                related = Related(placed[entry.name].span, "the placeholder")
                problems.append(error(flag.span, UNPLACED, message, "remove one of the two", related))
            continue
        if not entry.parameter or (flag is not None and flag.value is False):
            what = f"parameter `{entry.parameter}`" if entry.parameter else f"reference `{entry.name}`"
            message = f"{what} reaches no trial: nothing holds ${{trialParameters.{entry.name}}}"
            help_ = f"write ${{trialParameters.{entry.name}}} in the command, or remove `flag: false`"
            if not entry.parameter:
                help_ = f"write ${{trialParameters.{entry.name}}} in the trial, or remove the reference"
            problems.append(error(entry.span, UNPLACED, message, help_))
            continue
        written = entry.parameter if entry.parameter.startswith("--") else f"--{entry.parameter}"
        written = written if flag is None else text_of(flag)
        flags.append(Node(f"{written}=${{trialParameters.{entry.name}}}", entry.span))
    return _append(trial, flags, problems) if flags else trial.object


def _refuse_alike(node: Node, aliases: set[str], problems: list[Diagnostic]) -> None:
    """Refuse what looks like a parameter's placeholder and is none: Katib would leave it as it is."""
    for found in _ALIKE.finditer(text_of(node)):
        name = found[1] or found[2]
        if name in aliases and not found[0].startswith(PLACEHOLDER_HEAD):
            message = f"`{found[0]}` is not replaced: a placeholder is written ${{trialParameters.{name}}}"
            problems.append(error(node.span, UNKNOWN, message, f"write ${{trialParameters.{name}}}"))


def _refuse_unknown(placed: Mapping[str, Node], declared: Mapping[str, _Entry], problems: list[Diagnostic]) -> None:
    for name, node in placed.items():
        if name in declared:
            continue
        renamed = next((e for e in declared.values() if name in (e.parameter, e.parameter.lstrip("-"))), None)
        help_ = suggestion(name, declared) if declared else "declare the parameter"
        if renamed is not None:
            help_ = f"it goes by `{renamed.name}` here: write ${{trialParameters.{renamed.name}}}"
        message = f"${{trialParameters.{name}}} is no parameter of this experiment"
        problems.append(error(node.span, UNKNOWN, message, help_))


def _append(trial: Trial, flags: list[Node], problems: list[Diagnostic]) -> Node | None:
    obj = trial.object
    assert obj is not None
    if not trial.training:
        message = f"no container `{text_of(trial.container)}` to give `{flags[0].value}` to"
        help_ = "write the placeholder where the trial's object takes it"
        problems.append(error(flags[0].span, UNPLACED, message, help_))
        return None
    for path in trial.training:
        container = get(obj, *path)
        command = [text_of(word) for word in items(get(container, "command"))]
        if len(command) > 1 and command[0] in _SHELLS and command[1].endswith("c"):
            message = f"`{flags[0].value}` behind `{' '.join(command[:2])}` would not reach the program"
            help_ = "write the placeholder in the script itself"
            problems.append(error(flags[0].span, UNPLACED, message, help_))
            return None
        obj = put(obj, (*path, "args"), lambda old: _longer(old, flags))
    return obj


def _longer(old: Node | None, more: list[Node]) -> Node:
    return Node((*items(old), *more), more[0].span if old is None else old.span)


def _texts(node: Node) -> Iterator[Node]:
    """Yield every text with a placeholder in it, and a Node for every such key."""
    value = node.value
    if isinstance(value, str):
        if "$" in value or "{{" in value:
            yield node
    elif isinstance(value, dict):
        for key, item in value.items():
            if "${" in key:
                yield Node(key, item.span)
            yield from _texts(item)
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item)
