"""The `lint` part of `kgen.yaml`."""

from __future__ import annotations

import pytest

from kgen.codec.reader import read as read_yaml
from kgen.model.codes import CODES, can_be_silenced
from kgen.model.diagnostic import Severity
from kgen.model.environment import WORKSPACE
from kgen.model.lint import NO_SETTINGS, Ignore, Settings, check, read
from kgen.model.node import NOWHERE, Span, get, make
from kgen.model.policies import Policies
from kgen.model.shape import check as check_shape

KNOWN = ("KG001", "KG402", "KG708", "KG711")


def settings(source: str) -> Settings:
    node, problems = read_yaml(source.encode(), "kgen.yaml")
    assert node is not None
    assert not problems
    assert not list(check_shape(node, WORKSPACE))
    return read(get(node, "lint"))


def test_all_of_it() -> None:
    read_ = settings(
        "lint:\n"
        "  ignore:\n"
        "    - {rule: KG708, reason: one-off}\n"
        "  failOn: warning\n"
        "  rules: [team]\n"
        "  policies: {registries: [example.com/ml], gpus: 4, budget: 100}\n"
    )
    assert read_.ignore == (Ignore("KG708", "one-off", Span("kgen.yaml", 3, 14)),)
    assert read_.fail_on is Severity.WARNING
    assert [node.value for node in read_.rules] == ["team"]
    assert read_.policies == Policies(("example.com/ml",), 4, 100)


def test_nothing_of_it() -> None:
    assert settings("output: out\n") == NO_SETTINGS
    assert settings("lint: {}\n") == NO_SETTINGS


@pytest.mark.parametrize("odd", [None, True, 1, "x", [], [None], {"ignore": 3}, {"ignore": [{}, {"rule": []}]}])
def test_what_does_not_fit_is_absent(odd: object) -> None:
    node = make(odd, NOWHERE)
    assert read(node)._replace(ignore=()) == NO_SETTINGS
    bent = make({"failOn": odd, "rules": odd, "policies": {"gpus": "x", "registries": odd}}, NOWHERE)
    assert read(bent).fail_on is None


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        pytest.param("lint: {ignore: [{rule: KG708}]}", "`lint.ignore[0]` has no `reason`", id="no reason"),
        pytest.param("lint: {ignore: [{rule: KG708, reason: ' '}]}", "is not a reason in words", id="a blank reason"),
        pytest.param("lint: {ignore: [KG708]}", "expected a mapping", id="a code alone"),
        pytest.param("lint: {failOn: never}", "`never` is unknown", id="no severity"),
        pytest.param("lint: {policies: {gpu: 3}}", "unknown key `gpu`", id="a misspelt policy"),
        pytest.param("lint: {policies: {gpus: -1}}", "expected 0 or more", id="less than none"),
    ],
)
def test_its_shape(source: str, complaint: str) -> None:
    node, _ = read_yaml(source.encode(), "kgen.yaml")
    assert node is not None
    (found,) = check_shape(node, WORKSPACE)
    assert complaint in found.message


@pytest.mark.parametrize(
    ("rule", "message", "help_"),
    [
        pytest.param("KG708", None, "", id="a code"),
        pytest.param("KG7", None, "", id="a family"),
        pytest.param("KG780", "there is no rule `KG780`", "did you mean `KG708`?", id="misspelt"),
        pytest.param("kg708", "there is no rule `kg708`", "did you mean `KG708`?", id="small letters"),
        pytest.param("KG001", "`KG001` cannot be silenced", "remove the entry", id="reading"),
        pytest.param("KG0", "`KG0` cannot be silenced", "remove the entry", id="all of reading"),
    ],
)
def test_its_codes(rule: str, message: str | None, help_: str) -> None:
    found = list(check(settings(f"lint:\n  ignore: [{{rule: {rule}, reason: x}}]\n"), KNOWN))
    if message is None:
        assert found == []
    else:
        assert [(d.span, d.code) for d in found] == [(Span("kgen.yaml", 2, 19), "KG004")]
        assert message in found[0].message
        assert help_ in found[0].help


def test_a_page_says_what_is_wrong_why_and_how_to_mend_it() -> None:
    for code, page in CODES.items():
        assert page.headline.endswith("."), code
        assert page.why.endswith("."), code
        assert page.mend.endswith("."), code
        assert len({page.headline, page.why, page.mend}) == 3, code


def test_what_kgen_cannot_work_with_cannot_be_silenced() -> None:
    assert not can_be_silenced("KG001")
    assert not can_be_silenced("KG115")
    assert not can_be_silenced("KG201")
    assert can_be_silenced("KG402")
    assert can_be_silenced("KG299")  # of a rule
