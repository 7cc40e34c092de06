"""Local runs made up for the page: the same ones each time."""

from __future__ import annotations

import math
from random import Random

from kgen.report.page_data import LISTED, Metric, Objective, Parameter, Run, Tail, Trial

PARAMETERS = (
    Parameter("lr", "double", "0.00001", "0.1", distribution="logUniform"),
    Parameter("optimizer", "categorical", values=("sgd", "adam", "rmsprop")),
    Parameter("batch_size", "discrete", values=("16", "32", "64", "128")),
    Parameter("layers", "int", "1", "8"),
    Parameter("dropout", "double", "0", "0.5"),
)
SCRIPT = "</script><script>document.title='broken'</script>"
IMAGE = "학습률<img src=x onerror=document.title='broken'>"
LINK = '<a href="https://example.com/">%{x}</a>"\'&amp;'
ODD = (
    Parameter(SCRIPT, "categorical", values=("<b>bold</b>", "%{y}", "@accent")),
    Parameter(IMAGE, "double", "0", "1"),
    Parameter(LINK, "int", "1", "3"),
)
HEAD = (("Seed", "7"), ("Runner", "process"), ("Started", "2026-11-21 11:45:01 UTC"), ("Made by", "kgen 0.1.0"))


def run(count: int = 40, seed: int = 1, *, odd: bool = False, broken: float = 0.2) -> Run:
    """Make a run of an iris classifier; `broken` is the share of trials without a value, `odd` adds hostile names."""
    random = Random(seed)
    parameters = (*PARAMETERS, *(ODD if odd else ()))
    trials = tuple(_trial(number, random, parameters, broken) for number in range(count))
    measured = [trial for trial in trials if trial.finite is not None]
    chosen = max(measured, key=lambda trial: trial.finite or 0.0, default=None)
    return Run(
        name="iris-붓꽃",
        objective=Objective("accuracy", "maximize", 0.97, "max", ("loss",)),
        parameters=parameters,
        trials=trials,
        best=None if chosen is None else chosen.number,
        environment="dev",
        algorithm="tpe (n_startup_trials=5)",
        ended=f"{count} trials ended, and maxTrialCount is {count} (ExperimentMaxTrialsReached)",
        facts=HEAD,
        notes=("limits of memory are not enforced",),
    )


def _trial(number: int, random: Random, parameters: tuple[Parameter, ...], broken: float) -> Trial:
    values = {parameter.name: _value(parameter, random) for parameter in parameters}
    failed = random.random() < broken
    state = random.choice(
        ["Failed", "MetricsUnavailable", "Killed"] if failed else ["Succeeded"] * 6 + ["EarlyStopped"]
    )
    good = 0.95 - 0.06 * (math.log10(float(values["lr"])) + 2.5) ** 2 - 0.1 * float(values["dropout"])
    history = tuple(round(good * (1 - math.exp(-epoch / 4)) + random.gauss(0, 0.01), 4) for epoch in range(1, 11))
    metrics = _metrics(history) if not failed else ()
    return Trial(
        number,
        f"iris-{number:08x}",
        state,
        values,
        None if failed else max(history),
        metrics,
        "exit code 1: `RuntimeError: out of memory`" if state == "Failed" else "",
        seconds=3 + number % 5,
        after=number * 2.0,
        history={"accuracy": history[:3] if failed else history, "loss": tuple(round(1 - each, 4) for each in history)},
        log=Tail(tuple(f"붓꽃 {SCRIPT} accuracy={each}" for each in history[:3]), 12, f"trials/{number}/stdout.log"),
    )


def _value(parameter: Parameter, random: Random) -> str:
    if parameter.type in LISTED:
        return random.choice(parameter.values)
    if parameter.type == "int":
        return str(random.randint(int(parameter.low), int(parameter.high)))
    if parameter.distribution:
        return str(10 ** random.uniform(math.log10(float(parameter.low)), math.log10(float(parameter.high))))
    return str(random.uniform(float(parameter.low), float(parameter.high)))


def _metrics(history: tuple[float, ...]) -> tuple[Metric, ...]:
    losses = [round(1 - each, 4) for each in history]
    return (
        Metric("accuracy", str(min(history)), str(max(history)), str(history[-1]), str(max(history))),
        Metric("loss", str(min(losses)), str(max(losses)), str(losses[-1]), str(min(losses))),
    )
