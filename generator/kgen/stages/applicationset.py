"""One ApplicationSet for all environments: what their Applications share in its template, the rest in its patch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from kgen.codec import writer
from kgen.katib.argocd import RESOURCES_FINALIZER
from kgen.model.argocd import is_by_cluster
from kgen.model.diagnostic import Diagnostic, Related, error
from kgen.model.experiment import Delivery, at_odds
from kgen.model.node import FieldPath, Node, fields, get, make, plain, put, text_of

EXCLUDES, DISAGREE = "KG105", "KG118"
_NAME, _PROJECT, _PATH = ("metadata", "name"), ("spec", "project"), ("spec", "source", "path")


def application_set(
    settings: Node | None, deliveries: tuple[Delivery, ...], others: Iterable[str], problems: list[Diagnostic]
) -> Node | None:
    """Make the ApplicationSet that `kgen.yaml` asks for; None where it asks for none, or no environment is delivered.

    `others` are the environments that Argo CD does not apply.
    """
    asked = get(settings, "argocd", "applicationSet")
    if asked is None or not deliveries:
        return None
    home = _home(deliveries, problems)
    by_cluster = is_by_cluster(settings)
    if by_cluster:
        label = text_of(get(asked, "label") or Node("environment", asked.span))
        _refuse_clusters(asked, deliveries, problems)
        key, generator = f"(index .metadata.labels {json.dumps(label)})", _clusters(label, deliveries)
    else:
        _refuse_paths(asked, deliveries, problems)
        key, generator = ".path.basename", _directories(asked, deliveries, others, problems)
    template, patch = _template(deliveries, key, by_cluster=by_cluster)
    return make(
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "ApplicationSet",
            "metadata": {"name": get(asked, "name") or "experiments", "namespace": home},
            "spec": {
                "goTemplate": True,
                "goTemplateOptions": ["missingkey=error"],
                "generators": [generator],
                # Without it every Application would get the finalizer by which its Experiments are deleted with it.
                "syncPolicy": {"preserveResourcesOnDeletion": True},
                "template": template,
                **({"templatePatch": patch} if patch else {}),
            },
        },
        asked.span,
    )


def _home(deliveries: tuple[Delivery, ...], problems: list[Diagnostic]) -> Node | None:
    """An ApplicationSet makes Applications in its own namespace, whatever its template says."""
    mend = "an ApplicationSet makes its Applications in one namespace: write the same in both"
    return _agreed(deliveries, ("metadata", "namespace"), mend, problems)


def _agreed(deliveries: tuple[Delivery, ...], path: FieldPath, mend: str, problems: list[Diagnostic]) -> Node | None:
    """Give what all environments say; where they do not agree, say so."""
    keys = tuple(str(step) for step in path)
    odds = at_odds(deliveries, *keys)
    if odds is not None:
        message = f"environments have different `{keys[-1]}` for Argo CD: `{text_of(odds[0])}` and `{text_of(odds[1])}`"
        problems.append(error(odds[1].span, DISAGREE, message, mend, Related(odds[0].span, "the other")))
    return get(deliveries[0].application, *keys)


def _refuse_clusters(asked: Node, deliveries: tuple[Delivery, ...], problems: list[Diagnostic]) -> None:
    for each in deliveries:
        for key in ("server", "cluster"):
            said = get(each.environment.argocd, key)
            if said is not None:
                message = f"`{key}` names a cluster, and an ApplicationSet over clusters takes each that has the label"
                place = Related(asked.span, "the ApplicationSet")
                problems.append(error(said.span, EXCLUDES, message, f"remove `{key}`, and label the cluster", place))


def _refuse_paths(asked: Node, deliveries: tuple[Delivery, ...], problems: list[Diagnostic]) -> None:
    for each in deliveries:
        said = get(each.environment.argocd, "path")
        if said is not None and text_of(said) != each.environment.path:
            message = f"the ApplicationSet finds this environment at `{each.environment.path}`, `path` says another"
            help_ = "remove `path`; where the workspace lies below its repository's root, `argocd.folder` says it once"
            problems.append(error(said.span, EXCLUDES, message, help_, Related(asked.span, "the ApplicationSet")))


def _directories(
    asked: Node, deliveries: tuple[Delivery, ...], others: Iterable[str], problems: list[Diagnostic]
) -> dict[str, object]:
    mend = "say in `argocd.applicationSet.{}` of kgen.yaml which one's folders are listed"
    repository = get(asked, "repoURL") or _agreed(
        deliveries, ("spec", "source", "repoURL"), mend.format("repoURL"), problems
    )
    revision = get(asked, "revision") or _agreed(
        deliveries, ("spec", "source", "targetRevision"), mend.format("revision"), problems
    )
    output = deliveries[0].environment.path.rpartition("/")[0]
    left_out = [{"path": f"{output}/{name}", "exclude": True} for name in ("argocd", *sorted(others))]
    directories = [{"path": f"{output}/*"}, *left_out]
    return {"git": {"repoURL": repository, "revision": revision, "directories": directories}}


def _clusters(label: str, deliveries: tuple[Delivery, ...]) -> dict[str, object]:
    names = [Node(each.environment.name, each.environment.span) for each in deliveries]
    return {"clusters": {"selector": {"matchExpressions": [{"key": label, "operator": "In", "values": names}]}}}


def _template(deliveries: tuple[Delivery, ...], key: str, *, by_cluster: bool) -> tuple[Node, str]:
    """Give the template, and the patch that makes an environment's Application of it."""
    apps = {each.environment.name: _escaped(_deleted_with_it(each)) for each in deliveries}
    name, project, path = (
        _by_environment({env: text_of(get(app, *at) or Node("", app.span)) for env, app in apps.items()}, key)
        for at in (_NAME, _PROJECT, _PATH)
    )
    bare = {env: _without(app, by_cluster=by_cluster) for env, app in apps.items()}
    shared = _shared(tuple(bare.values()))
    template = shared
    for at, text in (
        (_NAME, f"{name}-{{{{.nameNormalized}}}}" if by_cluster else name),
        (_PROJECT, project),
        (_PATH, path if by_cluster else "{{.path.path}}"),
    ):
        template = put(template, at, lambda _, text=text: Node(text, shared.span))  # type: ignore[misc]
    if by_cluster:
        template = put(template, ("spec", "destination", "name"), lambda _: Node("{{.name}}", shared.span))
    elif get(template, "spec", "destination") is None:
        template = put(template, ("spec", "destination"), lambda _: Node({}, shared.span))
    return template, _patch({env: _beyond(tree, shared) for env, tree in bare.items()}, key, closed=by_cluster)


