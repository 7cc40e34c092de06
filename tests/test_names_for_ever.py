"""Hashed names, pinned for ever; and what they follow: all that Katib refuses to edit, and nothing else.

A red row of `PINS` means that every running Experiment like it would get another name at the next render: Argo CD
would start its search again beside the old one, or prune the old one with its trials. Do not mend the row. Find what
changed in the expanded spec; where the cluster would refuse that edit in place, it is a change to argue for, and to
announce in CHANGELOG.md.
"""

from __future__ import annotations

import re

import pytest

from kgen import pipeline
from kgen.model.environment import KATIB_VERSIONS
from kgen.model.node import object_of

HEAD = """\
objective: {maximize: accuracy}
algorithm: random
trials: {max: 12, parallel: 3, maxFailed: 3}
parameters:
  lr: {double: [0.01, 0.1]}
"""
TRIAL = """\
trial:
  image: registry.example/mnist:1.0
  command: [python3, train.py]
"""
SPEC = HEAD + TRIAL
REPLICAS = """\
trial:
  kind: {}
  image: registry.example/mnist:1.0
  command: [python3, train.py]
  replicas: {{Worker: 2}}
"""
TRAINJOB = """\
trial:
  kind: TrainJob
  image: registry.example/mnist:1.0
  command: [torchrun, train.py]
  spec: {runtimeRef: {name: torch-distributed}, trainer: {numNodes: 2}}
"""
PODS_OF_A_WORKFLOW = """\
trial:
  container: main
  successCondition: status.[@this].#(phase=="Succeeded")#
  failureCondition: status.[@this].#(phase=="Failed")#
  primaryPodLabels: {step: train}
  template:
    apiVersion: argoproj.io/v1alpha1
    kind: Workflow
    spec:
      entrypoint: train
      templates:
        - name: train
          metadata: {labels: {step: train}}
          container:
            image: registry.example/mnist:1.0
            command: [python3, train.py, "--lr=${trialParameters.lr}"]
"""
TASKS = """\
trial:
  container: step-train
  successCondition: status.conditions.#(type=="Succeeded")#|#(status=="True")#
  failureCondition: status.conditions.#(type=="Succeeded")#|#(status=="False")#
  primaryPodLabels: {tekton.dev/pipelineTask: train}
  template:
    apiVersion: tekton.dev/v1
    kind: PipelineRun
    spec:
      params: [{name: lr, value: "${trialParameters.lr}"}]
      pipelineSpec:
        params: [{name: lr, type: string}]
        tasks:
          - name: train
            taskSpec:
              steps:
                - {name: train, image: "registry.example/mnist:1.0", command: [python3, train.py, "--lr=$(params.lr)"]}
"""
CONFIG_MAP = """\
trial:
  container: training-container
  successCondition: status.conditions.#(type=="Complete")#|#(status=="True")#
  failureCondition: status.conditions.#(type=="Failed")#|#(status=="True")#
  retain: true
  configMap: {name: trial-template, namespace: kubeflow, path: defaultTrialTemplate.yaml}
"""
NAS = """\
objective: {maximize: Validation-Accuracy, goal: 0.99}
algorithm: {name: enas, settings: {controller_hidden_size: 64, controller_temperature: 5.0}}
trials: {max: 3, parallel: 2, maxFailed: 2}
nas:
  graphConfig: {numLayers: 1, inputSizes: [32, 32, 3], outputSizes: [10]}
  operations:
    - operationType: convolution
      parameters:
        filter_size: {categorical: [3, 5, 7]}
        stride: {int: [1, 2], step: 1}
trial:
  image: registry.example/enas:1.0
  command: [python3, RunTrial.py, '--architecture="${trialParameters.architecture}"', '--nn="${trialParameters.nn}"']
  references: {architecture: architecture, nn: nn_config}
"""
NUMBERS = """\
objective: {maximize: accuracy, goal: 0.990, additional: [loss], strategies: {loss: min}}
algorithm: {name: tpe, settings: {gamma: 0.250, n_EI_candidates: 24}}
trials: {max: 12}
parameters:
  a: {double: [1e-5, 0.10], distribution: logUniform}
  b: {double: [.5, 1E5], step: 0.50}
  c: {discrete: [1, 1.5, 0.50, 2e3]}
  d: {int: [0o17, 0x1F]}
  e: {double: [0.1000000000000000000001, 12345678901234567890.5]}
trial:
  image: registry.example/mnist:1.0
  command: [python3, train.py]
  args: [--a, 0.10, 1e-5, no, yes]
  env: {A: 0.10, B: 1e3, C: on, D: 2024-01-02, E: 1_000}
  resources: {cpu: 1.50, memory: 1e9}
  spec: {backoffLimit: 3}
"""
UNICODE = """\
objective: {maximize: accuracy}
algorithm: random
trials: {max: 12}
parameters:
  optimizer: {categorical: [größe, 学習, "a\\u0301", "😀"]}
trial:
  image: registry.example/mnist:1.0
  command: [python3, train.py, "--título=Ελλάδα"]
  env: {GREETING: "grüß dich"}
"""
STOPPING = """\
objective: {minimize: loss, goal: 0}
algorithm: {name: random, settings: {random_state: 10}}
trials: {max: 27, parallel: 9, maxFailed: 3}
earlyStopping: {name: medianstop, settings: {min_trials_required: 1, start_step: 4}}
resume: FromVolume
metrics: {collector: File, path: /var/log/katib/metrics.json, format: JSON}
parameters:
  lr: {double: [0.01, 0.1]}
  epochs: {int: [1, 9], step: 2}
trial:
  image: registry.example/mnist:1.0
  command: [python3, train.py]
  retain: true
"""
JSONNET = """\
local spec = {
  objective: { maximize: 'accuracy' },
  algorithm: 'tpe',
  trials: { max: 2 * 6, parallel: 3 },
  parameters: [
    { name: 'lr', double: [1e-4, 0.1] },
    { name: 'layers', int: [1, 5] },
  ],
  trial: {
    image: 'registry.example/mnist:1.0',
    command: ['python3', 'train.py'],
    env: { WHERE: std.extVar('environment') },
  },
};
spec
"""
OVERLAY = """\
experiment: {resume: LongRunning, trial: {env: {SEED: 7}}}
metadata: {labels: {team: ml}, annotations: {note: one}}
pods:
  labels: {app: search}
  tolerations: [{key: nvidia.com/gpu, operator: Exists, effect: NoSchedule}]
  nodeSelector: {zone: a}
gpu: {count: 2}
sharedMemory: 8Gi
istio: {inject: false}
queue: team-a
registry: {images: {registry.example/mnist: other.example/mnist}, pullSecret: regcred}
"""
PATCHED = """\
patches:
  - target: {name: e}
    ops:
      - {op: replace, path: /spec/objective/goal, value: 0.5}
      - {op: add, path: /spec/trialTemplate/trialSpec/spec/activeDeadlineSeconds, value: 600}
"""
GOAL = SPEC.replace("{maximize: accuracy}", "{maximize: accuracy, goal: 0.9}")


