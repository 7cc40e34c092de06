"""KG52x: a Job as the webhook reads it; KG54x are the pods of any kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kgen.katib.pods import canonical_size, containers, is_job, is_quantity, pod_specs
from kgen.model.diagnostic import Effect, Finding
from kgen.model.node import FieldPath
from kgen.rules.reading import listed, mapping
from kgen.rules.rule import rule
from kgen.rules.subject import Subject
from kgen.rules.trial import TRIAL

_VALIDATOR = "katib pkg/webhook/v1beta1/experiment/validator/validator.go"
_BATCH = "kubernetes pkg/apis/batch/validation/validation.go"
_RESTARTS = ("Never", "OnFailure")
_FILLED = "${trialParameters."

# Fields of core/v1 and batch/v1 that Go leaves out when they hold their zero value. A pointer field, such
# as `suspend`, is none of them, nor is a list that is always written, such as `containers`.
_FALSE = frozenset("hostNetwork hostPID hostIPC tty stdin stdinOnce readOnly".split())
_EMPTY_TEXT = frozenset(
    "value serviceAccountName serviceAccount nodeName hostname subdomain schedulerName workingDir image "
    "imagePullPolicy terminationMessagePath terminationMessagePolicy restartPolicy dnsPolicy priorityClassName "
    "subPath subPathExpr medium operator effect".split()
)
_EMPTY_HOLDER = frozenset(
    "args command env envFrom ports volumeMounts volumeDevices tolerations nodeSelector labels annotations "
    "imagePullSecrets initContainers volumes hostAliases limits requests claims readinessGates "
    "topologySpreadConstraints finalizers ownerReferences matchLabels matchExpressions supplementalGroups sysctls "
    "items add drop overhead schedulingGates resourceClaims".split()
)
_ZERO = frozenset("hostPort initialDelaySeconds timeoutSeconds periodSeconds successThreshold failureThreshold".split())
_FREE = frozenset("labels annotations nodeSelector matchLabels limits requests overhead".split())  # any key goes
_ALWAYS = frozenset(("containers", "nodeSelectorTerms", "sources"))  # written as null where they are null
_POINTERS = frozenset(("csi", "azureDisk"))  # their readOnly is a pointer

_TEXT_MAPS = ("labels", "annotations")
_JOB_NUMBERS = (
    "backoffLimit",
    "completions",
    "parallelism",
    "activeDeadlineSeconds",
    "ttlSecondsAfterFinished",
    "backoffLimitPerIndex",
    "maxFailedIndexes",
)
_POD_NUMBERS = ("activeDeadlineSeconds", "terminationGracePeriodSeconds", "priority")


def _job(subject: Subject) -> dict[str, Any] | None:
    spec = subject.template.get("trialSpec")
    return spec if is_job(spec) else None


@rule("KG520", Effect.NO_POD, _BATCH)
def job_restarts_never_or_on_failure(subject: Subject) -> Iterator[Finding]:
    """A Job's restartPolicy is Never or OnFailure.

    The webhook does not look; Kubernetes refuses the Job of every trial. Left out, it is Always,
    which a Job cannot have.

    Bad:  `restartPolicy: Always`
    Good: `restartPolicy: Never`
    """
    job = _job(subject)
    if job is None:
        return
    for path, pod in pod_specs(job):
        policy = pod.get("restartPolicy")
        if path == ("spec", "template", "spec") and policy not in _RESTARTS:
            what = f"is `{policy}`" if policy else "is missing, which means Always"
            yield Finding(
                path=(*TRIAL, *path, "restartPolicy"),
                message=f"restartPolicy of the Job {what}: Kubernetes takes Never or OnFailure",
                help="set `trial.restartPolicy: Never`",
            )


@rule("KG521", Effect.REJECTED, _VALIDATOR)
def job_has_no_zero_values(subject: Subject) -> Iterator[Finding]:
    """A Job has no null, and no field written out with the value that it has anyway.

    The webhook turns a batch/v1 Job into Kubernetes' own type and back, and refuses it if anything
    that was written is gone: null, "", false, 0, [] and {} where Go leaves them out. They are
    accepted in pointer fields such as `suspend`, and in structures such as `emptyDir: {}`.

    Bad:  `env: [{name: SEED, value: ""}]`
    Good: `env: [{name: SEED}]`
    """
    job = _job(subject)
    if job is None:
        return
    found: list[tuple[FieldPath, object]] = []
    for key, item in job.items():
        if key != "status":
            _zeroes(key, item, (key,), "", found)
    for path, value in found:
        shown = "null" if value is None else '""' if value == "" else "false" if value is False else value
        yield Finding(
            path=(*TRIAL, *path),
            message=f"the webhook refuses a Job with `{path[-1]}: {shown}` written out",
            help="leave the field out: it means the same",
        )


def _zeroes(key: str, value: object, path: FieldPath, parent: str, found: list[tuple[FieldPath, object]]) -> None:
    if isinstance(value, dict):
        if not value:
            if key in _EMPTY_HOLDER:
                found.append((path, value))
        elif key not in _FREE:
            for name, item in value.items():
                _zeroes(name, item, (*path, name), key, found)
    elif isinstance(value, list):
        if not value and key in _EMPTY_HOLDER:
            found.append((path, value))
        for index, item in enumerate(value):
            if isinstance(item, dict) or item is None:
                _zeroes("", item, (*path, index), key, found)
    elif value is None:
        if key not in _ALWAYS:
            found.append((path, value))
    elif not value and _is_zero(key, value, parent):
        found.append((path, value))


def _is_zero(key: str, value: object, parent: str) -> bool:
    if value is False:
        return key in _FALSE and not (key == "readOnly" and parent in _POINTERS)
    return key in (_EMPTY_TEXT if value == "" else _ZERO)


@rule("KG522", Effect.REJECTED, _VALIDATOR)
def job_texts_are_texts(subject: Subject) -> Iterator[Finding]:
    """Environment values, commands, arguments, labels and annotations of a Job are texts.

    The webhook cannot turn a number or a boolean in their place into Kubernetes' own type.

    Bad:  `env: [{name: SEED, value: 1}]`
    Good: `env: [{name: SEED, value: "1"}]`
    """
    job = _job(subject)
    if job is None:
        return
    for path, value in _texts(job):
        if not isinstance(value, str) and value is not None:
            shown = str(value).lower() if isinstance(value, bool) else value
            yield Finding(
                path=(*TRIAL, *path),
                message=f"`{path[-1]}` is {shown}, where Kubernetes has a text"
                if isinstance(path[-1], str)
                else f"item {path[-1]} of `{path[-2]}` is {shown}, where Kubernetes has a text",
                help=f'put it in quotes: "{shown}"',
            )


def _texts(job: dict[str, Any]) -> Iterator[tuple[FieldPath, object]]:
    """Yield what must be a text in a Job and its pods."""
    yield from _metadata(job, ())
    outer: FieldPath = ("spec", "template")
    yield from _metadata(mapping(mapping(job.get("spec")).get("template")), outer)
    for path, pod in pod_specs(job):
        for key, value in mapping(pod.get("nodeSelector")).items():
            yield (*path, "nodeSelector", key), value
        for at, container in containers(pod, "containers", "initContainers"):
            for key in ("command", "args"):
                for index, word in enumerate(listed(container.get(key))):
                    yield (*path, *at, key, index), word
            for index, variable in enumerate(listed(container.get("env"))):
                if isinstance(variable, dict) and "value" in variable:
                    yield (*path, *at, "env", index, "value"), variable["value"]


def _metadata(holder: dict[str, Any], path: FieldPath) -> Iterator[tuple[FieldPath, object]]:
    metadata = mapping(holder.get("metadata"))
    for kind in _TEXT_MAPS:
        for key, value in mapping(metadata.get(kind)).items():
            yield (*path, "metadata", kind, key), value


@rule("KG523", Effect.REJECTED, _VALIDATOR)
def job_numbers_are_fixed(subject: Subject) -> Iterator[Finding]:
    """No placeholder of a Job stands where Kubernetes has a number or a quantity.

    The webhook fills every placeholder with the text `test-value` and then reads the Job: such a
    field is then no number. A search parameter can be a text of the command, the environment, a label.

    Bad:  `resources: {memory: "${trialParameters.memory}Gi"}`
    Good: `args: ["--memory=${trialParameters.memory}"]`
    """
    job = _job(subject)
    if job is None:
        return
    for path, value in _numbers(job):
        if isinstance(value, str) and _FILLED in value:
            yield Finding(
                path=(*TRIAL, *path),
                message=f"`{path[-1]}: {value}`: a Job cannot have a placeholder where Kubernetes has a number",
                help="write a fixed value, and hand the parameter to the program instead",
            )


def _numbers(job: dict[str, Any]) -> Iterator[tuple[FieldPath, object]]:
    """Yield what must be a number or a quantity in a Job and its pods."""
    spec = mapping(job.get("spec"))
    for key in _JOB_NUMBERS:
        if key in spec:
            yield ("spec", key), spec[key]
    for path, pod in pod_specs(job):
        for key in _POD_NUMBERS:
            if key in pod:
                yield (*path, key), pod[key]
        for at, container in containers(pod, "containers", "initContainers"):
            for index, port in enumerate(listed(container.get("ports"))):
                for key in ("containerPort", "hostPort"):
                    yield (*path, *at, "ports", index, key), mapping(port).get(key)
        for place, value in _quantities(pod):
            yield (*path, *place), value


def _quantities(pod: dict[str, Any]) -> Iterator[tuple[FieldPath, object]]:
    """Yield the quantities of a pod: the resources of its containers, and sizes of its emptyDirs."""
    for at, container in containers(pod, "containers", "initContainers"):
        resources = container.get("resources")
        if isinstance(resources, dict):
            for kind in ("limits", "requests"):
                for name, value in mapping(resources.get(kind)).items():
                    yield (*at, "resources", kind, name), value
    for index, volume in enumerate(listed(pod.get("volumes"))):
        size = mapping(mapping(volume).get("emptyDir")).get("sizeLimit")
        if size is not None:
            yield ("volumes", index, "emptyDir", "sizeLimit"), size


@rule("KG524", Effect.REJECTED, _VALIDATOR)
def job_quantities_are_readable(subject: Subject) -> Iterator[Finding]:
    """The quantities of a Job are Kubernetes quantities, and sizeLimit is in its canonical form.

    The webhook cannot read any other, and refuses a size that the API server would print in another
    way, as 1024Mi for 1Gi. Resources may be written in any form.

    Bad:  `resources: {memory: 4GB}`
    Good: `resources: {memory: 4Gi}`
    """
    job = _job(subject)
    if job is None:
        return
    for path, pod in pod_specs(job):
        for place, value in _quantities(pod):
            wrong = _unreadable(value)
            if wrong is not None:
                yield _bad_quantity((*path, *place), wrong)
            elif place[-1] == "sizeLimit" and isinstance(value, (str, int, float)) and _FILLED not in str(value):
                own = canonical_size(str(value))
                if own != value and own is not None:
                    yield Finding(
                        path=(*TRIAL, *path, *place),
                        message=f"the webhook refuses a Job with sizeLimit {value}: it is written {own}",
                        help=f'write "{own}"',
                    )


def _unreadable(value: object) -> str | None:
    """Give the text of a value that is no quantity; None where it is one, or holds a placeholder."""
    if isinstance(value, str):
        return value if not is_quantity(value) and _FILLED not in value else None
    return None if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)


def _bad_quantity(path: FieldPath, value: str) -> Finding:
    return Finding(
        path=(*TRIAL, *path),
        message=f"`{path[-1]}: {value}` is no quantity that Kubernetes can read",
        help="write a number with one of m, k, M, G, T, Ki, Mi, Gi, Ti or none, such as 500m or 4Gi",
    )


RULES = (
    job_restarts_never_or_on_failure,
    job_has_no_zero_values,
    job_texts_are_texts,
    job_numbers_are_fixed,
    job_quantities_are_readable,
)
