"""The words of a run's page: its head, the best trial, the table of trials, the ends of their logs."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from kgen.report.page_data import Run, Trial, best, number, short
from kgen.report.page_plots import MARKS, OTHER_MARK
from kgen.report.page_text import clipped, escaped, visible

MOST_DIGITS = 9  # letters of a number in the table; a longer one is rounded
MOST_CELL = 60  # letters of a value in the table; the whole of it shows under the pointer
_PLAIN_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_YAML_WORDS = frozenset("true false null yes no on off y n nan inf".split())
_SIGNS: Mapping[str, str] = MappingProxyType(
    {"circle": "●", "diamond": "◆", "x": "✕", "triangle-up": "▲", "square": "■", "circle-open": "○", "star": "★"}
)


def head(run: Run) -> str:
    """Write what was searched for and how it ended."""
    objective = run.objective
    goal = "" if objective.goal is None else f", goal {short(objective.goal)}"
    strategy = f", the {objective.strategy} of a trial counts" if objective.strategy else ""
    facts = [
        ("Experiment", run.name),
        ("Environment", run.environment),
        ("Objective", f"{objective.type} {objective.metric}{goal}{strategy}"),
        ("Further metrics", ", ".join(objective.additional)),
        ("Algorithm", run.algorithm),
        *run.facts,
        ("How it ended", run.ended or "not yet: the run goes on, or was cut off"),
    ]
    rows = "".join(f"<div><dt>{escaped(key)}</dt><dd>{escaped(value)}</dd></div>\n" for key, value in facts if value)
    notes = "".join(f"<li>{escaped(note)}</li>\n" for note in run.notes)
    differs = (
        f"<details><summary>What differs from the cluster</summary><ul>\n{notes}</ul></details>\n" if notes else ""
    )
    return f'<dl class="facts">\n{rows}</dl>\n{differs}'


def tiles(run: Run) -> str:
    """Write the few figures that one looks for first."""
    chosen = best(run)
    value = "none" if chosen is None else clipped(result(chosen), 24)
    of = "no trial has a value" if chosen is None else f"{run.objective.metric}, trial {chosen.number}"
    shown = [_tile("Best", value, escaped(of)), _tile("Trials", str(len(run.trials)), _states(run.trials))]
    seconds = sum(trial.seconds for trial in run.trials)
    longest = max((trial.seconds for trial in run.trials), default=0.0)
    shown.append(_tile("Time in trials", duration(seconds), f"longest {duration(longest)}"))
    return '<div class="tiles">\n' + "".join(shown) + "</div>\n"


def _tile(name: str, value: str, below: str) -> str:
    return f'<div class="tile"><span class="name">{name}</span><b>{escaped(value)}</b><span>{below}</span></div>\n'


def _states(trials: Iterable[Trial]) -> str:
    counts: dict[str, int] = {}
    for trial in trials:
        counts[trial.state] = counts.get(trial.state, 0) + 1
    order = [*MARKS, *sorted(set(counts) - set(MARKS))]
    return ", ".join(f"{counts[state]} {_state(state)}" for state in order if state in counts)


def _state(state: str) -> str:
    colour, symbol = MARKS.get(state, OTHER_MARK)
    sign = f'<span class="sign" style="color:var(--{colour[1:]})" aria-hidden="true">{_SIGNS[symbol]}</span>'
    return f'<span class="state">{sign}&nbsp;{escaped(state)}</span>'


def duration(seconds: float) -> str:
    """Write a duration for people."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def best_trial(run: Run) -> str:
    """Write the best trial's parameters, and how to have them again."""
    chosen = best(run)
    if chosen is None:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{escaped(key)}</th><td>{escaped(clipped(text, 200))}</td></tr>\n'
        for key, text in chosen.assignment.items()
    )
    value = escaped(clipped(result(chosen), 300))
    told = f"Trial {chosen.number}, {escaped(chosen.name)}: {escaped(run.objective.metric)} = {value}."
    return (
        f'<section id="best"><h2>Best trial</h2>\n<p>{told} <a href="#trial-{chosen.number}">Its row</a>,'
        f' <a href="#log-{chosen.number}">its log</a>.</p>\n<div class="pair"><div class="scroll">'
        f'<table class="plain">\n{rows}</table></div>\n<div>\n'
        f"{_paste('In a spec or an overlay: a search of this one point', as_spec(chosen.assignment))}"
        f"{_paste('On the command line of kgen', as_setting(chosen.assignment))}</div></div></section>\n"
    )


def _paste(name: str, text: str) -> str:
    return (
        f'<div class="paste"><div><span>{escaped(name)}</span><button type="button" class="copy" hidden>Copy</button>'
        f"</div><pre>{_lines(text)}</pre></div>\n"
    )


def _lines(text: str) -> str:
    return "\n".join(escaped(line) for line in text.split("\n"))


def as_spec(assignment: Mapping[str, str]) -> str:
    """Write values as `parameters` of a spec, each the one value of its parameter."""
    return "parameters:\n" + "\n".join(f"  {_key(key)}: {_point(text)}" for key, text in assignment.items())


