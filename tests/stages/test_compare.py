"""What a change does to each object: every action, and what does not count as a change."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from subjects import double, manifest

from kgen import pipeline
from kgen.cli.render import render_all
from kgen.cli.workspace import read_workspace
from kgen.codec import writer
from kgen.model.change import Action, Cost, Differences, Fate
from kgen.model.diagnostic import InputError, Severity
from kgen.model.difference import field_text
from kgen.model.environment import Target
from kgen.model.experiment import Rendered
from kgen.model.node import NOWHERE, make
from kgen.pipeline.differing import Side, difference
from kgen.report.differences import STYLES, Comparison

Object = dict[str, Any]
Change = Callable[[Object], object]
TARGET = Target()
ROOT = Path(__file__).parents[2]
SYNC, COMPARE = "argocd.argoproj.io/sync-options", "argocd.argoproj.io/compare-options"
TRACKING = "argocd.argoproj.io/tracking-id"
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def experiment(name: str = "mnist", **counters: int) -> Object:
    """Make an Experiment of twelve trials, three at once."""
    made: Object = manifest()
    made["metadata"] = {"name": name, "namespace": "team"}
    made["spec"].update(counters)
    return made


def config(name: str = "settings", **data: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "team"}, "data": data}


def claim(storage_class: str = "slow", storage: str = "1Gi") -> Object:
    spec = {"storageClassName": storage_class, "resources": {"requests": {"storage": storage}}}
    head = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": "team"}}
    return {**head, "spec": spec}


def quota(**hard: str | int) -> Object:
    return {**config("gpus"), "kind": "ResourceQuota", "data": None, "spec": {"hard": hard}}


def secret(**data: str) -> Object:
    coded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return {**config("hub"), "kind": "Secret", "type": "Opaque", "data": coded}


def live(obj: Object, *, applied: Object | None = None, app: str = "app", **status: object) -> Object:
    """Make what a cluster gives back of an object that Argo CD has applied."""
    out = copy.deepcopy(obj)
    kind, name = obj["kind"], obj["metadata"]["name"]
    out["metadata"] |= {
        "uid": "0f2c", "resourceVersion": "812", "generation": 3, "creationTimestamp": "2026-05-01T10:00:00Z",
        "managedFields": [{"manager": "argocd-controller"}], "finalizers": ["update-prometheus-metrics"],
    }  # fmt: skip
    marks = {TRACKING: f"{app}:kubeflow.org/{kind}:team/{name}", APPLIED: json.dumps(applied or obj)}
    out["metadata"].setdefault("annotations", {}).update(marks)
    return {**out, "status": status} if status else out


def application(**automated: object) -> bytes:
    """Make the Application that applies the manifests."""
    policy = {"automated": automated} if automated else {}
    spec = {"syncPolicy": policy, "project": "default"}
    head = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "app"}}
    return json.dumps({**head, "spec": spec}).encode()


def unmarked(obj: Object) -> Object:
    del obj["metadata"]["annotations"]
    return obj


def changed(obj: Object, *changes: Change) -> Object:
    out = copy.deepcopy(obj)
    for change in changes:
        change(out)
    return out


def side(*objects: Object, app: bytes | None = None, complete: bool = True, name: str = "env/prod") -> Side:
    files = {f"{at}.yaml": json.dumps(obj).encode() for at, obj in enumerate(objects)}
    return Side(name, files=files, application=app, complete=complete)


def listed(*objects: Object) -> Side:
    """Make what `kubectl get -o yaml` prints of some kinds."""
    return printed({"apiVersion": "v1", "kind": "List", "items": list(objects)})


def printed(obj: Object) -> Side:
    return Side("live.yaml", files={"live.yaml": json.dumps(obj).encode()}, complete=False)


def compared(before: Side, after: Side) -> Differences:
    return difference(before, after, TARGET)


def one(before: Side, after: Side) -> Fate:
    (fate,) = compared(before, after).fates
    return fate


def actions(found: Differences) -> list[str]:
    return [f"{fate.action} {fate.kind}/{fate.name}" for fate in found.fates]


def said(fate: Fate) -> list[str]:
    """Write each field that changed as `path: before -> after`."""
    return [f"{field_text(c.path)}: {_shown(c.before)} -> {_shown(c.after)}" for c in fate.changes]


def _shown(value: object) -> str:
    return "-" if value == () else json.dumps(value)


def options(text: str) -> Change:
    return lambda obj: obj["metadata"].setdefault("annotations", {}).update({SYNC: text})


def lr(obj: Object) -> Any:
    return obj["spec"]["parameters"][0]["feasibleSpace"]


def container(obj: Object) -> Any:
    return obj["spec"]["trialTemplate"]["trialSpec"]["spec"]["template"]["spec"]["containers"][0]


def widen(obj: Object) -> object:
    return lr(obj).update(max="0.5")


# What is no difference


def reorder(obj: Object) -> object:
    spec = obj.pop("spec")
    obj.update({"spec": dict(reversed(spec.items())), "kind": obj.pop("kind")})
    return obj


def drop_defaults(obj: Object) -> object:
    spec = obj["spec"]
    for key in ("parallelTrialCount", "resumePolicy", "metricsCollectorSpec"):
        del spec[key]
    del spec["objective"]["metricStrategies"]
    for parameter in spec["parameters"]:
        del parameter["feasibleSpace"]["distribution"]
    return [spec["trialTemplate"].pop(key) for key in ("successCondition", "failureCondition")]


SAME: list[Any] = [
    pytest.param(lambda _: None, id="nothing was touched"),
    pytest.param(reorder, id="keys in another order"),
    pytest.param(drop_defaults, id="without what Katib defaults"),
    pytest.param(lambda e: e["spec"]["trialTemplate"].update(retain=False), id="a zero value that Katib drops"),
    pytest.param(lambda e: e["spec"].update(earlyStopping=None), id="a null that Katib drops"),
    pytest.param(lambda e: e["metadata"].update(labels={}, annotations={}), id="empty labels"),
    pytest.param(lambda e: e["metadata"].update(creationTimestamp=None), id="creationTimestamp: null"),
    pytest.param(lambda e: e.update(live(e, trials=5)), id="what the server, Katib and Argo CD write"),
    pytest.param(lambda e: e["metadata"].update(ownerReferences=[{"kind": "X"}], selfLink="/x"), id="owners"),
    pytest.param(lambda e: e["metadata"].pop("namespace"), id="the namespace that the Application fills in"),
    pytest.param(lambda e: e["spec"]["objective"].update(goal=1), id="1 where 1.0 was"),
]


@pytest.mark.parametrize("change", SAME)
def test_what_is_no_difference(change: Change) -> None:
    mine = changed(experiment(), lambda e: e["spec"]["objective"].update(goal=1.0))
    for pair in ((changed(mine, change), mine), (mine, changed(mine, change))):
        fate = one(*map(side, pair))
        assert (fate.action, fate.changes, fate.reason) == (Action.NONE, (), "")


def test_quoting_is_no_difference() -> None:
    written = writer.write(make(experiment(), NOWHERE)).encode()
    quoted = written.replace(b"maxTrialCount: 12", b'"maxTrialCount": 0xC').replace(b"'0.01'", b'"0.01"')
    fate = one(Side("a", files={"a.yaml": quoted}), Side("b", files={"b.yaml": written}))
    assert (fate.action, quoted != written) == (Action.NONE, True)


SHUFFLED = st.randoms(use_true_random=False)


@settings(deadline=None)
@given(SHUFFLED, st.booleans(), st.booleans())
def test_an_experiment_written_in_any_way_is_the_same(random: Any, short: bool, dumped: bool) -> None:
    def shuffle(tree: Any) -> Any:
        if isinstance(tree, dict):
            keys = list(tree)
            random.shuffle(keys)
            return {key: shuffle(tree[key]) for key in keys}
        return [shuffle(item) for item in tree] if isinstance(tree, list) else tree

    other = shuffle(changed(experiment(), *([drop_defaults] if short else [])))
    other = live(other, trials=3) if dumped and not short else other  # what is stored has its defaults
    data = writer.write(make(other, NOWHERE)) if random.random() < 0.5 else json.dumps(other, indent=1)
    found = compared(Side("a", files={"a.yaml": data.encode()}), side(experiment()))
    assert not found.differ


# Which field it is

FIELDS: list[Any] = [
    pytest.param(lambda e: e["spec"].update(maxTrialCount=24), ["spec.maxTrialCount: 12 -> 24"], id="a counter"),
    pytest.param(widen, ['spec.parameters[lr].feasibleSpace.max: "0.05" -> "0.5"'], id="a bound of a parameter"),
    pytest.param(
        lambda e: e["spec"]["parameters"].insert(0, {"name": "wd", **double()}),
        [f"spec.parameters[wd]: - -> {json.dumps({'name': 'wd', **double()})}"],
        id="a parameter before the others is one change",
    ),
    pytest.param(
        lambda e: e["spec"]["parameters"].reverse(),
        ['spec.parameters (order): ["lr", "mo"] -> ["mo", "lr"]'],
        id="parameters in another order, which Katib refuses",
    ),
    pytest.param(
        lambda e: e["spec"]["algorithm"].update(algorithmSettings=[{"name": "random_state", "value": "1"}]),
        ['spec.algorithm.algorithmSettings: - -> [{"name": "random_state", "value": "1"}]'],
        id="the first setting of an algorithm",
    ),
    pytest.param(
        lambda e: e["metadata"].update(labels={"team": "a"}), ['metadata.labels.team: - -> "a"'], id="the first label"
    ),
    pytest.param(
        lambda e: container(e).update(image="a:2"),
        ['spec.trialTemplate.trialSpec.spec.template.spec.containers[tc].image: "a:1" -> "a:2"'],
        id="an image, by the name of its container",
    ),
    pytest.param(
        lambda e: e["spec"]["objective"].update(type="maximize"),
        ['spec.objective.type: "minimize" -> "maximize"'],
        id="the type of the objective alone, as the strategy is spelled out",
    ),
]


@pytest.mark.parametrize(("change", "expected"), FIELDS)
def test_which_field_changed(change: Change, expected: list[str]) -> None:
    mine = changed(experiment(), lambda e: container(e).update(image="a:1"))
    assert said(one(side(mine), side(changed(mine, change)))) == expected


# What happens to an Experiment under its name

MAX = "spec.maxTrialCount"
DONE = {"type": "Succeeded", "status": "True", "reason": "ExperimentMaxTrialsReached"}
UPDATES: list[Any] = [
    pytest.param(
        {}, lambda e: e["spec"].update(maxTrialCount=24), Action.IN_PLACE,
        "maxTrialCount 12 -> 24: Katib edits it in place", id="a counter is raised",
    ),
    pytest.param(
        {}, lambda e: e["spec"].update(maxTrialCount=24, parallelTrialCount=6), Action.IN_PLACE,
        "parallelTrialCount 3 -> 6 and maxTrialCount 12 -> 24: Katib edits them in place", id="two counters",
    ),
    pytest.param(
        {}, lambda e: e["metadata"].update(labels={"a": "b"}), Action.IN_PLACE,
        "only labels and annotations changed: they are edited in place", id="a label",
    ),
    pytest.param(
        {}, widen, Action.REJECTED,
        "the search changed under a fixed name: Katib refuses every change but the three counters", id="the search",
    ),
    pytest.param(
        {}, lambda e: e["spec"]["parameters"].reverse(), Action.REJECTED,
        "the search changed under a fixed name: Katib refuses every change but the three counters", id="order alone",
    ),
    pytest.param(
        {"trials": 6}, lambda e: e["spec"].update(maxTrialCount=6), Action.REJECTED, "6 trials have been created",
        id="a counter at the trials that a live object has made",
    ),
    pytest.param(
        {"trials": 6}, lambda e: e["spec"].update(maxTrialCount=7), Action.IN_PLACE, "maxTrialCount 12 -> 7",
        id="a counter above them",
    ),
    pytest.param(
        {"trials": 12, "conditions": [DONE]}, lambda e: e["spec"].update(maxTrialCount=24), Action.REJECTED,
        "all its trials are done and its resumePolicy is Never", id="a counter of one that has completed for good",
    ),
    pytest.param(
        {"trials": 12, "conditions": [DONE]}, lambda e: e["metadata"].update(labels={"a": "b"}), Action.IN_PLACE,
        "only labels", id="a label of one that has completed for good",
    ),
    pytest.param(
        {}, lambda e: (widen(e), options("Force=true,Replace=true")(e)), Action.IN_PLACE,
        "Argo CD deletes it and makes it anew", id="one that Argo CD is told to delete first",
    ),
    pytest.param(
        {}, lambda e: (widen(e), options("Replace=true")(e)), Action.REJECTED, "the search changed",
        id="Replace alone does not help",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("status", "change", "action", "reason"), UPDATES)
def test_what_happens_under_one_name(status: Object, change: Change, action: Action, reason: str) -> None:
    old = live(experiment(), **status) if status else experiment()
    fate = one(side(old), side(changed(experiment(), change)))
    assert (fate.action, reason in fate.reason, bool(fate.refusals)) == (action, True, action is Action.REJECTED)
    assert all(refusal.help and refusal.reason for refusal in fate.refusals)


@pytest.mark.parametrize(("own", "action"), [("Force=true", Action.IN_PLACE), ("Prune=false", Action.REJECTED)])
def test_an_application_can_replace_all_of_it_and_force_none(own: str, action: Action) -> None:
    app = application(prune=True).replace(b'"automated"', b'"syncOptions": ["Force=true", "Replace=true"], "automated"')
    old = changed(experiment(), options(own))
    assert one(side(old, app=app), side(changed(old, widen))).action is action


def test_which_changes_can_be_edited_in_place() -> None:
    new = changed(experiment(maxTrialCount=24), widen)
    fate = one(side(experiment()), side(new))
    assert {field_text(c.path): c.editable for c in fate.changes} == {
        "spec.maxTrialCount": True,
        "spec.parameters[lr].feasibleSpace.max": False,
    }


def test_a_side_effect_of_a_live_experiment_is_told() -> None:
    status: Object = {"trials": 6, "trialsRunning": 3, "conditions": [{"type": "Running", "status": "True"}]}
    fate = one(side(live(experiment(), **status)), side(experiment(parallelTrialCount=1)))
    assert fate.action is Action.IN_PLACE
    assert any("deletes trials" in effect.text for effect in fate.effects)


def test_an_experiment_that_an_older_katib_stored_is_told_apart() -> None:
    """It has no `distribution`; Katib adds it to every update, and refuses the update for it."""

    def undrawn(obj: Object) -> object:
        return [p["feasibleSpace"].pop("distribution") for p in obj["spec"]["parameters"]]

    old = live(changed(experiment(), undrawn), trials=2)
    fate = one(side(old), side(experiment()))
    assert (fate.action, fate.reason) == (Action.REJECTED, fate.refusals[0].reason)  # nobody changed the search
    assert STYLES["text"](Comparison(Differences((fate,)))).count(fate.reason) == 1
    assert said(fate)[0] == 'spec.parameters[lr].feasibleSpace.distribution: - -> "uniform"'
    assert one(side(old), side(changed(experiment(), undrawn))).action is Action.NONE
    assert one(side(changed(experiment(), undrawn)), side(experiment())).action is Action.NONE  # in Git: no difference


def test_what_is_refused_costs_what_it_did() -> None:
    fate = one(side(experiment()), side(changed(experiment(maxTrialCount=24), widen)))
    assert (fate.action, fate.before, fate.after) == (Action.REJECTED, Cost(12), Cost(12))


# New names

PAIRS: list[Any] = [
    pytest.param(
        ["mnist-00000001"], ["mnist-00000002"],
        ["rename Experiment/mnist-00000002", "prune Experiment/mnist-00000001"], id="another hash",
    ),
    pytest.param(["mnist"], ["mnist-0000000a"], ["prune Experiment/mnist", "rename Experiment/mnist-0000000a"],
                 id="hashed from now on"),
    pytest.param(["mnist-0000000a"], ["mnist"], ["rename Experiment/mnist", "prune Experiment/mnist-0000000a"],
                 id="fixed from now on"),
    pytest.param(["mnist"], ["iris"], ["create Experiment/iris", "prune Experiment/mnist"], id="another name"),
    pytest.param(["a-00000001", "b-00000001"], ["a-00000002", "b-00000001"],
                 ["prune Experiment/a-00000001", "rename Experiment/a-00000002", "none Experiment/b-00000001"],
                 id="one of two"),
    pytest.param([], ["mnist"], ["create Experiment/mnist"], id="a new one"),
    pytest.param(["mnist"], [], ["prune Experiment/mnist"], id="one that left"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "expected"), PAIRS)
def test_names(before: list[str], after: list[str], expected: list[str]) -> None:
    found = compared(side(*map(experiment, before)), side(*map(experiment, after)))
    assert sorted(actions(found)) == sorted(expected)


def test_a_new_name_says_what_caused_it_and_what_it_leaves_behind() -> None:
    old = changed(experiment("mnist-00000001"), options("Prune=false"))
    new = changed(experiment("mnist-00000002", maxTrialCount=24), options("Prune=false"), widen)
    left, made = compared(side(old), side(new)).fates
    assert (left.action, left.other) == (Action.KEEP, "mnist-00000002")
    assert left.reason.startswith("mnist-00000002 takes its place; Prune=false keeps it in the cluster")
    assert (made.action, made.other) == (Action.RENAME, "mnist-00000001")
    assert made.reason.startswith("spec.parameters[lr].feasibleSpace.max changed, and so did its name")
    assert said(made) == ["spec.maxTrialCount: 12 -> 24", 'spec.parameters[lr].feasibleSpace.max: "0.05" -> "0.5"']
    assert [effect.text for effect in made.effects] == [
        "mnist-00000001 is kept, and runs on beside it until it has finished"
    ]
    assert (made.before, made.after, left.before, left.after) == (Cost(12), Cost(24), None, None)
    ended = live(old, trials=12, conditions=[DONE])
    assert [fate.effects for fate in compared(side(ended), side(new)).fates] == [(), ()]


def test_of_several_old_runs_in_a_cluster_the_newest_is_the_one_before() -> None:
    old = [live(experiment(f"mnist-0000000{n}")) for n in (1, 2, 3)]
    old[1]["metadata"]["creationTimestamp"] = "2026-06-01T10:00:00Z"
    found = compared(listed(*old), side(experiment("mnist-00000009")))
    assert actions(found) == ["prune Experiment/mnist-00000002", "rename Experiment/mnist-00000009"]
    assert found.passed_over == ("live.yaml: 2 earlier runs of the same experiments: mnist-00000001, mnist-00000003",)


def test_an_earlier_run_that_the_application_still_prunes_is_told() -> None:
    runs = [live(experiment("mnist-00000001")), live(changed(experiment("mnist-00000002"), options("Prune=false")))]
    current = experiment("mnist-00000003")
    found = compared(listed(*runs, live(current)), side(current, app=application(prune=True)))
    assert actions(found) == ["prune Experiment/mnist-00000001", "none Experiment/mnist-00000003"]
    assert found.passed_over == ("live.yaml: 1 earlier run of the same experiments: mnist-00000002",)


# What left Git

LEFT: list[Any] = [
    pytest.param("", None, Action.PRUNE, "it is deleted if what applies these manifests prunes", id="nothing is known"),
    pytest.param("", {"prune": True}, Action.PRUNE, "its Application prunes it, and its trials", id="it prunes"),
    pytest.param("", {"prune": False}, Action.KEEP, "its Application is OutOfSync from then on", id="it does not"),
    pytest.param("", {}, Action.KEEP, "it stays until somebody prunes", id="it syncs only when told to"),
    pytest.param("", {"prune": True, "enabled": False}, Action.KEEP, "until somebody prunes", id="switched off"),
    pytest.param("Prune=false", {"prune": True}, Action.KEEP, "Prune=false keeps it", id="its own option counts"),
    pytest.param("Delete=false, Prune=false", {"prune": True}, Action.KEEP, "Prune=false keeps", id="among others"),
    pytest.param("Prune=confirm", {"prune": True}, Action.PRUNE, "once somebody has confirmed", id="somebody is asked"),
    pytest.param("prune=false", {"prune": True}, Action.PRUNE, "prunes it", id="an option that is misspelt"),
]


@pytest.mark.parametrize(("own", "automated", "action", "reason"), LEFT)
def test_what_becomes_of_what_left_git(own: str, automated: Object | None, action: Action, reason: str) -> None:
    app = None if automated is None else application(**automated)
    old = changed(experiment(), *([options(own)] if own else []))
    found = compared(side(old, config(), app=app), side(config(), app=app))
    fate = next(fate for fate in found.fates if fate.kind == "Experiment")
    assert (fate.action, fate.reason.startswith("it left Git"), reason in fate.reason) == (action, True, True)
    assert (fate.before, fate.after) == (Cost(12), None)


def test_the_application_of_before_counts_where_there_is_no_other() -> None:
    fates = compared(side(experiment(), config(), app=application(prune=False)), side(config())).fates
    assert [fate.action for fate in fates if fate.kind == "Experiment"] == [Action.KEEP]


def test_an_application_can_keep_all_of_it_from_3_4_on() -> None:
    app = application(prune=True).replace(b'"automated"', b'"syncOptions": ["Prune=false"], "automated"')
    sides = side(experiment(), config(), app=app), side(config(), app=app)
    found = {v: difference(*sides, TARGET._replace(argocd=v)).fates for v in ("3.3", "3.4")}
    assert [found[v][2].action for v in found] == [Action.PRUNE, Action.KEEP]


def test_ignored_leftovers_leave_the_application_synced() -> None:
    old = changed(
        experiment(),
        options("Prune=false"),
        lambda e: e["metadata"]["annotations"].update({COMPARE: "IgnoreExtraneous"}),
    )
    assert one(side(old), side()).reason == "it left Git: Prune=false keeps it in the cluster"


def test_argo_cd_does_not_prune_all_there_is() -> None:
    for allowed, action in ((False, Action.KEEP), (True, Action.PRUNE)):
        app = application(prune=True, allowEmpty=allowed)
        fates = compared(side(experiment(), app=app), side(app=app)).fates
        assert [fate.action for fate in fates if fate.kind == "Experiment"] == [action]


def test_the_option_must_be_on_the_object_that_is_there() -> None:
    app = application(prune=True)
    new = changed(experiment("mnist-00000002"), options("Prune=false"))
    left = compared(side(experiment("mnist-00000001"), app=app), side(new, app=app)).fates[1]
    assert (left.name, left.action) == ("mnist-00000001", Action.PRUNE)


# Other objects

OTHERS: list[Any] = [
    pytest.param(config(a="1"), config(a="1"), Action.NONE, [], id="the same"),
    pytest.param(config(a="1"), config(a="2"), Action.IN_PLACE, ['data.a: "1" -> "2"'], id="edited"),
    pytest.param(config(a="1", b="2"), config(a="1"), Action.IN_PLACE, ['data.b: "2" -> -'], id="a key less in Git"),
    pytest.param(
        live(config(a="1", b="2"), applied=config(a="1")), config(a="1"), Action.NONE, [],
        id="a key that the cluster alone has",
    ),
    pytest.param(
        live(config(a="1", b="2")), config(a="1"), Action.IN_PLACE, ['data.b: "2" -> -'],
        id="a key that was applied, and is wanted no more",
    ),
    pytest.param(
        {**config(a="1"), "immutable": True}, {**config(a="2"), "immutable": True}, Action.REJECTED,
        ['data.a: "1" -> "2"'], id="one that is immutable",
    ),
    pytest.param(
        claim(storage="1Gi"), claim(storage="2Gi"), Action.IN_PLACE,
        ['spec.resources.requests.storage: "1Gi" -> "2Gi"'], id="a claim that grows",
    ),
    pytest.param(
        claim("slow"), claim("fast"), Action.REJECTED, ['spec.storageClassName: "slow" -> "fast"'],
        id="a claim of another class",
    ),
    pytest.param(
        live(quota(pods="10", memory="1Gi")), quota(pods=10, memory="1024Mi"), Action.NONE, [],
        id="quantities as the server writes them",
    ),
    pytest.param(
        live(quota(pods="10")), quota(pods=11), Action.IN_PLACE, ['spec.hard.pods: "10" -> 11'],
        id="another quantity",
    ),
    pytest.param(
        claim("slow"), changed(claim("fast"), options("Force=true")), Action.IN_PLACE,
        [f'metadata.annotations["{SYNC}"]: - -> "Force=true"', 'spec.storageClassName: "slow" -> "fast"'],
        id="one that kubectl may delete and make anew",
    ),
    pytest.param(
        claim("slow"), changed(claim("fast"), options("Force=true,ServerSideApply=true")), Action.REJECTED,
        [f'metadata.annotations["{SYNC}"]: - -> "Force=true,ServerSideApply=true"',
         'spec.storageClassName: "slow" -> "fast"'],
        id="force, where the server applies",
    ),
    pytest.param(secret(a="b"), secret(a="c"), Action.IN_PLACE, ['data.a: "***" -> "***"'], id="a Secret"),
    pytest.param({**secret(), "stringData": {"a": "b"}}, secret(a="b"), Action.NONE, [], id="a Secret in plain text"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "action", "expected"), OTHERS)
def test_other_objects(before: Object, after: Object, action: Action, expected: list[str]) -> None:
    fate = one(side(before), side(after))
    assert (fate.action, said(fate)) == (action, expected)


def test_the_application_is_compared_too() -> None:
    before, after = (side(app=application(prune=on)) for on in (False, True))
    fate = one(before, after)
    assert (fate.kind, said(fate)) == ("Application", ["spec.syncPolicy.automated.prune: false -> true"])


# What a dump speaks of

PRINTED: list[Any] = [
    pytest.param(
        printed(live(experiment())),
        ["none Experiment/mnist"],
        ["live.yaml holds one object: 2 objects of env/prod are not compared"], id="one object",
    ),
    pytest.param(
        printed(live(experiment("iris-00000001"))),
        ["prune Experiment/iris-00000001", "rename Experiment/iris-00000002"],
        ["live.yaml holds one object: 2 objects of env/prod are not compared"], id="one object of another hash",
    ),
    pytest.param(
        listed(live(experiment())), ["create Experiment/iris-00000002", "none Experiment/mnist"],
        ["live.yaml says nothing of ConfigMap: 1 object of env/prod is not compared"], id="all of a kind",
    ),
    pytest.param(
        listed(), [], ["live.yaml says nothing of ConfigMap, Experiment: 3 objects of env/prod are not compared"],
        id="none at all",
    ),
    pytest.param(
        listed(*map(live, (experiment(), config())), live(config("b"), app="others"), unmarked(live(config("c")))),
        ["none ConfigMap/settings", "create Experiment/iris-00000002", "none Experiment/mnist"],
        ["live.yaml: 2 objects that are not of these files"], id="objects of other people",
    ),
    pytest.param(
        listed(live(experiment()), live(experiment("old")), live(config())),
        ["none ConfigMap/settings", "create Experiment/iris-00000002", "none Experiment/mnist", "prune Experiment/old"],
        [], id="one that was Git's",
    ),
    pytest.param(
        listed(changed(live(experiment()), lambda e: e["metadata"].update(namespace="elsewhere"))),
        ["prune Experiment/mnist"],
        ["live.yaml says nothing of ConfigMap, Experiment in team: 3 objects of env/prod are not compared"],
        id="all of another namespace",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("dump", "expected", "notes"), PRINTED)
def test_a_dump_is_asked_only_what_it_can_say(dump: Side, expected: list[str], notes: list[str]) -> None:
    app = application(prune=True)
    after = side(experiment(), experiment("iris-00000002"), config(), app=app)
    found = compared(dump, after)
    assert (actions(found), list(found.passed_over)) == (expected, notes)


def test_whose_an_object_of_the_cluster_is_shows_in_those_that_were_found_again() -> None:
    """An ApplicationSet makes the Application, whose name nobody here knows."""
    theirs, ours = live(experiment("theirs"), app="others"), live(experiment("left"))
    found = compared(listed(live(experiment()), theirs, ours), side(experiment()))
    assert sorted(actions(found)) == ["none Experiment/mnist", "prune Experiment/left"]
    assert actions(compared(listed(theirs), side(experiment())))[1] == "prune Experiment/theirs"  # nothing tells


def test_what_the_cluster_is_deleting_is_named() -> None:
    going = changed(live(experiment()), lambda e: e["metadata"].update(deletionTimestamp="2026-05-02T10:00:00Z"))
    found = compared(listed(going, live(experiment("iris"))), side(experiment(), experiment("iris")))
    assert found.passed_over == ("live.yaml: being deleted, and soon not there to be edited: mnist",)


def test_a_file_against_a_file_says_all_there_is() -> None:
    old, new = experiment(), experiment("iris")
    assert actions(compared(printed(old), printed(new))) == ["create Experiment/iris", "prune Experiment/mnist"]
    assert actions(compared(printed(live(old)), printed(new))) == []


def test_hooks_and_objects_without_a_name_are_not_compared() -> None:
    hook = changed(config("hook"), lambda c: c["metadata"].update(annotations={"argocd.argoproj.io/hook": "Sync"}))
    nameless = changed(config(), lambda c: c["metadata"].pop("name"))
    found = compared(side(name="a"), side(hook, nameless, config(), config(), name="b"))
    assert actions(found) == ["create ConfigMap/settings"]
    assert found.passed_over == (
        "b: 1 object without a name",
        "b: 1 object that Argo CD runs as a hook",
        "b: 1 object written twice, of which the last one counts",
    )


@pytest.mark.parametrize("data", [b"a: [", b"\xff\xfe\x00", b"kind: [1"])
def test_a_file_that_cannot_be_read_is_an_error(data: bytes) -> None:
    with pytest.raises(InputError):
        compared(Side("a", files={"a.yaml": data}), side())
    with pytest.raises(InputError):
        compared(side(), side(app=data))


# A workspace

SPEC = """\
objective: {maximize: acc}
algorithm: random
trials: {max: 12, parallel: 3}
parameters: {lr: {double: [0.01, 0.05]}}
trial: {image: "a:1", command: [python, t.py], resources: {gpu: 2}}
"""
ENVIRONMENT = """\
namespace: team
naming: hashed
history: keep
overlays: [more]
experiments: [mnist]
argocd: {repoURL: "https://git.example.com/x.git", name: app}
"""
FILES = {"kgen.yaml": "{}", "experiments/mnist.yaml": SPEC, "environments/prod/environment.yaml": ENVIRONMENT}
MORE = "experiment: {trials: {parallel: 4}}\n"


def rendered(environment: str = "prod", **files: str) -> Rendered:
    every = {**FILES, "overlays/more.yaml": MORE, **{k.replace("__", "/") + ".yaml": v for k, v in files.items()}}
    made = pipeline.render({name: text.encode() for name, text in every.items()}, environment)
    assert made.files, made.diagnostics
    return made


def committed(made: Rendered) -> Side:
    return Side("HEAD:rendered/prod", files=made.files, application=made.application)


def test_what_was_committed_is_what_is_rendered() -> None:
    made = rendered()
    found = compared(committed(made), Side("env/prod", made))
    assert [fate.action for fate in found.fates] == [Action.NONE] * 2
    assert found.fates[1].origin is not None
    assert found.fates[1].origin.file == "experiments/mnist.yaml"


@pytest.mark.parametrize("home", sorted(ROOT.glob("tests/golden/*/environments")), ids=lambda home: home.parent.name)
def test_all_that_kgen_writes_reads_back_as_the_same(home: Path) -> None:
    sources = read_workspace(str(home.parent))
    for environment in (folder.name for folder in home.iterdir()):
        (made,) = render_all(sources, (environment,), ())
        if not any(problem.severity is Severity.ERROR for problem in made.diagnostics):
            assert not difference(committed(made), Side(f"env/{environment}", made), made.target).differ


def test_each_change_names_the_line_of_the_layer_behind_it() -> None:
    new = rendered(overlays__more="experiment:\n  trials: {parallel: 6}\n  parameters: {lr: {double: [0.01, 0.5]}}\n")
    left, made = compared(committed(rendered()), Side("env/prod", new)).fates[1:]
    if made.action is not Action.RENAME:
        left, made = made, left
    places = {field_text(change.path): str(change.origin) for change in made.changes}
    assert places == {
        "spec.parallelTrialCount": "overlays/more.yaml:2:22",
        "spec.parameters[lr].feasibleSpace.max": "overlays/more.yaml:3:36",
    }
    assert (left.action, made.other) == (Action.KEEP, left.name)
    assert (made.before, made.after) == (Cost(12, 8, 24), Cost(12, 12, 24))


def test_a_counter_keeps_the_name() -> None:
    new = rendered(overlays__more="experiment: {trials: {max: 48, parallel: 4}}\n")
    fate = compared(committed(rendered()), Side("env/prod", new)).fates[1]
    assert (fate.action, fate.before, fate.after) == (Action.IN_PLACE, Cost(12, 8, 24), Cost(48, 8, 96))


def test_a_tree_that_an_older_kgen_committed_is_stored_as_it_is() -> None:
    """It wrote no `distribution` for Katib 0.17, which the cluster has run; now it runs 0.19."""
    fixed = ENVIRONMENT.replace("hashed", "fixed")
    old = rendered(environments__prod__environment=fixed + "target: {katib: '0.17'}\n")
    fate = compared(committed(old), Side("env/prod", rendered(environments__prod__environment=fixed))).fates[1]
    assert (fate.action, "distribution" in fate.refusals[0].reason) == (Action.REJECTED, True)


def test_a_side_that_was_not_rendered_is_an_error() -> None:
    with pytest.raises(InputError, match="nowhere"):
        compared(side(), Side("env/nowhere", pipeline.render({"kgen.yaml": b"{}"}, "nowhere")))


def test_two_environments_are_compared_by_content() -> None:
    staging = ENVIRONMENT.replace("team", "elsewhere").replace("more", "less").replace("hashed", "fixed")
    files = {
        "environments__staging__environment": staging,
        "overlays__less": "experiment: {trials: {max: 3}}\n",
        "experiments__iris": SPEC,
        "environments__prod__environment": ENVIRONMENT.replace("[mnist]", "[mnist, iris]"),
    }
    found = compared(Side("env/staging", rendered("staging", **files)), Side("env/prod", rendered("prod", **files)))
    iris, mnist = found.fates
    assert (iris.action, iris.name.startswith("iris-"), mnist.action) == (Action.CREATE, True, Action.IN_PLACE)
    assert said(mnist) == ["spec.parallelTrialCount: 3 -> 4", "spec.maxTrialCount: 3 -> 12"]
    assert (mnist.reason, mnist.refusals, mnist.effects) == ("2 fields differ", (), ())
    assert (mnist.before, mnist.after) == (Cost(3, 6, 6), Cost(12, 8, 24))


# Secrets

CANARY = "correct-horse-battery-staple"
HOLDERS: list[Any] = [
    pytest.param(lambda s: secret(any=s), id="a value of a Secret"),
    pytest.param(lambda s: {**secret(), "stringData": {"any": s}}, id="a value of a Secret in plain text"),
    pytest.param(lambda s: changed(experiment(), env("DB_PASSWORD", s)), id="an environment variable"),
    pytest.param(lambda s: changed(experiment(), args(f"--token={s}")), id="an argument"),
    pytest.param(lambda s: changed(experiment(), args("--token", s)), id="the argument behind a flag"),
    pytest.param(lambda s: changed(experiment(), args("-c", f"login --password={s} && train")), id="a script"),
    pytest.param(lambda s: changed(experiment(), args(f"https://me:{s}@git.example.com")), id="a URL"),
    pytest.param(lambda s: config(api_key=s), id="a key of a ConfigMap"),
    pytest.param(lambda s: config(ini=f"[db]\nuser = x\npassword = {s}\n"), id="a file in a ConfigMap"),
    pytest.param(
        lambda s: changed(experiment(), lambda e: e["metadata"].update(annotations={"hub.example/token": s})),
        id="an annotation",
    ),
]


def env(name: str, value: str) -> Change:
    return lambda e: container(e).update(env=[{"name": name, "value": value}])


def args(*values: str) -> Change:
    return lambda e: container(e).update(args=list(values))


def test_what_is_compared_holds_no_credential_either() -> None:
    """Whoever makes a report of one's own has nothing to mask but what no name and no form gives away."""
    for make_one in (holder.values[0] for holder in HOLDERS[:8]):
        (found,) = compared(side(make_one(CANARY)), side(make_one(CANARY + "s"))).fates
        assert CANARY not in repr(found)


