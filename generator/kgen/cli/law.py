"""The rules that a workspace is held against: kgen's, and those of its own that it names."""

from __future__ import annotations

from kgen.model import lint
from kgen.model.node import get
from kgen.model.sources import SETTINGS, Sources
from kgen.pipeline.law import KGENS, Law
from kgen.pipeline.settings import read_settings


def law_of(sources: Sources, asked: tuple[str, ...] = ()) -> Law:
    """Give the law of a workspace; `asked` are packages of rules that the command line names.

    Raises:
        InputError: a package of rules is not there, or no good (KG016).
    """
    data = sources.get(SETTINGS)
    if not asked and (not isinstance(data, bytes) or b"rules" not in data):
        return KGENS
    named = lint.read(get(read_settings(sources)[0], "lint")).rules
    if not asked and not named:
        return KGENS
    from kgen.cli import plugins  # noqa: PLC0415 - it looks through all that is installed

    return plugins.load(named, asked)
