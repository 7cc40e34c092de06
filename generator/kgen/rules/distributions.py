"""KG42x: how the values of search parameters are drawn."""

from __future__ import annotations

from collections.abc import Iterator

from kgen.katib import algorithms as katib
from kgen.model.diagnostic import Edit, EditKind, Effect, Finding, Severity
from kgen.model.spec import DISTRIBUTIONS
from kgen.model.values import text
from kgen.model.words import nearest, suggestion
from kgen.rules.parameters import WITHOUT_DISTRIBUTION, drawn, ranges, refused_by_grid, space
from kgen.rules.reading import mend
from kgen.rules.rule import rule
from kgen.rules.subject import Space, Subject
from kgen.rules.traits import odd_in, run_by

_VALIDATOR = "katib pkg/webhook/v1beta1/experiment/validator/validator.go"
_SERVICES = "katib pkg/suggestion/v1beta1"
_LOGARITHMIC = ("logUniform", "logNormal")


def _logarithms(subject: Subject, *, breaks: bool) -> Iterator[Finding]:
    """Find what is drawn on a logarithmic scale that reaches zero."""
    if not any(parameter.space.get("distribution") in _LOGARITHMIC for parameter in subject.parameters):
        return
    for parameter, low, high in ranges(subject):
        scale = drawn(subject, parameter.space)
        if scale not in _LOGARITHMIC or low > 0 or _has_no_logarithm(subject, parameter, scale, high) is not breaks:
            continue
        if refused_by_grid(subject, parameter) is None:
            yield Finding(
                path=space(parameter.at, "min"),
                related=(space(parameter.at, "distribution"),),
                message=f"parameter `{parameter.name}`: min {parameter.space['min']} has no logarithm,"
                f" and it is drawn {scale}",
                help="raise the lower bound above zero, or set `distribution: uniform`",
            )


def _has_no_logarithm(subject: Subject, parameter: Space, scale: str, high: float) -> bool:
    """Whether the algorithm breaks on a min of zero or less."""
    name = subject.algorithm
    if name == "multivariate-tpe":  # it draws from 1 or 1e-10 on
        return scale == "logUniform" and high < (1 if parameter.type == "int" else 1e-10)
    return name in katib.HYPEROPT or (name == "grid" and scale == "logUniform")


@rule("KG420", Effect.STUCK, _SERVICES, when=odd_in("space"))
def logarithm_of_positive(subject: Subject) -> Iterator[Finding]:
    """logUniform and logNormal have a min above zero.

    random and tpe take the logarithm of the bounds and end in a "math domain error" at every request;
    grid ends when it comes to the value. multivariate-tpe raises the bound, and breaks only where all of
    the range lies below.

    Bad:  `lr: {double: [0, 0.1], distribution: logUniform}`
    Good: `lr: {double: [0.0001, 0.1], distribution: logUniform}`
    """
    return _logarithms(subject, breaks=True)


@rule("KG421", Effect.ADVICE, "https://github.com/kubeflow/katib/pull/2679", Severity.WARNING, when=odd_in("space"))
def logarithm_is_meant(subject: Subject) -> Iterator[Finding]:
    """logUniform and logNormal have a min above zero, also where the algorithm makes do.

    optuna raises the bound without a word, other services ignore the distribution, and a Katib newer
    than July 2026 refuses the Experiment.

    Bad:  `algorithm: multivariate-tpe` with `lr: {double: [0, 0.1], distribution: logUniform}`
    Good: `algorithm: multivariate-tpe` with `lr: {double: [0.0001, 0.1], distribution: logUniform}`
    """
    return _logarithms(subject, breaks=False)


@rule(
    "KG422",
    Effect.STUCK,
    "https://github.com/kubeflow/katib/pull/2666",
    when=lambda traits: "drawn" in traits.odd and traits.algorithm in katib.OPTUNA,
)
def optuna_knows_distribution(subject: Subject) -> Iterator[Finding]:
    """multivariate-tpe and grid draw uniform or logUniform.

    Their service knows no normal distributions: it drops the parameter or fails, and the Experiment
    is stuck in either case.

    Bad:  `algorithm: multivariate-tpe` with `lr: {double: [0.01, 0.1], distribution: normal}`
    Good: `algorithm: tpe` with `lr: {double: [0.01, 0.1], distribution: normal}`
    """
    name = subject.algorithm
    if name not in katib.OPTUNA:
        return
    for index, parameter, kind, given in subject.parameters:
        scale = drawn(subject, given)
        if scale in ("normal", "logNormal") and kind in ("int", "double"):
            yield Finding(
                path=space(index, "distribution"),
                related=(("spec", "algorithm", "algorithmName"),),
                message=f"parameter `{parameter}`: {name} knows no distribution {scale}",
                help=mend(
                    subject,
                    "set `distribution: uniform` or logUniform, or `algorithm: tpe`",
                    "set `distribution: uniform` or logUniform, or `algorithmName: tpe`",
                ),
            )


@rule("KG423", Effect.STUCK, "https://github.com/kubeflow/katib/issues/1430", when=run_by("bayesianoptimization"))
def bayesian_doubles_are_positive(subject: Subject) -> Iterator[Finding]:
    """With bayesianoptimization every double has a min above zero.

    Its service draws every double on a logarithmic scale, whatever `distribution` says: at zero or
    across it every request fails, and below it trials get the value `nan`.

    Bad:  `algorithm: bayesianoptimization` with `dropout: {double: [0, 0.5]}`
    Good: `algorithm: bayesianoptimization` with `dropout: {double: [0.01, 0.5]}`
    """
    if subject.algorithm != "bayesianoptimization":
        return
    for parameter, low, _ in ranges(subject):
        if parameter.type == "double" and low <= 0:
            yield Finding(
                path=space(parameter.at, "min"),
                related=(("spec", "algorithm", "algorithmName"),),
                message=f"parameter `{parameter.name}`: bayesianoptimization cannot draw a double"
                f" from min {parameter.space['min']}",
                help=mend(
                    subject,
                    "raise the lower bound above zero, or set `algorithm: tpe`",
                    "raise the lower bound above zero, or set `algorithmName: tpe`",
                ),
            )


@rule("KG424", Effect.REJECTED, _VALIDATOR, when=odd_in("space"))
def distribution_is_known(subject: Subject) -> Iterator[Finding]:
    """distribution is uniform, logUniform, normal or logNormal.

    The webhook refuses any other, except `unknown`, which counts as uniform.

    Bad:  `distribution: loguniform`
    Good: `distribution: logUniform`
    """
    if subject.target.katib in WITHOUT_DISTRIBUTION:
        return
    for index, name, _, given in subject.parameters:
        said = given.get("distribution")
        if said is not None and said not in DISTRIBUTIONS and said not in ("", "unknown"):
            close = nearest(text(said), DISTRIBUTIONS)
            path = space(index, "distribution")
            yield Finding(
                path=path,
                message=f"parameter `{name}`: distribution `{said}` is none of Katib's",
                help=suggestion(text(said), DISTRIBUTIONS),
                fix=() if close is None else (Edit(EditKind.SET, path, close),),
            )


RULES = (
    logarithm_of_positive,
    logarithm_is_meant,
    optuna_knows_distribution,
    bayesian_doubles_are_positive,
    distribution_is_known,
)
