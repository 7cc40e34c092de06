"""What is collected of a trial, with each collector, and what is said where the objective has no value."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from trials import PATIENCE, made, process, ran, spec, waited

from kgen.local.collect import Collected, collect
from kgen.local.events import concerns
from kgen.local.follow import follow
from kgen.local.lines import Growing
from kgen.local.runner import Job
from kgen.local.scan import is_alike, nearness
from kgen.local.scrape import Scraper, reported, samples
from kgen.local.trial import State

FILE = {"fileSystemPath": {"path": "/logs/m.log", "kind": "File", "format": "TEXT"}}
JSON = {"fileSystemPath": {"path": "/logs/m.log", "kind": "File", "format": "JSON"}}
EVENTS = {"fileSystemPath": {"path": "/logs/tf/", "kind": "Directory"}}


def collected(text: bytes | str, folder: Path, **more: Any) -> tuple[Job, Collected]:
    """Collect a log of these bytes, as a trial that ended well would have left it."""
    job = made(spec(["python3", "train.py"], **more), folder)
    job.metrics_file.write_bytes(text.encode() if isinstance(text, str) else text)
    (job.metrics_file.parent / "7.pid").write_text("completed\n", "utf-8")
    return job, collect(job, 0)


# A value is found.


@pytest.mark.parametrize(
    ("text", "objective", "value"),
    [
        pytest.param("accuracy=0.5\naccuracy=0.9\naccuracy=0.7\n", {}, 0.9, id="the greatest of what is maximised"),
        pytest.param("accuracy=0.5\naccuracy=0.9\n", {"type": "minimize"}, 0.5, id="the least of what is minimised"),
        pytest.param(
            "accuracy=0.9\naccuracy=0.7",
            {"metricStrategies": [{"name": "accuracy", "value": "latest"}]},
            0.7,
            id="the latest, in a line without an end",
        ),
        pytest.param("accuracy=nan\naccuracy=0.7\n", {}, 0.7, id="a value that is no number does not count"),
    ],
)
def test_the_strategy_takes_the_value(text: str, objective: dict[str, Any], value: float, tmp_path: Path) -> None:
    _, found = collected(text, tmp_path, objective=objective)
    assert (found.state, found.value, found.reason) == (State.SUCCEEDED, value, "")


def test_other_metrics_are_collected_too(tmp_path: Path) -> None:
    _, found = collected("accuracy=0.5 loss=2\nloss=1\n", tmp_path, objective={"additionalMetricNames": ["loss", "f1"]})
    assert [(metric.name, metric.seen, metric.latest) for metric in found.metrics] == [
        ("accuracy", 1, "0.5"),
        ("loss", 2, "1"),
        ("f1", 0, "unavailable"),
    ]


SCRIPT = """
import json, sys
from datetime import datetime, timezone
how, place = sys.argv[1:]
if how == "TensorFlowEvent":
    from tensorboardX import SummaryWriter
    writer = SummaryWriter(place + "/test")
for step in range(3):
    value = 0.5 + step / 8
    if how == "StdOut":
        print(f"accuracy={value}")
    elif how == "TensorFlowEvent":
        writer.add_scalar("accuracy", value, step)
    else:
        with open(place, "a") as out:
            print(json.dumps({"accuracy": str(value)}) if how == "JSON" else f"accuracy={value}", file=out)
if how == "TensorFlowEvent":
    writer.close()
