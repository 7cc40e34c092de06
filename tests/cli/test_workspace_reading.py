"""Workspaces on a real disk: what is read, what is only named, and why."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kgen.cli import workspace
from kgen.cli.workspace import find_root, read_workspace
from kgen.model.diagnostic import InputError
from kgen.model.sources import MOST_BYTES, Unreadable

AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for folder in ("experiments", "overlays", "environments/prod", "lib"):
        (tmp_path / "ws" / folder).mkdir(parents=True)
    return tmp_path / "ws"


def test_reads_what_kgen_may_need_in_order_and_nothing_else(root: Path) -> None:
    wanted = ["environments/prod/environment.yaml", "experiments/a.yml", "experiments/b.jsonnet", "kgen.yaml"]
    wanted += ["lib/deep/er/x.libsonnet", "lib/y.json", "overlays/한글.yaml"]
    passed_by = ["README.yaml", "rendered/prod/a.yaml", "experiments/.hidden.yaml", "experiments/train.py"]
    passed_by += ["lib/__pycache__/x.json", "lib/.git/x.yaml"]
    for path in reversed(wanted + passed_by):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(path.encode())
    sources = read_workspace(str(root))
    assert list(sources) == wanted
    assert all(data == path.encode() for path, data in sources.items())


def large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)


def linked(to: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(to)


def bound(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's path may not be long
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path.name)
    os.chdir(here)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        pytest.param(large, "it is larger than 16 MiB", id="a large file is not read"),
        pytest.param(Path.mkdir, "it is a folder, not a file", id="a folder in place of a file"),
        pytest.param(os.mkfifo, "it is not a regular file", id="a pipe does not block"),
        pytest.param(bound, "it is not a regular file", id="a socket is no file"),
        pytest.param(linked("gone"), "it is a symbolic link to something that is not there", id="a broken link"),
        pytest.param(linked("x.yaml"), "it is a symbolic link that leads back to itself", id="a link to itself"),
        pytest.param(
            linked("/etc/hostname"), "it is a symbolic link that leads out of the workspace", id="a link outward"
        ),
        pytest.param(
            linked("../../secret"), "it is a symbolic link that leads out of the workspace", id="a relative one"
        ),
        pytest.param(linked("/dev/zero"), "it is a symbolic link that leads out of the workspace", id="a device"),
        pytest.param(linked("../lib"), "it is a folder, not a file", id="a link to a folder in place of a file"),
    ],
)
def test_what_cannot_be_used_says_why(root: Path, make: Callable[[Path], None], message: str) -> None:
    (root.parent / "secret").write_text("x")
    make(root / "experiments" / "x.yaml")
    found = read_workspace(str(root))["experiments/x.yaml"]
    assert isinstance(found, Unreadable)
    assert found.message == message
    assert found.help


@pytest.mark.skipif(AS_ROOT, reason="root may read everything")
def test_no_permission_says_so(root: Path) -> None:
    (root / "kgen.yaml").touch(mode=0)
    assert read_workspace(str(root))["kgen.yaml"] == workspace._DENIED


def test_a_name_that_is_not_utf8_is_named_so_that_it_can_be_printed(root: Path) -> None:
    Path(os.fsdecode(os.fsencode(root / "lib") + b"/a\xff.yaml")).write_text("x")
    assert read_workspace(str(root)) == {"lib/a\\udcff.yaml": workspace._NAME}


def test_links_that_stay_inside_are_followed(root: Path) -> None:
    (root / "lib" / "x.json").write_text("{}")
    (root / "experiments" / "x.json").symlink_to("../lib/x.json")
    (root / "overlays" / "shared").symlink_to(root / "lib", target_is_directory=True)
    assert dict.fromkeys(("experiments/x.json", "lib/x.json", "overlays/shared/x.json"), b"{}") == read_workspace(
        str(root)
    )


def test_linked_folders_outward_or_in_a_circle_are_named_and_not_entered(root: Path) -> None:
    (root.parent / "out").mkdir()
    (root.parent / "out" / "x.yaml").write_text("secret")
    (root / "lib" / "out").symlink_to(root.parent / "out")
    (root / "lib" / "up").symlink_to("..")
    (root / "overlays" / "there").symlink_to("../experiments")
    (root / "experiments" / "back").symlink_to("../overlays")
    assert read_workspace(str(root)) == {
        "experiments/back/there": workspace._CYCLE,
        "lib/out": workspace._OUTSIDE,
        "lib/up": workspace._CYCLE,
        "overlays/there/back": workspace._CYCLE,
    }


def test_links_that_multiply_folders_end_in_an_error_and_soon(root: Path) -> None:
    for level in range(30):
        (root / "lib" / f"d{level}").mkdir()
        for name in "ab":
            (root / "lib" / f"d{level}" / name).symlink_to(f"../d{level + 1}")
    started = time.monotonic()
    with pytest.raises(InputError, match="holds more than 100,000 files and folders"):
        read_workspace(str(root))
    assert time.monotonic() - started < 5


def test_all_files_together_are_bounded(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "MOST_OF_ALL", 5)
    for name in ("a.json", "b.json"):
        (root / "lib" / name).write_text("123")
    assert read_workspace(str(root)) == {"lib/a.json": b"123", "lib/b.json": workspace._FULL}


def test_two_thousand_files_are_all_read(root: Path) -> None:
    for number in range(2000):
        (root / "experiments" / f"{number}.yaml").write_bytes(b"name: x\n")
    assert len(read_workspace(str(root))) == 2000


def test_a_root_that_cannot_be_listed(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file") as caught:
        read_workspace(tmp_path / "none")
    assert caught.value.diagnostics[0].code == "KG010"


@pytest.mark.parametrize(
    ("there", "start", "found"),
    [
        pytest.param(["a/kgen.yaml", "a/b/environments/x"], "a/b", "a", id="kgen.yaml wins over a nearer environments"),
        pytest.param(["kgen.yaml", "a/kgen.yaml"], "a/b/c", "a", id="the nearest kgen.yaml"),
        pytest.param(["a/environments/x"], "a/b", "a", id="environments marks a root without kgen.yaml"),
        pytest.param(["a/kgen.yaml"], "a", "a", id="the folder itself"),
    ],
)
def test_find_root(tmp_path: Path, there: list[str], start: str, found: str) -> None:
    for path in there:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    (tmp_path / start).mkdir(parents=True, exist_ok=True)
    assert find_root(str(tmp_path / start)) == str((tmp_path / found).resolve())


def test_no_root_names_where_it_looked_and_the_ways_out(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        find_root(str(tmp_path))
    (found,) = caught.value.diagnostics
    assert (str(found.span), found.code) == ("kgen.yaml:1:1", "KG010")
    assert str(tmp_path) in found.message
    assert "write `kgen.yaml`" in found.help
    assert "`--root`" in found.help
