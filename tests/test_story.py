"""A story in a Git repository: what `kgen diff` says of each change, what `kgen render` then does, what results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import SPEC, Ran, run_kgen, tree, write_workspace
from repository import Repository, clean_git, needs_git

ENVIRONMENT = """\
namespace: ml
naming: {}
history: {}
experiments: [iris, mnist]
argocd: {{repoURL: 'https://git.example/ml.git', automated: {{prune: true}}}}
"""
ENVIRONMENTS = {
    f"{naming}-{history}": ENVIRONMENT.format(naming, history)
    for naming in ("fixed", "hashed")
    for history in ("keep", "prune")
}


class Story:
    """The workspace, its repository, and one action a line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        environments = {f"environments/{name}/environment.yaml": text for name, text in ENVIRONMENTS.items()}
        specs = {f"experiments/{name}.yaml": SPEC for name in ("iris", "mnist")}
        write_workspace(folder, {**specs, **environments})
        self.git = Repository(folder)

    def edit(self, path: str, old: str, new: str) -> None:
        """Change a source."""
        file = self.folder / path
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    def diff(self, *more: str) -> dict[str, dict[str, str]]:
        """Say what `kgen diff` says: {environment: {object: action}}, without what stays as it is."""
        ran = run_kgen("diff", "--format", "json", *more)
        assert (ran.code, ran.err) == (0, "")
        return {each["environment"]: _actions(each["objects"]) for each in json.loads(ran.out)}

    def render(self, *more: str) -> Ran:
        """Render all environments into the tree."""
        return run_kgen("render", *ENVIRONMENTS, "-w", *more)

    def rendered(self) -> dict[str, bytes]:
        """Give the rendered tree."""
        return tree(self.folder / "rendered")

    def names(self) -> dict[str, dict[str, str]]:
        """Give the name in the cluster of each Experiment: {environment: {file: name}}."""
        out: dict[str, dict[str, str]] = {name: {} for name in ENVIRONMENTS}
        for path, data in self.rendered().items():
            folder, _, file = path.partition("/")
            if folder in out:
                out[folder][file.removesuffix(".yaml")] = yaml.safe_load(data)["metadata"]["name"]
        return out


def _actions(objects: list[dict[str, Any]]) -> dict[str, str]:
    return {each["name"]: each["action"] for each in objects if each["action"] != "none"}


@pytest.fixture
def story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Story:
    """Make a workspace of four environments that is rendered and committed."""
    clean_git(monkeypatch)
    monkeypatch.chdir(tmp_path)
    made = Story(tmp_path)
    assert made.render().code == 0
    made.git.commit("the first render")
    return made


NOTHING: dict[str, dict[str, str]] = {name: {} for name in ENVIRONMENTS}


@needs_git
def test_from_the_first_commit_to_the_last(story: Story) -> None:
    assert story.diff() == NOTHING
    first = story.names()
    assert first["fixed-keep"] == first["fixed-prune"] == {"iris": "iris", "mnist": "mnist"}
    hashed = first["hashed-keep"]["mnist"]
    assert first["hashed-keep"] == first["hashed-prune"]

    # Another budget is edited in place, whatever names are like.
    story.edit("experiments/mnist.yaml", "max: 12", "max: 24")
    assert story.diff() == {name: {first[name]["mnist"]: "in-place"} for name in ENVIRONMENTS}
    before = story.rendered()
    assert story.render().code == 0
    after = story.rendered()
    assert {path for path in after if after[path] != before.get(path)} == {f"{n}/mnist.yaml" for n in ENVIRONMENTS}
    assert story.names() == first
    assert set(story.diff()) == set(ENVIRONMENTS)  # until it is committed, all as before
    story.git.commit("more trials")
    assert story.diff() == NOTHING

    # Another search is refused under a fixed name, and gets a name of its own under hashed ones.
    story.edit("experiments/mnist.yaml", "[0.01, 0.1]", "[0.01, 0.5]")
    said = story.diff()
    (renamed,) = set(said["hashed-keep"]) - {hashed}
    assert renamed.startswith("mnist-")
    assert said == {
        "fixed-keep": {"mnist": "rejected"},
        "fixed-prune": {"mnist": "rejected"},
        "hashed-keep": {renamed: "rename", hashed: "keep"},
        "hashed-prune": {renamed: "rename", hashed: "prune"},
    }
    committed = story.rendered()
    ran = story.render()
    assert ran.code == 1
    assert ran.err.count("error[KG809]") == 2
    assert (
        "experiments/mnist.yaml:5:23: error[KG809] Experiment `mnist` is committed in `rendered/fixed-keep/" in ran.err
    )
    assert story.rendered() == committed  # not even that of the environments with hashed names
    assert run_kgen("render", "hashed-keep", "hashed-prune", "-w").code == 0
    assert story.names()["hashed-keep"] == {"iris": first["hashed-keep"]["iris"], "mnist": renamed}
    assert story.names()["fixed-keep"] == first["fixed-keep"]
    assert story.render("--accept-recreate").code == 0
    assert all(b'max: "0.5"' in story.rendered()[f"{name}/mnist.yaml"] for name in ENVIRONMENTS)
    story.git.commit("a wider search")
    assert story.diff() == NOTHING

    # A label is edited in place.
    story.edit("experiments/iris.yaml", "algorithm: random", "algorithm: random\nlabels: {team: ml}")
    assert story.diff() == {name: {first[name]["iris"]: "in-place"} for name in ENVIRONMENTS}
    assert story.render().code == 0
    story.git.commit("a label")

    # What leaves Git is deleted, or stays in the cluster.
    for name in ENVIRONMENTS:
        story.edit(f"environments/{name}/environment.yaml", "[iris, mnist]", "[iris]")
    assert story.diff() == {
        "fixed-keep": {"mnist": "keep"},
        "fixed-prune": {"mnist": "prune"},
        "hashed-keep": {renamed: "keep"},
        "hashed-prune": {renamed: "prune"},
    }
    assert story.render().code == 0
    assert {path for path in story.rendered() if path.endswith("mnist.yaml")} == set()
    story.git.commit("the search is over")
    assert story.diff() == NOTHING

    # All of it is in the history.
    since = story.diff("--against", "HEAD~4")
    assert since["hashed-prune"] == {first["hashed-prune"]["iris"]: "in-place", hashed: "prune"}
    assert since["fixed-keep"] == {"iris": "in-place", "mnist": "keep"}


@needs_git
def test_an_experiment_comes_back_under_its_old_name(story: Story) -> None:
    """A fixed name that left Git is free for another search: there is nothing committed that would change."""
    for text in ("[iris]", "[iris, mnist]"):
        for name, environment in ENVIRONMENTS.items():
            changed = environment.replace("[iris, mnist]", text)
            write_workspace(story.folder, {f"environments/{name}/environment.yaml": changed})
        if text == "[iris, mnist]":
            story.edit("experiments/mnist.yaml", "random", "tpe")
        assert story.render().code == 0
        story.git.commit()
    assert b"algorithmName: tpe" in story.rendered()["fixed-keep/mnist.yaml"]
