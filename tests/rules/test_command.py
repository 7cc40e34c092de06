"""KG56x, a row a case: what is said of a command, or that nothing is."""

from __future__ import annotations

from typing import Any

import pytest
from subjects import DELETE, run, subject

from kgen.model.diagnostic import Edit, EditKind
from kgen.rules import command as c
from kgen.rules.rule import Rule
from kgen.rules.subject import Subject

_C = "spec.trialTemplate.trialSpec.spec.template.spec.containers[0]"
_LR = "${trialParameters.learningRate}"
_MO = "${trialParameters.momentum}"
_JOINED = "Katib joins the command into one text for the shell, without quotes"


def _run(*words: str, **changes: Any) -> Subject:
    """A container with a command; `collector` and `early` change the Experiment."""
    out: dict[str, Any] = {"tc.command": list(words)}
    if "collector" in changes:
        out["spec.metricsCollectorSpec.collector.kind"] = changes["collector"]
    if "early" in changes:
        out["spec.earlyStopping"] = {"algorithmName": "medianstop"}
    if "args" in changes:
        out["tc.args"] = changes["args"]
    return subject(out)


def _choice(*values: str) -> Subject:
    return subject(
        {
            "spec.parameters.0": {
                "name": "lr",
                "parameterType": "categorical",
                "feasibleSpace": {"list": list(values)},
            },
            "tc.command": ["python3", "t.py", f"--lr={_LR}", f'--m="{_MO}"'],
        }
    )


def _nas(quote: str) -> Subject:
    return subject(
        {
            "algorithm": "enas",
            "spec.nasConfig": {"graphConfig": {}},
            "spec.parameters": DELETE,
            "template.trialParameters": [{"name": "arch", "reference": "architecture"}],
            "tc.command": ["python3", f"--architecture={quote}${{trialParameters.arch}}{quote}"],
        }
    )


def _worker(*words: str) -> Subject:
    def replica(command: list[str]) -> dict[str, Any]:
        return {"replicas": 1, "template": {"spec": {"containers": [{"name": "tc", "image": "x", "command": command}]}}}

    specs = {"Master": replica(["python3", "t.py", _LR, _MO]), "Worker": replica(list(words))}
    return subject(
        {"trial": {"apiVersion": "kubeflow.org/v1", "kind": "PyTorchJob", "spec": {"pytorchReplicaSpecs": specs}}}
    )


def _lost(why: str, item: int = 2) -> str:
    return f"{_C}.command[{item}]: the script of container `tc` loses its metrics: {why}"


