"""KG95x: what a team allows."""

from __future__ import annotations

from typing import Any

import pytest
from subjects import DELETE, run, subject

from kgen.model.policies import NO_POLICIES, Policies
from kgen.rules import policy
from kgen.rules.rule import Rule
from kgen.rules.subject import Subject

P = policy
TC = "spec.trialTemplate.trialSpec.spec.template.spec.containers[0]"
POD = "spec.trialTemplate.trialSpec.spec.template.spec"
ACME = Policies(registries=("registry.example.com/ml", "docker.io/library/"))


def _image(image: object, policies: Policies = ACME, **more: object) -> Subject:
    return subject({"tc.image": image, **more})._replace(policies=policies)


def _gpus(number: object, name: str = "nvidia.com/gpu", **more: object) -> dict[str, Any]:
    return {"name": "tc", "image": "a:1", "resources": {"limits": {name: number}}, **more}


def _job(policies: Policies, *containers: object, **more: object) -> Subject:
    return subject({"pod.containers": list(containers), **more})._replace(policies=policies)


def _pytorch(policies: Policies, **replicas: tuple[object, object]) -> Subject:
    specs = {
        name: {"replicas": count, "template": {"spec": {"containers": [_gpus(gpus)]}}}
        for name, (count, gpus) in replicas.items()
    }
    trial = {"apiVersion": "kubeflow.org/v1", "kind": "PyTorchJob", "spec": {"pytorchReplicaSpecs": specs}}
    return subject({"trial": trial})._replace(policies=policies)


def _trainjob(policies: Policies, **trainer: object) -> Subject:
    trial = {"apiVersion": "trainer.kubeflow.org/v1alpha1", "kind": "TrainJob", "spec": {"trainer": trainer}}
    return subject({"trial": trial})._replace(policies=policies)


def _chosen(name: str) -> dict[str, object]:
    """A trial parameter `pick` that stands for a list, and one for a range."""
    return {
        "spec.parameters": [
            {"name": "lr", "parameterType": "categorical", "feasibleSpace": {"list": ["1", "4"]}},
            {"name": "mo", "parameterType": "int", "feasibleSpace": {"min": "1", "max": "8"}},
        ],
        "template.trialParameters": [{"name": "pick", "reference": name}],
    }


def _outside(image: str) -> str:
    return f"{TC}.image: image `{image}` is from no registry that `lint.policies.registries` allows"


