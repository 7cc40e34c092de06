"""The Lua scripts that come with kgen, put together for Argo CD, whose Lua can load no other file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

OWN = "-- Written by `kgen argocd health`; changes made here are lost.\n"


class Variant(StrEnum):
    """What the health of a search that runs, waits or has failed is; the file of its name says it."""

    WAITING = "waiting"
    ALERTING = "alerting"
    FLOWING = "flowing"


class Script(NamedTuple):
    """A file, and those of `lib` that it is built on, in their order."""

    file: str
    libraries: tuple[str, ...] = ("read",)


class Kind(NamedTuple):
    """A kind with a health check, and with actions by their names."""

    group: str
    name: str
    health: Script
    discovery: Script | None = None
    actions: tuple[tuple[str, Script], ...] = ()


_RULES, _DIALOGUE = ("read", "counters"), ("read", "counters", "parameters")
_ACTIONS = ("add-trials", "set-max-trial-count", "set-parallel-trial-count")
_EXPERIMENT = "actions/kubeflow.org_Experiment"
_JOBS = ("PyTorchJob", "TFJob", "MPIJob", "XGBoostJob", "PaddleJob", "JAXJob")
KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "kubeflow.org",
            "Experiment",
            Script("health/kubeflow.org_Experiment", ("read", "objective")),
            Script(f"{_EXPERIMENT}/discovery", _RULES),
            tuple((name, Script(f"{_EXPERIMENT}/{name}", _DIALOGUE)) for name in _ACTIONS),
        ),
        Kind("kubeflow.org", "Trial", Script("health/kubeflow.org_Trial", ("read", "objective"))),
        Kind("kubeflow.org", "Suggestion", Script("health/kubeflow.org_Suggestion")),
        *(Kind("kubeflow.org", name, Script("health/training-job")) for name in _JOBS),
        Kind("trainer.kubeflow.org", "TrainJob", Script("health/trainer.kubeflow.org_TrainJob")),
    )
}


def health(kind: Kind, variant: Variant) -> str:
    """Give the health check of a kind: a whole script."""
    return OWN + "\n".join((_read(f"variants/{variant}"), *_parts(kind.health)))


def action(script: Script) -> str:
    """Give a script that discovers actions, or is one."""
    return OWN + "\n".join(_parts(script))


def _parts(script: Script) -> tuple[str, ...]:
    return (*(_read(f"lib/{name}") for name in script.libraries), _read(script.file))


def _read(name: str) -> str:
    return (_folder() / f"{name}.lua").read_text(encoding="utf-8")


def _folder() -> Path:
    """Find the scripts: in the installed package, or at the top of the repository."""
    package = Path(__file__).parents[2]
    installed = package / "argocd"
    return installed if installed.is_dir() else package.parents[1] / "argocd"
