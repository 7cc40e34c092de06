"""KG3xx: objective, algorithm and early stopping, as far as one contradicts another."""

from __future__ import annotations

from collections.abc import Iterator

from kgen.katib import algorithms as katib
from kgen.model.diagnostic import Edit, EditKind, Effect, Finding, Severity
from kgen.model.values import mapping, text
from kgen.model.words import nearest
from kgen.rules.reading import count, mend
from kgen.rules.rule import rule
from kgen.rules.settings import given, hyperband
from kgen.rules.subject import Subject
from kgen.rules.traits import odd_in, run_by
from kgen.rules.values import grid_points

_VALIDATOR = "katib pkg/webhook/v1beta1/experiment/validator/validator.go"
_SERVICES = "katib pkg/suggestion/v1beta1"
_ALGORITHM = ("spec", "algorithm", "algorithmName")


@rule("KG301", Effect.REJECTED, _VALIDATOR, when=odd_in("objective"))
def objective_metric_listed_once(subject: Subject) -> Iterator[Finding]:
    """The objective metric is not repeated in additionalMetricNames.

    The webhook refuses it: each name gets one strategy, and a name given twice would get two.

    Bad:  `objective: {maximize: accuracy, additional: [accuracy, loss]}`
    Good: `objective: {maximize: accuracy, additional: [loss]}`
    """
    objective = mapping(subject.spec.get("objective"))
    metric = text(objective.get("objectiveMetricName"))
    extra = objective.get("additionalMetricNames")
    if metric and isinstance(extra, list) and metric in extra:
        yield Finding(
            path=("spec", "objective", "additionalMetricNames", extra.index(metric)),
            related=(("spec", "objective", "objectiveMetricName"),),
            message=f"additionalMetricNames repeats the objective metric `{metric}`",
            help=mend(
                subject,
                "remove it from `objective.additional`: the objective metric is always recorded",
                "remove it: the objective metric is always recorded",
            ),
            fix=(Edit(EditKind.REMOVE, ("spec", "objective", "additionalMetricNames", extra.index(metric))),),
        )


@rule("KG302", Effect.REJECTED, _VALIDATOR, when=lambda traits: traits.algorithm not in katib.SERVICES)
def algorithm_registered(subject: Subject) -> Iterator[Finding]:
    """algorithmName is an algorithm that Katib brings.

    The webhook looks it up in the cluster's katib-config, letter by letter, and refuses what it does
    not find. Name those that your administrator registered in `target: {registered: [...]}`.

    Bad:  `algorithm: bayesian-optimization`
    Good: `algorithm: bayesianoptimization`
    """
    name = subject.algorithm
    if name not in katib.SERVICES and name not in subject.target.registered:
        yield _unregistered(name, tuple(katib.SERVICES), "algorithm", _ALGORITHM)


@rule("KG303", Effect.REJECTED, _VALIDATOR, when=lambda traits: traits.early)
def early_stopping_registered(subject: Subject) -> Iterator[Finding]:
    """earlyStopping names an algorithm that Katib brings.

    The webhook looks it up in the cluster's katib-config and refuses what it does not find.

    Bad:  `earlyStopping: median`
    Good: `earlyStopping: medianstop`
    """
    if subject.spec.get("earlyStopping") is None:
        return
    name = text(mapping(subject.spec["earlyStopping"]).get("algorithmName"))
    if name not in katib.EARLY_STOPPING and name not in subject.target.registered:
        path = ("spec", "earlyStopping", "algorithmName")
        yield _unregistered(name, katib.EARLY_STOPPING, "early stopping algorithm", path)


def _unregistered(name: str, legal: tuple[str, ...], what: str, path: tuple[str, ...]) -> Finding:
    close = nearest(name, legal)
    known = ", ".join(f"`{n}`" for n in legal)
    return Finding(
        path=path,
        message=f"Katib brings no {what} `{name}`" if name else f"the {what} has no name",
        help=f"did you mean `{close}`? Katib brings {known}" if close is not None else f"write one of {known}",
        fix=(Edit(EditKind.SET, path, close),) if close is not None and name else (),
    )


