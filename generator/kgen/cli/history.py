"""What Git holds of a workspace: the files of a revision, read without checking anything out."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from kgen.cli.workspace import MOST_ENTRIES, MOST_OF_ALL, SUFFIXES
from kgen.model.diagnostic import InputError, error
from kgen.model.node import Span
from kgen.model.sources import FOLDERS, MOST_BYTES, SETTINGS, Sources, Unreadable, scripts_named
from kgen.model.words import nearest

HEAD = "HEAD"
PATIENCE = 120.0  # seconds for one call; a clone without its blobs fetches them
_AT_ONCE = 32 << 20  # bytes of contents in one answer, which is held twice for a moment

# Set by Git for its hooks, they would lead away from the repository that the workspace lies in.
_LEADING = frozenset(
    "GIT_DIR GIT_WORK_TREE GIT_COMMON_DIR GIT_INDEX_FILE GIT_PREFIX GIT_NAMESPACE GIT_OBJECT_DIRECTORY "
    "GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_TRACE GIT_TRACE_SETUP".split()
)
_SETTINGS = {
    "LC_ALL": "C",
    "LANGUAGE": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_PAGER": "cat",
}

_LINK = Unreadable("it is a symbolic link, and none is followed in a revision", "commit a plain file in its place")
_MODULE = Unreadable("it is a submodule, which another repository holds", "commit the files themselves")
_LARGE = Unreadable(f"it is larger than {MOST_BYTES >> 20} MiB", "name a revision in which it is smaller")
_FULL = Unreadable(
    f"the files before it fill the {MOST_OF_ALL >> 20} MiB that kgen reads of a revision", "compare fewer environments"
)
_GONE = Unreadable("this clone does not hold its contents", "fetch the revision whole: `git fetch --refetch`")
_NAME = Unreadable("its name is not valid UTF-8", "rename it")


class NoGitError(Exception):
    """Git itself is not installed, or cannot be started."""


class Repository(NamedTuple):
    """A working tree of Git, and where the workspace lies in it."""

    home: str  # the workspace's root, as a real path
    prefix: str  # of the root in the repository: "" for its top, else it ends in "/"


class _Entry(NamedTuple):
    """A file of a revision: its path from the workspace's root, and its object."""

    path: str
    name: bytes  # of the object
    size: int


def repository_of(home: str) -> Repository | None:
    """Find the repository that a workspace lies in; None if it lies in none.

    Raises:
        NoGitError: Git is not installed.
        InputError: there is one, and Git refuses to look into it (KG017).
    """
    real = os.path.realpath(home)
    ran = _git(real, "rev-parse", "--is-inside-work-tree", "--show-prefix")
    if ran.returncode == 0:
        inside, _, prefix = _text(ran.stdout).partition("\n")
        return Repository(real, prefix.removesuffix("\n")) if inside == "true" else None
    said = _text(ran.stderr)
    if "not a git repository" in said and "dubious" not in said:
        return None
    if "dubious ownership" in said or "unsafe repository" in said:
        top = _top(real)
        message = f"the repository `{top}` belongs to another user, and Git does not read it"
        raise _wrong("git", message, f"run `git config --global --add safe.directory {top}`, if you trust it")
    raise _wrong(
        "git", f"Git cannot read the repository of `{home}`: {_words(said)}", "mend what Git says, and run again"
    )


def commit_of(repository: Repository, revision: str) -> str | None:
    """Give the commit that a revision names, as its hash; None for HEAD where nothing is committed yet.

    Raises:
        InputError: it names none (KG017).
    """
    found = _commit(repository, revision)
    if found is not None:
        return found
    if revision == HEAD and _git(repository.home, "symbolic-ref", "--quiet", HEAD).returncode == 0:
        return None
    raise unknown(repository, revision)


