"""The Application of an environment, field by field."""

from __future__ import annotations

from typing import Any

import pytest

from kgen.model.diagnostic import Severity
from kgen.model.node import plain
from kgen.pipeline import render

SPEC = """
objective: {minimize: loss}
algorithm: random
trials: {max: 2, parallel: 1, maxFailed: 1}
parameters: {lr: {double: [0.01, 0.1]}}
trial: {image: "registry.example.com/train:1.0", command: [python3, train.py]}
"""
PATHS = "argocd.argoproj.io/manifest-generate-paths"
RETRY = {"limit": 5, "backoff": {"duration": "5s", "factor": 2, "maxDuration": "3m"}}


def application(argocd: str = "", settings: str = "{}", environment: str = "") -> dict[str, Any]:
    where = (
        f'namespace: team\nexperiments: [mnist]\n{environment}\nargocd: {{repoURL: "https://a.example/b"{argocd}}}\n'
    )
    files = {"kgen.yaml": settings, "experiments/mnist.yaml": SPEC, "environments/main/environment.yaml": where}
    rendered = render({name: text.encode() for name, text in files.items()}, "main")
    assert rendered.delivery is not None, rendered.diagnostics
    out = plain(rendered.delivery.application)
    assert isinstance(out, dict)
    return out


@pytest.mark.parametrize(
    ("argocd", "settings", "path", "expected"),
    [
        pytest.param("", "{}", ("metadata", "annotations"), {PATHS: "."}, id="the folder alone makes the manifests"),
        pytest.param(
            f', annotations: {{{PATHS}: ".;/lib"}}',
            "{}",
            ("metadata", "annotations"),
            {PATHS: ".;/lib"},
            id="own paths",
        ),
        pytest.param("", "{}", ("spec", "source", "path"), "rendered/main", id="the output folder"),
        pytest.param(
            "",
            "{output: out, argocd: {folder: teams/ml}}",
            ("spec", "source", "path"),
            "teams/ml/out/main",
            id="below the repository's root",
        ),
        pytest.param(", path: x/y", "{argocd: {folder: z}}", ("spec", "source", "path"), "x/y", id="a path of its own"),
        pytest.param("", "{}", ("spec", "source", "directory"), None, id="a flat folder needs no word"),
        pytest.param(", directory: {}", "{}", ("spec", "source", "directory"), None, id="nothing said of the folder"),
        pytest.param(
            ', directory: {recurse: true, exclude: "*.json"}',
            "{}",
            ("spec", "source", "directory"),
            {"recurse": True, "exclude": "*.json"},
            id="a folder with more in it",
        ),
        pytest.param("", "{}", ("metadata", "namespace"), "argocd", id="where Argo CD is"),
        pytest.param(
            "",
            "{argocd: {namespace: gitops}}",
            ("metadata", "namespace"),
            "gitops",
            id="where the workspace says it is",
        ),
        pytest.param(
            ", namespace: apps",
            "{argocd: {namespace: gitops}}",
            ("metadata", "namespace"),
            "apps",
            id="a namespace of its own",
        ),
        pytest.param("", "{}", ("metadata", "finalizers"), None, id="deletion leaves the Experiments"),
        pytest.param(", deletion: orphan", "{}", ("metadata", "finalizers"), None, id="as it says"),
        pytest.param(
            ", deletion: cascade",
            "{}",
            ("metadata", "finalizers"),
            ["resources-finalizer.argocd.argoproj.io"],
            id="deletion takes them along",
        ),
        pytest.param(
            "", "{}", ("spec", "syncPolicy", "retry"), {**RETRY, "refresh": True}, id="a retry takes the newest commit"
        ),
        pytest.param(
            "", '{target: {argocd: "3.2"}}', ("spec", "syncPolicy", "retry", "refresh"), True, id="since Argo CD 3.2"
        ),
        pytest.param("", '{target: {argocd: "3.1"}}', ("spec", "syncPolicy", "retry"), RETRY, id="and not before"),
        pytest.param("", "{}", ("spec", "syncPolicy", "syncOptions"), ["CreateNamespace=true"], id="no other option"),
        pytest.param("", "{}", ("spec", "ignoreDifferences"), None, id="nothing to ignore"),
    ],
)
def test_a_field(argocd: str, settings: str, path: tuple[str, ...], expected: object) -> None:
    found: Any = application(argocd, settings)
    for step in path:
        found = found.get(step) if isinstance(found, dict) else None
    assert found == expected


