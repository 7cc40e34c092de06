"""A cluster that answers from a script: as much of Argo CD and Katib as the stages of the end-to-end test can see.

It stands in for kubectl alone. Git, kgen and the repository are real. What it shows is that the stages notice what
goes wrong, and nothing of what Argo CD or Katib do: that is what a cluster is for.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from harness.commands import Done, Subprocesses

Json = dict[str, Any]


class Simulated:
    """A shell whose kubectl talks to objects in memory.

    Faults, by name: `drift` (Argo CD changes what it applies), `heal` (each refresh starts an operation), `recreate`
    (an edit makes another object), `refuse` (a sync fails), `fail` (a search fails), `few` (a trial fails), `lie`
    (Katib observes another value than was printed), `worst` (Katib calls the worst trial the best), `prune` (what left
    Git goes).
    """

    def __init__(self, repository: Path, *faults: str) -> None:
        self.repository = repository
        self.faults = faults
        self.real = Subprocesses()
        self.applied: list[str] = []
        self.experiments: dict[str, Json] = {}
        self.trials: dict[str, Json] = {}
        self.logs: dict[str, str] = {}
        self.application: Json | None = None
        self.made = 0

    def run(self, argv: Sequence[str], **more: Any) -> Done:
        """Run a command; kubectl's are answered here."""
        if argv[0] != "kubectl":
            return self.real.run(argv, **more)
        words = [word for word in argv[1:] if word not in ("--context", "team")]
        answer = self._answer(words)
        return Done(1, "", f"the script has no answer to: {' '.join(words)}") if answer is None else Done(0, answer, "")

    def _answer(self, words: list[str]) -> str | None:
        match words:
            case ["apply", "-f", file]:
                self.applied.append(yaml.safe_load(Path(file).read_text("utf-8"))["kind"])
                return ""
            case ["-n", _, "annotate", "application.argoproj.io", *_]:
                self._sync()
                return ""
            case ["get", "application.argoproj.io", *_]:
                return json.dumps(self.application)
            case ["get", "experiments.kubeflow.org", "-n", _, "-o", "yaml"]:
                listed = {"apiVersion": "v1", "kind": "List", "items": list(self.experiments.values())}
                return yaml.safe_dump(listed)
            case ["get", "experiments.kubeflow.org", name, *_]:
                found = self.experiments.get(name)
                return json.dumps(found) if found else ""
            case ["get", "trials.kubeflow.org", *_, selector, "-o", "json"]:
                name = selector.partition("=")[2]
                items = [each for each in self.trials.values() if each["metadata"]["name"].startswith(f"{name}-")]
                return json.dumps({"items": items})
            case ["logs", "-n", _, job, "-c", "metrics-logger-and-collector"]:
                return self.logs[job.removeprefix("job/")]
        return None

    def _sync(self) -> None:
        revision = self._git("rev-parse", "main").strip()
        before = self.application["status"]["operationState"] if self.application else None
        started = "heal" in self.faults or before is None or before["syncResult"]["revision"] != revision
        if started:
            self.made += 1
        failed = "refuse" in self.faults
        operation = {
            "phase": "Failed" if failed else "Succeeded",
            "message": "one or more objects failed to apply" if failed else "successfully synced",
            "startedAt": f"2026-11-21T10:00:{self.made:02d}Z",
            "syncResult": {"revision": revision},
        }
        status = {
            "sync": {"status": "Synced", "revision": revision},
            "operationState": operation if started else before,
        }
        self.application = {"metadata": {"name": "kgen-e2e"}, "status": status}
        if started and not failed:
            self._apply(yaml.safe_load(self._git("show", "main:rendered/e2e/iris.yaml")))

    def _git(self, *arguments: str) -> str:
        argv = ["git", "-C", str(self.repository), *arguments]
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout

    def _apply(self, wanted: Json) -> None:
        name = wanted["metadata"]["name"]
        if "prune" in self.faults:
            self.experiments = {key: value for key, value in self.experiments.items() if key == name}
        old = self.experiments.get(name)
        uid = f"uid-{self.made}" if old is None or "recreate" in self.faults else old["metadata"]["uid"]
        live = {**wanted, "metadata": {**wanted["metadata"], "uid": uid, "generation": self.made}}
        if "drift" in self.faults:
            live["spec"] = {**wanted["spec"], "maxFailedTrialCount": wanted["spec"]["maxTrialCount"]}
        self.experiments[name] = live
        self._search(live)

    def _search(self, live: Json) -> None:
        """Let a search end at once, with trials whose accuracy grows."""
        name, count = live["metadata"]["name"], live["spec"]["maxTrialCount"]
        values: dict[str, float] = {}
        for number in range(count):
            trial = f"{name}-{number:08d}"
            values[trial] = round(0.9 + number / 100, 2)
            lines = ("accuracy=0.8", "loss=0.5", f"accuracy={values[trial]}", "loss=0.25")
            self.logs[trial] = "".join(f"I1121 12:26:09.945454      14 main.go:143] {line}\n" for line in lines)
            seen = values[trial] + ("lie" in self.faults) / 1000
            self.trials[trial] = self._trial(trial, seen, failed="few" in self.faults and number == 0)
        pick = min if "worst" in self.faults else max
        best = pick(values, key=lambda trial: values[trial])
        ending = "Failed" if "fail" in self.faults else "Succeeded"
        live["status"] = {
            "conditions": [_condition("Created"), _condition(ending, "ExperimentMaxTrialsReached")],
            "trials": count,
            "trialsSucceeded": count - ("few" in self.faults),
            "currentOptimalTrial": {"bestTrialName": best, "observation": self.trials[best]["status"]["observation"]},
        }

    @staticmethod
    def _trial(name: str, value: float, *, failed: bool) -> Json:
        metrics = [
            {"name": "accuracy", "min": "0.8", "max": f"{value:g}", "latest": f"{value:g}"},
            {"name": "loss", "min": "0.25", "max": "0.5", "latest": "0.25"},
        ]
        kind = "Failed" if failed else "Succeeded"
        status = {"conditions": [_condition(kind)], "observation": {"metrics": metrics}}
        return {"metadata": {"name": name}, "status": status}


def _condition(kind: str, reason: str = "") -> Mapping[str, str]:
    return {"type": kind, "status": "True", "reason": reason, "message": f"it is {kind}"}
