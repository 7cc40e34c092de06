"""What the parser says of a document that does not fit its shape."""

from __future__ import annotations

import pytest

from kgen.codec import reader
from kgen.model.environment import ENVIRONMENT
from kgen.model.overlay import OVERLAY
from kgen.model.shape import Shape, check
from kgen.model.spec import SPEC

SHAPES = {"spec": SPEC, "overlay": OVERLAY, "environment": ENVIRONMENT}
GOOD = "objective: {maximize: a}\nalgorithm: random\ntrials: {max: 3}\ntrial: {image: a}\n"


def said(text: str, shape: Shape) -> list[tuple[str, str, str, str]]:
    node, problems = reader.read(text.encode(), "f")
    assert not problems
    assert node is not None
    return [(str(d.span).removeprefix("f:"), d.code, d.message, d.help) for d in check(node, shape)]


@pytest.mark.parametrize(
    ("kind", "text", "place", "code", "message", "help_"),
    [
        pytest.param(
            "spec",
            GOOD + "trails: 1\n",
            "5:9",
            "KG003",
            "unknown key `trails`",
            "did you mean `trials`?",
            id="a misspelt key",
        ),
        pytest.param(
            "spec",
            GOOD.replace("max: 3", "maxx: 3"),
            "3:16",
            "KG003",
            "unknown key `maxx` in `trials`",
            "did you mean `max`? It must be one of `max`, `parallel`, `maxFailed`",
            id="a key below another, of a few",
        ),
        pytest.param(
            "spec",
            GOOD.replace("max: 3", 'max: "3"'),
            "3:15",
            "KG004",
            "`trials.max` is a text, expected a whole number",
            "write a whole number (trials in all)",
            id="a text for a number",
        ),
        pytest.param(
            "spec",
            GOOD.replace("max: 3", "max: 0"),
            "3:15",
            "KG004",
            "`trials.max` is 0, expected 1 or more",
            "write 1 or more",
            id="too small a number",
        ),
        pytest.param(
            "spec",
            GOOD.replace("max: 3", "max: "),
            "3:10",
            "KG004",
            "`trials.max` has no value",
            "write a whole number, or remove the key",
            id="no value",
        ),
        pytest.param(
            "spec",
            GOOD.replace("maximize: a", "maximize: 1.50"),
            "1:23",
            "KG004",
            "`objective.maximize` is the number `1.50`, expected text",
            'put it in quotes: "1.50"',
            id="a number for a text, as it is written",
        ),
        pytest.param(
            "spec",
            GOOD.replace("maximize: a", "goal: .inf"),
            "1:19",
            "KG004",
            "`objective.goal`: `.inf` is not a finite number",
            "write a number",
            id="infinity",
        ),
        pytest.param(
            "spec",
            GOOD.replace("algorithm: random", 'algorithm: ""'),
            "2:12",
            "KG004",
            "`algorithm` is empty",
            "write a text, or remove the key",
            id="an empty name",
        ),
        pytest.param(
            "spec",
            GOOD.replace("algorithm: random", "algorithm: [random]"),
            "2:12",
            "KG004",
            "`algorithm` is a list, expected text or a mapping",
            "write text or a mapping (the search algorithm, by name or with settings)",
            id="a list for a text or a mapping",
        ),
        pytest.param(
            "spec",
            GOOD + "resume: never\n",
            "5:9",
            "KG004",
            "`resume`: `never` is unknown",
            "did you mean `Never`? It must be one of `Never`, `LongRunning`, `FromVolume`",
            id="a word that is not one of a few",
        ),
        pytest.param(
            "spec",
            GOOD + "name: A\n",
            "5:7",
            "KG004",
            "`name`: `A` is not a name of small letters, digits and `-`, a letter first and no `-` last",
            "write a name of small letters, digits and `-`, a letter first and no `-` last",
            id="a text of another form",
        ),
        pytest.param(
            "spec",
            GOOD + "parameters: {lr: {double: [1]}}\n",
            "5:27",
            "KG004",
            "`parameters.lr.double` has 1 item, expected 2",
            "write least and greatest value of a real number, [min, max]",
            id="too short a list",
        ),
        pytest.param(
            "spec",
            GOOD + "parameters: {lr: {int: [1, 2], flag: true}}\n",
            "5:38",
            "KG004",
            "`parameters.lr.flag` is the boolean `true`, expected text or false",
            None,
            id="the one boolean that is legal",
        ),
        pytest.param(
            "spec",
            "objective: {}\nalgorithm: random\n",
            "1:1",
            "KG011",
            "the file has no `trials`, `trial`",
            "add `trials`: the budget; `trial`: what runs once for each set of values",
            id="keys that are missing",
        ),
        pytest.param(
            "spec", "[]\n", "1:1", "KG004", "the file is a list, expected a mapping", None, id="no mapping at all"
        ),
        pytest.param(
            "overlay",
            "experiment: {parameters: {a: {categorical: [null]}}}\n",
            "1:45",
            "KG004",
            "`experiment.parameters.a.categorical[0]` has no value",
            "write text or a number or true or false, or remove the key",
            id="null deletes keys, not items",
        ),
        pytest.param(
            "environment",
            "experiments: [{overlays: [a]}]\n",
            "1:15",
            "KG011",
            "`experiments[0]` has no `name`",
            "add `name`: name of the spec",
            id="a key missing in an item",
        ),
    ],
)
def test_what_is_said(kind: str, text: str, place: str, code: str, message: str, help_: str | None) -> None:
    (found,) = said(text, SHAPES[kind])
    assert found[:3] == (place, code, message)
    assert found[3] == help_ if help_ is not None else found[3]


def test_everything_is_said_at_once_and_in_order() -> None:
    found = said("objective: 1\nalgorithm: 2\nx: 3\n", SPEC)
    assert [(place, code) for place, code, _, _ in found] == [
        ("1:12", "KG004"),
        ("2:12", "KG004"),
        ("3:4", "KG003"),
        ("1:1", "KG011"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("experiment: {trials: {max: null}, trial: null}\n", id="null deletes"),
        pytest.param("experiment: {earlyStopping: {settings: {a: 1}}}\n", id="what is required may lie below"),
        pytest.param("{}\n", id="a layer may say nothing"),
    ],
)
def test_a_layer_may(text: str) -> None:
    assert not said(text, OVERLAY)


def test_a_shape_of_many_keys_lists_them_where_none_is_near() -> None:
    ((_, _, _, help_),) = said(GOOD + "zzz: 1\n", SPEC)
    assert help_.startswith("remove it; known here: `name`, `description`, `labels`")