"""


@pytest.mark.parametrize(
    ("how", "collector", "source", "place"),
    [
        pytest.param("StdOut", "StdOut", None, "-", id="StdOut"),
        pytest.param("TEXT", "File", FILE, "/logs/m.log", id="File, TEXT"),
        pytest.param("JSON", "File", JSON, "/logs/m.log", id="File, JSON"),
        pytest.param("TensorFlowEvent", "TensorFlowEvent", EVENTS, "/logs/tf", id="TensorFlowEvent"),
    ],
)
def test_each_collector_reads_what_a_program_writes(
    how: str, collector: str, source: dict[str, Any] | None, place: str, tmp_path: Path
) -> None:
    if how == "TensorFlowEvent":
        pytest.importorskip("tensorboardX", reason="tensorboardX writes the files")
    (tmp_path / "train.py").write_text(SCRIPT, "utf-8")
    manifest = spec(["python3", "train.py", how, place], collector=collector, source=source)
    _, found = ran(manifest, tmp_path)
    assert (found.state, found.value, found.metrics[0].seen) == (State.SUCCEEDED, 0.75, 3)


# A value is not found, and it is said why.

DEFAULT = r"the filter `([\w|-]+)\s*=\s*([+-]?\d*(\.\d+)?([Ee][+-]?\d+)?)` wants a line such as `accuracy=0.98`"


@pytest.mark.parametrize(
    ("text", "more", "reason", "explanation"),
    [
        pytest.param(
            "start\naccuracy: 0.9\n",
            {},
            "no `accuracy` in 2 lines of the log",
            (
                "line 2: accuracy: 0.9 (contains a metric name, and no filter matches it)",
                DEFAULT,
                r"a filter that reads it: '(accuracy):\s*([+-]?\d*(\.\d+)?([Ee][+-]?\d+)?)'",
            ),
            id="a colon",
        ),
        pytest.param(
            "epoch 1\nacc=0.9\nstep 3 of 4\n",
            {},
            "no `accuracy` in 3 lines of the log",
            ("line 2: acc=0.9", "line 1: epoch 1", "line 3: step 3 of 4", DEFAULT, "the log has `acc`"),
            id="a short name",
        ),
        pytest.param(
            "Accuracy=0.9\n",
            {},
            "no `accuracy` in 1 line of the log",
            ("line 1: Accuracy=0.9", DEFAULT, "the log has `Accuracy`"),
            id="a capital",
        ),
        pytest.param(
            "\x1b[32maccuracy\x1b[0m=\x1b[1m0.9\x1b[0m\n",
            {},
            "no `accuracy` in 1 line of the log",
            ("line 1: \ufffd[32maccuracy\ufffd[0m=\ufffd[1m0.9\ufffd[0m", DEFAULT, "the line is coloured"),
            id="colour within the pair",
        ),
        pytest.param(
            "\x1b[1maccuracy=0.25\x1b[0m\n",
            {},
            "no `accuracy` in 1 line of the log",
            ("line 1: \ufffd[1maccuracy=0.25\ufffd[0m (contains a metric name, and", DEFAULT, "the line is coloured"),
            id="colour around the pair, whose end the filter takes for a part of the name",
        ),
        pytest.param(
            "val/accuracy=0.9\n",
            {"objective": {"objectiveMetricName": "val/accuracy"}},
            "no `val/accuracy` in 1 line of the log",
            (
                "line 1: val/accuracy=0.9 (contains a metric name, and the filter reads another name there)",
                "no line that kgen can think of gives `val/accuracy`",
                "the filter reads another name there",
            ),
            id="a slash, which the default filter does not read",
        ),
        pytest.param(
            "", {}, "no `accuracy`: the log is empty", ("the program ended well and printed nothing",), id="nothing"
        ),
        pytest.param(
            "accuracy=0.9\n",
            {"source": {"filter": {"metricsFormat": [r"(\w+): (\d+)"]}}},
            "no `accuracy` in 1 line of the log",
            (
                "line 1: accuracy=0.9",
                r"the filter `(\w+): (\d+)` wants a line such as `accuracy: 0.98`",
                "a filter that reads it: '(accuracy)=",
            ),
            id="a filter of its own",
        ),
        pytest.param(
            '{"accuracy": 0.9}\n',
            {"collector": "File", "source": JSON},
            "no `accuracy` in 1 line of `/logs/m.log`",
            ('line 1: {"accuracy": 0.9} (the metric\'s value is no JSON text', "format JSON wants an object a line"),
            id="a JSON number",
        ),
    ],
)
def test_what_is_missing_is_explained(
    text: str, more: dict[str, Any], reason: str, explanation: tuple[str, ...], tmp_path: Path
) -> None:
    _, found = collected(text, tmp_path, **more)
    assert (found.state, found.value, found.reason) == (State.UNAVAILABLE, None, reason)
    assert len(found.explanation) == len(explanation)
    assert all(line.startswith(start) for line, start in zip(found.explanation, explanation, strict=True))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("accuracy=nan\n", id="nan"),
        pytest.param("accuracy=None\n", id="None"),
        pytest.param("accuracy=\n", id="nothing"),
    ],
)
def test_a_value_that_is_no_number_succeeds_as_in_the_cluster(text: str, tmp_path: Path) -> None:
    _, found = collected(text, tmp_path)
    assert (found.state, found.value) == (State.SUCCEEDED, None)
    assert found.reason == f"the value of `accuracy` is no number (line 1: {text.strip()})"


@pytest.mark.parametrize(
    ("command", "collector", "source", "state", "reason", "said"),
    [
        pytest.param(
            "print('accuracy=0.9')",
            "File",
            FILE,
            "Failed",
            "the file `/logs/m.log` is not there when the trial ends",
            "the program prints `accuracy`, and collector File reads `/logs/m.log`",
            id="the file is not there, and the metric was printed",
        ),
        pytest.param(
            "open('/logs/m.log', 'w'); print('accuracy: 0.9')",
            "File",
            FILE,
            "MetricsUnavailable",
            "no `accuracy`: `/logs/m.log` is empty",
            "the program prints `accuracy`, and collector File reads `/logs/m.log`",
            id="the file is empty, and something like the metric was printed",
        ),
        pytest.param(
            "open('/logs/m.log', 'w').write('accuracy=1')",
            "File",
            JSON,
            "Failed",
            "the collector ends with an error at line 1: it is no JSON",
            "",
            id="a text where JSON is wanted",
        ),
        pytest.param(
            "print('accuracy=0.9')",
            "TensorFlowEvent",
            EVENTS,
            "MetricsUnavailable",
            "no event file in `/logs/tf/`",
            "the program prints `accuracy`, and collector TensorFlowEvent reads `/logs/tf/`",
            id="no event file",
        ),
    ],
)
def test_where_else_the_metric_went_is_said(
    command: str, collector: str, source: dict[str, Any], state: str, reason: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / "train.py").write_text(command, "utf-8")
    manifest = spec(["sh", "-c", f'python3 -c "{command}"'], collector=collector, source=source)
    _, found = ran(manifest, tmp_path)
    assert found.state == state
    assert found.reason.startswith(reason)
    assert not said or found.explanation[0].startswith(said)


def test_a_metric_that_another_command_printed_is_found(tmp_path: Path) -> None:
    _, found = ran(spec(["sh", "-c", "echo accuracy=0.9; true"]), tmp_path)
    assert found.state is State.UNAVAILABLE
    assert "a command of the script that is not its last one" in found.explanation[0]


def test_a_shell_that_katib_does_not_see_is_named(tmp_path: Path) -> None:
    _, found = ran(spec(["/bin/sh", "-c", "true accuracy=0.9"]), tmp_path)
    assert "`/bin/sh` is wrapped once more" in found.explanation[0]


def test_a_missing_mark_is_explained(tmp_path: Path) -> None:
    _, found = ran(spec(["sh", "-c", "echo accuracy=0.9; exit"]), tmp_path)
    assert found.state is State.FAILED
    assert found.explanation[0].startswith("of the script: it ends with `exit`")


def test_an_unknown_strategy_makes_the_value_unavailable(tmp_path: Path) -> None:
    strategies = [{"name": "accuracy", "value": "mean"}]
    _, found = collected("accuracy=1\n", tmp_path, objective={"metricStrategies": strategies})
    assert (found.state, found.reason) == (
        State.UNAVAILABLE,
        "`mean` is no strategy of Katib: the objective has no value",
    )


def test_early_stopping_keeps_what_was_reported(tmp_path: Path) -> None:
    job = made(spec(["x"]), tmp_path)
    job.metrics_file.write_text("accuracy=0.3\n", "utf-8")
    found = collect(job, 143, stopped=True)
    assert (found.state, found.value) == (State.EARLY_STOPPED, 0.3)


def test_memory_is_thought_of_where_a_trial_is_killed(tmp_path: Path) -> None:
    job = made(spec(["x"], container={"resources": {"limits": {"memory": "64Mi"}}}), tmp_path)
    assert collect(job, 137).reason.endswith("perhaps it took more than its 64 MiB of memory")


# Event files.


@pytest.mark.parametrize(
    ("tag", "metric", "folder", "counts"),
    [
        pytest.param("accuracy", "accuracy", "/tf", True, id="the same name"),
        pytest.param("accuracy_1", "accuracy", "/tf/test", True, id="a longer tag, in any folder"),
        pytest.param("val_accuracy", "accuracy", "/tf", False, id="an end of the tag is not enough"),
        pytest.param("accuracy", "test/accuracy", "/tf/test", True, id="in the folder"),
        pytest.param("accuracy", "test/accuracy", "/tf/my-test", True, id="the end of the folder's name is enough"),
        pytest.param("accuracy", "test/accuracy", "/tf/train", False, id="in another folder"),
        pytest.param("test/accuracy", "test/accuracy", "/tf", False, id="a slash of the tag is no folder"),
        pytest.param("c", "a/b/c", "/tf/a/b", True, id="two folders"),
    ],
)
def test_a_tag_counts_as_for_katib(tag: str, metric: str, folder: str, counts: bool) -> None:
    assert concerns(tag, metric, folder) is counts


def _events(folder: Path, values: dict[str, list[float]], objective: str = "accuracy") -> Collected:
    pytest.importorskip("tensorboardX", reason="tensorboardX writes the files")
    from tensorboardX import SummaryWriter  # noqa: PLC0415

    manifest = spec(["x"], collector="TensorFlowEvent", source=EVENTS, objective={"objectiveMetricName": objective})
    job = made(manifest, folder)
    for name, series in values.items():
        below, _, tag = name.rpartition(":")
        with SummaryWriter(str(job.metrics_file / below)) as writer:
            for step, value in enumerate(series):
                writer.add_scalar(tag, value, step, walltime=1_700_000_000 + step)
    (job.metrics_file / "7.pid").write_text("completed", "utf-8")
    return collect(job, 0)


def test_values_of_a_folder_are_its_own(tmp_path: Path) -> None:
    found = _events(tmp_path, {"train:accuracy": [0.99], "test:accuracy": [0.5, 0.75]}, "test/accuracy")
    assert (found.value, found.metrics[0].seen, found.metrics[0].latest) == (0.75, 2, "0.75")


def test_the_tags_are_named_where_none_counts(tmp_path: Path) -> None:
    found = _events(tmp_path, {"train:loss": [1.0], "test:Accuracy": [0.5]})
    assert found.reason == "no tag of the event files is that of `accuracy`"
    assert found.explanation[0] == "the tags are `Accuracy`, `loss`"


def test_an_event_that_is_no_number_is_said(tmp_path: Path) -> None:
    found = _events(tmp_path, {"accuracy": [float("nan")]})
    assert (found.state, found.value) == (State.SUCCEEDED, None)
    assert found.reason == "the value of `accuracy` is no number (the latest is `nan`)"


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    job = made(spec(["x"], collector="TensorFlowEvent", source=EVENTS), tmp_path)
    (job.metrics_file / "events.out.tfevents.1").write_bytes(b"no record at all")
    (job.metrics_file / "7.pid").write_text("completed", "utf-8")
    found = collect(job, 0)
    assert found.reason == "no scalar in the event files of `/logs/tf/`"
    assert found.explanation == ("events.out.tfevents.1: the checksum of a record's length is wrong",)


# While it runs.

SLOW = """
import sys, time
for step in range(3):
    print(f"accuracy={step}", end="" if step == 2 else "\\n", flush=True)
    while not __import__("os").path.exists(f"{sys.argv[1]}/go{step}"):
        time.sleep(0.01)
