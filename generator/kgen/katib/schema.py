"""The JSON Schema of an Experiment of one release of Katib, made of the types that kgen itself checks it by."""

from __future__ import annotations

from collections.abc import Mapping

from kgen.katib.fields import MEANINGS
from kgen.katib.types import Field, Type, experiment
from kgen.katib.v1beta1 import API_VERSION, KIND, MOST_NAME, knows_distribution
from kgen.model.node import FieldPath, Plain

_QUANTITY = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+|Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E)?$"
_LEAVES: Mapping[str, dict[str, Plain]] = {
    "text": {"type": "string"},
    "time": {"type": "string", "format": "date-time"},
    "duration": {"type": "string"},
    "bytes": {"type": "string", "contentEncoding": "base64"},
    "bool": {"type": "boolean"},
    "int32": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    "int64": {"type": "integer"},
    "float": {"type": "number"},
    "quantity": {"type": ["string", "number"], "pattern": _QUANTITY},
    "int-or-text": {"type": ["integer", "string"]},
    "any": {},
    "object": {
        "type": "object",
        "properties": {"apiVersion": {"type": "string", "minLength": 1}, "kind": {"type": "string", "minLength": 1}},
        "required": ["apiVersion", "kind"],
    },
}
# What Katib's webhook wants, by field path; `[]` stands for any item.
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "": ("apiVersion", "kind", "metadata", "spec"),
    "spec": ("objective", "algorithm", "trialTemplate"),
    "spec.objective": ("type", "objectiveMetricName"),
    "spec.algorithm": ("algorithmName",),
    "spec.earlyStopping": ("algorithmName",),
    "spec.parameters[]": ("name", "parameterType", "feasibleSpace"),
    "spec.trialTemplate": ("primaryContainerName", "trialParameters"),
    "spec.trialTemplate.trialParameters[]": ("name", "reference"),
    "spec.trialTemplate.configMap": ("configMapName", "configMapNamespace", "templatePath"),
}
_TYPES = ("double", "int", "discrete", "categorical", "unknown")
_DRAWN = ("uniform", "logUniform", "normal", "logNormal", "unknown")
_ENUMS: Mapping[str, tuple[str, ...]] = {
    "apiVersion": (API_VERSION,),
    "kind": (KIND,),
    "spec.objective.type": ("minimize", "maximize"),
    "spec.objective.metricStrategies[].value": ("min", "max", "latest"),
    "spec.resumePolicy": ("Never", "LongRunning", "FromVolume"),
    "spec.parameters[].parameterType": _TYPES,
    "spec.parameters[].feasibleSpace.distribution": _DRAWN,
    "spec.metricsCollectorSpec.source.fileSystemPath.kind": ("File", "Directory"),
    "spec.metricsCollectorSpec.source.fileSystemPath.format": ("TEXT", "JSON"),
}
_OPERATIONS = "spec.nasConfig.operations[].parameters"  # of the same type as search parameters
_INSIDE = "$"  # the first step of paths within a type of Kubernetes, of which nothing is said here
_COLLECTOR = "spec.metricsCollectorSpec.collector.kind"
_COLLECTORS = ("StdOut", "File", "TensorFlowEvent", "PrometheusMetric", "Custom")
_EMPTY: Mapping[str, dict[str, Plain]] = {  # what is dropped where it is empty, is not to be written
    "text": {"minLength": 1},
    "bool": {"const": True},
    "int32": {"not": {"const": 0}},
    "int64": {"not": {"const": 0}},
    "list": {"minItems": 1},
    "map": {"minProperties": 1},
}


def experiment_schema(katib: str) -> dict[str, Plain]:
    """Make the JSON Schema (2020-12) of an Experiment of a release of Katib."""
    made = _Schema(katib)
    out = made.struct(experiment(katib), ())
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title(katib),
        **out,
        "$defs": {name: made.defs[name] for name in sorted(made.defs)},
    }


def title(katib: str) -> str:
    """Name what the schema is of."""
    return f"An Experiment of Katib {katib}: {API_VERSION}"


class _Schema:
    def __init__(self, katib: str) -> None:
        self._new = knows_distribution(katib)
        self.defs: dict[str, Plain] = {}  # of Kubernetes' types; Katib's are written out, for what each field means

    def struct(self, own: Type, path: FieldPath) -> dict[str, Plain]:
        name = _dotted(path)
        properties: dict[str, Plain] = {key: self._field(field, (*path, key)) for key, field in own.fields.items()}
        out: dict[str, Plain] = {"type": "object", "properties": properties, "additionalProperties": False}
        required = _REQUIRED.get(name)
        return out | ({"required": list(required)} if required else {})

    def _field(self, field: Field, path: FieldPath) -> dict[str, Plain]:
        out = self._type(field.type, path)
        if not field.keeps and path != ("metadata", "annotations"):
            out = out | _EMPTY.get(field.type.kind, {})
        name = _dotted(path)
        out = out | self._own(name)
        words = MEANINGS.get(name.replace(_OPERATIONS, "spec.parameters"))
        return {"description": words, **out} if words else out

    def _type(self, own: Type, path: FieldPath) -> dict[str, Plain]:
        if own.kind == "struct":
            if own.name.startswith("katib.") or len(path) == 1:
                return self.struct(own, path)
            if own.name not in self.defs:
                self.defs[own.name] = {}  # before it is made: a type may hold itself
                self.defs[own.name] = self.struct(own, (_INSIDE,))
            return {"$ref": f"#/$defs/{own.name}"}
        if own.item is not None and own.kind == "list":
            return {"type": "array", "items": self._type(own.item.type, (*path, 0))}
        if own.item is not None:
            return {"type": "object", "additionalProperties": self._type(own.item.type, (*path, 0))}
        return dict(_LEAVES[own.kind])

    def _own(self, name: str) -> dict[str, Plain]:
        """Say what is known of one field beside its type."""
        if name == "metadata.name":
            length = {"maxLength": MOST_NAME} if self._new else {}
            return {"pattern": "^[a-z]([-a-z0-9]*[a-z0-9])?$", **length}
        legal = _ENUMS.get(name.replace(_OPERATIONS, "spec.parameters"))
        if name == _COLLECTOR:
            legal = (*_COLLECTORS, "Push" if self._new else "None")
        return {"enum": list(legal)} if legal else {}


def _dotted(path: FieldPath) -> str:
    return ".".join("[]" if isinstance(step, int) else step for step in path).replace(".[]", "[]")
