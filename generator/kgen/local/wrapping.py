"""The command that a trial's container really runs, as Katib's webhook and the kubelet make it.

Read from pkg/webhook/v1beta1/pod/utils.go (wrapWorkerContainer) at v0.19.0, and from
k8s.io/kubernetes/third_party/forked/golang/expansion for `$(NAME)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from kgen.katib.collectors import WRAPPING, folder_of
from kgen.katib.shell import is_recognised

COMPLETED = "completed"  # what the marker holds: pkg/metricscollector/v1beta1/common/const.go
_REFERENCE = re.compile(r"\$(?:\$|\(([^)]*)\))")


def wrapped(words: Sequence[str], kind: str, metrics: str) -> tuple[str, ...]:
    """Wrap command and arguments for a collector; `metrics` is the file or folder that it reads.

    There is no quoting: what the shell splits here, it splits in the cluster. Collectors that read no file leave
    the words as they are. `words` holds one word at least.
    """
    if kind not in WRAPPING:
        return tuple(words)
    shell, rest = (words[:2], words[2:]) if is_recognised(list(words)) else (("sh", "-c"), words)
    redirected = (f"1>{metrics} 2>&1",) if kind == "StdOut" else ()
    folder = metrics if kind == "TensorFlowEvent" else folder_of(metrics)
    marker = f"echo {COMPLETED} > {folder.rstrip('/')}/$$$$.pid"
    return (*shell, " ".join((*rest, *redirected, "&&", marker)))


def expanded(words: Iterable[str], env: Mapping[str, str]) -> tuple[str, ...]:
    """Replace `$(NAME)` as the kubelet does: `$$` becomes `$`, an unknown name stays as it is written."""
    return tuple(_REFERENCE.sub(lambda found: _value(found, env), word) for word in words)


def _value(found: re.Match[str], env: Mapping[str, str]) -> str:
    if found[1] is None:
        return "$"
    return env.get(found[1], found[0])
