"""A walk through Python source along the ways that it can take, without running any of it.

What is not known is UNKNOWN, and goes on being so. Where a condition is not known both ways are walked, and a loop
over what is not known is walked once. The number of steps is bounded.
"""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import Any, ClassVar

from kgen.codec.python_expressions import EXPRESSIONS
from kgen.codec.python_objects import Class, Function, Given, Instance
from kgen.codec.python_values import Dotted, Env, binary, is_plain, merged
from kgen.model.flags import UNKNOWN

MOST_STEPS = 60_000  # statements and expressions; a long script has a few thousand
_MOST_DEPTH = 24  # of calls
_MOST_ROUNDS = 400  # of one loop
_EXITS = tuple(map(Dotted, ("sys.exit", "os._exit", "exit", "quit")))
_EXIT_NAMES = ("exit", "_exit", "quit")
_NO_EXITS = ("Error", "Exception", "Interrupt", "StopIteration", "Empty", "Full", "Warning")  # how their names end


class Enough(Exception):
    """The source is longer or deeper than is walked."""


class Walk(ABC):
    """A walk; who looks for something says what calls of other modules mean."""

    owned: ClassVar[tuple[type, ...]] = ()  # classes whose methods `method` knows

    def __init__(self) -> None:
        self.steps = 0
        self.maybe = 0  # how many unknown conditions lie around
        self.caught = 0  # how many `try` lie around that an exit does not leave
        self.left = False  # the last statement left a function or a round of a loop
        self.entered: set[int] = set()
        self._frames: list[tuple[int, list[Any]]] = []  # the functions that are walked, and what each returns
        self.functions: list[Function] = []

    @abstractmethod
    def call(self, name: str, given: Given) -> Any:
        """Say what a call of another module gives."""

    @abstractmethod
    def method(self, owner: Any, name: str, given: Given) -> Any:
        """Say what a method of an owned object gives."""

    @abstractmethod
    def stray(self, name: str, given: Given) -> None:
        """Take note of a method of something unknown."""

    def build(self, of: Class, given: Given) -> Any:
        """Make an object of a class."""
        made_of = Instance(of)
        init = of.find("__init__")
        if isinstance(init, Function):
            self.enter(Function(init.node, init.env, made_of), given)
        return made_of

    def run(self, statements: Iterable[ast.stmt], env: Env) -> bool:
        """Walk statements; True where nothing after them is reached."""
        for statement in statements:
            self._step()
            act = _STATEMENTS.get(type(statement))
            if act is not None and act(self, statement, env):
                return True
        return False

    def enter(self, function: Function, given: Given | None) -> Any:
        """Walk a function with these arguments, or with none that are known; give what it returns."""
        key = id(function.node)
        if sum(1 for known, _ in self._frames if known == key) > 1 or len(self._frames) > _MOST_DEPTH:
            return UNKNOWN
        self.entered.add(key)
        env = Env(function.env)
        self._bind(function, env, given)
        if isinstance(function.node, ast.Lambda):
            return self.value(function.node.body, env)
        returned: list[Any] = []
        self._frames.append((key, returned))
        maybe, left = self.maybe, self.left
        try:
            self.run(function.node.body, env)
        finally:
            self._frames.pop()
            self.maybe, self.left = maybe, left
        known = [value for value in returned if value is not UNKNOWN]
        objects = [value for value in known if not is_plain(value)]
        return objects[0] if objects else known[0] if len(returned) == len(known) == 1 else UNKNOWN

    def _bind(self, function: Function, env: Env, given: Given | None) -> None:
        of = function.node.args
        names = [a.arg for a in (*of.posonlyargs, *of.args)]
        env.names.update(dict.fromkeys((a.arg for a in (*of.posonlyargs, *of.args, *of.kwonlyargs)), UNKNOWN))
        if of.vararg is not None:
            env.names[of.vararg.arg] = UNKNOWN
        if of.kwarg is not None:
            env.names[of.kwarg.arg] = UNKNOWN
        if given is not None and given.whole:
            late = zip(names[len(names) - len(of.defaults) :], of.defaults, strict=True)
            by_name = ((a.arg, d) for a, d in zip(of.kwonlyargs, of.kw_defaults, strict=True) if d is not None)
            for name, default in chain(late, by_name):
                env.names[name] = self.value(default, function.env)
        values = [] if given is None else given.values
        values = values if function.owner is None else [function.owner, *values]
        for name, value in zip(names, values, strict=False):
            env.names[name] = value
        if given is not None:
            env.names.update({name: value for name, value in given.named.items() if name in env.names})

    def value(self, node: ast.expr | None, env: Env) -> Any:
        """Give the value of an expression, as far as it is known."""
        if node is None:
            return None
        self._step()
        act = EXPRESSIONS.get(type(node))
        out: Any = UNKNOWN if act is None else act(self, node, env)
        self._step(len(out) // 16 if type(out) in (list, tuple, dict) else 0)
        return out

    def _step(self, count: int = 1) -> None:
        self.steps += count
        if self.steps > MOST_STEPS:
            raise Enough

    def branch(self, ways: Iterable[Callable[[Env], bool]], env: Env) -> bool:
        """Walk several ways, of which one is taken; True where none of them comes to its end.

        Where one of them leaves, what follows is reached perhaps.
        """
        self._step(len(env.names) // 8)
        before, ends, leaves, maybe = dict(env.names), [], False, self.maybe
        self.maybe += 1
        try:
            for way in ways:
                env.names, self.left = dict(before), False
                if not way(env):
                    ends.append(env.names)
                leaves = leaves or self.left
        finally:
            self.maybe, self.left = maybe + leaves, False
        env.names = dict(before) if not ends else ends[0]
        for names in ends[1:]:
            env.names = merged(env.names, names)
        return not ends

    def _if(self, node: ast.If, env: Env) -> bool:
        test = self.value(node.test, env)
        if is_plain(test):
            return self.run(node.body if test else node.orelse, env)
        return self.branch((lambda e: self.run(node.body, e), lambda e: self.run(node.orelse, e)), env)

    def _for(self, node: ast.For | ast.AsyncFor, env: Env) -> bool:
        over = self.value(node.iter, env)
        rounds = list(over) if isinstance(over, (list, tuple, dict)) and not isinstance(over, Dotted) else None
        if rounds is None or len(rounds) > _MOST_ROUNDS:
            self._once(lambda e: self._round(node, UNKNOWN, e), env)
        else:
            for each in rounds:
                self._round(node, each, env)
        return self.run(node.orelse, env)

    def _round(self, node: ast.For | ast.AsyncFor, each: Any, env: Env) -> bool:
        maybe = self.maybe
        self.assign(node.target, each, env)
        try:
            return self.run(node.body, env)
        finally:
            self.maybe = maybe

    def _once(self, way: Callable[[Env], bool], env: Env) -> None:
        self.branch((way, lambda _: False), env)

    def _while(self, node: ast.While, env: Env) -> bool:
        self._once(lambda e: self.run(node.body, e), env)
        return False

    def _try(self, node: ast.Try, env: Env) -> bool:
        holds = any(_holds_exit(handler.type) for handler in node.handlers)
        holds = holds or any(isinstance(n, ast.Return) for last in node.finalbody for n in ast.walk(last))
        self.caught += holds
        try:
            stopped = self.run(node.body, env) or self.run(node.orelse, env)
        finally:
            self.caught -= holds
        if node.handlers:
            ways = [lambda _: stopped, *(self._handler(handler) for handler in node.handlers)]
            stopped = self.branch(ways, env)
        return self.run(node.finalbody, env) or stopped

    def _handler(self, handler: ast.ExceptHandler) -> Callable[[Env], bool]:
        return lambda env: self.run(handler.body, env)

    def _with(self, node: ast.With | ast.AsyncWith, env: Env) -> bool:
        holds = False
        for each in node.items:
            given = self.value(each.context_expr, env)
            holds = holds or "SystemExit" in ast.dump(each.context_expr)
            if each.optional_vars is not None:
                self.assign(each.optional_vars, given if isinstance(given, self.owned) else UNKNOWN, env)
        self.caught += holds
        try:
            return self.run(node.body, env)
        finally:
            self.caught -= holds

    def _match(self, node: ast.Match, env: Env) -> bool:
        self.value(node.subject, env)
        self.branch([*(self._case(case) for case in node.cases), lambda _: False], env)
        return False

    def _case(self, case: ast.match_case) -> Callable[[Env], bool]:
        return lambda env: self.run(case.body, env)

    def _def(self, node: ast.FunctionDef | ast.AsyncFunctionDef, env: Env) -> bool:
        function = Function(node, env)
        self.functions.append(function)
        env.put(node.name, function)
        for decorator in node.decorator_list:
            wraps = self.value(decorator, env)
            if isinstance(wraps, Function):
                self.enter(wraps, None)
        return False

    def _class(self, node: ast.ClassDef, env: Env) -> bool:
        inner = Env(env)
        bases = [self.value(base, env) for base in node.bases]
        self.run(node.body, inner)
        env.put(node.name, Class(node.name, bases, inner))
        return False

    def _assign(self, node: ast.Assign, env: Env) -> bool:
        value = self.value(node.value, env)
        for target in node.targets:
            self.assign(target, value, env)
        return False

    def _annotated(self, node: ast.AnnAssign, env: Env) -> bool:
        if node.value is not None:
            self.assign(node.target, self.value(node.value, env), env)
        return False

    def _augmented(self, node: ast.AugAssign, env: Env) -> bool:
        added = self.value(node.value, env)
        if isinstance(node.target, ast.Name):
            self.change(env.get(node.target.id) if isinstance(env.get(node.target.id), Dotted) else None)
            env.put(node.target.id, binary(node.op, env.get(node.target.id), added))
        else:
            self.assign(node.target, UNKNOWN, env)
        return False

    def assign(self, target: ast.expr, value: Any, env: Env) -> None:
        """Give a target its value."""
        if isinstance(target, ast.Name):
            env.put(target.id, value)
        elif isinstance(target, (ast.Tuple, ast.List)):
            known = isinstance(value, (list, tuple)) and len(value) == len(target.elts)
            known = known and not any(isinstance(each, ast.Starred) for each in target.elts)
            for index, each in enumerate(target.elts):
                inner = each.value if isinstance(each, ast.Starred) else each
                self.assign(inner, value[index] if known else UNKNOWN, env)
        elif isinstance(target, ast.Attribute):
            owner = self.value(target.value, env)
            self.set(owner, target.attr, value)
        elif isinstance(target, ast.Subscript):
            self.change(self.value(target.value, env))

    def set(self, owner: Any, name: str, value: Any) -> None:
        """Give an attribute its value."""
        if isinstance(owner, Instance):
            owner.names[name] = value
        elif isinstance(owner, Class):
            owner.env.names[name] = value

    def change(self, value: Any) -> None:
        """Know a list or a table no more as a whole, under whatever name: something changes it."""
        if isinstance(value, list) and UNKNOWN not in value:
            value.append(UNKNOWN)
        elif isinstance(value, dict):
            value[UNKNOWN] = UNKNOWN

    @abstractmethod
    def reach_into(self, owner: Any) -> None:
        """Take note that what an owned object keeps to itself is used, and perhaps changed."""

    @abstractmethod
    def leave(self) -> None:
        """Take note that the script perhaps ends here, and well."""

    def _return(self, node: ast.Return, env: Env) -> bool:
        value = self.value(node.value, env)
        if self._frames:
            self._frames[-1][1].append(value)
        self.left = True
        return True

    def _leave(self, node: ast.Continue | ast.Break, env: Env) -> bool:
        self.left = True
        return True

    def _raise(self, node: ast.Raise, env: Env) -> bool:
        self.value(node.exc, env)
        return True

    def _expression(self, node: ast.Expr, env: Env) -> bool:
        self.value(node.value, env)
        called = node.value.func if isinstance(node.value, ast.Call) else None
        if not isinstance(node.value, ast.Call) or not isinstance(called, (ast.Name, ast.Attribute)):
            return False
        if (called.attr if isinstance(called, ast.Attribute) else called.id) not in _EXIT_NAMES or self.value(
            called, env
        ) not in _EXITS:
            return False
        code = self.value(node.value.args[0], env) if node.value.args else None
        if not is_plain(code) or not code:
            self.leave()
        return True

    def _delete(self, node: ast.Delete, env: Env) -> bool:
        for target in node.targets:
            self.assign(target, UNKNOWN, env)
        return False

    def _import(self, node: ast.Import, env: Env) -> bool:
        for alias in node.names:
            full = alias.asname is not None
            env.put(alias.asname or alias.name.split(".")[0], Dotted(alias.name if full else alias.name.split(".")[0]))
        return False

    def _import_from(self, node: ast.ImportFrom, env: Env) -> bool:
        home = "." * node.level + (node.module or "")
        for alias in node.names:
            if alias.name == "*" and home == "argparse":
                for name in ("ArgumentParser", "BooleanOptionalAction", "REMAINDER", "OPTIONAL", "SUPPRESS"):
                    env.put(name, Dotted(f"argparse.{name}"))
            env.put(alias.asname or alias.name, Dotted(f"{home}.{alias.name}"))
        return False

    def _global(self, node: ast.Global | ast.Nonlocal, env: Env) -> bool:
        env.outer.update(node.names)
        return False


def _holds_exit(kind: ast.expr | None) -> bool:
    """Whether an exit is held by an `except`, as far as its names tell."""
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    names = [k.attr if isinstance(k, ast.Attribute) else k.id if isinstance(k, ast.Name) else "" for k in kinds]
    return any(name == "BaseException" or not name.endswith(_NO_EXITS) for name in names)


_STATEMENTS: Mapping[type[ast.stmt], Callable[..., bool]] = {
    ast.If: Walk._if,
    ast.For: Walk._for,
    ast.AsyncFor: Walk._for,
    ast.While: Walk._while,
    ast.Try: Walk._try,
    ast.TryStar: Walk._try,
    ast.With: Walk._with,
    ast.AsyncWith: Walk._with,
    ast.Match: Walk._match,
    ast.FunctionDef: Walk._def,
    ast.AsyncFunctionDef: Walk._def,
    ast.ClassDef: Walk._class,
    ast.Assign: Walk._assign,
    ast.AnnAssign: Walk._annotated,
    ast.AugAssign: Walk._augmented,
    ast.Return: Walk._return,
    ast.Raise: Walk._raise,
    ast.Continue: Walk._leave,
    ast.Break: Walk._leave,
    ast.Expr: Walk._expression,
    ast.Delete: Walk._delete,
    ast.Import: Walk._import,
    ast.ImportFrom: Walk._import_from,
    ast.Global: Walk._global,
    ast.Nonlocal: Walk._global,
}
