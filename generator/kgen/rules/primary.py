"""Which pods of a trial get the metrics collector, and what the containers of a trial run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from kgen.katib.collectors import WRAPPING
from kgen.katib.pods import TRAINJOB
from kgen.katib.trialkinds import OPERATOR_KINDS
from kgen.katib.v1beta1 import TRIAL
from kgen.model.node import FieldPath
from kgen.model.values import mapping
from kgen.rules.subject import Subject

_LEADING = {
    "PyTorchJob": ("Master", "Worker"),
    "TFJob": ("Chief", "Master", "Worker"),
    "XGBoostJob": ("Master",),
    "MPIJob": ("Launcher",),
    "PaddleJob": ("Master", "Worker"),
    "JAXJob": ("Worker",),
}


def is_primary(subject: Subject, path: FieldPath) -> bool:
    """Whether a pod template can make the primary pod: of the training operator's kinds the first leading type."""
    kind = subject.trial.get("kind")
    leading = _LEADING.get(kind) if isinstance(kind, str) else None
    if leading is None or len(path) < 3 or path[1] != OPERATOR_KINDS[str(kind)].replicas:
        return True
    given = mapping(mapping(subject.trial.get("spec")).get(str(path[1])))
    return path[2] == next((name for name in leading if name in given), path[2])


class Words(NamedTuple):
    """The command and the arguments of a container, one after the other, and where each is written."""

    words: list[str]
    paths: list[FieldPath]
    name: str
    wrapped: bool  # Katib rewrites it into one text for the shell


def commands(subject: Subject, *, plain: bool = True) -> Iterator[Words]:
    """Yield what the containers of a trial run; without the plain ones, which mean the same to a shell, if asked."""
    wraps = subject.collector in WRAPPING
    for path, name, split, words, is_plain, _ in subject.commands:
        if plain or not is_plain:
            places = [("command", at) if at < split else ("args", at - split) for at in range(len(words))]
            paths: list[FieldPath] = [(*TRIAL, *path, *place) for place in places]
            yield Words(words, paths, name, wraps and _is_measured(subject, path, name))


def _is_measured(subject: Subject, path: FieldPath, name: str) -> bool:
    if subject.trial.get("kind") == TRAINJOB:
        return True
    return name == subject.template.get("primaryContainerName") and is_primary(subject, path)
