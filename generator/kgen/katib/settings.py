"""What the services demand of algorithm settings: names, types, ranges, and what passes and breaks later.

Read from github.com/kubeflow/katib at v0.19.0, pkg/suggestion/v1beta1 and pkg/earlystopping/v1beta1, and
measured with the services themselves (tests/conformance/services). The releases 0.17 and 0.18 demand the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple

from kgen.katib.numerals import Reader, go_real, go_whole, python_real, python_whole

_INFINITE = math.inf
_MOST_SEED = 2**32 - 1  # numpy's; a larger one is refused when the first trial is drawn
_MOST_MEMORY = 10**9  # so many of anything is more than a pod holds


class Unknown(Enum):
    """What a service does with a setting that it does not know."""

    REFUSED = "refused"
    IGNORED = "ignored"
    PASSED = "passed"  # handed to the trial


class Setting(NamedTuple):
    """What one setting may be."""

    read: Reader | None = None  # None: text
    low: float = -_INFINITE
    high: float = _INFINITE
    open: bool = False  # `low` itself is not legal
    closed: bool = True  # `high` itself is legal
    choices: tuple[str, ...] = ()  # of a text; empty: any
    none: bool = False  # the word None is legal
    default: str = ""  # what it is if absent; of the library where Katib sets nothing
    most: float = _INFINITE  # a larger value passes and then breaks
    least: float = -_INFINITE  # a smaller value passes and then breaks
    never: bool = False  # no value is legal
    nan: bool = False  # `nan` passes, as no comparison with it holds

    @property
    def form(self) -> str:
        """Say what is legal, in words."""
        if self.read is None:
            return f"one of {', '.join(f'`{c}`' for c in self.choices)}" if self.choices else "a text"
        number = "a whole number" if self.read in (python_whole, go_whole) else "a number"
        return f"{number}{self._range}" + (" or `None`" if self.none else "")

    @property
    def _range(self) -> str:
        if self.low == -_INFINITE:
            return ""
        low = f"{self.low:g}"
        if self.high == _INFINITE:
            return f" above {low}" if self.open else f", {low} or more"
        ends = f"{low} and {self.high:g}"
        return (
            f" between {ends}"
            if not self.closed
            else f" above {low}, up to {self.high:g}"
            if self.open
            else (f" from {low} to {self.high:g}")
        )

    def refuses(self, value: str) -> bool:
        """Whether the service calls a value invalid."""
        if self.never:
            return True
        if self.read is None:
            return bool(self.choices) and value not in self.choices
        if self.none and value == "None":
            return False
        number = self.read(value)
        return number is None or not self._within(number)

    def _within(self, number: float) -> bool:
        if isinstance(number, float) and math.isnan(number):  # a whole number may be too large to ask
            return self.nan
        above = number > self.low if self.open else number >= self.low
        return above and (number <= self.high if self.closed else number < self.high)

    def breaks(self, value: str) -> bool:
        """Whether a legal value stops the service when it draws trials."""
        number = self.read(value) if self.read is not None else None
        return number is not None and (number < self.least or number > self.most)


class Demands(NamedTuple):
    """What a service demands of all settings together."""

    settings: Mapping[str, Setting]
    unknown: Unknown = Unknown.REFUSED
    required: tuple[str, ...] = ()
    last: bool = False  # of a name given twice only the last is looked at; else all are
    checked: bool = True  # a value that is not legal is refused; else it is accepted, and the service breaks


def _whole(low: float, default: str = "", **more: float) -> Setting:
    return Setting(python_whole, low, default=default, **more)  # type: ignore[arg-type]


_SEED = _whole(0, most=_MOST_SEED)
_FROM_ZERO = Setting(python_real, 0)
_UNIT = Setting(python_real, 0, 1, open=True, nan=True)
_OR_NONE = Setting(python_real, 0, open=True, none=True, nan=True)

_ENAS = {
    "controller_hidden_size": _whole(1, "64"),
    "controller_temperature": _OR_NONE._replace(default="5.0"),
    "controller_tanh_const": _OR_NONE._replace(default="2.25"),
    "controller_entropy_weight": _OR_NONE._replace(default="1e-5"),
    "controller_baseline_decay": _UNIT._replace(default="0.999"),
    "controller_learning_rate": _UNIT._replace(default="5e-5"),
    "controller_skip_target": _UNIT._replace(default="0.4"),
    "controller_skip_weight": _OR_NONE._replace(default="0.8"),
    "controller_train_steps": _whole(1, "50"),
    "controller_log_every_steps": _whole(1, "10"),
}
_DARTS = {
    "num_epochs": _whole(1, "50"),
    "w_lr": _FROM_ZERO._replace(default="0.025"),
    "w_lr_min": _FROM_ZERO._replace(default="0.001"),
    "alpha_lr": _FROM_ZERO._replace(default="3e-4"),
    "w_weight_decay": _FROM_ZERO._replace(default="3e-4"),
    "alpha_weight_decay": _FROM_ZERO._replace(default="1e-3"),
    "w_momentum": _FROM_ZERO._replace(default="0.9"),
    "w_grad_clip": _FROM_ZERO._replace(default="5.0"),
    "batch_size": _whole(1, "128")._replace(none=True),
    "num_workers": _whole(0, "4"),
    "init_channels": _whole(1, "16"),
    "print_step": _whole(1, "50"),
    "num_nodes": _whole(1, "4"),
    "stem_multiplier": _whole(1, "3"),
}

ALGORITHMS: Mapping[str, Demands] = {
    "random": Demands({"random_state": _SEED}),
    "tpe": Demands(
        {
            "gamma": Setting(python_real, 0, 1, open=True, closed=False, default="0.25"),
            "prior_weight": Setting(python_real, 0, open=True, default="1.0", most=1.7e308),
            "n_EI_candidates": _whole(1, "24", most=_MOST_MEMORY),
            "random_state": _SEED,
        }
    ),
    "multivariate-tpe": Demands(
        {"n_startup_trials": _whole(0, "10"), "n_ei_candidates": _whole(0, "24"), "random_state": _SEED}
    ),
    "grid": Demands({"random_state": _SEED}),
    "bayesianoptimization": Demands(
        {
            "base_estimator": Setting(choices=("GP", "RF", "ET", "GBRT"), default="GP"),
            "n_initial_points": _whole(0, "10", least=1),
            "acq_func": Setting(choices=("gp_hedge", "LCB", "EI", "PI", "EIps", "PIps"), default="gp_hedge"),
            "acq_optimizer": Setting(choices=("auto", "sampling", "lbfgs"), default="auto"),
            "random_state": _SEED,
        }
    ),
    "hyperband": Demands(
        {
            "r_l": Setting(python_real, 0, open=True, closed=False),
            "eta": Setting(python_real, closed=False, default="3"),
            "resource_name": Setting(),
        },
        Unknown.IGNORED,
        required=("r_l", "resource_name"),
        last=True,
    ),
    "cmaes": Demands(
        {
            "random_state": Setting(go_whole, default="0"),
            "sigma": Setting(go_real, nan=True),  # and counts as absent
            "restart_strategy": Setting(choices=("ipop", "bipop", "none"), default="none"),
        },
        Unknown.IGNORED,
        checked=False,
    ),
    "sobol": Demands({}, Unknown.IGNORED),
    "pbt": Demands(
        {
            "suggestion_trial_dir": Setting(),
            "n_population": _whole(5, most=_MOST_MEMORY),
            "truncation_threshold": Setting(python_real, 0, 1),
            "resample_probability": Setting(never=True),
        },
        Unknown.IGNORED,
        required=("suggestion_trial_dir", "n_population", "truncation_threshold"),
        last=True,
    ),
    "enas": Demands(_ENAS),
    "darts": Demands(_DARTS, Unknown.PASSED),
}
EARLY_STOPPING: Mapping[str, Demands] = {
    "medianstop": Demands({"min_trials_required": _whole(1, "3"), "start_step": _whole(1, "4")})
}

# Estimators of skopt whose surface has no slope for lbfgs to follow.
FLAT_ESTIMATORS = ("RF", "ET", "GBRT")
TIMED = ("EIps", "PIps")  # they want the seconds that a trial took beside its result, which Katib never gives


class Halving(NamedTuple):
    """How hyperband cuts down its trials."""

    asked: int  # what parallelTrialCount must be at least
    rounds: int  # how often trials are cut down; below 0 the service gives no trials


def halving(r_l: float, eta: str) -> Halving | None:
    """Compute hyperband's brackets in the service's own arithmetic; None where it fails to.

    It reads `eta` as a whole number when it validates, and as it stands when it draws: 0.5 is 3 and then
    0.5. log(243) / log(3) is 4.999…, so 243 is cut four times and not five.
    """
    try:
        drawn = float(eta) if eta else 3.0
        validated = int(drawn)
        validated = validated if validated > 0 else 3
        asked = math.ceil(validated ** int(math.log(r_l) / math.log(validated)))
        rounds = int(math.log(r_l) / math.log(drawn if drawn > 0 else 3.0))
    except (ValueError, OverflowError, ZeroDivisionError):
        return None
    return Halving(asked, rounds)
