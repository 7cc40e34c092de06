"""Rendered folders on a real disk: all or nothing, whatever happens."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kgen.cli import swap, tree
from kgen.cli.tree import OWN_MARK, Plan, own_files, plan, write_tree
from kgen.model.diagnostic import InputError


def own(text: str) -> bytes:
    return OWN_MARK + b"\n" + text.encode() + b"\n"


def held(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A folder of three files of ours, and a file, a folder, a link and a pipe of others."""
    folder = tmp_path / "rendered" / "prod"
    write_tree(folder, {"same": own("1"), "old": own("2"), "gone": own("3")})
    (folder / "note.md").write_text("mine")
    (folder / "sub" / "deep").mkdir(parents=True)
    (folder / "sub" / "deep" / "x").write_text("deep")
    (folder / "link").symlink_to("note.md")
    os.mkfifo(folder / "pipe")
    return folder


NEXT = {"same": own("1"), "old": own("new"), "more": own("4")}
FOREIGN = ("link", "note.md", "pipe", "sub")
WORK = Plan(("more",), ("old",), ("gone",), ("same",), FOREIGN)


def test_plan_and_write_agree_and_foreign_things_survive(target: Path) -> None:
    target.chmod(0o750)
    inode = (target / "note.md").stat().st_ino
    assert plan(target, NEXT) == WORK
    assert WORK.stale
    assert write_tree(target, NEXT) == WORK
    assert plan(target, NEXT) == Plan(unchanged=("more", "old", "same"), foreign=FOREIGN)
    assert sorted(os.listdir(target)) == sorted((*NEXT, *FOREIGN))  # noqa: PTH208
    assert (target / "sub" / "deep" / "x").read_text() == "deep"
    assert (target / "link").readlink() == Path("note.md")
    assert (target / "note.md").stat().st_ino == inode
    assert target.stat().st_mode & 0o777 == 0o750
    assert [path.name for path in target.parent.iterdir()] == ["prod"]


def test_nothing_to_change_touches_nothing(target: Path) -> None:
    write_tree(target, NEXT)
    before = target.parent.stat().st_mtime_ns, target.stat().st_ino, target.stat().st_mtime_ns
    assert not write_tree(target, NEXT).stale
    assert before == (target.parent.stat().st_mtime_ns, target.stat().st_ino, target.stat().st_mtime_ns)


def test_without_an_exchange_two_renames_do(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swap, "_exchange", lambda *_: False)
    assert write_tree(target, NEXT) == WORK
    assert not plan(target, NEXT).stale
    assert [path.name for path in target.parent.iterdir()] == ["prod"]


@pytest.mark.skipif(sys.platform != "linux", reason="renameat2 is Linux's")
def test_two_folders_change_places_in_one_step(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "a" / "x").touch()
    assert swap._exchange(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b" / "x").exists()
    assert not swap._exchange(tmp_path / "a", tmp_path / "none")


def test_a_foreign_file_in_the_way_stops_everything(target: Path) -> None:
    wanted = {"note.md": own("x"), "sub": own("x"), "more": own("x")}
    before = held(target)
    assert plan(target, wanted).blocked == ("note.md", "sub")
    with pytest.raises(InputError) as caught:
        write_tree(target, wanted)
    assert [(d.code, d.message) for d in caught.value.diagnostics] == [
        ("KG012", f"`{target / name}` was not written by kgen, and would be overwritten") for name in ("note.md", "sub")
    ]
    assert held(target) == before


def file_in_place(path: Path) -> Path:
    path.write_text("x")
    return path


def link_in_place(path: Path) -> Path:
    path.symlink_to(path.parent)
    return path


def file_above(path: Path) -> Path:
    path.write_text("x")
    return path / "new" / "prod"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        pytest.param(file_in_place, "it is not a folder", id="a file stands there"),
        pytest.param(link_in_place, "it is a symbolic link", id="a link stands there"),
        pytest.param(file_above, "Not a directory", id="a file stands above it"),
        pytest.param(lambda p: Path("/proc/kgen/prod"), "No such file or directory", id="nobody may write there"),
        pytest.param(lambda p: p / ("n" * 250), "File name too long", id="a name too long for the folder beside it"),
    ],
)
def test_a_target_that_cannot_be(tmp_path: Path, make: Callable[[Path], Path], reason: str) -> None:
    target = make(tmp_path / "prod")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError) as caught:
        write_tree(target, {"a": own("x")})
    (found,) = caught.value.diagnostics
    assert (found.code, found.message) == ("KG012", f"`{target}` cannot be written: {reason}")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_full_disk_leaves_all_as_it_was(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, *_: object) -> None:
        path.write_bytes(b"as far as it goes")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tree, "_write", full)
    for place in (target, target.parent / "not" / "yet"):
        with pytest.raises(InputError, match="cannot be written: No space left on device"):
            write_tree(place, NEXT)
    assert plan(target, NEXT) == WORK
    assert [path.name for path in target.parent.iterdir()] == ["prod"]


