"""YAML text to Nodes: what the 1.2 core schema says it is, and where each value was written.

Whatever the bytes are, the answer is Nodes and located diagnostics within a bounded time: no
limit below is reached by a file that a person writes.

The Nodes of a file with problems are what could be made of it, so that later stages may look
for more; a file whose syntax is broken gives the documents before the break.

- KG001 syntax, KG002 a key twice, KG005 not exactly one document, KG006 not text,
  KG007 too large, KG008 YAML that an experiment file has no use for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from sys import intern
from types import MappingProxyType
from typing import Any, NoReturn, TypeAlias

from yaml import YAMLError
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from kgen.codec.events import PARSER, Event, Mark
from kgen.codec.syntax import NO_TEMPLATES, not_yaml
from kgen.codec.text import SMALLER, UnreadableError, decode, not_text
from kgen.model.diagnostic import Diagnostic, Related, error
from kgen.model.node import Node, Plain, Span, Value, kind_of, plain

MOST_NODES = 200_000  # in a file; an alias counts as all that it stands for
MOST_LEVELS = 100  # mappings and lists inside one another, aliases followed
MOST_DIGITS = 4_000  # Python itself refuses to print an integer of 4,301
MOST_BITS = 13_288  # of an integer of so many digits
MOST_PROBLEMS = 100  # in a file; nobody reads on

_HOLDERS = frozenset((dict, tuple))  # what values other than scalars are in a Node
_TAG = "tag:yaml.org,2002:"
_NUMBER_OR_WORD = frozenset("-+.0123456789nNtTfF~")
_CORE = re.compile(
    r"""(?:(?P<null>null|Null|NULL|~)|(?P<true>true|True|TRUE)|(?P<false>false|False|FALSE)
        |(?P<int>[-+]?[0-9]++)|0o(?P<oct>[0-7]++)|0x(?P<hex>[0-9a-fA-F]++)
        |(?P<float>[-+]?(?:\.[0-9]++|[0-9]++(?:\.[0-9]*+)?)(?:[eE][-+]?[0-9]++)?)
        |(?P<inf>[-+]?\.(?:inf|Inf|INF))|(?P<nan>\.(?:nan|NaN|NAN)))\Z""",
    re.VERBOSE,
)

Read: TypeAlias = tuple[Node | None, tuple[Diagnostic, ...]]
_new: Any = tuple.__new__  # Node(...) goes through a Python function; this does not


def read_all(data: bytes, file: str) -> tuple[tuple[Node, ...], tuple[Diagnostic, ...]]:
    """Read every document of a stream; those in which nothing is written are left out.

    A value's Span is where the value begins, with two exceptions that put a message on the line
    of the key: a mapping or list written below its key, and a value that is left out, have the
    Span of the key. What an alias or a merge key brings keeps the place where it was written.
    """
    builder = Builder(file)
    try:
        builder.stream(decode(data, file))
    except UnreadableError as stop:
        builder.problems.append(stop.diagnostic)
    return tuple(builder.documents), tuple(builder.problems)


def read(data: bytes, file: str) -> Read:
    """Read the one document of a file; where there are several, give the first and say so."""
    documents, problems = read_all(data, file)
    if len(documents) > 1:
        problems += (
            error(
                documents[1].span,
                "KG005",
                f"this file has {len(documents)} documents; one is expected",
                "keep one, and move each other one to a file of its own",
                Related(documents[0].span, "the first"),
            ),
        )
    if not documents and not problems:
        message = "this file has only comments" if data.strip(b"\xef\xbb\xbf \t\r\n-") else "this file is empty"
        problems = (error(Span(file, 1, 1), "KG005", message, "write one document, or remove the file"),)
    return documents[0] if documents else None, problems


class Builder:
    """Nodes of a parser's events; a problem is noted and reading goes on where it can."""

    FIRST = _NUMBER_OR_WORD  # what a plain scalar that is no text begins with
    KEYS: Mapping[str, str] = MappingProxyType({})  # plain keys that are read as something else

    __slots__ = (
        "anchors",
        "count",
        "documents",
        "file",
        "held",
        "next",
        "plain",
        "problems",
        "root_end",
        "root_is_block",
    )

    def __init__(self, file: str) -> None:
        self.file = file
        self.documents: list[Node] = []
        self.plain: list[Plain] = []  # of each document: the same without places
        self.held: Plain = None  # the same of the mapping or list that was read last
        self.problems: list[Diagnostic] = []
        self.anchors: dict[str, tuple[Node, int, int] | Node | None] = {}
        self.count = 0
        self.root_is_block = False
        self.root_end: int | None = None

    def stream(self, text: str) -> None:
        """Read all documents of a text into `documents`."""
        try:
            self.next = nxt = PARSER(text).get_event
            while type(event := nxt()) is not StreamEndEvent:
                if type(event) is DocumentStartEvent:
                    self.anchors.clear()
                    self.document(nxt())
        except (YAMLError, ValueError) as bad:  # ValueError: PyYAML's own parser, of "\U00110000"
            found = not_text(text, self.file) or not_yaml(bad, text, self.file)
            told = {p.span.line for p in self.problems if p.help == NO_TEMPLATES}
            if found.span.line not in told:  # `{{ x }}-y` is said to be a template, once
                raise UnreadableError(found) from None

    def document(self, event: Event) -> None:
        node = self.node(event, 1, event.start_mark)
        kind: type = type(event)
        if kind is ScalarEvent:
            self.root_end = event.end_mark.index
            if not event.value and event.implicit[0] and event.tag is None and event.anchor is None:
                return  # nothing is written here
        else:
            self.root_is_block = not getattr(event, "flow_style", True)
        self.documents.append(node)
        self.plain.append(self.held if type(node.value) in _HOLDERS else plain(node))

    # Every value passes through these four.

    def node(self, event: Event, level: int, key_mark: Mark | None = None) -> Node:
        """Make the Node of an event and of all that belongs to it; `level` counts from 1."""
        self.count += 1
        if self.count > MOST_NODES:
            self.stop(event.start_mark, f"more than {MOST_NODES:,} values in a file", SMALLER)
        kind: type = type(event)
        if kind is ScalarEvent:
            return self.scalar(event, key_mark)
        if kind is AliasEvent:
            return self.alias(event, level)
        if level > MOST_LEVELS:
            self.stop(event.start_mark, f"nested deeper than {MOST_LEVELS} levels", "flatten the file")
        mark = event.start_mark if key_mark is None or event.flow_style else key_mark
        span: Span = _new(Span, (self.file, mark.line + 1, mark.column + 1))
        if event.anchor is not None:
            self.anchors[event.anchor] = None  # until it ends: what it holds must not mean itself
        value: Value
        if kind is MappingStartEvent:
            if event.tag is not None:
                self.collection_tag(event, "map")
            value = self.mapping(event, level)
        else:
            if event.tag is not None:
                self.collection_tag(event, "seq")
            items = []
            bare: list[Plain] = []
            nxt, deeper = self.next, level + 1
            while type(item := nxt()) is not SequenceEndEvent:
                one = self.node(item, deeper)
                items.append(one)
                inner: Any = one[0]
                bare.append(self.held if type(inner) in _HOLDERS else inner)
            value, self.held = tuple(items), bare
        node: Node = _new(Node, (value, span, ""))
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def mapping(self, start: Event, level: int) -> dict[str, Node]:
        nxt, deeper, words = self.next, level + 1, self.KEYS
        out: dict[str, Node] = {}
        bare: dict[str, Plain] = {}
        marks: list[Mark] = []  # of the keys in `out`
        merged: list[Node] | None = None
        while type(key := nxt()) is not MappingEndEvent:
            mark = key.start_mark
            if type(key) is not ScalarEvent or key.tag is not None or key.anchor is not None:
                name = self.odd_key(key, start, level)
            else:
                name = intern(key.value)  # as the names in code are: to look one up is to compare addresses
                if name in words and key.implicit[0]:
                    name = words[name]
                if name == "<<" and key.implicit[0]:
                    if merged is not None:
                        self.problem(mark, "KG002", "two `<<` in one mapping", "write `<<: [*first, *second]`")
                    merged = [*(merged or ()), *self.merged(nxt(), level, mark)]
                    continue
                if not name and key.implicit[0]:
                    self.problem(mark, "KG008", "a key is missing before this `:`", "write the key")
            value = self.node(nxt(), deeper, mark)
            if name is None:
                continue
            if name in out:
                if not self.duplicate(name, mark, marks[list(out).index(name)]):
                    continue
            else:
                marks.append(mark)
            out[name] = value
            inner: Any = value[0]
            bare[name] = self.held if type(inner) in _HOLDERS else inner
        if merged:
            brought: dict[str, Node] = {}
            for node in merged:
                assert isinstance(node.value, dict)
                for name, value in node.value.items():
                    brought.setdefault(name, value)
            out = {**brought, **out}
            bare = {**{name: plain(node) for name, node in brought.items()}, **bare}
        self.held = bare
        return out

    def scalar(self, event: Event, key_mark: Mark | None) -> Node:
        value: Value = intern(event.value)
        mark = event.start_mark
        text = ""
        tag = event.tag
        if tag is None:
            if event.implicit[0]:
                if not value:
                    value, mark = None, key_mark or mark
                elif event.value[0] in self.FIRST:
                    value, text = self.resolve(event.value, mark)
        elif tag not in ("!", _TAG + "str"):
            value, text = self.tagged(event, tag)
        node: Node = _new(Node, (value, _new(Span, (self.file, mark.line + 1, mark.column + 1)), text))
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def resolve(self, text: str, mark: Mark) -> tuple[Value, str]:
        """Resolve a plain scalar by the core schema; the text is '' where the value says it all."""
        found = _CORE.match(text)
        if found is None:
            return text, ""
        kind = found.lastgroup
        if kind in ("int", "oct", "hex"):
            assert kind is not None
            value = None
            if len(text) <= MOST_DIGITS:
                value = int(found[kind], {"int": 10, "oct": 8, "hex": 16}[kind])
            if value is None or value.bit_length() > MOST_BITS:
                self.stop(mark, f"an integer of more than {MOST_DIGITS:,} digits", "quote it if it is a text")
            return value, "" if str(value) == text else text
        if kind == "float":
            if len(text) > MOST_DIGITS:
                self.stop(mark, f"a number of more than {MOST_DIGITS:,} digits", "quote it if it is a text")
            return float(text), text
        if kind == "inf":
            return float(text.replace(".", "", 1)), text
        if kind == "nan":
            return float("nan"), text
        return {"true": True, "false": False, "null": None}[str(kind)], text

    # What few files have.

    def alias(self, event: Event, level: int) -> Node:
        name, mark = event.anchor, event.start_mark
        known = self.anchors.get(name, name)
        if isinstance(known, str) or known is None:
            message = f"no anchor `&{name}` comes before this alias"
            mend = f"define &{name} first, or quote the text if it begins with `*`"
            if known is None:
                message, mend = f"the alias `*{name}` stands inside its own anchor", "write the value out"
            self.problem(mark, "KG008", message, mend)
            return Node(None, self.span(mark))
        if isinstance(known, Node):
            known = self.anchors[name] = (known, *_measure(known))
        node, nodes, levels = known
        self.count += nodes - 1
        if self.count > MOST_NODES:
            self.stop(mark, f"aliases make more than {MOST_NODES:,} values of this file", SMALLER)
        if level + levels - 1 > MOST_LEVELS:
            self.stop(mark, f"aliases nest deeper than {MOST_LEVELS} levels", "flatten the file")
        self.held = plain(node)
        return node

    def merged(self, event: Event, level: int, key_mark: Mark) -> list[Node]:
        """Give the mappings that a `<<` brings, the strongest first."""
        node = self.node(event, level + 1, key_mark)
        several = node.value if isinstance(node.value, tuple) else (node,)
        good = [item for item in several if isinstance(item.value, dict)]
        if len(good) < len(several) and not self.at(event.start_mark):
            wrong = next(item for item in several if not isinstance(item.value, dict))
            message = f"`<<` takes a mapping or a list of mappings, not {kind_of(wrong.value)}"
            self.problem(event.start_mark, "KG008", message, 'write `<<: *anchor`, or quote the key "<<"')
        return good

    def odd_key(self, key: Event, start: Event, level: int) -> str | None:
        """Give the name of a key that is more than a scalar; None if it has none."""
        kind: type = type(key)
        if kind is ScalarEvent:
            self.scalar(key, None)  # for its tag and its anchor
            return key.value
        mark = key.start_mark
        if kind is AliasEvent:
            self.problem(mark, "KG008", f"the alias `*{key.anchor}` is used as a key", "write the key out")
            return None
        brace = start.start_mark
        if key.flow_style and start.flow_style and (brace.line, brace.column + 1) == (mark.line, mark.column):
            self.problem(brace, "KG008", "`{{` begins a template", NO_TEMPLATES)
        else:
            what = "list" if kind is SequenceStartEvent else "mapping"
            self.problem(mark, "KG008", f"a {what} is used as a key", "a key is a text: quote it")
        self.node(key, level + 1)
        return None

    def tagged(self, event: Event, tag: str) -> tuple[Value, str]:
        """Read a scalar of one of the core schema's tags; refuse any other tag."""
        value, text = self.resolve(event.value, event.start_mark) if event.value else (None, "")
        wanted = {"int": (int,), "float": (float, int), "bool": (bool,), "null": (type(None),)}.get(
            tag.removeprefix(_TAG), ()
        )
        if not isinstance(value, wanted) or (type(value) is bool and bool not in wanted):
            what = "does not fit" if wanted else "is not accepted"
            mend = "remove the tag" if wanted else "remove the tag, or quote the text if it begins with `!`"
            self.problem(event.start_mark, "KG008", f"the tag `{_short(tag)}` {what} here", mend)
            return event.value, ""
        if type(value) is int and float in wanted:
            try:
                return float(value), event.value
            except OverflowError:
                return float("inf"), event.value
        return value, text

    def collection_tag(self, event: Event, own: str) -> None:
        if event.tag not in ("!", _TAG + own):
            mend = "remove the tag"
            self.problem(event.start_mark, "KG008", f"the tag `{_short(event.tag)}` is not accepted here", mend)

    def duplicate(self, name: str, mark: Mark, first: Mark) -> bool:
        """Report a key that stands twice; whether the later one counts."""
        shown = name if len(name) <= 60 else f"{name[:57]}..."
        self.note(
            error(
                self.span(mark),
                "KG002",
                f"the key `{shown}` is written twice",
                "keep one of the two",
                Related(self.span(first), "the first"),
            )
        )
        return False

    def at(self, mark: Mark) -> bool:
        """Tell whether the last problem is of this very place."""
        return bool(self.problems) and self.problems[-1].span == self.span(mark)

    def span(self, mark: Mark) -> Span:
        return Span(self.file, mark.line + 1, mark.column + 1)

    def problem(self, mark: Mark, code: str, message: str, mend: str) -> None:
        self.note(error(self.span(mark), code, message, mend))

    def note(self, found: Diagnostic) -> None:
        if len(self.problems) >= MOST_PROBLEMS:
            message = f"more than {MOST_PROBLEMS} problems; the rest of the file is not read"
            raise UnreadableError(error(found.span, "KG007", message, "mend the problems above first"))
        self.problems.append(found)

    def stop(self, mark: Mark, message: str, mend: str) -> NoReturn:
        raise UnreadableError(error(self.span(mark), "KG007", message, mend))


def _measure(node: Node) -> tuple[int, int]:
    """Count the Nodes of a tree and its levels; the builder has made sure that both are few."""
    value = node.value
    if not isinstance(value, (dict, tuple)):
        return 1, 0
    parts = [_measure(item) for item in (value.values() if isinstance(value, dict) else value)]
    return 1 + sum(nodes for nodes, _ in parts), 1 + max((levels for _, levels in parts), default=0)


def _short(tag: str) -> str:
    """Write a tag as its author did, nearly: `!!set`."""
    shown = tag.replace(_TAG, "!!", 1)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
