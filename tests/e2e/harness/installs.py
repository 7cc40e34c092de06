"""Stages that make a cluster: kind, Katib, Argo CD, the images, the Git server."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from harness.commands import CommandFailed, checked
from harness.machine import find_tools, low_limits
from harness.run import Run
from harness.settings import HERE, TOP
from harness.waiting import Broken

KATIB_DEPLOYMENTS = ("katib-mysql", "katib-db-manager", "katib-controller")
ARGOCD_WORKLOADS = (
    "deployment/argocd-redis",
    "deployment/argocd-repo-server",
    "deployment/argocd-applicationset-controller",
    "statefulset/argocd-application-controller",
)
_KATIB = "github.com/kubeflow/katib.git/manifests/v1beta1/installs/katib-standalone"
_ARGOCD = "https://raw.githubusercontent.com/argoproj/argo-cd"


class Skipped(Exception):
    """Nothing can be tested here, and why."""


def tools(run: Run) -> None:
    """Say which versions are here.

    Raises:
        Skipped: something is missing.
    """
    found = find_tools(run.settings, run.shell)
    for name, version in found.versions.items():
        run.say(f"  {name}: {version}")
    if found.reason:
        raise Skipped(found.reason)
    run.engine = found.engine
    run.remember(engine=found.engine)


def cluster(run: Run) -> None:
    """Create the cluster, or look at the one that is given."""
    if run.settings.kind:
        for text in low_limits():
            run.say(f"  warning: {text}")
        if run.settings["CLUSTER"] in _kind(run, "get", "clusters").split():
            run.say(f"  the cluster {run.settings['CLUSTER']} is there already")
            _kind(run, "export", "kubeconfig", "--name", run.settings["CLUSTER"], *_kubeconfig(run))
        else:
            config = str(run.template("kind.yaml"))
            named = ["--name", run.settings["CLUSTER"], "--image", run.settings["NODE_IMAGE"]]
            _kind(run, "create", "cluster", *named, "--config", config, "--wait", "180s", *_kubeconfig(run))
    version = json.loads(run.kube("version", "-o", "json"))
    run.say(f"  Kubernetes {version['serverVersion']['gitVersion']} at {run.kube.context}")


def _kubeconfig(run: Run) -> list[str]:
    return ["--kubeconfig", str(run.folder / "kubeconfig")]


def _kind(run: Run, *arguments: str) -> str:
    return checked(run.shell, ["kind", *arguments], environ=_provider(run), timeout=900)


def _provider(run: Run) -> dict[str, str]:
    return {"KIND_EXPERIMENTAL_PROVIDER": "podman"} if _engine(run) == "podman" else {}


def _engine(run: Run) -> str:
    return run.engine or str(run.recall("engine", "tools"))


def katib(run: Run) -> None:
    """Install Katib, or look whether it is there."""
    space = run.settings["KATIB_NAMESPACE"]
    if run.settings.kind:
        source = f"{_KATIB}?ref={run.settings['KATIB']}"
        folder = run.template("katib/kustomization.yaml", KATIB_SOURCE=source).parent
        run.kube("apply", "-k", str(folder), timeout=300)
    else:
        _present(run, "crd", "experiments.kubeflow.org", "Katib")
    # The controller is ready when its webhook's certificates are; the DB manager follows the database, which is slow.
    for name in KATIB_DEPLOYMENTS if run.settings.kind else KATIB_DEPLOYMENTS[-1:]:
        _rolled_out(run, f"deployment/{name}", space)


def argocd(run: Run) -> None:
    """Install Argo CD without its API server and UI, with kgen's health checks, or look whether it is there."""
    space = run.settings["ARGOCD_NAMESPACE"]
    if not run.settings.kind:
        _present(run, "crd", "applications.argoproj.io", "Argo CD")
        return  # somebody else's: its settings are left alone
    run.kube("apply", "-f", "-", text=json.dumps(_namespace(space)))
    manifest = f"{_ARGOCD}/{run.settings['ARGOCD']}/manifests/core-install.yaml"
    # On the server's side: the CRD of ApplicationSets is too large for an annotation with all of it.
    run.kube("apply", "-n", space, "--server-side", "--force-conflicts", "-f", manifest, timeout=300)
    patch = run.folder / "manifests" / "health-patch.yaml"
    health = [sys.executable, "-m", "kgen", "argocd", "health", "--format", "patch", "--namespace", space]
    patch.parent.mkdir(parents=True, exist_ok=True)
    patch.write_text(checked(run.shell, health), encoding="utf-8")
    run.kube("-n", space, "patch", "configmap", "argocd-cm", "--patch-file", str(patch))
    for workload in ARGOCD_WORKLOADS:
        _rolled_out(run, workload, space)


