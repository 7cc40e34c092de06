"""The specs of the source documents' experiments, and how a test renders one of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from kgen import pipeline
from kgen.model.experiment import Rendered

ROOT = Path(__file__).parent.parent.parent
LAYERS = ("experiments", "overlays")


class Seed(NamedTuple):
    """A spec, and the manifest that a source document has of it."""

    spec: str
    document: str
    namespace: str  # "" where the document has none
    overlays: tuple[str, ...] = ()  # what the document itself has filled in by hand


SEEDS = (
    Seed("katib-custom", "000-katib-custom.yaml", "pipeline"),
    Seed("tfjob-example", "001-tfjob-example-v1alpha3.yaml", "kubeflow"),
    Seed("cnn-example", "001-cnn-example-accuracy2-v1alpha3-truncated.yaml", "kubeflow"),
    Seed("pytorchjob-mnist", "002-pytorchjob-mnist.yaml", "kubeflow"),
    Seed(
        "mnist-tuning", "003-mnist-hyperparameter-tuning.template.yaml", "kubeflow", ("registry-kcr", "regcred-by-hand")
    ),
    Seed("iris", "004-katib-experiment.yaml", ""),
)
every_seed = pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.spec)


def rendered(spec: str, overlays: tuple[str, ...] = (), namespace: str = "") -> Rendered:
    """Render one spec of this repository in an environment that says no more than this."""
    sources = {f"{folder}/{path.name}": path.read_bytes() for folder in LAYERS for path in (ROOT / folder).iterdir()}
    environment: dict[str, Any] = {"experiments": [spec], "overlays": list(overlays)}
    if namespace:
        environment["namespace"] = namespace
    sources["environments/empty/environment.yaml"] = json.dumps(environment).encode()
    sources["kgen.yaml"] = (ROOT / "kgen.yaml").read_bytes()
    out = pipeline.render(sources, "empty")
    assert [d for d in out.diagnostics if d.severity == "error"] == []
    return out


def experiment(out: Rendered) -> dict[str, Any]:
    """Give the one Experiment of a rendered environment, as a YAML reader that is not kgen's sees it."""
    documents = [yaml.safe_load(data) for data in out.files.values()]
    (found,) = [document for document in documents if document["kind"] == "Experiment"]
    return found
