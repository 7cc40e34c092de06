"""How the script of an Experiment is called: its words, as the script gets them, and the flags that they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from kgen.katib import shell
from kgen.katib.v1beta1 import TRIAL
from kgen.model.flags import Flag, Parser, Script
from kgen.model.node import FieldPath
from kgen.rules.primary import commands
from kgen.rules.subject import Subject

_OPERATORS = frozenset(";&|<>()")
_SIGNS = "".join(sorted(_OPERATORS))
_EXPANDED = re.compile(r"\$\([^)]*\)|\$\{[^}]*\}|\$[A-Za-z_]\w*|`[^`]*`")
_OPEN = "\ue000"  # stands for what a shell or Kubernetes fills in, while a line is split
_NEGATIVE = re.compile(r"-\.?\d.*")  # as of Python 3.14; before it, numbers such as -1e3 were flags


class Token(NamedTuple):
    """A word that the script gets."""

    text: str  # placeholders as they are written
    path: FieldPath  # of the item that it is part of
    fixed: bool = True  # nothing in it but placeholders is filled in later


class Line(NamedTuple):
    """The words behind the script, in one place where it is called."""

    container: str
    words: tuple[Token, ...]
    wrapped: bool


class Use(NamedTuple):
    """A flag, and the values that are given to it."""

    flag: Flag
    at: Token
    name: str  # as it is written
    values: tuple[Token, ...]
    joined: bool = False  # with `=`, or without a blank


class Parsed(NamedTuple):
    """The words as the script's parser takes them."""

    parsers: tuple[Parser, ...]  # the whole script's, then those of the commands that are called
    uses: tuple[Use, ...]
    unknown: tuple[Token, ...]  # flags that the script does not have
    strays: tuple[tuple[Token, Use | None], ...]  # words that go by their place, each with the flag before it
    clear: bool  # nothing in the line can become more words, or fewer


def lines(subject: Subject, script: Script) -> Iterator[Line]:
    """Yield the words behind each call of the script."""
    for found in commands(subject):
        at = shell.script_at(found.words)
        tokens = []
        for index, (word, path) in enumerate(zip(found.words, found.paths, strict=True)):
            inside = found.wrapped or (at is not None and index >= at)
            tokens += [Token(word, path, not _EXPANDED.search(_plain(word)))] if not inside else _split(word, path)
        for start in _starts(tokens, script.file):
            yield Line(found.name, _up_to_operator(tokens[start:]), found.wrapped)
    for path, fields in subject.containers:
        words = fields.get("args")
        if not fields.get("command") and isinstance(words, list) and all(isinstance(word, str) for word in words):
            placed = ((word, (*TRIAL, *path, "args", index)) for index, word in enumerate(words))
            own = [Token(word, at, not _EXPANDED.search(_plain(word))) for word, at in placed]
            if own and own[0].text.startswith("-"):
                yield Line(str(fields.get("name")), tuple(own), wrapped=True)


def _plain(word: str) -> str:
    return shell.FILLED.sub("", word)


def _split(word: str, path: FieldPath) -> list[Token]:
    """Split a text as a shell does; what is filled in stays in one piece, as its values are not known."""
    import shlex  # noqa: PLC0415 - only a trial whose script is known pays for it

    held: list[str] = []

    def hide(found: re.Match[str]) -> str:
        held.append(found[0])
        return f"{_OPEN}{len(held) - 1}{_OPEN}"

    hidden = _EXPANDED.sub(hide, word)
    reader = shlex.shlex(hidden, posix=True, punctuation_chars=_SIGNS)
    reader.whitespace_split, reader.commenters = True, ""
    try:
        parts = list(reader)
    except ValueError:
        return [Token(part, path, fixed=False) for part in word.split()]
    out = []
    for part in parts:
        text = re.sub(f"{_OPEN}(\\d+){_OPEN}", lambda found: held[int(found[1])], part)
        out.append(Token(text, path, not _EXPANDED.search(_plain(text))))
    return out


def _starts(tokens: list[Token], file: str) -> Iterator[int]:
    """Yield where the words behind the script begin."""
    folder, _, name = file.rpartition("/")
    stem = name.removesuffix(".py")
    module = folder.rpartition("/")[2] if stem == "__main__" else stem
    for index, token in enumerate(tokens):
        if token.text.rpartition("/")[2] == name:
            yield index + 1
        elif token.text in ("-m", "--module") and index + 1 < len(tokens):
            yield from (index + 2,) if tokens[index + 1].text.rpartition(".")[2] == module else ()


