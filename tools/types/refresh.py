"""Make generator/kgen/katib/data/kubernetes.json anew; Go and its module proxy are needed."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
OUT = HERE.parents[1] / "generator" / "kgen" / "katib" / "data" / "kubernetes.json"

# Release: the module that has its types. The first release of each is written whole, the others as what they change.
KUBERNETES = {
    "1.31": "k8s.io/api@v0.31.14",
    "1.32": "k8s.io/api@v0.32.13",
    "1.33": "k8s.io/api@v0.33.13",
    "1.34": "k8s.io/api@v0.34.13",
    "1.35": "k8s.io/api@v0.35.10",
    "1.36": "k8s.io/api@v0.36.6",
    "1.37": "k8s.io/api@v0.37.2",
}
TRAINER = {
    "2.0": "github.com/kubeflow/trainer/v2@v2.0.1",
    "2.1": "github.com/kubeflow/trainer/v2@v2.1.0",
    "2.2": "github.com/kubeflow/trainer/v2@v2.2.0",
    "2.3": "github.com/kubeflow/trainer/v2@v2.3.0",
}
OPERATOR = {"1.9": "github.com/kubeflow/training-operator@v1.9.3"}

Types = dict[str, dict[str, str]]


def dump(program: str, module: str) -> Types:
    """Run one of the programs beside this file against a version of a module."""
    with tempfile.TemporaryDirectory() as folder:
        there = Path(folder) / "types"
        shutil.copytree(HERE, there)
        for other in {"kubernetes", "operators", "trainer", "verdicts"} - {program}:
            shutil.rmtree(there / other)
        for command in (["get", module], ["mod", "tidy"]):
            subprocess.run(["go", *command], cwd=there, check=True, capture_output=True)
        run = subprocess.run(["go", "run", f"./{program}"], cwd=there, check=True, capture_output=True)
    return json.loads(run.stdout)


def releases(program: str, modules: dict[str, str], own: str = "") -> dict[str, object]:
    """Give the first release's types whole, and of each later one the fields that it adds, changes ("" for drops)."""
    first, *later = modules
    types = before = _own(dump(program, modules[first]), own)
    out: dict[str, object] = {"types": types}
    changes: dict[str, Types] = {}
    for release in later:
        now = _own(dump(program, modules[release]), own)
        changes[release] = {
            name: changed for name, fields in now.items() if (changed := _changed(before.get(name, {}), fields))
        }
        before = now
    return {"since": first, **out, "later": changes}


def _own(types: Types, prefix: str) -> Types:
    return {name: fields for name, fields in sorted(types.items()) if name.startswith(prefix)}


def _changed(before: dict[str, str], now: dict[str, str]) -> dict[str, str]:
    new = {name: field for name, field in now.items() if before.get(name) != field}
    return new | dict.fromkeys(before.keys() - now.keys(), "")


def main() -> None:
    """Write the table."""
    table = {
        "kubernetes": releases("kubernetes", KUBERNETES),
        "operator": releases("operators", OPERATOR, "kubeflow.org."),
        "trainer": releases("trainer", TRAINER, "trainer."),
    }
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(_compact(table), "utf-8", newline="\n")


def _compact(table: dict[str, object]) -> str:
    """Write one type a line, so that a change can be read."""
    text = json.dumps(table, sort_keys=True, separators=(",", ":"))
    return text.replace("},", "},\n") + "\n"


if __name__ == "__main__":
    main()