print(flush=True)
"""


def test_reports_are_seen_as_they_come(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SLOW, "utf-8")
    job = made(spec(["python3", "train.py", str(tmp_path)]), tmp_path / "run")
    running = process(tmp_path).start(job)
    follower, seen = follow(job, running), []
    until = time.monotonic() + PATIENCE
    for step in range(3):
        while step < 2 and len(seen) <= step and time.monotonic() < until:
            seen += [(row.line, row.name, row.value) for row in follower.read()]
        assert len(seen) == min(step + 1, 2)  # the third line has no end yet
        (tmp_path / f"go{step}").touch()
    assert waited(running) == 0
    assert [*seen, *[(row.line, row.name, row.value) for row in follower.read()]] == [
        (1, "accuracy", "0"),
        (2, "accuracy", "1"),
        (3, "accuracy", "2"),
    ]
    assert follower.read() == ()


def test_a_line_is_given_once_it_has_an_end(tmp_path: Path) -> None:
    path = tmp_path / "log"
    growing, given = Growing(path), []
    for piece in (None, b"one\ntw", b"", b"o\n\nthr", b"ee", b"\n"):
        if piece is not None:
            with path.open("ab") as out:
                out.write(piece)
        given.append(growing.read())
    assert given == [[], [(1, b"one")], [], [(2, b"two"), (3, b"")], [], [(4, b"three")]]


def test_an_answer_that_stays_the_same_counts_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kgen.local.scrape.EVERY", 0.0)
    answers = iter(["accuracy 1\n", "accuracy 1\n", None, "accuracy 1\naccuracy 2\n"])
    monkeypatch.setattr("kgen.local.scrape.Scraper._answer", lambda _: next(answers))
    job = made(spec(["x"], collector="PrometheusMetric"), tmp_path)
    scraper = Scraper(job, lambda: None, ("accuracy",))
    assert [[row.value for row in scraper.read()] for _ in range(4)] == [["1"], [], [], ["1", "2"]]
    assert [row.value for row in reported(job.folder)] == ["1", "1", "2"]


def test_what_ends_the_collector_ends_the_following(tmp_path: Path) -> None:
    job = made(spec(["x"], collector="File", source=JSON), tmp_path)
    follower = follow(job, None)  # type: ignore[arg-type]
    assert follower.read() == ()  # the file is not there yet
    job.metrics_file.write_text('{"accuracy": "1"}\nno json\n{"accuracy": "2"}\n', "utf-8")
    assert [row.value for row in follower.read()] == ["1"]
    assert follower.read() == ()


SERVER = """
import http.server, sys, time
port, place = int(sys.argv[1]), sys.argv[2]
class Handler(http.server.BaseHTTPRequestHandler):
    count = 0
    def do_GET(self):
        Handler.count += 1
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"# TYPE accuracy gauge\\naccuracy{{fold=\\"1\\"}} 0.{Handler.count}\\nother 1\\n".encode())
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", port), Handler)
while Handler.count < 2:
    server.handle_request()
