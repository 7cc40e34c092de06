"""KG51x: what looks like a placeholder and is none, and values that a template cannot take."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from kgen.katib.v1beta1 import PLACEHOLDER, PLACEHOLDER_HEAD, TEMPLATE, TRIAL
from kgen.model.diagnostic import Effect, Finding, Severity
from kgen.model.values import listed, text
from kgen.rules.reading import mend, path_to
from kgen.rules.rule import rule
from kgen.rules.subject import Subject
from kgen.rules.traits import holds, odd_in
from kgen.rules.trial import as_go_writes

_GENERATOR = "katib pkg/controller.v1beta1/experiment/manifest/generator.go"
_META = re.compile(r"\$\{trialSpec\.[^{}]{0,100}\}")
_GO = re.compile(r"\{\{-?\s*(?:\.|range\b|with\b|if\b|else\b|end\b|template\b)[^{}]{0,200}\}\}")
_NEAR = re.compile(
    r"\$\{trialParameters\}"
    r"|[$#]?\{\{?\s*(?i:trial_?param(?:eter)?s?)[.:][^{}]{0,100}\}\}?"
    r"|\$[([]\s*(?i:trial_?param(?:eter)?s?)[.:][^()\[\]]{0,100}[)\]]"
    r"|\$(?i:trial_?param(?:eter)?s?)\.\w+"
)
_BREAKS = re.compile(r'["\\]')


@rule("KG512", Effect.ADVICE, _GENERATOR, Severity.WARNING, when=holds("${trialSpec."))
def metadata_goes_through_entries(subject: Subject) -> Iterator[Finding]:
    """`${trialSpec.Name}` stands in the reference of a trialParameters entry, not in the template.

    Katib replaces only `${trialParameters.NAME}` in the template. Metadata of the trial gets there by an
    entry that refers to it; written directly, the program gets the text as it is.

    Bad:  `args: ["--name=${trialSpec.Name}"]`
    Good: `args: ["--name=${trialParameters.trialName}"]`, and an entry with the reference `${trialSpec.Name}`
    """
    if "${trialSpec." not in subject.text:
        return
    for shown in sorted(set(_META.findall(subject.text))):
        yield Finding(
            path=(*TRIAL, *path_to(shown, subject.trial)),
            message=f"`{shown}` in the template is not replaced: only ${{trialParameters.NAME}} is",
            help=mend(
                subject,
                f'add `trialName: "{shown}"` to `trial.references` and write `${{trialParameters.trialName}}` here',
                f'add `{{name: trialName, reference: "{shown}"}}` to trialParameters and write '
                "`${trialParameters.trialName}` here",
            ),
        )


@rule("KG513", Effect.ADVICE, _GENERATOR, Severity.WARNING, when=holds("{{"))
def no_go_template_is_left(subject: Subject) -> Iterator[Finding]:
    """No Go template is left in the trial.

    Katib filled `{{.Trial}}` and its like until v1alpha3. Since v1beta1 it fills ${trialParameters.NAME}
    alone, and says nothing of the rest: the trial gets it as it is.

    Bad:  `args: ["--name={{.Trial}}"]`
    Good: `args: ["--name=${trialParameters.trialName}"]`, and an entry with the reference `${trialSpec.Name}`
    """
    if "{{" not in subject.text:
        return
    for shown in sorted(set(_GO.findall(subject.text))):
        yield Finding(
            path=(*TRIAL, *path_to(shown, subject.trial)),
            message=f"`{shown}` is a Go template, which nothing fills: the trial gets it as it is",
            help="write ${trialParameters.NAME} in its place, with an entry of trialParameters for NAME",
        )


@rule("KG514", Effect.ADVICE, _GENERATOR, Severity.WARNING, when=odd_in("entries"))
def placeholders_are_spelt_right(subject: Subject) -> Iterator[Finding]:
    """A placeholder is written `${trialParameters.NAME}`, letter by letter.

    Anything near to it is not seen by the webhook and not replaced: the trial gets it as it is.

    Bad:  `args: ["--lr=${trialParameter.lr}"]`
    Good: `args: ["--lr=${trialParameters.lr}"]`
    """
    folded = subject.text.lower().replace("_", "")
    if folded.count("trialparam") == subject.text.count(PLACEHOLDER_HEAD):
        return
    for found in sorted(set(_NEAR.findall(subject.text))):
        if PLACEHOLDER.fullmatch(found) is None:
            name = re.split(r"[.:]", found.strip("${}()[] #"), maxsplit=1)[-1].strip()
            good = f"${{trialParameters.{name if '.' in found or ':' in found else 'NAME'}}}"
            yield Finding(
                path=(*TRIAL, *path_to(found, subject.trial)),
                message=f"`{found}` is no placeholder: Katib replaces only the exact form ${{trialParameters.NAME}}",
                help=f"write `{good}`",
            )


@rule("KG515", Effect.ADVICE, "kgen", Severity.INFO, when=odd_in("template"))
def template_is_in_the_manifest(subject: Subject) -> Iterator[Finding]:
    """The trial's template is in the Experiment, where it is reviewed and checked.

    A template in a ConfigMap is read for each trial anew: its change changes a running Experiment, and
    nothing here can look into it. That it holds every `${trialParameters.NAME}` is for its author to see.

    Bad:  `configMap: {configMapName: trial-templates, configMapNamespace: kubeflow, templatePath: a.yaml}`
    Good: `trialSpec: {apiVersion: batch/v1, kind: Job, …}`
    """
    config = subject.template.get("configMap")
    if isinstance(config, dict) and subject.template.get("trialSpec") is None:
        names = [f"${{trialParameters.{name}}}" for _, name, _ in subject.entries if name]
        where = f"{text(config.get('configMapNamespace'))}/{text(config.get('configMapName'))}"
        yield Finding(
            path=(*TEMPLATE, "configMap"),
            message=f"the template is in ConfigMap {where}: it is not checked here, and can change under a running "
            "Experiment",
            help=mend(subject, "write it as `trial.template`", "write it as `trialSpec`")
            + (f", or see to it that it holds {', '.join(names)} and no other placeholder" if names else ""),
        )


@rule("KG516", Effect.STUCK, _GENERATOR, when=odd_in("space"))
def values_leave_the_template_whole(subject: Subject) -> Iterator[Finding]:
    """Values of the search leave the template readable.

    Katib puts a value into the template's JSON as it is, without escaping. A quote or a backslash in it
    can break the JSON; then no trial is made, and the Experiment is stuck.

    Bad:  `list: ['{"a": 1}', '{"a": 2}']`
    Good: `list: ["{'a': 1}", "{'a': 2}"]`
    """
    for index, name, _, space in subject.parameters:
        for at, value in enumerate(listed(space["list"]) if "list" in space else ()):
            if isinstance(value, str) and _BREAKS.search(value) and subject.trial:
                entry = next((entry.name for entry in subject.entries if entry.reference == name), None)
                shown = f"${{trialParameters.{entry}}}"
                if entry is not None and _is_broken(as_go_writes(subject.trial).replace(shown, value)):
                    yield Finding(
                        path=("spec", "parameters", index, "feasibleSpace", "list", at),
                        related=((*TRIAL, *path_to(shown, subject.trial)),),
                        message=f"value `{value}` of parameter `{name}` breaks the template: it is put in unescaped",
                        help="use single quotes in it, or let the program look the value up by a plain name",
                    )


def _is_broken(written: str) -> bool:
    """Whether a template is no JSON; YAML knows more escapes, so those are no fault."""
    try:
        json.loads(re.sub(r"\\[aev0N_LP x]", "", written))
    except ValueError:
        return True
    return False


RULES = (
    metadata_goes_through_entries,
    no_go_template_is_left,
    placeholders_are_spelt_right,
    template_is_in_the_manifest,
    values_leave_the_template_whole,
)
