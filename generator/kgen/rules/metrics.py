"""KG60x: the metrics collector and its source, as the webhook holds them against one another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kgen.katib import collectors as katib
from kgen.model.diagnostic import Edit, EditKind, Effect, Finding
from kgen.model.node import FieldPath
from kgen.model.values import mapping, text
from kgen.model.words import nearest
from kgen.rules.reading import mend
from kgen.rules.rule import rule
from kgen.rules.subject import Subject
from kgen.rules.traits import odd_in

VALIDATOR = "katib pkg/webhook/v1beta1/experiment/validator/validator.go"
_SPEC = ("spec", "metricsCollectorSpec")
_KIND = (*_SPEC, "collector", "kind")
_PATH = (*_SPEC, "source", "fileSystemPath")
_FILTER = (*_SPEC, "source", "filter")
_TWINS = {"None": "Push", "Push": "None"}  # one collector under two names


def _source(subject: Subject) -> dict[str, Any]:
    return mapping(mapping(subject.spec.get("metricsCollectorSpec")).get("source"))


@rule("KG601", Effect.REJECTED, VALIDATOR, when=odd_in("source"))
def collector_is_known(subject: Subject) -> Iterator[Finding]:
    """The collector is StdOut, File, TensorFlowEvent, Custom or Push.

    The webhook refuses any other. PrometheusMetric is in Katib's API, but no such collector comes
    with it. Until 0.17 Push was called None.

    Bad:  `metrics: PrometheusMetric`
    Good: `metrics: StdOut`
    """
    kind, legal = subject.collector, (*katib.kinds(subject.target.katib), *subject.target.registered)
    if kind in legal or subject.spec.get("metricsCollectorSpec") is None:
        return
    known = ", ".join(f"`{name}`" for name in legal)
    close = _TWINS.get(kind) or nearest(kind, legal) if kind and kind != "PrometheusMetric" else None
    sure = close in legal and (close == _TWINS.get(kind) or close.lower() == kind.lower())
    release = subject.target.katib
    where = mend(subject, "`metrics`", "`metricsCollectorSpec.collector.kind`")
    yield Finding(
        path=_KIND,
        message="Katib brings no PrometheusMetric collector"
        if kind == "PrometheusMetric"
        else f"Katib {release} has no metrics collector `{kind}`"
        if kind
        else "metricsCollectorSpec.collector has no kind",
        help=f"write `{close}` in {where}; Katib {release} knows {known}"
        if close
        else f"write one of {known} in {where}",
        fix=_set(_KIND, close) if close and sure else (),
    )


@rule("KG602", Effect.REJECTED, VALIDATOR, when=odd_in("source"))
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
        words = mend(subject, f"set `metrics.kind: {legal[0]}`", f"set `fileSystemPath.kind: {legal[0]}`")
        sure = kind != "Custom"
        yield Finding((*_PATH, "kind"), message, words, fix=_set((*_PATH, "kind"), legal[0]) if sure else ())


@rule("KG603", Effect.REJECTED, VALIDATOR, when=odd_in("source"))
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
        upper = text(given).upper()
        yield Finding(
            path,
            f"format of collector File is `{given}`",
            mend(subject, "set `metrics.format` to TEXT or JSON", "set `fileSystemPath.format` to TEXT or JSON"),
            fix=_set(path, upper) if upper in ("TEXT", "JSON") else (),
        )
    elif kind == "TensorFlowEvent" and given:
        message = f"collector TensorFlowEvent has format {given}, and reads event files only"
        words = mend(subject, "remove `metrics.format`", "remove `fileSystemPath.format`")
        yield Finding(path, message, words, fix=(Edit(EditKind.REMOVE, path),))


@rule("KG604", Effect.REJECTED, VALIDATOR, when=odd_in("source"))
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
            help=mend(
                subject,
                "remove `metrics.filter`, or set `metrics.format: TEXT`",
                "remove `source.filter`, or set `fileSystemPath.format: TEXT`",
            ),
        )


@rule("KG605", Effect.REJECTED, VALIDATOR, when=odd_in("source"))
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
                help=mend(
                    subject,
                    "describe the container in `metrics.container`",
                    "describe the container in `collector.customCollector`",
                ),
            )


def _set(path: FieldPath, value: str) -> tuple[Edit, ...]:
    return (Edit(EditKind.SET, path, value),)


RULES = (
    collector_is_known,
    path_is_absolute,
    format_fits_collector,
    json_has_no_filter,
    custom_has_container,
)
