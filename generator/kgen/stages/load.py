"""Bytes to checked Nodes: syntax, unknown keys, wrong kinds of value (KG0xx)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import TYPE_CHECKING

from kgen.codec import reader
from kgen.model.diagnostic import Diagnostic, InputError, error
from kgen.model.environment import ENVIRONMENT, WORKSPACE
from kgen.model.node import Node, Span, fields
from kgen.model.overlay import EXPERIMENT_BLOCK, OVERLAY
from kgen.model.shape import Shape, check
from kgen.model.sources import SETTINGS, Sources, Unreadable
from kgen.model.spec import SPEC
from kgen.model.words import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterable

UNREADABLE, NOT_FOUND, TWO_FILES = "KG010", "KG101", "KG102"
SUFFIXES = (".yaml", ".yml", ".jsonnet")

Evaluate = Callable[[str, Sources, str], str]
"""Evaluates a Jsonnet file: (file, sources, environment) to JSON text."""


class Kind(Enum):
    """What a file is: where it lies, and what it may hold."""

    SPEC = ("experiment", "experiments/{}", SPEC)
    OVERLAY = ("overlay", "overlays/{}", OVERLAY)
    ENVIRONMENT = ("environment", "environments/{}/environment", ENVIRONMENT)

    def __init__(self, word: str, place: str, shape: Shape) -> None:
        self.word, self.place, self.shape = word, place, shape

    def names(self, sources: Iterable[str]) -> list[str]:
        """Name every file of this kind in a workspace."""
        head, tail = self.place.split("{}")
        ends = tuple(tail + suffix for suffix in SUFFIXES)
        found = set()
        for path in sources:
            if path.startswith(head) and path.endswith(ends):
                name = path[len(head) :].removesuffix(next(end for end in ends if path.endswith(end)))
                if name and "/" not in name:
                    found.add(name)
        return sorted(found)


class Library:
    """The files of a workspace, each read and checked once, when it is first asked for.

    What is wrong with a file is gathered in `problems`; asking for it again adds nothing.
    """

    def __init__(self, sources: Sources, environment: str, evaluate: Evaluate) -> None:
        self.sources, self.problems = sources, list[Diagnostic]()
        self._environment, self._evaluate = environment, evaluate
        self._files: dict[str, tuple[Node, ...]] = {}
        self._specs: dict[str, tuple[Node, ...]] = {}

    def settings(self) -> Node | None:
        """Read `kgen.yaml`, if there is one."""
        if SETTINGS not in self.sources:
            return None
        documents = self._read(SETTINGS, WORKSPACE)
        return documents[0] if documents else None

    def environment(self, name: str, wanted_at: Span) -> Node | None:
        """Read an environment by its name."""
        return next(iter(self._find(Kind.ENVIRONMENT, name, wanted_at)), None)

    def overlay(self, name: str, wanted_at: Span) -> Node | None:
        """Read an overlay by its name."""
        return next(iter(self._find(Kind.OVERLAY, name, wanted_at)), None)

    def experiments(self, name: str, wanted_at: Span) -> tuple[Node, ...]:
        """Read a spec by its name; a family of them where a Jsonnet file yields a list.

        Each has its `name` in it: a spec that leaves it out is named as its file is.
        """
        if name not in self._specs:
            documents = self._find(Kind.SPEC, name, wanted_at)
            self._specs[name] = tuple([self._with_name(d, name, len(documents)) for d in documents])
        return self._specs[name]

    def _with_name(self, spec: Node, stem: str, family: int) -> Node:
        given = fields(spec)
        if "name" in given:
            return spec
        if family > 1:
            message = "an experiment of a family has no `name`"
            self._add(error(spec.span, "KG011", message, "give each experiment of the list its `name`"))
        name = Node(stem, Span(spec.span.file, 1, 1))
        self.problems.extend(check(name, SPEC.keys["name"], ("name",)))
        return Node({"name": name, **given}, spec.span)

    def _find(self, kind: Kind, name: str, wanted_at: Span) -> tuple[Node, ...]:
        """Read a file by its name: one document, or the family that a Jsonnet spec yields.

        Nothing is given back where something is wrong; `problems` says what.
        """
        place = kind.place.format(name)
        files = [place + suffix for suffix in SUFFIXES if place + suffix in self.sources]
        if len(files) == 1:
            return self._read(files[0], kind.shape)
        if not files:
            names = kind.names(self.sources)
            stem = name.removesuffix(".yaml").removesuffix(".yml").removesuffix(".jsonnet")
            help_ = f"write `{stem}`, without the ending" if stem != name and stem in names else suggestion(name, names)
            message = f"there is no {kind.word} `{name}` ({place}.yaml)"
            self._add(error(wanted_at, NOT_FOUND, message, help_))
        else:
            message = f"{kind.word} `{name}` is written twice: {' and '.join(files)}"
            self._add(error(Span(files[0], 1, 1), TWO_FILES, message, "keep one of them"))
        return ()

    def manifests(self, file: str, wanted_at: Span) -> tuple[Node, ...]:
        """Read every document of a file of plain manifests."""
        data = self.sources.get(file)
        if data is None:
            folder = file.rsplit("/", 1)[0] + "/"
            near = [path for path in self.sources if path.startswith(folder)]
            if file.startswith(("../", "/")) or file == "..":
                message, help_ = f"`{file}` leads out of the workspace", "copy the file beside the one that names it"
            else:
                message, help_ = f"there is no file `{file}`", suggestion(file, near)
            self._add(error(wanted_at, NOT_FOUND, message, help_))
            return ()
        if file in self._files:
            return self._files[file]
        if isinstance(data, Unreadable):
            self._add(error(Span(file, 1, 1), UNREADABLE, data.message, data.help))
            documents: tuple[Node, ...] = ()
        else:
            documents, problems = reader.read_all(data, file)
            problems = (*problems, *(p for document in documents for p in _octal(document, modes=False)))
            self.problems.extend(problems)
            documents = () if problems else documents
        self._files[file] = documents
        return documents

    def _add(self, problem: Diagnostic) -> None:
        if problem not in self.problems:
            self.problems.append(problem)

    def _read(self, file: str, shape: Shape) -> tuple[Node, ...]:
        if file not in self._files:
            try:
                documents = self._parse(file)
            except InputError as failure:
                self.problems.extend(failure.diagnostics)
                documents = ()
            problems = [p for document in documents for p in (*check(document, shape), *_octal(document, modes=True))]
            self.problems.extend(problems)
            self._files[file] = () if problems else documents
        return self._files[file]

    def _parse(self, file: str) -> tuple[Node, ...]:
        data = self.sources[file]
        if isinstance(data, Unreadable):
            raise InputError([error(Span(file, 1, 1), UNREADABLE, data.message, data.help)])
        if not file.endswith(".jsonnet"):
            document, problems = reader.read(data, file)
            if problems or document is None:
                raise InputError(problems)
            return (document,)
        from kgen.codec import jsonnet  # noqa: PLC0415 - a workspace without Jsonnet does not pay for it

        node = jsonnet.to_node(self._evaluate(file, self.sources, self._environment), file)
        if isinstance(node.value, tuple) and file.startswith("experiments/"):
            if not node.value:
                message = "the file yields an empty list of experiments"
                raise InputError([error(node.span, "KG005", message, "yield one experiment or more")])
            return node.value
        return (node,)


_MODES = ("defaultMode", "mode")


def _octal(node: Node, key: str = "", *, modes: bool) -> Iterator[Diagnostic]:
    """Report whole numbers with a leading zero: decimal in YAML 1.2, and octal to kubectl.

    In a spec or a layer only file modes (`modes`), as Kubernetes alone reads those.
    """
    value = node.value
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _octal(item, name, modes=modes)
    elif isinstance(value, tuple):
        for item in value:
            yield from _octal(item, key, modes=modes)
    elif node.text[:1] == "0" and node.text.isdecimal() and (not modes or key in _MODES):
        octal = int(node.text, 8) if set(node.text) <= set("01234567") else None
        message = f"`{node.text}` is {value} to YAML 1.2" + (f", and {octal} to kubectl" if octal is not None else "")
        help_ = f"write 0o{node.text.lstrip('0') or '0'} for the octal number" if octal is not None else "drop the zero"
        yield error(node.span, "KG008", message, f"{help_}, or put it in quotes where it is a text")


def load_setting(assignment: str) -> Node:
    """Read one `--set key.path=value` as a layer over the compact spec.

    Raises:
        InputError: it has no `=`, its value is not YAML, or the spec knows no such key.
    """
    keys, found, value = assignment.partition("=")
    place = Span(f"--set {keys}", 1, 1)  # without the value, which may be a secret
    path = [key.replace("\0", ".") for key in keys.replace("\\.", "\0").split(".")]
    if not found or not all(path):
        help_ = "write KEY=VALUE with a dotted key of the spec, such as trials.max=3"
        raise InputError([error(place, "KG013", f"`{keys}` sets nothing", help_)])
    from kgen.codec.value import read_value  # noqa: PLC0415 - a command without `--set` has none

    node, problems = read_value(value, place.file)
    if problems or node is None:
        raise InputError(problems)
    for key in reversed(path):
        node = Node({key: node}, place)
    wrong = tuple(check(node, EXPERIMENT_BLOCK))
    if wrong:
        raise InputError(wrong)
    return node
