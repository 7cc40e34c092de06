"""The words behind a script as argparse takes them: flags, their values, and words that belong to none."""

from __future__ import annotations

import re
from typing import NamedTuple

from kgen.model.flags import Flag, Parser, Script
from kgen.rules.calls import Line, Token

_NEGATIVE = re.compile(r"-\.?\d.*")  # as of Python 3.14; before it, numbers such as -1e3 were flags


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
    return " " not in text or _find(parser, text) is not None  # a blank makes it a value, but not that of a known flag


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
