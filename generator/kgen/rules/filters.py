"""KG61x: what the filters of a collector read from the lines that a trial could print."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kgen.katib import collectors as katib
from kgen.model.diagnostic import Effect, Finding, Severity
from kgen.model.node import FieldPath
from kgen.model.values import listed, mapping, text
from kgen.rules.metrics import VALIDATOR
from kgen.rules.reading import mend
from kgen.rules.rule import rule
from kgen.rules.subject import Subject
from kgen.rules.traits import odd_in

FILE_COLLECTOR = "katib pkg/metricscollector/v1beta1/file-metricscollector"
_SOURCE = ("spec", "metricsCollectorSpec", "source")
_FORMATS = (*_SOURCE, "filter", "metricsFormat")
_OBJECTIVE = ("spec", "objective")
_UNTESTED = ("StdOut", "Push", "None")  # the webhook returns before it looks at their filters
MOST = 50  # filters and names that are looked at closely; nobody writes more, and a hostile file could


def _source(subject: Subject) -> dict[str, Any]:
    return mapping(mapping(subject.spec.get("metricsCollectorSpec")).get("source"))


def _written(subject: Subject) -> list[Any]:
    return listed(mapping(_source(subject).get("filter")).get("metricsFormat"))


def _used(subject: Subject) -> list[str]:
    """Give the filters that a collector reads a log with, as they are written; none for JSON and other collectors."""
    source = _source(subject)
    if "filter" not in source or subject.collector not in katib.LOGS:
        return []
    if subject.collector == "File" and mapping(source.get("fileSystemPath")).get("format") != "TEXT":
        return []
    return [text(item) for item in _written(subject)[:MOST]]


def _given(written: list[str]) -> bool:
    """Whether the collector gets any filter: one empty text counts as none."""
    return len(written) > 1 or any(written)


def metrics_of(subject: Subject) -> Iterator[tuple[FieldPath, str]]:
    """Yield the names of the metrics and where they stand: the objective's first."""
    objective = mapping(subject.spec.get("objective"))
    name = text(objective.get("objectiveMetricName"))
    if name:
        yield (*_OBJECTIVE, "objectiveMetricName"), name
    for index, extra in enumerate(listed(objective.get("additionalMetricNames"))[:MOST]):
        if isinstance(extra, str):
            yield (*_OBJECTIVE, "additionalMetricNames", index), extra


@rule("KG606", Effect.REJECTED, VALIDATOR, when=odd_in("source"))
def filter_shows_two_groups(subject: Subject) -> Iterator[Finding]:
    """A filter has two groups side by side, for the name and the value.

    The webhook tests the text, not the groups: it wants two pairs of round brackets one after the
    other on one line, and refuses two that are nested. It does not look at the filters of StdOut.

    Bad:  `filter: ['accuracy=([0-9.]+)']`
    Good: `filter: ['(accuracy)=([0-9.]+)']`
    """
    if subject.collector in _UNTESTED:
        return
    for index, item in enumerate(_written(subject)):
        if katib.TWO_GROUPS.search(text(item)) is None:
            from kgen.katib import filters  # noqa: PLC0415 - only an error pays for it

            if index >= MOST or filters.problem(text(item)) is None:  # else KG608 says it, as the webhook does
                yield _no_groups(index, item)


def _no_groups(index: int, item: object) -> Finding:
    return Finding(
        path=(*_FORMATS, index),
        message=f"filter `{item}` has not two groups side by side, for name and value",
        help=rf"write one such as '{katib.DEFAULT_FILTER}'",
    )


@rule("KG607", Effect.NO_METRICS, FILE_COLLECTOR, when=odd_in("source"))
def filter_has_two_groups(subject: Subject) -> Iterator[Finding]:
    """A filter has two groups that capture, for the name and the value.

    The collector takes nothing from a filter with fewer. The webhook does not look at those of StdOut,
    and lets escaped brackets pass for groups; only where no filter has two does no metric arrive.

    Bad:  `metrics: {collector: StdOut, filter: ['accuracy=([0-9.]+)']}`
    Good: `metrics: {collector: StdOut, filter: ['(accuracy)=([0-9.]+)']}`
    """
    written = _used(subject)
    if not _given(written) or len(_written(subject)) > MOST:
        return
    from kgen.katib import filters  # noqa: PLC0415 - only a filter pays for it

    if any((filters.groups(part) or 0) > 1 for part in katib.filter_list(written)):
        return
    for index, item in enumerate(written):
        seen = katib.TWO_GROUPS.search(item) is not None or subject.collector == "StdOut"
        count = filters.groups(item)
        if seen and count is not None and count < 2:  # else the webhook says it, or that it does not compile
            yield _no_groups(index, item)


