"""What is out of the ordinary in an Experiment, part by part; of the trial's object see `trial_looks`.

Most Experiments are ordinary in most parts. One look at each says so, and spares all the rules that could only
speak of what is odd there: they name their parts in `when`. A look may call odd what is well, never the reverse. It
is a loop with an early end, not an `any` of a generator, as every document is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeAlias

from kgen.katib import settings
from kgen.katib.collectors import mounted_at, tidy
from kgen.katib.names import DNS_SUBDOMAIN, QUALIFIED_NAME
from kgen.katib.v1beta1 import API_VERSION, KIND, MOST_NAME, PLACEHOLDER_HEAD, STRATEGY_OF_TYPE
from kgen.model.spec import DISTRIBUTIONS
from kgen.model.values import mapping
from kgen.rules.subject import Subject

Look: TypeAlias = "tuple[str, Callable[[Subject], bool]]"

_USUAL_METADATA = frozenset(("name", "namespace", "labels"))
_PROFILE = "kubeflow-user"  # namespaces of Kubeflow's profiles, of which there is more to say
_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_METRIC = re.compile(r"[A-Za-z0-9_|-]{1,99}")  # what the default filter finds
_ENTRY = re.compile(r"[A-Za-z0-9_.-]+")
_VALUE = re.compile(r"[A-Za-z0-9_./:+-]+")  # of a list: nothing that JSON escapes or a shell takes apart
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,8})")  # numbers that every service reads
_REAL = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,15})?([eE][+-]?[0-9]{1,2})?")
_MOST_ALGORITHM = 22  # characters that a name of 40 leaves to the algorithm in the name of a Service
_MOST_INT32 = 2**31 - 1
_POLICIES = ("Never", "LongRunning", "FromVolume")
_JUDGED_TOGETHER = ("cmaes", "bayesianoptimization", "multivariate-tpe")  # their settings, beside each alone
_STEERING = ("kueue.x-k8s.io/", "istio")


def _has_odd_head(subject: Subject) -> bool:
    """Whether it is no Experiment of v1beta1 with a plain name."""
    manifest, metadata = subject.manifest, mapping(subject.manifest.get("metadata"))
    name = metadata.get("name")
    return (
        manifest.get("apiVersion") != API_VERSION
        or manifest.get("kind") != KIND
        or not isinstance(name, str)
        or len(name) > MOST_NAME
        or len(subject.algorithm) > _MOST_ALGORITHM
        or _NAME.fullmatch(name) is None
        or "generateName" in metadata
    )


def _has_odd_metadata(subject: Subject) -> bool:
    """Whether more is written than a name, a namespace and labels: annotations, or what is the cluster's to write."""
    metadata = subject.given.get("metadata")
    return (
        not isinstance(metadata, dict)
        or not metadata.keys() <= _USUAL_METADATA
        or "status" in subject.given
        or not mapping(subject.manifest.get("metadata")).keys() <= _USUAL_METADATA
    )


def _has_odd_namespace(subject: Subject) -> bool:
    namespace = mapping(subject.manifest.get("metadata")).get("namespace")
    return not isinstance(namespace, str) or not namespace or namespace.startswith(_PROFILE)


def _has_odd_labels(subject: Subject) -> bool:
    """Whether a label of the Experiment has a domain, or what no label can have."""
    labels = mapping(mapping(subject.manifest.get("metadata")).get("labels"))
    for key, value in labels.items():  # noqa: SIM110 - see above
        if "/" in key or not is_label(key, value):
            return True
    return False


def is_label(key: str, value: object) -> bool:
    return isinstance(value, str) and _is_legal(key, value)


@lru_cache(maxsize=4096)
def _is_legal(key: str, value: str) -> bool:
    """Whether it is a legal label that steers no queue and no mesh; the one against Istio's proxy is in its place."""
    domain, slash, name = key.rpartition("/")
    return (
        QUALIFIED_NAME.fullmatch(name) is not None
        and QUALIFIED_NAME.fullmatch(value) is not None
        and (not slash or DNS_SUBDOMAIN.fullmatch(domain) is not None)
        and not key.startswith(_STEERING)
    )


def _has_odd_objective(subject: Subject) -> bool:
    """Whether the metrics and their strategies are not simply what the defaulter makes of plain names."""
    objective = mapping(subject.spec.get("objective"))
    kind, extra = objective.get("type"), objective.get("additionalMetricNames", [])
    names = [objective.get("objectiveMetricName"), *(extra if isinstance(extra, list) else (None,))]
    for name in names:
        if not isinstance(name, str):
            return True
    return not isinstance(kind, str) or objective.get("metricStrategies") != _strategies(kind, tuple(names))


