"""Writes verdicts.json from what drive.py and goptuna wrote."""

from __future__ import annotations

import json
import sys
from pathlib import Path

records = [json.loads(line) for file in sys.argv[1:] for line in Path(file).read_text("utf-8").splitlines()]
outcomes = {record["id"]: record["outcome"] for record in sorted(records, key=lambda record: record["id"])}
text = json.dumps(outcomes, indent=0, ensure_ascii=False)
(Path(__file__).parent / "verdicts.json").write_text(text + "\n", "utf-8")
