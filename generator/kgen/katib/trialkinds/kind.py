"""What kgen must know of a kind of object that a trial can be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from kgen.katib.v1beta1 import Conditions
from kgen.model.merge import Keyed, KindChange, clash, merge
from kgen.model.node import NOWHERE, FieldPath, Node, Span, fields, get, items, make, path_text, put, text_of


class CannotCarry(Exception):
    """A setting that the kind's API has no place for."""

    def __init__(self, span: Span, message: str, help_: str) -> None:
        super().__init__(message)
        self.span, self.message, self.help = span, message, help_


class Settings(NamedTuple):
    """What is laid over a trial's object, in the merging form of `kgen.model.merge`."""

    pod: Node | None = None  # over every pod template
    main: Node | None = None  # over the training containers
    gpu: Node | None = None  # {resource, count}, for the training containers that compute
    container: str = ""  # name of the training container; primaryContainerName
    labels: Mapping[str, str] = MappingProxyType({})  # primaryPodLabels, where they are given
    replicas: Mapping[str, Node] = MappingProxyType({})  # the same three of one type, laid over those of all

    def __bool__(self) -> bool:
        return self._first is not None

    @property
    def first(self) -> Span:
        """A place to blame where nothing of this can be carried."""
        assert self._first is not None
        return self._first.span

    @property
    def _first(self) -> Node | None:
        own = (fields(replica).get(key) for replica in self.replicas.values() for key in ("pod", "main", "gpu"))
        return next((node for node in (self.pod, self.main, self.gpu, *own) if node is not None), None)

    def of(self, replica: str, *, idle: bool) -> Settings:
        """Give what is laid over one replica type; one that does not train gets no GPU but its own."""
        own = fields(self.replicas.get(replica))
        gpu = _over(None if idle else self.gpu, own.get("gpu"))
        pod, main = _over(self.pod, own.get("pod")), _over(self.main, own.get("main"))
        return self._replace(pod=pod, main=main, gpu=gpu, replicas={})


def _over(low: Node | None, high: Node | None) -> Node | None:
    return merge(low, high) if low is not None and high is not None else low if high is None else high


Templates = Callable[[Node], tuple[FieldPath, ...]]


