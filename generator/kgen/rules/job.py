"""KG52x: a Job as the webhook reads it; KG54x are the pods of any kind."""

from __future__ import annotations

from collections.abc import Iterator

from kgen.katib.decode import Flaw, FlawKind
from kgen.katib.pods import is_job
from kgen.katib.types import job_fields_since, trial
from kgen.katib.v1beta1 import PLACEHOLDER_HEAD, TRIAL
from kgen.model.diagnostic import Edit, EditKind, Effect, Finding
from kgen.rules.flaws import is_filled_later, named, of_trial, unknown, wrong_type
from kgen.rules.reading import QUANTITY_HELP, mend
from kgen.rules.rule import rule
from kgen.rules.subject import Subject
from kgen.rules.traits import flawed, odd_in

_VALIDATOR = "katib pkg/webhook/v1beta1/experiment/validator/validator.go"
_BATCH = "kubernetes pkg/apis/batch/validation/validation.go"
_RESTARTS = ("Never", "OnFailure")
_POD = ("spec", "template", "spec")


def _flaws(subject: Subject, *kinds: FlawKind) -> Iterator[Flaw]:
    """Yield what the webhook finds in a Job; nothing for any other kind, which it does not look at."""
    return of_trial(subject, *kinds) if subject.flaws and is_job(subject.trial) else iter(())


@rule("KG520", Effect.NO_POD, _BATCH, when=odd_in("pods"))
def job_restarts_never_or_on_failure(subject: Subject) -> Iterator[Finding]:
    """A Job's restartPolicy is Never or OnFailure.

    The webhook does not look; Kubernetes refuses the Job of every trial. Left out, it is Always,
    which a Job cannot have.

    Bad:  `restartPolicy: Always`
    Good: `restartPolicy: Never`
    """
    if not is_job(subject.trial):
        return
    for path, pod in subject.pods:
        policy = pod.get("restartPolicy")
        if path == _POD and policy not in _RESTARTS:
            what = f"is `{policy}`" if policy else "is missing, which means Always"
            place = (*TRIAL, *path, "restartPolicy")
            yield Finding(
                path=place,
                message=f"restartPolicy of the Job {what}: Kubernetes takes Never or OnFailure",
                help=mend(subject, "set `trial.restartPolicy: Never`", "write `restartPolicy: Never` in the pod"),
                fix=(Edit(EditKind.SET, place, "Never"),),
            )


@rule("KG521", Effect.REJECTED, _VALIDATOR, when=flawed)
def job_has_no_zero_values(subject: Subject) -> Iterator[Finding]:
    """A Job has no null, and no field written out with the value that it has anyway.

    The webhook turns a batch/v1 Job into Kubernetes' own type and back, and refuses it if anything
    that was written is gone: null, "", false, 0, [] and {} where Go leaves them out. They are
    accepted in pointer fields such as `suspend`, and in structures such as `emptyDir: {}`.

    Bad:  `env: [{name: SEED, value: ""}]`
    Good: `env: [{name: SEED}]`
    """
    for flaw in _flaws(subject, FlawKind.NULL, FlawKind.ZERO):
        key = flaw.path[-1]
        written = f"`{key}: {flaw.found}`" if isinstance(key, str) else f"{named(flaw.path)} as {flaw.found}"
        yield Finding(
            path=flaw.path,
            message=f"the webhook refuses a Job with {written} written out",
            help="leave the field out: it means the same" if isinstance(key, str) else "remove the item",
            fix=(Edit(EditKind.REMOVE, flaw.path),) if isinstance(key, str) else (),
        )


@rule("KG522", Effect.REJECTED, _VALIDATOR, when=flawed)
def job_values_are_of_their_type(subject: Subject) -> Iterator[Finding]:
    """Every value of a Job is of the type that Kubernetes has there.

    The webhook turns a Job into Kubernetes' own type, and cannot with a number or a boolean in
    an environment value, a command, an argument or a label, nor with a text in `backoffLimit`.

    Bad:  `env: [{name: SEED, value: 1}]`
    Good: `env: [{name: SEED, value: "1"}]`
    """
    for flaw in _flaws(subject, FlawKind.TYPE):
        if not is_filled_later(flaw):
            yield wrong_type(subject.given, flaw, "Kubernetes")


