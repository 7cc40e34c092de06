"""A Git server over smart HTTP, for tests: `git http-backend` behind Python's own HTTP server.

Who can reach it can read and write every repository below its folder, without a login.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

_CHUNK = 1 << 16


class Server(ThreadingHTTPServer):
    """The repositories of one folder."""

    daemon_threads = True

    def __init__(self, root: Path, host: str = "0.0.0.0", port: int = 8080) -> None:
        self.root = root.resolve()
        super().__init__((host, port), Handler)


class Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        """Answer what references there are; `/healthz` is for probes."""
        if self.path == "/healthz":
            self._answer(200, [("Content-Type", "text/plain")], b"ok\n")
        else:
            self._backend()

    def do_POST(self) -> None:
        """Answer a fetch or a push."""
        self._backend()

    def _backend(self) -> None:
        """Run Git's own program under the rules of CGI (RFC 3875) and pass on what it says."""
        if ".." in unquote(self.path).split("/"):
            self._answer(404, [("Content-Type", "text/plain")], b"no such repository\n")
            return
        with tempfile.TemporaryFile() as body:
            for piece in self._body():
                body.write(piece)
            length = body.tell()
            body.seek(0)
            ran = subprocess.run(
                ["git", "http-backend"], stdin=body, env=self._environ(length), capture_output=True, check=False
            )
        if ran.stderr:
            self.log_error("%s", ran.stderr.decode(errors="replace").strip())
        head, blank, content = ran.stdout.partition(b"\r\n\r\n")
        if not blank:
            self._answer(500, [("Content-Type", "text/plain")], b"git http-backend gave no answer\n")
            return
        status, headers = 200, []
        for line in head.decode("latin-1").split("\r\n"):
            name, _, value = line.partition(":")
            if name.lower() == "status":
                status = int(value.split()[0])
            else:
                headers.append((name, value.strip()))
        self._answer(status, headers, content)

    def _body(self) -> Iterator[bytes]:
        """Read the request's body; Git sends a large push in chunks of unknown number."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline().partition(b";")[0], 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass  # trailers
            return
        left = int(self.headers.get("Content-Length") or 0)
        while left:
            piece = self.rfile.read(min(left, _CHUNK))
            if not piece:
                return
            left -= len(piece)
            yield piece

    def _environ(self, length: int) -> dict[str, str]:
        path, _, query = self.path.partition("?")
        given = {
            "CONTENT_TYPE": self.headers.get("Content-Type"),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding"),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol"),
        }
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.server.root),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_PROJECT_ROOT": str(self.server.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": unquote(path),
            "QUERY_STRING": query,
            "CONTENT_LENGTH": str(length),
            "REMOTE_ADDR": self.client_address[0],
            "REMOTE_USER": "anybody",  # http-backend takes a push only of somebody
            **{name: value for name, value in given.items() if value},
        }

    def _answer(self, status: int, headers: Sequence[tuple[str, str]], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def create(root: Path, name: str) -> Path:
    """Make an empty repository, unless it is there."""
    path = root / name
    if not (path / "HEAD").is_file():
        path.mkdir(parents=True, exist_ok=True)
        subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(path)], check=True)
    return path


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until the end."""
    parser = argparse.ArgumentParser(description="Serve the Git repositories of a folder, to read and to write.")
    parser.add_argument("--root", type=Path, required=True, help="folder of the repositories")
    parser.add_argument("--create", action="append", default=[], metavar="NAME", help="make an empty one")
    parser.add_argument("--host", default="0.0.0.0", help="address to listen at (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8080, help="0 for any that is free (default: %(default)s)")
    flags = parser.parse_args(argv)
    for name in flags.create:
        create(flags.root, name)
    server = Server(flags.root, flags.host, flags.port)
    print(f"serving {flags.root} at port {server.server_address[1]}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
