"""The runner `process`: what a trial is given, what breaks as in the cluster, and that nothing is left of it."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from trials import NAME, PATIENCE, made, process, ran, spec, waited

from kgen.local.process import MARKER, Process, marked
from kgen.local.runner import RunnerError
from kgen.local.trial import State

SCRIPT = "import sys\nprint('accuracy=' + sys.argv[1])\n"


@pytest.fixture
def workdir(tmp_path: Path) -> Path:
    (tmp_path / "train.py").write_text(SCRIPT, "utf-8")
    return tmp_path


# What breaks in the cluster breaks here.
@pytest.mark.parametrize(
    ("command", "state", "value", "reason"),
    [
        pytest.param(["python3", "train.py", "0.9"], "Succeeded", 0.9, "", id="a program"),
        pytest.param(["sh", "-c", "python3 train.py 0.8"], "Succeeded", 0.8, "", id="a script of a shell"),
        pytest.param(["python", "train.py", "'0.5 0.6'"], "Succeeded", 0.5, "", id="an argument that quotes itself"),
        pytest.param(
            ["python3", "train.py", "a;", "exit", "3"],
            "Failed",
            None,
            "it ended with exit code 3",
            id="an argument with a semicolon is a command",
        ),
        pytest.param(
            ["/bin/sh", "-c", "python3 train.py 0.9"],
            "MetricsUnavailable",
            None,
            "no `accuracy`: the log is empty",
            id="a shell by its path is wrapped twice and runs one word",
        ),
        pytest.param(
            ["sh", "-c", "python3 train.py 0.9; true"],
            "MetricsUnavailable",
            None,
            "no `accuracy`: the log is empty",
            id="only the last command is redirected",
        ),
        pytest.param(
            ["sh", "-c", "{ python3 train.py 0.9; true; }"],
            "Succeeded",
            0.9,
            "",
            id="braces hold a script together",
        ),
        pytest.param(
            ["sh", "-c", "python3 train.py 0.9\n"],
            "MetricsUnavailable",
            None,
            "no `accuracy`: the log is empty",
            id="a last line break is a line of its own for what Katib adds",
        ),
        pytest.param(
            ["sh", "-c", "python3 train.py 0.9 # now"],
            "Failed",
            None,
            "it ended with exit code 0 and without the mark",
            id="a comment swallows the mark",
        ),
        pytest.param(
            ["sh", "-c", "python3 train.py 0.9; exit 0"],
            "Failed",
            None,
            "it ended with exit code 0 and without the mark",
            id="exit ends the shell before the mark",
        ),
        pytest.param(
            ["sh", "-c", "exec python3 train.py 0.9"],
            "Failed",
            None,
            "it ended with exit code 0 and without the mark",
            id="exec leaves no shell for the mark",
        ),
        pytest.param(
            ["no-such-program-here"], "Failed", None, "exit code 127: the shell does not find it", id="no program"
        ),
        pytest.param(["sh", "-c", "kill -9 $$$$"], "Failed", None, "it ended with exit code 137: killed", id="killed"),
    ],
)
def test_a_command_does_what_it_does_in_the_cluster(
    command: list[str], state: str, value: float | None, reason: str, workdir: Path
) -> None:
    _, found = ran(spec(command), workdir)
    assert (found.state, found.value) == (state, value)
    assert found.reason.startswith(reason) if not reason.startswith("exit") else reason in found.reason


def test_a_failure_shows_the_end_of_the_log(workdir: Path) -> None:
    _, found = ran(spec(["python3", "-c", "'raise ValueError(2)'"]), workdir)
    assert found.explanation[-1] == "ValueError: 2"


@pytest.mark.parametrize(
    ("command", "option"),
    [
        pytest.param(["python3", "-m", "no_such_module"], "--python FILE", id="a module"),
        pytest.param(["sh", "-c", "python3 main.py"], "--workdir DIR", id="a script"),
        pytest.param(["sh", "-c", "cd folder && python3 train.py"], "--workdir DIR", id="a folder"),
    ],
)
def test_a_failure_of_what_the_image_holds_names_the_option(command: list[str], option: str, workdir: Path) -> None:
    _, found = ran(spec(command), workdir)
    assert option in found.explanation[-1]


def test_paths_of_the_pod_are_folders_of_the_trial(workdir: Path) -> None:
    script = "import os, sys; open(sys.argv[1] + '/x', 'w').write(os.environ['OUT']); print('accuracy=1')"
    (workdir / "train.py").write_text(script, "utf-8")
    manifest = spec(
        ["python3", "train.py", "/out"],
        container={
            "env": [{"name": "OUT", "value": "a:/out/b,/outer,x/out"}],
            "volumeMounts": [{"name": "work", "mountPath": "/out"}],
        },
        pod={"volumes": [{"name": "work", "emptyDir": {}}]},
    )
    job, found = ran(manifest, workdir)
    place = job.folder / "volumes" / "work"
    assert (place / "x").read_text("utf-8") == f"a:{place}/b,/outer,x/out"
    assert found.state is State.SUCCEEDED
    replaced = "in the folder of each trial: it is replaced in command, arguments and environment"
    notes = process(workdir).notes(job)
    assert f"`/out` is `volumes/work` {replaced}" in notes
    assert f"`/var/log/katib` is `metrics` {replaced}" in notes


def test_a_folder_of_the_image_can_be_named(workdir: Path, tmp_path: Path) -> None:
    runner = process(workdir, places={"/opt/trial": workdir})
    _, found = ran(spec(["python3", "/opt/trial/train.py", "0.7"]), tmp_path, runner)
    assert found.value == 0.7


def test_the_working_folder_of_the_image_is_that_of_the_runner(workdir: Path, tmp_path: Path) -> None:
    manifest = spec(["python3", "/opt/trial/train.py", "0.7"], container={"workingDir": "/opt/trial/"})
    job, found = ran(manifest, tmp_path)
    assert found.value == 0.7
    assert any(
        note.startswith(f"`/opt/trial` is `{tmp_path}`: it is replaced") for note in process(tmp_path).notes(job)
    )


def test_what_does_not_hold_is_noted(workdir: Path) -> None:
    container = {"resources": {"limits": {"cpu": 1}}, "volumeMounts": [{"name": "shm", "mountPath": "/dev/shm"}]}
    manifest = spec(container=container, pod={"volumes": [{"name": "shm", "emptyDir": {"medium": "Memory"}}]})
    notes = process(workdir).notes(made(manifest, workdir / "run"))
    assert [note.partition(" ")[0] for note in notes] == ["trials", "they", "`/var/log/katib`", "/dev/shm", "the"]
    assert "they" not in [note[:4] for note in process(workdir, inherit=False).notes(made(manifest, workdir / "run"))]


def test_two_trials_do_not_share_their_log(workdir: Path) -> None:
    runner = process(workdir)
    jobs = [made(spec(["python3", "train.py", str(value)]), workdir / str(value)) for value in (1, 2)]
    children = [runner.start(job) for job in jobs]
    assert [waited(child) for child in children] == [0, 0]
    assert [job.log.read_text("utf-8") for job in jobs] == ["accuracy=1\n", "accuracy=2\n"]


def test_the_environment_is_that_of_the_caller_and_of_the_trial(workdir: Path) -> None:
    script = "import os; print('accuracy=1', os.environ['KATIB_TRIAL_NAME'], os.environ.get('MINE'), os.environ['A'])"
    (workdir / "train.py").write_text(script, "utf-8")
    manifest = spec(["python3", "train.py"], container={"env": [{"name": "A", "value": "b"}]})
    environ = {"PATH": os.environ["PATH"], "MINE": "me"}
    job, _ = ran(manifest, workdir, process(workdir, environ=environ))
    assert job.log.read_text("utf-8") == f"accuracy=1 {NAME} me b\n"
    job, _ = ran(manifest, workdir / "clean", process(workdir, environ=environ, inherit=False))
    assert job.log.read_text("utf-8") == f"accuracy=1 {NAME} None b\n"


@pytest.mark.parametrize("word", ["python", "python3"])
def test_python_is_the_interpreter_that_was_named(word: str, workdir: Path) -> None:
    (workdir / "train.py").write_text("import sys; print(sys.prefix, file=sys.stderr)", "utf-8")
    job, _ = ran(spec(["env", word, "train.py"]), workdir)
    assert job.log.read_text("utf-8").strip() == sys.prefix  # a virtual environment stays one


def _bytes(workdir: Path) -> bytes:
    (workdir / "train.py").write_bytes(
        "import sys; sys.stdout.buffer.write('붓꽃\\xff'.encode('utf-8')[:-2] + b'\\xff\\x00 accuracy=0.5\\n')".encode()
    )
    return "붓꽃".encode() + b"\xff\x00 accuracy=0.5\n"


def test_bytes_of_a_log_stay_as_they_are(workdir: Path) -> None:
    wanted = _bytes(workdir)
    job, found = ran(spec(["python3", "train.py"]), workdir)
    assert job.log.read_bytes() == wanted
    assert found.value == 0.5


# Nothing is left.

STUBBORN = (
    "import os, signal, subprocess, sys, time\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "away = dict(start_new_session=True) if 'away' in sys.argv else {}\n"
    "sleep = 'import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)'\n"
    "subprocess.Popen([sys.executable, '-c', sleep], **away)\n"
    "print('accuracy=0.1', flush=True)\n"
    "if 'end' not in sys.argv: time.sleep(600)\n"
)


def _started(runner: Process, manifest: dict[str, Any], folder: Path) -> Any:
    job = made(manifest, folder)
    child = runner.start(job)
    until = time.monotonic() + PATIENCE
    while not (job.log.is_file() and job.log.read_bytes()) and time.monotonic() < until:
        time.sleep(0.01)
    return job, child


@pytest.mark.parametrize("more", ["", "away"], ids=["a child of its group", "a child that left the group"])
def test_stop_leaves_no_process(more: str, workdir: Path) -> None:
    (workdir / "train.py").write_text(STUBBORN, "utf-8")
    job, child = _started(process(workdir), spec(["python3", "train.py", more]), workdir / "run")
    assert child.poll() is None
    assert len(list(marked(str(job.folder)))) >= 3  # the shell, the program and its child
    child.stop(grace=0.2)
    assert list(marked(str(job.folder))) == []
    assert child.poll() == 143  # of the shell, which does not ignore it
    child.stop()  # once more does no harm
    with pytest.raises(ChildProcessError):  # and no zombie waits to be reaped
        os.waitpid(int(child.label.split()[1]), os.WNOHANG)


@pytest.mark.parametrize("more", ["", "away"], ids=["a child of its group", "a child that left the group"])
def test_what_a_trial_leaves_behind_is_ended(more: str, workdir: Path) -> None:
    (workdir / "train.py").write_text(STUBBORN, "utf-8")
    job, child = _started(process(workdir), spec(["python3", "train.py", "end", more]), workdir / "run")
    assert waited(child) == 0
    assert list(marked(str(job.folder))) == []


def test_a_program_may_end_by_itself_when_it_is_stopped(workdir: Path) -> None:
    script = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.5), print('saved', flush=True), sys.exit(5)))\n"
        "print('accuracy=0.1', flush=True)\ntime.sleep(600)\n"
    )
    (workdir / "train.py").write_text(script, "utf-8")
    job, child = _started(process(workdir), spec(["python3", "train.py"]), workdir / "run")
    child.stop(grace=PATIENCE)
    assert job.log.read_text("utf-8") == "accuracy=0.1\nsaved\n"


def test_a_trial_writes_into_its_own_folder_alone(workdir: Path) -> None:
    ran(spec(["python3", "train.py", "1"]), workdir)
    assert sorted(path.name for path in workdir.iterdir()) == ["run", "train.py"]
    assert sorted(path.name for path in (workdir / "run").iterdir()) == ["bin", "metrics", "stdout.log"]
    assert MARKER not in os.environ


# What cannot be started is said before the first trial.


@pytest.mark.parametrize(
    ("command", "options", "message", "mend"),
    [
        pytest.param(None, {}, "no `command`", "--runner podman", id="no command"),
        pytest.param(["python3", "main.py"], {}, "`main.py`, which is not in", "--workdir", id="no script"),
        pytest.param(
            ["python3", "-u", "main.py"], {}, "`main.py`, which is not in", "--workdir", id="behind an option"
        ),
        pytest.param(
            ["python3", "/opt/app/main.py"],
            {},
            "not on this machine",
            "--place /opt/app=DIR",
            id="a script of the image",
        ),
        pytest.param(["python9", "train.py"], {}, "`python9`, which is not here", "--python", id="no interpreter"),
        pytest.param(
            ["/opt/x/run"], {}, "`/opt/x/run`, which is not here", "--runner podman", id="a path of the image"
        ),
    ],
)
def test_what_is_missing_is_said(
    command: list[str] | None, options: dict[str, Any], message: str, mend: str, workdir: Path
) -> None:
    with pytest.raises(RunnerError) as caught:
        process(workdir, **options).prepare(made(spec(command), workdir / "run"))
    assert message in str(caught.value)
    assert mend in caught.value.mend


def test_a_folder_that_a_shell_would_split_is_refused(workdir: Path) -> None:
    job = made(spec(["python3", "train.py"]), workdir / "my runs")
    with pytest.raises(RunnerError, match="letters in it") as caught:
        process(workdir).prepare(job)
    assert "--output" in caught.value.mend


@pytest.mark.parametrize(
    ("runner", "message"),
    [
        pytest.param(Process(Path("/no/where"), environ={"PATH": "/usr/bin:/bin"}), "is not there", id="no folder"),
        pytest.param(Process(Path("/"), python=Path("/etc"), environ={"PATH": "/nowhere"}), "needs `sh`", id="no sh"),
        pytest.param(
            Process(Path("/"), python=Path("/no/python"), environ={"PATH": "/usr/bin:/bin"}),
            "no program",
            id="no python",
        ),
    ],
)
def test_a_runner_that_cannot_run_says_so(runner: Process, message: str, tmp_path: Path) -> None:
    with pytest.raises(RunnerError, match=message):
        runner.prepare(made(spec(), tmp_path / "run"))


def test_what_is_ready_is_not_refused(workdir: Path) -> None:
    for command in (["python3", "train.py"], ["sh", "-c", "whatever"]):
        try:
            process(workdir).prepare(made(spec(command), workdir / "run"))
        except RunnerError as refused:
            pytest.fail(f"{command} is refused: {refused}")


def test_a_program_that_does_not_start_is_an_error(workdir: Path) -> None:
    job = made(spec(["no-such-program"], collector="PrometheusMetric"), workdir / "run")
    with pytest.raises(RunnerError, match="does not start"):
        process(workdir).start(job)