"""


@pytest.mark.parametrize("metric", ["accuracy", "loss"], ids=["a metric that is there", "a metric that is not"])
def test_an_endpoint_is_asked_while_the_trial_runs(metric: str, tmp_path: Path) -> None:
    import socket  # noqa: PLC0415

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "train.py").write_text(SERVER, "utf-8")
    manifest = spec(
        ["python3", "train.py", str(port), "-"],
        collector="PrometheusMetric",
        source={"httpGet": {"port": port, "path": "/metrics"}},
        objective={"objectiveMetricName": metric},
    )
    job = made(manifest, tmp_path / "run")
    running = process(tmp_path).start(job)
    follower, until, seen = follow(job, running), time.monotonic() + PATIENCE, []
    while running.poll() is None and time.monotonic() < until:
        seen += [row.value for row in follower.read()]
        time.sleep(0.02)
    found = collect(job, waited(running))
    if metric == "accuracy":
        assert seen == ["0.1", "0.2"]
        assert (found.state, found.value) == (State.SUCCEEDED, 0.2)
    else:
        assert found.state is State.UNAVAILABLE
        assert found.explanation == ("there are `other`, `accuracy`",)


def test_an_endpoint_that_never_answers_is_said(tmp_path: Path) -> None:
    found = collect(made(spec(["x"], collector="PrometheusMetric"), tmp_path), 0)
    assert (found.state, found.reason) == (
        State.UNAVAILABLE,
        "the trial never answered at port 8080, path /metrics",
    )


def test_samples_of_an_endpoint_are_read() -> None:
    text = '# HELP a b\na 1\nb{x="y z",w="}"} 2.5 1700000000000\nc NaN\nnot a sample at all\n d:e 3 \n\n'
    assert list(samples(text)) == [("a", "1"), ("b", "2.5"), ("c", "NaN"), ("d:e", "3")]


# Near misses.


@pytest.mark.parametrize(
    ("line", "near"),
    [
        pytest.param("accuracy: 0.9", (5, "accuracy"), id="the name"),
        pytest.param("ACCURACY 0.9", (4, "ACCURACY"), id="in capitals"),
        pytest.param("val_acc = 0.9", (3, "val_acc"), id="a part of it"),
        pytest.param("accurcay=0.9", (3, "accurcay"), id="misspelt"),
        pytest.param("loss=0.9", (1, "loss"), id="another pair"),
        pytest.param("nothing at all", None, id="nothing"),
    ],
)
def test_nearness(line: str, near: tuple[int, str] | None) -> None:
    assert nearness(line, "accuracy") == near


def test_short_names_are_not_alike() -> None:
    assert not is_alike("f1", "f")
    assert is_alike("Test-Loss", "test_loss")


# A large log.

LARGE = """
import json, re, resource, sys
from pathlib import Path
sys.path[:0] = json.loads(sys.argv[2])
from trials import made, spec
from kgen.local.collect import collect
def most():  # KiB; what getrusage says is also that of the program before an exec
    status = Path("/proc/self/status")
    if status.is_file():
        return int(re.search(r"VmHWM:\\s*(\\d+)", status.read_text())[1])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)
job = made(spec(["x"]), Path(sys.argv[1]))
line = b"step %07d of many, with words that make a line long and say nothing at all " * 1 + b"\\n"
with job.metrics_file.open("wb") as out:
    for step in range(650_000):
        out.write(line % step)
    out.seek(200 << 20, 1)  # a line of 200 MiB
    out.write(b"\\n")
    out.write(b"accuracy=0.5\\n")
(job.metrics_file.parent / "7.pid").write_text("completed")
before = most()
found = collect(job, 0)
print(json.dumps([found.value, job.metrics_file.stat().st_size, most() - before]))
"""


def test_a_large_log_takes_little_memory(tmp_path: Path) -> None:
    here = str(Path(__file__).parent)
    done = subprocess.run(
        [sys.executable, "-c", LARGE, str(tmp_path), json.dumps([here])], capture_output=True, text=True, check=True
    )
    value, size, grown = json.loads(done.stdout)
    assert (value, size > 50 << 20) == (0.5, True)
    assert grown < 120 << 10
