"""Argo Workflow: pod settings stand at the workflow and at its templates, not in pod templates.

Read from argoproj/argo-workflows v3.6.5, pkg/apis/workflow/v1alpha1 and workflow/controller/workflowpod.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from kgen.katib.trialkinds.kind import CannotCarry, Settings, TrialKind, container_settings, lay_at
from kgen.model.node import FieldPath, Node, fields, get, items, text_of

_AT_WORKFLOW = {
    key: key
    for key in (
        "affinity",
        "automountServiceAccountToken",
        "dnsConfig",
        "dnsPolicy",
        "hostAliases",
        "hostNetwork",
        "imagePullSecrets",
        "nodeSelector",
        "schedulerName",
        "securityContext",
        "serviceAccountName",
        "tolerations",
        "volumes",
    )
} | {"priorityClassName": "podPriorityClassName"}
_TEMPLATE_WINS = ("affinity", "nodeSelector", "securityContext", "tolerations")
_ONE, _MANY = ("container", "script"), ("initContainers", "sidecars")


class Workflow(TrialKind):
    """A Workflow whose templates are written in it."""

    __slots__ = ()

    def lay(self, trial: Node, settings: Settings) -> Node:
        """Lay pod settings over the workflow, and over a template's own where that would hide them."""
        metadata = get(settings.pod, "metadata")
        if metadata is not None:
            trial = lay_at(trial, ("spec", "podMetadata"), metadata)
        for key, node in fields(get(settings.pod, "spec")).items():
            if key not in _AT_WORKFLOW:
                message = f"a Workflow has no field for `{key}` of its pods"
                raise CannotCarry(node.span, message, "write it in the workflow's `podSpecPatch`")
            trial = lay_at(trial, ("spec", _AT_WORKFLOW[key]), node)
            for index, template in enumerate(items(get(trial, "spec", "templates"))):
                if key in _TEMPLATE_WINS and get(template, key) is not None:
                    trial = lay_at(trial, ("spec", "templates", index, key), node)
        main = container_settings(settings.main, settings.gpu)
        if main is None:
            return trial
        paths = self._trainers(trial, settings)
        if not paths:
            message = "no template of the Workflow runs the training container"
            raise CannotCarry(main.span, message, "give its template the labels of `primaryPodLabels`")
        for path in paths:
            trial = lay_at(trial, path, main)
        return trial

    def containers(self, trial: Node) -> Iterator[FieldPath]:
        """Yield every container of every template."""
        for index, template in enumerate(items(get(trial, "spec", "templates"))):
            at: FieldPath = ("spec", "templates", index)
            for key in _ONE:
                if get(template, key) is not None:
                    yield (*at, key)
            for path in (("containerSet", "containers"), *((key,) for key in _MANY)):
                for number in range(len(items(get(template, *path)))):
                    yield (*at, *path, number)

    def training(self, trial: Node, container: str) -> tuple[FieldPath, ...]:
        """Give none: which of a workflow's steps takes a flag is the author's to say."""
        return ()

    def _trainers(self, trial: Node, settings: Settings) -> list[FieldPath]:
        out: list[FieldPath] = []
        for index, template in enumerate(items(get(trial, "spec", "templates"))):
            own = fields(get(template, "metadata", "labels"))
            if any(k not in own or text_of(own[k]) != v for k, v in settings.labels.items()):
                continue
            out.extend(("spec", "templates", index, key) for key in _ONE if get(template, key) is not None)
        return out


WORKFLOW = Workflow("Workflow", "argoproj.io/v1alpha1", "main", None, lambda _: ())
