"""Stages that test: a commit, its sync, the search, its metrics, and two edits; and the list of all stages."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from typing import NamedTuple

from harness import installs, reading
from harness.reading import Ended, Settled, dig
from harness.run import Run
from harness.waiting import Broken, Pending, wait_until
from harness.workspace import COUNTERS, ENVIRONMENT, FIRST_TRIALS, MORE_TRIALS, SEARCH

APPLICATION = "kgen-e2e"
METRICS = ("accuracy", "loss")
SYNC_TIMEOUT = 600.0  # seconds; retries of a sync take three minutes at the most


class Stage(NamedTuple):
    """A stage, and its name on the command line."""

    name: str
    act: Callable[[Run], None]

    @property
    def doc(self) -> str:
        """What it does, in a line."""
        return (self.act.__doc__ or "").partition("\n")[0]


def workspace(run: Run) -> None:
    """Write a workspace, render it, and lint it; a warning is an error."""
    shutil.rmtree(run.workspace.folder, ignore_errors=True)
    run.workspace.folder.mkdir(parents=True)
    run.workspace.write(run.settings)
    run.workspace.render()
    name = run.workspace.experiment()
    run.remember(first=name)
    run.say(f"  the Experiment is {name}")


def push(run: Run) -> None:
    """Commit what kgen wrote, and push it to where Argo CD reads it."""
    revision = run.workspace.commit("The first search")
    _push(run)
    run.say(f"  pushed {revision[:8]}")


def _push(run: Run) -> None:
    if not run.settings.own_git:
        run.workspace.push(run.settings.push_url)
        return
    with run.forward(run.kube, run.settings["GIT_NAMESPACE"], "kgen-e2e-git", 80) as port:
        run.workspace.push(f"http://127.0.0.1:{port}/experiments.git")


def sync(run: Run) -> None:
    """Apply the AppProject and the Application that kgen wrote; wait for Synced, and for the search to end."""
    for file in run.workspace.argocd_files():
        run.kube("apply", "-f", str(file))
    _synced(run)
    first = run.recall("first", "workspace")
    end = _ended(run, first)
    if end.reason != "ExperimentMaxTrialsReached" or end.succeeded != FIRST_TRIALS:
        raise Broken(f"{first}: {end.succeeded} of {FIRST_TRIALS} trials succeeded, and it ended as {end.reason}")
    run.remember(uid=end.uid)


def _synced(run: Run) -> Settled:
    """Let Argo CD look at Git now, and wait until it is Synced at the workspace's revision."""
    space, revision = run.settings["ARGOCD_NAMESPACE"], run.workspace.head()
    run.kube("-n", space, "annotate", "application.argoproj.io", APPLICATION, f"{reading.REFRESH}=hard", "--overwrite")

    def look() -> Settled | Pending:
        return reading.synced(run.kube.get("application.argoproj.io", APPLICATION, space), revision)

    return wait_until(APPLICATION, look, timeout=SYNC_TIMEOUT, clock=run.clock, say=run.say)


def _ended(run: Run, name: str, at_least: int = 0) -> Ended:
    """Wait for an Experiment to end well; that it fails ends the wait at once."""

    def look() -> Ended | Pending:
        return reading.ended(_experiment(run, name), at_least)

    return wait_until(name, look, timeout=run.settings.timeout, clock=run.clock, say=run.say, every=10.0)


def _experiment(run: Run, name: str) -> dict[str, object] | None:
    return run.kube.get("experiments.kubeflow.org", name, run.settings["NAMESPACE"])


def check(run: Run) -> None:
    """Nothing drifts, and each trial's metrics are what its pod printed."""
    settled(run)
    metrics(run, run.recall("first", "workspace"))


def settled(run: Run) -> None:
    """A second refresh starts no operation, and kgen finds no difference between what is live and what it rendered.

    Raises:
        Broken: something drifts.
    """
    before, after = _synced(run), _synced(run)
    if before.operation != after.operation:
        raise Broken(f"a refresh started an operation at {after.operation}: Argo CD mends what is not broken")
    live = run.kube("get", "experiments.kubeflow.org", "-n", run.settings["NAMESPACE"], "-o", "yaml")
    (run.folder / "live.yaml").write_text(live, encoding="utf-8")
    said = run.workspace.verdicts("--against", "-", text=live)
    if changed := {name: action for name, action in said.items() if action != "keep"}:
        raise Broken(f"live and rendered differ: {changed}; see `kgen diff env/{ENVIRONMENT} --against live.yaml`")


