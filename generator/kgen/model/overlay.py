"""An overlay: a layer that can be laid over any experiment of any trial kind."""

from __future__ import annotations

from kgen.model.pods import ANNOTATIONS, CONTAINER_FIELDS, LABELS, METADATA, POD_FIELDS
from kgen.model.secrets import PULL_SECRET, SECRETS
from kgen.model.shape import (
    BOOLEAN,
    FREE,
    Shape,
    anything,
    boolean,
    either,
    integer,
    listing,
    mapping,
    table,
    text,
)
from kgen.model.spec import ENV, RESOURCES, SPEC

NAMESPACE = text(
    "The namespace of every object",
    pattern="[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?",
    form="a DNS label: small letters, digits and `-`, 63 characters at the most",
)

CONTAINER_SECURITY = "containerSecurityContext"

PODS = mapping(
    "Settings of every pod template of the trial; container-level keys go to the training containers",
    {
        "labels": LABELS._replace(doc="Labels of every pod of the trial"),
        "annotations": ANNOTATIONS._replace(doc="Annotations of every pod of the trial"),
        "env": ENV,
        "resources": RESOURCES,
        CONTAINER_SECURITY: anything("`securityContext` of the training containers, in Kubernetes' form"),
        **POD_FIELDS,
        **CONTAINER_FIELDS,
    },
)

REGISTRY = mapping(
    "Image names, and the secret they are pulled with",
    {
        "images": table(
            "Images by name: NAME: NEW, where NEW is a name, name:tag, name@digest, :tag or @digest",
            text("The new reference", pattern=r"\S+", form="an image reference, without blanks"),
        ),
        "mirror": table(
            "Registries and folders of images, FROM: TO; docker.io stands for images without a registry",
            text("The new registry", pattern=r"\S+", form="a registry, without blanks"),
        ),
        "pullSecret": PULL_SECRET,
        "optional": boolean("Images and mirrors that hit nothing are no error"),
    },
)

TARGET = mapping(
    "Which objects; all conditions must hold",
    {
        "kind": text("Their kind; Experiment if absent"),
        "name": text("Their name, as a glob; of an Experiment the name before hashing"),
        "labels": LABELS._replace(doc="Labels they have"),
    },
)

PATCHES = listing(
    "RFC 6902 patches of the finished objects",
    mapping(
        "One patch",
        {
            "target": TARGET,
            "optional": boolean("A target that matches nothing is no error"),
            "ops": listing(
                "Operations, in order",
                mapping(
                    "One operation",
                    {
                        "op": text("What to do", choices=("add", "remove", "replace", "move", "copy", "test")),
                        "path": text(
                            "JSON pointer",
                            pattern="(/.*)?",
                            form="a JSON pointer, such as /spec/resumePolicy",
                        ),
                        "from": text("JSON pointer", pattern="(/.*)?", form="a JSON pointer"),
                        "value": Shape(
                            "The value", ("text", "number", "boolean", "mapping", "list", "null"), values=FREE
                        ),
                    },
                    required=("op", "path"),
                ),
                1,
            ),
        },
        required=("ops",),
    ),
)

MATCH = mapping(
    "Which experiments the overlay is for",
    {
        "names": listing("Names of experiments, as globs", text("A glob")),
        "labels": LABELS._replace(doc="Labels of the spec"),
        "kinds": listing("Trial kinds", text("A kind, such as PyTorchJob")),
        "optional": boolean("Matching no experiment is no error"),
    },
)

EXPERIMENT_BLOCK = SPEC._replace(
    doc="Laid over the compact spec",
    keys={key: shape for key, shape in SPEC.keys.items() if key != "name"},
    required=(),
    layer=True,
)

OVERLAY = mapping(
    "A layer over experiments",
    {
        "description": text("What the overlay is for"),
        "match": MATCH,
        "namespace": NAMESPACE,
        "experiment": EXPERIMENT_BLOCK,
        "metadata": METADATA._replace(doc="Labels and annotations of the Experiment"),
        "pods": PODS,
        "gpu": mapping(
            "GPUs of each training container",
            {
                "resource": text("Name of the resource; nvidia.com/gpu if absent"),
                "count": integer("How many", 0),
            },
        ),
        "sharedMemory": either(
            text("Size of /dev/shm, such as 8Gi; true for no limit but the pod's own"),
            Shape("", (BOOLEAN,), only=True),
        ),
        "istio": mapping(
            "The Istio sidecar of trial pods",
            {
                "inject": boolean("Whether a pod gets one; a trial with a classic sidecar never ends"),
                "annotation": boolean("Write the old annotation beside the label, for Istio before 1.16"),
            },
            required=("inject",),
        ),
        "queue": text("Kueue's LocalQueue, as a label on the trial's object"),
        "registry": REGISTRY,
        "secrets": SECRETS,
        "patches": PATCHES,
        "resources": listing("Further manifests, as files beside this one", text("A file")),
    },
)._replace(layer=True)
