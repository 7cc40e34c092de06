"""Secrets of an overlay in kgen's one form, and what of them lands in the pods of a trial."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from kgen.model.diagnostic import Related, error
from kgen.model.forms import Problems, beside, keyed_lists, texts
from kgen.model.merge import Fresh
from kgen.model.node import Node, Span, fields, get, items, make, text_of
from kgen.model.secrets import KEY, NAME, SEALED, SOPS, SSH_HOSTS, SSH_KEY, SSH_PATH
from kgen.model.shape import WRONG_KIND

TWICE = "KG106"
GIT_SSH = "GIT_SSH_COMMAND"
_PRIVATE = 0o400
_MOST_MODE = 0o777
_READ_AS_OCTAL = (400, 440, 444, 600, 640, 644, 700, 755)  # what people mean by these is not a decimal number
_MOST_VOLUME = 63  # characters of a volume's name
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def unfold_secrets(node: Node, problems: Problems) -> Node:
    """Write out the section `secrets`."""
    out = {}
    for name, secret in fields(node).items():
        if NAME.fullmatch(name) is None:
            message = f"`secrets.{name}` is no name that a Secret can have"
            help_ = "write small letters, digits, `-` and `.`, as Kubernetes demands"
            problems.append(error(secret.span, WRONG_KIND, message, help_))
        out[name] = secret if secret.value is None else _secret(secret, problems)
    return Node({"secrets": Node(out, node.span)}, node.span)


def unfold_pull_secret(secret: Node, problems: Problems) -> Node:
    """Write out `registry.pullSecret`; one that is named replaces what lies below it."""
    if secret.value is None:
        return secret
    name = secret if isinstance(secret.value, str) else get(secret, "name")
    if name is not None and isinstance(name.value, str) and NAME.fullmatch(name.value) is None:
        help_ = "write the name of the Secret: small letters, digits, `-` and `.`; the login stays out of Git"
        problems.append(error(name.span, WRONG_KIND, "this is no name that a Secret can have", help_))
    if name is secret:
        return Node(Fresh(name=secret), secret.span)
    out = fields(_secret(secret, problems))
    return Node(Fresh(out) if "name" in out else dict(out), secret.span)


def _secret(node: Node, problems: Problems) -> Node:
    out = dict(fields(node))
    for key, change in _PARTS.items():
        part = out.get(key)
        if part is not None and part.value is not None:
            out[key] = change(part, problems)
    return Node(out, node.span)


def _variables(node: Node, problems: Problems) -> Node:
    for name, item in fields(node).items():
        if _VARIABLE.fullmatch(name) is None:
            help_ = "write VARIABLE: KEY, with letters, digits and `_` in the variable"
            problems.append(error(item.span, WRONG_KIND, "this is no name of an environment variable", help_))
        _check_key(item, problems)
    return node


def _check_key(node: Node, problems: Problems) -> None:
    """Refuse what cannot be a key of a Secret, and may well be the secret itself: it is not repeated."""
    if isinstance(node.value, str) and KEY.fullmatch(node.value) is None:
        help_ = "write the name of the key: letters, digits, `-`, `_` and `.`; the value stays out of Git"
        problems.append(error(node.span, WRONG_KIND, "this is no key that a Secret can have", help_))


def _switch(node: Node, _: Problems) -> Node:
    return Node({}, node.span) if node.value is True else node


def _files(node: Node, problems: Problems) -> Node:
    out = dict(fields(node))
    keys, mode = out.get("keys"), out.get("mode")
    if keys is not None and isinstance(keys.value, tuple):
        keys = out["keys"] = Node({text_of(key): key for key in items(keys)}, keys.span)
    for key in fields(keys).values():
        _check_key(key, problems)
    value = None if mode is None else mode.value
    if mode is not None and type(value) is int:
        decimal = value in _READ_AS_OCTAL and not mode.text
        if value > _MOST_MODE or decimal:
            message = f"`mode: {value}` is {value:#o}" if decimal else f"`mode: {value}` is no mode of a file"
            wanted = f"0o{value}" if decimal else "0o400"
            problems.append(error(mode.span, WRONG_KIND, message, f"write {wanted} for the octal number"))
    return Node(out, node.span)


def _ssh(node: Node, problems: Problems) -> Node:
    out = dict(fields(node))
    hosts = out.get("knownHosts")
    for key in (out.get("key"), hosts):
        if key is not None:
            _check_key(key, problems)
    if hosts is not None and isinstance(hosts.value, str):
        out["knownHosts"] = Node(Fresh(key=hosts), hosts.span)
    elif hosts is not None and "configMap" in fields(hosts):
        out["knownHosts"] = Node(Fresh(fields(hosts)), hosts.span)
    return Node(out, node.span)


def _external(node: Node, problems: Problems) -> Node:
    out = dict(fields(node))
    if out.get("labels") is not None and out["labels"].value is not None:
        out["labels"] = texts(out["labels"], problems)
    tags = get(node, "find", "tags")
    if tags is not None and tags.value is not None:
        out["find"] = Node({**fields(out["find"]), "tags": texts(tags, problems)}, out["find"].span)
    return Node(out, node.span)


def _sealed(node: Node, problems: Problems) -> Node:
    """What is sealed is one thing, laid whole: a key of one sealing in the scope of another cannot be decrypted."""
    out = fields(_external(node, problems))
    return Node(Fresh(out) if "encrypted" in out else dict(out), node.span)


_PARTS: Mapping[str, Callable[[Node, Problems], Node]] = {
    "env": _variables,
    "envFrom": _switch,
    "files": _files,
    "ssh": _ssh,
    "externalSecret": _external,
    SEALED: _sealed,
    SOPS: lambda node, _: beside(node),
}


class Landing(NamedTuple):
    """What secrets lay over every pod template (`pod`) and over the training containers (`main`)."""

    pod: Node | None = None
    main: Node | None = None

    @property
    def first(self) -> Span | None:
        """A place to blame where nothing of this can be carried."""
        node = self.main or self.pod
        return None if node is None else node.span


class _Gathered:
    """Parts of pods and containers, and who brought them."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.seen: dict[tuple[str, str], Span] = {}
        self.lists: dict[str, list[Node]] = {"env": [], "envFrom": [], "volumeMounts": [], "volumes": []}
        self.group: Node | None = None

    def add(self, key: str, plain: object, span: Span, identity: str = "", what: str = "") -> None:
        """Add an item to a list of a pod or container; `identity` can stand there once."""
        first = self.seen.setdefault((key, identity), span) if identity else span
        if first is not span:
            other = Related(first, "the other")
            self.problems.append(error(span, TWICE, f"two secrets set {what}", "keep one of the two", other))
            return
        self.lists[key].append(make(plain, span))


