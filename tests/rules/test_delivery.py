"""KG83x, a row a case: what is said of Applications, their sets and projects, or that nothing is."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest
from subjects import DELETE, said, subject

from kgen.katib.argocd import RESOURCES_FINALIZER, SYNC_OPTIONS, WAVE
from kgen.model.diagnostic import Edit, EditKind
from kgen.model.environment import Target
from kgen.rules import delivery as D  # noqa: N812 - one letter, as in the other tables
from kgen.rules import projects as P  # noqa: N812
from kgen.rules.rule import RuleOfObject, RuleOfRun
from kgen.rules.subject import Subject

ONE = (subject(),)
KEPT = (subject({"metadata.annotations": {SYNC_OPTIONS: "Prune=false, Delete=false"}}),)
UNPRUNED = (subject({"metadata.annotations": {SYNC_OPTIONS: "Prune=false"}}),)
LAST = (subject({"metadata.annotations": {WAVE: "10"}}),)
REPOSITORY = "https://git.example.com/ml/experiments.git"
CREATES = "CreateNamespace=true"
ANYWHERE = {"server": "https://a", "namespace": "{{.path.basename}}"}


def _app(*options: str, name: str = "ml", policy: Mapping[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    metadata = {"name": name, **spec.pop("metadata", {})}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": metadata,
        "spec": {
            "project": "ml",
            "source": {"repoURL": REPOSITORY, "path": "rendered/ml"},
            "destination": {"server": "https://a", "namespace": "ns"},
            "syncPolicy": {"syncOptions": list(options), **(policy or {})},
            **spec,
        },
    }


def _set(app: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    template = {"metadata": (app or {"metadata": {}})["metadata"], "spec": (app or _app())["spec"]}
    out = {"apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet", "metadata": {"name": "all"}}
    return {**out, "spec": {"goTemplate": True, "generators": [{"git": {}}], "template": template, **spec}}


def _project(**spec: Any) -> dict[str, Any]:
    whole = {
        "sourceRepos": [REPOSITORY],
        "destinations": [{"server": "https://a", "namespace": "ns"}],
        "clusterResourceWhitelist": [{"group": "", "kind": "Namespace"}],
        "namespaceResourceWhitelist": [{"group": "kubeflow.org", "kind": "Experiment"}],
        **spec,
    }
    out = {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": {"name": "ml"}}
    return {**out, "spec": {key: value for key, value in whole.items() if value is not None}}


def _thing(kind: str, name: str = "ns", **annotations: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "ns", "annotations": annotations}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata}


def _plugin(value: object) -> dict[str, Any]:
    return _app(source={"repoURL": REPOSITORY, "plugin": {"env": [{"name": "ARGS", "value": value}]}})


_NEW = "and the target has"
ALONE: list[tuple[RuleOfObject, dict[str, Any], str, list[str], str]] = [
    (
        D.the_target_knows_the_option,
        _app("Prune=confirm", policy={"retry": {"refresh": True}, "automated": {"enabled": False}}),
        "3.0",
        [
            f"spec.syncPolicy.automated.enabled: `automated.enabled` came with Argo CD 3.1, {_NEW} 3.0",
            f"spec.syncPolicy.retry.refresh: `retry.refresh` came with Argo CD 3.2, {_NEW} 3.0",
            f"spec.syncPolicy.syncOptions[0]: `Prune=confirm` of an Application came with Argo CD 3.4, {_NEW} 3.0",
        ],
        "an Argo CD that is too old",
    ),
    (
        D.the_target_knows_the_option,
        _app("Prune=confirm", "CreateNamespace=true", policy={"retry": {"refresh": True}}),
        "3.4",
        [],
        "one that is not",
    ),
    (
        D.the_target_knows_the_option,
        _project(clusterResourceWhitelist=[{"group": "", "kind": "Namespace", "name": "ns"}]),
        "3.2",
        [f"spec.clusterResourceWhitelist[0].name: the `name` of a permitted kind came with Argo CD 3.3, {_NEW} 3.2"],
        "a name that would permit every object",
    ),
    (D.the_target_knows_the_option, _project(), "2.14", [], "a project as it always was"),
    (
        D.sets_refuse_what_is_missing,
        _set(_app(source={"path": "{{.path.path}}"}), goTemplate=False),
        "3.5",
        ["spec.template.spec.source.path: this is a Go template, and the ApplicationSet does not read any"],
        "a Go template that nobody reads",
    ),
    (
        D.sets_refuse_what_is_missing,
        _set(goTemplate=False, templatePatch="spec: {}"),
        "3.5",
        ["spec.templatePatch: this is a Go template, and the ApplicationSet does not read any"],
        "a patch that nobody reads",
    ),
    (
        D.sets_refuse_what_is_missing,
        _set(),
        "3.5",
        ["spec.goTemplateOptions: a parameter that is missing becomes `<no value>`"],
        "no word of missing parameters",
    ),
    (D.sets_refuse_what_is_missing, _set(goTemplateOptions=["missingkey=error"]), "3.5", [], "all said"),
    (
        D.sets_refuse_what_is_missing,
        _set(_app(source={"path": "{{path}}"}), goTemplate=False),
        "3.5",
        [],
        "the older language",
    ),
    (
        D.placeholders_survive_a_plugin,
        _plugin("--lr=${trialParameters.lr}"),
        "3.5",
        ["spec.source.plugin.env[0].value: Argo CD fills in `${…}` here, and nothing is left of Katib's placeholder"],
        "a placeholder that is filled in",
    ),
    (
        D.placeholders_survive_a_plugin,
        _app(sources=[{}, {"helm": {"parameters": [{"name": "a", "value": "${trialSpec.Name}"}]}}]),
        "3.5",
        [
            "spec.sources[1].helm.parameters[0].value: Argo CD fills in `${…}` here, and nothing is left of Katib's "
            "placeholder"
        ],
        "one in a Helm parameter of a further source",
    ),
    (D.placeholders_survive_a_plugin, _plugin("--lr=$${trialParameters.lr}"), "3.5", [], "one that is not"),
    (D.placeholders_survive_a_plugin, _plugin("$ARGOCD_APP_NAME"), "3.5", [], "what Argo CD is to fill in"),
]


@pytest.mark.parametrize(
    ("rule", "obj", "argocd", "expected"), [pytest.param(*row[:4], id=f"{row[0].code} {row[4]}") for row in ALONE]
)
def test_an_object_alone(rule: RuleOfObject, obj: Mapping[str, Any], argocd: str, expected: list[str]) -> None:
    assert said(list(rule.check(obj, Target(argocd=argocd)))) == expected


_OPTION = "spec.syncPolicy.syncOptions[0]"
BESIDE: list[tuple[RuleOfRun, list[dict[str, Any]], tuple[Subject, ...], list[tuple[int, str]], str]] = [
    (
        D.profiles_make_their_namespace,
        [_thing("Profile"), _app(CREATES)],
        ONE,
        [(1, f"{_OPTION}: Argo CD makes `ns` before the Profile of that name, which then refuses it")],
        "a namespace with two makers",
    ),
    (D.profiles_make_their_namespace, [_thing("Profile", "other"), _app(CREATES)], ONE, [], "another Profile"),
    (D.profiles_make_their_namespace, [_thing("Profile"), _app()], ONE, [], "the Profile alone"),
    (
        P.projects_permit_the_namespace,
        [_app(CREATES), _project(clusterResourceWhitelist=None)],
        ONE,
        [(0, f"{_OPTION}: the AppProject `ml` does not permit the Namespace `ns` that Argo CD is to make")],
        "no kind of the cluster is permitted",
    ),
    (
        P.projects_permit_the_namespace,
        [_app(CREATES), _project(clusterResourceWhitelist=[{"group": "", "kind": "Namespace", "name": "other-*"}])],
        ONE,
        [(0, f"{_OPTION}: the AppProject `ml` does not permit the Namespace `ns` that Argo CD is to make")],
        "another namespace is permitted",
    ),
    (P.projects_permit_the_namespace, [_app(CREATES), _project()], ONE, [], "the namespace is permitted"),
    (
        P.projects_permit_the_namespace,
        [_app(CREATES), _project(clusterResourceWhitelist=[{"group": "*", "kind": "*"}])],
        ONE,
        [],
        "everything is permitted",
    ),
    (
        P.projects_permit_the_namespace,
        [_app(CREATES), _project(clusterResourceBlacklist=[{"group": "", "kind": "Name*"}])],
        ONE,
        [(0, f"{_OPTION}: the AppProject `ml` does not permit the Namespace `ns` that Argo CD is to make")],
        "it is forbidden",
    ),
    (
        P.projects_permit_the_namespace,
        [_set(_app(CREATES, destination=ANYWHERE)), _project(clusterResourceWhitelist=None)],
        ONE,
        [
            (
                0,
                "spec.template.spec.syncPolicy.syncOptions[0]: the AppProject `ml` does not permit the Namespace "
                "`{{.path.basename}}` that Argo CD is to make",
            )
        ],
        "no namespace is permitted, whatever a parameter says",
    ),
    (
        P.projects_permit_the_namespace,
        [
            _set(_app(CREATES, destination=ANYWHERE)),
            _project(clusterResourceWhitelist=[{"group": "", "kind": "Namespace", "name": "other"}]),
        ],
        ONE,
        [],
        "some namespace is permitted, which may be the one",
    ),
    (P.projects_permit_the_namespace, [_app(CREATES, project="other"), _project()], ONE, [], "another project"),
    (P.projects_permit_their_applications, [_app(), _project()], ONE, [], "all is permitted"),
    (
        P.projects_permit_their_applications,
        [_app(), _project(sourceRepos=["https://git.example.com/other"], destinations=[])],
        ONE,
        [
            (0, f"spec.source.repoURL: the AppProject `ml` does not permit the repository `{REPOSITORY}`"),
            (0, "spec.destination: the AppProject `ml` does not permit this cluster with the namespace `ns`"),
        ],
        "neither the repository nor the cluster",
    ),
    (
        P.projects_permit_their_applications,
        [
            _app(),
            _project(sourceRepos=["https://git.example.com/*"], destinations=[{"server": "*", "namespace": "n*"}]),
        ],
        ONE,
        [],
        "patterns permit both",
    ),
    (
        P.projects_permit_their_applications,
        [_app(), _project(destinations=[{"name": "in-cluster", "namespace": "ns"}])],
        ONE,
        [],
        "a cluster that has another name there, which may be this one",
    ),
    (
        P.projects_permit_their_applications,
        [_app(), _project(namespaceResourceWhitelist=[{"group": "batch", "kind": "Job"}])],
        ONE,
        [(0, "spec.project: the AppProject `ml` does not permit Experiments")],
        "Jobs are permitted, Experiments are not",
    ),
    (P.projects_permit_their_applications, [_app(), _project(namespaceResourceWhitelist=None)], ONE, [], "no list"),
    (
        P.projects_permit_their_applications,
        [_app(), _project(namespaceResourceBlacklist=[{"group": "kubeflow.org", "kind": "*"}])],
        ONE,
        [(0, "spec.project: the AppProject `ml` does not permit Experiments")],
        "they are forbidden",
    ),
    (
        P.projects_permit_their_applications,
        [_app(sources=[{"repoURL": "https://a"}, {"repoURL": REPOSITORY}]), _project()],
        ONE,
        [(0, "spec.sources[0].repoURL: the AppProject `ml` does not permit the repository `https://a`")],
        "one of several repositories",
    ),
    (
        P.projects_permit_their_applications,
        [_app(sourceHydrator={"drySource": {"repoURL": "https://a"}}), _project()],
        ONE,
        [(0, "spec.sourceHydrator.drySource.repoURL: the AppProject `ml` does not permit the repository `https://a`")],
        "what a hydrator reads",
    ),
    (
        P.projects_permit_their_applications,
        [_app(), _project(destinations=[{"server": "https://{b,a}", "namespace": "{x,n?}"}])],
        ONE,
        [],
        "alternatives in a pattern",
    ),
    (
        P.projects_permit_their_applications,
        [_app(metadata={"namespace": "apps"}), {**_project(), "metadata": {"name": "ml", "namespace": "argocd"}}],
        ONE,
        [(0, "metadata.namespace: the AppProject `ml` does not permit Applications in the namespace `apps`")],
        "an Application outside Argo CD's namespace",
    ),
    (
        P.projects_permit_their_applications,
        [
            _app(metadata={"namespace": "apps"}),
            {**_project(sourceNamespaces=["a*"]), "metadata": {"name": "ml", "namespace": "argocd"}},
        ],
        ONE,
        [],
        "one that is permitted there",
    ),
    (P.projects_permit_their_applications, [_app(), _project(destinations=[])], (), [], "no Experiments to apply"),
    (
        D.nothing_waits_for_experiments,
        [_thing("ConfigMap", **{WAVE: "20"}), _thing("Secret", **{WAVE: "-5"}), _thing("Secret")],
        LAST,
        [(0, f'metadata.annotations["{WAVE}"]: wave 20 waits until the Experiments of wave 10 are healthy')],
        "a later wave",
    ),
    (
        D.nothing_waits_for_experiments,
        [_thing("Job", **{"argocd.argoproj.io/hook": "PostSync"})],
        LAST,
        [
            (
                0,
                'metadata.annotations["argocd.argoproj.io/hook"]: a hook after the sync waits until every Experiment '
                "is healthy, where Argo CD checks that",
            )
        ],
        "a hook after the sync",
    ),
    (D.nothing_waits_for_experiments, [_thing("ConfigMap", **{WAVE: "10"})], LAST, [], "the same wave"),
    (D.nothing_waits_for_experiments, [_thing("ConfigMap", **{WAVE: "last"})], ONE, [], "no number, which is wave 0"),
    (
        D.a_lost_folder_keeps_its_experiments,
        [_set()],
        ONE,
        [
            (
                0,
                "spec.syncPolicy.preserveResourcesOnDeletion: a folder or cluster that goes takes Experiment `base` "
                "and its like along",
            )
        ],
        "a set that deletes",
    ),
    (
        D.a_lost_folder_keeps_its_experiments,
        [_set(_app(destination={"server": "{{.server}}", "namespace": "{{.path.basename}}"}))],
        ONE,
        [
            (
                0,
                "spec.syncPolicy.preserveResourcesOnDeletion: a folder or cluster that goes takes Experiment `base` "
                "and its like along",
            )
        ],
        "one whose namespace is a parameter",
    ),
    (
        D.a_lost_folder_keeps_its_experiments,
        [_set(_app(destination={"server": "{{.server}}", "namespace": "team-{{.path.basename}}"}))],
        ONE,
        [],
        "one whose namespaces are others, whatever the parameter is",
    ),
    (
        D.a_lost_folder_keeps_its_experiments,
        [_set(syncPolicy={"preserveResourcesOnDeletion": True})],
        ONE,
        [],
        "one that keeps",
    ),
    (
        D.a_lost_folder_keeps_its_experiments,
        [_set(syncPolicy={"applicationsSync": "create-update"})],
        ONE,
        [],
        "one that deletes no Application",
    ),
    (D.a_lost_folder_keeps_its_experiments, [_set()], KEPT, [], "Experiments that are not deleted"),
    (D.a_lost_folder_keeps_its_experiments, [_app()], ONE, [], "an Application is no set"),
    (
        D.deletion_keeps_the_history,
        [_app(metadata={"finalizers": [RESOURCES_FINALIZER]})],
        UNPRUNED,
        [(0, "metadata.finalizers[0]: deleting the Application deletes Experiment `base`, which pruning spares")],
        "spared by pruning alone",
    ),
    (D.deletion_keeps_the_history, [_app(metadata={"finalizers": [RESOURCES_FINALIZER]})], KEPT, [], "spared by both"),
    (D.deletion_keeps_the_history, [_app(metadata={"finalizers": [RESOURCES_FINALIZER]})], ONE, [], "spared by none"),
    (
        D.deletion_keeps_the_history,
        [_set(_app(metadata={"finalizers": [RESOURCES_FINALIZER]}))],
        UNPRUNED,
        [
            (
                0,
                "spec.template.metadata.finalizers[0]: deleting the Application deletes Experiment `base`, which "
                "pruning spares",
            )
        ],
        "the Applications of a set",
    ),
    (D.deletion_keeps_the_history, [_app()], UNPRUNED, [], "an Application that goes alone"),
    (
        D.experiments_have_one_owner,
        [_app(), _app(name="again")],
        ONE,
        [(1, "spec.source.path: Application `ml` applies the same folder to the same place")],
        "two Applications of one folder",
    ),
    (
        D.experiments_have_one_owner,
        [_app(), _app(name="b", destination={"server": "https://b", "namespace": "ns"})],
        ONE,
        [],
        "two clusters",
    ),
    (
        D.experiments_have_one_owner,
        [_app(), _app(name="b", sources=[{"path": "x"}, {"repoURL": REPOSITORY, "path": "rendered/ml"}])],
        ONE,
        [(1, "spec.sources[1].path: Application `ml` applies the same folder to the same place")],
        "one of several sources",
    ),
    (D.experiments_have_one_owner, [_app(), _app()], ONE, [], "one Application in two files"),
]


@pytest.mark.parametrize(
    ("rule", "objs", "subjects", "expected"), [pytest.param(*row[:4], id=f"{row[0].code} {row[4]}") for row in BESIDE]
)
def test_objects_beside_experiments(
    rule: RuleOfRun, objs: list[Mapping[str, Any]], subjects: tuple[Subject, ...], expected: list[tuple[int, str]]
) -> None:
    assert [(at, said([finding])[0]) for at, finding in rule.check(tuple(objs), subjects)] == expected


def test_every_rule_is_seen_to_speak_and_to_keep_silent() -> None:
    for rule in (*D.RULES, *D.RULES_OF_RUN, *P.RULES_OF_RUN):
        found = [bool(row[3]) for row in (*ALONE, *BESIDE) if row[0] is rule]
        assert {True, False} == set(found), rule.code


def test_what_has_one_right_answer_is_fixed() -> None:
    (finding,) = D.placeholders_survive_a_plugin.check(_plugin("${trialSpec.Name}"), Target())
    path = ("spec", "source", "plugin", "env", 0, "value")
    assert finding.fix == (Edit(EditKind.SET, path, "$${trialSpec.Name}"),)
    ((_, finding),) = D.a_lost_folder_keeps_its_experiments.check((_set(),), ONE)
    assert finding.fix == (Edit(EditKind.SET, ("spec", "syncPolicy", "preserveResourcesOnDeletion"), value=True),)


ODD = (None, True, 0, 1.5, "", "x", [], [None], [[1]], {}, {"a": None}, {"": [{}]})


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_no_rule_raises_on_odd_objects(odd: Any) -> None:
    whole = (_app(CREATES), _set(), _project(), _thing("Profile"), _plugin("x"))
    for obj in whole:
        for path in _paths(obj):
            bent = copy.deepcopy(obj)
            holder: Any = bent
            for step in path[:-1]:
                holder = holder[step]
            holder[path[-1]] = odd
            for rule in D.RULES:
                list(rule.check(bent, Target(argocd="2.9")))
            for of_run in (*D.RULES_OF_RUN, *P.RULES_OF_RUN):
                list(of_run.check((bent, *whole), (*UNPRUNED, subject({"metadata.namespace": DELETE}))))


def _paths(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(deeper for key, item in pairs for deeper in _paths(item, (*path, key)))][0 if path else 1 :]
