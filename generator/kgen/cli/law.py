"""The rules that a workspace is held against: kgen's, and those of its own that it names."""

from __future__ import annotations

from kgen.model import lint
from kgen.model.node import Node, get
from kgen.model.sources import SETTINGS, Sources
from kgen.pipeline.law import KGENS, Law
from kgen.pipeline.settings import read_settings


def law_in(sources: Sources, asked: tuple[str, ...] = ()) -> Law:
    """Give the law of a workspace by its files, where nothing else of its settings is needed.

    Raises:
        InputError: as `law_of`.
    """
    data = sources.get(SETTINGS)
    names_rules = isinstance(data, bytes) and b"rules" in data
    return law_of(read_settings(sources)[0] if names_rules else None, asked)


def law_of(settings: Node | None, asked: tuple[str, ...] = ()) -> Law:
    """Give the law of a workspace by its settings; `asked` are packages of rules that the command line names.

    Raises:
        InputError: a package of rules is not there, or no good (KG016).
    """
    named = lint.read(get(settings, "lint")).rules
    if not asked and not named:
        return KGENS
    from kgen.cli import plugins  # noqa: PLC0415 - it looks through all that is installed

    return plugins.load(named, asked)
