"""Edits of a text: what changes, that nothing else does, and what is refused instead of guessed."""

from __future__ import annotations

import copy
import json
import random
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgen.codec import edit as under_test
from kgen.codec import expected, layout, reader, writer
from kgen.codec.edit import CannotEdit, edit, edit_all
from kgen.codec.events import PurePython
from kgen.model.diagnostic import Edit, EditKind
from kgen.model.node import NOWHERE, FieldPath, make, plain


def put(path: str, value: Any) -> Edit:
    return Edit(EditKind.SET, steps(path), value)


def rename(path: str, name: str) -> Edit:
    return Edit(EditKind.RENAME, steps(path), name)


def remove(path: str) -> Edit:
    return Edit(EditKind.REMOVE, steps(path))


def move(path: str, to: str) -> Edit:
    return Edit(EditKind.MOVE, steps(path), to=steps(to))


def steps(path: str) -> FieldPath:
    return tuple(int(step) if step.isdigit() else step for step in path.split(" "))


def row(before: str, change: Edit | tuple[Edit, ...], after: str, id: str) -> Any:
    return pytest.param(before, change, after, id=id)


SET = [
    row("a: 1\n", put("a", "1"), 'a: "1"\n', "a number gets quotes"),
    row("a: 1 # why\nb: 2\n", put("a", "1"), 'a: "1" # why\nb: 2\n', "a comment behind the value stays"),
    row("a: 1\t\t# why\n", put("a", "x"), "a: x\t\t# why\n", "so do tabs before it"),
    row("a:    1\n", put("a", 2), "a:    2\n", "spaces before the value stay"),
    row("a: 'x'\n", put("a", "w"), "a: w\n", "a quoted text is written as the writer would"),
    row('a: "x\n  y"\nb: 1\n', put("a", "z"), "a: z\nb: 1\n", "a quoted text over two lines"),
    row("a:\n  x\nb: 1\n", put("a", "z"), "a:\n  z\nb: 1\n", "a value on the line below its key"),
    row("a:\nb: 1\n", put("a", "z"), "a: z\nb: 1\n", "a value that is left out"),
    row("a: # none\nb: 1\n", put("a", "z"), "a: z # none\nb: 1\n", "the same before a comment"),
    row("a:\n-\n- 2\n", put("a 0", "z"), "a:\n- z\n- 2\n", "an item that is left out"),
    row("a: |\n  x\n\n  y\nb: 1\n", put("a", "z"), "a: z\nb: 1\n", "a block scalar"),
    row("a: >- # c\n  x\n# d\nb: 1\n", put("a", "z"), "a: z # c\n# d\nb: 1\n", "a block scalar's comments"),
    row("a: 1 # c\nb: 2\n", put("a", "x\ny\n"), "a: | # c\n  x\n  y\nb: 2\n", "a text of several lines"),
    row("a: [1, 2] # c\n", put("a 1", "2"), 'a: [1, "2"] # c\n', "an item in brackets"),
    row("a: [x, y]\n", put("a 0", "b, c"), 'a: ["b, c", y]\n', "a comma in brackets gets quotes"),
    row("a: {b: 1}\n", put("a b", [1, {"c": None}]), "a: {b: [1, {c: null}]}\n", "flow form within braces"),
    row("a:\n  - 1 # c\n  - 2\n", put("a 0", "1"), 'a:\n  - "1" # c\n  - 2\n', "an item of a list"),
    row(
        "가: 🎉 # 값\n나: {다: 한글, lr: 1} # 🎉\n",
        put("나 lr", "1"),
        '가: 🎉 # 값\n나: {다: 한글, lr: "1"} # 🎉\n',
        "한글",
    ),
    row("a: 1\r\nb: 2 # c\r\n", put("b", "2"), 'a: 1\r\nb: "2" # c\r\n', "carriage returns"),
    row("\ufeffa: 1\n", put("a", "1"), '\ufeffa: "1"\n', "a byte order mark"),
    row("a: 1", put("a", "1"), 'a: "1"', "no line break at the end"),
    row("--- # c\na: 1\n...\n# e\n", put("a", 2), "--- # c\na: 2\n...\n# e\n", "document markers"),
    row("%YAML 1.2\n---\na: 1\n", put("a", 2), "%YAML 1.2\n---\na: 2\n", "a directive"),
    row("a: 1\nb: &x 2\nc: *x\n", put("a", "1"), 'a: "1"\nb: &x 2\nc: *x\n', "anchors elsewhere stay"),
    row(
        "a: 5 # c\nb: 1\n",
        put("a", {"x": 1, "w": [2]}),
        "a: # c\n  x: 1\n  w:\n  - 2\nb: 1\n",
        "a mapping for a scalar",
    ),
    row(
        "a:\n    x: 1\nb: 5\n", put("b", {"w": 2}), "a:\n    x: 1\nb:\n    w: 2\n", "its indentation is that of others"
    ),
    row("a:\n  - 1\nb: 5\n", put("b", [2]), "a:\n  - 1\nb:\n  - 2\n", "and a list's too"),
    row("a:\n- 5 # c\n", put("a 0", {"x": 1, "w": 2}), "a:\n- x: 1 # c\n  w: 2\n", "a mapping for an item"),
    row("a:\n  x: 1\n  w: 2\n# c\nb: 1\n", put("a", "z"), "a: z\n# c\nb: 1\n", "a scalar for a mapping"),
    row("a:\n  x: 1\nb: 1\n", put("a", {"w": [2]}), "a:\n  w:\n  - 2\nb: 1\n", "a mapping for a mapping"),
    row("a:\n- x: 1\n  w: 2\n- z\n", put("a 0", "w"), "a:\n- w\n- z\n", "a scalar for a mapping in a list"),
    row("a: [1] # c\n", put("a", {"x": 1}), "a: {x: 1} # c\n", "flow form stays flow form"),
    row("a: []\n", put("a", None), "a: null\n", "null for an empty list"),
    row("a:\n\n- 1\n", put("a", "x\ny"), 'a: "x\\ny"\n\n', "a text of several lines above an empty line"),
]

