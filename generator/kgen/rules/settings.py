"""KG32x: the settings of the search algorithm, as its service reads them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kgen.katib import settings as katib
from kgen.katib.numerals import finite, python_real
from kgen.katib.settings import Demands, Halving, Setting, Unknown
from kgen.model.diagnostic import Edit, EditKind, Effect, Finding, Severity
from kgen.model.node import FieldPath
from kgen.model.values import listed, mapping, text
from kgen.model.words import MOST_LISTED, nearest
from kgen.rules.reading import count, mend
from kgen.rules.rule import rule
from kgen.rules.subject import Subject
from kgen.rules.traits import odd_in, run_by

_SERVICES = "katib pkg/suggestion/v1beta1"
_ALGORITHM = ("spec", "algorithm")
_NAME = (*_ALGORITHM, "algorithmName")
_DEMANDING = tuple(name for name, demands in katib.ALGORITHMS.items() if demands.required)


class Given(NamedTuple):
    """A setting as it is given."""

    path: FieldPath  # of the entry
    name: str
    value: str


def given(subject: Subject, block: str) -> list[Given]:
    """Read the settings under spec.algorithm or spec.earlyStopping; what is no text is not judged."""
    held = mapping(subject.spec.get(block)).get("algorithmSettings")
    return [
        Given(("spec", block, "algorithmSettings", index), entry["name"], entry["value"])
        for index, entry in enumerate(listed(held))
        if isinstance(entry, dict) and isinstance(entry.get("name"), str) and isinstance(entry.get("value"), str)
    ]


def last_of(entries: list[Given]) -> dict[str, Given]:
    """Give the last setting of each name, which is the one that counts."""
    return {entry.name: entry for entry in entries}


def unknown_settings(owner: str, demands: Demands, entries: list[Given]) -> Iterator[Finding]:
    """Find the settings that a service refuses because of their names."""
    for entry in entries:
        if entry.name not in demands.settings:
            yield _unknown(owner, demands, entry, f"{owner} refuses the setting `{entry.name}`")


def _unknown(owner: str, demands: Demands, entry: Given, message: str) -> Finding:
    legal = tuple(demands.settings)
    close = nearest(entry.name, legal) if legal else None
    known = ", ".join(f"`{name}`" for name in legal) if len(legal) <= MOST_LISTED else ""
    all_of_them = f"{owner} knows {known}" if known else "" if legal else f"{owner} has no settings: remove it"
    if close is None:
        return Finding((*entry.path, "name"), message, all_of_them or "remove it")
    edit = Edit(EditKind.SET, (*entry.path, "name"), close)
    words = f"did you mean `{close}`?" + (f" {all_of_them}" if all_of_them else "")
    return Finding((*entry.path, "name"), message, words, fix=(edit,))


def refused_values(owner: str, demands: Demands, entries: list[Given]) -> Iterator[Finding]:
    """Find the settings that a service refuses because of their values."""
    for entry in last_of(entries).values() if demands.last else entries:
        setting = demands.settings.get(entry.name)
        if setting is not None and not setting.never and setting.refuses(entry.value):
            yield _refused(owner, setting, entry)


def _refused(owner: str, setting: Setting, entry: Given) -> Finding:
    close = nearest(entry.value, setting.choices) if setting.choices else None
    fix = () if close is None else (Edit(EditKind.SET, (*entry.path, "value"), close),)
    default = f"; without it {owner} takes {setting.default}" if setting.default else ""
    return Finding(
        path=(*entry.path, "value"),
        message=f"{owner} cannot take `{entry.name}` `{entry.value}`: it wants {setting.form}",
        help=(f"did you mean `{close}`? " if close is not None else "") + f"write {setting.form}{default}",
        fix=fix,
    )


@rule("KG320", Effect.FAILED, _SERVICES, when=odd_in("settings"))
def settings_are_known(subject: Subject) -> Iterator[Finding]:
    """Each setting is one that the algorithm knows.

    The suggestion service validates the settings when it starts. A name that it does not know fails the
    Experiment for good. Names are compared letter by letter: tpe has `n_EI_candidates`, multivariate-tpe
    `n_ei_candidates`.

    Bad:  `algorithm: {name: tpe, settings: {n_ei_candidates: 24}}`
    Good: `algorithm: {name: tpe, settings: {n_EI_candidates: 24}}`
    """
    demands = katib.ALGORITHMS.get(subject.algorithm)
    if demands is not None and demands.unknown is Unknown.REFUSED:
        yield from unknown_settings(subject.algorithm, demands, given(subject, "algorithm"))


@rule("KG321", Effect.ADVICE, _SERVICES, Severity.WARNING, when=odd_in("settings"))
def settings_have_a_use(subject: Subject) -> Iterator[Finding]:
    """Each setting is one that the algorithm reads.

    hyperband, cmaes, sobol and pbt ignore a name that they do not know: a misspelt setting does nothing,
    and nobody says so. darts hands it to the trial, which may know it.

    Bad:  `algorithm: {name: cmaes, settings: {sigma0: 0.1}}`
    Good: `algorithm: {name: cmaes, settings: {sigma: 0.1}}`
    """
    demands = katib.ALGORITHMS.get(subject.algorithm)
    if demands is None or demands.unknown is Unknown.REFUSED:
        return
    for entry in given(subject, "algorithm"):
        if entry.name in demands.settings:
            continue
        if demands.unknown is Unknown.IGNORED:
            yield _unknown(subject.algorithm, demands, entry, f"{subject.algorithm} ignores the setting `{entry.name}`")
        elif (close := nearest(entry.name, demands.settings)) is not None:
            yield _unknown(
                subject.algorithm, demands, entry, f"darts does not read `{entry.name}`, and `{close}` is one it reads"
            )


@rule("KG322", Effect.FAILED, _SERVICES, when=odd_in("settings"))
def settings_are_legal(subject: Subject) -> Iterator[Finding]:
    """Each setting has a value that the service takes.

    The service reads it with Python's int() or float() and looks at its range. `5.0` and `1e2` are no
    whole numbers to it. What it does not take fails the Experiment for good.

    Bad:  `algorithm: {name: random, settings: {random_state: 1.0}}`
    Good: `algorithm: {name: random, settings: {random_state: 1}}`
    """
    demands = katib.ALGORITHMS.get(subject.algorithm)
    if demands is None or not demands.checked:
        return
    entries = given(subject, "algorithm")
    yield from refused_values(subject.algorithm, demands, entries)
    if subject.algorithm == "hyperband":
        eta = last_of(entries).get("eta")
        if eta is not None and finite(python_real(eta.value)) and _eta_stops(eta.value):
            yield Finding(
                path=(*eta.path, "value"),
                message=f"hyperband reads `eta` `{eta.value}` as 1 and divides by zero",
                help="write a whole number of 2 or more; without it hyperband takes 3",
            )
        elif eta is not None and python_real(eta.value) in (float("inf"), -float("inf")):
            yield _refused("hyperband", demands.settings["eta"]._replace(low=0.0, open=True), eta)


def _eta_stops(eta: str) -> bool:
    return int(float(eta)) == 1


def hyperband(entries: list[Given]) -> Halving | None:
    """Compute hyperband's brackets; None where a setting is missing or unfit, which other rules say."""
    held = last_of(entries)
    if "r_l" not in held:
        return None
    r_l, eta = python_real(held["r_l"].value), held["eta"].value if "eta" in held else ""
    if r_l is None or not finite(r_l) or r_l <= 0 or ("eta" in held and python_real(eta) is None):
        return None
    return katib.halving(r_l, eta)