def as_setting(assignment: Mapping[str, str]) -> str:
    """Write values as an option that `kgen render` and others take."""
    inside = ", ".join(f"{_key(key)}: {_point(text)}" for key, text in assignment.items())
    return f"--set {shlex.quote(f'parameters={{{inside}}}')}"


def _key(name: str) -> str:
    plain = _PLAIN_KEY.fullmatch(name) is not None and name.lower() not in _YAML_WORDS
    return name if plain else json.dumps(name, ensure_ascii=not name.isprintable())


def _point(text: str) -> str:
    return f"{{categorical: [{json.dumps(text, ensure_ascii=not text.isprintable())}]}}"


def table(run: Run) -> str:
    """Write the table of all trials; a heading sorts it where scripts run."""
    if not run.trials:
        return '<p class="nothing">No trial was started.</p>\n'
    names = [parameter.name for parameter in run.parameters]
    others = run.objective.additional
    heads = ["Trial", "State", run.objective.metric, *others, *names, "Time", "Reason"]
    cells = "".join(
        f'<th scope="col" aria-sort="{"ascending" if at == 0 else "none"}"><button type="button">'
        f"{escaped(clipped(name, 40))}</button></th>"
        for at, name in enumerate(heads)
    )
    chosen = best(run)
    rows = "".join(_row(trial, names, others, is_best=trial is chosen) for trial in run.trials)
    return (
        '<p id="chosen" class="chosen" hidden><span></span> <button type="button">Show all</button></p>\n'
        f'<div class="scroll tall" tabindex="0" role="region" aria-label="Trials"><table id="trials">\n'
        f"<thead><tr>{cells}</tr></thead>\n<tbody>\n{rows}</tbody></table></div>\n"
    )


def _row(trial: Trial, names: Iterable[str], others: Iterable[str], *, is_best: bool) -> str:
    taken = {metric.name: metric.taken for metric in trial.metrics}
    value = trial.finite
    star = ' <span class="star" title="the best">★<span class="hidden">best</span></span>' if is_best else ""
    cells = [
        f'<th scope="row" data-v="{trial.number}"><a href="#log-{trial.number}" title="{escaped(trial.name)}">'
        f"{trial.number}</a>{star}</th>",
        f"<td>{_state(trial.state)}</td>",
        _cell(result(trial), "" if value is None else repr(value)),
        *(_cell(taken.get(name, "")) for name in others),
        *(_cell(trial.assignment.get(name, "")) for name in names),
        f'<td class="number" data-v="{trial.seconds!r}">{duration(trial.seconds)}</td>',
        f'<td class="reason">{escaped(trial.reason)}</td>',
    ]
    strong = ' class="best"' if is_best else ""
    return f'<tr id="trial-{trial.number}" data-n="{trial.number}"{strong}>{"".join(cells)}</tr>\n'


def result(trial: Trial) -> str:
    """Write a trial's objective: a number, or the text that it is; "" for none."""
    if trial.finite is not None:
        return short(trial.finite)
    return trial.metrics[0].taken if trial.metrics else ""


def _cell(text: str, exact: str = "") -> str:
    value = number(text)
    cut = clipped(text, MOST_CELL) if value is None or len(text) <= MOST_DIGITS else f"{value:.5g}"
    title = f' title="{escaped(clipped(text, 2000))}"' if cut != text else ""
    if value is None and not exact:
        return f"<td{title}>{escaped(cut)}</td>"
    return f'<td class="number" data-v="{exact or repr(value)}"{title}>{escaped(cut)}</td>'


def space(run: Run) -> str:
    """Write what was searched."""
    if not run.parameters:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{escaped(each.name)}</th><td>{escaped(each.type)}</td>'
        f"<td>{escaped(clipped(each.space, 200))}</td></tr>\n"
        for each in run.parameters
    )
    return (
        '<details><summary>Search space</summary><div class="scroll"><table class="plain">\n<thead><tr><th scope="col">'
        f'Parameter</th><th scope="col">Type</th><th scope="col">Values</th></tr></thead>\n{rows}</table></div>'
        "</details>\n"
    )


def logs(run: Run) -> Iterator[str]:
    """Write the end of each trial's log, folded."""
    for trial in run.trials:
        tail = trial.log
        left = f"{tail.left_out} lines before these are left out; " if tail.left_out else ""
        where = f"{left}the whole log: {visible(tail.place)}" if tail.place else ""
        told = f" {_clip(trial.reason)}" if trial.reason else ""
        lines = "\n".join(escaped(line) for line in tail.lines) or "(nothing was printed)"
        why = "\n".join(escaped(line) for line in trial.explanation)
        yield (
            f'<details class="log" id="log-{trial.number}"><summary><b>{trial.number}</b> {escaped(trial.name)}'
            f" {_state(trial.state)}{told}</summary>\n"
            + (f'<pre class="why" tabindex="0">{why}</pre>\n' if why else "")
            + (f'<p class="where">{escaped(where)}</p>\n' if where else "")
            + f'<pre tabindex="0">{lines}</pre></details>\n'
        )


def _clip(reason: str) -> str:
    return f'<span class="reason">{escaped(clipped(reason, 160))}</span>'
