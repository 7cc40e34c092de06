"""Ask Katib's own webhook of updates, and hold kgen against it: every edit in every state.

    python tests/conformance/updates.py             the matrix, by Katib's own code
    python tests/conformance/updates.py --record    and keep what was said
    python tests/conformance/updates.py --mutants   and of every mutant as an update of its manifest, some minutes
    python tests/conformance/updates.py --table     print what was kept: edits x states

Wants Go and the modules, but for --table.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "generator")]

import oracle  # noqa: E402 - the path comes first
from edits import EDITS, POLICIES, STATES, Cell, Edit, cells, same, stored  # noqa: E402
from judged import TEMPLATE, as_sent, kgens  # noqa: E402
from recorded import KEPT, every  # noqa: E402

from kgen.katib.admission import admit  # noqa: E402
from kgen.katib.updates import refusals  # noqa: E402
from kgen.model.change import Refusal  # noqa: E402
from kgen.model.environment import Target  # noqa: E402
from kgen.model.node import NOWHERE, make, plain  # noqa: E402

RECORD = KEPT / "updates.jsonl"
SHOWN = 20
AT_ONCE = 2000

# What the webhook says of updates alone: the error's type, its field, and how its text begins.
CHECKS = {
    ("FieldValueInvalid", "spec.resumePolicy", "Experiment can be restarted"): "7",
    ("FieldValueInvalid", "spec.maxTrialCount", "must be greater than status.trials"): "8",
    ("FieldValueForbidden", "spec", "only spec.parallelTrialCount"): "9",
}
OF_FIELD = {field: number for (_, field, _), number in CHECKS.items()}
ITSELF = "x"  # the new object is refused for what it says, whatever the old one was
UNREAD = "t"  # for the type of a value, or the webhook falls over it: then nothing else is said
ADMITTED = "."

Judge = Callable[[Mapping[str, Any], Mapping[str, Any]], tuple[Refusal, ...]]


class Judged(NamedTuple):
    """An update with both verdicts: the numbers of the checks V7 to V9 that refuse it, and `x`; `.` for none."""

    cell: Cell
    katib: str
    kgen: str

    @property
    def differ(self) -> bool:
        """Whether they differ; Katib says nothing more of what it cannot decode."""
        return ITSELF not in self.kgen if self.katib == UNREAD else self.katib != self.kgen

    @property
    def differ_as_updates(self) -> bool:
        """Whether they differ in what is said of updates alone."""
        katib, kgen = (verdict.strip(ITSELF + ADMITTED) for verdict in (self.katib, self.kgen))
        return self.katib != UNREAD and katib != kgen

    def __str__(self) -> str:
        where = f"{self.cell.edit.id} | {self.cell.policy}, {self.cell.state.name}"
        return f"{where}: Katib {_words(self.katib)}, kgen {_words(self.kgen)}"


def _words(verdict: str) -> str:
    fields = {
        number: f"V{number} {kind.removeprefix('FieldValue')} {field}" for (kind, field, _), number in CHECKS.items()
    }
    words = {ADMITTED: "admits it", ITSELF: "the object itself", UNREAD: "a type", **fields}
    return " and ".join(words[letter] for letter in verdict)


def question(cell: Cell) -> dict[str, Any]:
    """Ask of an update as the API server would send it on; it takes the status of neither."""
    out = {"op": "update", "object": as_sent(cell.new), "oldObject": as_sent(cell.old)}
    if '"configMap"' in json.dumps(cell.new):
        out["configMapData"] = {"defaultTrialTemplate.yaml": TEMPLATE, "other.yaml": TEMPLATE}
    return out


def katibs(answer: Mapping[str, Any]) -> str:
    """Read the program's answer."""
    listed = (*answer["errors"], *answer.get("server", ()))
    if answer["verdict"] == "decode-error" or (answer["verdict"] == "reject" and not listed):
        return UNREAD
    found = set()
    for error in listed:
        kind = (error["type"], error["field"])
        own = [number for (*at, text), number in CHECKS.items() if (*at,) == kind and error["detail"].startswith(text)]
        found.update(own or ITSELF)
    return "".join(sorted(found)) or ADMITTED


def kgen_says(cell: Cell, judge: Judge = refusals, *, itself: bool = True) -> str:
    """Ask kgen: of the update, and of the new object by the rules that any object has to pass."""
    text = json.dumps(cell.new)
    found = {OF_FIELD[refusal.field] for refusal in judge(cell.old, admitted(text))}
    return "".join(sorted(found | (_of_itself(text) if itself else set()))) or ADMITTED


@lru_cache(maxsize=1)  # the cells of an edit come one after another
def admitted(text: str) -> dict[str, Any]:
    """Give the object that Katib's defaulter makes of a manifest."""
    made = plain(admit(make(json.loads(text), NOWHERE), Target()).manifest)
    assert isinstance(made, dict)
    return made


@lru_cache(maxsize=1)
def _of_itself(text: str) -> frozenset[str]:
    return frozenset(ITSELF if kgens(as_sent(json.loads(text))).refused else "")


