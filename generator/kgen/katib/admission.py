"""A manifest to the object that the API server would hold, and what its types say against it."""

from __future__ import annotations

from typing import NamedTuple

from kgen.katib.decode import Flaw, decode, decode_trial, read_at_once
from kgen.katib.defaulter import complete, lacks_nothing
from kgen.katib.types import experiment
from kgen.katib.v1beta1 import TRIAL
from kgen.model.environment import Target
from kgen.model.node import Node, Plain, fields, get, plain, put


class Admitted(NamedTuple):
    """What Katib's two webhooks make of a manifest, right or wrong."""

    manifest: Node  # with the server's defaults, without what it drops
    flaws: tuple[Flaw, ...]
    read: dict[str, Plain] | None = None  # its plain data, where that was had for nothing

    def plain(self) -> Plain:
        """Give the manifest without its places."""
        return plain(self.manifest) if self.read is None else self.read


def admit(given: Node, target: Target) -> Admitted:
    """Decode and default an Experiment as Katib of the target's version would.

    What would be refused for its type stays as it is, so that rules can speak of the rest.
    """
    read = read_at_once(given, target)
    if read is not None and "status" not in read:
        done = lacks_nothing(read, target.katib)
        return Admitted(given, (), read) if done else Admitted(complete(given, target.katib), ())
    manifest, flaws = decode(given, experiment(target.katib))
    trial, of_trial = decode_trial(manifest, target)
    if trial is not get(manifest, *TRIAL) and trial.value is not None:
        manifest = put(manifest, TRIAL, lambda _: trial)
    if "status" in fields(manifest):  # the status subresource takes no part of it
        held = {key: node for key, node in fields(manifest).items() if key != "status"}
        manifest = Node(held, manifest.span)
    return Admitted(complete(manifest, target.katib), (*flaws, *of_trial))
