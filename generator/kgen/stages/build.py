"""The object that a trial is: from the compact form or a template, with every layer's settings in place."""

from __future__ import annotations

from collections.abc import Mapping

from kgen.katib.trialkinds import raw_kind
from kgen.katib.trialkinds.kind import CannotCarry, Settings, TrialKind
from kgen.model.diagnostic import Diagnostic, Related, error
from kgen.model.experiment import Trial
from kgen.model.image import rename
from kgen.model.merge import Keyed, kind_change, merge, settle, unwrapped
from kgen.model.node import Node, Span, fields, get, make, put, text_of
from kgen.model.words import suggestion

MISSING, CONTRADICTION, NO_PLACE, UNKNOWN_KIND = "KG201", "KG202", "KG203", "KG204"


def build(tree: Node, kinds: Mapping[str, TrialKind], problems: list[Diagnostic]) -> Trial | None:
    """Make the trial's object of a composed tree; None where a problem leaves nothing to go on with."""
    trial = get(tree, "trial")
    if trial is None:
        problems.append(error(tree.span, MISSING, "the experiment has no `trial`", "say what a trial runs"))
        return None
    given = fields(trial)
    if "configMap" in given:
        return _in_cluster(given, problems)
    try:
        if "template" in given:
            return _of_template(tree, given, kinds, problems)
        return _of_compact(tree, trial, kinds, problems)
    except CannotCarry as refusal:
        problems.append(error(refusal.span, NO_PLACE, refusal.message, refusal.help))
        return None


def _in_cluster(given: Mapping[str, Node], problems: list[Diagnostic]) -> Trial | None:
    """A template that is kept in the cluster: nothing of it is known, and nothing can be laid over it."""
    place = given["configMap"].span
    for key in (*_COMPACT, "template", "kind", "pod", "main", "gpu", "spec", "metadata"):
        if key in given:
            message = "a trial template in a ConfigMap cannot be changed by a layer"
            help_ = "write the template in the spec (`trial.template`), or keep this overlay from it with `match`"
            problems.append(error(given[key].span, NO_PLACE, message, help_, Related(place, "the ConfigMap")))
            return None
    if "container" not in given:
        help_ = "add `container`: the training container's name in that template"
        problems.append(error(place, MISSING, "`trial.configMap` needs `trial.container`", help_))
        return None
    return Trial(given["container"])


_COMPACT = ("image", "command", "args", "replicas", "restartPolicy")


def _of_template(
    tree: Node, given: Mapping[str, Node], kinds: Mapping[str, TrialKind], problems: list[Diagnostic]
) -> Trial | None:
    template = given["template"]
    for key in ("replicas", "restartPolicy", "kind"):
        if key in given:
            message = f"`trial.{key}` beside `trial.template`, which says it itself"
            place = Related(template.span, "the template")
            problems.append(error(given[key].span, CONTRADICTION, message, f"write `{key}` in the template", place))
    missing = [key for key in ("apiVersion", "kind") if get(template, key) is None]
    if missing:
        names = " and ".join(f"`{key}`" for key in missing)
        problems.append(error(template.span, MISSING, f"`trial.template` has no {names}", f"add {names}"))
        return None
    api_version, name = (text_of(unwrapped(fields(template)[key])) for key in ("apiVersion", "kind"))
    kind = kinds.get(name)
    if kind is None or kind.api_version.split("/")[0] != api_version.split("/")[0]:
        kind = raw_kind(api_version, name)
    obj = template
    for key in ("metadata", "spec"):
        if key in given:
            obj = merge(obj, Node({key: given[key]}, given[key].span))
    main = {key: given[key] for key in ("image", "command", "args") if key in given}
    container = given.get("container") or _training_container(kind, template)
    if container is None:
        message = "`trial.template` needs `trial.container`"
        help_ = "add `container`: the name of the container that trains (primaryContainerName)"
        problems.append(error(template.span, MISSING, message, help_))
        return None
    if main:
        first = next(iter(main.values())).span
        given = {**given, "main": merge(Node(main, first), given.get("main", Node({}, first)))}
    return _finish(tree, kind, obj, given, container, problems)


