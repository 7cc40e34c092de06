"""Command lines as `sh` reads them, as far as a static look can tell.

Katib joins command and arguments of a training container by blanks into one text for the shell
(katib pkg/webhook/v1beta1/pod/utils.go, wrapWorkerContainer at v0.19.0).
"""

from __future__ import annotations

import re
from typing import NamedTuple

SHELLS = ("sh", "bash")  # what Katib takes for a shell, before `-c`; any other spelling is an ordinary word
FILLED = re.compile(r"\$\{trialParameters\.[^{}]{1,300}\}")
_QUOTED = re.compile(r"""\\.|'[^']*'|"(?:\\.|[^"\\])*\"""", re.DOTALL)
_COMMENT = re.compile(r"(?:^|(?<=[\s;]))#[^\n]*", re.MULTILINE)
_SEPARATOR = re.compile(r"&&|\|\||;|\n")
_COMPOUND = re.compile(r"(?:^|[\s;&|])(?:if|for|while|until|case|function)\s|[{(]\s|\(\)")
_HERE = re.compile(r"<<-?\s*([\"']?)(\w+)\1")


class Bare(NamedTuple):
    """A text with what is quoted blanked out, letter by letter, so that places stay the same."""

    text: str
    whole: bool  # every quote is closed


def bare(text: str) -> Bare:
    """Blank out what is quoted or escaped, and placeholders, whose values are not known here."""
    out = FILLED.sub(lambda found: "x" * len(found[0]), text)
    out = _QUOTED.sub(lambda found: "x" * len(found[0]), out)
    return Bare(out, "'" not in out and '"' not in out)


def is_shell(word: str) -> bool:
    """Whether a word starts a shell, under whatever name: `bash`, `/bin/sh`."""
    return word.rpartition("/")[2] in ("sh", "bash", "ash", "dash", "zsh", "ksh")


def script_at(words: list[str]) -> int | None:
    """Give the index of the script that a shell is told to run; None where the words start no shell with one."""
    first = 1 if len(words) > 2 and words[0].rpartition("/")[2] == "env" else 0
    if not words or not is_shell(words[first]):
        return None
    index = first + 1
    while index < len(words):
        option = words[index]
        if not option.startswith(("-", "+")) or option.startswith("--"):
            return None
        if "c" in option:
            return index + 1 if index + 1 < len(words) else None
        index += 2 if option.endswith("o") else 1  # `-o pipefail`
    return None


def is_recognised(words: list[str]) -> bool:
    """Whether Katib sees the shell, and adds to its script instead of starting another."""
    return len(words) > 1 and words[0] in SHELLS and words[1] == "-c"


def commands(script: str) -> list[str] | None:
    """Split a script at its separators; None where it holds compound commands, which are not looked into."""
    plain = _without_comments(bare(script).text)
    if _COMPOUND.search(plain) or _HERE.search(plain):
        return None
    out, start = [], 0
    for found in (*_SEPARATOR.finditer(plain), None):
        end = len(plain) if found is None else found.start()
        if plain[start:end].strip():
            out.append(script[start:end].strip())
        start = end if found is None else found.end()
    return out


def _without_comments(plain: str) -> str:
    return _COMMENT.sub(lambda found: " " * len(found[0]), plain)


def bad_end(script: str) -> tuple[str, bool] | None:
    """Say why what Katib adds to a script's end does not belong to its last command; None where it does.

    With it, whether cutting the blank end off is all that it takes.
    """
    if script.rstrip(" \t").endswith("\n"):
        cut = bad_end(script.rstrip())
        return cut or ("it ends with a line break, so what Katib adds is a line of its own", True)
    text = bare(script).text
    lines = text.split("\n")
    if _COMMENT.search(lines[-1]):
        return "its last line has a comment, which swallows what Katib adds", False
    here = _HERE.search(script)
    if here is not None and script.rsplit("\n", maxsplit=1)[-1].strip() == here[2]:
        return f"it ends with the here-document's {here[2]}, which what Katib adds makes another word", False
    end = text.rstrip()
    if end.endswith(("&&", "||", "|", ";", "&")):
        sign = end[-2:] if end.endswith(("&&", "||")) else end[-1]
        what = "runs its last command in the background" if sign == "&" else f"ends with `{sign}`"
        return f"it {what}, so what Katib adds is a command of its own", False
    last = _SEPARATOR.split(end)[-1].strip()
    if last == "exit" or last.startswith("exit "):
        return "it ends with `exit`, and what Katib adds after it never runs", False
    if last.startswith("exec ") and not last.startswith(("exec >", "exec 2", "exec <")):
        return "its last command is an `exec`, which leaves no shell to run what Katib adds", False
    return None
