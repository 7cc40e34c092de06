"""KG586 and KG587: the kind and the version of a trial's object, which the cluster must serve and Katib watch."""

from __future__ import annotations

from collections.abc import Iterator

from kgen.katib.pods import TRAINJOB
from kgen.katib.trialkinds import OPERATOR_KINDS
from kgen.katib.v1beta1 import TRIAL, trial_defaults
from kgen.model.diagnostic import Edit, EditKind, Effect, Finding, Severity
from kgen.rules.rule import rule
from kgen.rules.subject import Subject
from kgen.rules.traits import odd_in

_WATCHED = ("Job", "TFJob", "PyTorchJob", "MPIJob", "XGBoostJob", TRAINJOB)


@rule("KG586", Effect.STUCK, "katib pkg/util/v1beta1/katibconfig", Severity.INFO, when=odd_in("template"))
def katib_watches_the_kind(subject: Subject) -> Iterator[Finding]:
    """The trial's kind is one that Katib watches.

    It watches the kinds in `trialResources` of its katib-config: Job, TFJob, PyTorchJob, MPIJob, XGBoostJob,
    and from 0.19 on TrainJob. A trial of another kind runs, and is never seen to finish, until the kind is
    added there, and its controller may read it (RBAC).

    Bad:  `kind: RayJob` with the stock installation
    Good: `kind: RayJob` where `trialResources` has `RayJob.v1.ray.io` and Katib's ClusterRole has rayjobs
    """
    kind, version = subject.trial.get("kind"), subject.trial.get("apiVersion")
    if not isinstance(kind, str) or not isinstance(version, str) or "${" in kind:
        return
    known = kind in _WATCHED and (kind != TRAINJOB or trial_defaults(kind, subject.target.katib) is not None)
    if known and version in ("batch/v1", "kubeflow.org/v1", "trainer.kubeflow.org/v1alpha1"):
        return
    if _of_today(kind, version) is not None:
        return  # KG587
    group, _, name = version.rpartition("/")
    entry = f"{kind}.{name}.{group}" if group else f"{kind}.{name}"
    stock = "before 0.19" if kind == TRAINJOB else "by default"
    yield Finding(
        path=(*TRIAL, "kind"),
        message=f"Katib does not watch {kind} of {version} {stock}, and unwatched no trial is seen to finish",
        help=f"make sure that `trialResources` of katib-config has `{entry}`, and that Katib may watch it (RBAC)",
    )


def _of_today(kind: str, version: str) -> str | None:
    """Give the apiVersion of a kind whose written one is of the past; None where nothing is wrong."""
    group, _, name = version.partition("/")
    if kind == "Job" and group in ("batch", "extensions") and version != "batch/v1":
        return "batch/v1"
    if kind in OPERATOR_KINDS and group in ("kubeflow.org", "xgboostjob.kubeflow.org") and version != "kubeflow.org/v1":
        return "kubeflow.org/v1" if name != "v2beta1" else None  # of the MPI operator, which lives on
    if kind == TRAINJOB and group.endswith("kubeflow.org") and version != "trainer.kubeflow.org/v1alpha1":
        return "trainer.kubeflow.org/v1alpha1"
    return None


@rule("KG587", Effect.NO_POD, "kgen", when=odd_in("template"))
def api_version_is_served(subject: Subject) -> Iterator[Finding]:
    """The trial's object has an apiVersion that clusters serve.

    The webhook looks at none. A Job is of `batch/v1`, the training operator's kinds are of
    `kubeflow.org/v1`, a TrainJob of `trainer.kubeflow.org/v1alpha1`. Versions before them are gone.

    Bad:  `apiVersion: kubeflow.org/v1beta2` with `kind: TFJob`
    Good: `apiVersion: kubeflow.org/v1` with `kind: TFJob`
    """
    kind, version = subject.trial.get("kind"), subject.trial.get("apiVersion")
    good = _of_today(kind, version) if isinstance(kind, str) and isinstance(version, str) else None
    if good is not None:
        path = (*TRIAL, "apiVersion")
        message = f"no cluster serves kind {kind} as {version} any more"
        yield Finding(path, message, f"write `apiVersion: {good}`", fix=(Edit(EditKind.SET, path, good),))


RULES = (
    katib_watches_the_kind,
    api_version_is_served,
)
