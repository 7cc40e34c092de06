"""What tests share: `--bless`, a compact spec, and the `kgen` command run in this process."""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeAlias

import pytest
from click.testing import CliRunner, Result

from kgen import cli


class Ran(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str


# The compact spec that tests bend, and one that searches wider.
SPEC = """\
objective: {maximize: accuracy}
algorithm: random
trials: {max: 12, parallel: 3, maxFailed: 3}
parameters:
  lr: {double: [0.01, 0.1]}
trial:
  image: registry.example/mnist:1.0
  command: [python3, train.py]
"""
WIDER = SPEC.replace("trial:\n", "  momentum: {double: [0.5, 0.9]}\ntrial:\n")

Kgen: TypeAlias = Callable[..., Ran]
Files: TypeAlias = Mapping[str, str | bytes]
Workspace: TypeAlias = Callable[[Files], Path]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bless", action="store_true", help="Rewrite expected.txt of every golden workspace.")


def run_kgen(*argv: str, environ: Mapping[str, str] | None = None) -> Ran:
    """Run a command line in this process; exit code, stdout and stderr are what a shell would see."""
    with _streams() as (out, err):
        code = cli._run(list(argv), environ or {})
        sys.stdout.flush()
        sys.stderr.flush()
        return Ran(code, out.getvalue().decode(), err.getvalue().decode())


@contextmanager
def _streams() -> Iterator[tuple[io.BytesIO, io.BytesIO]]:
    out, err = io.BytesIO(), io.BytesIO()
    old = sys.stdout, sys.stderr
    new = [io.TextIOWrapper(stream, encoding="utf-8", newline="\n", write_through=True) for stream in (out, err)]
    sys.stdout, sys.stderr = new
    try:
        yield out, err
    finally:
        sys.stdout, sys.stderr = old
        gc.enable()  # render switches it off for its short life


def write_workspace(folder: Path, files: Files) -> Path:
    """Write files below a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def write_one(folder: Path, spec: str) -> Path:
    """Write a workspace of one experiment, `dev/e`."""
    environment = "namespace: team\nexperiments: [e]\n"
    return write_workspace(folder, {"environments/dev/environment.yaml": environment, "experiments/e.yaml": spec})


def invoke(*argv: str) -> Result:
    """Run a command line by click, with the value that the command gives; what it raises is raised."""
    result = CliRunner().invoke(cli.kgen, list(argv), standalone_mode=False)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def tree(folder: Path) -> dict[str, bytes]:
    """Read every file below a folder, by its path there."""
    return {
        Path(here, name).relative_to(folder).as_posix(): Path(here, name).read_bytes()
        for here, _, names in os.walk(folder)
        for name in names
    }


@pytest.fixture
def kgen() -> Kgen:
    """Run `kgen ARGV...` in this process."""
    return run_kgen


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Make a workspace of {path: content} and step into it."""

    def make(files: Files) -> Path:
        monkeypatch.chdir(write_workspace(tmp_path, files))
        return tmp_path

    return make
