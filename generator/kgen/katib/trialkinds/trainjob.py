"""TrainJob: the pod templates lie in a runtime, and the job carries overrides of them.

Where they stand, and what they can hold, differs by release; read from kubeflow/trainer v2.0.0,
v2.1.0, v2.2.0 and v2.3.0 (pkg/apis/trainer/v1alpha1, pkg/runtime/core/trainingruntime.go and the
validation in plugins/jobset). A field of another release is dropped by the API server in silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kgen.katib.trialkinds.kind import CannotCarry, Settings, TrialKind, container_settings
from kgen.katib.v1beta1 import JOB_CONDITIONS, TRAINJOB_LABELS, version
from kgen.model.merge import Keyed, merge, unwrapped
from kgen.model.node import FieldPath, Node, Span, fields, get, items, make, put, text_of

MANAGER = "kgen.dev/overlays"  # names whose patch it is; any domain-prefixed path will do
TRAINER = ("spec", "trainer")
CONTAINER = "node"
_NODE, _LAUNCHER = "node", "launcher"
_MPI_RUNTIMES = ("deepspeed-distributed", "mlx-distributed", "mpi-distributed")

# Pod-level fields, and the release from which an override can hold them.
_POD_SINCE = {
    **dict.fromkeys(("containers", "initContainers", "nodeSelector", "schedulingGates", "serviceAccountName"), "2.0"),
    **dict.fromkeys(("tolerations", "volumes"), "2.0"),
    **dict.fromkeys(("affinity", "imagePullSecrets"), "2.1"),
    "securityContext": "2.2",
    "terminationGracePeriodSeconds": "2.3",
}
_METADATA_SINCE = "2.1"
_CONTAINER_SINCE = {"volumeMounts": "2.0", "securityContext": "2.2"}
_TRAINER_FIELDS = {
    "env": "env",
    "resources": "resourcesPerNode",
    "image": "image",
    "command": "command",
    "args": "args",
}


class TrainJob(TrialKind):
    """The kind, as one release of the Trainer has it."""

    __slots__ = ()

    def build(self, trial: Node, default: Span) -> Node:
        """Make the object; its runtime is named in `spec.runtimeRef`."""
        given = fields(trial)
        if get(trial, "spec", "runtimeRef", "name") is None:
            place = given["spec"].span if "spec" in given else trial.span
            message = "a TrainJob needs a runtime"
            raise CannotCarry(place, message, "add `spec: {runtimeRef: {name: torch-distributed}}` to the trial")
        if "restartPolicy" in given:
            self._refuse("`restartPolicy` of a pod", given["restartPolicy"])
        trainer = {key: given[key] for key in ("image", "command", "args") if key in given}
        place = given["kind"].span if "kind" in given else trial.span
        out: dict[str, object] = {"apiVersion": Node(self.api_version, place), "kind": Node(self.kind, place)}
        if "metadata" in given:
            out["metadata"] = given["metadata"]
        out["spec"] = merge(make({"trainer": trainer}, default), given["spec"])
        return make(out, place)

    def lay(self, trial: Node, settings: Settings) -> Node:
        """Lay the training container's settings over `spec.trainer`, all else into an override."""
        pod, mounts = settings.pod, {}
        main = container_settings(settings.main, settings.gpu)
        for key, node in fields(main).items():
            if key in _TRAINER_FIELDS:
                trial = _lay_trainer(trial, _TRAINER_FIELDS[key], node)
            elif key in _CONTAINER_SINCE:
                self._need(f"`{key}` of a container", _CONTAINER_SINCE[key], node)
                mounts[key] = node
            else:
                self._refuse(f"`{key}` of a container", node)
        self._check(pod)
        if mounts:
            place = next(iter(mounts.values())).span
            named = Node({"name": Node(CONTAINER, place), **mounts}, place)
            part = make({"spec": {"containers": Node(Keyed({CONTAINER: named}), place)}}, place)
            pod = part if pod is None else merge(pod, part)
        return trial if pod is None else self._override(trial, pod)

    def containers(self, trial: Node) -> Iterator[FieldPath]:
        """Yield the trainer, which is all of the containers that a TrainJob describes."""
        if get(trial, *TRAINER) is not None:
            yield TRAINER

    def training(self, trial: Node, container: str) -> tuple[FieldPath, ...]:
        """Give the trainer."""
        return tuple(self.containers(trial))

    def _check(self, pod: Node | None) -> None:
        metadata = get(pod, "metadata")
        if metadata is not None and fields(metadata):
            self._need("labels and annotations of pods", _METADATA_SINCE, next(iter(fields(metadata).values())))
        for key, node in fields(get(pod, "spec")).items():
            if key not in _POD_SINCE:
                self._refuse(f"`{key}` of a pod", node)
            self._need(f"`{key}` of a pod", _POD_SINCE[key], node)

    def _need(self, what: str, since: str, node: Node) -> None:
        if version(self.release) < version(since):
            message = f"a TrainJob of Trainer {self.release} cannot carry {what}: it can from {since} on"
            help_ = f'set `target: {{trainer: "{since}"}}` if the cluster runs it, or write it in the runtime'
            raise CannotCarry(node.span, message, help_)

    def _refuse(self, what: str, node: Node) -> None:
        message = f"a TrainJob cannot carry {what}: it belongs to the training runtime"
        raise CannotCarry(node.span, message, "write it in the runtime, and keep this layer from it with `match`")

    def _override(self, trial: Node, pod: Node) -> Node:
        place = pod.span
        runtime = get(trial, "spec", "runtimeRef", "name")
        mpi = runtime is not None and text_of(unwrapped(runtime)) in _MPI_RUNTIMES
        jobs = (_LAUNCHER, _NODE) if mpi else (_NODE,)
        key, entry = self._entry(pod, jobs)
        return put(trial, ("spec", key), lambda old: Node((*items(old), make(entry, place)), place))

    def _entry(self, pod: Node, jobs: tuple[str, ...]) -> tuple[str, Mapping[str, object]]:
        targets = [{"name": job} for job in jobs]
        release = version(self.release)
        if release < version("2.1"):
            return "podSpecOverrides", {"targetJobs": targets, **fields(get(pod, "spec"))}
        if release < version("2.2"):
            return "podTemplateOverrides", {"targetJobs": targets, **fields(pod)}
        replicated = [{"name": job, "template": {"spec": {"template": pod}}} for job in jobs]
        runtime = {"template": {"spec": {"replicatedJobs": replicated}}}
        return "runtimePatches", {"manager": MANAGER, "trainingRuntimeSpec": runtime}


def _lay_trainer(trial: Node, key: str, node: Node) -> Node:
    return put(trial, (*TRAINER, key), lambda old: node if old is None else merge(old, node))


def _labels(_: Node) -> Mapping[str, str]:
    """Katib's own default: right for every runtime but those of MPI, whose trainer is the launcher."""
    return TRAINJOB_LABELS


def trainjob(release: str) -> TrialKind:
    """Give the kind as a release of the Trainer has it."""
    return TrainJob(
        kind="TrainJob",
        api_version="trainer.kubeflow.org/v1alpha1",
        container=CONTAINER,
        conditions=JOB_CONDITIONS,
        templates=lambda _: (),
        labels=_labels,
        imageless=True,
        release=release,
    )
