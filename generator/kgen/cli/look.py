"""One look at all that `kgen lint` is asked for: environments, compact specs, plain manifests."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable
from typing import NamedTuple

from kgen.cli.gather import Gathered, Workspace, manifests_among, workspace_of
from kgen.cli.render import evaluator, render_all
from kgen.cli.workspace import find_root, read_workspace
from kgen.model import lint
from kgen.model.codes import can_be_silenced
from kgen.model.diagnostic import Diagnostic, InputError
from kgen.model.environment import Target
from kgen.model.experiment import Rendered
from kgen.model.node import Node, Span, get, object_of
from kgen.model.sources import SETTINGS, Sources
from kgen.pipeline.law import KGENS, Law
from kgen.pipeline.linting import lint as lint_files
from kgen.pipeline.rendering import render_alone
from kgen.pipeline.settings import check_overlays
from kgen.pipeline.together import sealed_apart
from kgen.report.places import is_in_file
from kgen.stages.load import SUFFIXES, Kind
from kgen.stages.resolve import target_of
from kgen.stages.silence import Silenced, silence


class Options(NamedTuple):
    """What the command line says beside the targets."""

    katib: str | None = None
    kubernetes: str | None = None
    registered: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fail_on: str | None = None
    rules: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


class Run(NamedTuple):
    """What one look found."""

    found: Silenced
    counts: lint.Counts
    looked: tuple[lint.Looked, ...]
    sources: Sources  # every file, by its path from here
    settings: lint.Settings
    law: Law


def find_workspace(root: str | None, targets: Iterable[str] = ()) -> Workspace | None:
    """Read the workspace that `root` names, or the current folder is in, or else the first target is in.

    None if there is none. A folder `environments` that has none of kgen's makes no workspace: so are many called.
    """
    folders = dict.fromkeys(each if os.path.isdir(each) else os.path.dirname(each) or "." for each in targets)
    home = root or next(filter(None, map(_home, (".", *folders))), None)
    if home is None:
        return None
    return workspace_of(home, read_workspace(home))


def _home(place: str) -> str | None:
    if not os.path.exists(place):
        return None
    try:
        home = find_root(place)
    except InputError:
        return None
    if os.path.lexists(os.path.join(home, SETTINGS)):
        return home
    names = (f"environment{suffix}" for suffix in SUFFIXES)
    return (
        home if any(glob.glob(os.path.join(glob.escape(home), "environments", "*", name)) for name in names) else None
    )


def look(asked: Gathered, workspace: Workspace | None, options: Options, law: Law) -> Run:
    """Look at everything once."""
    own, wrong = (None, ()) if workspace is None else (workspace.settings, workspace.wrong)
    settings = lint.read(get(own, "lint"))
    target = _target(own, options)
    linted = lint_files(asked.files, target, settings.policies, law, asked.named)
    found = [*linted.diagnostics]
    rendered = () if workspace is None else _rendered(asked, workspace, law)
    prefix = "" if workspace is None else _from_here(workspace.home)
    found.extend(_from(d, prefix) for d in (*wrong, *lint.check(settings, law.codes)))
    if workspace is not None and asked.overlays:
        found.extend(_from(d, prefix) for d in check_overlays(workspace.sources))
    for each in rendered:
        found.extend(_from(d, prefix) for d in (*each.diagnostics, *(s.diagnostic for s in each.suppressed)))
    found.extend(_from(d, prefix) for d in sealed_apart(rendered))
    mine = {} if workspace is None else {prefix + path: data for path, data in workspace.sources.items()}
    sources = {**mine, **asked.files}
    experiments = [e for each in rendered for e in each.experiments]
    looked = (*linted.looked, *(_looked(e.manifest, prefix) for e in experiments))
    silenced = silence(
        _once(found),
        sources,
        settings,
        select=options.select,
        ignore=options.ignore,
        known_codes=law.codes,
        checked=(*asked.files, *(mine if asked.everything and not _unread(rendered) else ())),
    )
    shown = (d.span for d in silenced.shown if d.span.line)
    files = len({*asked.files, *(d.span.file for d in looked), *(span.file for span in shown)} & sources.keys())
    counts = lint.Counts(
        files, len(looked), linted.experiments + len(experiments), linted.passed_over, len(silenced.suppressed)
    )
    return Run(silenced, counts, looked, sources, settings, law)


def stopped(failure: InputError, workspace: Workspace | None) -> Run:
    """Give what stopped a look before it began, as a run that found that alone."""
    prefix = "" if workspace is None else _from_here(workspace.home)
    sources = {} if workspace is None else {prefix + path: data for path, data in workspace.sources.items()}
    found = tuple(_from(each, prefix) for each in failure.diagnostics)
    return Run(Silenced(found, (), 0), lint.Counts(), (), sources, lint.NO_SETTINGS, KGENS)


def moved(asked: Gathered, workspace: Workspace | None, now: Sources) -> tuple[Gathered, Workspace | None]:
    """Give what is asked for with other contents: `now` are all files, by their path from here."""
    files = {path: now[path] for path in asked.files}
    if workspace is None:
        return asked._replace(files=files), None
    prefix = _from_here(workspace.home)
    sources = {path: now[prefix + path] for path in workspace.sources}
    return asked._replace(files=files), workspace_of(workspace.home, sources)


def _target(own: Node | None, options: Options) -> Target:
    target = target_of(get(own, "target"))
    registered = (*target.registered, *options.registered)
    katib, kubernetes = options.katib or target.katib, options.kubernetes or target.kubernetes
    return target._replace(katib=katib, kubernetes=kubernetes, registered=registered)


def _rendered(asked: Gathered, workspace: Workspace, law: Law) -> list[Rendered]:
    """Render the environments, and the specs that are asked for by themselves."""
    sources = workspace.sources
    out = [*render_all(sources, asked.environments, (), law=law, allow_empty=True)]
    specs = list(asked.specs)
    if asked.everything:
        run = {e.spec.file for each in out for e in each.experiments}
        passed = manifests_among(sources)
        specs = [n for n in Kind.SPEC.names(sources) if n not in passed and not _files(n) & run]
        specs = [] if _unread(out) else specs
    if specs:
        with evaluator(sources) as evaluate:
            out += [render_alone(sources, name, evaluate=evaluate, law=law) for name in specs]
    return out


def _files(spec: str) -> set[str]:
    return {f"experiments/{spec}{suffix}" for suffix in (".yaml", ".yml", ".jsonnet")}


def _unread(rendered: Iterable[Rendered]) -> bool:
    """Whether something could not be read or laid together, so that not all that was asked for was looked at."""
    return any(not can_be_silenced(d.code) for each in rendered for d in each.diagnostics)


def _from_here(home: str) -> str:
    """Give what leads from the current folder to a workspace's root: "" if it is that."""
    way = os.path.relpath(home).replace(os.sep, "/")
    return "" if way == "." else f"{way}/"


def _from(diagnostic: Diagnostic, prefix: str) -> Diagnostic:
    return placed(diagnostic, lambda file: prefix + file) if prefix else diagnostic


def placed(diagnostic: Diagnostic, place: Callable[[str], str]) -> Diagnostic:
    """Give a finding with its places in files written another way."""
    if place is str:
        return diagnostic

    def moved(span: Span) -> Span:
        return span._replace(file=place(span.file)) if is_in_file(span) else span

    related = tuple(r._replace(span=moved(r.span)) for r in diagnostic.related)
    return diagnostic._replace(span=moved(diagnostic.span), related=related)


def _once(found: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Say once what is wrong with a line, however many environments run it."""
    kept: dict[tuple[object, ...], Diagnostic] = {}
    for diagnostic in sorted(found, key=lambda d: (d.order, d.object or ())):
        kept.setdefault(diagnostic.order, diagnostic)
    return list(kept.values())


def _looked(manifest: Node, prefix: str) -> lint.Looked:
    span = manifest.span._replace(file=prefix + manifest.span.file)
    return lint.Looked(span, object_of(manifest))
