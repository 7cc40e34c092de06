"""An environment: what runs in it, with which overlays; and the settings of a whole workspace."""

from __future__ import annotations

from typing import NamedTuple

from kgen.model.lint import LINT
from kgen.model.node import Node, Span, get
from kgen.model.overlay import EXPERIMENT_BLOCK, NAMESPACE
from kgen.model.pods import ANNOTATIONS, LABELS
from kgen.model.shape import boolean, either, integer, listing, mapping, table, text

KATIB_VERSIONS = ("0.17", "0.18", "0.19")

_FOLDER = r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*"

VERSIONS = mapping(
    "The versions that the cluster runs",
    {
        "katib": text("Katib", choices=KATIB_VERSIONS),
        "kubernetes": text(
            "Kubernetes, whose types objects are held against", pattern=r"1\.[0-9]+", form="a version such as 1.34"
        ),
        "argocd": text("Argo CD", pattern=r"[0-9]+\.[0-9]+", form="a version such as 3.5"),
        "trainer": text("Kubeflow Trainer, which runs TrainJobs", choices=("2.0", "2.1", "2.2", "2.3")),
        "registered": listing(
            "Algorithms and collectors that the cluster's katib-config has beside those that Katib brings",
            text("A name"),
        ),
    },
)

ARGOCD = mapping(
    "The Argo CD Application that applies the environment's folder",
    {
        "name": text(
            "Name of the Application; the environment's name if absent",
            pattern="[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?",
            form="a name of small letters, digits, `-` and `.`",
        ),
        "namespace": NAMESPACE._replace(doc="Namespace of the Application; argocd if absent"),
        "project": text("Its AppProject; default if absent"),
        "repoURL": text("The Git repository that holds the rendered folder"),
        "targetRevision": text("Branch, tag or commit; HEAD if absent"),
        "path": text(
            "The rendered folder in the repository; the output folder of the workspace if absent",
            pattern=_FOLDER,
            form="a path below the repository's root",
        ),
        "server": text("The cluster's API server"),
        "cluster": text("The cluster's name in Argo CD, instead of server"),
        "automated": either(
            boolean("Whether Argo CD syncs by itself"),
            mapping(
                "How Argo CD syncs by itself",
                {
                    "prune": boolean("Delete what left Git"),
                    "selfHeal": boolean("Undo changes made in the cluster"),
                    "allowEmpty": boolean("Accept that nothing is left"),
                },
            ),
        ),
        "createNamespace": boolean("Let Argo CD make the namespace and its Katib label; true unless a Profile owns it"),
        "syncOptions": listing(
            "Further sync options, such as ApplyOutOfSyncOnly=true",
            text("Name=value", pattern=r"[A-Za-z]+=[^ ,]+", form="an option as Name=value, without blanks"),
        ),
        "retry": integer("How often a failed sync is tried again; 5 if absent", 0),
        "waves": boolean("Write sync waves: secrets before Experiments; true if absent"),
        "labels": LABELS,
        "annotations": ANNOTATIONS,
    },
    required=("repoURL",),
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
            pattern=_FOLDER,
            form="a path below the workspace's root, such as rendered",
        ),
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
