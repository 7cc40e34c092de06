"""The folder of a run: what is written is what is read, runs are numbered and found, and nobody shares one."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kgen.katib.observation import Metric
from kgen.local import store as stores
from kgen.local.ending import Outcome, Reason
from kgen.local.store import Run, Store, StoreError
from kgen.local.trial import State, Trial

RUN = Run({"metadata": {"name": "e"}, "spec": {"x": [1, "é"]}}, 7, 1.5, "0.1.0", "process", {"workdir": "a"})
TRIALS = (
    Trial(
        0,
        "e-a",
        {"lr": "0.10"},
        State.SUCCEEDED,
        (Metric("acc", 2, 2, "0.1", "0.2", "0.2"),),
        0.2,
        started=3.25,
        seconds=1.5,
        folder="trials/e-a",
        history=("0.1", "0.2"),
    ),
    Trial(1, "e-b", {"lr": "1e-05"}, State.UNAVAILABLE, (Metric("acc"),), None, "no value", explanation=("é", "b")),
    Trial(2, "e-c", {"lr": "1"}, State.RUNNING),
)


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    store = Store(tmp_path)
    ended = RUN._replace(outcome=Outcome(Reason.GOAL_REACHED, "done"), ended=9.0)
    for run in (RUN, ended):
        store.save_run(run)
        assert stores.read_run(tmp_path) == run
    store.save(TRIALS)
    assert stores.read_trials(tmp_path) == TRIALS


def test_a_trial_is_a_line_and_the_latest_one_counts(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.save(TRIALS)
    store.save((*TRIALS[:2], TRIALS[2]._replace(state=State.KILLED)))
    lines = (tmp_path / "trials.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["state"] for line in lines] == ["Succeeded", "MetricsUnavailable", "Killed"]


def test_a_value_that_json_cannot_say_is_left_out(tmp_path: Path) -> None:
    Store(tmp_path).save([TRIALS[0]._replace(value=math.inf)])
    assert json.loads((tmp_path / "trials.jsonl").read_text("utf-8"))["value"] is None


def test_a_text_that_is_no_unicode_does_not_lose_the_rest(tmp_path: Path) -> None:
    Store(tmp_path).save([TRIALS[0]._replace(reason="bad \udcff byte")])
    assert stores.read_trials(tmp_path)[0].reason == "bad ? byte"


def test_fields_of_a_later_kgen_are_passed_over() -> None:
    record = {**json.loads(stores.line_of(TRIALS[0])), "mood": "good"}
    assert stores.trial_of(record) == TRIALS[0]


def test_nothing_has_been_started(tmp_path: Path) -> None:
    assert stores.read_trials(tmp_path) == ()
    assert not Store(tmp_path).has_trials


@pytest.mark.parametrize(
    ("file", "body", "words"),
    [
        pytest.param("run.json", "{", "cannot be read", id="a run that is cut off"),
        pytest.param("run.json", "[]", "holds no mapping", id="a run that is a list"),
        pytest.param("run.json", '{"form": 2}', "form 2, and this kgen knows 1", id="a run of a later kgen"),
        pytest.param("run.json", '{"form": 1}', "is not what kgen wrote", id="a run that lacks everything"),
        pytest.param("trials.jsonl", "{}\n", "trials.jsonl:1 is not what kgen wrote", id="a trial that lacks all"),
        pytest.param("trials.jsonl", "\n{", "trials.jsonl:1 is not what kgen wrote", id="no JSON"),
    ],
)
def test_what_kgen_did_not_write_is_said(tmp_path: Path, file: str, body: str, words: str) -> None:
    (tmp_path / file).write_text(body, "utf-8")
    with pytest.raises(StoreError, match=words):
        stores.read_run(tmp_path) if file == "run.json" else stores.read_trials(tmp_path)


def test_runs_are_numbered_and_git_does_not_see_them(tmp_path: Path) -> None:
    home = tmp_path / ".kgen"
    for number in (1, 2):
        assert stores.create(home, "iris").folder == home / "runs" / f"iris-{number}"
    (home / "runs" / "iris-9").mkdir()
    (home / "runs" / "iris-9x").mkdir()
    assert stores.create(home, "iris").folder.name == "iris-10"
    assert stores.create(home, "other").folder.name == "other-1"
    assert (home / ".gitignore").read_text("utf-8") == "*\n"


def test_a_folder_of_ones_own_must_be_empty(tmp_path: Path) -> None:
    assert stores.create(tmp_path / "home", "iris", tmp_path / "a" / "b").folder == tmp_path / "a" / "b"
    (tmp_path / "a" / "b" / "mine").touch()
    with pytest.raises(StoreError, match="is not empty"):
        stores.create(tmp_path / "home", "iris", tmp_path / "a" / "b")
    assert not (tmp_path / "home").exists()


def test_a_run_is_found_by_nothing_number_name_or_path(tmp_path: Path) -> None:
    home = tmp_path / ".kgen"
    made = [stores.create(home, "iris") for _ in range(2)]
    for each in made:
        each.save_run(RUN)
    (made[1].folder.parent / "iris-3").mkdir()  # of a kgen that was killed before it wrote anything
    assert stores.find(home, "iris") == made[1].folder
    for given in ("1", "iris-1", str(made[0].folder)):
        assert stores.find(home, "iris", given) == made[0].folder
    with pytest.raises(StoreError, match="there is no run '7'") as found:
        stores.find(home, "iris", "7")
    assert found.value.mend == "runs of iris here: iris-1, iris-2"
    with pytest.raises(StoreError, match="there is no run of mnist"):
        stores.find(home, "mnist")


def test_a_run_that_started_nothing_leaves_nothing(tmp_path: Path) -> None:
    store = stores.create(tmp_path / ".kgen", "iris")
    store.save_run(RUN)
    store.discard()
    assert not store.folder.exists()
    given = tmp_path / "mine"
    given.mkdir()
    store = stores.create(tmp_path / ".kgen", "iris", given)
    store.save_run(RUN)
    store.discard()
    assert not list(given.iterdir())


def test_a_trial_that_starts_again_starts_from_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    (store.of_trial("e-a") / "stdout.log").touch()
    assert not list(store.of_trial("e-a").iterdir())


def test_nobody_shares_a_run(tmp_path: Path) -> None:
    pytest.importorskip("fcntl", reason="this system has no locks of files")
    store = Store(tmp_path)
    store.hold()
    code = "import sys; from pathlib import Path; from kgen.local.store import Store; Store(Path(sys.argv[1])).hold()"
    ran: Any = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert "is in use: this run still goes on" in ran.stderr
    store.release()
    other = Store(tmp_path)
    other.hold()
    other.release()