def test_the_folder_one_stands_in_is_not_replaced(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(target)
    with pytest.raises(InputError, match="you are in it"):
        write_tree(Path(), NEXT)
    assert plan(target, NEXT) == WORK


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/a", "a\\b", "a\0b"])
def test_only_plain_names_are_taken(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="not a plain file name"):
        plan(tmp_path, {name: own("x")})


def test_only_marked_files_are_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not start with"):
        write_tree(tmp_path / "new", {"a": b"x"})


def test_own_files_are_those_with_the_mark(target: Path) -> None:
    assert own_files(target.parent / "none") == {}
    assert own_files(target) == {"same": own("1"), "old": own("2"), "gone": own("3")}


def test_a_killed_run_is_cleared_away_and_nothing_else(target: Path) -> None:
    (target.parent / ".prod.kgen-new-1-0123abcd").mkdir(mode=0o500)
    keep = [target.parent / name for name in (".prod.kgen-new-x", ".test.kgen-new-1-0123abcd", "prod2")]
    for folder in keep:
        folder.mkdir()
    write_tree(target, NEXT)
    assert sorted(target.parent.iterdir()) == sorted([*keep, target])


def test_a_folder_moved_away_by_a_killed_run_is_put_back(target: Path) -> None:
    target.rename(target.with_name(".prod.kgen-old-1-0123abcd"))
    assert write_tree(target, NEXT) == WORK
    assert [path.name for path in target.parent.iterdir()] == ["prod"]


def test_no_files_and_no_folder_is_nothing_to_do(tmp_path: Path) -> None:
    assert write_tree(tmp_path / "a" / "b", {}) == Plan()
    assert list(tmp_path.iterdir()) == []


def test_a_run_beside_another_waits_its_turn(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swap, "PATIENCE", 0.05)
    with swap.place(target), pytest.raises(InputError, match="another run of kgen is still writing beside it"):
        write_tree(target, NEXT)


WRITER = """
import sys
from pathlib import Path
from kgen.cli import swap, tree
if sys.argv[2] == "renames":
    swap._exchange = lambda *_: False
trees = [{f"{t}{n}": tree.OWN_MARK + f"\\n{t} {n}".encode() for n in range(200)} for t in "ab"]
trees[0]["both"], trees[1]["both"] = tree.OWN_MARK + b" a", tree.OWN_MARK + b" b"
print("ready", flush=True)
while True:
    for files in trees:
        tree.write_tree(Path(sys.argv[1]), files)
"""


@pytest.mark.parametrize("how", ["exchange", "renames"])
def test_killed_at_any_moment_one_whole_tree_is_there(tmp_path: Path, how: str) -> None:
    whole = {t: {f"{t}{n}" for n in range(200)} | {"both", "foreign"} for t in "ab"}
    target = tmp_path / "out"
    target.mkdir()
    (target / "foreign").write_text("mine")
    write_tree(target, {**{f"a{n}": own(f"a {n}")[:-1] for n in range(200)}, "both": OWN_MARK + b" a"})
    environment = {**os.environ, "PYTHONPATH": str(Path(tree.__file__).parents[2])}
    dice = random.Random(7)
    for turn in range(20):
        command = [sys.executable, "-c", WRITER, str(target), how]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as run:
            assert run.stdout is not None
            run.stdout.readline()
            time.sleep(dice.uniform(0.0, 0.3))
            run.kill()
        there = target
        if how == "renames" and not target.exists():
            (there,) = tmp_path.glob(".out.kgen-old-*")
        now = held(there)
        t = now["both"].decode()[-1]
        assert now.keys() == whole[t], f"after kill {turn}"
        assert all(now[f"{t}{n}"] == OWN_MARK + f"\n{t} {n}".encode() for n in range(200))
        assert now["foreign"] == b"mine"
    write_tree(target, {})
    assert held(target) == {"foreign": b"mine"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
