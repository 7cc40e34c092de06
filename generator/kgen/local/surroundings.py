"""What a container finds around it: its environment, its volumes and its limits, as far as they can be had here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from kgen.katib.pods import amount
from kgen.local.primary import Primary
from kgen.local.runner import VOLUMES, Held, Limits, Mount, RunnerError
from kgen.local.wrapping import expanded
from kgen.model.values import listed, mapping, text

TRIAL_NAME = "KATIB_TRIAL_NAME"  # pkg/webhook/v1beta1/pod, since 0.18
_ACCELERATORS = ("gpu", "nvidia.com/mig-")  # what the name of a resource of GPUs has in it
_OWN_KEYS = ("secretKeyRef", "configMapKeyRef", "fieldRef", "resourceFieldRef", "fileKeyRef")


def environment(
    found: Primary, given: Mapping[str, str], name: str, namespace: str, notes: list[str]
) -> dict[str, str]:
    """Give the container's own variables; what `given` names is taken from there.

    Raises:
        RunnerError: a variable comes from the cluster and nobody gives it here.
    """
    out: dict[str, str] = {}
    missing: list[str] = []
    for entry in map(mapping, listed(found.container.get("env"))):
        key, source = text(entry.get("name")), mapping(entry.get("valueFrom"))
        if key in given:
            continue
        value = _of_field(source, found, name, namespace) if source else text(entry.get("value"))
        if value is not None:
            (out[key],) = expanded((value,), out) if not source else (value,)
        elif not _is_optional(source):
            missing.append(f"{key} (from {_source(source)})")
    if missing:
        first = missing[0].partition(" ")[0]
        raise RunnerError(
            f"the environment of the trial comes from the cluster: {', '.join(missing)}",
            f"give each one with `--env {first}=VALUE`, or `--env {first}` to take it from your own environment",
        )
    for source in map(mapping, listed(found.container.get("envFrom"))):
        held = mapping(source.get("secretRef")) or mapping(source.get("configMapRef"))
        notes.append(f"the variables of `{text(held.get('name'))}` (envFrom) are not here: give them with `--env`")
    return {**out, **given, TRIAL_NAME: name}


def _of_field(source: Mapping[str, Any], found: Primary, name: str, namespace: str) -> str | None:
    """Give the value of a field of the pod that is known here."""
    path = text(mapping(source.get("fieldRef")).get("fieldPath"))
    fixed = {"metadata.name": name, "metadata.namespace": namespace, "status.podIP": "127.0.0.1"}
    if path in fixed:
        return fixed[path]
    for kind, held in (("labels", found.labels), ("annotations", found.annotations)):
        key = path.removeprefix(f"metadata.{kind}['").removesuffix("']")
        if key != path and key in held:
            return text(held[key])
    return None


def _is_optional(source: Mapping[str, Any]) -> bool:
    return any(mapping(source.get(key)).get("optional") is True for key in _OWN_KEYS)


def _source(source: Mapping[str, Any]) -> str:
    kind = next((key for key in _OWN_KEYS if key in source), "a source that kgen does not know")
    held = mapping(source.get(kind))
    where = text(held.get("name")) or text(held.get("fieldPath")) or text(held.get("resource"))
    return f"{kind} `{where}`" if where else kind


def mounts(found: Primary, folder: Path, given: Mapping[str, Path], notes: list[str]) -> list[Mount]:
    """Give the container's mounts, and make the folders that are not given.

    Raises:
        RunnerError: `given` names a volume that the pod does not have, or a folder that is not there.
    """
    volumes = {text(each.get("name")): each for each in map(mapping, listed(found.pod.get("volumes")))}
    for name, place in given.items():
        if name not in volumes:
            every = ", ".join(f"`{each}`" for each in volumes) or "none"
            raise RunnerError(f"the pod has no volume `{name}`", f"it has {every}")
        if not place.exists():
            raise RunnerError(f"`{place}`, given for the volume `{name}`, is not there")
    out = [
        _mount(entry, volumes.get(text(entry.get("name")), {}), folder, given)
        for entry in map(mapping, listed(found.container.get("volumeMounts")))
    ]
    notes.extend(_missing(out, volumes))
    return out


def _mount(entry: Mapping[str, Any], volume: Mapping[str, Any], folder: Path, given: Mapping[str, Path]) -> Mount:
    name, path = text(entry.get("name")), text(entry.get("mountPath"))
    below = text(entry.get("subPath"))
    read_only = entry.get("readOnly") is True
    if name in given:
        return Mount(name, path, given[name].absolute() / below, Held.GIVEN, read_only)
    source = folder / VOLUMES / name / below
    writable(source)
    empty = volume.get("emptyDir")
    if isinstance(empty, dict) and empty.get("medium") == "Memory":
        size = amount(str(empty["sizeLimit"])) if "sizeLimit" in empty else None
        return Mount(name, path, source, Held.MEMORY, read_only, None if size is None else int(size))
    held = Held.EMPTY if "emptyDir" in volume or "ephemeral" in volume else Held.MISSING
    return Mount(name, path, source, held, read_only)


def writable(folder: Path) -> None:
    """Make a folder into which all may write, as the kubelet makes an empty volume: an image has its own user."""
    folder.mkdir(parents=True, exist_ok=True)
    with suppress(PermissionError):  # made by somebody else in a run before
        folder.chmod(0o777)


def _missing(found: list[Mount], volumes: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name in dict.fromkeys(mount.volume for mount in found if mount.held is Held.MISSING):
        kind = next((key for key in volumes.get(name, {}) if key != "name"), "unknown")
        yield f"the volume `{name}` ({kind}) is an empty folder here: give its content with `--volume {name}=DIR`"


def limits(container: Mapping[str, Any]) -> Limits:
    """Read `resources.limits`; what cannot be read is no limit."""
    held = mapping(mapping(container.get("resources")).get("limits"))
    cpu, memory = (amount(str(held[key])) if key in held else None for key in ("cpu", "memory"))
    gpu = next((name for name in held if any(part in name for part in _ACCELERATORS)), "")
    count = amount(str(held[gpu])) if gpu else None
    return Limits(None if cpu is None else float(cpu), None if memory is None else int(memory), int(count or 0), gpu)