class TrialKind(NamedTuple):
    """A kind whose object holds whole pod templates, which is all but a few.

    `conditions` and `labels` are what the manifest must say of it: what Katib's defaulter writes
    for the kinds that it knows, and for the others what their operators' code asks for.
    """

    kind: str
    api_version: str
    container: str  # the training container's name where nobody gives one
    conditions: Conditions | None
    templates: Templates  # object -> paths of its pod templates
    labels: Callable[[Node], Mapping[str, str]] = lambda _: {}
    replicas: str = ""  # field of spec that holds a pod template a replica type; "" for none
    types: tuple[str, ...] = ()  # replica types, the implied one first
    silent: tuple[str, ...] = ()  # types whose pods get no command: their operator starts them
    idle: tuple[str, ...] = ()  # types that do not train, and get no GPU
    imageless: bool = False  # a trial needs no image of its own
    release: str = ""  # of the project that defines the kind, where its API differs by release

    def build(self, trial: Node, default: Span) -> Node:
        """Make the object of a trial in compact form: `image`, `command`, `replicas`, ...

        Raises:
            CannotCarry: the trial names a replica type that the kind does not have.
        """
        given = fields(trial)
        spec = self._replica_specs(given, default) if self.replicas else self._template(given, default)
        return _object(self, given, spec)

    def lay(self, trial: Node, settings: Settings) -> Node:
        """Lay settings over every pod template, and over the training containers in them.

        Raises:
            CannotCarry: the object has no pod template, or a container has no name.
        """
        if not self.templates(trial):
            message = f"no pod template is found in this {self.kind}, so nothing can be laid over it"
            help_ = "describe the kind under `trialKinds` in kgen.yaml, or keep this layer from it with `match`"
            raise CannotCarry(settings.first, message, help_)
        for path in self.templates(trial):
            trial = put(trial, path, lambda template: self._lay_template(template, path, settings))  # noqa: B023
        return trial

    def containers(self, trial: Node) -> Iterator[FieldPath]:
        """Yield the path of every container, those that run first (initContainers) included."""
        for template in self.templates(trial):
            for key in ("initContainers", "containers"):
                for index in range(len(items(get(trial, *template, "spec", key)))):
                    yield (*template, "spec", key, index)

    def images(self, trial: Node) -> Iterator[FieldPath]:
        """Yield the path of every image name."""
        for path in self.containers(trial):
            yield (*path, "image")

    def training(self, trial: Node, container: str) -> tuple[FieldPath, ...]:
        """Give the paths of the containers that get the search parameters."""
        out = []
        for template in self.templates(trial):
            if self._replica(template) in self.silent:
                continue
            found = _main_of(items(get(trial, *template, "spec", "containers")), container)
            if found is not None:
                out.append((*template, "spec", "containers", found))
        return tuple(out)

    def _replica(self, template: FieldPath) -> str:
        return str(template[2]) if self.replicas and len(template) > 2 else ""

    def _template(self, given: Mapping[str, Node], default: Span) -> Node:
        restart = given.get("restartPolicy", Node("Never", default))
        return make({"template": _pod_template(given, self.container, default, restart=restart)}, default)

    def _replica_specs(self, given: Mapping[str, Node], default: Span) -> Node:
        said = fields(given.get("replicas"))
        for name, replica in said.items():
            if name not in self.types:
                message = f"{self.kind} has no replica type `{name}`"
                raise CannotCarry(replica.span, message, f"write one of {', '.join(f'`{t}`' for t in self.types)}")
        out = {}
        for name in self.types:
            if name not in said and name != self.types[0]:
                continue
            said_of = fields(said.get(name))
            count = said_of.get("replicas", Node(1, default))
            if count.value == 0:
                continue
            both = {**(given if name not in self.silent else _without_command(given)), **said_of}
            restart = both.pop("restartPolicy", Node("Never", default))
            template = _pod_template(both, self.container, default)
            out[name] = make({"replicas": count, "restartPolicy": restart, "template": template}, default)
        return make({self.replicas: out}, default)

    def _lay_template(self, template: Node | None, path: FieldPath, settings: Settings) -> Node:
        out = template if template is not None else Node({}, NOWHERE)
        replica = self._replica(path)
        own = settings.of(replica, idle=replica in self.idle)
        restart = get(own.pod, "spec", "restartPolicy")
        if self.replicas and restart is not None and restart.value is not None:
            message = f"the operator of a {self.kind} overwrites `restartPolicy` of a pod with the replica's own"
            raise CannotCarry(restart.span, message, "set `trial.restartPolicy`, or that of a replica type")
        if own.pod is not None:
            out = merge(out, own.pod)
        main = container_settings(own.main, own.gpu)
        said = fields(get(own.pod, "spec", "containers")).get(settings.container)
        refuse_clash(clash(main, said), "`env`, `resources` and the like", "`containers`")
        if main is None:
            return out
        holder = get(out, "spec", "containers")
        if holder is None or not isinstance(holder.value, Keyed) or not holder.value:
            message = "the pod template has no container with a name, so nothing can be laid over it"
            raise CannotCarry(main.span, message, "give every container of the template a `name`")
        name = settings.container if settings.container in holder.value else next(iter(holder.value))
        containers = type(holder.value)(holder.value)
        containers[name] = merge(containers[name], main)
        return put(out, ("spec", "containers"), lambda _: Node(containers, holder.span))


def container_settings(main: Node | None, gpu: Node | None) -> Node | None:
    """Give a container's part with the GPUs in it: the same number as limit and as request."""
    if gpu is None:
        return main
    given = fields(gpu)
    count, name = given.get("count"), given.get("resource")
    if count is None or count.value in (None, 0):
        return main
    resource = "nvidia.com/gpu" if name is None or name.value is None else text_of(name)
    wanted = Node({resource: count}, count.span)
    part = make({"resources": {"limits": wanted, "requests": wanted}}, count.span)
    refuse_clash(clash(part, main), "`gpu`", "`resources`")
    return part if main is None else merge(main, part)


