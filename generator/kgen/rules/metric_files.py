"""KG62x: where a collector reads: the files, what Katib mounts over them, and what it never looks at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from kgen.katib import collectors as katib
from kgen.katib.v1beta1 import TRIAL
from kgen.model.diagnostic import Edit, EditKind, Effect, Finding, Severity
from kgen.model.node import FieldPath
from kgen.model.values import listed, mapping, text
from kgen.rules.filters import FILE_COLLECTOR
from kgen.rules.metrics import VALIDATOR
from kgen.rules.reading import mend
from kgen.rules.rule import rule
from kgen.rules.subject import Subject
from kgen.rules.traits import holds, odd_in

_POD_WEBHOOK = "katib pkg/webhook/v1beta1/pod/inject_webhook.go"
_SPEC = ("spec", "metricsCollectorSpec")
_SOURCE = (*_SPEC, "source")
_PATH = (*_SOURCE, "fileSystemPath", "path")
_PROGRAM = re.compile(r"(/[\w./-]+\.(?:py|sh|jar|pl|R|lua))(?![\w.])")


class _Training(NamedTuple):
    """A primary container and where it is."""

    path: FieldPath
    fields: dict[str, Any]


def _source(subject: Subject) -> dict[str, Any]:
    return mapping(mapping(subject.spec.get("metricsCollectorSpec")).get("source"))


def _place(subject: Subject) -> str:
    """Give the path of the collector's file or folder; "" where it is none, or not absolute."""
    path = text(mapping(_source(subject).get("fileSystemPath")).get("path"))
    return path if path.startswith("/") else ""


def _mounted(subject: Subject) -> str:
    """Give the folder that Katib mounts; "" for none."""
    place = mapping(_source(subject).get("fileSystemPath"))
    return katib.mounted_at(subject.collector, text(place.get("path")), text(place.get("kind")))


def _training(subject: Subject) -> Iterator[_Training]:
    name = text(subject.template.get("primaryContainerName"))
    for path, container in subject.containers if name else ():
        if container.get("name") == name and path[-2] == "containers":
            yield _Training((*TRIAL, *path), container)


def _mounts(training: _Training) -> Iterator[tuple[FieldPath, str]]:
    for index, mount in enumerate(listed(training.fields.get("volumeMounts"))):
        path = text(mapping(mount).get("mountPath"))
        if path.startswith("/"):
            yield (*training.path, "volumeMounts", index, "mountPath"), path


