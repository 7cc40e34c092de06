"""The short forms written out: every layer in kgen's one form, so that any can be laid over any.

The one form is the compact spec with nothing said in two ways: `algorithm: random` is
`{name: random}`, `maximize: acc` is `{type: maximize, metric: acc}`, and what an overlay says of
pods stands in the trial: `pod` for every pod template, `main` for the training containers, `gpu`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kgen.model.diagnostic import Related, error
from kgen.model.forms import (
    EXCLUDES,
    Problems,
    beside,
    decimal,
    duplicate,
    keyed_lists,
    metadata,
    move_to_main,
    texts,
    words,
)
from kgen.model.merge import Fresh, Keyed, merge
from kgen.model.node import Node, as_written, fields, is_true, items, make, text_of
from kgen.model.overlay import CONTAINER_SECURITY
from kgen.model.pods import POD_FIELDS
from kgen.model.secret_forms import unfold_pull_secret, unfold_secrets

NO_EFFECT = "KG107"
DESCRIPTION = "kubernetes.io/description"
QUEUE = "kueue.x-k8s.io/queue-name"
INJECT = "sidecar.istio.io/inject"
SHARED_MEMORY = "shm"


def unfold_spec(spec: Node, problems: Problems) -> Node:
    """Write out a compact spec, or a part of one that is laid over it."""
    out = {}
    for key, node in fields(spec).items():
        change = _SECTIONS.get(key)
        if change is None or node.value is None:
            out[key] = node
        else:
            out[key] = change(node, problems)
    description = out.pop("description", None)
    if description is not None:
        annotations = fields(out.get("annotations"))
        out["annotations"] = Node({DESCRIPTION: description, **annotations}, description.span)
    return Node(out, spec.span)


def unfold_overlay(overlay: Node, problems: Problems) -> Node:
    """Write out an overlay."""
    parts = []
    for key, node in fields(overlay).items():
        change = _OVERLAY_SECTIONS.get(key)
        if change is None:
            continue
        if node.value is None and key not in _DELETED:
            message = f"`{key}: null` deletes nothing"
            problems.append(
                error(node.span, NO_EFFECT, message, "write null for the keys in it that a layer below has set")
            )
            continue
        parts.append(_DELETED[key](node, problems) if node.value is None else change(node, problems))
    out = Node({}, overlay.span)
    for part in parts:
        out = merge(out, part)
    return out


def _objective(node: Node, problems: Problems) -> Node:
    out = dict(fields(node))
    given = [(kind, out.pop(kind)) for kind in ("maximize", "minimize") if kind in out]
    metrics = [(kind, metric) for kind, metric in given if metric.value is not None] or given[:1]
    if len(metrics) == 2:
        places = [metric.span for _, metric in metrics]
        message = "the objective has both `maximize` and `minimize`"
        problems.append(error(places[1], EXCLUDES, message, "keep one", Related(places[0], "the other")))
    head = {}
    for kind, metric in metrics[:1]:
        head = {"type": Node(None if metric.value is None else kind, metric.span), "metric": metric}
    return Node({**head, **out}, node.span)


def _algorithm(node: Node, problems: Problems) -> Node:
    """One that is named stands for itself; settings without a name are laid over the algorithm below."""
    if isinstance(node.value, str):
        return Node(Fresh(name=node), node.span)
    out = dict(fields(node))
    if out.get("settings") is not None:
        out["settings"] = texts(out["settings"], problems)
    return Node(Fresh(out) if "name" in out else out, node.span)


_TYPES = ("double", "int", "discrete", "categorical")


def _parameters(node: Node, problems: Problems) -> Node:
    named = dict(fields(node))
    for item in items(node):
        given = dict(fields(item))
        name = text_of(given.pop("name"))
        if name in named:
            duplicate(problems)("parameters", name, named[name].span, item.span)
        named[name] = Node(given, item.span)
    out = {name: item if item.value is None else _parameter(item, problems) for name, item in named.items()}
    return Node(out, node.span)


def _parameter(node: Node, problems: Problems) -> Node:
    """Its values are one thing, laid whole: half of one interval and half of another are neither."""
    out = {}
    spaces = []
    for key, item in fields(node).items():
        if key in _TYPES:
            spaces.append((key, item))
        else:
            out[key] = decimal(item) if key == "step" else item
    if len(spaces) > 1:
        (first, low), (second, high) = spaces[:2]
        message = f"a parameter is either `{first}` or `{second}`"
        problems.append(error(high.span, EXCLUDES, message, "keep one", Related(low.span, "the other")))
    for kind, item in spaces[:1]:
        form = as_written if kind == "categorical" else decimal
        values = tuple([form(value) for value in items(item)])
        space = Fresh(type=Node(kind, item.span))
        if kind in ("double", "int"):
            space["min"], space["max"] = values
        else:
            space["list"] = Node(values, item.span)
        out["space"] = Node(None if item.value is None else space, item.span)
    return Node(out, node.span)


def _nas(node: Node, problems: Problems) -> Node:
    out = dict(fields(node))
    if "operations" in out:
        operations = []
        for operation in items(out["operations"]):
            inner = dict(fields(operation))
            if "parameters" in inner:
                inner["parameters"] = _parameters(inner["parameters"], problems)
            operations.append(Node(inner, operation.span))
        out["operations"] = Node(tuple(operations), out["operations"].span)
    return Node(out, node.span)


def _metrics(node: Node, problems: Problems) -> Node:
    if isinstance(node.value, str):
        return Node(Fresh(collector=node), node.span)
    out = dict(fields(node))
    if out.get("container") is not None:
        out["container"] = keyed_lists(out["container"], problems)
    return Node(Fresh(out) if "collector" in out else out, node.span)


def _pod_template(node: Node, problems: Problems) -> Node:
    given = dict(fields(node))
    if given.get("metadata") is not None:
        given["metadata"] = metadata(given["metadata"], problems)
    return keyed_lists(Node(given, node.span), problems)


def _trial(node: Node, problems: Problems) -> Node:
    out = dict(fields(node))
    move_to_main(out, problems)
    for key, change in _TRIAL_SECTIONS.items():
        if key in out and out[key].value is not None:
            out[key] = change(out[key], problems)
    return Node(out, node.span)


def _replicas(node: Node, problems: Problems) -> Node:
    out = {}
    for name, replica in fields(node).items():
        if replica.value is None:
            out[name] = replica
            continue
        given = {"replicas": replica} if isinstance(replica.value, int) else fields(replica)
        count = {key: item for key, item in given.items() if key == "replicas"}  # a number here, a table in a trial
        rest = Node({key: item for key, item in given.items() if key != "replicas"}, replica.span)
        out[name] = Node({**count, **fields(_trial(rest, problems))}, replica.span)
    return Node(out, node.span)


def _references(node: Node, _: Problems) -> Node:
    out = {}
    for name, item in fields(node).items():
        inner = {"reference": item} if isinstance(item.value, str) else dict(fields(item))
        out[name] = Node(None if item.value is None else Fresh(inner), item.span)
    return Node(out, node.span)


_Change = Callable[[Node, Problems], Node]
_SECTIONS: Mapping[str, _Change] = {
    "labels": texts,
    "annotations": texts,
    "objective": _objective,
    "algorithm": _algorithm,
    "earlyStopping": _algorithm,
    "parameters": _parameters,
    "nas": _nas,
    "metrics": _metrics,
    "trial": _trial,
}
_TRIAL_SECTIONS: Mapping[str, _Change] = {
    "command": words,
    "args": words,
    "replicas": _replicas,
    "pod": _pod_template,
    "spec": keyed_lists,
    "template": keyed_lists,
    "metadata": metadata,
    "primaryPodLabels": texts,
    "references": _references,
}


def _pods(node: Node, problems: Problems) -> Node:
    given = dict(fields(node))
    metadata: dict[str, Node] = {}
    for key in ("labels", "annotations"):
        if key in given:
            metadata[key] = texts(given[key], problems) if given[key].value is not None else given[key]
    trial: dict[str, Node] = {key: given[key] for key in ("env", "resources") if key in given}
    move_to_main(trial, problems)
    main = dict(fields(trial.get("main")))
    if CONTAINER_SECURITY in given:
        main["securityContext"] = given[CONTAINER_SECURITY]
    spec = {}
    for key, item in given.items():
        if key in POD_FIELDS:
            spec[key] = keyed_lists(item, problems, key)
        elif key not in ("labels", "annotations", "env", "resources", CONTAINER_SECURITY):
            main[key] = keyed_lists(item, problems, key)
    pod = {}
    if metadata:
        pod["metadata"] = Node(metadata, node.span)
    if spec:
        pod["spec"] = Node(spec, node.span)
    if pod:
        trial["pod"] = Node(pod, node.span)
    if main:
        trial["main"] = Node(main, node.span)
    return Node({"trial": Node(trial, node.span)}, node.span)


def _shared_memory(node: Node, _: Problems) -> Node:
    """`emptyDir {medium: Memory}` on /dev/shm, whose default of 64 MiB a data loader soon fills."""
    place = node.span
    empty: dict[str, object] = {"medium": "Memory"}
    if isinstance(node.value, str):
        empty["sizeLimit"] = node
    volume = make({"name": SHARED_MEMORY, "emptyDir": empty}, place)
    mount = make({"name": SHARED_MEMORY, "mountPath": "/dev/shm"}, place)  # noqa: S108 - the place is fixed
    volumes = Keyed({SHARED_MEMORY: Node(Fresh(fields(volume)), place)})
    mounts = Keyed({"/dev/shm": Node(Fresh(fields(mount)), place)})  # noqa: S108
    pod = {"spec": {"volumes": Node(volumes, place)}}
    return make({"trial": {"pod": pod, "main": {"volumeMounts": Node(mounts, place)}}}, place)


def _istio(node: Node, _: Problems) -> Node:
    given = fields(node)
    inject, annotation = given.get("inject"), given.get("annotation")
    if inject is None:
        return Node({}, node.span)
    value = Node(None if inject.value is None else text_of(inject), inject.span)
    metadata: dict[str, object] = {"labels": {INJECT: value}}
    if annotation is not None and is_true(annotation):
        metadata["annotations"] = {INJECT: Node(value.value, annotation.span)}
    return make({"trial": {"pod": {"metadata": metadata}}}, node.span)


def _registry(node: Node, problems: Problems) -> Node:
    out = dict(fields(node))
    secret = out.get("pullSecret")
    if secret is not None:
        out["pullSecret"] = unfold_pull_secret(secret, problems)
    if "optional" in out:  # it speaks of this layer's images alone, so each of them carries it
        optional = out.pop("optional")
        if is_true(optional):
            names = [*fields(out.get("images")), *fields(out.get("mirror"))]
            out["optional"] = Node(dict.fromkeys(names, optional), optional.span)
    return Node({"registry": Node(out, node.span)}, node.span)


def _numbered(node: Node, _: Problems) -> Node:
    """A list that layers add to: each item is known by its file and number."""
    out = Keyed()
    for index, item in enumerate(items(node)):
        known = f"{item.span.file}#{index}"
        out[known] = Node(Fresh({**fields(item), "id": Node(known, item.span)}), item.span)
    return Node(out, node.span)


def _files(node: Node, _: Problems) -> Node:
    out = Keyed()
    for item in items(node):
        path = beside(item)
        out[str(path.value)] = path
    return Node(out, node.span)


def _namespace(node: Node, _: Problems) -> Node:
    return Node({"namespace": node}, node.span)


def _gpu(node: Node, _: Problems) -> Node:
    return make({"trial": {"gpu": node}}, node.span)


def _queue(node: Node, _: Problems) -> Node:
    return make({"trial": {"metadata": {"labels": {QUEUE: node}}}}, node.span)


def _no_shared_memory(node: Node, _: Problems) -> Node:
    volumes, mounts = Keyed({SHARED_MEMORY: node}), Keyed({"/dev/shm": node})  # noqa: S108 - the place is fixed
    pod = {"spec": {"volumes": Node(volumes, node.span)}}
    return make({"trial": {"pod": pod, "main": {"volumeMounts": Node(mounts, node.span)}}}, node.span)


# Sections that null deletes; of the others null deletes keys, one by one.
_DELETED: Mapping[str, _Change] = {
    "namespace": _namespace,
    "gpu": _gpu,
    "queue": _queue,
    "sharedMemory": _no_shared_memory,
    "istio": lambda node, _: make({"trial": {"pod": {"metadata": {"labels": {INJECT: node}}}}}, node.span),
    "registry": lambda node, _: Node({"registry": node}, node.span),
    "secrets": lambda node, _: Node({"secrets": node}, node.span),
}

_OVERLAY_SECTIONS: Mapping[str, _Change] = {
    "namespace": _namespace,
    "experiment": unfold_spec,
    "metadata": metadata,
    "pods": _pods,
    "gpu": _gpu,
    "sharedMemory": _shared_memory,
    "istio": _istio,
    "queue": _queue,
    "registry": _registry,
    "secrets": unfold_secrets,
    "patches": lambda node, problems: Node({"patches": _numbered(node, problems)}, node.span),
    "resources": lambda node, problems: Node({"resources": _files(node, problems)}, node.span),
}
