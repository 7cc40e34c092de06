"""Search specs for the services: a valid one for each algorithm, and each with one thing changed."""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Spec = dict[str, Any]

SETTINGS: dict[str, dict[str, str]] = {
    "hyperband": {"r_l": "3", "eta": "3", "resource_name": "b"},
    "pbt": {"suggestion_trial_dir": "/x", "n_population": "5", "truncation_threshold": "0.2"},
}
NAMES = ("random", "tpe", "grid", "multivariate-tpe", "bayesianoptimization", "hyperband", "cmaes", "sobol", "pbt")

DOUBLES: dict[str, Spec] = {  # what is changed in the feasibleSpace of a double from 0.1 to 0.5 by 0.1
    "equal": {"min": "0.5"},
    "reversed": {"min": "0.9"},
    "reversed by less than half a step": {"min": "0.52"},
    "min is zero": {"min": "0"},
    "min below zero": {"min": "-0.5"},
    "both below zero": {"min": "-2", "max": "-1"},
    "max is zero": {"min": "-1", "max": "0"},
    "min is a word": {"min": "abc"},
    "max is a word": {"max": "1.0.0"},
    "min is inf": {"min": "-inf"},
    "max is inf": {"max": "inf"},
    "max is nan": {"max": "nan"},
    "max is too large": {"max": "1e400"},
    "min with blanks": {"min": " 0.1 "},
    "underscore": {"max": "1_0.5"},
    "two underscores": {"max": "1__0"},
    "hexadecimal": {"max": "0x1p3"},
    "bare points": {"min": ".1", "max": "5."},
    "plus and exponent": {"min": "+1e-3", "max": "5E0"},
    "no step": {"step": ""},
    "step is zero": {"step": "0"},
    "step is negative": {"step": "-0.1"},
    "step is very negative": {"step": "-10"},
    "step is a word": {"step": "x"},
    "step is inf": {"step": "inf"},
    "step is nan": {"step": "nan"},
    "step is larger than the range": {"step": "10"},
    "step does not divide": {"step": "0.3"},
    "step with blanks": {"step": " 0.1"},
    "no step, logUniform": {"step": "", "distribution": "logUniform"},
    "logUniform": {"distribution": "logUniform"},
    "logUniform from zero": {"min": "0", "distribution": "logUniform"},
    "logUniform from zero without step": {"min": "0", "step": "", "distribution": "logUniform"},
    "logUniform below zero": {"min": "-1", "max": "-0.5", "distribution": "logUniform"},
    "logUniform of one": {"min": "0.5", "distribution": "logUniform"},
    "logUniform reversed": {"min": "0.9", "distribution": "logUniform"},
    "normal": {"distribution": "normal"},
    "normal without step": {"step": "", "distribution": "normal"},
    "normal of one": {"min": "0.5", "distribution": "normal"},
    "normal reversed": {"min": "0.9", "distribution": "normal"},
    "normal, step zero": {"step": "0", "distribution": "normal"},
    "logNormal": {"distribution": "logNormal"},
    "logNormal from zero": {"min": "0", "distribution": "logNormal"},
    "logNormal of one": {"min": "0.5", "distribution": "logNormal"},
    "logNormal reversed": {"min": "0.9", "step": "", "distribution": "logNormal"},
    "distribution unknown": {"distribution": "unknown"},
}
INTS: dict[str, Spec] = {  # the same of an int from 1 to 5
    "equal": {"min": "5"},
    "equal with a step": {"min": "5", "step": "2"},
    "reversed": {"min": "9"},
    "reversed, negative step": {"min": "9", "step": "-1"},
    "point": {"min": "1.0"},
    "point in max": {"max": "5.0"},
    "fraction": {"min": "1.5"},
    "exponent": {"max": "1e1"},
    "word": {"min": "abc"},
    "inf": {"max": "inf"},
    "nan": {"min": "nan"},
    "plus": {"min": "+1"},
    "zeros in front": {"min": "01"},
    "blanks": {"max": " 5"},
    "underscore": {"max": "1_0"},
    "zero": {"min": "0"},
    "below zero": {"min": "-3"},
    "step": {"step": "2"},
    "step is zero": {"step": "0"},
    "step is a fraction": {"step": "0.5"},
    "step is whole with a point": {"step": "1.0"},
    "step is negative": {"step": "-1"},
    "step is a word": {"step": "x"},
    "step with blanks": {"step": " 1"},
    "step is larger than the range": {"step": "10"},
    "step is inf": {"step": "inf"},
    "logUniform": {"distribution": "logUniform"},
    "logUniform from zero": {"min": "0", "distribution": "logUniform"},
    "logUniform up to zero": {"min": "-3", "max": "0", "distribution": "logUniform"},
    "logUniform of one": {"min": "5", "distribution": "logUniform"},
    "logUniform, step is zero": {"step": "0", "distribution": "logUniform"},
    "logUniform, point": {"min": "1.0", "distribution": "logUniform"},
    "normal": {"distribution": "normal"},
    "normal of one": {"min": "5", "distribution": "normal"},
    "logNormal": {"distribution": "logNormal"},
    "logNormal from zero": {"min": "0", "distribution": "logNormal"},
    "too large for 64 bits": {"max": "99999999999999999999"},
    "64 bits": {"max": "9223372036854775807"},
    "unsigned 64 bits": {"max": "9223372036854775808"},
}
LISTS: dict[str, Spec] = {  # the third parameter, a list
    "categorical": {"parameterType": "categorical", "feasibleSpace": {"list": ["x", "y"]}},
    "categorical, empty": {"parameterType": "categorical", "feasibleSpace": {"list": []}},
    "categorical, no list": {"parameterType": "categorical", "feasibleSpace": {}},
    "categorical, one": {"parameterType": "categorical", "feasibleSpace": {"list": ["x"]}},
    "categorical, twice": {"parameterType": "categorical", "feasibleSpace": {"list": ["x", "x", "y"]}},
    "categorical, an empty text": {"parameterType": "categorical", "feasibleSpace": {"list": ["", "y"]}},
    "discrete": {"parameterType": "discrete", "feasibleSpace": {"list": ["1", "2", "4"]}},
    "discrete, fractions": {"parameterType": "discrete", "feasibleSpace": {"list": ["0.1", "0.2"]}},
    "discrete, words": {"parameterType": "discrete", "feasibleSpace": {"list": ["x", "y"]}},
    "discrete, empty": {"parameterType": "discrete", "feasibleSpace": {"list": []}},
    "discrete, blanks": {"parameterType": "discrete", "feasibleSpace": {"list": [" 1", "1_0"]}},
    "discrete, normal": {"parameterType": "discrete", "feasibleSpace": {"list": ["1", "2"], "distribution": "normal"}},
    "unknown": {"parameterType": "unknown", "feasibleSpace": {"min": "1", "max": "2"}},
}
VALUES = ("0", "-1", "1", "5", "0.5", "1.0", "2.5", "1e2", "1e-3", "nan", "inf", "-inf", "", " 3 ", "1_0", "x", "None")
VALUES += ("4294967295", "4294967296", "99999999999999999999", "+7", "1__0", "0.0", "-0.0", "0x10", "1e400")
NUMERIC: dict[str, tuple[str, ...]] = {
    "random": ("random_state", "seed"),
    "tpe": ("gamma", "prior_weight", "n_EI_candidates", "random_state", "n_ei_candidates"),
    "grid": ("random_state", "seed"),
    "multivariate-tpe": ("n_startup_trials", "n_ei_candidates", "random_state", "seed"),
    "bayesianoptimization": ("n_initial_points", "random_state", "n_points"),
    "hyperband": ("r_l", "eta", "foo"),
    "cmaes": ("random_state", "sigma", "foo"),
    "sobol": ("random_state", "foo"),
    "pbt": ("n_population", "truncation_threshold", "resample_probability", "foo"),
    "enas": (
        "controller_hidden_size",
        "controller_temperature",
        "controller_baseline_decay",
        "controller_skip_weight",
        "foo",
    ),
    "darts": ("num_epochs", "w_lr", "w_grad_clip", "batch_size", "num_workers", "stem_multiplier", "foo"),
}
WORDS: dict[str, dict[str, tuple[str, ...]]] = {
    "bayesianoptimization": {
        "base_estimator": ("GP", "RF", "ET", "GBRT", "gp", " GP", ""),
        "acq_func": ("gp_hedge", "LCB", "EI", "PI", "EIps", "PIps", "MES", "ei"),
        "acq_optimizer": ("auto", "sampling", "lbfgs", "LBFGS"),
    },
    "cmaes": {"restart_strategy": ("ipop", "bipop", "none", "None", "IPOP", "")},
    "hyperband": {"resource_name": ("a", "b", "c", "lr", "")},
    "pbt": {"suggestion_trial_dir": ("", "relative", "/a b")},
}
PAIRS: dict[str, list[list[tuple[str, str]]]] = {  # several settings at once, and one twice
    "random": [[("random_state", "x"), ("random_state", "1")], [("random_state", "1"), ("random_state", "x")]],
    "tpe": [[("gamma", "2"), ("gamma", "0.5")]],
    "multivariate-tpe": [[("n_startup_trials", "0"), ("n_ei_candidates", "0")]],
    "bayesianoptimization": [
        [("base_estimator", "RF"), ("acq_optimizer", "lbfgs")],
        [("base_estimator", "ET"), ("acq_optimizer", "lbfgs")],
        [("base_estimator", "GBRT"), ("acq_optimizer", "lbfgs")],
        [("base_estimator", "GP"), ("acq_optimizer", "lbfgs")],
        [("base_estimator", "RF"), ("acq_optimizer", "sampling")],
        [("acq_optimizer", "lbfgs"), ("acq_optimizer", "auto"), ("base_estimator", "RF")],
        [("n_initial_points", "0"), ("n_initial_points", "3")],
        [("n_initial_points", "3"), ("n_initial_points", "0")],
    ],
    "hyperband": [
        [("r_l", "x"), ("r_l", "3"), ("resource_name", "b")],
        [("r_l", "3"), ("r_l", "x"), ("resource_name", "b")],
        [("resource_name", "b")],
        [("r_l", "3")],
    ],
    "cmaes": [[("sigma", "x"), ("sigma", "1")], [("restart_strategy", "ipop"), ("sigma", "0.1")]],
    "pbt": [
        [("n_population", "1"), ("n_population", "5"), ("suggestion_trial_dir", "/x"), ("truncation_threshold", "1")],
        [("n_population", "5"), ("truncation_threshold", "1")],
        [("suggestion_trial_dir", "/x"), ("truncation_threshold", "1")],
    ],
}
COUNTS: dict[str, list[tuple[dict[str, str], int, int | None]]] = {  # settings, parallelTrialCount, maxTrialCount
    "hyperband": [
        ({"r_l": r_l, "eta": eta}, parallel, parallel)
        for r_l, eta, fits in (("9", "3", 9), ("27", "3", 27), ("243", "3", 81), ("8", "2", 8), ("16", "4", 16))
        for parallel in (fits - 1, fits)
    ]
    + [({"r_l": "3"}, 3, 4), ({"r_l": "3"}, 3, 5), ({"r_l": "1"}, 3, 4), ({"r_l": "9"}, 9, 10), ({"r_l": "9"}, 9, None)]
    + [({"r_l": "0.5"}, 3, 3), ({"r_l": "0.1"}, 3, 3), ({"r_l": "3", "eta": "2.7"}, 3, 3)]
    + [({"r_l": "9", "eta": "2.7"}, 9, 9), ({"r_l": "9", "eta": "1.5"}, 9, 9)],
    "grid": [({}, 3, most) for most in (24, 25, 26, 49, 50, 51, None)],
    "darts": [({}, 1, 2), ({}, 2, 2)],
    "random": [({}, 3, None)],
}
CHOICE = {"name": "k", "parameterType": "categorical", "feasibleSpace": {"list": ["3", "5"]}}


