"""kgen new: a spec that lint accepts, whatever the script, and nothing that is overwritten."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import Ran, run_kgen
from kgen.report.starter import ALGORITHMS

ROOT = Path(__file__).parents[2]

HEAD = "import argparse\np = argparse.ArgumentParser()\n"
TAIL = "\np.parse_args()\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kgen.yaml").write_text('target: {katib: "0.19"}\n', "utf-8")
    return tmp_path


def new(source: str | None, *options: str, name: str = "exp") -> tuple[Ran, str]:
    """Make an experiment of a script's source; give what was said, and the spec."""
    given = []
    if source is not None:
        Path("train.py").write_text(HEAD + source + TAIL, "utf-8")
        given = ["--from-script", "train.py"]
    ran = run_kgen("new", name, *given, *options)
    path = Path(f"experiments/{name}.yaml")
    return ran, path.read_text("utf-8") if path.exists() else ""


def line_of(spec: str, name: str) -> str:
    found = [line.strip().partition(" #")[0] for line in spec.splitlines() if line.strip().startswith(f"{name}:")]
    return found[0] if found else ""


@pytest.mark.parametrize(
    ("flag", "line"),
    [
        pytest.param("'--lr', type=float, default=0.01", "lr: {double: [0.001, 0.1], distribution: logUniform}",
                     id="a small number, on a logarithmic scale"),
        pytest.param("'--momentum', type=float, default=0.9", "momentum: {double: [0.45, 0.95]}", id="a share"),
        pytest.param("'--beta2', type=float, default=0.999", "beta2: {double: [0.4995, 0.9995]}", id="almost one"),
        pytest.param("'--dropout', type=float, default=0.0", "dropout: {double: [0, 0.5]}", id="zero"),
        pytest.param("'--scale', type=float, default=-2.0", "scale: {double: [-4, -1]}", id="a number below zero"),
        pytest.param("'--gain', type=float", "gain: {double: [0, 1]}", id="a number without a default"),
        pytest.param("'--layers', type=int, default=4", "layers: {int: [2, 8]}", id="a whole number"),
        pytest.param("'--layers', type=int, default=0", "layers: {int: [0, 5]}", id="a whole zero"),
        pytest.param("'--layers', type=int, default=None", "layers: {int: [1, 10]}", id="none"),
        pytest.param("'--layers', type=int, default=1e400", "layers: {int: [1, 10]}", id="infinity"),
        pytest.param("'--k', type=lambda t: int(t), default=2", "k: {int: [1, 4]}", id="a lambda"),
        pytest.param("'--opt', choices=['sgd', 'no', '1']", 'opt: {categorical: [sgd, "no", "1"]}', id="choices"),
        pytest.param("'--opt', type=int, choices=[1, 2]", "opt: {categorical: [1, 2]}", id="choices of numbers"),
        pytest.param("'-b', '--batch', type=int, default=8", "batch: {int: [4, 16]}", id="the longer name"),
        pytest.param("'-b', type=int, default=8", "b: {int: [4, 16], flag: \"-b\"}", id="a short name"),
        pytest.param("'-lr', type=float, default=1.0", "lr: {double: [0.5, 2], flag: \"-lr\"}", id="one hyphen"),
        pytest.param("'--a_b', type=int, default=8", "a_b: {int: [4, 16]}", id="an underscore"),
    ],
)  # fmt: skip
def test_a_flag_becomes_a_parameter(flag: str, line: str) -> None:
    ran, spec = new(f"p.add_argument({flag})")
    name = line.partition(":")[0]
    assert (ran.code, line_of(spec, name)) == (0, line)
    linted = run_kgen("lint", "--fail-on", "warning")
    assert linted.code == 0, linted.out


@pytest.mark.parametrize(
    ("flag", "why"),
    [
        pytest.param("'--amp', action='store_true'", "--amp: a switch", id="a switch"),
        pytest.param("'--amp', type=bool", "--amp: `type=bool`", id="bool"),
        pytest.param("'--seed', type=int, default=1", "--seed: by its name", id="a seed"),
        pytest.param("'--data-dir', default='x'", "--data-dir: by its name", id="a folder"),
        pytest.param("'--title'", "--title: a text without choices", id="a text"),
        pytest.param("'--s', nargs='+', type=int", "--s: it takes several values", id="several values"),
    ],
)
def test_a_flag_that_is_left_out_is_named_with_the_reason(flag: str, why: str) -> None:
    _, spec = new(f"p.add_argument({flag})\np.add_argument('--depth', type=int)")
    assert f"#   {why}" in spec
    assert run_kgen("lint").code == 0


