"""What the primary container of a trial is to do here, from the trial's object and the Experiment."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from kgen.katib import collectors, logs
from kgen.katib.collectors import Wanted
from kgen.katib.v1beta1 import FILE_PATH, HTTP_PATH, HTTP_PORT
from kgen.local.primary import Primary, primary
from kgen.local.runner import METRICS, Endpoint, Held, Job, Mount, RunnerError
from kgen.local.surroundings import environment, limits, mounts, writable
from kgen.model.values import listed, mapping, text

_REFUSED = {
    "Custom": "its own container reads what it likes, and nothing here does the same",
    "Push": "the program sends its metrics to an address inside the cluster, and reads a file that only pods have",
    "None": "the program sends its metrics to an address inside the cluster, and reads a file that only pods have",
}
_FIRST_PORT, _PORTS = 20_000, 10_000  # for a PyTorchJob alone; trials that run at a time need different ones


class Given(NamedTuple):
    """What the caller gives in place of what only the cluster has."""

    env: Mapping[str, str] = MappingProxyType({})  # above what the manifest says
    volumes: Mapping[str, Path] = MappingProxyType({})  # name of a volume of the pod -> folder


def job_of(spec: Mapping[str, Any], trial: Mapping[str, Any], folder: Path, given: Given = Given()) -> Job:  # noqa: B008
    """Make the job of a trial: `spec` is the Experiment's, `trial` the object that `generate` made.

    Makes the folders of the trial's volumes in `folder`, which is the trial's own and exists.

    Raises:
        RunnerError: nothing here can do what the trial asks for; the text says what.
    """
    wanted = collectors.wanted(spec)
    _refuse(wanted)
    metadata = mapping(trial.get("metadata"))
    name, namespace = text(metadata.get("name")), text(metadata.get("namespace"))
    found = primary(mapping(spec.get("trialTemplate")), trial)
    notes = list(found.notes)
    env = {**_of_operator(trial, name), **environment(found, given.env, name, namespace, notes)}
    held = mounts(found, folder.absolute(), given.volumes, notes)
    metrics = _metrics_path(wanted)
    if metrics:
        held.append(_collected(wanted, metrics, folder.absolute()))
    return Job(
        name=name,
        folder=folder.absolute(),
        command=_words(found.container, "command"),
        args=_words(found.container, "args"),
        wanted=wanted,
        env=env,
        image=text(found.container.get("image")),
        workdir=text(found.container.get("workingDir")),
        user=_user(found),
        mounts=tuple(held),
        limits=limits(found.container),
        metrics=metrics,
        endpoint=_endpoint(spec) if wanted.kind == "PrometheusMetric" else None,
        notes=tuple(notes),
    )


def _refuse(wanted: Wanted) -> None:
    """Refuse a collector that cannot work here.

    Raises:
        RunnerError: the Experiment has it.
    """
    why = _REFUSED.get(wanted.kind)
    if why is not None:
        raise RunnerError(
            f"the collector {wanted.kind} cannot be had here: {why}",
            "print the metrics as `name=value` too, and try it with `--set metrics=StdOut`",
        )
    if wanted.kind not in (*collectors.STOCK, "PrometheusMetric"):
        raise RunnerError(f"Katib has no collector `{wanted.kind}`", f"it has {', '.join(collectors.STOCK)}")
    missing = logs.cannot_match(collectors.filter_list(wanted.filters)) if wanted.format == "TEXT" else None
    if missing is not None:
        raise RunnerError(f"the log cannot be read as Katib does: {missing}")
    if not wanted.objective:
        raise RunnerError("the Experiment names no objective metric", "add `objective.objectiveMetricName`")


def _words(container: Mapping[str, Any], key: str) -> tuple[str, ...]:
    return tuple(each for each in listed(container.get(key)) if isinstance(each, str))


def _metrics_path(wanted: Wanted) -> str:
    """Give what the collector reads, in the container; "" for an endpoint.

    Raises:
        RunnerError: the path is none.
    """
    path = {"StdOut": FILE_PATH, "PrometheusMetric": ""}.get(wanted.kind, wanted.path)
    path = path or ("/var/log/katib/tfevent/" if wanted.kind == "TensorFlowEvent" else path)
    if path and not path.startswith("/"):
        raise RunnerError(
            f"the collector's path `{path}` is not absolute", "write it from the root, `/var/log/katib/…`"
        )
    if path and collectors.mounted_at(wanted.kind, path).rstrip("/") == "":
        raise RunnerError(
            f"for the collector's path `{path}` Katib mounts an empty volume over `/`, and no container starts",
            "put it into a folder of its own, as `/var/log/katib/metrics.log`",
        )
    return path


def _collected(wanted: Wanted, path: str, folder: Path) -> Mount:
    """Give the volume that Katib adds for its collector; it hides what else lies there."""
    source = folder / METRICS
    writable(source)
    return Mount("metrics-volume", collectors.mounted_at(wanted.kind, path), source, Held.EMPTY)


def _endpoint(spec: Mapping[str, Any]) -> Endpoint:
    source = mapping(mapping(spec.get("metricsCollectorSpec")).get("source"))
    asked = mapping(source.get("httpGet"))
    port = asked.get("port")
    number = int(port) if isinstance(port, int | str) and str(port).isdecimal() else HTTP_PORT
    return Endpoint(number, text(asked.get("path")) or HTTP_PATH)


def _user(found: Primary) -> str:
    """Give user and group; the container's own words count before the pod's."""
    own, pod = mapping(found.container.get("securityContext")), mapping(found.pod.get("securityContext"))
    user, group = (own.get(key, pod.get(key)) for key in ("runAsUser", "runAsGroup"))
    if not isinstance(user, int):
        return ""
    return f"{user}:{group}" if isinstance(group, int) else str(user)


def _of_operator(trial: Mapping[str, Any], name: str) -> dict[str, str]:
    """Give what the operator tells a process of its kind, for a job of one process."""
    if trial.get("kind") != "PyTorchJob":
        return {}
    port = _FIRST_PORT + zlib.crc32(name.encode()) % _PORTS
    return {
        "PYTHONUNBUFFERED": "1",
        "MASTER_ADDR": "localhost",
        "MASTER_PORT": str(port),
        "WORLD_SIZE": "1",
        "RANK": "0",
    }
