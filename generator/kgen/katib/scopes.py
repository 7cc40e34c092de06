"""Which kinds there are once for the whole cluster; every other kind lives in a namespace."""

from __future__ import annotations

CLUSTER_SCOPED = frozenset(
    "APIService CertificateSigningRequest ClusterExternalSecret ClusterIssuer ClusterQueue ClusterRole "
    "ClusterRoleBinding ClusterSecretStore ClusterTrainingRuntime CSIDriver CustomResourceDefinition DeviceClass "
    "IngressClass MutatingWebhookConfiguration Namespace Node PersistentVolume PriorityClass Profile ResourceFlavor "
    "RuntimeClass StorageClass ValidatingAdmissionPolicy ValidatingWebhookConfiguration VolumeAttachment "
    "WorkloadPriorityClass".split()
)