def _namespace(name: str) -> dict[str, object]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _present(run: Run, kind: str, name: str, what: str) -> None:
    if run.kube.get(kind, name) is None:
        raise Broken(f"{what} is not in the cluster {run.kube.context}: it has no {kind} {name}")


def _rolled_out(run: Run, workload: str, namespace: str) -> None:
    run.say(f"  waiting for {workload} in {namespace}")
    run.kube("-n", namespace, "rollout", "status", workload, "--timeout", "900s", timeout=930)


def image(run: Run) -> None:
    """Build the trial's image and the Git server's, and put them onto the node; those of a cluster are only named."""
    if not run.settings.kind:
        run.say(f"  trials run {run.settings['IMAGE']}, which the nodes have to pull")
        return
    wanted = {run.settings["IMAGE"]: TOP / "trial"}
    if run.settings.own_git:
        wanted[run.settings["GIT_IMAGE"]] = HERE / "git"
    for name, folder in wanted.items():
        run.say(f"  building {name} from {folder.relative_to(TOP)}")
        _build(run, name, folder)
        _load(run, name)


def full_name(name: str) -> str:
    """Give an image's name as the node knows it: `app:1` -> `docker.io/library/app:1`."""
    first, slash, _ = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return name
    return f"docker.io/{name}" if slash else f"docker.io/library/{name}"


def _build(run: Run, name: str, folder: Path) -> None:
    """Build for this machine's platform alone, and without attestations, which make an image of several."""
    base = f"BASE={run.settings['BASE']}"
    # podman would name it localhost/..., which no pod asks for.
    argv = [_engine(run), "build", "--tag", full_name(name), "--build-arg", base, str(folder)]
    checked(run.shell, argv, environ={"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}, timeout=1200)


def _load(run: Run, name: str) -> None:
    """Load from an archive: `kind load docker-image` fails where Docker keeps images in containerd's store."""
    archive = run.folder / "images" / f"{name.replace('/', '_').replace(':', '_')}.tar"
    archive.parent.mkdir(parents=True, exist_ok=True)
    archive.unlink(missing_ok=True)
    checked(run.shell, [_engine(run), "save", "--output", str(archive), full_name(name)], timeout=600)
    _kind(run, "load", "image-archive", str(archive), "--name", run.settings["CLUSTER"])
    archive.unlink(missing_ok=True)
    on_node(run, name)


def on_node(run: Run, name: str) -> None:
    """Ask the node itself whether it has an image.

    Raises:
        Broken: it has not.
    """
    node = f"{run.settings['CLUSTER']}-control-plane"
    said = checked(run.shell, [_engine(run), "exec", node, "crictl", "images", "-o", "json"], timeout=60)
    tags = {tag for each in json.loads(said)["images"] for tag in each.get("repoTags") or ()}
    if full_name(name) not in tags:
        raise Broken(f"the node has no {full_name(name)}; it has: {', '.join(sorted(tags))}")


def git(run: Run) -> None:
    """Run the Git server, unless a repository is given."""
    if not run.settings.own_git:
        run.say(f"  Argo CD reads {run.settings.git_url}")
        return
    run.kube("apply", "-f", str(run.template("git.yaml")))
    _rolled_out(run, "deployment/kgen-e2e-git", run.settings["GIT_NAMESPACE"])


def teardown(run: Run) -> None:
    """Delete what the run made: the kind cluster, or the objects in a cluster that is somebody's."""
    if run.keep:
        run.say("  kept, as --keep asks")
        return
    if run.settings.kind:
        _kind(run, "delete", "cluster", "--name", run.settings["CLUSTER"], *_kubeconfig(run))
        return
    space = run.settings["NAMESPACE"]
    argocd_space = run.settings["ARGOCD_NAMESPACE"]
    # The Application first, or it would make the Experiments again; then these, while Katib is there to let go of them.
    for arguments in (
        ("-n", argocd_space, "delete", "application.argoproj.io", "kgen-e2e"),
        ("-n", argocd_space, "delete", "appproject.argoproj.io", "kgen-e2e"),
        ("-n", space, "delete", "experiments.kubeflow.org", "-l", "environment=e2e"),
        ("delete", "namespace", space),
        *((("delete", "namespace", run.settings["GIT_NAMESPACE"]),) if run.settings.own_git else ()),
    ):
        try:
            run.kube(*arguments, "--ignore-not-found", "--timeout", "180s", timeout=200)
        except CommandFailed as failed:
            run.say(f"  left behind: {failed}")
