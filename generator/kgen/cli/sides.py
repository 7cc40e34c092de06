"""The sides of a comparison, read from the disk and from Git: committed trees, folders, environments, manifests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from kgen.cli import history
from kgen.cli.console import APPLICATIONS
from kgen.cli.gather import STDIN, SUFFIXES, Workspace, gather
from kgen.cli.look import placed
from kgen.cli.output import folder_of
from kgen.cli.render import render_all
from kgen.cli.tree import OWN_MARK, own_files
from kgen.model.diagnostic import InputError, Severity, error
from kgen.model.experiment import Rendered
from kgen.model.node import Span
from kgen.model.sources import Sources, Unreadable
from kgen.pipeline.differing import Side
from kgen.stages.load import Kind

NO_REPOSITORY = "KG017"


class Place:
    """Where a comparison is made: the workspace, and the repository it lies in; each thing is read once."""

    def __init__(self, workspace: Workspace | None) -> None:
        self.workspace = workspace
        self.notes: dict[str, None] = {}  # what is said about the comparison
        self._repositories: dict[str, history.Repository | None] = {}
        self._commits: dict[tuple[str, str], str | None] = {}
        self._sources: dict[tuple[str, str], Sources] = {}
        self._given: dict[str, Sources] = {}
        self._rendered: dict[str, Rendered] = {}

    @property
    def home(self) -> str:
        """Give the workspace's root, or the current folder."""
        return "." if self.workspace is None else self.workspace.home

    @property
    def output(self) -> str:
        """Give the workspace's folder of rendered manifests, from its root."""
        return Rendered("", ()).output if self.workspace is None else self.workspace.output

    @property
    def environments(self) -> list[str]:
        """Name the workspace's environments."""
        return [] if self.workspace is None else Kind.ENVIRONMENT.names(self.workspace.sources)

    def note(self, text: str) -> None:
        """Say something of the comparison; once, however many environments it is true of."""
        self.notes[text] = None

    def repository(self, home: str) -> history.Repository | None:
        """Find the repository that a folder lies in; None where there is none.

        Raises:
            NoGitError: Git is not installed.
            InputError: Git refuses to look into it (KG017).
        """
        if home not in self._repositories:
            self._repositories[home] = history.repository_of(home)
        return self._repositories[home]

    def commit(self, repository: history.Repository, revision: str) -> str | None:
        """Give the commit that a revision names.

        Raises:
            InputError: it names none (KG017).
        """
        key = repository.home, revision
        if key not in self._commits:
            self._commits[key] = history.commit_of(repository, revision)
        return self._commits[key]

    def sources(self, repository: history.Repository, commit: str) -> Sources:
        """Read the workspace at a commit."""
        key = repository.home, commit
        if key not in self._sources:
            self._sources[key] = history.read_sources(repository, commit)
        return self._sources[key]

    def files(self, path: str) -> Sources:
        """Read plain manifests; stdin can be read but once."""
        if path not in self._given:
            self._given[path] = gather((path,), None).files
        return self._given[path]

    def rendered(self, environment: str) -> Side:
        """Render an environment, to compare others with it.

        Raises:
            InputError: it cannot be rendered.
        """
        if environment not in self._rendered:
            (self._rendered[environment],) = environments(self, (environment,))
        found = self._rendered[environment]
        wrong = [d for d in found.diagnostics if d.severity is Severity.ERROR]
        if wrong:
            raise InputError(wrong)
        return Side(f"env/{environment}", rendered=found)


class _Committed(NamedTuple):
    """What a revision holds of an environment's rendered folder."""

    files: dict[str, bytes]
    application: bytes | None

    @property
    def is_there(self) -> bool:
        return bool(self.files) or self.application is not None


def committed(place: Place, environment: str) -> Side:
    """Give what Git's HEAD holds of an environment; outside a repository, what the disk holds."""
    try:
        repository = place.repository(place.home)
    except history.NoGitError:
        place.note(f"Git is not installed: compared with {place.output}/ on disk")
        return on_disk(place, environment)
    if repository is None:
        place.note(f"there is no Git repository here: compared with {place.output}/ on disk")
        return on_disk(place, environment)
    return _at(place, repository, environment, history.HEAD, named=False)


def at_revision(place: Place, environment: str, revision: str) -> Side:
    """Give what a revision holds of an environment, or what its sources render to.

    Raises:
        InputError: there is no such revision, or no repository (KG017).
    """
    return _at(place, _needed(place, place.home, revision), environment, revision, named=True)


def on_disk(place: Place, environment: str) -> Side:
    """Give the rendered folder of an environment as it is on disk."""
    folder = folder_of(place.home, place.output)
    files = own_files(folder / environment)
    application = own_files(folder / APPLICATIONS).get(f"{environment}.yaml")
    path = f"{place.output}/{environment}"
    if not files and application is None:
        place.note(f"{path} is empty, or not there: all of env/{environment} is new")
    return Side(path, files={f"{path}/{name}": data for name, data in files.items()}, application=application)