@pytest.mark.parametrize("make_one", HOLDERS)
@pytest.mark.parametrize("style", STYLES)
def test_no_report_holds_a_credential(style: str, make_one: Callable[[str], Object]) -> None:
    coded = base64.b64encode(CANARY.encode()).decode()
    for old, new in ((CANARY, "other-horse-battery"), ("other-horse-battery", CANARY), (CANARY, CANARY + "s")):
        found = compared(side(make_one(old)), side(make_one(new)))
        written = STYLES[style](Comparison(found, "a", "b"))
        assert found.differ
        assert CANARY not in written
        assert coded[:20] not in written
        assert "***" in written
    added = compared(side(experiment(), config(), secret()), side(make_one(CANARY)))
    assert CANARY not in STYLES[style](Comparison(added, "a", "b"))


# Laws

OBJECTS = st.lists(
    st.sampled_from(
        [experiment(), experiment("iris-00000001"), experiment("iris-00000002"), config(), config("b"), secret(a="b")]
    ),
    unique_by=json.dumps,
)


@settings(deadline=None)
@given(OBJECTS, st.booleans(), st.booleans())
def test_a_side_compared_with_itself_has_no_difference(objects: list[Object], dumped: bool, complete: bool) -> None:
    before = side(*(live(obj) if dumped else obj for obj in objects), complete=complete)
    found = compared(before, side(*objects))
    assert {fate.action for fate in found.fates} <= {Action.NONE}
    assert len(found.fates) == len(objects)
    assert found.passed_over == ()


