"""The benchmark compares like with like; how long it takes is no test's business."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
KGEN = Path(sys.executable).parent / "kgen"


def benchmark(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "benchmarks" / "render.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(autouse=True)
def _tools() -> None:
    if shutil.which("kubectl") is None and shutil.which("kustomize") is None:
        pytest.skip("neither kubectl nor kustomize is on the PATH to compare with")
    if not KGEN.exists():
        pytest.skip(f"kgen is not installed beside {sys.executable}")


def test_both_tools_make_the_same_manifests_and_the_figures_are_reported() -> None:
    done = benchmark("--quick", "--sizes", "3,5")
    assert done.returncode == 0, done.stderr
    assert "5 experiments: the same from both" in done.stderr
    for line in ("kgen / kustomize, 3 experiments, CPU", "kgen --version, CPU", "python -c pass, CPU"):
        assert line in done.stdout


def test_every_measurement_is_there_as_json() -> None:
    done = benchmark("--quick", "--sizes", "3", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert {"kgen", "kustomize", "kgen --version", "python -c pass"} <= {run["command"] for run in report["runs"]}
    assert all(len(run["cpu"]) == len(run["wall"]) == 1 for run in report["runs"])


def test_a_difference_is_found_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import render  # noqa: PLC0415 - it lies on no path of the tests

    one = {"Experiment a/b": {"spec": {"goal": 1, "list": [{"x": "1"}]}}}
    for other, said in (
        ({"goal": 1.0, "list": [{"x": "1"}]}, "spec.goal is 1 from kgen, 1.0 from kustomize"),
        ({"goal": 1, "list": [{"x": 1}]}, "spec.list[0].x is '1' from kgen, 1 from kustomize"),
        ({"goal": 1, "list": [{"x": "1"}], "more": {}}, "spec.more is only in the output of kustomize"),
        ({"goal": 1, "list": []}, "spec.list is [{'x': '1'}] from kgen, [] from kustomize"),
    ):
        assert list(render._differences(one, {"Experiment a/b": {"spec": other}}, "")) == [f"Experiment a/b.{said}"]
    assert not list(render._differences(one, one, ""))
