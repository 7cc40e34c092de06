"""kgen secret seal: a registry's login, or any secret, encrypted so that Git may hold it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import click

from kgen.cli import plaintext
from kgen.cli.sealing import CLUSTER_WIDE, STRICT, encrypt, label, public_key
from kgen.codec import writer
from kgen.model.diagnostic import Diagnostic, InputError
from kgen.model.environment import Environment
from kgen.model.node import NOWHERE, Node, make
from kgen.model.secrets import DOCKER_CONFIG, NAME, SCOPES, SEALED

_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_ON_ARGV = "would stand in the list of processes and in the shell's history"


class _Target(NamedTuple):
    """What a ciphertext is bound to."""

    scope: str
    namespace: str
    name: str


def _refuse(ctx: click.Context, parameter: click.Parameter, value: object) -> None:
    if value is not None:
        raise click.UsageError(f"there is no --password: it {_ON_ARGV}. Hand it over with --password-stdin")


@click.command("seal")
@click.argument("environment", nargs=-1, metavar="[ENV]")
@click.option("--name", required=True, help="Name of the Secret.")
@click.option("--cert", required=True, metavar="FILE", help="The controller's certificate: kubeseal --fetch-cert.")
@click.option("--registry", metavar="HOST", help="A registry, whose login is sealed as a pull secret.")
@click.option("--username", metavar="USER", help="The login's user.")
@click.option("--password-stdin", is_flag=True, help="Read the password from stdin; on a terminal it is asked for.")
@click.option("--password", hidden=True, expose_value=False, callback=_refuse)
@click.option("--from-docker-config", "config", metavar="FILE", help="Seal the logins of a docker config instead.")
@click.option(
    "--from-file", "files", multiple=True, metavar="KEY=FILE", help="Seal a file as a key; as often as needed."
)
@click.option("--from-stdin", "stdin_key", metavar="KEY", help="Seal what stdin holds as a key.")
@click.option("--type", "kind", metavar="TYPE", help="Type of the Secret, such as kubernetes.io/ssh-auth.")
@click.option("--namespace", metavar="NAME", help="Where the Secret will be; that of ENV if it is given.")
@click.option("--scope", type=click.Choice(SCOPES), default=STRICT, help="What the ciphertext is bound to.")
@click.option("--format", "style", type=click.Choice(["overlay", "manifest"]), default="overlay", help="What to write.")
@click.option("-o", "--output", metavar="FILE", help="Write to a new file, not to stdout.")
@click.option("--root", type=click.Path(file_okay=False), help="Root of the workspace; found from here if absent.")
def command(environment: tuple[str, ...], cert: str, style: str, output: str | None, **given: Any) -> None:
    """Encrypt a registry's login, or any secret, for a SealedSecret. Only its controller can read it again.

    \b
    kgen secret seal env/prod --name regcred --cert cert.pem --registry kcr.example --username ci
    kgen secret seal env/prod --name hub --cert cert.pem --from-stdin token
    kgen secret seal env/prod --name git --cert cert.pem --from-file ssh-privatekey=id_ed25519

    The plain value is read from stdin, a file or a prompt, never from the command line, and is written nowhere.
    """
    if len(environment) > 1:
        raise click.UsageError(f"one environment at the most; a value is never an argument, as it {_ON_ARGV}")
    pull = given["registry"] is not None or given["config"] is not None
    _check(given, pull=pull)
    target = _Target(given["scope"], _namespace(environment, given), given["name"])
    key = public_key(_certificate(cert))
    bound_to = label(*target)
    values = _values(given)
    plaintext.check_size(values)
    sealed = {name: encrypt(key, value, bound_to) for name, value in values.items()}
    block = _block(sealed, target, given["kind"], pull=pull)
    _write(writer.write(_manifest(block, target) if style == "manifest" else block), output)


def _check(given: dict[str, Any], *, pull: bool) -> None:
    """Refuse what goes not together."""
    if NAME.fullmatch(given["name"]) is None:
        raise click.UsageError("--name is the Secret's: small letters, digits, `-` and `.`")
    if given["namespace"] is not None and _NAMESPACE.fullmatch(given["namespace"]) is None:
        raise click.UsageError("--namespace is a namespace's name: small letters, digits and `-`, 63 at the most")
    generic = given["files"] or given["stdin_key"] is not None
    if pull and (generic or given["kind"] is not None):
        raise click.UsageError(
            "a registry's login has its own key and type: leave --from-file, --from-stdin and --type out"
        )
    if not pull and not generic:
        raise click.UsageError("nothing to seal: give --registry, --from-docker-config, --from-file or --from-stdin")
    if given["config"] is not None and (given["username"] is not None or given["password_stdin"]):
        raise click.UsageError("--from-docker-config holds the login: leave --username and --password-stdin out")
    if given["config"] is None and pull and given["username"] is None:
        raise click.UsageError("--registry needs --username")
    if not pull and (given["username"] is not None or given["password_stdin"]):
        raise click.UsageError("--username and --password-stdin go with --registry")


def _values(given: dict[str, Any]) -> dict[str, bytes]:
    """Read what is to be sealed, by the keys of the Secret."""
    if given["config"] is not None:
        config = plaintext.of_file(given["config"], "--from-docker-config")
        return {DOCKER_CONFIG: plaintext.of_docker_config(config, given["registry"])}
    if given["registry"] is not None:
        password = _password() if given["password_stdin"] else plaintext.of_prompt("the password")
        return {DOCKER_CONFIG: plaintext.docker_config(given["registry"], given["username"], password)}
    out = plaintext.named_files(given["files"])
    key = given["stdin_key"]
    if key is not None:
        plaintext.check_key(key, "--from-stdin")
        if key in out:
            raise click.UsageError(f"--from-file and --from-stdin both give the key {key!r}")
        out[key] = plaintext.of_stdin()
        if out[key].endswith(b"\n") and out[key].count(b"\n") == 1:
            click.echo("note: the value ends in a line break, which is sealed with it; printf writes none", err=True)
    return out


def _password() -> str:
    try:
        password = plaintext.of_stdin().decode()
    except UnicodeDecodeError:
        raise click.UsageError("the password on stdin is not UTF-8") from None
    password = password.removesuffix("\n").removesuffix("\r")
    if not password:
        raise click.UsageError("the password on stdin is empty")
    return password


def _certificate(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else problem
        help_ = "; `kubeseal --fetch-cert > cert.pem` fetches it" if not Path(path).exists() else ""
        raise click.UsageError(f"--cert {path!r} cannot be read: {reason}{help_}") from problem


def _namespace(environment: tuple[str, ...], given: dict[str, Any]) -> str:
    """Find out where the Secret will be: by --namespace, or as the environment says it."""
    named = given["namespace"]
    own = _namespace_of(environment[0], given["root"]) if environment else None
    if named is not None and own is not None and named != own:
        raise click.UsageError(f"the environment is for namespace {own!r}: leave --namespace out")
    namespace = named or own
    if namespace is None and given["scope"] != CLUSTER_WIDE:
        raise click.UsageError(
            f"scope {given['scope']} binds to a namespace: give --namespace, or an environment that has one"
        )
    return namespace or ""


def _namespace_of(environment: str, root: str | None) -> str | None:
    from kgen.cli.console import environment_name  # noqa: PLC0415 - most of kgen, which a namespace does without
    from kgen.cli.render import evaluator  # noqa: PLC0415
    from kgen.cli.workspace import find_root, read_workspace  # noqa: PLC0415
    from kgen.stages.load import Kind, Library  # noqa: PLC0415
    from kgen.stages.resolve import resolve  # noqa: PLC0415

    sources = read_workspace(root or find_root("."))
    known = Kind.ENVIRONMENT.names(sources)
    try:
        name = environment_name(environment)
    except click.UsageError:
        name = ""
    if name not in known:  # it is not repeated: it may be a secret that was meant for an option
        raise click.UsageError(f"there is no such environment; there are {', '.join(known) or 'none'}")
    problems: list[Diagnostic] = []
    with evaluator(sources) as evaluate:
        library = Library(sources, name, evaluate or _no_jsonnet)
        found, _ = resolve(library, name, (), problems)
    if found.namespace is None and (library.problems or problems):
        raise InputError([*library.problems, *problems])
    return None if found.namespace is None else str(found.namespace.value)


def _no_jsonnet(file: str, *_: object) -> NoReturn:
    raise AssertionError(f"{file} is Jsonnet, and there was none to evaluate")


def _block(sealed: dict[str, str], target: _Target, kind: str | None, *, pull: bool) -> Node:
    """Write what an overlay holds of it, with what it was sealed for."""
    body: dict[str, object] = {"encrypted": sealed[DOCKER_CONFIG] if pull else sealed, "scope": target.scope}
    if target.scope == STRICT:
        body["name"] = target.name
    if target.scope != CLUSTER_WIDE:
        body["namespace"] = target.namespace
    if kind is not None:
        body["type"] = kind
    if pull:
        return make({"registry": {"pullSecret": {"name": target.name, SEALED: body}}}, NOWHERE)
    return make({"secrets": {target.name: {SEALED: body}}}, NOWHERE)


def _manifest(block: Node, target: _Target) -> Node:
    """Write the object that kgen would render of the block."""
    from kgen.stages.secrets import secrets  # noqa: PLC0415 - an overlay needs none

    namespace = Node(target.namespace, NOWHERE) if target.namespace else None
    (made,) = secrets(Environment("", NOWHERE, namespace), (block,), lambda *_: (), [])
    return made


def _write(text: str, output: str | None) -> None:
    if output is None or output == "-":
        click.echo(text, nl=False)
        return
    try:
        with Path(output).open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except FileExistsError:
        raise click.UsageError(f"{output!r} is there already: name a new file, or paste what stdout gives") from None
    except OSError as problem:
        raise click.UsageError(f"{output!r} cannot be written: {problem.strerror}") from problem
