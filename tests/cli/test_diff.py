"""`kgen diff`: what each word is compared with, what is said when it cannot be, exit codes and forms."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema_rs import validator_for

from conftest import SPEC, Kgen, Ran, run_kgen, tree, write_workspace
from kgen.cli import history
from repository import Repository, clean_git, needs_git

ENVIRONMENT = "namespace: ml\nexperiments: [mnist]\n"
FILES = {
    "kgen.yaml": "target: {katib: '0.19'}\n",
    "experiments/mnist.yaml": SPEC,
    "environments/prod/environment.yaml": ENVIRONMENT,
    "environments/dev/environment.yaml": ENVIRONMENT + "naming: hashed\n",
}
RENDERED = "rendered/prod/mnist.yaml"
MORE = {"experiments/mnist.yaml": SPEC.replace("max: 12", "max: 20")}
WIDER = {"experiments/mnist.yaml": SPEC.replace("0.1]", "0.2]")}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace that no repository holds, and the working directory in it."""
    clean_git(monkeypatch)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    home = tmp_path / "ws"
    monkeypatch.chdir(write_workspace(home, FILES))
    return home


@pytest.fixture
def git(home: Path) -> Repository:
    """Render the workspace and commit it, as `v1`."""
    assert run_kgen("render", "prod", "dev", "-w").code == 0
    made = Repository(home)
    made.commit()
    made.run("tag", "v1")
    return made


def actions(ran: Ran) -> dict[str, str]:
    """Give what happens to each object of one comparison."""
    said = json.loads(ran.out)
    return {each["name"]: each["action"] for each in said["objects"] if each["action"] != "none"}


