"""The process around Jsonnet: its limits, its end, and that it says what the engine says."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import kgen
from kgen.cli import sandbox
from kgen.cli.sandbox import Sandbox
from kgen.codec.jsonnet import evaluate
from kgen.model.diagnostic import InputError
from kgen.model.node import Span
from kgen.model.sources import Sources, Unreadable

FILE = "experiments/a.jsonnet"
LOOP = "local f(a, n) = if n == 0 then 1 else f(a, n - 1) + f(a, n - 1); f(1, 60)"
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's limit on memory is Linux's")
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="processes are asked for by signal 0")


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox(seconds=20) as shared:
        yield shared


def sources_of(source: str) -> Sources:
    return {
        FILE: source.encode(),
        "lib/x.libsonnet": b"{ f(x):: x.a }",
        "lib/latin.yaml": b"\xff",
        "lib/link.libsonnet": Unreadable("it is a link", "copy it"),
        "kgen.yaml": b"{}",
    }


def words(box: Sandbox, source: str) -> tuple[Span, str]:
    with pytest.raises(InputError) as caught:
        box(FILE, sources_of(source), "prod")
    (found,) = caught.value.diagnostics
    assert found.code == "KG009"
    assert found.help
    return found.span, found.message


def pid(box: Sandbox) -> int:
    assert box._child is not None
    return box._child._process.pid


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{process}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("{ a: std.extVar('environment'), b: '날씨', c: 0.1 }", id="a value"),
        pytest.param("(import 'x.libsonnet').f({ a: 1 })", id="an import"),
        pytest.param("(import 'x.libsonnet').f({})", id="an error in a library"),
        pytest.param("importstr 'link.libsonnet'", id="a file that cannot be used"),
        pytest.param("importstr 'latin.yaml'", id="a file that is not UTF-8"),
        pytest.param("importstr '../kgen.yaml'", id="a file outside the folders"),
        pytest.param("import '../../etc/passwd'", id="a file outside the workspace"),
        pytest.param("{ a: 1", id="bad syntax"),
        pytest.param("local f(x) = f(x + 1); f(1)", id="recursion without end"),
    ],
)
def test_it_says_what_the_engine_says(box: Sandbox, source: str) -> None:
    def outcome(call: object) -> object:
        assert callable(call)
        try:
            return call(FILE, sources_of(source), "prod")
        except InputError as refused:
            return refused.diagnostics

    assert outcome(box) == outcome(evaluate)


@LINUX
@pytest.mark.parametrize(
    "source",
    [
        pytest.param("local f(x) = f(x + 1) tailstrict; f(1)", id="a tail recursion without end"),
        pytest.param("std.length(std.range(1, 1e9))", id="a huge range"),
        pytest.param(
            "local f(s, n) = if n == 0 then s else f(s + s, n - 1) tailstrict; std.length(f('x', 60))",
            id="a text that doubles",
        ),
        pytest.param("std.repeat('xxxxxxxxxx', 1e9)", id="a text repeated"),
        pytest.param("local f(a, n) = if n == 0 then a else f([a], n - 1) tailstrict; f([], 1e6)", id="deep output"),
        pytest.param("[" * 3_000_000, id="deep brackets"),
    ],
)
def test_memory_is_bounded(box: Sandbox, source: str) -> None:
    assert words(box, source) == (Span(FILE, 1, 1), "the file needs more than 400 MB of memory")
    assert box(FILE, sources_of("1"), "prod") == "1\n"  # by another child


def test_time_is_bounded() -> None:
    with Sandbox(seconds=0.5) as box:
        box(FILE, sources_of("1"), "prod")
        child, start = pid(box), time.monotonic()
        assert words(box, LOOP) == (Span(FILE, 1, 1), "the file did not finish within 0.5 s")
        assert time.monotonic() - start < 30  # it ended; how soon is the machine's affair
        assert box._child is None
        assert box(FILE, sources_of("2"), "prod") == "2\n"
        assert pid(box) != child


def test_one_child_serves_a_run(box: Sandbox) -> None:
    box(FILE, sources_of("1"), "prod")
    child = pid(box)
    assert box(FILE, sources_of("2"), "prod") == "2\n"
    assert words(box, "error 'no'")[1] == "no"
    assert pid(box) == child


def test_the_sources_are_sent_once(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = {**sources_of("1"), "elsewhere.jsonnet": b"2"}
    box(FILE, sources, "prod")
    sent: list[dict[str, object]] = []
    send = sandbox._Child.send

    def spy(child: sandbox._Child, request: dict[str, object]) -> None:
        sent.append(request)
        send(child, request)

    monkeypatch.setattr(sandbox._Child, "send", spy)
    assert box(FILE, sources, "prod") == "1\n"
    assert [list(request) for request in sent] == [["file", "environment"]]
    assert box("elsewhere.jsonnet", sources, "prod") == "2\n"


def test_nothing_starts_before_the_first_file() -> None:
    with Sandbox() as box:
        assert box._child is None


@POSIX
def test_closing_ends_the_child() -> None:
    with Sandbox() as box:
        box(FILE, sources_of("1"), "prod")
        child = pid(box)
        assert alive(child)
    assert not alive(child)


@POSIX
def test_an_interrupt_ends_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    box = Sandbox()
    box(FILE, sources_of("1"), "prod")
    child = pid(box)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sandbox._Child, "receive", interrupt)
    with pytest.raises(KeyboardInterrupt):
        box(FILE, sources_of(LOOP), "prod")
    assert not alive(child)


@LINUX
def test_the_child_of_a_killed_parent_ends_by_itself() -> None:
    program = (
        "from kgen.cli.sandbox import Sandbox\n"
        "box = Sandbox(seconds=0.5)\n"
        f"box('a.jsonnet', {{'a.jsonnet': b'1'}}, 'p')\n"
        "print(box._child._process.pid, flush=True)\n"
        "box._child.receive = lambda seconds: __import__('time').sleep(60)\n"
        f"box('b.jsonnet', {{'b.jsonnet': {LOOP.encode()!r}}}, 'p')\n"
    )
    root = str(Path(kgen.__file__).parents[1])
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": root},
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        time.sleep(0.2)
        parent.kill()
    assert alive(child)
    deadline = time.monotonic() + 10
    while alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(child)


@LINUX
def test_the_child_inherits_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
    with Sandbox() as box:
        box(FILE, sources_of("1"), "prod")
        names = {part.partition(b"=")[0] for part in Path(f"/proc/{pid(box)}/environ").read_bytes().split(b"\0")}
    assert names <= {b"", b"PATH", b"LD_LIBRARY_PATH", b"GOMEMLIMIT", b"GOMAXPROCS", b"GOTRACEBACK"}


def test_traces_are_passed_on(capsys: pytest.CaptureFixture[str]) -> None:
    with Sandbox() as box:
        assert box(FILE, sources_of("std.trace('seen \\u001b[31m', 1)"), "prod") == "1\n"
    assert capsys.readouterr().err == f"TRACE: {FILE}:1 seen ?[31m\n"


def test_a_child_that_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with Sandbox() as box:
        message = words(box, "1")[1]
    assert message.startswith("cannot start the process for Jsonnet: ")


def test_a_child_that_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "__file__", "/no/such/sandbox.py")
    with Sandbox() as box:
        assert words(box, "1")[1] == "the process for Jsonnet did not start (exit code 2)"


@LINUX
def test_a_child_that_breaks_down() -> None:
    with Sandbox(megabytes=60) as box:  # less than the engine needs to start
        assert words(box, "1")[1].startswith(("the file needs more than 60 MB", "the Jsonnet engine broke down"))
