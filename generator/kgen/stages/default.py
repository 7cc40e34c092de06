"""The fixed point of Katib's defaulting webhook: what it would add is added openly, what it would drop is gone.

Then Git holds the object that the API server will hold, and no diff ever shows between the two.
"""

from __future__ import annotations

from collections.abc import Mapping

from kgen.katib import v1beta1 as katib
from kgen.katib.quantity import canonical
from kgen.katib.trialkinds.kind import TrialKind
from kgen.model.diagnostic import Diagnostic, error
from kgen.model.environment import Target
from kgen.model.node import Node, Span, fields, get, items, make, text_of

TOO_NEW = "KG207"


def default(manifest: Node, kinds: Mapping[str, TrialKind], target: Target, problems: list[Diagnostic]) -> Node:
    """Write out every default of the target's Katib, in a manifest or in one that has them already."""
    out = dict(fields(manifest))
    spec = dict(fields(_prune(out["spec"]) or out["spec"]))
    by = _Defaults(target.katib)
    if "objective" in spec:
        spec["objective"] = by.objective(spec["objective"])
    most = spec.get("maxTrialCount")
    fewer = most is not None and isinstance(most.value, int) and most.value < katib.PARALLEL_TRIAL_COUNT
    spec.setdefault(
        "parallelTrialCount", by.own(most.value) if fewer and most else by.katib(katib.PARALLEL_TRIAL_COUNT)
    )
    spec.setdefault("resumePolicy", by.katib(katib.RESUME_POLICY))
    spec["metricsCollectorSpec"] = by.collector(spec.get("metricsCollectorSpec", by.katib({})))
    if "parameters" in spec:
        spec["parameters"] = by.parameters(spec["parameters"], problems)
    if "nasConfig" in spec and get(spec["nasConfig"], "graphConfig") is None:
        nas = spec["nasConfig"]
        spec["nasConfig"] = Node({"graphConfig": by.katib({}), **fields(nas)}, nas.span)
    if "trialTemplate" in spec:
        spec["trialTemplate"] = by.trial_template(spec["trialTemplate"], kinds)
    out["spec"] = Node(spec, out["spec"].span)
    return Node(out, manifest.span)


class _Defaults:
    """The defaults of one version, with the Span that says so."""

    def __init__(self, version: str) -> None:
        self._span = Span(f"Katib's default for {version}", 0, 0)
        self._new = katib.version(version) >= katib.version(katib.SINCE_DISTRIBUTION)
        self._version = version

    def katib(self, plain: object) -> Node:
        return make(plain, self._span)

    def own(self, plain: object, for_: str = "") -> Node:
        """What kgen writes where Katib has no default, or one that it then refuses."""
        return make(plain, Span(f"kgen's default for {for_}" if for_ else "kgen's default", 0, 0))

    def objective(self, node: Node) -> Node:
        """Complete metricStrategies: the author's entries, the objective's, then the additional metrics'."""
        given = fields(node)
        kind, metric = given.get("type"), given.get("objectiveMetricName")
        strategy = katib.STRATEGY_OF_TYPE.get("" if kind is None else text_of(kind), "latest")
        entries = [*items(given.get("metricStrategies"))]
        named = {text_of(name) for e in entries if (name := get(e, "name")) is not None}
        if metric is not None and text_of(metric) not in named:
            entries.append(self.katib({"name": metric.value, "value": strategy}))
        for extra in items(given.get("additionalMetricNames")):
            if text_of(extra) not in named:
                entries.append(self.katib({"name": extra.value, "value": strategy}))
        if not entries:
            return node
        return Node({**given, "metricStrategies": Node(tuple(entries), node.span)}, node.span)

    def parameters(self, node: Node, problems: list[Diagnostic]) -> Node:
        return Node(tuple([self._parameter(item, problems) for item in items(node)]), node.span)

    def _parameter(self, node: Node, problems: list[Diagnostic]) -> Node:
        space = dict(fields(get(node, "feasibleSpace")))
        drawn = space.get("distribution")
        if self._new:
            if drawn is None:
                space["distribution"] = self.katib(katib.DISTRIBUTION)
        elif drawn is not None:
            del space["distribution"]
            if text_of(drawn) != katib.DISTRIBUTION:
                message = f"Katib {self._version} knows no `distribution`: it would draw uniformly"
                help_ = f"remove it, or set the target to Katib {katib.SINCE_DISTRIBUTION} or newer"
                problems.append(error(drawn.span, TOO_NEW, message, help_))
        place = get(node, "feasibleSpace") or node
        return Node({**fields(node), "feasibleSpace": Node(space, place.span)}, node.span)

    def collector(self, node: Node) -> Node:
        out = dict(fields(node))
        collector = dict(fields(out.get("collector", self.katib({"kind": katib.COLLECTOR}))))
        kind = collector.get("kind", self.katib(""))
        name = text_of(kind)
        if name in ("Push", "None"):  # one thing under two names
            collector["kind"] = Node("Push" if self._new else "None", kind.span)
        custom = collector.get("customCollector")
        if custom is not None:
            resources = get(custom, "resources") or self.katib({})
            tidy = {k: _quantities(v) if k in ("limits", "requests") else v for k, v in fields(resources).items()}
            both = {**fields(custom), "resources": Node(tidy, resources.span)}
            collector["customCollector"] = Node(both, custom.span)
        out["collector"] = Node(collector, out.get("collector", kind).span)
        source = self._source(name, dict(fields(out.get("source"))))
        if source:
            out["source"] = Node(source, out.get("source", kind).span)
        return Node(out, node.span)

    def _source(self, kind: str, source: dict[str, Node]) -> dict[str, Node]:
        wanted: dict[str, object] = {}
        key = "fileSystemPath"
        if kind == "File":
            wanted = {"kind": "File", "path": katib.FILE_PATH, "format": "TEXT"}
        elif kind == "TensorFlowEvent":
            wanted = {"kind": "Directory", "path": katib.EVENT_PATH}
        elif kind == "PrometheusMetric":
            key, wanted = "httpGet", {"path": katib.HTTP_PATH, "port": katib.HTTP_PORT}
        if wanted:
            given = source.get(key, self.katib({}))
            filled = {name: self.katib(value) for name, value in wanted.items()}
            said = {name: node for name, node in fields(given).items() if name != "port" or node.value != 0}
            source[key] = Node({**filled, **said}, given.span)
        return source

    def trial_template(self, node: Node, kinds: Mapping[str, TrialKind]) -> Node:
        out = dict(fields(node))
        spec = out.get("trialSpec")
        if spec is None:
            return node
        out["trialSpec"] = _tidy(spec)
        name = get(spec, "kind")
        if name is None:
            return Node(out, node.span)
        upstream = katib.trial_defaults(text_of(name), self._version)
        kind = kinds.get(text_of(name))
        conditions = kind.conditions if kind is not None else upstream and upstream.conditions
        labels = kind.labels(spec) if kind is not None else upstream.labels if upstream is not None else {}
        write = self.katib if upstream == (conditions, labels) else lambda plain: self.own(plain, text_of(name))
        if conditions is not None:
            out.setdefault("successCondition", write(conditions.success))
            out.setdefault("failureCondition", write(conditions.failure))
        if labels:
            out.setdefault("primaryPodLabels", write(dict(labels)))
        return Node(out, node.span)


