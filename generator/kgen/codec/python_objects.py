"""What a walk through Python source meets besides data: functions, classes, their objects, calls."""

from __future__ import annotations

import ast
from typing import Any

from kgen.codec.python_values import Env
from kgen.model.flags import UNKNOWN


class Function:
    """A function or a lambda of the source, and the object that it is bound to."""

    def __init__(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, env: Env, owner: Any = None) -> None:
        self.node, self.env, self.owner = node, env, owner


class Class:
    """A class of the source."""

    def __init__(self, name: str, bases: list[Any], env: Env) -> None:
        self.name, self.bases, self.env = name, bases, env

    def find(self, name: str) -> Any:
        """Give what the class, or one that it is made of, calls by this name; UNKNOWN where nothing does."""
        if name in self.env.names:
            return self.env.names[name]
        found = (base.find(name) for base in self.bases if isinstance(base, Class))
        return next((each for each in found if each is not UNKNOWN), UNKNOWN)


class Instance:
    """An object of a class of the source."""

    def __init__(self, of: Class) -> None:
        self.of = of
        self.names: dict[str, Any] = {}


class Method:
    """A method of something that a reader of flags knows: a parser, say."""

    def __init__(self, owner: Any, name: str) -> None:
        self.owner, self.name = owner, name


class Given:
    """What a call is given."""

    def __init__(self, values: list[Any], named: dict[str, Any], *, whole: bool, node: ast.Call) -> None:
        self.values, self.named, self.whole, self.node = values, named, whole, node

    def get(self, index: int, name: str, default: Any = None) -> Any:
        """Give an argument by its place or its name."""
        return self.values[index] if len(self.values) > index else self.named.get(name, default)
