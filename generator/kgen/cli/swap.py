"""Two folders that change places in one step, one run at a time, and what a killed run left mended."""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform != "win32":
    import fcntl

PATIENCE = 30.0  # seconds to wait for another run that writes beside us

_RENAMEAT2 = {"x86_64": 316, "aarch64": 276}  # system call numbers, for a libc without the function
_AT_FDCWD, _EXCHANGE, _SWAP = -100, 2, 2  # linux/fcntl.h, linux/fs.h RENAME_EXCHANGE, Darwin's sys/stdio.h


def swap(new: Path, folder: Path) -> None:
    """Put a folder where another stands; `new` is then the name of the old one."""
    if not _exchange(new, folder):
        _rename_twice(new, folder)


def _exchange(one: Path, other: Path) -> bool:
    """Let two names change places in one step; False where the system or the file system cannot."""
    import ctypes  # noqa: PLC0415 - 10 ms that most runs need not pay

    a, b = os.fsencode(one), os.fsencode(other)
    try:
        libc = ctypes.CDLL(None)
        if sys.platform == "darwin":
            return bool(libc.renamex_np(a, b, ctypes.c_uint(_SWAP)) == 0)
        if sys.platform == "linux":
            arguments = _AT_FDCWD, a, _AT_FDCWD, b, ctypes.c_uint(_EXCHANGE)
            if hasattr(libc, "renameat2"):
                return bool(libc.renameat2(*arguments) == 0)
            number = _RENAMEAT2.get(os.uname().machine) if sys.maxsize > 1 << 32 else None
            return number is not None and bool(libc.syscall(ctypes.c_long(number), *arguments) == 0)
    except (OSError, AttributeError, TypeError):
        pass  # a libc that cannot be loaded, or has no such function
    return False


def _rename_twice(new: Path, folder: Path) -> None:
    """Do `_exchange` in two steps; killed in between, the next run puts the old folder back."""
    old = sibling(folder, "old")
    folder.rename(old)
    try:
        new.rename(folder)
    except BaseException:
        old.rename(folder)
        raise
    old.rename(new)  # "old" is only ever the name of a whole folder


def recover(target: Path, alone: bool) -> None:
    """Put back what a killed run had moved away, and clear away what it left."""
    pattern = re.compile(rf"\.{re.escape(target.name)}\.kgen-(new|old)-(\d+)-[0-9a-f]{{8}}")
    for name in sorted(entry.name for entry in os.scandir(target.parent)):
        found = pattern.fullmatch(name)
        if found is None or not (alone or _is_dead(int(found[2]))):
            continue
        if found[1] == "old" and not os.path.lexists(target):
            (target.parent / name).rename(target)
        else:
            remove(target.parent / name)


def _is_dead(pid: int) -> bool:
    if sys.platform == "win32":
        return False  # os.kill would end it
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:
        pass  # somebody else's
    return False


def remove(path: Path) -> None:
    """Remove a file or a folder as far as that goes; what is left is tried again by the next run."""
    with suppress(OSError, RecursionError):
        if not stat.S_ISDIR(path.lstat().st_mode):
            path.unlink()
            return
        shutil.rmtree(path, ignore_errors=True)
        if path.exists():  # a folder in it was read-only
            path.chmod(0o700)
            for base, folders, _ in os.walk(path):
                for folder in (Path(base, name) for name in folders):
                    if not folder.is_symlink():
                        folder.chmod(0o700)
            shutil.rmtree(path, ignore_errors=True)


def sibling(path: Path, what: str) -> Path:
    return path.with_name(f".{path.name}.kgen-{what}-{os.getpid()}-{os.urandom(4).hex()}")


@contextmanager
def place(target: Path) -> Iterator[bool]:
    """Make the folders above `target` and keep other runs out; says whether that can be relied on.

    Folders that were made are taken away again if the work inside fails.
    """
    missing = [folder for folder in target.parents if not folder.exists()]
    made: list[Path] = []
    try:
        for folder in reversed(missing):
            with suppress(FileExistsError):  # another run was faster; a file in the way fails below
                folder.mkdir()
                made.append(folder)
        with _lock(target.parent) as alone:
            yield alone
    except BaseException:
        for folder in reversed(made):
            with suppress(OSError):
                folder.rmdir()
        raise


@contextmanager
def _lock(folder: Path) -> Iterator[bool]:
    if sys.platform == "win32":
        yield False
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield _wait(handle)
    finally:
        os.close(handle)


def _wait(handle: int) -> bool:
    until = time.monotonic() + PATIENCE
    while sys.platform != "win32":
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise TimeoutError(errno.ETIMEDOUT, "another run of kgen is still writing beside it") from None
            time.sleep(0.01)
        except OSError:
            return False  # a network file system without locks
        else:
            return True
    return False
