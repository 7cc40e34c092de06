"""Live objects, and what Argo CD shall say of them.

The conditions and their texts are those that the controllers write (kubeflow/katib v0.19.0
pkg/controller.v1beta1, kubeflow/training-operator v1.9.2 pkg/controller.v1, kubeflow/trainer v2.3.0 pkg/controller).
"""

from __future__ import annotations

from typing import Any, NamedTuple

RUNS, HELD, LOST, WELL = "runs", "held", "lost", "well"
HEALTH = {
    "waiting": {RUNS: "Progressing", HELD: "Suspended", LOST: "Degraded", WELL: "Healthy"},
    "alerting": {RUNS: "Healthy", HELD: "Healthy", LOST: "Degraded", WELL: "Healthy"},
    "flowing": {RUNS: "Healthy", HELD: "Healthy", LOST: "Healthy", WELL: "Healthy"},
}
VERSIONS = {"Experiment": "v1beta1", "Trial": "v1beta1", "Suggestion": "v1beta1", "TrainJob": "v1alpha1"}
NOWHERE = object()  # the status is not there at all

Plain = dict[str, Any]


class Row(NamedTuple):
    """One object: its kind, status and spec; how it is, and what is said of it."""

    name: str
    kind: str
    status: Any
    state: str
    message: str
    spec: Any = None

    @property
    def object(self) -> Plain:
        group = "trainer.kubeflow.org" if self.kind == "TrainJob" else "kubeflow.org"
        api_version = f"{group}/{VERSIONS.get(self.kind, 'v1')}"
        root = {"apiVersion": api_version, "kind": self.kind, "metadata": {"name": "mnist", "namespace": "team-a"}}
        return {
            **root,
            **({} if self.spec is NOWHERE else {"spec": {} if self.spec is None else self.spec}),
            **({} if self.status is NOWHERE else {"status": self.status}),
        }


def condition(type_: str, reason: str, message: str, status: str = "True") -> Plain:
    when = {"lastTransitionTime": "2026-03-01T10:00:00Z", "lastUpdateTime": "2026-03-01T10:00:00Z"}
    return {"type": type_, "status": status, "reason": reason, "message": message, **when}


CREATED = condition("Created", "ExperimentCreated", "Experiment is created")
RUNNING = condition("Running", "ExperimentRunning", "Experiment is running")
RAN = condition("Running", "ExperimentRunning", "Experiment is running", "False")
RESTARTING = condition("Restarting", "ExperimentRestarting", "Experiment is restarted")
GOAL = condition("Succeeded", "ExperimentGoalReached", "Experiment has succeeded because Objective goal has reached")
MOST = condition(
    "Succeeded", "ExperimentMaxTrialsReached", "Experiment has succeeded because max trial count has reached"
)
END = condition(
    "Succeeded",
    "ExperimentSuggestionEndReached",
    "Experiment has succeeded because suggestion service has reached the end",
)
FAILED = condition("Failed", "ExperimentFailed", "Experiment has failed because max failed count has reached")
NO_SUGGESTION = condition("Failed", "ExperimentFailed", "Suggestion has failed")

SPEC: Plain = {
    "maxTrialCount": 12,
    "parallelTrialCount": 3,
    "maxFailedTrialCount": 3,
    "resumePolicy": "Never",
    "objective": {
        "type": "maximize",
        "goal": 0.99,
        "objectiveMetricName": "accuracy",
        "additionalMetricNames": ["loss"],
        "metricStrategies": [{"name": "accuracy", "value": "max"}, {"name": "loss", "value": "min"}],
    },
}
LONG: Plain = {**SPEC, "resumePolicy": "LongRunning"}
BEST: Plain = {
    "bestTrialName": "mnist-5dk7x9qp",
    "parameterAssignments": [{"name": "lr", "value": "0.01"}],
    "observation": {
        "metrics": [
            {"name": "loss", "min": "0.08", "max": "2.3", "latest": "0.09"},
            {"name": "accuracy", "min": "0.11", "max": "0.97", "latest": "0.96"},
        ]
    },
}
ALL_DONE: Plain = {"trials": 12, "trialsSucceeded": 12, "currentOptimalTrial": BEST}
NO_OPTIMUM: Plain = {"observation": {}}  # what Katib writes before there is a best trial
STUCK = "no trial yet; if it stays so, look at the Suggestion of this name and at its pod"
NOT_YET = "Katib's controller has not taken it up yet"
BY_NOW = "best mnist-5dk7x9qp: accuracy 0.97"


