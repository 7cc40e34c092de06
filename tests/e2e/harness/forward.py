"""A service of the cluster, reached from here through `kubectl port-forward`."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, Queue
from typing import IO

from harness.commands import Kube
from harness.waiting import Broken

_READY = re.compile(r"Forwarding from 127\.0\.0\.1:([0-9]+) ->")
_PATIENCE = 60.0  # seconds until kubectl has said its port


@contextmanager
def forward(kube: Kube, namespace: str, service: str, port: int) -> Iterator[int]:
    """Give a free port of this machine that reaches a service's, for as long as the block runs."""
    argv = kube.argv("-n", namespace, "port-forward", "--address", "127.0.0.1", f"service/{service}", f":{port}")
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")
    try:
        yield _port(process)
    finally:
        process.terminate()
        process.wait(timeout=30)
        if process.stdout is not None:
            process.stdout.close()


def _port(process: subprocess.Popen[str]) -> int:
    lines: Queue[str] = Queue()
    assert process.stdout is not None
    # kubectl goes on to print a line a connection: somebody must read them, or it would stop.
    threading.Thread(target=_pump, args=(process.stdout, lines), daemon=True).start()
    said: list[str] = []
    while True:
        try:
            line = lines.get(timeout=_PATIENCE)
        except Empty:
            raise Broken(
                f"kubectl port-forward says no port within {_PATIENCE:.0f} seconds: {' '.join(said)}"
            ) from None
        if match := _READY.search(line):
            return int(match[1])
        if not line:
            raise Broken(f"kubectl port-forward ended: {' '.join(said)}")
        said.append(line.strip())


def _pump(stream: IO[str], lines: Queue[str]) -> None:
    try:
        for line in stream:
            lines.put(line)
    except ValueError:
        pass  # closed at the end of the block
    lines.put("")
