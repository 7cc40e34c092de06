"""What Argo CD reads on the objects that it applies (argoproj/argo-cd v3.5.1, docs and gitops-engine)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from kgen.model.words import nearest

WAVE = "argocd.argoproj.io/sync-wave"

# A wave waits until the one before is healthy. What others live in or fetch from comes first. A claim that waits for
# its first consumer is healthy only when a trial's pod is there, so it goes with the Experiments, the last.
WAVES = {
    **dict.fromkeys(("Namespace", "Profile", "SecretStore", "ClusterSecretStore"), "-10"),
    **dict.fromkeys(("ExternalSecret", "SealedSecret", "ServiceAccount"), "-5"),
    **dict.fromkeys(("PersistentVolumeClaim", "Experiment"), "10"),
}

SYNC_OPTIONS, COMPARE_OPTIONS = "argocd.argoproj.io/sync-options", "argocd.argoproj.io/compare-options"
HOOK, HELM_HOOK = "argocd.argoproj.io/hook", "helm.sh/hook"
# Files by which Argo CD takes a folder for another tool's, and reads no plain manifest in it.
OTHER_TOOLS = {
    **dict.fromkeys(("kustomization.yaml", "kustomization.yml", "Kustomization"), "Kustomize"),
    "Chart.yaml": "Helm",
}
MANIFEST_PATHS = "argocd.argoproj.io/manifest-generate-paths"
RESOURCES_FINALIZER = "resources-finalizer.argocd.argoproj.io"
IN_CLUSTER, IN_CLUSTER_NAME = "https://kubernetes.default.svc", "in-cluster"
BACKOFF = {"duration": "5s", "factor": 2, "maxDuration": "3m"}  # between the tries of a sync
REFRESHES = (3, 2)  # since when a retry takes the newest revision: retry.refresh
NAMED_KINDS = (3, 3)  # since when an AppProject permits a cluster's kind by the name of its object
TRACKING = ("argocd.argoproj.io/tracking-id", "argocd.argoproj.io/installation-id")

_SWITCH, _ASK = ("true", "false"), ("false", "true", "confirm")
# Options with their values; the spelling is exact. Those of the first table work on an object and on an Application.
OBJECT_SYNC_OPTIONS = {
    "Prune": _ASK,
    "Delete": _ASK,
    **dict.fromkeys(("PruneLast", "Replace", "Force", "ServerSideApply", "SkipDryRunOnMissingResource"), _SWITCH),
    **dict.fromkeys(("Validate", "ClientSideApplyMigration"), _SWITCH),
}
APPLICATION_SYNC_OPTIONS = {
    **OBJECT_SYNC_OPTIONS,
    "PrunePropagationPolicy": ("foreground", "background", "orphan"),
    **dict.fromkeys(("ApplyOutOfSyncOnly", "RespectIgnoreDifferences", "CreateNamespace"), _SWITCH),
    "FailOnSharedResource": _SWITCH,
}
OBJECT_COMPARE_OPTIONS = ("IgnoreExtraneous",)
APPLICATION_COMPARE_OPTIONS = ("ServerSideDiff", "IncludeMutationWebhook")

# By these an Experiment that leaves Git stays in the cluster, and its Application stays Synced.
KEEP = {
    SYNC_OPTIONS: "Prune=false,Delete=false",
    COMPARE_OPTIONS: "IgnoreExtraneous",
}


class OptionFlaw(NamedTuple):
    """What is wrong with an option."""

    help: str
    mended: str = ""  # the option as it was meant, where that is certain


def sync_option_flaw(option: str, known: Mapping[str, tuple[str, ...]]) -> OptionFlaw | None:
    """Say how to write an option that Argo CD would not recognise, or where it belongs; None where all is well."""
    name, equals, value = option.partition("=")
    if equals and value in known.get(name, ()):
        return None
    if name in known and equals and value.lower() not in known[name]:
        return OptionFlaw(
            f"`{name}` has no value `{value}`: write {' or '.join(f'`{name}={each}`' for each in known[name])}"
        )
    if name in APPLICATION_SYNC_OPTIONS and name not in known and equals:
        return OptionFlaw(f"`{name}` works in `syncOptions` of an Application only: move it there")
    bare = name.split(":")[0].strip()
    close = bare if bare in known else nearest(bare, known)
    if close is None:
        return OptionFlaw(f"write NAME=VALUE, with one of the names {', '.join(known)}")
    given = (value or option.partition(":")[2]).strip().lower()
    if given not in known[close]:
        return OptionFlaw(f"write `{close}={known[close][0]}`")
    return OptionFlaw(f"write `{close}={given}`", f"{close}={given}")
