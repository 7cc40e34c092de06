"""Secret values as they come in: from files, from stdin, from a prompt. No message repeats any part of one."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from kgen.model.secrets import KEY

_HUB = "https://index.docker.io/v1/"
_HUBS = ("docker.io", "index.docker.io", "registry-1.docker.io")
_MOST = 1 << 20  # bytes; the API server takes no larger Secret


def of_prompt(what: str) -> str:
    """Ask a person, without echo; off a terminal nobody could answer.

    Raises:
        click.UsageError: stdin is no terminal.
    """
    if not sys.stdin.isatty():
        raise click.UsageError(f"nobody is there to type {what}: hand it over on stdin with --password-stdin")
    return str(click.prompt(what.capitalize(), hide_input=True, err=True))


def of_stdin() -> bytes:
    """Read all of stdin.

    Raises:
        click.UsageError: there is nothing, or more than a Secret can hold.
    """
    data = sys.stdin.buffer.read(_MOST + 1)
    if not data:
        raise click.UsageError("stdin is empty")
    if len(data) > _MOST:
        raise click.UsageError("stdin holds more than 1 MiB, which is the most that a Secret can hold")
    return data


def of_file(path: str, option: str) -> bytes:
    """Read a file; its name is not repeated, as people write the value itself in its place.

    Raises:
        click.UsageError: it cannot be read, is empty, or holds more than a Secret can.
    """
    try:
        with Path(path).open("rb") as stream:
            data = stream.read(_MOST + 1)
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "its name is none"
        raise click.UsageError(f"the file that {option} names cannot be read: {reason}") from None
    if not data:
        raise click.UsageError(f"the file that {option} names is empty")
    if len(data) > _MOST:
        raise click.UsageError(f"the file that {option} names holds more than 1 MiB, the most that a Secret can hold")
    return data


def named_files(given: tuple[str, ...]) -> dict[str, bytes]:
    """Read each KEY=PATH, or a PATH whose last part is the key.

    Raises:
        click.UsageError: a key cannot be one, stands twice, or a file cannot be read.
    """
    out: dict[str, bytes] = {}
    for each in given:
        key, equals, path = each.partition("=")
        key, path = (key, path) if equals else (Path(each).name, each)
        check_key(key, "--from-file")
        if key in out:
            raise click.UsageError(f"--from-file gives the key {key!r} twice")
        out[key] = of_file(path, f"--from-file {key}=..." if equals else "--from-file")
    return out


def check_key(key: str, option: str) -> None:
    """Refuse what cannot be a key of a Secret.

    Raises:
        click.UsageError: it cannot.
    """
    if KEY.fullmatch(key) is None:
        raise click.UsageError(f"{option} begins with the key: letters, digits, `-`, `_` and `.`")


def check_size(values: Mapping[str, bytes]) -> None:
    """Refuse what one Secret cannot hold.

    Raises:
        click.UsageError: it is too much.
    """
    if sum(map(len, values.values())) > _MOST:
        raise click.UsageError("the values hold more than 1 MiB together, the most that a Secret can hold")


def docker_config(registry: str, user: str, password: str) -> bytes:
    """Write the login to one registry as `.dockerconfigjson`.

    Raises:
        click.UsageError: the registry or the user cannot be one.
    """
    if not registry or not user or ":" in user:
        raise click.UsageError("--registry and --username are not empty, and a user has no `:`, which ends its name")
    if "@" in registry:
        raise click.UsageError("--registry is the host alone: a login in it would stand in the shell's history")
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    host = _HUB if registry in _HUBS else registry
    return _compact({host: {"username": user, "password": password, "auth": auth}})


def of_docker_config(data: bytes, registry: str | None) -> bytes:
    """Take the logins out of a docker config, or that to one registry.

    Raises:
        click.UsageError: it is none, or the logins are kept elsewhere.
    """
    try:
        config = json.loads(data)
    except (ValueError, RecursionError):
        raise click.UsageError("the docker config is no JSON") from None
    auths = config.get("auths") if isinstance(config, dict) else None
    if not isinstance(auths, dict):
        raise click.UsageError("the docker config has no `auths`")
    if registry is not None:
        auths = {host: login for host, login in auths.items() if host in (registry, _HUB if registry in _HUBS else "")}
    if not auths:
        raise click.UsageError("the docker config has no login to the registry that --registry names")
    if not all(_is_login(login) for login in auths.values()):
        raise click.UsageError(
            "the docker config does not hold the passwords: a credential helper keeps them. Give --registry, "
            "--username and --password-stdin instead"
        )
    return _compact(auths)


def _is_login(login: object) -> bool:
    return isinstance(login, dict) and bool(login.get("auth") or (login.get("username") and login.get("password")))


def _compact(auths: Mapping[str, object]) -> bytes:
    return json.dumps({"auths": auths}, separators=(",", ":")).encode()
