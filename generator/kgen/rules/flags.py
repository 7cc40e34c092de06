"""KG595 to KG599: the flags that a trial gives to its script, and those that the script has.

What a script has is read from its source; see `trial.script` in the compact spec. All that is said here of argparse
was read in CPython's Lib/argparse.py.
"""

from __future__ import annotations

from collections.abc import Iterator

from kgen.katib.shell import FILLED
from kgen.model.diagnostic import Effect, Finding, Severity
from kgen.model.flags import Flag, Script
from kgen.model.values import listed
from kgen.model.words import suggestion
from kgen.rules.calls import Line, Token, lines
from kgen.rules.command_lines import Parsed, Use, parse
from kgen.rules.rule import rule
from kgen.rules.subject import Space, Subject
from kgen.rules.traits import odd_in

_ARGPARSE = "https://github.com/python/cpython Lib/argparse.py"
_MOST_NUMBERS = 1000  # of an int parameter, that are held against choices one by one
_NUMBERS = {"int": int, "float": float}


def _parsed(subject: Subject, *, closed: bool = True) -> Iterator[tuple[Script, Line, Parsed]]:
    """Yield each call of a script that is known, and, if asked, has no flags but those that were found."""
    script = subject.script
    if script is None or script.broken is not None or (closed and not script.closed) or not script.parser.flags:
        return
    for line in lines(subject, script):
        yield script, line, parse(line, script)


@rule("KG595", Effect.NO_METRICS, _ARGPARSE, when=odd_in("script"))
def flags_exist(subject: Subject) -> Iterator[Finding]:
    """Every flag of the command is one that the script has.

    argparse ends a program with code 2 at a flag that it does not know, before any training. Each trial
    fails in this way. It is said where `trial.script` names the script and all its flags are known.

    Bad:  `command: [python3, train.py, --learning_rate=0.1]`, where the script has `--learning-rate`
    Good: `command: [python3, train.py, --learning-rate=0.1]`
    """
    for script, _, parsed in _parsed(subject):
        for word in parsed.unknown if script.strict else ():
            name = word.text.partition("=")[0]
            message = f"`{script.file}` has no flag `{name}`: it ends with code 2"
            yield Finding(word.path, message, _instead(name, parsed))


def _instead(name: str, parsed: Parsed) -> str:
    names = [n for f in parsed.parsers[-1].flags if f.action != "help" for n in f.names if len(n) > 2]
    return f"{suggestion(name, names)}; for a parameter that is placed nowhere, `flag: --NAME` says how it is passed"


@rule("KG596", Effect.ADVICE, _ARGPARSE, Severity.WARNING, when=odd_in("script"))
def values_have_an_effect(subject: Subject) -> Iterator[Finding]:
    """Every value of the search makes a difference in the script.

    A script that calls `parse_known_args` passes over a flag that it does not have, without a word; the
    search then varies nothing. With `type=bool` every text is true, `False` too.

    Bad:  `parameters: {amp: {categorical: ["True", "False"]}}`, where the script has `type=bool`
    Good: a flag with `choices=("yes", "no")` in the script
    """
    for script, _, parsed in _parsed(subject):
        for word in parsed.unknown if script.ends and not script.strict else ():
            name = word.text.partition("=")[0]
            message = f"`{script.file}` has no flag `{name}` and passes over it, as it calls `parse_known_args`"
            yield Finding(word.path, message, _instead(name, parsed))
    for script, _, parsed in _parsed(subject, closed=False):
        for use, value in _values(parsed):
            texts = _texts(subject, value)
            if use.flag.type == "bool" and texts and any(text not in ("", "True", "true", "1") for text in texts):
                false = next(text for text in texts if text not in ("", "True", "true", "1"))
                message = (
                    f"`{use.name}` of `{script.file}` has `type=bool`, which makes True of `{false}`, as of any text"
                )
                yield Finding(value.path, message, "compare texts in the script: `type=lambda text: text == 'true'`")


