"""KG326 to KG329: what hyperband and pbt demand of the whole Experiment."""

from __future__ import annotations

from collections.abc import Iterator

from kgen.katib.numerals import finite, python_real
from kgen.model.diagnostic import Edit, EditKind, Effect, Finding, Severity
from kgen.model.words import nearest
from kgen.rules.reading import count, mend
from kgen.rules.rule import rule
from kgen.rules.settings import given, hyperband, last_of
from kgen.rules.subject import Subject
from kgen.rules.traits import run_by

_HYPERBAND = "katib pkg/suggestion/v1beta1/hyperband/service.py"
_NAME = ("spec", "algorithm", "algorithmName")


@rule("KG326", Effect.FAILED, _HYPERBAND, when=run_by("hyperband"))
def hyperband_resource_is_a_parameter(subject: Subject) -> Iterator[Finding]:
    """hyperband's `resource_name` names a parameter.

    The service writes the resource of each round into that parameter, and refuses another name.

    Bad:  `settings: {r_l: 9, resource_name: epoch}` with `parameters: {epochs: {int: [1, 9]}}`
    Good: `settings: {r_l: 9, resource_name: epochs}` with `parameters: {epochs: {int: [1, 9]}}`
    """
    if subject.algorithm != "hyperband":
        return
    resource = last_of(given(subject, "algorithm")).get("resource_name")
    names = [parameter.name for parameter in subject.parameters]
    if resource is not None and resource.value not in names:
        close = nearest(resource.value, names) if names else None
        path = (*resource.path, "value")
        yield Finding(
            path=path,
            related=(("spec", "parameters"),) if names else (),
            message=f"`resource_name` `{resource.value}` is no parameter",
            help=f"did you mean `{close}`?"
            if close
            else f"write the name of an int parameter, such as `{(names or ['epochs'])[0]}`",
            fix=(Edit(EditKind.SET, path, close),) if close else (),
        )


@rule("KG327", Effect.FAILED, _HYPERBAND, when=run_by("hyperband"))
def hyperband_has_room(subject: Subject) -> Iterator[Finding]:
    """With hyperband, parallelTrialCount holds the largest bracket.

    The service wants eta ** int(log(r_l) / log(eta)) trials at once, computed with doubles, and refuses
    less. With eta 3 that is 9 from r_l 9 on, 27 from 27 on, and 81 for 81 to 243.

    Bad:  `settings: {r_l: 9, eta: 3, …}` with `trials: {max: 3, parallel: 3}`
    Good: `settings: {r_l: 9, eta: 3, …}` with `trials: {max: 9, parallel: 9}`
    """
    parallel = count(subject.spec.get("parallelTrialCount"))
    if subject.algorithm != "hyperband" or parallel is None:
        return
    entries = given(subject, "algorithm")
    found = hyperband(entries)
    if found is not None and parallel < found.asked:
        asked = str(found.asked) if found.asked < 10**12 else f"{found.asked:.0e}"
        related = tuple((*e.path, "value") for e in last_of(entries).values() if e.name in ("r_l", "eta"))
        yield Finding(
            path=("spec", "parallelTrialCount"),
            related=related,
            message=f"parallelTrialCount {parallel} is less than the {asked} trials of hyperband's first bracket",
            help=mend(
                subject,
                f"set `trials.parallel` and `trials.max` to {asked}, or `r_l` to less",
                f"set `parallelTrialCount` and `maxTrialCount` to {asked}, or `r_l` to less",
            ),
        )


@rule("KG328", Effect.ADVICE, _HYPERBAND, Severity.WARNING, when=run_by("hyperband"))
def hyperband_halves_as_meant(subject: Subject) -> Iterator[Finding]:
    """hyperband's `eta` is a whole number of 2 or more, and its resource an int parameter.

    The service writes a whole number into the resource's parameter, whatever its type: a list then gets
    values that are not in it, and an `r_l` below 1 gives 0. It rounds `eta` when it validates and not when
    it draws, and reads 0 and less as 3.

    Bad:  `settings: {resource_name: lr, …}` with `parameters: {lr: {double: [0.01, 0.1]}}`
    Good: `settings: {resource_name: epochs, …}` with `parameters: {epochs: {int: [1, 9]}}`
    """
    if subject.algorithm != "hyperband":
        return
    held = last_of(given(subject, "algorithm"))
    eta, resource, r_l = held.get("eta"), held.get("resource_name"), held.get("r_l")
    read = python_real(eta.value) if eta is not None else None
    if eta is not None and read is not None and finite(read) and (read <= 0 or (read > 2 and read != int(read))):
        counts = "3" if read <= 0 else f"{int(read)} at first and {eta.value} later"
        yield Finding((*eta.path, "value"), f"hyperband reads `eta` `{eta.value}` as {counts}", "write 2, 3 or 4")
    for parameter in subject.parameters if resource is not None else ():
        if resource is not None and parameter.name == resource.value and parameter.type not in ("int", ""):
            yield Finding(
                path=("spec", "parameters", parameter.at, "parameterType"),
                related=((*resource.path, "value"),),
                message=f"hyperband writes whole numbers into `{parameter.name}`, which is {parameter.type}",
                help="make the resource's parameter an `int`",
            )
    if r_l is not None and 0 < (python_real(r_l.value) or 0) < 1:
        yield Finding((*r_l.path, "value"), f"`r_l` `{r_l.value}` gives each trial a resource of 0", "write 1 or more")


@rule("KG329", Effect.FAILED, "https://github.com/kubeflow/katib/issues/2684", when=run_by("pbt"))
def pbt_does_not_resample(subject: Subject) -> Iterator[Finding]:
    """pbt has no `resample_probability`.

    Up to Katib 0.19 its service compares the text with a number and fails, whatever the value is. The
    Experiment fails with it.

    Bad:  `algorithm: {name: pbt, settings: {resample_probability: 0.3, …}}`
    Good: `algorithm: {name: pbt, settings: {n_population: 40, …}}`
    """
    if subject.algorithm != "pbt":
        return
    for entry in given(subject, "algorithm"):
        if entry.name == "resample_probability":
            yield Finding(
                path=entry.path,
                related=(_NAME,),
                message=f"pbt of Katib {subject.target.katib} fails on `resample_probability`, whatever its value",
                help="remove it: pbt then changes values by a factor of 0.8 or 1.2",
                fix=(Edit(EditKind.REMOVE, entry.path),),
            )


RULES = (
    hyperband_resource_is_a_parameter,
    hyperband_has_room,
    hyperband_halves_as_meant,
    pbt_does_not_resample,
)