def keep(judged: Iterable[Judged]) -> None:
    """Write a line an edit and policy: the verdicts of all states in their order."""
    lines: dict[tuple[str, str], list[str]] = {("", ""): [state.name.replace(" ", "-") for state in STATES]}
    for each in judged:
        lines.setdefault((each.cell.edit.id, each.cell.policy), []).append(each.katib)
    text = "".join(json.dumps([*key, " ".join(said)], ensure_ascii=False) + "\n" for key, said in lines.items())
    RECORD.write_text(text, "utf-8")


@cache
def kept() -> dict[tuple[str, str, str], str]:
    """Read what was kept: by edit, policy and state.

    Raises:
        LookupError: the states are others now.
    """
    lines = [json.loads(line) for line in RECORD.read_text("utf-8").splitlines()]
    names = [state.name.replace(" ", "-") for state in STATES]
    if lines[0][2].split() != names:
        raise LookupError("the states are not those of the record; run updates.py --record")
    return {
        (edit, policy, state.name): said
        for edit, policy, verdicts in lines[1:]
        for state, said in zip(STATES, verdicts.split(), strict=True)
    }


def recorded(judge: Judge = refusals) -> Iterator[Judged]:
    """Give every cell of today with what was kept of it.

    Raises:
        LookupError: a cell has no verdict, or a verdict no cell.
    """
    said = dict(kept())
    for cell in cells():
        yield Judged(cell, said.pop((cell.edit.id, cell.policy, cell.state.name)), kgen_says(cell, judge))
    if said:
        raise LookupError(f"{len(said)} verdicts have no cell, such as {next(iter(said))}")


def live(program: Path, asked: Iterable[Cell], *, itself: bool = True) -> Iterator[Judged]:
    """Ask Katib's program, so many at a time as memory holds."""
    rest = iter(asked)
    while listed := list(islice(rest, AT_ONCE)):
        for cell, answer in zip(listed, oracle.ask(program, map(question, listed)), strict=True):
            yield Judged(cell, katibs(answer), kgen_says(cell, itself=itself))


def mutants() -> Iterator[Cell]:
    """Yield every mutant as an update of its manifest, while few trials run and when it is done."""
    few, done = (state for state in STATES if state.name in ("few trials", "done"))
    for mutant in every():
        name = mutant.id.split(":")[0]
        if not isinstance(head := mutant.object.get("metadata"), dict) or head.get("name") != name:
            continue  # no update of this object
        for state in (few, done):
            old = {**stored(name, None), "status": state.status}
            yield Cell(Edit(mutant.id, same, name), "as written", state, old, mutant.object)


LETTERS = {".": ".", "7": "7", "8": "8", "9": "9", "78": "a", "79": "b", "89": "c", "789": "d", "": "x", "t": "t"}
LEGEND = """. admitted   7 completed   8 trials created   9 immutable   a 7+8   b 7+9   c 8+9   d 7+8+9
x refused for the new object itself, t for the type of a value; * the same, beside what the letters say
Under each state: Never, LongRunning, FromVolume"""


def table() -> str:
    """Write what Katib says: edits x states, with a letter for each of the three policies."""
    said = kept()
    width = max(len(edit.id) for edit in EDITS) + 2
    wide = max(len(state.name) for state in STATES) + 1
    lines = [" " * width + "".join(f"{state.name:<{wide}}" for state in STATES).rstrip()]
    for edit in EDITS:
        row = [[said[edit.id, policy, state.name] for policy in POLICIES] for state in STATES]
        mark = "*" if any(ITSELF in verdict for verdicts in row for verdict in verdicts) else ""
        told = ("".join(LETTERS[verdict.removesuffix(ITSELF)] for verdict in verdicts) for verdicts in row)
        lines.append(f"{edit.id + mark:<{width}}" + "".join(f"{text:<{wide}}" for text in told).rstrip())
    return "\n".join((*lines, "", LEGEND))


def main() -> int:
    """Run; 0 where all agrees, 1 where not, 2 where there is nothing to run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", action="store_true", help="keep the verdicts")
    parser.add_argument("--mutants", action="store_true", help="ask of every mutant too")
    parser.add_argument("--table", action="store_true", help="print the kept verdicts and ask nothing")
    given = parser.parse_args()
    if given.table:
        print(table())
        return 0
    try:
        program = oracle.build()
    except oracle.NotAvailable as reason:
        print(f"not available: {reason}")
        return 2
    judged = list(live(program, cells()))
    if given.record:
        keep(judged)
    differing = [each for each in judged if each.differ]
    print(*differing[:SHOWN], f"{len(judged)} updates: {len(differing)} judged otherwise", sep="\n")
    if given.mutants:  # of themselves run.py asks
        bent = list(live(program, mutants(), itself=False))
        others = [each for each in bent if each.differ_as_updates]
        print(*others[:SHOWN], f"{len(bent)} mutants as updates: {len(others)} judged otherwise", sep="\n")
        differing += others
    return 1 if differing else 0


if __name__ == "__main__":
    raise SystemExit(main())
