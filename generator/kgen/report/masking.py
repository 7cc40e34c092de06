"""Lines of a file without the secrets in them: a report ends in the logs of a CI that many can read."""

from __future__ import annotations

import re
from itertools import pairwise

from kgen.model.difference import MASK

_WORD = (
    r"(?:pass(?:word|wd|phrase|code)?|secret|credential|api[-_.]?key|access[-_.]?key|private[-_.]?key|"
    r"account[-_.]?key|signing[-_.]?key|token(?!i[sz]|s\b)|bearer|auth|dockerconfig(?:json)?|\bpwd)"
)
# A word that names a credential, with the rest of its name, and whatever parts it from its value.
_NAMED = re.compile(rf"(?<![\w.-])[\w.-]*?{_WORD}[\w.-]*+[\"']?\s*(?:[:=,]\s*|(?<=\s))(?=[^\s#])", re.IGNORECASE)
_NAME_ALONE = re.compile(rf"{_WORD}[\w.-]*+[\"']?\s*+[,:}}]?\s*+(?:[|>][-+0-9]*+)?\s*+(?:#.*)?$", re.IGNORECASE)
_SHAPES = re.compile(
    r"""-----BEGIN | (?<=://)[^\s/@:"']*+:[^\s/@"']++(?=@) | \beyJ[\w-]{8} | \bAIza[\w-]{20}
    | \b(?:gh[opsur]_|github_pat_|glpat-|hf_|xox[abprs]-|sk-|npm_|pypi-)\w | \b(?:AKIA|ASIA)[0-9A-Z]{12}
    | (?<![\w/+])(?=[a-z0-9+/]*+[A-Z])(?=[A-Z0-9+/]*+[a-z])(?=[A-Za-z+/]*+[0-9])[A-Za-z0-9+/]{40}""",
    re.VERBOSE,
)
_VALUE = re.compile(r"""\s*(?:-\s+)?\{?\s*["']?value["']?\s*:\s*""")
_NO_VALUE = re.compile(r"Ref\b|\b(?:secretName|imagePullSecrets?|pullSecret|automountServiceAccountToken)\b")
_REFERENCE = re.compile(r"\{[^}]{0,20}Ref[\"']?\s*+:\s*+(?:\{|$)|\$\(|\$\{")
_SECRET_KIND = re.compile(r"""\bkind["']?\s*+:(?:(?!\b(?:Sealed)?Secret\b)[^:])*+\b(?:Sealed)?Secret\b""")
_DOCUMENT = re.compile(r"---(?:\s|$)")
_LOOKED_BACK = 200  # lines of a block in which the key above it is looked for
_BESIDE = 3  # lines between `name` and `value` of one variable


def masked(lines: list[str], at: int) -> str:
    """Give a line up to where a credential may begin; `at` counts from 0. All of it where there is none.

    Better one line too many than one too few: a name such as `apiKey` is enough, on the line or on the
    one that names its value.
    """
    line = lines[at]
    named = [found for found in _NAMED.finditer(line) if _NO_VALUE.search(found[0]) is None]
    places = [found.end() for found in named if not _REFERENCE.match(line, found.end())]
    places += [found.start() for found in (_SHAPES.search(line),) if found is not None]
    value = _VALUE.match(line)
    if value is not None and any(map(_NAME_ALONE.search, _siblings(lines, at))):
        places.append(value.end())
    elif value is None and (_in_key(lines, at) or _is_named_above(lines, at)):
        places.append(_indent(line))
    return line[: min(places)] + MASK if places else line


def of_secrets(lines: list[str]) -> frozenset[int]:
    """Give the lines, counting from 0, of every document that has a Secret in it, however it is written.

    A SealedSecret is one of them: what should be ciphertext there may be none.
    """
    out: set[int] = set()
    starts = [0, *(at for at, line in enumerate(lines) if at and _DOCUMENT.match(line)), len(lines)]
    for start, end in pairwise(starts):
        text = "\n".join(lines[start:end])
        if "Secret" in text and _SECRET_KIND.search(text) is not None:
            out.update(range(start, end))
    return frozenset(out)


def of_secret(code: str, kind: str) -> bool:
    """Whether a finding speaks of a secret: KG90x, or whatever is found in a Secret."""
    return code.startswith("KG90") or kind == "Secret"


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _siblings(lines: list[str], at: int) -> list[str]:
    return [*lines[max(0, at - _BESIDE) : at], *lines[at + 1 : at + 1 + _BESIDE]]


def _is_named_above(lines: list[str], at: int) -> bool:
    """Whether the item of a list before it, or the key of the block around it, names a secret."""
    line, depth = lines[at], _indent(lines[at])
    if at and line.lstrip()[:1] in ("-", '"', "'") and _NAME_ALONE.search(lines[at - 1]):
        return True
    back = range(at - 1, max(-1, at - _LOOKED_BACK), -1)
    above = next((n for n in back if lines[n].strip() and _indent(lines[n]) < depth), None)
    if above is None:
        return False
    if _VALUE.match(lines[above]):
        return any(map(_NAME_ALONE.search, _siblings(lines, above)))
    return _NAME_ALONE.search(lines[above]) is not None


def _in_key(lines: list[str], at: int) -> bool:
    """Whether a line lies between the head and the foot of a PEM file."""
    for line in reversed(lines[max(0, at - _LOOKED_BACK) : at]):
        if "-----END" in line:
            return False
        if "-----BEGIN" in line:
            return True
    return False
