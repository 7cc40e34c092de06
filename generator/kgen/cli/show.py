"""kgen show ENV/EXPERIMENT [NAME=VALUE...]: the object that Katib would create for one trial."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from random import Random
from typing import Any

import click

from kgen.cli.console import workspace_options
from kgen.cli.experiment import experiment_named
from kgen.katib.generation import NAME_LETTERS, NAME_SUFFIX, GenerationError, generate, meta_of
from kgen.local.manifest import trial_text
from kgen.model.values import listed, mapping, text
from kgen.model.words import suggestion
from kgen.search.extent import any_point, outside
from kgen.search.space import parameters


@click.command("show", context_settings={"ignore_unknown_options": True})  # a parameter may be named --lr
@click.argument("experiment", metavar="ENV/EXPERIMENT")
@click.argument("values", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of values that are not given.")
@click.option("--trial-name", metavar="NAME", help="Name of the trial; made as Katib makes it if absent.")
@click.option("--name", help="Name of the Experiment, where a file holds several.")
@click.option("--format", "style", type=click.Choice(["yaml", "json"]), default="yaml", help="Form of the object.")
@workspace_options
def command(
    experiment: str,
    values: tuple[str, ...],
    seed: int,
    trial_name: str | None,
    name: str | None,
    style: str,
    settings: tuple[str, ...],
    root: str | None,
) -> int:
    """Print the object that Katib's controller would create for a trial with these values.

    Values that are not given are those of the first suggestion. What Katib adds (an owner reference, and the
    collector in the pod) is not in it.

    \b
    kgen show env/dev/iris C=0.5 penalty=l2
    kgen show env/dev/iris | kubectl create --dry-run=server -f -
    """
    named = experiment_named(experiment, name, settings, root)
    if named is None:
        return 1
    assignment = _assignment(named.spec, values, seed)
    if assignment is None:
        return 1
    metadata = mapping(named.manifest.get("metadata"))
    suffix = "".join(Random(f"{seed} names").choices(NAME_LETTERS, k=NAME_SUFFIX))  # noqa: S311 - no secret
    try:
        made = generate(
            named.spec,
            trial_name or f"{named.name}-{suffix}",
            text(metadata.get("namespace")) or "default",
            assignment,
        )
    except GenerationError as why:
        click.echo(f"Katib would make no trial of this, and try again for ever: {why}", err=True)
        return 1
    if style == "json":
        click.echo(json.dumps(made, ensure_ascii=False, indent=2))
    else:
        sys.stdout.write(trial_text(made))
    return 0


def _assignment(spec: Mapping[str, Any], given: tuple[str, ...], seed: int) -> dict[str, str] | None:
    """Give each parameter a value; None, and said why, where that cannot be.

    Raises:
        click.UsageError: a word is no NAME=VALUE.
    """
    names = _names(spec)
    out: dict[str, str] = {}
    for each in given:
        name, sign, value = each.partition("=")
        if not sign:
            raise click.UsageError(f"{each!r} is no NAME=VALUE, and no option")
        name = f"--{name}" if f"--{name}" in names and name not in names else name
        if name not in names:
            click.echo(f"there is no parameter `{name}`: {suggestion(name, names)}", err=True)
            return None
        out[name] = value
    space = parameters(spec)
    for parameter in space:
        why = outside(parameter, out[parameter.name]) if parameter.name in out else ""
        if why:
            click.echo(f"warning: {parameter.name}={out[parameter.name]} is never suggested: {why}", err=True)
    missing = [name for name in names if name not in out]
    if not missing:
        return out
    return _filled(spec, out, missing, {parameter.name for parameter in space}, seed)


def _filled(
    spec: Mapping[str, Any], out: dict[str, str], missing: list[str], searched: set[str], seed: int
) -> dict[str, str] | None:
    """Fill in what was not given, and say so."""
    unknown = [name for name in missing if name not in searched]
    if unknown:
        algorithm = spec["algorithm"]["algorithmName"]
        words = " ".join(f"{name}=VALUE" for name in unknown)
        click.echo(f"{algorithm} itself makes the value of {', '.join(unknown)}: give one, as {words}", err=True)
        return None
    found = any_point(spec, seed)
    chosen = {name: found.points[0][name] for name in missing}
    said = " ".join(f"{name}={value}" for name, value in chosen.items())
    click.echo(f"{said} is {found.note}", err=True)
    return {**out, **chosen}


def _names(spec: Mapping[str, Any]) -> list[str]:
    """Give what a service suggests values for: parameters, and of a NAS what the trial refers to."""
    entries = map(mapping, listed(mapping(spec.get("trialTemplate")).get("trialParameters")))
    references = [text(entry.get("reference")) for entry in entries]
    own = [parameter.name for parameter in parameters(spec)]
    return list(dict.fromkeys([*own, *(each for each in references if meta_of(each) is None)]))
