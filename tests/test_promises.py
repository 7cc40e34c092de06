"""Promises that hold across stages: nothing is dropped in silence, a higher layer wins, names follow the search."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import Ran, run_kgen, write_workspace

SPEC = """\
objective: {maximize: acc}
algorithm: random
trials: {max: 12, parallel: 3, maxFailed: 3}
parameters:
  lr: {double: [0.01, 0.05]}
trial:
  image: m:1.0
  command: [python3, t.py]
"""


def run(folder: Path, low: str = "", high: str = "", spec: str = SPEC, environment: str = "", **more: str) -> Ran:
    """Render a workspace of one experiment and up to two overlays to stdout."""
    overlays = [name for name, text in (("low", low), ("high", high)) if text]
    head = f"namespace: t\noverlays: {json.dumps(overlays)}\nexperiments: [e]\n"
    files = {
        "experiments/e.yaml": spec,
        "environments/p/environment.yaml": head + environment,
        **{f"overlays/{name}.yaml": text for name, text in (("low", low), ("high", high)) if text},
        **{name.replace("__", "/").replace("_DOT_", "."): text for name, text in more.items()},
    }
    return run_kgen("render", "p", "--root", str(write_workspace(folder, files)))


def manifest(ran: Ran) -> dict[str, Any]:
    assert (ran.code, ran.err) == (0, "")
    (found,) = [doc for doc in yaml.safe_load_all(ran.out) if doc["kind"] == "Experiment"]
    assert isinstance(found, dict)
    return found


def pod(found: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = found["spec"]["trialTemplate"]["trialSpec"]["spec"]["template"]["spec"]
    return spec


@pytest.mark.parametrize(
    ("low", "high"),
    [
        pytest.param("gpu: {count: 2}", "gpu: null", id="gpu"),
        pytest.param("sharedMemory: 1Gi", "sharedMemory: null", id="shared memory"),
        pytest.param("istio: {inject: false}", "istio: null", id="istio"),
        pytest.param("queue: a", "queue: null", id="queue"),
        pytest.param("registry: {pullSecret: a}", "registry: null", id="registry"),
        pytest.param("registry: {pullSecret: a}", "registry: {pullSecret: null}", id="pull secret"),
    ],
)
def test_null_deletes_a_whole_section(tmp_path: Path, low: str, high: str) -> None:
    assert manifest(run(tmp_path, low, high))["spec"] == manifest(run(tmp_path / "without"))["spec"]


@pytest.mark.parametrize(
    ("low", "high", "message"),
    [
        pytest.param("pods: null", "", "`pods: null` deletes nothing", id="a section that is but a folder of keys"),
        pytest.param(
            "pods: {env: {NOPE: null}}", "", "this deletes nothing: no layer below has `NOPE`", id="no such key"
        ),
        pytest.param(
            "pods: {tolerations: [{key: nope, $patch: delete}]}", "", "this deletes nothing", id="no such item"
        ),
        pytest.param("description: nothing", "", "the overlay changes nothing", id="an empty overlay"),
        pytest.param(
            "gpu: {count: 2}",
            "pods: {resources: {limits: {nvidia.com/gpu: 4}}}",
            '`resources.limits["nvidia.com/gpu"]` is said through',
            id="GPUs in two ways",
        ),
        pytest.param(
            "pods: {env: {A: low}}",
            "pods: {containers: [{name: training-container, env: [{name: A, value: high}]}]}",
            "is said through",
            id="a variable in two ways",
        ),
        pytest.param(
            "pods: {terminationGracePeriodSeconds: 5}",
            "experiment: {trial: {spec: {template: {spec: {terminationGracePeriodSeconds: 9}}}}}",
            "is said through",
            id="a pod's setting in two ways",
        ),
        pytest.param(
            "experiment: {trial: {template: {apiVersion: batch/v1, kind: Job}}}",
            "",
            "`trial.image` beside `trial.template`",
            id="a template and an image",
        ),
        pytest.param(
            "pods: {containers: [{name: main, imagePullPolicy: Always}]}",
            "",
            "container `main` has no image",
            id="a container that is another's misspelt name",
        ),
        pytest.param("pods: {containers: [{name: a, imagee: x}]}", "", "unknown key `imagee`", id="a misspelt field"),
        pytest.param(
            "pods: {volumes: [{name: s, secret: {secretName: x, defaultMode: 0400}}]}",
            "",
            "`0400` is 400 to YAML 1.2, and 256 to kubectl",
            id="an octal mode",
        ),
    ],
)
def test_what_would_be_lost_is_refused(tmp_path: Path, low: str, high: str, message: str) -> None:
    ran = run(tmp_path, low, high)
    assert ran.code == 1
    assert message in ran.err
    assert ran.out == ""


def test_an_optional_overlay_may_delete_what_is_not_there(tmp_path: Path) -> None:
    low = "match: {optional: true}\npods: {env: {NOPE: null}}\n"
    assert manifest(run(tmp_path, low)) == manifest(run(tmp_path / "without"))


@pytest.mark.parametrize(
    "command",
    [
        pytest.param("--lr=${trialParameter.lr}", id="a letter short"),
        pytest.param("--lr=${lr}", id="a shell's"),
        pytest.param("--lr=$(lr)", id="Kubernetes'"),
        pytest.param("--lr={{.lr}}", id="a Go template's"),
    ],
)
def test_what_looks_like_a_placeholder_is_refused(tmp_path: Path, command: str) -> None:
    ran = run(tmp_path, spec=SPEC.replace("t.py", f'"{command}"'))
    assert ran.code == 1
    assert "is not replaced: a placeholder is written ${trialParameters.lr}" in ran.err


@pytest.mark.parametrize(
    ("key", "says"),
    [
        pytest.param("maxTrialCount: 3", "`trials.max`", id="a counter"),
        pytest.param("apiVersion: kubeflow.org/v1beta1", "a spec is no manifest", id="a manifest"),
        pytest.param("trialTemplate: {}", "`trial`", id="the template"),
    ],
)
def test_katibs_own_names_are_translated(tmp_path: Path, key: str, says: str) -> None:
    ran = run(tmp_path, spec=f"{SPEC}{key}\n")
    assert ran.code == 1
    assert f"the compact form says it as {says}" in ran.err or says in ran.err
    assert "remove" not in ran.err


@pytest.mark.parametrize(
    ("argocd", "message"),
    [
        pytest.param("server: a, cluster: b", "names the cluster by `server` and by `cluster`", id="two clusters"),
        pytest.param("name: Bad Name", "is not a name of small letters", id="a name"),
        pytest.param("path: ../x", "is not a path below the repository's root", id="a path"),
        pytest.param("syncOptions: ['A = b']", "is not an option as Name=value", id="an option"),
    ],
)
def test_an_application_that_cannot_be(tmp_path: Path, argocd: str, message: str) -> None:
    ran = run(tmp_path, environment=f"argocd: {{repoURL: x, {argocd}}}\n")
    assert ran.code == 1
    assert message in ran.err


def test_a_flag_beside_a_placeholder_is_refused(tmp_path: Path) -> None:
    spec = SPEC.replace("0.05]}", "0.05], flag: --rate}").replace("t.py", "'--lr=${trialParameters.lr}'")
    ran = run(tmp_path, spec=spec)
    assert ran.code == 1
    assert "flag `--rate` is not used: ${trialParameters.lr} is placed by hand" in ran.err


def test_lists_that_add_up(tmp_path: Path) -> None:
    low = "pods: {envFrom: [{secretRef: {name: a}}], ports: [{containerPort: 80}]}"
    high = "pods: {envFrom: [{secretRef: {name: b}}], ports: [{containerPort: 80, protocol: TCP, name: web}]}"
    (container,) = pod(manifest(run(tmp_path, low, high)))["containers"]
    assert container["envFrom"] == [{"secretRef": {"name": "a"}}, {"secretRef": {"name": "b"}}]
    assert container["ports"] == [{"containerPort": 80, "protocol": "TCP", "name": "web"}]


def test_a_mirror_moves_the_collectors_image_too(tmp_path: Path) -> None:
    spec = SPEC + "metrics: {collector: Custom, container: {name: c, image: 'busybox:1.0', command: [a]}}\n"
    found = manifest(run(tmp_path, "registry: {mirror: {docker.io: x.example.com}}", spec=spec))
    image = found["spec"]["metricsCollectorSpec"]["collector"]["customCollector"]["image"]
    assert image == "x.example.com/library/busybox:1.0"


def test_history_survives_other_sync_options(tmp_path: Path) -> None:
    low = "metadata: {annotations: {argocd.argoproj.io/sync-options: 'ServerSideApply=true, Delete=confirm'}}"
    found = manifest(run(tmp_path, low, environment="history: keep\n"))
    options = found["metadata"]["annotations"]["argocd.argoproj.io/sync-options"]
    assert options == "ServerSideApply=true,Delete=confirm,Prune=false"


def test_every_patch_of_a_jsonnet_overlay_counts(tmp_path: Path) -> None:
    patches = [
        {"ops": [{"op": "add", "path": "/metadata/annotations", "value": {"a": "1"}}]},
        {"ops": [{"op": "replace", "path": "/spec/resumePolicy", "value": "LongRunning"}]},
    ]
    write_workspace(tmp_path, {"overlays/o.jsonnet": json.dumps({"patches": patches})})
    found = manifest(
        run(tmp_path, environment="extends: [q]\n", environments__q__environment_DOT_yaml="overlays: [o]\n")
    )
    assert found["metadata"]["annotations"] == {"a": "1"}
    assert found["spec"]["resumePolicy"] == "LongRunning"


def test_copies_of_copies_are_stopped(tmp_path: Path) -> None:
    ops = [{"op": "copy", "from": "/spec", "path": f"/spec/trialTemplate/trialSpec/a{n}"} for n in range(40)]
    ran = run(tmp_path, json.dumps({"patches": [{"ops": ops}]}))
    assert ran.code == 1
    assert "the object grows beyond 100,000 values" in ran.err


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        pytest.param(
            "kind: List\nitems: [{kind: List, items: [{apiVersion: v1, kind: Secret, metadata: {name: s}, "
            "stringData: {a: canary}}]}]\n",
            "KG901",
            id="a Secret in a List in a List",
        ),
        pytest.param(
            "apiVersion: kubeflow.org/v1beta1\nkind: Experiment\nmetadata: {name: e}\n", "KG111", id="Experiment"
        ),
        pytest.param("apiVersion: v1\nkind: A\nmetadata: {name: s}\nmode: 0755\n", "KG008", id="an octal number"),
    ],
)
def test_resources_that_are_refused(tmp_path: Path, resource: str, message: str) -> None:
    ran = run(tmp_path, environment="resources: [r.yaml]\n", environments__p__r_DOT_yaml=resource)
    assert ran.code == 1
    assert message in ran.err
    assert "canary" not in ran.err + ran.out


def test_overlays_of_an_environment_without_experiments_are_refused(tmp_path: Path) -> None:
    files = {"environments/p/environment.yaml": "overlays: [o]\n", "overlays/o.yaml": "queue: a\n"}
    ran = run_kgen("render", "p", "--root", str(write_workspace(tmp_path, files)), "--allow-empty")
    assert ran.code == 1
    assert "overlay `o` is laid over nothing" in ran.err


def test_a_value_on_the_command_line_is_in_no_message(tmp_path: Path) -> None:
    root = str(
        write_workspace(tmp_path, {"experiments/e.yaml": SPEC, "environments/p/environment.yaml": "experiments: [e]\n"})
    )
    ran = run_kgen("render", "p", "--root", root, "--set", "trial.env.TOKEN=[canary]")
    assert ran.code == 1
    assert "canary" not in ran.err
    ran = run_kgen("explain", "p/e", "image", "--root", root, "--set", "trial.env.TOKEN=canary")
    assert "canary" not in ran.out + ran.err


HASHED = "naming: hashed\n"
PATCH = "patches: [{target: {name: NAME}, optional: true, ops: [{op: OP, path: /spec/resumePolicy, value: VALUE}]}]"


def name(tmp_path: Path, low: str = "", spec: str = SPEC) -> str:
    found = manifest(run(tmp_path, low, spec=spec, environment=HASHED))
    assert isinstance(found["metadata"]["name"], str)
    return found["metadata"]["name"]


def patched(target: str, op: str, value: str) -> str:
    return PATCH.replace("NAME", target).replace("OP", op).replace("VALUE", value)


def test_a_name_changes_exactly_when_the_search_does(tmp_path: Path) -> None:
    base = name(tmp_path)
    same = {
        "a counter": name(tmp_path, spec=SPEC.replace("max: 12", "max: 48")),
        "a label": name(tmp_path, "metadata: {labels: {team: ml}}"),
        "another's patch": name(tmp_path, patched("other", "replace", "LongRunning")),
        "a test": name(tmp_path, patched("e", "test", "Never")),
        "another's image": name(tmp_path, "registry: {images: {other: x}, optional: true}"),
    }
    assert set(same.values()) == {base}, same
    other = {
        "a bound": name(tmp_path, spec=SPEC.replace("0.05", "0.5")),
        "a toleration": name(tmp_path, "pods: {tolerations: [{key: a, operator: Exists}]}"),
        "a patch": name(tmp_path, patched("e", "replace", "LongRunning")),
        "a metric": name(tmp_path, spec=SPEC.replace("acc", "loss")),
    }
    assert len({base, *other.values()}) == 5, other


def test_output_stays_out_of_the_sources(tmp_path: Path) -> None:
    files = {"experiments/e.yaml": SPEC, "environments/p/environment.yaml": "experiments: [e]\n"}
    write_workspace(tmp_path, {**files, "kgen.yaml": "output: environments\n"})
    ran = run_kgen("render", "p", "-w", "--root", str(tmp_path))
    assert ran.code == 1
    assert "the output folder `environments` lies among the sources" in ran.err
    (tmp_path / "kgen.yaml").write_text("output: link\n", encoding="utf-8")
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (tmp_path / "link").symlink_to(outside)
    ran = run_kgen("render", "p", "-w", "--root", str(tmp_path))
    assert "leads out of the workspace" in ran.err
    assert not list(outside.iterdir())


def test_what_an_environment_leaves_behind_is_told(tmp_path: Path) -> None:
    argocd = "experiments: [e]\nargocd: {repoURL: 'https://git.example.com/x.git'}\nnamespace: t\n"
    files = {f"environments/{n}/environment.yaml": argocd for n in ("p", "q")}
    root = str(write_workspace(tmp_path, {"experiments/e.yaml": SPEC, **files}))
    assert run_kgen("render", "p", "q", "-w", "--root", root).code == 0
    assert run_kgen("render", "q", "--check", "--root", root).code == 0
    (tmp_path / "environments" / "p" / "environment.yaml").unlink()
    ran = run_kgen("render", "q", "--check", "--root", root)
    assert ran.code == 1
    assert ran.err.count("left behind: ") == 2


def test_no_folder_is_touched_when_one_cannot_be_written(tmp_path: Path) -> None:
    files = {f"environments/{n}/environment.yaml": "experiments: [e]\nnamespace: t\n" for n in ("p", "q")}
    root = str(write_workspace(tmp_path, {"experiments/e.yaml": SPEC, **files}))
    (tmp_path / "rendered").mkdir()
    (tmp_path / "rendered" / "q").write_text("in the way", encoding="utf-8")
    ran = run_kgen("render", "p", "q", "-w", "--root", root, "--format", "json")
    assert ran.code == 1
    assert [found["code"] for found in json.loads(ran.err)["findings"]] == ["KG012"]
    assert [path.name for path in (tmp_path / "rendered").iterdir()] == ["q"]
