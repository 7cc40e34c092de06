"""What `kgen lint` is asked to look at: environments, compact specs, and files of plain manifests."""

from __future__ import annotations

import fnmatch
import os
import re
import stat
import sys
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import click

from kgen.cli.console import environment_name
from kgen.cli.workspace import MOST_OF_ALL, of_problem, read_file
from kgen.model.diagnostic import Diagnostic
from kgen.model.node import Node, get, text_of
from kgen.model.sources import FOLDERS, MOST_BYTES, SETTINGS, Sources, Unreadable
from kgen.model.words import nearest
from kgen.pipeline.settings import read_settings
from kgen.stages.load import Kind

SUFFIXES = (".yaml", ".yml", ".json")
STDIN = "-"
STDIN_NAME = "<stdin>"
_API, _KIND = (re.compile(rb"^%s:" % key, re.MULTILINE) for key in (b"apiVersion", b"kind"))
_LARGE = Unreadable(f"it is larger than {MOST_BYTES >> 20} MiB", "split it")
_FULL = Unreadable(
    f"the files before it fill the {MOST_OF_ALL >> 20} MiB that kgen reads in one run",
    "lint fewer files in one run, or leave some out with `--exclude`",
)
_SKIPPED = frozenset(("__pycache__", "node_modules", "venv"))  # beside every folder that begins with a dot
MAGIC = frozenset("*?[")
_LEADS_OUT = Unreadable("it is a symbolic link that leads out of the repository", "name the file, or copy it here")


class Workspace(NamedTuple):
    """A workspace and its files, where there is one."""

    home: str  # its root, as a real path
    sources: Sources
    settings: Node | None  # kgen.yaml; None where there is none, or it is wrong
    wrong: tuple[Diagnostic, ...]  # what is wrong with it

    @property
    def output(self) -> str:
        """Its folder of rendered manifests, from the root."""
        given = get(self.settings, "output")
        return "rendered" if given is None else text_of(given)


def workspace_of(home: str, sources: Sources) -> Workspace:
    """Make a workspace of its files; its settings are read here, and nowhere again."""
    return Workspace(os.path.realpath(home), sources, *read_settings(sources))


class Gathered(NamedTuple):
    """What a command line asks for; paths are as a person would write them from here."""

    environments: tuple[str, ...]
    specs: tuple[str, ...]  # names of compact specs that are linted without any layer
    files: Sources
    named: frozenset[str]  # files that were asked for by name, and not found in a folder
    everything: bool = False  # all that the workspace runs, and every spec
    overlays: bool = False  # also those that no environment lays


class _Work:
    def __init__(self, workspace: Workspace | None, exclude: tuple[str, ...]) -> None:
        self.workspace, self.exclude = workspace, exclude
        self.environments: dict[str, None] = {}
        self.specs: dict[str, None] = {}
        self.files: dict[str, bytes | Unreadable] = {}
        self.named: set[str] = set()
        self.real: dict[str, str] = {}  # where each file really is, to the path it was first found by
        self.room = MOST_OF_ALL
        self.whole = self.overlays = False


def gather(targets: tuple[str, ...], workspace: Workspace | None, exclude: tuple[str, ...] = ()) -> Gathered:
    """Find what the targets name; each file is read once.

    Raises:
        click.UsageError: a target is neither a file nor a folder nor an environment.
    """
    work = _Work(workspace, exclude)
    if not targets and workspace is not None:
        _take_whole(work, workspace)
    for target in dict.fromkeys(targets):
        if target == STDIN or os.path.lexists(target) or not MAGIC & set(target):
            _take(work, target)
        else:
            _take_pattern(work, target)
    files = dict(sorted(work.files.items()))
    return Gathered(
        tuple(work.environments),
        tuple(work.specs),
        files,
        frozenset(work.named),
        work.whole,
        work.overlays or work.whole,
    )


def _take_whole(work: _Work, workspace: Workspace) -> None:
    """Take what a workspace runs; where that is nothing, whatever lies in it."""
    work.whole = True
    work.environments |= dict.fromkeys(Kind.ENVIRONMENT.names(workspace.sources))
    root = os.path.relpath(workspace.home)
    manifests = manifests_among(workspace.sources)
    if not work.environments and not manifests.keys() ^ set(Kind.SPEC.names(workspace.sources)):
        _take_root(work, root)
    for file in manifests.values():
        _read(work, _shown(os.path.join(root, "experiments", file)), root)


def _take_pattern(work: _Work, pattern: str) -> None:
    """Take what a pattern stands for: a shell leaves it as it is where it is quoted, or matches nothing."""
    found = _matches(pattern)
    if not found:
        raise click.UsageError(f"{pattern!r} matches no file")
    for path in found:
        _take(work, path, found=True)


def _matches(pattern: str) -> list[str]:
    """Give the paths that match; `**` stands for any folders, and as in a walk enters no link and no hidden one."""
    steps = pattern.split("/")
    here = [("/" if pattern.startswith("/") else "")]
    for number, step in enumerate(steps):
        last = number == len(steps) - 1
        if step == "**":
            below = dict.fromkeys(path for start in here for path in _folders(start))
            here = [path for start in below for path in (_children(start, "*") if last else [start])]
        elif step and not MAGIC & set(step):
            here = [path for start in here if os.path.lexists(path := os.path.join(start, step))]
        elif step:
            here = [path for start in here for path in _children(start, step)]
    return sorted({path or "." for path in here})


