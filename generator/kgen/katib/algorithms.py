"""The algorithms that Katib brings, the services that run them, and how each reads a search space.

Read from github.com/kubeflow/katib at v0.19.0 and seven commits after it: katib-config in
manifests/v1beta1/installs, the services in pkg/suggestion/v1beta1 and pkg/earlystopping/v1beta1.
"""

from __future__ import annotations

from typing import NamedTuple

from kgen.katib.numerals import Reader, go_real, go_whole, python_real, python_whole
from kgen.katib.v1beta1 import NAS_ASSIGNMENTS

SERVICES = {
    "random": "hyperopt",
    "tpe": "hyperopt",
    "multivariate-tpe": "optuna",
    "grid": "optuna",
    "bayesianoptimization": "skopt",
    "hyperband": "hyperband",
    "cmaes": "goptuna",
    "sobol": "goptuna",
    "pbt": "pbt",
    "enas": "enas",
    "darts": "darts",
}
NAS = frozenset(NAS_ASSIGNMENTS)
EARLY_STOPPING = ("medianstop",)

HYPEROPT = frozenset(name for name, service in SERVICES.items() if service == "hyperopt")
OPTUNA = frozenset(name for name, service in SERVICES.items() if service == "optuna")
GOPTUNA = frozenset(name for name, service in SERVICES.items() if service == "goptuna")
STEPLESS = frozenset(("bayesianoptimization", "hyperband"))  # their services ignore `step`
ONE_REQUEST = frozenset(("hyperband", "darts"))  # cannot answer when a second lot of trials is asked for
MOST_SOBOL = 21199  # dimensions that goptuna has direction numbers for


class Readers(NamedTuple):
    """What a service reads bounds and steps with."""

    whole: Reader  # of an int
    real: Reader  # of a double


LOOSE = Readers(python_real, python_real)
_STRICT = Readers(python_whole, python_real)
_GO = Readers(go_whole, go_real)
READERS = {
    "random": LOOSE,
    "tpe": LOOSE,
    "multivariate-tpe": _STRICT,
    "grid": _STRICT,
    "bayesianoptimization": _STRICT,
    "hyperband": _STRICT,
    "cmaes": _GO,
    "sobol": _GO,
    "pbt": LOOSE,
}


def reader(algorithm: str, kind: str) -> Reader | None:
    """Give what reads the bounds of an int or a double; None where nothing is known, or nothing is read."""
    readers = READERS.get(algorithm)
    if readers is None:
        return None
    return readers.real if kind == "double" else readers.whole if kind == "int" else None