@lru_cache(maxsize=256)
def _strategies(kind: str, names: tuple[str, ...]) -> list[dict[str, str]]:
    """Give what the defaulter makes of plain names, each there once; nothing that is ever equal for others."""
    usual = STRATEGY_OF_TYPE.get(kind)
    if usual is None or len(set(names)) < len(names) or not all(map(_METRIC.fullmatch, names)):
        return [{"": ""}]
    return [{"name": name, "value": usual} for name in names]


def _is_defaulted(subject: Subject) -> bool:
    """Whether the defaulter adds to a list, which a manifest in Git then lacks."""
    if subject.given is subject.manifest:
        return False
    given = mapping(subject.given.get("spec"))
    return any(given.get(key) != subject.spec.get(key) for key in ("objective", "parameters"))


def _has_odd_counts(subject: Subject) -> bool:
    spec = subject.spec
    most, parallel, failed = (
        spec.get("maxTrialCount"),
        spec.get("parallelTrialCount"),
        spec.get("maxFailedTrialCount", 0),
    )
    if type(most) is not int or type(parallel) is not int or type(failed) is not int:
        return True
    return (
        not (1 <= parallel <= most <= _MOST_INT32 and 0 <= failed <= most) or spec.get("resumePolicy") not in _POLICIES
    )


def _has_odd_settings(subject: Subject) -> bool:
    """Whether a setting is not one that its algorithm knows, given once, with a value that it takes."""
    stopping = mapping(subject.spec.get("earlyStopping"))
    if _are_odd(subject.algorithm, mapping(subject.spec.get("algorithm"))):
        return True
    return bool(stopping) and _are_odd(str(stopping.get("algorithmName")), stopping)


def _are_odd(owner: str, block: dict[str, Any]) -> bool:
    entries = block.get("algorithmSettings", {})
    if not entries and isinstance(entries, (dict, list)):
        return False
    seen: set[str] = set()
    for entry in entries if isinstance(entries, list) and owner != "hyperband" else (None,):
        name, value = (entry.get("name"), entry.get("value")) if isinstance(entry, dict) else (None, None)
        if not isinstance(name, str) or not isinstance(value, str) or name in seen or not _is_taken(owner, name, value):
            return True
        seen.add(name)
    return False


@lru_cache(maxsize=4096)
def _is_taken(owner: str, name: str, value: str) -> bool:
    demands = settings.ALGORITHMS.get(owner) or settings.EARLY_STOPPING.get(owner)
    setting = demands.settings.get(name) if demands is not None else None
    return setting is not None and not setting.never and not setting.refuses(value) and not setting.breaks(value)


def _has_settings_together(subject: Subject) -> bool:
    """Whether settings of an algorithm that reads them together are given."""
    return subject.algorithm in _JUDGED_TOGETHER and "algorithmSettings" in mapping(subject.spec.get("algorithm"))


def _has_odd_space(subject: Subject) -> bool:
    """Whether a parameter is no plain range of numbers in order, and no plain list."""
    listed = subject.spec.get("parameters")
    if not isinstance(listed, list) or len(subject.parameters) < len(listed) or not listed:
        return True
    if len({parameter.name for parameter in subject.parameters}) < len(listed):
        return True
    for _, _, kind, space in subject.parameters:
        if not (_is_plain_range(kind, space) if "min" in space else _is_plain_list(kind, space)):
            return True
    return False


def _is_plain_range(kind: str, space: dict[str, Any]) -> bool:
    if "list" in space:
        return False
    low, high, step, drawn = (
        space["min"],
        space.get("max"),
        space.get("step", "1"),
        space.get("distribution", "uniform"),
    )
    try:
        return _is_in_order(kind, low, high, step, drawn)
    except TypeError:  # one of them is no text
        return False


@lru_cache(maxsize=4096)
def _is_in_order(kind: str, low: str, high: str, step: str, drawn: str) -> bool:
    """Whether numbers that every service reads lie in order, and above zero where their logarithm is taken."""
    form = {"int": _WHOLE, "double": _REAL}.get(kind)
    if form is None or drawn not in DISTRIBUTIONS or not all(map(form.fullmatch, (low, high, step))):
        return False
    return float(low) < float(high) and float(step) > 0 and (float(low) > 0 or not drawn.startswith("log"))