def experiment(name: str, conditions: Any, state: str, message: str, *, spec: Any = SPEC, **status: Any) -> Row:
    return Row(name, "Experiment", {"conditions": conditions, **status}, state, message, spec)


EXPERIMENTS = (
    Row("an Experiment without status", "Experiment", NOWHERE, RUNS, NOT_YET, SPEC),
    Row("an Experiment whose status is null", "Experiment", None, RUNS, NOT_YET, SPEC),
    Row("an Experiment whose status is empty", "Experiment", {}, RUNS, NOT_YET, SPEC),
    Row("an Experiment with neither spec nor status", "Experiment", NOWHERE, RUNS, NOT_YET, NOWHERE),
    experiment("an Experiment whose conditions are null", None, RUNS, NOT_YET),
    experiment("an Experiment whose conditions are empty", [], RUNS, NOT_YET),
    experiment(
        "an Experiment that is created",
        [CREATED],
        RUNS,
        "Created: it waits for the Suggestion of this name; if it stays so, look at that one's pod",
        currentOptimalTrial=NO_OPTIMUM,
    ),
    experiment(
        "an Experiment that runs and has no trial yet",
        [CREATED, RUNNING],
        RUNS,
        f"Running: {STUCK}",
        currentOptimalTrial=NO_OPTIMUM,
    ),
    experiment(
        "an Experiment whose first trials run",
        [CREATED, RUNNING],
        RUNS,
        "Running; 2 running, 1 pending",
        trials=3,
        trialsRunning=2,
        trialsPending=1,
        currentOptimalTrial=NO_OPTIMUM,
    ),
    experiment(
        "an Experiment in the midst of its search",
        [CREATED, RUNNING],
        RUNS,
        "Running; 7 of 12 trials done (3 succeeded, 1 failed, 1 without metrics, 2 stopped early); 3 running; "
        + BY_NOW,
        trials=10,
        trialsSucceeded=3,
        trialsFailed=1,
        trialMetricsUnavailable=1,
        trialsEarlyStopped=2,
        trialsRunning=3,
        currentOptimalTrial=BEST,
    ),
    experiment(
        "an Experiment that runs before it is known as created",
        [RUNNING],
        RUNS,
        "Running; 1 running",
        trials=1,
        trialsRunning=1,
    ),
    experiment(
        "an Experiment that has reached its goal",
        [CREATED, RAN, GOAL],
        WELL,
        f"Succeeded: the goal is reached; 5 of 12 trials done (5 succeeded); {BY_NOW}",
        trials=5,
        trialsSucceeded=5,
        currentOptimalTrial=BEST,
    ),
    experiment(
        "an Experiment at its goal that could go on is no pending restart",
        [CREATED, RAN, GOAL],
        WELL,
        f"Succeeded: the goal is reached; 5 of 12 trials done (5 succeeded); 2 running; {BY_NOW}",
        spec=LONG,
        trials=7,
        trialsSucceeded=5,
        trialsRunning=2,
        currentOptimalTrial=BEST,
    ),
    experiment(
        "an Experiment that has made all its trials",
        [CREATED, RAN, MOST],
        WELL,
        f"Succeeded: maxTrialCount is reached; 12 of 12 trials done (12 succeeded); {BY_NOW}",
        **ALL_DONE,
    ),
    experiment(
        "an Experiment whose algorithm has come to its end",
        [CREATED, RAN, END],
        WELL,
        f"Succeeded: the algorithm has nothing more to suggest; 9 of 12 trials done (9 succeeded); {BY_NOW}",
        trials=9,
        trialsSucceeded=9,
        currentOptimalTrial=BEST,
    ),
    experiment(
        "an Experiment that has succeeded for a reason nobody knows yet",
        [CREATED, RAN, condition("Succeeded", "Surprise", "Experiment has succeeded, who would have thought it")],
        WELL,
        "Succeeded: Experiment has succeeded, who would have thought it",
    ),
    experiment(
        "an Experiment that says nothing but that it has succeeded",
        [{"type": "Succeeded", "status": "True"}],
        WELL,
        "Succeeded: Katib does not say why",
    ),
    experiment(
        "an Experiment of which every trial was without metrics",
        [CREATED, RAN, MOST],
        LOST,
        "Succeeded: maxTrialCount is reached, but no trial gave a value of the objective; "
        "12 of 12 trials done (12 without metrics)",
        spec={**SPEC, "maxFailedTrialCount": None},
        trials=12,
        trialMetricsUnavailable=12,
        currentOptimalTrial=NO_OPTIMUM,
    ),
    experiment(
        "an Experiment of which all trials failed, and none may fail it",
        [CREATED, RAN, MOST],
        LOST,
        "Succeeded: maxTrialCount is reached, but no trial gave a value of the objective; "
        "12 of 12 trials done (11 failed, 1 killed)",
        trials=12,
        trialsFailed=11,
        trialsKilled=1,
    ),
    experiment(
        "an Experiment with maxTrialCount raised and not restarted yet",
        [CREATED, RAN, MOST],
        RUNS,
        "Restart pending: maxTrialCount is 24, for 12 trials made; 12 of 24 trials done (12 succeeded); " + BY_NOW,
        spec={**LONG, "maxTrialCount": 24},
        **ALL_DONE,
    ),
    experiment(
        "the same with its state in a volume",
        [CREATED, RAN, MOST],
        RUNS,
        "Restart pending: maxTrialCount is 13, for 12 trials made; 12 of 13 trials done (12 succeeded); " + BY_NOW,
        spec={**SPEC, "resumePolicy": "FromVolume", "maxTrialCount": 13},
        **ALL_DONE,
    ),
    experiment(
        "an Experiment that cannot restart, with maxTrialCount above its trials",
        [CREATED, RAN, MOST],
        WELL,
        f"Succeeded: maxTrialCount is reached; 12 of 24 trials done (12 succeeded); {BY_NOW}",
        spec={**SPEC, "maxTrialCount": 24},
        **ALL_DONE,
    ),
    experiment(
        "an Experiment that restarts, Running still False",
        [CREATED, RAN, RESTARTING],
        RUNS,
        f"Restarting; 12 of 24 trials done (12 succeeded); {BY_NOW}",
        spec={**LONG, "maxTrialCount": 24},
        **ALL_DONE,
    ),
    experiment(
        "an Experiment that runs again, Restarting kept",
        [CREATED, RESTARTING, RUNNING],
        RUNS,
        f"Running; 12 of 24 trials done (12 succeeded); 3 running; {BY_NOW}",
        spec={**LONG, "maxTrialCount": 24},
        **{**ALL_DONE, "trials": 15, "trialsRunning": 3},
    ),
    experiment(
        "an Experiment that has succeeded again, Restarting kept as the last",
        [CREATED, RAN, MOST, RESTARTING],
        WELL,
        f"Succeeded: maxTrialCount is reached; 24 of 24 trials done (24 succeeded); {BY_NOW}",
        spec={**LONG, "maxTrialCount": 24},
        **{**ALL_DONE, "trials": 24, "trialsSucceeded": 24},
    ),
    experiment(
        "an Experiment that has failed after a restart, Restarting kept",
        [CREATED, RESTARTING, RAN, FAILED],
        LOST,
        "Failed: 3 trials failed or gave no metrics, and maxFailedTrialCount is 3; "
        f"15 of 24 trials done (12 succeeded, 3 failed); {BY_NOW}",
        spec={**LONG, "maxTrialCount": 24},
        **{**ALL_DONE, "trials": 15, "trialsFailed": 3},
    ),
    experiment(
        "an Experiment with too many failed trials",
        [CREATED, RAN, FAILED],
        LOST,
        "Failed: 3 trials failed or gave no metrics, and maxFailedTrialCount is 3; "
        "3 of 12 trials done (2 failed, 1 without metrics); 1 running",
        trials=4,
        trialsFailed=2,
        trialMetricsUnavailable=1,
        trialsRunning=1,
        currentOptimalTrial=NO_OPTIMUM,
    ),
    experiment(
        "an Experiment that fails with its first trial",
        [CREATED, RAN, FAILED],
        LOST,
        "Failed: 1 trial failed or gave no metrics, and maxFailedTrialCount is 0; 1 of 12 trials done (1 failed)",
        spec={**SPEC, "maxFailedTrialCount": 0},
        trials=1,
        trialsFailed=1,
    ),
    experiment(
        "an Experiment whose Suggestion failed",
        [CREATED, NO_SUGGESTION],
        LOST,
        "Failed: Suggestion has failed, and says why itself; it has this name",
    ),
    experiment(
        "an Experiment whose Suggestion failed after as many trials as may",
        [CREATED, NO_SUGGESTION],
        LOST,
        "Failed: Suggestion has failed, and says why itself; it has this name; 3 of 12 trials done (3 failed)",
        trials=3,
        trialsFailed=3,
    ),
    experiment("an Experiment that failed and succeeded", [CREATED, RAN, MOST, NO_SUGGESTION], LOST,
        "Failed: Suggestion has failed, and says why itself; it has this name"),
    experiment("an Experiment that failed no more", [CREATED, {**FAILED, "status": "False"}, RUNNING], RUNS,
        "Running; 1 pending", trials=1, trialsPending=1),
    experiment("an Experiment of which Succeeded is unknown", [CREATED, RAN, {**MOST, "status": "Unknown"}], RUNS,
        "Created: it waits for the Suggestion of this name; if it stays so, look at that one's pod"),
    experiment("an Experiment without maxTrialCount", [CREATED, RUNNING], RUNS,
        f"Running; 40 trials done (40 succeeded); 3 running; {BY_NOW}",
        spec={"objective": SPEC["objective"]}, trials=43, trialsSucceeded=40, trialsRunning=3,
        currentOptimalTrial=BEST),
    experiment("an Experiment without strategies, to be minimized", [CREATED, RUNNING], RUNS,
        "Running; 1 of 12 trials done (1 succeeded); best mnist-5dk7x9qp: loss 0.08",
        spec={**SPEC, "objective": {"type": "minimize", "objectiveMetricName": "loss"}},
        trials=1, trialsSucceeded=1, currentOptimalTrial=BEST),
    experiment("an Experiment that takes the latest value", [CREATED, RUNNING], RUNS,
        "Running; 1 of 12 trials done (1 succeeded); best mnist-5dk7x9qp: accuracy 0.96",
        spec={**SPEC, "objective": {
            **SPEC["objective"], "metricStrategies": [{"name": "accuracy", "value": "latest"}]}},
        trials=1, trialsSucceeded=1, currentOptimalTrial=BEST),
    experiment("an Experiment whose objective is a text", [CREATED, RUNNING], RUNS,
        "Running; 1 of 12 trials done (1 succeeded); best a: accuracy high",
        trials=1, trialsSucceeded=1, currentOptimalTrial={"bestTrialName": "a", "observation": {"metrics": [
            {"name": "accuracy", "min": "unavailable", "max": "unavailable", "latest": "high"}]}}),
    experiment("an Experiment whose best trial has no observation", [CREATED, RUNNING], RUNS,
        "Running; 1 of 12 trials done (1 succeeded); best a",
        trials=1, trialsSucceeded=1, currentOptimalTrial={"bestTrialName": "a"}),
    # Odd types: nothing of them is in a cluster that Katib looks after, and none may end a script with an error.
    Row("an Experiment whose status is a text", "Experiment", "Running", RUNS, NOT_YET, SPEC),
    Row("an Experiment whose spec is a list", "Experiment", {"conditions": [CREATED, RUNNING]}, RUNS,
        f"Running: {STUCK}", [1]),
    experiment("an Experiment whose conditions are a mapping", {"Running": True}, RUNS, NOT_YET),
    experiment("an Experiment whose conditions are a text", "Succeeded", RUNS, NOT_YET),
    experiment("an Experiment with conditions of all sorts", [None, 7, "Failed", True, [], {}, {"type": 3},
        {"type": "Failed"}, {"type": ["Failed"], "status": "True"}, RUNNING], RUNS, f"Running: {STUCK}"),
    experiment("an Experiment whose condition is true, and not \"True\"",
        [CREATED, {"type": "Succeeded", "status": True}], RUNS,
        "Created: it waits for the Suggestion of this name; if it stays so, look at that one's pod"),
    experiment("an Experiment whose reason and message are mappings",
        [{"type": "Failed", "status": "True", "reason": {}, "message": {"a": 1}}], LOST,
        "Failed: Katib does not say why"),
    experiment("an Experiment whose counts are texts, mappings and null", [CREATED, RUNNING], RUNS, f"Running: {STUCK}",
        spec={**SPEC, "maxTrialCount": "12", "maxFailedTrialCount": {}, "resumePolicy": 3, "objective": "accuracy"},
        trials="3", trialsSucceeded="3", trialsFailed={}, trialsRunning=None, trialMetricsUnavailable=[1]),
    experiment("an Experiment whose best trial is a text", [CREATED, RUNNING], RUNS, f"Running: {STUCK}",
        currentOptimalTrial="mnist-5dk7x9qp"),
    experiment("an Experiment whose metrics are of all sorts", [CREATED, RUNNING], RUNS, f"Running: {STUCK}; best a",
        spec={**SPEC, "objective": {"objectiveMetricName": "accuracy", "type": [], "metricStrategies": ["accuracy", 3,
            {"name": "accuracy", "value": {}}]}},
        currentOptimalTrial={"bestTrialName": "a", "observation": {"metrics": [None, "accuracy", 3, {"name": "accuracy",
            "max": 0.9, "latest": []}]}}),
)  # fmt: skip


