"""The suggester of an Experiment, by its algorithm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kgen.katib.algorithms import SERVICES
from kgen.model.values import listed, mapping, text
from kgen.search.space import parameters
from kgen.search.suggestion import Suggester, Unsupported

_NO_COUNTERPART = {
    "pbt": "its trials hand checkpoints on to each other by a volume of the cluster",
    "enas": "it trains a controller network of its own to draw architectures",
    "darts": "it has one trial, which searches by itself",
}


def suggester(spec: Mapping[str, Any], seed: int, after: int = 0) -> Suggester:
    """Make what chooses the points of an Experiment.

    `seed` counts where the algorithm's `random_state` is not given; `after` trials of a run that goes on were made.

    Raises:
        Unsupported: nothing here does what the algorithm does.
        Stuck: Katib's service would never give a point.
    """
    algorithm = mapping(spec.get("algorithm"))
    name = text(algorithm.get("algorithmName"))
    settings = {
        text(s.get("name")): text(s.get("value")) for s in map(mapping, listed(algorithm.get("algorithmSettings")))
    }
    maximize = mapping(spec.get("objective")).get("type") == "maximize"
    space = parameters(spec)
    seed = int(settings.get("random_state") or seed)
    if name == "random":
        from kgen.search.drawn import RandomSearch  # noqa: PLC0415 - each imports what it alone needs

        return RandomSearch(space, seed)
    if name == "grid":
        from kgen.search.drawn import Grid  # noqa: PLC0415

        return Grid(space, seed)
    if name == "hyperband":
        from kgen.search.drawn import Hyperband  # noqa: PLC0415

        return Hyperband(space, settings, seed)
    if name == "sobol":
        from kgen.search.spread import Sobol  # noqa: PLC0415

        return Sobol(space)
    if name == "bayesianoptimization":
        from kgen.search.surrogate import Bayesian  # noqa: PLC0415

        return Bayesian(space, settings, seed + after, maximize=maximize)
    seed += after  # or else the same points would be drawn again
    from kgen.search import learned  # noqa: PLC0415

    if name == "tpe":
        return learned.tpe(space, settings, seed, int(spec.get("parallelTrialCount", 3)), maximize=maximize)
    if name == "multivariate-tpe":
        return learned.multivariate_tpe(space, settings, seed, maximize=maximize)
    if name == "cmaes":
        return learned.cmaes(space, settings, seed, maximize=maximize)
    why = _NO_COUNTERPART.get(name, f"kgen knows {', '.join(sorted(set(SERVICES) - set(_NO_COUNTERPART)))}")
    raise Unsupported(f"algorithm `{name}` has no counterpart on this machine: {why}")
