"""The end-to-end test's own parts: settings, tools, waiting, what API answers mean, the command line."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from harness import stages
from harness.commands import CommandFailed, Done, Subprocesses, checked
from harness.installs import full_name
from harness.machine import find_tools, low_limits
from harness.settings import HERE, VERSIONS, Settings, SettingsError, parse, settings
from harness.waiting import Broken, Pending, wait_until

Json = dict[str, Any]
EXISTING = {
    "KGEN_E2E_CONTEXT": "team",
    "KGEN_E2E_IMAGE": "registry.example/trial:1",
    "KGEN_E2E_GIT_IMAGE": "r.example/git:1",
}


class Clock:
    """A clock that goes on when somebody sleeps."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


class Answers:
    """A shell whose programs give what the test says: {program: exit code and output}."""

    def __init__(self, answers: Mapping[str, tuple[int, str]]) -> None:
        self.answers = answers

    def run(self, argv: Sequence[str], **_: Any) -> Done:
        code, out = self.answers.get(argv[0], (127, ""))
        return Done(code, out if not code else "", out if code else "")


# Settings


def test_versions_file_names_every_image_and_version_once() -> None:
    found = parse(VERSIONS.read_text("utf-8"))
    assert all(name.startswith("KGEN_E2E_") and value for name, value in found.items())
    assert found["KGEN_E2E_NODE_IMAGE"].count("@sha256:") == 1, "a node image is pinned by its digest"
    assert re.fullmatch(r"v\d+\.\d+\.\d+", found["KGEN_E2E_KATIB"])
    assert re.fullmatch(r"v\d+\.\d+\.\d+", found["KGEN_E2E_ARGOCD"])


def test_every_setting_that_is_asked_for_is_in_the_file() -> None:
    known = parse(VERSIONS.read_text("utf-8"))
    sources = "".join(file.read_text("utf-8") for file in (HERE / "harness").glob("*.py"))
    asked = set(re.findall(r"""settings\[["']([A-Z_]+)["']\]""", sources))
    assert asked
    assert {f"KGEN_E2E_{name}" for name in asked} <= set(known)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("KGEN_E2E_A=1\nKGEN_E2E_A=2\n", "x.env:2: KGEN_E2E_A stands twice", id="a name twice"),
        pytest.param(
            "# why\n\nA=1\n", "x.env:3: expected KGEN_E2E_NAME=VALUE without blanks, found: A=1", id="a name of others"
        ),
        pytest.param("export KGEN_E2E_A=1", "x.env:1: expected", id="shell beside it"),
        pytest.param('KGEN_E2E_A="1 2"', "x.env:1: expected", id="quotes and blanks"),
    ],
)
def test_what_a_versions_file_cannot_say(text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(message)):
        parse(text, "x.env")


def test_environment_lies_over_the_file() -> None:
    found = settings({"KGEN_E2E_KATIB": "v0.18.0", "KGEN_E2E_TIMEOUT": "60", "KATIB": "no"})
    assert (found["KATIB"], found.timeout, found.kind) == ("v0.18.0", 60.0, True)


