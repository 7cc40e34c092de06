"""Asks Katib's own Python services what they do with search specs: one JSON object a line in, one a line out.

Runs in an environment of its own, see README.md; kgen is not needed, and never imports this.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import signal
import sys
import tempfile
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

KATIB = Path(sys.argv[1])
APIS = KATIB / "pkg" / "apis" / "manager"
sys.path[:0] = [str(KATIB), *(str(APIS / version / "python") for version in ("v1beta1", "health"))]
os.environ["OPENBLAS_NUM_THREADS"] = "1"  # threads do not outlive a fork
for absent in ("tensorflow", "kubernetes"):  # only enas' controller and medianstop's watch need them
    sys.modules[absent] = MagicMock()

import grpc  # noqa: E402
from pkg.apis.manager.v1beta1.python import api_pb2 as api  # noqa: E402

ROUNDS = 3
SECONDS = 60
BYTES = 4 << 30  # of address space; the libraries alone take one
Spec = dict[str, Any]
TYPES = {"double": api.DOUBLE, "int": api.INT, "discrete": api.DISCRETE, "categorical": api.CATEGORICAL}
DRAWN = {"uniform": api.UNIFORM, "logUniform": api.LOG_UNIFORM, "normal": api.NORMAL, "logNormal": api.LOG_NORMAL}


class Context:
    """What a service says by its gRPC context."""

    code, text = "OK", ""

    def set_code(self, code: grpc.StatusCode) -> None:
        self.code = code.name

    def set_details(self, text: str) -> None:
        self.text = text


def parameter(given: Spec) -> api.ParameterSpec:
    """Make a parameter as Katib's controller does (pkg/controller.v1beta1/suggestion/suggestionclient)."""
    space = given.get("feasibleSpace", {})
    return api.ParameterSpec(
        name=given.get("name", ""),
        parameter_type=TYPES.get(given.get("parameterType", ""), api.UNKNOWN_TYPE),
        feasible_space=api.FeasibleSpace(
            min=space.get("min", ""),
            max=space.get("max", ""),
            step=space.get("step", ""),
            list=space.get("list") or [],
            distribution=DRAWN.get(space.get("distribution", ""), api.DISTRIBUTION_UNSPECIFIED),
        ),
    )


def experiment(given: Spec, settings: dict[str, str] | None = None) -> api.Experiment:
    """Make the request's Experiment; `settings` are those that the service gave back."""
    spec = given["spec"]
    out = api.Experiment(name=given["metadata"]["name"])
    out.spec.algorithm.algorithm_name = spec["algorithm"]["algorithmName"]
    for setting in spec["algorithm"].get("algorithmSettings") or []:
        value = (settings or {}).pop(setting["name"], setting["value"])
        out.spec.algorithm.algorithm_settings.add(name=setting["name"], value=value)
    for name, value in (settings or {}).items():
        out.spec.algorithm.algorithm_settings.add(name=name, value=value)
    out.spec.objective.type = api.MAXIMIZE if spec["objective"]["type"] == "maximize" else api.MINIMIZE
    out.spec.objective.objective_metric_name = spec["objective"]["objectiveMetricName"]
    out.spec.parallel_trial_count = spec.get("parallelTrialCount") or 0
    out.spec.max_trial_count = spec.get("maxTrialCount") or 0
    out.spec.parameter_specs.parameters.extend(map(parameter, spec.get("parameters") or []))
    nas = spec.get("nasConfig")
    if nas is not None:
        graph = nas.get("graphConfig") or {}
        config = out.spec.nas_config
        config.graph_config.num_layers = graph.get("numLayers") or 0
        config.graph_config.input_sizes.extend(graph.get("inputSizes") or [])
        config.graph_config.output_sizes.extend(graph.get("outputSizes") or [])
        for operation in nas.get("operations") or []:
            made = config.operations.operation.add(operation_type=operation.get("operationType", ""))
            made.parameter_specs.parameters.extend(map(parameter, operation.get("parameters") or []))
    return out


def service(name: str) -> Any:
    """Make the service of an algorithm."""
    from pkg.suggestion.v1beta1.hyperband.service import HyperbandService  # noqa: PLC0415
    from pkg.suggestion.v1beta1.hyperopt.service import HyperoptService  # noqa: PLC0415
    from pkg.suggestion.v1beta1.nas.darts.service import DartsService  # noqa: PLC0415
    from pkg.suggestion.v1beta1.nas.enas.service import EnasService  # noqa: PLC0415
    from pkg.suggestion.v1beta1.optuna.service import OptunaService  # noqa: PLC0415
    from pkg.suggestion.v1beta1.pbt import service as pbt  # noqa: PLC0415
    from pkg.suggestion.v1beta1.skopt.service import SkoptService  # noqa: PLC0415

    pbt._DATA_PATH = tempfile.mkdtemp()
    return {
        "random": HyperoptService,
        "tpe": HyperoptService,
        "grid": OptunaService,
        "multivariate-tpe": OptunaService,
        "bayesianoptimization": SkoptService,
        "hyperband": HyperbandService,
        "pbt": pbt.PbtService,
        "enas": EnasService,
        "darts": DartsService,
    }[name]()


def validate(given: Spec) -> list[str]:
    """Ask for the verdict."""
    context = Context()
    asked = api.ValidateAlgorithmSettingsRequest(experiment=experiment(given))
    service(given["spec"]["algorithm"]["algorithmName"]).ValidateAlgorithmSettings(asked, context)
    if context.code == "OK" and given["spec"].get("earlyStopping"):
        return stopping(given["spec"]["earlyStopping"])
    return [context.code, context.text[:200]]


