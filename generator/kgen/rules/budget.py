"""KG7xx: trial counts, and the names that Katib derives."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kgen.katib import v1beta1 as katib
from kgen.model.diagnostic import Effect, Finding, Severity
from kgen.rules.reading import count, mapping, text
from kgen.rules.rule import rule, rule_of_all
from kgen.rules.subject import Subject

_VALIDATOR = "katib pkg/webhook/v1beta1/experiment/validator/validator.go"
_CORE = "kubernetes pkg/apis/core/validation/validation.go"
_NAMES = "katib pkg/controller.v1beta1/suggestion/composer/composer.go"
_NAME = ("metadata", "name")
_OWN_PATTERN = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")  # Katib does not anchor it at the end
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?")
_LABEL_PREFIX = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_MOST_LABEL, _MOST_PREFIX = 63, 253
_MOST_INT32 = 2**31 - 1
_COUNTS = {"parallelTrialCount": ("parallel", 1), "maxTrialCount": ("max", 1), "maxFailedTrialCount": ("maxFailed", 0)}


def _name(subject: Subject) -> str:
    return text(mapping(subject.manifest.get("metadata")).get("name"))


def _namespace(subject: Subject) -> str:
    return text(mapping(subject.manifest.get("metadata")).get("namespace"))


def _too_long(subject: Subject, name: str, most: int, why: str) -> Finding:
    """Say that a name is too long, and whether the author or the hash of hashed naming made it so."""
    added = len(name) - len(subject.base)
    hashed = bool(subject.base) and added > 0 and name.startswith(f"{subject.base}-")
    tail = f", {added} of them the hash of `naming: hashed`" if hashed else ""
    return Finding(
        path=_NAME,
        message=f"name `{name}` has {len(name)} characters{tail}: {why}",
        help=f"shorten `name` to {most - added if hashed else most} characters or less",
    )


@rule("KG701", Effect.REJECTED, _VALIDATOR)
def name_is_admitted(subject: Subject) -> Iterator[Finding]:
    """The Experiment's name begins with a small letter, and has at most 40 characters.

    The webhook refuses any other; the length is tested from 0.18 on.

    Bad:  `name: 2nd-try`
    Good: `name: second-try`
    """
    name = _name(subject)
    if _OWN_PATTERN.match(name) is None:
        message = f"name `{name}` does not begin with a small letter" if name else "the Experiment has no name"
        yield Finding(_NAME, message, "write a `name` of small letters, digits and `-`, a letter first")
    limited = katib.version(subject.target.katib) >= katib.version(katib.SINCE_DISTRIBUTION)
    if len(name.encode()) > katib.MOST_NAME and limited:
        yield _too_long(subject, name, katib.MOST_NAME, f"Katib takes {katib.MOST_NAME}")


@rule("KG702", Effect.STUCK, _NAMES)
def name_makes_a_service(subject: Subject) -> Iterator[Finding]:
    """The Experiment's name holds small letters, digits and hyphens, and does not end with a hyphen.

    Katib's own test stops at the first letter. The API server refuses some of the rest, and a dot
    makes the Service of the suggestion impossible.

    Bad:  `name: mnist.v1`
    Good: `name: mnist-v1`
    """
    name = _name(subject)
    if _OWN_PATTERN.match(name) is not None and _OWN_PATTERN.fullmatch(name) is None:
        yield Finding(
            path=_NAME,
            message=f"name `{name}` cannot be part of a Service's name",
            help="write a `name` of small letters, digits and `-`, with no `-` at its end",
        )


@rule("KG703", Effect.STUCK, "katib pkg/suggestion/v1beta1/pbt/service.py")
def name_leaves_room_for_pbt(subject: Subject) -> Iterator[Finding]:
    """With pbt the Experiment's name has at most 26 characters.

    Its trials add a hyphen and a UUID of 36 characters, and labels hold 63.

    Bad:  `name: population-based-training-of-mnist`
    Good: `name: pbt-mnist`
    """
    name = _name(subject)
    if subject.algorithm == "pbt" and len(name) > katib.MOST_NAME_PBT:
        yield _too_long(subject, name, katib.MOST_NAME_PBT, f"the trials of pbt leave it {katib.MOST_NAME_PBT}")


@rule("KG704", Effect.STUCK, _NAMES)
def service_name_fits(subject: Subject) -> Iterator[Finding]:
    """The suggestion's Service, <experiment>-<algorithm>, has a name of at most 63 characters.

    Kubernetes refuses a longer one, and the Experiment waits for ever.

    Bad:  a name of 50 characters with `algorithm: bayesianoptimization`
    Good: a name of 40 characters
    """
    name, algo = _name(subject), subject.algorithm
    if len(name) + 1 + len(algo) > katib.MOST_SERVICE_NAME:
        most = katib.MOST_SERVICE_NAME - 1 - len(algo)
        service = f"{name}-{algo}"
        yield _too_long(subject, name, most, f"its Service would be `{service}`, of {len(service)}, and 63 are allowed")


@rule("KG705", Effect.REJECTED, _VALIDATOR)
def counts_are_counts(subject: Subject) -> Iterator[Finding]:
    """maxTrialCount and parallelTrialCount are at least 1, maxFailedTrialCount at least 0.

    The webhook refuses less, and the API cannot hold a text, a fraction, or more than 2147483647.

    Bad:  `trials: {max: 0}`
    Good: `trials: {max: 12}`
    """
    for field, (short, least) in _COUNTS.items():
        value = subject.spec.get(field)
        if value is None:
            continue
        whole = count(value)
        if whole is None or not least <= whole <= _MOST_INT32:
            shown = f"`{value}`, which is no whole number" if whole is None else str(value)
            yield Finding(
                path=("spec", field),
                message=f"{field} is {shown}",
                help=f"set `trials.{short}` to a whole number from {least} to {_MOST_INT32}",
            )


@rule("KG706", Effect.REJECTED, _VALIDATOR)
def parallel_within_max(subject: Subject) -> Iterator[Finding]:
    """parallelTrialCount is no larger than maxTrialCount.

    The webhook refuses it, also where the 3 is Katib's default.

    Bad:  `trials: {max: 4, parallel: 8}`
    Good: `trials: {max: 8, parallel: 4}`
    """
    yield from _within_max(subject, "parallelTrialCount")


@rule("KG707", Effect.REJECTED, _VALIDATOR)
def failed_within_max(subject: Subject) -> Iterator[Finding]:
    """maxFailedTrialCount is no larger than maxTrialCount.

    The webhook refuses it.

    Bad:  `trials: {max: 2, maxFailed: 3}`
    Good: `trials: {max: 12, maxFailed: 3}`
    """
    yield from _within_max(subject, "maxFailedTrialCount")


def _within_max(subject: Subject, field: str) -> Iterator[Finding]:
    value, most = count(subject.spec.get(field)), count(subject.spec.get("maxTrialCount"))
    if value is not None and most is not None and value > most:
        yield Finding(
            path=("spec", field),
            related=(("spec", "maxTrialCount"),),
            message=f"{field} {value} is more than maxTrialCount {most}",
            help=f"lower `trials.{_COUNTS[field][0]}` to {most} or less, or raise `trials.max`",
        )


@rule("KG708", Effect.ADVICE, "katib pkg/controller.v1beta1/experiment/util/status_util.go", Severity.WARNING)
def budget_is_given(subject: Subject) -> Iterator[Finding]:
    """maxTrialCount is given.

    Without it the Experiment never ends by itself, and one that reached its goal is restarted at once.

    Bad:  `trials: {parallel: 3}`
    Good: `trials: {max: 12, parallel: 3}`
    """
    if subject.spec.get("maxTrialCount") is None:
        yield Finding(
            path=("spec", "maxTrialCount"),
            message="maxTrialCount is missing: the Experiment makes trials without end",
            help="set `trials.max`",
        )


@rule("KG709", Effect.REJECTED, _CORE)
def labels_are_legal(subject: Subject) -> Iterator[Finding]:
    """The Experiment's labels are legal.

    A value, and the part of a key behind its slash, has at most 63 letters, digits, `-`, `_` and `.`,
    with a letter or digit at both ends. The API server refuses any other.

    Bad:  `labels: {purpose: "find the best learning rate"}`
    Good: `labels: {purpose: learning-rate}`
    """
    for key, value in mapping(mapping(subject.manifest.get("metadata")).get("labels")).items():
        prefix, slash, own = key.rpartition("/")
        path = ("metadata", "labels", key)
        if not own or not _legal(own) or (slash and not _legal_prefix(prefix)):
            yield Finding(path, f"`{key}` is no legal label name", "write NAME or DOMAIN/NAME, such as team")
        if not isinstance(value, str):
            yield Finding(path, f"label `{key}` is {value!r}, and not a text", f'put it in quotes: "{value}"')
        elif not _legal(value):
            what = f"has {len(value)} characters" if len(value) > _MOST_LABEL else f"is `{value}`"
            help_ = f"write at most {_MOST_LABEL} letters, digits, `-`, `_` and `.`, or make it an annotation"
            yield Finding(path, f"the value of label `{key}` {what}: Kubernetes refuses it", help_)


def _legal(value: str) -> bool:
    return len(value) <= _MOST_LABEL and _LABEL_VALUE.fullmatch(value) is not None


def _legal_prefix(prefix: str) -> bool:
    return len(prefix) <= _MOST_PREFIX and _LABEL_PREFIX.fullmatch(prefix) is not None


@rule_of_all("KG710", Effect.DRIFT, "kgen")
def names_are_unique(subjects: tuple[Subject, ...]) -> Iterator[tuple[int, Finding]]:
    """No two Experiments of an environment have one name and namespace.

    They would be one object, and the later one applied would overwrite the other, or be refused.

    Bad:  `name: mnist` in two specs
    Good: `name: mnist-cnn` in one, `name: mnist-mlp` in the other
    """
    seen: set[tuple[str, str]] = set()
    for index, subject in enumerate(subjects):
        key = (_namespace(subject), _name(subject))
        if key in seen and key[1]:
            where = f" in namespace `{key[0]}`" if key[0] else ""
            message = f"two Experiments are named `{key[1]}`{where}"
            yield index, Finding(_NAME, message, "give one of them another `name`")
        seen.add(key)


@rule_of_all("KG711", Effect.STUCK, _NAMES)
def services_are_unique(subjects: tuple[Subject, ...]) -> Iterator[tuple[int, Finding]]:
    """No two Experiments of a namespace want one suggestion Service, <experiment>-<algorithm>.

    Experiment `foo` with `multivariate-tpe` and `foo-multivariate` with `tpe` do; the later one gets
    none and waits for ever.

    Bad:  `foo` with `algorithm: multivariate-tpe`, `foo-multivariate` with `algorithm: tpe`
    Good: `foo` with `algorithm: multivariate-tpe`, `foo-plain` with `algorithm: tpe`
    """
    seen: dict[tuple[str, str], str] = {}
    for index, subject in enumerate(subjects):
        name, service = _name(subject), f"{_name(subject)}-{subject.algorithm}"
        other = seen.setdefault((_namespace(subject), service), name)
        if other != name:
            message = f"Experiments `{other}` and `{name}` both want the Service `{service}`"
            yield index, Finding(_NAME, message, "give one of them another `name`")


RULES = (
    name_is_admitted,
    name_makes_a_service,
    name_leaves_room_for_pbt,
    service_name_fits,
    counts_are_counts,
    parallel_within_max,
    failed_within_max,
    budget_is_given,
    labels_are_legal,
)
RULES_OF_ALL = (names_are_unique, services_are_unique)
