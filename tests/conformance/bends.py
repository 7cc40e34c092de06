"""Ways to bend one value: by what it is, and by what it is called."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Path = tuple[str | int, ...]
TRIAL: Path = ("spec", "trialTemplate", "trialSpec")

Change = Callable[[Any, Any], object]
"""Bends what a holder has under a key; False where it cannot."""


def put(value: object) -> Change:
    """Set a value."""

    def change(holder: Any, key: Any) -> None:
        holder[key] = copy.deepcopy(value)

    return change


def delete(holder: Any, key: Any) -> None:
    """Drop a field or an item."""
    del holder[key]


def rename(to: Callable[[str], str]) -> Change:
    """Give a field another name."""

    def change(holder: Any, key: Any) -> object:
        if not isinstance(holder, dict):
            return False
        holder[to(key)] = holder.pop(key)
        return True

    return change


def nest(holder: Any, key: Any) -> object:
    """Move a field down into the first mapping beside it."""
    if not isinstance(holder, dict):
        return False
    for other, value in holder.items():
        if other != key and isinstance(value, dict):
            value[key] = holder.pop(key)
            return True
    return False


def hoist(holder: Any, key: Any) -> object:
    """Move the fields of a mapping up beside it."""
    if not isinstance(holder, dict) or not isinstance(holder[key], dict):
        return False
    inner = holder.pop(key)
    for name, value in inner.items():
        holder.setdefault(name, value)
    return True


def repeat(holder: Any, key: Any) -> object:
    """Write the first item of a list once more at its end."""
    if not holder[key]:
        return False
    holder[key].append(copy.deepcopy(holder[key][0]))
    return True


def backwards(holder: Any, key: Any) -> None:
    """Turn a list around."""
    holder[key].reverse()


def swapped(holder: Any, key: Any) -> object:
    """Swap the bounds of a feasibleSpace."""
    if not {"min", "max"} <= set(holder[key]):
        return False
    holder[key]["min"], holder[key]["max"] = holder[key]["max"], holder[key]["min"]
    return True


EVERY: tuple[tuple[str, Change], ...] = (
    ("deleted", delete),
    ("null", put(None)),
    ("renamed x", rename(lambda key: key + "x")),
    ("renamed case", rename(lambda key: key[:1].swapcase() + key[1:])),
    ("renamed lower", rename(str.lower)),
    ("nested", nest),
)
OF_TEXT: tuple[tuple[str, Change], ...] = tuple(
    (f"is {value!r}", put(value))
    for value in ("", " ", 7, 0.5, True, False, 0, ["a"], {"a": "b"}, [], {}, "x" * 64, "${trialParameters.lr}", "1Gi")
)
OF_NUMBER: tuple[tuple[str, Change], ...] = tuple(
    (f"is {value!r}", put(value))
    for value in (0, -1, 1, 2, 4, 1.5, "7", "", True, [], {}, 2**31 - 1, 2**31, 2**63, 1e30, "${trialParameters.lr}")
)
OF_FLAG: tuple[tuple[str, Change], ...] = tuple(
    (f"is {value!r}", put(value)) for value in (True, False, "true", 0, 1, [])
)
OF_LIST: tuple[tuple[str, Change], ...] = (
    *((f"is {value!r}", put(value)) for value in ([], {}, "", "a", 7, [None], [[]], [{}], [1], ["a"], [""], [True])),
    ("first again", repeat),
    ("backwards", backwards),
)
OF_MAPPING: tuple[tuple[str, Change], ...] = (
    *((f"is {value!r}", put(value)) for value in ({}, [], "", "a", 7, {"a": 1}, {"a": "b"}, {"a": None}, [{}])),
    ("with an unknown field", lambda holder, key: holder[key].update(surprise=1)),
    ("with an unknown empty field", lambda holder, key: holder[key].update(surprise={})),
    ("hoisted", hoist),
    ("swapped", swapped),
)
QUANTITIES = (
    "1GiB",
    "1024Mi",
    "0.5Gi",
    "1e3",
    "4 cores",
    "-1",
    "100m",
    "1000m",
    "0",
    "1.5e3",
    "+1",
    ".5",
    "5.",
    2,
    0.5,
)
WORDS: Mapping[str, tuple[object, ...]] = {
    "type": ("Minimize", "max", "minimize", "maximize"),
    "parameterType": ("Int", "float", "int", "double", "discrete", "categorical", "unknown", "DOUBLE"),
    "distribution": ("uniform", "logUniform", "normal", "logNormal", "unknown", "log-uniform", "LogUniform"),
    "algorithmName": ("random", "tpe", "grid", "Random", "bayesian", "medianstop", "darts", "random ", "pbt", "cmaes"),
    "resumePolicy": ("Never", "LongRunning", "FromVolume", "never", "Always"),
    "kind": ("StdOut", "File", "TensorFlowEvent", "PrometheusMetric", "Custom", "Push", "None", "stdout", "Directory"),
    "format": ("TEXT", "JSON", "json", "text"),
    "path": ("/a", "relative/a", "./a", "/a/../b", "~/a"),
    "min": ("0.2", "abc", "-1", "1e-4", "1,5", "NaN", "010"),
    "max": ("0.2", "abc", "-1", "1e9", "inf"),
    "step": ("0", "-1", "abc", "0.3"),
    "port": (80, "80", "http", -1, 0, "0", 70000),
    "objectiveMetricName": ("loss", "accuracy", "Validation-accuracy", "a b", "train/loss"),
    "primaryContainerName": ("other", "main"),
    "apiVersion": ("v1", "batch/v1beta1", "batch/v2", "kubeflow.org/v1", "a/b/c", "trainer.kubeflow.org/v1alpha1"),
}
KINDS = ("Job", "job", "TFJob", "PyTorchJob", "MPIJob", "XGBoostJob", "TrainJob", "JAXJob", "MXJob", "CronJob")
NAMES = (
    "a", "a.b", "A", "aB", "abc-", "-abc", "a_b", "1a", "é", "aé", "a" * 40, "a" * 41, "a" * 63, "a" * 64,
    "a b", "a--b",
)  # fmt: skip
FILTERS = (
    r"(\w+)=(\d+)", r"(\w+)=\d+", "", "(a(b))", "((a)(b))", r"\(a\)\(b\)", "(?:a)(?:b)", "[(a)(b)]", "(a)=(b);(c)",
    "(a)=(?=b)(b)", "(a)(?!b)(b)", r"(a)\1(b)", "(a++)(b)", "(a{1,1001})(b)", "(a{1000})(b)", "(?P<n>a)(?<m>b)",
    "(a)\n(b)", "(a", "a)(b)(", "[a](b)", "(a)(b", r"([\w|-]+)\s*=\s*([+-]?\d*(\.\d+)?([Ee][+-]?\d+)?)", "(?i)(a)(b)",
    r"(\d+)(\p{L})", r"(\h)(b)", r"(a)(b)\Z", r"\A(a)(b)\z", "(a)(b)(?#c)", "(?P=n)(a)(b)", "(?P<n>a)(?P<n>b)",
    "(a*+)(b)",
    r"(\x{41})(\Q(\E)", "(a)(b){2,1}", "(a)(b)**", "(?s:a)(b)(c)", "(?<=a)(b)(c)", "(?>a)(b)(c)", r"(a)(b)\8",
    "*(a)(b)",
)  # fmt: skip
REFERENCES = (
    "lr", "--lr", "LR", "learning_rate", "${trialSpec.Name}", "${trialSpec.name}", "${trialSpec.Labels[team]}",
    "${trialSpec.Labels[]}", "${trialSpec.Labels}", "${trialSpec.Foo}", "x${trialSpec.Name}y", "${trialSpec.Name[x]}",
    "${trialSpec.Annotations[a/b.c]}", "${trialSpec.Spec}", "${trialSpec.APIVersion}", "${trialSpec.Labels[a}",
    "${trialSpec.Name} ${trialSpec.Foo}", "${trialSpec.Labels[a][b]}", "${trialSpec.}", "trialSpec.Name",
    "${trialSpec.Kind}",
)  # fmt: skip
ENTRIES = (
    "a&b",
    "a<b",
    'a"b',
    "a\\b",
    "lr}",
    "{lr",
    "a b",
    "$x",
    "a.b",
    "정",
    "a\nb",
    "a'b",
    "a\tb",
    "",
    "é",
    "\u2028",
)
PLACEHOLDERS = (
    "${trialParameters.}", "${trialParameters}", "${trialParameters.unknown}", "${trialParameters.lr", "{{.Trial}}",
    "${trialParameters.lr}${trialParameters.lr}", "${trialSpec.Name}", "$${trialParameters.lr}",
    "${ trialParameters.lr }",
    "${trialParameters.a}b}", "${trialParameters.\n}", "${trialparameters.lr}", "${trialParameters.lr.x}", "a'b: [c",
    "${trialParameters.a&b}", "\u2028 ${trialParameters.lr}", '"', "\\",
)  # fmt: skip


def operators(path: Path, value: object) -> Iterator[tuple[str, Change]]:
    """Yield the ways to bend one value, by what it is and what it is called."""
    yield from EVERY
    if isinstance(value, bool):
        yield from OF_FLAG
    elif isinstance(value, str):
        yield from OF_TEXT
        yield from _text_operators(path)
    elif isinstance(value, (int, float)):
        yield from OF_NUMBER
    elif isinstance(value, list):
        yield from OF_LIST
        if path[-1] in ("command", "args"):
            yield from (("with " + repr(text), _append(text)) for text in PLACEHOLDERS)
    elif isinstance(value, dict):
        yield from OF_MAPPING
        if path[-1] in ("limits", "requests"):
            yield from ((f"with {quantity!r}", _with("memory", quantity)) for quantity in QUANTITIES)
    for word in WORDS.get(str(path[-1]), ()):
        yield f"is {word!r}", put(word)


def _text_operators(path: Path) -> Iterator[tuple[str, Change]]:
    if path == (*TRIAL, "kind"):
        yield from ((f"is {kind!r}", put(kind)) for kind in KINDS)
    elif path == ("metadata", "name"):
        yield from ((f"is {name!r}", put(name)) for name in NAMES)
    elif "metricsFormat" in path:
        yield from ((f"is {text!r}", put(text)) for text in FILTERS)
    elif path[-1] == "reference":
        yield from ((f"is {text!r}", put(text)) for text in REFERENCES)
    elif path[-1] == "name" and "trialParameters" in path:
        yield from ((f"is {text!r}", put(text)) for text in ENTRIES)
    elif path[-1] in ("sizeLimit", "storage", "memory", "cpu"):
        yield from ((f"is {quantity!r}", put(quantity)) for quantity in QUANTITIES)


def _append(text: str) -> Change:
    def change(holder: Any, key: Any) -> None:
        holder[key].append(text)

    return change


def _with(name: str, value: object) -> Change:
    def change(holder: Any, key: Any) -> None:
        holder[key][name] = value

    return change
