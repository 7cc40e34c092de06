"""RFC 6902 on finished objects: the six operations, and what is said where one does not fit."""

from __future__ import annotations

from typing import Any

import pytest

from kgen.model.diagnostic import Diagnostic
from kgen.model.node import Node, Span, get, make, plain
from kgen.stages.patch import patch, unused

OBJECT = {
    "kind": "ConfigMap",
    "metadata": {"name": "a-12345678", "labels": {"team": "ml"}, "annotations": {"a/b": "1", "c~d": "2"}},
    "spec": {"list": [1, 2, 3], "text": "x", "empty": {}},
}
FROM, HERE = Span("object", 1, 1), Span("overlays/p.yaml", 4, 7)


def apply(*operations: dict[str, Any], **patch_keys: Any) -> tuple[Node, list[Diagnostic], set[str]]:
    problems: list[Diagnostic] = []
    hit: set[str] = set()
    node = make({"target": {"kind": "ConfigMap"}, **patch_keys, "ops": list(operations)}, HERE)
    return patch(make(OBJECT, FROM), "a", (node,), hit, problems), problems, hit


@pytest.mark.parametrize(
    ("operation", "path", "value"),
    [
        pytest.param({"op": "add", "path": "/spec/new", "value": 1}, ("spec", "new"), 1, id="add a key"),
        pytest.param({"op": "add", "path": "/spec/text", "value": 1}, ("spec", "text"), 1, id="add over a key"),
        pytest.param(
            {"op": "add", "path": "/spec/list/1", "value": 9}, ("spec", "list"), [1, 9, 2, 3], id="add before"
        ),
        pytest.param({"op": "add", "path": "/spec/list/3", "value": 9}, ("spec", "list"), [1, 2, 3, 9], id="add after"),
        pytest.param({"op": "add", "path": "/spec/list/-", "value": 9}, ("spec", "list"), [1, 2, 3, 9], id="add at -"),
        pytest.param(
            {"op": "add", "path": "/spec/empty/x", "value": None}, ("spec", "empty"), {"x": None}, id="add null"
        ),
        pytest.param({"op": "add", "path": "/spec/", "value": 1}, ("spec", ""), 1, id="the empty key is a key"),
        pytest.param({"op": "remove", "path": "/spec/text"}, ("spec", "text"), None, id="remove a key"),
        pytest.param({"op": "remove", "path": "/spec/list/0"}, ("spec", "list"), [2, 3], id="remove an item"),
        pytest.param({"op": "replace", "path": "/spec/text", "value": "y"}, ("spec", "text"), "y", id="replace a key"),
        pytest.param({"op": "replace", "path": "/spec/list/2", "value": 9}, ("spec", "list"), [1, 2, 9], id="an item"),
        pytest.param({"op": "move", "from": "/spec/text", "path": "/spec/new"}, ("spec", "new"), "x", id="move"),
        pytest.param(
            {"op": "move", "from": "/spec/list/0", "path": "/spec/list/-"}, ("spec", "list"), [2, 3, 1], id="in a list"
        ),
        pytest.param({"op": "copy", "from": "/spec/list", "path": "/spec/new"}, ("spec", "new"), [1, 2, 3], id="copy"),
        pytest.param({"op": "test", "path": "/spec/list", "value": [1, 2, 3]}, ("spec", "list"), [1, 2, 3], id="test"),
        pytest.param(
            {"op": "replace", "path": "/metadata/annotations/a~1b", "value": "9"},
            ("metadata", "annotations", "a/b"),
            "9",
            id="~1 is a slash",
        ),
        pytest.param(
            {"op": "replace", "path": "/metadata/annotations/c~0d", "value": "9"},
            ("metadata", "annotations", "c~d"),
            "9",
            id="~0 is a tilde",
        ),
        pytest.param(
            {"op": "add", "path": "/metadata/annotations/e~01", "value": "9"},
            ("metadata", "annotations", "e~1"),
            "9",
            id="~01 is ~1, no slash",
        ),
    ],
)
def test_an_operation(operation: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    done, problems, hit = apply(operation)
    found = get(done, *path)
    assert (None if found is None else plain(found)) == value
    assert not problems
    assert hit == {str(HERE)}


def test_what_a_patch_writes_is_the_patchs() -> None:
    done, _, _ = apply({"op": "replace", "path": "/spec/text", "value": "y"})
    written, kept = get(done, "spec", "text"), get(done, "spec", "list")
    assert written is not None
    assert kept is not None
    assert (written.span, kept.span, done.span) == (HERE, FROM, FROM)


def test_a_move_leaves_nothing_behind() -> None:
    done, _, _ = apply({"op": "move", "from": "/spec/text", "path": "/spec/new"})
    assert get(done, "spec", "text") is None


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        pytest.param(
            {"op": "remove", "path": "/spec/txt"},
            "`/spec` is a mapping without `txt`; it holds `list`, `text`, `empty`",
            id="no such key",
        ),
        pytest.param(
            {"op": "replace", "path": "/status", "value": 1}, "it is a mapping without `status`; it holds", id="root"
        ),
        pytest.param(
            {"op": "add", "path": "/spec/a/b", "value": 1}, "`/spec` is a mapping without `a`", id="no parent"
        ),
        pytest.param(
            {"op": "add", "path": "/spec/text/b", "value": 1}, "`/spec/text` is a text without `b`", id="a scalar"
        ),
        pytest.param(
            {"op": "remove", "path": "/spec/list/3"}, "`/spec/list` has no item 3: the last is 2", id="past the end"
        ),
        pytest.param(
            {"op": "add", "path": "/spec/list/4", "value": 1}, "has no item 4: the last is 3", id="past one more"
        ),
        pytest.param(
            {"op": "remove", "path": "/spec/list/-"}, "`/spec/list` is a list, and `-` is no index", id="- removed"
        ),
        pytest.param({"op": "add", "path": "/spec/list/01", "value": 1}, "and `01` is no index", id="a leading zero"),
        pytest.param({"op": "add", "path": "/spec/list/-1", "value": 1}, "and `-1` is no index", id="a negative index"),
        pytest.param({"op": "add", "path": "/spec/x"}, "`add` needs a `value`", id="no value"),
        pytest.param({"op": "copy", "path": "/spec/x"}, "`copy` needs a `from`", id="no from"),
        pytest.param(
            {"op": "move", "from": "/spec/z", "path": "/spec/x"}, "without `z`", id="a from that is not there"
        ),
        pytest.param(
            {"op": "test", "path": "/spec/text", "value": "y"}, "holds another value than the test asks for", id="test"
        ),
        pytest.param({"op": "remove", "path": ""}, "the whole object cannot be removed", id="everything"),
    ],
)
def test_what_does_not_fit(operation: dict[str, Any], message: str) -> None:
    done, (problem,), hit = apply(operation, {"op": "add", "path": "/spec/after", "value": 1})
    assert problem.message.startswith("the patch does not fit ConfigMap `a`: ")
    assert message in problem.message
    assert (problem.code, problem.span) == ("KG110", HERE)
    assert plain(done) == OBJECT, "what follows is left out"
    assert hit


