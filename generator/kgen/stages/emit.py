"""Objects to canonical YAML: one order of keys, the same bytes on every platform."""

from __future__ import annotations

from functools import lru_cache

from kgen.codec import writer
from kgen.model.node import Node

MARK = "# Rendered by kgen"

# What a reader looks for first comes first; whatever is not named here follows in alphabetical order.
_FIRST = (
    "apiVersion kind name type parameterType metadata generateName namespace labels annotations "
    "objective goal objectiveMetricName additionalMetricNames metricStrategies "
    "algorithm algorithmName algorithmSettings earlyStopping "
    "maxTrialCount parallelTrialCount maxFailedTrialCount resumePolicy "
    "operationType parameters feasibleSpace min max step list distribution nasConfig "
    "metricsCollectorSpec collector source "
    "primaryContainerName primaryPodLabels successCondition failureCondition retain "
    "trialParameters reference description trialSpec configMap "
    "replicas key operator mountPath image command args env value valueFrom resources "
    "restartPolicy spec template containers"
).split()
_RANK = {key: index for index, key in enumerate(_FIRST)}
_LAST = len(_FIRST)


def emit(obj: Node, cause: str) -> bytes:
    """Write one object as a file; `cause` says in its first line what it was made of."""
    return f"{MARK} from {cause}; changes made here are lost.\n{writer.write(obj, _in_order)}".encode()


@lru_cache(maxsize=4096)  # the same few sets of keys come again in every manifest
def _in_order(keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(keys, key=lambda key: (_RANK.get(key, _LAST), key)))
