"""Logs of all sorts, read by kgen and by Katib's file collector."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from oracle import ask

from kgen.katib import logs
from kgen.katib.collectors import DEFAULT_FILTER

METRICS = ("accuracy", "loss")
_NO_TIME = "0001-01-01T00:00:00Z"
_WORDS = (
    *("accuracy", "loss", "acc", "=", " = ", "0.9", "1e-5", "-7e+3", ".98", "nan", "accuracy=0.98", "loss = 1.5E3"),
    *("|", "-", "epoch 1", "2026-01-02T03:04:05Z ", "2026-01-02T03:04:05.123456789+09:00 ", "2026-1-2 ", "정", "\t"),
    *("é", "loss=", "xaccuracy=3", "accuracy-x=2", '{"a"}', " ", '"', "loss==2", "accuracy=+.5e", "\r", "\u00a0"),
    *("\x00", "\u2028"),
)
_FILTERS: tuple[tuple[str, ...], ...] = (
    (),
    (DEFAULT_FILTER,),
    (r"([\w|-]+):\s*(\d+)",),
    (r"(\w+)=(\S*)", r"(loss|accuracy)\s*=\s*([0-9.]*)"),
    (r"\{metricName: ([\w|-]+), ([+-]?\d*(\.\d+)?)\}",),
    (r"(accuracy)(.*)",),
    (r"(\p{L}+)=(\d*)",),
)
_KEYS = ("accuracy", "loss", "timestamp", "x", "Accuracy", "epoch")
_VALUES = (
    *('"0.9"', "0.9", "1", "null", "true", '"x"', "[]", "{}", '"\\ud800"', "1e400", "1e5", '"2026-01-02T03:04:05Z"'),
    *("1700000000", "1700000000.5", "1700000000.123456789", "-1.5", "1e300", '""', '"é"', "0.000000001"),
)
_ODD = ("", "{", "null", "[]", "7", '{"a":1}x', ' {"accuracy":"1"} ', '{"accuracy":NaN}')


def differing(katib: Path, count: int = 6000) -> list[dict[str, Any]]:
    """Give the logs that the two read otherwise."""
    questions = list(map(_question, [random.Random(seed) for seed in range(count)]))
    answers = ask(katib, questions)
    return [
        q for q, a in zip(questions, answers, strict=True) if _kgens(q) != (None if a.get("error") else a["metrics"])
    ]


def _question(dice: random.Random) -> dict[str, Any]:
    style = dice.choice(("TEXT", "JSON"))
    line = _text if style == "TEXT" else _object
    log = "\n".join(line(dice) for _ in range(dice.randint(1, 4)))
    filters = list(dice.choice(_FILTERS)) if style == "TEXT" else []
    return {"op": "collect", "log": log, "metrics": list(METRICS), "filters": filters, "format": style}


def _text(dice: random.Random) -> str:
    return "".join(dice.choices(_WORDS, k=dice.randint(0, 6)))


def _object(dice: random.Random) -> str:
    if dice.random() < 0.03:
        return dice.choice(_ODD)
    pairs = (f"{json.dumps(dice.choice(_KEYS))}: {dice.choice(_VALUES)}" for _ in range(dice.randint(0, 4)))
    return "{" + ", ".join(pairs) + "}"


def _kgens(question: dict[str, Any]) -> list[list[str]] | None:
    """Read a log as kgen does, in the form of the program's answer; None where the collector would end."""
    numbered = list(enumerate(question["log"].encode().split(b"\n"), 1))
    filters = tuple(question["filters"]) or (DEFAULT_FILTER,)
    try:
        read = list(
            logs.read_json(numbered, METRICS)
            if question["format"] == "JSON"
            else logs.read_text(numbered, METRICS, filters)
        )
    except logs.EndedError:
        return None
    rows = [row for row in read if isinstance(row, logs.Row)]
    if not any(row.name == METRICS[0] for row in rows):
        return [[_NO_TIME, METRICS[0], logs.UNAVAILABLE]]
    return [[row.timestamp or _NO_TIME, row.name, row.value] for row in rows]
