"""The compact spec an author writes: every key, with the words an editor and a message show."""

from __future__ import annotations

from kgen.model.pods import ANNOTATIONS, LABELS, METADATA, POD_TEMPLATE
from kgen.model.shape import (
    BOOLEAN,
    LIST,
    MAPPING,
    Shape,
    anything,
    boolean,
    either,
    integer,
    listing,
    mapping,
    number,
    scalar,
    table,
    text,
)
from kgen.model.sources import SCRIPT_PATH

COLLECTORS = ("StdOut", "File", "TensorFlowEvent", "PrometheusMetric", "Custom", "Push", "None")
DISTRIBUTIONS = ("uniform", "logUniform", "normal", "logNormal")
STRATEGIES = ("min", "max", "latest")
RESUME_POLICIES = ("Never", "LongRunning", "FromVolume")
REPLICA_RESTARTS = ("Never", "OnFailure", "Always", "ExitCode")

_PARAMETER = mapping(
    "One search parameter: its values, and how they reach the trial",
    {
        "double": listing("Least and greatest value of a real number, [min, max]", scalar("A bound"), 2, 2),
        "int": listing("Least and greatest value of a whole number, [min, max]", scalar("A bound"), 2, 2),
        "discrete": listing("Numbers to choose from", scalar("A number"), 1),
        "categorical": listing("Texts to choose from", scalar("A choice"), 1),
        "step": scalar("Distance between neighbouring values; what it means depends on the algorithm"),
        "distribution": text("How values are drawn; from Katib 0.18", choices=DISTRIBUTIONS),
        "as": text(
            "Name of the trialParameters entry, for ${trialParameters.NAME}",
            pattern=r"[^{}&<>\"\\]+",
            form="a name without { } & < > quotes and backslashes",
        ),
        "flag": either(
            text("The flag it is passed by when no placeholder names it; false: it must be placed by hand"),
            Shape("", (BOOLEAN,), only=False),
        ),
        "description": text("What it is; kept in trialParameters"),
    },
)
PARAMETERS = either(
    table("Search parameters by name; Katib's `parameters`", _PARAMETER),
    listing(
        "Search parameters, each with its name: the order that Jsonnet's mappings lose",
        mapping(_PARAMETER.doc, {"name": text("Its name"), **_PARAMETER.keys}, required=("name",)),
    ),
)

OBJECTIVE = mapping(
    "What is optimised",
    {
        "maximize": text("Name of the metric to make large"),
        "minimize": text("Name of the metric to make small"),
        "goal": number("The Experiment succeeds as soon as a trial reaches it"),
        "additional": listing("Other metrics to record; additionalMetricNames", text("A metric's name")),
        "strategies": table(
            "Which value of a metric's history counts, METRIC: min, max or latest; metricStrategies",
            text("min, max or latest", choices=STRATEGIES),
        ),
    },
)


def _named(doc: str) -> Shape:
    return either(
        text(doc),
        mapping(
            doc,
            {
                "name": text("Name of the algorithm"),
                "settings": table("Settings, NAME: VALUE", scalar("A value")),
            },
            required=("name",),
        ),
    )


TRIALS = mapping(
    "The budget",
    {
        "max": integer("Trials in all; maxTrialCount", 1),
        "parallel": integer("Trials at the same time; parallelTrialCount, 3 if absent", 1),
        "maxFailed": integer("Failed trials after which the Experiment fails; maxFailedTrialCount", 0),
    },
)

NAS = mapping(
    "Neural architecture search; nasConfig",
    {
        "graphConfig": mapping(
            "The network's frame",
            {
                "numLayers": integer("Number of layers", 1),
                "inputSizes": listing("Dimensions of the input", integer("A dimension", 1)),
                "outputSizes": listing("Dimensions of the output", integer("A dimension", 1)),
            },
        ),
        "operations": listing(
            "Operations to choose from",
            mapping(
                "One operation",
                {"operationType": text("Its name"), "parameters": PARAMETERS},
                required=("operationType",),
            ),
        ),
    },
)

METRICS = either(
    text("How metrics are collected", choices=COLLECTORS),
    mapping(
        "How metrics are collected",
        {
            "collector": text("The collector's kind", choices=COLLECTORS),
            "path": text(
                "Absolute path of the file or folder that the trial writes",
                pattern="/.*",
                form="an absolute path",
            ),
            "kind": text("What `path` is, for a Custom collector", choices=("File", "Directory")),
            "format": text("How the lines of a File are read", choices=("TEXT", "JSON")),
            "filter": listing("Regular expressions (RE2) with two groups, name and value", text("An expression")),
            "http": anything("Where PrometheusMetric reads: port, path, host, scheme, httpHeaders"),
            "container": anything("The container of a Custom collector, in Kubernetes' form"),
        },
    ),
)