def stopping(given: Spec) -> list[str]:
    """Ask medianstop for its verdict."""
    from pkg.earlystopping.v1beta1.medianstop.service import MedianStopService  # noqa: PLC0415

    settings = [types.SimpleNamespace(**s) for s in given.get("algorithmSettings") or []]
    good, text = MedianStopService.validate_medianstop_setting(settings)
    return ["OK" if good else "INVALID_ARGUMENT", text]


def trial(name: str, values: Any, given: Spec, at: int) -> api.Trial:
    """Make a trial that has succeeded."""
    out = api.Trial(name=name)
    out.spec.objective.objective_metric_name = given["spec"]["objective"]["objectiveMetricName"]
    out.spec.parameter_assignments.assignments.extend(values.assignments)
    out.status.condition = api.TrialStatus.TrialConditionType.SUCCEEDED
    out.status.start_time = f"2026-01-01T00:00:{at:02}Z"
    metric = given["spec"]["objective"]["objectiveMetricName"]
    out.status.observation.metrics.add(name=metric, value=str(0.5 + at / 7))
    return out


def run(given: Spec) -> str:
    """Ask for trials; grid comes to its points in any order, so it is asked more than once."""
    name = given["spec"]["algorithm"]["algorithmName"]
    if name == "enas":
        return space(given)
    tries = [rounds(given) for _ in range(5 if name == "grid" else 1)]
    return next((got for got in tries if got != "ok"), "ok")


def rounds(given: Spec) -> str:
    """Ask as the controller does when all trials of a round have succeeded; "ok" or what went wrong."""
    asked, trials = service(given["spec"]["algorithm"]["algorithmName"]), []
    parallel, most = given["spec"].get("parallelTrialCount") or 0, given["spec"].get("maxTrialCount") or 99
    settings: dict[str, str] = {}
    for number in range(ROUNDS):
        wanted = min(parallel, most - len(trials))
        if wanted <= 0:
            break
        request = api.GetSuggestionsRequest(
            experiment=experiment(given, dict(settings)), current_request_number=wanted, trials=trials
        )
        reply = asked.GetSuggestions(request, Context())
        settings.update({s.name: s.value for s in reply.algorithm.algorithm_settings})
        got = list(reply.parameter_assignments)
        if len(got) != wanted:
            return f"round {number}: {len(got)} trials for {wanted}"
        for values in got:
            for one in values.assignments:
                if one.value in ("nan", "inf", "-inf"):
                    return f"value {one.value}"
            names = {p["name"] for p in given["spec"].get("parameters") or []}
            if names and sorted(a.name for a in values.assignments) != sorted(names):
                return "other assignments than parameters"  # Katib makes no trial of them
            trials.append(trial(values.trial_name or f"t{len(trials)}", values, given, len(trials)))
    return "ok"


def space(given: Spec) -> str:
    """Make the search space of enas; its controller needs TensorFlow, which is not here."""
    from pkg.suggestion.v1beta1.nas.enas.AlgorithmSettings import parseAlgorithmSettings  # noqa: PLC0415
    from pkg.suggestion.v1beta1.nas.enas.Operation import SearchSpace  # noqa: PLC0415

    spec = experiment(given).spec
    parseAlgorithmSettings(spec.algorithm.algorithm_settings)
    made = SearchSpace(spec.nas_config.operations)
    json.dumps([operation.get_dict() for operation in made.search_space])
    return "ok" if made.search_space else "no operations"


def outcome(code: str, got: str) -> str:
    """Name what becomes of the Experiment."""
    if code not in ("OK", "INTERNAL"):
        return "invalid"
    if got.startswith("value"):
        return "accepted, then bad value"
    return "accepted" if got == "ok" else "accepted, then stuck"


def attempt(ask: Callable[[Spec], Any], given: Spec, failed: Callable[[str], Any]) -> Any:
    """Ask in a process of its own: some specs eat all memory, or take for ever."""
    source, target = os.pipe()
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
        signal.alarm(SECONDS)
        try:
            answer = ask(given)
        except Exception as error:  # noqa: BLE001 - the text is the record
            answer = failed(f"{type(error).__name__}: {error}"[:160])
        os.write(target, json.dumps(answer).encode())
        os._exit(0)
    os.close(target)
    with os.fdopen(source, "rb") as told:
        answer = told.read()
    os.waitpid(child, 0)
    return json.loads(answer) if answer else failed("the process was ended")


def judge(case: Spec) -> Spec:
    """Validate and run one case; an exception while it is validated reaches the controller as UNKNOWN."""
    verdict = attempt(validate, case["object"], lambda text: ["UNKNOWN", text])
    got = attempt(run, case["object"], lambda text: f"error: {text}")
    return {**case, "validate": verdict, "get": got, "outcome": outcome(verdict[0], got)}


def main() -> None:
    """Read cases, write them with their verdicts."""
    logging.disable(logging.CRITICAL)
    service("random")  # the libraries are read once, and every child has them
    source, target = map(Path, sys.argv[2:4])
    with target.open("w", encoding="utf-8") as out:
        for line in source.read_text("utf-8").splitlines():
            case = json.loads(line)
            if case["algorithm"] not in ("cmaes", "sobol"):
                out.write(json.dumps(judge(case)) + "\n")
                out.flush()


main()
