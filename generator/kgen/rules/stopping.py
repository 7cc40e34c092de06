"""KG34x: the settings of early stopping, as its service reads them."""

from __future__ import annotations

from collections.abc import Iterator

from kgen.katib.settings import EARLY_STOPPING, Demands
from kgen.model.diagnostic import Effect, Finding
from kgen.model.values import mapping, text
from kgen.rules.rule import rule
from kgen.rules.settings import given, refused_values, unknown_settings
from kgen.rules.subject import Subject

_SERVICE = "katib pkg/earlystopping/v1beta1/medianstop/service.py"


def _demands(subject: Subject) -> tuple[str, Demands] | None:
    block = subject.spec.get("earlyStopping")
    if block is None:
        return None
    name = text(mapping(block).get("algorithmName"))
    demands = EARLY_STOPPING.get(name)
    return None if demands is None else (name, demands)


@rule("KG340", Effect.FAILED, _SERVICE, when=lambda traits: traits.early and "settings" in traits.odd)
def stopping_settings_are_known(subject: Subject) -> Iterator[Finding]:
    """Each setting of early stopping is one that its algorithm knows.

    medianstop has `min_trials_required` and `start_step`. Another name fails the Experiment for good.

    Bad:  `earlyStopping: {name: medianstop, settings: {min_trials: 3}}`
    Good: `earlyStopping: {name: medianstop, settings: {min_trials_required: 3}}`
    """
    found = _demands(subject)
    if found is not None:
        yield from unknown_settings(*found, given(subject, "earlyStopping"))


@rule("KG341", Effect.FAILED, _SERVICE, when=lambda traits: traits.early and "settings" in traits.odd)
def stopping_settings_are_legal(subject: Subject) -> Iterator[Finding]:
    """Each setting of early stopping has a value that its service takes.

    Both settings of medianstop are whole numbers of 1 or more, read with Python's int(). Another value
    fails the Experiment for good.

    Bad:  `earlyStopping: {name: medianstop, settings: {start_step: 0}}`
    Good: `earlyStopping: {name: medianstop, settings: {start_step: 4}}`
    """
    found = _demands(subject)
    if found is not None:
        yield from refused_values(*found, given(subject, "earlyStopping"))


RULES = (stopping_settings_are_known, stopping_settings_are_legal)