def test_what_is_wrong_with_an_application_is_said_where_it_is_written() -> None:
    where = (
        'namespace: team\nexperiments: [mnist]\ntarget: {argocd: "3.3"}\nargocd:\n  repoURL: https://a.example/b\n'
        "  syncOptions: [PruneLast=true, Replaced=true, Prune=confirm]\n"
    )
    files = {"kgen.yaml": "{}", "experiments/mnist.yaml": SPEC, "environments/main/environment.yaml": where}
    rendered = render({name: text.encode() for name, text in files.items()}, "main")
    place = "environments/main/environment.yaml"
    found = [(d.code, d.span.line, d.span.column) for d in rendered.diagnostics if d.span.file == place]
    assert found == [("KG827", 6, 17), ("KG823", 6, 33), ("KG829", 6, 48)]


WHERE = 'namespace: team\nexperiments: [mnist]\nargocd: {repoURL: "https://a.example/b"}\n'


@pytest.mark.parametrize(
    ("name", "where", "expected"),
    [
        pytest.param(
            "Lab_2",
            WHERE,
            "its Application would be called `Lab_2`, and Kubernetes wants a name of small letters, digits, `-` and "
            "`.`: add `name: lab-2`",
            id="an environment called as no object can be",
        ),
        pytest.param("Lab_2", WHERE.replace("{", "{name: lab, "), "", id="one whose Application has another name"),
        pytest.param("lab.v2", WHERE, "", id="a dot is legal"),
        pytest.param(
            "main",
            WHERE.partition("\n")[2],
            "no namespace is said, and Argo CD does not apply Experiment `mnist` without one: add `namespace: NAME`",
            id="no namespace anywhere",
        ),
        pytest.param(
            "main", WHERE.partition("\n")[2] + "overlays: [place]\n", "", id="a namespace that an overlay says"
        ),
        pytest.param(
            "main",
            WHERE.replace("{", "{server: 'https://c', cluster: d, "),
            "`argocd` names the cluster by `server` and by `cluster`: keep one",
            id="a cluster that is named twice",
        ),
    ],
)
def test_an_application_that_argo_cd_would_refuse(name: str, where: str, expected: str) -> None:
    files = {
        "kgen.yaml": "{}",
        "experiments/mnist.yaml": SPEC,
        f"environments/{name}/environment.yaml": where,
        "overlays/place.yaml": "namespace: elsewhere\n",
    }
    rendered = render({path: text.encode() for path, text in files.items()}, name)
    errors = [f"{d.message}: {d.help}" for d in rendered.diagnostics if d.severity is Severity.ERROR]
    assert errors == ([expected] if expected else [])


@pytest.mark.parametrize(("experiments", "codes"), [("[mnist]", ["KG803"]), ("[]", [])], ids=["some", "none"])
def test_a_namespace_needs_katibs_label_where_experiments_go(experiments: str, codes: list[str]) -> None:
    files = {
        "kgen.yaml": "{}",
        "experiments/mnist.yaml": SPEC,
        "environments/main/environment.yaml": f"namespace: team\nexperiments: {experiments}\nresources: [ns.yaml]\n",
        "environments/main/ns.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: team}\n",
    }
    rendered = render({path: text.encode() for path, text in files.items()}, "main")
    assert [d.code for d in rendered.diagnostics if d.severity is Severity.ERROR] == codes