def _up_to_operator(tokens: list[Token]) -> tuple[Token, ...]:
    end = next((i for i, t in enumerate(tokens) if t.text and set(t.text) <= _OPERATORS), len(tokens))
    if end < len(tokens) and end and tokens[end].text[0] in "<>" and tokens[end - 1].text.isdigit():
        end -= 1  # `2>&1`
    return tuple(tokens[:end])


class _Taking:
    def __init__(self, parser: Parser) -> None:
        self.parsers = [parser]
        self.uses: list[Use] = []
        self.unknown: list[Token] = []
        self.strays: list[tuple[Token, Use | None]] = []
        self.clear = True
        self.lost = False  # some words cannot be told apart from flags, or a command of the script is not known

    @property
    def parser(self) -> Parser:
        return self.parsers[-1]


def parse(line: Line, script: Script) -> Parsed:
    """Take the words as argparse does."""
    taking = _Taking(script.parser)
    words, index = line.words, 0
    while index < len(words):
        word = words[index]
        index += 1
        if not word.fixed or word.text.startswith("$") or word.text[:1] in taking.parser.fromfile:
            taking.clear = False
        name = word.text.partition("=")[0]
        if word.text == "--":
            taking.strays += [(each, None) for each in words[index:]]
            break
        if "$" in name and name[:1] != "$":  # a flag whose name is filled in
            taking.lost = True
        elif is_flag(word, taking.parser):
            index = _take(taking, word, words, index)
        elif (inner := _command(taking.parser, word.text)) is not None:
            taking.parsers.append(inner)
        else:
            taking.lost = taking.lost or bool(taking.parser.commands)
            taking.strays.append((word, taking.uses[-1] if taking.uses else None))
            if any(flag.action == "remainder" and not flag.names for flag in taking.parser.flags):
                break
    unknown = () if taking.lost else tuple(taking.unknown)
    clear = taking.clear and not taking.lost
    return Parsed(tuple(taking.parsers), tuple(taking.uses), unknown, tuple(taking.strays), clear)


def is_flag(word: Token, parser: Parser) -> bool:
    """Whether a word is a flag, and no value."""
    text = word.text
    if len(text) < 2 or text[0] not in parser.prefix:
        return False
    if any(text in flag.names for flag in parser.flags):
        return True
    if _NEGATIVE.fullmatch(text):
        return any(_NEGATIVE.fullmatch(name) for flag in parser.flags for name in flag.names)
    return " " not in text


def _command(parser: Parser, name: str) -> Parser | None:
    return next((inner for names, inner in parser.commands if name in names), None)


def _take(taking: _Taking, word: Token, words: tuple[Token, ...], index: int) -> int:
    """Take a flag and its values; give the index of the next word."""
    found = _find(taking.parser, word.text)
    if found is None:
        taking.unknown.append(word)
        while index < len(words) and not is_flag(words[index], taking.parser):
            index += 1  # they would be its values
        return index
    flag, name, value = found
    if flag is None:  # one of several that begin like this
        taking.clear = False
        return index
    if value is not None:
        if flag.most == 0 and len(name) == 2 and "=" not in word.text:
            taking.uses.append(Use(flag, word, name, ()))
            return _take(taking, word._replace(text=f"{name[0]}{value}"), words, index)
        taking.uses.append(Use(flag, word, name, (word._replace(text=value),), joined=True))
        return index
    if flag.action == "remainder":
        taking.uses.append(Use(flag, word, name, words[index:]))
        return len(words)
    most = len(words) if flag.most is None or not flag.whole else flag.most
    values: list[Token] = []
    while index < len(words) and len(values) < most and not is_flag(words[index], taking.parser):
        values.append(words[index])
        taking.clear = taking.clear and words[index].fixed
        index += 1
    taking.uses.append(Use(flag, word, name, tuple(values)))
    return index


def _find(parser: Parser, text: str) -> tuple[Flag | None, str, str | None] | None:
    """Find a flag: it, its name as written, and a value that is joined to it; no flag where several are meant."""
    names = {name: flag for flag in parser.flags for name in flag.names}
    if text in names:
        return names[text], text, None
    name, equals, value = text.partition("=")
    given = value if equals else None
    if name in names:
        return names[name], name, given
    close = {names[each].dest: names[each] for each in names if each.startswith(name)} if parser.abbreviates else {}
    if close:
        return (next(iter(close.values())) if len(close) == 1 else None), name, given
    short = text[:2]
    if text[1] != text[0] and short in names:
        return names[short], short, text[2:]
    return None
