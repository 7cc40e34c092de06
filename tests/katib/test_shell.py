"""Command lines as the shell reads them; where sh is, what Katib adds is tried on it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from kgen.katib import shell


@pytest.mark.parametrize(
    ("words", "at"),
    [
        (["sh", "-c", "x"], 2),
        (["/bin/bash", "-lc", "x"], 2),
        (["bash", "-o", "pipefail", "-c", "x"], 4),
        (["/usr/bin/env", "bash", "-c", "x"], 3),
        (["bash", "train.sh", "-c"], None),
        (["sh", "-c"], None),
        (["sh"], None),
        ([], None),
        (["python3", "-c", "x"], None),
        (["bash", "--rcfile", "-c", "x"], None),
    ],
)
def test_the_script_of_a_shell_is_found(words: list[str], at: int | None) -> None:
    assert shell.script_at(words) == at


@pytest.mark.parametrize(
    ("words", "known"),
    [(["sh", "-c"], True), (["bash", "-c", "x"], True), (["sh"], False), ([], False), (["/bin/sh", "-c"], False)],
)
def test_katib_knows_two_spellings_of_a_shell(words: list[str], known: bool) -> None:
    assert shell.is_recognised(words) is known


@pytest.mark.parametrize(
    ("script", "parts"),
    [
        ("a b; c && d || e\nf", ["a b", "c", "d", "e", "f"]),
        ("a '; b' \"&& c\"", ["a '; b' \"&& c\""]),
        ("a # b; c\nd", ["a # b", "c", "d"]),
        ("for x in a; do b; done", None),
        ("{ a; b; }", None),
        ("cat <<EOF\na\nEOF\nb", None),
        ("", []),
    ],
)
def test_a_script_is_split_at_its_separators(script: str, parts: list[str] | None) -> None:
    found = shell.commands(script)
    assert found == (["a # b; c", "d"] if script.startswith("a #") else parts)


SCRIPTS = (
    "echo loss=1",
    "cd / && echo loss=1",
    "true; echo loss=1",
    "true\necho loss=1",
    "{ echo loss=1; echo done; }",
    "if true; then echo loss=1; fi",
    "echo 'loss=1 # x'",
    "echo loss=1\n",
    "echo loss=1\n\n",
    "echo loss=1 # train",
    "echo loss=1;",
    "echo loss=1 &",
    "echo loss=1; exit 0",
    "exec echo loss=1",
    "cat <<EOF\nloss=1\nEOF",
    "cat <<'EOF'\nloss=1\nEOF\n",
)


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_bad_end_loses_the_output_or_the_mark(script: str, tmp_path: Path) -> None:
    """The same verdict as the shell's own, on what Katib makes of the script."""
    sh = shutil.which("sh")
    if sh is None:
        pytest.skip("there is no sh here")
    log, mark = tmp_path / "metrics.log", tmp_path / "mark"
    subprocess.run(
        [sh, "-c", f"{script} 1>{log} 2>&1 && echo completed > {mark}"], capture_output=True, check=False, timeout=10
    )
    read = log.is_file() and "loss=1" in log.read_text("utf-8") and mark.is_file()
    assert (shell.bad_end(script) is None) is read
