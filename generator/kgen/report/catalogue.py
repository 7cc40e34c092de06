"""Every code, for people: a list, a page each, and all of it as one document."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from textwrap import fill
from typing import Any, NamedTuple, Protocol

from kgen.model.codes import Page, can_be_silenced
from kgen.model.diagnostic import Effect, Severity

EFFECTS = {
    Effect.UNREADABLE: "kgen itself can make nothing of the input",
    Effect.REJECTED: "the API server or Katib's webhook refuses the object",
    Effect.FAILED: "admitted; a service refuses it and the Experiment fails",
    Effect.STUCK: "admitted; never makes progress, never says so",
    Effect.NO_POD: "a trial's object or pod is refused or never starts",
    Effect.NO_METRICS: "trials run, the objective never arrives",
    Effect.DRIFT: "Git and cluster never agree, or a sync cannot succeed",
    Effect.ADVICE: "it works; kgen minds",
}
_FAMILIES = {
    "KG0": "Reading",
    "KG1": "Layers",
    "KG2": "Structure",
    "KG3": "Search",
    "KG4": "Parameters",
    "KG5": "Trial",
    "KG6": "Metrics",
    "KG7": "Budget and names",
    "KG8": "GitOps",
    "KG9": "Security",
}
_OWN = "Rules of a team's own"
_EXAMPLE = re.compile(r"^(Bad|Good):[ ]+", re.MULTILINE)


class Described(Protocol):
    """A rule of any kind, as far as the catalogue looks at it."""

    @property
    def code(self) -> str: ...
    @property
    def severity(self) -> Severity: ...
    @property
    def effect(self) -> Effect: ...
    @property
    def source(self) -> str: ...
    @property
    def check(self) -> Any: ...
    @property
    def docs(self) -> str: ...


class Entry(NamedTuple):
    """A code, as the catalogue says it."""

    code: str
    name: str  # for programs: BoundsInOrder
    severity: Severity
    effect: Effect
    headline: str  # of a rule: what holds when all is well; else what is wrong
    why: str
    mend: str  # "" where the examples say it
    bad: str
    good: str
    source: str  # the upstream file that a rule mirrors, or "kgen"


def entries(rules: Iterable[Described], codes: Mapping[str, Page]) -> tuple[Entry, ...]:
    """Give all entries in the order of their codes, those of a team's own last."""
    found = [*map(_of_rule, rules), *(_of_page(code, page) for code, page in codes.items())]
    return tuple(sorted(found, key=lambda entry: (not entry.code.startswith("KG"), entry.code)))


def _of_rule(rule: Described) -> Entry:
    headline, _, rest = inspect.cleandoc(rule.docs).partition("\n")
    why, *examples = _EXAMPLE.split(rest)
    said = dict(zip(examples[::2], examples[1::2], strict=False))
    called = str(getattr(rule.check, "__name__", ""))
    name = headline if called in ("", "check", "<lambda>") else called
    return Entry(
        rule.code,
        _pascal(name.replace("_", " ")),
        rule.severity,
        rule.effect,
        headline or rule.code,
        why.strip(),
        "",
        said.get("Bad", "").strip(),
        said.get("Good", "").strip(),
        rule.source,
    )


def _of_page(code: str, page: Page) -> Entry:
    name = _pascal(re.split("[:;,]", page.headline)[0])
    return Entry(code, name, page.severity, page.effect, page.headline, page.why, page.mend, "", "", "kgen")


