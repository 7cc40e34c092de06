"""What differs between two trees: the paths that people read, and the laws of it."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgen.model.difference import Hidden, differences, field_text, is_same
from kgen.model.node import NOWHERE, Node, make, plain


def said(before: Any, after: Any) -> list[str]:
    """Write each difference as `path: before -> after`."""
    found = differences(make(before, NOWHERE), make(after, NOWHERE))
    return [f"{field_text(d.path)}: {_shown(d.before)} -> {_shown(d.after)}" for d in found]


def _shown(node: Node | None) -> str:
    return "-" if node is None else repr(plain(node))


LR, MO = {"name": "lr", "max": "1"}, {"name": "mo", "max": "2"}
WIDE = {"name": "lr", "max": "9"}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param({"a": 1, "b": 2}, {"b": 2, "a": 1}, [], id="the order of keys is none"),
        pytest.param({"a": 1}, {"a": 1.0}, [], id="1 is 1.0"),
        pytest.param({"a": 1}, {"a": True}, ["a: 1 -> True"], id="1 is not true"),
        pytest.param({"a": 1}, {"a": "1"}, ["a: 1 -> '1'"], id="a number is no text"),
        pytest.param({"a": 0}, {"a": False}, ["a: 0 -> False"], id="0 is not false"),
        pytest.param({"a": None}, {}, ["a: None -> -"], id="null is a value"),
        pytest.param({"a": {}}, {}, ["a: {} -> -"], id="so is an empty mapping"),
        pytest.param({"a": []}, {"a": {}}, ["a: [] -> {}"], id="a list is no mapping"),
        pytest.param({}, {"a": {"b": 1}}, ["a: - -> {'b': 1}"], id="what was added is one difference"),
        pytest.param({"a": {"b": 1}}, {"a": {"b": 2}}, ["a.b: 1 -> 2"], id="what changed is as deep as can be"),
        pytest.param(
            {"labels": {"x": "1"}}, {}, ["labels.x: '1' -> -"], id="a label is removed by itself, even the last one"
        ),
        pytest.param({"p": [LR]}, {"p": [MO, LR]}, [f"p[mo]: - -> {MO!r}"], id="an item that was inserted is one"),
        pytest.param({"p": [LR, MO]}, {"p": [MO]}, [f"p[lr]: {LR!r} -> -"], id="an item that was removed is one"),
        pytest.param({"p": [LR, MO]}, {"p": [WIDE, MO]}, ["p[lr].max: '1' -> '9'"], id="an item is known by name"),
        pytest.param(
            {"p": [LR, MO]}, {"p": [MO, LR]}, ["p (order): ['lr', 'mo'] -> ['mo', 'lr']"], id="order alone shows"
        ),
        pytest.param(
            {"p": [LR, MO]},
            {"p": [MO, WIDE]},
            ["p[lr].max: '1' -> '9'", "p (order): ['lr', 'mo'] -> ['mo', 'lr']"],
            id="order shows beside what changed",
        ),
        pytest.param({"p": [LR, LR]}, {"p": [LR, WIDE]}, ["p[1].max: '1' -> '9'"], id="one name twice: by place"),
        pytest.param({"p": []}, {"p": [LR]}, [f"p[lr]: - -> {LR!r}"], id="a list that was empty"),
        pytest.param(
            {"volumeMounts": [{"name": "a", "mountPath": "/x"}]},
            {"volumeMounts": [{"name": "b", "mountPath": "/x"}]},
            ["volumeMounts[/x].name: 'a' -> 'b'"],
            id="a mount is known by its path",
        ),
        pytest.param(["a", "b", "c"], ["a", "x", "b", "c"], ["[1]: - -> 'x'"], id="an argument that was inserted"),
        pytest.param(["a", "b", "c"], ["a", "c"], ["[1]: 'b' -> -"], id="an argument that was removed"),
        pytest.param(["a", "b"], ["b", "a"], ["[0]: 'a' -> 'b'", "[1]: 'b' -> 'a'"], id="arguments that swapped"),
        pytest.param(["a", "a"], ["a"], ["[1]: 'a' -> -"], id="the same argument twice, then once"),
        pytest.param({"a/b": 1}, {"a/b": 2}, ['["a/b"]: 1 -> 2'], id="an odd key is in brackets"),
    ],
)
def test_what_differs(before: Any, after: Any, expected: list[str]) -> None:
    assert said(before, after) == expected


def test_a_credential_shows_that_it_changed_and_nothing_else() -> None:
    one, same, other = Hidden("swordfish"), Hidden("swordfish"), Hidden("haddock")
    assert (one == same, one == other, one == "swordfish", one == "***", hash(one) == hash(same)) == (
        True,
        False,
        False,
        False,
        True,
    )
    assert f"{one} {one!r} {vars(one)}".count("swordfish") == 0
    nodes = (Node({"a": Node(each, NOWHERE)}, NOWHERE) for each in (one, other))
    (found,) = differences(*nodes)
    assert (found.before, found.after) == (Node(one, NOWHERE), Node(other, NOWHERE))


SCALARS = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "a", "1", 0.5, 1.0])
KEYS = st.sampled_from(["name", "a", "b", "labels", "volumeMounts"])
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=12
)


def reversed_keys(tree: Any) -> Any:
    """Turn the order of every mapping's keys round."""
    if isinstance(tree, dict):
        return {key: reversed_keys(tree[key]) for key in reversed(tree)}
    return [reversed_keys(item) for item in tree] if isinstance(tree, list) else tree


@settings(deadline=None)
@given(TREES)
def test_a_tree_differs_in_nothing_from_itself(tree: Any) -> None:
    assert said(tree, reversed_keys(copy.deepcopy(tree))) == []


@settings(deadline=None)
@given(TREES, TREES)
def test_something_differs_exactly_where_two_trees_are_not_the_same(one: Any, other: Any) -> None:
    assert (said(one, other) == []) is is_same(make(one, NOWHERE), make(other, NOWHERE))


@settings(deadline=None)
@given(TREES, TREES)
def test_both_ways_as_much_differs(one: Any, other: Any) -> None:
    there = {(d.path, d.before is None, d.after is None) for d in differences(make(one, NOWHERE), make(other, NOWHERE))}
    back = {(d.path, d.after is None, d.before is None) for d in differences(make(other, NOWHERE), make(one, NOWHERE))}
    assert there == back
