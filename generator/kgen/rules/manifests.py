"""KG22x: objects beside Experiments, against the types of the target's Kubernetes, and of Argo CD's CRDs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kgen.katib.decode import Flaw, FlawKind, decode
from kgen.katib.types import Type, manifest
from kgen.model.diagnostic import Effect, Finding, Severity
from kgen.model.environment import Target
from kgen.model.node import NOWHERE, make
from kgen.model.values import text
from kgen.rules.flaws import unknown, wrong_type
from kgen.rules.reading import QUANTITY_HELP
from kgen.rules.rule import rule_of_object

_FILLED_IN = re.compile(r"<.+>|\$\{?\w|\{\{")  # a plugin or a pipeline puts the value there later
_WHO = {"argoproj.io": "Argo CD", "bitnami.com": "Sealed Secrets", "external-secrets.io": "External Secrets"}
_API = "kubernetes pkg/apis/core/types.go"


def _read(obj: Mapping[str, Any], target: Target) -> tuple[Type, list[Flaw]] | None:
    """Give an object's type and what is wrong with it; None for a kind whose types are not known.

    What is encrypted with SOPS is another object when it is applied.
    """
    if "sops" in obj:
        return None
    own = manifest(text(obj.get("apiVersion")), text(obj.get("kind")), target.kubernetes)
    return None if own is None else (own, decode(make(obj, NOWHERE), own)[1])


def _who(obj: Mapping[str, Any]) -> str:
    """Name whose types an object is held against."""
    return _WHO.get(text(obj.get("apiVersion")).partition("/")[0], "Kubernetes")


@rule_of_object("KG220", Effect.REJECTED, _API)
def values_of_an_object_fit(obj: Mapping[str, Any], target: Target) -> Iterator[Finding]:
    """Every value of a Secret, a ConfigMap, an Application and their like is of the type that it must have there.

    The API server refuses the object otherwise: a number or a boolean among a ConfigMap's texts, a list for a
    mapping, a size that is no quantity, `data` of a Secret that is not base64.

    Bad:  a ConfigMap with `data: {EPOCHS: 10}`
    Good: a ConfigMap with `data: {EPOCHS: "10"}`
    """
    for flaw in (_read(obj, target) or (None, ()))[1]:
        if flaw.kind is FlawKind.TYPE:
            found = wrong_type(obj, flaw, _who(obj))
            secret = obj.get("kind") == "Secret" and flaw.path[0] in ("data", "stringData")
            if not secret or not _FILLED_IN.search(flaw.found):
                yield _masked(found, flaw) if secret else found
        elif flaw.kind is FlawKind.QUANTITY:
            yield Finding(
                path=flaw.path,
                message=f"`{flaw.path[-1]}: {flaw.found}` is no quantity that Kubernetes can read",
                help=QUANTITY_HELP,
            )


def _masked(found: Finding, flaw: Flaw) -> Finding:
    """What stands in a Secret is not for a log."""
    what = f"`{flaw.path[-1]}` of the Secret is no {flaw.expected}"
    in_base64 = flaw.path[0] == "data"
    help_ = "write the text itself under `stringData`, or its base64 here" if in_base64 else "put it in quotes"
    return found._replace(message=what, help=help_, fix=() if in_base64 else found.fix)


@rule_of_object("KG221", Effect.DRIFT, _API, Severity.WARNING)
def fields_of_an_object_are_known(obj: Mapping[str, Any], target: Target) -> Iterator[Finding]:
    """Every field of a Secret, a ConfigMap, an Application and their like is one that is known in that place.

    The API server drops any other without a word, so what it meant is not done; and Git and cluster never agree.

    Bad:  a PersistentVolumeClaim with `spec: {accessMode: ReadWriteMany}`
    Good: a PersistentVolumeClaim with `spec: {accessModes: [ReadWriteMany]}`
    """
    read = _read(obj, target)
    if read is not None:
        for flaw in read[1]:
            if flaw.kind is FlawKind.UNKNOWN:
                who = _who(obj)
                then = f"{f'{who} {target.kubernetes}' if who == 'Kubernetes' else who} drops it without a word"
                yield unknown(obj, flaw, read[0], (), then)


RULES = (values_of_an_object_fit, fields_of_an_object_are_known)
