"""Excerpts: the caret is under the character it speaks of, and no secret is printed."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgen.model.diagnostic import Diagnostic, Severity
from kgen.model.node import Span
from kgen.report import text
from kgen.report.cells import width
from kgen.report.excerpt import MOST_CELLS, window
from kgen.report.masking import MASK, masked

FILE = "a.yaml"


def shown(source: str | bytes, line: int, column: int, code: str = "KG402", kind: str = "", file: str = FILE) -> str:
    """What is printed between a diagnostic and its help."""
    found = Diagnostic(
        Span(file, line, column), code, Severity.ERROR, "m", "h", object=(kind, "", "") if kind else None
    )
    data = source if isinstance(source, bytes) else source.encode()
    _, *lines, _ = text.render([found], sources={file: data}).splitlines()
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("source", "line", "column", "excerpt"),
    [
        pytest.param('a:\n    goal: "0.99"\n', 2, 11, '   2 |     goal: "0.99"\n     |           ^', id="plain"),
        pytest.param("a: 日本 # b\n", 1, 7, "   1 | a: 日本 # b\n     |         ^", id="two cells a character"),
        pytest.param("🎉: x\n", 1, 4, "   1 | 🎉: x\n     |     ^", id="an emoji takes two"),
        pytest.param("e\u0301: x\n", 1, 5, "   1 | e\u0301: x\n     |    ^", id="a mark over a letter takes none"),
        pytest.param("\ta: x\n", 1, 2, "   1 |   a: x\n     |   ^", id="a tab is two blanks"),
        pytest.param("a: 1\r\nb: 2\r\n", 2, 4, "   2 | b: 2\n     |    ^", id="lines end as in Windows"),
        pytest.param("a: 1\rb: 2", 2, 4, "   2 | b: 2\n     |    ^", id="or as they once did"),
        pytest.param("\ufeffa: 1\n", 1, 4, "   1 | a: 1\n     |    ^", id="a byte order mark counts for nothing"),
        pytest.param(
            "a: x\x1b[31m\u202e\n", 1, 4, "   1 | a: x\ufffd[31m\ufffd\n     |    ^", id="nothing that steers"
        ),
        pytest.param("a:   \n", 1, 4, "   1 | a:\n     |    ^", id="where a value is missing"),
        pytest.param("a: 1\n", 1, 99, "   1 | a: 1\n     |     ^", id="past the end is at the end"),
        pytest.param("a: 1\n", 9, 1, "", id="no such line"),
        pytest.param("a: 1\n", 0, 0, "", id="nobody wrote it"),
        pytest.param("\n\na: 1\n", 1, 1, "", id="an empty line says nothing"),
        pytest.param("\n" * 12344 + "a: 1\n", 12345, 1, "12345 | a: 1\n      | ^", id="a long way down"),
    ],
)
def test_excerpt(source: str, line: int, column: int, excerpt: str) -> None:
    assert shown(source, line, column) == excerpt


def test_bytes_that_are_no_text() -> None:
    assert shown(b"a: 1\nb: \xff\n", 2, 4) == "   2 | b: \ufffd\n     |    ^"


def test_a_file_that_is_not_there() -> None:
    found = Diagnostic(Span(FILE, 1, 1), "KG402", Severity.ERROR, "m", "h")
    assert text.render([found], sources={}) == text.render([found])


def test_what_jsonnet_makes_has_no_line() -> None:
    assert shown("local a = 1;\n", 1, 1, file="a.jsonnet") == ""
    assert shown("local a = 1;\n", 1, 7, file="a.jsonnet", code="KG009") != ""


def test_a_long_line_is_cut_around_its_column() -> None:
    line = "".join(f"<{number:03}>" for number in range(100))
    for column in range(1, len(line) + 2):
        cut, before = window(line, column)
        assert width(cut) <= MOST_CELLS
        if column <= len(line):
            assert cut[before] == line[column - 1]
        assert cut.startswith("…") or line.startswith(cut[:-1])
        assert cut.endswith("…") or line.endswith(cut[1:])


def test_lines_that_nobody_wrote_end_soon() -> None:
    assert shown("a: " + "x" * 5_000_000, 1, 4) == ""
    kinds = "kind: " * 300_000
    sources = {FILE: (f"{kinds}\n" + "passpass" * 240 + "\n" + "Secret " * 300_000 + "\n").encode()}
    found = [Diagnostic(Span(FILE, 2, at), "KG402", Severity.ERROR, "m", "h") for at in range(1, 20)]
    began = process_time()
    text.render(found, sources=sources)
    assert process_time() - began < 5


CHARACTERS = st.text(st.sampled_from("ab \t日🎉é\u0301-:#x"), max_size=200)


@given(CHARACTERS, st.integers(1, 200))
def test_the_caret_is_under_its_character(line: str, column: int) -> None:
    line = "a" + line
    column = min(column, len(line))
    cut, before = window(line, column)
    assert width(cut) <= MOST_CELLS
    assert "\t" not in cut
    wanted = line[column - 1].replace("\t", " ")
    under = [c for end, c in enumerate(cut) if width(cut[:end]) == before]
    assert wanted in under or not line[column - 1 :].strip()


# Secrets


SECRET = "hunter2-Zq9"


@pytest.mark.parametrize(
    ("source", "line"),
    [
        pytest.param(f"password: {SECRET}", 1, id="a key"),
        pytest.param(f'{{"apiKey": "{SECRET}"}}', 1, id="JSON"),
        pytest.param(f"- name: HF_TOKEN\n  value: {SECRET}", 2, id="a variable"),
        pytest.param(f"- value: {SECRET}\n  name: HF_TOKEN", 1, id="a variable, its name behind"),
        pytest.param(f"- name: HF_TOKEN\n  # from the hub\n  value: {SECRET}", 3, id="a remark between"),
        pytest.param(f"- {{name: HF_TOKEN, value: {SECRET}}}", 1, id="in one line"),
        pytest.param(f"env: {{HF_TOKEN: {SECRET}}}", 1, id="the compact form"),
        pytest.param(f"args: [--password, {SECRET}]", 1, id="an argument"),
        pytest.param(f'args: ["--db-password={SECRET}"]', 1, id="an argument with its value"),
        pytest.param(f"- --api-key\n- {SECRET}", 2, id="arguments below one another"),
        pytest.param(f'  "--secret",\n  "{SECRET}"', 2, id="and in JSON"),
        pytest.param(f"command: [sh, -c, 'curl -H \"Authorization: Bearer {SECRET}\"']", 1, id="a header"),
        pytest.param(f"url: https://me:{SECRET}@host/x", 1, id="in an address"),
        pytest.param(f"x: hf_{SECRET}", 1, id="a shape that is known"),
        pytest.param(f"x: AKIAABCDEFGHIJKLMNOP # {SECRET}", 1, id="an access key"),
        pytest.param(f"key: |\n  -----BEGIN RSA PRIVATE KEY-----\n  {SECRET}", 3, id="below the head of a key"),
        pytest.param(f"password: >-\n  one\n  {SECRET}", 3, id="a block"),
        pytest.param(f"- name: TOKEN\n  value: |-\n    {SECRET}", 3, id="a block of a variable"),
        pytest.param(f"token:\n  {SECRET}", 2, id="below its key"),
        pytest.param(f".dockerconfigjson: '{{{SECRET}}}'", 1, id="a docker configuration"),
        pytest.param(f"kind: Secret\nstringData:\n  a: {SECRET}", 3, id="a Secret"),
        pytest.param(f"data: {{a: {SECRET}}}\nkind: Secret", 1, id="a Secret, its kind below"),
        pytest.param(f'{{"kind": "Secret", "data": {{"a": "{SECRET}"}}}}', 1, id="a Secret in JSON"),
        pytest.param(f"---\na: 1\n---\nkind: 'Secret'\na: {SECRET}", 5, id="one document of several"),
    ],
)
def test_no_secret_is_printed(source: str, line: int) -> None:
    for column in range(1, len(source.splitlines()[line - 1]) + 2):
        assert SECRET[:3] not in shown(source, line, column, code="KG501")


@pytest.mark.parametrize(
    ("code", "kind"),
    [pytest.param("KG901", "", id="by its code"), pytest.param("KG402", "Secret", id="by its object")],
)
def test_nothing_is_shown_of_what_is_about_a_secret(code: str, kind: str) -> None:
    assert shown("a: 1\n", 1, 1, code, kind) == ""
    assert shown("a: 1\n", 1, 1) != ""


@pytest.mark.parametrize(
    "line",
    [
        "max_tokens: 512",
        "tokenizer: bert-base",
        "image: registry.example.com/team/trainer@sha256:" + "0123456789abcdef" * 4,
        "secretKeyRef: {name: hub, key: token}",
        "TOKEN: {secretKeyRef: {name: hub, key: token}}",
        "imagePullSecrets: [{name: registry}]",
        "- --lr=${trialParameters.learningRate}",
        "command: [python3, /opt/katib/very/long/path/to/some/script/that/has/a/name.py]",
        "value: 12",
    ],
)
def test_what_is_no_secret_is_shown_whole(line: str) -> None:
    assert masked([line], 0) == line


def test_the_document_beside_a_secret_is_shown() -> None:
    source = "kind: Secret\na: 1\n---\nkind: Experiment\nb: 2\n"
    assert shown(source, 5, 4) == "   5 | b: 2\n     |    ^"
    assert shown("kind: SealedSecret\nb: 2\n", 2, 4) == "", "plain text may stand in one by mistake"


def test_the_caret_stays_on_what_is_left_of_a_line() -> None:
    assert shown("password: abcdef\n", 1, 14) == f"   1 | password: {MASK}\n     |              ^"