ADD = [
    row("a: 1\n", put("b", 2), "a: 1\nb: 2\n", "a key at the end"),
    row("a: 1", put("b", 2), "a: 1\nb: 2", "no line break at the end"),
    row(
        "a:\n  b: 1 # c\n# of d\nd: 1\n",
        put("a c", 2),
        "a:\n  b: 1 # c\n  c: 2\n# of d\nd: 1\n",
        "before others' comments",
    ),
    row(
        "a:\n    b:\n        c: |\n          x\n\nd: 1\n",
        put("a e", 2),
        "a:\n    b:\n        c: |\n          x\n    e: 2\n\nd: 1\n",
        "after a block scalar",
    ),
    row("a:\n- b: 1\n  c: 2\n- d\n", put("a 0 e", 3), "a:\n- b: 1\n  c: 2\n  e: 3\n- d\n", "in a mapping in a list"),
    row("a:\n  -   b: 1\n", put("a 0 e", 3), "a:\n  -   b: 1\n      e: 3\n", "under a key far from its dash"),
    row("- - a: 1\n", put("0 0 b", 2), "- - a: 1\n    b: 2\n", "in a list in a list"),
    row("a:\n  b:\n", put("a c", 1), "a:\n  b:\n  c: 1\n", "after a value that is left out"),
    row("a: {}\n", put("a b", 1), "a: {b: 1}\n", "in empty braces"),
    row("a: {b: 1} # c\n", put("a c", {"d": [1]}), "a: {b: 1, c: {d: [1]}} # c\n", "within braces"),
    row("a: {b: 1,}\n", put("a c", 2), "a: {b: 1, c: 2,}\n", "within braces with a last comma"),
    row("a: {\n  b: 1 # x\n}\n", put("a c", 2), "a: {\n  b: 1, # x\n  c: 2\n}\n", "within braces, a line each"),
    row("a: {\n  b: 1, # x\n}\n", put("a c", 2), "a: {\n  b: 1, # x\n  c: 2,\n}\n", "the same with a last comma"),
    row("a: {b: 1,\n  c: 2}\n", put("a d", 3), "a: {b: 1,\n  c: 2, d: 3}\n", "a brace behind the last entry"),
    row("a:\nb: 1\n", put("a c d", 2), "a:\n  c:\n    d: 2\nb: 1\n", "parents, under nothing"),
    row("a: null # n\nb: 1\n", put("a c", 2), "a: # n\n  c: 2\nb: 1\n", "under a null"),
    row("a: 1\n", put("b c d", "x"), "a: 1\nb:\n  c:\n    d: x\n", "parents"),
    row("a: 1\n", put("b 0 c", "x"), "a: 1\nb:\n- c: x\n", "a list on the way"),
    row("a:\n- 1\nb: 1\n", put("a 1", 2), "a:\n- 1\n- 2\nb: 1\n", "an item"),
    row(
        "a:\n  - 1 # c\n\nb: 1\n",
        put("a 1", {"x": 1, "w": 2}),
        "a:\n  - 1 # c\n  - x: 1\n    w: 2\n\nb: 1\n",
        "an item that is a mapping",
    ),
    row("a: [1]\n", put("a 1", 2), "a: [1, 2]\n", "an item in brackets"),
    row("a: []\n", put("a 0", 2), "a: [2]\n", "an item in empty brackets"),
    row(
        "a: 1\r\nb:\r\n  c: 2\r\n",
        put("b d", {"e": 1}),
        "a: 1\r\nb:\r\n  c: 2\r\n  d:\r\n    e: 1\r\n",
        "carriage returns",
    ),
    row("a:\n  b: x\n   y\nc: 1\n", put("a d", 1), "a:\n  b: x\n   y\n  d: 1\nc: 1\n", "after a text over two lines"),
    row("{} # c\n", put("a", 1), "{a: 1} # c\n", "in an empty document"),
    row(
        "a:\n  b: |+\n    x\n\n\nc: 1\n",
        put("a d", 2),
        "a:\n  b: |+\n    x\n\n\n  d: 2\nc: 1\n",
        "after lines that are kept",
    ),
]

