"""What Argo CD makes of the ApplicationSets that kgen writes: `--record` asks its code, and keeps what it said.

A case is a workspace; what its ApplicationSet comes to must be what its environments' own Applications are.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from oracle import ask, build
from ruamel.yaml import YAML

from kgen.model.node import plain
from kgen.pipeline import render
from kgen.pipeline.gitops import gitops
from kgen.pipeline.settings import read_settings
from kgen.stages.load import Kind

HERE = Path(__file__).parent
PROGRAM = HERE / "applicationset"
RECORDED = HERE / "recorded" / "applicationsets.json"

_SPEC = """
objective: {minimize: loss}
algorithm: random
trials: {max: 2, parallel: 1, maxFailed: 1}
parameters: {lr: {double: [0.01, 0.1]}}
trial: {image: "registry.example.com/train@sha256:%s", command: [python3, train.py]}
""" % ("a" * 64)
_DEV = """
namespace: team-dev
experiments: [mnist]
argocd:
  repoURL: https://git.example.com/ml.git
  targetRevision: main
  automated: true
  labels: {stage: dev}
"""
_PROD = """
namespace: team-prod
profile: true
experiments: [mnist]
history: keep
argocd:
  name: searches-of-prod
  project: prod
  repoURL: https://git.example.com/ml.git
  targetRevision: release
  automated: {selfHeal: true}
  syncOptions: [ApplyOutOfSyncOnly=true]
  annotations: {note: "braces {{ stay }}, and so do `backquotes` and \\"quotes\\""}
  deletion: cascade
  retry: 2
"""
_PRUNED = """
namespace: team-test
experiments: [mnist]
history: prune
argocd:
  repoURL: https://git.example.com/ml.git
  automated: {prune: true}
  createNamespace: false
  directory: {exclude: "*.json"}
"""
_PLAIN = """
namespace: team-{0}
experiments: [mnist]
argocd: {{name: "katib-{0}", repoURL: "https://git.example.com/ml.git", automated: true}}
"""


class Case(NamedTuple):
    """A workspace, and the parameters that a generator would give."""

    settings: str
    environments: Mapping[str, str]
    clusters: tuple[tuple[str, str], ...] = ()  # by the generator of clusters: name, and environment
    folders: tuple[str, ...] = ()  # beside those of the environments

    @property
    def sources(self) -> dict[str, bytes]:
        """The files of the workspace."""
        files = {"kgen.yaml": self.settings, "experiments/mnist.yaml": _SPEC}
        files |= {f"environments/{name}/environment.yaml": text for name, text in self.environments.items()}
        return {name: text.encode() for name, text in files.items()}


_ALL = {"dev": _DEV, "prod": _PROD, "test": _PRUNED}
_NO_SERVER = {"dev": _DEV, "prod": _PROD}
CASES = {
    "environments that differ in everything": Case("argocd: {applicationSet: {revision: main}}", _ALL),
    "one environment": Case("argocd: {applicationSet: {}}", {"dev": _DEV}),
    "environments that differ in their names": Case(
        "argocd: {applicationSet: {name: searches}}", {name: _PLAIN.format(name) for name in ("a", "b-c")}
    ),
    "a workspace below its repository's root": Case(
        "output: out\nargocd: {folder: teams/ml, applicationSet: {revision: main}}", _ALL
    ),
    "an older Argo CD": Case('target: {argocd: "3.1"}\nargocd: {applicationSet: {revision: main}}', _ALL),
    "clusters with a label": Case(
        "argocd: {applicationSet: {generator: clusters, label: example.com/stage}}",
        _NO_SERVER,
        clusters=(("east", "prod"), ("west", "prod"), ("lab", "dev")),
    ),
    "a folder that is no environment": Case("argocd: {applicationSet: {revision: main}}", _ALL, folders=("old",)),
}


class Made(NamedTuple):
    """What kgen makes of a case: the ApplicationSet, the environments' own Applications, and where they would be."""

    set: dict[str, Any]
    applications: dict[str, dict[str, Any]]
    output: str


def made(case: Case) -> Made:
    """Render a case."""
    settings, wrong = read_settings(case.sources)
    assert not wrong, wrong
    rendered = tuple(render(case.sources, name) for name in Kind.ENVIRONMENT.names(case.sources))
    found = gitops(settings, rendered)
    assert found.files, found.diagnostics
    (name,) = (name for name in found.files if name.startswith("applicationset-"))
    apps: dict[str, Any] = {}
    output = ""
    for each in rendered:
        assert each.delivery is not None
        apps[each.environment] = plain(each.delivery.application)
        output = each.delivery.environment.path.rpartition("/")[0]
    return Made(YAML(typ="safe").load(found.files[name]), apps, output)


def question(case: Case, of: Made) -> dict[str, Any]:
    """Write what the program is asked: the parameters are those that Argo CD's generators give."""
    return {"set": of.set, "parameters": list(_clusters(case) if case.clusters else _directories(case, of))}


def _directories(case: Case, of: Made) -> Iterator[dict[str, Any]]:
    for name in (*sorted(of.applications), *case.folders):
        path = f"{of.output}/{name}"
        segments = path.split("/")
        yield {"path": {"path": path, "basename": name, "basenameNormalized": name, "segments": segments}}


def _clusters(case: Case) -> Iterator[dict[str, Any]]:
    for name, environment in case.clusters:
        server = f"https://{name}.example.com"
        labels = {"example.com/stage": environment, "argocd.argoproj.io/secret-type": "cluster"}
        yield {"name": name, "nameNormalized": name, "server": server, "metadata": {"labels": labels}}


def main() -> None:
    """Ask the program of every case, and keep its answers."""
    asked = {name: question(case, made(case)) for name, case in CASES.items()}
    answers = ask(build(folder=PROGRAM), asked.values())
    kept = {name: {"asked": asked[name], "said": said} for name, said in zip(asked, answers, strict=True)}
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(each, sort_keys=True)}" for name, each in kept.items())
    RECORDED.write_text(f"{{\n{lines}\n}}\n", "utf-8", newline="\n")


if __name__ == "__main__":
    assert sys.argv[1:] == ["--record"], "python tests/conformance/applicationsets.py --record"
    main()
