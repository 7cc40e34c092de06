"""Which findings are shown: what was selected, and what nobody has silenced with a reason.

A comment silences findings of the codes it names: at the end of a line those of that line, on a line
of its own those of the next line that is no comment, and as `ignore-file` above the first value those
of the whole file.

    retries: 9  # kgen: ignore[KG508] the data set is flaky until March
    # kgen: ignore[KG402,KG403] bounds are swapped on purpose
    # kgen: ignore-file[KG708] a one-off search

What kgen cannot read or lay together cannot be silenced (`model.codes.can_be_silenced`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from kgen.model.codes import can_be_silenced
from kgen.model.diagnostic import Diagnostic, error
from kgen.model.lint import Settings, Suppressed, wrong_code
from kgen.model.node import Span
from kgen.model.sources import SCRIPTS, Sources

UNUSED, MALFORMED = "KG014", "KG015"

_WORD = re.compile(r"kgen:[ \t]*ignore\b")
_FORM = re.compile(r"kgen:[ \t]*ignore(-file)?[ \t]*\[([^\]]*)\][ \t:,;–-]*(.*)")
_SIGN = re.compile(rb"kgen:[ \t]*ignore")
_FORMS = {
    "line": "write `kgen: ignore[KG402] the reason`, several codes separated by commas",
    "file": "move it above the first value, or write `ignore` and put it above the line that it is for",
    "reason": "add the reason behind the bracket: `kgen: ignore[{}] the reason`",
}


class Silenced(NamedTuple):
    """Findings, sorted out."""

    shown: tuple[Diagnostic, ...]  # in their order, with those about suppressions (KG014, KG015)
    suppressed: tuple[Suppressed, ...]
    left_out: int  # not selected


class _Comment(NamedTuple):
    """One code of a suppression in a file."""

    code: str
    reason: str
    span: Span  # of the comment
    line: int | None  # that it speaks of; None for the whole file


def silence(
    diagnostics: Iterable[Diagnostic],
    sources: Sources,
    settings: Settings,
    *,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
    known_codes: Collection[str],
    checked: Collection[str] | None = None,
) -> Silenced:
    """Sort findings into those that are shown and those that are not.

    `sources` are the files whose comments count. `checked` are those of them that rules have looked
    at, where an unused suppression is reported (KG014); None stands for all, `()` for none.
    """
    selected, ignored = tuple(select), tuple(ignore)
    problems: list[Diagnostic] = []
    comments = [
        comment
        for file, data in sources.items()
        if isinstance(data, bytes) and not file.endswith(SCRIPTS) and _SIGN.search(data)
        for comment in _comments(data, file, known_codes, problems)
    ]
    places = _places(comments)
    shown: list[Diagnostic] = []
    suppressed: list[Suppressed] = []
    used: set[_Comment] = set()
    left_out = 0
    for diagnostic in diagnostics:
        if not can_be_silenced(diagnostic.code):
            shown.append(diagnostic)
        elif not runs(diagnostic.code, selected, ignored):
            left_out += 1
        elif hits := _hits(diagnostic, places):
            used.update(hits)
            suppressed.append(Suppressed(diagnostic, hits[0].reason, hits[0].span, in_source=True))
        elif (by := _by_settings(diagnostic, settings)) is not None:
            suppressed.append(by)
        else:
            shown.append(diagnostic)
    broken = {d.span.file for d in shown if not can_be_silenced(d.code)}
    files = (set(sources) if checked is None else set(checked)) - broken
    problems += [
        _unused(comment)
        for comment in comments
        if comment not in used and comment.span.file in files and runs(comment.code, selected, ignored)
    ]
    return Silenced(tuple(sorted({*shown, *problems}, key=lambda d: d.order)), tuple(suppressed), left_out)


def runs(code: str, select: tuple[str, ...] = (), ignore: tuple[str, ...] = ()) -> bool:
    """Whether a rule is asked at all: the longest beginning of its code that is named decides, and `ignore` a tie."""
    wanted = max((len(word) for word in select if code.startswith(word)), default=-1 if select else 0)
    unwanted = max((len(word) for word in ignore if code.startswith(word)), default=-1)
    return wanted > unwanted


def split_codes(given: Iterable[str]) -> tuple[str, ...]:
    """Read `--select KG4,kg402 --select KG7` as the codes it names."""
    words = (word.strip() for text in given for word in text.split(","))
    return tuple(dict.fromkeys(word.upper() if word.upper().startswith("KG") else word for word in words if word))


def check_codes(given: Iterable[str], known_codes: Collection[str]) -> tuple[str, ...]:
    """Say of each code or family that no rule has what is wrong with it; nothing where all is well."""
    found = (wrong_code(word, known_codes) for word in given)
    return tuple(f"{wrong[0]}: {wrong[1]}" for wrong in found if wrong is not None)


_Places = Mapping[tuple[str, int | None, str], list[_Comment]]


def _places(comments: Iterable[_Comment]) -> _Places:
    out: dict[tuple[str, int | None, str], list[_Comment]] = {}
    for comment in comments:
        out.setdefault((comment.span.file, comment.line, comment.code), []).append(comment)
    return out


def _hits(diagnostic: Diagnostic, places: _Places) -> list[_Comment]:
    file, line, _ = diagnostic.span
    code = diagnostic.code
    return [*places.get((file, line, code), ()), *places.get((file, None, code), ())] if places else []


def _by_settings(diagnostic: Diagnostic, settings: Settings) -> Suppressed | None:
    for rule, reason, span in settings.ignore:
        if rule and diagnostic.code.startswith(rule):
            return Suppressed(diagnostic, reason, span, in_source=False)
    return None


def _unused(comment: _Comment) -> Diagnostic:
    where = "in this file" if comment.line is None else "on the line that it speaks of"
    help_ = f"remove `{comment.code}` from the comment, or the whole comment"
    if comment.span.file.endswith(".jsonnet") and comment.line is not None:
        help_ = "values of a Jsonnet file have no lines: write `ignore-file` at its head, or remove the comment"
    return error(comment.span, UNUSED, f"`{comment.code}` is silenced here, and nothing of it is found {where}", help_)


def _comments(data: bytes, file: str, known_codes: Collection[str], problems: list[Diagnostic]) -> Iterator[_Comment]:
    """Read the suppressions of a file; what is wrong with one is added to `problems` (KG015)."""
    from kgen.codec.comments import comments  # noqa: PLC0415 - few files have a suppression

    found = comments(data, file, _WORD)
    for comment in found.comments:
        span = Span(file, comment.line, comment.column)
        form = _FORM.match(comment.text)
        if form is None:
            problems.append(error(span, MALFORMED, "this suppression names no codes in brackets", _FORMS["line"]))
            continue
        whole, listed, reason = form[1] is not None, form[2], form[3].strip()
        codes = tuple(dict.fromkeys(code.strip() for code in listed.split(",") if code.strip()))
        wrong = [*_wrong_form(span, codes, reason, head=not whole or comment.line < found.first)]
        wrong += [error(span, MALFORMED, *said) for code in codes if (said := _wrong_code(code, known_codes))]
        problems.extend(wrong)
        if not wrong:
            line = None if whole else _line(comment.line, comment.alone, found.lines)
            yield from (_Comment(code, reason, span, line) for code in codes)


def _wrong_form(span: Span, codes: tuple[str, ...], reason: str, *, head: bool) -> Iterator[Diagnostic]:
    if not codes:
        yield error(span, MALFORMED, "this suppression names no code", _FORMS["line"])
    if not any(character.isalnum() for character in reason):
        help_ = _FORMS["reason"].format(", ".join(codes) or "KG402")
        yield error(span, MALFORMED, "this suppression has no reason", help_)
    if not head:
        yield error(
            span, MALFORMED, "this suppression of a whole file does not stand above its first value", _FORMS["file"]
        )


def _wrong_code(code: str, known_codes: Collection[str]) -> tuple[str, str] | None:
    wrong = wrong_code(code, known_codes, families=False)
    if wrong is None:
        if can_be_silenced(code):
            return None
        return f"`{code}` cannot be silenced: kgen can make nothing of such a file", "mend what it says"
    family = sum(known.startswith(code) for known in known_codes)
    return (
        (f"`{code}` is a family of {family} rules", "name each code: a comment silences single rules")
        if (family)
        else wrong
    )


def _line(at: int, alone: bool, lines: tuple[str, ...]) -> int:
    """Give the line that a comment speaks of: its own, or the next that is no comment, no `---` and not empty."""
    if not alone:
        return at
    after = (
        number
        for number, line in enumerate(lines[at:], at + 1)
        if (said := line.strip()) and not said.startswith(("#", "//")) and said != "---"
    )
    return next(after, at)
