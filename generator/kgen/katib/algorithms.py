"""The algorithms that Katib brings, and the services that run them.

Read from github.com/kubeflow/katib at v0.19.0 and seven commits after it: katib-config in
manifests/v1beta1/installs, the services in pkg/suggestion/v1beta1 and pkg/earlystopping/v1beta1.
"""

from __future__ import annotations

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
