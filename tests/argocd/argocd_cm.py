"""argocd-cm as `kgen argocd health` prints it, and its scripts as Argo CD finds them there."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from conftest import run_kgen

PREFIX = "resource.customizations"


def printed(*options: str) -> Any:
    """Run the command, and read what it prints."""
    ran = run_kgen("argocd", "health", *options)
    assert (ran.code, ran.err) == (0, "")
    return yaml.safe_load(ran.out)


@cache
def data(variant: str) -> dict[str, str]:
    """Give the data of the ConfigMap."""
    out: dict[str, str] = printed("--variant", variant)["data"]
    return out


def health(kind: str, variant: str) -> str:
    group = "trainer.kubeflow.org" if kind == "TrainJob" else "kubeflow.org"
    return data(variant)[f"{PREFIX}.health.{group}_{kind}"]


def actions() -> dict[str, str]:
    """Give the scripts of Experiment's actions by name, `discovery` among them."""
    read = yaml.safe_load(data("waiting")[f"{PREFIX}.actions.kubeflow.org_Experiment"])
    return {"discovery": read["discovery.lua"], **{each["name"]: each["action.lua"] for each in read["definitions"]}}
