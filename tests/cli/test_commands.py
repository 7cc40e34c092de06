"""Every command by its command line: results on stdout, talk on stderr, exit codes 0 to 3."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from conftest import WIDER as SPEC
from conftest import Kgen, Workspace, tree, write_workspace
from kgen import __version__, pipeline
from kgen.cli.tree import OWN_MARK

FILES = {
    "experiments/mnist.yaml": SPEC,
    "overlays/big.yaml": "experiment: {trials: {max: 100}}\n",
    "environments/prod/environment.yaml": (
        "namespace: prod\noverlays: [big]\nexperiments: [mnist]\nargocd: {repoURL: 'https://git.example/ml.git'}\n"
    ),
    "environments/dev/environment.yaml": "namespace: dev\nexperiments: [mnist]\n",
}


@pytest.fixture
def here(workspace: Workspace) -> Path:
    """A workspace of two environments, one with an Application, and the working directory in it."""
    return workspace(FILES)


def shell(*argv: str, cwd: Path | None = None, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kgen", *argv]
    path = os.pathsep.join(sys.path)
    return subprocess.run(
        command, cwd=cwd, env={**os.environ, "PYTHONPATH": path, **environ}, capture_output=True, text=True, check=False
    )


# The entry point itself.


def test_version() -> None:
    ran = shell("--version")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"kgen {__version__}\n", "")


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_names_every_command(flag: str, kgen: Kgen) -> None:
    ran = kgen(flag)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Usage: kgen [OPTIONS] COMMAND [ARGS]...")
    for command in ("render", "explain", "schema", "completion"):
        assert f"\n  {command} " in ran.out
        assert kgen(command, "--help").code == 0


def test_no_command_is_wrong_usage(kgen: Kgen) -> None:
    ran = kgen()
    assert ran.code == 2
    assert "Usage: kgen" in ran.out + ran.err


def test_an_unknown_command_names_the_nearest(kgen: Kgen) -> None:
    ran = kgen("rendr", "prod")
    assert (ran.code, ran.out) == (2, "")
    assert "no command 'rendr': did you mean `render`?" in ran.err


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("render",), "Missing argument 'ENV...'"),
        (("render", "prod", "--nonsense"), "No such option"),
        (("render", "prod", "--format", "xml"), "Invalid value for '--format'"),
        (("render", "../prod"), "'../prod' names no environment; write env/prod, or prod"),
        (("render", ""), "'' names no environment"),
        (("render", "prod", "-w", "-o", "out"), "-o and -w both say where to write: give one of them"),
        (("render", "prod", "-w", "--check"), "--check writes nothing: leave -w out"),
        (("render", "prod", "--root", "experiments/mnist.yaml"), "is a file"),
        (("explain",), "Missing argument"),
        (("explain", "mnist"), "'mnist' names no experiment; write env/prod/mnist"),
        (("schema", "nonsense"), "'nonsense'"),
        (("completion", "cmd"), "'cmd' is not one of 'bash', 'zsh', 'fish'"),
    ],
)
def test_wrong_usage(argv: tuple[str, ...], said: str, here: Path, kgen: Kgen) -> None:
    before = tree(here)
    ran = kgen(*argv)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert tree(here) == before


def test_a_bug_is_told_as_one(here: Path, kgen: Kgen, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("lost")

    monkeypatch.setattr(pipeline, "render", broken)
    ran = kgen("render", "prod", "-w")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == (
        "kgen: KeyError: 'lost'\n"
        "this is a bug in kgen: please report it with the command and, if you can, the files; "
        "KGEN_TRACEBACK=1 shows where\n"
    )
    assert not (here / "rendered").exists()
    with pytest.raises(KeyError, match="lost"):
        kgen("render", "prod", environ={"KGEN_TRACEBACK": "1"})


def test_a_folder_that_is_no_workspace(tmp_path: Path, kgen: Kgen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = kgen("render", "prod")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("kgen.yaml:1:1: error[KG010] no workspace in")


def test_a_reader_that_has_seen_enough_ends_it_quietly(here: Path) -> None:
    write_workspace(
        here, {"experiments/mnist.yaml": SPEC + "  env:\n" + "".join(f"    A{n}: x\n" for n in range(9999))}
    )
    command = [sys.executable, "-m", "kgen", "render", "prod"]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as ran:
        assert ran.stdout is not None
        assert ran.stderr is not None
        assert ran.stdout.read(10) == b"# Rendered"
        ran.stdout.close()
        said = ran.stderr.read()
        assert ran.wait(60) == 141
    assert said == b""


def test_the_real_entry_point_renders(here: Path) -> None:
    ran = shell("render", "env/prod", cwd=here / "experiments")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert YAML(typ="safe").load(ran.stdout)["metadata"] == {
        "name": "mnist",
        "namespace": "prod",
        "annotations": {"argocd.argoproj.io/sync-wave": "10"},
    }
    wrong = shell("render", "mian", cwd=here)
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "error[KG101]" in wrong.stderr
    assert "\x1b[" not in wrong.stderr


# render


def test_stdout_is_a_stream_of_every_manifest(here: Path, kgen: Kgen) -> None:
    ran = kgen("render", "prod", "dev")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.count("---\n") == 1
    documents = list(YAML(typ="safe").load_all(ran.out))
    assert [d["metadata"]["namespace"] for d in documents] == ["prod", "dev"]
    assert not (here / "rendered").exists()


@pytest.mark.parametrize(
    "name",
    [
        "prod",
        "env/prod",
        "environments/prod",
        "environments/prod/",
        "./environments/prod",
        "environments/prod/environment.yaml",
    ],
)
def test_an_environment_goes_by_many_names(name: str, here: Path, kgen: Kgen) -> None:
    assert kgen("render", name) == kgen("render", "prod")
    assert kgen("render", name, "prod") == kgen("render", "prod")


def test_the_workspace_is_found_from_below_and_by_root(
    here: Path, kgen: Kgen, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    wanted = kgen("render", "prod")
    monkeypatch.chdir(here / "environments" / "prod")
    assert kgen("render", "prod") == wanted
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert kgen("render", "prod", "--root", str(here)) == wanted


def test_writing_to_a_folder(here: Path, kgen: Kgen) -> None:
    ran = kgen("render", "prod", "dev", "-o", "out")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == "added: out/prod/mnist.yaml\nadded: out/dev/mnist.yaml\nadded: out/argocd/prod.yaml\n"
    assert sorted(tree(here / "out")) == ["argocd/prod.yaml", "dev/mnist.yaml", "prod/mnist.yaml"]
    assert tree(here / "out")["dev/mnist.yaml"].decode() == kgen("render", "dev").out
    again = kgen("render", "prod", "dev", "-o", "out")
    assert again.err == (
        "up to date: out/prod (1 files)\nup to date: out/dev (1 files)\nup to date: out/argocd (1 files)\n"
    )


def test_writing_to_the_folder_of_the_workspace(here: Path, kgen: Kgen) -> None:
    assert kgen("render", "dev", "-w").code == 0
    assert sorted(tree(here / "rendered")) == ["dev/mnist.yaml"]
    write_workspace(here, {"kgen.yaml": "output: gitops/out\n"})
    assert kgen("render", "dev", "-w").code == 0
    assert sorted(tree(here / "gitops")) == ["out/dev/mnist.yaml"]


def test_what_kgen_did_not_write_is_kept_and_what_it_no_longer_writes_is_removed(here: Path, kgen: Kgen) -> None:
    kgen("render", "dev", "-w")
    old = OWN_MARK + b" from experiments/iris.yaml\n"
    write_workspace(
        here, {"rendered/dev/iris.yaml": old, "rendered/dev/notes.md": "mine", "rendered/dev/sub/a.yaml": "b"}
    )
    ran = kgen("render", "dev", "-w", "--set", "trials.max=9")
    assert ran.code == 0
    assert ran.err.replace(str(here) + "/", "") == (
        "changed: rendered/dev/mnist.yaml\n"
        "removed: rendered/dev/iris.yaml\n"
        "kept: rendered/dev/notes.md (kgen did not write it)\n"
        "kept: rendered/dev/sub (kgen did not write it)\n"
    )
    assert sorted(tree(here / "rendered")) == ["dev/mnist.yaml", "dev/notes.md", "dev/sub/a.yaml"]


def test_a_file_of_another_is_never_overwritten(here: Path, kgen: Kgen) -> None:
    write_workspace(here, {"rendered/dev/mnist.yaml": "mine"})
    ran = kgen("render", "dev", "-w")
    assert (ran.code, ran.out) == (1, "")
    assert "error[KG012]" in ran.err
    assert tree(here / "rendered") == {"dev/mnist.yaml": b"mine"}


def test_an_application_leaves_with_its_environment_and_no_other(here: Path, kgen: Kgen) -> None:
    kgen("render", "prod", "-w")
    other = OWN_MARK + b"\nkind: Application\n"
    write_workspace(here, {"rendered/argocd/staging.yaml": other, "rendered/argocd/root.yaml": "mine"})
    plain = FILES["environments/prod/environment.yaml"].split("argocd:")[0]
    write_workspace(here, {"environments/prod/environment.yaml": plain})
    ran = kgen("render", "prod", "-w")
    assert "removed: " in ran.err
    assert sorted(tree(here / "rendered")) == ["argocd/root.yaml", "argocd/staging.yaml", "prod/mnist.yaml"]


def test_check_tells_what_would_be_done_and_does_nothing(here: Path, kgen: Kgen) -> None:
    kgen("render", "dev", "-w")
    assert kgen("render", "dev", "--check").code == 0
    write_workspace(
        here,
        {
            "rendered/dev/iris.yaml": OWN_MARK + b"\n",
            "rendered/dev/notes.md": "mine",
            "environments/dev/environment.yaml": "namespace: dev\nexperiments: [mnist]\nresources: [a.yaml]\n",
            "environments/dev/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
        },
    )
    before = tree(here)
    ran = kgen("render", "dev", "--check", "--set", "trials.max=9")
    assert ran.code == 1
    assert tree(here) == before
    assert ran.err.replace(str(here) + "/", "") == (
        "would be added: rendered/dev/configmap-a.yaml\n"
        "would be changed: rendered/dev/mnist.yaml\n"
        "would be removed: rendered/dev/iris.yaml\n"
        "kept: rendered/dev/notes.md (kgen did not write it)\n"
        "not up to date: run `kgen render` with -w, and commit\n"
    )
    lines = ran.out.splitlines()
    assert [line[:3] for line in lines[:3]] == ["---", "+++", "@@ "]
    assert "-  maxTrialCount: 12" in lines
    assert "+  maxTrialCount: 9" in lines
    assert len([line for line in lines if line[:1] in "+-"]) == 4


def test_check_of_a_folder_that_is_not_there_yet(here: Path, kgen: Kgen) -> None:
    ran = kgen("render", "dev", "--check", "-o", "nowhere")
    assert (ran.code, ran.out) == (1, "")
    assert "would be added: nowhere/dev/mnist.yaml\n" in ran.err
    assert not (here / "nowhere").exists()


def test_an_empty_environment_needs_to_be_asked_for(here: Path, kgen: Kgen) -> None:
    kgen("render", "dev", "-w")
    write_workspace(here, {"environments/dev/environment.yaml": "namespace: dev\n"})
    assert kgen("render", "dev", "-w").code == 1
    assert sorted(tree(here / "rendered")) == ["dev/mnist.yaml"]
    assert kgen("render", "dev").code == 1
    ran = kgen("render", "dev", "-w", "--allow-empty")
    assert ran.code == 0
    assert tree(here / "rendered") == {}
    assert kgen("render", "dev", "--allow-empty").out == ""


def test_diagnostics_as_json(here: Path, kgen: Kgen) -> None:
    ran = kgen("render", "dev", "--format", "json")
    assert json.loads(ran.err) == {"findings": [], "summary": {"error": 0, "warning": 0, "info": 0}}
    assert ran.out == kgen("render", "dev").out
    write_workspace(here, {"experiments/mnist.yaml": SPEC.replace("[0.01, 0.1]", "[0.1, 0.01]") + "queue: x\n"})
    ran = kgen("render", "dev", "-w", "--format", "json")
    assert (ran.code, ran.out) == (1, "")
    said = json.loads(ran.err)
    assert said["summary"] == {"error": 1, "warning": 0, "info": 0}
    (finding,) = said["findings"]
    assert (finding["code"], finding["file"], finding["line"]) == ("KG003", "experiments/mnist.yaml", 10)
    write_workspace(here, {"experiments/mnist.yaml": SPEC.replace("[0.01, 0.1]", "[0.1, 0.01]")})
    (finding,) = json.loads(kgen("render", "dev", "--format", "json").err)["findings"]
    assert (finding["code"], finding["field"]) == ("KG402", "spec.parameters[0].feasibleSpace.min")
    assert finding["object"] == {"kind": "Experiment", "namespace": "dev", "name": "mnist"}
    assert [place["line"] for place in finding["related"]] == [5]


def test_set_lies_over_everything(here: Path, kgen: Kgen) -> None:
    ran = kgen("render", "prod", "--set", "trials.max=3", "--set", "labels.a\\.b/c=1", "--set", "trial.env={A: no}")
    manifest = YAML(typ="safe").load(ran.out)
    assert manifest["spec"]["maxTrialCount"] == 3
    assert manifest["metadata"]["labels"] == {"a.b/c": "1"}
    (container,) = manifest["spec"]["trialTemplate"]["trialSpec"]["spec"]["template"]["spec"]["containers"]
    assert container["env"] == [{"name": "A", "value": "no"}]


# explain


def explained(kgen: Kgen, *argv: str) -> dict[str, dict[str, object]]:
    ran = kgen("explain", *argv, "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    return {line["field"]: line for line in json.loads(ran.out)}


def test_explain_names_the_layer_and_the_line(here: Path, kgen: Kgen) -> None:
    lines = explained(kgen, "prod/mnist")
    found = {f: (lines[f]["layer"], lines[f]["file"], lines[f]["line"], lines[f]["column"]) for f in lines}
    assert found["spec.maxTrialCount"] == ("overlay big", "overlays/big.yaml", 1, 28)
    assert found["spec.algorithm.algorithmName"] == ("spec mnist", "experiments/mnist.yaml", 2, 12)
    assert found["metadata.namespace"] == ("environment prod", "environments/prod/environment.yaml", 1, 12)
    assert found["spec.resumePolicy"] == ("Katib's default for 0.19", None, None, None)
    assert explained(kgen, "prod/mnist", "maxTrialCount", "--set", "trials.max=3")["spec.maxTrialCount"]["layer"] == (
        "command line"
    )


@pytest.mark.parametrize(
    "target", ["prod/mnist", "env/prod/mnist", "environments/prod/mnist", "environments/prod/mnist/"]
)
def test_explain_takes_the_names_of_an_experiment(target: str, here: Path, kgen: Kgen) -> None:
    ran = kgen("explain", target, "spec.maxTrialCount")
    assert (ran.code, ran.err) == (0, "")
    first, meaning = ran.out.splitlines()
    assert first.split() == ["spec.maxTrialCount", "100", "overlay", "big", "(overlays/big.yaml:1:28)"]
    assert meaning.strip()


BOUNDS = "spec.parameters[0].feasibleSpace."


@pytest.mark.parametrize(
    ("field", "found"),
    [
        ("spec.parameters[0].feasibleSpace.min", {BOUNDS + "min"}),
        ("spec.parameters.0.feasibleSpace.min", {BOUNDS + "min"}),
        ("parameters[lr].feasibleSpace", {BOUNDS + "min", BOUNDS + "max", BOUNDS + "distribution"}),
        ("feasibleSpace.min", {BOUNDS + "min", "spec.parameters[1].feasibleSpace.min"}),
        ("objective.type", {"spec.objective.type"}),
        ("spec.algorithm", {"spec.algorithm.algorithmName"}),
        ("metadata", {"metadata.name", "metadata.namespace", 'metadata.annotations["argocd.argoproj.io/sync-wave"]'}),
    ],
)
def test_explain_takes_a_field_in_many_forms(field: str, found: set[str], here: Path, kgen: Kgen) -> None:
    assert set(explained(kgen, "prod/mnist", field)) == found


def test_explain_of_what_is_not_there(here: Path, kgen: Kgen) -> None:
    ran = kgen("explain", "prod/mnist", "spec.maxTrialCout")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("prod/mnist has no field 'spec.maxTrialCout': did you mean `spec.maxTrialCount`?")
    ran = kgen("explain", "prod/mnits")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("environment prod runs no 'mnits': did you mean `mnist`?")
    ran = kgen("explain", "prdo/mnist")
    assert (ran.code, ran.out) == (1, "")
    assert "error[KG101] there is no environment `prdo`" in ran.err


def test_explain_finds_an_experiment_by_its_hashed_name(here: Path, kgen: Kgen) -> None:
    write_workspace(
        here, {"environments/dev/environment.yaml": "namespace: dev\nexperiments: [mnist]\nnaming: hashed\n"}
    )
    name = explained(kgen, "dev/mnist")["metadata.name"]["value"]
    assert isinstance(name, str)
    assert len(name) == len("mnist-") + 8
    assert explained(kgen, f"dev/{name}") == explained(kgen, "dev/mnist")


# schema, completion


def test_schema_lists_and_prints(kgen: Kgen) -> None:
    ran = kgen("schema")
    assert (ran.code, ran.err) == (0, "")
    kinds = [line.split()[0] for line in ran.out.splitlines()]
    assert {"experiment", "overlay", "environment"} <= set(kinds)
    for kind in kinds:
        schema = json.loads(kgen("schema", kind).out)
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert schema["title"]


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(name: str, kgen: Kgen) -> None:
    ran = kgen("completion", name)
    assert (ran.code, ran.err) == (0, "")
    assert "_KGEN_COMPLETE" in ran.out


def test_a_shell_is_told_the_commands() -> None:
    ran = shell(_KGEN_COMPLETE="bash_complete", COMP_WORDS="kgen re", COMP_CWORD="1")
    assert "plain,render" in ran.stdout
