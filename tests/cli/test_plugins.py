"""Rules of a team's own: real distributions, installed in a folder on the path."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kgen.cli import plugins
from kgen.model.diagnostic import Effect, Finding, InputError, Severity
from kgen.model.node import Node, Span
from kgen.pipeline.law import KGENS
from kgen.rules import api
from kgen.rules.own import RuleFailure, guarded
from kgen.rules.rule import Rule, RuleOfAll

EXPERIMENT = """\
apiVersion: kubeflow.org/v1beta1
kind: Experiment
metadata: {name: mnist, namespace: ns}
spec:
  objective: {type: minimize, objectiveMetricName: loss}
  algorithm: {algorithmName: random}
  parallelTrialCount: 1
  maxTrialCount: 3
  maxFailedTrialCount: 1
  parameters:
  - {name: lr, parameterType: double, feasibleSpace: {min: "0.01", max: "0.1"}}
  trialTemplate:
    primaryContainerName: tc
    trialParameters: [{name: lr, reference: lr}]
    trialSpec:
      apiVersion: batch/v1
      kind: Job
      spec:
        template:
          metadata: {labels: {sidecar.istio.io/inject: "false"}}
          spec:
            restartPolicy: Never
            containers:
            - name: tc
              image: registry.example.com/a:1
              command: [python3, train.py, "--lr=${trialParameters.lr}"]