REMOVE = [
    row("a: 1\nb: 2 # c\nd: 3\n", remove("b"), "a: 1\nd: 3\n", "with the comment on its line"),
    row("a: 1\n# above\nb: 2\nd: 3\n", remove("b"), "a: 1\n# above\nd: 3\n", "comments above stay"),
    row(
        "a: 1\nb:\n  c: 1\n  # in\n  d: |\n    x\n\n# after\ne: 1\n",
        remove("b"),
        "a: 1\n\n# after\ne: 1\n",
        "all of a mapping",
    ),
    row("a:\n- x: 1\n- w: 1\nb: 2\n", remove("a"), "b: 2\n", "a list at its key's column"),
    row("a:\n  b: 1 # c\nd: 1\n", remove("a b"), "a: {}\nd: 1\n", "the last entry"),
    row("a: # x\n  # y\n  b: 1\n", remove("a b"), "a: {} # x\n  # y\n", "the last entry under comments"),
    row("a: 1\n", remove("a"), "{}\n", "the last of all"),
    row("a:\n- b: 1 # c\n- d\n", remove("a 0 b"), "a:\n- {}\n- d\n", "the last entry of an item"),
    row("a:\n-\n  b: 1\n", remove("a 0 b"), "a:\n- {}\n", "the last entry below a dash"),
    row("a:\n- b: 1 # x\n  # c\n  d: 2\n", remove("a 0 b"), "a:\n- # c\n  d: 2\n", "the first entry of an item"),
    row("a:\n- b: 1\n  d: 2\n", remove("a 0 b"), "a:\n- d: 2\n", "the same without comments"),
    row("a:\n  - 1\n  - b: 2\n    c: 3\n  - 4\n", remove("a 1"), "a:\n  - 1\n  - 4\n", "an item"),
    row("a:\n- 1 # c\n", remove("a 0"), "a: []\n", "the last item"),
    row("- - 1\n  - 2\n- 3\n", remove("0 0"), "- - 2\n- 3\n", "the first item of a list in a list"),
    row("a: {b: 1, c: 2, d: 3} # x\n", remove("a b"), "a: {c: 2, d: 3} # x\n", "the first within braces"),
    row("a: {b: 1, c: 2, d: 3}\n", remove("a c"), "a: {b: 1, d: 3}\n", "one in the middle"),
    row("a: {b: 1, c: 2, d: 3 }\n", remove("a d"), "a: {b: 1, c: 2 }\n", "the last within braces"),
    row("a: {b: 1, c: 2,}\n", remove("a c"), "a: {b: 1, }\n", "the last before a comma"),
    row("a: { b: 1 }\n", remove("a b"), "a: {}\n", "the only one"),
    row("a: [1, [2, 3], 4]\n", remove("a 1 0"), "a: [1, [3], 4]\n", "an item in brackets"),
    row("a: {\n  b: 1, # x\n  # y\n  c: 2\n}\n", remove("a b"), "a: {\n  # y\n  c: 2\n}\n", "a line within braces"),
    row("a: {\n  b: 1, # x\n  c: 2 # z\n}\n", remove("a c"), "a: {\n  b: 1 # x\n}\n", "the last line within braces"),
    row("a: 1\nb: 2", remove("b"), "a: 1\n", "no line break at the end"),
    row("a: 1\r\nb: 2\r\nc: 3\r\n", remove("b"), "a: 1\r\nc: 3\r\n", "carriage returns"),
    row('a: 1\nb: "x\n y"\nc: 3\n', remove("b"), "a: 1\nc: 3\n", "a quoted text over two lines"),
    row("a: {b: 1,\n  c: 2}\n", remove("a b"), "a: {c: 2}\n", "the first of two lines within braces"),
    row("a: {b: 1, # x\n  c: 2}\n", remove("a b"), "a: {\n  c: 2}\n", "the same with a comment"),
]

