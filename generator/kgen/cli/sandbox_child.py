"""The process in which Jsonnet is evaluated; `kgen.cli.sandbox` runs this file, nobody imports it.

It reads a request a line and writes an answer a line, both JSON; what kgen it needs, it finds in
the folders on its command line. It ends with its standard input, and, should the parent be gone
while it evaluates, by itself: a thread watches the parent and the clock while the engine runs.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from typing import Any, BinaryIO

GRACE = 2.0  # seconds that the parent has to end us before we do
TICK = 0.02
EXIT_TIME = 4
EXIT_MEMORY = 3


class Watch:
    """Ends this process when its parent is gone, when an evaluation takes too long, or, on macOS, too much memory."""

    def __init__(self, seconds: float, megabytes: int) -> None:
        self._seconds, self._bytes = seconds, megabytes << 20
        self._deadline = float("inf")
        self._parent = os.getppid()
        threading.Thread(target=self._run, daemon=True).start()

    def __enter__(self) -> None:
        self._deadline = time.monotonic() + self._seconds + GRACE
        _limit_cpu(self._seconds + GRACE)

    def __exit__(self, *_: object) -> None:
        self._deadline = float("inf")

    def _run(self) -> None:
        while True:
            time.sleep(TICK)
            if time.monotonic() > self._deadline or os.getppid() != self._parent:
                os._exit(EXIT_TIME)  # nobody waits for the answer
            if sys.platform == "darwin" and _resident() > self._bytes:  # whose kernel has no such limit
                os._exit(EXIT_MEMORY)


def _resident() -> int:
    if sys.platform == "win32":
        return 0
    import resource  # noqa: PLC0415 - not on Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes, on macOS alone


def _limit_memory(megabytes: int) -> None:
    """Let this process have so much memory of its own, and write no file.

    RLIMIT_DATA counts what is mapped to be written. RLIMIT_AS would count the 1.2 GB of addresses
    that Go reserves and never touches.
    """
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not on Windows

    for kind, most in (
        (resource.RLIMIT_DATA, megabytes << 20),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (most, hard) if hard == resource.RLIM_INFINITY else (min(most, hard), hard))


def _limit_cpu(seconds: float) -> None:
    """Let this process use so much more of two processors; the engine's collector has the second."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not on Windows

    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = int(time.process_time() + 2 * seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard < 0 else min(soft, hard), hard))


def serve(requests: BinaryIO, answers: BinaryIO, watch: Watch) -> None:
    """Answer one request after the other until there are no more."""
    from kgen.codec.jsonnet import evaluate  # noqa: PLC0415 - the folders come first
    from kgen.model.diagnostic import InputError  # noqa: PLC0415 - the same
    from kgen.model.sources import Unreadable  # noqa: PLC0415 - the same

    sources: dict[str, bytes | Unreadable] = {}
    for line in requests:
        request = json.loads(line)
        if "sources" in request:
            sources = {
                path: value.encode("latin-1") if isinstance(value, str) else Unreadable(*value)
                for path, value in request["sources"].items()
            }
            continue
        answer: dict[str, Any]
        try:
            with watch:
                answer = {"text": evaluate(request["file"], sources, request["environment"])}
        except InputError as wrong:
            answer = {
                "errors": [
                    [d.span, d.message, d.help, [[r.span, r.note] for r in d.related]] for d in wrong.diagnostics
                ]
            }
        except MemoryError:
            os._exit(EXIT_MEMORY)
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()


def main() -> None:
    """Take the limits and the folders from the command line, say that we are ready, and serve."""
    seconds, megabytes, *folders = sys.argv[1:]
    sys.path += folders
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever the engine prints is no answer
    _limit_memory(int(megabytes))
    watch = Watch(float(seconds), int(megabytes))
    answers.write(b"{}\n")
    answers.flush()
    serve(sys.stdin.buffer, answers, watch)


if __name__ == "__main__":
    main()
