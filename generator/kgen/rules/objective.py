"""KG21x: what an Experiment must say of its objective, and the words of resumePolicy."""

from __future__ import annotations

from collections.abc import Iterator

from kgen.katib.v1beta1 import STRATEGY_OF_TYPE
from kgen.model.diagnostic import Edit, EditKind, Effect, Finding
from kgen.model.node import FieldPath
from kgen.model.values import text
from kgen.model.words import nearest
from kgen.rules.reading import mend
from kgen.rules.rule import rule
from kgen.rules.subject import Subject
from kgen.rules.traits import odd_in

_VALIDATOR = "katib pkg/webhook/v1beta1/experiment/validator/validator.go"
_OBJECTIVE: FieldPath = ("spec", "objective")
_RESUME: FieldPath = ("spec", "resumePolicy")
_TYPES = tuple(STRATEGY_OF_TYPE)
_POLICIES = ("Never", "LongRunning", "FromVolume")


@rule("KG217", Effect.REJECTED, _VALIDATOR, when=odd_in("objective"))
def objective_is_complete(subject: Subject) -> Iterator[Finding]:
    """spec.objective names a metric, and whether to minimize or to maximize it.

    The webhook refuses any other word, capitals included.

    Bad:  `objective: {type: Maximize, objectiveMetricName: accuracy}` in a manifest
    Good: `objective: {type: maximize, objectiveMetricName: accuracy}` in a manifest
    """
    objective = subject.spec.get("objective")
    if objective is None:
        help_ = "write `maximize: METRIC` or `minimize: METRIC` under `objective`"
        plain = "write `objective: {type: maximize, objectiveMetricName: METRIC}`, or `minimize`"
        yield Finding(_OBJECTIVE, "spec.objective is missing", mend(subject, help_, plain))
        return
    if not isinstance(objective, dict):
        return  # the structure's business
    kind = objective.get("type")
    if kind not in _TYPES and (kind is None or isinstance(kind, str)):
        yield _no_type(subject, kind)
    name = objective.get("objectiveMetricName")
    if name is None or name == "":
        yield Finding(
            (*_OBJECTIVE, "objectiveMetricName"),
            "spec.objective names no metric: objectiveMetricName is missing or empty",
            mend(
                subject,
                "write the metric behind `maximize:` or `minimize:` under `objective`",
                "set `objectiveMetricName` to the metric that the trial reports, such as accuracy",
            ),
        )


def _no_type(subject: Subject, kind: str | None) -> Finding:
    path = (*_OBJECTIVE, "type")
    meant = nearest(kind, _TYPES) if kind else None
    said = f"spec.objective.type is `{kind}`" if kind else "spec.objective.type is missing"
    return Finding(
        path,
        f"{said}: Katib takes minimize or maximize",
        mend(
            subject,
            "write `maximize: METRIC` or `minimize: METRIC` under `objective`",
            f"set `type: {meant}`" if meant else "set `type: maximize` or `type: minimize`",
        ),
        fix=(Edit(EditKind.SET, path, meant),) if meant else (),
    )


@rule("KG218", Effect.REJECTED, _VALIDATOR, when=odd_in("counts"))
def resume_policy_is_known(subject: Subject) -> Iterator[Finding]:
    """resumePolicy is Never, LongRunning or FromVolume.

    The webhook refuses any other word, capitals included.

    Bad:  `resume: never`
    Good: `resume: Never`
    """
    policy = text(subject.spec.get("resumePolicy"))
    if not policy or policy in _POLICIES:
        return
    meant = nearest(policy, _POLICIES)
    key = mend(subject, "resume", "resumePolicy")
    yield Finding(
        _RESUME,
        f"resumePolicy is `{policy}`: Katib takes Never, LongRunning or FromVolume",
        f"set `{key}: {meant}`" if meant else f"set `{key}` to one of the three; Never is the default",
        fix=(Edit(EditKind.SET, _RESUME, meant),) if meant else (),
    )


RULES = (objective_is_complete, resume_policy_is_known)