def asks_again(subject: Subject, served: int = 0) -> bool:
    """Whether Katib asks for trials when the first `served`, or parallelTrialCount if 0, have ended."""
    most = count(subject.spec.get("maxTrialCount"))
    first = served or count(subject.spec.get("parallelTrialCount")) or 0
    return most is None or most > first


def _breaking(subject: Subject, demands: Demands, entries: list[Given]) -> Iterator[tuple[Given, str, str]]:
    """Find values that pass: with what goes wrong, and the mend."""
    for entry in last_of(entries).values():
        setting = demands.settings.get(entry.name)
        if setting is not None and setting.breaks(entry.value) and not setting.refuses(entry.value):
            end = f"{setting.most:.0f}" if setting.most < 10**12 else "the largest number that a double holds"
            few = f"from {setting.least:.0f}" if setting.least > 0 else f"up to {end}"
            yield entry, f"only {few} it can work", f"write a number {few}"
    yield from _OWN.get(subject.algorithm, _nothing)(subject, entries)


def _nothing(_subject: Subject, _entries: list[Given]) -> Iterator[tuple[Given, str, str]]:
    return iter(())


def _of_cmaes(subject: Subject, entries: list[Given]) -> Iterator[tuple[Given, str, str]]:
    for entry in entries:
        setting = katib.ALGORITHMS["cmaes"].settings.get(entry.name)
        if setting is not None and setting.refuses(entry.value):
            yield entry, f"it wants {setting.form}, without blanks and underscores", f"write {setting.form}"
    sigma = last_of(entries).get("sigma")
    if sigma is not None and asks_again(subject) and sigma.value.lstrip("+").lower() in ("inf", "infinity"):
        yield sigma, "the values that it draws are no numbers", "write a number, or remove it"


def _of_skopt(subject: Subject, entries: list[Given]) -> Iterator[tuple[Given, str, str]]:
    held = last_of(entries)
    optimizer, estimator, chosen = (held.get(key) for key in ("acq_optimizer", "base_estimator", "acq_func"))
    if optimizer and estimator and optimizer.value == "lbfgs" and estimator.value in katib.FLAT_ESTIMATORS:
        words = f"it does not work with base_estimator {estimator.value}"
        yield optimizer, words, "write `auto` or `sampling`, or take base_estimator `GP`"
    if chosen and chosen.value in katib.TIMED and asks_again(subject):
        words = "it wants the time that each trial took, which Katib never gives"
        yield chosen, words, f"write `{chosen.value.removesuffix('ps')}`"