def unknown(repository: Repository, revision: str, others: Iterable[str] = ()) -> InputError:
    """Say that there is no such revision, and what may be meant; `others` are names of other things (KG017)."""
    place = f"--against {revision}"
    message = f"there is no revision `{revision}` in this repository"
    if _commit(repository, HEAD) is None:
        return _wrong(place, f"there is no revision `{revision}`: nothing is committed yet", "commit first")
    if _text(_git(repository.home, "rev-parse", "--is-shallow-repository").stdout).strip() == "true":
        help_ = "fetch it, as with `fetch-depth: 0` of actions/checkout, or with `git fetch --unshallow`"
        return _wrong(place, f"{message}, whose clone is shallow: it holds the last commits alone", help_)
    close = nearest(revision, (*others, HEAD, *_references(repository)))
    if close is not None:
        return _wrong(place, message, f"did you mean `{close}`?")
    return _wrong(place, message, "name a branch, a tag or a commit; `git branch --all` lists branches")


def is_revision(repository: Repository, name: str) -> bool:
    """Whether a name is that of a commit here."""
    return _commit(repository, name) is not None


def read_sources(repository: Repository, commit: str) -> Sources:
    """Read the workspace as it is at a commit: what `read_workspace` would read of it."""
    folders = tuple(f"{folder}/" for folder in FOLDERS)
    found = read_folders(repository, commit, (*folders, SETTINGS), sources=True)
    named = scripts_named(found)
    return {**found, **read_folders(repository, commit, named)} if named else found


def read_folders(
    repository: Repository, commit: str | None, paths: Iterable[str], *, sources: bool = False
) -> dict[str, bytes | Unreadable]:
    """Read every file below some paths of a workspace at a commit, by its path from the root, in order.

    What is no plain file, or too large, is there with the reason why it has no contents. None is no commit,
    and holds nothing.
    """
    found: dict[str, bytes | Unreadable] = {}
    wanted: list[_Entry] = []
    room = MOST_OF_ALL
    for entry, odd in _list(repository, commit, tuple(paths)):
        if sources and not _is_source(entry.path):
            continue
        unreadable = _FULL if odd is None and entry.size > room else odd
        if unreadable is None:
            room -= entry.size
            wanted.append(entry)
        else:
            found[entry.path] = unreadable
    for some in _portions(wanted):
        found.update(_contents(repository, some))
    return dict(sorted(found.items()))


def holds(repository: Repository, commit: str | None, path: str) -> bool:
    """Whether anything lies below a path of a workspace at a commit."""
    return any(True for _ in _list(repository, commit, (path,)))


def folders_below(repository: Repository, commit: str | None, path: str) -> list[str]:
    """Name the folders that lie directly below a path of a workspace at a commit, in order."""
    rest = (entry.path[len(path) + 1 :] for entry, _ in _list(repository, commit, (path,)))
    return sorted({name.partition("/")[0] for name in rest if "/" in name})


def _is_source(path: str) -> bool:
    hidden = any(part[0] == "." or part == "__pycache__" for part in path.split("/"))
    return path.endswith(SUFFIXES) and not hidden


def _list(
    repository: Repository, commit: str | None, paths: tuple[str, ...]
) -> Iterator[tuple[_Entry, Unreadable | None]]:
    """List the files below paths of a commit, and what speaks against reading each."""
    if commit is None or not paths:
        return
    head = repository.prefix
    asked = [head + path for path in paths] if all(head + path for path in paths) else []  # "" is all there is
    ran = _git(repository.home, "ls-tree", "-r", "-l", "-z", "--full-tree", commit, "--", *asked)
    if ran.returncode != 0:
        raise _wrong(
            commit, f"Git cannot list the files of {commit[:12]}: {_words(_text(ran.stderr))}", "run `git fsck`"
        )
    if ran.stdout.count(b"\0") > MOST_ENTRIES:
        message = f"the workspace holds more than {MOST_ENTRIES:,} files at {commit[:12]}"
        raise _wrong(commit, message, "compare with a revision that holds fewer")
    for line in ran.stdout.split(b"\0")[:-1]:
        yield _entry(line, head)


