"""Make generator/kgen/katib/data/argocd.json anew, of the CRDs in the projects' own Go modules; Go is needed.

The structure that an API server holds such an object against is its CRD's, so that is what is read; nothing is built.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from refresh import OUT, Types
from ruamel.yaml import YAML

ARGOCD = "github.com/argoproj/argo-cd/v3@v3.5.1"
EXTERNAL = "github.com/external-secrets/external-secrets@v1.3.2"
SEALED = "github.com/bitnami-labs/sealed-secrets@v0.40.0"
CRDS = {
    ARGOCD: ("manifests/crds/application-crd.yaml", "manifests/crds/applicationset-crd.yaml",
             "manifests/crds/appproject-crd.yaml"),
    EXTERNAL: ("config/crds/bases/external-secrets.io_externalsecrets.yaml",),
    SEALED: ("helm/sealed-secrets/crds/bitnami.com_sealedsecrets.yaml",),
}  # fmt: skip
# Fields of releases that the proxy does not serve: External Secrets 2.3 to 2.6 write this one as a default.
LATER = {
    f"ExternalSecret.spec.{where}": {"nullBytePolicy": "?text"}
    for where in ("data.remoteRef", "dataFrom.extract", "dataFrom.find")
}
_SCALARS = {"string": "text", "boolean": "bool", "integer": "int64", "number": "float"}
_FORMATS = {"date-time": "time", "byte": "bytes", "int32": "int32"}


class Reading:
    """Types by the path they were first found at; those with the same fields are one."""

    def __init__(self) -> None:
        self.types: Types = {}
        self.names: dict[str, str] = {}  # the fields of a type, as JSON: its name

    def type(self, schema: dict[str, Any], path: str) -> str:
        """Write a schema as marks and a type."""
        if schema.get("x-kubernetes-int-or-string"):
            return "int-or-text"
        if schema.get("type") == "array":
            return "[]" + self.type(schema["items"], path)
        more = schema.get("additionalProperties")
        if isinstance(more, dict):
            return "{}" + self.type(more, path)
        if schema.get("type") != "object":
            return _FORMATS.get(schema.get("format", "")) or _SCALARS.get(schema.get("type", ""), "any")
        if "properties" not in schema:
            return "any"
        return self.struct(schema, path)

    def struct(self, schema: dict[str, Any], path: str) -> str:
        """Name a type, and keep it."""
        fields = {key: "?" + self.type(inner, f"{path}.{key}") for key, inner in sorted(schema["properties"].items())}
        return self.keep({**fields, **LATER.get(path, {})}, path)

    def keep(self, fields: dict[str, str], path: str) -> str:
        """Keep a type under its path, unless another has its fields."""
        key = json.dumps(fields, sort_keys=True)
        name = self.names.setdefault(key, path)
        self.types[name] = fields
        return name


def roots(reading: Reading) -> Iterator[tuple[str, str]]:
    """Read every CRD: `apiVersion Kind` and the name of its type."""
    yaml = YAML(typ="safe")
    for module, files in CRDS.items():
        for file in files:
            crd = yaml.load((_folder(module) / file).read_text("utf-8"))["spec"]
            kind = crd["names"]["kind"]
            for version in crd["versions"]:
                if not version["served"]:
                    continue
                properties = version["schema"]["openAPIV3Schema"]["properties"]
                head = {"apiVersion": "?text", "kind": "?text", "metadata": "?meta.ObjectMeta", "status": "?any"}
                own = {
                    key: "?" + reading.type(inner, f"{kind}.{key}")
                    for key, inner in properties.items()
                    if key not in head
                }
                yield f"{crd['group']}/{version['name']} {kind}", reading.keep({**head, **own}, f"{kind}.object")


def _folder(module: str) -> Path:
    with tempfile.TemporaryDirectory() as nowhere:
        (Path(nowhere) / "go.mod").write_text("module nothing\n\ngo 1.26.0\n")
        command = ["go", "mod", "download", "-json", module]
        found = subprocess.run(command, cwd=nowhere, check=True, capture_output=True)
    return Path(json.loads(found.stdout)["Dir"])


def main() -> None:
    """Write the table, a type a line."""
    reading = Reading()
    table = {"roots": dict(roots(reading)), "types": dict(sorted(reading.types.items()))}
    text = json.dumps(table, separators=(",", ":")).replace("},", "},\n")
    (OUT.parent / "argocd.json").write_text(text + "\n", "utf-8", newline="\n")


if __name__ == "__main__":
    main()
