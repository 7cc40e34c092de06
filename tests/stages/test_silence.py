"""Silencing: what a comment, the settings and the command line turn off, and what is wrong with a comment."""

from __future__ import annotations

import pytest

from kgen.model.diagnostic import Diagnostic, Severity
from kgen.model.lint import NO_SETTINGS, Ignore, Settings
from kgen.model.node import Span
from kgen.model.sources import Unreadable
from kgen.stages.silence import Silenced, check_codes, runs, silence, split_codes

KNOWN = ("KG001", "KG014", "KG101", "KG201", "KG210", "KG402", "KG403", "KG404", "KG708", "KG901", "TEAM01")


def at(line: int, code: str = "KG402", file: str = "a.yaml") -> Diagnostic:
    return Diagnostic(Span(file, line, 4), code, Severity.ERROR, "m", "h")


def silenced(
    source: str,
    *found: Diagnostic,
    select: tuple[str, ...] = (),
    ignore: tuple[str, ...] = (),
    settings: Settings = NO_SETTINGS,
    checked: tuple[str, ...] | None = None,
    file: str = "a.yaml",
) -> Silenced:
    return silence(
        found, {file: source.encode()}, settings, select=select, ignore=ignore, known_codes=KNOWN, checked=checked
    )


def said(result: Silenced) -> list[str]:
    return [f"{d.span.line}:{d.span.column} {d.code} {d.message}" for d in result.shown]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        pytest.param("a: 1 # kgen: ignore[KG402] why\n", 1, id="at the end of its line"),
        pytest.param("# kgen: ignore[KG402] why\na: 1\n", 2, id="on the line above"),
        pytest.param("# kgen: ignore[KG402] why\n# more\n\n---\na: 1\n", 5, id="over comments, empty lines and a mark"),
        pytest.param("# kgen: ignore[KG402] one\n# kgen: ignore[KG403] two\na: 1\n", 3, id="one of two above it"),
        pytest.param("a: 1 # kgen: ignore[KG403, KG402] why\n", 1, id="one of several codes"),
        pytest.param("a: 1 #kgen:ignore [KG402]: why\n", 1, id="other blanks"),
        pytest.param("a: 1 # kgen: ignore[KG402] - 이유\n", 1, id="a reason in any script"),
        pytest.param("# kgen: ignore-file[KG402] why\na: 1\nb: 2\n", 3, id="the whole file"),
        pytest.param("# a\n---\n# kgen: ignore-file[KG402] why\na: 1\n", 4, id="the head of a file has other lines"),
        pytest.param("a: |  # kgen: ignore[KG402] why\n  text\n", 1, id="behind the head of a block"),
    ],
)
def test_a_comment_silences(source: str, line: int) -> None:
    result = silenced(source, at(line), checked=())
    assert result.shown == ()
    (suppressed,) = result.suppressed
    assert suppressed.diagnostic == at(line)
    assert suppressed.in_source
    assert suppressed.reason


@pytest.mark.parametrize(
    ("source", "line", "code"),
    [
        pytest.param("a: 1 # kgen: ignore[KG402] why\nb: 1\n", 2, "KG402", id="another line"),
        pytest.param("a: 1 # kgen: ignore[KG402] why\n", 1, "KG403", id="another code"),
        pytest.param("# kgen: ignore[KG402] why\na: 1\nb: 1\n", 3, "KG402", id="two lines below"),
        pytest.param("a: '# kgen: ignore[KG402] why'\n", 1, "KG402", id="a text"),
        pytest.param("a: |\n  # kgen: ignore[KG402] why\nb: 1\n", 3, "KG402", id="a line of a block"),
        pytest.param("a: 1 # see kgen: ignore[KG402] why\n", 1, "KG402", id="a comment that speaks of it"),
        pytest.param("a: 1 # kgen: ignored[KG402] why\n", 1, "KG402", id="another word"),
    ],
)
def test_a_comment_does_not_silence(source: str, line: int, code: str) -> None:
    assert silenced(source, at(line, code), checked=()).shown == (at(line, code),)


def test_a_comment_speaks_of_its_own_file() -> None:
    assert silenced("# kgen: ignore-file[KG402] why\n", at(1, file="b.yaml"), checked=()).suppressed == ()


