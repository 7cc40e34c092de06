"""Git and cluster, compared as Argo CD compares them: what is in Git, what the webhook made of it, three strategies."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from oracle import ask

from kgen.katib.admission import admit
from kgen.model.environment import Target
from kgen.model.node import NOWHERE, make, plain

HERE = Path(__file__).parent
BASE = HERE / "manifests" / "minimal-job.yaml"
OTHER_RELEASE = 'katib: "0.17"'  # of workspaces whose output is for a Katib that the program is not
STRATEGIES = ("legacy", "structured", "server")
SYNCED, DRIFTS = "Synced", "OutOfSync"
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_OF_CLUSTER = {"uid": "3c9d", "resourceVersion": "7", "generation": 1, "creationTimestamp": "2026-01-01T00:00:00Z"}


class Programs(NamedTuple):
    """Katib's webhooks and Argo CD's diff, as programs."""

    katib: Path
    argocd: Path


def verdicts(
    programs: Programs, manifests: list[dict[str, Any]], before: list[dict[str, Any]] | None = None
) -> list[tuple[str, ...]]:
    """Say for each manifest in Git, by each strategy, whether what was made of it (or of `before`) is in sync."""
    synced = manifests if before is None else before
    by_client = [_live(o, m) for o, m in zip(_admitted(programs, synced), synced, strict=True)]
    by_server = [_live(o) for o in _admitted(programs, _applied(programs, synced, [None] * len(synced)))]
    predicted = [_live(o) for o in _admitted(programs, _applied(programs, manifests, by_server))]
    questions = []
    for config, client, server, answer in zip(manifests, by_client, by_server, predicted, strict=True):
        both = {"op": "diff", "config": config}
        questions.append({**both, "strategy": "legacy", "live": client})
        questions.append({**both, "strategy": "structured", "live": server})
        questions.append({**both, "strategy": "server", "live": server, "predicted": answer})
    said = [a.get("error") or (DRIFTS if a["modified"] else SYNCED) for a in ask(programs.argocd, questions)]
    return [tuple(said[i : i + len(STRATEGIES)]) for i in range(0, len(said), len(STRATEGIES))]


def found(programs: Programs) -> dict[str, list[str]]:
    """Compare everything: the variants, a change in Git, and each Experiment that the repository renders."""
    base = _base()
    names = [f"{VARIANT}{name}" for name, _, _ in VARIANTS]
    out = dict(zip(names, verdicts(programs, variants(base)), strict=True))
    changed = [copy.deepcopy(base) for _ in CHANGES]
    for (_, bend), manifest in zip(CHANGES, changed, strict=True):
        bend(manifest)
    names = [f"{CHANGE}{name}" for name, _ in CHANGES]
    out.update(zip(names, verdicts(programs, changed, [base] * len(changed)), strict=True))
    made = dict(rendered())
    out.update(zip(made, verdicts(programs, list(made.values())), strict=True))
    return {name: list(said) for name, said in out.items()}


def expected(name: str) -> list[str]:
    """Say what a comparison must come to."""
    if name.startswith(CHANGE):
        return [DRIFTS] * len(STRATEGIES)
    of_variants = {f"{VARIANT}{variant}": list(said) for variant, _, said in VARIANTS}
    return of_variants.get(name, [SYNCED] * len(STRATEGIES))


def _base() -> dict[str, Any]:
    """Give an Experiment of two metrics with all its defaults."""
    given = yaml.safe_load(BASE.read_text("utf-8"))
    given["spec"]["objective"]["additionalMetricNames"] = ["loss"]
    out = plain(admit(make(given, NOWHERE), Target()).manifest)
    assert isinstance(out, dict)
    return out


def rendered() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every Experiment of the workspace, and of what the golden workspaces render to."""
    root = HERE.parents[1]
    for file in sorted((root / "rendered").glob("*/*.yaml")):
        for document in yaml.safe_load_all(file.read_text("utf-8")):
            if document["kind"] == "Experiment":
                yield str(file.relative_to(root)), document
    for file in sorted((root / "tests" / "golden").glob("*/expected.txt")):
        settings = (path.read_text("utf-8") for path in file.parent.rglob("*.yaml"))
        if not any(OTHER_RELEASE in text for text in settings):
            parts = re.split(r"^== (.*) ==\n", file.read_text("utf-8"), flags=re.MULTILINE)
            for name, text in zip(parts[1::2], parts[2::2], strict=True):
                if name.endswith(".yaml") and "\nkind: Experiment\n" in text:
                    yield f"golden/{file.parent.name}/{name}", yaml.safe_load(text)