def _of_optuna(subject: Subject, entries: list[Given]) -> Iterator[tuple[Given, str, str]]:
    held = last_of(entries)
    candidates, start = held.get("n_ei_candidates"), held.get("n_startup_trials")
    if candidates is None or python_real(candidates.value) != 0:
        return
    startup = python_real(start.value) if start is not None else 10
    if startup is not None and finite(startup) and asks_again(subject, max(int(startup), 1)):
        yield candidates, f"there is nothing to choose from once {int(startup)} trials have ended", "write 1 or more"


def _of_hyperband(_subject: Subject, entries: list[Given]) -> Iterator[tuple[Given, str, str]]:
    held = last_of(entries)
    for entry in entries:  # the service reads every one when it draws, and the last when it validates
        if entry.name in ("r_l", "eta") and entry is not held[entry.name] and python_real(entry.value) is None:
            yield entry, "it is no number", "remove it: the setting is given again below"
    found = hyperband(entries)
    if found is not None and found.rounds < 0:
        eta = held.get("eta")
        if eta is not None and 0 < float(eta.value) < 1:
            yield eta, "it is below 1, and the service draws no trials", "write a whole number of 2 or more"
        else:
            yield held["r_l"], "it is too small, and the service draws no trials", "write 1 or more"


_OWN = {
    "cmaes": _of_cmaes,
    "bayesianoptimization": _of_skopt,
    "multivariate-tpe": _of_optuna,
    "hyperband": _of_hyperband,
}


@rule("KG323", Effect.STUCK, _SERVICES, when=odd_in("settings", "together"))
def settings_work(subject: Subject) -> Iterator[Finding]:
    """Each setting has a value that the service can work with.

    Some values pass the validation and break the service when it draws trials: an error at every
    request, no trial, and no failed Experiment. cmaes does not refuse anything at first.

    Bad:  `algorithm: {name: random, settings: {random_state: 4294967296}}`
    Good: `algorithm: {name: random, settings: {random_state: 4294967295}}`
    """
    demands = katib.ALGORITHMS.get(subject.algorithm)
    entries = given(subject, "algorithm") if demands is not None and demands.settings else []
    if demands is None or not entries:
        return
    for entry, words, help_ in _breaking(subject, demands, entries):
        yield Finding(
            path=(*entry.path, "value"),
            related=(_NAME,),
            message=f"{subject.algorithm} gets stuck with `{entry.name}` `{entry.value}`: {words}",
            help=help_,
        )


@rule("KG324", Effect.FAILED, _SERVICES, when=run_by(*_DEMANDING))
def settings_are_complete(subject: Subject) -> Iterator[Finding]:
    """hyperband and pbt have the settings that they cannot do without.

    hyperband wants `r_l` and `resource_name`; pbt wants `suggestion_trial_dir`, `n_population` and
    `truncation_threshold`. Their services refuse less, and the Experiment fails.

    Bad:  `algorithm: {name: hyperband, settings: {eta: 3}}`
    Good: `algorithm: {name: hyperband, settings: {r_l: 9, eta: 3, resource_name: epochs}}`
    """
    demands = katib.ALGORITHMS.get(subject.algorithm)
    if demands is None or not demands.required:
        return
    held = mapping(subject.spec.get("algorithm")).get("algorithmSettings")
    names = {text(mapping(entry).get("name")) for entry in listed(held)}
    missing = [name for name in demands.required if name not in names]
    if missing:
        which = " and ".join(f"`{name}`" for name in missing)
        forms = "; ".join(f"`{name}`, {demands.settings[name].form}" for name in missing)
        yield Finding(
            path=(*_ALGORITHM, "algorithmSettings") if held else _NAME,
            message=f"{subject.algorithm} needs the setting{'s' * (len(missing) > 1)} {which}",
            help=mend(subject, f"add under `algorithm.settings`: {forms}", f"add to `algorithmSettings`: {forms}"),
        )


@rule("KG325", Effect.ADVICE, _SERVICES, Severity.WARNING, when=odd_in("settings"))
def settings_are_given_once(subject: Subject) -> Iterator[Finding]:
    """No setting is given twice.

    The last one counts. Most services still judge each of them.

    Bad:  `algorithmSettings: [{name: gamma, value: "0.2"}, {name: gamma, value: "0.3"}]`
    Good: `algorithmSettings: [{name: gamma, value: "0.3"}]`
    """
    for block in ("algorithm", "earlyStopping"):
        if len(listed(mapping(subject.spec.get(block)).get("algorithmSettings"))) < 2:
            continue
        entries = given(subject, block)
        last = last_of(entries)
        for entry in entries:
            if last[entry.name] is not entry:
                yield Finding(
                    path=entry.path,
                    related=(last[entry.name].path,),
                    message=f"the setting `{entry.name}` is given again, and the last one counts",
                    help="remove one of the two",
                )


RULES = (
    settings_are_known,
    settings_have_a_use,
    settings_are_legal,
    settings_work,
    settings_are_complete,
    settings_are_given_once,
)
