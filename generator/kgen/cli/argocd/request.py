"""What Argo CD asks of a config management plugin: parameters from the environment, a place from the folder.

A parameter is taken from the first of these that has it; an empty one counts as absent, as a cleared field of the
web interface leaves one:

| from | written in the Application as |
|---|---|
| `ARGOCD_APP_PARAMETERS` | `plugin.parameters`: a JSON list of `{name, string or array or map}` |
| `PARAM_NAME`, `PARAM_NAME_0` | the same once more, of which Argo CD makes names that can collide; and by hand |
| `ARGOCD_ENV_KGEN_NAME` | `plugin.env` with the name `KGEN_NAME` |

Read from Argo CD 3.5.1: pkg/apis/application/v1alpha1/types.go (ApplicationSourcePluginParameters.Environ) and
reposerver/repository/repository.go (getPluginParamEnvs).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple, NoReturn, TypeAlias

from kgen.model.diagnostic import InputError, error
from kgen.model.node import Span, kind_of
from kgen.model.words import suggestion

ENVIRONMENT, SET, ALLOW_EMPTY = "environment", "set", "allow-empty"
KNOWN: Final = (ENVIRONMENT, SET, ALLOW_EMPTY)
UNUSABLE = "KG018"
_JSON, _PLAIN, _OWN = "ARGOCD_APP_PARAMETERS", "PARAM_", "ARGOCD_ENV_KGEN_"
_FORMS = ("string", "array", "map")
_TRUTH = {"true": True, "false": False}

_Value: TypeAlias = str | list[str] | dict[str, str]


class Request(NamedTuple):
    """The parameters of an application."""

    environment: str = ""  # as it was written; "" where the folder must say it
    settings: tuple[str, ...] = ()  # KEY=VALUE, as after --set
    allow_empty: bool = False


class _Given(NamedTuple):
    """A parameter's value, and the variable that holds it."""

    place: str
    value: _Value


def read(environ: Mapping[str, str]) -> Request:
    """Read the parameters of an application.

    Raises:
        InputError: one of them cannot be understood, or is none that kgen knows (KG018). No value is in the message.
    """
    sources = (_from_json(environ.get(_JSON, "")), _from_plain(environ), _from_own(environ))
    found = {name: given for source in reversed(sources) for name, given in source.items() if given.value}
    return Request(
        _string(found, ENVIRONMENT),
        _settings(found.get(SET)),
        _truth(found),
    )


def _from_json(text: str) -> dict[str, _Given]:
    """Read the list that Argo CD writes; `null` is that of an Application whose plugin has no parameters."""
    listed = _parsed(text) if text.strip() else None
    if listed is None:
        return {}
    if not isinstance(listed, list):
        _refuse(_JSON, f"expected a list, found {_kind(listed)}", 'write [{"name": "environment", "string": "prod"}]')
    out: dict[str, _Given] = {}
    for number, item in enumerate(listed):
        name, value = _entry(f"{_JSON}[{number}]", item)
        if name in out:
            _refuse(_JSON, f"parameter `{name}` stands twice", "remove one of the two")
        out[name] = _Given(_JSON, value)
    return out


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_without_doubles)
    except json.JSONDecodeError as wrong:
        message, place = f"it is no JSON: {wrong.msg}", Span(_JSON, wrong.lineno, wrong.colno)
    except RecursionError:
        message, place = "it is nested too deep", Span(_JSON, 0, 0)
    help_ = "let Argo CD write it, from `plugin.parameters` of the Application's source"
    raise InputError([error(place, UNUSABLE, message, help_)])


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        key = next(key for index, (key, _) in enumerate(pairs) if key in dict(pairs[:index]))
        _refuse(_JSON, f"key `{key}` stands twice in an object", "remove one of the two")
    return out


def _entry(place: str, item: Any) -> tuple[str, _Value]:
    """Read one parameter of the list."""
    if not isinstance(item, dict):
        _refuse(place, f"expected a mapping, found {_kind(item)}", 'write {"name": "environment", "string": "prod"}')
    name = item.get("name")
    if not isinstance(name, str) or not name:
        _refuse(place, "it has no `name`", f"write one of {_listed(KNOWN)}")
    if name not in KNOWN:
        _refuse(place, f"no parameter is called `{name}`", suggestion(name, KNOWN))
    others = [key for key in item if key not in ("name", *_FORMS)]
    if others:
        _refuse(place, f"parameter `{name}` has an unknown key `{others[0]}`", suggestion(others[0], _FORMS))
    forms = [form for form in _FORMS if item.get(form) is not None]
    if len(forms) != 1:
        said = " and ".join(f"`{form}`" for form in forms) if forms else "no value"
        _refuse(place, f"parameter `{name}` has {said}", f"give it one of {_listed(_FORMS)}")
    return name, _value(place, name, forms[0], item[forms[0]])


