"""What objects are made of: the fields of each type, and how Go writes each.

Kubernetes', the training-operator's and Trainer's types are in `data/kubernetes.json`, made by
`tools/types/refresh.py` of their Go modules; those of Argo CD and of the operators of secrets in `data/argocd.json`,
made by `tools/types/crds.py` of their CRDs; Katib's are in `kgen.katib.experiment`. A field is written as
marks and a type: `?` where it is left out when empty, `!` when zero, `*` for a pointer, `[]` for a list, `{}` for
a mapping with any keys.
"""

from __future__ import annotations

import json
from enum import Enum
from functools import lru_cache
from typing import NamedTuple, TypeAlias, TypedDict

from kgen.katib.experiment import ROOT, types_of
from kgen.katib.v1beta1 import version
from kgen.model.environment import Target

_DATA = __file__.removesuffix("types.py") + "data/kubernetes.json"

Quick: TypeAlias = "type | tuple[Look, Type]"
Table: TypeAlias = "dict[str, dict[str, str]]"  # type: {field: marks and type}


class _Project(TypedDict):
    """A project of the table: the types of its oldest release, and by release what came later."""

    types: Table
    later: dict[str, Table]


class Reader(Enum):
    """Who reads an object, and so what becomes of what does not fit."""

    KATIB = "katib"  # decodes it and writes it again: what it does not know is gone
    JOB = "job"  # Katib's webhook on a batch/v1 Job: it must come back as it was written
    SERVER = "server"  # the API server on any other object: it prunes, and keeps what is empty


class Look(Enum):
    """How a value is looked at in the quick walk."""

    SCALAR = "scalar"
    STRUCT = "struct"
    STRUCTS = "list of structs"
    STRUCT_MAP = "mapping of structs"
    TEXTS = "list of texts"
    TEXT_MAP = "mapping of texts"
    WHOLE = "whole number"
    WHOLES = "list of whole numbers"
    NUMBER = "number"
    QUANTITY = "quantity"
    QUANTITIES = "mapping of quantities"
    ANY = "any"
    OBJECT = "object"  # of any kind, but it has one
    SLOW = "slow"  # not in the quick walk at all


class Field(NamedTuple):
    """A field of a type."""

    keeps: bool  # its zero value is written too
    look: Look
    type: Type
    omitempty: bool
    pointer: bool


class Type:
    """A type: a leaf, a `struct` with fields, or a `list` or `map` of items."""

    __slots__ = ("fields", "item", "kind", "name", "quick", "reader", "written")

    def __init__(self, kind: str, reader: Reader, name: str = "") -> None:
        self.kind = kind  # text, bool, int32, int64, float, quantity, int-or-text, time, bytes, any, object, ...
        self.reader = reader
        self.name = name  # of a struct, as Go has it: `core.Container`
        self.fields: dict[str, Field] = {}
        self.quick: dict[str, Quick] = {}  # of each field what the quick walk wants of it
        self.item: Field | None = None
        self.written: tuple[str, ...] = ()  # fields that Go writes though nobody gave them

    def __repr__(self) -> str:
        return f"Type({self.name or self.kind})"


QUICK: dict[str, type] = {"text": str, "duration": str, "bool": bool, "int-or-text": str}
MOST = {
    "int32": 2**31 - 1,
    "int64": 2**63 - 1,
    "int-or-text": 2**31 - 1,
    "float": 2**1024 - 2**970 - 1,  # the last that is not rounded to infinity
}
_LOOKS = {
    "struct": Look.STRUCT,
    "int32": Look.WHOLE,
    "int64": Look.WHOLE,
    "float": Look.NUMBER,
    "int-or-text": Look.WHOLE,
    "time": Look.SLOW,
    "bytes": Look.SLOW,
    "quantity": Look.QUANTITY,
    "any": Look.ANY,
    "object": Look.OBJECT,
}
_HOLDERS = {
    ("list", "struct"): Look.STRUCTS,
    ("list", "text"): Look.TEXTS,
    ("list", "int32"): Look.WHOLES,
    ("map", "struct"): Look.STRUCT_MAP,
    ("map", "text"): Look.TEXT_MAP,
    ("map", "quantity"): Look.QUANTITIES,
}