def metrics(run: Run, experiment: str) -> None:
    """Hold what Katib observed of each trial against what it printed, in its pod's log.

    Raises:
        Broken: they differ, or the best trial is not the best.
    """
    found = _experiment(run, experiment) or {}
    best = reading.best(found)
    trials = run.kube.items(
        "trials.kubeflow.org", run.settings["NAMESPACE"], f"katib.kubeflow.org/experiment={experiment}"
    )
    seen = {each["metadata"]["name"]: reading.observed(each) for each in trials if reading.holds(each, "Succeeded")}
    if best.trial not in seen:
        raise Broken(f"the best trial {best.trial} is none of those that succeeded: {', '.join(sorted(seen))}")
    if best.metrics != seen[best.trial]:
        raise Broken(f"the Experiment has {best.metrics} of its best trial, the Trial {seen[best.trial]}")
    for trial, observed in sorted(seen.items()):
        log = run.kube("logs", "-n", run.settings["NAMESPACE"], f"job/{trial}", "-c", reading.COLLECTOR)
        wrong = [text for name in METRICS if (text := reading.agrees(log, name, observed.get(name, {})))]
        if wrong:
            raise Broken(f"{trial}: " + "; ".join(wrong))
    greatest = max(seen, key=lambda trial: float(seen[trial]["accuracy"]["max"]))
    if float(seen[greatest]["accuracy"]["max"]) > float(seen[best.trial]["accuracy"]["max"]):
        raise Broken(f"{greatest} is better than {best.trial}, which Katib calls the best")
    run.say(f"  {len(seen)} trials are as they printed; best is {best.trial}: {best.metrics['accuracy']['max']}")


def counters(run: Run) -> None:
    """Ask for more trials: `kgen diff` says in-place, and the same Experiment goes on."""
    first, uid = run.recall("first", "workspace"), run.recall("uid", "sync")
    run.workspace.edit(COUNTERS)
    _foretold(run, {f"Experiment/{first}": COUNTERS.action})
    _render_and_push(run, COUNTERS.what)
    _synced(run)
    end = _ended(run, first, at_least=MORE_TRIALS)
    if end.uid != uid:
        raise Broken(f"{first} is another object than before: its uid was {uid}, and is {end.uid}")
    if end.succeeded != MORE_TRIALS:
        raise Broken(f"{first}: {end.succeeded} of {MORE_TRIALS} trials succeeded")
    settled(run)
    metrics(run, first)


def search(run: Run) -> None:
    """Change the search: it gets a name of its own, the old Experiment stays, and the Application is Synced."""
    first, uid = run.recall("first", "workspace"), run.recall("uid", "sync")
    run.workspace.edit(SEARCH)
    said = run.workspace.verdicts()
    run.workspace.render()
    second = run.workspace.experiment()
    _equal(said, {f"Experiment/{first}": "keep", f"Experiment/{second}": SEARCH.action}, "kgen diff")
    run.workspace.commit(SEARCH.what)
    _push(run)
    run.remember(second=second)
    _synced(run)
    end = _ended(run, second, at_least=MORE_TRIALS)
    if end.succeeded != MORE_TRIALS:
        raise Broken(f"{second}: {end.succeeded} of {MORE_TRIALS} trials succeeded")
    _equal(dig(_experiment(run, first), "metadata", "uid"), uid, f"the uid of {first}, which has left Git,")
    settled(run)
    metrics(run, second)


def _foretold(run: Run, wanted: dict[str, str]) -> None:
    """Hold `kgen diff` against what is to come: with Git's last commit, and with the cluster."""
    _equal(run.workspace.verdicts(), wanted, "kgen diff")
    live = run.kube("get", "experiments.kubeflow.org", "-n", run.settings["NAMESPACE"], "-o", "yaml")
    _equal(run.workspace.verdicts("--against", "-", text=live), wanted, "kgen diff against the cluster")


def _render_and_push(run: Run, message: str) -> None:
    run.workspace.render()
    run.workspace.commit(message)
    _push(run)


def _equal(found: object, wanted: object, what: str) -> None:
    if found != wanted:
        raise Broken(f"{what} is {json.dumps(found)}, and should be {json.dumps(wanted)}")


STAGES = (
    Stage("tools", installs.tools),
    Stage("cluster", installs.cluster),
    Stage("katib", installs.katib),
    Stage("argocd", installs.argocd),
    Stage("image", installs.image),
    Stage("git", installs.git),
    Stage("workspace", workspace),
    Stage("push", push),
    Stage("sync", sync),
    Stage("check", check),
    Stage("counters", counters),
    Stage("search", search),
    Stage("teardown", installs.teardown),
)
NAMES = tuple(stage.name for stage in STAGES)


def chosen(stage: str | None, first: str | None, last: str | None) -> tuple[Stage, ...]:
    """Give the stages that `--stage`, or `--from` and `--to`, name.

    Raises:
        Broken: the first comes after the last.
    """
    if stage is not None:
        return (STAGES[NAMES.index(stage)],)
    start = NAMES.index(first) if first else 0
    end = NAMES.index(last) if last else len(NAMES) - 1
    if start > end:
        raise Broken(f"--from {first} comes after --to {last}; the order is {', '.join(NAMES)}")
    return STAGES[start : end + 1]