def _range(kind: str, **space: str) -> Spec:
    return {"name": "k", "parameterType": kind, "feasibleSpace": space}


OPERATIONS: dict[str, list[Spec]] = {
    "none": [],
    "no type": [{"parameters": [CHOICE]}],
    "skip": [{"operationType": "skip_connection"}],
    "no name": [{"operationType": "o", "parameters": [{**CHOICE, "name": ""}]}],
    "type unknown": [{"operationType": "o", "parameters": [{**CHOICE, "parameterType": "unknown"}]}],
    "empty list": [{"operationType": "o", "parameters": [{**CHOICE, "feasibleSpace": {"list": []}}]}],
    "one name twice": [{"operationType": "o", "parameters": [CHOICE, CHOICE]}],
    "discrete": [{"operationType": "o", "parameters": [{**CHOICE, "parameterType": "discrete"}]}],
    **{
        name: [{"operationType": "o", "parameters": [parameter]}]
        for name, parameter in {
            "int": _range("int", min="1", max="3", step="1"),
            "int without step": _range("int", min="1", max="3"),
            "int with step zero": _range("int", min="1", max="3", step="0"),
            "int with a negative step": _range("int", min="1", max="3", step="-1"),
            "int with a point": _range("int", min="1.0", max="3", step="1"),
            "int without max": _range("int", min="1", step="1"),
            "int without bounds": _range("int", step="1"),
            "int reversed": _range("int", min="3", max="1", step="1"),
            "double": _range("double", min="2", max="3", step="0.5"),
            "double that ends early": _range("double", min="2", max="3", step="0.4"),
            "double without step": _range("double", min="2", max="3"),
            "double with step zero": _range("double", min="2", max="3", step="0"),
            "double with a word": _range("double", min="2", max="3", step="x"),
            "double with step nan": _range("double", min="2", max="3", step="nan"),
            "double with step inf": _range("double", min="2", max="3", step="inf"),
            "double without max": _range("double", min="2", step="1"),
            "double with min a word": _range("double", min="x", max="3", step="1"),
            "double reversed": _range("double", min="3", max="1", step="0.5"),
        }.items()
    },
}
GRAPHS: dict[str, Spec] = {
    "no layers": {"inputSizes": [3], "outputSizes": [10]},
    "zero layers": {"numLayers": 0, "inputSizes": [3], "outputSizes": [10]},
    "no inputs": {"numLayers": 2, "outputSizes": [10]},
    "empty inputs": {"numLayers": 2, "inputSizes": [], "outputSizes": [10]},
    "no outputs": {"numLayers": 2, "inputSizes": [3]},
    "nothing": {},
}
STOPPING = ("min_trials_required", "start_step", "min_trials", "Start_Step")


