"""A small valid manifest, and ways to bend it."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from kgen.katib.decode import Flaw, decode, decode_trial
from kgen.katib.types import experiment
from kgen.katib.v1beta1 import JOB_CONDITIONS
from kgen.model.diagnostic import Finding
from kgen.model.environment import Target
from kgen.model.node import NOWHERE, Node, make, path_text
from kgen.rules.rule import Rule
from kgen.rules.subject import Subject, read
from kgen.rules.traits import Traits, alike

DELETE = object()


def double(low: str = "0.01", high: str = "0.05", **more: object) -> dict[str, Any]:
    """A double parameter without its name."""
    return {
        "parameterType": "double",
        "feasibleSpace": {"min": low, "max": high, "distribution": "uniform", **more},
    }


def whole(low: str = "1", high: str = "5", **more: object) -> dict[str, Any]:
    """An int parameter without its name."""
    return {**double(low, high, **more), "parameterType": "int"}


def choice(kind: str, *values: object, **more: object) -> dict[str, Any]:
    """A discrete or categorical parameter without its name."""
    return {"parameterType": kind, "feasibleSpace": {"list": list(values), "distribution": "uniform", **more}}


def manifest() -> dict[str, Any]:
    """Everything that the defaulter leaves alone."""
    return {
        "apiVersion": "kubeflow.org/v1beta1",
        "kind": "Experiment",
        "metadata": {"name": "base", "namespace": "ns"},
        "spec": {
            "objective": {
                "type": "minimize",
                "objectiveMetricName": "loss",
                "metricStrategies": [{"name": "loss", "value": "min"}],
            },
            "algorithm": {"algorithmName": "random"},
            "parallelTrialCount": 3,
            "maxTrialCount": 12,
            "maxFailedTrialCount": 3,
            "resumePolicy": "Never",
            "metricsCollectorSpec": {"collector": {"kind": "StdOut"}},
            "parameters": [{"name": "lr", **double()}, {"name": "mo", **double("0.5", "0.9")}],
            "trialTemplate": {
                "primaryContainerName": "tc",
                "successCondition": JOB_CONDITIONS.success,
                "failureCondition": JOB_CONDITIONS.failure,
                "trialParameters": [
                    {"name": "learningRate", "reference": "lr"},
                    {"name": "momentum", "reference": "mo"},
                ],
                "trialSpec": {
                    "apiVersion": "batch/v1",
                    "kind": "Job",
                    "spec": {
                        "template": {
                            "spec": {
                                "restartPolicy": "Never",
                                "containers": [
                                    {
                                        "name": "tc",
                                        "image": "reg.io/a/b:1",
                                        "command": [
                                            "python3",
                                            "t.py",
                                            "--lr=${trialParameters.learningRate}",
                                            "--m=${trialParameters.momentum}",
                                        ],
                                    }
                                ],
                            }
                        }
                    },
                },
            },
        },
    }


SHORT = {
    "template": "spec.trialTemplate",
    "trial": "spec.trialTemplate.trialSpec",
    "pod": "spec.trialTemplate.trialSpec.spec.template.spec",
    "tc": "spec.trialTemplate.trialSpec.spec.template.spec.containers.0",
    "algorithm": "spec.algorithm.algorithmName",
}


def flaws_of(given: Node, target: Target) -> tuple[Flaw, ...]:
    """What reading it against its types finds."""
    return (*decode(given, experiment(target.katib))[1], *decode_trial(given, target)[1])


def subject(changes: dict[str, Any] | None = None, *, katib: str = "0.19", base: str = "", **target: str) -> Subject:
    """The valid manifest with values put at dotted paths; a first word of SHORT stands for a longer path."""
    out = manifest()
    for path, value in (changes or {}).items():
        first, _, rest = path.partition(".")
        steps = (SHORT.get(first, first) + (f".{rest}" if rest else "")).split(".")
        holder: Any = out
        for step in steps[:-1]:
            holder = holder[int(step)] if isinstance(holder, list) else holder.setdefault(step, {})
        last: Any = int(steps[-1]) if isinstance(holder, list) else steps[-1]
        if value is DELETE:
            del holder[last]
        else:
            holder[last] = copy.deepcopy(value)
    on = Target(katib=katib, **target)  # type: ignore[arg-type]
    return read(out, on, base, flaws=flaws_of(make(out, NOWHERE), on))


def traits_of(on: Subject) -> Traits:
    """What its rules are sorted out by."""
    return next(iter(alike((on,))))


def space(*parameters: dict[str, Any], algorithm: str = "random") -> Subject:
    """Parameters named a, b, c, ... under an algorithm."""
    named = [{"name": chr(97 + i), **p} for i, p in enumerate(parameters)]
    return subject({"algorithm": algorithm, "spec.parameters": named})


def said(findings: Sequence[Finding]) -> list[str]:
    """Each finding as `path: message`."""
    return [f"{path_text(f.path)}: {f.message}" for f in findings]


def run(rule: Rule, on: Subject) -> list[str]:
    """What a rule says."""
    return said(list(rule.check(on)))
