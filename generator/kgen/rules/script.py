"""KG588: whether the script that `trial.script` names is the one that the trial runs."""

from __future__ import annotations

from collections.abc import Iterator

from kgen.katib.v1beta1 import TRIAL
from kgen.model.diagnostic import Effect, Finding, Severity
from kgen.rules.calls import is_named
from kgen.rules.rule import rule
from kgen.rules.subject import Subject
from kgen.rules.traits import odd_in


@rule("KG588", Effect.ADVICE, "kgen", Severity.WARNING, when=odd_in("script"))
def command_runs_the_script(subject: Subject) -> Iterator[Finding]:
    """A container of the trial runs the script that `trial.script` names.

    The script is looked for by its file's name, or by its module behind `-m`. Where no command runs it, its
    flags are held against nothing, and a mistake in them goes by.

    Bad:  `trial: {script: src/train.py, command: [python3, main.py]}`
    Good: `trial: {script: src/train.py, command: [python3, train.py]}`
    """
    script = subject.script
    if script is None or not subject.commands or is_named(subject, script):
        return
    if any(not fields.get("command") for _, fields in subject.containers):
        return  # the image says what runs
    path = (*TRIAL, *subject.commands[0].path, "command")
    name = script.file.rpartition("/")[2]
    yield Finding(path, f"no command of the trial runs `{name}`, which `trial.script` names", "mend one of the two")


RULES = (command_runs_the_script,)
