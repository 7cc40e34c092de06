"""A comparison as text, JSON and markdown: what each writes, and that no value can break its form."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgen.model.change import ABSENT, Action, Cost, Differences, Fate, FieldChange, Refusal, SideEffect
from kgen.model.difference import ORDER, Hidden, Item
from kgen.model.node import Span
from kgen.report import differences_json, several
from kgen.report.changes import MOST, safe, values
from kgen.report.differences import STYLES, Comparison, summary

EXPECTED = Path(__file__).parent / "expected"
ROOT = Path(__file__).parents[2]
ENDINGS = {"text": "txt", "json": "json", "markdown": "md"}

TRIAL = ("spec", "trialTemplate", "trialSpec", "spec", "template", "spec", "containers", Item("main"))
LR = ("spec", "parameters", Item("lr"), "feasibleSpace")
PROD = Span("overlays/prod.yaml", 3, 10)
SPEC = Span("experiments/mnist.yaml", 1, 1)
LONG = "python -m train --data /mnt/data/mnist --epochs 20 --batch-size 64 --seed 1 --optimizer "

FATES = (
    Fate("ConfigMap", "team", "settings", Action.NONE, ""),
    Fate("ExternalSecret", "team", "hub", Action.CREATE, "", origin=Span("overlays/hub.yaml", 4, 3)),
    Fate(
        "Experiment", "team", "cnn", Action.REJECTED,
        "the search changed under a fixed name: Katib refuses every change but the three counters",
        (
            FieldChange((*LR, "max"), "0.05", "0.5", PROD, editable=False),
            FieldChange(("spec", "parameters", ORDER), ["lr", "mo"], ["mo", "lr"], SPEC, editable=False),
            FieldChange((*TRIAL, "args", 0), f"{LONG}sgd", f"{LONG}adam", PROD, editable=False),
            FieldChange((*TRIAL, "env", Item("TOKEN"), "value"), Hidden("a"), Hidden("b"), PROD, editable=False),
        ),
        (Refusal("spec", "`spec.parameters` cannot be changed", "give it a new name | or delete it"),),
        origin=SPEC, before=Cost(12, 6, 24), after=Cost(12, 6, 24),
    ),
    Fate(
        "Experiment", "team", "iris", Action.IN_PLACE, "maxTrialCount 12 -> 24: Katib edits it in place",
        (
            FieldChange(("spec", "maxTrialCount"), 12, 24, Span("--set trials.max", 1, 1)),
            FieldChange(("metadata", "labels", "a|b"), ABSENT, "`x` | <b>\x1b[31m", PROD),
            FieldChange(("metadata", "annotations", "note"), "old\nlines", ABSENT),
            FieldChange(("spec", "parallelTrialCount"), ABSENT, 3, Span("Katib's default for 0.19", 0, 0)),
        ),
        effects=(SideEffect("spec", "Katib refuses this if the Experiment has completed by then"),),
        origin=SPEC, before=Cost(12), after=Cost(1024),
    ),
    Fate("Experiment", "team", "mnist-0a", Action.KEEP, "mnist-0b takes its place", other="mnist-0b"),
    Fate(
        "Experiment", "team", "mnist-0b", Action.RENAME, "spec.algorithm.algorithmName changed, and so did its name",
        (FieldChange(("spec", "algorithm", "algorithmName"), "random", "tpe", SPEC, editable=False),),
        other="mnist-0a", origin=SPEC, before=Cost(6), after=Cost(6),
    ),
    Fate("PersistentVolume", "", "data", Action.PRUNE, "it left Git: its Application prunes it"),
)  # fmt: skip
NOTES = ("live.yaml holds one object: 2 objects of env/prod are not compared",)
COMPARISON = Comparison(Differences(FATES, NOTES), "HEAD:rendered/prod", "env/prod")


@pytest.mark.parametrize("style", STYLES)
def test_what_a_form_writes(style: str, request: pytest.FixtureRequest) -> None:
    expected = EXPECTED / f"differences.{ENDINGS[style]}"
    written = STYLES[style](COMPARISON)
    if request.config.getoption("--bless"):
        expected.write_text(written, encoding="utf-8")
    assert written == expected.read_text(encoding="utf-8")


def test_the_summary_is_one_line() -> None:
    assert summary(COMPARISON) == (
        "1 created, 1 in place, 1 rejected, 1 renamed, 1 pruned, 1 kept, 1 unchanged; "
        "trials 30 -> 1,042, GPUs at once 6, GPU trials 24"
    )
    assert summary(Comparison(Differences(()))) == "no objects"


def test_between_two_environments_nothing_happens_to_anything() -> None:
    listed = tuple(FATES[at]._replace(reason="") for at in (0, 1, 3, 6))
    found = Comparison(Differences(listed, by_content=True), "env/staging", "env/prod")
    assert summary(found).partition(";")[0] == "1 only in env/prod, 1 different, 1 only in env/staging, 1 alike"
    assert STYLES["text"](found).startswith("only in env/prod ExternalSecret team/hub\n")


def test_text_is_coloured_where_it_is_asked_for() -> None:
    plain, coloured = (STYLES["text"](COMPARISON._replace(colour=on)) for on in (False, True))
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    assert "\x1b[1;31mrejected\x1b[0m Experiment team/cnn" in coloured


VALUES: list[Any] = [
    pytest.param(12, 24, ("12", "24"), id="numbers"),
    pytest.param("0.05", "0.5", ("0.05", "0.5"), id="texts that read as numbers, on both sides"),
    pytest.param("1", 1, ('"1"', "1"), id="a text and a number that look alike"),
    pytest.param("a", "", ("a", '""'), id="an empty text"),
    pytest.param(None, False, ("null", "false"), id="null and a switch"),
    pytest.param(ABSENT, [1], ("", "[1]"), id="nothing, and a list"),
    pytest.param("a\nb", "a\nc", ("a\\nb", "a\\nc"), id="lines"),
    pytest.param("x" * 200, ABSENT, ("x" * (MOST - 1) + "…", ""), id="a long text"),
    pytest.param("x" * 200 + "a", "x" * 200 + "b", (f"…{'x' * 12}a", f"…{'x' * 12}b"), id="the part that differs"),
    pytest.param(float("inf"), float("nan"), ("inf", "nan"), id="what JSON cannot say"),
]


@pytest.mark.parametrize(("before", "after", "expected"), VALUES)
def test_how_values_are_written(before: Any, after: Any, expected: tuple[str, str]) -> None:
    assert values(FieldChange(("spec", "x"), before, after)) == expected


@pytest.mark.parametrize(
    ("path", "value", "shown"),
    [
        pytest.param(("data", "db_password"), "hunter2", "***", id="a key that names a credential"),
        pytest.param(("env", Item("HUB_AUTH"), "value"), "hunter2", "***", id="a variable that does"),
        pytest.param(("env", Item("SEED"), "value"), "1", "1", id="a variable that does not"),
        pytest.param(
            ("env",), [{"name": "API_TOKEN", "value": "x"}], [{"name": "API_TOKEN", "value": "***"}], id="new"
        ),
        pytest.param(("data", "ini"), "user = x\npassword = y", "user = x\npassword = ***", id="a line of a file"),
        pytest.param(("data", "url"), "https://me:pw@x", "https://***", id="a URL"),
        pytest.param(("spec", "max"), 3, 3, id="a number"),
    ],
)
def test_values_are_masked_as_lines_of_files_are(path: Any, value: Any, shown: Any) -> None:
    assert safe(value, path) == shown


# JSON


def test_json_has_what_programs_ask_for() -> None:
    written = json.loads(STYLES["json"](COMPARISON))
    (iris,) = [each for each in written["objects"] if each["name"] == "iris"]
    assert (iris["kind"], iris["namespace"], iris["action"]) == ("Experiment", "team", "in-place")
    assert iris["changes"][0] == {
        "field": "spec.maxTrialCount",
        "change": "changed",
        "before": 12,
        "after": 24,
        "origin": {"layer": "command line", "file": "--set trials.max", "line": 1, "column": 1},
        "editable": True,
    }
    assert [change["change"] for change in iris["changes"]] == ["changed", "added", "removed", "added"]
    assert written["summary"] == {
        "create": 1, "in-place": 1, "rejected": 1, "rename": 1, "prune": 1, "keep": 1, "none": 1,
    }  # fmt: skip


def test_the_published_schema_of_differences() -> None:
    published = (ROOT / "schemas" / "differences.json").read_text("utf-8")
    made = json.dumps(differences_json.schema(), indent=2, ensure_ascii=False) + "\n"
    assert published == made, "run `kgen schema differences > schemas/differences.json`"


ANY = st.text(st.characters(codec=None, categories=None), max_size=30) | st.sampled_from(
    ["|", "`", "``a``", "\x1b[31m", "\udc80", "</details>", "a\r\nb", "\u202e", "\\|", "<!--", "\n| x |", "***"]
)
ANYTHING = st.recursive(
    ANY | st.none() | st.booleans() | st.floats() | st.integers(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(ANY, inner, max_size=2),
    max_leaves=4,
)
SPANS = st.none() | st.builds(Span, ANY, st.integers(0, 3), st.integers(0, 9))
STEPS = ANY | st.builds(Item, ANY) | st.integers(0, 3)
CHANGES = st.builds(
    FieldChange,
    path=st.lists(STEPS, min_size=1, max_size=3).map(tuple),
    before=ANYTHING | st.just(ABSENT),
    after=ANYTHING | st.just(ABSENT),
    origin=SPANS,
    editable=st.booleans(),
)
ANY_FATES = st.builds(
    Fate,
    kind=ANY,
    namespace=ANY,
    name=ANY,
    action=st.sampled_from(Action),
    reason=ANY,
    changes=st.lists(CHANGES, max_size=2).map(tuple),
    refusals=st.lists(st.builds(Refusal, ANY, ANY, ANY), max_size=1).map(tuple),
    effects=st.lists(st.builds(SideEffect, ANY, ANY), max_size=1).map(tuple),
    other=ANY,
    origin=SPANS,
    before=st.none() | st.just(Cost(1, 2, 3)),
    after=st.none() | st.just(Cost(1, 2, 3)),
)
COMPARISONS = st.builds(
    Comparison,
    differences=st.builds(
        Differences, st.lists(ANY_FATES, max_size=3).map(tuple), st.lists(ANY, max_size=1).map(tuple), st.booleans()
    ),
    before=ANY,
    after=ANY,
    colour=st.sampled_from([False]),
)


@settings(deadline=None)
@given(COMPARISONS)
def test_text_of_anything_is_safe_for_a_terminal(found: Comparison) -> None:
    written = STYLES["text"](found)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", written)
    told = [fate for fate in found.differences.fates if fate.action is not Action.NONE]
    assert sum(not line.startswith("    ") for line in written.splitlines()) == (
        len(told) + len(found.differences.passed_over) + 1
    )


@settings(deadline=None)
@given(COMPARISONS)
def test_markdown_of_anything_keeps_its_table(found: Comparison) -> None:
    written = STYLES["markdown"](found)
    fates = [fate for fate in found.differences.fates if fate.action is not Action.NONE]
    rows = [line for line in written.splitlines() if line.startswith("|")]
    cells = [len(re.split(r"(?<!\\)(?:\\\\)*\|", row)) - 2 for row in rows]
    assert set(cells) <= {4, 6}
    assert cells.count(6) == (len(fates) + 2 if fates else 0)
    folded = [fate for fate in fates if fate.changes or fate.refusals or fate.effects]
    assert written.count("\n</details>\n") == written.count("\n<details>") == len(folded)


def test_markdown_fits_into_a_comment() -> None:
    many = tuple(FATES[2]._replace(name=f"mnist-{at}") for at in range(500))
    written = STYLES["markdown"](COMPARISON._replace(differences=Differences(many)))
    assert len(written) < 65_536
    assert "parts more are left out" in written


@settings(deadline=None)
@given(COMPARISONS)
def test_json_fits_its_schema(found: Comparison) -> None:
    jsonschema_rs = pytest.importorskip("jsonschema_rs")
    jsonschema_rs.meta.validate(differences_json.schema())
    validator = jsonschema_rs.validator_for(differences_json.schema())
    for comparison in (found, COMPARISON):
        text = STYLES["json"](comparison)
        text.encode()
        document = json.loads(text, parse_constant=pytest.fail)
        assert list(validator.iter_errors(_clean(document))) == []
    assert validator.is_valid(json.loads(several.render("json", [COMPARISON, COMPARISON])))


def _clean(document: Any) -> Any:
    """Leave out halves of surrogate pairs, which jsonschema_rs does not take."""
    return json.loads(re.sub(r"\\+u[dD][89a-fA-F][0-9a-fA-F]{2}", "x", json.dumps(document)))


@pytest.mark.parametrize(
    ("bend", "what"),
    [
        pytest.param(lambda d: d["objects"][0].pop("kind"), "a kind is missing", id="missing"),
        pytest.param(lambda d: d["objects"][0].update(action="delete"), "unknown action", id="action"),
        pytest.param(lambda d: d["objects"][0].update(more=1), "unknown key", id="unknown"),
        pytest.param(lambda d: d["objects"][2]["changes"][0].pop("before"), "no value", id="value"),
        pytest.param(lambda d: d["cost"]["after"].update(trials="3"), "trials as text", id="type"),
        pytest.param(lambda d: d["summary"].pop("keep"), "no count", id="count"),
    ],
)
def test_the_schema_refuses_what_is_no_such_report(bend: Any, what: str) -> None:
    jsonschema_rs = pytest.importorskip("jsonschema_rs")
    document = json.loads(STYLES["json"](COMPARISON))
    bend(document)
    assert not jsonschema_rs.validator_for(differences_json.schema()).is_valid(document), what
