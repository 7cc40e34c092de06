"""`kgen rule`: the catalogue as a list, a page each, JSON and a document."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from findings import RULES

from kgen.cli.console import say, use_colour
from kgen.model.codes import CODES
from kgen.model.diagnostic import Diagnostic, Effect, Severity
from kgen.model.node import Span
from kgen.pipeline.law import KGENS
from kgen.report import catalogue

EVERY = KGENS.every
ENTRIES = catalogue.entries((*RULES, *EVERY), CODES)
Kgen = Callable[..., Any]


def test_codes_are_in_order_and_those_of_a_team_last() -> None:
    codes = [entry.code for entry in catalogue.entries(RULES, CODES)]
    assert codes[:-1] == sorted(codes[:-1])
    assert codes[-1] == "TEAM01"


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.code)
def test_every_page_is_complete(entry: catalogue.Entry) -> None:
    assert re.fullmatch("[A-Z][A-Za-z0-9]+", entry.name)
    assert entry.name != "Check"
    page = catalogue.explain(entry)
    assert entry.headline in page
    assert catalogue.EFFECTS[entry.effect] in page
    assert entry.mend or (entry.bad and entry.good)
    assert f"ignore[{entry.code}]" in page or "cannot be silenced" in page


def test_a_page() -> None:
    (entry,) = [e for e in catalogue.entries(RULES, {}) if e.code == "KG402"]
    assert catalogue.explain(entry) == (
        "KG402: feasibleSpace.min lies below feasibleSpace.max.\n\n"
        "error; stuck: admitted; never makes progress, never says so\n\n"
        "The webhook does not compare the two, and the search goes wrong\non the cluster.\n\n"
        'Bad:   `feasibleSpace: {min: "0.1", max: "0.01"}`\n'
        'Good:  `feasibleSpace: {min: "0.01", max: "0.1"}`\n\n'
        "Source: katib pkg/webhook/v1beta1/experiment/validator/validator.go\n\n"
        "To silence it, always with a reason:\n"
        "  # kgen: ignore[KG402] the reason        at the end of its line, or on a line above\n"
        "  # kgen: ignore-file[KG402] the reason   at the head of a file\n"
        "  lint: {ignore: [{rule: KG402, reason: …}]}   in kgen.yaml, for all files\n"
    )


def test_every_effect_has_its_words() -> None:
    assert set(catalogue.EFFECTS) == set(Effect)


def test_the_document_has_every_code_and_every_link_leads_somewhere() -> None:
    document = catalogue.render((*EVERY, RULES[1]), CODES)
    slugs = {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", document, re.MULTILINE)
    }
    links = re.findall(r"\]\(#([^)]+)\)", document)
    assert set(links) <= slugs
    assert {entry.code.lower() for entry in catalogue.entries((*EVERY, RULES[1]), CODES)} <= set(links)
    assert "## Rules of a team's own" in document


def test_the_document_of_no_rules() -> None:
    assert "## Reading (KG0)" in catalogue.render((), {"KG001": CODES["KG001"]})


# The command


def test_the_list_has_severity_and_effect(kgen: Kgen) -> None:
    ran = kgen("rule")
    assert (ran.code, ran.err) == (0, "")
    assert "KG001  error    unreadable  The YAML is broken" in ran.out
    assert len(ran.out.splitlines()) == len(catalogue.entries(EVERY, CODES))


def test_a_family(kgen: Kgen) -> None:
    for given in ("KG4", "kg4"):
        lines = kgen("rule", given).out.splitlines()
        assert lines
        assert all(line.startswith("KG4") for line in lines)


@pytest.mark.parametrize("given", ["KG402", "kg402"])
def test_one(kgen: Kgen, given: str) -> None:
    ran = kgen("rule", given)
    assert ran.code == 0
    assert ran.out.startswith("KG402: ")


@pytest.mark.parametrize(
    ("given", "help_"), [("KG4O2", "did you mean `KG402`?"), ("nothing-like-it", "`kgen rule` lists them all")]
)
def test_a_code_that_is_none(kgen: Kgen, given: str, help_: str) -> None:
    ran = kgen("rule", given)
    assert (ran.code, ran.out) == (1, "")
    assert help_ in ran.err


def test_as_json(kgen: Kgen) -> None:
    one = json.loads(kgen("rule", "KG402", "--format", "json").out)
    assert (one["code"], one["severity"], one["effect"], one["silenceable"]) == ("KG402", "error", "stuck", True)
    family = json.loads(kgen("rule", "KG0", "--format", "json").out)
    assert {each["silenceable"] for each in family} == {False}


def test_as_a_document(kgen: Kgen) -> None:
    assert kgen("rule", "--markdown").out == catalogue.render(EVERY, CODES)


def test_rules_that_cannot_be_loaded_hide_no_others(kgen: Kgen, tmp_path: Path) -> None:
    (tmp_path / "kgen.yaml").write_text("lint: {rules: [no-such-package]}\n", encoding="utf-8")
    ran = kgen("rule", "KG402", "--root", str(tmp_path))
    assert ran.code == 0
    assert ran.out.startswith("KG402: ")
    assert "KG016" in ran.err


def test_the_schema_of_findings_is_printed(kgen: Kgen) -> None:
    assert json.loads(kgen("schema", "findings").out)["title"].startswith("The findings of kgen lint")
    assert "findings " in kgen("schema").out
    assert kgen("schema", "findings", "--markdown").code == 2


# Colour


@pytest.mark.parametrize(
    ("choice", "terminal", "environ", "output", "wanted"),
    [
        pytest.param("auto", True, {}, None, True, id="a terminal"),
        pytest.param("auto", False, {}, None, False, id="a pipe"),
        pytest.param("auto", True, {"NO_COLOR": "1"}, None, False, id="somebody who wants none"),
        pytest.param("auto", True, {"NO_COLOR": ""}, None, True, id="an empty NO_COLOR says nothing"),
        pytest.param("auto", True, {"TERM": "dumb"}, None, False, id="a terminal without colours"),
        pytest.param("auto", True, {}, "out.txt", False, id="a file"),
        pytest.param("always", False, {"NO_COLOR": "1"}, None, True, id="always"),
        pytest.param("always", False, {}, "out.txt", True, id="always, in a file too"),
        pytest.param("never", True, {}, None, False, id="never"),
    ],
)
def test_colour(
    choice: str,
    terminal: bool,
    environ: dict[str, str],
    output: str | None,
    wanted: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    assert use_colour(choice, output) is wanted


def test_what_is_said_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    found = Diagnostic(Span("a.yaml", 1, 1), "KG402", Severity.ERROR, "m", "h")
    say([found], colour="always", sources={"a.yaml": b"x: 1\n"})
    out, err = capsys.readouterr()
    assert out == ""
    assert "\x1b[1;31merror[KG402]" in err
    assert "   1 | x: 1" in err