def test_a_file_in_jsonnet() -> None:
    source = "// kgen: ignore-file[KG402] why\n{ a: '// kgen: ignore[KG403] no' }\n"
    assert silenced(source, at(1, file="a.jsonnet"), file="a.jsonnet").shown == ()


@pytest.mark.parametrize(
    ("comment", "message", "help_"),
    [
        pytest.param("ignore[KG402]", "no reason", "`kgen: ignore[KG402] the reason`", id="no reason"),
        pytest.param("ignore[KG402] ---", "no reason", "add the reason", id="a reason without words"),
        pytest.param("ignore KG402 why", "names no codes in brackets", "`kgen: ignore[KG402] the reason`", id="bare"),
        pytest.param("ignore", "names no codes in brackets", "write `kgen: ignore[KG402]", id="nothing"),
        pytest.param("ignore[] why", "names no code", "several codes", id="empty brackets"),
        pytest.param("ignore[KG4O2] why", "there is no rule `KG4O2`", "did you mean `KG402`?", id="a misspelt code"),
        pytest.param("ignore[kg402] why", "there is no rule `kg402`", "did you mean `KG402`?", id="small letters"),
        pytest.param("ignore[XYZ] why", "there is no rule `XYZ`", "`kgen rule` lists", id="an unknown code"),
        pytest.param("ignore[KG40] why", "`KG40` is a family of 3 rules", "name each code", id="a family"),
        pytest.param("ignore[KG101] why", "`KG101` cannot be silenced", "mend", id="a layer"),
        pytest.param("ignore[KG001] why", "`KG001` cannot be silenced", "mend", id="broken YAML"),
        pytest.param("ignore[KG201] why", "`KG201` cannot be silenced", "mend", id="nothing to build"),
        pytest.param("ignore[KG014] why", "`KG014` cannot be silenced", "mend", id="itself"),
        pytest.param("ignore-file[KG402] why", "above its first value", "move it above", id="a file, not at its head"),
    ],
)
def test_a_comment_that_cannot_be_understood(comment: str, message: str, help_: str) -> None:
    result = silenced(f"b: 1\na: 1 # kgen: {comment}\n", at(2))
    found, *rest = [d for d in result.shown if d.code == "KG015"]
    assert not rest
    assert found.span == Span("a.yaml", 2, 6)
    assert message in found.message
    assert help_ in found.help
    assert at(2) in result.shown


def test_the_line_of_the_first_value_is_not_above_it() -> None:
    (found,) = silenced("a: 1 # kgen: ignore-file[KG402] why\n").shown
    assert "above its first value" in found.message


def test_one_wrong_code_spoils_the_comment() -> None:
    assert said(silenced("a: 1 # kgen: ignore[KG402, KG999] why\n", at(1))) == [
        "1:4 KG402 m",
        "1:6 KG015 there is no rule `KG999`",
    ]


def test_what_silences_nothing_is_an_error() -> None:
    result = silenced("a: 1 # kgen: ignore[KG402, KG403] why\n# kgen: ignore[KG404] why\n", at(1))
    assert said(result) == [
        "1:6 KG014 `KG403` is silenced here, and nothing of it is found on the line that it speaks of",
        "2:1 KG014 `KG404` is silenced here, and nothing of it is found on the line that it speaks of",
    ]
    assert all(d.severity is Severity.ERROR for d in result.shown)
    assert said(silenced("# kgen: ignore-file[KG402] why\na: 1\n"))[0].endswith("is found in this file")


def test_two_comments_for_one_finding_are_both_used() -> None:
    assert silenced("# kgen: ignore-file[KG402] why\na: 1 # kgen: ignore[KG402] why\n", at(2)).shown == ()


@pytest.mark.parametrize(
    ("select", "ignore", "checked"),
    [
        pytest.param((), ("KG402",), None, id="ignored"),
        pytest.param((), ("KG4",), None, id="ignored with its family"),
        pytest.param(("KG7",), (), None, id="not selected"),
        pytest.param((), (), (), id="nothing was checked"),
        pytest.param((), (), ("b.yaml",), id="another file was checked"),
    ],
)
def test_a_rule_that_was_not_asked_leaves_its_comments_alone(
    select: tuple[str, ...], ignore: tuple[str, ...], checked: tuple[str, ...] | None
) -> None:
    source = "a: 1 # kgen: ignore[KG402] why\n"
    assert silenced(source, select=select, ignore=ignore, checked=checked).shown == ()
    assert said(silenced(source)) != []


