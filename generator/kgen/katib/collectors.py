"""What the metrics collectors accept.

Read from pkg/webhook/v1beta1/experiment/validator, pkg/metricscollector/v1beta1/file-metricscollector
and katib-config at v0.19.0; expressions are Go's RE2.
"""

from __future__ import annotations

import re

from kgen.katib.v1beta1 import SINCE_DISTRIBUTION, version

STOCK = ("StdOut", "File", "TensorFlowEvent")  # those that katib-config brings an image for
WRAPPING = frozenset(STOCK)  # collectors for which Katib rewrites the training container's command

TWO_GROUPS = re.compile(r".*\(.*\).*\(.*\).*")  # the webhook's test of a filter; it reads the text, not the groups
DEFAULT_NAME = re.compile(r"[A-Za-z0-9_|-]+")  # names that the default filter can find

# Kept as text: only an author's filter pays for their compilation, and `re` keeps what it compiled.
_ESCAPES = r"(?s:\\Q.*?\\E|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\])"
_FOREIGN = (
    (r"\(\?(?:[=!]|<[=!])", "look-around"),
    (r"\(\?>", "an atomic group"),
    (r"[*+?}][+]", "a possessive quantifier"),
    (r"\(\?#", "a comment"),
)
_BACK = r"(?<!\\)(?:\\\\)*\\[1-9]"
_REPEAT = r"\{(\d+)(?:,(\d*))?\}"
_GROUP = r"\((?!\?)|\(\?P?<[A-Za-z_]"
MOST_REPEATS = 1000


def kinds(katib: str) -> tuple[str, ...]:
    """Give the collector kinds that a stock installation of a release admits."""
    return (*STOCK, "Custom", "Push" if version(katib) >= version(SINCE_DISTRIBUTION) else "None")


def foreign(expression: str) -> str | None:
    """Name what RE2 certainly does not know; None where nothing of that kind is seen."""
    if re.search(_BACK, expression):
        return "a back-reference"
    bare = re.sub(_ESCAPES, "x", expression)
    for pattern, what in _FOREIGN:
        if re.search(pattern, bare):
            return what
    for found in re.finditer(_REPEAT, bare):
        if any(len(count) > 4 or int(count) > MOST_REPEATS for count in found.groups() if count):
            return f"a repeat count above {MOST_REPEATS}"
    return None


def groups(expression: str) -> int:
    """Count the groups that capture."""
    return len(re.findall(_GROUP, re.sub(_ESCAPES, "x", expression)))