class _Maker:
    """Types of a table, each made once."""

    def __init__(self, table: Table, reader: Reader) -> None:
        self._table, self._reader = table, reader
        self._made: dict[str, Type] = {}

    def type(self, name: str) -> Type:
        made = self._made.get(name)
        if made is not None:
            return made
        if name[:2] in ("[]", "{}"):
            made = self._made[name] = Type("list" if name[0] == "[" else "map", self._reader)
            made.item = self.field(name[2:])
        elif name in self._table:
            made = self._made[name] = Type("struct", self._reader, name)
            made.fields = {key: self.field(marks) for key, marks in self._table[name].items()}
            if "overhead" in made.fields:  # quantities that a Job's check wants canonical, unlike those of resources
                made.fields["overhead"] = made.fields["overhead"]._replace(look=Look.SLOW)
            made.quick = {key: _quick(field) for key, field in made.fields.items()}
            if self._reader is Reader.KATIB and name != ROOT:
                made.written = tuple(key for key, field in made.fields.items() if _is_written(field))
        else:
            made = self._made[name] = Type("any" if "." in name else name, self._reader)
        return made

    def field(self, marks: str) -> Field:
        omitempty = marks[0] in "?!"
        rest = marks[1:] if omitempty else marks
        pointer = rest[0] == "*"
        own = self.type(rest[1:] if pointer else rest)
        keeps = not omitempty or pointer or self._reader is Reader.SERVER
        return Field(keeps, self._look(own), own, omitempty, pointer)

    def _look(self, own: Type) -> Look:
        if own.item is None:
            return _LOOKS.get(own.kind, Look.SCALAR)
        return _HOLDERS.get((own.kind, own.item.type.kind), Look.SLOW)


def _quick(field: Field) -> Quick:
    """Give the type in Python of one of the usual scalars; of other values how to look at them, and what they hold."""
    own = field.type
    return QUICK.get(own.kind) or (field.look, own if own.item is None else own.item.type)


def _is_written(field: Field) -> bool:
    """Whether Go writes a field that nobody gave: it has no notion of an empty struct."""
    return not field.omitempty or (field.type.kind in ("struct", "quantity", "int-or-text") and not field.pointer)


@lru_cache(maxsize=1)
def _data() -> dict[str, _Project]:
    """Read the table by the loader that read this module: pathlib alone would be 5 ms of every start."""
    made: dict[str, _Project] = json.loads(__spec__.loader.get_data(_DATA))  # type: ignore[union-attr]
    return made


def _later(data: _Project) -> list[tuple[str, Table]]:
    """Give what came after the oldest release, in the order of releases."""
    return sorted(data["later"].items(), key=lambda item: version(item[0]))


def _release(project: str, release: str) -> Table:
    """Give a project's types in a release: the oldest that is known, and all that came by then."""
    data = _data()[project]
    types: Table = {name: dict(fields) for name, fields in data["types"].items()}
    for since, changes in _later(data):
        if version(since) <= version(release):
            for name, fields in changes.items():
                types[name] = {key: marks for key, marks in {**types.get(name, {}), **fields}.items() if marks}
    return types


