"""The Git server of the end-to-end test, with real clients; in the cluster the same script runs."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

from repository import Repository, clean_git, needs_git

SCRIPT = Path(__file__).parent / "git" / "server.py"
pytestmark = needs_git


class Served(NamedTuple):
    """A server with one empty repository."""

    root: Path
    base: str

    @property
    def url(self) -> str:
        return f"{self.base}/experiments.git"


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("e2e_git_server", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """Serve a folder at a free port of this machine."""
    clean_git(monkeypatch)
    module = script()
    module.create(tmp_path / "served", "experiments.git")
    monkeypatch.setattr(module.Handler, "log_message", lambda *_: None)
    server = module.Server(tmp_path / "served", "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Served(tmp_path / "served", f"http://127.0.0.1:{server.server_address[1]}")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def mine(tmp_path: Path, served: Served) -> Repository:
    """A repository with a commit, whose remote is the server."""
    (tmp_path / "mine").mkdir()
    repository = Repository(tmp_path / "mine")
    repository.run("remote", "add", "origin", served.url)
    (repository.folder / "a.yaml").write_text("kind: Experiment\n")
    return repository


def cloned(served: Served, folder: Path) -> Repository:
    subprocess.run(["git", "clone", "--quiet", served.url, str(folder)], check=True)
    return Repository(folder)


def test_what_is_pushed_is_what_is_cloned(served: Served, mine: Repository, tmp_path: Path) -> None:
    revision = mine.commit()
    mine.run("push", "--quiet", "origin", "main")
    clone = cloned(served, tmp_path / "clone")
    assert clone.run("rev-parse", "HEAD").strip() == revision
    assert (clone.folder / "a.yaml").read_text() == "kind: Experiment\n"


def test_main_is_the_branch_of_a_clone_and_of_ls_remote(served: Served, mine: Repository) -> None:
    revision = mine.commit()
    mine.run("push", "--quiet", "origin", "HEAD:refs/heads/main")
    # What Argo CD asks to turn `main` into a revision.
    assert mine.run("ls-remote", served.url) == f"{revision}\tHEAD\n{revision}\trefs/heads/main\n"


def test_a_later_push_is_fetched(served: Served, mine: Repository, tmp_path: Path) -> None:
    mine.commit()
    mine.run("push", "--quiet", "origin", "main")
    clone = cloned(served, tmp_path / "clone")
    (mine.folder / "a.yaml").write_text("kind: Trial\n")
    second = mine.commit()
    mine.run("push", "--quiet", "origin", "main")
    clone.run("fetch", "--quiet", "origin")
    assert clone.run("rev-parse", "origin/main").strip() == second


def test_a_push_by_force_replaces_what_was_there(served: Served, mine: Repository, tmp_path: Path) -> None:
    mine.commit()
    mine.run("push", "--quiet", "origin", "main")
    mine.run("commit", "--quiet", "--amend", "--message=another")
    mine.run("push", "--quiet", "--force", "origin", "main")
    assert cloned(served, tmp_path / "clone").run("log", "--format=%s").strip() == "another"


def test_a_push_in_chunks_arrives_whole(served: Served, mine: Repository, tmp_path: Path) -> None:
    large = bytes((i * 7919 + i // 251) % 256 for i in range(300_000))
    (mine.folder / "large.bin").write_bytes(large)
    mine.commit()
    mine.run("-c", "http.postBuffer=65536", "-c", "core.compression=0", "push", "--quiet", "origin", "main")
    assert (cloned(served, tmp_path / "clone").folder / "large.bin").read_bytes() == large


def test_a_fetch_with_a_long_list_of_what_is_there_is_understood(
    served: Served, mine: Repository, tmp_path: Path
) -> None:
    """Git sends it compressed, which http-backend must be told."""
    for number in range(30):
        mine.commit(f"commit {number}")
        mine.run("tag", f"t{number}")
    mine.run("push", "--quiet", "--tags", "origin", "main")
    clone = cloned(served, tmp_path / "clone")
    last = mine.commit("one more")
    mine.run("push", "--quiet", "origin", "main")
    clone.run("-c", "protocol.version=0", "fetch", "--quiet", "origin")
    assert clone.run("rev-parse", "origin/main").strip() == last


@pytest.mark.parametrize("version", ["0", "2"])
def test_both_protocols_are_spoken(served: Served, mine: Repository, tmp_path: Path, version: str) -> None:
    mine.commit()
    mine.run("push", "--quiet", "origin", "main")
    argv = [
        "git",
        "-c",
        f"protocol.version={version}",
        "clone",
        "--quiet",
        "--depth=1",
        served.url,
        str(tmp_path / "c"),
    ]
    subprocess.run(argv, check=True)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        pytest.param("/healthz", 200, id="the probe's path"),
        pytest.param("/other.git/info/refs?service=git-upload-pack", 404, id="a repository that is not there"),
        pytest.param("/experiments.git/../../etc/passwd", 404, id="a path that leads out"),
        pytest.param("/experiments.git/%2e%2e/%2e%2e/etc/passwd", 404, id="a path that leads out, in disguise"),
    ],
)
def test_answers(served: Served, path: str, code: int) -> None:
    try:
        with urllib.request.urlopen(served.base + path) as answer:
            found = answer.status
    except urllib.error.HTTPError as error:
        found = error.code
        error.close()
    assert found == code


def test_create_leaves_a_repository_that_is_there(served: Served, mine: Repository) -> None:
    revision = mine.commit()
    mine.run("push", "--quiet", "origin", "main")
    script().create(served.root, "experiments.git")
    assert revision in mine.run("ls-remote", served.url)


def test_the_command_of_the_image_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clean_git(monkeypatch)
    argv = [
        "python3",
        str(SCRIPT),
        "--root",
        str(tmp_path),
        "--create",
        "experiments.git",
        "--host=127.0.0.1",
        "--port=0",
    ]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().rpartition(" ")[2].strip()
            url = f"http://127.0.0.1:{port}/experiments.git"
            subprocess.run(["git", "ls-remote", url], capture_output=True, check=True)
        finally:
            process.terminate()


def test_help_needs_no_folder() -> None:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), pytest.raises(SystemExit) as ended:
        script().main(["--help"])
    assert ended.value.code == 0
    assert "--create" in out.getvalue()
