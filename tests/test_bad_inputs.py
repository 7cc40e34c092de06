"""Bad inputs: exit code 1, every problem with its place and its mend, no traceback, and nothing written."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from conftest import SPEC, Files, Kgen, Workspace, tree, write_workspace

SPEC_FILE, ENVIRONMENT = "experiments/mnist.yaml", "environments/main/environment.yaml"
OVERLAY = "overlays/layer.yaml"
GOOD = {SPEC_FILE: SPEC, ENVIRONMENT: "namespace: team-a\nexperiments: [mnist]\n"}
WITH_OVERLAY = {ENVIRONMENT: "namespace: team-a\noverlays: [layer]\nexperiments: [mnist]\n"}

# ruff: noqa: E501 - what is said is quoted whole, line by line
CASES = [
    pytest.param(
        {"kgen.yaml": "outptu: x\n"},
        ("main",),
        (
            "kgen.yaml:1:9: error[KG003] unknown key `outptu`\n"
            "    help: did you mean `output`? It must be one of `target`, `output`, `argocd`, `trialKinds`, `lint`\n"
        ),
        id="an unknown key in kgen.yaml",
    ),
    pytest.param(
        {ENVIRONMENT: "namespace: team-a\nexperiments: [mnist]\noverlay: [a]\n"},
        ("main",),
        (
            "environments/main/environment.yaml:3:10: error[KG003] unknown key `overlay`\n"
            "    help: did you mean `overlays`?\n"
        ),
        id="an unknown key of an environment",
    ),
    pytest.param(
        {SPEC_FILE: SPEC.replace("algorithm: random\n", "algoritm: random\nalgorithm: random\n")},
        ("main",),
        ("experiments/mnist.yaml:2:11: error[KG003] unknown key `algoritm`\n    help: did you mean `algorithm`?\n"),
        id="an unknown key of a spec",
    ),
    pytest.param(
        {SPEC_FILE: SPEC.replace("objective: {maximize: accuracy}\n", "objective: {maximise: accuracy}\n")},
        ("main",),
        (
            "experiments/mnist.yaml:1:23: error[KG003] unknown key `maximise` in `objective`\n"
            "    help: did you mean `maximize`? It must be one of `maximize`, `minimize`, `goal`, `additional`, `strategies`\n"
        ),
        id="an unknown key of the objective",
    ),
    pytest.param(
        {SPEC_FILE: SPEC.replace("  lr: {double: [0.01, 0.1]}\n", "  lr: {doubel: [0.01, 0.1]}\n")},
        ("main",),
        (
            "experiments/mnist.yaml:5:16: error[KG003] unknown key `doubel` in `parameters.lr`\n"
            "    help: did you mean `double`? It must be one of `double`, `int`, `discrete`, `categorical`, `step`, `distribution`, `as`, `flag`, `description`\n"
        ),
        id="an unknown key of a parameter",
    ),
    pytest.param(
        {
            SPEC_FILE: SPEC.replace(
                "  image: registry.example/mnist:1.0\n", "  imag: x\n  image: registry.example/mnist:1.0\n"
            )
        },
        ("main",),
        ("experiments/mnist.yaml:7:9: error[KG003] unknown key `imag` in `trial`\n    help: did you mean `image`?\n"),
        id="an unknown key of the trial",
    ),
    pytest.param(
        {ENVIRONMENT: "namespace: team-a\noverlays: [layer]\nexperiments: [mnist]\n", OVERLAY: "pod: {}\n"},
        ("main",),
        ("overlays/layer.yaml:1:6: error[KG003] unknown key `pod`\n    help: did you mean `pods`?\n"),
        id="an unknown section of an overlay",
    ),
    pytest.param(
        {
            ENVIRONMENT: "namespace: team-a\noverlays: [layer]\nexperiments: [mnist]\n",
            OVERLAY: "pods: {tolerationz: []}\n",
        },
        ("main",),
        (
            "overlays/layer.yaml:1:21: error[KG003] unknown key `tolerationz` in `pods`\n"
            "    help: did you mean `tolerations`?\n"
        ),
        id="an unknown key of pods",
    ),
    pytest.param(
        {
            ENVIRONMENT: "namespace: team-a\noverlays: [layer]\nexperiments: [mnist]\n",
            OVERLAY: "registry: {mirrors: {a: b}}\n",
        },
        ("main",),
        (
            "overlays/layer.yaml:1:21: error[KG003] unknown key `mirrors` in `registry`\n"
            "    help: did you mean `mirror`? It must be one of `images`, `mirror`, `pullSecret`, `optional`\n"
        ),
        id="an unknown key of the registry",
    ),
    pytest.param(
        {ENVIRONMENT: "namespace: team-a\nexperiments: [mnist]\nargocd: {repoUrl: x, repoURL: y}\n"},
        ("main",),
        (
            "environments/main/environment.yaml:3:19: error[KG003] unknown key `repoUrl` in `argocd`\n"
            "    help: did you mean `repoURL`?\n"
        ),
        id="an unknown key of argocd",
    ),
    pytest.param(
        {ENVIRONMENT: "namespace: team-a\nexperiments: [{name: mnist, overlay: [a]}]\n"},
        ("main",),
        (
            "environments/main/environment.yaml:2:38: error[KG003] unknown key `overlay` in `experiments[0]`\n"
            "    help: did you mean `overlays`? It must be one of `name`, `overlays`, `experiment`\n"
        ),
        id="an unknown key of an experiment of an environment",
    ),
    pytest.param(
        {SPEC_FILE: SPEC.replace("objective: {maximize: accuracy}\n", "objective: [maximize, accuracy]\n")},
        ("main",),
        (
            "experiments/mnist.yaml:1:12: error[KG004] `objective` is a list, expected a mapping\n"
            "    help: write a mapping (what is optimised)\n"
        ),
        id="a list for a mapping",
    ),
    pytest.param(
        {
            SPEC_FILE: SPEC.replace(
                "trials: {max: 12, parallel: 3, maxFailed: 3}\n", "trials: {max: many, parallel: 3, maxFailed: 3}\n"
            )
        },
        ("main",),
        (
            "experiments/mnist.yaml:3:15: error[KG004] `trials.max` is a text, expected a whole number\n"
            "    help: write a whole number (trials in all)\n"
        ),
        id="a text for a number",
    ),
    pytest.param(
        {
            SPEC_FILE: SPEC.replace(
                "trials: {max: 12, parallel: 3, maxFailed: 3}\n", "trials: {max: 1.5, parallel: 3, maxFailed: 3}\n"
            )
        },
        ("main",),
        (
            "experiments/mnist.yaml:3:15: error[KG004] `trials.max` is the number `1.5`, expected a whole number\n"
            "    help: write a whole number (trials in all)\n"
        ),
        id="a fraction for a whole number",
    ),
    pytest.param(
        {
            SPEC_FILE: SPEC.replace(
                "trials: {max: 12, parallel: 3, maxFailed: 3}\n", "trials: {max: 0, parallel: 3, maxFailed: 3}\n"
            )
        },
        ("main",),
        (
            "experiments/mnist.yaml:3:15: error[KG004] `trials.max` is 0, expected 1 or more\n"
            "    help: write 1 or more\n"
        ),
        id="a number below the least",
    ),
    pytest.param(
        {SPEC_FILE: SPEC.replace("  image: registry.example/mnist:1.0\n", "  image: 1.0\n")},
        ("main",),
        (
            "experiments/mnist.yaml:7:10: error[KG004] `trial.image` is the number `1.0`, expected text\n"
            '    help: put it in quotes: "1.0"\n'
        ),
        id="a number for a text",
    ),
    pytest.param(
        {SPEC_FILE: SPEC.replace("  image: registry.example/mnist:1.0\n", "  image:\n")},
        ("main",),
        (
            "experiments/mnist.yaml:7:3: error[KG004] `trial.image` has no value\n"
            "    help: write text, or remove the key\n"
        ),
        id="no value",
    ),
    pytest.param(
        {
            SPEC_FILE: SPEC.replace(
                "trials: {max: 12, parallel: 3, maxFailed: 3}\n",
                "resume: never\ntrials: {max: 12, parallel: 3, maxFailed: 3}\n",
            )
        },
        ("main",),
        (
            "experiments/mnist.yaml:3:9: error[KG004] `resume`: `never` is unknown\n"
            "    help: did you mean `Never`? It must be one of `Never`, `LongRunning`, `FromVolume`\n"
        ),
        id="a word that is none of the choices",
    ),
    pytest.param(
        {SPEC_FILE: SPEC.replace("  lr: {double: [0.01, 0.1]}\n", "  lr: {double: [0.01, 0.1, 1]}\n")},
        ("main",),
        (
            "experiments/mnist.yaml:5:16: error[KG004] `parameters.lr.double` has 3 items, expected 2\n"
            "    help: write least and greatest value of a real number, [min, max]\n"
        ),
        id="three bounds",
    ),
    pytest.param(
        {SPEC_FILE: SPEC.replace("  lr: {double: [0.01, 0.1]}\n", "  lr: {double: [[0.01], 0.1]}\n")},
        ("main",),
        (
            "experiments/mnist.yaml:5:17: error[KG004] `parameters.lr.double[0]` is a list, expected text or a number or true or false\n"
            "    help: write text or a number or true or false (A bound)\n"
        ),
        id="a bound that is a list",
    ),
    pytest.param(
        {SPEC_FILE: "- a\n"},
        ("main",),
        (
            "experiments/mnist.yaml:1:1: error[KG004] the file is a list, expected a mapping\n"
            "    help: write a mapping (A Katib Experiment in compact form)\n"
        ),
        id="a spec that is a list",
    ),
    pytest.param(
        {ENVIRONMENT: "experiments: mnist\n"},
        ("main",),
        (
            "environments/main/environment.yaml:1:14: error[KG004] `experiments` is a text, expected a list\n"
            "    help: write a list (the experiments, by name, or with what differs here)\n"
        ),
        id="a text for a list of experiments",
    ),
    pytest.param(
        {ENVIRONMENT: 'namespace: team-a\nexperiments: [mnist]\ntarget: {katib: "0.16"}\n'},
        ("main",),
        (
            "environments/main/environment.yaml:3:17: error[KG004] `target.katib`: `0.16` is unknown\n"
            "    help: did you mean `0.19`? It must be one of `0.17`, `0.18`, `0.19`\n"
        ),
        id="a version that kgen does not know",
    ),
    pytest.param(
        {ENVIRONMENT: "namespace: team-a\nexperiments: [mnist]\ntarget: {katib: 0.19}\n"},
        ("main",),
        (
            "environments/main/environment.yaml:3:17: error[KG004] `target.katib` is the number `0.19`, expected text\n"
            '    help: put it in quotes: "0.19"\n'
        ),
        id="a version that is a number",
    ),
    pytest.param(
        {ENVIRONMENT: "namespace: Team_A\nexperiments: [mnist]\n"},
        ("main",),
        (
            "environments/main/environment.yaml:1:12: error[KG004] `namespace`: `Team_A` is not a DNS label: small letters, digits and `-`, 63 characters at the most\n"
            "    help: write a DNS label: small letters, digits and `-`, 63 characters at the most\n"
        ),
        id="a namespace that is no DNS label",
    ),
    pytest.param(
        {ENVIRONMENT: "namespace: team-a\noverlays: [layer]\nexperiments: [mnist]\n", OVERLAY: "sharedMemory: false\n"},
        ("main",),
        (
            "overlays/layer.yaml:1:15: error[KG004] `sharedMemory` is the boolean `false`, expected text or true\n"
            "    help: write text or true (size of /dev/shm, such as 8Gi)\n"
        ),
        id="sharedMemory: false",
    ),
    pytest.param(
        {SPEC_FILE: "name: mnist\n"},
        ("main",),
        (
            "experiments/mnist.yaml:1:1: error[KG011] the file has no `objective`, `algorithm`, `trials`, `trial`\n"
            "    help: add `objective`: what is optimised; `algorithm`: the search algorithm, by name or with settings; `trials`: the budget; `trial`: what runs once for each set of values\n"
        ),
        id="nothing that a spec requires",
    ),
    pytest.param(
        {SPEC_FILE: SPEC.replace("objective: {maximize: accuracy}\n", "objective: {goal: 1}\n")},
        ("main",),
        (
            "experiments/mnist.yaml:1:12: error[KG201] `objective` names no metric\n"
            "    help: add `maximize: METRIC` or `minimize: METRIC`\n"
        ),
        id="an objective without a metric",
    ),
    pytest.param(
        {
            SPEC_FILE: SPEC.replace(
                "trials: {max: 12, parallel: 3, maxFailed: 3}\n", "trials: {parallel: 3, maxFailed: 3}\n"
            )
        },
        ("main",),
        (
            "experiments/mnist.yaml:3:9: error[KG201] the search has no end: `trials.max` is missing\n"
            "    help: add `trials: {max: N}`\n"
        ),
        id="a search without an end",
    ),
    pytest.param(
        {SPEC_FILE: SPEC.replace("  lr: {double: [0.01, 0.1]}\n", "  lr: {step: 1}\n")},
        ("main",),
        (
            "experiments/mnist.yaml:5:7: error[KG201] parameter `lr` has no values\n"
            "    help: add `double: [min, max]`, `int: [min, max]`, `discrete: [...]` or `categorical: [...]`\n"
        ),
        id="a parameter without values",
    ),
    pytest.param(
        {SPEC_FILE: SPEC.replace("algorithm: random\n", "algorithm: {settings: {a: 1}}\n")},
        ("main",),
        (
            "experiments/mnist.yaml:2:12: error[KG011] `algorithm` has no `name`\n"
            "    help: add `name`: name of the algorithm\n"
        ),
        id="an algorithm without a name",
    ),
    pytest.param(
        {SPEC_FILE: SPEC.replace("trial:\n", "metrics: {path: /a}\ntrial:\n")},
        ("main",),
        (
            "experiments/mnist.yaml:6:10: error[KG201] `metrics` names no collector\n"
            "    help: add `collector: File`, or another one\n"
        ),
        id="settings of metrics without a collector",
    ),
    pytest.param(
        {SPEC_FILE: SPEC.replace("trial:\n", "earlyStopping: {settings: {a: 1}}\ntrial:\n")},
        ("main",),
        (
            "experiments/mnist.yaml:6:16: error[KG011] `earlyStopping` has no `name`\n"
            "    help: add `name`: name of the algorithm\n"
        ),
        id="early stopping without a name",
    ),
    pytest.param(
        {SPEC_FILE: SPEC.replace("  image: registry.example/mnist:1.0\n", "")},
        ("main",),
        ("experiments/mnist.yaml:6:1: error[KG201] `trial` has no `image`\n    help: add `image`, or a `template`\n"),
        id="no image",
    ),
    pytest.param(
        {
            SPEC_FILE: SPEC.replace(
                "  image: registry.example/mnist:1.0\n  command: [python3, train.py]\n",
                "  template: {apiVersion: batch/v1, spec: {}}\n",
            )
        },
        ("main",),
        ("experiments/mnist.yaml:7:13: error[KG201] `trial.template` has no `kind`\n    help: add `kind`\n"),
        id="a template without a kind",
    ),
    pytest.param(
        {
            SPEC_FILE: SPEC.replace(
                "  image: registry.example/mnist:1.0\n  command: [python3, train.py]\n",
                "  template: {apiVersion: batch/v1, kind: Job, spec: {template: {spec: {containers: [{name: a}, {name: b}]}}}}\n",
            )
        },
        ("main",),
        (
            "experiments/mnist.yaml:7:13: error[KG201] `trial.template` needs `trial.container`\n"
            "    help: add `container`: the name of the container that trains (primaryContainerName)\n"
        ),
        id="a template that leaves the training container open",
    ),
    pytest.param(
        {
            SPEC_FILE: SPEC.replace(
                "  image: registry.example/mnist:1.0\n", "  kind: TrainJob\n  image: registry.example/mnist:1.0\n"
            )
        },
        ("main",),
        (
            "experiments/mnist.yaml:6:1: error[KG203] a TrainJob needs a runtime\n"
            "    help: add `spec: {runtimeRef: {name: torch-distributed}}` to the trial\n"
        ),
        id="a trainjob without a runtime",
    ),
    pytest.param(
        {ENVIRONMENT: "namespace: team-a\nexperiments: [mnist]\nargocd: {project: ml}\n"},
        ("main",),
        (
            "environments/main/environment.yaml:3:9: error[KG011] `argocd` has no `repoURL`\n"
            "    help: add `repoURL`: the Git repository that holds the rendered folder\n"
        ),
        id="argocd without a repository",
    ),
    pytest.param(
        {
            SPEC_FILE: SPEC.replace(
                "objective: {maximize: accuracy}\n", "objective: {maximize: accuracy, minimize: loss}\n"
            )
        },
        ("main",),
        (
            "experiments/mnist.yaml:1:43: error[KG105] the objective has both `maximize` and `minimize`\n"
            "    see:  experiments/mnist.yaml:1:23 (the other)\n"
            "    help: keep one\n"
        ),
        id="both maximize and minimize",
    ),
    pytest.param(
        {SPEC_FILE: SPEC.replace("  lr: {double: [0.01, 0.1]}\n", "  lr: {double: [0.01, 0.1], int: [1, 2]}\n")},
        ("main",),
        (
            "experiments/mnist.yaml:5:34: error[KG105] a parameter is either `double` or `int`\n"
            "    see:  experiments/mnist.yaml:5:16 (the other)\n"
            "    help: keep one\n"
        ),
        id="two types of one parameter",
    ),
    pytest.param(
        {
            SPEC_FILE: SPEC.replace(
                "  image: registry.example/mnist:1.0\n",
                "  replicas: {Worker: 2}\n  image: registry.example/mnist:1.0\n",
            )
        },
        ("main",),
        (
            "experiments/mnist.yaml:7:13: error[KG203] a Job has no replica types\n"
            "    help: remove `replicas`; `trial.spec` takes the fields of the object's own spec\n"
        ),
        id="replicas of a kind that has none",
    ),
    pytest.param(
        {
            SPEC_FILE: SPEC.replace(
                "  image: registry.example/mnist:1.0\n",
                "  kind: PyTorchJob\n  replicas: {PS: 2}\n  image: registry.example/mnist:1.0\n",
            )
        },
        ("main",),
        (
            "experiments/mnist.yaml:8:18: error[KG203] PyTorchJob has no replica type `PS`\n"
            "    help: write one of `Master`, `Worker`\n"
        ),
        id="a replica type that the kind does not have",
    ),
    pytest.param(
        {
            SPEC_FILE: SPEC.replace(
                "  image: registry.example/mnist:1.0\n", "  kind: PytorchJob\n  image: registry.example/mnist:1.0\n"
            )
        },
        ("main",),
        (
            "experiments/mnist.yaml:7:9: error[KG204] trial kind `PytorchJob` is unknown\n"
            "    help: did you mean `PyTorchJob`? It must be one of `Job`, `PyTorchJob`, `TFJob`, `MPIJob`, `XGBoostJob`, `PaddleJob`, `JAXJob`, `TrainJob`; or write the object in `trial.template`\n"
        ),
        id="an unknown trial kind",
    ),
    pytest.param(
        {
            SPEC_FILE: SPEC.replace(
                "  image: registry.example/mnist:1.0\n  command: [python3, train.py]\n",
                "  kind: Job\n  template: {apiVersion: batch/v1, kind: Job, spec: {template: {spec: {containers: [{name: a}]}}}}\n",
            )
        },
        ("main",),
        (
            "experiments/mnist.yaml:7:9: error[KG202] `trial.kind` beside `trial.template`, which says it itself\n"
            "    see:  experiments/mnist.yaml:8:13 (the template)\n"
            "    help: write `kind` in the template\n"
        ),
        id="kind beside a template",
    ),
    pytest.param(
        {
            SPEC_FILE: SPEC.replace(
                "  image: registry.example/mnist:1.0\n",
                "  resources: {cpu: 1, limits: {memory: 1Gi}}\n  image: registry.example/mnist:1.0\n",
            )
        },
        ("main",),
        (
            "experiments/mnist.yaml:7:20: error[KG105] `cpu` beside `limits`: resources are in the short form or in Kubernetes' own\n"
            "    help: move `cpu` into `limits` and `requests`\n"
        ),
        id="the short and the long form of resources",
    ),
    pytest.param(
        {
            ENVIRONMENT: "namespace: team-a\noverlays: [layer]\nexperiments: [mnist]\n",
            OVERLAY: "pods: {tolerations: [{key: a, operator: Exists}, {key: a, operator: Exists}]}\n",
        },
        ("main",),
        (
            "overlays/layer.yaml:1:50: error[KG106] `tolerations` holds `a/Exists//` twice\n"
            "    see:  overlays/layer.yaml:1:22 (the first)\n"
            "    help: keep one of the two\n"
        ),
        id="one toleration twice",
    ),
    pytest.param(
        {SPEC_FILE: SPEC.replace("  lr: {double: [0.01, 0.1]}\n", "  lr: {double: [0.01, 0.1], flag: false}\n")},
        ("main",),
        (
            "experiments/mnist.yaml:5:16: error[KG206] parameter `lr` reaches no trial: nothing holds ${trialParameters.lr}\n"
            "    help: write ${trialParameters.lr} in the command, or remove `flag: false`\n"
        ),
        id="flag: false and placed nowhere",
    ),
    pytest.param(
        {SPEC_FILE: SPEC.replace("  lr: {double: [0.01, 0.1]}\n", "  lr: {double: [0.01, 0.1], flag: true}\n")},
        ("main",),
        (
            "experiments/mnist.yaml:5:35: error[KG004] `parameters.lr.flag` is the boolean `true`, expected text or false\n"
            "    help: write text or false (the flag it is passed by when no placeholder names it)\n"
        ),
        id="flag: true",
    ),
    pytest.param(
        {
            SPEC_FILE: SPEC.replace(
                "  command: [python3, train.py]\n",
                '  command: [python3, train.py, "--lr=${trialParameters.lrr}", "${trialParameters.lr}"]\n',
            )
        },
        ("main",),
        (
            "experiments/mnist.yaml:8:32: error[KG205] ${trialParameters.lrr} is no parameter of this experiment\n"
            "    help: did you mean `lr`? It must be one of `lr`\n"
        ),
        id="an unknown placeholder",
    ),
    pytest.param(
        {
            SPEC_FILE: SPEC.replace(
                "  lr: {double: [0.01, 0.1]}\ntrial:\n  image: registry.example/mnist:1.0\n  command: [python3, train.py]\n",
                '  lr: {double: [0.01, 0.1], as: rate}\ntrial:\n  image: registry.example/mnist:1.0\n  command: [python3, train.py, "${trialParameters.lr}"]\n',
            )
        },
        ("main",),
        (
            "experiments/mnist.yaml:8:32: error[KG205] ${trialParameters.lr} is no parameter of this experiment\n"
            "    help: it goes by `rate` here: write ${trialParameters.rate}\n"
        ),
        id="a placeholder by the name before `as`",
    ),
    pytest.param(
        {SPEC_FILE: SPEC.replace("  command: [python3, train.py]\n", '  command: [sh, -c, "python3 train.py"]\n')},
        ("main",),
        (
            "experiments/mnist.yaml:5:16: error[KG206] `--lr=${trialParameters.lr}` behind `sh -c` would not reach the program\n"
            "    help: write the placeholder in the script itself\n"
        ),
        id="a flag behind sh -c",
    ),
    pytest.param(
        {
            SPEC_FILE: SPEC.replace(
                "  image: registry.example/mnist:1.0\n",
                '  references: {name: "${trialSpec.Name}"}\n  image: registry.example/mnist:1.0\n',
            )
        },
        ("main",),
        (
            "experiments/mnist.yaml:7:22: error[KG206] reference `name` reaches no trial: nothing holds ${trialParameters.name}\n"
            "    help: write ${trialParameters.name} in the trial, or remove the reference\n"
        ),
        id="a reference that is placed nowhere",
    ),
    pytest.param(
        {SPEC_FILE: SPEC.replace("trial:\n", "  rate: {int: [1, 2], as: lr}\ntrial:\n")},
        ("main",),
        (
            "experiments/mnist.yaml:6:15: error[KG106] two trialParameters are named `lr`\n"
            "    see:  experiments/mnist.yaml:5:16 (the first)\n"
            "    help: give one of the parameters another name with `as`\n"
        ),
        id="two parameters of one name in the trial",
    ),
    pytest.param(
        {
            ENVIRONMENT: "namespace: team-a\noverlays: [layer]\nexperiments: [mnist]\n",
            OVERLAY: "pods: {securityContext: {a: [1]}}\n",
            SPEC_FILE: SPEC + "  pod: {spec: {securityContext: {a: {b: 1}}}}\n",
        },
        ("main",),
        (
            "overlays/layer.yaml:1:29: error[KG104] `spec.template.spec.securityContext.a` is a list here and a mapping in the layer below\n"
            "    see:  experiments/mnist.yaml:9:37 (the mapping)\n"
            "    help: write a mapping; or put `null` in a layer between to delete what lies below\n"
        ),
        id="a list over a mapping",
    ),
    pytest.param(
        {
            ENVIRONMENT: "namespace: team-a\noverlays: [layer]\nexperiments: [mnist]\n",
            OVERLAY: "experiment: {trial: {template: {spec: {a: 1}}}}\n",
            SPEC_FILE: SPEC.replace(
                "  image: registry.example/mnist:1.0\n  command: [python3, train.py]\n",
                "  container: a\n  template: {apiVersion: batch/v1, kind: Job, spec: {a: {b: 1}, template: {spec: {containers: [{name: a, args: ['${trialParameters.lr}']}]}}}}\n",
            ),
        },
        ("main",),
        (
            "overlays/layer.yaml:1:43: error[KG104] `spec.a` is a number here and a mapping in the layer below\n"
            "    see:  experiments/mnist.yaml:8:57 (the mapping)\n"
            "    help: write a mapping; or put `null` in a layer between to delete what lies below\n"
        ),
        id="a text over a mapping of the spec",
    ),
    pytest.param(
        {ENVIRONMENT: "namespace: team-a\noverlays: [lajer]\nexperiments: [mnist]\n", OVERLAY: "queue: a\n"},
        ("main",),
        (
            "environments/main/environment.yaml:2:12: error[KG101] there is no overlay `lajer` (overlays/lajer.yaml)\n"
            "    help: did you mean `layer`? It must be one of `layer`\n"
        ),
        id="a missing overlay",
    ),
    pytest.param(
        {ENVIRONMENT: "namespace: team-a\nexperiments: [mnits]\n"},
        ("main",),
        (
            "environments/main/environment.yaml:2:15: error[KG101] there is no experiment `mnits` (experiments/mnits.yaml)\n"
            "    help: did you mean `mnist`? It must be one of `mnist`\n"
        ),
        id="a missing experiment",
    ),
    pytest.param(
        {},
        ("mian",),
        (
            "environments/mian/environment.yaml:1:1: error[KG101] there is no environment `mian` (environments/mian/environment.yaml)\n"
            "    help: did you mean `main`? It must be one of `main`\n"
        ),
        id="a missing environment",
    ),
    pytest.param(
        {
            ENVIRONMENT: "extends: [bas]\nnamespace: team-a\nexperiments: [mnist]\n",
            "environments/base/environment.yaml": "namespace: a\n",
        },
        ("main",),
        (
            "environments/main/environment.yaml:1:11: error[KG101] there is no environment `bas` (environments/bas/environment.yaml)\n"
            "    help: did you mean `base`? It must be one of `base`, `main`\n"
        ),
        id="a missing environment that is extended",
    ),
    pytest.param(
        {
            ENVIRONMENT: "extends: [left]\nnamespace: team-a\nexperiments: [mnist]\n",
            "environments/left/environment.yaml": "extends: [right]\n",
            "environments/right/environment.yaml": "extends: [left]\n",
        },
        ("main",),
        (
            "environments/right/environment.yaml:1:11: error[KG103] `left` extends `right` extends `left`: a circle\n"
            "    help: remove one `extends`\n"
        ),
        id="environments that extend each other",
    ),
    pytest.param(
        {ENVIRONMENT: "namespace: team-a\nexperiments: [mnist, mnist]\n"},
        ("main",),
        (
            "environments/main/environment.yaml:2:22: error[KG106] environment `main` names experiment `mnist` twice\n"
            "    see:  environments/main/environment.yaml:2:15 (the first)\n"
            "    help: keep one of the two\n"
        ),
        id="an experiment that is named twice",
    ),
    pytest.param(
        {
            ENVIRONMENT: "namespace: team-a\nexperiments: [mnist, other]\n",
            "experiments/other.yaml": "name: mnist\nobjective: {maximize: accuracy}\nalgorithm: random\ntrials: {max: 12, parallel: 3, maxFailed: 3}\nparameters:\n  lr: {double: [0.01, 0.1]}\ntrial:\n  image: registry.example/mnist:1.0\n  command: [python3, train.py]\n",
        },
        ("main",),
        (
            "experiments/other.yaml:1:1: error[KG106] two experiments are named `mnist`\n"
            "    see:  experiments/mnist.yaml:1:1 (the first)\n"
            "    help: rename one of them\n"
        ),
        id="two specs of one name",
    ),
    pytest.param(
        {"experiments/mnist.yml": SPEC},
        ("main",),
        (
            "experiments/mnist.yaml:1:1: error[KG102] experiment `mnist` is written twice: experiments/mnist.yaml and experiments/mnist.yml\n"
            "    help: keep one of them\n"
        ),
        id="a spec in two files",
    ),
    pytest.param(
        {
            ENVIRONMENT: "namespace: team-a\noverlays: [layer]\nexperiments: [mnist]\n",
            OVERLAY: "match: {names: [iris*], kinds: [TFJob]}\nqueue: a\n",
        },
        ("main",),
        (
            "overlays/layer.yaml:1:8: error[KG107] the overlay's `match` hits no experiment it is laid over\n"
            "    help: mend names: [iris*], kinds: [TFJob]; or add `optional: true` to `match`\n"
        ),
        id="a match that hits nothing",
    ),
    pytest.param(
        {
            ENVIRONMENT: "namespace: team-a\noverlays: [layer]\nexperiments: [mnist]\n",
            OVERLAY: 'registry: {images: {mnits: ":2"}}\n',
        },
        ("main",),
        (
            "overlays/layer.yaml:1:28: error[KG108] no image `mnits` is used by the experiments that this layer is laid over\n"
            "    help: mend the name, remove it, or add `optional: true` to `registry`\n"
        ),
        id="an image that is not used",
    ),
    pytest.param(
        {
            ENVIRONMENT: "namespace: team-a\noverlays: [layer]\nexperiments: [mnist]\n",
            OVERLAY: "registry: {mirror: {quay.io: kcr.example}}\n",
        },
        ("main",),
        (
            "overlays/layer.yaml:1:30: error[KG108] no registry `quay.io` is used by the experiments that this layer is laid over\n"
            "    help: mend the name, remove it, or add `optional: true` to `registry`\n"
        ),
        id="a mirror that is not used",
    ),
    pytest.param(
        {
            ENVIRONMENT: "namespace: team-a\noverlays: [layer]\nexperiments: [mnist]\n",
            OVERLAY: "patches: [{target: {name: iris}, ops: [{op: remove, path: /spec}]}]\n",
        },
        ("main",),
        (
            "overlays/layer.yaml:1:11: error[KG109] the patch has no target in this environment\n"
            "    help: mend its `target`, or add `optional: true`\n"
        ),
        id="a patch without a target",
    ),
    pytest.param(
        {
            ENVIRONMENT: "namespace: team-a\noverlays: [layer]\nexperiments: [mnist]\n",
            OVERLAY: "patches: [{ops: [{op: remove, path: /spec/nasConfig}]}]\n",
        },
        ("main",),
        (
            "overlays/layer.yaml:1:18: error[KG110] the patch does not fit Experiment `mnist`: `/spec` is a mapping without `nasConfig`; it holds `objective`, `algorithm`, `parallelTrialCount`, `maxTrialCount`, `maxFailedTrialCount`, `parameters`, `trialTemplate`, `resumePolicy`, `metricsCollectorSpec`\n"
            "    help: look at the object with `kgen render`, and mend the operation\n"
        ),
        id="a patch of a path that is absent",
    ),
    pytest.param(
        {
            ENVIRONMENT: "namespace: team-a\noverlays: [layer]\nexperiments: [mnist]\n",
            OVERLAY: "patches: [{ops: [{op: replace, path: /spec/parameters/1/name, value: a}]}]\n",
        },
        ("main",),
        (
            "overlays/layer.yaml:1:18: error[KG110] the patch does not fit Experiment `mnist`: `/spec/parameters` has no item 1: the last is 0\n"
            "    help: look at the object with `kgen render`, and mend the operation\n"
        ),
        id="a patch of an item that is absent",
    ),
    pytest.param(
        {
            ENVIRONMENT: "namespace: team-a\noverlays: [layer]\nexperiments: [mnist]\n",
            OVERLAY: "patches: [{ops: [{op: test, path: /spec/maxTrialCount, value: 13}]}]\n",
        },
        ("main",),
        (
            "overlays/layer.yaml:1:18: error[KG110] the patch does not fit Experiment `mnist`: `/spec/maxTrialCount` holds another value than the test asks for\n"
            "    help: look at the object with `kgen render`, and mend the operation\n"
        ),
        id="a patch whose test fails",
    ),
    pytest.param(
        {
            ENVIRONMENT: "namespace: team-a\noverlays: [layer]\nexperiments: [mnist]\n",
            OVERLAY: "patches: [{ops: [{op: add, path: /spec/goal}]}]\n",
        },
        ("main",),
        (
            "overlays/layer.yaml:1:18: error[KG110] the patch does not fit Experiment `mnist`: `add` needs a `value`\n"
            "    help: look at the object with `kgen render`, and mend the operation\n"
        ),
        id="a patch without a value",
    ),
    pytest.param(
        {
            ENVIRONMENT: "namespace: team-a\noverlays: [layer]\nexperiments: [mnist]\n",
            OVERLAY: "patches: [{ops: [{op: remove, path: spec.goal}]}]\n",
        },
        ("main",),
        (
            "overlays/layer.yaml:1:37: error[KG004] `patches[0].ops[0].path`: `spec.goal` is not a JSON pointer, such as /spec/resumePolicy\n"
            "    help: write a JSON pointer, such as /spec/resumePolicy\n"
        ),
        id="a patch that is no JSON pointer",
    ),
    pytest.param(
        {
            ENVIRONMENT: "namespace: team-a\noverlays: [layer]\nexperiments: [mnist]\n",
            OVERLAY: "resources: [extra/volum.yaml]\n",
            "overlays/extra/volume.yaml": "a: 1\n",
        },
        ("main",),
        (
            "overlays/layer.yaml:1:13: error[KG101] there is no file `overlays/extra/volum.yaml`\n"
            "    help: did you mean `overlays/extra/volume.yaml`? It must be one of `overlays/extra/volume.yaml`\n"
        ),
        id="a resource file that is missing",
    ),
    pytest.param(
        {
            ENVIRONMENT: "namespace: team-a\noverlays: [layer]\nexperiments: [mnist]\n",
            OVERLAY: "resources: [extra.yaml]\n",
            "overlays/extra.yaml": "apiVersion: v1\nmetadata: {}\n",
        },
        ("main",),
        (
            "overlays/extra.yaml:1:1: error[KG111] this is no Kubernetes object: it has no `kind`, `metadata.name`\n"
            "    help: complete it, or take it out of `resources`\n"
        ),
        id="a resource that is no object",
    ),
    pytest.param(
        {
            ENVIRONMENT: "namespace: team-a\noverlays: [layer]\nexperiments: [mnist]\n",
            OVERLAY: "resources: [a.yaml, b.yaml]\n",
            "overlays/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: a}\n",
            "overlays/b.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: b}\n",
        },
        ("main",),
        (
            "overlays/b.yaml:1:1: error[KG113] two objects are the ConfigMap `x`\n"
            "    see:  overlays/a.yaml:1:1 (the other)\n"
            "    help: keep one of them, or rename one\n"
        ),
        id="two resources of one name",
    ),
    pytest.param(
        {
            ENVIRONMENT: "namespace: team-a\noverlays: [layer]\nexperiments: [mnist]\n",
            OVERLAY: "resources: [secret.yaml]\n",
            "overlays/secret.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: pull}\nstringData: {password: CANARY-4711}\ndata: {token: Q0FOQVJZ}\n",
        },
        ("main",),
        (
            "overlays/secret.yaml:5:15: error[KG901] Secret `pull` stands in Git with its values (`token`, `password`): "
            "base64 is no encryption\n"
            "    see:  overlays/secret.yaml:4:24\n"
            "    help: seal it (SealedSecret), let the cluster fetch it (ExternalSecret), or create it there and name it "
            "only; and change what stands in it\n"
        ),
        id="a plain Secret",
    ),
    pytest.param(
        {
            ENVIRONMENT: "namespace: team-a\noverlays: [layer]\nexperiments: [mnist]\n",
            OVERLAY: "resources: [account.yaml]\n",
            "overlays/account.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a, namespace: team-b}\n",
        },
        ("main",),
        (
            "overlays/account.yaml:3:32: error[KG112] ServiceAccount is for namespace `team-b`, the environment for `team-a`\n"
            "    see:  environments/main/environment.yaml:1:12 (the environment's)\n"
            "    help: leave `namespace` out: kgen writes the environment's\n"
        ),
        id="a resource of another namespace",
    ),
    pytest.param(
        {
            ENVIRONMENT: "namespace: team-a\nexperiments: [mnist]\nprofile: true\nargocd: {repoURL: x, createNamespace: true}\n"
        },
        ("main",),
        (
            "environments/main/environment.yaml:4:39: error[KG802] a Profile refuses a namespace that Argo CD made before it\n"
            "    see:  environments/main/environment.yaml:1:1 (the Profile)\n"
            "    help: remove `createNamespace`\n"
        ),
        id="a Profile of which Argo CD is to make the namespace",
    ),
    pytest.param(
        {
            ENVIRONMENT: "namespace: team-a\nexperiments: [mnist]\nresources: [ns.yaml]\n",
            "environments/main/ns.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: team-a}\n",
        },
        ("main",),
        (
            "environments/main/ns.yaml:1:1: error[KG803] Namespace `team-a` lacks the label without which Katib refuses every Experiment in it\n"
            "    help: add the label `katib.kubeflow.org/metrics-collector-injection: enabled`\n"
        ),
        id="a Namespace without Katib's label",
    ),
    pytest.param(
        {
            ENVIRONMENT: "namespace: team-a\noverlays: [layer]\nexperiments: [mnist]\n",
            OVERLAY: "registry: {pullSecret: {name: a, sealedSecret: {encrypted: x}, externalSecret: {store: {name: a}, dockerConfig: {key: a}}}}\n",
        },
        ("main",),
        (
            "overlays/layer.yaml:1:24: error[KG115] `pullSecret` is an ExternalSecret and a SealedSecret at once\n"
            "    see:  overlays/layer.yaml:1:80 (an ExternalSecret)\n"
            "    see:  overlays/layer.yaml:1:48 (a SealedSecret)\n"
            "    help: keep one of the two; `externalSecret: null` deletes what a layer below says\n"
        ),
        id="a pull secret in two forms",
    ),
    pytest.param(
        {
            ENVIRONMENT: "namespace: team-a\noverlays: [layer]\nexperiments: [mnist]\n",
            OVERLAY: "registry: {pullSecret: {name: a, externalSecret: {store: {name: a}, username: {key: a}}}}\n",
        },
        ("main",),
        (
            "overlays/layer.yaml:1:50: error[KG115] `externalSecret` does not say what the store holds\n"
            "    help: add `dockerConfig: {key: ...}`, or all of `server`, `username` and `password`\n"
        ),
        id="an external secret that does not say what the store holds",
    ),
    pytest.param(
        {ENVIRONMENT: "namespace: team-a\n"},
        ("main",),
        (
            "environments/main/environment.yaml:1:1: error[KG114] environment `main` renders to no manifest at all\n"
            "    help: add `experiments`; or ask for it with --allow-empty\n"
        ),
        id="nothing to render",
    ),
    pytest.param(
        {
            ENVIRONMENT: "namespace: team-a\nexperiments: [configmap-a]\nresources: [a.yaml]\n",
            "experiments/configmap-a.yaml": SPEC,
            "environments/main/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
        },
        ("main",),
        (
            "experiments/configmap-a.yaml:1:1: error[KG113] an experiment and another object both go to `configmap-a.yaml`\n"
            "    help: rename the experiment\n"
        ),
        id="an experiment and an object in one file",
    ),
    pytest.param(
        {},
        ("main", "--set", "trials.max"),
        (
            "--set trials.max:1:1: error[KG013] `trials.max` sets nothing\n"
            "    help: write KEY=VALUE with a dotted key of the spec, such as trials.max=3\n"
        ),
        id="--set without a value",
    ),
    pytest.param(
        {},
        ("main", "--set", "=3"),
        (
            "--set :1:1: error[KG013] `` sets nothing\n"
            "    help: write KEY=VALUE with a dotted key of the spec, such as trials.max=3\n"
        ),
        id="--set without a key",
    ),
    pytest.param(
        {},
        ("main", "--set", "trials.maxx=3"),
        (
            "--set trials.maxx:1:1: error[KG003] unknown key `maxx` in `trials`\n"
            "    help: did you mean `max`? It must be one of `max`, `parallel`, `maxFailed`\n"
        ),
        id="--set of an unknown key",
    ),
    pytest.param(
        {},
        ("main", "--set", "trials.max=three"),
        (
            "--set trials.max:1:1: error[KG004] `trials.max` is a text, expected a whole number\n"
            "    help: write a whole number (trials in all)\n"
        ),
        id="--set of a wrong kind",
    ),
    pytest.param(
        {},
        ("main", "--set", "parameters={a: [}"),
        (
            "--set parameters:1:6: error[KG001] a value is expected here\n"
            "    help: quote the text if this belongs to it\n"
        ),
        id="--set of broken YAML",
    ),
    pytest.param(
        {SPEC_FILE: SPEC + "algorithm: tpe\n"},
        ("main",),
        (
            "experiments/mnist.yaml:9:1: error[KG002] the key `algorithm` is written twice\n"
            "    see:  experiments/mnist.yaml:2:1 (the first)\n"
            "    help: keep one of the two\n"
        ),
        id="a key written twice",
    ),
    pytest.param(
        {SPEC_FILE: "objective:\n\tmaximize: accuracy\n"},
        ("main",),
        ("experiments/mnist.yaml:2:1: error[KG001] a tab is used as indentation\n    help: indent with spaces\n"),
        id="a tab",
    ),
    pytest.param(
        {
            SPEC_FILE: SPEC
            + "---\nobjective: {maximize: accuracy}\nalgorithm: random\ntrials: {max: 12, parallel: 3, maxFailed: 3}\nparameters:\n  lr: {double: [0.01, 0.1]}\ntrial:\n  image: registry.example/mnist:1.0\n  command: [python3, train.py]\n"
        },
        ("main",),
        (
            "experiments/mnist.yaml:10:1: error[KG005] this file has 2 documents; one is expected\n"
            "    see:  experiments/mnist.yaml:1:1 (the first)\n"
            "    help: keep one, and move each other one to a file of its own\n"
        ),
        id="two documents",
    ),
    pytest.param(
        {SPEC_FILE: ""},
        ("main",),
        (
            "experiments/mnist.yaml:1:1: error[KG005] this file is empty\n"
            "    help: write one document, or remove the file\n"
        ),
        id="an empty file",
    ),
    pytest.param(
        {SPEC_FILE: "# nothing\n"},
        ("main",),
        (
            "experiments/mnist.yaml:1:1: error[KG005] this file has only comments\n"
            "    help: write one document, or remove the file\n"
        ),
        id="a file of comments",
    ),
    pytest.param(
        {SPEC_FILE: "objective: {maximize: a\n"},
        ("main",),
        ("experiments/mnist.yaml:1:12: error[KG001] this mapping is not closed\n    help: write its closing bracket\n"),
        id="a mapping that does not end",
    ),
    pytest.param(
        {SPEC_FILE: "[a, b]: c\n"},
        ("main",),
        ("experiments/mnist.yaml:1:1: error[KG008] a list is used as a key\n    help: a key is a text: quote it\n"),
        id="a key that is a list",
    ),
    pytest.param(
        {SPEC_FILE: "objective: !!python/object:os.system x\n"},
        ("main",),
        (
            "experiments/mnist.yaml:1:12: error[KG008] the tag `!!python/object:os.system` is not accepted here\n"
            "    help: remove the tag, or quote the text if it begins with `!`\n"
        ),
        id="an unknown tag",
    ),
    pytest.param(
        {SPEC_FILE: "objective: *nobody\n"},
        ("main",),
        (
            "experiments/mnist.yaml:1:12: error[KG008] no anchor `&nobody` comes before this alias\n"
            "    help: define &nobody first, or quote the text if it begins with `*`\n"
        ),
        id="an alias without an anchor",
    ),
    pytest.param(
        {SPEC_FILE: SPEC.replace("  lr: {double: [0.01, 0.1]}\n", "  lr: {double: [.nan, 0.1]}\n")},
        ("main",),
        (
            "experiments/mnist.yaml:5:17: error[KG004] `parameters.lr.double[0]`: `.nan` is not a finite number\n"
            "    help: write a number\n"
        ),
        id="a number that is none",
    ),
    pytest.param(
        {SPEC_FILE: SPEC.encode() + b"# \xff\xfe\n"},
        ("main",),
        (
            "experiments/mnist.yaml:9:3: error[KG006] the byte 0xFF is not UTF-8 text\n"
            "    help: save the file as UTF-8\n"
        ),
        id="bytes that are no UTF-8",
    ),
    pytest.param(
        {SPEC_FILE: SPEC.encode() + b"# \x07\n"},
        ("main",),
        (
            "experiments/mnist.yaml:9:3: error[KG006] the control character U+0007 is not accepted\n"
            '    help: remove it, or write "\\x07" in double quotes\n'
        ),
        id="a control character",
    ),
    pytest.param(
        {SPEC_FILE: b"\x00" + SPEC.encode()},
        ("main",),
        (
            "experiments/mnist.yaml:1:1: error[KG006] the control character U+0000 is not accepted\n"
            '    help: remove it, or write "\\x00" in double quotes\n'
        ),
        id="a nul byte",
    ),
    pytest.param(
        {
            ENVIRONMENT: "namespace: team-a\noverlays: [layer]\nexperiments: [mnist]\n",
            SPEC_FILE: SPEC.replace(
                "trials: {max: 12, parallel: 3, maxFailed: 3}\n", "trials: {max: x, parallel: 3, maxFailed: 3}\n"
            ),
            OVERLAY: "pods: {toleration: []}\nqueu: a\n",
        },
        ("main",),
        (
            "experiments/mnist.yaml:3:15: error[KG004] `trials.max` is a text, expected a whole number\n"
            "    help: write a whole number (trials in all)\n"
            "overlays/layer.yaml:1:20: error[KG003] unknown key `toleration` in `pods`\n"
            "    help: did you mean `tolerations`?\n"
            "overlays/layer.yaml:2:7: error[KG003] unknown key `queu`\n"
            "    help: did you mean `queue`?\n"
        ),
        id="several problems of several files",
    ),
]


@pytest.mark.parametrize(("files", "argv", "said"), CASES)
def test_bad_input_is_told_and_nothing_is_written(
    files: Files, argv: tuple[str, ...], said: str, kgen: Kgen, workspace: Workspace
) -> None:
    here = workspace({**GOOD, **files})
    before = tree(here)
    ran = kgen("render", *argv, "-o", "out")
    count = said.count(": error[")
    summary = f"{count} error{'s' if count > 1 else ''}; nothing was written\n"
    assert (ran.code, ran.out, ran.err) == (1, "", said + summary)
    assert tree(here) == before
    assert kgen("render", *argv, "-o", "out") == ran


def test_the_workspace_that_the_table_spoils_is_good(kgen: Kgen, workspace: Workspace) -> None:
    workspace(GOOD)
    ran = kgen("render", "main")
    assert (ran.code, ran.err) == (0, "")


@pytest.mark.parametrize("change", [lambda t: "\ufeff" + t, lambda t: t.replace("\n", "\r\n")], ids=["BOM", "CRLF"])
def test_a_byte_order_mark_and_crlf_change_nothing(change: object, kgen: Kgen, workspace: Workspace) -> None:
    assert callable(change)
    workspace(GOOD)
    plain = kgen("render", "main")
    workspace({name: change(text) for name, text in GOOD.items()})
    assert kgen("render", "main") == plain


def test_the_data_of_a_plain_secret_is_said_nowhere(kgen: Kgen, workspace: Workspace) -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: pull}\nstringData: {password: CANARY-4711}\ndata: {t: Q0FOQVJZ}\n"
    workspace({**GOOD, **WITH_OVERLAY, OVERLAY: "resources: [secret.yaml]\n", "overlays/secret.yaml": secret})
    for style in ("text", "json"):
        ran = kgen("render", "main", "--format", style)
        assert ran.code == 1
        assert "KG901" in ran.err
        assert "CANARY" not in ran.err + ran.out
        assert "Q0FOQVJZ" not in ran.err + ran.out


def failing(kgen: Kgen) -> str:
    """Render, see that it fails in time and in peace, and give what was said."""
    start = time.perf_counter()
    ran = kgen("render", "main", "-o", "out")
    assert ran.code == 1
    assert time.perf_counter() - start < 5
    assert "Traceback" not in ran.err
    assert not Path("out").exists()
    return ran.err.replace("1 error; nothing was written\n", "")


@pytest.mark.parametrize("depth", [1_000, 10_000, 100_000])
@pytest.mark.parametrize("bracket", ["[", "{a: "], ids=["lists", "mappings"])
def test_nesting_without_end(bracket: str, depth: int, kgen: Kgen, workspace: Workspace) -> None:
    workspace({**GOOD, SPEC_FILE: "trial:\n  pod: " + bracket * depth})
    said = failing(kgen)
    assert said.startswith("experiments/mnist.yaml:2:")
    assert "error[KG007]" in said


def test_indentation_without_end(kgen: Kgen, workspace: Workspace) -> None:
    workspace({**GOOD, SPEC_FILE: "".join(" " * depth + "a:\n" for depth in range(3_000))})
    assert "error[KG007]" in failing(kgen)


def test_an_alias_bomb(kgen: Kgen, workspace: Workspace) -> None:
    levels = "".join(f"  - &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    workspace({**GOOD, SPEC_FILE: f"trial:\n  - &a0 [x, x]\n{levels}"})
    assert "error[KG007]" in failing(kgen)


def test_a_file_of_a_hundred_megabytes(kgen: Kgen, workspace: Workspace) -> None:
    with (workspace(GOOD) / SPEC_FILE).open("r+b") as file:
        file.truncate(100 << 20)
    assert failing(kgen) == (
        "experiments/mnist.yaml:1:1: error[KG010] it is larger than 16 MiB\n"
        "    help: split it, or move it out of the folders that kgen reads\n"
    )


def test_a_folder_in_place_of_a_file(kgen: Kgen, workspace: Workspace) -> None:
    file = workspace(GOOD) / SPEC_FILE
    file.unlink()
    file.mkdir()
    assert failing(kgen) == (
        "experiments/mnist.yaml:1:1: error[KG010] it is a folder, not a file\n"
        "    help: rename the folder, or put the file in its place\n"
    )


@pytest.mark.parametrize(
    ("target", "message", "help_"),
    [
        ("nowhere.yaml", "it is a symbolic link to something that is not there", "mend the link, or remove it"),
        ("mnist.yaml", "it is a symbolic link that leads back to itself", "remove the link"),
        ("/etc/passwd", "it is a symbolic link that leads out of the workspace", "copy what it leads to here"),
    ],
)
def test_a_link_that_leads_nowhere_good(
    target: str, message: str, help_: str, kgen: Kgen, workspace: Workspace
) -> None:
    file = workspace(GOOD) / SPEC_FILE
    file.unlink()
    file.symlink_to(target)
    assert failing(kgen) == f"experiments/mnist.yaml:1:1: error[KG010] {message}\n    help: {help_}\n"


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(kgen: Kgen, workspace: Workspace) -> None:
    (workspace(GOOD) / SPEC_FILE).chmod(0)
    assert "error[KG010] permission to read it is denied" in failing(kgen)


def test_one_bad_environment_of_two_leaves_the_old_tree_as_it_was(kgen: Kgen, workspace: Workspace) -> None:
    here = workspace({**GOOD, "environments/other/environment.yaml": "namespace: team-b\nexperiments: [mnist]\n"})
    assert kgen("render", "main", "other", "-w").code == 0
    before = tree(here / "rendered")
    assert sorted(before) == ["main/mnist.yaml", "other/mnist.yaml"]
    write_workspace(
        here, {"environments/other/environment.yaml": "experiments: [mnits]\n", SPEC_FILE: SPEC + "resume: Never\n"}
    )
    ran = kgen("render", "main", "other", "-w")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.endswith("1 error; nothing was written\n")
    assert tree(here / "rendered") == before