# Go structs behind pointers: written empty they stay, where an empty map or list is dropped.
_STRUCTS = frozenset(
    "objective algorithm earlyStopping trialTemplate configMap metricsCollectorSpec collector source filter "
    "fileSystemPath httpGet nasConfig graphConfig feasibleSpace resources customCollector securityContext "
    "lifecycle livenessProbe readinessProbe startupProbe".split()
)


# Behind pointers too: written false they stay.
_POINTERS = frozenset("allowPrivilegeEscalation optional privileged readOnlyRootFilesystem runAsNonRoot".split())
# Plain numbers of a container's probes and ports: zero is dropped. Every other number is behind a pointer.
_PLAIN_NUMBERS = frozenset(
    "failureThreshold hostPort initialDelaySeconds periodSeconds successThreshold timeoutSeconds".split()
)


def _prune(node: Node, key: str = "") -> Node | None:
    """Drop what Go's omitempty drops at typed levels; None where nothing is left to write."""
    value = node.value
    if type(value) is str:
        return node if value else None
    if key == "primaryPodLabels":  # an empty text is a good label
        return node if value else None
    if isinstance(value, dict):
        kept = {}
        for name, item in value.items():
            new = item if name == "trialSpec" else _prune(item, name)
            if new is not None:
                kept[name] = new
        return Node(kept, node.span) if kept or key in _STRUCTS else None
    if isinstance(value, tuple):
        return Node(tuple([_prune_item(item) for item in value]), node.span) if value else None
    if isinstance(value, bool):
        return node if value or key in _POINTERS else None
    return None if value is None or value == "" or (value == 0 and key in _PLAIN_NUMBERS) else node


def _prune_item(item: Node) -> Node:
    """An item of a list stays, however little is left of it."""
    return (_prune(item) or Node({}, item.span)) if isinstance(item.value, dict) else item


def _quantities(node: Node) -> Node:
    out = {}
    for name, item in fields(node).items():
        new = canonical(text_of(item))
        out[name] = item if new is None else Node(new, item.span)
    return Node(out, node.span)


def _tidy(node: Node, key: str = "") -> Node:
    """Write an emptyDir's size canonically: the webhook refuses a Job that has it another way."""
    value = node.value
    if type(value) is str:
        return node
    if isinstance(value, dict):
        if key == "emptyDir" and "sizeLimit" in value:
            return Node(
                {**value, **fields(_quantities(Node({"sizeLimit": value["sizeLimit"]}, node.span)))},
                node.span,
            )
        changed = {k: new for k, v in value.items() if (new := _tidy(v, k)) is not v}
        return Node({**value, **changed}, node.span) if changed else node
    if isinstance(value, tuple):
        new_items = [_tidy(item) for item in value]
        if any(new is not old for new, old in zip(new_items, value, strict=True)):
            return Node(tuple(new_items), node.span)
        return node
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return Node(int(value), node.span)  # JSON has one kind of number: 3.0 comes back as 3
    return node