def test_an_existing_cluster_needs_no_kind_and_may_have_its_own_repository() -> None:
    found = settings({**EXISTING, "KGEN_E2E_GIT_URL": "https://git.example/e2e.git"})
    assert (found.kind, found.own_git, found.repository) == (False, False, "https://git.example/e2e.git")
    assert found.push_url == "https://git.example/e2e.git"
    assert settings(EXISTING).own_git


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        pytest.param(
            {"KGEN_E2E_CONTEXT": "team"}, "set KGEN_E2E_IMAGE to a trial image", id="a cluster without an image"
        ),
        pytest.param(
            {"KGEN_E2E_CONTEXT": "team", "KGEN_E2E_IMAGE": "a:1"}, "set KGEN_E2E_GIT_URL", id="a cluster without Git"
        ),
        pytest.param({"KGEN_E2E_IMAGE": "a:latest"}, "a tag other than latest", id="the tag latest"),
        pytest.param({"KGEN_E2E_IMAGE": "localhost:5000/a"}, "a tag other than latest", id="a port is no tag"),
        pytest.param({"KGEN_E2E_TIMEOUT": "40m"}, "write seconds", id="a unit"),
        pytest.param(
            {"KGEN_E2E_GIT_URL": "https://me:word@git.example/a"}, "holds a login", id="a login in an address"
        ),
    ],
)
def test_settings_that_cannot_be(environ: Mapping[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        settings(environ)
    assert "word@" not in str(caught.value), "no login in a message"


# Tools


ALL = {name: (0, f"{name} 1.0") for name in ("docker", "podman", "kind", "kubectl", "git")}


@pytest.mark.parametrize(
    ("answers", "environ", "reason"),
    [
        pytest.param(ALL, {}, "", id="all is here"),
        pytest.param({**ALL, "kind": (127, "")}, {}, "kind is not installed", id="no kind"),
        pytest.param(
            {**ALL, "docker": (1, "Cannot connect to the Docker daemon"), "podman": (127, "")},
            {},
            "neither docker nor podman works: docker does not work (Cannot connect to the Docker daemon), "
            "podman is not installed",
            id="docker without its daemon, and no podman",
        ),
        pytest.param({**ALL, "docker": (127, "")}, {}, "", id="podman in the place of docker"),
        pytest.param({"kubectl": (0, "1"), "git": (0, "1")}, EXISTING, "", id="an existing cluster needs neither"),
        pytest.param({"git": (0, "1")}, EXISTING, "kubectl is not installed", id="an existing cluster without kubectl"),
    ],
)
def test_reason_to_skip(answers: Mapping[str, tuple[int, str]], environ: Mapping[str, str], reason: str) -> None:
    assert find_tools(settings(environ), Answers(answers)).reason == reason


def test_docker_is_taken_before_podman() -> None:
    assert find_tools(settings({}), Answers(ALL)).engine == "docker"
    assert find_tools(settings({}), Answers({**ALL, "docker": (1, "")})).engine == "podman"


def test_low_inotify_limits_are_named_with_the_mend() -> None:
    have = {"max_user_watches": "524288\n", "max_user_instances": "128\n"}
    assert low_limits(have.__getitem__) == [
        "fs.inotify.max_user_instances is 128: sudo sysctl fs.inotify.max_user_instances=512"
    ]
    assert low_limits(dict.fromkeys(have, "1048576").__getitem__) == []


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("kgen-trial:e2e", "docker.io/library/kgen-trial:e2e"),
        ("team/trial:1", "docker.io/team/trial:1"),
        ("registry.example/team/trial:1", "registry.example/team/trial:1"),
        ("localhost/trial:1", "localhost/trial:1"),
        ("localhost:5000/trial:1", "localhost:5000/trial:1"),
    ],
)
def test_name_of_an_image_on_a_node(name: str, full: str) -> None:
    assert full_name(name) == full


def test_a_command_that_fails_is_told_with_what_it_said(tmp_path: Path) -> None:
    shell = Subprocesses(tmp_path / "commands.log")
    with pytest.raises(CommandFailed, match=r"exit code 3\nnot so"):
        checked(shell, [sys.executable, "-c", "import sys; sys.exit(print('not so', file=sys.stderr) or 3)"])
    with pytest.raises(CommandFailed, match="exit code 127\nno-such-program is not installed"):
        checked(shell, ["no-such-program"])
    with pytest.raises(CommandFailed, match="exit code 124\ndid not end within 0 seconds"):
        checked(shell, [sys.executable, "-c", "input()"], timeout=0.01)
    assert (tmp_path / "commands.log").read_text("utf-8").count("$ ") == 3


# Waiting


def looks(*answers: object) -> Callable[[], Any]:
    """Give one answer after the other; the last one again and again; exceptions are raised."""
    left = list(answers)

    def look() -> object:
        found = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(found, Exception):
            raise found
        return found

    return look