def name_of(
    spec: str, overlay: str = "", *, environment: str = "", suffix: str = "yaml", settings: tuple[str, ...] = ()
) -> str:
    """Give the name that an experiment `e` gets under `naming: hashed`."""
    layers = "overlays: [o]\n" if overlay else ""
    files = {
        f"experiments/e.{suffix}": spec,
        "environments/p/environment.yaml": f"namespace: t\nnaming: hashed\nexperiments: [e]\n{layers}{environment}",
        **({"overlays/o.yaml": overlay} if overlay else {}),
    }
    out = pipeline.render({path: text.encode() for path, text in files.items()}, "p", settings=settings)
    assert out.experiments, [f"{d.span}: {d.message}" for d in out.diagnostics]
    (found,) = out.experiments  # whether a rule minds it or not
    return object_of(found.manifest)[2]


PINS: tuple[tuple[str, str, str, str], ...] = (
    ("a Job", SPEC, "", "e-5ddef98f"),
    ("a PyTorchJob", HEAD + REPLICAS.format("PyTorchJob"), "", "e-d2b7e4e3"),
    ("a TFJob", HEAD + REPLICAS.format("TFJob"), "", "e-7c1ec2d6"),
    ("an MPIJob", HEAD + REPLICAS.format("MPIJob"), "", "e-dece4872"),
    ("an XGBoostJob", HEAD + REPLICAS.format("XGBoostJob"), "", "e-0f9134d3"),
    ("a PaddleJob", HEAD + REPLICAS.format("PaddleJob"), "", "e-7a3efe76"),
    ("a JAXJob", HEAD + REPLICAS.format("JAXJob"), "", "e-3089c4f8"),
    ("a TrainJob", HEAD + TRAINJOB, "", "e-037505ec"),
    ("a Workflow", HEAD + PODS_OF_A_WORKFLOW, "", "e-b2ec6956"),
    ("a PipelineRun", HEAD + TASKS, "", "e-c4446ac4"),
    ("a template in the cluster", HEAD + CONFIG_MAP, "", "e-02df844e"),
    ("an architecture is searched", NAS, "", "e-c730bf47"),
    ("numbers in many notations", NUMBERS, "", "e-5f3b1744"),
    ("texts of many scripts", UNICODE, "", "e-e209166a"),
    ("early stopping, resume and a collector", STOPPING, "", "e-5ce456bf"),
    ("an overlay of every section", SPEC, OVERLAY, "e-ae28ed31"),
    ("an overlay over replicas", HEAD + REPLICAS.format("PyTorchJob"), OVERLAY, "e-b9beba8e"),
    ("patches", GOAL, PATCHED, "e-ae2e9e92"),
)


