"""Katib's `medianstop`: when a running trial is stopped because others were better at the same point.

Read from pkg/earlystopping/v1beta1/medianstop/service.py and cmd/metricscollector/v1beta1/file-metricscollector at
v0.19.0. A rule is made when a trial is suggested, and stays as it is while the trial runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from kgen.katib.collectors import LOGS, Wanted
from kgen.katib.gotime import number
from kgen.katib.numerals import python_real
from kgen.local.trial import State, Trial
from kgen.model.values import listed, mapping, text
from kgen.search.suggestion import Stuck, Unsupported

MEDIANSTOP = "medianstop"


class Rule(NamedTuple):
    """Stop a trial whose best value at its `step`-th report is worse than `value`."""

    value: float
    step: int
    maximize: bool


class Medianstop(NamedTuple):
    """The service, with its settings."""

    wanted: Wanted
    required: int = 3  # min_trials_required
    step: int = 4  # start_step

    def rule(self, trials: Sequence[Trial]) -> Rule | None:
        """Make the rule for trials that start now; None while too few have succeeded.

        In spite of its name it compares with a mean: of the means of each trial's first values.

        Raises:
            Stuck: the service cannot read a value, and would be asked again for ever.
        """
        means = [self._mean(trial) for trial in trials if trial.state is State.SUCCEEDED and trial.history]
        if len(means) < self.required:
            return None
        return Rule(sum(means) / len(means), self.step, self.wanted.type == "maximize")

    def _mean(self, trial: Trial) -> float:
        first = trial.history[: self.step]
        values = [python_real(each) for each in first]
        for written, value in zip(first, values, strict=True):
            if value is None:
                raise Stuck(
                    f"medianstop cannot read `{written}` as a value of {self.wanted.objective} in trial {trial.name}: "
                    "Katib would ask it again for ever, and start no further trial"
                )
        return sum(value or 0.0 for value in values) / len(values)


class Watch:
    """Holds the reports of one running trial against its rule, as the collector beside it does."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.broken: str | None = None  # a value that ended the collector
        self._best: float | None = None
        self._left = rule.step

    def add(self, written: str) -> bool:
        """Take a value of the objective, and say whether the trial is stopped now.

        The collector counts down to 0 and on to -1: it compares at the `step`-th report and at no later one.
        """
        value = number(written.strip())
        if value is None and self.broken is None:
            self.broken = written
        if value is None or self.broken is not None:
            return False
        if self._best is None or (value > self._best if self.rule.maximize else value < self._best):
            self._best = value
        self._left -= 1
        return self._left == 0 and self._is_worse(self._best)

    def _is_worse(self, value: float) -> bool:
        return value < self.rule.value if self.rule.maximize else value > self.rule.value


def early_stopping(spec: Mapping[str, Any], wanted: Wanted) -> tuple[Medianstop | None, str]:
    """Give the service of an Experiment, None where it has none; and what there is to say of it.

    Raises:
        Unsupported: nothing here does what its algorithm does.
    """
    given = mapping(spec.get("earlyStopping"))
    name = text(given.get("algorithmName"))
    if not name:
        return None, ""
    if name != MEDIANSTOP:
        raise Unsupported(f"early stopping by `{name}` has no counterpart on this machine: kgen knows {MEDIANSTOP}")
    settings = {text(s.get("name")): text(s.get("value")) for s in map(mapping, listed(given.get("algorithmSettings")))}
    service = Medianstop(wanted, int(settings.get("min_trials_required", 3)), int(settings.get("start_step", 4)))
    if wanted.kind in LOGS:
        return service, ""
    return None, (
        f"early stopping is left out: with the collector {wanted.kind} Katib has none; its TensorFlowEvent collector "
        f"ends with an error in every trial that starts after {service.required} have succeeded"
        if wanted.kind == "TensorFlowEvent"
        else f"early stopping is left out: Katib's collector {wanted.kind} knows nothing of it"
    )