SIX, BUDGET = Policies(gpus=6), Policies(budget=48)
ROWS: list[tuple[Rule, Subject, str | None, str]] = [
    (P.images_are_from_allowed_registries, _image("docker.io/me/a:1"), _outside("docker.io/me/a:1"), "elsewhere"),
    (P.images_are_from_allowed_registries, _image("me/a:1"), _outside("me/a:1"), "elsewhere without its host"),
    (
        P.images_are_from_allowed_registries,
        _image("registry.example.com/mlops/a:1"),
        _outside("registry.example.com/mlops/a:1"),
        "a folder that begins alike",
    ),
    (
        P.images_are_from_allowed_registries,
        subject({"pod.initContainers": [{"name": "i", "image": "quay.io/b"}], "tc.image": "python"})._replace(
            policies=ACME
        ),
        f"{POD}.initContainers[0].image: image `quay.io/b` is from no registry that `lint.policies.registries` allows",
        "one that runs first",
    ),
    (
        P.images_are_from_allowed_registries,
        _trainjob(ACME, image="quay.io/b:1"),
        "spec.trialTemplate.trialSpec.spec.trainer.image: image `quay.io/b:1` is from no registry that "
        "`lint.policies.registries` allows",
        "a TrainJob's trainer",
    ),
    (
        P.images_are_from_allowed_registries,
        _image("${trialParameters.pick}/a:1", **_chosen("lr")),
        _outside("1/a:1"),
        "a choice of registries",
    ),
    (
        P.images_are_from_allowed_registries,
        _image("${trialParameters.unknown}/a:1"),
        _outside("${trialParameters.unknown}/a:1"),
        "any registry",
    ),
    (P.images_are_from_allowed_registries, _image("registry.example.com/ml/a:1"), None, "in the folder"),
    (P.images_are_from_allowed_registries, _image("python:3.11"), None, "of the library of docker.io"),
    (
        P.images_are_from_allowed_registries,
        _image("registry.example.com/ml/${trialParameters.model}:1"),
        None,
        "a name in the folder that is chosen later",
    ),
    (P.images_are_from_allowed_registries, _image("quay.io/b", NO_POLICIES), None, "no such policy"),
    (
        P.gpus_are_within_policy,
        _job(SIX, _gpus(7)),
        f"{POD}: a trial asks for 7 GPUs, and `lint.policies.gpus` allows 6",
        "one container",
    ),
    (
        P.gpus_are_within_policy,
        _job(SIX, _gpus("4"), _gpus(4, "amd.com/gpu")),
        f"{POD}: a trial asks for 8 GPUs, and `lint.policies.gpus` allows 6",
        "two containers, two makers",
    ),
    (
        P.gpus_are_within_policy,
        _job(SIX, _gpus(4), **{"trial.spec.parallelism": 2}),
        f"{POD}: a trial asks for 8 GPUs, and `lint.policies.gpus` allows 6",
        "a Job of two pods",
    ),
    (
        P.gpus_are_within_policy,
        _pytorch(SIX, Master=(1, 1), Worker=(3, 2)),
        "spec.trialTemplate.trialSpec.spec.pytorchReplicaSpecs.Worker.template.spec: a trial asks for 7 GPUs, and "
        "`lint.policies.gpus` allows 6",
        "replicas of two types",
    ),
    (
        P.gpus_are_within_policy,
        _trainjob(SIX, numNodes=2, resourcesPerNode={"requests": {"nvidia.com/gpu": 4}}),
        "spec.trialTemplate.trialSpec.spec.trainer.resourcesPerNode: a trial asks for 8 GPUs, and `lint.policies.gpus` "
        "allows 6",
        "a TrainJob's nodes",
    ),
    (
        P.gpus_are_within_policy,
        _job(SIX, _gpus("${trialParameters.pick}"), **_chosen("mo")),
        f"{POD}: a trial asks for 8 GPUs, and `lint.policies.gpus` allows 6",
        "the largest of a range",
    ),
    (P.gpus_are_within_policy, _job(SIX, _gpus("${trialParameters.pick}"), **_chosen("lr")), None, "a list of less"),
    (
        P.gpus_are_within_policy,
        _job(SIX, _gpus(6), **{"pod.initContainers": [_gpus(5)]}),
        None,
        "what runs first has ended",
    ),
    (P.gpus_are_within_policy, _job(SIX, _gpus(6), _gpus(8, "rdma/hca")), None, "a network"),
    (P.gpus_are_within_policy, _job(SIX, _gpus(64, "cpu")), None, "processors"),
    (P.gpus_are_within_policy, _job(NO_POLICIES, _gpus(64)), None, "no such policy"),
    (P.gpus_are_within_policy, _job(Policies(gpus=0), _gpus(0)), None, "none allowed, none asked for"),
    (
        P.budget_is_within_policy,
        _job(BUDGET, _gpus(5)),
        "spec.maxTrialCount: 12 trials x 5 GPUs are 60, and `lint.policies.budget` allows 48",
        "too many in all",
    ),
    (
        P.budget_is_within_policy,
        _job(BUDGET, _gpus(1), **{"spec.maxTrialCount": DELETE}),
        "spec.maxTrialCount: maxTrialCount is missing, so there is no end to the GPUs; `lint.policies.budget` "
        "allows 48",
        "no end",
    ),
    (P.budget_is_within_policy, _job(BUDGET, _gpus(4)), None, "just right"),
    (P.budget_is_within_policy, _job(Policies(budget=0), _gpus(0)), None, "no GPU, no budget"),
    (P.budget_is_within_policy, _job(NO_POLICIES, _gpus(64)), None, "no such policy"),
]


@pytest.mark.parametrize(
    ("rule", "on", "message"), [pytest.param(*row[:3], id=f"{row[0].code} {row[3]}") for row in ROWS]
)
def test_policy(rule: Rule, on: Subject, message: str | None) -> None:
    assert run(rule, on) == ([] if message is None else [message])


@pytest.mark.parametrize(
    ("gpus", "plain", "help_"),
    [
        (5, False, "set `trials.max` to 9 or less"),
        (5, True, "set `maxTrialCount` to 9 or less"),
        (49, True, "use fewer GPUs in a trial: one alone is over it"),
    ],
)
def test_help_says_what_fits(gpus: int, *, plain: bool, help_: str) -> None:
    (finding,) = P.budget_is_within_policy.check(_job(BUDGET, _gpus(gpus))._replace(plain=plain))
    assert finding.help == help_


@pytest.mark.parametrize("odd", [None, True, -1, 1.5, "x", "1e9999", "9" * 5000, [], [None], {}, {"a": {}}])
def test_no_rule_raises(odd: object) -> None:
    policies = Policies(("a",), 1, 1)
    for on in (
        _job(policies, _gpus(odd)),
        _job(policies, odd),
        _image(odd, policies),
        _job(policies, {"resources": odd}, **{"trial.spec.parallelism": odd, "pod.initContainers": odd}),
        _trainjob(policies, numNodes=odd, resourcesPerNode=odd, image=odd),
        _pytorch(policies, Worker=(odd, odd)),
    ):
        for rule in P.RULES:
            list(rule.check(on))


def test_every_rule_is_seen_to_speak_and_to_keep_silent() -> None:
    for rule in P.RULES:
        messages = [row[2] for row in ROWS if row[0] is rule]
        assert None in messages, rule.code
        assert any(messages), rule.code
