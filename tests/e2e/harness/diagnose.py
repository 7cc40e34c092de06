"""What went wrong, in sentences, from what was gathered. Pure.

The texts that are looked for stand in katib v0.19.0 pkg/webhook/v1beta1 (experiment/validation_webhook.go,
pod/utils.go), argo-cd v3.5.1 controller/{state,sync}.go, and Kubernetes' kubelet and Job controller.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from harness.reading import COLLECTOR, conditions, dig, holds, without_headers

Facts: TypeAlias = Mapping[str, Any]
LABEL = "katib.kubeflow.org/metrics-collector-injection"
_PULL = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError")
_START = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError", "CrashLoopBackOff")
_DENIED = re.compile(r'admission webhook "([^"]+)" denied the request: (.*)', re.DOTALL)
_LABEL = re.compile(r'namespace "([^"]+)": the namespace lacks label', re.IGNORECASE)
_SHOWN = 5  # lines of a log or a diff


def diagnose(facts: Facts) -> tuple[str, ...]:
    """Say what is wrong, causes before what follows from them; each sentence once."""
    unread = facts.get("unread") or {}
    if "pods" in unread and "namespaces" in unread:
        return (f"The cluster could not be read at all: {_line(unread['pods'])}",)
    said = dict.fromkeys(sentence for look in _LOOKS for sentence in look(facts))
    if not said:
        left = ", ".join(unread) or "nothing"
        return (f"Nothing known is wrong in what was gathered; could not be read: {left}.",)
    return tuple(said)


def _unready(facts: Facts) -> Iterator[str]:
    """Katib, Argo CD and the Git server run."""
    names = facts.get("names") or {}
    spaces = {names.get(f"KGEN_E2E_{key}_NAMESPACE") for key in ("KATIB", "ARGOCD", "GIT")}
    for each in facts.get("workloads") or ():
        meta, wanted = each["metadata"], dig(each, "spec", "replicas")
        ready = dig(each, "status", "readyReplicas") or 0
        if meta["namespace"] in spaces and ready < (1 if wanted is None else wanted):
            yield f"{each['kind']} {meta['name']} in {meta['namespace']} is not ready: {ready} of {wanted} pods."


def _nodes(facts: Facts) -> Iterator[str]:
    """The nodes have what pods need."""
    for node in facts.get("nodes") or ():
        for kind in ("DiskPressure", "MemoryPressure", "PIDPressure"):
            if holds(node, kind):
                yield f"Node {node['metadata']['name']} has {kind}: {conditions(node)[kind].get('message')}."


def _images(facts: Facts) -> Iterator[str]:
    """Every image is there."""
    for pod, status in _statuses(facts):
        waiting = dig(status, "state", "waiting") or {}
        name = f"Pod {pod['metadata']['namespace']}/{pod['metadata']['name']}, container {status['name']}"
        if waiting.get("reason") in _PULL:
            image, why = status.get("image"), waiting.get("message") or waiting["reason"]
            yield f"{name}: the image {image} cannot be had ({waiting['reason']}): {_line(why)}"
        elif waiting.get("reason") in _START:
            last = dig(status, "lastState", "terminated", "message") or waiting.get("message") or ""
            yield f"{name} does not start ({waiting['reason']}): {_line(last)}{_tail(facts, pod, status['name'])}"


def _scheduling(facts: Facts) -> Iterator[str]:
    """Every pod has found a node."""
    for pod in facts.get("pods") or ():
        scheduled = conditions(pod).get("PodScheduled", {})
        if scheduled.get("status") == "False":
            meta = pod["metadata"]
            yield f"Pod {meta['namespace']}/{meta['name']} finds no node: {_line(scheduled.get('message'))}"


def _label(facts: Facts) -> Iterator[str]:
    """The namespace has Katib's label."""
    wanted = (facts.get("names") or {}).get("KGEN_E2E_NAMESPACE")
    for each in facts.get("namespaces") or ():
        labels = dig(each, "metadata", "labels") or {}
        if each["metadata"]["name"] == wanted and labels.get(LABEL) != "enabled":
            yield _lacks(str(wanted))


def _lacks(namespace: str) -> str:
    return (
        f"Namespace {namespace} lacks the label {LABEL}: enabled, so Katib refuses its Experiments; Argo CD sets it by "
        "syncPolicy.managedNamespaceMetadata, which needs CreateNamespace=true and the AppProject's leave."
    )


def _application(facts: Facts) -> Iterator[str]:
    """The Application could be compared and synced."""
    for each in facts.get("applications") or ():
        name, state = each["metadata"]["name"], dig(each, "status", "operationState") or {}
        for one in dig(each, "status", "conditions") or ():
            yield f"Application {name} has {one.get('type')}: {_denial(str(one.get('message')))}{_hint(one)}"
        for one in dig(state, "syncResult", "resources") or ():
            if one.get("status") == "SyncFailed":
                yield f"{one.get('kind')} {one.get('name')} was not applied: {_denial(str(one.get('message')))}"
        if state.get("phase") in ("Failed", "Error"):
            yield f"The last sync of {name} has ended as {state['phase']}: {_denial(str(state.get('message')))}"


def _denial(message: str) -> str:
    """Give what a webhook said without what others put before it; a missing label with its mend."""
    if label := _LABEL.search(message):
        return _lacks(label[1])
    if denied := _DENIED.search(message):
        # Katib prints the containers whole, with names that differ from one try to the next.
        return f"the webhook {denied[1]} denied it: {_line(denied[2].partition(' in mutated pod containers')[0])}"
    return _line(message)


