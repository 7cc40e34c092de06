"""XGBoostJob: exactly one Master, and Workers."""

from kgen.katib.trialkinds.operator import operator_kind

XGBOOSTJOB = operator_kind("XGBoostJob", "xgboost", "xgbReplicaSpecs", ("Master", "Worker"))