def test_what_the_script_requires_is_in_the_command() -> None:
    _, spec = new(
        "p.add_argument('--data', required=True)\np.add_argument('--depth', type=int)\n"
        "p.add_argument('model')\np.add_argument('--on', required=True, action='store_true')"
    )
    assert '  args: ["--data=TODO", "--on", TODO] #' in spec
    linted = run_kgen("lint")
    assert linted.code == 0, linted.out


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("script", [None, "trial/train.py"])
def test_every_algorithm_gives_a_spec_that_lint_accepts(here: Path, algorithm: str, script: str | None) -> None:
    given = () if script is None else ("--from-script", str(ROOT / script))
    ran = run_kgen("new", "exp", "--algorithm", algorithm, *given)
    linted = run_kgen("lint")
    assert (ran.code, linted.code) == (0, 0), linted.out


@pytest.mark.parametrize(
    ("metric", "line"),
    [
        pytest.param("accuracy", "maximize: accuracy", id="accuracy"),
        pytest.param("val_loss", "minimize: val_loss", id="a loss"),
        pytest.param("Validation-Error", "minimize: Validation-Error", id="an error"),
        pytest.param("lossless", "maximize: lossless", id="a word that begins like loss"),
    ],
)
def test_the_metric_says_which_way(metric: str, line: str) -> None:
    ran, spec = new(None, "--metric", metric, "--image", "reg.io/a/b:1", "--trials", "2")
    assert (ran.code, line_of(spec, line.partition(":")[0])) == (0, line)
    assert "  image: reg.io/a/b:1\n" in spec
    assert "trials: {max: 2, parallel: 2, maxFailed: 2}" in spec
    assert run_kgen("lint").code == 0


def test_nothing_is_overwritten(here: Path) -> None:
    (here / "experiments").mkdir()
    for ending in ("yaml", "yml", "jsonnet"):
        path = here / "experiments" / f"exp.{ending}"
        path.write_text("mine\n", "utf-8")
        ran = run_kgen("new", "exp")
        assert (ran.code, path.read_text("utf-8")) == (1, "mine\n")
        assert "it is not overwritten" in ran.err
        path.unlink()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        pytest.param("print 1", "train.py:1: it is written for Python 2", id="Python 2"),
        pytest.param("x = (", "train.py:1: it is not Python", id="no Python"),
        pytest.param(None, "there is no script 'train.py'", id="no script"),
    ],
)
def test_a_script_that_cannot_be_read_is_wrong_usage(here: Path, source: str | None, said: str) -> None:
    if source is not None:
        (here / "train.py").write_text(source, "utf-8")
    ran = run_kgen("new", "exp", "--from-script", "train.py")
    assert (ran.code, said in ran.err, list(here.glob("experiments/*"))) == (2, True, [])


@pytest.mark.parametrize(
    ("source", "said"),
    [
        pytest.param("import click", "it reads its flags with click", id="click"),
        pytest.param("print(1)", "it reads none with argparse", id="no flags"),
        pytest.param(HEAD + "p.add_argument('--seed')" + TAIL,
                     "none of its flags is worth a search", id="a seed alone"),
        pytest.param(HEAD + "p.add_argument(n)\np.add_argument('--a', type=int)" + TAIL,
                     "train.py:3: there may be more flags: the name of a flag", id="a flag without a name"),
    ],
)  # fmt: skip
def test_what_is_not_known_of_a_script_is_said(here: Path, source: str, said: str) -> None:
    (here / "train.py").write_text(source, "utf-8")
    ran = run_kgen("new", "exp", "--from-script", "train.py")
    assert (ran.code, said in ran.err) == (0, True), ran.err
    assert run_kgen("lint").code == 0


@pytest.mark.parametrize("name", ["Upper", "a b", "../a", "a/b", "", "-a", "a" * 41])
def test_a_name_that_is_none_is_wrong_usage(name: str) -> None:
    assert run_kgen("new", "--", name).code == 2


