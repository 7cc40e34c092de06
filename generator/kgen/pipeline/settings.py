"""What is read of a workspace without an environment: `kgen.yaml`, and the form of its overlays."""

from __future__ import annotations

from kgen.model.diagnostic import Diagnostic
from kgen.model.node import NOWHERE, Node
from kgen.model.sources import Sources
from kgen.stages.load import Kind, Library


def read_settings(sources: Sources) -> tuple[Node | None, tuple[Diagnostic, ...]]:
    """Read the settings of a workspace; None where there are none, or they are wrong, which the diagnostics say."""
    library = Library(sources, "", lambda *_: "")
    return library.settings(), tuple(library.problems)


def check_overlays(sources: Sources) -> tuple[Diagnostic, ...]:
    """Say what is wrong with overlays as they are written, also with those that no environment lays.

    Those in Jsonnet are left out: what they are depends on the environment.
    """
    library = Library(sources, "", lambda *_: "")
    for name in Kind.OVERLAY.names(sources):
        if f"overlays/{name}.jsonnet" not in sources:
            library.overlay(name, NOWHERE)
    return tuple(library.problems)