"""
GOOD = '''
from collections.abc import Iterator
from kgen.rules.api import Effect, Finding, Severity, Subject, mapping, rule, rule_of_all

@rule("ACME001", Effect.ADVICE, "acme", Severity.WARNING)
def has_an_owner(subject: Subject) -> Iterator[Finding]:
    """Every Experiment has an owner.

    Bad:  no label `owner`
    Good: `labels: {owner: vision}`
    """
    labels = mapping(mapping(subject.manifest.get("metadata")).get("labels"))
    if "owner" not in labels:
        yield Finding(("metadata", "labels"), "the Experiment has no owner", "add the label `owner: TEAM`")

@rule_of_all("ACME002", Effect.ADVICE, "acme", Severity.INFO)
def few_at_once(subjects):
    """No more than one Experiment at once."""
    for index, subject in list(enumerate(subjects))[1:]:
        yield index, Finding(("metadata", "name"), "one too many", "wait")

RULES = (has_an_owner,)
RULES_OF_ALL = (few_at_once,)
'''
HEAD = """
from kgen.rules.api import Effect, Finding, Severity, rule, rule_of_all
def made(code, effect=Effect.ADVICE, body="yield Finding((), 'x', 'y')", docs="Always."):
    scope = {"Finding": Finding}
    exec(f"def check(subject):\\n    {docs!r}\\n    {body}", scope)
    return rule(code, effect, "acme")(scope["check"])
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that Python imports from."""
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for path in tmp_path.glob("*_rules.py"):
        sys.modules.pop(path.stem, None)


def install(site: Path, name: str, source: str, *, version: str = "1.0", package: str | None = None) -> None:
    """Install a distribution as pip would: its module, and its dist-info."""
    package = package or f"{name}-rules"
    module = f"{package.replace('-', '_')}"
    (site / f"{module}.py").write_text(source, encoding="utf-8")
    info = site / f"{module}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[kgen.rules]\n{name} = {module}\n", encoding="utf-8")


def at(name: str) -> Node:
    """A name as it stands in kgen.yaml."""
    return Node(name, Span("kgen.yaml", 2, 10))


def refused(*names: str) -> list[str]:
    """What is said of packages that cannot be loaded, with the place."""
    with pytest.raises(InputError) as caught:
        plugins.load(map(at, names))
    assert {(d.code, str(d.span), d.severity) for d in caught.value.diagnostics} == {
        ("KG016", "kgen.yaml:2:10", Severity.ERROR)
    }
    return [d.message for d in caught.value.diagnostics]


def test_rules_of_a_package_are_kgens_and_its_own(site: Path) -> None:
    install(site, "acme", GOOD)
    law = plugins.load([at("acme")], ["acme"])
    assert [rule.code for rule in law.rules[len(KGENS.rules) :]] == ["ACME001"]
    assert [rule.code for rule in law.of_all[len(KGENS.of_all) :]] == ["ACME002"]
    assert law.rules[-1].docs.startswith("Every Experiment has an owner.")
    assert {"ACME001", "ACME002", "KG701"} <= law.codes
    (finding,) = law.rules[-1].check(api.subject_of({"metadata": {"name": "mnist"}, "spec": {}}))
    assert finding.message == "the Experiment has no owner"


def test_nothing_is_looked_for_where_nothing_is_asked_for() -> None:
    assert plugins.load([]) == KGENS


def test_a_name_on_the_command_line_has_its_place(site: Path) -> None:
    install(site, "acme", GOOD)
    with pytest.raises(InputError) as caught:
        plugins.load([], ["acne"])
    (problem,) = caught.value.diagnostics
    assert (str(problem.span), problem.help) == ("--rules", "did you mean `acme`? It must be one of `acme`")
    assert problem.message == "no installed package has rules named `acne` (entry point group `kgen.rules`)"


CALLED = "`acme` of acme-rules 1.0"
WRONG = [
    ("import nowhere_at_all", f"the rules {CALLED} cannot be imported: ModuleNotFoundError: No module named "
     "'nowhere_at_all'", "another import is missing"),
    ("raise SystemExit(3)", f"the rules {CALLED} cannot be imported: SystemExit: 3", "it exits"),
    ("x = (", f"the rules {CALLED} cannot be imported: SyntaxError: '(' was never closed (acme_rules.py, line 1)",
     "a broken file"),
    ("ROOLS = ()", f"{CALLED} has no `RULES`", "no RULES"),
    ("RULES = 1", f"`RULES` of {CALLED} is no tuple", "a number"),
    ("RULES = [1]", f"`RULES[0]` of {CALLED} is a int, and no rule", "a number in RULES"),
    ("def check(s): yield\nRULES = (check,)", f"`RULES[0]` of {CALLED} is a function, and no rule", "no decorator"),
    (HEAD + "RULES = made('ACME1')", f"`RULES` of {CALLED} is no tuple", "a rule in place of a tuple"),
    (HEAD + "RULES_OF_ALL = (made('ACME1'),)", f"`RULES_OF_ALL[0]` of {CALLED} is a Rule", "a rule in the wrong tuple"),
    (HEAD + "RULES = (made('acme1'),)", f"`RULES[0]` of {CALLED} has the code 'acme1'", "small letters"),
    (HEAD + "RULES = (made('KG999'),)",
     f"`RULES[0]` of {CALLED} has the code `KG999`, and codes that begin with KG are kgen's", "kgen's letters"),
    (HEAD + "RULES = (made('A1'), made('A1'))",
     f"`RULES[1]` of {CALLED} has the code `A1`, which {CALLED} itself has too", "one code twice"),
    (HEAD + "RULES = (made('A1', 'advice'),)", f"`RULES[0]` of {CALLED} has a severity or an effect that is none",
     "a text for an effect"),
    (HEAD + "RULES = (made('A1', docs=''),)", f"`RULES[0]` of {CALLED} has no page", "no docstring"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "message"), [pytest.param(*row[:2], id=row[2]) for row in WRONG])
def test_what_cannot_be_loaded_is_named(site: Path, source: str, message: str) -> None:
    install(site, "acme", source)
    assert refused("acme") == [message]


def test_every_package_is_looked_at_before_anything_is_said(site: Path) -> None:
    install(site, "acme", HEAD + "RULES = (made('A1'),)")
    install(site, "other", HEAD + "RULES = (made('A1'), made('KG1'))")
    assert refused("acme", "other", "third") == [
        "`RULES[0]` of `other` of other-rules 1.0 has the code `A1`, which `acme` of acme-rules 1.0 itself has too",
        "`RULES[1]` of `other` of other-rules 1.0 has the code `KG1`, and codes that begin with KG are kgen's",
        "no installed package has rules named `third` (entry point group `kgen.rules`)",
    ]


def test_one_name_of_two_packages_is_refused(site: Path) -> None:
    install(site, "acme", GOOD)
    install(site, "acme", GOOD, package="fork")
    (message,) = refused("acme")
    assert message.startswith("several packages call their rules `acme`: ")


def test_an_object_can_hold_the_rules_too(site: Path) -> None:
    install(site, "acme", HEAD + "class Holder:\n    RULES = [made('A1')]\n")
    info = site / "acme_rules-1.0.dist-info" / "entry_points.txt"
    info.write_text("[kgen.rules]\nacme = acme_rules:Holder\n", encoding="utf-8")
    assert plugins.load([at("acme")]).rules[-1].code == "A1"


SUBJECT = api.subject_of({"metadata": {"name": "mnist", "namespace": "ns"}, "spec": {}})
FINDING = Finding((), "x", "y")


def _rule(check: object) -> Rule:
    return Rule("ACME001", Severity.INFO, Effect.ADVICE, "acme", check)  # type: ignore[arg-type]


def _failure(rule: Rule | RuleOfAll, on: object) -> str:
    with pytest.raises(RuleFailure) as caught:
        list(guarded(rule, "acme").check(on))  # type: ignore[arg-type]
    (problem,) = caught.value.diagnostics
    assert (problem.code, problem.severity) == ("ACME001", Severity.ERROR)
    return problem.message


def test_a_rule_that_raises_is_its_packages_failure() -> None:
    message = _failure(_rule(lambda subject: iter([subject.spec["none"]])), SUBJECT)
    assert message.startswith(
        "rule ACME001 of `acme` failed on Experiment `ns/mnist`: KeyError: 'none' (test_plugins.py, line "
    )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["x"], "TypeError: it gave a str, and no Finding"),
        (None, "TypeError: 'NoneType' object is not iterable"),
        ([FINDING._replace(path=["metadata"])], "TypeError: the path of a Finding is a tuple of keys and indices"),  # type: ignore[arg-type]
        ([FINDING._replace(help=None)], "TypeError: message and help of a Finding are texts"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_finding_is_a_failure(given: object, words: str) -> None:
    assert words in _failure(_rule(lambda _: given), SUBJECT)


def test_a_rule_of_all_is_guarded_too() -> None:
    of_all = RuleOfAll("ACME001", Severity.INFO, Effect.ADVICE, "acme", lambda _: iter([(7, FINDING)]))
    assert "failed on the Experiments of the run: TypeError: it gave the index 7" in _failure(of_all, (SUBJECT,))


def test_a_sound_rule_says_what_it_says() -> None:
    assert list(guarded(_rule(lambda _: [FINDING]), "acme").check(SUBJECT)) == [FINDING]
    with pytest.raises(KeyError):
        list(guarded(_rule(lambda s: [s.spec["none"]]), "acme", trace=True).check(SUBJECT))


def test_the_public_module_is_complete_and_explained() -> None:
    for name in api.__all__:
        assert getattr(api, name).__doc__, name
        assert f"{name}" in (api.__doc__ or "") or name in (
            "FieldPath",
            "RuleOfAll",
            "Target",
            "Policies",
            "EditKind",
        ), name


def test_helpers_for_authors() -> None:
    pod = {"containers": [{"name": "a", "image": "a:1", "resources": {"limits": {"nvidia.com/gpu": 2}}}]}
    trial = {"apiVersion": "batch/v1", "kind": "Job", "spec": {"parallelism": 2, "template": {"spec": pod}}}
    subject = api.subject_of({"spec": {"objective": {"type": "minimize"}, "trialTemplate": {"trialSpec": trial}}})
    assert api.gpus(subject) == 4
    assert [path[-2:] for path, _ in api.containers(subject)] == [("containers", 0)]
    assert (subject.plain, subject.spec["resumePolicy"]) == (True, "Never")


# The real command.


def _lint(site: Path, source: str, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    install(site, "acme", source)
    file = site / "experiment.yaml"
    file.write_text(EXPERIMENT, encoding="utf-8")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), *filter(None, sys.path)]), **environ}
    command = [sys.executable, "-m", "kgen", "lint", str(file), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=env, cwd=site, check=False)


def test_kgen_lint_asks_own_rules(tmp_path: Path) -> None:
    done = _lint(tmp_path, GOOD, "--rules", "acme", "--format", "json")
    found = {each["code"]: each for each in json.loads(done.stdout)["findings"]}
    assert found["ACME001"]["message"] == "the Experiment has no owner", done.stderr
    assert (found["ACME001"]["severity"], found["ACME001"]["effect"]) == ("warning", "advice")
    assert done.returncode == 0
    assert "ACME001" not in _lint_again(tmp_path).stdout


def _lint_again(site: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "kgen", "lint", str(site / "experiment.yaml"), "--format", "json"]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), *filter(None, sys.path)])}
    return subprocess.run(command, capture_output=True, text=True, env=env, cwd=site, check=False)


def test_a_failing_rule_is_no_bug_of_kgen(tmp_path: Path) -> None:
    done = _lint(tmp_path, HEAD + "RULES = (made('ACME001', body='yield subject.spec[1]'),)", "--rules", "acme")
    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert "rule ACME001 of `acme` failed on Experiment `ns/mnist`: KeyError: 1" in said
    assert "experiment.yaml:1:1: error[ACME001]" in said
    assert "KG811" in said  # all that the others say is said
    assert "Traceback" not in said
    assert "bug in kgen" not in said


def test_a_package_that_is_not_installed_is_no_bug_of_kgen(tmp_path: Path) -> None:
    done = _lint(tmp_path, GOOD, "--rules", "acne")
    assert done.returncode == 1
    assert "did you mean `acme`?" in done.stderr


DOCS = Path(__file__).parents[2] / "docs" / "own-rules.md"


def test_the_page_for_authors_is_right(site: Path) -> None:
    """Its examples load as one package, do what they say, and its test passes."""
    blocks = re.findall(r"```python\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL)
    *sources, test = blocks
    head = "from kgen.rules.api import containers, gpus, rule_of_all\n"
    install(site, "acme", head + "\n".join(sources) + "\nRULES = (has_an_owner, no_root)\n")
    law = plugins.load([at("acme")])
    codes = [rule.code for rule in (*law.rules[-2:], *law.of_all[-1:])]
    assert codes == ["ACME001", "ACME002", "ACME003"]
    root = {"containers": [{"name": "a", "image": "a:1", "securityContext": {"runAsUser": 0}}]}
    root["containers"][0]["resources"] = {"limits": {"nvidia.com/gpu": 1}}
    trial = {"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": {"spec": root}}}
    subject = api.subject_of({"metadata": {"labels": {"owner": "x"}}, "spec": {"trialTemplate": {"trialSpec": trial}}})
    assert [f.message for rule in law.rules[-2:] for f in rule.check(subject)] == ["container `a` runs as root"]
    assert [index for index, _ in law.of_all[-1].check((subject, subject))] == [1]
    file = site / "test_acme.py"
    file.write_text(test, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), *filter(None, sys.path)])}
    done = subprocess.run(command, capture_output=True, text=True, cwd=site, env=env, check=False)
    assert "4 passed" in done.stdout, done.stdout + done.stderr
