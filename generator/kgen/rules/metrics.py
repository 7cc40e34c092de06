"""KG6xx: how metrics leave a trial."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kgen.katib import collectors as katib
from kgen.model.diagnostic import Effect, Finding, Severity
from kgen.model.node import FieldPath
from kgen.model.words import nearest
from kgen.rules.reading import listed, mapping, text
from kgen.rules.rule import rule
from kgen.rules.subject import Subject

_VALIDATOR = "katib pkg/webhook/v1beta1/experiment/validator/validator.go"
_FILE_COLLECTOR = "katib pkg/metricscollector/v1beta1/file-metricscollector"
_SPEC = ("spec", "metricsCollectorSpec")
_KIND = (*_SPEC, "collector", "kind")
_PATH = (*_SPEC, "source", "fileSystemPath")
_FILTER = (*_SPEC, "source", "filter")
_FORMATS = (*_FILTER, "metricsFormat")
_UNTESTED = ("StdOut", "Push", "None")  # the webhook returns before it looks at their filters


def _source(subject: Subject) -> dict[str, Any]:
    return mapping(mapping(subject.spec.get("metricsCollectorSpec")).get("source"))


def _filters(subject: Subject) -> list[Any]:
    return listed(mapping(_source(subject).get("filter")).get("metricsFormat"))


@rule("KG601", Effect.REJECTED, _VALIDATOR)
def collector_is_known(subject: Subject) -> Iterator[Finding]:
    """The collector is StdOut, File, TensorFlowEvent, Custom or Push.

    The webhook refuses any other. PrometheusMetric is in Katib's API, but no such collector comes
    with it. Until 0.17 Push was called None.

    Bad:  `metrics: PrometheusMetric`
    Good: `metrics: StdOut`
    """
    kind, legal = subject.collector, (*katib.kinds(subject.target.katib), *subject.target.registered)
    if kind not in legal and subject.spec.get("metricsCollectorSpec") is not None:
        known = ", ".join(f"`{name}`" for name in legal)
        close = None if kind == "PrometheusMetric" else nearest(kind, legal)
        yield Finding(
            path=_KIND,
            message="Katib brings no PrometheusMetric collector"
            if kind == "PrometheusMetric"
            else f"Katib {subject.target.katib} has no metrics collector `{kind}`",
            help=f"did you mean `{close}`? It must be one of {known}"
            if close
            else f"write one of {known} in `metrics`",
        )


@rule("KG602", Effect.REJECTED, _VALIDATOR)
def path_is_absolute(subject: Subject) -> Iterator[Finding]:
    """The path of a File, TensorFlowEvent or Custom collector is absolute, and of the right kind.

    File wants a file, TensorFlowEvent a directory, Custom either; the webhook refuses the rest.

    Bad:  `metrics: {collector: File, path: logs/metrics.log}`
    Good: `metrics: {collector: File, path: /logs/metrics.log}`
    """
    kind, place = subject.collector, _source(subject).get("fileSystemPath")
    legal = {"File": ("File",), "TensorFlowEvent": ("Directory",), "Custom": ("File", "Directory")}.get(kind)
    if legal is None or (kind == "Custom" and place is None):
        return
    path, own = mapping(place).get("path"), mapping(place).get("kind")
    if not text(path).startswith("/"):
        message = f"the path of collector {kind} is `{path}`, and not absolute"
        yield Finding((*_PATH, "path"), message, "write it from the root, as /var/log/katib/metrics.log")
    if own not in legal:
        message = f"fileSystemPath.kind of collector {kind} is `{own}`: it must be {' or '.join(legal)}"
        yield Finding((*_PATH, "kind"), message, f"set `metrics.kind: {legal[0]}`")


@rule("KG603", Effect.REJECTED, _VALIDATOR)
def format_fits_collector(subject: Subject) -> Iterator[Finding]:
    """A File has format TEXT or JSON, and a TensorFlowEvent none.

    The webhook refuses anything else.

    Bad:  `metrics: {collector: File, path: /logs/metrics.json, format: json}`
    Good: `metrics: {collector: File, path: /logs/metrics.json, format: JSON}`
    """
    kind = subject.collector
    if kind not in ("File", "TensorFlowEvent"):
        return
    given = mapping(_source(subject).get("fileSystemPath")).get("format")
    path = (*_PATH, "format")
    if kind == "File" and given not in ("TEXT", "JSON"):
        yield Finding(path, f"format of collector File is `{given}`", "set `metrics.format` to TEXT or JSON")
    elif kind == "TensorFlowEvent" and given:
        message = f"collector TensorFlowEvent has format {given}, and reads event files only"
        yield Finding(path, message, "remove `metrics.format`")


@rule("KG604", Effect.REJECTED, _VALIDATOR)
def json_has_no_filter(subject: Subject) -> Iterator[Finding]:
    """A File with format JSON has no filter.

    The webhook refuses it: the metrics are keys of a JSON object.

    Bad:  `metrics: {collector: File, path: /logs/m.json, format: JSON, filter: ['(\\w+)=(.*)']}`
    Good: `metrics: {collector: File, path: /logs/m.json, format: JSON}`
    """
    source = _source(subject)
    form = mapping(source.get("fileSystemPath")).get("format")
    if subject.collector == "File" and form == "JSON" and source.get("filter") is not None:
        yield Finding(
            path=_FILTER,
            related=((*_PATH, "format"),),
            message="a filter is given for format JSON, which has none",
            help="remove `metrics.filter`, or set `metrics.format: TEXT`",
        )


@rule("KG605", Effect.REJECTED, _VALIDATOR)
def custom_has_container(subject: Subject) -> Iterator[Finding]:
    """A Custom collector has its container.

    The webhook refuses it without one.

    Bad:  `metrics: Custom`
    Good: `metrics: {collector: Custom, container: {name: collector, image: …}}`
    """
    if subject.collector == "Custom":
        given = mapping(mapping(subject.spec.get("metricsCollectorSpec")).get("collector"))
        if given.get("customCollector") is None:
            yield Finding(
                path=(*_SPEC, "collector", "customCollector"),
                related=(_KIND,),
                message="collector Custom has no customCollector, the container that collects",
                help="describe the container in `metrics.container`",
            )


@rule("KG606", Effect.REJECTED, _VALIDATOR)
def filter_shows_two_groups(subject: Subject) -> Iterator[Finding]:
    """A filter has two groups side by side, for the name and the value.

    The webhook tests the text, not the groups: it wants two pairs of round brackets one after the
    other on one line, and refuses two that are nested. It does not look at the filters of StdOut.

    Bad:  `filter: ['accuracy=([0-9.]+)']`
    Good: `filter: ['(accuracy)=([0-9.]+)']`
    """
    if subject.collector in _UNTESTED:
        return
    for index, item in enumerate(_filters(subject)):
        if katib.TWO_GROUPS.search(text(item)) is None:
            yield _no_groups(index, item)


def _no_groups(index: int, item: object) -> Finding:
    return Finding(
        path=(*_FORMATS, index),
        message=f"filter `{item}` has not two groups side by side, for name and value",
        help=r"write one such as '([\w|-]+)\s*=\s*([+-]?\d*(\.\d+)?([Ee][+-]?\d+)?)'",
    )


@rule("KG607", Effect.NO_METRICS, _FILE_COLLECTOR)
def filter_has_two_groups(subject: Subject) -> Iterator[Finding]:
    """A filter of StdOut has two groups, for the name and the value.

    The webhook does not look at it, and the collector takes nothing from a filter with fewer.

    Bad:  `metrics: {collector: StdOut, filter: ['accuracy=([0-9.]+)']}`
    Good: `metrics: {collector: StdOut, filter: ['(accuracy)=([0-9.]+)']}`
    """
    if subject.collector == "StdOut":
        for index, item in enumerate(_filters(subject)):
            if katib.groups(text(item)) < 2:
                yield _no_groups(index, item)


def _foreign(subject: Subject) -> Iterator[Finding]:
    for index, item in enumerate(_filters(subject)):
        what = katib.foreign(text(item))
        if what is not None:
            yield Finding(
                path=(*_FORMATS, index),
                message=f"filter `{item}` holds {what}, which Go's regular expressions (RE2) do not have",
                help="write the filter without it; two groups for name and value are enough",
            )


@rule("KG608", Effect.REJECTED, _VALIDATOR)
def filter_is_re2(subject: Subject) -> Iterator[Finding]:
    """A filter holds nothing that Go's regular expressions do not know.

    They have no look-around, back-references, possessive quantifiers or atomic groups, and repeat at
    most 1000 times; the webhook refuses them.

    Bad:  `filter: ['(?<=epoch )(\\w+)=(.*)']`
    Good: `filter: ['epoch (\\w+)=(.*)']`
    """
    if subject.collector not in _UNTESTED:
        yield from _foreign(subject)


@rule("KG609", Effect.NO_METRICS, _FILE_COLLECTOR)
def stdout_filter_is_re2(subject: Subject) -> Iterator[Finding]:
    """A filter of StdOut holds nothing that Go's regular expressions do not know.

    The webhook does not look at it, and the collector ends with an error in every trial.

    Bad:  `metrics: {collector: StdOut, filter: ['(?<=epoch )(\\w+)=(.*)']}`
    Good: `metrics: {collector: StdOut, filter: ['epoch (\\w+)=(.*)']}`
    """
    if subject.collector == "StdOut":
        yield from _foreign(subject)


@rule("KG610", Effect.NO_METRICS, _FILE_COLLECTOR, Severity.WARNING)
def default_filter_finds_names(subject: Subject) -> Iterator[Finding]:
    """Metric names hold only what the default filter can find: letters, digits, _, - and |.

    It takes the longest such word before `=`: of `train/loss=0.3` it records a metric `loss`, and
    `train/loss` never arrives.

    Bad:  `objective: {minimize: train/loss}` with `metrics: StdOut`
    Good: `objective: {minimize: train_loss}` with `metrics: StdOut`
    """
    kind = subject.collector
    if kind not in ("StdOut", "File"):
        return
    source = _source(subject)
    if _filters(subject) or (kind == "File" and mapping(source.get("fileSystemPath")).get("format") != "TEXT"):
        return
    for path, name in _metrics(subject):
        if katib.DEFAULT_NAME.fullmatch(name) is None:
            yield Finding(
                path=path,
                message=f"the default filter never finds a metric named `{name}`",
                help="choose a name of letters, digits, _ and -, or write a `metrics.filter` that finds it",
            )


def _metrics(subject: Subject) -> Iterator[tuple[FieldPath, str]]:
    objective = mapping(subject.spec.get("objective"))
    name = text(objective.get("objectiveMetricName"))
    if name:
        yield ("spec", "objective", "objectiveMetricName"), name
    for index, extra in enumerate(listed(objective.get("additionalMetricNames"))):
        if isinstance(extra, str):
            yield ("spec", "objective", "additionalMetricNames", index), extra


RULES = (
    collector_is_known,
    path_is_absolute,
    format_fits_collector,
    json_has_no_filter,
    custom_has_container,
    filter_shows_two_groups,
    filter_has_two_groups,
    filter_is_re2,
    stdout_filter_is_re2,
    default_filter_finds_names,
)
