"""What files of plain manifests hold."""

from __future__ import annotations

import pytest

from kgen.stages import survey as stage
from kgen.stages.survey import Survey, survey

EXPERIMENT = b"apiVersion: kubeflow.org/v1beta1\nkind: Experiment\nspec: {}\n"


def _said(found: Survey) -> list[str]:
    return [f"{d.span} {d.code} {d.message}" for d in found.problems]


def test_what_a_kustomization_lays_over_others_is_no_object_of_its_own() -> None:
    kustomization = (
        b"resources: [e.yaml]\npatches:\n- path: ../p.yaml\n- patch: x\npatchesStrategicMerge: [q.yaml, 3]\n"
    )
    names = ("k/e.yaml", "p.yaml", "k/q.yaml", "q.yaml")
    found = survey({"k/kustomization.yaml": kustomization, **dict.fromkeys(names, EXPERIMENT)})
    assert [each.object.span.file for each in found.experiments] == ["k/e.yaml", "q.yaml"]
    assert (found.passed_over, found.problems) == (3, ())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"kind: Experiment\nspec: {}\n", ["e.yaml:1:1 KG111 this Experiment has no `apiVersion`"]),
        (
            b"apiVersion: kubeflow.org/v1beta1\nspec: {}\n",
            ["e.yaml:1:1 KG111 this object of `kubeflow.org/v1beta1` has no `kind`"],
        ),
        (
            b"apiVersion: v1\nkind: List\nitems: [1, {kind: Experiment, spec: {}}]\n",
            ["e.yaml:3:12 KG111 this Experiment has no `apiVersion`"],
        ),
        (b"kind: Experiment\n", []),
        (b"kind: Deployment\nspec: {}\n", []),
    ],
)
def test_half_an_experiment_is_said(text: bytes, said: list[str]) -> None:
    assert _said(survey({"e.yaml": text})) == said


def test_half_an_experiment_is_said_once_where_it_is_named() -> None:
    assert len(survey({"e.yaml": b"kind: Experiment\nspec: {}\n"}, frozenset({"e.yaml"})).problems) == 1


def test_members_of_a_list_that_are_no_objects_are_counted() -> None:
    assert survey({"e.yaml": b"apiVersion: v1\nkind: List\nitems: [1, null, [a]]\n"}).passed_over == 3


def test_members_of_a_list_of_one_kind_need_not_say_it() -> None:
    listed = b"apiVersion: kubeflow.org/v1beta1\nkind: ExperimentList\nitems: [{metadata: {name: a}}, {kind: Job}]\n"
    found = survey({"e.yaml": listed})
    assert [(each.kind, each.api, each.within) for each in found.experiments] == [
        ("Experiment", "kubeflow.org/v1beta1", ("items", 0))
    ]
    assert found.passed_over == 1


def test_files_beside_manifests_may_be_named_with_them() -> None:
    files = {"e.yaml": EXPERIMENT, "kustomization.yaml": b"resources: [e.yaml]\n", "values.yaml": b"a: b\n"}
    assert survey(files, frozenset(files)).problems == ()
    assert len(survey({"values.yaml": b"a: b\n"}, frozenset({"values.yaml"})).problems) == 1


def test_more_than_fits_into_memory_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "MOST_VALUES", 8)
    found = survey({f"{name}.yaml": EXPERIMENT for name in "abc"})
    assert len(found.experiments) == 2
    assert [d.span.file for d in found.problems] == ["c.yaml"]
    assert "the files before it hold" in found.problems[0].message


def test_what_holds_no_object_takes_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "MOST_VALUES", 8)
    files = {"a.yaml": b"[1, 2, 3, 4, 5, 6, 7, 8, 9]\n", "b.yaml": EXPERIMENT}
    assert survey(files).problems == ()
