"""The text of a new experiment, its parameters guessed from the flags of a script, and of a new workspace."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from kgen.model.flags import Flag, Script

ALGORITHMS = ("random", "tpe", "multivariate-tpe", "bayesianoptimization", "sobol", "cmaes", "grid")
_LOGARITHMIC = (
    "random",
    "tpe",
    "multivariate-tpe",
    "bayesianoptimization",
)  # they draw on a logarithmic scale where it is asked for
_POSITIVE = "bayesianoptimization"  # draws every real number on a logarithmic scale
_NUMBERS_ONLY = ("cmaes",)
_MOST_CHOICES = 30
_MOST_FLAGS = 60
_MOST_OF_GRID = 4  # its points multiply
_PLAIN = re.compile(r"[A-Za-z_](?:[A-Za-z0-9_.:/-]*[A-Za-z0-9_])?")
_WORD = re.compile(r"[\w./:@%+,=-]+")  # a shell leaves it as it is
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?")
_DEFAULT = re.compile(r"[\s,;(\[]*defaults?(?: is|:|=| to)?\s*%\(default\)s[\])]*\.?", re.IGNORECASE)
_WORDS = frozenset("true false null yes no on off y n nan inf".split())
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]+")
_SMALLER = ("loss", "error", "err", "rmse", "mse", "mae", "perplexity", "ppl", "latency", "time", "cost")
_ONCE = re.compile(
    r"(^|_)(seed|data|dataset|dir|directory|path|file|folder|root|output|out|log|logs|logger|verbose|debug|checkpoint|"
    r"ckpt|resume|save|load|cache|device|devices|gpu|gpus|cuda|cpu|cpus|workers|num_workers|port|host|rank|world_size|"
    r"url|uri|name|project|entity|wandb|tracking|user|token|key|secret|password|bucket|config|format|backend|version|"
    r"threads|jobs|interval|every|freq|frequency|dry_run|test|eval|at)($|_)"
)


class Asked(NamedTuple):
    """What a new experiment is to be."""

    name: str
    metric: str = "accuracy"
    image: str = ""
    algorithm: str = "random"
    trials: int = 12
    script: Script | None = None
    command: str = ""  # the script's path where it runs
    inside: bool = True  # the script lies in the workspace


class Read(NamedTuple):
    """A flag as a parameter: its line, or why it is none."""

    flag: Flag
    space: str = ""  # the parameter's values in YAML
    remark: str = ""
    why: str = ""  # it is left out


def parameters_of(script: Script, algorithm: str) -> list[Read]:
    """Sort a script's flags into those that are worth a search and those that are not, each with the reason."""
    flags = [f for f in script.parser.flags if f.names and f.action not in ("help", "version")][:_MOST_FLAGS]
    found = [_read(flag, algorithm) for flag in flags]
    if algorithm != "grid":
        return found
    many = [read for read in found if read.space][_MOST_OF_GRID:]
    return [Read(read.flag, why="the grid has points enough without it") if read in many else read for read in found]


def _read(flag: Flag, algorithm: str) -> Read:
    why = _reason(flag)
    kind = _kind(flag)
    if why:
        return Read(flag, why=why)
    if flag.choices is not None:
        if algorithm in _NUMBERS_ONLY:
            return Read(flag, why=f"{algorithm} searches numbers alone")
        numbers = kind in ("int", "float")
        listed = ", ".join(_scalar(each, number=numbers) for each in dict.fromkeys(flag.choices))
        return Read(flag, f"categorical: [{listed}]", "the script's choices")
    if kind == "int":
        return _whole(flag, algorithm)
    return _real(flag, algorithm) if kind == "float" else Read(flag, why="a text without choices")


def _reason(flag: Flag) -> str:
    """Say why a flag is no parameter; nothing where it may be one."""
    if flag.type == "bool":
        return "`type=bool` makes True of every text, `False` too"
    if flag.most == 0:
        return "a switch, which takes no value"
    if not flag.whole or flag.action not in ("store", "?") or (flag.least, flag.most) != (1, 1):
        return "it takes several values, or an unknown number of them"
    if _ONCE.search(flag.dest.lower().replace("-", "_")):
        return "by its name nothing to search"
    if flag.choices is not None and not 0 < len(flag.choices) <= _MOST_CHOICES:
        return "its choices are too many"
    return ""


def _kind(flag: Flag) -> str:
    if flag.type in ("int", "float", "str"):
        return flag.type
    number = flag.default if isinstance(flag.default, (int, float)) and not isinstance(flag.default, bool) else None
    return flag.like or ("" if number is None else type(number).__name__)


