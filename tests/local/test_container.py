"""The runners `podman` and `docker`: the words for the engine, and trials in real containers where they can be had.

The containers need an image with Python: KGEN_TRIAL_IMAGE names one, or tests/e2e/local/base-image.sh made one.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from trials import NAME, PATIENCE, made, ran, spec, waited

from kgen.local.collect import collect
from kgen.local.container import Container
from kgen.local.follow import follow
from kgen.local.runner import RunnerError
from kgen.local.trial import State

IMAGE = os.environ.get("KGEN_TRIAL_IMAGE", "localhost/kgen-base:bookworm")

FAKE = """#!/bin/sh
printf '%s\\n' "$*" >> "$FAKE_LOG"
case "$1 $2" in
    "image inspect") {inspect} ;;
    "pull "*) {pull} ;;
esac
case "$*" in
    *" -c :") {probe} ;;
    "run "*) env > "$FAKE_LOG.env"; echo printed; exit 3 ;;
esac
"""


def engine(folder: Path, name: str = "podman", **answers: str) -> dict[str, str]:
    """Put an engine onto a PATH that notes what it is asked for, and give the environment."""
    place = folder / "bin"
    place.mkdir()
    text = FAKE
    for key in ("inspect", "pull", "probe"):
        text = text.replace("{" + key + "}", answers.get(key, "exit 0"))
    (place / name).write_text(text, "utf-8")
    (place / name).chmod(0o755)
    return {"PATH": f"{place}:{os.environ['PATH']}", "FAKE_LOG": str(folder / "asked")}


def asked(environ: dict[str, str], start: str) -> list[str]:
    """Give the words of the last call that began so."""
    lines = Path(environ["FAKE_LOG"]).read_text("utf-8").splitlines()
    return next(line for line in reversed(lines) if line.startswith(start)).split(" ")


def started(folder: Path, environ: dict[str, str], manifest: dict[str, Any], name: str = "podman") -> list[str]:
    """Start a trial with the noted engine, and give the words."""
    job = made(manifest, folder / "run")
    assert waited(Container(name, environ=environ).start(job)) == 3
    assert (job.folder / "stdout.log").read_text("utf-8") == "printed\n"
    return asked(environ, "run ")


def test_the_command_replaces_the_entrypoint(tmp_path: Path) -> None:
    words = started(tmp_path, engine(tmp_path), spec(["python3", "train.py"], ["--lr=$(LR)"]))
    assert words[:2] == ["run", "--name"]
    assert words[2].startswith(f"kgen-{NAME}-")
    at = words.index("--entrypoint=sh")
    assert words[at + 1 :] == (
        "trial:1.0 -c python3 train.py --lr=$(LR) 1>/var/log/katib/metrics.log 2>&1 "
        "&& echo completed > /var/log/katib/$$.pid"
    ).split(" ")
    assert {"--rm", "--pull=never"} < set(words)


def test_the_images_own_command_is_wrapped_too(tmp_path: Path) -> None:
    config = """echo '{"Entrypoint": ["python3"], "Cmd": ["train.py"]}'"""
    environ = engine(tmp_path, inspect=config)
    words = started(tmp_path, environ, spec(None))
    assert words[words.index("-c") + 1 :][:2] == ["python3", "train.py"]
    words = started(tmp_path, environ, spec(None, ["main.py"]))
    assert words[words.index("-c") + 1 :][:2] == ["python3", "main.py"]


def test_an_endpoint_leaves_the_images_command_alone(tmp_path: Path) -> None:
    words = started(tmp_path, engine(tmp_path), spec(None, ["--port=1"], collector="PrometheusMetric"))
    assert words[-2:] == ["trial:1.0", "--port=1"]
    assert "--publish=127.0.0.1::8080" in words


def test_mounts_limits_and_users_are_those_of_the_pod(tmp_path: Path) -> None:
    container = {
        "workingDir": "/opt",
        "resources": {"limits": {"cpu": "1500m", "memory": "1Gi"}},
        "securityContext": {"runAsUser": 7},
        "volumeMounts": [
            {"name": "shm", "mountPath": "/dev/shm"},
            {"name": "work", "mountPath": "/work/", "readOnly": True},
        ],
    }
    volumes = [{"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}}, {"name": "work", "emptyDir": {}}]
    words = started(tmp_path, engine(tmp_path), spec(container=container, pod={"volumes": volumes}))
    run = tmp_path / "run"
    assert {
        "--cpus=1.5",
        f"--memory={1 << 30}",
        "--user=7",
        "--workdir=/opt",
        f"--mount=type=tmpfs,destination=/dev/shm,tmpfs-size={64 << 20}",
        f"--mount=type=bind,source={run}/volumes/work,destination=/work,readonly",
        f"--mount=type=bind,source={run}/metrics,destination=/var/log/katib",
    } < set(words)


def test_a_value_is_not_on_the_command_line(tmp_path: Path) -> None:
    environ = engine(tmp_path)
    env = [{"name": "TOKEN", "value": "word"}, {"name": "PATH", "value": "/opt"}, {"name": "LANG", "value": "C.UTF-8"}]
    env.append({"name": "DOCKER_HOST", "value": "tcp://elsewhere"})
    words = started(tmp_path, environ | {"LANG": "other"}, spec(container={"env": env}))
    assert "--env=TOKEN" in words
    assert not [word for word in words if "word" in word]
    assert "TOKEN=word" in Path(environ["FAKE_LOG"] + ".env").read_text("utf-8").splitlines()
    assert {"--env=PATH=/opt", "--env=LANG=C.UTF-8", "--env=DOCKER_HOST=tcp://elsewhere"} < set(
        words
    )  # these are the engine's own


@pytest.mark.parametrize("name", ["podman", "docker"])
def test_gpus_that_are_not_here_are_noted(name: str, tmp_path: Path) -> None:
    manifest = spec(container={"resources": {"limits": {"nvidia.com/gpu": 2}}})
    runner = Container(name, environ=engine(tmp_path, name))
    notes = runner.notes(made(manifest, tmp_path / "run"))
    words = started(tmp_path, runner.environ, manifest, name)
    handed = [word for word in words if word in ("--gpus=all", "--device=nvidia.com/gpu=all")]
    if handed:
        assert notes[1] == "each trial sees all GPUs of this machine"
    else:
        assert notes[1] == f"the trial asks for 2 of nvidia.com/gpu, and {name} can give none here"


@pytest.mark.parametrize(
    ("answers", "pull", "message", "mend"),
    [
        pytest.param(
            {"inspect": "exit 125"}, False, "has no image `trial:1.0`", "podman pull trial:1.0", id="no image"
        ),
        pytest.param(
            {"inspect": "echo 'Cannot connect to the daemon' >&2; exit 1"},
            False,
            "does not answer: Cannot connect to the daemon",
            "podman info",
            id="no daemon",
        ),
        pytest.param(
            {"inspect": "exit 1", "pull": "echo denied >&2; exit 125"},
            True,
            "cannot pull `trial:1.0`: denied",
            "",
            id="pull",
        ),
        pytest.param(
            {"probe": "echo 'crun: setrlimit `RLIMIT_NOFILE`: Operation not permitted' >&2; exit 126"},
            False,
            "cannot start `sh` in `trial:1.0`: crun",
            "default_ulimits",
            id="limits above the machine's",
        ),
        pytest.param(
            {"probe": "echo 'executable file `sh` not found' >&2; exit 127"},
            False,
            "executable file `sh` not found",
            "Katib needs `sh` in the image",
            id="no shell in the image",
        ),
        pytest.param({"probe": "exit 9"}, False, "exit code 9", "", id="a failure without a word"),
    ],
)
def test_what_is_missing_is_said(answers: dict[str, str], pull: bool, message: str, mend: str, tmp_path: Path) -> None:
    runner = Container("podman", pull=pull, environ=engine(tmp_path, **answers))
    with pytest.raises(RunnerError) as caught:
        runner.prepare(made(spec(), tmp_path / "run"))
    assert message in str(caught.value)
    assert mend in caught.value.mend


def test_limits_above_the_machines_are_got_around(tmp_path: Path) -> None:
    refuses = "case \"$*\" in *--ulimit=nofile=*) exit 0 ;; esac; echo 'setrlimit `RLIMIT_NOFILE`' >&2; exit 126"
    environ = engine(tmp_path, probe=refuses)
    runner, job = Container("podman", environ=environ), made(spec(), tmp_path / "run")
    runner.prepare(job)
    assert "podman starts here with --ulimit=nofile=" in runner.notes(job)[1]
    waited(runner.start(job))
    assert any(word.startswith("--ulimit=nofile=") for word in asked(environ, "run "))


def test_an_image_is_pulled_where_that_is_asked_for(tmp_path: Path) -> None:
    environ = engine(tmp_path, inspect="exit 1")
    Container("podman", pull=True, environ=environ).prepare(made(spec(), tmp_path / "run"))
    assert asked(environ, "pull ") == ["pull", "trial:1.0"]


def test_an_engine_that_is_not_installed_is_said(tmp_path: Path) -> None:
    with pytest.raises(RunnerError, match="docker is not installed here") as caught:
        Container("docker", environ={"PATH": str(tmp_path)}).prepare(made(spec(), tmp_path / "run"))
    assert "--runner podman" in caught.value.mend


def test_an_image_has_to_be_named(tmp_path: Path) -> None:
    with pytest.raises(RunnerError, match="names no image"):
        Container(environ=engine(tmp_path)).prepare(made(spec(container={"image": ""}), tmp_path / "run"))


# Real containers.


@pytest.fixture(scope="module")
def runner() -> Container:
    found = next((each for each in ("podman", "docker") if shutil.which(each)), None)
    if found is None:
        pytest.skip("there is neither podman nor docker on this machine")
    if subprocess.run([found, "image", "inspect", IMAGE], capture_output=True, check=False).returncode:
        pytest.skip(f"{found} has no image {IMAGE}: make it with tests/e2e/local/base-image.sh, or name another")
    return Container(found, environ=os.environ)


@pytest.fixture
def ready(runner: Container, tmp_path: Path) -> Container:
    try:
        runner.prepare(made(real(["true"]), tmp_path / "probe"))
    except RunnerError as problem:
        pytest.skip(f"no container starts here: {problem}; {problem.mend}")
    return runner


def real(command: list[str] | None, **more: Any) -> dict[str, Any]:
    """Write an Experiment over the image."""
    more["container"] = {"image": IMAGE, **more.get("container", {})}
    return spec(command, **more)


def left(runner: Container) -> str:
    """Name the containers of trials that are there."""
    words = [runner.engine, "ps", "--all", "--filter", f"name=kgen-{NAME}", "--format", "{{.Names}}"]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def test_a_trial_runs_in_its_image(ready: Container, tmp_path: Path) -> None:
    script = (
        "import os; print(os.getcwd(), os.getuid(), os.environ['A'], os.path.isdir('/run/kgen'), os.listdir('/data'));"
        "print('accuracy=0.5'); open('/out/x', 'w').close()"
    )
    data = tmp_path / "data"
    data.mkdir()
    (data / "file").touch()
    manifest = real(
        ["sh", "-c", f'python3 -c "{script}"'],
        container={
            "workingDir": "/usr",
            "env": [{"name": "A", "value": "b c"}],
            "securityContext": {"runAsUser": 10001},
            "volumeMounts": [{"name": "out", "mountPath": "/out"}, {"name": "data", "mountPath": "/data"}],
        },
        pod={"volumes": [{"name": "out", "emptyDir": {}}, {"name": "data", "hostPath": {"path": "/srv"}}]},
    )
    from kgen.local.job import Given  # noqa: PLC0415

    job = made(manifest, tmp_path / "run", Given(volumes={"data": data}))
    found = collect(job, waited(ready.start(job)))
    assert job.log.read_text("utf-8") == "/usr 10001 b c False ['file']\naccuracy=0.5\n"
    assert (found.state, found.value) == (State.SUCCEEDED, 0.5)
    assert (job.folder / "volumes" / "out" / "x").is_file()
    assert stat.S_IMODE((job.folder / "metrics").stat().st_mode) == 0o777
    assert not left(ready)


@pytest.mark.parametrize(
    ("command", "state", "reason"),
    [
        pytest.param(["sh", "-c", "exit 7"], "Failed", "it ended with exit code 7", id="an exit code"),
        pytest.param(
            ["no-such-program"], "Failed", "it ended with exit code 127: the shell does not find it", id="127"
        ),
        pytest.param(
            ["sh", "-c", "echo accuracy=1; true"],
            "MetricsUnavailable",
            "no `accuracy`: the log is empty",
            id="what is not collected",
        ),
    ],
)
def test_a_failure_in_a_container_is_that_of_the_trial(
    command: list[str], state: str, reason: str, ready: Container, tmp_path: Path
) -> None:
    _, found = ran(real(command), tmp_path, ready)
    assert (found.state, found.reason) == (state, reason)


def test_stop_leaves_no_container(ready: Container, tmp_path: Path) -> None:
    script = "import signal, time; signal.signal(signal.SIGTERM, lambda *_: print('saved', flush=True)); "
    script += "print('accuracy=0.5', flush=True); time.sleep(1); [time.sleep(600) for _ in range(9)]"
    job = made(real(["sh", "-c", f'python3 -c "{script}"']), tmp_path / "run")
    running = ready.start(job)
    follower, until, seen = follow(job, running), time.monotonic() + PATIENCE, []
    while not seen and time.monotonic() < until:
        seen += [row.value for row in follower.read()]
        time.sleep(0.05)
    assert seen == ["0.5"]
    assert left(ready)
    running.stop(grace=0.5)
    assert running.poll() == 137
    assert not left(ready)
    running.stop()


def test_memory_is_limited(ready: Container, tmp_path: Path) -> None:
    limits = {"resources": {"limits": {"memory": "64Mi"}}}
    manifest = real(["sh", "-c", "python3 -c 'b = bytearray(range(256)) * 4000000; print(len(b))'"], container=limits)
    job = made(manifest, tmp_path / "run")
    try:
        ready.prepare(job)
    except RunnerError as problem:
        pytest.skip(f"no memory limit can be set here: {problem}")
    found = collect(job, waited(ready.start(job)))
    assert (found.state, found.reason) == (
        State.FAILED,
        "it ended with exit code 137: killed; perhaps it took more than its 64 MiB of memory",
    )


def test_an_endpoint_in_a_container_is_asked(ready: Container, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)  # an image may have a user of its own
    script = tmp_path / "serve.py"
    script.write_text(
        "import http.server\n"
        "class H(http.server.BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        self.send_response(200); self.end_headers(); self.wfile.write(b'accuracy 0.5\\n')\n"
        "http.server.HTTPServer(('', 8080), H).handle_request()\n",
        "utf-8",
    )
    from kgen.local.job import Given  # noqa: PLC0415

    manifest = real(
        ["python3", "/code/serve.py"],
        collector="PrometheusMetric",
        container={"volumeMounts": [{"name": "code", "mountPath": "/code"}]},
        pod={"volumes": [{"name": "code", "configMap": {"name": "code"}}]},
    )
    job = made(manifest, tmp_path / "run", Given(volumes={"code": tmp_path}))
    running = ready.start(job)
    follower, until = follow(job, running), time.monotonic() + PATIENCE
    while running.poll() is None and time.monotonic() < until:
        follower.read()
        time.sleep(0.05)
    running.stop(0)
    found = collect(job, 0)
    if found.value is None and "never answered" in found.reason:
        pytest.skip("the port of a container cannot be reached here")
    assert found.value == 0.5
