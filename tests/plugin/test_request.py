"""The three ways in which Argo CD passes parameters on, their order, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kgen.cli.argocd.request import KNOWN, Request, read
from kgen.model.diagnostic import InputError

CANARY = "canary-7f3a"


def listed(*items: object) -> dict[str, str]:
    return {"ARGOCD_APP_PARAMETERS": json.dumps(items)}


def of(name: str, **value: Any) -> dict[str, Any]:
    return {"name": name, **value}


@pytest.mark.parametrize(
    ("environ", "request_"),
    [
        pytest.param({}, Request(), id="an Application without a plugin block"),
        pytest.param({"ARGOCD_APP_PARAMETERS": "null"}, Request(), id="`plugin: {}`, of which Argo CD makes null"),
        pytest.param({"ARGOCD_APP_PARAMETERS": ""}, Request(), id="an empty variable"),
        pytest.param({"ARGOCD_APP_PARAMETERS": "[]"}, Request(), id="an empty list"),
        pytest.param(listed(of("environment", string="prod")), Request("prod"), id="a string"),
        pytest.param(listed(of("environment", string=" prod ")), Request("prod"), id="a string with blanks around it"),
        pytest.param(listed(of("environment", string="")), Request(), id="a field that was cleared"),
        pytest.param(listed(of("set", map={})), Request(), id="an empty map"),
        pytest.param(
            listed(of("set", map={"trials.max": "3", "algorithm": "tpe"})),
            Request("", ("algorithm=tpe", "trials.max=3")),
            id="a map, in the order of its keys",
        ),
        pytest.param(
            listed(of("set", array=["trials.max=3", "trials={max: 4}"])),
            Request("", ("trials.max=3", "trials={max: 4}")),
            id="an array, in its own order",
        ),
        pytest.param(
            listed(of("set", string="trials.max=3\n\ntrials.parallel=1\n")),
            Request("", ("trials.max=3", "trials.parallel=1")),
            id="a text, one a line",
        ),
        pytest.param(
            listed(of("set", map={"description": "a=b"})), Request("", ("description=a=b",)), id="an = inside"
        ),
        pytest.param(listed(of("allow-empty", string="true")), Request(allow_empty=True), id="true"),
        pytest.param(listed(of("allow-empty", string="false")), Request(), id="false"),
        pytest.param(
            listed(of("environment", string="prod", array=None)), Request("prod"), id="a form that is null is absent"
        ),
        pytest.param(
            {"PARAM_ENVIRONMENT": "prod", "PARAM_SET_0": "a=1", "PARAM_ALLOW_EMPTY": "true"},
            Request("prod", ("a=1",), allow_empty=True),
            id="the plain variables alone",
        ),
        pytest.param(
            {f"PARAM_SET_{n}": f"a{n}=1" for n in (10, 9, 0)},
            Request("", ("a0=1", "a9=1", "a10=1")),
            id="an array in plain variables, in the order of numbers",
        ),
        pytest.param({"PARAM_SET": "a=1"}, Request("", ("a=1",)), id="a string in a plain variable"),
        pytest.param(
            {
                "ARGOCD_ENV_KGEN_ENVIRONMENT": "prod",
                "ARGOCD_ENV_KGEN_SET": "a=1",
                "ARGOCD_ENV_KGEN_ALLOW_EMPTY": "true",
            },
            Request("prod", ("a=1",), allow_empty=True),
            id="plugin.env",
        ),
        pytest.param(
            {
                **listed(of("environment", string="first")),
                "PARAM_ENVIRONMENT": "second",
                "ARGOCD_ENV_KGEN_ENVIRONMENT": "third",
            },
            Request("first"),
            id="the list comes first",
        ),
        pytest.param(
            {"PARAM_ENVIRONMENT": "second", "ARGOCD_ENV_KGEN_ENVIRONMENT": "third"},
            Request("second"),
            id="the plain variables come before plugin.env",
        ),
        pytest.param(
            {
                **listed(of("environment", string="")),
                "PARAM_ENVIRONMENT": "",
                "ARGOCD_ENV_KGEN_ENVIRONMENT": "third",
            },
            Request("third"),
            id="what is empty is passed over",
        ),
        pytest.param(
            {**listed(of("set", map={"trials.max": "3"})), "PARAM_SET_TRIALS_MAX": "3", "ARGOCD_ENV_KGEN_SET": "a=1"},
            Request("", ("trials.max=3",)),
            id="a map's plain variables stand beside the list, and ways are not mixed",
        ),
        pytest.param(
            {"PARAM_OTHER": "1", "ARGOCD_ENV_FOO": "1", "ARGOCD_APP_NAME": "prod", "ENVIRONMENT": "x", "KGEN_SET": "y"},
            Request(),
            id="what is not kgen's is not read",
        ),
    ],
)
def test_what_is_asked(environ: dict[str, str], request_: Request) -> None:
    assert read(environ) == request_


@pytest.mark.parametrize(
    ("environ", "place", "message"),
    [
        pytest.param({"ARGOCD_APP_PARAMETERS": "[{"}, "ARGOCD_APP_PARAMETERS:1:3", "it is no JSON", id="half a list"),
        pytest.param(
            {"ARGOCD_APP_PARAMETERS": CANARY}, "ARGOCD_APP_PARAMETERS:1:1", "it is no JSON", id="a word that is no JSON"
        ),
        pytest.param(
            {"ARGOCD_APP_PARAMETERS": "[" * 100_000}, "ARGOCD_APP_PARAMETERS", "it is nested too deep", id="depth"
        ),
        pytest.param(
            {"ARGOCD_APP_PARAMETERS": f'{{"set": "{CANARY}"}}'},
            "ARGOCD_APP_PARAMETERS",
            "expected a list, found mapping",
            id="a mapping of parameters",
        ),
        pytest.param(
            listed(CANARY), "ARGOCD_APP_PARAMETERS[0]", "expected a mapping, found text", id="a text in the list"
        ),
        pytest.param(listed({"string": CANARY}), "ARGOCD_APP_PARAMETERS[0]", "it has no `name`", id="no name"),
        pytest.param(listed(of("", string=CANARY)), "ARGOCD_APP_PARAMETERS[0]", "it has no `name`", id="an empty name"),
        pytest.param(listed({"name": 3}), "ARGOCD_APP_PARAMETERS[0]", "it has no `name`", id="a number for a name"),
        pytest.param(
            listed(of("environment", string="p"), of("alow-empty", string=CANARY)),
            "ARGOCD_APP_PARAMETERS[1]",
            "no parameter is called `alow-empty`",
            id="a misspelt name",
        ),
        pytest.param(
            listed(of("set", string="a=1"), of("set", string="b=1")),
            "ARGOCD_APP_PARAMETERS",
            "parameter `set` stands twice",
            id="a name twice",
        ),
        pytest.param(
            {"ARGOCD_APP_PARAMETERS": f'[{{"name": "set", "map": {{"a": "{CANARY}", "a": "2"}}}}]'},
            "ARGOCD_APP_PARAMETERS",
            "key `a` stands twice in an object",
            id="a key twice",
        ),
        pytest.param(
            listed(of("environment", value=CANARY)),
            "ARGOCD_APP_PARAMETERS[0]",
            "parameter `environment` has an unknown key `value`",
            id="a key that is none",
        ),
        pytest.param(
            listed(of("environment")), "ARGOCD_APP_PARAMETERS[0]", "parameter `environment` has no value", id="no value"
        ),
        pytest.param(
            listed(of("set", string=CANARY, array=[])),
            "ARGOCD_APP_PARAMETERS[0]",
            "parameter `set` has `string` and `array`",
            id="two forms at once",
        ),
        pytest.param(
            listed(of("set", array=CANARY)),
            "ARGOCD_APP_PARAMETERS[0]",
            "`array` of parameter `set` holds the wrong kind: text",
            id="an array that is a text",
        ),
        pytest.param(
            listed(of("set", map={"trials.max": 3})),
            "ARGOCD_APP_PARAMETERS[0]",
            "`map` of parameter `set` holds a number",
            id="a number in a map",
        ),
        pytest.param(
            listed(of("set", array=[None])),
            "ARGOCD_APP_PARAMETERS[0]",
            "`array` of parameter `set` holds a null",
            id="null in an array",
        ),
        pytest.param(
            listed(of("set", map={"a=b": CANARY})),
            "ARGOCD_APP_PARAMETERS",
            "a key of `set` holds `=`",
            id="a map's key that would be cut in two",
        ),
        pytest.param(
            listed(of("environment", array=["prod"])),
            "ARGOCD_APP_PARAMETERS",
            "parameter `environment` is no single text",
            id="an array of environments",
        ),
        pytest.param(
            listed(of("allow-empty", string="yes")),
            "ARGOCD_APP_PARAMETERS",
            "parameter `allow-empty` is neither true nor false",
            id="another word for true",
        ),
        pytest.param(
            {"PARAM_ALLOW_EMPTY": "1"}, "PARAM_ALLOW_EMPTY", "is neither true nor false", id="a number for true"
        ),
        pytest.param(
            {"PARAM_SET_TRIALS_MAX": CANARY},
            "PARAM_SET_TRIALS_MAX",
            "has lost the case and the dots of its keys",
            id="a map in plain variables",
        ),
        pytest.param(
            {"ARGOCD_ENV_KGEN_ENVIROMENT": CANARY},
            "ARGOCD_ENV_KGEN_ENVIROMENT",
            "kgen knows no such variable",
            id="a misspelt variable",
        ),
    ],
)
def test_what_is_refused(environ: dict[str, str], place: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(environ)
    (found,) = caught.value.diagnostics
    assert (str(found.span), found.code) == (place, "KG018")
    assert message in found.message
    assert found.help
    assert CANARY not in found.message + found.help, "a value may be a secret"


def test_a_misspelt_variable_is_told_as_the_application_writes_it() -> None:
    with pytest.raises(InputError) as caught:
        read({"ARGOCD_ENV_KGEN_ENVIROMENT": "prod"})
    assert "did you mean `KGEN_ENVIRONMENT`?" in caught.value.diagnostics[0].help


def test_every_parameter_is_read_in_each_of_the_ways() -> None:
    for name in KNOWN:
        value, variable = ("true", name.upper().replace("-", "_"))
        asked = {
            read(environ)
            for environ in (
                listed(of(name, string=value)),
                {f"PARAM_{variable}": value},
                {f"ARGOCD_ENV_KGEN_{variable}": value},
            )
        }
        assert len(asked) == 1
        assert asked != {Request()}
