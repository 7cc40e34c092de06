"""What the trial's program needs: the image and the development set-up have the same versions of it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
DIRECT = ("scikit-learn", "tensorboardX")  # what train.py itself imports; numpy comes with the first


def test_the_development_set_up_has_the_versions_of_the_image() -> None:
    pinned = dict(re.findall(r"^([\w-]+)==(\S+)$", (ROOT / "trial" / "requirements.txt").read_text("utf-8"), re.M))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert {f"{name}=={pinned[name]}" for name in DIRECT} <= set(project["dev"])


def test_the_development_set_up_has_all_that_a_local_run_may_need() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert set(project["try"]) <= set(project["dev"])
