"""An environment's name to the ordered stack of layers of each of its experiments (KG1xx)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from posixpath import dirname, join, normpath
from typing import Protocol

from kgen.model.diagnostic import Diagnostic, Related, error
from kgen.model.environment import Environment, Layer, Stack, Target
from kgen.model.merge import merge
from kgen.model.node import Node, Span, fields, get, is_true, items, text_of
from kgen.model.target import has_labels

CYCLE, TWICE, NO_MATCH = "KG103", "KG106", "KG107"


class Files(Protocol):
    """The files of a workspace, read by name; `()` where one is missing or wrong, which it reports."""

    def settings(self) -> Node | None: ...

    def environment(self, name: str, wanted_at: Span) -> Node | None: ...

    def overlay(self, name: str, wanted_at: Span) -> Node | None: ...

    def experiments(self, name: str, wanted_at: Span) -> tuple[Node, ...]: ...


class _Entry:
    """One name in `experiments`, and what the environments that are laid together say of it."""

    def __init__(self, name: str, span: Span) -> None:
        self.name, self.span = name, span
        self.layers: dict[str, Node] = {}  # environment -> its item


class _Work:
    """What one resolution gathers."""

    def __init__(self, files: Files, problems: list[Diagnostic]) -> None:
        self.files, self.problems = files, problems
        self.matched: dict[Span, bool] = {}  # a match, and whether it hit
        self.matches: dict[Span, Node] = {}


def resolve(
    files: Files, name: str, settings: tuple[Layer, ...], problems: list[Diagnostic]
) -> tuple[Environment, tuple[Stack, ...]]:
    """Find the layers of every experiment of an environment.

    `settings` are the layers of the command line, the highest. Problems are gathered, and what
    could not be found is left out.
    """
    work = _Work(files, problems)
    lineage: dict[str, Node] = {}
    _extend(work, name, Span(f"environments/{name}/environment.yaml", 1, 1), lineage, ())
    environment = _environment(name, lineage, files.settings())
    for overlay in _overlays(lineage):  # read here, so that what is wrong with one is told beside a wrong spec
        files.overlay(text_of(overlay), overlay.span)
    stacks: list[Stack] = []
    for entry in _entries(lineage, problems):
        for spec in files.experiments(entry.name, entry.span):
            stacks.append(_stack(work, entry, spec, lineage, settings))
    _report_twice(stacks, problems)
    if not stacks and not problems:
        for overlay in _overlays(lineage):
            message = f"overlay `{text_of(overlay)}` is laid over nothing: the environment has no experiments"
            problems.append(error(overlay.span, NO_MATCH, message, "remove it, or add `experiments`"))
    for span, hit in work.matched.items():
        if not hit:
            match = work.matches[span]
            message = "the overlay's `match` hits no experiment it is laid over"
            wanted = ", ".join(f"{k}: {_shown(v)}" for k, v in fields(match).items() if k != "optional")
            help_ = f"mend {wanted}; or add `optional: true` to `match`"
            problems.append(error(span, NO_MATCH, message, help_))
    return environment, tuple(stacks)


def _shown(node: Node) -> str:
    return (
        "[" + ", ".join(text_of(item) for item in items(node)) + "]"
        if items(node)
        else ("{" + ", ".join(f"{k}: {text_of(v)}" for k, v in fields(node).items()) + "}")
    )


def _extend(work: _Work, name: str, wanted_at: Span, lineage: dict[str, Node], below: tuple[str, ...]) -> None:
    """Add an environment after all that it extends, each once."""
    if name in below:
        chain = " extends ".join(f"`{n}`" for n in (*below[below.index(name) :], name))
        work.problems.append(error(wanted_at, CYCLE, f"{chain}: a circle", "remove one `extends`"))
        return
    if name in lineage:
        return
    node = work.files.environment(name, wanted_at)
    if node is None:
        return
    for item in items(get(node, "extends")):
        _extend(work, text_of(item), item.span, lineage, (*below, name))
    lineage[name] = node


def target_of(*layers: Node | None) -> Target:
    """Read the versions of the cluster; a later layer wins."""
    versions = {key: node for layer in layers for key, node in fields(layer).items()}
    registered = tuple(text_of(item) for item in items(versions.pop("registered", None)))
    return Target(**{key: text_of(node) for key, node in versions.items()}, registered=registered)


def _environment(name: str, lineage: Mapping[str, Node], settings: Node | None) -> Environment:
    """Lay the settings of environments over each other; a later one wins."""
    whole = Node({}, Span(f"environments/{name}/environment.yaml", 1, 1))
    resources: dict[str, Node] = {}
    for node in lineage.values():
        keep = {k: v for k, v in fields(node).items() if k in _SETTINGS}
        whole = merge(whole, Node(keep, node.span))
        for item in items(get(node, "resources")):
            path = normpath(join(dirname(item.span.file), text_of(item)))
            resources[path] = Node(path, item.span)
    own = fields(whole)
    output, folder = get(settings, "output"), get(settings, "argocd", "folder")
    return Environment(
        name=name,
        span=lineage[name].span if name in lineage else whole.span,
        namespace=own.get("namespace"),
        profile=is_true(own.get("profile")),
        hashed="naming" in own and own["naming"].value == "hashed",
        history=own.get("history"),
        target=target_of(get(settings, "target"), own.get("target")),
        argocd=_at_home(own.get("argocd"), get(settings, "argocd", "namespace")),
        resources=tuple(resources.values()),
        output="rendered" if output is None else text_of(output).strip("/"),
        folder="" if folder is None else text_of(folder),
    )


def _at_home(argocd: Node | None, home: Node | None) -> Node | None:
    """Give an Application the namespace of the workspace's Argo CD, unless its environment names one."""
    if argocd is None or home is None:
        return argocd
    return argocd._replace(value={"namespace": home, **fields(argocd)})