T_CREATED = condition("Created", "TrialCreated", "Trial is created")
T_RUNNING = condition("Running", "TrialRunning", "Trial is running")
T_RAN = {**T_RUNNING, "status": "False"}
T_SUCCEEDED = condition("Succeeded", "TrialSucceeded", "Trial has succeeded")
T_FAILED = condition(
    "Failed",
    "TrialFailed. Job reason: BackoffLimitExceeded",
    "Trial has failed. Job message: Job has reached the specified backoff limit",
)
T_UNAVAILABLE = condition("MetricsUnavailable", "MetricsUnavailable", "Metrics are not available")
T_STOPPED = condition("EarlyStopped", "TrialEarlyStopped", "Trial is early stopped")
T_SPEC: Plain = {
    "objective": SPEC["objective"],
    "parameterAssignments": [{"name": "lr", "value": "0.01"}, {"name": "layers", "value": "3"}],
}
CHOSEN = "(lr=0.01, layers=3)"
UNTIL_NOW = BEST["observation"]


def trial(name: str, conditions: Any, state: str, message: str, *, spec: Any = T_SPEC, **status: Any) -> Row:
    return Row(f"a Trial {name}", "Trial", {"conditions": conditions, **status}, state, message, spec)


TRIALS = (
    Row("a Trial without status", "Trial", NOWHERE, RUNS, NOT_YET, T_SPEC),
    Row("a Trial whose status is null, without spec", "Trial", None, RUNS, NOT_YET, NOWHERE),
    trial("that is created", [T_CREATED], RUNS, f"Created: its job has not started {CHOSEN}"),
    trial("that runs", [T_CREATED, T_RUNNING], RUNS, f"Running {CHOSEN}"),
    trial("that has succeeded", [T_CREATED, T_RAN, T_SUCCEEDED], WELL, f"Succeeded; accuracy 0.97 {CHOSEN}",
        observation=UNTIL_NOW),
    trial("whose job has failed", [T_CREATED, T_RAN, T_FAILED], LOST,
        f"Failed: Trial has failed. Job message: Job has reached the specified backoff limit {CHOSEN}"),
    trial("without metrics", [T_CREATED, T_RAN, T_UNAVAILABLE], LOST,
        "The objective has no value: Metrics are not available; `kgen metrics LOG` shows what Katib reads from its log "
        + CHOSEN),
    trial("that was stopped early", [T_CREATED, T_RAN, T_STOPPED], WELL, f"Stopped early; accuracy 0.97 {CHOSEN}",
        observation=UNTIL_NOW),
    trial("that was stopped early, and has no metrics", [T_CREATED, T_RAN, T_STOPPED, T_UNAVAILABLE], WELL,
        f"Stopped early {CHOSEN}"),
    trial("that was killed", [T_CREATED, T_RAN, condition("Killed", "TrialKilled", "Trial is killed")], WELL,
        f"Killed: Trial is killed {CHOSEN}"),
    trial("of odd types", [3, {"type": {}}, T_RUNNING], RUNS, "Running", spec={"parameterAssignments": ["lr", 3, {
        "name": "lr", "value": 0.1}, {"value": "3"}], "objective": []}, observation="none"),
)  # fmt: skip