def _is_plain_list(kind: str, space: dict[str, Any]) -> bool:
    """Whether a list has plain values, each there once."""
    values, form = space.get("list"), {"discrete": _REAL, "categorical": _VALUE}.get(kind)
    if form is None or not isinstance(values, list) or not values or not space.keys() <= {"list", "distribution"}:
        return False
    if space.get("distribution", "uniform") not in DISTRIBUTIONS:
        return False
    for value in values:
        if not isinstance(value, str) or form.fullmatch(value) is None:
            return False
    return len(set(values)) == len(values)


def _has_steps(subject: Subject) -> bool:
    for parameter in subject.parameters:  # noqa: SIM110 - see above
        if "step" in parameter.space:
            return True
    return False


def _is_drawn(subject: Subject) -> bool:
    """Whether a parameter is drawn in any way but uniformly."""
    for parameter in subject.parameters:  # noqa: SIM110 - see above
        if parameter.space.get("distribution", "uniform") != "uniform":
            return True
    return False


def _has_odd_entries(subject: Subject) -> bool:
    """Whether the entries are not simply one for each parameter, and each in the template."""
    listed, names = subject.template.get("trialParameters"), [entry.name for entry in subject.entries]
    if not isinstance(listed, list) or len(names) < len(listed) or not names:
        return True
    references, wanted = [entry.reference for entry in subject.entries], [p.name for p in subject.parameters]
    if references != wanted and sorted(references) != sorted(wanted):
        return True
    for _, name, reference in subject.entries:
        if not _is_plain_entry(name, reference):
            return True
    text = subject.text
    held = [piece.partition("}")[0] for piece in text.split(PLACEHOLDER_HEAD)[1:]]
    if len(set(names)) < len(names) or set(held) != set(names):
        return True
    folded = text.lower()  # what else begins like a placeholder is misspelt
    if folded.count("param") == len(held):
        return False
    return folded.count("trialparam") != len(held) or "trial_param" in folded


@lru_cache(maxsize=4096)
def _is_plain_entry(name: str, reference: str) -> bool:
    return bool(reference) and "$" not in reference and _ENTRY.fullmatch(name) is not None


def _has_odd_source(subject: Subject) -> bool:
    """Whether the collector is none of the usual ones with its own source and no filter."""
    given = mapping(subject.spec.get("metricsCollectorSpec"))
    source, collector = given.get("source", {}), given.get("collector")
    if not isinstance(source, dict) or not isinstance(collector, dict) or len(collector) != 1:
        return True
    if subject.collector == "StdOut":
        return bool(source)
    if subject.collector not in _PLACES or source.keys() != {"fileSystemPath"}:
        return True
    place = mapping(source["fileSystemPath"])
    kind, formats = _PLACES[subject.collector]
    path = place.get("path")
    return (
        place.get("kind") != kind
        or place.get("format") not in formats
        or (not isinstance(path, str) or not path.startswith("/"))
    )


_PLACES: dict[str, tuple[str, tuple[str | None, ...]]] = {
    "File": ("File", ("TEXT", "JSON")),
    "TensorFlowEvent": ("Directory", (None,)),
}


def _has_odd_folder(subject: Subject) -> bool:
    """Whether the trial speaks of the folder over which Katib mounts a volume, or that is the root."""
    place = mapping(mapping(mapping(subject.spec.get("metricsCollectorSpec")).get("source")).get("fileSystemPath"))
    path, kind = place.get("path"), place.get("kind")
    folder = mounted_at(subject.collector, path if isinstance(path, str) else "", kind if isinstance(kind, str) else "")
    if not folder:
        return False
    neat = tidy(folder)
    return neat == "/" or neat in subject.text or folder in subject.text


LOOKS: tuple[Look, ...] = (
    ("head", _has_odd_head),
    ("metadata", _has_odd_metadata),
    ("namespace", _has_odd_namespace),
    ("labels", _has_odd_labels),
    ("objective", _has_odd_objective),
    ("defaults", _is_defaulted),
    ("counts", _has_odd_counts),
    ("settings", _has_odd_settings),
    ("together", _has_settings_together),
    ("space", _has_odd_space),
    ("steps", _has_steps),
    ("drawn", _is_drawn),
    ("entries", _has_odd_entries),
    ("source", _has_odd_source),
    ("folder", _has_odd_folder),
)