def test_waiting_ends_with_what_is_seen_and_says_each_reason_once() -> None:
    clock, said = Clock(), list[str]()
    look = looks(Pending("none yet"), Pending("none yet"), Pending("soon"), "there")
    assert wait_until("it", look, timeout=60, clock=clock, say=said.append, every=5) == "there"
    assert clock.now() == 15
    assert [text.split("s  ")[1] for text in said] == ["it: none yet", "it: soon"]


def test_waiting_has_an_end_and_tells_the_last_reason() -> None:
    clock = Clock()
    with pytest.raises(Broken, match="it: not within 12 seconds; last: never"):
        wait_until("it", looks(Pending("never")), timeout=12, clock=clock, say=lambda _: None, every=5)
    assert clock.now() == 12, "the last look is at the end of the time"


def test_what_is_broken_is_not_waited_for() -> None:
    clock = Clock()
    with pytest.raises(Broken, match="has failed"):
        wait_until("it", looks(Broken("has failed")), timeout=60, clock=clock, say=lambda _: None)
    assert clock.now() == 0


def test_a_server_that_does_not_answer_is_asked_again() -> None:
    look = looks(CommandFailed("connection refused"), "there")
    assert wait_until("it", look, timeout=60, clock=Clock(), say=lambda _: None) == "there"


# The command line


@pytest.mark.parametrize(
    ("stage", "first", "last", "names"),
    [
        pytest.param(None, None, None, stages.NAMES, id="all"),
        pytest.param("sync", None, None, ("sync",), id="one"),
        pytest.param(None, "search", None, ("search", "teardown"), id="from one on"),
        pytest.param(None, None, "katib", ("tools", "cluster", "katib"), id="up to one"),
        pytest.param(None, "push", "check", ("push", "sync", "check"), id="from one to another"),
    ],
)
def test_stages_that_are_chosen(stage: str | None, first: str | None, last: str | None, names: tuple[str, ...]) -> None:
    assert tuple(each.name for each in stages.chosen(stage, first, last)) == names


def run_command(*argv: str, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {"PATH": str(Path(sys.executable).parent), **environ}
    command = [sys.executable, str(HERE / "run.py"), *argv]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=clean)


def test_command_skips_with_the_reason_and_an_exit_code_of_its_own(tmp_path: Path) -> None:
    ran = run_command("--work", str(tmp_path), PATH=str(tmp_path))
    assert (ran.returncode, ran.stderr) == (77, "")
    assert "skipped: kubectl is not installed; git is not installed; kind is not installed; neither" in ran.stdout


@pytest.mark.parametrize(
    ("argv", "environ", "message"),
    [
        pytest.param(["--stage", "flowers"], {}, "invalid choice: 'flowers'", id="no such stage"),
        pytest.param(["--from", "search", "--to", "git"], {}, "--from search comes after --to git", id="backwards"),
        pytest.param([], {"KGEN_E2E_CONTEXT": "team"}, "set KGEN_E2E_IMAGE", id="a cluster without an image"),
    ],
)
def test_wrong_usage(argv: list[str], environ: dict[str, str], message: str) -> None:
    ran = run_command(*argv, **environ)
    assert ran.returncode == 2
    assert message in ran.stderr


def test_help_names_every_stage() -> None:
    said = " ".join(run_command("--help").stdout.split())
    assert all(f"{stage.name}: {stage.doc}" in said for stage in stages.STAGES)


def test_readme_names_every_stage_in_order() -> None:
    rows = re.findall(r"^\| `([a-z]+)` \|", (HERE / "README.md").read_text("utf-8"), re.MULTILINE)
    assert tuple(rows) == stages.NAMES


def test_settings_of_an_own_git_server() -> None:
    assert settings({}).repository == "http://kgen-e2e-git.kgen-e2e-git.svc.cluster.local/experiments.git"
    assert isinstance(settings({}), Settings)
