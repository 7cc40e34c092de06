"""JAXJob: Workers, of which the operator labels the first as the master."""

from kgen.katib.trialkinds.operator import operator_kind

JAXJOB = operator_kind("JAXJob", "jax", "jaxReplicaSpecs", ("Worker",))