def _is_below(path: str, folder: str) -> bool:
    """Whether a tidy path is the folder or lies in it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


@rule("KG620", Effect.NO_POD, _POD_WEBHOOK, when=odd_in("folder"))
def metrics_folder_can_be_mounted(subject: Subject) -> Iterator[Finding]:
    """The folder of the metrics is not the root, and no mount of the training container's own.

    Katib mounts an empty volume over the folder of a File, over the path of a TensorFlowEvent, and over
    `/var/log/katib` for StdOut. Over `/` it hides the whole image, and Kubernetes refuses a
    pod with two mounts at one path.

    Bad:  `metrics: {collector: File, path: /metrics.log}`
    Good: `metrics: {collector: File, path: /var/log/katib/metrics.log}`
    """
    folder = _mounted(subject)
    if folder not in subject.text and folder.strip("/"):
        return
    if not folder:
        return
    if not folder.strip("/"):
        message = f"the path `{_place(subject)}` makes Katib mount an empty volume over `/`, and hide the whole image"
        yield Finding(_PATH, message, "put the metrics into a folder of their own, as /var/log/katib/metrics.log")
        return
    found = [[(path, mount) for path, mount in _mounts(each) if mount == folder] for each in _training(subject)]
    if found and all(found):
        for path, mount in found[0][:1]:
            yield Finding(
                path=path,
                related=(_PATH if subject.collector != "StdOut" else (*_SPEC, "collector", "kind"),),
                message=f"Katib mounts a volume of its own at `{mount}`, and two at one path are refused",
                help=_elsewhere(subject),
            )


def _elsewhere(subject: Subject) -> str:
    if subject.collector == "StdOut":
        return "mount the volume at another path: the collector's log is there"
    where = mend(subject, "`metrics.path`", "`fileSystemPath.path`")
    return f"mount the volume at another path, or choose another folder in {where}"


@rule("KG621", Effect.NO_METRICS, _POD_WEBHOOK, Severity.WARNING, when=odd_in("folder"))
def metrics_folder_hides_nothing(subject: Subject) -> Iterator[Finding]:
    """The folder of the metrics holds neither the training container's workingDir nor its program.

    Katib mounts an empty volume there, which hides what the image has in it; a user's mount at the
    same place under another spelling gets in its way.

    Bad:  `metrics: {collector: File, path: /opt/app/metrics.log}` with `command: [python3, /opt/app/train.py]`
    Good: `metrics: {collector: File, path: /opt/app/logs/metrics.log}` with `command: [python3, /opt/app/train.py]`
    """
    folder = katib.tidy(_mounted(subject))
    if folder == "/" or folder not in subject.text:
        return  # nothing is mounted, or KG620 says so, or nothing of the trial is there
    for each in _training(subject):
        own = [(path, katib.tidy(mount)) for path, mount in _mounts(each)]
        inner = [mount for _, mount in own if mount != folder and _is_below(mount, folder)]
        for path, what in _hidden(each, folder):
            if not any(_is_below(katib.tidy(what), mount) for mount in inner):
                message = f"`{what}` lies in `{folder}`, over which Katib mounts an empty volume for the metrics"
                yield Finding(path, message, _own_folder(subject))
                break
        for (path, mount), (_, written) in zip(own, _mounts(each), strict=True):
            if mount == folder and written != _mounted(subject):
                message = f"a volume is mounted at `{written}`, where Katib mounts one of its own for the metrics"
                yield Finding(path, message, _elsewhere(subject))


def _hidden(training: _Training, folder: str) -> Iterator[tuple[FieldPath, str]]:
    """Yield what the container needs of the folder: its workingDir, its programs."""
    work = text(training.fields.get("workingDir"))
    if work.startswith("/") and _is_below(katib.tidy(work), folder):
        yield (*training.path, "workingDir"), work
    for key in ("command", "args"):
        for index, word in enumerate(listed(training.fields.get(key))):
            if folder in text(word):
                for found in _PROGRAM.findall(word):
                    if _is_below(katib.tidy(found), folder):
                        yield (*training.path, key, index), found


def _own_folder(subject: Subject) -> str:
    if subject.collector == "StdOut":
        return "put it into another folder of the image"
    where = mend(subject, "`metrics.path`", "`fileSystemPath.path`")
    return f"give the metrics a folder of their own in {where}"


@rule("KG622", Effect.ADVICE, _POD_WEBHOOK, Severity.INFO, when=holds("volumeMounts"))
def metrics_folder_is_on_no_volume(subject: Subject) -> Iterator[Finding]:
    """A volume of the trial's own does not expect the metrics: Katib's empty one lies over their folder.

    The files are lost with the pod; only what the collector reads stays, in Katib's database.

    Bad:  `path: /data/logs/metrics.log` with a PersistentVolumeClaim mounted at `/data`
    Good: `path: /metrics/metrics.log` with a PersistentVolumeClaim mounted at `/data`
    """
    if subject.collector == "StdOut" or "mountPath" not in subject.text:
        return
    folder = katib.tidy(_mounted(subject))
    if folder == "/":
        return
    for each in _training(subject):
        for path, mount in _mounts(each):
            outer = katib.tidy(mount)
            if outer not in ("/", folder) and _is_below(folder, outer):
                message = f"`{folder}` lies in the mount `{mount}`, and still does not reach its volume"
                yield Finding(
                    path=_PATH,
                    related=(path,),
                    message=message,
                    help=f"let the trial write what shall stay into another folder of `{mount}`",
                )


@rule(
    "KG623",
    Effect.NO_METRICS,
    FILE_COLLECTOR,
    Severity.INFO,
    when=lambda traits: traits.collector in ("File", "TensorFlowEvent"),
)
def metrics_file_is_mentioned(subject: Subject) -> Iterator[Finding]:
    """The command, arguments or environment of the training container mention the metrics file or its folder.

    Where nothing writes the file the collector fails. A program may know the path by itself, so this
    only asks to look.

    Bad:  `metrics: {collector: File, path: /logs/m.log}` with `command: [python3, train.py]`
    Good: `metrics: {collector: File, path: /logs/m.log}` with `command: [python3, train.py, --log=/logs/m.log]`
    """
    path = _place(subject) if subject.collector in ("File", "TensorFlowEvent") else ""
    if not path:
        return
    tidy = katib.tidy(path)
    folder, _, name = tidy.rpartition("/")
    for each in _training(subject):
        said = _said(each)
        if said is not None and not (folder and folder in said) and (name or tidy) not in said:
            message = f"command, args and env of container `{text(each.fields.get('name'))}` do not mention `{path}`"
            help_ = "see that the program writes there, or pass it the path; a file that nobody writes ends the trial"
            related = (*each.path, "command" if each.fields.get("command") else "args")
            yield Finding(_PATH, message, help_, (related,))
            return


def _said(training: _Training) -> str | None:
    """Give what the manifest says to the program; None where it says nothing, or not all of it."""
    given = training.fields
    words = [*listed(given.get("command")), *listed(given.get("args"))]
    if not words or given.get("envFrom"):
        return None
    for entry in listed(given.get("env")):
        held = mapping(entry)
        if held.get("valueFrom") is not None:
            return None
        words.append(held.get("value"))
    return "\n".join([word for word in words if type(word) is str])


@rule("KG624", Effect.ADVICE, VALIDATOR, Severity.WARNING, when=odd_in("source"))
def source_is_read(subject: Subject) -> Iterator[Finding]:
    """Every part of the source is one that the collector reads.

    StdOut reads what the trial prints, whatever path is given; a TensorFlowEvent has no filter; Custom
    and Push get neither. Katib takes them without a word.

    Bad:  `metrics: {collector: StdOut, path: /logs/metrics.log}`
    Good: `metrics: {collector: File, path: /logs/metrics.log}`
    """
    kind = subject.collector
    source = _source(subject)
    for key in _IGNORED.get(kind, ()) if source else ():
        if source.get(key):
            what = mend(subject, _COMPACT[key], f"`source.{key}`")
            other = ", or choose collector File" if (kind, key) == ("StdOut", "fileSystemPath") else ""
            yield Finding(
                path=(*_SOURCE, key),
                related=((*_SPEC, "collector", "kind"),),
                message=f"collector {kind} does not read source.{key}",
                help=f"remove {what}{other}",
                fix=() if other else (Edit(EditKind.REMOVE, (*_SOURCE, key)),),
            )
    custom = mapping(mapping(subject.spec.get("metricsCollectorSpec")).get("collector")).get("customCollector")
    if custom and kind in (*katib.STOCK, "Push"):
        path = (*_SPEC, "collector", "customCollector")
        words = mend(subject, "`metrics.container`", "`collector.customCollector`")
        yield Finding(
            path,
            f"collector {kind} does not use customCollector",
            f"remove {words}, or choose collector Custom",
        )


_IGNORED = {
    "StdOut": ("fileSystemPath", "httpGet"),
    "File": ("httpGet",),
    "TensorFlowEvent": ("httpGet", "filter"),
    "Custom": ("httpGet", "filter"),
    "Push": ("fileSystemPath", "httpGet", "filter"),
    "None": ("fileSystemPath", "httpGet", "filter"),
}
_COMPACT = {"fileSystemPath": "`metrics.path`", "httpGet": "`metrics.http`", "filter": "`metrics.filter`"}


@rule("KG625", Effect.REJECTED, VALIDATOR, when=odd_in("source"))
def http_source_is_whole(subject: Subject) -> Iterator[Finding]:
    """The source of a PrometheusMetric has a port above 0 and a path from the root.

    The webhook refuses anything else. The collector itself is one that Katib does not bring.

    Bad:  `httpGet: {port: metrics, path: metrics}`
    Good: `httpGet: {port: 8080, path: /metrics}`
    """
    if subject.collector != "PrometheusMetric":
        return
    given = mapping(_source(subject).get("httpGet"))
    port, path = given.get("port"), given.get("path")
    if port is not None and not _is_port(port):
        message = f"httpGet.port is `{port}`: it must be a whole number above 0"
        yield Finding((*_SOURCE, "httpGet", "port"), message, "write the number of the port, as 8080")
    if path and not text(path).startswith("/"):
        message = f"httpGet.path is `{path}`, and does not start with /"
        yield Finding((*_SOURCE, "httpGet", "path"), message, "write it from the root, as /metrics")


def _is_port(port: object) -> bool:
    if isinstance(port, str):
        return re.fullmatch(r"[+]?[0-9]{1,18}", port) is not None and int(port) > 0
    return type(port) is int and port >= 0  # the defaulter makes 8080 of 0


@rule("KG626", Effect.NO_METRICS, FILE_COLLECTOR, Severity.INFO, when=lambda traits: traits.collector == "File")
def json_values_are_texts(subject: Subject) -> Iterator[Finding]:
    """Whoever writes metrics as JSON writes each value as a JSON text, one object a line.

    The collector ignores numbers, and ends with an error at the first line that is no object.

    Bad:  `{"epoch": 1, "loss": 0.3}` as a line of the file
    Good: `{"timestamp": "2026-01-31T12:00:00Z", "loss": "0.3"}` as a line of the file
    """
    place = mapping(_source(subject).get("fileSystemPath"))
    if subject.collector == "File" and place.get("format") == "JSON":
        name = text(mapping(subject.spec.get("objective")).get("objectiveMetricName")) or "loss"
        yield Finding(
            path=(*_SOURCE, "fileSystemPath", "format"),
            message="format JSON reads texts alone: a metric written as a JSON number counts for nothing",
            help=f'see that each line is an object such as {{"{name}": "0.3"}}; `kgen metrics` shows what is read',
        )


RULES = (
    metrics_folder_can_be_mounted,
    metrics_folder_hides_nothing,
    metrics_folder_is_on_no_volume,
    metrics_file_is_mentioned,
    source_is_read,
    http_source_is_whole,
    json_values_are_texts,
)
