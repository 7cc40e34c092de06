"""One composed tree and its trial to the manifest of a Katib Experiment.

Only what somebody wrote is in it, and what no Experiment can be without; Katib's defaults come later.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from kgen.katib.argocd import KEEP, WAVE, WAVES
from kgen.katib.v1beta1 import API_VERSION, EDITABLE, KIND
from kgen.model.diagnostic import Diagnostic, error
from kgen.model.environment import Environment
from kgen.model.experiment import Expanded, Trial
from kgen.model.image import renamed
from kgen.model.node import FieldPath, Node, fields, get, items, plain, put, text_of
from kgen.model.target import is_target

MISSING = "KG201"
HASH_DIGITS = 8


def expand(tree: Node, trial: Trial, environment: Environment, problems: list[Diagnostic]) -> Expanded | None:
    """Write the manifest; None where something that it cannot be without is missing."""
    seen = len(problems)
    _require(tree, problems)
    if len(problems) > seen:
        return None
    name = fields(tree)["name"]
    spec = Node(dict(_spec(tree, trial)), tree.span)
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
        annotations = {WAVE: Node(WAVES[KIND], environment.argocd.span), **annotations}
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


def _spec(tree: Node, trial: Trial) -> Iterator[tuple[str, Node]]:
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
    yield "trialTemplate", _trial_template(given["trial"], trial)


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
        "name": Node(name, given["space"].span),
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


def _trial_template(node: Node, trial: Trial) -> Node:
    out = {"primaryContainerName": trial.container, **_pick(node, {key: key for key in _TEMPLATE_FIELDS})}
    out["trialParameters"] = Node(trial.parameters, node.span)
    if trial.object is not None:
        out["trialSpec"] = trial.object
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