@rule("KG597", Effect.NO_METRICS, _ARGPARSE, when=odd_in("script"))
def flags_have_their_values(subject: Subject) -> Iterator[Finding]:
    """Every flag has as many values as the script wants.

    argparse ends a program with code 2 where a value is missing, where a switch (`store_true`) is given
    one, and where a word belongs to no flag.

    Bad:  `command: [python3, train.py, --amp=true]`, where `--amp` is a `store_true`
    Good: `command: [python3, train.py, --amp]`
    """
    for script, _, parsed in _parsed(subject, closed=False):
        for use in parsed.uses if script.ends else ():
            yield from _miscounted(use, script, parsed)
        if script.strict and script.closed and parsed.clear and not parsed.unknown:
            yield from _strays(parsed, script)


def _miscounted(use: Use, script: Script, parsed: Parsed) -> Iterator[Finding]:
    flag, count = use.flag, len(use.values)
    if not flag.whole or not all(value.fixed for value in use.values):
        return
    if use.joined and flag.most == 0:
        message = f"`{use.name}` of `{script.file}` is a switch, and is given the value `{use.values[0].text}`"
        help_ = f"write `{use.name}` alone, or nothing; a search needs a flag that takes a value"
        yield Finding(use.at.path, message, help_)
    elif count < flag.least and (parsed.clear or use.joined):
        wanted = "a value" if flag.least == 1 else f"{flag.least} values"
        message = f"`{use.name}` of `{script.file}` wants {wanted}, and has {count or 'none'}"
        yield Finding(use.at.path, message, f"write `{use.name}=VALUE`" if flag.least == 1 else "add what is missing")


def _strays(parsed: Parsed, script: Script) -> Iterator[Finding]:
    """Find words that belong to no flag, in a script that takes none by their place."""
    here = parsed.parsers
    if any(not flag.names for parser in here for flag in parser.flags) or here[-1].commands:
        return
    for word, before in parsed.strays:
        if before is not None and before.flag.most == 0 and before.flag.whole:
            message = f"`{before.name}` of `{script.file}` is a switch, and `{word.text}` behind it is no value of it"
            yield Finding(word.path, message, f"write `{before.name}` alone")
        else:
            message = f"`{word.text}` belongs to no flag, and `{script.file}` takes no words without one"
            yield Finding(word.path, message, "remove it, or write the flag that it is for")


@rule("KG598", Effect.NO_METRICS, _ARGPARSE, when=odd_in("script"))
def values_are_accepted(subject: Subject) -> Iterator[Finding]:
    """Every value that the search can try is of the flag's type, and one of its choices.

    argparse ends a program with code 2 at a value that `type` cannot read, or that is not among `choices`;
    the trials with this value fail. `int` reads no `0.5` and no `1e3`; a double parameter is seldom whole.

    Bad:  `parameters: {epochs: {double: [1, 9]}}`, where the script has `type=int`
    Good: `parameters: {epochs: {int: [1, 9]}}`
    """
    for script, line, parsed in _parsed(subject, closed=False):
        for use, value in _values(parsed) if script.ends else ():
            if use.flag.whole and (line.wrapped is False or " " not in value.text):
                why = _refused(subject, use.flag, value)
                if why is not None:
                    what, help_ = why
                    yield Finding(value.path, f"`{use.name}` of `{script.file}` accepts no {what}", help_)


def _values(parsed: Parsed) -> Iterator[tuple[Use, Token]]:
    for use in parsed.uses:
        if use.flag.most != 0:
            yield from ((use, value) for value in use.values)


def _space(subject: Subject, value: Token) -> Space | None:
    """Give the parameter that a value is of, if it is nothing else."""
    if not FILLED.fullmatch(value.text):
        return None
    name = value.text.removeprefix("${trialParameters.").removesuffix("}")
    reference = next((entry.reference for entry in subject.entries if entry.name == name), None)
    return next((space for space in subject.parameters if space.name == reference), None)