@rule("KG608", Effect.REJECTED, VALIDATOR, when=odd_in("source"))
def filter_is_re2(subject: Subject) -> Iterator[Finding]:
    """A filter is a regular expression of Go's.

    They have no look-around, back-references, possessive quantifiers or atomic groups, and repeat at
    most 1000 times; the webhook refuses them.

    Bad:  `filter: ['(?<=epoch )(\\w+)=(.*)']`
    Good: `filter: ['epoch (\\w+)=(.*)']`
    """
    if subject.collector not in _UNTESTED:
        yield from _foreign(_written(subject))


@rule("KG609", Effect.NO_METRICS, FILE_COLLECTOR, when=odd_in("source"))
def stdout_filter_is_re2(subject: Subject) -> Iterator[Finding]:
    """A filter of StdOut is a regular expression of Go's.

    The webhook does not look at it, and the collector ends with an error in every trial.

    Bad:  `metrics: {collector: StdOut, filter: ['(?<=epoch )(\\w+)=(.*)']}`
    Good: `metrics: {collector: StdOut, filter: ['epoch (\\w+)=(.*)']}`
    """
    if subject.collector == "StdOut":
        yield from _foreign(_written(subject))


def _foreign(written: list[Any]) -> Iterator[Finding]:
    if not written:
        return
    from kgen.katib import filters  # noqa: PLC0415 - only a filter pays for it

    for index, item in enumerate(written):
        what = filters.problem(text(item)) if index < MOST else None
        if what is not None:
            yield Finding(
                path=(*_FORMATS, index),
                message=f"filter `{item}` {what}",
                help="write the filter without it; two groups for name and value are enough"
                if what.startswith("holds")
                else f"mend the expression; one such as '{katib.DEFAULT_FILTER}' compiles",
            )


@rule("KG610", Effect.NO_METRICS, FILE_COLLECTOR, Severity.WARNING, when=odd_in("objective", "source"))
def additional_metrics_arrive(subject: Subject) -> Iterator[Finding]:
    """Names of additional metrics are such that a collector can find and store them.

    The default filter takes the longest word of letters, digits, _, - and | before `=`: of
    `train/loss=0.3` it records a metric `loss`, and `train/loss` never arrives. The first group of a
    filter has to match the whole name. A name is split at `;`, and the database holds 255 characters.

    Bad:  `objective: {minimize: loss, additional: [train/loss]}` with `metrics: StdOut`
    Good: `objective: {minimize: loss, additional: [train_loss]}` with `metrics: StdOut`
    """
    for path, name in metrics_of(subject):
        if path[-1] != "objectiveMetricName":
            yield from _lost(subject, path, name)


@rule("KG611", Effect.NO_METRICS, FILE_COLLECTOR, when=odd_in("objective", "source"))
def objective_arrives(subject: Subject) -> Iterator[Finding]:
    """The objective's name is such that a collector can find and store it.

    The default filter takes the longest word of letters, digits, _, - and | before `=`: of
    `val/acc=0.9` it records a metric `acc`. The first group of a filter has to match the whole name. A
    name is split at `;`, and the database holds 255 characters. Else every trial ends without its metric.

    Bad:  `objective: {maximize: val/acc}` with `metrics: StdOut`
    Good: `objective: {maximize: val/acc}` with `metrics: {collector: StdOut, filter: ['([\\w/]+)=(\\S+)']}`
    """
    for path, name in metrics_of(subject):
        if path[-1] == "objectiveMetricName":
            yield from _lost(subject, path, name)


