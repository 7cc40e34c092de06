"""`kgen render` against `kubectl kustomize`: the same manifests, then what each costs.

python benchmarks/render.py [--sizes 1,10,100,1000,2000] [--rounds N] [--quick] [--json]

Exits with 1 if the two outputs differ, with 2 if a tool is missing or fails; never because of a time.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from measure import Cost, FailedError, Spread, builder, ratios, run, spread
from workload import ENVIRONMENT, searches, write_kustomization, write_workspace

SIZES, QUICK = (1, 10, 100, 1000, 2000), (1, 10)
ROUNDS, ROUNDS_LARGE, LARGE = 15, 5, 500
KGEN, KUSTOMIZE, TREE, UNCHANGED = "kgen", "kustomize", "kgen -o, new", "kgen -o, unchanged"
VERSION, FLOOR = "kgen --version", "python -c pass"


class Figure(NamedTuple):
    """What was measured, beside what it must reach."""

    what: str
    measured: Spread
    limit: float | None
    unit: str

    @property
    def verdict(self) -> str:
        """Say whether the median reaches the limit."""
        return "" if self.limit is None else "ok" if self.measured.median <= self.limit else "MISSED"


def main() -> int:
    """Compare, measure, report."""
    options = _options()
    kgen = str(Path(sys.executable).parent / "kgen")
    kustomize = builder()
    if kustomize is None or not os.access(kgen, os.X_OK):
        print(f"needs {kgen}, and kubectl or kustomize on the PATH", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="kgen-benchmark-") as folder:
        bench = Bench(Path(folder), kgen, kustomize, options.seed)
        try:
            for size in options.sizes:
                problem = bench.prepare(size)
                if problem is not None:
                    print(f"the outputs differ for {_many(size)}: {problem}", file=sys.stderr)
                    return 1
                print(f"{_many(size)}: the same from both", file=sys.stderr)
            costs = bench.measure(options.sizes, options.rounds)
        except FailedError as failure:
            print(failure, file=sys.stderr)
            return 2
    figures = tuple(_figures(costs, options.sizes))
    tool = Path(kustomize[0]).name
    print(_as_json(costs, figures, tool) if options.json else _as_text(costs, figures, options.sizes, tool))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sizes", type=_sizes, help="numbers of experiments, such as 10,1000")
    parser.add_argument("--rounds", type=int, help=f"rounds; {ROUNDS}, and {ROUNDS_LARGE} from {LARGE} experiments on")
    parser.add_argument("--quick", action="store_true", help="one round of few experiments: does it work at all?")
    parser.add_argument("--seed", type=int, default=1, help="seed of the experiments")
    parser.add_argument("--json", action="store_true", help="print every single measurement")
    options = parser.parse_args()
    options.sizes = options.sizes or (QUICK if options.quick else SIZES)
    options.rounds = options.rounds or (1 if options.quick else None)
    return options


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(sorted({int(part) for part in text.split(",")}))


Costs = dict[tuple[str, int], list[Cost]]
"""The runs of each command for each number of experiments; 0 where there are none."""


class Bench:
    """The folders of a benchmark and the commands that are run in them."""

    def __init__(self, folder: Path, kgen: str, builder: tuple[str, ...], seed: int) -> None:
        self._folder, self._kgen, self._builder, self._seed = folder, kgen, builder, seed

    def prepare(self, size: int) -> str | None:
        """Write both inputs and compare both outputs; tell the first difference."""
        made = searches(size, self._seed)
        write_workspace(self._folder / f"kgen-{size}", made)
        write_kustomization(self._folder / f"kustomize-{size}", made)
        rendered, built = (_objects(self._run(name, size)[1]) for name in (KGEN, KUSTOMIZE))
        if len(rendered) != size:
            return f"{len(rendered)} objects, expected {size}"
        return next(iter(_differences(rendered, built, "")), None)

    def measure(self, sizes: tuple[int, ...], rounds: int | None) -> Costs:
        """Run everything in turn, again and again, so that a busy neighbour disturbs all alike."""
        costs: Costs = defaultdict(list)
        floor = [sys.executable, "-c", "pass"]
        for command in (floor, [self._kgen, "--version"]):
            run(command, self._folder / "warm")
        for turn in range(rounds or ROUNDS):
            costs[VERSION, 0].append(run([self._kgen, "--version"], self._folder / "version"))
            costs[FLOOR, 0].append(run(floor, self._folder / "floor"))
            for size in sizes:
                if rounds is None and size >= LARGE and turn >= ROUNDS_LARGE:
                    continue
                for name in (KGEN, KUSTOMIZE, TREE, UNCHANGED):
                    costs[name, size].append(self._run(name, size)[0])
                shutil.rmtree(self._folder / f"tree-{size}")
            _progress(turn + 1, rounds or ROUNDS)
        return costs

    def _run(self, name: str, size: int) -> tuple[Cost, Path]:
        render = [self._kgen, "render", ENVIRONMENT, "--root", str(self._folder / f"kgen-{size}")]
        command = {
            KGEN: render,
            KUSTOMIZE: [*self._builder, str(self._folder / f"kustomize-{size}")],
            TREE: [*render, "-o", str(self._folder / f"tree-{size}")],
            UNCHANGED: [*render, "-o", str(self._folder / f"tree-{size}")],
        }[name]
        output = self._folder / f"{name}-{size}.yaml"
        return run(command, output), output


def _objects(path: Path) -> dict[str, Any]:
    """Read a stream of manifests, by namespace and name."""
    with path.open(encoding="utf-8") as stream:
        documents = list(yaml.load_all(stream, Loader=yaml.CSafeLoader))
    return {f"{d['kind']} {d['metadata'].get('namespace')}/{d['metadata']['name']}": d for d in documents}


def _differences(left: object, right: object, path: str) -> Iterator[str]:
    """Yield where kgen's value is not kustomize's; 1, 1.0 and true are three values."""
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted({*left, *right}):
            here = f"{path}.{key}" if path else str(key)
            if key not in left or key not in right:
                yield f"{here} is only in the output of {KGEN if key in left else KUSTOMIZE}"
            else:
                yield from _differences(left[key], right[key], here)
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for index, (one, other) in enumerate(zip(left, right, strict=True)):
            yield from _differences(one, other, f"{path}[{index}]")
    elif type(left) is not type(right) or left != right:
        yield f"{path} is {left!r} from {KGEN}, {right!r} from {KUSTOMIZE}"


def _figures(costs: Costs, sizes: tuple[int, ...]) -> Iterator[Figure]:
    limits = {10: 1.0, 1000: 0.2}
    cpu = {key: [cost.cpu for cost in runs] for key, runs in costs.items()}
    for size in sizes:
        for name in (KGEN, TREE):
            quotients = spread(ratios(cpu[name, size], cpu[KUSTOMIZE, size]))
            limit = limits.get(size) if name == KGEN else None
            yield Figure(f"{name} / {KUSTOMIZE}, {_many(size)}, CPU", quotients, limit, "")
    if {1000, 2000} <= set(sizes):
        for name, limit in ((KGEN, 2.1), (KUSTOMIZE, None)):
            growth = spread(ratios(cpu[name, 2000], cpu[name, 1000]))
            yield Figure(f"{name}, growth 1000 -> 2000, CPU", growth, limit, "")
    if 1000 in sizes:
        again = spread([cost.wall for cost in costs[UNCHANGED, 1000]])
        yield Figure("kgen -o, 1000 experiments unchanged, wall", again, 0.25, " s")
    yield Figure(f"{VERSION}, CPU", spread(cpu[VERSION, 0]), 0.08, " s")
    yield Figure(f"{FLOOR}, CPU (the floor)", spread(cpu[FLOOR, 0]), None, " s")


def _as_text(costs: Costs, figures: tuple[Figure, ...], sizes: tuple[int, ...], tool: str) -> str:
    lines = [f"{KUSTOMIZE} is `{tool}`; median [least - most] of the rounds", ""]
    lines.append(f"{'experiments':>11}  {'command':20}{'CPU s':>26}{'wall s':>26}{'rounds':>8}")
    for size in sizes:
        for name in (KGEN, KUSTOMIZE, TREE, UNCHANGED):
            runs = costs[name, size]
            cpu, wall = (spread(list(values)) for values in zip(*runs, strict=True))
            lines.append(f"{size:>11}  {name:20}{_shown(cpu):>26}{_shown(wall):>26}{len(runs):>8}")
    lines += ["", f"{'figure':52}{'measured':>28}{'to reach':>12}"]
    for figure in figures:
        limit = "" if figure.limit is None else f"<= {figure.limit:g}{figure.unit}"
        shown = _shown(figure.measured) + figure.unit
        lines.append(f"{figure.what:52}{shown:>28}{limit:>12}  {figure.verdict}".rstrip())
    return "\n".join(lines)


def _many(size: int) -> str:
    return "1 experiment" if size == 1 else f"{size} experiments"


def _shown(figures: Spread) -> str:
    return f"{figures.median:.3f} [{figures.least:.3f} - {figures.most:.3f}]"


def _as_json(costs: Costs, figures: tuple[Figure, ...], tool: str) -> str:
    report = {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
        "kustomize": tool,
        "runs": [
            {"command": name, "experiments": size, "cpu": [c.cpu for c in runs], "wall": [c.wall for c in runs]}
            for (name, size), runs in costs.items()
        ],
        "figures": [{**f._asdict(), "measured": f.measured._asdict(), "verdict": f.verdict} for f in figures],
    }
    return json.dumps(report, indent=2)


def _progress(done: int, rounds: int) -> None:
    if sys.stderr.isatty():
        print(f"\rround {done} of {rounds}", end="\n" if done == rounds else "", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
