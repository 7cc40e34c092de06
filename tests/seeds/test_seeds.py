"""The source documents' experiments: each spec renders the document's manifest, field for field."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from katib_meaning import RANGE, from_v1alpha3, stored
from seed_specs import ROOT, Seed, every_seed, experiment, rendered

HERE = Path(__file__).parent
SHARED = ROOT.parent / "shared" / "data"
MANIFESTS = SHARED / "seed-manifests"
needs_documents = pytest.mark.skipif(not MANIFESTS.is_dir(), reason="the source documents' manifests are not here")


def expected(name: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((HERE / "expected" / f"{name}.yaml").read_text("utf-8"))
    return document


def document(seed: Seed) -> dict[str, Any]:
    """Read a document's manifest as its reader is told to use it."""
    text = (MANIFESTS / seed.document).read_text("utf-8")
    if "truncated" in seed.document:
        text = text.rstrip("\n") + RANGE
    if "v1alpha3" in seed.document:
        return from_v1alpha3(text)
    text = text.replace(r"\${", "${").replace("${PROJECT_NAME}", "ml-tutorial")
    manifest: dict[str, Any] = yaml.safe_load(text)
    return manifest


def same(one: Any, other: Any) -> bool:
    """Hold plain data against plain data; unlike `==`, 1 is neither True nor 1.0."""
    return one == other and json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


@every_seed
def test_a_spec_renders_what_the_api_server_will_hold(seed: Seed) -> None:
    assert same(experiment(rendered(seed.spec, seed.overlays, seed.namespace)), expected(seed.spec))


@every_seed
def test_the_expectations_are_unchanged_by_katib(seed: Seed) -> None:
    assert same(stored(expected(seed.spec)), expected(seed.spec))


@needs_documents
@every_seed
def test_the_expectations_are_what_the_documents_mean(seed: Seed) -> None:
    assert same(stored(document(seed)), expected(seed.spec))


def test_the_registry_overlay_adds_the_image_and_the_secret_and_nothing_else() -> None:
    bare = experiment(rendered("mnist-tuning", namespace="kubeflow"))
    wanted = expected("mnist-tuning")
    pod = wanted["spec"]["trialTemplate"]["trialSpec"]["spec"]["template"]["spec"]
    pod["containers"][0]["image"] = "hyperparam:1.0"
    del pod["imagePullSecrets"]
    assert same(bare, wanted)


def test_a_secret_by_hand_is_only_named() -> None:
    out = rendered("mnist-tuning", ("registry-kcr", "regcred-by-hand"), "kubeflow")
    assert list(out.files) == ["mnist-hyperparameter-tuning.yaml"]


def test_an_external_secret_holds_references_and_no_secret() -> None:
    out = rendered("mnist-tuning", ("registry-kcr",), "kubeflow")
    secret = yaml.safe_load(out.files["externalsecret-regcred.yaml"])
    assert secret["kind"] == "ExternalSecret"
    assert secret["metadata"] == {"name": "regcred", "namespace": "kubeflow"}
    assert secret["spec"]["secretStoreRef"] == {"kind": "ClusterSecretStore", "name": "cloud-secrets"}
    template = secret["spec"]["target"]["template"]
    assert template["type"] == "kubernetes.io/dockerconfigjson"
    config = template["data"][".dockerconfigjson"]
    for call, value in {
        "{{ .username | toJson }}": '"key"',
        "{{ .password | toJson }}": '"secret"',
        '{{ printf "%s:%s" .username .password | b64enc }}': "a2V5OnNlY3JldA==",
    }.items():
        config = config.replace(call, value)
    registry = "ml-tutorial.kr-central-2.kcr.dev"
    assert json.loads(config) == {
        "auths": {registry: {"username": "key", "password": "secret", "auth": "a2V5OnNlY3JldA=="}}
    }


def test_the_gpu_overlay_makes_the_documents_gpu_trial() -> None:
    plain, gpu = experiment(rendered("iris")), experiment(rendered("iris", ("gpu-pool",)))
    assert same(gpu["spec"]["trialTemplate"].pop("trialSpec"), expected("iris-gpu-trial"))
    del plain["spec"]["trialTemplate"]["trialSpec"]
    assert gpu == plain


