"""Container image references: `registry/folder/name:tag@digest`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from kgen.model.node import Node, fields, get, text_of

DOCKER_HUB = "docker.io"
# Tags that are moved to each new build, as branches are.
_MOVING = frozenset("latest main master trunk head dev devel develop development edge nightly canary stable".split())


class Image(NamedTuple):
    """An image reference taken apart; `tag` and `digest` are "" where there are none."""

    name: str  # with its registry and folders
    tag: str
    digest: str

    def __str__(self) -> str:
        return self.name + (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")


def parse(reference: str) -> Image:
    """Take a reference apart; the colon of a registry's port is none of a tag's."""
    rest, _, digest = reference.partition("@")
    head, slash, last = rest.rpartition("/")
    name, _, tag = last.partition(":")
    return Image(head + slash + name, tag, digest)


@lru_cache(maxsize=4096)
def is_moving(image: str) -> bool:
    """Whether another build can come under the name of an image; not where a placeholder stands in it."""
    if not image or "$" in image or "@" in image:
        return False
    tag = parse(image).tag.lower()
    return not tag or tag in _MOVING or tag.endswith("-latest") or tag.startswith("latest-")


def qualified(name: str) -> str:
    """Give a name with its registry: `python` is `docker.io/library/python`."""
    if _has_registry(name):
        return name
    return f"{DOCKER_HUB}/{name}" if "/" in name else f"{DOCKER_HUB}/library/{name}"


def renamed(image: Node, registry: Node | None, hit: set[str]) -> Node:
    """Rename an image by an overlay's `registry`; `hit` gathers the names in it that spoke of the image."""
    images, mirror = fields(get(registry, "images")), fields(get(registry, "mirror"))
    new, names = rename(
        text_of(image),
        {name: text_of(node) for name, node in images.items()},
        {name: text_of(node) for name, node in mirror.items()},
    )
    hit |= names
    cause = next((node for name, node in {**mirror, **images}.items() if name in names), None)
    return image if cause is None else Node(new, cause.span)


def rename(reference: str, images: Mapping[str, str], mirror: Mapping[str, str]) -> tuple[str, set[str]]:
    """Rename an image by name, then move it to its mirror.

    Returns the new reference, and the keys of `images` and `mirror` that spoke of it.
    """
    image, hit = parse(reference), set()
    new = images.get(image.name)
    if new is not None:
        hit.add(image.name)
        image = _renamed(image, new)
    source = next((s for s in sorted(mirror, key=len, reverse=True) if _below(image.name, s) is not None), None)
    if source is not None:
        hit.add(source)
        image = image._replace(name=f"{mirror[source].rstrip('/')}/{_below(image.name, source)}")
    return str(image), hit


def _renamed(image: Image, new: str) -> Image:
    """A tag alone, or a digest alone, keeps the name; a name alone keeps the tag and the digest."""
    if new.startswith((":", "@")):
        name, tag, digest = parse(f"x{new}")
        return Image(image.name, tag or (image.tag if digest else ""), digest)
    name, tag, digest = parse(new)
    return Image(name, tag, digest) if tag or digest else image._replace(name=name)


def _below(name: str, folder: str) -> str | None:
    """Give what is left of a name below a registry or folder; None where it lies elsewhere."""
    folder = folder.rstrip("/")
    if name.startswith(folder + "/"):
        return name[len(folder) + 1 :]
    if folder == DOCKER_HUB and not _has_registry(name):
        return name if "/" in name else f"library/{name}"
    return None


def _has_registry(name: str) -> bool:
    first, slash, _ = name.partition("/")
    return bool(slash) and ("." in first or ":" in first or first == "localhost")
