"""What a YAML parser complains of, in words that help the author of the file."""

from __future__ import annotations

import re
from typing import TypeAlias

from yaml.error import MarkedYAMLError

from kgen.model.diagnostic import Diagnostic, Related, error
from kgen.model.node import Span

Row: TypeAlias = tuple[str, str, str, str]

_LINE = re.compile("[^\r\n]*")

QUOTE = "quote the text"
INDENT = "give it the same indentation as its neighbours, or quote the text above if it goes on here"
ESCAPE = "write \\\\ for a backslash, or use single quotes"

# What libyaml or PyYAML's own parser says (a pattern), the place to show (where it met the
# `problem`, or where the `context` began), the message, the help.
ROWS: tuple[Row, ...] = (
    (
        "mapping values are not allowed",
        "problem",
        "this `:` makes a second key of the line, or the line is indented too deep",
        "quote a text that contains `: `, or correct the indentation",
    ),
    ("could not find expected ':'", "context", "a `:` is missing after this key", "write `key: value`"),
    (
        "(sequence )?entries are not allowed",
        "problem",
        "a `- ` item cannot begin here",
        "put the list on lines of its own below the key, or write [a, b]",
    ),
    (
        "expected '-' indicator|block collection .*expected <block end>",
        "problem",
        "a `- ` item of the list is expected here",
        INDENT,
    ),
    ("expected key|expected <block end>", "problem", "a key is expected here", INDENT),
    (
        r"expected ',' or '\]'",
        "problem",
        "a `,` or `]` is expected here",
        "close the list, or quote its text",
    ),
    (
        r"expected ',' or '\}'",
        "problem",
        "a `,` or `}` is expected here",
        "close the mapping, or quote its text",
    ),
    ("expected( the)? node content", "problem", "a value is expected here", QUOTE + " if this belongs to it"),
    (
        "unexpected end of stream|unexpected document",
        "context",
        "this quote is not closed",
        "close the quote",
    ),
    ("unknown escape character", "problem", "a backslash escape that YAML does not have", ESCAPE),
    ("expected (hexdecimal number|escape sequence)", "problem", "an escape with too few digits", ESCAPE),
    ("invalid Unicode", "problem", "this escape is not a character", "write the character itself"),
    (
        "alphabetic or numeric character",
        "context",
        "`*` and `&` begin the name of an alias or anchor",
        QUOTE + " if it begins with one",
    ),
    (
        "comment or (a )?line break|indentation indicator",
        "problem",
        "only a comment may follow `|` or `>` on the line",
        "begin the text on the next line",
    ),
    (
        "expected '?<document start>",
        "problem",
        "the document has ended; nothing may follow it",
        "correct the indentation, or begin a new document with a `---` line",
    ),
    ("directive|incompatible YAML", "problem", "a `%` directive that is not accepted", "remove the line"),
    ("tag|URI|expected '!'", "context", "this tag cannot be read", QUOTE + " if it begins with `!`"),
)
TAB = ("a tab is used as indentation", "indent with spaces")
NO_TEMPLATES = (
    "specs are not templated: write the value itself, quote the text if the braces belong to it, "
    "or use a .jsonnet spec or an overlay for what differs"
)


def not_yaml(bad: Exception, text: str, file: str) -> Diagnostic:
    """Make the KG001 of what a YAML parser raised on `text`, or the KG008 of a template in it."""
    if not isinstance(bad, MarkedYAMLError) or bad.problem_mark is None:
        return error(Span(file, 1, 1), "KG001", "this is not YAML", "check the file with an editor's YAML mode")
    problem, met = str(bad.problem), bad.problem_mark
    began = bad.context_mark or met
    found = _LINE.match(text, met.index - met.column)
    line = "" if found is None else found[0]
    indent = line[: len(line) - len(line.lstrip(" \t"))]
    if "\t" in indent and met.column <= len(indent):
        return error(Span(file, met.line + 1, indent.index("\t") + 1), "KG001", *TAB)
    place = Span(file, met.line + 1, met.column + 1)
    template = re.search(r"\{[{%]", line)
    if template is not None:
        place = place._replace(column=template.start() + 1)
        return error(place, "KG008", f"`{template[0]}` begins a template", NO_TEMPLATES)
    character = line[met.column : met.column + 1]
    if "cannot start any token" in problem:
        if character == "\t":
            return error(place, "KG001", *TAB)
        return error(place, "KG001", f"no value can begin with `{character}`", QUOTE)
    if re.search("expected ',' or", problem) and not text[met.index :].strip():
        kind = "list" if "]" in problem else "mapping"
        place = Span(file, began.line + 1, began.column + 1)
        return error(place, "KG001", f"this {kind} is not closed", "write its closing bracket")
    for pattern, where, message, mend in ROWS:
        if re.search(pattern, f"{bad.context} {problem}"):
            if where == "context":
                return error(Span(file, began.line + 1, began.column + 1), "KG001", message, mend)
            opened = Span(file, began.line + 1, began.column + 1)
            related = (Related(opened, "begins here"),) if opened.line != place.line else ()
            return error(place, "KG001", message, mend, *related)
    return error(place, "KG001", f"this is not YAML: {problem}", "correct the line, or quote its text")
