"""Where the pods of a trial are described, in plain data of any shape."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from kgen.katib.quantity import canonical, parse
from kgen.katib.v1beta1 import PLACEHOLDER_HEAD
from kgen.model.node import FieldPath

if TYPE_CHECKING:
    from fractions import Fraction

TRAINJOB = "TrainJob"  # its pods are described by a runtime; the object holds but parts of them
_LISTS = ("containers", "initContainers")  # of a pod's spec
_MOST_QUANTITY = 1000  # characters; Python reads no integer of more than 4300 digits
_USUAL = re.compile(r"([1-9]\d{0,11})(m|k|M|G|T|Ki|Mi|Gi|Ti)?")  # most quantities; the others take exact arithmetic


_PLAIN = re.compile(r"[A-Za-z0-9_\-=./,:@+%}]*")  # anything else, and `}}`, may mean something to a shell
_THOUSANDTHS: dict[str | None, int] = {
    None: 10**3,
    "m": 1,
    **{suffix: 10 ** (3 * power + 3) for power, suffix in enumerate("kMGT", 1)},
    **{f"{suffix}i": 1000 * 1024**power for power, suffix in enumerate("KMGT", 1)},
}


class Container(NamedTuple):
    """A container and its place in the trial's object."""

    path: FieldPath
    fields: dict[str, Any]


class Command(NamedTuple):
    """What a container runs: command and arguments, one after the other."""

    path: FieldPath  # of the container, in the trial's object
    name: str  # of the container
    split: int  # how many of the words are `command`; the others are `args`
    words: list[str]
    plain: bool  # no word holds anything that a shell would read otherwise than a program
    text: str  # all words, with a comma between them


def is_job(trial: object) -> bool:
    """Whether the webhook holds the object against Kubernetes' own Job type: by its exact version and kind."""
    return isinstance(trial, dict) and trial.get("kind") == "Job" and trial.get("apiVersion") == "batch/v1"


def pod_specs(trial: object) -> list[tuple[FieldPath, dict[str, Any]]]:
    """Find the `spec` of every pod template: a mapping with a list of `containers`."""
    if not isinstance(trial, dict) or trial.get("kind") == TRAINJOB:
        return []
    spec = trial.get("spec")
    if isinstance(spec, dict):
        template = spec.get("template")
        pod = template.get("spec") if isinstance(template, dict) else None
        if isinstance(pod, dict) and isinstance(pod.get("containers"), list):
            return [(("spec", "template", "spec"), pod)]
    out: list[tuple[FieldPath, dict[str, Any]]] = []
    _search(trial, (), out)
    return out


def _search(value: Any, path: FieldPath, out: list[tuple[FieldPath, dict[str, Any]]]) -> None:
    if type(value) is dict:
        for key, item in value.items():
            if type(item) is dict or type(item) is list:
                if key == "spec" and path and type(item) is dict and isinstance(item.get("containers"), list):
                    out.append(((*path, key), item))
                else:
                    _search(item, (*path, key), out)
    else:
        for index, item in enumerate(value):
            if type(item) is dict or type(item) is list:
                _search(item, (*path, index), out)


def containers(pod: dict[str, Any], *keys: str) -> Iterator[Container]:
    """Yield the containers of a pod's spec; `containers` alone, unless other lists are named too."""
    for key in keys or ("containers",):
        listed = pod.get(key)
        for index, item in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(item, dict):
                yield Container((key, index), item)


def every_container(pods: list[tuple[FieldPath, dict[str, Any]]]) -> tuple[Container, ...]:
    """Give the containers of pods, those that run first (initContainers) included, with their paths in the trial."""
    out: list[Container] = []
    for path, pod in pods:
        for key in _LISTS if "initContainers" in pod else _LISTS[:1]:
            listed = pod[key]
            for index, item in enumerate(listed if isinstance(listed, list) else ()):
                if isinstance(item, dict):
                    out.append(Container((*path, key, index), item))
    return tuple(out)


def commands(trial: dict[str, Any], containers: tuple[Container, ...]) -> tuple[Command, ...]:
    """Give the commands of containers but those that run first, and of a TrainJob's nodes.

    One that is no list of texts is passed over.
    """
    out: list[Command] = []
    for path, fields in containers:
        if path[-2] == "containers" and (command := _command(path, fields)) is not None:
            out.append(command)
    if trial.get("kind") == TRAINJOB and isinstance(trial.get("spec"), dict):
        trainer = trial["spec"].get("trainer")
        if isinstance(trainer, dict):
            command = _command(("spec", "trainer"), {"name": "node", **trainer})
            out += () if command is None else (command,)
    return tuple(out)


def _command(path: FieldPath, container: dict[str, Any]) -> Command | None:
    command, args = container.get("command"), container.get("args")
    if not isinstance(command, list) or not command:
        return None
    words = [*command, *args] if isinstance(args, list) else command
    try:
        joined = "".join(words)
    except TypeError:
        return None
    plain = _PLAIN.fullmatch(joined.replace(PLACEHOLDER_HEAD, "")) is not None and "}}" not in joined
    return Command(path, str(container.get("name")), len(command), words, plain, ",".join(words))


@lru_cache(maxsize=4096)
def is_quantity(text: str) -> bool:
    """Whether Kubernetes can read a quantity."""
    return _USUAL.fullmatch(text) is not None or amount(text) is not None


def amount(text: str) -> Fraction | None:
    """Read a quantity; None where Kubernetes would refuse it, or it is longer than any that is meant."""
    return parse(text) if len(text) <= _MOST_QUANTITY else None


def is_more(one: object, other: object) -> bool:
    """Whether a quantity is larger than another; not where one of them cannot be read."""
    first, second = _USUAL.fullmatch(str(one)), _USUAL.fullmatch(str(other))
    if first is not None and second is not None:  # exact arithmetic in fractions takes ten times as long
        return int(first[1]) * _THOUSANDTHS[first[2]] > int(second[1]) * _THOUSANDTHS[second[2]]
    size, most = amount(str(one)), amount(str(other))
    return size is not None and most is not None and size > most


def canonical_size(text: str) -> str | None:
    """Give the form of a size that the API server would print; None where it is no quantity."""
    usual = _USUAL.fullmatch(text)
    if usual is not None and usual[2] in ("Ki", "Mi", "Gi") and int(usual[1]) % 1024:
        return text
    return canonical(text) if len(text) <= _MOST_QUANTITY else None