def _whole(flag: Flag, algorithm: str) -> Read:
    known = flag.default if isinstance(flag.default, int) and not isinstance(flag.default, bool) else None
    if known is None or abs(known) > 10**12:
        return Read(flag, "int: [1, 10]", "no default in the script: review")
    low, high = (known // 2, known * 2) if known > 1 else (1, 3) if known == 1 else (known, known + 5)
    step = f", step: {(high - low) // 4}" if algorithm == "grid" and high - low >= 8 else ""
    return Read(flag, f"int: [{low}, {high}]{step}", f"around the default {known}: review")


def _real(flag: Flag, algorithm: str) -> Read:
    given = flag.default
    known = float(given) if isinstance(given, (int, float)) and not isinstance(given, bool) else None
    if known is None or not abs(known) < 1e15 or 0 < abs(known) < 1e-15:
        return Read(flag, _double(0, 1, algorithm), "no default in the script: review")
    remark = f"around the default {_number(known)}: review"
    if 0 < known <= 0.05:
        return Read(flag, _double(known / 10, min(known * 10, 0.5), algorithm, logarithmic=True), remark)
    if known < 0 and algorithm == _POSITIVE:
        return Read(flag, why=f"{algorithm} draws no real number below zero")
    if known < 0:
        return Read(flag, _double(known * 2, known / 2, algorithm), remark)
    low, high = (0.0, 0.5) if known == 0 else (known / 2, min(known * 1.5, (1 + known) / 2) if known < 1 else known * 2)
    return Read(flag, _double(low, high, algorithm), remark)


def _double(low: float, high: float, algorithm: str, *, logarithmic: bool = False) -> str:
    low = high / 100 if algorithm == _POSITIVE and low <= 0 else low
    logarithmic = logarithmic or algorithm == _POSITIVE
    least, most = float(f"{low:.4g}"), float(f"{high:.4g}")  # 0.9995 is not 1
    bounds = f"double: [{_number(least)}, {_number(most)}]"
    if algorithm == "grid":
        return f"{bounds}, step: {_number(float(f'{(most - least) / 4:.3g}'))}"
    return f"{bounds}, distribution: logUniform" if logarithmic and algorithm in _LOGARITHMIC else bounds


def _number(value: float) -> str:
    """Write a number short, and as YAML reads it."""
    text = f"{value:.6g}"
    return f"{float(text):.10f}".rstrip("0") if "e-0" in text and abs(value) >= 1e-7 else text


def _scalar(text: str, *, number: bool = False) -> str:
    """Write a text in YAML, quoted where it could be read as anything else."""
    if (number and _NUMBER.fullmatch(text)) or (_PLAIN.fullmatch(text) and text.lower() not in _WORDS):
        return text
    return json.dumps(_CONTROL.sub(" ", text), ensure_ascii=False)


def _comment(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()[:100]


def experiment(asked: Asked) -> str:
    """Write a compact spec, with a comment wherever something is to be reviewed."""
    found = [] if asked.script is None else parameters_of(asked.script, asked.algorithm)
    searched = [read for read in found if read.space]
    return "\n".join(
        [
            f"# {asked.name}: say here what it is for. `kgen lint experiments/{asked.name}.yaml` says what is wrong.",
            *_objective(asked.metric),
            f"algorithm: {asked.algorithm}",
            f"trials: {{max: {asked.trials}, parallel: {min(3, asked.trials)}, maxFailed: {min(3, asked.trials)}}}",
            *(_parameters(searched, asked) if searched else _example(asked)),
            *_trial(asked, found, known=bool(searched)),
            "",
        ]
    )


def _objective(metric: str) -> Iterator[str]:
    words = re.split(r"[^a-z]+", metric.lower())
    goal = "minimize" if any(word in _SMALLER for word in words) else "maximize"
    yield "objective:"
    yield f"  {goal}: {_scalar(metric)} # the script prints it as a line of its own: {_comment(metric)}=0.5"
    yield "  # goal: VALUE # the search ends as soon as a trial reaches it"


def _parameters(searched: list[Read], asked: Asked) -> Iterator[str]:
    assert asked.script is not None
    yield f"# From the flags of {_comment(asked.script.file)}. Ranges are guesses around its defaults: review each."
    yield "parameters:"
    for read in searched:
        name = max((n for n in read.flag.names if not n.startswith("--no-")), key=len)
        bare = name.lstrip("-+/")
        flag = "" if name == f"--{bare}" else f", flag: {_scalar(name)}"
        told = _comment(_DEFAULT.sub("", read.flag.help).replace("%%", "%"))
        yield f"  {_scalar(bare)}: {{{read.space}{flag}}} # {_comment(read.remark)}{'; ' if told else ''}{told}"


def _example(asked: Asked) -> Iterator[str]:
    yield "# Each parameter reaches the trial as --NAME=VALUE."
    yield "parameters:"
    yield f"  lr: {{{_double(0.001, 0.1, asked.algorithm, logarithmic=True)}}}"
    yield "  depth: {int: [1, 5]}"


def _trial(asked: Asked, found: list[Read], *, known: bool) -> Iterator[str]:
    image = asked.image or f"registry.example.com/{asked.name}:1.0"
    where = "" if asked.image else " # the image that holds the script: review"
    yield "trial:"
    yield f"  image: {_scalar(image)}{where}"
    command = asked.command or "train.py"
    yield f"  command: [python3, {_scalar(command)}] # its path in the image: review"
    required = list(_required(asked.script, found)) if known else []
    if required:
        yield f"  args: [{', '.join(required)}] # the script requires them: review"
    if known and asked.script is not None and asked.inside:
        yield f"  script: {_scalar(asked.script.file)} # kgen lint holds the flags against it"
    elif known:
        yield "  # script: PATH # it lies outside the workspace; inside, kgen lint holds the flags against it"
    yield "  resources: {cpu: 1, memory: 1Gi}"
    left = [read for read in found if read.why]
    if left and known:
        yield "  # Not searched:"
        yield from (f"  #   {read.flag.names[-1]}: {_comment(read.why)}" for read in left)


def _required(script: Script | None, found: Iterable[Read]) -> Iterator[str]:
    """Write what the script ends without: flags that are not searched, and arguments that go by their place."""
    for read in found:
        if read.why and read.flag.required:
            name = read.flag.names[-1]
            spare = int(read.flag.most != 0)  # a flag that may take a value would take what goes by its place
            values = [_value(read.flag)] * max(read.flag.least, spare)
            words = [name, *values] if len(values) != 1 else [f"{name}={values[0]}"]
            yield from (_scalar(word) for word in words)
    for flag in () if script is None else script.parser.flags:
        if not flag.names and flag.required:
            yield from [_scalar(_value(flag), number=flag.type in ("int", "float"))] * max(flag.least, 1)


def _value(flag: Flag) -> str:
    if flag.choices:
        return next(filter(_WORD.fullmatch, flag.choices), shlex.quote(flag.choices[0]))
    if isinstance(flag.default, (str, int, float)) and _WORD.fullmatch(str(flag.default)):
        return str(flag.default)
    return "1" if _kind(flag) in ("int", "float") else "TODO"


TRAIN = '''"""An example: a loss that is least where lr is 0.01 and depth is 3. Print metrics as lines `name=value`."""

import argparse
import math

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.01)
parser.add_argument("--depth", type=int, default=3)
parser.add_argument("--epochs", type=int, default=5)
flags = parser.parse_args()

for epoch in range(1, flags.epochs + 1):
    distance = (math.log10(flags.lr) + 2) ** 2 + (flags.depth - 3) ** 2
    print(f"loss={distance + 1 / epoch:.6f}", flush=True)
'''

WORKSPACE = {
    "kgen.yaml": """\
# The root of this workspace, and the versions that its clusters run.
target: {katib: "0.19", kubernetes: "1.34", argocd: "3.5"}
""",
    "experiments/example.yaml": """\
# An experiment in its compact form: one search. `kgen new NAME --from-script train.py` writes another.
objective: {minimize: loss, goal: 0.25}
algorithm: random
trials: {max: 12, parallel: 3, maxFailed: 3}
parameters:
  lr: {double: [0.0001, 1], distribution: logUniform} # reaches the trial as --lr=VALUE
  depth: {int: [1, 6]}
trial:
  image: registry.example.com/example:1.0 # of your own: Python and train.py are all it takes
  command: [python3, train.py]
  script: train.py # kgen lint holds the flags against it
  resources: {cpu: 1, memory: 1Gi}
""",
    "overlays/istio-off.yaml": """\
description: No sidecar in a trial's pods. Envoy never ends, and with it no trial would.
istio: {inject: false}
""",
    "environments/dev/environment.yaml": """\
description: Where searches are tried
namespace: katib-dev
overlays: [istio-off]
experiments: [example]
# A changed search gets a new name, as Katib refuses to change one that it runs.
naming: hashed
""",
    "train.py": TRAIN,
    ".gitignore": """\
# Local runs of `kgen try`.
.kgen/
""",
}
