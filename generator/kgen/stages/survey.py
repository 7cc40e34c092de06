"""Files of plain manifests to the objects in them (KG0xx)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from posixpath import dirname, join, normpath
from typing import Any, NamedTuple

from kgen.codec.manifests import read_stream
from kgen.katib.v1beta1 import API_VERSION, GROUP, KIND
from kgen.model.diagnostic import Diagnostic, Severity, error
from kgen.model.node import FieldPath, Node, Plain, Span, fields, get, items
from kgen.model.sources import Unreadable
from kgen.model.words import nearest

UNREADABLE, NO_OBJECT = "KG010", "KG111"
MOST_VALUES = 1_000_000  # of all files in one run, some 400 bytes of memory each; 1,000 Experiments have 100,000
_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml")
_NEVER_OBJECTS = (*_KUSTOMIZATIONS, "Chart.yaml", "values.yaml")  # a shell's `*.yaml` names them beside manifests

_FULL = Unreadable(
    f"the files before it hold the {MOST_VALUES:,} values that kgen looks at in one run",
    "lint fewer files in one run, or leave some out with `--exclude`",
)


class Found(NamedTuple):
    """One object of a file."""

    object: Node
    plain: Plain  # the same without places
    kind: str
    api: str  # apiVersion
    within: FieldPath  # where it lies in its document: () or ("items", 3)


class Survey(NamedTuple):
    """What a set of files holds."""

    experiments: tuple[Found, ...]
    others: tuple[Found, ...]
    passed_over: int  # documents that are no objects
    problems: tuple[Diagnostic, ...]


def survey(files: Mapping[str, bytes | Unreadable], named: frozenset[str] = frozenset()) -> Survey:
    """Read every document of the files, and sort out what it is.

    `named` are files that somebody asked for by name: one of them without any object is an error. What a
    kustomization lists as a patch is no object of its own, and passed over.
    """
    work = _Work(_patches(files))
    several = len(named) > 1
    for file, data in files.items():
        read = data if work.room > 0 else _FULL
        if isinstance(read, Unreadable):
            work.problems.append(error(Span(file, 1, 1), UNREADABLE, read.message, read.help))
        else:
            work.take(file, read, asked=file in named and not (several and file.endswith(_NEVER_OBJECTS)))
    return Survey(tuple(work.experiments), tuple(work.others), work.passed, tuple(work.problems))


class _Work:
    def __init__(self, patches: frozenset[str]) -> None:
        self.experiments: list[Found] = []
        self.others: list[Found] = []
        self.problems: list[Diagnostic] = []
        self.passed = 0
        self.room = MOST_VALUES
        self._patches = patches

    def take(self, file: str, data: bytes, *, asked: bool) -> None:
        documents, plain, wrong, values = read_stream(data, file)
        before = len(self.problems)
        self.problems.extend(wrong)
        if file in self._patches:
            self.passed += len(documents)
            return
        found = [each for both in zip(documents, plain, strict=True) for each in self._objects(*both, ())]
        for each in found:
            (self.experiments if _is_experiment(each) else self.others).append(each)
        self.room -= values if found else 0
        told = any(w.severity is Severity.ERROR for w in self.problems[before:])
        if asked and not told and not found and not any(map(_is_object, documents)):  # a List may be empty
            self.problems.append(_no_object(documents, file))

    def _objects(self, node: Node, plain: Any, within: FieldPath) -> Iterator[Found]:
        """Yield the object that a document is, or those of the List that it is."""
        if not _is_object(node):
            self.passed += 1
            self.problems.extend(_half(node))
            return
        kind, api = str(fields(node)["kind"].value), str(fields(node)["apiVersion"].value)
        members = get(node, "items")
        if kind.endswith("List") and members is not None and isinstance(members.value, tuple):
            for index, item in enumerate(items(members)):
                typed = _typed(item, plain["items"][index], kind.removesuffix("List"), api)
                yield from self._objects(*typed, (*within, "items", index))
        else:
            yield Found(node, plain, kind, api, within)


def _typed(item: Node, plain: Any, kind: str, api: str) -> tuple[Node, Plain]:
    """Give an item of a list of one kind what it is: the API server leaves that out, as the list says it."""
    if not kind or not isinstance(item.value, dict) or {"kind", "apiVersion"} & item.value.keys():
        return item, plain
    said = {"apiVersion": api, "kind": kind}
    nodes = {key: Node(word, item.span) for key, word in said.items()}
    return Node({**nodes, **item.value}, item.span), {**said, **plain}


def _patches(files: Mapping[str, bytes | Unreadable]) -> frozenset[str]:
    """Name the files that a kustomization among these lays over others."""
    found: list[str] = []
    for file, data in files.items():
        if not file.endswith(_KUSTOMIZATIONS) or isinstance(data, Unreadable):
            continue
        for document in read_stream(data, file).documents:
            paths = [get(patch, "path") for patch in items(get(document, "patches"))]
            paths += items(get(document, "patchesStrategicMerge"))
            texts = (node.value for node in paths if node is not None)
            found += [normpath(join(dirname(file), path)) for path in texts if isinstance(path, str)]
    return frozenset(found)


def _half(node: Node) -> Iterator[Diagnostic]:
    """Report an Experiment that lacks what would make it one: kubectl refuses it."""
    given = fields(node)
    kind, api = (given[key].value if key in given else None for key in ("kind", "apiVersion"))
    if kind == KIND and "spec" in given:
        yield error(node.span, NO_OBJECT, f"this {KIND} has no `apiVersion`", f"add `apiVersion: {API_VERSION}`")
    elif api == API_VERSION and "spec" in given:
        yield error(node.span, NO_OBJECT, f"this object of `{api}` has no `kind`", f"add `kind: {KIND}`")


def _no_object(documents: tuple[Node, ...], file: str) -> Diagnostic:
    place = documents[0].span if documents else Span(file, 1, 1)
    keys = fields(documents[0]) if documents else {}
    if "objective" in keys or "trial" in keys:
        help_ = "a compact spec is linted where it lies, in the folder `experiments` of a workspace"
    else:
        help_ = "name a file with manifests, each with `apiVersion` and `kind`"
    return error(place, NO_OBJECT, "this file holds no Kubernetes object", help_)


def _is_object(node: Node) -> bool:
    given = fields(node)
    return all(key in given and type(given[key].value) is str and given[key].value for key in ("apiVersion", "kind"))


def _is_experiment(found: Found) -> bool:
    if not found.api.startswith(GROUP + "/"):
        return False
    return found.kind == KIND or (nearest(found.kind, (KIND,)) is not None and get(found.object, "spec") is not None)
