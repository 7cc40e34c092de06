"""What is out of the ordinary in an Experiment, part by part; of the trial's object see `trial_looks`.

Most Experiments are ordinary in most parts. One look at each says so, and spares all the rules that could only
speak of what is odd there: they name their parts in `when`. A look may call odd what is well, never the reverse. It
is a loop with an early end, not an `any` of a generator, as every document is looked at; and what it finds of a value
that many Experiments have is remembered.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from operator import itemgetter
from typing import Any, TypeAlias

from kgen.katib import settings
from kgen.katib.collectors import mounted_at, tidy
from kgen.katib.names import DNS_SUBDOMAIN, QUALIFIED_NAME
from kgen.katib.v1beta1 import API_VERSION, KIND, MOST_NAME, PLACEHOLDER_HEAD, STRATEGY_OF_TYPE
from kgen.model.spec import DISTRIBUTIONS
from kgen.model.values import mapping, text
from kgen.rules.subject import Space, Subject

Look: TypeAlias = "tuple[tuple[str, ...], Callable[[Subject], int]]"
"""The parts that it looks at, and what tells which of them are odd: the first by bit 0, the second by bit 1, ..."""

_USUAL_METADATA = frozenset(("name", "namespace", "labels"))
_PROFILE = "kubeflow-user"  # namespaces of Kubeflow's profiles, of which there is more to say
_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_METRIC = re.compile(r"[A-Za-z0-9_|-]{1,99}")  # what the default filter finds
_ENTRY = re.compile(r"[A-Za-z0-9_.-]+")
_VALUE = re.compile(r"[A-Za-z0-9_./:+-]+")  # of a list: nothing that JSON escapes or a shell takes apart
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,8})")  # numbers that every service reads
_REAL = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,15})?([eE][+-]?[0-9]{1,2})?")
_OF_LISTS = frozenset(("list", "distribution"))
_MOST_ALGORITHM = 22  # characters that a name of 40 leaves to the algorithm in the name of a Service
_NAMED, _REFERENCE = itemgetter(1), itemgetter(2)  # of a Space and of an Entry its name, of this its reference
_MOST_INT32 = 2**31 - 1
_POLICIES = ("Never", "LongRunning", "FromVolume")
_JUDGED_TOGETHER = ("cmaes", "bayesianoptimization", "multivariate-tpe")  # their settings, beside each alone
_STEERING = ("kueue.x-k8s.io/", "istio")


def _search_head(subject: Subject) -> int:
    """Whether its name is not plain, its metadata are more than usual, its namespace is special, its labels are odd.

    The head is odd of all that is no Experiment of v1beta1 with a plain name. Usual metadata are a name, a namespace
    and labels: no annotations, nothing that is the cluster's to write. A label is odd that has a domain, or what no
    label can have.
    """
    manifest, given, metadata, found = subject.manifest, subject.given, subject.metadata, 0
    name, namespace, labels = metadata.get("name"), metadata.get("namespace"), mapping(metadata.get("labels"))
    if not (
        manifest.get("apiVersion") == API_VERSION
        and manifest.get("kind") == KIND
        and isinstance(name, str)
        and len(name) <= MOST_NAME
        and len(subject.algorithm) <= _MOST_ALGORITHM
        and _NAME.fullmatch(name) is not None
        and "generateName" not in metadata
    ):
        found = _HEAD
    is_usual = given is manifest or metadata.keys() <= _USUAL_METADATA
    if "status" in given or not is_usual or not _are_usual(given.get("metadata")):
        found |= _METADATA
    if not isinstance(namespace, str) or not namespace or namespace.startswith(_PROFILE):
        found |= _NAMESPACE
    if labels and (not are_labels(labels) or "/" in "".join(labels)):
        found |= _LABELS
    return found


_HEAD, _METADATA, _NAMESPACE, _LABELS = 1, 2, 4, 8


def _are_usual(metadata: object) -> bool:
    return isinstance(metadata, dict) and metadata.keys() <= _USUAL_METADATA


def are_labels(labels: dict[str, Any]) -> bool:
    """Whether they are legal labels that steer no queue and no mesh; the one against Istio's proxy is in its place."""
    try:
        return _are_legal(tuple(labels.items()))
    except TypeError:  # a list or a mapping among the values
        return False


