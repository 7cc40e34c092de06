"""Fields of Kubernetes' own kinds that an update may not change (k8s.io/kubernetes, pkg/apis: the kinds' validation).

Only kinds that stand beside Experiments; of others nothing is known, and nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping

from kgen.model.node import FieldPath, Node, get, is_true

_SOURCES = "awsElasticBlockStore azureDisk azureFile cephfs csi fc gcePersistentDisk glusterfs hostPath iscsi local nfs"
_STORAGE = ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode")
_FROZEN: Mapping[tuple[str, str], tuple[FieldPath, ...]] = {
    ("", "Secret"): (("type",),),
    ("", "PersistentVolumeClaim"): (("spec",),),
    ("", "PersistentVolume"): tuple(("spec", source) for source in _SOURCES.split()),
    ("apps", "Deployment"): (("spec", "selector"),),
    ("batch", "Job"): (("spec", "template"), ("spec", "selector"), ("spec", "completionMode")),
    ("rbac.authorization.k8s.io", "RoleBinding"): (("roleRef",),),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): (("roleRef",),),
    ("storage.k8s.io", "StorageClass"): tuple((field,) for field in _STORAGE),
}
_BUT: Mapping[tuple[str, str], tuple[FieldPath, ...]] = {
    ("", "PersistentVolumeClaim"): (("spec", "resources"), ("spec", "volumeAttributesClassName")),
}
_SEALED: tuple[FieldPath, ...] = (("data",), ("binaryData",), ("stringData",), ("immutable",))


def is_frozen(group: str, kind: str, old: Node, path: FieldPath) -> bool:
    """Whether the API server refuses a change of this field of an object that it holds."""
    below = _FROZEN.get((group, kind), ())
    if not group and kind in ("Secret", "ConfigMap") and is_true(get(old, "immutable")):
        below = (*below, *_SEALED)
    return _is_below(path, below) and not _is_below(path, _BUT.get((group, kind), ()))


def _is_below(path: FieldPath, heads: tuple[FieldPath, ...]) -> bool:
    return any(path[: len(head)] == head for head in heads)
