"""This repository is a workspace of its own: what is rendered is up to date, and the specs are short."""

from __future__ import annotations

import subprocess
import sys
from statistics import median

import pytest
import yaml
from seed_specs import ROOT, SEEDS, rendered

ENVIRONMENTS = ("dev", "staging", "prod")
COMPACT = 0.40  # the design's figure


def kgen(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kgen", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_rendered_tree_is_up_to_date_and_nothing_is_found() -> None:
    done = kgen("render", *(f"env/{name}" for name in ENVIRONMENTS), "--check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_environment_every_spec_and_every_overlay_is_used() -> None:
    used: dict[str, set[str]] = {"experiments": set(), "overlays": set()}
    assert {path.parent.name for path in (ROOT / "environments").glob("*/environment.yaml")} == set(ENVIRONMENTS)
    for name in ENVIRONMENTS:
        said = yaml.safe_load((ROOT / "environments" / name / "environment.yaml").read_text("utf-8"))
        items = [item if isinstance(item, dict) else {"name": item} for item in said["experiments"]]
        used["experiments"].update(item["name"] for item in items)
        used["overlays"].update(said["overlays"], *(item.get("overlays", ()) for item in items))
    for folder, names in used.items():
        assert names == {path.stem for path in (ROOT / folder).iterdir()}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_object_is_in_the_namespace_of_its_environment_and_says_which_it_is(environment: str) -> None:
    application = yaml.safe_load((ROOT / "rendered" / "argocd" / f"{environment}.yaml").read_text("utf-8"))
    assert application["spec"]["source"]["path"] == f"rendered/{environment}"
    namespace = application["spec"]["destination"]["namespace"]
    kinds = set()
    for path in (ROOT / "rendered" / environment).iterdir():
        obj = yaml.safe_load(path.read_text("utf-8"))
        kinds.add(obj["kind"])
        if obj["kind"] != "PersistentVolume":
            assert obj["metadata"]["namespace"] == namespace
        if obj["kind"] == "Experiment":
            assert obj["metadata"]["labels"]["environment"] == environment
    assert "Experiment" in kinds
    assert "Secret" not in kinds


def test_specs_are_short() -> None:
    ratios = {}
    for seed in SEEDS:
        spec = (ROOT / "experiments" / f"{seed.spec}.yaml").read_text("utf-8")
        (manifest,) = rendered(seed.spec, namespace=seed.namespace).files.values()
        ratios[seed.spec] = lines(spec) / lines(manifest.decode())
    assert median(ratios.values()) <= COMPACT, ratios


def lines(text: str) -> int:
    """Count the lines that say something to a machine."""
    return sum(1 for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