S_CREATED = condition("Created", "SuggestionCreated", "Suggestion is created")
S_READY = condition("DeploymentReady", "DeploymentReady", "Deployment is ready")
S_UNREADY = condition("DeploymentReady", "DeploymentNotReady", "Deployment is not ready", "False")
S_RUNNING = condition("Running", "SuggestionRunning", "Suggestion is running")
S_FAILED = condition(
    "Failed",
    "SuggestionFailed",
    "Validation failed: rpc error: code = InvalidArgument desc = unknown setting n_candidates for algorithm tpe",
)
S_ENDED = [
    S_CREATED,
    condition("Running", "Suggestion is succeeded", "Suggestion is not running", "False"),
    condition("DeploymentReady", "Suggestion is succeeded", "Deployment is not ready", "False"),
    condition("Succeeded", "Experiment is succeeded", "Suggestion is succeeded, can't be restarted"),
]


def suggestion(name: str, conditions: Any, state: str, message: str, **status: Any) -> Row:
    return Row(
        f"a Suggestion {name}", "Suggestion", {"conditions": conditions, **status}, state, message, {"requests": 4}
    )


SUGGESTIONS = (
    Row("a Suggestion without status and spec", "Suggestion", NOWHERE, RUNS, NOT_YET, NOWHERE),
    suggestion("that is created", [S_CREATED], RUNS, "Created: the algorithm's Deployment has not reported yet"),
    suggestion("whose image cannot be pulled", [S_CREATED, S_UNREADY], RUNS,
        "The algorithm's Deployment is not ready: look at its pod"),
    suggestion("whose pod was lost while it ran", [S_CREATED, S_RUNNING, S_UNREADY], RUNS,
        "The algorithm's Deployment is not ready: look at its pod", suggestionCount=3),
    suggestion("whose settings are not checked yet", [S_CREATED, S_READY], RUNS,
        "The algorithm's Deployment is ready; its settings are not checked yet"),
    suggestion("that answers", [S_CREATED, S_READY, S_RUNNING], WELL, "Running; 3 of 4 suggestions given",
        suggestionCount=3),
    suggestion("whose settings are refused", [S_CREATED, S_READY, S_FAILED], LOST, f"Failed: {S_FAILED['message']}"),
    suggestion("that has ended", S_ENDED, WELL, "Ended with its Experiment; 4 of 4 suggestions given",
        suggestionCount=4),
    suggestion("that restarts from its volume", [S_CREATED,
        condition("DeploymentReady", "Suggestion is succeeded", "Deployment is not ready", "False"),
        condition("Running", "Experiment is restarting", "Suggestion is not running", "False")], RUNS,
        "The algorithm's Deployment is not ready: look at its pod", suggestionCount=4),
    suggestion("of odd types", ["DeploymentReady", {"type": 1}, S_RUNNING], WELL, "Running; 0 of 4 suggestions given",
        suggestionCount="many"),
)  # fmt: skip


