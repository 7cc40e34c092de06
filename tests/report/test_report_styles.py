"""Every style: what it writes of a few diagnostics, and that no text can break its form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from findings import ALGORITHM, BOUNDS, MANIFEST, MNIST, OWNER, REPORT, SILENT, TAB
from hypothesis import given
from hypothesis import strategies as st

from kgen.model.diagnostic import Diagnostic, Effect, Severity
from kgen.model.lint import Counts, Looked, Suppressed
from kgen.model.node import Span
from kgen.report import github, json_text, junit, sarif, text
from kgen.report.styles import STYLES

EXPECTED = Path(__file__).parent / "expected"
ROOT = Path(__file__).parents[2]
ENDINGS = {"text": "txt", "json": "json", "sarif": "sarif", "junit": "xml", "github": "github.txt"}


@pytest.mark.parametrize("style", STYLES)
def test_what_a_style_writes(style: str, request: pytest.FixtureRequest) -> None:
    expected = EXPECTED / f"report.{ENDINGS[style]}"
    written = STYLES[style](REPORT)
    if request.config.getoption("--bless"):
        expected.write_text(written, encoding="utf-8")
    assert written == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("style", STYLES)
def test_no_findings(style: str) -> None:
    written = STYLES[style](REPORT._replace(shown=(), suppressed=()))
    assert written.count("KG3") == 0
    assert (written == "") is (style in ("text", "github"))


ANY = st.text(st.characters(codec=None, categories=None), max_size=30) | st.sampled_from(
    ["]]>", "\x1b[31m", "\udc80", "\x00", "\ufffe", "%0A", "::error::", "a\r\nb", "\u202e", "&lt;", '"', "\\"]
)
DIAGNOSTICS = st.builds(
    Diagnostic,
    span=st.builds(Span, ANY, st.integers(0, 3), st.integers(0, 9)),
    code=st.sampled_from(["KG402", "KG001", "TEAM01"]),
    severity=st.sampled_from(Severity),
    message=ANY,
    help=ANY,
    field=ANY,
    related=st.just(()),
    effect=st.sampled_from(Effect),
    object=st.none() | st.tuples(ANY, ANY, ANY),
    fix=st.just(()),
)
LISTS = st.lists(DIAGNOSTICS, max_size=3)


def report_of(found: list[Diagnostic]) -> Any:
    looked = tuple(Looked(d.span, d.object) for d in found[:1] if d.object is not None)
    silent = tuple(Suppressed(d, d.message, d.span, in_source=True) for d in found)
    sources = {d.span.file: d.message.encode("utf-8", "surrogatepass") for d in found}
    return REPORT._replace(shown=tuple(found), suppressed=silent, looked=looked, sources=sources)


@given(LISTS)
def test_json_is_json_whatever_is_said(found: list[Diagnostic]) -> None:
    written = STYLES["json"](report_of(found))
    written.encode()
    assert [f["message"] for f in json.loads(written)["findings"]] == [d.message for d in found]


@given(LISTS)
def test_sarif_is_json_whatever_is_said(found: list[Diagnostic]) -> None:
    written = STYLES["sarif"](report_of(found))
    written.encode()
    results = json.loads(written)["runs"][0]["results"]
    assert len(results) == 2 * len(found)
    assert all(r["locations"] for r in results)


@given(LISTS)
def test_junit_is_xml_whatever_is_said(found: list[Diagnostic]) -> None:
    root = ET.fromstring(STYLES["junit"](report_of(found)).encode())
    cases = root.findall("testsuite/testcase")
    assert int(root.attrib["tests"]) == len(cases)
    assert int(root.attrib["failures"]) == len(root.findall(".//failure"))
    said = sum((case.findtext("failure") or "").count("help:") for case in cases)
    assert said >= sum(d.severity is not Severity.INFO for d in found)


@given(LISTS)
def test_github_commands_are_one_line_each(found: list[Diagnostic]) -> None:
    written = STYLES["github"](report_of(found))
    written.encode()
    lines = written.split("\n")[:-1]
    assert len(lines) == len(found)
    for line in lines:
        assert "\r" not in line
        assert line.split(" ")[0] in ("::error", "::warning", "::notice")


@given(LISTS)
def test_text_holds_nothing_that_steers_a_terminal(found: list[Diagnostic]) -> None:
    written = STYLES["text"](report_of(found))
    written.encode()
    assert not [c for c in written if (ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160 or c in "\u202e\u2066"]


def test_severity_is_coloured_where_it_is_asked_for() -> None:
    assert "\x1b" not in text.render([BOUNDS])
    assert "\x1b[1;31merror[KG402]\x1b[0m" in text.render([BOUNDS], colour=True)
    assert "\x1b[1;31m^\x1b[0m" in text.render([BOUNDS], colour=True, sources=REPORT.sources)


def test_the_conclusion() -> None:
    counts = Counts(files=1, objects=2, experiments=1)
    assert text.conclusion([], counts) == "nothing found in 1 file (2 objects, 1 Experiment)"
    said = text.conclusion([BOUNDS, TAB, ALGORITHM, OWNER, OWNER], Counts(1200, 2, 2, 3, 4))
    assert said == ("2 errors, 1 warning, 2 info in 1,200 files (2 objects, 2 Experiments, 3 passed over, 4 silenced)")


# JSON


def test_the_published_schema_of_findings() -> None:
    published = (ROOT / "schemas" / "findings.json").read_text("utf-8")
    made = json.dumps(json_text.schema(), indent=2, ensure_ascii=False) + "\n"
    assert published == made, "run `kgen schema findings > schemas/findings.json`"


@given(LISTS)
def test_json_fits_its_schema(found: list[Diagnostic]) -> None:
    jsonschema_rs = pytest.importorskip("jsonschema_rs")
    jsonschema_rs.meta.validate(json_text.schema())
    validator = jsonschema_rs.validator_for(json_text.schema())
    clean = [d._replace(message="m", help="h", field="f", object=MNIST, span=Span("f", *d.span[1:])) for d in found]
    for counts in (None, Counts(1, 2, 3, 4, 5)):
        for listed in (clean, list(REPORT.shown)):
            assert list(validator.iter_errors(json.loads(json_text.render(listed, counts)))) == []


@pytest.mark.parametrize(
    ("bend", "what"),
    [
        pytest.param(lambda d: d["findings"][0].pop("code"), "a code is missing", id="missing"),
        pytest.param(lambda d: d["findings"][0].update(severity="fatal"), "unknown severity", id="severity"),
        pytest.param(lambda d: d["findings"][0].update(line="3"), "line as text", id="type"),
        pytest.param(lambda d: d["findings"][0].update(more=1), "unknown key", id="unknown"),
        pytest.param(lambda d: d["summary"].pop("error"), "no count", id="count"),
    ],
)
def test_the_schema_refuses_what_is_not_such_a_report(bend: Any, what: str) -> None:
    jsonschema_rs = pytest.importorskip("jsonschema_rs")
    document = json.loads(STYLES["json"](REPORT))
    bend(document)
    assert not jsonschema_rs.validator_for(json_text.schema()).is_valid(document), what


# SARIF


def run_of(report: Any) -> Mapping[str, Any]:
    run: Mapping[str, Any] = json.loads(STYLES["sarif"](report))["runs"][0]
    return run


# What the standard demands of the objects that kgen writes (sarif-schema-2.1.0: required, enums, closed objects).
TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
OF_TEXT = {**TEXT, "properties": {**TEXT["properties"], "markdown": {"type": "string"}}, "additionalProperties": False}
LOCATION = {
    "type": "object",
    "properties": {
        "id": {"type": "integer", "minimum": 0},
        "message": TEXT,
        "physicalLocation": {
            "type": "object",
            "required": ["artifactLocation"],
            "properties": {
                "artifactLocation": {
                    "type": "object",
                    "required": ["uri"],
                    "properties": {
                        "uri": {"type": "string", "pattern": "^(file://)?[!#-;=?-Z_a-z~\\[\\]%]+$"},
                        "uriBaseId": {"const": "%SRCROOT%"},
                    },
                    "additionalProperties": False,
                },
                "region": {
                    "type": "object",
                    "required": ["startLine"],
                    "properties": {key: {"type": "integer", "minimum": 1} for key in ("startLine", "startColumn")},
                    "additionalProperties": False,
                },
            },
            "additionalProperties": False,
        },
        "logicalLocations": {
            "type": "array",
            "uniqueItems": True,
            "items": {
                "properties": {key: {"type": "string"} for key in ("name", "fullyQualifiedName", "kind")},
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
RULE = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string"},
        "name": {"type": "string", "pattern": "^[A-Za-z0-9]+$"},
        "shortDescription": OF_TEXT,
        "fullDescription": OF_TEXT,
        "help": OF_TEXT,
        "helpUri": {"type": "string", "pattern": "^https?://"},
        "defaultConfiguration": {"properties": {"level": LEVEL}, "additionalProperties": False},
        "properties": {"type": "object"},
    },
    "additionalProperties": False,
}
RESULT = {
    "type": "object",
    "required": ["message"],
    "properties": {
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": LEVEL,
        "message": TEXT,
        "locations": {"type": "array", "minItems": 1, "items": LOCATION},
        "relatedLocations": {"type": "array", "uniqueItems": True, "items": LOCATION},
        "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
        "suppressions": {
            "type": "array",
            "uniqueItems": True,
            "items": {
                "required": ["kind"],
                "properties": {
                    "kind": {"enum": ["inSource", "external"]},
                    "justification": {"type": "string"},
                    "location": LOCATION,
                },
                "additionalProperties": False,
            },
        },
        "properties": {"type": "object"},
    },
    "additionalProperties": False,
}
DRIVER = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string"},
        "version": {"type": "string"},
        "semanticVersion": {"type": "string"},
        "rules": {"type": "array", "uniqueItems": True, "items": RULE},
    },
    "additionalProperties": False,
}
RUN = {
    "type": "object",
    "required": ["tool"],
    "properties": {
        "tool": {"type": "object", "required": ["driver"], "properties": {"driver": DRIVER}},
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        "results": {"type": "array", "items": RESULT},
    },
    "additionalProperties": False,
}
SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "$schema": {"type": "string"},
        "version": {"const": "2.1.0"},
        "runs": {"type": "array", "items": RUN},
    },
    "additionalProperties": False,
}


@given(LISTS)
def test_sarif_has_what_the_standard_demands(found: list[Diagnostic]) -> None:
    jsonschema_rs = pytest.importorskip("jsonschema_rs")
    validator = jsonschema_rs.validator_for(SARIF)
    named = [d._replace(span=d.span._replace(file=(d.span.file + "x").replace("\udc80", ""))) for d in found]
    for report in (REPORT, report_of(named)):
        written = STYLES["sarif"](report)
        if "\\ud" not in written:  # jsonschema-rs takes no half of a pair, even as an escape
            assert list(validator.iter_errors(json.loads(written))) == []


def test_sarif_results_name_their_rule() -> None:
    run = run_of(REPORT)
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted(rule["id"] for rule in rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_sarif_of_a_rule_tells_all_that_is_known() -> None:
    (found,) = [rule for rule in run_of(REPORT)["tool"]["driver"]["rules"] if rule["id"] == "KG402"]
    assert found["name"] == "BoundsInOrder"
    assert found["shortDescription"] == {"text": "feasibleSpace.min lies below feasibleSpace.max."}
    assert found["defaultConfiguration"] == {"level": "error"}
    assert found["properties"]["effect"] == "stuck"
    assert found["properties"]["docs"] == "docs/rules.md#kg402"
    assert "helpUri" not in found  # a path is no absolute URI
    assert "- Good: `feasibleSpace" in found["help"]["markdown"]


def test_sarif_links_to_documents_that_have_an_address() -> None:
    from kgen.report import catalogue  # noqa: PLC0415 - for this one

    entries = catalogue.entries(REPORT.rules, {})
    written = sarif.render([BOUNDS], entries=entries, docs="https://example.com/rules.md")
    assert json.loads(written)["runs"][0]["tool"]["driver"]["rules"][0]["helpUri"].endswith("/rules.md#kg402")


def test_fingerprints_stay_when_lines_move_and_differ_within_a_run() -> None:
    def marks(*found: Diagnostic) -> list[str]:
        results = run_of(REPORT._replace(shown=found, suppressed=()))["results"]
        return [result["partialFingerprints"]["kgenFinding/v1"] for result in results]

    moved = BOUNDS._replace(span=Span(MANIFEST, 99, 3), message="min 0.2 is not below max 0.05")
    assert marks(BOUNDS) == marks(moved)
    assert len(set(marks(BOUNDS, moved, ALGORITHM, BOUNDS._replace(object=("Experiment", "b", "mnist"))))) == 4


def test_sarif_says_who_silenced_what() -> None:
    silenced = [result["suppressions"][0] for result in run_of(REPORT)["results"] if "suppressions" in result]
    assert [(each["kind"], each["justification"]) for each in silenced] == [
        ("inSource", SILENT.reason),
        ("external", "nobody owns it"),
    ]


def test_places_outside_the_repository_are_told_apart() -> None:
    absolute = BOUNDS._replace(span=Span("/tmp/a b.yaml", 1, 1), related=())
    (result,) = run_of(REPORT._replace(shown=(absolute,), suppressed=()))["results"]
    artifact = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact == {"uri": "file:///tmp/a%20b.yaml"}


# JUnit and GitHub


def cases(diagnostics: list[Diagnostic], looked: list[Looked], fail_on: Severity) -> dict[str, list[str]]:
    root = ET.fromstring(junit.render(diagnostics, looked, fail_on=fail_on))
    return {f"{c.attrib['classname']}: {c.attrib['name']}": [child.tag for child in c] for c in root.iter("testcase")}


def test_a_finding_in_a_layer_belongs_to_its_object() -> None:
    abroad = BOUNDS._replace(span=Span("overlays/prod.yaml", 2, 2))
    looked = [Looked(Span(MANIFEST, 1, 1), MNIST)]
    assert cases([abroad, TAB, OWNER], looked, Severity.ERROR) == {
        f"{MANIFEST}: Experiment team-a/mnist": ["failure", "system-out"],
        "overlays/prod.yaml: the file": ["failure"],
    }


def test_two_objects_of_one_name_in_a_file_are_two_cases() -> None:
    looked = [Looked(Span(MANIFEST, line, 1), MNIST) for line in (1, 9, 20)]
    assert cases([BOUNDS], looked, Severity.ERROR) == {
        f"{MANIFEST}: Experiment team-a/mnist": [],
        f"{MANIFEST}: Experiment team-a/mnist (line 9)": ["failure"],
        f"{MANIFEST}: Experiment team-a/mnist (line 20)": [],
    }


@pytest.mark.parametrize(
    ("fail_on", "tags"),
    [
        pytest.param(Severity.ERROR, ["system-out"], id="a warning is output where errors fail"),
        pytest.param(Severity.WARNING, ["failure"], id="and a failure where warnings do"),
        pytest.param(Severity.INFO, ["failure"], id="or where everything does"),
    ],
)
def test_what_fails_is_for_the_caller_to_say(fail_on: Severity, tags: list[str]) -> None:
    assert list(cases([ALGORITHM], [], fail_on).values()) == [tags]


def test_an_annotation_of_github_is_escaped() -> None:
    odd = ALGORITHM._replace(span=Span("a,b:c%.yaml", 3, 4), message="50%\r\nx: y, z", help="h")
    assert github.render([odd]) == (
        "::warning file=a%2Cb%3Ac%25.yaml,line=3,col=4,title=KG302::50%25%0D%0Ax: y, z%0Ah\n"
    )


def test_annotations_are_in_order() -> None:
    lines = github.render([BOUNDS, OWNER]).splitlines()
    assert [line.split(" ")[0] for line in lines] == ["::notice", "::error"]