@pytest.mark.parametrize(("spec", "overlay", "name"), [pytest.param(*pin[1:], id=pin[0]) for pin in PINS])
def test_the_name_is_what_it_was(spec: str, overlay: str, name: str) -> None:
    assert name_of(spec, overlay) == name


def test_the_name_of_a_jsonnet_spec_is_what_it_was() -> None:
    pytest.importorskip("_gojsonnet", reason="the Jsonnet library is not installed")
    assert name_of(JSONNET, suffix="jsonnet") == "e-57192f7f"


def test_pins_are_worth_pinning() -> None:
    names = [name for _, _, _, name in PINS]
    assert len(set(names)) == len(names) >= 12
    assert all(re.fullmatch(r"e-[0-9a-f]{8}", name) for name in names)


# The name is a function of what Katib refuses to edit, and of nothing else.

QUOTED = """\
"trials": {"maxFailed": 3, "parallel": 3, "max": 12}
'algorithm': "random"
"parameters": {'lr': {"double": [0.01, 0.1]}}
"trial":
  "command": ['python3', "train.py"]
  "image": "registry.example/mnist:1.0"
"objective": {"maximize": 'accuracy'}
"""
SHORT = SPEC.replace("algorithm: random", "algorithm: {name: random}")
ANCHORED = SPEC.replace("{max: 12, parallel: 3, maxFailed: 3}", "&counts {max: 12, parallel: 3, maxFailed: 3}")
OTHERS = "patches: [{target: {name: other}, optional: true, ops: [{op: remove, path: /spec/objective}]}]"


@pytest.mark.parametrize(
    ("spec", "overlay", "environment"),
    [
        pytest.param(SPEC.replace("max: 12", "max: 96"), "", "", id="maxTrialCount"),
        pytest.param(SPEC.replace("parallel: 3", "parallel: 1"), "", "", id="parallelTrialCount"),
        pytest.param(SPEC.replace("maxFailed: 3", "maxFailed: 0"), "", "", id="maxFailedTrialCount"),
        pytest.param(SPEC.replace(", parallel: 3, maxFailed: 3", ""), "", "", id="counters that Katib fills in"),
        pytest.param(SPEC + "labels: {team: ml}\n", "", "", id="labels"),
        pytest.param(SPEC + "annotations: {team: ml}\n", "", "", id="annotations"),
        pytest.param(SPEC + "description: the second attempt\n", "", "", id="the description"),
        pytest.param(SPEC, "metadata: {labels: {team: ml}, annotations: {a: b}}", "", id="an overlay's metadata"),
        pytest.param(SPEC, "experiment: {trials: {max: 48}}", "", id="an overlay's counter"),
        pytest.param(SPEC, OTHERS, "", id="a patch of another Experiment"),
        pytest.param(SPEC, "registry: {images: {other: x}, optional: true}", "", id="an image of another Experiment"),
        pytest.param(QUOTED, "", "", id="the order of keys, and quotes"),
        pytest.param(SHORT, "", "", id="a short form written out"),
        pytest.param(ANCHORED, "", "", id="an anchor"),
        pytest.param(f"# a comment\n\n{SPEC}\n", "", "", id="comments and blank lines"),
        pytest.param(SPEC.replace("\n", "\r\n"), "", "", id="the ends of lines"),
        pytest.param(SPEC, "", "history: keep\n", id="history"),
        pytest.param(SPEC, "", "argocd: {repoURL: 'https://git.example/ml.git'}\n", id="an Application, and waves"),
        *(
            pytest.param(SPEC, "", f"target: {{katib: '{version}'}}\n", id=f"Katib {version}")
            for version in KATIB_VERSIONS
        ),
        pytest.param(SPEC, "", "target: {kubernetes: '1.31', argocd: '3.3'}\n", id="Kubernetes and Argo CD"),
    ],
)
def test_the_name_stays(spec: str, overlay: str, environment: str) -> None:
    assert name_of(spec, overlay, environment=environment) == name_of(SPEC)


