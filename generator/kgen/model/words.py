"""Words for messages: the nearest legal name, a short list of the legal ones."""

from __future__ import annotations

from collections.abc import Iterable

MOST_LISTED = 9  # more names than this are not read, only skipped


def nearest(word: str, legal: Iterable[str]) -> str | None:
    """Give the legal name that `word` was probably meant to be; None where none is near."""
    from difflib import get_close_matches  # noqa: PLC0415 - only an error pays for it

    names = list(legal)
    folded = {name.lower().replace("_", "").replace("-", ""): name for name in names}
    same = folded.get(word.lower().replace("_", "").replace("-", ""))
    if same is not None:
        return same
    close = get_close_matches(word, names, n=1, cutoff=0.6)
    return close[0] if close else None


def suggestion(word: str, legal: Iterable[str]) -> str:
    """Write the help for a name that is not legal: did you mean, or the whole set when it is small."""
    names = list(legal)
    if not names:
        return "there is none here"
    close = nearest(word, names)
    listed = f"one of {', '.join(f'`{n}`' for n in names)}" if len(names) <= MOST_LISTED else ""
    if close is not None:
        return f"did you mean `{close}`?" + (f" It must be {listed}" if listed else "")
    return f"write {listed}" if listed else "see the reference for the names that are known here"
