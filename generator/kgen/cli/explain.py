"""kgen explain ENVIRONMENT/EXPERIMENT [FIELD]: which layer and line set each value."""

from __future__ import annotations

import json
from typing import NamedTuple

import click

from kgen.cli.console import environment_name, say, workspace_options
from kgen.cli.experiment import find_experiment
from kgen.cli.render import render_all
from kgen.cli.workspace import find_root, read_workspace
from kgen.katib.fields import meaning
from kgen.model.diagnostic import Severity
from kgen.model.environment import layer_of
from kgen.model.experiment import Expanded
from kgen.model.node import FieldPath, Node, Span, get, leaves, path_text, text_of
from kgen.model.words import suggestion


class Line(NamedTuple):
    """One value and where it comes from."""

    path: FieldPath
    value: str
    layer: str
    span: Span


@click.command("explain")
@click.argument("target", metavar="ENV/EXPERIMENT")
@click.argument("field", required=False)
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", help="Form of the answer.")
@workspace_options
def command(target: str, field: str | None, style: str, settings: tuple[str, ...], root: str | None) -> int:
    """Show which layer and line set each value of an Experiment, and what a field means.

    FIELD is a path such as spec.maxTrialCount, a part of one such as feasibleSpace.min, or the head of
    one such as spec.objective; an item of a list may be given by its name: parameters[lr].
    """
    environment, _, name = target.rstrip("/").rpartition("/")
    if not environment:
        raise click.UsageError(f"{target!r} names no experiment; write env/prod/mnist")
    (rendered,) = render_all(read_workspace(root or find_root(".")), (environment_name(environment),), settings)
    say(rendered.diagnostics)
    experiment = find_experiment(rendered, name)
    if experiment is None:
        return 1
    lines = [line for line in _lines(experiment) if field is None or _is_in(field, line.path, experiment.manifest)]
    if not lines:
        known = {path_text(path[:n]) for path, _ in leaves(experiment.manifest) for n in range(1, len(path) + 1)}
        close = suggestion(field or "", sorted(known))
        click.echo(f"{target} has no field {field!r}: {close}", err=True)
        return 1
    if style == "json":
        click.echo(json.dumps([_record(line) for line in lines], ensure_ascii=False, indent=2))
    else:
        _show(lines, told=field is not None)
    return 1 if any(d.severity is Severity.ERROR for d in rendered.diagnostics) else 0


def _lines(experiment: Expanded) -> list[Line]:
    out = []
    for path, node in leaves(experiment.manifest):
        value = {"dict": "{}", "tuple": "[]"}.get(type(node.value).__name__) or text_of(node)
        out.append(Line(path, value, layer_of(node.span), node.span))
    return out


def _is_in(field: str, path: FieldPath, manifest: Node) -> bool:
    """Whether a path lies at or below a field that is named in part."""
    wanted = field.replace("[", ".").replace("]", "").strip(".").split(".")
    steps = [_names(path[:n], manifest) for n in range(1, len(path) + 1)]
    for start in range(len(steps) - len(wanted) + 1):
        if all(word in names for word, names in zip(wanted, steps[start:], strict=False)):
            return True
    return False


def _names(path: FieldPath, manifest: Node) -> set[str]:
    """Give what the last step of a path may be called: an item of a list by its index or its name."""
    names = {str(path[-1])}
    if isinstance(path[-1], int):
        name = get(manifest, *path, "name")
        if name is not None:
            names.add(text_of(name))
    return names


def _record(line: Line) -> dict[str, object]:
    file, number, column = line.span
    return {
        "field": path_text(line.path),
        "value": line.value,
        "layer": line.layer,
        "file": file if number else None,
        "line": number or None,
        "column": column or None,
        "meaning": meaning(line.path),
    }


def _show(lines: list[Line], *, told: bool) -> None:
    width = max(len(path_text(line.path)) for line in lines)
    for line in lines:
        value = line.value if "\n" not in line.value else line.value.splitlines()[0] + " ..."
        origin = f"{line.layer} ({line.span})" if line.span.line else line.layer
        click.echo(f"{path_text(line.path):{width}}  {value:30}  {origin}")
        words = meaning(line.path) if told else ""
        if words:
            click.echo(f"{'':{width}}  {words}")
