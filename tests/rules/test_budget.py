"""KG70x, KG71x and KG80x, a row a case: what is said, or that nothing is."""

from __future__ import annotations

import pytest
from subjects import DELETE, run, subject

from kgen.model.diagnostic import Edit, EditKind
from kgen.model.node import path_text
from kgen.rules import budget, gitops
from kgen.rules.rule import Rule, RuleOfAll
from kgen.rules.subject import Subject

B = budget


def _name(name: str, algorithm: str = "random", base: str = "", katib: str = "0.19", namespace: str = "ns") -> Subject:
    changes = {"metadata.name": name, "metadata.namespace": namespace, "algorithm": algorithm}
    return subject(changes, base=base, katib=katib)


def _counts(**counts: object) -> Subject:
    return subject({f"spec.{key}": value for key, value in counts.items()})


def _labels(**labels: object) -> Subject:
    return subject({"metadata.labels": labels})


WAVE, SYNC, COMPARE = (f"argocd.argoproj.io/{name}" for name in ("sync-wave", "sync-options", "compare-options"))


def _annotated(**annotations: object) -> Subject:
    return subject({"metadata.annotations": annotations})


def _generated(prefix: str) -> Subject:
    return subject({"metadata.name": DELETE, "metadata.generateName": prefix})


ROWS = [
    (
        B.name_is_admitted,
        _name("2nd"),
        "metadata.name: name `2nd` does not begin with a small letter",
        "a digit first",
    ),
    (B.name_is_admitted, subject({"metadata.name": DELETE}), "metadata.name: the Experiment has no name", "no name"),
    (
        B.name_is_admitted,
        _name("a" * 41),
        f"metadata.name: name `{'a' * 41}` has 41 characters: Katib takes 40",
        "too long",
    ),
    (
        B.name_is_admitted,
        _name("a" * 32 + "-0123abcd", base="a" * 32),
        f"metadata.name: name `{'a' * 32}-0123abcd` has 41 characters, 9 of them the hash of `naming: hashed`: "
        "Katib takes 40",
        "too long with its hash",
    ),
    *(
        (
            B.name_is_admitted,
            _name(name),
            f"metadata.name: Kubernetes takes no name like `{name}`",
            f"{name} is refused by the API server",
        )
        for name in ("aB", "a_b", "abc-", "a..b", "a b")
    ),
    (B.name_is_admitted, _name("a.b"), None, "a dot is admitted"),
    (B.name_makes_a_service, _name("aB"), None, "one that is refused makes nothing"),
    (B.name_is_admitted, _name("a" * 40), None, "just right"),
    (B.name_is_admitted, _name("a" * 41, katib="0.17"), None, "0.17 does not count"),
    (
        B.name_makes_a_service,
        _name("a.b"),
        "metadata.name: name `a.b` cannot be part of a Service's name",
        "a dot",
    ),
    (B.name_makes_a_service, _name("a-b2"), None, "a hyphen and a digit"),
    (
        B.name_leaves_room_for_pbt,
        _name("a" * 27, "pbt"),
        f"metadata.name: name `{'a' * 27}` has 27 characters: the trials of pbt leave it 26",
        "too long for pbt",
    ),
    (B.name_leaves_room_for_pbt, _name("a" * 26, "pbt"), None, "just right for pbt"),
    (
        B.service_name_fits,
        _name("a" * 40, "b" * 23),
        f"metadata.name: name `{'a' * 40}` has 40 characters: its Service would be `{'a' * 40}-{'b' * 23}`, of 64, "
        "and 63 are allowed",
        "a long algorithm",
    ),
    (B.service_name_fits, _name("a" * 42, "bayesianoptimization"), None, "63 characters"),
    (B.counts_are_counts, _counts(maxTrialCount=0), "spec.maxTrialCount: maxTrialCount is 0", "none at all"),
    (
        B.counts_are_counts,
        _counts(parallelTrialCount="3"),
        None,
        "a text is KG213",
    ),
    (B.counts_are_counts, _counts(maxFailedTrialCount=0, maxTrialCount=2**31 - 1), None, "the ends of the range"),
    (
        B.parallel_within_max,
        _counts(maxTrialCount=2),
        "spec.parallelTrialCount: parallelTrialCount 3 is more than maxTrialCount 2",
        "more at once than in all",
    ),
    (B.parallel_within_max, _counts(maxTrialCount=3), None, "all at once"),
    (
        B.failed_within_max,
        _counts(maxFailedTrialCount=13),
        "spec.maxFailedTrialCount: maxFailedTrialCount 13 is more than maxTrialCount 12",
        "more failures than trials",
    ),
    (B.failed_within_max, _counts(maxFailedTrialCount=12), None, "all may fail"),
    (
        B.budget_is_given,
        _counts(maxTrialCount=DELETE),
        "spec.maxTrialCount: maxTrialCount is missing: the Experiment makes trials without end",
        "no end",
    ),
    (B.budget_is_given, _counts(maxTrialCount=1), None, "an end"),
    (
        B.labels_are_legal,
        _labels(purpose="a b"),
        "metadata.labels.purpose: the value of label `purpose` is `a b`: Kubernetes refuses it",
        "a blank",
    ),
    (
        B.labels_are_legal,
        _labels(a="x" * 64),
        "metadata.labels.a: the value of label `a` has 64 characters: Kubernetes refuses it",
        "64 characters",
    ),
    (
        B.labels_are_legal,
        _labels(a=1)._replace(flaws=()),
        "metadata.labels.a: label `a` is 1, and not a text",
        "a number",
    ),
    (B.labels_are_legal, _labels(a=1), None, "a number of which the types have spoken"),
    (
        B.labels_are_legal,
        _labels(**{"A/b": "x"}),
        'metadata.labels["A/b"]: `A/b` is no legal label name',
        "a capital domain",
    ),
    (B.labels_are_legal, _labels(**{"a.b/C_d": "", "e": "x" * 63}), None, "empty, and 63 characters"),
    (
        B.labels_are_legal,
        _annotated(**{"A b": "x"}),
        'metadata.annotations["A b"]: `A b` is no legal name of an annotation',
        "a blank in an annotation's name",
    ),
    (B.labels_are_legal, _annotated(**{"A.b/C_d": "any text: at all"}), None, "capitals in an annotation's domain"),
    (
        gitops.labels_are_inert,
        _labels(**{"kueue.x-k8s.io/queue-name": "a"}),
        'metadata.labels["kueue.x-k8s.io/queue-name"]: label `kueue.x-k8s.io/queue-name` of the Experiment is copied '
        "to the pods of its suggestion and its trials",
        "a queue",
    ),
    (gitops.labels_are_inert, _labels(team="vision"), None, "a team"),
    (B.name_is_admitted, _generated("mnist-"), None, "Kubernetes makes a name of the prefix"),
    (
        B.name_is_admitted,
        _generated("9-"),
        "metadata.name: name `9-00000` does not begin with a small letter",
        "a prefix that makes no name",
    ),
    (B.name_makes_a_service, _generated("mnist-"), None, "a prefix may end with a hyphen"),
    (
        gitops.options_are_known,
        _annotated(**{SYNC: "Prune: false"}),
        f'metadata.annotations["{SYNC}"]: Argo CD passes over the sync option `Prune: false`',
        "a colon",
    ),
    (
        gitops.options_are_known,
        _annotated(**{SYNC: "prune=false"}),
        f'metadata.annotations["{SYNC}"]: Argo CD passes over the sync option `prune=false`',
        "small letters",
    ),
    (
        gitops.options_are_known,
        _annotated(**{SYNC: "CreateNamespace=true"}),
        f'metadata.annotations["{SYNC}"]: Argo CD passes over the sync option `CreateNamespace=true`',
        "an option of Applications",
    ),
    (gitops.options_are_known, _annotated(**{SYNC: " Prune=false , Delete=confirm"}), None, "blanks at commas"),
    (
        gitops.options_are_known,
        _annotated(**{COMPARE: "ServerSideDiff=true"}),
        f'metadata.annotations["{COMPARE}"]: Argo CD passes over the compare option `ServerSideDiff=true` of an object',
        "a compare option of Applications",
    ),
    (gitops.options_are_known, _annotated(**{COMPARE: "IgnoreExtraneous"}), None, "the compare option"),
    (
        gitops.wave_is_a_number,
        _annotated(**{WAVE: "last"}),
        f'metadata.annotations["{WAVE}"]: Argo CD reads the sync wave `last` as 0: it is no whole number',
        "a word",
    ),
    (gitops.wave_is_a_number, _annotated(**{WAVE: 10}), None, "a number is of the wrong type, which KG2xx says"),
    (gitops.wave_is_a_number, _annotated(**{WAVE: "-5"}), None, "before all others"),
    (
        gitops.no_hook,
        _annotated(**{"argocd.argoproj.io/hook": "Sync"}),
        'metadata.annotations["argocd.argoproj.io/hook"]: annotation `argocd.argoproj.io/hook` of the Experiment '
        "makes Argo CD run it again on every sync",
        "a hook",
    ),
    (
        gitops.no_hook,
        _annotated(**{"argocd.argoproj.io/hook": "Skip"}),
        'metadata.annotations["argocd.argoproj.io/hook"]: annotation `argocd.argoproj.io/hook` of the Experiment '
        "keeps Argo CD from applying it",
        "skipped",
    ),
    (gitops.no_hook, _annotated(team="vision"), None, "no hook"),
    (
        gitops.no_replacing,
        _annotated(**{SYNC: "Force=true"}),
        f'metadata.annotations["{SYNC}"]: `Force=true` does not get a changed spec past Katib\'s webhook',
        "force alone",
    ),
    (
        gitops.no_replacing,
        _annotated(**{SYNC: "Replace=true"}),
        f'metadata.annotations["{SYNC}"]: `Replace=true` wipes the controller\'s finalizer on every sync, '
        "and a changed spec is refused all the same",
        "replace alone",
    ),
    (
        gitops.no_replacing,
        _annotated(**{SYNC: "Force=true,Replace=true"}),
        f'metadata.annotations["{SYNC}"]: `Force=true,Replace=true` deletes the Experiment and its trials '
        "on every sync",
        "both",
    ),
    (gitops.no_replacing, _annotated(**{SYNC: "Prune=false,Replace=false"}), None, "neither"),
    (
        gitops.tracking_is_argos,
        _annotated(**{"argocd.argoproj.io/tracking-id": "a:kubeflow.org/Experiment:ns/base"}),
        'metadata.annotations["argocd.argoproj.io/tracking-id"]: annotation `argocd.argoproj.io/tracking-id` is Argo '
        "CD's to write",
        "copied out of a cluster",
    ),
    (gitops.tracking_is_argos, _annotated(**{WAVE: "1"}), None, "another annotation"),
]


