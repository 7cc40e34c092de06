"""The laws of `merge`: grouping does not matter, twice is once, null deletes, places are kept."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kgen.model.merge import Alone, Conflict, Fresh, Keyed, keyed, merge, settle
from kgen.model.node import Node, Plain, Span, Value, fields, leaves, plain

SETTINGS = settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))

# Few names and few values, so that layers meet at every depth; each place may hold any kind.
NAMES = st.sampled_from(["a", "b"])
SCALARS = st.sampled_from([1, 2, "x", "", True, 0.5])
VOLUME = st.fixed_dictionaries({"name": NAMES}, optional={"emptyDir": st.just({}), "secret": st.just({"a": 1})})
TOLERATION = st.fixed_dictionaries({"key": NAMES}, optional={"effect": SCALARS, "operator": NAMES})
ENTRY = st.fixed_dictionaries({"name": NAMES}, optional={"value": SCALARS})


def layers(values: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    """Give layers whose leaves are of `values`."""
    container = st.fixed_dictionaries(
        {"name": NAMES},
        optional={
            "image": values,
            "$patch": st.just("delete"),
            "env": st.lists(ENTRY, max_size=2, unique_by=lambda e: str(e["name"])),
            "resources": st.dictionaries(NAMES, values, max_size=2),
        },
    )
    lists: dict[str, st.SearchStrategy[object]] = {
        "containers": st.lists(container, max_size=3, unique_by=lambda c: c["name"]),
        "volumes": st.lists(VOLUME, max_size=3, unique_by=lambda v: str(v["name"])),
        "tolerations": st.lists(TOLERATION, max_size=2, unique_by=lambda t: str(sorted(t.items(), key=str))),
        "args": st.lists(SCALARS, max_size=3),  # no merge key: replaced whole
    }
    tree = st.recursive(
        st.one_of(values, st.lists(values, max_size=2)),
        lambda inner: st.one_of(
            st.fixed_dictionaries({"a": inner}, optional={"b": inner}),
            st.fixed_dictionaries({}, optional={**lists, "spec": inner}),
            st.fixed_dictionaries({"containers": inner}),  # any kind where a keyed list belongs
            st.lists(inner, max_size=2),
            st.tuples(st.just("fresh"), st.dictionaries(NAMES, inner, max_size=2)),
        ),
        max_leaves=10,
    )
    return st.fixed_dictionaries({"a": tree}, optional={"b": tree})


LAYER = layers(st.one_of(SCALARS, st.none()))


def layer(tree: object, name: str) -> Node:
    """Give plain data as a layer: every value has a line of its own, and keyed lists their marks."""
    lines = count(1)

    def build(value: object) -> Node:
        span = Span(name, next(lines), 1)
        if isinstance(value, dict):
            return Node({key: build(item) for key, item in value.items()}, span)
        if isinstance(value, tuple):
            return Node(Fresh({key: build(item) for key, item in value[1].items()}), span)
        if isinstance(value, list):
            return Node(tuple([build(item) for item in value]), span)
        assert value is None or isinstance(value, str | int | float)
        return Node(value, span)

    return keyed(build(tree), lambda *_: None)


def lay(*layers: Node) -> Node:
    low, *others = layers
    for high in others:
        low = merge(low, high)
    return low


Shown = tuple[object, ...]


def shown(node: Node) -> Shown:
    """All that there is of a merged tree, marks and places included; a conflict is only said to be one."""
    value = node.value
    if isinstance(value, Conflict):
        return ("conflict",)
    if isinstance(value, Alone):
        return (Alone, shown(value[0]))
    if isinstance(value, Keyed):  # the order of a keyed list is the order of the list
        return (type(value), node.span, [(key, shown(item)) for key, item in value.items()])
    if isinstance(value, dict):
        return (type(value), node.span, sorted((key, shown(item)) for key, item in value.items()))
    if isinstance(value, tuple):
        return (tuple, node.span, [shown(item) for item in value])
    return (type(value), node.span, value)


def result(node: Node) -> tuple[Shown, list[tuple[object, ...]]]:
    """What is left when all layers are laid: the tree with its places, and where kinds disagree."""
    settled, changes = settle(node)
    paths = sorted((c.path for c in changes), key=str)
    for path in paths:
        settled = blank(settled, path)
    return shown(settled), list(paths)


def blank(node: Node, path: tuple[object, ...]) -> Node:
    """Blank a place at which kinds disagree: no manifest is made of it, so what is there has no meaning."""
    value = node.value
    if not path:
        return Node("conflict", Span("", 0, 0))
    head, rest = path[0], path[1:]
    if isinstance(value, dict):
        return Node({k: blank(v, rest) if k == head else v for k, v in value.items()}, node.span)
    assert isinstance(value, tuple)
    return Node(tuple([blank(v, rest) if i == head else v for i, v in enumerate(value)]), node.span)


def every(node: Node, *, in_list: bool = False) -> Iterator[tuple[Node, bool]]:
    """Yield every Node, and whether it is an item of a plain list."""
    yield node, in_list
    value = node.value
    if isinstance(value, dict):
        for item in value.values():
            yield from every(item)
    elif isinstance(value, tuple):
        for item in value:
            yield from every(item, in_list=True)


@SETTINGS
@given(LAYER, LAYER, LAYER)
@example({"a": {"b": 1}}, {"a": None}, {"a": {"c": 1}})
@example({"a": {"b": 1}}, {"a": None}, {"a": 1})
@example({"volumes": [{"name": "a"}]}, {"volumes": None}, {"volumes": [{"name": "b"}]})
def test_grouping_of_layers_does_not_matter(one: object, two: object, three: object) -> None:
    a, b, c = layer(one, "a"), layer(two, "b"), layer(three, "c")
    left, right = merge(merge(a, b), c), merge(a, merge(b, c))
    assert shown(left) == shown(right)
    assert result(left) == result(right)


@SETTINGS
@given(LAYER, LAYER, LAYER, LAYER)
def test_four_layers_in_any_grouping(one: object, two: object, three: object, four: object) -> None:
    a, b, c, d = layer(one, "a"), layer(two, "b"), layer(three, "c"), layer(four, "d")
    straight = result(lay(a, b, c, d))
    assert result(merge(merge(a, b), merge(c, d))) == straight
    assert result(merge(a, merge(b, merge(c, d)))) == straight
    assert result(merge(merge(a, merge(b, c)), d)) == straight


@SETTINGS
@given(LAYER, LAYER)
def test_a_layer_laid_twice_is_a_layer_laid_once(one: object, two: object) -> None:
    a, b = layer(one, "a"), layer(two, "b")
    assert merge(a, a) == a
    assert shown(lay(a, b, b)) == shown(lay(a, b))
    assert shown(lay(a, b, a, b)) == shown(lay(a, b))


def unordered(node: Node) -> Node:
    """Put every keyed list in one order."""
    value = node.value
    if isinstance(value, dict):
        pairs = sorted(value.items()) if isinstance(value, Keyed) else value.items()
        return Node(type(value)({key: unordered(item) for key, item in pairs}), node.span)
    if isinstance(value, tuple) and not isinstance(value, Conflict):
        return Node(tuple([unordered(item) for item in value]), node.span)
    return node


@SETTINGS
@given(LAYER, LAYER)
def test_a_layer_laid_again_further_up_counts_there(one: object, two: object) -> None:
    """All that its first laying still decides is the order in which the items of keyed lists stand."""
    a, b = layer(one, "a"), layer(two, "b")
    assert shown(unordered(lay(a, b, a))) == shown(unordered(lay(b, a)))


@SETTINGS
@given(LAYER, LAYER)
@example({"containers": [{"name": "a"}]}, {"containers": [{"name": "a", "$patch": "delete"}]})
def test_settling_leaves_plain_data(one: object, two: object) -> None:
    """Nulls go with their keys; one in a plain list is an item like any other."""
    settled, changes = settle(merge(layer(one, "a"), layer(two, "b")))
    for change in changes:
        settled = blank(settled, change.path)
    for node, in_list in every(settled):
        assert type(node.value) in (dict, tuple, str, int, float, bool) or (node.value is None and in_list)
    assert settle(settled) == (settled, ())


@SETTINGS
@given(LAYER, NAMES, LAYER)
def test_null_deletes_what_lies_below_and_nothing_above(one: object, name: str, two: object) -> None:
    a, gone, c = layer(one, "a"), layer({name: None}, "null"), layer({name: two}, "c")
    assert name not in fields(settle(merge(a, gone))[0])
    left = Node({name: fields(lay(a, gone, c))[name]}, c.span)
    assert result(left) == result(c)


@SETTINGS
@given(LAYER, NAMES, st.dictionaries(NAMES, SCALARS, max_size=3))
def test_a_fresh_mapping_replaces_what_lies_below(one: object, name: str, two: dict[str, Plain]) -> None:
    a, b = layer(one, "a"), layer({name: ("fresh", two)}, "b")
    settled, _ = settle(Node({name: fields(merge(a, b))[name]}, Span("b", 1, 1)))
    assert plain(settled) == {name: two}


@SETTINGS
@given(LAYER, LAYER)
@example({"a": {"b": 1}}, {"a": {"b": 1}})
def test_a_value_keeps_the_place_of_the_layer_that_wrote_it(one: object, two: object) -> None:
    """Every leaf of the result stands, at its very place, in one of the layers, the upper where both have it."""
    a, b = layer(one, "a"), layer(two, "b")
    written: dict[Span, Value] = {node.span: node.value for tree in (a, b) for node, _ in every(tree)}
    both = merge(a, b)
    for _, leaf in leaves(both):
        if isinstance(leaf.value, dict | tuple):
            assert leaf.span in written
        else:
            assert written[leaf.span] == leaf.value
    assert both.span == b.span
    for path, leaf in leaves(b):
        found: Node | None = both
        for step in path:
            value = found.value if found is not None else None
            found = value.get(step) if isinstance(value, dict) and isinstance(step, str) else None
        if found is not None and not isinstance(found.value, dict | tuple):
            assert found.span == leaf.span


def test_the_first_layer_decides_the_order_of_a_keyed_list() -> None:
    low = layer({"volumes": [{"name": "a"}, {"name": "b"}]}, "low")
    high = layer({"volumes": [{"name": "c"}, {"name": "b", "secret": {"a": 1}}]}, "high")
    assert plain(settle(merge(low, high))[0]) == {
        "volumes": [{"name": "a"}, {"name": "b", "secret": {"a": 1}}, {"name": "c"}]
    }


def test_a_deleted_item_leaves_the_list() -> None:
    low = layer({"containers": [{"name": "a"}, {"name": "b"}]}, "low")
    high = layer({"containers": [{"name": "a", "$patch": "delete"}]}, "high")
    assert plain(settle(merge(low, high))[0]) == {"containers": [{"name": "b"}]}
