"""A workspace's folder to the bytes of its files; what cannot be used is kept with the reason why."""

from __future__ import annotations

import errno
import os
import stat
import sys
from typing import NamedTuple, TypeAlias

from kgen.model.diagnostic import InputError, error
from kgen.model.node import Span
from kgen.model.sources import FOLDERS, MOST_BYTES, SETTINGS, Sources, Unreadable, scripts_named

SUFFIXES = (".yaml", ".yml", ".json", ".jsonnet", ".libsonnet")
MOST_OF_ALL = 256 << 20  # bytes; a few links to one large file must not fill the memory
MOST_ENTRIES = 100_000  # links inside a workspace can multiply its folders without end

_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)

_FOLDER = Unreadable("it is a folder, not a file", "rename the folder, or put the file in its place")
_NO_FILE = Unreadable("it is not a regular file", "put a plain file in its place")
_LARGE = Unreadable(
    f"it is larger than {MOST_BYTES >> 20} MiB", "split it, or move it out of the folders that kgen reads"
)
_FULL = Unreadable(
    f"the files before it fill the {MOST_OF_ALL >> 20} MiB that kgen reads of a workspace",
    "move what is not for kgen out of experiments, overlays, environments and lib",
)
_DENIED = Unreadable("permission to read it is denied", "give yourself the permission to read it")
_OUTSIDE = Unreadable("it is a symbolic link that leads out of the workspace", "copy what it leads to here")
_NOWHERE = Unreadable("it is a symbolic link to something that is not there", "mend the link, or remove it")
_CYCLE = Unreadable("it is a symbolic link that leads back to itself", "remove the link")
_NAME = Unreadable("its name is not valid UTF-8", "rename it")


class _Folder(NamedTuple):
    """A folder to read: its name in the workspace, where it really is, and the links that led there."""

    name: str  # "" for the root, else it ends in "/"
    real: str
    via: tuple[str, ...] = ()  # the real folder of each link on the way


_What: TypeAlias = "_Folder | str | Unreadable | None"
"""What to do with an entry: enter the folder, read the real path, say why neither, or pass it by."""


def find_root(start: str) -> str:
    """Find the workspace that `start` is in: the nearest `kgen.yaml` above it, else `environments/`.

    Raises:
        InputError: there is none (KG010).
    """
    here = os.path.realpath(start)
    above = [here]
    while (parent := os.path.dirname(above[-1])) != above[-1]:
        above.append(parent)
    for folder in above:
        if os.path.lexists(os.path.join(folder, SETTINGS)):
            return folder
    for folder in above:
        if os.path.isdir(os.path.join(folder, "environments")):
            return folder
    message = f"no workspace in `{here}` or above it: neither `{SETTINGS}` nor a folder `environments`"
    raise _failure(message, f"write `{SETTINGS}` in the workspace's root, or name its folder with `--root`")


def read_workspace(root: str) -> Sources:
    """Read every file of the workspace that kgen may need, in the order of their paths.

    A folder that cannot be entered (a link out of the workspace, a cycle, no permission) is
    there under its own path, so that a file missing from it can be explained.

    Raises:
        InputError: `root` cannot be listed, or holds more than kgen reads (KG010).
    """
    base = os.path.realpath(root)
    try:
        os.scandir(base).close()
    except OSError as problem:
        reason = problem.strerror or str(problem)
        message = f"the workspace `{root}` cannot be read: {reason}"
        raise _failure(message, "name a folder that can be listed with `--root`") from problem
    found: dict[str, bytes | Unreadable] = {}
    room, entries = MOST_OF_ALL, 0
    pending = [_Folder("", base)]
    while pending:
        folder = pending.pop()
        try:
            listed = sorted(os.scandir(folder.real), key=lambda entry: entry.name)
        except OSError as problem:
            found[folder.name.rstrip("/")] = of_problem(problem)
            continue
        entries += len(listed) + 50 * bool(folder.via)  # folders behind links are slow to find, and can multiply
        if entries > MOST_ENTRIES:
            message = f"the workspace `{root}` holds more than {MOST_ENTRIES:,} files and folders"
            raise _failure(message, "look for links that multiply its folders, or name another with `--root`")
        for entry in listed:
            path = folder.name + entry.name
            try:
                what = _look_at(entry, path, folder, base)
            except OSError as problem:
                what = of_problem(problem)
            if what is _NAME:
                path = path.encode("utf-8", "backslashreplace").decode()  # one that can be printed
            if isinstance(what, _Folder):
                pending.append(what)
            elif what is not None:
                content = read_file(what, room) if isinstance(what, str) else what
                room -= len(content) if isinstance(content, bytes) else 0
                found[path] = content
    for path in scripts_named(found):
        script = _script(path, base, room)
        if script is not None:
            found[path] = script
    return dict(sorted(found.items()))


