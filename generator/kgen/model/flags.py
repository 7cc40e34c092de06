"""What the command line of a script may hold, as far as its source tells."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class Unknown(Enum):
    """What a source does not tell without being run."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN


class Flag(NamedTuple):
    """An argument that a script reads: by its names, or, where it has none, by its place."""

    names: tuple[str, ...]  # as they are written, `-` included; none for what goes by its place
    dest: str  # its name in the script
    type: str = "str"  # `int`, `float`, `str`; any other name is of a function that may refuse a value
    choices: tuple[str, ...] | None = None  # as texts; None where there are none, or they are not known
    least: int = 1  # how many values follow it
    most: int | None = 1  # None: any number
    required: bool = False  # as far as is known
    default: object = None  # plain data, or UNKNOWN
    help: str = ""
    action: str = "store"
    line: int = 0
    whole: bool = True  # how many values follow it is known
    certain: bool = True  # it is there whatever happens: no `if` lies around it
    like: str = ""  # `int` or `float`, where `type` is a function that makes such a number


class Parser(NamedTuple):
    """A set of flags that is read together, and the commands below it, each with a set of its own."""

    flags: tuple[Flag, ...] = ()
    commands: tuple[tuple[tuple[str, ...], Parser], ...] = ()  # by their names
    prefix: str = "-"  # letters that a flag may begin with
    abbreviates: bool = True  # `--learn` stands for `--learning-rate` where it is the only one
    fromfile: str = ""  # letters before the name of a file that holds further words


class Unsure(NamedTuple):
    """Why there may be more flags than were found."""

    line: int
    why: str


class Script(NamedTuple):
    """The command line of a script."""

    file: str
    library: str = ""  # that reads it: `argparse`, `click`, ...; "" where none was found
    parser: Parser = Parser()
    strict: bool = False  # a flag that it does not have ends it
    ends: bool = False  # a value that it does not accept, or a required flag that is missing, certainly ends it
    unsure: tuple[Unsure, ...] = ()
    broken: Unsure | None = None  # why the source cannot be read

    @property
    def closed(self) -> bool:
        """Whether every flag is known."""
        return self.library in READ and not self.unsure and self.broken is None


READ = ("argparse",)  # libraries whose flags are read
