"""`kgen lint` of plain manifests against `kubectl kustomize` printing them; and what checking one costs in process.

python benchmarks/lint.py [--size 1000] [--rounds 5] [--quick]

Exits with 1 if lint finds an error in manifests that kgen rendered, with 2 if a tool is missing or fails;
never because of a time.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from kgen import rules
from kgen.codec.manifests import read_stream
from kgen.katib.admission import admit
from kgen.model.environment import Target
from kgen.model.node import Node
from kgen.rules.subject import read
from kgen.stages.check import Asked, in_blocks
from measure import FailedError, builder, ratios, run, spread
from workload import ENVIRONMENT, searches, write_workspace

LIMIT_MICROSECONDS = 150


def main() -> int:
    """Make manifests, lint them beside kustomize, and time the checks alone."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one round of few manifests: does it work at all?")
    options = parser.parse_args()
    if options.quick:
        options.size, options.rounds = 20, 1
    kgen, tool = str(Path(sys.executable).parent / "kgen"), builder()
    if tool is None or not os.access(kgen, os.X_OK):
        print(f"needs {kgen}, and kubectl or kustomize on the PATH", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="kgen-benchmark-") as name:
        folder = Path(name)
        try:
            manifests = _manifests(folder, kgen, options.size)
            lint = [kgen, "lint", str(manifests), "--fail-on", "error", "--quiet"]
            costs = {"lint": [], "kustomize": []}
            for _ in range(options.rounds):
                costs["lint"].append(run(lint, folder / "lint.txt"))
                costs["kustomize"].append(run([*tool, str(manifests)], folder / "built.yaml"))
        except FailedError as failure:
            print(failure, file=sys.stderr)
            return 1 if "lint" in str(failure) else 2
        checked, reference = _checked(manifests), _reference()
    for what, each in costs.items():
        wall, cpu = (spread(list(values)).median for values in zip(*((c.wall, c.cpu) for c in each), strict=True))
        print(f"{what:10} wall {wall:6.2f} s   cpu {cpu:6.2f} s")
    quotient = spread(ratios([c.wall for c in costs["lint"]], [c.wall for c in costs["kustomize"]]))
    print(f"lint / kustomize, {options.size} manifests, wall: {quotient.median:.2f} (to reach: below 1)")
    verdict = "ok" if checked["all"] <= LIMIT_MICROSECONDS else "MISSED"
    spent = checked.pop("all")
    print(f"structure and all rules: {spent:.0f} microseconds a manifest (to reach: {LIMIT_MICROSECONDS}) {verdict}")
    print(f"{spent / reference:.2f} times a fixed loop, which takes {reference:.0f} microseconds at the moment")
    print("of which " + ", ".join(f"{part} {least:.0f}" for part, least in checked.items()))
    return 0


def _manifests(folder: Path, kgen: str, size: int) -> Path:
    write_workspace(folder / "workspace", searches(size))
    out = folder / "rendered"
    run([kgen, "render", ENVIRONMENT, "--root", str(folder / "workspace"), "-o", str(out)], folder / "render.txt")
    manifests = out / ENVIRONMENT.rpartition("/")[2]
    names = sorted(path.name for path in manifests.glob("*.yaml"))
    listed = "".join(f"- {name}\n" for name in names)
    (manifests / "kustomization.yaml").write_text(
        f"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n{listed}", encoding="utf-8"
    )
    return manifests


def _checked(folder: Path) -> dict[str, float]:
    """Time what is done with a manifest that has been read, in process: microseconds of each part and of all.

    Of the parts, and of the whole, the least of five rounds counts. Each round reads the files anew, as what Python
    once found out of a text, its hash, it keeps with it.
    """
    files = [(path.name, path.read_bytes()) for path in sorted(folder.glob("*.yaml"))]
    rounds = []
    for _ in range(5):
        streams = [read_stream(data, name) for name, data in files if name != "kustomization.yaml"]
        documents = [both for each in streams for both in zip(each.documents, each.plain, strict=True)]
        gc.disable()
        rounds.append(_round(documents, Target()))
        gc.enable()
    return {part: min(each[part] for each in rounds) / len(documents) * 1e6 for part in rounds[0]}


def _round(documents: list[tuple[Node, Any]], target: Target) -> dict[str, float]:
    """Take the seconds of each step for all documents, and of all steps together: block by block, as lint does it."""
    asked, clock = Asked(rules.ALL), time.perf_counter
    spent = dict.fromkeys(("structure", "subject", "sorting", "rules"), 0.0)
    for block in in_blocks(documents):
        times = [clock()]
        admitted = [admit(document, target, plain) for document, plain in block]
        times.append(clock())
        subjects = [
            read(made.plain(), target, given=plain, plain=True, flaws=made.flaws, words=made.words)
            for made, (_, plain) in zip(admitted, block, strict=True)
        ]
        times.append(clock())
        wanted = list(asked.of(subjects))
        times.append(clock())
        for rule, indices in wanted:
            for index in indices:
                for _finding in rule.check(subjects[index]):
                    pass
        times.append(clock())
        for part, (start, end) in zip(spent, itertools.pairwise(times), strict=True):
            spent[part] += end - start
    return {**spent, "all": sum(spent.values())}


def _reference() -> float:
    """Take the microseconds of a fixed loop, the least of many: what the machine can do at the moment."""
    least = float("inf")
    for _ in range(50):
        start = time.perf_counter()
        counted: dict[int, int] = {}
        for number in range(1000):
            counted[number % 97] = counted.get(number % 97, 0) + number
        least = min(least, time.perf_counter() - start)
    return least * 1e6


if __name__ == "__main__":
    sys.exit(main())
