"""Fixes of diagnostics: which file and document they reach, the patch they make, and how they are written."""

from __future__ import annotations

import os
import random
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterable, Mapping
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from kgen.cli import fixing, patch
from kgen.cli.fixing import plan, plan_until_done, save
from kgen.cli.patch import unified
from kgen.model.diagnostic import Diagnostic, Edit, EditKind, Severity
from kgen.model.node import Span

HEAD = "apiVersion: v1\nkind: ConfigMap\n"


def found(file: str, line: int, *fix: Edit, column: int = 1) -> Diagnostic:
    return Diagnostic(Span(file, line, column), "KG999", Severity.ERROR, "wrong", "mend it", fix=fix)


def put(value: Any, *path: str | int) -> Edit:
    return Edit(EditKind.SET, path, value)


def test_a_fix_reaches_the_document_its_place_is_in() -> None:
    text = f"# head\n---\n{HEAD}v: 0.10\n---\n# nothing\n---\n{HEAD}v: 1e-5 # c\n...\n---\n{HEAD}v: 1\n"
    done = plan(
        {"a.yaml": text.encode()}, [found("a.yaml", 11, put("1e-05", "v")), found("a.yaml", 4, put("0.1", "v"))]
    )
    wanted = text.replace("0.10", '"0.10"').replace("1e-5", '"1e-5"')
    assert done.files == {"a.yaml": wanted.encode()}
    assert [d.span.line for d in done.applied] == [11, 4]
    assert not done.refused


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        pytest.param("0.10", "0.1", '"0.10"', id="zeros at the end"),
        pytest.param("1e-5", "1e-05", '"1e-5"', id="an exponent"),
        pytest.param("1_000.5", "1000.5", '"1000.5"', id="what only some read as a number"),
        pytest.param("0x1F", "31", '"31"', id="another base"),
        pytest.param("yes", "true", '"true"', id="a boolean as the fix says it"),
        pytest.param("0.10", "0.2", '"0.2"', id="another number is another value"),
        pytest.param("'0.10'", "0.1", '"0.1"', id="a text is a text"),
    ],
)
def test_quotes_keep_the_number_as_its_author_wrote_it(before: str, value: str, after: str) -> None:
    text = f"{HEAD}v: {before}\n"
    done = plan({"a.yaml": text.encode()}, [found("a.yaml", 1, put(value, "v"))])
    assert done.files["a.yaml"].decode() == f"{HEAD}v: {after}\n"


@pytest.mark.parametrize(
    ("text", "line", "column", "fix", "after"),
    [
        pytest.param("a: 0.10\n", 1, 4, (put("0.1", "x"),), 'a: "0.10"\n', id="a number at the place gets quotes"),
        pytest.param("가: [1, 2]\n", 1, 8, (put("2", "x"),), '가: [1, "2"]\n', id="columns count characters"),
        pytest.param("a: 0.10\n", 1, 4, (put("0.2", "x"),), None, id="another value"),
        pytest.param("a: x\n", 1, 4, (put("y", "x"),), None, id="a text"),
        pytest.param("a: 1\n", 1, 1, (put("1", "x"),), None, id="a place where no scalar is"),
        pytest.param("a: 1\n", 1, 4, (put("1", "x"), put("1", "z")), None, id="two edits"),
        pytest.param("a: 1\n", 1, 4, (Edit(EditKind.REMOVE, ("a",)),), None, id="another kind of edit"),
        pytest.param("a: &x 1\nb: *x\n", 1, 4, (put("1", "a"),), None, id="an anchor"),
    ],
)
def test_in_a_file_that_is_no_manifest_only_a_number_gets_quotes(
    text: str, line: int, column: int, fix: tuple[Edit, ...], after: str | None
) -> None:
    done = plan({"a.yaml": text.encode()}, [found("a.yaml", line, *fix, column=column)])
    assert done.files == ({} if after is None else {"a.yaml": after.encode()})
    assert len(done.refused) == (after is None)


@pytest.mark.parametrize(
    ("file", "data", "line", "words"),
    [
        pytest.param("a.jsonnet", b"{a: 1}\n", 1, "by hand", id="Jsonnet"),
        pytest.param("b.yaml", b"a: 1\n", 1, "by hand", id="a file that was not given"),
        pytest.param("a.yaml", HEAD.encode() + b"v: 1\n", 0, "no place", id="a value that nobody wrote"),
        pytest.param("a.yaml", b"{", 1, "correct that first", id="no YAML"),
        pytest.param("a.yaml", b"\xff\xfe", 1, "UTF-8", id="no UTF-8"),
    ],
)
def test_what_is_not_fixed(file: str, data: bytes, line: int, words: str) -> None:
    given = {"a.jsonnet" if file.endswith("net") else "a.yaml": data}
    done = plan(given, [found(file, line, put("1", "v"))])
    assert not done.files
    assert not done.applied
    assert words in done.refused[0][1]


def test_marks_and_line_ends_stay() -> None:
    text = f"\ufeff{HEAD}v: 1 # 가\n---\n{HEAD}v: 1\n".replace("\n", "\r\n")
    done = plan({"a.yml": text.encode()}, [found("a.yml", 5, put("1", "v")), found("a.yml", 3, put("1", "v"))])
    assert done.files["a.yml"].decode() == text.replace("v: 1", 'v: "1"')


def test_a_diagnostic_without_a_fix_is_passed_by() -> None:
    assert plan({"a.yaml": b"a: 1\n"}, [found("a.yaml", 1)]) == ({}, [], [])


