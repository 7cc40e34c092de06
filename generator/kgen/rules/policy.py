"""KG95x: what a team allows, from `lint.policies` in kgen.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kgen.katib.pods import TRAINJOB, amount
from kgen.katib.v1beta1 import TRIAL
from kgen.model.diagnostic import Effect, Finding
from kgen.model.image import parse, qualified
from kgen.model.node import FieldPath
from kgen.model.values import listed, mapping
from kgen.rules.reading import count, mend
from kgen.rules.rule import rule
from kgen.rules.security import described_containers
from kgen.rules.subject import Subject

_FILLED = re.compile(r"\$\{trialParameters\.([^}]+)\}")
# Extended resources that compute nothing: networks, and devices of the operating system.
_NO_ACCELERATOR = (
    *("rdma/", "mellanox.com/", "openshift.io/", "vpc.amazonaws.com/", "aws.amazon.com/efa", "nvidia.com/hostdev"),
    *("smarter-devices/", "devices.kubevirt.io/", "github.com/fuse", "squat.ai/"),
)


@rule("KG950", Effect.ADVICE, "kgen", when=lambda traits: traits.limited)
def images_are_from_allowed_registries(subject: Subject) -> Iterator[Finding]:
    """Every image is from a registry that the team allows.

    `lint.policies.registries` in kgen.yaml names them, as `host` or `host/folder`. All containers are looked at,
    those that run first and a TrainJob's trainer among them. A name without a host is one of docker.io.

    Bad:  `image: docker.io/somebody/mnist:1.0` with `registries: [registry.example.com]`
    Good: `image: registry.example.com/ml/mnist:1.0`
    """
    allowed = subject.policies.registries
    if not allowed:
        return
    for path, container in described_containers(subject):
        image = container.get("image")
        if not isinstance(image, str) or not image:
            continue
        outside = next((name for name in _images(subject, image) if not _is_from(name, allowed)), None)
        if outside is not None:
            yield Finding(
                path=(*path, "image"),
                message=f"image `{outside}` is from no registry that `lint.policies.registries` allows",
                help=f"take it from {' or '.join(f'`{name}`' for name in allowed)}: name it there, or mirror it",
            )


def _is_from(image: str, allowed: tuple[str, ...]) -> bool:
    fixed, unknown, _ = image.partition("$")  # behind a placeholder that stays, any name may follow
    name = fixed if unknown else qualified(parse(image).name)
    return any(f"{name}/".startswith(f"{registry.rstrip('/')}/") for registry in allowed)


def _images(subject: Subject, image: str) -> list[str]:
    """Give every image that a name with one placeholder can become, as far as the search space says it."""
    found = _FILLED.search(image)
    if found is None:
        return [image]
    values = _values(subject, found[1])
    return [image.replace(found[0], value) for value in values] if values else [image]


def _values(subject: Subject, name: str) -> list[str]:
    """Give the values that can stand for `${trialParameters.NAME}`; of a range its two ends, and [] where unknown."""
    reference = next((entry.reference for entry in subject.entries if entry.name == name), None)
    space = next((p.space for p in subject.parameters if p.name == reference), None)
    if space is None:
        return []
    values = listed(space.get("list")) or [space.get("min"), space.get("max")]
    return [value for value in values if isinstance(value, str)]


@rule("KG951", Effect.ADVICE, "kgen", when=lambda traits: traits.limited)
def gpus_are_within_policy(subject: Subject) -> Iterator[Finding]:
    """One trial asks for no more GPUs than the team allows.

    `lint.policies.gpus` in kgen.yaml is the largest number. What counts is every accelerator of all pods:
    replicas times containers, whatever the resource is called.

    Bad:  `replicas: {Worker: 4}` with `resources: {gpu: 4}` and `gpus: 8`
    Good: `replicas: {Worker: 2}` with `resources: {gpu: 4}`
    """
    most = subject.policies.gpus
    if most is None:
        return
    total, path = trial_gpus(subject)
    if total > most:
        yield Finding(
            path=path,
            message=f"a trial asks for {total} GPUs, and `lint.policies.gpus` allows {most}",
            help=mend(
                subject,
                "lower `resources.gpu` of the trial, or its `replicas`",
                "lower the GPUs in `resources.limits`, or the replicas",
            ),
        )


@rule("KG952", Effect.ADVICE, "kgen", when=lambda traits: traits.limited)
def budget_is_within_policy(subject: Subject) -> Iterator[Finding]:
    """The Experiment as a whole uses no more GPUs than the team allows: maxTrialCount times those of a trial.

    `lint.policies.budget` in kgen.yaml is the largest product. An Experiment that uses GPUs and has no
    maxTrialCount has no end, and so no budget.

    Bad:  `trials: {max: 100}` with `resources: {gpu: 4}` and `budget: 200`
    Good: `trials: {max: 50}` with `resources: {gpu: 4}`
    """
    most = subject.policies.budget
    if most is None:
        return
    total, path = trial_gpus(subject)
    trials, field = count(subject.spec.get("maxTrialCount")), ("spec", "maxTrialCount")
    if not total or (trials is not None and trials * total <= most):
        return
    fits = most // total
    lower = mend(subject, f"set `trials.max` to {fits} or less", f"set `maxTrialCount` to {fits} or less")
    if trials is None:
        message = f"maxTrialCount is missing, so there is no end to the GPUs; `lint.policies.budget` allows {most}"
    else:
        message = f"{trials} trials x {total} GPUs are {trials * total}, and `lint.policies.budget` allows {most}"
    yield Finding(field, message, lower if fits else "use fewer GPUs in a trial: one alone is over it", related=(path,))


def trial_gpus(subject: Subject) -> tuple[int, FieldPath]:
    """Count the accelerators of one trial, and give the path of what asks for most of them.

    A number that a search parameter fills in counts with its largest value.
    """
    total, largest, place = 0, 0, TRIAL
    for path, pod in subject.pods:
        own = _of_pod(subject, pod) * _replicas(subject, path)
        total += own
        if own > largest:
            largest, place = own, (*TRIAL, *path)
    if subject.trial.get("kind") == TRAINJOB:
        trainer = mapping(mapping(subject.trial.get("spec")).get("trainer"))
        own = _of_resources(subject, trainer.get("resourcesPerNode")) * _number(subject, trainer.get("numNodes"), 1)
        if own > largest:
            place = (*TRIAL, "spec", "trainer", "resourcesPerNode")
        total += own
    return total, place


def _of_pod(subject: Subject, pod: Mapping[str, Any]) -> int:
    """As the scheduler counts: containers run together, those that run first one after the other."""
    together = sum(_of_resources(subject, mapping(c).get("resources")) for c in listed(pod.get("containers")))
    first = [mapping(c) for c in listed(pod.get("initContainers"))]
    together += sum(_of_resources(subject, c.get("resources")) for c in first if c.get("restartPolicy") == "Always")
    return max([together, *(_of_resources(subject, c.get("resources")) for c in first)])


def _of_resources(subject: Subject, resources: object) -> int:
    if not isinstance(resources, dict):
        return 0
    limits, requests = mapping(resources.get("limits")), mapping(resources.get("requests"))
    return sum(
        max(_number(subject, limits.get(name), 0), _number(subject, requests.get(name), 0))
        for name in {**limits, **requests}
        if is_accelerator(name)
    )


def is_accelerator(name: object) -> bool:
    """Whether a resource is a GPU or its like: an extended one that is no network and no device of the system."""
    if not isinstance(name, str):
        return False
    domain, slash, _ = name.partition("/")
    return bool(slash) and not domain.endswith("kubernetes.io") and not name.startswith(_NO_ACCELERATOR)


def _replicas(subject: Subject, path: FieldPath) -> int:
    """Multiply the replicas and the parallelism of all that stands around a pod."""
    out = 1
    holder: Any = subject.trial
    for step in path:
        if isinstance(holder, dict):
            out *= _number(subject, holder.get("replicas"), 1) * _number(subject, holder.get("parallelism"), 1)
        holder = holder[step]
    return out


def _number(subject: Subject, value: object, absent: int) -> int:
    """Read a whole number of devices or replicas; 0 for what is none."""
    if value is None:
        return absent
    if type(value) is int:
        return max(value, 0)
    if not isinstance(value, str):
        return 0
    found = _FILLED.fullmatch(value)
    if found is not None:
        return max([_number(subject, each, 0) for each in _values(subject, found[1]) if "$" not in each], default=0)
    read = amount(value)
    return 0 if read is None else max(int(read), 0)


RULES = (images_are_from_allowed_registries, gpus_are_within_policy, budget_is_within_policy)