def landing(secrets: Node | None, problems: Problems) -> Landing:
    """Give what the secrets of an experiment put into its pods, in the merging form."""
    out = _Gathered(problems)
    for name, secret in fields(secrets).items():
        for variable, key in fields(get(secret, "env")).items():
            source = {"secretKeyRef": {"name": name, "key": key}}
            plain = {"name": variable, "valueFrom": source}
            out.add("env", plain, key.span, variable, f"the environment variable `{variable}`")
        every = get(secret, "envFrom")
        if every is not None:
            prefix = get(every, "prefix")
            start = {} if prefix is None else {"prefix": prefix}
            out.add("envFrom", {**start, "secretRef": {"name": name}}, every.span)
        _lay_files(name, get(secret, "files"), out)
        _lay_ssh(name, get(secret, "ssh"), out)
    return _landed(out, problems)


def _landed(out: _Gathered, problems: Problems) -> Landing:
    parts = {
        key: keyed_lists(Node(tuple(listed), listed[0].span), problems, key)
        for key, listed in out.lists.items()
        if listed
    }
    spec: dict[str, object] = {"volumes": parts.pop("volumes")} if "volumes" in parts else {}
    if out.group is not None:
        spec["securityContext"] = {"fsGroup": out.group}
    first = next(iter(parts.values())).span if parts else None
    main = None if first is None else Node(parts, first)
    return Landing(make({"spec": spec}, first) if spec and first is not None else None, main)


