"""What Argo CD says of the AppProjects that kgen writes: `--record` asks its code, and keeps what it said.

Each project must permit all that its Applications apply; and without any one of its entries it must not, or that entry
were a right that nobody needs.
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from applicationsets import PROGRAM
from oracle import ask, build
from ruamel.yaml import YAML

from kgen.model.experiment import Rendered
from kgen.model.node import plain
from kgen.pipeline import render
from kgen.pipeline.gitops import gitops
from kgen.pipeline.settings import read_settings
from kgen.stages.load import Kind

RECORDED = Path(__file__).parent / "recorded" / "appprojects.json"
GOLDEN = Path(__file__).parent.parent / "golden"
WORKSPACES = ("argocd-projects", "argocd-set", "argocd-set-clusters")
_LISTS = ("sourceRepos", "destinations", "clusterResourceWhitelist", "namespaceResourceWhitelist", "sourceNamespaces")
_MORE = ("ConfigMap", "Deployment", "ResourceFlavor")  # what the golden workspaces ask for beside what they render


def questions() -> dict[str, list[dict[str, Any]]]:
    """Write what is asked of each project, and of it without each of its entries: a list by Application."""
    out: dict[str, list[dict[str, Any]]] = {}
    for workspace in WORKSPACES:
        folder = GOLDEN / workspace
        sources = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.yaml")}
        rendered = tuple(render(sources, name) for name in Kind.ENVIRONMENT.names(sources))
        files = gitops(read_settings(sources)[0], rendered).files
        for name in files:
            if name.startswith("appproject-"):
                project = YAML(typ="safe").load(files[name])
                for what, bent in _bent(project):
                    out[f"{workspace}: {project['metadata']['name']}{what}"] = list(_asked(bent, rendered))
    return out


def _bent(project: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "", project
    for key in _LISTS:
        for index, entry in enumerate(project["spec"].get(key, ())):
            if not isinstance(entry, dict) or entry.get("kind") not in _MORE:
                bent = copy.deepcopy(project)
                del bent["spec"][key][index]
                yield f" without {key}[{index}]", bent


def _asked(project: dict[str, Any], rendered: tuple[Rendered, ...]) -> Iterator[dict[str, Any]]:
    for each in rendered:
        app: Any = None if each.delivery is None else plain(each.delivery.application)
        if app is None or app["spec"]["project"] != project["metadata"]["name"]:
            continue
        if any(entry.get("name") == "*" for entry in project["spec"].get("destinations", ())):
            app["spec"]["destination"] = {"name": "east", "namespace": app["spec"]["destination"]["namespace"]}
        objects = [_object(plain(node)) for node in (*(e.manifest for e in each.experiments), *each.objects)]
        if "CreateNamespace=true" in app["spec"]["syncPolicy"].get("syncOptions", ()):
            name = app["spec"]["destination"]["namespace"]
            objects.append({"group": "", "kind": "Namespace", "namespace": "", "name": name})
        yield {"project": project, "application": app, "objects": objects}


def _object(obj: Any) -> dict[str, str]:
    metadata = obj["metadata"]
    group = obj["apiVersion"].rpartition("/")[0]
    return {"group": group, "kind": obj["kind"], "namespace": metadata.get("namespace", ""), "name": metadata["name"]}


def main() -> None:
    """Ask the program of every project, and keep its answers."""
    asked = questions()
    answers = iter(ask(build(folder=PROGRAM), (one for each in asked.values() for one in each)))
    kept = {
        name: {"asked": each, "said": [next(answers).get("refused", []) for _ in each]} for name, each in asked.items()
    }
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(each, sort_keys=True)}" for name, each in kept.items())
    RECORDED.write_text(f"{{\n{lines}\n}}\n", "utf-8", newline="\n")


if __name__ == "__main__":
    assert sys.argv[1:] == ["--record"], "python tests/conformance/appprojects.py --record"
    main()