def _training_container(kind: TrialKind, template: Node) -> Node | None:
    """The primary container's name where the template leaves no doubt of it."""
    names = {}
    paths = kind.templates(template)
    if not paths and kind.container:  # a kind without pod templates fixes the name itself
        return Node(kind.container, Span(f"kgen's default for {kind.kind}", 0, 0))
    for path in paths:
        containers = get(template, *path, "spec", "containers")
        held = containers.value if containers is not None else None
        for container in held.values() if isinstance(held, dict) else ():
            name = get(container, "name")
            if name is not None:
                names[text_of(name)] = name
    return next(iter(names.values())) if len(names) == 1 else names.get(kind.container)


def _of_compact(tree: Node, trial: Node, kinds: Mapping[str, TrialKind], problems: list[Diagnostic]) -> Trial | None:
    given = fields(trial)
    name = given.get("kind", Node("Job", Span("kgen's default", 0, 0)))
    kind = kinds.get(text_of(name))
    if kind is None:
        message = f"trial kind `{text_of(name)}` is unknown"
        help_ = f"{suggestion(text_of(name), kinds)}; or write the object in `trial.template`"
        problems.append(error(name.span, UNKNOWN_KIND, message, help_))
        return None
    if "image" not in given and not kind.imageless:
        problems.append(error(trial.span, MISSING, "`trial` has no `image`", "add `image`, or a `template`"))
        return None
    if "replicas" in given and not kind.types:
        message = f"a {kind.kind} has no replica types"
        help_ = "remove `replicas`; `trial.spec` takes the fields of the object's own spec"
        problems.append(error(given["replicas"].span, NO_PLACE, message, help_))
        return None
    default = Span(f"kgen's default for {kind.kind}", 0, 0)
    container = given.get("container", Node(kind.container, default))
    return _finish(tree, kind, kind.build(trial, default), given, container, problems)


def _finish(
    tree: Node,
    kind: TrialKind,
    obj: Node,
    given: Mapping[str, Node],
    container: Node,
    problems: list[Diagnostic],
) -> Trial:
    pod = _with_pull_secret(given.get("pod"), get(tree, "registry", "pullSecret", "name"))
    labels = {key: text_of(label) for key, label in fields(given.get("primaryPodLabels")).items()}
    replicas = fields(given.get("replicas"))
    settings = Settings(pod, given.get("main"), given.get("gpu"), text_of(container), labels, replicas)
    if settings:
        obj = kind.lay(obj, settings)
    obj, changes = settle(obj, drop_emptied=True)  # `env: []` would be refused in a Job
    problems.extend(kind_change(change) for change in changes)
    obj, hit = _rename_images(kind, obj, tree)
    return Trial(container, obj, kind.training(obj, text_of(container)), frozenset(hit))


def _with_pull_secret(pod: Node | None, name: Node | None) -> Node | None:
    if name is None:
        return pod
    secrets = Node(Keyed({text_of(name): make({"name": name}, name.span)}), name.span)
    part = make({"spec": {"imagePullSecrets": secrets}}, name.span)
    return part if pod is None else merge(pod, part)


def _rename_images(kind: TrialKind, obj: Node, tree: Node) -> tuple[Node, set[str]]:
    registry = get(tree, "registry")
    images, mirror = fields(get(registry, "images")), fields(get(registry, "mirror"))
    hit: set[str] = set()
    if not images and not mirror:
        return obj, hit
    new_names = {name: text_of(node) for name, node in images.items()}
    new_places = {name: text_of(node) for name, node in mirror.items()}
    for path in kind.images(obj):
        image = get(obj, *path)
        if image is None or not isinstance(image.value, str):
            continue
        new, names = rename(image.value, new_names, new_places)
        if names:
            hit |= names
            cause = next(node for name, node in {**mirror, **images}.items() if name in names)
            obj = put(obj, path, lambda _: Node(new, cause.span))  # noqa: B023 - called at once
    return obj, hit
