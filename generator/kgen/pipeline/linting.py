"""Plain manifests through the stages: read, admit as the server would, check."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from kgen.katib.admission import admit
from kgen.katib.types import manifest as type_of
from kgen.katib.v1beta1 import API_VERSION
from kgen.model.diagnostic import Diagnostic
from kgen.model.environment import Target
from kgen.model.lint import Looked
from kgen.model.node import object_of
from kgen.model.policies import NO_POLICIES, Policies
from kgen.model.sources import Sources
from kgen.pipeline.law import KGENS, Law
from kgen.rules.structure import api_is_served, values_are_of_their_type
from kgen.rules.subject import read
from kgen.stages.check import Case, Thing, check, check_things, in_blocks
from kgen.stages.survey import Found, survey

# Groups whose objects rules look at without a table of types.
_GROUPS = ("argoproj.io/", "bitnami.com/", "external-secrets.io/", "kustomize.config.k8s.io/")


class Linted(NamedTuple):
    """What was found in a set of files, and how much there was to look at."""

    diagnostics: tuple[Diagnostic, ...]
    looked: tuple[Looked, ...] = ()  # every object of a kind that something is known of
    experiments: int = 0
    passed_over: int = 0  # documents and objects that nothing is known of


def lint(
    files: Sources,
    target: Target,
    policies: Policies = NO_POLICIES,
    law: Law = KGENS,
    named: frozenset[str] = frozenset(),
) -> Linted:
    """Check every object in files of plain manifests; `named` are those that were asked for by name."""
    found = survey(files, named)
    current = [each for each in found.experiments if _is_whole(each.plain)]
    broken = [each for each in found.experiments if not _is_whole(each.plain)]
    checked = check(_cases(current, target, policies), law.rules, law.of_all)
    of_broken = check(_cases(broken, target, policies), (api_is_served, values_are_of_their_type), ())
    things = tuple(Thing(each.object, each.plain, each.within) for each in found.others)
    problems = {
        *found.problems,
        *checked.diagnostics,
        *of_broken.diagnostics,
        *check_things(things, checked.subjects, target, law.objects, law.of_run),
    }
    known = tuple(each for each in found.others if _is_known(each, target))
    return Linted(
        tuple(sorted(problems, key=lambda d: d.order)),
        tuple(Looked(each.object.span, object_of(each.object)) for each in (*found.experiments, *known)),
        len(found.experiments),
        found.passed_over + len(found.others) - len(known),
    )


def _is_whole(given: Any) -> bool:
    """Whether more can be said of an Experiment than that it is of another API, or that its spec is none."""
    return given.get("apiVersion") == API_VERSION and isinstance(given.get("spec", {}), dict)


def _is_known(found: Found, target: Target) -> bool:
    """Whether any rule knows such an object; what nothing knows is passed over."""
    return found.api.startswith(_GROUPS) or type_of(found.api, found.kind, target.kubernetes) is not None


def _cases(experiments: list[Found], target: Target, policies: Policies) -> Iterator[Case]:
    """Yield Experiments as rules see them; each step is done for a block of them before the next."""
    for block in in_blocks(experiments):
        plain: list[Any] = [each.plain for each in block]
        admitted = [admit(each.object, target, given) for each, given in zip(block, plain, strict=True)]
        subjects = [
            read(made.plain(), target, given=given, plain=True, flaws=made.flaws, policies=policies, words=made.words)
            for made, given in zip(admitted, plain, strict=True)
        ]
        for each, subject in zip(block, subjects, strict=True):
            yield Case(subject, each.object, each.object.span, each.within)
