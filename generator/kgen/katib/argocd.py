"""What Argo CD reads on the objects that it applies (argoproj/argo-cd v3.5.1, docs and gitops-engine)."""

from __future__ import annotations

WAVE = "argocd.argoproj.io/sync-wave"

# A wave waits until the one before is healthy. What others live in or fetch from comes first. A claim that waits for
# its first consumer is healthy only when a trial's pod is there, so it goes with the Experiments, the last.
WAVES = {
    **dict.fromkeys(("Namespace", "Profile", "SecretStore", "ClusterSecretStore"), "-10"),
    **dict.fromkeys(("ExternalSecret", "SealedSecret", "ServiceAccount"), "-5"),
    **dict.fromkeys(("PersistentVolumeClaim", "Experiment"), "10"),
}

# By these an Experiment that leaves Git stays in the cluster, and its Application stays Synced.
KEEP = {
    "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
    "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
}
