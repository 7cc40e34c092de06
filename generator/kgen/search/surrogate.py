"""Katib's `bayesianoptimization`, by scikit-optimize, the library that Katib runs it on."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from kgen.search.learned import MISSING
from kgen.search.space import LISTS, Parameter
from kgen.search.suggestion import Told, Unsupported


class Bayesian:
    """An optimizer of scikit-optimize; every double is searched on a logarithmic scale, as in Katib."""

    def __init__(self, space: Sequence[Parameter], settings: Mapping[str, str], seed: int, *, maximize: bool) -> None:
        try:
            import skopt  # noqa: PLC0415 - more than a second
            from threadpoolctl import threadpool_limits  # noqa: PLC0415 - of scikit-learn, on which it rests
        except ImportError as problem:
            raise Unsupported(MISSING.format(package="scikit-optimize")) from problem
        self._space, self._sign = space, -1.0 if maximize else 1.0
        self._limits = threadpool_limits  # matrices this small are slower on several threads, on a busy machine by far
        self._told: set[int] = set()
        self._optimizer: Any = skopt.Optimizer(
            [_dimension(skopt.space, parameter) for parameter in space],
            base_estimator=settings.get("base_estimator", "GP"),
            n_initial_points=int(settings.get("n_initial_points", 10)),
            acq_func=settings.get("acq_func", "gp_hedge"),
            acq_optimizer=settings.get("acq_optimizer", "auto"),
            random_state=seed,
        )

    def ask(self, count: int, trials: Sequence[Told]) -> list[dict[str, str]]:
        """Tell the optimizer of what is done, and choose further points."""
        new = {at: t for at, t in enumerate(trials) if t.value is not None and at not in self._told}
        with warnings.catch_warnings(), self._limits(limits=1):
            warnings.simplefilter("ignore")  # of libraries that are newer than scikit-optimize
            if new:
                self._told |= new.keys()
                points = [[_read(p, trial.assignment[p.name]) for p in self._space] for trial in new.values()]
                self._optimizer.tell(points, [self._sign * (trial.value or 0.0) for trial in new.values()])
            found = self._optimizer.ask(n_points=count)
        return [{p.name: _written(p, value) for p, value in zip(self._space, point, strict=True)} for point in found]


def _dimension(space: Any, parameter: Parameter) -> Any:
    if parameter.type in LISTS:
        return space.Categorical(parameter.values, name=parameter.name)
    if parameter.type == "int":
        return space.Integer(int(parameter.low), int(parameter.high), name=parameter.name)
    return space.Real(*parameter.bounds, "log-uniform", name=parameter.name)


def _read(parameter: Parameter, written: str) -> Any:
    if parameter.type in LISTS:
        return written
    return int(written) if parameter.type == "int" else float(written)


def _written(parameter: Parameter, value: Any) -> str:
    if parameter.type in LISTS:
        return str(value)
    return str(int(value)) if parameter.type == "int" else str(float(value))
