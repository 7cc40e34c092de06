"""All environments of a workspace to the Argo CD objects that they need together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from kgen.katib.argocd import IN_CLUSTER, IN_CLUSTER_NAME
from kgen.model.argocd import is_by_cluster, is_in_set
from kgen.model.codes import CODES
from kgen.model.diagnostic import Diagnostic, Related, Severity, error
from kgen.model.experiment import Delivery, Rendered
from kgen.model.node import Node, Span, get, object_of, plain, text_of
from kgen.model.sources import SETTINGS
from kgen.pipeline.law import KGENS, Law
from kgen.stages.applicationset import application_set
from kgen.stages.apps import app_of_apps
from kgen.stages.check import Thing, check_things
from kgen.stages.emit import emit
from kgen.stages.projects import projects

SHARED, FILE_CLASH, NOTHING, EXCLUDES, TWICE = "KG119", "KG113", "KG114", "KG105", "KG106"


class Gitops(NamedTuple):
    """The objects of a workspace, or none and the reasons."""

    diagnostics: tuple[Diagnostic, ...]
    files: dict[str, bytes]  # by name, in the folder of Applications
    in_set: tuple[str, ...] = ()  # environments whose Applications an ApplicationSet makes


def gitops(settings: Node | None, rendered: tuple[Rendered, ...], law: Law = KGENS) -> Gitops:
    """Make the AppProjects, the ApplicationSet and the app of apps that `kgen.yaml` asks for.

    `rendered` are all environments of the workspace: what a project must permit is what they hold. Pure: equal
    objects in, equal bytes out.
    """
    problems: list[Diagnostic] = []
    deliveries = tuple(each.delivery for each in rendered if each.delivery is not None)
    _refuse_nothing(settings, deliveries, problems)
    objects = _objects(settings, rendered, deliveries, problems)
    problems.extend(_too_narrow(objects))
    files = {_file(obj): emit(obj, SETTINGS) for obj in objects}
    problems.extend(_clashing(files, rendered))
    if not is_by_cluster(settings):  # a cluster has one environment's label, whatever its manifests share with others
        problems.extend(_shared(rendered))
        problems.extend(_named_twice(objects, deliveries))
    things = tuple(Thing(obj, plain(obj)) for obj in objects)
    for target in sorted({each.target for each in rendered}):
        problems.extend(check_things(things, (), target, law.objects, law.of_run))
    found = tuple(sorted(set(problems), key=lambda d: d.order))
    if any(d.severity is Severity.ERROR for d in found):
        return Gitops(found, {})
    in_set = tuple(each.environment.name for each in deliveries) if is_in_set(settings) else ()
    return Gitops(found, dict(sorted(files.items())), in_set)


def _objects(
    settings: Node | None,
    rendered: tuple[Rendered, ...],
    deliveries: tuple[Delivery, ...],
    problems: list[Diagnostic],
) -> tuple[Node, ...]:
    others = tuple(each.environment for each in rendered if each.delivery is None)
    one_set = application_set(settings, deliveries, others, problems)
    root = app_of_apps(settings, deliveries, problems)
    return (*projects(settings, rendered, problems), *(each for each in (one_set, root) if each is not None))


def _too_narrow(objects: tuple[Node, ...]) -> Iterator[Diagnostic]:
    """A project that permits what environments render permits no app of apps, which applies projects."""
    narrow = {text_of(name): name for obj in objects if object_of(obj)[0] == "AppProject" and (name := _name(obj))}
    for root in objects:
        project = get(root, "spec", "project")
        if object_of(root)[0] == "Application" and project is not None and text_of(project) in narrow:
            message = f"the AppProject `{text_of(project)}` permits what environments render, and no app of apps"
            help_ = "name another in `argocd.appOfApps.project`, which permits Argo CD's own kinds"
            place = Related(narrow[text_of(project)].span, "the AppProject")
            yield error(project.span, EXCLUDES, message, help_, place)


def _named_twice(objects: tuple[Node, ...], deliveries: tuple[Delivery, ...]) -> Iterator[Diagnostic]:
    """Find Applications of one name: each would be written over the other."""
    own = tuple(each.application for each in deliveries)
    owners: dict[tuple[str, ...], Node] = {}
    for app in (*(obj for obj in objects if object_of(obj)[0] == "Application"), *own):
        first = owners.setdefault(object_of(app), app)
        if first is not app:
            message = f"two Applications are called `{object_of(app)[2]}`"
            help_ = (
                "give one of them another name: `argocd.name` of an environment, `argocd.appOfApps.name` of kgen.yaml"
            )
            yield error(
                (_name(app) or app).span, TWICE, message, help_, Related((_name(first) or first).span, "the other")
            )


def _name(obj: Node) -> Node | None:
    return get(obj, "metadata", "name")


def _clashing(files: Mapping[str, bytes], rendered: tuple[Rendered, ...]) -> Iterator[Diagnostic]:
    for each in rendered:
        name = f"{each.environment}.yaml"
        if name in files:
            message = f"an environment and another object both go to `argocd/{name}`"
            yield error(_place(each), FILE_CLASH, message, "rename the environment")


def _file(obj: Node) -> str:
    kind, _, name = object_of(obj)
    return f"{kind.lower()}-{name}.yaml"


def _place(rendered: Rendered) -> Span:
    """Give the line that says where an environment goes."""
    if rendered.delivery is not None:
        where = rendered.delivery.environment
        return where.span if where.namespace is None else where.namespace.span
    return Span(f"environments/{rendered.environment}/environment.yaml", 1, 1)


def _refuse_nothing(settings: Node | None, deliveries: tuple[Delivery, ...], problems: list[Diagnostic]) -> None:
    asked = get(settings, "argocd")
    place = Span(SETTINGS, 1, 1) if asked is None else asked.span
    keys = ("projects", "applicationSet", "appOfApps")
    if asked is None or all(get(asked, key) is None for key in keys):
        message = "the workspace asks for no Argo CD object"
        some = ", ".join(f"`{key}`" for key in keys)
        help_ = f"add `argocd` to {SETTINGS}, with {some} or some of them; what it once asked for is yours to remove"
        problems.append(error(place, NOTHING, message, help_))
    elif not deliveries:
        message = "no environment has an `argocd` block, so there is nothing to apply"
        problems.append(error(place, NOTHING, message, "add `argocd: {repoURL: …}` to an environment"))


def _shared(rendered: tuple[Rendered, ...]) -> Iterator[Diagnostic]:
    """Find objects that two environments render for one cluster: two Applications would own them."""
    owners: dict[tuple[str, ...], Rendered] = {}
    for each in rendered:
        if each.delivery is None:
            continue
        cluster = _cluster(each.delivery)
        for obj in (*(e.manifest for e in each.experiments), *each.objects):
            first = owners.setdefault((*cluster, *object_of(obj)), each)
            if first is not each:
                yield _owned_twice(first, each, obj)


def _owned_twice(first: Rendered, second: Rendered, obj: Node) -> Diagnostic:
    kind, namespace, name = object_of(obj)
    where = f" in namespace `{namespace}`" if namespace else ""
    message = f"environments `{first.environment}` and `{second.environment}` both render {kind} `{name}`{where}"
    help_ = "give them different namespaces or clusters, or render it in one of them only"
    found = error(_place(second), SHARED, message, help_, Related(_place(first), "the other"))
    return found._replace(effect=CODES[SHARED].effect)


def _cluster(delivery: Delivery) -> tuple[str, ...]:
    """Name the cluster as Argo CD does; but for its own, one by `server` and one by `name` count as two."""
    destination = get(delivery.application, "spec", "destination")
    server, name = ("" if (said := get(destination, key)) is None else text_of(said) for key in ("server", "name"))
    return (IN_CLUSTER, "") if name == IN_CLUSTER_NAME else (server, name)
