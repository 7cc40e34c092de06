"""The kinds of object that a trial can be, listed by hand; a new kind is one file and one line here."""

from __future__ import annotations

from collections.abc import Mapping

from kgen.katib.trialkinds.jaxjob import JAXJOB
from kgen.katib.trialkinds.job import JOB
from kgen.katib.trialkinds.kind import TrialKind, anywhere, patterns
from kgen.katib.trialkinds.mpijob import MPIJOB
from kgen.katib.trialkinds.paddlejob import PADDLEJOB
from kgen.katib.trialkinds.pipelinerun import PIPELINERUN
from kgen.katib.trialkinds.pytorchjob import PYTORCHJOB
from kgen.katib.trialkinds.tfjob import TFJOB
from kgen.katib.trialkinds.trainjob import trainjob
from kgen.katib.trialkinds.workflow import WORKFLOW
from kgen.katib.trialkinds.xgboostjob import XGBOOSTJOB
from kgen.katib.v1beta1 import Conditions
from kgen.model.node import Node, fields, items, text_of

_OPERATOR = (PYTORCHJOB, TFJOB, MPIJOB, XGBOOSTJOB, PADDLEJOB, JAXJOB)
_FIXED = (JOB, *_OPERATOR)
OPERATOR_KINDS: Mapping[str, TrialKind] = {kind.kind: kind for kind in _OPERATOR}
_TEMPLATES_ONLY = (WORKFLOW, PIPELINERUN)


def kinds_for(trainer: str, own: Node | None) -> dict[str, TrialKind]:
    """Give every kind that the compact form knows, for a release of the Trainer.

    `own` is `trialKinds` of kgen.yaml: kinds that a workspace describes itself.
    """
    out = {kind.kind: kind for kind in (*_FIXED, trainjob(trainer))}
    for name, node in fields(own).items():
        out[name] = _described(name, fields(node))
    return out


def raw_kind(api_version: str, kind: str) -> TrialKind:
    """Give what is known of a kind that only a template can have; pod templates are looked for in it."""
    group = api_version.split("/", maxsplit=1)[0]
    for known in _TEMPLATES_ONLY:
        if known.kind == kind and known.api_version.split("/", maxsplit=1)[0] == group:
            return known
    return TrialKind(kind, api_version, "", None, anywhere)


def _described(name: str, given: Mapping[str, Node]) -> TrialKind:
    labels = {key: text_of(value) for key, value in fields(given.get("primaryPodLabels")).items()}
    paths = [text_of(path) for path in items(given["podTemplates"])]
    conditions = Conditions(text_of(given["successCondition"]), text_of(given["failureCondition"]))
    return TrialKind(
        name,
        text_of(given["apiVersion"]),
        text_of(given["container"]),
        conditions,
        patterns(*paths),
        lambda _: labels,
    )
