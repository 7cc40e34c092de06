"""What is read of a workspace without an environment: `kgen.yaml`, and the form of its overlays."""

from __future__ import annotations

from collections.abc import Iterator

from kgen.model.diagnostic import Diagnostic
from kgen.model.forms import beside
from kgen.model.node import NOWHERE, Node, fields, get, items
from kgen.model.secrets import SOPS
from kgen.model.sources import Sources
from kgen.stages.load import Kind, Library


def read_settings(sources: Sources) -> tuple[Node | None, tuple[Diagnostic, ...]]:
    """Read the settings of a workspace; None where there are none, or they are wrong, which the diagnostics say."""
    library = Library(sources, "", lambda *_: "")
    return library.settings(), tuple(library.problems)


def check_overlays(sources: Sources) -> tuple[Diagnostic, ...]:
    """Say what is wrong with overlays as they are written, also with those that no environment lays.

    Those in Jsonnet are left out: what they are depends on the environment. So are the manifests among them that one of
    them names.
    """
    library = Library(sources, "", lambda *_: "")
    names = [name for name in Kind.OVERLAY.names(sources) if f"overlays/{name}.jsonnet" not in sources]
    named = {str(beside(node).value) for name in names for node in _files_of(library.overlay(name, NOWHERE))}
    return tuple([problem for problem in library.problems if problem.span.file not in named])


def _files_of(overlay: Node | None) -> Iterator[Node]:
    """Yield the files that an overlay names: further manifests, and Secrets that SOPS encrypted."""
    yield from items(get(overlay, "resources"))
    for secret in (get(overlay, "registry", "pullSecret"), *fields(get(overlay, "secrets")).values()):
        file = get(secret, SOPS)
        if file is not None and file.value is not None:
            yield file