def left_behind(place: Place, revision: str | None) -> tuple[str, ...]:
    """Name the environments that a revision has rendered and the workspace has no more, each with a note.

    Without a revision, or where there is no repository, those that the disk has.

    Raises:
        InputError: there is no such revision (KG017).
    """
    try:
        repository = None if revision is None else place.repository(place.home)
    except history.NoGitError:
        repository = None
    known = (*place.environments, APPLICATIONS)
    if repository is None or revision is None:
        folder, holder = folder_of(place.home, place.output), ""
        held = sorted(path.name for path in folder.glob("*") if path.is_dir() and own_files(path))
    else:
        commit, holder = place.commit(repository, revision), f" of {revision}"
        below = history.folders_below(repository, commit, place.output)
        others = (name for name in below if name not in known)
        held = [name for name in others if _tree(place, repository, commit, name, revision).files]
    gone = tuple(name for name in held if name not in known)
    for name in gone:
        place.note(
            f"{place.output}/{name}{holder} is not compared, as there is no environment {name} any more: "
            "whether its objects are deleted is up to its Application"
        )
    return gone


def manifests(place: Place, path: str, *, whole: bool) -> Side:
    """Give plain manifests; `whole` says that what is not in them does not exist."""
    return Side("stdin" if path == STDIN else path, files=place.files(path), complete=whole)


def manifests_at(place: Place, path: str, revision: str) -> Side:
    """Give the plain manifests that a revision holds at a path.

    Raises:
        InputError: there is no such revision, or no repository (KG017).
    """
    given = Path(path)
    folder, name = (given, "") if given.is_dir() else (given.parent, given.name)
    repository = _needed(place, str(folder), revision)
    held = history.read_folders(repository, place.commit(repository, revision), (name,))
    found = {(folder / each).as_posix(): data for each, data in held.items() if each.endswith(SUFFIXES) or name}
    side = f"{revision}:{path}"
    if not found:
        place.note(f"{side} is not there: all of it is new")
    return Side(side, files=_readable(place, side, found))


def environments(place: Place, names: tuple[str, ...], settings: tuple[str, ...] = ()) -> tuple[Rendered, ...]:
    """Render environments of the workspace as it is on disk."""
    assert place.workspace is not None
    return render_all(place.workspace.sources, names, settings, allow_empty=True)


def _at(place: Place, repository: history.Repository, environment: str, revision: str, *, named: bool) -> Side:
    commit, path = place.commit(repository, revision), f"{place.output}/{environment}"
    found = _tree(place, repository, commit, environment, revision)
    nothing = Side(f"{revision}:{path}")
    if commit is None:
        place.note("nothing is committed yet: all is new")
        return nothing
    if found.is_there:
        return Side(f"{revision}:{path}", files=found.files, application=found.application)
    if not named and history.holds(repository, commit, place.output):
        place.note(f"{revision} has no {path}: all of env/{environment} is new")
        return nothing
    sources = place.sources(repository, commit)
    if environment not in Kind.ENVIRONMENT.names(sources):
        place.note(f"{revision} has no environment {environment}: all of it is new")
        return nothing
    side = Side(f"env/{environment} of {revision}", rendered=_of_sources(sources, environment, revision))
    place.note(f"{revision} has no {path}: compared with what its sources render to")
    return side


def _tree(
    place: Place, repository: history.Repository, commit: str | None, environment: str, revision: str
) -> _Committed:
    """Read an environment's rendered folder of a commit, and the Application that applies it."""
    folder, application = f"{place.output}/{environment}", f"{place.output}/{APPLICATIONS}/{environment}.yaml"
    held = history.read_folders(repository, commit, (folder, application))
    own = held.pop(application, None)
    direct = {path: data for path, data in held.items() if "/" not in path[len(folder) + 1 :]}
    files = _readable(place, revision, {path: data for path, data in direct.items() if path.endswith(SUFFIXES)})
    foreign = [path for path, data in files.items() if not data.startswith(OWN_MARK)]
    if foreign:
        place.note(f"not compared, as kgen did not write them: {', '.join(foreign)}")
    mine = {path: data for path, data in files.items() if path not in foreign}
    return _Committed(mine, own if isinstance(own, bytes) else None)


def _readable(place: Place, revision: str, files: Mapping[str, bytes | Unreadable]) -> dict[str, bytes]:
    for path, data in files.items():
        if isinstance(data, Unreadable):
            place.note(f"not compared: {path} of {revision}: {data.message}")
    return {path: data for path, data in files.items() if isinstance(data, bytes)}


def _of_sources(sources: Sources, environment: str, revision: str) -> Rendered:
    """Render a revision's sources; that a rule of today minds them keeps nobody from comparing.

    Raises:
        InputError: they cannot be rendered.
    """
    (rendered,) = render_all(sources, (environment,), (), allow_empty=True)
    wrong = [d for d in rendered.diagnostics if d.severity is Severity.ERROR]
    if wrong and not rendered.experiments:
        raise InputError(placed(each, lambda file: f"{revision}:{file}") for each in wrong)
    return rendered._replace(diagnostics=())


def _needed(place: Place, home: str, revision: str) -> history.Repository:
    """Find the repository of a revision that somebody named.

    Raises:
        InputError: there is none, or no Git (KG017).
    """
    where = Span(f"--against {revision}", 0, 0)
    try:
        repository = place.repository(home)
    except history.NoGitError as problem:
        message = "Git is not installed, and a revision cannot be read without it"
        raise InputError([error(where, NO_REPOSITORY, message, "install Git, or name a file")]) from problem
    if repository is None:
        message = f"there is no Git repository here, and so no revision `{revision}`"
        raise InputError([error(where, NO_REPOSITORY, message, "run kgen in a clone, or compare with a file")])
    return repository
