"""What a Jsonnet engine says when it fails, as a diagnostic of kgen's.

Two engines are read, whose words differ a little; `<engine>` marks the form of each:

    experiments/a.jsonnet:1:5-6 Unknown variable: b                           <go>
    STATIC ERROR: experiments/a.jsonnet:1:5: Unknown variable: b              <c++>
    RUNTIME ERROR: Field does not exist: a                                    <both>
        lib/x.libsonnet:(3:5)-(4:2)     function <f>
        experiments/a.jsonnet:1:1-29    $
        Field "a"                                                             <go>
        During evaluation

Both count columns in bytes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kgen.model.diagnostic import Diagnostic, Related, error
from kgen.model.node import FieldPath, Span, path_text
from kgen.model.sources import Sources

if TYPE_CHECKING:
    from kgen.codec.jsonnet_imports import Refusal

CODE = "KG009"
MOST_RELATED = 4
MOST_TEXT = 300  # characters of the engine's words, which may quote a value of any size

_PLACE = re.compile(r"(?P<file>[^\t\n]+?):(?:(?P<l>\d+):(?P<c>\d+)|\((?P<L>\d+):(?P<C>\d+)\))(?:-[\d:()]+)?:? ?")
_STEP = re.compile(r'(?:Field "(?P<field>.*)"|Array element (?P<index>\d+))\s*$')

_WORDS = (  # what an engine says, what kgen says, the help
    (
        r"max stack frames exceeded",
        "this calls itself without end, or more than 500 deep",
        "end the recursion with an `if`; files that import each other, or a value that needs itself, recurse",
    ),
    (
        r"undefined external variable: (.*)",
        r"there is no external variable `\1`",
        "the only one is the environment's name: `std.extVar('environment')`",
    ),
    (
        r"unknown variable: (.*)",
        r"`\1` is not defined",
        r"define it with `local \1 = …;`; a field of an object is `self.\1` or `$.\1`",
    ),
    (
        r"field does not exist: (.*)",
        r"there is no field `\1`",
        r"mend its name, or ask for it with a default: `std.get(object, '\1', default)`",
    ),
    (
        r'duplicate field(?: name)?: "?(.*?)"?',
        r"the field `\1` is given twice in one object",
        r"keep one of the two; `base + { \1: … }` changes the field of a base",
    ),
    (r"duplicate local var: (.*)", r"`local \1` is defined twice", "keep one of the two"),
    (
        r"couldn't manifest function .*",
        "a function is not data",
        "call it, or hide its field with `::`",
    ),
    (
        r"value non indexable: \*jsonnet\.value(?:Flat)?(\w+)|"
        r"can only index objects, strings, and arrays, got (\w+)",
        "this value has no fields and no items",
        "look at what stands before the `.` or the `[`: it is no object, list or text",
    ),
    (r"division by zero", "division by zero", "mend the divisor"),
    (
        r"computed imports are not allowed",
        "what is imported must be one quoted name",
        "put brackets around the import: `(import 'a.libsonnet') + …`",
    ),
    (
        r"internal error:.*",
        "the Jsonnet engine failed within",
        "make the file simpler: no text or list of millions, no deep nesting",
    ),
)

_SYNTAX = "mend the Jsonnet here, or just before"
_HERE = "mend the expression, or what is handed to it"
_NO_CALL = "call it in the file; what depends on the environment asks for `std.extVar('environment')`"


def diagnose(text: str, file: str, refused: Refusal | None, sources: Sources) -> Diagnostic:
    """Make the diagnostic of what an engine said about `file`; `refused` is the import that it was denied."""
    head, _, trace = text.partition("\n\t")
    static, words = _static(head, sources)
    frames = _frames("\n\t" + trace, sources)
    places = [*([static] if static else []), *(frame for frame in frames if frame != static)]
    span = places[0] if places else Span(file, 1, 1)
    related = [Related(place, "reached from here") for place in places[1 : MOST_RELATED + 1]]
    if refused is not None:
        if refused.span is not None:
            related, span = [Related(span, "imported here")], refused.span
        return error(span, CODE, refused.message, refused.help, *related)
    if "Top-level function" in trace:
        return error(span, CODE, "the file makes a function that wants arguments, and kgen has none", _NO_CALL)
    message, help_ = _reword(words, _SYNTAX if static else _HERE)
    field = path_text(_field(trace))
    return error(span, CODE, f"{message} (in `{field}`)" if field and not places else message, help_, *related)


def place_in(file: str, data: bytes, offset: int) -> Span:
    """Give the place of a byte; columns count characters."""
    start = data.rfind(b"\n", 0, offset) + 1
    column = len(data[start:offset].decode(errors="ignore")) + 1
    return Span(file, data.count(b"\n", 0, offset) + 1, column)


def _static(head: str, sources: Sources) -> tuple[Span | None, str]:
    """Part the engine's first words into a place, if they begin with one, and the rest."""
    words = head.removeprefix("RUNTIME ERROR: ").removeprefix("STATIC ERROR: ")
    span = None
    while (match := _PLACE.match(words)) and (found := _span(match, sources)):
        span, words = found, words[match.end() :]  # an engine may say the place twice
    return span, words


def _frames(trace: str, sources: Sources) -> list[Span]:
    """List the places of a stack trace that are the workspace's, innermost first, each once."""
    spans = (_span(match, sources) for line in trace.split("\n\t") if (match := _PLACE.match(line)))
    return list(dict.fromkeys(span for span in spans if span is not None))


def _span(match: re.Match[str], sources: Sources) -> Span | None:
    data = sources.get(match["file"])
    if not isinstance(data, bytes):
        return None  # the standard library, kgen's library, or no file at all
    line, column = int(match["l"] or match["L"]), int(match["c"] or match["C"])
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n", line)
    before = lines[line - 1][: column - 1] if line <= len(lines) else b""
    return Span(match["file"], line, len(before.decode(errors="ignore")) + 1)


def _field(trace: str) -> FieldPath:
    """Give the field that was being written, which an engine tells from the inside out."""
    steps = [match for line in trace.split("\n") if (match := _STEP.match(line.strip()))]
    return tuple(int(step["index"]) if step["index"] else step["field"] for step in reversed(steps))


def _reword(words: str, otherwise: str) -> tuple[str, str]:
    """Say it in kgen's words; what has no row in the table is quoted, its first line and not all of that."""
    first = words.partition("\n")[0].strip()[: MOST_TEXT + 1]
    for pattern, message, help_ in _WORDS:
        match = re.fullmatch(pattern + r"\.?", first, re.IGNORECASE)
        if match:
            return match.expand(message), match.expand(help_)
    if len(first) > MOST_TEXT:
        first = first[:MOST_TEXT] + "…"
    return first.removesuffix(".") or "the Jsonnet engine failed and gave no reason", otherwise
