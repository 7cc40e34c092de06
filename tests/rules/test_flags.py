"""KG588 and KG595 to KG599, a row a case: a command against a script, and what is said of it."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from subjects import choice, double, run, subject, whole

from kgen.codec.argparse_flags import read
from kgen.model.diagnostic import Severity
from kgen.rules import flags as f
from kgen.rules import script as s
from kgen.rules.rule import Rule
from kgen.rules.subject import Subject

_HEAD = "import argparse\np = argparse.ArgumentParser()\n"
_SCRIPT = (
    _HEAD
    + """
p.add_argument("-l", "--learning-rate", type=float, default=0.1)
p.add_argument("--epochs", type=int)
p.add_argument("--kind", choices=["sgd", "adam"])
p.add_argument("--depth", type=int, choices=(2, 4))
p.add_argument("--amp", action="store_true")
p.add_argument("-v", action="count")
p.add_argument("--sizes", nargs="+", type=int)
p.add_argument("--pair", nargs=2)
p.add_argument("--maybe", nargs="?")
p.add_argument("--yes", type=bool)
p.add_argument("--mine", type=positive)
"""
)
_STRICT = _SCRIPT + "p.parse_args()\n"
_KNOWN = _SCRIPT + "p.parse_known_args()\n"
_LR = "${trialParameters.learningRate}"
_C = "spec.trialTemplate.trialSpec.spec.template.spec.containers[0]"


def _subject(source: str, *words: str, parameter: dict[str, Any] | None = None, **more: Any) -> Subject:
    """A trial that runs `python3 src/train.py` with these words; `parameter` is what _LR stands for."""
    changes: dict[str, Any] = {"tc.command": more.get("command", ["python3", "src/train.py", *words])}
    if "args" in more:
        changes["tc.args"] = more["args"]
    if parameter is not None:
        changes["spec.parameters.0"] = {"name": "lr", **parameter}
    if more.get("collector"):
        changes["spec.metricsCollectorSpec.collector.kind"] = more["collector"]
    return subject(changes)._replace(script=read(source.encode(), more.get("file", "src/train.py")))


def _said(rule: Rule, on: Subject) -> list[str]:
    return [each.partition(": ")[2].replace("`src/train.py`", "it") for each in run(rule, on)]


def _end(name: str) -> list[str]:
    return [f"it has no flag `{name}`: it ends with code 2"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["--learning-rate=0.1"], [], id="a flag that is there"),
        pytest.param(["--learning_rate=0.1"], _end("--learning_rate"), id="an underscore for a hyphen"),
        pytest.param(["--learn=0.1"], [], id="an abbreviation"),
        pytest.param(["-l", "0.1"], [], id="a short flag"),
        pytest.param(["-l0.1"], [], id="a short flag with its value"),
        pytest.param(["-vv"], [], id="a short flag twice"),
        pytest.param(["-vx"], _end("-x"), id="an unknown one behind a short flag"),
        pytest.param(["-l", "-1"], [], id="a number below zero"),
        pytest.param(["--nope", "3"], _end("--nope"), id="a flag that is not there"),
        pytest.param(["--nope 3"], _end("--nope"), id="a flag and its value in one item"),
        pytest.param(["--", "--nope"], [], id="behind two hyphens"),
        pytest.param(["--help"], [], id="the help"),
        pytest.param(["--${trialParameters.momentum}=1"], [], id="a flag whose name is filled in"),
        pytest.param(["-l", "-1e-3"], [], id="a small number below zero"),
        pytest.param(["${trialParameters.learningRate}"], [], id="a value in place of a flag"),
        pytest.param(["&&", "tar", "--nope"], [], id="another command's flag"),
        pytest.param([">", "log", "2>&1"], [], id="a redirection"),
    ],
)
def test_flags_exist(words: list[str], said: list[str]) -> None:
    assert _said(f.flags_exist, _subject(_STRICT, *words)) == said


@pytest.mark.parametrize(
    ("command", "caught"),
    [
        pytest.param(["python3", "-u", "src/train.py", "--nope"], True, id="python with an option"),
        pytest.param(["python3", "-m", "src.train", "--nope"], True, id="a module"),
        pytest.param(["torchrun", "--nproc_per_node=2", "train.py", "--nope"], True, id="torchrun"),
        pytest.param(["sh", "-c", "cd /a && python3 src/train.py --nope"], True, id="a script of sh"),
        pytest.param(["sh", "-c", "python3 src/train.py --amp; echo --nope"], False, id="behind a semicolon"),
        pytest.param(["/bin/bash", "-lc", "exec python3 /opt/train.py --nope 2>&1"], True, id="another shell"),
        pytest.param(["sh", "-c", "python3 src/train.py $FLAGS"], False, id="words from a variable"),
        pytest.param(["python3", "other.py", "--nope"], False, id="another script"),
        pytest.param(["sh", "-c", "python3 src/train.py --amp # --nope"], False, id="a comment"),
        pytest.param(["sh", "-c", "python3 src/train.py --amp\necho --nope"], False, id="the next line"),
        pytest.param(
            ["sh", "-c", "cp train.py /tmp -v --nope && python3 /tmp/train.py"], False, id="a script that is copied"
        ),
        pytest.param(["sh", "-c", "echo python3 train.py --nope"], False, id="a command that is said"),
        pytest.param(["sh", "-c", "python3 -m py_compile train.py --nope"], False, id="a module that runs no script"),
        pytest.param(["sh", "-c", "wget h/train.py -O --nope"], False, id="a script that is fetched"),
        pytest.param(["sh", "-c", "cat <<E\npython3 train.py --nope\nE"], False, id="a text within the script"),
        pytest.param(["sh", "-c", "python3 train.py \\\n --amp \\\n --nope"], True, id="a line that goes on"),
        pytest.param(["sh", "-c", "cp train.py /a && ./train.py --nope"], True, id="a script that is copied, then run"),
        pytest.param(
            ["python3", "go.py", "--script", "src/train.py", "--nope"], False, id="a script that runs another"
        ),
        pytest.param(["env", "A=b", "python3", "train.py", "--nope"], True, id="env"),
        pytest.param(["accelerate", "launch", "--num=2", "train.py", "--nope"], True, id="accelerate"),
        pytest.param(["./train.py", "--nope"], True, id="the script itself"),
        pytest.param(["sh", "-c", "python3 src/train.py --kind 'x"], False, id="an open quote"),
    ],
)
def test_where_the_script_is_found(command: list[str], caught: bool) -> None:
    on = _subject(_STRICT, command=command)
    assert (_said(f.flags_exist, on) != []) is caught
    assert (_said(s.command_runs_the_script, on) != []) is (command[1] == "other.py")


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("--amp # as it is", id="a comment"),
        pytest.param("\\\n  --amp \\\n  --epochs=3\n", id="lines that go on"),
        pytest.param("--epochs 3 > log.txt 2>&1 &", id="a number before a redirection"),
        pytest.param("--amp <<< yes", id="a text as input"),
        pytest.param("{--amp,--epochs=3}", id="braces"),
        pytest.param("--kind ';'", id="an operator in quotes"),
    ],
)
def test_a_shell_takes_its_own_words(words: str) -> None:
    on = _subject(_STRICT, command=["sh", "-c", f"set -e\npython3 src/train.py {words}"])
    assert _said(f.flags_have_their_values, on) == []


@pytest.mark.parametrize(
    ("args", "said"),
    [
        pytest.param(["-c", "/etc/sidecar.conf"], [], id="another program's"),
        pytest.param(["-m", "pkg.other", "--nope"], [], id="another module"),
        pytest.param(["--nproc=2", "src/train.py", "--amp"], [], id="a launcher's"),
        pytest.param(["--nproc=2", "src/train.py", "--nope"], _end("--nope"), id="behind a launcher's"),
    ],
)
def test_arguments_of_an_image_may_be_of_another_program(args: list[str], said: list[str]) -> None:
    assert _said(f.flags_exist, _subject(_STRICT, command=[], args=args)) == said


@pytest.mark.parametrize(
    ("source", "rule", "said"),
    [
        pytest.param(_KNOWN, f.flags_exist, [], id="the script reads on: nothing ends"),
        pytest.param(
            _KNOWN,
            f.values_have_an_effect,
            ["it has no flag `--nope` and passes over it, as it calls `parse_known_args`"],
            id="the script reads on: it passes over the flag",
        ),
        pytest.param(_STRICT, f.values_have_an_effect, [], id="the script ends: nothing is passed over"),
        pytest.param(_SCRIPT + "p.add_argument(n)\np.parse_args()", f.flags_exist, [], id="a flag without a name"),
        pytest.param(_SCRIPT + "more(p)\np.parse_args()", f.flags_exist, [], id="flags from elsewhere"),
        pytest.param(_SCRIPT, f.flags_exist, [], id="a script that parses nothing"),
        pytest.param("import click", f.flags_exist, [], id="another library"),
        pytest.param("print 1", f.flags_exist, [], id="Python 2"),
    ],
)
def test_an_unknown_flag_is_said_where_it_is_certain(source: str, rule: Rule, said: list[str]) -> None:
    assert _said(rule, _subject(source, "--nope=1")) == said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["--epochs"], ["`--epochs` of it wants a value, and has none"], id="no value"),
        pytest.param(["--epochs", "--amp"], ["`--epochs` of it wants a value, and has none"], id="a flag for a value"),
        pytest.param(
            ["--amp=true"], ["`--amp` of it is a switch, and is given the value `true`"], id="a switch with ="
        ),
        pytest.param(
            ["--amp", "true"],
            ["`--amp` of it is a switch, and `true` behind it is no value of it"],
            id="a switch with a word behind it",
        ),
        pytest.param(["--amp"], [], id="a switch"),
        pytest.param(["--maybe='a b'", "'-l 0.1'", "'--may= '"], [], id="values with blanks in them"),
        pytest.param(["--sizes", "1", "2", "3"], [], id="several values"),
        pytest.param(["--sizes"], ["`--sizes` of it wants a value, and has none"], id="one value or more"),
        pytest.param(["--pair", "1"], ["`--pair` of it wants 2 values, and has 1"], id="one of two"),
        pytest.param(["--maybe"], [], id="a value that may be left out"),
        pytest.param(
            ["--epochs", "1", "2"],
            ["`2` belongs to no flag, and it takes no words without one"],
            id="one value too many",
        ),
        pytest.param(["--epochs", "$N", "2"], [], id="a word that can be none"),
        pytest.param(["--epochs", _LR], [], id="a value of the search"),
    ],
)
def test_flags_have_their_values(words: list[str], said: list[str]) -> None:
    assert _said(f.flags_have_their_values, _subject(_STRICT, *words)) == said


@pytest.mark.parametrize(
    ("flag", "parameter", "said"),
    [
        pytest.param("--epochs", whole(), [], id="a whole number for int"),
        pytest.param("--learning-rate", double(), [], id="a real number for float"),
        pytest.param("--learning-rate", whole(), [], id="a whole number for float"),
        pytest.param(
            "--epochs", double(), ["`--epochs` of it accepts no `lr`, a double: it has `type=int`"], id="double for int"
        ),
        pytest.param(
            "--epochs",
            choice("categorical", "1", "0.5"),
            ["`--epochs` of it accepts no `0.5`: it has `type=int`"],
            id="a list with a real number, for int",
        ),
        pytest.param(
            "--epochs", choice("discrete", "1e3"), ["`--epochs` of it accepts no `1e3`: it has `type=int`"], id="1e3"
        ),
        pytest.param(
            "--learning-rate",
            choice("categorical", "low"),
            ["`--learning-rate` of it accepts no `low`: it has `type=float`"],
            id="a word for float",
        ),
        pytest.param("--kind", choice("categorical", "sgd", "adam"), [], id="the choices"),
        pytest.param(
            "--kind",
            choice("categorical", "sgd", "ftrl"),
            ["`--kind` of it accepts no `ftrl`, which is none of its choices"],
            id="another choice",
        ),
        pytest.param("--kind", double(), ["`--kind` of it accepts no `lr`, a double: it has choices"], id="a double"),
        pytest.param("--depth", choice("categorical", "2", "4"), [], id="choices of numbers"),
        pytest.param(
            "--depth", whole("2", "4"), ["`--depth` of it accepts no `3`, which is none of its choices"], id="2 to 4"
        ),
        pytest.param("--depth", whole("2", "4", step="2"), [], id="2 to 4, in steps"),
        pytest.param("--sizes", choice("categorical", "x"), ["`--sizes` of it accepts no `x`: it has `type=int`"],
                     id="one of several values"),
        pytest.param("--mine", choice("categorical", "x"), [], id="a function that nobody knows"),
        pytest.param("--yes", choice("categorical", "True"), [], id="bool reads anything"),
        pytest.param("--epochs", whole("0", "99999999999"), [], id="more numbers than are looked at"),
    ],
)  # fmt: skip
def test_values_are_accepted(flag: str, parameter: dict[str, Any], said: list[str]) -> None:
    for words in ((f"{flag}={_LR}",), (flag, _LR)):
        assert _said(f.values_are_accepted, _subject(_STRICT, *words, parameter=parameter)) == said
    if said:
        assert _said(f.values_are_accepted, _subject(_KNOWN, f"{flag}={_LR}", parameter=parameter)) == said
        caught = _SCRIPT + "try:\n p.parse_args()\nexcept SystemExit:\n pass"
        assert _said(f.values_are_accepted, _subject(caught, f"{flag}={_LR}", parameter=parameter)) == []


def test_a_value_that_is_written_is_held_against_its_flag() -> None:
    assert _said(f.values_are_accepted, _subject(_STRICT, "--epochs=2.5")) == [
        "`--epochs` of it accepts no `2.5`: it has `type=int`"
    ]
    assert _said(f.values_are_accepted, _subject(_STRICT, "--epochs=$N", f"--epochs=1{_LR}")) == []


def test_bool_makes_every_text_true() -> None:
    on = _subject(_STRICT, f"--yes={_LR}", parameter=choice("categorical", "True", "False"))
    assert _said(f.values_have_an_effect, on) == [
        "`--yes` of it has `type=bool`, which makes True of `False`, as of any text"
    ]
    assert _said(f.values_have_an_effect, _subject(_STRICT, "--yes=True")) == []


@pytest.mark.parametrize(
    ("more", "words", "missing"),
    [
        pytest.param("p.add_argument('--data', required=True)", [], ["`--data`"], id="a flag"),
        pytest.param("p.add_argument('--data', required=True)", ["--data=x"], [], id="a flag that is given"),
        pytest.param("p.add_argument('--data', required=True)", ["$MORE"], [], id="words that are not known"),
        pytest.param("p.add_argument('--data', required=True)", ["--help"], [], id="the help asks for nothing"),
        pytest.param("p.add_argument('data')", [], ["`data`, which goes by its place"], id="one by its place"),
        pytest.param("p.add_argument('data')", ["x"], [], id="one by its place that is given"),
        pytest.param("p.add_argument('data', nargs='?')", [], [], id="one that may be left out"),
        pytest.param("if a:\n p.add_argument('--data', required=True)", [], [], id="one that may not be there"),
    ],
)
def test_required_flags_are_given(more: str, words: list[str], missing: list[str]) -> None:
    said = [f"it requires {each}, and the command does not give it" for each in missing]
    assert _said(f.required_flags_are_given, _subject(f"{_SCRIPT}{more}\np.parse_args()", *words)) == said


def test_a_command_of_the_script_has_flags_of_its_own() -> None:
    source = (
        _HEAD
        + "c = p.add_subparsers()\nt = c.add_parser('train')\nt.add_argument('--lr', required=True)\np.parse_args()"
    )
    assert _said(f.flags_exist, _subject(source, "train", "--lr=1")) == []
    assert _said(f.flags_exist, _subject(source, "train", "--mo=1")) == _end("--mo")
    assert _said(f.flags_exist, _subject(source, "--lr=1", "train")) == _end("--lr")
    assert len(_said(f.required_flags_are_given, _subject(source, "train"))) == 1
    assert _said(f.flags_exist, _subject(source, "${trialParameters.momentum}", "--lr=1")) == []


def test_the_remainder_takes_flags_too() -> None:
    rest = _HEAD + "p.add_argument('rest', nargs=argparse.REMAINDER)\np.parse_args()"
    assert _said(f.flags_exist, _subject(rest, "--nope")) == _end("--nope")
    assert _said(f.flags_exist, _subject(rest, "run", "--nope")) == []
    flag = _HEAD + "p.add_argument('--rest', nargs='...')\np.parse_args()"
    assert _said(f.flags_exist, _subject(flag, "--rest", "--nope")) == []


def test_arguments_of_an_image_that_says_what_runs_are_looked_at() -> None:
    on = _subject(_STRICT, command=[], args=["--nope=1"])
    assert _said(f.flags_exist, on) == _end("--nope")
    assert _said(s.command_runs_the_script, on) == []


def test_every_item_is_a_word_where_no_shell_reads_the_command() -> None:
    assert _said(f.flags_exist, _subject(_STRICT, "--epochs 3", collector="Push")) == []
    assert _said(f.flags_exist, _subject(_STRICT, "--nope", "3", collector="Push")) == _end("--nope")


def test_the_help_names_what_was_meant() -> None:
    found = next(iter(f.flags_exist.check(_subject(_STRICT, "--learning_rate=1"))))
    assert found.help.startswith("did you mean `--learning-rate`?")


_NAMES = ("--alpha", "--alpine", "--beta-x", "-b", "-c", "-lr", "place")
_OPTIONS = st.one_of(
    st.just("action='store_true'"),
    st.just("action='count'"),
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["int", "float", "str"]),
            "choices": st.sampled_from(["[1, 2]", "['1', 'x']", "[0.5, 1.0]"]),
            "nargs": st.sampled_from(["'?'", "'*'", "'+'", "2"]),
            "required": st.just("True"),
        },
    ).map(lambda given: ", ".join(f"{key}={value}" for key, value in given.items())),
)
_WORD = st.sampled_from(["--alpha=a b", "--alp= 1", "-b 1", "-c x y", "--nope=a b", "-n 1", "a b"]) | st.sampled_from(
    "--alpha --alp --alpine --beta-x --beta_x -b -c -lr -bc -b1 -c=1 --alpha=1 --alpha=x --alpine=0.5 --beta-x= "
    "1 2 0.5 x -1 -0.5 -- --nope -n -lr=1".split()
)


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(_NAMES), _OPTIONS), max_size=4, unique_by=lambda p: p[0]),
    st.lists(_WORD, max_size=5),
)
def test_what_is_said_to_end_a_script_ends_it(flags: list[tuple[str, str]], words: list[str]) -> None:
    kept = [
        (name, o.replace("required=True, ", "").replace("required=True", "") if name == "place" else o)
        for name, o in flags
    ]
    source = _HEAD + "".join(
        f"p.add_argument({name!r}, {o})\n" for name, o in kept if "action" not in o or name[0] == "-"
    )
    space: dict[str, Any] = {}
    exec(source, space)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            space["p"].parse_args(words)
        ended = False
    except (SystemExit, TypeError):
        ended = True
    on = _subject(source + "p.parse_args()\n", *words, collector="Push")
    said = [each for rule in f.RULES if rule.severity is Severity.ERROR for each in _said(rule, on)]
    assert ended or not said, (source, words, said)
    event("says nothing of an end" if ended and not said else "agrees")