def test_a_file_that_cannot_be_read_leaves_its_comments_alone() -> None:
    assert said(silenced("a: 1 # kgen: ignore[KG402] why\n", at(3, "KG001"))) == ["3:4 KG001 m"]


def test_a_file_without_bytes_has_no_comments() -> None:
    broken = {"a.yaml": Unreadable("it is a folder", "remove it")}
    assert silence([at(1)], broken, NO_SETTINGS, known_codes=KNOWN).shown == (at(1),)


@pytest.mark.parametrize(
    ("code", "hit"),
    [
        pytest.param("KG001", False, id="reading"),
        pytest.param("KG101", False, id="layers"),
        pytest.param("KG201", False, id="a stage"),
        pytest.param("KG210", True, id="a rule of the same family"),
        pytest.param("KG402", True, id="a rule"),
        pytest.param("KG901", True, id="a stage that only judges"),
        pytest.param("TEAM01", True, id="a rule of a team's own"),
    ],
)
def test_what_can_be_silenced(code: str, hit: bool) -> None:
    settings = Settings((Ignore(code, "why"),))
    assert bool(silenced("a: 1\n", at(1, code), settings=settings).suppressed) is hit
    assert bool(silenced("a: 1\n", at(1, code), ignore=(code,)).left_out) is hit
    assert bool(silenced("a: 1\n", at(1, code), select=("KG708",)).left_out) is hit


def test_settings_silence_a_family_and_are_never_unused() -> None:
    settings = Settings((Ignore("KG7", "no budget here", Span("kgen.yaml", 3, 9)), Ignore("KG403", "why")))
    result = silenced("a: 1\n", at(1), at(1, "KG708"), settings=settings)
    assert result.shown == (at(1),)
    (suppressed,) = result.suppressed
    assert (suppressed.reason, suppressed.where, suppressed.in_source) == (
        "no budget here",
        Span("kgen.yaml", 3, 9),
        False,
    )


def test_a_comment_goes_before_the_settings() -> None:
    settings = Settings((Ignore("KG402", "settings"),))
    result = silenced("a: 1 # kgen: ignore[KG402] comment\n", at(1), settings=settings)
    assert [s.reason for s in result.suppressed] == ["comment"]
    assert result.shown == ()


def test_findings_are_in_order_and_once() -> None:
    found = (at(3), at(1), at(3), at(2, "KG403"))
    assert silenced("# kgen: ignore[KG404]\n", *found).shown[1:] == (at(1), at(2, "KG403"), at(3))


@pytest.mark.parametrize(
    ("code", "select", "ignore", "wanted"),
    [
        pytest.param("KG402", (), (), True, id="everything"),
        pytest.param("KG402", ("KG4",), (), True, id="a family"),
        pytest.param("KG708", ("KG4",), (), False, id="another family"),
        pytest.param("KG402", (), ("KG402",), False, id="all but one"),
        pytest.param("KG402", ("KG4",), ("KG402",), False, id="a family but one"),
        pytest.param("KG402", ("KG402",), ("KG4",), True, id="one of a family that is ignored"),
        pytest.param("KG402", ("KG402",), ("KG402",), False, id="ignore decides a tie"),
        pytest.param("KG402", ("KG",), ("KG7",), True, id="the whole of kgen's"),
    ],
)
def test_the_longest_name_decides(code: str, select: tuple[str, ...], ignore: tuple[str, ...], wanted: bool) -> None:
    assert runs(code, select, ignore) is wanted


def test_codes_of_the_command_line() -> None:
    assert split_codes(["KG4, kg402", "TEAM01", "KG4,"]) == ("KG4", "KG402", "TEAM01")
    assert check_codes(("KG4", "KG402", "TEAM", "KG"), KNOWN) == ()
    assert check_codes(("",), KNOWN) != ()
    assert check_codes(("KG4O2", "XY"), KNOWN) == (
        "there is no rule `KG4O2`: did you mean `KG402`?",
        "there is no rule `XY`: `kgen rule` lists the codes",
    )