_BREAK = "it ends with a line break, so what Katib adds is a line of its own"
ROWS: list[tuple[Rule, Subject, str | None, str]] = [
    (
        c.shell_has_a_script,
        _run("sh"),
        f"{_C}.command[0]: the command of container `tc` is `sh` alone: Katib's pod webhook fails on it",
        "a shell alone",
    ),
    (c.shell_has_a_script, _run("sh", args=["-c", "train"]), None, "its script is in args"),
    (c.shell_has_a_script, _run("sh", collector="Push"), None, "nothing is wrapped"),
    (
        c.shell_is_recognised,
        _run("/bin/bash", "-c", f"python3 t.py --lr={_LR}"),
        f"{_C}.command[0]: Katib does not know `/bin/bash -c` as a shell and wraps it once more: the inner shell runs "
        "`python3` alone, without its arguments",
        "a path of a shell",
    ),
    (
        c.shell_is_recognised,
        _run("bash", "-lc", f"python3 t.py --lr={_LR}"),
        f"{_C}.command[0]: Katib does not know `bash -lc` as a shell and wraps it once more: the inner shell runs "
        "`python3` alone, without its arguments",
        "a login shell",
    ),
    (c.shell_is_recognised, _run("bash", "-lc", f"'python3 t.py --lr={_LR}'"), None, "quoted for the outer shell"),
    (c.shell_is_recognised, _run("/bin/sh", "-c", "./train.sh"), None, "one word"),
    (c.shell_is_recognised, _run("sh", "-c", f"python3 t.py --lr={_LR}"), None, "the spelling that Katib knows"),
    (c.shell_is_recognised, _run("/bin/sh", "-c", "python3 t.py", collector="Custom"), None, "not wrapped"),
    (c.shell_is_recognised, _run("python3", "-c", "import train"), None, "no shell"),
    (
        c.script_is_wrapped_once,
        _run("/bin/sh", "-c", f"cd /opt && python3 t.py --lr={_LR}"),
        f"{_C}.command[0]: Katib does not know `/bin/sh -c` as a shell and wraps it once more: the inner shell gets "
        "the first word of the script, and the rest runs outside it",
        "a script of two commands",
    ),
    (
        c.script_is_wrapped_once,
        _run("/bin/sh", "-c", "./train.sh --fast"),
        f"{_C}.command[0]: Katib does not know `/bin/sh -c` as a shell and wraps it once more: the inner shell gets "
        "the first word of the script, and the rest runs outside it",
        "a program that may do without its words",
    ),
    (
        c.shell_is_recognised,
        _run("/bin/sh", "-c", "./train.sh --fast"),
        None,
        "a program that may do without its words",
    ),
    (
        c.shell_is_recognised,
        _run("/bin/sh", "-c", f"./train.sh {_LR}"),
        f"{_C}.command[0]: Katib does not know `/bin/sh -c` as a shell and wraps it once more: the inner shell runs "
        "`./train.sh` alone, without its arguments",
        "values of the search",
    ),
    (c.script_is_wrapped_once, _run("/bin/sh", "-c", "python3 t.py"), None, "KG561 says it"),
    (c.script_is_wrapped_once, _run("sh", "-c", "cd /opt && python3 t.py"), None, "the spelling that Katib knows"),
    (c.script_ends_with_a_command, _run("sh", "-c", "python3 t.py\n"), _lost(_BREAK), "a line break at the end"),
    (
        c.script_ends_with_a_command,
        _run("bash", "-c", args=["set -e\npython3 t.py\n"]),
        _lost(_BREAK).replace(".command[2]", ".args[0]"),
        "a block of two lines",
    ),
    (
        c.script_ends_with_a_command,
        _run("sh", "-c", "python3 t.py  # train"),
        _lost("its last line has a comment, which swallows what Katib adds"),
        "a comment at the end",
    ),
    (
        c.script_ends_with_a_command,
        _run("sh", "-c", "python3 t.py; exit 0"),
        _lost("it ends with `exit`, and what Katib adds after it never runs"),
        "exit",
    ),
    (
        c.script_ends_with_a_command,
        _run("sh", "-c", "cd /opt && exec python3 t.py"),
        _lost("its last command is an `exec`, which leaves no shell to run what Katib adds"),
        "exec",
    ),
    (
        c.script_ends_with_a_command,
        _run("sh", "-c", "python3 t.py &"),
        _lost("it runs its last command in the background, so what Katib adds is a command of its own"),
        "in the background",
    ),
    (
        c.script_ends_with_a_command,
        _run("sh", "-c", "python3 t.py;"),
        _lost("it ends with `;`, so what Katib adds is a command of its own"),
        "a semicolon",
    ),
    (
        c.script_ends_with_a_command,
        _run("sh", "-c", "python3 - <<EOF\nimport t\nEOF"),
        _lost("it ends with the here-document's EOF, which what Katib adds makes another word"),
        "a here-document",
    ),
    (
        c.script_ends_with_a_command,
        _run("sh", "-c", "# first\ncd /opt; [ -d x ] || exit 1\npython3 t.py --c='#fff' --e \"exit\""),
        None,
        "comments and exits before the end, and within quotes",
    ),
    (c.script_ends_with_a_command, _run("sh", "-c", "{ a; b; }"), None, "braces"),
    (c.script_ends_with_a_command, _run("sh", "-c", "python3 t.py\n", collector="Push"), None, "not wrapped"),
    (
        c.last_command_trains,
        _run("sh", "-c", f"python3 t.py --lr={_LR} --m={_MO}; echo done"),
        f"{_C}.command[2]: the collector reads what `echo done` prints, not what `python3 t.py` does",
        "something behind the training",
    ),
    (c.last_command_trains, _run("sh", "-c", f"cd /opt; pip install x && python3 t.py {_LR} {_MO}"), None, "last"),
    (c.last_command_trains, _run("sh", "-c", f"export LR={_LR}; M={_MO}\npython3 t.py"), None, "variables first"),
    (c.last_command_trains, _run("sh", "-c", f"{{ python3 t.py {_LR} {_MO}; echo; }}"), None, "braces"),
    (c.last_command_trains, _run("sh", "-c", f"t.py {_LR} {_MO}; echo", collector="File"), None, "a file is read"),
    (
        c.arguments_survive_the_shell,
        _run("python3", "t.py", "--name=my model"),
        f"{_C}.command[2]: `--name=my model` is split at its blanks: {_JOINED}",
        "a blank",
    ),
    (
        c.arguments_survive_the_shell,
        _run("python3", "t.py", "--when=a>b"),
        f"{_C}.command[2]: `--when=a>b` is cut at a sign of the shell: {_JOINED}",
        "a redirection",
    ),
    (
        c.arguments_survive_the_shell,
        _run("python3", "t.py", "*.csv"),
        f"{_C}.command[2]: `*.csv` stands for the files that match it: {_JOINED}",
        "a pattern",
    ),
    (
        c.arguments_survive_the_shell,
        _run("python3", "t.py", '--space={"a":1}'),
        f'{_C}.command[2]: `--space={{"a":1}}` loses its quotes: {_JOINED}',
        "JSON",
    ),
    (
        c.arguments_survive_the_shell,
        _run("python3", "t.py", args=["#1"]),
        f"{_C}.args[0]: `#1` starts a comment: {_JOINED}",
        "a comment",
    ),
    (
        c.arguments_survive_the_shell,
        _choice("relu", "soft max"),
        f"{_C}.command[2]: the value of {_LR} is not quoted, and can be `soft max`, which the shell takes apart",
        "a value with a blank",
    ),
    (
        c.arguments_survive_the_shell,
        _nas(""),
        f"{_C}.command[1]: the value of ${{trialParameters.arch}} is not quoted, and can be a list with blanks and "
        "brackets, which the shell takes apart",
        "an architecture",
    ),
    (c.arguments_survive_the_shell, _nas('"'), None, "an architecture in quotes"),
    (c.arguments_survive_the_shell, _choice("relu", "tanh"), None, "plain values"),
    (
        c.arguments_survive_the_shell,
        _run("python3", "t.py", "--name='my model'", "--u=http://h/?a=1", "--x=^a", "--e=$(NAME)", "-p", "a\\ b"),
        None,
        "quoted, escaped, harmless, a variable of the container",
    ),
    (c.arguments_survive_the_shell, _run("python3", "--name=my model", collector="Push"), None, "not wrapped"),
    (c.arguments_survive_the_shell, _run("sh", "-c", "a b > c"), None, "a script"),
    (c.arguments_survive_the_shell, _run(f"python3 t.py {_LR}"), None, "the whole command in one item"),
    (
        c.words_are_read_alike,
        _run("python3", "t.py", f"--lr {_LR}"),
        f"{_C}.command[2]: `--lr {_LR}` is one item: it is split only because Katib joins the command for the shell",
        "flag and value in one item",
    ),
    (
        c.words_are_read_alike,
        _run("python3 t.py"),
        f"{_C}.command[0]: `python3 t.py` is one item: it is split only because Katib joins the command for the shell",
        "the whole command in one item",
    ),
    (
        c.words_are_read_alike,
        _run("python3", "t.py", "|", "tee"),
        f"{_C}.command[2]: `|` is an item of its own: it acts only because Katib joins the command for the shell",
        "a pipe",
    ),
    (
        c.words_are_read_alike,
        _run("python3", "t.py", "--out=$HOME/x"),
        f"{_C}.command[2]: `--out=$HOME/x` is filled in only because Katib joins the command for the shell",
        "a variable of the shell",
    ),
    (
        c.words_are_read_alike,
        _run("sh", "-c", "python3 t.py", f"--lr={_LR}"),
        f"{_C}.command[3]: words behind the script of `sh -c` belong to it only because Katib joins them",
        "words behind a script",
    ),
    (c.words_are_read_alike, _run("python3", "t.py", "--lr", _LR, "--e=$(E)"), None, "two items"),
    (c.words_are_read_alike, _run("sh", "-c", f"python3 t.py {_LR}"), None, "a script alone"),
    (
        c.command_is_shell_text,
        _run("python3", "t.py", "--shape=(28,28)"),
        f"{_C}.command[2]: `--shape=(28,28)` has a bracket that the shell cannot read",
        "a bracket",
    ),
    (
        c.command_is_shell_text,
        _run("python3", "t.py", "--name=it's"),
        f"{_C}.command[2]: `--name=it's` opens a quote that nothing closes: the shell cannot read the command",
        "an open quote",
    ),
    (
        c.command_is_shell_text,
        _run("python3", "t.py", "--s='(1,2)'", "--d=$(date)", '--e="it\'s"', "&&", "(a", ")"),
        None,
        "quoted, a substitution, a subshell behind &&",
    ),
    (c.command_is_shell_text, _run("python3", "--shape=(28,28)", collector="Push"), None, "not wrapped"),
    (
        c.early_stopping_finds_one_process,
        _run("sh", "-c", "python3 t.py | tee log", early=True),
        f"{_C}.command[2]: early stopping wants one child of the shell, and `|` makes several",
        "a pipe",
    ),
    (c.early_stopping_finds_one_process, _run("sh", "-c", "python3 t.py | tee log"), None, "no early stopping"),
    (c.early_stopping_finds_one_process, _run("sh", "-c", "cd /a && t 2>&1 || t", early=True), None, "one at a time"),
    (
        c.words_reach_the_program,
        _run("python3", "t.py", "&&", "echo", collector="Push"),
        f"{_C}.command[2]: no shell reads this command: the program gets `&&` as an argument",
        "a sign of the shell",
    ),
    (
        c.words_reach_the_program,
        _run("python3", "t.py", f"--lr {_LR}", collector="Push"),
        f"{_C}.command[2]: no shell reads this command: the program gets `--lr {_LR}` as one argument",
        "flag and value in one item",
    ),
    (
        c.words_reach_the_program,
        _run("python3", "t.py", "--day=$(date +%F)", collector="Custom"),
        f"{_C}.command[2]: no shell reads this command: the program gets `--day=$(date +%F)` as it is",
        "a substitution",
    ),
    (
        c.words_reach_the_program,
        _run("python3 t.py", collector="Push"),
        f"{_C}.command[0]: no shell reads this command: no program is named `python3 t.py`",
        "the whole command in one item",
    ),
    (
        c.words_reach_the_program,
        _run("/bin/sh", "-c", "python3 t.py", f"--lr={_LR}", collector="Push"),
        f"{_C}.command[3]: `--lr={_LR}` stands behind the script of `/bin/sh -c`, which does not read it",
        "words behind a script",
    ),
    (
        c.words_reach_the_program,
        _worker("python3", "t.py", f"--lr {_LR}"),
        "spec.trialTemplate.trialSpec.spec.pytorchReplicaSpecs.Worker.template.spec.containers[0].command[2]: no shell "
        f"reads this command: the program gets `--lr {_LR}` as one argument",
        "a Worker beside a Master is not wrapped",
    ),
    (
        c.words_reach_the_program,
        _run("sh", "-c", 'python3 t.py "$@"', "x", _LR, collector="Push"),
        None,
        "a script that reads what follows",
    ),
    (c.words_reach_the_program, _run("python3", "t.py", "--name=a b; c", collector="Push"), None, "any other text"),
    (c.words_reach_the_program, _run("python3", "t.py", "|", "tee"), None, "wrapped"),
]


