"""Why a trial gave no metric: the nearest lines of its log, what the filter wanted, and the mend."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from kgen.katib import collectors, samples, shell
from kgen.katib.logs import Why, shown
from kgen.local.events import Events
from kgen.local.lines import numbered
from kgen.local.runner import STDOUT, Job
from kgen.local.scan import Near, Scan, Scanned, likeness, without_colour
from kgen.local.scrape import seen_names

_MOST_TAIL = 64 << 10  # bytes of a log's end
_MOST_NAMED = 12
_OF_SHELL = {126: "the shell may not run it", 127: "the shell does not find it"}
_MISSING_FILE = re.compile(r"can't open file|can't cd to|No such file or directory")
_SIGNALS = {130: "interrupted", 134: "aborted", 137: "killed", 139: "a segmentation fault", 143: "terminated"}


def no_value_in_log(job: Job, found: Scanned) -> tuple[str, tuple[str, ...]]:
    """Say in a line why a log gives no value of the objective, and in more lines what to do."""
    objective = job.wanted.objective
    if not found.lines:
        return f"no `{objective}`: {_log(job)} is empty", tuple(_elsewhere(job, _if_nothing(job)))
    reason = f"no `{objective}` in {found.lines} {'line' if found.lines == 1 else 'lines'} of {_log(job)}"
    out = [_shown(each) for each in found.near]
    mend = tuple(_mend(job, found.near))
    return reason, tuple(_elsewhere(job, (*out, *mend)))


def _shown(near: Near) -> str:
    why = f" ({near.why.value})" if near.why is not None else ""
    return f"line {near.line}: {shown(near.raw)}{why}"


def _mend(job: Job, near: tuple[Near, ...]) -> Iterator[str]:
    """Say what to write instead."""
    objective = job.wanted.objective
    if job.wanted.format == "JSON":
        yield f'format JSON wants an object a line, and the value as text: {{"{objective}": "0.98"}}'
        return
    yield from _wanted_line(job)
    if not near:
        return
    best = near[0]
    raw = best.raw.decode("utf-8", "replace")
    plain = without_colour(raw)
    if plain != raw and objective in plain:
        yield "the line is coloured: the codes stand between name and value; print without colour (NO_COLOR=1)"
        return
    fitting = samples.filter_for(plain, best.name) if best.name else None
    if best.name != objective and best.why is None and best.score >= 3:
        yield f"the log has `{best.name}`: name the objective so, or print `{objective}={{value}}`"
    elif best.why is Why.OTHER_NAME:
        yield f"the filter reads another name there: print `{objective}=` with nothing before it but a blank"
    elif fitting is not None and best.score >= 4:
        yield f"a filter that reads it: '{fitting}'"


def _wanted_line(job: Job) -> Iterator[str]:
    """Give a line that the filters read."""
    objective = job.wanted.objective
    for expression in collectors.filter_list(job.wanted.filters):
        made = samples.sample(expression, objective, "0.98")
        if made is not None and any(name == objective and value for name, value in made.read):
            yield f"the filter `{expression}` wants a line such as `{made.line}`"
            return
    every = ", ".join(f"`{each}`" for each in collectors.filter_list(job.wanted.filters))
    yield f"no line that kgen can think of gives `{objective}` with {every}"


def _if_nothing(job: Job) -> tuple[str, ...]:
    words = [*job.command, *job.args]
    at = shell.script_at(words)
    if at is not None and not shell.is_recognised(words):
        known = " or ".join(f"`{each} -c`" for each in shell.SHELLS)
        return (
            f"Katib sees a shell's script only behind {known}: `{words[0]}` is wrapped once more, and of the script "
            "no more than its first word runs",
        )
    return ("the program ended well and printed nothing",)


def _elsewhere(job: Job, lines: tuple[str, ...]) -> Iterator[str]:
    """Yield lines, and before them where else the metric was printed."""
    other = job.folder / STDOUT
    if other != job.metrics_file and other.is_file() and other.stat().st_size:
        found = Scan(job.wanted._replace(format="TEXT", filters=())).read(other)
        hit = found.tally.metric(job.wanted.objective).seen > 0
        near = found.near[0] if found.near and found.near[0].score >= 5 else None
        if hit or near is not None:
            yield _printed(job)
            if near is not None and not hit:
                yield _shown(near)
            if job.wanted.kind != "StdOut":
                return
    yield from lines


def _printed(job: Job) -> str:
    objective = job.wanted.objective
    if job.wanted.kind != "StdOut":
        return (
            f"the program prints `{objective}`, and collector {job.wanted.kind} reads `{job.metrics}`: "
            "write it there, or use collector StdOut"
        )
    return (
        f"`{objective}` is printed by a command of the script that is not its last one: only the output of the last "
        "one is collected; put the script in braces: { …; }"
    )


def no_number(job: Job, where: str) -> tuple[str, tuple[str, ...]]:
    """Say that the objective was read, and that what its strategy takes is no number."""
    return f"the value of `{job.wanted.objective}` is no number ({where})", (
        "Katib counts such a trial as succeeded, and its suggestion service cannot read the value: "
        "let the program fail instead",
    )


def no_event(job: Job, events: Events, tags: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Say why event files give no value of the objective."""
    objective = job.wanted.objective
    if not events.names:
        reason = f"no event file in `{job.metrics}`"
        return reason, tuple(
            _elsewhere(job, (f"write TensorBoard's event files there: SummaryWriter('{job.metrics}')",))
        )
    problems = tuple(f"{each}" for each in events.problems)
    if not tags:
        return f"no scalar in the event files of `{job.metrics}`", problems
    return f"no tag of the event files is that of `{objective}`", (
        *problems,
        f"the tags are {_named(objective, tags)}",
        "a metric `a/b` counts tags that start with `b` in a folder that ends with `a`; `b` alone those of any folder",
    )


