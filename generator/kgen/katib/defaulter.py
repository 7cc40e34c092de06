"""Katib's defaulting webhook, exactly: what it writes into an Experiment that its types have read.

Read from pkg/apis/controller/experiments/v1beta1/experiment_defaults.go at v0.19.0, and the tags of
0.17 and 0.18.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from operator import is_
from typing import Any

from kgen.katib import v1beta1 as katib
from kgen.model.node import Node, Span, fields, items, make


def complete(manifest: Node, release: str) -> Node:
    """Write what a release of Katib would write, and nothing else: not even where it is then refused.

    Of a value of the wrong type nothing is made. Each value that is added has the Span
    `Katib's default for 0.19`; what lacks nothing is given back as it is.
    Law: `complete(complete(x)) == complete(x)`, but for an Experiment whose objective is among its
    additionalMetricNames: the same strategy is added every time.
    """
    out = dict(fields(manifest))
    by = _defaulter(release)
    if "metadata" not in out:
        out["metadata"] = by.write({})
    out["spec"] = by.spec(out.get("spec") or by.write({}))
    return _changed(manifest, out)


def lacks_nothing(manifest: Mapping[str, Any], release: str) -> bool:
    """Tell from the plain data of an Experiment without flaws that `complete` leaves it alone.

    It takes a fifth of the time, and nearly every rendered Experiment is such. False may be wrong.
    """
    spec: Any = manifest.get("spec", {})
    if "metadata" not in manifest or "parallelTrialCount" not in spec or "resumePolicy" not in spec:
        return False
    if "objective" not in spec or "metricsCollectorSpec" not in spec or "trialTemplate" not in spec:
        return False
    objective, collection, template = spec["objective"], spec["metricsCollectorSpec"], spec["trialTemplate"]
    first, others = objective.get("objectiveMetricName"), objective.get("additionalMetricNames", ())
    return (
        [entry.get("name") for entry in objective.get("metricStrategies", ())] == [first, *others]
        and first not in others
        and _has_source(collection.get("source", {}), collection.get("collector", {}).get("kind"))
        and (not katib.knows_distribution(release) or _are_drawn(spec.get("parameters", ())))
        and "successCondition" in template
        and "failureCondition" in template
        and ("primaryPodLabels" in template or template.get("trialSpec", {}).get("kind") == "Job")
    )


def _has_source(source: dict[str, Any], collector: str | None) -> bool:
    if collector not in _FILLED:
        return collector is not None
    key, wanted = _FILLED[collector]
    return key in source and "port" not in source[key] and wanted.keys() <= source[key].keys()


def _are_drawn(parameters: Iterable[dict[str, Any]]) -> bool:
    for parameter in parameters:  # noqa: SIM110 - a loop, as every document is looked at
        if "distribution" not in parameter["feasibleSpace"]:
            return False
    return True


class _Defaulter:
    """The defaults of one release, with the Span that says so."""

    def __init__(self, release: str) -> None:
        self._span = Span(f"Katib's default for {release}", 0, 0)
        self._release = release
        self._draws = katib.knows_distribution(release)

    def write(self, plain: object) -> Node:
        return make(plain, self._span)

    def spec(self, node: Node) -> Node:
        if not isinstance(node.value, dict):
            return node
        out = dict(node.value)
        if "objective" in out:
            out["objective"] = self._objective(out["objective"])
        self._fill(out, {"parallelTrialCount": katib.PARALLEL_TRIAL_COUNT, "resumePolicy": katib.RESUME_POLICY})
        out["metricsCollectorSpec"] = self._collection(out.get("metricsCollectorSpec") or self.write({}))
        if "parameters" in out and self._draws:
            listed = out["parameters"]
            if isinstance(listed.value, tuple):
                drawn = tuple([self._drawn(item) for item in listed.value])
                out["parameters"] = listed if all(map(is_, drawn, listed.value)) else Node(drawn, listed.span)
        if "trialTemplate" in out:
            out["trialTemplate"] = self._template(out["trialTemplate"])
        return _changed(node, out)

    def _fill(self, out: dict[str, Node], wanted: dict[str, object]) -> None:
        for key, plain in wanted.items():
            if key not in out:
                out[key] = self.write(plain)

    def _objective(self, node: Node) -> Node:
        """Complete metricStrategies: the author's entries, the objective's, then the additional metrics'."""
        if not isinstance(node.value, dict):
            return node
        given = node.value
        strategies = given.get("metricStrategies")
        if strategies is not None and not isinstance(strategies.value, tuple):
            return node
        metric = _text(given.get("objectiveMetricName"))
        value = katib.STRATEGY_OF_TYPE.get(_text(given.get("type")), "latest")
        names = [_text(fields(entry).get("name")) for entry in items(strategies)]
        missing = [] if metric in names else [metric]
        extra = [_text(name) for name in items(given.get("additionalMetricNames"))]
        # The objective's own entry does not count for them: named here again, it is added again.
        missing.extend(name for name in extra if name == metric or name not in names)
        added = [self.write({"name": name, "value": value} if name else {"value": value}) for name in missing]
        if not added:
            return node
        both = (*items(strategies), *added)
        return Node(
            {**given, "metricStrategies": Node(both, node.span if strategies is None else strategies.span)}, node.span
        )

    def _drawn(self, parameter: Node) -> Node:
        space = fields(parameter).get("feasibleSpace")
        if "distribution" in fields(space):
            return parameter
        if not isinstance(parameter.value, dict) or (space is not None and not isinstance(space.value, dict)):
            return parameter
        drawn = {**fields(space), "distribution": self.write(katib.DISTRIBUTION)}
        place = parameter.span if space is None else space.span
        return Node({**parameter.value, "feasibleSpace": Node(drawn, place)}, parameter.span)

    def _collection(self, node: Node) -> Node:
        if not isinstance(node.value, dict):
            return node
        out = dict(node.value)
        self._fill(out, {"collector": {"kind": katib.COLLECTOR}})
        found = _FILLED.get(_text(fields(out["collector"]).get("kind")))
        if found is not None:
            source = out.get("source") or self.write({})
            out["source"] = self._source(source, *found) if isinstance(source.value, dict) else source
        return _changed(node, out)

    def _source(self, node: Node, key: str, wanted: dict[str, object]) -> Node:
        given = fields(node).get(key) or self.write({})
        if not isinstance(given.value, dict):
            return node
        if key in fields(node) and "port" not in given.value and wanted.keys() <= given.value.keys():
            return node
        filled = dict(given.value)
        if "port" in filled and filled["port"].value in (0, "0"):
            del filled["port"]
        self._fill(filled, wanted)
        return Node({**fields(node), key: Node(filled, given.span)}, node.span)

    def _template(self, node: Node) -> Node:
        kind = _text(fields(fields(node).get("trialSpec")).get("kind"))
        known = katib.trial_defaults(kind, self._release) if kind else None
        if known is None or not isinstance(node.value, dict):
            return node
        labelled = not known.labels or bool(fields(node.value.get("primaryPodLabels")))
        if labelled and "successCondition" in node.value and "failureCondition" in node.value:
            return node
        out = dict(node.value)
        success, failure = known.conditions
        self._fill(out, {"successCondition": success, "failureCondition": failure})
        if not labelled:
            out["primaryPodLabels"] = self.write(dict(known.labels))
        return Node(out, node.span)


@lru_cache(maxsize=8)
def _defaulter(release: str) -> _Defaulter:
    return _Defaulter(release)


_FILLED: dict[str, tuple[str, dict[str, object]]] = {
    "File": ("fileSystemPath", {"kind": "File", "path": katib.FILE_PATH, "format": "TEXT"}),
    "TensorFlowEvent": ("fileSystemPath", {"kind": "Directory", "path": katib.EVENT_PATH}),
    "PrometheusMetric": ("httpGet", {"path": katib.HTTP_PATH, "port": katib.HTTP_PORT}),
}


def _changed(node: Node, out: dict[str, Node]) -> Node:
    """Give the Node with these fields: itself where nothing was added, so that whoever has read it need not again."""
    given = fields(node)
    return node if len(out) == len(given) and all(map(is_, out.values(), given.values())) else Node(out, node.span)


def _text(node: Node | None) -> str:
    return node.value if node is not None and type(node.value) is str else ""