def refuse_clash(found: KindChange | None, one: str, other: str) -> None:
    """Refuse a value that is said in two ways at once, of which neither is above the other.

    Raises:
        CannotCarry: there is one.
    """
    if found is not None:
        message = f"`{path_text(found.path)}` is said through {one} and through {other} ({found.low.span}), differently"
        raise CannotCarry(found.high.span, message, "say it in one of the two ways in all layers")


def lay_at(trial: Node, path: FieldPath, node: Node) -> Node:
    """Lay a Node over what stands at a path, if anything does."""
    return put(trial, path, lambda old: node if old is None else merge(old, node))


_CONTAINER_FIELDS = ("image", "command", "args")


def _pod_template(given: Mapping[str, Node], container: str, default: Span, *, restart: Node | None = None) -> Node:
    name = given.get("container", Node(container, default))
    parts = {"name": name, **{key: given[key] for key in _CONTAINER_FIELDS if key in given}}
    containers = Node(Keyed({text_of(name): Node(parts, default)}), default)
    spec = {"containers": containers} if restart is None else {"restartPolicy": restart, "containers": containers}
    return make({"spec": spec}, default)


def _without_command(given: Mapping[str, Node]) -> Mapping[str, Node]:
    return {key: node for key, node in given.items() if key not in ("command", "args")}


def _object(kind: TrialKind, given: Mapping[str, Node], spec: Node) -> Node:
    place = given["kind"].span if "kind" in given else spec.span
    out = {"apiVersion": Node(kind.api_version, place), "kind": given.get("kind", Node(kind.kind, place))}
    if "metadata" in given:
        out["metadata"] = given["metadata"]
    out["spec"] = merge(spec, given["spec"]) if "spec" in given else spec
    return Node(out, place)


def _main_of(containers: tuple[Node, ...], name: str) -> int | None:
    """Find the training container of a pod: the one of that name, or else the first."""
    for index, container in enumerate(containers):
        if get(container, "name") is not None and text_of(fields(container)["name"]) == name:
            return index
    return 0 if containers else None


def at(*path: str) -> Templates:
    """Give the finder of a kind with one pod template, at one place."""
    return lambda trial: (path,) if isinstance(getattr(get(trial, *path), "value", None), dict) else ()


def replicated(name: str) -> Templates:
    """Give the finder of a kind with a pod template a replica type."""

    def find(trial: Node) -> tuple[FieldPath, ...]:
        return tuple(
            ("spec", name, replica, "template")
            for replica, node in fields(get(trial, "spec", name)).items()
            if get(node, "template") is not None
        )

    return find


def patterns(*paths: str) -> Templates:
    """Give the finder of a kind that a workspace describes: dotted paths in which `*` is any key or item."""

    def find(trial: Node) -> tuple[FieldPath, ...]:
        return tuple(found for path in paths for found in _follow(trial, tuple(path.split(".")), ()))

    return find


def _follow(node: Node, steps: tuple[str, ...], path: FieldPath) -> Iterator[FieldPath]:
    if not steps:
        yield path
        return
    value, step = node.value, steps[0]
    if isinstance(value, dict):
        for key, item in value.items():
            if step in ("*", key):
                yield from _follow(item, steps[1:], (*path, key))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            if step in ("*", str(index)):
                yield from _follow(item, steps[1:], (*path, index))


def anywhere(trial: Node, path: FieldPath = ()) -> tuple[FieldPath, ...]:
    """Find every pod template of an object of any kind: a mapping with `spec.containers`."""
    spec = get(trial, "spec", "containers")
    if spec is not None and isinstance(spec.value, (tuple, Keyed)):
        return (path,)
    out: list[FieldPath] = []
    value = trial.value
    if isinstance(value, dict):
        for key, item in value.items():
            out.extend(anywhere(item, (*path, key)))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            out.extend(anywhere(item, (*path, index)))
    return tuple(out)