@rule(
    "KG304",
    Effect.NO_METRICS,
    "katib pkg/metricscollector/v1beta1/tfevent-metricscollector",
    when=lambda traits: traits.early and traits.collector == "TensorFlowEvent",
)
def early_stopping_sees_metrics(subject: Subject) -> Iterator[Finding]:
    """Early stopping goes with a StdOut or File collector, not with TensorFlowEvent.

    The sidecar that reads TensorFlow events does not know the flag by which Katib hands it the
    stopping rules, and ends with an error in every trial.

    Bad:  `earlyStopping: medianstop` with `metrics: TensorFlowEvent`
    Good: `earlyStopping: medianstop` with `metrics: StdOut`
    """
    if subject.spec.get("earlyStopping") is not None and subject.collector == "TensorFlowEvent":
        yield Finding(
            path=("spec", "earlyStopping"),
            related=(("spec", "metricsCollectorSpec", "collector", "kind"),),
            message="earlyStopping makes the TensorFlowEvent collector fail in every trial",
            help=mend(
                subject,
                "print the metrics and set `metrics: StdOut`, or remove `earlyStopping`",
                "print the metrics and set `collector: {kind: StdOut}`, or remove `earlyStopping`",
            ),
        )


@rule(
    "KG305",
    Effect.ADVICE,
    "katib pkg/webhook/v1beta1/pod/inject_webhook.go",
    Severity.WARNING,
    when=lambda traits: traits.early,
)
def early_stopping_reaches_collector(subject: Subject) -> Iterator[Finding]:
    """Early stopping goes with a collector that Katib hands the stopping rules to.

    A Custom collector never sees them, and Push has no collector: no trial is ever stopped.

    Bad:  `earlyStopping: medianstop` with `metrics: Push`
    Good: `earlyStopping: medianstop` with `metrics: StdOut`
    """
    kind = subject.collector
    if subject.spec.get("earlyStopping") is not None and kind in ("Custom", "Push", "None"):
        yield Finding(
            path=("spec", "earlyStopping"),
            related=(("spec", "metricsCollectorSpec", "collector", "kind"),),
            message=f"earlyStopping stops no trial: collector {kind} never gets its rules",
            help=mend(
                subject,
                "collect the metrics with `metrics: StdOut` or File, or remove `earlyStopping`",
                "collect the metrics with `collector: {kind: StdOut}` or File, or remove `earlyStopping`",
            ),
        )


@rule("KG306", Effect.STUCK, "https://github.com/kubeflow/katib/issues/1893", when=run_by("pbt"))
def pbt_keeps_a_volume(subject: Subject) -> Iterator[Finding]:
    """pbt has resumePolicy FromVolume.

    Its trials go on from one another's checkpoints, which lie on the volume of the suggestion;
    Katib makes that volume for FromVolume only.

    Bad:  `algorithm: {name: pbt, …}` with `resume: Never`
    Good: `algorithm: {name: pbt, …}` with `resume: FromVolume`
    """
    policy = subject.spec.get("resumePolicy")
    if subject.algorithm == "pbt" and policy != "FromVolume":
        yield Finding(
            path=("spec", "resumePolicy"),
            related=(_ALGORITHM,),
            message=f"resumePolicy {policy} gives pbt no volume for its checkpoints",
            help=mend(subject, "set `resume: FromVolume`", "set `resumePolicy: FromVolume`"),
            fix=(Edit(EditKind.SET, ("spec", "resumePolicy"), "FromVolume"),),
        )


@rule("KG307", Effect.STUCK, _SERVICES, when=run_by(*katib.ONE_REQUEST))
def one_request_is_enough(subject: Subject) -> Iterator[Finding]:
    """hyperband and darts run all their trials at once.

    Their services serve the first request. Katib's next one, for as many trials as have ended, is
    answered with another number of them or with an error, again and again. Only a single trial more
    than parallelTrialCount can work with hyperband.

    Bad:  `algorithm: {name: hyperband, …}` with `trials: {max: 27, parallel: 9}`
    Good: `algorithm: {name: hyperband, …}` with `trials: {max: 9, parallel: 9}`
    """
    name = subject.algorithm
    if name not in katib.ONE_REQUEST:
        return
    most, parallel = count(subject.spec.get("maxTrialCount")), count(subject.spec.get("parallelTrialCount"))
    if parallel is None or not _asks_for_too_many(subject, None if most is None else most - parallel):
        return
    how_many = "and then no more, as maxTrialCount is absent" if most is None else f"no more of maxTrialCount {most}"
    yield Finding(
        path=("spec", "maxTrialCount"),
        related=(("spec", "parallelTrialCount"), _ALGORITHM),
        message=f"{name} serves {parallel} trials (parallelTrialCount) and then {how_many.removeprefix('and then ')}",
        help=mend(
            subject,
            "set `trials.max` and `trials.parallel` to the same number, or take another algorithm",
            "set `maxTrialCount` and `parallelTrialCount` to the same number, or take another algorithm",
        ),
    )


