"""The page of a local run: what is in it for any run, what cannot get out of it, and that it is always the same."""

from __future__ import annotations

import html
import json
import math
import re
import shlex
from html.parser import HTMLParser
from typing import Any

import pytest
import yaml
from runs import IMAGE, LINK, ODD, PARAMETERS, SCRIPT, run

from kgen.report import page_importance
from kgen.report.page_data import Axis, Metric, Objective, Parameter, Run, Tail, Trial, axis, best, drawn
from kgen.report.page_importance import importance
from kgen.report.page_plots import MOST_POINTS, Plot, plots
from kgen.report.page_table import as_setting, as_spec, duration, logs, table
from kgen.report.page_text import clipped, escaped, in_script, label, logged

pytest.importorskip("plotly", reason="plotly is not installed: pip install 'kgen[report]'")
from kgen.report.page import page

SIZE = 4_900_000  # bytes: what plotly.js takes, and the rest of an empty page
MORE = 6_000  # bytes for each further trial


def one(**fields: Any) -> Trial:
    given: dict[str, Any] = {"state": "Succeeded", "assignment": {"x": "1"}, "value": 0.5, **fields}
    return Trial(given.pop("number", 0), "t-0", **given)


def of(*trials: Trial, parameters: tuple[Parameter, ...] = (Parameter("x", "int", "1", "5"),), **fields: Any) -> Run:
    objective = fields.pop("objective", Objective("loss", "minimize"))
    chosen = next((trial.number for trial in trials if trial.value is not None), None)
    return Run("e", objective, parameters, trials, fields.pop("best", chosen), **fields)


