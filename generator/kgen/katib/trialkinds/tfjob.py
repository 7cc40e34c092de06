"""TFJob: Workers, of which the first is the master where there is no Chief; a PS computes no gradients."""

from kgen.katib.trialkinds.operator import operator_kind

TFJOB = operator_kind(
    "TFJob",
    "tensorflow",
    "tfReplicaSpecs",
    ("Worker", "Chief", "Master", "PS", "Evaluator"),
    idle=("PS",),
)