def test_rounds_end_when_nothing_changes() -> None:
    def find(files: Mapping[str, bytes]) -> Iterable[Diagnostic]:
        count = files["a.yaml"].count(b"x")
        return [found("a.yaml", 1, put("1", *["x"] * (count + 1)))] if count < 3 else []

    done, left = plan_until_done({"a.yaml": HEAD.encode(), "b.yaml": b""}, find)
    assert done.files == {"a.yaml": f"{HEAD}x:\n".encode()} or len(done.applied) <= fixing.MOST_ROUNDS
    assert done.applied
    assert len(left) <= 1


def test_rounds_end_even_where_fixes_never_do() -> None:
    def find(files: Mapping[str, bytes]) -> Iterable[Diagnostic]:
        odd = b"v: a" in files["a.yaml"]
        return [found("a.yaml", 1, put("b" if odd else "a", "v"))]

    done, left = plan_until_done({"a.yaml": f"{HEAD}v: x\n".encode()}, find)
    assert len(done.applied) == fixing.MOST_ROUNDS
    assert len(left) == 1


# The patch.


@pytest.mark.parametrize("tool", [("patch", "-p1", "--binary", "-s"), ("git", "apply")])
@pytest.mark.parametrize("seed", range(12))
def test_a_patch_can_be_applied(tool: tuple[str, ...], seed: int, tmp_path: Path) -> None:
    if shutil.which(tool[0]) is None:
        pytest.skip(f"{tool[0]} is not here")
    rng = random.Random(seed)
    lines = [rng.choice(("a: 1\n", "b:\n", "\n", "- 한글\r\n", f"{n}: x\n")) for n in range(rng.randint(1, 80))]
    changed = list(lines)
    for _ in range(rng.randint(1, 6)):
        at = rng.randint(0, len(changed))
        changed[at : at + rng.randint(0, 3)] = [f"new {rng.random()}\n"] * rng.randint(0, 3)
    before, after = (("".join(each)[: -1 if rng.random() < 0.3 else None] or "x").encode() for each in (lines, changed))
    name = rng.choice(("a.yaml", "한 글/a b.yaml", "x/y/z.yaml"))
    target = tmp_path / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(before)
    text = unified(before, after, f"./{name}")
    if before != after:
        subprocess.run(tool, cwd=tmp_path, input=text.encode(), check=True)
    assert target.read_bytes() == after


def test_the_patch_as_it_looks() -> None:
    before = "".join(f"{n}\n" for n in range(30)) + "end"
    after = before.replace("3\n4\n5\n", "3\nx\n5\n", 1).replace("28\n", "").replace("end", "End")
    assert unified(before.encode(), after.encode(), "/k8s/a b.yaml") == (
        "--- a/k8s/a b.yaml\t\n+++ b/k8s/a b.yaml\t\n"
        "@@ -2,7 +2,7 @@\n 1\n 2\n 3\n-4\n+x\n 5\n 6\n 7\n"
        "@@ -26,6 +26,5 @@\n 25\n 26\n 27\n-28\n 29\n-end\n\\ No newline at end of file\n"
        "+End\n\\ No newline at end of file\n"
    )
    assert not unified(b"a\n", b"a\n", "a.yaml")


def test_texts_that_never_run_together_again_are_replaced() -> None:
    old, new = (b"".join(b"%d\n" % n for n in range(start, start + patch.FARTHEST)) for start in (0, 10_000))
    assert unified(old, new, "a").count("\n-") == patch.FARTHEST


# The disk.


def test_files_are_replaced_with_their_mode(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"a")
    path.chmod(0o640)
    assert not save({str(path): b"a"}, {str(path): b"b"}, [str(tmp_path)])
    assert path.read_bytes() == b"b"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [each.name for each in tmp_path.iterdir()] == ["a.yaml"]


def test_what_cannot_be_written_does_not_stop_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    outside = tmp_path / "outside.yaml"
    folder = tmp_path / "k8s"
    folder.mkdir()
    names = ("good.yaml", "changed.yaml", "fixed.yaml", "real.yaml")
    for path in (outside, *(folder / name for name in names)):
        path.write_bytes(b"old")
    (folder / "out.yaml").symlink_to(outside)
    (folder / "in.yaml").symlink_to("real.yaml")
    (folder / "changed.yaml").write_bytes(b"newer")
    (folder / "fixed.yaml").chmod(0o444)
    files = ("k8s/gone.yaml", "k8s/out.yaml", "k8s/in.yaml", *(f"k8s/{name}" for name in names[:3]), "outside.yaml")
    failed = dict(save(dict.fromkeys(files, b"old"), dict.fromkeys(files, b"new"), ["k8s"]))
    assert set(failed) == {"k8s/gone.yaml", "k8s/out.yaml", "k8s/changed.yaml", "k8s/fixed.yaml", "outside.yaml"}
    assert "read-only" in failed["k8s/fixed.yaml"]
    assert "changed since" in failed["k8s/changed.yaml"]
    assert "leads out" in failed["k8s/out.yaml"]
    assert outside.read_bytes() == b"old"
    assert (folder / "good.yaml").read_bytes() == (folder / "real.yaml").read_bytes() == b"new"
    assert (folder / "in.yaml").is_symlink()


def test_a_write_that_fails_leaves_the_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert save({str(path): b"old"}, {str(path): b"new"}, [str(path)]) == (
        (str(path), "it cannot be written: No space left on device"),
    )
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["a.yaml"]


def test_what_came_from_stdin_goes_to_stdout(monkeypatch: pytest.MonkeyPatch) -> None:
    out = BytesIO()
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(out, write_through=True))
    assert not save({"<stdin>": b"a"}, {"<stdin>": "나\r\n".encode()}, ["-"])
    assert out.getvalue() == "나\r\n".encode()
