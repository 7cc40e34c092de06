"""One Experiment by the name that a command line gives it: ENV/EXPERIMENT of a workspace, or a file with a manifest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click

from kgen.cli.console import environment_name, say
from kgen.model.diagnostic import Diagnostic, Severity
from kgen.model.experiment import Expanded, Rendered
from kgen.model.node import get, plain, text_of
from kgen.model.values import mapping
from kgen.model.words import suggestion


class Named(NamedTuple):
    """An Experiment as the API server would hold it, as plain data."""

    manifest: dict[str, Any]
    environment: str = ""  # "" for one of a file
    root: str = ""  # of the workspace; "" for one of a file
    diagnostics: tuple[Diagnostic, ...] = ()  # of the environment; of a file it is linting that finds them

    @property
    def spec(self) -> dict[str, Any]:
        """Its `spec`; empty where it has none."""
        return mapping(self.manifest.get("spec"))

    @property
    def name(self) -> str:
        """Its name in the cluster."""
        return _name(self.manifest)


def experiment_named(given: str, name: str | None, settings: tuple[str, ...], root: str | None) -> Named | None:
    """Find an Experiment; None, and said why on stderr, where it cannot be. `name` chooses among several of a file.

    Raises:
        click.UsageError: the words name neither a file nor an experiment.
    """
    if Path(given).is_file():
        found = _of_file(given, name)
        return None if found is None else Named(_complete(found))
    if given.endswith((".yaml", ".yml", ".json")) or "/" not in given.strip("/"):
        raise click.UsageError(f"{given!r} is no file; write the name of a manifest, or env/prod/mnist")
    from kgen.cli.render import render_all  # noqa: PLC0415 - a manifest needs no workspace
    from kgen.cli.workspace import find_root, read_workspace  # noqa: PLC0415

    environment, _, wanted = given.rstrip("/").rpartition("/")
    home = root or find_root(".")
    (rendered,) = render_all(read_workspace(home), (environment_name(environment),), settings)
    experiment = find_experiment(rendered, wanted)
    if experiment is None:
        say(rendered.diagnostics)
        return None
    manifest = plain(experiment.manifest)
    assert isinstance(manifest, dict)
    return Named(manifest, rendered.environment, home, rendered.diagnostics)


def find_experiment(rendered: Rendered, name: str) -> Expanded | None:
    """Find an Experiment by its name in the spec, the file or the cluster; None, and said why, where there is none."""
    for experiment in rendered.experiments:
        manifest_name = get(experiment.manifest, "metadata", "name")
        stem = experiment.spec.file.rpartition("/")[2].rpartition(".")[0]
        if name in (experiment.name, stem) or (manifest_name is not None and text_of(manifest_name) == name):
            return experiment
    if rendered.experiments or not rendered.diagnostics:
        names = [experiment.name for experiment in rendered.experiments]
        click.echo(f"environment {rendered.environment} runs no {name!r}: {suggestion(name, names)}", err=True)
    return None


def _of_file(path: str, name: str | None) -> dict[str, Any] | None:
    from kgen.codec.manifests import read_manifests  # noqa: PLC0415 - a workspace's Experiment is not read here

    nodes, problems = read_manifests(Path(path).read_bytes(), path)
    if any(problem.severity is Severity.ERROR for problem in problems):
        say(problems)
        return None
    every = [each for node in nodes for each in _experiments(plain(node))]
    found = [each for each in every if name in (None, _name(each))]
    if len(found) == 1:
        return found[0]
    names = ", ".join(f"`{_name(each)}`" for each in every)
    if not every:
        click.echo(f"{path} holds no Experiment; a compact spec is named as ENV/EXPERIMENT", err=True)
    else:
        click.echo(f"{path} holds {names}: say which with --name", err=True)
    return None


def _complete(manifest: dict[str, Any]) -> dict[str, Any]:
    """Write Katib's defaults out; what is wrong with the manifest is for `kgen lint` to say."""
    from kgen.katib.admission import admit  # noqa: PLC0415 - what an environment renders has them
    from kgen.model.environment import Target  # noqa: PLC0415
    from kgen.model.node import NOWHERE, make  # noqa: PLC0415

    return admit(make(manifest, NOWHERE), Target()).plain()


def _experiments(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict) and value.get("kind") == "Experiment":
        yield value
    elif isinstance(value, dict) and isinstance(value.get("items"), list):
        for item in value["items"]:
            yield from _experiments(item)


def _name(manifest: dict[str, Any]) -> str:
    return str(mapping(manifest.get("metadata")).get("name", ""))
