"""How a team wants its findings: `lint` in `kgen.yaml`, and what a run of lint has looked at."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from kgen.model.codes import can_be_silenced
from kgen.model.diagnostic import Diagnostic, Severity, error
from kgen.model.node import NOWHERE, Node, Span, get, items, text_of
from kgen.model.policies import NO_POLICIES, Policies
from kgen.model.shape import integer, listing, mapping, text
from kgen.model.words import nearest

WRONG_CODE = "KG004"

LINT = mapping(
    "What is found fault with, and how loudly",
    {
        "ignore": listing(
            "Findings that are not shown, each with its reason",
            mapping(
                "A rule, or a family of rules, that is not shown",
                {
                    "rule": text("A code such as KG708, or the first part of several, such as KG7"),
                    "reason": text(
                        "Why nobody needs to hear of it", pattern=r"[\s\S]*\S[\s\S]*", form="a reason in words"
                    ),
                },
                required=("rule", "reason"),
            ),
        ),
        "failOn": text(
            "The least severity that makes kgen lint fail; error if absent",
            choices=tuple(severity.value for severity in Severity),
        ),
        "rules": listing("Packages of rules of one's own, as named in the entry points `kgen.rules`", text("A name")),
        "policies": mapping(
            "Limits of a team's own",
            {
                "registries": listing(
                    "Where images may come from, as `host` or `host/path`", text("A registry, or a path in one")
                ),
                "gpus": integer("Most GPUs of one trial", 0),
                "budget": integer("Most GPUs of all trials of a search: maxTrialCount x GPUs of one trial", 0),
            },
        ),
    },
)


class Ignore(NamedTuple):
    """Findings that the workspace does not want to see."""

    rule: str  # a code, or what several begin with
    reason: str
    span: Span = NOWHERE  # of the code


class Settings(NamedTuple):
    """The `lint` part of `kgen.yaml`."""

    ignore: tuple[Ignore, ...] = ()
    fail_on: Severity | None = None
    rules: tuple[Node, ...] = ()  # names of entry points
    policies: Policies = NO_POLICIES


NO_SETTINGS = Settings()


class Counts(NamedTuple):
    """What a run has looked at."""

    files: int = 0
    objects: int = 0
    experiments: int = 0
    passed_over: int = 0  # objects of kinds that kgen does not know
    suppressed: int = 0


class Looked(NamedTuple):
    """An object that was looked at, whether or not anything is wrong with it."""

    span: Span
    object: tuple[str, str, str]  # kind, namespace, name


class Suppressed(NamedTuple):
    """A finding that somebody has silenced."""

    diagnostic: Diagnostic
    reason: str
    where: Span  # the comment, or the entry in `kgen.yaml`
    in_source: bool  # a comment in the file, and not the settings of the workspace


def read(node: Node | None) -> Settings:
    """Read `lint` of a `kgen.yaml` that fits WORKSPACE; what does not fit counts as absent."""
    fail_on, policies = get(node, "failOn"), get(node, "policies")
    return Settings(
        tuple(
            Ignore(_text(rule), _text(get(item, "reason")), rule.span)
            for item in items(get(node, "ignore"))
            if (rule := get(item, "rule")) is not None
        ),
        Severity(text_of(fail_on)) if fail_on is not None and fail_on.value in tuple(Severity) else None,
        tuple(item for item in items(get(node, "rules")) if isinstance(item.value, str)),
        Policies(
            tuple(_text(item) for item in items(get(policies, "registries"))),
            _count(get(policies, "gpus")),
            _count(get(policies, "budget")),
        ),
    )


def check(settings: Settings, known_codes: Collection[str]) -> Iterator[Diagnostic]:
    """Yield what is wrong with the codes in `ignore` (KG004); that one silences nothing is no error."""
    for rule, _, span in settings.ignore:
        wrong = wrong_code(rule, known_codes)
        if wrong is not None:
            message, help_ = wrong
            yield error(span, WRONG_CODE, message, help_)
        elif not any(can_be_silenced(code) for code in known_codes if code.startswith(rule)):
            message = f"`{rule}` cannot be silenced: kgen can make nothing of a file it speaks of"
            yield error(span, WRONG_CODE, message, "remove the entry, and mend the files")


def wrong_code(rule: str, known_codes: Collection[str], *, families: bool = True) -> tuple[str, str] | None:
    """Say what is wrong with a code, and the mend; None if there is such a code, or such a family."""
    if rule in known_codes or (families and rule and any(code.startswith(rule) for code in known_codes)):
        return None
    close = nearest_code(rule, known_codes)
    mend = f"did you mean `{close}`?" if close is not None else "`kgen rule` lists the codes"
    return f"there is no rule `{rule}`", mend


def nearest_code(word: str, known_codes: Collection[str]) -> str | None:
    """Give the code that was probably meant: in its family first, where many codes look alike."""
    read = word.upper().replace("O", "0").replace("I", "1") if word.upper().startswith("KG") else word
    if read in known_codes:
        return read
    family = [code for code in sorted(known_codes) if code.startswith(read[:3])] if len(read) >= 3 else []
    return nearest(read, family) or nearest(read, sorted(known_codes))


def _text(node: Node | None) -> str:
    return node.value if node is not None and isinstance(node.value, str) else ""


def _count(node: Node | None) -> int | None:
    return node.value if node is not None and type(node.value) is int else None