def _value(place: str, name: str, form: str, value: Any) -> _Value:
    """Check that a value is what its key says, and texts all through."""
    type_, inner = {"string": (str, ()), "array": (list, value), "map": (dict, value)}[form]
    if not isinstance(value, type_):
        _refuse(
            place, f"`{form}` of parameter `{name}` holds the wrong kind: {_kind(value)}", "write it as its key says"
        )
    texts: Iterable[Any] = inner.values() if isinstance(inner, dict) else inner
    odd = next((text for text in texts if not isinstance(text, str)), "")
    if not isinstance(odd, str):
        _refuse(place, f"`{form}` of parameter `{name}` holds a {_kind(odd)}", "write each value as a text, in quotes")
    checked: _Value = value
    return checked


def _from_plain(environ: Mapping[str, str]) -> dict[str, _Given]:
    """Read PARAM_SET_0 and the like. Others are left alone: the variables of the sidecar itself are here too."""
    out = {}
    for name in KNOWN:
        variable = _PLAIN + _variable(name)
        if environ.get(variable):
            out[name] = _Given(variable, environ[variable])
    variable = f"{_PLAIN}{_variable(SET)}_"
    items = {key.removeprefix(variable): value for key, value in environ.items() if key.startswith(variable)}
    if items and SET not in out and not environ.get(_JSON):
        odd = next((key for key in sorted(items) if re.fullmatch("[0-9]{1,9}", key) is None), None)
        if odd is not None:
            message = "a map in this form has lost the case and the dots of its keys"
            _refuse(variable + odd, message, f"write {variable}0=KEY=VALUE, or the map in {_JSON}")
        out[SET] = _Given(f"{variable}0", [items[key] for key in sorted(items, key=int)])
    return out


def _from_own(environ: Mapping[str, str]) -> dict[str, _Given]:
    """Read `plugin.env`; the beginning of the names is kgen's, so one that it does not know is a mistake."""
    names = {_variable(name): name for name in KNOWN}
    out = {}
    for key in sorted(environ):
        if key.startswith(_OWN):
            name = names.get(key.removeprefix(_OWN))
            if name is None:
                known = [f"KGEN_{each}" for each in names]
                _refuse(key, "kgen knows no such variable", suggestion(key.removeprefix("ARGOCD_ENV_"), known))
            out[name] = _Given(key, environ[key])
    return out


def _settings(given: _Given | None) -> tuple[str, ...]:
    """Give KEY=VALUE texts: of a map sorted by key, of a list as they come, of a text one a line."""
    if given is None:
        return ()
    if isinstance(given.value, dict):
        odd = next((key for key in given.value if "=" in key), None)
        if odd is not None:
            _refuse(given.place, "a key of `set` holds `=`", "write the key alone, such as trials.max, and its value")
        return tuple(f"{key}={value}" for key, value in sorted(given.value.items()))
    lines = given.value.splitlines() if isinstance(given.value, str) else given.value
    return tuple(line for line in lines if line.strip())


def _string(found: Mapping[str, _Given], name: str) -> str:
    given = found.get(name)
    if given is None:
        return ""
    if not isinstance(given.value, str):
        _refuse(given.place, f"parameter `{name}` is no single text", "write it as `string`")
    return given.value.strip()


def _truth(found: Mapping[str, _Given]) -> bool:
    text = _string(found, ALLOW_EMPTY)
    if text and text not in _TRUTH:
        _refuse(found[ALLOW_EMPTY].place, f"parameter `{ALLOW_EMPTY}` is neither true nor false", "write `true`")
    return _TRUTH.get(text, False)


def _variable(name: str) -> str:
    return name.upper().replace("-", "_")


def _kind(value: Any) -> str:
    return kind_of(tuple(value) if isinstance(value, list) else value)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _refuse(place: str, message: str, help_: str) -> NoReturn:
    raise InputError([error(Span(place, 0, 0), UNUSABLE, message, help_)])