def _asks_for_too_many(subject: Subject, more: int | None) -> bool:
    """Whether the trials after the first request stop the service; None: there is no end to them."""
    if more is None or more != 1 or subject.algorithm != "hyperband":
        return more is None or more > 0
    found = hyperband(given(subject, "algorithm"))
    return found is not None and found.rounds == 0  # a second round of one trial is what is asked for


@rule("KG308", Effect.FAILED, "katib pkg/suggestion/v1beta1/optuna/service.py", when=run_by("grid"))
def grid_has_enough_points(subject: Subject) -> Iterator[Finding]:
    """With grid, maxTrialCount is no larger than the number of points.

    The service refuses more, and the Experiment fails. It counts in binary fractions: from 0.001 to
    0.01 by 0.001 are 9 points, as the tenth comes out above 0.01.

    Bad:  `algorithm: grid` with `x: {int: [1, 5]}` and `trials: {max: 12}`
    Good: `algorithm: grid` with `x: {int: [1, 5]}` and `trials: {max: 5}`
    """
    if subject.algorithm != "grid":
        return
    most = count(subject.spec.get("maxTrialCount"))
    found = grid_points(subject)
    if most is not None and found and most > found:  # no points at all are KG342
        yield Finding(
            path=("spec", "maxTrialCount"),
            related=(("spec", "parameters"),),
            message=f"maxTrialCount {most} is more than the {found} points of the grid",
            help=mend(
                subject,
                f"set `trials.max` to {found} or less, or make a `step` smaller",
                f"set `maxTrialCount` to {found} or less, or make a `step` smaller",
            ),
        )


@rule("KG309", Effect.FAILED, "katib pkg/suggestion/v1beta1/goptuna/service.go", when=run_by("cmaes"))
def cmaes_has_two_dimensions(subject: Subject) -> Iterator[Finding]:
    """cmaes has two or more parameters of type int or double.

    The service refuses less, and the Experiment fails.

    Bad:  `algorithm: cmaes` with `parameters: {lr: {double: [0.01, 0.1]}}`
    Good: `algorithm: random` with `parameters: {lr: {double: [0.01, 0.1]}}`
    """
    if subject.algorithm == "cmaes":
        numeric = sum(kind in ("int", "double") for _, _, kind, _ in subject.parameters)
        if numeric < 2:
            yield Finding(
                path=("spec", "parameters") if subject.spec.get("parameters") else _ALGORITHM,
                related=(_ALGORITHM,) if subject.spec.get("parameters") else (),
                message=f"cmaes needs two parameters of type int or double, not {numeric}",
                help=mend(
                    subject,
                    "add such a parameter, or set `algorithm` to another one, such as `tpe`",
                    "add such a parameter, or set `algorithmName` to another one, such as `tpe`",
                ),
            )


@rule("KG310", Effect.REJECTED, _VALIDATOR, when=lambda traits: traits.nas or "space" in traits.odd)
def one_search_space(subject: Subject) -> Iterator[Finding]:
    """There are either parameters or a nasConfig.

    The webhook refuses both and neither.

    Bad:  a spec without `parameters` and without `nas`
    Good: `parameters: {lr: {double: [0.01, 0.1]}}`
    """
    spec = subject.spec
    nas = spec.get("nasConfig") is not None
    if spec.get("parameters") and nas:
        yield Finding(
            path=("spec", "nasConfig"),
            related=(("spec", "parameters"),),
            message="parameters and nasConfig are both given: Katib takes one of the two",
            help=mend(subject, "remove `parameters` or `nas`", "remove `parameters` or `nasConfig`"),
        )
    elif not spec.get("parameters") and not nas:
        yield Finding(
            path=("spec",),
            message="neither parameters nor nasConfig is given: there is nothing to search",
            help=mend(
                subject,
                "add `parameters`, or `nas` for enas and darts",
                "add `parameters`, or `nasConfig` for enas and darts",
            ),
        )


