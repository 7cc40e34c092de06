"""What only shows when the environments of a workspace are looked at together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kgen.model.diagnostic import Diagnostic, Related, error
from kgen.model.experiment import Rendered
from kgen.model.node import Node, fields, get, object_of, text_of
from kgen.model.secrets import SCOPES

SEALED_ELSEWHERE = "KG117"
_STRICT, _NAMESPACE_WIDE, _CLUSTER_WIDE = SCOPES
_ANNOTATION = "sealedsecrets.bitnami.com/"


def sealed_apart(rendered: Iterable[Rendered]) -> Iterator[Diagnostic]:
    """Yield each ciphertext that several environments want to decrypt in places of which one at the most can.

    The place is part of the ciphertext, but nobody can read it there; that there are two of them is certain.
    """
    seen: dict[str, tuple[tuple[str, ...], Node, str]] = {}
    for environment in rendered:
        for obj in environment.objects:
            kind, namespace, name = object_of(obj)
            scope = _scope(obj)
            if kind != "SealedSecret" or scope == _CLUSTER_WIDE:
                continue
            place = (namespace, name) if scope == _STRICT else (namespace,)
            for cipher in fields(get(obj, "spec", "encryptedData")).values():
                text = text_of(cipher)
                first, node, other = seen.setdefault(text, (place, cipher, environment.environment))
                if first != place:
                    here, there = "/".join(first), "/".join(place)
                    message = (
                        f"environments `{other}` and `{environment.environment}` have one ciphertext of scope {scope}, "
                        f"for `{here}` and for `{there}`: it can be decrypted in one of them at the most"
                    )
                    help_ = (
                        "seal it for each environment, in an overlay of its own, or once with `--scope cluster-wide`"
                    )
                    related = () if node.span == cipher.span else (Related(node.span, "the other"),)
                    yield error(cipher.span, SEALED_ELSEWHERE, message, help_, *related)


def _scope(obj: Node) -> str:
    """Read the scope as the controller does: of two that are set, the wider."""
    for scope in (_CLUSTER_WIDE, _NAMESPACE_WIDE):
        said = get(obj, "metadata", "annotations", f"{_ANNOTATION}{scope}")
        if said is not None and text_of(said) == "true":
            return scope
    return _STRICT