def _admitted(programs: Programs, objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    answers = ask(programs.katib, [{"op": "create", "object": obj} for obj in objects])
    return [answer["defaulted"] for answer in answers]


def _applied(
    programs: Programs, configs: Sequence[dict[str, Any]], lives: Sequence[dict[str, Any] | None]
) -> list[dict[str, Any]]:
    questions = [{"op": "apply", "config": c, "live": v} for c, v in zip(configs, lives, strict=True)]
    return [answer["object"] for answer in ask(programs.argocd, questions)]


def _live(admitted: Mapping[str, Any], config: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Give the object with what the cluster adds to it: its own metadata, Katib's finalizer and status."""
    metadata = {**admitted["metadata"], **_OF_CLUSTER, "finalizers": ["update-prometheus-metrics"]}
    if config is not None:
        metadata["annotations"] = {**metadata.get("annotations", {}), LAST_APPLIED: json.dumps(config)}
    return {**admitted, "metadata": metadata, "status": {"trials": 1, "conditions": [{"type": "Running"}]}}


Bend = Callable[[dict[str, Any]], object]


def _without_defaults(root: dict[str, Any]) -> None:
    spec = root["spec"]
    for key in ("parallelTrialCount", "resumePolicy", "metricsCollectorSpec"):
        del spec[key]
    del spec["objective"]["metricStrategies"]
    del spec["trialTemplate"]["successCondition"], spec["trialTemplate"]["failureCondition"]
    for parameter in spec["parameters"]:
        del parameter["feasibleSpace"]["distribution"]


def _custom(memory: str) -> Bend:
    container = {"name": "c", "image": "registry.example/c:1", "resources": {"limits": {"memory": memory}}}
    spec = {"collector": {"kind": "Custom", "customCollector": container}}
    return lambda root: root["spec"].update(metricsCollectorSpec=spec)


def _of_kind(kind: str) -> Bend:
    def bend(root: dict[str, Any]) -> None:
        template = root["spec"]["trialTemplate"]
        pod = template["trialSpec"]["spec"]["template"]
        replicas = {"Worker": {"replicas": 1, "template": pod}}
        template["trialSpec"] = {
            "apiVersion": "kubeflow.org/v1",
            "kind": kind,
            "spec": {"pytorchReplicaSpecs": replicas},
        }
        del template["successCondition"], template["failureCondition"]

    return bend


S, O = SYNCED, DRIFTS  # noqa: E741
# What was measured once, by legacy, structured merge and server-side diff.
VARIANTS: tuple[tuple[str, Bend, tuple[str, str, str]], ...] = (
    ("all defaults written out", lambda root: None, (S, S, S)),
    ("no defaults at all", _without_defaults, (S, O, S)),
    (
        "distribution on some parameters only",
        lambda root: root["spec"]["parameters"][0]["feasibleSpace"].pop("distribution"),
        (S, O, S),
    ),
    ("metricStrategies absent", lambda root: root["spec"]["objective"].pop("metricStrategies"), (S, S, S)),
    ("metricStrategies incomplete", lambda root: root["spec"]["objective"]["metricStrategies"].pop(), (O, O, S)),
    (
        "metricStrategies in another order",
        lambda root: root["spec"]["objective"]["metricStrategies"].reverse(),
        (S, S, S),
    ),
    ("retain: false", lambda root: root["spec"]["trialTemplate"].update(retain=False), (O, O, S)),
    ("retain: true", lambda root: root["spec"]["trialTemplate"].update(retain=True), (S, S, S)),
    ("algorithmSettings: []", lambda root: root["spec"]["algorithm"].update(algorithmSettings=[]), (O, O, S)),
    ("list: []", lambda root: root["spec"]["parameters"][0]["feasibleSpace"].update(list=[]), (O, O, S)),
    (
        'description: ""',
        lambda root: root["spec"]["trialTemplate"]["trialParameters"][0].update(description=""),
        (O, O, S),
    ),
    ('resumePolicy: ""', lambda root: root["spec"].update(resumePolicy=""), (O, O, S)),
    ("an unknown field in spec", lambda root: root["spec"].update(surprise=1), (O, O, S)),
    ("an unknown field in objective", lambda root: root["spec"]["objective"].update(surprise=1), (O, O, S)),
    ("an unknown field in parameters", lambda root: root["spec"]["parameters"][0].update(surprise=1), (O, O, S)),
    (
        "an unknown label in trialSpec",
        lambda root: root["spec"]["trialTemplate"]["trialSpec"].update(surprise={}),
        (S, S, S),
    ),
    ("earlyStopping: null", lambda root: root["spec"].update(earlyStopping=None), (S, O, S)),
    ("a custom collector's quantities in another form", _custom("1024Mi"), (O, O, S)),
    ("a custom collector's quantities in canonical form", _custom("1Gi"), (S, S, S)),
    ("labels: {}", lambda root: root["metadata"].update(labels={}), (O, O, S)),
    ("goal: 0", lambda root: root["spec"]["objective"].update(goal=0), (S, S, S)),
    ("maxFailedTrialCount: 0", lambda root: root["spec"].update(maxFailedTrialCount=0), (S, S, S)),
    (
        "a File collector without source",
        lambda root: root["spec"].update(metricsCollectorSpec={"collector": {"kind": "File"}}),
        (S, S, S),
    ),
    ("a PyTorchJob without conditions", _of_kind("PyTorchJob"), (S, S, S)),
)


VARIANT, CHANGE = "variant: ", "changed in Git: "
CHANGES: tuple[tuple[str, Bend], ...] = (
    ("maxTrialCount", lambda root: root["spec"].update(maxTrialCount=24)),
    ("a bound", lambda root: root["spec"]["parameters"][0]["feasibleSpace"].update(max="0.5")),
    ("a label", lambda root: root["metadata"].update(labels={"team": "vision"})),
    ("the image", lambda root: _container(root).update(image="registry.example/team/train:1.5")),
)


def _container(root: dict[str, Any]) -> dict[str, Any]:
    pod = root["spec"]["trialTemplate"]["trialSpec"]["spec"]["template"]["spec"]
    out: dict[str, Any] = pod["containers"][0]
    return out


def variants(base: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give the bent forms of an Experiment that has all its defaults."""
    out = []
    for _, bend, _ in VARIANTS:
        bent = copy.deepcopy(dict(base))
        bend(bent)
        out.append(bent)
    return out