def _lost(subject: Subject, path: FieldPath, name: str) -> Iterator[Finding]:
    """Say why no line can give a metric."""
    kind = subject.collector
    if kind in katib.STOCK and ";" in name:
        message = f"the collector splits the metric name `{name}` at `;`, and never finds it"
        yield Finding(path, message, "choose a name without `;`")
        return
    if len(name) > katib.MOST_NAME and kind != "Custom":
        message = (
            f"the metric name `{name[:40]}...` has {len(name)} characters: Katib's database holds {katib.MOST_NAME}"
        )
        yield Finding(path, message, "choose a shorter name")
        return
    if kind not in katib.LOGS or len(_written(subject)) > MOST:
        return
    written = _used(subject)
    if not _given(written):
        if katib.DEFAULT_NAME.fullmatch(name) is None and (kind == "StdOut" or _is_text(subject)):
            yield _never_found(subject, path, name)
        return
    from kgen.katib import filters, samples  # noqa: PLC0415 - only a filter pays for it

    parts = katib.filter_list(written)
    if not any((filters.groups(part) or 0) > 1 for part in parts):
        return  # KG607
    if all(samples.can_name(part, name) is False for part in parts):
        where = f"the first group of `{parts[0]}`" if len(parts) == 1 else "the first group of each"
        yield Finding(
            path=path,
            related=((*_FORMATS, 0),),
            message=f"no filter finds a metric named `{name}`: {where} never matches the whole name",
            help=f"let the first group match the name, as in '{samples.usual(name)}', "
            "or name the metric as the trial prints it",
        )


def _is_text(subject: Subject) -> bool:
    return mapping(_source(subject).get("fileSystemPath")).get("format") == "TEXT"


def _never_found(subject: Subject, path: FieldPath, name: str) -> Finding:
    from kgen.katib.samples import usual  # noqa: PLC0415 - only a filter pays for it

    where = mend(subject, "`metrics.filter`", "`metricsCollectorSpec.source.filter.metricsFormat`")
    return Finding(
        path=path,
        message=f"the default filter never finds a metric named `{name}`",
        help=f"choose a name of letters, digits, _ and -, or write a {where} that finds it, such as '{usual(name)}'",
    )


@rule("KG612", Effect.NO_METRICS, FILE_COLLECTOR, Severity.WARNING, when=odd_in("source"))
def filter_reads_whole_values(subject: Subject) -> Iterator[Finding]:
    """A filter reads a number as it is printed, and a name as a whole.

    Python prints small numbers as `1e-05`, and a loss may be negative: a filter that reads `1` of
    the one and `0.5` of `-0.5` records wrong values without a word. kgen writes lines that fit the
    filter and reads them as the collector would.

    Bad:  `filter: ['(\\w+)=(\\d+\\.?\\d*)']`
    Good: `filter: ['(\\w+)=([+-]?\\d*(\\.\\d+)?([Ee][+-]?\\d+)?)']`
    """
    written = _used(subject)
    if not _given(written):
        return
    from kgen.katib import samples  # noqa: PLC0415 - only a filter pays for it

    for index, item in enumerate(written):
        name = next((name for _, name in metrics_of(subject) if samples.can_name(item, name)), None)
        if name is None or ";" in item:
            continue
        tried = samples.tried(item, name)
        cut = [(v, read) for v, trial in tried for n, read in trial.read[:1] if n == name and read != v and read in v]
        if cut:
            words = ", ".join(f"`{read}` of `{value}`" for value, read in cut[:3])
            yield Finding(
                path=(*_FORMATS, index),
                message=f"filter `{item}` cuts values: it reads {words}",
                help=f"let the second group match any number: '{katib.NUMBER}'",
            )
        elif tried and all(name not in dict(trial.read) for _, trial in tried):
            line, read = tried[0][1].line, tried[0][1].read[0][0]
            yield Finding(
                path=(*_FORMATS, index),
                message=f"filter `{item}` reads the name `{read}` from the line `{line}`, and not `{name}`",
                help="let nothing before the first group match what belongs to the name",
            )


@rule("KG613", Effect.NO_METRICS, FILE_COLLECTOR, when=odd_in("source"))
def pieces_of_filters_compile(subject: Subject) -> Iterator[Finding]:
    """What a `;` leaves of a filter is still a regular expression.

    The collector is handed all filters as one text and splits it at each `;`, in a bracket or not. On a
    piece that does not compile it crashes in every trial.

    Bad:  `filter: ['(\\w+)=([^;]+)']`
    Good: `filter: ['(\\w+)=([^\\x3b]+)']`
    """
    written = _used(subject)
    if not any(";" in item for item in written):
        return
    from kgen.katib import filters  # noqa: PLC0415 - only a filter pays for it

    for index, item in enumerate(written):
        if ";" not in item or filters.problem(item) is not None:
            continue
        broken = next((piece for piece in item.split(";") if filters.problem(piece) is not None), None)
        if broken is not None:
            message = f"the collector splits the filter `{item}` at `;`, and crashes on the piece `{broken}`"
            yield Finding((*_FORMATS, index), message, r"write `\x3b` for `;`")


