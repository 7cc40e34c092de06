"""One run: where things are, what was found, and what stages tell one another."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.commands import Kube, Shell
from harness.settings import HERE, Settings
from harness.waiting import Broken, Clock
from harness.workspace import Workspace, filled, tokens_of


@dataclass
class Run:
    """Everything that a stage needs; tests put in a shell and a clock of their own."""

    settings: Settings
    folder: Path  # of this run; a stage that is run alone finds here what earlier ones left
    shell: Shell
    clock: Clock
    say: Callable[[str], None]
    forward: Callable[[Kube, str, str, int], AbstractContextManager[int]]  # namespace, service, port -> port here
    keep: bool = False
    engine: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def kube(self) -> Kube:
        """kubectl on the cluster of this run; kind's own file of contexts, not the user's."""
        if self.settings.kind:
            return Kube(self.shell, f"kind-{self.settings['CLUSTER']}", str(self.folder / "kubeconfig"))
        return Kube(self.shell, self.settings.context)

    @cached_property
    def workspace(self) -> Workspace:
        """The workspace that is applied."""
        return Workspace(self.folder / "workspace", self.shell)

    def remember(self, **facts: Any) -> None:
        """Keep something for later stages, also of another call."""
        self.facts.update(facts)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "state.json").write_text(json.dumps(self.facts, indent=2, sort_keys=True) + "\n", "utf-8")

    def recall(self, name: str, stage: str) -> Any:
        """Give what a stage before left.

        Raises:
            Broken: it was never run.
        """
        file = self.folder / "state.json"
        if name not in self.facts and file.is_file():
            self.facts.update(json.loads(file.read_text("utf-8")))
        if name not in self.facts:
            raise Broken(f"{file} has no `{name}`: run the stage `{stage}` first")
        return self.facts[name]

    def template(self, path: str, **more: str) -> Path:
        """Fill in a manifest of tests/e2e/manifests, and give the file that was written."""
        out = self.folder / "manifests" / path
        out.parent.mkdir(parents=True, exist_ok=True)
        text = (HERE / "manifests" / path).read_text("utf-8")
        out.write_text(filled(text, {**tokens_of(self.settings), **more}), encoding="utf-8")
        return out