def _folders(start: str) -> Iterator[str]:
    yield start
    for path in _children(start, "*"):
        if os.path.isdir(path) and not os.path.islink(path):
            yield from _folders(path)


def _children(folder: str, pattern: str) -> list[str]:
    fits = re.compile(fnmatch.translate(pattern)).match
    try:
        names = sorted(os.listdir(folder or "."))
    except OSError:
        return []
    return [os.path.join(folder, n) for n in names if fits(n) and (n[0] != "." or pattern[0] == ".")]


def _take(work: _Work, target: str, *, found: bool = False) -> None:
    """Take a target; what a pattern `found` is read as what lies in a folder."""
    if target == STDIN:
        data = _bounded(sys.stdin.buffer) if sys.stdin is not None else b""
        work.files[STDIN_NAME] = data
        work.named.add(STDIN_NAME)
        return
    known = _of_workspace(work, target)
    if known is not None:
        _take_own(work, target, known)
    elif os.path.isdir(target):
        for path in _walk(work, target):
            _read(work, path, target)
    elif found:
        if target.endswith(SUFFIXES) and not _is_excluded(work, target):
            _read(work, _shown(target), ".")
    elif os.path.lexists(target):
        _read_named(work, target)
    else:
        raise click.UsageError(f"{target!r} is no file, no folder and no environment: {_near(work, target)}")


def _read_named(work: _Work, target: str) -> None:
    if not _is_excluded(work, target):
        path = _shown(target)
        _read(work, path, None)
        work.named.add(work.real[os.path.realpath(path)])


def _near(work: _Work, target: str) -> str:
    sources: Sources = {} if work.workspace is None else work.workspace.sources
    names = Kind.ENVIRONMENT.names(sources)
    specs = [path for path in sources if path.startswith("experiments/")]
    if any(os.path.splitext(os.path.basename(path))[0] == target for path in specs):
        return f"write `experiments/{target}` with its ending for the spec"
    folder = os.path.dirname(target) or "."
    try:
        here = sorted(name for name in os.listdir(folder) if name[0] != ".")
    except OSError:
        here = []
    close = nearest(os.path.basename(target), [*names, *here])
    if close is not None:
        return f"did you mean `{close if close in names else os.path.join(os.path.dirname(target), close)}`?"
    known = "".join(f", or env/{name}" for name in names[:5])
    return f"give a file, a folder or a pattern{known or ', or env/NAME in a workspace'}"


def _of_workspace(work: _Work, target: str) -> str | None:
    """Give a target's path in the workspace, if it is one of the workspace's own: "" for its root."""
    if work.workspace is None:
        return None
    home, sources = work.workspace.home, work.workspace.sources
    if os.path.lexists(target):
        real = os.path.realpath(target)
        if real != home and not real.startswith(home + os.sep):
            return None
        path = os.path.relpath(real, home).replace(os.sep, "/")
        if path == ".":
            return ""
        first = path.split("/")[0]
        if path == SETTINGS or first in FOLDERS:
            return path
        return f"environments/{target}" if target in Kind.ENVIRONMENT.names(sources) else None
    try:
        name = environment_name(target)
    except click.UsageError:
        return None
    return f"environments/{name}" if name in Kind.ENVIRONMENT.names(sources) else None


def _take_own(work: _Work, target: str, path: str) -> None:
    """Take what a path of the workspace means: its environments, a spec, or the manifests beside them."""
    assert work.workspace is not None
    sources = work.workspace.sources
    folder, _, rest = path.partition("/")
    if not path or path == SETTINGS or folder in ("overlays", "lib"):
        # An overlay is little by itself: what it does is seen in the environments that lay it.
        work.overlays |= folder == "overlays"
        work.environments |= dict.fromkeys(Kind.ENVIRONMENT.names(sources))
        if not path:
            _take_root(work, target)
    elif folder == "experiments":
        _take_specs(work, target, rest)
    else:
        _take_environment(work, target, rest)


def _take_specs(work: _Work, target: str, rest: str) -> None:
    """Take what a path below `experiments` means; "" for all of them."""
    assert work.workspace is not None
    sources = work.workspace.sources
    manifests = manifests_among(sources)
    specs = [n for n in Kind.SPEC.names(sources) if n not in manifests and (not rest or n == os.path.splitext(rest)[0])]
    work.specs |= dict.fromkeys(specs)
    if os.path.isfile(target):
        if not specs:
            _read_named(work, target)
        return
    for file in manifests.values():
        if not rest or file.startswith(f"{rest}/"):
            _read(work, _shown(os.path.join(target, os.path.relpath(file, rest or "."))), target)


