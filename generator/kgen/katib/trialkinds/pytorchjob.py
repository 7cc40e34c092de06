"""PyTorchJob: a Master, which the operator wants to be one, and Workers."""

from kgen.katib.trialkinds.operator import operator_kind

PYTORCHJOB = operator_kind("PyTorchJob", "pytorch", "pytorchReplicaSpecs", ("Master", "Worker"))
