"""Rendered files to a folder, all or none: killed at any moment, the old folder or the new one is there."""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from kgen.cli.swap import place, recover, remove, sibling, swap
from kgen.model.diagnostic import Diagnostic, InputError, error
from kgen.model.node import Span
from kgen.stages.emit import MARK

OWN_MARK = MARK.encode()
_OPEN = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_HELP = {
    errno.ENOSPC: "make room on the disk and run again; what stood there is as it was",
    errno.EROFS: "name a folder on a disk that can be written",
    errno.EBUSY: "name a folder inside it",
    errno.EXDEV: "name a folder that was made on this file system, not in a lower layer of a container image",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What writing would do to a folder; names are relative to it and sorted."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()  # kgen wrote it once, and would no longer
    unchanged: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()  # not written by kgen: files, folders, links; kept as they are
    blocked: tuple[str, ...] = ()  # foreign, and in the way of a file that is to be written

    @property
    def stale(self) -> bool:
        """Whether the folder is not what it should be."""
        return bool(self.added or self.changed or self.removed or self.blocked)


def plan(target: Path, files: Mapping[str, bytes]) -> Plan:
    """Compare the folder with what it should hold; nothing is written.

    Raises:
        InputError: `target` is a link or a file, or cannot be read (KG012).
        ValueError: a name in `files` is more than a name, or a file lacks OWN_MARK.
    """
    _check(files)
    with _told(target):
        return _compare(_location(target), files)


def write_tree(target: Path, files: Mapping[str, bytes]) -> Plan:
    """Make the folder hold exactly `files` and what kgen did not write; tell what was done.

    Raises:
        InputError: it cannot be done, or a foreign file is in the way; nothing changed (KG012).
        ValueError: a name in `files` is more than a name, or a file lacks OWN_MARK.
    """
    _check(files)
    with _told(target):
        folder = _location(target)
        if not files and not folder.parent.exists():
            return Plan()
        with place(folder) as alone:
            recover(folder, alone)
            done = _compare(folder, files)
            if done.blocked:
                raise InputError(foreign(target / name) for name in done.blocked)
            if done.stale:
                _replace(folder, files, done)
            return done


def own_files(folder: Path) -> dict[str, bytes]:
    """Read every file that kgen wrote in a folder; none where there is no folder."""
    if not folder.is_dir():
        return {}
    found = {entry.name: _own_bytes(Path(entry.path), _MOST) for entry in os.scandir(folder)}
    return {name: data for name, data in sorted(found.items()) if data is not None}


_MOST = 1 << 30  # no file that kgen writes is as large


def _check(files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        if name in ("", ".", "..") or re.search(r"[/\\\0]", name):
            raise ValueError(f"not a plain file name: {name!r}")
        if not data.startswith(OWN_MARK):
            raise ValueError(f"{name}: does not start with {OWN_MARK.decode()!r}")


def _location(target: Path) -> Path:
    """Give the absolute path, links resolved in all but the last name."""
    if target.name in ("", ".."):
        return Path(os.path.realpath(target))
    return Path(os.path.realpath(target.parent), target.name)


def _compare(folder: Path, files: Mapping[str, bytes]) -> Plan:
    added = set(files)
    changed: list[str] = []
    removed: list[str] = []
    unchanged: list[str] = []
    foreign: list[str] = []
    for entry in os.scandir(folder) if _is_there(folder) else ():
        wanted = files.get(entry.name)
        own = _own_bytes(folder / entry.name, len(wanted or b""))
        added.discard(entry.name)
        if own is None:
            foreign.append(entry.name)
        elif wanted is None:
            removed.append(entry.name)
        else:
            (unchanged if own == wanted else changed).append(entry.name)
    blocked = [name for name in foreign if name in files]
    return Plan(*(tuple(sorted(names)) for names in (added, changed, removed, unchanged, foreign, blocked)))


def _is_there(folder: Path) -> bool:
    try:
        mode = folder.lstat().st_mode
    except FileNotFoundError:
        return False
    if stat.S_ISLNK(mode):
        raise OSError(errno.ENOTDIR, "it is a symbolic link")
    if not stat.S_ISDIR(mode):
        raise OSError(errno.ENOTDIR, "it is not a folder")
    return True


def _own_bytes(path: Path, enough: int) -> bytes | None:
    """Read up to `enough` bytes, and one, of a file that kgen wrote; None for what it did not write."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return None  # not even opened: a pipe would block, a device might act
        with open(os.open(path, _OPEN), "rb") as file:  # noqa: PTH123 - a descriptor, not a path
            data = file.read(max(len(OWN_MARK), enough + 1))
    except OSError:
        return None  # what cannot be read cannot be known as ours
    return data if data.startswith(OWN_MARK) else None


def _replace(folder: Path, files: Mapping[str, bytes], work: Plan) -> None:
    """Build the whole folder beside the old one and let the two change places."""
    there = _is_there(folder)
    if there:
        if os.path.ismount(folder):
            raise OSError(errno.EBUSY, "it is a mount point, which cannot be replaced")
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, "you may not write in it")
        if Path(os.path.realpath(os.curdir)).is_relative_to(folder):
            raise OSError(errno.EINVAL, "you are in it, and it is to be replaced: run from another folder")
    new = sibling(folder, "new")
    try:
        new.mkdir(0o700 if there else 0o777)
        for name in (*work.foreign, *work.unchanged):
            try:
                _carry(folder / name, new / name)
            except OSError as problem:
                raise OSError(problem.errno, f"cannot keep `{name}` in it: {problem.strerror}") from problem
        for name in (*work.added, *work.changed):
            _write(new / name, files[name], folder / name if name in work.changed else None)
        if there:
            _keep_looks(folder, new)
        if not there:
            new.rename(folder)
        else:
            swap(new, folder)
    finally:
        remove(new)  # after the exchange: the old folder


def _carry(old: Path, new: Path) -> None:
    """Put a thing that is kept at its new place as well; a file is the very same file where links allow."""
    mode = old.lstat().st_mode
    if stat.S_ISLNK(mode):
        new.symlink_to(old.readlink(), target_is_directory=old.is_dir())
    elif stat.S_ISDIR(mode):
        new.mkdir(0o700)
        for entry in os.scandir(old):
            _carry(old / entry.name, new / entry.name)
        shutil.copystat(old, new)
    else:
        try:
            os.link(old, new, follow_symlinks=False)
        except (OSError, NotImplementedError):
            if not stat.S_ISREG(mode):
                raise
            shutil.copy2(old, new, follow_symlinks=False)


def _write(path: Path, data: bytes, old: Path | None) -> None:
    # No fsync: a killed run leaves whole files without it, and what a power cut spoils is rendered again.
    with path.open("xb") as file:
        file.write(data)
    if old is not None:
        path.chmod(stat.S_IMODE(old.lstat().st_mode))


def _keep_looks(old: Path, new: Path) -> None:
    status = old.lstat()
    if sys.platform != "win32" and (status.st_uid, status.st_gid) != (os.geteuid(), new.lstat().st_gid):
        with suppress(OSError):  # only root may give a folder away
            os.chown(new, status.st_uid, status.st_gid)
    shutil.copystat(old, new)
    os.utime(new)


@contextmanager
def _told(target: Path) -> Iterator[None]:
    """Make an InputError of what the system refuses, naming the path as it was given."""
    try:
        yield
    except (OSError, RecursionError) as problem:
        code, reason = (problem.errno, problem.strerror) if isinstance(problem, OSError) else (None, None)
        message = f"`{target}` cannot be written: {reason or problem}"
        help_ = _HELP.get(code or 0, "name another folder, or mend this one; nothing was changed")
        raise InputError([error(Span(target.as_posix(), 1, 1), "KG012", message, help_)]) from problem


def foreign(path: Path) -> Diagnostic:
    message = f"`{path}` was not written by kgen, and would be overwritten"
    help_ = f"move it away, or remove it; kgen replaces only files that start with `{OWN_MARK.decode()}`"
    return error(Span(path.as_posix(), 1, 1), "KG012", message, help_)