def job(kind: str, name: str, conditions: Any, state: str, message: str, *, spec: Any = None, **status: Any) -> Row:
    return Row(f"a {kind} {name}", kind, {"conditions": conditions, **status}, state, message, spec)


def _of(kind: str) -> tuple[Row, ...]:
    """Give the life of a job; the six kinds share the operator's code for it, and most of its texts."""
    created = condition("Created", f"{kind}Created", f"{kind} mnist is created.")
    running = condition("Running", f"{kind}Running", f"{kind} team-a/mnist is running.")
    ran = {**running, "status": "False"}
    succeeded = condition("Succeeded", f"{kind}Succeeded", f"{kind} team-a/mnist successfully completed.")
    restart_text = f"{kind} mnist is restarting because 1 Worker replica(s) failed."
    failed_text = f"{kind} mnist is failed because 1 Worker replica(s) failed."
    suspended = condition("Suspended", f"{kind}Suspended", f"{kind} mnist is suspended.")
    resumed = {**suspended, "status": "False", "reason": f"{kind}Resumed", "message": f"{kind} mnist is resumed."}
    held = "Suspended: a queue, or a person, holds it"
    late = "Job mnist has failed because it was active longer than specified deadline"
    return (
        Row(f"a {kind} without status", kind, NOWHERE, RUNS, "The training operator has not taken it up yet"),
        job(kind, "that is created", [created], RUNS, "Created: its pods have not started",
            replicaStatuses={"Master": {}}),
        job(kind, "that runs", [created, running], RUNS, "Running; Master: 1 active; Worker: 2 active, 1 succeeded",
            replicaStatuses={"Worker": {"active": 2, "succeeded": 1}, "Master": {"active": 1, "selector": "a=b"}}),
        job(kind, "that has succeeded", [created, ran, succeeded], WELL, "Succeeded; Worker: 3 succeeded",
            replicaStatuses={"Worker": {"succeeded": 3}}),
        job(kind, "that restarts", [created, condition("Restarting", f"{kind}Restarting", restart_text)], RUNS,
            f"Restarting: {restart_text}; Worker: 1 failed", replicaStatuses={"Worker": {"failed": 1}}),
        job(kind, "that has failed", [created, ran, condition("Failed", f"{kind}Failed", failed_text)], LOST,
            f"Failed: {failed_text}", replicaStatuses={"Worker": {"failed": 1}}),
        job(kind, "past its deadline", [created, ran, condition("Failed", f"{kind}Failed", late)], LOST,
            f"Failed: {late}"),
        job(kind, "that is suspended", [created, {**ran, "reason": f"{kind}Suspended"}, suspended], HELD, held),
        job(kind, "that is to be suspended", [created], HELD, held, spec={"runPolicy": {"suspend": True}}),
        job(kind, "that was resumed", [created, resumed, running], RUNS, "Running"),
        job(kind, "of odd types", [3, None, {}, running], RUNS, "Running", spec=3,
            replicaStatuses={"Master": 3, "Worker": {"active": "many"}, "Chief": None}),
    )  # fmt: skip