ENV = either(
    table(
        "Environment variables, NAME: VALUE or NAME: {secretKeyRef: ...}",
        either(scalar("A value"), anything("")),
    ),
    Shape(
        "Environment variables in Kubernetes' form",
        (LIST,),
        items=anything("name and value, or name and valueFrom"),
    ),
)

RESOURCES = Shape(
    "cpu, memory, gpu or any other resource, for limits and requests alike; or Kubernetes' own form",
    (MAPPING,),
    keys={
        "limits": table("Limits, RESOURCE: QUANTITY", scalar("A quantity")),
        "requests": table("Requests, RESOURCE: QUANTITY", scalar("A quantity")),
        "claims": anything("Resource claims", LIST),
        "gpu": integer("GPUs of each training container", 0),
    },
    values=scalar("A quantity"),
)

_WORDS = listing("The command, a word an item", scalar("A word"))
_ARGUMENTS = listing("Its arguments, a word an item", scalar("A word"))
_IMAGE = text("The container image", pattern=r"\S+", form="an image reference, without blanks")

REPLICA = either(
    integer("Number of pods of this type", 0),
    mapping(
        "Pods of one type, and what differs from the other types",
        {
            "replicas": integer("Number of pods", 0),
            "restartPolicy": text("When a pod is restarted", choices=REPLICA_RESTARTS),
            "image": _IMAGE,
            "command": _WORDS,
            "args": _ARGUMENTS,
            "env": ENV,
            "resources": RESOURCES,
            "container": text("Name of its training container"),
            "pod": POD_TEMPLATE._replace(doc="Merged over this type's pod template"),
        },
    ),
)

TRIAL = mapping(
    "What runs once for each set of values; Katib's trialTemplate",
    {
        "kind": text("Kind of object that a trial is"),
        "image": _IMAGE,
        "command": _WORDS,
        "args": _ARGUMENTS,
        "script": text(
            "The Python script that the command runs, from the workspace's root: lint holds the flags against it",
            pattern=SCRIPT_PATH,
            form="the path of a .py file in the workspace, from its root",
        ),
        "env": ENV,
        "resources": RESOURCES,
        "replicas": table("Pods by replica type; the kind's first type is implied", REPLICA),
        "container": text("Name of the training container; primaryContainerName"),
        "restartPolicy": text("When a training container is restarted", choices=REPLICA_RESTARTS),
        "pod": POD_TEMPLATE,
        "metadata": METADATA,
        "spec": anything("Merged over the spec of the trial's object: backoffLimit, runPolicy, runtimeRef, ..."),
        "template": anything("A whole object of any kind, in place of kind, image and command; trialSpec"),
        "configMap": mapping(
            "A template in a ConfigMap of the cluster",
            {
                "name": text("Name of the ConfigMap"),
                "namespace": text("Its namespace"),
                "path": text("Key of the entry in its data"),
            },
            required=("name", "namespace", "path"),
        ),
        "successCondition": text("GJSON path that holds when a trial has succeeded"),
        "failureCondition": text("GJSON path that holds when a trial has failed"),
        "primaryPodLabels": LABELS,
        "retain": boolean("Keep a trial's object when it has ended"),
        "references": table(
            "Further trialParameters, NAME: REFERENCE, such as ${trialSpec.Name}",
            either(
                text("What it refers to"),
                mapping(
                    "What it refers to, and what it is",
                    {"reference": text("What it refers to"), "description": text("What it is")},
                    required=("reference",),
                ),
            ),
        ),
    },
)

NAME = text(
    "Name of the Experiment; the file's name if absent",
    pattern="[a-z]([-a-z0-9]*[a-z0-9])?",
    form="a name of small letters, digits and `-`, a letter first and no `-` last",
)

SPEC = mapping(
    "A Katib Experiment in compact form",
    {
        "name": NAME,
        "description": text("What it is for; kept as the annotation kubernetes.io/description"),
        "labels": LABELS,
        "annotations": ANNOTATIONS,
        "objective": OBJECTIVE,
        "algorithm": _named("The search algorithm, by name or with settings"),
        "earlyStopping": _named("The early stopping algorithm, by name or with settings"),
        "trials": TRIALS,
        "resume": text("What remains when the Experiment has ended; resumePolicy", choices=RESUME_POLICIES),
        "parameters": PARAMETERS,
        "nas": NAS,
        "metrics": METRICS,
        "trial": TRIAL,
    },
    required=("objective", "algorithm", "trials", "trial"),
)