def _hint(condition: Mapping[str, Any]) -> str:
    message = str(condition.get("message")).lower()
    if "failed to list refs" in message or "connection refused" in message or "no such host" in message:
        return " (Argo CD does not reach the Git repository: look at the Git server's pod, and at repoURL)"
    if "is not permitted in project" in message:
        return " (the AppProject does not permit it: `kgen argocd objects -w` writes one that does)"
    return ""


def _drift(facts: Facts) -> Iterator[str]:
    """The Application is Synced."""
    for each in facts.get("applications") or ():
        sync = dig(each, "status", "sync") or {}
        if sync.get("status") in (None, "Synced"):
            continue
        odd = [r for r in dig(each, "status", "resources") or () if r.get("status") not in (None, "Synced")]
        names = ", ".join(f"{r.get('kind')} {r.get('name')}" for r in odd) or "no resource of its own"
        text = f"Application {each['metadata']['name']} is {sync['status']}: {names}."
        diff = [line for line in (facts.get("diff") or "").splitlines() if line.strip()]
        yield text + ("".join(f"\n    {line}" for line in diff[: 4 * _SHOWN]) if diff else "")


def _refused_pods(facts: Facts) -> Iterator[str]:
    """Katib's webhook lets the pods of trials through."""
    for event in facts.get("events") or ():
        message = str(event.get("message"))
        if event.get("reason") != "FailedCreate" or "denied the request" not in message:
            continue
        what = f"{dig(event, 'involvedObject', 'kind')} {dig(event, 'involvedObject', 'name')}"
        yield f"{what} gets no pod: {_denial(message)}{_pod_hint(message)}"


def _pod_hint(message: str) -> str:
    if "unable to find primary container" in message.lower():
        return " (trialTemplate.primaryContainerName names no container of the pod)"
    if "Failed to parse image" in message or "info from registry" in message:
        return " (the container has no command, so Katib asks the registry for the image's own: write the command)"
    return ""


def _suggestions(facts: Facts) -> Iterator[str]:
    """The algorithm's service runs."""
    for each in facts.get("suggestions") or ():
        name = each["metadata"]["name"]
        if holds(each, "Failed"):
            yield f"Suggestion {name} has failed: {_line(conditions(each)['Failed'].get('message'))}"
        elif not holds(each, "DeploymentReady") and not holds(each, "Succeeded"):
            why = conditions(each).get("DeploymentReady", {}).get("message") or "its Deployment has no ready pod"
            yield f"Suggestion {name} is not ready, so no trial is made: {_line(why)}"


def _trials(facts: Facts) -> Iterator[str]:
    """Every trial trains, and its metrics are collected."""
    for each in facts.get("trials") or ():
        name, where = each["metadata"]["name"], dig(each, "spec", "primaryContainerName")
        pod = next((p for p in facts.get("pods") or () if _job_of(p) == name), None)
        tail = (_tail(facts, pod, where) or _tail(facts, pod, COLLECTOR)) if pod else " (its pod is gone)"
        if holds(each, "Failed"):
            yield f"Trial {name} has failed: {_line(conditions(each)['Failed'].get('message'))}{tail}"
        elif holds(each, "MetricsUnavailable"):
            wanted = dig(each, "spec", "objective", "objectiveMetricName")
            yield f"Trial {name} has ended, but no value of `{wanted}` was collected; see `kgen metrics`.{tail}"


def _experiments(facts: Facts) -> Iterator[str]:
    """The Experiment runs, or has ended well."""
    wanted = (facts.get("names") or {}).get("KGEN_E2E_NAMESPACE")
    for each in facts.get("experiments") or ():
        name = each["metadata"]["name"]
        if holds(each, "Failed"):
            yield f"Experiment {name} has failed: {_line(conditions(each)['Failed'].get('message'))}"
        elif not conditions(each):
            yield f"Experiment {name} has no status at all: katib-controller has not seen it; look at its log."
    for event in facts.get("events") or ():
        about = event.get("involvedObject") or {}
        ours = about.get("namespace") == wanted and about.get("kind") in ("Experiment", "Trial", "Suggestion")
        if ours and event.get("reason") == "ReconcileError":
            what = f"{about['kind']} {about.get('name')}"
            yield f"katib-controller cannot reconcile {what}: {_line(event.get('message'))}"


_LOOKS: tuple[Callable[[Facts], Iterator[str]], ...] = (
    _nodes,
    _unready,
    _images,
    _scheduling,
    _label,
    _application,
    _drift,
    _suggestions,
    _refused_pods,
    _trials,
    _experiments,
)


def _statuses(facts: Facts) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    for pod in facts.get("pods") or ():
        for kind in ("initContainerStatuses", "containerStatuses"):
            for status in dig(pod, "status", kind) or ():
                yield pod, status


def _job_of(pod: Mapping[str, Any]) -> str | None:
    return dig(pod, "metadata", "labels", "batch.kubernetes.io/job-name")  # type: ignore[no-any-return]


def _tail(facts: Facts, pod: Mapping[str, Any], container: str | None) -> str:
    meta = pod["metadata"]
    log = (facts.get("logs") or {}).get(f"{meta['namespace']}/{meta['name']}/{container}", "")
    lines = [line for line in without_headers(log).splitlines() if line.strip()][-_SHOWN:]
    return "".join(f"\n    {line}" for line in lines)


def _line(text: object) -> str:
    """Give a message on one line, with one full stop at its end."""
    return re.sub(r"\s+", " ", str(text or "no message")).strip().rstrip(".") + "."
