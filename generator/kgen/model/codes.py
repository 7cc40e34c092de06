"""The codes of what stops kgen before any rule is asked; each is stable for ever.

Rules have their codes beside them, in `kgen.rules`.
"""

from __future__ import annotations

from typing import NamedTuple

from kgen.model.diagnostic import Effect, Severity


class Page(NamedTuple):
    """What the catalogue says of a code that is no rule's."""

    headline: str  # what is wrong
    why: str
    mend: str
    effect: Effect = Effect.UNREADABLE
    severity: Severity = Severity.ERROR


CODES = {
    "KG001": Page(
        "The YAML is broken, or in a form that a value on the command line cannot have.",
        "Nothing after the place that is named can be read. Often it is a tab in the indentation, a bracket or a "
        "quote that is not closed, or a text that begins with a character that YAML keeps for itself.",
        "Correct the line that is named. Quote a text that begins with one of ``@ ` % & * ! | > [ {`` or holds `: `. "
        "After `--set KEY=` write a scalar, `[a, b]` or `{a: b}`.",
    ),
    "KG002": Page(
        "A key stands twice in a mapping.",
        "YAML forbids it. Readers that let it pass take the last of the two in silence, so the other line lies. In a "
        "plain manifest it is a warning, as the API server takes the last one too.",
        "Remove one of the two lines; `see:` names the first.",
    ),
    "KG003": Page(
        "A key is unknown.",
        "A key that nobody reads changes nothing, and is nearly always misspelt or in the wrong place.",
        "Write the key that the help names. `kgen schema KIND` prints what a file may hold.",
    ),
    "KG004": Page(
        "A value is of the wrong kind, or not one of those that are legal.",
        "A list stands where a text is wanted, a number is out of range, or a word is not one of a few. kgen does not "
        "guess what was meant.",
        "Write what the help asks for. A text that looks like a number or like true or false goes in quotes.",
    ),
    "KG005": Page(
        "A file holds no document, or several where one is read.",
        "A spec, an overlay and an environment are one document a file: the file's name is its name.",
        "Write one document. Move each other one to a file of its own, and remove a file that is empty.",
    ),
    "KG006": Page(
        "A file is not UTF-8 text.",
        "Kubernetes reads UTF-8 and nothing else, and YAML has no place for control characters.",
        "Save the file as UTF-8. A control character that is meant goes into double quotes as its escape.",
    ),
    "KG007": Page(
        "A file is larger, deeper or expands to more than kgen reads.",
        "The limits lie far above what a person writes; they keep a hostile or a broken file from eating the machine.",
        "Split the file, or write aliases out that stand for much.",
    ),
    "KG008": Page(
        "YAML that these files have no use for: tags, odd keys, aliases of themselves, templates, octal numbers.",
        "Each of them is read in one way by kgen and in another by some other program, or is a template that nobody "
        "has filled in.",
        "Write the value out. Quote a number with a leading zero if it is a text. What differs between environments "
        "goes into an overlay, and what must be computed into a `.jsonnet` file.",
    ),
    "KG009": Page(
        "Jsonnet fails, asks for something outside the workspace, or exceeds its limits.",
        "A `.jsonnet` file sees the files of its workspace and the name of the environment: no network, no other "
        "file, a bounded stack, time and memory.",
        "Correct the line that is named; copy what it imports below `lib/`.",
    ),
    "KG010": Page(
        "A file or the workspace cannot be read.",
        "A path is missing, is no file, leads out of the workspace, or may not be read by this user.",
        "Check the path and who may read it. `--root` names the folder of a workspace.",
    ),
    "KG011": Page(
        "A key is missing.",
        "What the key says cannot be guessed, so there is nothing to work with.",
        "Add the key that the message names.",
    ),
    "KG012": Page(
        "A folder cannot be written, or somebody else's file is in the way.",
        "A folder is replaced as a whole or not at all, and kgen overwrites no file that it did not write.",
        "Move the file that is named, or give another folder with `-o`.",
    ),
    "KG013": Page(
        "A --set sets nothing.",
        "The path before the `=` is empty or broken.",
        "Write `--set trials.max=3`: keys of the spec with dots between them.",
    ),
    "KG014": Page(
        "A suppression silences nothing.",
        "What it was written for is mended, or stands on another line. Left in place it would hide the next finding "
        "of its code without anybody having looked at it. It is reported where the rule that it names was asked.",
        "Remove the code from the comment, or the whole comment. A comment at the end of a line speaks of that line; "
        "one on a line of its own speaks of the next line that is no comment.",
    ),
    "KG015": Page(
        "A suppression cannot be understood.",
        "It has no reason, names a code that does not exist or one that cannot be silenced, or is not in the form "
        "that kgen reads. It silences nothing until it is mended.",
        "Write `# kgen: ignore[KG402] the reason`, with several codes separated by commas; for a whole file write "
        "`# kgen: ignore-file[KG402] the reason` above its first value.",
    ),
    "KG016": Page(
        "A team's own rules cannot be loaded.",
        "No installed package has an entry point of that name in the group `kgen.rules`, it cannot be imported, or "
        "what it lists is no rule. Findings that a team counts on would be missing without a word.",
        "Install the package in the same environment as kgen, and mend what the message names; docs/own-rules.md says "
        "how such a package is made.",
    ),
    "KG017": Page(
        "A revision cannot be read from Git.",
        "What a change is compared with is taken from the repository's history, without checking it out. The name may "
        "be that of no commit, the clone may not hold it, or Git may refuse to look into the repository.",
        "Name a branch, a tag or a commit that this clone holds, or do what the message says.",
    ),
    "KG018": Page(
        "A parameter of the Argo CD plugin cannot be used.",
        "What an Application asks of the plugin is not in the form that Argo CD writes, speaks of something that the "
        "plugin does not know, or contradicts the Application's path. Guessing could apply another environment.",
        "Mend `plugin.parameters` or `plugin.env` in the Application's source; docs/plugin.md lists what there is.",
    ),
    "KG101": Page(
        "A file that is named is not there.",
        "An environment names an experiment, an overlay or a manifest that the workspace does not have.",
        "Mend the name, or add the file. Names are given without folder and ending.",
    ),
    "KG102": Page(
        "One name has two files.",
        "`NAME.yaml` and `NAME.jsonnet`, or the like, stand side by side, and nothing says which one is meant.",
        "Keep one of the two.",
    ),
    "KG103": Page(
        "Environments extend each other in a circle.",
        "None of them could be laid first.",
        "Take one `extends` out of the circle; what several share goes into an environment that extends none of them.",
    ),
    "KG104": Page(
        "Two layers disagree about what a value is: a list over a mapping, say.",
        "Laying one over the other would lose the lower one whole, and which of the two is wrong cannot be told.",
        "Write both in the same form. To replace the lower value delete it with `null` in a layer between.",
    ),
    "KG105": Page(
        "Two keys exclude each other.",
        "Both say the same thing, or one makes the other meaningless.",
        "Keep one of the two.",
    ),
    "KG106": Page(
        "One name stands for two things.",
        "Two entries of a list that is addressed by name, two experiments of an environment, or two Applications of "
        "Argo CD have one name.",
        "Rename one, or remove it.",
    ),
    "KG107": Page(
        "An overlay touches nothing: its match hits no experiment, or a null deletes what nobody set.",
        "A layer without effect is a misspelt name far more often than a wish.",
        "Mend the name in `match` or beside the `null`; where it is meant, add `optional: true` to `match`.",
    ),
    "KG108": Page(
        "An image or a registry that is to be renamed is used nowhere.",
        "The name is compared letter by letter with the images of the environment, and none has it.",
        "Mend the name, remove it, or add `optional: true` to `registry`.",
    ),
    "KG109": Page(
        "A patch has no target.",
        "No object of the environment has the kind and the name that `target` asks for.",
        "Mend `target`; names are those of the finished object.",
    ),
    "KG110": Page(
        "A patch does not fit its target.",
        "Its path leads to a field that is not there, or its `test` does not hold. A patch makes no fields on the way.",
        "Mend the path. `kgen explain ENV/EXPERIMENT` lists the fields that there are.",
    ),
    "KG111": Page(
        "A manifest among the resources is no Kubernetes object.",
        "It has no `apiVersion`, `kind` or `metadata.name`, so that no cluster would know what to do with it.",
        "Add the three, or take the file out of the list.",
    ),
    "KG112": Page(
        "A manifest is for another namespace than its environment.",
        "Everything that an environment renders goes to its one namespace.",
        "Remove `metadata.namespace`, or move the manifest to the environment of that namespace.",
    ),
    "KG113": Page(
        "Two objects go to one file.",
        "Files are named after their objects, and one would overwrite the other.",
        "Rename one of the two objects.",
    ),
    "KG114": Page(
        "An environment renders to nothing.",
        "Argo CD would take an empty folder as the wish to delete all that is there.",
        "Add `experiments`; where nothing is meant, say so with `--allow-empty`.",
    ),
    "KG115": Page(
        "A secret is said in two ways, or not completely.",
        "An existing Secret, an ExternalSecret, a SealedSecret and a file of SOPS exclude each other, each has keys it "
        "needs, and a trial can read no key that the Secret does not have.",
        "Keep one of them, with the keys that the message names.",
    ),
    "KG116": Page(
        "A file of SOPS is not encrypted, or stands where it would be applied as it is.",
        "What SOPS did not encrypt stands in Git for everybody. And no part of a cluster decrypts such a file: in the "
        "folder that Argo CD applies it makes the sync fail.",
        "Encrypt the file, and name it under `secrets: {NAME: {sops: FILE}}`; docs/secrets.md says how it is applied.",
    ),
    "KG117": Page(
        "A SealedSecret goes where it cannot be decrypted.",
        "The namespace is part of the ciphertext, and with scope `strict` the name is too. One ciphertext of such a "
        "scope works in one namespace; elsewhere the controller refuses it and the Secret never appears.",
        "Seal it again for each environment, or with `--scope cluster-wide`.",
    ),
    "KG118": Page(
        "Environments say different things where the workspace needs one.",
        "An ApplicationSet lists the folders of one repository at one revision, and makes its Applications in one "
        "namespace; an app of apps reads one folder.",
        "Say in `kgen.yaml` which one is meant, or write the same in every environment.",
    ),
    "KG119": Page(
        "Two environments render the same object of the same cluster.",
        "Two Applications of Argo CD would own it: each sync of one undoes the other's, both carry a warning "
        "(SharedResourceWarning), and pruning by one deletes it for both.",
        "Give the environments different namespaces or clusters, or render the object in one of them only.",
        Effect.DRIFT,
    ),
    "KG201": Page(
        "Something is missing when all layers are laid.",
        "No layer says it and Katib has no default for it.",
        "Add what the message names to the spec, or to a layer over it.",
    ),
    "KG202": Page(
        "A template and the short form say the same thing.",
        "`trial.template` is the whole trialSpec, so keys such as `image` beside it would have no place.",
        "Say it in the template, or drop the template.",
    ),
    "KG203": Page(
        "The trial's kind has no place for a setting.",
        "Its pods are made elsewhere, so nothing in the trial can carry the setting.",
        "Remove the setting for this kind, or set it where the pods of the kind are described.",
    ),
    "KG204": Page(
        "The trial's kind is unknown.",
        "kgen must know where the pod templates of a kind are.",
        "Mend the name, or describe the kind under `trialKinds` in `kgen.yaml`.",
    ),
    "KG205": Page(
        "A placeholder stands for no parameter.",
        "The trial would get the text of the placeholder itself.",
        "Mend its name, add the parameter, or add a reference under `trial.references`.",
    ),
    "KG206": Page(
        "A parameter reaches no trial, or its flag is not used.",
        "Katib would vary a value that no trial ever sees.",
        "Place `${trialParameters.NAME}` in the trial, or take `flag: false` away.",
    ),
    "KG207": Page(
        "The target's Katib does not know a field yet.",
        "The field came with a later version; the cluster's API server would drop it in silence.",
        "Remove it, or raise `target: {katib: …}` once the cluster is upgraded.",
    ),
    "KG589": Page(
        "The flags of the script that `trial.script` names are not, or not all, known.",
        "The script is not in the workspace, is not Python that can be read, or takes its flags from something else "
        "than argparse. Or some of them have names that are reckoned, or are added by another module. kgen reads the "
        "source and runs nothing; what it cannot know it does not object to, so a mistake in the command goes by.",
        "Mend the path, which starts at the workspace's root. Where the script is right as it is, check the command by "
        "hand, and silence this code with that reason; or remove `trial.script`.",
        Effect.ADVICE,
        Severity.WARNING,
    ),
    "KG802": Page(
        "Argo CD and a Profile both want to make the namespace.",
        "The controller of Profiles refuses a namespace that was there before it.",
        "Remove `createNamespace`.",
        Effect.DRIFT,
    ),
    "KG803": Page(
        "The Namespace lacks Katib's label.",
        "Katib does its work only in namespaces that have the label.",
        "Add `katib.kubeflow.org/metrics-collector-injection: enabled` to its labels.",
        Effect.REJECTED,
    ),
    "KG809": Page(
        "A committed Experiment is given another search under its old name.",
        "Katib lets nothing of an Experiment be edited but its three counts, so the sync would fail and the old search "
        "go on. `kgen render` writes no such manifest over one that Git's HEAD holds; outside a repository the one on "
        "disk counts. A manifest that was rendered for Katib 0.17 counts as changed by `distribution`, which later "
        "versions write: an Experiment that was stored without it cannot be updated at all.",
        "Set `naming: hashed`, or give the Experiment a new `name`. To run it anew under its name, delete the old one "
        "in the cluster, which loses its trials and their metrics, and render with `--accept-recreate`. While "
        'Experiments of Katib 0.17 run, keep `target: {katib: "0.17"}` in their environment.',
        Effect.REJECTED,
    ),
}

_READING = ("KG0", "KG1", "KG2")  # of CODES; a rule's code may begin with KG2 too
_OF_WRITING = ("KG809",)  # said of a file that is written, which is accepted on the command line


def can_be_silenced(code: str) -> bool:
    """Whether a finding of this code may be turned off: not where kgen could not make anything of the input."""
    return code not in CODES or not code.startswith((*_READING, *_OF_WRITING))