@lru_cache(maxsize=4096)
def _are_legal(labels: tuple[tuple[str, object], ...]) -> bool:
    for key, value in labels:
        domain, slash, name = key.rpartition("/")
        if not isinstance(value, str) or QUALIFIED_NAME.fullmatch(value) is None:
            return False
        if QUALIFIED_NAME.fullmatch(name) is None or (slash and DNS_SUBDOMAIN.fullmatch(domain) is None):
            return False
        if key.startswith(_STEERING):
            return False
    return True


def _has_odd_objective(subject: Subject) -> bool:
    """Whether the metrics and their strategies are not simply what the defaulter makes of plain names."""
    objective = mapping(subject.spec.get("objective"))
    extra = objective.get("additionalMetricNames", [])
    if not isinstance(extra, list):
        return True
    try:
        usual = _strategies(objective.get("type"), objective.get("objectiveMetricName"), *extra)
    except TypeError:  # one of them is a list or a mapping
        return True
    return objective.get("metricStrategies") != usual


@lru_cache(maxsize=256)
def _strategies(kind: object, *names: object) -> list[dict[str, object]]:
    """Give what the defaulter makes of plain names, each there once; nothing that is ever equal for others."""
    usual = STRATEGY_OF_TYPE.get(kind) if isinstance(kind, str) else None
    if usual is None or len(set(names)) < len(names):
        return [{"": ""}]
    if not all(isinstance(name, str) and _METRIC.fullmatch(name) for name in names):
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
    if not isinstance(entries, list) or not entries:
        return entries not in ({}, [])
    try:
        return not _are_taken(owner, tuple([(entry["name"], entry["value"]) for entry in entries]))
    except (TypeError, KeyError):  # no mappings, or with a list or a mapping in them
        return True


@lru_cache(maxsize=4096)
def _are_taken(owner: str, entries: tuple[tuple[object, object], ...]) -> bool:
    demands = settings.ALGORITHMS.get(owner) or settings.EARLY_STOPPING.get(owner)
    if demands is None or owner == "hyperband" or len({name for name, _ in entries}) < len(entries):
        return False
    for name, value in entries:
        if not isinstance(name, str) or not isinstance(value, str):
            return False
        setting = demands.settings.get(name)
        if setting is None or setting.never or setting.refuses(value) or setting.breaks(value):
            return False
    return True


def _has_settings_together(subject: Subject) -> bool:
    """Whether settings of an algorithm that reads them together are given."""
    return subject.algorithm in _JUDGED_TOGETHER and "algorithmSettings" in mapping(subject.spec.get("algorithm"))


def _search_space(subject: Subject) -> int:
    """Whether a parameter is no plain range of numbers in order, and no plain list; has a step; is not uniform."""
    listed, parameters = subject.spec.get("parameters"), subject.parameters
    if not isinstance(listed, list) or len(parameters) < len(listed) or not listed:
        return _ODD | _of_any(parameters)
    if len({*map(_NAMED, parameters)}) < len(listed):
        return _ODD | _of_any(parameters)
    found = 0
    try:
        for _, _, kind, space in parameters:
            if "list" not in space:
                found |= _of_range(kind, tuple(space), tuple(space.values()))
            elif type(space["list"]) is list:
                found |= _of_list(kind, tuple(space), tuple(space["list"]), space.get("distribution", _USUAL))
            else:
                return _ODD | _of_any(parameters)
    except TypeError:  # one of them is a list or a mapping
        return _ODD | _of_any(parameters)
    return found


_ODD, _STEP, _DRAWN = 1, 2, 4
_USUAL = "uniform"


def _of_any(parameters: tuple[Space, ...]) -> int:
    """Tell of parameters of any kind whether one has a step, and whether one is not drawn uniformly."""
    steps = any("step" in each.space for each in parameters)
    drawn = any(each.space.get("distribution", _USUAL) != _USUAL for each in parameters)
    return (_STEP if steps else 0) | (_DRAWN if drawn else 0)


