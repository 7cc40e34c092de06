"""One composed tree and its trial to the manifest of a Katib Experiment (KG2xx).

Only what somebody wrote is in it, and what no Experiment can be without; Katib's defaults come later.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from kgen.katib.v1beta1 import API_VERSION, EDITABLE, KIND
from kgen.model.diagnostic import Diagnostic, Related, error
from kgen.model.environment import Environment
from kgen.model.experiment import Expanded, Trial
from kgen.model.image import renamed
from kgen.model.node import FieldPath, Node, Span, fields, get, items, plain, put, text_of
from kgen.model.target import is_target
from kgen.model.words import suggestion

MISSING, PLACEHOLDER, UNPLACED, TWICE = "KG201", "KG205", "KG206", "KG106"
HASH_DIGITS = 8

_PLACEHOLDER = re.compile(r"\$\{trialParameters\.(.+?)\}")
_ALIKE = re.compile(r"\$[{(](?:trial_?[pP]arameters?\.)?([^{}()$]+?)[})]|\{\{\s*\.?([^{}]+?)\s*\}\}")
_SHELLS = ("sh", "bash", "/bin/sh", "/bin/bash")
KEEP = {
    "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
    "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
}
WAVE = "argocd.argoproj.io/sync-wave"
EXPERIMENT_WAVE = "10"


def expand(tree: Node, trial: Trial, environment: Environment, problems: list[Diagnostic]) -> Expanded | None:
    """Write the manifest; None where something that it cannot be without is missing."""
    seen = len(problems)
    _require(tree, problems)
    entries = list(_entries(tree, problems))
    obj = _place(trial, entries, problems)
    if len(problems) > seen:
        return None
    name = fields(tree)["name"]
    spec = Node(dict(_spec(tree, trial, obj, entries)), tree.span)
    patches = items(get(tree, "patches"))
    mine = [p for p in patches if is_target(get(p, "target"), KIND, text_of(name), get(tree, "labels"))]
    operations = [op for p in mine for op in items(get(p, "ops")) if _renames(op)]
    full = Node(f"{text_of(name)}-{_hash(spec, operations)}", name.span) if environment.hashed else name
    manifest = {
        "apiVersion": Node(API_VERSION, tree.span),
        "kind": Node(KIND, tree.span),
        "metadata": Node(dict(_metadata(tree, full, environment)), tree.span),
        "spec": spec,
    }
    return Expanded(
        text_of(name),
        tree.span,
        Node(manifest, tree.span),
        patches,
    )


_NEEDED: tuple[tuple[FieldPath, str, str], ...] = (
    (("objective", "metric"), "`objective` names no metric", "add `maximize: METRIC` or `minimize: METRIC`"),
    (("algorithm", "name"), "the search has no algorithm", "add `algorithm: random`, or another one"),
    (("trials", "max"), "the search has no end: `trials.max` is missing", "add `trials: {max: N}`"),
)


def _require(tree: Node, problems: list[Diagnostic]) -> None:
    for path, message, help_ in _NEEDED:
        if get(tree, *path) is None:
            place = get(tree, path[0]) or tree
            problems.append(error(place.span, MISSING, message, help_))
    if get(tree, "earlyStopping") is not None and get(tree, "earlyStopping", "name") is None:
        place = fields(tree)["earlyStopping"]
        problems.append(error(place.span, MISSING, "`earlyStopping` has no `name`", "add `name: medianstop`"))
    for name, parameter in fields(get(tree, "parameters")).items():
        if get(parameter, "space") is None:
            message = f"parameter `{name}` has no values"
            help_ = "add `double: [min, max]`, `int: [min, max]`, `discrete: [...]` or `categorical: [...]`"
            problems.append(error(parameter.span, MISSING, message, help_))
    metrics = get(tree, "metrics")
    if metrics is not None and get(metrics, "collector") is None:
        message = "`metrics` names no collector"
        problems.append(error(metrics.span, MISSING, message, "add `collector: File`, or another one"))


class _Entry:
    """One trialParameters entry, and the parameter it is for."""

    __slots__ = ("description", "name", "node", "parameter", "reference", "span")

    def __init__(self, name: str, reference: Node, description: Node | None, node: Node, parameter: str) -> None:
        self.name, self.reference, self.description = name, reference, description
        self.span, self.node, self.parameter = _home(node), node, parameter


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
    """See that every parameter reaches the trial: those placed nowhere become flags of the training command."""
    if trial.object is None:
        return None
    placed: dict[str, Node] = {}
    aliases = {alias for entry in entries for alias in (entry.name, entry.parameter, entry.parameter.lstrip("-"))}
    for node in _texts(trial.object):
        _refuse_alike(node, aliases, problems)
        for found in _PLACEHOLDER.findall(text_of(node)):
            placed.setdefault(found, node)
    declared = {entry.name: entry for entry in entries}
    _refuse_unknown(placed, declared, problems)
    flags = []
    for entry in entries:
        if entry.name in placed:
            continue
        flag = get(entry.node, "flag") if entry.parameter else None
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
        if name in aliases and not found[0].startswith("${trialParameters."):
            message = f"`{found[0]}` is not replaced: a placeholder is written ${{trialParameters.{name}}}"
            problems.append(error(node.span, PLACEHOLDER, message, f"write ${{trialParameters.{name}}}"))


def _refuse_unknown(placed: Mapping[str, Node], declared: Mapping[str, _Entry], problems: list[Diagnostic]) -> None:
    for name, node in placed.items():
        if name in declared:
            continue
        renamed = next((e for e in declared.values() if name in (e.parameter, e.parameter.lstrip("-"))), None)
        help_ = suggestion(name, declared) if declared else "declare the parameter"
        if renamed is not None:
            help_ = f"it goes by `{renamed.name}` here: write ${{trialParameters.{renamed.name}}}"
        message = f"${{trialParameters.{name}}} is no parameter of this experiment"
        problems.append(error(node.span, PLACEHOLDER, message, help_))


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


def _metadata(tree: Node, name: Node, environment: Environment) -> Iterator[tuple[str, Node]]:
    yield "name", name
    namespace = environment.namespace or get(tree, "namespace")
    if namespace is not None:
        yield "namespace", namespace
    labels = get(tree, "labels")
    if labels is not None and labels.value:
        yield "labels", labels
    annotations = dict(fields(get(tree, "annotations")))
    history = environment.history
    if history is not None and history.value == "keep":
        for key, value in KEEP.items():
            annotations[key] = _with_options(annotations.get(key), Node(value, history.span))
    if environment.argocd is not None and environment.waves:
        annotations = {WAVE: Node(EXPERIMENT_WAVE, environment.argocd.span), **annotations}
    if annotations:
        yield "annotations", Node(annotations, tree.span)


def _with_options(own: Node | None, more: Node) -> Node:
    """Join Argo CD's comma-separated options; of one that is said twice the author's counts."""
    if own is None:
        return more
    said = [option.strip() for option in text_of(own).split(",") if option.strip()]
    names = {option.partition("=")[0] for option in said}
    added = [option for option in text_of(more).split(",") if option.partition("=")[0] not in names]
    return Node(",".join([*said, *added]), own.span)


def _spec(tree: Node, trial: Trial, obj: Node | None, entries: list[_Entry]) -> Iterator[tuple[str, Node]]:
    given = fields(tree)
    yield "objective", _objective(given["objective"])
    for key in ("algorithm", "earlyStopping"):
        if key in given:
            yield key, _algorithm(given[key])
    trials = fields(given["trials"])
    for key, short in zip(EDITABLE, ("parallel", "max", "maxFailed"), strict=True):
        if short in trials:
            yield key, trials[short]
    if "resume" in given:
        yield "resumePolicy", given["resume"]
    if "metrics" in given:
        yield "metricsCollectorSpec", _metrics(given["metrics"], given.get("registry"))
    if fields(given.get("parameters")):
        yield "parameters", _parameters(given["parameters"])
    if "nas" in given:
        yield "nasConfig", _nas(given["nas"])
    yield "trialTemplate", _trial_template(given["trial"], trial, obj, entries)


def _pick(node: Node, names: Mapping[str, str]) -> dict[str, Node]:
    given = fields(node)
    return {new: given[old] for old, new in names.items() if old in given}


def _objective(node: Node) -> Node:
    names = {
        "type": "type",
        "goal": "goal",
        "metric": "objectiveMetricName",
        "additional": "additionalMetricNames",
    }
    out = _pick(node, names)
    strategies = get(node, "strategies")
    if strategies is not None:
        out["metricStrategies"] = _pairs(strategies)
    return Node(out, node.span)


def _pairs(node: Node) -> Node:
    """A mapping as the list of names and values that Katib has in its place."""
    pairs = [Node({"name": Node(k, v.span), "value": v}, v.span) for k, v in fields(node).items()]
    return Node(tuple(pairs), node.span)


def _algorithm(node: Node) -> Node:
    out = _pick(node, {"name": "algorithmName"})
    settings = get(node, "settings")
    if fields(settings):
        assert settings is not None
        out["algorithmSettings"] = _pairs(settings)
    return Node(out, node.span)


def _parameters(node: Node) -> Node:
    return Node(tuple([_parameter(name, item) for name, item in fields(node).items()]), node.span)


def _parameter(name: str, node: Node) -> Node:
    given = fields(node)
    space = dict(fields(given["space"]))
    kind = space.pop("type")
    for key in ("step", "distribution"):
        if key in given:
            space[key] = given[key]
    out = {
        "name": Node(name, node.span),
        "parameterType": kind,
        "feasibleSpace": Node(space, given["space"].span),
    }
    return Node(out, node.span)


def _nas(node: Node) -> Node:
    out = dict(fields(node))
    if "operations" in out:
        operations = [
            Node({k: _parameters(v) if k == "parameters" else v for k, v in fields(o).items()}, o.span)
            for o in items(out["operations"])
        ]
        out["operations"] = Node(tuple(operations), out["operations"].span)
    return Node(out, node.span)


def _metrics(node: Node, registry: Node | None) -> Node:
    given = dict(fields(node))
    if get(node, "container", "image") is not None:
        given["container"] = put(given["container"], ("image",), lambda old: renamed(old or node, registry, set()))
    collector = _pick(Node(given, node.span), {"collector": "kind", "container": "customCollector"})
    out = {"collector": Node(collector, given["collector"].span)}
    source = {}
    path = _pick(node, {"path": "path", "kind": "kind", "format": "format"})
    if path:
        source["fileSystemPath"] = Node(path, node.span)
    if "filter" in given:
        source["filter"] = Node({"metricsFormat": given["filter"]}, given["filter"].span)
    if "http" in given:
        source["httpGet"] = given["http"]
    if source:
        out["source"] = Node(source, node.span)
    return Node(out, node.span)


_TEMPLATE_FIELDS = ("retain", "successCondition", "failureCondition", "primaryPodLabels")


def _trial_template(node: Node, trial: Trial, obj: Node | None, entries: list[_Entry]) -> Node:
    out = {"primaryContainerName": trial.container, **_pick(node, {key: key for key in _TEMPLATE_FIELDS})}
    listed = []
    for entry in entries:
        fields_ = {"name": Node(entry.name, entry.span), "reference": entry.reference}
        if entry.description is not None:
            fields_["description"] = entry.description
        listed.append(Node(fields_, entry.span))
    out["trialParameters"] = Node(tuple(listed), node.span)
    if obj is not None:
        out["trialSpec"] = obj
    else:
        names = {"name": "configMapName", "namespace": "configMapNamespace", "path": "templatePath"}
        place = fields(node)["configMap"]
        out["configMap"] = Node(dict(_pick(place, names)), place.span)
    return Node(out, node.span)


def _hash(spec: Node, operations: list[Node]) -> str:
    """Hash what an update may not change, as it stands before any version's defaults are filled in.

    The three editable counters are left out, and so is all metadata: editing them renames nothing.
    """
    import hashlib  # noqa: PLC0415 - 5 ms that fixed names need not pay

    frozen = {key: plain(node) for key, node in fields(spec).items() if key not in EDITABLE}
    content = [frozen, [plain(operation) for operation in operations]] if operations else frozen
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_DIGITS]


def _renames(operation: Node) -> bool:
    """Whether an operation changes what an update may not change."""
    given = fields(operation)
    if text_of(given["op"]) == "test":
        return False
    paths = [given["path"], *([given["from"]] if text_of(given["op"]) == "move" and "from" in given else [])]
    return any(_is_frozen(text_of(path).split("/")[1:]) for path in paths)


def _is_frozen(steps: list[str]) -> bool:
    return not steps or (steps[0] == "spec" and (len(steps) < 2 or steps[1] not in EDITABLE))
