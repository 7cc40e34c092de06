"""What API answers mean: Applications, Experiments, Trials. Pure.

Fields as in argo-cd v3.5.1 pkg/apis/application/v1alpha1/types.go, and katib v0.19.0 pkg/apis/controller.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from harness.waiting import Broken, Pending

Json = Mapping[str, Any]
COLLECTOR = "metrics-logger-and-collector"  # the container that Katib adds to the pod of a trial
_KLOG = re.compile(r"^[IWEF][0-9]{4} [0-9:.]+ +[0-9]+ [^\]]*\] ", re.MULTILINE)
REFRESH = "argocd.argoproj.io/refresh"  # Argo CD takes the annotation away when it has refreshed


class Ended(NamedTuple):
    """An Experiment that has ended well."""

    uid: str
    reason: str
    trials: int
    succeeded: int


class Settled(NamedTuple):
    """An Application as Argo CD last saw it."""

    revision: str
    operation: str  # when its last operation started; "" if there was none
    reconciled: str


class Best(NamedTuple):
    """The best trial of an Experiment, and what Katib observed of it."""

    trial: str
    metrics: Mapping[str, Mapping[str, str]]  # metric -> min, max, latest


def dig(tree: Any, *path: str | int) -> Any:
    """Give what is at a path, or None."""
    for key in path:
        try:
            tree = tree[key]
        except (KeyError, IndexError, TypeError):
            return None
    return tree


def conditions(thing: Json) -> dict[str, Json]:
    """Give an object's conditions by type; of two with one type, the last."""
    return {each["type"]: each for each in dig(thing, "status", "conditions") or ()}


def holds(thing: Json, kind: str) -> bool:
    """Whether a condition is True."""
    return conditions(thing).get(kind, {}).get("status") == "True"


def synced(application: Json | None, revision: str) -> Settled | Pending:
    """Give the Application once it is Synced at a revision and nothing runs.

    Raises:
        Broken: its sync has failed for good; Argo CD does not try the same revision again.
    """
    if application is None:
        return Pending("there is no such Application")
    status = application.get("status") or {}
    if REFRESH in (dig(application, "metadata", "annotations") or {}):
        return Pending("Argo CD has not refreshed it yet")
    phase, ran = dig(status, "operationState", "phase"), dig(status, "operationState", "syncResult", "revision")
    if phase in ("Failed", "Error") and ran == revision:
        raise Broken(f"the sync of {revision[:8]} has failed: {dig(status, 'operationState', 'message')}")
    if phase == "Running":
        return Pending(f"a sync is running: {dig(status, 'operationState', 'message') or 'no message'}")
    state, at = dig(status, "sync", "status") or "unknown", dig(status, "sync", "revision") or ""
    if state != "Synced" or at != revision:
        return Pending(
            "; ".join([f"{state} at {at[:8] or 'no revision'}, not Synced at {revision[:8]}", *_said(status)])
        )
    operation = dig(status, "operationState", "startedAt") or ""
    return Settled(at, operation, status.get("reconciledAt") or "")


def _said(status: Json) -> Iterator[str]:
    for each in status.get("conditions") or ():
        yield f"{each.get('type')}: {each.get('message')}"


def ended(experiment: Json | None, at_least: int = 0) -> Ended | Pending:
    """Give an Experiment once it has ended well, with a number of trials or more.

    `Restarting` stays True for good, and `Succeeded` until the controller has seen a larger maximum, so the last
    condition says nothing, and a number of trials must be asked for after an edit.

    Raises:
        Broken: it has failed.
    """
    if experiment is None:
        return Pending("there is no such Experiment")
    if holds(experiment, "Failed"):
        raise Broken(f"the Experiment has failed: {conditions(experiment)['Failed'].get('message')}")
    status = experiment.get("status") or {}
    counts = ", ".join(f"{status[name]} {name}" for name in _COUNTS if status.get(name))
    trials = status.get("trials", 0)
    if not holds(experiment, "Succeeded") or trials < at_least:
        have = ", ".join(name for name in conditions(experiment) if holds(experiment, name)) or "no condition"
        return Pending(f"{have}; {counts or 'no trial'}")
    reason = conditions(experiment)["Succeeded"].get("reason", "")
    return Ended(experiment["metadata"]["uid"], reason, trials, status.get("trialsSucceeded", 0))


_COUNTS = (
    "trials",
    "trialsPending",
    "trialsRunning",
    "trialsSucceeded",
    "trialsFailed",
    "trialsKilled",
    "trialsEarlyStopped",
    "trialMetricsUnavailable",
)


def best(experiment: Json) -> Best:
    """Give the best trial.

    Raises:
        Broken: there is none.
    """
    optimal = dig(experiment, "status", "currentOptimalTrial") or {}
    if not optimal.get("bestTrialName"):
        raise Broken("the Experiment has no best trial: status.currentOptimalTrial.bestTrialName is empty")
    return Best(optimal["bestTrialName"], observed(optimal))


def observed(thing: Json) -> dict[str, dict[str, str]]:
    """Give what Katib observed, of `observation` or of a Trial's `status.observation`."""
    observation = thing.get("observation") or dig(thing, "status", "observation") or {}
    return {each["name"]: dict(each) for each in observation.get("metrics") or ()}


def without_headers(log: str) -> str:
    """Give what a trial printed, from the collector's log, which puts a klog header before each line.

    The trial's own container has no log: Katib sends its output into a file, which the collector reads and repeats.
    """
    return _KLOG.sub("", log)


def printed(log: str, metric: str) -> list[float]:
    """Give what a trial printed of a metric, as `name=value` lines; read without anything of kgen."""
    found = re.findall(rf"^{re.escape(metric)}=(\S+)$", without_headers(log), re.MULTILINE)
    return [float(text) for text in found]


def agrees(log: str, metric: str, seen: Mapping[str, str]) -> str:
    """Give what is wrong between a trial's log and what Katib observed of it; "" if nothing is."""
    values = printed(log, metric)
    if not values:
        return f"the log has no line `{metric}=VALUE`"
    wanted = {"min": min(values), "max": max(values), "latest": values[-1]}
    wrong = [
        f"{name} is {seen.get(name)}, printed was {value:g}"
        for name, value in wanted.items()
        if not _equal(seen.get(name), value)
    ]
    return f"{metric}: " + "; ".join(wrong) if wrong else ""


def _equal(text: str | None, value: float) -> bool:
    try:
        return text is not None and abs(float(text) - value) < 1e-9
    except ValueError:
        return False