JOBS = tuple(
    row for kind in ("PyTorchJob", "TFJob", "MPIJob", "XGBoostJob", "PaddleJob", "JAXJob") for row in _of(kind)
)
OPERATORS_OWN = (
    job("MPIJob", "whose workers were evicted", [condition("Created", "MPIJobCreated", "MPIJob mnist is created."),
        condition("Failed", "MPIJobEvicted", "1/2 workers are evicted")], LOST, "Failed: 1/2 workers are evicted"),
    job("TFJob", "that names no reason in words", [condition("Failed", "TFJobFailed", "")], LOST,
        "Failed: TFJobFailed"),
    job("XGBoostJob", "whose status is odd", "Running", RUNS, "The training operator has not taken it up yet",
        replicaStatuses=["Master"]),
)  # fmt: skip

J_SUSPENDED = condition("Suspended", "Suspended", "TrainJob is suspended")
J_RESUMED = condition("Suspended", "Resumed", "TrainJob is resumed", "False")
J_COMPLETE = condition("Complete", "AllJobsCompleted", "jobset completed successfully")
J_FAILED = condition("Failed", "FailedJobs", "jobset failed due to one or more job failures")
J_LATE = condition("Failed", "DeadlineExceeded", "TrainJob exceeded its active deadline")
J_IDLE = "Trainer has not started its jobs yet; if it stays so, look at the JobSet of this name"
ZERO = {"active": 0, "ready": 0, "succeeded": 0, "failed": 0, "suspended": 0}