def _lay_files(name: str, files: Node | None, out: _Gathered) -> None:
    path, given = get(files, "path"), fields(files)
    if files is None or path is None:  # what lacks a path is reported where the Secret is
        return
    source: dict[str, object] = {"secretName": name}
    if "mode" in given:
        source["defaultMode"] = given["mode"]
    if "keys" in given:
        source["items"] = [{"key": key, "path": file} for file, key in fields(given["keys"]).items()]
    _mount(_volume("secret", name), {"secret": source}, path, out)


def _lay_ssh(name: str, ssh: Node | None, out: _Gathered) -> None:
    """Mount a key that ssh takes: readable by its owner alone, in a folder that nobody writes.

    `GIT_SSH_COMMAND` is read by every git; it accepts hosts that are known and no others, asks nobody anything, and
    needs no home folder. With an fsGroup the kubelet lets that group read the files too, for a user who owns none.
    """
    if ssh is None:
        return
    path = get(ssh, "path") or Node(SSH_PATH, ssh.span)
    folder = text_of(path).rstrip("/")
    key = get(ssh, "key") or Node(SSH_KEY, ssh.span)
    hosts = get(ssh, "knownHosts", "key") or Node(SSH_HOSTS, ssh.span)
    config = get(ssh, "knownHosts", "configMap")
    private, public = {"key": key, "path": SSH_KEY}, {"key": hosts, "path": SSH_HOSTS}
    if config is None:
        source: dict[str, object] = {
            "secret": {"secretName": name, "defaultMode": _PRIVATE, "items": [private, public]}
        }
    else:
        sources = [{"secret": {"name": name, "items": [private]}}, {"configMap": {"name": config, "items": [public]}}]
        source = {"projected": {"defaultMode": _PRIVATE, "sources": sources}}
    _mount(_volume("ssh", name), source, path, out)
    group = get(ssh, "group")
    if group is not None:
        out.group = group
    options = (
        "IdentitiesOnly=yes",
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        f"UserKnownHostsFile={folder}/{SSH_HOSTS}",
        "GlobalKnownHostsFile=/dev/null",
    )
    command = f"ssh -F none -i {folder}/{SSH_KEY} " + " ".join(f"-o {option}" for option in options)
    out.add("env", {"name": GIT_SSH, "value": command}, ssh.span, GIT_SSH, f"`{GIT_SSH}`, and git reads one")


def _mount(volume: str, source: dict[str, object], path: Node, out: _Gathered) -> None:
    at = text_of(path).rstrip("/") or "/"
    plain = {"name": volume, "mountPath": Node(at, path.span), "readOnly": True}
    out.add("volumeMounts", plain, path.span, at, f"the mount path `{at}`")
    out.add("volumes", {"name": volume, **source}, path.span, volume, f"the volume `{volume}`")


def _volume(what: str, name: str) -> str:
    """Name a volume: a Secret's name may be longer than a volume's, and hold dots."""
    plain = f"{what}-{name}"
    if "." not in name and len(plain) <= _MOST_VOLUME:
        return plain
    import hashlib  # noqa: PLC0415 - few names need it

    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{plain[: _MOST_VOLUME - 9].replace('.', '-').rstrip('-')}-{digest}"


def keys_used(secret: Node) -> Iterator[Node]:
    """Yield every key of a Secret that the trial reads, where it is named."""
    yield from fields(get(secret, "env")).values()
    yield from fields(get(secret, "files", "keys")).values()
    ssh = get(secret, "ssh")
    if ssh is not None:
        yield get(ssh, "key") or Node(SSH_KEY, ssh.span)
        if get(ssh, "knownHosts", "configMap") is None:
            yield get(ssh, "knownHosts", "key") or Node(SSH_HOSTS, ssh.span)
