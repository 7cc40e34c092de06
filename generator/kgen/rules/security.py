"""KG90x: credentials in the text of an Experiment, images that change, and pods that own their node."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from kgen.katib.pods import containers
from kgen.katib.v1beta1 import TRIAL
from kgen.model.diagnostic import Effect, Finding, Severity
from kgen.model.image import is_moving, parse
from kgen.model.node import FieldPath
from kgen.model.values import listed, mapping, text
from kgen.rules import credentials
from kgen.rules.reading import mend
from kgen.rules.rule import rule
from kgen.rules.subject import Subject
from kgen.rules.traits import holds, odd_in

_ANNOTATIONS: FieldPath = ("metadata", "annotations")
_CUSTOM: FieldPath = ("spec", "metricsCollectorSpec", "collector", "customCollector")
_COPY = "kubectl.kubernetes.io/last-applied-configuration"  # repeats what stands elsewhere
_OF_CONTAINER = ("image", "env", "command", "args")
_HOST = ("hostNetwork", "hostPID", "hostIPC")


def described_containers(subject: Subject) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
    """Yield all containers that the Experiment describes, with their paths in it; of a TrainJob its trainer."""
    for path, pod in subject.pods:
        for at, container in containers(pod, "containers", "initContainers"):
            yield (*TRIAL, *path, *at), container
    if not subject.pods:
        yield from _found(subject.trial, TRIAL)
    if subject.collector == "Custom":
        custom = mapping(mapping(subject.spec.get("metricsCollectorSpec")).get("collector")).get("customCollector")
        if isinstance(custom, dict):
            yield _CUSTOM, custom


def _found(value: object, path: FieldPath) -> Iterator[tuple[FieldPath, dict[str, Any]]]:
    """Find what looks like a container in an object of any kind."""
    if isinstance(value, dict):
        if any(isinstance(value.get(key), (str, list)) for key in _OF_CONTAINER):
            yield path, value
        for key, item in value.items():
            if isinstance(item, (dict, list)):
                yield from _found(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, (dict, list)):
                yield from _found(item, (*path, index))


def _from_secret(subject: Subject) -> str:
    return mend(
        subject,
        "put it in a Secret, name that in `trial.env: {NAME: {secretKeyRef: {name: SECRET, key: KEY}}}`, and revoke "
        "this one",
        "put it in a Secret, name that in `env: [{name: NAME, valueFrom: {secretKeyRef: {name: SECRET, key: KEY}}}]`, "
        "and revoke this one",
    )


def place_of(path: FieldPath) -> str:
    """Say where a text stands, for a person who sees the line as well."""
    if "annotations" in path:
        return f"annotation `{path[-1]}`"
    if "env" in path:
        return "an environment variable"
    if "command" in path or "args" in path:
        return "the command line"
    key = next((step for step in reversed(path) if isinstance(step, str)), "")
    return f"`{key}`"


@rule("KG902", Effect.ADVICE, "kgen", Severity.WARNING)
def no_credential_in_text(subject: Subject) -> Iterator[Finding]:
    """No known form of a credential stands in the trial's object or in the Experiment's annotations.

    Looked for are tokens with the prefix of their maker (AWS, GitHub, GitLab, Hugging Face, Slack, Google and
    others), private keys, JSON Web Tokens, URLs with a password, and the login to a registry. Everybody who can
    read the repository, or get an Experiment, has it. kgen prints no part of it.

    Bad:  `env: {HF_TOKEN: hf_…}`
    Good: `env: {HF_TOKEN: {secretKeyRef: {name: hub, key: token}}}`
    """
    annotations = subject.metadata.get("annotations")
    custom = subject.spec.get("metricsCollectorSpec") if subject.collector == "Custom" else None
    beside = f"{annotations}{custom}" if annotations or custom else ""
    if not credentials.may_hold_token(subject.said + beside):
        return
    roots: tuple[tuple[object, FieldPath], ...] = (
        (annotations, _ANNOTATIONS),
        (custom, ("spec", "metricsCollectorSpec")),
        (subject.trial, TRIAL),
    )
    for root, start in roots:
        for path, value in credentials.texts(root, start):
            what = credentials.token(value)
            if what is not None and path[-1] != _COPY:
                message = f"{place_of(path)} holds {what} in plain text"
                yield Finding(path=path, message=message, help=_from_secret(subject))


@rule("KG903", Effect.ADVICE, "kgen", Severity.WARNING, when=odd_in("variables", "secrets", "containers"))
def named_secrets_are_references(subject: Subject) -> Iterator[Finding]:
    """A variable or flag named PASSWORD, TOKEN, SECRET, API_KEY or the like is not given its value in plain text.

    References such as `$(NAME)` and `${trialParameters.name}`, paths, switches, short numbers and words
    like `changeme` are none. Tokens of a tokenizer, such as PAD_TOKEN, are no secrets either.

    Bad:  `env: {DB_PASSWORD: correct-horse}`
    Good: `env: {DB_PASSWORD: {secretKeyRef: {name: db, key: password}}}`
    """
    if subject.collector != "Custom" and not credentials.may_name_secret(subject.text):
        return
    for path, container in described_containers(subject):
        for index, entry in enumerate(listed(container.get("env"))):
            value = entry.get("value") if isinstance(entry, dict) else None
            if not isinstance(value, str):
                continue
            name = entry.get("name")
            if isinstance(name, str) and credentials.is_secret(name, value) and credentials.token(value) is None:
                at = (*path, "env", index, "value")
                yield Finding(at, f"environment variable `{name}` has its value in plain text", _from_secret(subject))
        yield from _arguments(subject, path, container)


def _arguments(subject: Subject, path: FieldPath, container: dict[str, Any]) -> Iterator[Finding]:
    items = credentials.command_of(container)
    for number, (at, item) in enumerate(items):
        after = items[number + 1][1] if number + 1 < len(items) else None
        name = credentials.secret_argument(item, after)
        if name is not None and credentials.token(item) is None and (after is None or not _is_token(item, after)):
            yield Finding((*path, *at), f"`{name}` on the command line is in plain text", _from_secret(subject))


def _is_token(item: str, after: str) -> bool:
    """Whether the value of a flag that stands alone is one that KG902 speaks of."""
    return "=" not in item and credentials.token(after) is not None


@rule("KG904", Effect.ADVICE, "kgen", Severity.WARNING, when=odd_in("secrets", "containers"))
def no_credential_in_a_build(subject: Subject) -> Iterator[Finding]:
    """No trial builds an image with a credential among its build arguments.

    The arguments of a build stay in the image's history, wherever their values come from, and everybody
    who can pull the image can read them.

    Bad:  `command: [sh, -c, "docker build --build-arg API_TOKEN=$API_TOKEN ."]`
    Good: `command: [sh, -c, "docker build --secret id=token,env=API_TOKEN ."]`
    """
    if "--build-arg" not in subject.text:
        return
    for path, container in described_containers(subject):
        items = credentials.command_of(container)
        name = credentials.baked_argument(" ".join(item for _, item in items)) if items else None
        if name is not None:
            at = next(at for at, item in items if "--build-arg" in item)
            yield Finding(
                path=(*path, *at),
                message=f"build argument `{name}` stays in the history of the image that is built",
                help=f"hand it over as a secret of the build: `--secret id={name.lower()},env={name}`",
            )


@rule("KG905", Effect.ADVICE, "kgen", Severity.WARNING, when=odd_in("images"))
def images_are_pinned(subject: Subject) -> Iterator[Finding]:
    """Every image has a tag that stays, or a digest.

    Without a tag it is `latest`. Such a tag, or one named like a branch, is moved to the next build, so trials
    of one search may run different code, and nobody can run them again.

    Bad:  `image: mnist:latest`
    Good: `image: mnist:1.4.2`
    """
    for path, container in described_containers(subject):
        image = container.get("image")
        if not isinstance(image, str) or not is_moving(image):
            continue
        name, tag, _ = parse(image)
        said = f"the tag `{tag}`, which moves" if tag else "no tag, which means `latest`"
        yield Finding(
            path=(*path, "image"),
            message=f"image `{name}` has {said}",
            help=f"write the tag of one build, such as `{name}:1.0`, or its digest, `{name}@sha256:...`",
        )


@rule(
    "KG906",
    Effect.ADVICE,
    "kgen",
    Severity.INFO,
    when=holds("hostPID", "hostNetwork", "hostIPC", "volumes", "securityContext"),
)
def pods_leave_the_node_alone(subject: Subject) -> Iterator[Finding]:
    """No pod of a trial is privileged, or uses the network, the processes or the files of its node.

    Many clusters refuse such pods (Pod Security Admission at `baseline`), and then no trial starts. An
    InfiniBand network or data on a node may be a good reason.

    Bad:  `pods: {hostNetwork: true}`
    Good: no such field
    """
    for path, pod in subject.pods:
        found: list[FieldPath] = [(key,) for key in _HOST if pod.get(key) is True]
        for index, volume in enumerate(listed(pod.get("volumes"))):
            if isinstance(volume, dict) and "hostPath" in volume:
                found.append(("volumes", index, "hostPath"))
        for at, container in containers(pod, "containers", "initContainers"):
            security = container.get("securityContext")
            if isinstance(security, dict) and security.get("privileged") is True:
                found.append((*at, "securityContext", "privileged"))
        if found:
            names = ", ".join(dict.fromkeys(f"`{text(steps[-1])}`" for steps in found))
            yield Finding(
                path=(*TRIAL, *path, *found[0]),
                message=f"pods of the trial ask for {names}, which clusters may refuse",
                help="remove it, or see that the namespace allows it",
                related=tuple((*TRIAL, *path, *steps) for steps in found[1:]),
            )


_SSH = "GIT_SSH_COMMAND"
_IDENTITY = re.compile(r"(?:^|\s)-i\s*['\"]?([^\s'\"]+)")
_DEFAULT_MODE = 0o644
_OF_GROUP = 0o440  # what the kubelet adds for an fsGroup


@rule("KG907", Effect.NO_METRICS, "kubernetes pkg/volume/volume_linux.go", Severity.WARNING, when=holds("volumeMounts"))
def a_key_of_ssh_is_its_users_own(subject: Subject) -> Iterator[Finding]:
    """A private key that `GIT_SSH_COMMAND` names can be read by the trial's user, and by nobody else that ssh minds.

    Files of a Secret belong to root. ssh refuses a key of its own user that others may read, so that a trial
    that runs as root needs mode 0400 and no fsGroup, which adds 0440. For another user mode 0400 is unreadable; there
    the fsGroup is what lets it read the key, and ssh does not mind, as the file is not its own.

    Bad:  a Secret with the default mode 0644, a key in it after `ssh -i`, and a pod that runs as root
    Good: `defaultMode: 0400`, with `securityContext: {fsGroup: 1000}` for a pod that does not run as root
    """
    if _SSH not in subject.text:
        return
    for path, pod in subject.pods:
        for at, container in containers(pod):
            for index, entry in enumerate(listed(container.get("env"))):
                value = mapping(entry).get("value")
                if mapping(entry).get("name") != _SSH or not isinstance(value, str):
                    continue
                key = _IDENTITY.search(value)
                said = None if key is None else _unfit(subject, pod, container, key[1])
                if said is not None:
                    yield Finding((*TRIAL, *path, *at, "env", index), *said)


def _unfit(subject: Subject, pod: dict[str, Any], container: dict[str, Any], key: str) -> tuple[str, str] | None:
    """Say why ssh would not take the key at a path, and the mend."""
    mode = _mode_of(pod, container, key)
    if mode is None:
        return None
    of_pod, own = mapping(pod.get("securityContext")), mapping(container.get("securityContext"))
    both = {**of_pod, **own}
    user, group = both.get("runAsUser"), of_pod.get("fsGroup")
    mode |= _OF_GROUP if group is not None else 0
    if user not in (None, 0) or (user is None and both.get("runAsNonRoot") is True):
        if mode & 0o004 or (group is not None and mode & 0o040):
            return None
        message = f"the key `{key}` belongs to root and has mode {mode:04o}, and the trial runs as another user"
        return message, mend(
            subject,
            "add `group: 1000` to `ssh` of the secret, or the fsGroup that your cluster wants",
            "set `securityContext.fsGroup` of the pod",
        )
    if not mode & 0o077 or (user is None and group is not None):
        return None
    message = f"ssh refuses the key `{key}` where the trial runs as root: others may read it, by its mode {mode:04o}"
    return message, "drop the fsGroup" if group is not None else "set `defaultMode: 0400` (256) of the volume"


def _mode_of(pod: dict[str, Any], container: dict[str, Any], file: str) -> int | None:
    """Give the mode that a file of a Secret has in a container; None where it is no such file."""
    for mount in listed(container.get("volumeMounts")):
        folder = text(mapping(mount).get("mountPath")).rstrip("/")
        if not folder or not file.startswith(f"{folder}/"):
            continue
        for volume in listed(pod.get("volumes")):
            if mapping(volume).get("name") != mapping(mount).get("name"):
                continue
            source = mapping(mapping(volume).get("secret")) or mapping(mapping(volume).get("projected"))
            parts = [source, *(mapping(mapping(each).get("secret")) for each in listed(source.get("sources")))]
            files = [mapping(item) for part in parts for item in listed(part.get("items"))]
            modes = [item.get("mode") for item in files if item.get("path") == file[len(folder) + 1 :]]
            found = next(
                (mode for mode in (*modes, source.get("defaultMode"), _DEFAULT_MODE) if type(mode) is int), None
            )
            return found if source else None
    return None


RULES = (
    no_credential_in_text,
    named_secrets_are_references,
    no_credential_in_a_build,
    images_are_pinned,
    pods_leave_the_node_alone,
    a_key_of_ssh_is_its_users_own,
)