@pytest.mark.parametrize(
    ("rule", "on", "message"), [pytest.param(*row[:3], id=f"{row[0].code} {row[3]}") for row in ROWS]
)
def test_budget(rule: Rule, on: Subject, message: str | None) -> None:
    assert run(rule, on) == ([] if message is None else [message])


def test_help_leaves_room_for_the_hash() -> None:
    (finding,) = B.name_is_admitted.check(_name("a" * 32 + "-0123abcd", base="a" * 32))
    assert finding.help == "shorten `name` to 31 characters or less"


def _plain(name: str, namespace: str = "ns", labels: dict[str, str] | None = None) -> Subject:
    changes: dict[str, object] = {"metadata.name": name, "metadata.namespace": namespace or DELETE}
    if labels is not None:
        changes["metadata.labels"] = labels
    return subject(changes)._replace(plain=True)


@pytest.mark.parametrize(
    ("rule", "subjects", "expected"),
    [
        pytest.param(
            B.names_are_unique,
            (_name("a"), _name("b"), _name("a", "tpe")),
            [(2, "metadata.name: two Experiments are named `a` in namespace `ns`")],
            id="one name twice",
        ),
        pytest.param(B.names_are_unique, (_name("a"), _name("a", namespace="other")), [], id="two namespaces"),
        pytest.param(
            B.services_are_unique,
            (_name("foo", "multivariate-tpe"), _name("foo-multivariate", "tpe")),
            [
                (
                    1,
                    "metadata.name: Experiments `foo` and `foo-multivariate` both want the Service "
                    "`foo-multivariate-tpe`",
                )
            ],
            id="one Service twice",
        ),
        pytest.param(
            B.services_are_unique, (_name("foo", "tpe"), _name("foo-multivariate", "tpe")), [], id="two Services"
        ),
        pytest.param(B.services_are_unique, (_name("a"), _name("a")), [], id="one name is KG710"),
        pytest.param(B.names_are_unique, (), [], id="nothing"),
        pytest.param(B.names_are_unique, (_plain("a"), _plain("a")), [], id="two manifests are KG713"),
        pytest.param(
            B.manifests_are_unique,
            (_plain("a"), _plain("b"), _plain("a")),
            [(2, "metadata.name: two Experiments are named `a` in namespace `ns`")],
            id="one manifest twice",
        ),
        pytest.param(
            B.manifests_are_unique,
            (_plain("a", ""), _plain("a", "")),
            [(1, "metadata.name: two Experiments are named `a`")],
            id="without a namespace",
        ),
        pytest.param(B.manifests_are_unique, (_name("a"), _name("a")), [], id="two specs are KG710"),
        pytest.param(
            B.equal_names_have_labels,
            (_plain("a"), _plain("a", "other")),
            [
                (
                    1,
                    "metadata.labels: Experiment `a` is in namespaces `ns` and `other`, and no label tells the two "
                    "apart: in one cluster Katib mixes their trials",
                )
            ],
            id="two namespaces, no labels",
        ),
        pytest.param(
            B.equal_names_have_labels,
            (_plain("a", labels={"environment": "dev"}), _plain("a", "other", labels={"environment": "prod"})),
            [],
            id="labels tell them apart",
        ),
        pytest.param(
            B.equal_names_have_labels,
            (_plain("a", labels={"environment": "dev"}), _plain("a", "other", labels={})),
            [
                (
                    1,
                    "metadata.labels: Experiment `a` is in namespaces `ns` and `other`, and no label tells the two "
                    "apart: in one cluster Katib mixes their trials",
                )
            ],
            id="a label on one alone",
        ),
        pytest.param(B.equal_names_have_labels, (_plain("a"), _plain("a")), [], id="one namespace is KG713"),
        pytest.param(B.equal_names_have_labels, (_plain("a", ""), _plain("a", "x")), [], id="an unknown namespace"),
    ],
)
def test_of_all(rule: RuleOfAll, subjects: tuple[Subject, ...], expected: list[tuple[int, str]]) -> None:
    assert [(at, f"{path_text(f.path)}: {f.message}") for at, f in rule.check(subjects)] == expected


