"""Jsonnet in a process of its own, with bounded time and memory.

The engine cannot be interrupted, and Go ends the whole process when memory runs out: so it runs
in a child. One child serves a whole run; a file that oversteps a limit costs a new one. Measured
on Linux: 65 to 95 ms until the first answer, then 0.5 ms a small file.

| limit | Linux | macOS | Windows |
|---|---|---|---|
| time | killed from here | the same | the same |
| memory | RLIMIT_DATA: the engine fails at once | the child looks every 20 ms | none |
| CPU | RLIMIT_CPU, twice the time | the same | none |

On all three the engine has no way to the network or a file, the child inherits nothing of the
environment that it does not need to start, and ends by itself when this process is gone.
"""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from kgen.codec.jsonnet_errors import CODE
from kgen.codec.jsonnet_imports import importable
from kgen.model.diagnostic import Diagnostic, InputError, Related, error
from kgen.model.node import Span
from kgen.model.sources import Sources, Unreadable

SECONDS = 5.0
MEGABYTES = 400
START = 30.0  # seconds; a cold disk is no fault of the file
MOST_TRACES = 200  # lines of std.trace
_INHERITED = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")  # what Python needs to start
_NO_MEMORY = re.compile(  # Go, glibc, Python, C++
    rb"out of memory|cannot allocate memory|pthread_create failed|stack exceeds|MemoryError"
    rb"|memory allocation|bad_alloc"
)


class Sandbox:
    """A callable like `kgen.codec.jsonnet.evaluate` that keeps to limits; a context manager."""

    def __init__(self, seconds: float = SECONDS, megabytes: int = MEGABYTES) -> None:
        self._seconds, self._megabytes = seconds, megabytes
        self._child: _Child | None = None

    def __call__(self, file: str, sources: Sources, environment: str) -> str:
        """Evaluate one file to JSON text.

        Raises:
            InputError: KG009, as `evaluate`; at the file's first character when it oversteps a limit.
        """
        try:
            return self._ask(file, sources, environment)
        except InputError:
            raise
        except BaseException:  # KeyboardInterrupt too: the child must not outlive the question
            self.close()
            raise

    def _ask(self, file: str, sources: Sources, environment: str) -> str:
        if self._child is None:
            self._child = self._start(file)
        try:
            self._child.know(sources, file)
            self._child.send({"file": file, "environment": environment})
            answer = self._child.receive(self._seconds)
        except queue.Empty:
            self.close()
            raise _refused(file, *_late(self._seconds)) from None
        except (OSError, EOFError):
            code, said = self._child.end()
            self._child = None
            raise _refused(file, *self._death(code, said)) from None
        if "text" in answer:
            return str(answer["text"])
        raise InputError(_diagnostic(*fields) for fields in answer["errors"])

    def _start(self, file: str) -> _Child:
        try:
            child = _Child(self._seconds, self._megabytes)
        except OSError as wrong:
            raise _refused(file, f"cannot start the process for Jsonnet: {wrong.strerror}", _AGAIN) from None
        try:
            child.receive(START)
        except BaseException as wrong:
            code, _ = child.end()
            if isinstance(wrong, EOFError | queue.Empty):
                message = f"the process for Jsonnet did not start (exit code {code})"
                raise _refused(file, message, _AGAIN) from None
            raise
        return child

    def _death(self, code: int, said: bytes) -> tuple[str, str]:
        """Say what ended a child that was not ended from here."""
        if code == 3 or _NO_MEMORY.search(said):  # EXIT_MEMORY in sandbox_child
            return (
                f"the file needs more than {self._megabytes} MB of memory",
                "look for a list, a text or a recursion that grows without end",
            )
        if code == 4 or -code == getattr(signal, "SIGXCPU", None):  # EXIT_TIME
            return _late(self._seconds)
        return (
            f"the Jsonnet engine broke down ({f'signal {-code}' if code < 0 else f'exit code {code}'})",
            "make the file simpler: this comes of nesting many thousands deep",
        )

    def close(self) -> None:
        """End the child, if there is one; the next call starts another."""
        child, self._child = self._child, None
        if child is not None:
            child.end()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_AGAIN = "try again; if it stays so, write the file as YAML, and report this"