def diff(*argv: str) -> dict[str, str]:
    """Compare, where nothing is to be said on stderr."""
    ran = run_kgen("diff", *argv, "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    return actions(ran)


def feed(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


# What is compared with.


@needs_git
def test_the_committed_tree_is_the_default(home: Path, git: Repository) -> None:
    assert diff("prod") == {}
    write_workspace(home, MORE)
    assert diff("prod") == {"mnist": "in-place"}
    assert run_kgen("render", "prod", "-w").code == 0
    assert diff("prod") == {"mnist": "in-place"}
    assert diff("prod", "--against", "rendered") == {}
    git.commit()
    assert diff("prod") == {}


@needs_git
@pytest.mark.parametrize("name", ["prod", "env/prod", "environments/prod", "./environments/prod/environment.yaml"])
def test_an_environment_goes_by_many_names(name: str, home: Path, git: Repository) -> None:
    write_workspace(home, WIDER)
    assert diff(name) == {"mnist": "rejected"}
    assert diff("dev", "--against", name) == {}


@needs_git
@pytest.mark.parametrize("revision", ["v1", "HEAD~1", "main~1", "refs/tags/v1", "HEAD@{1}", ":/a change", "hash"])
def test_a_revision_goes_by_many_names(revision: str, home: Path, git: Repository) -> None:
    first = git.run("rev-parse", "--short=9", "HEAD").strip()
    write_workspace(home, WIDER)
    assert run_kgen("render", "prod", "-w", "--accept-recreate").code == 0
    git.commit("wider")
    assert diff("prod") == {}
    assert diff("prod", "--against", first if revision == "hash" else revision) == {"mnist": "rejected"}


@needs_git
def test_what_lies_at_no_revision_is_new(home: Path, kgen: Kgen) -> None:
    git = Repository(home)
    ran = kgen("diff", "prod", "--format", "json")
    assert (ran.code, actions(ran)) == (0, {"mnist": "create"})
    assert ran.err == "note: nothing is committed yet: all is new\n"
    assert kgen("diff", "prod", "--against", "HEAD").err == ran.err
    assert kgen("render", "dev", "-w").code == 0
    git.commit()
    ran = kgen("diff", "prod", "--format", "json")
    assert actions(ran) == {"mnist": "create"}
    assert ran.err == "note: HEAD has no rendered/prod: all of env/prod is new\n"
    write_workspace(home, {"environments/test/environment.yaml": ENVIRONMENT})
    ran = kgen("diff", "test", "--against", "main", "--format", "json")
    assert actions(ran) == {"mnist": "create"}
    assert ran.err == "note: main has no environment test: all of it is new\n"


JSONNET = "local spec = import 'spec.libsonnet'; spec { trials: { max: 12 } }\n"
LIBRARY = """\
{
  objective: { maximize: 'accuracy' },
  algorithm: 'random',
  parameters: { lr: { double: [0.01, 0.1] } },
  trial: { image: 'registry.example/mnist:1.0', command: ['python3', 'train.py'] },
}
"""


@needs_git
@pytest.mark.parametrize(
    ("first", "then"),
    [
        pytest.param(FILES, MORE, id="YAML"),
        pytest.param(
            {
                **FILES,
                "experiments/mnist.yaml": "",
                "experiments/mnist.jsonnet": JSONNET,
                "lib/spec.libsonnet": LIBRARY,
            },
            {"experiments/mnist.jsonnet": JSONNET.replace("12", "20")},
            id="Jsonnet, with what it imports",
        ),
    ],
)
def test_a_revision_without_a_rendered_folder_is_rendered(
    first: Mapping[str, str], then: Mapping[str, str], home: Path, kgen: Kgen
) -> None:
    write_workspace(home, first)
    for name in [name for name, text in first.items() if not text]:
        (home / name).unlink()
    if "experiments/mnist.jsonnet" in first:
        pytest.importorskip("_gojsonnet", reason="the Jsonnet library is not installed")
    git = Repository(home)
    git.commit()
    write_workspace(home, then)
    for against, word in (((), "HEAD"), (("--against", "main"), "main")):
        ran = kgen("diff", "prod", "--format", "json", *against)
        assert (ran.code, actions(ran)) == (0, {"mnist": "in-place"})
        assert ran.err == f"note: {word} has no rendered/prod: compared with what its sources render to\n"


@needs_git
def test_sources_of_a_revision_that_cannot_be_rendered(home: Path, kgen: Kgen) -> None:
    write_workspace(home, {"experiments/mnist.yaml": SPEC.replace("objective", "objectve")})
    Repository(home).commit()
    write_workspace(home, FILES)
    ran = kgen("diff", "prod")
    assert (ran.code, ran.out) == (1, "")
    assert "HEAD:experiments/mnist.yaml:1:1: error[KG011]" in ran.err
    assert "note:" not in ran.err


@needs_git
def test_what_a_rule_minds_in_a_revision_keeps_nobody_from_comparing(home: Path, kgen: Kgen) -> None:
    write_workspace(home, {"experiments/mnist.yaml": SPEC.replace("[0.01, 0.1]", "[0.1, 0.01]")})
    Repository(home).commit()
    write_workspace(home, FILES)
    ran = kgen("diff", "prod", "--format", "json")
    assert (ran.code, actions(ran)) == (0, {"mnist": "rejected"})


@needs_git
def test_the_workspace_may_be_a_folder_of_the_repository(tmp_path: Path, home: Path, kgen: Kgen) -> None:
    assert kgen("render", "prod", "-w").code == 0
    git = Repository(tmp_path)
    write_workspace(tmp_path, {"rendered/prod/other.yaml": "# not of this workspace\n"})
    git.commit()
    assert diff("prod") == {}
    write_workspace(home, MORE)
    assert diff("prod") == {"mnist": "in-place"}
    assert diff("prod", "--against", "main") == {"mnist": "in-place"}
    assert diff("prod", "--root", str(home)) == {"mnist": "in-place"}


@needs_git
def test_a_hook_does_not_lead_elsewhere(
    home: Path, git: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_workspace(home, MORE)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    assert diff("prod") == {"mnist": "in-place"}


def test_outside_a_repository_the_disk_counts(home: Path, kgen: Kgen) -> None:
    assert kgen("render", "prod", "-w").code == 0
    write_workspace(home, MORE)
    ran = kgen("diff", "prod", "--format", "json")
    assert (ran.code, actions(ran)) == (0, {"mnist": "in-place"})
    assert ran.err == "note: there is no Git repository here: compared with rendered/ on disk\n"
    assert diff("prod", "--against", "rendered") == {"mnist": "in-place"}


def test_without_git_the_disk_counts(home: Path, kgen: Kgen, monkeypatch: pytest.MonkeyPatch) -> None:
    assert kgen("render", "prod", "-w").code == 0
    monkeypatch.setenv("PATH", str(home / "nowhere"))
    write_workspace(home, MORE)
    ran = kgen("diff", "prod", "--format", "json")
    assert (ran.code, actions(ran)) == (0, {"mnist": "in-place"})
    assert ran.err == "note: Git is not installed: compared with rendered/ on disk\n"
    ran = kgen("diff", "prod", "--against", "main")
    assert (ran.code, ran.out) == (1, "")
    assert "--against main: error[KG017] Git is not installed, and a revision cannot be read without it" in ran.err


def test_a_folder_that_was_never_rendered_is_empty(home: Path, kgen: Kgen) -> None:
    ran = kgen("diff", "prod", "--against", "rendered", "--format", "json")
    assert (ran.code, actions(ran)) == (0, {"mnist": "create"})
    assert ran.err == "note: rendered/prod is empty, or not there: all of env/prod is new\n"


def test_another_environment(home: Path, kgen: Kgen) -> None:
    assert diff("prod", "--against", "env/dev") == {}
    write_workspace(home, {"environments/dev/environment.yaml": ENVIRONMENT + "overlays: [o]\n"})
    write_workspace(home, {"overlays/o.yaml": "experiment: {trials: {max: 99}}\n"})
    assert diff("prod", "--against", "dev") == {"mnist": "in-place"}
    text = kgen("diff", "prod", "--against", "dev").out
    assert "different Experiment ml/mnist" in text
    assert "spec.maxTrialCount: 99 -> 12  (spec mnist, experiments/mnist.yaml:3:15)" in text


def test_values_on_the_command_line_lie_over_what_is_compared(home: Path, kgen: Kgen) -> None:
    kgen("render", "prod", "-w")
    assert diff("prod", "--against", "rendered", "--set", "algorithm=tpe") == {"mnist": "rejected"}
    assert diff("prod", "--against", "prod", "--set", "trials.max=99") == {"mnist": "in-place"}


# Plain manifests.


def live(home: Path, **status: Any) -> bytes:
    """Give the rendered Experiment as a cluster holds it, in a List as kubectl writes it."""
    obj = yaml.safe_load((home / RENDERED).read_text("utf-8"))
    obj["metadata"] |= {"uid": "0123", "resourceVersion": "77", "generation": 1, "finalizers": []}
    obj["status"] = status
    return yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": [obj]}).encode()


def test_a_dump_of_the_cluster(home: Path, kgen: Kgen, monkeypatch: pytest.MonkeyPatch) -> None:
    kgen("render", "prod", "-w")
    running = {"conditions": [{"type": "Running", "status": "True"}], "trials": 15}
    write_workspace(home, {"live.yaml": live(home, **running)})
    assert diff("prod", "--against", "live.yaml") == {}
    write_workspace(home, {"experiments/mnist.yaml": SPEC.replace("max: 12", "max: 14")})
    feed(monkeypatch, live(home, **running))
    ran = kgen("diff", "prod", "--against", "-", "--format", "json")
    assert (ran.code, actions(ran)) == (0, {"mnist": "rejected"})  # 15 trials were made: 14 are too few
    assert json.loads(ran.out)["before"] == "stdin"


@needs_git
def test_the_real_entry_point_reads_a_pipe_and_git(home: Path, git: Repository) -> None:
    command = [sys.executable, "-m", "kgen", "diff", "env/prod", "--set", "trials.max=14", "--fail-on", "rejected"]
    ran = subprocess.run(command, capture_output=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert ran.stdout.startswith(b"in-place Experiment ml/mnist: ")
    dump = live(home, conditions=[{"type": "Running", "status": "True"}], trials=15)
    ran = subprocess.run([*command, "--against", "-"], input=dump, capture_output=True, check=False)
    assert (ran.returncode, ran.stderr) == (1, b"")
    assert ran.stdout.startswith(b"rejected Experiment ml/mnist: ")


def test_one_dump_for_several_environments(home: Path, kgen: Kgen, monkeypatch: pytest.MonkeyPatch) -> None:
    kgen("render", "prod", "-w")
    feed(monkeypatch, live(home))
    ran = kgen("diff", "dev", "prod", "--against", "-", "--format", "json")
    assert ran.code == 0
    assert [each["environment"] for each in json.loads(ran.out)] == ["dev", "prod"]
    assert all(each["before"] == "stdin" for each in json.loads(ran.out))


def test_two_files_need_no_workspace(home: Path, kgen: Kgen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kgen("render", "prod", "-w")
    old = (home / RENDERED).read_text("utf-8")
    write_workspace(tmp_path / "elsewhere", {"old.yaml": old, "new.yaml": old.replace('"0.1"', '"0.2"')})
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert diff("new.yaml", "--against", "old.yaml") == {"mnist": "rejected"}
    assert diff("old.yaml", "--against", "old.yaml") == {}
    feed(monkeypatch, old.encode())
    assert diff("-", "--against", "new.yaml") == {"mnist": "rejected"}


def test_two_folders(home: Path, kgen: Kgen) -> None:
    """What one folder has and the other has not is new, or gone: a dump of some kinds would not speak of it."""
    kgen("render", "prod", "-w")
    old = (home / RENDERED).read_text("utf-8")
    secret = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: sa, namespace: ml}\n"
    write_workspace(home, {"one/a.yaml": old, "two/a.yaml": old, "two/b.yaml": secret, "file.yaml": old})
    assert diff("two", "--against", "one") == {"sa": "create"}
    assert diff("one", "--against", "two") == {"sa": "prune"}
    assert diff("two", "--against", "file.yaml") == {}
    assert diff("prod", "--against", "rendered/prod") == {}


@needs_git
def test_plain_manifests_have_a_history_too(home: Path, git: Repository, kgen: Kgen, tmp_path: Path) -> None:
    old = (home / RENDERED).read_text("utf-8")
    write_workspace(home, {"k8s/a.yaml": old, "k8s/b.yaml": old.replace("name: mnist", "name: iris")})
    git.commit()
    assert diff("k8s/a.yaml") == diff("k8s") == {}
    write_workspace(home, {"k8s/a.yaml": old.replace("12", "20")})
    (home / "k8s" / "b.yaml").unlink()
    assert diff("k8s/a.yaml") == {"mnist": "in-place"}
    assert diff("k8s", "--against", "main") == {"iris": "prune", "mnist": "in-place"}
    ran = kgen("diff", "k8s/a.yaml", "--against", "v1")
    assert (ran.code, ran.err) == (0, "note: v1:k8s/a.yaml is not there: all of it is new\n")


# What is not compared is named.


LEFT = "is not compared, as there is no environment dev any more: whether its objects are deleted is up to its Appl"


@needs_git
def test_an_environment_that_is_no_more_is_named(home: Path, git: Repository, kgen: Kgen) -> None:
    (home / "environments/dev/environment.yaml").unlink()
    for words, said in (
        ((), f"note: rendered/dev of HEAD {LEFT}"),
        (("--against", "v1"), f"note: rendered/dev of v1 {LEFT}"),
        (("--against", "rendered"), f"note: rendered/dev {LEFT}"),
    ):
        codes = [kgen("diff", *words, *more).code for more in ((), ("--fail-on", "rejected"), ("--fail-on", "prune"))]
        assert codes == [0, 0, 1]
        assert kgen("diff", *words).err.startswith(said)
    assert kgen("diff", "prod", "--exit-code").err == ""
    assert kgen("diff", "--against", "env/prod").err == ""
    assert kgen("render", "prod", "-o", "rendered/other").code == 0  # a folder that is no environment's
    git.run("rm", "-r", "--quiet", "rendered/dev")
    git.commit()
    assert kgen("diff", "--exit-code").err == ""


def test_an_environment_that_is_no_more_is_named_outside_a_repository_too(home: Path, kgen: Kgen) -> None:
    assert kgen("render", "prod", "dev", "-w").code == 0
    (home / "environments/dev/environment.yaml").unlink()
    ran = kgen("diff", "--exit-code")
    assert (ran.code, f"note: rendered/dev {LEFT}" in ran.err) == (1, True)


@needs_git
def test_what_kgen_did_not_write_is_named(home: Path, git: Repository, kgen: Kgen) -> None:
    write_workspace(home, {"rendered/prod/mine.yaml": "kind: ConfigMap\n", "rendered/prod/notes.md": "notes\n"})
    (home / "rendered" / "prod" / "link.yaml").symlink_to("mnist.yaml")
    git.commit()
    ran = kgen("diff", "prod", "--format", "json")
    assert (ran.code, actions(ran)) == (0, {})
    link, mine = ran.err.splitlines()
    assert link.startswith("note: not compared: rendered/prod/link.yaml of HEAD: it is a symbolic link, and none is ")
    assert mine == "note: not compared, as kgen did not write them: rendered/prod/mine.yaml"


@needs_git
def test_a_name_is_printed_without_what_a_terminal_would_obey(home: Path, git: Repository, kgen: Kgen) -> None:
    write_workspace(home, {"rendered/prod/\x1b[31m\nred.yaml": "kind: ConfigMap\n"})
    git.commit()
    said = kgen("diff", "prod").err
    assert said.startswith("note: not compared, as kgen did not write them: rendered/prod/")
    assert "\x1b" not in said
    assert said.count("\n") == 1


@needs_git
def test_a_submodule_is_not_entered(home: Path, git: Repository, kgen: Kgen, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    commit = Repository(other).commit()
    git.run("update-index", "--add", "--cacheinfo", f"160000,{commit},rendered/prod/sub.yaml")
    git.run("commit", "--quiet", "--message=a submodule")
    ran = kgen("diff", "prod")
    assert ran.code == 0
    assert "not compared: rendered/prod/sub.yaml of HEAD: it is a submodule, which another repository holds" in ran.err


@needs_git
def test_a_file_that_is_too_large_is_not_read(
    home: Path, git: Repository, kgen: Kgen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MOST_BYTES", 100)
    assert "not compared: rendered/prod/mnist.yaml of HEAD: it is larger than" in kgen("diff", "prod").err
    monkeypatch.setattr(history, "MOST_BYTES", 1 << 20)
    monkeypatch.setattr(history, "MOST_OF_ALL", 100)
    assert "not compared: rendered/prod/mnist.yaml of HEAD: the files before it fill" in kgen("diff", "prod").err


@needs_git
def test_contents_come_in_portions(home: Path, git: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_AT_ONCE", 10)
    repository = history.repository_of(str(home))
    assert repository is not None
    held = history.read_folders(repository, history.commit_of(repository, "HEAD"), ("rendered", "kgen.yaml"))
    assert held == {path: data for path, data in tree(home).items() if path.startswith(("rendered/", "kgen.yaml"))}


# What a word means.


@needs_git
def test_what_a_word_means_is_said_where_it_has_two_meanings(home: Path, git: Repository, kgen: Kgen) -> None:
    git.run("branch", "dev")
    write_workspace(home, MORE)
    ran = kgen("diff", "prod", "--against", "dev")
    assert ran.out == "1 alike; trials 20\n"
    assert ran.err == "note: `dev` is taken for the environment; for the revision of that name write dev~0\n"
    assert diff("prod", "--against", "dev~0") == {"mnist": "in-place"}
    assert diff("prod", "--against", "env/dev") == diff("prod", "--against", "environments/dev") == {}
    (home / "dev").write_bytes((home / RENDERED).read_bytes())
    ran = kgen("diff", "prod", "--against", "dev")
    assert ran.err == (
        "note: `dev` is taken for the file; for the environment of that name write env/dev\n"
        "note: `dev` is taken for the file; for the revision of that name write dev~0\n"
    )
    (home / "prod").mkdir()
    ran = kgen("diff", "prod")
    assert ran.err == "note: `prod` is taken for the environment; for the folder of that name write ./prod\n"


# What cannot be compared.


@needs_git
@pytest.mark.parametrize(
    ("word", "message", "help_"),
    [
        ("mian", "--against mian: error[KG017] there is no revision `mian` in this repository", "did you mean `main`?"),
        ("prdo", "there is no revision `prdo` in this repository", "did you mean `prod`?"),
        ("v11", "there is no revision `v11` in this repository", "did you mean `v1`?"),
        ("zzzzzz", "there is no revision `zzzzzz` in this repository", "name a branch, a tag or a commit"),
        ("HEAD:rendered", "there is no revision `HEAD:rendered`", ""),
        ("main..HEAD", "there is no revision `main..HEAD`", ""),
        ("^main", "there is no revision `^main`", ""),
        ("--upload-pack=x", "there is no revision `--upload-pack=x`", ""),
        ("a\nb", "there is no revision `a\\nb`", ""),
    ],
)
def test_no_such_revision(word: str, message: str, help_: str, git: Repository, kgen: Kgen) -> None:
    ran = kgen("diff", "prod", f"--against={word}")
    assert (ran.code, ran.out) == (1, "")
    assert message in ran.err
    assert help_ in ran.err


@needs_git
def test_a_shallow_clone_says_so(home: Path, git: Repository, kgen: Kgen, tmp_path: Path, monkeypatch: Any) -> None:
    git.commit("second")
    clone = tmp_path / "clone"
    git.run("clone", "--quiet", "--depth=1", home.as_uri(), str(clone))
    monkeypatch.chdir(clone)
    assert diff("prod") == {}
    ran = kgen("diff", "prod", "--against", "HEAD~1")
    assert ran.code == 1
    assert "whose clone is shallow: it holds the last commits alone" in ran.err
    assert "fetch-depth: 0" in ran.err


@needs_git
def test_a_repository_of_another_user(home: Path, git: Repository, kgen: Kgen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    for words in (("prod",), ("prod", "--against", "main")):
        ran = kgen("diff", *words)
        assert (ran.code, ran.out) == (1, "")
        assert f"the repository `{home}` belongs to another user, and Git does not read it" in ran.err
        assert f"help: run `git config --global --add safe.directory {home}`, if you trust it" in ran.err


@needs_git
def test_a_broken_repository(home: Path, git: Repository, kgen: Kgen) -> None:
    (home / ".git" / "config").write_text("[core\n", encoding="utf-8")
    ran = kgen("diff", "prod")
    assert (ran.code, ran.out) == (1, "")
    assert "error[KG017] Git cannot read the repository" in ran.err
    assert "bad config line 1" in ran.err


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("prod", "--against", "nothing"), "'nothing' is no environment and no file"),
        (("prod", "--against", "dve"), "did you mean `dev`?"),
        (("prod", "--against", "../x"), "'../x' is no environment and no file"),
        (("-",), "'-' is no environment: say with --against what file to compare it with"),
        (("-", "--against", "-"), "stdin can be read once"),
        (("k8s.yaml", "--against", "rendered"), "'k8s.yaml' is no environment"),
        (("experiments/mnist.yaml",), "'experiments/mnist.yaml' is a source, and no manifest: name an environment"),
        (("kgen.yaml", "--against", "rendered"), "'kgen.yaml' is a source, and no manifest: name an environment that"),
        (("../x",), "'../x' names no environment"),
        (("new.yaml",), "there is no file 'new.yaml'"),
        ((".",), "'.' is the workspace itself: write `--root .`, and all of it is compared"),
        (("prod", "--format", "xml"), "Invalid value for '--format'"),
        (("prod", "--fail-on", "nothing"), "Invalid value for '--fail-on'"),
        (("prod", "--against", "rendered", "-o", "no/such/file"), "'no/such/file' cannot be written"),
    ],
)
def test_wrong_usage(argv: tuple[str, ...], said: str, home: Path, kgen: Kgen) -> None:
    write_workspace(home, {"k8s.yaml": "kind: ConfigMap\n"})
    ran = kgen("diff", *argv)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_no_repository_and_a_file(home: Path, kgen: Kgen) -> None:
    write_workspace(home, {"k8s.yaml": "kind: ConfigMap\n"})
    ran = kgen("diff", "k8s.yaml")
    assert (ran.code, ran.out) == (1, "")
    assert "error[KG017] there is no Git repository here, and so no revision `HEAD`" in ran.err


def test_no_workspace(tmp_path: Path, kgen: Kgen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for words in ((), ("prod",)):
        ran = kgen("diff", *words)
        assert (ran.code, ran.out) == (1, "")
        assert "error[KG010] no workspace in" in ran.err


def test_an_environment_that_does_not_render_says_why_and_the_others_are_compared(home: Path, kgen: Kgen) -> None:
    kgen("render", "prod", "-w")
    write_workspace(home, {"environments/dev/environment.yaml": "experiments: [mnits]\n"})
    ran = kgen("diff", "--against", "rendered", "--format", "json")
    assert ran.code == 1
    assert "error[KG101]" in ran.err
    assert [each["environment"] for each in json.loads(ran.out)] == ["prod"]
    ran = kgen("diff", "prdo", "--against", "rendered")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.count("error[KG101] there is no environment `prdo`") == 1


def test_what_is_wrong_in_several_environments_is_said_once(home: Path, kgen: Kgen) -> None:
    write_workspace(home, {"experiments/mnist.yaml": SPEC.replace("maxFailed: 3", "maxFailed: 30")})
    ran = kgen("diff", "--against", "rendered")
    assert (ran.code, ran.err.count("maxFailedTrialCount 30 is more than maxTrialCount 12")) == (1, 1)


def test_a_warning_goes_to_stderr(home: Path, kgen: Kgen) -> None:
    write_workspace(home, {"experiments/mnist.yaml": SPEC.replace("mnist:1.0", "mnist:latest")})
    ran = kgen("diff", "prod", "--against", "rendered", "--format", "json")
    assert ran.code == 0
    assert "warning[" in ran.err
    assert actions(ran) == {"mnist": "create"}


# Exit codes and forms.


@pytest.mark.parametrize(
    ("change", "flags", "code"),
    [
        ({}, ("--exit-code",), 0),
        (MORE, (), 0),
        (MORE, ("--exit-code",), 1),
        (MORE, ("--fail-on", "any"), 1),
        (MORE, ("--fail-on", "prune"), 0),
        (MORE, ("--fail-on", "rejected"), 0),
        (WIDER, (), 0),
        (WIDER, ("--fail-on", "rejected"), 1),
        (WIDER, ("--fail-on", "prune"), 1),
        ({"environments/prod/environment.yaml": "namespace: ml\n"}, ("--fail-on", "rejected"), 0),
        ({"environments/prod/environment.yaml": "namespace: ml\n"}, ("--fail-on", "prune"), 1),
    ],
)
def test_exit_codes(change: dict[str, str], flags: tuple[str, ...], code: int, home: Path, kgen: Kgen) -> None:
    kgen("render", "prod", "-w")
    write_workspace(home, change)
    assert kgen("diff", "prod", "--against", "rendered", *flags).code == code


def test_every_environment_has_a_heading(home: Path, kgen: Kgen) -> None:
    kgen("render", "prod", "dev", "-w")
    write_workspace(home, MORE)
    text = kgen("diff", "--against", "rendered").out
    assert [line for line in text.splitlines() if line.startswith("env/")] == [
        "env/dev (against rendered/dev)",
        "env/prod (against rendered/prod)",
    ]
    assert text.count("in-place Experiment ml/mnist") == 2
    assert "env/" not in kgen("diff", "prod", "--against", "rendered").out
    markdown = kgen("diff", "--against", "rendered", "--format", "markdown").out
    assert [line for line in markdown.splitlines() if line.startswith("#")] == [
        "### `rendered/dev` → `env/dev`",
        "### `rendered/prod` → `env/prod`",
    ]
    assert kgen("diff", "prod", "--against", "rendered", "--format", "markdown").out in markdown


def test_json_is_an_object_for_one_target_and_else_a_list(home: Path, kgen: Kgen) -> None:
    schema = validator_for(json.loads(kgen("schema", "differences").out))
    one = json.loads(kgen("diff", "prod", "--against", "rendered", "--format", "json").out)
    schema.validate(one)
    assert [each["action"] for each in one["objects"]] == ["create"]
    several = json.loads(kgen("diff", "--against", "rendered", "--format", "json").out)
    for each in several:
        schema.validate(each)
    assert [(each["environment"], each["after"]) for each in several] == [("dev", "env/dev"), ("prod", "env/prod")]


def test_a_report_goes_to_a_file(home: Path, kgen: Kgen) -> None:
    kgen("render", "prod", "-w")
    wanted = kgen("diff", "prod", "--against", "rendered", "--format", "markdown").out
    ran = kgen("diff", "prod", "--against", "rendered", "--format", "markdown", "-o", "comment.md")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert (home / "comment.md").read_text("utf-8") == wanted


def test_colour_is_for_those_who_ask(home: Path, kgen: Kgen) -> None:
    assert "\x1b[" not in kgen("diff", "prod", "--against", "rendered").out
    assert "\x1b[" in kgen("diff", "prod", "--against", "rendered", "--color", "always").out
    assert "\x1b[" not in kgen("diff", "prod", "--against", "rendered", "--color", "always", "--format", "json").out


@needs_git
def test_nothing_is_written(home: Path, git: Repository, kgen: Kgen) -> None:
    write_workspace(home, WIDER)
    before = tree(home)
    for words in ((), ("--against", "v1"), ("--against", "rendered"), ("--against", "dev")):
        assert kgen("diff", *words).code == 0
    assert tree(home) == before