def _texts(subject: Subject, value: Token) -> list[str]:
    """Give the texts that a value can be, where they can be told one by one."""
    if "$" not in value.text:
        return [value.text] if value.fixed else []
    space = _space(subject, value)
    if space is None:
        return []
    if space.type in ("categorical", "discrete"):
        return [each for each in listed(space.space.get("list")) if isinstance(each, str)]
    if space.type == "int":
        try:
            low, high = int(str(space.space.get("min"))), int(str(space.space.get("max")))
            step = max(int(str(space.space.get("step") or 1)), 1)
        except ValueError:
            return []
        numbers = range(low, high + 1, step)
        return [str(number) for number in numbers] if len(numbers[: _MOST_NUMBERS + 1]) <= _MOST_NUMBERS else []
    return []


def _refused(subject: Subject, flag: Flag, value: Token) -> tuple[str, str] | None:
    """Say what a flag does not accept, and the mend."""
    space = _space(subject, value)
    choices = "" if flag.choices is None else ", ".join(f"`{each}`" for each in flag.choices[:9])
    if space is not None and space.type == "double":
        if flag.type == "int":
            return f"`{space.name}`, a double: it has `type=int`", "make the parameter `int`, or the flag `type=float`"
        if choices:
            return f"`{space.name}`, a double: it has choices", f"make the parameter `categorical`, of {choices}"
    for text in _texts(subject, value):
        if flag.type in _NUMBERS and not _is_number(text, flag.type):
            return f"`{text}`: it has `type={flag.type}`", f"write numbers that `{flag.type}` reads, or change the flag"
        if flag.choices is not None and flag.type in (*_NUMBERS, "str") and not _is_chosen(text, flag):
            return f"`{text}`, which is none of its choices", f"write one of {choices}"
    return None


def _is_number(text: str, kind: str) -> bool:
    try:
        _NUMBERS[kind](text)
    except ValueError:
        return False
    return True


def _is_chosen(text: str, flag: Flag) -> bool:
    assert flag.choices is not None
    if flag.type == "str":
        return text in flag.choices
    read = _NUMBERS[flag.type]
    return any(_is_number(each, flag.type) and read(each) == read(text) for each in flag.choices)


@rule("KG599", Effect.NO_METRICS, _ARGPARSE, when=odd_in("script"))
def required_flags_are_given(subject: Subject) -> Iterator[Finding]:
    """Every flag that the script requires is in the command.

    argparse ends a program with code 2 where a flag with `required=True`, or an argument that goes by its
    place, is missing.

    Bad:  `command: [python3, train.py]`, where `--data` has `required=True`
    Good: `command: [python3, train.py, --data=/data]`
    """
    for script, line, parsed in _parsed(subject, closed=False):
        if not script.ends or not parsed.clear:
            continue
        given = {use.flag.dest for use in parsed.uses} | {"help"} & {use.flag.action for use in parsed.uses}
        missing = [f for parser in parsed.parsers for f in parser.flags if f.required and f.certain]
        named = [flag for flag in missing if flag.names and flag.dest not in given and "help" not in given]
        placed = [flag for flag in missing if not flag.names]
        for flag in (*named, *(placed if not parsed.strays and not parsed.unknown else ())):
            what = f"`{flag.names[-1]}`" if flag.names else f"`{flag.dest}`, which goes by its place"
            message = f"`{script.file}` requires {what}, and the command does not give it"
            yield Finding(_end(subject, line), message, f"add it; line {flag.line} of the script asks for it")


def _end(subject: Subject, line: Line) -> tuple[str | int, ...]:
    if line.words:
        return line.words[-1].path
    found = next((path for path, fields in subject.containers if fields.get("name") == line.container), ())
    return ("spec", "trialTemplate", "trialSpec", *found, "command")


RULES = (flags_exist, values_have_an_effect, flags_have_their_values, values_are_accepted, required_flags_are_given)
