"""KG7xx: trial counts, and the names that Katib derives."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kgen.katib import v1beta1 as katib
from kgen.katib.names import DNS_SUBDOMAIN
from kgen.model.diagnostic import Effect, Finding, Severity
from kgen.model.values import mapping, text
from kgen.rules.reading import count, mend
from kgen.rules.rule import rule, rule_of_all
from kgen.rules.subject import Subject
from kgen.rules.traits import odd_in, run_by

_VALIDATOR = "katib pkg/webhook/v1beta1/experiment/validator/validator.go"
_CORE = "kubernetes pkg/apis/core/validation/validation.go"
_NAMES = "katib pkg/controller.v1beta1/suggestion/composer/composer.go"
_NAME = ("metadata", "name")
_OWN_PATTERN = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")  # Katib does not anchor it at the end
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?")
_MOST_LABEL, _MOST_PREFIX = 63, 253
_MOST_INT32 = 2**31 - 1
_MOST_TWINS = 20  # Experiments of one name that another is held against
_GENERATED = "00000"  # Kubernetes adds five characters to a generateName
_COUNTS = {"parallelTrialCount": ("parallel", 1), "maxTrialCount": ("max", 1), "maxFailedTrialCount": ("maxFailed", 0)}


def _name(subject: Subject) -> str:
    """Give the name, or one that Kubernetes could make of generateName; "" for neither."""
    metadata = subject.metadata
    prefix = text(metadata.get("generateName"))
    return text(metadata.get("name")) or (prefix + _GENERATED if prefix else "")


def _own_name(subject: Subject) -> str:
    return text(subject.metadata.get("name"))


def _namespace(subject: Subject) -> str:
    return text(subject.metadata.get("namespace"))


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


@rule("KG701", Effect.REJECTED, _VALIDATOR, when=odd_in("head"))
def name_is_admitted(subject: Subject) -> Iterator[Finding]:
    """The Experiment's name begins with a small letter, is one of Kubernetes, and has at most 40 characters.

    The webhook tests its beginning, and from 0.18 on its length; the API server refuses capitals, underscores,
    and a hyphen at the end.

    Bad:  `name: 2nd-try`
    Good: `name: second-try`
    """
    name = _name(subject)
    if _OWN_PATTERN.match(name) is None:
        message = f"name `{name}` does not begin with a small letter" if name else "the Experiment has no name"
        yield Finding(_NAME, message, "write a `name` of small letters, digits and `-`, a letter first")
    elif DNS_SUBDOMAIN.fullmatch(name) is None:
        message = f"Kubernetes takes no name like `{name}`"
        yield Finding(_NAME, message, "write a `name` of small letters, digits and `-`, with no `-` at its end")
    if len(name.encode()) <= katib.MOST_NAME:
        return
    if katib.version(subject.target.katib) >= katib.version(katib.SINCE_MOST_NAME):
        yield _too_long(subject, name, katib.MOST_NAME, f"Katib takes {katib.MOST_NAME}")


@rule("KG702", Effect.STUCK, _NAMES, when=odd_in("head"))
def name_makes_a_service(subject: Subject) -> Iterator[Finding]:
    """The Experiment's name holds no dot.

    Kubernetes and Katib take one, but it makes the Service of the suggestion impossible.

    Bad:  `name: mnist.v1`
    Good: `name: mnist-v1`
    """
    name = _name(subject)
    if "." in name and DNS_SUBDOMAIN.fullmatch(name) is not None:
        yield Finding(
            path=_NAME,
            message=f"name `{name}` cannot be part of a Service's name",
            help="write a `name` of small letters, digits and `-`, with no `-` at its end",
        )


@rule("KG703", Effect.STUCK, "katib pkg/suggestion/v1beta1/pbt/service.py", when=run_by("pbt"))
def name_leaves_room_for_pbt(subject: Subject) -> Iterator[Finding]:
    """With pbt the Experiment's name has at most 26 characters.

    Its trials add a hyphen and a UUID of 36 characters, and labels hold 63.

    Bad:  `name: population-based-training-of-mnist`
    Good: `name: pbt-mnist`
    """
    name = _name(subject)
    if subject.algorithm == "pbt" and len(name) > katib.MOST_NAME_PBT:
        yield _too_long(subject, name, katib.MOST_NAME_PBT, f"the trials of pbt leave it {katib.MOST_NAME_PBT}")


@rule("KG704", Effect.STUCK, _NAMES, when=odd_in("head"))
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


@rule("KG705", Effect.REJECTED, _VALIDATOR, when=odd_in("counts"))
def counts_are_counts(subject: Subject) -> Iterator[Finding]:
    """maxTrialCount and parallelTrialCount are at least 1, maxFailedTrialCount at least 0.

    The webhook refuses less, and the API cannot hold a text, a fraction, or more than 2147483647.

    Bad:  `trials: {max: 0}`
    Good: `trials: {max: 12}`
    """
    for field, (_, least) in _COUNTS.items():
        value = subject.spec.get(field)
        if value is None or any(flaw.path == ("spec", field) for flaw in subject.flaws):  # of another type: KG213
            continue
        whole = count(value)
        if whole is None or not least <= whole <= _MOST_INT32:
            shown = f"`{value}`, which is no whole number" if whole is None else str(value)
            yield Finding(
                path=("spec", field),
                message=f"{field} is {shown}",
                help=_set(subject, field, f"a whole number from {least} to {_MOST_INT32}"),
            )


@rule("KG706", Effect.REJECTED, _VALIDATOR, when=odd_in("counts"))
def parallel_within_max(subject: Subject) -> Iterator[Finding]:
    """parallelTrialCount is no larger than maxTrialCount.

    The webhook refuses it, also where the 3 is Katib's default.

    Bad:  `trials: {max: 4, parallel: 8}`
    Good: `trials: {max: 8, parallel: 4}`
    """
    yield from _within_max(subject, "parallelTrialCount")


@rule("KG707", Effect.REJECTED, _VALIDATOR, when=odd_in("counts"))
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
            help=mend(
                subject,
                f"lower `trials.{_COUNTS[field][0]}` to {most} or less, or raise `trials.max`",
                f"set `{field}` to {most} or less, or raise `maxTrialCount`",
            ),
        )


def _set(subject: Subject, field: str, value: str) -> str:
    return mend(subject, f"set `trials.{_COUNTS[field][0]}` to {value}", f"set `{field}` to {value}")


@rule(
    "KG708",
    Effect.ADVICE,
    "katib pkg/controller.v1beta1/experiment/util/status_util.go",
    Severity.WARNING,
    when=odd_in("counts"),
)
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
            help=mend(subject, "set `trials.max`", "set `maxTrialCount`"),
        )


@rule("KG709", Effect.REJECTED, _CORE, when=odd_in("labels", "metadata"))
def labels_are_legal(subject: Subject) -> Iterator[Finding]:
    """The Experiment's labels are legal, and so are the names of its annotations.

    A value, and the part of a key behind its slash, has at most 63 letters, digits, `-`, `_` and `.`,
    with a letter or digit at both ends. The API server refuses any other.

    Bad:  `labels: {purpose: "find the best learning rate"}`
    Good: `labels: {purpose: learning-rate}`
    """
    metadata = subject.metadata
    for key in mapping(metadata.get("annotations")):
        if not _legal_key(key.lower()):
            yield Finding(
                ("metadata", "annotations", key),
                f"`{key}` is no legal name of an annotation",
                "write NAME or DOMAIN/NAME, such as example.org/note",
            )
    for key, value in mapping(metadata.get("labels")).items():
        path = ("metadata", "labels", key)
        if not _legal_key(key):
            yield Finding(path, f"`{key}` is no legal label name", "write NAME or DOMAIN/NAME, such as team")
        if not isinstance(value, str):
            if any(flaw.path == path for flaw in subject.flaws):
                continue  # reading it against Katib's types has said so
            yield Finding(path, f"label `{key}` is {value!r}, and not a text", f'put it in quotes: "{value}"')
        elif not _legal(value):
            what = f"has {len(value)} characters" if len(value) > _MOST_LABEL else f"is `{value}`"
            help_ = f"write at most {_MOST_LABEL} letters, digits, `-`, `_` and `.`, or make it an annotation"
            yield Finding(path, f"the value of label `{key}` {what}: Kubernetes refuses it", help_)


def _legal(value: str) -> bool:
    return len(value) <= _MOST_LABEL and _LABEL_VALUE.fullmatch(value) is not None


def _legal_key(key: str) -> bool:
    prefix, slash, own = key.rpartition("/")
    return bool(own) and _legal(own) and (not slash or _legal_prefix(prefix))


def _legal_prefix(prefix: str) -> bool:
    return len(prefix) <= _MOST_PREFIX and DNS_SUBDOMAIN.fullmatch(prefix) is not None


@rule_of_all("KG710", Effect.DRIFT, "kgen")
def names_are_unique(subjects: tuple[Subject, ...]) -> Iterator[tuple[int, Finding]]:
    """No two Experiments of an environment have one name and namespace.

    They would be one object, and the later one applied would overwrite the other, or be refused.

    Bad:  `name: mnist` in two specs
    Good: `name: mnist-cnn` in one, `name: mnist-mlp` in the other
    """
    seen: set[tuple[str, str]] = set()
    for index, subject in enumerate(subjects):
        key = (_namespace(subject), _own_name(subject))
        if subject.plain or not key[1]:
            continue  # two manifests of one name may be for two clusters: KG713
        if key in seen:
            yield index, Finding(_NAME, _twice(key), "give one of them another `name`")
        seen.add(key)


def _twice(key: tuple[str, str]) -> str:
    return f"two Experiments are named `{key[1]}`{f' in namespace `{key[0]}`' if key[0] else ''}"


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
        name, service = _own_name(subject), f"{_own_name(subject)}-{subject.algorithm}"
        if not name or not subject.algorithm:
            continue
        other = seen.setdefault((_namespace(subject), service), name)
        if other != name:
            message = f"Experiments `{other}` and `{name}` both want the Service `{service}`"
            yield index, Finding(_NAME, message, "give one of them another `name`")


@rule_of_all("KG712", Effect.ADVICE, "katib pkg/controller.v1beta1/suggestion/suggestion_controller.go",
             Severity.WARNING)  # fmt: skip
def equal_names_have_labels(subjects: tuple[Subject, ...]) -> Iterator[tuple[int, Finding]]:
    """Experiments of one name in two namespaces carry labels that tell them apart.

    Katib finds the trials of an Experiment in all namespaces, by its name and its labels. Where the labels of
    one are all on the other too, their trials are mixed, and each algorithm learns from both searches.

    Bad:  `mnist` in namespaces `dev` and `prod`, without labels
    Good: the same with `labels: {environment: dev}` and `labels: {environment: prod}`
    """
    seen: dict[str, list[Subject]] = {}
    for index, subject in enumerate(subjects):
        name, space = _own_name(subject), _namespace(subject)
        if not name or not space:
            continue
        others = seen.setdefault(name, [])
        mixed = next((o for o in others[:_MOST_TWINS] if _namespace(o) != space and _mix(o, subject)), None)
        if mixed is not None:
            message = (
                f"Experiment `{name}` is in namespaces `{_namespace(mixed)}` and `{space}`, and no label tells the two "
                "apart: in one cluster Katib mixes their trials"
            )
            help_ = f"give each a label of its own, such as `environment: {space}`, before it is first applied"
            yield index, Finding(("metadata", "labels"), message, help_)
        others.append(subject)


def _mix(one: Subject, other: Subject) -> bool:
    """Whether the trials of one are among those of the other: all labels of one are on the other."""
    a, b = (mapping(mapping(s.manifest.get("metadata")).get("labels")) for s in (one, other))
    return all(b.get(key) == value for key, value in a.items()) or all(a.get(key) == value for key, value in b.items())


@rule_of_all("KG713", Effect.DRIFT, "kgen", Severity.WARNING)
def manifests_are_unique(subjects: tuple[Subject, ...]) -> Iterator[tuple[int, Finding]]:
    """No two manifests among those that are linted are for one Experiment.

    In one cluster they are one object: the later one overwrites the other, or is refused. For two clusters,
    or, where they say no namespace, for two namespaces, all is well.

    Bad:  `name: mnist` in `a.yaml` and in `b.yaml`, both applied by one Application
    Good: `name: mnist-cnn` in one, `name: mnist-mlp` in the other
    """
    seen: set[tuple[str, str]] = set()
    for index, subject in enumerate(subjects):
        key = (_namespace(subject), _own_name(subject))
        if not subject.plain or not key[1]:
            continue
        if key in seen:
            help_ = "give one of them another `name`, unless they are for two clusters or namespaces"
            yield index, Finding(_NAME, _twice(key), help_)
        seen.add(key)


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
RULES_OF_ALL = (names_are_unique, services_are_unique, equal_names_have_labels, manifests_are_unique)
