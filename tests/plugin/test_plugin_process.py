"""The plugin's command as a process: another user, a tree that cannot be written, pipes that close, signals."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sidecar import (
    ARGOCD,
    BUILD,
    ENDLESS,
    KGEN,
    LOOP,
    ONE,
    PATIENCE,
    ROOT,
    User,
    another_user,
    children,
    copy_of_the_repository,
    ended,
    gone,
    prod,
    run_as,
    set_modes,
    ticks,
    wait_for,
)

from conftest import run_kgen, write_workspace

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")
BUSY = 60  # hundredths of a second that starting the process for Jsonnet does not take, and the endless file does


@pytest.fixture
def readable() -> Iterator[Path]:
    """A folder that other users can enter; pytest's own are for this one alone."""
    folder = Path(tempfile.mkdtemp(prefix="kgen-plugin-"))
    folder.chmod(0o755)
    yield folder
    set_modes(folder, files=0o644, folders=0o755)
    shutil.rmtree(folder)


@pytest.fixture
def argocd() -> User:
    """The user of Argo CD, where this process may become it and it may read kgen."""
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("only root can become user 999")
    user = another_user(ARGOCD)
    if user is None:
        pytest.skip("user 999 may not read the Python or the kgen that is tested")
    return user


def test_as_argo_cds_user_in_a_tree_of_somebody_elses(readable: Path, argocd: User) -> None:
    """Root owns the files, nobody may write them, the user has no name, no home and no HOME."""
    checkout = copy_of_the_repository(readable / "checkout")
    set_modes(checkout, files=0o444, folders=0o555)
    scratch = readable / "tmp"
    scratch.mkdir(mode=0o777)
    scratch.chmod(0o777)
    expected = run_kgen("render", "prod", "--root", str(ROOT)).out.encode()
    for place in (checkout, checkout / "environments" / "prod"):
        assert run_as(argocd, place, environ=prod(TMPDIR=str(scratch))) == (0, expected, "")
    assert run_as(argocd, checkout, "parameters", {"TMPDIR": str(scratch)}).code == 0
    assert not list(scratch.iterdir())


def test_jsonnet_as_argo_cds_user(readable: Path, argocd: User) -> None:
    files = {name: text for name, text in ONE.items() if name != "experiments/e.yaml"}
    spec = "{objective: {maximize: 'acc'}, algorithm: 'random', parameters: {lr: {double: [0.01, 0.05]}},"
    spec += " trials: {max: 12, parallel: 3, maxFailed: 3}, trial: {image: 'm:1.0', command: ['t.py']}}"
    write_workspace(readable / "w", {**files, "experiments/e.jsonnet": spec})
    set_modes(readable / "w", files=0o444, folders=0o555)
    ran = run_as(argocd, readable / "w" / "environments" / "p")
    assert (ran.code, ran.err) == (0, "")
    assert b"kind: Experiment" in ran.out


def test_a_file_that_may_not_be_read_is_named(readable: Path, argocd: User) -> None:
    write_workspace(readable / "w", ONE)
    set_modes(readable / "w", files=0o444, folders=0o555)
    (readable / "w" / "experiments" / "e.yaml").chmod(0o400)
    ran = run_as(argocd, readable / "w" / "environments" / "p")
    assert (ran.code, ran.out) == (1, b"")
    assert "experiments/e.yaml" in ran.err
    assert "permission to read it is denied" in ran.err


def test_a_reader_that_leaves_early(tmp_path: Path) -> None:
    write_workspace(tmp_path, ONE)
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as gone_pipe:
        done = subprocess.run(
            [KGEN, "argocd", "generate"],
            cwd=tmp_path / "environments" / "p",
            env=BUILD,
            stdout=gone_pipe,
            stderr=subprocess.PIPE,
            check=False,
            timeout=PATIENCE,
        )
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.skipif(os.name != "posix", reason="a shell closes the streams")
@pytest.mark.parametrize(
    ("closing", "code", "said"),
    [
        pytest.param(">&-", 1, b"the output cannot be written: Bad file descriptor\n", id="stdout"),
        pytest.param("2>&-", 0, b"", id="stderr"),
        pytest.param("<&-", 0, b"", id="stdin"),
        pytest.param("<&- >&- 2>&-", 1, b"", id="all three"),
    ],
)
def test_a_stream_that_was_closed_before_the_start(tmp_path: Path, closing: str, code: int, said: bytes) -> None:
    write_workspace(tmp_path, ONE)
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" argocd generate {closing}', KGEN],
        cwd=tmp_path / "environments" / "p",
        env=BUILD,
        capture_output=True,
        check=False,
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stderr) == (code, said)
    assert bool(done.stdout) == (">&-" not in closing.replace("2>&-", ""))


@LINUX
@pytest.mark.parametrize(
    ("to_group", "number"),
    [
        pytest.param(True, signal.SIGTERM, id="SIGTERM to the group, as Argo CD at the deadline"),
        pytest.param(False, signal.SIGTERM, id="SIGTERM to the command alone"),
        pytest.param(False, signal.SIGKILL, id="SIGKILL to the command alone"),
    ],
)
def test_a_deadline_leaves_nothing_behind(tmp_path: Path, to_group: bool, number: signal.Signals) -> None:
    write_workspace(tmp_path, ENDLESS)
    process = subprocess.Popen(
        [KGEN, "argocd", "generate"],
        cwd=tmp_path / "environments" / "p",
        env=BUILD,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        process_group=0,
    )
    below: list[int] = []
    try:
        below = wait_for(lambda: children(process.pid))
        wait_for(lambda: ticks(below[0]) > BUSY // 2)
        (os.killpg if to_group else os.kill)(process.pid, number)
        out, _ = process.communicate(timeout=PATIENCE)
        assert (process.returncode, out) == (-number, b"")
        wait_for(lambda: all(map(gone, below)))
    finally:
        list(ended(process, *below))


_ALONE = """\
from kgen.cli.sandbox import Sandbox
Sandbox(seconds=600)("a.jsonnet", {"a.jsonnet": b"%s"}, "p")
"""


@LINUX
def test_the_process_for_jsonnet_does_not_outlive_its_parent() -> None:
    """It looks after its parent: here its own clock would let it run for ten minutes."""
    process = subprocess.Popen([sys.executable, "-c", _ALONE % LOOP])
    below: list[int] = []
    try:
        below = wait_for(lambda: children(process.pid))
        wait_for(lambda: ticks(below[0]) > BUSY)
        process.kill()
        process.wait()
        assert wait_for(lambda: all(map(gone, below)))
    finally:
        list(ended(process, *below))
