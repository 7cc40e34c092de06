"""What is read from pods: commands, and quantities against each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgen.katib.pods import Container, amount, commands, every_container, is_more

_QUANTITIES = st.builds(
    "{}{}".format,
    st.one_of(st.integers(0, 10**6), st.sampled_from(("0.5", "1.5", "-1", "1e3"))),
    st.sampled_from(("", "m", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti", "x")),
)


@given(_QUANTITIES, _QUANTITIES)
def test_the_short_way_compares_as_the_exact_one(one: str, other: str) -> None:
    first, second = amount(one), amount(other)
    assert is_more(one, other) is (first is not None and second is not None and first > second)


@pytest.mark.parametrize("odd", [None, True, [], {}, "${trialParameters.x}", "9" * 5000])
def test_what_is_no_quantity_is_not_more(odd: object) -> None:
    assert not is_more(odd, "1")
    assert not is_more("1Gi", odd)


@pytest.mark.parametrize(
    ("word", "plain"),
    [
        ("--lr=${trialParameters.lr}", True),
        ("/opt/a_b-1.py:x,y@z+%", True),
        ("a b", False),
        ("$HOME", False),
        ("$(date)", False),
        ("it's", False),
        ("{}", False),
        ("a\n", False),
        ("*", False),
    ],
)
def test_a_word_is_plain_where_a_shell_reads_it_as_a_program_does(word: str, plain: bool) -> None:
    held = Container(("spec", "containers", 0), {"name": "c", "command": ["x"], "args": [word]})
    (found,) = commands({}, (held,))
    assert (found.path, found.split, found.words, found.plain) == (("spec", "containers", 0), 1, ["x", word], plain)


def test_a_placeholder_in_two_words_counts_as_one_where_all_are_joined_and_not_where_they_are_told() -> None:
    held = Container(("spec", "containers", 0), {"name": "c", "command": ["x", "${trialPara", "meters.lr}"]})
    (found,) = commands({}, (held,))
    assert (found.plain, found.text) == (True, "x,${trialPara,meters.lr}")


def test_a_command_that_is_no_list_of_texts_is_passed_over() -> None:
    odd: tuple[object, ...] = (None, "x", [], [1], {"a": "b"}, [None])
    pod = {"containers": [{"name": "c", "command": command} for command in odd]}
    assert commands({}, every_container([(("spec",), pod)])) == ()


def test_what_runs_first_is_no_command_of_the_trial() -> None:
    first, then = ({"name": name, "command": [name]} for name in ("first", "then"))
    held = every_container([(("spec",), {"containers": [then], "initContainers": [first, "odd"]})])
    assert [each.path[-2:] for each in held] == [("containers", 0), ("initContainers", 0)]
    assert [each.name for each in commands({}, held)] == ["then"]
    assert every_container([((), {"containers": [], "initContainers": "odd"})]) == ()


def test_a_trainjob_runs_what_its_trainer_says() -> None:
    trial = {"kind": "TrainJob", "spec": {"trainer": {"command": ["python3"]}}}
    assert [command.path for command in commands(trial, ())] == [("spec", "trainer")]
