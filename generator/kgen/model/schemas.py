"""The JSON Schemas of the files that kgen reads, made of the shapes it checks them by."""

from __future__ import annotations

from kgen.model.environment import ENVIRONMENT, WORKSPACE
from kgen.model.node import Plain
from kgen.model.overlay import OVERLAY
from kgen.model.shape import Shape, json_schema
from kgen.model.spec import SPEC

SCHEMAS: dict[str, tuple[str, Shape]] = {
    "experiment": ("A compact experiment spec: experiments/NAME.yaml", SPEC),
    "overlay": ("An overlay: overlays/NAME.yaml", OVERLAY),
    "environment": ("An environment: environments/NAME/environment.yaml", ENVIRONMENT),
    "workspace": ("The settings of a workspace: kgen.yaml", WORKSPACE),
}


def schema(name: str) -> dict[str, Plain]:
    """Make one of them."""
    title, shape = SCHEMAS[name]
    return json_schema(shape, title)
