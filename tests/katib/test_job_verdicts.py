"""What Katib's own check said of a Job with each of some values in each of its fields, against decoding.

`job_verdicts.txt` holds a bit a case, in hexadecimal; `python3 tests/katib/test_job_verdicts.py` makes it anew with
Kubernetes' and Katib's Go libraries (tools/types/verdicts).
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kgen.katib.decode import decode
from kgen.katib.types import Type, trial
from kgen.model.environment import Target
from kgen.model.node import NOWHERE, FieldPath, make, path_text

RECORDED = Path(__file__).with_name("job_verdicts.txt")
GO = Path(__file__).parents[2] / "tools" / "types" / "verdicts"
MODULES = ("k8s.io/api@v0.34.0", "github.com/mattbaird/jsonpatch@v0.0.0-20171005235357-81af80346b1a")  # as Katib 0.19's
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 1.0, 1.5, 1024, 2**31 - 1, 2**31, -(2**31), 2**63, 1e3),
    *("", "x", "1", "1Gi", "1024Mi", "500m", "0.5", "test-value", "2020-01-01T00:00:00Z", "2020-01-01T00:00:00.5Z"),
    *([], [None], [""], ["x"], [1], [{}]),
    *({}, {"a": 1}, {"a": "b"}, {"a": None}, {"a": ""}, {"a": {}}),
)
DEEPEST = 10
UNLIKELY = frozenset(("managedFields", "ephemeralContainers"))


def job_type() -> Type:
    found = trial("batch/v1", "Job", Target(katib="0.19"))
    assert found is not None
    return found


def places(own: Type, path: FieldPath = ()) -> Iterator[FieldPath]:
    """Every field of a type, with one item in each list and mapping on its way."""
    if path and path not in (("apiVersion",), ("kind",)):
        yield path
    if len(path) < DEEPEST and path[:1] != ("status",):
        for key, field in own.fields.items():
            if key not in UNLIKELY:
                yield from places(field.type, (*path, key))
        if own.item is not None:
            yield from places(own.item.type, (*path, 0 if own.kind == "list" else "k"))


def cases() -> Iterator[tuple[FieldPath, Any, dict[str, Any]]]:
    for path in places(job_type()):
        if path[:1] == ("status",):
            continue
        for value in VALUES:
            inner = value
            for step in reversed(path):
                inner = [inner] if step == 0 else {step: inner}
            yield path, value, {"apiVersion": "batch/v1", "kind": "Job", **inner}


def test_katib_and_kgen_are_of_one_mind_on_every_field_of_a_job() -> None:
    own = job_type()
    bits = bin(int("1" + RECORDED.read_text("ascii").replace("\n", ""), 16)).removeprefix("0b1")
    made = list(cases())
    verdicts = bits[-len(made) :]
    assert set(bits[: -len(made)]) <= {"0"}  # what fills the last digit
    wrong = [
        f"{path_text(path)}: {value!r}: Katib {'admits' if verdict == '1' else 'refuses'} it"
        for (path, value, job), verdict in zip(made, verdicts, strict=True)
        if (not decode(make(job, NOWHERE), own)[1]) is not (verdict == "1")
    ]
    assert wrong == []
    assert len(made) > 20_000


def record() -> None:
    """Ask Go."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "main.go").write_bytes((GO / "main.go").read_bytes())
        for command in (["mod", "init", "verdicts"], ["get", *MODULES], ["mod", "tidy"]):
            subprocess.run(["go", *command], cwd=folder, check=True, capture_output=True)
        lines = "".join(json.dumps(job) + "\n" for _, _, job in cases())
        run = subprocess.run(["go", "run", "."], cwd=folder, input=lines, check=True, capture_output=True, text=True)
    bits = run.stdout
    digits = f"{int(bits, 2):0{-(-len(bits) // 4)}x}"
    RECORDED.write_text("\n".join(digits[at : at + 100] for at in range(0, len(digits), 100)) + "\n", "ascii")


if __name__ == "__main__":
    record()
