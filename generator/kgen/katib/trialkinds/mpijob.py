"""MPIJob: the Launcher runs the command; the operator itself starts the Workers, which compute."""

from kgen.katib.trialkinds.operator import operator_kind

MPIJOB = operator_kind(
    "MPIJob",
    "mpi",
    "mpiReplicaSpecs",
    ("Launcher", "Worker"),
    silent=("Worker",),
    idle=("Launcher",),
)