@pytest.mark.parametrize(
    ("given", "help_"),
    [
        ("Prune: false", "write `Prune=false`"),
        ("prune=confirm", "write `Prune=confirm`"),
        ("Prune=never", "`Prune` has no value `never`: write `Prune=false` or `Prune=true` or `Prune=confirm`"),
        ("CreateNamespace=true", "`CreateNamespace` works in `syncOptions` of an Application only: move it there"),
        ("ServerSideApplly=true", "write `ServerSideApply=true`"),
    ],
)
def test_an_option_is_mended(given: str, help_: str) -> None:
    (finding,) = gitops.options_are_known.check(_annotated(**{SYNC: given}))
    assert finding.help == help_


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("Prune: false, Delete=false", "Prune=false,Delete=false"),
        ("Replace=True", "Replace=true"),
        ("Prune: false, CreateNamespace=true", None),
        ("Prune", None),
    ],
)
def test_options_are_fixed_where_it_is_certain_what_is_meant(given: str, value: str | None) -> None:
    finding = next(gitops.options_are_known.check(_annotated(**{SYNC: given})._replace(plain=True)))
    path = ("metadata", "annotations", SYNC)
    assert finding.fix == (() if value is None else (Edit(EditKind.SET, path, value),))


def test_a_manifest_is_fixed_and_a_spec_is_not() -> None:
    on = _annotated(**{SYNC: "Prune=false,Replace=true"})
    fix = (Edit(EditKind.SET, ("metadata", "annotations", SYNC), "Prune=false"),)
    for plain, expected in ((False, ()), (True, fix)):
        (finding,) = gitops.no_replacing.check(on._replace(plain=plain))
        assert finding.fix == expected


def test_help_speaks_of_the_file_that_is_edited() -> None:
    bad = _counts(maxTrialCount=2)
    (spec,), (manifest,) = (list(B.parallel_within_max.check(bad._replace(plain=p))) for p in (False, True))
    assert spec.help == "lower `trials.parallel` to 2 or less, or raise `trials.max`"
    assert manifest.help == "set `parallelTrialCount` to 2 or less, or raise `maxTrialCount`"


def test_every_rule_is_seen_to_speak_and_to_keep_silent() -> None:
    for rule in (*budget.RULES, *gitops.RULES):
        messages = [row[2] for row in ROWS if row[0] is rule]
        assert None in messages, rule.code
        assert any(messages), rule.code
