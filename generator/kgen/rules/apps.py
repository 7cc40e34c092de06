"""What rules see of the objects of Argo CD: Applications, with the Experiments that each could apply."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from kgen.katib import argocd
from kgen.model.node import FieldPath
from kgen.model.values import listed, mapping, text
from kgen.rules.subject import Subject

Objects = tuple[Mapping[str, Any], ...]


class App(NamedTuple):
    """The spec of an Application, or of those that an ApplicationSet makes."""

    path: FieldPath  # of the spec
    spec: dict[str, Any]
    metadata: dict[str, Any]
    patched: bool = False  # a set's templatePatch may add what is not here

    @property
    def policy(self) -> FieldPath:
        return (*self.path, "syncPolicy")

    @property
    def options(self) -> dict[str, int]:
        """The sync options that are texts, with their index."""
        listed_ = listed(mapping(self.spec.get("syncPolicy")).get("syncOptions"))
        return {option: index for index, option in enumerate(listed_) if isinstance(option, str)}

    @property
    def compared(self) -> list[str]:
        """The options of its comparison."""
        return _split(mapping(self.metadata.get("annotations")).get(argocd.COMPARE_OPTIONS))

    @property
    def at_metadata(self) -> FieldPath:
        """The path of its metadata."""
        return (*self.path[:-1], "metadata")

    @property
    def compare_options(self) -> FieldPath:
        """The path of the annotation that has them."""
        return (*self.at_metadata, "annotations", argocd.COMPARE_OPTIONS)

    @property
    def destination(self) -> dict[str, Any]:
        return mapping(self.spec.get("destination"))

    @property
    def namespace(self) -> str:
        return text(self.destination.get("namespace"))

    @property
    def sources(self) -> list[tuple[FieldPath, dict[str, Any]]]:
        """What it reads, with the path of each: several take the place of one, and a hydrator's that of both."""
        dry, several = mapping(self.spec.get("sourceHydrator")).get("drySource"), listed(self.spec.get("sources"))
        if dry is not None:
            return [((*self.path, "sourceHydrator", "drySource"), mapping(dry))]
        if several:
            return [((*self.path, "sources", index), mapping(each)) for index, each in enumerate(several)]
        return [((*self.path, "source"), mapping(self.spec.get("source")))]

    def at(self, option: str) -> FieldPath:
        return (*self.policy, "syncOptions", self.options[option])


def app_of(obj: Mapping[str, Any]) -> App | None:
    """Read an Application, or the template of an ApplicationSet; None where the object is neither."""
    if is_argo(obj, "Application"):
        return App(("spec",), mapping(obj.get("spec")), metadata_of(obj))
    if not is_argo(obj, "ApplicationSet"):
        return None
    spec = mapping(obj.get("spec"))
    template = mapping(spec.get("template"))
    path: FieldPath = ("spec", "template", "spec")
    return App(path, mapping(template.get("spec")), metadata_of(template), bool(spec.get("templatePatch")))


def apps_over(objects: Objects, subjects: tuple[Subject, ...]) -> Iterator[tuple[int, App, list[Subject]]]:
    """Yield every Application with the Experiments that it could apply, where there are any.

    One without a namespace could apply all, and a parameter in the namespace of an ApplicationSet may be anything.
    """
    for index, obj in enumerate(objects):
        app = app_of(obj)
        if app is None:
            continue
        place = re.compile(".*".join(map(re.escape, re.split(r"\{\{.*?\}\}", app.namespace))))
        own = [s for s in subjects if not app.namespace or not namespace_of(s) or place.fullmatch(namespace_of(s))]
        if own:
            yield index, app, own


def is_template(value: str) -> bool:
    """Whether an ApplicationSet fills in a part of a text."""
    return "{{" in value


def is_argo(obj: Mapping[str, Any], kind: str) -> bool:
    """Whether an object is one of Argo CD's, of this kind."""
    return obj.get("kind") == kind and text(obj.get("apiVersion")).startswith("argoproj.io/")


def namespace_of(subject: Subject) -> str:
    """Give the namespace of an Experiment; "" for none."""
    return text(metadata_of(subject.manifest).get("namespace"))


def metadata_of(obj: Mapping[str, Any]) -> dict[str, Any]:
    """Give an object's metadata."""
    return mapping(obj.get("metadata"))


def name_of(obj: Mapping[str, Any]) -> str:
    """Give an object's name; "" for none."""
    return text(metadata_of(obj).get("name"))


def annotations_of(obj: Mapping[str, Any]) -> dict[str, Any]:
    """Give an object's annotations."""
    return mapping(metadata_of(obj).get("annotations"))


def sync_options_of(obj: Mapping[str, Any]) -> list[str]:
    """Give the sync options that an object's annotation has."""
    return _split(annotations_of(obj).get(argocd.SYNC_OPTIONS))


def _split(given: object) -> list[str]:
    return [option.strip() for option in text(given).split(",") if option.strip()]