# Kubernetes' release whose types a project was built with, by its own release. Katib 0.17's is older than any known.
_BUILT_WITH = {
    "katib": {"0.17": "1.31", "0.18": "1.31", "0.19": "1.34"},
    "operator": {"1.9": "1.31"},
    "trainer": {"2.0": "1.32", "2.1": "1.34", "2.2": "1.35", "2.3": "1.36"},
}
_OPERATOR = "1.9"
_KINDS = ("PyTorchJob", "TFJob", "MPIJob", "XGBoostJob", "PaddleJob", "JAXJob")
_TRIALS = {
    ("batch/v1", "Job"): "batch.Job",
    **{("kubeflow.org/v1", kind): f"kubeflow.org.{kind}" for kind in _KINDS},
    ("trainer.kubeflow.org/v1alpha1", "TrainJob"): "trainer.TrainJob",
}
_CORE = ("Secret", "ConfigMap", "Namespace", "PersistentVolume", "PersistentVolumeClaim", "ServiceAccount")
_CUSTOM = ("argoproj.io/", "bitnami.com/", "external-secrets.io/")


def _open_status(table: Table, name: str) -> Table:
    """Nobody but a controller writes a status, and nobody minds what is in it."""
    return {**table, name: {**table[name], "status": "?*any"}}


@lru_cache(maxsize=8)
def experiment(katib: str) -> Type:
    """Give the type of an Experiment of a release of Katib."""
    table = {**_release("kubernetes", _BUILT_WITH["katib"][katib]), **types_of(katib)}
    table["meta.ObjectMeta"] = {**table["meta.ObjectMeta"], "creationTimestamp": "?*time"}
    return _Maker(table, Reader.KATIB).type(ROOT)


def trial(api_version: str, kind: str, target: Target) -> Type | None:
    """Give the type of a trial's object; None for kinds whose types are not known."""
    name = _TRIALS.get((api_version, kind))
    if name is None:
        return None
    return _job(target.katib) if kind == "Job" else _trainjob(target.trainer) if kind == "TrainJob" else _operated(name)


@lru_cache(maxsize=8)
def _job(katib: str) -> Type:
    table = _release("kubernetes", _BUILT_WITH["katib"][katib])
    return _Maker(_open_status(table, "batch.Job"), Reader.JOB).type("batch.Job")


def job_fields_since(legal: tuple[str, ...], word: str) -> str | None:
    """Give the release of Kubernetes that brought a field to the type with these fields; None for no such field."""
    data = _data()["kubernetes"]
    for since, changes in _later(data):
        for name, fields in changes.items():
            known = data["types"].get(name)
            if known and fields.get(word) and known.keys() <= set(legal):
                return since
    return None


@lru_cache(maxsize=8)
def _trainjob(trainer: str) -> Type:
    table = {**_release("kubernetes", _BUILT_WITH["trainer"][trainer]), **_release("trainer", trainer)}
    return _Maker(_open_status(table, "trainer.TrainJob"), Reader.SERVER).type("trainer.TrainJob")


@lru_cache(maxsize=8)
def _operated(name: str) -> Type:
    table = {**_release("kubernetes", _BUILT_WITH["operator"][_OPERATOR]), **_release("operator", _OPERATOR)}
    return _Maker(_open_status(table, name), Reader.SERVER).type(name)


@lru_cache(maxsize=64)
def manifest(api_version: str, kind: str, kubernetes: str) -> Type | None:
    """Give the type of an object that stands beside Experiments; None for kinds whose types are not known."""
    if api_version == "v1" and kind in _CORE:
        name = f"core.{kind}"
    elif (api_version, kind) == ("batch/v1", "Job"):
        name = "batch.Job"
    else:
        return _custom(f"{api_version} {kind}", kubernetes) if api_version.startswith(_CUSTOM) else None
    table = _release("kubernetes", kubernetes)
    return _Maker(_open_status(table, name), Reader.SERVER).type(name)


def _custom(root: str, kubernetes: str) -> Type | None:
    """Give the type of an object of Argo CD, Sealed Secrets or External Secrets, as its CRD has it."""
    data = json.loads(__spec__.loader.get_data(_DATA.replace("kubernetes", "argocd")))  # type: ignore[union-attr]
    name = data["roots"].get(root)
    table = {**_release("kubernetes", kubernetes), **data["types"]}
    return None if name is None else _Maker(table, Reader.SERVER).type(name)
