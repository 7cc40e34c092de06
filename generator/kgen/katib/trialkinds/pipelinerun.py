"""Tekton PipelineRun: one pod template for all tasks, whose fields are a few of a pod's.

Read from tektoncd/pipeline v1.0.0, pkg/apis/pipeline/{v1,v1beta1} and pkg/apis/pipeline/pod/template.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from kgen.katib.trialkinds.kind import CannotCarry, Settings, TrialKind, container_settings, lay_at
from kgen.model.merge import unwrapped
from kgen.model.node import FieldPath, Node, fields, get, items, text_of

_AT_TEMPLATE = frozenset(
    "affinity automountServiceAccountToken dnsConfig dnsPolicy enableServiceLinks hostAliases hostNetwork "
    "imagePullSecrets nodeSelector priorityClassName runtimeClassName schedulerName securityContext "
    "tolerations topologySpreadConstraints volumes".split()
)
_STEP = "step-"


class PipelineRun(TrialKind):
    """A PipelineRun whose tasks are written in it."""

    __slots__ = ()

    def lay(self, trial: Node, settings: Settings) -> Node:
        """Lay pod settings over the template of all tasks, the training container's over its step."""
        beta = text_of(unwrapped(fields(trial)["apiVersion"])).endswith("/v1beta1")
        base: FieldPath = ("spec",) if beta else ("spec", "taskRunTemplate")
        metadata = get(settings.pod, "metadata")
        if metadata is not None:  # Tekton hands the run's own labels and annotations to its pods
            trial = lay_at(trial, ("metadata",), metadata)
        for key, node in fields(get(settings.pod, "spec")).items():
            if key == "serviceAccountName":
                trial = lay_at(trial, (*base, key), node)
            elif key in _AT_TEMPLATE:
                trial = lay_at(trial, (*base, "podTemplate", key), node)
            else:
                message = f"a PipelineRun has no field for `{key}` of its pods"
                raise CannotCarry(node.span, message, "keep this layer from it with `match`")
        main = container_settings(settings.main, settings.gpu)
        return trial if main is None else self._lay_steps(trial, main, settings.container, beta=beta)

    def containers(self, trial: Node) -> Iterator[FieldPath]:
        """Yield every step and sidecar of every task."""
        for group in ("tasks", "finally"):
            for index in range(len(items(get(trial, "spec", "pipelineSpec", group)))):
                at: FieldPath = ("spec", "pipelineSpec", group, index, "taskSpec")
                for key in ("steps", "sidecars"):
                    for number in range(len(items(get(trial, *at, key)))):
                        yield (*at, key, number)

    def images(self, trial: Node) -> Iterator[FieldPath]:
        """Yield the path of every image name, those that steps take from their template included."""
        yield from TrialKind.images(self, trial)
        for group in ("tasks", "finally"):
            for index in range(len(items(get(trial, "spec", "pipelineSpec", group)))):
                yield ("spec", "pipelineSpec", group, index, "taskSpec", "stepTemplate", "image")

    def training(self, trial: Node, container: str) -> tuple[FieldPath, ...]:
        """Give the step whose container has the name; Tekton puts `step-` before it."""
        wanted = container.removeprefix(_STEP)
        out = []
        for path in self.containers(trial):
            name = get(trial, *path, "name")
            if path[-2] == "steps" and name is not None and text_of(name) == wanted:
                out.append(path)
        return tuple(out)

    def _lay_steps(self, trial: Node, main: Node, container: str, *, beta: bool) -> Node:
        paths = self.training(trial, container)
        if not paths:
            message = f"no step of the PipelineRun runs as `{container}`"
            raise CannotCarry(main.span, message, "set `trial.container` to `step-` and the step's name")
        given = dict(fields(main))
        if "resources" in given and not beta:
            given["computeResources"] = given.pop("resources")
        for path in paths:
            trial = lay_at(trial, path, Node(given, main.span))
        return trial


PIPELINERUN = PipelineRun("PipelineRun", "tekton.dev/v1", "", None, lambda _: ())
