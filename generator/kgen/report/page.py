"""A local run as one self-contained HTML page: plots, tables and logs, and nothing that asks a network."""

from __future__ import annotations

from itertools import groupby

from kgen.report.page_data import Run, best, drawn
from kgen.report.page_importance import importance
from kgen.report.page_plots import Plot, hovers, plots
from kgen.report.page_table import best_trial, head, logs, space, table, tiles
from kgen.report.page_text import escaped, in_script

_HERE = __file__.removesuffix("page.py")
# The page may run its own script and nothing else: what a log or a name brings along reaches nobody.
# plotly.js makes functions of texts for its WebGL plots.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:; "
    "font-src data:; base-uri 'none'; form-action 'none'"
)

MOST_LOGS = 24  # of more trials, the logs scroll by themselves


class NoPlotly(Exception):
    """plotly is not installed."""


def page(run: Run) -> str:
    """Write the page of a run: about 4.9 MB, most of it plotly.js. Equal runs give equal texts.

    Raises:
        NoPlotly: it is not installed.
    """
    shown = list(plots(run, importance(run)))
    figures = {"hovers": hovers(run), "figures": [{"key": plot.key, **plot.figure} for plot in shown]}
    title = escaped(f"{run.name} ({run.environment})" if run.environment else run.name)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>
{_own("page.css")}</style>
</head>
<body>
<header><h1>{title}</h1><nav>{_contents(run, shown)}</nav></header>
<main>
{tiles(run)}<section id="run">{head(run)}{space(run)}</section>
{best_trial(run)}{_plots(run, shown)}<section id="table"><h2>Trials</h2>
{table(run)}</section>
<section id="logs"><h2>Logs</h2>
<div class="{"tall many" if len(run.trials) > MOST_LOGS else "few"}">
{"".join(logs(run))}</div></section>
</main>
<script type="application/json" id="figures">{in_script(figures)}</script>
<script>{_library()}</script>
<script>
{_own("page.js")}</script>
</body>
</html>
"""


def _contents(run: Run, shown: list[Plot]) -> str:
    places = [("best", "Best trial")] if best(run) is not None else []
    places += [*([("plots", "Plots")] if shown else []), ("table", "Trials"), ("logs", "Logs")]
    return " ".join(f'<a href="#{key}">{name}</a>' for key, name in places)


def _plots(run: Run, shown: list[Plot]) -> str:
    metric = escaped(run.objective.metric)
    nothing = ""
    if not drawn(run):
        nothing = (
            f'<p class="nothing">No trial has a value of {metric} that is a number, so there is nothing to compare. The'
            " table says what became of each trial, and the logs why.</p>\n"
        )
    out: list[str] = []
    for name, group in groupby(shown, _group):
        each = list(group)
        if name == "slice":
            out.append(f"<h2>Each parameter against {metric}</h2>\n<p>{escaped(each[0].says)}</p>\n")
        if name == "history":
            out.append(f"<h2>Histories</h2>\n<p>{escaped(each[0].says)}</p>\n")
        out.append(f'<div class="plots {name}">\n{"".join(map(_plot, each))}</div>\n')
    scripts = (
        '<noscript><p class="nothing">The plots need scripts; the tables do not.</p></noscript>\n' if shown else ""
    )
    return f'<section id="plots"><h2>Plots</h2>\n{nothing}{scripts}{"".join(out)}</section>\n'


def _group(plot: Plot) -> str:
    return "whole" if plot.wide else plot.key.split("-")[1]


def _plot(plot: Plot) -> str:
    says = f"<p>{escaped(plot.says)}</p>" if plot.says and plot.wide else ""
    width = f";min-width:{plot.width}px" if plot.width else ""
    return (
        f'<figure class="{"wide" if plot.wide else "narrow"}"><figcaption><h3>{escaped(plot.title)}</h3>{says}'
        "</figcaption>"
        f'<div class="scroll"><div class="plot" id="{plot.key}" role="img" aria-label="{escaped(plot.title)}"'
        f' style="height:{plot.height}px{width}"></div></div></figure>\n'
    )


def _own(name: str) -> str:
    data: bytes = __spec__.loader.get_data(_HERE + name)  # type: ignore[union-attr]
    return data.decode()


def _library() -> str:
    """Give plotly.js as a text that can stand in a script element."""
    try:
        from plotly.offline import get_plotlyjs  # noqa: PLC0415 - only a page pays for it
    except ImportError as missing:
        raise NoPlotly("plotly is not installed") from missing
    script: str = get_plotlyjs()
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")