@settings(deadline=None)
@given(OBJECTS, OBJECTS)
def test_every_object_has_one_fate(before: list[Object], after: list[Object]) -> None:
    found = compared(side(*before), side(*after))
    names = sorted(f"{fate.kind}/{fate.name}" for fate in found.fates)
    every = {f"{obj['kind']}/{obj['metadata']['name']}" for obj in (*before, *after)}
    assert names == sorted(every)
    assert found.differ is ({json.dumps(o) for o in before} != {json.dumps(o) for o in after})


ODD: list[Any] = [None, True, -1, 0.5, "", "a", "1", [], ["a"], [None], {}, {"a": 1}, {"name": "a"}, {"name": None}]


def holders(value: Any) -> list[Any]:
    """Give every mapping and list that holds something."""
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return ([value] if inner else []) + [found for item in inner for found in holders(item)]


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_no_object_is_too_odd(data: st.DataObject) -> None:
    """Whatever stands where it should not: it is compared, or told as an error."""
    sides = []
    for each in (experiment(), live(experiment(), trials=3), config(a="1"), live(secret(a="b"))):
        bent = copy.deepcopy(each)
        for _ in range(data.draw(st.integers(0, 3))):
            holder = data.draw(st.sampled_from(holders(bent)))
            key = data.draw(st.sampled_from(list(holder) if isinstance(holder, dict) else range(len(holder))))
            holder[key] = copy.deepcopy(data.draw(st.sampled_from(ODD)))
            if not bent:
                break
        sides.append((each, bent))
    app = data.draw(st.sampled_from([None, application(prune=True)]))
    odd, whole = side(*(bent for _, bent in sides), app=app), side(*(each for each, _ in sides))
    for before, after in ((odd, whole), (whole, odd), (odd, odd)):
        with suppress(InputError):
            found = compared(before, after)
            assert all(STYLES[style](Comparison(found, "a", "b")) for style in STYLES)
