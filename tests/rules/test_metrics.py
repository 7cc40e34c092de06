"""KG6xx, a row a case: what is said, or that nothing is."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from subjects import run, subject

from kgen.katib import collectors, logs, samples
from kgen.katib import filters as re2
from kgen.model.diagnostic import EditKind, Severity
from kgen.model.node import path_text
from kgen.rules import filters, metric_files, metric_names, metrics
from kgen.rules.rule import Rule
from kgen.rules.subject import Subject

_SPEC = "spec.metricsCollectorSpec"
DEFAULT_FILTER = r"([\w|-]+)\s*=\s*([+-]?\d*(\.\d+)?([Ee][+-]?\d+)?)"  # the collector's own
_GOOD = {"path": "/var/log/katib/metrics.log", "kind": "File", "format": "TEXT"}


def _collected(
    kind: str, path: dict[str, str] | None = None, *filters: str, katib: str = "0.19", **container: object
) -> Subject:
    """A collector with its path and filters; `tc_KEY` sets a field of the training container."""
    source: dict[str, object] = {} if path is None else {"fileSystemPath": path}
    if filters:
        source["filter"] = {"metricsFormat": list(filters)}
    changes = {f"tc.{key.removeprefix('tc_')}": value for key, value in container.items()}
    return subject({_SPEC: {"collector": {"kind": kind}, "source": source}, **changes}, katib=katib)


def _named(name: str, *filters: str) -> Subject:
    made = _collected("StdOut", None, *filters)
    made.manifest["spec"]["objective"]["objectiveMetricName"] = name
    return made


def _more(name: str, *filters: str) -> Subject:
    made = _collected("StdOut", None, *filters)
    made.manifest["spec"]["objective"]["additionalMetricNames"] = [name]
    return made


def _mount(path: str) -> dict[str, str]:
    return {"name": "v", "mountPath": path}


def _mounting(kind: str, path: dict[str, str] | None, at: str) -> Subject:
    return _collected(kind, path, tc_volumeMounts=[_mount(at)])


def _two_pods(*mounts: str) -> Subject:
    pods = [{"template": {"spec": {"containers": [{"name": "tc", "volumeMounts": [_mount(at)]}]}}} for at in mounts]
    replicas = dict(zip(("Master", "Worker"), pods, strict=True))
    return subject({"trial": {"kind": "PyTorchJob", "spec": {"pytorchReplicaSpecs": replicas}}})


def _strategies(*pairs: tuple[str, str], additional: list[str] | None = None) -> Subject:
    entries = [{"name": name, "value": value} for name, value in pairs]
    changes: dict[str, object] = {"spec.objective.metricStrategies": entries}
    return subject({**changes, "spec.objective.additionalMetricNames": additional or []})


def _texts(goal: float | None, *filters: str) -> Subject:
    made = _collected("StdOut", None, *filters)
    made.manifest["spec"]["objective"]["goal"] = goal
    return made


M, F, P, N = metrics, filters, metric_files, metric_names
_TC = "spec.trialTemplate.trialSpec.spec.template.spec.containers[0]"
_S = "spec.objective.metricStrategies"
_OBJ = "spec.objective.objectiveMetricName"
_ADD = "spec.objective.additionalMetricNames[0]"
_NEVER, _NONE = "the default filter never finds a metric named", "no filter finds a metric named"
_FIRST, _FIRST_EACH, _WHOLE = "the first group of", "the first group of each", "never matches the whole name"
_HIDES = "over which Katib mounts an empty volume for the metrics"
_WHERE = "where Katib mounts one of its own for the metrics"
_CUTS = "cuts values: it reads"
_TWICE = "Katib mounts a volume of its own at `{}`, and two at one path are refused"
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
    (
        M.collector_is_known,
        _collected("None"),
        f"{_SPEC}.collector.kind: Katib 0.19 has no metrics collector `None`",
        "Push under its old name",
    ),
    (
        M.collector_is_known,
        subject({_SPEC: {"collector": {}}}),
        f"{_SPEC}.collector.kind: metricsCollectorSpec.collector has no kind",
        "an empty collector, which nothing defaults",
    ),
    (F.filter_shows_two_groups, _collected("File", _GOOD, "(a(b))"), f"{_F}: filter `(a(b))` {_TWO}", "nested"),
    (F.filter_shows_two_groups, _collected("File", _GOOD, r"\(a\)\(b\)"), None, "the text is what is tested"),
    (F.filter_shows_two_groups, _collected("StdOut", None, "(a(b))"), None, "StdOut is not tested"),
    (F.filter_shows_two_groups, _collected("File", _GOOD, "(a(b"), None, "that it does not compile is KG608"),
    (F.filter_has_two_groups, _collected("StdOut", None, r"(a)\(b\)"), f"{_F}: filter `(a)\\(b\\)` {_TWO}", "one"),
    (F.filter_has_two_groups, _collected("StdOut", None, r"(a(?:[)(]|\()(?P<b>c))"), None, "nested and named"),
    (
        F.filter_has_two_groups,
        _collected("File", _GOOD, r"\(a\)\(b\)"),
        f"{_F}: filter `\\(a\\)\\(b\\)` {_TWO}",
        "bare",
    ),
    (F.filter_has_two_groups, _collected("StdOut", None, "x=(.*)"), f"{_F}: filter `x=(.*)` {_TWO}", "the value alone"),
    (F.filter_has_two_groups, _collected("File", _GOOD, "x=(.*)"), None, "of File the webhook says it"),
    (F.filter_has_two_groups, _collected("StdOut", None, "loss", "(loss)=(.*)"), None, "another filter has two"),
    (F.filter_has_two_groups, _collected("StdOut", None, "(a"), None, "that it does not compile is KG609"),
    (
        F.filter_is_re2,
        _collected("File", _GOOD, "(a)=(?=b)(b)"),
        f"{_F}: filter `(a)=(?=b)(b)` holds look-around, which Go's regular expressions (RE2) do not have",
        "look-ahead",
    ),
    (
        F.filter_is_re2,
        _collected("File", _GOOD, "(a)=(b))"),
        f"{_F}: filter `(a)=(b))` is no regular expression (RE2): unexpected ): (a)=(b))",
        "a bracket too many",
    ),
    (F.filter_is_re2, _collected("File", _GOOD, DEFAULT_FILTER), None, "the default filter"),
    (
        F.stdout_filter_is_re2,
        _collected("StdOut", None, r"(a)=(b)\1"),
        f"{_F}: filter `(a)=(b)\\1` holds a back-reference, which Go's regular expressions (RE2) do not have",
        "a back-reference",
    ),
    (F.stdout_filter_is_re2, _collected("StdOut", None, r"(?P<a>[(?=]\\1)(b{2,1000})"), None, "what only looks so"),
    (F.additional_metrics_arrive, _more("train/acc"), f"{_ADD}: {_NEVER} `train/acc`", "a slash"),
    (F.additional_metrics_arrive, _more("val-acc|x_1"), None, "all that the default filter finds"),
    (F.additional_metrics_arrive, _more("train/acc", r"(\S+)=(\S+)"), None, "a filter of its own"),
    (
        F.additional_metrics_arrive,
        _more("train/acc", r"(\w+)=(\S+)"),
        f"{_ADD}: no filter finds a metric named `train/acc`: {_FIRST} `(\\w+)=(\\S+)` never matches the whole name",
        "a filter too narrow for the name",
    ),
    (
        F.additional_metrics_arrive,
        _more("a;b"),
        f"{_ADD}: the collector splits the metric name `a;b` at `;`, and never finds it",
        "a semicolon",
    ),
    (F.objective_arrives, _named("train/loss"), f"{_OBJ}: {_NEVER} `train/loss`", "a slash"),
    (F.objective_arrives, _named("val-loss|x_1"), None, "all that the default filter finds"),
    (F.objective_arrives, _named("train/loss", "(.*)=(.*)"), None, "a filter of its own"),
    (
        F.objective_arrives,
        _named("train/loss", r"(\w+)=(\S+)", r"(acc): (\S+)"),
        f"{_OBJ}: no filter finds a metric named `train/loss`: {_FIRST_EACH} never matches the whole name",
        "two filters too narrow",
    ),
    (F.objective_arrives, _named("loss", r"(acc): (\S+)", r"(?i)(LOSS)=(\S+)"), None, "one of two finds it"),
    (F.objective_arrives, _named("loss", r"(\Bloss)=(\S+)"), None, "nobody can tell"),
    (F.objective_arrives, _named("loss", "(a)b"), None, "one group is KG607"),
    (F.objective_arrives, _named("loss", *["(a)=(b)"] * 50, "(loss)=(.*)"), None, "the last of many finds it"),
    (F.filter_has_two_groups, _named("loss", *["(a)"] * 50, "(loss)=(.*)"), None, "the last of many has two"),
    (
        F.objective_arrives,
        _named("loss ", r"(.*)=(.*)"),
        f"{_OBJ}: {_NONE} `loss `: {_FIRST} `(.*)=(.*)` {_WHOLE}",
        "blank",
    ),
    (
        F.objective_arrives,
        _named("x" * 256),
        f"{_OBJ}: the metric name `{'x' * 40}...` has 256 characters: Katib's database holds 255",
        "longer than the database's column",
    ),
    (F.objective_arrives, _named("x" * 255), None, "as long as the column"),
    (
        F.objective_arrives,
        subject({_SPEC: {"collector": {"kind": "Push"}}, _OBJ: "a;b/c"}),
        None,
        "Push splits nothing",
    ),
    (
        F.filter_reads_whole_values,
        _collected("StdOut", None, r"([\w|-]+)\s*=\s*((-?\d+)(\.\d+)?)"),
        f"{_F}: filter `([\\w|-]+)\\s*=\\s*((-?\\d+)(\\.\\d+)?)` {_CUTS} `1` of `1e-05`, `1.5` of `1.5e-05`",
        "no exponents",
    ),
    (
        F.filter_reads_whole_values,
        _collected("File", _GOOD, r"(\w+)=\D*([\d.e-]+)"),
        f"{_F}: filter `(\\w+)=\\D*([\\d.e-]+)` cuts values: it reads `0.5` of `-0.5`",
        "the sign lost",
    ),
    (
        F.filter_reads_whole_values,
        _collected("StdOut", None, r".*(\w+)=(.*)"),
        f"{_F}: filter `.*(\\w+)=(.*)` reads the name `s` from the line `loss=0.98`, and not `loss`",
        "a name cut by what is before it",
    ),
    (F.filter_reads_whole_values, _collected("StdOut", None, DEFAULT_FILTER), None, "the default filter"),
    (F.filter_reads_whole_values, _collected("StdOut", None, r"([\w-]+)=(Genotype.*)"), None, "a filter of texts"),
    (F.filter_reads_whole_values, _collected("StdOut", None, r'"(\w+)": "?([^",}]+)'), None, "values between quotes"),
    (F.filter_reads_whole_values, _collected("StdOut", None, r"(acc)=(\d)"), None, "a filter of another metric"),
    (
        F.pieces_of_filters_compile,
        _collected("File", _GOOD, r"(\w+)=([^;]+)"),
        f"{_F}: the collector splits the filter `(\\w+)=([^;]+)` at `;`, and crashes on the piece `(\\w+)=([^`",
        "a semicolon in a class",
    ),
    (F.pieces_of_filters_compile, _collected("File", _GOOD, r"(\w+)=([^\x3b]+)"), None, "as a code"),
    (F.pieces_of_filters_compile, _collected("StdOut", None, "(a);(b"), None, "broken as it stands"),
    (
        F.filters_hold_no_semicolon,
        _collected("StdOut", None, r"(\w+)=(\S+);"),
        f"{_F}: the collector splits the filter `(\\w+)=(\\S+);` at `;`, and uses `(\\w+)=(\\S+)` and ``",
        "a semicolon behind",
    ),
    (F.filters_hold_no_semicolon, _collected("StdOut", None, r"(\w+)=([^;]+)"), None, "what crashes is KG613"),
    (F.filters_hold_no_semicolon, _collected("Push", None, "(a);(b)"), None, "Push has no filter"),
    (
        F.filter_finds_a_metric,
        _collected("StdOut", None, r"(loss)=(\S+)", r"(lose)=(\S+)"),
        f"{_F[:-3]}[1]: filter `(lose)=(\\S+)` finds none of the metrics `loss`",
        "a name misspelt",
    ),
    (F.filter_finds_a_metric, _collected("StdOut", None, r"(loss)=(\S+)", r"(\w+): (\S+)"), None, "two forms"),
    (F.filter_finds_a_metric, _collected("StdOut", None, r"(lose)=(\S+)", "(los)=(.*)"), None, "none at all is KG611"),
    (
        F.filters_read_small_numbers,
        _collected("File", _GOOD, r"{(\w+): (-?\d+(?:\.\d+)?)}"),
        f"{_F}: no filter reads `loss` from a line with an exponent, as `{{loss: 1e-05}}`",
        "a bracket behind the number",
    ),
    (F.filters_read_small_numbers, _collected("StdOut", None, r"(loss): (\S+)", r"(loss)=([.\d]+)$"), None, "another"),
    (F.filters_read_small_numbers, _collected("StdOut", None, r"(loss)=(Genotype.*)"), None, "no numbers at all"),
    (
        P.metrics_folder_can_be_mounted,
        _collected("File", {**_GOOD, "path": "/metrics.log"}),
        f"{_P}.path: the path `/metrics.log` makes Katib mount an empty volume over `/`, and hide the whole image",
        "a file in the root",
    ),
    (
        P.metrics_folder_can_be_mounted,
        _mounting("StdOut", None, "/var/log/katib"),
        f"{_TC}.volumeMounts[0].mountPath: {_TWICE.format('/var/log/katib')}",
        "the log's own folder",
    ),
    (
        P.metrics_folder_can_be_mounted,
        _mounting("TensorFlowEvent", {"path": "/train/", "kind": "Directory"}, "/train/"),
        f"{_TC}.volumeMounts[0].mountPath: {_TWICE.format('/train/')}",
        "a path as it is written",
    ),
    (P.metrics_folder_can_be_mounted, _mounting("File", _GOOD, "/var/log"), None, "a mount above"),
    (P.metrics_folder_can_be_mounted, _two_pods("/var/log/katib", "/data"), None, "perhaps not in the primary pod"),
    (
        P.metrics_folder_can_be_mounted,
        _two_pods("/var/log/katib", "/var/log/katib"),
        f"spec.trialTemplate.trialSpec.spec.pytorchReplicaSpecs.Master.template.spec.containers[0].volumeMounts[0]"
        f".mountPath: {_TWICE.format('/var/log/katib')}",
        "in both pods",
    ),
    (
        P.metrics_folder_can_be_mounted,
        subject({"template.primaryContainerName": "x", "tc.volumeMounts": [_mount("/var/log/katib")]}),
        None,
        "another container",
    ),
    (P.metrics_folder_can_be_mounted, _mounting("Push", None, "/var/log/katib"), None, "Push mounts nothing"),
    (
        P.metrics_folder_hides_nothing,
        _collected("File", {**_GOOD, "path": "/app/m.log"}, tc_workingDir="/app/src"),
        f"{_TC}.workingDir: `/app/src` lies in `/app`, {_HIDES}",
        "workingDir",
    ),
    (
        P.metrics_folder_hides_nothing,
        _collected("File", {**_GOOD, "path": "/app/m.log"}, tc_command=["sh", "-c", "python3 /app/train.py --x"]),
        f"{_TC}.command[2]: `/app/train.py` lies in `/app`, {_HIDES}",
        "the program",
    ),
    (
        P.metrics_folder_hides_nothing,
        _mounting("File", {**_GOOD, "path": "/logs/m.log"}, "/logs/"),
        f"{_TC}.volumeMounts[0].mountPath: a volume is mounted at `/logs/`, {_WHERE}",
        "the same folder under another spelling",
    ),
    (
        P.metrics_folder_hides_nothing,
        _collected(
            "File", {**_GOOD, "path": "/app/m.log"}, tc_workingDir="/app/src", tc_volumeMounts=[_mount("/app/src")]
        ),
        None,
        "a volume of its own lies over Katib's",
    ),
    (
        P.metrics_folder_hides_nothing,
        _collected("File", {**_GOOD, "path": "/app/logs/m.log"}, tc_workingDir="/app"),
        None,
        "a folder in the workingDir",
    ),
    (
        P.metrics_folder_is_on_no_volume,
        _mounting("File", {**_GOOD, "path": "/data/logs/m.log"}, "/data"),
        f"{_P}.path: `/data/logs` lies in the mount `/data`, and still does not reach its volume",
        "a folder of a volume",
    ),
    (P.metrics_folder_is_on_no_volume, _mounting("File", _GOOD, "/data"), None, "a volume elsewhere"),
    (P.metrics_folder_is_on_no_volume, _mounting("File", _GOOD, "/var/log/katib"), None, "in its place is KG620"),
    (
        P.metrics_file_is_mentioned,
        _collected("File", {**_GOOD, "path": "/logs/m.log"}),
        f"{_P}.path: command, args and env of container `tc` do not mention `/logs/m.log`",
        "nobody speaks of it",
    ),
    (P.metrics_file_is_mentioned, _collected("File", _GOOD, tc_args=["--dir=/var/log/katib"]), None, "its folder"),
    (
        P.metrics_file_is_mentioned,
        _collected("File", _GOOD, tc_env=[{"name": "A", "value": "metrics.log"}]),
        None,
        "env",
    ),
    (P.metrics_file_is_mentioned, _collected("File", _GOOD, tc_envFrom=[{"a": {}}]), None, "env from elsewhere"),
    (
        P.metrics_file_is_mentioned,
        _collected("File", {**_GOOD, "path": "//"}, tc_args=["/data"]),
        None,
        "the root, which every absolute path mentions",
    ),
    (P.metrics_file_is_mentioned, _collected("File", _GOOD, tc_command=[]), None, "no command: nothing is known"),
    (
        P.source_is_read,
        _collected("StdOut", _GOOD),
        f"{_SPEC}.source.fileSystemPath: collector StdOut does not read source.fileSystemPath",
        "a path of StdOut",
    ),
    (
        P.source_is_read,
        _collected("TensorFlowEvent", {"path": "/a", "kind": "Directory"}, "(a)(b)"),
        f"{_SPEC}.source.filter: collector TensorFlowEvent does not read source.filter",
        "a filter of events",
    ),
    (
        P.source_is_read,
        subject({_SPEC: {"collector": {"kind": "StdOut", "customCollector": {"name": "c"}}}}),
        f"{_SPEC}.collector.customCollector: collector StdOut does not use customCollector",
        "a container of StdOut",
    ),
    (P.source_is_read, _collected("File", _GOOD, "(a)(b)"), None, "all of it is read"),
    (
        P.http_source_is_whole,
        subject(
            {_SPEC: {"collector": {"kind": "PrometheusMetric"}, "source": {"httpGet": {"port": "http", "path": "/m"}}}}
        ),
        f"{_SPEC}.source.httpGet.port: httpGet.port is `http`: it must be a whole number above 0",
        "a port by name",
    ),
    (
        P.http_source_is_whole,
        subject({_SPEC: {"collector": {"kind": "PrometheusMetric"}, "source": {"httpGet": {"port": 80, "path": "m"}}}}),
        f"{_SPEC}.source.httpGet.path: httpGet.path is `m`, and does not start with /",
        "a relative path",
    ),
    (
        P.http_source_is_whole,
        subject({_SPEC: {"collector": {"kind": "PrometheusMetric"}, "source": {"httpGet": {"port": "9090"}}}}),
        None,
        "a number as text",
    ),
    (
        P.json_values_are_texts,
        _collected("File", {**_GOOD, "format": "JSON"}),
        f"{_P}.format: format JSON reads texts alone: a metric written as a JSON number counts for nothing",
        "JSON",
    ),
    (P.json_values_are_texts, _collected("File", _GOOD), None, "TEXT"),
    (
        N.objective_strategy_is_known,
        _strategies(("loss", "mean")),
        f"{_S}[0].value: metricStrategies has `mean` for the metric `loss`, which Katib does not know",
        "mean",
    ),
    (N.objective_strategy_is_known, _strategies(("loss", "latest"), ("loss", "mean")), None, "the first counts"),
    (
        N.strategies_are_of_metrics,
        _strategies(("loss", "min"), ("los", "min")),
        f"{_S}[1].name: metricStrategies has `los`, which is no metric of this Experiment",
        "no metric",
    ),
    (
        N.strategies_are_of_metrics,
        _strategies(("loss", "min"), ("loss", "max")),
        f"{_S}[1].name: metricStrategies has `loss` twice: `min` and `max`",
        "two of one name",
    ),
    (
        N.strategies_are_of_metrics,
        _strategies(("loss", "min"), ("acc", "Max"), additional=["acc"]),
        f"{_S}[1].value: metricStrategies has `Max` for the metric `acc`, which Katib does not know",
        "a value of an additional metric",
    ),
    (N.strategies_are_of_metrics, _strategies(("loss", "mean")), None, "the objective's is KG630"),
    (
        N.strategies_are_of_metrics,
        _strategies(("acc", "min"), ("acc", "min"), additional=["acc", "acc"]),
        None,
        "what the defaulter adds for a name given twice",
    ),
    (
        N.strategies_are_of_metrics,
        _strategies(("m99", "min"), additional=[f"m{n}" for n in range(100)]),
        None,
        "the last of many metrics",
    ),
    (
        N.additional_metrics_are_there_once,
        subject({"spec.objective.additionalMetricNames": ["a", "b", "a"]}),
        "spec.objective.additionalMetricNames[2]: additionalMetricNames has `a` twice",
        "a name twice",
    ),
    (N.additional_metrics_are_there_once, subject({"spec.objective.additionalMetricNames": ["a", "b"]}), None, "once"),
    (
        N.objective_is_a_number,
        _texts(0.9, r"([\w-]+)=(Genotype.*)"),
        "spec.objective.goal: no filter reads a number for `loss`: a goal is never reached",
        "a text and a goal",
    ),
    (N.objective_is_a_number, _texts(None, r"([\w-]+)=(Genotype.*)"), None, "no goal"),
    (N.objective_is_a_number, _texts(0.9, r"([\w-]+)=(Genotype.*)", r"(\w+):(.*)"), None, "another filter reads one"),
    (N.objective_is_a_number, _texts(0.9, DEFAULT_FILTER), None, "a number"),
    (
        N.event_metrics_name_their_folder,
        _collected("TensorFlowEvent", {"path": "/a", "kind": "Directory"}),
        f"{_OBJ}: the metric `loss` takes every tag that starts so, from all event files below the path",
        "no folder",
    ),
    (N.event_metrics_name_their_folder, _collected("StdOut"), None, "no events"),
    (
        N.strategy_fits_type,
        _strategies(("loss", "max")),
        f"{_S}[0].value: of each trial the max of `loss` is taken, to minimize it",
        "max to minimize",
    ),
    (N.strategy_fits_type, _strategies(("loss", "latest")), None, "latest"),
]


@pytest.mark.parametrize(
    ("rule", "on", "message"), [pytest.param(*row[:3], id=f"{row[0].code} {row[3]}") for row in ROWS]
)
def test_metrics(rule: Rule, on: Subject, message: str | None) -> None:
    assert run(rule, on) == ([] if message is None else [message])


RULES = (*metrics.RULES, *filters.RULES, *metric_files.RULES, *metric_names.RULES)


@pytest.mark.parametrize(
    ("on", "rule", "path", "value"),
    [
        (_collected("stdout"), M.collector_is_known, f"{_SPEC}.collector.kind", "StdOut"),
        (_collected("None"), M.collector_is_known, f"{_SPEC}.collector.kind", "Push"),
        (_collected("Push", katib="0.17"), M.collector_is_known, f"{_SPEC}.collector.kind", "None"),
        (_collected("File", {**_GOOD, "format": "text"}), M.format_fits_collector, f"{_P}.format", "TEXT"),
        (_collected("File", {**_GOOD, "kind": "Directory"}), M.path_is_absolute, f"{_P}.kind", "File"),
        (_strategies(("loss", "MIN")), N.objective_strategy_is_known, f"{_S}[0].value", "min"),
    ],
)
def test_what_has_one_right_answer_is_mended(on: Subject, rule: Rule, path: str, value: str) -> None:
    (finding,) = rule.check(on)
    (edit,) = finding.fix
    assert (edit.kind, path_text(edit.path), edit.value) == (EditKind.SET, path, value)


@pytest.mark.parametrize(
    ("on", "rule"),
    [
        (_collected("Stdin"), M.collector_is_known),
        (_collected("PrometheusMetric"), M.collector_is_known),
        (_collected("File", {**_GOOD, "format": "csv"}), M.format_fits_collector),
        (_strategies(("loss", "mean")), N.objective_strategy_is_known),
        (_strategies(("loss", "min"), ("loss", "max")), N.strategies_are_of_metrics),
    ],
)
def test_what_has_several_answers_is_not(on: Subject, rule: Rule) -> None:
    (finding,) = rule.check(on)
    assert finding.fix == ()


def test_the_mend_speaks_of_the_file_that_is_edited() -> None:
    on = _collected("File", {**_GOOD, "format": "json"})
    (compact,) = M.format_fits_collector.check(on)
    (manifest,) = M.format_fits_collector.check(on._replace(plain=True))
    assert compact.help == "set `metrics.format` to TEXT or JSON"
    assert manifest.help == "set `fileSystemPath.format` to TEXT or JSON"


def test_without_re2_nothing_is_said_that_is_not_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    caches = (re2.problem, re2.compiled, re2.groups, samples.shape, samples.can_name, samples.tried)
    for cached in caches:
        cached.cache_clear()
    monkeypatch.setattr(re2, "engine", lambda: None)
    for on in (_named("train/loss", r"(\w+)=(.*)"), _named("loss", r"(\w+)=(\d)", "(lose)=(.*)", "(a;b)(c)")):
        assert [r.code for r in RULES for _ in r.check(on) if r.severity is Severity.ERROR] == []
    assert run(F.stdout_filter_is_re2, _named("loss", r"(a)=(b)\1")) != []
    monkeypatch.undo()
    for cached in caches:
        cached.cache_clear()


_PIECES = (
    *(
        r"(\w+)",
        "(.*)",
        "(.*?)",
        "(loss)",
        "(loss|acc)",
        r"([^=]*)",
        r"(\S+)",
        r"(\d*)",
        r"( ?loss)",
        r"(\Bss)",
        "(ss)",
    ),
    *("=", ": ", r"\s*", ".", "^", "$", "?", "+", "(?i)", "(?:", ")", "|", r"\b", "[/", "]", ";", "x"),
)
_WORDS = ("loss", "train/loss", "acc", "=", ": ", " ", "1", "-0.5", "LOSS", "ss", "\t", "x")


@given(
    st.lists(st.lists(st.sampled_from(_PIECES), min_size=2, max_size=6).map("".join), min_size=1, max_size=2),
    st.lists(st.sampled_from(_WORDS), min_size=1, max_size=8).map("".join),
    st.sampled_from(("loss", "train/loss", "ss")),
)
def test_no_error_where_a_line_gives_the_objective(written: list[str], line: str, name: str) -> None:
    try:
        found = list(logs.read_text([(1, line.encode())], (name,), collectors.filter_list(written)))
    except logs.EndedError:
        return
    if any(isinstance(each, logs.Row) for each in found):
        on = _named(name, *written)
        assert [r.code for r in RULES for _ in r.check(on) if r.severity is Severity.ERROR] == []


@pytest.mark.parametrize(
    "expression", [r"(loss)=(\d)", r"(.*)=(.*)", r"(?i)(\w+): (\S+)", r"\b(\S+) (\d+)", r"( *loss *)=(\d)"]
)
def test_the_property_above_has_something_to_hold(expression: str) -> None:
    lines = enumerate((b"loss=1", b"loss: 1", b"loss 1"), 1)
    assert any(isinstance(each, logs.Row) for each in logs.read_text(lines, ("loss",), (expression,)))


def test_every_rule_is_seen_to_speak_and_to_keep_silent() -> None:
    for rule in RULES:
        messages = [row[2] for row in ROWS if row[0] is rule]
        assert None in messages, rule.code
        assert any(messages), rule.code


def test_a_hostile_experiment_takes_no_time() -> None:
    on = _named("loss", *(rf"(\pL{{1000}}){{{n}}}(\pN{{1000}})" for n in range(3000)))
    on.manifest["spec"]["objective"]["additionalMetricNames"] = [f"train/{n}" for n in range(30_000)]
    on.manifest["spec"]["objective"]["metricStrategies"] = [{"name": f"x{n}", "value": "m"} for n in range(30_000)]
    started = process_time()
    for rule in RULES:
        list(rule.check(on))
    assert process_time() - started < 5
