"""The object that a trial is: from the compact form or a template, with every layer's settings in place."""

from __future__ import annotations

from collections.abc import Mapping

from kgen.katib.trialkinds import raw_kind
from kgen.katib.trialkinds.kind import CannotCarry, Settings, TrialKind, refuse_clash
from kgen.model.diagnostic import Diagnostic, Related, error
from kgen.model.experiment import Trial
from kgen.model.image import renamed
from kgen.model.merge import Keyed, clash, kind_change, merge, settle, unwrapped
from kgen.model.node import Node, Span, fields, get, make, plain, put, text_of
from kgen.model.secret_forms import landing
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
        return _in_cluster(tree, given, problems)
    try:
        if "template" in given:
            return _of_template(tree, given, kinds, problems)
        return _of_compact(tree, trial, kinds, problems)
    except CannotCarry as refusal:
        problems.append(error(refusal.span, NO_PLACE, refusal.message, refusal.help))
        return None


def _in_cluster(tree: Node, given: Mapping[str, Node], problems: list[Diagnostic]) -> Trial | None:
    """A template that is kept in the cluster: nothing of it is known, and nothing can be laid over it."""
    place = given["configMap"].span
    for key in (*_COMPACT, "template", "kind", "pod", "main", "gpu", "spec", "metadata"):
        if key in given:
            message = "a trial template in a ConfigMap cannot be changed by a layer"
            help_ = "write the template in the spec (`trial.template`), or keep this overlay from it with `match`"
            problems.append(error(given[key].span, NO_PLACE, message, help_, Related(place, "the ConfigMap")))
            return None
    secret = get(tree, "registry", "pullSecret")
    if secret is not None:
        message = "a pull secret cannot be put into a trial template in a ConfigMap"
        help_ = "write it in that template, and keep this layer from the experiment with `match`"
        problems.append(error(secret.span, NO_PLACE, message, help_, Related(place, "the ConfigMap")))
        return None
    landed = landing(get(tree, "secrets"), problems).first
    if landed is not None:
        message = "secrets cannot be put into a trial template in a ConfigMap"
        help_ = "write them in that template, and keep this layer from the experiment with `match`"
        problems.append(error(landed, NO_PLACE, message, help_, Related(place, "the ConfigMap")))
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
    for key in ("kind", *_COMPACT):
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
    container = given.get("container") or _training_container(kind, template)
    if container is None:
        message = "`trial.template` needs `trial.container`"
        help_ = "add `container`: the name of the container that trains (primaryContainerName)"
        problems.append(error(template.span, MISSING, message, help_))
        return None
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
    landed = landing(get(tree, "secrets"), problems)
    pod, main = _with_secrets(pod, landed.pod), _with_secrets(given.get("main"), landed.main)
    settings = Settings(pod, main, given.get("gpu"), text_of(container), labels, replicas)
    _refuse_two_ways(kind, given.get("spec"), settings)
    if settings:
        obj = kind.lay(obj, settings)
    obj, changes = settle(obj, drop_emptied=True)  # `env: []` would be refused in a Job
    problems.extend(kind_change(change) for change in changes)
    obj, hit = _rename_images(kind, obj, tree)
    collector = get(tree, "metrics", "container", "image")
    if collector is not None:
        renamed(collector, get(tree, "registry"), hit)
    return Trial(container, obj, kind.training(obj, text_of(container)), images=frozenset(hit))


def _refuse_two_ways(kind: TrialKind, spec: Node | None, settings: Settings) -> None:
    """See that `trial.spec` and the settings of pods do not set one value differently."""
    if spec is None:
        return
    whole = Node({"spec": spec}, spec.span)
    for path in kind.templates(whole):
        refuse_clash(clash(settings.pod, get(whole, *path)), "`pods` or `trial.pod`", "`trial.spec`")


def _with_pull_secret(pod: Node | None, name: Node | None) -> Node | None:
    if name is None:
        return pod
    secrets = Node(Keyed({text_of(name): make({"name": name}, name.span)}), name.span)
    part = make({"spec": {"imagePullSecrets": secrets}}, name.span)
    return part if pod is None else merge(pod, part)


def _with_secrets(low: Node | None, secrets: Node | None) -> Node | None:
    """Lay what secrets bring over what layers say, neither of which is above the other.

    Raises:
        CannotCarry: both set one variable, mount path or volume.
    """
    if low is None or secrets is None:
        return low if secrets is None else secrets
    brought = fields(get(secrets, "spec")) if "spec" in fields(secrets) else fields(secrets)
    said = fields(get(low, "spec")) if "spec" in fields(secrets) else fields(low)
    for key, held in brought.items():
        own = fields(said.get(key))
        for name, node in fields(held).items():
            other = own.get(name)
            if other is not None and other.value is not None and plain(other) != plain(node):
                message = f"`{name}` of `{key}` is set by `secrets` and by another setting ({other.span}), differently"
                raise CannotCarry(node.span, message, "say it in one of the two ways in all layers")
    return merge(low, secrets)


def _rename_images(kind: TrialKind, obj: Node, tree: Node) -> tuple[Node, set[str]]:
    hit: set[str] = set()
    for path in kind.images(obj) if get(tree, "registry") is not None else ():
        image = get(obj, *path)
        if image is not None and isinstance(image.value, str):
            new = renamed(image, get(tree, "registry"), hit)
            obj = put(obj, path, lambda _: new)  # noqa: B023 - called at once
    return obj, hit
