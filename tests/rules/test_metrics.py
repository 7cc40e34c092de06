"""KG6xx, a row a case: what is said, or that nothing is."""

from __future__ import annotations

import pytest
from subjects import run, subject

from kgen.katib import collectors
from kgen.rules import metrics
from kgen.rules.rule import Rule
from kgen.rules.subject import Subject

_SPEC = "spec.metricsCollectorSpec"
DEFAULT_FILTER = r"([\w|-]+)\s*=\s*([+-]?\d*(\.\d+)?([Ee][+-]?\d+)?)"  # the collector's own
_GOOD = {"path": "/var/log/katib/metrics.log", "kind": "File", "format": "TEXT"}


def _collected(kind: str, path: dict[str, str] | None = None, *filters: str, katib: str = "0.19") -> Subject:
    source: dict[str, object] = {} if path is None else {"fileSystemPath": path}
    if filters:
        source["filter"] = {"metricsFormat": list(filters)}
    return subject({_SPEC: {"collector": {"kind": kind}, "source": source}}, katib=katib)


def _named(name: str, *filters: str) -> Subject:
    made = _collected("StdOut", None, *filters)
    made.manifest["spec"]["objective"]["objectiveMetricName"] = name
    return made


M = metrics
_F = f"{_SPEC}.source.filter.metricsFormat[0]"
_P = f"{_SPEC}.source.fileSystemPath"
_TWO = "has not two groups side by side, for name and value"
ROWS = [
    (
        M.collector_is_known,
        _collected("PrometheusMetric"),
        f"{_SPEC}.collector.kind: Katib brings no PrometheusMetric collector",
        "Prometheus",
    ),
    (
        M.collector_is_known,
        _collected("stdout"),
        f"{_SPEC}.collector.kind: Katib 0.19 has no metrics collector `stdout`",
        "small letters",
    ),
    (
        M.collector_is_known,
        _collected("Push", katib="0.17"),
        f"{_SPEC}.collector.kind: Katib 0.17 has no metrics collector `Push`",
        "Push before its time",
    ),
    (M.collector_is_known, _collected("None", katib="0.17"), None, "None, as Push was called"),
    (
        M.path_is_absolute,
        _collected("File", {**_GOOD, "path": "logs/m.log"}),
        f"{_P}.path: the path of collector File is `logs/m.log`, and not absolute",
        "a relative path",
    ),
    (
        M.path_is_absolute,
        _collected("TensorFlowEvent", {"path": "/a", "kind": "File"}),
        f"{_P}.kind: fileSystemPath.kind of collector TensorFlowEvent is `File`: it must be Directory",
        "a file of events",
    ),
    (M.path_is_absolute, _collected("Custom"), None, "Custom needs no path"),
    (
        M.format_fits_collector,
        _collected("File", {**_GOOD, "format": "json"}),
        f"{_P}.format: format of collector File is `json`",
        "small letters",
    ),
    (
        M.format_fits_collector,
        _collected("TensorFlowEvent", {"path": "/a", "kind": "Directory", "format": "TEXT"}),
        f"{_P}.format: collector TensorFlowEvent has format TEXT, and reads event files only",
        "a format of events",
    ),
    (M.format_fits_collector, _collected("File", _GOOD), None, "TEXT"),
    (
        M.json_has_no_filter,
        _collected("File", {**_GOOD, "format": "JSON"}, "(a)(b)"),
        f"{_SPEC}.source.filter: a filter is given for format JSON, which has none",
        "a filter of JSON",
    ),
    (M.json_has_no_filter, _collected("File", _GOOD, "(a)(b)"), None, "a filter of TEXT"),
    (
        M.custom_has_container,
        _collected("Custom"),
        f"{_SPEC}.collector.customCollector: collector Custom has no customCollector, the container that collects",
        "no container",
    ),
    (
        M.custom_has_container,
        subject({_SPEC: {"collector": {"kind": "Custom", "customCollector": {"name": "c"}}}}),
        None,
        "a container",
    ),
    (M.filter_shows_two_groups, _collected("File", _GOOD, "(a(b))"), f"{_F}: filter `(a(b))` {_TWO}", "nested"),
    (M.filter_shows_two_groups, _collected("File", _GOOD, r"\(a\)\(b\)"), None, "the text is what is tested"),
    (M.filter_shows_two_groups, _collected("StdOut", None, "(a(b))"), None, "StdOut is not tested"),
    (M.filter_has_two_groups, _collected("StdOut", None, r"(a)\(b\)"), f"{_F}: filter `(a)\\(b\\)` {_TWO}", "one"),
    (M.filter_has_two_groups, _collected("StdOut", None, r"(a(?:[)(]|\()(?P<b>c))"), None, "nested and named"),
    (
        M.filter_is_re2,
        _collected("File", _GOOD, "(a)=(?=b)(b)"),
        f"{_F}: filter `(a)=(?=b)(b)` holds look-around, which Go's regular expressions (RE2) do not have",
        "look-ahead",
    ),
    (M.filter_is_re2, _collected("File", _GOOD, DEFAULT_FILTER), None, "the default filter"),
    (
        M.stdout_filter_is_re2,
        _collected("StdOut", None, r"(a)=(b)\1"),
        f"{_F}: filter `(a)=(b)\\1` holds a back-reference, which Go's regular expressions (RE2) do not have",
        "a back-reference",
    ),
    (M.stdout_filter_is_re2, _collected("StdOut", None, r"(?P<a>[(?=]\\1)(b{2,1000})"), None, "what only looks so"),
    (
        M.default_filter_finds_names,
        _named("train/loss"),
        "spec.objective.objectiveMetricName: the default filter never finds a metric named `train/loss`",
        "a slash",
    ),
    (M.default_filter_finds_names, _named("val-loss|x_1"), None, "all that the default filter finds"),
    (M.default_filter_finds_names, _named("train/loss", "(.*)=(.*)"), None, "a filter of its own"),
]


@pytest.mark.parametrize(
    ("rule", "on", "message"), [pytest.param(*row[:3], id=f"{row[0].code} {row[3]}") for row in ROWS]
)
def test_metrics(rule: Rule, on: Subject, message: str | None) -> None:
    assert run(rule, on) == ([] if message is None else [message])


@pytest.mark.parametrize(
    ("expression", "what"),
    [
        ("(a{1,1001})(b)", "a repeat count above 1000"),
        ("(a++)(b)", "a possessive quantifier"),
        ("(?>a)(b)", "an atomic group"),
        (r"(a\++)([+]+)", None),
    ],
)
def test_what_re2_does_not_know(expression: str, what: str | None) -> None:
    assert collectors.foreign(expression) == what


def test_every_rule_is_seen_to_speak_and_to_keep_silent() -> None:
    for rule in metrics.RULES:
        messages = [row[2] for row in ROWS if row[0] is rule]
        assert None in messages, rule.code
        assert any(messages), rule.code