def _take_environment(work: _Work, target: str, rest: str) -> None:
    """Take what a path below `environments` means; "" for all of them."""
    assert work.workspace is not None
    name, names = rest.partition("/")[0], Kind.ENVIRONMENT.names(work.workspace.sources)
    work.environments |= dict.fromkeys(n for n in names if not name or n == name)
    if os.path.isfile(target) and os.path.splitext(rest)[0] != f"{name}/environment":
        _read_named(work, target)  # a manifest that the environment may name, or not
    elif os.path.isdir(target) and name not in names:  # manifests of a team that has none of kgen's environments there
        for file in _walk(work, target, besides=() if name else tuple(names)):
            _read(work, file, target)


def _take_root(work: _Work, root: str) -> None:
    """Take all of a workspace, and the plain manifests in it."""
    assert work.workspace is not None
    sources, output = work.workspace.sources, work.workspace.output
    work.whole = True
    for file in _walk(work, root, besides=(*FOLDERS, output)):
        _read(work, file, root)
    for file in manifests_among(sources).values():
        _read(work, _shown(os.path.join(root, "experiments", file)), root)
    place = os.path.join(root, "environments")
    if os.path.isdir(place):
        _take_environment(work, place, "")


def manifests_among(sources: Sources) -> dict[str, str]:
    """Give the files among the specs that are plain manifests, by their name as a spec."""
    head = "experiments/"
    return {
        os.path.splitext(path)[0].removeprefix(head): path.removeprefix(head)
        for path, data in sources.items()
        if path.startswith(head) and path.endswith(SUFFIXES) and isinstance(data, bytes) and is_manifest(data)
    }


def is_manifest(data: bytes) -> bool:
    """Whether a file says what it is, as a Kubernetes object does and no compact spec."""
    return b"apiVersion:" in data and _API.search(data) is not None and _KIND.search(data) is not None


def _walk(work: _Work, folder: str, besides: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the files below a folder that may hold manifests, in order; links to folders are not followed."""
    for here, folders, files in os.walk(folder, onerror=lambda problem: _unlisted(work, problem)):
        top = here == folder
        chart = "Chart.yaml" in files
        folders[:] = sorted(
            name
            for name in folders
            if name[0] != "."
            and name not in _SKIPPED
            and not (top and name in besides)
            and not (chart and name == "templates")  # of a Helm chart: text that is YAML only once it is rendered
            and not _is_excluded(work, os.path.join(here, name))
        )
        for name in sorted(files, key=lambda name: (os.path.islink(os.path.join(here, name)), name)):
            path = os.path.join(here, name)
            own = top and name == SETTINGS and besides
            if name.endswith(SUFFIXES) and name[0] != "." and not own and not _is_excluded(work, path):
                yield _shown(path)


def _unlisted(work: _Work, problem: OSError) -> None:
    """Keep a folder that cannot be listed as one that is not read: nobody knows what is in it."""
    work.files[_shown(str(problem.filename))] = of_problem(problem)


def _is_excluded(work: _Work, path: str) -> bool:
    if not work.exclude:
        return False
    shown = _shown(path)
    names = (shown, os.path.basename(shown))
    return any(fnmatch.fnmatchcase(name, _shown(pattern)) for pattern in work.exclude for name in names)


def _shown(path: str) -> str:
    return os.path.normpath(path).replace(os.sep, "/")


def _read(work: _Work, path: str, folder: str | None) -> None:
    """Read a file, once; `folder` is where it was found, and None for one that was named."""
    real = os.path.realpath(path)
    before = work.real.get(real)
    if before is not None:
        if before != real and os.path.islink(before) and before not in work.named and not os.path.islink(path):
            work.real[real] = path
            work.files[path] = work.files.pop(before)
        return
    work.real[real] = path
    if folder is not None and os.path.islink(path) and not _is_below(real, (folder, _repository())):
        work.files[path] = _LEADS_OUT
        return
    content = _content(path, real, work.room, named=folder is None)
    work.room -= len(content) if isinstance(content, bytes) else 0
    work.files[path] = content


def _repository() -> str:
    """Give the root of the repository that the current folder is in; itself if it is in none."""
    here = above = os.path.realpath(".")
    while not os.path.lexists(os.path.join(above, ".git")):
        above, below = os.path.dirname(above), above
        if above == below:
            return here
    return above


def _is_below(real: str, folders: tuple[str, ...]) -> bool:
    return any(real.startswith(os.path.realpath(folder).rstrip(os.sep) + os.sep) for folder in folders)


def _content(path: str, real: str, room: int, *, named: bool) -> bytes | Unreadable:
    if named:
        try:
            if stat.S_ISFIFO(os.stat(path).st_mode):  # as a shell's <(...) makes one
                with open(path, "rb") as stream:
                    return _bounded(stream)
        except OSError as problem:
            return of_problem(problem)
    content = read_file(real, MOST_OF_ALL)
    if isinstance(content, Unreadable):
        return _LARGE if content.message == _LARGE.message else content  # whose help is for a workspace
    return content if len(content) <= room else _FULL


def _bounded(stream: BinaryIO) -> bytes | Unreadable:
    data = stream.read(MOST_BYTES + 1)
    return data if len(data) <= MOST_BYTES else _LARGE
