"""What Katib's v1beta1 API defaults, limits and derives.

Read from github.com/kubeflow/katib at v0.19.0 and seven commits after it, and the tags of 0.17 and
0.18: pkg/apis/controller/experiments/v1beta1 (types, experiment_defaults.go), pkg/webhook/v1beta1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from kgen.model.node import FieldPath

PLACEHOLDER = re.compile(r"\$\{trialParameters\.(.+?)\}")  # the webhook's own expression
PLACEHOLDER_HEAD = "${trialParameters."
TEMPLATE: FieldPath = ("spec", "trialTemplate")
TRIAL: FieldPath = (*TEMPLATE, "trialSpec")  # the object that is made for each trial

GROUP = "kubeflow.org"
API_VERSION = f"{GROUP}/v1beta1"
KIND = "Experiment"


class Conditions(NamedTuple):
    """GJSON paths over the live object of a trial."""

    success: str
    failure: str


_CONDITION = 'status.conditions.#(type=="{}")#|#(status=="True")#'
JOB_CONDITIONS = Conditions(_CONDITION.format("Complete"), _CONDITION.format("Failed"))
OPERATOR_CONDITIONS = Conditions(_CONDITION.format("Succeeded"), _CONDITION.format("Failed"))

MASTER_LABELS = {"training.kubeflow.org/job-role": "master"}
TRAINJOB_LABELS = {
    "jobset.sigs.k8s.io/replicatedjob-name": "node",
    "batch.kubernetes.io/job-completion-index": "0",
}

PARALLEL_TRIAL_COUNT = 3
RESUME_POLICY = "Never"
STRATEGY_OF_TYPE = {"minimize": "min", "maximize": "max"}
DISTRIBUTION = "uniform"
COLLECTOR = "StdOut"
FILE_PATH = "/var/log/katib/metrics.log"
EVENT_PATH = "/var/log/katib/tfevent/"
HTTP_PATH, HTTP_PORT = "/metrics", 8080

MOST_NAME = 40  # characters of an Experiment's name
SINCE_MOST_NAME = "0.18"  # the webhook looks from here on
MOST_NAME_PBT = 26  # pbt's trials add a hyphen and a UUID to it, and labels hold 63
MOST_SERVICE_NAME = 63  # of <experiment>-<algorithm>, the suggestion's Service

NAMESPACE_LABEL = "katib.kubeflow.org/metrics-collector-injection"

SINCE_DISTRIBUTION = "0.18"  # `distribution` in feasibleSpace, and collector Push in place of None
EDITABLE = ("parallelTrialCount", "maxTrialCount", "maxFailedTrialCount")

# What the services assign when they search architectures; nobody declares these as parameters.
NAS_ASSIGNMENTS = {
    "enas": ("architecture", "nn_config"),
    "darts": ("algorithm-settings", "search-space", "num-layers"),
}


class TrialDefaults(NamedTuple):
    """What the defaulter writes beside a `trialSpec` of a kind, where the manifest does not."""

    conditions: Conditions
    labels: Mapping[str, str]  # primaryPodLabels


_OF_OPERATOR = TrialDefaults(OPERATOR_CONDITIONS, MASTER_LABELS)
# By kind alone: the defaulter does not look at the group. With the releases that do it, the last one excluded.
_TRIAL_DEFAULTS: Mapping[str, tuple[str, str, TrialDefaults]] = {
    "Job": ("0.10", "", TrialDefaults(JOB_CONDITIONS, {})),
    "TFJob": ("0.10", "", _OF_OPERATOR),
    "PyTorchJob": ("0.10", "", _OF_OPERATOR),
    "XGBoostJob": ("0.12", "", _OF_OPERATOR),
    "MPIJob": ("0.13", "", _OF_OPERATOR),
    "MXJob": ("0.13", "0.18", _OF_OPERATOR),
    "TrainJob": ("0.19", "", TrialDefaults(JOB_CONDITIONS, TRAINJOB_LABELS)),
}


@lru_cache(maxsize=64)
def trial_defaults(kind: str, release: str) -> TrialDefaults | None:
    """Give what a release of Katib defaults for a kind of trial; None where it defaults nothing."""
    since, until, defaults = _TRIAL_DEFAULTS.get(kind, ("", "", None))
    if defaults is None or version(release) < version(since) or (until and version(release) >= version(until)):
        return None
    return defaults


@lru_cache(maxsize=256)
def version(text: str) -> tuple[int, ...]:
    """Make `0.19` comparable: as text, 0.9 would come after 0.19."""
    return tuple(int(part) for part in text.split("."))


@lru_cache(maxsize=64)
def knows_distribution(release: str) -> bool:
    """Whether a release of Katib has `distribution` in feasibleSpace, and the collector Push."""
    return version(release) >= version(SINCE_DISTRIBUTION)
