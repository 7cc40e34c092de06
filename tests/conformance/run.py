"""Ask Katib's own code, and Argo CD's, and hold kgen against them.

    python tests/conformance/run.py                 every mutant, and drift, by the newest release
    python tests/conformance/run.py --katib 0.18    by another release, where Go can get it
    python tests/conformance/run.py --record        keep the verdicts for machines without Go
    python tests/conformance/run.py --more DIR      with the mutants of other Experiments

Wants Go and the modules; takes some minutes.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "generator")]

import collected  # noqa: E402 - the path comes first
import drift  # noqa: E402
import oracle  # noqa: E402
from agreement import Judged, table  # noqa: E402
from judged import katibs, kgens, question  # noqa: E402
from recorded import DRIFT, every, keep  # noqa: E402

SHOWN = 20
CASES = HERE.parents[2] / "shared" / "data" / "webhook-cases.jsonl"


def main() -> int:
    """Run; 0 where all agrees, 1 where not, 2 where there is nothing to run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--katib", default="", help="release of Katib, such as 0.18; the newest if absent")
    parser.add_argument("--record", action="store_true", help="keep the verdicts")
    parser.add_argument("--more", nargs="*", default=[], metavar="DIR", type=Path, help="bend these Experiments too")
    given = parser.parse_args()
    try:
        katib = oracle.build(given.katib)
        argocd = oracle.build(folder=HERE / "argocd")
    except oracle.NotAvailable as reason:
        print(f"not available: {reason}")
        return 2
    own = list(every())
    mutants = [*own, *(mutant for folder in given.more for mutant in every(folder))]
    verdicts = [katibs(answer) for answer in oracle.ask(katib, map(question, (m.object for m in mutants)))]
    judged = [Judged(m, v, kgens(m.object, given.katib)) for m, v in zip(mutants, verdicts, strict=True)]
    print(table(judged))
    differing = [each for each in judged if each.difference]
    for each in differing[:SHOWN]:
        print(f"{each.difference}: {each.mutant.id}: Katib {each.katib.reasons}, kgen {each.kgen.reasons}")
    if not given.katib:
        print(cases(katib))
    misread = collected.differing(katib)
    print(f"6000 logs read by Katib's file collector: {len(misread)} read otherwise", *misread[:SHOWN], sep="\n")
    programs = drift.Programs(katib, argocd)
    found = drift.found(programs)
    wrong = [name for name, said in found.items() if said != drift.expected(name)]
    print(f"{len(found)} comparisons by Argo CD's three strategies: {len(wrong)} not as expected", *wrong, sep="\n")
    if given.record:
        keep(zip(own, verdicts, strict=False))  # of these first
        DRIFT.write_text(json.dumps(found, indent=1) + "\n")
    return 1 if differing or wrong or misread else 0


def cases(katib: Path) -> str:
    """Hold the program against what was measured of these webhooks before, by another program."""
    if not CASES.is_file():
        return "the cases that were measured before are not beside this checkout"
    known = [json.loads(line) for line in CASES.read_text("utf-8").splitlines()]
    same = 0
    for case, answer in zip(known, oracle.ask(katib, known), strict=True):
        errors = [f"{error['type']} {error['field']}" for error in answer["errors"]]
        patches = [_patch(case["patch"]), _patch(answer.get("patch"))]
        same += (case["verdict"], case["errors"]) == (answer["verdict"], errors) and patches[0] == patches[1]
    return f"{same} of {len(known)} cases that were measured before: the same verdict, errors and patch"


def _patch(operations: list[dict[str, Any]] | None) -> list[str]:
    """Give a patch in one order; what it does to the status is of no matter."""
    listed = [operation for operation in operations or () if not operation["path"].startswith("/status")]
    return sorted(json.dumps(operation, sort_keys=True) for operation in listed)


if __name__ == "__main__":
    raise SystemExit(main())
