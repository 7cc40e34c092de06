"""After a failure: everything that one needs to see, in a folder, before the cluster is gone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from harness.commands import CommandFailed
from harness.reading import dig
from harness.run import Run
from harness.workspace import ENVIRONMENT

LINES = 3000  # of a log
# What is read as JSON: name -> kind, and the setting that holds its namespace; "" for all of the cluster. No Secrets.
_KINDS = {
    "applications": ("applications.argoproj.io", "ARGOCD_NAMESPACE"),
    "appprojects": ("appprojects.argoproj.io", "ARGOCD_NAMESPACE"),
    "experiments": ("experiments.kubeflow.org", "NAMESPACE"),
    "trials": ("trials.kubeflow.org", "NAMESPACE"),
    "suggestions": ("suggestions.kubeflow.org", "NAMESPACE"),
    "jobs": ("jobs.batch", "NAMESPACE"),
    "workloads": ("deployments.apps,statefulsets.apps", ""),
    "pods": ("pods", ""),
    "events": ("events", ""),
    "namespaces": ("namespaces", ""),
    "nodes": ("nodes", ""),
    "webhooks": ("validatingwebhookconfigurations,mutatingwebhookconfigurations", ""),
}
_DESCRIBED = "experiments.kubeflow.org,trials.kubeflow.org,suggestions.kubeflow.org,jobs,pods,persistentvolumeclaims"


def gather(run: Run, folder: Path) -> dict[str, Any]:
    """Write all there is below a folder, and give what `diagnose` reads; what cannot be read is noted and left out.

    Keys: those of `_KINDS`, each a list of objects; `logs`, {"NAMESPACE/POD/CONTAINER": text}; `diff`, text;
    `names`, what the settings call things; `unread`, what could not be read and why.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = {"names": dict(run.settings.versions), "unread": {}, "logs": {}, "diff": ""}
    for name, (kind, place) in _KINDS.items():
        space = run.settings[place] if place else ""
        found[name] = _tried(found, name, lambda kind=kind, space=space: run.kube.items(kind, space)) or []  # type: ignore[misc]
        (folder / f"{name}.json").write_text(json.dumps(found[name], indent=1), encoding="utf-8")
    space = run.settings["NAMESPACE"]
    described = _tried(found, "described", lambda: run.kube("-n", space, "describe", _DESCRIBED)) or ""
    (folder / "described.txt").write_text(described, encoding="utf-8")
    for namespace, pod, container, again in _containers(run, found["pods"]):
        _log(run, found, folder, (namespace, pod, container), again=again)
    found["diff"] = _tried(found, "diff", lambda: _diff(run)) or ""
    (folder / "diff.txt").write_text(found["diff"], encoding="utf-8")
    if found["unread"]:
        (folder / "unread.json").write_text(json.dumps(found["unread"], indent=1), encoding="utf-8")
    return found


def _tried(found: dict[str, Any], name: str, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except (CommandFailed, OSError, ValueError) as failed:
        found["unread"][name] = str(failed)
        return None


def _containers(run: Run, pods: list[dict[str, Any]]) -> Iterator[tuple[str, str, str, bool]]:
    """Give the containers whose logs tell something; and whether one was started again."""
    spaces = {run.settings[name] for name in ("NAMESPACE", "KATIB_NAMESPACE", "ARGOCD_NAMESPACE", "GIT_NAMESPACE")}
    for pod in pods:
        namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        if namespace not in spaces:
            continue
        for kind in ("initContainerStatuses", "containerStatuses"):
            for status in dig(pod, "status", kind) or ():
                if "waiting" not in (status.get("state") or {}) or status.get("restartCount"):
                    yield namespace, name, status["name"], bool(status.get("restartCount"))


def _log(run: Run, found: dict[str, Any], folder: Path, place: tuple[str, str, str], *, again: bool) -> None:
    namespace, pod, container = place
    key = "/".join(place)
    argv = ("logs", "-n", namespace, pod, "-c", container, "--tail", str(LINES))
    for more in ((), ("--previous",)) if again else ((),):
        text = _tried(found, f"log {key} {' '.join(more)}".rstrip(), lambda more=more: run.kube(*argv, *more))  # type: ignore[misc]
        if text:
            found["logs"][key] = found["logs"].get(key, "") + text
    file = folder / "logs" / f"{namespace}_{pod}_{container}.log"
    file.parent.mkdir(exist_ok=True)
    file.write_text(found["logs"].get(key, ""), encoding="utf-8")


def _diff(run: Run) -> str:
    """Say how what is live differs from what is rendered."""
    live = run.kube("get", "experiments.kubeflow.org", "-n", run.settings["NAMESPACE"], "-o", "yaml")
    return run.workspace.kgen("diff", f"env/{ENVIRONMENT}", "--against", "-", text=live)
