"""What was found in a workspace: the bytes of its files, or why there are none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple, TypeAlias


class Unreadable(NamedTuple):
    """A file that is there and cannot be used; it is an error only where something needs the file."""

    message: str  # what is wrong with it, without the file's name
    help: str  # what to do about it


SETTINGS = "kgen.yaml"  # it marks the root of a workspace
FOLDERS = ("experiments", "overlays", "environments", "lib")  # of a workspace, that kgen reads
MOST_BYTES = 16 << 20  # of one file

SCRIPTS = ".py"
SCRIPT_PATH = r"(?!/|\.)[^\s\"'#,{}\[\]\\:]+\.py"  # of a script that a spec names, from the root
_SCRIPT = re.compile(rb"""script["']?\s*:\s*["']?(""" + SCRIPT_PATH.encode() + rb""")(?![\w./])""")

Sources: TypeAlias = Mapping[str, bytes | Unreadable]
"""Files by their path from the workspace root, `/` on every system."""


def scripts_named(sources: Sources) -> list[str]:
    """Give the paths that stand behind a key `script` in any file; they are read besides what is in FOLDERS."""
    found = set()
    for data in sources.values():
        if isinstance(data, bytes) and b".py" in data:
            found |= {each[1].decode("utf-8", "replace") for each in _SCRIPT.finditer(data)}
    return sorted(path for path in found - sources.keys() if ".." not in path.split("/"))
