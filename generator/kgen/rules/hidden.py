"""Objects without the credentials in them, for whatever shows a part of one."""

from __future__ import annotations

from collections.abc import Callable

from kgen.model.difference import Hidden
from kgen.model.node import Node, fields, get, plain
from kgen.rules import credentials

_OPEN = ("apiVersion", "kind", "metadata", "type", "immutable")  # of a Secret; all else may hold its values
_COMMANDS = ("command", "args")


def hidden(obj: Node) -> Node:
    """Put a `Hidden` in the place of every text that is a credential, and of every value of a Secret.

    Better one text too many than one too few: what is named like a credential counts, and so does a script or a
    file with one anywhere in it.
    """
    kind = get(obj, "kind")
    if kind is not None and kind.value == "Secret":
        return _secret(obj)
    if kind is None or kind.value != "SealedSecret":
        return _walk(obj)
    return Node({key: _sealed(node) if key == "spec" else _walk(node) for key, node in fields(obj).items()}, obj.span)


def _secret(node: Node) -> Node:
    return Node({key: _walk(item) if key in _OPEN else _all(item) for key, item in fields(node).items()}, node.span)


def _sealed(spec: Node) -> Node:
    """Hide what should be ciphertext, as it may be none; the template is what the Secret will be."""
    template = get(spec, "template")
    whole = _all(spec)
    if template is None or not isinstance(template.value, dict):
        return whole
    return Node({**fields(whole), "template": _secret(template)}, spec.span)


def _all(node: Node) -> Node:
    """Hide every scalar; keys stay."""
    value = node.value
    if isinstance(value, dict):
        return Node({key: _all(item) for key, item in value.items()}, node.span)
    if isinstance(value, tuple):
        return Node(tuple([_all(item) for item in value]), node.span)
    return node if value is None else _hide(node)


def _hide(node: Node) -> Node:
    return Node(Hidden(str(plain(node))), node.span)


def _walk(node: Node, name: str = "") -> Node:
    value = node.value
    if isinstance(value, str):
        return _hide(node) if _is_credential(name, value) else node
    if isinstance(value, dict):
        called = value.get("name")
        variable = called.value if called is not None and isinstance(called.value, str) else ""
        return Node({k: _walk(v, variable if variable and k == "value" else k) for k, v in value.items()}, node.span)
    if isinstance(value, tuple):
        walked: Callable[[int, Node], Node] = _argument(value) if name in _COMMANDS else lambda _, item: _walk(item)
        return Node(tuple([walked(at, item) for at, item in enumerate(value)]), node.span)
    return node


def _argument(items: tuple[Node, ...]) -> Callable[[int, Node], Node]:
    """Hide an argument that holds a credential, or stands behind the flag of one."""

    def walked(at: int, item: Node) -> Node:
        flag = items[at - 1].value if at else ""
        behind = isinstance(flag, str) and credentials.secret_argument(flag, item.value) is not None
        return _hide(item) if behind and "=" not in str(flag) else _walk(item)

    return walked


def _is_credential(name: str, value: str) -> bool:
    if credentials.is_secret(name, value) or credentials.token(value) is not None:
        return True
    if not credentials.may_name_secret(value):
        return False
    return credentials.secret_argument(value) is not None or credentials.baked_argument(value) is not None