RENAME = [
    row("a: 1 # c\n", rename("a", "b"), "b: 1 # c\n", "a key"),
    row("'a': 1\n", rename("a", "it's"), "'it''s': 1\n", "in its quotes"),
    row('x: {"a":1}\n', rename("x a", "b"), 'x: {"b":1}\n', "in its quotes, where they are needed"),
    row("a:\n- x: 1\n", rename("a 0 x", "y"), 'a:\n- "y": 1\n', "a name that some read as a boolean"),
    row("a: [{b: 1}]\n", rename("a 0 b", "c"), "a: [{c: 1}]\n", "within braces"),
    row("a  : 1\n", rename("a", "b"), "b  : 1\n", "spaces before the colon stay"),
]

MOVE = [
    row(
        'm:\n  labels:\n    a: 1\n    # why\n    i: "no" # c\n  x: 1\n',
        move("m labels i", "m annotations i"),
        'm:\n  labels:\n    a: 1\n  x: 1\n  annotations:\n    # why\n    i: "no" # c\n',
        "with its comments and quotes",
    ),
    row(
        "a:\n  b:\n    t: |\n      x\n        y\n\n      z\n    u: 1\nc:\n  d: 1\n",
        move("a b t", "c t"),
        "a:\n  b:\n    u: 1\nc:\n  d: 1\n  t: |\n    x\n      y\n\n    z\n",
        "a block scalar to the left",
    ),
    row(
        "a:\n  t: |\n    x\n\nb:\n    c:\n        d: 1\n",
        move("a t", "b c t"),
        "a: {}\n\nb:\n    c:\n        d: 1\n        t: |\n          x\n",
        "a block scalar to the right",
    ),
    row("a: 1\nb:\n  c: 1\n", move("a", "b a"), "b:\n  c: 1\n  a: 1\n", "a key of the document"),
    row("a: 1\nb:\n  c: 1 # x\n", move("b c", "c"), "a: 1\nb: {}\nc: 1 # x\n", "out of what is emptied"),
    row("a:\n- k: x\n  v: 1\n", move("a 0 k", "name"), "a:\n- v: 1\nname: x\n", "the first entry of an item, moved"),
    row("a: 1 # c\n", move("a", "b"), "b: 1 # c\n", "within one mapping it is a new name"),
    row("a: 1\nb: {}\n", move("a", "b a"), "b:\n  a: 1\n", "into empty braces"),
    row("a: 1 # c\nb: # d\n", move("a", "b x a"), "b: # d\n  x:\n    a: 1 # c\n", "under nothing"),
    row("a: x\nb: {c: 1}\n", move("a", "b a"), "b: {c: 1, a: x}\n", "into braces"),
    row("a: [x]\nb: {c: 1}\n", move("a", "b d a"), "b: {c: 1, d: {a: [x]}}\n", "into braces that are made"),
    row("a: x, y\nb: {c: 1}\n", move("a", "b a"), 'b: {c: 1, a: "x, y"}\n', "a comma into braces"),
    row("a:\n- x: 1\nb: {c: 1}\n", move("a", "b a"), "b: {c: 1, a: [{x: 1}]}\n", "a block into braces"),
    row("b: {c: '1', d: 2}\na: 1\n", move("b c", "c"), "b: {d: 2}\na: 1\nc: '1'\n", "out of braces"),
    row(
        "a:\n  l:\n  # one\n  - 1\n  - x: 2\n    w: 3\nb:\n    c: 1\n",
        move("a l", "b l"),
        "a: {}\nb:\n    c: 1\n    l:\n    # one\n    - 1\n    - x: 2\n      w: 3\n",
        "a list at its key's column",
    ),
    row(
        "m:\n  a: 1\n # odd\n  b: 2\nd:\n  e: 1\n",
        move("m b", "d b"),
        "m:\n  a: 1\n # odd\nd:\n  e: 1\n  b: 2\n",
        "a comment elsewhere stays",
    ),
    row(
        "m:\n  a: 'x\n  # q'\n  b: 2\nd: {}\n",
        move("m b", "d b"),
        "m:\n  a: 'x\n  # q'\nd:\n  b: 2\n",
        "what looks like a comment stays",
    ),
    row("# head\na: 1\nb:\n  c: 1\n", move("a", "b a"), "# head\nb:\n  c: 1\n  a: 1\n", "the head of a file stays"),
]

