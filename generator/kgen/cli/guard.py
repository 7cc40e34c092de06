"""What keeps `kgen render` from committing an edit of a running Experiment that Katib would refuse."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from kgen.cli.history import HEAD, NoGitError, commit_of, read_folders, repository_of
from kgen.cli.workspace import MOST_OF_ALL, read_file
from kgen.codec.manifests import read_manifests
from kgen.katib.admission import admit
from kgen.katib.stored import as_stored
from kgen.katib.updates import immutable_changes, is_aged, refusals
from kgen.model.diagnostic import Diagnostic, Effect, InputError, Related, Severity
from kgen.model.experiment import Expanded, Rendered
from kgen.model.node import FieldPath, Node, Span, get, object_of, path_text, plain

_SHOWN = 6  # fields whose lines are named
_ANEW = (
    "or give the Experiment a new `name`: then the old one is left as it is. Or delete the old one in the cluster, "
    "which loses its trials and their metrics, and render with --accept-recreate"
)
_HASHED = "set `naming: hashed` in the environment"
_AGED = 'keep `target: {katib: "0.17"}` in the environment while the old one is of use'


def recreated(rendered: Rendered, place: Path, names: tuple[str, ...]) -> tuple[Diagnostic, ...]:
    """Find the Experiments that the commit of some files would change where Katib allows no change (KG809).

    Args:
        rendered: what the files hold from now on.
        place: the folder of the files.
        names: those that are written and differ from what is there, or are not there.

    The old version is that of Git's HEAD; what was never committed may change. Without Git, what is there counts.
    """
    causes = {f"{each.name}.yaml": each for each in rendered.experiments}
    asked = tuple(name for name in names if name in causes)
    if not asked:
        return ()
    return tuple(
        found
        for name, data in _committed(place, asked).items()
        if data != rendered.files[name]
        for found in _refused(causes[name], data, place / name, rendered)
    )


def _committed(place: Path, names: tuple[str, ...]) -> Mapping[str, bytes]:
    """Give the files that are committed; without Git, those on disk."""
    start = next(folder for folder in (place, *place.absolute().parents) if folder.is_dir())
    below = os.path.relpath(place, start).replace(os.sep, "/")
    head = "" if below == "." else f"{below}/"
    try:
        repository = repository_of(str(start))
        if repository is not None:
            held = read_folders(repository, commit_of(repository, HEAD), [head + name for name in names])
            return {path.removeprefix(head): data for path, data in held.items() if isinstance(data, bytes)}
    except (NoGitError, InputError):
        pass  # what cannot be asked is taken for committed as it is here
    here = {name: read_file(str(place / name), MOST_OF_ALL) for name in names}
    return {name: data for name, data in here.items() if isinstance(data, bytes)}


def _refused(cause: Expanded, data: bytes, path: Path, rendered: Rendered) -> Iterator[Diagnostic]:
    documents, _ = read_manifests(data, path.as_posix())
    for old in documents:
        if object_of(old) != object_of(cause.manifest):
            continue
        release = rendered.target.katib
        before, after = plain(as_stored(old, rendered.target)), admit(cause.manifest, rendered.target).plain()
        assert isinstance(before, dict)
        for refusal in refusals(before, after, release):
            changed = immutable_changes(before, after, release)
            mend = _AGED if is_aged(before, after, changed) else _HASHED
            message = f"is committed in `{_shown(path)}`: {refusal.reason}"
            yield _diagnostic(cause, changed, message, f"{mend}, {_ANEW}")


def _diagnostic(cause: Expanded, changed: tuple[FieldPath, ...], message: str, help_: str) -> Diagnostic:
    name = object_of(cause.manifest)[2]
    origins = {field: _origin(cause.manifest, field) for field in changed}
    written = {field: span for field, span in origins.items() if span.line}
    first = next(iter(written), changed[0])
    return Diagnostic(
        written.get(first, cause.spec),
        "KG809",
        Severity.ERROR,
        f"Experiment `{name}` {message}",
        help_,
        tuple(Related(span, path_text(field)) for field, span in list(written.items())[:_SHOWN] if field != first),
        Effect.REJECTED,
        path_text(first),
        object_of(cause.manifest),
    )


def _origin(manifest: Node, field: FieldPath) -> Span:
    """Give the line of the layer behind a field; of one that is no more, behind what it was part of."""
    node = get(manifest, *field)
    return _origin(manifest, field[:-1]) if node is None else node.span


def _shown(path: Path) -> str:
    short = os.path.relpath(path).replace(os.sep, "/")
    return path.as_posix() if short.startswith("../") else short
