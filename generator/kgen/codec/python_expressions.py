"""The value of each kind of expression, as far as a walk through the source knows it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from kgen.codec.python_objects import Class, Function, Given, Instance, Method
from kgen.codec.python_values import MOST, Dotted, Env, asked, binary, compared, is_plain, item, made, unary
from kgen.model.flags import UNKNOWN

if TYPE_CHECKING:
    from kgen.codec.python_walk import Walk

_CHANGING = frozenset(
    "append extend insert pop remove clear update add discard setdefault sort reverse popitem".split()
)


def _constant(walk: Walk, node: ast.Constant, env: Env) -> Any:
    return UNKNOWN if node.value is ... else node.value


def _name(walk: Walk, node: ast.Name, env: Env) -> Any:
    return env.get(node.id)


def _attribute(walk: Walk, node: ast.Attribute, env: Env) -> Any:
    owner = walk.value(node.value, env)
    if isinstance(owner, walk.owned) and node.attr.startswith("_"):
        walk.reach_into(owner)
    return _member(walk, owner, node.attr)


def _member(walk: Walk, owner: Any, name: str) -> Any:
    if isinstance(owner, Dotted):
        return Dotted(f"{owner.name}.{name}")
    if isinstance(owner, walk.owned):
        return Method(owner, name)
    if isinstance(owner, Class):
        found = owner.find(name)
        return _bound(found, owner) if isinstance(found, Function) else found
    if isinstance(owner, Instance):
        found = owner.names.get(name, UNKNOWN)
        found = owner.of.find(name) if found is UNKNOWN else found
        return _bound(found, owner) if isinstance(found, Function) else found
    return UNKNOWN


def _bound(function: Function, owner: Any) -> Function:
    """Bind a method as its decorator says; one that is asked of its class takes its object as an argument."""
    if function.owner is not None or isinstance(function.node, ast.Lambda):
        return function
    kinds = {d.id for d in function.node.decorator_list if isinstance(d, ast.Name)}
    if "staticmethod" in kinds:
        return function
    if "classmethod" in kinds:
        return Function(function.node, function.env, owner if isinstance(owner, Class) else owner.of)
    return function if isinstance(owner, Class) else Function(function.node, function.env, owner)


def _listed(walk: Walk, node: ast.Tuple | ast.List | ast.Set, env: Env) -> Any:
    out: list[Any] = []
    for each in node.elts:
        if isinstance(each, ast.Starred):
            inner = walk.value(each.value, env)
            if not isinstance(inner, (list, tuple)) or isinstance(inner, Dotted):
                return UNKNOWN
            out += inner
        else:
            out.append(walk.value(each, env))
    return tuple(out) if isinstance(node, ast.Tuple) else out


def _table(walk: Walk, node: ast.Dict, env: Env) -> Any:
    out: dict[Any, Any] = {}
    for key, each in zip(node.keys, node.values, strict=True):
        value = walk.value(each, env)
        if key is None:
            if not isinstance(value, dict):
                return UNKNOWN
            out.update(value)
            continue
        name = walk.value(key, env)
        if not is_plain(name) or isinstance(name, (list, dict, set)):
            return UNKNOWN
        out[name] = value
    return out


def _text(walk: Walk, node: ast.JoinedStr, env: Env) -> Any:
    out = ""
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            value = walk.value(part.value, env)
            if not isinstance(value, (str, int, float)) or part.format_spec is not None or part.conversion != -1:
                return UNKNOWN
            out += str(value) if not isinstance(value, int) or value.bit_length() < MOST else ""
        else:
            out += str(walk.value(part, env))
    return out if len(out) <= MOST else UNKNOWN


def _either(walk: Walk, node: ast.BoolOp, env: Env) -> Any:
    values = [walk.value(each, env) for each in node.values]
    if all(map(is_plain, values)):
        stop = isinstance(node.op, ast.Or)
        return next((v for v in values if bool(v) is stop), values[-1])
    known = [v for v in values if is_plain(v)]
    if isinstance(node.op, ast.And) and any(not v for v in known):
        return False
    return True if isinstance(node.op, ast.Or) and any(known) else UNKNOWN


def _compare(walk: Walk, node: ast.Compare, env: Env) -> Any:
    one = walk.value(node.left, env)
    others = [walk.value(each, env) for each in node.comparators]
    if len(others) != 1:
        return UNKNOWN
    if isinstance(one, Dotted) and isinstance(others[0], Dotted) and _is_kind(one) and _is_kind(others[0]):
        same = isinstance(node.ops[0], (ast.Is, ast.Eq))
        return (
            (one == others[0]) is same if isinstance(node.ops[0], (ast.Is, ast.IsNot, ast.Eq, ast.NotEq)) else UNKNOWN
        )
    return compared(node.ops[0], one, others[0])


def _is_kind(value: Dotted) -> bool:
    return value.name in ("int", "float", "str", "bool", "list", "tuple", "dict")


def _choice(walk: Walk, node: ast.IfExp, env: Env) -> Any:
    test = walk.value(node.test, env)
    if is_plain(test):
        return walk.value(node.body if test else node.orelse, env)
    ways = [walk.value(node.body, env), walk.value(node.orelse, env)]
    return next((way for way in ways if isinstance(way, walk.owned)), UNKNOWN)


def _subscript(walk: Walk, node: ast.Subscript, env: Env) -> Any:
    value, key = walk.value(node.value, env), walk.value(node.slice, env)
    if isinstance(value, Dotted):  # `sys.argv[1:]`, or a type such as `list[int]`
        return Dotted(f"{value.name}[{ast.unparse(node.slice) if isinstance(node.slice, ast.Slice) else ''}]")
    if isinstance(node.slice, ast.Slice):
        bounds = [walk.value(each, env) for each in (node.slice.lower, node.slice.upper, node.slice.step)]
        return item(value, slice(*bounds)) if is_plain(bounds) and is_plain(value) else UNKNOWN
    return item(value, key)


def _comprehension(walk: Walk, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, env: Env) -> Any:
    first = node.generators[0]
    over = walk.value(first.iter, env)
    inner = Env(env)
    known = len(node.generators) == 1 and isinstance(over, (list, tuple, dict)) and not isinstance(over, Dotted)
    rounds = list(over) if known else [UNKNOWN]
    out = list(_rounds(walk, node, inner, rounds))
    if not known or UNKNOWN in out:
        return UNKNOWN
    pairs = all(is_plain(key) and not isinstance(key, (list, dict)) for key, _ in out) if out else True
    if isinstance(node, ast.DictComp):
        return dict(out) if pairs else UNKNOWN
    return [value for _, value in out]


def _rounds(walk: Walk, node: Any, env: Env, rounds: list[Any]) -> Iterator[Any]:
    for each in rounds:
        walk.assign(node.generators[0].target, each, env)
        tests = [walk.value(test, env) for test in node.generators[0].ifs]
        if any(is_plain(test) and not test for test in tests):
            continue
        if isinstance(node, ast.DictComp):
            pair = (walk.value(node.key, env), walk.value(node.value, env))
        else:
            pair = (None, walk.value(node.elt, env))
        yield pair if all(map(is_plain, tests)) else UNKNOWN


def _lambda(walk: Walk, node: ast.Lambda, env: Env) -> Any:
    return Function(node, env)


def _walrus(walk: Walk, node: ast.NamedExpr, env: Env) -> Any:
    value = walk.value(node.value, env)
    walk.assign(node.target, value, env)
    return value


def _inside(walk: Walk, node: ast.Await | ast.Starred | ast.Yield, env: Env) -> Any:
    return walk.value(node.value, env)


def _call(walk: Walk, node: ast.Call, env: Env) -> Any:
    of = node.func
    owner = walk.value(of.value, env) if isinstance(of, ast.Attribute) else None
    act = _member(walk, owner, of.attr) if isinstance(of, ast.Attribute) else walk.value(of, env)
    given = _given(walk, node, env)
    if isinstance(act, Method):
        return walk.method(act.owner, act.name, given)
    if isinstance(act, Function):
        return walk.enter(act, given)
    if isinstance(act, Class):
        return walk.build(act, given)
    if isinstance(act, Dotted):
        if isinstance(owner, Dotted) and act.name.rpartition(".")[2] in _CHANGING:
            walk.change(owner)
        found = made(act.name, given.values, given.named) if "." not in act.name else UNKNOWN
        return walk.call(act.name, given) if found is UNKNOWN else found
    if isinstance(of, ast.Attribute):
        if of.attr in _CHANGING:
            walk.change(owner)
        found = asked(owner, of.attr, given.values) if not given.named and given.whole else UNKNOWN
        if found is UNKNOWN:
            walk.stray(of.attr, given)
        return found
    walk.stray("", given)
    return UNKNOWN


def _given(walk: Walk, node: ast.Call, env: Env) -> Given:
    values: list[Any] = []
    named: dict[str, Any] = {}
    whole = True
    for each in node.args:
        value = walk.value(each, env)
        if not isinstance(each, ast.Starred):
            values.append(value)
        elif isinstance(value, (list, tuple)) and not isinstance(value, Dotted):
            values += value
        else:
            whole = False
    for keyword in node.keywords:
        value = walk.value(keyword.value, env)
        if keyword.arg is not None:
            named[keyword.arg] = value
        elif isinstance(value, dict) and all(isinstance(key, str) for key in value):
            named.update(value)
        else:
            whole = False
    return Given(values, named, whole=whole, node=node)


EXPRESSIONS: Mapping[type[ast.expr], Callable[..., Any]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Tuple: _listed,
    ast.List: _listed,
    ast.Set: _listed,
    ast.Dict: _table,
    ast.JoinedStr: _text,
    ast.BinOp: lambda walk, node, env: binary(node.op, walk.value(node.left, env), walk.value(node.right, env)),
    ast.UnaryOp: lambda walk, node, env: unary(node.op, walk.value(node.operand, env)),
    ast.BoolOp: _either,
    ast.Compare: _compare,
    ast.IfExp: _choice,
    ast.Subscript: _subscript,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _comprehension,
    ast.Lambda: _lambda,
    ast.NamedExpr: _walrus,
    ast.Await: _inside,
    ast.Starred: _inside,
    ast.Yield: _inside,
    ast.Call: _call,
}
