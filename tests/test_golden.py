"""Golden workspaces: a folder of tests/golden/ is a workspace, and expected.txt what kgen makes of it.

`command` holds the command lines, `render main` where there is none; `pytest --bless` writes
expected.txt, and nobody else does. Whatever renders is also held to what any rendered tree must be.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from conftest import Kgen, run_kgen, tree

GOLDEN = Path(__file__).parent / "golden"
FOLDERS = tuple(sorted(path.name for path in GOLDEN.iterdir() if path.is_dir()))
OUT = "rendered"


def commands_of(folder: Path) -> list[str]:
    given = folder / "command"
    return given.read_text().splitlines() if given.exists() else ["render main"]


def argv_of(folder: Path) -> list[str]:
    return shlex.split(commands_of(folder)[0])


def transcript(folder: Path, here: Path) -> str:
    """Run a golden workspace's commands on a copy of it at `here`, and say all that came of it."""
    shutil.copytree(folder, here, symlinks=True, ignore=shutil.ignore_patterns("expected.txt", "command"))
    lines = commands_of(folder)
    out = ""
    for line in lines:
        argv = shlex.split(line)
        back = Path.cwd()
        os.chdir(here)
        try:
            ran = run_kgen(*argv, *(("-o", OUT) if argv[0] == "render" else ()))
        finally:
            os.chdir(back)
        said = "".join(line for line in ran.err.splitlines(keepends=True) if not line.startswith("added: "))
        out += f"$ kgen {line}\n" if len(lines) > 1 else ""
        out += f"exit {ran.code}\n{said}"
        if ran.out:
            out += f"== stdout ==\n{ran.out}"
    for name, data in sorted(tree(here / OUT).items()):
        out += f"== {name} ==\n{data.decode()}"
    return out


def test_there_are_golden_workspaces_and_each_is_one() -> None:
    assert FOLDERS
    for name in FOLDERS:
        held = {path.name for path in (GOLDEN / name).iterdir()}
        assert "environments" in held, f"{name} is no workspace"
        assert held <= {
            "k8s",
            "kgen.yaml",
            "experiments",
            "overlays",
            "environments",
            "lib",
            "command",
            "expected.txt",
        }, name