@lru_cache(maxsize=4096)
def _of_range(kind: str, keys: tuple[str, ...], values: tuple[object, ...]) -> int:
    """Look whether numbers that every service reads lie in order, and above zero where their logarithm is taken."""
    space, form = dict(zip(keys, values, strict=True)), {"int": _WHOLE, "double": _REAL}.get(kind)
    drawn = space.get("distribution", _USUAL)
    found = (_DRAWN if drawn != _USUAL else 0) | (_STEP if "step" in space else 0)
    numbers = [space.get("min"), space.get("max"), space.get("step", "1")]
    read = [float(each) for each in numbers if isinstance(each, str) and form is not None and form.fullmatch(each)]
    if len(read) < len(numbers) or not isinstance(drawn, str) or drawn not in DISTRIBUTIONS:
        return found | _ODD
    low, high, step = read
    return found if low < high and step > 0 and (low > 0 or not drawn.startswith("log")) else found | _ODD


@lru_cache(maxsize=4096)
def _of_list(kind: str, keys: tuple[str, ...], values: tuple[object, ...], drawn: object) -> int:
    """Look whether a list has plain values, each there once, and nothing beside it."""
    form = {"discrete": _REAL, "categorical": _VALUE}.get(kind)
    found = (_DRAWN if drawn != _USUAL else 0) | (_STEP if "step" in keys else 0)
    if form is None or not values or not _OF_LISTS.issuperset(keys) or drawn not in DISTRIBUTIONS:
        return found | _ODD
    if not all(isinstance(value, str) and form.fullmatch(value) for value in values):
        return found | _ODD
    return found if len(set(values)) == len(values) else found | _ODD


def _has_odd_entries(subject: Subject) -> bool:
    """Whether the entries are not simply one for each parameter, and each in the template."""
    listed, entries, told = subject.template.get("trialParameters"), subject.entries, subject.text
    if not isinstance(listed, list) or len(entries) < len(listed) or not entries:
        return True
    if len({*map(_NAMED, entries)}) < len(entries):
        return True
    lines = [command[-1] for command in subject.commands]  # where most placeholders stand; they are short
    run = lines[0] if len(lines) == 1 else " ".join(lines)
    held = 0
    for _, name, reference in entries:
        placeholder = _placeholder(name, reference)
        there = run.count(placeholder) or told.count(placeholder) if placeholder else 0
        if not there:
            return True
        held += there  # no more than there are, as no name stands twice
    references, wanted = [*map(_REFERENCE, entries)], [*map(_NAMED, subject.parameters)]
    if references != wanted and sorted(references) != sorted(wanted):
        return True
    folded = told.lower()  # what else begins like a placeholder is misspelt, or without an entry
    if folded.count("param") == held:
        return False
    return folded.count("trialparam") != held or "trial_param" in folded


@lru_cache(maxsize=4096)
def _placeholder(name: str, reference: str) -> str:
    """Give what stands for a plain entry in the trial; "" for any other."""
    is_plain = bool(reference) and "$" not in reference and _ENTRY.fullmatch(name) is not None
    return f"{PLACEHOLDER_HEAD}{name}}}" if is_plain else ""


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
    folder, neat = _folder(subject.collector, text(place.get("path")), text(place.get("kind")))
    return neat == "/" or (bool(folder) and (neat in subject.text or (neat != folder and folder in subject.text)))


@lru_cache(maxsize=1024)
def _folder(collector: str, path: str, kind: str) -> tuple[str, str]:
    folder = mounted_at(collector, path, kind)
    return folder, tidy(folder) if folder else ""


LOOKS: tuple[Look, ...] = (
    (("head", "metadata", "namespace", "labels"), _search_head),
    (("objective",), _has_odd_objective),
    (("defaults",), _is_defaulted),
    (("counts",), _has_odd_counts),
    (("settings",), _has_odd_settings),
    (("together",), _has_settings_together),
    (("space", "steps", "drawn"), _search_space),
    (("entries",), _has_odd_entries),
    (("source",), _has_odd_source),
    (("folder",), _has_odd_folder),
)