def _deleted_with_it(delivery: Delivery) -> Node:
    """A folder that leaves Git takes its Experiments along where the environment's history is pruned."""
    app, history = delivery.application, delivery.environment.history
    said = get(delivery.environment.argocd, "deletion")
    if said is not None or history is None or history.value != "prune":
        return app
    return put(app, ("metadata", "finalizers"), lambda _: make([RESOURCES_FINALIZER], history.span))


def _without(app: Node, *, by_cluster: bool) -> Node:
    """Give an Application without what the template has by itself, and a patch must not change."""
    metadata = {k: v for k, v in fields(get(app, "metadata")).items() if k not in ("name", "namespace")}
    spec = {k: v for k, v in fields(get(app, "spec")).items() if k != "project"}
    for holder, keys in (("source", ("path",)), ("destination", ("server", "name") if by_cluster else ())):
        spec[holder] = Node({k: v for k, v in fields(spec[holder]).items() if k not in keys}, spec[holder].span)
    return Node({"metadata": Node(metadata, app.span), "spec": Node(spec, app.span)}, app.span)


def _shared(trees: tuple[Node, ...]) -> Node:
    """Give what mappings have in common: keys that all have, with one value, or what their mappings share."""
    first, *rest = trees
    out: dict[str, Node] = {}
    for key, node in fields(first).items():
        found = (node, *(other for tree in rest if (other := get(tree, key)) is not None))
        if len(found) < len(trees):
            continue
        if all(isinstance(each.value, dict) for each in found):
            out[key] = _shared(found)
        elif all(plain(each) == plain(node) for each in found):
            out[key] = node
    return Node(out, first.span)


def _beyond(tree: Node, shared: Node) -> Node:
    """Give what a tree has beyond what is shared."""
    out: dict[str, Node] = {}
    for key, node in fields(tree).items():
        common = get(shared, key)
        if common is None:
            out[key] = node
        elif isinstance(node.value, dict):
            more = _beyond(node, common)
            if more.value:
                out[key] = more
    return Node(out, tree.span)


def _escaped(tree: Node) -> Node:
    """Keep the braces of a template's language in texts that are none; backquotes, as YAML leaves them alone."""
    value = tree.value
    if isinstance(value, dict):
        return Node({key: _escaped(item) for key, item in value.items()}, tree.span)
    if isinstance(value, tuple):
        return Node(tuple(_escaped(item) for item in value), tree.span)
    if isinstance(value, str) and "{{" in value:
        return Node(value.replace("{{", "{{`{{`}}"), tree.span)
    return tree


def _by_environment(values: Mapping[str, str], key: str) -> str:
    """Write a text of every environment as one template; the environment's own name in it is the parameter."""
    forms = {"\0".join(value.rsplit(env, 1)) for env, value in values.items()}
    if len(set(values.values())) == 1:
        return next(iter(values.values()))
    if len(forms) == 1:
        return next(iter(forms)).replace("\0", f"{{{{{key.strip('()')}}}}}")
    pairs = " ".join(f"{json.dumps(env)} {json.dumps(value)}" for env, value in values.items())
    return f"{{{{index (dict {pairs}) {key}}}}}"


def _patch(patches: Mapping[str, Node], key: str, *, closed: bool) -> str:
    """Write the patch: a branch for each environment, and a refusal of any folder that is none; "" for none.

    The refusal leaves every Application as it is; without it a folder that nobody described would be applied. Where
    the generator is `closed`, it gives none.
    """
    out = ""
    for env, patch in patches.items() if not closed or any(patch.value for patch in patches.values()) else ():
        out += f"{{{{- {'else ' if out else ''}if eq {key} {json.dumps(env)}}}}}\n{writer.write(patch)}"
    if closed:
        return f"{out}{{{{- end}}}}\n" if out else ""
    message = "%s is no environment that this ApplicationSet knows: write it anew with kgen argocd objects -w"
    return f"{out}{{{{- else}}}}\n{{{{fail (printf {json.dumps(message)} {key})}}}}\n{{{{- end}}}}\n"
