"""Suggestions that learn from results, by Optuna: tpe, multivariate-tpe and cmaes.

Katib runs multivariate-tpe on Optuna itself, tpe on hyperopt and cmaes on goptuna. For these two Optuna has the same
algorithm in its own words: the points differ, and their statistics do not much.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kgen.search.space import LISTS, Parameter, plain_number
from kgen.search.suggestion import Told, Unsupported

MISSING = "needs the package {package}, which is not installed: pip install 'kgen[try]'"
_GAMMA = 0.25  # of hyperopt
_MOST_GOOD = 25  # trials that hyperopt calls good, at the most


def optuna() -> Any:
    """Import Optuna, silent about what it thinks of its own options.

    Raises:
        Unsupported: it is not there.
    """
    try:
        import optuna as library  # noqa: PLC0415 - a third of a second that other algorithms need not pay
    except ImportError as problem:
        raise Unsupported(MISSING.format(package="optuna")) from problem
    library.logging.set_verbosity(library.logging.ERROR)
    return library


class Study:
    """A study of Optuna, asked and told in Katib's terms; parameters are of the kind that `dimension` makes of them."""

    def __init__(self, space: Sequence[Parameter], sampler: Any, *, maximize: bool, shares: bool) -> None:
        library = optuna()
        make: Callable[[Any, Parameter], Any] = _share if shares else _native
        self._space, self._shares = space, shares
        self._distributions = {p.name: make(library.distributions, p) for p in space}
        self._study = library.create_study(sampler=sampler, direction="maximize" if maximize else "minimize")
        self._create = library.trial.create_trial
        self._numbers: list[int | None] = []  # of each trial, in the study; None for what is done and not in it
        self._told: set[int] = set()

    def ask(self, count: int, trials: Sequence[Told]) -> list[dict[str, str]]:
        """Tell the study of what is done, and choose further points."""
        for trial in trials[len(self._numbers) :]:  # of a run that goes on
            self._numbers.append(self._added(trial))
        for at, trial in enumerate(trials):
            number = self._numbers[at]
            if number is None:
                self._numbers[at] = self._added(trial)  # cut off before the run went on, and measured since
            elif trial.value is not None and number not in self._told:
                self._told.add(number)
                self._study.tell(number, trial.value)
        return [self._asked() for _ in range(count)]

    def _added(self, trial: Told) -> int | None:
        if trial.value is None:
            return None
        values = {p.name: self._read(p, trial.assignment[p.name]) for p in self._space}
        self._study.add_trial(self._create(params=values, distributions=self._distributions, value=trial.value))
        number = len(self._study.get_trials(deepcopy=False)) - 1
        self._told.add(number)
        return number

    def _asked(self) -> dict[str, str]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that an option is experimental in Optuna, or a range not a whole of steps
            trial = self._study.ask(fixed_distributions=self._distributions)
        self._numbers.append(trial.number)
        return {p.name: self._written(p, trial.params[p.name]) for p in self._space}

    def _written(self, parameter: Parameter, value: Any) -> str:
        if self._shares and parameter.type not in LISTS:
            return parameter.draw(value)
        return str(value)

    def _read(self, parameter: Parameter, written: str) -> Any:
        if parameter.type in LISTS:
            return written
        if self._shares:
            return parameter.share(float(written))
        return int(written) if parameter.type == "int" else float(written)


def _share(distributions: Any, parameter: Parameter) -> Any:
    """Let a number be searched by its share of the distribution's weight, which hyperopt's tpe takes as its prior."""
    if parameter.type in LISTS:
        return distributions.CategoricalDistribution(parameter.values)
    return distributions.FloatDistribution(0.0, 1.0)


def _native(distributions: Any, parameter: Parameter) -> Any:
    """Search a number as Optuna's own service does."""
    if parameter.type in LISTS:
        return distributions.CategoricalDistribution(parameter.values)
    logarithmic = parameter.distribution == "logUniform"
    if parameter.type == "int":
        low, high = int(parameter.low), int(parameter.high)
        if logarithmic:
            return distributions.IntDistribution(max(1, low), high, log=True)
        return distributions.IntDistribution(low, high, step=int(parameter.step or "1"))
    (least, most), step = parameter.bounds, float(parameter.step) if parameter.step else None
    if logarithmic:
        return distributions.FloatDistribution(max(1e-10, least), most, log=True)
    return distributions.FloatDistribution(least, most, step=step)


def tpe(space: Sequence[Parameter], settings: Mapping[str, str], seed: int, first: int, *, maximize: bool) -> Study:
    """Make Katib's `tpe`; `first` is how many trials it is asked for at first, which are drawn at random."""
    share = float(settings.get("gamma", _GAMMA))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that `gamma` will go with Optuna 6, which is shut out
        sampler = optuna().samplers.TPESampler(
            n_startup_trials=first,
            n_ei_candidates=int(settings.get("n_EI_candidates", 24)),
            gamma=lambda done: min(math.ceil(share * math.sqrt(done)), _MOST_GOOD),  # this is what hyperopt means by it
            multivariate=False,
            seed=seed,
        )
    return Study(space, sampler, maximize=maximize, shares=True)


def multivariate_tpe(space: Sequence[Parameter], settings: Mapping[str, str], seed: int, *, maximize: bool) -> Study:
    """Make Katib's `multivariate-tpe`, which is Optuna's."""
    sampler = optuna().samplers.TPESampler(
        n_startup_trials=int(settings.get("n_startup_trials", 10)),
        n_ei_candidates=int(settings.get("n_ei_candidates", 24)),
        multivariate=True,
        constant_liar=True,
        seed=seed,
    )
    return Study(space, sampler, maximize=maximize, shares=False)


def cmaes(space: Sequence[Parameter], settings: Mapping[str, str], seed: int, *, maximize: bool) -> Study:
    """Make Katib's `cmaes`; it ignores distributions, and chooses from lists at random."""
    if settings.get("restart_strategy", "none") != "none":
        strategy = settings["restart_strategy"]
        raise Unsupported(f"cmaes with restart_strategy `{strategy}` has no counterpart here: try it with `none`")
    try:
        import cmaes  # noqa: F401, PLC0415 - Optuna asks for it when the first point is drawn
    except ImportError as problem:
        raise Unsupported(MISSING.format(package="cmaes")) from problem
    sigma = float(settings.get("sigma", 0) or 0)
    sampler = optuna().samplers.CmaEsSampler(
        sigma0=sigma if sigma > 0 else None, warn_independent_sampling=False, seed=seed
    )
    even = tuple(p._replace(distribution="uniform") for p in space)
    return _Decimal(even, sampler, maximize=maximize, shares=False)


class _Decimal(Study):
    """Writes doubles as goptuna does."""

    def _written(self, parameter: Parameter, value: Any) -> str:
        return plain_number(value) if parameter.type == "double" else str(value)