def test_equal_numbers_are_one_and_equal_texts_are_not() -> None:
    assert name_of(GOAL.replace("goal: 0.9", "goal: 0.90")) == name_of(GOAL)
    assert name_of(GOAL.replace("goal: 0.9", "goal: 9e-1")) == name_of(GOAL)
    assert name_of(SPEC.replace("0.1]", "0.10]")) != name_of(SPEC)  # feasibleSpace.max is a text to Katib


def test_counters_on_the_command_line_rename_nothing() -> None:
    assert name_of(SPEC, settings=("trials.max=3",)) == name_of(SPEC)
    assert name_of(SPEC, settings=("algorithm=tpe",)) != name_of(SPEC)


CHANGES = {
    "the objective's metric": SPEC.replace("accuracy", "precision"),
    "the objective's type": SPEC.replace("maximize", "minimize"),
    "the goal": GOAL,
    "an additional metric": SPEC.replace("{maximize: accuracy}", "{maximize: accuracy, additional: [loss]}"),
    "a metric's strategy": SPEC.replace("{maximize: accuracy}", "{maximize: accuracy, strategies: {accuracy: latest}}"),
    "the algorithm": SPEC.replace("random", "tpe"),
    "a setting": SPEC.replace("algorithm: random", "algorithm: {name: random, settings: {random_state: 1}}"),
    "early stopping": SPEC + "earlyStopping: medianstop\n",
    "the resume policy": SPEC + "resume: LongRunning\n",
    "a collector": SPEC + "metrics: File\n",
    "a filter": SPEC + "metrics: {collector: StdOut, filter: ['([\\w|-]+)\\s*=\\s*([+-]?\\d+)']}\n",
    "a bound": SPEC.replace("0.1]", "0.2]"),
    "a distribution": SPEC.replace("{double: [0.01, 0.1]}", "{double: [0.01, 0.1], distribution: logUniform}"),
    "a parameter's name": SPEC.replace("lr:", "rate:"),
    "another parameter": SPEC.replace("parameters:\n", "parameters:\n  depth: {int: [1, 3]}\n"),
    "the image": SPEC.replace("mnist:1.0", "mnist:1.1"),
    "the command": SPEC.replace("train.py", "fit.py"),
    "an argument": SPEC + "  args: [--fast]\n",
    "the environment": SPEC + "  env: {SEED: 1}\n",
    "the resources": SPEC + "  resources: {memory: 4Gi}\n",
    "the trial's kind": HEAD + REPLICAS.format("PyTorchJob"),
    "retain": SPEC + "  retain: true\n",
    "the object's own spec": SPEC + "  spec: {backoffLimit: 1}\n",
}
OVERLAYS = {
    "a toleration": "pods: {tolerations: [{key: a, operator: Exists}]}",
    "a node selector": "pods: {nodeSelector: {zone: a}}",
    "a label of pods": "pods: {labels: {app: a}}",
    "a pull secret": "registry: {pullSecret: regcred}",
    "an image that is renamed": "registry: {images: {registry.example/mnist: other.example/mnist}}",
    "GPUs": "gpu: {count: 1}",
    "shared memory": "sharedMemory: 1Gi",
    "the mesh": "istio: {inject: false}",
    "a queue": "queue: a",
    "a patch": "patches: [{target: {name: e}, ops: [{op: replace, path: /spec/objective/type, value: minimize}]}]",
}


def test_every_other_change_gives_a_name_of_its_own() -> None:
    names = {what: name_of(spec) for what, spec in CHANGES.items()}
    names |= {what: name_of(SPEC, overlay) for what, overlay in OVERLAYS.items()}
    names["nothing"] = name_of(SPEC)
    shared: dict[str, list[str]] = {}
    for what, name in names.items():
        shared.setdefault(name, []).append(what)
    assert [same for same in shared.values() if len(same) > 1] == []


def test_the_order_of_parameters_is_part_of_a_search() -> None:
    two = SPEC.replace("parameters:\n", "parameters:\n  depth: {int: [1, 3]}\n")
    turned = SPEC.replace("  lr: {double: [0.01, 0.1]}\n", "  lr: {double: [0.01, 0.1]}\n  depth: {int: [1, 3]}\n")
    assert name_of(two) != name_of(turned)
