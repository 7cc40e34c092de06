"""An environment's name to its layers: their order, `extends`, `match`, and names that are there twice."""

from __future__ import annotations

from typing import Any

import pytest

from kgen.model.diagnostic import Diagnostic
from kgen.model.environment import Environment, Layer, Stack, layer_of
from kgen.model.node import Node, Span, make, text_of
from kgen.stages.resolve import resolve


class Files:
    """A workspace of plain data."""

    def __init__(self, **kinds: dict[str, Any]) -> None:
        self._kinds = kinds

    def settings(self) -> Node | None:
        found = self._kinds.get("settings")
        return None if found is None else make(found, Span("kgen.yaml", 1, 1))

    def environment(self, name: str, wanted_at: Span) -> Node | None:
        return self._get("environments", name, f"environments/{name}/environment.yaml")

    def overlay(self, name: str, wanted_at: Span) -> Node | None:
        return self._get("overlays", name, f"overlays/{name}.yaml")

    def experiments(self, name: str, wanted_at: Span) -> tuple[Node, ...]:
        found = self._get("experiments", name, f"experiments/{name}.yaml", name=name)
        return () if found is None else (found,)

    def _get(self, kind: str, key: str, file: str, **more: Any) -> Node | None:
        found = self._kinds.get(kind, {}).get(key)
        return None if found is None else make({**more, **found}, Span(file, 1, 1))


JOB: dict[str, Any] = {"trial": {"image": "a"}}
TORCH: dict[str, Any] = {"trial": {"kind": "PyTorchJob"}, "labels": {"team": "ml"}}


def resolved(
    name: str, environments: dict[str, Any], overlays: dict[str, Any] | None = None, **more: Any
) -> tuple[Environment, tuple[Stack, ...], list[Diagnostic]]:
    problems: list[Diagnostic] = []
    experiments = {"job": JOB, "torch": TORCH, **more.pop("experiments", {})}
    files = Files(environments=environments, overlays=overlays or {}, experiments=experiments, **more)
    top = (Layer(make({"a": 1}, Span("--set a=1", 1, 1)), overlay=False),)
    environment, stacks = resolve(files, name, top, problems)
    return environment, stacks, problems


def layers(stack: Stack) -> list[str]:
    return [layer_of(layer.tree.span) for layer in stack.layers]


def test_the_order_of_layers() -> None:
    base = {"overlays": ["one"], "experiments": [{"name": "job", "overlays": ["two"], "experiment": {"trials": {}}}]}
    prod = {
        "extends": ["base"],
        "overlays": ["three"],
        "experiments": ["torch", {"name": "job", "overlays": ["four"], "experiment": {"trials": {}}}],
    }
    overlays: dict[str, Any] = {name: {} for name in ("one", "two", "three", "four")}
    _, stacks, problems = resolved("prod", {"base": base, "prod": prod}, overlays)
    assert not problems
    assert [stack.name for stack in stacks] == ["job", "torch"]
    assert layers(stacks[0]) == [
        "overlay one",
        "overlay two",
        "environment base",
        "overlay three",
        "overlay four",
        "environment prod",
        "command line",
    ]
    assert layers(stacks[1]) == ["overlay one", "overlay three", "command line"]


def test_what_is_extended_twice_is_laid_once() -> None:
    environments = {
        "base": {"overlays": ["one"]},
        "left": {"extends": ["base"]},
        "right": {"extends": ["base"]},
        "prod": {"extends": ["left", "right"], "experiments": ["job"]},
    }
    _, (stack,), problems = resolved("prod", environments, {"one": {}})
    assert not problems
    assert layers(stack) == ["overlay one", "command line"]


def test_a_later_environment_wins() -> None:
    environments = {
        "base": {
            "namespace": "low",
            "naming": "hashed",
            "history": "keep",
            "resources": ["a.yaml"],
            "target": {"katib": "0.17"},
        },
        "prod": {"extends": ["base"], "namespace": "high", "resources": ["../base/a.yaml", "b.yaml"]},
    }
    settings = {"target": {"katib": "0.18", "kubernetes": "1.30"}, "output": "out/"}
    environment, _, problems = resolved("prod", environments, settings=settings)
    assert not problems
    assert environment.namespace is not None
    assert text_of(environment.namespace) == "high"
    assert environment.hashed
    assert environment.output == "out"
    assert (environment.target.katib, environment.target.kubernetes) == ("0.17", "1.30")
    assert [text_of(r) for r in environment.resources] == ["environments/base/a.yaml", "environments/prod/b.yaml"]


def test_a_circle_is_refused() -> None:
    environments = {"a": {"extends": ["b"]}, "b": {"extends": ["c"]}, "c": {"extends": ["b"]}}
    _, _, (found,) = resolved("a", environments)
    assert (found.code, found.message) == ("KG103", "`b` extends `c` extends `b`: a circle")
    assert found.span.file == "environments/c/environment.yaml"


@pytest.mark.parametrize(
    ("match", "hit"),
    [
        pytest.param({"names": ["jo*"]}, ["job"], id="a glob"),
        pytest.param({"names": ["x", "torch"]}, ["torch"], id="any of several names"),
        pytest.param({"kinds": ["Job"]}, ["job"], id="Job is the kind of a spec that names none"),
        pytest.param({"kinds": ["PyTorchJob", "TFJob"]}, ["torch"], id="any of several kinds"),
        pytest.param({"kinds": ["Workflow"]}, ["flow"], id="the kind of a template"),
        pytest.param({"labels": {"team": "ml"}}, ["torch"], id="a label"),
        pytest.param({"labels": {"team": "ml", "x": "y"}, "optional": True}, [], id="every label"),
        pytest.param({"names": ["torch"], "kinds": ["Job"], "optional": True}, [], id="every condition"),
        pytest.param({}, ["job", "torch", "flow"], id="no condition"),
    ],
)
def test_match(match: dict[str, Any], hit: list[str]) -> None:
    flow = {"trial": {"template": {"kind": "Workflow"}}}
    environments = {"prod": {"overlays": ["one"], "experiments": ["job", "torch", "flow"]}}
    _, stacks, problems = resolved("prod", environments, {"one": {"match": match}}, experiments={"flow": flow})
    assert not problems
    assert [stack.name for stack in stacks if "overlay one" in layers(stack)] == hit


def test_an_overlay_that_matches_nothing_is_an_error() -> None:
    environments = {"prod": {"overlays": ["one"], "experiments": ["job", "torch"]}}
    _, _, (found,) = resolved("prod", environments, {"one": {"match": {"names": ["x", "y"], "labels": {"a": "b"}}}})
    assert (found.code, found.span.file) == ("KG107", "overlays/one.yaml")
    assert found.message == "the overlay's `match` hits no experiment it is laid over"
    assert found.help == "mend names: [x, y], labels: {a: b}; or add `optional: true` to `match`"


@pytest.mark.parametrize(
    ("experiments", "specs", "message"),
    [
        pytest.param(["job", "job"], {}, "environment `prod` names experiment `job` twice", id="one entry twice"),
        pytest.param(
            ["job", "other"],
            {"other": {**JOB, "name": "job"}},
            "two experiments are named `job`",
            id="two specs, one name",
        ),
    ],
)
def test_a_name_that_is_there_twice(experiments: list[str], specs: dict[str, Any], message: str) -> None:
    _, _, (found,) = resolved("prod", {"prod": {"experiments": experiments}}, experiments=specs)
    assert (found.code, found.message) == ("KG106", message)
    assert found.related
