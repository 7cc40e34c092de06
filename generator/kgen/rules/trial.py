"""KG50x: the trial template, its placeholders and what fills them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from kgen.katib.generation import META_FIELDS, meta_of
from kgen.katib.v1beta1 import NAS_ASSIGNMENTS, PLACEHOLDER, PLACEHOLDER_HEAD, TEMPLATE, TRIAL
from kgen.model.diagnostic import Edit, EditKind, Effect, Finding
from kgen.model.node import FieldPath
from kgen.model.values import mapping, text
from kgen.model.words import suggestion
from kgen.rules.reading import mend, path_to
from kgen.rules.rule import rule
from kgen.rules.subject import Subject
from kgen.rules.traits import odd_in

_VALIDATOR = "katib pkg/webhook/v1beta1/experiment/validator/validator.go"
_GENERATOR = "katib pkg/controller.v1beta1/experiment/manifest/generator.go"
_PARAMETERS = (*TEMPLATE, "trialParameters")

_JSON = json.JSONEncoder(ensure_ascii=False, default=str)
_NEVER_FOUND = re.compile(r'[&<>"\\\x00-\x1f\u2028\u2029]')  # what Go's JSON writes in another way


@rule("KG501", Effect.REJECTED, _VALIDATOR, when=odd_in("template", "entries"))
def template_is_complete(subject: Subject) -> Iterator[Finding]:
    """trialTemplate has a primaryContainerName, trialParameters, and one source: trialSpec or configMap.

    The webhook refuses a template without one of them, and one with two sources.

    Bad:  `trialTemplate: {trialSpec: {…}, configMap: {…}}`
    Good: `trialTemplate: {primaryContainerName: main, trialParameters: […], trialSpec: {…}}`
    """
    given = subject.template
    if not text(given.get("primaryContainerName")):
        help_ = mend(subject, "name the training container in `trial.container`", "name the training container in it")
        yield _lacks(TEMPLATE, "primaryContainerName", help_)
    if not given.get("trialParameters"):
        yield _lacks(TEMPLATE, "trialParameters", "let at least one parameter reach the trial")
    spec, config = given.get("trialSpec"), given.get("configMap")
    if spec is not None and config is not None:
        yield Finding(
            path=(*TEMPLATE, "configMap"),
            related=(TRIAL,),
            message="trialTemplate has both a trialSpec and a configMap",
            help="keep one of the two",
        )
    elif config is not None:
        for key in ("configMapName", "configMapNamespace", "templatePath"):
            if not mapping(config).get(key):
                help_ = mend(subject, "write `name`, `namespace` and `path` of `trial.configMap`", f"add `{key}`")
                yield _lacks((*TEMPLATE, "configMap"), key, help_)
    elif spec is None:
        help_ = mend(subject, "name a ConfigMap in `trial.configMap`", "name a ConfigMap in `configMap`")
        yield _lacks(TEMPLATE, "trialSpec", f"describe the trial, or {help_}")


def _lacks(path: FieldPath, key: str, help_: str) -> Finding:
    return Finding(path=(*path, key), message=f"{path[-1]} has no {key}", help=help_)


@rule("KG502", Effect.REJECTED, _VALIDATOR, when=odd_in("template"))
def conditions_are_given(subject: Subject) -> Iterator[Finding]:
    """successCondition and failureCondition are given, by Katib's default or by the author.

    Katib has defaults for Job, TrainJob, TFJob, PyTorchJob, XGBoostJob and MPIJob. For any other
    kind, and for a template in a ConfigMap, the webhook refuses a template without them.

    Bad:  `template: {kind: RayJob, …}`
    Good: the same with `successCondition` and `failureCondition` beside it
    """
    given = subject.template
    if not given:
        return
    missing = [key for key in ("successCondition", "failureCondition") if not given.get(key)]
    if missing:
        kind = text(mapping(given.get("trialSpec")).get("kind"))
        yield Finding(
            path=(*TEMPLATE, missing[0]),
            message=f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing, and Katib has no "
            f"default for {f'kind {kind}' if kind else 'a template in a ConfigMap'}",
            help=f"write {' and '.join(mend(subject, f'`trial.{key}`', f'`{key}`') for key in missing)}: "
            'for instance `status.conditions.#(type=="Succeeded")#|#(status=="True")#`',
        )


@rule("KG503", Effect.REJECTED, _VALIDATOR, when=odd_in("object"))
def trial_has_no_name(subject: Subject) -> Iterator[Finding]:
    """The trial's object has no name and no namespace.

    Katib gives each trial its own, and the webhook refuses a template that has one.

    Bad:  `template: {kind: Job, metadata: {name: train}, …}`
    Good: `template: {kind: Job, metadata: {labels: {team: vision}}, …}`
    """
    metadata = mapping(subject.trial.get("metadata"))
    for key in ("name", "namespace"):
        if text(metadata.get(key)):  # what is no text, Go's reader takes for none
            yield Finding(
                path=(*TRIAL, "metadata", key),
                message=f"trialSpec has metadata.{key} `{metadata[key]}`: Katib gives each trial its own",
                help=f"remove `{key}` from the trial's metadata",
                fix=(Edit(EditKind.REMOVE, (*TRIAL, "metadata", key)),),
            )


@rule("KG504", Effect.REJECTED, _VALIDATOR, when=odd_in("template"))
def trial_has_a_kind(subject: Subject) -> Iterator[Finding]:
    """The trial's object has an apiVersion and a kind.

    Without a kind the API server cannot even read the Experiment.

    Bad:  `template: {spec: {…}}`
    Good: `template: {apiVersion: batch/v1, kind: Job, spec: {…}}`
    """
    spec = subject.template.get("trialSpec")
    if spec is not None:
        for key in ("apiVersion", "kind"):
            if not text(mapping(spec).get(key)):
                where = mend(subject, "in `trial.template`", "in trialSpec")
                yield _lacks(TRIAL, key, f"write the `{key}` of the trial's object {where}")
        version = text(mapping(spec).get("apiVersion"))
        if version.count("/") > 1:  # Go then takes nothing of the object's type, not even its kind
            message = f"`{version}` is no apiVersion: it has {version.count('/')} slashes"
            yield Finding((*TRIAL, "apiVersion"), message, "write GROUP/VERSION, such as batch/v1")


@rule("KG505", Effect.REJECTED, _VALIDATOR, when=odd_in("entries"))
def entries_are_whole(subject: Subject) -> Iterator[Finding]:
    """Every trialParameters entry has a name of its own, without braces, and a reference.

    The webhook refuses any other.

    Bad:  `trialParameters: [{name: lr, reference: lr}, {name: lr, reference: momentum}]`
    Good: `trialParameters: [{name: lr, reference: lr}, {name: momentum, reference: momentum}]`
    """
    seen: dict[str, int] = {}
    for index, name, reference in subject.entries:
        path = (*_PARAMETERS, index)
        if not name or not reference:
            missing = "reference" if name else "name"
            yield Finding((*path, missing), f"entry {index} of trialParameters has no {missing}", f"add a {missing}")
        elif "{" in name or "}" in name:
            message = f"trialParameters name `{name}` holds a brace"
            help_ = mend(subject, "choose a name without { and } with `as`", "choose a name without { and }")
            yield Finding((*path, "name"), message, help_)
        elif seen.setdefault(name, index) != index:
            yield Finding(
                path=(*path, "name"),
                related=((*_PARAMETERS, seen[name], "name"),),
                message=f"two trialParameters are named `{name}`",
                help=mend(
                    subject, "give one of the parameters another name with `as`", "give one of them another name"
                ),
            )


@rule("KG506", Effect.REJECTED, _VALIDATOR, when=odd_in("entries"))
def references_are_unique(subject: Subject) -> Iterator[Finding]:
    """No two trialParameters refer to the same thing.

    The webhook refuses it. One entry can fill any number of placeholders.

    Bad:  `trialParameters: [{name: lr, reference: lr}, {name: rate, reference: lr}]`
    Good: `trialParameters: [{name: lr, reference: lr}]`
    """
    seen: dict[str, int] = {}
    for index, name, reference in subject.entries:
        if reference and seen.setdefault(reference, index) != index:
            yield Finding(
                path=(*_PARAMETERS, index, "reference"),
                related=((*_PARAMETERS, seen[reference], "reference"),),
                message=f"trialParameters `{name}` refers to `{reference}`, as another entry does",
                help="keep one entry and use its placeholder in both places",
            )


@rule("KG507", Effect.REJECTED, _VALIDATOR, when=odd_in("entries"))
def references_exist(subject: Subject) -> Iterator[Finding]:
    """Every reference of trialParameters is a search parameter or metadata of the trial.

    The webhook refuses any other. Metadata is `${trialSpec.Name}`, Namespace, Kind, APIVersion,
    `Labels[key]` or `Annotations[key]`, in capitals as here.

    Bad:  `references: {job: "${trialSpec.name}"}`
    Good: `references: {job: "${trialSpec.Name}"}`
    """
    names = {name for _, name, _, _ in subject.parameters}
    if not names:
        return
    for index, name, reference in subject.entries:
        if not reference or reference in names or meta_of(reference) is not None:
            continue
        meta = "${" in reference
        legal = ", ".join(f"`${{trialSpec.{field}}}`" for field in META_FIELDS[:4])
        yield Finding(
            path=(*_PARAMETERS, index, "reference"),
            message=f"trialParameters `{name}` refers to `{reference}`, which is "
            + ("no metadata that Katib knows" if meta else "no parameter"),
            help=f"write {legal}, `${{trialSpec.Labels[KEY]}}` or `${{trialSpec.Annotations[KEY]}}`"
            if meta
            else suggestion(reference, sorted(names)),
        )


@rule("KG508", Effect.STUCK, _GENERATOR, when=odd_in("entries"))
def metadata_is_there(subject: Subject) -> Iterator[Finding]:
    """A label or annotation that trialParameters refer to is on the trial's object.

    It is looked for in the top-level metadata of trialSpec, not of its pods. The webhook does not
    look; no trial can then be made, and the Experiment is stuck.

    Bad:  `references: {team: "${trialSpec.Labels[team]}"}`
    Good: the same, and `metadata: {labels: {team: vision}}` in the trial
    """
    spec = subject.template.get("trialSpec")
    last: str | None = None  # a key once read stays for later references without one
    for index, name, reference in subject.entries:
        found = meta_of(reference)
        last = last if found is None or found[1] is None else found[1]
        if found is None or found[0] not in ("Labels", "Annotations"):
            continue
        field, key = found[0].lower(), last
        if key is not None and (spec is None or key in mapping(mapping(mapping(spec).get("metadata")).get(field))):
            continue
        what = f"{field} of the trial's object have no `{key}`" if key is not None else f"`{reference}` names no key"
        where = mend(subject, f"trial.metadata.{field}", f"trialSpec.metadata.{field}")
        help_ = f"add it to `{where}`" if key is not None else f"write `${{trialSpec.{found[0]}[KEY]}}`"
        yield Finding((*_PARAMETERS, index, "reference"), f"trialParameters `{name}`: {what}", help_)


@rule("KG509", Effect.STUCK, _GENERATOR, when=odd_in("entries"))
def parameters_are_referenced(subject: Subject) -> Iterator[Finding]:
    """Every search parameter is referenced by trialParameters.

    Katib wants as many entries as the algorithm assigns values. The webhook does not count; no
    trial can then be made, and the Experiment is stuck.

    Bad:  two `parameters`, and one entry in `trialParameters`
    Good: an entry for each of the two
    """
    names = {name: index for index, name, _, _ in subject.parameters}
    if names:
        referenced = {reference for _, _, reference in subject.entries}
        for name, index in names.items():
            if name not in referenced:
                yield Finding(
                    path=("spec", "parameters", index, "name"),
                    related=(_PARAMETERS,),
                    message=f"parameter `{name}` is referenced by no trialParameters entry: no trial can be made",
                    help="refer to it in trialParameters, or remove the parameter",
                )


@rule("KG510", Effect.STUCK, "katib pkg/suggestion/v1beta1/nas", when=lambda traits: traits.nas)
def architecture_is_referenced(subject: Subject) -> Iterator[Finding]:
    """With a nasConfig, trialParameters refer to exactly what the service assigns.

    That is `architecture` and `nn_config` for enas, `algorithm-settings`, `search-space` and
    `num-layers` for darts. With any other set no trial can be made.

    Bad:  `algorithm: enas` with `references: {arch: architecture}`
    Good: `algorithm: enas` with `references: {arch: architecture, config: nn_config}`
    """
    wanted = NAS_ASSIGNMENTS.get(subject.algorithm, ())
    if not wanted or subject.spec.get("nasConfig") is None or subject.spec.get("parameters"):
        return
    own = {reference: index for index, _, reference in subject.entries if meta_of(reference) is None}
    for reference, index in own.items():
        if reference not in wanted:
            message = f"trialParameters refer to `{reference}`, which {subject.algorithm} does not assign"
            where = mend(subject, " in `trial.references`", "")
            help_ = f"refer to {', '.join(f'`{w}`' for w in wanted)}{where}, and to nothing else"
            yield Finding((*_PARAMETERS, index, "reference"), message, help_)
    for reference in wanted:
        if reference not in own:
            message = f"no trialParameters entry refers to `{reference}`, which {subject.algorithm} assigns"
            where = mend(subject, "`trial.references`", "trialParameters")
            yield Finding(_PARAMETERS, message, f"add an entry to {where} that refers to `{reference}`")


@rule("KG511", Effect.REJECTED, _VALIDATOR, when=odd_in("entries"))
def placeholders_match(subject: Subject) -> Iterator[Finding]:
    """The template uses every trialParameters entry, and no placeholder without one.

    The webhook looks for each `${trialParameters.NAME}` in the template's JSON, and refuses what is
    missing on either side. A name with & < > " or a backslash is written differently there and is
    never found.

    Bad:  `command: [train, "--lr=${trialParameters.learningrate}"]` for `learningRate`
    Good: `command: [train, "--lr=${trialParameters.learningRate}"]`
    """
    spec = subject.template.get("trialSpec")
    if not isinstance(spec, dict):
        return
    names = {name: index for index, name, _ in subject.entries if name and "}" not in name and "{" not in name}
    if set(PLACEHOLDER.findall(subject.text)) == set(names) and not any(map(_NEVER_FOUND.search, names)):
        return  # plain names read alike in Python's text of the object
    written = as_go_writes(spec)
    for name, index in names.items():
        if f"${{trialParameters.{name}}}" not in written:
            yield _unused((*_PARAMETERS, index, "name"), name)
        written = written.replace(f"${{trialParameters.{name}}}", "test-value")
    escaped = {as_go_writes(name)[1:-1] for name in names}
    for name in sorted(set(PLACEHOLDER.findall(written)) - escaped):
        yield _unfilled(spec, name, list(names))


def as_go_writes(value: object) -> str:
    """Give the JSON of an object as Go writes it, with the characters of HTML escaped."""
    out = _JSON.encode(value).replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return out.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _unused(path: FieldPath, name: str) -> Finding:
    shown = f"${{trialParameters.{name}}}"
    if _NEVER_FOUND.search(name):
        message = f"{shown} is never found: its name holds one of & < > quote backslash, or a control character"
        return Finding(path, message, "give the entry a plain name: letters, digits, dots, dashes")
    return Finding(path, f"{shown} is nowhere in trialSpec", f"write {shown} in the trial, or remove the entry")


def _unfilled(spec: dict[str, Any], name: str, names: list[str]) -> Finding:
    """Say that nothing fills a placeholder; a quote in its name ends the text it is in."""
    if name[0] != "}" and '"' in name.replace('\\"', ""):
        shown = PLACEHOLDER_HEAD + name[: name.index('"')]
        help_ = "write the closing brace: ${trialParameters.NAME}"
        return Finding((*TRIAL, *path_to(shown, spec)), f"`{shown}` has no closing brace", help_)
    shown = f"${{trialParameters.{name}}}" if name[0] != "}" else "${trialParameters.}"
    return Finding(
        path=(*TRIAL, *path_to(shown, spec)),
        message=f"{shown} is filled by no trialParameters entry",
        help=suggestion(name, names) if names else "declare the parameter in trialParameters",
    )


RULES = (
    template_is_complete,
    conditions_are_given,
    trial_has_no_name,
    trial_has_a_kind,
    entries_are_whole,
    references_are_unique,
    references_exist,
    metadata_is_there,
    parameters_are_referenced,
    architecture_is_referenced,
    placeholders_match,
)
