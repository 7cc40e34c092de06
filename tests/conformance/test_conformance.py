"""kgen beside what Katib's own code, and Argo CD's, was recorded to say; README.md tells how."""

from __future__ import annotations

import json
import os
from collections import Counter
from functools import lru_cache

import drift
import oracle
import pytest
from agreement import Judged, mirrored, table
from judged import katibs, kgens, question
from recorded import DRIFT, MANIFESTS, is_kept, rows

from kgen.katib.admission import admit
from kgen.model.environment import Target
from kgen.model.node import NOWHERE, make, plain

SHOWN = 25


@lru_cache(maxsize=1)
def judged() -> tuple[Judged, ...]:
    """Every kept mutant with both verdicts."""
    return tuple(Judged(row.mutant, row.verdict, kgens(row.mutant.object)) for row in rows())


def test_there_are_manifests_and_mutants_enough() -> None:
    by_manifest = Counter(each.mutant.id.split(":")[0] for each in judged())
    assert set(by_manifest) == {file.stem for file in MANIFESTS.glob("*.yaml")}
    assert len(by_manifest) >= 20
    assert min(by_manifest.values()) >= 25
    assert sum(by_manifest.values()) >= 5000


@pytest.mark.parametrize("kind", ["false accept", "false reject", "admitted otherwise"])
def test_no_mutant_is_judged_otherwise(kind: str) -> None:
    found = [each for each in judged() if each.difference == kind]
    assert not found, "\n".join(
        f"{each.mutant.id}: Katib {each.katib.reasons}, kgen {each.kgen.reasons}" for each in found[:SHOWN]
    )


def test_every_rule_that_mirrors_a_refusal_is_hit() -> None:
    hit = {code for each in judged() for code in each.kgen.reasons}
    assert set(mirrored()) - hit == set()


def test_the_table_names_every_rule_that_mirrors_a_refusal() -> None:
    assert [line.split()[1] for line in table(judged()).splitlines()[2:] if line.startswith("| KG")] == list(mirrored())


@pytest.mark.parametrize(("name", "said"), json.loads(DRIFT.read_text("utf-8")).items())
def test_argo_cd_says_what_is_expected(name: str, said: list[str]) -> None:
    assert said == drift.expected(name)


def test_the_comparison_can_fail() -> None:
    """By each strategy something drifts, and something is in sync."""
    for said in zip(*json.loads(DRIFT.read_text("utf-8")).values(), strict=True):
        assert set(said) == {drift.SYNCED, drift.DRIFTS}


@pytest.mark.parametrize(
    ("name", "manifest"), list(drift.rendered()), ids=lambda value: value if type(value) is str else ""
)
def test_what_is_rendered_is_what_katib_holds(name: str, manifest: dict[str, object]) -> None:
    assert plain(admit(make(manifest, NOWHERE), Target()).manifest) == manifest, name


@pytest.mark.skipif("KGEN_LIVE" not in os.environ, reason="takes some minutes: set KGEN_LIVE=1, or run run.py")
def test_live() -> None:
    try:
        program = oracle.build()
    except oracle.NotAvailable as reason:
        pytest.skip(str(reason))
    kept = [row for row in rows() if is_kept(row.mutant)]
    answers = oracle.ask(program, (question(row.mutant.object) for row in kept))
    assert [katibs(answer) for answer in answers] == [row.verdict for row in kept]
