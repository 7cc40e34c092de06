"""One run of `kgen try`: its options, its folder, and the runner that they ask for."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import click

from kgen import __version__
from kgen.cli.experiment import Named
from kgen.katib.updates import immutable_changes
from kgen.local import store as stores
from kgen.local.job import Given
from kgen.local.loop import Plan
from kgen.local.runner import Runner
from kgen.local.store import Run, Store, StoreError
from kgen.local.trial import Trial
from kgen.model.node import path_text

HOME = ".kgen"  # the folder that a workspace keeps for what kgen does on this machine
RUNNERS = ("process", "podman", "docker")


class Options(NamedTuple):
    """What the command line says; a run that goes on keeps what it does not say again."""

    trials: int | None = None
    parallel: int | None = None
    runner: str | None = None
    workdir: str | None = None
    python: str | None = None
    image: str | None = None
    pull: bool | None = None
    timeout: float | None = None
    trial_timeout: float | None = None
    drain: bool | None = None
    place: tuple[str, ...] = ()
    volume: tuple[str, ...] = ()
    env: tuple[str, ...] = ()

    def stored(self) -> dict[str, Any]:
        """Give what is kept with a run: everything but values of the environment, which may be secrets."""
        out = {key: value for key, value in self._asdict().items() if key != "env" and value not in (None, ())}
        return {**out, **{key: str(Path(out[key]).absolute()) for key in ("workdir", "python") if key in out}}

    def over(self, kept: Mapping[str, Any]) -> Options:
        """Fill in what an earlier command line of the run said."""
        known = {key: tuple(v) if isinstance(v, list) else v for key, v in kept.items() if key in self._fields}
        said = {key: value for key, value in self._asdict().items() if value not in (None, ())}
        return Options(**{**known, **said})


class Session(NamedTuple):
    """A run that is about to start or to go on."""

    run: Run
    store: Store
    options: Options
    before: tuple[Trial, ...]
    is_new: bool = True


@contextmanager
def opened(
    named: Named, options: Options, seed: int | None, resume: str | None, output: str | None
) -> Iterator[Session]:
    """Make the folder of a run, or find it again; nobody else has it meanwhile.

    Raises:
        StoreError: it cannot be made, or is not that of this Experiment.
    """
    home = Path(named.root or ".") / HOME
    if resume is None:
        store, run = _new(home, named, options, seed, output)
    else:
        store, run, options = _old(stores.find(home, named.name, resume), named, options, seed)
    store.hold()
    try:
        trials = stores.read_trials(store.folder)
        _end_leftovers(store, trials)
        kept = {**options.stored(), "environment": named.environment}  # the report's head names it
        run = run._replace(options=kept, runner=options.runner or RUNNERS[0])
        yield Session(run, store, options, trials, resume is None)
    finally:
        store.release()


def _new(home: Path, named: Named, options: Options, seed: int | None, output: str | None) -> tuple[Store, Run]:
    manifest = _counted(named.manifest, options)
    chosen = int.from_bytes(os.urandom(2), "big") if seed is None else seed
    store = stores.create(home, named.name, None if output is None else Path(output))
    return store, Run(manifest, chosen, round(time.time(), 3), __version__)


def _old(folder: Path, named: Named, options: Options, seed: int | None) -> tuple[Store, Run, Options]:
    run = stores.read_run(folder)
    options = options.over(run.options)
    manifest = _counted(named.manifest, options)
    _refuse_another(run, manifest, seed)
    return Store(folder), run._replace(experiment=manifest, outcome=None, ended=0.0), options


def _end_leftovers(store: Store, trials: tuple[Trial, ...]) -> None:
    """End the trials of a kgen that was killed: they would write into the folders of those that run again."""
    left = [trial for trial in trials if not trial.is_over]
    if left:
        from kgen.local.process import marked  # noqa: PLC0415 - after a crash alone

        for trial in left:
            for pid in marked(str(store.folder / trial.folder)):
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)


def _counted(manifest: dict[str, Any], options: Options) -> dict[str, Any]:
    """Lay the counts of the command line over an Experiment's.

    Raises:
        click.UsageError: there is no end to the trials.
    """
    spec = dict(manifest["spec"])
    if options.trials is not None:
        spec["maxTrialCount"] = options.trials
    most = spec.get("maxTrialCount")
    if most is None:
        raise click.UsageError("the Experiment has no maxTrialCount, and would never end: give --trials N")
    spec["parallelTrialCount"] = min(options.parallel or spec.get("parallelTrialCount", 3), most)
    if spec.get("maxFailedTrialCount") is not None:
        spec["maxFailedTrialCount"] = min(spec["maxFailedTrialCount"], most)
    return {**manifest, "spec": spec}


def _refuse_another(run: Run, manifest: dict[str, Any], seed: int | None) -> None:
    """Refuse to go on with a run of another search.

    Raises:
        StoreError: it is one.
    """
    changed = immutable_changes(run.experiment, manifest)
    if run.name != manifest["metadata"]["name"]:
        raise StoreError(f"that run is of {run.name}, and this is {manifest['metadata']['name']}")
    if changed:
        fields = ", ".join(f"`{path_text(path)}`" for path in changed[:3])
        raise StoreError(
            f"the Experiment is not the one of that run: {fields} changed, and its trials would not belong together",
            "start a new run without --resume: only the three counts of trials may change",
        )
    if seed is not None and seed != run.seed:
        raise StoreError(f"that run has seed {run.seed}", "leave --seed out")


def plan_of(run: Run, options: Options) -> Plan:
    """Say what the loop is to do.

    Raises:
        click.UsageError: an option cannot be read.
    """
    volumes = {name: Path(folder) for name, folder in _pairs("--volume", options.volume).items()}
    return Plan(
        run.experiment,
        run.seed,
        Given(_variables(options.env), volumes),
        options.timeout,
        options.trial_timeout,
        bool(options.drain),
        options.image or "",
    )


def _variables(given: tuple[str, ...]) -> Mapping[str, str]:
    """Read --env: NAME=VALUE, or NAME for the caller's own.

    Raises:
        click.UsageError: the caller has none of that name.
    """
    out = {}
    for each in given:
        name, sign, value = each.partition("=")
        if not name:
            raise click.UsageError(f"--env {each}: write NAME=VALUE, or NAME for your own")
        if not sign and name not in os.environ:
            raise click.UsageError(f"--env {name}: your environment has no {name}; write {name}=VALUE")
        out[name] = value if sign else os.environ[name]
    return MappingProxyType(out)


def _pairs(option: str, given: tuple[str, ...]) -> dict[str, str]:
    out = {}
    for each in given:
        name, sign, folder = each.partition("=")
        if not sign or not name or not folder:
            raise click.UsageError(f"{option} {each}: write {'PATH' if option == '--place' else 'NAME'}=DIR")
        out[name] = folder
    return out


def runner_of(options: Options) -> Runner:
    """Make the runner.

    Raises:
        click.UsageError: an option is for another runner.
    """
    kind = options.runner or "process"
    for_process = {"--workdir": options.workdir, "--python": options.python, "--place": options.place}
    given = [name for name, value in for_process.items() if value] if kind != "process" else []
    if given:
        raise click.UsageError(f"{given[0]} is for the runner process, and this one is {kind}")
    if kind == "process":
        from kgen.local.process import Process  # noqa: PLC0415

        if options.image or options.pull:
            raise click.UsageError("--image and --pull are for podman and docker: a process has no image")
        places = {path: Path(folder) for path, folder in _pairs("--place", options.place).items()}
        python = None if options.python is None else Path(options.python)
        return Process(Path(options.workdir or "."), python=python, environ=os.environ, places=places)
    from kgen.local.container import Container  # noqa: PLC0415

    return Container(kind, pull=bool(options.pull), environ=os.environ)
