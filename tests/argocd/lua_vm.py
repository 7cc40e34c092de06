"""Lua as Argo CD runs it (argoproj/argo-cd v3.5.1 util/lua/lua.go): version 5.1, few libraries, and a limit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

lua51 = pytest.importorskip("lupa.lua51", reason="lupa, which brings Lua 5.1, is not installed")

MOST_STEPS = 100_000  # instructions, instead of Argo CD's second: the same on every machine
_CUT_DOWN = """
local steps = ...
local kept = {}
for _, name in ipairs({
  "_G", "_VERSION", "assert", "collectgarbage", "dofile", "error", "getfenv", "getmetatable", "ipairs", "load",
  "loadfile", "loadstring", "module", "newproxy", "next", "package", "pairs", "pcall", "print", "rawequal", "rawget",
  "rawset", "require", "select", "setfenv", "setmetatable", "table", "tonumber", "tostring", "type", "unpack", "xpcall",
}) do
  kept[name] = true
end
local hook, safe = debug.sethook, {time = os.time, date = os.date}
debug.setmetatable("", nil)
for name in pairs(_G) do
  if not kept[name] then
    _G[name] = nil
  end
end
for name in pairs(package.loaded) do
  if name ~= "_G" and name ~= "table" and name ~= "package" then
    package.loaded[name] = nil
  end
end
package.preload.os = function() return safe end
return function(script, object, parameters)
  obj, actionParams = object, parameters
  local run = assert(loadstring(script))
  hook(function() error("too many steps", 0) end, "", steps)
  local answer = run()
  hook()
  return answer
end
"""


class Refused(Exception):
    """A script ended with an error; the text is what a user of Argo CD sees."""


def run(script: str, obj: Mapping[str, Any], parameters: Mapping[str, str] | None = None) -> Any:
    """Run a script on an object; give what it returns, as Python has it.

    Raises:
        Refused: it ended with an error, or took too long.
    """
    runtime = lua51.LuaRuntime(register_eval=False, register_builtins=False, unpack_returned_tuples=True)
    start = runtime.execute(_CUT_DOWN, MOST_STEPS)
    try:
        answer = start(script, _to_lua(runtime, obj), _to_lua(runtime, dict(parameters or {})))
    except lua51.LuaError as problem:
        raise Refused(str(problem)) from problem
    return _from_lua(answer, obj)


def _to_lua(runtime: Any, value: Any) -> Any:
    """Make tables as Argo CD does: what is null in a list is left out, and so is a key whose value is null."""
    if isinstance(value, Mapping):
        table = runtime.table()
        for key, item in value.items():
            table[key] = _to_lua(runtime, item)
        return table
    if isinstance(value, list):
        return runtime.table(*(_to_lua(runtime, item) for item in value if item is not None))
    return value


def _from_lua(value: Any, like: Any) -> Any:
    """Make Python of a table; what is empty becomes what it was, as in Argo CD."""
    if lua51.lua_type(value) != "table":
        return value
    keys = list(value.keys())
    if not keys:
        return {} if isinstance(like, Mapping) else []
    if isinstance(keys[0], str):
        old = like if isinstance(like, Mapping) else {}
        return {key: _from_lua(value[key], old.get(key)) for key in keys}
    old_items = like if isinstance(like, list) else []
    olds = [*old_items, *([None] * len(keys))]
    return [_from_lua(value[at + 1], olds[at]) for at in range(len(keys))]
