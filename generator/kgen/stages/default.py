"""An Experiment to the object that the API server will hold, so that no diff ever shows between the two.

kgen completes first what Katib's defaulter leaves out or gets wrong; then the server's own part follows,
what it adds added openly, what it drops gone.
"""

from __future__ import annotations

from collections.abc import Mapping

from kgen.katib import v1beta1 as katib
from kgen.katib.admission import Admitted, admit
from kgen.katib.decode import FlawKind
from kgen.katib.quantity import canonical
from kgen.katib.trialkinds.kind import TrialKind
from kgen.model.diagnostic import Diagnostic, error
from kgen.model.environment import Target
from kgen.model.node import Node, Span, fields, get, make, put, text_of

TOO_NEW = "KG207"


def default(manifest: Node, kinds: Mapping[str, TrialKind], target: Target, problems: list[Diagnostic]) -> Node:
    """Write out every default, in a manifest or in one that has them already.

    Law: `admit(default(x)).manifest == default(x)`, if nothing is wrong with x.
    """
    out = dict(fields(manifest))
    spec = dict(fields(out["spec"]))
    _fewer_at_once(spec)
    if "metricsCollectorSpec" in spec:
        spec["metricsCollectorSpec"] = _collector(spec["metricsCollectorSpec"], target.katib)
    if "parameters" in spec and not katib.knows_distribution(target.katib):
        spec["parameters"] = _undrawn(spec["parameters"], target.katib, problems)
    if "trialTemplate" in spec:
        spec["trialTemplate"] = _trial_template(spec["trialTemplate"], kinds, target.katib)
    out["spec"] = Node(spec, out["spec"].span)
    given = Node(out, manifest.span)
    admitted = admit(given, target)
    return _with_unknown(given, admitted)


def _with_unknown(given: Node, admitted: Admitted) -> Node:
    """Keep the fields that Katib would drop without a word, for a rule to name the misspelt key."""
    out = admitted.manifest
    for flaw in admitted.flaws:
        dropped = get(given, *flaw.path)
        if flaw.kind is FlawKind.UNKNOWN and flaw.path[: len(katib.TRIAL)] != katib.TRIAL and dropped is not None:
            out = put(out, flaw.path, lambda _: dropped)  # noqa: B023
    return out


def _own(plain: object, for_: str = "") -> Node:
    """What kgen writes where Katib has no default, or one that it then refuses."""
    return make(plain, Span(f"kgen's default for {for_}" if for_ else "kgen's default", 0, 0))


def _absent(spec: Mapping[str, Node], key: str) -> bool:
    return key not in spec or spec[key].value in (None, "", {})


def _fewer_at_once(spec: dict[str, Node]) -> None:
    """Katib's default of three at once is refused where there are fewer trials in all."""
    most = spec.get("maxTrialCount")
    if most is None or type(most.value) is not int or not _absent(spec, "parallelTrialCount"):
        return
    if most.value < katib.PARALLEL_TRIAL_COUNT:
        spec["parallelTrialCount"] = _own(most.value)


def _collector(node: Node, release: str) -> Node:
    """Name the collector that collects nothing as the release does: Push, and before it None."""
    kind = get(node, "collector", "kind")
    if kind is None or kind.value not in ("Push", "None"):
        return node
    name = "Push" if katib.knows_distribution(release) else "None"
    return put(node, ("collector", "kind"), lambda _: Node(name, kind.span))


def _undrawn(parameters: Node, release: str, problems: list[Diagnostic]) -> Node:
    """Take `distribution` out of parameters whose Katib does not know it."""
    if not isinstance(parameters.value, tuple):
        return parameters
    out = []
    for item in parameters.value:
        drawn = get(item, "feasibleSpace", "distribution")
        if drawn is None:
            out.append(item)
        else:
            if text_of(drawn) != katib.DISTRIBUTION:
                message = f"Katib {release} knows no `distribution`: it would draw uniformly"
                help_ = f"remove it, or set the target to Katib {katib.SINCE_DISTRIBUTION} or newer"
                problems.append(error(drawn.span, TOO_NEW, message, help_))
            out.append(put(item, ("feasibleSpace",), _without_distribution))
    return Node(tuple(out), parameters.span)


def _without_distribution(space: Node | None) -> Node:
    assert space is not None
    return Node({key: node for key, node in fields(space).items() if key != "distribution"}, space.span)


def _trial_template(node: Node, kinds: Mapping[str, TrialKind], release: str) -> Node:
    """Write what the kind of trial needs where Katib's defaulter would write nothing, or something else."""
    trial = get(node, "trialSpec")
    if trial is None:
        return node
    out = {**fields(node), "trialSpec": _tidy(trial)}
    name = get(trial, "kind")
    kind = None if name is None else kinds.get(text_of(name))
    if kind is not None:
        upstream = katib.trial_defaults(kind.kind, release)
        labels = kind.labels(trial)
        if upstream is None or upstream != (kind.conditions, labels):
            _complete(out, kind, labels)
    return Node(out, node.span)


def _complete(out: dict[str, Node], kind: TrialKind, labels: Mapping[str, str]) -> None:
    wanted: dict[str, object] = {"primaryPodLabels": dict(labels)} if labels else {}
    if kind.conditions is not None:
        wanted["successCondition"], wanted["failureCondition"] = kind.conditions
    for key, plain in wanted.items():
        if _absent(out, key):
            out[key] = _own(plain, kind.kind)


def _tidy(node: Node, key: str = "") -> Node:
    """Write an emptyDir's size canonically: the webhook refuses a Job that has it another way."""
    value = node.value
    if type(value) is str:
        return node
    if isinstance(value, dict):
        changed = {k: new for k, v in value.items() if (new := _tidy(v, k)) is not v}
        if key == "emptyDir" and "sizeLimit" in value:
            changed["sizeLimit"] = _canonical(value["sizeLimit"])
        return Node({**value, **changed}, node.span) if changed else node
    if isinstance(value, tuple):
        new_items = [_tidy(item) for item in value]
        if any(new is not old for new, old in zip(new_items, value, strict=True)):
            return Node(tuple(new_items), node.span)
    return node


def _canonical(node: Node) -> Node:
    new = canonical(text_of(node))
    return node if new is None else Node(new, node.span)
