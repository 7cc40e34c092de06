"""What `explain` says of a field."""

from __future__ import annotations

import pytest

from kgen.katib.fields import MEANINGS, meaning
from kgen.model.node import FieldPath

POD: FieldPath = ("spec", "trialTemplate", "trialSpec", "spec", "template", "spec")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        pytest.param(("spec", "objective", "goal"), "The Experiment succeeds as soon", id="a field of Katib's"),
        pytest.param(("spec", "parameters", 3, "feasibleSpace", "min"), "Least value", id="a field of an item"),
        pytest.param(("spec", "objective", "additionalMetricNames", 0), "Metrics that are recorded", id="a bare item"),
        pytest.param((*POD, "tolerations", 0, "key"), "Taints of nodes", id="below a pod's field"),
        pytest.param((*POD, "containers", 0, "resources", "limits", "cpu"), "The most that", id="the nearest above"),
        pytest.param(
            (*POD, "hostAliases", 0, "ip"), "The object that is made for each trial", id="a field nobody knows"
        ),
        pytest.param(("metadata", "labels", "team"), "Labels; Katib copies them", id="a label"),
    ],
)
def test_meaning(path: FieldPath, words: str) -> None:
    assert meaning(path).startswith(words)


def test_every_meaning_is_a_sentence() -> None:
    assert all(words.endswith(".") for words in MEANINGS.values())
