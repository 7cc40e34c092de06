"""kgen argocd health: Lua that tells Argo CD how Experiments and their trials are, and lets it change two counters."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from kgen.cli.argocd import scripts
from kgen.cli.argocd.scripts import KINDS, Kind, Variant
from kgen.codec import writer
from kgen.model.diagnostic import Diagnostic, InputError, error
from kgen.model.node import NOWHERE, Plain, Span, make

_NAME = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"  # a DNS label
_FORMATS = ("configmap", "patch", "values", "lua")
_HOW = {
    "configmap": (
        "kubectl apply --server-side --field-manager=kgen -f FILE",
        "Never without --server-side: kubectl would remove the other keys that it applied to this ConfigMap before.",
    ),
    "patch": ("kubectl -n {namespace} patch configmap argocd-cm --patch-file FILE",),
    "values": ("Values for Argo CD's Helm chart, beside your own: helm upgrade RELEASE CHART -f YOURS -f FILE",),
}
_SELF_HEAL = (
    "Self-heal undoes what an action changed, unless the Application says:",
    "  syncPolicy: {syncOptions: [RespectIgnoreDifferences=true]}",
    "  ignoreDifferences:",
    "  - {group: kubeflow.org, kind: Experiment, jsonPointers: [/spec/maxTrialCount, /spec/parallelTrialCount]}",
    "With that, a change of these two in Git reaches no Experiment that exists.",
)


@click.command("health")
@click.option(
    "--variant",
    type=click.Choice([each.value for each in Variant]),
    default=Variant.WAITING.value,
    show_default=True,
    help="waiting: what runs is Progressing, what failed Degraded; alerting: the first is Healthy; flowing: both are.",
)
@click.option(
    "--kind", "names", type=click.Choice(tuple(KINDS)), multiple=True, help="Only this kind; may be repeated."
)
@click.option("--no-actions", is_flag=True, help="Leave out the actions of Experiments.")
@click.option(
    "--format",
    "style",
    type=click.Choice(_FORMATS),
    default="configmap",
    show_default=True,
    help="A ConfigMap to apply on the server's side, a patch, values of the Helm chart, or plain Lua below DIR.",
)
@click.option("--namespace", "-n", default="argocd", show_default=True, help="Where Argo CD runs.")
@click.option("-o", "--output", metavar="DIR", type=click.Path(path_type=Path), help="Folder of --format lua.")
def command(
    variant: str, names: tuple[str, ...], no_actions: bool, style: str, namespace: str, output: Path | None
) -> None:
    """Print Argo CD's health checks and actions for Experiments, their trials and the jobs of these.

    What is printed holds only keys of its own. Merge it into the ConfigMap argocd-cm; its first lines say how.
    """
    if (style == "lua") != (output is not None):
        raise click.UsageError("--format lua and -o DIR go together: a folder holds the scripts one by one")
    if re.fullmatch(_NAME, namespace) is None:
        raise click.UsageError(f"--namespace {namespace!r} is no name of a namespace")
    chosen = tuple(kind for kind in KINDS.values() if not names or kind.name in names)
    if no_actions:
        chosen = tuple(kind._replace(discovery=None, actions=()) for kind in chosen)
    if output is not None:
        _write(dict(_files(chosen, Variant(variant))), output)
    else:
        click.echo(_document(chosen, Variant(variant), style, namespace), nl=False)


def _document(kinds: tuple[Kind, ...], variant: Variant, style: str, namespace: str) -> str:
    """Write a document in YAML, with comments at its head on how to bring it in."""
    head = (f"Health checks for Argo CD, variant {variant}; from `kgen argocd health`.", *_HOW[style])
    comments = (*head, *(_SELF_HEAL if any(kind.actions for kind in kinds) else ()))
    told = "".join(f"# {line}\n" for line in comments).replace("{namespace}", namespace)
    return told + writer.write(make(_placed(dict(_keys(kinds, variant)), style, namespace), NOWHERE))


def _keys(kinds: Iterable[Kind], variant: Variant) -> Iterator[tuple[str, str]]:
    """Yield the keys of argocd-cm."""
    for kind in kinds:
        name = f"{kind.group}_{kind.name}"
        yield f"resource.customizations.health.{name}", scripts.health(kind, variant)
        if kind.discovery is not None:
            definitions = [{"name": action, "action.lua": scripts.action(script)} for action, script in kind.actions]
            actions = {"discovery.lua": scripts.action(kind.discovery), "definitions": definitions}
            yield f"resource.customizations.actions.{name}", writer.write(make(actions, NOWHERE))


def _placed(data: dict[str, str], style: str, namespace: str) -> Plain:
    """Put the keys where the reader of a format looks for them."""
    keys: dict[str, Plain] = {**data}
    if style == "values":
        return {"configs": {"cm": keys}}
    if style == "patch":
        return {"data": keys}
    labels: dict[str, Plain] = {"app.kubernetes.io/name": "argocd-cm", "app.kubernetes.io/part-of": "argocd"}
    metadata: dict[str, Plain] = {"name": "argocd-cm", "namespace": namespace, "labels": labels}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": keys}


def _files(kinds: Iterable[Kind], variant: Variant) -> Iterator[tuple[str, str]]:
    """Yield the scripts by their paths, laid out as in Argo CD's own `resource_customizations`."""
    for kind in kinds:
        folder = f"{kind.group}/{kind.name}"
        yield f"{folder}/health.lua", scripts.health(kind, variant)
        if kind.discovery is not None:
            yield f"{folder}/actions/discovery.lua", scripts.action(kind.discovery)
        for name, script in kind.actions:
            yield f"{folder}/actions/{name}/action.lua", scripts.action(script)


def _write(files: dict[str, str], folder: Path) -> None:
    """Write the files, and say so; nothing is written where one of somebody else's is in the way.

    Raises:
        InputError: a file is in the way, or cannot be written (KG012).
    """
    strange = [folder / name for name in files if _in_the_way(folder / name)]
    if strange:
        raise InputError(_refused(path, "was not written by kgen, and would be overwritten") for path in strange)
    for name, text in files.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        except OSError as problem:
            raise InputError([_refused(path, f"cannot be written: {problem.strerror}")]) from problem
        click.echo(f"written: {path}", err=True)


def _in_the_way(path: Path) -> bool:
    """Whether something stands there that kgen did not write; a link is none of its files."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return True
        with path.open("rb") as file:
            return file.read(len(scripts.OWN)) != scripts.OWN.encode()
    except OSError:
        return False  # nothing is there; or it cannot be read, and writing will say why


def _refused(path: Path, what: str) -> Diagnostic:
    return error(
        Span(path.as_posix(), 1, 1), "KG012", f"`{path}` {what}", "name another folder in -o, or clear this one"
    )
