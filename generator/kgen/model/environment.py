"""An environment: what runs in it, with which overlays; and the settings of a whole workspace."""

from __future__ import annotations

from typing import NamedTuple

from kgen.model.argocd import ARGOCD, FOLDER, OBJECTS
from kgen.model.lint import LINT
from kgen.model.node import Node, Span, get
from kgen.model.overlay import EXPERIMENT_BLOCK, NAMESPACE
from kgen.model.pods import LABELS
from kgen.model.shape import boolean, either, listing, mapping, table, text

KATIB_VERSIONS = ("0.17", "0.18", "0.19")

VERSIONS = mapping(
    "The versions that the cluster runs",
    {
        "katib": text("Katib", choices=KATIB_VERSIONS),
        "kubernetes": text(
            "Kubernetes, whose types objects are held against", pattern=r"1\.[0-9]+", form="a version such as 1.34"
        ),
        "argocd": text("Argo CD", pattern=r"[0-9]+\.[0-9]+", form="a version such as 3.5"),
        "trainer": text("Kubeflow Trainer, which runs TrainJobs", choices=("2.0", "2.1", "2.2", "2.3")),
        "externalsecrets": text(
            "The External Secrets operator; 2.3 to 2.6 default one field more than others",
            pattern=r"[0-9]+\.[0-9]+",
            form="a version such as 2.4",
        ),
        "registered": listing(
            "Algorithms and collectors that the cluster's katib-config has beside those that Katib brings",
            text("A name"),
        ),
    },
)

_NAMED = text("A name")
ENVIRONMENT = mapping(
    "What runs in one environment",
    {
        "description": text("What the environment is"),
        "extends": listing("Environments that are laid first", _NAMED),
        "namespace": NAMESPACE,
        "profile": boolean("The namespace belongs to a Kubeflow Profile, which makes it and its labels"),
        "overlays": listing("Overlays for all its experiments, lowest first", _NAMED),
        "experiments": listing(
            "The experiments, by name, or with what differs here",
            either(
                _NAMED,
                mapping(
                    "An experiment and what differs here",
                    {
                        "name": text("Name of the spec"),
                        "overlays": listing("Overlays for this experiment, over those of the environment", _NAMED),
                        "experiment": EXPERIMENT_BLOCK,
                    },
                    required=("name",),
                ),
            ),
        ),
        "naming": text("fixed names, or hashed: a changed search gets a new name", choices=("fixed", "hashed")),
        "history": text("What happens to an Experiment that leaves Git", choices=("keep", "prune")),
        "resources": listing("Further manifests, as files beside this one", text("A file")),
        "target": VERSIONS,
        "argocd": ARGOCD,
    },
)

TRIAL_KIND = mapping(
    "A trial kind that kgen does not know",
    {
        "apiVersion": text("Its apiVersion"),
        "podTemplates": listing(
            "Where its pod templates are, as dotted paths; `*` stands for any key or item", text("A path"), 1
        ),
        "container": text("Name of its training container"),
        "successCondition": text("GJSON path that holds when a trial has succeeded"),
        "failureCondition": text("GJSON path that holds when a trial has failed"),
        "primaryPodLabels": LABELS,
    },
    required=("apiVersion", "podTemplates", "container", "successCondition", "failureCondition"),
)

WORKSPACE = mapping(
    "Settings of a workspace; the file marks its root",
    {
        "target": VERSIONS._replace(doc="The versions that every environment runs, unless it says otherwise"),
        "output": text(
            "Folder of rendered manifests; rendered if absent",
            pattern=FOLDER,
            form="a path below the workspace's root, such as rendered",
        ),
        "argocd": OBJECTS,
        "trialKinds": table("Trial kinds of one's own, by kind", TRIAL_KIND),
        "lint": LINT,
    },
)


class Target(NamedTuple):
    """The versions that manifests are made for."""

    katib: str = KATIB_VERSIONS[-1]
    kubernetes: str = "1.34"
    argocd: str = "3.5"
    trainer: str = "2.2"
    externalsecrets: str = ""  # "" where nobody says it
    registered: tuple[str, ...] = ()  # algorithms and collectors beside those that Katib brings


class Layer(NamedTuple):
    """One layer of a stack as it is written."""

    tree: Node
    overlay: bool  # an overlay, or a part of a compact spec


class Stack(NamedTuple):
    """One experiment of an environment: its spec, and the layers over it, lowest first."""

    name: str
    spec: Node
    layers: tuple[Layer, ...]


class Environment(NamedTuple):
    """An environment with everything it extends worked in."""

    name: str
    span: Span
    namespace: Node | None = None
    profile: bool = False
    hashed: bool = False
    history: Node | None = None
    target: Target = Target()
    argocd: Node | None = None
    resources: tuple[Node, ...] = ()  # workspace paths
    output: str = "rendered"
    folder: str = ""  # of the workspace in its repository; "" for the root

    @property
    def path(self) -> str:
        """Where its rendered folder is in the repository, unless it says so itself."""
        return "/".join(filter(None, (self.folder, self.output, self.name)))

    @property
    def waves(self) -> bool:
        """Whether Argo CD is told in which order to apply what is rendered."""
        said = get(self.argocd, "waves")
        return self.argocd is not None and (said is None or said.value is not False)


def layer_of(span: Span) -> str:
    """Name the layer that a value was written in; of one that nobody wrote, whose default it is."""
    if not span.line:
        return span.file
    if span.file.startswith("--set "):
        return "command line"
    folder, _, rest = span.file.partition("/")
    words = {"experiments": "spec", "overlays": "overlay", "environments": "environment"}
    name = rest.rsplit(".", 1)[0].removesuffix("/environment")
    return f"{words[folder]} {name}" if folder in words else span.file
