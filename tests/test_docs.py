"""The documents say what the code does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import run_kgen
from kgen import __version__
from kgen.model.codes import CODES
from kgen.model.schemas import SCHEMAS
from kgen.pipeline.law import KGENS
from kgen.report import catalogue, reference

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("kind", SCHEMAS)
def test_the_reference_of_each_file_is_up_to_date(kind: str) -> None:
    committed = (ROOT / "docs" / "reference" / f"{kind}.md").read_text(encoding="utf-8")
    assert committed == reference.render(*SCHEMAS[kind]), (
        f"run: kgen schema {kind} --markdown > docs/reference/{kind}.md"
    )


def test_the_catalogue_is_up_to_date() -> None:
    committed = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    made = catalogue.render(KGENS.every, CODES)
    assert committed == made, "run: kgen rule --markdown > docs/rules.md"


def test_every_code_in_the_source_is_in_the_catalogue_once() -> None:
    own = {rule.code for rule in KGENS.every}
    assert not own & set(CODES)
    package = ROOT / "generator" / "kgen"
    written = {
        code
        for path in package.rglob("*.py")
        if path.name != "codes.py"
        for code in re.findall(r'"(KG\d{3})"', path.read_text(encoding="utf-8"))
    }
    assert written == own | set(CODES)


def test_the_changelog_speaks_of_this_version() -> None:
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_link_between_documents_leads_somewhere() -> None:
    documents = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    links = [
        (document, target)
        for document in documents
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
    ]
    assert links
    missing = [f"{document.name}: {target}" for document, target in links if not (document.parent / target).exists()]
    assert not missing


def test_every_command_in_the_readme_exists() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = "\n".join(re.findall(r"```sh\n(.*?)```", readme, re.DOTALL))
    commands = {*re.findall(r"\bkgen ([a-z]+)", blocks), *re.findall(r"`kgen ([a-z]+)", readme)}
    assert "render" in commands
    for name in sorted(commands):
        done = subprocess.run(
            [sys.executable, "-m", "kgen", name, "--help"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"kgen {name}: {done.stderr}"


def test_the_example_of_the_readme_renders_as_shown(tmp_path: Path) -> None:
    """The fenced blocks that name a file make a workspace, and the manifest shown is a part of what it renders."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n# ([\w./-]+)\n(.*?)```", readme, re.DOTALL)
    shown = [body for name, body in blocks if name.startswith("rendered/")]
    for name, body in blocks:
        if not name.startswith("rendered/"):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(body, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "kgen", "render", "env/prod", "--root", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(shown) == 1
    rendered = [line.strip() for line in done.stdout.splitlines()]
    for line in shown[0].splitlines():
        assert line.strip() in ("...", "") or line.split("  # ")[0].strip() in rendered, line


# The finding of a page, and the manifest that it is found in.
_SHOWN = {
    "README.md": """\
apiVersion: kubeflow.org/v1beta1
kind: Experiment
metadata: {name: shown, namespace: team}
spec:
  parameters:
  - name: lr
    feasibleSpace: {min: "0.5", max: "0.1"}
    parameterType: double
  algorithm: {algorithmName: random}
""",
    "docs/lint.md": """\
apiVersion: kubeflow.org/v1beta1
kind: Experiment
metadata:
  name: shown
  namespace: team
spec:
  objective:
    type: maximize
    objectiveMetricName: accuracy
    goal: "0.99"
""",
}


@pytest.mark.parametrize("page", _SHOWN)
def test_the_finding_that_a_page_shows_is_what_is_said(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (block,) = re.findall(r"^```\n(exp\.yaml:.*?)^```$", (ROOT / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)
    (tmp_path / "exp.yaml").write_text(_SHOWN[page], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert block in run_kgen("lint", "exp.yaml").out
