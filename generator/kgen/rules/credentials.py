"""What a credential looks like in a text. Nothing here gives any part of one back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from kgen.model.node import FieldPath

# What stands before the line that is in some tokens: a text has few lines, and is split at them in no time.
_BEFORE_LINE = ("ghp", "gho", "ghu", "ghs", "ghr", "github", "hf", "npm", "dckr", "dop")
_WORDS = ("pass", "token", "secret", "key", "cred", "pwd")  # one of them is in every name of a secret
# Kept as text: few runs look closer, and `re` keeps what it compiled.
_TOKENS = (
    ("an AWS access key", r"\b(?:AKIA|ASIA)(?!\w*EXAMPLE\b)[0-9A-Z]{16}\b"),
    ("a GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{40,})"),
    ("a GitLab token", r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("a Hugging Face token", r"\bhf_[A-Za-z0-9]{30,}\b"),
    ("a Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    ("a Google API key", r"\bAIza[0-9A-Za-z_-]{35}"),
    ("an API key (sk-...)", r"\bsk-(?=[A-Za-z_-]{0,60}[0-9])[A-Za-z0-9_-]{32,}"),
    ("an npm token", r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("a PyPI token", r"\bpypi-AgE[A-Za-z0-9_-]{40,}"),
    ("a Docker Hub token", r"\bdckr_[op]at_[A-Za-z0-9_-]{20,}"),
    ("a DigitalOcean token", r"\bdop_v1_[0-9a-f]{64}\b"),
    ("a SendGrid key", r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    ("a private key", r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----"),
    ("a JSON Web Token", r"\beyJ[A-Za-z0-9_-]{8,1000}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{10,}"),
)
_URL = r"\b[A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s:/?#@\"']{0,200}:([^\s/?#@\"']{1,200})@"
_AUTHS = r"(?s)\"auths\"\s*:\s*\{.{0,2000}?\"(?:auth|password)\"\s*:\s*\"([^\"]+)\""

_NAMED = (
    r"(?i)(?:^|[_.-])(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|secret[_-]?key|"
    r"private[_-]?key|account[_-]?key|credentials?)$|^(?:apikey|secretkey|accesskey|[a-z]*password)$"
)
# Tokens of a tokenizer, which are no secrets.
_OF_TEXT = (
    r"(?i)(?:^|[_.-])(?:pad|eos|bos|sep|cls|unk|mask|stop|start|end|image|special|max|min|num|new|per|trigger|instance|"
    r"class|placeholder|prompt|next)[_.-]?token$"
)
_PLACEHOLDER = (
    r"(?i)true|false|yes|no|on|off|none|null|auto|default|required|optional|env|-|x+|\*+|\.{3}|\d{1,6}|"
    r".*(?:change[-_ ]?me|placeholder|example|dummy|redacted|replace[-_ ]?(?:me|this)|your[-_]|not[-_]?set|"
    r"secretkeyref|to[-_]?be[-_]).*"
)
_REFERENCE = (
    "$",
    "<",
    "[",
    "{",
    "%",
    "/",
    "./",
    "../",
    "~",
    "@",
    "file:",
    "env:",
    "vault:",
    "secret:",
    "sm://",
    "ENC[",
)
_A_NAME = r"[a-z][a-z]*(?:[-./][a-z]+)+"  # a Secret's own name, most likely
_ARGUMENT = r"(?:^|[\s;&|'\"])(?:--?)?([A-Za-z][A-Za-z0-9_.-]*)=(\"[^\"]*\"|'[^']*'|[^\s;&|'\"]+)"
_FLAG = r"(?:^|\s)--([A-Za-z][A-Za-z0-9_.-]*)\s+(\"[^\"]*\"|'[^']*'|[^\s;&|'\"-][^\s;&|'\"]*)"
_BUILD_ARG = r"--build-arg(?:=|\s+)[\"']?([A-Za-z_][A-Za-z0-9_]*)"
_BUILT = r"(?mi)^[ \t]*(?:ENV|ARG)[ \t]+([A-Za-z_][A-Za-z0-9_]*)"
_COPIED = (
    r"(?mi)^[ \t]*(?:COPY|ADD)(?=[ \t])[^\n]*?[ \t/\"'](\.npmrc|\.netrc|\.pypirc|\.git-credentials|\.pgpass|id_rsa|"
    r"id_ed25519|\.aws|\.aws/credentials|\.docker/config\.json|\.kube/config|kubeconfig|\.env)(?=[\s\"',]|$)"
)
_MOST_PLACEHOLDER = 200  # characters
_MOST_NAME = 100
_LONGEST = 200_000  # characters of a text that are looked at


def texts(value: object, path: FieldPath = ()) -> Iterator[tuple[FieldPath, str]]:
    """Yield every text of plain data with its path; keys are not among them."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from texts(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts(item, (*path, index))