JSON = [
    row('{"a": 1}', put("a", "1"), '{"a": "1"}', "a value"),
    row(
        '{"a":{"b":1}}\n', put("a c", {"d": ["e"]}), '{"a":{"b":1,"c":{"d":["e"]}}}\n', "no spaces where there are none"
    ),
    row('{\n  "a": 1\n}\n', put("b", "on"), '{\n  "a": 1,\n  "b": "on"\n}\n', "a line each"),
    row('{\n  "a": 1,\n  "b": 2\n}\n', remove("b"), '{\n  "a": 1\n}\n', "no comma before the brace"),
    row('{\n  "a": 1,\n  "b": 2\n}\n', remove("a"), '{\n  "b": 2\n}\n', "the first line"),
    row('{"a": {"b": 1}, "c": {}}\n', move("a b", "c b"), '{"a": {}, "c": {"b": 1}}\n', "an entry moves"),
    row('{"a": 1}\n', rename("a", "b"), '{"b": 1}\n', "a key"),
    row('{"a": [\n\t1,\n\t2\n]}\n', put("a 0", "x"), '{"a": [\n\t"x",\n\t2\n]}\n', "tabs within brackets"),
]

SEVERAL = [
    row("a: 1\nb: 2\n", (put("a", "1"), put("b", "2")), 'a: "1"\nb: "2"\n', "two places"),
    row("a: 1\n", (put("b x", 1), put("b y", 2)), 'a: 1\nb:\n  x: 1\n  "y": 2\n', "one makes what the other needs"),
    row("a: 1\nb: 2\n", (remove("a"), rename("b", "a")), "a: 2\n", "one makes room for the other"),
    row("a: [1, 2, 3]\n", (remove("a 0"), remove("a 0")), "a: [3]\n", "each on what the one before left"),
    row("a:\n  b: 1\n  c: 2\n", (remove("a b"), remove("a c")), "a: {}\n", "all that there is"),
    row(
        "a: {x: 1}\nb: 2\n",
        (move("a x", "x"), move("b", "a b"), put("x", "1")),
        'a:\n  b: 2\nx: "1"\n',
        "moves and a value",
    ),
]


@pytest.mark.parametrize(("before", "change", "after"), [*SET, *ADD, *REMOVE, *RENAME, *MOVE, *JSON, *SEVERAL])
def test_edit(before: str, change: Edit | tuple[Edit, ...], after: str) -> None:
    changes = (change,) if isinstance(change, Edit) else change
    assert edit(before, 0, changes) == after