def _entry(line: bytes, head: str) -> tuple[_Entry, Unreadable | None]:
    """Read a line of `git ls-tree -l`: mode, type, object, size, a tab and the path."""
    facts, _, raw = line.partition(b"\t")
    mode, kind, name, size = facts.split()
    path = raw.decode("utf-8", "backslashreplace").removeprefix(head)
    entry = _Entry(path, name, int(size) if size.isdigit() else 0)
    if kind == b"commit":
        return entry, _MODULE
    if mode == b"120000":
        return entry, _LINK
    if not _is_utf8(raw):
        return entry, _NAME
    return entry, _LARGE if entry.size > MOST_BYTES else None


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _portions(entries: list[_Entry]) -> Iterator[list[_Entry]]:
    some: list[_Entry] = []
    size = 0
    for entry in entries:
        if some and size + entry.size > _AT_ONCE:
            yield some
            some, size = [], 0
        some.append(entry)
        size += entry.size
    if some:
        yield some


def _contents(repository: Repository, entries: list[_Entry]) -> Iterator[tuple[str, bytes | Unreadable]]:
    """Read objects, in one process; each comes as a line `NAME TYPE SIZE`, its bytes, and a line's end."""
    asked = b"".join(entry.name + b"\n" for entry in entries)
    data = memoryview(_git(repository.home, "cat-file", "--batch", given=asked).stdout)
    at = 0
    for entry in entries:
        line = bytes(data[at : at + 200]).partition(b"\n")[0]
        at += len(line) + 1
        if not line.startswith(entry.name + b" blob "):
            yield entry.path, _GONE
            continue
        yield entry.path, bytes(data[at : at + entry.size])
        at += entry.size + 1


def _commit(repository: Repository, revision: str) -> str | None:
    if not revision or revision[0] in "-^" or any(c in revision for c in "\0\n"):
        return None  # an option, all but a commit, or nothing that Git would call a revision
    ran = _git(repository.home, "rev-parse", "--verify", "--quiet", revision)
    if ran.returncode == 0:  # by itself first: `:/words^{commit}` would look for these words
        ran = _git(repository.home, "rev-parse", "--verify", "--quiet", f"{_text(ran.stdout).strip()}^{{commit}}")
    return _text(ran.stdout).strip() or None if ran.returncode == 0 else None


def _references(repository: Repository) -> list[str]:
    ran = _git(repository.home, "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags", "refs/remotes")
    return _text(ran.stdout).splitlines()


def _top(real: str) -> Path:
    """Give the folder that holds `.git`, as Git does not tell whose repository it refuses."""
    start = Path(real)
    return next((folder for folder in (start, *start.parents) if os.path.lexists(folder / ".git")), start)


def _git(home: str, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run Git in a folder, without the settings by which a caller leads it elsewhere.

    Raises:
        NoGitError: it cannot be started.
    """
    environ = {key: value for key, value in os.environ.items() if key not in _LEADING}
    command = ["git", "--no-pager", *arguments]
    try:
        return subprocess.run(  # noqa: S603 - Git alone, no shell, and no word of a caller where an option could stand
            command,
            cwd=home,
            env={**environ, **_SETTINGS},
            input=given,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as problem:
        help_ = f"see what `git {arguments[0]}` waits for"
        raise _wrong("git", f"Git has not answered for {PATIENCE:.0f} seconds", help_) from problem
    except OSError as problem:
        if problem.errno == errno.E2BIG:
            message = "there are too many paths for one call of Git"
            raise _wrong("git", message, "compare fewer environments at once") from problem
        raise NoGitError(str(problem)) from problem


def _text(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")


def _words(said: str) -> str:
    """Give the first line of what Git says."""
    lines = [line.removeprefix("fatal: ").removeprefix("error: ") for line in said.splitlines() if line.strip()]
    return lines[0] if lines else "it does not say why"


def _wrong(place: str, message: str, help_: str) -> InputError:
    return InputError([error(Span(place, 0, 0), "KG017", message, help_)])