@pytest.mark.parametrize("name", FOLDERS)
def test_golden(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    expected = GOLDEN / name / "expected.txt"
    found = transcript(GOLDEN / name, tmp_path / "workspace")
    assert str(tmp_path) not in found
    if request.config.getoption("--bless"):
        expected.write_text(found)
    assert expected.exists(), f"{expected} is missing: look at what {name} renders to, then run pytest --bless"
    assert found == expected.read_text()


def test_other_hash_seeds_give_the_same_bytes(tmp_path: Path) -> None:
    script = (
        "import json, sys; sys.path.insert(0, sys.argv[1]); import test_golden as t; from pathlib import Path\n"
        "print(json.dumps({n: t.transcript(t.GOLDEN / n, Path(sys.argv[2]) / n) for n in t.FOLDERS}))"
    )
    environ = {**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", script, str(GOLDEN.parent), str(tmp_path)]
    found = json.loads(subprocess.run(command, env=environ, check=True, capture_output=True, text=True).stdout)
    assert found == {name: (GOLDEN / name / "expected.txt").read_text() for name in FOLDERS}


# What is said of every tree that is rendered, by means that are not kgen's.


def renders(folder: Path) -> bool:
    expected = folder / "expected.txt"
    return argv_of(folder)[0] == "render" and expected.exists() and expected.read_text().startswith("exit 0\n")


RENDERING = tuple(name for name in FOLDERS if renders(GOLDEN / name))


@pytest.fixture(scope="module")
def rendered() -> Iterator[Mapping[str, Path]]:
    """The workspaces that render, rendered once."""
    with tempfile.TemporaryDirectory() as folder:
        for name in RENDERING:
            transcript(GOLDEN / name, Path(folder) / name)
        yield {name: Path(folder) / name for name in RENDERING}


def objects(here: Path) -> dict[str, dict[str, Any]]:
    return {name: YAML(typ="safe").load(data) for name, data in tree(here / OUT).items()}


def experiments(here: Path) -> dict[str, dict[str, Any]]:
    return {name: held for name, held in objects(here).items() if held["kind"] == "Experiment"}


@pytest.mark.parametrize("name", RENDERING)
def test_rendering_again_changes_nothing(
    name: str, rendered: Mapping[str, Path], kgen: Kgen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(rendered[name])
    ran = kgen(*argv_of(GOLDEN / name), "-o", OUT, "--check")
    assert ran.code == 0, ran
    assert "would be" not in ran.err


@pytest.mark.parametrize("name", RENDERING)
def test_what_katib_would_change_is_written_already(name: str, rendered: Mapping[str, Path]) -> None:
    written = "".join(path.read_text() for path in (GOLDEN / name).rglob("*.yaml"))
    wanted = re.findall(r'katib: "(.+?)"', written)
    for file, manifest in experiments(rendered[name]).items():
        problems = [*_never_emitted(manifest), *_defaults(manifest["spec"], old="0.17" in wanted)]
        problems += _conditions(manifest["spec"]["trialTemplate"]) if "successCondition" not in written else ()
        problems += [*_placeholders(manifest["spec"]), *_job(manifest["spec"]["trialTemplate"].get("trialSpec", {}))]
        assert not problems, file


_EMPTY_STAYS = ("resources", "graphConfig")  # structs that Go writes even when they are empty
_OWN_KEYS = ("labels", "annotations", "primaryPodLabels", "list")  # an empty text in them is a value
_POINTERS = ("securityContext", "secretKeyRef", "configMapKeyRef")  # false in them is a value


def _never_emitted(value: object, path: tuple[str | int, ...] = ()) -> Iterator[str]:
    """What Go's omitempty, or a pointer, would drop at typed levels."""
    if path == ("spec", "trialTemplate", "trialSpec"):
        if value in (None, {}):
            yield "trialSpec is empty"
        return
    if path == ("status",):
        yield "status is written"
    last = path[-1] if path else ""
    if isinstance(value, dict):
        if not value and last not in _EMPTY_STAYS:
            yield f"{path} is an empty mapping"
        for key, item in value.items():
            yield from _never_emitted(item, (*path, key))
    elif isinstance(value, list):
        if not value:
            yield f"{path} is an empty list"
        for index, item in enumerate(value):
            yield from _never_emitted(item, (*path, index))
    elif value is None or (value == "" and not set(path) & set(_OWN_KEYS)):
        yield f"{path} is empty"
    elif value is False and not set(path) & set(_POINTERS):
        yield f"{path} is false"


_CONDITION = 'status.conditions.#(type=="{}")#|#(status=="True")#'
_COMPLETE = {"Job": "Complete", "TrainJob": "Complete"}


def _defaults(spec: Mapping[str, Any], *, old: bool) -> Iterator[str]:
    """D1 to D16 of Katib's defaulter."""
    for key in ("parallelTrialCount", "maxTrialCount", "resumePolicy"):
        if key not in spec:
            yield f"no {key}"
    objective = spec["objective"]
    metrics = [objective["objectiveMetricName"], *objective.get("additionalMetricNames", ())]
    named = [entry["name"] for entry in objective["metricStrategies"]]
    if set(metrics) - set(named) or len(set(named)) < len(named):
        yield f"metricStrategies name {named}, the metrics are {metrics}"
    for parameter in spec.get("parameters", ()):
        if ("distribution" in parameter["feasibleSpace"]) is old:
            yield f"{parameter['name']}: distribution"
    collector = spec["metricsCollectorSpec"]
    kind, source = collector["collector"]["kind"], collector.get("source", {})
    if kind == ("Push" if old else "None"):
        yield f"collector {kind}"
    if kind == "Custom" and "resources" not in collector["collector"]["customCollector"]:
        yield "a custom collector without resources"
    path = {"File": {"kind", "path", "format"}, "TensorFlowEvent": {"kind", "path"}}.get(kind, set())
    if path - set(source.get("fileSystemPath", ())):
        yield f"{kind} without all of {path}"
    if "nasConfig" in spec and "graphConfig" not in spec["nasConfig"]:
        yield "nasConfig without graphConfig"


def _conditions(template: Mapping[str, Any]) -> Iterator[str]:
    """D6 to D10, of a trial whose author left its conditions to kgen."""
    kind = template["trialSpec"]["kind"]
    wanted = [_CONDITION.format(word) for word in (_COMPLETE.get(kind, "Succeeded"), "Failed")]
    found = [template["successCondition"], template["failureCondition"]]
    if found != wanted:
        yield f"conditions of {kind}: {found}"
    if kind != "Job" and not template.get("primaryPodLabels"):
        yield f"no primaryPodLabels for {kind}"


def _placeholders(spec: Mapping[str, Any]) -> Iterator[str]:
    """V28 to V35: what is declared is used, what is used is declared."""
    template = spec["trialTemplate"]
    entries = template["trialParameters"]
    names = [entry["name"] for entry in entries]
    references = [entry["reference"] for entry in entries]
    if len(set(names)) < len(names) or len(set(references)) < len(references):
        yield f"twice: {names}, {references}"
    missing = {parameter["name"] for parameter in spec.get("parameters", ())} - set(references)
    if missing:
        yield f"{missing} without a trialParameters entry"
    if "trialSpec" in template:
        used = set(re.findall(r"\$\{trialParameters\.(.+?)\}", json.dumps(template["trialSpec"])))
        if used != set(names):
            yield f"used {used}, declared {names}"
        if {"name", "namespace"} & set(template["trialSpec"].get("metadata", {})):
            yield "the trial has a name or a namespace"


_EMPTY_IN_A_JOB = ("emptyDir", "resources", "securityContext", "affinity", "metadata")
_POINTERS_IN_A_JOB = (
    "suspend",
    "automountServiceAccountToken",
    "enableServiceLinks",
    "shareProcessNamespace",
    *_POINTERS,
)


def _job(value: object, path: tuple[str | int, ...] = ()) -> Iterator[str]:
    """J2, J5 and J6: what the round trip of a batch/v1 Job through Go would change."""
    last = path[-1] if path else ""
    if not path and isinstance(value, dict) and (value.get("apiVersion"), value.get("kind")) != ("batch/v1", "Job"):
        return
    if isinstance(value, dict | list):
        if not value and last not in _EMPTY_IN_A_JOB:
            yield f"{path} is empty"
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _job(item, (*path, key))
    elif value is None or (value == "" and not {"labels", "annotations"} & set(path)):
        yield f"{path} is empty"
    elif value is False and not set(path) & set(_POINTERS_IN_A_JOB):
        yield f"{path} is false"
    elif not isinstance(value, str) and ({"labels", "annotations", "command", "args"} & set(path) or last == "value"):
        yield f"{path} is no text"


@pytest.mark.parametrize("name", RENDERING)
def test_explain_names_an_origin_of_every_leaf(
    name: str, rendered: Mapping[str, Path], kgen: Kgen, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = rendered[name]
    monkeypatch.chdir(here)
    argv = argv_of(GOLDEN / name)
    settings = [word for flag, value in pairwise(argv) if flag == "--set" for word in (flag, value)]
    for file, manifest in experiments(here).items():
        ran = kgen("explain", file.removesuffix(".yaml"), "--format", "json", *settings)
        assert ran.code == 0, ran.err
        lines = json.loads(ran.out)
        leaves = dict(_leaves(manifest))
        assert {line["field"] for line in lines} == set(leaves)
        for line in lines:
            held = leaves[line["field"]]
            if isinstance(held, str):
                assert line["value"] == held
            if line["line"] is None:
                assert "default" in line["layer"], line
            elif not line["file"].startswith("--set "):
                text = (here / line["file"]).read_text().splitlines()
                assert text[line["line"] - 1].strip() or line["line"] == 1, line


def _leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            plain = re.fullmatch(r"[\w-]+", key) is not None
            step = f".{key}" if plain and path else key if plain else f'["{key}"]'
            yield from _leaves(item, path + step)
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}[{index}]")
    else:
        yield path, value
