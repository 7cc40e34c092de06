"""What the kinds of the training operator share (kubeflow/training-operator v1.9.3).

Read from pkg/apis/kubeflow.org/v1 (types, defaults), pkg/webhooks and pkg/controller.v1. The operator
labels one pod of a job `job-role: master` (IsMasterRole of each controller); Katib's defaulter names
that label for four of the kinds, and for the others kgen does.
"""

from collections.abc import Callable, Mapping

from kgen.katib.trialkinds.kind import TrialKind, replicated
from kgen.katib.v1beta1 import MASTER_LABELS, OPERATOR_CONDITIONS
from kgen.model.node import Node

API_VERSION = "kubeflow.org/v1"


def operator_kind(
    kind: str,
    container: str,
    field: str,
    types: tuple[str, ...],
    *,
    labels: Callable[[Node], Mapping[str, str]] = lambda _: MASTER_LABELS,
    silent: tuple[str, ...] = (),
    idle: tuple[str, ...] = (),
) -> TrialKind:
    """Make a kind of the training operator; the first of its replica types is implied."""
    return TrialKind(
        kind=kind,
        api_version=API_VERSION,
        container=container,
        conditions=OPERATOR_CONDITIONS,
        templates=replicated(field),
        labels=labels,
        replicas=field,
        types=types,
        silent=silent,
        idle=idle,
    )
