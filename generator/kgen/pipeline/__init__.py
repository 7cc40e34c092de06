"""The stages in order, for a workspace and for plain manifests; the one room that knows them all."""

from kgen.pipeline.rendering import render

__all__ = ["render"]