def base(name: str) -> Spec:
    """Make the valid spec of an algorithm."""
    alone = name in ("hyperband", "darts")
    spec: Spec = {
        "algorithm": {"algorithmName": name, "algorithmSettings": pairs(SETTINGS.get(name, {}))},
        "objective": {"type": "minimize", "objectiveMetricName": "loss"},
        "parallelTrialCount": 3,
        "maxTrialCount": 3 if alone else 9,
    }
    if name in ("enas", "darts"):
        graph = {"numLayers": 2, "inputSizes": [3], "outputSizes": [10]}
        spec["nasConfig"] = {"graphConfig": graph, "operations": [{"operationType": "o", "parameters": [CHOICE]}]}
        return {"metadata": {"name": "x"}, "spec": spec}
    drawn = {"distribution": "uniform"}
    spec["parameters"] = [
        {"name": "a", "parameterType": "double", "feasibleSpace": {"min": "0.1", "max": "0.5", "step": "0.1", **drawn}},
        {"name": "b", "parameterType": "int", "feasibleSpace": {"min": "1", "max": "5", **drawn}},
        {"name": "c", "parameterType": "categorical", "feasibleSpace": {"list": ["x", "y"], **drawn}},
    ]
    return {"metadata": {"name": "x"}, "spec": spec}


