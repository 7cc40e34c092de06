"""What the container of a trial is to do: found in a trial of any kind, with what it finds around it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from trials import NAME, made, spec

from kgen.katib.collectors import wanted
from kgen.local.job import Given, job_of
from kgen.local.runner import Held, Limits, RunnerError
from kgen.local.wrapping import expanded, wrapped

LOG = "/var/log/katib/metrics.log"
MARK = "echo completed > /var/log/katib/$$$$.pid"


@pytest.mark.parametrize(
    ("words", "kind", "metrics", "argv"),
    [
        pytest.param(
            ["python3", "train.py", "--lr=0.1"],
            "StdOut",
            LOG,
            ["sh", "-c", f"python3 train.py --lr=0.1 1>{LOG} 2>&1 && {MARK}"],
            id="a program goes into a shell",
        ),
        pytest.param(
            ["bash", "-c", "a; b", "x"],
            "StdOut",
            LOG,
            ["bash", "-c", f"a; b x 1>{LOG} 2>&1 && {MARK}"],
            id="a shell stays the shell",
        ),
        pytest.param(
            ["/bin/sh", "-c", "a"],
            "StdOut",
            LOG,
            ["sh", "-c", f"/bin/sh -c a 1>{LOG} 2>&1 && {MARK}"],
            id="a shell by its path is wrapped once more",
        ),
        pytest.param(
            ["a", "b c", "d'e"],
            "File",
            "/logs/x/m.log",
            ["sh", "-c", "a b c d'e && echo completed > /logs/x/$$$$.pid"],
            id="nothing is quoted, and File redirects nothing",
        ),
        pytest.param(
            ["a"],
            "TensorFlowEvent",
            "/logs/tf/",
            ["sh", "-c", "a && echo completed > /logs/tf/$$$$.pid"],
            id="the mark of TensorFlowEvent lies in its folder",
        ),
        pytest.param(["a", "b"], "PrometheusMetric", "", ["a", "b"], id="an endpoint needs no shell"),
    ],
)
def test_the_command_is_wrapped_as_the_webhook_does(words: list[str], kind: str, metrics: str, argv: list[str]) -> None:
    assert wrapped(words, kind, metrics) == tuple(argv)


@pytest.mark.parametrize(
    ("text", "out"),
    [
        pytest.param("$(LR) $(NO)", "0.1 $(NO)", id="a known name is replaced and another one stays"),
        pytest.param("$$(LR) $$$$", "$(LR) $$", id="two dollars are one"),
        pytest.param("$LR ${LR} $(date +%s) 5$", "$LR ${LR} $(date +%s) 5$", id="the rest is for the shell"),
    ],
)
def test_dollars_are_expanded_as_the_kubelet_does(text: str, out: str) -> None:
    assert expanded([text], {"LR": "0.1"}) == (out,)


def test_a_job_has_what_its_pod_has(tmp_path: Path) -> None:
    manifest = spec(
        ["python3", "train.py"],
        ["--lr", "0.1"],
        container={
            "workingDir": "/opt/trial",
            "env": [
                {"name": "SEED", "value": "1"},
                {"name": "OUT", "value": "/out/$(SEED)"},
                {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
            ],
            "resources": {"limits": {"cpu": "1500m", "memory": "2Gi", "nvidia.com/gpu": 1}},
            "volumeMounts": [
                {"name": "shm", "mountPath": "/dev/shm"},
                {"name": "work", "mountPath": "/work", "subPath": "a/b"},
                {"name": "data", "mountPath": "/data", "readOnly": True},
            ],
            "securityContext": {"runAsUser": 1000},
        },
        pod={
            "securityContext": {"runAsUser": 5, "runAsGroup": 6},
            "volumes": [
                {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}},
                {"name": "work", "emptyDir": {}},
                {"name": "data", "persistentVolumeClaim": {"claimName": "mnist"}},
            ],
        },
    )
    job = made(manifest, tmp_path / "t")
    assert (job.name, job.image, job.workdir, job.user) == (NAME, "trial:1.0", "/opt/trial", "1000:6")
    assert (job.command, job.args) == (("python3", "train.py"), ("--lr", "0.1"))
    assert job.env == {"SEED": "1", "OUT": "/out/1", "POD": "team", "KATIB_TRIAL_NAME": NAME}
    assert job.limits == Limits(1.5, 2 << 30, 1, "nvidia.com/gpu")
    assert [(m.volume, m.path, m.held, m.size) for m in job.mounts] == [
        ("shm", "/dev/shm", Held.MEMORY, 1 << 30),
        ("work", "/work", Held.EMPTY, None),
        ("data", "/data", Held.MISSING, None),
        ("metrics-volume", "/var/log/katib", Held.EMPTY, None),
    ]
    assert job.mounts[1].source == tmp_path / "t" / "volumes" / "work" / "a" / "b"
    assert all(mount.source.is_dir() and mount.source.stat().st_mode & 0o777 == 0o777 for mount in job.mounts)
    assert job.notes == (
        "the volume `data` (persistentVolumeClaim) is an empty folder here: give its content with `--volume data=DIR`",
    )
    assert job.log == tmp_path / "t" / "metrics" / "metrics.log"


def test_what_is_given_stands_for_the_cluster(tmp_path: Path) -> None:
    secret = {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "hub", "key": "token"}}}
    manifest = spec(
        container={
            "env": [secret, {"name": "SEED", "value": "1"}],
            "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        },
        pod={"volumes": [{"name": "data", "hostPath": {"path": "/srv"}}]},
    )
    job = made(manifest, tmp_path / "t", Given({"TOKEN": "x", "SEED": "2"}, {"data": tmp_path}))
    assert job.env == {"TOKEN": "x", "SEED": "2", "KATIB_TRIAL_NAME": NAME}
    assert (job.mounts[0].source, job.mounts[0].held, job.notes) == (tmp_path, Held.GIVEN, ())


def test_an_optional_variable_may_be_missing(tmp_path: Path) -> None:
    source = {"configMapKeyRef": {"name": "c", "key": "k", "optional": True}}
    manifest = spec(container={"env": [{"name": "A", "valueFrom": source}], "envFrom": [{"secretRef": {"name": "s"}}]})
    job = made(manifest, tmp_path / "t")
    assert "A" not in job.env
    assert job.notes == ("the variables of `s` (envFrom) are not here: give them with `--env`",)


def _secret() -> dict[str, Any]:
    source = {"secretKeyRef": {"name": "hub", "key": "token"}}
    return spec(container={"env": [{"name": "TOKEN", "valueFrom": source}]})


def _renamed() -> dict[str, Any]:
    manifest = spec()
    manifest["trialTemplate"]["primaryContainerName"] = "training"
    return manifest


def _kind(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    manifest = spec()
    manifest["trialTemplate"]["trialSpec"] = {"apiVersion": "x/v1", "kind": kind, "spec": body}
    return manifest


@pytest.mark.parametrize(
    ("manifest", "message", "mend"),
    [
        pytest.param(_secret(), "TOKEN (from secretKeyRef `hub`)", "--env TOKEN", id="a secret is not here"),
        pytest.param(_renamed(), "no container of the trial is named `training`", "`main`", id="no such container"),
        pytest.param(
            _kind("PipelineRun", {"tasks": []}),
            "kind PipelineRun has no pod template",
            "a Job",
            id="a kind without pod templates",
        ),
        pytest.param(
            _kind("TrainJob", {"runtimeRef": {"name": "torch"}}),
            "in the runtime `torch`",
            "`command`",
            id="a TrainJob that leaves its command to the runtime",
        ),
        pytest.param(spec(collector="Custom"), "collector Custom cannot be had here", "StdOut", id="Custom"),
        pytest.param(spec(collector="Push"), "collector Push cannot be had here", "StdOut", id="Push"),
        pytest.param(spec(collector="Stdout"), "no collector `Stdout`", "StdOut", id="a collector that is none"),
        pytest.param(
            spec(collector="File", source={"fileSystemPath": {"path": "/m.log"}}),
            "over `/`",
            "a folder of its own",
            id="a file in the root",
        ),
        pytest.param(
            spec(collector="File", source={"fileSystemPath": {"path": "m.log"}}), "not absolute", "root", id="relative"
        ),
    ],
)
def test_what_cannot_be_run_is_refused(manifest: dict[str, Any], message: str, mend: str, tmp_path: Path) -> None:
    with pytest.raises(RunnerError) as caught:
        made(manifest, tmp_path / "t")
    assert message in str(caught.value)
    assert mend in caught.value.mend


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param(Given(volumes={"data": Path("/")}), "no volume `data`", id="a volume that the pod has not"),
        pytest.param(Given(volumes={"work": Path("/no/where")}), "not there", id="a folder that is not there"),
    ],
)
def test_a_wrong_volume_is_refused(given: Given, message: str, tmp_path: Path) -> None:
    with pytest.raises(RunnerError, match=message):
        made(spec(pod={"volumes": [{"name": "work", "emptyDir": {}}]}), tmp_path / "t", given)


def _template(image: str, **labels: str) -> dict[str, Any]:
    return {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "pytorch", "image": image}]}}


@pytest.mark.parametrize(
    ("kind", "body", "labels", "image", "notes"),
    [
        pytest.param(
            "PyTorchJob",
            {
                "pytorchReplicaSpecs": {
                    "Worker": {"replicas": 2, "template": _template("worker")},
                    "Master": {"template": _template("master")},
                }
            },
            {"training.kubeflow.org/job-role": "master"},
            "master",
            ("the Master runs alone: the 2 other pods are not started",),
            id="the master trains",
        ),
        pytest.param(
            "PyTorchJob",
            {
                "pytorchReplicaSpecs": {
                    "Master": {"template": _template("master")},
                    "Worker": {"template": _template("worker")},
                }
            },
            {"training.kubeflow.org/replica-type": "worker"},
            "worker",
            ("the Worker runs alone: the other pod is not started",),
            id="a label names the worker",
        ),
        pytest.param(
            "Wide",
            {
                "a": {"template": _template("one")},
                "b": {"template": _template("two", part="main")},
            },
            {"part": "main"},
            "two",
            ("the b runs alone: the other pod is not started",),
            id="a label of the template decides",
        ),
    ],
)
def test_the_primary_pod_is_found(
    kind: str, body: dict[str, Any], labels: dict[str, str], image: str, notes: tuple[str, ...], tmp_path: Path
) -> None:
    manifest = _kind(kind, body)
    manifest["trialTemplate"].update(primaryContainerName="pytorch", primaryPodLabels=labels)
    job = made(manifest, tmp_path / "t")
    assert (job.image, job.notes) == (image, notes)
    assert (job.env.get("WORLD_SIZE") == "1") == (kind == "PyTorchJob")


def test_a_trainjob_runs_its_trainer(tmp_path: Path) -> None:
    trainer = {
        "image": "t:1",
        "command": ["torchrun", "train.py"],
        "numNodes": 2,
        "resourcesPerNode": {"limits": {"cpu": 1}},
        "env": [{"name": "A", "value": "1"}],
    }
    manifest = _kind("TrainJob", {"runtimeRef": {"name": "torch"}, "trainer": trainer})
    manifest["trialTemplate"]["primaryContainerName"] = "node"
    job = made(manifest, tmp_path / "t")
    assert (job.image, job.command, job.limits.cpu, job.env["A"]) == ("t:1", ("torchrun", "train.py"), 1.0, "1")
    assert "the runtime `torch`" in job.notes[0]
    assert job.notes[1] == "one node runs alone: the other node is not started"


def test_containers_that_do_not_run_are_named(tmp_path: Path) -> None:
    manifest = spec(pod={"initContainers": [{"name": "fetch"}]})
    pod = manifest["trialTemplate"]["trialSpec"]["spec"]["template"]["spec"]
    pod["containers"].append({"name": "board"})
    assert made(manifest, tmp_path / "t").notes == (
        "the containers that run beside the training are not started: `board`",
        "the containers that run before the training are not started: `fetch`",
    )


def test_the_endpoint_has_katibs_defaults(tmp_path: Path) -> None:
    job = made(spec(collector="PrometheusMetric"), tmp_path / "t")
    assert job.endpoint == (8080, "/metrics")
    asked = {"httpGet": {"port": 9000, "path": "/m"}}
    job = made(spec(collector="PrometheusMetric", source=asked), tmp_path / "u")
    assert (job.endpoint, job.metrics) == ((9000, "/m"), "")


def test_the_innermost_mount_counts(tmp_path: Path) -> None:
    manifest = spec(
        collector="File",
        source={"fileSystemPath": {"path": "/work/logs/m.log", "format": "JSON"}},
        container={"volumeMounts": [{"name": "work", "mountPath": "/work"}]},
        pod={"volumes": [{"name": "work", "emptyDir": {}}]},
    )
    job = made(manifest, tmp_path / "t")
    assert job.metrics_file == tmp_path / "t" / "metrics" / "m.log"
    assert job.here("/work/other") == tmp_path / "t" / "volumes" / "work" / "other"
    assert job.here("/workshop") == Path("/workshop")
    assert job.wanted == wanted(manifest)


def test_a_trial_needs_no_name(tmp_path: Path) -> None:
    manifest = spec()
    assert job_of(manifest, manifest["trialTemplate"]["trialSpec"], tmp_path).name == ""
