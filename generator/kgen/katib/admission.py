"""A manifest to the object that the API server would hold, and what its types say against it."""

from __future__ import annotations

from typing import Any, NamedTuple

from kgen.katib.decode import Flaw, decode, decode_trial, is_sound
from kgen.katib.defaulter import complete, lacks_nothing
from kgen.katib.types import experiment
from kgen.katib.v1beta1 import TRIAL
from kgen.model.environment import Target
from kgen.model.node import Node, fields, get, plain, put
from kgen.model.values import Words, mapping


class Admitted(NamedTuple):
    """What Katib's two webhooks make of a manifest, right or wrong."""

    manifest: Node  # with the server's defaults, without what it drops
    flaws: tuple[Flaw, ...]
    read: dict[str, Any] | None = None  # its plain data, where that was had for nothing
    words: Words | None = None  # the keys and texts of the trial's object, where it was gone through

    def plain(self) -> dict[str, Any]:
        """Give the manifest without its places."""
        return mapping(plain(self.manifest)) if self.read is None else self.read


def admit(given: Node, target: Target, read: dict[str, Any] | None = None) -> Admitted:
    """Decode and default an Experiment as Katib of the target's version would; `read` is its plain data, if it is had.

    What would be refused for its type stays as it is, so that rules can speak of the rest.
    """
    data: Any = plain(given) if read is None else read
    words: Words = ({}, [])
    if is_sound(data, target, words) and "status" not in data:
        whole = given if lacks_nothing(data, target.katib) else complete(given, target.katib)
        return Admitted(whole, (), data if whole is given else None, words)
    manifest, flaws = decode(given, experiment(target.katib))
    trial, of_trial = decode_trial(manifest, target)
    if trial is not get(manifest, *TRIAL) and trial.value is not None:
        manifest = put(manifest, TRIAL, lambda _: trial)
    if "status" in fields(manifest):  # the status subresource takes no part of it
        kept = {key: node for key, node in fields(manifest).items() if key != "status"}
        manifest = Node(kept, manifest.span)
    whole = complete(manifest, target.katib)
    return Admitted(whole, (*flaws, *of_trial), data if whole is given else None)
