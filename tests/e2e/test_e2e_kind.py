"""The end-to-end test itself, as one test: it takes half an hour, so it is run only where somebody asks for it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from harness.commands import Subprocesses
from harness.machine import find_tools
from harness.settings import HERE, SettingsError, settings


def reason_to_skip() -> str:
    """Say why it is not run; "" if it is."""
    if not os.environ.get("KGEN_E2E"):
        return "half an hour on a cluster: set KGEN_E2E=1 to run it"
    try:
        return find_tools(settings(os.environ), Subprocesses()).reason
    except SettingsError as wrong:
        return str(wrong)


def test_the_whole_loop_on_a_cluster() -> None:
    if reason := reason_to_skip():
        pytest.skip(reason)
    assert subprocess.run([sys.executable, str(HERE / "run.py")], check=False).returncode == 0


def test_a_run_that_nobody_asked_for_says_how_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KGEN_E2E", raising=False)
    assert "set KGEN_E2E=1" in reason_to_skip()


def test_a_run_without_tools_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KGEN_E2E", "1")
    monkeypatch.setenv("PATH", os.devnull)
    for name in [name for name in os.environ if name.startswith("KGEN_E2E_")]:
        monkeypatch.delenv(name)
    assert "kind is not installed" in reason_to_skip()
