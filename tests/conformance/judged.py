"""The two verdicts on a manifest, in a form that can be held side by side and kept in a file."""

from __future__ import annotations

import hashlib
import json
from typing import Any, NamedTuple

from kgen import rules
from kgen.katib.admission import admit
from kgen.model.diagnostic import Effect, Severity
from kgen.model.environment import Target
from kgen.model.node import NOWHERE, make, plain
from kgen.rules.subject import read

# The cluster's template that `configmap-source` names; kgen never sees it.
TEMPLATE = """apiVersion: batch/v1
kind: Job
spec:
  template:
    spec:
      containers:
        - name: training-container
          command: ["train", "--lr=${trialParameters.lr}", "--momentum=${trialParameters.momentum}"]
"""


class Verdict(NamedTuple):
    """What one judge says."""

    refused: bool
    reasons: tuple[str, ...]  # rule codes, or "type field" of the webhook's errors
    admitted: str  # digest of the object as it would be held; "" where it is not even decoded


def question(manifest: dict[str, Any]) -> dict[str, Any]:
    """Ask of a manifest as the API server would send it on."""
    out: dict[str, Any] = {"op": "create", "object": as_sent(manifest)}
    if '"configMap"' in json.dumps(manifest):
        out["configMapData"] = {"defaultTrialTemplate.yaml": TEMPLATE}
    return out


def kgens(manifest: dict[str, Any], release: str = "") -> Verdict:
    """Ask kgen's rules of effect `rejected`."""
    target = Target(katib=release) if release else Target()
    admitted = admit(make(manifest, NOWHERE), target)
    held = plain(admitted.manifest)
    assert isinstance(held, dict)
    subject = read(held, target, given=manifest, plain=True, flaws=admitted.flaws)
    codes = {
        rule.code
        for rule in rules.ALL
        if rule.effect is Effect.REJECTED and rule.severity is Severity.ERROR
        for _ in rule.check(subject)
    }
    return Verdict(bool(codes), tuple(sorted(codes)), digest(held))


def katibs(answer: dict[str, Any]) -> Verdict:
    """Read the program's answer: the API server refuses names and labels before the webhook can."""
    if answer["verdict"] == "decode-error":
        return Verdict(refused=True, reasons=("decode",), admitted="")
    errors = [*answer["errors"], *answer.get("server", ())]
    reasons = tuple(dict.fromkeys(f"{error['type'].removeprefix('FieldValue')} {error['field']}" for error in errors))
    refused = answer["verdict"] != "accept" or bool(answer.get("server"))
    return Verdict(refused, reasons or (("request",) if refused else ()), digest(answer["defaulted"]))


def digest(manifest: Any) -> str:
    """Make short what an object says; its status is the server's own."""
    said = {key: value for key, value in manifest.items() if key != "status"}
    text = json.dumps(as_sent(said), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def as_sent(value: Any) -> Any:
    """JSON has one kind of number: what reaches the webhook as 3 was perhaps written as 3.0."""
    if isinstance(value, dict):
        return {key: as_sent(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_sent(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value
