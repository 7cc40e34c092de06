"""AppProjects: what the Applications of a workspace need, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kgen.katib.argocd import IN_CLUSTER, NAMED_KINDS, WAVE
from kgen.katib.scopes import CLUSTER_SCOPED
from kgen.katib.v1beta1 import version
from kgen.model.argocd import is_by_cluster
from kgen.model.diagnostic import Diagnostic, Related, error
from kgen.model.experiment import Delivery, Rendered
from kgen.model.node import Node, Span, fields, get, items, make, text_of
from kgen.model.words import suggestion

TWICE, NO_EFFECT = "KG106", "KG107"


def projects(settings: Node | None, rendered: tuple[Rendered, ...], problems: list[Diagnostic]) -> tuple[Node, ...]:
    """Make the AppProjects that `kgen.yaml` asks for, of the environments that name each."""
    out: dict[str, Node] = {}
    for asked in items(get(settings, "argocd", "projects")):
        name = asked if isinstance(asked.value, str) else fields(asked)["name"]
        if text_of(name) in out:
            place = Related(out[text_of(name)].span, "the other")
            problems.append(
                error(name.span, TWICE, f"`{text_of(name)}` is listed twice", "remove one of the two", place)
            )
        own = tuple(each for each in rendered if _project_of(each) == text_of(name))
        if own:
            out.setdefault(text_of(name), _project(settings, name, asked, own))
            continue
        known = sorted({found for each in rendered if (found := _project_of(each)) is not None})
        message = f"no environment names the AppProject `{text_of(name)}` in `argocd.project`"
        problems.append(
            error(name.span, NO_EFFECT, message, suggestion(text_of(name), known) if known else "remove it")
        )
    return tuple(out.values())


def _project_of(rendered: Rendered) -> str | None:
    project = None if rendered.delivery is None else get(rendered.delivery.application, "spec", "project")
    return None if project is None else text_of(project)


def _project(settings: Node | None, name: Node, asked: Node, own: tuple[Rendered, ...]) -> Node:
    deliveries = [each.delivery for each in own if each.delivery is not None]
    namespaced, whole = _kinds(own)
    place = name.span
    home = get(settings, "argocd", "namespace") or Node("argocd", place)
    spec: dict[str, object] = {
        **({"description": text} if (text := get(asked, "description")) is not None else {}),
        "sourceRepos": _once(_at(each, "spec", "source", "repoURL") for each in deliveries),
        "destinations": _destinations(own, everywhere=is_by_cluster(settings)),
        "clusterResourceWhitelist": _permitted(whole, items(get(asked, "clusterKinds")), named=_has_names(deliveries)),
        "namespaceResourceWhitelist": _permitted(namespaced, items(get(asked, "kinds")), named=False),
    }
    elsewhere = [node for each in deliveries if text_of(node := _at(each, "metadata", "namespace")) != text_of(home)]
    if elsewhere:
        spec["sourceNamespaces"] = _once(elsewhere)
    first = {"annotations": {WAVE: "-10"}} if get(settings, "argocd", "appOfApps") is not None else {}
    return make(
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "AppProject",
            "metadata": {"name": name, "namespace": home, **first},
            # An empty list permits no kind, and none at all permits every one.
            "spec": {key: value for key, value in spec.items() if value or key == "namespaceResourceWhitelist"},
        },
        place,
    )


def _has_names(deliveries: Iterable[Delivery]) -> bool:
    """Whether every Argo CD reads the `name` of an entry; an older one would permit every object of the kind."""
    return all(version(each.environment.target.argocd) >= NAMED_KINDS for each in deliveries)


def _at(delivery: Delivery, *path: str) -> Node:
    return get(delivery.application, *path) or Node("", delivery.environment.span)


def _once(nodes: Iterable[Node]) -> list[Node]:
    """Give each text once, in order."""
    found: dict[str, Node] = {}
    for node in nodes:
        found.setdefault(text_of(node), node)
    return [found[text] for text in sorted(found)]


def _objects(rendered: Rendered) -> Iterator[Node]:
    yield from (each.manifest for each in rendered.experiments)
    yield from rendered.objects


def _destinations(own: tuple[Rendered, ...], *, everywhere: bool) -> list[dict[str, Node]]:
    """Give each cluster with each namespace that is applied to; by an ApplicationSet over clusters, on any of them."""
    found: dict[tuple[str, str, str], dict[str, Node]] = {}
    for each in own:
        if each.delivery is None:
            continue
        said = fields(get(each.delivery.application, "spec", "destination"))
        key = "name" if everywhere or "name" in said else "server"
        cluster = Node("*", each.delivery.environment.span) if everywhere else said.get(key, Node(IN_CLUSTER, _NOBODY))
        namespaces = [node for obj in _objects(each) if (node := get(obj, "metadata", "namespace")) is not None]
        for node in (said.get("namespace", Node("", _NOBODY)), *namespaces):
            found.setdefault((key, text_of(cluster), text_of(node)), {key: cluster, "namespace": node})
    return [found[known] for known in sorted(found)]


_NOBODY = Span("kgen's default", 0, 0)


def _kinds(own: tuple[Rendered, ...]) -> tuple[dict[tuple[str, str, str], Node], dict[tuple[str, str, str], Node]]:
    """Give what is applied, in namespaces and for a whole cluster: (group, kind, name) and where that is written."""
    namespaced: dict[tuple[str, str, str], Node] = {}
    whole: dict[tuple[str, str, str], Node] = {}
    for each in own:
        for obj in _objects(each):
            group = text_of(fields(obj)["apiVersion"]).rpartition("/")[0]
            kind, name = text_of(fields(obj)["kind"]), get(obj, "metadata", "name")
            scope = whole if kind in CLUSTER_SCOPED else namespaced
            scope.setdefault((group, kind, "" if name is None else text_of(name)), fields(obj)["kind"])
        made = _made_namespace(each)
        if made is not None:
            whole.setdefault(("", "Namespace", text_of(made)), made)
    return namespaced, whole


def _made_namespace(rendered: Rendered) -> Node | None:
    """Give the namespace that Argo CD makes: the project must permit it, though no manifest has it."""
    app = None if rendered.delivery is None else rendered.delivery.application
    options = items(get(app, "spec", "syncPolicy", "syncOptions"))
    asked = any(option.value == "CreateNamespace=true" for option in options)
    return get(app, "spec", "destination", "namespace") if asked else None


def _permitted(
    found: dict[tuple[str, str, str], Node], further: tuple[Node, ...], *, named: bool
) -> list[dict[str, object]]:
    out: dict[tuple[str, str, str], dict[str, object]] = {}
    for (group, kind, name), node in found.items():
        entry: dict[str, object] = {"group": group, "kind": Node(kind, node.span)}
        key = (group, kind, name if named else "")
        out.setdefault(key, {**entry, "name": Node(name, node.span)} if named else entry)
    for node in further:
        group, _, kind = text_of(node).rpartition("/")
        out.setdefault((group, kind, ""), {"group": group, "kind": Node(kind, node.span)})
    return [out[key] for key in sorted(out)]