@rule("KG523", Effect.REJECTED, _VALIDATOR, when=flawed)
def job_numbers_are_fixed(subject: Subject) -> Iterator[Finding]:
    """No placeholder of a Job stands where Kubernetes has a number or a quantity.

    The webhook fills every placeholder with the text `test-value` and then reads the Job: such a
    field is then no number. A search parameter can be a text of the command, the environment, a label.

    Bad:  `resources: {memory: "${trialParameters.memory}Gi"}`
    Good: `args: ["--memory=${trialParameters.memory}"]`
    """
    for flaw in _flaws(subject, FlawKind.TYPE, FlawKind.QUANTITY):
        if is_filled_later(flaw):
            yield Finding(
                path=flaw.path,
                message=f"`{flaw.path[-1]}: {flaw.found}`: a Job cannot have a placeholder where Kubernetes has "
                f"{'a number' if 'number' in flaw.expected or flaw.kind is FlawKind.QUANTITY else flaw.expected}",
                help="write a fixed value, and hand the parameter to the program instead",
            )


@rule("KG524", Effect.REJECTED, _VALIDATOR, when=flawed)
def job_quantities_are_readable(subject: Subject) -> Iterator[Finding]:
    """The quantities of a Job are Kubernetes quantities, and sizeLimit is in its canonical form.

    The webhook cannot read any other, and refuses a size that the API server would print in another
    way, as 1024Mi for 1Gi. Resources may be written in any form.

    Bad:  `resources: {memory: 4GB}`
    Good: `resources: {memory: 4Gi}`
    """
    for flaw in _flaws(subject, FlawKind.QUANTITY, FlawKind.FORM):
        key = flaw.path[-1]
        if flaw.kind is FlawKind.FORM:
            yield Finding(
                path=flaw.path,
                message=f"the webhook refuses a Job with {key} {flaw.found}: it is written {flaw.expected}",
                help=f'write "{flaw.expected}"',
                fix=(Edit(EditKind.SET, flaw.path, flaw.expected),),
            )
        elif PLACEHOLDER_HEAD not in flaw.found:
            yield Finding(
                path=flaw.path,
                message=f"`{key}: {flaw.found}` is no quantity that Kubernetes can read",
                help=QUANTITY_HELP,
            )


@rule("KG525", Effect.REJECTED, _VALIDATOR, when=flawed)
def job_fields_are_known(subject: Subject) -> Iterator[Finding]:
    """Every field of a Job is one that Kubernetes has in that place.

    The webhook turns a Job into Kubernetes' own type and back, and refuses it if a field was lost on the way:
    misspelt, or one level too high. It knows the Kubernetes that Katib was built with, not that of the cluster.

    Bad:  `containers: [{name: main, image: "mnist:1.0", resource: {limits: {cpu: 2}}}]`
    Good: `containers: [{name: main, image: "mnist:1.0", resources: {limits: {cpu: 2}}}]`
    """
    for flaw in _flaws(subject, FlawKind.UNKNOWN):
        since = job_fields_since(flaw.legal, str(flaw.path[-1]))
        root = trial("batch/v1", "Job", subject.target)
        if since is not None:
            yield Finding(
                path=flaw.path,
                message=f"`{flaw.path[-1]}` came with Kubernetes {since}, which Katib {subject.target.katib} does not "
                "know: the webhook refuses a Job that has it",
                help="remove it, or set it on the pods in another way, such as an admission policy of the cluster",
            )
        elif root is not None:
            yield unknown(subject.given, flaw, root, TRIAL, "the webhook refuses the Job")


RULES = (
    job_restarts_never_or_on_failure,
    job_has_no_zero_values,
    job_values_are_of_their_type,
    job_numbers_are_fixed,
    job_quantities_are_readable,
    job_fields_are_known,
)