def pairs(settings: dict[str, str]) -> list[dict[str, str]]:
    """Write settings as Katib has them."""
    return [{"name": name, "value": value} for name, value in settings.items()]


def of_space(name: str) -> Iterator[tuple[str, Spec]]:
    """Change one parameter at a time."""
    for at, changes in ((0, DOUBLES), (1, INTS)):
        for what, change in changes.items():
            out = base(name)
            space = out["spec"]["parameters"][at]["feasibleSpace"]
            space.update(change)
            out["spec"]["parameters"][at]["feasibleSpace"] = {key: value for key, value in space.items() if value}
            yield f"{'double' if at == 0 else 'int'} {what}", out
    for what, parameter in LISTS.items():
        out = base(name)
        out["spec"]["parameters"][2] = {"name": "c", **copy.deepcopy(parameter)}
        out["spec"]["parameters"][2]["feasibleSpace"].setdefault("distribution", "uniform")
        yield what, out
    for what, names in (("names twice", "aac"), ("the lists twice", "abb"), ("an empty name", ("", "b", "c"))):
        out = base(name)
        for parameter, new in zip(out["spec"]["parameters"], names, strict=True):
            parameter["name"] = new
        yield what, out
    for what, kept in (("one double", "a"), ("one int", "b"), ("one list", "c"), ("double and list", "ac")):
        out = base(name)
        out["spec"]["parameters"] = [p for p in out["spec"]["parameters"] if p["name"] in kept]
        yield f"only {what}", out