@pytest.mark.parametrize("option", ["--metric", "--image"])
@pytest.mark.parametrize("value", ["a b", "a\nb", "", "{x}", 'a"b'])
def test_an_option_that_would_break_the_file_is_wrong_usage(option: str, value: str) -> None:
    assert run_kgen("new", "exp", option, value).code == 2


def test_a_script_outside_the_workspace_is_read_and_not_named(here: Path, tmp_path_factory: Any) -> None:
    away = tmp_path_factory.mktemp("away") / "train.py"
    away.write_text(HEAD + "p.add_argument('--depth', type=int)" + TAIL, "utf-8")
    ran = run_kgen("new", "exp", "--from-script", str(away))
    spec = (here / "experiments/exp.yaml").read_text("utf-8")
    assert (ran.code, "  # script: PATH" in spec, "depth: {int" in spec) == (0, True, True)
    assert run_kgen("lint").code == 0


_TEXT = st.text(max_size=12)
_FLAG = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["int", "float", "str", "bool", "lambda t: float(t)", "open"]),
        "default": st.one_of(st.integers(-(10**20), 10**20), st.floats(), _TEXT, st.none(), st.booleans()).map(repr),
        "choices": st.lists(st.one_of(st.integers(), st.floats(), _TEXT), max_size=4).map(repr),
        "help": _TEXT.map(repr),
        "required": st.booleans().map(repr),
        "nargs": st.sampled_from(["'?'", "'+'", "2"]),
    },
)


@pytest.mark.parametrize("nargs", ["'?'", "'*'"])
def test_a_flag_that_may_take_a_value_leaves_what_goes_by_its_place(nargs: str) -> None:
    calls = f"p.add_argument('--a', required=True, nargs={nargs})\np.add_argument('place')"
    ran, spec = new(calls + "\np.add_argument('--lr', type=float)")
    assert ran.code == 0, ran.err
    assert re.search(r'args: \["?--a=TODO"?, TODO\] #', spec), spec
    linted = run_kgen("lint", "--select", "KG597,KG599")
    assert linted.code == 0, linted.out


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(["--a", "--b-c", "--d_e", "-f", "place"]), _FLAG),
        max_size=4,
        unique_by=lambda pair: pair[0],
    ),
    st.sampled_from(ALGORITHMS),
)
def test_whatever_the_script_the_spec_can_be_read(flags: list[tuple[str, dict[str, str]]], algorithm: str) -> None:
    calls = [f"p.add_argument({', '.join([repr(n), *(f'{k}={v}' for k, v in o.items())])})" for n, o in flags]
    Path("experiments/exp.yaml").unlink(missing_ok=True)
    ran, _ = new("\n".join(calls).replace("nan", "0.0").replace("inf", "0.0"), "--algorithm", algorithm)
    assert ran.code == 0, ran.err
    linted = run_kgen("lint", "--select", "KG0,KG1,KG2,KG4,KG597,KG599")
    assert linted.code == 0, linted.out


def test_a_grid_of_many_flags_stays_small() -> None:
    flags = "\n".join(f"p.add_argument('--n{i}', type=int, default=10**6)" for i in range(20))
    ran, spec = new(flags, "--algorithm", "grid")
    assert (ran.code, spec.count("{int:"), line_of(spec, "n0")) == (0, 4, "n0: {int: [500000, 2000000], step: 375000}")
    assert run_kgen("lint", "experiments/exp.yaml").code == 0


def test_a_script_that_is_too_large_is_said_to_be() -> None:
    ran, spec = new("#" * 200_000)
    assert (ran.code, "larger than 128 KiB" in ran.err, spec) == (2, True, "")


@pytest.mark.parametrize("default", ["''", "'a b'", "'$HOME'"], ids=["an empty text", "two words", "a variable"])
def test_a_required_value_that_a_shell_would_change_is_to_be_filled_in(default: str) -> None:
    flags = f"p.add_argument('--lr', type=float)\np.add_argument('--pair', nargs=2, required=True, default={default})"
    _, spec = new(flags)
    assert 'args: ["--pair", TODO, TODO]' in spec
    assert run_kgen("lint", "experiments/exp.yaml").code == 0