@pytest.mark.parametrize(
    ("target", "is_one"),
    [
        pytest.param({}, True, id="every Experiment"),
        pytest.param({"name": "a"}, True, id="its name before hashing"),
        pytest.param({"name": "?"}, True, id="a glob"),
        pytest.param({"name": "a-12345678"}, False, id="not its name in the cluster"),
        pytest.param({"kind": "Secret"}, False, id="another kind"),
        pytest.param({"labels": {"team": "ml"}}, True, id="a label"),
        pytest.param({"labels": {"team": "ml", "x": "y"}}, False, id="all labels"),
    ],
)
def test_a_target(target: dict[str, Any], is_one: bool) -> None:
    problems: list[Diagnostic] = []
    hit: set[str] = set()
    node = make({"target": target, "ops": [{"op": "remove", "path": "/metadata/labels"}]}, HERE)
    done = patch(make({**OBJECT, "kind": "Experiment", "spec": {}}, FROM), "a", (node,), hit, problems)
    assert (get(done, "metadata", "labels") is None) is is_one
    assert bool(hit) is is_one
    assert not problems


EXPERIMENT = {
    "apiVersion": "kubeflow.org/v1beta1",
    "kind": "Experiment",
    "metadata": {"name": "a"},
    "spec": {"objective": {"type": "minimize"}, "maxTrialCount": 3, "trialTemplate": {"trialSpec": {"kind": "Job"}}},
}


@pytest.mark.parametrize(
    ("operation", "message"),
    [
        pytest.param({"op": "remove", "path": "/kind"}, "`kind` says which object it is", id="without a kind"),
        pytest.param(
            {"op": "replace", "path": "/kind", "value": "Secret"}, "`kind` says which object it is", id="another kind"
        ),
        pytest.param(
            {"op": "replace", "path": "/metadata/name", "value": "b"},
            "`metadata.name` says which object it is",
            id="another name",
        ),
        pytest.param({"op": "replace", "path": "", "value": 3}, "`apiVersion` says which", id="no object at all"),
        pytest.param({"op": "remove", "path": "/spec"}, "an Experiment needs its `spec`", id="without a spec"),
        pytest.param(
            {"op": "replace", "path": "/spec/objective", "value": "x"},
            "`spec.objective` must be a mapping, not a text",
            id="a text for a mapping",
        ),
        pytest.param(
            {"op": "add", "path": "/spec/maxTrialCout", "value": 3},
            "Katib knows no field `spec.maxTrialCout`, and would drop it without a word",
            id="a field that Katib would drop",
        ),
        pytest.param(
            {"op": "add", "path": "/spec/nasConfig", "value": {"operations": [{"operationTyp": "conv"}]}},
            "Katib knows no field `spec.nasConfig.operations[0].operationTyp`",
            id="a field of an item",
        ),
        pytest.param({"op": "add", "path": "/spec/maxTrialCount", "value": 4}, None, id="a field of Katib's"),
        pytest.param(
            {"op": "add", "path": "/spec/trialTemplate/trialSpec/anything", "value": 4}, None, id="the trial is free"
        ),
    ],
)
def test_what_a_patch_cannot_make_of_an_experiment(operation: dict[str, Any], message: str | None) -> None:
    problems: list[Diagnostic] = []
    node = make({"ops": [operation, {"op": "add", "path": "/metadata/labels", "value": {}}]}, HERE)
    done = patch(make(EXPERIMENT, FROM), "a", (node, node), set(), problems)
    if message is None:
        assert not problems
    else:
        assert message in problems[0].message
        assert plain(done) == EXPERIMENT


def test_a_patch_without_a_target_is_an_error_unless_it_is_optional() -> None:
    strict, loose = make({"ops": []}, HERE), make({"ops": [], "optional": True}, HERE)
    (found,) = unused((strict,), set())
    assert (found.code, found.message) == ("KG109", "the patch has no target in this environment")
    assert not unused((loose,), set())
    assert not unused((strict,), {str(HERE)})
