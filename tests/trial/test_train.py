"""The program of the bundled trial image: what it reports, in each form, as Katib's collectors read it."""

from __future__ import annotations

import ast
import importlib.util
import io
import json
import os
import re
import struct
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

import pytest

from kgen.katib.collectors import DEFAULT_FILTER
from kgen.katib.logs import Row, read_json, read_text

TRIAL = Path(__file__).parents[2] / "trial"
METRICS = ("accuracy", "loss")


class Ran(NamedTuple):
    returncode: int
    stdout: bytes
    stderr: bytes


def train(*flags: str) -> Ran:
    """Run the program in this process: a new one would load scikit-learn each time."""
    spec = importlib.util.spec_from_file_location("train", TRIAL / "train.py")
    assert spec is not None
    assert spec.loader is not None
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    out, err = (io.TextIOWrapper(io.BytesIO(), write_through=True) for _ in range(2))
    with redirect_stdout(out), redirect_stderr(err):
        try:
            code = program.main(flags)
        except SystemExit as ended:
            code = int(ended.code or 0)
    return Ran(code, *(stream.buffer.getvalue() for stream in (out, err)))  # type: ignore[attr-defined]


def train_apart(*flags: str, environ: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    argv = [sys.executable, str(TRIAL / "train.py"), *flags]
    return subprocess.run(argv, capture_output=True, check=False, env={**os.environ, **environ})


def rows(log: bytes) -> list[tuple[str, str]]:
    found = read_text(enumerate(log.splitlines(), start=1), METRICS, (DEFAULT_FILTER,))
    return [(row.name, row.value) for row in found if isinstance(row, Row)]


def test_stdout_has_a_value_of_each_metric_an_epoch() -> None:
    ran = train("--epochs=4")
    assert ran.returncode == 0, ran.stderr.decode()
    assert [name for name, _ in rows(ran.stdout)] == ["accuracy", "loss"] * 4
    assert len({value for name, value in rows(ran.stdout) if name == "loss"}) == 4, "a metric has a history"


def test_equal_flags_give_equal_metrics() -> None:
    flags = ("--C=0.5", "--max-iter=3", "--seed=7")
    assert train(*flags).stdout == train(*flags).stdout != train(*flags[:-1], "--seed=8").stdout


@pytest.mark.parametrize("flag", ["--C=0.01", "--max-iter=3", "--penalty=l1", "--tol=10", "--penalty=none", "--seed=1"])
def test_every_hyper_parameter_reaches_the_model(flag: str) -> None:
    assert rows(train(flag, "--epochs=2").stdout) != rows(train("--epochs=2").stdout)


def test_text_log_file_holds_what_stdout_does_with_times(tmp_path: Path) -> None:
    log = tmp_path / "deep" / "metrics.log"
    ran = train("--epochs=2", f"--log-file={log}")
    found = list(read_text(enumerate(log.read_bytes().splitlines(), 1), METRICS, (DEFAULT_FILTER,)))
    assert [(r.name, r.value) for r in found if isinstance(r, Row)] == rows(ran.stdout)
    times = [r.time for r in found if isinstance(r, Row)]
    assert times[0] > 0
    assert times == sorted(times)


def test_json_log_file_is_read_by_the_collector(tmp_path: Path) -> None:
    log = tmp_path / "metrics.json"
    ran = train("--epochs=3", "--format=json", f"--log-file={log}")
    found = [r for r in read_json(enumerate(log.read_bytes().splitlines(), 1), METRICS) if isinstance(r, Row)]
    assert [r.name for r in found] == ["accuracy", "loss"] * 3
    printed = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [line["accuracy"] for line in printed] == [r.value for r in found if r.name == "accuracy"]


def scalars(folder: Path) -> list[tuple[str, int, float]]:
    """Read event files: records of a length, its checksum, the event and its checksum."""
    from tensorboardX.proto.event_pb2 import Event  # noqa: PLC0415 - it takes a second

    out = []
    for path in sorted(folder.glob("events.out.tfevents.*")):
        data = path.read_bytes()
        while data:
            (size,) = struct.unpack("<Q", data[:8])
            event = Event.FromString(data[12 : 12 + size])
            out.extend((value.tag, event.step, value.simple_value) for value in event.summary.value)
            data = data[12 + size + 4 :]
    return out


def test_event_files_hold_the_same_values(tmp_path: Path) -> None:
    ran = train("--epochs=3", f"--event-dir={tmp_path}")
    found = scalars(tmp_path)
    assert [(tag, step) for tag, step, _ in found] == [(name, step) for step in (1, 2, 3) for name in METRICS]
    assert [f"{value:.6g}" for _, _, value in found] == [value for _, value in rows(ran.stdout)]


def test_no_event_library_is_loaded_unless_it_is_asked_for() -> None:
    code = "import sys, train; train.main(['--epochs=1', '--fail-at=1']); print('tensorboardX' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], cwd=TRIAL, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "False"


def test_failing_stops_at_its_epoch() -> None:
    ran = train("--epochs=5", "--fail-at=3")
    assert ran.returncode == 1
    assert len(rows(ran.stdout)) == 4
    assert "epoch 3" in ran.stderr.decode()


def test_nan_is_reported_where_it_is_asked_for_and_katib_reads_nothing_there() -> None:
    assert [value for name, value in rows(train("--epochs=3", "--nan-at=2").stdout) if name == "accuracy"][1] == ""


@pytest.mark.parametrize("environ", [{"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {"LANG": "POSIX"}])
def test_output_is_utf8_without_a_locale(environ: dict[str, str]) -> None:
    ran = train_apart("--epochs=1", environ={**environ, "PYTHONIOENCODING": ""})
    assert ran.returncode == 0, ran.stderr.decode()
    assert "붓꽃" in ran.stdout.decode("utf-8")


@pytest.mark.parametrize("flag", ["--C=0", "--epochs=0", "--l1-ratio=2", "--penalty=l3", "--max_iter=3", "--tol=x"])
def test_a_wrong_flag_is_an_error_and_no_default(flag: str) -> None:
    ran = train(flag)
    assert (ran.returncode, ran.stdout) == (2, b"")


def test_the_image_pins_all_that_it_installs_and_runs_as_nobody() -> None:
    pins = re.findall(r"^([A-Za-z0-9-]+)==([0-9.]+)$", (TRIAL / "requirements.txt").read_text(), re.MULTILINE)
    lines = [line for line in (TRIAL / "requirements.txt").read_text().splitlines() if line and line[0] != "#"]
    assert len(pins) == len(lines)
    dockerfile = (TRIAL / "Dockerfile").read_text()
    assert re.search(r"^USER [1-9][0-9]*:[1-9][0-9]*$", dockerfile, re.MULTILINE)
    copied = set(re.findall(r"^COPY (\S+) ", dockerfile, re.MULTILINE))
    kept = {line[1:] for line in (TRIAL / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == kept


def test_it_imports_nothing_that_the_image_lacks() -> None:
    tree = ast.parse((TRIAL / "train.py").read_text())
    imported = {a.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    imported |= {str(n.module).split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert imported - set(sys.stdlib_module_names) == {"sklearn", "tensorboardX"}
