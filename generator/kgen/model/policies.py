"""What a team allows beside what works: policies without code, from `lint` in `kgen.yaml`."""

from __future__ import annotations

from typing import NamedTuple


class Policies(NamedTuple):
    """Limits of a team's own; None or empty where there is none."""

    registries: tuple[str, ...] = ()  # `host` or `host/path` that images may come from
    gpus: int | None = None  # most GPUs of one trial
    budget: int | None = None  # most of maxTrialCount x GPUs of one trial


NO_POLICIES = Policies()
