"""PaddleJob: Workers, with or without a Master; without one no pod is labelled as the master."""

from collections.abc import Mapping

from kgen.katib.trialkinds.operator import operator_kind
from kgen.katib.v1beta1 import MASTER_LABELS
from kgen.model.node import Node, get

_FIELD = "paddleReplicaSpecs"
_FIRST_WORKER = {
    "training.kubeflow.org/replica-type": "worker",
    "training.kubeflow.org/replica-index": "0",
}


def _labels(trial: Node) -> Mapping[str, str]:
    return MASTER_LABELS if get(trial, "spec", _FIELD, "Master") is not None else _FIRST_WORKER


PADDLEJOB = operator_kind("PaddleJob", "paddle", _FIELD, ("Worker", "Master"), labels=_labels)