@rule("KG614", Effect.NO_METRICS, FILE_COLLECTOR, Severity.WARNING, when=odd_in("source"))
def filters_hold_no_semicolon(subject: Subject) -> Iterator[Finding]:
    """A filter holds no `;`.

    The collector is handed all filters as one text and splits it at each `;`, so that it uses the
    pieces as filters of their own.

    Bad:  `filter: ['(\\w+)=(\\S+);']`
    Good: `filter: ['(\\w+)=(\\S+)\\x3b']`
    """
    written = _used(subject)
    if not any(";" in item for item in written):
        return
    from kgen.katib import filters  # noqa: PLC0415 - only a filter pays for it

    for index, item in enumerate(written):
        pieces = item.split(";")
        if len(pieces) > 1 and not any(filters.problem(part) for part in (item, *pieces)):
            words = " and ".join(f"`{piece}`" for piece in pieces[:3])
            yield Finding(
                (*_FORMATS, index),
                f"the collector splits the filter `{item}` at `;`, and uses {words}",
                r"write `\x3b` for `;`; for two filters write two entries",
            )


@rule("KG615", Effect.ADVICE, FILE_COLLECTOR, Severity.WARNING, when=odd_in("source"))
def filter_finds_a_metric(subject: Subject) -> Iterator[Finding]:
    """Every filter finds one of the metrics.

    The first group of a filter has to match the whole name of a metric; what it reads under another
    name is dropped.

    Bad:  `filter: ['(accuracy)=(\\S+)', '(lose)=(\\S+)']` with metrics `accuracy` and `loss`
    Good: `filter: ['(accuracy)=(\\S+)', '(loss)=(\\S+)']` with metrics `accuracy` and `loss`
    """
    written = _used(subject)
    if len(written) < 2:
        return  # that one alone finds none is KG611
    from kgen.katib import filters, samples  # noqa: PLC0415 - only a filter pays for it

    names = [name for _, name in metrics_of(subject)]
    idle = [
        bool(names)
        and filters.engine() is not None
        and filters.problem(item) is None
        and ";" not in item
        and all(samples.can_name(item, name) is False for name in names)
        for item in written
    ]
    if all(idle):
        return
    for index, item in enumerate(written):
        if idle[index]:
            words = ", ".join(f"`{name}`" for name in names[:4])
            message = f"filter `{item}` finds none of the metrics {words}"
            yield Finding((*_FORMATS, index), message, "mend its first group, or remove the filter")


@rule("KG616", Effect.NO_METRICS, FILE_COLLECTOR, Severity.INFO, when=odd_in("source"))
def filters_read_small_numbers(subject: Subject) -> Iterator[Finding]:
    r"""The filters that read the objective's numbers read them with an exponent too.

    Python prints small numbers as `1e-05`; a line with one is ignored where no filter matches it, and a
    trial with no other value has no metric.

    Bad:  `filter: ['{(\w+): ([+-]?\d+(?:\.\d+)?)}']`
    Good: `filter: ['{(\w+): ([+-]?\d*(\.\d+)?([Ee][+-]?\d+)?)}']`
    """
    written = _used(subject)
    if not _given(written) or any(";" in item for item in written):
        return
    from kgen.katib import samples  # noqa: PLC0415 - only a filter pays for it

    name = next((name for _, name in metrics_of(subject)), "")
    found = [(index, dict(samples.tried(item, name))) for index, item in enumerate(written) if item and name]
    read = [(index, tried) for index, tried in found if "0.98" in tried]
    if read and not any("1e-05" in tried or "1.5e-05" in tried for _, tried in found):
        index, tried = read[0]
        line = tried["0.98"].line.replace("0.98", "1e-05")
        yield Finding(
            path=(*_FORMATS, index),
            message=f"no filter reads `{name}` from a line with an exponent, as `{line}`",
            help=f"let the second group match any number: '{katib.NUMBER}'",
        )


RULES = (
    filter_shows_two_groups,
    filter_has_two_groups,
    filter_is_re2,
    stdout_filter_is_re2,
    additional_metrics_arrive,
    objective_arrives,
    filter_reads_whole_values,
    pieces_of_filters_compile,
    filters_hold_no_semicolon,
    filter_finds_a_metric,
    filters_read_small_numbers,
)