_SETTINGS = ("namespace", "profile", "naming", "history", "target", "argocd")


def _overlays(lineage: Mapping[str, Node]) -> Iterator[Node]:
    """Yield every name of an overlay that the environments of a lineage hold."""
    for node in lineage.values():
        yield from items(get(node, "overlays"))
        for item in items(get(node, "experiments")):
            yield from items(get(item, "overlays"))


def _entries(lineage: Mapping[str, Node], problems: list[Diagnostic]) -> list[_Entry]:
    """Gather what every environment of a lineage says of each experiment, in the order they are first named."""
    out: dict[str, _Entry] = {}
    for environment, node in lineage.items():
        seen: dict[str, Span] = {}
        for item in items(get(node, "experiments")):
            name = text_of(item) if isinstance(item.value, str) else text_of(fields(item)["name"])
            if name in seen:
                message = f"environment `{environment}` names experiment `{name}` twice"
                other = Related(seen[name], "the first")
                problems.append(error(item.span, TWICE, message, "keep one of the two", other))
                continue
            seen[name] = item.span
            entry = out.setdefault(name, _Entry(name, item.span))
            entry.layers[environment] = item
    return list(out.values())


def _stack(work: _Work, entry: _Entry, spec: Node, lineage: Mapping[str, Node], settings: tuple[Layer, ...]) -> Stack:
    said = entry.layers
    layers: list[Layer] = []
    for environment, node in lineage.items():
        item = said.get(environment)
        names = [*items(get(node, "overlays")), *items(get(item, "overlays"))]
        for overlay in names:
            layers.extend(_overlay(work, overlay, spec))
        block = get(item, "experiment")
        if block is not None:
            layers.append(Layer(block, overlay=False))
    name = get(spec, "name")
    return Stack(entry.name if name is None else text_of(name), spec, (*layers, *settings))


def _overlay(work: _Work, name: Node, spec: Node) -> Iterator[Layer]:
    tree = work.files.overlay(text_of(name), name.span)
    if tree is None:
        return
    match = get(tree, "match")
    if match is not None:
        hit = _matches(match, spec)
        if not is_true(get(match, "optional")):
            work.matches[match.span] = match
            work.matched[match.span] = work.matched.get(match.span, False) or hit
        if not hit:
            return
    yield Layer(tree, overlay=True)


def _matches(match: Node, spec: Node) -> bool:
    """Hold an overlay's `match` against the spec as it is written, before any layer is laid."""
    given = fields(match)
    names, labels, kinds = given.get("names"), given.get("labels"), given.get("kinds")
    name, stem = get(spec, "name"), spec.span.file.rpartition("/")[2].rpartition(".")[0]
    called = (stem, text_of(name)) if name is not None else (stem,)
    if names is not None and not any(fnmatchcase(own, text_of(glob)) for own in called for glob in items(names)):
        return False
    if not has_labels(get(spec, "labels"), labels):
        return False
    kind = get(spec, "trial", "kind") or get(spec, "trial", "template", "kind")
    return kinds is None or (text_of(kind) if kind else "Job") in {text_of(k) for k in items(kinds)}


def _report_twice(stacks: list[Stack], problems: list[Diagnostic]) -> None:
    seen: dict[str, Stack] = {}
    for stack in stacks:
        other = seen.setdefault(stack.name, stack)
        if other is not stack:
            message = f"two experiments are named `{stack.name}`"
            first = Related(other.spec.span, "the first")
            problems.append(error(stack.spec.span, TWICE, message, "rename one of them", first))
