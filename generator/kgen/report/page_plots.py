"""The plots of a run, as plotly.js wants them: plain data, without a colour.

The box beside the pointer is not in a figure: `hovers` gives its text once for each trial, and the page's script finds
it by `customdata`, which is a trial's number. A text such as `@accent` under a key for colours stands for the custom
property `--accent` of the page's style, which differs between light and dark; the script puts it in. What plotly.js
would read as markup is escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from kgen.report.page_data import Axis, Run, Trial, axis, best, drawn, is_better, short
from kgen.report.page_importance import Importance
from kgen.report.page_text import clipped, label, visible

Figure = dict[str, Any]

MOST_POINTS = 200  # of one metric of one trial; of a longer history every n-th report is drawn
MOST_SLICES = 24  # parameters that have a plot of their own
MOST_HISTORIES = 6  # metrics whose histories are drawn
MOST_LETTERS = 22  # of a name at an axis
MOST_BESIDE = 15  # of a name that has others on both sides

# State -> colour and mark: each is told from the others without its colour.
MARKS: Mapping[str, tuple[str, str]] = {
    "Succeeded": ("@succeeded", "circle"),
    "EarlyStopped": ("@stopped", "diamond"),
    "Failed": ("@failed", "x"),
    "MetricsUnavailable": ("@unavailable", "triangle-up"),
    "Killed": ("@killed", "square"),
    "Running": ("@running", "circle-open"),
}
OTHER_MARK = ("@killed", "star")


class Plot(NamedTuple):
    """A plot and what is said about it."""

    key: str  # its id in the page
    title: str
    says: str  # one or two sentences below the title
    figure: Figure
    height: int = 360  # pixels
    width: int = 0  # least width in pixels; a narrower window scrolls it
    wide: bool = True  # over the whole width of the page, not beside others


def plots(run: Run, weights: Importance | None) -> Iterator[Plot]:
    """Give every plot for which there is something to draw, in the order in which they are read."""
    trials = drawn(run)
    if trials:
        yield _over_trials(run, trials)
    if len(trials) > 1 and run.parameters:
        yield _parallel(run, trials)
    if weights is not None:
        yield _importance(weights)
    if len(trials) > 1:
        yield from _slices(run, trials, weights)
    yield from _histories(run)


def hovers(run: Run) -> dict[str, str]:
    """Give what the box beside the pointer says, by the number of a trial."""
    return {str(trial.number): _hover(run, trial) for trial in run.trials}


def _hover(run: Run, trial: Trial) -> str:
    value = trial.finite
    rows = [f"<b>{label(trial.name)}</b> ({label(trial.state)})"]
    if value is not None:
        rows.append(f"{label(run.objective.metric)} = {short(value)}")
    rows += [
        f"{label(clipped(key, 40))} = {label(clipped(text, 40))}" for key, text in list(trial.assignment.items())[:20]
    ]
    return "<br>".join(rows)


def _over_trials(run: Run, trials: Sequence[Trial]) -> Plot:
    goal, metric = run.objective.goal, label(clipped(run.objective.metric, 40))
    last = max(trial.number for trial in run.trials)
    lost = [trial for trial in run.trials if trial.finite is None]
    data = [_best_so_far(run, trials)]
    data += [_marks(run, state, group) for state, group in _by_state(trials)]
    if goal is not None:
        data.append(_goal(goal, last))
    for state, group in _by_state(lost):
        data.append({**_marks(run, state, group), "y": [0] * len(group), "yaxis": "y2", "name": f"{state}, no value"})
    layout = {
        "xaxis": {"title": {"text": "trial"}, "range": [-0.6, last + 0.6], **_whole(last)},
        "yaxis": {"title": {"text": metric}, "domain": [0.14, 1] if lost else [0, 1]},
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        "dragmode": "zoom",
        "hovermode": "closest",
    }
    if lost:
        layout["yaxis2"] = {
            "domain": [0, 0.07],
            "range": [-1, 1],
            "fixedrange": True,
            "showgrid": False,
            "zeroline": False,
            "tickvals": [0],
            "ticktext": ["none"],
            "anchor": "x",
        }
        layout["xaxis"]["anchor"] = "y2"  # type: ignore[index]
    says = f"The value of each trial, and the best so far; {_wanted(run)}."
    if lost:
        says += f" {len(lost)} without a value {'is' if len(lost) == 1 else 'are'} below."
    return Plot("plot-objective", "Objective over trials", says, {"data": data, "layout": layout}, 420)


def _wanted(run: Run) -> str:
    better = "higher is better" if run.objective.maximize else "lower is better"
    return better if run.objective.goal is None else f"{better}, and the goal is {short(run.objective.goal)}"


def _by_state(trials: Iterable[Trial]) -> list[tuple[str, list[Trial]]]:
    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        groups.setdefault(trial.state, []).append(trial)
    order = list(MARKS)
    return sorted(groups.items(), key=lambda item: (order.index(item[0]) if item[0] in order else len(order), item[0]))


def _marks(run: Run, state: str, trials: Sequence[Trial]) -> dict[str, Any]:
    colour, symbol = MARKS.get(state, OTHER_MARK)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": label(state),
        "x": [trial.number for trial in trials],
        "y": [trial.finite for trial in trials],
        "customdata": [trial.number for trial in trials],
        "hoverinfo": "text",
        "marker": {"color": colour, "symbol": symbol, "size": 9, "line": {"width": 1, "color": "@surface"}},
    }


def _best_so_far(run: Run, trials: Sequence[Trial]) -> dict[str, Any]:
    x, y = [], []
    top: float | None = None
    for trial in trials:
        if trial.finite is not None and is_better(trial.finite, top, run.objective):
            top = trial.finite
            x.append(trial.number)
            y.append(top)
    if run.trials and y:
        x.append(run.trials[-1].number)
        y.append(y[-1])
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "best so far",
        "x": x,
        "y": y,
        "line": {"shape": "hv", "width": 2, "color": "@best"},
        "hoverinfo": "skip",
    }


def _whole(last: int) -> dict[str, int]:
    """Give ticks at whole numbers, about ten of them."""
    steps = (head * 10**power for power in range(9) for head in (1, 2, 5))
    return {"tick0": 0, "dtick": next(step for step in steps if last / step <= 10)}


def _goal(goal: float, last: int) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": f"goal {short(goal)}",
        "x": [-0.6, last + 0.6],
        "y": [goal, goal],
        "line": {"dash": "dash", "width": 1.5, "color": "@goal"},
        "hoverinfo": "skip",
    }


def _parallel(run: Run, trials: Sequence[Trial]) -> Plot:
    axes = [(axis(parameter, trials), parameter.name) for parameter in run.parameters]
    dimensions = [_dimension(line, [trial.assignment.get(name, "") for trial in trials]) for line, name in axes]
    values = [trial.finite or 0.0 for trial in trials]
    low, high = min(values), max(values)
    if low == high:
        low, high = low - 0.5, high + 0.5
    last = {"label": label(clipped(run.objective.metric, MOST_BESIDE)), "values": values, "range": [low, high]}
    line = {"color": values, "cmin": low, "cmax": high, "colorscale": "@worse-better"}
    line["reversescale"] = not run.objective.maximize
    data = {
        "type": "parcoords",
        "line": line,
        "dimensions": [*dimensions, last],
        "customdata": [trial.number for trial in trials],
        "unselected": {"line": {"color": "@pale", "opacity": 0.5}},
        "labelfont": {"color": "@ink"},
        "tickfont": {"color": "@ink"},
        "rangefont": {"color": "rgba(0,0,0,0)", "size": 1},  # it would repeat the ticks
    }
    says = (
        "A line is a trial, strong where its value is good. Drag along an axis to keep what passes there; click the"
        " mark to let go; drag a name to move its axis. The other plots and the table follow."
    )
    layout = {"margin": {"l": 90, "r": 70, "t": 60, "b": 30}}
    figure = {"data": [data], "layout": layout}
    return Plot("plot-parallel", "Parallel coordinates", says, figure, 420, 160 + 120 * len(dimensions))


def _dimension(line: Axis, texts: Sequence[str]) -> dict[str, Any]:
    margin = 0.3 if line.places else 0.0
    found = [line.position(text) for text in texts]
    made: dict[str, Any] = {
        "label": label(clipped(line.name, MOST_BESIDE)),
        "values": [line.low if place is None else place for place in found],
        "range": [line.low - margin, line.high + margin],
    }
    ticks = _thinned(line.ticks)
    if ticks:
        made["tickvals"] = [at for at, _ in ticks]
        made["ticktext"] = [visible(clipped(text, 14)) for _, text in ticks]
    return made


def _thinned(ticks: Sequence[tuple[float, str]], most: int = 16) -> Sequence[tuple[float, str]]:
    return ticks[:: -(-len(ticks) // most)] if len(ticks) > most else ticks


def _importance(weights: Importance) -> Plot:
    shares = list(reversed(weights.shares))
    data = {
        "type": "bar",
        "orientation": "h",
        "x": [round(share, 6) for _, share in shares],
        "y": list(range(len(shares))),
        "text": [f"{share:.2f}" for _, share in shares],
        "textposition": "outside",
        "cliponaxis": False,
        "hovertext": [f"{label(name)}: {share:.3f}" for name, share in shares],
        "hoverinfo": "text",
        "marker": {"color": "@accent"},
    }
    layout = {
        "xaxis": {"title": {"text": weights.method}, "range": [0, 1.12], "tickvals": [0, 0.25, 0.5, 0.75, 1]},
        "yaxis": {
            "tickvals": list(range(len(shares))),
            "ticktext": [label(clipped(name, MOST_LETTERS)) for name, _ in shares],
            "automargin": True,
            "showgrid": False,
        },
    }
    says = f"By {weights.method}: {weights.meaning}."
    figure = {"data": [data], "layout": layout}
    return Plot("plot-importance", "Importance of the parameters", says, figure, 130 + 28 * len(shares))


def _slices(run: Run, trials: Sequence[Trial], weights: Importance | None) -> Iterator[Plot]:
    order = [name for name, _ in weights.shares] if weights is not None else [p.name for p in run.parameters]
    known = {parameter.name: parameter for parameter in run.parameters}
    chosen = best(run)
    for at, name in enumerate(order[:MOST_SLICES]):  # one that has a single value says nothing
        line = axis(known[name], trials)
        rows = [
            (trial, place) for trial in trials if (place := line.position(trial.assignment.get(name, ""))) is not None
        ]
        if rows and len(line.places) != 1:
            says = "Earlier trials are pale, later ones strong; the ring is the best."
            figure = _slice(run, line, rows, chosen)
            yield Plot(f"plot-slice-{at}", visible(name), says, figure, 300, wide=False)


def _slice(run: Run, line: Axis, rows: Sequence[tuple[Trial, float]], chosen: Trial | None) -> Figure:
    marker: dict[str, Any] = {
        "color": [trial.number for trial, _ in rows],
        "colorscale": "@early-late",
        "size": 9,
        "line": {"width": 1, "color": "@surface"},
    }
    points = {
        "type": "scatter",
        "mode": "markers",
        "x": [place + (_beside(trial.number) if line.places else 0) for trial, place in rows],
        "y": [trial.finite for trial, _ in rows],
        "customdata": [trial.number for trial, _ in rows],
        "hoverinfo": "text",
        "marker": marker,
        "showlegend": False,
    }
    ring = [at for at, (trial, _) in enumerate(rows) if trial is chosen]
    best_one = {
        "type": "scatter",
        "mode": "markers",
        "x": [points["x"][at] for at in ring],  # type: ignore[index]
        "y": [points["y"][at] for at in ring],  # type: ignore[index]
        "marker": {"color": "@best", "symbol": "circle-open", "size": 16, "line": {"width": 2.5}},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    ticks = _thinned(line.ticks, 8)
    margin = 0.5 if line.places else (line.high - line.low) * 0.05
    xaxis: dict[str, Any] = {"title": {"text": label(clipped(line.name, 40))}, "automargin": True}
    xaxis["range"] = [line.low - margin, line.high + margin]
    if ticks:
        xaxis["tickvals"] = [at for at, _ in ticks]
        xaxis["ticktext"] = [label(clipped(text, 14)) for _, text in ticks]
    yaxis = {"title": {"text": label(clipped(run.objective.metric, 30))}, "automargin": True}
    return {"data": [points, best_one], "layout": {"xaxis": xaxis, "yaxis": yaxis, "hovermode": "closest"}}


def _beside(number: int) -> float:
    """Move a point a little aside, the same way each time, so that equal ones do not hide each other."""
    return ((number * 0.618034) % 1 - 0.5) * 0.5


def _histories(run: Run) -> Iterator[Plot]:
    chosen = best(run)
    for at, metric in enumerate((run.objective.metric, *run.objective.additional)[:MOST_HISTORIES]):
        rows = [(trial, trial.history[metric]) for trial in run.trials if len(trial.history.get(metric, ())) > 1]
        if not rows:
            continue
        rows.sort(key=lambda row: row[0] is chosen)  # the best lies on top
        data = [_line(run, trial, values, is_best=trial is chosen) for trial, values in rows]
        layout = {
            "xaxis": {"title": {"text": "report"}, **_whole(max(len(values) for _, values in rows))},
            "yaxis": {"title": {"text": label(clipped(metric, 40))}, "automargin": True},
            "hovermode": "closest",
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        }
        says = "What each trial reported, in its order." + (" The best trial is drawn strong." if chosen else "")
        if any(len(values) > MOST_POINTS for _, values in rows):
            says += f" Of more than {MOST_POINTS} reports, every n-th is drawn, and the last."
        figure = {"data": data, "layout": layout}
        yield Plot(f"plot-history-{at}", f"History of {visible(metric)}", says, figure, 340, wide=False)


def _line(run: Run, trial: Trial, values: Sequence[float | None], *, is_best: bool) -> dict[str, Any]:
    step = -(-len(values) // MOST_POINTS)
    places = list(range(0, len(values), step))
    if places[-1] != len(values) - 1:
        places.append(len(values) - 1)
    colour = "@best" if is_best else MARKS.get(trial.state, OTHER_MARK)[0]
    return {
        "type": "scatter",
        "mode": "lines+markers" if len(places) <= 30 else "lines",
        "name": f"best: {label(trial.name)}" if is_best else label(trial.name),
        "showlegend": is_best,
        "x": [place + 1 for place in places],
        "y": [values[place] for place in places],
        "customdata": [trial.number] * len(places),
        "hoverinfo": "text+x+y",
        "line": {"color": colour, "width": 3 if is_best else 1},
        "marker": {"size": 6 if is_best else 3, "color": colour},
        "opacity": 1 if is_best else 0.55,
    }