def _pascal(words: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", words))


def listing(listed: Iterable[Entry]) -> str:
    """Write one line an entry."""
    return "".join(f"{e.code:6} {e.severity:8} {e.effect:11} {e.headline}\n" for e in listed)


def explain(entry: Entry) -> str:
    """Write the page of one entry, for a terminal."""
    parts = [f"{entry.code}: {entry.headline}", f"{entry.severity}; {entry.effect}: {EFFECTS[entry.effect]}"]
    parts += [_wrapped(text) for text in (entry.why, entry.mend) if text]
    examples = [f"{label}  {text}" for label, text in (("Bad: ", entry.bad), ("Good:", entry.good)) if text]
    parts += ["\n".join(examples)] if examples else []
    return "\n\n".join([*parts, f"Source: {entry.source}", silencing(entry.code)]) + "\n"


def _wrapped(text: str) -> str:
    """Break a paragraph that is one line; the page of a rule is broken where its author broke it."""
    return text if "\n" in text else fill(text, 100, break_long_words=False, break_on_hyphens=False)


def silencing(code: str) -> str:
    """Say how a code is silenced."""
    if not can_be_silenced(code):
        return "It cannot be silenced: without a mend there is nothing that could be checked or rendered."
    return (
        "To silence it, always with a reason:\n"
        f"  # kgen: ignore[{code}] the reason        at the end of its line, or on a line above\n"
        f"  # kgen: ignore-file[{code}] the reason   at the head of a file\n"
        f"  lint: {{ignore: [{{rule: {code}, reason: …}}]}}   in kgen.yaml, for all files"
    )


def as_json(entry: Entry) -> dict[str, object]:
    """Give an entry for programs."""
    return {
        "code": entry.code,
        "name": entry.name,
        "severity": entry.severity.value,
        "effect": entry.effect.value,
        "effectMeans": EFFECTS[entry.effect],
        "headline": entry.headline,
        "why": entry.why,
        "mend": entry.mend,
        "bad": entry.bad,
        "good": entry.good,
        "source": entry.source,
        "silenceable": can_be_silenced(entry.code),
    }


def markdown(entry: Entry) -> str:
    """Write what an entry says, without its code."""
    examples = [f"- {label}: {text}" for label, text in (("Bad", entry.bad), ("Good", entry.good)) if text]
    parts = (f"**{entry.headline}**", entry.why, entry.mend, "\n".join(examples))
    return "\n\n".join(part for part in parts if part)


_HEAD = """\
# What kgen objects to

`kgen rule CODE` prints one entry, `kgen rule KG4` lists a family. A rule says what holds when all is well; an entry of
another code says what is wrong. Only an error stops a render; `kgen lint --fail-on` decides what fails a lint.

The effect is what happens if nobody listens:

| effect | what happens |
|---|---|
{effects}

## Silencing

A finding is silenced by a comment with a reason: at the end of its line, on a line of its own above it, or for a
whole file above its first value. In Jsonnet the comment begins with `//` or `#`; what Jsonnet makes has no lines, so
only the form for a whole file is of use there.

```yaml
# kgen: ignore-file[KG708] a one-off search
spec:
  maxTrialCount: 3 # kgen: ignore[KG705,KG706] a smoke test
```

`kgen.yaml` silences a code, or a family, in all files:

```yaml
lint:
  ignore:
    - {{rule: KG708, reason: all our searches are one-off}}
```

A reason is required (KG015), and a comment that silences nothing is an error (KG014). What kgen cannot read, lay
together or make a manifest of (the codes below whose effect is `unreadable`) cannot be silenced.

## Families

| family | codes |
|---|---|
{families}
"""


def render(rules: Iterable[Described], codes: Mapping[str, Page]) -> str:
    """Write the catalogue as one document."""
    families: dict[str, list[Entry]] = {}
    for entry in entries(rules, codes):
        family = entry.code[:3] if entry.code[:3] in _FAMILIES else _OWN
        families.setdefault(family, []).append(entry)
    effects = "\n".join(f"| `{effect}` | {meaning} |" for effect, meaning in EFFECTS.items())
    contents = "\n".join(_row(family, listed) for family, listed in families.items())
    out = [_HEAD.format(effects=effects, families=contents)]
    for family, listed in families.items():
        out.append(f"## {_title(family)}\n")
        out.extend(_section(entry) for entry in listed)
    return "\n".join(out).rstrip() + "\n"


def _title(family: str) -> str:
    return f"{_FAMILIES[family]} ({family})" if family in _FAMILIES else family


def _row(family: str, listed: Iterable[Entry]) -> str:
    anchor = re.sub(r"[^a-z0-9 -]", "", _title(family).lower()).replace(" ", "-")
    links = " ".join(f"[{entry.code}](#{entry.code.lower()})" for entry in listed)
    return f"| [{_title(family)}](#{anchor}) | {links} |"


def _section(entry: Entry) -> str:
    facts = f"{entry.severity}, {entry.effect}" + (f"; source: {entry.source}" if entry.source != "kgen" else "")
    return f"### {entry.code}\n\n{markdown(entry)}\n\n{facts}\n"