def _script(path: str, base: str, room: int) -> bytes | Unreadable | None:
    """Read a script that a spec names; None where there is none, which is said at its name."""
    try:
        real = os.path.realpath(os.path.join(base, *path.split("/")), strict=True)
    except (OSError, ValueError):
        return None
    return read_file(real, room) if _is_within(real, base) else _OUTSIDE


def _look_at(entry: os.DirEntry[str], path: str, folder: _Folder, base: str) -> _What:
    name = entry.name
    if name[0] == "." or name == "__pycache__" or not (folder.name or name in FOLDERS or name == SETTINGS):
        return None
    wanted = name.endswith(SUFFIXES)
    if not name.isascii() and not _is_utf8(name):
        return _NAME if wanted or entry.is_dir(follow_symlinks=False) else None
    if _is_link(entry):
        return _look_behind(entry.path, path, wanted, folder, base)
    if entry.is_dir(follow_symlinks=False):
        return _FOLDER if wanted else _Folder(path + "/", entry.path, folder.via)
    if not wanted:
        return None
    return entry.path if entry.is_file(follow_symlinks=False) else _NO_FILE


def _look_behind(link: str, path: str, wanted: bool, folder: _Folder, base: str) -> _What:
    try:
        real = os.path.realpath(link, strict=True)
        mode = os.lstat(real).st_mode
    except OSError as problem:
        if not wanted:
            return None
        if isinstance(problem, (FileNotFoundError, NotADirectoryError)):
            return _NOWHERE
        return _CYCLE if problem.errno == errno.ELOOP else of_problem(problem)
    if not _is_within(real, base):
        return _OUTSIDE if wanted or stat.S_ISDIR(mode) else None
    if stat.S_ISDIR(mode):
        if wanted:
            return _FOLDER
        via = (*folder.via, folder.real)
        again = any(_is_within(on_the_way, real) for on_the_way in via)
        return _CYCLE if again else _Folder(path + "/", real, via)
    if not wanted:
        return None
    return real if stat.S_ISREG(mode) else _NO_FILE


def read_file(path: str, room: int) -> bytes | Unreadable:
    """Read a regular file; what was put in its place since it was listed is refused, not followed."""
    try:
        handle = os.open(path, _FLAGS)
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                return _NO_FILE
            if status.st_size > MOST_BYTES:
                return _LARGE
            if status.st_size > room:
                return _FULL
            data = os.read(handle, status.st_size + 1)
            while len(data) <= MOST_BYTES and (more := os.read(handle, 1 << 16)):
                data += more
        finally:
            os.close(handle)
    except OSError as problem:
        return of_problem(problem)
    return data if len(data) <= MOST_BYTES else _LARGE


def of_problem(problem: OSError) -> Unreadable:
    """Say why the system does not let a file be read."""
    if isinstance(problem, PermissionError):
        return _DENIED
    words = f"it cannot be read: {problem.strerror or problem}"
    return Unreadable(words, "make it readable, or remove it")


def _is_link(entry: os.DirEntry[str]) -> bool:
    if sys.platform == "win32" and sys.version_info >= (3, 12) and entry.is_junction():
        return True
    return entry.is_symlink()


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _is_utf8(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _failure(message: str, help_: str) -> InputError:
    return InputError([error(Span(SETTINGS, 1, 1), "KG010", message, help_)])
