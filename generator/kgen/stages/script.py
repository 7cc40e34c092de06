"""The scripts that specs name, and the flags that each has."""

from __future__ import annotations

from collections.abc import Iterable

from kgen.model.codes import CODES
from kgen.model.diagnostic import Diagnostic, Severity, error
from kgen.model.flags import READ, Script
from kgen.model.node import Node, text_of
from kgen.model.sources import SCRIPTS, Sources, Unreadable
from kgen.model.words import nearest

UNKNOWN_FLAGS = "KG589"


def scripts(named: Iterable[Node | None], sources: Sources, problems: list[Diagnostic]) -> dict[str, Script]:
    """Read each script that a spec names, by its path from the root; what is not known of it is said at its name.

    Nothing of it is run. A script that is not there stops nothing: the manifests do not depend on it.
    """
    out: dict[str, Script] = {}
    for node in named:
        if node is None:
            continue
        path = text_of(node)
        data = sources.get(path)
        if isinstance(data, bytes):
            from kgen.codec.argparse_flags import read  # noqa: PLC0415 - a workspace without scripts does not pay for it

            out[path] = out.get(path) or read(data, path)
            problems.extend(_unknown(out[path], node))
        elif isinstance(data, Unreadable):
            problems.append(_said(node, f"the script `{path}` is not read: {data.message}", data.help))
        else:
            problems.append(_missing(path, sources, node))
    return out


def _missing(path: str, sources: Sources, node: Node) -> Diagnostic:
    close = nearest(path, [each for each in sources if each.endswith(SCRIPTS)])
    help_ = "write its path from the workspace's root in one text; what lies outside the workspace is not read"
    message = f"there is no script `{path}` in the workspace"
    return _said(node, message, help_ if close is None else f"did you mean `{close}`?")


def _unknown(script: Script, node: Node) -> Iterable[Diagnostic]:
    """Say why not all flags of a script are known."""
    help_ = "check the command by hand"
    if script.broken is not None:
        yield _said(node, f"`{script.file}`, line {script.broken.line}: {script.broken.why}", "mend the script")
    elif script.library not in READ:
        by = f"it reads them with {script.library}" if script.library else "nothing in it reads any with argparse"
        yield _said(node, f"the flags of `{script.file}` are not known: {by}", help_)
    elif script.unsure:
        first = script.unsure[0]
        message = f"`{script.file}` may have more flags, line {first.line}: {first.why}"
        yield _said(node, message, help_)._replace(severity=Severity.INFO)


def _said(node: Node, message: str, help_: str) -> Diagnostic:
    page = CODES[UNKNOWN_FLAGS]
    return error(node.span, UNKNOWN_FLAGS, message, help_)._replace(severity=page.severity, effect=page.effect)