@pytest.mark.parametrize(
    ("rule", "on", "message"), [pytest.param(*row[:3], id=f"{row[0].code} {row[3]}") for row in ROWS]
)
def test_command(rule: Rule, on: Subject, message: str | None) -> None:
    assert run(rule, on) == ([] if message is None else [message])


def test_every_rule_is_seen_to_speak_and_to_keep_silent() -> None:
    for rule in c.RULES:
        messages = [row[2] for row in ROWS if row[0] is rule]
        assert None in messages, rule.code
        assert any(messages), rule.code


_PATH = ("spec", "trialTemplate", "trialSpec", "spec", "template", "spec", "containers", 0, "command")


def test_a_line_break_at_the_end_is_cut_off() -> None:
    (finding,) = c.script_ends_with_a_command.check(_run("sh", "-c", "cd /x\npython3 t.py\n\n"))
    assert finding.fix == (Edit(EditKind.SET, (*_PATH, 2), "cd /x\npython3 t.py"),)


def test_what_a_cut_does_not_mend_is_left_to_the_author() -> None:
    (finding,) = c.script_ends_with_a_command.check(_run("sh", "-c", "python3 t.py; exit\n"))
    assert finding.fix == ()


def test_the_path_of_a_shell_becomes_its_name() -> None:
    (finding,) = c.shell_is_recognised.check(_run("/usr/bin/bash", "-c", "python3 t.py"))
    assert finding.fix == (Edit(EditKind.SET, (*_PATH, 0), "bash"),)
    (finding,) = c.shell_is_recognised.check(_run("bash", "-lc", "python3 t.py"))
    assert finding.fix == ()
    assert finding.help.endswith("`bash -lc 'python3 t.py'`")


@pytest.mark.parametrize(
    ("word", "mend"),
    [
        ("--lr 0.1", "write two items, or `--lr=0.1`"),
        ("--lr=0.1 --m=1", "write each word as an item of its own, or use `[sh, -c, SCRIPT]`"),
    ],
)
def test_one_item_of_two_words_is_taken_apart(word: str, mend: str) -> None:
    (finding,) = c.words_are_read_alike.check(_run("python3", "t.py", word))
    assert finding.help == mend
