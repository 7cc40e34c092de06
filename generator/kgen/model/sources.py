"""What was found in a workspace: the bytes of its files, or why there are none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias


class Unreadable(NamedTuple):
    """A file that is there and cannot be used; it is an error only where something needs the file."""

    message: str  # what is wrong with it, without the file's name
    help: str  # what to do about it


SETTINGS = "kgen.yaml"  # it marks the root of a workspace
FOLDERS = ("experiments", "overlays", "environments", "lib")  # of a workspace, that kgen reads
MOST_BYTES = 16 << 20  # of one file

Sources: TypeAlias = Mapping[str, bytes | Unreadable]
"""Files by their path from the workspace root, `/` on every system."""
