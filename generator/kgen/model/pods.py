"""What a pod template and a container can hold, by the names that Kubernetes gives it.

Read from k8s.io/api core/v1 at 0.34 (PodSpec, Container). What stands below a name is Kubernetes' own form.
"""

from __future__ import annotations

from kgen.model.shape import BOOLEAN, LIST, MAPPING, NUMBER, TEXT, Shape, anything, listing, mapping, scalar, table

LABELS = table("Labels, NAME: VALUE", scalar("The label's value"))
ANNOTATIONS = table("Annotations, NAME: VALUE", scalar("The annotation's value"))
METADATA = mapping("Labels and annotations", {"labels": LABELS, "annotations": ANNOTATIONS})

_POD_MAPPINGS = ("affinity", "dnsConfig", "nodeSelector", "os", "overhead", "securityContext")
_POD_TEXTS = (
    "dnsPolicy",
    "hostname",
    "nodeName",
    "preemptionPolicy",
    "priorityClassName",
    "restartPolicy",
    "runtimeClassName",
    "schedulerName",
    "serviceAccountName",
    "subdomain",
)
_POD_BOOLEANS = (
    "automountServiceAccountToken",
    "enableServiceLinks",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostUsers",
    "setHostnameAsFQDN",
    "shareProcessNamespace",
)
_POD_NUMBERS = ("activeDeadlineSeconds", "priority", "terminationGracePeriodSeconds")
_POD_LISTS = (
    "containers",
    "hostAliases",
    "imagePullSecrets",
    "initContainers",
    "readinessGates",
    "resourceClaims",
    "schedulingGates",
    "tolerations",
    "topologySpreadConstraints",
    "volumes",
)
_CONTAINER_MAPPINGS = ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")
_CONTAINER_TEXTS = ("imagePullPolicy", "terminationMessagePath", "terminationMessagePolicy", "workingDir")
_CONTAINER_LISTS = ("envFrom", "ports", "resizePolicy", "volumeDevices", "volumeMounts")


def _kubernetes(names: tuple[str, ...], level: str, *kinds: str) -> dict[str, Shape]:
    return {name: anything(f"`{name}` of {level}, in Kubernetes' form", *kinds) for name in names}


_OF_POD, _OF_CONTAINER = "every pod of the trial", "the training containers"
CONTAINER_FIELDS = {
    **_kubernetes(_CONTAINER_MAPPINGS, _OF_CONTAINER, MAPPING),
    **_kubernetes(_CONTAINER_TEXTS, _OF_CONTAINER, TEXT),
    **_kubernetes(_CONTAINER_LISTS, _OF_CONTAINER, LIST),
}

_CONTAINER = mapping(
    "A container, in Kubernetes' form",
    {
        **_kubernetes(("name", "image", "restartPolicy", "$patch"), "a container", TEXT),
        **_kubernetes(("command", "args", "env"), "a container", LIST),
        **_kubernetes(("resources", "securityContext"), "a container", MAPPING),
        **_kubernetes(("stdin", "stdinOnce", "tty"), "a container", BOOLEAN),
        **CONTAINER_FIELDS,
    },
)
POD_FIELDS = {
    **_kubernetes(_POD_MAPPINGS, _OF_POD, MAPPING),
    **_kubernetes(_POD_TEXTS, _OF_POD, TEXT),
    **_kubernetes(_POD_BOOLEANS, _OF_POD, BOOLEAN),
    **_kubernetes(_POD_NUMBERS, _OF_POD, NUMBER),
    **_kubernetes(_POD_LISTS, _OF_POD, LIST),
    "containers": listing("Containers of every pod of the trial", _CONTAINER),
    "initContainers": listing("Containers that run first", _CONTAINER),
}
POD_TEMPLATE = mapping(
    "Merged over every pod template, in the form of a PodTemplateSpec",
    {
        "metadata": METADATA,
        "spec": mapping(
            "The pod's spec, in Kubernetes' form",
            {
                **POD_FIELDS,
                **_kubernetes(("resources", "workloadRef"), _OF_POD, MAPPING),
                **_kubernetes(("hostnameOverride", "serviceAccount"), _OF_POD, TEXT),
            },
        ),
    },
)