@pytest.mark.parametrize(("before", "change", "after"), [*SET, *ADD, *REMOVE, *RENAME, *MOVE, *JSON, *SEVERAL])
def test_the_parser_in_python_gives_the_same(
    before: str, change: Edit | tuple[Edit, ...], after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "\t" in before:
        pytest.skip("it refuses tabs that libyaml accepts")
    monkeypatch.setattr(layout, "PARSER", PurePython)
    assert edit(before, 0, (change,) if isinstance(change, Edit) else change) == after


@pytest.mark.parametrize(
    ("before", "change", "reason"),
    [
        row("a: &x 1\nb: *x\n", put("a", 2), "anchor", "a value with an anchor"),
        row("a: &x 1\nb: *x\n", put("b", 2), "alias", "an alias"),
        row("a: &x {b: 1}\nc: *x\n", put("c b", 2), "alias", "through an alias"),
        row("a: &x\n  b: 1\nc: *x\n", put("a b", 2), "repeats", "what an alias repeats"),
        row("a: &x\n  b: 1\nc: *x\n", remove("a"), "anchor", "an anchor that is needed"),
        row("a: &x {b: 1}\nc:\n  <<: *x\n", put("c b", 2), "merge key", "what a merge key brings"),
        row("a: !!str 1\n", put("a", 2), "tag", "a tag"),
        row("a: x\n  y\n", put("a", "z"), "several lines", "a plain text over two lines"),
        row("? a\n: 1\n", put("b", 2), "`? `", "a complex key"),
        row("? a\n: 1\nb: 2\n", remove("a"), "`? `", "a complex key removed"),
        row("a: {? b : 1, c: 2}\n", remove("a b"), "`? `", "a complex key within braces"),
        row("a: [b: 1]\n", put("a 0 c", 1), "no braces", "a pair within a list"),
        row("a: [b: 1]\n", remove("a 0 b"), "no braces", "the same removed"),
        row("-\ta: 1\n", put("0 b", 2), "not YAML", "a tab before the key"),
        row("a: 1\nb: 2\n", rename("a", "b"), "there is a `b`", "a name that is taken"),
        row("a: &x {b: 1}\nc:\n  <<: *x\n  d: 1\n", rename("c d", "b"), "there is a `b`", "a name that a merge brings"),
        row("a: 1\n", rename("b", "c"), "no field `b`", "a name that is not there"),
        row("a: 1\n", remove("b"), "no field `b`", "nothing to remove"),
        row("a: [1]\n", put("a 2", 1), "", "past the end of a list"),
        row("a: x\n", put("a b", 1), "", "a field of a text"),
        row("a: 1\nb:\n  a: 2\n", move("a", "b a"), "there is a `b.a`", "a place that is taken"),
        row("a: [1]\nb: {}\n", move("a 0", "b x"), "item of a list", "an item is not moved"),
        row("a: 1 # c\nb: {c: 1}\n", move("a", "b a"), "comments", "a comment into braces"),
        row("a: 1\n\ta: 2\n", put("a", 2), "", "no YAML"),
        row("a: 1\na: 2\n", put("a", 3), "written twice", "a key twice"),
        row("a: 1\rb: 2\r", put("a", 3), "carriage return", "lone carriage returns"),
        row("a: 1\n", put("b", float("inf")), "cannot be written", "no YAML for it"),
        row("a: |+\n  x\n\nb: 1\n", remove("b"), None, "lines that a block scalar keeps, and nothing is lost"),
        row("a: |\n  x", put("b", 1), "no safe edit", "a line break that would become part of a text"),
    ],
)
def test_what_is_not_clear_is_refused(before: str, change: Edit, reason: str | None) -> None:
    if reason is None:
        assert edit(before, 0, [change]) == "a: |+\n  x\n\n"
        return
    with pytest.raises(CannotEdit) as caught:
        edit(before, 0, [change])
    assert reason in str(caught.value)


def test_other_documents_stay_as_they_are() -> None:
    before = "# a\na: 1\n---\n# nothing\n--- # b\na:   1 # x\n...\n%YAML 1.2\n---\n{a: 1}\n"
    assert edit(before, 1, [put("a", 2)]) == before.replace("a:   1", "a:   2")
    assert edit(before, 2, [put("a", 2)]) == before.replace("{a: 1}", "{a: 2}")
    with pytest.raises(CannotEdit, match="no such document"):
        edit(before, 3, [put("a", 2)])


def test_a_fix_is_made_whole_or_not_at_all() -> None:
    text, reasons = edit_all("a: 1\nb: 2\n", [(0, [put("a", "1"), remove("c")]), (0, [put("b", "2")])])
    assert text == 'a: 1\nb: "2"\n'
    assert reasons == ("there is no field `c`", None)


def test_fixes_that_meet() -> None:
    fixes = [
        (0, [remove("l 0")]),
        (0, [put("l 1", "x")]),  # its number is another one now
        (0, [put("v", {"x": 1})]),
        (0, [put("v z", 1)]),
        (0, [remove("l 0")]),  # the same once more
        (0, [put("m a", 1)]),
        (0, [put("m b", 2)]),
    ]
    text, reasons = edit_all("l: [a, b]\nv: 1\n", fixes)
    assert text == "l: [b]\nv:\n  x: 1\nm:\n  a: 1\n  b: 2\n"
    assert [reason is None for reason in reasons] == [True, False, True, False, True, True, True]


def test_fixes_at_one_place_keep_their_order() -> None:
    before = "m:\n  q:\n    a: 1\nf: {x: 1}\nj: {\n  x: 1\n}\n"
    names = ("zz", "bb", "aa")
    fixes = [(0, [put(f"{where} {name}", 1)]) for name in names for where in ("m", "m q", "f", "j", "o p")]
    text, reasons = edit_all(before, fixes)
    assert set(reasons) == {None}
    assert text == (
        "m:\n  q:\n    a: 1\n    zz: 1\n    bb: 1\n    aa: 1\n  zz: 1\n  bb: 1\n  aa: 1\n"
        "f: {x: 1, zz: 1, bb: 1, aa: 1}\nj: {\n  x: 1,\n  zz: 1,\n  bb: 1,\n  aa: 1\n}\n"
        "o:\n  p:\n    zz: 1\n    bb: 1\n    aa: 1\n"
    )


def test_a_fix_that_would_do_harm_does_not_stop_others(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "".join(f"k{n}: {n}\n" for n in range(40))
    honest = under_test.splices

    def wrong(text: Any, change: Edit) -> Any:
        found = honest(text, change)
        return [s._replace(new="wrong") for s in found] if change.path in (("k3",), ("k30",)) else found

    monkeypatch.setattr(under_test, "splices", wrong)
    after, reasons = edit_all(text, [(0, [put(f"k{n}", "x")]) for n in range(40)])
    assert [n for n, reason in enumerate(reasons) if reason is not None] == [3, 30]
    assert after == "".join(f"k{n}: {n if n in (3, 30) else 'x'}\n" for n in range(40))


def test_many_fixes_take_little_time() -> None:
    item = "- name: p{}\n  space:\n    min: 0.1 # low\n    max: 5\n"
    text = "l:\n" + "".join(item.format(n) for n in range(500))
    start = time.process_time()
    _, reasons = edit_all(text, [(0, [put(f"l {n} space min", "0.1")]) for n in range(500)])
    assert set(reasons) == {None}
    assert time.process_time() - start < 10  # 0.2 s; 500 times reading it would be 20 s


# Random documents, written in random ways.

KEYS = ("a", "b", "name", "x y", "on", "가", "a/b.c", "1", "-", "k#", "e:")
SCALARS: tuple[Any, ...] = (
    0,
    1,
    -5,
    0.5,
    1e-5,
    True,
    None,
    "",
    "x",
    "0.10",
    "no",
    "a, b",
    "x: y",
    "- z",
    "한글",
    "🎉",
    "t\nu\n",
    "# no",
)


def document(rng: random.Random, depth: int = 0) -> Any:
    kind = rng.random()
    if depth == 0 or (depth < 4 and kind < 0.3):
        return {key: document(rng, depth + 1) for key in rng.sample(KEYS, rng.randint(1 if not depth else 0, 4))}
    if depth < 4 and kind < 0.5:
        return [document(rng, depth + 1) for _ in range(rng.randint(0, 3))]
    return rng.choice(SCALARS)


class Scribe:
    """Writes data in block or flow form, with comments that say which value they are about."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.step, self.list_step = rng.choice((2, 4)), rng.choice((0, 2))
        self.comments: dict[str, tuple[FieldPath, bool]] = {}  # name: the path, and whether it is above it

    def comment(self, path: FieldPath, *, above: bool) -> str:
        name = f"#c{len(self.comments)}."
        self.comments[name] = path, above
        return name

    def write(self, data: dict[str, Any]) -> str:
        return "".join(line + "\n" for line in self.block(data, (), 0))

    def block(self, data: Any, path: FieldPath, indent: int) -> Iterator[str]:
        entries = data.items() if isinstance(data, dict) else enumerate(data)
        pad = " " * indent
        for step, value in entries:
            here = (*path, step)
            if self.rng.random() < 0.2:
                yield ""
            if self.rng.random() < 0.3:
                yield pad + self.comment(here, above=True)
            lead = f"{pad}{self.scalar(step)}:" if isinstance(data, dict) else f"{pad}-"
            inner = indent + (self.step if isinstance(data, dict) else 2)
            if isinstance(value, list) and isinstance(data, dict):
                inner = indent + self.list_step
            if isinstance(value, (dict, list)) and value and self.rng.random() < 0.7:
                lines = list(self.block(value, here, inner))
                if isinstance(data, list) and lines[0].strip()[:1] not in ("", "#"):
                    lines[0] = lead + lines[0][len(lead) :]
                else:
                    yield lead + self.end(here)
                yield from lines
            elif isinstance(value, str) and "\n" in value and self.rng.random() < 0.7:
                yield f"{lead} |{self.end(here)}"
                yield from (" " * (indent + 2) + line for line in value.splitlines())
            else:
                yield f"{lead} {self.flow(value, here, indent + 2)}{self.end(here)}"

    def end(self, path: FieldPath) -> str:
        return " " * self.rng.randint(1, 3) + self.comment(path, above=False) if self.rng.random() < 0.3 else ""

    def scalar(self, value: Any) -> str:
        shown = writer.write(make(value, NOWHERE)).rstrip("\n")
        if isinstance(value, str) and (self.rng.random() < 0.3 or re.search(r"[\[\]{},]", shown)):
            return json.dumps(value, ensure_ascii=False)
        return shown

    def flow(self, value: Any, path: FieldPath, indent: int) -> str:
        if not isinstance(value, (dict, list)):
            return self.scalar(value)
        marks = "{}" if isinstance(value, dict) else "[]"
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        shown = [
            (f"{self.scalar(k)}: " if isinstance(value, dict) else "") + self.flow(v, (*path, k), indent + 2)
            for k, v in entries
        ]
        if not shown or self.rng.random() < 0.6:
            return marks[0] + ", ".join(shown) + marks[1]
        pad, last = "\n" + " " * (indent + 2), len(shown) - 1
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        lines = [
            pad + text + ("," if n < last or self.rng.random() < 0.3 else "") + self.end((*path, keys[n]))
            for n, text in enumerate(shown)
        ]
        return marks[0] + "".join(lines) + "\n" + " " * (indent + 1) + marks[1]


def paths(data: Any, path: FieldPath = ()) -> Iterator[tuple[FieldPath, Any]]:
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for step, value in entries:
        yield (*path, step), value
        yield from paths(value, (*path, step))


def some_edit(rng: random.Random, data: Any) -> Edit:
    everything = list(paths(data))
    path, _ = rng.choice(everything)
    mappings = [(), *(p for p, v in everything if isinstance(v, dict) and p[: len(path)] != path)]
    other = rng.choice(mappings)
    new = f"new{rng.randint(0, 9)}"
    return rng.choice(
        (
            Edit(EditKind.SET, path, rng.choice(SCALARS)),
            Edit(EditKind.SET, path, {"p": [1, {"q": "r", "s": []}], "t": "u\nv"}),
            Edit(EditKind.SET, (*other, new, *rng.choice(((), ("deep",), ("l", 0)))), rng.choice(SCALARS)),
            Edit(EditKind.RENAME if isinstance(path[-1], str) else EditKind.REMOVE, path, new),
            Edit(EditKind.REMOVE, path),
            Edit(EditKind.MOVE if isinstance(path[-1], str) else EditKind.REMOVE, path, to=(*other, new)),
        )
    )


def may_be_lost(change: Edit, path: FieldPath, *, above: bool) -> bool:
    """Whether a comment is part of what an edit takes away."""
    inside = path[: len(change.path)] == change.path
    if change.kind is EditKind.REMOVE:
        return inside and not (above and path == change.path)
    return change.kind is EditKind.SET and inside and path != change.path


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32))
def test_random_edits_of_random_documents(seed: int) -> None:
    rng = random.Random(seed)
    data = document(rng)
    scribe = Scribe(rng)
    text = scribe.write(data)
    if rng.random() < 0.2:
        text = text.replace("\n", "\r\n")
    node = reader.read(text.encode(), "f")[0]
    assert node is not None
    assert plain(node) == data
    change = some_edit(rng, data)
    after, (refused,) = edit_all(text, [(0, [change])])
    if refused is not None:
        assert "comments" in refused, f"{refused}\n{change}\n{text}"
        return
    got = reader.read(after.encode(), "f")[0]
    assert got is not None
    assert expected.same(expected.edited(node, change), got)
    assert ("\r" in text) is ("\r" in after)
    assert text.count("\n") - after.count("\n") < 60
    lost = [scribe.comments[name] for name in scribe.comments if name not in after]
    assert all(may_be_lost(change, path, above=above) for path, above in lost), f"{change}\n{text}\n{after}"


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32))
def test_fixes_together_are_fixes_one_by_one(seed: int) -> None:
    rng = random.Random(seed)
    data = document(rng)
    text = Scribe(rng).write(data)
    fixes = [(0, [some_edit(rng, data)]) for _ in range(6)]
    after, reasons = edit_all(text, fixes)
    wanted = reader.read(text.encode(), "f")[0]
    assert wanted is not None
    made: list[Edit] = []
    for (_, (change,)), reason in zip(fixes, reasons, strict=True):
        if reason is None and change not in made:
            made.append(change)
    got = reader.read(after.encode(), "f")[0]
    assert got is not None
    plain_got = plain(got)
    for change in made:
        if change.kind is not EditKind.REMOVE or isinstance(change.path[-1], str):
            wanted = expected.edited(wanted, change)
    removed = [c.path for c in made if c.kind is EditKind.REMOVE and isinstance(c.path[-1], int)]
    for path in sorted(removed, key=lambda p: (len(p), p[-1]), reverse=True):
        wanted = expected.edited(wanted, Edit(EditKind.REMOVE, path))
    assert plain_got == plain(wanted)


@pytest.mark.parametrize(
    ("one", "two", "equal"),
    [
        pytest.param("a: 1\nb: 2\n", "{b: 2, a: 1}\n", False, id="the order of keys counts"),
        pytest.param("a: 0.10\n", "a: 0.1\n", False, id="so does the way a number is written"),
        pytest.param("a: 1\n", "a: true\n", False, id="a boolean is no number"),
        pytest.param("a: 1\n", "a: 1.0\n", False, id="a fraction is no integer"),
        pytest.param("a: [1, .nan]\n", "a:\n- 1\n- .nan\n", True, id="the layout does not count"),
    ],
)
def test_what_counts_as_the_same(one: str, two: str, equal: bool) -> None:
    left, right = (reader.read(text.encode(), "f")[0] for text in (one, two))
    assert left is not None
    assert right is not None
    assert expected.same(left, right) is equal


def test_edits_leave_their_input_alone() -> None:
    value: Any = {"x": [1]}
    before = copy.deepcopy(value)
    edit("a: 1\n", 0, [Edit(EditKind.SET, ("b",), value), Edit(EditKind.SET, ("b", "x", 1), 2)])
    assert value == before
