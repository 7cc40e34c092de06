"""KG56x: the command of a trial's containers, and what Katib makes of it when it wraps it for the collector."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kgen.katib import shell
from kgen.katib.collectors import WRAPPING
from kgen.katib.v1beta1 import NAS_ASSIGNMENTS, PLACEHOLDER_HEAD
from kgen.model.diagnostic import Edit, EditKind, Effect, Finding, Severity
from kgen.model.node import FieldPath
from kgen.model.values import listed
from kgen.rules.primary import Words, commands
from kgen.rules.rule import rule
from kgen.rules.subject import Subject
from kgen.rules.traits import Traits, odd_in

_WRAP = "katib pkg/webhook/v1beta1/pod/utils.go"
_ODD = re.compile(r"[\s|&;<>()`\\\"'*?\[\]#~]|\$(?!\{trialParameters\.)")
_OPERATOR_WORDS = frozenset(("&&", "||", "|", ";", ">", ">>", "<", "&", "2>&1", "2>", "1>", "|&", "&>"))
_FLAG_AND_VALUE = re.compile(r"--?[A-Za-z][\w.-]*\s+\S+|-\S*(?:\s+-\S+)+")
_ENVIRONMENT = re.compile(r"\$\([A-Za-z_][A-Za-z0-9_.-]*\)")  # Kubernetes puts in the variable before any shell sees it
_SEVERAL = re.compile(r"[;&|\n]")
_INTERPRETERS = ("python", "torchrun", "mpirun", "java", "Rscript", "node", "accelerate", "deepspeed", "julia", "perl")
_EXPANDED = re.compile(r"\$[A-Za-z_{(]|`")
_SILENT = re.compile(r"(?:export|cd|set|echo|mkdir|test|ulimit|umask|source|\.)\b|\w+=")


def _is_read_by_shell(traits: Traits) -> bool:
    return traits.collector in WRAPPING and "commands" in traits.odd


def _may_need_quotes(traits: Traits) -> bool:
    return traits.collector in WRAPPING and (traits.nas or not traits.odd.isdisjoint(("commands", "space")))


def _scripts(subject: Subject) -> Iterator[tuple[Words, int]]:
    """Yield the wrapped commands that start a shell with a script, and the index of the script."""
    if "sh'" in subject.text:
        for found in commands(subject):
            at = shell.script_at(found.words) if found.wrapped else None
            if at is not None:
                yield found, at


@rule("KG560", Effect.NO_POD, _WRAP, when=_is_read_by_shell)
def shell_has_a_script(subject: Subject) -> Iterator[Finding]:
    """The primary container's command is more than the name of a shell.

    Katib's pod webhook looks for `-c` behind `sh` or `bash` and fails where nothing follows; no pod is made.

    Bad:  `command: [sh]`
    Good: `command: [sh, -c, "cd /opt && python3 train.py"]`
    """
    if "sh'" not in subject.text:
        return
    for words, paths, name, wrapped in commands(subject):
        if wrapped and len(words) == 1 and words[0] in shell.SHELLS:
            message = f"the command of container `{name}` is `{words[0]}` alone: Katib's pod webhook fails on it"
            yield Finding(paths[0], message, f"write `[{words[0]}, -c, SCRIPT]`, or the program itself")


@rule("KG561", Effect.NO_METRICS, _WRAP, when=_is_read_by_shell)
def shell_is_recognised(subject: Subject) -> Iterator[Finding]:
    """A shell that runs a command of several words is written `sh -c` or `bash -c`.

    Katib knows these two spellings, and puts its own part into the script. Any other, as /bin/sh or
    `bash -lc`, it takes for a program and wraps once more, without quotes: the inner shell then runs the
    first word alone.

    Bad:  `command: [/bin/bash, -c, "python3 train.py --epochs=1"]`
    Good: `command: [bash, -c, "python3 train.py --epochs=1"]`
    """
    for found, at in _scripts(subject):
        if not shell.is_recognised(found.words) and _loses_arguments(found.words[at]):
            yield _twice(found, at, f"runs `{found.words[at].split()[0]}` alone, without its arguments")


def _loses_arguments(script: str) -> bool:
    """Whether a script is one command that is nothing without its further words: values of the search, a program."""
    words = script.split()
    if len(words) < 2 or len(shell.bare(script).text.split()) < 2 or _SEVERAL.search(shell.bare(script).text):
        return False
    return words[0].rpartition("/")[2].startswith(_INTERPRETERS) or any(PLACEHOLDER_HEAD in word for word in words[1:])


@rule("KG562", Effect.NO_METRICS, _WRAP, Severity.WARNING, when=_is_read_by_shell)
def script_is_wrapped_once(subject: Subject) -> Iterator[Finding]:
    """A shell that runs a script of several words is written `sh -c` or `bash -c`.

    Any other spelling Katib wraps once more, without quotes: the inner shell gets the first words, and the
    rest runs outside it, in another folder and without its variables.

    Bad:  `command: [/bin/sh, -c, "cd /opt && python3 train.py"]`
    Good: `command: [sh, -c, "cd /opt && python3 train.py"]`
    """
    for found, at in _scripts(subject):
        script = found.words[at]
        if shell.is_recognised(found.words) or _loses_arguments(script):
            continue
        if len(shell.bare(script).text.split()) > 1:
            yield _twice(found, at, "gets the first word of the script, and the rest runs outside it")


def _twice(found: Words, at: int, effect: str) -> Finding:
    words, paths = found.words, found.paths
    spelt = " ".join(words[:at])
    short = words[0].rpartition("/")[2]
    simple = at == 2 and words[1] == "-c" and short in shell.SHELLS
    quoted = words[at].replace("'", "'\\''")
    return Finding(
        path=paths[0],
        message=f"Katib does not know `{spelt}` as a shell and wraps it once more: the inner shell {effect}",
        help=f"write `{short}` in place of `{words[0]}`"
        if simple
        else f"write `[sh, -c, SCRIPT]`, or quote the script for the outer shell: `{spelt} '{quoted}'`",
        fix=(Edit(EditKind.SET, paths[0], short),) if simple else (),
    )


@rule("KG563", Effect.NO_METRICS, _WRAP, when=_is_read_by_shell)
def script_ends_with_a_command(subject: Subject) -> Iterator[Finding]:
    """A script for `sh -c` ends with the command that trains, and with nothing behind it.

    Katib adds ` 1>FILE 2>&1 && echo completed > FILE` to its end. A line break, a comment, a here-document,
    `;`, `&`, `exit` or `exec` keeps that from the command: its output or the mark of completion is lost, and
    the metrics with it.

    Bad:  `args: ["python3 train.py\\n"]` behind `command: [sh, -c]`, as a block with `|` writes it
    Good: `args: ["python3 train.py"]`, as a block with `|-` writes it
    """
    for found, at in _scripts(subject):
        if shell.is_recognised(found.words) and (why := shell.bad_end(" ".join(found.words[at:]))) is not None:
            last, path = found.words[-1], found.paths[-1]
            yield Finding(
                path=path,
                message=f"the script of container `{found.name}` loses its metrics: {why[0]}",
                help="end the script with the training command; in YAML write `|-`, which drops the last line break"
                if "line break" in why[0]
                else "end the script with the training command, or put all of it in braces: `{ …; }`",
                fix=(Edit(EditKind.SET, path, last.rstrip()),) if why[1] else (),
            )


@rule("KG564", Effect.NO_METRICS, _WRAP, Severity.WARNING, when=_is_read_by_shell)
def last_command_trains(subject: Subject) -> Iterator[Finding]:
    """The command that trains is the last of its script.

    The collector StdOut reads what the last command prints; what runs before it goes to the container's
    log alone.

    Bad:  `command: [sh, -c, "python3 train.py --lr=${trialParameters.lr}; echo done"]`
    Good: `command: [sh, -c, "{ python3 train.py --lr=${trialParameters.lr}; echo done; }"]`
    """
    if subject.collector != "StdOut":
        return
    for found, at in _scripts(subject):
        script = " ".join(found.words[at:])
        parts = shell.commands(script) if shell.is_recognised(found.words) else None
        if parts is None or len(parts) < 2 or PLACEHOLDER_HEAD in parts[-1]:
            continue
        training = [part for part in parts[:-1] if PLACEHOLDER_HEAD in part and not _SILENT.match(part)]
        if training:
            yield Finding(
                path=found.paths[-1],
                message=f"the collector reads what `{_start(parts[-1])}` prints, not what `{_start(training[-1])}` "
                "does",
                help="put the training command last, or the whole script in braces: `{ …; }`",
            )


def _start(command: str) -> str:
    return " ".join(command.split()[:2])


@rule("KG565", Effect.NO_METRICS, _WRAP, Severity.WARNING, when=_may_need_quotes)
def arguments_survive_the_shell(subject: Subject) -> Iterator[Finding]:
    """No argument of a wrapped command holds blanks or signs that mean something to a shell.

    For the collectors StdOut, File and TensorFlowEvent Katib joins command and arguments by blanks into one
    text for `sh -c`, without quotes. Blanks split an argument, `$`, `*` and backticks are replaced, quotes vanish.

    Bad:  `args: ["--name=my model"]`
    Good: `args: ["--name='my model'"]`
    """
    for found in _plain_words(subject, wrapped=True):
        for index, (word, path) in enumerate(zip(found.words, found.paths, strict=True)):
            what = _harm(word) if _ODD.search(word) and (index or " " not in word) else None
            if what is not None:
                message = f"`{word}` {what}: Katib joins the command into one text for the shell, without quotes"
                yield Finding(path, message, "quote the value for the shell, as in `--name='my model'`, or use `sh -c`")
    yield from _unquoted_values(subject)


def _plain_words(subject: Subject, *, wrapped: bool) -> Iterator[Words]:
    """Yield the commands that hold something odd and start no shell with a script."""
    for found in commands(subject, plain=False):
        if found.wrapped is wrapped and shell.script_at(found.words) is None:
            yield found


def _harm(word: str) -> str | None:
    """Say what the shell does to an argument that its author did not mean; None where nothing is seen."""
    plain = _ENVIRONMENT.sub("", shell.bare(word).text)
    if plain in _OPERATOR_WORDS or _FLAG_AND_VALUE.fullmatch(plain):
        return None  # KG566
    if plain.startswith("#"):
        return "starts a comment"
    if re.search(r"\s", plain.strip()):
        return "is split at its blanks"
    if re.search(r"[*?]", plain) and not plain.startswith("-") and "://" not in plain:
        return "stands for the files that match it"
    if re.search(r"[;&|<>]", plain):
        return "is cut at a sign of the shell"
    value = word.rpartition("=")[2] if word.startswith("-") else word
    return "loses its quotes" if '"' in value and value[:1] in "{[" else None


def _unquoted_values(subject: Subject) -> Iterator[Finding]:
    """Find placeholders whose values, known here, the shell would split or replace."""
    bad = {parameter: value for parameter in _listed(subject) if (value := _bad_value(subject, parameter))}
    names = {entry.name: bad[entry.reference] for entry in subject.entries if entry.reference in bad} if bad else {}
    for found in commands(subject) if names else ():
        if found.wrapped and shell.script_at(found.words) is None:
            for word, path in zip(found.words, found.paths, strict=True):
                for name in (name for name in names if f"${{trialParameters.{name}}}" in word):
                    yield from _unquoted(word, path, f"${{trialParameters.{name}}}", names[name])


def _listed(subject: Subject) -> tuple[str, ...]:
    """Give what is searched and can be any text: parameters with a list, or what an architecture search assigns."""
    if subject.spec.get("nasConfig") is not None:
        return NAS_ASSIGNMENTS.get(subject.algorithm, ())
    return tuple([name for _, name, kind, _ in subject.parameters if kind == "categorical"])


def _bad_value(subject: Subject, parameter: str) -> str:
    """Give a value of a parameter that needs quotes; nothing where none is known."""
    if subject.spec.get("nasConfig") is not None:
        return "a list with blanks and brackets" if parameter != "num-layers" else ""
    space = next(space.space for space in subject.parameters if space.name == parameter)
    values = (value for value in listed(space.get("list")) if isinstance(value, str) and _ODD.search(value))
    return next((f"`{value}`" for value in values), "")


def _unquoted(word: str, path: FieldPath, shown: str, value: str) -> Iterator[Finding]:
    if not re.search(rf"[\"'][^\"']*{re.escape(shown)}", word):
        message = f"the value of {shown} is not quoted, and can be {value}, which the shell takes apart"
        quoted = word.replace(shown, f'"{shown}"')
        yield Finding(path, message, f"quote it for the shell: `{quoted}`")


@rule("KG566", Effect.ADVICE, _WRAP, Severity.INFO, when=_is_read_by_shell)
def words_are_read_alike(subject: Subject) -> Iterator[Finding]:
    """A command means the same with and without the collector's wrap.

    Words such as `&&`, a flag and its value in one item, or words behind the script of `sh -c` work only
    because Katib joins everything into one text for the shell. With another collector (Push, Custom), or
    run by hand, the program gets them as they are written.

    Bad:  `args: ["--lr ${trialParameters.lr}"]`
    Good: `args: ["--lr=${trialParameters.lr}"]`
    """
    for found in _plain_words(subject, wrapped=True):
        for word, path in zip(found.words, found.paths, strict=True):
            if word in _OPERATOR_WORDS:
                message = f"`{word}` is an item of its own: it acts only because Katib joins the command for the shell"
                yield Finding(path, message, "write `[sh, -c, SCRIPT]` with one script")
            elif " " in word and (path[-2:] == ("command", 0) or _FLAG_AND_VALUE.fullmatch(word)):
                message = f"`{word}` is one item: it is split only because Katib joins the command for the shell"
                yield Finding(path, message, _split(word))
            elif ("$" in word or "`" in word) and _EXPANDED.search(_ENVIRONMENT.sub("", shell.bare(word).text)):
                message = f"`{word}` is filled in only because Katib joins the command for the shell"
                yield Finding(path, message, "write `$(NAME)` for a variable of the container, or use `sh -c`")
    for found, at in _scripts(subject):
        if shell.is_recognised(found.words) and len(found.words) > at + 1:
            message = "words behind the script of `sh -c` belong to it only because Katib joins them"
            yield Finding(found.paths[at + 1], message, "write them into the script")


def _split(word: str) -> str:
    parts = word.split()
    if word.startswith("-") and len(parts) == 2 and not parts[1].startswith("-"):
        return f"write two items, or `{'='.join(parts)}`"
    return "write each word as an item of its own, or use `[sh, -c, SCRIPT]`"


@rule("KG567", Effect.NO_METRICS, _WRAP, when=_is_read_by_shell)
def command_is_shell_text(subject: Subject) -> Iterator[Finding]:
    """A wrapped command is one that the shell can read.

    Katib joins command and arguments into one text for `sh -c`, without quotes. With an open quote or a bare
    bracket in it the shell stops before anything runs.

    Bad:  `args: ["--shape=(28,28)"]`
    Good: `args: ["--shape='(28,28)'"]`
    """
    for found in _plain_words(subject, wrapped=True):
        joined = " ".join(found.words)
        if not any(sign in joined for sign in "'\"("):
            continue
        plain = shell.bare(joined)
        bracket = next((i for i in range(len(found.words)) if _has_bracket(found.words, i)), None)
        if not plain.whole:
            index = next((i for i, word in enumerate(found.words) if not shell.bare(word).whole), 0)
            message = f"`{found.words[index]}` opens a quote that nothing closes: the shell cannot read the command"
            help_ = "escape it with a backslash, or quote the whole value the other way"
            yield Finding(found.paths[index], message, help_)
        elif bracket is not None:
            message = f"`{found.words[bracket]}` has a bracket that the shell cannot read"
            yield Finding(found.paths[bracket], message, "quote it for the shell, as in `--shape='(28,28)'`")


def _has_bracket(words: list[str], index: int) -> bool:
    """Whether an item has a bare bracket where the shell expects none: anywhere but at the start of a command."""
    if "(" not in words[index]:
        return False
    plain = _ENVIRONMENT.sub("", shell.bare(words[index]).text)
    starts = index == 0 or words[index - 1] in _OPERATOR_WORDS
    return re.search(r"(?<![$<>;&|(])\(", plain[1:] if starts and plain[:1] == "(" else plain) is not None


@rule("KG568", Effect.NO_METRICS, _WRAP, Severity.WARNING, when=_is_read_by_shell)
def early_stopping_finds_one_process(subject: Subject) -> Iterator[Finding]:
    """With early stopping the shell of the primary container has one child: the training.

    To stop a trial the collector ends the one child of the shell. With a pipe or a process in the
    background there are several, and the trial cannot be stopped.

    Bad:  `command: [sh, -c, "python3 train.py | tee log"]` with `earlyStopping`
    Good: `command: [python3, train.py]` with `earlyStopping`
    """
    if not subject.spec.get("earlyStopping"):
        return
    for found in commands(subject):
        joined = " ".join(found.words)
        if found.wrapped and ("|" in joined or "&" in joined):
            sign = re.search(r"(?<![|])\|(?![|])|(?<![&>])&(?![&\d>])", shell.bare(joined).text)
            if sign is not None:
                message = f"early stopping wants one child of the shell, and `{sign[0]}` makes several"
                yield Finding(
                    found.paths[-1], message, "run the training alone, without a pipe or a background process"
                )


@rule("KG569", Effect.NO_METRICS, "kgen", Severity.WARNING, when=odd_in("commands"))
def words_reach_the_program(subject: Subject) -> Iterator[Finding]:
    """A command that no shell reads has no words for a shell.

    Where Katib does not wrap a container, the program gets every item as it is: `&&` as an argument, a flag
    and its value as one, `$(date)` as text. Behind the script of `sh -c` further items are not read.

    Bad:  `command: [python3, train.py, "&&", echo, done]` with the collector Push
    Good: `command: [sh, -c, "python3 train.py && echo done"]` with the collector Push
    """
    for found in commands(subject, plain=False):
        if found.wrapped:
            continue
        at = shell.script_at(found.words)
        if at is not None:
            for word, path in zip(found.words[at + 1 :], found.paths[at + 1 :], strict=True):
                if PLACEHOLDER_HEAD in word and "$@" not in found.words[at] and "$0" not in found.words[at]:
                    message = (
                        f"`{word}` stands behind the script of `{' '.join(found.words[:at])}`, which does not read it"
                    )
                    yield Finding(path, message, "write it into the script")
            continue
        for word, path in zip(found.words, found.paths, strict=True):
            if word in _OPERATOR_WORDS:
                message = f"no shell reads this command: the program gets `{word}` as an argument"
                yield Finding(path, message, "write `[sh, -c, SCRIPT]` with one script")
            elif " " in word and path[-2:] == ("command", 0):
                message = f"no shell reads this command: no program is named `{word}`"
                yield Finding(path, message, _split(word))
            elif " " in word and _FLAG_AND_VALUE.fullmatch(shell.FILLED.sub("x", word)):
                message = f"no shell reads this command: the program gets `{word}` as one argument"
                yield Finding(path, message, _split(word))
            elif ("$" in word or "`" in word) and _EXPANDED.search(_ENVIRONMENT.sub("", shell.bare(word).text)):
                message = f"no shell reads this command: the program gets `{word}` as it is"
                yield Finding(
                    path, message, "write `$(NAME)` for a variable of the container, or use `[sh, -c, SCRIPT]`"
                )


RULES = (
    shell_has_a_script,
    shell_is_recognised,
    script_is_wrapped_once,
    script_ends_with_a_command,
    last_command_trains,
    arguments_survive_the_shell,
    words_are_read_alike,
    command_is_shell_text,
    early_stopping_finds_one_process,
    words_reach_the_program,
)