def figures(text: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="figures">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    held: dict[str, Any] = json.loads(found[1])
    return held


def by_key(shown: Run) -> dict[str, Plot]:
    return {plot.key: plot for plot in plots(shown, importance(shown))}


class Reader(HTMLParser):
    """Reads a page as a browser would: its elements, and what is in its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "link", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] not in (["script"], ["style"]):
            self.text += data


PLAIN, HOSTILE = run(40), run(30, 2, odd=True)
CASES = [
    pytest.param(PLAIN, id="forty trials"),
    pytest.param(HOSTILE, id="hostile and Korean names"),
    pytest.param(run(0), id="no trial at all"),
    pytest.param(run(5, broken=1), id="no trial with a value"),
    pytest.param(run(1, broken=0), id="one trial"),
    pytest.param(of(one(value=math.nan), one(number=1, value=math.inf)), id="values that are no numbers"),
    pytest.param(of(one(), one(number=1)), id="values that are all equal"),
    pytest.param(of(one(assignment={}), one(number=1, assignment={}), parameters=()), id="no parameters"),
    pytest.param(of(one(assignment={}), one(number=1, value=2.0)), id="a trial without its parameter"),
    pytest.param(
        of(one(value=None, metrics=(Metric("Genotype", taken="Genotype(normal=[('a', 1)])" * 90),)), best=0),
        id="an objective that is a text",
    ),
    pytest.param(
        of(one(history={"loss": (None, 0.5, None)}, state="Pending"), one(number=7, state="")), id="unknown states"
    ),
]


@pytest.mark.parametrize("shown", CASES)
def test_a_page_is_whole_and_always_the_same(shown: Run) -> None:
    text = page(shown)
    assert text == page(shown)
    assert len(text.encode()) < SIZE + MORE * len(shown.trials)
    read = Reader(text)
    assert read.open == []
    assert len([tag for tag, _ in read.tags if tag == "script"]) == 3
    assert len([tag for tag, _ in read.tags if tag == "tr"]) >= len(shown.trials)
    keys = [each["key"] for each in figures(text)["figures"]]
    places = [given["id"] for tag, given in read.tags if tag == "div" and given.get("class") == "plot"]
    assert keys == places
    ids = [given["id"] for _, given in read.tags if "id" in given]
    assert len(ids) == len(set(ids))
    inside = {given["href"] for tag, given in read.tags if tag == "a"}
    assert {(each or "")[1:] for each in inside} <= set(ids)


@pytest.mark.parametrize("shown", CASES)
def test_nothing_in_a_page_asks_a_network(shown: Run) -> None:
    tags = Reader(page(shown)).tags
    asking = [(tag, given) for tag, given in tags if given.get("src") or tag in ("iframe", "object", "embed", "base")]
    assert asking == []
    links = [given.get("href") or "" for tag, given in tags if "href" in given]
    assert all(link.startswith("#") or link == "data:," for link in links)
    policy = next(given["content"] for _, given in tags if given.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy


def test_every_plot_of_a_full_run_has_its_data() -> None:
    made = by_key(PLAIN)
    slices = [f"plot-slice-{at}" for at in range(len(PARAMETERS))]
    first = ["plot-objective", "plot-parallel", "plot-importance"]
    assert list(made) == [*first, *slices, "plot-history-0", "plot-history-1"]
    count = len(drawn(PLAIN))
    (parallel,) = made["plot-parallel"].figure["data"]
    assert [each["label"] for each in parallel["dimensions"]] == [*(p.name for p in PARAMETERS), "accuracy"]
    assert all(len(each["values"]) == count for each in parallel["dimensions"])
    points = [each for each in made["plot-objective"].figure["data"] if each["mode"] == "markers"]
    assert sorted(number for each in points for number in each["customdata"]) == list(range(40))
    for key in slices:
        assert len(made[key].figure["data"][0]["x"]) == count
    assert len(made["plot-history-0"].figure["data"]) == 40


def test_best_so_far_rises_to_the_best_and_the_goal_is_drawn() -> None:
    data = {each["name"]: each for each in by_key(PLAIN)["plot-objective"].figure["data"]}
    chosen = best(PLAIN)
    assert chosen is not None
    line = data["best so far"]["y"]
    assert line == sorted(line)
    assert line[-1] == chosen.value
    assert set(data["goal 0.97"]["y"]) == {0.97}


def test_less_is_better_where_it_is_minimized() -> None:
    shown = of(one(value=3.0), one(number=1, value=1.0), one(number=2, value=2.0), best=1)
    made = by_key(shown)
    assert made["plot-objective"].figure["data"][0]["y"] == [3.0, 1.0, 1.0]
    assert made["plot-parallel"].figure["data"][0]["line"]["reversescale"] is True


@pytest.mark.parametrize(
    ("parameter", "seen", "wanted"),
    [
        pytest.param(
            Parameter("x", "double", "0.001", "10", distribution="logUniform"),
            "1",
            Axis("x", (), logarithmic=True, low=-3.0, high=1.0),
            id="logarithms for logUniform",
        ),
        pytest.param(
            Parameter("x", "double", "0", "10", distribution="logUniform"),
            "1",
            Axis("x", (), low=0.0, high=10.0),
            id="no logarithm of zero",
        ),
        pytest.param(
            Parameter("x", "discrete", values=("10", "9", "0.5")),
            "9",
            Axis("x", ("0.5", "9", "10"), low=0.0, high=2.0),
            id="few discrete numbers side by side, in their order",
        ),
        pytest.param(
            Parameter("x", "categorical", values=("b", "a")),
            "c",
            Axis("x", ("b", "a", "c"), low=0.0, high=2.0),
            id="categories as they were written, and one more",
        ),
        pytest.param(
            Parameter("x", "int", "1", "5"),
            "8",
            Axis("x", (), low=1.0, high=8.0),
            id="a value beyond the bounds",
        ),
        pytest.param(
            Parameter("x", "double", "2", "2"), "2", Axis("x", (), low=2.0, high=3.0), id="bounds that are equal"
        ),
        pytest.param(
            Parameter("x", "int"), "nan", Axis("x", ("nan",), low=0.0, high=1.0), id="a text where a number is"
        ),
    ],
)
def test_an_axis_fits_its_parameter(parameter: Parameter, seen: str, wanted: Axis) -> None:
    assert axis(parameter, (one(assignment={"x": seen}),)) == wanted


def test_ticks_of_logarithms_are_round_numbers() -> None:
    line = Axis("x", (), logarithmic=True, low=-5.0, high=-1.0)
    assert [text for _, text in line.ticks] == ["1e-05", "0.0001", "0.001", "0.01", "0.1"]
    assert [text for _, text in Axis("x", (), logarithmic=True, low=0.0, high=1.0).ticks] == ["1", "2", "5", "10"]


def test_hostile_names_stay_texts() -> None:
    text = page(HOSTILE)
    read = Reader(text)
    for parameter in ODD:
        assert parameter.name in read.text
    assert not [tag for tag, _ in read.tags if tag in ("img", "b") and tag == "img"]
    assert not [given for _, given in read.tags if any(name.startswith("on") for name in given)]
    data = text[text.index('id="figures">') : text.index("</script>", text.index('id="figures">'))]
    assert "<" not in data.removeprefix('id="figures">')
    held = figures(text)
    assert label(SCRIPT) in json.dumps(held, ensure_ascii=False)
    assert all("<script" not in each and "<img" not in each for each in held["hovers"].values())
    assert clipped(IMAGE, 22).partition("<")[0] == "학습률"


def test_a_value_is_never_taken_for_a_colour() -> None:
    (parallel,) = by_key(HOSTILE)["plot-parallel"].figure["data"]
    ticks = next(each for each in parallel["dimensions"] if each["label"].startswith("&lt;/"))
    assert "@accent" in ticks["ticktext"]
    script = page(HOSTILE)
    assert "COLOURS.has(key)" in script


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        pytest.param('</script><a b="c">&', "&lt;/script&gt;&lt;a b=&quot;c&quot;&gt;&amp;", id="markup"),
        pytest.param("학습률", "학습률", id="Korean"),
        pytest.param("a\u202eb\x00c", "a\ufffdb\ufffdc", id="what turns the text, or cannot be seen"),
    ],
)
def test_texts_are_escaped(given: str, wanted: str) -> None:
    assert escaped(given) == wanted


def test_json_in_a_script_cannot_end_it() -> None:
    odd = ["</script>", "<!--", "&", "\u2028", "]]>"]
    text = in_script(odd)
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == odd
    with pytest.raises(ValueError, match="not JSON compliant"):
        in_script(math.nan)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        pytest.param("\x1b[31mred\x1b[0m", "red", id="colours"),
        pytest.param("10%\r50%\r100%", "100%", id="a bar that redraws itself"),
        pytest.param("a\tb\r\n", "a    b", id="tabs, and the end of a line"),
        pytest.param("\x1b]0;title\x07x", "x", id="a window's title"),
    ],
)
def test_a_line_of_a_log_is_as_a_terminal_leaves_it(given: str, wanted: str) -> None:
    assert logged(given) == wanted


def test_what_is_pasted_is_read_back() -> None:
    chosen = {"lr": "1e-5", "no": "yes", "--batch-size": "0.10", SCRIPT: "it's", IMAGE: "학 습", LINK: 'a"\\b', "1": ""}
    wanted = {"parameters": {key: {"categorical": [text]} for key, text in chosen.items()}}
    assert yaml.safe_load(as_spec(chosen)) == wanted
    option, setting = shlex.split(as_setting(chosen))
    assert option == "--set"
    key, _, value = setting.partition("=")
    assert {key: yaml.safe_load(value)} == wanted


def test_the_table_tells_what_became_of_a_trial() -> None:
    trial = one(state="Failed", value=None, reason="exit code 1: <b>", seconds=61.0)
    read = Reader(table(of(trial)))
    assert all(word in read.text for word in ("Failed", "exit code 1: <b>", "1 min 1 s"))
    assert [given for tag, given in read.tags if tag == "tr"][1] == {"id": "trial-0", "data-n": "0"}


def test_a_long_number_is_rounded_and_shown_whole_under_the_pointer() -> None:
    text = table(of(one(assignment={"x": "0.000123456789"})))
    assert 'data-v="0.000123456789" title="0.000123456789">0.00012346</td>' in text


def test_a_text_as_objective_is_in_the_table_and_named_best() -> None:
    shown = of(one(value=None, metrics=(Metric("Genotype", taken="Genotype(a)"),)), best=0)
    assert "Genotype(a)" in table(shown)
    text = page(shown)
    assert "so there is nothing to compare" in text
    assert "Trial 0, t-0: loss = Genotype(a)." in text


def test_the_end_of_a_log_is_folded_and_says_what_is_missing() -> None:
    tail = Tail(("<script>x</script>", "last"), 12, "trials/t-0/stdout.log")
    (text,) = logs(of(one(log=tail, explanation=("the filter wanted `loss`",))))
    assert text.startswith('<details class="log" id="log-0">')
    assert html.escape("<script>x</script>") + "\nlast</pre>" in text
    assert "12 lines before these are left out; the whole log: trials/t-0/stdout.log" in text
    assert "the filter wanted `loss`" in text
    (silent,) = logs(of(one()))
    assert "(nothing was printed)" in silent


def test_a_long_history_is_thinned_and_keeps_its_end() -> None:
    long = tuple(float(at) for at in range(1001))
    shown = of(one(history={"loss": long}))
    (line,) = by_key(shown)["plot-history-0"].figure["data"]
    assert len(line["x"]) <= MOST_POINTS + 1
    assert (line["x"][0], line["x"][-1], line["y"][-1]) == (1, 1001, 1000.0)
    assert "every n-th" in by_key(shown)["plot-history-0"].says


def test_gaps_in_a_history_stay_gaps() -> None:
    (line,) = by_key(of(one(history={"loss": (0.5, None, 0.4)})))["plot-history-0"].figure["data"]
    assert line["y"] == [0.5, None, 0.4]


@pytest.fixture
def no_optuna(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_importance, "_fanova", lambda *_: None)


def test_importance_by_fanova() -> None:
    pytest.importorskip("optuna")
    pytest.importorskip("sklearn")
    found = importance(PLAIN)
    assert found is not None
    assert found.method == "fANOVA, by Optuna"
    assert found.shares[0][0] == "lr"
    assert sum(share for _, share in found.shares) == pytest.approx(1.0)


@pytest.mark.usefixtures("no_optuna")
def test_importance_by_ranks_is_named_as_such() -> None:
    trials = [one(number=n, assignment={"x": str(n), "y": "ab"[n % 2]}, value=float(-(n**3))) for n in range(8)]
    xy = (Parameter("x", "int", "0", "7"), Parameter("y", "categorical", values=("a", "b")))
    found = importance(of(*trials, parameters=xy))
    assert found is not None
    assert found.method == "rank correlation"
    assert "pip install" in found.meaning
    assert found.shares[0] == ("x", pytest.approx(1.0))
    assert found.shares[1][1] < 0.2


@pytest.mark.usefixtures("no_optuna")
@pytest.mark.parametrize(
    "shown",
    [
        pytest.param(of(*(one(number=n, value=float(n)) for n in range(8))), id="nothing was varied"),
        pytest.param(of(*(one(number=n, assignment={"x": str(n)}) for n in range(8))), id="all values are equal"),
        pytest.param(of(one(), one(number=1, assignment={"x": "2"}, value=2.0)), id="two trials"),
    ],
)
def test_importance_of_nothing_is_not_made_up(shown: Run) -> None:
    assert importance(shown) is None


@pytest.mark.parametrize(
    ("seconds", "wanted"), [(0.04, "0.0 s"), (59.94, "59.9 s"), (60.0, "1 min 0 s"), (3725.0, "1 h 2 min")]
)
def test_durations(seconds: float, wanted: str) -> None:
    assert duration(seconds) == wanted