def of_settings(name: str) -> Iterator[tuple[str, Spec]]:
    """Change one setting at a time, then several, then the counts."""
    rows = [({setting: value}) for setting in NUMERIC[name] for value in VALUES]
    rows += [{setting: value} for setting, words in WORDS.get(name, {}).items() for value in words]
    for row in rows:
        out = base(name)
        out["spec"]["algorithm"]["algorithmSettings"] = pairs({**SETTINGS.get(name, {}), **row})
        yield f"settings {row}", out
    for several in PAIRS.get(name, []):
        out = base(name)
        out["spec"]["algorithm"]["algorithmSettings"] = [{"name": n, "value": v} for n, v in several]
        yield f"settings {several}", out
    for settings, parallel, most in COUNTS.get(name, []):
        out = base(name)
        out["spec"]["algorithm"]["algorithmSettings"] = pairs({**SETTINGS.get(name, {}), **settings})
        out["spec"] |= {"parallelTrialCount": parallel, "maxTrialCount": most}
        if most is None:
            del out["spec"]["maxTrialCount"]
        yield f"settings {settings} parallel {parallel} max {most}", out


def of_nas(name: str) -> Iterator[tuple[str, Spec]]:
    """Change the graph, or put other operations in."""
    for what, graph in GRAPHS.items():
        out = base(name)
        out["spec"]["nasConfig"]["graphConfig"] = graph
        yield f"graph {what}", out
    for what, operations in OPERATIONS.items():
        out = base(name)
        out["spec"]["nasConfig"]["operations"] = operations
        yield f"operations {what}", out


def of_stopping() -> Iterator[tuple[str, Spec]]:
    """Change one setting of medianstop at a time."""
    for setting in STOPPING:
        for value in VALUES:
            out = base("random")
            out["spec"]["earlyStopping"] = {"algorithmName": "medianstop", "algorithmSettings": pairs({setting: value})}
            yield f"medianstop {setting} {value!r}", out


def cases() -> Iterator[dict[str, Any]]:
    """Give every case: its name, its algorithm and its search spec."""
    for name in (*NAMES, "enas", "darts"):
        changed = [("valid", base(name)), *(of_space(name) if name in NAMES else of_nas(name)), *of_settings(name)]
        for what, made in changed + ([*of_stopping()] if name == "random" else []):
            yield {"id": f"{name}: {what}", "algorithm": name, "object": made}


if __name__ == "__main__":
    Path(sys.argv[1]).write_text("".join(json.dumps(case) + "\n" for case in cases()), "utf-8")