def may_hold_token(text: str) -> bool:
    """Whether it is worth asking `token`; False is certain."""
    # One letter is looked for in no time, and of a few words it is not there.
    if "I" in text and ("AKIA" in text or "ASIA" in text or "AIza" in text or "PRIVATE KEY" in text):
        return True
    if ("@" in text and "://" in text) or ('"' in text and "auths" in text) or ("A" in text and "pypi-A" in text):
        return True
    if "SG." in text or "eyJ" in text or "xox" in text or "sk-" in text or "glpat-" in text:
        return True
    for piece in text.split("_")[:-1] if "_" in text else ():  # noqa: SIM110 - a loop, as `any` takes longer
        if piece.endswith(_BEFORE_LINE):
            return True
    return False


def may_name_secret(text: str) -> bool:
    """Whether it is worth looking for names of secrets in a text; False is certain."""
    text = text.lower()
    for word in _WORDS:  # noqa: SIM110 - a loop, as `any` takes longer than the searches
        if word in text:
            return True
    return False


def token(text: str) -> str | None:
    """Name the credential that a text holds in a form that is nothing else; None for none that is known."""
    text = text[:_LONGEST]
    if not may_hold_token(text):
        return None
    for name, form in _TOKENS:
        if re.search(form, text) is not None:
            return name
    if "://" in text and any(is_literal(found) for found in re.findall(_URL, text)):
        return "a URL with a password"
    if "auths" in text and any(is_literal(found) for found in re.findall(_AUTHS, text.replace('\\"', '"'))):
        return "the login to a registry"
    return None


def is_secret_name(name: str) -> bool:
    """Whether a variable or a flag of that name is there to hold a credential."""
    return len(name) <= _MOST_NAME and re.search(_NAMED, name) is not None and re.search(_OF_TEXT, name) is None


def is_literal(value: str) -> bool:
    """Whether a value is meant as it stands: no reference, no path, no placeholder, no switch."""
    value = value.strip().strip("\"'")
    if not value or value.startswith(_REFERENCE) or "$(" in value or "${" in value:
        return False
    return len(value) > _MOST_PLACEHOLDER or re.fullmatch(_PLACEHOLDER, value) is None


def is_secret(name: str, value: object) -> bool:
    """Whether a name and its value are a credential written out."""
    if not isinstance(value, str) or not is_secret_name(name) or not is_literal(value):
        return False
    return not (name.lower().endswith(("secret", "credential", "credentials")) and re.fullmatch(_A_NAME, value))


def secret_argument(argument: str, after: object = None) -> str | None:
    """Name the flag or variable by which a command line gets a credential; None for none.

    `after` is the item behind it in the list, which is the value of a flag that stands alone.
    """
    argument = argument[:_LONGEST]
    if argument.startswith("-") and not any(c in argument for c in "= \n"):
        name = argument.lstrip("-")
        return name if isinstance(after, str) and not after.startswith("-") and is_secret(name, after) else None
    for form in (_ARGUMENT, _FLAG):
        for name, value in re.findall(form, argument):
            if is_secret(name, value):
                return str(name)
    return None


def baked_argument(command: str) -> str | None:
    """Name the credential that a command line hands to an image build; None for none.

    It stays in the image's history, wherever its value comes from.
    """
    if "--build-arg" not in command:
        return None
    return next((str(name) for name in re.findall(_BUILD_ARG, command[:_LONGEST]) if is_secret_name(name)), None)


def baked_file(dockerfile: str) -> str | None:
    """Name what a Dockerfile leaves in an image that is a credential: a variable or a file; None for none."""
    if "FROM " not in dockerfile.upper():
        return None
    dockerfile = dockerfile[:_LONGEST]
    name = next((str(found) for found in re.findall(_BUILT, dockerfile) if is_secret_name(found)), None)
    if name is not None:
        return name
    copied = re.search(_COPIED, dockerfile)
    return None if copied is None else copied[1]


def command_of(container: dict[str, Any]) -> list[tuple[FieldPath, str]]:
    """Give the items of `command` and `args` with their paths."""
    out: list[tuple[FieldPath, str]] = []
    for key in ("command", "args"):
        listed = container.get(key)
        if isinstance(listed, list):
            out.extend(((key, index), item) for index, item in enumerate(listed) if isinstance(item, str))
    return out
