"""kgen lint through its real entry point: what it is given, what it says, what it exits with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import Ran, run_kgen, write_workspace
from kgen.cli import gather

GOOD = """\
apiVersion: kubeflow.org/v1beta1
kind: Experiment
metadata: {name: good, namespace: team}
spec:
  objective:
    type: minimize
    objectiveMetricName: loss
    metricStrategies: [{name: loss, value: min}]
  algorithm: {algorithmName: random}
  parallelTrialCount: 3
  maxTrialCount: 12
  maxFailedTrialCount: 3
  resumePolicy: Never
  metricsCollectorSpec: {collector: {kind: StdOut}}
  parameters:
  - name: lr
    parameterType: double
    feasibleSpace: {min: "0.01", max: "0.05", distribution: uniform}
  trialTemplate:
    primaryContainerName: main
    successCondition: status.conditions.#(type=="Complete")#|#(status=="True")#
    failureCondition: status.conditions.#(type=="Failed")#|#(status=="True")#
    trialParameters: [{name: lr, reference: lr}]
    trialSpec:
      apiVersion: batch/v1
      kind: Job
      spec:
        backoffLimit: 0
        template:
          metadata: {labels: {sidecar.istio.io/inject: "false"}}
          spec:
            restartPolicy: Never
            containers:
            - name: main
              image: registry.example.com/mnist:1.0
              command: [python3, train.py, "--lr=${trialParameters.lr}"]
"""
BAD = GOOD.replace('min: "0.01"', 'min: "0.5"').replace("name: good", "name: bad")
WARNED = GOOD.replace("mnist:1.0", "mnist:latest")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def codes(ran: Ran) -> list[str]:
    return [finding["code"] for finding in json.loads(ran.out)["findings"]]


def lint(*argv: str) -> list[str]:
    """The codes of what is found."""
    return codes(run_kgen("lint", "--format", "json", *argv))


def workspace(root: Path, **more: str) -> None:
    spec = """\