TRAIN_JOBS = (
    Row("a TrainJob without status", "TrainJob", NOWHERE, RUNS, J_IDLE, {"suspend": False}),
    Row("a TrainJob with neither spec nor status", "TrainJob", None, RUNS, J_IDLE, NOWHERE),
    job("TrainJob", "whose jobs wait", [J_RESUMED], RUNS, J_IDLE, jobsStatus=[{"name": "node", **ZERO}]),
    job("TrainJob", "that runs", [J_RESUMED], RUNS,
        "Running; dataset-initializer: 1 succeeded; node: 1 active, 1 ready",
        jobsStatus=[{"name": "dataset-initializer", **ZERO, "succeeded": 1}, {"name": "node", **ZERO, "active": 1,
            "ready": 1}]),
    job("TrainJob", "that says how far it is", [], RUNS, "Running; 40% done; node: 1 active",
        jobsStatus=[{"name": "node", **ZERO, "active": 1}], trainerStatus={"progressPercentage": 40}),
    job("TrainJob", "that is complete", [J_RESUMED, J_COMPLETE], WELL, "Complete; node: 1 succeeded",
        jobsStatus=[{"name": "node", **ZERO, "succeeded": 1}]),
    job("TrainJob", "that has failed", [J_FAILED], LOST, f"Failed: {J_FAILED['message']}"),
    job("TrainJob", "past its deadline", [J_RESUMED, J_LATE], LOST, "Failed: TrainJob exceeded its active deadline"),
    job("TrainJob", "whose runtime is not known", [condition("Failed", "TrainingRuntimeNotSupported",
        "unsupported runtime: MyRuntime.example.com")], LOST, "Failed: unsupported runtime: MyRuntime.example.com"),
    job("TrainJob", "that is suspended", [J_SUSPENDED], HELD, "Suspended: a queue, or a person, holds it",
        spec={"suspend": True}),
    job("TrainJob", "that is to be suspended", None, HELD, "Suspended: a queue, or a person, holds it",
        spec={"suspend": True}),
    job("TrainJob", "of odd types", {"a": 1}, RUNS, J_IDLE, spec="none", trainerStatus=[3],
        jobsStatus=[None, "node", {"name": 3, "active": 1}, {"name": "node", "active": "1"}]),
)  # fmt: skip

ROWS = (*EXPERIMENTS, *TRIALS, *SUGGESTIONS, *JOBS, *OPERATORS_OWN, *TRAIN_JOBS)

ODD = (None, True, 0, -1.5, "", "text", [], [[]], ["a"], {}, {"conditions": {}}, {"conditions": [[], "a", 0, None]})
"""What a spec or a status may be by mistake."""
