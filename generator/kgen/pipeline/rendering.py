"""A workspace through the stages, in order, to the manifests of an environment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from kgen.katib.admission import admit
from kgen.katib.trialkinds import kinds_for
from kgen.katib.trialkinds.kind import TrialKind
from kgen.model import lint as settings
from kgen.model.argocd import is_in_set
from kgen.model.codes import can_be_silenced
from kgen.model.diagnostic import Diagnostic, InputError, Severity, error
from kgen.model.environment import Environment, Layer, Stack, Target
from kgen.model.experiment import Delivery, Expanded, Manifest, Rendered, Trial
from kgen.model.flags import Script
from kgen.model.merge import merge
from kgen.model.node import FieldPath, Node, Span, fields, get, is_true, items, leaves, plain, text_of
from kgen.model.policies import Policies
from kgen.model.sources import Sources
from kgen.pipeline.law import KGENS, Law
from kgen.rules.subject import read
from kgen.stages import deliver as delivery
from kgen.stages import patch as patching
from kgen.stages.application import application
from kgen.stages.build import build
from kgen.stages.check import Case, Thing, check, check_things
from kgen.stages.compose import compose
from kgen.stages.default import default
from kgen.stages.emit import emit
from kgen.stages.expand import expand
from kgen.stages.load import Evaluate, Library, load_setting
from kgen.stages.place import place
from kgen.stages.resolve import resolve, target_of
from kgen.stages.script import scripts
from kgen.stages.secrets import secrets
from kgen.stages.silence import silence
from kgen.stages.unfold import unfold_overlay, unfold_spec

NOTHING, FILE_CLASH, NO_IMAGE, NO_EFFECT = "KG114", "KG113", "KG108", "KG107"
NO_LABEL, MAY_LACK_LABEL = delivery.NO_LABEL, "KG820"  # the second is what is said where nothing is known for sure


def render(
    sources: Sources,
    environment: str,
    *,
    settings: tuple[str, ...] = (),
    evaluate: Evaluate | None = None,
    allow_empty: bool = False,
    law: Law = KGENS,
) -> Rendered:
    """Make the manifests of one environment from the files of a workspace.

    Pure: equal bytes in, equal bytes out. `settings` are `key.path=value`, laid over everything.
    Where anything is wrong there are no files, as a sync would prune what is missing.
    """
    library = Library(sources, environment, evaluate or _evaluate)
    try:
        composed = _compose(library, _resolved(library, environment, settings))
        return _finish(composed, law, allow_empty=allow_empty)
    except InputError as failure:
        return Rendered(environment, failure.diagnostics)


def render_alone(
    sources: Sources, name: str, *, evaluate: Evaluate | None = None, law: Law = KGENS, target: Target | None = None
) -> Rendered:
    """Make what a compact spec is by itself, with no layer over it."""
    library = Library(sources, "", evaluate or _evaluate)
    try:
        composed = _compose(library, _by_itself(library, name, target))
        return _finish(composed, law, allow_empty=True)
    except InputError as failure:
        return Rendered("", failure.diagnostics)


def _finish(composed: _Composed, law: Law, *, allow_empty: bool) -> Rendered:
    manifests = _deliver(composed)
    experiments = _expand(composed)
    environment = composed.environment.name
    where, problems = composed.environment, composed.problems
    experiments, manifests = _patch(composed, experiments, manifests)
    lint = settings.read(get(composed.library.settings(), "lint"))
    problems.extend(settings.check(lint, law.codes))
    known = scripts((e.script for e in experiments), composed.library.sources, problems)
    checked = check((_case(e, where.target, lint.policies, known) for e in experiments), law.rules, law.of_all)
    problems.extend(checked.diagnostics)
    applied = (*(e.manifest for e in experiments), *(m.object for m in manifests))
    app = application(where, applied, problems)
    things = tuple(Thing(obj, plain(obj)) for obj in (*(m.object for m in manifests), *(() if app is None else (app,))))
    unlabelled = {problem.span.file for problem in problems if problem.code == NO_LABEL}
    judged = check_things(things, checked.subjects, where.target, law.objects, law.of_run)
    problems.extend(d for d in judged if d.code != MAY_LACK_LABEL or d.span.file not in unlabelled)
    if not experiments and not manifests and not allow_empty:
        message = f"environment `{environment}` renders to no manifest at all"
        problems.append(error(where.span, NOTHING, message, "add `experiments`; or ask for it with --allow-empty"))
    causes = {f"{e.name}.yaml": e for e in experiments}
    for manifest in manifests:
        if manifest.file in causes:
            message = f"an experiment and another object both go to `{manifest.file}`"
            problems.append(error(causes[manifest.file].spec, FILE_CLASH, message, "rename the experiment"))
    found = sorted(set(problems), key=lambda d: d.order)
    diagnostics, suppressed, _ = silence(found, composed.library.sources, lint, known_codes=law.codes, checked=())
    if any(d.severity is Severity.ERROR for d in diagnostics):
        return Rendered(
            environment,
            diagnostics,
            suppressed,
            experiments=experiments,
            output=where.output,
            objects=tuple(m.object for m in manifests),
            target=where.target,
        )
    files = {m.file: emit(m.object, f"{m.object.span.file} for environment {environment}") for m in manifests}
    for name, experiment in causes.items():
        files[name] = emit(experiment.manifest, f"{experiment.spec.file} for environment {environment}")
    return Rendered(
        environment,
        diagnostics,
        suppressed,
        dict(sorted(files.items())),
        None if app is None or is_in_set(composed.library.settings()) else emit(app, where.span.file),
        experiments,
        where.output,
        tuple(m.object for m in manifests),
        where.target,
        None if app is None else Delivery(where, app),
    )


class _Composed(NamedTuple):
    """An environment, and the composed tree of each of its experiments."""

    environment: Environment
    library: Library
    kinds: Mapping[str, TrialKind]
    trees: tuple[Node, ...]
    problems: list[Diagnostic]


def _case(experiment: Expanded, target: Target, policies: Policies, scripts: Mapping[str, Script]) -> Case:
    admitted = admit(experiment.manifest, target)
    whole = admitted.manifest is experiment.manifest  # what kgen renders is as Katib would have it, unless it is wrong
    manifest: Any = admitted.plain() if whole else plain(experiment.manifest)
    script = None if experiment.script is None else scripts.get(text_of(experiment.script))
    subject = read(
        manifest,
        target,
        experiment.name,
        flaws=admitted.flaws,
        policies=policies,
        script=script,
        words=admitted.words,
    )
    return Case(subject, experiment.manifest, experiment.spec)


def _resolved(library: Library, name: str, settings: tuple[str, ...]) -> tuple[Environment, tuple[Stack, ...]]:
    layers = tuple(Layer(load_setting(text), overlay=False) for text in settings)
    resolved = resolve(library, name, layers, library.problems)
    _stop_at(library.problems)
    return resolved


def _by_itself(library: Library, name: str, target: Target | None) -> tuple[Environment, tuple[Stack, ...]]:
    place = Span(f"experiments/{name}", 1, 1)
    specs = library.experiments(name, place)
    versions = target or target_of(get(library.settings(), "target"))
    _stop_at(library.problems)
    stacks = tuple(Stack(text_of(fields(spec)["name"]), spec, ()) for spec in specs)
    return Environment("", place, target=versions), stacks


def _compose(library: Library, resolved: tuple[Environment, tuple[Stack, ...]]) -> _Composed:
    environment, stacks = resolved
    problems = library.problems
    unfold = _Unfold(problems)
    trees = tuple(compose(unfold.spec(stack), unfold.layers(stack), problems) for stack in stacks)
    problems.extend(unfold.deleting_nothing())
    own = library.settings()
    environment = environment._replace(namespace=environment.namespace or _common_namespace(trees))
    kinds = kinds_for(environment.target.trainer, None if own is None else get(own, "trialKinds"))
    _stop_at(problems)
    return _Composed(environment, library, kinds, trees, problems)


def _common_namespace(trees: tuple[Node, ...]) -> Node | None:
    """Give the namespace that overlays set, where they set one for all experiments."""
    found = [get(tree, "namespace") for tree in trees]
    names = {text_of(node) if node is not None else "" for node in found}
    return found[0] if len(names) == 1 else None


class _Unfold:
    """Unfolds a layer once, however many experiments it is laid over."""

    def __init__(self, problems: list[Diagnostic]) -> None:
        self._problems = problems
        self._done: dict[int, tuple[Node, Node, tuple[FieldPath, ...]]] = {}
        self._deleted: dict[Span, tuple[FieldPath, bool]] = {}

    def spec(self, stack: Stack) -> Node:
        return unfold_spec(stack.spec, self._problems)

    def layers(self, stack: Stack) -> tuple[Node, ...]:
        found = tuple(self._layer(layer) for layer in stack.layers)
        if any(nulls for _, _, nulls in found):
            tree = self.spec(stack)
            for _, layer, nulls in found:
                for path in nulls:
                    span = (get(layer, *path) or layer).span
                    hit = get(tree, *path) is not None
                    self._deleted[span] = (path, hit or self._deleted.get(span, (path, False))[1])
                tree = merge(tree, layer)
        return tuple(layer for _, layer, _ in found)

    def deleting_nothing(self) -> Iterator[Diagnostic]:
        """Report each null that had nothing to delete in any experiment: a misspelt one deletes nothing for ever."""
        for span, (path, hit) in self._deleted.items():
            if not hit:
                message = f"this deletes nothing: no layer below has `{path[-1]}`"
                yield error(span, NO_EFFECT, message, "mend the name, or remove the line")

    def _layer(self, layer: Layer) -> tuple[Node, Node, tuple[FieldPath, ...]]:
        done = self._done.get(id(layer.tree))
        if done is None:
            change: Callable[[Node, list[Diagnostic]], Node] = unfold_overlay if layer.overlay else unfold_spec
            made = change(layer.tree, self._problems)
            loose = layer.overlay and is_true(get(layer.tree, "match", "optional"))
            nulls = () if loose else tuple(path for path, node in leaves(made) if node.value is None)
            if layer.overlay and not made.value:
                message = "the overlay changes nothing"
                self._problems.append(error(layer.tree.span, NO_EFFECT, message, "write what it sets, or remove it"))
            done = self._done[id(layer.tree)] = (layer.tree, made, nulls)
        return done


def _expand(composed: _Composed) -> tuple[Expanded, ...]:
    where, problems = composed.environment, composed.problems
    trials: list[Trial] = []
    out: list[Expanded] = []
    for tree in composed.trees:
        trial = build(tree, composed.kinds, problems)
        if trial is None:
            continue
        trials.append(trial)
        placed = place(tree, trial, problems)
        expanded = None if placed is None else expand(tree, placed, where, problems)
        if expanded is not None:
            manifest = default(expanded.manifest, composed.kinds, where.target, problems)
            out.append(expanded._replace(manifest=manifest, script=get(tree, "trial", "script")))
    _report_images(composed, trials)
    if any(not can_be_silenced(problem.code) for problem in problems):  # what only judges stops nothing yet
        raise InputError(problems)
    return tuple(out)


def _report_images(composed: _Composed, trials: list[Trial]) -> None:
    """Report every name in a registry section that spoke of no image in the environment."""
    hit = frozenset().union(*(trial.images for trial in trials))
    for tree in composed.trees:
        registry = get(tree, "registry")
        optional = fields(get(registry, "optional"))
        for key, what in (("images", "image"), ("mirror", "registry")):
            for name, node in fields(get(registry, key)).items():
                if name not in hit and name not in optional:
                    message = f"no {what} `{name}` is used by the experiments that this layer is laid over"
                    help_ = "mend the name, remove it, or add `optional: true` to `registry`"
                    problem = error(node.span, NO_IMAGE, message, help_)
                    if problem not in composed.problems:
                        composed.problems.append(problem)


def _patch(
    composed: _Composed, experiments: tuple[Expanded, ...], manifests: tuple[Manifest, ...]
) -> tuple[tuple[Expanded, ...], tuple[Manifest, ...]]:
    every = {text_of(fields(p)["id"]): p for tree in composed.trees for p in items(get(tree, "patches"))}
    if not every:
        return experiments, manifests
    hit: set[str] = set()
    done = []
    for experiment in experiments:
        manifest = experiment.manifest
        if experiment.patches:
            manifest = patching.patch(manifest, experiment.name, experiment.patches, hit, composed.problems)
            manifest = default(manifest, composed.kinds, composed.environment.target, composed.problems)
        done.append(experiment._replace(manifest=manifest))
    others = []
    for item in manifests:
        name = text_of(fields(get(item.object, "metadata"))["name"])
        obj = patching.patch(item.object, name, tuple(every.values()), hit, composed.problems)
        others.append(item._replace(object=obj))
    composed.problems.extend(patching.unused(tuple(every.values()), hit))
    return tuple(done), tuple(others)


def _deliver(composed: _Composed) -> tuple[Manifest, ...]:
    where, problems = composed.environment, composed.problems
    made = secrets(where, composed.trees, composed.library.manifests, problems)
    return delivery.deliver(where, composed.trees, made, composed.library.manifests, problems)


def _stop_at(problems: list[Diagnostic]) -> None:
    if problems:
        raise InputError(problems)


def _evaluate(file: str, sources: Sources, environment: str) -> str:
    from kgen.codec import jsonnet  # noqa: PLC0415 - a workspace without Jsonnet does not pay for it

    return jsonnet.evaluate(file, sources, environment)
