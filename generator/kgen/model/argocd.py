"""What a workspace and its environments say of Argo CD."""

from __future__ import annotations

from kgen.model.node import Node, get
from kgen.model.overlay import NAMESPACE
from kgen.model.pods import ANNOTATIONS, LABELS
from kgen.model.shape import boolean, either, integer, listing, mapping, text

FOLDER = r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*"
NAME, NAME_FORM = "[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?", "a name of small letters, digits, `-` and `.`"
_KIND, _KIND_FORM = r"(?:[a-z0-9.-]+/)?[A-Z][A-Za-z0-9]*", "a kind as GROUP/KIND, or KIND of Kubernetes' core"

_AUTOMATED = either(
    boolean("Whether Argo CD syncs by itself"),
    mapping(
        "How Argo CD syncs by itself",
        {
            "prune": boolean("Delete what left Git"),
            "selfHeal": boolean("Undo changes made in the cluster"),
            "allowEmpty": boolean("Accept that nothing is left"),
        },
    ),
)

ARGOCD = mapping(
    "The Argo CD Application that applies the environment's folder",
    {
        "name": text(
            "Name of the Application; the environment's name if absent",
            pattern=NAME,
            form=NAME_FORM,
        ),
        "namespace": NAMESPACE._replace(
            doc="Namespace of the Application; that of Argo CD, which kgen.yaml names, if absent"
        ),
        "project": text("Its AppProject; default if absent", pattern=NAME, form=NAME_FORM),
        "repoURL": text("The Git repository that holds the rendered folder"),
        "targetRevision": text("Branch, tag or commit; HEAD if absent"),
        "path": text(
            "The rendered folder in the repository; the output folder of the workspace if absent",
            pattern=FOLDER,
            form="a path below the repository's root",
        ),
        "server": text("The cluster's API server"),
        "cluster": text("The cluster's name in Argo CD, instead of server"),
        "automated": _AUTOMATED,
        "createNamespace": boolean("Let Argo CD make the namespace and its Katib label; true unless a Profile owns it"),
        "syncOptions": listing(
            "Further sync options, such as ApplyOutOfSyncOnly=true",
            text("Name=value", pattern=r"[A-Za-z]+=[^ ,]+", form="an option as Name=value, without blanks"),
        ),
        "retry": integer("How often a failed sync is tried again; 5 if absent", 0),
        "directory": mapping(
            "Which files of the folder Argo CD reads, where kgen's are not the only ones",
            {
                "recurse": boolean("Read its subfolders too"),
                "include": text("The files to read, as a glob such as {*.yaml,*.yml}"),
                "exclude": text("The files to leave out, as a glob; it wins over include"),
            },
        ),
        "deletion": text(
            "What becomes of the objects when the Application is deleted: they stay, or go with it; orphan if absent",
            choices=("orphan", "cascade"),
        ),
        "waves": boolean("Write sync waves: secrets before Experiments; true if absent"),
        "labels": LABELS,
        "annotations": ANNOTATIONS,
    },
    required=("repoURL",),
)

_PROJECT = mapping(
    "An AppProject, and what it permits beside what the environments need",
    {
        "name": text("Its name, as environments have it in argocd.project", pattern=NAME, form=NAME_FORM),
        "description": text("What it is for"),
        "kinds": listing("Further kinds in namespaces", text("A kind", pattern=_KIND, form=_KIND_FORM)),
        "clusterKinds": listing("Further kinds of the whole cluster", text("A kind", pattern=_KIND, form=_KIND_FORM)),
    },
    required=("name",),
)

OBJECTS = mapping(
    "Argo CD objects of the whole workspace, which `kgen argocd objects` writes",
    {
        "namespace": NAMESPACE._replace(doc="Argo CD's own namespace; argocd if absent"),
        "folder": text(
            "Where the workspace lies in its repository; the root if absent",
            pattern=FOLDER,
            form="a path below the repository's root",
        ),
        "projects": listing(
            "AppProjects that environments name, with the least rights that work",
            either(text("A name", pattern=NAME, form=NAME_FORM), _PROJECT),
        ),
        "applicationSet": mapping(
            "One ApplicationSet for all environments, instead of an Application each",
            {
                "name": text("Its name; experiments if absent", pattern=NAME, form=NAME_FORM),
                "generator": text(
                    "What makes an Application: a folder in Git, or a cluster with a label; directories if absent",
                    choices=("directories", "clusters"),
                ),
                "label": text("Label of a cluster's Secret that names its environment; environment if absent"),
                "repoURL": text("The Git repository whose folders are listed; the environments' own if absent"),
                "revision": text("The revision whose folders are listed; the environments' own if absent"),
            },
        ),
        "appOfApps": mapping(
            "One Application that applies all others, and the objects of the workspace",
            {
                "name": text("Its name; apps if absent", pattern=NAME, form=NAME_FORM),
                "project": text("Its AppProject, which must permit Argo CD's own kinds; default if absent"),
                "repoURL": text("The Git repository; the environments' own if absent"),
                "targetRevision": text("Branch, tag or commit; the environments' own if absent"),
                "automated": _AUTOMATED,
            },
        ),
    },
)


def is_in_set(settings: Node | None) -> bool:
    """Whether an ApplicationSet makes the Applications, so that none is written."""
    return get(settings, "argocd", "applicationSet") is not None


def is_by_cluster(settings: Node | None) -> bool:
    """Whether an ApplicationSet takes its Applications from clusters with a label."""
    generator = get(settings, "argocd", "applicationSet", "generator")
    return generator is not None and generator.value == "clusters"
