"""batch/v1 Job: one pod template, and what Katib's own examples run as."""

from kgen.katib.trialkinds.kind import TrialKind, at
from kgen.katib.v1beta1 import JOB_CONDITIONS

JOB = TrialKind(
    kind="Job",
    api_version="batch/v1",
    container="training-container",
    conditions=JOB_CONDITIONS,
    templates=at("spec", "template"),
)