def no_sample(job: Job) -> tuple[str, tuple[str, ...]]:
    """Say why a trial's endpoint gave no value of the objective."""
    assert job.endpoint is not None
    asked = f"port {job.endpoint.port}, path {job.endpoint.path}"
    names = seen_names(job.folder)
    if names is None:
        return f"the trial never answered at {asked}", (
            "it is asked once a second while it runs: let it listen on all addresses, and for longer than that",
        )
    return f"`{job.wanted.objective}` is not among the metrics at {asked}", (
        f"there are {_named(job.wanted.objective, names)}" if names else "there are none",
    )


def _named(objective: str, names: tuple[str, ...]) -> str:
    """List names, those first that are like the objective's."""
    ordered = sorted(names, key=lambda name: -likeness(name, objective))
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(f"`{each}`" for each in ordered[:_MOST_NAMED]) + more


def failure(job: Job, code: int) -> tuple[str, tuple[str, ...]]:
    """Say how a trial failed, with the end of its log."""
    what = _OF_SHELL.get(code) or _SIGNALS.get(code)
    if code == 137 and job.limits.memory:
        what = f"killed; perhaps it took more than its {job.limits.memory >> 20} MiB of memory"
    reason = f"it ended with exit code {code}" + (f": {what}" if what else "")
    said = tail(job)
    return reason, (*said, *_instead_of_image(said))


def _instead_of_image(said: tuple[str, ...]) -> Iterator[str]:
    """Say which option gives what a program misses, where a process runs in place of an image."""
    whole = "\n".join(said)
    if "No module named" in whole:
        yield "with the runner process, `--python FILE` names the interpreter that has the module"
    elif _MISSING_FILE.search(whole):
        yield (
            "with the runner process, `--workdir DIR` is the folder in which the command starts, and "
            "`--place PATH=DIR` stands for another one of the image"
        )


def tail(job: Job, lines: int = 5) -> tuple[str, ...]:
    """Give the last lines of what a trial printed."""
    out: list[str] = []
    for path in dict.fromkeys((job.folder / STDOUT, job.log)):
        out.extend(_tail(path, lines))
    return tuple(out[-lines:])


def _tail(path: Path, lines: int) -> list[str]:
    try:
        with path.open("rb") as stream:
            stream.seek(0, 2)
            stream.seek(max(0, stream.tell() - _MOST_TAIL))
            held = [line for _, line in numbered(stream) if line.strip()]
    except OSError:
        return []
    return [shown(line) for line in held[-lines:]]


def no_marker(job: Job) -> tuple[str, tuple[str, ...]]:
    """Say why a trial that ended well is taken for one that failed."""
    reason = "it ended with exit code 0 and without the mark that Katib adds to its command"
    words = [*job.command, *job.args]
    at = shell.script_at(words)
    why = shell.bad_end(words[at]) if at is not None and at < len(words) else None
    said = f"of the script: {why[0]}" if why is not None else "something in the command ends its shell before that"
    return reason, (said, "Katib's collector then ends with an error, and the trial has failed")


def no_file(job: Job) -> tuple[str, tuple[str, ...]]:
    """Say that the file is not there which the collector reads."""
    reason = f"the file `{job.metrics}` is not there when the trial ends, and Katib's collector fails without it"
    return reason, tuple(_elsewhere(job, ("write the metrics into it, or use collector StdOut",)))


def _log(job: Job) -> str:
    return "the log" if job.wanted.kind == "StdOut" else f"`{job.metrics}`"