@rule("KG311", Effect.STUCK, _SERVICES, when=lambda traits: traits.nas is not (traits.algorithm in katib.NAS))
def space_fits_algorithm(subject: Subject) -> Iterator[Finding]:
    """enas and darts search a nasConfig, every other algorithm searches parameters.

    Nothing checks it on the way in; the service then gives the trials other values than the ones
    that their template asks for, or none.

    Bad:  `algorithm: darts` with `parameters: {lr: {double: [0.01, 0.1]}}`
    Good: `algorithm: darts` with `nas: {…}`
    """
    name = subject.algorithm
    nas, plain = subject.spec.get("nasConfig") is not None, bool(subject.spec.get("parameters"))
    if name in katib.SERVICES and nas is not plain and nas is not (name in katib.NAS):
        given, wanted, key = ("nasConfig", "parameters", "parameters") if nas else ("parameters", "nasConfig", "nas")
        yield Finding(
            path=("spec", given),
            related=(_ALGORITHM,),
            message=f"algorithm {name} searches {wanted}, but {given} is given",
            help=mend(
                subject,
                f"describe the space under `{key}`, or choose another `algorithm`",
                f"describe the space under `{wanted}`, or choose another `algorithmName`",
            ),
        )


@rule("KG312", Effect.STUCK, "katib pkg/suggestion/v1beta1/goptuna/converter.go", when=run_by("sobol"))
def sobol_knows_the_dimensions(subject: Subject) -> Iterator[Finding]:
    """sobol has no more than 21199 parameters.

    There are no direction numbers for more, and its process ends at every request.

    Bad:  `algorithm: sobol` with 30000 parameters
    Good: `algorithm: random` with 30000 parameters
    """
    if subject.algorithm == "sobol" and len(subject.parameters) > katib.MOST_SOBOL:
        yield Finding(
            path=("spec", "parameters"),
            related=(_ALGORITHM,),
            message=f"sobol has {katib.MOST_SOBOL} dimensions, and there are {len(subject.parameters)} parameters",
            help="remove some, or take `random`",
        )


@rule("KG313", Effect.ADVICE, "katib pkg/webhook/v1beta1/pod/inject_webhook.go", Severity.WARNING, when=run_by("pbt"))
def pbt_trials_see_checkpoints(subject: Subject) -> Iterator[Finding]:
    """With pbt the volume with the checkpoints is mounted in the trials.

    Katib mounts it at `suggestion_trial_dir` when it adds the metrics collector. With Push it adds none, and
    with an empty folder it mounts nothing: every trial then begins anew.

    Bad:  `algorithm: {name: pbt, …}` with `metrics: Push`
    Good: `algorithm: {name: pbt, …}` with `metrics: StdOut`
    """
    if subject.algorithm != "pbt":
        return
    if subject.collector in ("Push", "None"):
        yield Finding(
            path=("spec", "metricsCollectorSpec", "collector", "kind"),
            related=(_ALGORITHM,),
            message=f"collector {subject.collector} leaves pbt's trials without the volume of their checkpoints",
            help=mend(
                subject,
                "collect the metrics with `metrics: StdOut` or File",
                "collect the metrics with `collector: {kind: StdOut}` or File",
            ),
        )
    for entry in given(subject, "algorithm"):
        if entry.name == "suggestion_trial_dir" and not entry.value:
            yield Finding(
                path=(*entry.path, "value"),
                message="`suggestion_trial_dir` is empty: no volume is mounted in the trials",
                help="write the folder where the trial keeps checkpoints, such as /opt/katib/data",
            )


RULES = (
    objective_metric_listed_once,
    algorithm_registered,
    early_stopping_registered,
    early_stopping_sees_metrics,
    early_stopping_reaches_collector,
    pbt_keeps_a_volume,
    one_request_is_enough,
    grid_has_enough_points,
    cmaes_has_two_dimensions,
    one_search_space,
    space_fits_algorithm,
    sobol_knows_the_dimensions,
    pbt_trials_see_checkpoints,
)
