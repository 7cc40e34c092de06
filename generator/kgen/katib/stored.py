"""What a cluster holds of a manifest that was committed some time ago."""

from __future__ import annotations

from kgen.katib.admission import admit
from kgen.katib.v1beta1 import knows_distribution
from kgen.model.environment import KATIB_VERSIONS, Target
from kgen.model.node import Node, get, items

_BEFORE_DISTRIBUTION = [release for release in KATIB_VERSIONS if not knows_distribution(release)][-1]


def as_stored(rendered: Node, target: Target) -> Node:
    """Give an Experiment that kgen rendered for a cluster as that cluster stores it.

    Defaults that a later kgen writes out are there already. Not so `distribution`, which kgen writes for every Katib
    that knows it: an Experiment without it was made by an older one, and is stored without it to the end. Katib from
    0.18 on adds it to each update, and then refuses the update for it.
    """
    parameters = items(get(rendered, "spec", "parameters"))
    if parameters and all(get(each, "feasibleSpace", "distribution") is None for each in parameters):
        target = target._replace(katib=_BEFORE_DISTRIBUTION)
    return admit(rendered, target).manifest