objective: {minimize: loss}
algorithm: random
trials: {max: 6, parallel: 2, maxFailed: 1}
parameters: {lr: {double: [0.01, 0.05]}}
trial: {image: "registry.example.com/a:1", command: [python3, t.py], resources: {cpu: 1, memory: 1Gi}}
"""
    files = {
        "kgen.yaml": "{}\n",
        "experiments/one.yaml": spec,
        "environments/dev/environment.yaml": "namespace: team\nexperiments: [one]\n",
    }
    write_workspace(root, {**files, **more})


def test_a_good_manifest_has_nothing_to_mind(here: Path) -> None:
    write_workspace(here, {"e.yaml": GOOD})
    ran = run_kgen("lint", "e.yaml")
    assert (ran.code, ran.out, ran.err) == (0, "nothing found in 1 file (1 object, 1 Experiment)\n", "")


def test_a_bad_one_is_found_at_its_line(here: Path) -> None:
    write_workspace(here, {"e.yaml": BAD})
    ran = run_kgen("lint", "e.yaml")
    assert ran.code == 1
    assert ran.out.startswith("e.yaml:18:26: error[KG402] parameter `lr`: min 0.5 is not below max 0.05\n")
    assert "  18 |     feasibleSpace: {min" in ran.out
    assert ran.out.endswith("1 error in 1 file (1 object, 1 Experiment)\n")


def test_folders_patterns_and_files_are_each_read_once(here: Path) -> None:
    write_workspace(here, {"k/a.yaml": BAD, "k/deep/b.yml": GOOD, "k/deep/c.json": "{}", "k/notes.txt": "kind: x"})
    ran = run_kgen("lint", "k", "k/a.yaml", "k/**/*.yml")
    assert ran.out.endswith("1 error in 3 files (2 objects, 2 Experiments, 1 passed over)\n")
    assert lint("k/*.yaml") == ["KG402"]


def test_a_stream_is_read_from_stdin(here: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "kgen", "lint", "-"],
        input=f"{GOOD}---\n{BAD}",
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert ran.stdout.startswith("<stdin>:55:26: error[KG402]")


def test_a_pipe_is_read_as_a_file(here: Path) -> None:
    os.mkfifo(here / "pipe")
    with subprocess.Popen([sys.executable, "-m", "kgen", "lint", "pipe"], stdout=subprocess.PIPE, text=True) as ran:
        (here / "pipe").write_text(BAD, encoding="utf-8")
        assert ran.stdout is not None
        assert "error[KG402]" in ran.stdout.read()


def test_experiments_in_a_list_are_found_in_their_place(here: Path) -> None:
    inner = "\n".join("  " + line for line in BAD.splitlines())
    write_workspace(here, {"l.yaml": f"apiVersion: v1\nkind: List\nitems:\n- {inner.lstrip()}\n"})
    (finding,) = json.loads(run_kgen("lint", "--format", "json", "l.yaml").out)["findings"]
    assert (finding["line"], finding["field"]) == (21, "spec.parameters[0].feasibleSpace.min")


def test_charts_hidden_folders_and_what_is_excluded_are_left_alone(here: Path) -> None:
    broken = "{{ .Values.x }}: ]["
    names = ("chart/templates/a.yaml", ".hidden/a.yaml", "node_modules/a.yaml", "old/a.yaml", "x.skip.yaml")
    write_workspace(here, {**dict.fromkeys(names, broken), "chart/Chart.yaml": "name: x", "e.yaml": GOOD})
    ran = run_kgen("lint", ".", "--exclude", "old", "--exclude", "*.skip.yaml")
    assert (ran.code, ran.out) == (0, "nothing found in 2 files (1 object, 1 Experiment, 1 passed over)\n")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ((), "nothing to look at: name files or folders, or call it in a workspace"),
        (("missing.yaml",), "'missing.yaml' is no file, no folder and no environment"),
        (("*.nothing",), "'*.nothing' matches no file"),
        (("e.yaml", "--select", "KG999"), "there is no rule `KG999`"),
        (("e.yaml", "--ignore", "X1"), "there is no rule `X1`"),
        (("e.yaml", "--katib", "0.12"), "'0.12' is not one of"),
        (("e.yaml", "-o", "no/such/folder/r.txt"), "cannot be written"),
    ],
)
def test_wrong_usage_is_said(here: Path, argv: tuple[str, ...], said: str) -> None:
    write_workspace(here, {"e.yaml": GOOD})
    ran = run_kgen("lint", *argv)
    assert ran.code == 2
    assert said in ran.err


def test_a_named_file_without_an_object_is_an_error_and_one_in_a_folder_is_not(here: Path) -> None:
    write_workspace(here, {"k/values.yaml": "image: x\n"})
    assert lint("k/values.yaml") == ["KG111"]
    assert lint("k") == []


def test_what_cannot_be_read_is_said_and_the_rest_is_linted(here: Path) -> None:
    write_workspace(here, {"k/a.yaml": "a: [", "k/b.yaml": BAD})
    (here / "k/link.yaml").symlink_to("nowhere")
    assert lint("k") == ["KG001", "KG402", "KG010"]


@pytest.mark.parametrize(
    ("argv", "code"),
    [((), 0), (("--fail-on", "warning"), 1), (("--fail-on", "warning", "--ignore", "KG905"), 0), (("--quiet",), 0)],
)
def test_fail_on_decides_what_fails(here: Path, argv: tuple[str, ...], code: int) -> None:
    write_workspace(here, {"e.yaml": WARNED})
    assert run_kgen("lint", "e.yaml", *argv).code == code


def test_select_and_ignore_choose_by_code_and_family(here: Path) -> None:
    write_workspace(here, {"e.yaml": BAD.replace("mnist:1.0", "mnist:latest")})
    assert lint("e.yaml", "--select", "KG4") == ["KG402"]
    assert lint("e.yaml", "--ignore", "KG4") == ["KG905"]
    assert lint("e.yaml", "--select", "KG4,KG9", "--ignore", "KG402") == ["KG905"]


def test_quiet_shows_errors_alone(here: Path) -> None:
    write_workspace(here, {"e.yaml": BAD.replace("mnist:1.0", "mnist:latest")})
    ran = run_kgen("lint", "e.yaml", "-q")
    assert ran.out.count("error[") == 1
    assert "warning" not in ran.out
    assert " in 1 file" not in ran.out


@pytest.mark.parametrize("style", ["text", "json", "sarif", "junit", "github"])
def test_a_report_goes_to_a_file(here: Path, style: str) -> None:
    write_workspace(here, {"e.yaml": BAD})
    plain = run_kgen("lint", "e.yaml", "--format", style)
    ran = run_kgen("lint", "e.yaml", "--format", style, "-o", "report")
    assert (ran.code, ran.out, ran.err) == (1, "", "1 error in 1 file (1 object, 1 Experiment)\n")
    assert plain.out.startswith((here / "report").read_text(encoding="utf-8"))
    assert "KG402" in plain.out


def test_a_comment_silences_a_finding_and_an_unused_one_is_an_error(here: Path) -> None:
    line = 'feasibleSpace: {min: "0.5", max: "0.05", distribution: uniform}'
    write_workspace(here, {"e.yaml": BAD.replace(line, f"{line}  # kgen: ignore[KG402] swapped on purpose")})
    assert lint("e.yaml") == []
    write_workspace(here, {"e.yaml": GOOD.replace("Never\n  m", "Never  # kgen: ignore[KG708] no reason at all\n  m")})
    assert lint("e.yaml") == ["KG014"]
    assert lint("e.yaml", "--ignore", "KG708") == []


def test_a_workspace_is_linted_whole_or_in_part(here: Path) -> None:
    lone = "objective: {minimize: loss}\nalgorithm: nobody\n"
    workspace(here, **{"experiments/lone.yaml": lone})
    assert run_kgen("lint", "env/dev").code == 0
    assert run_kgen("lint", "experiments/one.yaml").code == 0
    assert run_kgen("lint", "dev", "environments/dev").code == 0
    whole = json.loads(run_kgen("lint", "--format", "json").out)
    assert {f["file"] for f in whole["findings"]} == {"experiments/lone.yaml"}
    assert whole == json.loads(run_kgen("lint", "--format", "json", ".").out)


def test_paths_lead_from_here_also_where_the_workspace_is_above(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace(here, **{"environments/dev/environment.yaml": "experiments: [on]\n"})
    (here / "sub").mkdir()
    monkeypatch.chdir(here / "sub")
    ran = run_kgen("lint", "env/dev")
    assert ran.out.startswith("../environments/dev/environment.yaml:1:")
    assert "   1 | experiments: [on]" in ran.out


def test_settings_of_the_workspace_hold_for_lint_and_render(here: Path) -> None:
    spec = "experiments/one.yaml"
    workspace(here)
    write_workspace(here, {spec: (here / spec).read_text().replace("a:1", "a:latest")})
    assert lint() == ["KG905"]
    write_workspace(here, {"kgen.yaml": "lint: {failOn: warning}\n"})
    assert run_kgen("lint").code == 1
    write_workspace(here, {"kgen.yaml": "lint: {ignore: [{rule: KG905, reason: our tags do not move}]}\n"})
    assert lint() == []
    write_workspace(here, {"kgen.yaml": "lint: {policies: {registries: [elsewhere.example.com]}}\n"})
    assert run_kgen("lint").code == 1
    assert run_kgen("render", "dev").code == 1
    write_workspace(here, {"kgen.yaml": "lint: {ignore: [{rule: KG99, reason: why}]}\n"})
    assert "there is no rule `KG99`" in run_kgen("render", "dev").err


def test_a_silenced_error_does_not_stop_a_render(here: Path) -> None:
    workspace(here)
    spec = here / "experiments/one.yaml"
    spec.write_text(spec.read_text().replace("[0.01, 0.05]", "[0.5, 0.05]"), encoding="utf-8")
    assert run_kgen("render", "dev").code == 1
    told = "\n".join(
        f"{line}  # kgen: ignore[KG402] on purpose" if "0.5," in line else line
        for line in spec.read_text().splitlines()
    )
    spec.write_text(told + "\n", encoding="utf-8")
    assert run_kgen("render", "dev").code == 0
    assert run_kgen("lint").code == 0


def test_versions_can_be_said_for_plain_manifests(here: Path) -> None:
    write_workspace(here, {"e.yaml": GOOD.replace("algorithmName: random", "algorithmName: ours")})
    assert lint("e.yaml") == ["KG302"]
    assert lint("e.yaml", "--registered", "ours") == []


def kgen(*argv: str, given: str = "", **more: object) -> subprocess.CompletedProcess[str]:
    """Run kgen as a shell does."""
    command = [sys.executable, "-m", "kgen", *argv]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=False, **more)  # type: ignore[call-overload, no-any-return]


def test_folders_that_are_called_as_ours_are_read_where_there_is_no_workspace(here: Path) -> None:
    names = ("environments/prod/e.yaml", "overlays/prod/e.yaml", "experiments/e.yaml", "lib/e.yaml")
    write_workspace(here, dict.fromkeys(names, BAD))
    assert lint(".").count("KG402") == 4
    assert lint("environments/prod/e.yaml") == ["KG402"]
    assert lint("environments", "--exclude", "lib") == ["KG402"]
    assert "nothing to look at" in run_kgen("lint").err


def test_plain_manifests_among_the_specs_of_a_workspace_are_linted_as_what_they_are(here: Path) -> None:
    write_workspace(here, {"kgen.yaml": "{}\n", "experiments/e.yaml": BAD, "environments/prod/e.yaml": GOOD})
    assert lint() == lint(".") == lint("experiments") == lint("experiments/e.yaml") == ["KG402"]
    workspace(here)
    assert lint() == lint(".") == ["KG402"]
    assert run_kgen("lint", ".").out.endswith("1 error in 3 files (3 objects, 3 Experiments)\n")


def test_a_manifest_beside_an_environment_is_linted_where_it_is_named(here: Path) -> None:
    workspace(here, **{"environments/dev/extra.yaml": BAD})
    assert lint("env/dev") == []
    assert lint("environments/dev/extra.yaml") == ["KG402"]


def test_a_workspace_is_found_from_what_is_named(here: Path) -> None:
    workspace(here / "w")
    spec = here / "w/experiments/one.yaml"
    spec.write_text(spec.read_text().replace("random", "nobody"), encoding="utf-8")
    assert run_kgen("lint", "w").out.startswith("w/experiments/one.yaml:2:12: error[KG302]")
    assert lint("w/experiments") == lint("w/experiments/one.yaml") == lint("w/environments/dev") == ["KG302"]


def test_an_overlay_that_no_environment_lays_is_read(here: Path) -> None:
    workspace(here, **{"overlays/idle.yaml": "experiment: {trails: {max: 3}}\n"})
    assert lint() == lint("overlays/idle.yaml") == lint("overlays") == ["KG003"]
    assert lint("env/dev") == []


def test_a_silenced_secret_hides_nothing_else(here: Path) -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {p: hunter2}"
    workspace(here, **{"environments/dev/s.yaml": f"{secret}\n"})
    write_workspace(here, {"environments/dev/environment.yaml": "experiments: [one]\nresources: [s.yaml]\n"})
    spec = here / "experiments/one.yaml"
    spec.write_text(spec.read_text().replace("[0.01, 0.05]", "[0.5, 0.05]"), encoding="utf-8")
    assert {"KG901", "KG402"} <= set(lint("env/dev"))
    write_workspace(here, {"environments/dev/s.yaml": f"{secret}  # kgen: ignore[KG901] of a test cluster\n"})
    assert "KG901" not in lint("env/dev")
    assert "KG402" in lint("env/dev")
    spec.write_text(spec.read_text().replace("[0.5, 0.05]", "[0.01, 0.05]"), encoding="utf-8")
    ran = run_kgen("render", "dev")
    assert ran.code == 0
    assert "kind: Secret" in ran.out


def test_a_file_that_has_a_finding_is_counted(here: Path) -> None:
    workspace(here, **{"environments/dev/environment.yaml": "experiments: [on]\n"})
    assert run_kgen("lint", "env/dev").out.endswith("1 error in 1 file (0 objects, 0 Experiments)\n")


def test_a_pattern_enters_no_link_and_passes_by_what_is_no_manifest(here: Path) -> None:
    write_workspace(here, {"k/a/e.yaml": BAD, "k/.hidden/e.yaml": BAD, "k/a/run.sh": "x: ]", "top.yaml": GOOD})
    for name in ("x", "y", "z"):
        (here / "k/a" / name).symlink_to("..")
    assert run_kgen("lint", "k/**/*.yaml").out.endswith("1 error in 1 file (1 object, 1 Experiment)\n")
    assert lint("**/e.yaml") == lint("k/**") == lint("k/a/*") == lint(f"{here}/*/[a-b]/e.y?ml") == ["KG402"]
    assert lint("k/**/*.yaml", "--exclude", "k/a/*") == []


def test_a_file_is_read_once_however_it_is_reached(here: Path) -> None:
    write_workspace(here, {"k/z/e.yaml": BAD})
    (here / "k/a.yaml").symlink_to("z/e.yaml")
    ran = run_kgen("lint", "k", f"{here}/k/z/e.yaml")
    assert ran.out.startswith("k/z/e.yaml:18:26:")
    assert ran.out.endswith("1 error in 1 file (1 object, 1 Experiment)\n")
    assert run_kgen("lint", "k/a.yaml").out.startswith("k/a.yaml:18:26:")
    ran = run_kgen("lint", "k", "--fix")
    assert (ran.code, ran.err) == (0, "mended 1 finding in 1 file\n")
    assert (here / "k/a.yaml").is_symlink()


def test_a_link_in_a_folder_leads_nowhere_out_of_the_repository(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_workspace(here, {"outside.yaml": BAD, "repo/.git/x": "", "repo/shared.yaml": BAD, "repo/k/e.yaml": GOOD})
    (here / "repo/k/out.yaml").symlink_to("../../outside.yaml")
    monkeypatch.chdir(here / "repo/k")
    assert lint(".") == ["KG010"]
    assert lint("out.yaml") == ["KG402"]
    (here / "repo/k/out.yaml").unlink()
    (here / "repo/k/in.yaml").symlink_to("../shared.yaml")
    assert lint(".") == ["KG402"]


def test_a_folder_that_cannot_be_listed_is_said(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_workspace(here, {"k/shut/e.yaml": BAD, "k/e.yaml": GOOD})
    scandir = os.scandir

    def refusing(path: str) -> object:
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    ran = run_kgen("lint", "k")
    assert ran.code == 1
    assert ran.out.startswith("k/shut:1:1: error[KG010] permission to read it is denied")


@pytest.mark.parametrize(
    ("target", "help_"),
    [
        ("e.yml", "did you mean `e.yaml`?"),
        ("k/e.yml", "did you mean `k/e.yaml`?"),
        ("one", "write `experiments/one` with its ending for the spec"),
        ("nothing-like-it", "give a file, a folder or a pattern, or env/dev"),
        ("env/deve", "did you mean `dev`?"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(here: Path, target: str, help_: str) -> None:
    workspace(here, **{"e.yaml": GOOD, "k/e.yaml": GOOD})
    ran = run_kgen("lint", target)
    assert ran.code == 2
    assert ran.err.endswith(f"is no file, no folder and no environment: {help_}\n")


@pytest.mark.parametrize("pattern", ["old", "old/", "./old", "old/*", "*/e.yaml"])
def test_what_is_excluded_is_left_out_however_it_is_written(here: Path, pattern: str) -> None:
    write_workspace(here, {"old/e.yaml": BAD, "old.yaml": GOOD})
    assert lint(".", "--exclude", pattern) == []


def test_a_named_file_can_be_excluded(here: Path) -> None:
    write_workspace(here, {"a.yaml": BAD, "b.yaml": GOOD})
    assert lint("a.yaml", "b.yaml", "--exclude", "a.yaml") == []


def test_stdin_can_be_named_twice_and_be_closed(here: Path) -> None:
    assert "error[KG402]" in kgen("lint", "-", "-", given=BAD).stdout
    closed = subprocess.run(
        f"'{sys.executable}' -m kgen lint - <&-", shell=True, capture_output=True, text=True, check=False
    )
    assert closed.returncode == 1
    assert "this file holds no Kubernetes object" in closed.stdout


def test_a_pipe_of_a_shell_is_read(here: Path) -> None:
    read, write = os.pipe()
    os.write(write, BAD.encode())
    os.close(write)
    ran = kgen("lint", f"/dev/fd/{read}", pass_fds=(read,))
    os.close(read)
    assert "error[KG402]" in ran.stdout


def test_a_dash_as_output_is_stdout(here: Path) -> None:
    write_workspace(here, {"e.yaml": BAD})
    assert run_kgen("lint", "e.yaml", "-o", "-") == run_kgen("lint", "e.yaml")
    assert not (here / "-").exists()


def test_what_stops_a_run_is_said_in_the_style_that_is_asked_for(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace(here, **{"kgen.yaml": "lint: {rules: [none-such]}\n"})
    assert lint() == ["KG016"]
    monkeypatch.chdir(here / "experiments")
    assert json.loads(run_kgen("lint", "--format", "json").out)["findings"][0]["file"] == "../kgen.yaml"
    assert run_kgen("lint").err.startswith("../kgen.yaml:1:16: error[KG016]")


@pytest.mark.parametrize("style", ["github", "sarif"])
def test_paths_for_github_lead_from_the_root_of_the_repository(
    here: Path, monkeypatch: pytest.MonkeyPatch, style: str
) -> None:
    write_workspace(here, {"repo/k8s/e.yaml": BAD, "repo/deploy/x": "", "e.yaml": BAD})
    monkeypatch.setenv("GITHUB_WORKSPACE", str(here / "repo"))
    monkeypatch.chdir(here / "repo/deploy")
    out = run_kgen("lint", "../k8s", "--format", style).out
    assert "k8s/e.yaml" in out
    assert "../k8s" not in out
    assert "../../e.yaml" in run_kgen("lint", "../../e.yaml", "--format", style).out
    assert run_kgen("lint", "../k8s").out.startswith("../k8s/e.yaml:")


def test_a_stream_that_needs_no_fix_passes_unchanged(here: Path) -> None:
    assert kgen("lint", "--fix", "-", given=GOOD).stdout == GOOD
    assert 'min: "0.05", max: "0.5"' in kgen("lint", "--fix", "-", given=BAD).stdout


def test_what_a_quoted_pattern_finds_can_be_fixed(here: Path) -> None:
    write_workspace(here, {"k/e.yaml": BAD})
    assert run_kgen("lint", "--fix", "k/*.yaml").code == 0
    assert lint("k") == []


def test_only_what_was_written_counts_as_mended(here: Path) -> None:
    write_workspace(here, {"a.yaml": BAD, "b.yaml": BAD.replace("name: bad", "name: other")})
    (here / "a.yaml").chmod(0o444)
    ran = run_kgen("lint", "--fix", ".")
    assert ran.code == 1
    assert "a.yaml is left as it was: it is read-only" in ran.err
    assert ran.err.endswith("mended 1 finding in 1 file\n")
    assert ran.out.endswith("1 error in 2 files (2 objects, 2 Experiments)\n")


@pytest.mark.parametrize("more", [("--format", "json"), ("-o", "report.txt")])
def test_a_patch_is_no_report(here: Path, more: tuple[str, ...]) -> None:
    write_workspace(here, {"e.yaml": BAD})
    ran = run_kgen("lint", "--diff", "e.yaml", *more)
    assert ran.code == 2
    assert "--diff prints a patch and no report" in ran.err


def test_what_is_too_large_is_said_in_words_for_plain_manifests(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_workspace(here, {"k/a.yaml": GOOD, "k/b.yaml": GOOD.replace("good", "other"), "k/c.yaml": b"#" * (17 << 20)})
    monkeypatch.setattr(gather, "MOST_OF_ALL", len(GOOD) + 100)
    ran = run_kgen("lint", "k")
    assert ran.out.startswith("k/b.yaml:1:1: error[KG010] the files before it fill the")
    assert "help: lint fewer files in one run, or leave some out with `--exclude`" in ran.out
    assert "k/c.yaml:1:1: error[KG010] it is larger than 16 MiB\n    help: split it\n" in ran.out


def test_the_version_of_kubernetes_can_be_said_for_plain_manifests(here: Path) -> None:
    spec = (
        "{template: {spec: {restartPolicy: Never, resources: {limits: {cpu: 1}}, containers: [{name: a, image: a:1}]}}}"
    )
    write_workspace(
        here, {"j.yaml": f"apiVersion: batch/v1\nkind: Job\nmetadata: {{name: x, namespace: t}}\nspec: {spec}\n"}
    )
    assert "KG221" in lint("j.yaml", "--kubernetes", "1.24")
    assert "KG221" not in lint("j.yaml")
    ran = run_kgen("lint", "j.yaml", "--kubernetes", "34")
    assert ran.code == 2
    assert "'34' is no version such as 1.34" in ran.err


def test_what_is_no_spec_among_the_specs_is_not_passed_by(here: Path) -> None:
    workspace(here, **{"experiments/by-hand/e.yaml": BAD, "experiments/notes.txt": "x", "experiments/data.json": "{}"})
    assert lint("experiments/by-hand") == lint("experiments/by-hand/e.yaml") == lint("experiments") == ["KG402"]
    assert lint("experiments/notes.txt") == lint("experiments/data.json") == ["KG111"]
    assert lint() == lint(".") == ["KG402"]


def test_what_only_judges_a_namespace_hides_nothing_else(here: Path) -> None:
    workspace(here, **{"environments/dev/ns.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: team}\n"})
    write_workspace(
        here, {"environments/dev/environment.yaml": "namespace: team\nexperiments: [one]\nresources: [ns.yaml]\n"}
    )
    spec = here / "experiments/one.yaml"
    spec.write_text(spec.read_text().replace("[0.01, 0.05]", "[0.5, 0.05]"), encoding="utf-8")
    assert lint("env/dev") == ["KG803", "KG402"]
    assert lint("env/dev", "--ignore", "KG803") == ["KG402"]


def test_a_patch_that_would_show_a_credential_is_not_printed(here: Path) -> None:
    held = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  password: 4711471147\n  epochs: 5\n"
    write_workspace(here, {"c.yaml": held})
    ran = run_kgen("lint", "c.yaml", "--diff")
    assert (ran.code, ran.out) == (1, "")
    assert "c.yaml: its patch would show what looks like a credential: use --fix" in ran.err
    assert "4711" not in ran.err


def test_the_name_of_a_file_begins_no_line_of_its_own(here: Path) -> None:
    (here / "a\n::stop-commands::x.yaml").write_text(BAD, encoding="utf-8")
    for style in ("text", "github"):
        ran = run_kgen("lint", ".", "--format", style)
        assert "KG402" in ran.out
        assert not any(line.startswith("::stop") for line in (ran.out + ran.err).splitlines())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_output_that_cannot_be_written_is_no_bug(here: Path) -> None:
    write_workspace(here, {"e.yaml": BAD})
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        command = [sys.executable, "-m", "kgen", "lint", "e.yaml"]
        ran = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (1, "the output cannot be written: No space left on device\n")