class _Child:
    """The process, and the two threads that read what it says: pipes have no timeout on Windows."""

    def __init__(self, seconds: float, megabytes: int) -> None:
        program = Path(__file__).with_name("sandbox_child.py")
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and file, no shell
            # isolated, without site and its .pth files, writing no .pyc: the least that starts
            [sys.executable, "-I", "-S", "-B", str(program), str(seconds), str(megabytes), *_folders()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(megabytes),
        )
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._stdin: IO[bytes] = process.stdin
        self._answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._said = b""
        self._sources: Sources | None = None
        self._sent: set[str] = set()
        self._threads = (
            threading.Thread(target=self._listen, args=(process.stdout,), daemon=True),
            threading.Thread(target=self._overhear, args=(process.stderr,), daemon=True),
        )
        for thread in self._threads:
            thread.start()

    def know(self, sources: Sources, file: str) -> None:
        """Send the files that may be imported, once; and `file`, wherever it is."""
        if sources is not self._sources or file not in self._sent:
            wanted = {path: found for path, found in sources.items() if importable(path) or path == file}
            self.send({"sources": {path: _packed(found) for path, found in wanted.items()}})
            self._sources, self._sent = sources, {*wanted, file}

    def send(self, request: dict[str, object]) -> None:
        """Send a request.

        Raises:
            OSError: the child is gone.
        """
        self._stdin.write(json.dumps(request).encode() + b"\n")
        self._stdin.flush()

    def receive(self, seconds: float) -> dict[str, Any]:
        """Wait for an answer.

        Raises:
            queue.Empty: none came in time.
            EOFError: the child is gone.
        """
        line = self._answers.get(timeout=seconds)
        if not line.endswith(b"\n"):
            raise EOFError
        answer: dict[str, Any] = json.loads(line)
        return answer

    def end(self) -> tuple[int, bytes]:
        """End the process; give its exit code and its last words.

        A process that closed its pipes by ending keeps the exit code it has.
        """
        self._process.kill()
        code = self._process.wait()
        for thread in self._threads:
            thread.join(1)
        with suppress(OSError):  # what was not sent yet has no reader
            self._stdin.close()
        return code, self._said

    def _listen(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                self._answers.put(line)
        self._answers.put(b"")

    def _overhear(self, stream: IO[bytes]) -> None:
        """Pass on what `std.trace` says; keep the end of the rest, which a crash is known by."""
        traces = 0
        with stream:
            for line in iter(lambda: stream.readline(1 << 16), b""):
                if not line.startswith(b"TRACE: "):
                    self._said = (self._said + line)[:2000] if len(self._said) < 2000 else self._said
                elif (traces := traces + 1) <= MOST_TRACES:
                    text = "".join(c if c.isprintable() else "?" for c in line.decode(errors="replace").rstrip())
                    sys.stderr.write(text + "\n")


def _folders() -> list[str]:
    """List the folders that the child needs: the one kgen is in, and the engine's."""
    engine = find_spec("_gojsonnet") or find_spec("_jsonnet")
    own = [str(Path(__file__).resolve().parents[2])]
    return [*own, str(Path(engine.origin).resolve().parent)] if engine and engine.origin else own


def _environment(megabytes: int) -> dict[str, str]:
    """Give the child's environment; Go collects harder as it nears three quarters of the limit."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {**inherited, "GOMEMLIMIT": f"{megabytes * 3 // 4}MiB", "GOMAXPROCS": "2", "GOTRACEBACK": "none"}


def _packed(found: bytes | Unreadable) -> object:
    return found.decode("latin-1") if isinstance(found, bytes) else [found.message, found.help]


def _late(seconds: float) -> tuple[str, str]:
    help_ = "look for a recursion, or a `std.range`, that has no end or a very far one"
    return f"the file did not finish within {seconds:g} s", help_


def _refused(file: str, message: str, help_: str) -> InputError:
    return InputError([error(Span(file, 1, 1), CODE, message, help_)])


def _diagnostic(span: list[Any], message: str, help_: str, related: list[list[Any]]) -> Diagnostic:
    notes = (Related(Span(*place), note) for place, note in related)
    return error(Span(*span), CODE, message, help_, *notes)
