"""The short forms of what Kubernetes has in a trial: environment variables, resources, labels, lists with keys."""

from __future__ import annotations

from collections.abc import Callable
from posixpath import dirname, join, normpath

from kgen.model.diagnostic import Diagnostic, Related, error
from kgen.model.merge import Fresh, Keyed, keyed
from kgen.model.node import Node, Span, as_written, fields, items, text_of

EXCLUDES, TWICE = "KG105", "KG106"

Problems = list[Diagnostic]


def duplicate(problems: Problems) -> Callable[[str, str, Span, Span], None]:
    def report(name: str, identity: str, first: Span, second: Span) -> None:
        message = f"`{name}` holds `{identity}` twice"
        problems.append(error(second, TWICE, message, "keep one of the two", Related(first, "the first")))

    return report


def keyed_lists(node: Node, problems: Problems, name: str = "") -> Node:
    return keyed(node, duplicate(problems), name)


def decimal(node: Node) -> Node:
    """A number where Katib wants text: the digits that were written, in decimal."""
    value = node.value
    return node if value is None or type(value) is str else Node(text_of(node), node.span)


def texts(node: Node, _: Problems) -> Node:
    return Node({key: as_written(item) for key, item in fields(node).items()}, node.span)


def words(node: Node, _: Problems) -> Node:
    return Node(tuple([as_written(item) for item in items(node)]), node.span)


def env(node: Node, problems: Problems) -> Node:
    if not isinstance(node.value, dict):
        return keyed_lists(node, problems, "env")
    out = Keyed()
    for name, item in node.value.items():
        if item.value is None:
            out[name] = item
            continue
        key, value = ("valueFrom", item) if isinstance(item.value, dict) else ("value", as_written(item))
        said = {} if value.value == "" else {key: value}  # written empty, Katib's webhook refuses a Job for it
        out[name] = Node(Fresh({"name": Node(name, item.span), **said}), item.span)
    return Node(out, node.span)


_KUBERNETES_RESOURCES = ("limits", "requests", "claims")


def resources(node: Node, problems: Problems) -> tuple[Node, Node | None]:
    """Give Kubernetes' form of a container's resources, and the number of its GPUs."""
    given = dict(fields(node))
    count = given.pop("gpu", None)
    gpu = None if count is None else Node({"count": count}, count.span)
    named = [key for key in given if key not in _KUBERNETES_RESOURCES]
    if named and len(named) < len(given):
        other = next(key for key in given if key in _KUBERNETES_RESOURCES)
        message = f"`{named[0]}` beside `{other}`: resources are in the short form or in Kubernetes' own"
        help_ = f"move `{named[0]}` into `limits` and `requests`"
        problems.append(error(given[named[0]].span, EXCLUDES, message, help_))
    if not named:
        form = {key: _quantities(item) if key != "claims" else item for key, item in given.items()}
        return Node(form, node.span), gpu
    both = _quantities(Node(given, node.span))
    return Node({"limits": both, "requests": both}, node.span), gpu


def _quantities(node: Node) -> Node:
    """A whole number stays a number, as people write GPUs; a fraction becomes text, which is exact."""
    out = {k: decimal(item) if isinstance(item.value, float) else item for k, item in fields(node).items()}
    return Node(out, node.span) if node.value is not None else node


def move_to_main(out: dict[str, Node], problems: Problems) -> None:
    """Move what is said of a training container to `main`, and the number of its GPUs to `gpu`."""
    main = {}
    spans = []
    for key in ("env", "resources"):
        node = out.pop(key, None)
        if node is None:
            continue
        spans.append(node.span)
        if node.value is None:
            main[key] = node
        elif key == "env":
            main[key] = env(node, problems)
        else:
            main[key], gpu = resources(node, problems)
            if gpu is not None:
                out["gpu"] = gpu
    if main:
        out["main"] = Node(main, spans[0])


def metadata(node: Node, problems: Problems) -> Node:
    return Node({k: v if v.value is None else texts(v, problems) for k, v in fields(node).items()}, node.span)


def beside(node: Node) -> Node:
    """Give the workspace path of a file that is named relative to the file that names it."""
    return Node(normpath(join(dirname(node.span.file), str(node.value))), node.span)
