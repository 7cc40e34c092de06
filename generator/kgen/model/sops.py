"""Whether a Secret is as SOPS leaves it: every value encrypted, and the block that says by whom and with which MAC.

Read from getsops/sops: the store writes a top-level `sops` beside the data, and each value as ENC[AES256_GCM,...].
"""

from __future__ import annotations

from collections.abc import Iterator

from kgen.model.node import Node, Span, fields, get

BLOCK = "sops"
_CIPHER = "ENC["
_DATA = ("data", "stringData")
_SPELT = ("data", "stringdata")  # what is misspelt is in Git all the same
_COPY = "kubectl.kubernetes.io/last-applied-configuration"
_AGAIN = "encrypt it with `sops --encrypt --in-place FILE`, and change what stands in it if it was committed"


def is_sops(document: Node) -> bool:
    """Whether a document has the block that SOPS adds."""
    return isinstance(getattr(get(document, BLOCK), "value", None), dict)


def keys_of(document: Node) -> list[str]:
    """Name the keys of the Secret; SOPS does not encrypt them."""
    return [key for part in _DATA for key in fields(get(document, part))]


def as_encrypted(document: Node) -> Iterator[tuple[Span, str, str]]:
    """Yield what is wrong with a file that SOPS is said to have encrypted: place, words, mend. No value is repeated."""
    if not is_sops(document):
        message = "this Secret is not encrypted: it has no `sops` block"
        yield document.span, message, _AGAIN
        return
    kind, api_version, name = get(document, "kind"), get(document, "apiVersion"), get(document, "metadata", "name")
    hidden = next((node for node in (kind, api_version, name) if node is not None and _is_cipher(node)), None)
    if hidden is not None:
        message = "SOPS encrypted the whole file, so that nobody sees which Secret it is"
        yield hidden.span, message, "set `encrypted_regex: ^(data|stringData)$` in .sops.yaml, and encrypt it again"
        return
    if kind is None or kind.value != "Secret" or name is None:
        yield document.span, "the file defines no Secret", "write a Secret with `kind`, `metadata.name` and `data`"
        return
    mac = get(document, BLOCK, "mac")
    if mac is None or not _is_cipher(mac):
        message = "the `sops` block has no MAC, so that sops refuses the file"
        yield (mac or fields(document)[BLOCK]).span, message, _AGAIN
    for what, value in _values(document):
        if value.value != "" and not _is_cipher(value):
            message = f"{what} is in plain text, in a file that SOPS is said to have encrypted"
            yield value.span, message, _AGAIN
    if not keys_of(document):
        yield document.span, "the Secret has neither `data` nor `stringData`", "add what the trial reads"


def _values(document: Node) -> Iterator[tuple[str, Node]]:
    """Yield what holds a value of the Secret: its data in any spelling, and the copy that kubectl keeps of it."""
    for part, held in fields(document).items():
        if part.lower() in _SPELT:
            for key, value in fields(held).items():
                yield f"`{part}.{key}`", value
    copy = get(document, "metadata", "annotations", _COPY)
    if copy is not None:
        yield "the copy that kubectl keeps in an annotation", copy


def _is_cipher(node: Node) -> bool:
    return isinstance(node.value, str) and node.value.startswith(_CIPHER) and node.value.endswith("]")