@needs_documents
def test_the_expected_gpu_trial_is_the_documents() -> None:
    trial = yaml.safe_load((MANIFESTS / "004-gpu-shm-trial-template.yaml").read_text("utf-8"))
    env = trial["spec"]["template"]["spec"]["containers"][0].pop("env")
    assert {text for entry in env for text in entry.values()} == {"X" * 21}  # to be filled in, by whoever has any
    assert same(trial, expected("iris-gpu-trial"))


@pytest.mark.parametrize(
    ("spec", "templates"),
    [
        ("pytorchjob-mnist", [("pytorchReplicaSpecs", "Master"), ("pytorchReplicaSpecs", "Worker")]),
        ("tfjob-example", [("tfReplicaSpecs", "Worker")]),
        ("iris", [()]),
    ],
)
def test_the_istio_overlay_opts_every_pod_out_and_changes_nothing_else(
    spec: str, templates: list[tuple[str, ...]]
) -> None:
    plain, opted = experiment(rendered(spec)), experiment(rendered(spec, ("istio-off",)))
    assert plain != opted
    for path in templates:
        holder = opted["spec"]["trialTemplate"]["trialSpec"]["spec"]
        for key in path:
            holder = holder[key]
        metadata = holder["template"]["metadata"]
        assert metadata.pop("labels") == {"sidecar.istio.io/inject": "false"}
        if not metadata:
            del holder["template"]["metadata"]
    assert plain == opted


def run(*words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "kgen", *words], capture_output=True, check=False, timeout=60)


def test_a_spec_in_jsonnet_renders_the_bytes_of_its_twin_in_yaml(tmp_path: Path) -> None:
    twin = HERE / "twin"
    for path in ("kgen.yaml", "environments/twin/environment.yaml"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes((twin / path).read_bytes())
    (tmp_path / "experiments").mkdir()
    name = "experiments/pytorchjob-mnist"
    (tmp_path / f"{name}.yaml").write_bytes((ROOT / f"{name}.yaml").read_bytes())
    outputs = []
    for root, suffix in ((twin, ".jsonnet"), (tmp_path, ".yaml")):
        done = run("render", "twin", "--root", str(root))
        assert done.returncode == 0, done.stderr.decode()
        first, _, rest = done.stdout.partition(b"\n")
        assert f"from {name}{suffix} for environment twin".encode() in first
        outputs.append(rest)
    assert len(outputs[0]) > 1000
    assert outputs[0] == outputs[1]


def _patched(obj: Any, operation: dict[str, Any]) -> None:
    *steps, last = [step.replace("~1", "/").replace("~0", "~") for step in operation["path"].split("/")[1:]]
    for step in steps:
        obj = obj[int(step)] if isinstance(obj, list) else obj[step]
    if operation["op"] == "remove":
        del obj[int(last) if isinstance(obj, list) else last]
    elif isinstance(obj, list):
        at = len(obj) if last == "-" else int(last)
        obj[at : at + (operation["op"] == "replace")] = [operation["value"]]
    else:
        obj[last] = operation["value"]


def _webhook_cases() -> list[Any]:
    file = SHARED / "webhook-cases.jsonl"
    if not file.is_file():
        return [pytest.param(None, marks=pytest.mark.skip(reason="the recorded webhook cases are not here"))]
    cases = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    return [pytest.param(case, id=case["id"]) for case in cases if case["verdict"] == "accept"]


@pytest.mark.parametrize("case", _webhook_cases())
def test_the_second_account_of_katib_is_the_webhooks(case: dict[str, Any]) -> None:
    """The tests above are worth what `katib_meaning` is worth: hold it against what the real webhook did."""
    wanted = json.loads(json.dumps(case["object"]))
    for operation in case["patch"]:
        if not operation["path"].startswith("/status"):
            _patched(wanted, operation)
    ours = stored(case["object"])
    assert same(ours["spec"], wanted["spec"])
