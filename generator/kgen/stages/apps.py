"""The app of apps: one Application that applies the others, and the objects of the workspace."""

from __future__ import annotations

from kgen.katib.argocd import BACKOFF, IN_CLUSTER, MANIFEST_PATHS, REFRESHES
from kgen.katib.v1beta1 import version
from kgen.model.diagnostic import Diagnostic, Related, error
from kgen.model.experiment import Delivery, at_odds
from kgen.model.node import Node, fields, get, make, text_of

DISAGREE = "KG118"


def app_of_apps(settings: Node | None, deliveries: tuple[Delivery, ...], problems: list[Diagnostic]) -> Node | None:
    """Make the Application of `argocd.appOfApps`; None where `kgen.yaml` asks for none, or nothing is delivered."""
    asked = get(settings, "argocd", "appOfApps")
    if asked is None or not deliveries:
        return None
    place, given = asked.span, fields(asked)
    home = get(settings, "argocd", "namespace") or Node("argocd", place)
    folder = deliveries[0].environment.path.rpartition("/")[0]
    automated = given.get("automated")
    policy: dict[str, object] = {"retry": _retry(deliveries)}
    if automated is not None and automated.value is not False:
        policy["automated"] = {} if automated.value is True else automated
    name = given.get("name", Node("apps", place))
    metadata = {"name": name, "namespace": home, "annotations": {MANIFEST_PATHS: "."}}
    source = {
        "repoURL": _agreed(asked, deliveries, "repoURL", problems),
        "targetRevision": _agreed(asked, deliveries, "targetRevision", problems),
        "path": f"{folder}/argocd",
    }
    spec: dict[str, object] = {
        "project": given.get("project", Node("default", place)),
        "source": source,
        "destination": {"server": IN_CLUSTER, "namespace": home},
        "syncPolicy": policy,
    }
    out = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": metadata}
    return make({**out, "spec": spec}, place)


def _retry(deliveries: tuple[Delivery, ...]) -> dict[str, object]:
    refreshes = all(version(each.environment.target.argocd) >= REFRESHES for each in deliveries)
    out: dict[str, object] = {"limit": 5, "backoff": dict(BACKOFF)}
    return {**out, "refresh": True} if refreshes else out


def _agreed(asked: Node, deliveries: tuple[Delivery, ...], key: str, problems: list[Diagnostic]) -> Node:
    """Give what it says itself, or else all environments."""
    own = get(asked, key)
    if own is not None:
        return own
    odds = at_odds(deliveries, "spec", "source", key)
    if odds is not None:
        message = f"environments have different `{key}` for Argo CD: `{text_of(odds[0])}` and `{text_of(odds[1])}`"
        help_ = f"say in `argocd.appOfApps.{key}` of kgen.yaml which one holds its folder"
        problems.append(error(odds[1].span, DISAGREE, message, help_, Related(odds[0].span, "the other")))
    return get(deliveries[0].application, "spec", "source", key) or Node("", asked.span)
